"""What the claims on ranks rest on: the stored search and the small clock network."""

import json

import numpy as np
import pytest

from neuralcollapse.claims import unit_codes
from neuralcollapse.claims.clock_ramp import circle_network, objective, ramp
from neuralcollapse.claims.ranks import flat_rank
from neuralcollapse.geometry import regular_polygon, simplex_etf
from neuralcollapse.theory.circle import (
    CLOCK_FACTOR,
    code_objective,
    critical_regularisation,
    homogeneous_objective,
)


def test_a_changed_row_is_noticed(tmp_path, monkeypatch):
    content = json.loads(unit_codes.STORED.read_text())
    content["rows"][0]["rank"] += 1
    changed = tmp_path / "unit_codes.json"
    changed.write_text(json.dumps(content))
    monkeypatch.setattr(unit_codes, "STORED", changed)
    with pytest.raises(ValueError, match="do not match their hash"):
        unit_codes.stored_rows()


def test_stored_objectives_are_not_above_the_candidates():
    for row in unit_codes.stored_rows()[::7]:
        count, beta, penalty = row["num_classes"], row["beta"], row["regularisation"]
        for code in (simplex_etf(count), regular_polygon(count)):
            assert row["objective"] <= code_objective(code, beta, penalty) + 1e-9


def test_candidates_tie_at_their_exchange():
    penalty = critical_regularisation(9, 1, 1.4)
    codes = simplex_etf(9), regular_polygon(9)
    assert np.isclose(*(code_objective(code, 1.4, penalty) for code in codes), rtol=1e-13)


def test_flat_rank_is_the_best_of_all():
    for x in (0.01, 0.2, 0.9):
        values = [0.5 / r + x * r**0.5 for r in range(1, 200)]
        assert flat_rank(x, 1.0) == int(np.argmin(values)) + 1


def test_the_gradient_of_the_network_is_a_finite_difference():
    generator = np.random.default_rng(2)
    network, move = generator.normal(size=(2, 2, 5, 3, 2)) @ [1, 1j]
    value, gradient = objective(network, 0.7)
    ends = [objective(network + h * move, 0.7)[0] for h in (1e-5, -1e-5)]
    slope = np.sum(gradient.real * move.real + gradient.imag * move.imag)
    assert np.isclose((ends[0] - ends[1]) / 2e-5, slope, rtol=1e-7)
    assert ends[0] != value


def test_one_circle_costs_what_the_reduced_model_says():
    value, _ = objective(circle_network(9, 2, 1.3), 0.6)
    reduced = homogeneous_objective([1.3], [1], 9, 0.6 * CLOCK_FACTOR, 3)
    assert np.isclose(value, reduced, rtol=1e-12)


def test_a_ramp_leaves_its_start_alone():
    network = circle_network(5, 2, 1.3)
    before = network.copy()
    norms, losses, _ = ramp(network, [0.7, 0.75], steps=5)
    assert (network == before).all()
    assert norms.shape == losses.shape == (2,)
