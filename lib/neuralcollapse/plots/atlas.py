"""The atlas of codes: coherence over size, and a table with a file behind every line."""

import re
from dataclasses import dataclass
from html import escape

from neuralcollapse.plots.page import Plot
from neuralcollapse.plots.style import COLORS, DASHES, axes_grid

_FILES = "../../_static/atlas"  # as seen from a page of Part II
_POWER = re.compile(r"\^(\d+)")


def coherence_curves(atlas):
    """Draw the coherence of the best codes found against their size, one line a dimension.

    Parameters
    ----------
    atlas : dict
        As `codes.atlas.read_atlas` returns it.

    Returns
    -------
    Plot
        Rings mark codes with rattlers.
    """
    figure, ((axes,),) = axes_grid(height=3.8)
    for place, dimension in enumerate(sorted({d for d, _ in atlas})):
        sizes = sorted(n for d, n in atlas if d == dimension)
        values = [atlas[dimension, n][0].coherence for n in sizes]
        axes.plot(
            sizes,
            values,
            color=COLORS[place % len(COLORS)],
            ls=DASHES[place % len(DASHES)],
            lw=1.4,
            label=f"d = {dimension}",
        )
        loose = [
            (n, v) for n, v in zip(sizes, values, strict=True) if atlas[dimension, n][0].rattlers
        ]
        if loose:
            axes.plot(*zip(*loose, strict=True), "o", mfc="none", color="#222222", ms=6)
    axes.axhline(0, color="#444444", lw=0.8)
    axes.set_xlabel("number of points n")
    axes.set_ylabel("coherence (dimensionless)")
    axes.legend(loc="center left", bbox_to_anchor=(1, 0.5))
    loose = sum(bool(code.rattlers) for code, _ in atlas.values())
    worst = max(code.coherence for code, _ in atlas.values())
    return Plot(
        figure,
        f"Coherence against the number of points for {len(atlas)} codes in dimensions "
        f"{min(atlas)[0]} to {max(atlas)[0]}. Each line stays at 0 up to 2d points and then rises, "
        f"to {worst:.3f} at most; {loose} codes, marked by rings, have rattlers.",
    )


@dataclass(frozen=True)
class AtlasTable:
    """The codes of one dimension, one a line.

    Attributes
    ----------
    rows : tuple of tuple of str
        Number of points, coherence, distance, contacts, rattlers, hits of starts, proof and
        polynomial; the file name last.
    """

    rows: tuple[tuple[str, ...], ...]
    heads = ("n", "coherence", "distance", "contacts", "rattlers", "hits / starts")
    words = ("proved by", "minimal polynomial")

    def __repr__(self):
        widths = (3, 18, 17, 9, 9, 15)
        lines = ["".join(h.rjust(w) for h, w in zip(self.heads, widths, strict=True))]
        for row in self.rows:
            numbers = "".join(c.rjust(w) for c, w in zip(row[:6], widths, strict=True))
            lines.append("  ".join([numbers, *filter(None, row[6:8])]))
        return "\n".join(lines)

    def _repr_html_(self):
        heads = "".join(f"<th>{head}</th>" for head in (*self.heads, *self.words))
        body = ""
        for row in self.rows:
            link = f'<a href="{_FILES}/{row[8]}" download>{row[0]}</a>'
            cells = (link, *map(escape, row[1:7]), _POWER.sub(r"<sup>\1</sup>", escape(row[7])))
            body += "<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"
        table = f"<thead><tr>{heads}</tr></thead><tbody>{body}</tbody>"
        return f'<div class="atlas"><table>{table}</table></div>'


def atlas_table(atlas, dimension, proofs):
    """List the codes of one dimension.

    Parameters
    ----------
    atlas : dict
        As `codes.atlas.read_atlas` returns it.
    dimension : int
    proofs : dict
        ``(dimension, num_points)`` to who proved the code best, or None.

    Returns
    -------
    AtlasTable
        Polynomials up to degree 5 in full, of others the degree; the files have them all.
    """
    rows = []
    for (d, n), (code, header) in sorted(atlas.items()):
        if d == dimension:
            numbers = (
                f"{code.coherence:.13f}",
                f"{code.one_vs_rest_distance:.13f}",
                str(len(code.contacts)),
                str(len(code.rattlers)),
                f"{code.hits} / {code.starts}",
            )
            polynomial = _shown(header.get("minimal_polynomial", ""))
            rows.append((str(n), *numbers, proofs[d, n] or "", polynomial, f"{d}-{n}.txt"))
    return AtlasTable(tuple(rows))


def _shown(polynomial):
    """``7*x**3 - 1`` as ``7x^3 - 1``, or its degree where it is long."""
    degree = max(map(int, re.findall(r"x\*\*(\d+)", polynomial)), default=1)
    if degree > 5:
        return f"degree {degree}"
    return polynomial.replace("**", "^").replace("*", "")
