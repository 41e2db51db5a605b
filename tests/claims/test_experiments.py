"""Stored rows: what is written is read, a change is refused, a failed write leaves the old file."""

import json
from functools import partial

import pytest

from neuralcollapse.claims.experiments import (
    digest,
    read_rows,
    run_script,
    versions,
    wanted_rows,
    write_rows,
)

ROWS = [{"depth": 2, "loss": 0.1}, {"depth": 3, "loss": 0.25}, {"width": 3}]


def test_rows_come_back_whole_and_by_value(tmp_path):
    path = tmp_path / "rows.json"
    assert read_rows(path) == []
    write_rows(path, ROWS, recipe={"steps": 3}, versions=versions("numpy"))
    assert read_rows(path) == ROWS
    assert read_rows(path, depth=3) == ROWS[1:2]
    stored = json.loads(path.read_text())
    assert stored["recipe"] == {"steps": 3}
    assert stored["sha256"] == digest(ROWS)
    assert set(stored["versions"]) == {"python", "numpy"}
    assert [entry.name for entry in tmp_path.iterdir()] == ["rows.json"]


def test_a_changed_row_is_refused(tmp_path):
    path = tmp_path / "rows.json"
    write_rows(path, ROWS)
    path.write_text(path.read_text().replace("0.25", "0.24"))
    with pytest.raises(ValueError, match=r"rows\.json: rows do not match their hash"):
        read_rows(path)


def test_what_json_cannot_hold_leaves_the_old_file(tmp_path):
    path = tmp_path / "rows.json"
    write_rows(path, ROWS)
    with pytest.raises(TypeError):
        write_rows(path, [{"loss": {1}}])
    assert read_rows(path) == ROWS


def test_a_script_trains_what_is_missing_or_checks(tmp_path):
    kept, jobs = [], [{"number": 1.26, "ndigits": 1}, {"number": 2.5}]
    script = partial(run_script, "Rounding.", round, jobs, lambda *given: kept.append(given))
    path = tmp_path / "rounding.jsonl"
    script(lambda: False, partial=path, arguments=["--workers", "1"])
    assert kept == [(jobs, [1.3, 2])]
    assert len(path.read_text().splitlines()) == 2
    for holds, code in ((True, 0), (False, "the stored rows differ")):
        with pytest.raises(SystemExit) as ended:
            script(lambda holds=holds: holds, partial=path, arguments=["--check"])
        assert ended.value.code == code
    assert len(kept) == 1


def test_rows_that_are_wanted_have_to_be_there(tmp_path):
    path = tmp_path / "rows.json"
    write_rows(path, ROWS)
    assert wanted_rows(path, depth=2) == ROWS[:1]
    with pytest.raises(KeyError, match=r"rows\.json has no row with {'depth': 4}"):
        wanted_rows(path, depth=4)
