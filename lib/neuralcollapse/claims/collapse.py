"""Claims of the chapter on neural collapse: what holds of it exactly, and what digits show."""

from dataclasses import replace
from functools import cache, partial

import numpy as np
import torch
from scipy.optimize import minimize
from scipy.special import logsumexp, softmax

from neuralcollapse import ClassStatistics, metrics
from neuralcollapse.claims.claim import Claim, Evidence, Measure
from neuralcollapse.geometry import coherence, distance_to_frame, orthoplex, simplex_etf
from neuralcollapse.models import MLP
from neuralcollapse.tasks import digits
from neuralcollapse.training import Recipe, fit

PAGE = "collapse/neural-collapse"


def spread_out(num_points, dimension, seed, sharpness=(10.0, 100.0, 1000.0)):
    """Move points on a sphere apart until their largest cosine is as small as it gets.

    Parameters
    ----------
    num_points, dimension : int
    seed : int
    sharpness : sequence of float
        Inverse temperatures of the soft maximum, ascending.

    Returns
    -------
    ndarray, shape (num_points, dimension), float64
        Unit rows.
    """
    points = np.random.default_rng(seed).normal(size=(num_points, dimension))
    pairs = ~np.eye(num_points, dtype=bool)

    def soft_maximum(flat, beta):
        points = flat.reshape(num_points, dimension)
        lengths = np.linalg.norm(points, axis=1, keepdims=True)
        unit = points / lengths
        cosines = beta * (unit @ unit.T)[pairs]
        pull = np.zeros((num_points, num_points))
        pull[pairs] = softmax(cosines)
        gradient = (pull + pull.T) @ unit
        gradient -= (gradient * unit).sum(1, keepdims=True) * unit
        return logsumexp(cosines) / beta, (gradient / lengths).ravel()

    for beta in sharpness:
        found = minimize(
            soft_maximum,
            points.ravel(),
            beta,
            jac=True,
            method="L-BFGS-B",
            options={"ftol": 0, "gtol": 1e-13, "maxiter": 5000, "maxfun": 20000},
        )
        points = found.x.reshape(num_points, dimension)
    return points / np.linalg.norm(points, axis=1, keepdims=True)


def check_widest(bound):
    """Search for unit vectors whose largest cosine beats `bound(num_points)`."""
    margins, attained, distances = [], [], []
    for num_points in (2, 3, 4, 6, 9):
        for seed in range(4):
            points = spread_out(num_points, num_points - 1 + seed % 3, seed)
            margins.append(coherence(points) - bound(num_points))
            distances.append(distance_to_frame(points, simplex_etf(num_points)))
        attained.append(coherence(simplex_etf(num_points)) - bound(num_points))
    return Evidence(
        (
            Measure(
                "smallest margin above the bound found by search", np.min(margins), ">=", -1e-12
            ),
            Measure("largest margin of a simplex", np.max(np.abs(attained)), "<=", 1e-12),
            Measure(
                "distance of what the search ends in from the simplex",
                np.max(distances),
                "<=",
                1e-6,
            ),
        )
    )


def check_nearest_center(lengths, bias_cancels=True):
    """Decide random points by classifier and by nearest centre, with the given mean lengths."""
    generator = torch.Generator().manual_seed(0)
    mismatches = []
    for num_classes, dimension in ((2, 2), (3, 5), (10, 6)):
        means = torch.randn(num_classes, dimension, generator=generator, dtype=torch.float64)
        means *= (lengths(num_classes) / means.norm(dim=1))[:, None]
        center = torch.randn(dimension, generator=generator, dtype=torch.float64)
        points = 3 * torch.randn(5000, dimension, generator=generator, dtype=torch.float64)
        weight = 0.7 * means
        bias = 2 - bias_cancels * weight @ center
        mismatches.append(metrics.nearest_center_mismatch(points, center + means, weight, bias))
    return Evidence((Measure("share of points decided differently", np.max(mismatches), "==", 0),))


