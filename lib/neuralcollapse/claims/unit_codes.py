"""The experiment of the page circle/optimal-rank: best unit codes found over all ranks.

Rows come from ``experiments/unit_codes.py`` and are stored beside it.
"""

import hashlib
import json
from pathlib import Path

STORED = Path(__file__).parents[3] / "experiments" / "unit_codes.json"


def digest(rows):
    """Hash of rows, as the file carries it.

    Parameters
    ----------
    rows : list of dict

    Returns
    -------
    str
    """
    return hashlib.sha256(json.dumps(rows).encode()).hexdigest()


def stored_rows():
    """Rows of the stored file, none if there is no file.

    Returns
    -------
    list of dict

    Raises
    ------
    ValueError
        If rows and hash do not belong together.
    """
    if not STORED.exists():
        return []
    content = json.loads(STORED.read_text())
    if digest(content["rows"]) != content["sha256"]:
        raise ValueError(f"{STORED.name}: rows were changed after they were stored")
    return content["rows"]


def cells(num_classes, beta):
    """Penalties and the ranks found there, in order.

    Parameters
    ----------
    num_classes : int
    beta : float

    Returns
    -------
    list of dict
        Rows of the stored file with these classes and this inverse temperature, by penalty.
    """
    rows = [r for r in stored_rows() if (r["num_classes"], r["beta"]) == (num_classes, beta)]
    return sorted(rows, key=lambda row: row["regularisation"])
