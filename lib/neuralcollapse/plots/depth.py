"""Figures of deep collapse and of the solutions of lower rank that cost less."""

import numpy as np
from matplotlib.ticker import MaxNLocator

from neuralcollapse.plots.page import Plot
from neuralcollapse.plots.style import COLORS, DASHES, axes_grid, picture_axes

_MARKERS = "o^sDvP"


def kneser_graphs(panels):
    """Draw graphs on rings, one panel each.

    Parameters
    ----------
    panels : dict of str to tuple
        Words for the panel to (rings, edges): names of vertices in rings, the outermost first, and
        pairs of names.

    Returns
    -------
    Plot
    """
    figure, axes = axes_grid(1, len(panels), height=2.9)
    words = []
    for panel, (name, (rings, edges)) in zip(axes[0], panels.items(), strict=True):
        picture_axes(panel)
        places = {}
        for depth, ring in enumerate(rings):
            angles = np.pi / 2 - 2 * np.pi * np.arange(len(ring)) / len(ring)
            radius = 1 - 0.5 * depth
            rows = radius * np.column_stack([np.cos(angles), np.sin(angles)])
            places |= dict(zip(ring, rows, strict=True))
        for first, second in edges:
            line = np.array([places[first], places[second]]).T
            panel.plot(*line, color="#777777", lw=0.8, zorder=1)
        for label, place in places.items():
            panel.plot(*place, "o", color=COLORS[0], ms=13, mec="white", zorder=2)
            panel.text(*place, label, ha="center", va="center", fontsize=7, color="white")
        panel.text(0, -1.35, name, ha="center", va="top")
        panel.set_xlim(-1.25, 1.25)
        panel.set_ylim(-1.6, 1.2)
        words.append(f"{name.replace('$', '')}: {len(places)} vertices, {len(edges)} edges")
    return Plot(figure, "Graphs whose vertices are the classes. " + "; ".join(words) + ".")


def layer_tables(rows):
    """Draw class means of layers as tables, a row of panels for each solution.

    Parameters
    ----------
    rows : dict of str to dict of str to ndarray
        Words for the solution to words for the layer to its matrix; each is scaled to its largest
        entry.

    Returns
    -------
    Plot
    """
    columns = max(map(len, rows.values()))
    figure, axes = axes_grid(len(rows), columns, height=2.3 * len(rows))
    words = []
    for line, (name, tables) in zip(axes, rows.items(), strict=True):
        for panel in line[len(tables) :]:
            panel.set_axis_off()
        ranks = []
        for panel, (layer, table) in zip(line, tables.items(), strict=False):
            largest = np.abs(table).max()
            image = panel.imshow(table / largest, cmap="RdBu_r", vmin=-1, vmax=1, aspect="equal")
            panel.set_xticks([])
            panel.set_yticks([])
            panel.grid(False)
            rank = np.linalg.matrix_rank(table, tol=1e-6 * largest)
            panel.set_xlabel(f"{layer}, rank {rank}")
            plain = layer.replace("$", "").replace("\\", "")
            ranks.append(f"{plain} has rank {rank}")
        line[0].set_ylabel(name)
        words.append(f"{name}: {', '.join(ranks)}")
    bar = figure.colorbar(image, ax=axes, shrink=0.7, label="entry over the largest")
    bar.outline.set_linewidth(0.5)
    return Plot(figure, "Class means, one column a class. " + "; ".join(words) + ".")


