"""The last linear layer of a network: found, or taken as named."""

import torch
from torch import nn

from neuralcollapse.integrations.passes import (
    call,
    device_of,
    evaluating,
    tensors_in,
    to_device,
)

_WAY_OUT = "give its name (of model.named_modules()) or the module itself as head"


def find_head(model, inputs=None, *, num_classes=None):
    r"""Find the linear layer that turns features into logits.

    Parameters
    ----------
    model : Module
    inputs : object, optional
        An example batch without its labels: what the network is called with, a dictionary as
        keyword arguments, a tuple as positional ones. With it the network runs once, in
        evaluation mode, and the head is the layer whose output the network returns, or else the
        last one called. Without it the head is the last ``nn.Linear`` in the order in which
        modules are registered.
    num_classes : int, optional
        Look at layers with that many outputs only.

    Returns
    -------
    Linear

    Raises
    ------
    TypeError
        If `model` is no Module.
    ValueError
        If there is no such layer, or several would do: two whose outputs are returned, two last
        ones that read the same features, or, without a batch, two side by side of which neither
        can feed the other. The message names them.

    Examples
    --------
    >>> model = nn.Sequential(nn.Linear(8, 4), nn.ReLU(), nn.Linear(4, 3))
    >>> find_head(model)
    Linear(in_features=4, out_features=3, bias=True)
    >>> find_head(model, torch.zeros(1, 8)) is model[2]
    True
    """
    layers = linear_layers(model)
    if num_classes is not None:
        layers = {n: layer for n, layer in layers.items() if layer.out_features == num_classes}
    if not layers:
        wanted = "" if num_classes is None else f" with {num_classes} outputs"
        raise ValueError(f"model: has no nn.Linear{wanted}; {_WAY_OUT}")
    if inputs is None:
        return layers[_last_registered(model, layers)]
    return layers[_last_called(model, layers, inputs)]


def named_head(model, head, inputs=None):
    """Return name and module of the head a caller asked for.

    Parameters
    ----------
    model : Module
    head : None, str or Module
        None finds it as `find_head` does.
    inputs : object, optional
        An example batch, for `find_head`.

    Returns
    -------
    name : str
    layer : Module
        With a weight of shape (num_classes, num_features).

    Raises
    ------
    TypeError, ValueError
        If there is no such module, or it has no such weight.

    Examples
    --------
    >>> named_head(nn.Sequential(nn.Linear(8, 4), nn.ReLU(), nn.Linear(4, 3)), "0")[1]
    Linear(in_features=8, out_features=4, bias=True)
    """
    modules = dict(checked_model(model).named_modules())
    if head is None:
        head = find_head(model, inputs)
    if isinstance(head, str):
        if head not in modules:
            known = ", ".join(linear_layers(model)) or "none"
            raise ValueError(f"head: no module {head!r}; linear layers are {known}")
        head = modules[head]
    names = [name for name, module in modules.items() if module is head]
    if not names:
        raise ValueError(f"head: {type(head).__name__} is not a part of model; {_WAY_OUT}")
    weight = getattr(head, "weight", None)
    if not isinstance(weight, torch.Tensor) or weight.ndim != 2:
        raise ValueError(
            f"head: {names[0]!r} ({type(head).__name__}) has no weight of shape "
            f"(num_classes, num_features); {_WAY_OUT}"
        )
    return names[0], head


def linear_layers(model):
    """Linear layers by name, in the order in which they are registered.

    Parameters
    ----------
    model : Module

    Returns
    -------
    dict of str to Linear
        Without those inside ``nn.MultiheadAttention``, which are never called.
    """
    attention = [m for m in checked_model(model).modules() if isinstance(m, nn.MultiheadAttention)]
    inside = {id(part) for module in attention for part in module.modules()}
    return {
        name: module
        for name, module in model.named_modules()
        if isinstance(module, nn.Linear) and id(module) not in inside
    }


def checked_model(model):
    """Return the model, or raise TypeError if it is no Module.

    Parameters
    ----------
    model : Module

    Returns
    -------
    Module
    """
    if not isinstance(model, nn.Module):
        raise TypeError(f"model: expected a torch.nn.Module, got {type(model).__name__}")
    return model


def _last_registered(model, layers):
    *others, last = layers
    parent = last.rpartition(".")[0]
    if isinstance(model.get_submodule(parent), nn.Sequential):
        return last
    head = layers[last]
    rivals = []
    for position, name in enumerate(others):
        fed = [layers[later].in_features for later in [*others[position + 1 :], last]]
        alike = layers[name].in_features == head.in_features
        if name.rpartition(".")[0] == parent and alike and layers[name].out_features not in fed:
            rivals.append(name)
    if rivals:
        _refuse([*rivals, last], "read features of one size and feed no other linear layer")
    return last


def _last_called(model, layers, inputs):
    calls = []  # (name, input, output) in the order of the calls

    def note(name):
        return lambda _, arguments, output: calls.append(
            (name, next(iter(arguments), None), output)
        )

    hooks = [layer.register_forward_hook(note(name)) for name, layer in layers.items()]
    try:
        with evaluating(model):
            returned = tensors_in(call(model, to_device(inputs, device_of(model))))
    finally:
        for hook in hooks:
            hook.remove()
    if not calls:
        raise ValueError(f"model: called none of {', '.join(layers)} on inputs; {_WAY_OUT}")
    given = {id(tensor) for tensor in returned}
    returning = list(dict.fromkeys(name for name, _, output in calls if id(output) in given))
    if len(returning) > 1:
        _refuse(returning, "are all returned by the model")
    if returning:
        return returning[0]
    last, features, _ = calls[-1]
    rivals = dict.fromkeys(name for name, read, _ in calls if read is features and read is not None)
    if len(rivals) > 1:
        _refuse(list(rivals), "read the same features last")
    return last


def _refuse(names, why):
    raise ValueError(f"model: {', '.join(map(repr, names))} {why}; {_WAY_OUT}")
