r"""Runs of the page on clock networks: its recipe, its interventions, its controls.

Its claims rest on rows trained by ``experiments/clock_networks.py`` and stored beside it; the page
trains some of them again. Strengths of nuclear norms are given in units of $1/\sqrt P$ and those of
squared norms in units of $1/P$, in which they act alike for all moduli.
"""

import warnings
from functools import partial

import numpy as np

from neuralcollapse.claims.experiments import EXPERIMENTS, read_rows
from neuralcollapse.geometry import participation_ratio
from neuralcollapse.geometry.arrays import as_directions
from neuralcollapse.geometry.cyclic import (
    character_fraction,
    leading_frequencies,
    locking_time,
    measure_cyclic,
)
from neuralcollapse.models import ClockNetwork, ModularMLP, ModularTransformer
from neuralcollapse.tasks.operations import exclusive_or, latin_square, modular_addition
from neuralcollapse.training.descent import Descent
from neuralcollapse.training.fit_ensemble import fit_ensemble

STORED = EXPERIMENTS / "clock_networks.json"
RECIPE = Descent(steps=1500, weight_decay=0.3)
STRENGTH = 1.7  # of the nuclear norm of the classifier, at the end of its ramp
RANKS = (4.2, 2.2)  # two circles and one, with room for what is left of the others
LAYERS = ("classifier", "embedding")
TASKS = {
    "addition": modular_addition,
    "relabelled": lambda modulus: modular_addition(modulus).relabel(seed=1),
    "shuffled": lambda modulus: modular_addition(modulus).shuffle(seed=1),
    "latin": lambda modulus: latin_square(modulus, seed=1),
    "xor": lambda modulus: exclusive_or(modulus.bit_length() - 1),
}


def table(task="addition", modulus=11, train_fraction=1.0, mirrored=True):
    """Return an operation on residues, by name.

    Parameters
    ----------
    task : {"addition", "relabelled", "shuffled", "latin", "xor"}
        The last needs a modulus that is a power of two.
    modulus : int
    train_fraction : float
    mirrored : bool
        As in `OperationTable.hold_out`.

    Returns
    -------
    OperationTable
    """
    whole = TASKS[task](modulus)
    return whole if train_fraction == 1 else whole.hold_out(train_fraction, mirrored=mirrored)


def train(
    task="addition",
    modulus=11,
    train_fraction=1.0,
    mirrored=True,
    *,
    seeds=8,
    nuclear=None,
    beta=4.0,
    every=30,
    **recipe,
):
    r"""Train clock networks with a cosine head and six complex coordinates.

    Parameters
    ----------
    task, modulus, train_fraction, mirrored
        As in `table`.
    seeds : int
        Networks, seeded 0, 1, ...; once for each treatment.
    nuclear : dict of str to float or list of float, optional
        Final strengths by layer times $\sqrt P$, or one for each treatment; `STRENGTH` on the
        classifier unless given.
    beta : float
    every : int
        Steps between checkpoints.
    **recipe
        Fields of `Descent` other than those of `RECIPE`.

    Returns
    -------
    EnsembleHistory
        Members of the first treatment come first.
    """
    nuclear = {"classifier": STRENGTH} if nuclear is None else nuclear
    treatments = max((np.size(strengths) for strengths in nuclear.values()), default=1)
    strengths = {
        layer: np.repeat(np.broadcast_to(given, treatments) / modulus**0.5, seeds)
        for layer, given in nuclear.items()
    }
    recipe = {"steps": RECIPE.steps, "weight_decay": RECIPE.weight_decay} | recipe
    return fit_ensemble(
        partial(ClockNetwork, modulus, 6, beta=beta),
        table(task, modulus, train_fraction, mirrored),
        Descent(**recipe),
        seeds=list(range(seeds)) * treatments,
        nuclear=strengths,
        checkpoints=range(0, recipe["steps"] + 1, every),
    )


def ranks(history, layer):
    """Return participation ratios of a layer with rows scaled to length 1.

    Parameters
    ----------
    history : EnsembleHistory
    layer : {"classifier", "embedding"}

    Returns
    -------
    ndarray, shape (num_checkpoints, num_members)
    """
    return history.measured(layer, lambda weight: participation_ratio(as_directions(weight)))


