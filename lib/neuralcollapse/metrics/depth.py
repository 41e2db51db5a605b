r"""Collapse layer by layer: ranks before and after the ReLU, spread, and orthogonality.

Deep collapse asks every layer for what the last one has: samples equal their class mean, and class
means after the ReLU are orthogonal and of one length. The rank of the class means *before* the ReLU
is what tells it from cheaper solutions [sukenik2024]: K or K - 1 at collapse, less otherwise.
"""

from dataclasses import dataclass

import numpy as np

from neuralcollapse.geometry.arrays import as_points, as_tolerance
from neuralcollapse.metrics.variability import within_class_variability_trace
from neuralcollapse.metrics.vectors import DegenerateGeometryError
from neuralcollapse.statistics import ClassStatistics, as_features, as_labels


@dataclass(frozen=True)
class RankProfile:
    """Ranks of class means, layer by layer, and the spectra they were read from.

    Attributes
    ----------
    tolerance : float
        Singular values above this share of the largest count.
    before, after : tuple of int
        Ranks before and after the ReLU; 0 for a zero matrix.
    spectra_before, spectra_after : tuple of ndarray
        All singular values, falling, in the units of the layer.
    """

    tolerance: float
    before: tuple
    after: tuple
    spectra_before: tuple
    spectra_after: tuple


@dataclass(frozen=True)
class DepthReport:
    """How far each layer is from deep collapse.

    Attributes
    ----------
    profile : RankProfile
        Of the class means.
    variability : tuple of float
        DNC1 before the ReLU: trace of the scatter within classes over that between them; 0 at
        collapse, NaN where all class means coincide.
    orthogonality : tuple of float
        DNC2 after the ReLU: `orthogonality_deviation`; 0 at collapse, NaN where nothing is left.
    """

    profile: RankProfile
    variability: tuple
    orthogonality: tuple


def rank_profile(layers, *, tolerance=1e-3):
    """Ranks of matrices of class means before and after the ReLU.

    Parameters
    ----------
    layers : sequence of array_like, shape (num_units, num_classes)
        One a layer, before the ReLU; rows and columns may be exchanged.
    tolerance : float
        Share of the largest singular value above which one counts; in [0, 1).

    Returns
    -------
    RankProfile

    Raises
    ------
    ValueError
        If there is no layer, one is not a finite table, or the tolerance is out of range.

    Examples
    --------
    >>> profile = rank_profile([[[1, -1], [-1, 1]]])  # the ReLU gives a rank back
    >>> profile.before, profile.after
    ((1,), (2,))
    """
    tolerance = as_tolerance(tolerance)
    layers = [as_points(layer, f"layers[{place}]") for place, layer in enumerate(layers)]
    if not layers:
        raise ValueError("layers: expected at least one")
    before, after = (
        tuple(np.linalg.svd(layer, compute_uv=False) for layer in found)
        for found in (layers, [np.maximum(layer, 0) for layer in layers])
    )
    return RankProfile(
        tolerance, _ranks(before, tolerance), _ranks(after, tolerance), before, after
    )


def orthogonality_deviation(matrix):
    r"""Distance of class means after the ReLU from orthogonal vectors of one length.

    Parameters
    ----------
    matrix : array_like, shape (num_units, num_classes)
        Before the ReLU, one column a class.

    Returns
    -------
    float
        $\bigl\|\frac{G}{\|G\|_F}-\frac{I}{\sqrt K}\bigr\|_F$ with $G=\sigma(M)^\top\sigma(M)$;
        dimensionless, in $[0,\sqrt2)$, 0 at deep collapse.

    Raises
    ------
    DegenerateGeometryError
        If nothing is left after the ReLU.

    Examples
    --------
    >>> round(orthogonality_deviation([[3, -1], [-2, 3]]), 12)
    0.0
    """
    positive = np.maximum(as_points(matrix, "matrix"), 0)
    largest = positive.max()
    if largest == 0:
        raise DegenerateGeometryError("matrix: no entry is positive, the ReLU leaves nothing")
    gram = (positive / largest).T @ (positive / largest)
    return float(
        np.linalg.norm(gram / np.linalg.norm(gram) - np.eye(len(gram)) / np.sqrt(len(gram)))
    )


def depth_report(layers, labels, *, tolerance=2e-2):
    """Measure deep collapse of a trained network.

    Parameters
    ----------
    layers : sequence of array_like or Tensor, shape (num_samples, num_units)
        Outputs of linear layers before their ReLU, one row a sample.
    labels : array_like or Tensor of integers, shape (num_samples,)
        Class indices from 0; every class has a sample.
    tolerance : float
        Of the ranks, as for `rank_profile`; larger here, for trained networks leave small values.

    Returns
    -------
    DepthReport

    Raises
    ------
    TypeError, ValueError
        If lengths or dtypes do not fit, a class is empty, or there is no layer.

    Examples
    --------
    >>> report = depth_report([[[1.0, 0.0], [3.0, 0.0], [0.0, 2.0]]], [0, 0, 1])
    >>> report.profile.before, report.variability, report.orthogonality
    ((2,), (0.25,), (0.0,))
    """
    means, variability, orthogonality = [], [], []
    for place, layer in enumerate(layers):
        layer = as_features(layer, f"layers[{place}]")
        classes = as_labels(labels, len(layer), None)
        count = int(classes.max()) + 1
        statistics = ClassStatistics(count, layer.shape[1]).update(layer, classes)
        if len(statistics.present) < count:
            raise ValueError("labels: expected a sample of every class up to the largest label")
        means.append(statistics.means.numpy().T)
        variability.append(_or_nan(within_class_variability_trace, statistics))
        orthogonality.append(_or_nan(orthogonality_deviation, means[-1]))
    profile = rank_profile(means, tolerance=tolerance)
    return DepthReport(profile, tuple(variability), tuple(orthogonality))


def _ranks(spectra, tolerance):
    return tuple(int((values > tolerance * values[0]).sum()) for values in spectra)


def _or_nan(metric, argument):
    try:
        return metric(argument)
    except DegenerateGeometryError:
        return float("nan")
