"""Class means beside the best code of their size, in each of the three regimes."""

import numpy as np
import pytest

from neuralcollapse.codes import compare_with_best, orthoplex_code, spherical_code
from neuralcollapse.codes.comparison import check_size
from neuralcollapse.geometry import simplex_etf


def test_a_simplex_is_the_best_code():
    means = 3 * np.pad(simplex_etf(5), ((0, 0), (0, 4)))
    comparison = compare_with_best(means, means[:, ::-1] * np.arange(1, 6)[:, None])
    assert comparison.best == "simplex, proved"
    for _, *values in comparison.rows():
        np.testing.assert_allclose(values, values[-1])
    assert comparison.coherence_best == -1 / 4
    assert comparison.one_vs_rest_distance_best == 5 / 4


def test_orthoplex_codes_are_the_best_codes():
    comparison = compare_with_best(orthoplex_code((2, 3), free=1))
    assert comparison.best == "no positive cosine, proved"
    assert comparison.coherence_means == pytest.approx(0, abs=1e-12)
    assert comparison.one_vs_rest_distance_means == pytest.approx(1)
    assert (comparison.coherence_best, comparison.one_vs_rest_distance_best) == (0, 1)


@pytest.mark.parametrize("stored", [True, False])
def test_beyond_it_the_code_is_read_or_searched_for(monkeypatch, tmp_path, stored):
    if not stored:  # as for an installed library, without the book
        monkeypatch.setattr("neuralcollapse.codes.comparison.ATLAS", tmp_path)
    code = spherical_code(7, 2, starts=8)
    comparison = compare_with_best(code.points)
    assert comparison.best == "regular polygon, proved"
    assert comparison.coherence_means == pytest.approx(comparison.coherence_best, abs=1e-9)
    assert comparison.coherence_best == pytest.approx(np.cos(2 * np.pi / 7))
    assert comparison.one_vs_rest_distance_best == pytest.approx(1 - np.cos(2 * np.pi / 7))


@pytest.mark.parametrize(
    ("size", "best"),
    [((13, 3), "found, coherence proved least [musin2012]"), ((15, 3), "found, not proved")],
)
def test_what_is_proved_is_said(size, best):
    assert compare_with_best(np.random.default_rng(0).normal(size=size)).best == best


def test_what_is_worse_is_told_apart():
    generator = np.random.default_rng(0)
    comparison = compare_with_best(generator.normal(size=(6, 8)))
    assert comparison.coherence_means > comparison.coherence_best + 0.1
    assert comparison.one_vs_rest_distance_means < comparison.one_vs_rest_distance_best - 0.1
    assert comparison.coherence_weights is comparison.one_vs_rest_distance_weights is None


@pytest.mark.parametrize("rows", [[[0, 0], [1, 0]], [[1, 0], [2, 0]]])
def test_no_direction_or_one_twice_is_none_with_a_warning(rows):
    with pytest.warns(UserWarning, match="coherence_means, one_vs_rest_distance_means: undefined"):
        comparison = compare_with_best(rows)
    assert comparison.coherence_means is comparison.one_vs_rest_distance_means is None


def test_it_prints_as_a_table_everywhere():
    comparison = compare_with_best([[3.0, 0.0], [0.0, 4.0], [-3.0, -4.0]])
    table = str(comparison)
    assert "3 classes in 2 dimensions" in table
    assert len(table.splitlines()) == 4
    assert table.splitlines()[2].split() == ["coherence", "0", "-", "-0.5"]
    assert comparison._repr_html_().count("<tr>") == 3
    assert set(comparison.to_dict()) == set(comparison.__dataclass_fields__)


@pytest.mark.parametrize(
    ("size", "message"),
    [
        ((3, 1), "code: the line holds 2 directions, not 3"),
        ((501, 900), "code: distances of 501 directions .* 500 is the most"),
        ((200, 64), "code: the best code of 200 points in 64 dimensions is not known"),
        ((64, 30), "code: .* 300 coordinates, here 1856, takes too long"),
    ],
)
def test_sizes_out_of_reach_are_refused(size, message):
    with pytest.raises(ValueError, match=message):
        check_size(*size)


def test_two_tables_must_have_one_shape():
    with pytest.raises(ValueError, match=r"weights: expected shape \(2, 2\).*got \(2, 1\)"):
        compare_with_best([[1.0, 0.0], [0.0, 1.0]], [[1.0], [-1.0]])
