"""NRC1 to NRC3: slow sums, searches, invariances, degenerate input, inputs left alone."""

import numpy as np
import pytest
import torch
from scipy.linalg import sqrtm
from sklearn.decomposition import PCA

from neuralcollapse.geometry.arrays import DegenerateGeometryError
from neuralcollapse.metrics import (
    best_gamma,
    explained_variance,
    nrc1,
    nrc2,
    nrc3,
    regression_report,
)

RNG = np.random.default_rng(2)
FEATURES = RNG.normal(size=(40, 7)) * [3, 2, 1, 1, 0.5, 0.2, 0.1] + [0, 1, 0, 0, 2, 0, 0]
TARGETS = RNG.normal(size=(40, 3)) @ RNG.normal(size=(3, 3)) + 5
WEIGHT = RNG.normal(size=(3, 7))


def test_published_forms_are_sums_over_samples():
    principal = PCA(3).fit(FEATURES).components_
    unit = [h / np.linalg.norm(h) for h in FEATURES]
    slow = np.mean([1 - sum((p @ h) ** 2 for p in principal) for h in unit])
    assert nrc1(FEATURES, 3) == pytest.approx(slow, rel=1e-12)
    solved = [np.linalg.lstsq(WEIGHT.T, h, rcond=None)[0] for h in unit]
    rest = [np.sum((h - WEIGHT.T @ x) ** 2) for h, x in zip(unit, solved, strict=True)]
    assert nrc2(FEATURES, WEIGHT) == pytest.approx(np.mean(rest), rel=1e-12)
    root = sqrtm(np.cov(TARGETS.T, ddof=0)).real
    gram, model = WEIGHT @ WEIGHT.T, root - np.sqrt(0.01) * np.eye(3)
    distance = gram / np.linalg.norm(gram) - model / np.linalg.norm(model)
    assert nrc3(WEIGHT, TARGETS, gamma=0.01) == pytest.approx((distance**2).sum(), rel=1e-10)


def test_centred_forms_are_shares_of_variance():
    shares = PCA().fit(FEATURES).explained_variance_ratio_
    np.testing.assert_allclose(explained_variance(FEATURES), shares, rtol=1e-10)
    assert nrc1(FEATURES, 3, centered=True) == pytest.approx(shares[3:].sum(), rel=1e-10)
    rest = FEATURES - FEATURES.mean(0)
    off = rest - rest @ np.linalg.pinv(WEIGHT) @ WEIGHT
    expected = (off**2).sum() / (rest**2).sum()
    assert nrc2(FEATURES, WEIGHT, centered=True) == pytest.approx(expected, rel=1e-10)


def test_a_mean_off_the_plane_is_seen_by_the_published_form_only():
    flat = FEATURES * [1, 1, 1, 0, 0, 0, 0]
    assert nrc1(flat, 3) < 1e-12
    shifted = flat + 5 * np.eye(7)[6]
    assert nrc1(shifted, 3) > 0.5
    assert nrc1(shifted, 3, centered=True) < 1e-12


@pytest.mark.parametrize("count", [2, 3, 5])
def test_no_gamma_beats_the_closed_form(count):
    for draw in range(20):
        generator = np.random.default_rng([count, draw])
        targets = generator.normal(size=(30, count)) @ generator.normal(size=(count, count))
        weight = generator.normal(size=(count, count))
        least = np.linalg.eigvalsh(np.cov(targets.T, ddof=0))[0]
        others = [nrc3(weight, targets, gamma=g) for g in np.linspace(0, 1, 300) ** 2 * least]
        assert nrc3(weight, targets) <= min(others) + 1e-12
        assert 0 <= best_gamma(weight, targets) <= least * (1 + 1e-12)


def test_both_ends_of_the_clip_and_a_negative_product_occur():
    values, vectors = np.linalg.eigh(np.cov(TARGETS.T, ddof=0))
    layer = lambda diagonal: vectors * np.sqrt(diagonal)  # noqa: E731
    assert best_gamma(layer(np.sqrt(values) + 3), TARGETS) == 0  # needs a negative root
    assert best_gamma(layer(1 / values), TARGETS) == 0  # a < 0
    steep = best_gamma(layer([0, 0, 1]), TARGETS)
    inner = best_gamma(layer(np.sqrt(values) - np.sqrt(values[0]) / 3), TARGETS)
    assert inner == pytest.approx(values[0] / 9, rel=1e-9)
    assert steep == pytest.approx(values[0], rel=1e-9)


