"""Checkers for the exercises: pass your function, read what is wrong with it."""

import numpy as np
from scipy.linalg import block_diag

from neuralcollapse.codes import (
    graph_code,
    one_vs_rest_distances,
    orthogonal_batches,
    union_of_simplices,
)
from neuralcollapse.metrics import measure


def check_nc1(function):
    """Check a reader's pseudo-inverse NC1 on cases where common versions go wrong.

    Parameters
    ----------
    function : callable
        ``function(features, labels)`` with arrays of shape (num_samples, num_features) and
        (num_samples,); returns a number.

    Raises
    ------
    AssertionError
        With a hint, at the first case that fails.

    Examples
    --------
    >>> check_nc1(lambda features, labels: measure(features, labels).within_class_variability)
    correct on 4 cases
    """
    cases = {
        "balanced classes, few dimensions": (4, [30] * 4, 3, 0.0, "compare with the definition"),
        "more dimensions than classes": (
            3,
            [30] * 3,
            20,
            0.0,
            "the between-class scatter has rank K - 1; invert only that",
        ),
        "unequal class sizes": (
            4,
            [5, 80, 20, 40],
            3,
            0.0,
            "weigh classes alike: average class covariances, and centre on the mean of the means",
        ),
        "a mean far from zero": (4, [30] * 4, 8, 1e7, "subtract means before you multiply"),
    }
    for name, (num_classes, sizes, dimension, offset, hint) in cases.items():
        generator = np.random.default_rng(len(name))
        labels = np.repeat(np.arange(num_classes), sizes)
        spread = generator.uniform(0.2, 1, size=num_classes)[labels, None]
        features = generator.normal(size=(num_classes, dimension))[labels] + offset
        features += spread * generator.normal(size=features.shape)
        expected = measure(features, labels).within_class_variability
        got = float(function(features, labels))
        if not np.isclose(got, expected, rtol=1e-5):
            raise AssertionError(f"{name}: expected {expected:.6g}, got {got:.6g}; {hint}")
    print(f"correct on {len(cases)} cases")


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