def check_three_variabilities(means):
    """Compare the three NC1 around given class means, for noise of any shape."""
    generator = np.random.default_rng(0)
    count, dimension = means.shape
    labels = np.repeat(np.arange(count), 30)
    noise = generator.normal(size=(len(labels), dimension)) @ generator.normal(
        size=(dimension, dimension)
    )
    noise *= generator.uniform(0.5, 2, size=count)[labels][:, None]
    noise -= np.stack([noise[labels == c].mean(0) for c in range(count)])[labels]
    statistics = ClassStatistics(count, dimension).update(means[labels] + noise, labels)
    basis = np.linalg.svd(means - means.mean(0))[2][: count - 1]
    within = statistics.within_class_scatter().numpy()
    between = statistics.between_class_scatter().trace().item()
    along = np.trace(basis @ within @ basis.T) / between
    quotient = metrics.within_class_variability_trace(statistics)
    pairs = {
        "pseudo-inverse against (K-1)/K of the quotient along the means": (
            metrics.within_class_variability(statistics) / ((count - 1) / count * along)
        ),
        "pairwise variance against (K-1)/2K of the quotient": (
            metrics.class_distance_normalized_variance(statistics)
            / ((count - 1) / (2 * count) * quotient)
        ),
    }
    return Evidence(
        tuple(
            Measure(f"relative gap, {name}", abs(ratio - 1), "<=", 1e-9)
            for name, ratio in pairs.items()
        )
    )


def check_affine_invariance(dimension, num_classes=5):
    """Map features by random invertible affine maps and compare the pseudo-inverse NC1."""
    generator = np.random.default_rng(1)
    labels = np.repeat(np.arange(num_classes), 20)
    features = generator.normal(size=(num_classes, dimension))[labels]
    features = features + generator.normal(size=features.shape)
    plain = metrics.measure(features, labels).within_class_variability
    gaps = []
    for _ in range(5):
        moved = features @ generator.normal(size=(dimension, dimension)) + generator.normal(
            size=dimension
        )
        gaps.append(abs(metrics.measure(moved, labels).within_class_variability / plain - 1))
    return Evidence((Measure("relative change under affine maps", np.max(gaps), "<=", 1e-8),))


def check_collapse(history, self_duality):
    """Hold a training history against the acceptance figures of collapse, worst seed first."""
    return Evidence(
        (
            Measure("training accuracy", history.train_accuracies[-1].min(), "==", 1),
            Measure(
                "fall of NC1 since epoch 1",
                history.drop("within_class_variability").min(),
                ">=",
                20,
            ),
            Measure(
                "mean |cos + 1/(K-1)| of class means",
                history.final("max_angle_deviation_means").max(),
                "<=",
                0.06,
            ),
            Measure("NC3", history.final("self_duality").max(), "<=", self_duality),
            Measure("NC4", history.final("nearest_center_mismatch").max(), "==", 0),
        )
    )


def check_decay(history, without):
    """Compare the final NC1 with and without weight decay, the closest seeds first."""
    ratio = (
        without.final("within_class_variability").min()
        / history.final("within_class_variability").max()
    )
    solved = min(run.train_accuracies[-1].min() for run in (history, without))
    return Evidence(
        (
            Measure("training accuracy of both", solved, "==", 1),
            Measure("NC1 without weight decay over NC1 with", ratio, ">=", 5),
        )
    )


def check_meaningless(history):
    """Collapse of the training set beside accuracy on the test set, worst seed first."""
    return Evidence(
        (
            Measure("training accuracy", history.train_accuracies[-1].min(), "==", 1),
            Measure(
                "fall of NC1 since epoch 1",
                history.drop("within_class_variability").min(),
                ">=",
                20,
            ),
            Measure("NC4", history.final("nearest_center_mismatch").max(), "==", 0),
            Measure("test accuracy", history.test_accuracies[-1].max(), "<=", 0.2),
        )
    )


NETWORK = partial(MLP, (64, 96, 96, 96, 10))
CROSS_ENTROPY = Recipe()
SQUARED = Recipe(loss="squared", learning_rate=0.1, batch_size=120)
NO_DECAY = replace(CROSS_ENTROPY, weight_decay=0.0)
SQUARED_NO_DECAY = replace(SQUARED, weight_decay=0.0)
RANDOM_LABELS = Recipe(epochs=120)


@cache
def run(recipe, shuffle_labels=False, seeds=(0, 1, 2)):
    """Train the network of the chapter; a recipe is trained once a process.

    Parameters
    ----------
    recipe : Recipe
    shuffle_labels : bool
    seeds : tuple of int

    Returns
    -------
    History
    """
    return fit(NETWORK, digits(shuffle_labels=shuffle_labels), recipe, seeds=seeds)


def _equal(count):
    return torch.ones(count, dtype=torch.float64)


def _first_doubled(count):
    lengths = _equal(count)
    lengths[0] = 2
    return lengths


