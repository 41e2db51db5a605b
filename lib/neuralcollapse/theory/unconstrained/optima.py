r"""Optima of unconstrained features in closed form, for balanced classes.

With $n$ free features for each of $K$ classes, $N=nK$, rows $h_i$ of $H$ and $w_c$ of $W$ in
$\R^d$, and a free bias or none, minimise

$$\frac1N\sum_i\ell(Wh_i+b,y_i)+\frac{\lambda_W}2\|W\|_F^2+\frac{\lambda_H}2\|H\|_F^2$$

with $\ell$ the cross-entropy or $\frac12\|z-e_y\|^2$. One number decides what the optimum is,
$c=K\sqrt{n\lambda_W\lambda_H}$: below 1 the logits of every sample are $sF_{y_i}$ up to a
constant, with the *gain* $s$ and $F=I-\frac1K\mathbf 1\mathbf 1^\top$ ($F=I$ for squared loss
without bias); from 1 on everything is zero. Cross-entropy: [zhu2021]; squared loss: [han2022]
for the simplex; zero phase, orthogonal case and proofs: the book.
"""

from dataclasses import dataclass

import numpy as np

from neuralcollapse.geometry import simplex_etf
from neuralcollapse.geometry.arrays import as_positive, as_whole

LOSSES = ("cross_entropy", "squared")


@dataclass(frozen=True)
class FreeOptimum:
    r"""The global minimum, up to rotation of the features.

    Attributes
    ----------
    loss : {"cross_entropy", "squared"}
    num_classes, samples_per_class : int
    weight_decay, feature_decay : float
        $\lambda_W$ and $\lambda_H$, positive.
    biased : bool
        Whether there is a bias, free of decay.
    regularisation : float
        $c=K\sqrt{n\lambda_W\lambda_H}$, dimensionless; from 1 on the optimum is zero.
    gain : float
        $s\ge0$, by how much the logit of the own class exceeds the others, in nats for
        cross-entropy.
    objective : float
        The least value.
    """

    loss: str
    num_classes: int
    samples_per_class: int
    weight_decay: float
    feature_decay: float
    biased: bool
    regularisation: float
    gain: float
    objective: float

    @property
    def rank(self):
        """Rank of classifier and features: the dimensions they need; 0 in the zero phase."""
        orthogonal = self.loss == "squared" and not self.biased
        return (self.num_classes - 1 + orthogonal) * (self.gain > 0)

    @property
    def frame(self):
        r"""$F$, shape (num_classes, num_classes): a projection, the logits of gain 1."""
        if self.loss == "squared" and not self.biased:
            return np.eye(self.num_classes)
        return np.eye(self.num_classes) - 1 / self.num_classes

    @property
    def ratio(self):
        r"""$\alpha=\sqrt{\lambda_W/(n\lambda_H)}$: every feature is $\alpha$ times its row of W."""
        return float(np.sqrt(self.weight_decay / (self.samples_per_class * self.feature_decay)))

    @property
    def weight_gram(self):
        r"""$WW^\top=\frac s\alpha F$, shape (num_classes, num_classes)."""
        return self.gain / self.ratio * self.frame

    @property
    def mean_gram(self):
        r"""Products of class means, $\alpha sF$, shape (num_classes, num_classes)."""
        return self.gain * self.ratio * self.frame

    @property
    def weight_norm(self):
        r"""$\|W\|_F$."""
        return float(np.sqrt(np.trace(self.weight_gram)))

    @property
    def feature_norm(self):
        r"""$\|H\|_F$ over all samples."""
        return float(np.sqrt(self.samples_per_class * np.trace(self.mean_gram)))

    def factors(self, dimension):
        r"""Return one optimum, with samples ordered by class.

        Parameters
        ----------
        dimension : int
            Of the features, at least `rank`.

        Returns
        -------
        weight : ndarray, shape (num_classes, dimension), float64
        features : ndarray, shape (num_samples, dimension), float64
            `samples_per_class` equal rows for class 0, then for class 1, ...
        bias : ndarray, shape (num_classes,), float64, or None
            0 for cross-entropy (any constant is as good), $\frac1K\mathbf 1$ for squared loss.

        Raises
        ------
        ValueError
            If the dimension is not whole or too small.

        Examples
        --------
        >>> optimum = free_optimum(2, 1, weight_decay=0.25, feature_decay=0.25, loss="squared")
        >>> weight, features, bias = optimum.factors(1)
        >>> (weight @ features.T + bias[:, None]).round(12)  # gain 1/2, once 1/2 apart from 1/2
        array([[0.75, 0.25],
               [0.25, 0.75]])
        """
        dimension = as_whole(dimension, "dimension", 1)
        if dimension < self.rank:
            raise ValueError(
                f"dimension: this optimum needs {self.rank} dimensions, got {dimension}; with "
                "fewer, use minimise_free"
            )
        count = self.num_classes
        weight = np.zeros((count, dimension))
        if self.rank == count:
            weight[:, :count] = np.eye(count)
        elif self.rank:
            weight = np.sqrt((count - 1) / count) * simplex_etf(count, dimension)
        weight *= np.sqrt(self.gain / self.ratio)
        features = np.repeat(self.ratio * weight, self.samples_per_class, axis=0)
        if not self.biased:
            return weight, features, None
        return weight, features, np.full(count, 1 / count if self.loss == "squared" else 0.0)


