"""Every metric against a slow loop, its ideal value, its invariances, and published definitions."""

import warnings

import numpy as np
import pytest
import torch

from neuralcollapse import ClassStatistics, measure, metrics
from neuralcollapse.geometry import orthoplex, simplex_etf
from neuralcollapse.metrics.vectors import DegenerateGeometryError

METRICS_OF_MEANS = [
    "within_class_variability",
    "within_class_variability_trace",
    "class_distance_normalized_variance",
    "equinorm_means",
    "equiangular_means",
    "max_angle_deviation_means",
    "simplex_gram_mean_square_means",
]
METRICS_OF_WEIGHTS = [
    "equinorm_weights",
    "equiangular_weights",
    "max_angle_deviation_weights",
    "simplex_gram_deviation_weights",
    "self_duality",
    "self_duality_product",
    "nearest_center_mismatch",
]


def draw(num_samples, num_features, num_classes, seed):
    generator = np.random.default_rng(seed)
    labels = np.concatenate(
        [np.arange(num_classes), generator.integers(num_classes, size=num_samples - num_classes)]
    )
    features = generator.normal(size=(num_classes, num_features))[labels]
    features = features + generator.normal(size=features.shape)
    weight = generator.normal(size=(num_classes, num_features))
    return features, labels, weight, generator.normal(size=num_classes)


def numbers(report):
    return {name: value for _, name, value, _ in report.rows()}


def slow_metrics(features, labels, weight, bias, weighting):
    """The definitions, written with Python loops over samples and pairs."""
    count = len(weight)
    sizes = [int((labels == c).sum()) for c in range(count)]
    share = [1 / count if weighting == "class" else n / len(labels) for n in sizes]
    means = [features[labels == c].mean(0) for c in range(count)]
    center = sum(p * m for p, m in zip(share, means, strict=True))
    moved = [m - center for m in means]
    within = sum(
        share[y] / sizes[y] * np.outer(h - means[y], h - means[y])
        for h, y in zip(features, labels, strict=True)
    )
    between = sum(p * np.outer(m, m) for p, m in zip(share, moved, strict=True))
    values, vectors = np.linalg.eigh(between)
    top = np.argsort(values)[::-1][: count - 1]
    top = [i for i in top if values[i] > 1e-12 * values.max()]
    inverse = sum(np.outer(vectors[:, i], vectors[:, i]) / values[i] for i in top)
    spread = [
        np.mean([np.sum((h - means[c]) ** 2) for h in features[labels == c]]) for c in range(count)
    ]
    pairs = [(i, j) for i in range(count) for j in range(count) if i != j]
    target = np.eye(count) - 1 / count

    def cosines(rows):
        return [
            rows[i] @ rows[j] / np.linalg.norm(rows[i]) / np.linalg.norm(rows[j]) for i, j in pairs
        ]

    def angles(rows, kind):
        lengths = [np.linalg.norm(row) for row in rows]
        return {
            f"equinorm_{kind}": np.std(lengths) / np.mean(lengths),
            f"equiangular_{kind}": np.std(cosines(rows)),
            f"max_angle_deviation_{kind}": np.mean(
                [abs(c + 1 / (count - 1)) for c in cosines(rows)]
            ),
        }

    stacked = np.stack(moved)
    gram, product = weight @ weight.T, weight @ stacked.T
    shifted = weight @ center + bias
    return {
        "within_class_variability": np.trace(within @ inverse) / count,
        "within_class_variability_trace": np.trace(within) / np.trace(between),
        "class_distance_normalized_variance": np.mean(
            [(spread[i] + spread[j]) / 2 / np.sum((means[i] - means[j]) ** 2) for i, j in pairs]
        ),
        **angles(moved, "means"),
        "simplex_gram_mean_square_means": sum((c + 1 / (count - 1)) ** 2 for c in cosines(moved))
        / count**2,
        **angles(weight, "weights"),
        "simplex_gram_deviation_weights": np.linalg.norm(
            gram / np.linalg.norm(gram) - target / np.sqrt(count - 1)
        ),
        "self_duality": np.linalg.norm(
            weight / np.linalg.norm(weight) - stacked / np.linalg.norm(stacked)
        )
        ** 2,
        "self_duality_product": np.linalg.norm(
            product / np.linalg.norm(product) - target / np.sqrt(count - 1)
        ),
        "bias_alignment": np.linalg.norm(shifted - shifted.mean()),
        "nearest_center_mismatch": np.mean(
            [
                np.argmax(weight @ h + bias) != np.argmin([np.sum((h - m) ** 2) for m in means])
                for h in features
            ]
        ),
    }


