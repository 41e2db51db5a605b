"""Free features for real targets: the optimum in closed form, a descent beside it."""

from neuralcollapse.theory.regression.descent import minimise_regression, regression_objective
from neuralcollapse.theory.regression.optimum import RegressionOptimum, regression_optimum

__all__ = [
    "RegressionOptimum",
    "minimise_regression",
    "regression_objective",
    "regression_optimum",
]
