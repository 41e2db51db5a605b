"""`measure` at its edges: what is missing, what is refused, how it prints."""

import json
import warnings

import numpy as np
import pytest
import torch

from neuralcollapse import ClassStatistics, CollapseReport, measure, metrics
from neuralcollapse.metrics import count_mismatches, measure_statistics
from neuralcollapse.statistics import merge_all

FEATURES = [[0.0, 0.1], [0.1, 0.0], [1.0, 0.0], [1.1, 0.2], [0.0, 1.0], [0.2, 1.1]]
LABELS = [0, 0, 1, 1, 2, 2]
WEIGHT = [[-1.0, -1.0], [1.0, 0.0], [0.0, 1.0]]


def numbers(report):
    return {name: value for _, name, value, _ in report.rows() if value is not None}


def test_what_was_not_given_is_none_not_zero():
    report = measure(FEATURES, LABELS)
    assert report.self_duality is None
    assert report.nearest_center_mismatch is None
    assert report.equinorm_weights is None
    with_weight = measure(FEATURES, LABELS, WEIGHT)
    assert with_weight.bias_alignment is None
    assert with_weight.nearest_center_mismatch is not None


def test_bias_is_part_of_the_decision():
    plain = measure(FEATURES, LABELS, WEIGHT)
    biased = measure(FEATURES, LABELS, WEIGHT, [0.0, 0.0, 9.0])
    assert biased.nearest_center_mismatch == pytest.approx(4 / 6)
    assert plain.nearest_center_mismatch != biased.nearest_center_mismatch


@pytest.mark.parametrize(
    ("classifier", "said"),
    [
        ((WEIGHT, [0.0, 0.0, 0.0]), "with bias"),
        ((WEIGHT,), "no bias given"),
        ((), "no bias given"),
    ],
)
def test_the_line_of_nc4_says_whether_there_was_a_bias(classifier, said):
    report = measure(FEATURES, LABELS, *classifier)
    assert report.rows()[-1][3] == f"disagreement, {said} [papyan2020]"
    assert str(report).endswith(f"disagreement, {said} [papyan2020]")
    assert f"<td>disagreement, {said} [papyan2020]</td>" in report._repr_html_()


def test_an_empty_class_warns_and_is_left_out():
    relabelled = [0, 0, 2, 2, 3, 3]
    weight = [WEIGHT[0], [5.0, 5.0], *WEIGHT[1:]]
    bias = [0.0, -100.0, 0.0, 0.0]
    with pytest.warns(UserWarning, match=r"no sample of class 1 \(1 of 4\)"):
        report = measure(FEATURES, relabelled, weight, bias)
    assert report.num_classes == 3
    assert report.to_dict() == measure(FEATURES, LABELS, WEIGHT, [0.0, 0.0, 0.0]).to_dict()


def test_an_undefined_metric_is_none_with_a_warning():
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        report = measure(FEATURES, LABELS, [[0.0, 0.0], *WEIGHT[1:]])
    assert "equiangular is undefined here and left out: vectors: row 0" in str(caught[0].message)
    assert report.equiangular_weights is None
    assert report.equinorm_weights > 0
    assert all(warning.filename == __file__ for warning in caught)


def test_tensors_arrays_and_lists_give_one_report():
    expected = measure(FEATURES, LABELS, WEIGHT)
    assert measure(np.array(FEATURES), np.array(LABELS), np.array(WEIGHT)) == expected
    tensors = torch.tensor(FEATURES, dtype=torch.float64), torch.tensor(LABELS)
    weight = torch.tensor(WEIGHT, dtype=torch.float64, requires_grad=True)
    assert measure(*tensors, weight) == expected


def test_every_layout_of_an_array_is_read():
    expected = measure(FEATURES, LABELS, WEIGHT, [0.0, 1.0, 0.0])
    features, weight = np.array(FEATURES), np.array(WEIGHT)
    reversed_twice = features[::-1].copy()[::-1]
    big_endian = weight.astype(">f8")
    rows = [torch.tensor(row, dtype=torch.float64) for row in FEATURES]
    bias = np.array([0.0, 1.0, 0.0])[::-1]
    for layout in (reversed_twice, np.asfortranarray(features), rows, features.astype("f16")):
        assert measure(layout, LABELS, big_endian, bias) == expected


def test_prints_as_a_table_everywhere():
    report = measure(FEATURES, LABELS, WEIGHT)
    table = str(report)
    assert table == repr(report)
    assert "6 samples in 3 classes, 2 features, weighted by class" in table
    assert len(table.splitlines()) == 1 + len(report.rows())
    line = next(row for row in table.splitlines() if " self_duality " in row)
    assert line.startswith("NC3")
    assert f"{report.self_duality:.4g}" in line
    assert any("bias_alignment" in row and " - " in row for row in table.splitlines())
    html = report._repr_html_()
    assert html.count("<tr>") == 1 + len(report.rows())
    assert f"{report.self_duality:.4g}" in html


