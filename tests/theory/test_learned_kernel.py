"""What ridge regression pays, against scikit-learn and a search."""

import numpy as np
import pytest
from sklearn.kernel_ridge import KernelRidge

from neuralcollapse.claims.gradients import lowest_kernel
from neuralcollapse.theory.learned_kernel import best_cosine, least_ridge_value, ridge_value


def test_the_cost_is_that_of_scikit_learn():
    generator = np.random.default_rng(4)
    rows, targets, ridge = generator.normal(size=(9, 5)), generator.normal(size=(9, 2)), 0.3
    gram = rows @ rows.T
    alpha = KernelRidge(alpha=ridge, kernel="precomputed").fit(gram, targets).dual_coef_
    cost = np.square(targets - gram @ alpha).sum() + ridge * np.trace(alpha.T @ gram @ alpha)
    assert ridge * ridge_value(gram, targets, ridge) == pytest.approx(cost, rel=1e-10)


def test_blocks_pay_the_least():
    one_hot = np.eye(3)[[0, 0, 1, 2, 2, 2]]
    expected = least_ridge_value([2, 1, 3], 0.45)
    assert ridge_value(one_hot @ one_hot.T, one_hot, 0.45) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("num_classes", [2, 3, 4, 6])
def test_the_best_cosine_is_what_a_search_ends_in(num_classes):
    one_hot = np.repeat(np.eye(num_classes), 2, axis=0)
    found = lowest_kernel(2 * one_hot - 1, 0.35, seed=1)
    between = found[(one_hot @ one_hot.T) == 0]
    inside = found[(one_hot @ one_hot.T) == 1]
    assert np.abs(inside - 1).max() < 1e-4
    assert between == pytest.approx(best_cosine(num_classes, 2, 0.35), abs=1e-3)


def test_bad_input_is_refused():
    with pytest.raises(ValueError, match="ridge"):
        ridge_value(np.eye(2), np.eye(2), 0.0)
    with pytest.raises(ValueError, match="gram"):
        ridge_value(np.eye(2), np.eye(3), 1.0)
