"""The checkers of points on a circle notice what they are there to notice."""

import numpy as np
import pytest

from neuralcollapse.claims import polygon
from neuralcollapse.claims.exercises import check_spectrum
from neuralcollapse.theory.circle import bessel_ratio, bessel_remainder_bounds, hessian_spectrum


def test_steps_with_a_common_divisor_are_critical_too():
    doubled = {"configuration": lambda count, _: polygon.equal_angles(count, 3)}
    assert polygon.check_critical(**doubled).measures[2].holds


def test_a_spectrum_off_by_little_is_rejected():
    assert not polygon.check_hessian(lambda k, b: 1.0001 * hessian_spectrum(k, b)).holds


def test_powers_have_roots_too_but_one_raised_coefficient_spoils_them():
    def raised(orders, beta):
        return np.where((orders == 2) & (beta == 0.1), 0.24, bessel_ratio(orders, beta))

    assert polygon.check_root(lambda n, b: bessel_ratio(n, b) ** 0.3).holds
    assert not polygon.check_root(raised).holds


def test_bounds_a_little_tighter_are_rejected():
    def tighter(num_classes, beta):
        return tuple(0.999 * bound for bound in bessel_remainder_bounds(num_classes, beta))

    assert not polygon.check_remainder(tighter).holds


def test_the_criteria_agree_with_the_spectrum_and_with_floats():
    for num_classes, beta in ((7, 1.0), (12, 9.0), (40, 60.0)):
        weights = np.exp(beta * (np.cos(polygon.equal_angles(num_classes)) - 1))
        angle = 2 * np.pi / num_classes
        far = beta * np.sin(angle) ** 2 / weights.sum() > np.cos(angle)
        assert polygon.convex_by_weights(num_classes, beta) == far
        orders = np.arange(1, num_classes // 2 + 1)
        alias = num_classes * np.arange(1, 40)
        right = 4 * (alias**2 * bessel_ratio(alias, beta)).sum()
        near = (orders**2 * bessel_ratio(orders, beta) >= right).all()
        assert polygon.convex_by_bessel(num_classes, beta) == near


def test_gaps_are_measured_around_the_circle():
    assert polygon.gap_deviation(polygon.equal_angles(5, 2) + 9) < 1e-12
    assert np.isclose(polygon.gap_deviation([0, np.pi / 2]), 0.5)


@pytest.mark.parametrize(
    ("wrong", "hint"),
    [
        (lambda k, b: polygon.without_slope(k, b) if k < 99 else None, "-B"),
        (lambda k, b: hessian_spectrum(k, b)[1:], "expected 2 values"),
        (lambda k, b: hessian_spectrum(k, b) * (np.nan if b > 700 else 1), "subtract beta"),
    ],
)
def test_the_exercise_rejects_wrong_spectra_with_a_hint(wrong, hint):
    with pytest.raises(AssertionError, match=hint):
        check_spectrum(wrong)
