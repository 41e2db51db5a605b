"""Rows that the scripts in ``experiments/`` have left: read, hashed, written whole."""

import argparse
import hashlib
import json
import os
import platform
import sys
from importlib.metadata import version
from pathlib import Path

from neuralcollapse.training import sweep

EXPERIMENTS = Path(__file__).parents[3] / "experiments"


def digest(rows):
    """Return the hash of rows, as their file records it."""
    return hashlib.sha256(json.dumps(rows, sort_keys=True).encode()).hexdigest()


def read_rows(path, **wanted):
    """Return the rows of a stored experiment, or some of them.

    Parameters
    ----------
    path : Path
    **wanted
        Values that rows must have, for instance ``depth=3``.

    Returns
    -------
    list of dict
        In stored order; empty before the experiment has run.

    Raises
    ------
    ValueError
        If the rows do not match the hash beside them.
    """
    if not path.exists():
        return []
    stored = json.loads(path.read_text())
    if stored["sha256"] != digest(stored["rows"]):
        raise ValueError(f"{path.name}: rows do not match their hash; restore or delete the file")
    return [
        row
        for row in stored["rows"]
        if all(row.get(name) == value for name, value in wanted.items())
    ]


def wanted_rows(path, **wanted):
    """Return the rows of a stored experiment that have some values, as `read_rows` does.

    Raises
    ------
    KeyError
        If there is none.
    """
    rows = read_rows(path, **wanted)
    if not rows:
        raise KeyError(f"{path.name} has no row with {wanted}")
    return rows


def write_rows(path, rows, **head):
    """Write rows, one a line, under what describes them and their hash, in one step.

    Parameters
    ----------
    path : Path
    rows : list of dict
    **head
        Recipe, seeds, versions: what JSON can hold.
    """
    head = {**head, "sha256": digest(rows)}
    lines = [f'"{name}": {json.dumps(value)},' for name, value in head.items()]
    body = ",\n".join(map(json.dumps, rows))
    partial = path.with_suffix(".partial")
    partial.write_text("{\n" + "\n".join(lines) + f'\n"rows": [\n{body}\n]\n}}\n')
    os.replace(partial, path)


def versions(*packages):
    """Return the versions of Python and of packages, by name."""
    return {"python": platform.python_version(), **{name: version(name) for name in packages}}


def run_script(description, run, jobs, store, check, *, partial, arguments=None):
    """What a script in ``experiments/`` does when it is called: train what is missing, or check.

    Parameters
    ----------
    description : str
        For ``--help``; its first line is shown.
    run : callable
        Takes the entries of a job and returns its result.
    jobs : list of dict
    store : callable
        Takes jobs and results and writes the file.
    check : callable
        Trains a part again; returns whether it ends where the file says.
    partial : Path
        Where finished jobs are kept until all are there.
    arguments : list of str, optional
        Those of the command line unless given.

    Raises
    ------
    SystemExit
        After ``--check``: 0 if the file holds, else a message.
    """
    parser = argparse.ArgumentParser(description=description.split("\n")[0])
    parser.add_argument("--workers", type=int, help="processes of this machine; all unless given")
    parser.add_argument("--scheduler", help="address of a Dask scheduler")
    parser.add_argument("--check", action="store_true", help="train a part again and compare")
    options = parser.parse_args(arguments)
    if options.check:
        sys.exit(0 if check() else "the stored rows differ")
    where = {"scheduler": options.scheduler, "workers": options.workers}
    store(jobs, sweep(run, jobs, store=partial, **where))
