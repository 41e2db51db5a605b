"""Spreads over classes and pairs: slow loops, hand computations, laws, and hard input."""

import math
import warnings

import mpmath
import numpy as np
import pytest
import torch

from neuralcollapse import ClassStatistics
from neuralcollapse.geometry import simplex_etf
from neuralcollapse.metrics import (
    Spread,
    agreement,
    class_distance_normalized_variance,
    duality_spread,
    equiangular,
    hyperspherical_uniformity,
    interference,
    nearest_center_mismatch,
    norm_spread,
    pair_variability,
    vectors,
)
from neuralcollapse.metrics.vectors import DegenerateGeometryError


def draw(num_classes, num_features, seed=0, offset=0.0):
    """Features of unequal classes, class 1 with a single sample."""
    generator = np.random.default_rng(seed)
    sizes = generator.integers(2, 7, size=num_classes)
    sizes[1] = 1
    labels = generator.permutation(np.repeat(np.arange(num_classes), sizes))
    centers = generator.normal(size=(num_classes, num_features))
    features = centers[labels] + 0.3 * generator.normal(size=(len(labels), num_features))
    return features + offset, labels, generator.normal(size=(num_classes, num_features))


def collect(features, labels, num_classes):
    return ClassStatistics(num_classes, features.shape[1]).update(features, labels)


def slow(features, labels, weight, minimum_count, exponent, riesz):
    """The definitions, one class and one unordered pair at a time."""
    kept = [c for c in range(len(weight)) if (labels == c).sum() >= minimum_count]
    means = {c: features[labels == c].mean(0) for c in kept}
    origin = sum(means.values()) / len(kept)
    moved = {c: means[c] - origin for c in kept}
    unit = {c: moved[c] / np.linalg.norm(moved[c]) for c in kept}
    spread = {
        c: np.mean([np.sum((h - means[c]) ** 2) for h in features[labels == c]]) for c in kept
    }
    pairs = [(a, b) for i, a in enumerate(kept) for b in kept[:i]]
    quotients = [
        (spread[a] + spread[b]) / (2 * np.linalg.norm(means[a] - means[b]) ** (2 * exponent))
        for a, b in pairs
    ]
    gaps = np.array([np.linalg.norm(unit[a] - unit[b]) for a, b in pairs])
    return {
        "norm": np.std([np.log(np.linalg.norm(moved[c])) for c in kept]),
        "log_mean": np.log(np.mean(quotients)),
        "mean_log": np.mean(np.log(quotients)),
        "log": -np.log(gaps),
        "riesz": gaps**-riesz,
        "cosines": [unit[a] @ unit[b] for a, b in pairs],
        "duality": [weight[c] @ unit[c] / np.linalg.norm(weight[c]) for c in kept],
        "agreement": np.mean(
            [
                (weight @ h).argmax() == min(kept, key=lambda c: np.sum((h - means[c]) ** 2))
                for h in features
            ]
        ),
    }


def assert_spread(found, numbers):
    assert found.mean == pytest.approx(np.mean(numbers), rel=1e-10)
    assert found.std == pytest.approx(np.std(numbers), rel=1e-10)
    assert found.coefficient == pytest.approx(np.std(numbers) / abs(np.mean(numbers)), rel=1e-9)


@pytest.mark.parametrize("minimum_count", [1, 3])
@pytest.mark.parametrize("offset", [0.0, 1e3])
def test_every_metric_is_its_slow_loop(minimum_count, offset):
    features, labels, weight = draw(11, 4, offset=offset)
    statistics = collect(features, labels, 11)
    expected = slow(features, labels, weight, minimum_count, 1.7, 2.5)
    options = {"minimum_count": minimum_count}
    assert norm_spread(statistics, **options) == pytest.approx(expected["norm"], rel=1e-10)
    found = pair_variability(statistics, exponent=1.7, **options)
    assert found.log_mean == pytest.approx(expected["log_mean"], rel=1e-10)
    assert found.mean_log == pytest.approx(expected["mean_log"], rel=1e-10)
    assert_spread(hyperspherical_uniformity(statistics, **options), expected["log"])
    riesz = hyperspherical_uniformity(statistics, kernel=2.5, **options)
    assert_spread(riesz, expected["riesz"])
    assert_spread(interference(statistics, **options), expected["cosines"])
    assert_spread(duality_spread(statistics, weight, **options), expected["duality"])
    found = agreement(features, statistics, weight, **options)
    assert found == pytest.approx(expected["agreement"], abs=1e-12)


