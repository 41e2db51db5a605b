"""Statistics on a Dask cluster are those of one process, also when a worker dies half-way."""

import os
import signal
import subprocess
import sys
import threading
import time
import warnings

import numpy as np
import pytest

from neuralcollapse import measure
from neuralcollapse.integrations.dask import (
    array_mismatches,
    array_statistics,
    measure_array,
    measure_parquet,
    parquet_statistics,
)

dask = pytest.importorskip("dask")
da = pytest.importorskip("dask.array")

GENERATOR = np.random.default_rng(0)
LABELS = GENERATOR.permutation(np.repeat(np.arange(5), [10, 150, 90, 130, 20]))
FEATURES = GENERATOR.normal(size=(5, 6))[LABELS] + 0.3 * GENERATOR.normal(size=(400, 6))
WEIGHT = GENERATOR.normal(size=(5, 6))
BIAS = GENERATOR.normal(size=5)


@pytest.fixture(autouse=True)
def _one_thread():
    with dask.config.set(scheduler="synchronous"):
        yield


def assert_same(report, expected):
    assert report.nearest_center_mismatch == expected.nearest_center_mismatch
    for _, name, value, _ in expected.rows():
        close = value if value is None else pytest.approx(value, rel=1e-10, abs=1e-13)
        assert getattr(report, name) == close, name


@pytest.mark.parametrize("chunks", [(400, 6), (45, 6), (23, 4), ((0, 399, 0, 1), 6)])
@pytest.mark.parametrize("weighting", ["class", "sample"])
@pytest.mark.parametrize("center", [False, True])
def test_chunks_give_the_report_of_the_whole(chunks, weighting, center):
    features = da.from_array(FEATURES, chunks=chunks)
    options = {"weighting": weighting, "center": center}
    expected = measure(FEATURES, LABELS, WEIGHT, BIAS, **options)
    assert expected.nearest_center_mismatch > 0
    labels = da.from_array(LABELS, chunks=101) if center else LABELS
    assert_same(measure_array(features, labels, WEIGHT, BIAS, **options), expected)


def test_lengths_may_be_unknown():
    keep = LABELS != 2
    features, labels = (da.from_array(a, chunks=90) for a in (FEATURES, LABELS))
    features = features.rechunk((90, 6))
    mask = da.from_array(keep, chunks=90)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        report = measure_array(features[mask], labels[mask], WEIGHT)
        expected = measure(FEATURES[keep], LABELS[keep], WEIGHT)
    assert_same(report, expected)
    assert report.num_classes == 4
    with pytest.raises(TypeError, match="labels: expected a Dask array chunked as features"):
        array_statistics(features[mask], LABELS[keep])
    with pytest.raises(ValueError, match=r"labels: expected shape .* in 5 chunks"):
        array_statistics(features[mask], labels.rechunk(100))


def test_the_order_of_merges_does_not_depend_on_who_works():
    features = da.from_array(FEATURES.astype(np.float32), chunks=(7, 6))
    states = []
    for scheduler in ("synchronous", "threads", "threads"):
        with dask.config.set(scheduler=scheduler):
            states.append(array_statistics(features, LABELS).state())
    for state in states[1:]:
        for name, value in states[0].items():
            np.testing.assert_array_equal(state[name], value)


def test_one_task_a_chunk_and_a_tree():
    seen = []

    def look(chunk):
        seen.append(len(chunk))
        return chunk

    features = da.from_array(FEATURES, chunks=(10, 6)).map_blocks(look, dtype=float, meta=FEATURES)
    statistics = array_statistics(features, LABELS)
    assert seen == [10] * 40  # once each: labels were counted without the features
    array_mismatches(features, statistics, WEIGHT)
    assert seen == [10] * 80