@pytest.mark.parametrize("weighting", ["class", "sample"])
@pytest.mark.parametrize("shape", [(9, 2, 2), (40, 3, 3), (60, 8, 5), (50, 4, 7), (120, 20, 11)])
def test_measure_agrees_with_slow_loops(shape, weighting):
    features, labels, weight, bias = draw(*shape, seed=shape[0])
    report = measure(features, labels, weight, bias, weighting=weighting).to_dict()
    for name, value in slow_metrics(features, labels, weight, bias, weighting).items():
        assert report[name] == pytest.approx(value, rel=1e-10, abs=1e-10), name


@pytest.mark.parametrize("num_classes", [2, 3, 10, 50])
@pytest.mark.parametrize("offset", [0.0, 3.0])
def test_exact_simplex_has_ideal_values(num_classes, offset):
    means = simplex_etf(num_classes, num_classes + 4)
    features, labels = np.repeat(means, 3, axis=0) + offset, np.repeat(np.arange(num_classes), 3)
    bias = -(7 * means) @ np.full(num_classes + 4, offset)
    report = measure(features, labels, 7 * means, bias)
    for name in METRICS_OF_MEANS + METRICS_OF_WEIGHTS + ["bias_alignment"]:
        assert getattr(report, name) == pytest.approx(0, abs=1e-12), name


def test_each_metric_rejects_the_failure_it_is_there_for():
    """A negative control a metric: break one property, see the metric move."""
    means, labels = simplex_etf(4, 6), np.repeat(np.arange(4), 50)
    noise = np.random.default_rng(0).normal(size=(200, 6))
    clean = np.repeat(means, 50, axis=0)
    noisy = measure(clean + 0.3 * noise, labels)
    assert noisy.within_class_variability > 0.05
    assert noisy.within_class_variability_trace > 0.05
    assert noisy.class_distance_normalized_variance > 0.05
    stretched = measure(clean * np.repeat([1, 1, 1, 2], 50)[:, None], labels)
    assert stretched.equinorm_means > 0.1
    with pytest.warns(UserWarning, match="span 2 of 3 dimensions"):
        antipodal = measure(np.repeat(orthoplex(3)[:4], 50, axis=0), labels)
    assert antipodal.equiangular_means > 0.3
    assert antipodal.max_angle_deviation_means > 0.3
    assert antipodal.simplex_gram_mean_square_means > 0.1
    orthogonal = measure(clean, labels, np.eye(4, 6))
    assert orthogonal.equiangular_weights == pytest.approx(0, abs=1e-12)
    assert orthogonal.max_angle_deviation_weights == pytest.approx(1 / 3)
    assert orthogonal.simplex_gram_deviation_weights > 0.3
    swapped = measure(clean, labels, means[[1, 0, 2, 3]])
    assert swapped.self_duality > 0.5
    assert swapped.self_duality_product > 0.5
    assert swapped.nearest_center_mismatch == 0.5
    biased = measure(clean, labels, means, [0, 0, 0, 5])
    assert biased.nearest_center_mismatch == 0.75
    assert biased.bias_alignment > 4


def test_orthogonal_classifier_and_means_have_self_duality_two():
    assert metrics.self_duality(np.eye(3, 6), np.eye(3, 6, k=3)) == pytest.approx(2)


def test_product_form_does_not_test_self_duality_but_the_distance_does():
    means = np.random.default_rng(1).normal(size=(4, 6))
    means -= means.mean(0)
    weight = np.linalg.pinv(means).T
    assert metrics.self_duality_product(weight, means) == pytest.approx(0, abs=1e-12)
    assert metrics.self_duality(weight, means) > 0.1


def test_centring_removes_a_common_shift_of_the_classifier():
    features, labels, weight, bias = draw(40, 5, 4, seed=2)
    shift = np.full(5, 3.0)
    plain = numbers(measure(features, labels, weight, bias, center=True))
    moved = numbers(measure(features, labels, weight + shift, bias + 2, center=True))
    assert plain == pytest.approx(moved, rel=1e-9)
    uncentred = measure(features, labels, weight + shift, bias)
    assert uncentred.self_duality != pytest.approx(plain["self_duality"], rel=1e-2)


def test_invariance_under_rotation_translation_and_scale():
    features, labels, weight, _ = draw(60, 5, 4, seed=5)
    rotation = np.linalg.qr(np.random.default_rng(5).normal(size=(5, 5)))[0]
    moved = measure(3 * features @ rotation + 7, labels, 0.2 * weight @ rotation).to_dict()
    report = measure(features, labels, weight).to_dict()
    for name in METRICS_OF_MEANS + METRICS_OF_WEIGHTS[:-1]:
        assert moved[name] == pytest.approx(report[name], rel=1e-9), name


