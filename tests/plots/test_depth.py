"""Figures of the page on low rank say in words what they show."""

import numpy as np

from neuralcollapse import plots


def test_graphs_are_counted():
    plot = plots.kneser_graphs({"square": ([["a", "b"], ["c"]], [("a", "c")])})
    assert "square: 3 vertices, 1 edges" in plot.alt
    assert plot.svg.startswith("<?xml")


def test_tables_name_their_ranks():
    tables = {"one": {"M": np.eye(3)}, "two": {"M": np.ones((2, 3)), "N": np.eye(2)}}
    plot = plots.layer_tables(tables)
    assert "one: M has rank 3; two: M has rank 1, N has rank 2" in plot.alt


def test_ratios_give_both_ends():
    plot = plots.cost_ratios([6, 10], {3: [1.0561, 0.9234]})
    assert "L = 3: 1.0561 at 6 to 0.9234" in plot.alt


def test_descents_give_ends_and_lines():
    ratios = np.array([[1.2, 1.1], [0.95, 0.9]])
    plot = plots.descents(np.array([1, 10]), ratios, {"graph": 0.8}, {"best": [1.0, 0.5]})
    assert "2 descents end between 0.900 and 0.950; lines: graph at 0.800" in plot.alt


def test_sweeps_give_means():
    plot = plots.rank_sweeps({("width", "rank"): ([10, 20], [[1, 2], [3, 3]])})
    assert "mean rank against width: 1.50 at 10, 3.00 at 20" in plot.alt
