"""A code with what was found out about it."""

from dataclasses import dataclass
from html import escape

import numpy as np

from neuralcollapse.codes.distance import as_code, one_vs_rest_distance
from neuralcollapse.geometry.gram import coherence, contacts

CONTACT_TOLERANCE = 1e-9  # pairs nearer to the coherence are contacts; polished ones are at 1e-15


@dataclass(frozen=True, eq=False)
class Code:
    r"""Unit vectors with their coherence, distance, contacts and the trace of the search.

    Attributes
    ----------
    points : ndarray, shape (num_points, dimension), float64
        Unit rows, read only.
    coherence : float
        $\mu$, the largest pairwise cosine; dimensionless, in [-1, 1), the smaller the better.
    one_vs_rest_distance : float
        $\rho\ge1-\mu$; dimensionless, in (0, 2], the larger the better.
    residual : float
        Of the conditions for a stationary point of the problem solved: how far the best convex
        combination of the active gradients is from zero. Dimensionless; ideally at rounding.
    rattlers : tuple of int
        Points without contact, ascending.
    contacts : tuple of (int, int)
        Pairs whose cosine is within a tolerance of the coherence, first index below the second:
        1e-9, and 1e-6 in what `softmax_code` finds, which is good to about 1e-8.
    starts : int
        Random starts the search made.
    hits : int
        How many of them are known to end at this coherence; 0 for a code that was given, not
        searched for.
    """

    points: np.ndarray
    coherence: float
    one_vs_rest_distance: float
    residual: float
    rattlers: tuple[int, ...]
    contacts: tuple[tuple[int, int], ...]
    starts: int
    hits: int

    @classmethod
    def of(cls, points, *, residual=float("nan"), starts=0, hits=0, tolerance=CONTACT_TOLERANCE):
        """Describe given points.

        Parameters
        ----------
        points : array_like, shape (num_points, dimension)
            Different unit rows.
        residual : float
            What a solver says of its optimality conditions; NaN if none was asked.
        starts, hits : int
        tolerance : float
            How far below the coherence the cosine of a contact may be, in [0, 1).

        Returns
        -------
        Code

        Raises
        ------
        ValueError
            If `points` is not a code or the tolerance is out of range.

        Examples
        --------
        >>> Code.of([[1, 0], [-1, 0], [0, 1]]).contacts
        ((0, 2), (1, 2))
        """
        points = as_code(points)
        points.flags.writeable = False
        touching = tuple(map(tuple, contacts(points, tolerance=tolerance).tolist()))
        rattlers = set(range(len(points))) - {point for pair in touching for point in pair}
        return cls(
            points=points,
            coherence=coherence(points),
            one_vs_rest_distance=one_vs_rest_distance(points),
            residual=float(residual),
            rattlers=tuple(sorted(rattlers)),
            contacts=touching,
            starts=starts,
            hits=hits,
        )

    def __repr__(self):
        n, d = self.points.shape
        return (
            f"Code of {n} points in {d} dimensions: coherence {self.coherence:.12f}, "
            f"one-vs-rest distance {self.one_vs_rest_distance:.12f}, "
            f"{len(self.contacts)} contacts, {len(self.rattlers)} rattlers, "
            f"{self.hits} hits in {self.starts} starts"
        )

    def _repr_html_(self):
        return f"<code>{escape(repr(self))}</code>"
