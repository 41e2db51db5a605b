"""What the checkers on locking stand on: gradients, counts and flows done another way."""

import numpy as np
import pytest
import torch
from torch.nn.functional import cross_entropy

from neuralcollapse.claims import clock_descent, locking
from neuralcollapse.claims.exercises import check_locking_time
from neuralcollapse.theory import circle


def test_gradients_are_those_of_autograd():
    arrays = clock_descent.gaussian_embeddings((0, 1), 5, 3)
    tokens, weights = (torch.tensor(a, requires_grad=True) for a in arrays)
    loss = 0.0
    for a in range(5):
        for b in range(5):
            logits = 3.0 * (weights.conj() * tokens[a] * tokens[b]).sum(dim=1).real
            loss = loss + cross_entropy(logits[None], torch.tensor([(a + b) % 5])) / 25
    loss.backward()
    of_tokens, of_weights, losses, _ = clock_descent.clock_gradients(arrays[:1], arrays[1:], 3.0)
    assert losses[0] == pytest.approx(loss.item(), rel=1e-12)
    np.testing.assert_allclose(of_tokens[0], tokens.grad, atol=1e-14)
    np.testing.assert_allclose(of_weights[0], weights.grad, atol=1e-14)


def test_the_character_share_is_one_for_a_character_only():
    rows = clock_descent.polygon_weights(7, 3, frequency=2)
    assert clock_descent.character_share(1j * rows, 2) == pytest.approx(1, abs=1e-12)
    assert clock_descent.character_share(rows, 1) < 1e-12
    rows[:, 1] = 1
    assert clock_descent.character_share(rows, 2) == pytest.approx(0.5, abs=1e-12)
    assert clock_descent.off_plane_energy(rows) == pytest.approx(7)


def test_members_of_a_batch_train_alone():
    options = {"beta": 2.0, "learning_rate": 0.3, "weight_decay": 0.01, "steps": 20, "every": 20}
    tokens = clock_descent.gaussian_embeddings((3, 4), 5, 2)
    weights = clock_descent.gaussian_embeddings((5, 6), 5, 2)
    both = clock_descent.descend(tokens, weights, frozen=False, **options)
    alone = clock_descent.descend(tokens[1:], weights[1:], frozen=False, **options)
    np.testing.assert_allclose(both.embeddings[-1, 1:], alone.embeddings[-1], atol=1e-13)
    np.testing.assert_allclose(both.weights[-1, 1:], alone.weights[-1], atol=1e-13)
    assert both.steps.tolist() == [0, 20]


def test_leakage_never_exceeds_its_bound():
    generator = np.random.default_rng(0)
    for _ in range(200):
        weights, feature = generator.normal(size=(6, 4)), 5 * generator.normal(size=4)
        assert locking.leakage(weights, feature, 2) <= np.sqrt(2) + 1e-12


def test_a_small_step_of_descent_follows_the_flow():
    lags = np.random.default_rng(0).uniform(-3, 3, size=6)
    moved = lags.copy()
    for _ in range(2000):
        moved = moved - 0.002 * circle.phase_gradient(moved, 1.5)
    flown = locking.flow(lags, np.array([0.0, 4.0]), beta=1.5, learning_rate=1.0)[-1]
    np.testing.assert_allclose(moved, flown, atol=2e-3)


def test_ties_count_as_wrong():
    assert locking.share_right(np.zeros((4, 4)), 4, 1) == 0
    sums = np.add.outer(np.arange(4), np.arange(4))
    assert locking.share_right(1j**sums, 4, 1) == 1


def test_part_of_the_table_can_be_remembered():
    assert locking.least_additive_entropy(5, 1.0) >= np.log(5) - 1e-9
    assert locking.least_additive_entropy(5, 0.5) < 0.5 * np.log(5)


@pytest.mark.parametrize(
    ("function", "hint"),
    [
        (lambda s, t, b, e, p: np.log(t / s) * p / (b * e), "solve the curve"),
        (
            lambda s, t, b, e, p: p / (2 * b * e) * np.log(t**2 / (1 - t**2) * (1 - s**2) / s**2),
            "underflows",
        ),
    ],
)
def test_the_exercise_finds_common_errors(function, hint):
    with pytest.raises(AssertionError, match=hint):
        check_locking_time(function)
