"""Statements of the page *How many dimensions does the optimum want?*."""

from functools import cache

import numpy as np
from scipy.optimize import minimize

from neuralcollapse.claims.claim import Claim, Evidence, Measure
from neuralcollapse.claims.clock_ramp import circle_network, ramp
from neuralcollapse.claims.unit_codes import stored_rows
from neuralcollapse.codes import union_of_simplices
from neuralcollapse.geometry import regular_polygon, simplex_etf
from neuralcollapse.theory.circle import (
    CLOCK_FACTOR,
    best_frequencies,
    best_unit_code,
    circle_stability,
    circles_cross_entropy,
    code_objective,
    critical_regularisation,
    flat_exchange,
    frequency_exchange,
    frequency_fold,
    homogeneous_objective,
    isotropic_cost,
    rank_exchange,
    rank_law,
    single_circle_window,
    single_frequency,
    two_simplices_exchange,
)
from neuralcollapse.theory.circle.bessel import log_sphere_moment

PAGE = "circle/optimal-rank"


def check_exchange(mean_root):
    """Hold the exchange of ranks against its bound, with `mean_root(rank)` inside."""
    ratios, limits = [], []
    for rank in (1, 2, 3, 5, 10, 100, 10_000):
        bound = mean_root(rank) / (rank * (rank + 1))
        ratios += [rank_exchange(rank, b) / (b * b * bound) for b in (0.03, 0.3, 1, 4, 30, 300)]
        limits.append(abs(rank_exchange(rank, 1e-4) / (1e-8 * bound) - 1))
    return Evidence(
        (
            Measure("least exchange over its bound", min(ratios), ">=", 0),
            Measure("largest exchange over its bound", max(ratios), "<=", 1),
            Measure("largest distance from it at beta = 0.0001", max(limits), "<=", 1e-6),
        )
    )


def flat_value(x, rank, q):
    """Half the sum of squares plus x times the sum of powers q/2, of `rank` equal parts.

    Parameters
    ----------
    x : float
    rank : int
    q : float

    Returns
    -------
    float
    """
    return 0.5 / rank + x * rank ** (1 - q / 2)


def flat_rank(x, q):
    """Number of equal parts of least value, by the exchange values.

    Parameters
    ----------
    x : float
    q : float

    Returns
    -------
    int
    """
    rank = 1
    while flat_exchange(rank, q) > x:
        rank += 1
    return rank


def rounded_law(x, q):
    """Number of equal parts by the real law, rounded: a control.

    Parameters
    ----------
    x : float
    q : float

    Returns
    -------
    int
    """
    return max(1, round(((2 - q) * x) ** (-2 / (4 - q))))


def check_spectra(predicted, parts=7, starts=4):
    """Search spectra of at most `parts` parts and compare with `predicted(x, q)` equal ones."""
    generator = np.random.default_rng(4)
    excess, gain = [], []
    for q in (0.5, 1.0, 1.5):
        for place in (1, 2, 4):
            for side in (0.97, 1.03):
                x = side * flat_exchange(place, q)
                flat = flat_value(x, predicted(x, q), q)
                found = min(
                    _least_spectrum(x, q, generator.dirichlet(np.full(parts, size)))
                    for size in generator.choice([0.1, 1, 10], size=starts)
                )
                least = min(flat_value(x, rank, q) for rank in range(1, parts + 1))
                excess.append(flat - least)
                gain.append(least - found)
    return Evidence(
        (
            Measure(
                "largest excess of the predicted over all flat spectra", max(excess), "<=", 1e-12
            ),
            Measure("most that a search gains on flat spectra", max(gain), "<=", 1e-9),
        )
    )


def _least_spectrum(x, q, start):
    """Descend on the probability simplex, parts being squares of a point of the sphere."""

    def value(point):
        total = point @ point
        parts = point * point / total
        roots = np.maximum(parts, 1e-300) ** (q / 2 - 1)
        slope = parts + x * q / 2 * roots
        slope = np.where(parts > 1e-12, slope, 0)
        slope = 2 * point * (slope - slope @ parts) / total
        return 0.5 * parts @ parts + x * np.sum(parts ** (q / 2)), slope

    found = minimize(value, np.sqrt(start), jac=True, method="L-BFGS-B", options={"maxiter": 200})
    return float(found.fun)


