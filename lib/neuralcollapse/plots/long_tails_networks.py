"""Figures of fixed centres and of networks on long-tailed digits."""

import numpy as np

from neuralcollapse.plots.page import Plot
from neuralcollapse.plots.style import COLORS, DASHES, axes_grid

_MARKERS = "os^D"


def centre_gains(counts, curves, marked):
    """Draw logit gains against the number of centres, with those of some classes marked.

    Parameters
    ----------
    counts : ndarray, shape (num_counts,)
    curves : dict of float to ndarray, shape (num_counts,)
        Angle in radians to gains.
    marked : tuple of (ndarray, ndarray)
        Numbers of centres and gains of the classes of an experiment.

    Returns
    -------
    Plot
    """
    figure, axes = axes_grid(height=3.0)
    panel, words = axes[0, 0], []
    for place, (angle, gains) in enumerate(curves.items()):
        style = {"color": COLORS[place], "linestyle": DASHES[place]}
        panel.plot(counts, gains, **style)
        label = rf"$\theta={angle:g}$"
        panel.annotate(label, (counts[-1], gains[-1]), xytext=(4, -3), textcoords="offset points")
        words.append(f"at angle {angle:g} from {gains[0]:.2f} to {gains[-1]:.2f}")
    panel.plot(*marked, "o", color="black", ms=4)
    panel.set_xlabel("centres of a class, $f$")
    panel.set_ylabel("gain $g(f)$ (dimensionless)")
    panel.set_ylim(0, 1.02)
    panel.set_xlim(counts[0] - 1, 1.14 * counts[-1])
    ends = f"{marked[1].min():.2f} to {marked[1].max():.2f}"
    return Plot(
        figure,
        f"Gain against centres, {counts[0]:g} to {counts[-1]:g}: {'; '.join(words)}. "
        f"Marked classes have gains from {ends}.",
    )


def rank_accuracies(sizes, accuracies):
    """Draw accuracies of classes in order of size, one line a method.

    Parameters
    ----------
    sizes : ndarray, shape (num_classes,)
        Training images, descending.
    accuracies : dict of str to ndarray, shape (num_seeds, num_classes)

    Returns
    -------
    Plot
    """
    figure, axes = axes_grid(height=3.2)
    panel, words = axes[0, 0], []
    ranks = np.arange(len(sizes))
    for place, (name, values) in enumerate(accuracies.items()):
        style = {"color": COLORS[place], "linestyle": DASHES[place], "marker": _MARKERS[place]}
        panel.plot(ranks, values.mean(0), ms=4, label=name, **style)
        panel.fill_between(
            ranks, values.min(0), values.max(0), color=COLORS[place], alpha=0.12, lw=0
        )
        words.append(f"{name} {values[:, 0].mean():.2f} to {values[:, -1].mean():.2f}")
    panel.set_xticks(ranks, [f"{size:g}" for size in sizes])
    panel.set_xlabel("training images of the class")
    panel.set_ylabel("test accuracy")
    panel.set_ylim(-0.02, 1.02)
    panel.legend(loc="lower left")
    return Plot(
        figure,
        "Test accuracy of classes from most to least frequent, means of "
        f"{len(values)} seeds: {'; '.join(words)}.",
    )


def method_table(panels):
    """Draw accuracies of methods, a row each: its own decision and the nearest class mean.

    Parameters
    ----------
    panels : dict of str to dict of str to dict of str to ndarray, shape (num_seeds,)
        Words for the panel to method to way of reading to accuracies; first its own decision.

    Returns
    -------
    Plot
    """
    figure, axes = axes_grid(1, len(panels), height=3.6, sharey=True, sharex=True)
    sentences = []
    for panel, (words, methods) in zip(axes[0], panels.items(), strict=True):
        for place, reads in enumerate(methods.values()):
            for kind, values in enumerate(reads.values()):
                row = np.full(len(values), len(methods) - 1 - place + 0.18 * (1 - 2 * kind))
                color = COLORS[kind]
                panel.scatter(values, row, s=10, lw=0, color=color, alpha=0.5)
                marker = _MARKERS[kind]
                panel.plot(values.mean(), row[0], marker, color=color, ms=6, mec="black", mew=0.6)
        panel.set_yticks(range(len(methods)), list(methods)[::-1])
        panel.set_xlabel(f"accuracy, mean of classes\n({words})")
        means = (
            f"{name} {' and '.join(f'{v.mean():.2f}' for v in reads.values())}"
            for name, reads in methods.items()
        )
        sentences.append(f"{words}: {', '.join(means)}")
    for kind, read in enumerate(reads):
        axes[0, 0].plot([], [], _MARKERS[kind], color=COLORS[kind], mec="black", label=read)
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside upper center", ncols=2)
    read = " and ".join(reads)
    return Plot(figure, f"Accuracies by {read}, means of seeds. {'. '.join(sentences)}.")
