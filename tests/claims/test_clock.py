"""The clock's experiment and its claims: counts, hashes, and what the checkers must refuse."""

import json

import numpy as np
import pytest
from scipy.optimize import minimize

from neuralcollapse.claims import clock, clock_networks
from neuralcollapse.claims.exercises import check_around

LOCKING = {
    "classifier": {"4.2": [10, 20, None, None, 30], "2.2": [1, 1, 1, 1, 1]},
    "embedding": {"4.2": [20, 20, 5, None, None], "2.2": [0, 2, 2, 2, None]},
}


def test_who_is_first_counts_ties_and_layers_that_never_lock():
    assert clock_networks.first(LOCKING, 4.2) == {
        "classifier": 2,
        "embedding": 1,
        "tie": 1,
        "neither": 1,
    }
    counts = clock_networks.first({"classifier": [None, 3], "embedding": [4, 2]})
    assert counts == {"classifier": 0, "embedding": 2, "tie": 0, "neither": 0}


def test_a_part_of_a_row_keeps_its_members_together():
    piece = clock_networks.part({"rank": [1, 2, 3], "locking": LOCKING}, 1, 3)
    assert piece["rank"] == [2, 3]
    assert piece["locking"]["embedding"]["2.2"] == [2, 2]


def test_the_crossing_is_interpolated_and_missing_without_a_change_of_sign():
    strengths = np.array([0.8, 0.9, 1.0])
    assert clock_networks._crossing(strengths, [-1, 3, 4]) == pytest.approx(0.825)
    assert clock_networks._crossing(strengths, [1, 3, 4]) is None


def test_a_short_run_is_described_member_by_member():
    found = clock_networks.run(modulus=5, seeds=2, steps=60, nuclear={"classifier": [0.0, 3.0]})
    assert {len(found[name]) for name in ("rank", "accuracy", "gaps", "frequencies")} == {4}
    assert found["test_accuracy"] == [None] * 4
    assert max(found["rank"][2:]) < min(found["rank"][:2])  # the second treatment is penalised
    relabelled = clock_networks.run(task="relabelled", modulus=7, seeds=1, steps=300, every=100)
    assert relabelled["restored"][0] > relabelled["coherence"][0]


def test_rows_are_found_by_name_and_their_hash_is_checked(tmp_path, monkeypatch):
    with pytest.raises(KeyError, match="expected one"):
        clock_networks.row("recipe")
    content = json.loads(clock_networks.STORED.read_text())
    assert content["recipe"]["steps"] == clock_networks.RECIPE.steps
    assert content["recipe"]["weight_decay"] == clock_networks.RECIPE.weight_decay
    assert content["strength"] == clock_networks.STRENGTH
    content["rows"][0]["result"]["rank"][0] += 0.01
    changed = tmp_path / "changed.json"
    changed.write_text(json.dumps(content))
    monkeypatch.setattr(clock_networks, "STORED", changed)
    with pytest.raises(ValueError, match=r"changed\.json: rows do not match their hash"):
        clock_networks.stored()
    monkeypatch.setattr(clock_networks, "STORED", tmp_path / "missing.json")
    assert clock_networks.stored() == []


@pytest.mark.parametrize("modulus", [11, 23])
@pytest.mark.parametrize(("share", "mirrored"), [(1.0, True), (0.7, True), (0.7, False)])
def test_the_recipe_reaches_the_circle_in_thirty_of_thirty_two(modulus, share, mirrored):
    row = clock_networks.row(
        "recipe", modulus=modulus, train_fraction=share, mirrored=mirrored, seeds=32
    )
    accuracy, rank = np.array(row["accuracy"]), np.array(row["rank"])
    assert len(rank) == 32
    assert np.sum((accuracy == 1) & (rank <= 2.1)) >= 30


@pytest.mark.parametrize("modulus", [11, 23])
def test_thirty_of_thirty_two_seeds_trained_here_reach_the_circle(modulus):
    found = clock_networks.run(modulus=modulus, seeds=32)
    accuracy, rank = np.array(found["accuracy"]), np.array(found["rank"])
    assert np.sum((accuracy == 1) & (rank <= 2.1)) >= 30


