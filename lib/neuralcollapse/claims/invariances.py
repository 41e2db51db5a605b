"""What each metric does not see: every one of them before and after nine changes of a head."""

from functools import cache

import numpy as np
import torch

from neuralcollapse import metrics
from neuralcollapse.claims.claim import Evidence, Measure
from neuralcollapse.claims.heads import CHANGES, draw_head
from neuralcollapse.codes import one_vs_rest_distance

UNCHANGED = 1e-8  # relative change up to which a metric has not moved: rounding of float64
CHANGED = 1e-3  # relative change from which it has


def _pair(exponent, aggregator):
    def logarithm(head):
        return getattr(metrics.pair_variability(head.statistics, exponent=exponent), aggregator)

    # e to it, so that a change is relative to the quotient and not to its logarithm
    return lambda head: np.exp(logarithm(head))


def _means(metric):
    return lambda head: metric(head.statistics.centered_means())


def _rows(metric, center=False):
    return lambda head: metric(head.weight - center * head.weight.mean(0))


def _dual(metric, center=False):
    return lambda head: metric(
        head.weight - center * head.weight.mean(0), head.statistics.centered_means()
    )


def _log_length_coefficient(head):
    logs = head.statistics.centered_means().norm(dim=1).log()
    return float(logs.std(correction=0) / logs.mean().abs())


def _unit_margin(weight):
    return one_vs_rest_distance(weight / np.linalg.norm(weight, axis=1, keepdims=True))


def _mismatch(head, bias):
    return metrics.nearest_center_mismatch(
        head.features, head.statistics.means, head.weight, head.bias if bias else None
    )


def _columns(head):
    return head.statistics.means.numpy().T


def _few_shots(head):
    generator = torch.Generator().manual_seed(0)
    found = metrics.few_shot_accuracies(
        head.features, head.labels, 2, draws=20, generator=generator
    )
    return float(found.mean())


METRICS = {
    "NC1 pseudo-inverse": lambda h: metrics.within_class_variability(h.statistics),
    "NC1 pseudo-inverse, by sample": lambda h: metrics.within_class_variability(
        h.statistics, weighting="sample"
    ),
    "NC1 quotient": lambda h: metrics.within_class_variability_trace(h.statistics),
    "NC1 quotient, by sample": lambda h: metrics.within_class_variability_trace(
        h.statistics, weighting="sample"
    ),
    "NC1 pairs, log of mean, k=1": _pair(1, "log_mean"),
    "NC1 pairs, mean of logs, k=1": _pair(1, "mean_log"),
    "NC1 pairs, log of mean, k=2": _pair(2, "log_mean"),
    "NC2 lengths, Std / Avg": _means(metrics.equinorm),
    "NC2 lengths, Std of logs": lambda h: metrics.norm_spread(h.statistics),
    "NC2 lengths, Std / Avg of logs": _log_length_coefficient,
    "NC2 cosines, Std": _means(metrics.equiangular),
    "NC2 cosines, Std / Avg": lambda h: metrics.interference(h.statistics).coefficient,
    "NC2 cosines to -1/(K-1)": _means(metrics.max_angle_deviation),
    "NC2 cosine matrix": _means(metrics.simplex_gram_mean_square),
    "NC2 log kernel, Std": lambda h: metrics.hyperspherical_uniformity(h.statistics).std,
    "NC2 log kernel, Std / Avg": lambda h: (
        metrics.hyperspherical_uniformity(h.statistics).coefficient
    ),
    "NC2 Gram matrix of W": _rows(metrics.simplex_gram_deviation),
    "NC2 Gram matrix of W, centred": _rows(metrics.simplex_gram_deviation, center=True),
    "NC2 margin of W": _rows(_unit_margin),
    "NC3 distance": _dual(metrics.self_duality),
    "NC3 distance, W centred": _dual(metrics.self_duality, center=True),
    "NC3 product": _dual(metrics.self_duality_product),
    "NC3 product, W centred": _dual(metrics.self_duality_product, center=True),
    "NC3 cosines, mean": lambda h: metrics.duality_spread(h.statistics, h.weight).mean,
    "NC3 cosines, Std": lambda h: metrics.duality_spread(h.statistics, h.weight).std,
    "NC3 scores of the mean": lambda h: metrics.bias_alignment(
        h.weight, h.bias, h.statistics.global_mean()
    ),
    "NC4 with bias": lambda h: _mismatch(h, True),
    "NC4 without bias": lambda h: _mismatch(h, False),
    "rank of class means": lambda h: metrics.rank_profile([_columns(h)]).before[0],
    "orthogonality after ReLU": lambda h: metrics.orthogonality_deviation(_columns(h)),
    "geometric complexity": lambda h: metrics.geometric_complexity(h.map, h.inputs),
    "geometric collapse": lambda h: metrics.geometric_collapse(h.map, h.inputs, h.labels),
    "few shots": _few_shots,
}
WIDE = tuple(draw_head(seed, 7, centred=seed % 2 == 0) for seed in range(3))
NARROW = tuple(draw_head(seed, 4) for seed in range(3, 7))  # class means span the features


