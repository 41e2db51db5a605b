"""Claims of the page codes/self-duality: rattlers, and when features equal weights."""

from functools import cache
from itertools import combinations, product

import numpy as np
from scipy.optimize import minimize
from scipy.special import logsumexp, softmax

from neuralcollapse.claims.claim import Claim, Evidence, Measure
from neuralcollapse.claims.collapse import spread_out
from neuralcollapse.codes import (
    hardmax_features,
    hardmax_loss,
    one_vs_rest_distances,
    orthogonal_batches,
    orthoplex_code,
)
from neuralcollapse.geometry import coherence, gram_matrix, nearest_hull_point, simplex_etf

PAGE = "codes/self-duality"
ATTAINED = 1e-6  # margins and products nearer than this to the extreme one attain it


def soft_features(weights, temperature):
    """Unit features that minimise the cross-entropy of each class, for fixed weights.

    Parameters
    ----------
    weights : ndarray, shape (num_points, dimension)
        Unit rows.
    temperature : float

    Returns
    -------
    features : ndarray, shape (num_points, dimension), float64
    log_losses : ndarray, shape (num_points,), float64
        Logarithm of the sum of exp(<w_j - w_k, h_k> / temperature) over j other than k; the
        loss of the class is log(1 + that sum).
    """
    features, values = [], []
    for k, weight in enumerate(weights):
        others = np.delete(weights, k, axis=0) - weight

        def soft_margin(vector, others=others):
            length = np.linalg.norm(vector)
            feature = vector / length
            exponents = others @ feature / temperature
            slope = softmax(exponents) @ others
            slope -= (slope @ feature) * feature
            return temperature * logsumexp(exponents), slope / length

        found = minimize(
            soft_margin,
            weight,
            jac=True,
            method="L-BFGS-B",
            options={"ftol": 0, "gtol": 1e-13, "maxiter": 2000},
        )
        others = np.delete(weights, k, axis=0) - weight
        feature = _newton(found.x / np.linalg.norm(found.x), others, temperature)
        features.append(feature)
        values.append(logsumexp(others @ feature / temperature))
    return np.array(features), np.array(values)


def _newton(feature, others, temperature, steps=6):
    """Polish a minimiser of the soft margin on the sphere to rounding."""
    for _ in range(steps):
        shares = softmax(others @ feature / temperature)
        slope = shares @ others
        spread = (others - slope) * np.sqrt(shares)[:, None]
        tangent = np.linalg.svd(feature[None])[2][1:]
        curvature = tangent @ (spread.T @ spread / temperature) @ tangent.T
        curvature -= (slope @ feature) * np.eye(len(tangent))
        feature = feature - tangent.T @ np.linalg.solve(curvature, tangent @ slope)
        feature /= np.linalg.norm(feature)
    return feature


def angles(weights, features):
    """Angles between rows, accurate when small.

    Parameters
    ----------
    weights, features : ndarray, shape (num_points, dimension)
        Unit rows.

    Returns
    -------
    ndarray, shape (num_points,), float64
        In degrees.
    """
    chords = np.linalg.norm(weights - features, axis=1)
    return np.degrees(2 * np.arcsin(np.clip(chords / 2, 0, 1)))


def regime_codes():
    """Return drawn codes of the orthoplex regime: full, sparse, with free points, not spanning."""
    shapes = [((2, 3), 0, None), ((2, 2), 1, None), ((4, 3), 0, None), ((3, 3, 2), 2, None)]
    shapes += [((2, 2, 2), 0, 4), ((5, 2), 3, None), ((6, 6), 0, None)]
    return [
        orthoplex_code(sizes, free=free, dimension=dimension, seed=seed)
        for sizes, free, dimension in shapes
        for seed in range(4)
    ]


def one_dependency_codes():
    """Return codes of coherence 0 of d + 1 points, one short of the regime."""
    pair_and_axes = np.vstack([np.eye(3), [[-1, 0, 0]]])
    corner = np.vstack([np.eye(3), -np.ones((1, 3)) / np.sqrt(3)])
    return [pair_and_axes, corner]


def crowded_codes(num_codes=4):
    """Return random codes of nine points in space with 0 in the hull of any eight of them."""
    generator = np.random.default_rng(0)
    found = []
    while len(found) < num_codes:
        points = generator.normal(size=(9, 3))
        points /= np.linalg.norm(points, axis=1, keepdims=True)
        rests = [np.delete(points, k, axis=0) for k in range(9)]
        if all(nearest_hull_point(rest, np.zeros(3)).distance < 1e-9 for rest in rests):
            found.append(points)
    return found


