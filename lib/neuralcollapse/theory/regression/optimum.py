r"""Free features for regression: the optimum in closed form.

$N$ targets $y_i\in\R^n$ are the rows of $Y$, with mean $\bar y$ and covariance $\Sigma$
(ddof = 0), $\Sigma=U\operatorname{diag}(\lambda_j)U^\top$. Over a layer $W\in\R^{n\times d}$ with
bias $b$ and free features $h_i$, rows of $H\in\R^{N\times d}$, minimise

$$\frac1{2N}\|HW^\top+\mathbf 1b^\top-Y\|_F^2+\frac{\lambda_H}{2N}\|H\|_F^2
+\frac{\lambda_W}2\|W\|_F^2 .$$

Both decays together cost $\sqrt{\lambda_W\lambda_H/N}$ times the nuclear norm of $HW^\top$, so
the singular values of the centred targets lose $\sqrt{Nc}$, $c=\lambda_H\lambda_W$, and those below
vanish [andriopoulos2024]; eigenbasis form, few dimensions and proofs: the book.
"""

from dataclasses import dataclass

import numpy as np

from neuralcollapse.geometry.arrays import as_points, as_positive, as_whole


@dataclass(frozen=True, eq=False)
class RegressionOptimum:
    r"""The global minimum, up to rotation of the features.

    Attributes
    ----------
    targets : ndarray, shape (num_samples, num_targets), float64
    weight_decay, feature_decay : float
        $\lambda_W$ and $\lambda_H$, positive.
    eigenvalues : ndarray, shape (num_targets,), float64
        Of the covariance of the targets, in falling order; squared units of the targets.
    eigenvectors : ndarray, shape (num_targets, num_targets), float64
        In columns.
    rank : int
        Number of eigenvalues above `regularisation`, or the dimension if that is less.
    """

    targets: np.ndarray
    weight_decay: float
    feature_decay: float
    eigenvalues: np.ndarray
    eigenvectors: np.ndarray
    rank: int

    @property
    def regularisation(self):
        r"""$c=\lambda_H\lambda_W$, in squared units of the targets."""
        return self.feature_decay * self.weight_decay

    @property
    def kept(self):
        r"""What is left of the roots: $\sqrt{\lambda_j}-\sqrt c$ or 0, shape (num_targets,)."""
        left = np.sqrt(self.eigenvalues) - np.sqrt(self.regularisation)
        left[self.rank :] = 0
        return left

    @property
    def weight_gram(self):
        r"""$\sqrt{\lambda_H/\lambda_W}\,U\operatorname{diag}(\sqrt{\lambda_j}-\sqrt c)_+U^\top$."""
        return np.sqrt(self.feature_decay / self.weight_decay) * self._table(self.kept)

    @property
    def residual_covariance(self):
        r"""$U\operatorname{diag}(\min(\lambda_j,c))U^\top$: white if $c$ is the least of these."""
        left = self.eigenvalues.copy()
        left[: self.rank] = self.regularisation
        return self._table(left)

    @property
    def objective(self):
        """The least value, in squared units of the targets."""
        c, kept, lost = self.regularisation, *np.split(self.eigenvalues, [self.rank])
        return float((np.sqrt(c * kept) - c / 2).sum() + lost.sum() / 2)

    def factors(self, dimension):
        """Return one optimum.

        Parameters
        ----------
        dimension : int
            Of the features, at least `rank`.

        Returns
        -------
        weight : ndarray, shape (num_targets, dimension), float64
        features : ndarray, shape (num_samples, dimension), float64
        bias : ndarray, shape (num_targets,), float64

        Raises
        ------
        ValueError
            If the dimension is not whole or too small.

        Examples
        --------
        >>> optimum = regression_optimum([[3.0], [-3.0]], weight_decay=1, feature_decay=1)
        >>> weight, features, bias = optimum.factors(1)
        >>> (features @ weight.T + bias).round(12).ravel()  # 3 less sqrt(c) = 1
        array([ 2., -2.])
        """
        dimension = as_whole(dimension, "dimension", max(1, self.rank), "the rank of this optimum")
        scale = (self.feature_decay / self.weight_decay) ** 0.25
        rows = np.zeros((self.rank, dimension))
        rows[:, : self.rank] = np.diag(scale * np.sqrt(self.kept[: self.rank]))
        basis = self.eigenvectors[:, : self.rank]
        mean = self.targets.mean(axis=0)
        scores = (self.targets - mean) @ basis / np.sqrt(self.eigenvalues[: self.rank])
        return basis @ rows, scores @ rows / scale**2, mean

    def _table(self, diagonal):
        return (self.eigenvectors * diagonal) @ self.eigenvectors.T


def regression_optimum(targets, *, weight_decay, feature_decay, dimension=None):
    r"""Return the global minimum over layer, features and bias.

    Parameters
    ----------
    targets : array_like, shape (num_samples, num_targets)
    weight_decay, feature_decay : float
        $\lambda_W$ and $\lambda_H$, positive; $\lambda_H$ acts on the mean over samples.
    dimension : int, optional
        Of the features; at least as many as there are targets unless given.

    Returns
    -------
    RegressionOptimum

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    The objective is $\sum_{j\le r}(\sqrt{c\lambda_j}-\frac c2)+\frac12\sum_{j>r}\lambda_j$.
    Kept are the $r$ largest eigenvalues, those above $c$, but no more than there are dimensions.

    Examples
    --------
    >>> optimum = regression_optimum([[3.0], [-3.0]], weight_decay=1, feature_decay=1)
    >>> optimum.objective, optimum.weight_gram  # 3 - 1/2, and 3 - 1
    (2.5, array([[2.]]))
    """
    targets = as_points(targets, "targets")
    for name, value in (("weight_decay", weight_decay), ("feature_decay", feature_decay)):
        as_positive(value, name, "without decay there are many optima, and none need collapse")
    values, vectors = np.linalg.eigh(np.cov(targets.T, ddof=0).reshape(2 * targets.shape[1:]))
    values = np.maximum(values[::-1], 0)  # rounding may leave a negative one
    rank = int((values > weight_decay * feature_decay).sum())
    if dimension is not None:
        rank = min(rank, as_whole(dimension, "dimension", 1))
    return RegressionOptimum(
        targets, float(weight_decay), float(feature_decay), values, vectors[:, ::-1], rank
    )
