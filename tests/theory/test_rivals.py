import mpmath
import numpy as np
import pytest

from neuralcollapse.codes import union_of_simplices
from neuralcollapse.geometry import regular_polygon
from neuralcollapse.theory.circle import (
    circle_stability,
    circles_cross_entropy,
    circles_exchange,
    code_objective,
    two_simplices_exchange,
)


@pytest.mark.parametrize("classes", [4, 7, 90, 10**6])
@pytest.mark.parametrize("beta", [1e-3, 0.6, 4.1, 44.0])
def test_two_simplices_agree_with_mpmath(classes, beta):
    with mpmath.workdps(120):
        b = mpmath.mpf(beta)
        halves = [classes - classes // 2, classes // 2]

        def loss(n):
            inside = (n - 1) * mpmath.exp(-b * n / (n - 1))
            return mpmath.log(1 + inside + (classes - n) * mpmath.exp(-b))

        def norm(n):
            return mpmath.sqrt(n * (n - 1))

        rise = sum(n * loss(n) for n in halves) / classes - loss(classes)
        exact = rise / (norm(classes) - sum(map(norm, halves)))
        assert abs(two_simplices_exchange(classes, beta) / exact - 1) < 1e-12


def test_two_simplices_of_four_points_are_a_square():
    ours, square = union_of_simplices([1, 1]), regular_polygon(4)
    values = [code_objective(code, 1.7, 0.2) for code in (ours, square)]
    assert np.isclose(*values, rtol=1e-14)


@pytest.mark.parametrize(("classes", "beta"), [(5, 1.0), (8, 0.4), (11, 6.0)])
def test_stability_agrees_with_finite_differences(classes, beta):
    """Curvature of loss and nuclear norm along the second mode, by a slow second difference."""

    def polygon(size):
        turns = 2 * np.pi * np.arange(classes) / classes
        turns = turns + size * np.cos(2 * turns)
        return np.column_stack([np.cos(turns), np.sin(turns)])

    def curvature(function, h=1e-3):
        return (function(polygon(h)) + function(polygon(-h)) - 2 * function(polygon(0))) / h**2

    loss = curvature(lambda code: code_objective(code, beta, 0.0))
    norm = curvature(lambda code: np.linalg.svd(code, compute_uv=False).sum())
    assert np.isclose(circle_stability(classes, beta), -loss / norm, rtol=1e-4)


def test_stability_in_the_limit_of_many_classes():
    with mpmath.workdps(30):
        ratio = mpmath.besseli(2, 2.7) / mpmath.besseli(0, 2.7)
        limit = float(4 * mpmath.sqrt(2) * ratio * (2 - ratio))
    assert np.isclose(circle_stability(5_000, 2.7) * np.sqrt(5_000), limit, rtol=1e-10)


def test_circles_agree_with_the_code_itself():
    turns = 2 * np.pi * np.arange(13) / 13
    circles = [np.column_stack([np.cos(f * turns), np.sin(f * turns)]) for f in (1, 3, 5)]
    code = np.hstack(circles)
    assert np.isclose(circles_cross_entropy(13, [1, 3, 5], 2.2), code_objective(code, 2.2, 0.0))


def test_circles_are_the_same_after_a_unit():
    first, second = (circles_cross_entropy(17, f, 3.0) for f in ([1, 4], [3, 12]))
    assert np.isclose(first, second, rtol=1e-14)


def test_large_frequencies_count_modulo_the_classes():
    few = circles_cross_entropy(1000, [7, 12], 3.0)
    assert circles_cross_entropy(1000, [10**19 + 7, 10**300 + 12], 3.0) == few
    with pytest.raises(ValueError, match=r"^frequencies: expected a sequence"):
        circles_cross_entropy(5, 1, 1.0)


@pytest.mark.parametrize("count", [1, 2, 9, 10, 137, 10**5, 10**8])
@pytest.mark.parametrize("beta", [0.02, 1.6, 90.0, 2000.0])
def test_circles_exchange_agrees_with_mpmath(count, beta):
    with mpmath.workdps(50):
        few, more = (
            m * mpmath.log(mpmath.besseli(0, mpmath.mpf(beta) / m)) for m in (count, count + 1)
        )
        exact = (few - more) / (mpmath.sqrt(2 * count + 2) - mpmath.sqrt(2 * count))
        assert abs(circles_exchange(count, beta) / exact - 1) < 1e-12


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda: two_simplices_exchange(3, 1.0), "num_classes"),
        (lambda: circle_stability(4, 1.0), "num_classes"),
        (lambda: circles_cross_entropy(9, [], 1.0), "frequencies"),
        (lambda: circles_cross_entropy(9, [0], 1.0), "frequencies"),
        (lambda: circles_exchange(0, 1.0), "count"),
    ],
)
def test_bad_arguments_are_named(call, name):
    with pytest.raises(ValueError, match=f"^{name}:"):
        call()
