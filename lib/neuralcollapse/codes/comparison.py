r"""Class means and classifier beside the best code of their size.

With $K\le d+1$ classes in $d$ dimensions the best code is the simplex, of coherence $-1/(K-1)$ and
one-vs-rest distance $K/(K-1)$; with $d+2\le K\le2d$ any code without a positive cosine, of
coherence 0 and distance 1 [alcala2026]; beyond that it is searched for.
"""

import warnings
from dataclasses import dataclass, fields

import numpy as np

from neuralcollapse.codes.atlas import ATLAS, proved_optimal, read_code
from neuralcollapse.codes.distance import one_vs_rest_distance
from neuralcollapse.codes.spherical import spherical_code
from neuralcollapse.geometry.arrays import as_directions, as_points
from neuralcollapse.geometry.gram import coherence

_MOST_POINTS = 500  # whose distances from the hull of the others take about half a minute
_MOST_SEARCHED = 64  # points of a code that is searched for in under a minute
_MOST_COORDINATES = 300  # and their tangent coordinates


@dataclass(frozen=True)
class CodeComparison:
    """What `compare_with_best` found; every metric is dimensionless.

    Attributes
    ----------
    num_points, dimension : int
        Classes and features.
    best : str
        What the best code is, and whether it is proved or was found.
    coherence_best, coherence_means, coherence_weights : float or None
        Largest pairwise cosine, in [-1, 1]; at collapse that of the best code.
    one_vs_rest_distance_best, one_vs_rest_distance_means, one_vs_rest_distance_weights : float or \
None
        Least distance of a direction to the hull of the others, in [0, 2]; at collapse that of
        the best code. None where it is undefined or there is no classifier.
    """

    num_points: int
    dimension: int
    best: str
    coherence_best: float
    one_vs_rest_distance_best: float
    coherence_means: float | None = None
    one_vs_rest_distance_means: float | None = None
    coherence_weights: float | None = None
    one_vs_rest_distance_weights: float | None = None

    def to_dict(self):
        """Return sizes and metrics as a plain dictionary, ready for JSON."""
        return {item.name: getattr(self, item.name) for item in fields(self)}

    def rows(self):
        """Return one tuple (metric, value of means, of weights, of the best code) a metric."""
        return [
            (
                metric,
                *(getattr(self, f"{metric}_{which}") for which in ("means", "weights", "best")),
            )
            for metric in ("coherence", "one_vs_rest_distance")
        ]

    def __str__(self):
        head = f"{'':<24}" + "".join(f"{name:>12}" for name in ("means", "weights", "best"))
        lines = [
            f"{metric:<24}" + "".join(f"{_shown(value):>12}" for value in values)
            for metric, *values in self.rows()
        ]
        return "\n".join([self._heading(), head, *lines])

    __repr__ = __str__

    def _repr_html_(self):
        head = "".join(f"<th>{name}</th>" for name in ("metric", "means", "weights", "best"))
        body = "".join(
            f"<tr><td><code>{metric}</code></td>"
            + "".join(f'<td style="text-align:right">{_shown(value)}</td>' for value in values)
            + "</tr>"
            for metric, *values in self.rows()
        )
        return (
            f"<table><caption>{self._heading()}</caption><thead><tr>{head}</tr></thead>"
            f"<tbody>{body}</tbody></table>"
        )

    def _heading(self):
        return (
            f"Directions of {self.num_points} classes in {self.dimension} dimensions beside the "
            f"best code ({self.best})"
        )


def compare_with_best(means, weights=None):
    """Compare the directions of class means and classifier with the best code of their size.

    Parameters
    ----------
    means : array_like, shape (num_classes, num_features)
        Centred class means, one a row, of any lengths.
    weights : array_like, shape (num_classes, num_features), optional
        Rows of the classifier, of any lengths.

    Returns
    -------
    CodeComparison

    Raises
    ------
    ValueError
        If shapes do not fit, a value is NaN or infinite, or the size is beyond what is computed
        in about a minute.

    Warns
    -----
    UserWarning
        If a row is zero or two have one direction; those metrics are None.

    Notes
    -----
    Both numbers are judged by direction only, as for normalised features and classifiers
    [jiang2024]. A code that was searched for is the best found, not proved to be the best.

    Examples
    --------
    >>> comparison = compare_with_best([[3.0, 0.0], [0.0, 4.0], [-3.0, -4.0]])
    >>> comparison.best
    'simplex, proved'
    >>> round(comparison.coherence_best, 12), comparison.coherence_means
    (-0.5, 0.0)
    """
    means = as_points(means, "means")
    check_size(*means.shape)
    values = _judged(means, "means")
    if weights is not None:
        weights = as_points(weights, "weights")
        if weights.shape != means.shape:
            raise ValueError(
                f"weights: expected shape {means.shape} as the means have, got {weights.shape}"
            )
        values |= _judged(weights, "weights")
    name, least, largest = _best(*means.shape)
    return CodeComparison(
        *means.shape, best=name, coherence_best=least, one_vs_rest_distance_best=largest, **values
    )


def check_size(num_points, dimension):
    """Raise ValueError if a comparison of this size takes more than about a minute.

    Parameters
    ----------
    num_points, dimension : int

    Raises
    ------
    ValueError
    """
    if num_points > 2 and dimension == 1:
        raise ValueError(
            f"code: the line holds 2 directions, not {num_points}; there is no code to compare with"
        )
    if num_points > _MOST_POINTS:
        raise ValueError(
            f"code: distances of {num_points} directions from the hull of the others take too "
            f"long, {_MOST_POINTS} is the most; compare some of the classes, or leave it out"
        )
    if num_points > 2 * dimension and not _stored(num_points, dimension).exists():
        coordinates = num_points * (dimension - 1)
        if num_points > _MOST_SEARCHED or coordinates > _MOST_COORDINATES:
            raise ValueError(
                f"code: the best code of {num_points} points in {dimension} dimensions is not "
                f"known in closed form, and a search of more than {_MOST_SEARCHED} points or "
                f"{_MOST_COORDINATES} coordinates, here {coordinates}, takes too long; run "
                "codes.spherical_code yourself, or leave it out"
            )


def _judged(rows, which):
    """Coherence and distance of the directions of rows."""
    try:
        points = as_directions(rows, which)
        largest = float(coherence(points))
        return {
            f"coherence_{which}": largest,
            f"one_vs_rest_distance_{which}": float(one_vs_rest_distance(points)),
        }
    except ValueError as error:
        warnings.warn(
            f"coherence_{which}, one_vs_rest_distance_{which}: undefined here and left out: "
            f"{error}",
            stacklevel=3,
        )
        return {}


def _best(count, dimension):
    """What the best code is, its coherence and its distance."""
    if count <= dimension + 1:
        return "simplex, proved", -1 / (count - 1), count / (count - 1)
    if count <= 2 * dimension:
        return "no positive cosine, proved", 0.0, 1.0
    path = _stored(count, dimension)
    code = read_code(path)[0] if path.exists() else spherical_code(count, dimension)
    key = proved_optimal(count, dimension)
    if key == "exercise":
        name = "regular polygon, proved"
    else:
        name = "found, not proved" if key is None else f"found, coherence proved least [{key}]"
    return name, code.coherence, code.one_vs_rest_distance


def _stored(num_points, dimension):
    return ATLAS / f"{dimension}-{num_points}.txt"


def _shown(value):
    return "-" if value is None else f"{np.round(value, 12) + 0.0:.6g}"
