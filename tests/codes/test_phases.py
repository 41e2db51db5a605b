"""The phases of Theorem 12: brute force over all partitions, independent roots, bad input."""

from itertools import pairwise

import mpmath
import numpy as np
import pytest

from neuralcollapse import codes
from neuralcollapse.codes import phases

PAIRS = [(n, d) for n in range(4, 27) for d in range((n + 1) // 2, n - 1)]


def partitions(total, parts, largest=None):
    """All descending tuples of `parts` positive integers with the given sum."""
    largest = total if largest is None else largest
    if parts == 1:
        if 1 <= total <= largest:
            yield (total,)
        return
    for first in range(min(largest, total - parts + 1), 0, -1):
        for rest in partitions(total - first, parts - 1, first):
            yield (first, *rest)


def exact(num_points, beta, dimensions):
    n, total = num_points, mpmath.mpf(0)
    for x in dimensions:
        inside = x * mpmath.exp(-beta * (x + 1) / x) + (n - 1 - x) * mpmath.exp(-beta)
        total += (x + 1) * mpmath.log1p(inside)
    return total


@pytest.mark.parametrize(
    ("num_points", "dimension", "tuples", "edges"),
    [
        (4, 2, [(1, 1)], []),
        (5, 3, [(2, 1)], []),
        (6, 4, [(3, 1), (2, 2)], ["0.5075977268730477"]),
        (9, 6, [(4, 1, 1), (3, 2, 1), (2, 2, 2)], ["0.48565749", "0.49891692"]),
        (12, 8, [(5, 1, 1, 1), (3, 3, 1, 1), (2, 2, 2, 2)], None),
    ],
)
def test_phases_known_before(num_points, dimension, tuples, edges):
    found = codes.phase_diagram(num_points, dimension)
    assert [phase.dimensions for phase in found] == tuples
    for phase, edge in zip(found, edges or (), strict=False):
        assert abs(phase.tau_high - mpmath.mpf(edge)) < mpmath.mpf(10) ** (2 - len(edge))


@pytest.mark.parametrize(("num_points", "dimension"), PAIRS)
def test_shape_of_every_diagram(num_points, dimension):
    found = codes.phase_diagram(num_points, dimension)
    parts, widest = num_points - dimension, 2 * dimension - num_points + 1
    assert found[0].dimensions == (widest,) + (1,) * (parts - 1)
    last = found[-1].dimensions
    assert sum(last) == dimension
    assert max(last) - min(last) <= 1
    assert (found[0].tau_low, found[-1].tau_high) == (0, mpmath.inf)
    edges = [phase.tau_high for phase in found[:-1]]
    assert edges == [phase.tau_low for phase in found[1:]] == sorted(edges)
    assert (len(found) > 2) == (parts >= 3 and widest >= 4)
    if edges:
        low, high = codes.lemma15_thresholds(num_points, 20, largest=widest)
        assert low < edges[0] <= edges[-1] < high


@pytest.mark.parametrize(("num_points", "dimension"), PAIRS)
def test_phases_against_all_partitions(num_points, dimension):
    found = codes.phase_diagram(num_points, dimension)
    everything = list(partitions(dimension, num_points - dimension))
    temperatures = np.r_[np.linspace(0.2, 0.42, 8), np.linspace(0.42, 0.53, 111), 0.6, 1, 5]
    x = np.arange(1, 2 * dimension - num_points + 2)
    counts = np.array([[t.count(k) for k in x] for t in everything])
    for tau in temperatures:
        best = everything[int((counts @ codes.batch_loss(num_points, tau, x)).argmin())]
        (phase,) = [p for p in found if p.tau_low < tau < p.tau_high]
        near = min(abs(tau - p.tau_high) for p in found) < 1e-9
        assert best == phase.dimensions or near, (tau, best)


@pytest.mark.parametrize(("num_points", "dimension"), [(6, 4), (9, 6), (13, 9), (20, 15), (26, 24)])
def test_edges_against_an_independent_root(num_points, dimension):
    found = codes.phase_diagram(num_points, dimension, 30)
    with mpmath.workdps(50):
        for cold, warm in pairwise(found):
            root = crossing(num_points, cold.dimensions, warm.dimensions, float(1 / warm.tau_low))
            assert abs(1 / root - warm.tau_low) < mpmath.mpf(10) ** -32


def crossing(num_points, first, second, near):
    def gap(beta):
        return exact(num_points, beta, first) - exact(num_points, beta, second)

    return mpmath.findroot(gap, (near - 0.01, near + 0.01))


@pytest.mark.parametrize(("num_points", "dimension"), [(9, 6), (16, 11), (19, 14)])
def test_no_tuple_is_better_at_an_edge(num_points, dimension):
    with mpmath.workdps(40):
        for phase in codes.phase_diagram(num_points, dimension, 25)[:-1]:
            at = exact(num_points, 1 / phase.tau_high, phase.dimensions)
            for other in partitions(dimension, num_points - dimension):
                assert exact(num_points, 1 / phase.tau_high, other) > at - mpmath.mpf(10) ** -24


def test_a_mixture_of_tuples_is_left_out():
    tuples = phases.contenders(12, 8)
    assert (3, 2, 2, 1) in tuples
    assert (3, 2, 2, 1) not in phases._without_mixtures(tuples, 5)


def test_contenders_hold_every_tuple_that_is_best():
    """Exhaustively, on losses that are concave, then convex, at whole numbers."""
    rng = np.random.default_rng(0)
    for _ in range(300):
        num_points, dimension = PAIRS[rng.integers(60)]
        widest = 2 * dimension - num_points + 1
        bends = rng.exponential(size=widest) ** 3
        bends[: rng.integers(widest + 1)] *= -1
        loss = np.cumsum(np.cumsum(bends))
        everything = list(partitions(dimension, num_points - dimension))
        values = [sum(loss[x - 1] for x in t) for t in everything]
        assert everything[int(np.argmin(values))] in phases.contenders(num_points, dimension)


@pytest.mark.parametrize("digits", [1, 5, 60])
def test_digits(digits):
    (cold, _) = codes.phase_diagram(6, 4, digits)
    with mpmath.workdps(80):
        reference = codes.phase_diagram(6, 4, 70)[0].tau_high
        assert abs(cold.tau_high - reference) < mpmath.mpf(10) ** (-digits - 2)


def test_a_phase_does_not_change():
    (phase,) = codes.phase_diagram(4, 2)
    with pytest.raises(AttributeError):
        phase.tau_low = 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((5, 4), "num_points"),
        ((9, 4), "num_points"),
        ((6.5, 4), "whole"),
        ((np.nan, 4), "num_points"),
        ((6, np.inf), "dimension"),
        ((6, 4, np.nan), "digits"),
        ((6, 4, 0), "digits"),
        ((6, 4, 1.5), "digits"),
    ],
)
def test_out_of_range(arguments, words):
    with pytest.raises(ValueError, match=words):
        codes.phase_diagram(*arguments)


@pytest.mark.parametrize("arguments", [(9, 4), (5, 4), (6.5, 4), (6, np.nan)])
def test_contenders_outside_the_regime(arguments):
    with pytest.raises(ValueError, match="expected"):
        phases.contenders(*arguments)


def test_three_tuples_at_one_temperature_are_reported(monkeypatch):
    monkeypatch.setattr(phases, "_without_mixtures", lambda tuples, widest: tuples)
    phases._diagram.cache_clear()
    with pytest.raises(ArithmeticError, match="three tuples"):
        codes.phase_diagram(12, 8)
    phases._diagram.cache_clear()
