"""Figures of language models: metrics against the loss, and two ways to average over pairs."""

import numpy as np

from neuralcollapse.plots.page import Plot
from neuralcollapse.plots.style import COLORS, DASHES, axes_grid

_MARKERS = ("o", "^")


def loss_panels(panels, loss, groups=None, *, columns=4, unit="nats"):
    """Draw metrics against the validation loss, a panel each.

    Parameters
    ----------
    panels : dict of str to tuple
        Words for the panel to (values of shape (num_points,), number to quote, its name).
    loss : ndarray, shape (num_points,)
    groups : ndarray, shape (num_points,), optional
        What colours and marks tell apart; groups are labelled in the first panel.
    columns : int
    unit : str
        Of the loss.

    Returns
    -------
    Plot
    """
    rows = -(-len(panels) // columns)
    figure, axes = axes_grid(rows, columns, height=2.1 * rows, sharex=True)
    groups = np.zeros(len(loss)) if groups is None else np.asarray(groups)
    words = []
    for panel, (name, (values, number, label)) in zip(axes.flat, panels.items(), strict=False):
        for place, group in enumerate(np.unique(groups)):
            chosen = groups == group
            panel.scatter(
                loss[chosen],
                np.asarray(values)[chosen],
                s=14,
                color=COLORS[place],
                marker=_MARKERS[place % 2],
                lw=0,
                label=f"{group:g}",
            )
        panel.set_title(f"{name}\n{label} {number:.2f}", fontsize=8.5)
        words.append(f"{name} {number:.2f}")
    for panel in axes[-1]:
        panel.set_xlabel(f"validation loss ({unit})", fontsize=8.5)
    for panel in list(axes.flat)[len(panels) :]:
        panel.set_visible(False)
    if len(np.unique(groups)) > 1:
        handles, labels = axes[0, 0].get_legend_handles_labels()
        figure.legend(
            handles,
            labels,
            loc="outside lower center",
            ncols=len(labels),
            title="width $d$",
            frameon=False,
        )
    return Plot(
        figure,
        f"{len(panels)} metrics against validation loss, {len(loss)} points; {label}: "
        + ", ".join(words)
        + ".",
    )


def two_averages(triangles, times, log_mean, mean_log):
    """Draw a family of triangles, and both averages of the pairwise variability along it.

    Parameters
    ----------
    triangles : dict of float to ndarray, shape (3, 2)
        Corners by time.
    times, log_mean, mean_log : ndarray, shape (num_times,)

    Returns
    -------
    Plot
    """
    figure, axes = axes_grid(1, 2, height=2.7, gridspec_kw={"width_ratios": (3, 2)})
    left, right = axes[0]
    for place, (time, corners) in enumerate(triangles.items()):
        x, y = np.vstack([corners, corners[:1]]).T[::-1]  # lying down
        left.plot(x, y, color=COLORS[place], ls=DASHES[place], marker="o", ms=4)
        left.annotate(
            f"$t={time:g}$",
            (x[2], y[2]),
            (0, 9),
            textcoords="offset points",
            ha="center",
            color=COLORS[place],
        )
    left.set_aspect("equal")
    left.set_ylim(-1, 1)
    left.margins(x=0.1)
    left.set_xlabel("class means, in standard deviations of a class")
    middle = len(times) // 2
    for place, (name, values, offset) in enumerate(
        (("log of mean", log_mean, 8), ("mean of log", mean_log, -16))
    ):
        style = {"color": COLORS[place], "ls": DASHES[place]}
        right.plot(times, values, **style)
        right.annotate(
            name,
            (times[middle], values[middle]),
            (0, offset),
            textcoords="offset points",
            color=COLORS[place],
            ha="right",
        )
    right.set_xlabel("$t$")
    right.set_ylabel("pairwise variability (nats)")
    return Plot(
        figure,
        f"Triangles whose close pair closes in while the third corner leaves. The log of the mean "
        f"variability rises from {log_mean[0]:.2f} to {log_mean[-1]:.2f}, the mean of its log "
        f"falls from {mean_log[0]:.2f} to {mean_log[-1]:.2f}.",
    )
