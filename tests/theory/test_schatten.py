"""Schatten norms and the factors that attain them."""

import numpy as np
import pytest

from neuralcollapse.theory import circle
from neuralcollapse.theory.schatten import balanced_factors, schatten_norm


@pytest.fixture
def matrix():
    return np.random.default_rng(3).normal(size=(5, 7))


def test_norms_agree_with_numpy(matrix):
    assert np.isclose(schatten_norm(matrix, 1), np.linalg.norm(matrix, "nuc"), rtol=1e-13)
    assert np.isclose(schatten_norm(matrix, 2), np.linalg.norm(matrix), rtol=1e-13)
    values = np.sqrt(np.linalg.eigvalsh(matrix @ matrix.T))
    assert np.isclose(schatten_norm(matrix, 0.4), (values**0.4).sum() ** 2.5, rtol=1e-10)


@pytest.mark.parametrize("depth", [2, 3, 6])
def test_balanced_factors_multiply_to_the_matrix_and_share_its_cost(matrix, depth):
    factors = balanced_factors(matrix, depth)
    product = factors[0]
    for factor in factors[1:]:
        product = factor @ product
    assert np.allclose(product, matrix, atol=1e-12)
    cost = schatten_norm(matrix, 2 / depth) ** (2 / depth)
    assert np.allclose([np.square(factor).sum() for factor in factors], cost, rtol=1e-12)


def test_rank_deficient_and_zero_matrices_go_through_their_rank():
    first, second = balanced_factors(np.outer([1.0, 2.0], [3.0, 4.0, 5.0]), 2)
    assert first.shape == (1, 3)
    assert second.shape == (2, 1)
    assert not any(factor.any() for factor in balanced_factors(np.zeros((2, 3)), 3))


def test_the_circle_has_the_same_function():
    assert circle.schatten_norm is schatten_norm


def test_bad_input_is_named():
    with pytest.raises(ValueError, match="q: expected a positive number"):
        schatten_norm([[1.0]], 0)
    with pytest.raises(ValueError, match="depth: expected a whole number from 2"):
        balanced_factors([[1.0]], 1)


def test_rounding_of_single_precision_is_no_rank():
    generator = np.random.default_rng(0)
    exact = generator.normal(size=(30, 2)) @ generator.normal(size=(2, 30))
    norm = schatten_norm(exact, 0.2)
    assert abs(schatten_norm(exact.astype(np.float32), 0.2) / norm - 1) < 1e-5
    assert len(balanced_factors(exact.astype(np.float32), 2)[0]) == 2