def test_pseudo_inverse_is_cut_at_rank_and_never_inverts_noise():
    """In float32, with a mean offset, the textbook formula is off by orders of magnitude."""
    generator = np.random.default_rng(0)
    labels = np.repeat(np.arange(10), 100)
    means = generator.normal(size=(10, 64))
    features = means[labels] + 0.05 * generator.normal(size=(1000, 64)) + 100
    truth = measure(features, labels).within_class_variability
    centered = means - means.mean(0)
    assert truth == pytest.approx(
        np.mean([0.05**2 * np.trace(np.linalg.pinv(centered.T @ centered / 10))]) / 10, rel=0.2
    )
    single = features.astype(np.float32)
    assert measure(single, labels).within_class_variability == pytest.approx(truth, rel=1e-3)
    class_means = np.stack([single[labels == c].mean(0) for c in range(10)])
    rest = single - class_means[labels]
    within, moved = rest.T @ rest / 1000, class_means - class_means.mean(0)
    naive = np.trace(within @ np.linalg.pinv(moved.T @ moved / 10)) / 10
    assert abs(naive - truth) > 10 * truth


def test_anisotropic_class_means_are_kept():
    """Class-mean directions far below the largest must count, in any input precision."""
    means = np.zeros((4, 6))
    means[:, :3] = simplex_etf(4) * [1, 1e-2, 1e-4]
    features = np.concatenate([means + 1e-5, means - 1e-5])
    labels = np.tile(np.arange(4), 2)
    moved = means[:, :3] - means[:, :3].mean(0)
    inverse = np.linalg.inv(moved.T @ moved / 4)
    expected = 1e-10 * inverse.sum() / 4
    assert measure(features, labels).within_class_variability == pytest.approx(expected, rel=1e-8)


def test_collinear_class_means_warn():
    features = [[0.0, 0.1], [0.0, -0.1], [1.0, 0.1], [1.0, -0.1], [2.0, 0.1], [2.0, -0.1]]
    statistics = ClassStatistics(3, 2).update(features, [0, 0, 1, 1, 2, 2])
    with pytest.warns(UserWarning, match="span 1 of 2 dimensions"):
        assert metrics.within_class_variability(statistics) == pytest.approx(0, abs=1e-15)
    assert metrics.within_class_variability_trace(statistics) > 0


def test_coinciding_means_are_refused():
    statistics = ClassStatistics(2, 1).update([[0.0], [1.0], [0.0], [1.0]], [0, 0, 1, 1])
    for metric in (
        metrics.within_class_variability,
        metrics.within_class_variability_trace,
        metrics.class_distance_normalized_variance,
    ):
        with pytest.raises(DegenerateGeometryError, match=r"same mean|coincide"):
            metric(statistics)


@pytest.mark.parametrize(
    ("features", "labels"),
    [
        ([[0.1], [0.2], [0.3], [0.3], [0.2], [0.1]], [0, 0, 0, 1, 1, 1]),
        ([[0.7], [0.1], [0.3], [0.3], [0.7], [0.1]], [0, 0, 0, 1, 1, 1]),
    ],
)
@pytest.mark.filterwarnings("ignore:.*undefined here:UserWarning")
def test_means_that_differ_by_rounding_only_coincide(features, labels):
    report = measure(features, labels)
    assert all(value is None for _, _, value, _ in report.rows())


def test_a_mean_at_the_centre_up_to_rounding_has_no_direction():
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        report = measure([[0.1], [0.1], [0.2], [0.2], [0.3], [0.3]], [0, 0, 1, 1, 2, 2])
    assert report.equiangular_means is None
    assert any("row 1 is zero" in str(warning.message) for warning in caught)


@pytest.mark.parametrize("scale", [1e-120, 1e120])
def test_collapse_does_not_depend_on_extreme_scales(scale):
    features, labels, weight, _ = draw(40, 5, 4, seed=5)
    plain = numbers(measure(features, labels, weight))
    assert numbers(measure(scale * features, labels, weight / scale)) == pytest.approx(plain)
    assert metrics.self_duality(-weight * 1e200, weight * 1e200) == pytest.approx(4)


