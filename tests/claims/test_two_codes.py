"""The searches behind the page on two codes find what they must, and exercises catch errors."""

import numpy as np
import pytest
from scipy.optimize import check_grad

from neuralcollapse.claims.exercises import check_cross_entropy_gap
from neuralcollapse.claims.two_codes import (
    descend_layers,
    extreme_cost,
    gap_bounds,
    simplex_family,
)
from neuralcollapse.geometry import simplex_etf
from neuralcollapse.theory.circle import (
    cross_entropy_gap,
    largest_cross_entropy_gap,
    polygon_cross_entropy,
    simplex_cross_entropy,
)


def test_a_code_that_is_tight_is_left_where_it_is():
    points = simplex_etf(5)
    assert extreme_cost(points, 1, 1) == pytest.approx(np.sqrt(20), rel=1e-12)


def test_costs_climb_and_fall():
    start = np.random.default_rng(0).normal(size=(6, 3))
    unit = start / np.linalg.norm(start, axis=1, keepdims=True)
    before = np.linalg.svd(unit)[1].sum()
    assert extreme_cost(start, 1, -1) < before < extreme_cost(start, 1, 1)


def test_the_descent_through_layers_has_the_right_slope(monkeypatch):
    caught = {}

    def fake(value, start, **options):
        caught["error"] = check_grad(lambda x: value(x)[0], lambda x: value(x)[1], start)
        return type("Found", (), {"fun": value(start)[0], "x": start})

    monkeypatch.setattr("neuralcollapse.claims.two_codes.minimize", fake)
    for depth in (2, 3):
        factors = np.random.default_rng(depth).normal(size=(depth, 4, 4))
        value, logits = descend_layers(factors, 0.1)
        assert caught["error"] < 1e-5
        softmax = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
        loss = -np.log(np.diag(softmax)).mean()
        assert value == pytest.approx(loss + 0.05 * (factors**2).sum(), rel=1e-12)


def test_the_best_simplex_behind_two_layers_has_the_stated_scale():
    _, scale = simplex_family(6, 2, 0.03)
    assert scale == pytest.approx(np.log(1 / 0.03 - 5), rel=1e-6)
    assert simplex_family(6, 2, 0.2) == (pytest.approx(np.log(6)), 0.0)


@pytest.mark.parametrize("num_classes", [4, 6, 50, 3000])
def test_bounds_of_the_largest_gap(num_classes):
    lower, upper = gap_bounds(num_classes)
    assert lower < largest_cross_entropy_gap(num_classes)[0] < upper


def naive(num_classes, beta):
    return polygon_cross_entropy(num_classes, beta) - simplex_cross_entropy(num_classes, beta)


def test_the_exercise_accepts_the_library_and_rejects_subtraction(capsys):
    check_cross_entropy_gap(cross_entropy_gap)
    assert "correct" in capsys.readouterr().out
    with pytest.raises(AssertionError, match="beta"):
        check_cross_entropy_gap(naive)
    with pytest.raises(AssertionError, match="eleven"):
        check_cross_entropy_gap(lambda num_classes, beta: 0.0)
