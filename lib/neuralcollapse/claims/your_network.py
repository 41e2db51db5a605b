"""Claim of the page that measures a reader's own network: training moves it towards collapse."""

from functools import cache

import torch
from sklearn.datasets import load_digits
from torch import nn

from neuralcollapse import measure
from neuralcollapse.claims.claim import Claim, Evidence, Measure

PAGE = "collapse/your-network"
FACTOR = 4  # by which the trace quotient and self_duality fall, at least


def images_and_labels():
    """Return the digits of scikit-learn as images, in one fixed random order.

    Returns
    -------
    images : Tensor, shape (1797, 1, 8, 8), float64
        Entries in [0, 1].
    labels : Tensor, shape (1797,), int64
    """
    images, labels = load_digits(return_X_y=True)
    order = torch.randperm(len(labels), generator=torch.Generator().manual_seed(0))
    images = torch.tensor(images[order] / 16).reshape(-1, 1, 8, 8)
    return images, torch.tensor(labels)[order]


def small_network(seed, width=8):
    """Return two convolutions, a hidden layer of 32 units and a linear classifier.

    Parameters
    ----------
    seed : int
        Of its weights.
    width : int
        Channels of the first convolution; the second has twice as many.

    Returns
    -------
    Sequential
        Of float64, its last part the classifier.
    """
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        network = nn.Sequential(
            *(nn.Conv2d(1, width, 3, padding=1), nn.BatchNorm2d(width), nn.ReLU()),
            nn.MaxPool2d(2),
            *(nn.Conv2d(width, 2 * width, 3, padding=1), nn.BatchNorm2d(2 * width), nn.ReLU()),
            nn.MaxPool2d(2),
            *(nn.Flatten(), nn.Linear(8 * width, 32), nn.ReLU(), nn.Linear(32, 10)),
        )
    return network.double()


def train(network, images, labels, epochs=30, weight_decay=5e-3):
    """Train a network in place by gradient descent with momentum, and return it.

    Parameters
    ----------
    network : Module
    images, labels : Tensor
    epochs : int
        The learning rate falls by ten after two thirds and after five sixths of them.
    weight_decay : float

    Returns
    -------
    Module
        In evaluation mode.
    """
    descent = torch.optim.SGD(network.parameters(), 0.05, 0.9, weight_decay=weight_decay)
    cuts = [-(-epochs * 2 // 3), -(-epochs * 5 // 6)]
    schedule = torch.optim.lr_scheduler.MultiStepLR(descent, cuts)
    generator = torch.Generator().manual_seed(0)
    for _ in range(epochs):
        for batch in torch.randperm(len(labels), generator=generator).split(100):
            loss = nn.functional.cross_entropy(network(images[batch]), labels[batch])
            descent.zero_grad()
            loss.backward()
            descent.step()
        schedule.step()
    return network.eval()


def report_of(network, images, labels):
    """Measure what the last layer of a network reads.

    Parameters
    ----------
    network : Sequential
    images, labels : Tensor

    Returns
    -------
    CollapseReport
    """
    with torch.no_grad():
        features = network.eval()[:-1](images)
    return measure(features, labels, network[-1].weight, network[-1].bias)


@cache
def reports(epochs, seeds=(0, 1, 2)):
    """Reports on the training images before training and after so many epochs, a pair a seed."""
    images, labels = (part[:1200] for part in images_and_labels())
    pairs = []
    for seed in seeds:
        before = report_of(small_network(seed), images, labels)
        network = train(small_network(seed), images, labels, epochs)
        pairs.append((before, report_of(network, images, labels)))
    return tuple(pairs)


def check_fall(pairs):
    """Compare reports before and after training, of every seed."""
    lines = {"trace quotient": "within_class_variability_trace", "self_duality": "self_duality"}
    falls = {
        words: min(getattr(before, name) / getattr(after, name) for before, after in pairs)
        for words, name in lines.items()
    }
    mismatch = max(after.nearest_center_mismatch for _, after in pairs)
    return Evidence(
        (
            *(Measure(f"smallest fall of {words}", falls[words], ">=", FACTOR) for words in falls),
            Measure("largest NC4 at the end", mismatch, "<=", 0.01),
        )
    )


CLAIMS = (
    Claim(
        identifier="obs-own-network",
        page=PAGE,
        statement="Thirty epochs of training lower the trace quotient (NC1) and self_duality "
        "(NC3) of a small convolutional network at least fourfold, and NC4 to at most 0.01.",
        kind="observed",
        source="here, after papyan2020",
        hypotheses="1,200 digits, 3 seeds, weight decay 5e-3, measured on the training images",
        checker=check_fall,
        instance=lambda: {"pairs": reports(30)},
        control_statement="the same networks after a single epoch, one seed",
        control=lambda: {"pairs": reports(1, seeds=(0,))},
    ),
)
