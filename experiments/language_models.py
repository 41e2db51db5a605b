"""Collapse of small language models over width, depth, epochs and seeds.

    python experiments/language_models.py [--workers 2] [--scheduler tcp://...] [--check]

trains the settings of `neuralcollapse.claims.language_models` on the prose of this Python's
standard library and writes what it measures, with recipe, seeds, versions and the hash of the
text, to ``language_models.json``. Finished jobs are kept in ``language_models.jsonl``, so it can
be stopped and started again; about five minutes on one core. ``--check`` trains the three runs of
one epoch again and compares them with the file: closely on the same text, loosely on another.
"""

import sys
from dataclasses import asdict
from pathlib import Path

from neuralcollapse.claims.experiments import run_script, versions, write_rows
from neuralcollapse.claims.language_models import (
    MINIMUM_COUNT,
    SETTINGS,
    SLICE,
    STORED,
    Setting,
    run,
    stored,
    text_facts,
)


def store(jobs, results):
    """Write rows with their recipe, seeds, versions, text and hash."""
    texts = {result["text"] for result in results}
    if len(texts) > 1:
        sys.exit("jobs ran on different texts: delete language_models.jsonl and start again")
    rows = [{"setting": job, "found": result} for job, result in zip(jobs, results, strict=True)]
    head = {"recipe": asdict(Setting(16).recipe), "minimum_count": MINIMUM_COUNT}
    head |= {"seeds": sorted({setting.seed for setting in SETTINGS}), "text": texts.pop()}
    write_rows(STORED, rows, **head, versions=versions("numpy", "torch", "tokenizers"))


def check():
    """Return whether the runs of one epoch end where the file says."""
    for setting in SLICE:
        again = run(**asdict(setting))
        slack = 0.02 if again["text"] == text_facts()["text"] else 0.3
        if abs(again["validation_loss"][0] - stored("validation_loss", setting)[0]) > slack:
            return False
    return True


JOBS = [asdict(setting) for setting in SETTINGS]

if __name__ == "__main__":
    partial = Path(__file__).with_suffix(".jsonl")
    run_script(__doc__, run, JOBS, store, check, partial=partial)
