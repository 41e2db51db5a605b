"""Features from files: every format gives the same blocks, and never more than a block."""

import json
import subprocess
import sys
import tracemalloc
import zipfile

import numpy as np
import pyarrow as arrow
import pyarrow.parquet as parquet
import pytest
import torch
from numpy.lib.format import open_memmap
from safetensors.torch import save_file

from neuralcollapse.files import open_features
from neuralcollapse.files.arrays import StoredArray

GENERATOR = np.random.default_rng(0)
FEATURES = GENERATOR.normal(size=(23, 4)).astype(np.float32)
LABELS = np.arange(23) % 3


def lists(features, fixed):
    values = arrow.array(features.ravel())
    if fixed:
        return arrow.FixedSizeListArray.from_arrays(values, features.shape[1])
    return arrow.array(list(features), type=arrow.list_(values.type))


def table(features=FEATURES, labels=LABELS, fixed=True):
    return arrow.table({"labels": labels, "features": lists(features, fixed)})


def columns(features=FEATURES, labels=LABELS):
    named = {f"x{i}": column for i, column in enumerate(features.T)}
    return arrow.table({"id": np.arange(len(features)), "y": labels} | named)


def write(folder, kind):
    """A file of the features above; what `open_features` is told of it."""
    path = folder / kind.split()[0]
    if kind == "a.npz":
        np.savez(path, features=FEATURES, labels=LABELS)
    elif kind == "a.npz compressed":
        np.savez_compressed(path, features=FEATURES, labels=LABELS)
    elif kind == "a.npz by columns":
        np.savez(path, features=np.asfortranarray(FEATURES), labels=LABELS)
    elif kind.startswith("a.npy"):
        order = np.asfortranarray if "columns" in kind else np.asarray
        np.save(path, order(FEATURES))
        np.save(folder / "y.npy", LABELS)
        return path, {"labels": folder / "y.npy"}
    elif kind == "a.safetensors":
        save_file({"features": torch.tensor(FEATURES), "labels": torch.tensor(LABELS)}, path)
    elif kind == "a.parquet columns":
        parquet.write_table(columns(), path, row_group_size=7)
        return path, {"names": ("features", "y")}
    elif kind == "a.parquet pattern":
        parquet.write_table(columns(), path, row_group_size=7)
        return path, {"names": ("x*", "y")}
    elif kind == "folder":
        path.mkdir()
        for place, (start, stop) in enumerate([(0, 9), (9, 10), (10, 23)]):
            part = table(FEATURES[start:stop], LABELS[start:stop])
            parquet.write_table(part, path / f"part-{place}.parquet")
    else:
        parquet.write_table(table(fixed="lists" not in kind), path, row_group_size=7)
    return path, {}


KINDS = [
    "a.npz",
    "a.npz compressed",
    "a.npz by columns",
    "a.npy",
    "a.npy by columns",
    "a.safetensors",
    "a.parquet",
    "a.parquet lists",
    "a.parquet columns",
    "a.parquet pattern",
    "folder",
]


@pytest.mark.parametrize("rows", [1, 5, 23, 100, None])
@pytest.mark.parametrize("kind", KINDS)
def test_every_format_gives_the_same_rows(tmp_path, kind, rows):
    path, options = write(tmp_path, kind)
    source = open_features(path, **options)
    assert (source.num_samples, source.num_features, source.dtype) == (23, 4, np.float32)
    np.testing.assert_array_equal(source.labels, LABELS)
    for _ in range(2):  # each pass starts anew
        features, labels = zip(*source.blocks(rows), strict=True)
        assert max(map(len, features)) <= (rows or 23)
        np.testing.assert_array_equal(np.concatenate(features), FEATURES)
        np.testing.assert_array_equal(np.concatenate(labels), LABELS)


@pytest.mark.parametrize("dtype", ["bfloat16", "float16", "float64", "int8", "float8_e4m3fn"])
def test_safetensors_of_any_dtype_are_exact(tmp_path, dtype):
    features = torch.tensor([[1.0, 2.0], [-3.0, 0.5]]).to(getattr(torch, dtype))
    save_file({"features": features, "labels": torch.tensor([0, 1])}, tmp_path / "a.safetensors")
    source = open_features(tmp_path / "a.safetensors")
    ((block, _),) = source.blocks()
    assert block.dtype == source.dtype
    np.testing.assert_array_equal(block, features.double().numpy())


