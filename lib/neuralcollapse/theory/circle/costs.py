r"""Two codes for K classes, circle and simplex: what they lose and what they weigh.

A *unit code* has rows $w_k$ of length 1. Its cross-entropy at inverse temperature $\beta$ is
$L_\beta(W)=\frac1K\sum_k\log\sum_je^{\beta(\langle w_k,w_j\rangle-1)}$, in nats. Its Schatten
cost is $\|W\|_{S_q}^q=\sum_i\sigma_i(W)^q$. The *circle* is the regular polygon, of rank 2; the
*simplex* has rank $K-1$.
"""

import numpy as np
from scipy.optimize import minimize_scalar

from neuralcollapse.geometry.arrays import as_number, as_positive, as_whole
from neuralcollapse.theory.circle.bessel import as_beta


def simplex_cross_entropy(num_classes, beta):
    r"""Cross-entropy of the simplex, the least of all unit codes.

    Parameters
    ----------
    num_classes : int
        At least 2.
    beta : float
        Inverse temperature, at least 0; dimensionless.

    Returns
    -------
    float
        $\log(1+(K-1)e^{-\beta K/(K-1)})$ in nats, the mean over classes: $\log K$ at $\beta=0$,
        falling to 0. Relative error below 1e-12 up to $\beta=1000$ as long as it is above 1e-300.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Examples
    --------
    >>> bool(np.isclose(simplex_cross_entropy(2, 0.0), np.log(2)))
    True
    """
    num_classes = as_whole(num_classes, "num_classes", 2)
    others = num_classes - 1
    return float(np.log1p(others * np.exp(-as_beta(beta) * num_classes / others)))


def polygon_cross_entropy(num_classes, beta):
    r"""Cross-entropy of the circle: K equally spaced unit vectors in a plane.

    Parameters
    ----------
    num_classes : int
        At least 2.
    beta : float
        Inverse temperature, at least 0; dimensionless.

    Returns
    -------
    float
        $\log\sum_re^{-2\beta\sin^2(\pi r/K)}$ in nats, the mean over classes: $\log K$ at
        $\beta=0$, falling to 0. Relative error below 1e-12 for K up to a million and $\beta$ up to
        1000, as long as it is above 1e-300.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    Equal to $\log K-\beta+\log I_0(\beta)+\log(1+\eta_K(\beta))$ [tan2026], with $\eta_K$ from
    `von_mises_aliasing`. The sum over points is used because that form cancels at large $\beta$.

    Examples
    --------
    >>> bool(np.isclose(polygon_cross_entropy(4, 1.0), 2 * np.log(1 + np.exp(-1))))
    True
    """
    sines, copies = _half_angles(num_classes)
    return float(np.log1p((copies * np.exp(-2 * as_beta(beta) * sines**2)).sum()))


def cross_entropy_gap(num_classes, beta):
    r"""By how much the circle loses more than the simplex.

    Parameters
    ----------
    num_classes : int
        At least 2.
    beta : float
        Inverse temperature, at least 0; dimensionless.

    Returns
    -------
    float
        In nats, at least 0; 0 if K is 2 or 3, where the two codes are one, or $\beta=0$. Relative
        error below 1e-12 in the range of `polygon_cross_entropy`, small $\beta$ included.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Examples
    --------
    >>> cross_entropy_gap(3, 1.0)
    0.0
    >>> f"{cross_entropy_gap(4, 1e-6):.6g}"  # beta squared over 12
    '8.33333e-14'
    """
    num_classes = as_whole(num_classes, "num_classes", 2)
    beta = as_beta(beta)
    if num_classes <= 3:
        return 0.0
    if beta > 1:
        polygon = polygon_cross_entropy(num_classes, beta)
        return polygon - simplex_cross_entropy(num_classes, beta)
    # Both codes have centre 0, so means of e^x - 1 are means of e^x - 1 - x, which do not cancel.
    sines, copies = _half_angles(num_classes)
    cosines = 1 - 2 * sines**2
    others = num_classes - 1
    circle = _second_order(np.array([beta]))[0] + copies @ _second_order(beta * cosines)
    simplex = _second_order(np.array([beta, -beta / others])) @ [1, others]
    return float(np.log1p(circle / num_classes) - np.log1p(simplex / num_classes))


