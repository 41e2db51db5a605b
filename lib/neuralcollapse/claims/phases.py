"""Claims of the page codes/phase-diagram: all phases, and what happens when H or W are free."""

from functools import cache

import mpmath
import numpy as np
from scipy.optimize import brentq, minimize
from scipy.sparse.csgraph import connected_components
from scipy.special import lambertw, logsumexp, softmax

from neuralcollapse import codes
from neuralcollapse.claims.claim import Claim, Evidence, Measure

PAGE = "codes/phase-diagram"
COLD_LIMIT = float(1 / (2 * (1 + lambertw(np.exp(-1)).real)))  # below: low entropy, conjecturally
WARM_LIMIT = (6, 4)  # the pair whose last temperature is the largest known
_ROUNDING = 1e-9


def regime(largest, smallest=4):
    """Pairs (num_points, dimension) of the orthoplex regime up to a number of points.

    Parameters
    ----------
    largest, smallest : int

    Returns
    -------
    list of tuple of int
    """
    return [
        (n, d)
        for n in range(smallest, largest + 1)
        for d in range((n + 1) // 2, n - 1)
        if n <= 2 * d
    ]


def spread(dimensions):
    """Difference of the largest and the smallest part above 1; 0 if there is at most one.

    Parameters
    ----------
    dimensions : tuple of int

    Returns
    -------
    int
    """
    parts = [x for x in dimensions if x > 1]
    return max(parts) - min(parts) if parts else 0


def check_phase_map(between, largest=26):
    """Hold all phases up to `largest` points against a rule for phases between low and high."""
    exceptions, spreads, falls = 0, [], 0
    for n, d in regime(largest):
        phases = codes.phase_diagram(n, d, 9)
        exceptions += (len(phases) > 2) != between(n, d)
        spreads += [spread(phase.dimensions) for phase in phases]
        falls += _least_step(phases) < 1
    return Evidence(
        (
            Measure("pairs that break the rule", exceptions, "==", 0),
            Measure("largest difference between parts above 1", np.max(spreads), "<=", 1),
            Measure("pairs where the number of such parts does not grow", falls, "==", 0),
        )
    )


def check_balanced(pairs, largest_step=None):
    """Balance of every phase, and how many parts above 1 come at once."""
    diagrams = [codes.phase_diagram(n, d, 9) for n, d in pairs]
    steps = np.concatenate([np.diff(_counts(phases)) for phases in diagrams])
    spreads = [spread(phase.dimensions) for phases in diagrams for phase in phases]
    measures = [
        Measure("largest difference between parts above 1", np.max(spreads), "<=", 1),
        Measure("least growth of their number", np.min(steps), ">=", 1),
    ]
    if largest_step is not None:
        measures.append(Measure("largest growth", np.max(steps), "<=", largest_step))
    return Evidence(measures)


def _counts(phases):
    return [sum(x > 1 for x in phase.dimensions) for phase in phases]


def _least_step(phases):
    return np.min(np.diff(_counts(phases))) if len(phases) > 1 else 1


def check_uniform(cold, warm):
    """First and last temperatures between phases against two that serve all n and d."""
    first, last = [], []
    for n, d in regime(20):
        phases = codes.phase_diagram(n, d, 9)
        if len(phases) > 1:
            first.append(float(phases[0].tau_high))
            last.append(float(phases[-1].tau_low))
    first += [two_batches_temperature(d) for d in (50, 200, 1000, 5000)]
    return Evidence(
        (
            Measure("least first temperature", np.min(first), ">=", cold),
            Measure("largest last temperature", np.max(last), "<=", warm + _ROUNDING),
        )
    )


def two_batches_temperature(dimension):
    """The temperature where (d - 1, 1) and two equal batches tie, for d + 2 points, d even.

    Parameters
    ----------
    dimension : int

    Returns
    -------
    float
    """
    n = dimension + 2

    def lead(tau):
        low = codes.batch_loss(n, tau, dimension - 1) + codes.batch_loss(n, tau, 1)
        return low - 2 * codes.batch_loss(n, tau, dimension // 2)

    return brentq(lead, 0.36, 0.6, xtol=1e-13)


def check_two_batches(limit):
    """Distance of the tie of two batches from its limit, times the dimension."""
    sizes = np.array([100, 1000, 10_000])
    gaps = np.abs([two_batches_temperature(d) - limit for d in sizes])
    return Evidence(
        (
            Measure("largest d |tau_d - limit|, d = 100 to 10,000", np.max(sizes * gaps), "<=", 1),
            Measure("gap at 1,000 over gap at 100", gaps[1] / gaps[0], "<=", 0.11),
            Measure("gap at 10,000 over gap at 1,000", gaps[2] / gaps[1], "<=", 0.11),
        )
    )


@cache
def least_energy(num_points, dimension, temperature, seeds=6):
    """Least Gaussian energy found: from low-entropy codes, lifted pairs and random points.

    Parameters
    ----------
    num_points, dimension : int
    temperature : float
    seeds : int

    Returns
    -------
    float
    """
    generator = np.random.default_rng(0)
    starts = [codes.low_entropy_code(num_points, dimension)]
    starts += [codes.lifted_pairs(num_points, dimension, a) for a in (0.05, 0.1, 0.2)]
    starts += [generator.normal(size=(num_points, dimension)) for _ in range(seeds)]
    ends = [
        descend_energy(start + 1e-3 * generator.normal(size=start.shape), temperature)
        for start in starts
    ]
    return min(codes.gaussian_energy(end, temperature) for end in ends)


def descend_energy(points, temperature, center=None, reach=0.02):
    """Descend the Gaussian energy, if asked within a box around a center.

    Parameters
    ----------
    points : ndarray, shape (num_points, dimension)
    temperature : float
    center : ndarray, shape (num_points, dimension), optional
    reach : float
        How far a coordinate may be from the center's before points are scaled to length 1 again.

    Returns
    -------
    ndarray, shape (num_points, dimension), float64
    """
    pairs = ~np.eye(len(points), dtype=bool)

    def log_energy(flat):
        free = flat.reshape(points.shape)
        lengths = np.linalg.norm(free, axis=1, keepdims=True)
        unit = free / lengths
        exponents = (unit @ unit.T)[pairs] / temperature
        pull = np.zeros(pairs.shape)
        pull[pairs] = softmax(exponents) / temperature
        gradient = (pull + pull.T) @ unit
        gradient -= (gradient * unit).sum(axis=1, keepdims=True) * unit
        return logsumexp(exponents), (gradient / lengths).ravel()

    bounds = None
    if center is not None:
        bounds = np.column_stack([center.ravel() - reach, center.ravel() + reach])
    options = {"ftol": 1e-15, "gtol": 1e-10, "maxiter": 1500, "maxfun": 3000}
    found = minimize(
        log_energy, points.ravel(), jac=True, method="L-BFGS-B", bounds=bounds, options=options
    )
    ends = found.x.reshape(points.shape)
    return ends / np.linalg.norm(ends, axis=1, keepdims=True)


@cache
def least_joint(num_points, dimension, temperature, seeds=6):
    """Least scaled loss found with weights and features free, from starts of every kind.

    Parameters
    ----------
    num_points, dimension : int
    temperature : float
    seeds : int
        Random starts; there are as many from each known code, disturbed.

    Returns
    -------
    loss : float
    weights : ndarray, shape (num_points, dimension), float64
    """
    generator = np.random.default_rng(1)
    shape = (2, num_points, dimension)
    known = [codes.low_entropy_code(num_points, dimension)]
    known += [codes.lifted_pairs(num_points, dimension, a) for a in (0.0, 0.1, 0.2)]
    starts = [generator.normal(size=shape) for _ in range(seeds)]
    starts += [
        start + size * generator.normal(size=shape)
        for start in known
        for size in (1e-3, 0.1)
        for _ in range(seeds // 3)
    ]
    found = []
    for start in starts:
        start = start / np.linalg.norm(start, axis=2, keepdims=True)
        ends = codes.joint_descent(*start, temperature)
        found.append((codes.scaled_loss(*ends, temperature), ends[0]))
    return min(found, key=lambda pair: pair[0])


def check_joint(energy):
    """Least loss found against e^{-eps} K and K, for a given K."""
    above, below = [], []
    for n, d, tau in ((5, 3, 0.05), (5, 3, 0.1), (6, 4, 0.05)):
        least, bound = least_joint(n, d, tau)[0], energy(n, d, tau)
        above.append(least / (bound * np.exp(-bound * np.exp(-1 / tau))))
        below.append(least / bound)
    return Evidence(
        (
            Measure("loss found over its lower bound, least", np.min(above), ">=", 1 - 1e-7),
            Measure("loss found over its upper bound, largest", np.max(below), "<=", 1 + 1e-7),
        )
    )


def lifted_energy(num_points, dimension, temperature, sine):
    """Gaussian energy of lifted pairs from the sine of their angle, at any temperature.

    Parameters
    ----------
    num_points, dimension : int
    temperature, sine : float

    Returns
    -------
    float
    """
    m, q, beta = num_points - dimension, 2 * dimension - num_points, 1 / temperature
    return (
        4 * m * (m - 1) * np.exp(beta * sine**2)
        + 2 * m * np.exp(-beta * (1 - 2 * sine**2))
        + 4 * m * q * np.exp(-beta * sine / q)
        + q * (q - 1) * np.exp(-beta / q)
    )


def check_lifted(sine):
    """Energy of lifted pairs against 4m(m-1) as temperature falls, at a given sine."""
    errors, excess = [], []
    for n, d in ((5, 3), (6, 4), (7, 4), (8, 5), (12, 8)):
        m, q = n - d, 2 * d - n
        for tau in (0.05, 0.02):
            points = codes.lifted_pairs(n, d, np.arcsin(min(1.0, sine(q, tau))))
            formula = lifted_energy(n, d, tau, min(1.0, sine(q, tau)))
            errors.append(abs(codes.gaussian_energy(points, tau) / formula - 1))
        found = [lifted_energy(n, d, tau, sine(q, tau)) for tau in (1e-4, 1e-6, 1e-8)]
        excess.append([value / (4 * m * (m - 1)) - 1 for value in found])
    worst = np.max(excess, axis=0)
    return Evidence(
        (
            Measure("relative gap of formula and points", np.max(errors), "<=", 1e-9),
            Measure("largest E / 4m(m-1) - 1 at tau = 1e-8", worst[-1], "<=", 1e-4),
            Measure("that over its value at 1e-6", worst[-1] / worst[-2], "<=", 0.05),
        )
    )


def check_free(bound):
    """Features optimised on exact softmax codes of many shapes against a lower bound."""
    generator = np.random.default_rng(2)
    ratios, ends = [], []
    for n, d in ((5, 3), (8, 5)):
        for tau in (0.05, 0.002):
            candidates = [codes.exact_weights(n, d, free_minimum(n, d, tau)[1][0])]
            for _ in range(2):
                sizes = np.full(n - d, 2)
                np.add.at(sizes, generator.integers(n - d, size=2 * d - n), 1)
                candidates.append(codes.orthoplex_code(sizes, seed=generator))
            limit = bound(n, d) * np.exp(-bound(n, d) * np.exp(-1 / tau))
            ratios += [least_features(weights, tau) / limit for weights in candidates]
        ends.append(free_minimum(n, d, 0.002)[0] / bound(n, d))
    return Evidence(
        (
            Measure("least loss found over the bound", np.min(ratios), ">=", 1 - 1e-9),
            Measure("explicit family over the bound at tau = 0.002", np.max(ends), "<=", 1.1),
        )
    )


def least_features(weights, temperature):
    """Least scaled loss over the features, each found by descent in its own class.

    Parameters
    ----------
    weights : ndarray, shape (num_points, dimension)
    temperature : float

    Returns
    -------
    float
    """
    features = []
    for k, weight in enumerate(weights):
        margins = np.delete(weights, k, axis=0) - weight

        def log_sum(free, margins=margins):
            length = np.linalg.norm(free)
            unit = free / length
            exponents = margins @ unit / temperature
            gradient = softmax(exponents) @ margins / temperature
            return logsumexp(exponents), (gradient - (gradient @ unit) * unit) / length

        found = minimize(log_sum, weight, jac=True, method="BFGS", options={"gtol": 1e-9})
        features.append(found.x / np.linalg.norm(found.x))
    return codes.scaled_loss(weights, np.array(features), temperature)


@cache
def free_minimum(num_points, dimension, temperature):
    """Best angle and lean of the explicit codes with free features.

    Parameters
    ----------
    num_points, dimension : int
    temperature : float

    Returns
    -------
    loss : float
    tilt : tuple of two float
    """

    def loss(tilt):
        angle = np.clip(tilt[0], 0, np.pi / 4)
        weights = codes.exact_weights(num_points, dimension, angle)
        features = codes.free_features(num_points, dimension, (angle, tilt[1]))
        return codes.scaled_loss(weights, features, temperature)

    start = temperature * np.log(1 / temperature)
    found = minimize(loss, [start, start], method="Nelder-Mead", options={"xatol": 1e-9})
    return float(found.fun), tuple(map(float, found.x))


def check_leaves(temperatures):
    """Lifted pairs against the least loss of any weights that are a softmax code."""
    ratios = []
    for (n, d), tau in temperatures.items():
        _, theta, eta = codes.family_minimum(n, d, tau)
        loss = codes.scaled_loss(
            codes.lifted_pairs(n, d, theta), codes.lifted_pairs(n, d, eta), tau
        )
        bound = 2 * n * (n - d - 1)
        ratios.append(loss / (bound * np.exp(-bound * np.exp(-1 / tau))))
    return Evidence(
        (Measure("lifted pairs over softmax codes, largest", max(ratios), "<=", 0.999),)
    )


def leading_coefficient(points):
    """Sum over ordered pairs of batches of the exponentials of their entropies.

    Parameters
    ----------
    points : ndarray, shape (num_points, dimension)
        An exact softmax code of the orthoplex regime.

    Returns
    -------
    float
    """
    gram = points @ points.T
    labels = connected_components(gram < -_ROUNDING)[1]
    weights = []
    for label in np.unique(labels):
        values, vectors = np.linalg.eigh(gram[np.ix_(labels == label, labels == label)])
        if abs(values[0]) < _ROUNDING:
            share = np.abs(vectors[:, 0]) / np.abs(vectors[:, 0]).sum()
            weights.append(np.exp(-share @ np.log(share)))
    return np.sum(weights) ** 2 - np.sum(np.square(weights))


def orthogonal_pairs(points):
    """Number of ordered pairs of orthogonal points: the limit of the energy of the code itself.

    Parameters
    ----------
    points : ndarray, shape (num_points, dimension)

    Returns
    -------
    int
    """
    return int(np.sum(np.abs(points @ points.T) < _ROUNDING))


def check_near(leading):
    """Least energy found in a box around spanning softmax codes against a leading coefficient."""
    generator, ratios = np.random.default_rng(3), []
    cases = [codes.union_of_simplices(dimensions) for dimensions in ((2, 1), (3, 1), (2, 2))]
    cases += [codes.orthoplex_code((3, 3), seed=generator)]
    cases += [codes.lifted_pairs(n, d, 0.0) for n, d in ((5, 3), (6, 4))]
    for center in cases:
        found = []
        for _ in range(2):
            points = center
            for tau in (0.05, 0.015, 0.004):
                points = points + 0.005 * generator.normal(size=points.shape)
                points = np.clip(points, center - 0.02, center + 0.02)
                points = descend_energy(points, tau, center)
            found.append(codes.gaussian_energy(points, 0.004))
        ratios.append(min(found) / leading(center))
    return Evidence(
        (Measure("least energy within 0.02 over the coefficient", np.min(ratios), ">=", 0.95),)
    )


def check_limits(pairs):
    """Count the nearly antipodal pairs of the best weights found when cold."""
    wrong, tilts, least = 0, [], []
    for n, d in ((5, 3), (6, 4)):
        weights = least_joint(n, d, 0.05)[1]
        gram = weights @ weights.T
        wrong += abs(np.sum(np.triu(gram < -0.9)) - pairs(n, d))
        paired = (gram < -0.9).any(axis=1)
        tilts.append(np.abs(gram[np.ix_(paired, ~paired)]).max())
        least.append(np.linalg.svd(weights[~paired], compute_uv=False).min())
    tilt, least = round(np.max(tilts), 3), round(np.min(least), 2)
    return Evidence(
        (
            Measure("antipodal pairs too many or too few", wrong, "==", 0),
            Measure("largest |cosine| of a pair's point and the rest", tilt, "<=", 0.15),
            Measure("least singular value of the rest", least, ">=", 0.5),
        )
    )


def check_crossing(tie):
    """The tie of lifted pairs and bipyramid within the family, in interval arithmetic."""
    temperature, *angles = tie()
    ball = mpmath.nstr(temperature, 22) + " +/- 1e-20"
    isolated = codes.isolates_crossing(5, 3, (temperature, *angles), 20)
    return Evidence(
        (
            Measure("box of half-width 1e-20 holds one tie", isolated, "==", 1),
            Measure(
                "no other angles are as good there",
                codes.family_loses(5, 3, ball, around=angles),
                "==",
                1,
            ),
            Measure("no angles are as good at 0.15", codes.family_loses(5, 3, "0.15"), "==", 1),
        )
    )


def check_global(temperatures, winner):
    """Least loss found from starts of every kind against the code said to be best."""
    gaps = []
    for tau in temperatures:
        gaps.append(least_joint(5, 3, tau)[0] / winner(tau) - 1)
    return Evidence(
        (
            Measure("least relative gap below the winner", np.min(gaps), ">=", -1e-8),
            Measure("largest gap above it", np.max(gaps), "<=", 1e-8),
        )
    )


def pyramid_or_bipyramid(temperature):
    """Scaled loss of the better of the best lifted pairs and the bipyramid, for five points.

    Parameters
    ----------
    temperature : float

    Returns
    -------
    float
    """
    bipyramid = codes.low_entropy_code(5, 3)
    loss = codes.scaled_loss(bipyramid, bipyramid, temperature)
    return loss + min(0.0, codes.family_minimum(5, 3, temperature)[0])


def harmonic_frame(num_points, dimension):
    """Zero-mean unit-norm tight frame of cosines and sines; d or n has to be even.

    Parameters
    ----------
    num_points, dimension : int

    Returns
    -------
    ndarray, shape (num_points, dimension), float64
    """
    place = np.arange(num_points)
    columns = []
    for frequency in range(1, dimension // 2 + 1):
        angle = 2 * np.pi * frequency * place / num_points
        columns += [np.cos(angle), np.sin(angle)]
    frame = np.sqrt(2 / dimension) * np.array(columns).T
    if dimension % 2:
        frame = np.column_stack([frame, (-1.0) ** place / np.sqrt(dimension)])
    return frame


def check_warm(pairs):
    """The harmonic frame against the best softmax code, features equal to weights, when warm."""
    means, tightness, leads = [], [], []
    for n, d in pairs:
        frame = harmonic_frame(n, d)
        means.append(np.linalg.norm(frame.mean(axis=0)))
        tightness.append(np.abs(frame.T @ frame - n / d * np.eye(d)).max())
        for tau in (10.0, 100.0):
            best = codes.batch_loss(n, tau, codes.phase_diagram(n, d, 9)[-1].dimensions).sum()
            leads.append((n * codes.cross_entropy(frame, frame, tau) - best) * tau**2)
    return Evidence(
        (
            Measure("length of the mean", np.max(means), "<=", 1e-14),
            Measure("distance from tightness", np.max(tightness), "<=", 1e-13),
            Measure("tau^2 times the frame's lead in loss, worst", np.max(leads), "<=", -1e-4),
        )
    )


CLAIMS = (
    Claim(
        identifier="prop-phase-map",
        page=PAGE,
        statement="Up to 26 points the best dimensions are parts above 1 that differ by at most 1, "
        "and ones; there is a phase between low and high entropy exactly if n - d and 2d - n are "
        "at least 3.",
        kind="certified",
        source="here",
        hypotheses="the 144 pairs d + 2 <= n <= 2d, n <= 26; contenders by thm-temperature's page",
        checker=check_phase_map,
        instance=lambda: {"between": lambda n, d: n - d >= 3 and 2 * d - n >= 3},
        control_statement="already if 2d - n is at least 2, where low and high entropy differ",
        control=lambda: {"between": lambda n, d: n - d >= 3 and 2 * d - n >= 2, "largest": 10},
    ),
    Claim(
        identifier="conj-balanced-phases",
        page=PAGE,
        statement="For all n the best dimensions are r parts that differ by at most 1, and ones; "
        "r grows with temperature.",
        kind="conjecture",
        source="here",
        hypotheses="decided for n at most 26; here a few pairs beyond and a chain that skips r = 3",
        checker=check_balanced,
        instance=lambda: {"pairs": ((12, 8), (27, 18), (28, 16), (28, 21))},
        control_statement="r grows by one part at a time",
        control=lambda: {"pairs": ((12, 8), (27, 18)), "largest_step": 1},
    ),
    Claim(
        identifier="conj-uniform-temperatures",
        page=PAGE,
        statement="For all n and d low entropy is best below 1/(2 + 2W(1/e)), W Lambert's, "
        "and high entropy above the tie of 31 and 22 for six points.",
        kind="conjecture",
        source="here",
        hypotheses="n at most 20 here; two batches up to d = 5000",
        checker=check_uniform,
        instance=lambda: {
            "cold": COLD_LIMIT,
            "warm": float(codes.phase_diagram(*WARM_LIMIT, 9)[0].tau_high),
        },
        control_statement="low entropy below 0.4, which holds of all pairs up to 26 points",
        control=lambda: {"cold": 0.4, "warm": 0.508},
    ),
    Claim(
        identifier="prop-two-batches",
        page=PAGE,
        statement="For n = d + 2 every tie of low and high entropy between fixed bounds tends to "
        "1/(2 + 2W(1/e)).",
        kind="proved",
        source="here",
        hypotheses="d even, to infinity; the check looks for a tie in [0.36, 0.6]",
        checker=check_two_batches,
        instance=lambda: {"limit": COLD_LIMIT},
        control_statement="it tends to 1/3, below which f is concave for every n",
        control=lambda: {"limit": 1 / 3},
    ),
    Claim(
        identifier="thm-joint",
        page=PAGE,
        statement="The least joint loss, scaled, lies between e^{-eps} K and K, where K is the "
        "least Gaussian energy and eps = K e^{-(1 - mu*)/tau}.",
        kind="proved",
        source="here",
        hypotheses="mu* < 1; checked for (d, n) = (3, 5) at 0.05 and 0.1, (4, 6) at 0.05",
        checker=check_joint,
        instance=lambda: {"energy": least_energy},
        control_statement="K of the low-entropy code instead of the least",
        control=lambda: {
            "energy": lambda n, d, tau: codes.gaussian_energy(codes.low_entropy_code(n, d), tau)
        },
    ),
    Claim(
        identifier="prop-lifted-pairs",
        page=PAGE,
        statement="Lifted pairs of sine q tau log(1/tau) have Gaussian energy tending to 4m(m-1).",
        kind="proved",
        source="here",
        hypotheses="d + 2 <= n < 2d",
        checker=check_lifted,
        instance=lambda: {"sine": lambda q, tau: q * tau * np.log(1 / tau)},
        control_statement="of sine sqrt(tau), the width of the Gaussian",
        control=lambda: {"sine": lambda q, tau: np.sqrt(tau)},
    ),
    Claim(
        identifier="prop-free-features",
        page=PAGE,
        statement="With W a softmax code and H free, the least scaled loss tends to 2n(m-1).",
        kind="proved",
        source="here",
        hypotheses="d + 2 <= n < 2d",
        checker=check_free,
        instance=lambda: {"bound": lambda n, d: 2 * n * (n - d - 1)},
        control_statement="to 4d(m-1), as of the low-entropy code",
        control=lambda: {"bound": lambda n, d: 4 * d * (n - d - 1)},
    ),
    Claim(
        identifier="cor-joint-leaves",
        page=PAGE,
        statement="When cold enough, no minimiser of the joint loss has a softmax code as weights.",
        kind="proved",
        source="here",
        hypotheses="d + 2 <= n < 2d; checked at a temperature for each of three pairs",
        checker=check_leaves,
        instance=lambda: {"temperatures": {(5, 3): 0.02, (6, 4): 0.01, (7, 4): 0.02}},
        control_statement="the same comparison at 0.1, where lifted pairs beat only H = W",
        control=lambda: {"temperatures": {(5, 3): 0.1, (7, 4): 0.1}},
    ),
    Claim(
        identifier="lem-near-energy",
        page=PAGE,
        statement="Near a spanning code without acute angles the Gaussian energy is at least the "
        "sum of exp(H(c^a) + H(c^b)) over pairs of dependent batches, in the limit.",
        kind="proved",
        source="here",
        hypotheses="d + 2 <= n <= 2d; searched in a box around six codes",
        checker=check_near,
        instance=lambda: {"leading": leading_coefficient},
        control_statement="near a code the energy is at least the code's own, its orthogonal pairs",
        control=lambda: {"leading": orthogonal_pairs},
    ),
    Claim(
        identifier="thm-joint-limits",
        page=PAGE,
        statement="A limit of joint minimisers that spans consists of n - d antipodal pairs and "
        "2d - n independent vectors.",
        kind="proved",
        source="here",
        hypotheses="d + 2 <= n < 2d; checked on the best found for (d, n) = (3, 5), (4, 6)",
        checker=check_limits,
        instance=lambda: {"pairs": lambda n, d: n - d},
        control_statement="of n - d - 1 antipodal pairs, as low entropy",
        control=lambda: {"pairs": lambda n, d: n - d - 1},
    ),
    Claim(
        identifier="prop-pyramid-crossing",
        page=PAGE,
        statement="Best square pyramid and bipyramid tie at 0.14524183126564129543, to 20 digits.",
        kind="certified",
        source="here",
        hypotheses="(d, n) = (3, 5), within the symmetric family",
        checker=check_crossing,
        instance=lambda: {"tie": lambda: codes.crossing_point(5, 3, 20)},
        control_statement="at 1/7, best angles there",
        control=lambda: {
            "tie": lambda: (
                mpmath.mpf(1) / 7,
                *map(mpmath.mpf, codes.family_minimum(5, 3, 1 / 7)[1:]),
            )
        },
    ),
    Claim(
        identifier="obs-pyramid-overtakes",
        page=PAGE,
        statement="Of all weights and features found, the pyramid is best at 0.1 and 0.14, "
        "the bipyramid at 0.15 and 0.3.",
        kind="numerical",
        source="here",
        hypotheses="(d, n) = (3, 5); 6 random starts and 16 near four codes at each temperature",
        checker=check_global,
        instance=lambda: {
            "temperatures": (0.1, 0.14, 0.15, 0.3),
            "winner": pyramid_or_bipyramid,
        },
        control_statement="the bipyramid is best at all of them",
        control=lambda: {
            "temperatures": (0.1, 0.14, 0.15, 0.3),
            "winner": lambda tau: codes.scaled_loss(
                codes.low_entropy_code(5, 3), codes.low_entropy_code(5, 3), tau
            ),
        },
    ),
    Claim(
        identifier="prop-high-temperature",
        page=PAGE,
        statement="If n - d does not divide d and d or n is even, some tight frame beats every "
        "softmax code when warm enough, features equal to weights.",
        kind="proved",
        source="here",
        hypotheses="checked for (d, n) = (4, 7), (5, 8), (7, 10) at 10 and 100",
        checker=check_warm,
        instance=lambda: {"pairs": ((7, 4), (8, 5), (10, 7))},
        control_statement="also if n - d divides d",
        control=lambda: {"pairs": ((6, 4), (9, 6))},
    ),
)
