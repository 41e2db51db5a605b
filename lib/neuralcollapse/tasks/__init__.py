"""Floor 4: the data of the book, seeded and offline."""

from neuralcollapse.tasks.digits import digits
from neuralcollapse.tasks.library_prose import Prose, library_prose
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
    "Prose",
    "Task",
    "digits",
    "exclusive_or",
    "latin_square",
    "library_prose",
    "modular_addition",
    "standardized",
]