def largest_cross_entropy_gap(num_classes):
    r"""Largest excess of the circle over the simplex, and the temperature where it occurs.

    Parameters
    ----------
    num_classes : int
        At least 4.

    Returns
    -------
    gap : float
        $\sup_\beta$ of `cross_entropy_gap`, in nats; $\log K-\frac12\log(2\pi\log K)+o(1)$.
    beta : float
        Where, to about seven digits; $\log K+\log(2\log K)+o(1)$.

    Raises
    ------
    ValueError
        If `num_classes` is below 4.

    Examples
    --------
    >>> f"{largest_cross_entropy_gap(4)[0]:.2f}"
    '0.07'
    """
    reason = "with 2 or 3 classes the two codes are one"
    num_classes = as_whole(num_classes, "num_classes", 4, reason)
    found = minimize_scalar(
        lambda beta: -cross_entropy_gap(num_classes, beta),
        bounds=(0, 10 + 2 * np.log(num_classes)),
        method="bounded",
        options={"xatol": 1e-9},
    )
    return float(-found.fun), float(found.x)


def schatten_cost(num_classes, rank, q):
    r"""Schatten cost of a unit code of K vectors that is a tight frame of its span.

    Parameters
    ----------
    num_classes : int
        At least 1.
    rank : float
        Dimension of the span, from 1 to `num_classes`: 2 for the circle, K - 1 for the simplex.
        The formula makes sense between whole numbers.
    q : float
        Exponent, positive.

    Returns
    -------
    float
        $\|W\|_{S_q}^q=K(r/K)^{1-q/2}$, dimensionless; among unit codes of that rank the largest for
        $q<2$ and the least for $q>2$.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Examples
    --------
    >>> schatten_cost(8, 2, 1)  # two singular values of 2
    4.0
    >>> schatten_cost(8, 7, 2)  # the squares sum to the number of unit rows
    8.0
    """
    num_classes = as_whole(num_classes, "num_classes", 1)
    rank = as_number(rank, "rank", f"a number from 1 to {num_classes}")
    if not 1 <= rank <= num_classes:
        raise ValueError(f"rank: expected a number from 1 to {num_classes}, got {rank}")
    q = as_positive(q, "q")
    try:
        return float(num_classes * (rank / num_classes) ** (1 - q / 2))
    except OverflowError:
        raise ValueError(
            f"q: the cost of exponent {q} is beyond float64 here; take a smaller one"
        ) from None


def critical_regularisation(num_classes, q, beta):
    r"""Strength of a Schatten penalty beyond which the circle costs less than the simplex.

    Parameters
    ----------
    num_classes : int
        At least 4.
    q : float
        Exponent, positive.
    beta : float
        Inverse temperature, at least 0; dimensionless.

    Returns
    -------
    float
        $\lambda_{\rm crit}$, at least 0, in nats: the objective is mean cross-entropy plus
        $\lambda\|W\|_{S_q}^q$. Infinite for $q\ge2$, where the circle is never the cheaper one.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    Cross-entropy gap over $K[(1-1/K)^{1-q/2}-(2/K)^{1-q/2}]$; K times it tends to $\log I_0(\beta)$
    [tan2026].

    Examples
    --------
    >>> critical_regularisation(11, 2, 1.0)
    inf
    """
    reason = "with 2 or 3 classes the two codes are one"
    num_classes = as_whole(num_classes, "num_classes", 4, reason)
    power = 1 - as_positive(q, "q") / 2
    gap = cross_entropy_gap(num_classes, beta)
    if power <= 0:
        return np.inf
    circle = schatten_cost(num_classes, 2, q)
    return float(gap / (circle * np.expm1(power * np.log((num_classes - 1) / 2))))


def _half_angles(num_classes):
    """Sines of half the angles from one vertex to the others, each mirror pair once."""
    num_classes = as_whole(num_classes, "num_classes", 2)
    steps = np.arange(1, num_classes // 2 + 1)
    return np.sin(np.pi * steps / num_classes), np.where(2 * steps == num_classes, 1.0, 2.0)


def _second_order(values):
    """Return e^x - 1 - x, all of its digits right, for |x| up to 1."""
    total = np.ones_like(values)
    for order in range(20, 2, -1):  # the rest of the Taylor series is below rounding
        total = 1 + values * total / order
    return values**2 / 2 * total
