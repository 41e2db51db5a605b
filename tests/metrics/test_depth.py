"""Rank profiles and reports of deep collapse."""

import numpy as np
import pytest
import torch

from neuralcollapse.metrics import (
    depth_report,
    measure,
    orthogonality_deviation,
    rank_profile,
)


def test_ranks_before_and_after_the_relu():
    low = np.array([[1.0, -1.0, 0.5], [-1.0, 1.0, -0.5]])
    profile = rank_profile([np.eye(3), low, np.zeros((2, 3))])
    assert profile.before == (3, 1, 0)
    assert profile.after == (3, 2, 0)
    assert np.allclose(profile.spectra_before[0], 1)


def test_the_tolerance_is_a_share_of_the_largest_value():
    layer = np.diag([100.0, 1.0, 0.05])
    assert rank_profile([layer]).before == (2,)
    assert rank_profile([layer], tolerance=1e-5).before == (3,)
    assert rank_profile([1e6 * layer]).before == (2,)


def test_a_report_knows_deep_collapse_and_what_is_not():
    generator = np.random.default_rng(0)
    labels = np.repeat(np.arange(4), 5)
    collapsed = (np.eye(4) - 0.3 * (1 - np.eye(4)))[labels]
    noisy = collapsed + 0.1 * generator.normal(size=collapsed.shape)
    report = depth_report([collapsed, noisy], labels)
    assert report.variability[0] == pytest.approx(0, abs=1e-20)
    assert report.orthogonality[0] == pytest.approx(0, abs=1e-12)
    expected = measure(noisy, labels).within_class_variability_trace
    assert report.variability[1] == pytest.approx(expected, rel=1e-12)
    assert report.orthogonality[1] > 1e-3
    assert report.profile.before == (4, 4)


def test_a_dead_layer_is_nan_and_tensors_are_welcome():
    layers = [torch.full((4, 3), -1.0, requires_grad=True)]
    report = depth_report(layers, torch.tensor([0, 0, 1, 1]))
    assert np.isnan(report.orthogonality[0])
    assert np.isnan(report.variability[0])


def test_orthogonality_does_not_depend_on_scale_and_order():
    layer = np.random.default_rng(1).normal(size=(6, 4))
    deviation = orthogonality_deviation(layer)
    assert np.isclose(orthogonality_deviation(1e9 * layer[::-1, ::-1]), deviation, rtol=1e-12)
    assert 0 < deviation < np.sqrt(2)


def test_bad_input_is_named():
    with pytest.raises(ValueError, match="layers: expected at least one"):
        rank_profile([])
    with pytest.raises(ValueError, match=r"layers\[0\]: expected shape"):
        rank_profile([np.ones(3)])
    with pytest.raises(ValueError, match="tolerance"):
        rank_profile([np.eye(2)], tolerance=1)
    with pytest.raises(ValueError, match="a sample of every class"):
        depth_report([np.eye(3)], [0, 2, 2])
