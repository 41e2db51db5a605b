"""The claims on low rank: exact decisions, stored rows, and what the checkers must not let pass."""

import json

import numpy as np
import pytest

from neuralcollapse.claims import deep_runs, depth
from neuralcollapse.claims.exercises import check_deep_value
from neuralcollapse.theory.deep_unconstrained import deep_collapse_value, deep_objective
from neuralcollapse.theory.graph_solution import collapse_factors, graph_cost_power


@pytest.mark.parametrize("r", [4, 5, 6, 11])
@pytest.mark.parametrize("layers", [2, 3, 4, 6])
def test_the_integer_decision_agrees_with_floats(r, layers):
    power, target = float(graph_cost_power(r, layers)), float(r * (r - 1) // 2) ** (layers + 1)
    assert depth.below_collapse(r, layers) == (power < target * (1 - 1e-12))


def test_the_polished_slopes_are_those_of_the_objective():
    generator = np.random.default_rng(0)
    decays = [0.01, 0.02, 0.03, 0.04]
    start = [generator.normal(size=(4, 4)) for _ in range(4)]
    for relu in (True, False):
        ends = depth.polish(start, decays, relu)
        level = deep_objective(ends, decays, relu)
        assert level < deep_objective(start, decays, relu)
        for _ in range(30):
            moved = [end + 1e-4 * generator.normal(size=end.shape) for end in ends]
            assert deep_objective(moved, decays, relu) > level - 1e-10


def test_collapsed_draws_are_collapsed_in_every_layer():
    factors = depth.collapsed_factors(3, steps=20)
    layers = depth.deep_layers(factors)
    for layer in layers[1:-1]:
        kept = np.maximum(layer, 0)
        assert np.allclose(kept.T @ kept, np.eye(layer.shape[1]), atol=1e-12)
        assert layer.min() < 0
    assert np.allclose(layers[-1], np.eye(layers[0].shape[1]), atol=1e-12)


def test_a_value_that_is_too_high_is_noticed():
    cheaper = lambda seed: [0.9 * factor for factor in collapse_factors(4, 3)]  # noqa: E731
    with pytest.raises(ValueError, match="equal to the identity"):
        depth.check_collapse_cost(cheaper)


def test_a_short_run_repeats_the_stored_one():
    (row,) = deep_runs.stored_rows(group="depth", depth=2)
    names = ("num_classes", "depth", "width", "weight_decay", "scale")
    options = {name: row[name] for name in names}
    found = deep_runs.descend(**options, num_seeds=2, steps=deep_runs.CHECKED)
    assert np.allclose(found["early"], row["early"][:2], rtol=1e-8)
    assert np.allclose(found["loss"], found["early"])


def test_rows_that_were_changed_are_refused(tmp_path, monkeypatch):
    stored = json.loads(deep_runs.STORED.read_text())
    stored["rows"][0]["loss"][0] *= 0.99
    (tmp_path / "rows.json").write_text(json.dumps(stored))
    monkeypatch.setattr(deep_runs, "STORED", tmp_path / "rows.json")
    with pytest.raises(ValueError, match="do not match their hash"):
        deep_runs.stored_rows()


def test_starts_around_a_graph_need_its_number_of_classes():
    with pytest.raises(ValueError, match="needs 6, 10, 15"):
        deep_runs.near_start("graph", 11, 4, 0.004)
    assert len(deep_runs.near_start("graph", 15, 4, 0.001)[0]) == 6


def test_a_head_is_described():
    row = deep_runs.train_head(1, 2, 6, 0.004, steps=3, samples=5)
    assert len(row["ranks"][0]) == 1
    assert 0 <= row["train_accuracy"][0] <= 1
    assert row["loss"][0] > 0


def test_the_exercise_checker_accepts_and_hints(capsys):
    check_deep_value(deep_collapse_value)
    assert capsys.readouterr().out == "correct on 5 cases\n"
    with pytest.raises(AssertionError, match="share the gain"):
        check_deep_value(lambda K, L, decay: K * decay - (K * decay) ** 2 / 2)  # L = 1 always

    def no_zero(num_classes, depth, decay):
        value = deep_collapse_value(num_classes, depth, decay)
        return 0.51 if value == 0.5 else value

    with pytest.raises(AssertionError, match="compare with s = 0"):
        check_deep_value(no_zero)
