"""Costs of circle and simplex: fifty digits, slow loops, limits, and what must be refused."""

import mpmath
import numpy as np
import pytest

from neuralcollapse.geometry import regular_polygon, simplex_etf
from neuralcollapse.theory.circle import (
    critical_regularisation,
    cross_entropy_gap,
    largest_cross_entropy_gap,
    log_sphere_moment,
    polygon_cross_entropy,
    schatten_cost,
    schatten_norm,
    simplex_cross_entropy,
    von_mises_aliasing,
)

POINTS = [
    (num_classes, beta)
    for num_classes in (2, 3, 4, 6, 13, 29, 250, 999_983)
    for beta in (3e-9, 2e-4, 0.37, 0.9999, 1.0001, 2.7, 17.3, 140.0, 970.0)
]


def exact_losses(num_classes, beta):
    """Losses of polygon and simplex with 60 digits, the polygon with Bessel sums if it is large."""
    with mpmath.workdps(60):
        beta = mpmath.mpf(beta)
        others = num_classes - 1
        simplex = mpmath.log1p(others * mpmath.exp(-beta * num_classes / others))
        if num_classes > 1000:
            aliases = sum(mpmath.besseli(num_classes * times, beta) for times in (1, 2))
            total = mpmath.besseli(0, beta) + 2 * aliases
            return mpmath.log(num_classes) - beta + mpmath.log(total), simplex
        angles = [mpmath.pi * step / num_classes for step in range(1, num_classes)]
        terms = [mpmath.exp(-2 * beta * mpmath.sin(angle) ** 2) for angle in angles]
        return mpmath.log1p(sum(terms)), simplex


@pytest.mark.parametrize(("num_classes", "beta"), POINTS)
def test_losses_and_their_gap_have_twelve_digits(num_classes, beta):
    polygon, simplex = exact_losses(num_classes, beta)
    pairs = [
        (polygon_cross_entropy(num_classes, beta), polygon),
        (simplex_cross_entropy(num_classes, beta), simplex),
        (cross_entropy_gap(num_classes, beta), polygon - simplex if num_classes > 3 else 0),
    ]
    for found, expected in pairs:
        if expected < 1e-300:
            assert found == pytest.approx(float(expected), abs=1e-300)
        else:
            assert abs(found / expected - 1) < 1e-12


@pytest.mark.parametrize("num_classes", [2, 3, 7, 24])
@pytest.mark.parametrize("beta", [0.4, 6.0])
def test_closed_forms_are_the_losses_of_the_codes(num_classes, beta):
    for points, closed in (
        (regular_polygon(num_classes), polygon_cross_entropy),
        (simplex_etf(num_classes), simplex_cross_entropy),
    ):
        total = 0.0
        for row in points:
            total += np.log(sum(np.exp(beta * (row @ other - 1)) for other in points))
        assert closed(num_classes, beta) == pytest.approx(total / num_classes, rel=1e-12)


@pytest.mark.parametrize(("num_classes", "beta"), [(5, 0.6), (17, 3.3), (40, 21.0)])
def test_the_bessel_form_of_the_polygon(num_classes, beta):
    bessel = np.log(num_classes) - beta + log_sphere_moment(2, beta)
    bessel += np.log1p(von_mises_aliasing(num_classes, beta))
    assert polygon_cross_entropy(num_classes, beta) == pytest.approx(bessel, rel=1e-11)


def test_losses_start_at_chance_and_fall():
    betas = np.linspace(0, 30, 61)
    for loss in (polygon_cross_entropy, simplex_cross_entropy):
        values = [loss(9, beta) for beta in betas]
        assert values[0] == pytest.approx(np.log(9), rel=1e-15)
        assert np.all(np.diff(values) < 0)


@pytest.mark.parametrize("num_classes", [4, 8, 31, 5_000])
def test_the_largest_gap_is_stationary_and_beats_a_grid(num_classes):
    gap, beta = largest_cross_entropy_gap(num_classes)
    assert gap == cross_entropy_gap(num_classes, beta)
    grid = np.linspace(0, 60, 601)
    assert gap >= max(cross_entropy_gap(num_classes, b) for b in grid)
    for step in (-0.01, 0.01):
        assert cross_entropy_gap(num_classes, beta + step) < gap


