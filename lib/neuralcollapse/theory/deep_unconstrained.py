r"""Deep unconstrained features: what layers of free weights over free features cost.

Columns of $M_1$ are the free features of K classes. Layers are $M_2=W_1M_1$ and
$M_{l+1}=W_l\,\sigma(M_l)$ for $2\le l\le L$ with the ReLU $\sigma$, and the outputs are
$M_{L+1}$, wanted to be the identity. With $m=L+1$ factors $F_0=M_1$, $F_l=W_l$,

$$\mathcal L=\frac1{2K}\|M_{L+1}-I\|_F^2+\sum_{l=0}^L\frac{\lambda_l}2\|F_l\|_F^2 .$$

For n samples a class put $\lambda_0=n\lambda_H$; no optimum needs samples of a class to differ
(`lem-one-sample`). If factors have outputs $I$ and squared norms $c_l$, their multiples have
outputs $sI$ and cost at least $\frac12(1-s)^2+\frac m2\lambda\,G\,s^{2/m}$, where
$G=(\prod_lc_l)^{1/m}$ and $\lambda$ are geometric means, and some multiple costs just that.
"""

from itertools import pairwise

import numpy as np
from scipy.linalg import block_diag
from scipy.optimize import brentq

from neuralcollapse.geometry.arrays import as_points, as_positive, as_reals, as_whole

__all__ = [
    "best_gain",
    "deep_collapse_value",
    "deep_layers",
    "deep_objective",
    "factor_cost",
    "scaled_factors",
]


def deep_layers(factors, relu=True):
    r"""Return the class means of every layer, before the ReLU, and the outputs.

    Parameters
    ----------
    factors : sequence of array_like
        $M_1,W_1,\dots,W_L$ with $L\ge1$; $M_1$ has one column a class.
    relu : bool
        Whether there is one; without it the layers are linear.

    Returns
    -------
    list of ndarray
        $M_1,\dots,M_{L+1}$, each with one column a class.

    Raises
    ------
    ValueError
        If there are fewer than two factors or shapes do not fit.

    Examples
    --------
    >>> deep_layers([[[1.0, -1.0]], [[2.0]], [[3.0]]])[-1].tolist()
    [[6.0, 0.0]]
    """
    factors = _as_factors(factors)
    layers = [factors[0], factors[1] @ factors[0]]
    for factor in factors[2:]:
        layers.append(factor @ (np.maximum(layers[-1], 0) if relu else layers[-1]))
    return layers


def deep_objective(factors, decays, relu=True):
    r"""Squared error of the outputs against the identity, plus weight decay.

    Parameters
    ----------
    factors : sequence of array_like
        $M_1,W_1,\dots,W_L$; the outputs are K by K.
    decays : float or sequence of float
        $\lambda_0,\dots,\lambda_L$, or one number for all; at least 0.
    relu : bool
        Whether there is one.

    Returns
    -------
    float
        $\mathcal L$ of the module's docstring; 0 or more. All factors 0 give $\frac12$.

    Raises
    ------
    ValueError
        If shapes do not fit, the outputs are not square, or a decay is negative.

    Examples
    --------
    >>> deep_objective([np.eye(2), np.eye(2), np.eye(2)], 0.25)  # three times 1/8 times 2
    0.75
    """
    factors = _as_factors(factors)
    outputs = deep_layers(factors, relu)[-1]
    if outputs.shape[0] != outputs.shape[1]:
        raise ValueError(f"factors: expected as many outputs as classes, got shape {outputs.shape}")
    decays = _as_decays(decays, len(factors))
    misfit = np.square(outputs - np.eye(len(outputs))).sum() / (2 * len(outputs))
    return float(misfit + decays @ [np.square(factor).sum() for factor in factors] / 2)


def factor_cost(factors):
    r"""Geometric mean of the squared Frobenius norms of factors.

    Parameters
    ----------
    factors : sequence of array_like

    Returns
    -------
    float
        $G=(\prod_l\|F_l\|_F^2)^{1/m}$; K for deep collapse with outputs $I$.

    Examples
    --------
    >>> round(factor_cost([np.eye(2), 2 * np.eye(2)]), 12)  # the root of 2 times 8
    4.0
    """
    squares = [np.square(factor).sum() for factor in _as_factors(factors)]
    return float(np.prod(np.power(squares, 1 / len(squares))))


