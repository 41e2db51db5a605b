"""Figures of the page on softmax codes."""

import numpy as np

from neuralcollapse.geometry import regular_polygon
from neuralcollapse.plots.page import Plot
from neuralcollapse.plots.style import COLORS, DASHES, axes_grid, picture_axes

_MARKERS = ("o", "s", "^", "v")


def feature_circle(panels):
    """Draw the features of two-dimensional networks on the circle.

    Parameters
    ----------
    panels : dict of str to (History, int)
        Label to a run and an epoch that was a checkpoint; of each run the first seed.

    Returns
    -------
    Plot
        Dots are features, moved outwards a little one after the other, so that a cluster shows as
        a ray; lines from the centre are rows of the classifier; crosses are the corners of the
        regular polygon, turned to fit the rows.
    """
    figure, axes = axes_grid(1, len(panels), height=7.0 / len(panels) + 0.4)
    sentences = []
    for panel, (label, (history, epoch)) in zip(axes[0], panels.items(), strict=True):
        place = history.checkpoint(epoch)
        features, weights, labels = history.features[place], history.weights[place], history.labels
        corners = _turned_polygon(weights)
        panel.plot(*_circle(1.0), color="#999999", lw=0.6, zorder=1)
        panel.plot(*(1.24 * corners).T, "x", ms=5, mew=1.2, color="#444444", zorder=2)
        for place, weight in enumerate(weights):
            members = features[labels == place]
            reach = 1 + 0.16 * np.arange(len(members)) / len(members)
            color = COLORS[place]
            panel.plot([0, 0.93 * weight[0]], [0, 0.93 * weight[1]], color=color, lw=1.2, zorder=2)
            panel.scatter(*(reach[:, None] * members).T, s=2, lw=0, color=color, zorder=3)
            panel.annotate(
                str(place), 1.4 * weight, ha="center", va="center", fontsize=9, color=color
            )
        picture_axes(panel)
        panel.set_xlim(-1.55, 1.55)
        panel.set_ylim(-1.55, 1.55)
        panel.text(0.5, -0.02, label, transform=panel.transAxes, ha="center", va="top")
        gap = _gaps(weights).min()
        sentences.append(f"{gap:.1f} degrees ({label})")
    alt = (
        f"Features of {len(weights)} classes on a circle, with the rows of the classifier. Least "
        "angle between two rows: " + ", ".join(sentences) + f"; the regular polygon has "
        f"{360 / len(weights):.0f} degrees."
    )
    return Plot(figure, alt)


def codes_over_temperature(series, minima, best):
    """Draw how far apart trained classifiers keep their rows, over temperatures.

    Parameters
    ----------
    series : dict of str to sequence of dict
        Label to rows with ``dimension``, ``temperature`` and ``separation``, one number a seed.
    minima : dict of int to sequence of (float, float)
        Dimension to (temperature, separation at the minimum of the loss), ascending.
    best : dict of int to float
        Dimension to the largest separation known.

    Returns
    -------
    Plot
        One panel a dimension of `best`; a mark a seed.
    """
    figure, axes = axes_grid(1, len(best), height=3.4)
    sentences = []
    for panel, (dimension, value) in zip(axes[0], best.items(), strict=True):
        panel.axhline(value, color="#444444", lw=0.8, label="best known code")
        panel.plot(
            *np.transpose(minima[dimension]),
            color=COLORS[7],
            linestyle=DASHES[1],
            lw=1.4,
            label="minimum of the loss",
        )
        medians = []
        for place, (label, rows) in enumerate(series.items()):
            here = sorted(
                (row for row in rows if row["dimension"] == dimension),
                key=lambda row: row["temperature"],
            )
            shift = 1.13 ** (place - (len(series) - 1) / 2)  # marks of a temperature side by side
            marks = [(shift * row["temperature"], s) for row in here for s in row["separation"]]
            panel.plot(
                *np.transpose(marks),
                _MARKERS[place],
                ms=4.5,
                mfc="none",
                color=COLORS[place],
                label=label,
            )
            ends = ", ".join(
                f"{np.median(row['separation']):.2f} at {row['temperature']:g}" for row in here
            )
            medians.append(f"{label} {ends}")
        panel.set_xscale("log")
        panel.set_xticks([0.03, 0.1, 0.3, 1.0], ["0.03", "0.1", "0.3", "1"])
        panel.minorticks_off()
        panel.set_ylim(0, 1.12 * value)
        panel.set_xlabel(f"temperature, $d={dimension}$")
        sentences.append(f"d={dimension}, best known {value:.2f}: " + "; ".join(medians))
    axes[0, 0].set_ylabel("1 - coherence")
    handles, labels = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=3, frameon=False)
    alt = "One minus coherence, median of seeds, at a temperature. " + ". ".join(sentences)
    return Plot(figure, alt + ".")


def sphere_filling(counts, curves):
    """Draw how unevenly points fill the sphere, against their number.

    Parameters
    ----------
    counts : sequence of int
        Numbers of points, ascending.
    curves : dict of str to sequence of float
        Label to the largest difference between the share of points in a cap and its area.

    Returns
    -------
    Plot
    """
    figure, axes = axes_grid(height=3.0, width=5.4)
    panel = axes[0, 0]
    for place, (label, values) in enumerate(curves.items()):
        panel.loglog(
            counts,
            values,
            color=COLORS[place],
            linestyle=DASHES[place],
            marker=_MARKERS[place],
            ms=4,
            label=label,
        )
    panel.set_xticks(counts, [str(count) for count in counts])
    panel.set_yticks([0.05, 0.1, 0.2, 0.4], ["0.05", "0.1", "0.2", "0.4"])
    panel.minorticks_off()
    panel.set_xlabel("number of points")
    panel.set_ylabel("largest error of a cap's share")
    panel.legend(frameon=False)
    alt = f"Largest error of a cap's share, from {counts[0]} to {counts[-1]} points: " + ", ".join(
        f"{label} {values[0]:.2f} to {values[-1]:.2f}" for label, values in curves.items()
    )
    return Plot(figure, alt + ".")


def _circle(radius):
    angles = np.linspace(0, 2 * np.pi, 181)
    return radius * np.cos(angles), radius * np.sin(angles)


def _gaps(weights):
    """Angles between neighbours on the circle, in degrees."""
    angles = np.sort(np.arctan2(weights[:, 1], weights[:, 0]))
    return np.degrees(np.diff(np.append(angles, angles[0] + 2 * np.pi)))


def _turned_polygon(weights):
    """The regular polygon, turned by the mean offset of the sorted rows from its corners."""
    count = len(weights)
    angles = np.sort(np.arctan2(weights[:, 1], weights[:, 0]))
    turn = np.mean(angles - 2 * np.pi * np.arange(count) / count)
    rotation = [[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]]
    return regular_polygon(count) @ np.array(rotation)
