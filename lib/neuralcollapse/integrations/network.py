"""Neural collapse of a network, from the batches it is evaluated on."""

from collections import OrderedDict
from collections.abc import Iterator
from itertools import chain, islice

from neuralcollapse.integrations.classifier import as_classifier
from neuralcollapse.integrations.decisions import count_decisions
from neuralcollapse.integrations.heads import (
    checked_model,
    inside_attention,
    linear_layers,
    named_head,
)
from neuralcollapse.integrations.packing import fail_together, merge_processes
from neuralcollapse.integrations.passes import evaluating, split_batch
from neuralcollapse.integrations.reading import Reading, as_pooling, read_network
from neuralcollapse.integrations.samples import as_samples, start_statistics
from neuralcollapse.integrations.shares import share_of
from neuralcollapse.metrics import measure_statistics


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
        parameters of its own but no parts, outside ``nn.MultiheadAttention``, which calls none.
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
        [chan1983]; all of them have to call. Samples that a ``DistributedSampler`` or accelerate
        repeats to make the shares of processes equal count once. Otherwise the report is of this
        process's batches, with repeats.

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
    >>> import torch
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
    reading = Reading(ignore_index, shift, split, merge, share_of(batches) if merge else None)
    sizes = {"weighting": weighting, "class_sizes": class_sizes}
    name, layer, found = _first_pass(model, batches, head, layers, pooling, reading, sizes)
    weight, bias = as_classifier(layer)
    mismatches = None
    if decisions:
        mismatches = count_decisions(model, batches, layer, found[name], reading)
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
    >>> import torch
    >>> model = torch.nn.Linear(1, 2)
    >>> collect(model, [(torch.tensor([[1.0], [3.0]]), torch.tensor([0, 0]))]).means.tolist()
    [[2.0], [0.0]]
    """
    reading = Reading(ignore_index, shift, split, merge, share_of(batches) if merge else None)
    sizes = {"weighting": weighting, "class_sizes": class_sizes}
    name, _, found = _first_pass(model, batches, head, layers, pooling, reading, sizes)
    return found[name] if layers is None else found


def _first_pass(model, batches, head, layers, pooling, reading, options):
    """Name and module of the head, and statistics by name, its own last."""
    pool = as_pooling(pooling)
    name, layer, batches = _resolve(model, head, batches, reading.split)
    outputs = _named_layers(model, layers or (), name)
    num_classes, num_features = layer.weight.shape
    found = OrderedDict()
    found[name] = start_statistics(num_classes, num_features, device=layer.weight.device, **options)

    def take(features, labels):
        for each, values in features.items():
            values = values if each == name else pool(values, labels, each)
            values, kept = as_samples(values, labels, reading.ignore_index)
            if each not in found:
                found[each] = start_statistics(
                    num_classes, values.shape[1], device=values.device, **options
                )
            found[each].update(values, kept)

    read_network(model, batches, (name, layer), outputs, take, reading)
    found.move_to_end(name)
    if reading.merge:
        unknown = None
        if len(found) <= len(outputs):
            unknown = ValueError("batches: a process without any knows no sizes of other layers")
        fail_together(unknown, layer.weight.device)
        found = OrderedDict((each, merge_processes(part)) for each, part in found.items())
    return name, layer, found


def _resolve(model, head, batches, split):
    """Name and module of the head, and all batches, to be read once.

    The first batch tells, where there is a choice. It is not drawn again: some iterables cannot
    start anew, and a loader that was started and left behind keeps its workers or its place.
    """
    inputs = None
    if head is None and len(linear_layers(model)) > 1:
        with evaluating(model):
            rest = iter(batches)
            first = list(islice(rest, 1))
        batches = chain(first, rest)
        if first:
            inputs = (split or split_batch)(first[0])[0]
    return *named_head(model, head, inputs), batches


def _named_layers(model, layers, head):
    modules = dict(checked_model(model).named_modules())
    if layers == "all":
        inside = inside_attention(model)
        layers = [
            name
            for name, module in modules.items()
            if name != head and not [*module.children()] and [*module.parameters()]
            if id(module) not in inside
        ]
    if isinstance(layers, str):
        raise ValueError(f"layers: expected names in a list, or 'all', got {layers!r}")
    for name in layers:
        if name not in modules:
            raise ValueError(f"layers: no module {name!r}; see model.named_modules()")
        if name == head:
            raise ValueError(f"layers: {name!r} is the head, whose inputs are measured anyway")
    return {name: modules[name] for name in layers}
