"""Floor 5: loops that train ensembles as one batch, recipes, histories, and sweeps."""

from neuralcollapse.training.deep_features import DeepDescent, descend_deep_features
from neuralcollapse.training.descent import Descent
from neuralcollapse.training.ensemble_history import EnsembleHistory
from neuralcollapse.training.fit import fit
from neuralcollapse.training.fit_ensemble import fit_ensemble
from neuralcollapse.training.fit_environments import EnvironmentRecipe, fit_environments
from neuralcollapse.training.fit_features import FeatureHistory, fit_features
from neuralcollapse.training.fit_language import LanguageHistory, fit_language
from neuralcollapse.training.fit_regression import RegressionHistory, fit_regression
from neuralcollapse.training.fit_tails import fit_tails
from neuralcollapse.training.fit_tasks import FittedTasks, fit_tasks
from neuralcollapse.training.history import History
from neuralcollapse.training.language_recipe import LanguageRecipe
from neuralcollapse.training.language_report import (
    LanguageReport,
    context_statistics,
    measure_language,
)
from neuralcollapse.training.layer_split import LayerSplit, split_layers
from neuralcollapse.training.partitions import (
    likelihood_partition,
    random_partition,
    reassigned_partition,
)
from neuralcollapse.training.recipe import Recipe
from neuralcollapse.training.sweep import sweep
from neuralcollapse.training.tail_losses import TAIL_METHODS, TailLoss, tail_loss
from neuralcollapse.training.threads import reproducible

__all__ = [
    "TAIL_METHODS",
    "DeepDescent",
    "Descent",
    "EnsembleHistory",
    "EnvironmentRecipe",
    "FeatureHistory",
    "FittedTasks",
    "History",
    "LanguageHistory",
    "LanguageRecipe",
    "LanguageReport",
    "LayerSplit",
    "Recipe",
    "RegressionHistory",
    "TailLoss",
    "context_statistics",
    "descend_deep_features",
    "fit",
    "fit_ensemble",
    "fit_environments",
    "fit_features",
    "fit_language",
    "fit_regression",
    "fit_tails",
    "fit_tasks",
    "likelihood_partition",
    "measure_language",
    "random_partition",
    "reassigned_partition",
    "reproducible",
    "split_layers",
    "sweep",
    "tail_loss",
]
