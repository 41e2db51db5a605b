"""How a language model is trained: AdamW, warm-up and a cosine, as data."""

import math
from dataclasses import dataclass

from neuralcollapse.geometry.arrays import as_nonnegative, as_number, as_positive, as_whole


@dataclass(frozen=True)
class LanguageRecipe:
    """AdamW on windows of text; the defaults teach a small transformer the book's prose.

    Attributes
    ----------
    epochs : int
    batch_size : int
        Windows a step averages over.
    context : int
        Tokens a window.
    learning_rate : float
        The largest.
    warmup : int
        Steps in which the learning rate rises linearly from 0.
    floor : float
        Share of the learning rate that a cosine ends at.
    betas : (float, float)
        Of Adam.
    weight_decay : float
        Decoupled; on matrices, embeddings included, not on biases and norms.
    clip : float
        Largest norm of a gradient.

    Raises
    ------
    ValueError
        If a value is out of range.

    Examples
    --------
    >>> recipe = LanguageRecipe(warmup=2, learning_rate=1.0)
    >>> [round(recipe.learning_rate_at(step, 12), 2) for step in (0, 1, 2, 7, 12)]
    [0.5, 1.0, 1.0, 0.55, 0.1]
    """

    epochs: int = 4
    batch_size: int = 8
    context: int = 64
    learning_rate: float = 3e-3
    warmup: int = 50
    floor: float = 0.1
    betas: tuple[float, float] = (0.9, 0.95)
    weight_decay: float = 0.1
    clip: float = 1.0

    def __post_init__(self):
        for name, least in (("epochs", 1), ("batch_size", 1), ("context", 1), ("warmup", 0)):
            object.__setattr__(self, name, as_whole(getattr(self, name), name, least))
        as_positive(self.learning_rate, "learning_rate")
        as_positive(self.clip, "clip")
        as_nonnegative(self.weight_decay, "weight_decay")
        if not 0 <= as_number(self.floor, "floor") <= 1:
            raise ValueError(f"floor: expected a share from 0 to 1, got {self.floor}")
        if len(self.betas) != 2 or not 0 <= min(self.betas) <= max(self.betas) < 1:
            raise ValueError(f"betas: expected two numbers in [0, 1), got {self.betas}")

    def learning_rate_at(self, step, num_steps):
        """Learning rate of a step.

        Parameters
        ----------
        step : int
            From 0.
        num_steps : int
            Of the whole run.

        Returns
        -------
        float
        """
        if step < self.warmup:
            return self.learning_rate * (step + 1) / self.warmup
        passed = (step - self.warmup) / max(1, num_steps - self.warmup)
        share = self.floor + (1 - self.floor) * (1 + math.cos(math.pi * passed)) / 2
        return self.learning_rate * share
