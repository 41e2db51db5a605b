"""Claims of the page on temperature: which softmax code cross-entropy prefers, and when."""

from functools import partial

import mpmath
import numpy as np
from flint import arb
from scipy.linalg import block_diag
from scipy.optimize import minimize

from neuralcollapse.claims.claim import Claim, Evidence, Measure
from neuralcollapse.codes import batch_loss, cross_entropy, lemma15_thresholds
from neuralcollapse.codes.convexity import curvature, curvature_slopes
from neuralcollapse.codes.phases import contenders
from neuralcollapse.geometry import simplex_etf

PAGE = "codes/temperature"
BOXES = 20_000  # a bisection that needs more has failed


def union_of_simplices(dimensions):
    """Orthogonal regular simplices that span the given dimensions, one block of rows each."""
    return block_diag(*(simplex_etf(x + 1, x) for x in dimensions))


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


def low_entropy(num_points, dimension):
    """One simplex as large as it gets, and antipodal pairs: their dimensions."""
    pairs = num_points - dimension - 1
    return (dimension - pairs,) + (1,) * pairs


def high_entropy(num_points, dimension):
    """Simplices of one size, up to one dimension: their dimensions."""
    parts = num_points - dimension
    quotient, larger = divmod(dimension, parts)
    return (quotient + 1,) * larger + (quotient,) * (parts - larger)


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


def obtuse_batch(bonds, dependent):
    r"""Unit vectors with pairwise cosines at most 0, from a matrix of bonds.

    Parameters
    ----------
    bonds : ndarray, shape (size, size)
        Symmetric, not negative; only what lies off the diagonal counts.
    dependent : bool
        Whether the vectors span one dimension fewer than they are.

    Returns
    -------
    ndarray, shape (size, size - dependent)
        Gram matrix $I-B/\lambda$, where $\lambda$ is the largest eigenvalue of the bonds $B$, or
        one and a half times that for independent vectors.
    """
    off = bonds * (1 - np.eye(len(bonds)))
    scale = np.linalg.eigvalsh(off)[-1] * (1 if dependent else 1.5)
    values, vectors = np.linalg.eigh(np.eye(len(bonds)) - off / (scale or 1))
    points = vectors[:, dependent:] * np.sqrt(values[dependent:])
    return points / np.linalg.norm(points, axis=1, keepdims=True)


def random_softmax_code(num_points, dimension, generator, free):
    """A softmax code of the orthoplex regime whose independent batch has `free` points.

    Parameters
    ----------
    num_points, dimension : int
    generator : numpy.random.Generator
    free : int

    Returns
    -------
    list of ndarray
        The batches, the independent one first if there is one; orthogonal to each other.
    """
    rest = num_points - free
    most = rest // 2
    least = num_points - dimension
    count = int(generator.integers(least, most + 1))
    cuts = 2 + generator.multinomial(rest - 2 * count, np.full(count, 1 / count))
    batches = []
    for size, dependent in ([(free, False)] if free else []) + [(int(s), True) for s in cuts]:
        bonds = generator.exponential(size=(size, size)) ** generator.choice([0.3, 1, 3])
        batches.append(obtuse_batch(bonds + bonds.T, dependent))
    return batches


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


def check_simplex_batch(extra):
    """Descend on the sum of a batch of `dimension + extra` points from random starts."""
    excesses = []
    rng = np.random.default_rng(0)
    for dimension in (2, 3, 4):
        size = dimension + extra
        for outside, tau in ((0.0, 0.2), (0.1, 0.5), (3.0, 0.4), (0.5, 2.0)):
            bound = size * np.log1p(outside + (size - 1) * np.exp(-size / (size - 1) / tau))
            found = [
                minimize(
                    lambda flat, shape=(size, dimension), c=outside, tau=tau: _flat(
                        batch_sum(flat.reshape(shape), c, tau)
                    ),
                    rng.normal(size=size * dimension),
                    jac=True,
                    method="L-BFGS-B",
                    options={"ftol": 1e-15, "gtol": 1e-9},
                ).fun
                for _ in range(3)
            ]
            excesses.append(min(found) - bound)
    return Evidence(
        (
            Measure("least excess over a simplex", np.min(excesses), ">=", -1e-12),
            Measure("largest, of the best descent", np.max(excesses), "<=", 1e-9),
        )
    )


