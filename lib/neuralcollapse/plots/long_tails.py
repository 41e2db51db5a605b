"""Figures of the layer-peeled model: cosines against the ratio of class sizes, and its phases."""

import numpy as np

from neuralcollapse.plots.page import Plot
from neuralcollapse.plots.style import COLORS, DASHES, axes_grid

_MARKERS = "o^s"


def imbalance_curves(ratios, curves, found, threshold):
    """Draw quantities of two groups of classes against the ratio of their sizes.

    Parameters
    ----------
    ratios : ndarray, shape (num_ratios,)
    curves : dict of str to dict of str to ndarray, shape (num_ratios,)
        One panel for each name of an axis, one line for each name below it.
    found : tuple of (ndarray, dict)
        Ratios of descents, and where they ended, in the form of `curves`.
    threshold : float
        Ratio marked by a line.

    Returns
    -------
    Plot
    """
    figure, axes = axes_grid(1, len(curves), height=3.2)
    words = []
    for panel, (axis, lines) in zip(axes[0], curves.items(), strict=True):
        for place, (name, values) in enumerate(lines.items()):
            color = COLORS[place]
            panel.plot(ratios, values, color=color, linestyle=DASHES[place], label=name)
            panel.plot(found[0], found[1][axis][name], _MARKERS[place], color=color, ms=4)
            words.append(f"{axis}, {name}, {values[0]:.2f} to {values[-1]:.2f}")
        panel.axvline(threshold, color="#777777", lw=0.8)
        panel.set_xscale("log")
        panel.set_xlabel("ratio of class sizes, $R$")
        panel.set_ylabel(axis)
        panel.legend(loc="best", frameon=False)
    span = f"from ratio {ratios[0]:.3g} to {ratios[-1]:.3g}"
    return Plot(figure, f"Threshold at {threshold:.2f}; {span}: " + "; ".join(words) + ".")


def threshold_phases(products, merging, vanishing, marked):
    """Draw where small classes are separate, merged and vanished.

    Parameters
    ----------
    products : ndarray, shape (num_products,)
        Product of the budgets.
    merging, vanishing : ndarray, shape (num_products,)
        Ratios of class sizes; infinite where there is none.
    marked : tuple of float
        A product and the ratio at which small classes merge there.

    Returns
    -------
    Plot
    """
    figure, axes = axes_grid(height=3.4)
    panel, top = axes[0, 0], 10 * merging.max()
    panel.plot(products, merging, color=COLORS[0])
    ends = np.isfinite(vanishing)
    panel.plot(products[ends], vanishing[ends], color=COLORS[1], linestyle=DASHES[1])
    lid = np.minimum(vanishing, top)
    panel.fill_between(products, merging, lid, color=COLORS[0], alpha=0.1, lw=0)
    panel.fill_between(products[ends], lid[ends], top, color=COLORS[1], alpha=0.15, lw=0)
    panel.plot(*marked, "o", color="#222222", ms=5)
    panel.set_xscale("log")
    panel.set_yscale("log")
    panel.set_xlim(products[0], products[-1])
    panel.set_ylim(1, top)
    panel.set_xlabel("product of the budgets, $E_WE_H$")
    panel.set_ylabel("ratio of class sizes, $R$")
    for across, up, word in (
        (0.97, 0.06, "separate"),
        (0.75, 0.75, "one vector"),
        (0.3, 0.6, "zero"),
    ):
        panel.text(across, up, word, transform=panel.transAxes, ha="right")
    alt = (
        f"Small classes merge at ratio {merging[0]:.2f} for a product of {products[0]:.2g} and "
        f"{merging[-1]:.3g} for {products[-1]:.3g}; at {marked[0]:.3g} it is {marked[1]:.2f}. They "
        f"vanish at {vanishing[0]:.2f} for the first, and not beyond {products[ends][-1]:.2f}."
    )
    return Plot(figure, alt)
