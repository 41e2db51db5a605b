"""Figures of neural collapse."""

import numpy as np

from neuralcollapse.geometry import regular_polygon, simplex_etf
from neuralcollapse.plots.page import Plot
from neuralcollapse.plots.style import COLORS, DASHES, axes_grid, picture_axes

NAMES = {
    "within_class_variability": "NC1 variability",
    "within_class_variability_trace": "NC1 trace quotient",
    "class_distance_normalized_variance": "NC1 pairwise variance",
    "equinorm_means": "NC2 spread of lengths",
    "equiangular_means": "NC2 spread of angles",
    "max_angle_deviation_means": "NC2 distance in angle",
    "self_duality": "NC3 distance of W and M",
    "nearest_center_mismatch": "NC4 mismatch",
}


def simplex_shadow(history, epochs):
    """Draw all features as they fall onto the most symmetric shadow of the simplex.

    Parameters
    ----------
    history : History
    epochs : sequence of int
        Checkpoints, one a panel.

    Returns
    -------
    Plot
        Each panel projects features linearly so that the simplex spanned by the class means at
        that checkpoint lands on a regular polygon, all edges drawn; collapsed features sit on
        its corners.
    """
    figure, axes = axes_grid(1, len(epochs), height=2.9)
    spreads = []
    for panel, epoch in zip(axes[0], epochs, strict=True):
        features = history.features[history.checkpoint(epoch)]
        corners, shadow = _shadow(features, history.labels)
        for i in range(len(corners)):
            for j in range(i):
                panel.plot(*corners[[i, j]].T, color="#999999", lw=0.4, alpha=0.7, zorder=1)
        for label, corner in enumerate(corners):
            members = shadow[history.labels == label]
            panel.scatter(*members.T, s=4, lw=0, color=COLORS[label], alpha=0.75)
            panel.annotate(str(label), 1.3 * corner, ha="center", va="center", fontsize=9)
        _caption_panel(panel, 1.8, epoch)
        distances = np.linalg.norm(shadow - corners[history.labels], axis=1)
        spreads.append(float(np.median(distances)))
    alt = (
        f"{len(features)} features of {len(corners)} classes projected so that the simplex of "
        f"class means becomes a regular polygon. Median distance of a feature from its corner, "
        f"in units of the polygon's radius: "
        + ", ".join(f"{s:.3f} {_after(e)}" for s, e in zip(spreads, epochs, strict=True))
        + "."
    )
    return Plot(figure, alt)


def class_plane(history, epochs, classes=(0, 1, 2)):
    """Draw the features of three classes in the plane of their means, with the classifier.

    Parameters
    ----------
    history : History
    epochs : sequence of int
        Checkpoints, one a panel.
    classes : tuple of three int

    Returns
    -------
    Plot
        Dots are features, rings class means, arrows classifier rows, each set scaled to the
        same size; the plane is that of the three means at each checkpoint.
    """
    figure, axes = axes_grid(1, len(epochs), height=2.8)
    angles = []
    for panel, epoch in zip(axes[0], epochs, strict=True):
        index = history.checkpoint(epoch)
        features, weight = history.features[index], history.weights[index]
        means = np.stack([features[history.labels == c].mean(0) for c in classes])
        center, plane = means.mean(0), _aligned_plane(means)
        flat = (means - center) @ plane
        scale = np.linalg.norm(flat, axis=1).mean()
        arrows = (weight[list(classes)] - weight[list(classes)].mean(0)) @ plane
        arrows *= 1.5 / np.linalg.norm(arrows, axis=1).mean()
        for place, label in enumerate(classes):
            members = (features[history.labels == label] - center) @ plane / scale
            panel.scatter(*members.T, s=5, lw=0, alpha=0.6, color=COLORS[place], zorder=2)
            panel.annotate(
                "",
                arrows[place],
                (0, 0),
                arrowprops={"arrowstyle": "->", "color": COLORS[place], "lw": 1.6},
                zorder=3,
            )
            panel.plot(
                *flat[place] / scale, "o", ms=9, mfc="none", mec="#222222", mew=1.1, zorder=4
            )
            panel.annotate(
                str(label), 1.12 * arrows[place], ha="center", va="center", fontsize=9, zorder=5
            )
        cosine = np.sum(flat * arrows, 1) / np.linalg.norm(flat, axis=1)
        angles.append(np.degrees(np.arccos(cosine / np.linalg.norm(arrows, axis=1))).max())
        _caption_panel(panel, 2.3, epoch)
    alt = (
        f"Features of classes {', '.join(map(str, classes))} in the plane of their means, with the "
        "rows of the classifier as arrows. Largest angle between a row and its class mean: "
        + ", ".join(f"{a:.0f} degrees {_after(e)}" for a, e in zip(angles, epochs, strict=True))
        + "."
    )
    return Plot(figure, alt)


def cosine_matrices(history, epochs):
    """Draw the cosines between centred class means at some checkpoints.

    Parameters
    ----------
    history : History
    epochs : sequence of int
        Checkpoints, one a panel.

    Returns
    -------
    Plot
    """
    tables = {}
    for epoch in epochs:
        features = history.features[history.checkpoint(epoch)]
        count = history.labels.max() + 1
        means = np.stack([features[history.labels == c].mean(0) for c in range(count)])
        tables[_after(epoch)] = means - means.mean(0)
    figure, spans = _cosine_panels(tables)
    alt = (
        f"Cosines between the {count} centred class means; off the diagonal they run "
        + ", ".join(f"from {low:.2f} to {high:.2f} {name}" for name, (low, high) in spans.items())
        + f". A simplex has {-1 / (count - 1):.2f} everywhere."
    )
    return Plot(figure, alt)


