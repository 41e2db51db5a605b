"""Claims of the page circle/two-codes: the circle against the simplex, by price and by loss."""

from functools import cache, reduce

import numpy as np
from scipy.optimize import minimize, minimize_scalar
from scipy.special import erf, log_softmax

from neuralcollapse.claims.claim import Claim, Evidence, Measure
from neuralcollapse.codes import cross_entropy, minimise_cross_entropy
from neuralcollapse.geometry import regular_polygon, simplex_etf
from neuralcollapse.geometry.arrays import as_directions
from neuralcollapse.theory.circle import (
    critical_regularisation,
    cross_entropy_gap,
    largest_cross_entropy_gap,
    log_sphere_moment,
    schatten_cost,
    schatten_norm,
    simplex_cross_entropy,
    von_mises_aliasing,
)

PAGE = "circle/two-codes"


def extreme_cost(start, q, sign):
    """Drive the Schatten cost of a unit code up or down.

    Parameters
    ----------
    start : ndarray, shape (num_classes, rank)
    q : float
    sign : int
        1 for up, -1 for down.

    Returns
    -------
    float
        The cost where the search ends.
    """

    def negative(x):
        matrix = x.reshape(start.shape)
        lengths = np.linalg.norm(matrix, axis=1, keepdims=True)
        unit = matrix / lengths
        u, s, vt = np.linalg.svd(unit, full_matrices=False)
        slope = q * (u * s ** (q - 1)) @ vt
        slope -= (slope * unit).sum(axis=1, keepdims=True) * unit
        return -sign * (s**q).sum(), (-sign * slope / lengths).ravel()

    found = minimize(negative, start.ravel(), jac=True, method="L-BFGS-B", options={"ftol": 1e-14})
    return schatten_norm(as_directions(found.x.reshape(start.shape)), q) ** q


def check_tight(sign):
    """Climb costs of unit codes where `sign(q)` is 1, descend where it is -1, past the formula."""
    generator = np.random.default_rng(0)
    beyond, reached = [], []
    for count, rank in ((5, 2), (6, 5), (9, 3), (12, 4)):
        for q in (0.5, 1, 1.5, 2.5, 4):
            cost = schatten_cost(count, rank, q)
            ends = [
                extreme_cost(generator.normal(size=(count, rank)), q, sign(q)) / cost - 1
                for _ in range(3)
            ]
            beyond.append(np.max(sign(q) * np.array(ends)))
            reached.append(np.min(np.abs(ends)))
    equal = [
        schatten_norm(as_directions(generator.normal(size=(9, rank))), 2) ** 2 / 9 - 1
        for rank in (1, 2, 5, 9)
    ]
    return Evidence(
        (
            Measure("largest relative cost beyond the formula", np.max(beyond), "<=", 1e-9),
            Measure("largest distance left to the formula", np.max(reached), "<=", 1e-6),
            Measure("largest relative error at q = 2", np.max(np.abs(equal)), "<=", 1e-12),
        )
    )


def check_polygon(aliasing):
    """Hold the loss of explicit polygons against Bessel functions and `aliasing(K, beta)`."""
    errors, excess = [], []
    for count in (2, 3, 5, 8, 13, 50, 211):
        for beta in (0.1, 0.9, 3.0, 11.0, 40.0):
            points = regular_polygon(count)
            loss = cross_entropy(points, points, 1 / beta)
            extra = aliasing(count, beta)
            bessel = np.log(count) - beta + log_sphere_moment(2, beta) + np.log1p(extra)
            errors.append(abs(loss - bessel))
            if count >= max(beta, 2):
                logs = np.log(3) + count * np.log(beta / 2) - np.log(np.arange(1, count + 1)).sum()
                excess.append(extra - np.exp(logs))
    return Evidence(
        (
            Measure("largest error of the loss, nats", np.max(errors), "<=", 1e-11),
            Measure("largest aliasing beyond its bound", np.max(excess), "<=", 0),
        )
    )


def check_simplex_least(least):
    """Search unit codes for a loss below `least(K, beta)`, and see whether it is reached."""
    below, left = [], []
    for count in (3, 5, 8):
        for beta in (0.5, 2.0, 8.0):
            for dimension in (count - 1, count + 1):
                found = minimise_cross_entropy(count, dimension, 1 / beta, starts=2, tied=True)
                below.append(least(count, beta) - found.loss)
                left.append(found.loss - least(count, beta))
    return Evidence(
        (
            Measure("largest shortfall below the bound, nats", np.max(below), "<=", 1e-10),
            Measure("largest distance left to the bound, nats", np.max(left), "<=", 1e-6),
        )
    )


