"""Few-shot accuracy: by hand, against scikit-learn's nearest centroid, refusals."""

import numpy as np
import pytest
import torch
from sklearn.neighbors import NearestCentroid

from neuralcollapse.metrics import few_shot_accuracies


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def test_it_agrees_with_scikit_learn_on_the_same_shots():
    rng = np.random.default_rng(0)
    labels = np.repeat([0, 1, 2], [9, 12, 15])
    features = rng.normal(size=(36, 4)) + rng.normal(size=(3, 4))[labels]
    found = few_shot_accuracies(features, labels, 3, draws=6, generator=seeded())
    generator = seeded()
    for accuracy in found:
        orders = [
            np.flatnonzero(labels == c)[torch.randperm(n, generator=generator).numpy()]
            for c, n in enumerate([9, 12, 15])
        ]
        shots = np.concatenate([order[:3] for order in orders])
        judge = NearestCentroid().fit(features[shots], labels[shots])
        shares = [
            np.mean(judge.predict(features[order[3:]]) == c) for c, order in enumerate(orders)
        ]
        assert float(accuracy) == pytest.approx(np.mean(shares))
    assert 1 / 3 < found.mean() < 1


def test_scale_and_shift_do_not_matter():
    features = torch.randn(30, 3, dtype=torch.float64, generator=seeded(1))
    labels = torch.arange(30) % 2
    one = few_shot_accuracies(features, labels, 2, draws=5, generator=seeded())
    other = few_shot_accuracies(7 * features - 3, labels, 2, draws=5, generator=seeded())
    assert torch.equal(one, other)


def test_what_does_not_fit_is_refused():
    features, labels = [[0.0], [1.0], [2.0], [3.0]], [0, 0, 1, 1]
    with pytest.raises(ValueError, match="over 2 samples"):
        few_shot_accuracies(features, labels, 2, draws=1, generator=seeded())
    with pytest.raises(ValueError, match="shots"):
        few_shot_accuracies(features, labels, 0, draws=1, generator=seeded())
    with pytest.raises(ValueError, match="draws"):
        few_shot_accuracies(features, labels, 1, draws=0, generator=seeded())
    with pytest.raises(ValueError, match="two classes"):
        few_shot_accuracies(features, [0] * 4, 1, draws=1, generator=seeded())
