"""Long-tailed digits, trained live: the inequalities the page rests on, and the stored rows."""

import numpy as np
import pytest

from neuralcollapse.claims.tail_runs import Setting, minority_cosine, setting_loss, stored, train
from neuralcollapse.geometry import simplex_etf
from neuralcollapse.metrics import imbalance_report

METHODS = (
    "cross_entropy",
    "logit_adjusted",
    "fixed_simplex",
    "equal_centres",
    "unweighted_centres",
    "class_aware",
)


@pytest.fixture(scope="module")
def accuracies():
    return {method: train(Setting(method), (0, 1, 2)).balanced() for method in METHODS}


def test_class_aware_centres_beat_cross_entropy_and_the_fixed_simplex(accuracies):
    """The acceptance of the page: six methods, three seeds, R = 50."""
    best = accuracies["class_aware"].mean()
    assert best > accuracies["cross_entropy"].mean() + 0.03
    assert best > accuracies["fixed_simplex"].mean() + 0.05


def test_neither_equal_centres_nor_class_aware_ones_alone_do(accuracies):
    best = accuracies["class_aware"].mean()
    assert accuracies["equal_centres"].mean() < best - 0.1
    assert accuracies["unweighted_centres"].mean() < best - 0.1
    assert accuracies["logit_adjusted"].mean() > accuracies["cross_entropy"].mean() + 0.02


def test_the_stored_rows_are_what_the_code_trains(accuracies):
    """Other machines may round otherwise, so a test image or two may change sides."""
    for method, found in accuracies.items():
        kept = stored(Setting(method)).mean(axis=1)[:3]
        np.testing.assert_allclose(found, kept, atol=0.02)


def test_a_setting_that_is_not_stored_is_named():
    with pytest.raises(KeyError, match=r"long_tails\.json has no"):
        stored(Setting(angle=0.123))


def test_reversed_numbers_weigh_the_head_most():
    weights = [setting_loss(Setting(reversed=r)).class_weights.numpy() for r in (False, True)]
    np.testing.assert_array_equal(weights[0], weights[1][::-1])
    assert weights[1].argmax() == 0


def test_random_rows_span_what_they_should():
    loss = setting_loss(Setting("fixed_simplex", random_dims=3))
    assert np.linalg.matrix_rank(loss.weights) == 3
    np.testing.assert_allclose(np.linalg.norm(loss.targets.numpy(), axis=1), 1, atol=1e-14)


def test_minority_cosine_is_that_of_the_report():
    rows = np.random.default_rng(0).normal(size=(10, 256))
    expected = imbalance_report(rows, range(7, 10), center=True).minority
    assert minority_cosine(rows) == pytest.approx(expected, rel=1e-12)
    assert minority_cosine(simplex_etf(10)) == pytest.approx(-1 / 9)
