"""A pass of a network over batches, in evaluation mode, that leaves no trace in the network."""

import sys
from collections.abc import Mapping
from contextlib import contextmanager, nullcontext

import torch

_LABELS = ("labels", "label", "targets", "target")
_DYNAMO = "torch._dynamo"  # loaded only once something was compiled


@contextmanager
def evaluating(model):
    """Evaluation mode without gradients; modes and random state are as before afterwards.

    Parameters
    ----------
    model : Module
        Modules are restored one by one, for some may have been frozen.

    Examples
    --------
    >>> model = torch.nn.Dropout()
    >>> with evaluating(model):
    ...     model.training, torch.is_grad_enabled()
    (False, False)
    >>> model.training
    True
    """
    modes = {module: module.training for module in model.modules()}
    device = device_of(model)
    # A loader draws a seed each time it starts: measuring must not change the training around it.
    devices = [device] if device.type == "cuda" else []
    try:
        with torch.random.fork_rng(devices=devices), torch.no_grad(), _eager():
            model.eval()
            yield
    finally:
        for module, mode in modes.items():
            module.training = mode


@contextmanager
def tapped(inputs_of=(), outputs_of=()):
    """Copy what modules read or return while a network runs.

    Parameters
    ----------
    inputs_of : iterable of (str, Module)
    outputs_of : iterable of (str, Module)

    Yields
    ------
    dict of str to list of Tensor
        By name, one a call, in the order of the calls; to be emptied by the caller. Copies, for an
        activation in place would overwrite them.
    """
    calls = {}

    def reads(name):
        def hook(_, arguments, options):
            calls.setdefault(name, []).append(_first([*arguments, *options.values()], name))

        return hook

    def returns(name):
        return lambda _, arguments, output: calls.setdefault(name, []).append(_first(output, name))

    hooks = []
    try:
        for name, module in inputs_of:
            hooks.append(module.register_forward_pre_hook(reads(name), with_kwargs=True))
        for name, module in outputs_of:
            hooks.append(module.register_forward_hook(returns(name)))
        yield calls
    finally:
        for hook in hooks:
            hook.remove()


def split_batch(batch):
    """Return what a network is called with, and the labels.

    Parameters
    ----------
    batch : (inputs, labels), or mapping
        A mapping has its labels under "labels", "label", "targets" or "target".

    Returns
    -------
    inputs, labels

    Raises
    ------
    TypeError, ValueError
        If it is neither.

    Examples
    --------
    >>> split_batch({"x": 1, "labels": 0})
    ({'x': 1}, 0)
    """
    if isinstance(batch, Mapping):
        names = [name for name in _LABELS if name in batch]
        if len(names) != 1:
            raise ValueError(
                f"batches: expected labels under one of {', '.join(_LABELS)}, got keys "
                f"{', '.join(map(str, batch))}; give split=, a function from a batch to "
                "(inputs, labels)"
            )
        inputs = {name: value for name, value in batch.items() if name != names[0]}
        return inputs, batch[names[0]]
    if isinstance(batch, (tuple, list)) and len(batch) == 2:
        return tuple(batch)
    size = f" of {len(batch)}" if isinstance(batch, (tuple, list)) else ""
    raise TypeError(
        f"batches: expected (inputs, labels) or a dictionary, got {type(batch).__name__}{size}; "
        "give split=, a function from a batch to (inputs, labels)"
    )


def call(model, inputs):
    """Call a network with a tensor, a tuple of arguments or a dictionary of keyword arguments.

    Parameters
    ----------
    model : Module
    inputs : object

    Returns
    -------
    object
        What the network returns.
    """
    if isinstance(inputs, Mapping):
        return model(**inputs)
    return model(*inputs) if isinstance(inputs, (tuple, list)) else model(inputs)


def to_device(values, device):
    """Move all tensors in nested dictionaries, tuples and lists.

    Parameters
    ----------
    values : object
    device : torch.device or str

    Returns
    -------
    object
        Of plain dictionaries, tuples and lists; other things as they are.
    """
    if isinstance(values, torch.Tensor):
        return values.to(device)
    if isinstance(values, Mapping):
        return {name: to_device(value, device) for name, value in values.items()}
    if isinstance(values, (tuple, list)):
        moved = [to_device(value, device) for value in values]
        return tuple(moved) if isinstance(values, tuple) else moved
    return values


def device_of(model):
    """Device of the first parameter or buffer of a network; the CPU if it has none.

    Parameters
    ----------
    model : Module

    Returns
    -------
    torch.device
    """
    tensors = [*model.parameters(), *model.buffers()]
    return tensors[0].device if tensors else torch.device("cpu")


def tensors_in(values):
    """All tensors in nested mappings, tuples, lists and dataclasses.

    Parameters
    ----------
    values : object

    Returns
    -------
    list of Tensor
    """
    if isinstance(values, torch.Tensor):
        return [values]
    if isinstance(values, Mapping):
        values = list(values.values())
    elif hasattr(values, "__dataclass_fields__"):
        values = [getattr(values, name) for name in values.__dataclass_fields__]
    elif not isinstance(values, (tuple, list)):
        return []
    return [tensor for value in values for tensor in tensors_in(value)]


def _eager():
    """Compiled networks call no hooks that came after; run them as they were written."""
    return torch.compiler.set_stance("force_eager") if _DYNAMO in sys.modules else nullcontext()


def _first(values, name):
    found = tensors_in(values)
    if not found:
        raise ValueError(f"{name!r}: neither reads nor returns a tensor; name another module")
    return found[0].detach().clone()
