"""The metric of torchmetrics against `measure`, on one process and on two."""

import copy
import pickle
import warnings

import numpy as np
import pytest
import torch
from matplotlib import pyplot as plt
from torch import nn
from torchmetrics import Accuracy, MetricCollection

from neuralcollapse import measure
from neuralcollapse.integrations.packing import merge_packed, pack, unpack
from neuralcollapse.integrations.torchmetrics import NeuralCollapse
from neuralcollapse.statistics import ClassStatistics

SIZES = (4, 6)  # classes, features


def draw(seed=0, num_samples=50):
    generator = np.random.default_rng(seed)
    labels = np.concatenate([np.arange(4), generator.integers(4, size=num_samples - 4)])
    features = 50 + generator.normal(size=(4, 6))[labels] + generator.normal(size=(num_samples, 6))
    torch.manual_seed(seed)
    return torch.from_numpy(features), torch.from_numpy(labels), nn.Linear(6, 4).double()


def feed(metric, features, labels, size=13):
    for batch in zip(features.split(size), labels.split(size), strict=True):
        metric.update(*batch)
    return metric


@pytest.mark.parametrize("weighting", ["class", "sample"])
def test_batches_and_a_second_pass_give_what_measure_gives(weighting, close):
    features, labels, head = draw()
    expected = measure(features, labels, head.weight, head.bias, weighting=weighting)
    metric = feed(NeuralCollapse(*SIZES, head=head, weighting=weighting), features, labels)
    first = metric.compute()
    assert first.nearest_center_mismatch is None
    close(first, expected, without=["nearest_center_mismatch"])
    metric.begin_second_pass()
    close(feed(metric, features, labels, size=7).compute(), expected)
    assert expected.nearest_center_mismatch > 0


def test_without_a_head_and_with_class_sizes(close):
    features, labels, _ = draw()
    metric = NeuralCollapse(*SIZES, class_sizes=torch.bincount(labels))
    assert metric._statistics.weighting == "class"
    close(feed(metric, features, labels).compute(), measure(features, labels))


def test_center_is_passed_on(close):
    features, labels, head = draw()
    metric = feed(NeuralCollapse(*SIZES, head=head, center=True), features, labels)
    expected = measure(features, labels, head.weight, head.bias, center=True)
    close(metric.compute(), expected, without=["nearest_center_mismatch"])


def test_many_classes_ask_for_sizes_or_the_other_weighting():
    with pytest.raises(ValueError, match=r"weighting='sample', or weighting='class' with class_s"):
        NeuralCollapse(10_000, 512)
    assert NeuralCollapse(10_000, 8, weighting="sample").moments.numel() < 10_000 * 12
    with pytest.raises(ValueError, match="class_sizes: given with weighting='sample'"):
        NeuralCollapse(3, 2, weighting="sample", class_sizes=[1, 1, 1])


def test_a_half_done_second_pass_is_no_report(close):
    features, labels, head = draw()
    metric = feed(NeuralCollapse(*SIZES, head=head), features, labels)
    metric.compute()  # which is kept until there is something new
    metric.begin_second_pass()
    with pytest.raises(ValueError, match="second pass: saw 0 samples"):
        metric.compute()
    metric.update(features[:20], labels[:20])
    with pytest.raises(ValueError, match="second pass: saw 20 samples, the first 50"):
        metric.compute()
    metric.update(features[20:], labels[20:])
    assert metric.compute().nearest_center_mismatch is not None
    metric.begin_second_pass()  # from the start again
    close(
        feed(metric, features, labels).compute(), measure(features, labels, head.weight, head.bias)
    )


def test_a_second_pass_over_other_samples_or_labels_is_refused():
    features, labels, head = draw()
    metric = feed(NeuralCollapse(*SIZES, head=head), features, labels)
    metric.begin_second_pass()
    with pytest.raises(ValueError, match="labels: expected class indices below 4, got 4"):
        metric.update(features, labels + 1)
    assert metric.decided.tolist() == [0] * 5
    metric.update(features, labels.roll(1).clamp(max=2))
    with pytest.raises(ValueError, match=r"saw 50 samples, the first 50, or of other classes"):
        metric.compute()


