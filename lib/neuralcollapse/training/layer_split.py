r"""What each hidden layer of a trained perceptron did to its weights and to variability.

The *neural feature ansatz* [radhakrishnan2024] says that $W^\top W$ of a trained layer is nearly
proportional to $R$, the square root of the average gradient outer product of the network with
respect to the inputs of that layer. Proportional means cosine 1,
$\cos(A,B)=\langle A,B\rangle/(\|A\|_F\|B\|_F)$. Both matrices are close to the
identity before training, so the *centred* cosine, of $W^\top W-W_0^\top W_0$ and $R-R_0$, is what
training did.

With $W=USV^\top$ a layer is $x\mapsto SV^\top x\mapsto\max(0,U(SV^\top x)+b)$. As $U$ keeps
distances, $SV^\top x$ has the variability of $Wx$.
"""

from dataclasses import dataclass

import torch
from torch import nn

from neuralcollapse.metrics import average_gradient_outer_product, within_class_variability_trace
from neuralcollapse.statistics import ClassStatistics


@dataclass(frozen=True)
class LayerSplit:
    """One hidden layer.

    Attributes
    ----------
    cosine, initial_cosine, centred_cosine : float
        Of $W^\\top W$ and $R$ after training, before it, and of their changes; in [-1, 1], 1 under
        the ansatz. The last is None if nothing changed.
    change : float
        $\\|W-W_0\\|_F/\\|W_0\\|_F$.
    variabilities : tuple of three float
        NC1 by quotient of inputs, of $SV^\\top x$ and of the layer's outputs; 0 at collapse.
    """

    cosine: float
    initial_cosine: float
    centred_cosine: float | None
    change: float
    variabilities: tuple


def split_layers(network, start, inputs, labels):
    """Look at every hidden layer of a perceptron without normalisation.

    Parameters
    ----------
    network, start : MLP
        After and before training; alternating linear layers and ReLU.
    inputs : Tensor, shape (num_samples, d)
    labels : Tensor of int64, shape (num_samples,)

    Returns
    -------
    tuple of LayerSplit

    Raises
    ------
    ValueError
        If the body is not made of linear layers and ReLU.

    Examples
    --------
    >>> from neuralcollapse.models import MLP
    >>> network = MLP((4, 3, 2), generator=torch.Generator().manual_seed(0), normalize=False)
    >>> inputs = torch.tensor([[1.0, 0, 0, 1], [0, 1, 1, 0], [1, 1, 1, 0]]).double()
    >>> split = split_layers(network, network, inputs, torch.tensor([0, 1, 1]))
    >>> split[0].change, split[0].centred_cosine
    (0.0, None)
    """
    kinds = [type(module) for module in network.body]
    if kinds != [nn.Linear, nn.ReLU] * (len(kinds) // 2):
        raise ValueError("network: expected linear layers and ReLU alone; give normalize=False")
    found = []
    with torch.no_grad():
        for place in range(0, len(kinds), 2):
            (gram, root), (gram_0, root_0) = (
                _matrices(net, place, inputs) for net in (network, start)
            )
            weight, weight_0 = network.body[place].weight, start.body[place].weight
            entering = network.body[:place](inputs)
            stages = (entering, entering @ weight.T, network.body[: place + 2](inputs))
            found.append(
                LayerSplit(
                    cosine=_cosine(gram, root),
                    initial_cosine=_cosine(gram_0, root_0),
                    centred_cosine=_cosine(gram - gram_0, root - root_0),
                    change=float((weight - weight_0).norm() / weight_0.norm()),
                    variabilities=tuple(_variability(stage, labels) for stage in stages),
                )
            )
    return tuple(found)


def _matrices(network, place, inputs):
    """Return $W^T W$ of a layer and the root of the gradient outer product at its inputs."""
    weight = network.body[place].weight
    rest = lambda batch: network.classifier(network.body[place:](batch))  # noqa: E731
    product = average_gradient_outer_product(rest, network.body[:place](inputs))
    values, vectors = torch.linalg.eigh(product)
    return weight.T @ weight, (vectors * values.clamp(min=0).sqrt()) @ vectors.T


def _cosine(first, second):
    scale = first.norm() * second.norm()
    return float((first * second).sum() / scale) if scale > 0 else None


def _variability(features, labels):
    sizes = torch.bincount(labels)
    statistics = ClassStatistics(
        len(sizes), features.shape[1], weighting="class", class_sizes=sizes
    ).update(features, labels)
    return within_class_variability_trace(statistics)
