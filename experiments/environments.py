"""Methods against frames that lie: the whole table of the page on new environments.

    python experiments/environments.py [--workers 2] [--scheduler tcp://...] [--check]

trains every method of `GRID` with four seeds and writes what
`neuralcollapse.claims.environment_runs` measures, with seeds, versions and hash, to
``environments.json``. Finished jobs are kept in ``environments.jsonl``, so it can be stopped and
started again; about five minutes on a free core. ``--check`` trains two methods again and compares
them with the file, loosely: rounding errors grow in training.
"""

import argparse
import sys
from dataclasses import asdict
from pathlib import Path

import numpy as np

from neuralcollapse.claims.environment_runs import (
    ALIGNED,
    INDEPENDENT,
    INVARIANCE,
    MASK_PENALTY,
    METHODS,
    MILD,
    NOISY,
    PLAIN,
    STORED,
    WIDTHS,
    Method,
    aligned,
    run,
    stored,
)
from neuralcollapse.claims.experiments import versions, write_rows
from neuralcollapse.training import EnvironmentRecipe, sweep

SEEDS = (0, 1, 2, 3)
GRID = [
    *METHODS.values(),
    *(Method(**data) for data in (INDEPENDENT, MILD, NOISY)),
    *(aligned("likelihood", **data) for data in (INDEPENDENT, MILD, NOISY)),
    aligned("oracle", **NOISY),
    aligned("known", unit_means=False),
    Method("known", invariance=100.0),
]


def store(jobs, results):
    """Write rows with their recipe, seeds, versions and hash."""
    rows = [{**job, "found": result} for job, result in zip(jobs, results, strict=True)]
    head = {"recipe": asdict(EnvironmentRecipe()), "widths": WIDTHS, "seeds": SEEDS}
    head |= {"mask_penalty": MASK_PENALTY, "invariance": INVARIANCE}
    write_rows(STORED, rows, **head, versions=versions("numpy", "torch", "scikit-learn"))


def check():
    """Return whether the plain and the aligned method end where the file says."""
    return all(
        np.allclose(run(asdict(method), SEEDS)["wrong"], stored("wrong", method), atol=0.02)
        for method in (PLAIN, ALIGNED)
    )


def main():
    """Train what is missing, or check."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--workers", type=int, help="processes of this machine")
    parser.add_argument("--scheduler", help="address of a Dask scheduler")
    parser.add_argument("--check", action="store_true", help="train two methods again")
    options = parser.parse_args()
    if options.check:
        sys.exit(0 if check() else "the stored rows differ")
    jobs = [{"method": asdict(method), "seeds": SEEDS} for method in GRID]
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
