"""Figures of equilibrium models, linear and trained."""

import numpy as np

from neuralcollapse.plots.page import Plot
from neuralcollapse.plots.style import COLORS, DASHES, axes_grid


def rare_accuracies(panels):
    """Draw accuracies on rare classes, one row a network and one dot a seed.

    Parameters
    ----------
    panels : dict of str to dict of str to ndarray, shape (num_seeds,)
        Words for the panel to accuracies by network, the same networks in each.

    Returns
    -------
    Plot
    """
    figure, axes = axes_grid(1, len(panels), height=3.0, sharey=True)
    sentences = []
    for panel, (words, accuracies) in zip(axes[0], panels.items(), strict=True):
        for place, (name, values) in enumerate(accuracies.items()):
            color = COLORS[1 if "layer" in name else 0]
            marker = "s" if "layer" in name else "o"
            rows = np.full(len(values), len(accuracies) - 1 - place)
            panel.scatter(values, rows, s=14, lw=0, color=color, alpha=0.6, marker=marker)
            panel.plot([values.mean()] * 2, [rows[0] - 0.3, rows[0] + 0.3], color="black", lw=1.5)
        panel.set_yticks(range(len(accuracies)), list(accuracies)[::-1])
        panel.set_xlabel(f"accuracy on rare classes\n({words})")
        means = ", ".join(f"{name} {v.mean():.2f}" for name, v in accuracies.items())
        sentences.append(f"{words}: {means}")
    return Plot(figure, "Test accuracy on rare classes, means of seeds. " + "; ".join(sentences))


def core_prices(demands, prices):
    """Draw the price of a singular value against its demand, one curve a core.

    Parameters
    ----------
    demands : ndarray, shape (num_demands,)
    prices : dict of str to ndarray, shape (num_demands,)

    Returns
    -------
    Plot
    """
    figure, axes = axes_grid(height=3.2)
    panel = axes[0, 0]
    for place, (name, price) in enumerate(prices.items()):
        style = {"color": COLORS[place], "linestyle": DASHES[place]}
        panel.plot(demands, price, label=name, **style)
    panel.set_xlabel("demand $u$ (dimensionless)")
    panel.set_ylabel(r"price $\psi(u)$ (in units of $\lambda_A$)")
    panel.set_ylim(0, 2)
    panel.legend(loc="center left", bbox_to_anchor=(1, 0.5))
    place = int(np.abs(demands - 1).argmin())
    values = ", ".join(f"{name} {price[place]:.2f}" for name, price in prices.items())
    return Plot(figure, f"Price against demand. At demand {demands[place]:.2f}: {values}.")


def gain_phases(regularisations, ratios, weights):
    """Draw the eigenvalue of a balanced linear equilibrium over its two parameters.

    Parameters
    ----------
    regularisations : ndarray, shape (num_columns,)
        The c of the page.
    ratios : ndarray, shape (num_rows,)
        K times the decay of A.
    weights : ndarray, shape (num_rows, num_columns)
        1 where gain is free, NaN where all is zero.

    Returns
    -------
    Plot
    """
    figure, axes = axes_grid(height=3.4, width=5.4)
    panel = axes[0, 0]
    image = panel.pcolormesh(
        regularisations, ratios, weights, cmap="cividis_r", vmin=0, vmax=1, rasterized=True
    )
    panel.plot([0, 1, 1], [0, 1, ratios[-1]], color="black", lw=1.2)
    panel.plot([1, regularisations[-1]], [1, 1], color="black", lw=1.2)
    for words, x, y, color in (
        ("collapse", 0.35, 1.3, "black"),
        ("free gain", 0.95, 0.4, "white"),
        ("zero", 1.35, 1.5, "black"),
    ):
        panel.annotate(words, (x, y), ha="center", color=color)
    panel.set_xlabel(r"$c=K\sqrt{n\lambda_W\lambda_H}$")
    panel.set_ylabel(r"$K\lambda_A$")
    panel.grid(False)
    bar = figure.colorbar(image, ax=panel, label="eigenvalue $w$ of $A$")
    bar.outline.set_linewidth(0.5)
    free = float((weights == 1).mean())
    zero = float(np.isnan(weights).mean())
    return Plot(
        figure,
        f"Eigenvalue of A over c and K times its decay: on {free:.0%} of the square gain is free, "
        f"on {zero:.0%} everything is zero, elsewhere the eigenvalue is below 1 and grows towards "
        "the diagonal.",
    )


def class_fits(sizes, fits):
    """Draw the share of its target that a class reaches against its size.

    Parameters
    ----------
    sizes : ndarray, shape (num_sizes,)
    fits : dict of str to ndarray, shape (num_sizes,)

    Returns
    -------
    Plot
    """
    figure, axes = axes_grid(height=3.2)
    panel, words = axes[0, 0], []
    for place, (name, fit) in enumerate(fits.items()):
        style = {"color": COLORS[place], "linestyle": DASHES[place]}
        panel.plot(sizes, fit, label=name, **style)
        words.append(f"{name} keeps classes from {sizes[np.flatnonzero(fit)[0]]} images on")
    panel.set_xscale("log")
    panel.set_xlabel("images of the rare class, $n_c$")
    panel.set_ylabel(r"fit $s_c/\sqrt{n_c}$")
    panel.legend(loc="center left", bbox_to_anchor=(1, 0.5))
    return Plot(figure, "Fit of a rare class against its size: " + ", ".join(words) + ".")


def residual_curves(panels):
    """Draw residuals of a fixed-point search against evaluations.

    Parameters
    ----------
    panels : dict of str to dict of str to sequence of float
        Words for the panel to residuals by method.

    Returns
    -------
    Plot
    """
    figure, axes = axes_grid(1, len(panels), height=2.9, sharey=True)
    sentences = []
    for panel, (words, curves) in zip(axes[0], panels.items(), strict=True):
        for place, (name, residuals) in enumerate(curves.items()):
            style = {"color": COLORS[place], "linestyle": DASHES[place]}
            panel.semilogy(range(1, len(residuals) + 1), residuals, label=name, **style)
        panel.set_xlabel(f"evaluations\n({words})")
        panel.legend()
        counts = ", ".join(f"{name} {len(r)}" for name, r in curves.items())
        sentences.append(f"{words}: {counts}")
    axes[0, 0].set_ylabel("residual (dimensionless)")
    return Plot(figure, "Evaluations until the residual is small. " + "; ".join(sentences) + ".")
