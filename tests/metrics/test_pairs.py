"""Sums over all pairs: full matrices, exact values, and where precision is lost elsewhere."""

import subprocess
import sys
from fractions import Fraction

import numpy as np
import pytest
import torch

from neuralcollapse import ClassStatistics, measure, metrics
from neuralcollapse.geometry import simplex_etf
from neuralcollapse.metrics import pairs as pairs_module
from neuralcollapse.metrics import products, variability
from neuralcollapse.metrics.pairs import pair_sums
from neuralcollapse.metrics.vectors import triangular_factor


def draw(count, width, seed=0):
    return torch.from_numpy(np.random.default_rng(seed).normal(size=(count, width)))


def slow_sums(vectors, spreads):
    """The definitions, on the full matrix, in the longest floating point numbers there are."""
    v = vectors.numpy().astype(np.longdouble)
    unit = v / np.sqrt((v**2).sum(1, keepdims=True))
    count = len(v)
    off = ~np.eye(count, dtype=bool)
    cosines = (unit @ unit.T)[off]
    s = spreads.numpy()
    distances = ((v[:, None] - v) ** 2).sum(-1)
    np.fill_diagonal(distances, np.inf)
    quotients = ((s[:, None] + s) / (2 * distances))[off]
    target = 1 / np.longdouble(count - 1)
    return {
        "absolute": np.abs(cosines + target).sum(),
        "squares": ((cosines + target) ** 2).sum(),
        "deviations": ((cosines - cosines.mean()) ** 2).sum(),
        "quotients": quotients.sum(),
    }


@pytest.mark.parametrize("tile", [1, 3, 16, 512])
@pytest.mark.parametrize(("count", "width"), [(2, 1), (7, 9), (16, 8), (17, 8), (49, 3), (33, 40)])
def test_sums_agree_with_full_matrices_whatever_the_tile(monkeypatch, tile, count, width):
    """Both sides of K = 2d, and tiles that leave a remainder of one."""
    monkeypatch.setattr(pairs_module, "_TILE", tile)
    monkeypatch.setattr("neuralcollapse.metrics.vectors._BLOCK_ENTRIES", 5 * tile)
    vectors, spreads = draw(count, width, seed=count), draw(count, 1).square()[:, 0]
    found = pair_sums(vectors, spreads=spreads)
    for name, expected in slow_sums(vectors, spreads).items():
        assert getattr(found, name) == pytest.approx(float(expected), rel=1e-12, abs=1e-13), name
    far = torch.cdist(vectors, vectors).fill_diagonal_(torch.inf)
    torch.testing.assert_close(found.nearest, far.amin(1), rtol=1e-10, atol=0)


@pytest.mark.parametrize("lean", [1e-2, 1e-5])
def test_nearly_parallel_directions_keep_their_digits(lean):
    """Sums of squares minus the squared mean would lose twice the digits of the lean."""
    vectors = lean * draw(60, 3, seed=1) + torch.tensor([1.0, 0.0, 0.0], dtype=torch.float64)
    expected = slow_sums(vectors, torch.ones(60, dtype=torch.float64))["deviations"]
    found = pair_sums(vectors, absolute=False).deviations
    assert found == pytest.approx(float(expected), rel=1e-15 / lean * 100)


def test_one_vector_many_times_has_no_spread_of_cosines():
    vectors = torch.tensor([[3.0, 4.0]], dtype=torch.float64).repeat(50, 1)
    assert metrics.equiangular(vectors) == pytest.approx(0, abs=1e-14)
    assert metrics.max_angle_deviation(vectors) == pytest.approx(1 + 1 / 49)