def test_rotations_of_features_and_scales_change_nothing():
    turn = np.linalg.qr(RNG.normal(size=(7, 7)))[0]
    one = regression_report(FEATURES, TARGETS, WEIGHT).to_dict()
    other = regression_report(3 * FEATURES @ turn, 2 * TARGETS - 1, 5 * WEIGHT @ turn).to_dict()
    assert other.pop("gamma") == pytest.approx(4 * one.pop("gamma"))
    shares, again = one.pop("explained_variance"), other.pop("explained_variance")
    assert again == pytest.approx(shares)
    assert other == pytest.approx(one)


def test_turned_targets_and_layer_together_change_nothing():
    turn = np.linalg.qr(RNG.normal(size=(3, 3)))[0]
    assert nrc3(turn @ WEIGHT, TARGETS @ turn.T) == pytest.approx(nrc3(WEIGHT, TARGETS))


def test_inputs_are_not_written_and_tensors_are_taken():
    inputs = [FEATURES.copy(), TARGETS.copy(), WEIGHT.copy()]
    for array in inputs:
        array.setflags(write=False)
    report = regression_report(*inputs)
    tensors = [torch.tensor(array, requires_grad=True) for array in (FEATURES, TARGETS, WEIGHT)]
    kept = [tensor.detach().clone() for tensor in tensors]
    assert regression_report(*tensors) == report
    assert all(torch.equal(a, b) for a, b in zip(tensors, kept, strict=True))


def test_one_target_has_no_nrc3():
    with pytest.raises(ValueError, match="at least two columns"):
        nrc3(WEIGHT[:1], TARGETS[:, :1])
    report = regression_report(FEATURES, TARGETS[:, :1], WEIGHT[:1])
    assert report.nrc3 is None
    assert report.gamma is None
    assert "none" in str(report)


def test_white_targets_leave_gamma_open_and_nrc3_still_asks_for_a_white_layer():
    white = np.sqrt(2) * np.vstack([np.eye(3), -np.eye(3)])
    with pytest.raises(DegenerateGeometryError, match="every gamma does the same"):
        best_gamma(WEIGHT, white)
    assert regression_report(FEATURES[:6], white, WEIGHT).gamma is None
    assert nrc3(WEIGHT, white) == pytest.approx(nrc3(WEIGHT, white, gamma=0.2))
    assert nrc3(WEIGHT, white) > 0.01
    assert nrc3(np.eye(3), white) < 1e-15


def test_zero_features_leave_the_published_forms_out():
    dead = FEATURES.copy()
    dead[3] = 0
    report = regression_report(dead, TARGETS, WEIGHT)
    assert report.nrc1 is None
    assert report.nrc1_centered is not None
    with pytest.raises(ValueError, match="row 3 is zero"):
        nrc1(dead, 3)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: nrc1(FEATURES, 8), ValueError, "num_targets: expected at most 7"),
        (lambda: nrc1(np.ones((4, 3)), 1), DegenerateGeometryError, "features: all are equal"),
        (lambda: nrc2(FEATURES, WEIGHT[:, :5]), ValueError, "weight: expected 7 columns"),
        (lambda: nrc2(FEATURES, 0 * WEIGHT), DegenerateGeometryError, "weight: the layer is zero"),
        (lambda: nrc3(0 * WEIGHT, TARGETS), DegenerateGeometryError, "weight: the layer is zero"),
        (lambda: nrc3(WEIGHT[:2], TARGETS), ValueError, "weight: expected 3 rows"),
        (lambda: nrc3(WEIGHT, 0 * TARGETS), DegenerateGeometryError, "targets: all are equal"),
        (lambda: nrc3(WEIGHT, TARGETS, gamma=99), ValueError, "gamma: expected a number from 0"),
        (lambda: nrc3(WEIGHT, TARGETS, gamma=-1), ValueError, "gamma: expected a number from 0"),
        (
            lambda: regression_report(FEATURES[1:], TARGETS, WEIGHT),
            ValueError,
            "targets: expected 39 rows",
        ),
    ],
)
def test_errors_name_the_argument(call, error, message):
    with pytest.raises(error, match=message):
        call()
