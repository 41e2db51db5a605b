"""Figures of codes and losses against temperature."""

import numpy as np

from neuralcollapse.plots.page import Plot
from neuralcollapse.plots.style import COLORS, DASHES, axes_grid


def gram_matrices(codes):
    """Draw the Gram matrices of some codes side by side.

    Parameters
    ----------
    codes : dict of str to ndarray, shape (num_points, dimension)
        Unit rows, under the words for each.

    Returns
    -------
    Plot
    """
    figure, axes = axes_grid(1, len(codes), height=2.7)
    sentences = []
    for panel, (name, points) in zip(axes[0], codes.items(), strict=True):
        gram = points @ points.T
        image = panel.imshow(gram, cmap="RdBu_r", vmin=-1, vmax=1)
        panel.set_xticks([])
        panel.set_yticks([])
        panel.grid(False)
        panel.set_xlabel(name)
        values, counts = np.unique(
            np.round(gram[np.triu_indices(len(gram), 1)], 6), return_counts=1
        )
        pairs = ", ".join(f"{v + 0:.2g} ({c})" for v, c in zip(values, counts, strict=True))
        sentences.append(f"{name}: {pairs}")
    bar = figure.colorbar(image, ax=axes, shrink=0.85, label="cosine (dimensionless)")
    bar.outline.set_linewidth(0.5)
    return Plot(figure, "Cosines between points, with the number of pairs. " + "; ".join(sentences))


def excess_losses(panels):
    """Draw how much more each of some codes loses than the best of them, against temperature.

    Parameters
    ----------
    panels : dict of str to tuple
        Words for the panel to (temperatures, losses by name, temperatures where the best changes).

    Returns
    -------
    Plot
    """
    figure, axes = axes_grid(1, len(panels), height=3.0)
    sentences = []
    for panel, (words, (taus, losses, edges)) in zip(axes[0], panels.items(), strict=True):
        best = np.min(list(losses.values()), axis=0)
        for place, (name, loss) in enumerate(losses.items()):
            style = {"color": COLORS[place], "linestyle": DASHES[place]}
            panel.plot(taus, 100 * (loss / best - 1), label=name, **style)
        for edge in edges:
            panel.axvline(edge, color="#777777", lw=0.8)
        panel.set_xlabel("temperature (dimensionless)")
        panel.set_ylabel("loss above the best (per cent)")
        panel.legend(
            title=words,
            loc="lower center",
            bbox_to_anchor=(0.5, 1),
            ncols=len(losses),
            frameon=False,
        )
        names = list(losses)
        changes = " and ".join(f"{edge:.4f}" for edge in edges)
        sentences.append(f"{words}: best are {', '.join(names)} in turn, with changes at {changes}")
    return Plot(figure, "Excess loss against temperature. " + "; ".join(sentences) + ".")


def bends(dims, deviations):
    """Draw how a function leaves its chord, at some temperatures.

    Parameters
    ----------
    dims : ndarray, shape (num_dims,)
    deviations : dict of float to ndarray, shape (num_dims,)
        Temperature to function minus chord, over the largest absolute value.

    Returns
    -------
    Plot
    """
    figure, axes = axes_grid(height=3.2)
    panel, words = axes[0, 0], []
    for place, (tau, deviation) in enumerate(deviations.items()):
        style = {"color": COLORS[place], "linestyle": DASHES[place % len(DASHES)]}
        panel.plot(dims, deviation, label=f"{tau:.3f}", **style)
        sides = [side for side, some in _sides(deviation) if some]
        words.append(f"{' and '.join(sides)} it at temperature {tau:.3f}")
    panel.axhline(0, color="#777777", lw=0.8)
    panel.set_xlabel("dimensions of a simplex, $x$")
    panel.set_ylabel("batch loss minus chord (scaled)")
    panel.legend(title="temperature", loc="center left", bbox_to_anchor=(1, 0.5), frameon=False)
    return Plot(figure, "The batch loss against its chord: " + ", ".join(words) + ".")


def threshold_curves(num_points, curves, limits):
    """Draw temperatures against the number of points, with their limits.

    Parameters
    ----------
    num_points : sequence of int
    curves : dict of str to sequence of float
    limits : dict of str to float

    Returns
    -------
    Plot
    """
    figure, axes = axes_grid(height=3.2)
    panel, words = axes[0, 0], []
    for place, (name, values) in enumerate(curves.items()):
        style = {"color": COLORS[place], "linestyle": DASHES[place]}
        panel.plot(num_points, values, label=name, **style)
        words.append(
            f"{name} falls from {values[0]:.4f} at n = {num_points[0]} "
            f"to {values[-1]:.4f} at n = {num_points[-1]}"
        )
    for name, value in limits.items():
        panel.axhline(value, color="#777777", lw=0.8)
        panel.annotate(name, (num_points[len(num_points) // 2], value), fontsize=9, va="bottom")
    panel.set_xscale("log")
    panel.set_xticks([4, 6, 10, 20, 50, 100], ["4", "6", "10", "20", "50", "100"])
    panel.minorticks_off()
    panel.set_xlabel("points, $n$")
    panel.set_ylabel("temperature (dimensionless)")
    panel.legend(frameon=False)
    return Plot(figure, "; ".join(words) + ".")


def _sides(deviation):
    large = 1e-3 * np.abs(deviation).max()
    return (("above", (deviation > large).any()), ("below", (deviation < -large).any()))
