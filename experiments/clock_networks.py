"""Clock networks: the recipe over seeds and moduli, the order of layers, the threshold, controls.

    python experiments/clock_networks.py                                # here, one process a core
    python experiments/clock_networks.py --workers 1                    # in this process
    python experiments/clock_networks.py --scheduler tcp://address:8786 # on a Dask cluster

writes what every run of `JOBS` ends in, beside settings, seeds, versions and hash, to
``clock_networks.json``. What the file holds is not run again. Finished jobs are kept in
``clock_networks.jsonl`` until all are, so a run that was interrupted goes on where it stopped.
About a quarter of an hour on one core.
"""

import argparse
import json
import os
from dataclasses import asdict

os.environ.setdefault("OMP_NUM_THREADS", "1")

from neuralcollapse.claims import clock_networks
from neuralcollapse.claims.clock_networks import RECIPE, STORED, STRENGTH, stored
from neuralcollapse.claims.experiments import versions, write_rows
from neuralcollapse.training.sweep import sweep

SPLITS = ((1.0, True), (0.7, True), (0.7, False))
ONLY = {"classifier": [3.0, 0.0, 3.0], "embedding": [0.0, 3.0, 3.0]}
WEAK = {"classifier": [1.7, 0.0], "embedding": [0.0, 1.7]}
CONTROL = {"train_fraction": 0.7, "seeds": 4}
JOBS = [
    *(
        (
            "recipe",
            "run",
            {"modulus": p, "train_fraction": share, "mirrored": mirrored, "seeds": 32},
        )
        for p in (11, 23)
        for share, mirrored in SPLITS
    ),
    ("recipe", "run", {"modulus": 13, "train_fraction": 1.0, "mirrored": True, "seeds": 32}),
    *(("no decay", "run", {"modulus": p, "weight_decay": 0.0, "seeds": 32}) for p in (11, 23)),
    *(
        (
            "order",
            "run",
            {
                "modulus": 11,
                "nuclear": nuclear,
                "weight_decay": 0.0,
                "steps": 1200,
                "every": 5,
                "seeds": 12,
            },
        )
        for nuclear in (ONLY, WEAK)
    ),
    *(
        ("rates", "gradient_order", {"rates": rates})
        for rates in ({}, {"embedding": 0.25}, {"classifier": 0.25})
    ),
    *(("threshold", "threshold", {"modulus": p, "seeds": 3}) for p in (7, 11, 23, 31)),
    ("many circles", "threshold", {"modulus": 23, "seeds": 3, "coordinates": 2}),
    ("control", "run", {"task": "addition", "modulus": 23, "nuclear": {}, **CONTROL}),
    *(
        ("control", "run", {"task": task, "modulus": 23, **CONTROL})
        for task in ("relabelled", "latin", "shuffled")
    ),
    (
        "perceptron",
        "perceptron",
        {
            "modulus": 23,
            "train_fraction": 0.7,
            "width": 96,
            "activation": "square",
            "learning_rate": 0.005,
            "weight_decay": 1.0,
        },
    ),
    (
        "perceptron",
        "perceptron",
        {
            "modulus": 31,
            "train_fraction": 0.7,
            "width": 128,
            "seeds": 2,
            "steps": 3000,
            "learning_rate": 0.005,
            "weight_decay": 1.0,
        },
    ),
    (
        "perceptron",
        "perceptron",
        {
            "modulus": 11,
            "width": 64,
            "head": "cosine",
            "strength": 1.7,
            "learning_rate": 0.01,
            "weight_decay": 0.3,
            "seeds": 8,
        },
    ),
    (
        "transformer",
        "transformer",
        {
            "modulus": 59,
            "train_fraction": 0.7,
            "dimension": 64,
            "width": 128,
            "seeds": 2,
            "steps": 1800,
            "learning_rate": 0.003,
            "weight_decay": 1.0,
        },
    ),
    ("control", "run", {"task": "xor", "modulus": 16, "seeds": 8}),
    *(("control", "run", {"task": "addition", "modulus": p, "seeds": 8}) for p in (12, 16, 24)),
]


def call(function, **job):
    """Run one job of this experiment by the name of its function."""
    return getattr(clock_networks, function)(**job)


def main():
    """Run what is missing and write the rows."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--scheduler")
    parser.add_argument("--workers", type=int)
    options = parser.parse_args()
    kept = {(row["name"], json.dumps(row["job"])): row for row in stored()}
    missing = [job for job in JOBS if (job[0], json.dumps(job[2])) not in kept]
    store = STORED.with_suffix(".jsonl")
    results = sweep(
        call,
        [{"function": function, **job} for _, function, job in missing],
        store=store,
        scheduler=options.scheduler,
        workers=options.workers,
    )
    packages = ", ".join(f"{name} {one}" for name, one in versions("numpy", "torch").items())
    for (name, _, job), result in zip(missing, results, strict=True):
        row = {"name": name, "job": job, "versions": packages, "result": result}
        kept[name, json.dumps(job)] = row
    rows = [kept[name, json.dumps(job)] for name, _, job in JOBS]
    write_rows(STORED, rows, recipe=asdict(RECIPE), strength=STRENGTH)
    store.unlink(missing_ok=True)


if __name__ == "__main__":
    main()