def check_no_softmax_rattler(codes):
    """Distances to the hulls of the others: all 1, the nearest point 0."""
    distances = np.concatenate([one_vs_rest_distances(points) for points in codes])
    nearest = [
        nearest_hull_point(np.delete(points, k, axis=0), points[k]).point
        for points in codes
        for k in range(len(points))
    ]
    return Evidence(
        (
            Measure("largest coherence", max(map(coherence, codes)), "<=", 1e-9),
            Measure("largest |r_k - 1|", np.abs(distances - 1).max(), "<=", 1e-9),
            Measure("largest |p_k|", max(map(np.linalg.norm, nearest)), "<=", 1e-7),
        )
    )


def tammes_gaps(points):
    """How far each point is from attaining the coherence.

    Parameters
    ----------
    points : ndarray, shape (num_points, dimension)

    Returns
    -------
    ndarray, shape (num_points,), float64
        Coherence less the largest product of the point with another; a rattler has it positive.
    """
    gram = gram_matrix(points)
    np.fill_diagonal(gram, -np.inf)
    return gram.max() - gram.max(axis=1)


def check_no_tammes_rattler(codes):
    """Every point attains the coherence, 0."""
    worst = max(tammes_gaps(points).max() for points in codes)
    return Evidence(
        (
            Measure("largest |coherence|", max(abs(coherence(c)) for c in codes), "<=", 1e-9),
            Measure("largest gap of a point", worst, "<=", 1e-9),
        )
    )


def check_self_dual(codes):
    """Features of least hardmax loss against weights; every drawn code is tried in two ways."""
    exact = max(np.linalg.norm(hardmax_features(c) - c, axis=1).max() for c in codes)
    generator = np.random.default_rng(1)
    excess = []
    for points in codes:
        # The averaging of the proof, on any features: <w_k, h> is at least the worst margin.
        for scale in (1e-3, 0.1, 1.0):
            features = points + scale * generator.normal(size=points.shape)
            features /= np.linalg.norm(features, axis=1, keepdims=True)
            logits = features @ points.T
            own = logits.diagonal().copy()
            np.fill_diagonal(logits, -np.inf)
            excess.append((own - logits.max(axis=1) - own).max())
    return Evidence(
        (
            Measure("largest |h_k - w_k|", exact, "<=", 1e-7),
            Measure("largest excess of a margin over <w_k, h>", np.max(excess), "<=", 1e-9),
        )
    )


@cache
def line_case(num_points):
    """Decide by enumeration what holds of n points on a line, where vectors are 1 or -1.

    Parameters
    ----------
    num_points : int

    Returns
    -------
    dict of str to bool
        ``self_dual`` every hardmax code has H = W; ``equal`` softmax codes are the spherical
        ones; ``tight`` no softmax rattler; ``jammed`` no Tammes rattler; ``unique`` one code up
        to order and sign.
    """
    codes = list(product((1, -1), repeat=num_points))
    rest = [[j for j in range(num_points) if j != k] for k in range(num_points)]
    distances = {
        w: [0 if any(w[j] == w[k] for j in rest[k]) else 2 for k in range(num_points)]
        for w in codes
    }
    tops = {w: [max(w[j] * w[k] for j in rest[k]) for k in range(num_points)] for w in codes}
    best = max(min(r) for r in distances.values())
    least = min(max(t) for t in tops.values())
    softmax_codes = [w for w in codes if min(distances[w]) == best]
    spherical_codes = [w for w in codes if max(tops[w]) == least]
    hardmax_codes = [
        (w, h)
        for w in codes
        for h in codes
        if min((w[k] - w[j]) * h[k] for k in range(num_points) for j in rest[k]) == best
    ]
    return {
        "self_dual": all(w == h for w, h in hardmax_codes),
        "equal": set(softmax_codes) == set(spherical_codes),
        "tight": all(max(distances[w]) == best for w in softmax_codes),
        "jammed": all(min(tops[w]) == least for w in spherical_codes),
        "unique": len({abs(sum(w)) for w in softmax_codes}) == 1,
    }


