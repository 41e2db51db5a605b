"""Statements of the page *Gradients make features*."""

from functools import cache, partial

import numpy as np
import torch
from scipy.optimize import minimize

from neuralcollapse.claims.claim import Claim, Evidence, Measure
from neuralcollapse.metrics import average_gradient_outer_product
from neuralcollapse.models import MLP, fit_laplace
from neuralcollapse.tasks import digits, standardized
from neuralcollapse.theory.gradient_step import gradient_factor
from neuralcollapse.theory.gram_recursion import collapsed_gram, gram_rates, gram_step
from neuralcollapse.theory.learned_kernel import ridge_value
from neuralcollapse.theory.relu_kernel import (
    gram_variability,
    relu_cosine,
    relu_factor,
    relu_gram,
)
from neuralcollapse.training import Recipe, fit, fit_features, split_layers
from neuralcollapse.training.ensemble import WEIGHTS, stream

PAGE = "collapse/gradients-make-features"
CONFIGURATIONS = (  # classes, samples of each, kernel ridge, feature ridge
    (3, 2, 5.0, 1.0),
    (4, 5, 0.01, 0.1),
    (4, 3, 0.3, 0.05),
    (2, 4, 30.0, 7.0),
    (5, 3, 1.7, 2.5),
    (3, 5, 8.0, 0.5),
)


class ScaledMLP(MLP):
    """A perceptron without normalisation whose hidden weights are multiplied by `scale`."""

    def __init__(self, widths, scale, *, generator):
        super().__init__(widths, generator=generator, normalize=False)
        with torch.no_grad():
            for layer in self.body[::2]:
                layer.weight.mul_(scale)


def check_kernel_gradient(form):
    """Compare X^T Q X with automatic differentiation, for ``Q = form(predictor)``."""
    generator = torch.Generator().manual_seed(7)
    errors, sums, shifts = [], [], []
    for num_samples, dimension, outputs, ridge in ((12, 3, 2, 0.0), (30, 5, 3, 0.1), (7, 9, 1, 0)):
        draw = partial(torch.randn, generator=generator, dtype=torch.float64)
        inputs, targets = draw(num_samples, dimension), draw(num_samples, outputs)
        predictor = fit_laplace(inputs, targets, bandwidth=1.5, ridge=ridge)
        matrix = form(predictor)
        expected = average_gradient_outer_product(predictor, inputs)
        errors.append((inputs.T @ matrix @ inputs - expected).norm() / expected.norm())
        sums.append(matrix.sum(1).norm() / matrix.norm())
        moved = inputs + draw(1, dimension)
        shifts.append((moved.T @ matrix @ moved - expected).norm() / expected.norm())
    return Evidence(
        (
            Measure("relative gap to automatic differentiation", float(max(errors)), "<=", 1e-10),
            Measure("rows of Q sum to 0, relative", float(max(sums)), "<=", 1e-10),
            Measure("relative change under a shift of inputs", float(max(shifts)), "<=", 1e-10),
        )
    )


def derivative_moduli(num_classes, samples_per_class, kernel_ridge, feature_ridge):
    """Moduli of the eigenvalues of the recursion's derivative at collapse, by differences.

    Parameters
    ----------
    num_classes, samples_per_class : int
    kernel_ridge, feature_ridge : float

    Returns
    -------
    ndarray, float64
        Descending; as many as a symmetric matrix has free entries.
    """
    labels = np.repeat(np.arange(num_classes), samples_per_class)
    center, size = collapsed_gram(labels, feature_ridge), len(labels)
    lower, step, columns = np.tril_indices(size), 1e-5, []
    for i, j in zip(*lower, strict=True):
        push = np.zeros((size, size))
        push[i, j] = push[j, i] = step
        ahead, back = (
            gram_step(center + sign * push, labels, kernel_ridge, feature_ridge) for sign in (1, -1)
        )
        columns.append((ahead - back)[lower] / (2 * step))
    return np.sort(np.abs(np.linalg.eigvals(np.array(columns).T)))[::-1]


