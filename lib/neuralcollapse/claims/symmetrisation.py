"""Claims of the page codes/symmetrisation: every spherical code is a softmax code."""

from functools import cache, partial

import numpy as np
from scipy.optimize import linprog, minimize
from scipy.special import betainc, logsumexp

from neuralcollapse.claims.claim import Claim, Evidence, Measure
from neuralcollapse.claims.experiments import EXPERIMENTS, read_rows
from neuralcollapse.codes.beyond import beyond_orthoplex
from neuralcollapse.codes.code import Code
from neuralcollapse.codes.distance import (
    cross_entropy,
    hardmax_features,
    hardmax_loss,
    one_vs_rest_distances,
)
from neuralcollapse.codes.free_contact import free_contact, turn_contact
from neuralcollapse.codes.holes import hole_vertices, holes
from neuralcollapse.codes.spherical import spherical_code
from neuralcollapse.codes.symmetrised import symmetrised_code
from neuralcollapse.geometry import coherence, regular_polygon, simplex_etf

PAGE = "codes/symmetrisation"
STORED = EXPERIMENTS / "free_contacts.json"
SMALL = ((2, 1), (3, 2), (4, 2), (5, 3), (6, 3), (6, 4))  # (n, d) for searches


def climb(score, shape, seed, steps=600):
    """Raise a score of unit rows by random steps whose size follows their success.

    Parameters
    ----------
    score : callable
        Takes an array of the given shape, rows of length 1.
    shape : tuple of int
    seed : int
    steps : int

    Returns
    -------
    float
        The highest score met.
    """
    generator = np.random.default_rng(seed)
    point = _unit(generator.normal(size=shape))
    best, size = score(point), 0.5
    for _ in range(steps):
        trial = _unit(point + size * generator.normal(size=shape))
        value = score(trial)
        if value > best:
            point, best, size = trial, value, 1.4 * size
        else:
            size = max(0.9 * size, 1e-7)
    return best


def pair_terms(weights, features):
    r"""The pair lemma's numbers for rows w, w' and h, h'.

    Parameters
    ----------
    weights, features : ndarray, shape (2, dimension)
        Unit rows, no feature the opposite of its weight.

    Returns
    -------
    tuple of float
        $\langle\hat u,\hat u'\rangle$ without any reflection, $t$, and the cosines of
        $\alpha=\frac12\angle(w,h)$ and $\alpha'$.
    """
    sums = weights + features
    lengths = np.linalg.norm(sums, axis=1)
    t = (weights[0] - weights[1]) @ (features[0] - features[1]) / 2
    return sums[0] @ sums[1] / lengths.prod(), t, *(lengths / 2)


def check_pair(least_cosine):
    """Search R^4, which holds any four vectors, for a pair that beats the pair lemma.

    Cosines <w, h> and <w', h'> run over [least_cosine, 1].
    """
    widest = np.arccos(least_cosine)

    def terms(flat):
        weights, across = _unit(flat[:16].reshape(2, 2, 4))
        across = _unit(across - np.sum(across * weights, 1, keepdims=True) * weights)
        angles = widest * (1 + np.sin(flat[16:])) / 2
        features = np.cos(angles)[:, None] * weights + np.sin(angles)[:, None] * across
        return pair_terms(weights, features)

    def excess(flat):
        cosine, t, *_ = terms(flat)
        return cosine - (1 - t)

    def slack_missing(flat):
        cosine, t, first, second = terms(flat)
        alphas = np.arccos(np.minimum(1, (first, second)))
        slack = t * (1 - first * second) + np.cos(sum(alphas)) * (1 - np.cos(np.ptp(alphas)))
        return slack - (1 - t - cosine) * first * second

    searched = {
        "excess of <u, u'> over 1 - t": excess,
        "lack of the slack that decides equality": slack_missing,
    }
    measures = []
    for name, score in searched.items():
        found = [
            -minimize(
                lambda flat, score=score: -score(flat),
                np.random.default_rng(seed).normal(size=18),
                method="L-BFGS-B",
            ).fun
            for seed in range(12)
        ]
        measures.append(Measure(name, _positive(found), "<=", 1e-9))
    return Evidence(measures)


