"""What the page on smoothness leans on: exact errors, worst polynomials, steps, stored rows."""

import hashlib
import json
from dataclasses import asdict
from itertools import product
from math import comb

import numpy as np
import pytest
import torch

from neuralcollapse.claims import poincare, transfer
from neuralcollapse.claims.exercises import check_complexity
from neuralcollapse.claims.nearest_mean import far_atoms, line_error
from neuralcollapse.metrics import geometric_complexity


def slow_line_error(places, masses, num_shots):
    """Every outcome of every shot, one after the other."""
    error = 0.0
    for shots in product((0, 1), repeat=2 * num_shots):
        first, second = shots[:num_shots], shots[num_shots:]
        chance = np.prod(masses[0][list(first)]) * np.prod(masses[1][list(second)])
        means = places[0][list(first)].mean(), places[1][list(second)].mean()
        for label in (0, 1):
            for x, mass in zip(places[label], masses[label], strict=True):
                own, other = abs(x - means[label]), abs(x - means[1 - label])
                lost = 0.5 if abs(own - other) < 1e-12 else float(own > other)
                error += chance * mass * lost / 2
    return error


@pytest.mark.parametrize("num_shots", [1, 2, 4])
def test_errors_on_a_line_agree_with_every_outcome(num_shots):
    rng = np.random.default_rng(num_shots)
    for _ in range(3):
        places, rare = rng.normal(size=(2, 2)), rng.uniform(size=(2, 1))
        masses = np.hstack([rare, 1 - rare])
        found, variance = line_error(places, masses, num_shots)
        assert found == pytest.approx(slow_line_error(places, masses, num_shots))
        means = (places * masses).sum(axis=1)
        spread = (masses * places**2).sum() - (means**2).sum()
        assert variance == pytest.approx(spread / (2 * (means[0] - means[1]) ** 2))


def test_the_first_shot_by_hand():
    # One shot each, atoms 0 and 1 of mass 1/2 against a point at 3: all right.
    places, masses = np.array([[0.0, 1.0], [3.0, 3.0]]), np.array([[0.5, 0.5], [1.0, 0.0]])
    assert line_error(places, masses, 1)[0] == 0
    # Against a point at 1: half of the first class lies on it; the other half is right.
    places = np.array([[0.0, 1.0], [1.0, 1.0]])
    found, _ = line_error(places, masses, 1)
    # Mean 0 (chance 1/2): atom 1 is lost. Mean 1: everything ties, in both classes.
    assert found == pytest.approx((0.5 * 0.5 + 0.5 * 0.5) / 2 + 0.5 * 0.5 / 2)


def test_far_atoms_have_the_means_they_should():
    places, masses = far_atoms(0.1, 0.2)
    np.testing.assert_allclose((places * masses).sum(axis=1), [0, 1], atol=1e-15)
    np.testing.assert_allclose(places[:, 1], [0.7, 0.3])
    assert comb(4, 2) == 6


def test_the_worst_polynomial_is_linear():
    covariance = np.array([[2.0, 0.5], [0.5, 1.0]])
    top = poincare.top_eigenvalue(covariance)
    for degree in (1, 3, 5):
        assert poincare.polynomial_ratio(covariance, degree) == pytest.approx(top)


def test_steps_by_hand():
    assert poincare.step_measures(1.0, 4.0) == (4.0, 1.0)
    variance, collapse = poincare.step_measures(0.0, 4.0)
    # Half of a class is on the slope: complexity 16 / 2 + 1, variance 16 (1/4 + 1/12) / 2.
    assert collapse == pytest.approx(9.0)
    assert variance == pytest.approx(16 * (1 / 4 + 1 / 12) / 2, rel=1e-4)


def test_splits_are_twenty_and_leave_six_digits():
    assert len(set(transfer.TARGETS)) == 20
    assert all(len(set(target)) == 4 for target in transfer.TARGETS)
    task = transfer.source(transfer.TARGETS[0], seed=0)
    assert task.num_classes == 6
    images, labels = transfer.held_out(transfer.TARGETS[0])
    assert len(images) == len(labels) > 4 * 174
    assert labels.unique().tolist() == [0, 1, 2, 3]


def test_stored_rows_match_their_hash_and_settings():
    content = json.loads(transfer.STORED.read_text())
    text = json.dumps(content["rows"], sort_keys=True).encode()
    assert content["sha256"] == hashlib.sha256(text).hexdigest()
    assert [tuple(target) for target in content["targets"]] == list(transfer.TARGETS)
    assert content["recipe"] == json.loads(json.dumps(asdict(transfer.Setting().recipe)))
    assert transfer.stored("accuracy").shape == (len(content["seeds"]), 20)
    with pytest.raises(KeyError, match="setting"):
        transfer.stored("accuracy", transfer.Setting(complexity=7.0))


def test_changed_rows_are_refused(tmp_path, monkeypatch):
    content = json.loads(transfer.STORED.read_text())
    content["rows"][0]["found"]["accuracy"][0] += 0.1
    path = tmp_path / "transfer.json"
    path.write_text(json.dumps(content))
    monkeypatch.setattr(transfer, "STORED", path)
    with pytest.raises(ValueError, match="hash"):
        transfer.stored("accuracy")


def test_the_exercise_accepts_a_right_answer_and_hints_at_wrong_ones(capsys):
    check_complexity(geometric_complexity)
    assert capsys.readouterr().out == "correct on 4 cases\n"

    def summed(embedding, inputs):
        inputs.requires_grad_()
        (gradient,) = torch.autograd.grad(embedding(inputs).sum(), inputs)
        return gradient.square().sum() / len(inputs)

    with pytest.raises(AssertionError, match="one output at a time"):
        check_complexity(lambda e, x: summed(e, x))
    with pytest.raises(AssertionError, match="length 1"):
        check_complexity(lambda e, x: geometric_complexity(e, x) * len(x))
    with pytest.raises(AssertionError, match="cancel"):
        check_complexity(lambda e, x: 4.0 if "Identity" in str(e) else 0.0)
