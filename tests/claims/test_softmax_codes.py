"""Checkers of softmax codes against variants they must refuse, and the stored experiment."""

import json

import numpy as np
import pytest

from neuralcollapse.claims import code_networks, softmax_codes
from neuralcollapse.claims.exercises import check_certified_margin
from neuralcollapse.claims.searches import climb, push_apart, sharpest_feature
from neuralcollapse.geometry import coherence, regular_polygon, simplex_etf


def test_the_limit_rejects_the_wrong_sign_of_the_distance():
    terms = lambda count: count * (count - 1)  # noqa: E731
    assert not softmax_codes.check_hardmax_limit(terms, sign=-1).holds


def test_the_margin_bound_in_the_plain_formula_and_where_it_fails():
    plain = -0.3 * np.log(np.exp(20 * np.exp(-1 / 0.3)) - 1)
    assert softmax_codes.margin_bound(20, 1.0, 0.3) == pytest.approx(plain)
    bound = softmax_codes.margin_bound(20, 1.0, 1e-3)
    assert bound == pytest.approx(1 - 1e-3 * np.log(20), abs=1e-12)


def test_imbalance_is_zero_where_struts_hold_and_only_there():
    for code in (simplex_etf(4), regular_polygon(7)):
        assert softmax_codes.imbalance(code) < 1e-9
    pushed = regular_polygon(3)
    pushed[2, 0] += 0.3
    pushed /= np.linalg.norm(pushed, axis=1, keepdims=True)
    assert softmax_codes.imbalance(pushed) > 0.1


def test_searches_find_what_is_known():
    assert coherence(push_apart(4, 3, 0)) == pytest.approx(-1 / 3, abs=1e-9)
    edges = np.array([[-2.0, 1.0], [-2.0, -1.0]])
    np.testing.assert_allclose(sharpest_feature(edges, np.array([0.6, 0.8])), [1, 0], atol=1e-8)
    top = climb(lambda h: h[0], np.array([0.0, 1.0]), np.random.default_rng(0))
    assert top[0] > 1 - 1e-6


def test_rows_are_chosen_by_value_and_their_hash_is_checked(tmp_path, monkeypatch):
    assert code_networks.stored_rows(dimension=77) == []
    row = code_networks.stored_rows(dimension=2, temperature=0.1, classifier="learned")[0]
    assert len(row["separation"]) == 3
    stored = json.loads(code_networks.STORED.read_text())
    stored["rows"][0]["separation"][0] += 0.01
    changed = tmp_path / "changed.json"
    changed.write_text(json.dumps(stored))
    monkeypatch.setattr(code_networks, "STORED", changed)
    with pytest.raises(ValueError, match=r"changed\.json: rows do not match their hash"):
        code_networks.stored_rows()
    monkeypatch.setattr(code_networks, "STORED", tmp_path / "missing.json")
    assert code_networks.stored_rows() == []


def test_the_experiment_is_of_the_recipe_in_the_library():
    stored = json.loads(code_networks.STORED.read_text())
    recipe = code_networks.RECIPE
    for name in ("learning_rate", "weight_decay", "momentum", "batch_size", "loss"):
        assert stored["recipe"][name] == getattr(recipe, name)


@pytest.mark.parametrize(
    ("wrong", "hint"),
    [
        (lambda loss, n, tau: 0.0, "compare with the formula"),
        (lambda loss, n, tau: -tau * np.log(np.exp(n * loss) - 1), "every digit of a tiny x"),
        (lambda loss, n, tau: -tau * np.log(np.expm1(n * loss)), "the exponential overflows"),
    ],
)
def test_the_exercise_rejects_wrong_answers_with_a_hint(wrong, hint, capsys):
    with pytest.raises(AssertionError, match=hint):
        check_certified_margin(wrong)
    check_certified_margin(lambda loss, n, tau: -tau * (n * loss + np.log(-np.expm1(-n * loss))))
    assert capsys.readouterr().out == "correct on 3 cases\n"
