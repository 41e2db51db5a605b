"""Floor 4: the data of the book, seeded and offline."""

from neuralcollapse.tasks.digits import digits
from neuralcollapse.tasks.framed_digits import FramedDigits, frame_hues, frame_pixels, framed_digits
from neuralcollapse.tasks.library_prose import Prose, library_prose
from neuralcollapse.tasks.long_tailed_digits import long_tailed_digits
from neuralcollapse.tasks.operations import (
    OperationTable,
    exclusive_or,
    latin_square,
    modular_addition,
)
from neuralcollapse.tasks.regression import (
    RegressionTask,
    arm_imitation,
    inpainted_digits,
    linnerud,
    permuted_targets,
)
from neuralcollapse.tasks.standardize import standardized
from neuralcollapse.tasks.task import Task

__all__ = [
    "FramedDigits",
    "OperationTable",
    "Prose",
    "RegressionTask",
    "Task",
    "arm_imitation",
    "digits",
    "exclusive_or",
    "frame_hues",
    "frame_pixels",
    "framed_digits",
    "inpainted_digits",
    "latin_square",
    "library_prose",
    "linnerud",
    "long_tailed_digits",
    "modular_addition",
    "permuted_targets",
    "standardized",
]
