import mpmath
import numpy as np
import pytest

from neuralcollapse.theory.circle import (
    CLOCK_FACTOR,
    best_frequencies,
    branch_decay,
    frequency_exchange,
    frequency_fold,
    homogeneous_objective,
    single_circle_window,
    single_frequency,
)


@pytest.mark.parametrize("depth", [3, 4, 7])
def test_exchange_and_fold_solve_their_equations(depth):
    """At a maximum the derivatives vanish, which mpmath checks with its own Bessel functions."""
    power = 2 / mpmath.mpf(depth)
    with mpmath.workdps(30):

        def ratio(a):
            return (a - mpmath.log(mpmath.besseli(0, a))) / a**power

        def branch(a):
            slope = 1 - mpmath.besseli(1, a) / mpmath.besseli(0, a)
            return slope * a ** (1 - power) / power

        for found, function in ((frequency_exchange, ratio), (frequency_fold, branch)):
            value, place = found(depth)
            top = mpmath.findroot(lambda a, f=function: mpmath.diff(f, a), place)
            assert abs(value / function(top) - 1) < 1e-12
            assert abs(place / top - 1) < 1e-5


def test_the_clock_factor_is_the_least_decay_of_unit_amplitude():
    embedding = np.linspace(0.5, 2.5, 200_001)
    decay = (embedding**2 + embedding**-4.0) / 2
    assert np.isclose(decay.min(), CLOCK_FACTOR, rtol=1e-9)


def test_the_exchange_is_where_one_circle_ties_with_none():
    for classes in (5, 23):
        decay, amplitude = frequency_exchange(3, classes)
        value = homogeneous_objective([amplitude], [1], classes, decay, 3)
        assert np.isclose(value, np.log(classes), rtol=1e-12)


def test_many_classes_come_to_the_limit():
    amplitude = np.array([0.3, 1.2, 4.0])
    assert np.allclose(single_frequency(amplitude, 101), single_frequency(amplitude), rtol=1e-12)
    assert np.isclose(branch_decay(0.9, 3, 101), branch_decay(0.9, 3), rtol=1e-12)


@pytest.mark.parametrize("amplitude", [1e-12, 3e-7, 0.02, 0.99, 1.01, 40.0, 299.0, 301.0, 1e5, 1e9])
def test_one_circle_to_twelve_digits(amplitude):
    """Far below and far above 1, where the plain formulas cancel."""
    with mpmath.workdps(60):
        a = mpmath.mpf(amplitude)
        if amplitude < 1e6:
            bessel = [mpmath.besseli(n, a) for n in (0, 1)]
            assert abs(single_frequency(amplitude) / (a - mpmath.log(bessel[0])) - 1) < 1e-12
            slope = 1 - bessel[1] / bessel[0]
        else:
            slope = 1 / (2 * a) + 1 / (8 * a**2)
        exact = slope * a ** (mpmath.mpf(1) / 3) * 1.5
        assert abs(branch_decay(amplitude, 3) / exact - 1) < 1e-12
        falls = [mpmath.cospi(mpmath.mpf(2) * r / 5) - 1 for r in range(5)]
        mean = sum(mpmath.exp(a * fall) for fall in falls) / 5
        assert abs(single_frequency(amplitude, 5) / -mpmath.log(mean) - 1) < 1e-12


def test_objective_by_a_slow_loop():
    amplitudes, frequencies, classes, decay, depth = [0.7, 1.9], [1, 3], 9, 0.4, 4
    total = 0.0
    for r in range(classes):
        exponent = 0.0
        for a, f in zip(amplitudes, frequencies, strict=True):
            exponent += a * (np.cos(2 * np.pi * f * r / classes) - 1)
        total += np.exp(exponent)
    expected = np.log(total) + decay * (0.7**0.5 + 1.9**0.5)
    found = homogeneous_objective(amplitudes, frequencies, classes, decay, depth)
    assert np.isclose(found, expected, rtol=1e-13)


