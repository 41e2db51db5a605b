"""Figures of regression: directions of features, roots that decay leaves, metrics in time."""

import numpy as np

from neuralcollapse.plots.page import Plot
from neuralcollapse.plots.style import COLORS, DASHES, axes_grid

_MARKERS = "o^sDvP"


def feature_spectra(spectra, num_targets):
    """Draw the shares of variance along principal directions of features.

    Parameters
    ----------
    spectra : dict of str to ndarray, shape (num_directions,)
        Falling shares, under the words for each.
    num_targets : int
        Marked by a thin line.

    Returns
    -------
    Plot
    """
    figure, axes = axes_grid(height=3.0)
    panel, words = axes[0, 0], []
    for place, (name, shares) in enumerate(spectra.items()):
        style = {"color": COLORS[place], "ls": DASHES[place], "marker": _MARKERS[place], "ms": 4}
        panel.plot(1 + np.arange(len(shares)), shares, label=name, lw=1, **style)
        words.append(f"{name}: the first {num_targets} hold {shares[:num_targets].sum():.2f}")
    panel.axvline(num_targets + 0.5, color="#777777", lw=0.8)
    panel.set_xlabel("principal direction of the features")
    panel.set_ylabel("share of their variance")
    panel.legend()
    return Plot(figure, "Shares of variance along principal directions. " + "; ".join(words) + ".")


def kept_roots(roots, prices, kept, found):
    """Draw what decay leaves of each root, closed form and descents.

    Parameters
    ----------
    roots : ndarray, shape (num_targets,)
        Of the eigenvalues of the covariance.
    prices : ndarray, shape (num_prices,)
        Roots of the product of both decays.
    kept : ndarray, shape (num_prices, num_targets)
    found : dict of float to ndarray, shape (num_targets,)
        What descents left, by price.

    Returns
    -------
    Plot
    """
    figure, axes = axes_grid(height=3.2)
    panel = axes[0, 0]
    for place, root in enumerate(roots):
        style = {"color": COLORS[place], "linestyle": DASHES[place]}
        panel.plot(prices, kept[:, place], label=f"{root:.2f}", **style)
        ends = [values[place] for values in found.values()]
        panel.plot(list(found), ends, _MARKERS[place], color=COLORS[place], ms=4)
    panel.set_xlabel(r"price $\sqrt{c}$ (units of the targets)")
    panel.set_ylabel("what is left of the root")
    panel.legend(title=r"root $\sqrt{\lambda_j}$")
    error = max(
        np.abs(values - np.maximum(roots - price, 0)).max() for price, values in found.items()
    )
    words = ", ".join(f"{root:.2f}" for root in roots)
    return Plot(
        figure,
        f"Roots {words} fall by the price until they are 0; {len(found)} descents lie on the lines "
        f"to within {max(error, 1e-6):.0e}.",
    )


def regression_curves(steps, runs):
    """Draw NRC1, NRC2 and NRC3 of some runs over training.

    Parameters
    ----------
    steps : ndarray, shape (num_checkpoints,)
    runs : dict of str to dict of str to ndarray, shape (num_checkpoints,)
        Name of the run to name of the metric to its values.

    Returns
    -------
    Plot
    """
    metrics = list(next(iter(runs.values())))
    figure, axes = axes_grid(1, len(metrics), height=2.8, sharey=True)
    words = []
    for place, (name, series) in enumerate(runs.items()):
        style = {"color": COLORS[place], "linestyle": DASHES[place]}
        for panel, metric in zip(axes[0], metrics, strict=True):
            panel.plot(steps, series[metric], label=name, **style)
        ends = ", ".join(f"{metric} {_bounded(series[metric][-1])}" for metric in metrics)
        words.append(f"{name} ends at {ends}")
    for panel, metric in zip(axes[0], metrics, strict=True):
        panel.set_xscale("symlog", linthresh=1)
        panel.set_xlim(0, steps[-1])
        panel.set_yscale("log")
        panel.set_xlabel("step")
        panel.set_ylabel(metric)
    axes[0, 0].legend(loc="lower left")
    return Plot(figure, "Metrics over training: " + "; ".join(words) + ".")


def _bounded(value):
    """In words that a rounding error does not change."""
    for bound in (1e-5, 1e-2):
        if value < bound:
            return f"under {bound:g}"
    return f"{value:.1f}"
