r"""The squared loss with free features and a linear core: every minimum in closed form.

The objective is $\frac1{2N}\|WRH^\top-Y\|_F^2$ plus the three penalties of `costs`, with one-hot
targets $Y$ of class sizes $n_c$. Singular values of $Y$ are $\sqrt{n_c}$, and the problem falls
apart into one for each class: $\min_s\frac1{2N}(s-\sqrt{n_c})^2+\lambda_A\psi(c_0s/\lambda_A)$ with
$c_0=\sqrt{\lambda_W\lambda_H}$.
"""

from dataclasses import dataclass, field

import numpy as np

from neuralcollapse.geometry.arrays import as_positive, as_whole
from neuralcollapse.theory.equilibrium.costs import core_cost, core_weight


@dataclass(frozen=True)
class LinearOptimum:
    r"""The infimum of the squared loss with a linear core.

    Attributes
    ----------
    core : str
    class_sizes : tuple of int
    value : float
        Of the objective, dimensionless.
    gains : ndarray, shape (num_classes,)
        Singular value $s_c$ of the outputs for each class; $\sqrt{n_c}$ fits exactly, 0 says that
        the class is given up.
    weights : ndarray, shape (num_classes,)
        Eigenvalue of $A$ for each class.
    attained : bool
        False where an equilibrium would need the eigenvalue 1: the value is approached only.
    """

    core: str
    class_sizes: tuple
    value: float
    gains: np.ndarray
    weights: np.ndarray
    attained: bool
    decays: tuple = field(repr=False)

    @property
    def fits(self):
        """Share of its target that each class reaches, $s_c/\\sqrt{n_c}$, from 0 to 1."""
        return self.gains / np.sqrt(self.class_sizes)


def linear_optimum(class_sizes, *, core="equilibrium", weight_decay, feature_decay, layer_decay):
    r"""Solve the squared loss with a linear core, whatever the class sizes.

    Parameters
    ----------
    class_sizes : sequence of int
        $n_c$, at least two classes.
    core : {"none", "one_step", "equilibrium", "explicit"}
    weight_decay, feature_decay, layer_decay : float
        $\lambda_W$, $\lambda_H$, $\lambda_A$, positive.

    Returns
    -------
    LinearOptimum
        It takes at least `num_classes` features to reach it.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    With balanced classes, $c=Kc_0\sqrt n$ and $\ell=K\lambda_A$, an equilibrium has the value
    $\frac12-\frac{(1-c)^2}{2(1-c^2/\ell)}$ if $c<1$ and $c<\ell$, $\frac\ell2$ (not attained) if
    $\ell<1$ and $\ell\le c$, and $\frac12$ with all weights zero otherwise.

    Examples
    --------
    >>> optimum = linear_optimum([4, 4], weight_decay=0.125, feature_decay=0.125, layer_decay=1)
    >>> optimum.fits.round(6).tolist(), optimum.weights.round(6).tolist()  # c = 1/2, l = 2
    ([0.571429, 0.571429], [0.142857, 0.142857])
    """
    sizes, base, decay = _check_problem(class_sizes, weight_decay, feature_decay, layer_decay)
    core_weight(core, 0)  # names an unknown core
    total = sum(sizes)
    gains = np.zeros(len(sizes))
    values = np.zeros(len(sizes))
    for place, size in enumerate(sizes):
        target = np.sqrt(size)
        tried = np.array([0.0, *_stationary(core, target, total, base, decay)])
        found = (tried - target) ** 2 / (2 * total) + decay * core_cost(core, base * tried / decay)
        best = int(found.argmin())
        gains[place], values[place] = tried[best], found[best]
    weights = core_weight(core, base * gains / decay)
    return LinearOptimum(
        core=core,
        class_sizes=sizes,
        value=float(values.sum()),
        gains=gains,
        weights=weights,
        attained=bool(core != "equilibrium" or (weights < 1).all()),
        decays=(float(weight_decay), float(feature_decay), float(layer_decay)),
    )


