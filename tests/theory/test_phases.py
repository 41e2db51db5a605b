"""The phase potential: slow sums, finite differences, and characters as its zeros."""

import mpmath
import numpy as np
import pytest

from neuralcollapse.theory import circle

LAGS = np.random.default_rng(0).uniform(-np.pi, np.pi, size=6)


def test_the_potential_is_the_mean_over_pairs():
    pairs = [1 - np.cos(a + b) for a in LAGS for b in LAGS]
    assert circle.phase_potential(LAGS, 2.5) == pytest.approx(2.5 * np.mean(pairs), rel=1e-14)


@pytest.mark.parametrize("size", [1e-3, 1e-9, 1e-100])
@pytest.mark.parametrize("turn", [0.0, np.pi])
def test_the_potential_near_lock_keeps_its_digits(size, turn):
    lags = size * np.array([-2.0, 0.5, 1.0, 3.0, 4.0]) + turn
    with mpmath.workdps(250):
        exact = mpmath.mpf(2)
        exact *= 1 - mpmath.re((sum(mpmath.expj(mpmath.mpf(lag)) for lag in lags) / 5) ** 2)
        # About pi the mean of the lags is a rounding of pi off.
        close = 1e-13 * exact if turn == 0 else 1e-14 * max(size, 1e-16)
        assert abs(circle.phase_potential(lags, 2.0) - exact) < close


def test_gradient_and_hessian_are_derivatives():
    eye = 1e-5 * np.eye(len(LAGS))
    slopes = [
        (circle.phase_potential(LAGS + e, 2.5) - circle.phase_potential(LAGS - e, 2.5)) / 2e-5
        for e in eye
    ]
    np.testing.assert_allclose(circle.phase_gradient(LAGS, 2.5), slopes, atol=1e-9)
    bends = [
        (circle.phase_gradient(LAGS + e, 2.5) - circle.phase_gradient(LAGS - e, 2.5)) / 2e-5
        for e in eye
    ]
    np.testing.assert_allclose(circle.phase_hessian(LAGS, 2.5), bends, atol=1e-9)


@pytest.mark.parametrize(("modulus", "frequency"), [(5, 1), (7, 3), (12, 5), (1001, 500)])
def test_a_character_has_no_lag_and_no_loss(modulus, frequency):
    angles = 2 * np.pi * frequency * np.arange(modulus) / modulus
    lags = circle.phase_lags(angles + np.pi / 3, frequency)
    np.testing.assert_allclose(lags, np.pi / 3, atol=1e-9)
    assert circle.phase_potential(circle.phase_lags(angles, frequency), 4.0) < 1e-12


def test_a_turn_of_all_lags_turns_the_order_parameter():
    turned = circle.order_parameter(LAGS + 0.7)
    assert turned == pytest.approx(np.exp(0.7j) * circle.order_parameter(LAGS), rel=1e-14)


def test_leading_axes_are_kept():
    many = np.stack([LAGS, -LAGS])
    assert circle.order_parameter(many).shape == (2,)
    np.testing.assert_array_equal(
        circle.phase_gradient(many, 1.0)[1], circle.phase_gradient(-LAGS, 1.0)
    )


@pytest.mark.parametrize(
    ("call", "argument"),
    [
        (lambda: circle.order_parameter([1.0]), "lags"),
        (lambda: circle.order_parameter([1.0, np.nan]), "lags"),
        (lambda: circle.phase_lags(3.0, 1), "angles"),
        (lambda: circle.phase_lags([1.0, 2.0], 0.5), "frequency"),
        (lambda: circle.phase_potential([1.0, 2.0], -1), "beta"),
        (lambda: circle.phase_hessian(np.zeros((2, 3)), 1.0), "lags"),
    ],
)
def test_bad_input_is_named(call, argument):
    with pytest.raises(ValueError, match=f"^{argument}"):
        call()