def describe(history, operation):
    """Measure what networks end in, and when their layers locked.

    Parameters
    ----------
    history : EnsembleHistory
    operation : OperationTable
        What they were trained on.

    Returns
    -------
    dict of str to list
        One entry a member: ``accuracy`` on all pairs, ``train_accuracy``, ``test_accuracy`` (None
        without test pairs), ``loss``; ``rank``, ``coherence``, ``gaps`` and ``frequencies`` of the
        classifier, ``embedding_rank`` and ``embedding_coherence``, all of unit rows and None where
        undefined; ``alignment``, the phase alignment error. ``locking`` has the steps at which
        each layer's rank fell under each of `RANKS` for good, None where it did not.
    """
    reports = [
        _report(*weights)
        for weights in zip(*(history.weights[layer][-1] for layer in LAYERS), strict=True)
    ]
    share = operation.train.double().mean().item()
    train_accuracy, test_accuracy = history.train_accuracies[-1], history.test_accuracies[-1]
    columns = {
        "accuracy": share * train_accuracy + (1 - share) * np.nan_to_num(test_accuracy),
        "train_accuracy": train_accuracy,
        "test_accuracy": test_accuracy,
        "loss": history.losses[-1],
        "rank": [report.participation_ratio_weights for report in reports],
        "coherence": [report.character_coherence_weights for report in reports],
        "gaps": [report.gap_deviation_weights for report in reports],
        "embedding_rank": [report.participation_ratio_embeddings for report in reports],
        "embedding_coherence": [report.character_coherence_embeddings for report in reports],
        "alignment": [report.phase_alignment_error for report in reports],
    }
    found = {name: [_short(value) for value in values] for name, values in columns.items()}
    found["frequencies"] = [
        [frequency for frequency, _ in report.frequencies_weights or ()] for report in reports
    ]
    found["locking"] = {
        layer: {
            str(rank): [locking_time(history.steps, path, rank) for path in ranks(history, layer).T]
            for rank in RANKS
        }
        for layer in LAYERS
    }
    return found


def run(**job):
    """Train and describe: a row of the experiment, one list for each treatment.

    Parameters
    ----------
    **job
        Arguments of `train`.

    Returns
    -------
    dict
        As `describe`; for the relabelled task also ``restored``, the coherence of the classifier
        with its rows in the order of the sums.
    """
    history = train(**job)
    names = ("task", "modulus", "train_fraction", "mirrored")
    operation = table(**{name: job[name] for name in names if name in job})
    found = describe(history, operation)
    if job.get("task") == "relabelled":
        order = operation.labels[0].numpy()  # of 0 + b
        weights = history.weights["classifier"][-1][:, order]
        found["restored"] = [_short(_report(w, w).character_coherence_weights) for w in weights]
    return found


def threshold(modulus, seeds=1, strengths=(0.78, 0.8, 0.82, 0.84, 0.94, 0.96), coordinates=1):
    r"""Train clock networks with a linear head under squared penalties on both layers.

    Parameters
    ----------
    modulus : int
    seeds : int
    strengths : sequence of float
        $\lambda P$, ascending, for the penalty $\frac\lambda2(\|E\|_F^2+\|W\|_F^2)$.
    coordinates : int
        Complex dimension; with 1 there is room for one circle only.

    Returns
    -------
    dict of str to list
        ``objective``, shape (seeds, strengths): mean cross-entropy plus penalty, less log P, which
        the zero network has; ``accuracy`` of the same shape; ``crossing``, one a seed: the
        strength at which the objective changes sign, interpolated, None without a change.
    """
    steps = 1500
    strengths = np.asarray(strengths, dtype=float)
    history = fit_ensemble(
        partial(ClockNetwork, modulus, coordinates, head="linear"),
        modular_addition(modulus),
        Descent(steps=steps, learning_rate=0.02, ramp=(0.1, 0.4)),
        seeds=np.repeat(np.arange(seeds), len(strengths)),
        squared={layer: np.tile(strengths / modulus, seeds) for layer in LAYERS},
        checkpoints=(0, steps),
    )
    squares = sum(np.square(history.weights[layer][-1]).sum(axis=(1, 2)) for layer in LAYERS)
    excess = history.losses[-1] - np.log(modulus)
    objective = excess.reshape(seeds, -1) + strengths / modulus * squares.reshape(seeds, -1) / 2
    return {
        "objective": [[_short(value) for value in row] for row in objective],
        "accuracy": [
            [_short(value) for value in row]
            for row in history.train_accuracies[-1].reshape(seeds, -1)
        ],
        "crossing": [_crossing(strengths, row) for row in objective],
    }


def gradient_order(rates, modulus=13, seeds=12, share=0.9):
    r"""Train by plain gradient descent with squared penalties and ask which layer is pure first.

    Parameters
    ----------
    rates : dict of str to float
        Factors on the learning rate of single layers.
    modulus, seeds : int
    share : float
        Of a layer's energy in the frequencies that its classifier ends with.

    Returns
    -------
    dict
        ``locking`` by layer: steps at which its share rose over `share` for good; ``accuracy``.
    """
    steps = 800
    history = fit_ensemble(
        partial(ClockNetwork, modulus, 6, head="linear", scale=0.3),
        modular_addition(modulus),
        Descent(
            steps=steps,
            optimizer="gradient",
            learning_rate=1.0,
            cooldown=0,
            ramp=(0, 0),
            rates=rates,
        ),
        seeds=range(seeds),
        squared=dict.fromkeys(LAYERS, 0.26 / modulus),
        checkpoints=range(0, steps + 1, 2),
    )
    found = {"locking": {layer: [] for layer in LAYERS}}
    for member in range(seeds):
        final = leading_frequencies(history.weights["classifier"][-1, member], share=0.99)
        for layer in LAYERS:
            path = [
                character_fraction(weight, final) for weight in history.weights[layer][:, member]
            ]
            found["locking"][layer].append(locking_time(history.steps, path, share, above=True))
    return found | {"accuracy": [_short(value) for value in history.train_accuracies[-1]]}


