"""Networks that predict real vectors, with and without decay, held against free features.

    python experiments/regression_networks.py [--workers 2] [--scheduler tcp://...] [--check]

trains a network for each seed and each setting of `GROUPS` in
`neuralcollapse.claims.regression_networks`, and writes what that module measures, with recipes,
seeds, versions and hash, to ``regression_networks.json``. Finished jobs are kept in
``regression_networks.jsonl``, so it can be stopped and started again; a few minutes on one core.
``--check`` trains one group again and compares it with the file, loosely.
"""

from dataclasses import asdict
from pathlib import Path

import numpy as np

from neuralcollapse.claims.experiments import run_script, versions, write_rows
from neuralcollapse.claims.regression_networks import GROUPS, SEEDS, STORED, recipe, run, stored

CHECKED = GROUPS[1]  # linnerud: the quickest


def check():
    """Return whether a setting with decay ends where the file says."""
    again = run([asdict(setting) for setting in CHECKED], SEEDS[0])[1]
    return all(
        np.allclose(again[name], stored(CHECKED[1], name)[0], rtol=0.02)
        for name in ("value", "whiteness", "diagonal")
    )


def store(jobs, results):
    """Write rows with their recipes, seeds, versions and hash."""
    rows = [
        {"setting": setting, "seed": job["seed"], "found": found}
        for job, result in zip(jobs, results, strict=True)
        for setting, found in zip(job["settings"], result, strict=True)
    ]
    recipes = {group[0].task: asdict(recipe(group[0])) for group in GROUPS}
    head = {"recipes": recipes, "seeds": SEEDS}
    head |= {"versions": versions("numpy", "torch", "scikit-learn")}
    write_rows(STORED, rows, **head)


JOBS = [
    {"settings": [asdict(setting) for setting in group], "seed": seed}
    for group in GROUPS
    for seed in SEEDS
]

if __name__ == "__main__":
    partial = Path(__file__).with_suffix(".jsonl")
    run_script(__doc__, run, JOBS, store, check, partial=partial)