@pytest.mark.parametrize("dtype", [torch.uint8, torch.uint16, torch.uint32, torch.uint64])
def test_unsigned_safetensors_stay_integers(tmp_path, dtype):
    features = torch.tensor([[200, 1], [2**24 + 1, 0]]).to(dtype)  # float32 would round the third
    labels = torch.tensor([0, 1]).to(dtype)
    save_file({"features": features, "labels": labels}, tmp_path / "a.safetensors")
    ((block, labels),) = open_features(tmp_path / "a.safetensors").blocks()
    np.testing.assert_array_equal(block, features.numpy())
    assert labels.tolist() == [0, 1]


def test_big_endian_and_integer_arrays_are_read(tmp_path):
    np.savez(tmp_path / "a.npz", features=FEATURES.astype(">f8"), labels=LABELS.astype(">u2"))
    ((block, labels),) = open_features(tmp_path / "a.npz").blocks()
    np.testing.assert_array_equal(block, FEATURES)
    np.testing.assert_array_equal(labels, LABELS)


def test_folders_may_name_the_labels(tmp_path):
    for label in (0, 1, 2):
        part = tmp_path / "parts" / f"labels={label}"
        part.mkdir(parents=True)
        rows = FEATURES[label == LABELS]
        parquet.write_table(arrow.table({"features": lists(rows, True)}), part / "0.parquet")
    source = open_features(tmp_path / "parts")
    np.testing.assert_array_equal(source.labels, np.sort(LABELS))
    blocks = np.concatenate([block for block, _ in source.blocks(2)])
    np.testing.assert_array_equal(blocks, FEATURES[np.argsort(LABELS, kind="stable")])


def test_parts_are_the_files_of_a_folder(tmp_path):
    for number, rows in enumerate((slice(0, 9), slice(9, 9), slice(9, 23))):
        (tmp_path / f"fold={number}").mkdir()
        named = columns(FEATURES[rows], LABELS[rows])
        order = named.column_names[:: 1 if number < 2 else -1]  # the last one backwards
        parquet.write_table(named.select(order), tmp_path / f"fold={number}" / "a.parquet")
    whole = open_features(tmp_path, names=("x*", "y"))
    parts = whole.parts()
    assert [part.path.parent.name for part in parts] == ["fold=0", "fold=2"]
    assert [part.num_samples for part in parts] == [9, 14]
    for part in parts:
        assert (part.num_features, part.dtype) == (whole.num_features, whole.dtype)
    blocks = [block for part in parts for block in part.blocks(rows=5)]
    for got, expected in zip(zip(*blocks, strict=True), (FEATURES, LABELS), strict=True):
        np.testing.assert_array_equal(np.concatenate(got), expected)


def test_one_file_is_its_own_part(tmp_path):
    np.savez(tmp_path / "a.npz", features=FEATURES, labels=LABELS)
    source = open_features(tmp_path / "a.npz")
    assert source.parts() == [source]


@pytest.mark.parametrize("suffix", ["npy", "npz", "safetensors", "parquet"])
def test_labels_lie_in_a_file_of_any_kind(tmp_path, suffix):
    np.save(tmp_path / "a.npy", FEATURES)
    path = tmp_path / f"y.{suffix}"
    {
        "npy": lambda: np.save(path, LABELS),
        "npz": lambda: np.savez(path, anything=LABELS),
        "safetensors": lambda: save_file({"y": torch.tensor(LABELS)}, path),
        "parquet": lambda: parquet.write_table(arrow.table({"c": LABELS}), path),
    }[suffix]()
    np.testing.assert_array_equal(open_features(tmp_path / "a.npy", path).labels, LABELS)


def test_a_float_that_is_not_known_is_named(tmp_path):
    scales = torch.ones(4, 4).to(torch.float8_e8m0fnu)
    save_file({"features": scales, "labels": torch.arange(4)}, tmp_path / "a.safetensors")
    with pytest.raises(TypeError, match=r"features: features of .*got dtype F8_E8M0; save it"):
        open_features(tmp_path / "a.safetensors")


