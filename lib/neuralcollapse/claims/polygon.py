"""Statements of the page *Points on a circle*."""

import flint
import numpy as np
from flint import arb
from scipy.optimize import brentq, minimize
from scipy.special import logsumexp, xlogy

from neuralcollapse.claims.claim import Claim, Evidence, Measure
from neuralcollapse.geometry.arrays import as_directions
from neuralcollapse.theory.circle import (
    angular_gradient,
    angular_potential,
    bessel_ratio,
    bessel_remainder,
    bessel_remainder_bounds,
    circle_costs,
    entropic_transport_plan,
    hessian_spectrum,
    log_sphere_moment,
    sinkhorn_plan,
    transport_free_cost,
    von_mises_aliasing,
)

PAGE = "circle/points-on-a-circle"
ROUNDING = 1e-11
BITS = 128  # of interval arithmetic
FLAT = 1e-4  # ratio of curvatures below which descent cannot tell equal gaps from others


def equal_angles(num_classes, step=1):
    """Angles ``2 pi step k / num_classes``."""
    return 2 * np.pi * (step * np.arange(num_classes) % num_classes) / num_classes


def descend(angles, beta):
    """Local minimum of the potential from a start; works on its logarithm, which keeps scale."""

    def objective(x):
        value = angular_potential(x, beta)
        return np.log(value), angular_gradient(x, beta) / value

    limits = {"gtol": 1e-9, "ftol": 1e-15, "maxiter": 2000}
    return minimize(objective, angles, jac=True, method="L-BFGS-B", options=limits).x


def gap_deviation(angles):
    """Largest relative deviation of a gap between neighbours from the mean gap."""
    turned = np.sort(np.mod(angles, 2 * np.pi))
    gaps = np.diff(np.append(turned, turned[0] + 2 * np.pi))
    return float(np.abs(gaps * len(gaps) / (2 * np.pi) - 1).max())


def two_triangles(num_classes, generator):
    """Regular polygons of three points and of the others, turned at random: sum 0."""
    turns = generator.uniform(0, 2 * np.pi, size=2)
    return np.concatenate([turns[0] + equal_angles(3), turns[1] + equal_angles(num_classes - 3)])


def check_critical(configuration):
    """Measure the gradient at configurations, and the gradient itself against differences."""
    generator = np.random.default_rng(0)
    slopes, sums, errors = [], [], []
    for num_classes in (5, 6, 9, 17):
        for beta in (0.5, 3.0, 20.0):
            angles = configuration(num_classes, generator)
            sums.append(abs(np.exp(1j * angles).sum()))
            slopes.append(np.abs(angular_gradient(angles, beta)).max() / beta)
            start = generator.uniform(0, 2 * np.pi, size=num_classes)
            errors.append(np.abs(_differences(start, beta) - angular_gradient(start, beta)).max())
    return Evidence(
        (
            Measure("largest sum of the points", np.max(sums), "<=", ROUNDING),
            Measure("largest error of the gradient's formula", np.max(errors), "<=", 1e-6),
            Measure("largest gradient over beta", _rounded(np.max(slopes)), "<=", ROUNDING),
        )
    )


def _differences(angles, beta, step=1e-5):
    shifts = step * np.eye(len(angles))
    ends = [[angular_potential(angles + s * shift, beta) for s in (1, -1)] for shift in shifts]
    return np.array([(up - down) / (2 * step) for up, down in ends])


def numerical_spectrum(num_classes, beta, step=1e-5):
    """Eigenvalues of the Hessian at equal angles from differences of the gradient, sorted."""
    angles = equal_angles(num_classes)
    rows = [
        (angular_gradient(angles + shift, beta) - angular_gradient(angles - shift, beta)) / step / 2
        for shift in step * np.eye(num_classes)
    ]
    return np.linalg.eigvalsh((np.array(rows) + np.array(rows).T) / 2)


