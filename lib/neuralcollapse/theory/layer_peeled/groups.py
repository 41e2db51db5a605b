r"""Two sizes of classes: the optimum, from two scalar equations.

The optimal logits are unique, so they share the symmetry of the problem,

$$Z=\alpha\Pi_A+\beta\Pi_B+(x\mathbf 1_A-y\mathbf 1_B)\bigl(\tfrac{k_B}K\mathbf 1_A-
\tfrac{k_A}K\mathbf 1_B\bigr)^\top,$$

with $\Pi_A$, $\Pi_B$ the projections that centre within a group. Four numbers are left. At a given
price of nuclear norm all softmax probabilities are explicit in one angle, and one equation fixes
the angle; a second fixes the price by the budget. The derivation is in the book.
"""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq

from neuralcollapse.theory.layer_peeled.model import _reach, class_shares, peeled_loss
from neuralcollapse.theory.layer_peeled.threshold import _pull


@dataclass(frozen=True)
class GroupOptimum:
    r"""The global minimum for two sizes of classes, up to rotation.

    Attributes
    ----------
    num_majority, num_minority : int
    ratio : float
        Samples of a large class over those of a small one.
    weight_budget, feature_budget : float
    price : float
        By how much the loss falls for one more unit of nuclear norm of the logits.
    gains : tuple of float
        $\alpha$ and $\beta$: by how much the own logit exceeds that of another class of the
        group, for large and for small classes, in nats; $\beta=0$ where small classes are merged.
    lifts : tuple of float
        $x$ and $y$: by how much the mean logit of the own group exceeds that of the other; both 0
        where small classes have vanished.
    """

    num_majority: int
    num_minority: int
    ratio: float
    weight_budget: float
    feature_budget: float
    price: float
    gains: tuple[float, float]
    lifts: tuple[float, float]

    @property
    def merged(self):
        """Whether the small classes are one vector: their share is at most the price."""
        return bool(self.price >= self.shares[-1])

    @property
    def vanished(self):
        """Whether the rows and the features of the small classes are zero."""
        return self.lifts == (0.0, 0.0)

    @property
    def shares(self):
        """Fraction of samples in each class, large ones first; shape (num_classes,)."""
        return class_shares(self.num_majority, self.num_minority, self.ratio)

    @property
    def loss(self):
        """The least loss, in nats."""
        return peeled_loss(self.logits, self.shares)[0]

    @property
    def logits(self):
        """Scores, one row for the feature of each class; shape (num_classes, num_classes)."""
        left, right = self._sides()
        return self._within() + np.outer(left, right)

    @property
    def weight_gram(self):
        r"""$WW^\top=\sqrt{E_W/E_H}\,(Z^\top Z)^{1/2}$, shape (num_classes, num_classes)."""
        left, right = self._sides()
        scale = np.linalg.norm(left) / max(np.linalg.norm(right), 1e-300)
        tilt = np.sqrt(self.weight_budget / self.feature_budget)
        return tilt * (self._within() + scale * np.outer(right, right))

    @property
    def feature_gram(self):
        r"""$HH^\top=\sqrt{E_H/E_W}\,(ZZ^\top)^{1/2}$, shape (num_classes, num_classes)."""
        left, right = self._sides()
        scale = np.linalg.norm(right) / max(np.linalg.norm(left), 1e-300)
        tilt = np.sqrt(self.feature_budget / self.weight_budget)
        return tilt * (self._within() + scale * np.outer(left, left))

    def _within(self):
        count, large = self.num_majority + self.num_minority, self.num_majority
        matrix = np.zeros((count, count))
        matrix[:large, :large] = self.gains[0] * (np.eye(large) - 1 / large)
        small = self.num_minority
        matrix[large:, large:] = self.gains[1] * (np.eye(small) - 1 / small)
        return matrix

    def _sides(self):
        sizes = self.num_majority, self.num_minority
        left = np.repeat([self.lifts[0], -self.lifts[1]], sizes)
        return left, np.repeat(np.array([sizes[1], -sizes[0]]) / sum(sizes), sizes)


