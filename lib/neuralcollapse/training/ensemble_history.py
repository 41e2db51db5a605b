"""What full-batch training leaves: accuracies, losses and both layers along the way."""

from dataclasses import dataclass

import numpy as np

from neuralcollapse.training.descent import Descent


@dataclass(frozen=True, eq=False)
class EnsembleHistory:
    """Records of an ensemble on an operation table.

    Attributes
    ----------
    task : str
        Name of the table.
    recipe : Descent
    seeds : tuple of int
        One a member.
    steps : ndarray, shape (num_checkpoints,), int
        Steps taken at each checkpoint; 0 is the untrained network.
    losses : ndarray, shape (num_checkpoints, num_members)
        Mean cross-entropy over the training pairs, in nats, without penalties.
    train_accuracies, test_accuracies : ndarray, shape (num_checkpoints, num_members)
        Shares of pairs in [0, 1]; NaN where there are no test pairs.
    weights : dict of str to ndarray, shape (num_checkpoints, num_members, rows, columns)
        Of ``"embedding"`` and ``"classifier"``.
    models : tuple of Module
        The trained networks, one a member.
    """

    task: str
    recipe: Descent
    seeds: tuple
    steps: np.ndarray
    losses: np.ndarray
    train_accuracies: np.ndarray
    test_accuracies: np.ndarray
    weights: dict
    models: tuple

    def measured(self, layer, function):
        """Return a function of the weight of a layer, over checkpoints and members.

        Parameters
        ----------
        layer : {"embedding", "classifier"}
        function : callable
            From an array of shape (rows, columns) to a number or an array.

        Returns
        -------
        ndarray, shape (num_checkpoints, num_members, ...)

        Raises
        ------
        ValueError
            If there is no such layer.
        """
        if layer not in self.weights:
            raise ValueError(f"layer: expected one of {', '.join(self.weights)}, got {layer!r}")
        return np.array([[function(weight) for weight in row] for row in self.weights[layer]])
