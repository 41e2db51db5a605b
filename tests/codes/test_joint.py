"""The joint problem: the family, the energy, descent, and the certified crossing at (3, 5)."""

import mpmath
import numpy as np
import pytest
from scipy.optimize import approx_fprime, minimize

from neuralcollapse import codes
from neuralcollapse.codes.crossing import _functions, lead
from neuralcollapse.codes.joint import batches
from neuralcollapse.geometry import coherence, orthoplex, simplex_etf

PAIRS = [(5, 3), (6, 4), (7, 4), (8, 5), (11, 7)]


def random_code(seed, count, dimension):
    points = np.random.default_rng(seed).normal(size=(count, dimension))
    return points / np.linalg.norm(points, axis=1, keepdims=True)


@pytest.mark.parametrize(("count", "dimension"), PAIRS)
def test_the_family_at_angle_zero_is_a_softmax_code_and_above_it_is_not(count, dimension):
    flat = codes.lifted_pairs(count, dimension, 0.0)
    assert flat.shape == (count, dimension)
    np.testing.assert_allclose(np.linalg.norm(flat, axis=1), 1, atol=1e-15)
    assert coherence(flat) == pytest.approx(0, abs=1e-15)
    assert codes.one_vs_rest_distance(flat) == pytest.approx(1, abs=1e-12)
    pairs, rest = batches(count, dimension)
    assert 2 * pairs + rest == count
    assert pairs + rest == dimension
    lifted = codes.lifted_pairs(count, dimension, 0.2)
    assert coherence(lifted) == pytest.approx(np.sin(0.2) ** 2)
    assert codes.one_vs_rest_distance(lifted) < 1 - 1e-3
    np.testing.assert_allclose((lifted @ lifted.T)[0, 2 * pairs], -np.sin(0.2) / rest, atol=1e-15)


@pytest.mark.parametrize(("count", "dimension"), PAIRS)
def test_exact_weights_are_softmax_codes_at_every_angle(count, dimension):
    for angle in (0.0, 0.1, np.pi / 4):
        points = codes.exact_weights(count, dimension, angle)
        assert abs(coherence(points)) < 1e-15
        assert codes.one_vs_rest_distance(points) == pytest.approx(1, abs=1e-12)


def test_energy_of_an_orthoplex_counts_its_orthogonal_pairs():
    assert codes.gaussian_energy(orthoplex(4), 0.01) == pytest.approx(8 * 6, rel=1e-12)
    simplex = codes.gaussian_energy(simplex_etf(4), 0.5)
    assert simplex == pytest.approx(12 * np.exp(-2 / 3), rel=1e-14)


@pytest.mark.parametrize("seed", range(5))
def test_energy_and_loss_do_not_change_under_rotation_and_relabelling(seed):
    points = random_code(seed, 6, 3)
    features = random_code(seed + 50, 6, 3)
    turn = np.linalg.qr(np.random.default_rng(seed).normal(size=(3, 3)))[0]
    order = np.random.default_rng(seed).permutation(6)
    assert codes.gaussian_energy(points[order] @ turn, 0.2) == pytest.approx(
        codes.gaussian_energy(points, 0.2), rel=1e-12
    )
    assert codes.scaled_loss(points[order] @ turn, features[order] @ turn, 0.2) == pytest.approx(
        codes.scaled_loss(points, features, 0.2), rel=1e-12
    )


@pytest.mark.parametrize(("count", "dimension"), PAIRS)
@pytest.mark.parametrize("temperature", [0.03, 0.2, 0.7])
def test_the_formula_is_the_loss_of_the_arrays(count, dimension, temperature):
    rest = batches(count, dimension)[1]
    big = simplex_etf(rest + 2)
    low = np.zeros((count, dimension))
    low[: rest + 2, : rest + 1] = big
    for a in range(dimension - rest - 1):
        low[rest + 2 + 2 * a, rest + 1 + a] = 1
        low[rest + 3 + 2 * a, rest + 1 + a] = -1
    expected = codes.scaled_loss(
        codes.lifted_pairs(count, dimension, 0.13),
        codes.lifted_pairs(count, dimension, 0.11),
        temperature,
    )
    # The formula keeps the features of the obtuse vectors equal to these.
    expected -= codes.scaled_loss(low, low, temperature)
    value = _functions(count, dimension, "numpy")[0](0.13, 0.11, temperature)
    assert value == pytest.approx(expected, rel=1e-9, abs=1e-9)


