"""Exercises of the pages on softmax codes."""

import numpy as np
from scipy.linalg import block_diag

from neuralcollapse import codes
from neuralcollapse.codes import (
    graph_code,
    one_vs_rest_distances,
    orthogonal_batches,
    phase_diagram,
    union_of_simplices,
)
from neuralcollapse.geometry import nearest_hull_point, regular_polygon


def check_radon_split(function):
    """Check a reader's Radon partition on points where common versions go wrong.

    Parameters
    ----------
    function : callable
        ``function(points)`` with an array of shape (num_points, dimension); returns row indices of
        two parts and a point.

    Raises
    ------
    AssertionError
        With a hint, at the first case that fails.

    Examples
    --------
    >>> from neuralcollapse.geometry import radon_partition
    >>> def split(points):
    ...     found = radon_partition(points)
    ...     return found.first, found.second, found.point
    >>> check_radon_split(split)
    correct on 4 cases
    """
    draw = np.random.default_rng(0).normal
    repeated = draw(size=(5, 3))
    repeated[3] = repeated[1]
    cases = {
        "d + 2 points": (draw(size=(5, 3)), "split by the sign of an affine dependency"),
        "points far from 0": (draw(size=(4, 2)) + 1e6, "subtract the mean before you solve"),
        "a repeated point": (repeated, "a coefficient of 0 may go to either part, once"),
        "more than d + 2 points": (draw(size=(9, 3)), "every row belongs to one part"),
    }
    for name, (points, hint) in cases.items():
        first, second, point = function(points.copy())
        first, second = np.asarray(first, dtype=int), np.asarray(second, dtype=int)
        rows = np.sort(np.concatenate([first, second]))
        if len(first) == 0 or len(second) == 0 or rows.tolist() != list(range(len(points))):
            raise AssertionError(f"{name}: the parts do not make up all rows once; {hint}")
        for part in (first, second):
            far = nearest_hull_point(points[part], point).distance
            if far > 1e-7:
                raise AssertionError(f"{name}: the point is {far:.2g} from a hull; {hint}")
    print(f"correct on {len(cases)} cases")


def check_best_dimensions(function):
    """Check a reader's search for the best sizes of simplices.

    Parameters
    ----------
    function : callable
        ``function(num_points, dimension, temperature)`` returns the dimensions of the simplices
        with the least loss, in any order.

    Raises
    ------
    AssertionError
        With a hint, at the first case that fails.

    Examples
    --------
    >>> def look_up(num_points, dimension, temperature):
    ...     phases = phase_diagram(num_points, dimension)
    ...     return next(p.dimensions for p in phases if p.tau_low < temperature < p.tau_high)
    >>> check_best_dimensions(look_up)
    correct on 24 cases
    """
    cases = 0
    for num_points, dimension in ((4, 2), (6, 4), (9, 6), (12, 8), (14, 10)):
        for phase in phase_diagram(num_points, dimension):
            low, high = float(phase.tau_low), min(float(phase.tau_high), 2.0)
            for share in (0.1, 0.9) if high - low > 0.02 else (0.5,):
                tau = low + share * (high - low)
                got = tuple(sorted(function(num_points, dimension, tau), reverse=True))
                if sum(got) != dimension or len(got) != num_points - dimension:
                    raise AssertionError(
                        f"n = {num_points}, d = {dimension}: expected {num_points - dimension} "
                        f"dimensions with sum {dimension}, got {got}"
                    )
                if got != phase.dimensions:
                    raise AssertionError(
                        f"n = {num_points}, d = {dimension}, temperature {tau:.4f}: expected "
                        f"{phase.dimensions}, got {got}; a simplex in x dimensions has x + 1 "
                        "points, and all partitions compete, not only the extremes"
                    )
                cases += 1
    print(f"correct on {cases} cases")


def check_batches(function):
    """Check a reader's decomposition of a code without positive products into batches.

    Parameters
    ----------
    function : callable
        ``function(points)`` with unit rows, shape (num_points, dimension); returns a set of
        frozensets of row numbers, the batches.

    Raises
    ------
    AssertionError
        With a hint, at the first case that fails.

    Examples
    --------
    >>> check_batches(lambda points: set(map(frozenset, orthogonal_batches(points)[1])))
    correct on 5 cases
    """
    path = [[0, 1, 0], [1, 0, 1], [0, 1, 0]]
    joined = graph_code(block_diag(path, path), leaks=[0, 0, 0, 1, 0, 0])
    cases = {
        "an orthoplex": (union_of_simplices((1, 1, 1)), "antipodal points form a batch"),
        "a simplex": (union_of_simplices((3,)), "one batch, of all points"),
        "right angles inside a batch": (
            graph_code(block_diag(path, path)),
            "two points of a batch may be orthogonal; follow the obtuse angles from point to point",
        ),
        "free points that are joined": (
            joined,
            "a component is a batch only if its points are linearly dependent",
        ),
        "a lone point": (
            graph_code(block_diag(path, path, [[0]]), leaks=[0] * 6 + [1]),
            "a point orthogonal to all others is free",
        ),
    }
    for name, (points, hint) in cases.items():
        points = points[np.random.default_rng(len(name)).permutation(len(points))]
        expected = set(map(frozenset, orthogonal_batches(points)[1]))
        got = {frozenset(int(row) for row in batch) for batch in function(points)}
        if got != expected:
            shown = sorted(map(sorted, expected)), sorted(map(sorted, got))
            raise AssertionError(f"{name}: expected {shown[0]}, got {shown[1]}; {hint}")
    print(f"correct on {len(cases)} cases")