def test_a_head_trained_between_the_passes_is_refused():
    features, labels, head = draw()
    metric = feed(NeuralCollapse(*SIZES, head=head), features, labels)
    metric.begin_second_pass()
    feed(metric, features, labels)
    with torch.no_grad():
        head.bias[0] += 1e-9
    with pytest.raises(ValueError, match="head: has changed since the second pass began"):
        metric.compute()


def test_reset_ends_both_passes(close):
    features, labels, head = draw()
    metric = feed(NeuralCollapse(*SIZES, head=head), features + 7, labels)
    metric.begin_second_pass()
    metric.update(features, labels)
    metric.reset()
    assert metric.decided.tolist() == [0] * 5
    close(
        feed(metric, features, labels).compute(),
        measure(features, labels, head.weight, head.bias),
        without=["nearest_center_mismatch"],
    )


def test_the_second_pass_needs_a_head_and_a_first_pass():
    with pytest.raises(ValueError, match="head: needed for a second pass"):
        NeuralCollapse(*SIZES).begin_second_pass()
    metric = NeuralCollapse(*SIZES, head=draw()[2])
    with pytest.raises(ValueError, match="nothing was seen yet"):
        metric.begin_second_pass()


def test_forward_reports_on_the_batch_and_keeps_all(close):
    features, labels, head = draw()
    metric = NeuralCollapse(*SIZES, head=head)
    batch = metric(features[:10], labels[:10])
    expected = measure(features[:10], labels[:10], head.weight, head.bias)
    close(batch, expected, without=["nearest_center_mismatch"])
    assert metric(features[:1], labels[:1]) is None
    metric.reset()
    for part in zip(features.split(9), labels.split(9), strict=True):
        metric(*part)
    expected = measure(features, labels, head.weight, head.bias)
    close(metric.compute(), expected, without=["nearest_center_mismatch"])
    metric.begin_second_pass()
    with pytest.raises(RuntimeError, match="call update"):
        metric(features, labels)
    with pytest.raises(RuntimeError, match="dist_sync_on_step is not offered"):
        NeuralCollapse(*SIZES, dist_sync_on_step=True)(features, labels)


def test_a_refused_batch_leaves_no_trace(close):
    features, labels, _ = draw()
    metric = feed(NeuralCollapse(*SIZES), features, labels)
    before = metric.moments
    bad = features.clone()
    bad[-1, 2] = float("nan")
    for take in (metric.update, metric):
        with pytest.raises(ValueError, match="row 49 of the batch holds NaN"):
            take(bad, labels)
        with pytest.raises(ValueError, match="labels: expected class indices below 4"):
            take(features, labels + 1)
        with pytest.raises(ValueError, match="features: expected 6 columns"):
            take(features[:, :5], labels)
    assert torch.equal(metric.moments, before)
    close(metric.compute(), measure(features, labels))


def test_state_dict_round_trip_and_what_does_not_fit(close):
    features, labels, head = draw()
    metric = feed(NeuralCollapse(*SIZES, head=head), features, labels)
    assert metric.state_dict() == {}  # as every metric: nothing unless asked
    metric.persistent(True)
    metric.begin_second_pass()
    metric.update(features[:30], labels[:30])
    state = {name: value.clone() for name, value in metric.state_dict().items()}
    assert set(state) == {"moments", "frozen", "ignored", "decided"}
    other = NeuralCollapse(*SIZES, head=head)
    other.load_state_dict(dict(state))
    other.update(features[30:], labels[30:])
    close(other.compute(), measure(features, labels, head.weight, head.bias))
    loaded = feed(NeuralCollapse(*SIZES), features + 1, labels)
    loaded.compute()
    for again in (loaded, NeuralCollapse(*SIZES)):  # also without an update of its own
        again.load_state_dict({"moments": state["moments"].clone()})
        close(again.compute(), measure(features, labels))
    with pytest.raises(ValueError, match="moments: expected 4 classes of 5 features"):
        NeuralCollapse(4, 5).load_state_dict(dict(state))
    sized, other = (NeuralCollapse(*SIZES, class_sizes=[size] * 4) for size in (13, 14))
    with pytest.raises(ValueError, match="moments: kept for other class_sizes"):
        other.load_state_dict({"moments": sized.moments})
    state["moments"][7] = float("nan")
    with pytest.raises(ValueError, match="vector: expected whole numbers"):
        NeuralCollapse(*SIZES).load_state_dict(state)


