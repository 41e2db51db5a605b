"""Claims of the page on softmax codes: the four facts all pages use, and what digits show."""

from functools import cache, partial

import numpy as np
from scipy.optimize import nnls

from neuralcollapse.claims.claim import Claim, Evidence, Measure
from neuralcollapse.claims.code_networks import stored_rows
from neuralcollapse.claims.searches import climb, push_apart, random_code, sharpest_feature
from neuralcollapse.codes import (
    cross_entropy,
    hardmax_features,
    hardmax_loss,
    minimise_cross_entropy,
    one_vs_rest_distance,
    one_vs_rest_distances,
)
from neuralcollapse.geometry import (
    coherence,
    distance_to_frame,
    orthoplex,
    regular_polygon,
    simplex_etf,
)

PAGE = "codes/softmax-codes"
BEST_KNOWN = {
    2: 1 - np.cos(np.pi / 5),
    3: 0.59560567478374924,
    5: 1.0,
}  # separation of ten points, by dimension
CONTACT = 1e-6  # pairs whose cosine is nearer to the coherence are in contact


def margin_bound(terms, distance, temperature):
    r"""Return $-\tau\log(e^{Te^{-\rho/\tau}}-1)$ for T terms, without underflow.

    Parameters
    ----------
    terms : int
    distance : float
        The best one-vs-rest distance, in the place of $\rho$.
    temperature : float

    Returns
    -------
    float
        Minus infinity where the exponential overflows.
    """
    logarithm = np.log(terms) - distance / temperature
    if logarithm < -30:
        return -temperature * logarithm  # e^x - 1 is x to the last digit
    with np.errstate(over="ignore"):
        exponent = np.exp(logarithm)
    return -temperature * (exponent + np.log(-np.expm1(-exponent)))


@cache
def loss_minimum(num_points, dimension, temperature):
    """`minimise_cross_entropy` with its defaults, searched once a process."""
    return minimise_cross_entropy(num_points, dimension, temperature)


def check_hardmax_limit(terms, sign=1):
    """Hold margins of minimisers against the bound, beside the code that gives the bound."""
    triangle, poles = regular_polygon(3) @ np.eye(2, 3), [[0, 0, 1], [0, 0, -1]]
    bipyramid, tetrahedron = np.vstack([triangle, poles]), simplex_etf(4)
    excesses, slacks, limits = [], [], []
    for code in (bipyramid, tetrahedron):
        count, distance = len(code), one_vs_rest_distance(code)
        for temperature in (0.1, 0.05, 0.02):
            found = loss_minimum(*code.shape, temperature)
            loss = cross_entropy(code, hardmax_features(code), temperature)
            excesses.append(found.loss / loss - 1)
            margin = -hardmax_loss(found.weights, found.features)
            slacks.append(margin - margin_bound(terms(count), sign * distance, temperature))
        limits.append(abs(margin_bound(terms(count), sign * distance, 1e-3) - distance))
    return Evidence(
        (
            Measure("excess of the loss found over that of the code", max(excesses), "<=", 1e-9),
            Measure("smallest margin minus bound", min(slacks), ">=", 0),
            Measure("gap of bound and distance at temperature 0.001", max(limits), "<=", 0.01),
        )
    )


def check_hull_distance(features):
    """Hold the margins of given features against the best that descents and climbs can find."""
    generator = np.random.default_rng(0)
    best, own, stability = [], [], []
    for num_points, dimension in ((4, 2), (5, 3), (9, 3), (7, 5)):
        points = random_code(generator, num_points, dimension)
        distances, optima = one_vs_rest_distances(points), hardmax_features(points)
        for k in range(num_points):
            edges = np.delete(points, k, axis=0) - points[k]
            worst = lambda h, edges=edges: (edges @ h).max()  # noqa: E731
            own.append(worst(features(points)[k]) + distances[k])
            starts = random_code(generator, 3, dimension)
            best += [worst(sharpest_feature(edges, h)) + distances[k] for h in starts]
            slack = partial(_quadratic_slack, edges, optima[k], distances[k])
            lowest = climb(lambda h, slack=slack: -slack(h), starts[0], generator)
            stability.append(slack(lowest))
    return Evidence(
        (
            Measure("best value found minus the distance's", min(best), ">=", -1e-12),
            Measure("value of the features minus the distance's", max(own), "<=", 1e-12),
            Measure("slack of the quadratic bound", min(stability), ">=", -1e-12),
        )
    )


