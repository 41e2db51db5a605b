"""The angular potential against fifty digits, its gradient and Hessian against each other."""

import mpmath
import numpy as np
import pytest

from neuralcollapse.theory.circle import angles as angles_module
from neuralcollapse.theory.circle import (
    angular_gradient,
    angular_potential,
    hessian_spectrum,
    log_sphere_moment,
    von_mises_aliasing,
)


def slow_potential(angles, beta):
    with mpmath.workdps(60):
        angles, beta = [mpmath.mpf(float(a)) for a in angles], mpmath.mpf(beta)
        rest = [
            sum(mpmath.exp(beta * (mpmath.cos(a - b) - 1)) for b in angles[:k] + angles[k + 1 :])
            for k, a in enumerate(angles)
        ]
        return sum(mpmath.log1p(one) for one in rest)


def slow_eigenvalue(num_classes, beta, mode, digits=60):
    with mpmath.workdps(digits):
        beta = mpmath.mpf(beta)
        turn = [2 * mpmath.pi * m / num_classes for m in range(num_classes)]
        p = [mpmath.exp(beta * (mpmath.cos(t) - 1)) for t in turn]
        bends = [(beta * mpmath.sin(t)) ** 2 - beta * mpmath.cos(t) for t in turn]
        first = sum(
            w * b * (1 - mpmath.cos(mode * t)) for w, b, t in zip(p, bends, turn, strict=True)
        )
        second = beta * sum(
            w * mpmath.sin(t) * mpmath.sin(mode * t) for w, t in zip(p, turn, strict=True)
        )
        return 2 * first / sum(p) - (second / sum(p)) ** 2


def relative(found, expected):
    return abs(float((mpmath.mpf(float(found)) - expected) / expected))


@pytest.mark.parametrize("beta", [0.0, 0.37, 2.9, 41.0, 1000.0])
@pytest.mark.parametrize("num_points", [1, 2, 5, 14])
def test_potential_to_twelve_digits(num_points, beta):
    angles = np.random.default_rng(num_points).uniform(-9, 9, size=num_points)
    found = angular_potential(angles, beta)
    expected = slow_potential(angles, beta)
    assert found == 0 if expected < 1e-300 else relative(found, expected) < 1e-12


def test_small_potentials_keep_their_digits():
    angles = np.array([0.0, 2.0, 4.3])
    assert 0 < angular_potential(angles, 60.0) < 1e-30
    assert relative(angular_potential(angles, 60.0), slow_potential(angles, 60.0)) < 1e-12


@pytest.mark.parametrize("beta", [0.0, 0.7, 11.0, 300.0])
def test_the_series_for_many_points_is_the_double_sum(beta):
    generator = np.random.default_rng(3)
    angles, masses = generator.uniform(0, 7, size=700), generator.uniform(0.1, 1, size=700)
    direct = angles_module._sums(angles, beta, masses)
    series = angles_module._series(angles, beta, masses, int(40 + 9 * np.sqrt(beta)))
    np.testing.assert_allclose(series, direct, rtol=1e-11, atol=1e-10)


def test_the_series_leaves_no_sum_of_positive_terms_below_zero():
    near = np.random.default_rng(0).uniform(-0.01, 0.01, size=4999)
    angles = np.append(near, np.pi)
    sums, _ = angles_module._sums(angles, 500.0, np.ones(5000))
    assert 0 <= sums.min() < 1e-13 * sums.max()


def test_many_equal_angles_have_the_closed_form():
    num_classes, beta = 20_000, 333.0
    angles = 2 * np.pi * np.arange(num_classes) / num_classes
    level = np.log(num_classes) - beta + log_sphere_moment(2, beta)
    assert np.isclose(angular_potential(angles, beta) / num_classes, level, rtol=1e-12)
    assert np.abs(angular_gradient(angles, beta)).max() < 1e-9


@pytest.mark.parametrize("beta", [0.4, 6.0])
def test_gradient_is_the_slope_of_the_potential(beta):
    generator = np.random.default_rng(5)
    angles, direction = generator.uniform(0, 7, size=8), generator.normal(size=8)
    slope = angular_gradient(angles, beta) @ direction
    remainders = [
        abs(
            angular_potential(angles + h * direction, beta)
            - angular_potential(angles, beta)
            - h * slope
        )
        for h in (1e-3, 1e-4)
    ]
    assert 50 < remainders[0] / remainders[1] < 200  # second order


def test_potential_is_blind_to_turns_reflections_and_labels():
    generator = np.random.default_rng(6)
    angles = generator.uniform(0, 7, size=9)
    images = (angles + 1.1, -angles, generator.permutation(angles), angles + 2 * np.pi)
    for image in images:
        assert np.isclose(angular_potential(image, 3.3), angular_potential(angles, 3.3), rtol=1e-13)


@pytest.mark.parametrize(
    ("num_classes", "beta"),
    [(2, 0.7), (3, 50.0), (4, 0.3), (4, 1e-12), (5, 999.0), (6, 1e-3), (9, 2.2), (13, 7.7),
     (30, 25.0), (50, 70.0), (97, 3.7), (180, 990.0), (199, 1000.0), (230, 1000.0), (400, 640.0)],
)  # fmt: skip
def test_spectrum_to_twelve_digits(num_classes, beta):
    found = hessian_spectrum(num_classes, beta)
    for mode in {1, 2, num_classes // 3, num_classes // 2} - {0, num_classes}:
        expected = slow_eigenvalue(num_classes, beta, mode, digits=200)
        if expected > 1e-290:
            assert relative(found[mode], expected) < 1e-12


def test_spectrum_has_its_symmetry_and_its_zero():
    for num_classes in (2, 3, 8, 9):
        spectrum = hessian_spectrum(num_classes, 1.9)
        assert spectrum.shape == (num_classes,)
        assert spectrum[0] == 0
        np.testing.assert_array_equal(spectrum[1:], spectrum[:0:-1])
    assert not hessian_spectrum(7, 0.0).any()


def test_spectrum_of_a_million_points():
    spectrum = hessian_spectrum(1_000_000, 1000.0)
    ratios = [float(mpmath.besseli(r, 1000) / mpmath.besseli(0, 1000)) for r in (1, 7)]
    for order, ratio in zip((1, 7), ratios, strict=True):
        assert np.isclose(spectrum[order], order**2 * ratio * (2 - ratio), rtol=1e-12)


def test_equal_angles_exceed_the_bound_by_the_aliasing():
    for num_classes, beta in ((4, 2.7), (9, 13.0)):
        angles = 2 * np.pi * np.arange(num_classes) / num_classes
        level = np.log(num_classes) - beta + log_sphere_moment(2, beta)
        excess = np.log1p(von_mises_aliasing(num_classes, beta))
        assert np.isclose(angular_potential(angles, beta) / num_classes, level + excess, rtol=1e-12)


@pytest.mark.parametrize("angles", [[], [[0.0, 1.0]], [np.nan], 1.0])
def test_bad_angles_are_named(angles):
    with pytest.raises(
        ValueError, match=r"^angles: expected (a sequence of angles|finite numbers)"
    ):
        angular_potential(angles, 1.0)


def test_bad_numbers_are_named():
    with pytest.raises(ValueError, match="beta"):
        angular_gradient([0.0], -1.0)
    with pytest.raises(ValueError, match="num_classes"):
        hessian_spectrum(1, 1.0)
