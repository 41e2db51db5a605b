"""Claims of the page on softmax codes: the four facts all pages use, and what digits show."""

from functools import cache, partial

import numpy as np
from scipy.optimize import minimize, nnls

from neuralcollapse.claims.claim import Claim, Evidence, Measure
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
from neuralcollapse.geometry.arrays import as_directions
from neuralcollapse.models import CosineMLP
from neuralcollapse.tasks import digits
from neuralcollapse.training import Recipe, fit

PAGE = "codes/softmax-codes"
CONTACT = 1e-6  # pairs whose cosine is nearer to the coherence are in contact


def random_code(generator, num_points, dimension):
    """Points drawn uniformly on the sphere."""
    return as_directions(generator.normal(size=(num_points, dimension)))


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
            best += [worst(_descend(edges, h)) + distances[k] for h in starts]
            slack = lambda h, k=k, worst=worst: (  # noqa: E731
                worst(h) + distances[k] * (1 - np.sum((h - optima[k]) ** 2) / 2)
            )
            stability += [slack(_climb(lambda h: -slack(h), h, generator)) for h in starts[:1]]
    return Evidence(
        (
            Measure("best value found minus the distance's", min(best), ">=", -1e-12),
            Measure("value of the features minus the distance's", max(own), "<=", 1e-12),
            Measure("slack of the quadratic bound", min(stability), ">=", -1e-12),
        )
    )


def check_coherence_bound(bound):
    """Climb to codes whose one-vs-rest distance is as small as it gets beside their coherence."""
    generator = np.random.default_rng(0)
    gap = lambda points: one_vs_rest_distance(points) - bound(coherence(points))  # noqa: E731
    gaps = []
    for num_points, dimension in ((3, 2), (4, 2), (5, 3), (6, 3)):
        for _ in range(2):
            points = random_code(generator, num_points, dimension)
            gaps.append(gap(_climb(lambda code: -gap(code), points, generator, steps=120)))
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
    found = [_push_apart(n, d, seed) for n, d in ((6, 4), (7, 3), (8, 3)) for seed in range(2)]
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


RECIPE = Recipe(learning_rate=0.1)


def network(dimension, temperature, classifier="learned"):
    """Return what `fit` builds: two hidden layers of 96 units, features on a sphere, ten classes.

    Parameters
    ----------
    dimension : int
    temperature : float
    classifier : {"learned", "class_mean", "fixed"}

    Returns
    -------
    callable
    """
    widths = (64, 96, 96, dimension, 10)
    return partial(CosineMLP, widths, temperature=temperature, classifier=classifier)


@cache
def run(dimension, temperature, classifier="learned", seeds=(0, 1, 2)):
    """Train the network of the page on digits; each is trained once a process.

    Parameters
    ----------
    dimension : int
    temperature : float
    classifier : {"learned", "class_mean", "fixed"}
    seeds : tuple of int

    Returns
    -------
    History
    """
    build = network(dimension, temperature, classifier)
    return fit(build, digits(), RECIPE, seeds=seeds, checkpoints=(0, 10, RECIPE.epochs))


def describe(history):
    """Measure the code that each network of a run ends in.

    Parameters
    ----------
    history : History
        Of `CosineMLP` networks trained on `digits()`.

    Returns
    -------
    dict of str to ndarray, shape (num_seeds,), float64
        ``separation``, one minus the coherence of the rows of the classifier, and ``distance``,
        their one-vs-rest distance; ``duality``, the mean of one minus the cosine between a row and
        its class mean; ``spread``, the mean of one minus the cosine between a feature and its
        class mean; ``loss``, ``train_accuracy``, ``test_accuracy``.
    """
    task, rows = digits(), []
    labels = task.train_labels.numpy()
    for model in history.models:
        weights = as_directions(model.classifier.weight)
        features = model(task.train_inputs).features.detach().numpy()
        means = as_directions([features[labels == c].mean(axis=0) for c in range(len(weights))])
        rows.append(
            {
                "separation": 1 - coherence(weights),
                "distance": one_vs_rest_distance(weights),
                "duality": 1 - np.sum(weights * means, axis=1).mean(),
                "spread": 1 - np.sum(features * means[labels], axis=1).mean(),
            }
        )
    found = {name: np.array([row[name] for row in rows]) for name in rows[0]}
    return found | {
        "loss": history.losses[-1],
        "train_accuracy": history.train_accuracies[-1],
        "test_accuracy": history.test_accuracies[-1],
    }


def _descend(edges, start):
    """Least t with ``edges @ h <= t`` over the unit ball, by sequential squares."""
    found = minimize(
        lambda x: x[-1],
        np.append(start, (edges @ start).max()),
        jac=lambda x: np.eye(len(x))[-1],
        method="SLSQP",
        constraints=[
            {
                "type": "ineq",
                "fun": lambda x: x[-1] - edges @ x[:-1],
                "jac": lambda x: np.column_stack([-edges, np.ones(len(edges))]),
            },
            {
                "type": "ineq",
                "fun": lambda x: 1 - x[:-1] @ x[:-1],
                "jac": lambda x: np.append(-2 * x[:-1], 0),
            },
        ],
        options={"maxiter": 200, "ftol": 1e-15},
    )
    return as_directions([found.x[:-1]])[0]


def _climb(height, start, generator, steps=200, reach=0.5):
    """Hill climbing among unit rows (or one unit vector): keep a random step if it goes up."""
    best, top = start, height(start)
    for _ in range(steps):
        trial = best + reach * generator.normal(size=best.shape)
        trial = trial / np.linalg.norm(trial, axis=-1, keepdims=True)
        value = height(trial)
        if value > top:
            best, top = trial, value
        else:
            reach = max(0.97 * reach, 1e-7)
    return best


def _push_apart(num_points, dimension, seed):
    """A local minimum of coherence: least t with all cosines at most t, by sequential squares."""
    pairs = np.triu_indices(num_points, 1)
    unpack = lambda x: x[:-1].reshape(num_points, dimension)  # noqa: E731

    def slack(x):
        points = unpack(x)
        return x[-1] - (points @ points.T)[pairs]

    def slack_gradient(x):
        points, rows = unpack(x), np.arange(len(pairs[0]))
        gradient = np.zeros((len(rows), num_points, dimension))
        gradient[rows, pairs[0]] = -points[pairs[1]]
        gradient[rows, pairs[1]] = -points[pairs[0]]
        return np.column_stack([gradient.reshape(len(rows), -1), np.ones(len(rows))])

    def length_gradient(x):
        gradient = np.zeros((num_points, num_points, dimension))
        gradient[np.arange(num_points), np.arange(num_points)] = 2 * unpack(x)
        return np.column_stack([gradient.reshape(num_points, -1), np.zeros(num_points)])

    start = random_code(np.random.default_rng(seed), num_points, dimension)
    found = minimize(
        lambda x: x[-1],
        np.append(start.ravel(), coherence(start)),
        jac=lambda x: np.eye(len(x))[-1],
        method="SLSQP",
        constraints=[
            {"type": "ineq", "fun": slack, "jac": slack_gradient},
            {
                "type": "eq",
                "fun": lambda x: np.sum(unpack(x) ** 2, axis=1) - 1,
                "jac": length_gradient,
            },
        ],
        options={"maxiter": 500, "ftol": 1e-15},
    )
    return as_directions(unpack(found.x))


CLAIMS = ()