def realise_optimum(optimum, dimension):
    r"""Build one minimiser.

    Parameters
    ----------
    optimum : LinearOptimum
        With its value attained.
    dimension : int
        Of the features, at least the number of classes.

    Returns
    -------
    weight : ndarray, shape (num_classes, dimension)
        Orthogonal rows.
    matrix : ndarray, shape (dimension, dimension)
        $A$, diagonal here.
    features : ndarray, shape (num_samples, dimension)
        Classes one after another, along the rows of `weight`.

    Raises
    ------
    ValueError
        If the value is not attained, or the dimension is too small.

    Examples
    --------
    >>> optimum = linear_optimum([4, 4], weight_decay=0.125, feature_decay=0.125, layer_decay=1)
    >>> weight, matrix, features = realise_optimum(optimum, 3)
    >>> outputs = features @ np.linalg.inv(np.eye(3) - matrix).T @ weight.T
    >>> outputs[0].round(6).tolist()
    [0.571429, 0.0]
    """
    if not optimum.attained:
        raise ValueError(
            "optimum: its value is approached, not attained; raise layer_decay above "
            "sqrt(weight_decay * feature_decay * class size)"
        )
    count = len(optimum.class_sizes)
    dimension = as_whole(dimension, "dimension", count, "one direction a class")
    gain = {
        "none": np.ones(count),
        "one_step": 1 + optimum.weights,
        "equilibrium": 1 / (1 - optimum.weights),
        "explicit": np.where(optimum.gains > 0, optimum.weights, 1),
    }[optimum.core]
    weight_decay, feature_decay, _ = optimum.decays
    balance = np.sqrt(feature_decay / weight_decay)
    product = optimum.gains / gain
    weight, matrix = np.zeros((count, dimension)), np.zeros((dimension, dimension))
    centers = np.zeros((count, dimension))
    places = np.arange(count)
    weight[places, places] = np.sqrt(product * balance)
    matrix[places, places] = optimum.weights
    centers[places, places] = np.sqrt(product / balance / optimum.class_sizes)
    return weight, matrix, np.repeat(centers, optimum.class_sizes, axis=0)


def _stationary(core, target, total, base, decay):
    """Positive singular values at which the objective of a class may be least."""
    if core == "none":
        return [max(target - total * base, 0.0)]
    if core == "equilibrium":
        within = []
        if target > total * base and decay > base * target:
            within = [(target - total * base) / (1 - total * base**2 / decay)]
        # Beyond the demand 1 the cost is flat, so the target itself is best.
        return within + ([target] if base * target >= decay else [])
    if core == "explicit":
        price = total * np.cbrt(base**2 * decay)
        return [root**3 for root in _real_roots([1, 0, 0, -target, price]) if root > 0]
    roots = _real_roots([decay / base, -decay / base, 0, -target, total * base])
    return [decay / base * (root - 1) * root**2 for root in roots if root > 1]


def _real_roots(coefficients):
    roots = np.roots(coefficients)
    found = roots[np.abs(roots.imag) < 1e-7 * np.maximum(np.abs(roots), 1)].real
    slope = np.polyder(coefficients)
    for _ in range(3):  # companion matrices lose digits at nearly double roots
        found = found - np.polyval(coefficients, found) / np.polyval(slope, found)
    return found


def _check_problem(class_sizes, weight_decay, feature_decay, layer_decay):
    sizes = tuple(as_whole(size, "class_sizes", 1) for size in class_sizes)
    if len(sizes) < 2:
        raise ValueError(f"class_sizes: expected at least two classes, got {sizes}")
    decays = {
        "weight_decay": weight_decay,
        "feature_decay": feature_decay,
        "layer_decay": layer_decay,
    }
    for name, decay in decays.items():
        as_positive(decay, name)
    return sizes, float(np.sqrt(weight_decay * feature_decay)), float(layer_decay)