def best_gain(cost, depth, weight_decay):
    r"""Multiple of the outputs that costs least.

    Parameters
    ----------
    cost : float
        $G$, of factors with outputs $I$; positive.
    depth : int
        Number L of weight matrices, at least 1.
    weight_decay : float
        Geometric mean of the $\lambda_l$; positive.

    Returns
    -------
    gain : float
        $s$ in [0, 1); 0 where decay is so strong that nothing is learned.
    value : float
        $\min_s\frac12(1-s)^2+\frac{L+1}2\lambda G\,s^{2/(L+1)}$, at most $\frac12$.

    Raises
    ------
    ValueError
        If a number is out of range.

    Notes
    -----
    Stationary points solve $(1-s)s^{(L-1)/(L+1)}=\lambda G$. The left side rises up to
    $s=\frac{L-1}{2L}$ and then falls: the larger root is a minimum, to be compared with $s=0$.

    Examples
    --------
    >>> gain, value = best_gain(2, 1, 0.1)  # one layer: s = 1 - c, value c - c^2 / 2, c = 0.2
    >>> round(gain, 12), round(value, 12)
    (0.8, 0.18)
    """
    depth = as_whole(depth, "depth", 1)
    cost, weight_decay = as_positive(cost, "cost"), as_positive(weight_decay, "weight_decay")
    power, strength = (depth - 1) / (depth + 1), weight_decay * cost
    peak = (depth - 1) / (2 * depth)
    slope = lambda s: (1 - s) * s**power - strength  # noqa: E731
    if slope(peak) <= 0:
        return 0.0, 0.5
    gain = brentq(slope, peak, 1, xtol=1e-15, rtol=8.9e-16)
    value = (1 - gain) ** 2 / 2 + (depth + 1) / 2 * strength * gain ** (2 / (depth + 1))
    return (float(gain), float(value)) if value < 0.5 else (0.0, 0.5)


def deep_collapse_value(num_classes, depth, weight_decay):
    r"""Least objective under deep collapse (`prop-deep-collapse-cost`).

    Parameters
    ----------
    num_classes : int
        At least 1.
    depth : int
        Number L of weight matrices, at least 1.
    weight_decay : float
        Geometric mean of the $\lambda_l$; positive.

    Returns
    -------
    float
        `best_gain` at $G=K$.

    Examples
    --------
    >>> round(deep_collapse_value(2, 1, 0.1), 12)
    0.18
    """
    return best_gain(as_whole(num_classes, "num_classes", 1), depth, weight_decay)[1]


def scaled_factors(factors, decays):
    r"""Multiples of factors with outputs $I$ that cost least, and what they cost.

    Parameters
    ----------
    factors : sequence of array_like, or sequence of such sequences
        $M_1,W_1,\dots,W_L$ with outputs $I$; several of one depth are laid side by side as blocks,
        each with its own gain.
    decays : float or sequence of float
        $\lambda_0,\dots,\lambda_L$, positive.

    Returns
    -------
    factors : list of ndarray
        Block-diagonal if there were several.
    value : float
        $\sum_b\frac{K_b}K\,v(KG_b/K_b)$ with `best_gain`'s value v: its `deep_objective`.

    Raises
    ------
    ValueError
        If depths differ, shapes do not fit, outputs are not the identity, or a decay is not
        positive.

    Examples
    --------
    >>> found, value = scaled_factors([[[1.0]], [[1.0]]], 0.2)
    >>> [factor.round(6).tolist() for factor in found], round(value, 12)
    ([[[0.894427]], [[0.894427]]], 0.18)
    """
    blocks = [factors] if np.ndim(factors[0][0]) == 1 else factors
    blocks = [_as_factors(block) for block in blocks]
    depth = len(blocks[0]) - 1
    if any(len(block) != depth + 1 for block in blocks):
        raise ValueError("factors: expected blocks of one depth")
    decays = _as_decays(decays, depth + 1)
    if not decays.all():
        raise ValueError("decays: expected positive numbers; without decay no multiple is best")
    mean = float(np.exp(np.log(decays).mean()))
    sizes = [block[0].shape[1] for block in blocks]
    scaled, value = [], 0.0
    for block, size in zip(blocks, sizes, strict=True):
        outputs = deep_layers(block)[-1]
        if outputs.shape != (size, size) or not np.allclose(outputs, np.eye(size), atol=1e-8):
            raise ValueError("factors: expected outputs equal to the identity")
        share = size / sum(sizes)
        gain, cost = best_gain(factor_cost(block) / share, depth, mean)
        value += share * cost
        # Each factor's penalty becomes the geometric mean of all.
        level = mean * factor_cost(block) * gain ** (2 / (depth + 1))
        scaled.append(
            [
                factor * np.sqrt(level / decay) / np.linalg.norm(factor)
                for factor, decay in zip(block, decays, strict=True)
            ]
        )
    return [block_diag(*parts) for parts in zip(*scaled, strict=True)], float(value)


def _as_decays(decays, count):
    decays = as_reals(decays, "decays")
    if decays.shape not in ((), (count,)) or (decays < 0).any():
        raise ValueError(
            f"decays: expected a number of at least 0, or {count}, one a factor, got {decays}"
        )
    return np.broadcast_to(decays, count)


def _as_factors(factors):
    factors = [as_points(factor, f"factors[{place}]") for place, factor in enumerate(factors)]
    if len(factors) < 2:
        raise ValueError(f"factors: expected features and at least one layer, got {len(factors)}")
    for place, (first, second) in enumerate(pairwise(factors)):
        if second.shape[1] != len(first):
            raise ValueError(
                f"factors[{place + 1}]: expected {len(first)} columns to fit the layer below, "
                f"got {second.shape[1]}"
            )
    return factors
