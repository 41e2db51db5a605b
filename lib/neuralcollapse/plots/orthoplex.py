"""Figures of codes without positive products: matrices in batches, graphs, the plateau of 0."""

import numpy as np
from matplotlib.patches import Circle, Rectangle

from neuralcollapse.plots.page import Plot
from neuralcollapse.plots.style import COLORS, DASHES, axes_grid, picture_axes


def batch_matrices(codes):
    """Draw Gram matrices as the points come, and with the points sorted by batch.

    Parameters
    ----------
    codes : dict of str to (points, free, batches)
        Unit rows, shape (num_points, dimension), and their decomposition by
        `codes.orthogonal_batches`.

    Returns
    -------
    Plot
    """
    figure, axes = axes_grid(2, len(codes), width=8.2, height=4.1)
    sentences = []
    for column, (name, (points, free, batches)) in enumerate(codes.items()):
        gram = points @ points.T
        order = [row for batch in batches for row in batch] + list(free)
        for panel, shown in ((axes[0, column], gram), (axes[1, column], gram[order][:, order])):
            image = panel.imshow(shown, cmap="RdBu_r", vmin=-1, vmax=1)
            panel.set_xticks([])
            panel.set_yticks([])
            panel.grid(False)
        axes[1, column].set_xlabel(name)
        start = -0.5
        for size in [len(batch) for batch in batches] + [len(free)]:
            dashed = "--" if start + size > len(order) - 1 and free else "-"
            axes[1, column].add_patch(
                Rectangle((start, start), size, size, fill=False, lw=1.3, ls=dashed, zorder=5)
            )
            start += size
        sizes = ", ".join(str(len(batch)) for batch in batches)
        sentences.append(f"{name}: batches of {sizes}, {len(free)} free")
    axes[0, 0].set_ylabel("as drawn")
    axes[1, 0].set_ylabel("sorted by batch")
    bar = figure.colorbar(image, ax=axes, shrink=0.6, label="product (dimensionless)")
    bar.outline.set_linewidth(0.5)
    alt = (
        f"Gram matrices of {len(codes)} codes of {len(points)} points in {points.shape[1]} "
        "dimensions, above as drawn and below sorted into blocks. " + "; ".join(sentences) + "."
    )
    return Plot(figure, alt)


def code_graphs(graphs):
    """Draw the weighted graphs of codes, component by component.

    Parameters
    ----------
    graphs : dict of str to (adjacency, leaks, free, batches)
        As returned by `codes.code_graph` and `codes.orthogonal_batches`.

    Returns
    -------
    Plot
        Edge widths go with weights, relative to the largest of the component; a stub is a leak.
    """
    figure, axes = axes_grid(1, len(graphs), width=8.2, height=2.6)
    sentences = []
    for panel, (name, (adjacency, leaks, free, batches)) in zip(
        axes[0], graphs.items(), strict=True
    ):
        parts = [*batches, *([free] if free else [])]
        turns = 2 * np.pi * np.arange(len(parts)) / len(parts) + np.pi / 4
        for place, (part, turn) in enumerate(zip(parts, turns, strict=True)):
            center = np.array([np.cos(turn), np.sin(turn)])
            angles = 2 * np.pi * np.arange(len(part)) / len(part) + turn + 0.3
            spots = center + 0.42 * np.column_stack([np.cos(angles), np.sin(angles)])
            weights = adjacency[np.ix_(part, part)]
            largest = weights.max(initial=0)
            for i, j in zip(*np.nonzero(np.triu(weights)), strict=True):
                width = 0.4 + 3 * weights[i, j] / largest
                panel.plot(*spots[[i, j]].T, color="#888888", lw=width, zorder=1)
            for spot, row in zip(spots, part, strict=True):
                if leaks[row] > 0:
                    end = spot + 0.3 * (spot - center) / np.linalg.norm(spot - center)
                    panel.plot(*np.stack([spot, end]).T, color="#222222", lw=1, ls=":", zorder=1)
            color = "#444444" if place == len(batches) else COLORS[place]
            panel.scatter(*spots.T, s=34, color=color, zorder=2)
        picture_axes(panel)
        panel.set_xlim(-1.85, 1.85)
        panel.set_ylim(-1.85, 1.85)
        panel.text(0.5, -0.02, name, transform=panel.transAxes, ha="center", va="top")
        sentences.append(f"{name}: {np.count_nonzero(np.triu(adjacency))} edges")
    alt = (
        f"Graphs of the codes; the last one leaks at {np.count_nonzero(leaks)} vertices. "
        + "; ".join(sentences)
        + "."
    )
    return Plot(figure, alt)


