"""How an operation table is learned: full-batch descent with penalties that rise, as data."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from neuralcollapse.geometry.arrays import as_nonnegative, as_number, as_positive, as_whole

OPTIMIZERS = ("adam", "gradient")


@dataclass(frozen=True)
class Descent:
    r"""Full-batch descent; the defaults bring a clock network to a circle.

    Attributes
    ----------
    steps : int
    optimizer : {"adam", "gradient"}
        AdamW, or gradient descent without momentum.
    learning_rate : float
    betas, eps : (float, float), float
        Of Adam.
    weight_decay : float
        Decoupled from the gradient in AdamW; added to it in gradient descent.
    rates : dict of str to float
        Factors on the learning rate of single layers, for instance ``{"embedding": 0.25}``.
    cooldown : float
        Fraction of the run, at its end, in which the learning rate falls linearly to a fiftieth.
    ramp : (float, float)
        Fractions of the run between which penalties rise linearly from 0 to their strength;
        ``(0, 0)`` keeps them constant.
    smoothing : (float, float)
        The nuclear norm is $\sum_i\sqrt{\sigma_i^2+\epsilon^2}$, where $\epsilon$ falls
        geometrically from the first number to the second; dimensionless.

    Raises
    ------
    ValueError
        If a value is out of range.

    Examples
    --------
    >>> recipe = Descent(steps=100)
    >>> [recipe.penalty_share(step) for step in (0, 50, 100)]
    [0.0, 0.5, 1.0]
    """

    steps: int = 1500
    optimizer: str = "adam"
    learning_rate: float = 0.03
    betas: tuple[float, float] = (0.9, 0.98)
    eps: float = 1e-8
    weight_decay: float = 0.0
    rates: dict = field(default_factory=dict)
    cooldown: float = 0.2
    ramp: tuple[float, float] = (0.2, 0.8)
    smoothing: tuple[float, float] = (0.05, 1e-4)

    def __post_init__(self):
        if self.optimizer not in OPTIMIZERS:
            raise ValueError(f"optimizer: expected one of {OPTIMIZERS}, got {self.optimizer!r}")
        object.__setattr__(self, "steps", as_whole(self.steps, "steps", 1))
        if not isinstance(self.rates, Mapping):
            raise ValueError(f"rates: expected factors by layer, got {self.rates!r}")
        positive = {"learning_rate": self.learning_rate, "eps": self.eps}
        positive |= {f"rates[{layer!r}]": rate for layer, rate in self.rates.items()}
        for name, value in positive.items():
            as_positive(value, name)
        as_nonnegative(self.weight_decay, "weight_decay")
        if not 0 <= as_number(self.cooldown, "cooldown") <= 1:
            raise ValueError(f"cooldown: expected a fraction of the run, got {self.cooldown}")
        _pair(
            self.betas,
            "betas",
            "two numbers in [0, 1)",
            lambda a, b: min(a, b) >= 0 and max(a, b) < 1,
        )
        _pair(self.ramp, "ramp", "two rising fractions of the run", lambda a, b: 0 <= a <= b <= 1)
        _pair(self.smoothing, "smoothing", "two positive numbers", lambda a, b: min(a, b) > 0)

    def learning_rate_at(self, step):
        """Learning rate of a step, counted from 0."""
        left = (1 - step / self.steps) / self.cooldown if self.cooldown else 1.0
        return self.learning_rate * (0.02 + 0.98 * min(1.0, left))

    def penalty_share(self, step):
        """Share of its strength, from 0 to 1, that a penalty has at a step."""
        start, end = (fraction * self.steps for fraction in self.ramp)
        if start == end:
            return float(step >= start)
        return min(1.0, max(0.0, (step - start) / (end - start)))

    def smoothing_at(self, step):
        """Smoothing of the nuclear norm at a step."""
        first, last = self.smoothing
        return first * (last / first) ** (step / self.steps)


def _pair(values, name, expected, allowed):
    try:
        first, second = values
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name}: expected {expected}, got {values!r}") from error
    if not allowed(as_number(first, name, expected), as_number(second, name, expected)):
        raise ValueError(f"{name}: expected {expected}, got {values!r}")
