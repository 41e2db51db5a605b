"""Search for the best codes and write the atlas: one file a code, and a manifest.

    python experiments/atlas.py                                  # d = 2..8, n = d+2..32, here
    python experiments/atlas.py --scheduler tcp://address:8786   # the same on a Dask cluster
    python experiments/atlas.py --dimensions 3 --points 13 24 --folder somewhere

A code is one task, seeded by its size alone. A finished code is a file and is not computed again,
so a killed run loses the codes in hand only; files are replaced in one step, never half written.
A task searches in rounds of `spherical_code` with seeds 0, 1, 2, ... until the best coherence was
hit `--hits` times, or for `--rounds` rounds; up to 16 points it is compared with `softmax_code`,
which knows nothing of coherence, in rounds of its own until it comes as far. A better code that it
finds takes the place of the other.
"""

import argparse
import hashlib
import json
import os
from concurrent.futures import as_completed
from dataclasses import replace
from pathlib import Path

import mpmath
import numpy as np
import scipy
from sympy import Poly, Symbol
from threadpoolctl import threadpool_limits
from tqdm import tqdm

import neuralcollapse
from neuralcollapse.codes import Code, minimal_polynomial, refine, softmax_code, spherical_code
from neuralcollapse.codes.atlas import ATLAS, read_code, write_code
from neuralcollapse.codes.interior import descend
from neuralcollapse.codes.spherical import polish
from neuralcollapse.training.sweep import executor

SAME = 1e-9
RECIPE = (
    "experiments/atlas.py: rounds of spherical_code with default starts and the seeds named, until "
    "the best coherence was hit a few times or rounds were over; starts and hits of all rounds"
)
COMPARED = 16  # points up to which the two solvers are compared
DIGITS, DEGREE = 150, 24  # within which a minimal polynomial is looked for


def search(dimension, num_points, rounds, enough):
    """Best code of all rounds, with starts and hits added up, and the header's further lines."""
    with threadpool_limits(1):
        found = []
        for seed in range(rounds):
            found.append(spherical_code(num_points, dimension, seed=seed))
            best = min(found, key=lambda code: code.coherence)
            hits = sum(code.hits for code in found if code.coherence < best.coherence + SAME)
            if hits >= enough:
                break
        recipe = {"seeds": f"0 to {len(found) - 1}"}
        if num_points <= COMPARED:
            distance = 0.0
            for seed in range(rounds):
                other = softmax_code(num_points, dimension, seed=seed)
                distance = max(distance, other.one_vs_rest_distance)
                if distance > 1 - best.coherence + SAME:  # a code the other solver missed
                    points, residual = polish(*descend(other.points))
                    best, hits = Code.of(points, residual=residual), other.hits
                    recipe["found_by"] = "softmax_code"
                if distance > 1 - best.coherence - SAME:
                    break
            recipe["softmax_code_seeds"] = f"0 to {seed}"
            recipe["softmax_code_distance"] = repr(distance)
        recipe |= recognise(best)
    versions = ("neuralcollapse", neuralcollapse), ("numpy", np), ("scipy", scipy)
    recipe["versions"] = ", ".join(f"{name} {module.__version__}" for name, module in versions)
    return replace(best, starts=sum(code.starts for code in found), hits=hits), recipe


def recognise(code):
    """More digits of the coherence and its minimal polynomial, as far as they can be had."""
    try:
        coherence = refine(code, DIGITS).coherence
    except ArithmeticError:
        return {}
    with mpmath.workdps(DIGITS):
        value = mpmath.chop(coherence, tol=mpmath.mpf(10) ** (-DIGITS // 2))
        lines = {"coherence_to_40_digits": mpmath.nstr(value, 40)}
    coefficients = minimal_polynomial(coherence, DIGITS, DEGREE)
    if coefficients is not None:
        lines["minimal_polynomial"] = str(Poly(coefficients, Symbol("x")).as_expr())
    return lines


def write_manifest(folder):
    """Collect the headers and the hashes of the files."""
    entries = {}
    for path in sorted(folder.glob("[0-9]*-[0-9]*.txt")):
        _, header = read_code(path)
        entries[path.name] = {**header, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
    manifest = {
        "recipe": RECIPE,
        "precision": "float64; contacts of a code agree to about 1e-15",
        "codes": entries,
    }
    temporary = folder / ".manifest"
    temporary.write_text(json.dumps(manifest, indent=1) + "\n", encoding="ascii")
    os.replace(temporary, folder / "manifest.json")


def main(arguments=None):
    """Run what is missing."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--dimensions", type=int, nargs="+", default=range(2, 9))
    parser.add_argument("--points", type=int, nargs="+", help="default: d+2 to 32")
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--hits", type=int, default=3, help="of the best code that end a search")
    parser.add_argument("--folder", type=Path, default=ATLAS)
    parser.add_argument("--workers", type=int, default=os.cpu_count())
    parser.add_argument("--scheduler", help="address of a Dask scheduler")
    options = parser.parse_args(arguments)
    tasks = [
        (dimension, num_points)
        for dimension in options.dimensions
        for num_points in options.points or range(dimension + 2, 33)
        if not (options.folder / f"{dimension}-{num_points}.txt").exists()
    ]
    tasks.sort(key=lambda task: task[0] * task[1], reverse=True)  # the longest first
    with executor(options.scheduler, options.workers) as pool:
        running = {pool.submit(search, *task, options.rounds, options.hits): task for task in tasks}
        for future in tqdm(as_completed(running), total=len(running), unit="code", disable=None):
            dimension, num_points = running[future]
            code, recipe = future.result()
            write_code(options.folder / f"{dimension}-{num_points}.txt", code, **recipe)
    write_manifest(options.folder)


if __name__ == "__main__":
    main()
