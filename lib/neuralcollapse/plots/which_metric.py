"""Figures of the page on choosing a metric."""

import numpy as np

from neuralcollapse.plots.page import Plot
from neuralcollapse.plots.style import COLORS, axes_grid


def verdicts(ratios, names, *, left, right):
    """Draw by what factor two networks differ in each metric, one dot a seed.

    Parameters
    ----------
    ratios : dict of str to ndarray, shape (num_seeds,)
        Words for a metric to the value of one network over that of the other.
    names : dict of str to str
        Words for a metric to the condition it belongs to, which gives its colour.
    left, right : str
        Words for a ratio below and above 1.

    Returns
    -------
    Plot
    """
    order = sorted(ratios, key=lambda name: np.median(ratios[name]))
    groups = list(dict.fromkeys(names.values()))
    figure, axes = axes_grid(height=0.28 * len(order) + 0.9)
    panel = axes[0, 0]
    for row, name in enumerate(order):
        color = COLORS[groups.index(names[name])]
        panel.plot(ratios[name], [row] * len(ratios[name]), "o", color=color, ms=5, alpha=0.8)
    panel.axvline(1, color="#777777", lw=0.8)
    panel.set_xscale("log")
    panel.set_yticks(range(len(order)), [f"{names[name]}  {name}" for name in order])
    for label, name in zip(panel.get_yticklabels(), order, strict=True):
        label.set_color(COLORS[groups.index(names[name])])
    panel.set_ylim(-0.6, len(order) + 0.3)
    panel.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
    for x, side, words in ((0.9, "right", left), (1.1, "left", right)):
        panel.annotate(words, (x, len(order) - 0.35), ha=side, va="center", fontsize=9)
    panel.set_xlabel("ratio of the two networks (dimensionless)")
    low, high = order[0], order[-1]
    words = (
        f"From {low}, where the median ratio is {np.median(ratios[low]):.2g}, "
        f"to {high}, where it is {np.median(ratios[high]):.2g}."
    )
    return Plot(figure, f"Ratios of {len(order)} metrics between two networks. {words}")


def weighting_wedge(ratios, factors):
    """Draw NC1 by sample over NC1 by class against the ratio of class sizes, with both bounds.

    Parameters
    ----------
    ratios : ndarray, shape (num_points,)
        Largest class size over smallest.
    factors : dict of str to ndarray, shape (num_points,)

    Returns
    -------
    Plot
    """
    figure, axes = axes_grid(height=3.2)
    panel = axes[0, 0]
    edge = np.geomspace(1, max(ratios), 50)
    panel.fill_between(edge, 1 / edge, edge, color="#777777", alpha=0.15, lw=0)
    for sign, words in ((1, "largest factor: $r$"), (-1, "least: $1/r$")):
        panel.plot(edge, edge**sign, color="#777777", lw=0.8)
        place = edge[30], edge[30] ** sign
        panel.annotate(
            words, place, xytext=(-4, 3 * sign), textcoords="offset points",
            ha="right", va="bottom" if sign > 0 else "top", fontsize=9,
        )  # fmt: skip
    for place, (name, values) in enumerate(factors.items()):
        panel.plot(ratios, values, "ox"[place], color=COLORS[place], ms=5, label=name)
    panel.set_xscale("log")
    panel.set_yscale("log")
    panel.set_xlabel("largest class over smallest, $r$ (dimensionless)")
    panel.set_ylabel("by sample / by class")
    for axis in (panel.xaxis, panel.yaxis):
        axis.set_major_formatter(lambda value, _: f"{value:g}")
    panel.legend(loc="center left", bbox_to_anchor=(1, 0.5), frameon=False)
    words = ", ".join(
        f"{name} between {values.min():.2f} and {values.max():.2f}"
        for name, values in factors.items()
    )
    return Plot(
        figure,
        f"NC1 weighted by sample over NC1 weighted by class, r up to {max(ratios):g}: {words}.",
    )
