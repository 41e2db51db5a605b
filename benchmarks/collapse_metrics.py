"""CPU seconds, peak memory and errors of all metrics of collapse; one thread, a process each.

OMP_NUM_THREADS=1 python benchmarks/collapse_metrics.py > benchmarks/collapse_metrics.txt
"""

import json
import math
import os
import platform
import re
import resource
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path
from statistics import median

import numpy as np
import torch

CASES = ((50_000, 512, 10), (200_000, 256, 1_000), (40_000, 256, 10_000), (30_000, 256, 30_000))
CONTENDERS = ("neuralcollapse", "three passes", "kowalski")
SHORT = 10  # CPU seconds; a run below is repeated and the median reported
REPEATS = 3
LIMIT_SECONDS, LIMIT_BYTES = 240, 8 * 2**30  # of CPU time and of memory, for a contender
NAMES = {  # shown: the metrics that all three have come first
    "within_class_variability": "NC1",
    "class_distance_normalized_variance": "CDNV",
    "simplex_gram_deviation_weights": "ETF of W",
    "self_duality_product": "product",
    "within_class_variability_trace": "NC1 trace",
    "equinorm_means": "norms M",
    "equiangular_means": "angles M",
    "max_angle_deviation_means": "simplex M",
    "simplex_gram_mean_square_means": "ETF of M",
    "equinorm_weights": "norms W",
    "equiangular_weights": "angles W",
    "max_angle_deviation_weights": "simplex W",
    "self_duality": "duality",
    "bias_alignment": "bias",
    "nearest_center_mismatch": "NC4",
}


def draw(num_samples, num_features, num_classes):
    """Features M[y] + 0.3 noise, classes of equal size; a classifier M + 0.1 noise.

    Two of ten classes have their rows swapped, so that NC4 is not zero.
    """
    generator = torch.Generator().manual_seed(0)
    means = torch.randn(num_classes, num_features, generator=generator)
    labels = torch.arange(num_samples) % num_classes
    labels = labels[torch.randperm(num_samples, generator=generator)]
    features = means[labels]
    for block in features.split(10_000):
        block += 0.3 * torch.randn(block.shape, generator=generator)
    weight = means - means.mean(0) + 0.1 * torch.randn(means.shape, generator=generator)
    for label in range(0, num_classes - 1, 10):
        weight[label : label + 2] = weight[label : label + 2].flip(0)
    bias = 0.1 * torch.randn(num_classes, generator=generator)
    return features, labels, weight, bias


def ours(features, labels, weight, bias):
    """The library's one call."""
    from neuralcollapse import measure

    return {name: value for _, name, value, _ in measure(features, labels, weight, bias).rows()}


def three_passes(features, labels, weight, bias):
    """Means, then covariances, then decisions, all in float32 with K x K tables, as one would."""
    count, width = weight.shape
    sizes = torch.bincount(labels, minlength=count).to(features.dtype)
    means = torch.zeros(count, width).index_add_(0, labels, features) / sizes[:, None]
    center = means.mean(0)
    moved = means - center

    rest = features - means[labels]
    share = 1 / (count * sizes[labels])
    within = (rest * share[:, None]).T @ rest
    between = moved.T @ moved / count
    variances = torch.zeros(count).index_add_(0, labels, rest.square().sum(1)) / sizes

    def cosines(vectors):
        unit = vectors / vectors.norm(dim=1, keepdim=True)
        return (unit @ unit.T)[~torch.eye(count, dtype=torch.bool)]

    def angles(vectors, kind):
        lengths, pairs = vectors.norm(dim=1), cosines(vectors)
        target = 1 / (count - 1)
        found = {
            f"equinorm_{kind}": lengths.std(correction=0) / lengths.mean(),
            f"equiangular_{kind}": pairs.std(correction=0),
            f"max_angle_deviation_{kind}": (pairs + target).abs().mean(),
        }
        if kind == "means":
            found["simplex_gram_mean_square_means"] = (pairs + target).square().sum() / count**2
        return found

    def from_simplex(product):
        target = (torch.eye(count) - 1 / count) / math.sqrt(count - 1)
        return torch.linalg.norm(product / torch.linalg.norm(product) - target)

    distances = torch.cdist(means, means).square()
    quotients = (variances[:, None] + variances) / (2 * distances)
    found = {
        "within_class_variability": torch.trace(within @ torch.linalg.pinv(between)) / count,
        "within_class_variability_trace": torch.trace(within) / torch.trace(between),
        "class_distance_normalized_variance": quotients[~torch.eye(count, dtype=torch.bool)].mean(),
        **angles(moved, "means"),
        **angles(weight, "weights"),
        "simplex_gram_deviation_weights": from_simplex(weight @ weight.T),
        "self_duality": (weight / weight.norm() - moved / moved.norm()).square().sum(),
        "self_duality_product": from_simplex(weight @ moved.T),
    }
    scores = weight @ center + bias
    found["bias_alignment"] = (scores - scores.mean()).norm()

    mismatches = 0
    for block in features.split(1024):
        decided = (block @ weight.T + bias).argmax(1)
        nearest = torch.cdist(block, means).argmin(1)
        mismatches += int((decided != nearest).sum())
    found["nearest_center_mismatch"] = mismatches / len(features)
    return {name: float(value) for name, value in found.items()}


