r"""By what the gradient step multiplies variability, where classes are small and regular.

K classes of n samples $x_{ci}=m_c+\varepsilon\xi_{ci}$: all distances between the $m_c$ are $R$,
the $\xi_{ci}$ are orthonormal and orthogonal to the $m_c$. A Laplace predictor interpolates the
targets $2e_y-\mathbf 1$, and samples are stretched by its average gradient outer product.
"""

import numpy as np

from neuralcollapse.geometry.arrays import as_positive, as_whole

__all__ = ["gradient_factor"]


def gradient_factor(num_classes, samples_per_class, distance, bandwidth=2.0):
    r"""Limit of the factor on NC1, the quotient of traces, as $\varepsilon\to0$.

    Parameters
    ----------
    num_classes, samples_per_class : int
        At least 2 each. Noise fills N = K n directions here, and the factor is inversely
        proportional to them.
    distance : float
        R, positive.
    bandwidth : float
        b, positive, in the units of the distance.

    Returns
    -------
    float
        $\frac{S^2+(K-1)\delta^2}{K^2nk^2(S^2+\delta^2)}$ with $k=e^{-R/b}$, $\delta=\frac2{1-k}$
        and $S=\frac{2-K}{1+(K-1)k}$; positive, dimensionless.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Examples
    --------
    >>> gradient_factor(2, 4, 2 * np.log(2))  # two classes have S = 0
    0.25
    """
    classes = as_whole(num_classes, "num_classes", 2)
    size = as_whole(samples_per_class, "samples_per_class", 2)
    distance, bandwidth = as_positive(distance, "distance"), as_positive(bandwidth, "bandwidth")
    if distance / bandwidth > 300:
        raise ValueError(
            f"distance: {distance} is {distance / bandwidth:.3g} bandwidths, where the factor is "
            "beyond float64; give a larger bandwidth"
        )
    kernel = np.exp(-distance / bandwidth)
    apart = (2 / -np.expm1(-distance / bandwidth)) ** 2
    alike = ((2 - classes) / (1 + (classes - 1) * kernel)) ** 2
    share = (alike + (classes - 1) * apart) / (alike + apart)
    return float(share / (classes**2 * size * kernel**2))
