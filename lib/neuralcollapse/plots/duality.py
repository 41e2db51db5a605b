"""Figures of self-duality: features beside weights, their angles, and the room of a rattler."""

import numpy as np

from neuralcollapse.plots.page import Plot
from neuralcollapse.plots.style import COLORS, DASHES, axes_grid, picture_axes


def planar_features(codes):
    """Draw codes on the circle, the nearest points of the hulls, and all best features.

    Parameters
    ----------
    codes : dict of str to (weights, nearest, arcs)
        Unit rows, shape (num_points, 2); the point nearest to each in the hull of the others;
        first and last angle of its best features in degrees, shape (num_points, 2).

    Returns
    -------
    Plot
    """
    figure, axes = axes_grid(1, len(codes), width=7.2, height=2.9)
    sentences = []
    circle = np.radians(np.linspace(0, 360, 181))
    for panel, (name, (weights, nearest, arcs)) in zip(axes[0], codes.items(), strict=True):
        panel.plot(np.cos(circle), np.sin(circle), color="#BBBBBB", lw=0.8, zorder=1)
        for k, (weight, point, arc) in enumerate(zip(weights, nearest, arcs, strict=True)):
            color = COLORS[k]
            panel.plot(*np.stack([weight, point]).T, color=color, lw=1, ls=":", zorder=2)
            panel.annotate(
                "", weight, (0, 0), arrowprops={"arrowstyle": "->", "color": color, "lw": 1.4}
            )
            turn = np.radians(np.linspace(*arc, 40))
            panel.plot(1.18 * np.cos(turn), 1.18 * np.sin(turn), color=color, lw=4, zorder=3)
            if arc[1] - arc[0] < 1:
                panel.plot(*1.18 * np.array([np.cos(turn[0]), np.sin(turn[0])]), "o", ms=6, c=color)
        picture_axes(panel)
        panel.set_xlim(-1.35, 1.35)
        panel.set_ylim(-1.35, 1.35)
        panel.text(0.5, -0.04, name, transform=panel.transAxes, ha="center", va="top")
        widths = ", ".join(f"{last - first:.0f}" for first, last in arcs)
        sentences.append(f"{name}: {widths}")
    alt = "Widths of the arcs of best features, in degrees. " + "; ".join(sentences) + "."
    return Plot(figure, alt)


def duality_angles(temperatures, curves, slopes):
    """Draw the largest angle between features and weights against temperature.

    Parameters
    ----------
    temperatures : ndarray, shape (num_temperatures,)
    curves : dict of str to ndarray, shape (num_temperatures,)
        In degrees; a curve that is 0 everywhere is drawn at the lower edge.
    slopes : dict of str to float
        Predicted slopes, in degrees a unit of temperature, for some of the curves.

    Returns
    -------
    Plot
    """
    figure, axes = axes_grid(height=3.4)
    panel = axes[0, 0]
    floor = 0.03
    for place, (name, angles) in enumerate(curves.items()):
        panel.plot(
            temperatures,
            np.maximum(angles, floor),
            color=COLORS[place],
            linestyle=DASHES[place],
            marker="os^Dv"[place],
            ms=3.5,
            label=name + (" (0)" if np.max(angles) < floor else ""),
        )
        if name in slopes:
            panel.plot(temperatures, slopes[name] * temperatures, color="#222222", lw=0.8)
    panel.set_xscale("log")
    panel.set_yscale("log")
    panel.set_ylim(floor * 0.9, 90)
    panel.set_xlabel("temperature τ (dimensionless)")
    panel.set_ylabel("largest angle of h and w, degrees")
    panel.legend(loc="lower right")
    low = int(np.argmin(temperatures))
    sentences = [f"{angles[low]:.2f} for {name}" for name, angles in curves.items()]
    alt = (
        f"Largest angle between feature and weight in degrees; at temperature "
        f"{temperatures[low]:g} it is " + ", ".join(sentences) + "."
    )
    return Plot(figure, alt)


def rattler_room(points, contacts, row, outline, tangent):
    """Draw a code on the ball with its contacts, and the room of its rattler enlarged.

    Parameters
    ----------
    points : ndarray, shape (num_points, 3)
    contacts : sequence of (int, int)
        Pairs that attain the coherence.
    row : int
        The rattler.
    outline : ndarray, shape (num_directions, 2)
        Ends of its possible moves, in degrees, in the plane of `tangent`, shape (2, 3).

    Returns
    -------
    Plot
    """
    figure, axes = axes_grid(1, 2, width=7.2, height=3.5)
    ball, zoom = axes[0]
    frame = np.vstack([tangent, points[[row]]])
    tilt = np.radians(28)
    turn = [[1, 0, 0], [0, np.cos(tilt), np.sin(tilt)], [0, -np.sin(tilt), np.cos(tilt)]]
    seen = points @ frame.T @ np.transpose(turn)
    circle = np.radians(np.linspace(0, 360, 181))
    ball.plot(np.cos(circle), np.sin(circle), color="#BBBBBB", lw=0.8)
    for i, j in contacts:
        front = seen[[i, j], 2].mean() > 0
        ball.plot(
            *seen[[i, j], :2].T,
            color="#555555" if front else "#CCCCCC",
            lw=1.1 if front else 0.7,
            zorder=2 if front else 1,
        )
    for k, spot in enumerate(seen):
        color = COLORS[1] if k == row else COLORS[0] if spot[2] > 0 else "#A9C6DB"
        ball.plot(*spot[:2], "o", color=color, ms=9 if k == row else 6, zorder=3 + (spot[2] > 0))
    picture_axes(ball)
    closed = np.vstack([outline, outline[:1]])
    zoom.fill(*closed.T, color=COLORS[1], alpha=0.2, lw=0)
    zoom.plot(*closed.T, color=COLORS[1], lw=1.6)
    zoom.plot(0, 0, "o", color=COLORS[1], ms=6)
    zoom.set_aspect("equal")
    zoom.set_xlabel("move, degrees")
    zoom.set_ylabel("move, degrees")
    reach = np.linalg.norm(outline, axis=1)
    alt = (
        f"{len(points)} points on a ball with {len(contacts)} contacts; one point has none and "
        f"can move between {reach.min():.2f} and {reach.max():.2f} degrees, as the enlarged "
        "outline of its room shows."
    )
    return Plot(figure, alt)