@pytest.mark.parametrize("q", [0.3, 1, 2, 3.5])
@pytest.mark.parametrize("num_classes", [3, 8, 21])
def test_costs_are_those_of_the_codes(num_classes, q):
    for points, rank in (
        (regular_polygon(num_classes), 2),
        (simplex_etf(num_classes), num_classes - 1),
        (np.eye(num_classes), num_classes),
    ):
        values = np.sqrt(np.linalg.eigvalsh(points.T @ points))
        assert schatten_cost(num_classes, rank, q) == pytest.approx((values**q).sum(), rel=1e-12)
        assert schatten_norm(points, q) ** q == pytest.approx((values**q).sum(), rel=1e-12)


def test_schatten_norms_that_numpy_knows():
    matrix = np.random.default_rng(4).normal(size=(6, 4))
    assert schatten_norm(matrix, 1) == pytest.approx(np.linalg.norm(matrix, "nuc"), rel=1e-14)
    assert schatten_norm(matrix, 2) == pytest.approx(np.linalg.norm(matrix), rel=1e-14)
    assert schatten_norm(matrix, 400) == pytest.approx(np.linalg.norm(matrix, 2), rel=1e-2)
    assert schatten_norm(3 * matrix, 0.5) == pytest.approx(3 * schatten_norm(matrix, 0.5))
    assert schatten_norm(np.zeros((2, 3)), 0.5) == 0


def test_small_exponents_do_not_count_rounding():
    matrix = np.outer([1.0, 2, 3], [4.0, 5, 6])
    assert schatten_norm(matrix, 0.1) == pytest.approx(np.linalg.norm(matrix), rel=1e-12)


@pytest.mark.parametrize(("num_classes", "q", "beta"), [(4, 1, 0.7), (19, 0.6, 2.5), (88, 1.9, 9)])
def test_the_threshold_is_where_the_objectives_meet(num_classes, q, beta):
    strength = critical_regularisation(num_classes, q, beta)
    costs = []
    for points in (regular_polygon(num_classes), simplex_etf(num_classes)):
        logits = beta * (points @ points.T - 1)
        loss = np.log(np.exp(logits).sum(axis=1)).mean()
        costs.append(loss + strength * (np.linalg.svd(points)[1] ** q).sum())
    assert costs[0] == pytest.approx(costs[1], rel=1e-12)


def test_the_threshold_near_exponent_two_keeps_its_digits():
    num_classes, q, beta = 37, 2 - 1e-9, 1.4
    polygon, simplex = exact_losses(num_classes, beta)
    with mpmath.workdps(60):
        power = 1 - mpmath.mpf(q) / 2
        size = mpmath.mpf(num_classes)
        weight = size * ((1 - 1 / size) ** power - (2 / size) ** power)
        exact = (polygon - simplex) / weight
    assert critical_regularisation(num_classes, q, beta) == pytest.approx(float(exact), rel=1e-12)


def test_the_threshold_tends_to_its_limit_and_is_infinite_from_two_on():
    limit = log_sphere_moment(2, 2.2)
    scaled = [k * critical_regularisation(k, 0.5, 2.2) for k in (10**3, 10**4, 10**5)]
    errors = np.abs(np.array(scaled) - limit)
    assert np.all(np.diff(errors) < 0)
    assert errors[-1] < 1e-3
    assert critical_regularisation(10, 2, 2.2) == critical_regularisation(10, 3, 2.2) == np.inf


@pytest.mark.parametrize(
    ("function", "arguments", "message"),
    [
        (simplex_cross_entropy, (1, 1.0), "num_classes"),
        (polygon_cross_entropy, (2.5, 1.0), "num_classes"),
        (polygon_cross_entropy, (5, -1.0), "beta"),
        (cross_entropy_gap, (5, np.nan), "beta"),
        (cross_entropy_gap, (1, 1.0), "num_classes"),
        (largest_cross_entropy_gap, (3,), "the two codes are one"),
        (critical_regularisation, (3, 1, 1.0), "the two codes are one"),
        (critical_regularisation, (5, 0, 1.0), "q: expected a positive"),
        (schatten_cost, (5, 6, 1), "rank"),
        (schatten_cost, (5, 0.5, 1), "rank"),
        (schatten_norm, ([[np.inf]], 1), "matrix"),
        (schatten_norm, ([[1.0]], -1), "q"),
        (schatten_cost, (5, 2, 1e5), "q: the cost"),
        (schatten_norm, (np.eye(3), 1e-5), "q: the norm"),
    ],
)
def test_what_makes_no_sense_is_refused(function, arguments, message):
    with pytest.raises(ValueError, match=message):
        function(*arguments)
