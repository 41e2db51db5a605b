"""Floor 4: the data of the book, seeded and offline."""

from neuralcollapse.tasks.digits import digits
from neuralcollapse.tasks.long_tailed_digits import long_tailed_digits
from neuralcollapse.tasks.operations import (
    OperationTable,
    exclusive_or,
    latin_square,
    modular_addition,
)
from neuralcollapse.tasks.standardize import standardized
from neuralcollapse.tasks.task import Task

__all__ = [
    "OperationTable",
    "Task",
    "digits",
    "exclusive_or",
    "latin_square",
    "long_tailed_digits",
    "modular_addition",
    "standardized",
]