@pytest.mark.parametrize("width", [2, 5])
def test_a_matrix_of_low_rank_keeps_its_distance_from_the_simplex(width):
    """The bound by which closed forms lose nothing, and that it is attained up to a factor."""
    for seed in range(20):
        vectors = draw(3 * width + 1, width, seed)
        count = len(vectors)
        bound = (count - 1 - width) / (count - 1) ** 2
        assert metrics.simplex_gram_mean_square(vectors) >= bound
        assert metrics.simplex_gram_deviation(vectors) ** 2 >= 1 - width / (count - 1)
        other = draw(count, width, seed + 100)
        assert metrics.self_duality_product(vectors, other) ** 2 >= 1 - width / (count - 1)
    flat = simplex_etf(count)[:, :width]
    flat = np.linalg.svd(flat, full_matrices=False)[0]
    assert metrics.simplex_gram_deviation(flat) ** 2 < 2 - 2 * np.sqrt(width / (count - 1)) + 1e-9


def crossed(count, width):
    """Rows +-e_k in turn, as many of each."""
    axes = torch.eye(width, dtype=torch.float64)
    return torch.cat([axes, -axes]).repeat(count // (2 * width), 1)


@pytest.mark.parametrize("count", [2_000, 20_000])
def test_many_classes_against_exact_values(count):
    """A Frobenius norm of this many float32 entries is 7 % off on one CPU thread."""
    vectors, copies = crossed(count, 4), count // 8
    inner = Fraction(count - 1)
    a = 1 / inner
    per_row = (copies - 1) * (1 + a) + copies * (1 - a) + (count - 2 * copies) * a
    assert metrics.max_angle_deviation(vectors) == pytest.approx(float(per_row / inner), rel=1e-13)
    squares = (copies - 1) * (1 + a) ** 2 + copies * (1 - a) ** 2 + (count - 2 * copies) * a**2
    assert metrics.simplex_gram_mean_square(vectors) == pytest.approx(
        float(squares / count), rel=1e-13
    )
    second, mean = Fraction(2 * copies - 1) / inner, -1 / inner
    assert metrics.equiangular(vectors) ** 2 == pytest.approx(float(second - mean**2), rel=1e-13)
    norm = np.sqrt(float(Fraction(2 * copies * count)))
    expected = np.sqrt(2 - 2 * count / (norm * np.sqrt(count - 1)))
    assert metrics.simplex_gram_deviation(vectors) == pytest.approx(expected, rel=1e-13)
    assert metrics.self_duality_product(7 * vectors, vectors) == pytest.approx(expected, rel=1e-13)


def slow_product(left, right):
    product = left.numpy().astype(np.longdouble) @ right.numpy().astype(np.longdouble).T
    count = len(product)
    target = (np.eye(count, dtype=np.longdouble) - 1 / np.longdouble(count)) / np.sqrt(
        np.longdouble(count - 1)
    )
    return float(np.sqrt(((product / np.sqrt((product**2).sum()) - target) ** 2).sum()))


def nearly_orthogonal(tilt):
    left, right = draw(40, 6, seed=3), draw(40, 6, seed=4)
    left[:, 3:] *= tilt
    right[:, :3] *= tilt
    rotation = torch.linalg.qr(draw(6, 6, seed=5)).Q
    return left @ rotation, right @ rotation


@pytest.mark.parametrize("tilt", [1.0, 1e-3, 1e-7])
def test_products_of_nearly_orthogonal_sides(tilt):
    """<L'L, R'R> cancels there, so the norm of the product is summed anew."""
    left, right = nearly_orthogonal(tilt)
    assert metrics.self_duality_product(left, right) == pytest.approx(
        slow_product(left, right), rel=1e-15 / tilt + 1e-13
    )


def test_the_norm_summed_anew_is_needed(monkeypatch):
    left, right = nearly_orthogonal(1e-7)
    monkeypatch.setattr(products, "_CANCELLED", 0.0)
    found = metrics.self_duality_product(left, right)
    assert abs(found - slow_product(left, right)) > 1e-6


@pytest.mark.parametrize("rows", [1, 4, 17, 100])
def test_triangular_factor_has_the_singular_values(rows):
    table = draw(rows, 5, seed=rows) * torch.tensor([1.0, 1e-3, 1e-6, 1.0, 1e-9])
    factor = triangular_factor(table)
    assert factor.shape == (min(rows, 5), 5)
    torch.testing.assert_close(
        torch.linalg.svdvals(factor), torch.linalg.svdvals(table), rtol=1e-6, atol=1e-16
    )


def test_the_pseudo_inverse_keeps_small_directions_of_many_classes():
    """Eigenvalues of the d x d scatter would lose directions 1e-8 times the largest."""
    generator = np.random.default_rng(5)
    scale = np.array([1.0, 1e-4, 1e-8])
    means = generator.normal(size=(50, 3)) * scale
    noise = 1e-10 * generator.normal(size=means.shape)
    features, labels = np.concatenate([means + noise, means - noise]), np.tile(np.arange(50), 2)
    statistics = ClassStatistics(50, 3).update(features, labels)
    moved = (means - means.mean(0)) / scale
    inverse = np.linalg.inv(moved.T @ moved / 50)
    expected = np.trace((noise / scale).T @ (noise / scale) / 50 @ inverse) / 50
    assert variability.within_class_variability(statistics) == pytest.approx(expected, rel=1e-5)


def test_anisotropic_class_means_of_float32_features_are_kept():
    """The cut of a float32 pseudo-inverse drops directions below 4e-3 of the largest."""
    generator = np.random.default_rng(6)
    scale = np.geomspace(1, 1e-4, 8)
    labels = np.arange(4000) % 9
    means = np.linalg.qr(generator.normal(size=(9, 9)))[0][:, :8] * scale
    noise = 0.02 * scale * generator.normal(size=(4000, 8))
    features = (means[labels] + noise).astype(np.float32)
    report = measure(features, labels)
    exact = features.astype(np.float64)
    averages = np.stack([exact[labels == c].mean(0) for c in range(9)])
    sizes = np.bincount(labels)[labels]
    rest = (exact - averages[labels]) / np.sqrt(9 * sizes)[:, None]
    moved = averages - averages.mean(0)
    expected = np.trace(rest.T @ rest @ np.linalg.inv(moved.T @ moved / 9)) / 9
    assert report.within_class_variability == pytest.approx(expected, rel=1e-9)
    single = (moved.T @ moved / 9).astype(np.float32)
    cut = torch.linalg.pinv(torch.from_numpy(single), rtol=float(8 * np.finfo(np.float32).eps) * 8)
    textbook = np.trace((rest.T @ rest).astype(np.float32) @ cut.numpy()) / 9
    assert abs(textbook / expected - 1) > 0.05


MEMORY = """
import re, resource, sys, torch
from pathlib import Path
torch.set_num_threads(1)
from neuralcollapse import measure
generator = torch.Generator().manual_seed(0)
count, width = 10_000, 768
features = torch.empty(count + 1, width).normal_(generator=generator)
weight = torch.empty(count, width).normal_(generator=generator)
labels = torch.arange(count + 1) % count
measure(features[:40], labels[:40], weight[:40])
def peak():
    status = Path("/proc/self/status")
    if status.exists():  # what getrusage says starts from the size of the parent
        return int(re.search(r"VmHWM:\\s+(\\d+) kB", status.read_text())[1]) / 2**10
    unit = 2**20 if sys.platform == "darwin" else 2**10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
before = peak()
report = measure(features, labels, weight, torch.zeros(count))
assert report.nearest_center_mismatch > 0.9
print(peak() - before)
"""


def test_ten_thousand_classes_need_no_table_of_pairs():
    """All pairs take 763 MiB in float64 and 381 in float32; 430 are used, class vectors mostly."""
    done = subprocess.run(
        [sys.executable, "-c", MEMORY], capture_output=True, text=True, check=True, timeout=500
    )
    assert float(done.stdout) < 600