@cache
def largest_changes(heads):
    """Largest relative change of every metric under every change, over heads.

    Parameters
    ----------
    heads : tuple of Head

    Returns
    -------
    dict of (str, str) to float
        Keys are a metric and a change.
    """
    largest = dict.fromkeys(((metric, change) for metric in METRICS for change in CHANGES), 0.0)
    for place, head in enumerate(heads):
        before = {metric: value(head) for metric, value in METRICS.items()}
        for column, (change, apply) in enumerate(CHANGES.items()):
            moved = apply(head, np.random.default_rng([place, column]))
            for metric, value in METRICS.items():
                after = value(moved)
                size = max(abs(before[metric]), abs(after)) or 1.0
                key = metric, change
                largest[key] = max(largest[key], abs(after - before[metric]) / size)
    return largest


def invariance_table():
    """What does not move each metric: "yes", "no", or "span" where class means must span.

    Returns
    -------
    dict of str to list of str
        Metric to one verdict a change, in the order of `CHANGES`.
    """
    found = [largest_changes(heads) for heads in (WIDE, NARROW)]

    def verdict(key):
        wide, narrow = (changes[key] <= UNCHANGED for changes in found)
        return "yes" if wide and narrow else "span" if narrow else "no"

    return {metric: [verdict((metric, change)) for change in CHANGES] for metric in METRICS}


def check_invariances(stated):
    """Hold a table of verdicts against what metrics do under every change."""
    still, moved = [], []
    for heads, where in ((WIDE, ("yes",)), (NARROW, ("yes", "span"))):
        for (metric, change), size in largest_changes(heads).items():
            (still if stated[metric][change] in where else moved).append(size)
    return Evidence(
        (
            Measure("largest change where none is stated", max(still), "<=", UNCHANGED),
            Measure("least change where one is stated", min(moved), ">=", CHANGED),
        )
    )


ALL = dict.fromkeys(CHANGES, "yes")  # what the page states, to be held against the table
NO_LINEAR = ALL | {"linear": "no"}
ROWS = NO_LINEAR | {"shift w": "no"}
STATED = dict.fromkeys(METRICS, NO_LINEAR) | {
    "NC1 pseudo-inverse": ALL | {"linear": "span"},
    "NC1 pseudo-inverse, by sample": ALL | {"linear": "span", "one twice": "no"},
    "NC1 quotient, by sample": NO_LINEAR | {"one twice": "no"},
    "NC1 pairs, log of mean, k=2": NO_LINEAR | {"scale": "no"},
    "NC2 lengths, Std / Avg of logs": NO_LINEAR | {"scale": "no"},
    "NC2 Gram matrix of W": ROWS,
    "NC2 margin of W": ROWS,
    "NC3 distance": ROWS,
    "NC3 product": ALL | {"shift w": "no"},
    "NC3 product, W centred": ALL,
    "NC3 cosines, mean": ROWS,
    "NC3 cosines, Std": ROWS,
    "NC3 scores of the mean": ALL | {"sharper": "no"},
    "NC4 with bias": NO_LINEAR | {"one twice": "no"},
    "NC4 without bias": NO_LINEAR | {"shift h": "no", "one twice": "no"},
    "rank of class means": ALL | {"shift h": "span"},
    "orthogonality after ReLU": NO_LINEAR | {"rotation": "no", "shift h": "no"},
    "geometric complexity": NO_LINEAR | {"scale": "no", "one twice": "no"},
    "few shots": NO_LINEAR | {"one twice": "no", "all twice": "no"},
}
TEMPTING = STATED | {"NC1 pairs, log of mean, k=2": NO_LINEAR}
