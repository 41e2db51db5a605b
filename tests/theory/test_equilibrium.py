"""Linear cores against mpmath, finite differences and descent."""

import mpmath
import numpy as np
import pytest

from neuralcollapse.theory.equilibrium import (
    core_cost,
    core_weight,
    linear_optimum,
    minimise_linear_model,
    realise_optimum,
    simplex_equilibrium,
)
from neuralcollapse.theory.equilibrium.costs import CORES
from neuralcollapse.theory.equilibrium.descent import _loss, _response, _response_slope, _scaled

DECAYS = {"weight_decay": 0.0031, "feature_decay": 0.0052, "layer_decay": 0.067}


def objective(core, loss, weight, matrix, features, labels, decays):
    mapped = features @ _response(core, matrix).T
    parts = {"weight_decay": weight, "layer_decay": matrix, "feature_decay": features}
    penalty = sum(decays[name] / 2 * (part**2).sum() for name, part in parts.items())
    return _loss(mapped @ weight.T, labels, loss)[0] + penalty


@pytest.mark.parametrize("core", CORES)
@pytest.mark.parametrize("demand", [0.0, 1e-7, 0.013, 0.71, 1.0, 2.9, 40.0])
def test_prices_are_what_a_search_over_eigenvalues_finds(core, demand):
    mpmath.mp.dps = 20

    def price(t):
        gain = {"none": 1, "one_step": 1 / (1 + t), "equilibrium": 1 - t}
        inverse = gain[core] if core != "explicit" else (1 / t if t else mpmath.inf)
        return demand * inverse + (0 if core == "none" else t**2 / 2)

    weight = float(core_weight(core, demand))
    if demand > 0:
        around = [price(mpmath.mpf(weight) * (1 + d) + d * 1e-9) for d in (-1e-3, 0, 1e-3)]
        allowed = around[:2] if core == "equilibrium" and weight == 1 else around
        assert around[1] <= min(allowed)
        assert float(core_cost(core, demand)) == pytest.approx(float(around[1]), rel=1e-13)
    else:
        assert core_cost(core, demand) == 0


def test_prices_are_concave_increasing_and_smooth_where_the_equilibrium_caps():
    demands = np.linspace(0.01, 3, 500)
    for core in CORES:
        price = core_cost(core, demands)
        assert (np.diff(price) >= -1e-15).all()
        assert (np.diff(price, 2) <= 1e-12).all()
    assert core_cost("equilibrium", 7.0) == 0.5


@pytest.mark.parametrize("core", CORES)
@pytest.mark.parametrize("sizes", [[7, 7, 7], [11, 8, 3, 2]])
def test_descent_ends_at_the_closed_form_and_never_below(core, sizes):
    optimum = linear_optimum(sizes, core=core, **DECAYS)
    runs = [
        minimise_linear_model(sizes, len(sizes) + 2, core=core, seed=s, scale=2, **DECAYS)
        for s in range(3)
    ]
    best = min(runs, key=lambda run: run.value)
    assert best.value == pytest.approx(optimum.value, abs=1e-8)
    assert best.value >= optimum.value - 1e-12
    values = np.linalg.svd(best.mapped @ best.weight.T, compute_uv=False)
    assert np.sort(values)[::-1] == pytest.approx(np.sort(optimum.gains)[::-1], abs=1e-4)


@pytest.mark.parametrize("core", CORES)
def test_the_minimiser_has_the_value_and_no_slope(core):
    sizes = [9, 4, 2]
    optimum = linear_optimum(sizes, core=core, **DECAYS)
    weight, matrix, features = realise_optimum(optimum, 4)
    labels = np.repeat(np.arange(3), sizes)
    here = objective(core, "squared", weight, matrix, features, labels, DECAYS)
    assert here == pytest.approx(optimum.value, rel=1e-12)
    generator = np.random.default_rng(1)
    for _ in range(10):
        away = [1e-3 * generator.normal(size=part.shape) for part in (weight, matrix, features)]
        if core == "none":
            away[1] *= 0
        parts = [part + step for part, step in zip((weight, matrix, features), away, strict=True)]
        assert objective(core, "squared", *parts, labels, DECAYS) > here


def test_one_step_matches_mpmath_to_twelve_digits():
    mpmath.mp.dps = 30
    n, total, base, decay = 13, 39, mpmath.mpf("0.0041"), mpmath.mpf("0.083")

    def slope(s):
        t = mpmath.findroot(lambda t: t * (1 + t) ** 2 - base * s / decay, 0.1)
        return (s - mpmath.sqrt(n)) / total + base / (1 + t)

    gain = mpmath.findroot(slope, 3.0)
    optimum = linear_optimum(
        [n] * 3, core="one_step", weight_decay=0.0041, feature_decay=0.0041, layer_decay=0.083
    )
    assert optimum.gains[0] == pytest.approx(float(gain), rel=1e-12)


@pytest.mark.parametrize(
    ("c", "ratio", "value", "attained"),
    [
        (0.4, 0.2, 0.1, False),
        (0.4, 0.4, 0.2, False),
        (1.7, 0.6, 0.3, False),
        (1.7, 1.2, 0.5, True),
        (1.2, 1.9, 0.5, True),
    ],
)
def test_phases_without_an_interior_minimum(c, ratio, value, attained):
    base = c / (3 * np.sqrt(5))
    optimum = linear_optimum([5] * 3, weight_decay=base, feature_decay=base, layer_decay=ratio / 3)
    assert optimum.value == pytest.approx(value, rel=1e-12)
    assert optimum.attained is attained
    if not attained:
        with pytest.raises(ValueError, match="optimum: its value is approached, not attained"):
            realise_optimum(optimum, 3)


