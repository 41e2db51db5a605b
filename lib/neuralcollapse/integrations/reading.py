"""What a pass over a network reads: labels and features, batch by batch, and how layers pool."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch

from neuralcollapse.geometry.arrays import as_whole
from neuralcollapse.integrations.packing import fail_together, several_processes
from neuralcollapse.integrations.passes import (
    call,
    device_of,
    evaluating,
    split_batch,
    tapped,
    to_device,
)
from neuralcollapse.integrations.samples import float64_device
from neuralcollapse.integrations.shares import Share
from neuralcollapse.statistics import as_tensor

POOLINGS = ("mean", "flatten")


@dataclass(frozen=True)
class Reading:
    """How batches are read; the arguments of `measure_network` by the same names.

    Attributes
    ----------
    ignore_index : int or None
    shift : int or None
    split : callable or None
    merge : bool
    share : Share or None
        Of this process in what is read, so that repeats are left out.
    """

    ignore_index: int | None = -100
    shift: int | None = None
    split: Callable | None = None
    merge: bool = False
    share: Share | None = None

    def inputs_and_labels(self, batch):
        """Split a batch into what the network is called with and its labels, a tensor."""
        inputs, labels = (self.split or split_batch)(batch)
        labels = as_tensor(labels, "labels")
        if self.shift is None:
            _refuse_repeated(inputs, labels, self.ignore_index)
        return inputs, labels


def read_network(model, batches, head, outputs, take, reading):
    """Run a network, and hand over what a head reads and other layers return, batch by batch.

    Parameters
    ----------
    model : Module
    batches : iterable
    head : (str, Module)
    outputs : dict of str to Module
    take : callable
        Gets the features by name, in the order of the calls, and the labels.
    reading : Reading

    Raises
    ------
    TypeError, ValueError
        If batches do not fit, there is none, or a layer is called other than once a batch.
    RuntimeError
        If processes are to be merged and only another one failed: none waits for it.
    """
    error = None
    try:
        with evaluating(model), tapped([head], outputs.items()) as calls:
            number = -1
            for number, batch in enumerate(batches):
                calls.clear()
                inputs, labels = reading.inputs_and_labels(batch)
                call(model, to_device(inputs, device_of(model)))
                features = _single_calls(calls, (head[0], *outputs))
                if reading.share is not None:
                    features, labels = _without_repeats(features, labels, reading.share, number)
                try:
                    take(*_shifted(features, labels, reading.shift or 0))
                except ValueError as problem:
                    raise ValueError(f"{problem} (batch {number} of the pass)") from None
        if number < 0 and not (reading.merge and several_processes()):
            raise ValueError(
                "batches: expected at least one, got none; is the loader empty, or read up?"
            )
    except Exception as problem:
        if not reading.merge:
            raise
        error = problem
    if reading.merge:
        fail_together(error, device_of(model))


def as_pooling(pooling):
    """Return the function that makes one row a sample of what a layer returns.

    Parameters
    ----------
    pooling : {"mean", "flatten"} or callable
        As `measure_network` takes it.

    Returns
    -------
    callable
        Of values, labels and the name of the layer.

    Raises
    ------
    ValueError
        If it is neither.

    Examples
    --------
    >>> as_pooling("mean")(torch.ones(1, 2, 3, 3), torch.zeros(1), "convolution").tolist()
    [[1.0, 1.0]]
    """
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


def _single_calls(calls, names):
    for name in names:
        found = len(calls.get(name, ()))
        if found != 1:
            raise ValueError(
                f"{name!r}: expected one call in each forward pass of the network, got {found}; "
                "name another module"
            )
    return {name: values[0] for name, values in calls.items()}


def _without_repeats(features, labels, share, number):
    if labels.ndim == 0:
        return features, labels
    kept = share.kept(number, len(labels))
    if kept == len(labels):
        return features, labels
    return {name: values[:kept] for name, values in features.items()}, labels[:kept]


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
