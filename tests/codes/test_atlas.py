"""Files of the atlas: what is written is read again, what is damaged is refused, and the search."""

import importlib.util
import json
from pathlib import Path

import numpy as np
import pytest
from distributed import LocalCluster

from neuralcollapse.codes import Code
from neuralcollapse.codes.atlas import proved_optimal, read_atlas, read_code, write_code
from neuralcollapse.geometry import orthoplex, simplex_etf

SCRIPT = Path(__file__).parents[2] / "experiments" / "atlas.py"


def script():
    spec = importlib.util.spec_from_file_location("atlas_script", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def stored(tmp_path):
    path = tmp_path / "3-6.txt"
    write_code(path, Code.of(orthoplex(3), residual=0, starts=5, hits=2), seeds="0 to 0")
    return path


def test_a_code_comes_back_bit_for_bit(tmp_path):
    points = simplex_etf(7)
    write_code(tmp_path / "6-7.txt", Code.of(points, residual=1e-16, starts=3, hits=1), note="x")
    code, header = read_code(tmp_path / "6-7.txt")
    assert (code.points == Code.of(points).points).all()
    assert (code.starts, code.hits, header["note"]) == (3, 1, "x")
    assert [path.name for path in tmp_path.iterdir()] == ["6-7.txt"]


def test_a_file_is_replaced_in_one_step(stored, monkeypatch):
    before = stored.read_text()

    def fail(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("os.replace", fail)
    with pytest.raises(KeyboardInterrupt):
        write_code(stored, Code.of(simplex_etf(4)))
    assert stored.read_text() == before
    assert [path.name for path in stored.parent.iterdir()] == [stored.name]


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text[: len(text) // 2],
        lambda text: "\n".join(text.splitlines()[:-1]),
        lambda text: text.replace("# coherence: 0.0", "# coherence: -0.1"),
        lambda text: text.replace("1.00000000000000000e+00", "1.00100000000000000e+00", 1),
        lambda text: text.replace("# num_points", "# points"),
        lambda text: "",
        lambda text: text.replace("# contacts: 12", "# contacts: 11"),
        lambda text: text.replace("# rattlers: none", "# rattlers: 3"),
        lambda text: text.replace("# starts: 5", "# starts 5"),
        lambda text: text.replace("# seeds: 0", "# seeds: \N{BULLET}"),
    ],
)
def test_a_damaged_file_is_refused(stored, damage):
    damaged = damage(stored.read_text())
    assert damaged != stored.read_text()
    stored.write_text(damaged, encoding="utf-8")
    with pytest.raises(ValueError, match=r"3-6\.txt"):
        read_code(stored)


def test_an_empty_folder_names_the_way_out(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"experiments/atlas\.py"):
        read_atlas(tmp_path)


def test_header_values_have_one_line(tmp_path):
    for note in ("a\nb", "a\rb", "a\n", "a\x0cb", "\N{BULLET}"):
        with pytest.raises(ValueError, match="note: expected ASCII text of one line"):
            write_code(tmp_path / "x.txt", Code.of(simplex_etf(3)), note=note)


def test_proofs():
    assert proved_optimal(6, 3) == "rankin1955"
    assert proved_optimal(5, 2) == "exercise"
    assert proved_optimal(15, 3) is None
    with pytest.raises(ValueError, match="2 or more"):
        proved_optimal(1, 3)


def test_the_books_atlas_and_its_manifest_agree():
    import hashlib

    from neuralcollapse.codes.atlas import ATLAS

    manifest = json.loads((ATLAS / "manifest.json").read_text())["codes"]
    files = sorted(path.name for path in ATLAS.glob("*.txt"))
    assert sorted(manifest) == files
    for name in files:
        assert hashlib.sha256((ATLAS / name).read_bytes()).hexdigest() == manifest[name]["sha256"]
    assert set(read_atlas()) == {(d, n) for d in range(2, 9) for n in range(d + 2, 33)}


def test_the_search_resumes(tmp_path, monkeypatch):
    atlas = script()
    searched = []

    def search(dimension, num_points, rounds, enough):
        searched.append((dimension, num_points))
        return Code.of(orthoplex(dimension)[:num_points], starts=1, hits=1, residual=0), {}

    class Here:
        """Runs a task when it is submitted, in this process."""

        def __enter__(self):
            return self

        def __exit__(self, *_):
            return None

        def submit(self, function, *arguments):
            from concurrent.futures import Future

            future = Future()
            future.set_result(function(*arguments))
            return future

    monkeypatch.setattr(atlas, "search", search)
    monkeypatch.setattr(atlas, "executor", lambda *_: Here())
    arguments = ["--dimensions", "3", "--folder", str(tmp_path), "--points", "4", "5"]
    atlas.main(arguments)
    assert sorted(searched) == [(3, 4), (3, 5)]
    (tmp_path / "3-4.txt").unlink()
    atlas.main(arguments)
    assert searched[2:] == [(3, 4)]
    assert set(json.loads((tmp_path / "manifest.json").read_text())["codes"]) == {
        "3-4.txt",
        "3-5.txt",
    }


def test_the_search_itself(tmp_path):
    code, recipe = script().search(2, 5, 1, 1)
    assert code.coherence == pytest.approx(np.cos(2 * np.pi / 5), abs=1e-14)
    assert float(recipe["softmax_code_distance"]) == pytest.approx(1 - code.coherence, abs=1e-12)


def test_a_cluster_runs_the_same_path(tmp_path):
    arguments = ["--dimensions", "2", "--points", "4", "--rounds", "1", "--folder", str(tmp_path)]
    with LocalCluster(
        n_workers=1,
        threads_per_worker=1,
        processes=False,
        protocol="tcp://",
        dashboard_address=":0",
    ) as cluster:
        script().main([*arguments, "--scheduler", cluster.scheduler_address])
    code, _ = read_code(tmp_path / "2-4.txt")
    assert abs(code.coherence) < 1e-14