def perceptron(
    modulus,
    train_fraction=1.0,
    *,
    width,
    activation="relu",
    head="linear",
    strength=0.0,
    seeds=4,
    **recipe,
):
    """Train perceptrons that know nothing of multiplication, and describe them.

    Parameters
    ----------
    modulus : int
    train_fraction : float
    width : int
        Hidden units; the embeddings of the two tokens are added in front of them.
    activation, head
        As in `ModularMLP`; a cosine head reads 12 features.
    strength : float
        Of the nuclear norm of the classifier, as in `train`.
    seeds : int
    **recipe
        Fields of `Descent`.

    Returns
    -------
    dict
        As `describe`.
    """
    operation = table("addition", modulus, train_fraction)
    recipe = Descent(**recipe)
    build = partial(
        ModularMLP,
        modulus,
        width,
        activation=activation,
        head=head,
        num_features=12 if head == "cosine" else None,
    )
    history = fit_ensemble(
        build,
        operation,
        recipe,
        seeds=range(seeds),
        nuclear={"classifier": strength / modulus**0.5} if strength else None,
    )
    return describe(history, operation)


def transformer(modulus, train_fraction, *, dimension, width, seeds=2, **recipe):
    """Train transformers of one layer and describe them.

    Parameters
    ----------
    modulus : int
    train_fraction : float
    dimension, width : int
        Of embeddings and of the hidden layer, as in `ModularTransformer`.
    seeds : int
    **recipe
        Fields of `Descent`.

    Returns
    -------
    dict
        As `describe`.
    """
    operation = table("addition", modulus, train_fraction)
    history = fit_ensemble(
        partial(ModularTransformer, modulus, dimension, width),
        operation,
        Descent(**recipe),
        seeds=range(seeds),
    )
    return describe(history, operation)


def first(locking, rank=None):
    """Count which layer locked first.

    Parameters
    ----------
    locking : dict
        Of a row: by layer, and by rank if one is given.
    rank : float, optional
        One of `RANKS`.

    Returns
    -------
    dict of str to int
        ``classifier``, ``embedding``, ``tie``, and ``neither`` where no layer locked.
    """
    pairs = [locking[layer] if rank is None else locking[layer][str(rank)] for layer in LAYERS]
    counts = dict.fromkeys((*LAYERS, "tie", "neither"), 0)
    for classifier, embedding in zip(*pairs, strict=True):
        if classifier is None and embedding is None:
            counts["neither"] += 1
        elif classifier == embedding:
            counts["tie"] += 1
        elif embedding is None or (classifier is not None and classifier < embedding):
            counts["classifier"] += 1
        else:
            counts["embedding"] += 1
    return counts


def part(row, start, stop):
    """Return a row with the members from `start` to before `stop`: one treatment of several."""
    if isinstance(row, dict):
        return {name: part(value, start, stop) for name, value in row.items()}
    return row[start:stop]


def stored():
    """Return the rows that ``experiments/clock_networks.py`` has left.

    Returns
    -------
    list of dict
        ``name``, ``job`` and ``result``; empty before the experiment has run.

    Raises
    ------
    ValueError
        If the rows do not match the hash beside them.
    """
    return read_rows(STORED)


def row(name, **wanted):
    """Return the stored result of one job.

    Parameters
    ----------
    name : str
        Of the part of the experiment.
    **wanted
        What tells the job from the others of that name.

    Returns
    -------
    dict

    Raises
    ------
    KeyError
        If there is not exactly one.
    """
    found = [
        entry["result"]
        for entry in stored()
        if entry["name"] == name
        and all(entry["job"].get(key) == value for key, value in wanted.items())
    ]
    if len(found) != 1:
        raise KeyError(f"{STORED.name}: {len(found)} rows {name!r} with {wanted}; expected one")
    return found[0]


def _report(weights, embeddings):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # controls collapse: what is undefined is None
        return measure_cyclic(as_directions(weights), as_directions(embeddings))


def _short(value):
    return None if value is None or np.isnan(value) else float(f"{value:.6g}")


def _crossing(strengths, objective):
    for place in range(len(strengths) - 1):
        low, high = objective[place : place + 2]
        if low < 0 <= high:
            step = strengths[place + 1] - strengths[place]
            return _short(strengths[place] - low * step / (high - low))
    return None