def test_converts_to_json_and_back():
    report = measure(FEATURES, LABELS, WEIGHT, weighting="sample")
    assert CollapseReport(**json.loads(json.dumps(report.to_dict()))) == report


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        ((FEATURES, LABELS[:5]), {}, r"labels: expected shape \(6,\).*got \(5,\)"),
        ((FEATURES, [0, 0, 1, 1, 2, -1]), {}, "labels: expected class indices from 0, got -1"),
        ((FEATURES, [0, 0, 1, 1, 2, 3], WEIGHT), {}, "below 3, got 3"),
        ((FEATURES, [1] * 6), {"num_classes": 2}, "labels: at least two classes are needed, got 1"),
        ((FEATURES[:0], []), {}, "features: expected shape|at least two classes"),
        (([[np.nan, 0.0], *FEATURES[1:]], LABELS), {}, "features: row 0.*NaN or infinity"),
        (([*FEATURES[:5], [np.inf, 0.0]], LABELS), {}, "features: row 5.*NaN or infinity"),
        ((FEATURES, LABELS, np.transpose(WEIGHT)), {}, "weight: expected shape.*transpose"),
        ((FEATURES, LABELS, WEIGHT[0]), {}, "weight: expected shape"),
        ((FEATURES, LABELS, [[np.nan, 0.0], *WEIGHT[1:]]), {}, "weight: row 0 holds NaN"),
        ((FEATURES, LABELS, WEIGHT, [0.0]), {}, r"bias: expected shape \(3,\).*got \(1,\)"),
        ((FEATURES, LABELS, WEIGHT, [0.0, 0.0, np.nan]), {}, "bias: holds NaN"),
        ((FEATURES, LABELS, None, [0.0]), {}, "bias: given without weight"),
        ((FEATURES, LABELS), {"weighting": "pairs"}, "weighting: expected 'class' or 'sample'"),
        ((FEATURES, LABELS, WEIGHT), {"num_classes": 4}, "num_classes: expected 3"),
        ((np.ones((2, 2, 2)), [0, 1]), {}, "features: expected shape.*flatten"),
    ],
)
@pytest.mark.filterwarnings("ignore:labels:UserWarning")
def test_bad_values_are_named(arguments, options, message):
    with pytest.raises(ValueError, match=message):
        measure(*arguments, **options)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((FEATURES, np.array(LABELS, dtype=float)), "labels: expected integers.*astype"),
        ((np.array(FEATURES) * 1j, LABELS), "features: expected real numbers"),
        ((np.array([["a"]] * 6), LABELS), "features: expected numbers"),
        ((FEATURES, LABELS, np.array(WEIGHT) * 1j), "weight: expected real numbers"),
        ((FEATURES, LABELS, WEIGHT, [True, False, True]), "bias: expected real numbers"),
    ],
)
def test_bad_types_are_named(arguments, message):
    with pytest.raises(TypeError, match=message):
        measure(*arguments)


@pytest.mark.parametrize("weighting", ["class", "sample"])
@pytest.mark.parametrize("center", [False, True])
@pytest.mark.parametrize("bias", [None, [0.5, 0.0, -0.5]])
def test_statistics_give_the_report_that_features_give(weighting, center, bias):
    labels = [0, 0, 1, 1, 2, 0]
    options = {"weighting": weighting, "center": center}
    expected = measure(FEATURES, labels, WEIGHT, bias, **options)
    parts = [
        ClassStatistics(3, 2).update(FEATURES[i : i + 2], labels[i : i + 2]) for i in (0, 2, 4)
    ]
    statistics = merge_all(parts)
    weight, shift = np.array(WEIGHT), None if bias is None else np.array(bias)
    if center:
        weight = weight - weight.mean(0)
    mismatches = sum(
        count_mismatches(FEATURES[i : i + 2], statistics.means, weight, shift) for i in (0, 2, 4)
    )
    report = measure_statistics(statistics, WEIGHT, bias, mismatches=mismatches, **options)
    assert numbers(report) == pytest.approx(numbers(expected), rel=1e-12, abs=1e-14)
    without = measure_statistics(statistics, WEIGHT, bias, **options).to_dict()
    assert without.pop("nearest_center_mismatch") is None
    assert without == {name: report.to_dict()[name] for name in without}


@pytest.mark.parametrize("weighting", ["class", "sample"])
@pytest.mark.parametrize("offset", [0.0, 100.0])
def test_few_classes_are_measured_without_a_scatter(monkeypatch, weighting, offset):
    """With a classifier NC1 comes from the second pass; the report is that of the scatter."""
    generator = np.random.default_rng(5)
    labels = np.concatenate([np.arange(4), generator.choice([0, 2, 3], size=300)])
    features = offset + (generator.normal(size=(4, 9)) * 1e-4)[labels]
    features += 1e-5 * generator.normal(size=features.shape) * np.arange(1, 10)
    weight, options = generator.normal(size=(4, 9)), {"weighting": weighting}
    expected = measure_statistics(
        ClassStatistics(4, 9).update(features, labels), weight, mismatches=0, **options
    )

    def refuse(*given):
        raise AssertionError("a scatter was asked for")

    monkeypatch.setattr(ClassStatistics, "within_class_scatter", refuse)
    found = measure(features, labels, weight, **options)
    known = {name: value for name, value in numbers(found).items() if "mismatch" not in name}
    assert "within_class_variability" in known
    assert known == pytest.approx(
        {name: numbers(expected)[name] for name in known}, rel=1e-9, abs=1e-14
    )
    with pytest.raises(AssertionError, match="a scatter"):
        measure(features, labels, **options)


