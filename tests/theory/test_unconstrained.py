"""Free features: fifty digits, slow loops, finite differences, laws, and what must be refused."""

import mpmath
import numpy as np
import pytest

from neuralcollapse.theory.unconstrained import (
    budget_decays,
    collapse_bound,
    free_objective,
    free_optimum,
    free_regularisation,
    minimise_free,
    orbit_dimension,
    squared_flow,
    zero_spectrum,
)

POINTS = [  # classes, samples per class, decay of weights, of features
    (2, 1, 0.3, 0.1),
    (3, 7, 1e-3, 0.02),
    (5, 2, 0.013, 0.11),
    (11, 40, 3e-4, 2e-4),
    (6, 1, 1e-9, 1e-8),
    (4, 9, 0.0833333, 0.0833333),  # c just below 1
    (4, 9, 0.0834, 0.0834),  # just above
    (1000, 3, 0.5, 2.0),
]
MODELS = [("cross_entropy", True), ("cross_entropy", False), ("squared", True), ("squared", False)]


def named(weight_decay, feature_decay):
    return {"weight_decay": weight_decay, "feature_decay": feature_decay}


def exact(count, samples, weight_decay, feature_decay, loss, biased):
    """Gain and objective from the definitions, minimised over the gain with fifty digits."""
    with mpmath.workdps(50):
        price = mpmath.sqrt(samples * mpmath.mpf(weight_decay) * mpmath.mpf(feature_decay))
        rank = count - (loss == "cross_entropy" or biased)
        if loss == "cross_entropy":

            def value(s):
                return mpmath.log1p(rank * mpmath.exp(-s)) + rank * price * s

            gain = mpmath.log(1 / price - rank) if price * count < 1 else mpmath.mpf(0)
        else:

            def value(s):
                return rank * ((1 - s) ** 2 / mpmath.mpf(2 * count) + price * s)

            gain = max(1 - count * price, mpmath.mpf(0))
        step = mpmath.mpf("1e-12")
        assert value(gain) <= value(gain + step)
        assert gain < step or value(gain) <= value(gain - step)
        return gain, value(gain)


@pytest.mark.parametrize("point", POINTS, ids=str)
@pytest.mark.parametrize(("loss", "biased"), MODELS)
def test_gains_and_objectives_have_twelve_digits(point, loss, biased):
    optimum = free_optimum(*point[:2], **named(*point[2:]), loss=loss, biased=biased)
    gain, objective = exact(*point, loss, biased)
    assert float(abs(optimum.objective / objective - 1)) < 1e-12
    assert float(abs(optimum.gain - gain)) < 1e-12 * max(1, float(gain))


@pytest.mark.parametrize(("loss", "biased"), MODELS)
@pytest.mark.parametrize("point", [(3, 2, 0.02, 0.05), (5, 3, 0.004, 0.03), (2, 6, 0.3, 0.2)])
def test_the_optimum_has_its_value_its_norms_and_no_slope(point, loss, biased):
    count, samples, *decays = point
    optimum = free_optimum(count, samples, **named(*decays), loss=loss, biased=biased)
    weight, features, bias = optimum.factors(count + 2)
    labels = np.repeat(np.arange(count), samples)
    value, slopes = free_objective(weight, features, bias, labels, **named(*decays), loss=loss)
    assert value == pytest.approx(optimum.objective, abs=1e-14)
    assert max(np.abs(s).max() for s in slopes if s is not None) < 1e-15
    assert np.linalg.norm(weight) == pytest.approx(optimum.weight_norm)
    assert np.linalg.norm(features) == pytest.approx(optimum.feature_norm)
    np.testing.assert_allclose(weight @ weight.T, optimum.weight_gram, atol=1e-13)
    means = features[::samples]
    np.testing.assert_allclose(means @ means.T, optimum.mean_gram, atol=1e-13)
    assert np.linalg.matrix_rank(weight) == optimum.rank


@pytest.mark.parametrize(("loss", "biased"), MODELS)
def test_descent_agrees_with_the_closed_form(loss, biased):
    labels = np.repeat(np.arange(4), 5)
    for decays in (named(0.017, 0.009), named(0.4, 0.05)):
        optimum = free_optimum(4, 5, **decays, loss=loss, biased=biased)
        found = minimise_free(labels, 5, **decays, loss=loss, biased=biased, seed=3)
        assert found.objective == pytest.approx(optimum.objective, abs=1e-8)
        np.testing.assert_allclose(found.weight @ found.weight.T, optimum.weight_gram, atol=1e-4)
        assert found.slope < 1e-6


