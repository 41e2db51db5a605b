"""Figures of the symmetrisation: two codes and the one between them."""

import numpy as np

from neuralcollapse.plots.page import Plot
from neuralcollapse.plots.style import COLORS, DASHES, axes_grid, picture_axes


def halfway_vectors(weights, features, halfway):
    """Draw weights, features and the vectors halfway between them in the plane.

    Parameters
    ----------
    weights, features, halfway : ndarray, shape (num_points, 2)
        Unit rows.

    Returns
    -------
    Plot
        Left: weights with the hull of all but the first, and the nearest point of it. Right:
        all three codes on the circle.
    """
    figure, axes = axes_grid(1, 2, height=3.4)
    left, right = axes[0]
    for panel in (left, right):
        picture_axes(panel)
        turn = np.linspace(0, 2 * np.pi, 200)
        panel.plot(np.cos(turn), np.sin(turn), color="#999999", lw=0.7)
        panel.set_xlim(-1.3, 1.3)
        panel.set_ylim(-1.3, 1.3)
    rest = weights[1:]
    order = np.argsort(np.arctan2(rest[:, 1], rest[:, 0]))
    left.fill(*rest[order].T, color=COLORS[5], alpha=0.35, lw=0)
    margin = np.min(features[0] @ (weights[0] - rest).T)
    foot = weights[0] - margin * features[0]
    left.plot(*np.array([weights[0], foot]).T, color=COLORS[1], ls=DASHES[1])
    left.plot(*foot, "s", ms=5, color=COLORS[1])
    left.annotate("$p_1$", foot, (-13, -3), textcoords="offset points")
    for panel in (left, right):
        panel.plot(*weights.T, "o", ms=7, color=COLORS[0], ls="none", label="weight $w$")
    right.plot(*features.T, "^", ms=7, color=COLORS[1], ls="none", label="feature $h$")
    right.plot(
        *halfway.T, "D", ms=7, mfc="none", mec="#222222", ls="none", label=r"halfway $\hat u$"
    )
    for row, point in enumerate(weights):
        left.annotate(f"$w_{row + 1}$", 1.17 * point, ha="center", va="center")
        right.annotate(f"{row + 1}", 1.2 * halfway[row], ha="center", va="center")
    figure.legend(
        *right.get_legend_handles_labels(), loc="outside upper center", ncols=3, frameon=False
    )
    angles = [_least_angle(code) for code in (weights, features, halfway)]
    alt = (
        f"{len(weights)} weights on a circle, their features and the vectors halfway between. The "
        f"first weight is {margin:.2f} from the hull of the others. Least angle between two "
        f"weights {angles[0]:.1f}, between two features {angles[1]:.1f}, between two halfway "
        f"vectors {angles[2]:.1f} degrees."
    )
    return Plot(figure, alt)


def coherence_scatter(distances, coherences):
    """Draw coherences of several codes against one minus the one-vs-rest distance.

    Parameters
    ----------
    distances : ndarray, shape (num_codes,)
    coherences : dict of str to ndarray, shape (num_codes,)
        Label to coherences, at most three.

    Returns
    -------
    Plot
        With the diagonal, which no point of the symmetrised code exceeds.
    """
    figure, axes = axes_grid(1, len(coherences), height=2.9, sharey=True)
    ends = (float(np.min(1 - distances)), 1.0)
    sentences = []
    for place, (panel, (label, values)) in enumerate(zip(axes[0], coherences.items(), strict=True)):
        panel.scatter(1 - distances, values, s=5, lw=0, alpha=0.6, color=COLORS[place])
        panel.plot(ends, ends, color="#222222", lw=0.9, ls=DASHES[1])
        panel.set_xlabel(r"$1-\rho(W)$ (dimensionless)")
        panel.text(0.04, 0.96, label, transform=panel.transAxes, va="top")
        above = int((values > 1 - distances + 1e-12).sum())
        sentences.append(f"{label}: {above} of {len(values)} above the diagonal")
    axes[0, 0].set_ylabel("coherence (dimensionless)")
    return Plot(figure, "Coherence against one minus the distance. " + "; ".join(sentences) + ".")


def interlaced(runs, ideals):
    """Draw one minus the coherence and the distance over repeated symmetrisation.

    Parameters
    ----------
    runs : dict of str to ndarray, shape (num_steps, 2)
        Label to both numbers after each step.
    ideals : sequence of float
        The best known value for each run.

    Returns
    -------
    Plot
        Each run is one line that visits both numbers in turn: dots are one minus the coherence,
        rings the distance of the same code.
    """
    figure, axes = axes_grid(1, len(runs), height=2.8, sharey=True)
    sentences = []
    for place, (panel, (label, run), ideal) in enumerate(
        zip(axes[0], runs.items(), ideals, strict=True)
    ):
        steps = np.arange(len(run))
        panel.plot(np.repeat(steps, 2), run.ravel(), color="#999999", lw=0.8)
        panel.plot(steps, run[:, 0], "o", ms=3.5, color=COLORS[place], label=r"$1-\mu$")
        panel.plot(steps, run[:, 1], "o", ms=6, mfc="none", color=COLORS[place], label=r"$\rho$")
        panel.axhline(ideal, color="#222222", lw=0.9, ls=DASHES[1])
        panel.set_xlabel("step")
        panel.text(0.96, 0.06, label, transform=panel.transAxes, ha="right")
        sentences.append(f"{label}: from {run[0, 0]:.2f} to {run[-1, 0]:.4f}, best {ideal:.4f}")
    axes[0, 0].set_ylabel("dimensionless")
    axes[0, 0].legend(loc="center right", frameon=False)
    return Plot(figure, "One minus the coherence over steps. " + "; ".join(sentences) + ".")


def _least_angle(code):
    cosines = code @ code.T - 2 * np.eye(len(code))
    return float(np.degrees(np.arccos(cosines.max())))