@pytest.mark.skipif(sys.platform != "linux", reason="limits what Linux limits")
@pytest.mark.parametrize("suffix", ["npy", "safetensors"])
def test_a_file_larger_than_memory_is_opened(tmp_path, suffix):
    rows = 4_000_000  # of 64 floats: 1 GB, none of it on the disk
    if suffix == "npy":
        open_memmap(tmp_path / "a.npy", "w+", np.float32, (rows, 64))
    else:
        entry = {"dtype": "F32", "shape": [rows, 64], "data_offsets": [0, rows * 256]}
        header = json.dumps({"features": entry}).encode()
        with (tmp_path / "a.safetensors").open("wb") as file:
            file.write(len(header).to_bytes(8, "little") + header)
            file.truncate(8 + len(header) + rows * 256)
    np.save(tmp_path / "y.npy", np.zeros(rows, dtype=np.int8))
    code = (
        "import resource, sys; from neuralcollapse.files import open_features\n"
        "resource.setrlimit(resource.RLIMIT_DATA, (700 * 2**20, -1))\n"
        "print(len(next(open_features(*sys.argv[1:]).blocks(5))[0]))"
    )
    call = [sys.executable, "-c", code, tmp_path / f"a.{suffix}", tmp_path / "y.npy"]
    ran = subprocess.run(call, capture_output=True, text=True)
    assert (ran.stdout, ran.stderr) == ("5\n", "")


@pytest.mark.parametrize("kind", ["npz", "npz compressed", "npy", "npy by columns", "parquet"])
def test_no_more_than_blocks_are_in_memory(tmp_path, kind):
    features = GENERATOR.normal(size=(40_000, 64)).astype(np.float32)  # 10 MB
    labels = np.arange(len(features)) % 2
    path, options = tmp_path / f"a.{kind.split()[0]}", {}
    if "compressed" in kind:
        np.savez_compressed(path, features=features, labels=labels)
    elif kind == "npz":
        np.savez(path, features=features, labels=labels)
    elif kind == "parquet":
        parquet.write_table(table(features, labels), path, compression=None)  # one group of rows
    else:
        np.save(path, np.asfortranarray(features) if "columns" in kind else features)
        np.save(tmp_path / "y.npy", labels)
        options = {"labels": tmp_path / "y.npy"}
    source = open_features(path, **options)
    taken = arrow.total_allocated_bytes()
    tracemalloc.start()
    try:
        for block, _ in source.blocks(1000):
            taken = max(taken, arrow.total_allocated_bytes())
            del block
        assert tracemalloc.get_traced_memory()[1] < 2e6
    finally:
        tracemalloc.stop()
    assert taken < 3e6


BAD = {
    "objects": ("features: features of .* holds Python objects, which only pickle", {}),
    "object labels": ("labels: labels of .* holds Python objects", {}),
    "one axis": (r"features: .*\(num_samples, num_features\), got \(23,\)", {}),
    "no samples": ("features: .*expected samples", {}),
    "short labels": (r"labels: .*expected shape \(23,\).*got \(22,\)", {}),
    "square labels": (r"labels: .*expected shape \(23,\).*got \(23, 1\)", {}),
    "negative labels": ("labels: labels of .*class indices from 0, got -1", {}),
    "no name": ("features: nothing is named 'features' in .*holds x .23, 4., y", {}),
    "no label name": ("labels: nothing is named 'labels' .*names, or give another", {}),
    "names": ("names: expected two", {"names": "features"}),
}


@pytest.mark.parametrize("case", BAD)
def test_what_does_not_fit_is_named(tmp_path, case):
    arrays = {"features": FEATURES, "labels": LABELS}
    if case == "objects":
        arrays["features"] = FEATURES.astype(object)
    elif case == "object labels":
        arrays["labels"] = LABELS.astype(object)
    elif case == "one axis":
        arrays["features"] = FEATURES[:, 0]
    elif case == "no samples":
        arrays = {"features": FEATURES[:0], "labels": LABELS[:0]}
    elif case == "short labels":
        arrays["labels"] = LABELS[1:]
    elif case == "square labels":
        arrays["labels"] = LABELS[:, None]
    elif case == "negative labels":
        arrays["labels"] = LABELS - 1
    elif case == "no name":
        arrays = {"x": FEATURES, "y": LABELS}
    elif case == "no label name":
        arrays = {"features": FEATURES, "y": LABELS}
    np.savez(tmp_path / "a.npz", **arrays)
    message, options = BAD[case]
    with pytest.raises(ValueError, match=message):
        open_features(tmp_path / "a.npz", **options)


@pytest.mark.parametrize("labels", [LABELS.astype(float), LABELS > 0, LABELS.astype(str)])
def test_labels_must_be_integers(tmp_path, labels):
    np.savez(tmp_path / "a.npz", features=FEATURES, labels=labels)
    with pytest.raises(TypeError, match=r"labels: labels of .*expected"):
        open_features(tmp_path / "a.npz")


