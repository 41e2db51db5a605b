r"""How fast a map changes with its input: gradient outer products, complexity, geometric collapse.

For a map $f:\mathbb R^d\to\mathbb R^p$ with Jacobian $J(x)$, the average gradient outer product is
$\mathrm{AGOP}=\frac1N\sum_iJ(x_i)^\top J(x_i)$ [radhakrishnan2024], and the geometric complexity
[dherin2022] is its trace, the mean squared Frobenius norm of the Jacobian.

A map is any callable of a *batch*, of shape (batch, ...), that treats every sample on its own and
returns a tensor of shape (batch, ...); modules are such callables. ``torch.vmap`` turns a function
of one sample into one.
"""

import torch

from neuralcollapse.metrics.pullback import checked_map, gradients
from neuralcollapse.metrics.variability import pairwise_quotient
from neuralcollapse.statistics import ClassStatistics, as_labels, as_tensor

_ENTRIES = 2**22  # entries of a block of inputs: 32 MiB


def average_gradient_outer_product(function, inputs, *, chunk_size=None):
    r"""Average gradient outer product, $\frac1N\sum_iJ(x_i)^\top J(x_i)$.

    Parameters
    ----------
    function : callable
        Maps a batch of shape (batch, ...) to a tensor of shape (batch, ...), each sample on its
        own. Networks in evaluation mode.
    inputs : array_like or Tensor, shape (num_samples, ...)
        Of the floating dtype that `function` takes; d is the number of entries of one sample.
    chunk_size : int, optional
        Gradients held at once, counted over samples and outputs; memory is this times what one
        sample takes. About 32 MiB of gradients unless given.

    Returns
    -------
    Tensor, shape (d, d), float64
        Symmetric, positive semi-definite; outputs squared per input squared.

    Raises
    ------
    TypeError, ValueError
        If `function` does not fit the description, or inputs or gradients are not finite.

    Notes
    -----
    The whole Jacobian is never held. Exact up to rounding of the dtype of `inputs`. Source:
    [radhakrishnan2024].

    Examples
    --------
    >>> twice_the_first = lambda batch: 2 * batch[:, :1]
    >>> average_gradient_outer_product(twice_the_first, [[1.0, 5.0], [3.0, 5.0]])
    tensor([[4., 0.],
            [0., 0.]], dtype=torch.float64)
    """
    inputs, outputs = checked_map(function, inputs)
    total = inputs.new_zeros(inputs[0].numel(), inputs[0].numel(), dtype=torch.float64)
    for _, pulled in gradients(function, inputs, outputs, chunk_size):
        rows = pulled.flatten(0, 1)
        total += rows.T @ rows
    return total / len(inputs)


def geometric_complexity(function, inputs, *, chunk_size=None):
    r"""Geometric complexity, $\frac1N\sum_i\|J(x_i)\|_F^2$.

    Parameters
    ----------
    function : callable
        As in `average_gradient_outer_product`.
    inputs : array_like or Tensor, shape (num_samples, ...)
    chunk_size : int, optional

    Returns
    -------
    float
        At least 0, and 0 for a map that is constant around every sample; outputs squared per
        input squared, so `2 * function` has four times as much.

    Raises
    ------
    TypeError, ValueError
        As `average_gradient_outer_product`.

    Notes
    -----
    The trace of the average gradient outer product, without the matrix. Source: [dherin2022].

    Examples
    --------
    >>> geometric_complexity(lambda batch: 2 * batch[:, :1], [[1.0, 5.0], [3.0, 5.0]])
    4.0
    """
    return float(_complexities(function, inputs, chunk_size).mean())


def geometric_collapse(function, inputs, labels, *, chunk_size=None):
    r"""Mean of $(\mathrm{GC}_c+\mathrm{GC}_{c'})/(2\|\mu_c-\mu_{c'}\|^2)$ over pairs of classes.

    Parameters
    ----------
    function : callable
        As in `average_gradient_outer_product`; its outputs, flattened, are the features.
    inputs : array_like or Tensor, shape (num_samples, ...)
    labels : array_like or Tensor of integers, shape (num_samples,)
        From 0; every class up to the largest has a sample.
    chunk_size : int, optional

    Returns
    -------
    float
        At least 0; per input squared, the same for every positive multiple of `function`.

    Raises
    ------
    TypeError, ValueError
        As `average_gradient_outer_product`, or if a class has no sample.
    DegenerateGeometryError
        If two classes have the same mean feature, or there is only one class.

    Notes
    -----
    $\mathrm{GC}_c$ is the geometric complexity over class c and $\mu_c$ its mean feature: the
    class-distance normalised variance with complexities for variances. [munn2024] compare it with
    the latter; the normalisation is ours.

    Examples
    --------
    >>> inputs = [[-1.0], [-3.0], [1.0], [3.0]]
    >>> geometric_collapse(lambda batch: 5 * batch, inputs, [0, 0, 1, 1])
    0.0625
    """
    complexities = _complexities(function, inputs, chunk_size)
    labels = as_labels(labels, len(complexities), None).to(complexities.device)
    counts = torch.bincount(labels)
    if not counts.all():
        raise ValueError(
            f"labels: class {int((counts == 0).nonzero()[0])} has no sample; number the classes "
            "from 0 without gaps"
        )
    inputs = as_tensor(inputs, "inputs")
    with torch.no_grad():
        blocks = inputs.split(max(1, _ENTRIES // inputs[0].numel()))
        features = torch.cat([function(block.clone()).reshape(len(block), -1) for block in blocks])
    statistics = ClassStatistics(
        len(counts),
        features.shape[1],
        weighting="sample",
        device=features.device,
    ).update(features, labels)
    sums = complexities.new_zeros(len(counts)).index_add_(0, labels, complexities)
    return pairwise_quotient(sums / counts, statistics)


def _complexities(function, inputs, chunk_size):
    """Squared Frobenius norm of the Jacobian at each sample; Tensor of float64."""
    inputs, outputs = checked_map(function, inputs)
    found = inputs.new_zeros(len(inputs), dtype=torch.float64)
    for samples, pulled in gradients(function, inputs, outputs, chunk_size):
        found[samples] += pulled.square().sum(dim=(0, 2))
    return found
