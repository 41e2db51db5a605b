r"""Curvature of the objective where nothing has been learnt, and flat directions where all has.

At zero weights and features the Hessian couples only $W$ and $H$, through the gradient $G$ with
respect to the logits, whose non-zero singular values are all $\frac1{K\sqrt n}$. So it splits into
blocks $\begin{pmatrix}\lambda_W&-\sigma\\-\sigma&\lambda_H\end{pmatrix}$.
"""

import numpy as np

from neuralcollapse.geometry.arrays import as_whole
from neuralcollapse.theory.unconstrained.optima import LOSSES, free_regularisation


def zero_spectrum(
    num_classes,
    samples_per_class,
    dimension,
    *,
    weight_decay,
    feature_decay,
    loss="cross_entropy",
    biased=True,
):
    r"""Return all eigenvalues of the Hessian at zero weights and features.

    Parameters
    ----------
    num_classes, samples_per_class, dimension : int
        At least 2, 1 and 1.
    weight_decay, feature_decay : float
        Positive.
    loss : {"cross_entropy", "squared"}
    biased : bool
        Whether there is a bias. It is taken at its optimum, where it is uniform.

    Returns
    -------
    ndarray, shape (num_parameters,), float64
        Ascending; the least is
        $\frac{\lambda_W+\lambda_H}2-\sqrt{\frac{(\lambda_W-\lambda_H)^2}4+\frac1{nK^2}}$, negative
        if and only if $c<1$.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Examples
    --------
    >>> zero_spectrum(2, 1, 1, weight_decay=0.25, feature_decay=0.25, biased=False).tolist()
    [-0.25, 0.25, 0.25, 0.75]
    """
    if loss not in LOSSES:
        raise ValueError(f"loss: expected one of {LOSSES}, got {loss!r}")
    free_regularisation(
        num_classes, samples_per_class, weight_decay=weight_decay, feature_decay=feature_decay
    )
    dimension = as_whole(dimension, "dimension", 1)
    count, num_samples = int(num_classes), int(num_classes) * int(samples_per_class)
    coupled = count if loss == "squared" and not biased else count - 1
    mean, half = (weight_decay + feature_decay) / 2, (weight_decay - feature_decay) / 2
    root = np.hypot(half, 1 / (count * np.sqrt(samples_per_class)))
    values = [mean - root] * (coupled * dimension) + [mean + root] * (coupled * dimension)
    values += [weight_decay] * ((count - coupled) * dimension)
    values += [feature_decay] * ((num_samples - coupled) * dimension)
    if biased and loss == "squared":
        values += [1.0] * count
    elif biased:
        values += [0.0] + [1 / count] * (count - 1)
    return np.sort(np.array(values, dtype=np.float64))


def orbit_dimension(rank, dimension):
    r"""Return the dimension of the set of all rotations of vectors of a given rank.

    Parameters
    ----------
    rank : int
        Dimensions the vectors span, from 0.
    dimension : int
        Of the space, at least `rank`.

    Returns
    -------
    int
        $rd-\frac{r(r+1)}2$: rotations of $\R^d$, less those that leave the vectors where they are.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Examples
    --------
    >>> orbit_dimension(1, 3), orbit_dimension(2, 3), orbit_dimension(3, 3)
    (2, 3, 3)
    """
    rank = as_whole(rank, "rank", 0)
    dimension = as_whole(dimension, "dimension", rank)
    return rank * dimension - rank * (rank + 1) // 2
