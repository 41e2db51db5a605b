"""The Gram recursion against forty digits, and what must be refused."""

import mpmath
import numpy as np
import pytest

from neuralcollapse.theory.gram_recursion import (
    collapsed_gram,
    gram_rates,
    gram_step,
    largest_stable_ridge,
)


def exact_step(gram, labels, kernel_ridge, feature_ridge):
    """One layer, entry by entry, in the working precision of mpmath."""
    size, classes = len(labels), max(labels) + 1
    targets = mpmath.matrix(size, classes)
    for row, label in enumerate(labels):
        targets[row, label] = 1
    solved = mpmath.inverse(gram + kernel_ridge * mpmath.eye(size)) * targets
    product = gram * solved * solved.T * gram
    found = mpmath.matrix(size)
    for i in range(size):
        for j in range(size):
            found[i, j] = product[i, j] / mpmath.sqrt(product[i, i] * product[j, j])
            found[i, j] += feature_ridge * (i == j)
            found[i, j] /= 1 + feature_ridge
    return found


def test_a_step_has_twelve_digits():
    generator = np.random.default_rng(2)
    rows = generator.normal(size=(7, 9))
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    labels = [0, 2, 1, 1, 0, 2, 2]
    with mpmath.workdps(40):
        exact = exact_step(mpmath.matrix((rows @ rows.T).tolist()), labels, 0.37, 0.19)
    found = gram_step(rows @ rows.T, labels, 0.37, 0.19)
    assert np.abs(found - np.array(exact.tolist(), dtype=float)).max() < 1e-12


@pytest.mark.parametrize(
    ("num_classes", "size", "kernel_ridge", "feature_ridge"),
    [(3, 4, "0.73", "0.31"), (2, 3, "11.5", "0.02"), (4, 2, "0.004", "3.9"), (3, 2, "6.1", "1.2")],
)
def test_rates_have_twelve_digits(num_classes, size, kernel_ridge, feature_ridge):
    labels = [c for c in range(num_classes) for _ in range(size)]
    rates = gram_rates(size, float(kernel_ridge), float(feature_ridge))
    with mpmath.workdps(50):
        ridges, small = (mpmath.mpf(kernel_ridge), mpmath.mpf(feature_ridge)), mpmath.mpf("1e-20")
        fixed = mpmath.matrix(len(labels))
        for i, first in enumerate(labels):
            for j, second in enumerate(labels):
                fixed[i, j] = ((first == second) + ridges[1] * (i == j)) / (1 + ridges[1])
        between, within = mpmath.matrix(len(labels)), mpmath.matrix(len(labels))
        for i, first in enumerate(labels):
            for j, second in enumerate(labels):
                between[i, j] = small * ({first, second} == {0, 1})
                if {first, second} == {0, 1}:
                    row, column = (i, j) if first == 0 else (j, i)
                    within[i, j] = small * ((row == 0) - (row == 1))
                    assert column >= size
        for push, rate in ((between, rates.between), (within, rates.within)):
            moved = exact_step(fixed + push, labels, *ridges) - fixed
            factor = moved[0, size] / push[0, size]
            assert abs(factor / rate - 1) < 1e-12


def test_the_largest_stable_ridge_is_where_the_rate_is_one():
    for size, feature_ridge in ((5, 0.7), (2, 1.9), (40, 1e-3)):
        ridge = largest_stable_ridge(size, feature_ridge)
        assert gram_rates(size, ridge, feature_ridge).between == pytest.approx(1, rel=1e-12)
        assert gram_rates(size, 0.99 * ridge, feature_ridge).stable
        assert not gram_rates(size, 1.01 * ridge, feature_ridge).stable
    assert largest_stable_ridge(3, 3.0) == np.inf
    assert gram_rates(3, 1e12, 3.0).stable


def test_the_published_control_is_unstable():
    rates = gram_rates(2, 5.0, 1.0)
    assert (rates.within, rates.between) == pytest.approx((20 / 33, 40 / 39), rel=1e-14)
    assert not rates.stable


def test_collapse_stays_and_small_deviations_die_at_the_rate():
    labels, ridges = np.repeat([0, 1, 2], 4), (0.2, 0.3)
    fixed = collapsed_gram(labels, ridges[1])
    noise = np.random.default_rng(0).normal(size=(12, 12))
    gram, distances = fixed + 1e-4 * (noise + noise.T), []
    for _ in range(20):
        gram = gram_step(gram, labels, *ridges)
        distances.append(np.linalg.norm(gram - fixed))
    assert distances[-1] / distances[-2] == pytest.approx(gram_rates(4, *ridges).rate, rel=1e-3)


def test_bad_input_is_refused():
    with pytest.raises(ValueError, match="labels"):
        gram_step(np.eye(3), [0, 1], 1.0, 1.0)
    with pytest.raises(ValueError, match="kernel_ridge"):
        gram_step(np.eye(2), [0, 1], 0.0, 1.0)
    with pytest.raises(ValueError, match="feature_ridge"):
        gram_rates(3, 1.0, -0.1)
    with pytest.raises(ValueError, match="samples_per_class"):
        gram_rates(1, 1.0, 1.0)


def test_without_feature_ridge_no_kernel_ridge_is_stable():
    assert not gram_rates(3, 1e-6, 0.0).stable
    with pytest.raises(ValueError, match="feature_ridge: expected a positive number"):
        largest_stable_ridge(3, 0.0)


def test_what_is_no_gram_matrix_is_refused():
    for gram in ([[1.0, 0.5], [0.0, 1.0]], [[1.0], [1.0]]):
        with pytest.raises(ValueError, match="gram: expected a symmetric matrix"):
            gram_step(gram, [0, 1], 0.5, 0.1)
    with pytest.raises(ValueError, match="feature_ridge"):
        collapsed_gram([0, 1], -1.0)