def margin_search(num_points, dimension, *, free, seed=0, starts=3):
    """Widen the least margin <w_k - w_j, h_k> of weights and features from random starts.

    Parameters
    ----------
    num_points, dimension : int
    free : bool
        Whether features are free; otherwise they equal the weights, and the problem is that of
        spherical codes.
    seed, starts : int

    Returns
    -------
    margin : float
        The widest found.
    weights, features : ndarray, shape (num_points, dimension), float64
    """
    off = ~np.eye(num_points, dtype=bool)
    shape = (1 + free, num_points, dimension)
    generator = np.random.default_rng([num_points, dimension, seed])

    def both(flat):
        vectors = flat.reshape(shape)
        return vectors[0], vectors[-1]

    def margins(flat):
        weights, features = both(flat)
        logits = features @ weights.T
        return (np.diag(logits)[:, None] - logits)[off]

    def pull(flat, shares):
        """Gradient of the margins weighted by `shares`, shape (n, n)."""
        weights, features = both(flat)
        rows, columns = shares.sum(1)[:, None], shares
        on_weights = rows * features - columns.T @ features
        on_features = rows * weights - columns @ weights
        parts = [on_weights, on_features] if free else [on_weights + on_features]
        return np.stack(parts)

    def soft(flat, beta):
        vectors = flat.reshape(shape)
        lengths = np.linalg.norm(vectors, axis=2, keepdims=True)
        unit = (vectors / lengths).ravel()
        exponents = -beta * margins(unit)
        total = logsumexp(exponents)
        shares = np.zeros(off.shape)
        shares[off] = np.exp(exponents - total)
        gradient = -pull(unit, shares)
        unit = unit.reshape(shape)
        gradient -= np.sum(gradient * unit, 2, keepdims=True) * unit
        return total / beta, (gradient / lengths).ravel()

    first, second = np.nonzero(off)
    place = np.arange(len(first))

    def jacobian(point):
        weights, features = both(point[:-1])
        slopes = np.zeros((len(first), *shape))
        slopes[place, -1, first] += weights[first] - weights[second]
        slopes[place, 0, first] += features[first]
        slopes[place, 0, second] -= features[first]
        return np.column_stack([slopes.reshape(len(first), -1), -np.ones(len(first))])

    best = (-np.inf, None)
    for _ in range(starts):
        flat = generator.normal(size=shape).ravel()
        for beta in np.geomspace(generator.uniform(3, 20), 1000, 3):
            flat = minimize(soft, flat, beta, jac=True, method="L-BFGS-B").x
        flat = _unit(flat.reshape(shape)).ravel()
        count = len(flat) // dimension

        def lengths(point, count=count):
            return np.sum(point[:-1].reshape(count, dimension) ** 2, axis=1) - 1

        def lengths_jacobian(point, count=count):
            blocks = np.zeros((count, count, dimension))
            blocks[range(count), range(count)] = 2 * point[:-1].reshape(count, dimension)
            return np.column_stack([blocks.reshape(count, -1), np.zeros(count)])

        slope = np.append(np.zeros(len(flat)), -1.0)
        found = minimize(
            lambda point: -point[-1],
            np.append(flat, margins(flat).min()),
            jac=lambda point, slope=slope: slope,
            method="SLSQP",
            constraints=[
                {"type": "eq", "fun": lengths, "jac": lengths_jacobian},
                {"type": "ineq", "fun": lambda p: margins(p[:-1]) - p[-1], "jac": jacobian},
            ],
            options={"maxiter": 80, "ftol": 1e-14},
        ).x[:-1]
        found = _unit(found.reshape(shape)).ravel()
        if margins(found).min() > best[0]:
            best = (margins(found).min(), found)
    return best[0], *both(best[1])


SEARCHED = ((4, 2), (5, 2), (5, 3), (7, 3), (9, 4))


@cache
def searched(num_points, dimension):
    """Search softmax and spherical code of one size apart.

    Parameters
    ----------
    num_points, dimension : int

    Returns
    -------
    free, tied : tuple
        What `margin_search` finds with free features and with features equal to the weights,
        from different random starts.
    """
    return (
        margin_search(num_points, dimension, free=True, seed=1),
        margin_search(num_points, dimension, free=False, seed=2),
    )


