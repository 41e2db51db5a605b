"""Figures of free features: their paths, their phases, and what a start leaves behind."""

import numpy as np

from neuralcollapse.plots.page import Plot
from neuralcollapse.plots.style import COLORS, DASHES, axes_grid, picture_axes

_MARKERS = "o^sDvP"


def free_paths(panels, labels):
    """Draw paths of features in the plane, with the classifier where they end.

    Parameters
    ----------
    panels : dict of str to tuple
        Words for the panel to (paths, shape (num_steps, num_samples, 2), and the final classifier,
        shape (num_classes, 2)).
    labels : ndarray of int, shape (num_samples,)

    Returns
    -------
    Plot
    """
    figure, axes = axes_grid(1, len(panels), height=2.9)
    words = []
    for panel, (name, (paths, weight)) in zip(axes[0], panels.items(), strict=True):
        for sample, label in enumerate(labels):
            style = {"color": COLORS[label], "linestyle": DASHES[label]}
            panel.plot(*paths[:, sample].T, lw=0.7, alpha=0.6, **style)
        for label in np.unique(labels):
            ends = paths[-1, labels == label]
            marker = {"marker": _MARKERS[label], "ms": 6, "ls": ""}
            panel.plot(*ends.T, color=COLORS[label], **marker)
            panel.plot(*paths[0, labels == label].T, ".", color=COLORS[label], ms=3)
        reach = np.linalg.norm(paths[-1], axis=1).max()
        lengths = np.linalg.norm(weight, axis=1).max()
        if reach > 1e-3:
            for row in weight / lengths * 0.85 * reach:
                arrow = {"arrowstyle": "->", "lw": 1.4, "color": "#444444"}
                panel.annotate("", row, (0, 0), arrowprops=arrow)
        picture_axes(panel)
        panel.text(0.5, -0.02, name, transform=panel.transAxes, ha="center", va="top")
        words.append(f"{name}: features end at distance {reach:.2f} from the origin")
    limit = 1.05 * max(np.abs(paths).max() for paths, _ in panels.values())
    for panel in axes[0]:
        panel.set_xlim(-limit, limit)
        panel.set_ylim(-limit, limit)
    return Plot(figure, "Paths of free features, by class. " + "; ".join(words) + ".")


def phase_curves(regularisations, curves, found):
    """Draw gains and objectives against the regularisation, closed forms and descents.

    Parameters
    ----------
    regularisations : ndarray, shape (num_values,)
    curves : dict of str to tuple of ndarray, shape (num_values,)
        Name of a loss to (gains, objectives), each as a share of its value at no decay, or of its
        value at zero.
    found : dict of str to tuple of ndarray
        Name of a loss to (regularisations, gains, objectives) where a descent ended.

    Returns
    -------
    Plot
    """
    figure, axes = axes_grid(1, 2, height=3.0)
    words = []
    for place, (name, values) in enumerate(curves.items()):
        style = {"color": COLORS[place], "linestyle": DASHES[place]}
        where, *ends = found[name]
        for panel, curve, end in zip(axes[0], values, ends, strict=True):
            panel.plot(regularisations, curve, label=name, **style)
            panel.plot(where, end, _MARKERS[place], color=COLORS[place], ms=4)
        half = regularisations[np.argmin(np.abs(values[0] - values[0][0] / 2))]
        words.append(f"{name}: the gain has halved at {half:.2f} and is 0 from 1 on")
    names = ("gain (share of the first)", "objective (share of the last)")
    for panel, label in zip(axes[0], names, strict=True):
        panel.axvline(1, color="#777777", lw=0.8)
        panel.set_xlabel("regularisation $c$ (dimensionless)")
        panel.set_ylabel(label)
    axes[0, 1].legend(loc="lower right", frameon=False)
    return Plot(figure, "Gain and objective against regularisation. " + "; ".join(words) + ".")


def start_scales(scales, lines, bound):
    """Draw distances from collapse at the end of a flow against the scale of its start.

    Parameters
    ----------
    scales : ndarray, shape (num_scales,)
    lines : dict of str to ndarray, shape (num_scales, num_seeds)
    bound : ndarray, shape (num_scales,)
        On the first of the lines.

    Returns
    -------
    Plot
    """
    figure, axes = axes_grid(height=3.2)
    panel, words = axes[0, 0], []
    for place, (name, values) in enumerate(lines.items()):
        style = {"color": COLORS[place], "linestyle": DASHES[place]}
        middle = np.median(values, axis=1)
        panel.plot(scales, middle, label=name, marker=_MARKERS[place], ms=4, **style)
        panel.fill_between(scales, values.min(1), values.max(1), color=COLORS[place], alpha=0.15)
        words.append(f"{name} from {middle[0]:.1e} to {middle[-1]:.1e}")
    panel.plot(scales, bound, color="#444444", lw=1, ls=":", label="bound on the first")
    panel.set_xscale("log")
    panel.set_yscale("log")
    panel.set_xlabel("scale of the start (dimensionless)")
    panel.set_ylabel("distance from collapse")
    panel.legend(loc="center left", bbox_to_anchor=(1, 0.5), frameon=False)
    heads = f"Distances from collapse, start of scale {scales[0]:.2g} to {scales[-1]:.2g}: "
    return Plot(figure, heads + "; ".join(words) + ".")