@pytest.mark.parametrize(
    "change", [{"dimension": 3}, {"sizes": (2, 6, 6, 6)}, {"samples": 1}], ids=str
)
def test_the_closed_form_needs_its_hypotheses(change):
    sizes = change.get("sizes", (5, 5, 5, 5, 5))
    labels = np.repeat(np.arange(len(sizes)), sizes)
    optimum = free_optimum(len(sizes), change.get("samples", 5), **named(0.01, 0.02))
    found = minimise_free(labels, change.get("dimension", 5), **named(0.01, 0.02), starts=3)
    assert abs(found.objective - optimum.objective) > 1e-3


def slow_objective(weight, features, bias, labels, weight_decay, feature_decay, loss):
    total = 0.0
    for h, label in zip(features, labels, strict=True):
        z = [w @ h + (0 if bias is None else bias[c]) for c, w in enumerate(weight)]
        if loss == "squared":
            total += sum((v - (c == label)) ** 2 for c, v in enumerate(z)) / 2
        else:
            total += np.log(sum(np.exp(v) for v in z)) - z[label]
    decay = weight_decay * (weight**2).sum() + feature_decay * (features**2).sum()
    return total / len(labels) + decay / 2


@pytest.mark.parametrize(("loss", "biased"), MODELS)
def test_objective_and_gradients_against_a_loop_and_differences(loss, biased):
    rng = np.random.default_rng(0)
    labels = np.array([0, 0, 2, 1, 2, 2])
    parts = [rng.normal(size=(3, 2)), rng.normal(size=(6, 2)), rng.normal(size=3)]
    parts[2] = parts[2] if biased else None
    value, slopes = free_objective(*parts, labels, **named(0.3, 0.7), loss=loss)
    assert value == pytest.approx(slow_objective(*parts, labels, 0.3, 0.7, loss), rel=1e-13)
    for part, slope in zip(parts, slopes, strict=True):
        if part is None:
            assert slope is None
            continue
        for place in np.ndindex(part.shape):
            kept, ends = part[place], []
            for step in (1e-5, -1e-5):
                part[place] = kept + step
                ends.append(slow_objective(*parts, labels, 0.3, 0.7, loss))
            part[place] = kept
            assert slope[place] == pytest.approx((ends[0] - ends[1]) / 2e-5, abs=1e-8)


@pytest.mark.parametrize(("loss", "biased"), MODELS)
@pytest.mark.parametrize("decays", [(0.05, 0.4), (0.2, 0.35)])
def test_spectrum_at_zero_against_differences(loss, biased, decays):
    count, samples, dimension = 3, 2, 2
    _, _, bias = free_optimum(count, samples, **named(*decays), loss=loss, biased=biased).factors(3)
    labels = np.repeat(np.arange(count), samples)
    shapes = [(count, dimension), (count * samples, dimension)] + [(count,)] * biased
    ends = np.cumsum([int(np.prod(s)) for s in shapes])

    def slope(flat):
        parts = [p.reshape(s) for p, s in zip(np.split(flat, ends[:-1]), shapes, strict=True)]
        last = bias + parts[2] if biased else None
        found = free_objective(*parts[:2], last, labels, **named(*decays), loss=loss)[1]
        return np.concatenate([g.ravel() for g in found if g is not None])

    eye = 1e-6 * np.eye(ends[-1])
    matrix = np.array([(slope(row) - slope(-row)) / 2e-6 for row in eye])
    stated = zero_spectrum(count, samples, dimension, **named(*decays), loss=loss, biased=biased)
    np.testing.assert_allclose(np.linalg.eigvalsh((matrix + matrix.T) / 2), stated, atol=1e-9)
    c = free_regularisation(count, samples, **named(*decays))
    assert (stated[0] < 0) == (c < 1)