def without_slope(num_classes, beta):
    """The first term of the spectrum alone: the mean bend of the exponents."""
    orders, points = np.arange(num_classes), equal_angles(num_classes)
    weights = np.exp(beta * (np.cos(points) - 1))
    slopes = beta * np.sin(np.outer(orders, points)) @ (weights * np.sin(points) / weights.sum())
    return hessian_spectrum(num_classes, beta) + slopes**2


def convex_by_weights(num_classes, beta):
    """Whether the criterion for points far apart is certain, in interval arithmetic."""
    cosines, weights = _exact_weights(num_classes, beta)
    first = cosines[1]
    return bool(arb(beta) * (1 - first**2) > first * sum(weights, arb(0)))


def convex_by_bessel(num_classes, beta):
    """Whether the criterion for points close together is certain, in interval arithmetic."""
    cosines, weights = _exact_weights(num_classes, beta)
    point = arb(beta)
    bends = [(point * c - point**2 * (1 - c**2)) * w for c, w in zip(cosines, weights, strict=True)]
    twice = 2 * sum(bends, arb(0)) / num_classes
    scale = (-point).exp()
    orders = range(1, num_classes // 2 + 1)
    return all(bool(n * n * point.bessel_i(n) * scale >= twice) for n in orders)


def _exact_weights(num_classes, beta):
    cosines = [(2 * arb.pi() * m / num_classes).cos() for m in range(num_classes)]
    return cosines, [(arb(beta) * (c - 1)).exp() for c in cosines]


def meeting_point(num_classes):
    """A beta from which on the criterion for points far apart holds, a little above the least."""
    if num_classes <= 4:
        return 1e-3
    cosines = np.cos(equal_angles(num_classes))

    def slack(beta):
        return beta * (1 - cosines[1] ** 2) - cosines[1] * np.exp(beta * (cosines - 1)).sum()

    return brentq(slack, 1e-6, 10.0 * num_classes**2) * (1 + 1e-9)


def check_local_minimum(largest):
    """Decide for each K whether the two criteria meet, and look at the least eigenvalues."""
    undecided, lowest = 0, []
    with flint.ctx.workprec(BITS):
        for num_classes in range(2, largest + 1):
            beta = meeting_point(num_classes)
            far = convex_by_weights(num_classes, beta)
            near = num_classes <= 4 or convex_by_bessel(num_classes, beta)
            undecided += not (far and near)
            spectra = [hessian_spectrum(num_classes, b)[1:] for b in beta * np.array([0.5, 1, 2])]
            lowest += [spectrum.min() for spectrum in spectra]
    return Evidence(
        (
            Measure("numbers of points left undecided", undecided, "==", 0),
            Measure("least eigenvalues are positive", bool(np.min(lowest) > 0), "==", 1),
        )
    )


def check_hessian(spectrum):
    """Hold a spectrum against differences of the gradient and against its limit."""
    errors, limits = [], []
    for num_classes in (2, 3, 5, 8, 13):
        for beta in (0.7, 2.5, 9.0):
            found = np.sort(spectrum(num_classes, beta))
            errors.append(np.abs(found - numerical_spectrum(num_classes, beta)).max() / beta)
    for beta in (0.7, 2.5, 9.0):
        orders = np.arange(1, 6)
        ratios = bessel_ratio(orders, beta)
        limit = orders**2 * ratios * (2 - ratios)
        limits.append(np.abs(spectrum(80, beta)[1:6] / limit - 1).max())
    return Evidence(
        (
            Measure("largest error against differences, over beta", np.max(errors), "<=", 1e-6),
            Measure("largest relative distance to the limit, K = 80", np.max(limits), "<=", 1e-9),
        )
    )


def cardioid(orders, beta):
    """Coefficients of 1 + cos t: not negative as a density, nor in its coefficients."""
    return np.select([orders == 0, orders == 1], [1.0, 0.5], 0.0)


def check_root(coefficients):
    """Sum the series of the square roots of coefficients and look for negative values."""
    lowest, masses, errors = [], [], []
    size = 1024
    points = 2 * np.pi * np.arange(size) / size
    for beta in (0.1, 0.5, 2.0, 7.0, 30.0, 200.0):
        orders = np.arange(size // 2)
        density = _series(coefficients(orders, beta), size)
        root = _series(np.sqrt(coefficients(orders, beta)), size)
        again = np.fft.irfft(np.fft.rfft(root) ** 2, size) / size
        lowest.append(root.min() / root.max())
        masses.append(abs(root.mean() - 1))
        errors.append(np.abs(again - density).max())
        assert density.min() > -1e-9, "the density itself is negative"
    moments = np.exp(30.0 * (np.cos(points) - 1))
    sampled = np.fft.rfft(moments / moments.mean()).real[:40] / size
    return Evidence(
        (
            Measure("largest error of total mass 1", np.max(masses), "<=", ROUNDING),
            Measure("largest error of the square", np.max(errors), "<=", 1e-9),
            Measure(
                "error of the von Mises coefficients",
                np.abs(sampled - bessel_ratio(np.arange(40), 30.0)).max(),
                "<=",
                ROUNDING,
            ),
            Measure("least value over largest", np.min(lowest), ">=", -ROUNDING),
        )
    )


def _series(coefficients, size):
    """Values of 1 + 2 sum c_n cos nt on a grid."""
    return np.fft.irfft(np.append(coefficients, 0.0), size) * size


def chord(differences):
    """The cost of the page, and its derivative."""
    return 1 - np.cos(differences), np.sin(differences)


def squared_chord(differences):
    """The square of that cost, which increases with distance just as well."""
    value, slope = chord(differences)
    return value**2, 2 * value * slope


def least_mean_potential(cost, num_classes, beta, starts):
    """Least mean of log sum exp(-beta cost) found from some starts."""

    def objective(x):
        value, slope = cost(x[:, None] - x)
        kernel = np.exp(-beta * value)
        total = kernel.sum(axis=1)
        force = kernel * slope * (1 / total[:, None] + 1 / total)
        return np.log(total).mean(), -beta * force.sum(axis=1) / num_classes

    return min(minimize(objective, x, jac=True, method="BFGS").fun for x in starts)


def check_angular_bound(cost):
    """Search for angles below log K plus the logarithm of the mean kernel."""
    generator = np.random.default_rng(2)
    circle = equal_angles(4096)
    margins, polygons = [], []
    for num_classes in (2, 3, 5, 8):
        for beta in (0.3, 1.0, 4.0, 15.0):
            level = np.log(num_classes) + np.log(np.exp(-beta * cost(circle)[0]).mean())
            starts = generator.uniform(0, 2 * np.pi, size=(3, num_classes))
            clustered = equal_angles(num_classes, 2) + generator.normal(size=num_classes) / 10
            starts = [*starts, clustered]
            margins.append(least_mean_potential(cost, num_classes, beta, starts) - level)
            excess = angular_potential(equal_angles(num_classes), beta) / num_classes
            excess -= np.log(num_classes) - beta + log_sphere_moment(2, beta)
            polygons.append(abs(excess - np.log1p(von_mises_aliasing(num_classes, beta))))
    return Evidence(
        (
            Measure("least found less the bound", np.min(margins), ">=", -ROUNDING),
            Measure("error of the excess of equal angles", np.max(polygons), "<=", ROUNDING),
        )
    )


def least_cross_entropy(num_classes, dimension, beta, generator):
    """Least mean cross-entropy of unit codes found from one random start."""
    shape = (num_classes, dimension)

    def objective(x):
        lengths = np.linalg.norm(x.reshape(shape), axis=1, keepdims=True)
        points = x.reshape(shape) / lengths
        logits = beta * (points @ points.T - 1)
        totals = logsumexp(logits, axis=1)
        shares = np.exp(logits - totals[:, None])
        slope = beta / num_classes * (shares + shares.T) @ points
        slope -= (slope * points).sum(axis=1, keepdims=True) * points
        return totals.mean(), (slope / lengths).ravel()

    start = as_directions(generator.normal(size=shape)).ravel()
    return minimize(objective, start, jac=True, method="L-BFGS-B").fun


def check_dimension_bound(bound_dimension):
    """Search codes of each dimension below the bound of `bound_dimension(dimension)`."""
    generator = np.random.default_rng(3)
    margins = []
    for dimension in (1, 2, 3, 5):
        for num_classes in (3, 6, 12):
            for beta in (0.3, 1.5, 6.0):
                level = log_sphere_moment(bound_dimension(dimension), beta)
                found = least_cross_entropy(num_classes, dimension, beta, generator)
                margins.append(found - np.log(num_classes) + beta - level)
    return Evidence((Measure("least found less the bound", np.min(margins), ">=", -ROUNDING),))


def check_polygon_best(step):
    """Try to undercut equal angles with some step; climb over angles and temperature together."""
    generator = np.random.default_rng(4)
    found, deviations, climbs = [], [], []
    for num_classes in (3, 4, 6, 9):
        candidate = equal_angles(num_classes, step)
        for beta in (0.3, 1.0, 5.0, 30.0):
            curvatures = hessian_spectrum(num_classes, beta)[1:]
            steep = curvatures.min() > FLAT * curvatures.max()
            starts = [
                generator.uniform(0, 2 * np.pi, size=num_classes),
                equal_angles(num_classes, 2) + generator.normal(size=num_classes) / 20,
                np.linspace(0, 1, num_classes) + generator.normal(size=num_classes) / 20,
            ]
            for start in starts:
                end = descend(start, beta)
                ratio = angular_potential(end, beta) / angular_potential(candidate, beta)
                found.append(np.log(ratio))
                deviations += [gap_deviation(end)] if steep else []
        climbs += [_climb(candidate, generator) for _ in range(2)]
    return Evidence(
        (
            Measure("least log of found over candidate", _capped(found), ">=", -1e-9),
            Measure("least of the climbs over beta too", _capped(climbs), ">=", -1e-9),
            Measure("all ends have equal gaps, to 0.001", np.max(deviations) <= 1e-3, "==", 1),
        )
    )


def _climb(candidate, generator, steps=150):
    """Least log ratio to the candidate that a climb over angles and log beta reaches."""
    angles, log_beta = generator.uniform(0, 2 * np.pi, size=len(candidate)), generator.normal()
    reach, best = 1.0, np.inf
    for _ in range(steps):
        trial = angles + reach * generator.normal(size=len(angles))
        trial_beta = np.clip(log_beta + reach * generator.normal(), -3, 4)
        potentials = [angular_potential(x, np.exp(trial_beta)) for x in (trial, candidate)]
        value = np.log(potentials[0] / potentials[1])
        if value < best:
            angles, log_beta, best = trial, trial_beta, value
        else:
            reach = max(0.95 * reach, 1e-4)
    end = descend(angles, np.exp(log_beta))
    potentials = [angular_potential(x, np.exp(log_beta)) for x in (end, candidate)]
    return min(best, np.log(potentials[0] / potentials[1]))


def check_softmax_plan(sources):
    """Compare the softmax plan with other plans, with cross-entropy and with Sinkhorn's plan."""
    generator = np.random.default_rng(6)
    losses, prices, gains, differences = [], [], [], []
    for num_classes in (3, 7, 11):
        for beta in (0.5, 3.0, 8.0):
            costs = circle_costs(sources(num_classes, generator), equal_angles(num_classes))
            plan = entropic_transport_plan(costs, beta)
            best = transport_free_cost(plan, costs, beta)
            loss = beta * costs[:, 0] + logsumexp(-beta * costs, axis=1)
            least = [
                transport_free_cost(row[None] * num_classes, cost[None], beta)
                for row, cost in zip(plan, costs, strict=True)
            ]
            losses.append(np.abs(loss - (beta * costs[:, 0] - least)).max())
            other = generator.dirichlet(np.ones(num_classes), size=num_classes) / num_classes
            other = (1 - 0.5) * other + 0.5 * plan
            excess = transport_free_cost(other, costs, beta) - best
            divergence = xlogy(other, other / plan).sum()
            prices.append(abs(excess - divergence))
            gains.append(excess)
            differences.append(np.abs(sinkhorn_plan(costs, beta) - plan).max())
    return Evidence(
        (
            Measure("largest error of the loss as free costs", np.max(losses), "<=", ROUNDING),
            Measure("largest error of the price as divergence", np.max(prices), "<=", ROUNDING),
            Measure("least price of another plan", np.min(gains), ">=", 0),
            Measure(
                "largest distance of Sinkhorn's plan", _rounded(np.max(differences)), "<=", 1e-10
            ),
        )
    )


def first_term_bounds(num_classes, beta):
    """The bounds with one Bessel function for the whole series."""
    first = 2 * bessel_ratio(num_classes, beta)
    return float(np.log1p(-min(first, 1 - 1e-9))), float(np.log1p(first))


def check_remainder(bounds):
    """Hold the remainder against its definition, its bounds and its monotonicity."""
    errors, below, above, rises, loose = [], [], [], [], []
    for num_classes in (2, 3, 5, 11):
        for beta in (0.3, 3.0, 12.0, 60.0):
            angles = np.linspace(0, np.pi / num_classes, 201)
            remainder = bessel_remainder(angles, num_classes, beta)
            logits = beta * np.cos(angles[:, None] - equal_angles(num_classes))
            loss = logsumexp(logits, axis=1) - beta * np.cos(angles)
            cosine = np.log(num_classes) + log_sphere_moment(2, beta) - beta * np.cos(angles)
            errors.append(np.abs(loss - cosine - remainder).max() / max(1, beta))
            lower, upper = bounds(num_classes, beta)
            below.append((remainder.min() - lower) / abs(lower))
            above.append((upper - remainder.max()) / abs(upper))
            rises.append(np.diff(remainder).max() / abs(upper))
            aliasing = von_mises_aliasing(num_classes, beta)
            loose.append(remainder.min() - np.log1p(-aliasing) if aliasing < 1 else 0.0)
    return Evidence(
        (
            Measure("largest error of the identity", np.max(errors), "<=", ROUNDING),
            Measure("remainder less lower bound, relative", np.min(below), ">=", -1e-9),
            Measure("upper bound less remainder, relative", np.min(above), ">=", -1e-9),
            Measure("largest rise towards the middle, relative", np.max(rises), "<=", 1e-9),
            Measure("remainder less log(1 - eta)", np.min(loose), ">=", -1e-9),
        )
    )


def _capped(figures):
    """The least figure, or -1: how far below depends on where a search happens to go."""
    return max(float(np.min(figures)), -1.0)


def _rounded(figure):
    """Round a figure that is 0 up to rounding, which differs between machines."""
    return round(float(figure), 10) + 0.0


CLAIMS = (
    Claim(
        identifier="prop-equal-angles-critical",
        page=PAGE,
        statement="Equal angles, whatever the step, are critical points of the angular potential.",
        kind="proved",
        source="here; for m prime to K it follows from what tan2026 states",
        hypotheses="K at least 2, any inverse temperature",
        checker=check_critical,
        instance=lambda: {"configuration": lambda count, generator: equal_angles(count)},
        control_statement="all angles whose points sum to 0 are critical",
        control=lambda: {"configuration": two_triangles},
    ),
    Claim(
        identifier="prop-polygon-hessian",
        page=PAGE,
        statement="At equal angles the Hessian's eigenvalues are 2 A_r - B_r^2, and for many "
        "points they tend to r^2 rho_r (2 - rho_r).",
        kind="proved",
        source="here",
        hypotheses="K at least 2, inverse temperature positive",
        checker=check_hessian,
        instance=lambda: {"spectrum": hessian_spectrum},
        control_statement="the eigenvalues are 2 A_r",
        control=lambda: {"spectrum": without_slope},
    ),
    Claim(
        identifier="prop-local-minimum",
        page=PAGE,
        statement="Equal angles are a strict local minimum up to rotation, at every inverse "
        "temperature if K is at most 103, and at each if K is large.",
        kind="certified",
        source="here",
        hypotheses="K from 2 to 103, inverse temperature positive; large K by the proof alone",
        checker=check_local_minimum,
        instance=lambda: {"largest": 103},
        control_statement="the two criteria settle K up to 110",
        control=lambda: {"largest": 110},
    ),
    Claim(
        identifier="lem-symmetric-root",
        page=PAGE,
        statement="A von Mises density is the convolution square of a symmetric density.",
        kind="proved",
        source="kent1977; proof here",
        hypotheses="any inverse temperature",
        checker=check_root,
        instance=lambda: {"coefficients": bessel_ratio},
        control_statement="so is every density with Fourier coefficients of at least 0",
        control=lambda: {"coefficients": cardioid},
    ),
    Claim(
        identifier="thm-angular-bound",
        page=PAGE,
        statement="Whatever the angles, the mean potential is at least "
        "log K - beta + log I0(beta), and equal angles exceed that by log(1 + eta_K) only.",
        kind="proved",
        source="here",
        hypotheses="any angles, any inverse temperature",
        checker=check_angular_bound,
        instance=lambda: {"cost": chord},
        control_statement="such a bound holds for every cost that increases with distance",
        control=lambda: {"cost": squared_chord},
    ),
    Claim(
        identifier="cor-dimension-bound",
        page=PAGE,
        statement="Unit codes in d dimensions have mean cross-entropy of at least "
        "log K - beta + log M_d(beta).",
        kind="proved",
        source="here",
        hypotheses="unit vectors of d dimensions, features along them",
        checker=check_dimension_bound,
        instance=lambda: {"bound_dimension": lambda dimension: dimension},
        control_statement="the circle's bound holds in all dimensions",
        control=lambda: {"bound_dimension": lambda dimension: min(dimension, 2)},
    ),
    Claim(
        identifier="conj-polygon-best",
        page=PAGE,
        statement="Equal angles, one point at each, have the least angular potential, and there "
        "is no other local minimum.",
        kind="conjecture",
        source="tan2026 states the first half",
        hypotheses="K at least 2, inverse temperature positive",
        checker=check_polygon_best,
        instance=lambda: {"step": 1},
        control_statement="equal angles of step 2 are best too, whether or not K is even",
        control=lambda: {"step": 2},
    ),
    Claim(
        identifier="prop-softmax-plan",
        page=PAGE,
        statement="Softmax is the best transport plan with entropy when target masses are free; "
        "for sources turned alike from the classes it is Sinkhorn's plan too.",
        kind="proved",
        source="tan2026, reconstructed; proof here",
        hypotheses="equal source masses; targets at equal angles",
        checker=check_softmax_plan,
        instance=lambda: {
            "sources": lambda count, generator: equal_angles(count) + generator.uniform()
        },
        control_statement="it is Sinkhorn's plan for any sources",
        control=lambda: {
            "sources": lambda count, generator: generator.uniform(0, 2 * np.pi, size=count)
        },
    ),
    Claim(
        identifier="prop-bessel-remainder",
        page=PAGE,
        statement="On a circle of K equal angles cross-entropy is a constant, one cosine and a "
        "remainder between log(1 - eta_K + 2 eta_2K) and log(1 + eta_K).",
        kind="proved",
        source="tan2026 states |R| at most eta / (1 - eta); sharper here",
        hypotheses="K at least 2, any inverse temperature",
        checker=check_remainder,
        instance=lambda: {"bounds": bessel_remainder_bounds},
        control_statement="one Bessel function bounds it: log(1 - 2 rho_K) to log(1 + 2 rho_K)",
        control=lambda: {"bounds": first_term_bounds},
    ),
)
