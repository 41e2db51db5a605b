"""Centres over a simplex: their Gram matrix, mean, gain, and the counts of class-aware centres."""

import mpmath
import numpy as np
import pytest

from neuralcollapse.geometry import class_aware_counts, logit_gain, multi_centres, simplex_etf

COUNTS, ANGLE = (3, 1, 4), 0.7


def test_products_of_centres_are_those_of_the_definition():
    built = multi_centres(COUNTS, ANGLE, 13)
    assert built.centres.shape == (8, 13)
    assert built.weights.shape == (3, 13)
    owners = np.repeat(range(3), COUNTS)
    for i in range(8):
        for j in range(8):
            same = np.cos(ANGLE) ** 2 if i == j else 0
            rows = 1 if owners[i] == owners[j] else -0.5
            expected = same + np.sin(ANGLE) ** 2 * rows
            assert abs(built.centres[i] @ built.centres[j] - expected) < 1e-14
    np.testing.assert_allclose(
        built.weights @ built.centres.T,
        np.sin(ANGLE) * np.where(owners == np.arange(3)[:, None], 1, -0.5),
        atol=1e-14,
    )


def test_means_directions_and_gains_agree_with_a_slow_loop():
    built = multi_centres(COUNTS, ANGLE)
    place = 0
    for k, count in enumerate(COUNTS):
        total = np.zeros(built.centres.shape[1])
        for _ in range(count):
            total += built.centres[place] / count
            place += 1
        np.testing.assert_allclose(built.means[k], total, atol=1e-15)
        assert np.linalg.norm(total) ** 2 == pytest.approx(
            np.sin(ANGLE) ** 2 + np.cos(ANGLE) ** 2 / count, rel=1e-14
        )
        assert built.gains[k] == pytest.approx(logit_gain(count, ANGLE), rel=1e-13)
    assert np.allclose(np.linalg.norm(built.directions, axis=1), 1)


@pytest.mark.parametrize(("count", "angle"), [(7, 0.31), (42, 0.2), (1.5, 1.2)])
def test_gain_is_the_sine_of_another_angle(count, angle):
    with mpmath.workdps(30):
        exact = mpmath.sin(mpmath.atan(mpmath.sqrt(count) * mpmath.tan(mpmath.mpf(angle))))
        assert abs(logit_gain(count, angle) - float(exact)) < 1e-15


def test_at_a_right_angle_centres_are_rows_of_the_simplex():
    built = multi_centres(COUNTS, np.pi / 2)
    np.testing.assert_allclose(built.directions, built.weights, atol=1e-15)
    np.testing.assert_allclose(built.weights[:, :2], simplex_etf(3), atol=1e-15)


def test_counts_follow_the_power_of_the_sizes():
    sizes = np.array([90, 58, 38, 24, 16, 10, 7, 4, 3, 2])
    counts = class_aware_counts(sizes, 20)
    assert abs(counts.mean() - 20) < 1
    assert np.all(np.diff(counts) > 0)
    assert counts[-1] / counts[0] == pytest.approx(np.sqrt(45), rel=0.1)
    assert class_aware_counts(sizes, 20, exponent=0).tolist() == [20] * 10
    assert class_aware_counts([10000, 1], 2).tolist() == [1, 4]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: multi_centres([2, 0], 0.2), "num_centres: expected a whole number from 1 on"),
        (lambda: multi_centres([2, 1.5], 0.2), "num_centres: expected a whole number"),
        (lambda: multi_centres([2, 2], 0), "angle: expected a number above 0"),
        (lambda: multi_centres([2, 2], 1.6), "angle: expected a number above 0"),
        (lambda: multi_centres([2, 2], 0.2, 4), "dimension: 2 classes with 4 centres need"),
        (lambda: multi_centres([2], 0.2), "num_points: expected a whole number from 2 on"),
        (lambda: class_aware_counts([1, 0]), "class_sizes: expected positive numbers"),
        (lambda: class_aware_counts([1, 2], 0), "average: expected a positive number"),
        (lambda: logit_gain([1, -1], 0.2), "num_centres: expected positive numbers"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
