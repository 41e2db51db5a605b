"""Equilibrium networks and their controls on digits with rare classes, over seeds.

    python experiments/equilibrium_networks.py --workers 2

trains every configuration of `GRID` and writes what it ends in, beside the recipe and the versions,
to ``equilibrium_networks.json``. It can be stopped and started again: finished networks wait in
``equilibrium_networks.jsonl``, which git does not keep. About half an hour on one core. ``--check``
trains two configurations again and compares them with the file.
"""

import argparse
import json
import platform
import sys
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path

import numpy as np

from neuralcollapse.claims.code_networks import digest
from neuralcollapse.claims.equilibrium_networks import NETWORKS, RECIPE, STORED, run, stored_rows
from neuralcollapse.training import sweep

SOME = ("equilibrium", "one step", "no core", "three explicit layers")
GRID = [
    *((network, 3, 2, seed) for network in NETWORKS for seed in range(8)),
    *((network, 3, 10, seed) for network in NETWORKS for seed in range(4)),
    *((network, 7, 2, seed) for network in SOME for seed in range(4)),
    *((network, 10, 100, seed) for network in SOME for seed in range(3)),
]
NAMES = ("network", "frequent", "rare", "seed")


def store(rows):
    """Write rows with their recipe, versions and hash."""
    versions = {name: version(name) for name in ("numpy", "scipy", "torch", "scikit-learn")}
    content = {
        "recipe": asdict(RECIPE),
        "versions": {"python": platform.python_version(), **versions},
        "sha256": digest(rows),
    }
    head = "".join(f'"{name}": {json.dumps(value)},\n' for name, value in content.items())
    lines = ",\n".join(map(json.dumps, rows))
    STORED.write_text(f'{{\n{head}"rows": [\n{lines}\n]\n}}\n')


def check():
    """Train two stored configurations again; accuracies may differ by a few images."""
    for network in ("no core", "three explicit layers"):
        row = stored_rows(network=network, frequent=3, rare=2, seed=0)[0]
        again = run(**{name: row[name] for name in NAMES})
        if not np.allclose(again["balanced"], row["balanced"], atol=0.02):
            sys.exit(f"{network}: {again['balanced']} now, {row['balanced']} stored")


def main():
    """Train what is missing and write the file, or check it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    if options.check:
        return check()
    jobs = [dict(zip(NAMES, configuration, strict=True)) for configuration in GRID]
    partial = Path(STORED).with_suffix(".jsonl")
    results = sweep(run, jobs, store=partial, workers=options.workers)
    return store([job | result for job, result in zip(jobs, results, strict=True)])


if __name__ == "__main__":
    main()