def test_blocks_change_nothing(monkeypatch):
    features, labels, _ = draw(23, 5, seed=3)
    statistics = collect(features, labels, 23)

    def all_of_them():
        found = pair_variability(statistics, exponent=2)
        spreads = hyperspherical_uniformity(statistics), interference(statistics)
        return np.array(
            [found.log_mean, found.mean_log] + [x for s in spreads for x in (s.mean, s.std)]
        )

    whole = all_of_them()
    monkeypatch.setattr(vectors, "_BLOCK_ENTRIES", 50)
    np.testing.assert_allclose(all_of_them(), whole, rtol=1e-12)


def test_pairs_by_hand():
    """Means 0, 2, 4 on a line, deviations 1, 1, 2: squared distances 4, 4, 16."""
    statistics = ClassStatistics(3, 1).update(
        [[-1.0], [1.0], [1.0], [3.0], [2.0], [6.0]], [0, 0, 1, 1, 2, 2]
    )
    with pytest.raises(DegenerateGeometryError, match="equals the global mean"):
        norm_spread(statistics)
    one, two = (pair_variability(statistics, exponent=k) for k in (1, 2))
    quotients = np.array([2 / 8, 5 / 8, 5 / 32])  # (1+1)/(2*4), (1+4)/(2*4), (1+4)/(2*16)
    assert one.log_mean == pytest.approx(np.log(quotients.mean()))
    assert one.mean_log == pytest.approx(np.log(quotients).mean())
    assert two.log_mean == pytest.approx(np.log((quotients / [4, 4, 16]).mean()))
    assert class_distance_normalized_variance(statistics) == pytest.approx(quotients.mean())


def test_square_by_hand():
    """Four directions at right angles: two opposite pairs, four orthogonal ones."""
    square = torch.tensor([[1.0, 0], [0, 2.0], [-1.0, 0], [0, -2.0]], dtype=torch.float64)
    statistics = ClassStatistics(4, 2).update(square, range(4))
    half = math.log(2) / 2
    log = hyperspherical_uniformity(statistics)
    assert log.mean == pytest.approx(-(4 * half + 2 * 2 * half) / 6)
    assert log.std == pytest.approx(half * math.sqrt(2) / 3)
    cosines = interference(statistics)
    assert (cosines.mean, cosines.std) == pytest.approx((-1 / 3, math.sqrt(2) / 3))
    assert norm_spread(statistics) == pytest.approx(half)
    weight = [[3.0, 0], [0, 1.0], [0, 1.0], [0, 1.0]]
    dual = duality_spread(statistics, weight)
    assert (dual.mean, dual.std) == pytest.approx((1 / 4, math.sqrt(11) / 4))


@pytest.mark.parametrize("count", [3, 8])
def test_simplex(count):
    frame = simplex_etf(count, count + 1)
    statistics = ClassStatistics(count, count + 1).update(3 * frame + 5, range(count))
    found = hyperspherical_uniformity(statistics)
    assert found.mean == pytest.approx(-math.log(2 * count / (count - 1)) / 2, rel=1e-12)
    assert max(found.std, interference(statistics).std, norm_spread(statistics)) < 1e-13
    assert interference(statistics).mean == pytest.approx(-1 / (count - 1))
    assert duality_spread(statistics, frame).mean == pytest.approx(1)