def check_spherical_is_softmax(pick):
    """Hold the coherence of `pick(weights, features)` against one minus the least margin."""

    def excess(pair):
        return coherence(pick(*pair)) - 1 - hardmax_loss(*pair)

    climbed = [climb(excess, (2, n, d), seed) for n, d in SMALL if d > 1 for seed in range(2)]
    generator = np.random.default_rng(0)
    sampled = []
    for n, d in SMALL[1:]:
        for skew in (0, 1, 3):
            weights = _unit(generator.normal(size=(n, d)) + skew * np.eye(1, d))
            sampled.append(excess((weights, hardmax_features(weights))))
    gaps = [abs(free[0] - tied[0]) for free, tied in (searched(n, d) for n, d in SEARCHED)]
    return Evidence(
        (
            Measure("excess of mu over 1 - margin, climbing", _positive(climbed), "<=", 1e-12),
            Measure("excess of mu over 1 - rho, random weights", _positive(sampled), "<=", 1e-12),
            Measure("gap of rho* and 1 - mu*, each searched by itself", np.max(gaps), "<=", 1e-7),
        )
    )


def shaken(code, generator, size=0.3):
    """A hardmax code whose rattlers and their features lie anywhere the margins allow.

    Parameters
    ----------
    code : Code
    generator : numpy.random.Generator
    size : float
        Largest step tried; halved until all margins are at least one minus the coherence.

    Returns
    -------
    weights, features : ndarray, shape (num_points, dimension), float64
    """
    weights, features = code.points.copy(), code.points.copy()
    for row in code.rattlers:
        for vectors in (weights, features):
            step, kept = size * generator.normal(size=vectors.shape[1]), vectors[row].copy()
            for _ in range(60):
                vectors[row] = _unit(kept + step)
                if -hardmax_loss(weights, features) >= 1 - code.coherence - 1e-13:
                    break
                step /= 2
            else:
                vectors[row] = kept
    return weights, features


def check_structure(rows):
    """Compare weights, features and symmetrised code of hardmax codes on `rows(code)`."""
    found = [searched(n, d) for n, d in SEARCHED]
    pairs = [(free[1], free[2], 1 - tied[0]) for free, tied in found]
    generator = np.random.default_rng(0)
    code = locked_code(20, 3)
    pairs += [(*shaken(code, generator), code.coherence) for _ in range(5)]
    excess, differing = [], 0
    for weights, features, least in pairs:
        halfway = symmetrised_code(weights, features)
        excess.append(coherence(halfway) - least)
        kept = list(rows(halfway))
        apart = np.abs(weights[kept] - np.array([features[kept], halfway[kept]]))
        differing += bool(apart.max(initial=0) > 1e-4)
    return Evidence(
        (
            Measure("coherence of U above mu*", np.max(excess), "<=", 1e-7),
            Measure("codes whose w, h and u differ by over 1e-4", differing, "==", 0),
        )
    )


def touching(points, tolerance=1e-7):
    """Rows with a contact, as an optimiser's rounding lets us see it.

    Parameters
    ----------
    points : ndarray, shape (num_points, dimension)
    tolerance : float

    Returns
    -------
    ndarray of int
    """
    cosines = points @ points.T - 2 * np.eye(len(points))
    return np.flatnonzero(cosines.max(axis=1) >= cosines.max() - tolerance)


def check_self_dual(families):
    """Ask three questions of each family of spherical codes of one size; answers must agree."""
    split = 0
    for codes in families:
        tammes, softmax, dual = [], [], []
        for points in codes:
            code = Code.of(points)
            distances = one_vs_rest_distances(points)
            tammes.append(bool(code.rattlers))
            softmax.append(bool((distances > 1 - code.coherence + 1e-9).any()))
            dual.append(bool(np.abs(hardmax_features(points) - points).max() > 1e-6))
        split += len({any(tammes), any(softmax), any(dual)}) > 1
    return Evidence((Measure("sizes at which the three answers differ", split, "==", 0),))


def _families():
    rigid = [(7, 3), (8, 3), (9, 3), (9, 4)]
    families = [[spherical_code(n, d, starts=16).points] for n, d in rigid]
    families += [[regular_polygon(5)], [simplex_etf(4)]]
    return [*families, [locked_code(20, 3).points, pushed_rattlers()]]