@cache
def sampled_case(sizes, free):
    """Look at drawn codes of a type of the orthoplex regime, or at the simplex of one batch.

    Parameters
    ----------
    sizes : tuple of int
    free : int

    Returns
    -------
    dict of str to bool
        As `line_case`.
    """
    if len(sizes) == 1:
        codes, best = [simplex_etf(sizes[0])], sizes[0] / (sizes[0] - 1)
    else:
        codes, best = [orthoplex_code(sizes, free=free, seed=s) for s in range(4)], 1.0
    distances = np.array([one_vs_rest_distances(points) for points in codes])
    grams = np.array([np.sort(gram_matrix(points), axis=None) for points in codes])
    return {
        "self_dual": all(angles(c, hardmax_features(c)).max() < ATTAINED for c in codes),
        "equal": all(abs(best - 1 + coherence(c)) < ATTAINED for c in codes)
        and np.abs(distances.min(axis=1) - best).max() < ATTAINED,
        "tight": distances.max() - best < ATTAINED,
        "jammed": max(tammes_gaps(c).max() for c in codes) < ATTAINED,
        "unique": np.abs(grams - grams[0]).max() < ATTAINED,
    }


def check_equivalence(conditions):
    """Compare `conditions`, functions of a case, with self-duality, case by case."""
    cases = [line_case(count) for count in (2, 3, 4)]
    shapes = [((4,), 0), ((2, 2), 0), ((2, 3), 0), ((2, 2), 1), ((3, 3), 0), ((2, 4), 2)]
    cases += [sampled_case(*shape) for shape in shapes]
    disagree = sum(case["self_dual"] != test(case) for case in cases for test in conditions)
    both = {case["self_dual"] for case in cases}
    return Evidence(
        (
            Measure("kinds of cases, self-dual and not", len(both), "==", 2),
            Measure(f"disagreements in {len(cases)} cases", disagree, "==", 0),
        )
    )


def drift(points):
    r"""First-order drift of features, and the numbers of wrong classes they feel.

    Parameters
    ----------
    points : ndarray, shape (num_points, dimension)
        A code of coherence 0 without free points.

    Returns
    -------
    drifts : ndarray, shape (num_points, dimension), float64
        $x_k$: in the span of the batches that do not hold k, with
        $\langle w_j,x_k\rangle=\log p_j+H(p)$ in each of them.
    counts : ndarray, shape (num_points,), float64
        Sums of $e^{H(p)}$ over these batches.
    """
    _, batches = orthogonal_batches(points)
    drifts, counts = np.zeros_like(points), np.zeros(len(points))
    for batch in map(list, batches):
        shares = np.abs(np.linalg.eigh(points[batch] @ points[batch].T)[1][:, 0])
        shares /= shares.sum()
        entropy = -(shares * np.log(shares)).sum()
        move = np.linalg.pinv(points[batch], rcond=1e-6) @ (np.log(shares) + entropy)
        outside = np.setdiff1d(np.arange(len(points)), batch)
        drifts[outside] += move
        counts[outside] += np.exp(entropy)
    return drifts, counts


def full_code(sizes, least=0.1):
    """Draw codes without free points until all products inside batches are at most -least.

    Parameters
    ----------
    sizes : tuple of int
    least : float

    Returns
    -------
    ndarray, shape (num_points, dimension), float64
    """
    for seed in range(2000):
        points = orthoplex_code(sizes, seed=seed)
        gram = gram_matrix(points)
        inside = [
            gram[np.ix_(b, b)].max(where=~np.eye(len(b), dtype=bool), initial=-1)
            for b in map(list, orthogonal_batches(points)[1])
        ]
        if max(inside) <= -least:
            return points
    raise ArithmeticError(f"sizes: no code of batches {sizes} with products below {-least} drawn")


def check_rate(counts):
    """Drift and loss at low temperature against their limits, batch weights by `counts`."""
    moves, losses, pulls = [], [], []
    for sizes in ((2, 3), (3, 3), (4, 3, 2)):
        points = full_code(sizes)
        drifts, _ = drift(points)
        expected = counts(points)
        batches = orthogonal_batches(points)[1]
        for batch in map(list, batches):  # where the sum of exponentials is least, by the proof
            outside = np.setdiff1d(np.arange(len(points)), batch)[0]
            pulls.append(np.exp(points[batch] @ drifts[outside]) @ points[batch])
        for temperature in (0.01, 0.005):
            features, logs = soft_features(points, temperature)
            moved = (features - points) / temperature
            moves.append(np.linalg.norm(moved - drifts, axis=1).max() / temperature)
            losses.append(np.abs(np.exp(logs + 1 / temperature) - expected).max() / temperature)
    return Evidence(
        (
            Measure(
                "largest gradient of the sum over a batch at the drift",
                max(map(np.linalg.norm, pulls)),
                "<=",
                1e-9,
            ),
            Measure("largest error of the drift over tau", np.max(moves), "<=", 10),
            Measure("largest error of the count over tau", np.max(losses), "<=", 10),
        )
    )


