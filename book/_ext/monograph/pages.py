"""A page, its notebook, and the reference its outputs are compared with.

A page is a MyST notebook under ``book/``. Its reference under ``tests/reference/`` is an
``.ipynb`` of the same name with the code cells and their outputs alone, images left out.
"""

import re
from decimal import Decimal
from pathlib import Path

import jupytext
import nbformat

RELATIVE_TOLERANCE = 1e-6  # float64 losses move by 4e-13 between CPUs; training amplifies that
ABSOLUTE_TOLERANCE = 1e-12  # below this a float is rounding
_TEXT_TYPES = (
    "text/plain",
    "application/papermill.record/text/plain",
    "text/html",
    "text/markdown",
)
_NUMBER = re.compile(r"(?<![\w.])[-+]?(?:\d+\.\d*|\.\d+|\d+)(?:[eE][-+]?\d+)?(?![\w])")
_PADDED = re.compile(rf"[ \t]*{_NUMBER.pattern}")  # a shorter number is padded by more blanks
_ADDRESS = re.compile(r"\bat 0x[0-9a-f]{6,}")


def find_pages(book):
    """Return the pages below a folder, sorted; names starting with ``_`` or ``.`` are not pages."""
    return sorted(
        path
        for path in Path(book).rglob("*.md")
        if not any(part.startswith(("_", ".")) for part in path.relative_to(book).parts)
    )


def reference_path(page, book, references):
    """Return where the reference of a page lies."""
    return Path(references) / Path(page).relative_to(book).with_suffix(".ipynb")


def read_page(page):
    """Read a page as a notebook without outputs."""
    return jupytext.read(page, fmt="md:myst")


def code_cells(notebook):
    """Return the code cells of a notebook."""
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def write_reference(path, executed):
    """Write the code cells and comparable outputs of an executed notebook, atomically."""
    cells = []
    for place, cell in enumerate(executed):
        kept = nbformat.v4.new_code_cell(
            cell.source, execution_count=place + 1, id=f"cell-{place + 1}"
        )
        kept.outputs = [
            nbformat.v4.new_output("stream", name=name, text=text)
            if name in ("stdout", "stderr")
            else nbformat.v4.new_output("display_data", data={name: text})
            for name, text in comparable(cell.outputs)
        ]
        cells.append(kept)
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".part")
    nbformat.write(nbformat.v4.new_notebook(cells=cells), unfinished)
    unfinished.replace(path)


def read_reference(page, book, references):
    """Return the reference cells of a page.

    Raises
    ------
    StaleReferenceError
        If the page has code but no reference, or its code cells have changed since.
    """
    sources = [cell.source for cell in code_cells(read_page(page))]
    path = reference_path(page, book, references)
    if not path.exists():
        if not sources:
            return []
        raise StaleReferenceError(f"{page}: no reference at {path}; write it with `make reference`")
    cells = code_cells(nbformat.read(path, as_version=4))
    if [cell.source for cell in cells] != sources:
        changed = next(
            (n for n, (a, b) in enumerate(zip(cells, sources, strict=False), 1) if a.source != b),
            min(len(cells), len(sources)) + 1,
        )
        raise StaleReferenceError(
            f"{page}: the reference is stale from code cell {changed} on; renew it with "
            "`make reference` and review the difference"
        )
    return cells


class StaleReferenceError(Exception):
    """A page has no reference, or one of other code."""


def orphan_references(book, references):
    """Return references without a page that has code."""
    expected = {
        reference_path(page, book, references)
        for page in find_pages(book)
        if code_cells(read_page(page))
    }
    return sorted(set(Path(references).rglob("*.ipynb")) - expected)


def comparable(outputs):
    """Return the text of outputs as (type, text) pairs; adjacent streams are merged."""
    texts = []
    for output in outputs:
        if output.output_type == "stream":
            if texts and texts[-1][0] == output.name:
                texts[-1] = (output.name, texts[-1][1] + output.text)
            else:
                texts.append((output.name, output.text))
        elif output.output_type == "error":
            texts.append(("stderr", f"{output.ename}: {output.evalue}"))
        else:
            texts += [
                (kind, _joined(output.data[kind])) for kind in _TEXT_TYPES if kind in output.data
            ]
    return [(kind, _ADDRESS.sub("at 0x", text)) for kind, text in texts]


def differences(actual, expected, tolerance=RELATIVE_TOLERANCE):
    """Compare outputs: text and integers exactly, floats within a tolerance.

    Parameters
    ----------
    actual, expected : list of outputs
    tolerance : float
        Relative. One unit in the last printed digit is allowed too where at least two digits are
        printed, for there rounding may turn the last one.

    Returns
    -------
    list of str
        One sentence a difference; empty when the outputs agree.
    """
    actual, expected = comparable(actual), comparable(expected)
    if [kind for kind, _ in actual] != [kind for kind, _ in expected]:
        kinds = [", ".join(kind for kind, _ in side) or "nothing" for side in (expected, actual)]
        return [f"expected outputs {kinds[0]}; got {kinds[1]}"]
    found = []
    for (_, ours), (_, reference) in zip(actual, expected, strict=True):
        if _PADDED.sub(" #", ours) != _PADDED.sub(" #", reference):
            found.append(f"expected text {_clip(reference)}; got {_clip(ours)}")
            continue
        pairs = zip(_NUMBER.findall(ours), _NUMBER.findall(reference), strict=True)
        found += [
            f"expected {b}, got {a} (relative tolerance {tolerance:g})"
            for a, b in pairs
            if not _agree(a, b, tolerance)
        ]
    return found


def _agree(actual, expected, tolerance):
    if actual == expected:
        return True
    if all(re.fullmatch(r"[-+]?\d+", number) for number in (actual, expected)):
        return False
    ours, reference = Decimal(actual), Decimal(expected)
    size = max(abs(ours), abs(reference))
    allowed = max(Decimal(tolerance) * size, Decimal(ABSOLUTE_TOLERANCE))
    last_digit = min(_unit(ours), _unit(reference))
    if 10 * last_digit <= size < Decimal(10) ** 12 * last_digit:
        # One or two digits say too little to forgive one; twelve or more are not rounded for print.
        allowed = max(allowed, min(last_digit, size / 20))
    return abs(ours - reference) <= allowed


def _unit(number):
    """Return the weight of the last digit of a printed number."""
    return Decimal(1).scaleb(number.as_tuple().exponent)


def _joined(text):
    return "".join(text) if isinstance(text, list) else str(text)


def _clip(text, length=300):
    shown = text if len(text) <= length else text[:length] + " ..."
    return repr(shown)