def pushed_rattlers():
    """The code of 20 points in three dimensions, each rattler moved until it touches one point.

    Returns
    -------
    ndarray, shape (20, 3), float64
    """
    code = locked_code(20, 3)
    points = code.points.copy()
    for row in code.rattlers:
        cosines = points @ points[row]
        cosines[row] = -1
        near = points[cosines.argmax()]
        across = _unit(points[row] - cosines.max() * near)
        points[row] = code.coherence * near + np.sqrt(1 - code.coherence**2) * across
    return points


def toy_contact(third=False):
    """Two points 60 degrees apart and four far from them; `third` brings one within reach.

    Parameters
    ----------
    third : bool

    Returns
    -------
    ndarray, shape (6, 3), float64
        Rows 0 and 1 touch; with `third`, rows 0 and 2 touch as well.
    """
    turn = np.radians([30, -30])
    pair = np.column_stack([np.cos(turn), np.sin(turn), np.zeros(2)])
    far = _unit(np.array([[-1, 1, 1], [-1, 1, -1], [-1, -1, 1], [-1, -1, -1.0]]))
    points = np.vstack([pair, far])
    if third:
        points[2] = pair[0] / 2 + np.sqrt(3) / 2 * np.eye(3)[2]
    return points


def check_free_contact(points):
    """Turn the contact of rows 0 and 1 and see what becomes of margin and coherence."""
    code = Code.of(points)
    loss, gain, back = [], [], []
    for angle in (1e-3, 1e-2, 5e-2):
        weights, features = turn_contact(points, (0, 1), angle)
        loss.append(1 - code.coherence + hardmax_loss(weights, features))
        gain.append((coherence(weights) - code.coherence) / angle)
        halfway = symmetrised_code(weights, features)
        back.append((halfway[0] @ halfway[1] - code.coherence) / angle**2)
    return Evidence(
        (
            Measure("halfway, the pair's cosine above mu, per angle squared", max(back), "<=", -1),
            Measure("largest loss of margin", np.max(loss), "<=", 1e-12),
            Measure("least growth of the coherence per radian", np.min(gain), ">=", 1),
        )
    )


def surveyed():
    """Return the rows that ``experiments/free_contacts.py`` has left, one a size.

    Returns
    -------
    list of dict
        With ``n``, ``d``, ``coherence``, ``hits`` and ``rattlers``; ``between``, ``within`` and
        ``excluded`` where there are two rattlers or more.
    """
    return read_rows(STORED)


def check_no_free_contact(rows):
    """Hold the cosines of vertices of holes against the coherence, size by size."""
    several = [row for row in rows if row["rattlers"] > 1]
    between = max(row["between"] - row["coherence"] for row in several)
    within = min(row["within"] - row["coherence"] for row in several)
    return Evidence(
        (
            Measure("cosine of two holes above mu", between, "<=", -1e-3),
            Measure("cosine within a hole above mu", within, ">=", 1e-3),
        )
    )


def contact_stress(code):
    r"""Balance the contacts of a code and count the motions that keep them all.

    Parameters
    ----------
    code : Code

    Returns
    -------
    least : float
        Largest least multiplier $\lambda_{ij}$ of sum 1 under which the gradients of the contacts'
        cosines cancel; the contacts resist every motion if it is positive and `loose` is 0.
    loose : int
        Dimension of the motions of the points with contacts that change no contact to first
        order, rotations not counted.
    """
    kept = sorted({point for pair in code.contacts for point in pair})
    place = {point: row for row, point in enumerate(kept)}
    dimension = code.points.shape[1]
    gradients = np.zeros((len(code.contacts), len(kept), dimension))
    for row, (i, j) in enumerate(code.contacts):
        gradients[row, place[i]] = code.points[j] - code.coherence * code.points[i]
        gradients[row, place[j]] = code.points[i] - code.coherence * code.points[j]
    gradients = gradients.reshape(len(gradients), -1)
    motions = len(kept) * (dimension - 1) - dimension * (dimension - 1) // 2
    loose = motions - np.linalg.matrix_rank(gradients, tol=1e-8)
    count = len(gradients)
    balance = np.column_stack([gradients.T, np.zeros(gradients.shape[1])])
    found = linprog(
        np.append(np.zeros(count), -1),
        A_ub=np.column_stack([-np.eye(count), np.ones(count)]),
        b_ub=np.zeros(count),
        A_eq=np.vstack([balance, np.append(np.ones(count), 0)]),
        b_eq=np.append(np.zeros(gradients.shape[1]), 1),
        bounds=[(0, None)] * count + [(None, None)],
    )
    return (-found.fun if found.success else 0.0), int(loose)