def group_optimum(num_majority, num_minority, ratio, *, weight_budget, feature_budget):
    """Solve the layer-peeled model for two sizes of classes.

    Parameters
    ----------
    num_majority, num_minority : int
        Number of large and of small classes, at least 1.
    ratio : float
        Samples of a large class over those of a small one, at least 1.
    weight_budget, feature_budget : float
        Positive.

    Returns
    -------
    GroupOptimum
        For every dimension from ``num_majority + num_minority - 1`` on.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    The model is that of [fang2021]; the reduction is ours.

    Examples
    --------
    >>> found = group_optimum(2, 2, 1.0, weight_budget=1, feature_budget=1)
    >>> np.round(found.weight_gram, 6)[0]  # equal classes: a simplex with cosines -1/3
    array([ 1.      , -0.333333, -0.333333, -0.333333])
    """
    shares = class_shares(num_majority, num_minority, ratio)
    if ratio < 1:
        raise ValueError(f"ratio: expected at least 1, large classes over small, got {ratio}")
    sizes = int(num_majority), int(num_minority)
    radius = sum(sizes) * _reach(weight_budget, feature_budget)

    def at(place):  # the price, from the share of a large class down to 0
        return _at_price(sizes, shares[[0, -1]], shares[0] / (1 + np.exp(place)))

    place = brentq(lambda p: at(p)[0] - radius, -34.0, 650.0, xtol=1e-13, rtol=1e-14)
    price = float(shares[0] / (1 + np.exp(place)))
    _, gains, lifts = at(place)
    return GroupOptimum(
        *sizes, float(ratio), float(weight_budget), float(feature_budget), price, gains, lifts
    )


def _at_price(sizes, shares, price):
    """Nuclear norm, gains and lifts of the optimum at a price below the larger share."""
    sizes, shares = np.array(sizes, dtype=float), np.array(shares)
    total = sizes.sum()
    own = price / shares * np.sqrt(sizes[::-1] / total)  # most that a class may give away
    merged = shares <= price  # the small classes only, for the price is below the larger share

    def state(place):  # place is the logarithm of a tangent
        turn = np.array([1 / np.hypot(1, np.exp(place)), 1 / np.hypot(1, np.exp(-place))])
        leak = own * turn  # probability that a class gives to the other group
        across = np.log(own) + np.log(turn) - np.log(sizes[::-1])
        with np.errstate(divide="ignore", invalid="ignore"):
            within = np.log((price / shares - leak) / sizes)
            inside = np.log1p(-leak - (sizes - 1) * np.exp(within))
        within = np.where(merged, np.log1p(-leak) - np.log(sizes), within)
        inside = np.where(merged, within, inside)
        gains = np.where(sizes > 1, inside - within, 0)
        return turn, gains, inside - across - gains * (1 - 1 / sizes)

    def balance(place):
        turn, _, lifts = state(place)
        return lifts @ (np.sqrt(sizes) * turn[::-1] * [1, -1])

    top = 300.0
    if own[1] >= 1:  # merged classes cannot give away more than everything
        tangent = 1 / np.sqrt(own[1] ** 2 - 1) if own[1] > 1 else np.inf
        top = min(top, np.log(tangent) - 1e-12)
    _, gains, lifts = state(brentq(balance, -300.0, top, xtol=1e-14, rtol=1e-14))
    if lifts[0] <= 0 and merged[1]:  # a root on the wrong side: between groups nothing pays
        gains, lifts = np.zeros(2), np.zeros(2)
        if sizes[0] > 1:
            rest = price / shares[0]
            gains[0] = brentq(lambda gain: _pull(sizes, gain).sum() - rest, 0, 1e4, xtol=1e-14)
    nuclear = (sizes - 1) @ gains + np.sqrt(sizes @ lifts**2 * sizes.prod() / total)
    return nuclear, tuple(map(float, gains)), tuple(map(float, lifts))
