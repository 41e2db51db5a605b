"""Sums of characters: counts done with whole numbers, amplitudes with slow loops."""

from math import gcd

import numpy as np
import pytest

from neuralcollapse.theory import circle


@pytest.mark.parametrize("modulus", range(2, 30))
def test_the_accuracy_counts_residues_below_a_quarter(modulus):
    for frequency in (f for f in range(1, modulus) if gcd(f, modulus) == 1):
        residues = [frequency * d % modulus for d in range(modulus)]
        right = sum(4 * min(k, modulus - k) < modulus for k in residues)
        assert circle.additive_accuracy(modulus) == right / modulus


@pytest.mark.parametrize(("modulus", "frequency"), [(5, 2), (8, 3), (9, 3), (1000, 1)])
def test_amplitudes_are_squares_of_sums(modulus, frequency):
    e = np.exp(2j * np.pi * frequency * np.arange(modulus) / modulus)
    expected = [abs(e[d] + e[0]) ** 2 for d in range(modulus)]
    got = circle.squared_sum_amplitude(modulus, frequency)
    np.testing.assert_allclose(got, expected, atol=1e-12)
    assert (got.min() == 0) == (modulus % 2 == 0)


def test_large_frequencies_count_modulo_the_tokens():
    angles, large = np.arange(101.0), 10**18 + 9
    for function in (
        lambda m: circle.half_angle_potential(angles, m),
        lambda m: circle.phase_lags(angles, m),
        lambda m: circle.squared_sum_amplitude(101, m),
    ):
        np.testing.assert_array_equal(function(large), function(large % 101))


def test_the_half_angle_potential_is_a_sum_over_pairs():
    angles = np.random.default_rng(1).uniform(0, 4 * np.pi, size=5)
    pairs = [
        1 - np.cos((angles[a] + angles[b]) / 2 - 2 * np.pi * 2 * (a + b) / 5)
        for a in range(5)
        for b in range(5)
    ]
    got = circle.half_angle_potential(angles, 2)
    assert got == pytest.approx(sum(pairs), rel=1e-13)
    angles[3] += 4 * np.pi
    assert circle.half_angle_potential(angles, 2) == pytest.approx(got, rel=1e-12)
    angles[3] += 2 * np.pi
    assert abs(circle.half_angle_potential(angles, 2) - got) > 0.1


def test_the_half_angle_potential_is_the_phase_potential_of_half_angles():
    angles = np.random.default_rng(2).uniform(0, 4 * np.pi, size=7)
    lags = circle.phase_lags(angles / 2, 3)
    expected = 49 * circle.phase_potential(lags, 1.0)
    assert circle.half_angle_potential(angles, 3) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(
    ("call", "argument"),
    [
        (lambda: circle.additive_accuracy(1), "modulus"),
        (lambda: circle.squared_sum_amplitude(5, -1), "frequency"),
        (lambda: circle.half_angle_potential([0.0, np.inf], 1), "angles"),
    ],
)
def test_bad_input_is_named(call, argument):
    with pytest.raises(ValueError, match=f"^{argument}"):
        call()
