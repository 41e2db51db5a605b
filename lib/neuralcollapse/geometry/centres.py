r"""Several fixed centres a class, built over a simplex.

Class k has the simplex row $w_k$ and $f_k$ centres $\cos\theta\,v_{kj}+\sin\theta\,w_k$, where all
$v_{kj}$ are orthonormal and orthogonal to the simplex. Classes with more centres have a mean
centre that leans further towards $w_k$.
"""

from dataclasses import dataclass

import numpy as np

from neuralcollapse.geometry.arrays import as_number, as_positive, as_reals, as_whole
from neuralcollapse.geometry.frames import simplex_etf


@dataclass(frozen=True)
class MultiCentres:
    r"""A simplex with several centres around each row; read as rows, all of length 1.

    Attributes
    ----------
    weights : ndarray, shape (num_classes, dimension), float64
        The simplex.
    centres : ndarray, shape (num_centres.sum(), dimension), float64
        Centres of the first class, then of the second, and so on.
    num_centres : ndarray, shape (num_classes,), int
    angle : float
        $\theta$, in radians.
    """

    weights: np.ndarray
    centres: np.ndarray
    num_centres: np.ndarray
    angle: float

    @property
    def means(self):
        r"""Mean centre of each class, of length $\sqrt{\sin^2\theta+\cos^2\theta/f_k}$."""
        ends = np.cumsum(self.num_centres)[:-1]
        return np.stack([part.mean(axis=0) for part in np.split(self.centres, ends)])

    @property
    def directions(self):
        """Mean centres scaled to length 1, shape (num_classes, dimension)."""
        means = self.means
        return means / np.linalg.norm(means, axis=1, keepdims=True)

    @property
    def gains(self):
        """Logit of each direction at its own row of the simplex: `logit_gain` of each class."""
        return (self.weights * self.directions).sum(axis=1)


def multi_centres(num_centres, angle, dimension=None):
    r"""Build a simplex with several centres around each row.

    Parameters
    ----------
    num_centres : array_like of int, shape (num_classes,)
        Centres $f_k$ of each class, at least 1.
    angle : float
        $\theta$ in radians, above 0 and up to $\pi/2$, where all centres of a class coincide with
        its row.
    dimension : int, optional
        Of the space, at least the default $K-1+\sum_kf_k$. Further coordinates are zero.

    Returns
    -------
    MultiCentres

    Raises
    ------
    ValueError
        If there are fewer than two classes, or a number is out of range.

    Notes
    -----
    A reconstruction in the spirit of [yan2024].

    Examples
    --------
    >>> built = multi_centres([1, 4], np.pi / 6)
    >>> built.centres.shape
    (5, 6)
    >>> np.linalg.norm(built.means, axis=1).round(6)
    array([1.      , 0.661438])
    """
    counts = np.atleast_1d(num_centres)
    counts = np.array([as_whole(count, "num_centres", 1) for count in counts.tolist()])
    angle = as_number(angle, "angle")
    if not 0 < angle <= np.pi / 2:
        raise ValueError(f"angle: expected a number above 0 and up to pi/2, got {angle}")
    least = len(counts) - 1 + int(counts.sum())
    dimension = least if dimension is None else as_whole(dimension, "dimension", 1)
    if dimension < least:
        raise ValueError(
            f"dimension: {len(counts)} classes with {counts.sum()} centres need at least {least} "
            f"dimensions, got {dimension}; take fewer centres"
        )
    weights = simplex_etf(len(counts), dimension)
    across = np.eye(least, dimension)[len(counts) - 1 :]
    along = np.repeat(weights, counts, axis=0)
    return MultiCentres(weights, np.cos(angle) * across + np.sin(angle) * along, counts, angle)


def class_aware_counts(class_sizes, average=20, *, exponent=0.5):
    r"""Give rare classes more centres: $f_k\propto n_k^{-q}$, of a given average.

    Parameters
    ----------
    class_sizes : array_like, shape (num_classes,)
        Training samples of each class, positive.
    average : float
        Centres a class on average, before rounding; positive.
    exponent : float
        $q$; 0 gives every class as many.

    Returns
    -------
    ndarray, shape (num_classes,), int
        Rounded, at least 1.

    Raises
    ------
    ValueError
        If a number is out of range.

    Notes
    -----
    Our rule; [yan2024] has one of its own.

    Examples
    --------
    >>> class_aware_counts([100, 25, 4], 17)
    array([ 6, 13, 32])
    """
    sizes = as_reals(class_sizes, "class_sizes")
    if sizes.ndim != 1 or sizes.size == 0 or sizes.min() <= 0:
        raise ValueError(f"class_sizes: expected positive numbers, one a class, got {class_sizes}")
    average, exponent = as_positive(average, "average"), as_number(exponent, "exponent")
    shares = sizes**-exponent
    counts = np.rint(average * len(sizes) * shares / shares.sum())
    return np.maximum(1, counts).astype(int)


def logit_gain(num_centres, angle):
    r"""Logit at its own simplex row of a unit feature along its mean centre.

    Parameters
    ----------
    num_centres : array_like, shape (...)
        $f$, positive.
    angle : float
        $\theta$, in radians.

    Returns
    -------
    ndarray, shape (...), float64
        $g(f)=\sqrt f\sin\theta/\sqrt{f\sin^2\theta+\cos^2\theta}$, rising from $\sin\theta$ at
        $f=1$ to 1; dimensionless.

    Raises
    ------
    ValueError
        If a number is out of range.

    Examples
    --------
    >>> logit_gain([1, 3], np.pi / 6).round(6)
    array([0.5     , 0.707107])
    """
    counts, angle = as_reals(num_centres, "num_centres"), as_number(angle, "angle")
    if counts.size == 0 or counts.min() <= 0:
        raise ValueError(f"num_centres: expected positive numbers, got {num_centres}")
    along, across = np.sqrt(counts) * np.sin(angle), np.cos(angle)
    return along / np.hypot(along, across)
