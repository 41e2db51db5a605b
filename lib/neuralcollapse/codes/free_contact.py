r"""What two points that touch only each other would do: a softmax code that is no spherical code.

Turn the two weights towards each other and their features away from each other. The margin
between them can be kept, and the other margins have room.
"""

import numpy as np

from neuralcollapse.codes.distance import as_code


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
        If `points` is not a code, the two are opposite, or the angle is out of range or so large
        that no feature keeps the margin.

    Examples
    --------
    >>> points = [[0.6, 0.8], [0.6, -0.8]]
    >>> weights, features = turn_contact(points, (0, 1), 0.1)
    >>> round(float((weights[0] - weights[1]) @ features[0]), 12)  # 1 - (0.36 - 0.64)
    1.28
    """
    points = as_code(points)
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
