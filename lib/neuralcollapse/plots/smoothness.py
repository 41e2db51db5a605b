"""Figures of complexity, variance and transfer."""

import numpy as np

from neuralcollapse.plots.page import Plot
from neuralcollapse.plots.style import COLORS, DASHES, axes_grid, picture_axes

MARKERS = ("o", "s", "^", "D", "v")


def mean_planes(panels):
    """Draw labelled features in the plane in which their class means spread most.

    Parameters
    ----------
    panels : dict of str to tuple
        Words for the panel to (features, labels, number to quote): arrays of shape
        (num_samples, num_features) and (num_samples,), and a float.

    Returns
    -------
    Plot
        Each panel scaled so that the means have the same size.
    """
    figure, axes = axes_grid(1, len(panels), height=2.8)
    for panel, (words, (features, labels, number)) in zip(axes[0], panels.items(), strict=True):
        means = np.stack([features[labels == c].mean(axis=0) for c in np.unique(labels)])
        center = means.mean(axis=0)
        _, _, directions = np.linalg.svd(means - center, full_matrices=False)
        plane = directions[:2].T
        flat = (means - center) @ plane
        scale = np.sqrt(np.square(flat).sum(axis=1).mean())
        shadow = (features - center) @ plane / scale
        for c, (label, mean) in enumerate(zip(np.unique(labels), flat / scale, strict=True)):
            members = shadow[labels == label]
            panel.scatter(*members.T, s=4, lw=0, alpha=0.6, color=COLORS[c], marker=MARKERS[c])
            panel.scatter(*mean, s=70, facecolor="none", edgecolor="#222222", lw=1.4, zorder=3)
            panel.annotate(
                str(label), mean, (9, 9), textcoords="offset points", ha="center", va="center"
            )
        picture_axes(panel)
        panel.set_xlim(-2.5, 2.5)
        panel.set_ylim(-2.5, 2.5)
        panel.set_title(f"{words}: {number:.2f}", fontsize=9)
    quoted = ", ".join(f"{words} {number:.2f}" for words, (_, _, number) in panels.items())
    return Plot(
        figure,
        f"Features of {len(means)} classes in the plane of their means; variance within classes "
        f"over squared distances between them: {quoted}.",
    )


def probe_errors(num_probes, values, errors, exact):
    """Draw estimates with their standard errors against the exact number.

    Parameters
    ----------
    num_probes : sequence of int
    values, errors : ndarray, shape (len(num_probes),)
    exact : float

    Returns
    -------
    Plot
    """
    figure, axes = axes_grid(height=2.8)
    panel = axes[0, 0]
    panel.errorbar(num_probes, values, errors, fmt="o", capsize=3, color=COLORS[0], label="probes")
    panel.axhline(exact, color=COLORS[1], linestyle=DASHES[1], label="exact")
    panel.set_xscale("log", base=2)
    panel.set_xlabel("probes a sample")
    panel.set_ylabel("geometric complexity")
    panel.legend()
    return Plot(
        figure,
        f"Estimates of a geometric complexity of {exact:.1f}: standard error {errors[0]:.2f} with "
        f"{num_probes[0]} probes a sample, {errors[-1]:.2f} with {num_probes[-1]}.",
    )


def steps_over_pieces(places, outputs, pieces, heights, quotients):
    """Draw a step between two pieces of a class, and what raising it does.

    Parameters
    ----------
    places, outputs : ndarray, shape (num_places,)
        The step.
    pieces : sequence of (float, float)
        Segments that hold data.
    heights : ndarray, shape (num_heights,)
    quotients : dict of str to ndarray, shape (num_heights,)
        Variance over collapse, under the words for each.

    Returns
    -------
    Plot
    """
    figure, axes = axes_grid(1, 2, height=2.9)
    panel = axes[0, 0]
    panel.plot(places, outputs, color=COLORS[0])
    for left, right in pieces:
        panel.axvspan(left, right, color="#999999", alpha=0.3, lw=0)
    panel.set_xlabel("first coordinate; grey: where the class lives")
    panel.set_ylabel("feature, over the height")
    panel = axes[0, 1]
    for place, (words, values) in enumerate(quotients.items()):
        panel.plot(
            heights,
            values,
            color=COLORS[place],
            linestyle=DASHES[place],
            marker=MARKERS[place],
            label=words,
        )
    panel.set_xscale("log")
    panel.set_yscale("log")
    panel.set_xlabel("height of the step")
    panel.set_ylabel("variance over collapse")
    panel.legend()
    ends = "; ".join(f"{words}, {values[-1]:.3g}" for words, values in quotients.items())
    return Plot(
        figure,
        "A step rises between the two pieces of a class and is flat on them. Variance over "
        f"geometric collapse at height {heights[-1]:g}: {ends}.",
    )


def shot_curves(shots, curves):
    """Draw errors and bounds, over the variance, against the number of shots.

    Parameters
    ----------
    shots : sequence of int
    curves : dict of str to sequence of float

    Returns
    -------
    Plot
    """
    figure, axes = axes_grid(height=3.0)
    panel = axes[0, 0]
    for place, (words, values) in enumerate(curves.items()):
        panel.plot(shots, values, color=COLORS[place], linestyle=DASHES[place], label=words)
    panel.set_xscale("log")
    panel.set_ylim(0, None)
    panel.set_xlabel("shots, $m$")
    panel.set_ylabel("over $(K-1)$ CDNV")
    panel.legend(loc="center left", bbox_to_anchor=(1, 0.5))
    ends = "; ".join(f"{words}, {v[0]:.3g} and {v[-1]:.3g}" for words, v in curves.items())
    return Plot(
        figure,
        f"Errors and bounds over the variance with {shots[0]} and {shots[-1]} shots: {ends}.",
    )


def transfer_paths(panels):
    """Draw the gain in few-shot accuracy against source complexity, along each knob.

    Parameters
    ----------
    panels : dict of str to dict
        Words for the panel to names of knobs to (complexities, gains), each of shape
        (num_settings, num_splits).

    Returns
    -------
    Plot
        Means over splits; bars are a standard deviation over splits either way.
    """
    figure, axes = axes_grid(1, len(panels), height=3.5, sharey=True)
    sentences = []
    for panel, (words, knobs) in zip(axes[0], panels.items(), strict=True):
        for place, (name, (complexities, gains)) in enumerate(knobs.items()):
            means = complexities.mean(axis=1), gains.mean(axis=1)
            panel.errorbar(
                *means,
                gains.std(axis=1),
                color=COLORS[place],
                linestyle=DASHES[place],
                marker=MARKERS[place],
                ms=5,
                lw=1.4,
                elinewidth=0.7,
                capsize=2,
                label=name,
            )
            moves = ", ".join(f"{gain:+.3f} at {c:.3g}" for c, gain in zip(*means, strict=True))
            sentences.append(f"{words}, {name}: {moves}")
        panel.axhline(0, color="#777777", lw=0.8)
        panel.set_xscale("log")
        panel.set_xlabel(f"source complexity, {words}")
        panel.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=2)
    axes[0, 0].set_ylabel("gain in five-shot accuracy")
    return Plot(
        figure, "Gain in five-shot accuracy at source complexity. " + "; ".join(sentences) + "."
    )