def test_pickle_and_deepcopy(close):
    features, labels, head = draw()
    metric = feed(NeuralCollapse(*SIZES, head=head), features[:25], labels[:25])
    expected = measure(features, labels, head.weight, head.bias)
    for twin in (pickle.loads(pickle.dumps(metric)), copy.deepcopy(metric), metric.clone()):
        twin.update(features[25:], labels[25:])
        close(twin.compute(), expected, without=["nearest_center_mismatch"])
        twin.compute()
        pickle.loads(pickle.dumps(twin)).compute()  # with a cached report
    assert metric.moments.sum() != twin.moments.sum()


def test_a_clone_looks_at_the_live_head_and_a_copied_network_at_its_own():
    features, labels, head = draw()
    metric = feed(NeuralCollapse(*SIZES, head=head), features, labels)
    clone = metric.clone()
    network = nn.ModuleDict({"head": head, "metric": metric})
    twin = copy.deepcopy(network)
    with torch.no_grad():
        head.weight.mul_(torch.arange(1.0, 5.0)[:, None])
    assert clone.compute().equinorm_weights == metric.compute().equinorm_weights
    assert twin["metric"].compute().equinorm_weights != metric.compute().equinorm_weights
    assert twin["metric"]._head.layer is twin["head"]
    assert [*metric.parameters()] == []


def test_half_precision_inputs_and_half_precision_networks(close):
    features, labels, head = draw()
    for dtype in (torch.bfloat16, torch.float16, torch.float32):
        low = features.to(dtype)
        metric = NeuralCollapse(*SIZES, head=head)
        metric.to(dtype).half().set_dtype(torch.float16)
        close(
            feed(metric, low, labels).compute(),
            measure(low, labels, head.weight, head.bias),
            without=["nearest_center_mismatch"],
        )
        assert metric.moments.dtype == torch.float64
        assert metric.decided.dtype == torch.int64
        module = nn.ModuleDict({"metric": metric}).to(dtype)
        assert module["metric"].moments.dtype == torch.float64


def test_positions_and_an_ignored_label(close):
    features, labels, _ = draw()
    padded = torch.cat([labels.reshape(10, 5), torch.full((10, 2), -100)], 1)
    tokens = torch.cat([features.reshape(10, 5, 6), torch.full((10, 2, 6), float("nan"))], 1)
    metric = NeuralCollapse(*SIZES, ignore_index=-100)
    metric.update(tokens, padded)
    close(metric.compute(), measure(features, labels))
    metric.update(tokens[:, 5:], padded[:, 5:])  # nothing but padding
    assert metric.compute().num_samples == 50
    with pytest.raises(ValueError, match="labels: expected one for each position"):
        metric.update(tokens, labels)


def test_a_batch_of_ignored_labels_alone_counts_in_neither_pass(close):
    features, labels, head = draw()
    ignored = features[:3], torch.full((3,), -100)
    metric = feed(NeuralCollapse(*SIZES, head=head, ignore_index=-100), features, labels)
    metric.update(*ignored)
    metric.begin_second_pass()
    metric.update(*ignored)
    expected = measure(features, labels, head.weight, head.bias)
    close(feed(metric, features, labels).compute(), expected)


def test_a_collection_shares_states_and_keeps_apart_what_differs(close):
    features, labels, head = draw()
    _, _, other = draw(seed=1)
    one_each = torch.arange(4)  # no scatter yet: states that differ only in what they are kept for
    sizes = torch.bincount(labels) + 1
    collection = MetricCollection(
        {
            "one": NeuralCollapse(*SIZES, head=head),
            "two": NeuralCollapse(*SIZES, head=other),
            "sample": NeuralCollapse(*SIZES, weighting="sample"),
            "sizes": NeuralCollapse(*SIZES, class_sizes=sizes),
        }
    )
    first = features[:4]
    collection.update(first, one_each)
    feed(collection, features, labels)
    found = collection.compute()
    assert len(collection.compute_groups) == 3
    features, labels = torch.cat([first, features]), torch.cat([one_each, labels])
    without = ["nearest_center_mismatch"]
    close(found["one"], measure(features, labels, head.weight, head.bias), without=without)
    close(found["two"], measure(features, labels, other.weight, other.bias), without=without)
    close(found["sample"], measure(features, labels, weighting="sample"))
    close(found["sizes"], measure(features, labels))
    assert "val_two" in [*collection.clone(prefix="val_")]