@pytest.mark.parametrize("features", [FEATURES * 1j, FEATURES > 0, FEATURES.astype(str)])
def test_features_must_be_real_numbers(tmp_path, features):
    np.savez(tmp_path / "a.npz", features=features, labels=LABELS)
    with pytest.raises(TypeError, match=r"features: features of .*expected real numbers"):
        open_features(tmp_path / "a.npz")


@pytest.mark.parametrize(
    ("column", "message"),
    [
        ([[1.0, 2.0], None], "has nothing in row 1"),
        ([[1.0, 2.0], [1.0, None]], "has a gap in row 1"),
        ([[1.0, 2.0], [1.0]], "a list of 1 numbers in row 1 where the first has 2"),
    ],
)
@pytest.mark.parametrize("rows", [1, 10])
def test_gaps_in_parquet_columns_are_named(tmp_path, column, message, rows):
    parquet.write_table(arrow.table({"features": column, "labels": [0, 1]}), tmp_path / "a.parquet")
    source = open_features(tmp_path / "a.parquet")
    with pytest.raises(ValueError, match=rf"features: .*{message}"):
        list(source.blocks(rows))


@pytest.mark.parametrize("name", ["words", "lists"])
def test_columns_of_words_are_no_features(tmp_path, name):
    part = arrow.table({"words": ["a", "b"], "lists": [["a"], ["b"]], "labels": [0, 1]})
    parquet.write_table(part, tmp_path / "a.parquet")
    with pytest.raises((TypeError, ValueError), match=r"features: (nothing is named|.*real num)"):
        open_features(tmp_path / "a.parquet", names=(name, "labels"))
    with pytest.raises((TypeError, ValueError), match=r"labels: .*expected"):
        open_features(write(tmp_path, "a.npy")[0], tmp_path / "a.parquet", names=("", name))


def test_parts_that_differ_are_named(tmp_path):
    parquet.write_table(columns(), tmp_path / "0.parquet")
    parquet.write_table(columns().drop_columns("x2"), tmp_path / "1.parquet")
    source = open_features(tmp_path, names=("x*", "y"))
    with pytest.raises(ValueError, match=r"1\.parquet has no column x2"):
        list(source.blocks())


ALIKE = {
    "floats after integers": ({"x": [1, 2]}, {"x": [1.5]}, "features: x of .*float64 .*int64"),
    "wider floats": ({"x": np.float32([1, 2])}, {"x": [0.1]}, "features: .*float64 .*float32"),
    "words": ({"x": [1.0, 2.0]}, {"x": ["1"]}, "features: x of .*object a row"),
    "numbers for lists": ({"x": [[1.0, 2.0]] * 2}, {"x": [1.0]}, "features: x of .*1 x .*2 x"),
    "labels": ({"x": [1.0, 2.0]}, {"x": [1.0], "y": [0.5]}, "labels: y of .*float64 .*int64"),
}


@pytest.mark.parametrize("case", ALIKE)
def test_parts_of_other_types_are_not_rounded(tmp_path, case):
    first, second, message = ALIKE[case]
    parquet.write_table(arrow.table({"y": [0, 1]} | first), tmp_path / "0.parquet")
    parquet.write_table(arrow.table({"y": [1]} | second), tmp_path / "1.parquet")
    with pytest.raises(TypeError, match=rf"{message}.*write the parts alike"):
        list(open_features(tmp_path, names=("x", "y")).blocks())


def test_a_first_part_without_rows_need_not_know_its_types(tmp_path):
    nothing = arrow.table({"labels": arrow.nulls(0), "features": arrow.nulls(0)})
    parquet.write_table(nothing, tmp_path / "0.parquet")
    parquet.write_table(table(), tmp_path / "1.parquet")
    ((block, labels),) = open_features(tmp_path).blocks()
    np.testing.assert_array_equal(block, FEATURES)
    np.testing.assert_array_equal(labels, LABELS)


def test_the_exact_name_of_a_column_is_no_pattern(tmp_path):
    named = arrow.table({"x[0]": [0.5, 1.5], "x0": [3.0, 4.0], "labels": [0, 1]})
    parquet.write_table(named, tmp_path / "a.parquet")
    source = open_features(tmp_path / "a.parquet", names=("x[0]", "labels"))
    np.testing.assert_array_equal(next(source.blocks())[0], [[0.5], [1.5]])


