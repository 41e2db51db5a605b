r"""Features that add embeddings: half a sum of angles, and on which side of the circle it lies.

Unit embeddings $e_a=e^{i\theta_a}$ add up to
$e_a+e_b=2\cos\frac{\theta_a-\theta_b}2\,e^{i(\theta_a+\theta_b)/2}$. A negative cosine turns the
feature by $\pi$ from the half-sum of angles; the square of the sum forgets the sign.
"""

import numpy as np

from neuralcollapse.geometry.arrays import as_whole
from neuralcollapse.theory.circle.phases import as_angles, phase_potential


def half_angle_potential(angles, frequency):
    r"""Sum of $1-\cos$ between half-sums of angles and classes, over all pairs.

    Parameters
    ----------
    angles : array_like, shape (..., modulus)
        $\theta_a$ in radians, modulo $4\pi$ and not $2\pi$: the value changes when one of them
        turns once.
    frequency : int
        The $m$ of the classifier with class $c$ at $2\pi mc/P$.

    Returns
    -------
    ndarray, shape (...), float64
        $\sum_{a,b}\bigl(1-\cos(\frac{\theta_a+\theta_b}2-\frac{2\pi m(a+b)}P)\bigr)=
        P^2-\operatorname{Re}\hat z_m^2$ with $\hat z_m=\sum_ae^{i\theta_a/2-2\pi ima/P}$, in
        $[0,2P^2]$; 0 for $\theta_a=\theta_0+4\pi ma/P$ with $\theta_0$ a multiple of $2\pi$.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    The functional of [tan2026].

    Examples
    --------
    >>> float(half_angle_potential([0.0, 0.0, 2 * np.pi], 0))
    8.0
    """
    angles = as_angles(angles, "angles")
    frequency = as_whole(frequency, "frequency", 0)
    modulus = angles.shape[-1]
    turns = frequency % modulus * np.arange(modulus) % modulus / modulus
    return modulus**2 * phase_potential(angles / 2 - 2 * np.pi * turns, 1.0)


def additive_accuracy(modulus):
    r"""Share of pairs that the sum of two characters puts nearest to the right class.

    Parameters
    ----------
    modulus : int
        At least 2.

    Returns
    -------
    float
        $(2\lceil P/4\rceil-1)/P$, for every frequency prime to the modulus and
        $\theta_a=4\pi ma/P$; a sum of 0 counts as wrong. Tends to 1/2.

    Raises
    ------
    ValueError
        If the modulus is not whole or below 2.

    Examples
    --------
    >>> additive_accuracy(7) == 3 / 7, additive_accuracy(8) == 3 / 8
    (True, True)
    """
    modulus = as_whole(modulus, "modulus", 2)
    return (2 * -(-modulus // 4) - 1) / modulus


def squared_sum_amplitude(modulus, frequency):
    r"""Lengths of squared sums of two values of a character.

    Parameters
    ----------
    modulus : int
        At least 2.
    frequency : int
        $m$; the character is $e_a=e^{2\pi ima/P}$.

    Returns
    -------
    ndarray, shape (modulus,), float64
        $|e_a+e_b|^2=4\cos^2\frac{\pi m(a-b)}P$ by the difference $a-b$ modulo $P$, in [0, 4]; the
        least is $4\sin^2\frac\pi{2P}$ for odd moduli and 0 for even ones, if $m$ is prime to $P$.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Examples
    --------
    >>> squared_sum_amplitude(3, 1).round(12)
    array([4., 1., 1.])
    """
    modulus = as_whole(modulus, "modulus", 2)
    frequency = as_whole(frequency, "frequency", 0)
    # sin of the distance to a quarter turn: exactly 0 there, where cos would leave rounding.
    quarters = (modulus - 2 * (frequency % modulus * np.arange(modulus) % modulus)) / (2 * modulus)
    return 4 * np.square(np.sin(np.pi * quarters))