@cache
def rattling_code():
    """Return the best 19 points in space that six random starts find, the rattler centred.

    Returns
    -------
    ndarray, shape (19, 3), float64
    """
    rough = [coherence(spread_out(19, 3, seed, (10.0, 100.0))) for seed in range(6)]
    best = min(range(6), key=lambda seed: (round(rough[seed], 5), seed))  # many starts tie
    points = spread_out(19, 3, best, (10.0, 100.0, 1e3, 1e4, 1e5))
    return centred(points, int(tammes_gaps(points).argmax()))


def centred(points, row):
    """Move one point on the sphere to where it is farthest from its neighbours.

    Parameters
    ----------
    points : ndarray, shape (num_points, 3)
    row : int

    Returns
    -------
    ndarray, shape (num_points, 3), float64
        The point at equal distance from three others, of all such near its old place the one
        whose largest product is least.
    """
    rest = np.delete(points, row, axis=0)
    near = rest[np.argsort(rest @ points[row])[-6:]]
    normals = [np.cross(b - a, c - a) for a, b, c in combinations(near, 3)]
    places = np.array(normals) / np.linalg.norm(normals, axis=1, keepdims=True)
    places *= np.sign(places @ points[row])[:, None]
    largest = np.where(places @ points[row] > 0.9, (places @ rest.T).max(axis=1), np.inf)
    moved = points.copy()
    moved[row] = places[largest.argmin()]
    return moved


def room(points, row, num_directions=360):
    """How far one point can move in every direction without a product above the coherence.

    Parameters
    ----------
    points : ndarray, shape (num_points, 3)
    row : int
    num_directions : int

    Returns
    -------
    outline : ndarray, shape (num_directions, 2), float64
        Ends of the moves in degrees, in a tangent plane.
    tangent : ndarray, shape (2, 3), float64
        Basis of that plane.
    """
    limit = coherence(np.delete(points, row, axis=0))
    rest, tangent = np.delete(points, row, axis=0), np.linalg.svd(points[[row]])[2][1:]
    turns = 2 * np.pi * np.arange(num_directions) / num_directions
    planar = np.column_stack([np.cos(turns), np.sin(turns)])
    # On the great circle cos(t) a + sin(t) b = amplitude cos(t - phase) reaches the limit at t.
    own, along = rest @ points[row], planar @ tangent @ rest.T
    amplitude, phase = np.hypot(own, along), np.arctan2(along, own)
    reach = phase - np.arccos(np.clip(limit / amplitude, -1, 1))
    reach[(reach < 0) | (amplitude < limit)] = np.inf
    return np.degrees(reach.min(axis=1))[:, None] * planar, tangent


def turned_margin(points, row, angle):
    """Worst margin of a code with its own rows as features, one of them turned aside.

    Parameters
    ----------
    points : ndarray, shape (num_points, dimension)
    row : int
    angle : float
        In degrees.

    Returns
    -------
    float
    """
    features, side = points.copy(), np.linalg.svd(points[[row]])[2][1]
    turn = np.radians(angle)
    features[row] = np.cos(turn) * points[row] + np.sin(turn) * side
    return -hardmax_loss(points, features)


def feature_arcs(weights):
    """Angles on the circle of the features whose margins all reach the one-vs-rest distance.

    Parameters
    ----------
    weights : ndarray, shape (num_points, 2)

    Returns
    -------
    ndarray, shape (num_points, 2), float64
        First and last angle of the arc of each class, in degrees; equal without rattler.
    """
    best, features = one_vs_rest_distances(weights).min(), hardmax_features(weights)
    arcs = []
    for k, feature in enumerate(features):
        normals = weights[k] - np.delete(weights, k, axis=0)
        reach = np.arccos(np.clip(best / np.linalg.norm(normals, axis=1), -1, 1))
        across = np.array([-feature[1], feature[0]])
        offsets = np.arctan2(normals @ across, normals @ feature)
        middle = np.arctan2(feature[1], feature[0])
        arcs.append((middle + (offsets - reach).max(), middle + (offsets + reach).min()))
    return np.degrees(arcs)


def check_rattler(points):
    """A code whose one rattler may be moved, and whose features are then not unique."""
    gaps, distances = tammes_gaps(points), one_vs_rest_distances(points)
    rattler = int(gaps.argmax())
    share = turned_margin(points, rattler, 0.3) / distances.min()
    slack = distances[rattler] - distances.min()
    least = np.linalg.norm(room(points, rattler)[0], axis=1).min()
    return Evidence(
        (
            Measure("points that miss the coherence", int((gaps > 1e-3).sum()), "==", 1),
            Measure("gap of the rattler", round(gaps[rattler], 4), ">=", 5e-3),
            Measure("its distance above the least", round(slack, 4), ">=", 5e-3),
            Measure("least room of the rattler, degrees", round(least, 2), ">=", 0.3),
            Measure("margin over distance, its feature turned by 0.3 degrees", share, ">=", 0.9999),
        )
    )


