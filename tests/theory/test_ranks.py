import mpmath
import numpy as np
import pytest
from scipy.optimize import minimize_scalar

from neuralcollapse.theory.circle import (
    best_isotropic_rank,
    flat_exchange,
    isotropic_cost,
    rank_exchange,
    rank_law,
)


def exact_exchange(rank, beta):
    with mpmath.workdps(60):
        rank, beta = mpmath.mpf(rank), mpmath.mpf(beta)
        low, high = (mpmath.hyp0f1(d / 2, beta**2 / 4) for d in (rank, rank + 1))
        return mpmath.log(low / high) / (mpmath.sqrt(rank + 1) - mpmath.sqrt(rank))


@pytest.mark.parametrize("rank", [1, 2, 6, 43, 1_111, 10**6, 10**9])
@pytest.mark.parametrize("beta", [1e-6, 0.37, 2.3, 19.0, 211.0, 1_000.0])
def test_exchange_agrees_with_mpmath_to_twelve_digits(rank, beta):
    assert abs(rank_exchange(rank, beta) / exact_exchange(rank, beta) - 1) < 1e-12


def test_exchange_of_nothing_is_zero():
    assert rank_exchange(3, 0) == 0


@pytest.mark.parametrize("q", [0.3, 1.0, 1.9])
def test_flat_exchange_balances_two_flat_spectra(q):
    for rank in (1, 2, 9):
        x = flat_exchange(rank, q)
        low, high = (0.5 / r + x * r ** (1 - q / 2) for r in (rank, rank + 1))
        assert np.isclose(low, high, rtol=1e-13)


def test_flat_exchange_is_the_limit_of_the_exchange():
    assert np.isclose(rank_exchange(5, 1e-4) * 1e8, flat_exchange(5), rtol=1e-7)


def test_flat_exchange_keeps_its_digits_at_large_ranks():
    with mpmath.workdps(60):
        rank = mpmath.mpf(10**9)
        exact = 1 / (2 * rank * (rank + 1) * (mpmath.sqrt(rank + 1) - mpmath.sqrt(rank)))
    assert abs(flat_exchange(10**9) / exact - 1) < 1e-12


@pytest.mark.parametrize("q", [0.5, 1.0, 1.5])
def test_rank_law_minimises_the_value_of_flat_spectra(q):
    penalty, beta, classes = 0.003, 0.7, 50
    x = penalty * classes ** (q / 2) / beta**2
    found = minimize_scalar(
        lambda r: 0.5 / r + x * r ** (1 - q / 2), bounds=(0.1, 1e4), method="bounded"
    )
    assert np.isclose(rank_law(classes, beta, penalty, q), found.x, rtol=1e-3)


def test_best_rank_changes_at_the_exchange():
    classes, beta = 200, 1.3
    for rank in (1, 2, 5):
        edge = rank_exchange(rank, beta) / np.sqrt(classes)
        assert best_isotropic_rank(classes, beta, edge * 1.001) == rank
        assert best_isotropic_rank(classes, beta, edge * 0.999) == rank + 1


def test_isotropic_cost_of_the_plane():
    expected = np.log(40) - 2 + np.log(np.i0(2.0)) + 0.1 * np.sqrt(80)
    assert np.isclose(isotropic_cost(40, 2, 2.0, 0.1), expected, rtol=1e-13)


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda: rank_exchange(0, 1.0), "rank"),
        (lambda: rank_exchange(1, -1.0), "beta"),
        (lambda: flat_exchange(2, 2.0), "q"),
        (lambda: rank_law(10, 0.0, 0.1), "beta"),
        (lambda: rank_law(10, 1.0, 0.0), "regularisation"),
        (lambda: isotropic_cost(1, 1, 1.0, 0.1), "num_classes"),
        (lambda: isotropic_cost(9, "a", 1.0, 0.1), "rank"),
        (lambda: isotropic_cost(9, 0.5, 1.0, 0.1), "rank"),
    ],
)
def test_bad_arguments_are_named(call, name):
    with pytest.raises(ValueError, match=f"^{name}:"):
        call()