def test_statistics_without_scatter_leave_nc1_by_pseudo_inverse_out():
    lean = ClassStatistics(3, 2, scatter=False).update(FEATURES, LABELS)
    report = measure_statistics(lean, WEIGHT)
    assert report.within_class_variability is None
    expected = numbers(measure(FEATURES, LABELS, WEIGHT))
    known = numbers(report)
    assert expected.keys() - known.keys() == {"within_class_variability", "nearest_center_mismatch"}
    assert known == pytest.approx({name: expected[name] for name in known}, rel=1e-12)
    with pytest.raises(ValueError, match="kept without scatter"):
        metrics.within_class_variability(lean)
    features, labels = torch.tensor(FEATURES, dtype=torch.float64), torch.tensor(LABELS)
    samples = [(features[i::2], labels[i::2]) for i in (0, 1)]
    found = metrics.within_class_variability(lean, samples=samples)
    assert found == pytest.approx(expected["within_class_variability"], rel=1e-12)


def test_statistics_know_their_weighting():
    kept = ClassStatistics(3, 2, weighting="sample").update(FEATURES, LABELS)
    assert measure_statistics(kept).weighting == "sample"
    both = ClassStatistics(3, 2).update(FEATURES, LABELS)
    assert measure_statistics(both).weighting == "class"
    again = measure_statistics(both, weighting="sample")
    assert numbers(again) == pytest.approx(numbers(measure_statistics(kept)), rel=1e-12)


def test_an_empty_class_of_statistics_is_left_out():
    statistics = ClassStatistics(4, 2).update(FEATURES, [0, 0, 2, 2, 3, 3])
    with pytest.warns(UserWarning, match=r"statistics: no sample of class 1 \(1 of 4\)") as caught:
        report = measure_statistics(statistics, [WEIGHT[0], [5.0, 5.0], *WEIGHT[1:]])
    assert caught[0].filename == __file__
    expected = numbers(measure(FEATURES, LABELS, WEIGHT))
    del expected["nearest_center_mismatch"]
    assert numbers(report) == pytest.approx(expected, rel=1e-12)


def test_metrics_one_by_one_are_those_of_the_report():
    """The report shares one sweep; each function of its own gives the same number."""
    report = measure(FEATURES, LABELS, WEIGHT)
    statistics = ClassStatistics(3, 2).update(FEATURES, LABELS)
    for vectors, kind in ((statistics.centered_means(), "means"), (WEIGHT, "weights")):
        for name in ("equinorm", "equiangular", "max_angle_deviation"):
            assert getattr(metrics, name)(vectors) == getattr(report, f"{name}_{kind}")
    assert (
        metrics.class_distance_normalized_variance(statistics)
        == report.class_distance_normalized_variance
    )


@pytest.mark.parametrize(
    ("arguments", "options", "error", "message"),
    [
        (([1.0],), {}, TypeError, "statistics: expected ClassStatistics, got list"),
        ((None, WEIGHT[:2]), {}, ValueError, "weight: expected 3 rows"),
        ((None,), {"mismatches": 1}, ValueError, "mismatches: given without weight"),
        ((None, WEIGHT), {"mismatches": 7}, ValueError, "mismatches: expected at most 6"),
        ((None, WEIGHT), {"mismatches": -1}, ValueError, "mismatches: expected a whole number"),
        ((None, WEIGHT), {"mismatches": 0.5}, ValueError, "mismatches: expected a whole number"),
        ((None, WEIGHT), {"weighting": "pairs"}, ValueError, "weighting: expected"),
        ((ClassStatistics(2, 2),), {}, ValueError, "statistics: at least two classes"),
    ],
)
def test_bad_input_of_statistics_is_named(arguments, options, error, message):
    first = arguments[0]
    if first is None:
        first = ClassStatistics(3, 2).update(FEATURES, LABELS)
    with pytest.raises(error, match=message):
        measure_statistics(first, *arguments[1:], **options)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs CUDA")
@pytest.mark.parametrize("num_classes", [3, 20, 200])
def test_on_cuda_as_on_the_cpu(num_classes):
    """Few classes, which take a second pass; some; and so many that guesses are tried."""
    generator = np.random.default_rng(num_classes)
    centers = generator.normal(size=(num_classes, 12))
    labels = torch.from_numpy(np.repeat(np.arange(num_classes), 6))
    features = torch.from_numpy(centers[labels] + generator.normal(size=(len(labels), 12)))
    weight = torch.from_numpy(centers - centers.mean(0))
    expected = measure(features, labels, weight, torch.zeros(num_classes))
    moved = (tensor.cuda() for tensor in (features, labels, weight, torch.zeros(num_classes)))
    assert numbers(measure(*moved)) == pytest.approx(numbers(expected), rel=1e-10)
    assert expected.nearest_center_mismatch > 0
