"""Claims of the page on temperature: which softmax code cross-entropy prefers, and when."""

from functools import partial

import mpmath
import numpy as np
from flint import arb
from scipy.linalg import block_diag
from scipy.optimize import minimize

from neuralcollapse.claims.claim import Claim, Evidence, Measure
from neuralcollapse.codes import (
    batch_loss,
    cross_entropy,
    graph_code,
    high_entropy_code,
    lemma15_thresholds,
    low_entropy_code,
    orthogonal_batches,
    orthoplex_code,
    union_of_simplices,
)
from neuralcollapse.codes.convexity import curvature, curvature_slopes
from neuralcollapse.codes.phases import contenders
from neuralcollapse.geometry import simplex_etf
from neuralcollapse.geometry.arrays import as_directions

PAGE = "codes/temperature"
BOXES = 20_000  # a bisection that needs more has failed
_LEAD = 1e-9  # a relative difference of losses that is no rounding


def partitions(total, parts, largest=None):
    """All descending tuples of `parts` positive whole numbers with the given sum."""
    largest = total if largest is None else largest
    if parts == 0:
        return [()] if total == 0 else []
    return [
        (first, *rest)
        for first in range(min(largest, total - parts + 1), 0, -1)
        for rest in partitions(total - first, parts - 1, first)
    ]


def simplex_dimensions(points):
    """What the batches of a softmax code span, in descending order."""
    return tuple(sorted((len(batch) - 1 for batch in orthogonal_batches(points)[1]), reverse=True))


def best_dimensions(num_points, dimension, temperature):
    """The tuple of least loss, by trying all."""
    return min(
        partitions(dimension, num_points - dimension),
        key=lambda t: batch_loss(num_points, temperature, t).sum(),
    )


def deleted_orthoplex(num_points, dimension):
    """Antipodal pairs first, then single vectors: an orthoplex without some vertices."""
    pairs = np.eye(dimension)[: num_points - dimension]
    return np.vstack([pairs, -pairs, np.eye(dimension)[num_points - dimension :]])