def cost_ratios(classes, curves):
    """Draw the cost of the graph solution over that of deep collapse.

    Parameters
    ----------
    classes : sequence of int
    curves : dict of int to sequence of float
        Depth to ratios.

    Returns
    -------
    Plot
    """
    figure, axes = axes_grid(height=3.2)
    panel, words = axes[0, 0], []
    for place, (depth, ratios) in enumerate(curves.items()):
        style = {"color": COLORS[place], "linestyle": DASHES[place], "marker": _MARKERS[place]}
        panel.plot(classes, ratios, ms=4, lw=1.2, label=f"$L={depth}$", **style)
        words.append(f"L = {depth}: {ratios[0]:.4f} at {classes[0]} to {ratios[-1]:.4f}")
    panel.axhline(1, color="#777777", lw=0.8)
    panel.set_xscale("log")
    panel.set_xticks(classes[::2], [str(count) for count in classes[::2]])
    panel.minorticks_off()
    panel.set_xlabel("classes, $K$")
    panel.set_ylabel("$G/K$ (dimensionless)")
    panel.legend(loc="center left", bbox_to_anchor=(1, 0.5))
    return Plot(figure, f"Cost over K up to {classes[-1]} classes. " + "; ".join(words) + ".")


def descents(steps, ratios, levels, spectra):
    """Draw objectives along descents, and spectra where some of them end.

    Parameters
    ----------
    steps : ndarray, shape (num_checkpoints,)
    ratios : ndarray, shape (num_checkpoints, num_seeds)
        Objectives over that of deep collapse.
    levels : dict of str to float
        Lines to draw, in the same unit.
    spectra : dict of str to sequence of float
        Singular values over the largest.

    Returns
    -------
    Plot
    """
    figure, axes = axes_grid(1, 2, height=3.0)
    left, right = axes[0]
    left.plot(steps, ratios, color=COLORS[0], lw=0.9)
    for place, (name, level) in enumerate(levels.items()):
        left.axhline(level, color=COLORS[place + 1], linestyle=DASHES[place + 1], label=name)
    left.set_xscale("log")
    left.set_ylim(min(levels.values()) - 0.06, 1.25)
    left.set_xlabel("step")
    left.set_ylabel("objective over deep collapse")
    left.legend()
    for place, (name, values) in enumerate(spectra.items()):
        style = {"color": COLORS[place], "linestyle": DASHES[place], "marker": _MARKERS[place]}
        right.plot(np.arange(1, len(values) + 1), values, ms=4, lw=1, label=name, **style)
    right.set_xlabel("index")
    right.xaxis.set_major_locator(MaxNLocator(integer=True))
    right.set_ylabel("singular value over the largest")
    right.legend()
    low, high = ratios[-1].min(), ratios[-1].max()
    lines = ", ".join(f"{name} at {level:.3f}" for name, level in levels.items())
    return Plot(
        figure,
        f"{ratios.shape[1]} descents end between {low:.3f} and {high:.3f}; lines: {lines}. "
        f"Spectra of the last layer before the ReLU: {', '.join(spectra)}.",
    )


def rank_sweeps(panels):
    """Draw what descents end in against something that varies, one panel each.

    Parameters
    ----------
    panels : dict of tuple of str to tuple
        Words for the two axes, the vertical one shared, to (places, values by seed): a sequence of
        numbers, and a sequence of sequences. Dots are seeds, the line their mean.

    Returns
    -------
    Plot
    """
    figure, axes = axes_grid(1, len(panels), height=3.0, sharey=True)
    words = []
    for panel, ((across, up), (places, values)) in zip(axes[0], panels.items(), strict=True):
        means = [float(np.mean(each)) for each in values]
        for place, each in zip(places, values, strict=True):
            panel.plot([place] * len(each), each, "o", color=COLORS[5], ms=3.5)
        panel.plot(places, means, color=COLORS[0], marker="s", ms=4, lw=1.2)
        panel.set_xscale("log")
        gaps = np.diff(np.log(places), prepend=-np.inf)
        ticks = [place for place, gap in zip(places, gaps, strict=True) if gap > 0.25]
        panel.set_xticks(ticks, [f"{place:g}" for place in ticks])
        panel.minorticks_off()
        panel.set_xlabel(across)
        if panel is axes[0, 0]:
            panel.set_ylabel(up)
        ends = ", ".join(f"{m:.2f} at {p:g}" for p, m in zip(places, means, strict=True))
        words.append(f"mean {up} against {across}: {ends}")
    return Plot(figure, "; ".join(words) + ".")