def check_gram_recursion(rates):
    """Compare the derivative's eigenvalues with ``rates(n, kernel_ridge, feature_ridge)``."""
    gaps, counts, wrong, still = [], [], [], []
    for num_classes, size, kernel_ridge, feature_ridge in CONFIGURATIONS:
        moduli = derivative_moduli(num_classes, size, kernel_ridge, feature_ridge)
        predicted = rates(size, kernel_ridge, feature_ridge)
        pairs = num_classes * (num_classes - 1)
        modes = [predicted[0]] * (pairs * (size - 1)) + [predicted[1]] * (pairs // 2)
        modes = np.sort(modes)[::-1]
        gaps.append(np.abs(moduli[: len(modes)] / modes - 1).max())
        counts.append(moduli[len(modes) :].max(initial=0))
        wrong.append((max(predicted) < 1) != (moduli[0] < 1))
        labels = np.repeat(np.arange(num_classes), size)
        fixed = collapsed_gram(labels, feature_ridge)
        still.append(np.abs(gram_step(fixed, labels, kernel_ridge, feature_ridge) - fixed).max())
    return Evidence(
        (
            Measure("largest relative error of an eigenvalue", np.max(gaps), "<=", 1e-5),
            Measure("largest of the eigenvalues that should be 0", np.max(counts), "<=", 1e-3),
            Measure("verdicts on stability that are wrong", np.sum(wrong), "==", 0),
            Measure("motion of the fixed point", np.max(still), "<=", 1e-12),
        )
    )


def lowest_kernel(targets, ridge, seed):
    """Search for the Gram matrix of unit vectors on which ridge regression costs least.

    Parameters
    ----------
    targets : ndarray, shape (num_samples, num_outputs)
    ridge : float
    seed : int
        Of the random start.

    Returns
    -------
    ndarray, shape (num_samples, num_samples), float64
    """
    size = len(targets)

    def value(flat):
        rows = flat.reshape(size, size)
        lengths = np.linalg.norm(rows, axis=1, keepdims=True)
        unit = rows / lengths
        solved = np.linalg.solve(unit @ unit.T + ridge * np.eye(size), targets)
        slope = -2 * solved @ (solved.T @ unit)
        slope -= (slope * unit).sum(1, keepdims=True) * unit
        return (targets * solved).sum(), (slope / lengths).ravel()

    start = np.random.default_rng(seed).normal(size=size * size)
    options = {"maxiter": 4000, "maxfun": 8000, "ftol": 0, "gtol": 1e-11}
    found = minimize(value, start, jac=True, method="L-BFGS-B", options=options)
    rows = found.x.reshape(size, size)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return rows @ rows.T


def check_learned_kernel(coding):
    """Search for cheaper kernels than the blocks of ones, for targets ``coding(one_hot)``."""
    margins, distances = [], []
    for sizes, ridge in (((3, 3, 3), 0.3), ((2, 5), 0.7), ((1, 2, 4), 1.3), ((4, 4), 0.05)):
        one_hot = np.eye(len(sizes))[np.repeat(np.arange(len(sizes)), sizes)]
        blocks, targets = one_hot @ one_hot.T, coding(one_hot)
        least = ridge_value(blocks, targets, ridge)
        for seed in range(3):
            found = lowest_kernel(targets, ridge, seed)
            margins.append(ridge_value(found, targets, ridge) / least - 1)
            distances.append(np.abs(found - blocks).max())
        expected = sum(size / (size + ridge) for size in sizes)
        margins.append(-abs(ridge_value(blocks, one_hot, ridge) / expected - 1))
    return Evidence(
        (
            Measure("least relative margin above the blocks", np.min(margins), ">=", -1e-9),
            Measure(
                "distance of what the search ends in from them",
                _rounded(np.max(distances)),
                "<=",
                1e-3,
            ),
        )
    )


def regular_classes(num_classes, samples_per_class, distance, spread):
    """Return classes around a simplex whose noise fills a direction of its own a sample.

    Parameters
    ----------
    num_classes, samples_per_class : int
    distance : float
        Between class means.
    spread : float
        Length of the noise.

    Returns
    -------
    points : ndarray, shape (K n, K + K n), float64
    labels : ndarray, shape (K n,), int
    """
    labels = np.repeat(np.arange(num_classes), samples_per_class)
    means = distance / np.sqrt(2) * np.eye(num_classes)[labels]
    return np.hstack([means, spread * np.eye(len(labels))]), labels


def check_gradient_factor(factor):
    """Compare gradient steps on small regular classes with ``factor(K, n, distance, b)``."""
    gaps, halves = [], []
    for classes, size, distance, bandwidth in (
        (3, 4, 1.1, 2.0),
        (5, 3, 0.7, 0.9),
        (8, 5, 1.4, 2.0),
        (4, 2, 2.3, 1.5),
    ):
        expected, errors = factor(classes, size, distance, bandwidth), []
        for spread in (2e-4, 1e-4):
            points, labels = regular_classes(classes, size, distance, spread)
            targets = 2 * np.eye(classes)[labels] - 1
            predictor = fit_laplace(points, targets, bandwidth=bandwidth)
            gram, form = points @ points.T, predictor.outer_product_form().numpy()
            found = gram_variability(gram @ form @ gram, labels) / gram_variability(gram, labels)
            errors.append(abs(found / expected - 1))
        gaps.append(errors[1])
        halves.append(errors[1] / errors[0])
    return Evidence(
        (
            Measure("largest relative gap at spread 0.0001", np.max(gaps), "<=", 2e-3),
            Measure("largest share of the gap at twice that spread", np.max(halves), "<=", 0.6),
        )
    )


def separated(generator):
    """Draw unit vectors of three classes, each pair of one class nearer than any other pair.

    Parameters
    ----------
    generator : numpy.random.Generator

    Returns
    -------
    points : ndarray, shape (18, 5), float64
    labels : ndarray, shape (18,), int
    """
    labels = np.repeat(np.arange(3), 6)
    different = labels[:, None] != labels
    while True:
        points = generator.normal(size=(3, 5))[labels]
        points += generator.uniform(0.05, 0.8) * generator.normal(size=points.shape)
        points /= np.linalg.norm(points, axis=1, keepdims=True)
        gram = points @ points.T
        if gram[~different].min() >= gram[different].max():
            return points, labels


def with_outlier(generator):
    """Draw classes on orthogonal lines, each with one sample of five on the far side.

    Parameters
    ----------
    generator : numpy.random.Generator

    Returns
    -------
    points : ndarray, shape (15, 5), float64
    labels : ndarray, shape (15,), int
    """
    labels = np.repeat(np.arange(3), 5)
    signs = np.tile([1, 1, 1, 1, -1], 3)
    frame = np.linalg.qr(generator.normal(size=(5, 5)))[0]
    return signs[:, None] * frame[labels], labels


def check_random_map(draw):
    """Map drawn points at random and compare variabilities, with the kernel and by sampling."""
    generator = np.random.default_rng(3)
    factors, sampled = [], []
    for trial in range(100):
        points, labels = draw(generator)
        before = gram_variability(points @ points.T, labels)
        mapped = relu_gram(points @ points.T)
        factors.append(gram_variability(mapped, labels) / before)
        if trial < 3:
            features = np.maximum(points @ generator.normal(size=(5, 200_000)), 0)
            sampled.append(np.abs(2 * features @ features.T / 200_000 - mapped).max())
    limits = []
    for cosine in (-0.3, 0.0, 0.4):
        gram = (1 - cosine) * np.eye(4) + cosine
        means = np.linalg.cholesky(gram)[np.repeat(np.arange(4), 5)]
        points = np.hstack([means, np.zeros((20, 3))]) + 1e-3 * generator.normal(size=(20, 7))
        labels = np.repeat(np.arange(4), 5)
        before, after = points @ points.T, relu_gram(points @ points.T)
        ratio = gram_variability(after, labels) / gram_variability(before, labels)
        limits.append(abs(ratio / relu_factor(cosine) - 1))
    slopes = np.diff((1 - relu_cosine(CHORDS)) / (1 - CHORDS))
    return Evidence(
        (
            Measure("least factor of the variability", np.min(factors), ">=", 1),
            Measure("gap of sampled features and kernel", np.max(sampled), "<=", 0.03),
            Measure("relative gap of the limiting factor", np.max(limits), "<=", 5e-3),
            Measure("chords to 1 get steeper", bool((slopes > 0).all()), "==", 1),
        )
    )


CHORDS = np.linspace(-1, 0.999, 400)


@cache
def machines(gradients="learned"):
    """Fit the machines that the ledger looks at where no page hands it any.

    Parameters
    ----------
    gradients : str

    Returns
    -------
    FeatureHistory
    """
    task = standardized(digits(25))
    return fit_features(task, 6, seeds=(0, 1), width=128, gradients=gradients)


def check_layerwise(history):
    """Look for a fall of NC1 from layer to layer, at a steady factor."""
    inputs = history.variabilities[:, 0]
    layers = len(inputs) - 1
    factors = (inputs[-1] / inputs[0]) ** (1 / layers)
    return Evidence(
        (
            Measure("largest mean factor of NC1 a layer", factors.max(), "<=", 0.6),
            Measure("largest factor of any layer", (inputs[1:] / inputs[:-1]).max(), "<=", 0.75),
            Measure("least NC2 fall", (history.deviations[0, 0] / last(history)).min(), ">=", 4),
            Measure("least accuracy on test images", history.test_accuracies.min(), ">=", 0.9),
        )
    )


def last(history):
    """Return NC2 of the inputs of the last layer, a seed."""
    return history.deviations[-1, 0]


def check_which_step(history):
    """Look whether in every layer the gradient step lowers NC1 and the random map raises it."""
    return Evidence(
        (
            Measure("largest factor, gradient step", history.gradient_factors.max(), "<=", 0.6),
            Measure("least factor, random map", history.map_factors.min(), ">=", 1.1),
        )
    )


@cache
def splits(scale, learning_rate, seeds=(0, 1), epochs=150, samples_per_class=25):
    """Train perceptrons from hidden weights of a scale and split their layers.

    Parameters
    ----------
    scale, learning_rate : float
    seeds : tuple of int
    epochs, samples_per_class : int

    Returns
    -------
    history : History
    layers : list of tuple of LayerSplit
        One tuple a seed.
    """
    task = digits(samples_per_class)
    build = partial(ScaledMLP, (64, 64, 64, 64, 64, 10), scale)
    recipe = Recipe(
        loss="squared",
        epochs=epochs,
        batch_size=100,
        learning_rate=learning_rate,
        weight_decay=0.0,
    )
    history = fit(build, task, recipe, seeds=seeds, checkpoints=(0, epochs))
    layers = [
        split_layers(
            model, build(generator=stream(seed, WEIGHTS)), task.train_inputs, task.train_labels
        )
        for seed, model in zip(seeds, history.models, strict=True)
    ]
    return history, layers


def check_ansatz(layers):
    """Look for centred cosines near 1 in every layer and seed."""
    every = [layer for split in layers for layer in split]
    return Evidence(
        (
            Measure("least cosine", min(layer.cosine for layer in every), ">=", 0.6),
            Measure(
                "least centred cosine", min(layer.centred_cosine for layer in every), ">=", 0.6
            ),
        )
    )


def _rounded(figure):
    """Round a figure that is 0 up to how far a search gets, which differs between machines."""
    return round(float(figure), 6)


def _rates(*arguments):
    rates = gram_rates(*arguments)
    return rates.within, rates.between


def _as_if_centred(num_classes, samples_per_class, distance, bandwidth):
    kernel = np.exp(-distance / bandwidth)
    return (num_classes - 1) / (num_classes**2 * samples_per_class * kernel**2)


def _within_twice(*arguments):
    return (gram_rates(*arguments).within,) * 2


def _without_pulls(predictor):
    kernel = predictor.outer_product_form()
    return kernel - kernel.diag().diag()


CLAIMS = (
    Claim(
        identifier="prop-kernel-gradient",
        page=PAGE,
        statement="The gradient outer product of a Laplace predictor at its own samples is "
        "X^T Q X with Q made of kernel, distances and coefficients; the rows of Q sum to 0.",
        kind="proved",
        source="here",
        hypotheses="gradient of the kink at a sample itself taken as 0",
        checker=check_kernel_gradient,
        instance=lambda: {"form": lambda predictor: predictor.outer_product_form()},
        control_statement="the diagonal of Q may be left out",
        control=lambda: {"form": _without_pulls},
    ),
    Claim(
        identifier="prop-gradient-factor",
        page=PAGE,
        statement="As regular classes shrink, the factor of a gradient step on NC1 tends to a "
        "positive constant, inversely proportional to the number of directions that noise fills.",
        kind="proved",
        source="here",
        hypotheses="K classes around a simplex, orthonormal noise, Laplace kernel without ridge, "
        "targets 2 y - 1",
        checker=check_gradient_factor,
        instance=lambda: {"factor": gradient_factor},
        control_statement="the same constant without the term S of the targets' mean",
        control=lambda: {"factor": _as_if_centred},
    ),
    Claim(
        identifier="prop-gram-recursion",
        page=PAGE,
        statement="Near collapse the Gram recursion multiplies deviations inside classes by one "
        "rate and cosines between classes by another, and everything else by 0; collapse is "
        "stable if both are below 1 and unstable if one is above.",
        kind="proved",
        source="here; the recursion is modelled on beaglehole2024",
        hypotheses="K classes of n samples, n at least 2, one-hot targets, both ridges positive",
        checker=check_gram_recursion,
        instance=lambda: {"rates": _rates},
        control_statement="the rate inside classes is the rate of everything",
        control=lambda: {"rates": _within_twice},
    ),
    Claim(
        identifier="prop-learned-kernel",
        page=PAGE,
        statement="Among Gram matrices with unit diagonal, ridge regression of one-hot targets "
        "costs least on blocks of ones, and only there.",
        kind="proved",
        source="here; the view is that of beaglehole2024",
        hypotheses="positive ridge; classes of any sizes",
        checker=check_learned_kernel,
        instance=lambda: {"coding": lambda one_hot: one_hot},
        control_statement="the same for targets 2 y - 1",
        control=lambda: {"coding": lambda one_hot: 2 * one_hot - 1},
    ),
    Claim(
        identifier="prop-random-map",
        page=PAGE,
        statement="Wide random ReLU features raise the variability of unit vectors in classes of "
        "equal size whose pairs are nearer than pairs of different classes, near collapse by "
        "(1 - cosine) / (1 - kernel of it).",
        kind="proved",
        source="here; the kernel is that of cho2009",
        hypotheses="infinite width, Gaussian weights, unit vectors, every cosine inside a class "
        "at least every cosine between classes",
        checker=check_random_map,
        instance=lambda: {"draw": separated},
        control_statement="for classes with an outlier on the far side too",
        control=lambda: {"draw": with_outlier},
    ),
    Claim(
        identifier="obs-layerwise-collapse",
        page=PAGE,
        statement="In a deep recursive feature machine on digits NC1 falls by a factor of at most "
        "0.75 in every layer and NC2 at least fourfold, while predictors stay above 90 per cent.",
        kind="observed",
        source="beaglehole2024, on other images",
        hypotheses="digits, standardised; random maps of each seed",
        checker=check_layerwise,
        instance=lambda: {"history": machines()},
        control_statement="random maps alone do as well",
        control=lambda: {"history": machines("none")},
    ),
    Claim(
        identifier="obs-which-step",
        page=PAGE,
        statement="In every layer of it the gradient step multiplies NC1 by at most 0.6, and the "
        "random map by at least 1.1.",
        kind="observed",
        source="beaglehole2024, on other images",
        hypotheses="digits, standardised; random maps of each seed",
        checker=check_which_step,
        instance=lambda: {"history": machines()},
        control_statement="the eigenvalues do it, whatever the eigenvectors",
        control=lambda: {"history": machines("random_directions")},
    ),
    Claim(
        identifier="obs-neural-feature-ansatz",
        page=PAGE,
        statement="In perceptrons trained from small weights, W^T W and the root of the gradient "
        "outer product have cosine at least 0.6 in every hidden layer, and so have their changes.",
        kind="observed",
        source="radhakrishnan2024, the cosine; centred here",
        hypotheses="digits, squared loss, four hidden layers of 64",
        checker=check_ansatz,
        instance=lambda: {"layers": splits(0.5, 0.1)[1]},
        control_statement="from weights of twice the size too",
        control=lambda: {"layers": splits(1.0, 0.02)[1]},
    ),
)
