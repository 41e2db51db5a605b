"""Networks on digits with fewer dimensions than classes, over dimensions and temperatures.

    python experiments/softmax_code_networks.py

trains three seeds of every configuration of `GRID` and writes what they end in, beside their recipe
and the versions, to ``softmax_code_networks.json``. It can be stopped and started again: what the
file holds is not trained twice. About fifteen minutes on one core. ``--check`` trains the first
configuration again and compares it with the file, loosely: in one of its seeds rounding errors grow
to a hundredth.
"""

import sys
from dataclasses import asdict

import numpy as np

from neuralcollapse.claims.code_networks import RECIPE, STORED, describe, run, stored_rows
from neuralcollapse.claims.experiments import versions, write_rows

SEEDS = (0, 1, 2)
TRAINED = ("learned", "class_mean")
GRID = [
    *((d, 0.1, kind, 100) for d in (2, 3, 5) for kind in (*TRAINED, "fixed")),
    *((d, 1.0, kind, 100) for d in (2, 3, 5) for kind in TRAINED),
    *((d, 0.3, kind, 100) for d in (2, 3, 5) for kind in (*TRAINED, "fixed")),
    *((d, 0.03, kind, 100) for d in (2, 3, 5) for kind in TRAINED),
    *((d, 0.1, kind, 100) for d in (6, 9) for kind in TRAINED),
    *((d, 0.3, kind, 300) for d in (5, 3, 2) for kind in TRAINED),
    *((d, 0.1, "learned", 300) for d in (5, 3, 2)),
    *((d, 1.0, "learned", 300) for d in (5, 3, 2)),
    *((d, 0.3, "fixed", 300) for d in (5, 3, 2)),
    *((d, 0.3, "learned", 300) for d in (6, 9)),
]


def train(dimension, temperature, classifier, epochs):
    """Return one row: the configuration and what its networks end in, one number a seed."""
    found = describe(run(dimension, temperature, classifier, epochs, SEEDS))
    return {
        "dimension": dimension,
        "temperature": temperature,
        "classifier": classifier,
        "epochs": epochs,
        **{name: [float(f"{value:.6g}") for value in values] for name, values in found.items()},
    }


def store(rows):
    """Write rows with their recipe, seeds, versions and hash."""
    recipe = asdict(RECIPE)
    del recipe["epochs"]  # each row has its own
    packages = versions("numpy", "scipy", "torch", "scikit-learn")
    write_rows(STORED, rows, recipe=recipe, seeds=SEEDS, versions=packages)


def main():
    """Train what is missing, or check the first row."""
    rows = stored_rows()
    if "--check" in sys.argv:
        again = train(*GRID[0])
        close = all(
            np.allclose(again[name], rows[0][name], rtol=0.05) for name in ("separation", "loss")
        )
        sys.exit("the first row differs" if not close else 0)
    names = ("dimension", "temperature", "classifier", "epochs")
    done = {tuple(row[name] for name in names) for row in rows}
    for configuration in GRID:
        if configuration not in done:
            rows.append(train(*configuration))
            store(rows)
            print(configuration, rows[-1]["separation"], rows[-1]["test_accuracy"], flush=True)


if __name__ == "__main__":
    main()
