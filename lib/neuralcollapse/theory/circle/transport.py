r"""Softmax as a transport plan with entropy, and the cross-entropy of a circle as one cosine.

A plan $\Pi$ moves masses $a_i$ of sources to targets at the costs $C_{ij}$ and has the free cost
$\beta\langle\Pi,C\rangle-H(\Pi)$, $H(\Pi)=-\sum\Pi_{ij}\log\Pi_{ij}$ [cuturi2013]. If only the
sources are prescribed, the best plan is a row of softmax for each source; if the targets are
prescribed too, it is what Sinkhorn's scaling converges to.
"""

import numpy as np
from scipy.special import logsumexp, xlogy

from neuralcollapse.geometry.arrays import as_points, as_positive, as_reals, as_whole
from neuralcollapse.theory.circle.angles import as_angles
from neuralcollapse.theory.circle.bessel import (
    as_beta,
    bessel_ratio,
    log_sphere_moment,
    von_mises_aliasing,
)

_STEPS = 500
_FIRST = 4.0  # inverse temperature from which the scales are followed upwards, doubling


def circle_costs(sources, targets):
    r"""Cost of moving from one angle to another: half the squared chord.

    Parameters
    ----------
    sources : array_like, shape (num_sources,)
        Angles in radians.
    targets : array_like, shape (num_targets,)
        Angles in radians.

    Returns
    -------
    ndarray, shape (num_sources, num_targets), float64
        $1-\cos(\alpha_i-\varphi_j)$ in [0, 2]; dimensionless.

    Raises
    ------
    ValueError
        If an argument is not a sequence of finite angles.

    Examples
    --------
    >>> circle_costs([0.0], [0.0, np.pi])
    array([[0., 2.]])
    """
    differences = as_angles(sources, "sources")[:, None] - as_angles(targets, "targets")
    return 2 * np.sin(differences / 2) ** 2


def entropic_transport_plan(costs, beta, masses=None):
    r"""Best plan with entropy whose target masses are free: softmax, row by row.

    Parameters
    ----------
    costs : array_like, shape (num_sources, num_targets)
        Dimensionless.
    beta : float
        Inverse temperature, at least 0; dimensionless.
    masses : array_like, shape (num_sources,), optional
        Of the sources, positive, sum 1; equal by default.

    Returns
    -------
    ndarray, shape (num_sources, num_targets), float64
        $\Pi_{ij}=a_ie^{-\beta C_{ij}}/\sum_le^{-\beta C_{il}}$; sum 1.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Examples
    --------
    >>> entropic_transport_plan([[0.0, np.log(3)]], 1.0)
    array([[0.75, 0.25]])
    """
    costs, beta = as_points(costs, "costs"), as_beta(beta)
    masses = _as_masses(masses, len(costs), "masses")
    logits = -beta * costs
    return masses[:, None] * np.exp(logits - logsumexp(logits, axis=1, keepdims=True))


def sinkhorn_plan(costs, beta, masses=None, target_masses=None, tolerance=1e-12):
    r"""Best plan with entropy whose source and target masses are both prescribed.

    Parameters
    ----------
    costs : array_like, shape (num_sources, num_targets)
        Dimensionless.
    beta : float
        Inverse temperature, at least 0; dimensionless.
    masses : array_like, shape (num_sources,), optional
        Of the sources, positive, sum 1; equal by default.
    target_masses : array_like, shape (num_targets,), optional
        Of the targets, likewise.
    tolerance : float
        Positive: the largest error of a target mass that is left, relative to the mass.

    Returns
    -------
    ndarray, shape (num_sources, num_targets), float64
        $\Pi_{ij}=e^{u_i+v_j-\beta C_{ij}}$ with these masses; sum 1.

    Raises
    ------
    ValueError
        If an argument is out of range.
    RuntimeError
        If the steps have not converged: at large `beta` masses between groups of points may have
        to pass through entries below rounding.

    Notes
    -----
    Logarithms of Sinkhorn's scales [cuturi2013], so that no kernel underflows. Each step is
    Newton's on the concave dual if it climbs, else Sinkhorn's; `beta` is reached by doubling.

    Examples
    --------
    >>> sinkhorn_plan([[0.0, 5.0], [5.0, 0.0]], 0.0)
    array([[0.25, 0.25],
           [0.25, 0.25]])
    """
    costs, beta = as_points(costs, "costs"), as_beta(beta)
    masses = _as_masses(masses, costs.shape[0], "masses")
    target_masses = _as_masses(target_masses, costs.shape[1], "target_masses")
    tolerance = as_positive(tolerance, "tolerance")
    scale, level = np.zeros(costs.shape[1]), min(beta, _FIRST)
    while True:
        plan, scale, error = _balance(-level * costs, scale, masses, target_masses, tolerance)
        if level == beta:
            break
        following = min(2 * level, beta)
        scale, level = scale * following / level, following
    if error > tolerance:
        raise RuntimeError(
            f"beta: {_STEPS} steps left a relative error of {error:.1e} in the target masses at "
            f"beta={beta}; lower beta or raise tolerance"
        )
    return plan


