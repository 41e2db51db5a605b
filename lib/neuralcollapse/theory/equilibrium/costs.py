r"""What a singular value of the outputs costs, with each kind of layer before the classifier.

Outputs are $F=WRH^\top$ with free features $H$ and a square $R$ built from one matrix $A$: the
*core*. It is *none* ($R=I$), *one_step* ($R=I+A$, a skip connection), *equilibrium*
($R=(I-A)^{-1}$, where $z=Az+h$), or *explicit* ($R=A$). Of all $W,A,H$ that give the same $F$ the
cheapest cost $\frac{\lambda_W}2\|W\|_F^2+\frac{\lambda_H}2\|H\|_F^2+\frac{\lambda_A}2\|A\|_F^2
=\lambda_A\sum_i\psi(u_i)$, with demands $u_i=\sqrt{\lambda_W\lambda_H}\,\sigma_i(F)/\lambda_A$ and
$\psi(u)=\inf_{t}\,u/g(t)+t^2/2$, where $g(t)$ is 1, $1+t$, $1/(1-t)$ or $t$.
"""

import numpy as np

CORES = ("none", "one_step", "equilibrium", "explicit")


def core_weight(core, demand):
    r"""Return the eigenvalue of $A$ that serves a demand most cheaply.

    Parameters
    ----------
    core : {"none", "one_step", "equilibrium", "explicit"}
    demand : array_like of float
        $u\ge0$, dimensionless.

    Returns
    -------
    ndarray of float64, the shape of `demand`
        $t\ge0$: 0, the root of $t(1+t)^2=u$, $u$ up to 1, or $u^{1/3}$. An equilibrium reaches 1
        only in the limit, where its gain has no bound.

    Raises
    ------
    ValueError
        If the core is not known, or a demand is negative or not finite.

    Examples
    --------
    >>> [float(core_weight(core, 4.0).round(12)) for core in CORES]
    [0.0, 1.0, 1.0, 1.587401051968]
    """
    demand = _check(core, demand)
    if core == "none":
        return np.zeros_like(demand)
    if core == "equilibrium":
        return np.minimum(demand, 1)
    if core == "explicit":
        return np.cbrt(demand)
    # Newton from the right of the root of a convex increasing function comes down to it.
    weight = np.cbrt(demand)
    for _ in range(10):
        weight = weight - (weight * (1 + weight) ** 2 - demand) / ((1 + weight) * (1 + 3 * weight))
    return np.maximum(weight, 0)


def core_cost(core, demand):
    r"""Return the least cost of a demand, in units of $\lambda_A$.

    Parameters
    ----------
    core : {"none", "one_step", "equilibrium", "explicit"}
    demand : array_like of float
        $u\ge0$, dimensionless.

    Returns
    -------
    ndarray of float64, the shape of `demand`
        $\psi(u)\ge0$: $u$; $u/(1+t)+t^2/2$ with $t(1+t)^2=u$; $u-u^2/2$ up to $u=1$ and then
        $\frac12$; $\frac32u^{2/3}$.

    Raises
    ------
    ValueError
        If the core is not known, or a demand is negative or not finite.

    Examples
    --------
    >>> [float(core_cost(core, 1.0).round(3)) for core in CORES]
    [1.0, 0.791, 0.5, 1.5]
    """
    demand = _check(core, demand)
    weight = core_weight(core, demand)
    if core == "explicit":
        return 1.5 * weight**2
    gain = {"none": 1.0, "one_step": 1 / (1 + weight), "equilibrium": 1 - weight}[core]
    return demand * gain + weight**2 / 2


def _check(core, demand):
    if core not in CORES:
        raise ValueError(f"core: expected one of {CORES}, got {core!r}")
    demand = np.asarray(demand, dtype=float)
    if not (np.isfinite(demand).all() and (demand >= 0).all()):
        raise ValueError(f"demand: expected finite numbers, at least 0, got {demand}")
    return demand
