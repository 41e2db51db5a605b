"""Machines measured layer by layer, and what single layers of perceptrons did."""

import numpy as np
import pytest
import torch

from neuralcollapse.claims.gradients import ScaledMLP
from neuralcollapse.metrics import average_gradient_outer_product, measure
from neuralcollapse.models import MLP
from neuralcollapse.tasks import digits, standardized
from neuralcollapse.training import fit_features, split_layers


def test_measurements_are_those_of_the_stages():
    task = standardized(digits(8))
    history = fit_features(task, 2, width=40, seeds=(3, 5))
    assert history.variabilities.shape == (2, 3, 2)
    alone = fit_features(task, 2, width=40, seeds=(5,))
    assert np.array_equal(alone.variabilities[..., 0], history.variabilities[..., 1])
    layers = alone.machines[0].stages(task.train_inputs)
    for layer, stages in enumerate(layers):
        for stage, features in enumerate(stages):
            report = measure(features, task.train_labels)
            expected = report.within_class_variability_trace, report.simplex_gram_mean_square_means
            found = alone.variabilities[layer, stage, 0], alone.deviations[layer, stage, 0]
            assert found == pytest.approx(expected, rel=1e-9)
    product = alone.gradient_factors * alone.map_factors
    assert product == pytest.approx(alone.variabilities[:, 2] / alone.variabilities[:, 0])
    decided = (
        alone.machines[0]
        .layers[0]
        .predictor(task.test_inputs / task.test_inputs.norm(dim=1, keepdim=True))
    )
    hits = (decided.argmax(1) == task.test_labels).double().mean()
    assert alone.test_accuracies[0, 0] == pytest.approx(float(hits))


def test_seeds_are_checked():
    task = standardized(digits(2))
    with pytest.raises(ValueError, match="seeds"):
        fit_features(task, 1, seeds=(1, 1))


def test_standardized_pixels_have_mean_0_and_deviation_1():
    task = standardized(digits(20))
    spread = task.train_inputs.std(0, correction=0)
    assert task.train_inputs.mean(0).abs().max() < 1e-12
    assert set(spread.round(decimals=9).tolist()) == {0.0, 1.0}


def test_layers_are_split_as_the_definition_says():
    generator = torch.Generator().manual_seed(0)
    start = ScaledMLP((5, 7, 6, 3), 0.8, generator=generator)
    network = ScaledMLP((5, 7, 6, 3), 0.8, generator=generator)
    with torch.no_grad():
        network.body[2].bias += 0.1
    inputs = torch.randn(20, 5, generator=generator, dtype=torch.float64)
    labels = torch.arange(20) % 3
    second = split_layers(network, start, inputs, labels)[1]
    grams, roots = [], []
    for net in (network, start):
        weight = net.body[2].weight.detach()
        grams.append((weight.T @ weight).numpy())
        tail = lambda batch, net=net: net.classifier(net.body[2:](batch))  # noqa: E731
        product = average_gradient_outer_product(tail, net.body[:2](inputs).detach()).numpy()
        left, values, _ = np.linalg.svd(product)
        roots.append(left @ np.diag(np.sqrt(values)) @ left.T)
    for field, one, other in (
        ("cosine", grams[0], roots[0]),
        ("initial_cosine", grams[1], roots[1]),
        ("centred_cosine", grams[0] - grams[1], roots[0] - roots[1]),
    ):
        cosine = np.sum(one * other) / np.linalg.norm(one) / np.linalg.norm(other)
        assert getattr(second, field) == pytest.approx(cosine, rel=1e-6)
    entering = network.body[:2](inputs).detach()
    _, values, right = torch.linalg.svd(network.body[2].weight.detach(), full_matrices=False)
    rotated = entering @ (values[:, None] * right).T
    found = [measure(stage, labels) for stage in (entering, rotated, network.body[:4](inputs))]
    expected = [report.within_class_variability_trace for report in found]
    assert second.variabilities == pytest.approx(expected, rel=1e-9)


def test_normalised_networks_are_refused():
    network = MLP((4, 3, 2), generator=torch.Generator().manual_seed(0))
    with pytest.raises(ValueError, match="normalize=False"):
        split_layers(network, network, torch.zeros(3, 4), torch.tensor([0, 1, 1]))