@pytest.mark.parametrize(
    ("features", "labels", "options", "error", "message"),
    [
        (FEATURES, LABELS, {}, TypeError, "features: expected a Dask array, got ndarray"),
        (da.zeros(400), LABELS, {}, ValueError, r"features: expected shape \(num_samples"),
        (da.zeros((400, 6), dtype=complex), LABELS, {}, TypeError, "features: expected real"),
        (None, LABELS[:-1], {}, ValueError, r"labels: expected shape \(400,\)"),
        (None, da.zeros((400, 1), dtype=int), {}, ValueError, r"labels: expected shape \(400,\)"),
        (None, da.zeros(399, dtype=int), {}, ValueError, r"labels: expected shape \(400,\)"),
        (None, da.zeros(400), {}, TypeError, "labels: expected integers"),
        (None, 0 * LABELS, {}, ValueError, "labels: at least two classes are needed, got 1"),
        (None, LABELS * 10**12, {}, ValueError, "labels: 4000000000001 classes of 6 features"),
        (None, LABELS, {"num_classes": 3}, ValueError, "labels: expected class indices below 3"),
        (None, LABELS, {"weighting": "none"}, ValueError, "weighting: expected"),
    ],
)
def test_errors_name_the_argument(features, labels, options, error, message):
    if features is None:
        features = da.from_array(FEATURES, chunks=(100, 6))
    with pytest.raises(error, match=message):
        measure_array(features, labels, **options)


@pytest.mark.parametrize(
    ("weight", "bias", "message"),
    [
        (None, BIAS, "bias: given without weight"),
        (WEIGHT.T, None, r"weight: expected shape \(num_classes, 6\)"),
        (WEIGHT, BIAS[1:], "bias: expected"),
        (WEIGHT * np.nan, None, "weight: "),
    ],
)
def test_a_classifier_is_checked_before_anything_is_computed(tmp_path, weight, bias, message):
    def never(chunk):
        raise AssertionError

    features = da.from_array(FEATURES, chunks=(100, 6))
    features = features.map_blocks(never, dtype=float, meta=FEATURES)
    with pytest.raises(ValueError, match=message):
        measure_array(features, LABELS, weight, bias)
    with pytest.raises(ValueError, match=message):
        measure_parquet(write_folder(tmp_path / "data", 2), weight, bias)


def test_errors_of_a_chunk_name_its_rows():
    broken = FEATURES.copy()
    broken[233, 4] = np.nan
    features = da.from_array(broken, chunks=(100, 6))
    message = r"features: row 33 of the batch holds NaN or infinity.*\(in rows 200 to 299\)"
    with pytest.raises(ValueError, match=message):
        array_statistics(features, LABELS)
    labels = LABELS.copy()
    labels[301] = -100
    with pytest.raises(ValueError, match=r"labels: expected class .*got -100.*rows 300 to 399"):
        array_statistics(features, da.from_array(labels, chunks=100))
    with pytest.raises(ValueError, match=r"labels: .* below 4, got 4.*in rows \d+ to \d*99"):
        array_statistics(features, da.from_array(LABELS, chunks=100), 4)
    with pytest.raises(ValueError, match="num_classes: expected 5, one for each row of weight"):
        measure_array(features, LABELS, WEIGHT, num_classes=4)
    everything = da.from_array(np.ones(400, dtype=bool), chunks=100)
    labels = da.from_array(LABELS, chunks=100)
    with pytest.raises(ValueError, match="in rows 200 to 299"):  # known once labels are counted
        array_statistics(features[everything], labels[everything])
    statistics = array_statistics(da.from_array(FEATURES, chunks=(100, 6)), LABELS)
    with pytest.raises(ValueError, match="in rows 200 to 299"):
        array_mismatches(features, statistics, WEIGHT)


def write_folder(folder, parts, columns=None):
    """Parquet files in folders ``part=i``, features as lists or in columns of any order."""
    arrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    for i, rows in enumerate(np.array_split(np.arange(len(LABELS)), parts)):
        place = folder / f"part={i}"
        place.mkdir(parents=True)
        table = {"labels": LABELS[rows]}
        if columns is None:
            table["features"] = list(FEATURES[rows])
        else:
            order = columns if i % 2 else columns[::-1]
            table |= {f"x{j}": FEATURES[rows, j] for j in order}
        parquet.write_table(arrow.table(table), place / "a.parquet")
    return folder


