"""Figures of framed digits: the images, the masks, and who survives a frame that lies."""

import numpy as np

from neuralcollapse.plots.page import Plot
from neuralcollapse.plots.style import COLORS, axes_grid, picture_axes


def framed_examples(rows):
    """Draw colour images in rows.

    Parameters
    ----------
    rows : dict of str to array_like, shape (num_images, 12, 12, 3)
        Under the words for each row, as many images in all.

    Returns
    -------
    Plot
    """
    count = len(next(iter(rows.values())))
    figure, axes = axes_grid(len(rows), count, height=0.85 * len(rows))
    for panels, (name, images) in zip(axes, rows.items(), strict=True):
        for panel, image in zip(panels, images, strict=True):
            panel.imshow(np.asarray(image), interpolation="nearest")
            picture_axes(panel)
        panels[0].text(-1.5, 5.5, name, ha="right", va="center", fontsize=9)
    words = "; ".join(rows)
    return Plot(figure, f"Rows of {count} digits in coloured frames: {words}.")


def mask_pictures(masks):
    """Draw masks, dark where they let pass.

    Parameters
    ----------
    masks : dict of str to ndarray, shape (12, 12)
        Entries in [0, 1], under the words for each.

    Returns
    -------
    Plot
    """
    figure, axes = axes_grid(1, len(masks), height=2.2)
    top = max(mask.max() for mask in masks.values())
    sentences = []
    for panel, (name, mask) in zip(axes[0], masks.items(), strict=True):
        image = panel.imshow(mask, cmap="Greys", vmin=0, vmax=top, interpolation="nearest")
        panel.set_xticks([])
        panel.set_yticks([])
        panel.grid(False)
        panel.set_xlabel(name)
        inside = mask[2:-2, 2:-2]
        outside = (mask.sum() - inside.sum()) / (mask.size - inside.size)
        sentences.append(f"{name}: {outside:.2f} and {inside.mean():.2f}")
    bar = figure.colorbar(image, ax=axes, shrink=0.9, label="mask (dimensionless)")
    bar.outline.set_linewidth(0.5)
    return Plot(figure, "Masks, with their means on frame and digit. " + "; ".join(sentences) + ".")


def method_accuracies(accuracies, ceiling):
    """Draw the accuracy of methods, a dot a seed and a bar for the mean.

    Parameters
    ----------
    accuracies : dict of str to ndarray, shape (num_seeds,)
        From the top down, under the words for each.
    ceiling : float
        Drawn as a thin line.

    Returns
    -------
    Plot
    """
    figure, axes = axes_grid(height=0.32 * len(accuracies) + 0.7)
    panel, sentences = axes[0, 0], []
    for place, (name, values) in enumerate(accuracies.items()):
        panel.plot(values, np.full(len(values), place), "o", ms=4, color=COLORS[0], alpha=0.7)
        panel.plot(values.mean(), place, "|", ms=14, mew=2, color=COLORS[1])
        sentences.append(f"{name} {values.mean():.2f}")
    panel.axvline(ceiling, color="#777777", lw=0.8)
    panel.annotate("no frame", (ceiling, -0.5), fontsize=9, ha="right", va="bottom")
    panel.set_yticks(range(len(accuracies)), list(accuracies))
    panel.set_ylim(len(accuracies) - 0.5, -0.8)
    panel.set_xlim(0.2, 1.0)
    panel.set_xlabel("accuracy in wrong frames (share)")
    words = ", ".join(sentences)
    return Plot(figure, f"Mean accuracy in wrong frames: {words}; without frames {ceiling:.2f}.")
