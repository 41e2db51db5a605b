"""Stored networks are read whole, paired by seed, and refused if they were changed."""

import json

import numpy as np
import pytest

from neuralcollapse.claims import equilibrium_networks as networks


def test_rows_are_paired_by_seed():
    for network in networks.NETWORKS:
        rows = networks.stored_rows(network=network, frequent=3, rare=2, epochs=60)
        assert [row["seed"] for row in rows] == list(range(8))
    mean, error = networks.paired_difference("balanced", "no core", "one step", 3, 10)
    first, second = (networks.across_seeds("balanced", n, 3, 10) for n in ("no core", "one step"))
    assert mean == pytest.approx(np.mean([a - b for a, b in zip(first, second, strict=True)]))
    assert error == pytest.approx(np.std(first - second, ddof=1) / 2)


def test_changed_rows_are_refused(tmp_path, monkeypatch):
    stored = json.loads(networks.STORED.read_text())
    stored["rows"][0]["balanced"] += 0.1
    monkeypatch.setattr(networks, "STORED", tmp_path / "rows.json")
    networks.STORED.write_text(json.dumps(stored))
    with pytest.raises(ValueError, match="rows do not match their hash"):
        networks.stored_rows()