@pytest.mark.parametrize("columns", [None, [0, 1, 2, 3, 4, 5]])
@pytest.mark.parametrize("weighting", ["class", "sample"])
def test_a_partitioned_folder_gives_the_report_of_the_whole(tmp_path, columns, weighting):
    folder = write_folder(tmp_path / "data", 11, columns)
    names = ("features", "labels") if columns is None else ("x*", "labels")
    report = measure_parquet(folder, WEIGHT, BIAS, names=names, weighting=weighting)
    order = slice(None, None, None if columns is None else -1)  # of the first file
    expected = measure(FEATURES[:, order], LABELS, WEIGHT, BIAS, weighting=weighting)
    assert_same(report, expected)


def test_labels_may_be_the_names_of_folders(tmp_path):
    arrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    for label in range(5):
        place = tmp_path / f"labels={label}"
        place.mkdir()
        table = arrow.table({"features": list(FEATURES[label == LABELS])})
        parquet.write_table(table, place / "a.parquet")
    assert_same(measure_parquet(tmp_path, WEIGHT), measure(FEATURES, LABELS, WEIGHT))


def test_a_bad_row_of_a_folder_is_named_with_its_file(tmp_path):
    arrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    folder = write_folder(tmp_path / "data", 4)
    broken = FEATURES[100:200].copy()
    broken[7, 0] = np.inf
    table = arrow.table({"labels": LABELS[100:200], "features": list(broken)})
    parquet.write_table(table, folder / "part=1" / "a.parquet")
    with pytest.raises(ValueError, match=r"features: row 7 of .*part=1.a\.parquet holds NaN"):
        parquet_statistics(folder)
    with pytest.raises(ValueError, match="labels: expected class indices below 3, got 4"):
        parquet_statistics(folder, 3)


def test_without_dask_the_error_names_the_extra():
    code = (
        "import sys; sys.modules['dask'] = None\n"
        "import neuralcollapse.integrations.dask as module\n"
        "try: module.measure_array([[1.0]], [0])\n"
        "except ImportError as error: sys.exit('neuralcollapse[cluster]' not in str(error))\n"
        "sys.exit(2)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_worker_killed_half_way_changes_nothing(tmp_path):
    distributed = pytest.importorskip("distributed")
    calls, waiting, go = (tmp_path / name for name in ("calls", "waiting", "go"))
    calls.mkdir()
    waiting.mkdir()

    def chunk(start):  # not importable by a worker: it travels with the task
        half_way = len(list(calls.iterdir())) >= 8
        (calls / f"{start}-{os.getpid()}-{time.monotonic_ns()}").touch()
        deadline = time.monotonic() + 120
        while half_way and not go.exists():
            assert time.monotonic() < deadline
            (waiting / str(os.getpid())).touch()
            time.sleep(0.02)
        return FEATURES[start : start + 25]

    features = da.concatenate(
        [
            da.from_delayed(dask.delayed(chunk)(start), (25, 6), dtype=FEATURES.dtype)
            for start in range(0, 400, 25)
        ]
    )
    settings = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": ":0"}
    found = []
    with (
        distributed.LocalCluster(**settings) as cluster,
        distributed.Client(cluster),
        dask.config.set(scheduler="distributed"),
    ):
        work = threading.Thread(
            target=lambda: found.append(measure_array(features, LABELS, WEIGHT, BIAS))
        )
        work.start()
        deadline = time.monotonic() + 120
        while len(list(waiting.iterdir())) < 2:
            assert time.monotonic() < deadline
            assert work.is_alive()
            time.sleep(0.02)
        os.kill(int(next(waiting.iterdir()).name), signal.SIGKILL)
        go.touch()
        work.join(120)
    assert len(list(calls.iterdir())) > 32  # two passes over 16 chunks, and what was lost
    (report,) = found
    assert_same(report, measure(FEATURES, LABELS, WEIGHT, BIAS))