def test_balls_hold_what_many_digits_say():
    point = (mpmath.mpf("0.13"), mpmath.mpf("0.11"), mpmath.mpf("0.2"))
    for count, dimension in PAIRS:
        with mpmath.workdps(60):
            exact = _functions(count, dimension, "mpmath")[0](*point)
            symbols = dict(zip(("theta", "eta", "tau"), point, strict=True))
            assert abs(lead(count, dimension).evalf(40, subs=symbols) - exact) < 1e-14
        from flint import arb, ctx

        with ctx.workdps(50):
            ball = _functions(count, dimension, "arb")[0](arb("0.13"), arb("0.11"), arb("0.2"))
            assert ball.rad() < 1e-30
            assert ball.overlaps(arb(mpmath.nstr(exact, 30)) + arb(0, 1e-13))


def test_the_family_minimum_is_stationary_and_agrees_with_another_method():
    lead_, theta, eta = codes.family_minimum(5, 3, 0.1)
    value = _functions(5, 3, "numpy")[0]
    slope = approx_fprime(np.array([theta, eta]), lambda x: value(*x, 0.1), 1e-7)
    assert np.abs(slope).max() < 1e-4  # finite differences
    simplex = minimize(lambda x: value(*x, 0.1), [0.3, 0.05], method="Nelder-Mead", tol=1e-12)
    assert simplex.fun == pytest.approx(lead_, abs=1e-9)
    assert (theta, eta) == pytest.approx((0.1243484613, 0.1243451677), abs=1e-7)


def test_descent_reaches_the_pyramid_and_cannot_leave_it():
    lead_, theta, eta = codes.family_minimum(5, 3, 0.1)
    weights = codes.lifted_pairs(5, 3, theta)
    features = codes.lifted_pairs(5, 3, eta)
    best = codes.scaled_loss(weights, features, 0.1)
    assert best < 11.6444
    noise = np.random.default_rng(0).normal(size=(2, 5, 3))
    starts = [x + 0.05 * z for x, z in zip((weights, features), noise, strict=True)]
    starts = [x / np.linalg.norm(x, axis=1, keepdims=True) for x in starts]
    ends = codes.joint_descent(*starts, 0.1)
    assert codes.scaled_loss(*ends, 0.1) == pytest.approx(best, rel=1e-9)
    assert lead_ < 0


@pytest.mark.parametrize("seed", range(4))
def test_descent_never_climbs(seed):
    weights, features = random_code(seed, 6, 4), random_code(seed + 9, 6, 4)
    before = codes.scaled_loss(weights, features, 0.3)
    ends = codes.joint_descent(weights, features, 0.3)
    assert codes.scaled_loss(*ends, 0.3) < before
    for end in ends:
        np.testing.assert_allclose(np.linalg.norm(end, axis=1), 1, atol=1e-14)


def test_the_crossing_at_five_points():
    tie = codes.crossing_point(5, 3, 20)
    assert mpmath.nstr(tie[0], 20) == "0.14524183126564129543"
    assert codes.isolates_crossing(5, 3, tie, 20)
    moved = (tie[0] + mpmath.mpf(10) ** -18, *tie[1:])
    assert not codes.isolates_crossing(5, 3, moved, 20)
    bipyramid = (tie[0], mpmath.mpf(0), mpmath.mpf(0))
    assert not codes.isolates_crossing(5, 3, bipyramid, 20)
    assert codes.family_minimum(5, 3, float(tie[0]) - 1e-6)[0] < 0
    assert codes.family_minimum(5, 3, float(tie[0]) + 1e-6)[0] > 0