def test_scale():
    features, labels, weight = draw(9, 4, seed=5)
    plain, scaled = collect(features, labels, 9), collect(7 * features, labels, 9)
    for k in (1, 2, 1.5):
        before, after = (pair_variability(s, exponent=k) for s in (plain, scaled))
        shift = (2 - 2 * k) * math.log(7)
        assert after.log_mean == pytest.approx(before.log_mean + shift)
        assert after.mean_log == pytest.approx(before.mean_log + shift)
        assert before.mean_log <= before.log_mean
    assert norm_spread(scaled) == pytest.approx(norm_spread(plain))
    assert duality_spread(scaled, 3 * weight).std == pytest.approx(
        duality_spread(plain, weight).std
    )


def test_near_directions_keep_their_digits():
    """Two directions 1e-9 apart, where 2 - 2 cos has no digit left; mpmath as the oracle."""
    points = np.array([[1.0, 0, 0], [1.0, 1e-9, 0], [-1.0, 0, 0.5], [0, 1.0, -1.0]])
    statistics = ClassStatistics(4, 3).update(points, range(4))
    with mpmath.workdps(40):
        rows = [[mpmath.mpf(float(x)) for x in row] for row in points]
        origin = [sum(row[i] for row in rows) / 4 for i in range(3)]
        moved = [[x - o for x, o in zip(row, origin, strict=True)] for row in rows]
        unit = [[x / mpmath.norm(row) for x in row] for row in moved]
        logs = [
            float(-mpmath.log(mpmath.norm([a - b for a, b in zip(u, v, strict=True)])))
            for i, u in enumerate(unit)
            for v in unit[:i]
        ]
    assert_spread_near(hyperspherical_uniformity(statistics), logs)


def assert_spread_near(found, numbers):
    assert found.mean == pytest.approx(np.mean(numbers), rel=1e-7)  # 1e-16 / 1e-9 and a margin
    assert found.std == pytest.approx(np.std(numbers), rel=1e-7)


def test_agreement_is_one_less_the_mismatch():
    features, labels, weight = draw(6, 3, seed=8)
    statistics = collect(features, labels, 6)
    bias = np.linspace(-1, 1, 6)
    mismatch = nearest_center_mismatch(features, statistics.means, weight, bias)
    assert agreement(features, statistics, weight, bias) == pytest.approx(1 - mismatch)
    assert interference(statistics).std == pytest.approx(equiangular(statistics.centered_means()))


def test_no_spread():
    collapsed = ClassStatistics(3, 2).update(np.eye(3, 2), range(3))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = pair_variability(collapsed)
    assert found.log_mean == found.mean_log == -math.inf
    one_moves = collapsed.update([[1.5, 0.0]], [0])
    with pytest.warns(UserWarning, match="raise minimum_count"):
        found = pair_variability(one_moves)
    assert math.isfinite(found.log_mean)
    assert found.mean_log == -math.inf


def test_bad_input():
    features, labels, weight = draw(5, 3)
    statistics = collect(features, labels, 5)
    with pytest.raises(ValueError, match="minimum_count: expected a whole number from 1"):
        norm_spread(statistics, minimum_count=0)
    with pytest.raises(DegenerateGeometryError, match="0 classes have 99 samples"):
        interference(statistics, minimum_count=99)
    with pytest.raises(ValueError, match="exponent: expected a positive number"):
        pair_variability(statistics, exponent=0)
    with pytest.raises(ValueError, match="kernel: expected 'log' or a positive exponent"):
        hyperspherical_uniformity(statistics, kernel="riesz")
    with pytest.raises(ValueError, match="weight: expected shape"):
        duality_spread(statistics, weight[:4])
    twice = ClassStatistics(5, 2).update([[1.0, 0], [1.0, 0], [0, 1.0], [0, -7.0]], [1, 4, 2, 3])
    with pytest.raises(DegenerateGeometryError, match="classes 1 and 4"):
        pair_variability(twice)
    with pytest.raises(DegenerateGeometryError, match="classes 1 and 4"):
        hyperspherical_uniformity(twice)
    assert math.isnan(Spread(0.0, 1.0).coefficient)
