"""Floor 5: one loop, ensembles trained as one batch, and the history they leave."""

from neuralcollapse.training.fit import fit
from neuralcollapse.training.history import History
from neuralcollapse.training.recipe import Recipe
from neuralcollapse.training.threads import reproducible

__all__ = ["History", "Recipe", "fit", "reproducible"]
