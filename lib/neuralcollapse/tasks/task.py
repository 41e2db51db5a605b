"""A task: inputs and labels to train on, inputs and labels to test on."""

from dataclasses import dataclass

import torch


@dataclass(frozen=True, eq=False)
class Task:
    """Labelled data split into a training and a test set.

    Attributes
    ----------
    name : str
    train_inputs, test_inputs : Tensor, shape (num_samples, num_inputs), float64
    train_labels, test_labels : Tensor, shape (num_samples,), int64
        Class indices from 0 to num_classes - 1.
    num_classes : int
    """

    name: str
    train_inputs: torch.Tensor
    train_labels: torch.Tensor
    test_inputs: torch.Tensor
    test_labels: torch.Tensor
    num_classes: int

    def __post_init__(self):
        for split in ("train", "test"):
            inputs, labels = getattr(self, f"{split}_inputs"), getattr(self, f"{split}_labels")
            if len(inputs) != len(labels):
                raise ValueError(
                    f"{split}_labels: expected {len(inputs)}, one an input, got {len(labels)}"
                )

    @property
    def num_inputs(self):
        """Dimension of an input."""
        return self.train_inputs.shape[1]