def check_small_beta(beta, num_classes=12):
    """Search at scaled penalties between exchanges of flat spectra; compare ranks and objective."""
    ranks, misses = [], []
    for rank in (1, 2, 3, 4):
        upper = 1.0 if rank == 1 else flat_exchange(rank - 1)
        x = np.sqrt(flat_exchange(rank) * upper)
        regularisation = x * beta**2 / np.sqrt(num_classes)
        found = best_unit_code(
            num_classes, beta, regularisation, starts=1, ranks=range(max(rank - 1, 1), rank + 2)
        )
        ranks.append(abs(found.rank - rank))
        saved = found.objective - np.log(num_classes) + beta
        misses.append(abs(saved / beta**2 - flat_value(x, rank, 1.0)) / beta)
    return Evidence(
        (
            Measure("largest difference of ranks", max(ranks), "==", 0),
            Measure("largest error of the objective, over beta cubed", max(misses), "<=", 1 / 3),
        )
    )


def all_ranks(num_classes):
    """Ranks of all unit codes that can be evenly spread.

    Parameters
    ----------
    num_classes : int

    Returns
    -------
    range
    """
    return range(1, num_classes)


def two_candidates(num_classes):
    """Ranks of the circle and of the simplex: a control.

    Parameters
    ----------
    num_classes : int

    Returns
    -------
    tuple of int
    """
    return 2, num_classes - 1


def check_rank_law(ranks):
    """Hold the stored searches against the ideal costs of `ranks(num_classes)`."""
    below, wrong, total = [], 0, 0
    for row in stored_rows():
        count, beta, penalty = row["num_classes"], row["beta"], row["regularisation"]
        costs = {r: isotropic_cost(count, r, beta, penalty) for r in ranks(count)}
        below.append(min(costs.values()) - row["objective"])
        if rank_law(count, beta, penalty) < count / 3:
            total += 1
            wrong += abs(min(costs, key=costs.get) - row["rank"]) > 1
    return Evidence(
        (
            Measure("most by which a code found beats every ideal cost", max(below), "<=", 1e-9),
            Measure("share of ranks off by more than one", wrong / total, "==", 0),
        )
    )


