r"""A planar arm of three uniform rods, and an expert that computes the torques it wants.

With absolute angles $\theta_i$ of the rods (lengths $l_i$, masses $m_i$), no gravity and no
friction, the kinetic energy is $\frac12\sum_{ij}a_{ij}\cos(\theta_i-\theta_j)
\dot\theta_i\dot\theta_j$, and the torques along $\theta_i$ are

$$\sum_ja_{ij}\bigl(\cos(\theta_i-\theta_j)\ddot\theta_j+\sin(\theta_i-\theta_j)\dot\theta_j^2
\bigr).$$

A joint turns all rods beyond it: $\theta=Tq$ with ones on and below the diagonal of $T$, and
joint torques are $T^\top$ times these.
"""

import numpy as np

LENGTHS = np.array([1.0, 0.8, 0.6])  # metres
MASSES = np.array([1.0, 0.8, 0.5])  # kilogrammes
STIFFNESS, DAMPING = 4.0, 4.0  # of the expert, per second squared and per second
_TURN = np.tril(np.ones((3, 3)))


def coupling():
    """Return $a_{ij}$, shape (3, 3), in kg m^2.

    Examples
    --------
    >>> float(coupling()[2, 2].round(12))  # a rod about its end: m l^2 / 3
    0.06
    """
    beyond = MASSES[::-1].cumsum()[::-1] - MASSES
    outer = np.maximum.outer(np.arange(3), np.arange(3))
    shares = (MASSES / 2 + beyond)[outer]
    np.fill_diagonal(shares, MASSES / 3 + beyond)
    return shares * np.outer(LENGTHS, LENGTHS)


def torques(joints, velocities, accelerations):
    """Inverse dynamics: the joint torques behind a motion.

    Parameters
    ----------
    joints, velocities, accelerations : ndarray, shape (num_samples, 3)
        In radians, and per second and per second squared.

    Returns
    -------
    ndarray, shape (num_samples, 3), float64
        In newton metres.
    """
    angles, rates, changes = (x @ _TURN.T for x in (joints, velocities, accelerations))
    between = angles[:, :, None] - angles[:, None, :]
    pulls = np.cos(between) * changes[:, None] + np.sin(between) * np.square(rates)[:, None]
    return (coupling() * pulls).sum(axis=2) @ _TURN


def expert_torques(joints, velocities, points):
    r"""Torques that pull the hand to a point: damped attraction, its inertia computed away.

    Parameters
    ----------
    joints, velocities : ndarray, shape (num_samples, 3)
        In radians and radians per second.
    points : ndarray, shape (num_samples, 2)
        In metres.

    Returns
    -------
    ndarray, shape (num_samples, 3), float64
        In newton metres.

    Notes
    -----
    The accelerations wanted are $k J^\top(p-x)-c\dot q$, with hand $x$ and its Jacobian $J$.
    """
    angles = joints @ _TURN.T
    rods = LENGTHS[:, None] * np.stack([np.cos(angles), np.sin(angles)], axis=2)
    sideways = np.stack([-rods[..., 1], rods[..., 0]], axis=2)
    jacobian = np.einsum("nij,ik->nkj", sideways, _TURN)  # row k: hand per turn of joint k
    pull = points - rods.sum(axis=1)
    wanted = STIFFNESS * np.einsum("nkj,nj->nk", jacobian, pull) - DAMPING * velocities
    return torques(joints, velocities, wanted)