CLAIMS = (
    Claim(
        identifier="thm-simplex-widest",
        page=PAGE,
        statement="K unit vectors have a pair with cosine at least -1/(K-1), "
        "and only a simplex has no larger one.",
        kind="proved",
        source="rankin1955",
        hypotheses="K at least 2, any dimension",
        checker=check_widest,
        instance=lambda: {"bound": lambda count: -1 / (count - 1)},
        control_statement="the bound -1/K instead",
        control=lambda: {"bound": lambda count: -1 / count},
    ),
    Claim(
        identifier="prop-nearest-center",
        page=PAGE,
        statement="If the classifier is a multiple of centred means of equal length and the bias "
        "cancels the global mean, it decides every point as the nearest class centre does.",
        kind="proved",
        source="here, after papyan2020",
        hypotheses="equal lengths, self-duality, b = const - W mu_G; no angles needed",
        checker=check_nearest_center,
        instance=lambda: {"lengths": _equal},
        control_statement="without equal lengths (one mean twice as long)",
        control=lambda: {"lengths": _first_doubled},
    ),
    Claim(
        identifier="prop-three-variabilities",
        page=PAGE,
        statement="Around a simplex of class means the three published NC1 are one number up to "
        "the constants (K-1)/K and (K-1)/2K, if noise off the span of the means is not counted.",
        kind="proved",
        source="here",
        hypotheses="class means form a simplex; classes weighted alike",
        checker=check_three_variabilities,
        instance=lambda: {"means": simplex_etf(5, 7)},
        control_statement="for five vertices of an orthoplex instead of a simplex",
        control=lambda: {"means": orthoplex(4)[[0, 1, 2, 4, 6]] @ np.eye(4, 7)},
    ),
    Claim(
        identifier="prop-affine-invariance",
        page=PAGE,
        statement="The pseudo-inverse NC1 does not change under invertible affine maps of the "
        "features when the class means span the feature space.",
        kind="proved",
        source="here",
        hypotheses="the centred class means span the feature space, so d is at most K - 1",
        checker=check_affine_invariance,
        instance=lambda: {"dimension": 4},
        control_statement="in more dimensions than the means span",
        control=lambda: {"dimension": 8},
    ),
    Claim(
        identifier="obs-collapse-digits",
        page=PAGE,
        statement="Trained with cross-entropy and weight decay on digits, a network collapses.",
        kind="observed",
        source="papyan2020",
        hypotheses="1,200 digits, 3 seeds, weight decay 5e-3",
        checker=check_collapse,
        instance=lambda: {"history": run(CROSS_ENTROPY), "self_duality": 0.05},
        control_statement="trained alike without weight decay",
        control=lambda: {"history": run(NO_DECAY), "self_duality": 0.05},
    ),
    Claim(
        identifier="obs-collapse-squared",
        page=PAGE,
        statement="Trained with squared loss and weight decay on digits, a network collapses.",
        kind="observed",
        source="han2022",
        hypotheses="1,200 digits, 3 seeds, weight decay 5e-3",
        checker=check_collapse,
        instance=lambda: {"history": run(SQUARED), "self_duality": 0.1},
        control_statement="trained alike without weight decay, one seed",
        control=lambda: {"history": run(SQUARED_NO_DECAY, seeds=(0,)), "self_duality": 0.1},
    ),
    Claim(
        identifier="obs-weight-decay",
        page=PAGE,
        statement="In the same 100 epochs NC1 ends at least five times higher without weight "
        "decay.",
        kind="observed",
        source="here",
        hypotheses="1,200 digits, 3 seeds, both with training accuracy 1",
        checker=check_decay,
        instance=lambda: {"history": run(CROSS_ENTROPY), "without": run(NO_DECAY)},
        control_statement="cross-entropy with decay against squared loss with decay",
        control=lambda: {"history": run(CROSS_ENTROPY), "without": run(SQUARED)},
    ),
    Claim(
        identifier="obs-shuffled-labels",
        page=PAGE,
        statement="On shuffled labels NC1 falls at least twentyfold and NC4 ends at 0 too, at "
        "chance test accuracy: such a fall is no sign of generalisation.",
        kind="observed",
        source="here",
        hypotheses="1,200 digits, 3 seeds, 120 epochs",
        checker=check_meaningless,
        instance=lambda: {"history": run(RANDOM_LABELS, shuffle_labels=True)},
        control_statement="true labels",
        control=lambda: {"history": run(CROSS_ENTROPY)},
    ),
)
