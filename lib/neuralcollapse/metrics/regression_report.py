"""All metrics of regression collapse in one call, and the report it returns."""

from dataclasses import asdict, dataclass

import numpy as np

from neuralcollapse.geometry.arrays import as_points
from neuralcollapse.metrics.regression import (
    best_gamma,
    check_weight,
    is_isotropic,
    nrc3,
    target_root,
)
from neuralcollapse.metrics.regression_plane import explained_variance, nrc1, nrc2


@dataclass(frozen=True)
class RegressionReport:
    r"""What `regression_report` found; every metric is dimensionless and 0 at collapse.

    Attributes
    ----------
    num_samples, num_targets, num_features : int
    nrc1, nrc2 : float
        As published, and so None if a feature is zero.
    nrc1_centered, nrc2_centered : float
        Shares of the variance.
    nrc3 : float
        None for one target, where it says nothing.
    gamma : float
        As given, or the best; None where every one does the same, or there is no NRC3.
    explained_variance : tuple of float
        The first `num_targets` shares.
    mean_share : float
        Share of the mean feature in the energy, $\|\bar h\|^2/\operatorname{Avg}_i\|h_i\|^2$.
    """

    num_samples: int
    num_targets: int
    num_features: int
    nrc1: float | None
    nrc1_centered: float
    nrc2: float | None
    nrc2_centered: float
    nrc3: float | None
    gamma: float | None
    explained_variance: tuple
    mean_share: float

    def to_dict(self):
        """Return sizes and metrics as a plain dictionary, ready for JSON."""
        return asdict(self)

    def __str__(self):
        head = (
            f"Regression collapse of {self.num_samples} samples, {self.num_targets} targets, "
            f"{self.num_features} features (0 = collapsed)"
        )
        names = ("nrc1", "nrc1_centered", "nrc2", "nrc2_centered", "nrc3", "gamma", "mean_share")
        values = {name: getattr(self, name) for name in names}
        lines = [f"{n:<16}{'none' if v is None else f'{v:.4g}':>11}" for n, v in values.items()]
        return "\n".join([head, *lines])

    __repr__ = __str__


def regression_report(features, targets, weight, *, gamma=None):
    """Measure NRC1 to NRC3 of a network, published and centred.

    Parameters
    ----------
    features : array_like or Tensor, shape (num_samples, num_features)
        Inputs of the last layer.
    targets : array_like or Tensor, shape (num_samples, num_targets)
    weight : array_like or Tensor, shape (num_targets, num_features)
        Of the last layer.
    gamma : float, optional
        As `nrc3` takes it.

    Returns
    -------
    RegressionReport

    Raises
    ------
    ValueError
        If shapes do not fit, or a value is NaN or infinite.
    DegenerateGeometryError
        If the layer is zero, or features or targets are constant.

    Examples
    --------
    >>> targets = [[2.0, 0.0], [-2.0, 0.0], [0.0, 1.0], [0.0, -1.0]]
    >>> report = regression_report(targets, targets, [[2.0, 0.0], [0.0, 0.0]])
    >>> round(report.nrc2, 12), round(report.gamma, 12)
    (0.5, 0.5)
    """
    features, targets = as_points(features, "features"), as_points(targets, "targets")
    weight = as_points(weight, "weight")
    if len(features) != len(targets):
        raise ValueError(
            f"targets: expected {len(features)} rows, one a feature vector, got {len(targets)}"
        )
    count, live = targets.shape[1], np.abs(features).max(axis=1).all()
    check_weight(weight, count)
    vague = count == 1 or (gamma is None and is_isotropic(target_root(targets)))
    if gamma is None and not vague:
        gamma = best_gamma(weight, targets)
    return RegressionReport(
        *(len(features), count, features.shape[1]),
        nrc1=nrc1(features, count) if live else None,
        nrc1_centered=nrc1(features, count, centered=True),
        nrc2=nrc2(features, weight) if live else None,
        nrc2_centered=nrc2(features, weight, centered=True),
        nrc3=None if count == 1 else nrc3(weight, targets, gamma=gamma),
        gamma=None if vague else float(gamma),
        explained_variance=tuple(explained_variance(features)[:count].tolist()),
        mean_share=float(
            np.square(features.mean(axis=0)).sum() / np.square(features).sum(axis=1).mean()
        ),
    )