def kowalski(features, labels, weight, bias):
    """The peer, with the features class by class as it wants them."""
    from kowalski.neural_collapse import neural_collapse_metrics

    order = torch.argsort(labels, stable=True)
    blocks = features[order].split(torch.bincount(labels).tolist())
    found = neural_collapse_metrics(list(blocks), weight, bias)
    names = {
        "within_class_variability": "within_class_variability",
        "classifier_etf_convergence": "simplex_gram_deviation_weights",
        "self_duality": "self_duality_product",
        "class_distance_normalized_variance": "class_distance_normalized_variance",
    }
    return {ours: float(found[theirs]) for theirs, ours in names.items()}


def reference(features, labels, weight, bias):
    """Float64 by the definitions, in numpy, a block of rows at a time; nothing of the library."""
    features, labels = features.numpy(), labels.numpy()
    weight, bias = weight.numpy().astype(np.float64), bias.numpy().astype(np.float64)
    count, width = weight.shape
    sizes = np.bincount(labels)
    order = np.argsort(labels, kind="stable")
    starts = np.concatenate([[0], np.cumsum(sizes)])
    rows = [order[start:stop] for start, stop in pairwise(starts)]
    means = np.stack([features[row].astype(np.float64).mean(0) for row in rows])
    center = means.mean(0)
    moved = means - center
    within, variances = np.zeros((width, width)), np.empty(count)
    for label, row in enumerate(rows):
        rest = features[row].astype(np.float64) - means[label]
        variances[label] = (rest**2).sum() / len(row)
        within += rest.T @ rest / (count * len(row))
    _, spreads, axes = np.linalg.svd(moved / math.sqrt(count), full_matrices=False)
    keep = min(count - 1, width)
    along = np.einsum("ri,ij,rj->r", axes[:keep], within, axes[:keep], optimize=True)
    found = {
        "within_class_variability": (along / spreads[:keep] ** 2).sum() / count,
        "within_class_variability_trace": np.trace(within) / ((moved**2).sum() / count),
        "self_duality": (
            (weight / np.linalg.norm(weight) - moved / np.linalg.norm(moved)) ** 2
        ).sum(),
    }
    scores = weight @ center + bias
    found["bias_alignment"] = np.linalg.norm(scores - scores.mean())
    pairs, target = count * (count - 1), 1 / (count - 1)
    blocks = np.array_split(np.arange(count), max(1, count // 256))

    def off_diagonal(left, right):
        for block in blocks:
            table = left[block] @ right.T
            yield block, table, np.arange(len(block)), block

    for kind, vectors in (("means", moved), ("weights", weight)):
        lengths = np.linalg.norm(vectors, axis=1)
        found[f"equinorm_{kind}"] = lengths.std() / lengths.mean()
        unit = vectors / lengths[:, None]
        mean = (np.square(unit.sum(0)).sum() - count) / pairs
        sums = np.zeros(3)
        for _, table, i, j in off_diagonal(unit, unit):
            table[i, j] = mean
            deviation = ((table - mean) ** 2).sum()
            table[i, j] = -target
            table += target
            sums += deviation, np.abs(table).sum(), (table**2).sum()
        found[f"equiangular_{kind}"] = math.sqrt(sums[0] / pairs)
        found[f"max_angle_deviation_{kind}"] = sums[1] / pairs
        if kind == "means":
            found["simplex_gram_mean_square_means"] = sums[2] / count**2
    norms, total = (moved**2).sum(1), 0.0
    for block, table, i, j in off_diagonal(moved, moved):
        squared = norms[block, None] + norms - 2 * table
        squared[i, j] = np.inf
        total += ((variances[block, None] + variances) / (2 * squared)).sum()
    found["class_distance_normalized_variance"] = total / pairs
    for name, right in (
        ("simplex_gram_deviation_weights", weight),
        ("self_duality_product", moved),
    ):
        scale = math.sqrt(sum((t**2).sum() for _, t, _, _ in off_diagonal(weight, right)))
        total = 0.0
        for _, table, i, j in off_diagonal(weight, right):
            table /= scale
            table += 1 / count / math.sqrt(count - 1)
            table[i, j] -= 1 / math.sqrt(count - 1)
            total += (table**2).sum()
        found[name] = math.sqrt(total)
    mismatches = 0
    for block in np.array_split(np.arange(len(features)), max(1, len(features) // 256)):
        x = features[block].astype(np.float64)
        nearest = ((x - center) @ moved.T - norms / 2).argmax(1)
        mismatches += int(((x @ weight.T + bias).argmax(1) != nearest).sum())
    found["nearest_center_mismatch"] = mismatches / len(features)
    return {name: float(value) for name, value in found.items()}


RUNS = {
    "neuralcollapse": ours,
    "three passes": three_passes,
    "kowalski": kowalski,
    "reference": reference,
}


def peak():
    """Largest resident memory of this program so far, in MiB; Linux.

    `getrusage` would count what the parent held when it started this process.
    """
    status = Path("/proc/self/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) / 2**10


def child(name, case):
    """Run one contender on one case and print what it found as a line of JSON."""
    torch.set_num_threads(1)
    data = draw(*case)
    RUNS[name](*draw(64, 8, 4))  # imports and first calls are not counted
    before = peak()
    if name != "reference":
        resource.setrlimit(resource.RLIMIT_DATA, (LIMIT_BYTES, LIMIT_BYTES))
        spent = math.ceil(time.process_time())
        resource.setrlimit(resource.RLIMIT_CPU, (spent + LIMIT_SECONDS, spent + LIMIT_SECONDS + 5))
    try:
        begin = time.process_time()
        values = RUNS[name](*data)
        taken = time.process_time() - begin
    except (MemoryError, RuntimeError) as error:
        if isinstance(error, RuntimeError) and "allocate memory" not in str(error):
            raise
        print(json.dumps({"failed": "out of memory"}))
        return
    print(json.dumps({"seconds": taken, "memory": peak() - before, "values": values}))


def run(name, case):
    """Run a contender in a process of its own."""
    if name == "kowalski":
        try:
            import kowalski as _  # noqa: F401
        except ImportError:
            return {"failed": "not installed"}
    command = [sys.executable, __file__, name, *map(str, case)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode in (-24, -9):  # SIGXCPU, or killed
        return {"failed": f"over {LIMIT_SECONDS} s" if done.returncode == -24 else "killed"}
    if done.returncode:
        raise RuntimeError(done.stderr)
    return json.loads(done.stdout.splitlines()[-1])


def yardstick():
    """CPU seconds of one indexed add of (200 000, 256) float64, median of five."""
    features = torch.randn(200_000, 256, dtype=torch.float64)
    labels = torch.randint(1000, (200_000,))
    spent = []
    for _ in range(5):
        begin = time.process_time()
        features.new_zeros(1000, 256).index_add_(0, labels, features)
        spent.append(time.process_time() - begin)
    return median(spent)


def contend(name, case):
    """A contender's result, the median where a run is short."""
    results = [run(name, case)]
    while "seconds" in results[0] and results[0]["seconds"] < SHORT and len(results) < REPEATS:
        results.append(run(name, case))
    if "seconds" in results[0]:
        results[0]["seconds"] = median(result["seconds"] for result in results)
    return results[0]


def shown(value, truth):
    """A relative error, or the value where the truth is zero."""
    if value is None:
        return "-"
    error = abs(value - truth) / abs(truth) if truth else abs(value)
    return "0" if error < 1e-9 else f"{error:.0e}"


def table(case):
    """Run everyone on one case and print its table."""
    print("N = {:,}, d = {}, K = {:,}".format(*case), flush=True)
    truth = run("reference", case)["values"]
    results = {name: contend(name, case) for name in CONTENDERS}
    print(f"{'':20}{'CPU s':>9}{'MiB':>9}")
    for name, result in results.items():
        if "failed" in result:
            print(f"{name:20}{result['failed']:>18}")
        else:
            print(f"{name:20}{result['seconds']:9.2f}{result['memory']:9.0f}")
    print(f"\n{'relative error':20}{'value':>12}" + "".join(f"{name:>16}" for name in results))
    for name, short in NAMES.items():
        errors = [shown(r.get("values", {}).get(name), truth[name]) for r in results.values()]
        print(f"{short:20}{truth[name]:12.4g}" + "".join(f"{error:>16}" for error in errors))
    print(flush=True)


def main():
    """Print all tables."""
    print(
        f"{os.cpu_count()} cores {platform.machine()}, one thread; Python "
        f"{platform.python_version()}, torch {torch.__version__}, numpy {np.__version__}"
    )
    print(
        f"Yardstick: index_add of (200 000, 256) float64 takes {yardstick():.2f} CPU s before, ",
        end="",
        flush=True,
    )
    print("the tables below:\n")
    for case in CASES:
        table(case)
    print(f"Yardstick after the last table: {yardstick():.2f} CPU s")


if __name__ == "__main__":
    torch.set_num_threads(1)
    if len(sys.argv) > 1:
        child(sys.argv[1], tuple(map(int, sys.argv[2:])))
    else:
        main()
