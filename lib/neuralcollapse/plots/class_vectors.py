"""Figures of class means and classifier rows, for any number of classes."""

import numpy as np
from matplotlib.ticker import MaxNLocator, StrMethodFormatter

from neuralcollapse.plots.page import Plot
from neuralcollapse.plots.style import COLORS, DASHES, axes_grid

_MOST_CLASSES = 2048  # whose cosines are drawn, evenly chosen among more
_MOST_POINTS = 400  # of a curve


def cosine_curves(tables):
    """Draw the sorted cosines between class vectors, one curve a table.

    Parameters
    ----------
    tables : dict of str to ndarray, shape (num_classes, num_features)
        Words for the legend to class vectors, none zero. Of more than 2,048 classes as many are
        drawn, evenly chosen.

    Returns
    -------
    Plot
        The thin line is the cosine of a simplex of all classes.
    """
    figure, axes = axes_grid(height=3.0)
    panel, words = axes[0, 0], []
    count = len(next(iter(tables.values())))
    chosen = _evenly(count, _MOST_CLASSES)
    for place, (name, rows) in enumerate(tables.items()):
        unit = rows[chosen] / np.linalg.norm(rows[chosen], axis=1, keepdims=True)
        cosines = np.sort((unit @ unit.T)[np.triu_indices(len(unit), 1)])
        shown = _evenly(len(cosines), _MOST_POINTS)
        share = (shown + 0.5) / len(cosines)
        panel.plot(share, cosines[shown], color=COLORS[place], linestyle=DASHES[place], label=name)
        if len(cosines) == 1:
            panel.plot(share, cosines, "o", color=COLORS[place])
        words.append(f"{name} from {cosines[0]:.2f} to {cosines[-1]:.2f}")
    ideal = -1 / (count - 1)
    panel.axhline(ideal, color="#666666", lw=0.7, zorder=1)
    panel.set_xlim(0, 1)
    panel.set_xlabel("share of the pairs of classes (dimensionless)")
    panel.set_ylabel("cosine (dimensionless)")
    panel.legend()
    among = "" if len(chosen) == count else f" among {len(chosen)} of them, evenly chosen"
    return Plot(
        figure,
        f"Sorted cosines between the vectors of {count} classes{among}: {'; '.join(words)}. "
        f"A simplex has {ideal:.2g} throughout.",
    )


def class_lengths(means, deviations, classes):
    """Draw the length of each centred class mean and the spread of its class.

    Parameters
    ----------
    means : ndarray, shape (num_classes, num_features)
        Centred class means.
    deviations : ndarray, shape (num_classes,)
        Root mean squared distance to the class mean, in units of the features.
    classes : ndarray of int, shape (num_classes,)
        Class indices. Of more than 400 classes as many are drawn, evenly chosen.

    Returns
    -------
    Plot
        Both are in units of the features; at collapse lengths agree and spreads vanish.
    """
    figure, axes = axes_grid(height=3.0)
    panel = axes[0, 0]
    lengths = np.linalg.norm(means, axis=1)
    chosen = _evenly(len(means), _MOST_POINTS)
    for place, (name, values) in enumerate(
        {"length of the centred mean": lengths, "spread within the class": deviations}.items()
    ):
        marker = {"marker": "os"[place], "ms": 4, "linestyle": "none"}
        panel.plot(classes[chosen], values[chosen], color=COLORS[place], label=name, **marker)
    drawn = np.concatenate([lengths[chosen], deviations[chosen]])
    if drawn.min() > 0:
        panel.set_yscale("log")
        panel.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
        if drawn.max() < 10 * drawn.min():  # too few powers of ten to read by
            panel.yaxis.set_minor_formatter(StrMethodFormatter("{x:g}"))
    else:
        panel.set_ylim(bottom=0)
    panel.xaxis.set_major_locator(MaxNLocator(integer=True))
    panel.set_xlabel("class")
    panel.set_ylabel("units of the features")
    panel.legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=2)
    widest = int(deviations.argmax())
    return Plot(
        figure,
        f"Lengths of the centred means of {len(means)} classes run from {lengths.min():.3g} to "
        f"{lengths.max():.3g}; spreads within classes from {deviations.min():.3g} to "
        f"{deviations.max():.3g}, the largest in class {int(classes[widest])}.",
    )


def _evenly(count, most):
    """At most so many indices, evenly chosen, ends included."""
    return np.unique(np.linspace(0, count - 1, min(count, most)).round().astype(int))
