"""The work of ``neuralcollapse measure``: files in, report out."""

import json
import sys
import warnings
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from tqdm import tqdm

import neuralcollapse
from neuralcollapse.command.outputs import WholeFiles
from neuralcollapse.files import file_mismatches, file_statistics, open_classifier, open_features
from neuralcollapse.geometry.cyclic import CyclicReport, measure_cyclic
from neuralcollapse.metrics import CollapseReport, measure_statistics
from neuralcollapse.statistics import ClassStatistics

_LARGEST_CIRCLE = 4096  # classes whose frequencies are of any use


@dataclass
class Findings:
    """What one run found: reports, what figures need, and what was warned of."""

    features: str
    weights: str | None
    statistics: ClassStatistics
    weight: np.ndarray | None
    collapse: CollapseReport
    cyclic: CyclicReport | None = None
    code: object = None  # a CodeComparison; codes are imported when asked for
    notes: list[str] = field(default_factory=list)

    @property
    def means(self):
        """Centred means of the classes present; ndarray, shape (num_classes, num_features)."""
        return self.statistics.centered_means(self.collapse.weighting).numpy()

    @property
    def rows(self):
        """Classifier rows of the classes present, or None."""
        return None if self.weight is None else self.weight[self.statistics.present.numpy()]

    @property
    def layers(self):
        """Which layers the cyclic report compares, in words."""
        if self.weight is None:
            return "weights: the centred class means, for there is no classifier"
        return "weights: the classifier, embeddings: the centred class means"

    def to_json(self):
        """Return all numbers as JSON text."""
        numbers = {
            "version": neuralcollapse.__version__,
            "features": self.features,
            "weights": self.weights,
            "collapse": self.collapse.to_dict(),
            "cyclic": None if self.cyclic is None else self.cyclic.to_dict(),
            "code": None if self.code is None else self.code.to_dict(),
            "warnings": self.notes,
        }
        return json.dumps(numbers, indent=1, allow_nan=False) + "\n"

    def __str__(self):
        parts = [str(self.collapse)]
        if self.cyclic is not None:
            parts.append(f"{self.cyclic}\n{self.layers}")
        if self.code is not None:
            parts.append(str(self.code))
        return "\n\n".join(parts)


def run(options):
    """Measure what the options name and write the files asked for.

    Parameters
    ----------
    options : argparse.Namespace
        As `arguments.parse` returns it.

    Returns
    -------
    str
        What the terminal is to show.

    Raises
    ------
    TypeError, ValueError, OSError, ImportError
        In words for the user, with nothing written.
    """
    inputs = [name for name in (options.features, options.labels, options.weights) if name]
    with WholeFiles() as files:
        if options.json not in (None, "-"):
            files.promise("--json", options.json, inputs)
        if options.html is not None:
            files.promise("--html", options.html, inputs)
        notes = []
        with _noted(notes):
            findings = find(options)
            findings.notes = notes
            texts = {}
            if options.html is not None:
                from neuralcollapse.command.page import page

                texts["--html"] = page(findings)
        if options.json is not None:
            texts["--json"] = findings.to_json()
        files.write(texts)
    return texts["--json"] if options.json == "-" else str(findings)


def find(options):
    """Measure what the options name.

    Parameters
    ----------
    options : argparse.Namespace

    Returns
    -------
    Findings
    """
    names = options.names
    source = open_features(
        options.features, options.labels, names=(names["features"], names["labels"])
    )
    present = np.unique(source.labels)
    weight = bias = None
    if options.weights is not None:
        same = Path(options.weights).exists() and source.path.samefile(options.weights)
        weight, bias = open_classifier(
            options.weights,
            weight=names["weight"],
            bias=names["bias"],
            num_features=source.num_features,
            num_classes=int(present[-1]) + 1,
            besides=(source.name, names["labels"]) if same else (),
        )
    num_classes = int(present[-1]) + 1 if weight is None else len(weight)
    if options.cyclic:
        _check_circle(present, num_classes)
    if options.code:
        from neuralcollapse.codes.comparison import check_size, compare_with_best

        check_size(len(present), source.num_features)
    passes = 1 if weight is None else 2
    with tqdm(
        total=passes * source.num_samples,
        unit=" samples",
        unit_scale=True,
        leave=False,
        disable=None,
    ) as bar:
        settings = {"rows": options.block_rows, "progress": bar.update}
        statistics = file_statistics(source, num_classes, weighting=options.weighting, **settings)
        mismatches = None
        if weight is not None:
            mismatches = file_mismatches(source, statistics, weight, bias, **settings)
    collapse = measure_statistics(
        statistics,
        weight,
        bias,
        weighting=options.weighting,
        center=options.center,
        mismatches=mismatches,
    )
    if weight is not None:
        weight = np.asarray(weight, dtype=np.float64)
        weight = weight - weight.mean(axis=0) if options.center else weight
    findings = Findings(options.features, options.weights, statistics, weight, collapse)
    if options.cyclic:
        tables = [findings.means] if weight is None else [weight, findings.means]
        findings.cyclic = measure_cyclic(*tables)
    if options.code:
        findings.code = compare_with_best(findings.means, findings.rows)
    return findings


def _check_circle(present, num_classes):
    if num_classes > _LARGEST_CIRCLE:
        raise ValueError(
            f"--cyclic: {num_classes} classes are more than {_LARGEST_CIRCLE}, up to which "
            "frequencies are computed; leave the option out"
        )
    missing = np.setdiff1d(np.arange(num_classes), present)
    if len(missing):
        raise ValueError(
            f"--cyclic: no sample of class {missing[0]} ({len(missing)} of {num_classes}); a "
            "circle of residues needs every class, leave the option out"
        )


@contextmanager
def _noted(notes):
    """Collect warnings, and print each as one line."""
    with warnings.catch_warnings():
        warnings.simplefilter("default")
        warnings.filterwarnings("always", category=UserWarning)

        def show(message, category, *rest, **more):
            text = " ".join(str(message).split())
            if issubclass(category, UserWarning) and text not in notes:
                notes.append(text)
                print(f"neuralcollapse: note: {text}", file=sys.stderr)

        warnings.showwarning = show
        yield
