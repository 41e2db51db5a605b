"""Floor 5: loops that train ensembles as one batch, recipes, histories, and sweeps."""

from neuralcollapse.training.deep_features import DeepDescent, descend_deep_features
from neuralcollapse.training.descent import Descent
from neuralcollapse.training.ensemble_history import EnsembleHistory
from neuralcollapse.training.fit import fit
from neuralcollapse.training.fit_ensemble import fit_ensemble
from neuralcollapse.training.fit_features import FeatureHistory, fit_features
from neuralcollapse.training.fit_language import LanguageHistory, fit_language
from neuralcollapse.training.fit_tasks import FittedTasks, fit_tasks
from neuralcollapse.training.history import History
from neuralcollapse.training.language_recipe import LanguageRecipe
from neuralcollapse.training.language_report import (
    LanguageReport,
    context_statistics,
    measure_language,
)
from neuralcollapse.training.layer_split import LayerSplit, split_layers
from neuralcollapse.training.recipe import Recipe
from neuralcollapse.training.sweep import sweep
from neuralcollapse.training.threads import reproducible

__all__ = [
    "DeepDescent",
    "Descent",
    "EnsembleHistory",
    "FeatureHistory",
    "FittedTasks",
    "History",
    "LanguageHistory",
    "LanguageRecipe",
    "LanguageReport",
    "LayerSplit",
    "Recipe",
    "context_statistics",
    "descend_deep_features",
    "fit",
    "fit_ensemble",
    "fit_features",
    "fit_language",
    "fit_tasks",
    "measure_language",
    "reproducible",
    "split_layers",
    "sweep",
]
