"""Penalties and other knobs against five-shot accuracy on digits that were not trained on.

    python experiments/transfer.py [--workers 2] [--scheduler tcp://...] [--check]

trains one network for each of twenty splits of the digits, two seeds and the settings of `GRID`,
and writes what `neuralcollapse.claims.transfer` measures, with seeds, versions and hash, to
``transfer.json``. Finished jobs are kept in ``transfer.jsonl``, so it can be stopped and started
again; about an hour on one core. ``--check`` trains two splits of the first setting again and
compares them with the file, loosely: rounding errors grow in training.
"""

import argparse
import sys
from dataclasses import asdict
from pathlib import Path

import numpy as np

from neuralcollapse.claims.experiments import versions, write_rows
from neuralcollapse.claims.transfer import (
    DRAWS,
    SHOTS,
    STORED,
    TARGETS,
    Setting,
    measured,
    run,
    stored,
    train,
)
from neuralcollapse.training import sweep

SEEDS = (0,)
LOSS = 0.05
PENALTIES = [
    {},
    *({"complexity": strength} for strength in (1e-2, 1e-3, 1e-4)),
    *({"weight_decay": strength} for strength in (1e-2, 3e-3, 1e-3)),
]
KNOBS = [
    *({"batch_size": size} for size in (15, 240)),
    *({"learning_rate": rate} for rate in (0.03, 0.3)),
]
GRID = [
    *(Setting(**penalty) for penalty in PENALTIES),
    *(
        Setting(**knob, target_loss=LOSS)
        for knob in [*(PENALTIES[i] for i in (0, 1, 2, 4, 5)), *KNOBS]
    ),
    *(Setting(**penalty, shuffle_labels=True) for penalty in PENALTIES[:2]),
]


def store(jobs, results):
    """Write rows with their recipe, seeds, versions and hash."""
    rows = [{**job, "found": result} for job, result in zip(jobs, results, strict=True)]
    head = {"recipe": asdict(Setting().recipe), "seeds": SEEDS, "targets": TARGETS}
    head |= {"shots": SHOTS, "draws": DRAWS, "versions": versions("numpy", "torch", "scikit-learn")}
    write_rows(STORED, rows, **head)


def check():
    """Return whether two splits of the default setting end where the file says."""
    again = measured(train(Setting(), SEEDS[0], TARGETS[:2]), SEEDS[0], TARGETS[:2])
    return all(
        np.allclose(again[name], stored(name)[0, :2], rtol=0.02)
        for name in ("complexity", "variance", "accuracy")
    )


def main():
    """Train what is missing, or check."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--workers", type=int, help="processes of this machine")
    parser.add_argument("--scheduler", help="address of a Dask scheduler")
    parser.add_argument("--check", action="store_true", help="train two splits again")
    options = parser.parse_args()
    if options.check:
        sys.exit(0 if check() else "the stored rows differ")
    jobs = [{"setting": asdict(setting), "seed": seed} for seed in SEEDS for setting in GRID]
    results = sweep(
        run,
        jobs,
        store=Path(__file__).with_suffix(".jsonl"),
        scheduler=options.scheduler,
        workers=options.workers,
    )
    store(jobs, results)


if __name__ == "__main__":
    main()
