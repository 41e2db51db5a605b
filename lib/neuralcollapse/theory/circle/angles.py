r"""The angular potential: the cross-entropy of features aligned with class vectors on a circle.

For angles $\theta_1,\dots,\theta_K$ it is
$f(\theta)=\sum_k\log\sum_je^{\beta(\cos(\theta_k-\theta_j)-1)}$ [tan2026], $K$ times the mean
cross-entropy of unit class vectors at these angles, features along them, and inverse temperature
$\beta$. Nothing in it says which class stands where: it is a function of unlabelled points.
"""

import numpy as np
from scipy.special import ive

from neuralcollapse.geometry.arrays import as_reals, as_whole
from neuralcollapse.theory.circle.bessel import as_beta

_ENTRIES = 2_000_000  # of the table of differences that is held at a time: 16 MB
_UNDERFLOW = 745.0  # exp(-745) is the last that is not 0


def as_angles(angles, name="angles"):
    """Return finite angles as a float64 array of one dimension, or raise an error."""
    array = as_reals(angles, name)
    if array.ndim != 1 or array.size == 0:
        raise ValueError(
            f"{name}: expected a sequence of angles in radians, got shape {array.shape}"
        )
    return array


def angular_potential(angles, beta):
    r"""Potential of points on a circle whose minimum asks for equal gaps.

    Parameters
    ----------
    angles : array_like, shape (num_classes,)
        In radians, any order, any whole turns.
    beta : float
        Inverse temperature, at least 0; dimensionless.

    Returns
    -------
    float
        $f(\theta)=\sum_k\log\sum_je^{\beta(\cos(\theta_k-\theta_j)-1)}$ in nats, from 0 (far apart
        at large $\beta$) to $K\log K$ (all points at one place). Small values keep their digits.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    From a few thousand points on, sums over points become Fourier series of the von Mises density,
    cut below rounding, so that a million points take less than a minute. Errors of each sum are
    then about 1e-13 of the largest one: what a far point adds has no digits of its own.

    Examples
    --------
    >>> bool(np.isclose(angular_potential([0.0, np.pi], 1.0), 2 * np.log1p(np.exp(-2.0))))
    True
    """
    angles, beta = as_angles(angles), as_beta(beta)
    return float(np.log1p(_sums(angles, beta, np.ones(len(angles)))[0]).sum())


def angular_gradient(angles, beta):
    r"""Gradient of the angular potential.

    Parameters
    ----------
    angles : array_like, shape (num_classes,)
        In radians.
    beta : float
        Inverse temperature, at least 0; dimensionless.

    Returns
    -------
    ndarray, shape (num_classes,), float64
        $\partial_if=-\beta\sum_j(p_{ij}+p_{ji})\sin(\theta_i-\theta_j)$ with the softmax rows
        $p_{kj}\propto e^{\beta\cos(\theta_k-\theta_j)}$; nats a radian, sum 0.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Examples
    --------
    >>> bool(np.abs(angular_gradient([0.0, np.pi / 2, np.pi, -np.pi / 2], 3.0)).max() < 1e-14)
    True
    """
    angles, beta = as_angles(angles), as_beta(beta)
    others, slope = _sums(angles, beta, np.ones(len(angles)))
    _, weighted = _sums(angles, beta, 1 / (1 + others))
    return -(slope / (1 + others) + weighted)


