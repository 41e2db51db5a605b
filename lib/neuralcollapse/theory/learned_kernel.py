r"""The kernel that suits the labels best: what ridge regression pays, and the least it can pay.

Kernel ridge regression of targets $Y$ on a Gram matrix $G$ costs

$$\min_\alpha\|Y-G\alpha\|_F^2+\mu\operatorname{tr}\alpha^\top G\alpha
=\mu\operatorname{tr}Y^\top(G+\mu I)^{-1}Y .$$

Now let $G$ vary too, among positive semi-definite matrices with ones on the diagonal.
"""

import numpy as np

from neuralcollapse.geometry.arrays import as_points, as_positive

__all__ = ["best_cosine", "least_ridge_value", "ridge_value"]


def ridge_value(gram, targets, ridge):
    r"""Return $\operatorname{tr}Y^\top(G+\mu I)^{-1}Y$, the cost of ridge regression over $\mu$.

    Parameters
    ----------
    gram : array_like, shape (num_samples, num_samples)
        Symmetric, positive semi-definite.
    targets : array_like, shape (num_samples, num_outputs)
    ridge : float
        $\mu$, positive.

    Returns
    -------
    float
        At least 0; in the units of squared targets, over those of the Gram matrix.

    Raises
    ------
    ValueError
        If shapes do not fit or the ridge is not positive.

    Examples
    --------
    >>> ridge_value([[1.0]], [[3.0]], 2.0)
    3.0
    """
    gram, targets = as_points(gram, "gram"), as_points(targets, "targets")
    ridge = as_positive(ridge, "ridge")
    if gram.shape != (len(targets), len(targets)):
        raise ValueError(
            f"gram: expected shape ({len(targets)}, {len(targets)}), one row a target, got "
            f"{gram.shape}"
        )
    return float((targets * np.linalg.solve(gram + ridge * np.eye(len(gram)), targets)).sum())


def least_ridge_value(class_sizes, ridge):
    r"""Least `ridge_value` of one-hot targets over all Gram matrices with unit diagonal.

    Parameters
    ----------
    class_sizes : sequence of int
    ridge : float
        $\mu$, positive.

    Returns
    -------
    float
        $\sum_c\frac{n_c}{n_c+\mu}$, attained at $G=YY^\top$ and nowhere else.

    Raises
    ------
    ValueError
        If the ridge is not positive.

    Examples
    --------
    >>> least_ridge_value([1, 3], 1.0)
    1.25
    """
    ridge = as_positive(ridge, "ridge")
    return float(sum(size / (size + ridge) for size in class_sizes))


def best_cosine(num_classes, samples_per_class, ridge):
    r"""Cosine between classes in the best Gram matrix for targets $2e_y-\mathbf 1$.

    Parameters
    ----------
    num_classes, samples_per_class : int
    ridge : float
        $\mu$, positive.

    Returns
    -------
    float
        $(1+\frac\mu n)\frac{K-4}{3K-4}$, where it lies between $-\frac1{K-1}$ and 1, and the nearer
        of the two otherwise: 0 for four classes.

    Examples
    --------
    >>> best_cosine(4, 7, 0.1), round(best_cosine(10, 1, 0.3), 12)
    (0.0, 0.3)
    """
    slack = 1 + as_positive(ridge, "ridge") / samples_per_class
    cosine = slack * (num_classes - 4) / (3 * num_classes - 4)
    return float(np.clip(cosine, -1 / (num_classes - 1), 1))