@pytest.mark.parametrize("scale", [1e-200, 1e200])
def test_squares_outside_float64_are_refused_not_reported_as_collapse(scale):
    features, labels, _, _ = draw(40, 5, 4, seed=5)
    with pytest.raises(ValueError, match=r"features: differences of .* squares outside float64"):
        measure(scale * features, labels)


@pytest.mark.parametrize(
    ("bias", "global_mean", "message"),
    [
        ([0.0], [0.0, 0.0], r"bias: expected shape \(3,\), got \(1,\)"),
        ([0.0] * 3, [0.0], r"global_mean: expected shape \(2,\), got \(1,\)"),
        ([0.0, np.nan, 0.0], [0.0, 0.0], "bias: holds NaN"),
        ([-1.7e308, 1.7e308, 1.7e308], [0.0, 0.0], "overflow float64; scale weight and bias down"),
    ],
)
def test_bias_alignment_checks_what_it_is_given(bias, global_mean, message):
    with pytest.raises(ValueError, match=message):
        metrics.bias_alignment(np.eye(3, 2), bias, global_mean)


def test_bias_alignment_survives_large_scores():
    aligned = metrics.bias_alignment(np.eye(2), [3e200, -3e200], [0.0, 0.0])
    assert aligned == pytest.approx(3e200 * 2**0.5)


def test_nearest_center_mismatch_checks_what_it_is_given():
    features, centers, weight = np.ones((2, 3)), np.eye(2, 3), np.eye(2, 3)
    assert metrics.nearest_center_mismatch(features, centers, weight, [0.0, 0.0]) == 0
    for arguments, message in [
        ((features * np.nan, centers, weight), "features or bias: hold NaN"),
        ((features[:, :2], centers, weight), "expected one width"),
        ((features, centers, np.eye(3)), "expected one width.*3 centers"),
        ((features[:0], centers, weight), "at least one sample"),
        ((features, centers, weight, [0.0]), r"bias: expected shape \(2,\)"),
    ]:
        with pytest.raises(ValueError, match=message):
            metrics.nearest_center_mismatch(*arguments)


def test_pairwise_distances_survive_cancellation():
    means = np.array([[1.0, 0.0], [1.0, 1e-7], [-5.0, 2.0]])
    features, labels = np.concatenate([means + 1e-9, means - 1e-9]), np.tile(np.arange(3), 2)
    spread, pairs = 2e-18, [(0, 1), (0, 2), (1, 2)]
    expected = np.mean([spread / np.sum((means[i] - means[j]) ** 2) for i, j in pairs])
    assert measure(features, labels).class_distance_normalized_variance == pytest.approx(
        expected, rel=1e-6
    )


def test_blocks_do_not_change_a_metric(monkeypatch):
    features, labels, weight, bias = draw(80, 6, 9, seed=3)
    whole = numbers(measure(features, labels, weight, bias))
    for module in ("screening", "measurement", "vectors"):
        monkeypatch.setattr(f"neuralcollapse.metrics.{module}._BLOCK_ENTRIES", 13)
    monkeypatch.setattr("neuralcollapse.metrics.pairs._TILE", 4)
    monkeypatch.setattr("neuralcollapse.metrics.screening.LEAST_ROWS", 1)
    assert numbers(measure(features, labels, weight, bias)) == pytest.approx(whole, rel=1e-12)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
def test_every_float_dtype_is_measured_in_float64(dtype):
    features, labels, weight, bias = draw(40, 4, 3, seed=8)
    low = [torch.tensor(x).to(dtype) for x in (features, weight, bias)]
    exact = measure(low[0].double(), labels, low[1].double(), low[2].double())
    assert measure(low[0], torch.tensor(labels), low[1], low[2]) == exact


@pytest.mark.parametrize("late", [True, False], ids=["cast to float32", "normalised in float32"])
def test_a_layer_norm_in_float32_is_not_inverted_along_its_missing_direction(late):
    generator = torch.Generator().manual_seed(0)
    labels = torch.arange(20).repeat_interleave(500)
    means = torch.randn(20, 16, generator=generator, dtype=torch.float64)
    noise = torch.randn(10_000, 16, generator=generator, dtype=torch.float64)
    plain = means[labels] + 0.5 * noise
    norm = torch.nn.functional.layer_norm
    exact = norm(plain, (16,))
    single = exact.float() if late else norm(plain.float(), (16,))
    values = []
    for features in (exact, single):
        with pytest.warns(UserWarning, match="span 15 of 16 dimensions"):
            values.append(
                metrics.within_class_variability(ClassStatistics(20, 16).update(features, labels))
            )
    assert values[1] == pytest.approx(values[0], rel=1e-4)