def test_dictionaries_are_read_as_what_they_stand_for(tmp_path):
    columns = {"x": [0.5, 2.5, 0.5], "labels": [7, 0, 7]}
    encoded = {name: arrow.array(values).dictionary_encode() for name, values in columns.items()}
    parquet.write_table(arrow.table(encoded), tmp_path / "a.parquet")
    ((block, labels),) = open_features(tmp_path / "a.parquet", names=("x", "labels")).blocks()
    assert (block.ravel().tolist(), labels.tolist()) == ([0.5, 2.5, 0.5], [7, 0, 7])


def test_a_page_with_a_wrong_checksum_is_refused(tmp_path):
    path = tmp_path / "a.parquet"
    options = {"compression": None, "use_dictionary": False, "write_page_checksum": True}
    parquet.write_table(table(), path, **options)
    content = bytearray(path.read_bytes())
    content[content.find(FEATURES.tobytes()) + 8] ^= 1
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"features: .*malformed \(.*CRC"):
        list(open_features(path).blocks())


@pytest.mark.parametrize("column", [[{"a": 1.0}] * 2, ["a", "b"], [None, None]])
def test_a_named_column_without_numbers_is_called_that(tmp_path, column):
    part = arrow.table({"features": column, "labels": [0, 1]})
    parquet.write_table(part, tmp_path / "a.parquet")
    message = r"features: features of .*(expected real numbers.*save|has nothing in row 0)"
    with pytest.raises((TypeError, ValueError), match=message):
        open_features(tmp_path / "a.parquet")


def test_gaps_in_labels_are_said_of_labels(tmp_path):
    part = arrow.table({"features": [[1.0], [2.0]], "labels": [0, None]})
    parquet.write_table(part, tmp_path / "a.parquet")
    with pytest.raises(ValueError, match=r"^labels: labels of [^:]*has nothing in row 1; fill"):
        open_features(tmp_path / "a.parquet")


def test_more_rows_at_once_than_any_machine_counts(tmp_path):
    for kind in ("a.npz", "a.safetensors", "a.parquet"):
        path, options = write(tmp_path, kind)
        ((block, _),) = open_features(path, **options).blocks(10**30)
        np.testing.assert_array_equal(block, FEATURES)


def test_an_archive_by_columns_that_is_large_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("neuralcollapse.files.numpy_arrays._LARGEST_WHOLE", 10)
    source = open_features(*write(tmp_path, "a.npz by columns")[:1])
    with pytest.raises(ValueError, match=r"lies column by column.*ascontiguousarray"):
        list(source.blocks())


@pytest.mark.parametrize("kind", ["a.npz", "a.npz compressed", "a.npz by columns"])
def test_a_member_with_a_wrong_checksum_is_refused(tmp_path, kind):
    path, _ = write(tmp_path, kind)
    with zipfile.ZipFile(path) as archive:
        checksum = archive.getinfo("features.npy").CRC.to_bytes(4, "little")
    path.write_bytes(path.read_bytes().replace(checksum, b"none"))
    with pytest.raises(ValueError, match=r"features: .*malformed \(Bad CRC-32"):
        list(open_features(path).blocks(5))


def test_an_archive_that_announces_more_than_it_holds_is_refused(tmp_path):
    header = b"\x93NUMPY\x01\x00v\x00" + (
        b"{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000000, 8)}".ljust(117) + b"\n"
    )
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("features.npy", header)
    with pytest.raises(ValueError, match=r"features: .*cut short.*announced"):
        open_features(tmp_path / "a.npz")


@pytest.mark.parametrize("suffix", ["npy", "safetensors"])
def test_a_file_that_shrinks_meanwhile_is_an_error(tmp_path, suffix):
    path = tmp_path / f"a.{suffix}"
    if suffix == "npy":
        np.save(path, np.zeros((100_000, 4)))
    else:
        save_file({"features": torch.zeros(100_000, 4)}, path)
    np.save(tmp_path / "y.npy", np.zeros(100_000, dtype=int))
    blocks = open_features(path, tmp_path / "y.npy").blocks(1000)
    next(blocks)
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size // 2)
    with pytest.raises(ValueError, match=rf"features: .*a\.{suffix} is cut short"):
        list(blocks)


