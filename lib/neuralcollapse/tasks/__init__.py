"""Floor 4: the data of the book, seeded and offline."""

from neuralcollapse.tasks.digits import digits
from neuralcollapse.tasks.task import Task

__all__ = ["Task", "digits"]