def check_local_free_contact(points):
    """See that a code is locked, that two rattlers can touch freely, and turn their contact."""
    code = Code.of(points)
    least, loose = contact_stress(code)
    touch = free_contact(points, starts=3)
    measures = [
        Measure("least multiplier of a contact", least, ">=", 1e-6),
        Measure("loose motions", loose, "==", 0),
        Measure("slack of the free contact, 0 if none", max(0.0, touch.slack), ">=", 1e-3),
    ]
    if touch.found:
        weights, features = turn_contact(touch.points, touch.pair, 0.03)
        loss = 1 - code.coherence + hardmax_loss(weights, features)
        growth = coherence(weights) - code.coherence
        measures.append(Measure("loss of margin in a turn by 0.03", loss, "<=", 1e-12))
        measures.append(Measure("growth of the coherence", growth, ">=", 0.01))
    return Evidence(measures)


@cache
def locked_code(num_points, dimension):
    """What a short search finds.

    Parameters
    ----------
    num_points, dimension : int

    Returns
    -------
    Code
    """
    return spherical_code(num_points, dimension, starts=24)


def check_hole_vertices(sign, coherence=0.6):
    """Climb `sign` times <x, y> over what a few caps leave of the sphere; look where it ends."""
    apart = []
    for seed in range(6):
        generator = np.random.default_rng(seed)
        points = _unit(generator.normal(size=(9, 3)))
        corners = hole_vertices(points, coherence)
        allowed = {"type": "ineq", "fun": lambda x, v=points: coherence - v @ x}
        sphere = {"type": "eq", "fun": lambda x: x @ x - 1}
        for _ in range(6):
            target, start = corners[generator.integers(len(corners), size=2)]
            end = minimize(
                lambda x, y=target: -sign * (x @ y),
                _unit(start + 0.1 * generator.normal(size=3)),
                constraints=[allowed, sphere],
                method="SLSQP",
            )
            if end.success and np.linalg.norm(end.x - target) > 1e-3:
                apart.append(np.linalg.norm(corners - end.x, axis=1).min())
    return Evidence(
        (
            Measure("ten searches or more ended away from y", len(apart) >= 10, "==", 1),
            Measure("farthest end from a vertex", round(np.max(apart), 4), "<=", 1e-3),
        )
    )


def wide_hole():
    """Three touching points and two rattlers in the wide hole below them.

    Returns
    -------
    ndarray, shape (5, 3), float64
    """
    root = np.sqrt(0.27)
    cap = [[0.6, 0, 0.8], [-0.3, root, 0.8], [-0.3, -root, 0.8]]
    return np.array([*cap, [0.8, 0, -0.6], [-0.8, 0, -0.6]])


def _wide_row():
    found = holes(wide_hole())
    sizes = {"between": found.between, "within": found.within}
    return {"rattlers": 2, "coherence": found.coherence, **sizes}


def iterate(step, points, count):
    """Apply a map of codes over and over, keeping distance and one minus coherence.

    Parameters
    ----------
    step : callable
        Takes weights and their hardmax features and returns the next weights.
    points : ndarray, shape (num_points, dimension)
    count : int

    Returns
    -------
    ndarray, shape (count, 2)
        One minus the coherence and the one-vs-rest distance of each code.
    """
    values = []
    for _ in range(count):
        features = hardmax_features(points)
        values.append((1 - coherence(points), -hardmax_loss(points, features)))
        points = step(points, features)
    return np.array(values)


def check_interlacing(step):
    """Iterate a map; coherence and distance must take turns in improving."""
    falls = []
    for n, d in ((5, 2), (6, 3), (8, 4)):
        for seed in range(2):
            start = _unit(np.random.default_rng(seed).normal(size=(n, d)))
            falls.append(-np.diff(iterate(step, start, 12).ravel()).min())
    return Evidence((Measure("largest fall in the sequence", _positive(falls), "<=", 1e-12),))


