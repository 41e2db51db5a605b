"""Equilibrium networks and their controls on digits with rare classes, over seeds.

    python experiments/equilibrium_networks.py [--workers 2] [--scheduler tcp://address:8786]

trains every configuration of `GRID` and writes what it ends in, beside the recipe and the versions,
to ``equilibrium_networks.json``. It can be stopped and started again: finished networks wait in
``equilibrium_networks.jsonl``, which git does not keep. About an hour on one core. ``--check``
trains two configurations again and compares them with the file.
"""

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

import numpy as np

from neuralcollapse.claims.equilibrium_networks import NETWORKS, RECIPE, STORED, run, stored_rows
from neuralcollapse.claims.experiments import versions, write_rows
from neuralcollapse.training import sweep

SOME = ("equilibrium", "no core", "three explicit layers")
LONGER = ("equilibrium", "one step", "no core", "three explicit layers")
GRID = [
    *((network, 3, 2, seed, 60) for network in NETWORKS for seed in range(8)),
    *((network, 3, 10, seed, 60) for network in NETWORKS for seed in range(4)),
    *((network, 3, 2, seed, 240) for seed in range(8) for network in LONGER),
    *((network, 10, 100, seed, 60) for network in SOME for seed in range(3)),
]
NAMES = ("network", "frequent", "rare", "seed", "epochs")


def store(rows):
    """Write rows with their recipe, the versions they were trained with, and their hash."""
    here = versions("numpy", "scipy", "torch", "scikit-learn")
    earlier = json.loads(STORED.read_text())["versions"] if STORED.exists() else []
    packages = [*(item for item in earlier if item != here), here]
    write_rows(STORED, rows, recipe=asdict(RECIPE), versions=packages)


def check():
    """Train two stored configurations again; accuracies may differ by a few images."""
    for network in ("no core", "three explicit layers"):
        row = stored_rows(network=network, frequent=3, rare=2, seed=0, epochs=60)[0]
        again = run(**{name: row[name] for name in NAMES})
        if not np.allclose(again["balanced"], row["balanced"], atol=0.02):
            sys.exit(f"{network}: {again['balanced']} now, {row['balanced']} stored")


def main():
    """Train what is missing and write the file, or check it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--workers", type=int, help="processes of this machine; all unless given")
    parser.add_argument("--scheduler", help="address of a Dask scheduler")
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    if options.check:
        return check()
    jobs = [dict(zip(NAMES, configuration, strict=True)) for configuration in GRID]
    partial = Path(STORED).with_suffix(".jsonl")
    where = {"scheduler": options.scheduler, "workers": options.workers}
    results = sweep(run, jobs, store=partial, **where)
    return store([job | result for job, result in zip(jobs, results, strict=True)])


if __name__ == "__main__":
    main()
