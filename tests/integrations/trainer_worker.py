"""What each of two processes does with Lightning, in a module that can be imported when spawned."""

import os
import warnings

import lightning.pytorch as lightning
import numpy as np
import torch
from gloo_worker import WORLD, finish, start
from lightning.pytorch.strategies import DDPStrategy
from torch import nn
from torch.utils.data import DataLoader, IterableDataset, TensorDataset

from neuralcollapse.integrations.lightning import CollapseCallback


def samples(num_samples):
    """Of three classes, every one of them among the first three samples."""
    generator = np.random.default_rng(num_samples)
    labels = np.concatenate([np.arange(3), generator.integers(3, size=num_samples - 3)])
    inputs = generator.normal(size=(num_samples, 5)) + 2 * np.eye(3, 5)[labels]
    return TensorDataset(torch.from_numpy(inputs), torch.from_numpy(labels))


class Stream(IterableDataset):
    """Samples whose number nobody is told."""

    def __init__(self, data):
        self.data = data

    def __iter__(self):
        return iter([self.data[i] for i in range(len(self.data))])


class Small(lightning.LightningModule):
    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.body, self.head = nn.Linear(5, 6), nn.Linear(6, 3)
        self.double()

    def forward(self, x):
        return self.head(self.body(x).relu())

    def training_step(self, batch, batch_idx):
        return nn.functional.cross_entropy(self(batch[0]), batch[1])

    def validation_step(self, batch, batch_idx):
        self(batch[0])

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.1)


class Log(lightning.loggers.logger.Logger):
    name, version = "log", 0

    def __init__(self):
        super().__init__()
        self.rows = []

    @lightning.utilities.rank_zero_only
    def log_metrics(self, metrics, step=None):
        if any(name.startswith("collapse/") for name in metrics):
            self.rows.append(dict(metrics))

    def log_hyperparams(self, params, *args, **kwargs):
        pass


def fit(rank, folder):
    """Lightning with DistributedDataParallel; each validation loader of `lightning_loaders`."""
    start(rank, f"{folder}/meeting")
    os.environ |= {"LOCAL_RANK": str(rank), "NODE_RANK": "0"}
    results = {}
    for name, loader in lightning_loaders(rank).items():
        network, log, callback = Small(), Log(), CollapseCallback("head", decisions=True)
        trainer = lightning.Trainer(
            max_epochs=1,
            accelerator="cpu",
            devices=WORLD,
            strategy=DDPStrategy(process_group_backend="gloo"),
            use_distributed_sampler=name.startswith("padded"),
            logger=log,
            callbacks=[callback],
            enable_progress_bar=False,
            enable_model_summary=False,
            enable_checkpointing=False,
            default_root_dir=folder,
        )
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            trainer.fit(network, DataLoader(samples(16), batch_size=4), loader)
        results[name] = {
            "report": callback.report and callback.report.to_dict(),
            "rows": log.rows,
            "weights": network.state_dict(),
            "warnings": [str(w.message) for w in caught if "not measured" in str(w.message)],
        }
    finish(rank, folder, results)


def lightning_loaders(rank):
    data = samples(45)
    first = TensorDataset(*data[:40]), TensorDataset(*data[40:])
    broken = TensorDataset(*(part.clone() for part in first[rank][:]))
    if rank == 1:
        broken.tensors[0][-1] = float("nan")
    return {
        "padded": DataLoader(data, batch_size=8),
        "padded, few": DataLoader(samples(7), batch_size=8),
        "uneven": DataLoader(first[rank], batch_size=8),
        "none": DataLoader(Stream((data, [])[rank]), batch_size=8),
        "broken": DataLoader(broken, batch_size=8),
    }