def _quadratic_slack(edges, optimum, distance, h):
    """The worst margin of h minus what its distance from the best feature allows."""
    return (edges @ h).max() + distance * (1 - np.sum((h - optimum) ** 2) / 2)


def check_coherence_bound(bound):
    """Climb to codes whose one-vs-rest distance is as small as it gets beside their coherence."""
    generator = np.random.default_rng(0)
    gap = lambda points: one_vs_rest_distance(points) - bound(coherence(points))  # noqa: E731
    gaps = []
    for num_points, dimension in ((3, 2), (4, 2), (5, 3), (6, 3)):
        for _ in range(2):
            points = random_code(generator, num_points, dimension)
            gaps.append(gap(climb(lambda code: -gap(code), points, generator, steps=120)))
    tight = [gap(code) for code in (regular_polygon(7), simplex_etf(5), orthoplex(3))]
    return Evidence(
        (
            Measure("smallest distance minus bound found by climbing", min(gaps), ">=", -1e-12),
            Measure("largest of polygon, simplex, orthoplex", max(map(abs, tight)), "<=", 1e-12),
        )
    )


def imbalance(points):
    r"""Return how far the contacts of a code are from holding each other in balance.

    Parameters
    ----------
    points : array_like, shape (num_points, dimension)

    Returns
    -------
    float
        The least of $\sum_i\|P_i\sum_j\lambda_{ij}w_j\|^2$, square root taken, over symmetric
        weights of the contacts that are not negative and sum to 1; $P_i$ projects along $w_i$.
    """
    cosines = points @ points.T
    np.fill_diagonal(cosines, -1)
    columns = []
    for i, j in zip(*np.nonzero(np.triu(cosines > coherence(points) - CONTACT)), strict=True):
        forces = np.zeros_like(points)
        forces[i] = points[j] - cosines[i, j] * points[i]
        forces[j] = points[i] - cosines[i, j] * points[j]
        columns.append(forces.ravel())
    system = np.column_stack(columns)
    weights, _ = nnls(np.vstack([system, np.ones(len(columns))]), np.eye(points.size + 1)[-1])
    return float(np.linalg.norm(system @ weights) / weights.sum())


@cache
def balanced_codes():
    """Stationary codes: symmetric ones, optimal or not, and local optima of random searches."""
    square, pentagon = regular_polygon(4), regular_polygon(5)
    bipyramid = np.vstack([pentagon @ np.eye(2, 3), [[0, 0, 1], [0, 0, -1]]])
    cube = np.array(np.meshgrid(*[[-1, 1]] * 3)).reshape(3, -1).T / np.sqrt(3)
    symmetric = (simplex_etf(5), orthoplex(4), regular_polygon(9), bipyramid, cube)
    flat = square @ np.eye(2, 3)
    found = [push_apart(n, d, seed) for n, d in ((6, 4), (7, 3), (8, 3)) for seed in range(2)]
    return (*symmetric, flat, *found)


def scattered_codes():
    """Codes drawn at random, of the sizes that `balanced_codes` has."""
    generator = np.random.default_rng(1)
    return tuple(random_code(generator, *points.shape) for points in balanced_codes())


def check_stationary(codes):
    """Compare one-vs-rest distance and coherence of given codes, and the balance of contacts."""
    return Evidence(
        (
            Measure("largest imbalance of contacts", max(map(imbalance, codes)), "<=", 1e-5),
            Measure(
                "largest gap of the distance and 1 - coherence",
                max(one_vs_rest_distance(points) - 1 + coherence(points) for points in codes),
                "<=",
                1e-6,
            ),
        )
    )


