"""What a training run leaves: a report a checkpoint and seed, and the geometry to draw."""

from dataclasses import dataclass

import numpy as np

from neuralcollapse.metrics import CollapseReport
from neuralcollapse.training.recipe import Recipe


@dataclass(frozen=True)
class History:
    """Measurements of an ensemble along training.

    Attributes
    ----------
    task : str
        Name of the task.
    recipe : Recipe
    seeds : tuple of int
    epochs : ndarray, shape (num_checkpoints,), int
        Epochs completed at each checkpoint; 0 is the untrained network.
    reports : tuple of tuple of CollapseReport
        Indexed by checkpoint, then seed; measured on the training set in evaluation mode.
    losses, train_accuracies, test_accuracies : ndarray, shape (num_checkpoints, num_seeds)
        Mean loss without weight decay; shares of samples in [0, 1].
    features : ndarray, shape (num_checkpoints, num_samples, num_features)
        Of the first seed, on the training set.
    labels : ndarray, shape (num_samples,), int
    weights, biases : ndarray, shapes (num_checkpoints, K, num_features), (num_checkpoints, K)
        Classifier of the first seed; biases are zero where it has none.
    models : tuple of Module
        The trained networks, one a seed.
    """

    task: str
    recipe: Recipe
    seeds: tuple
    epochs: np.ndarray
    reports: tuple[tuple[CollapseReport, ...], ...]
    losses: np.ndarray
    train_accuracies: np.ndarray
    test_accuracies: np.ndarray
    features: np.ndarray
    labels: np.ndarray
    weights: np.ndarray
    biases: np.ndarray
    models: tuple

    def series(self, metric):
        """Return one metric over training.

        Parameters
        ----------
        metric : str
            A field of `CollapseReport`.

        Returns
        -------
        ndarray, shape (num_checkpoints, num_seeds), float64
            NaN where the metric was undefined.

        Raises
        ------
        ValueError
            If there is no such metric.
        """
        names = [name for _, name, _, _ in self.reports[0][0].rows()]
        if metric not in names:
            raise ValueError(f"metric: expected one of {', '.join(names)}, got {metric!r}")
        values = [[getattr(report, metric) for report in row] for row in self.reports]
        return np.array(values, dtype=float)

    def final(self, metric):
        """Return one metric at the last checkpoint, shape (num_seeds,)."""
        return self.series(metric)[-1]

    def drop(self, metric, since=1):
        """Return by which factor a metric fell from epoch `since` to the last, shape (num_seeds,).

        Raises
        ------
        ValueError
            If epoch `since` was not a checkpoint.
        """
        with np.errstate(divide="ignore"):  # a metric that reached zero fell without bound
            return self.series(metric)[self.checkpoint(since)] / self.final(metric)

    def checkpoint(self, epoch):
        """Return the index of the checkpoint after `epoch` epochs.

        Raises
        ------
        ValueError
            If nothing was measured then.
        """
        found = np.flatnonzero(self.epochs == epoch)
        if len(found) == 0:
            raise ValueError(f"epoch: expected one of {self.epochs.tolist()}, got {epoch}")
        return int(found[0])

    def terminal_epoch(self):
        """Return the first checkpoint from which on every seed classifies every training sample.

        Returns
        -------
        int or None
            None if the terminal phase was not reached.
        """
        solved = (self.train_accuracies == 1).all(1)
        if not solved[-1]:
            return None
        unsolved = np.flatnonzero(~solved)
        return int(self.epochs[unsolved[-1] + 1 if len(unsolved) else 0])