def test_a_second_pass_in_a_collection_that_shares_states_is_refused(close):
    features, labels, head = draw()
    other = draw(seed=1)[2]
    for groups in (True, False):
        heads = {"a": head, "b": other}
        metrics = {name: NeuralCollapse(*SIZES, head=heads[name]) for name in heads}
        collection = MetricCollection(metrics, compute_groups=groups)
        feed(collection, features, labels)
        for name in "ab":
            collection[name].begin_second_pass()
        feed(collection, features, labels)
        if groups:
            with pytest.raises(ValueError, match="compute_groups=False"):
                collection.compute()
        else:
            close(collection.compute()["b"], measure(features, labels, other.weight, other.bias))


def test_a_collection_keeps_apart_what_ignores_different_labels():
    features, labels, _ = draw()
    collection = MetricCollection(
        {"all": NeuralCollapse(*SIZES), "some": NeuralCollapse(*SIZES, ignore_index=3)}
    )
    kept = labels != 3
    collection.update(features[kept], labels[kept])  # no difference yet
    collection.update(features, labels)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "statistics: no sample of class 3")
        found = collection.compute()
    assert found["all"].num_samples == kept.sum() + 50
    assert found["some"].num_samples == 2 * kept.sum()


def test_a_second_pass_shared_with_a_metric_without_a_head_is_refused():
    features, labels, head = draw()
    collection = MetricCollection(
        {"a": NeuralCollapse(*SIZES, head=head), "b": NeuralCollapse(*SIZES)}
    )
    collection.update(features, labels)
    collection["a"].begin_second_pass()
    collection.update(features, labels)
    with pytest.raises(ValueError, match="compute_groups=False"):
        collection.compute()


def test_merging_what_is_in_another_pass_changes_nothing():
    features, labels, head = draw()
    left, right = (feed(NeuralCollapse(*SIZES, head=head), features, labels) for _ in "ab")
    right.begin_second_pass()
    before = left.moments
    with pytest.raises((RuntimeError, ValueError)):
        left.merge_state(right)
    assert torch.equal(left.moments, before)


def test_a_collection_with_another_metric_in_forward():
    labels = draw()[1]
    logits = torch.randn(50, 6).double()
    accuracy = Accuracy(task="multiclass", num_classes=6)
    collection = MetricCollection([NeuralCollapse(6, 6), accuracy])
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "statistics: no sample of class 4, 5")
        found = collection(logits, labels)
        assert {type(value).__name__ for value in found.values()} == {"CollapseReport", "Tensor"}
        collection.compute()
    assert len(collection.compute_groups) == 2


def test_merging_states_by_hand_and_reports_are_cached(close):
    features, labels, _ = draw()
    left = feed(NeuralCollapse(*SIZES), features[:20], labels[:20])
    right = feed(NeuralCollapse(*SIZES), features[20:], labels[20:])
    left.compute()
    left.merge_state(right)
    close(left.compute(), measure(features, labels))
    assert left.compute() is left.compute()


def test_packing_is_exact_and_merges_as_one_pass():
    features, labels, _ = draw()
    whole = ClassStatistics(4, 6).update(features, labels)
    again = unpack(pack(whole))
    for name, value in whole.state().items():
        assert np.array_equal(again.state()[name], value)
    parts = [ClassStatistics(4, 6).update(features[i::3], labels[i::3]) for i in range(3)]
    merged = unpack(merge_packed(torch.stack([pack(part) for part in parts])))
    assert torch.equal(merged.counts, whole.counts)
    torch.testing.assert_close(merged.means, whole.means, rtol=1e-14, atol=0)
    for bad in (torch.zeros(3), torch.zeros(3, dtype=torch.float64), pack(whole)[:-1]):
        with pytest.raises(ValueError, match="vector: expected"):
            unpack(bad)


def test_a_summed_state_would_be_wrong():
    """The control: what torchmetrics does with a plain sum fails the comparison above."""
    features, labels, _ = draw()
    parts = [ClassStatistics(4, 6).update(features[i::2], labels[i::2]) for i in range(2)]
    summed = torch.stack([pack(part) for part in parts])
    summed[1, :5] = 0
    whole = ClassStatistics(4, 6).update(features, labels)
    assert not torch.allclose(unpack(summed.sum(0)).means, whole.means, rtol=1e-3)