def check_simplex_is_widest(bound):
    """Search for codes whose one-vs-rest distance beats `bound(num_points)`."""
    excesses, distances = [], []
    for num_points, dimension in ((3, 2), (4, 3), (4, 6), (6, 5), (6, 3)):
        found = minimise_cross_entropy(num_points, dimension, 0.02, starts=2)
        excesses.append(one_vs_rest_distance(found.weights) - bound(num_points))
        if num_points <= dimension + 1:
            distances.append(distance_to_frame(found.weights, simplex_etf(num_points)))
    attained = [abs(one_vs_rest_distance(simplex_etf(n)) - bound(n)) for n in (2, 5, 10)]
    return Evidence(
        (
            Measure("largest distance found minus bound", max(excesses), "<=", 1e-12),
            Measure("gap of a simplex", max(attained), "<=", 1e-12),
            Measure("what the search ends in, from the simplex", max(distances), "<=", 1e-6),
        )
    )


def check_filling(points):
    """Hold the second moments of given points on the sphere against those of the uniform law."""
    lopsided, uneven, excess = [], [], []
    for num_points in (20, 40, 100):
        code = points(num_points)
        lopsided.append(np.linalg.norm(code.mean(axis=0)))
        uneven.append(3 * np.mean((code @ code.T) ** 2) - 1)
        law = np.log(num_points) + np.log(np.sinh(1)) - 1
        excess.append(cross_entropy(code, code, 1.0) - law)
    worst = [round(float(max(values)), 5) for values in (lopsided, uneven, excess)]  # flat minima
    return Evidence(
        (
            Measure("length of the mean", worst[0], "<=", 1e-3),
            Measure("frame potential over n^2/d, minus 1", worst[1], "<=", 1e-3),
            Measure("loss minus that of the uniform law", worst[2], "<=", 1e-3),
        )
    )


@cache
def filling_points(num_points):
    """Points of space that minimise the loss at temperature 1 with features equal to weights."""
    return minimise_cross_entropy(num_points, 3, 1.0, starts=1, tied=True).weights


def check_network_codes(temperature):
    """Hold the classifiers that networks have learned against the best known codes."""
    shares, gaps = [], []
    for dimension, best in BEST_KNOWN.items():
        (row,) = stored_rows(
            dimension=dimension, temperature=temperature, classifier="learned", epochs=300
        )
        shares += [separation / best for separation in row["separation"]]
        gaps += row["duality"]
    return Evidence(
        (
            Measure("separation over the best known, least of 9 networks", min(shares), ">=", 0.9),
            Measure("mean of 1 - cos(row, class mean), largest", max(gaps), "<=", 1e-3),
        )
    )


def check_class_means(classifier):
    """Compare networks whose classifier is not learned with those that learn it."""
    shares, gaps, losses = [], [], []
    for dimension, best in list(BEST_KNOWN.items())[1:]:
        row, learned = (
            stored_rows(dimension=dimension, temperature=0.3, classifier=kind, epochs=300)[0]
            for kind in (classifier, "learned")
        )
        shares += [separation / best for separation in row["separation"]]
        gaps += row["duality"]
        losses.append(np.median(learned["test_accuracy"]) - np.median(row["test_accuracy"]))
    (flat,) = stored_rows(dimension=2, temperature=0.3, classifier=classifier, epochs=300)
    lowest = min(flat["separation"]) / BEST_KNOWN[2]
    return Evidence(
        (
            Measure("in two dimensions, least of 3 networks", lowest, "<=", 0.9),
            Measure("separation over the best known, least of 6 networks", min(shares), ">=", 0.9),
            Measure("mean of 1 - cos(row, class mean), largest", max(gaps), "<=", 1e-3),
            Measure("test accuracy lost, medians of 3 seeds", max(losses), "<=", 0.02),
        )
    )