def objective(points, beta, strength, q):
    """Cross-entropy of a unit code plus its penalty, straight from the definitions."""
    return cross_entropy(points, points, 1 / beta) + strength * schatten_norm(points, q) ** q


def check_two_candidates(exponents):
    """Compare explicit codes a hundredth below and above the threshold; bound the gap."""
    wrong, above, below = 0, [], []
    for count in (4, 5, 7, 11, 31, 97):
        circle, simplex = regular_polygon(count), simplex_etf(count)
        for beta in (0.3, 1.0, 4.0):
            for q in exponents:
                strength = min(critical_regularisation(count, q, beta), 1e3)
                for factor, circle_wins in ((0.99, False), (1.01, True)):
                    costs = [
                        objective(points, beta, factor * strength, q)
                        for points in (circle, simplex)
                    ]
                    wrong += (costs[0] < costs[1]) != circle_wins
    for count in (4, 5, 11, 97, 1009, 10**6):
        for beta in (0.01, 0.3, 1.0, 4.0, 9.0):
            rest = cross_entropy_gap(count, beta) - log_sphere_moment(2, beta)
            fall = (np.expm1(beta) - beta) / count + beta**2 / (2 * count * (count - 1))
            above.append(rest - np.log1p(von_mises_aliasing(count, beta)))
            below.append(-fall - rest)
    return Evidence(
        (
            Measure("comparisons that contradict the threshold", wrong, "==", 0),
            Measure("largest gap beyond its upper bound, nats", np.max(above), "<=", 1e-12),
            Measure("largest lower bound beyond the gap, nats", np.max(below), "<=", 1e-12),
        )
    )


def gap_bounds(num_classes):
    """Return the lower and the upper bound of the page for the largest cross-entropy gap."""
    log = np.log(num_classes)
    beta = log + np.log(log)
    lower = log + np.log(erf(np.pi * np.sqrt(beta / 2)) / np.sqrt(2 * np.pi * beta)) - 1 / log
    upper = log_sphere_moment(2, log) + np.log1p(von_mises_aliasing(num_classes, log))
    return lower, upper


_largest = cache(largest_cross_entropy_gap)  # instance and control ask for the same


def check_best_temperature(deficit):
    """Hold the largest gap between its bounds, and against log K - `deficit(K)`."""
    outside = []
    for count in (4, 5, 11, 100, 997, 10**4, 10**6):
        gap, _ = _largest(count)
        lower, upper = gap_bounds(count)
        outside.append(max(lower - gap, gap - upper))
    counts = (10**2, 10**4, 10**6)
    found = [_largest(count) for count in counts]
    misses = [abs(g - np.log(k) + deficit(k)) for k, (g, _) in zip(counts, found, strict=True)]
    places = [
        abs(b - np.log(k) - np.log(2 * np.log(k))) for k, (_, b) in zip(counts, found, strict=True)
    ]
    return Evidence(
        (
            Measure("largest step outside the bounds, nats", np.max(outside), "<=", 0),
            Measure("largest growth of the rest, K 1e2, 1e4, 1e6", np.diff(misses).max(), "<=", 0),
            Measure("largest growth of the rest of beta", np.diff(places).max(), "<=", 0),
        )
    )


def check_decay(exponent):
    """Factorise matrices cheaply; the price must be that of the Schatten `exponent(depth)`."""
    generator = np.random.default_rng(1)
    balanced, below, near = [], [], []
    for depth in (2, 3, 4, 6):
        p = exponent(depth)

        def price(matrix, depth=depth, p=p):
            return depth * schatten_norm(matrix, p) ** (2 / depth)

        matrix = generator.normal(size=(5, 4))
        u, s, vt = np.linalg.svd(matrix, full_matrices=False)
        roots = np.diag(s ** (1 / depth))
        factors = [roots] * depth
        factors[0], factors[-1] = u @ factors[0], factors[-1] @ vt
        assert np.allclose(reduce(np.matmul, factors), matrix)
        balanced.append(abs(sum(np.sum(f**2) for f in factors) / price(matrix) - 1))

        def logarithm(x, depth=depth, price=price):
            draws = x.reshape(depth, 2, 2)
            return np.log((draws**2).sum()) - np.log(price(reduce(np.matmul, draws)))

        for _ in range(3):
            found = minimize(logarithm, generator.normal(size=4 * depth), method="L-BFGS-B")
            below.append(-found.fun)
            near.append(found.fun)
    return Evidence(
        (
            Measure("largest error of the balanced factors", np.max(balanced), "<=", 1e-9),
            Measure("largest log-ratio below the bound", np.max(below), "<=", 1e-9),
            Measure("least log-ratio found", np.min(near), "<=", 1e-6),
        )
    )


