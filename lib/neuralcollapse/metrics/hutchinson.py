r"""Complexity from random probes: $\mathbb E_v\,J^\top vv^\top J=J^\top J$ for random signs $v$.

One probe costs one backward pass, where the exact numbers take one for each output. The estimates
are unbiased and come with their standard error [hutchinson1990].
"""

from dataclasses import dataclass

import torch

from neuralcollapse.geometry.arrays import as_whole
from neuralcollapse.metrics.pullback import checked_map, gradients


@dataclass(frozen=True)
class Estimate:
    """A random estimate and its error.

    Attributes
    ----------
    value : float or Tensor
        Unbiased.
    standard_error : float or Tensor
        Standard deviation of `value` over draws of the probes, estimated from their spread; with
        `num_probes` probes it is itself off by about one part in the root of twice their number.
    """

    value: float | torch.Tensor
    standard_error: float | torch.Tensor


def estimate_gradient_outer_product(function, inputs, *, num_probes, generator, chunk_size=None):
    r"""Estimate the average gradient outer product from random probes.

    Parameters
    ----------
    function : callable
        As in `average_gradient_outer_product`.
    inputs : array_like or Tensor, shape (num_samples, ...)
    num_probes : int
        Random vectors for each sample, at least 2.
    generator : torch.Generator
        Draws their signs, on the CPU.
    chunk_size : int, optional
        As in `average_gradient_outer_product`; the estimate does not depend on it.

    Returns
    -------
    Estimate
        Both of shape (d, d), float64; the standard error is entry by entry.

    Raises
    ------
    TypeError, ValueError
        As `average_gradient_outer_product`, or if there are fewer than two probes.

    Notes
    -----
    For signs $v$, $\mathbb E\,J^\top vv^\top J=J^\top J$. One probe costs one backward pass, where
    the exact matrix takes one for each output. Source: [hutchinson1990].

    Examples
    --------
    >>> generator = torch.Generator().manual_seed(0)
    >>> one_output = lambda batch: 2 * batch[:, :1]
    >>> estimate = estimate_gradient_outer_product(
    ...     one_output, [[1.0, 5.0]], num_probes=2, generator=generator
    ... )
    >>> estimate.value.tolist(), estimate.standard_error.tolist()
    ([[4.0, 0.0], [0.0, 0.0]], [[0.0, 0.0], [0.0, 0.0]])
    """
    inputs, outputs = checked_map(function, inputs)
    num_probes = as_whole(num_probes, "num_probes", 2, "their spread is the error")
    size = inputs[0].numel()
    mean, squares = (inputs.new_zeros(size, size, dtype=torch.float64) for _ in range(2))
    for probe in range(num_probes):
        signs = _signs(len(inputs), outputs, generator)
        total = torch.zeros_like(mean)
        for _, pulled in gradients(function, inputs, outputs, chunk_size, signs):
            rows = pulled.flatten(0, 1)
            total += rows.T @ rows
        change = total / len(inputs) - mean
        mean += change / (probe + 1)
        squares += change.square() * probe / (probe + 1)
    return Estimate(mean, (squares / (num_probes - 1) / num_probes).sqrt())


def estimate_geometric_complexity(function, inputs, *, num_probes, generator, chunk_size=None):
    r"""Estimate the geometric complexity from random probes, $\mathbb E_v\|J^\top v\|^2$.

    Parameters
    ----------
    function : callable
        As in `average_gradient_outer_product`.
    inputs : array_like or Tensor, shape (num_samples, ...)
    num_probes : int
        Random vectors for each sample, at least 2.
    generator : torch.Generator
        Draws their signs, on the CPU.
    chunk_size : int, optional
        As in `average_gradient_outer_product`; the estimate does not depend on it.

    Returns
    -------
    Estimate
        Two floats.

    Raises
    ------
    TypeError, ValueError
        As `estimate_gradient_outer_product`.

    Notes
    -----
    Source: [hutchinson1990]. Signs have the least variance among probes with independent entries
    of variance 1; they are exact where the rows of the Jacobian are orthogonal.

    Examples
    --------
    >>> generator = torch.Generator().manual_seed(0)
    >>> estimate_geometric_complexity(
    ...     lambda batch: 2 * batch, [[1.0, 5.0]], num_probes=2, generator=generator
    ... )
    Estimate(value=8.0, standard_error=0.0)
    """
    inputs, outputs = checked_map(function, inputs)
    num_probes = as_whole(num_probes, "num_probes", 2, "their spread is the error")
    found = torch.zeros(num_probes, dtype=torch.float64)
    for probe in range(num_probes):
        signs = _signs(len(inputs), outputs, generator)
        for _, pulled in gradients(function, inputs, outputs, chunk_size, signs):
            found[probe] += float(pulled.square().sum()) / len(inputs)
    return Estimate(float(found.mean()), float(found.std() / num_probes**0.5))


def _signs(num_samples, outputs, generator):
    if not isinstance(generator, torch.Generator):
        raise TypeError(
            f"generator: expected a torch.Generator, got {generator!r}; for instance "
            "torch.Generator().manual_seed(0)"
        )
    return 2.0 * torch.randint(2, (num_samples, outputs), generator=generator) - 1
