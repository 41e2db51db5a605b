r"""How many circles a network keeps whose scale is free: cross-entropy against weight decay.

A homogeneous network of depth L with features and classifier on characters reduces to the
amplitudes $a_f\ge0$ of its frequencies $f=1,\dots,\frac{K-1}2$, K odd, and to

$$\mathcal G(a)=\log\sum_re^{g(r)-g(0)}+\mu\sum_fa_f^{p},\qquad
g(r)=\sum_fa_f\cos\tfrac{2\pi fr}K,\quad p=\tfrac2L .$$

For the clock network with shared embeddings, $L=3$ and $\mu=\frac34\,2^{1/3}\lambda P$.
"""

from dataclasses import dataclass
from itertools import combinations
from math import comb, isqrt

import numpy as np
from scipy.optimize import brentq, minimize, minimize_scalar
from scipy.special import ive, logsumexp

from neuralcollapse.geometry.arrays import as_nonnegative, as_number, as_reals, as_whole

CLOCK_FACTOR = 0.75 * 2 ** (1 / 3)  # mu / (lambda P): least of (u + w^2) / 2 where u w = 1

# Of 1 - I_1(a) / I_0(a) in powers of 1 / a, the last first; from a = 300 on to rounding.
_SLOPE = (1073 / 1024, 13 / 32, 25 / 128, 1 / 8, 1 / 8, 1 / 2)


@dataclass(frozen=True, eq=False)
class FrequencySet:
    """The best set of frequencies that a search has met.

    Attributes
    ----------
    frequencies : ndarray of int, shape (count,)
        From 1 to half the modulus; multiplying all by a unit gives an equivalent set.
    amplitudes : ndarray, shape (count,), float64
        In nats, positive.
    objective : float
        In nats.
    """

    frequencies: np.ndarray
    amplitudes: np.ndarray
    objective: float


def single_frequency(amplitude, num_classes=None):
    r"""Cross-entropy that one circle saves, before its penalty.

    Parameters
    ----------
    amplitude : float or array_like
        $a\ge0$, in nats.
    num_classes : int, optional
        At least 3, odd; by default the limit of many classes.

    Returns
    -------
    float or ndarray
        $a-E_K(a)$ with $E_K(a)=\log\frac1K\sum_re^{a\cos(2\pi r/K)}$, whose limit is
        $\log I_0(a)$; in nats.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Examples
    --------
    >>> bool(np.isclose(single_frequency(1.0), 1 - np.log(1.2660658777520084)))
    True
    """
    amplitude = _amplitudes(amplitude, "amplitude")
    # Below 1 the terms of the small sum agree in sign; 65 points are the limit to rounding there.
    points = 65 if num_classes is None else _odd(num_classes)
    logs = amplitude[..., None] * (np.cos(2 * np.pi * np.arange(points) / points) - 1)
    small = -np.log1p(np.expm1(logs).mean(axis=-1))
    if num_classes is None:
        return np.where(amplitude < 1, small, -np.log(ive(0, amplitude)))[()]
    return np.where(amplitude < 1, small, np.log(points) - logsumexp(logs, axis=-1))[()]


def frequency_exchange(depth, num_classes=None):
    r"""Decay at which one circle costs as much as none, and its amplitude there.

    Parameters
    ----------
    depth : float
        Degree L of the network, above 2.
    num_classes : int, optional
        At least 3, odd; by default the limit of many classes.

    Returns
    -------
    decay : float
        $\mu_0=\max_a(a-E_K(a))/a^p$; dimensionless.
    amplitude : float
        Where the maximum is, in nats.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Examples
    --------
    >>> "{:.6f} {:.4f}".format(*frequency_exchange(3))
    '0.768736 1.2283'
    """
    power = 2 / _depth(depth)
    return _peak(lambda a: single_frequency(a, num_classes) / a**power)


def frequency_fold(depth, num_classes=None):
    r"""Decay up to which one circle is a stationary point, and its amplitude there.

    Parameters
    ----------
    depth : float
        Degree L of the network, above 2.
    num_classes : int, optional
        At least 3, odd; by default the limit of many classes.

    Returns
    -------
    decay : float
        $\mu_{sn}=\max_a(1-E_K'(a))a^{1-p}/p$; dimensionless. Larger than the exchange.
    amplitude : float
        Where the stable and the unstable branch meet, in nats.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Examples
    --------
    >>> "{:.6f} {:.4f}".format(*frequency_fold(3))
    '0.903183 0.5474'
    """
    return _peak(lambda a: branch_decay(a, depth, num_classes))


