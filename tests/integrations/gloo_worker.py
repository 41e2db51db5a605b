"""What each of two processes does, in a module that a spawned process can import."""

import os
import pickle
import warnings

import numpy as np
import torch
from torch import nn

from neuralcollapse.integrations import measure_network
from neuralcollapse.integrations.torchmetrics import NeuralCollapse

WORLD = 2


def draw(seed=3, num_samples=61, num_features=7, num_classes=5):
    """Far from the origin, with class 4 among the first samples only."""
    generator = np.random.default_rng(seed)
    labels = generator.integers(num_classes - 1, size=num_samples)
    labels[: 2 * num_classes] = np.tile(np.arange(num_classes), 2)
    means = generator.normal(size=(num_classes, num_features))
    features = 100 + means[labels] + 0.3 * generator.normal(size=(num_samples, num_features))
    torch.manual_seed(seed)
    head = nn.Linear(num_features, num_classes)
    return torch.from_numpy(features), torch.from_numpy(labels), head.double()


def shard(rank):
    """Uneven: 40 samples and 21, the latter without class 4."""
    return slice(0, 40) if rank == 0 else slice(40, None)


def batches(rank, size=9):
    features, labels, head = draw()
    own = shard(rank)
    return head, list(zip(features[own].split(size), labels[own].split(size), strict=True))


def start(rank, address):
    os.environ |= {"GLOO_SOCKET_IFNAME": "lo"}
    torch.set_num_threads(1)
    torch.distributed.init_process_group(
        "gloo", init_method=f"file://{address}", rank=rank, world_size=WORLD
    )


def finish(rank, folder, results):
    with open(f"{folder}/{rank}.pickle", "wb") as file:
        pickle.dump(results, file)
    torch.distributed.destroy_process_group()


def accumulate(rank, folder):
    """The metric: both passes, and going on after a report."""
    start(rank, f"{folder}/meeting")
    head, own = batches(rank)
    results = {}
    sizes = torch.bincount(draw()[1])
    setups = {
        "class": {},
        "sample": {"weighting": "sample"},
        "sizes": {"class_sizes": sizes},
    }
    for name, options in setups.items():
        metric = NeuralCollapse(5, 7, head=head, **options)
        for batch in own[:-1]:
            metric.update(*batch)
        if name != "sizes":
            metric.compute()
        metric.update(*own[-1])
        results[f"{name}, first pass"] = metric.compute().to_dict()
        metric.begin_second_pass()
        for batch in own:
            metric.update(*batch)
        results[name] = metric.compute().to_dict()
        results[f"{name}, own samples"] = int(metric._statistics.num_samples)
    lonely = NeuralCollapse(5, 7, head=head)  # process 1 sees no batch
    everything = (draw()[0].split(20), draw()[1].split(20))
    for begin in (True, False):
        for batch in zip(*everything, strict=True) if rank == 0 else ():
            lonely.update(*batch)
        if begin:
            lonely.begin_second_pass()
    results["none"] = lonely.compute().to_dict()
    finish(rank, folder, results)


def evaluate(rank, folder):
    """A network, and an error in one process only."""
    start(rank, f"{folder}/meeting")
    head, own = batches(rank)
    model = nn.Sequential(nn.Identity(), head)
    results = {"report": measure_network(model, own, merge=True).to_dict()}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # class 4 is absent here
        results["alone"] = measure_network(model, own).num_samples
    if rank == 1:
        own[0][0][0, 0] = float("nan")
    try:
        measure_network(model, own, merge=True)
    except (ValueError, RuntimeError) as error:
        results["error"] = str(error)
    finish(rank, folder, results)