@pytest.mark.parametrize(("rank", "dimension"), [(0, 3), (1, 1), (1, 4), (2, 5), (4, 4), (3, 6)])
def test_orbit_dimension_is_the_rank_of_all_infinitesimal_rotations(rank, dimension):
    vectors = np.random.default_rng(0).normal(size=(rank, dimension))
    moved = [np.zeros(rank * dimension)]
    for i in range(dimension):
        for j in range(i):
            turn = np.zeros((dimension, dimension))
            turn[i, j], turn[j, i] = 1, -1
            moved.append((vectors @ turn).ravel())
    expected = np.linalg.matrix_rank(np.array(moved)) if rank else 0
    assert orbit_dimension(rank, dimension) == expected


@pytest.mark.parametrize("count", [2, 5])
@pytest.mark.parametrize("budgets", [(0.7, 2.2), (9.0, 0.01), (30.0, 20.0)])
def test_budgets_are_spent_and_their_decays_come_back(count, budgets):
    decays = budget_decays(count, 3, weight_budget=budgets[0], feature_budget=budgets[1])
    optimum = free_optimum(count, 3, **named(*decays))
    assert optimum.weight_norm**2 / count == pytest.approx(budgets[0], rel=1e-9)
    assert optimum.feature_norm**2 / count / 3 == pytest.approx(budgets[1], rel=1e-9)


def test_flow_against_small_steps_of_euler():
    rng = np.random.default_rng(1)
    labels = np.repeat(np.arange(3), 2)
    parts = [rng.normal(size=(3, 4)), rng.normal(size=(6, 4)), rng.normal(size=3)]
    path = squared_flow(*parts, labels, [0.0, 0.5, 1.0])
    np.testing.assert_array_equal(path.weights[0], parts[0])
    runs = []
    for steps in (2000, 4000):
        moved = [part.copy() for part in parts]
        for _ in range(steps):
            _, slopes = free_objective(*moved, labels, **named(0, 0), loss="squared")
            moved = [part - slope / steps for part, slope in zip(moved, slopes, strict=True)]
        runs.append(moved)
    for rough, fine, found in zip(
        *runs, (path.weights[-1], path.features[-1], path.biases[-1]), strict=True
    ):
        np.testing.assert_allclose(2 * fine - rough, found, atol=1e-6)


def test_flow_conserves_and_never_raises_what_the_book_says():
    rng = np.random.default_rng(2)
    labels = np.repeat(np.arange(3), 4)
    weight, features = 0.5 * rng.normal(size=(3, 5)), 0.5 * rng.normal(size=(12, 5))
    path = squared_flow(weight, features, np.full(3, 1 / 3), labels, np.linspace(0, 300, 13))
    conserved = path.weights.transpose(0, 2, 1) @ path.weights
    conserved -= path.features.transpose(0, 2, 1) @ path.features
    assert np.ptp(conserved, axis=0).max() < 1e-8
    means = path.features.reshape(-1, 3, 4, 5).mean(axis=2)
    spread = ((path.features - means[:, labels]) ** 2).sum(axis=(1, 2))
    lean = ((path.biases - 1 / 3) ** 2).sum(1) + 12 * (means.mean(axis=1) ** 2).sum(1)
    rows = (path.weights.sum(axis=1) ** 2).sum(1) + (path.biases.sum(1) - 1) ** 2
    for nuisance in (spread, lean, rows):
        assert np.diff(nuisance).max() < 1e-9
        assert nuisance[-1] < nuisance[0]
    centred = path.weights[-1] - path.weights[-1].mean(axis=0)
    values = np.linalg.eigvalsh(centred @ centred.T)[1:]
    assert np.abs(values - 2).max() <= collapse_bound(weight, features, np.full(3, 1 / 3), labels)


@pytest.mark.parametrize(
    ("features", "bias", "expected"),
    [
        ([[1, 0], [1, 0], [3, 0], [3, 0]], [0.5, 0.5], 20 + 16),  # D = -diag(20, 0), mean 2
        ([[0, 1], [0, -1], [0, 2], [0, -2]], [0.5, 0.5], 10 + 10),  # spread alone
        (np.zeros((4, 2)), [1.0, 0.5], 0.25 / 2 + 0.25),  # sum of the bias, and the bias
    ],
)
def test_every_term_of_the_bound_by_hand(features, bias, expected):
    found = collapse_bound(np.zeros((2, 2)), np.array(features), np.array(bias), [0, 0, 1, 1])
    assert found == pytest.approx(expected)


