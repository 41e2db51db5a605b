"""Long-tailed digits: nine methods, their ablations and controls.

    python experiments/long_tails.py [--workers 2] [--scheduler tcp://...] [--check]

trains six networks for each of the settings of `GRID` and writes what
`neuralcollapse.claims.tail_runs` measures, with seeds, versions and hash, to ``long_tails.json``.
Finished jobs are kept in ``long_tails.jsonl``, so it can be stopped and started again; about ten
minutes on one core. ``--check`` trains two seeds of one setting again and compares them with the
file.
"""

from dataclasses import asdict
from pathlib import Path

import numpy as np

from neuralcollapse.claims.experiments import run_script, versions, write_rows
from neuralcollapse.claims.tail_runs import STORED, Setting, run, stored
from neuralcollapse.training import TAIL_METHODS
from neuralcollapse.training.fit_tails import TAIL_RECIPE

SEEDS = (0, 1, 2, 3, 4, 5)
SHORT = ("cross_entropy", "logit_adjusted", "fixed_simplex", "class_aware")
MAIN = [Setting(method) for method in TAIL_METHODS]
CONTROLS = [
    *(Setting(method, ratio=1.0) for method in ("cross_entropy", "fixed_simplex", "class_aware")),
    Setting(reversed=True),
    Setting("fixed_simplex", random_dims=256),
    Setting("fixed_simplex", random_dims=3),
    *(Setting(method, mixup=0.0) for method in SHORT),
    *(Setting(method, gain=6.0) for method in SHORT),
]
RATES = [Setting(method, learning_rate=0.3) for method in SHORT]
MILD = [Setting(method, ratio=20.0) for method in TAIL_METHODS]
GRID = [*MAIN, *MILD, *CONTROLS, *RATES]


def store(jobs, results):
    """Write rows with their recipe, seeds, versions and hash."""
    rows = [{**job, "found": result} for job, result in zip(jobs, results, strict=True)]
    head = {"recipe": asdict(TAIL_RECIPE), "seeds": SEEDS}
    head |= {"versions": versions("numpy", "torch", "scikit-learn")}
    write_rows(STORED, rows, **head)


def check():
    """Return whether two seeds of the default setting end where the file says."""
    name = "accuracies_classifier"
    again = run(asdict(Setting()), SEEDS[:2])[name]
    return np.allclose(again, stored(Setting(), name)[:2], atol=0.02)


JOBS = [{"setting": asdict(setting), "seeds": SEEDS} for setting in GRID]

if __name__ == "__main__":
    partial = Path(__file__).with_suffix(".jsonl")
    run_script(__doc__, run, JOBS, store, check, partial=partial)