def test_the_best_set_beats_a_grid():
    """All amplitudes of the three frequencies of seven classes, on a coarse grid."""
    found = best_frequencies(7, 0.4, 3)
    levels = np.linspace(0, 8, 17)
    grid = np.array(np.meshgrid(levels, levels, levels)).reshape(3, -1).T
    values = [homogeneous_objective(a, [1, 2, 3], 7, 0.4, 3) for a in grid]
    assert min(values) - 0.1 < found.objective < min(values)
    again = homogeneous_objective(found.amplitudes, found.frequencies, 7, 0.4, 3)
    assert np.isclose(again, found.objective, rtol=1e-12)
    for move in 1e-5 * np.eye(len(found.amplitudes)):
        ends = [
            homogeneous_objective(found.amplitudes + sign * move, found.frequencies, 7, 0.4, 3)
            for sign in (1, -1)
        ]
        assert abs(ends[0] - ends[1]) / 2e-5 < 1e-6


@pytest.mark.parametrize("decay", [1e-3, 1e-5, 1e-8])
def test_weak_decay_leaves_few_large_circles(decay):
    """All amplitudes of one, two and three circles of seven classes, on a fine grid of logs."""
    found = best_frequencies(7, decay, 3)
    levels = np.geomspace(0.3, 60, 80)
    grid = np.array(np.meshgrid(levels, np.r_[0, levels], np.r_[0, levels])).reshape(3, -1)
    angles = 2 * np.pi * np.outer(np.arange(1, 7), [1, 2, 3]) / 7
    losses = np.log1p(np.exp((np.cos(angles) - 1) @ grid).sum(axis=0))
    least = (losses + decay * (grid ** (2 / 3)).sum(axis=0)).min()
    assert 0.99 * least < found.objective < least


def test_nothing_is_best_above_the_exchange():
    decay, _ = frequency_exchange(3, 11)
    found = best_frequencies(11, 1.01 * decay, 3)
    assert len(found.frequencies) == 0
    assert found.objective == np.log(11)


def test_the_window_ends_where_two_circles_tie_with_one():
    lower, upper = single_circle_window(7, 3)
    assert upper == frequency_exchange(3, 7)[0]
    assert len(best_frequencies(7, lower * 1.001, 3).frequencies) == 1
    assert len(best_frequencies(7, lower * 0.999, 3).frequencies) == 2


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda: frequency_exchange(2), "depth"),
        (lambda: frequency_fold(3, 8), "num_classes"),
        (lambda: best_frequencies(8, 0.1, 3), "num_classes"),
        (lambda: best_frequencies(9, 0.1, 3), "num_classes"),
        (lambda: best_frequencies(7, 0, 3), "decay"),
        (lambda: best_frequencies(7, np.nan, 3), "decay"),
        (lambda: best_frequencies(7, "a", 3), "decay"),
        (lambda: best_frequencies(7, 0.1, 3, refine=0), "refine"),
        (lambda: best_frequencies(7, 0.1, 3, sets=1.5), "sets"),
        (lambda: best_frequencies(7, 0.1, 3, counts=2), "counts"),
        (lambda: best_frequencies(7, 0.1, 3, counts=[4]), "counts"),
        (lambda: single_circle_window(3, 3), "num_classes"),
        (lambda: single_circle_window(15, 3), "num_classes"),
        (lambda: single_frequency(-1.0), "amplitude"),
        (lambda: single_frequency([np.inf]), "amplitude"),
        (lambda: branch_decay([1.0, 0.0], 3), "amplitude"),
        (lambda: homogeneous_objective([-1.0], [1], 7, 0.1, 3), "amplitudes"),
        (lambda: homogeneous_objective([1.0], [1, 2], 7, 0.1, 3), "amplitudes"),
        (lambda: homogeneous_objective([1.0], [1.5], 7, 0.1, 3), "frequencies"),
        (lambda: homogeneous_objective([1.0], [1], 7, -0.1, 3), "decay"),
    ],
)
def test_bad_arguments_are_named(call, name):
    with pytest.raises(ValueError, match=f"^{name}:"):
        call()
