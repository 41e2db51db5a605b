"""Random ReLU features by quadrature and sampling; variability of Gram matrices by features."""

import mpmath
import numpy as np
import pytest

from neuralcollapse.geometry.arrays import DegenerateGeometryError
from neuralcollapse.metrics import measure
from neuralcollapse.theory.relu_kernel import (
    gram_variability,
    relu_cosine,
    relu_factor,
    relu_gram,
)


@pytest.mark.parametrize("cosine", [-0.93, -0.21, 0.07, 0.58, 0.996])
def test_the_kernel_is_an_integral_over_directions(cosine):
    with mpmath.workdps(30):
        angle = mpmath.acos(mpmath.mpf(cosine))
        product = mpmath.quad(
            lambda t: mpmath.cos(t) * mpmath.cos(t - angle), [angle - mpmath.pi / 2, mpmath.pi / 2]
        )
        assert abs(float(2 * product / mpmath.pi) - relu_cosine(cosine)) < 1e-13


def test_the_gram_matrix_is_that_of_sampled_features():
    generator = np.random.default_rng(0)
    rows = generator.normal(size=(4, 3))
    features = np.maximum(rows @ generator.normal(size=(3, 400_000)), 0)
    sampled = 2 * features @ features.T / 400_000
    assert np.abs(relu_gram(rows @ rows.T) - sampled).max() < 0.03


def test_variability_is_that_of_features():
    generator = np.random.default_rng(1)
    labels = np.repeat([0, 1, 2], [3, 9, 5])
    features = generator.normal(size=(17, 4)) + 2 * generator.normal(size=(3, 4))[labels]
    expected = measure(features, labels).within_class_variability_trace
    assert gram_variability(features @ features.T, labels) == pytest.approx(expected, rel=1e-12)


def test_the_factor_has_its_limits():
    assert relu_factor(-1.0) == pytest.approx(2, rel=1e-12)
    assert relu_factor(1 - 1e-9) == pytest.approx(1, abs=1e-4)
    factors = [relu_factor(cosine) for cosine in np.linspace(-1, 0.99, 50)]
    assert (np.diff(factors) < 0).all()


def test_bad_input_is_refused():
    with pytest.raises(ValueError, match="coincide"):
        gram_variability(np.ones((4, 4)), [0, 0, 1, 1])
    with pytest.raises(ValueError, match="diagonal"):
        relu_gram(np.zeros((2, 2)))


@pytest.mark.parametrize("cosine", [1.0, 5.0, -1.1, float("nan")])
def test_factors_outside_their_range_are_refused(cosine):
    with pytest.raises(ValueError, match="cosine: expected"):
        relu_factor(cosine)


@pytest.mark.parametrize("cosine", [3.0, -1.1, float("nan")])
def test_what_is_no_cosine_is_refused(cosine):
    with pytest.raises(ValueError, match="cosine: expected"):
        relu_cosine([0.0, cosine])


def test_cosines_stay_in_their_range_to_the_last_digit():
    assert (relu_cosine(-1 + np.logspace(-16, -4, 200)) >= 0).all()


def test_a_column_is_no_gram_matrix():
    for call in (relu_gram, lambda gram: gram_variability(gram, [0, 0, 1])):
        with pytest.raises(ValueError, match="gram: expected a symmetric matrix"):
            call(np.ones((3, 1)))


def test_means_that_differ_by_rounding_coincide():
    generator = np.random.default_rng(0)
    for _ in range(50):
        half = generator.normal(size=(3, 4))
        features = np.vstack([half, half[::-1]])
        with pytest.raises(DegenerateGeometryError, match="coincide"):
            gram_variability(features @ features.T, [0] * 3 + [1] * 3)
