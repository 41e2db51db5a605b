"""ClassStatistics against slow loops, under every split, and where precision is lost elsewhere."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from neuralcollapse import ClassStatistics
from neuralcollapse.statistics import merge_all


def draw(num_samples, num_features, num_classes, seed=0, offset=0.0, spread=1.0):
    generator = np.random.default_rng(seed)
    labels = np.concatenate(
        [np.arange(num_classes), generator.integers(num_classes, size=num_samples - num_classes)]
    )
    centers = generator.normal(size=(num_classes, num_features))
    noise = generator.normal(size=(num_samples, num_features))
    return offset + spread * (centers[labels] + noise), generator.permutation(labels)


def slow_scatters(features, labels, weighting):
    """Means and scatters by the definition, one sample at a time."""
    classes = sorted(set(labels.tolist()))
    weights = {c: 1 / len(classes) for c in classes}
    if weighting == "sample":
        weights = {c: (labels == c).mean() for c in classes}
    means = {
        c: sum(h for h, y in zip(features, labels, strict=True) if y == c) / sum(labels == c)
        for c in classes
    }
    center = sum(weights[c] * means[c] for c in classes)
    within = sum(
        weights[y] / sum(labels == y) * np.outer(h - means[y], h - means[y])
        for h, y in zip(features, labels, strict=True)
    )
    between = sum(weights[c] * np.outer(means[c] - center, means[c] - center) for c in classes)
    return center, within, between


@pytest.mark.parametrize("weighting", ["class", "sample"])
@pytest.mark.parametrize("shape", [(7, 2, 2), (60, 5, 4), (90, 12, 7)])
def test_moments_agree_with_slow_loops(shape, weighting):
    features, labels = draw(*shape, seed=sum(shape))
    statistics = ClassStatistics(shape[2], shape[1]).update(features, labels)
    center, within, between = slow_scatters(features, labels, weighting)
    for ours, slow in [
        (statistics.global_mean(weighting), center),
        (statistics.within_class_scatter(weighting), within),
        (statistics.between_class_scatter(weighting), between),
    ]:
        np.testing.assert_allclose(ours.numpy(), slow, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("weighting", ["class", "sample"])
def test_within_scatter_is_the_covariance_of_linear_discriminant_analysis(weighting):
    features, labels = draw(80, 6, 5, seed=3)
    priors = np.full(5, 1 / 5) if weighting == "class" else np.bincount(labels) / len(labels)
    analysis = LinearDiscriminantAnalysis(solver="lsqr", priors=priors).fit(features, labels)
    statistics = ClassStatistics(5, 6).update(features, labels)
    ours = statistics.within_class_scatter(weighting).numpy()
    np.testing.assert_allclose(ours, analysis.covariance_, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("weighting", [None, "class", "sample"])
@settings(max_examples=25, deadline=None)
@given(
    cuts=st.lists(st.integers(0, 40), max_size=6),
    seed=st.integers(0, 2**16),
    offset=st.sampled_from([0.0, 100.0, -1e4]),
)
def test_any_split_gives_the_same_statistics(weighting, cuts, seed, offset):
    features, labels = draw(40, 3, 4, seed=seed, offset=offset)
    setup = {"weighting": weighting}
    if weighting == "class":
        setup["class_sizes"] = np.bincount(labels, minlength=4)
    whole = ClassStatistics(4, 3, **setup).update(features, labels)
    edges = [0, *sorted(cuts), 40]
    batches = ClassStatistics(4, 3, **setup)
    parts = ClassStatistics(4, 3, **setup)
    for start, stop in pairwise(edges):
        piece = features[start:stop], labels[start:stop]
        batches.update(*piece)
        parts.merge(ClassStatistics(4, 3, **setup).update(*piece))
    chosen = weighting or "class"
    for other in (batches, parts):
        assert torch.equal(other.counts, whole.counts)
        tolerance = 1e-12 * (1 + abs(offset))
        torch.testing.assert_close(other.means, whole.means, rtol=1e-12, atol=tolerance)
        for moment in ("within_class_scatter", "between_class_scatter"):
            ours, expected = getattr(other, moment)(chosen), getattr(whole, moment)(chosen)
            torch.testing.assert_close(ours, expected, rtol=1e-9, atol=tolerance)
        torch.testing.assert_close(
            other.class_variances(), whole.class_variances(), rtol=1e-9, atol=tolerance
        )


def test_single_scatter_gives_what_one_a_class_gives():
    features, labels = draw(50, 4, 3, seed=9)
    full = ClassStatistics(3, 4).update(features, labels)
    sizes = np.bincount(labels)
    for setup in ({"weighting": "sample"}, {"weighting": "class", "class_sizes": sizes}):
        single = ClassStatistics(3, 4, **setup).update(features, labels)
        torch.testing.assert_close(
            single.within_class_scatter(setup["weighting"]),
            full.within_class_scatter(setup["weighting"]),
            rtol=1e-12,
            atol=1e-14,
        )


def test_merge_leaves_the_other_untouched_and_accepts_itself():
    features, labels = draw(30, 3, 2, seed=4)
    first = ClassStatistics(2, 3).update(features[:15], labels[:15])
    second = ClassStatistics(2, 3).update(features[15:], labels[15:])
    before = second.means.clone(), second.counts.clone()
    first.merge(second)
    assert torch.equal(second.means, before[0])
    assert torch.equal(second.counts, before[1])
    within = first.within_class_scatter()
    doubled = first.merge(first)
    assert doubled.num_samples == 60
    torch.testing.assert_close(doubled.within_class_scatter(), within, rtol=1e-12, atol=1e-14)


def test_nothing_is_lost_when_the_mean_dwarfs_the_spread():
    generator = np.random.default_rng(0)
    labels = np.repeat([0, 1], 5000)
    noise = generator.normal(size=(10_000, 3))
    near = ClassStatistics(2, 3).update(1e-4 * noise, labels)
    far = ClassStatistics(2, 3)
    for part in range(0, 10_000, 128):
        far.update(100 + 1e-4 * noise[part : part + 128], labels[part : part + 128])
    # Storing 100 + 1e-4 z in float64 already rounds z by 1e-10; nothing more may be lost.
    torch.testing.assert_close(
        far.within_class_scatter(), near.within_class_scatter(), rtol=1e-9, atol=1e-17
    )
    textbook = (100 + 1e-4 * noise).astype(np.float32)[labels == 0]
    naive = (textbook**2).mean(0) - textbook.mean(0) ** 2
    truth = near.class_variances()[0] / 3
    assert (np.abs(naive - truth.numpy()) > 0.5 * truth.numpy()).all()


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_everything_is_summed_in_float64(dtype):
    features, labels = draw(64, 3, 2, seed=6)
    features = torch.tensor(features).to(dtype)
    ours = ClassStatistics(2, 3).update(features, labels)
    exact = ClassStatistics(2, 3).update(features.to(torch.float64), labels)
    assert ours.means.dtype == torch.float64
    assert torch.equal(ours.means, exact.means)
    assert torch.equal(ours.within_class_scatter(), exact.within_class_scatter())


def test_input_is_never_written_to():
    features, labels = draw(20, 3, 2, seed=7)
    copy = features.copy()
    tensor = torch.tensor(features)
    ClassStatistics(2, 3).update(features, labels).update(tensor, labels)
    np.testing.assert_array_equal(features, copy)
    np.testing.assert_array_equal(tensor.numpy(), copy)
    features.flags.writeable = False
    ClassStatistics(2, 3).update(features, labels.astype(np.uint16))


def test_a_refused_batch_leaves_no_trace():
    features, labels = draw(20, 3, 2, seed=8)
    statistics = ClassStatistics(2, 3).update(features, labels)
    before = statistics.within_class_scatter()
    broken = features.copy()
    broken[-1, 1] = np.nan
    with pytest.raises(ValueError, match="row 19"):
        statistics.update(broken, labels)
    assert statistics.num_samples == 20
    assert torch.equal(statistics.within_class_scatter(), before)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: ClassStatistics(0, 2), "num_classes: expected a positive integer, got 0"),
        (lambda: ClassStatistics(2, 2.0), "num_features: expected a positive integer"),
        (lambda: ClassStatistics(2, 2, weighting="both"), "weighting: expected 'class' or"),
        (lambda: ClassStatistics(2, 2, weighting="class"), "class_sizes: needed"),
        (lambda: ClassStatistics(3, 2, weighting="class", class_sizes=[1, 2]), "3 non-negative"),
        (lambda: ClassStatistics(50_000, 768), "weighting: one scatter a class takes.*GiB"),
        (lambda: ClassStatistics(2, 2).update([[1.0]], [0]), "expected 2 columns.*got 1"),
        (lambda: ClassStatistics(2, 2).update([1.0], [0]), "features: expected shape"),
        (lambda: ClassStatistics(2, 1).update([[1.0]], [0, 1]), "one label for each row"),
        (lambda: ClassStatistics(2, 1).update([[1.0]], [2]), "below 2, got 2"),
        (lambda: ClassStatistics(2, 1).update([[1.0]], [-1]), "from 0, got -1"),
        (lambda: ClassStatistics(2, 1).update([[np.inf]], [0]), "row 0.*NaN or infinity"),
        (lambda: ClassStatistics(2, 1).within_class_scatter(), "nothing was seen"),
        (lambda: ClassStatistics(2, 1).merge(ClassStatistics(3, 1)), "same set-up"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: ClassStatistics(2, 1).update([[1.0]], [0.0]), "labels: expected integers"),
        (lambda: ClassStatistics(2, 1).update([[1.0]], [True]), "labels: expected integers"),
        (lambda: ClassStatistics(2, 1).update([["a"]], [0]), "features: expected numbers"),
        (lambda: ClassStatistics(2, 1).update([[1j]], [0]), "features: expected real"),
        (lambda: ClassStatistics(2, 1).merge({}), "other: expected ClassStatistics, got dict"),
    ],
)
def test_wrong_types_are_named(call, message):
    with pytest.raises(TypeError, match=message):
        call()


def test_the_other_weighting_is_refused_unless_classes_are_balanced():
    features, labels = draw(20, 2, 3, seed=1)
    skewed = ClassStatistics(3, 2, weighting="sample").update(features, labels)
    with pytest.raises(ValueError, match="kept for 'sample' only"):
        skewed.within_class_scatter("class")
    balanced = ClassStatistics(2, 1, weighting="sample").update([[0.0], [2.0]] * 2, [0, 0, 1, 1])
    assert balanced.within_class_scatter("class").item() == 1.0


def test_declared_class_sizes_must_be_reached():
    statistics = ClassStatistics(2, 1, weighting="class", class_sizes=[2, 1])
    statistics.update([[0.0], [1.0]], [0, 1])
    with pytest.raises(ValueError, match="class 0 was declared with 2 samples but 1 were seen"):
        statistics.within_class_scatter()


def setups(features, labels, num_classes):
    sizes = np.bincount(labels, minlength=num_classes)
    return [
        {"weighting": None},
        {"weighting": "sample"},
        {"weighting": "class", "class_sizes": sizes},
    ]


def equal(first, second):
    ours, theirs = first.state(), second.state()
    return ours.keys() == theirs.keys() and all(
        np.array_equal(ours[name], theirs[name]) for name in ours
    )


def test_state_survives_a_file_to_the_last_bit(tmp_path):
    features, labels = draw(60, 5, 4, seed=11)
    for position, setup in enumerate(setups(features, labels, 6)):
        half = ClassStatistics(6, 5, **setup).update(features[:30], labels[:30])
        path = tmp_path / f"{position}.npz"
        np.savez(path, **half.state())
        with np.load(path, allow_pickle=False) as archive:
            again = ClassStatistics.from_state(archive)
        assert equal(again, half)
        again.update(features[30:], labels[30:])
        assert not equal(again, half)
        whole = half.update(features[30:], labels[30:])
        assert equal(again, whole)
        torch.testing.assert_close(
            again.within_class_scatter(setup["weighting"] or "class"),
            whole.within_class_scatter(setup["weighting"] or "class"),
        )


def test_state_is_a_copy_both_ways():
    statistics = ClassStatistics(2, 1).update([[1.0], [2.0]], [0, 1])
    state = statistics.state()
    again = ClassStatistics.from_state(state)
    state["means"][:] = 7
    assert statistics.means.tolist() == again.means.tolist() == [[1.0], [2.0]]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"means": None}, "state: 'means' is missing"),
        ({"version": 2}, "state: expected version 1, got 2"),
        ({"kept": 3}, "state: 'kept': expected 0, 1 or 2, got 3"),
        ({"kept": 1}, "state: 'class_sizes' is missing"),
        ({"means": np.zeros(3)}, "state: 'means': expected shape"),
        ({"means": np.full((2, 1), np.nan)}, "state: 'means': holds NaN"),
        ({"means": np.zeros((2, 1), dtype=np.float32)}, "state: 'means': expected torch.float64"),
        ({"counts": np.array([1.0, 2.0])}, "state: 'counts': expected torch.int64"),
        ({"counts": np.array([1, -2])}, "state: 'counts': expected no negative"),
        ({"scatter": np.zeros((3, 1, 1))}, r"state: 'scatter': expected .* of shape \(2, 1, 1\)"),
        ({"squared_deviations": np.array([0.0, -1.0])}, "squared_deviations': expected no neg"),
    ],
)
def test_a_broken_state_is_named(change, message):
    state = ClassStatistics(2, 1).update([[1.0], [2.0]], [0, 1]).state() | change
    state = {name: value for name, value in state.items() if value is not None}
    with pytest.raises(ValueError, match=message):
        ClassStatistics.from_state(state)


@pytest.mark.parametrize("count", [1, 2, 3, 7, 8, 21])
def test_a_tree_of_merges_gives_what_one_pass_gives(count):
    features, labels = draw(84, 4, 3, seed=count, offset=1e3)
    for setup in setups(features, labels, 3):
        whole = ClassStatistics(3, 4, **setup).update(features, labels)
        parts = [
            ClassStatistics(3, 4, **setup).update(features[i::count], labels[i::count])
            for i in range(count)
        ]
        states = [part.state() for part in parts]
        merged = merge_all(iter(parts))
        assert torch.equal(merged.counts, whole.counts)
        weighting = setup["weighting"] or "class"
        torch.testing.assert_close(
            merged.within_class_scatter(weighting),
            whole.within_class_scatter(weighting),
            rtol=1e-10,
            atol=1e-12,
        )
        for part, state in zip(parts, states, strict=True):
            assert all(np.array_equal(part.state()[name], state[name]) for name in state)
        assert all(merged is not part for part in parts)


@pytest.mark.parametrize(
    ("parts", "error", "message"),
    [
        ([], ValueError, "parts: expected at least one"),
        ([1], TypeError, "parts: expected ClassStatistics, got int"),
        ([ClassStatistics(1, 1), 1], TypeError, "expected ClassStatistics, got int"),
        ([ClassStatistics(1, 1), ClassStatistics(2, 1)], ValueError, "same set-up"),
    ],
)
def test_what_cannot_be_merged_is_named(parts, error, message):
    with pytest.raises(error, match=message):
        merge_all(parts)


@pytest.mark.parametrize("weighting", [None, "class", "sample"])
def test_batches_of_one_and_of_one_sample_a_class(weighting):
    """Such batches have no spread of their own: everything comes from the moved means."""
    features, labels = draw(40, 3, 4, seed=12, offset=100.0)
    setup = {"weighting": weighting}
    if weighting == "class":
        setup["class_sizes"] = np.bincount(labels, minlength=4)
    whole = ClassStatistics(4, 3, **setup).update(features, labels)
    single = ClassStatistics(4, 3, **setup)
    for i in range(40):
        single.update(features[i : i + 1], labels[i : i + 1])
    ordered = ClassStatistics(4, 3, **setup)
    order = np.argsort(np.argsort(labels, kind="stable") % 10, kind="stable")
    for start in range(0, 40, 2):
        rows = order[start : start + 2]
        ordered.update(features[rows], labels[rows])
    for other in (single, ordered):
        torch.testing.assert_close(
            other.within_class_scatter(weighting or "class"),
            whole.within_class_scatter(weighting or "class"),
            rtol=1e-10,
            atol=1e-12,
        )
        torch.testing.assert_close(other.class_variances(), whole.class_variances())


def test_digits_are_those_of_the_coarsest_features_and_travel():
    exact = ClassStatistics(1, 2).update(torch.ones(2, 2, dtype=torch.float64), [0, 0])
    whole = ClassStatistics(1, 2).update(torch.ones(2, 2, dtype=torch.int64), [0, 0])
    single = ClassStatistics(1, 2).update(torch.ones(2, 2), [0, 0])
    coarse = ClassStatistics(1, 2).update(torch.ones(2, 2, dtype=torch.bfloat16), [0, 0])
    assert [part.digits for part in (exact, whole, single, coarse)] == [52, 52, 23, 7]
    assert single.rounding == 2**-24
    assert ClassStatistics.from_state(coarse.state()).digits == 7
    assert exact.merge(single).digits == 23
    with pytest.raises(ValueError, match="'digits': expected 0 to 52, got 53"):
        ClassStatistics.from_state({**single.state(), "digits": 53})


def test_without_scatter_everything_else_is_the_same(tmp_path):
    features, labels = draw(60, 5, 4, seed=13, offset=100.0)
    whole = ClassStatistics(6, 5).update(features, labels)
    parts = [
        ClassStatistics(6, 5, scatter=False).update(features[i::3], labels[i::3]) for i in range(3)
    ]
    np.savez(tmp_path / "part.npz", **parts[1].state())
    with np.load(tmp_path / "part.npz", allow_pickle=False) as archive:
        parts[1] = ClassStatistics.from_state(archive)
    lean = merge_all(parts)
    assert whole.scatter
    assert not lean.scatter
    assert lean.state()["scatter"].size == 0
    torch.testing.assert_close(lean.class_variances(), whole.class_variances())
    for weighting in ("class", "sample"):
        torch.testing.assert_close(
            lean.between_class_scatter(weighting), whole.between_class_scatter(weighting)
        )
    with pytest.raises(ValueError, match=r"kept without scatter matrices; .* scatter=True"):
        lean.within_class_scatter()
    with pytest.raises(ValueError, match=r"scatter=False\), got \(6, 5, .* scatter=True\)"):
        lean.merge(whole)
    with pytest.raises(ValueError, match="leave one of them out"):
        ClassStatistics(6, 5, weighting="sample", scatter=False)
    ClassStatistics(10_000, 4096, scatter=False)
