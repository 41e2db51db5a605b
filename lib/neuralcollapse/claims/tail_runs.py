"""The experiment of the page on long tails: methods and controls on long-tailed digits.

Its table rests on rows trained by ``experiments/long_tails.py`` and stored beside it.
"""

from dataclasses import asdict, dataclass, replace
from functools import cache

import numpy as np
import torch

from neuralcollapse.claims.experiments import EXPERIMENTS, wanted_rows
from neuralcollapse.geometry import class_aware_counts, gram_matrix
from neuralcollapse.tasks import long_tailed_digits
from neuralcollapse.training import fit_tails, tail_loss
from neuralcollapse.training.fit_tails import TAIL_RECIPE, WIDTHS

STORED = EXPERIMENTS / "long_tails.json"
HEAD, TAIL = slice(0, 3), slice(7, 10)
AVERAGE, ANGLE = 20, 0.2


@dataclass(frozen=True)
class Setting:
    """What a run varies.

    Attributes
    ----------
    method : str
        One of `TAIL_METHODS`.
    ratio : float
        Size of the largest class over that of the smallest.
    mixup, gain : float
        As in `fit_tails`.
    learning_rate : float
    angle : float
        Of the centres, in radians.
    reversed : bool
        Give the most centres and weight to the most frequent class.
    random_dims : int or None
        Replace simplex and directions by random unit rows that span so many dimensions.
    """

    method: str = "class_aware"
    ratio: float = 50.0
    mixup: float = 1.0
    gain: float = 1.0
    learning_rate: float = TAIL_RECIPE.learning_rate
    angle: float = ANGLE
    reversed: bool = False
    random_dims: int | None = None


def class_sizes(ratio):
    """Return the sizes of the classes, largest first, shape (10,)."""
    return long_tailed_digits(ratio).train_labels.bincount().numpy()


def setting_loss(setting):
    """Return the loss that a setting trains with."""
    sizes = class_sizes(setting.ratio)
    counts = class_aware_counts(sizes, AVERAGE)
    loss = tail_loss(
        setting.method,
        sizes,
        WIDTHS[-2],
        num_centres=counts[::-1] if setting.reversed else counts,
        average=AVERAGE,
        angle=setting.angle,
    )
    if setting.random_dims is not None:
        rows = np.random.default_rng(0).normal(size=(len(sizes), setting.random_dims))
        rows = np.pad(rows, ((0, 0), (0, WIDTHS[-2] - setting.random_dims)))
        rows /= np.linalg.norm(rows, axis=1, keepdims=True)
        loss = replace(loss, weights=rows, targets=torch.from_numpy(rows))
    return loss


@dataclass(frozen=True, eq=False)
class TailRuns:
    """What trained networks do on test images, and their classifiers.

    Attributes
    ----------
    accuracies : dict of str to ndarray, shape (num_seeds, 10), float64
        Share of right answers a class, most frequent class first, decided by the classifier, by
        the nearest class mean of training features, and by the largest cosine to the directions
        trained for, where there are such.
    weights : tuple of ndarray, shape (10, 256)
        Classifier of each network.
    agreement : dict of str to ndarray, shape (num_seeds,)
        Mean cosine of training features to their direction, for the frequent and the rare classes;
        empty for cross-entropy.
    """

    accuracies: dict
    weights: tuple
    agreement: dict

    def balanced(self, read="classifier", part=slice(None)):
        """Accuracy of each network, averaged over classes, all or some."""
        return self.accuracies[read][:, part].mean(axis=1)


@cache
def train(setting, seeds=(0, 1, 2)):
    """Train and measure one network a seed.

    Parameters
    ----------
    setting : Setting
    seeds : tuple of int

    Returns
    -------
    TailRuns
    """
    tasks = [long_tailed_digits(setting.ratio, seed=seed) for seed in seeds]
    loss = setting_loss(setting)
    recipe = replace(TAIL_RECIPE, learning_rate=setting.learning_rate)
    fitted = fit_tails(tasks, loss, recipe, seeds=seeds, mixup=setting.mixup, gain=setting.gain)
    found, agreement, weights = {}, {}, []
    for task, model in zip(tasks, fitted.models, strict=True):
        with torch.no_grad():
            train_features = model(task.train_inputs).features
            test_features, logits = model(task.test_inputs)
        for read, scores in _scores(loss, task, train_features, test_features, logits).items():
            found.setdefault(read, []).append(_by_class(scores.argmax(1), task))
        if loss.targets is not None:
            along = torch.nn.functional.normalize(train_features, dim=1)
            cosines = (along * loss.targets[task.train_labels]).sum(1)
            for part, classes in (("head", HEAD), ("tail", TAIL)):
                inside = torch.isin(task.train_labels, torch.arange(10)[classes])
                agreement.setdefault(part, []).append(float(cosines[inside].mean()))
        weights.append(model.classifier.weight.detach().numpy())
    return TailRuns(
        {read: np.array(rows) for read, rows in found.items()},
        tuple(weights),
        {part: np.array(values) for part, values in agreement.items()},
    )


def _scores(loss, task, train_features, test_features, logits):
    """What each way of reading a network gives to each class."""
    means = torch.stack([train_features[task.train_labels == k].mean(0) for k in range(10)])
    scores = {"classifier": logits, "nearest_mean": -torch.cdist(test_features, means)}
    if loss.targets is not None:
        scores["directions"] = test_features @ loss.targets.T
    return scores


def _by_class(decided, task):
    return [float((decided[task.test_labels == k] == k).double().mean()) for k in range(10)]


def minority_cosine(weights, classes=TAIL):
    """Mean cosine between the centred rows of a classifier that belong to some classes."""
    centred = weights - weights.mean(axis=0)
    unit = centred / np.linalg.norm(centred, axis=1, keepdims=True)
    gram = gram_matrix(unit[classes])
    return float(gram[np.triu_indices(len(gram), 1)].mean())


def measured(runs):
    """Return runs as what JSON can hold, to six digits."""
    rows = {f"accuracies_{read}": values for read, values in runs.accuracies.items()}
    rows["minority_cosine"] = np.array([minority_cosine(w) for w in runs.weights])
    rows |= {f"agreement_{part}": values for part, values in runs.agreement.items()}
    return {
        name: np.vectorize(lambda x: float(f"{x:.6g}"))(values).tolist()
        for name, values in rows.items()
    }


def run(setting, seeds):
    """Train and measure a setting, given as keyword arguments; what a worker of the sweep does."""
    return measured(train(Setting(**setting), tuple(seeds)))


def stored(setting, name="accuracies_classifier"):
    """Return one quantity of a stored setting.

    Parameters
    ----------
    setting : Setting
    name : str
        A key of what `measured` returns.

    Returns
    -------
    ndarray, shape (num_seeds, ...), float64

    Raises
    ------
    KeyError
        If the setting is not in the file.
    """
    return np.array(wanted_rows(STORED, setting=asdict(setting))[0]["found"][name])