def check_two_simplices(threshold):
    """Compare one simplex with two just below and just above `threshold(num_classes, beta)`."""
    wrong, limits = 0, []
    for count in (5, 6, 9, 14):
        codes = simplex_etf(count), union_of_simplices([count - count // 2 - 1, count // 2 - 1])
        for beta in (0.3, 1.0, 3.0):
            for side in (-1, 1):
                penalty = threshold(count, beta) * (1 + 1e-4 * side)
                one, two = (code_objective(code, beta, penalty) for code in codes)
                wrong += (one - two) * side <= 0
    for beta in (0.3, 1.0, 3.0):
        limits.append(abs(threshold(20_000, beta) * 4e8 / beta**2 - 1))
    return Evidence(
        (
            Measure("comparisons that come out wrong", wrong, "==", 0),
            Measure("K^2 threshold / beta^2 less 1, at K = 20,000", max(limits), "<=", 1e-3),
        )
    )


def circle_until(num_classes, beta):
    """Penalty at which two opposite points cost as much as the circle, in the limit: a control.

    Parameters
    ----------
    num_classes : int
    beta : float

    Returns
    -------
    float
    """
    return float(rank_exchange(1, beta) / np.sqrt(num_classes))


def check_neither(threshold):
    """Look for the better code at the penalty where the candidates tie, from `threshold` on."""
    leads = [
        critical_regularisation(count, 1, beta) / threshold(count, beta)
        for count in (5, 6, 7, 8, 11, 16, 31, 101)
        for beta in (0.1, 0.5, 1.0, 3.0, 10.0)
    ]
    return Evidence((Measure("least tie over threshold", min(leads), ">=", 1 + 1e-6),))


def check_stability(threshold):
    """Climb down from the circle just below and just above `threshold(num_classes, beta)`."""
    lowest, escaped = [], []
    for count, beta in ((5, 1.0), (7, 3.0), (8, 0.5)):
        polygon = np.pad(regular_polygon(count), ((0, 0), (0, 1)))
        below, above = (threshold(count, beta) * side for side in (0.9, 1.02))
        turns = 2 * np.pi * np.arange(count) / count
        turns = turns + 0.02 * np.cos(2 * turns)
        bent = np.column_stack([np.cos(turns), np.sin(turns), np.zeros(count)])
        noise = np.random.default_rng(count).normal(size=(2, count, 3))
        for move in (noise[0], bent - polygon + 1e-3 * noise[1]):
            lowest.append(_descent(polygon, beta, below, move))
        escaped.append(code_objective(bent, beta, above) - code_objective(polygon, beta, above))
    lowest = np.array(lowest)
    return Evidence(
        (
            Measure("descents below that gain more than 1e-11", sum(lowest < -1e-11), "==", 0),
            Measure("largest change along the second mode, above", max(escaped), "<=", -1e-9),
        )
    )


def _descent(code, beta, regularisation, move, size=0.02):
    """Least change of the objective over moves of all rows of one length, found by climbing."""
    start = code_objective(code, beta, regularisation)

    def change(move):
        move = move.reshape(code.shape) * size * np.sqrt(len(code)) / np.linalg.norm(move)
        return code_objective(code + move, beta, regularisation) - start

    return minimize(change, move.ravel(), options={"maxiter": 12}).fun


def spread_frequencies(num_classes, count):
    """Powers of one number, with no small integer relation.

    Parameters
    ----------
    num_classes : int
    count : int

    Returns
    -------
    list of int
    """
    base = int(num_classes ** (1 / count))
    return [base**power for power in range(count)]


def first_frequencies(num_classes, count):
    """The frequencies 1, 2, ...: a control.

    Parameters
    ----------
    num_classes : int
    count : int

    Returns
    -------
    list of int
    """
    return list(range(1, count + 1))


def check_circles(frequencies):
    """Hold codes of several circles against the product of Bessel functions."""
    generator = np.random.default_rng(6)
    below, above = [], []
    for count in (1, 2, 3):
        for beta in (0.5, 2.0, 4.0):
            for classes in (11, 31, 101):
                bound = np.log(classes) - beta + count * log_sphere_moment(2, beta / count)
                for _ in range(20):
                    drawn = 1 + generator.choice((classes - 1) // 2, count, replace=False)
                    below.append(bound - circles_cross_entropy(classes, drawn, beta))
            large = 100_003
            bound = np.log(large) - beta + count * log_sphere_moment(2, beta / count)
            drawn = frequencies(large, count)
            above.append(circles_cross_entropy(large, drawn, beta) - bound)
    return Evidence(
        (
            Measure("most by which a code is below the bound", max(below), "<=", 1e-12),
            Measure("largest excess at K = 100,003", max(above), "<=", 1e-8),
        )
    )


def window_foot(num_classes):
    """Lower end of the window of the single circle at depth 3.

    Parameters
    ----------
    num_classes : int

    Returns
    -------
    float
    """
    return window(num_classes)[0]


def no_foot(num_classes):
    """No lower end, as if one circle were best at every decay: a control.

    Parameters
    ----------
    num_classes : int

    Returns
    -------
    float
    """
    return 0.0


@cache
def window(num_classes):
    """Both ends of the window of the single circle at depth 3, computed once a process.

    Parameters
    ----------
    num_classes : int

    Returns
    -------
    lower, upper : float
    """
    return single_circle_window(num_classes, 3)


def check_window(foot, depth=3):
    """Search for the best sets of circles above, inside and below a window that ends at `foot`."""
    inside, below, above = [], [], []
    for classes in (5, 7, 11):
        upper, _ = frequency_exchange(depth, classes)
        lower = foot(classes)
        for share in (0.02, 0.5, 0.98):
            decay = lower + share * (upper - lower)
            inside.append(len(best_frequencies(classes, decay, depth).frequencies) != 1)
        if lower:
            below.append(len(best_frequencies(classes, 0.99 * lower, depth).frequencies))
        above.append(len(best_frequencies(classes, 1.001 * upper, depth).frequencies))
    lengths = [
        1 - foot(classes) / frequency_exchange(depth, classes)[0] for classes in (5, 7, 11, 23)
    ]
    return Evidence(
        (
            Measure(
                "sets of circles that gain on their parts", sum(_gains(depth) > 1e-12), "==", 0
            ),
            Measure("decays inside where one circle is not best", sum(inside), "==", 0),
            Measure("fewest circles below", min(below, default=1), ">=", 2),
            Measure("most circles above", max(above), "==", 0),
            Measure(
                "largest ratio of successive lengths",
                max(np.divide(lengths[1:], lengths[:-1])),
                "<=",
                0.9,
            ),
        )
    )


def _gains(depth):
    """Climb over amplitudes and decays to make several circles gain more than each alone."""
    generator = np.random.default_rng(8)
    gains = []
    for classes in (5, 7, 11):
        frequencies = np.arange(1, classes // 2 + 1)

        def gain(logs, classes=classes, frequencies=frequencies):
            amplitudes = np.exp(np.clip(logs, -6, 3))
            parts = np.sum(-single_frequency(amplitudes, classes))
            whole = homogeneous_objective(amplitudes, frequencies, classes, 0.0, depth)
            return whole - np.log(classes) - parts

        for _ in range(3):
            start = generator.normal(size=len(frequencies))
            gains.append(-minimize(gain, start, method="L-BFGS-B").fun)
    return np.array(gains)


def counts_by_modulus(moduli, decay, depth):
    """Number of circles in the best set found, one a modulus.

    Parameters
    ----------
    moduli : iterable of int
        Odd primes.
    decay : float
        Scaled weight decay.
    depth : float

    Returns
    -------
    list of int
    """
    return [len(best_frequencies(m, decay, depth, sets=400).frequencies) for m in moduli]


@cache
def hysteresis(modulus):
    """Ramp the decay of a clock network with one circle up through the fold, and down again.

    Parameters
    ----------
    modulus : int

    Returns
    -------
    up, down : dict of str to ndarray
        Weight decay times modulus (``decays``), largest length of an embedding (``norms``) and
        objective less log of the modulus (``losses``), in the order of the ramp.
    """
    rising = np.array([0.6, 0.7, 0.78, 0.8, 0.81, 0.817, 0.83, 0.86, 0.9, 0.93, 0.95, 0.962, 1.0])
    falling = rising[::-1]
    norms, losses, network = ramp(circle_network(modulus, 2, 1.6), rising)
    back, costs, _ = ramp(network, falling)
    up = {"decays": rising, "norms": norms, "losses": losses}
    return up, {"decays": falling, "norms": back, "losses": costs}


def check_hysteresis(exchange, fold):
    """Hold ramps of two moduli against the decays of the tie with zero and of the fold."""
    alive, cost, back = [], [], []
    for modulus in (7, 11):
        up, down = hysteresis(modulus)
        alive += list((up["norms"] > 0.5) == (up["decays"] < fold))
        there = up["norms"] > 0.5
        cost += list((up["losses"] < 0)[there] == (up["decays"] < exchange)[there])
        back += list(down["norms"] > 0.05)
    return Evidence(
        (
            Measure(
                "decays where the circle is alive against the fold", alive.count(False), "==", 0
            ),
            Measure(
                "decays where it costs less than zero against the exchange",
                cost.count(False),
                "==",
                0,
            ),
            Measure("decays on the way down with a circle", sum(back), "==", 0),
        )
    )


def _thresholds():
    return {
        "exchange": frequency_exchange(3)[0] / CLOCK_FACTOR,
        "fold": frequency_fold(3)[0] / CLOCK_FACTOR,
    }


CLAIMS = (
    Claim(
        identifier="prop-rank-exchange",
        page=PAGE,
        statement="Evenly spread codes of ranks r and r + 1 cost the same at a scaled penalty "
        "that is positive, "
        "at most beta^2 (sqrt r + sqrt(r + 1)) / (2 r (r + 1)), and close to this at small beta.",
        kind="proved",
        source="here",
        hypotheses="q = 1, beta positive",
        checker=check_exchange,
        instance=lambda: {"mean_root": lambda r: (np.sqrt(r) + np.sqrt(r + 1)) / 2},
        control_statement="with sqrt r in place of the mean of both roots",
        control=lambda: {"mean_root": np.sqrt},
    ),
    Claim(
        identifier="lem-flat-spectra",
        page=PAGE,
        statement="Half the sum of squares plus x times the sum of powers q/2 of a probability "
        "vector is least at "
        "equal parts, whose number changes at the flat exchange values.",
        kind="proved",
        source="here",
        hypotheses="0 < q < 2, x positive",
        checker=check_spectra,
        instance=lambda: {"predicted": flat_rank},
        control_statement="their number is the real law, rounded",
        control=lambda: {"predicted": rounded_law},
    ),
    Claim(
        identifier="thm-rank-small-beta",
        page=PAGE,
        statement="At small inverse temperature every best unit code has the rank of the best "
        "flat spectrum, and its "
        "objective is known up to the cube of beta.",
        kind="proved",
        source="here",
        hypotheses="q = 1, scaled penalty not at an exchange, K allows a tight code, beta small",
        checker=check_small_beta,
        instance=lambda: {"beta": 0.1},
        control_statement="the same ranks at beta = 4",
        control=lambda: {"beta": 4.0},
    ),
    Claim(
        identifier="conj-rank-law",
        page=PAGE,
        statement="No unit code costs less than the best ideal cost of an evenly spread code, and "
        "the best code has "
        "its rank, for many classes.",
        kind="conjecture",
        source="here",
        hypotheses="q = 1; the ranks for K large at fixed lambda sqrt K and beta",
        checker=check_rank_law,
        instance=lambda: {"ranks": all_ranks},
        control_statement="with the ranks of circle and simplex only",
        control=lambda: {"ranks": two_candidates},
    ),
    Claim(
        identifier="prop-two-simplices",
        page=PAGE,
        statement="Two orthogonal simplices cost less than one from a penalty on that is beta^2 / "
        "K^2 to leading "
        "order.",
        kind="proved",
        source="here",
        hypotheses="q = 1, K at least 4, beta fixed",
        checker=check_two_simplices,
        instance=lambda: {"threshold": two_simplices_exchange},
        control_statement="one simplex is better up to its tie with the circle",
        control=lambda: {"threshold": lambda count, beta: critical_regularisation(count, 1, beta)},
    ),
    Claim(
        identifier="cor-neither-candidate",
        page=PAGE,
        statement="Where circle and simplex cost the same, two orthogonal simplices cost less "
        "than both.",
        kind="proved",
        source="here",
        hypotheses="q = 1; proved for K large at fixed beta, computed from K = 5 on",
        checker=check_neither,
        instance=lambda: {"threshold": two_simplices_exchange},
        control_statement="the tie lies beyond the end of the circle",
        control=lambda: {"threshold": circle_until},
    ),
    Claim(
        identifier="prop-circle-stability",
        page=PAGE,
        statement="The circle is a strict local minimum among all unit codes, up to rotation, for "
        "lambda sqrt K "
        "below sqrt 2 Lambda_2, and none above.",
        kind="proved",
        source="here",
        hypotheses="q = 1, K at least 5, Lambda_r positive for all r from 1 to K - 1",
        checker=check_stability,
        instance=lambda: {"threshold": circle_stability},
        control_statement="it is one until two opposite points cost as little",
        control=lambda: {"threshold": circle_until},
    ),
    Claim(
        identifier="prop-many-circles",
        page=PAGE,
        statement="The cross-entropy of m circles is at least log K - beta + m log I0(beta / m), "
        "and comes to it for "
        "frequencies without small integer relations.",
        kind="proved",
        source="here",
        hypotheses="distinct frequencies, equal radii",
        checker=check_circles,
        instance=lambda: {"frequencies": spread_frequencies},
        control_statement="the frequencies 1, ..., m come to it too",
        control=lambda: {"frequencies": first_frequencies},
    ),
    Claim(
        identifier="thm-single-circle-window",
        page=PAGE,
        statement="In a homogeneous network with pure characters, zero is best from the exchange "
        "on, one circle in a "
        "window below it, and for fixed decay below the limit of the exchange a number of circles "
        "of the order of log K.",
        kind="proved",
        source="here",
        hypotheses="K an odd prime from 5 on, depth above 2, equal-phase characters",
        checker=check_window,
        instance=lambda: {"foot": window_foot},
        control_statement="one circle is best at every decay below the exchange",
        control=lambda: {"foot": no_foot},
    ),
    Claim(
        identifier="obs-hysteresis",
        page=PAGE,
        statement="Under a slow ramp of its weight decay a clock network keeps its circle beyond "
        "the exchange and up "
        "to the fold, and does not find it again on the way down.",
        kind="observed",
        source="here",
        hypotheses="P = 7 and 11, two coordinates, all pairs, noise 0.001 at each decay",
        checker=check_hysteresis,
        instance=_thresholds,
        control_statement="it loses the circle at the exchange",
        control=lambda: _thresholds() | {"fold": _thresholds()["exchange"]},
    ),
)
