"""New environments: the acceptance inequalities, trained here, and the exact statements."""

import mpmath
import numpy as np
import pytest
import torch

from neuralcollapse.claims import environment_runs as runs
from neuralcollapse.claims.environments import hue_reader, least_objective, objective
from neuralcollapse.geometry import simplex_etf
from neuralcollapse.tasks import framed_digits


@pytest.fixture(scope="module")
def slice_of_table():
    """Three methods, two seeds, trained anew."""
    methods = {"plain": runs.PLAIN, "aligned": runs.ALIGNED, "maskless": runs.MASKLESS}
    return {name: runs.train(method, (0, 1)) for name, method in methods.items()}


def test_acceptance_the_recipe_gains_fifteen_hundredths(slice_of_table):
    wrong = {name: run.accuracies().mean() for name, run in slice_of_table.items()}
    assert wrong["aligned"] > wrong["plain"] + 0.15


def test_acceptance_without_mask_it_loses_five_hundredths(slice_of_table):
    wrong = {name: run.accuracies().mean() for name, run in slice_of_table.items()}
    assert wrong["maskless"] < wrong["aligned"] - 0.05


def test_the_file_holds_what_is_trained(slice_of_table):
    methods = {"plain": runs.PLAIN, "aligned": runs.ALIGNED, "maskless": runs.MASKLESS}
    for name, method in methods.items():
        found = slice_of_table[name].accuracies()
        assert np.allclose(found, runs.stored("wrong", method)[:2], atol=0.02)


def test_a_method_that_was_not_trained_is_named():
    with pytest.raises(KeyError, match=r"environments\.json"):
        runs.stored("wrong", runs.Method(label_noise=0.5))


@pytest.mark.parametrize(("num_classes", "temperature"), [(3, 0.7), (7, 0.11)])
def test_the_least_objective_in_many_digits(num_classes, temperature):
    with mpmath.workdps(40):
        vertices = simplex_etf(num_classes)
        logits = [mpmath.mpf(float(v @ vertices[0])) / mpmath.mpf(temperature) for v in vertices]
        value = mpmath.log(sum(mpmath.e ** (z - logits[0]) for z in logits))
    assert least_objective(num_classes, temperature) == pytest.approx(float(value), rel=1e-12)


def test_the_reader_of_hues_is_least_only_by_heart():
    task = framed_digits()
    vertices = torch.from_numpy(simplex_etf(10))
    values = []
    for remembers in (True, False):
        features = hue_reader(task, task.train_inputs, remembers)
        values.append(float(objective(features, task.train_labels, task.environments, vertices)))
    assert values[0] == pytest.approx(least_objective(10), rel=1e-9)
    assert values[1] > 100 * values[0]
