"""Networks of the page on regression: how they are trained, measured, stored.

Rows trained by ``experiments/regression_networks.py`` are stored beside it; the page trains two
settings again.
"""

from dataclasses import asdict, dataclass
from functools import partial

import numpy as np
import torch

from neuralcollapse.claims.experiments import EXPERIMENTS, wanted_rows
from neuralcollapse.metrics import nrc3
from neuralcollapse.models import RegressionMLP
from neuralcollapse.tasks import arm_imitation, inpainted_digits, linnerud, permuted_targets
from neuralcollapse.theory.regression import regression_optimum
from neuralcollapse.training import Descent, fit_regression

STORED = EXPERIMENTS / "regression_networks.json"
SEEDS = (0, 1, 2)
TASKS = {"digits": inpainted_digits, "linnerud": linnerud, "arm": arm_imitation}
WIDTH = 64
STEPS = {"digits": 1000, "linnerud": 2000, "arm": 1000}


@dataclass(frozen=True)
class RegressionSetting:
    r"""What a run varies.

    Attributes
    ----------
    task : {"digits", "linnerud", "arm"}
    decay : float
        $\lambda_H=\lambda_W$, on features and last layer only.
    parameter_decay : float
        On every parameter instead.
    relu : bool
        Whether features are rectified.
    permuted : bool
        Whether training targets are dealt out to other samples.
    """

    task: str = "digits"
    decay: float = 0.0
    parameter_decay: float = 0.0
    relu: bool = False
    permuted: bool = False


GROUPS = (  # settings that are trained together: they differ in decays only
    (
        *(RegressionSetting(decay=decay) for decay in (0.0, 0.01, 0.05)),
        *(RegressionSetting(parameter_decay=decay) for decay in (5e-3, 2e-2)),
    ),
    tuple(RegressionSetting("linnerud", decay) for decay in (0.0, 0.1)),
    tuple(RegressionSetting("arm", decay) for decay in (0.0, 0.1)),
    (
        *(RegressionSetting(decay=decay, relu=True) for decay in (0.0, 0.05)),
        RegressionSetting(parameter_decay=5e-3, relu=True),
    ),
    (
        RegressionSetting(decay=0.05, permuted=True),
        RegressionSetting(parameter_decay=5e-3, permuted=True),
    ),
)


def data(setting, seed=0):
    """Return the task of a setting; `seed` chooses the samples where there is a choice."""
    make = TASKS[setting.task]
    task = make() if setting.task == "linnerud" else make(seed=seed)
    return permuted_targets(task, seed=seed) if setting.permuted else task


def recipe(setting):
    """Return Adam at 0.004, falling linearly from the start, on the whole training set."""
    return Descent(steps=STEPS[setting.task], learning_rate=4e-3, cooldown=1.0, ramp=(0, 0))


def train(settings, seed, checkpoints=None):
    """Train one network a setting, all of one task, width and rectifier.

    Parameters
    ----------
    settings : sequence of RegressionSetting
        That differ in decays only.
    seed : int
        Of the samples and of the weights.
    checkpoints : sequence of int, optional
        As `fit_regression` takes them.

    Returns
    -------
    RegressionHistory
    """
    first = settings[0]
    task = data(first, seed)
    widths = (task.num_inputs, WIDTH, WIDTH, WIDTH, task.num_targets)
    decays = [setting.decay for setting in settings]
    return fit_regression(
        partial(RegressionMLP, widths, relu=first.relu),
        task,
        recipe(first),
        seeds=[seed] * len(settings),
        weight_decay=decays,
        feature_decay=decays,
        parameter_decay=[setting.parameter_decay for setting in settings],
        checkpoints=checkpoints,
    )


def measured(history, settings, seed):
    """Hold trained networks against the closed form of their decays.

    Parameters
    ----------
    history : RegressionHistory
    settings : sequence of RegressionSetting
    seed : int
        As they were trained.

    Returns
    -------
    list of dict
        What the report says at the end, ``loss`` and ``explained``; with decay of features also
        ``nrc3_fixed`` (gamma is c), ``value`` (objective over the least of free features),
        ``gram`` (relative error of the Gram matrix) and ``whiteness`` (extreme eigenvalues of the
        residual covariance over c). ``diagonal`` is that of the Gram matrix in the eigenbasis of
        the covariance, ``eigenvalues`` those of the covariance.
    """
    task = data(settings[0], seed)
    targets, rows = task.train_targets.numpy(), []
    for place, (setting, model) in enumerate(zip(settings, history.models, strict=True)):
        report = history.reports[-1][place].to_dict()
        row = {name: value for name, value in report.items() if not name.startswith("num_")}
        row |= {"loss": history.losses[-1, place], "explained": history.explained[-1, place]}
        weight = model.classifier.weight.detach().numpy()
        gram, price = weight @ weight.T, setting.decay or 1e-9
        best = regression_optimum(targets, weight_decay=price, feature_decay=price)
        basis = best.eigenvectors
        row |= {"eigenvalues": best.eigenvalues, "diagonal": np.diag(basis.T @ gram @ basis)}
        if setting.decay:
            with torch.no_grad():
                errors = (model(task.train_inputs).logits - task.train_targets).numpy()
            spread = np.linalg.eigvalsh(np.cov(errors.T, ddof=0)) / best.regularisation
            error = np.linalg.norm(gram - best.weight_gram) / np.linalg.norm(best.weight_gram)
            row |= {
                "nrc3_fixed": nrc3(weight, targets, gamma=best.regularisation),
                "value": history.objectives[-1, place] / best.objective,
                "gram": error,
                "whiteness": spread[[0, -1]],
            }
        rows.append({name: _rounded(value) for name, value in row.items()})
    return rows


def run(settings, seed):
    """Train and measure settings, given as keyword arguments; what a worker of the sweep does."""
    settings = [RegressionSetting(**setting) for setting in settings]
    return measured(train(settings, seed), settings, seed)


def stored(setting, name):
    """Return one quantity of a stored setting.

    Parameters
    ----------
    setting : RegressionSetting
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
    rows = wanted_rows(STORED, setting=asdict(setting))
    return np.array(
        [row["found"][name] for row in sorted(rows, key=lambda row: row["seed"])], float
    )


def _rounded(value):
    if value is None or np.isnan(value).any():
        return None  # no test set
    if np.ndim(value):
        return [float(f"{x:.6g}") for x in value]
    return float(f"{value:.6g}")
