"""One call that measures how cyclic a network's classifier and embeddings are, and its report."""

import warnings
from dataclasses import dataclass, field, fields
from html import escape

import numpy as np

from neuralcollapse.geometry.arrays import DegenerateGeometryError, as_points
from neuralcollapse.geometry.cyclic.angles import angles_in, coherence_of, gap_deviation_of
from neuralcollapse.geometry.cyclic.characters import (
    centered,
    fourier_energy,
    is_faithful,
    leading,
)
from neuralcollapse.geometry.cyclic.phases import alignment_of
from neuralcollapse.geometry.cyclic.plane import TopPlane, outside

_SHARE = 0.9  # of the energy beside the mean, which the leading frequencies hold
_ROUNDING = 1e-12  # what lies below prints alike on every machine
_COLUMNS = ("weights", "embeddings", "circle", "simplex")


def _of_simplex(num_classes):
    """Participation ratio, share in a plane or at one frequency, and number of frequencies."""
    energy = np.full(num_classes // 2 + 1, 2 / (num_classes - 1))
    energy[0] = 0
    if num_classes % 2 == 0:
        energy[-1] /= 2
    return {
        "participation_ratio": num_classes - 1,
        "plane_energy": min(1.0, 2 / (num_classes - 1)),
        "mean_energy": 0,
        "dominant_energy": float(energy.max()),
        "num_frequencies": len(leading(energy, _SHARE)),
    }


_OF_CIRCLE = {
    "participation_ratio": 2,
    "plane_energy": 1,
    "circularity": 1,
    "radius_variation": 0,
    "gap_deviation": 0,
    "character_coherence": 1,
    "mean_energy": 0,
    "dominant_energy": 1,
    "num_frequencies": 1,
    "faithful": True,
    "phase_alignment_error": 0,
}


def _metric():
    return field(default=None, metadata={"metric": True})


@dataclass(frozen=True)
class CyclicReport:
    """What `measure_cyclic` found; every metric is dimensionless.

    A metric that could not be computed from what was given is None, never 0. Names end in the
    layer they measure. `dominant_frequency` holds `dominant_energy` of the energy beside the mean,
    `frequencies` the fewest that hold 90 % of it together, each with its share, and `faithful` says
    whether these tell all classes apart. `str(report)` is the table, with the values of a circle
    (three classes or more) and of a simplex beside; `report.to_dict()` has the numbers.
    """

    num_classes: int
    dimension: int
    embedding_dimension: int | None
    participation_ratio_weights: float | None = _metric()
    plane_energy_weights: float | None = _metric()
    circularity_weights: float | None = _metric()
    radius_variation_weights: float | None = _metric()
    gap_deviation_weights: float | None = _metric()
    character_coherence_weights: float | None = _metric()
    mean_energy_weights: float | None = _metric()
    dominant_frequency_weights: int | None = _metric()
    dominant_energy_weights: float | None = _metric()
    num_frequencies_weights: int | None = _metric()
    faithful_weights: bool | None = _metric()
    participation_ratio_embeddings: float | None = _metric()
    plane_energy_embeddings: float | None = _metric()
    circularity_embeddings: float | None = _metric()
    radius_variation_embeddings: float | None = _metric()
    gap_deviation_embeddings: float | None = _metric()
    character_coherence_embeddings: float | None = _metric()
    mean_energy_embeddings: float | None = _metric()
    dominant_frequency_embeddings: int | None = _metric()
    dominant_energy_embeddings: float | None = _metric()
    num_frequencies_embeddings: int | None = _metric()
    faithful_embeddings: bool | None = _metric()
    phase_alignment_error: float | None = _metric()
    off_plane_fraction: float | None = _metric()
    frequencies_weights: tuple[tuple[int, float], ...] | None = None
    frequencies_embeddings: tuple[tuple[int, float], ...] | None = None

    def to_dict(self):
        """Return sizes and metrics as a plain dictionary, ready for JSON."""
        return {item.name: getattr(self, item.name) for item in fields(self)}

    def rows(self):
        """Return one tuple a metric, in print order.

        They hold name, value of the weights, value of the embeddings, value of a circle and of a
        simplex; what compares the embeddings with the weights stands under the embeddings.
        """
        circle = _OF_CIRCLE if self.num_classes > 2 else {}
        simplex = _of_simplex(self.num_classes)
        names = [item.name.removesuffix("_weights") for item in fields(self) if item.metadata]
        return [
            (
                name,
                getattr(self, f"{name}_weights", None),
                getattr(self, f"{name}_embeddings", getattr(self, name, None)),
                circle.get(name),
                simplex.get(name),
            )
            for name in names
            if not name.endswith("_embeddings")
        ]

    def __str__(self):
        lines = [self._heading(), f"{'':<24}" + "".join(f"{name:>12}" for name in _COLUMNS)]
        lines += [
            f"{name:<24}" + "".join(f"{_shown(number):>12}" for number in numbers)
            for name, *numbers in self.rows()
        ]
        return "\n".join([*lines, *self._frequencies()])

    __repr__ = __str__

    def _repr_html_(self):
        head = "".join(f"<th>{name}</th>" for name in ("metric", *_COLUMNS))
        body = "".join(
            f"<tr><td><code>{name}</code></td>"
            + "".join(
                f'<td style="text-align:right">{escape(_shown(item))}</td>' for item in numbers
            )
            + "</tr>"
            for name, *numbers in self.rows()
        )
        caption = "<br>".join([self._heading(), *self._frequencies()])
        return (
            f"<table><caption>{caption}</caption><thead><tr>{head}</tr></thead>"
            f"<tbody>{body}</tbody></table>"
        )

    def _heading(self):
        inner = self.embedding_dimension
        embeddings = "" if inner is None else f", embeddings in {inner}"
        return (
            f"Cyclic structure of {self.num_classes} classes in {self.dimension} "
            f"dimensions{embeddings}"
        )

    def _frequencies(self):
        for layer in ("weights", "embeddings"):
            held = getattr(self, f"frequencies_{layer}")
            if held is not None:
                listed = ", ".join(f"{frequency} ({share:.1%})" for frequency, share in held[:8])
                yield f"frequencies of {layer}: {listed}" + (", ..." if len(held) > 8 else "")


def measure_cyclic(weights, embeddings=None, *, center=False):
    r"""Measure how near a classifier and embeddings are to circles in the order of their labels.

    Parameters
    ----------
    weights : array_like or Tensor, shape (num_classes, dimension)
        Of the last linear layer, row c for class c of the integers modulo K; any real dtype,
        bfloat16 included. At least two rows.
    embeddings : array_like or Tensor, shape (num_classes, embedding_dimension), optional
        Row a for token a; the dimension may be another one.
    center : bool
        Remove the mean row of both first. Softmax does not see a common shift of the rows of a
        linear classifier, but their plane does; see `mean_energy`.

    Returns
    -------
    CyclicReport
        Computed in float64, without a table of all pairs. What cannot be computed is None.

    Raises
    ------
    TypeError, ValueError
        If shapes or dtypes do not fit, or a value is NaN or infinite; the message names the
        argument.

    Warns
    -----
    UserWarning
        If metrics are undefined for this input: no plane leads, a row has no angle, a table is
        zero, there are two classes, or the dimensions of the two tables differ.

    Notes
    -----
    Circle and simplex share much: every simplex contains a circle of each frequency. Participation
    ratio and plane energy tell them apart; `gap_deviation` adds equal angles, and only
    `character_coherence` and `phase_alignment_error` see the order of the labels. A large
    `off_plane_fraction` need not mean an unlocked network: see there for products of embeddings.

    Examples
    --------
    >>> report = measure_cyclic([[1, 0], [0, 1], [-1, 0], [0, -1]])
    >>> round(report.participation_ratio_weights, 12), report.dominant_frequency_weights
    (2.0, 1)
    >>> report.faithful_weights, report.off_plane_fraction
    (True, None)
    """
    weights = _as_rows(weights, "weights")
    tables = {"weights": weights}
    if embeddings is not None:
        tables["embeddings"] = _as_rows(embeddings, "embeddings")
        if len(tables["embeddings"]) != len(weights):
            raise ValueError(
                f"embeddings: expected {len(weights)} rows, one a token as in weights, got "
                f"{len(tables['embeddings'])}; leave out the rows of other tokens, and transpose "
                "a table whose classes are columns"
            )
    values, problems, planes = {}, [], {}
    for layer, table in tables.items():
        planes[layer] = _measure_layer(table, layer, center, values, problems)
    if all(planes.get(layer) is not None for layer in ("weights", "embeddings")):
        _measure_pair(planes["weights"], planes["embeddings"], values, problems)
    _warn(problems)
    return CyclicReport(
        num_classes=len(weights),
        dimension=weights.shape[1],
        embedding_dimension=None if embeddings is None else tables["embeddings"].shape[1],
        **values,
    )


def _measure_layer(table, layer, center, values, problems):
    """Fill in what one layer has, and return its plane, or None for a table without energy."""

    def record(name, metric, *arguments):
        try:
            values[f"{name}_{layer}"] = metric(*arguments)
        except DegenerateGeometryError as error:
            problems.append((f"{name}_{layer}", str(error)))

    try:
        plane = TopPlane.of(centered(table, layer) if center else table, layer)
    except DegenerateGeometryError as error:
        problems.append((f"every metric of {layer}", str(error)))
        return None
    record("participation_ratio", lambda: plane.participation_ratio)
    record("plane_energy", lambda: plane.energy)
    record("circularity", lambda: plane.circularity)
    record("radius_variation", lambda: plane.radius_variation)
    record("gap_deviation", lambda: gap_deviation_of(angles_in(plane), layer))
    record("character_coherence", lambda: coherence_of(angles_in(plane), layer))
    mean = plane.points.mean(axis=0)
    values[f"mean_energy_{layer}"] = float(len(table) * mean @ mean / (plane.points**2).sum())
    try:
        energy = fourier_energy(centered(plane.points, layer), center=True)
    except DegenerateGeometryError as error:
        problems.append((f"frequencies_{layer}", str(error)))
        return plane
    held = leading(energy, _SHARE)
    values |= {
        f"dominant_frequency_{layer}": int(held[0]),
        f"dominant_energy_{layer}": float(energy[held[0]]),
        f"num_frequencies_{layer}": len(held),
        f"faithful_{layer}": is_faithful(len(table), held),
        f"frequencies_{layer}": tuple((int(f), float(energy[f])) for f in held),
    }
    return plane


def _measure_pair(weights, embeddings, values, problems):
    """Fill in what compares the two layers."""
    try:
        values["phase_alignment_error"] = alignment_of(weights, embeddings)
    except DegenerateGeometryError as error:
        problems.append(("phase_alignment_error", str(error)))
    dimensions = weights.points.shape[1], embeddings.points.shape[1]
    if dimensions[0] != dimensions[1]:
        problems.append(
            (
                "off_plane_fraction",
                f"embeddings: dimension {dimensions[1]} is not {dimensions[0]} as in weights",
            )
        )
        return
    try:
        values["off_plane_fraction"] = outside(
            embeddings.points, weights.singular_values, weights.directions, 2
        )
    except DegenerateGeometryError as error:
        problems.append(("off_plane_fraction", str(error)))


def _warn(problems):
    """Warn once for each reason, naming all that it leaves out."""
    reasons = dict.fromkeys(reason for _, reason in problems)
    for reason in reasons:
        names = ", ".join(name for name, why in problems if why == reason)
        warnings.warn(f"{names}: undefined here and left out: {reason}", stacklevel=3)


def _as_rows(table, name):
    array = as_points(table, name)
    if len(array) < 2:
        raise ValueError(
            f"{name}: expected shape (num_classes, dimension) with at least two classes, got "
            f"{array.shape}"
        )
    return array


def _shown(value):
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float) and value < _ROUNDING:
        return f"<{_ROUNDING:.0e}"
    return f"{value:.4g}" if isinstance(value, float) else str(value)
