r"""Free contacts: two points of a code that touch each other and nothing else.

Two rattlers may be brought to such a contact. Then turn the two weights towards each other and
their features away from each other: the margin between them can be kept, the other margins have
room, and the code is as good a softmax code as before, but no longer a spherical code.
"""

from dataclasses import dataclass
from itertools import combinations
from operator import index

import numpy as np
from scipy.optimize import minimize

from neuralcollapse.codes.code import Code
from neuralcollapse.codes.distance import as_code
from neuralcollapse.geometry.arrays import as_whole

_FREE = 1e-6  # a slack below this may be the optimiser's rounding


@dataclass(frozen=True, eq=False)
class FreeContact:
    r"""Two rattlers moved until they touch, as free of the other points as can be found.

    Attributes
    ----------
    points : ndarray, shape (num_points, dimension), float64
        The code with the two moved.
    pair : tuple of (int, int)
        Their rows.
    slack : float
        By how much all other cosines of the two stay below the coherence; dimensionless. A free
        contact if positive; negative if the two cannot touch without others coming too near.
    """

    points: np.ndarray
    pair: tuple[int, int]
    slack: float

    @property
    def found(self):
        """Whether the slack is positive beyond rounding."""
        return self.slack > _FREE


def free_contact(points, *, seed=0, starts=6):
    r"""Search positions of two rattlers in which they touch each other and nothing else.

    Parameters
    ----------
    points : array_like, shape (num_points, dimension)
        A code with two rattlers or more. All points but two stay where they are.
    seed : int
        Fixes the random starts.
    starts : int
        Local searches for each pair, at least 1; the first starts at the code as it is.

    Returns
    -------
    FreeContact
        The largest slack found over pairs and starts. A local search: a slack below zero is no
        proof, for which see `holes`.

    Raises
    ------
    ValueError
        If `points` is not a code or has fewer than two rattlers, or `starts` is below 1.

    Examples
    --------
    >>> cap = [[0.6, 0, 0.8], [-0.3, 0.27**0.5, 0.8], [-0.3, -(0.27**0.5), 0.8]]
    >>> touch = free_contact([*cap, [0.8, 0, -0.6], [-0.8, 0, -0.6]])  # a wide hole
    >>> touch.found
    True
    """
    starts = as_whole(starts, "starts", 1)
    code = Code.of(points)
    if len(code.rattlers) < 2:
        raise ValueError(f"points: expected two rattlers or more, got {len(code.rattlers)}")
    generator = np.random.default_rng(seed)
    best = None
    for pair in combinations(code.rattlers, 2):
        for start in range(starts):
            moved = code.points[list(pair)]
            if start:
                moved = moved + generator.normal(size=moved.shape)
            touch = _touch(code, pair, moved)
            if best is None or touch.slack > best.slack:
                best = touch
    return best


def _touch(code, pair, start):
    others = np.delete(code.points, pair, axis=0)
    dimension = others.shape[1]

    def two(flat):
        return flat[:-1].reshape(2, dimension)

    start = start / np.linalg.norm(start, axis=1, keepdims=True)
    room = code.coherence - (start @ others.T).max()
    ends = minimize(
        lambda flat: -flat[-1],
        np.append(start.ravel(), room),
        method="SLSQP",
        constraints=[
            {
                "type": "ineq",
                "fun": lambda flat: (code.coherence - flat[-1] - two(flat) @ others.T).ravel(),
            },
            {"type": "eq", "fun": lambda flat: (two(flat) ** 2).sum(axis=1) - 1},
            {"type": "eq", "fun": lambda flat: two(flat)[0] @ two(flat)[1] - code.coherence},
        ],
        options={"maxiter": 300, "ftol": 1e-14},
    ).x
    moved = two(ends) / np.linalg.norm(two(ends), axis=1, keepdims=True)
    if abs(moved[0] @ moved[1] - code.coherence) > _FREE:
        return FreeContact(code.points, pair, -np.inf)
    points = code.points.copy()
    points[list(pair)] = moved
    return FreeContact(points, pair, float(code.coherence - (moved @ others.T).max()))


def turn_contact(points, pair, angle):
    r"""Turn two points towards each other and choose features that keep their margin.

    Parameters
    ----------
    points : array_like, shape (num_points, dimension)
        A code.
    pair : tuple of (int, int)
        Rows k and l at an angle $\theta$.
    angle : float
        By how much each turns, in radians, at least 0 and below $\theta/2$.

    Returns
    -------
    weights, features : ndarray, shape (num_points, dimension), float64
        Unit rows, equal to `points` but for the two. Their angle is $\varphi=\theta-2\epsilon$,
        the features lean back from the weights by
        $\gamma=\arcsin(\sin^2\frac\theta2/\sin\frac\varphi2)-\frac\varphi2$, and
        $\langle w_k-w_l,h_k\rangle=1-\cos\theta$ as before.

    Raises
    ------
    ValueError
        If `points` is not a code, `pair` is not two of its rows, they are opposite, or the angle is
        out of range or so large that no feature keeps the margin.

    Examples
    --------
    >>> points = [[0.6, 0.8], [0.6, -0.8]]
    >>> weights, features = turn_contact(points, (0, 1), 0.1)
    >>> round(float((weights[0] - weights[1]) @ features[0]), 12)  # 1 - (0.36 - 0.64)
    1.28
    """
    points = as_code(points)
    pair = _as_pair(pair, len(points))
    first, second = points[list(pair)]
    middle, across = first + second, first - second
    if np.linalg.norm(middle) < 1e-12:
        raise ValueError(f"pair: rows {pair[0]} and {pair[1]} are opposite and have no middle")
    half = np.arctan2(np.linalg.norm(across), np.linalg.norm(middle))
    if not 0 <= angle < half:
        raise ValueError(f"angle: expected at least 0 and below {half:.6g}, got {angle}")
    sine = np.sin(half) ** 2 / np.sin(half - angle)
    if sine > 1:
        raise ValueError(f"angle: no feature keeps the margin after a turn by {angle}; turn less")
    leaning = np.arcsin(sine)
    middle, across = middle / np.linalg.norm(middle), across / np.linalg.norm(across)
    weights, features = points.copy(), points.copy()
    for row, side in zip(pair, (1, -1), strict=True):
        weights[row] = np.cos(half - angle) * middle + side * np.sin(half - angle) * across
        features[row] = np.cos(leaning) * middle + side * np.sin(leaning) * across
    return weights, features


def _as_pair(pair, count):
    try:
        rows = tuple(index(row) for row in pair)
    except TypeError:
        rows = ()
    if len(set(rows)) != 2 or len(rows) != 2 or not all(0 <= row < count for row in rows):
        raise ValueError(f"pair: expected two different rows from 0 to {count - 1}, got {pair}")
    return rows
