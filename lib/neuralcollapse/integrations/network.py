"""Neural collapse of a network, from the batches it is evaluated on."""

from collections import OrderedDict
from collections.abc import Iterator, Mapping
from itertools import chain, islice

import torch

from neuralcollapse.geometry.arrays import as_whole
from neuralcollapse.integrations.heads import (
    as_classifier,
    checked_model,
    linear_layers,
    named_head,
)
from neuralcollapse.integrations.packing import (
    fail_together,
    merge_processes,
    several_processes,
    sum_processes,
)
from neuralcollapse.integrations.passes import (
    call,
    device_of,
    evaluating,
    split_batch,
    tapped,
    to_device,
)
from neuralcollapse.integrations.samples import as_samples, float64_device, start_statistics
from neuralcollapse.metrics import count_mismatches, measure_statistics
from neuralcollapse.statistics import as_tensor

POOLINGS = ("mean", "flatten")


def measure_network(
    model,
    batches,
    head=None,
    *,
    layers=None,
    weighting="class",
    class_sizes=None,
    center=False,
    decisions=True,
    pooling="mean",
    ignore_index=-100,
    shift=None,
    split=None,
    merge=False,
):
    r"""Measure neural collapse of a network, in evaluation passes over its data.

    Parameters
    ----------
    model : Module
        Runs where its parameters are, in evaluation mode and without gradients; modes, hooks and
        random state are as before afterwards, also after an error.
    batches : iterable of batches
        Say a DataLoader. A batch is (inputs, labels), or a dictionary whose other entries are the
        keyword arguments of the network. Every pass has to see the same inputs, in any order:
        augment nothing at random.
    head : str or Module, optional
        Last linear layer, by name or itself; `find_head` looks for it, with the first batch as
        example, unless given.
    layers : sequence of str, or "all", optional
        Modules whose outputs are measured as well, by name; "all" takes every module that has
        parameters of its own but no parts.
    weighting : {"class", "sample"}
    class_sizes : array_like of int, shape (num_classes,), optional
        Samples each class has in `batches`; needed where many classes are weighted alike.
    center : bool
        Remove the mean row of the weight (and the mean of the bias) first.
    decisions : bool
        Whether to pass over the batches a second time for NC4, which compares decisions with the
        means of all samples. Without, NC4 is None.
    pooling : {"mean", "flatten"} or callable
        How the outputs of `layers` become one row a sample: "mean" over all axes after the
        second, for maps (batch, channels, ...); "flatten" keeps every entry. A function takes
        (batch, ...) to (batch, num_features), for instance ``lambda h: h[:, 0]`` for the first
        token. Positions with a label each are never pooled.
    ignore_index : int or None
        Label of positions that are no samples.
    shift : int, optional
        Positions by which labels lie behind what is predicted: 1 for a causal language model
        whose labels repeat its tokens, as those of transformers do. 0 unless given, but then
        labels that repeat ``input_ids`` are refused.
    split : callable, optional
        Takes a batch to (inputs, labels), where batches are neither pairs nor dictionaries.
    merge : bool
        Merge what all processes of ``torch.distributed`` have seen, by the pairwise update of
        [chan1983]; all of them have to call. Otherwise the report is of this process's batches.

    Returns
    -------
    CollapseReport, or OrderedDict of str to CollapseReport
        With `layers`, by name in the order of their calls, without NC3 and NC4, and the head's
        own, of its inputs, last.

    Raises
    ------
    TypeError, ValueError
        If the head is not found or ambiguous, is called other than once a batch, batches or
        labels do not fit, the second pass is of other samples than the first, or as
        `measure_statistics`.

    Examples
    --------
    >>> model = torch.nn.Linear(1, 2, bias=False)
    >>> _ = model.weight.data.copy_(torch.tensor([[-1.0], [1.0]]))
    >>> batch = torch.tensor([[-1.0], [-3.0], [1.0], [3.0]]), torch.tensor([0, 0, 1, 1])
    >>> report = measure_network(model, [batch])
    >>> round(report.within_class_variability, 12), report.nearest_center_mismatch
    (0.125, 0.0)
    """
    if decisions and (isinstance(batches, Iterator) or not hasattr(batches, "__iter__")):
        raise ValueError(
            "batches: NC4 takes a second pass, but these can be read once only; give a DataLoader "
            "or a list, or decisions=False to go without NC4"
        )
    name, layer = _resolve(model, head, batches, split)
    reading = {"ignore_index": ignore_index, "shift": shift, "split": split}
    found = collect(
        model,
        batches,
        layer,
        layers=() if layers is None else layers,
        weighting=weighting,
        class_sizes=class_sizes,
        pooling=pooling,
        merge=merge,
        **reading,
    )
    weight, bias = as_classifier(layer)
    mismatches = None
    if decisions:
        mismatches = count_decisions(model, batches, layer, found[name], merge=merge, **reading)
    options = {"weighting": weighting, "center": center}
    reports = OrderedDict(
        (each, measure_statistics(found[each], **options)) for each in found if each != name
    )
    report = measure_statistics(found[name], weight, bias, mismatches=mismatches, **options)
    if layers is None:
        return report
    reports[name] = report
    return reports