def branch_decay(amplitude, depth, num_classes=None):
    r"""Decay at which an amplitude of one circle is stationary.

    Parameters
    ----------
    amplitude : float or array_like
        $a>0$, in nats.
    depth : float
        Degree L of the network, above 2.
    num_classes : int, optional
        At least 3, odd; by default the limit of many classes.

    Returns
    -------
    float or ndarray
        $\mu(a)=(1-E_K'(a))a^{1-p}/p$; dimensionless.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Examples
    --------
    >>> round(float(branch_decay(0.5474, 3)), 6)
    0.903183
    """
    amplitude = _amplitudes(amplitude, "amplitude")
    if not amplitude.all():
        raise ValueError("amplitude: expected positive numbers, got 0")
    power = 2 / _depth(depth)
    if num_classes is None:
        series = np.polyval((*_SLOPE, 0), 1 / np.maximum(amplitude, 300))
        slope = np.where(amplitude < 300, 1 - ive(1, amplitude) / ive(0, amplitude), series)
    else:
        fall = 1 - np.cos(2 * np.pi * np.arange(_odd(num_classes)) / num_classes)
        shares = np.exp(-amplitude[..., None] * fall)
        slope = (shares * fall).sum(axis=-1) / shares.sum(axis=-1)
    return slope * amplitude ** (1 - power) / power


def homogeneous_objective(amplitudes, frequencies, num_classes, decay, depth):
    r"""Objective of a set of circles with free scale.

    Parameters
    ----------
    amplitudes : array_like, shape (count,)
        In nats, at least 0.
    frequencies : array_like of int, shape (count,)
    num_classes : int
        At least 3, odd.
    decay : float
        $\mu$, at least 0; dimensionless.
    depth : float
        Degree L of the network, above 2.

    Returns
    -------
    float
        $\mathcal G(a)$, in nats; $\log K$ at zero.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Examples
    --------
    >>> value = homogeneous_objective([0.0], [1], 7, 0.5, 3)
    >>> bool(np.isclose(value, np.log(7)))
    True
    """
    amplitudes = _amplitudes(amplitudes, "amplitudes")
    num_classes = _odd(num_classes)
    if amplitudes.shape != np.shape(frequencies) or amplitudes.ndim != 1:
        raise ValueError(
            f"amplitudes: expected one a frequency, got shape {amplitudes.shape} for frequencies "
            f"of shape {np.shape(frequencies)}"
        )
    falls = _falls([as_whole(f, "frequencies", 1) % num_classes for f in frequencies], num_classes)
    power, decay = 2 / _depth(depth), as_nonnegative(decay, "decay")
    return float(_cross_entropy(amplitudes @ falls) + decay * (amplitudes**power).sum())


def best_frequencies(num_classes, decay, depth, *, counts=None, refine=5, sets=2000, seed=0):
    r"""Search for the best set of circles, over their number.

    Parameters
    ----------
    num_classes : int
        An odd prime, so that one frequency may be called 1.
    decay : float
        $\mu$, positive; dimensionless.
    depth : float
        Degree L of the network, above 2.
    counts : iterable of int, optional
        Numbers of circles tried; by default 1, 2, ... until two numbers in a row do not improve.
    refine : int
        Of all sets of one size, how many of the best at equal amplitudes have them freed.
    sets : int
        Most sets of one size that are looked at; all where there are no more, else a random draw.
    seed : int

    Returns
    -------
    FrequencySet
        With no frequencies if nothing beats $\log K$.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    With $a=b^{1/p}$ the penalty is linear in $b$. The search is exhaustive over small sets only up
    to the choice of amplitudes, so its objective is an upper bound.

    Examples
    --------
    >>> len(best_frequencies(7, 0.7, 3).frequencies)
    1
    """
    num_classes = _odd_prime(num_classes, 3)
    half = num_classes // 2
    decay = as_nonnegative(decay, "decay")
    if decay == 0:
        raise ValueError("decay: expected a positive number, got 0; without decay scales diverge")
    refine, sets = as_whole(refine, "refine", 1), as_whole(sets, "sets", 1)
    chosen = range(1, half + 1) if counts is None else _counts(counts, half)
    generator = np.random.default_rng(seed)
    best = FrequencySet(np.array([], int), np.array([]), float(np.log(num_classes)))
    worse = 0
    for count in chosen:
        found = _best_of(num_classes, decay, depth, count, refine, sets, generator)
        if found.objective < best.objective * (1 - 1e-12) and found.amplitudes.min() > 1e-6:
            best, worse = found, 0
        else:
            worse += 1
        if counts is None and worse == 2:
            break
    return best