CLAIMS = (
    Claim(
        identifier="lem-hull-distance",
        page=PAGE,
        statement="The best margin of a class is the distance of its weight to the hull of the "
        "others, attained by one feature only.",
        kind="proved",
        source="jiang2024",
        hypotheses="different unit weights, unit features",
        checker=check_hull_distance,
        instance=lambda: {"features": hardmax_features},
        control_statement="the weight itself is the best feature of its class",
        control=lambda: {"features": lambda points: points},
    ),
    Claim(
        identifier="lem-hardmax-limit",
        page=PAGE,
        statement="As the temperature falls, margins of minimisers of the loss tend to the best "
        "one-vs-rest distance, at a rate that is explicit.",
        kind="proved",
        source="here, after jiang2024",
        hypotheses="d at least 2; loss at most that of a hardmax code",
        checker=check_hardmax_limit,
        instance=lambda: {"terms": lambda count: count * (count - 1)},
        control_statement="minimisers at a positive temperature have the best margin already, "
        "the bound with one term for n(n-1)",
        control=lambda: {"terms": lambda count: 1},
    ),
    Claim(
        identifier="lem-coherence-bound",
        page=PAGE,
        statement="The one-vs-rest distance is at least one minus the coherence.",
        kind="proved",
        source="here, after jiang2024",
        hypotheses="different unit vectors",
        checker=check_coherence_bound,
        instance=lambda: {"bound": lambda coherence: 1 - coherence},
        control_statement="at least half the least distance of two points",
        control=lambda: {"bound": lambda coherence: np.sqrt(2 - 2 * coherence) / 2},
    ),
    Claim(
        identifier="lem-stationary",
        page=PAGE,
        statement="Where contacts are in balance, as in every local minimum of coherence, the "
        "one-vs-rest distance is one minus the coherence.",
        kind="proved",
        source="here",
        hypotheses="first-order stationary for the coherence",
        checker=check_stationary,
        instance=lambda: {"codes": balanced_codes()},
        control_statement="for every code",
        control=lambda: {"codes": scattered_codes()},
    ),
    Claim(
        identifier="prop-simplex-softmax",
        page=PAGE,
        statement="The one-vs-rest distance of n points is at most n/(n-1), and only a simplex "
        "attains it.",
        kind="proved",
        source="jiang2024",
        hypotheses="n unit vectors of any dimension; attained for n at most d + 1",
        checker=check_simplex_is_widest,
        instance=lambda: {"bound": lambda count: count / (count - 1)},
        control_statement="at most 1, the distance to the centre",
        control=lambda: {"bound": lambda count: 1.0},
    ),
    Claim(
        identifier="obs-sphere-filling",
        page=PAGE,
        statement="Points of space that minimise the loss at temperature 1 have the first two "
        "moments and the loss of the uniform law.",
        kind="observed",
        source="lu2022",
        hypotheses="d = 3; 20, 40 and 100 points; one random start each",
        checker=check_filling,
        instance=lambda: {"points": filling_points},
        control_statement="points drawn at random",
        control=lambda: {"points": lambda n: random_code(np.random.default_rng(n), n, 3)},
    ),
    Claim(
        identifier="obs-network-codes",
        page=PAGE,
        statement="Classifiers learned on digits at temperature 0.3 come within a tenth of the "
        "best known codes of ten points, and are the class means.",
        kind="observed",
        source="here, after jiang2024",
        hypotheses="d = 2, 3 and 5, 1,200 digits, 3 seeds, 300 epochs",
        checker=check_network_codes,
        instance=lambda: {"temperature": 0.3},
        control_statement="at temperature 1",
        control=lambda: {"temperature": 1.0},
    ),
    Claim(
        identifier="obs-class-means",
        page=PAGE,
        statement="A classifier made of class means, with nothing to learn, comes as near to the "
        "best known codes and loses at most 0.02 of test accuracy.",
        kind="observed",
        source="here, after jiang2024",
        hypotheses="d = 3 and 5, not 2; temperature 0.3, 1,200 digits, 3 seeds, 300 epochs",
        checker=check_class_means,
        instance=lambda: {"classifier": "class_mean"},
        control_statement="rows fixed at random",
        control=lambda: {"classifier": "fixed"},
    ),
)
