"""Figures of deep recursive feature machines and of gradients in trained perceptrons."""

import numpy as np

from neuralcollapse.plots.page import Plot
from neuralcollapse.plots.style import COLORS, DASHES, axes_grid

_SEEN = 1e-8  # distances below are not drawn


def layer_cosines(machine, inputs, labels, layers):
    """Draw the cosines of all pairs of samples as they enter some layers.

    Parameters
    ----------
    machine : DeepRFM
    inputs : Tensor, shape (num_samples, d)
    labels : Tensor of int64, shape (num_samples,)
        Samples are drawn in the order of their classes.
    layers : sequence of int
        From 1.

    Returns
    -------
    Plot
    """
    figure, axes = axes_grid(1, len(layers), height=2.4)
    stages, order, words = machine.stages(inputs), labels.argsort(stable=True), []
    same = (labels[order][:, None] == labels[order]).numpy()
    for panel, layer in zip(axes[0], layers, strict=True):
        entering = stages[layer - 1][0][order]
        entering = entering - entering.mean(0)
        entering = entering / entering.norm(dim=1, keepdim=True)
        cosines = (entering @ entering.T).numpy()
        # Rasterised at one dot a pair of samples or fewer.
        step = max(1, len(cosines) // 200)
        image = panel.imshow(cosines[::step, ::step], cmap="RdBu_r", vmin=-1, vmax=1)
        panel.set_xticks([])
        panel.set_yticks([])
        panel.grid(False)
        panel.set_xlabel(f"layer {layer}")
        words.append(
            f"{cosines[same].mean():.2f} inside classes and {cosines[~same].mean():.2f} between "
            f"them in layer {layer}"
        )
    bar = figure.colorbar(image, ax=axes, shrink=0.85, label="cosine (dimensionless)")
    bar.outline.set_linewidth(0.5)
    return Plot(figure, "Mean cosines of centred layer inputs: " + ", ".join(words) + ".")


def stage_curves(history, controls):
    """Draw NC1 through the stages of all layers, beside the layer inputs of some controls.

    Parameters
    ----------
    history : FeatureHistory
    controls : dict of str to FeatureHistory

    Returns
    -------
    Plot
        Left, lines through all stages; right, layer inputs. Medians of the seeds, the band from
        least to largest.
    """
    figure, axes = axes_grid(1, 2, height=3.4, sharey=True)
    left, right = axes[0]
    values = history.variabilities
    layers = np.arange(1, len(values) + 1)
    left.plot(
        (layers[:, None] + [0, 1 / 3, 2 / 3]).ravel(),
        np.median(values, axis=2).ravel(),
        color="#777777",
        lw=0.8,
    )
    names = ("layer input", "after the gradient step", "after the random map")
    for place, (name, mark) in enumerate(zip(names, "os^", strict=True)):
        middle = np.median(values[:, place], axis=1)
        left.plot(layers + place / 3, middle, mark, ms=5, color=COLORS[place], label=name)
    runs = {"gradients of the labels": history, **controls}
    words = []
    for place, (name, run) in enumerate(runs.items()):
        inputs = run.variabilities[:, 0]
        style = {"color": COLORS[place], "linestyle": DASHES[place]}
        right.plot(layers, np.median(inputs, axis=1), label=name, **style)
        right.fill_between(layers, inputs.min(1), inputs.max(1), color=COLORS[place], alpha=0.2)
        words.append(f"{name} {np.median(inputs[-1]):.2g}")
    for panel in (left, right):
        panel.set_yscale("log")
        panel.set_xlabel("layer")
        panel.set_xticks(layers[::3])
        panel.legend(loc="upper right" if panel is left else "lower left")
    left.set_ylabel("NC1 trace quotient (0 = collapsed)")
    alt = (
        f"NC1 of layer inputs starts at {np.median(values[0, 0]):.2g}; at layer {len(values)} it "
        f"is: " + ", ".join(words) + "."
    )
    return Plot(figure, alt)


def map_factors(measured, predicted, limit):
    """Draw by what the random map multiplies NC1, layer by layer.

    Parameters
    ----------
    measured, predicted : ndarray, shape (num_layers, num_seeds)
    limit : float
        At collapse.

    Returns
    -------
    Plot
    """
    figure, axes = axes_grid(height=2.8, width=5.6)
    panel, layers = axes[0, 0], np.arange(1, len(measured) + 1)
    panel.plot(
        layers,
        measured,
        "o",
        ms=4,
        color=COLORS[1],
        label=["measured"] + [None] * (measured.shape[1] - 1),
    )
    panel.plot(
        layers,
        np.median(predicted, axis=1),
        color=COLORS[0],
        label="infinite width",
    )
    panel.axhline(limit, color="#777777", lw=0.8)
    panel.annotate("at collapse", (1, limit), fontsize=9, va="bottom")
    panel.set_xlabel("layer")
    panel.set_ylabel("factor on NC1")
    panel.legend(loc="lower right", ncols=2)
    alt = (
        f"Measured factors lie between {measured.min():.2f} and {measured.max():.2f}; those of "
        f"infinite width rise from {np.median(predicted[0]):.2f} to "
        f"{np.median(predicted[-1]):.2f}, the limit is {limit:.2f}."
    )
    return Plot(figure, alt)


def recursion_curves(runs):
    """Draw the distance of Gram matrices from collapse, with the rates that theory gives.

    Parameters
    ----------
    runs : dict of str to tuple
        Words for a run to (distances, rate).

    Returns
    -------
    Plot
        Solid lines are distances, dashed ones fall by the rate in each layer from where the
        distance is, half way; none where that is above 1.
    """
    figure, axes = axes_grid(height=3.2, width=6.4)
    panel, words = axes[0, 0], []
    for place, (name, (distances, rate)) in enumerate(runs.items()):
        layers, middle = np.arange(len(distances)), len(distances) // 2
        panel.plot(layers, distances, color=COLORS[place], label=name)
        if rate < 1:
            line = distances[middle] * rate ** (layers - middle)
            panel.plot(layers, line, color="#222222", linestyle="--", lw=0.8)
        end = f"{distances[-1]:.2g}" if distances[-1] > _SEEN else "out of sight"
        words.append(f"ridges {name}: from {distances[0]:.2g} to {end}, rate {rate:.3f}")
    panel.set_yscale("log")
    panel.set_ylim(_SEEN, None)
    panel.set_xlabel("layers applied")
    panel.set_ylabel("distance to collapse")
    panel.legend(loc="center left", bbox_to_anchor=(1, 0.5), title="ridges, kernel and map")
    return Plot(figure, "Distance of Gram matrices to collapse. " + "; ".join(words) + ".")


def ansatz_cosines(runs):
    """Draw cosines of weights and gradients, raw, untrained and centred, and NC1 in halves.

    Parameters
    ----------
    runs : dict of str to list of tuple of LayerSplit
        Words for a regime to one tuple of layers a seed.

    Returns
    -------
    Plot
        First row cosines, second row NC1; one column a regime. Medians of the seeds, bars from
        least to largest.
    """
    figure, axes = axes_grid(2, len(runs), height=5.0, sharex="row", sharey="row")
    kinds = {"cosine": "trained", "initial_cosine": "untrained", "centred_cosine": "change"}
    words = []
    for column, (regime, splits) in enumerate(runs.items()):
        upper, lower = axes[:, column]
        layers = np.arange(1, len(splits[0]) + 1)
        for place, (field, name) in enumerate(kinds.items()):
            values = np.array([[getattr(layer, field) for layer in split] for split in splits])
            middle = np.median(values, axis=0)
            reach = np.abs(np.stack([values.min(0), values.max(0)]) - middle)
            style = {"color": COLORS[place], "linestyle": DASHES[place], "marker": "os^"[place]}
            upper.errorbar(layers, middle, reach, label=name, ms=4, lw=1.3, capsize=2, **style)
        words.append(f"{regime}: centred cosines {middle.min():.2f} to {middle.max():.2f}")
        nc1 = np.median([[layer.variabilities for layer in split] for split in splits], axis=0)
        ends = (layers[:, None] + [0, 0.5, 1]).ravel()
        lower.plot(ends, nc1.ravel(), color="#777777", lw=0.8)
        stages = ("layer input", "after $SV^\\top$", "after $U$ and ReLU")
        for place, (name, mark) in enumerate(zip(stages, "os^", strict=True)):
            lower.plot(
                layers + place / 2, nc1[:, place], mark, ms=5, color=COLORS[place], label=name
            )
        words[-1] += f", NC1 from {nc1[0, 0]:.2g} to {nc1[-1, -1]:.2g}"
        upper.set_title(regime, fontsize=10)
        upper.set_ylim(0, 1)
        upper.set_xticks(layers)
        lower.set_xticks([*layers, len(layers) + 1])
        lower.set_yscale("log")
        upper.set_xlabel("hidden layer")
        lower.set_xlabel("hidden layer")
    axes[0, 0].set_ylabel("cosine with the gradients")
    axes[1, 0].set_ylabel("NC1 trace quotient")
    axes[0, 0].legend(loc="lower left")
    axes[1, 0].legend(loc="lower left")
    return Plot(figure, "Four hidden layers. " + "; ".join(words) + ".")
