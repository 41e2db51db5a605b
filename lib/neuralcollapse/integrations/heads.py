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
        last one called, among those that decide as a returned tensor of the same shape does (a
        softmax, say) if there is one. Without it the head is the last ``nn.Linear`` in the order
        in which modules are registered.
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
        can feed the other. Also if the last one called decides otherwise than what is returned
        in its shape, as an adapter does that is added to the head. The message names them.

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
    if not weight.is_floating_point():
        raise ValueError(
            f"head: {names[0]!r} holds quantized numbers ({weight.dtype}), not its weight; "
            "dequantize the layer first"
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
    inside = inside_attention(checked_model(model))
    return {
        name: module
        for name, module in model.named_modules()
        if isinstance(module, nn.Linear) and id(module) not in inside
    }


def inside_attention(model):
    """Parts of every ``nn.MultiheadAttention``, which reads their weights and calls none of them.

    Parameters
    ----------
    model : Module

    Returns
    -------
    set of int
        Their identities.
    """
    attention = [module for module in model.modules() if isinstance(module, nn.MultiheadAttention)]
    return {id(part) for module in attention for part in module.modules()}


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
        return lambda _, arguments, options, output: calls.append(
            (name, next(iter([*arguments, *options.values()]), None), output)
        )

    hooks = [
        layer.register_forward_hook(note(name), with_kwargs=True) for name, layer in layers.items()
    ]
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
    alike = [each for each in calls if any(_decides_alike(each[2], given) for given in returned)]
    last, features, output = (alike or calls)[-1]
    if not alike and any(given.shape == output.shape for given in returned):
        _refuse([last], "is called last, but the model's output decides otherwise")
    rivals = dict.fromkeys(
        name for name, read, _ in alike or calls if read is features and read is not None
    )
    if len(rivals) > 1:
        _refuse(list(rivals), "read the same features last")
    return last


def _decides_alike(output, returned):
    """Whether these may be logits and what a softmax, a cast or a scale has made of them."""
    if returned.shape != output.shape or not returned.is_floating_point():
        return False
    return torch.equal(output.argmax(-1), returned.argmax(-1))


def _refuse(names, why):
    raise ValueError(f"model: {', '.join(map(repr, names))} {why}; {_WAY_OUT}")