def collect(
    model,
    batches,
    head=None,
    *,
    layers=None,
    weighting="class",
    class_sizes=None,
    pooling="mean",
    ignore_index=-100,
    shift=None,
    split=None,
    merge=False,
):
    """Collect class statistics of what the last linear layer reads, in one evaluation pass.

    Parameters
    ----------
    model, batches, head, layers, weighting, class_sizes, pooling, ignore_index, shift, split, merge
        As `measure_network` takes them. Batches are read once.

    Returns
    -------
    ClassStatistics, or OrderedDict of str to ClassStatistics
        With `layers`, by name in the order of their calls, the head's inputs under its own name.

    Raises
    ------
    TypeError, ValueError
        As `measure_network`.

    Examples
    --------
    >>> model = torch.nn.Linear(1, 2)
    >>> collect(model, [(torch.tensor([[1.0], [3.0]]), torch.tensor([0, 0]))]).means.tolist()
    [[2.0], [0.0]]
    """
    pool = _as_pooling(pooling)
    if head is None and isinstance(batches, Iterator):
        first = list(islice(batches, 1))
        head, batches = _resolve(model, head, first, split)[1], chain(first, batches)
    name, layer = _resolve(model, head, batches, split)
    outputs = _named_layers(model, layers or (), name)
    num_classes, num_features = layer.weight.shape
    options = {"weighting": weighting, "class_sizes": class_sizes}
    found = OrderedDict()
    found[name] = start_statistics(num_classes, num_features, device=layer.weight.device, **options)

    def take(features, labels):
        for each, values in features.items():
            values = values if each == name else pool(values, labels, each)
            values, kept = as_samples(values, labels, ignore_index)
            if each not in found:
                found[each] = start_statistics(
                    num_classes, values.shape[1], device=values.device, **options
                )
            found[each].update(values, kept)

    _run(model, batches, (name, layer), outputs, take, shift, split, ignore_index, merge)
    found.move_to_end(name)
    if merge:
        found = OrderedDict((each, merge_processes(part)) for each, part in found.items())
    return found[name] if layers is None else found


def count_decisions(
    model,
    batches,
    head,
    statistics,
    *,
    ignore_index=-100,
    shift=None,
    split=None,
    merge=False,
):
    """Count samples that the head decides otherwise than the nearest class mean, in a second pass.

    Parameters
    ----------
    model, batches, head, ignore_index, shift, split, merge
        As `measure_network` takes them.
    statistics : ClassStatistics
        What `collect` found in the first pass.

    Returns
    -------
    int
        For the `mismatches` of `measure_statistics`.

    Raises
    ------
    TypeError, ValueError
        As `measure_network`.
    """
    name, layer = _resolve(model, head, batches, split)
    weight, bias = as_classifier(layer)
    present, counts = statistics.present, torch.zeros_like(statistics.counts)
    centers = statistics.means_present()
    mismatches = 0

    def take(features, labels):
        nonlocal mismatches
        values, kept = as_samples(features[name], labels, ignore_index)
        kept = kept.to(counts.device, torch.int64)
        if len(kept):
            counts.add_(torch.bincount(kept, minlength=len(counts)))
            values = values.to(centers.device)
            mismatches += count_mismatches(values, centers, weight, bias, classes=present)

    _run(model, batches, (name, layer), {}, take, shift, split, ignore_index, merge)
    if merge:
        together = sum_processes(torch.cat([counts, counts.new_tensor([mismatches])]))
        counts, mismatches = together[:-1], int(together[-1])
    if not torch.equal(counts.cpu(), statistics.counts.cpu()):
        raise ValueError(
            f"batches: the second pass was of other samples than the first ({int(counts.sum())} "
            f"and {statistics.num_samples}, or in other classes); keep the loader from dropping "
            "or drawing at random, or give decisions=False to go without NC4"
        )
    return mismatches