def coherence_plateau(table):
    """Draw the least coherence found against the number of points.

    Parameters
    ----------
    table : dict of int to dict of int to float
        Dimension to number of points to coherence.

    Returns
    -------
    Plot
    """
    figure, axes = axes_grid(height=3.1)
    panel = axes[0, 0]
    panel.axhline(0, color="#222222", lw=0.8)
    for place, (dimension, row) in enumerate(table.items()):
        panel.plot(
            list(row),
            list(row.values()),
            color=COLORS[place],
            linestyle=DASHES[place],
            marker="os^Dv"[place],
            ms=4,
            label=f"d = {dimension}",
        )
    panel.set_xlabel("number of points n")
    panel.set_ylabel("coherence (dimensionless)")
    panel.legend()
    sentences = [
        f"d = {dimension}: {row[dimension + 1]:.3f} at n = {dimension + 1}, 0 for n from "
        f"{dimension + 2} to {2 * dimension}, {row[2 * dimension + 1]:.3f} at {2 * dimension + 1}"
        for dimension, row in table.items()
    ]
    return Plot(figure, "Least coherence found. " + "; ".join(sentences) + ".")


def gap_triangle(gaps):
    """Draw triples of points on the circle, each placed by its three gaps.

    Parameters
    ----------
    gaps : ndarray, shape (num_triples, 3)
        In degrees, from 90 to 180, each row summing to 360.

    Returns
    -------
    Plot
        The corners of the triangle have a gap of 180 degrees, the opposite side has 90.
    """
    figure, axes = axes_grid(width=6.4, height=5.2)
    panel = axes[0, 0]
    corners = np.array([[0, np.sqrt(3) / 2], [-0.5, 0], [0.5, 0]])
    panel.plot(*corners[[0, 1, 2, 0]].T, color="#999999", lw=1, zorder=1)
    for row in np.asarray(gaps, dtype=float):
        center = (row - 90) / 90 @ corners
        right = np.isclose(row, 90).sum()
        color = COLORS[0] if right == 0 else COLORS[2] if right == 1 else COLORS[1]
        panel.add_patch(Circle(center, 0.058, fc="white", ec="#555555", lw=0.8, zorder=2))
        turns = np.radians(90 + np.array([0, row[0], row[0] + row[1]]))
        for spot in center + 0.058 * np.column_stack([np.cos(turns), np.sin(turns)]):
            panel.plot(*np.stack([center, spot]).T, color=color, lw=1.2, zorder=3)
            panel.plot(*spot, "o", color=color, ms=4, zorder=4)
    picture_axes(panel)
    panel.set_xlim(-0.72, 0.72)
    panel.set_ylim(-0.16, 1.0)
    panel.text(0, 0.955, "square pyramid", ha="center")
    panel.text(-0.5, -0.11, "square pyramid", ha="center")
    panel.text(0.5, -0.11, "square pyramid", ha="center")
    panel.text(0, -0.11, "sides: one right gap", ha="center")
    full = int((~np.isclose(gaps, 90).any(axis=1)).sum())
    pyramids = int((np.isclose(gaps, 90).sum(axis=1) == 2).sum())
    alt = (
        f"{len(gaps)} triples of points on the equator in a triangle with their gaps as "
        f"coordinates: {full} inside with all gaps above 90 degrees, {pyramids} at the corners "
        "with gaps of 180, 90 and 90; the middle has gaps of 120."
    )
    return Plot(figure, alt)