def _balance(logits, scale, masses, target_masses, tolerance):
    """Climb the concave dual from some column scales; the plan, its scales and its error."""
    plan, received, value = _scaled(logits, scale, masses, target_masses)
    for _ in range(_STEPS):
        correction = np.log(target_masses) - received
        if np.abs(correction).max() <= tolerance:
            break
        sums = np.exp(received)
        newton = _newton_step(
            np.diag(sums) - plan.T @ (plan / masses[:, None]), target_masses - sums
        )
        for step in (newton, newton / 4, newton / 16, correction):
            trial = _scaled(logits, scale + step, masses, target_masses)
            if trial[2] >= value:
                break
        scale = scale + step  # Sinkhorn's own step, the last, climbs up to rounding
        plan, received, value = trial
    return plan, scale, np.abs(np.log(target_masses) - received).max()


def _scaled(logits, scale, masses, target_masses):
    """Plan with its row sums right, logarithms of its column sums, and the dual's value."""
    scores = logits + scale
    totals = logsumexp(scores, axis=1)
    scores += np.log(masses)[:, None] - totals[:, None]
    value = target_masses @ scale - masses @ totals
    return np.exp(scores), logsumexp(scores, axis=0), value


def _newton_step(bend, slope):
    # A common shift of all scales changes nothing: fill that direction.
    size = len(bend)
    filled = bend + np.full((size, size), np.trace(bend) / size**2)
    return np.linalg.lstsq(filled, slope, rcond=None)[0]


def transport_free_cost(plan, costs, beta):
    r"""Cost of a plan less its entropy.

    Parameters
    ----------
    plan : array_like, shape (num_sources, num_targets)
        Not negative, sum 1.
    costs : array_like, shape (num_sources, num_targets)
        Dimensionless.
    beta : float
        Inverse temperature, at least 0; dimensionless.

    Returns
    -------
    float
        $\beta\langle\Pi,C\rangle+\sum\Pi_{ij}\log\Pi_{ij}$ in nats, with $0\log0=0$.

    Raises
    ------
    ValueError
        If shapes differ or an entry of the plan is negative.

    Examples
    --------
    >>> transport_free_cost([[1.0, 0.0]], [[2.0, 0.0]], 3.0)
    6.0
    """
    plan, costs, beta = as_points(plan, "plan"), as_points(costs, "costs"), as_beta(beta)
    if plan.shape != costs.shape or plan.min() < 0:
        raise ValueError(
            f"plan: expected masses of at least 0 in shape {costs.shape}, got shape {plan.shape} "
            f"and least entry {plan.min():.2g}"
        )
    return float(beta * (plan * costs).sum() + xlogy(plan, plan).sum())


def bessel_remainder(angles, num_classes, beta):
    r"""What the cross-entropy of a feature on the circle of K equal angles adds to one cosine.

    Parameters
    ----------
    angles : array_like, shape (num_features,)
        From a class to the feature, in radians.
    num_classes : int
        Equal angles on the circle, at least 2.
    beta : float
        Inverse temperature, at least 0; dimensionless.

    Returns
    -------
    ndarray, shape (num_features,), float64
        $R(x)=\log\bigl(1+2\sum_{\ell\ge1}\rho_{\ell K}\cos\ell Kx\bigr)$ in nats, so that the
        cross-entropy of a feature at the angle $x$ from its class is
        $\log K+\log I_0(\beta)-\beta+\beta(1-\cos x)+R(x)$. Largest at the classes, least half way
        between; see `bessel_remainder_bounds`.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    Where the sum stays below a half in size the series is summed, which keeps the digits of a
    small remainder; elsewhere the exponentials are.

    Examples
    --------
    >>> float(bessel_remainder([0.3], 5, 0.0)[0])
    0.0
    """
    angles, beta = as_angles(angles), as_beta(beta)
    num_classes = as_whole(num_classes, "num_classes", 2)
    if von_mises_aliasing(num_classes, beta) < 0.5:
        orders = np.arange(1, 2 + int((40 + 12 * np.sqrt(beta)) // num_classes))
        waves = np.cos(np.multiply.outer(num_classes * angles, orders))
        return np.log1p(2 * waves @ bessel_ratio(num_classes * orders, beta))
    classes = 2 * np.pi * np.arange(num_classes) / num_classes
    total = logsumexp(beta * (1 - circle_costs(angles, classes)), axis=1)
    return total - np.log(num_classes) - log_sphere_moment(2, beta)


def bessel_remainder_bounds(num_classes, beta):
    r"""Least and largest remainder: half way between classes and at a class.

    Parameters
    ----------
    num_classes : int
        At least 2.
    beta : float
        Inverse temperature, at least 0; dimensionless.

    Returns
    -------
    lower, upper : float
        $\log(1-\eta_K+2\eta_{2K})$ and $\log(1+\eta_K)$ in nats, both attained.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Examples
    --------
    >>> lower, upper = bessel_remainder_bounds(11, 3.0)
    >>> f"{lower:.3e} {upper:.3e}"
    '-1.070e-06 1.070e-06'
    """
    num_classes = as_whole(num_classes, "num_classes", 2)
    lower, upper = bessel_remainder([np.pi / num_classes, 0.0], num_classes, beta)
    return float(lower), float(upper)


def _as_masses(masses, count, name):
    if masses is None:
        return np.full(count, 1 / count)
    array = as_reals(masses, name)
    if array.shape != (count,) or not (array > 0).all() or abs(array.sum() - 1) > 1e-9:
        raise ValueError(
            f"{name}: expected {count} positive numbers of sum 1, got shape {array.shape} and sum "
            f"{array.sum():.6g}; leave out points without mass and divide by the sum"
        )
    return array
