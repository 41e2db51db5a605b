"""Methods against frames that lie: the whole table of the page on new environments.

    python experiments/environments.py [--workers 2] [--scheduler tcp://...] [--check]

trains every method of `GRID` with four seeds and writes what
`neuralcollapse.claims.environment_runs` measures, with seeds, versions and hash, to
``environments.json``. Finished jobs are kept in ``environments.jsonl``, so it can be stopped and
started again; about five minutes on a free core. ``--check`` trains two methods again and compares
them with the file, loosely: rounding errors grow in training.
"""

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
from neuralcollapse.claims.experiments import run_script, versions, write_rows
from neuralcollapse.training import EnvironmentRecipe

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


JOBS = [{"method": asdict(method), "seeds": SEEDS} for method in GRID]

if __name__ == "__main__":
    partial = Path(__file__).with_suffix(".jsonl")
    run_script(__doc__, run, JOBS, store, check, partial=partial)