def test_what_loses_and_what_does_not():
    tie = codes.crossing_point(5, 3, 20)
    assert codes.family_loses(5, 3, "0.15")
    assert not codes.family_loses(5, 3, "0.14")
    ball = mpmath.nstr(tie[0], 21) + " +/- 1e-20"
    assert codes.family_loses(5, 3, ball, around=tie[1:])
    assert not codes.family_loses(5, 3, "0.14", around=(mpmath.mpf(0), mpmath.mpf(0)))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: codes.lifted_pairs(4, 3, 0.1), "num_points: expected 5 to 5"),
        (lambda: codes.lifted_pairs(6, 3, 0.1), "orthoplex is the only code"),
        (lambda: codes.gaussian_energy(orthoplex(2), 0), "temperature: expected a positive"),
        (lambda: codes.scaled_loss(orthoplex(2), orthoplex(2), 1e-3), "at least 0.002"),
        (lambda: codes.family_minimum(5, 3, 2.0), "temperature: expected 0.002 to 1"),
    ],
)
def test_bad_input_is_refused_with_a_way_out(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_whole_floats_leave_nothing_behind_in_the_caches():
    codes.family_minimum(7.0, 5.0, 0.1)
    tie = codes.crossing_point(7, 5, 30)
    assert codes.isolates_crossing(7, 5, tie, 30)
    with pytest.raises(ValueError, match="num_points: expected a whole number"):
        codes.family_minimum(7.5, 5, 0.1)


def test_a_member_that_wins_is_not_skipped_with_the_box_around_it():
    lead_there, *angles = codes.family_minimum(5, 3, 0.1452)
    assert lead_there < 0
    assert not codes.family_loses(5, 3, "0.1452", around=tuple(map(mpmath.mpf, angles)))


@pytest.mark.parametrize("digits", [4, 10.5, float("nan")])
def test_digits_are_whole_and_at_least_five(digits):
    with pytest.raises(ValueError, match="digits: expected a whole number from 5"):
        codes.crossing_point(5, 3, digits)
    with pytest.raises(ValueError, match="digits: expected a whole number from 5"):
        codes.isolates_crossing(5, 3, (0.1, 0.1, 0.1), digits)


def test_a_loss_that_underflows_is_scaled_before_it_does():
    pair = np.array([[1.0, 0.0], [-1.0, 0.0]])
    assert codes.scaled_loss(pair, pair, 0.002) == pytest.approx(2 * np.exp(-500.0), rel=1e-12)
    square = orthoplex(2)
    plain = 4 * np.exp(1 / 0.3) * codes.cross_entropy(square, square, 0.3)
    assert codes.scaled_loss(square, square, 0.3) == pytest.approx(plain, rel=1e-14)


@pytest.mark.parametrize("temperature", [1e-310, float("nan"), "warm", None, 1j, [0.5]])
def test_temperatures_that_have_no_inverse_are_refused(temperature):
    square = orthoplex(2)
    for call in (
        lambda: codes.gaussian_energy(square, temperature),
        lambda: codes.scaled_loss(square, square, temperature),
        lambda: codes.cross_entropy(square, square, temperature),
        lambda: codes.minimise_cross_entropy(3, 2, temperature),
    ):
        with pytest.raises(ValueError, match="temperature: expected a positive number"):
            call()
    assert codes.gaussian_energy(square, np.finfo(float).tiny) == 8


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: codes.lifted_pairs(5, 3, float("nan")), "angle: expected a finite number"),
        (lambda: codes.free_features(5, 3, (0.1, float("nan"))), "tilt: expected a finite number"),
        (lambda: codes.free_features(5, 3, (float("nan"), 0.1)), "tilt: expected a finite number"),
        (lambda: codes.exact_weights(5, 3, -0.1), "angle: expected a number from 0 to pi / 4"),
        (lambda: codes.exact_weights(5, 3, 0.8), "angle: expected a number from 0 to pi / 4"),
        (lambda: codes.family_minimum(5, 3, "0.1"), "temperature: expected 0.002 to 1"),
    ],
)
def test_angles_and_temperatures_are_numbers_in_range(call, message):
    with pytest.raises(ValueError, match=message):
        call()
