"""Descents on deep unconstrained features over depth, width, decay and classes; heads on digits.

    python experiments/deep_unconstrained.py [--workers 2] [--scheduler tcp://address:8786]

computes the rows of `GRID`, one job a row, and writes them with seeds, versions and hash to
``deep_unconstrained.json``. About fifteen minutes on one core. Finished jobs wait in
``deep_unconstrained.jsonl``, so an interrupted run goes on where it stopped. ``--check``
computes the first row again and compares it with the file.
"""

import argparse
import sys

import numpy as np

from neuralcollapse.claims.deep_runs import STORED, descend, stored_rows, train_head
from neuralcollapse.claims.experiments import versions, write_rows
from neuralcollapse.training import sweep

DESCENT = {"num_classes": 10, "depth": 4, "width": 30, "weight_decay": 0.004}
DESCENT |= {"num_seeds": 12, "scale": 0.7, "steps": 16000}
HEAD = {"num_seeds": 3, "depth": 4, "width": 32, "weight_decay": 0.004, "steps": 3000}
GRID = [
    *({"group": "depth", **DESCENT, "depth": depth} for depth in (4, 3, 2)),
    {"group": "depth", **DESCENT, "depth": 5, "scale": 1.0},
    *(
        {"group": "width", **DESCENT, "width": width, "num_seeds": 8}
        for width in (12, 20, 40, 50, 60, 80)
    ),
    *(
        {"group": "decay", **DESCENT, "width": 20, "weight_decay": decay, "steps": steps}
        for decay, steps in ((0.008, 10000), (0.004, 16000), (0.002, 32000), (0.001, 64000))
    ),
    *(
        {"group": "decay, same steps", **DESCENT, "width": 20, "weight_decay": decay, "steps": 8000}
        for decay in (0.001, 0.002, 0.004, 0.008)
    ),
    *(
        {"group": "classes", **DESCENT, "num_classes": count, "weight_decay": 0.04 / count}
        for count in (3, 4, 5, 6)
    ),
    {"group": "samples", **DESCENT, "samples": 5, "num_seeds": 4},
    *(
        {"group": "near", **DESCENT, "depth": depth, "near": near, "scale": scale, "num_seeds": 4}
        for depth in (3, 4)
        for near, scale in (("graph", 0.05), ("collapse", 0.05), ("collapse", 0.2))
    ),
    *({"group": "head", **HEAD, "depth": depth} for depth in (4, 5)),
    {"group": "head", **HEAD, "width": 12},
    {"group": "head", **HEAD, "weight_decay": 0.0},
]


def compute(group, **configuration):
    """Return one row: its group and configuration, and what was found."""
    found = (train_head if group == "head" else descend)(**configuration)
    return {"group": group, **configuration, **found}


def write(rows):
    """Write rows with versions and hash; seeds are 0 to ``num_seeds`` less 1."""
    recipe = "gradient descent at rate 0.5 from normal draws; see claims/deep_runs.py"
    packages = versions("numpy", "scipy", "torch", "scikit-learn")
    write_rows(STORED, rows, recipe=recipe, versions=packages)


def main():
    """Compute all rows, or check the first."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--workers", type=int, help="processes of this machine; all unless given")
    parser.add_argument("--scheduler", help="address of a Dask scheduler")
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    if options.check:
        again, first = compute(**GRID[0]), stored_rows()[0]
        close = np.allclose(again["loss"], first["loss"], rtol=1e-6)
        sys.exit(0 if close and again["ranks"] == first["ranks"] else "the first row differs")
    store = STORED.with_suffix(".jsonl")
    where = {"scheduler": options.scheduler, "workers": options.workers}
    write(sweep(compute, GRID, store=store, **where))
    store.unlink()


if __name__ == "__main__":
    main()
