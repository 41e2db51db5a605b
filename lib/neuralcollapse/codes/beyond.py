r"""A code of 2d + 1 points, one more than an orthoplex has.

A pole, $d$ points at height $x$ over a simplex of its equator, and $d$ points at height $-\beta$
over the opposite simplex. Pole and upper points, upper and lower points that are not opposite, and
any two lower points all have the cosine $x$, the root in $(0,1/d)$ of
$d(d-2)^2x^3-d^2x^2-dx+1$.
"""

import numpy as np
from scipy.optimize import brentq

from neuralcollapse.geometry import simplex_etf
from neuralcollapse.geometry.arrays import as_whole


def beyond_orthoplex(dimension):
    r"""The code of a pole and two opposite simplices.

    Parameters
    ----------
    dimension : int
        d, at least 2.

    Returns
    -------
    ndarray, shape (2 * dimension + 1, dimension), float64
        Unit rows: the pole, d upper and d lower points. Its coherence $x$ is dimensionless,
        positive and below $1/d$; that no code of this size has a smaller one is proved for d = 2
        and d = 3 only [schutte1951].

    Raises
    ------
    ValueError
        If the dimension is not whole or below 2.

    Examples
    --------
    >>> pentagon = beyond_orthoplex(2)
    >>> round(float(pentagon[0] @ pentagon[1]), 6)  # cos 72 degrees
    0.309017
    """
    d = as_whole(dimension, "dimension", 2)
    height = brentq(
        lambda x: d * (d - 2) ** 2 * x**3 - d**2 * x**2 - d * x + 1, 0, 1 / d, xtol=1e-16
    )
    depth = -np.sqrt(((d - 1) * height + 1) / d)
    simplex = simplex_etf(d, d - 1)
    rings = [
        np.column_stack([np.full(d, level), sign * np.sqrt(1 - level**2) * simplex])
        for level, sign in ((height, 1), (depth, -1))
    ]
    return np.vstack([np.eye(1, d), *rings])
