r"""Class vectors of frequent and of rare classes: angles within each group, and lengths.

With classes of unequal size the simplex is gone, and one number for all pairs mixes what differs.
Minority collapse [fang2021] is read from the cosine *within* the rare classes, which goes to 1;
the lengths say whether vectors of cosine 1 are one vector.
"""

from dataclasses import dataclass

import torch

from neuralcollapse.metrics.vectors import as_unit_vectors, as_vectors


@dataclass(frozen=True)
class ImbalanceReport:
    r"""Angles and lengths of class vectors, group by group.

    Attributes
    ----------
    majority, minority : float
        Mean cosine over pairs within the group, in [-1, 1]; $-1/(K-1)$ for a simplex, 1 where the
        group has one direction; NaN for a group of one class.
    between : float
        Mean cosine over pairs of one of each; $-1/(K-1)$ for a simplex.
    minority_spread : float
        Largest distance of a rare class's vector from their mean, as a share of the mean length
        of all vectors; 0 where the rare classes are one vector.
    length_ratio : float
        Mean length of the rare classes over that of the others; 1 for a simplex.
    """

    majority: float
    minority: float
    between: float
    minority_spread: float
    length_ratio: float

    def __str__(self):
        rows = (
            ("cosine, frequent classes", self.majority),
            ("cosine, rare classes", self.minority),
            ("cosine, one of each", self.between),
            ("spread of the rare classes", self.minority_spread),
            ("length, rare over frequent", self.length_ratio),
        )
        return "\n".join(f"{name:<28}{value:>9.4f}" for name, value in rows)

    __repr__ = __str__


def imbalance_report(vectors, minority, *, center=False):
    """Compare class vectors within and between two groups of classes.

    Parameters
    ----------
    vectors : array_like or Tensor, shape (num_classes, num_features)
        Rows of a classifier, or centred class means.
    minority : sequence of int
        Which classes are rare; some, not all, each once.
    center : bool
        Whether to subtract the mean row first: softmax does not see it.

    Returns
    -------
    ImbalanceReport

    Raises
    ------
    ValueError
        If `minority` names no class, all, one twice or one that is not there.
    DegenerateGeometryError
        If a vector is zero.

    Notes
    -----
    Source: [fang2021] for the cosine of rare classes, here for the rest.

    Examples
    --------
    >>> imbalance_report([[2.0, 0.0], [0.0, 1.0], [0.0, 1.0]], [1, 2])
    cosine, frequent classes          nan
    cosine, rare classes           1.0000
    cosine, one of each            0.0000
    spread of the rare classes     0.0000
    length, rare over frequent     0.5000
    """
    vectors = as_vectors(vectors)
    if center:
        vectors = vectors - vectors.mean(0)
    rare = _as_mask(minority, len(vectors)).to(vectors.device)
    unit = as_unit_vectors(vectors)
    lengths = vectors.norm(dim=1)
    spread = (vectors[rare] - vectors[rare].mean(0)).norm(dim=1).max()
    return ImbalanceReport(
        _mean_cosine(unit[~rare]),
        _mean_cosine(unit[rare]),
        float(unit[~rare].mean(0) @ unit[rare].mean(0)),
        float(spread / lengths.mean()),
        float(lengths[rare].mean() / lengths[~rare].mean()),
    )


def _mean_cosine(unit):
    count = len(unit)
    if count < 2:
        return float("nan")
    return float((unit.sum(0).square().sum() - unit.square().sum()) / (count * (count - 1)))


def _as_mask(minority, count):
    classes = [int(c) for c in minority]
    mask = torch.zeros(count, dtype=torch.bool)
    inside = all(0 <= c < count for c in classes)
    if not classes or not inside or len(set(classes)) < len(classes) or len(classes) == count:
        raise ValueError(
            f"minority: expected some but not all of the classes 0 to {count - 1}, each once, "
            f"got {classes}"
        )
    mask[classes] = True
    return mask
