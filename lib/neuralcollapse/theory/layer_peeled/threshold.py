r"""Where the small classes merge: the threshold as a curve in one parameter.

Let $k_A\ge1$ classes have $R$ times the samples of each of $k_B\ge2$ others, $K=k_A+k_B$, and
let $E=\sqrt{E_WE_H}$. The classifiers of the small classes are one vector if and only if
$R\ge R_0(E)$. At the threshold let $\epsilon\in(0,k_A/K)$ be the probability that softmax gives
large classes at the feature of a small one, $\gamma=\sqrt{k_B/K-\epsilon^2k_B/k_A}$. Then

$$y=\log\frac{k_A(1-\epsilon)}{k_B\,\epsilon},\qquad
\alpha=k_A\Bigl(\frac{\gamma y}\epsilon+\log\frac{k_A\gamma}{k_B(1-\gamma)}\Bigr),$$
$$R_0=\gamma+\frac{1-\gamma}{k_A}(k_A-1+e^\alpha),\qquad
KE=(k_A-1)\alpha+\frac{k_Ak_B}K\frac y\epsilon.$$

Derived in the book; novelty unverified. [hong2023] announce a sharp threshold for penalties.
"""

import numpy as np
from scipy.optimize import brentq

from neuralcollapse.geometry.arrays import as_number, as_positive, as_whole
from neuralcollapse.theory.layer_peeled.model import _reach


def threshold_point(num_majority, num_minority, leak):
    r"""One point of the threshold.

    Parameters
    ----------
    num_majority, num_minority : int
        Number of large classes, at least 1, and of small ones, at least 2.
    leak : float
        $\epsilon$, the probability that a small class gives to large ones; in $(0,k_A/K)$.

    Returns
    -------
    ratio : float
        $R_0>1$; infinite where it exceeds the largest float.
    reach : float
        $E=\sqrt{E_WE_H}$ at which this is the threshold, in nats.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    Source: here. Both grow as the leak falls.

    Examples
    --------
    >>> ratio, reach = threshold_point(5, 5, 0.5 - 1e-9)
    >>> round(ratio, 6), round(reach, 6)
    (1.0, 0.0)
    """
    large, small = _as_groups(num_majority, num_minority)
    leak = as_number(leak, "leak")
    if not 0 < leak < large / (large + small):
        raise ValueError(
            f"leak: expected a probability in (0, {large / (large + small):.4g}), the share of "
            f"large classes among all, got {leak}"
        )
    log_ratio, reach = _point(large, small, leak)
    with np.errstate(over="ignore"):
        return float(np.exp(log_ratio)), float(reach)


def threshold_ratio(num_majority, num_minority, *, weight_budget, feature_budget):
    r"""The ratio of class sizes from which on the small classes merge.

    Parameters
    ----------
    num_majority, num_minority : int
    weight_budget, feature_budget : float
        Positive; only their product matters.

    Returns
    -------
    float
        $R_0>1$; infinite where it exceeds the largest float.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    Source: here. The model is that of [fang2021].

    Examples
    --------
    >>> round(threshold_ratio(5, 5, weight_budget=1, feature_budget=5), 4)
    12.1924
    """
    large, small = _as_groups(num_majority, num_minority)
    reach = _reach(weight_budget, feature_budget)
    leak = _leak(large, small, lambda point: point[1] - reach)
    with np.errstate(over="ignore"):
        return float(np.exp(_point(large, small, leak)[0]))


def threshold_reach(num_majority, num_minority, ratio):
    r"""The inverse: up to this $\sqrt{E_WE_H}$ the small classes are merged.

    Parameters
    ----------
    num_majority, num_minority : int
    ratio : float
        Above 1.

    Returns
    -------
    float
        In nats.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    Source: here.

    Examples
    --------
    >>> round(threshold_reach(5, 5, 12.192447) ** 2, 5)
    5.0
    """
    large, small = _as_groups(num_majority, num_minority)
    ratio = as_positive(ratio, "ratio")
    if ratio <= 1:
        raise ValueError(f"ratio: expected above 1, for equal classes never merge, got {ratio}")
    leak = _leak(large, small, lambda point: point[0] - np.log(ratio))
    return float(_point(large, small, leak)[1])