def check_rattlers(function):
    """Check a reader's search for softmax rattlers.

    Parameters
    ----------
    function : callable
        ``function(points)`` with unit rows, shape (num_points, dimension); returns the set of
        rows farther from the hull of the others than the least such distance.

    Raises
    ------
    AssertionError
        With a hint, at the first case that fails.

    Examples
    --------
    >>> def rattlers(points):
    ...     distances = one_vs_rest_distances(points)
    ...     return set(np.flatnonzero(distances > distances.min() + 1e-6).tolist())
    >>> check_rattlers(rattlers)
    correct on 5 cases
    """
    generator = np.random.default_rng(0)
    crowd = generator.normal(size=(8, 3))
    cases = {
        "an orthoplex": (union_of_simplices((1, 1, 1)), "all distances are 1 up to rounding"),
        "a simplex": (union_of_simplices((3,)), "all distances are equal up to rounding"),
        "four points in space with one batch": (
            np.vstack([np.eye(3), [[-1, 0, 0]]]),
            "the nearest point of the hull is not always a vertex, nor 0",
        ),
        "eight random points": (
            crowd / np.linalg.norm(crowd, axis=1, keepdims=True),
            "compare distances to the hull, not to the nearest point",
        ),
        "a free point": (
            graph_code(block_diag([[0, 1], [1, 0]], [[0, 1], [1, 0]], [[0]]), leaks=[0] * 4 + [1]),
            "a free point is no rattler: 0 is in the hull of the others",
        ),
    }
    for name, (points, hint) in cases.items():
        distances = one_vs_rest_distances(points)
        expected = set(np.flatnonzero(distances > distances.min() + 1e-6).tolist())
        got = {int(row) for row in function(points)}
        if got != expected:
            raise AssertionError(f"{name}: expected {sorted(expected)}, got {sorted(got)}; {hint}")
    print(f"correct on {len(cases)} cases")


def check_certified_margin(function):
    r"""Check a reader's margin from a loss on losses where the plain formula fails.

    Parameters
    ----------
    function : callable
        ``function(loss, num_classes, temperature)`` returns $-\tau\log(e^{n\mathcal L}-1)$.

    Raises
    ------
    AssertionError
        With a hint, at the first case that fails.

    Examples
    --------
    >>> check_certified_margin(lambda loss, n, tau: -tau * np.log(np.expm1(n * loss)))
    Traceback (most recent call last):
    ...
    AssertionError: a loss of 100: expected -10, got -inf; the exponential overflows, the margin not
    """
    cases = {
        "a loss of 0.1": (0.1, 5, 0.1, 0.0432752, "compare with the formula"),
        "a tiny loss": (1e-22, 5, 0.02, 0.9809487, "e^x - 1 loses every digit of a tiny x"),
        "a loss of 100": (100.0, 10, 0.01, -10.0, "the exponential overflows, the margin not"),
    }
    for name, (loss, num_classes, temperature, expected, hint) in cases.items():
        with np.errstate(all="ignore"):
            got = float(function(loss, num_classes, temperature))
        if not np.isclose(got, expected, rtol=1e-6):
            raise AssertionError(f"{name}: expected {expected:.6g}, got {got:.6g}; {hint}")
    print(f"correct on {len(cases)} cases")


def check_symmetrise(function):
    """Check a reader's map from weights to the code halfway to their hardmax features.

    Parameters
    ----------
    function : callable
        ``function(weights)`` with an array of unit rows; returns an array of the same shape.

    Raises
    ------
    AssertionError
        With a hint, at the first case that fails.

    Examples
    --------
    >>> check_symmetrise(lambda w: codes.symmetrised_code(w, codes.hardmax_features(w)))
    correct on 3 cases
    """
    generator = np.random.default_rng(0)
    crowded = generator.normal(size=(5, 3)) + 2 * np.eye(1, 3)
    cases = {
        "a regular pentagon": (regular_polygon(5), "at self-duality the code is the weights"),
        "random weights": (
            generator.normal(size=(6, 4)),
            "add weight and feature, then scale to length 1",
        ),
        "weights in a cap": (crowded, "add weight and feature, then scale to length 1"),
    }
    for name, (weights, hint) in cases.items():
        weights = weights / np.linalg.norm(weights, axis=1, keepdims=True)
        expected = codes.symmetrised_code(weights, codes.hardmax_features(weights))
        got = np.asarray(function(weights), dtype=float)
        if got.shape != expected.shape:
            raise AssertionError(f"{name}: expected shape {expected.shape}, got {got.shape}")
        gap = np.abs(got - expected).max()
        if not gap < 1e-9:
            raise AssertionError(f"{name}: entries are off by {gap:.3g}; {hint}")
    print(f"correct on {len(cases)} cases")
