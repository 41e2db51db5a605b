"""The locking curve: mpmath, its differential equation, and the Möbius sum done slowly."""

import mpmath
import numpy as np
import pytest

from neuralcollapse.theory import circle


@pytest.mark.parametrize(("resultant", "time"), [(0.37, 11.0), (1e-9, 900.0), (0.999999, 3.0)])
def test_the_curve_agrees_with_mpmath(resultant, time):
    with mpmath.workdps(40):
        start = mpmath.mpf(resultant)
        decay = mpmath.exp(-2 * mpmath.mpf(1.7) * mpmath.mpf(0.03) * mpmath.mpf(time) / 19)
        expected = (1 + (1 - start**2) / start**2 * decay) ** mpmath.mpf(-0.5)
        got = circle.locking_curve(time, resultant, beta=1.7, learning_rate=0.03, modulus=19)
        assert abs(got / expected - 1) < 1e-12


def test_the_curve_solves_its_equation():
    options = {"beta": 2.0, "learning_rate": 0.5, "modulus": 10}
    early, now, late = circle.locking_curve([4.999, 5.0, 5.001], 0.2, **options)
    assert (late - early) / 0.002 == pytest.approx(0.1 * now * (1 - now**2), rel=1e-6)


def test_the_ends_stay_where_they_are():
    options = {"beta": 2.0, "learning_rate": 0.5, "modulus": 10}
    assert circle.locking_curve([0.0, 9.0], 0, **options).tolist() == [0, 0]
    assert circle.locking_curve([0.0, 9.0], 1, **options).tolist() == [1, 1]
    assert circle.locking_curve(0.0, 1e-200, **options) == pytest.approx(1e-200, rel=1e-10)


@pytest.mark.parametrize("modulus", [3, 4, 7, 12])
@pytest.mark.parametrize("resultant", [0.0, 0.2, 0.85, 1.0])
def test_the_finite_order_is_the_mean_of_moved_points(modulus, resultant):
    points = [np.exp(2j * np.pi * (a - (modulus - 1) / 2) / modulus) for a in range(modulus)]
    moved = [(z + resultant) / (1 + resultant * z) for z in points]
    lags = circle.cauchy_lags(modulus, resultant)
    np.testing.assert_allclose(np.exp(1j * lags), moved, atol=1e-14)
    assert circle.finite_order(resultant, modulus) == pytest.approx(np.mean(moved), abs=1e-14)


def test_lags_are_quantiles_of_the_wrapped_cauchy_law():
    lags, rho = circle.cauchy_lags(9, 0.6), mpmath.mpf("0.6")

    def density(x):
        return (1 - rho**2) / (1 + rho**2 - 2 * rho * mpmath.cos(x)) / (2 * mpmath.pi)

    for place in (0, 3, 7):
        below = mpmath.quad(density, [-mpmath.pi, lags[place]])
        assert float(below) == pytest.approx((place + 0.5) / 9, abs=1e-12)


def test_the_deviation_tends_to_lamberts_number():
    least, most = circle.locking_deviation(10**6)
    limit = 2 * mpmath.lambertw(mpmath.exp(-1)).real
    assert 10**6 * least == pytest.approx(float(limit), rel=1e-9)
    assert 10**6 * (most - least) == pytest.approx(2e-6, rel=1e-4)


@pytest.mark.parametrize("modulus", [3, 8, 40])
def test_the_deviation_bounds_what_the_sum_adds(modulus):
    alpha = np.linspace(0, 1, 20001)
    largest = (circle.finite_order(alpha, modulus) - alpha).max()
    assert largest == pytest.approx(circle.locking_deviation(modulus)[0], rel=1e-6)


@pytest.mark.parametrize(
    ("call", "argument"),
    [
        (lambda: circle.cauchy_lags(2, 0.5), "modulus"),
        (lambda: circle.cauchy_lags(5, 1.5), "resultant"),
        (lambda: circle.finite_order([0.5, np.nan], 5), "resultant"),
        (lambda: circle.locking_deviation(2), "modulus"),
        (
            lambda: circle.locking_curve(np.inf, 0.5, beta=1, learning_rate=1, modulus=5),
            "times",
        ),
        (
            lambda: circle.locking_curve(1, 0.5, beta=1, learning_rate=-1, modulus=5),
            "learning_rate",
        ),
    ],
)
def test_bad_input_is_named(call, argument):
    with pytest.raises(ValueError, match=f"^{argument}"):
        call()