def check_no_free_batch(rival):
    """Try to beat the code `rival(num_points, dimension, temperature)` with codes of all kinds."""
    rng = np.random.default_rng(1)
    gaps, steps = [], []
    for num_points, dimension in ((5, 3), (6, 4), (7, 4), (8, 5), (9, 6)):
        for tau in (0.05, 0.3, 0.6, 2.0):
            best = cross_entropy(*2 * (rival(num_points, dimension, tau),), tau)
            for trial in range(8):
                free = trial % (2 * dimension - num_points + 1)
                batches = random_softmax_code(num_points, dimension, rng, free)
                loss = cross_entropy(*2 * (block_diag(*batches),), tau)
                gaps.append(loss / best - 1)
                merged = _merge(batches, free, dimension)
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


def falls(*box):
    """Whether the sign function falls in r and in beta on a box; None if it is not clear."""
    slopes = curvature_slopes(*box)
    if all(slope < 0 for slope in slopes):
        return True
    return False if any(slope > 0 for slope in slopes) else None


def has_sign_at_corner(sign, share, *box):
    """As `has_sign`, by the corner where the falling sign function is nearest to zero."""
    if falls(*box, share) is not True:
        return has_sign(sign, *box, share)
    ends = [side.upper() if sign > 0 else side.lower() for side in box]
    return has_sign(sign, *ends, share)


def check_concave_convex(concave_below, convex_above):
    """Prove the sign of the second derivative on [1, n-1], 1e-9 away from the temperatures."""
    failed = [0, 0]
    for num_points in (4, 5, 8, 26, 100):
        share = 1 / arb(num_points - 1)
        ratios = (np.nextafter(1 / (num_points - 1), 0), 1.0)
        cold = (1 / (concave_below(num_points) - 1e-9), 3.0)
        warm = (0.0, 1 / (convex_above(num_points) + 1e-9))
        for place, (sign, betas) in enumerate(((-1, cold), (1, warm))):
            verdict = partial(has_sign_at_corner, sign, share)
            failed[place] += unproved(verdict, (ratios, betas))[1]
    return Evidence(
        (
            Measure("n for which concavity is not proved, beta up to 3", failed[0], "==", 0),
            Measure("n for which convexity is not proved", failed[1], "==", 0),
        )
    )


def check_one_bend(exponent):
    """Hold the second derivative against its closed form, and prove that the sign function falls.

    Parameters
    ----------
    exponent : callable
        Of x: what multiplies -1/tau inside the batch.
    """
    rng = np.random.default_rng(2)
    gaps = []
    with mpmath.workdps(40):
        for _ in range(40):
            n = int(rng.integers(4, 40))
            x, beta = mpmath.mpf(rng.uniform(1, n - 1)), mpmath.mpf(rng.uniform(0.2, 4))

            def loss(x, n=n, beta=beta):
                inside = x * mpmath.exp(-exponent(x) * beta) + (n - 1 - x) * mpmath.exp(-beta)
                return (x + 1) * mpmath.log1p(inside)

            gaps.append(float(abs(mpmath.diff(loss, x, 2) / _bending(n, x, beta) - 1)))
    boxes, failed = unproved(falls, ((0.0, 1.0), (0.0, 3.0), (0.0, 0.34)))
    return Evidence(
        (
            Measure("second derivative against its closed form", np.max(gaps), "<=", 1e-12),
            Measure("boxes on which the sign function is not proved to fall", failed, "==", 0),
            Measure("boxes on which it is", boxes, ">=", 1),
        )
    )