def class_cosines(tables):
    """Draw the cosines between class vectors, one panel a table.

    Parameters
    ----------
    tables : dict of str to ndarray, shape (num_classes, num_features)
        Words for the panel to class vectors, none zero.

    Returns
    -------
    Plot
    """
    figure, spans = _cosine_panels(tables)
    count = len(next(iter(tables.values())))
    alt = (
        f"Cosines between the vectors of {count} classes; off the diagonal they run "
        + ", ".join(
            f"from {low:.2f} to {high:.2f} for {name}" for name, (low, high) in spans.items()
        )
        + f". A simplex has {-1 / (count - 1):.2f} everywhere."
    )
    return Plot(figure, alt)


def _cosine_panels(tables):
    """The figure, and least and largest cosine off the diagonal of each table."""
    figure, axes = axes_grid(1, len(tables), height=2.5)
    spans = {}
    for panel, (name, rows) in zip(axes[0], tables.items(), strict=True):
        unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
        cosines = unit @ unit.T
        image = panel.imshow(cosines, cmap="RdBu_r", vmin=-1, vmax=1)
        panel.set_xticks([])
        panel.set_yticks([])
        panel.grid(False)
        panel.set_xlabel(name)
        off = cosines[~np.eye(len(rows), dtype=bool)]
        spans[name] = off.min(), off.max()
    bar = figure.colorbar(image, ax=axes, shrink=0.85, label="cosine (dimensionless)")
    bar.outline.set_linewidth(0.5)
    return figure, spans


def seed_curves(histories, metrics):
    """Draw metrics against epochs, one panel a metric, one line a training run.

    Parameters
    ----------
    histories : dict of str to History
        Label to run. The line is the median over seeds, the band runs from least to largest.
    metrics : sequence of str
        Fields of `CollapseReport`.

    Returns
    -------
    Plot
    """
    columns = min(2, len(metrics))
    rows = -(-len(metrics) // columns)
    figure, axes = axes_grid(rows, columns, height=2.5 * rows + 0.4)
    sentences = []
    for panel, metric in zip(axes.ravel(), metrics, strict=False):
        finals = []
        for place, (label, history) in enumerate(histories.items()):
            values, epochs = history.series(metric), history.epochs
            style = {"color": COLORS[place], "label": label}
            panel.plot(epochs, np.nanmedian(values, 1), linestyle=DASHES[place], **style)
            panel.fill_between(epochs, values.min(1), values.max(1), color=COLORS[place], alpha=0.2)
            finals.append(f"{np.median(values[-1]):.2g} {label}")
        _epoch_axis(panel)
        panel.set_ylabel(NAMES[metric])
        sentences.append(f"{NAMES[metric]} ends at " + ", ".join(finals))
    for panel in axes.ravel()[len(metrics) :]:
        panel.set_axis_off()
    handles, labels = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=len(histories), frameon=False)
    return Plot(figure, "Against epochs, median of the seeds. " + "; ".join(sentences) + ".")


def _caption_panel(panel, reach, epoch):
    picture_axes(panel)
    panel.set_xlim(-reach, reach)
    panel.set_ylim(-reach, reach)
    panel.text(0.5, -0.02, _after(epoch), transform=panel.transAxes, ha="center", va="top")


def _epoch_axis(panel):
    # Epoch 0, the untrained network, has its place on the axis too.
    panel.set_xscale("symlog", linthresh=1, linscale=0.5)
    panel.set_xlim(left=0)
    panel.set_xticks([0, 1, 10, 100], ["0", "1", "10", "100"])
    panel.set_xlabel("epoch")
    if any((np.asarray(line.get_ydata()) <= 0).any() for line in panel.lines):
        panel.set_yscale("symlog", linthresh=1e-3)
        panel.set_ylim(bottom=0)
    else:
        panel.set_yscale("log")
    panel.minorticks_off()


def _after(epoch):
    return "untrained" if epoch == 0 else f"after {epoch} epoch" + "s" * (epoch > 1)


def _shadow(features, labels):
    """Project features on the Coxeter plane of the simplex nearest to the class means."""
    count = labels.max() + 1
    means = np.stack([features[labels == c].mean(0) for c in range(count)])
    center = means.mean(0)
    means -= center
    left, _, right = np.linalg.svd(simplex_etf(count).T @ means, full_matrices=False)
    frame = simplex_etf(count) @ left @ right  # the simplex turned onto the means
    corners = regular_polygon(count)
    scale = np.sum(means * frame) / count
    project = (count - 1) / count * frame.T @ corners
    return corners, (features - center) @ project / scale


def _aligned_plane(means):
    """Orthonormal basis of the plane through three points, the first of them on top."""
    centered = means - means.mean(0)
    plane = np.linalg.svd(centered)[2][:2].T
    first, second = (centered @ plane)[:2]
    up = first / np.linalg.norm(first)
    turned = np.column_stack([[up[1], -up[0]], up])
    if second @ turned[:, 0] < 0:
        turned[:, 0] *= -1
    return plane @ turned