def _sums(angles, beta, masses):
    """Sums over j != i of masses[j] w_ij and of beta masses[j] w_ij sin(a_i - a_j)."""
    orders = int(40 + 9 * np.sqrt(beta))  # beyond it von Mises coefficients are below rounding
    if len(angles) > 4000 and len(angles) > 4 * orders:
        return _series(angles, beta, masses, orders)
    sums = np.empty((2, len(angles)))
    block = max(1, _ENTRIES // len(angles))
    for start in range(0, len(angles), block):
        rows = slice(start, start + block)
        differences = angles[rows, None] - angles
        kernel = np.exp(-2 * beta * np.sin(differences / 2) ** 2) * masses
        kernel[np.arange(len(kernel)), np.arange(start, start + len(kernel))] = 0
        sums[0, rows] = kernel.sum(axis=1)
        sums[1, rows] = beta * (kernel * np.sin(differences)).sum(axis=1)
    return sums


def _series(angles, beta, masses, orders):
    sums = np.stack([ive(0, beta) * masses.sum() - masses, np.zeros(len(angles))])
    turn = np.exp(1j * angles)
    wave = np.ones_like(turn)
    for order in range(1, orders + 1):
        wave = wave * turn
        mean = np.vdot(wave, masses)
        term = 2 * ive(order, beta) * wave * mean
        sums[0] += term.real
        sums[1] += order * term.imag  # -beta sin times the kernel is its derivative
    sums[0] = np.maximum(sums[0], 0)  # of positive terms; below is rounding
    return sums


def hessian_spectrum(num_classes, beta):
    r"""Eigenvalues of the Hessian of the angular potential at equal angles.

    Parameters
    ----------
    num_classes : int
        At least 2.
    beta : float
        Inverse temperature, at least 0; dimensionless.

    Returns
    -------
    ndarray, shape (num_classes,), float64
        $\Lambda_r=2A_r-B_r^2$ for the Fourier modes $r=0,\dots,K-1$, in nats a square radian;
        $\Lambda_0=0$ is the rotation, $\Lambda_r=\Lambda_{K-r}$, and for fixed $r$
        $\Lambda_r\to r^2\rho_r(2-\rho_r)$ as $K\to\infty$, with
        $\rho_r=I_r(\beta)/I_0(\beta)$.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    With $p_m\propto e^{\beta\cos\varphi_m}$ at $\varphi_m=2\pi m/K$,
    $A_r=\sum_mp_m(\beta^2\sin^2\varphi_m-\beta\cos\varphi_m)(1-\cos r\varphi_m)$ and
    $B_r=\beta\sum_mp_m\sin\varphi_m\sin r\varphi_m$. Where all terms of $A_r$ are positive these
    sums are taken; elsewhere, where points are close for the width of the density, the Bessel
    sums $A_r=\sum_\ell[(r+\ell K)^2I_{r+\ell K}-(\ell K)^2I_{\ell K}]/\sum_\ell I_{\ell K}$ and
    $B_r=\sum_\ell(r+\ell K)I_{r+\ell K}/\sum_\ell I_{\ell K}$. So small eigenvalues keep their
    digits too.

    Examples
    --------
    Two points: $f=2\log(1+e^{\beta(\cos t-1)})$, and its second derivative at $t=\pi$ is half of
    the second eigenvalue.

    >>> bool(np.isclose(hessian_spectrum(2, 1.0)[1], 4 / (1 + np.exp(2.0))))
    True
    """
    num_classes = as_whole(num_classes, "num_classes", 2)
    beta = as_beta(beta)
    gap = 2 * np.pi / num_classes
    modes = np.arange(num_classes // 2 + 1)
    few = beta * np.sin(gap) ** 2 >= _cosine(1, num_classes)
    curvature, slope = (_few_points if few else _many_points)(num_classes, beta, modes)
    half = 2 * curvature - slope**2
    half[0] = 0
    return np.concatenate([half, half[1 : (num_classes + 1) // 2][::-1]])


def _few_points(num_classes, beta, modes):
    """The two sums over points, as far from the first as their weight is not 0."""
    places = np.arange(1, num_classes // 2 + 1)
    falls = 2 * beta * np.sin(np.pi * places / num_classes) ** 2
    places, falls = places[falls < _UNDERFLOW], falls[falls < _UNDERFLOW]
    weights = np.where(2 * places == num_classes, 1, 2) * np.exp(-falls)
    weights /= 1 + weights.sum()
    curvature, slope = np.zeros(len(modes)), np.zeros(len(modes))
    for place, weight in zip(places, weights, strict=True):
        angle = 2 * np.pi * place / num_classes
        turns = np.pi * (modes * place % num_classes) / num_classes
        bend = (beta * np.sin(angle)) ** 2 - beta * _cosine(place, num_classes)
        curvature += weight * bend * 2 * np.sin(turns) ** 2
        slope += weight * beta * np.sin(angle) * np.sin(2 * turns)
    return curvature, slope


def _cosine(place, num_classes):
    """Cosine of a multiple of the gap, exactly 0 at a quarter turn."""
    return np.sin(np.pi * (num_classes - 4 * place) / (2 * num_classes))


def _many_points(num_classes, beta, modes):
    """The two sums over Bessel functions, folded into the modes 0 to K / 2."""
    last = int(200 + 39 * np.sqrt(beta))  # beyond it exp(-beta) I_n(beta) underflows
    orders = np.arange(-last, last + 1)
    heights = ive(np.abs(orders), beta)
    sums = np.zeros((3, num_classes))
    for power in range(3):
        np.add.at(sums[power], orders % num_classes, orders**power * heights)
    total, slope, curvature = sums[:, modes]
    return (curvature - curvature[0]) / total[0], slope / total[0]
