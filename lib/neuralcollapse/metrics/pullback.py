"""Vectors pulled back through a map, many at a time: what every gradient number is made of."""

from contextlib import contextmanager

import torch
from torch.func import vjp, vmap
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.dropout import _DropoutNd
from torch.nn.modules.module import register_module_forward_pre_hook

from neuralcollapse.geometry.arrays import as_whole
from neuralcollapse.statistics import as_tensor

_ENTRIES = 2**22  # float64 entries of the gradients held at once: 32 MiB
_MIXED = 1e-3  # relative change of an output, when the batch grows, that is no rounding


def checked_map(function, inputs):
    """Return the inputs as a tensor and the number of outputs of one sample.

    Parameters
    ----------
    function : callable
    inputs : array_like or Tensor, shape (num_samples, ...)

    Returns
    -------
    inputs : Tensor
    outputs : int

    Raises
    ------
    TypeError, ValueError
        If the map is not one of a batch, mixes the samples of a batch, or lets no gradient through.
    """
    inputs = as_tensor(inputs, "inputs")
    if not inputs.is_floating_point():
        raise TypeError(f"inputs: expected floating point, got {inputs.dtype}; convert them first")
    if inputs.ndim < 2 or inputs.numel() == 0:
        raise ValueError(
            f"inputs: expected shape (num_samples, ...) with at least one sample and one entry, "
            f"got {tuple(inputs.shape)}"
        )
    if not inputs.isfinite().all():
        raise ValueError("inputs: hold NaN or infinity; remove or repair them first")
    inputs = inputs.detach()
    # A twin of the first sample would hide that samples mix. Clones: a map may work in place.
    other = int((inputs - inputs[0]).flatten(1).abs().amax(1).argmax())
    with torch.no_grad(), _each_on_its_own():
        few = function(inputs[[0, other][: len(inputs)]])
        one = function(inputs[:1].clone())
    if not isinstance(one, torch.Tensor):
        raise TypeError(
            f"function: expected a tensor back, got {type(one).__name__}; choose one, for "
            "instance lambda batch: network(batch).features"
        )
    if not one.is_floating_point():
        raise TypeError(
            f"function: expected real floating point back, got {one.dtype}; give complex outputs "
            "as real and imaginary parts, for instance torch.view_as_real"
        )
    if one.ndim < 1 or len(one) != 1 or len(few) != len(inputs[:2]) or one.numel() == 0:
        raise ValueError(
            f"function: expected shape (batch, ...) back, got {tuple(few.shape)} for a batch of "
            f"{len(inputs[:2])} and {tuple(one.shape)} for a batch of 1; wrap a function of one "
            "sample in torch.vmap"
        )
    if not (few[:1] - one).abs().max() <= _MIXED * one.abs().max():
        raise ValueError(
            "function: the output of a sample changes with the rest of the batch, or is NaN, or "
            "random, so it has no gradient of its own; use evaluation mode"
        )
    _refuse_cut(function, inputs[:1], one)
    return inputs, one.numel()


def gradients(function, inputs, outputs, chunk_size, probes=None):
    """Pull vectors back through the map, a block of samples and vectors at a time.

    Parameters
    ----------
    function, inputs, outputs
        As checked.
    chunk_size : int or None
        Vectors at once, over samples.
    probes : Tensor, shape (num_samples, outputs), optional
        One vector a sample; the unit vectors of the outputs unless given.

    Yields
    ------
    samples : slice
    pulled : Tensor, shape (vectors, samples, d), float64
    """
    size = inputs[0].numel()
    if chunk_size is None:
        chunk_size = max(1, _ENTRIES // max(size, outputs))
    chunk_size = as_whole(chunk_size, "chunk_size", 1)
    vectors = outputs if probes is None else 1
    step = max(1, chunk_size // vectors)
    for start in range(0, len(inputs), step):
        samples = slice(start, start + step)
        block = inputs[samples]
        with torch.no_grad():
            result, pull_back = vjp(lambda batch: function(batch.clone()), block)
        for first in range(0, vectors, chunk_size):
            if probes is None:
                units = torch.eye(outputs, dtype=result.dtype, device=result.device)
                ahead = units[first : first + chunk_size, None].expand(-1, len(block), -1)
            else:
                ahead = probes[None, samples].to(result)
            with torch.no_grad():
                (pulled,) = vmap(pull_back)(ahead.reshape(-1, *result.shape))
            pulled = pulled.reshape(-1, len(block), size).double()
            if not pulled.isfinite().all():
                raise ValueError(
                    f"function: a gradient among samples {start} to {start + len(block) - 1} is "
                    "NaN or infinite"
                )
            yield samples, pulled


def _refuse_cut(function, sample, output):
    """Refuse a map that moves with its input but passes no gradient back."""
    leaf = sample.clone().requires_grad_()
    with torch.enable_grad():
        total = function(leaf.clone()).sum()
    if total.requires_grad and (torch.autograd.grad(total, leaf, allow_unused=True)[0] is not None):
        return
    step = torch.finfo(sample.dtype).eps ** 0.5 * sample.abs().max().clamp(min=1)
    with torch.no_grad():
        moved = function(sample + step)
    if not torch.equal(moved, output):
        raise ValueError(
            "function: the output moves with the inputs but no gradient comes back; take it out "
            "of torch.no_grad, torch.inference_mode or .detach()"
        )


@contextmanager
def _each_on_its_own():
    """Refuse modules that mix samples or draw numbers, however deep the callable hides them."""

    def refuse(module, _):
        mixes = isinstance(module, _BatchNorm) and (module.training or module.running_mean is None)
        if mixes or (isinstance(module, _DropoutNd) and module.training and module.p > 0):
            raise ValueError(
                f"function: {type(module).__name__} is in training mode or keeps no running "
                "statistics, so a sample has no output of its own; call .eval() on the network"
            )

    handle = register_module_forward_pre_hook(refuse)
    try:
        yield
    finally:
        handle.remove()