def random_softmax_code(num_points, dimension, generator, free):
    """A softmax code of the orthoplex regime with `free` points outside its batches.

    Parameters
    ----------
    num_points, dimension : int
    generator : numpy.random.Generator
    free : int

    Returns
    -------
    ndarray, shape (num_points, dimension)
    """
    rest = num_points - free
    count = int(generator.integers(num_points - dimension, rest // 2 + 1))
    sizes = 2 + generator.multinomial(rest - 2 * count, np.full(count, 1 / count))
    return orthoplex_code(sizes, free=free, dimension=dimension, seed=generator)


def batch_sum(points, outside, temperature):
    r"""The sum $\Phi_c$ of Lemma 13 and its gradient, for points of any length scaled to 1.

    Parameters
    ----------
    points : ndarray, shape (size, dimension)
    outside : float
        $c$, not negative.
    temperature : float

    Returns
    -------
    float, ndarray of the shape of `points`
    """
    lengths = np.linalg.norm(points, axis=1, keepdims=True)
    unit = points / lengths
    powers = np.exp((unit @ unit.T - 1) / temperature)
    totals = outside + powers.sum(1, keepdims=True)
    pull = powers / (totals * temperature)
    gradient = (pull + pull.T) @ unit
    gradient -= (gradient * unit).sum(1, keepdims=True) * unit
    return np.log(totals).sum(), gradient / lengths


def check_simplex_batch(extras):
    """Descend on the sum of batches of `dimension + extra` points from random starts."""
    excesses, spreads = [], []
    rng = np.random.default_rng(0)
    sizes = [(d + extra, d) for d in (2, 3, 4) for extra in extras if d + extra >= 2]
    for size, dimension in sizes:
        for outside, tau in ((0.0, 0.2), (0.1, 0.5), (3.0, 0.4), (0.5, 2.0)):
            bound = size * np.log1p(outside + (size - 1) * np.exp(-size / (size - 1) / tau))
            ends = [
                _descend_batch(rng.normal(size=(size, dimension)), outside, tau) for _ in range(3)
            ]
            loss, points = min(ends, key=lambda end: end[0])
            excesses.append(loss - bound)
            spreads.append(np.ptp((points @ points.T)[~np.eye(size, dtype=bool)]))
    return Evidence(
        (
            Measure("least excess over a simplex", np.min(excesses), ">=", -1e-12),
            Measure("largest, of the best descent", np.max(excesses), "<=", 1e-9),
            Measure("its cosines agree to 1e-4 (1: yes)", np.max(spreads) <= 1e-4, "==", 1),
        )
    )


def _descend_batch(start, outside, temperature):
    """Where descent on the sum of a batch ends: its value and the points."""
    found = minimize(
        lambda flat: _flat(batch_sum(flat.reshape(start.shape), outside, temperature)),
        start.ravel(),
        jac=True,
        method="L-BFGS-B",
        options={"ftol": 1e-15, "gtol": 1e-9},
    )
    return found.fun, as_directions(found.x.reshape(start.shape))


def check_no_free_batch(rival):
    """Try to beat the code `rival(num_points, dimension, temperature)` with codes of all kinds."""
    rng = np.random.default_rng(1)
    gaps, steps = [], []
    for num_points, dimension in ((5, 3), (6, 4), (7, 4), (8, 5), (9, 6)):
        for tau in (0.05, 0.3, 0.6, 2.0):
            best = cross_entropy(*2 * (rival(num_points, dimension, tau),), tau)
            for trial in range(8):
                free = trial % (2 * dimension - num_points + 1)
                points = random_softmax_code(num_points, dimension, rng, free)
                loss = cross_entropy(points, points, tau)
                gaps.append(loss / best - 1)
                merged = _merge(points)
                if merged is not None:
                    steps.append(loss / cross_entropy(*2 * (block_diag(*merged),), tau) - 1)
            union = union_of_simplices(best_dimensions(num_points, dimension, tau))
            gaps.append(cross_entropy(union, union, tau) / best - 1)
    return Evidence(
        (
            Measure("least relative gap to the rival's loss", np.min(gaps), ">=", -1e-12),
            Measure("least relative gain by a step of the proof", np.min(steps), ">=", 1e-9),
        )
    )


def check_loss_of_dimensions(loss):
    """Compare the cross-entropy of unions of simplices with sums of `loss(n, tau, x)`."""
    gaps = []
    for num_points, dimension in ((4, 2), (5, 3), (6, 4), (9, 6), (12, 7)):
        for dimensions in partitions(dimension, num_points - dimension):
            points = union_of_simplices(dimensions)
            for tau in (0.02, 0.3, 1.0, 10.0):
                summed = np.sum(loss(num_points, tau, np.array(dimensions, dtype=float)))
                gaps.append(summed / (num_points * cross_entropy(points, points, tau)) - 1)
    return Evidence((Measure("largest relative gap", np.max(np.abs(gaps)), "<=", 1e-12),))


def unproved(verdict, region):
    """Bisect a region until `verdict` proves a statement on every box.

    Parameters
    ----------
    verdict : callable
        Takes one arb a side of the box; True if the statement is proved on the box, False if it
        is refuted there, None if the box is too wide to tell.
    region : sequence of (low, high)

    Returns
    -------
    proved, failed : int
        Boxes proved, and boxes refuted or left open; the search ends with the first of those.
    """
    stack, proved = [tuple(region)], 0
    while stack:
        box = stack.pop()
        answer = verdict(*(arb(low).union(arb(high)) for low, high in box))
        if answer:
            proved += 1
            continue
        if answer is False or proved + len(stack) > BOXES:
            return proved, 1
        shares = [
            (high - low) / (top - bottom) if top > bottom else 0
            for (low, high), (bottom, top) in zip(box, region, strict=True)
        ]
        side = int(np.argmax(shares))
        low, high = box[side]
        if max(shares) < 1e-9:
            return proved, 1
        for half in ((low, (low + high) / 2), ((low + high) / 2, high)):
            stack.append((*box[:side], half, *box[side + 1 :]))
    return proved, 0


def has_sign(sign, *box):
    """Whether the second derivative of the batch loss has one sign on a box (r, beta, share)."""
    value = sign * curvature(*box)
    return True if value > 0 else False if value < 0 else None


def falls(slopes, *box):
    """Whether a function with these slopes falls in r and in beta on a box; None if not clear."""
    slopes = slopes(*box)
    if all(slope < 0 for slope in slopes):
        return True
    return False if any(slope > 0 for slope in slopes) else None


def has_sign_at_corner(sign, share, *box):
    """As `has_sign`, by the corner where the falling sign function is nearest to zero."""
    if falls(curvature_slopes, *box, share) is not True:
        return has_sign(sign, *box, share)
    ends = [side.upper() if sign > 0 else side.lower() for side in box]
    return has_sign(sign, *ends, share)


def check_concave_convex(concave_below, convex_above):
    """Prove the sign of the second derivative, and the other sign beyond the temperatures.

    Parameters
    ----------
    concave_below, convex_above : callable
        Of n and the end b of the interval [1, b]. Signs are proved 1e-9 away from what they
        return: on the whole interval on one side, at b and at 1 on the other.
    """
    failed, dull, cases = [0, 0], [0, 0], 0
    for num_points in (4, 5, 8, 26, 100):
        share = 1 / arb(num_points - 1)
        for largest in (num_points - 1, num_points - 3):
            if largest == 1:
                continue
            low, high = (f(num_points, largest) for f in (concave_below, convex_above))
            ratios = (np.nextafter(1 / largest, 0), 1.0)
            cold, warm = (1 / (low - 1e-9), 3.0), (0.0, 1 / (high + 1e-9))
            for place, (sign, betas) in enumerate(((-1, cold), (1, warm))):
                verdict = partial(has_sign_at_corner, sign, share)
                failed[place] += unproved(verdict, (ratios, betas))[1]
            dull[0] += not curvature(1 / arb(largest), 1 / arb(low + 1e-9), share) > 0
            dull[1] += not curvature(arb(1), 1 / arb(high - 1e-9), share) < 0
            cases += 1
    return Evidence(
        (
            Measure("pairs (n, b) tried", cases, "==", 9),
            Measure("concavity not proved below, beta up to 3", failed[0], "==", 0),
            Measure("convexity not proved above", failed[1], "==", 0),
            Measure("concavity not refuted above tau_minus", dull[0], "==", 0),
            Measure("convexity not refuted below tau_plus", dull[1], "==", 0),
        )
    )


def check_one_bend(slopes):
    """Hold the second derivative against its closed form, and prove that its sign function falls.

    Parameters
    ----------
    slopes : callable
        Of the balls r, beta and share: the slopes in r and in beta, up to positive factors.
    """
    rng = np.random.default_rng(2)
    gaps = []
    with mpmath.workdps(40):
        for _ in range(40):
            n = int(rng.integers(4, 40))
            x, beta = mpmath.mpf(rng.uniform(1, n - 1)), mpmath.mpf(rng.uniform(0.2, 4))

            def loss(x, n=n, beta=beta):
                inside = x * mpmath.exp(-(1 + 1 / x) * beta) + (n - 1 - x) * mpmath.exp(-beta)
                return (x + 1) * mpmath.log1p(inside)

            gaps.append(float(abs(mpmath.diff(loss, x, 2) / _bending(n, x, beta) - 1)))
    _, failed = unproved(partial(falls, slopes), ((0.0, 1.0), (0.0, 3.0), (0.0, 0.34)))
    return Evidence(
        (
            Measure("second derivative against its closed form", np.max(gaps), "<=", 1e-12),
            Measure("boxes on which the sign function is not proved to fall", failed, "==", 0),
        )
    )


def undivided_slopes(ratio, beta, share):
    """As `curvature_slopes`, of the sign function times r, which vanishes at r = 0."""
    along_ratio, along_beta = curvature_slopes(ratio, beta, share)
    return curvature(ratio, beta, share) + ratio * beta**2 * along_ratio, ratio * along_beta


def check_absolute(convex_beta):
    """Prove the second derivative positive for all n from 4 on and all x from 1 on."""
    # 1/3 and the decimal may have been rounded down, and the binding corner must lie inside
    beta, share = np.nextafter(convex_beta, 2), np.nextafter(1 / 3, 1)
    _, failed = unproved(partial(has_sign, 1), ((0.0, 1.0), (0.0, beta), (0.0, share)))
    _, hot = unproved(partial(has_sign, 1), ((0.0, 1.0), (0.0, 1.0), (0.0, 1.0)))
    return Evidence(
        (
            Measure("boxes not proved convex, n from 4 on", failed, "==", 0),
            Measure("boxes not proved convex, n from 2 on, beta up to 1", hot, "==", 0),
        )
    )


def check_contenders(candidates):
    """Look for a best tuple among `candidates`, for losses that are concave, then convex."""
    rng = np.random.default_rng(3)
    missed = trials = 0
    for num_points, dimension in ((6, 4), (9, 6), (12, 9), (14, 10), (16, 12)):
        tuples = partitions(dimension, num_points - dimension)
        among = set(candidates(num_points, dimension))
        widest = 2 * dimension - num_points + 1
        for _ in range(150):
            bends = rng.exponential(size=widest) ** 3
            bends[: rng.integers(widest + 1)] *= -1
            loss = np.cumsum(np.cumsum(bends))
            best = tuples[int(np.argmin([sum(loss[x - 1] for x in t) for t in tuples]))]
            missed += best not in among
            trials += 1
        for tau in np.linspace(0.3, 0.65, 80):
            missed += best_dimensions(num_points, dimension, tau) not in among
            trials += 1
    return Evidence(
        (
            Measure("best tuples that are not among the candidates", missed, "==", 0),
            Measure("losses tried", trials, ">=", 1),
        )
    )


def check_temperature(features):
    """Try to beat low entropy below and high entropy above the thresholds.

    Parameters
    ----------
    features : callable
        Of weights and temperature: the features that go with them.
    """
    leads, gaps = [], []
    for num_points in range(4, 13):
        low, high = (float(t) for t in lemma15_thresholds(num_points, 9))
        for dimension in range((num_points + 1) // 2, num_points - 1):
            for tau, winner in (
                (0.05, low_entropy_code),
                (low, low_entropy_code),
                (high, high_entropy_code),
                (5.0, high_entropy_code),
            ):
                code = winner(num_points, dimension)
                least = batch_loss(num_points, tau, simplex_dimensions(code)).sum()
                leads += [
                    batch_loss(num_points, tau, dimensions).sum() / least - 1
                    for dimensions in _rivals(code)
                ]
    for num_points, dimension in ((5, 3), (6, 4), (8, 5)):
        low, high = (float(t) for t in lemma15_thresholds(num_points, 9))
        for tau, winner in (
            (0.05, low_entropy_code),
            (low, low_entropy_code),
            (high, high_entropy_code),
        ):
            code = winner(num_points, dimension)
            best = cross_entropy(code, features(code, tau), tau)
            for points in _challengers(code, tau):
                gaps.append(cross_entropy(points, features(points, tau), tau) / best - 1)
    return Evidence(
        (
            Measure("least relative lead over another tuple", np.min(leads), ">=", _LEAD),
            Measure("least relative lead over a code of another kind", np.min(gaps), ">=", _LEAD),
        )
    )


def _rivals(code):
    """All tuples of dimensions but that of a code."""
    num_points, dimension = code.shape
    tuples = partitions(dimension, num_points - dimension)
    return [t for t in tuples if t != simplex_dimensions(code)]


def best_features(points, temperature):
    """For every point the unit feature of least cross-entropy, found by descent from the point."""

    def wrong(vector, margins):  # log sum over wrong classes: the loss grows with it
        length = np.linalg.norm(vector)
        unit = vector / length
        logits = margins @ unit / temperature
        top = logits.max()
        powers = np.exp(logits - top)
        gradient = powers @ margins / (powers.sum() * temperature)
        return top + np.log(powers.sum()), (gradient - gradient @ unit * unit) / length

    found = []
    for k, point in enumerate(points):
        result = minimize(
            wrong,
            point,
            args=(np.delete(points, k, axis=0) - point,),
            jac=True,
            method="L-BFGS-B",
            options={"ftol": 1e-15, "gtol": 1e-10},
        )
        found.append(result.x / np.linalg.norm(result.x))
    return np.array(found)


def flattened_triangle(flattening):
    r"""An isosceles triangle on the circle, its base moved towards a diameter.

    Parameters
    ----------
    flattening : float
        $\delta$ in (0, 1/2): the weight of the apex in the dependency of the three vectors.
        One third gives the regular triangle.

    Returns
    -------
    ndarray, shape (3, 2)
    """
    s = flattening / (1 - flattening)
    return np.array([[np.sqrt(1 - s * s), -s], [-np.sqrt(1 - s * s), -s], [0, 1]])


def _challengers(code, temperature):
    """Softmax codes of all other kinds, the best of each by hill climbing at equal features."""
    num_points, dimension = code.shape
    rng = np.random.default_rng(4)
    for dimensions in _rivals(code):
        yield union_of_simplices(dimensions)
    if 2 * dimension - num_points == 1:  # the low-entropy code holds a triangle
        for flattening in (0.05, 0.15, 0.25):
            pairs = [simplex_etf(2, 1)] * (num_points - dimension - 1)
            yield block_diag(flattened_triangle(flattening), *pairs)
    for free in range(2 * dimension - num_points + 1):
        rest = num_points - free
        for count in range(num_points - dimension, rest // 2 + 1):
            sizes = 2 + rng.multinomial(rest - 2 * count, np.full(count, 1 / count))
            yield _climb(free, sizes, temperature, rng)


def _climb(free, sizes, temperature, rng, steps=25):
    """Change the edges of batches at random and keep what lowers the loss at equal features."""

    pattern = block_diag(np.ones((free, free)), *(np.ones((size, size)) for size in sizes))
    edges = pattern * (1 - np.eye(len(pattern)))
    logs = rng.normal(size=edges.shape)
    best, points = np.inf, None
    for step in range(steps):
        trial = logs + (1.5 * 0.85**step) * rng.normal(size=edges.shape)
        leaks = np.exp(2 * trial.diagonal()) * (np.arange(len(edges)) < free)
        built = graph_code(edges * np.exp(trial + trial.T), leaks=leaks)
        loss = np.log(np.exp((built @ built.T - 1) / temperature).sum(1)).mean()
        if loss < best:
            best, logs, points = loss, trial, built
    return points


def _merge(points):
    """The step of the proof that lowers the loss, as blocks, or None where there is none."""
    free, batches = orthogonal_batches(points)
    if len(free) >= 2:
        return [simplex_etf(len(free)), *(points[list(batch)] for batch in batches)]
    if free or len(points) - len(batches) < points.shape[1]:
        first, second, *rest = [free, *batches] if free else batches
        return [simplex_etf(len(first) + len(second)), *(points[list(batch)] for batch in rest)]
    return None


def _bending(n, x, beta):
    """The second derivative of the batch loss by its closed form, in mpmath."""
    u = beta / x
    second = (mpmath.exp(u) - 1 - u) / u**2
    third = (mpmath.exp(u) - 1 - u - u**2 / 2) / u**3
    inner = mpmath.exp(beta) + n - 1 - x * (1 - mpmath.exp(-u))
    sign = 1 - 2 * beta * third
    sign -= (1 + 1 / x) * beta**2 * second**2 * mpmath.exp(-u) / inner
    return beta**2 * mpmath.exp(-u) / (x**3 * inner) * sign


def _flat(value_and_gradient):
    value, gradient = value_and_gradient
    return value, gradient.ravel()


def _weights_as_features(points, temperature):
    return points


def _best_union(num_points, dimension, temperature):
    return union_of_simplices(best_dimensions(num_points, dimension, temperature))


def _without_single(num_points, dimension):
    return [t for t in contenders(num_points, dimension) if _is_chain(t)]


def _is_chain(dimensions):
    large = [x for x in dimensions if x > 1]
    return not large or large[0] - large[-1] <= 1


def _one_point_too_many(num_points, temperature, x):
    inside = x * np.exp(-(1 + 1 / x) / temperature) + (num_points - x) * np.exp(-1 / temperature)
    return (x + 1) * np.log1p(inside)


CLAIMS = (
    Claim(
        identifier="lem-simplex-batch",
        page=PAGE,
        statement="A batch of at most one point more than it has dimensions, beside any constant, "
        "has the least loss exactly if it is a regular simplex.",
        kind="proved",
        source="alcala2026, Lemma 13, reconstructed",
        hypotheses="2 <= p <= d' + 1, c >= 0, any temperature",
        checker=check_simplex_batch,
        instance=lambda: {"extras": (1, 0, -1)},
        control_statement="for p = d' + 2 points too",
        control=lambda: {"extras": (2,)},
    ),
    Claim(
        identifier="lem-no-free-batch",
        page=PAGE,
        statement="A softmax code of least loss at H = W has no independent batch, spans the "
        "space and has n - d batches.",
        kind="proved",
        source="alcala2026, Lemma 14, reconstructed",
        hypotheses="d + 2 <= n <= 2d, H = W",
        checker=check_no_free_batch,
        instance=lambda: {"rival": _best_union},
        control_statement="an orthoplex without some vertices has the least loss at H = W",
        control=lambda: {"rival": lambda n, d, tau: deleted_orthoplex(n, d)},
    ),
    Claim(
        identifier="prop-loss-of-dimensions",
        page=PAGE,
        statement="The summed loss of orthogonal regular simplices depends on their dimensions "
        "only and is the sum of f(x).",
        kind="proved",
        source="alcala2026, reconstructed",
        hypotheses="orthogonal regular simplices, H = W",
        checker=check_loss_of_dimensions,
        instance=lambda: {"loss": batch_loss},
        control_statement="with n - x classes outside the batch instead of n - 1 - x",
        control=lambda: {"loss": _one_point_too_many},
    ),
    Claim(
        identifier="prop-one-bend",
        page=PAGE,
        statement="The sign of f'' at 1/x = r and inverse temperature beta is that of a function "
        "that falls in both, for every n from 4 on: f is concave, then convex.",
        kind="certified",
        source="here",
        hypotheses="n >= 4, x >= 1 real; certified for beta <= 3, the ends by hand",
        checker=check_one_bend,
        instance=lambda: {"slopes": curvature_slopes},
        control_statement="the same of r P, the second derivative before r is divided out",
        control=lambda: {"slopes": undivided_slopes},
    ),
    Claim(
        identifier="lem-concave-convex",
        page=PAGE,
        statement="On [1, b] the batch loss is strictly concave just up to one and strictly "
        "convex just from another temperature on, both computed.",
        kind="proved",
        source="alcala2026, Lemma 15, reconstructed and sharpened",
        hypotheses="n >= 4, 1 < b <= n - 1",
        checker=check_concave_convex,
        instance=lambda: {
            "concave_below": lambda n, b: float(lemma15_thresholds(n, 12, largest=b)[0]),
            "convex_above": lambda n, b: float(lemma15_thresholds(n, 12, largest=b)[1]),
        },
        control_statement="convex at every temperature above 1/2",
        control=lambda: {
            "concave_below": lambda n, b: float(lemma15_thresholds(n, 12, largest=b)[0]),
            "convex_above": lambda n, b: 0.5,
        },
    ),
    Claim(
        identifier="cor-absolute-temperatures",
        page=PAGE,
        statement="For every n, f is strictly concave for tau <= 1/3 and strictly convex for "
        "tau >= 1; for every n from 4 on it is strictly convex for tau >= 1/1.646.",
        kind="certified",
        source="here",
        hypotheses="x >= 1 real; the concave half is proved by hand, not certified",
        checker=check_absolute,
        instance=lambda: {"convex_beta": 1.646},
        control_statement="convex for tau >= 1/1.6465",
        control=lambda: {"convex_beta": 1.6465},
    ),
    Claim(
        identifier="prop-contenders",
        page=PAGE,
        statement="A best tuple consists of ones, at most one further part, and parts that are at "
        "least as large and differ by at most one.",
        kind="proved",
        source="here",
        hypotheses="d + 2 <= n <= 2d, any loss that is concave, then convex",
        checker=check_contenders,
        instance=lambda: {"candidates": contenders},
        control_statement="for all such losses without the further part",
        control=lambda: {"candidates": _without_single},
    ),
    Claim(
        identifier="thm-temperature",
        page=PAGE,
        statement="Below a temperature that depends on n only the softmax codes of least loss at "
        "H = W are those of low entropy, above another those of high entropy.",
        kind="proved",
        source="alcala2026, Theorem 12, reconstructed",
        hypotheses="d + 2 <= n <= 2d, features equal to weights",
        checker=check_temperature,
        instance=lambda: {"features": _weights_as_features},
        control_statement="with features free to move, those of the winner too",
        control=lambda: {"features": best_features},
    ),
)