def test_strong_collapse_has_no_bound_left():
    optimum = free_optimum(4, 3, **named(1e-9, 1e-9), loss="squared")
    weight, features, bias = optimum.factors(4)
    assert collapse_bound(weight, features, bias, np.repeat(np.arange(4), 3)) < 1e-6


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: free_optimum(1, 2, **named(1, 1)), "num_classes"),
        (lambda: free_optimum(3, 0, **named(1, 1)), "samples_per_class"),
        (lambda: free_optimum(3, 2, **named(0, 1)), "without decay there is no optimum"),
        (lambda: free_optimum(3, 2, **named(1, -1)), "feature_decay"),
        (lambda: free_optimum(3, 2, **named(1, np.nan)), "feature_decay"),
        (lambda: free_optimum(3, 2, **named(1, 1), loss="hinge"), "loss"),
        (lambda: free_optimum(4, 1, **named(0.01, 0.01)).factors(2), "needs 3 dimensions"),
        (lambda: budget_decays(3, 1, weight_budget=0, feature_budget=1), "weight_budget"),
        (lambda: minimise_free([0, 1], 0, **named(1, 1)), "dimension"),
        (lambda: minimise_free([0, 1], 1, **named(1, 1), loss="hinge"), "loss"),
        (lambda: orbit_dimension(3, 2), "dimension"),
        (lambda: zero_spectrum(3, 1, 0, **named(1, 1)), "dimension"),
        (lambda: squared_flow(np.eye(2), np.eye(2), np.zeros(2), [0, 1], [1, 0]), "times"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


DECAYS = {"weight_decay": 0.1, "feature_decay": 0.1}


@pytest.mark.parametrize("labels", [[0, -1], [0.0, 1.0], [0, 2], [1], [[0, 1]]])
def test_labels_that_do_not_fit_are_refused(labels):
    eye, half = np.eye(2), np.full(2, 0.5)
    for call in (
        lambda: free_objective(eye, eye, None, labels, **DECAYS),
        lambda: squared_flow(eye, eye, half, labels, [1.0]),
        lambda: collapse_bound(eye, eye, half, labels),
    ):
        with pytest.raises(ValueError, match="labels: expected"):
            call()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"labels": [-1, 0, 1]}, "labels"),
        ({"labels": []}, "labels"),
        ({"weight_decay": -0.1}, "weight_decay"),
        ({"scale": float("nan")}, "scale"),
        ({"num_classes": 1}, "num_classes"),
        ({"num_classes": 2.5}, "num_classes"),
    ],
)
def test_a_descent_names_what_is_out_of_range(changes, message):
    with pytest.raises(ValueError, match=message):
        minimise_free(**({"labels": [0, 1], "dimension": 1} | DECAYS | changes))


def test_dtypes_do_not_change_objective_and_bound():
    small = 100 * np.eye(2, dtype=np.int8)  # whose squares overflow
    for loss in ("cross_entropy", "squared"):
        expected = free_objective(
            100 * np.eye(2), 100 * np.eye(2), None, [0, 1], **DECAYS, loss=loss
        )
        assert free_objective(small, small, None, [0, 1], **DECAYS, loss=loss)[0] == expected[0]
    assert collapse_bound(small, small, np.full(2, 0.5), [0, 1]) == collapse_bound(
        100.0 * np.eye(2), 100.0 * np.eye(2), np.full(2, 0.5), [0, 1]
    )


def test_the_bound_needs_classes_of_one_size():
    with pytest.raises(ValueError, match="labels: expected classes of one size"):
        collapse_bound(np.eye(2), np.zeros((3, 2)), np.full(2, 0.5), [0, 0, 1])


def test_a_bias_that_would_broadcast_is_refused():
    with pytest.raises(ValueError, match="bias: expected shape"):
        free_objective(np.eye(2), np.eye(2), np.zeros((2, 1)), [0, 1], **DECAYS)


@pytest.mark.parametrize("times", [[], [0.0, float("nan")]])
def test_times_that_are_none_are_refused(times):
    with pytest.raises(ValueError, match="times"):
        squared_flow(np.eye(2), np.eye(2), np.zeros(2), [0, 1], times)


def test_budgets_whose_decays_vanish_are_refused():
    with pytest.raises(ValueError, match="weight_budget, feature_budget"):
        budget_decays(2, 1, weight_budget=1e3, feature_budget=1e3)
