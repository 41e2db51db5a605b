"""NC4: screened in float32, the count is that of float64, near ties and odd scales included."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from neuralcollapse import measure
from neuralcollapse.metrics import count_mismatches, nearest_center_mismatch, screening
from neuralcollapse.metrics.decision import Decisions
from neuralcollapse.metrics.pairs import pair_sums
from neuralcollapse.metrics.screening import AffineScores


def draw(num_samples, num_features, num_classes, seed=0, noise=1.0):
    generator = np.random.default_rng(seed)
    centers = generator.normal(size=(num_classes, num_features))
    labels = np.arange(num_samples) % num_classes
    features = centers[labels] + noise * generator.normal(size=(num_samples, num_features))
    weight = centers - centers.mean(0) + 0.3 * generator.normal(size=centers.shape)
    return features, labels, centers, weight, 0.3 * generator.normal(size=num_classes)


def slow(features, centers, weight, bias):
    """Scores and distances in float64, differences formed one by one."""
    scores = features @ weight.T + (0 if bias is None else bias)
    distances = ((features[:, None] - centers) ** 2).sum(-1)
    return int((scores.argmax(1) != distances.argmin(1)).sum())


@pytest.mark.parametrize("with_bias", [True, False])
@pytest.mark.parametrize("noise", [0.1, 1.0, 3.0])
@pytest.mark.parametrize("offset", [0.0, 100.0])
def test_the_count_is_that_of_slow_loops(noise, offset, with_bias):
    features, _, centers, weight, bias = draw(300, 12, 7, seed=1, noise=noise)
    features, centers = features + offset, centers + offset
    bias = bias - offset * weight.sum(1) if with_bias else None
    found = count_mismatches(features, centers, weight, bias)
    assert found == slow(features, centers, weight, bias)
    assert found / 300 == nearest_center_mismatch(features, centers, weight, bias)


def test_a_rule_that_ignores_the_bias_counts_otherwise():
    features, _, centers, weight, bias = draw(300, 12, 7, seed=1)
    assert count_mismatches(features, centers, weight, 20 * bias) != count_mismatches(
        features, centers, weight
    )


@pytest.mark.parametrize("split", [1e-9, 1e-12, 0.0])
def test_near_ties_are_decided_in_float64(split):
    """Rows that differ far below float32, which by itself would toss a coin."""
    generator = np.random.default_rng(2)
    features = generator.normal(size=(400, 20))
    weight = np.repeat(generator.normal(size=(4, 20)), 2, axis=0)
    weight[1::2] += split * generator.normal(size=(4, 20))
    centers = np.repeat(generator.normal(size=(4, 20)), 2, axis=0)
    centers[1::2] += split * generator.normal(size=(4, 20))
    assert count_mismatches(features, centers, weight) == slow(features, centers, weight, None)
    single = [x.astype(np.float32) for x in (features, centers, weight)]
    coarse = slow(*single, None)
    assert split == 0 or coarse != slow(features, centers, weight, None)


@pytest.mark.parametrize("scale", [1e-300, 1e-60, 1e-38, 1e30, 1e120])
def test_scales_outside_float32_do_not_matter(scale):
    features, _, centers, weight, bias = draw(200, 9, 5, seed=3)
    plain = count_mismatches(features, centers, weight, bias)
    assert count_mismatches(scale * features, scale * centers, weight / scale, bias) == plain
    assert plain == slow(features, centers, weight, bias) > 0


def test_features_of_very_different_sizes_in_one_batch():
    """Small rows underflow beside large ones, and are decided in float64."""
    features, _, centers, weight, _ = draw(200, 9, 5, seed=4)
    features = features * np.geomspace(1e-45, 1e5, 200)[:, None]
    assert count_mismatches(features, centers, weight) == slow(features, centers, weight, None)


@pytest.mark.parametrize("size", [1e35, 1e300])
def test_a_huge_bias_decides(size):
    features, _, centers, weight, _ = draw(50, 9, 5, seed=5)
    bias = np.array([0.0, 0, 0, size, 0])
    assert count_mismatches(features, centers, weight, bias) == slow(
        features, centers, weight, bias
    )


@pytest.mark.parametrize("size", [1, 2, 7, 64])
def test_batches_add_up(size):
    features, _, centers, weight, bias = draw(129, 6, 5, seed=6)
    parts = [features[start : start + size] for start in range(0, 129, size)]
    total = sum(count_mismatches(part, centers, weight, bias) for part in parts)
    assert total == count_mismatches(features, centers, weight, bias)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
def test_low_precision_is_taken_as_it_is(dtype):
    features, _, centers, weight, bias = draw(200, 6, 5, seed=7)
    low = torch.tensor(features).to(dtype)
    assert count_mismatches(low, centers, weight, bias) == slow(
        low.double().numpy(), centers, weight, bias
    )


@pytest.mark.parametrize("noise", [0.05, 0.4, 1.0])
@pytest.mark.parametrize("num_classes", [5, 40, 300])
@pytest.mark.parametrize("swapped", [False, True])
def test_labels_settle_samples_without_changing_the_count(num_classes, noise, swapped):
    features, labels, centers, weight, bias = draw(500, 15, num_classes, seed=8, noise=noise)
    if swapped:
        weight[:2] = weight[1::-1].copy()
    tensors = [torch.from_numpy(x) for x in (centers, weight, bias)]
    distances = pair_sums(
        tensors[0] - tensors[0].mean(0), spreads=torch.ones(num_classes, dtype=torch.float64)
    ).nearest
    rules = Decisions(*tensors, None, distances=distances)
    found = rules.count(torch.from_numpy(features), torch.from_numpy(labels))
    assert found == slow(features, centers, weight, bias)


def test_collapsed_samples_are_settled_by_their_own_distance(monkeypatch):
    features, labels, centers, weight, _ = draw(500, 15, 10, noise=0.01)
    weight[:2] = weight[1::-1].copy()
    asked = []
    whole = AffineScores.argmax

    def counted(self, points, *rest):
        asked.append(len(points))
        return whole(self, points, *rest)

    monkeypatch.setattr(AffineScores, "argmax", counted)
    report = measure(features, labels, weight)
    assert sum(asked) < 100
    assert report.nearest_center_mismatch == slow(features, centers, weight, None) / 500 == 0.2


def test_most_samples_are_decided_in_float32(monkeypatch):
    asked = []
    exact = AffineScores._decide

    def counted(self, points):
        asked.append(len(points))
        return exact(self, points)

    monkeypatch.setattr(AffineScores, "_decide", counted)
    features, _, centers, weight, bias = draw(2000, 64, 50, seed=9)
    count_mismatches(features, centers, weight, bias)
    assert sum(asked) < 20


def test_the_bound_holds_and_is_not_idle():
    """Float32 scores stay within the bound; without it near ties would be decided wrongly."""
    generator = np.random.default_rng(10)
    rows = torch.from_numpy(generator.normal(size=(300, 128)))
    offsets = torch.from_numpy(generator.normal(size=300))
    scores = AffineScores(rows, offsets, None, 0.0)
    points = torch.from_numpy(generator.normal(size=(500, 128)))
    lengths = points.norm(dim=1)
    errors = (scores.screened(points, 1.0) * scores.power - (points @ rows.T + offsets)).abs()
    bound = scores.errors(lengths, 1.0) * scores.power
    assert (errors.amax(1) <= bound).all()
    assert (errors.amax(1) > bound / 1000).all()


def test_without_the_bound_near_ties_go_wrong(monkeypatch):
    features, _, centers, weight, _ = draw(400, 20, 4, seed=2)
    weight = np.concatenate([weight, weight + 1e-10 * features[:4]])
    centers = np.concatenate([centers, centers + 10])
    expected = slow(features, centers, weight, None)
    assert count_mismatches(features, centers, weight) == expected
    monkeypatch.setattr(
        AffineScores, "errors", lambda self, lengths, power: -torch.ones_like(lengths)
    )
    assert count_mismatches(features, centers, weight) != expected


def test_centers_of_coinciding_classes_are_no_cells():
    """Where two means are the same no radius is known, and everything is compared."""
    features = np.array([[0.0], [1.0], [0.0], [1.0], [4.0], [6.0]])
    with pytest.warns(UserWarning, match="classes 0 and 1 have the same mean"):
        report = measure(features, [0, 0, 1, 1, 2, 2], [[-1.0], [-1.0], [1.0]])
    assert report.nearest_center_mismatch == pytest.approx(1 / 6 * 2)


def test_classes_are_checked():
    features, _, centers, weight, _ = draw(10, 4, 3)
    with pytest.raises(ValueError, match="classes: expected class indices below 3, got 3"):
        count_mismatches(features, centers, weight, classes=[0, 1, 3])


def scored(rows, offsets, points, guess):
    """Rule and found indices for points relative to an origin at zero."""
    rows, offsets, points = (torch.as_tensor(x) for x in (rows, offsets, points))
    rule = AffineScores(rows, offsets, lambda x: x @ rows.T + offsets, 0.0)
    lengths = torch.linalg.vector_norm(points, dim=1)
    given, guess = (points, points, lengths, 1.0), torch.as_tensor(guess)
    expected = (points @ rows.T + offsets).argmax(1)
    assert torch.equal(rule.agrees(*given, guess), expected == guess)
    return rule, rule.argmax(*given, guess).numpy(), expected.numpy()


@pytest.mark.parametrize("wrong", [0, 13, 200])
@pytest.mark.parametrize("noise", [0.1, 1.0, 4.0])
@pytest.mark.parametrize("flat", [False, True])
def test_guesses_change_no_decision(flat, noise, wrong):
    points, guess, rows, _, offsets = draw(200, 12, 60, seed=7, noise=noise)
    if flat:  # nothing is left beyond the third of the dimensions that guesses are tried in
        rows[:, 4:] = points[:, 4:] = 0
    guess = guess.copy()
    guess[:wrong] = (guess[:wrong] + 1) % 60
    _, found, expected = scored(rows, offsets, points, guess)
    assert (found == expected).all()


def test_a_wrong_guess_next_to_the_right_row_is_found_out():
    """The pair differs only in a direction that the cheap product does not see."""
    generator = np.random.default_rng(8)
    rows = np.concatenate([generator.normal(size=(60, 4)), np.zeros((60, 8))], axis=1)
    rows = np.repeat(rows, 2, axis=0)
    rows[1::2, 11] = 1e-2
    points = 3 * rows[::2]
    points[:, 11] = 1.0
    guess = 2 * np.arange(60)
    _, found, expected = scored(rows, np.zeros(120), points, guess)
    assert (expected % 2 == 1).all()
    assert (found == expected).all()


def test_good_guesses_are_confirmed_in_a_third_of_the_dimensions(monkeypatch):
    generator = np.random.default_rng(9)
    turn = np.linalg.qr(generator.normal(size=(48, 48)))[0]
    rows = generator.normal(size=(240, 48)) * np.repeat([1.0, 1e-4], [16, 32]) @ turn
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    points, guess, offsets = 9 * rows, np.arange(240), np.zeros(240)
    asked, whole = [], AffineScores._find

    def counted(self, power, points, *rest):
        asked.append(len(points))
        return whole(self, power, points, *rest)

    monkeypatch.setattr(AffineScores, "_find", counted)
    rule, found, expected = scored(rows, offsets, points, guess)
    assert sum(asked) == 0
    assert rule.tries
    assert (found == expected).all()
    assert rule._cut[1].shape == (240, 17)


def test_guesses_that_do_not_pay_are_given_up():
    points, guess, rows, _, offsets = draw(240, 48, 240, seed=9, noise=9.0)
    rule, found, expected = scored(rows, offsets, points, guess)
    assert not rule.tries
    assert (found == expected).all()
    few, *_ = scored(rows[:100], offsets[:100], points, guess % 100)
    assert not few.tries
    assert "_cut" not in vars(few)


def test_a_settled_classifier_is_compared_with_the_nearest_center_not_the_label():
    centers, weight, bias, features = (
        torch.tensor(x, dtype=torch.float64)
        for x in ([[0.0], [1.0]], [[0.1], [0.0]], [9.0, 0.0], [[0.0], [0.9], [0.8], [1.0]])
    )
    rules = Decisions(centers, weight, bias, None, distances=torch.ones(2, dtype=torch.float64))
    assert rules.count(features, torch.tensor([0, 0, 0, 1])) == 3


@pytest.mark.filterwarnings("ignore:equiangular is undefined", "ignore:max_angle_deviation is")
def test_centers_nearly_the_same_are_told_apart_by_differences():
    near = 1e-9
    centers = np.array([[0.3], [0.3 + near], [-1.0]])
    weight, bias = [[0.0], [1.0], [-9.0]], [0.3 + near / 2, 0.0, 0.0]
    assert count_mismatches(centers, centers, weight, bias) == 0
    apart = np.repeat([[0.3], [0.3 + 10 * near], [-1.0]], 5, axis=0)
    labels, bias = np.concatenate([np.arange(10) % 2, [2] * 5]), [0.3 + 5 * near, 0.0, 0.0]
    assert measure(apart, labels, weight, bias).nearest_center_mismatch == 0


def test_of_two_centers_at_one_distance_the_first_is_nearest():
    """The mean of the centres, from which distances are taken, is rounded here."""
    centers = [[-3.0], [-2.0], [0.0]]
    assert count_mismatches([[-2.5]], centers, [[0.0]] * 3, [1.0, 0.0, 0.0]) == 0
    assert count_mismatches([[-2.5]], centers, [[0.0]] * 3, [0.0, 1.0, 0.0]) == 1


def test_weights_whose_mean_overflows_settle_nothing():
    generator = np.random.default_rng(0)
    signs = generator.choice([-1.6e308, 1.6e308], size=(8, 8))
    weight = np.where(np.eye(8) > 0, 1.7e308, signs)
    features = 1e-5 * np.repeat(np.eye(8), 8, axis=0)
    features += 0.4e-5 * generator.normal(size=features.shape)
    labels = np.repeat(np.arange(8), 8)
    found = measure(features, labels, weight).nearest_center_mismatch
    assert found == measure(features, labels, weight / 2**20).nearest_center_mismatch > 0


@pytest.mark.parametrize("common", [0.0, 1e8, 1e15, 1e18])
def test_labels_change_nothing_where_rows_have_a_huge_common_part(common):
    generator = np.random.default_rng(1)
    centers = np.array([[8.0, 0, 0], [-8, 0, 0], [0, 8, 0], [0, -8, 0], [0, 0, 0]])
    labels = np.repeat(np.arange(5), 400)
    features = centers[labels] + 0.3 * generator.integers(-64, 65, size=(2000, 3)) / 64
    weight = 1e-4 * np.array([[0.0, 1, 0], [1, 0, 0], [0, 0, 1], [1, 1, 1], [-1, 0, 1]]) + common
    tensors = [torch.from_numpy(x) for x in (centers, weight, np.array([0, 0, 0, 0, 1e-2]))]
    distances = torch.full((5,), 8.0, dtype=torch.float64)
    rules = Decisions(*tensors, None, distances=distances)
    samples = torch.from_numpy(features)
    assert rules.count(samples, torch.from_numpy(labels)) == rules.count(samples)


@pytest.mark.parametrize(("setting", "full"), [("none", True), ("ieee", True), ("tf32", False)])
def test_low_precision_products_of_a_gpu_are_not_trusted(monkeypatch, setting, full):
    monkeypatch.setattr(torch.backends.cuda, "matmul", SimpleNamespace(fp32_precision=setting))
    assert screening._full_precision(torch.device("cuda")) is full
    assert screening._full_precision(torch.device("cpu"))


def test_few_samples_do_not_pay_for_trying():
    features, _, centers, weight, bias = (torch.from_numpy(x) for x in draw(90, 12, 60, seed=3))
    for count in (23, 24, 90):
        rules = Decisions(centers, weight, bias, None)
        found = rules.count(features[:count])
        assert ("_cut" in vars(rules._classifier)) is (count >= 24)
        assert found == slow(*(x.numpy() for x in (features[:count], centers, weight, bias)))
