"""Floor 5: loops that train ensembles as one batch, recipes, histories, and sweeps."""

from neuralcollapse.training.descent import Descent
from neuralcollapse.training.ensemble_history import EnsembleHistory
from neuralcollapse.training.fit import fit
from neuralcollapse.training.fit_ensemble import fit_ensemble
from neuralcollapse.training.fit_features import FeatureHistory, fit_features
from neuralcollapse.training.history import History
from neuralcollapse.training.layer_split import LayerSplit, split_layers
from neuralcollapse.training.recipe import Recipe
from neuralcollapse.training.sweep import sweep
from neuralcollapse.training.threads import reproducible

__all__ = [
    "Descent",
    "EnsembleHistory",
    "FeatureHistory",
    "History",
    "LayerSplit",
    "Recipe",
    "fit",
    "fit_ensemble",
    "fit_features",
    "reproducible",
    "split_layers",
    "sweep",
]
