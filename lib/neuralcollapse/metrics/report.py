"""What was measured, as a table for every place where it is printed."""

from dataclasses import dataclass, field, fields


def _metric(condition, variant):
    return field(default=None, metadata={"condition": condition, "variant": variant})


@dataclass(frozen=True)
class CollapseReport:
    """What `measure` found; every metric is dimensionless, at least 0, and 0 at collapse.

    A metric that could not be computed from what was given is None, never 0. `bias_alignment`
    alone is in units of logits. `str(report)` is the table, `report.to_dict()` the numbers.
    """

    num_samples: int
    num_classes: int
    num_features: int
    weighting: str
    within_class_variability: float | None = _metric("NC1", "pseudo-inverse [papyan2020]")
    within_class_variability_trace: float | None = _metric("NC1", "trace quotient [beaglehole2024]")
    class_distance_normalized_variance: float | None = _metric("NC1", "pairwise [galanti2022]")
    equinorm_means: float | None = _metric("NC2", "lengths of centred means [papyan2020]")
    equiangular_means: float | None = _metric("NC2", "angles of centred means [papyan2020]")
    max_angle_deviation_means: float | None = _metric("NC2", "cosines to -1/(K-1) [papyan2020]")
    simplex_gram_mean_square_means: float | None = _metric("NC2", "cosine matrix [beaglehole2024]")
    equinorm_weights: float | None = _metric("NC2", "lengths of classifier rows [papyan2020]")
    equiangular_weights: float | None = _metric("NC2", "angles of classifier rows [papyan2020]")
    max_angle_deviation_weights: float | None = _metric("NC2", "cosines to -1/(K-1) [papyan2020]")
    simplex_gram_deviation_weights: float | None = _metric("NC2", "Gram matrix [zhu2021]")
    self_duality: float | None = _metric("NC3", "distance of W and M [papyan2020]")
    self_duality_product: float | None = _metric("NC3", "product of W and M [zhu2021]")
    bias_alignment: float | None = _metric("NC3", "scores of the global mean [zhu2021]")
    nearest_center_mismatch: float | None = _metric("NC4", "disagreement, with bias [papyan2020]")

    def to_dict(self):
        """Return sizes, weighting and metrics as a plain dictionary, ready for JSON."""
        return {item.name: getattr(self, item.name) for item in fields(self)}

    def rows(self):
        """Return one tuple (condition, name, value, variant) a metric, in print order."""
        return [
            (
                item.metadata["condition"],
                item.name,
                getattr(self, item.name),
                self._variant(item),
            )
            for item in fields(self)
            if item.metadata
        ]

    def _variant(self, item):
        if item.name == "nearest_center_mismatch" and self.bias_alignment is None:
            return "disagreement, no bias given [papyan2020]"
        return item.metadata["variant"]

    def __str__(self):
        lines = [self._heading()]
        lines += [
            f"{condition}  {name:<36}{_shown(value):>11}   {variant}"
            for condition, name, value, variant in self.rows()
        ]
        return "\n".join(lines)

    __repr__ = __str__

    def _repr_html_(self):
        body = "".join(
            f"<tr><td>{condition}</td><td><code>{name}</code></td>"
            f'<td style="text-align:right">{_shown(value)}</td><td>{variant}</td></tr>'
            for condition, name, value, variant in self.rows()
        )
        return (
            f"<table><caption>{self._heading()}</caption><thead><tr><th></th><th>metric</th>"
            f"<th>value</th><th>variant</th></tr></thead><tbody>{body}</tbody></table>"
        )

    def _heading(self):
        features = "1 feature" if self.num_features == 1 else f"{self.num_features} features"
        return (
            f"Neural collapse of {self.num_samples} samples in {self.num_classes} classes, "
            f"{features}, weighted by {self.weighting} (0 = collapsed)"
        )


def _shown(value):
    return "-" if value is None else f"{value:.4g}"
