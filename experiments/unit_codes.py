"""Best unit codes over all ranks: cross-entropy plus a multiple of the nuclear norm.

    python experiments/unit_codes.py                                # here, one process a core
    python experiments/unit_codes.py --workers 1                    # in this process
    python experiments/unit_codes.py --scheduler tcp://address:8786 # on a Dask cluster

searches every cell of `GRID` (classes, inverse temperature, penalty) and writes all, beside recipe,
seed, versions and hash, to ``unit_codes.json``. What the file holds is not searched again. Finished
cells are kept in ``unit_codes.jsonl`` until all are, so a run that was interrupted goes on where it
stopped. About an hour on one core, of which the cells with 31 and 41 classes take most;
``--largest 17`` leaves out those with more classes. ``--check`` searches every fortieth cell with
another seed and compares objectives.
"""

import argparse
import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before numpy: workers share the cores

import sys

import numpy as np

from neuralcollapse.claims.experiments import versions, write_rows
from neuralcollapse.claims.unit_codes import STORED, stored_rows
from neuralcollapse.geometry import participation_ratio
from neuralcollapse.theory.circle.ranks import rank_law
from neuralcollapse.theory.circle.search import SMOOTHING, best_unit_code
from neuralcollapse.training.sweep import sweep

SEED, STARTS = 0, 2
PENALTIES = [float(f"{value:.6g}") for value in np.geomspace(8e-4, 0.6, 28)]
SCALED = [float(f"{value:.4g}") for value in np.geomspace(0.03, 0.8, 12)]
GRID = [
    *((K, 1.0, penalty) for K in (5, 7, 9, 11, 13, 17, 21, 25, 31, 41) for penalty in PENALTIES),
    *(
        (K, beta, float(f"{x * beta**2 / np.sqrt(K):.6g}"))
        for K, beta in ((11, 1.0), (17, 0.5), (17, 1.0), (25, 0.5), (25, 1.0), (25, 4.0))
        for x in SCALED
    ),
]


def search(num_classes, beta, penalty, seed, starts):
    """Return one row: the cell, the rank of the best code found and its objective."""
    law = rank_law(num_classes, beta, penalty)
    ranks = [r for r in range(1, num_classes) if 0.6 * law - 1 <= r <= 1.5 * law + 2]
    found = best_unit_code(
        num_classes, beta, penalty, starts=starts, ranks=ranks or [num_classes - 1], seed=seed
    )
    return {
        "num_classes": num_classes,
        "beta": beta,
        "regularisation": penalty,
        "rank": found.rank,
        "participation": float(f"{participation_ratio(found.weights):.6g}"),
        "objective": float(f"{found.objective:.12g}"),
    }


def key(row):
    """What tells a row from the others."""
    return row["num_classes"], row["beta"], row["regularisation"]


def job(cell, seed=SEED):
    """Arguments of `search` for a cell."""
    num_classes, beta, penalty = cell
    return {
        "num_classes": num_classes,
        "beta": beta,
        "penalty": penalty,
        "seed": seed,
        "starts": STARTS,
    }


def write(rows):
    """Write rows in the order of the grid, with their recipe, seed, versions and hash."""
    rows.sort(key=lambda row: GRID.index(key(row)) if key(row) in GRID else len(GRID))
    recipe = {"starts": STARTS, "smoothing": SMOOTHING}
    write_rows(STORED, rows, recipe=recipe, seed=SEED, versions=versions("numpy", "scipy"))


def check(rows, **where):
    """Search every fortieth row again with the next seed; return the cells whose objectives differ.

    They differ if the two are further apart than 1e-4, whichever is lower.
    """
    rows = rows[::40]
    wrong = []
    again = sweep(search, [job(key(row), SEED + 1) for row in rows], **where)
    for row, other in zip(rows, again, strict=True):
        print(key(row), row["objective"], other["objective"])
        if abs(other["objective"] - row["objective"]) > 1e-4:
            wrong.append(key(row))
    return wrong


def main(arguments=None):
    """Search what is missing, or check."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--scheduler")
    parser.add_argument("--workers", type=int)
    parser.add_argument("--largest", type=int, default=10**9)
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args(arguments)
    where = {"scheduler": options.scheduler, "workers": options.workers}
    rows = stored_rows()
    if options.check:
        sys.exit(f"cells that differ: {wrong}" if (wrong := check(rows, **where)) else 0)
    done = {key(row) for row in rows}
    missing = sorted({cell for cell in GRID if cell not in done and cell[0] <= options.largest})
    if not missing:
        return
    store = STORED.with_suffix(".jsonl")
    write(rows + sweep(search, [job(cell) for cell in missing], store=store, **where))
    store.unlink(missing_ok=True)


if __name__ == "__main__":
    main()