def test_the_penalised_layer_locks_first_in_twelve_seeds_trained_here():
    history = clock_networks.train(
        nuclear=clock.ORDER, weight_decay=0.0, steps=1200, every=5, seeds=12
    )
    found = clock_networks.describe(history, clock_networks.table(modulus=11))
    for rank in clock_networks.RANKS:
        only = {
            name: clock_networks.first(clock.treatment(name, found, seeds=12), rank)
            for name in clock.TREATMENTS
        }
        classifier, embedding, _ = only.values()
        assert classifier["classifier"] >= 11
        assert embedding["classifier"] == 0
        assert embedding["embedding"] >= 8


def test_a_fresh_run_agrees_with_the_stored_one():
    row = clock_networks.row("threshold", modulus=7)
    live = clock_networks.threshold(7, strengths=(0.8, 0.82))
    stored = np.array(row["objective"])[0, 1:3]
    np.testing.assert_allclose(live["objective"][0], stored, atol=1e-5)
    assert live["accuracy"] == [[1.0, 1.0]]


def exact_cost(x, y, modulus, frequencies, beta):
    """Mean cross-entropy over all pairs of two explicit circles, rows and features of length 1."""
    residues = np.arange(modulus)

    def circles(share):
        radii = np.array([1 + share, 1 - share])
        turns = np.exp(2j * np.pi * np.outer(residues, frequencies) / modulus)
        return turns * radii / np.linalg.norm(radii)

    logits = beta * (circles(y) @ circles(x).conj().T).real
    correct = np.diag(logits)
    return np.mean(np.log(np.exp(logits - correct[:, None]).sum(1))) - np.log(modulus)


def test_the_limit_of_two_circles_is_that_of_explicit_codes():
    for x, y, beta in ((0.0, 0.0, 4.0), (0.3, -0.2, 2.5), (0.6, 0.1, 4.0)):
        limit = clock.balanced_cost(x, y, beta, "classifier", 0.0)
        assert exact_cost(x, y, 211, [1, 40], beta) == pytest.approx(limit, abs=1e-6)


def test_norms_of_two_circles_are_those_of_explicit_rows():
    modulus, share = 13, 0.4
    turns = np.exp(2j * np.pi * np.outer(np.arange(modulus), [2, 5]) / modulus)
    for layer, radii in (
        ("classifier", np.array([1 + share, 1 - share])),
        ("embedding", np.sqrt([1 + share, 1 - share])),
    ):
        rows = turns * radii / np.linalg.norm(radii)
        norm = np.linalg.norm(np.hstack([rows.real, rows.imag]), "nuc") / np.sqrt(modulus)
        pair = (share, 0.0) if layer == "classifier" else (0.0, share)
        added = clock.balanced_cost(*pair, 1.0, layer, 1.0) - clock.balanced_cost(
            *pair, 1.0, layer, 0.0
        )
        assert added == pytest.approx(norm, rel=1e-12)


@pytest.mark.parametrize(("layer", "factor"), [("classifier", 1), ("embedding", 4)])
def test_equal_circles_are_kept_below_the_tipping_point_and_left_above(layer, factor):
    beta = 3.0
    point = factor * clock.tipping_formula(beta)
    ends = []
    for share in (0.97, 1.03):
        found = minimize(
            lambda shares, share=share: clock.balanced_cost(*shares, beta, layer, share * point),
            [0.02, 0.02],
            bounds=[(-0.9, 0.9)] * 2,
            options={"ftol": 1e-15, "gtol": 1e-10},
        )
        ends.append(np.abs(found.x).max())
    assert ends[0] < 1e-3
    assert ends[1] > 0.05


def test_the_order_around_a_clock_is_not_that_of_the_labels():
    with pytest.raises(AssertionError, match="inverse of the frequency"):
        check_around(lambda weights: np.arange(len(weights)))
    with pytest.raises(AssertionError, match="every residue once"):
        check_around(lambda weights: np.zeros(len(weights), int))