def single_circle_window(num_classes, depth):
    r"""Decays between which a single circle is the best set of circles.

    Parameters
    ----------
    num_classes : int
        An odd prime, at least 5.
    depth : float
        Degree L of the network, above 2.

    Returns
    -------
    lower, upper : float
        Below `lower` some set of two to four circles is better (found by search); from `upper` on
        none is (proved). Dimensionless.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Examples
    --------
    >>> lower, upper = single_circle_window(5, 3)
    >>> bool(lower < upper / 2)
    True
    """
    num_classes = _odd_prime(num_classes, 5)
    upper, _ = frequency_exchange(depth, num_classes)
    counts = range(2, min(4, (num_classes - 1) // 2) + 1)

    def lead(decay):
        one, *several = (
            # Held above zero: a circle that vanished would tie with fewer.
            _best_of(num_classes, decay, depth, count, least=1e-3).objective
            for count in (1, *counts)
        )
        return min(several) - one

    # More circles win further down; at `upper` itself they lose, by the theorem.
    above, below = upper, upper * 0.999
    while lead(below) > 0:
        above, below = below, max(upper - 2 * (upper - below), below / 2)
        if below < 1e-3:
            return 0.0, upper
    return float(brentq(lead, below, above, xtol=1e-9)), upper


def _best_of(num_classes, decay, depth, count, refine=5, sets=2000, generator=None, least=0.0):
    """The best set of `count` circles, each of amplitude at least `least`."""
    power = 2 / _depth(depth)
    generator = np.random.default_rng(0) if generator is None else generator
    chosen = _sets(num_classes, count, sets, generator)
    levels = _upper_amplitude(decay, depth, num_classes) * np.geomspace(0.02, 1.3, 16)
    totals = _falls(np.arange(num_classes // 2 + 1), num_classes)[chosen].sum(axis=1)
    scores = np.array([_cross_entropy(level * totals) for level in levels])
    scores += decay * count * levels[:, None] ** power
    best = None
    for place in np.argsort(scores.min(axis=0).round(12), kind="stable")[:refine]:
        result = minimize(
            _objective,
            np.full(count, levels[scores[:, place].argmin()] ** power),
            args=(_falls(chosen[place], num_classes), decay, power),
            jac=True,
            method="L-BFGS-B",
            bounds=[(least**power, None)] * count,
            options={"ftol": 1e-15, "gtol": 1e-10},
        )
        if best is None or decay * result.fun < best.objective:
            objective = decay * float(result.fun)
            best = FrequencySet(chosen[place], result.x ** (1 / power), objective)
    return best


def _sets(num_classes, count, sets, generator):
    """Sets of frequencies of one size, each with 1 among them: all, or a draw."""
    rest = range(2, num_classes // 2 + 1)
    if comb(len(rest), count - 1) <= sets:
        return np.array([(1, *others) for others in combinations(rest, count - 1)])
    drawn = [generator.choice(rest, count - 1, replace=False) for _ in range(sets)]
    return np.array(sorted({(1, *sorted(some.tolist())) for some in drawn}))


def _upper_amplitude(decay, depth, num_classes):
    """Amplitude of the stable branch at a decay, that of the exchange if there is none."""
    fold, tip = frequency_fold(depth, num_classes)
    if decay >= fold:
        return frequency_exchange(depth, num_classes)[1]
    far = 2 * tip
    while branch_decay(far, depth, num_classes) > decay:  # in the end it falls exponentially
        far *= 2
    return brentq(lambda a: branch_decay(a, depth, num_classes) - decay, tip, far)


def _objective(roots, falls, decay, power):
    """The objective in units of the decay, which keeps its gradient of order 1."""
    amplitudes = roots ** (1 / power)
    shortfalls = amplitudes @ falls
    total = _cross_entropy(shortfalls)
    slope = -(falls @ np.exp(-shortfalls - total)) * roots ** (1 / power - 1) / power
    return total / decay + roots.sum(), slope / decay + 1


def _cross_entropy(shortfalls):
    """Of logits by how much they fall short of the first; small ones keep their digits."""
    return np.log1p(np.exp(-shortfalls[..., 1:]).sum(axis=-1))


def _falls(frequencies, num_classes):
    turns = np.asarray(frequencies, int)[:, None] * np.arange(num_classes) % num_classes
    return 1 - np.cos(2 * np.pi * turns / num_classes)


def _peak(function):
    grid = np.geomspace(1e-3, 1e3, 601)
    place = int(np.argmax(function(grid)))
    found = minimize_scalar(
        lambda a: -function(a),
        bounds=(grid[max(place - 1, 0)], grid[min(place + 1, 600)]),
        method="bounded",
        options={"xatol": 1e-10},
    )
    return float(-found.fun), float(found.x)


def _depth(depth):
    depth = as_number(depth, "depth", "a degree above 2")
    if depth <= 2:
        raise ValueError(
            f"depth: expected a degree above 2, got {depth}; two layers keep the simplex"
        )
    return depth


def _odd(num_classes):
    num_classes = as_whole(num_classes, "num_classes", 3)
    if num_classes % 2 == 0:
        raise ValueError(f"num_classes: expected an odd number, got {num_classes}")
    return num_classes


def _odd_prime(num_classes, least):
    num_classes = as_whole(num_classes, "num_classes", least)
    if not all(num_classes % factor for factor in (2, *range(3, isqrt(num_classes) + 1, 2))):
        raise ValueError(f"num_classes: expected an odd prime, got {num_classes}")
    return num_classes


def _amplitudes(values, name):
    values = as_reals(values, name)
    if (values < 0).any():
        raise ValueError(f"{name}: expected numbers of at least 0, got {values.min()}")
    return values


def _counts(counts, half):
    if not np.iterable(counts):
        raise ValueError(f"counts: expected a sequence of numbers of circles, got {counts}")
    counts = [as_whole(count, "counts", 1) for count in counts]
    if max(counts, default=1) > half:
        raise ValueError(f"counts: expected numbers up to {half}, half the classes, got {counts}")
    return counts
