"""Floor 4: the data of the book, seeded and offline."""

from neuralcollapse.tasks.digits import digits
from neuralcollapse.tasks.framed_digits import (
    FramedDigits,
    frame_hues,
    frame_pixels,
    framed_digits,
)
from neuralcollapse.tasks.operations import (
    OperationTable,
    exclusive_or,
    latin_square,
    modular_addition,
)
from neuralcollapse.tasks.standardize import standardized
from neuralcollapse.tasks.task import Task

__all__ = [
    "FramedDigits",
    "OperationTable",
    "Task",
    "digits",
    "exclusive_or",
    "frame_hues",
    "frame_pixels",
    "framed_digits",
    "latin_square",
    "modular_addition",
    "standardized",
]
