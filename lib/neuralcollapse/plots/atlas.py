"""The atlas of codes: coherence over size, and a table with a file behind every line."""

from dataclasses import dataclass
from html import escape

from neuralcollapse.plots.page import Plot
from neuralcollapse.plots.style import COLORS, DASHES, axes_grid

_FILES = "../../_static/atlas"  # as seen from a page of Part II


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
    axes.legend(ncols=2, loc="lower right")
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
        Number of points, coherence, distance, contacts, rattlers, hits, starts, polynomial,
        proof; the file name last.
    """

    rows: tuple[tuple[str, ...], ...]
    heads = ("n", "coherence", "distance", "contacts", "rattlers", "hits", "starts")
    words = ("minimal polynomial", "proved by")

    def __repr__(self):
        widths = (3, 18, 17, 9, 9, 5, 7)
        lines = ["".join(h.rjust(w) for h, w in zip(self.heads, widths, strict=True))]
        for row in self.rows:
            numbers = "".join(c.rjust(w) for c, w in zip(row[:7], widths, strict=True))
            lines.append("  ".join([numbers, *filter(None, row[7:9])]))
        return "\n".join(lines)

    def _repr_html_(self):
        heads = "".join(f"<th>{head}</th>" for head in (*self.heads, *self.words))
        body = ""
        for row in self.rows:
            link = f'<a href="{_FILES}/{row[9]}" download>{row[0]}</a>'
            cells = (link, *map(escape, row[1:9]))
            body += "<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"
        return f'<table class="ledger"><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>'


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
    """
    rows = []
    for (d, n), (code, header) in sorted(atlas.items()):
        if d == dimension:
            numbers = (
                f"{code.coherence:.13f}",
                f"{code.one_vs_rest_distance:.13f}",
                len(code.contacts),
                len(code.rattlers),
                code.hits,
                code.starts,
            )
            words = (header.get("minimal_polynomial", ""), proofs[d, n] or "")
            rows.append((str(n), *map(str, numbers), *words, f"{d}-{n}.txt"))
    return AtlasTable(tuple(rows))
