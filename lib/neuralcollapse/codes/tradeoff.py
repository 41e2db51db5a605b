r"""How large a one-vs-rest distance a coherence allows, for $n\ge d+2$ points.

With $\delta=1-\mu$ and $c=\sqrt{(1+\mu)/2}$ the bound is $\rho^2\le1-s^2$, where $s$ is the root of
$1-s^2=2\delta-\delta^2/(1+2cs+s^2)$ in $[0,1]$. It is attained for $d+2\le n\le2d-2$: two points
at cosine $\mu$, the others on the sphere's slice at height $-s$ over the midpoint of the two.
"""

import numpy as np
from scipy.optimize import brentq

from neuralcollapse.geometry import orthoplex
from neuralcollapse.geometry.arrays import as_number, as_whole


def largest_distance(cosine):
    r"""Upper bound of the one-vs-rest distance of a code of given coherence.

    Parameters
    ----------
    cosine : float
        The coherence $\mu$, in [0, 1].

    Returns
    -------
    float
        $\sqrt{1-s^2}$, dimensionless, in [0, 1]; at least $\sqrt{1-\mu^2}$, and about
        $1-\mu^4/4$ for small $\mu$. Holds for all codes of at least ``dimension + 2`` points.

    Raises
    ------
    ValueError
        If the cosine is not in [0, 1].

    Examples
    --------
    >>> largest_distance(0.0), largest_distance(1.0)
    (1.0, 0.0)
    """
    return float(np.sqrt(1 - height(cosine) ** 2))


def height(cosine):
    r"""The norm $s$ of the Radon point where the two bounds of the proof meet.

    Parameters
    ----------
    cosine : float
        The coherence $\mu$, in [0, 1].

    Returns
    -------
    float
        Dimensionless, in [0, 1], at most $\mu$.

    Raises
    ------
    ValueError
        If the cosine is not in [0, 1].

    Examples
    --------
    >>> height(0.0)
    0.0
    """
    if not 0 <= as_number(cosine, "cosine", "one number in [0, 1]") <= 1:
        raise ValueError(f"cosine: expected one number in [0, 1], got {cosine}")
    cosine = float(cosine)
    delta, middle = 1 - cosine, np.sqrt((1 + cosine) / 2)
    if cosine in (0, 1):
        return float(cosine)

    def excess(s):
        shift = s * (2 * middle + s)
        # 1 - s^2 and 1 - mu^2 cancelled by hand: no digit is lost
        return delta**2 * shift / (1 + shift) + s * s - cosine**2

    return float(brentq(excess, 0, cosine, xtol=1e-300, rtol=1e-15))


def extremal_code(cosine, num_points, dimension):
    r"""A code of given coherence whose one-vs-rest distance is the largest that it allows.

    Parameters
    ----------
    cosine : float
        The coherence $\mu$, in (0, 1).
    num_points : int
        From ``dimension + 2`` to ``2 * dimension - 2``: for no other number is there such a code.
    dimension : int
        At least 4.

    Returns
    -------
    ndarray, shape (num_points, dimension), float64
        Two rows $ce_1\pm\sqrt{\delta/2}\,e_2$, then $-se_1+\sqrt{1-s^2}\,u$ for vertices $u$ of an
        orthoplex in the other coordinates.

    Raises
    ------
    ValueError
        If there is no such code, or the cosine is not in (0, 1).

    Examples
    --------
    >>> extremal_code(0.28, 6, 4)[0].round(12).tolist()
    [0.8, 0.6, 0.0, 0.0]
    """
    dimension = as_whole(dimension, "dimension", 1)
    num_points = as_whole(num_points, "num_points", 1)
    if not dimension + 2 <= num_points <= 2 * dimension - 2:
        raise ValueError(
            "num_points: expected dimension + 2 to 2 * dimension - 2, "
            f"got {num_points} in dimension {dimension}"
        )
    if not 0 < as_number(cosine, "cosine", "one number in (0, 1)") < 1:
        raise ValueError(f"cosine: expected one number in (0, 1), got {cosine}")
    s = height(cosine)
    code = np.zeros((num_points, dimension))
    code[:2, 0] = np.sqrt((1 + cosine) / 2)
    code[:2, 1] = np.sqrt((1 - cosine) / 2) * np.array([1, -1])
    code[2:, 0] = -s
    code[2:, 2:] = np.sqrt(1 - s * s) * orthoplex(dimension - 2)[: num_points - 2]
    return code