def test_an_explicit_layer_gives_classes_up_with_a_jump():
    fits = [
        linear_optimum([90, 90, size], core="explicit", **DECAYS).fits[-1] for size in range(1, 60)
    ]
    kept = [fit for fit in fits if fit > 0]
    assert 0 < len(kept) < len(fits)
    assert kept[0] > 0.5
    assert fits == sorted(fits)


@pytest.mark.parametrize("core", CORES)
@pytest.mark.parametrize("loss", ["squared", "cross_entropy"])
def test_slopes_of_descent_are_those_of_finite_differences(core, loss):
    generator = np.random.default_rng(2)
    labels = np.array([0, 0, 1, 2, 2])
    weight, matrix, features = (
        0.3 * generator.normal(size=shape) for shape in ((3, 4), (4, 4), (5, 4))
    )
    step = 1e-6
    response = _response(core, matrix)
    slope = _loss(features @ response.T @ weight.T, labels, loss)[1]
    found = _response_slope(core, response, weight.T @ slope.T @ features)
    found += DECAYS["layer_decay"] * matrix
    for i, j in ((0, 0), (1, 3), (2, 1)):
        ends = []
        for sign in (1, -1):
            moved = matrix.copy()
            moved[i, j] += sign * step
            ends.append(objective(core, loss, weight, moved, features, labels, DECAYS))
        assert (ends[0] - ends[1]) / (2 * step) == pytest.approx(found[i, j], abs=1e-8)


def test_scaling_back_bounds_the_norm_and_carries_slopes():
    generator = np.random.default_rng(3)
    matrix, slope = generator.normal(size=(2, 4, 4))
    scaled, back = _scaled(matrix, 0.7)
    assert np.linalg.norm(scaled, 2) == pytest.approx(0.7)
    step = 1e-6 * generator.normal(size=(4, 4))
    ends = [(_scaled(matrix + sign * step, 0.7)[0] * slope).sum() for sign in (1, -1)]
    assert (ends[0] - ends[1]) / 2 == pytest.approx((back(slope) * step).sum(), rel=1e-6)
    assert _scaled(0.1 * np.eye(3), 0.7)[0].max() == 0.1


def test_descent_within_a_radius_stays_within_it():
    run = minimise_linear_model(
        [2] * 3, 4, radius=0.5, weight_decay=0.05, feature_decay=0.05, layer_decay=0.06
    )
    assert np.linalg.norm(run.matrix, 2) <= 0.5 + 1e-12


def test_descent_that_starts_beyond_the_radius_comes_back_inside():
    run = minimise_linear_model([7] * 3, 5, radius=0.9, scale=1.5, **DECAYS)
    optimum = linear_optimum([7] * 3, **DECAYS)
    assert optimum.weights[0] < 0.5
    assert run.value == pytest.approx(optimum.value, abs=1e-8)


def test_the_simplex_of_cross_entropy_is_where_descent_ends_while_it_is_cheap():
    decays = {"weight_decay": 0.007, "feature_decay": 0.003, "layer_decay": 0.6}
    simplex = simplex_equilibrium(4, 7, **decays)
    runs = [
        minimise_linear_model([7] * 4, 5, loss="cross_entropy", seed=s, **decays) for s in range(2)
    ]
    assert min(run.value for run in runs) == pytest.approx(simplex.value, abs=1e-9)
    assert simplex.curvature > 0


def test_below_the_threshold_the_simplex_has_a_way_down_in_weights_and_features():
    decays = {"weight_decay": 0.005, "feature_decay": 0.005, "layer_decay": 0.13}
    simplex = simplex_equilibrium(4, 10, **decays)
    assert simplex.curvature < 0
    cycle = np.array([[0, 1, 0, -1], [1, 0, -1, 0], [0, -1, 0, 1], [-1, 0, 1, 0]]) / np.sqrt(8)
    gram = simplex.gain * (np.eye(4) - 1 / 4) + 1e-2 * simplex.gain * cycle
    values, vectors = np.linalg.eigh(gram)
    shares = 0.005 * values / 0.13
    product = np.sqrt(np.maximum(values * (1 - shares), 0))
    matrix = np.diag(shares)
    weight, features = vectors * product, np.repeat(vectors * product, 10, axis=0) / np.sqrt(10)
    labels = np.repeat(np.arange(4), 10)
    there = objective("equilibrium", "cross_entropy", weight, matrix, features, labels, decays)
    assert there < simplex.value - 1e-7


def test_no_simplex_where_outputs_vanish_or_gain_is_free():
    assert simplex_equilibrium(4, 10, weight_decay=1, feature_decay=1, layer_decay=9) is None
    assert (
        simplex_equilibrium(4, 9, weight_decay=5e-3, feature_decay=5e-3, layer_decay=0.05) is None
    )


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: core_cost("skip", 1), "core: expected one of"),
        (lambda: core_cost("none", -1), "demand: expected finite numbers, at least 0"),
        (lambda: linear_optimum([3], **DECAYS), "class_sizes: expected at least two"),
        (lambda: linear_optimum([3, 0], **DECAYS), "class_sizes: expected a whole number from 1"),
        (lambda: linear_optimum([3, 3], core="x", **DECAYS), "core: expected one of"),
        (
            lambda: linear_optimum([3, 3], **DECAYS | {"layer_decay": 0}),
            "layer_decay: expected a positive number, got 0",
        ),
        (lambda: realise_optimum(linear_optimum([3, 3], **DECAYS), 1), "dimension: expected"),
        (lambda: minimise_linear_model([3, 3], 2, core="x", **DECAYS), "core: expected one of"),
        (lambda: minimise_linear_model([3, 3], 2, loss="x", **DECAYS), "loss: expected"),
        (lambda: minimise_linear_model([3, 3], 2, radius=-1, **DECAYS), "radius: expected"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
