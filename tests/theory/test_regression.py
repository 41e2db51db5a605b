"""Free features with real targets: closed form against descent, mpmath, differences, bad input."""

import mpmath
import numpy as np
import pytest

from neuralcollapse.theory.regression import (
    minimise_regression,
    regression_objective,
    regression_optimum,
)

RNG = np.random.default_rng(5)
TARGETS = RNG.normal(size=(30, 3)) @ [[1.3, 0.4, 0], [0, 0.8, -0.2], [0.3, 0, 0.5]] + [1, -2, 0]
POINT = (RNG.normal(size=(3, 4)), RNG.normal(size=(30, 4)), RNG.normal(size=3))
DECAYS = ((0.07, 0.11), (0.9, 0.4), (0.5, 3.1), (4.0, 2.0))  # c in, between and over eigenvalues


@pytest.mark.parametrize(("weight_decay", "feature_decay"), DECAYS)
def test_descents_end_at_the_closed_form(weight_decay, feature_decay):
    decays = {"weight_decay": weight_decay, "feature_decay": feature_decay}
    optimum = regression_optimum(TARGETS, **decays)
    weight, features, bias, value = minimise_regression(TARGETS, 5, seed=3, **decays)
    assert value == pytest.approx(optimum.objective, abs=1e-10)
    np.testing.assert_allclose(weight @ weight.T, optimum.weight_gram, atol=1e-5)
    errors = features @ weight.T + bias - TARGETS
    np.testing.assert_allclose(np.cov(errors.T, ddof=0), optimum.residual_covariance, atol=1e-5)
    built = optimum.factors(5)
    np.testing.assert_allclose(built[0] @ built[0].T, optimum.weight_gram, atol=1e-12)
    again, slopes = regression_objective(*built, TARGETS, **decays)
    assert again == pytest.approx(optimum.objective, abs=1e-13)
    assert max(np.abs(slope).max() for slope in slopes) < 1e-13


def test_the_cases_cover_every_phase():
    ranks = [regression_optimum(TARGETS, weight_decay=w, feature_decay=h).rank for w, h in DECAYS]
    assert ranks[0] == 3
    assert 0 < min(ranks[1:3]) < 3
    assert ranks[3] == 0


@pytest.mark.parametrize("dimension", [1, 2])
def test_few_dimensions_keep_the_largest(dimension):
    decays = {"weight_decay": 0.1, "feature_decay": 0.2}
    optimum = regression_optimum(TARGETS, dimension=dimension, **decays)
    assert optimum.rank == dimension
    found = min(minimise_regression(TARGETS, dimension, seed=s, **decays)[-1] for s in range(2))
    assert found == pytest.approx(optimum.objective, abs=1e-10)


def test_the_least_value_in_thirty_digits():
    mpmath.mp.dps = 30
    table = mpmath.matrix(TARGETS.tolist())
    mean = [mpmath.fsum(table[:, k]) / 30 for k in range(3)]
    covariance = mpmath.matrix(3, 3)
    for i in range(3):
        for j in range(3):
            products = [(table[k, i] - mean[i]) * (table[k, j] - mean[j]) for k in range(30)]
            covariance[i, j] = mpmath.fsum(products) / 30
    c = mpmath.mpf(0.07) * mpmath.mpf(0.11)
    value = mpmath.mpf(0)
    for eigenvalue in mpmath.eigsy(covariance, eigvals_only=True):
        assert eigenvalue > c
        value += mpmath.sqrt(c * eigenvalue) - c / 2
    optimum = regression_optimum(TARGETS, weight_decay=0.07, feature_decay=0.11)
    assert optimum.objective == pytest.approx(float(value), rel=1e-13)


def test_the_objective_is_the_slow_sum_and_gradients_are_its_differences():
    decays = {"weight_decay": 0.3, "feature_decay": 0.7}
    value, slopes = regression_objective(*POINT, TARGETS, **decays)
    weight, features, bias = POINT
    slow = sum(
        sum((row @ w + b - t) ** 2 for w, b, t in zip(weight, bias, target, strict=True)) / 60
        + 0.7 * (row @ row) / 60
        for row, target in zip(features, TARGETS, strict=True)
    )
    assert value == pytest.approx(slow + 0.15 * (weight**2).sum(), rel=1e-13)
    for place, slope in enumerate(slopes):
        moved = [part.copy() for part in POINT]
        index = tuple(0 for _ in slope.shape)
        ends = []
        for step in (1e-5, -1e-5):
            moved[place][index] = POINT[place][index] + step
            ends.append(regression_objective(*moved, TARGETS, **decays)[0])
        assert (ends[0] - ends[1]) / 2e-5 == pytest.approx(slope[index], rel=1e-6)


def test_turned_and_scaled_targets_turn_and_scale_the_optimum():
    turn = np.linalg.qr(RNG.normal(size=(3, 3)))[0]
    one = regression_optimum(TARGETS, weight_decay=0.2, feature_decay=0.3)
    other = regression_optimum(3 * TARGETS @ turn.T + 7, weight_decay=0.6, feature_decay=0.9)
    np.testing.assert_allclose(other.weight_gram, 3 * turn @ one.weight_gram @ turn.T, atol=1e-12)
    assert other.objective == pytest.approx(9 * one.objective)


def test_covariances_without_full_rank_are_allowed():
    flat = TARGETS @ np.diag([1, 1, 0])
    optimum = regression_optimum(flat, weight_decay=0.1, feature_decay=0.1)
    assert optimum.rank == 2
    weight, features, bias = optimum.factors(2)
    value, _ = regression_objective(
        weight, features, bias, flat, weight_decay=0.1, feature_decay=0.1
    )
    assert value == pytest.approx(optimum.objective, abs=1e-13)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"weight_decay": 0.0}, "weight_decay: expected a positive number"),
        ({"feature_decay": -1.0}, "feature_decay: expected a positive number"),
        ({"dimension": 0}, "dimension: expected a whole number from 1"),
        ({"targets": [1.0, 2.0]}, "targets: expected shape"),
        ({"targets": [[np.nan]]}, "targets: row 0 holds NaN"),
    ],
)
def test_errors_name_the_argument(change, message):
    arguments = {"targets": TARGETS, "weight_decay": 0.1, "feature_decay": 0.1} | change
    with pytest.raises(ValueError, match=message):
        regression_optimum(**arguments)


def test_factors_need_as_many_dimensions_as_the_rank():
    with pytest.raises(ValueError, match="dimension: expected a whole number from 3"):
        regression_optimum(TARGETS, weight_decay=0.1, feature_decay=0.1).factors(2)
