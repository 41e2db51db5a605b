"""The script that searches unit codes: what it writes, what it leaves, what it searches again."""

import importlib.util
import json

import pytest

from neuralcollapse.claims import unit_codes

SCRIPT = unit_codes.STORED.with_suffix(".py")


@pytest.fixture
def script(tmp_path, monkeypatch):
    """The script on three cells, with a file of its own that holds the first."""
    spec = importlib.util.spec_from_file_location("unit_codes_script", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    rows = unit_codes.stored_rows()[:3]
    stored = tmp_path / "unit_codes.json"
    for place in (module, unit_codes):
        monkeypatch.setattr(place, "STORED", stored)
    monkeypatch.setattr(module, "GRID", [module.key(row) for row in rows])
    module.write(rows[:1])
    module.rows = rows
    return module


def test_what_is_missing_is_searched_and_kept_until_all_is(script, monkeypatch):
    searched = []

    def search(num_classes, beta, penalty, seed, starts):
        searched.append((num_classes, beta, penalty))
        if len(searched) == 2:
            raise KeyboardInterrupt
        return next(row for row in script.rows if script.key(row) == searched[-1])

    monkeypatch.setattr(script, "search", search)
    with pytest.raises(KeyboardInterrupt):
        script.main(["--workers", "1"])
    assert unit_codes.stored_rows() == script.rows[:1]
    script.main(["--workers", "1"])
    assert searched == [script.GRID[place] for place in (1, 2, 2)]
    assert unit_codes.stored_rows() == script.rows
    assert not script.STORED.with_suffix(".jsonl").exists()


def test_a_file_that_holds_all_stays_as_it_is(script):
    content = json.loads(script.STORED.read_text()) | {"versions": {"python": "2.7"}}
    script.STORED.write_text(json.dumps(content))
    script.main(["--workers", "1", "--largest", "4"])
    assert json.loads(script.STORED.read_text()) == content


def test_check_finds_the_cell_that_differs(script):
    assert script.check(script.rows, workers=1) == []
    wrong = [script.rows[0] | {"objective": script.rows[0]["objective"] + 2e-4}]
    assert script.check(wrong, workers=1) == [script.GRID[0]]