CLAIMS = (
    Claim(
        identifier="prop-self-dual-equal",
        page=PAGE,
        statement="Every hardmax code is self-dual if and only if softmax codes are the spherical "
        "codes and no softmax code has a softmax rattler.",
        kind="proved",
        source="here, sharpening jiang2024 as restated in alcala2026",
        hypotheses="none on Tammes rattlers",
        checker=check_equivalence,
        instance=lambda: {"conditions": [lambda case: case["equal"] and case["tight"]]},
        control_statement="if and only if softmax codes are the spherical codes, rattlers or not",
        control=lambda: {"conditions": [lambda case: case["equal"]]},
    ),
    Claim(
        identifier="lem-no-softmax-rattler",
        page=PAGE,
        statement="In the orthoplex regime every point of a softmax code has distance 1 to the "
        "hull of the others, attained at 0.",
        kind="proved",
        source="alcala2026, reconstructed; proof here",
        hypotheses="d + 2 <= n <= 2d, softmax code",
        checker=check_no_softmax_rattler,
        instance=lambda: {"codes": regime_codes()},
        control_statement="for every code of coherence 0, with n = d + 1 too",
        control=lambda: {"codes": one_dependency_codes()},
    ),
    Claim(
        identifier="lem-no-tammes-rattler",
        page=PAGE,
        statement="In the orthoplex regime every point of a spherical code is orthogonal to "
        "another.",
        kind="proved",
        source="alcala2026, reconstructed; proof here",
        hypotheses="d + 2 <= n <= 2d, spherical code",
        checker=check_no_tammes_rattler,
        instance=lambda: {"codes": regime_codes()},
        control_statement="for every code of coherence 0, with n = d + 1 too",
        control=lambda: {"codes": one_dependency_codes()},
    ),
    Claim(
        identifier="thm-self-dual",
        page=PAGE,
        statement="In the orthoplex regime a hardmax code has features equal to weights.",
        kind="proved",
        source="alcala2026, reconstructed; proof here",
        hypotheses="d + 2 <= n <= 2d, hardmax code",
        checker=check_self_dual,
        instance=lambda: {"codes": regime_codes()},
        control_statement="0 in the hull of the others suffices, softmax code or not",
        control=lambda: {"codes": crowded_codes()},
    ),
    Claim(
        identifier="cor-three-equivalent",
        page=PAGE,
        statement="Equivalent: every hardmax code is self-dual; no softmax code has a softmax "
        "rattler; no spherical code has a Tammes rattler.",
        kind="proved",
        source="here",
        hypotheses="n at least 2, any dimension",
        checker=check_equivalence,
        instance=lambda: {"conditions": [lambda case: case["tight"], lambda case: case["jammed"]]},
        control_statement="equivalent to the code being unique up to rotation and order",
        control=lambda: {"conditions": [lambda case: case["unique"]]},
    ),
    Claim(
        identifier="prop-duality-rate",
        page=PAGE,
        statement="With weights fixed, features of least loss leave a code at a speed, in "
        "temperature, that the dependencies of the other batches determine; a batch counts in "
        "the loss as the perplexity of its dependency.",
        kind="proved",
        source="here",
        hypotheses="coherence 0, n >= d + 2, no free points, negative products inside batches",
        checker=check_rate,
        instance=lambda: {"counts": lambda points: drift(points)[1]},
        control_statement="a batch counts as its number of points",
        control=lambda: {"counts": _points_outside},
    ),
    Claim(
        identifier="obs-duality-rattler",
        page=PAGE,
        statement="The best 19 points in space found have one rattler, with room on every side, "
        "and its feature is not unique.",
        kind="observed",
        source="here",
        hypotheses="best of six starts; not proved optimal",
        checker=check_rattler,
        instance=lambda: {"points": rattling_code()},
        control_statement="seven points have one as well",
        control=lambda: {"points": spread_out(7, 3, 0, (10.0, 100.0, 1e3, 1e4, 1e5))},
    ),
)


def _points_outside(points):
    sizes = np.zeros(len(points))
    for batch in orthogonal_batches(points)[1]:
        sizes[list(batch)] = len(batch)
    return len(points) - sizes
