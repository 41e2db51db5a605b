"""Rows that the scripts in ``experiments/`` have left: read, hashed, written whole."""

import hashlib
import json
import os
import platform
from importlib.metadata import version
from pathlib import Path

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