def simplex_family(num_classes, depth, decay):
    r"""Least objective of the simplex's logits $a(I-\frac1K\mathbf 1\mathbf 1^\top)$, $a\ge0$.

    Parameters
    ----------
    num_classes, depth : int
        Of classes, and of factors.
    decay : float
        Weight decay of every factor.

    Returns
    -------
    value, scale : float
    """

    def value(scale):
        loss = np.log1p((num_classes - 1) * np.exp(-scale))
        return loss + decay * depth / 2 * (num_classes - 1) * scale ** (2 / depth)

    grid = np.concatenate([[0], np.geomspace(1e-3, 30, 400)])
    best = int(np.argmin([value(a) for a in grid]))
    bounds = grid[max(best - 1, 0)], grid[min(best + 1, len(grid) - 1)]
    found = minimize_scalar(value, bounds=bounds, method="bounded", options={"xatol": 1e-12})
    return (value(0), 0.0) if value(0) <= found.fun else (float(found.fun), float(found.x))


def descend_layers(factors, decay):
    """Minimise cross-entropy of a product of square factors plus their decay, from a start.

    Parameters
    ----------
    factors : ndarray, shape (depth, num_classes, num_classes)
    decay : float

    Returns
    -------
    value : float
    logits : ndarray, shape (num_classes, num_classes)
        Row k for class k.
    """
    depth, count, _ = factors.shape

    def value(x):
        layers = x.reshape(factors.shape)
        left = [np.eye(count)]
        for layer in layers:
            left.append(left[-1] @ layer)
        logs = log_softmax(left[-1], axis=1)
        slope, right, slopes = (np.exp(logs) - np.eye(count)) / count, np.eye(count), []
        for place in reversed(range(depth)):
            slopes.append(left[place].T @ slope @ right.T + decay * layers[place])
            right = layers[place] @ right
        total = -np.trace(logs) / count + decay / 2 * (layers**2).sum()
        return total, np.array(slopes[::-1]).ravel()

    options = {"maxiter": 5000, "maxfun": 20000, "ftol": 1e-15, "gtol": 1e-10}
    found = minimize(value, factors.ravel(), jac=True, method="L-BFGS-B", options=options)
    return float(found.fun), reduce(np.matmul, found.x.reshape(factors.shape))


def check_two_layers(depth):
    """Descend from random factors and from the circle; nothing may beat or miss the simplex."""
    generator = np.random.default_rng(2)
    below, away, stationary = [], [], []
    for count, share in ((4, 0.4), (5, 0.15), (5, 0.8), (7, 0.3), (7, 1.2)):
        decay = share / count
        least, scale = simplex_family(count, depth, decay)
        centred = np.eye(count) - 1 / count
        u, s, _ = np.linalg.svd(4 * regular_polygon(count) @ regular_polygon(count).T)
        circle = np.array([u * s ** (1 / depth) @ u.T] * depth)
        starts = [generator.normal(size=circle.shape) for _ in range(2)]
        starts += [circle + 0.01 * generator.normal(size=circle.shape)]
        ends = [descend_layers(start, decay) for start in starts]
        value, logits = min(ends, key=lambda end: end[0])
        below.append(least - value)
        away.append(np.abs(logits - scale * centred).max())
        formula = max(np.log(max(1 / decay - count + 1, 1)), 0)
        stationary.append(abs(scale - formula))
    return Evidence(
        (
            Measure("largest objective below the simplex's, nats", np.max(below), "<=", 1e-9),
            Measure("all logits within 0.001 of the simplex's", np.max(away) <= 1e-3, "==", 1),
            Measure("all scales as stated, to 1e-5", np.max(stationary) <= 1e-5, "==", 1),
        )
    )