def check_near_optimal(power):
    """Perturb optimal codes: w - u against the distance that is missing, to a power."""
    optimal = [simplex_etf(2), simplex_etf(4), regular_polygon(5), beyond_orthoplex(3)]
    worst = -np.inf
    generator = np.random.default_rng(0)
    for code in optimal:
        best, largest = 1 - coherence(code), coherence(code)
        for size in np.repeat([0.1, 0.01, 0.001], 8):
            weights = _unit(code + size * generator.normal(size=code.shape))
            features = hardmax_features(weights)
            missing = max(0.0, best + hardmax_loss(weights, features))
            if missing >= best:
                continue
            halfway = symmetrised_code(weights, features)
            cosines = halfway @ halfway.T - 2 * np.eye(len(halfway))
            kept = cosines.max(axis=1) >= largest - 1e-12
            apart = np.linalg.norm(weights - halfway, axis=1)[kept] ** power
            worst = max(worst, (apart - 2 * missing / (best - missing)).max())
    return Evidence(
        (Measure("excess of |w - u|^p over 2 eps/(rho* - eps)", _positive(worst), "<=", 1e-12),)
    )


def exponential(margins, temperature=0.3):
    """Sum of exp(-margin / temperature)."""
    return np.exp(-margins / temperature).sum()


def logistic(margins, temperature=0.3):
    """Sum of log(1 + exp(-margin / temperature))."""
    return np.logaddexp(0, -margins / temperature).sum()


def hinge(margins, width=0.8):
    """Sum of max(0, width - margin)."""
    return np.maximum(0, width - margins).sum()


def pairwise(score):
    """Make a loss of weights and features out of a function of their margins.

    Parameters
    ----------
    score : callable
        Takes the margins of all ordered pairs.

    Returns
    -------
    callable
    """

    def loss(weights, features):
        logits = features @ weights.T
        off = ~np.eye(len(logits), dtype=bool)
        return score((np.diag(logits)[:, None] - logits)[off])

    return loss


PAIRWISE = tuple(map(pairwise, (exponential, partial(exponential, temperature=2), logistic, hinge)))


def check_pairwise(losses):
    """Search for (W, H) of smaller loss than its symmetrised code has."""
    gains = []
    for loss in losses:

        def gain(pair, loss=loss):
            halfway = symmetrised_code(*pair)
            return (loss(halfway, halfway) - loss(*pair)) / (1 + abs(loss(*pair)))

        for n, d in ((4, 2), (5, 3)):
            gains += [climb(gain, (2, n, d), seed, steps=300) for seed in range(2)]
    return Evidence(
        (Measure("relative gain of (W, H) over U, climbing", _positive(gains), "<=", 1e-12),)
    )


def cap_share(angle, dimension):
    """Share of the unit sphere within an angle of a point.

    Parameters
    ----------
    angle : float
        In radians, from 0 to pi.
    dimension : int
        At least 2.

    Returns
    -------
    float
    """
    half = betainc((dimension - 1) / 2, 0.5, np.sin(angle) ** 2) / 2
    return float(half if angle <= np.pi / 2 else 1 - half)


def check_many_classes(packing_angle):
    """Bracket the softmax values of codes by areas of caps; `packing_angle` of theta packs."""
    sizes = [(n, 2, np.cos(2 * np.pi / n)) for n in (3, 12, 50)]
    sizes += [(row["n"], row["d"], row["coherence"]) for row in surveyed()]
    slack = []
    for n, d, cosine in sizes:
        theta = np.arccos(cosine)
        slack.append(1 - n * cap_share(packing_angle(theta), d))
        slack.append((n - 1) * cap_share(theta, d) - 1)
    return Evidence((Measure("least slack of the two areas", np.min(slack), ">=", -1e-9),))


def layer_polynomial(x, dimension):
    r"""The polynomial $d(d-2)^2x^3-d^2x^2-dx+1$.

    Parameters
    ----------
    x : float
    dimension : int

    Returns
    -------
    float
    """
    d = dimension
    return d * (d - 2) ** 2 * x**3 - d**2 * x**2 - d * x + 1


