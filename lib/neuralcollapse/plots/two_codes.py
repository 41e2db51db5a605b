"""Figures of the circle and the simplex: spectra, costs, thresholds, gaps."""

import numpy as np
from matplotlib.ticker import MaxNLocator

from neuralcollapse.plots.page import Plot
from neuralcollapse.plots.style import COLORS, DASHES, axes_grid

_MARKERS = "o^sDvP"


def code_spectra(codes):
    """Draw Gram matrices of codes, and their singular values beside them.

    Parameters
    ----------
    codes : dict of str to ndarray, shape (num_points, dimension)
        Unit rows, under the name of each.

    Returns
    -------
    Plot
    """
    ratios = [1] * len(codes) + [1.25]
    figure, axes = axes_grid(1, len(codes) + 1, height=2.7, width_ratios=ratios)
    words, last = [], axes[0, -1]
    for place, (panel, (name, points)) in enumerate(zip(axes[0, :-1], codes.items(), strict=True)):
        image = panel.imshow(points @ points.T, cmap="RdBu_r", vmin=-1, vmax=1)
        panel.set_xticks([])
        panel.set_yticks([])
        panel.grid(False)
        panel.set_xlabel(name)
        values = np.linalg.svd(points, compute_uv=False)
        values = np.pad(values, (0, len(points) - len(values)))
        style = {"color": COLORS[place], "linestyle": DASHES[place], "marker": _MARKERS[place]}
        last.plot(np.arange(1, len(values) + 1), values, ms=5, lw=1, label=name, **style)
        large = values[values > 1e-9]
        words.append(f"{name}: {len(large)} singular values of {large.mean():.3f}, the others 0")
    bar = figure.colorbar(image, ax=axes[0, :-1], shrink=0.85, label="cosine (dimensionless)")
    bar.outline.set_linewidth(0.5)
    last.set_xlabel("index")
    last.xaxis.set_major_locator(MaxNLocator(integer=True))
    last.set_ylabel("singular value (dimensionless)")
    last.legend(loc="upper right")
    return Plot(figure, "Gram matrices and spectra. " + "; ".join(words) + ".")


def cost_lines(strengths, costs, crossing):
    """Draw objectives against the strength of the penalty.

    Parameters
    ----------
    strengths : ndarray, shape (num_strengths,)
    costs : dict of str to ndarray, shape (num_strengths,)
    crossing : float
        Strength where the first two meet.

    Returns
    -------
    Plot
    """
    figure, axes = axes_grid(height=3.0)
    panel = axes[0, 0]
    for place, (name, cost) in enumerate(costs.items()):
        panel.plot(strengths, cost, color=COLORS[place], linestyle=DASHES[place], label=name)
    panel.axvline(crossing, color="#777777", lw=0.8)
    panel.set_xlabel(r"strength of the penalty, $\lambda$")
    panel.set_ylabel("objective (nats)")
    panel.legend()
    first, second = list(costs)[:2]
    return Plot(figure, f"Objectives rise linearly; {first} and {second} meet at {crossing:.6f}.")


def scaled_thresholds(num_classes, curves, limit):
    """Draw K times a threshold against K, with its limit.

    Parameters
    ----------
    num_classes : sequence of int
    curves : dict of str to sequence of float
    limit : float

    Returns
    -------
    Plot
    """
    figure, axes = axes_grid(height=3.2)
    panel, words = axes[0, 0], []
    for place, (name, values) in enumerate(curves.items()):
        panel.plot(num_classes, values, color=COLORS[place], linestyle=DASHES[place], label=name)
        words.append(f"{name}: {values[0]:.3f} to {values[-1]:.3f}")
    panel.axhline(limit, color="#777777", lw=0.8)
    panel.set_xscale("log")
    panel.set_xlabel("classes, $K$")
    panel.set_ylabel(r"$K\lambda_{\rm crit}$ (nats)")
    panel.legend(loc="center left", bbox_to_anchor=(1, 0.5))
    span = f"from K = {num_classes[0]} to K = {num_classes[-1]}"
    return Plot(figure, f"K times the threshold, {span}, limit {limit:.4f}. {'; '.join(words)}.")


def gap_curves(betas, gaps, peaks, limit):
    """Draw cross-entropy gaps against inverse temperature, with their maxima.

    Parameters
    ----------
    betas : ndarray, shape (num_betas,)
    gaps : dict of int to ndarray, shape (num_betas,)
        Number of classes to gap.
    peaks : dict of int to tuple of float
        Number of classes to largest gap and its inverse temperature.
    limit : ndarray, shape (num_betas,)
        Of the gap for many classes.

    Returns
    -------
    Plot
    """
    figure, axes = axes_grid(height=3.2)
    panel, words = axes[0, 0], []
    for place, (count, gap) in enumerate(gaps.items()):
        style = {"color": COLORS[place], "linestyle": DASHES[place]}
        panel.plot(betas, gap, label=f"K = {count}", **style)
        height, beta = peaks[count]
        panel.plot(beta, height, "o", color=COLORS[place], ms=5)
        words.append(f"{height:.3f} at {beta:.2f} for K = {count}")
    top = 1.15 * max(height for height, _ in peaks.values())
    panel.plot(betas, limit, color="#777777", lw=0.8, label=r"$\log I_0(\beta)$")
    panel.set_ylim(0, top)
    panel.set_xlabel(r"inverse temperature, $\beta$")
    panel.set_ylabel("circle minus simplex (nats)")
    panel.legend(loc="center left", bbox_to_anchor=(1, 0.5))
    return Plot(figure, "Gap of cross-entropy against beta. Maxima: " + "; ".join(words) + ".")


def spectrum_path(steps, spectra, target):
    """Draw singular values over the steps of a descent.

    Parameters
    ----------
    steps : ndarray, shape (num_steps,)
    spectra : ndarray, shape (num_steps, num_values)
    target : float
        Where all but the last of them should end.

    Returns
    -------
    Plot
    """
    figure, axes = axes_grid(height=3.0)
    panel = axes[0, 0]
    for place, values in enumerate(spectra.T):
        style = {"color": COLORS[min(place // 2, 9)], "linestyle": DASHES[place // 2 % len(DASHES)]}
        panel.plot(steps, values, lw=1.4, **style)
    panel.axhline(target, color="#777777", lw=0.8)
    panel.set_xlabel("step of proximal gradient descent")
    panel.set_ylabel("singular value of the logits")
    first, last = spectra[0], spectra[-1]
    return Plot(
        figure,
        f"Singular values of the logits: two of {first[0]:.2f} and the rest 0 at the start, "
        f"{(last > target / 2).sum()} of {last[0]:.3f} at the end; the simplex has {target:.3f}.",
    )
