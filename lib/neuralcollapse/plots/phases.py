"""Figures of the phase diagram: the map, cascades, and the pyramid that overtakes the bipyramid."""

import numpy as np
from matplotlib.patches import Rectangle

from neuralcollapse.plots.page import Plot
from neuralcollapse.plots.style import COLORS, DASHES, axes_grid, picture_axes

_SHADES = ("#f2f2f2", "#cfe1ef", "#9cc4e0", "#5fa2cc", "#2c7bb0", "#11568a", "#08325c")
_TURN, _RISE = 0.55, 0.3  # radians: where the eye is, around the vertical and above the horizon


def phase_map(diagrams):
    """Draw how many phases each pair of dimension and number of points has.

    Parameters
    ----------
    diagrams : dict of (int, int) to tuple of Phase
        Keys are (dimension, num_points).

    Returns
    -------
    Plot
    """
    figure, axes = axes_grid(height=5.2)
    panel = axes[0, 0]
    counts = {pair: len(phases) for pair, phases in diagrams.items()}
    for (dimension, num_points), count in counts.items():
        corner = dimension - 0.5, num_points - 0.5
        panel.add_patch(Rectangle(corner, 1, 1, fc=_SHADES[count - 1], ec="white"))
        ink = "white" if count > 3 else "#222222"
        panel.text(
            dimension, num_points, str(count), ha="center", va="center", color=ink, fontsize=8
        )
    panel.set_xlim(min(d for d, _ in counts) - 1, max(d for d, _ in counts) + 1)
    panel.set_ylim(min(n for _, n in counts) - 1, max(n for _, n in counts) + 1)
    panel.set_aspect("equal")
    panel.grid(False)
    panel.set_xlabel("dimension d")
    panel.set_ylabel("number of points n")
    shares = [sum(c == k for c in counts.values()) for k in range(1, max(counts.values()) + 1)]
    alt = (
        f"Number of phases for {len(counts)} pairs (d, n) with d + 2 <= n <= 2d: "
        + ", ".join(f"{share} pairs have {k + 1}" for k, share in enumerate(shares))
        + f". The most are at {max(counts, key=counts.get)}."
    )
    return Plot(figure, alt)


def phase_strips(diagrams, span=(0.42, 0.52)):
    """Draw phases along temperature, one strip a pair.

    Parameters
    ----------
    diagrams : dict of (int, int) to tuple of Phase
        Keys are (dimension, num_points).
    span : tuple of two float
        Temperatures at the ends.

    Returns
    -------
    Plot
    """
    figure, axes = axes_grid(height=0.72 * len(diagrams) + 0.6)
    panel = axes[0, 0]
    sentences = []
    for row, ((dimension, num_points), phases) in enumerate(diagrams.items()):
        for place, phase in enumerate(phases):
            low, high = max(span[0], float(phase.tau_low)), min(span[1], float(phase.tau_high))
            panel.barh(-row, high - low, left=low, height=0.8, color=_SHADES[place], ec="#444444")
            panel.text(
                (low + high) / 2,
                -row,
                _short(phase.dimensions),
                ha="center",
                va="center",
                rotation=0 if high - low > 0.1 * (span[1] - span[0]) else 90,
                fontsize=7.5,
                color="white" if place > 2 else "#222222",
            )
        edges = ", ".join(f"{float(phase.tau_high):.4f}" for phase in phases[:-1])
        names = ", ".join(_short(phase.dimensions).replace("\n", " ") for phase in phases)
        sentences.append(f"(d, n) = ({dimension}, {num_points}): {names}, changing at {edges}")
    panel.set_xlim(*span)
    panel.grid(False)
    panel.set_yticks(-np.arange(len(diagrams)), [f"d={d}, n={n}" for d, n in diagrams])
    panel.set_xlabel("temperature (dimensionless)")
    return Plot(figure, "Best dimensions along temperature. " + "; ".join(sentences) + ".")


def overtaking(temperatures, curves, tie, solids):
    """Draw scaled losses against temperature beside the two solids that exchange the lead.

    Parameters
    ----------
    temperatures : ndarray, shape (steps,)
    curves : dict of str to ndarray, shape (steps,)
        Label to scaled losses; the first two are those of the solids.
    tie : tuple of two float
        Temperature and scaled loss where the first two cross.
    solids : dict of str to ndarray, shape (num_points, 3)
        Two, in the order of their curves, with unit rows.

    Returns
    -------
    Plot
    """
    figure, axes = axes_grid(1, 3, height=3.3, width_ratios=(2.4, 1, 1))
    panel = axes[0, 0]
    for place, (label, losses) in enumerate(curves.items()):
        panel.plot(temperatures, losses, color=COLORS[place], ls=DASHES[place], label=label)
    panel.plot(*tie, "o", ms=6, mfc="none", mec="#222222")
    panel.annotate(f"{tie[0]:.4f}", tie, (6, -12), textcoords="offset points", fontsize=9)
    panel.set_xlim(left=0)
    panel.set_xlabel("temperature (dimensionless)")
    panel.set_ylabel("scaled loss (dimensionless)")
    panel.legend(loc="lower right", frameon=False)
    for place, (panel, (label, points)) in enumerate(zip(axes[0, 1:], solids.items(), strict=True)):
        _solid(panel, points, COLORS[place])
        panel.text(0.5, -0.02, label, transform=panel.transAxes, ha="center", va="top")
    names = list(curves)
    losses = [curves[name] for name in names[:2]]
    alt = (
        f"Scaled loss against temperature. The {names[0]} has {losses[0][0]:.2f} at temperature "
        f"{temperatures[0]:.2f} and the {names[1]} {losses[1][0]:.2f}; they cross at {tie[0]:.4f}, "
        f"and at {temperatures[-1]:.2f} have {losses[0][-1]:.2f} and {losses[1][-1]:.2f}."
    )
    return Plot(figure, alt)


def _short(dimensions):
    """Parts with their multiplicities, as 3²21 for (3, 3, 2, 1)."""
    raised = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
    parts = []
    for part in sorted(set(dimensions), reverse=True):
        times = dimensions.count(part)
        parts.append(str(part) + (str(times).translate(raised) if times > 1 else ""))
    return "·".join(parts)


def _solid(panel, points, color):
    """Edges, those of acute and right angles only, and vertices, in one fixed view."""
    right = [np.cos(_TURN), np.sin(_TURN), 0]
    up = [-np.sin(_RISE) * np.sin(_TURN), np.sin(_RISE) * np.cos(_TURN), np.cos(_RISE)]
    flat = points @ np.array([right, up]).T
    for i in range(len(points)):
        for j in range(i):
            if points[i] @ points[j] > -0.6:
                panel.plot(*flat[[i, j]].T, color=color, lw=1.3, alpha=0.8)
    panel.plot(*flat.T, "o", ms=5, color="#222222")
    panel.plot(0, 0, "+", ms=6, color="#777777")
    picture_axes(panel)
    panel.set_xlim(-1.25, 1.25)
    panel.set_ylim(-1.25, 1.25)
