"""The experiment of the page circle/optimal-rank: best unit codes found over all ranks.

Rows come from ``experiments/unit_codes.py`` and are stored beside it.
"""

from neuralcollapse.claims.experiments import EXPERIMENTS, read_rows

STORED = EXPERIMENTS / "unit_codes.json"


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
    return read_rows(STORED)


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
