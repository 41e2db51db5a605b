"""What each of two processes does with a Hugging Face Trainer, in a module of its own."""

import os
import warnings

import numpy as np
import torch
import transformers
from gloo_worker import WORLD, finish, start
from torch import nn
from torch.utils.data import Dataset

from neuralcollapse.integrations.transformers import CollapseCallback


class Samples(Dataset):
    """Of three classes, every one of them among the first three samples."""

    def __init__(self, num_samples, broken=None):
        generator = np.random.default_rng(num_samples)
        self.labels = np.concatenate([np.arange(3), generator.integers(3, size=num_samples - 3)])
        self.inputs = generator.normal(size=(num_samples, 5)) + 2 * np.eye(3, 5)[self.labels]
        if broken is not None:
            self.inputs[broken] = np.nan

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, number):
        return {"x": torch.from_numpy(self.inputs[number]), "labels": int(self.labels[number])}


class Small(nn.Module):
    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.body, self.head = nn.Linear(5, 6), nn.Linear(6, 3)
        self.double()

    def forward(self, x, labels=None):
        logits = self.head(self.body(x).relu())
        if labels is None:
            return {"logits": logits}
        return {"loss": nn.functional.cross_entropy(logits, labels), "logits": logits}


EVALUATIONS = {
    "padded": (45, {}),
    "few": (3, {}),
    "split": (45, {"split_batches": True}),
    "uneven": (17, {"even_batches": False}),  # three batches, two of them of process 0
    "none": (7, {"even_batches": False}),  # one batch: process 1 has none
    "broken": (45, {}),
}


def evaluate(rank, folder):
    """One epoch with every set of `EVALUATIONS`.

    The Trainer's own evaluation gathers after each batch and never ends where processes have
    different numbers of them, so there the callback is called without it.
    """
    start(rank, f"{folder}/meeting")
    os.environ |= {"RANK": str(rank), "LOCAL_RANK": str(rank), "WORLD_SIZE": str(WORLD)}
    os.environ |= {"LOCAL_WORLD_SIZE": str(WORLD), "MASTER_ADDR": "localhost", "MASTER_PORT": "1"}
    results = {}
    for name, (size, config) in EVALUATIONS.items():
        model = Small()
        arguments = transformers.TrainingArguments(
            output_dir=folder,
            report_to=[],
            use_cpu=True,
            num_train_epochs=1,
            eval_strategy="no" if "even_batches" in config else "epoch",
            save_strategy="no",
            logging_strategy="no",
            per_device_train_batch_size=4,
            per_device_eval_batch_size=8,
            disable_tqdm=True,
            learning_rate=1e-2,
            accelerator_config=config,
        )
        evaluation = Samples(size, broken=1 if name == "broken" else None)
        trainer = transformers.Trainer(
            model=model, args=arguments, train_dataset=Samples(16), eval_dataset=evaluation
        )
        callback = CollapseCallback(trainer, decisions=True)
        trainer.add_callback(callback)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            trainer.train()
            if arguments.eval_strategy == "no":
                loader = trainer.get_eval_dataloader()
                callback.on_evaluate(
                    arguments, trainer.state, None, model=model, eval_dataloader=loader
                )
        results[name] = {
            "report": callback.report and callback.report.to_dict(),
            "rows": [
                row for row in trainer.state.log_history if "eval_collapse_self_duality" in row
            ],
            "weights": model.state_dict(),
            "processes": arguments.world_size,
            "warnings": [str(w.message) for w in caught if "not measured" in str(w.message)],
        }
    finish(rank, folder, results)