def _resolve(model, head, batches, split):
    """Name and module of the head; the first batch tells, where layers leave a choice."""
    inputs = None
    if head is None and len(linear_layers(model)) > 1:
        with evaluating(model):
            first = next(iter(batches), None)
        inputs = None if first is None else (split or split_batch)(first)[0]
    return named_head(model, head, inputs)


def _named_layers(model, layers, head):
    modules = dict(checked_model(model).named_modules())
    if layers == "all":
        layers = [
            name
            for name, module in modules.items()
            if name != head and not [*module.children()] and [*module.parameters()]
        ]
    if isinstance(layers, str):
        raise ValueError(f"layers: expected names in a list, or 'all', got {layers!r}")
    for name in layers:
        if name not in modules:
            raise ValueError(f"layers: no module {name!r}; see model.named_modules()")
        if name == head:
            raise ValueError(f"layers: {name!r} is the head, whose inputs are measured anyway")
    return {name: modules[name] for name in layers}


def _as_pooling(pooling):
    if callable(pooling):
        return lambda values, labels, name: pooling(values)
    if pooling not in POOLINGS:
        raise ValueError(f"pooling: expected 'mean', 'flatten' or a function, got {pooling!r}")

    def pool(values, labels, name):
        if values.ndim <= 2 or values.shape[:-1] == labels.shape:
            return values
        if pooling == "flatten":
            return values.flatten(1)
        if values.ndim == 3:
            raise ValueError(
                f"layers: {name!r} returns shape {tuple(values.shape)}, channels first or last; "
                "give pooling='flatten' or a function, for instance lambda h: h[:, 0]"
            )
        # Summed in float64: a mean over many positions rounds in half precision.
        wide = values.to(device=float64_device(values.device), dtype=torch.float64)
        return wide.flatten(2).mean(2)

    return pool


def _run(model, batches, head, outputs, take, shift, split, ignore_index, merge):
    """Run the network, and give what it reads and returns to `take`, batch by batch."""
    error = None
    try:
        with evaluating(model), tapped([head], outputs.items()) as calls:
            number = -1
            for number, batch in enumerate(batches):
                calls.clear()
                inputs, labels = (split or split_batch)(batch)
                labels = as_tensor(labels, "labels")
                if shift is None:
                    _refuse_repeated(inputs, labels, ignore_index)
                call(model, to_device(inputs, device_of(model)))
                features = _single_calls(calls, (head[0], *outputs))
                try:
                    take(*_shifted(features, labels, shift or 0))
                except ValueError as problem:
                    raise ValueError(f"{problem} (batch {number} of the pass)") from None
        if number < 0 and not (merge and several_processes()):
            raise ValueError("batches: expected at least one, got none; is the loader empty?")
    except Exception as problem:
        error = problem
        if not merge:
            raise
    if merge:
        fail_together(error, device_of(model))


def _single_calls(calls, names):
    for name in names:
        found = len(calls.get(name, ()))
        if found != 1:
            raise ValueError(
                f"{name!r}: expected one call in each forward pass of the network, got {found}; "
                "name another module"
            )
    return {name: values[0] for name, values in calls.items()}


def _refuse_repeated(inputs, labels, ignore_index):
    tokens = inputs.get("input_ids") if isinstance(inputs, Mapping) else None
    if not isinstance(tokens, torch.Tensor) or tokens.shape != labels.shape or labels.ndim < 2:
        return
    tokens = tokens.to(labels.device)
    kept = torch.ones_like(labels, dtype=torch.bool)
    if ignore_index is not None:
        kept = labels != ignore_index
    if kept.any() and torch.equal(tokens[kept], labels[kept]):
        raise ValueError(
            "labels: repeat input_ids; for a causal language model, which predicts the next "
            "token, give shift=1, and shift=0 if positions are to be labelled by their own token"
        )


def _shifted(features, labels, shift):
    shift = as_whole(shift, "shift", 0)
    if shift == 0:
        return features, labels
    if labels.ndim != 2 or labels.shape[1] <= shift:
        raise ValueError(
            f"shift: expected labels of shape (batch, positions) with more than {shift} "
            f"positions, got {tuple(labels.shape)}"
        )
    moved = {
        name: values[:, :-shift] if values.shape[:2] == labels.shape else values
        for name, values in features.items()
    }
    return moved, labels[:, shift:]
