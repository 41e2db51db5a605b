r"""The plane of the two largest singular values, and the circle in it.

Rows $w_k$ of a code with singular values $\sigma_1\ge\sigma_2\ge\dots$ are projected on the span
of the first two right singular vectors; $r_k$ is the length of the projection. The plane goes
through the origin: no mean is removed. It is determined only if $\sigma_2>\sigma_3$; in a simplex
all singular values agree and every plane is as good as another, so what is measured in the plane
is then undefined.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from neuralcollapse.geometry.arrays import DegenerateGeometryError, as_points, as_whole
from neuralcollapse.geometry.cyclic.characters import scaled
from neuralcollapse.geometry.gram import participation_of

TIE = 1e-6  # of the largest singular value; rounding of float32 would choose in a smaller gap


def plane_coordinates(matrix):
    r"""Coordinates of the rows in the plane of the two largest singular values.

    Parameters
    ----------
    matrix : array_like or Tensor, shape (num_classes, dimension)
        Not zero.

    Returns
    -------
    ndarray, shape (num_classes, 2), float64
        In units of the matrix; the second coordinate is 0 if the rank is 1. Defined up to signs,
        and up to rotation where $\sigma_1=\sigma_2$.

    Raises
    ------
    ValueError
        If the matrix is zero or not finite, or $\sigma_2=\sigma_3>0$: there is no second direction.

    Examples
    --------
    >>> np.abs(plane_coordinates([[0, 3, 0], [0, 0, 2], [1, 0, 0]])).round(12)
    array([[3., 0.],
           [0., 2.],
           [0., 0.]])
    """
    return TopPlane.of(matrix, "matrix").coordinates * np.abs(as_points(matrix, "matrix")).max()


def plane_energy(matrix):
    r"""Share of the energy in the two largest singular values.

    Parameters
    ----------
    matrix : array_like or Tensor, shape (num_classes, dimension)
        Not zero.

    Returns
    -------
    float
        $(\sigma_1^2+\sigma_2^2)/\sum_i\sigma_i^2$; dimensionless, in (0, 1]. A circle has 1, but so
        has a line; a simplex has 2/(K - 1).

    Raises
    ------
    ValueError
        If the matrix is zero or not finite.

    Examples
    --------
    >>> plane_energy([[2, 0, 0], [0, 1, 0], [0, 0, 1]])
    0.8333333333333334
    """
    return TopPlane.of(matrix, "matrix").energy


def radius_variation(matrix):
    r"""Spread of the lengths of the rows in their plane.

    Parameters
    ----------
    matrix : array_like or Tensor, shape (num_classes, dimension)
        Not zero.

    Returns
    -------
    float
        Standard deviation (ddof = 0) of $r_k$ over their mean; dimensionless, at least 0, and 0
        on a circle about the origin.

    Raises
    ------
    ValueError
        As `plane_coordinates`.

    Examples
    --------
    >>> round(radius_variation([[3, 0], [0, 1]]), 12)
    0.5
    """
    return TopPlane.of(matrix, "matrix").radius_variation


def circularity(matrix):
    r"""How near the rows are to one circle about the origin that they go round evenly.

    Parameters
    ----------
    matrix : array_like or Tensor, shape (num_classes, dimension)
        Not zero.

    Returns
    -------
    float
        $\frac{2\sigma_2^2}{\sum_i\sigma_i^2}\cdot\frac{\bar r^2}{\overline{r^2}}$; dimensionless,
        in [0, 1]. It is 1 exactly if all rows have one length and lie in a plane, with as much
        energy along every direction of it, as a polygon does. It is 0 at rank 1, collapsed codes
        included.

    Raises
    ------
    ValueError
        As `plane_coordinates`.

    Notes
    -----
    The second factor is 1 over one plus the square of `radius_variation`. With $z_k$ the plane
    coordinates as complex numbers, the first is `plane_energy` times
    $1-|\sum_kz_k^2|/\sum_k|z_k|^2$. Neither sees the order of the rows.

    Examples
    --------
    >>> circularity([[1, 0], [0, 1], [-1, 0], [0, -1]]), circularity([[1, 0], [1, 0], [-1, 0]])
    (1.0, 0.0)
    """
    return TopPlane.of(matrix, "matrix").circularity


def off_plane_fraction(embeddings, weights, *, rank=2):
    r"""Share of the energy of the embeddings outside the leading directions of the classifier.

    Parameters
    ----------
    embeddings : array_like or Tensor, shape (num_points, dimension)
        Not zero; any number of rows. Features, the inputs of the classifier, serve as well.
    weights : array_like or Tensor, shape (num_classes, dimension)
        Of the same dimension.
    rank : int
        How many right singular vectors of the weights span the space; 2 is a plane, and 2 m is
        for m circles.

    Returns
    -------
    float
        $\|E(I-VV^\top)\|_F^2/\|E\|_F^2$, V the leading right singular vectors of W; dimensionless,
        in [0, 1], and 0 where the embeddings are locked to the classifier's plane.

    Raises
    ------
    ValueError
        If the dimensions differ, a table is zero, the weights have a smaller rank, or the space is
        not determined because singular values number `rank` and `rank + 1` agree.

    Notes
    -----
    Gradients of *features* lie in the classifier's span, so it is features that lock to its
    plane, and embeddings where the two share a plane: where features are sums of embeddings, or
    the plane is one complex coordinate of a clock network. Where a clock spreads over several
    coordinates, products turn the embeddings' plane into another one; compare the features then.

    The share is computed from the remainder, so a small one keeps its relative accuracy down to
    about 1e-32.

    Examples
    --------
    >>> off_plane_fraction([[3, 0, 4], [0, 0, 0]], [[1, 0, 0], [0, 1, 0]])
    0.64
    """
    embeddings = scaled(embeddings, "embeddings")
    weights = scaled(weights, "weights")
    rank = as_whole(rank, "rank", 1)
    if embeddings.shape[1] != weights.shape[1]:
        raise ValueError(
            f"embeddings: expected dimension {weights.shape[1]} as in weights, got "
            f"{embeddings.shape[1]}; the plane of the classifier lies in another space"
        )
    return outside(embeddings, *_singular(weights), rank)


def outside(embeddings, singular_values, directions, rank):
    """Share of the energy outside the first `rank` directions, refusing an undetermined span."""
    values = np.append(singular_values, np.zeros(max(0, rank + 1 - len(singular_values))))
    if values[rank - 1] - values[rank] <= TIE * values[0]:
        raise DegenerateGeometryError(
            f"weights: singular values {rank} and {rank + 1} agree ({values[rank - 1]:.3g} and "
            f"{values[rank]:.3g}), so no {rank} directions lead; choose another rank"
        )
    if rank == embeddings.shape[1]:
        return 0.0
    basis = directions[:rank]
    rest = embeddings - (embeddings @ basis.T) @ basis
    return float((rest**2).sum() / (embeddings**2).sum())


@dataclass(frozen=True)
class TopPlane:
    """Singular values of a scaled table, its right singular vectors, and what they determine."""

    points: np.ndarray
    singular_values: np.ndarray
    directions: np.ndarray
    name: str

    @classmethod
    def of(cls, matrix, name):
        """Decompose a table once for all that is measured in its plane."""
        points = scaled(matrix, name)
        return cls(points, *_singular(points), name)

    @cached_property
    def energy(self):
        """Share of the energy in the plane."""
        energies = self.singular_values**2
        return float(energies[:2].sum() / energies.sum())

    @cached_property
    def participation_ratio(self):
        """Number of singular directions that share the energy."""
        return participation_of(self.singular_values)

    @cached_property
    def coordinates(self):
        """Coordinates of the rows in the plane, shape (num_classes, 2)."""
        first, second, third = np.append(self.singular_values, [0.0, 0.0])[:3]
        if second - third <= TIE * first < second:
            raise DegenerateGeometryError(
                f"{self.name}: singular values 2 and 3 agree ({second:.3g} and {third:.3g} beside "
                f"{first:.3g}), so no plane leads; see fourier_energy, or remove the mean row"
            )
        coordinates = self.points @ self.directions[:2].T
        return np.pad(coordinates, ((0, 0), (0, 2 - coordinates.shape[1])))

    @cached_property
    def radii(self):
        """Lengths of the rows in the plane."""
        return np.hypot(*self.coordinates.T)

    @cached_property
    def radius_variation(self):
        """Standard deviation of the radii over their mean."""
        return float(self.radii.std() / self.radii.mean())

    @cached_property
    def circularity(self):
        """Energy of the largest isotropic disc, times evenness of the radii."""
        energies = np.append(self.singular_values, 0.0) ** 2
        evenness = 1 / (1 + self.radius_variation**2)
        return float(min(1.0, 2 * energies[1] / energies.sum() * evenness))


def _singular(points):
    """Singular values and right singular vectors; a long table is first made square."""
    if len(points) > 2 * points.shape[1]:
        points = np.linalg.qr(points, mode="r")
    _, singular_values, directions = np.linalg.svd(points, full_matrices=False)
    return singular_values, directions