def check_beyond(polynomial):
    """Hold the coherence of the layered codes of 2d + 1 points against a polynomial."""
    codes = {d: beyond_orthoplex(d) for d in range(2, 13)}
    values = [abs(polynomial(coherence(points), d)) for d, points in codes.items()]
    high = max(d * coherence(points) for d, points in codes.items())
    return Evidence(
        (
            Measure("largest |p(mu)|, d = 2 to 12", np.max(values), "<=", 1e-12),
            Measure("largest d mu", high, "<=", 1),
        )
    )


def check_beyond_is_best(extra):
    """Search codes of 2d + extra points for one that differs from the layered value."""
    gaps = [
        abs(spherical_code(2 * d + extra, d, starts=24).coherence - coherence(beyond_orthoplex(d)))
        for d in (2, 3, 4, 5, 6)
    ]
    return Evidence((Measure("gap of the best coherence and the root", np.max(gaps), "<=", 1e-12),))


def _positive(values):
    """Positive part of the largest value: what a search that came from below found above."""
    return max(0.0, float(np.max(values)))


def _unit(vectors):
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


def _cross_entropy(weights, features):
    return cross_entropy(weights, features, 0.3)


CLAIMS = (
    Claim(
        identifier="lem-pair",
        page=PAGE,
        statement="Half the sum of the two margins of a pair is at most one minus the cosine of "
        "the vectors halfway between weights and features, with equality at a positive sum only "
        "at self-duality.",
        kind="proved",
        source="here",
        hypotheses="unit vectors, <w, h> and <w', h'> not negative",
        checker=check_pair,
        instance=lambda: {"least_cosine": 0.0},
        control_statement="cosines <w, h> down to -0.9",
        control=lambda: {"least_cosine": -0.9},
    ),
    Claim(
        identifier="thm-spherical-is-softmax",
        page=PAGE,
        statement="The largest one-vs-rest distance of n points in d dimensions is one minus their "
        "least coherence, and every spherical code is a softmax code.",
        kind="proved",
        source="here",
        hypotheses="n at least 2, any d; mu(U) <= 1 - rho(W) for every W with rho(W) > 0",
        checker=check_spherical_is_softmax,
        instance=lambda: {"pick": symmetrised_code},
        control_statement="mu(W) instead of mu(U)",
        control=lambda: {"pick": lambda weights, features: weights},
    ),
    Claim(
        identifier="cor-interlacing",
        page=PAGE,
        statement="Replacing weights by their symmetrised code again and again, one minus the "
        "coherence and the one-vs-rest distance rise in turn.",
        kind="proved",
        source="here",
        hypotheses="rho(W) > 0 at the start",
        checker=check_interlacing,
        instance=lambda: {"step": symmetrised_code},
        control_statement="replacing weights by their features",
        control=lambda: {"step": lambda weights, features: features},
    ),
    Claim(
        identifier="cor-near-optimal",
        page=PAGE,
        statement="If the one-vs-rest distance misses the best by eps, points of U whose cosine "
        "with another reaches mu* lie within sqrt(2 eps/(rho* - eps)) of their weight.",
        kind="proved",
        source="here",
        hypotheses="eps below rho*",
        checker=check_near_optimal,
        instance=lambda: {"power": 2},
        control_statement="the same without the square root",
        control=lambda: {"power": 1},
    ),
    Claim(
        identifier="thm-softmax-structure",
        page=PAGE,
        statement="The symmetrised code of a hardmax code is a spherical code, and weight, feature "
        "and symmetrised vector agree wherever that code has a contact.",
        kind="proved",
        source="here",
        hypotheses="rho* > 0",
        checker=check_structure,
        instance=lambda: {"rows": touching},
        control_statement="wherever, rattlers included",
        control=lambda: {"rows": lambda points: range(len(points))},
    ),
    Claim(
        identifier="cor-self-dual-equivalence",
        page=PAGE,
        statement="For each n and d: every hardmax code is self-dual, if and only if no softmax "
        "code has a softmax rattler, if and only if no spherical code has a Tammes rattler.",
        kind="proved",
        source="here, after jiang2024",
        hypotheses="n at least 2; statements about all codes of a size",
        checker=check_self_dual,
        instance=lambda: {"families": _families()},
        control_statement="the same of each single code",
        control=lambda: {"families": [[pushed_rattlers()]]},
    ),
    Claim(
        identifier="thm-free-contact",
        page=PAGE,
        statement="Softmax codes and spherical codes of n points in d dimensions are the same if "
        "and only if no such spherical code has a free contact.",
        kind="proved",
        source="here",
        hypotheses="d at least 2, n at least 3; the check turns a contact of a code that is not "
        "optimal and symmetrises it back; other ways are not searched",
        checker=check_free_contact,
        instance=lambda: {"points": toy_contact()},
        control_statement="turning a contact one of whose points touches a third",
        control=lambda: {"points": toy_contact(third=True)},
    ),
    Claim(
        identifier="lem-hole-vertices",
        page=PAGE,
        statement="A point of a hole that is nearest, locally, to a point elsewhere is a vertex.",
        kind="proved",
        source="here",
        hypotheses="mu between 0 and 1; in three dimensions without exception",
        checker=check_hole_vertices,
        instance=lambda: {"sign": 1},
        control_statement="the point that is farthest",
        control=lambda: {"sign": -1},
    ),
    Claim(
        identifier="obs-no-free-contact",
        page=PAGE,
        statement="In the codes found with two rattlers or more, no two rattlers can touch.",
        kind="numerical",
        source="here",
        hypotheses="n up to 48, 30 and 22 in d = 3, 4 and 5, 400 starts each, 3200 if in doubt; "
        "the other points stay where they are; vertices listed",
        checker=check_no_free_contact,
        instance=lambda: {"rows": surveyed()},
        control_statement="of a code with two rattlers in one wide hole",
        control=lambda: {"rows": [_wide_row()]},
    ),
    Claim(
        identifier="obs-local-free-contact",
        page=PAGE,
        statement="A locally optimal code of 22 points in five dimensions, which a search from 24 "
        "starts finds, has a free contact after its two rattlers are moved.",
        kind="numerical",
        source="here",
        hypotheses="coherence 0.356455; 24 starts; a better code exists",
        checker=check_local_free_contact,
        instance=lambda: {"points": locked_code(22, 5).points},
        control_statement="20 points in three dimensions, with two rattlers as well",
        control=lambda: {"points": locked_code(20, 3).points},
    ),
    Claim(
        identifier="thm-pairwise",
        page=PAGE,
        statement="A sum over ordered pairs of a convex, non-increasing function of the margins "
        "is never smaller at (W, H) than at (U, U).",
        kind="proved",
        source="here",
        hypotheses="U the symmetrised code; exponential, logistic and hinge scores tried",
        checker=check_pairwise,
        instance=lambda: {"losses": PAIRWISE},
        control_statement="cross-entropy at temperature 0.3",
        control=lambda: {"losses": [_cross_entropy]},
    ),
    Claim(
        identifier="cor-many-classes",
        page=PAGE,
        statement="n caps of radius half theta*, cos theta* = 1 - rho*, have at most the area of "
        "the sphere, and n - 1 caps of radius theta* at least that.",
        kind="proved",
        source="here, after classical packing bounds",
        hypotheses="d at least 2; so rho* is of the order n^(-2/(d-1))",
        checker=check_many_classes,
        instance=lambda: {"packing_angle": lambda theta: theta / 2},
        control_statement="n caps of radius theta* instead of half of it",
        control=lambda: {"packing_angle": lambda theta: theta},
    ),
    Claim(
        identifier="prop-one-beyond",
        page=PAGE,
        statement="A pole and two opposite simplices of d points form a code of 2d + 1 points "
        "whose coherence is the root in (0, 1/d) of d(d-2)^2 x^3 - d^2 x^2 - d x + 1.",
        kind="proved",
        source="here; perhaps known",
        hypotheses="d at least 2; sympy factors the equation on the page",
        checker=check_beyond,
        instance=lambda: {"polynomial": layer_polynomial},
        control_statement="d(d-1)^2 in place of d(d-2)^2",
        control=lambda: {
            "polynomial": lambda x, d: layer_polynomial(x, d) + d * (2 * d - 3) * x**3
        },
    ),
    Claim(
        identifier="obs-one-beyond",
        page=PAGE,
        statement="No search finds 2d + 1 points of smaller coherence.",
        kind="numerical",
        source="here",
        hypotheses="d from 2 to 6, 24 starts each",
        checker=check_beyond_is_best,
        instance=lambda: {"extra": 1},
        control_statement="the same value for 2d + 2 points",
        control=lambda: {"extra": 2},
    ),
)
