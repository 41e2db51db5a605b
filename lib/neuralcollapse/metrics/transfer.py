"""Few shots: how often a feature is nearest to its own class when means come from a few samples."""

import torch

from neuralcollapse.geometry.arrays import as_whole
from neuralcollapse.metrics.vectors import as_vectors
from neuralcollapse.statistics import as_labels


def few_shot_accuracies(features, labels, shots, *, draws, generator):
    r"""Accuracy of the nearest class mean, where means are of a few samples drawn at random.

    Parameters
    ----------
    features : array_like or Tensor, shape (num_samples, num_features)
    labels : array_like or Tensor of integers, shape (num_samples,)
        From 0; every class has more than `shots` samples.
    shots : int
        Samples of each class that make its mean.
    draws : int
        How often they are drawn, without replacement.
    generator : torch.Generator
        Draws them, on the CPU.

    Returns
    -------
    Tensor, shape (draws,), float64
        Share of the remaining samples that are nearest to the mean of their class, classes
        weighted alike; in [0, 1], ideal 1, chance $1/K$.

    Raises
    ------
    TypeError, ValueError
        If an argument is out of range, or a class has too few samples.

    Notes
    -----
    The measure of transfer in [galanti2022] and [munn2024]; distances are Euclidean and ties go to
    the lower label.

    Examples
    --------
    >>> features = [[0.0], [0.1], [0.2], [5.0], [5.1], [5.2]]
    >>> generator = torch.Generator().manual_seed(0)
    >>> few_shot_accuracies(features, [0, 0, 0, 1, 1, 1], 1, draws=2, generator=generator)
    tensor([1., 1.], dtype=torch.float64)
    """
    features = as_vectors(features, "features")
    labels = as_labels(labels, len(features)).to(features.device)
    shots = as_whole(shots, "shots", 1)
    draws = as_whole(draws, "draws", 1)
    counts = torch.bincount(labels)
    if len(counts) < 2 or counts.min() <= shots:
        raise ValueError(
            f"labels: expected two classes or more with over {shots} samples each, so that some "
            f"are left to classify, got class sizes {counts.tolist()}"
        )
    members = [(labels == c).nonzero().squeeze(1) for c in range(len(counts))]
    found = []
    for _ in range(draws):
        orders = [m[torch.randperm(len(m), generator=generator)] for m in members]
        means = torch.stack([features[order[:shots]].mean(0) for order in orders])
        shares = [
            (torch.cdist(features[order[shots:]], means).argmin(1) == c).double().mean()
            for c, order in enumerate(orders)
        ]
        found.append(torch.stack(shares).mean())
    return torch.stack(found)
