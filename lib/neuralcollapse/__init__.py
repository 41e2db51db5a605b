"""The geometry of neural collapse: measure it, train it, prove it.

Importing this package loads nothing heavy; the names below are resolved on first use.
"""

from importlib import import_module

__version__ = "0.1.0"

_HOMES = {
    "ClassStatistics": "neuralcollapse.statistics",
    "CollapseReport": "neuralcollapse.metrics.report",
    "CyclicReport": "neuralcollapse.geometry.cyclic.report",
    "measure": "neuralcollapse.metrics.measurement",
    "measure_cyclic": "neuralcollapse.geometry.cyclic.report",
}

__all__ = ["ClassStatistics", "CollapseReport", "CyclicReport", "measure", "measure_cyclic"]


def __getattr__(name):
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'neuralcollapse' has no attribute {name!r}")


def __dir__():
    return sorted([*globals(), *_HOMES])
