"""Figures of the page on training the clock."""

import numpy as np

from neuralcollapse.geometry.cyclic import plane_coordinates
from neuralcollapse.plots.page import Plot
from neuralcollapse.plots.style import COLORS, DASHES, axes_grid, picture_axes

NAMES = {"classifier": "classifier", "embedding": "embeddings"}


def clock_circles(panels, step):
    """Draw rows in their leading plane, joined by steps of one length round the residues.

    Parameters
    ----------
    panels : dict of str to ndarray, shape (modulus, dimension)
        Words for the panel to rows.
    step : int
        Residues from one joined row to the next: the inverse of the frequency.

    Returns
    -------
    Plot
    """
    figure, axes = axes_grid(1, len(panels), height=2.2)
    words = []
    for panel, (name, rows) in zip(axes[0], panels.items(), strict=True):
        points = plane_coordinates(rows)
        lengths = np.linalg.norm(points, axis=1)
        points = points / lengths.max()
        modulus = len(points)
        order = step * np.arange(modulus + 1) % modulus
        color = COLORS[0] if "classifier" in name else COLORS[1]
        panel.plot(*points[order].T, color=color, lw=0.8)
        panel.plot(*points.T, "o", color=color, ms=3.5)
        for residue, point in enumerate(points):
            place = point + 0.17 * point / max(np.linalg.norm(point), 0.2)
            panel.annotate(str(residue), place, ha="center", va="center", fontsize=7)
        panel.set_xlim(-1.3, 1.3)
        panel.set_ylim(-1.3, 1.3)
        picture_axes(panel)
        panel.set_title(name, fontsize=9, y=-0.14)
        words.append(f"{name}: {lengths.min() / lengths.max():.2f}")
    return Plot(
        figure,
        f"Rows in the plane of two leading singular vectors, joined in steps of {step}. Shortest "
        "over longest projection, " + "; ".join(words) + ".",
    )


def compression(steps, spectra, ranks, accuracies):
    """Draw the singular values of one classifier, ranks of all, and their accuracies.

    Parameters
    ----------
    steps : ndarray, shape (num_checkpoints,)
    spectra : ndarray, shape (num_checkpoints, num_values)
    ranks : dict of str to ndarray, shape (num_checkpoints, num_members)
        By layer.
    accuracies : ndarray, shape (num_checkpoints, num_members)

    Returns
    -------
    Plot
    """
    figure, axes = axes_grid(1, 2, height=3.0)
    left, right = axes[0]
    left.plot(steps, spectra, color=COLORS[0], lw=0.9)
    left.set_xlabel("steps")
    left.set_ylabel("singular values (dimensionless)")
    for place, (layer, paths) in enumerate(ranks.items()):
        style = {"color": COLORS[place], "linestyle": DASHES[place]}
        right.plot(steps, np.median(paths, axis=1), label=NAMES[layer], **style)
        right.fill_between(steps, paths.min(1), paths.max(1), color=COLORS[place], alpha=0.2, lw=0)
    right.axhline(2, color="#777777", lw=0.8)
    right.set_xlabel("steps")
    right.set_ylabel("rank (dimensionless)")
    share = right.twinx()
    share.plot(steps, accuracies.mean(1), color=COLORS[2], linestyle=DASHES[3])
    share.set_ylim(0, 1.05)
    share.set_ylabel("accuracy, dotted", color=COLORS[2])
    share.grid(False)
    share.spines["right"].set_visible(True)
    right.legend(loc="center right")
    ends = "; ".join(
        f"{NAMES[layer]} from {np.median(paths[0]):.1f} to {np.median(paths[-1]):.1f}"
        for layer, paths in ranks.items()
    )
    return Plot(
        figure,
        f"Left: {spectra.shape[1]} singular values over training; two remain. Right: median rank, "
        f"{ends}; mean accuracy ends at {accuracies[-1].mean():.2f}.",
    )


def locking_panels(panels, levels):
    """Draw the ranks of both layers over training, one treatment a panel.

    Parameters
    ----------
    panels : dict of str to tuple
        Words to steps and a dict from layer to ranks, shape (num_checkpoints, num_members).
    levels : sequence of float
        Ranks under which a layer counts as locked.

    Returns
    -------
    Plot
    """
    figure, axes = axes_grid(1, len(panels), height=2.7, sharey=True)
    words = []
    for panel, (name, (steps, ranks)) in zip(axes[0], panels.items(), strict=True):
        for place, (layer, paths) in enumerate(ranks.items()):
            style = {"color": COLORS[place], "linestyle": DASHES[place]}
            panel.plot(steps, paths, lw=0.5, alpha=0.4, **style)
            panel.plot(steps, np.median(paths, axis=1), label=NAMES[layer], **style)
        for level in levels:
            panel.axhline(level, color="#777777", lw=0.8)
        panel.set_xlabel("steps")
        panel.set_title(name, fontsize=9)
        middle = len(steps) // 2
        halves = ", ".join(
            f"{NAMES[layer]} {np.median(paths[middle]):.1f}" for layer, paths in ranks.items()
        )
        words.append(f"{name}: {halves}")
    axes[0, 0].set_ylabel("rank (dimensionless)")
    axes[0, -1].legend()
    return Plot(
        figure,
        "Ranks over training, with one line a seed and their median. Median ranks half way, "
        + "; ".join(words)
        + ".",
    )


def threshold_panel(strengths, objectives, curve, marks):
    """Draw trained objectives less that of the zero network against strength, with theory.

    Parameters
    ----------
    strengths : sequence of float
    objectives : dict of int to sequence of float
        By modulus, one a strength.
    curve : tuple of ndarray
        Strengths and the objective of one circle.
    marks : dict of str to float
        Strengths to mark by a vertical line.

    Returns
    -------
    Plot
    """
    figure, axes = axes_grid(width=5.4, height=3.0)
    panel = axes[0, 0]
    panel.axhline(0, color="#777777", lw=0.8)
    panel.plot(*curve, color="#777777", lw=1.0, label="one circle, theory")
    for place, (modulus, values) in enumerate(objectives.items()):
        panel.plot(
            strengths,
            values,
            linestyle="none",
            marker="os^D"[place % 4],
            ms=9 - 2 * place,
            mfc="none",
            color=COLORS[place],
            label=f"P = {modulus}",
        )
    for name, value in marks.items():
        panel.axvline(value, color="#777777", lw=0.8, linestyle=":")
        panel.annotate(name, (value, 0.09), rotation=90, ha="right", va="center", fontsize=8)
    panel.set_xlabel(r"penalty strength $\lambda P$ (dimensionless)")
    panel.set_ylabel("objective less $\\log P$ (nats)")
    panel.legend(loc="center left", bbox_to_anchor=(1, 0.5))
    lines = "; ".join(
        f"P = {modulus}: " + ", ".join(f"{value:.4f}" for value in np.array(values) + 0.0)
        for modulus, values in objectives.items()
    )
    places = ", ".join(f"{name} at {value:.4f}" for name, value in marks.items())
    shown = ", ".join(f"{strength:g}" for strength in strengths)
    return Plot(figure, f"Objective less log P at strengths {shown}. {lines}. Theory: {places}.")