def check_absolute(convex_beta):
    """Prove the second derivative positive for all n from 4 on and all x from 1 on."""
    boxes, failed = unproved(partial(has_sign, 1), ((0.0, 1.0), (0.0, convex_beta), (0.0, 1 / 3)))
    _, hot = unproved(partial(has_sign, 1), ((0.0, 1.0), (0.0, 1.0), (0.0, 1.0)))
    # 1/3 rounds down: the exact corner, where the sign function is least, is checked by itself
    corner = curvature(arb(1), arb(convex_beta), 1 / arb(3))
    return Evidence(
        (
            Measure("boxes not proved convex", failed, "==", 0),
            Measure("boxes proved convex", boxes, ">=", 1),
            Measure("boxes not proved convex, n from 2 on, beta up to 1", hot, "==", 0),
            Measure("sign function at n = 4, x = 1, lower end", float(corner.lower()), ">=", 0),
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
    wrong, gaps = 0, []
    for num_points in range(4, 13):
        low, high = (float(t) for t in lemma15_thresholds(num_points, 9))
        for dimension in range((num_points + 1) // 2, num_points - 1):
            for tau, winner in (
                (0.05, low_entropy),
                (low, low_entropy),
                (high, high_entropy),
                (5.0, high_entropy),
            ):
                wrong += best_dimensions(num_points, dimension, tau) != winner(
                    num_points, dimension
                )
    for num_points, dimension in ((5, 3), (6, 4), (8, 5)):
        low, high = (float(t) for t in lemma15_thresholds(num_points, 9))
        for tau, winner in ((0.05, low_entropy), (low, low_entropy), (high, high_entropy)):
            code = union_of_simplices(winner(num_points, dimension))
            best = cross_entropy(code, code, tau)
            for points in _challengers(num_points, dimension, tau):
                gaps.append(cross_entropy(points, features(points, tau), tau) / best - 1)
    return Evidence(
        (
            Measure("pairs (n, d) where another tuple is best", wrong, "==", 0),
            Measure(
                "least relative gap of a search over softmax codes", np.min(gaps), ">=", -1e-12
            ),
        )
    )


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


def _challengers(num_points, dimension, temperature):
    """Softmax codes of all kinds, the best of each kind by hill climbing at equal features."""
    rng = np.random.default_rng(4)
    for dimensions in partitions(dimension, num_points - dimension):
        yield union_of_simplices(dimensions)
    if 2 in low_entropy(num_points, dimension):
        for flattening in (0.05, 0.15, 0.25):
            pairs = [simplex_etf(2, 1)] * (num_points - dimension - 1)
            yield block_diag(flattened_triangle(flattening), *pairs)
    for free in range(2 * dimension - num_points + 1):
        rest = num_points - free
        for count in range(num_points - dimension, rest // 2 + 1):
            sizes = 2 + rng.multinomial(rest - 2 * count, np.full(count, 1 / count))
            shapes = ([(free, False)] if free else []) + [(int(s), True) for s in sizes]
            yield _climb(shapes, temperature, rng)


def _climb(shapes, temperature, rng, steps=25):
    """Change the bonds of batches at random and keep what lowers the loss at equal features."""

    def build(logs):
        return block_diag(
            *(
                obtuse_batch(np.exp(b + b.T), dependent)
                for b, (_, dependent) in zip(logs, shapes, strict=True)
            )
        )

    logs = [rng.normal(size=(size, size)) for size, _ in shapes]
    best, points = np.inf, None
    for step in range(steps):
        trial = [b + (1.5 * 0.85**step) * rng.normal(size=b.shape) for b in logs]
        built = build(trial)
        loss = np.log(np.exp((built @ built.T - 1) / temperature).sum(1)).mean()
        if loss < best:
            best, logs, points = loss, trial, built
    return points


def _merge(batches, free, dimension):
    """The step of the proof that lowers the loss, or None where there is none."""
    if free >= 2:
        return [simplex_etf(free, free), *batches[1:]]
    spanned = sum(np.linalg.matrix_rank(batch) for batch in batches)
    if free == 1 or spanned < dimension:
        size = len(batches[0]) + len(batches[1])
        return [simplex_etf(size, size - 1), *batches[2:]]
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
        instance=lambda: {"extra": 1},
        control_statement="for p = d' + 2 points too",
        control=lambda: {"extra": 2},
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
        hypotheses="n >= 4, x >= 1 real, every temperature",
        checker=check_one_bend,
        instance=lambda: {"exponent": lambda x: 1 + 1 / x},
        control_statement="with 1 - 1/x in the exponent",
        control=lambda: {"exponent": lambda x: 1 - 1 / x},
    ),
    Claim(
        identifier="lem-concave-convex",
        page=PAGE,
        statement="On [1, n-1] the batch loss is strictly concave at low and strictly convex at "
        "high temperature, with computed thresholds.",
        kind="proved",
        source="alcala2026, Lemma 15, reconstructed and sharpened",
        hypotheses="n >= 4",
        checker=check_concave_convex,
        instance=lambda: {
            "concave_below": lambda n: float(lemma15_thresholds(n, 12)[0]),
            "convex_above": lambda n: float(lemma15_thresholds(n, 12)[1]),
        },
        control_statement="convex at every temperature above 1/2",
        control=lambda: {
            "concave_below": lambda n: float(lemma15_thresholds(n, 12)[0]),
            "convex_above": lambda n: 0.5,
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
        statement="A best tuple consists of ones, at most one further part, and larger parts that "
        "differ by at most one.",
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
        control_statement="with features free to move",
        control=lambda: {"features": best_features},
    ),
)