def test_bad_heads():
    with pytest.raises(ValueError, match=r"head: expected a weight of shape \(4, 6\)"):
        NeuralCollapse(*SIZES, head=nn.Linear(5, 4))
    with pytest.raises(TypeError, match="head: expected a linear layer"):
        NeuralCollapse(*SIZES, head="classifier")


def test_a_head_of_quantized_numbers_is_refused():
    head = nn.Linear(6, 4)
    head.weight = nn.Parameter(torch.ones(4, 6, dtype=torch.int8), requires_grad=False)
    with pytest.raises(TypeError, match=r"head: holds quantized numbers .torch\.int8"):
        NeuralCollapse(*SIZES, head=head)


def test_nothing_seen_is_an_error_and_no_report():
    with (
        pytest.warns(UserWarning, match="was called before the ``update``"),
        pytest.raises(ValueError, match="at least two classes are needed"),
    ):
        NeuralCollapse(*SIZES).compute()


def test_plot_draws_one_report_or_many():
    features, labels, head = draw()
    metric = NeuralCollapse(*SIZES, head=head)
    seen = []
    for batch in zip(features.split(25), labels.split(25), strict=True):
        seen.append(metric(*batch))
    figure, axes = metric.plot()
    assert axes.get_xscale() == "log"
    drawn = axes.lines[0].get_xdata()
    assert metric.compute().within_class_variability in drawn
    assert len(drawn) == sum(value is not None for _, _, value, _ in metric.compute().rows())
    _, ax = metric.plot([*seen, None], axes.figure.add_subplot())
    line = {line.get_label(): line.get_ydata() for line in ax.lines}["self_duality"]
    assert line[:2].tolist() == [report.self_duality for report in seen]
    assert np.isnan(line[2])
    with pytest.raises(ValueError, match="val: expected a CollapseReport"):
        metric.plot([])
    plt.close(figure)


@pytest.fixture
def worker(spawn):
    import gloo_worker

    return gloo_worker


def test_two_processes_give_the_report_of_one(spawn, worker, tmp_path, close):
    features, labels, head = worker.draw()
    assert not (labels[worker.shard(1)] == 4).any()
    found = spawn(worker.accumulate, tmp_path)
    expected = measure(features, labels, head.weight, head.bias)
    for results in found:
        close(results["none"], expected)
    for name in ("class", "sample", "sizes"):
        weighting = "sample" if name == "sample" else "class"
        expected = measure(features, labels, head.weight, head.bias, weighting=weighting).to_dict()
        for rank, results in enumerate(found):
            close(results[name], expected)
            without = ["nearest_center_mismatch"]
            close(results[f"{name}, first pass"], expected, without=without)
            assert results[f"{name}, first pass"]["nearest_center_mismatch"] is None
            assert results[f"{name}, own samples"] == len(labels[worker.shard(rank)])
        assert found[0][name] == found[1][name]


def test_two_processes_measure_one_network_and_fail_together(spawn, worker, tmp_path, close):
    features, labels, head = worker.draw()
    expected = measure(features, labels, head.weight, head.bias).to_dict()
    found = spawn(worker.evaluate, tmp_path)
    for rank, results in enumerate(found):
        close(results["report"], expected)
        assert results["alone"] == len(labels[worker.shard(rank)])
    assert "another" in found[0]["error"] or "other processes failed" in found[0]["error"]
    assert "NaN" in found[1]["error"]


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs CUDA")
def test_on_cuda_as_on_the_cpu(close):
    features, labels, head = draw()
    metric = NeuralCollapse(*SIZES, head=head).to("cuda")
    head.to("cuda")
    feed(metric, features.cuda(), labels.cuda())
    assert metric.moments.device.type == "cuda"
    metric.begin_second_pass()
    feed(metric, features.cuda(), labels)
    head.cpu()
    expected = measure(features, labels, head.weight, head.bias)
    close(metric.compute(), expected)
    metric.to("cpu")
    assert metric.moments.device.type == "cpu"
    close(metric.compute(), expected)


def test_moves_go_to_the_device_asked_for_and_past_one_without_float64(close):
    metric = feed(NeuralCollapse(*SIZES), *draw()[:2])
    assert metric.to("cpu").moments.device.type == "cpu"

    class Moved:
        device = torch.device("mps")

    metric._apply(lambda tensor: Moved())
    assert metric.moments.device.type == "cpu"
    close(metric.compute(), measure(*draw()[:2]))
