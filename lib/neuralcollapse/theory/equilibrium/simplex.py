r"""Cross-entropy with free features and a linear equilibrium: the simplex, and when it breaks.

On outputs $F=\frac{s}{\sqrt n}(I-\frac1K\mathbf1\mathbf1^\top)\otimes\mathbf1_n^\top$ the
objective is $\log(1+(K-1)e^{-s/\sqrt n})+(K-1)\lambda_A\psi(c_0s/\lambda_A)$. The price $\psi$ of a
singular value is concave: an equilibrium would rather serve few directions well than all alike.
Along symmetric matrices with zero diagonal and zero row sums, which exist from $K=4$ on, the
curvature is $\frac{q}{Kn}-\frac{c_0^2}{\lambda_A}$, with $q$ the probability of each wrong class.
"""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq

from neuralcollapse.geometry.arrays import as_whole
from neuralcollapse.theory.equilibrium.squared import _check_problem

_SCAN = 4000  # steps on which the first stationary point is looked for


@dataclass(frozen=True)
class SimplexEquilibrium:
    r"""The first stationary simplex of cross-entropy with a linear equilibrium.

    Attributes
    ----------
    value : float
        Of the objective, in nats.
    gain : float
        Singular value $s$ of the outputs, K - 1 times.
    weight : float
        Eigenvalue of $A$, below 1.
    confusion : float
        Probability $q$ of each wrong class.
    curvature : float
        $\frac q{Kn}-\frac{c_0^2}{\lambda_A}$: below 0 the simplex is no local minimum for $K\ge4$.
    """

    value: float
    gain: float
    weight: float
    confusion: float
    curvature: float


def simplex_equilibrium(
    num_classes, samples_per_class, *, weight_decay, feature_decay, layer_decay
):
    r"""Find the simplex at which cross-entropy with a linear equilibrium is stationary.

    Parameters
    ----------
    num_classes : int
        At least 2.
    samples_per_class : int
    weight_decay, feature_decay, layer_decay : float
        $\lambda_W$, $\lambda_H$, $\lambda_A$, positive.

    Returns
    -------
    SimplexEquilibrium or None
        None if there is no such simplex with positive outputs and an eigenvalue below 1: outputs
        shrink to zero, or gain is free.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Examples
    --------
    >>> decays = {"weight_decay": 0.01, "feature_decay": 0.01}
    >>> found = simplex_equilibrium(4, 9, **decays, layer_decay=1)
    >>> abs(found.confusion - 0.03 * (1 - found.weight)) < 1e-12  # q = sqrt(n) c0 (1 - w)
    True
    """
    num_classes = as_whole(num_classes, "num_classes", 2)
    size = as_whole(samples_per_class, "samples_per_class", 1)
    _, base, decay = _check_problem([size] * num_classes, weight_decay, feature_decay, layer_decay)
    others, root = num_classes - 1, np.sqrt(size)

    def confusion(gain):
        small = np.exp(-gain / root)
        return small / (1 + others * small)

    def slope(gain):  # positive where outputs ought to grow
        return confusion(gain) - root * base * (1 - base * gain / decay)

    # As K exp(-s / sqrt(n)) falls, outputs beyond this scan pay more than they can gain.
    gains = np.linspace(
        0, min(decay / base, root * (np.log(num_classes / (root * base)) + 40)), _SCAN
    )
    slopes = slope(gains)
    crossed = np.flatnonzero(slopes <= 0)
    if slopes[0] <= 0 or len(crossed) == 0:
        return None
    first = crossed[0]
    gain = brentq(slope, gains[first - 1], gains[first], xtol=1e-15, rtol=1e-14)
    demand = base * gain / decay
    return SimplexEquilibrium(
        value=float(
            np.log1p(others * np.exp(-gain / root)) + others * decay * (demand - demand**2 / 2)
        ),
        gain=float(gain),
        weight=float(demand),
        confusion=float(confusion(gain)),
        curvature=float(confusion(gain) / (num_classes * size) - base**2 / decay),
    )