@pytest.mark.parametrize(
    "header", ["{'descr': '<f8', (\n", "\x00", "]", "{'shape': 3}", "  x\n y", "{[]: 1}"]
)
def test_a_header_that_is_no_header_is_named(tmp_path, header):
    content = b"\x93NUMPY\x01\x00v\x00" + header.encode().ljust(118) + bytes(800)
    (tmp_path / "a.npy").write_bytes(content)
    with pytest.raises(ValueError, match=r"features: .*a\.npy is cut short or malformed"):
        open_features(tmp_path / "a.npy")


def test_a_negative_shape_is_named(tmp_path):
    header = "{'descr': '<f8', 'fortran_order': False, 'shape': (-4, -5)}"
    content = b"\x93NUMPY\x01\x00v\x00" + header.encode().ljust(117) + b"\n" + bytes(160)
    (tmp_path / "a.npy").write_bytes(content)
    with pytest.raises(ValueError, match=r"features: .*a\.npy is cut short or malformed"):
        open_features(tmp_path / "a.npy")


def test_a_file_that_is_too_long_is_named(tmp_path):
    np.save(tmp_path / "a.npy", FEATURES)
    with (tmp_path / "a.npy").open("ab") as file:
        file.write(b"x")
    with pytest.raises(ValueError, match=r"features: .*malformed \(368 bytes announced .*369"):
        open_features(tmp_path / "a.npy")


def test_rows_that_do_not_come_are_missed():
    short = StoredArray("x", "features: x", (3,), np.dtype(float), lambda rows: [np.ones(2)])
    with pytest.raises(ValueError, match="features: x: 2 rows where 3 were announced"):
        list(short.blocks(5))


@pytest.mark.parametrize("name", ["a.pt", "a.pkl", "a.ckpt", "a.bin"])
def test_pickles_are_not_opened(tmp_path, name):
    torch.save({"features": torch.tensor(FEATURES)}, tmp_path / name)
    with pytest.raises(ValueError, match=r"features: .*pickled objects, which run code.*savez"):
        open_features(tmp_path / name)


@pytest.mark.parametrize("name", ["a.csv", "a.npz", "no/a.npy", "a", 300 * "a" + ".npz"])
def test_a_missing_file_or_another_kind_is_named(tmp_path, name):
    with pytest.raises(ValueError, match=r"features: (cannot read|expected a file ending in)"):
        open_features(tmp_path / name)


@pytest.mark.parametrize("keep", [0, 3, 0.1, 0.5, 0.9, -1])
@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "folder"])
def test_a_file_that_was_cut_short_is_named(tmp_path, kind, keep):
    path, options = write(tmp_path, kind)
    content = path.read_bytes()
    path.write_bytes(content[: int(keep * len(content)) if isinstance(keep, float) else keep])
    with pytest.raises(ValueError, match=rf"features: .*{path.name}.* cut short or malformed"):
        list(open_features(path, **options).blocks())


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "folder"])
def test_noise_in_place_of_a_file_is_named(tmp_path, kind):
    path, options = write(tmp_path, kind)
    path.write_bytes(np.random.default_rng(0).bytes(2000))
    with pytest.raises(ValueError, match=r"features: .*cut short or malformed"):
        open_features(path, **options)


def test_a_part_that_was_cut_short_is_named(tmp_path):
    path, _ = write(tmp_path, "folder")
    part = path / "part-1.parquet"
    part.write_bytes(part.read_bytes()[:-9])
    with pytest.raises(ValueError, match=r"features: .*cut short or malformed"):
        open_features(path)


def test_an_empty_folder_is_named(tmp_path):
    with pytest.raises(ValueError, match=r"features: no parquet files"):
        open_features(tmp_path)


@pytest.mark.parametrize("rows", [0, 2.5, -1])
def test_rows_must_be_a_whole_number(tmp_path, rows):
    path, options = write(tmp_path, "a.npz")
    with pytest.raises(ValueError, match=r"rows: expected a whole number"):
        next(open_features(path, **options).blocks(rows))


@pytest.mark.parametrize(
    ("suffix", "package"), [("safetensors", "safetensors"), ("parquet", "pyarrow")]
)
def test_a_missing_package_names_the_extra(tmp_path, monkeypatch, suffix, package):
    path, _ = write(tmp_path, f"a.{suffix}")
    monkeypatch.setitem(__import__("sys").modules, package, None)
    with pytest.raises(ImportError, match=rf"needs {package}; pip install neuralcollapse\[files\]"):
        open_features(path)
