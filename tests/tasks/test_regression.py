"""Real targets: what is split, how it is scaled, and an arm whose mechanics are derived anew."""

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits

from neuralcollapse.tasks import arm_imitation, inpainted_digits, linnerud, permuted_targets
from neuralcollapse.tasks.arm import LENGTHS, MASSES, expert_torques, torques
from neuralcollapse.tasks.regression import RegressionTask


def test_targets_are_the_middle_pixels_and_inputs_the_others():
    task = inpainted_digits(50, seed=4)
    images = load_digits().images[np.random.default_rng(4).permutation(1797)] / 16
    middle = images[:50, 3:5, 3:5].reshape(50, 4)
    np.testing.assert_array_equal(task.train_targets.numpy(), middle)
    kept = np.ones((8, 8), dtype=bool)
    kept[3:5, 3:5] = False
    others = images[:, kept]
    expected = others[50:] - others[:50].mean(0)
    np.testing.assert_allclose(task.test_inputs.numpy(), expected, atol=1e-15)
    assert len(task.test_inputs) == 1747


@pytest.mark.parametrize("task", [linnerud(), arm_imitation(60)])
def test_inputs_and_targets_are_standardised_on_the_training_set(task):
    for values in (task.train_inputs, task.train_targets):
        torch.testing.assert_close(values.mean(0), torch.zeros(values.shape[1]).double())
        torch.testing.assert_close(
            values.std(0, correction=0), torch.ones(values.shape[1]).double()
        )


def test_permuting_keeps_inputs_and_the_covariance_of_targets():
    task = inpainted_digits(80)
    other = permuted_targets(task, seed=1)
    assert torch.equal(task.train_inputs, other.train_inputs)
    assert not torch.equal(task.train_targets, other.train_targets)
    torch.testing.assert_close(task.train_targets.T.cov(), other.train_targets.T.cov())
    assert "permuted" in other.name


def lagrangian(joints, rates):
    """Kinetic energy of three rods by quadrature along each, for one state."""
    nodes, shares = np.polynomial.legendre.leggauss(8)
    angles, spins = np.cumsum(joints), np.cumsum(rates)
    total, root = 0.0, np.zeros(2)
    for length, mass, angle, spin in zip(LENGTHS, MASSES, angles, spins, strict=True):
        across = np.array([-np.sin(angle), np.cos(angle)])
        for node, share in zip((nodes + 1) / 2, shares / 2, strict=True):
            total += mass * share * ((root + node * length * spin * across) ** 2).sum() / 2
        root = root + length * spin * across
    return total


def test_torques_obey_lagrange():
    generator = np.random.default_rng(0)
    joints, rates, changes = generator.normal(size=(3, 3))
    step = 1e-4

    def slope(k, joints, rates, by):
        moved = []
        for sign in (1, -1):
            shift = sign * step * np.eye(3)[k]
            moved.append(
                lagrangian(joints + shift, rates)
                if by == "joints"
                else lagrangian(joints, rates + shift)
            )
        return (moved[0] - moved[1]) / (2 * step)

    for k in range(3):
        along = [
            slope(k, joints + s * step * rates, rates + s * step * changes, "rates")
            for s in (1, -1)
        ]
        expected = (along[0] - along[1]) / (2 * step) - slope(k, joints, rates, "joints")
        found = torques(joints[None], rates[None], changes[None])[0, k]
        assert found == pytest.approx(expected, abs=1e-5)


def test_an_expert_at_rest_on_its_point_does_nothing():
    joints = np.array([[0.3, -0.8, 1.1]])
    angles = np.cumsum(joints, axis=1)
    hand = np.column_stack([(LENGTHS * np.cos(angles)).sum(1), (LENGTHS * np.sin(angles)).sum(1)])
    np.testing.assert_allclose(expert_torques(joints, 0 * joints, hand), 0, atol=1e-14)
    pulled = expert_torques(joints, 0 * joints, hand + 0.1)
    assert np.abs(pulled).max() > 0.01


@pytest.mark.parametrize("size", [4, 1797, 20.5])
def test_sizes_out_of_range_are_refused(size):
    with pytest.raises(ValueError, match="num_samples: expected"):
        inpainted_digits(size)


def test_a_task_needs_a_target_an_input():
    three, two = torch.zeros(3, 2), torch.zeros(2, 1)
    with pytest.raises(ValueError, match="train_targets: expected 3 rows"):
        RegressionTask("bad", three, two, three, torch.zeros(3, 1))
