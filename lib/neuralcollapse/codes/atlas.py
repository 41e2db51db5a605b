r"""The atlas: best codes found, one plain text file each, and what is proved of them.

A file holds a header of ``# name: value`` lines and then one unit vector a line, with 17 digits, so
that reading gives back the same float64. What the header says of the points is computed again on
reading, so that a damaged file is never believed.
"""

import os
import tempfile
from pathlib import Path

import numpy as np

from neuralcollapse.codes.code import Code

ATLAS = Path(__file__).parents[3] / "book" / "_static" / "atlas"
_PROVED = {
    (3, 7): "schutte1951",
    (3, 8): "schutte1951",
    (3, 9): "schutte1951",
    (3, 10): "danzer1986",
    (3, 11): "danzer1986",
    (3, 12): "fejestoth1943",
    (3, 13): "musin2012",
    (3, 14): "musin2015",
    (3, 24): "robinson1961",
    (4, 10): "bachoc2009",
    (4, 24): "delaat2024",
    (5, 16): "cohnkumar2007",
    (6, 27): "cohnkumar2007",
}


def proved_optimal(num_points, dimension):
    """Who proved the best code of this size, as far as this book knows.

    Parameters
    ----------
    num_points, dimension : int
        At least 2.

    Returns
    -------
    str or None
        Key of the bibliography; "exercise" for polygons; None where no proof is known to us.

    Raises
    ------
    ValueError
        If a number is below 2.

    Examples
    --------
    >>> proved_optimal(24, 3), proved_optimal(15, 3)
    ('robinson1961', None)
    """
    if min(num_points, dimension) < 2:
        raise ValueError(f"num_points, dimension: expected 2 or more, got {num_points, dimension}")
    if dimension == 2:
        return "exercise"
    if num_points <= 2 * dimension:
        return "rankin1955"
    return _PROVED.get((dimension, num_points))


def write_code(path, code, **recipe):
    """Write a code and how it was found, all or nothing.

    Parameters
    ----------
    path : str or Path
        Its folder is made where missing; a file that stands there is replaced in one step.
    code : Code
    **recipe
        Further lines of the header; values become text of one line.

    Raises
    ------
    ValueError
        If a value of the recipe has more than one line or is not ASCII.
    """
    path = Path(path)
    n, d = code.points.shape
    header = {
        "content": f"{n} unit vectors of {d} dimensions, one a line",
        "num_points": n,
        "dimension": d,
        "coherence": repr(code.coherence),
        "one_vs_rest_distance": repr(code.one_vs_rest_distance),
        "residual": f"{code.residual:.1e}",
        **_described(Code.of(code.points)),  # as reading will find it
        "starts": code.starts,
        "hits": code.hits,
        **recipe,
    }
    for name, value in header.items():
        if len(f"{value}.".splitlines()) > 1 or not str(value).isascii():
            raise ValueError(f"{name}: expected ASCII text of one line, got {value!r}")
    lines = [f"# {name}: {value}" for name, value in header.items()]
    lines += [" ".join(f"{x: .17e}" for x in row) for row in code.points]
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".writing-")
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write("\n".join(lines) + "\n")
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).chmod(0o644)
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def read_code(path):
    """Read a code and its header.

    Parameters
    ----------
    path : str or Path

    Returns
    -------
    code : Code
        Coherence, distance, contacts and rattlers computed from the points.
    header : dict of str
        What the file says of itself.

    Raises
    ------
    ValueError
        If the file is cut short, holds something else, or its header contradicts its points.
    """
    path = Path(path)
    try:
        lines = path.read_text(encoding="ascii").splitlines()
        header = dict(line[2:].split(": ", 1) for line in lines if line.startswith("# "))
        points = np.array([line.split() for line in lines if not line.startswith("#")], dtype=float)
        shape = int(header["num_points"]), int(header["dimension"])
        claimed = float(header["coherence"]), float(header["one_vs_rest_distance"])
        if points.shape != shape:
            raise ValueError(f"expected {shape[0]} points of {shape[1]} dimensions")
        code = Code.of(
            points,
            residual=float(header["residual"]),
            starts=int(header["starts"]),
            hits=int(header["hits"]),
        )
        for name, value in _described(code).items():
            if header[name] != value:
                raise ValueError(f"its points have {name} {value}, its header {header[name]}")
    except (KeyError, ValueError) as error:
        raise ValueError(f"{path.name}: not a code of the atlas, or cut short: {error}") from error
    found = code.coherence, code.one_vs_rest_distance
    if not np.allclose(found, claimed, rtol=0, atol=1e-12):
        raise ValueError(
            f"{path.name}: its points have coherence and distance {found}, its header says "
            f"{claimed}; fetch it again or make it with experiments/atlas.py"
        )
    return code, header


def _described(code):
    return {
        "contacts": str(len(code.contacts)),
        "rattlers": " ".join(map(str, code.rattlers)) or "none",
    }


def read_atlas(folder=ATLAS):
    """Read all codes of a folder.

    Parameters
    ----------
    folder : str or Path
        The book's own unless given.

    Returns
    -------
    dict
        ``(dimension, num_points)`` to ``(code, header)``, ascending.

    Raises
    ------
    FileNotFoundError
        If the folder holds no codes.
    ValueError
        If a file is damaged.
    """
    paths = sorted(Path(folder).glob("[0-9]*-[0-9]*.txt"))
    if not paths:
        raise FileNotFoundError(
            f"folder: no codes in {folder}; make them with experiments/atlas.py"
        )
    read = [read_code(path) for path in paths]
    read.sort(key=lambda pair: pair[0].points.shape[::-1])
    return {code.points.shape[::-1]: (code, header) for code, header in read}
