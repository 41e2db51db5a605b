"""Figures of softmax codes against spherical codes: Radon points, coherence and distance."""

import numpy as np

from neuralcollapse.geometry import nearest_hull_point
from neuralcollapse.plots.page import Plot
from neuralcollapse.plots.style import COLORS, DASHES, axes_grid, picture_axes


def radon_bounds(points, split, triangles):
    """Draw a Radon point in the plane, and what two close points see of it.

    Parameters
    ----------
    points : array_like, shape (4, 2)
        A code in the plane.
    split : RadonPartition
        Of these points.
    triangles : sequence of array_like, shape (3, 2)
        Two unit vectors and a common point, one triple a panel.

    Returns
    -------
    Plot
        First the two hulls, their common point and the disc around it that must hold a point of
        either part; then, for each triple, the segment from the common point to the second
        vector and the distance to it from the first.
    """
    points, triangles = np.asarray(points), [np.asarray(t) for t in triangles]
    figure, axes = axes_grid(1, 1 + len(triangles), height=2.7)
    panel, point = axes[0, 0], split.point
    radius = np.sqrt(1 - point @ point)
    for part, color in ((split.first, COLORS[0]), (split.second, COLORS[1])):
        panel.plot(*points[list(part)].T, "o-", color=color, ms=7)
    _circle(panel, (0, 0), 1, color="#444444", lw=0.8)
    _circle(panel, point, radius, color=COLORS[2], lw=1.4, ls="--")
    panel.plot(*point, "o", color="#222222", ms=5, zorder=5)
    panel.annotate("x", point, (6, -3), textcoords="offset points")
    panel.plot(0, 0, "+", color="#222222", ms=8)
    sides = []
    for panel, (one, two, common) in zip(axes[0, 1:], triangles, strict=True):
        foot = nearest_hull_point([common, two], one)
        _circle(panel, (0, 0), 1, color="#444444", lw=0.8)
        panel.plot(*np.transpose([common, two]), color=COLORS[1], ls=DASHES[0])
        panel.plot(*np.transpose([one, foot.point]), color=COLORS[2], ls=DASHES[1])
        for place, name, shift in (
            (one, "$w_i$", (6, 2)),
            (two, "$w_j$", (6, -10)),
            (common, "x", (-12, -4)),
        ):
            panel.plot(*place, "o", color="#222222", ms=5, zorder=5)
            panel.annotate(name, place, shift, textcoords="offset points")
        panel.plot(0, 0, "+", color="#222222", ms=8)
        panel.text(0, -1.3, f"distance {foot.distance:.3f}", ha="center", fontsize=9)
        sides.append((np.linalg.norm(common), one @ two, foot.distance))
    axes[0, 0].text(0, -1.3, f"radius {radius:.3f}", ha="center", fontsize=9)
    for panel in axes[0]:
        picture_axes(panel)
        panel.set_xlim(-1.4, 1.35)
        panel.set_ylim(-1.4, 1.2)
    alt = (
        f"Left: two crossing chords of the circle meet at distance {np.linalg.norm(point):.2f} "
        f"from its centre; a dashed circle of radius {radius:.2f} around the crossing holds an end "
        "of either chord. "
        + " ".join(
            f"Then: common point at {norm:.2f} from the centre, two points of cosine {cosine:.2f}, "
            f"distance {distance:.3f} from one to the segment."
            for norm, cosine, distance in sides
        )
    )
    return Plot(figure, alt)


def coherence_distance(clouds, curves, marks):
    """Draw codes by coherence and one-vs-rest distance, with bounds as curves.

    Parameters
    ----------
    clouds : dict of str to array_like, shape (num_codes, 2)
        Label to coherence and distance of codes.
    curves : dict of str to array_like, shape (num_points, 2)
        The region between the first and the last is shaded.
    marks : dict of str to tuple of two float
        Single codes, with a star each.

    Returns
    -------
    Plot
    """
    figure, axes = axes_grid(1, 1, width=6.4, height=4.6)
    panel = axes[0, 0]
    styles = (("#444444", "-"), (COLORS[1], "--"), (COLORS[0], "-"))
    for (label, curve), (color, dash) in zip(curves.items(), styles, strict=False):
        panel.plot(*np.transpose(curve), color=color, ls=dash, lw=1.6, label=label, zorder=2)
    lower, *_, upper = curves.values()
    panel.fill(*np.concatenate([lower, upper[::-1]]).T, color=COLORS[0], alpha=0.07, lw=0)
    dots = ((".", "#888888", 5), ("s", COLORS[5], 30), ("o", COLORS[2], 14))
    counts = []
    for (label, cloud), (marker, color, size) in zip(clouds.items(), dots, strict=False):
        cloud = np.asarray(cloud)
        panel.scatter(*cloud.T, s=size, marker=marker, lw=0, color=color, label=label, zorder=3)
        outside = (cloud**2).sum(axis=1) > 1 + 1e-6
        counts.append(f"{label}, {'some' if outside.any() else 'none'} outside the circle")
    for place, (label, mark) in enumerate(marks.items()):
        color = (COLORS[3], COLORS[4])[place % 2]
        panel.plot(*mark, "*", ms=15, mec="#222222", mew=0.7, color=color, label=label, zorder=4)
    panel.set_xlim(0, 1.02)
    panel.set_ylim(0, 1.04)
    panel.set_xlabel(r"coherence $\mu$ (dimensionless)")
    panel.set_ylabel(r"one-vs-rest distance $\rho$ (dimensionless)")
    panel.legend(loc="lower left", fontsize=8)
    alt = (
        "Distance against coherence. Codes lie above the falling line and below the solid curve, "
        "which bulges beyond the quarter circle. "
        + "; ".join(counts)
        + ". "
        + "; ".join(
            f"{label} at ({mu:.3f}, {rho:.3f}), sum of squares {mu**2 + rho**2:.4f}"
            for label, (mu, rho) in marks.items()
        )
        + "."
    )
    return Plot(figure, alt)


def _circle(panel, center, radius, **style):
    angles = np.linspace(0, 2 * np.pi, 181)
    panel.plot(center[0] + radius * np.cos(angles), center[1] + radius * np.sin(angles), **style)