def free_regularisation(num_classes, samples_per_class, *, weight_decay, feature_decay):
    r"""Return $c=K\sqrt{n\lambda_W\lambda_H}$, which decides between collapse and zero.

    Parameters
    ----------
    num_classes, samples_per_class : int
        At least 2 and 1.
    weight_decay, feature_decay : float
        $\lambda_W$ and $\lambda_H$, positive.

    Returns
    -------
    float
        Dimensionless; collapse below 1, zero from 1 on.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Examples
    --------
    >>> free_regularisation(5, 4, weight_decay=0.01, feature_decay=0.01)
    0.1
    """
    count = as_whole(num_classes, "num_classes", 2)
    samples = as_whole(samples_per_class, "samples_per_class", 1)
    for name, value in (("weight_decay", weight_decay), ("feature_decay", feature_decay)):
        reason = "without decay there is no optimum (cross-entropy) or many (squared loss)"
        as_positive(value, name, reason)
    return float(count * np.sqrt(samples) * np.sqrt(weight_decay) * np.sqrt(feature_decay))


def free_optimum(
    num_classes,
    samples_per_class,
    *,
    weight_decay,
    feature_decay,
    loss="cross_entropy",
    biased=True,
):
    r"""Return the global minimum over classifier, features and bias.

    Parameters
    ----------
    num_classes, samples_per_class : int
        At least 2 and 1; every class has the same number of samples.
    weight_decay, feature_decay : float
        $\lambda_W$ and $\lambda_H$, positive.
    loss : {"cross_entropy", "squared"}
        Squared is $\frac12\|z-e_y\|^2$, averaged over samples, summed over classes.
    biased : bool
        Whether there is a bias, free of decay; cross-entropy ends at the same point without.

    Returns
    -------
    FreeOptimum

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    Cross-entropy: $s=\log\bigl(1+K\frac{1-c}c\bigr)$, and the objective is
    $-(1-P)\log(1-P)-P\log\frac cK$ with $P=\frac{K-1}Kc$, the probability left to wrong classes.
    Squared: $s=1-c$ and $c-\frac{c^2}2$, times $\frac{K-1}K$ with a bias. For $c\ge1$ the values
    are those of $c=1$.

    Examples
    --------
    >>> optimum = free_optimum(4, 1, weight_decay=0.1, feature_decay=0.1, loss="squared")
    >>> round(optimum.gain, 12), round(optimum.objective, 12)  # c = 0.4: 3/4 (0.4 - 0.08)
    (0.6, 0.24)
    """
    if loss not in LOSSES:
        raise ValueError(f"loss: expected one of {LOSSES}, got {loss!r}")
    regularisation = free_regularisation(
        num_classes, samples_per_class, weight_decay=weight_decay, feature_decay=feature_decay
    )
    count, c = int(num_classes), min(regularisation, 1.0)
    if loss == "cross_entropy":
        gain = np.log1p(count * (1 - c) / c)
        wrong = (count - 1) / count * c
        objective = -(1 - wrong) * np.log1p(-wrong) - wrong * np.log(c / count)
    else:
        gain = 1 - c
        objective = (c - c**2 / 2) * ((count - 1) / count if biased else 1)
    return FreeOptimum(
        loss,
        count,
        int(samples_per_class),
        float(weight_decay),
        float(feature_decay),
        bool(biased),
        regularisation,
        float(gain),
        float(objective),
    )


def budget_decays(num_classes, samples_per_class, *, weight_budget, feature_budget):
    r"""Return the decays whose optimum spends two budgets of norm, for cross-entropy.

    Parameters
    ----------
    num_classes, samples_per_class : int
        At least 2 and 1.
    weight_budget, feature_budget : float
        Mean squared length allowed to the rows of W, and to the features; positive.

    Returns
    -------
    weight_decay, feature_decay : float

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    The layer-peeled model [fang2021] bounds $\frac1K\|W\|_F^2$ and $\frac1N\|H\|_F^2$ by $E_W$ and
    $E_H$. Its optimum has the gain $s=\frac K{K-1}\sqrt{E_WE_H}$, and so is that of all decays with
    $\sqrt{n\lambda_W\lambda_H}=(e^s+K-1)^{-1}$ and $\lambda_W/\lambda_H=nE_H/E_W$.

    Examples
    --------
    >>> decays = budget_decays(2, 1, weight_budget=1.0, feature_budget=1.0)
    >>> [round(1 / decay - 1, 9) for decay in decays]  # e^2
    [7.389056099, 7.389056099]
    """
    count = as_whole(num_classes, "num_classes", 2)
    samples = as_whole(samples_per_class, "samples_per_class", 1)
    for name, value in (("weight_budget", weight_budget), ("feature_budget", feature_budget)):
        as_positive(value, name)
    gain = count / (count - 1) * np.sqrt(weight_budget) * np.sqrt(feature_budget)
    if gain > 600:
        raise ValueError(
            "weight_budget, feature_budget: expected a product with decays that float64 can hold, "
            f"got {weight_budget} and {feature_budget}; lower one"
        )
    product = np.exp(-gain) / (1 + (count - 1) * np.exp(-gain)) / np.sqrt(samples)
    ratio = np.sqrt(samples * feature_budget / weight_budget)
    return float(product * ratio), float(product / ratio)