def threshold_growth(num_majority, num_minority):
    r"""How the threshold grows with the budgets: $R_0\sim Ce^{gE}$ as $E=\sqrt{E_WE_H}\to\infty$.

    Parameters
    ----------
    num_majority, num_minority : int

    Returns
    -------
    factor : float
        $C=\frac{1-\gamma}{k_A}\kappa^{\gamma k_A/(k_A-1+\gamma)}$ with $\gamma=\sqrt{k_B/K}$ and
        $\kappa=\frac{k_A\gamma}{k_B(1-\gamma)}$.
    rate : float
        $g=K/(k_A-1+\gamma)$, per nat.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    Source: here.

    Examples
    --------
    >>> factor, rate = threshold_growth(1, 3)  # gamma = sqrt(3) / 2
    >>> round(rate * 3**0.5, 9)
    8.0
    """
    large, small = _as_groups(num_majority, num_minority)
    spread = np.sqrt(small / (large + small))
    total = large - 1 + spread
    odds = large * spread / (small * (1 - spread))
    factor = (1 - spread) / large * odds ** (spread * large / total)
    return float(factor), float((large + small) / total)


def vanishing_ratio(num_majority, num_minority, *, weight_budget, feature_budget):
    r"""The ratio of class sizes from which on rows and features of small classes are zero.

    Parameters
    ----------
    num_majority, num_minority : int
    weight_budget, feature_budget : float
        Positive; only their product matters.

    Returns
    -------
    float
        $R_1=\sqrt{k_A/K}\,\bigl((P+Q)^2-Q^2K/k_B\bigr)^{-1/2}$ with $P=k_Ae^{-\alpha}/D$,
        $Q=k_Be^{-\alpha(1-1/k_A)}/D$, $D=1+(k_A-1)e^{-\alpha}+k_Be^{-\alpha(1-1/k_A)}$ and
        $\alpha=KE/(k_A-1)$;
        infinite where there is none, that is from some budget on and for one large class.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    Source: here.

    Examples
    --------
    >>> vanishing_ratio(5, 5, weight_budget=1, feature_budget=5)
    inf
    """
    large, small = _as_groups(num_majority, num_minority)
    reach, count = _reach(weight_budget, feature_budget), large + small
    if large == 1:
        return np.inf
    within, across = _pull((large, small), count * reach / (large - 1))
    room = (within + across) ** 2 - across**2 * count / small
    return float(np.sqrt(large / count / room)) if room > 0 else np.inf


def _pull(sizes, gain):
    """Slopes of a large class where small ones have vanished: within its group, and across."""
    large, small = sizes
    within = large * np.exp(-gain)
    across = small * np.exp(-gain * (1 - 1 / large))
    return np.array([within, across]) / (1 + within * (1 - 1 / large) + across)


def _as_groups(num_majority, num_minority):
    large = as_whole(num_majority, "num_majority", 1)
    return large, as_whole(num_minority, "num_minority", 2, "one class has none to merge with")


def _point(large, small, leak):
    """Logarithm of the ratio, and the reach."""
    count = large + small
    # log1p keeps digits where the leak is near its largest value and y near 0
    y = np.log1p((large - count * leak) / (small * leak))
    spread = np.sqrt(small / count - leak**2 * small / large)
    log_odds = np.log1p((count * spread - small) / (small * (1 - spread)))
    gain = large * (spread * y / leak + log_odds)
    rest = np.log(spread + (1 - spread) * (large - 1) / large)
    log_ratio = np.logaddexp(rest, gain + np.log((1 - spread) / large))
    return log_ratio, ((large - 1) * gain + large * small / count * y / leak) / count


def _leak(large, small, excess):
    """The leak at which a function of `_point`, falling in the leak, is zero."""
    top = large / (large + small)

    def of(place):  # place = log(leak / (top - leak)), so that both ends keep their digits
        return excess(_point(large, small, top / (1 + np.exp(-place))))

    return top / (1 + np.exp(-brentq(of, -600.0, 30.0, xtol=1e-14, rtol=1e-14)))
