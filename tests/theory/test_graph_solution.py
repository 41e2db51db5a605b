"""The graph solution and the solution of rank 2: matrices, spectra, exact costs."""

from itertools import combinations
from math import comb

import numpy as np
import pytest
import sympy

from neuralcollapse.theory.deep_unconstrained import deep_layers, factor_cost
from neuralcollapse.theory.graph_solution import (
    edge_incidence,
    graph_blocks,
    graph_cost_power,
    graph_factors,
    kneser_adjacency,
    plane_factors,
)


@pytest.mark.parametrize("r", [4, 5, 6, 9])
def test_the_kneser_graph_joins_disjoint_pairs(r):
    pairs = list(combinations(range(r), 2))
    slow = [[float(not set(a) & set(b)) for b in pairs] for a in pairs]
    assert np.array_equal(kneser_adjacency(r), slow)


def test_the_petersen_graph_is_strongly_regular():
    adjacency = kneser_adjacency(5)
    assert np.array_equal(adjacency @ adjacency + adjacency - 2 * np.eye(10), np.ones((10, 10)))


@pytest.mark.parametrize("r", [4, 5, 7])
def test_spectra(r):
    values = np.linalg.eigvalsh(kneser_adjacency(r))
    expected = [3 - r] * (r - 1) + [1] * (r * (r - 3) // 2) + [comb(r - 2, 2)]
    assert np.allclose(np.sort(values), np.sort(expected), atol=1e-12)
    nuclear = np.sqrt(2 * (r - 1)) + (r - 1) * np.sqrt(r - 2)
    assert np.isclose(np.linalg.norm(edge_incidence(r), "nuc"), nuclear, rtol=1e-13)


@pytest.mark.parametrize("depth", [2, 3, 4, 6])
@pytest.mark.parametrize("r", [4, 5, 8])
def test_outputs_ranks_and_costs(r, depth):
    factors = graph_factors(r, depth)
    layers = deep_layers(factors)
    assert np.allclose(layers[-1], np.eye(r * (r - 1) // 2), atol=1e-11)
    assert np.linalg.matrix_rank(layers[-2], tol=1e-9) == (r if r > 4 else 3)
    exact = float(graph_cost_power(r, depth)) ** (1 / (depth + 1))
    assert np.isclose(factor_cost(factors), exact, rtol=1e-12)


def test_exact_costs_by_hand():
    assert graph_cost_power(4, 2) == 6**3
    assert graph_cost_power(4, 4) == 3456 + 1728 * sympy.sqrt(3)
    ninth = sympy.Rational(1, 9)
    assert sympy.expand(graph_cost_power(5, 3) - ninth * (38500 + 11000 * sympy.sqrt(6))) == 0


def test_exact_costs_take_a_symbol():
    r = sympy.Symbol("r", positive=True)
    found = float(graph_cost_power(r, 5).subs(r, 7))
    assert np.isclose(found, float(graph_cost_power(7, 5)), rtol=1e-14)


@pytest.mark.parametrize(("num_classes", "depth"), [(2, 3), (5, 4), (9, 7)])
def test_the_solution_of_rank_two(num_classes, depth):
    factors = plane_factors(num_classes, depth)
    layers = deep_layers(factors)
    assert np.allclose(layers[-1], np.eye(num_classes), atol=1e-10)
    ranks = [np.linalg.matrix_rank(layer, tol=1e-9) for layer in layers[1:-1]]
    assert set(ranks) == {2}
    k = np.arange(1, num_classes + 1)
    nuclear = num_classes + (k**2).sum()
    nuclear += 2 * np.sqrt(num_classes * (k**2).sum() - k.sum() ** 2)
    product = nuclear * 2 ** (depth - 3) * (1 + (k - 1) ** 2).sum() * (6 * num_classes - 6)
    assert np.isclose(factor_cost(factors) ** (depth + 1), product, rtol=1e-11)


def test_bad_input_is_named():
    with pytest.raises(ValueError, match="num_vertices: expected a whole number from 4"):
        graph_factors(3, 4)
    with pytest.raises(ValueError, match="depth: expected a whole number from 2"):
        graph_factors(5, 1)
    with pytest.raises(ValueError, match="depth: expected a whole number from 3"):
        plane_factors(5, 2)
    with pytest.raises(ValueError, match="num_classes: expected a whole number from 10"):
        graph_blocks(9, 4, 5)
