"""`measure_file` is `measure`, block by block."""

import warnings

import numpy as np
import pytest

from neuralcollapse import measure
from neuralcollapse.files import file_statistics, measure_file, open_features

GENERATOR = np.random.default_rng(0)
LABELS = GENERATOR.integers(0, 4, size=200)
FEATURES = (GENERATOR.normal(size=(4, 6))[LABELS] + 0.3 * GENERATOR.normal(size=(200, 6))).astype(
    np.float32
)
WEIGHT = GENERATOR.normal(size=(4, 6))
BIAS = GENERATOR.normal(size=4)


def source(folder, features=FEATURES, labels=LABELS):
    np.savez(folder / "a.npz", features=features, labels=labels)
    return open_features(folder / "a.npz")


@pytest.mark.parametrize("rows", [1, 7, 200, None])
@pytest.mark.parametrize("weighting", ["class", "sample"])
@pytest.mark.parametrize("center", [False, True])
def test_blocks_give_the_report_of_the_whole(tmp_path, rows, weighting, center):
    options = {"weighting": weighting, "center": center}
    report = measure_file(source(tmp_path), WEIGHT, BIAS, rows=rows, **options)
    expected = measure(FEATURES, LABELS, WEIGHT, BIAS, **options)
    assert report.nearest_center_mismatch == expected.nearest_center_mismatch > 0
    for _, name, value, _ in expected.rows():
        assert getattr(report, name) == pytest.approx(value, rel=1e-9, abs=1e-12), name


def test_without_classifier_and_with_an_empty_class(tmp_path):
    labels = np.where(LABELS == 2, 9, LABELS)
    with pytest.warns(UserWarning, match="no sample of class 2"):
        report = measure_file(source(tmp_path, labels=labels))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = measure(FEATURES, labels)
    assert report.num_classes == expected.num_classes == 4
    assert report.self_duality is report.nearest_center_mismatch is None
    assert report.within_class_variability == pytest.approx(expected.within_class_variability)


def test_empty_classes_of_the_classifier_keep_their_place(tmp_path):
    labels, weight = np.where(LABELS == 2, 9, LABELS), GENERATOR.normal(size=(12, 6))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        report = measure_file(source(tmp_path, labels=labels), weight, rows=9)
        expected = measure(FEATURES, labels, weight)
    assert report.nearest_center_mismatch == expected.nearest_center_mismatch
    assert report.self_duality == pytest.approx(expected.self_duality)


def test_progress_counts_each_pass(tmp_path):
    done = []
    measure_file(source(tmp_path), WEIGHT, rows=60, progress=done.append)
    assert done == [60, 60, 60, 20] * 2


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("row", [0, 59, 60, 199])
def test_a_bad_row_is_counted_from_the_start_of_the_file(tmp_path, row, value):
    features = FEATURES.copy()
    features[row, 3] = value
    with pytest.raises(ValueError, match=rf"features: row {row} of .*a\.npz holds NaN or inf"):
        measure_file(source(tmp_path, features), rows=60)


def test_other_refusals_keep_their_words(tmp_path):
    with pytest.raises(ValueError, match=r"features: differences of .*rescale"):
        measure_file(source(tmp_path, FEATURES.astype(float) * 1e200))
    with pytest.raises(ValueError, match="labels: expected class indices below 3, got 3"):
        measure_file(source(tmp_path), WEIGHT[:3])
    with pytest.raises(ValueError, match="labels: at least two classes are needed, got 1"):
        measure_file(source(tmp_path, labels=0 * LABELS))
    with pytest.raises(ValueError, match="weighting: expected"):
        measure_file(source(tmp_path), weighting="pairs")


def test_a_label_out_of_all_proportion_is_a_mistake(tmp_path):
    labels = LABELS.copy()
    labels[5] = 10**9
    with pytest.raises(ValueError, match=r"labels: 1000000001 classes.*is 1000000000 a class\?"):
        file_statistics(source(tmp_path, labels=labels))
