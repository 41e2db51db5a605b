"""The table of the atlas: one line a code, a file behind each, long polynomials by degree."""

from neuralcollapse import plots
from neuralcollapse.codes import Code
from neuralcollapse.geometry import orthoplex, simplex_etf

CODE = Code.of(orthoplex(2), starts=7, hits=2)
ATLAS = {
    (2, 4): (CODE, {"minimal_polynomial": "x"}),
    (3, 4): (Code.of(simplex_etf(4), starts=1, hits=1), {"minimal_polynomial": "3*x**2 + 1"}),
    (3, 6): (Code.of(orthoplex(3)), {"minimal_polynomial": "x**9 - 2*x + 1"}),
}


def test_a_line_a_code():
    table = plots.atlas_table(ATLAS, 3, {(3, 4): "rankin1955", (3, 6): None})
    lines = repr(table).splitlines()
    assert len(lines) == 3
    assert lines[1].endswith("1 / 1  rankin1955  3x^2 + 1")
    assert lines[2].endswith("degree 9")
    html = table._repr_html_()
    assert 'href="../../_static/atlas/3-4.txt"' in html
    assert "3x<sup>2</sup> + 1" in html


def test_curves_name_what_they_show():
    plot = plots.coherence_curves(ATLAS)
    assert "3 codes in dimensions 2 to 3" in plot.alt
    assert "0 codes, marked by rings" in plot.alt