CLAIMS = (
    Claim(
        identifier="lem-schatten-tight",
        page=PAGE,
        statement="Among unit codes of K vectors and rank r, tight frames have the largest "
        "Schatten cost for q < 2 and the least for q > 2, namely K (r / K)^(1 - q/2); at q = 2 "
        "every unit code costs K.",
        kind="proved",
        source="here",
        hypotheses="unit rows, q positive",
        checker=check_tight,
        instance=lambda: {"sign": lambda q: 1 if q < 2 else -1},
        control_statement="tight frames have the largest cost at every exponent",
        control=lambda: {"sign": lambda q: 1},
    ),
    Claim(
        identifier="prop-simplex-least-entropy",
        page=PAGE,
        statement="At every inverse temperature the simplex alone has the least cross-entropy of "
        "all unit codes, log(1 + (K - 1) exp(-beta K / (K - 1))).",
        kind="proved",
        source="lu2022 at temperature 1; proof here",
        hypotheses="unit rows, features equal to them, beta positive, K at least 2",
        checker=check_simplex_least,
        instance=lambda: {"least": simplex_cross_entropy},
        control_statement="orthogonal vectors have it, log(1 + (K - 1) exp(-beta))",
        control=lambda: {"least": lambda count, beta: np.log1p((count - 1) * np.exp(-beta))},
    ),
    Claim(
        identifier="prop-polygon-cross-entropy",
        page=PAGE,
        statement="The circle has cross-entropy log K - beta + log I0(beta) + log(1 + eta), and "
        "eta is at most 3 (beta / 2)^K / K! once K is at least beta.",
        kind="proved",
        source="here; tan2026 states the limit of the gap",
        hypotheses="K at least 2",
        checker=check_polygon,
        instance=lambda: {"aliasing": von_mises_aliasing},
        control_statement="the sum over the points is its integral, eta = 0",
        control=lambda: {"aliasing": lambda count, beta: 0.0},
    ),
    Claim(
        identifier="thm-two-candidates",
        page=PAGE,
        statement="For 0 < q < 2 the circle costs less than the simplex exactly if lambda exceeds "
        "the cross-entropy gap over K [(1 - 1/K)^(1 - q/2) - (2/K)^(1 - q/2)], and the gap is "
        "log I0(beta) within explicit bounds of order 1/K.",
        kind="proved",
        source="tan2026; proof and bounds here",
        hypotheses="K at least 4, beta positive and fixed",
        checker=check_two_candidates,
        instance=lambda: {"exponents": (0.5, 1, 4 / 3, 1.9)},
        control_statement="the same with weight decay on the code, q = 2",
        control=lambda: {"exponents": (2,)},
    ),
    Claim(
        identifier="prop-gap-over-beta",
        page=PAGE,
        statement="The largest cross-entropy gap over beta is log K - log(2 pi log K) / 2 + o(1), "
        "at beta = log K + log(2 log K) + o(1), between two explicit bounds for every K.",
        kind="proved",
        source="here",
        hypotheses="K at least 4",
        checker=check_best_temperature,
        instance=lambda: {"deficit": lambda count: np.log(2 * np.pi * np.log(count)) / 2},
        control_statement="it falls short of log K by a constant, log(2 pi) / 2",
        control=lambda: {"deficit": lambda count: np.log(2 * np.pi) / 2},
    ),
    Claim(
        identifier="prop-decay-is-schatten",
        page=PAGE,
        statement="The least sum of squared entries of L factors with product Z is L times the sum "
        "of the singular values of Z to the power 2 / L; for logits beta W W^T that is "
        "L beta^(2/L) times the Schatten cost of W with q = 4 / L.",
        kind="proved",
        source="classical for two factors; proof here",
        hypotheses="inner dimensions at least the rank of Z",
        checker=check_decay,
        instance=lambda: {"exponent": lambda depth: 2 / depth},
        control_statement="it is the nuclear norm at every depth",
        control=lambda: {"exponent": lambda depth: 1},
    ),
    Claim(
        identifier="prop-two-layers",
        page=PAGE,
        statement="Behind two layers with weight decay the optimal logits are a simplex if the "
        "decay is below 1 / K, zero otherwise, and nothing else.",
        kind="proved",
        source="here",
        hypotheses="one free feature a class, inner dimension at least K - 1, K at least 2",
        checker=check_two_layers,
        instance=lambda: {"depth": 2},
        control_statement="the same behind four layers",
        control=lambda: {"depth": 4},
    ),
)
