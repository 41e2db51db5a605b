"""Circles score, and what only looks like one does not: small cases, laws, oracles, controls."""

import json
import warnings
from itertools import pairwise
from math import gcd

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from neuralcollapse import CyclicReport, measure_cyclic
from neuralcollapse.geometry import regular_polygon, simplex_etf, stable_rank
from neuralcollapse.geometry.cyclic import (
    character_coherence,
    character_fraction,
    characters,
    circularity,
    clock_alignment_error,
    fourier_energy,
    gap_deviation,
    is_faithful,
    leading_frequencies,
    locking_time,
    off_plane_fraction,
    participation_ratio,
    phase_alignment_error,
    plane_angles,
    plane_coordinates,
    plane_energy,
    radius_variation,
)

EXACT = 1e-12  # a few hundred roundings
OF_A_CODE = (
    participation_ratio,
    plane_energy,
    radius_variation,
    circularity,
    gap_deviation,
    character_coherence,
)


def split(table):
    return np.hstack([table.real, table.imag])


def circle(modulus, frequency=1):
    return split(characters(modulus, [frequency]))


def circles(modulus, frequencies, amplitudes):
    return split(characters(modulus, frequencies) * amplitudes)


def gaussian(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


def rotation(dimension, seed=0):
    return np.linalg.qr(gaussian(dimension, dimension, seed=seed))[0]


def noisy_circle(modulus, frequency=1, size=0.3, dimension=5, seed=0):
    table = np.pad(circle(modulus, frequency), ((0, 0), (0, dimension - 2)))
    return table + size * gaussian(modulus, dimension, seed=seed)


# Characters


@pytest.mark.parametrize("modulus", [1, 2, 3, 8, 9, 13])
def test_characters_turn_addition_into_multiplication_and_are_orthogonal(modulus):
    table = characters(modulus)
    tokens = np.arange(modulus)
    sums = (tokens[:, None] + tokens) % modulus
    assert np.abs(table[sums] - table[:, None] * table[None]).max() < EXACT
    assert np.abs(table.conj().T @ table - modulus * np.eye(modulus)).max() < EXACT * modulus


def test_characters_by_hand_and_chosen():
    assert np.abs(characters(3, [1]).ravel() - [1, *np.roots([1, 1, 1])[[0, 1]]]).max() < EXACT
    assert np.abs(characters(4, [2]).ravel() - [1, -1, 1, -1]).max() < EXACT
    assert np.array_equal(characters(7, [-2, 9]), characters(7, [5, 2]))
    assert characters(7, [3.0, 1]).shape == (7, 2)


def test_characters_keep_their_digits_at_a_large_modulus():
    modulus, frequency = 99_991, 99_990
    assert np.abs(characters(modulus, [frequency]) - characters(modulus, [1]).conj()).max() < 1e-14


@pytest.mark.parametrize(
    ("modulus", "frequencies", "expected"),
    [
        (7, 3, True),
        (8, 2, False),
        (12, [4, 3], True),
        (12, [4, 6], False),
        (6, 0, False),
        (1, 0, True),
    ],
)
def test_faithful_means_that_no_two_labels_share_a_code(modulus, frequencies, expected):
    assert is_faithful(modulus, frequencies) is expected
    table = characters(modulus, np.atleast_1d(frequencies)).round(6)
    assert (len(np.unique(table, axis=0)) == modulus) is expected


# Energy at each frequency


def slow_energy(matrix):
    size = len(matrix)
    energy = np.zeros(size // 2 + 1)
    for frequency in range(size):
        wave = [np.exp(-2j * np.pi * frequency * k / size) for k in range(size)]
        energy[min(frequency, size - frequency)] += sum(
            abs(sum(w * x for w, x in zip(wave, column, strict=True))) ** 2 for column in matrix.T
        )
    return energy / energy.sum()


@pytest.mark.parametrize("modulus", [1, 2, 3, 4, 7, 12])
def test_fourier_energy_agrees_with_the_sum_written_out(modulus):
    matrix = gaussian(modulus, 3)
    assert fourier_energy(matrix) == pytest.approx(slow_energy(matrix), abs=EXACT)
    if modulus > 1:
        moved = slow_energy(matrix - matrix.mean(0))
        assert fourier_energy(matrix, center=True) == pytest.approx(moved, abs=EXACT)


def test_fourier_energy_is_the_energy_of_filtered_codes():
    modulus = 9
    matrix, table = gaussian(modulus, 4), characters(modulus)
    for frequency in range(5):
        pair = table[:, sorted({frequency, -frequency % modulus})]
        filtered = pair @ (pair.conj().T @ matrix) / modulus
        share = np.linalg.norm(filtered) ** 2 / np.linalg.norm(matrix) ** 2
        assert fourier_energy(matrix)[frequency] == pytest.approx(share, abs=EXACT)
        assert character_fraction(matrix, frequency) == pytest.approx(share, abs=EXACT)


def test_fourier_energy_of_circles_simplices_and_signs():
    assert fourier_energy(circle(7, 5)) == pytest.approx([0, 0, 1, 0], abs=EXACT)
    assert fourier_energy(simplex_etf(7)) == pytest.approx([0, *[1 / 3] * 3], abs=EXACT)
    assert fourier_energy(simplex_etf(6)) == pytest.approx([0, 0.4, 0.4, 0.2], abs=EXACT)
    assert fourier_energy([[1], [-1], [1], [-1]]) == pytest.approx([0, 0, 1], abs=EXACT)
    mixed = circles(11, [2, 4], [3, 4])
    assert fourier_energy(mixed)[[2, 4]] == pytest.approx([0.36, 0.64], abs=EXACT)


def test_character_fraction_folds_and_counts_once():
    mixed = circles(11, [2, 4], [3, 4])
    assert character_fraction(mixed, [2, 9, 2, -2]) == pytest.approx(0.36)
    assert character_fraction(mixed, range(11)) == 1.0
    assert character_fraction(mixed, 0) == pytest.approx(0, abs=EXACT)


def test_leading_frequencies_strongest_first_and_lowest_among_equals():
    mixed = circles(23, [9, 2, 4], [1, 3, 3])
    assert leading_frequencies(mixed).tolist() == [2, 4]
    assert leading_frequencies(mixed, share=0.3).tolist() == [2]
    assert leading_frequencies(mixed, share=1).tolist() == [2, 4, 9]
    offset = mixed + 100
    assert leading_frequencies(offset).tolist() == [2, 4]
    assert leading_frequencies([[1], [-1]]).tolist() == [1]
    for seed in range(9):
        simplex = simplex_etf(21) @ rotation(20, seed)
        assert leading_frequencies(simplex).tolist() == [*range(1, 10)]  # of ten equal shares
        assert leading_frequencies(simplex, share=1).tolist() == [*range(1, 11)]


# The plane


def test_participation_ratio_by_hand_and_beside_the_other_ranks():
    assert participation_ratio(np.diag([2.0, 1.0])) == pytest.approx(25 / 17)
    assert participation_ratio(circle(7)) == pytest.approx(2)
    assert participation_ratio(simplex_etf(7)) == pytest.approx(6)
    for seed in range(5):
        matrix = gaussian(6, 4, seed=seed)
        assert stable_rank(matrix) <= participation_ratio(matrix) <= 4
        gram = matrix @ matrix.T
        ratio = np.trace(gram) ** 2 / (gram**2).sum()
        assert participation_ratio(matrix) == pytest.approx(ratio)


def test_plane_measures_by_hand():
    ellipse = circle(8) * [2, 1]
    assert plane_energy(np.pad(ellipse, ((0, 0), (1, 2)))) == pytest.approx(1)
    assert plane_energy(np.diag([3.0, 2.0, 1.0])) == pytest.approx(13 / 14)
    radii = np.hypot(*ellipse.T)
    assert radius_variation(ellipse) == pytest.approx(radii.std() / radii.mean())
    evenness = radii.mean() ** 2 / (radii**2).mean()
    assert circularity(ellipse) == pytest.approx(2 * 1 / 5 * evenness)
    assert circularity(circle(9, 2) @ np.eye(2, 6)) == pytest.approx(1)


def test_circularity_is_the_formula_in_complex_coordinates():
    matrix = noisy_circle(11)
    z = plane_coordinates(matrix) @ [1, 1j]
    balance = 1 - abs((z**2).sum()) / (abs(z) ** 2).sum()
    even = abs(z).mean() ** 2 / (abs(z) ** 2).mean()
    assert circularity(matrix) == pytest.approx(plane_energy(matrix) * balance * even)
    assert circularity(matrix) < 1 - 1e-2


@pytest.mark.parametrize("code", [np.ones((7, 3)), np.outer([1, -1, 1, -1, 1], [1.0, 2.0])])
def test_a_collapsed_code_is_no_circle(code):
    assert circularity(code) == pytest.approx(0, abs=EXACT)
    assert plane_energy(code) == pytest.approx(1)
    assert radius_variation(code) == pytest.approx(0, abs=EXACT)
    assert participation_ratio(code) == pytest.approx(1)


def test_plane_coordinates_are_the_best_plane():
    matrix = noisy_circle(11)
    coordinates = plane_coordinates(matrix)
    energies = np.linalg.svd(matrix, compute_uv=False) ** 2
    assert (coordinates**2).sum(0) == pytest.approx(energies[:2])
    assert coordinates.shape == (11, 2)


@pytest.mark.parametrize("shape", [(50, 3), (3, 50), (6, 5), (5, 6)])
def test_tall_and_wide_tables_agree_with_a_plain_decomposition(shape):
    matrix = gaussian(*shape)
    _, singular_values, directions = np.linalg.svd(matrix)
    inside = np.linalg.norm(matrix @ directions[:2].T, axis=1)
    assert np.hypot(*plane_coordinates(matrix).T) == pytest.approx(inside)
    assert plane_energy(matrix) == pytest.approx(
        (singular_values[:2] ** 2).sum() / (singular_values**2).sum()
    )


def test_a_simplex_has_no_plane_and_says_so():
    for metric in (radius_variation, circularity, gap_deviation, character_coherence):
        with pytest.raises(ValueError, match=r"singular values 2 and 3 agree .* no plane leads"):
            metric(simplex_etf(6))
    assert plane_energy(simplex_etf(6)) == pytest.approx(2 / 5)
    for metric in (radius_variation, circularity):  # rounding does not choose a plane
        with pytest.raises(ValueError, match="no plane leads"):
            metric(simplex_etf(6).astype(np.float32))
    assert radius_variation(simplex_etf(3)) == pytest.approx(0, abs=EXACT)  # a triangle


# Angles


def test_gap_deviation_at_its_ends():
    assert gap_deviation(circle(12)) < EXACT
    assert gap_deviation(circle(12, 4)) == pytest.approx(np.sqrt(3))  # four labels a vertex
    assert gap_deviation(np.ones((5, 2))) == pytest.approx(2)  # sqrt(5 - 1)
    quarter = [[1, 0], [0, 1]]
    assert gap_deviation(quarter) == pytest.approx(0.5)  # gaps of a quarter and three quarters


def test_gap_deviation_agrees_with_a_slow_loop():
    matrix = noisy_circle(10, dimension=2)
    turns = sorted(plane_angles(matrix) / (2 * np.pi))
    gaps = [later - former for former, later in pairwise([*turns, turns[0] + 1])]
    mean = sum(gaps) / len(gaps)
    deviation = (sum((gap - mean) ** 2 for gap in gaps) / len(gaps)) ** 0.5 / mean
    assert gap_deviation(matrix) == pytest.approx(deviation)


def slow_coherence(angles):
    size = len(angles)
    return max(
        abs(sum(np.exp(1j * (angles[k] - 2 * np.pi * f * k / size)) for k in range(size))) / size
        for f in range(1, size)
        if 2 * f != size
    )


@pytest.mark.parametrize("modulus", [3, 4, 5, 8, 13])
def test_coherence_agrees_with_a_slow_loop(modulus):
    angles = np.random.default_rng(modulus).uniform(0, 2 * np.pi, modulus)
    matrix = np.column_stack([np.cos(angles), np.sin(angles)])
    assert character_coherence(matrix) == pytest.approx(slow_coherence(angles))
    tilted = noisy_circle(modulus)
    assert character_coherence(tilted) == pytest.approx(slow_coherence(plane_angles(tilted)))


@pytest.mark.parametrize("modulus", [3, 4, 5, 6, 12, 97])
def test_every_character_that_is_no_sign_is_coherent(modulus):
    for frequency in range(1, modulus):
        score = character_coherence(circle(modulus, frequency))
        if 2 * frequency == modulus:
            assert score < EXACT
        else:
            assert score == pytest.approx(1, abs=EXACT)


def test_frequency_zero_does_not_count():
    collapsed = np.tile([1.0, 2.0, 3.0], (7, 1))
    assert character_coherence(collapsed) < EXACT
    wobbling = collapsed + 1e-3 * gaussian(7, 3)
    assert character_coherence(wobbling) < 1e-2
    assert circularity(wobbling) < 1e-4
    two_points = np.outer([1, 1, -1, 1, -1, -1, 1], [1.0, 2.0])
    assert character_coherence(two_points) == pytest.approx(
        slow_coherence(np.pi * np.array([0, 0, 1, 0, 1, 1, 0]))
    )


def test_a_relabelled_circle_keeps_its_geometry_and_loses_its_order():
    order = np.random.default_rng(0).permutation(23)
    relabelled = circle(23, 3)[order]
    for metric in (participation_ratio, plane_energy, circularity, gap_deviation):
        assert metric(relabelled) == pytest.approx(metric(circle(23, 3)), abs=EXACT)
    assert character_coherence(relabelled) < 0.6
    assert phase_alignment_error(relabelled, circle(23, 3)) > 0.6
    assert fourier_energy(relabelled).max() < 0.6
    assert character_coherence(relabelled[np.argsort(order)]) == pytest.approx(1)


# Phases of two layers


def slow_alignment(w, z):
    size = len(w)
    w = w - w.mean()
    best = 0
    for turned in (z, z.conj()):
        agreement = total = 0
        for a in range(size):
            for b in range(size):
                c = (a + b) % size
                agreement += np.conj(w[c]) * turned[a] * turned[b]
                total += abs(w[c]) * abs(turned[a]) * abs(turned[b])
        best = max(best, abs(agreement) / total)
    return 1 - best


@pytest.mark.parametrize("modulus", [2, 3, 4, 7, 10])
def test_alignment_agrees_with_a_slow_loop(modulus):
    weights, embeddings = gaussian(modulus, 5), gaussian(modulus, 3, seed=1)
    w, z = (plane_coordinates(table) @ [1, 1j] for table in (weights, embeddings))
    assert phase_alignment_error(weights, embeddings) == pytest.approx(slow_alignment(w, z))
    assert phase_alignment_error(noisy_circle(modulus, size=0.1), noisy_circle(modulus)) < 0.7


@pytest.mark.parametrize("modulus", [3, 4, 5, 9, 12])
def test_alignment_is_zero_on_equal_characters_alone(modulus):
    spun = rotation(7)[:2]
    for f in range(1, modulus):
        for g in range(1, modulus):
            error = phase_alignment_error(circle(modulus, f), circle(modulus, g) @ spun * 3)
            if f in (g, modulus - g):
                assert error == pytest.approx(0, abs=EXACT)
            else:
                assert error == pytest.approx(1, abs=EXACT)


def test_alignment_counts_no_constant_character():
    collapsed = np.tile([1.0, 2.0, 3.0], (7, 1))
    assert phase_alignment_error(circle(7), collapsed) == pytest.approx(1, abs=EXACT)
    with pytest.raises(ValueError, match="weights: all rows agree"):
        phase_alignment_error(collapsed, collapsed)
    wobbling = collapsed + 1e-3 * gaussian(7, 3)
    assert phase_alignment_error(wobbling, wobbling) > 0.5


def test_alignment_of_a_character_is_one_less_the_square_of_the_order_parameter():
    psi = np.random.default_rng(0).vonmises(0.7, 2.0, size=11)
    z = characters(11, [3])[:, 0] * np.exp(1j * psi)
    order = abs(np.exp(1j * psi).mean())
    error = phase_alignment_error(circle(11, 3), split(z[:, None]))
    other = np.abs(np.fft.fft(z)[[3, 8]]).max() / 11
    assert other == pytest.approx(order)
    assert error == pytest.approx(1 - order**2)
    mean = np.exp(1j * psi).mean()
    clock = clock_alignment_error(circle(11, 3), split(z[:, None]))
    assert clock == pytest.approx(1 - (mean**2).real)


def test_one_wrong_token_shows():
    embeddings = circle(11, 2)
    embeddings[4] = embeddings[4] @ [[0.0, 1.0], [-1.0, 0.0]]
    assert 0.05 < phase_alignment_error(circle(11, 2), embeddings) < 0.3


def test_a_zero_row_counts_for_nothing():
    embeddings = circle(11, 2)
    embeddings[4] = 0
    w, z = circle(11, 2) @ [1, 1j], plane_coordinates(embeddings) @ [1, 1j]
    assert phase_alignment_error(circle(11, 2), embeddings) == pytest.approx(slow_alignment(w, z))
    assert phase_alignment_error(circle(11, 2), embeddings) < 0.02


def clock_table(modulus, coordinates, seed):
    generator = np.random.default_rng(seed)
    shape = modulus, coordinates
    return generator.normal(size=shape) + 1j * generator.normal(size=shape)


@pytest.mark.parametrize(("modulus", "coordinates"), [(2, 1), (5, 1), (7, 3), (8, 2)])
def test_clock_alignment_agrees_with_a_slow_loop(modulus, coordinates):
    w, e = (clock_table(modulus, coordinates, seed) for seed in (0, 1))
    centred = w - w.mean(0)
    agreement = total = 0
    for a in range(modulus):
        for b in range(modulus):
            row = centred[(a + b) % modulus]
            agreement += (row.conj() * e[a] * e[b]).real.sum()
            total += np.abs(row * e[a] * e[b]).sum()
    error = clock_alignment_error(split(w), split(e))
    assert error == pytest.approx(1 - agreement / total)


def test_clock_alignment_is_zero_at_the_class_means_of_characters():
    table = characters(13, [1, 5, 6]) * [2.0, 1j, 0.5 - 1j]
    means = np.fft.ifft(np.fft.fft(table, axis=0) ** 2, axis=0) / 13
    tokens = np.arange(13)
    pairs = (tokens[:, None] + tokens) % 13
    by_hand = [(table[:, None] * table[None])[pairs == c].mean(0) for c in range(13)]
    assert np.abs(means - by_hand).max() < EXACT
    assert clock_alignment_error(split(means), split(table)) == pytest.approx(0, abs=EXACT)
    assert clock_alignment_error(split(-means), split(table)) == pytest.approx(2)
    assert clock_alignment_error(split(1j * means), split(table)) == pytest.approx(1)
    turns = np.exp(1j * np.array([0.3, 1.0, -2.0]))
    turned = clock_alignment_error(split(means * turns**2), split(table * turns))
    assert turned == pytest.approx(0, abs=EXACT)
    shifted = clock_alignment_error(split(means + np.array([3, 1j, -1])), split(table))
    assert shifted == pytest.approx(0, abs=EXACT)
    mixed = table + characters(13, [2, 2, 2])
    own = np.fft.ifft(np.fft.fft(mixed, axis=0) ** 2, axis=0)
    assert clock_alignment_error(split(own), split(mixed)) > 0.05  # two characters a coordinate


def test_clock_alignment_of_a_collapsed_network_is_refused():
    ones = split(np.ones((7, 2)) + 0j)
    with pytest.raises(ValueError, match="weights: all rows agree"):
        clock_alignment_error(ones, ones)
    first, second = np.eye(2)
    with pytest.raises(ValueError, match="embeddings: zero in every coordinate"):
        clock_alignment_error(split(characters(7, [1]) * first), split(characters(7, [1]) * second))


def test_off_plane_fraction_by_hand():
    weights = np.pad(circle(7), ((0, 0), (0, 2)))
    assert off_plane_fraction([[0, 0, 1, 0], [1, 0, 0, 0]], weights) == pytest.approx(0.5)
    assert off_plane_fraction(weights * 5, weights) < 1e-30
    tiny = weights + np.array([0, 0, 1e-9, 0])
    assert off_plane_fraction(tiny, weights) == pytest.approx(1e-18, rel=1e-6)
    assert off_plane_fraction(gaussian(4, 2), gaussian(7, 2)) == 0
    assert off_plane_fraction([[0, 1]], [[1, 0]], rank=1) == 1
    two = circles(11, [1, 2], [2, 1])
    assert off_plane_fraction(two, two) == pytest.approx(0.2)
    assert off_plane_fraction(two @ np.eye(4, 6), two @ np.eye(4, 6), rank=4) < 1e-28


def test_features_of_a_clock_lock_to_a_plane_that_its_embeddings_leave():
    embeddings = characters(7, [2, 2, 2]) * [2.0, 1.0, 0.5]
    features = (embeddings[:, None] * embeddings[None]).reshape(49, 3)
    weights = split(characters(7, [2, 2, 2]) * [4.0, 1.0, 0.25])
    assert off_plane_fraction(split(features), weights) < 1e-28
    assert off_plane_fraction(split(embeddings), weights) > 0.05
    assert phase_alignment_error(weights, split(embeddings)) == pytest.approx(0, abs=EXACT)
    assert clock_alignment_error(weights, split(embeddings)) == pytest.approx(0, abs=EXACT)


def test_off_plane_fraction_needs_as_many_directions_as_asked():
    line, inside = [[1.0, 0.0], [-1.0, 0.0], [2.0, 0.0]], [[0.0, 1.0], [0.0, 2.0], [1.0, 0.0]]
    with pytest.raises(ValueError, match="weights: singular values 2 and 3 agree"):
        off_plane_fraction(inside, line, rank=2)
    with pytest.raises(ValueError, match="weights: singular values 3 and 4 agree"):
        off_plane_fraction(gaussian(5, 2), gaussian(5, 2), rank=3)
    with pytest.warns(UserWarning, match="off_plane_fraction: undefined here"):
        assert measure_cyclic(line, inside).off_plane_fraction is None


def test_off_plane_fraction_needs_a_plane():
    with pytest.raises(ValueError, match="weights: singular values 2 and 3 agree"):
        off_plane_fraction(gaussian(5, 4), simplex_etf(5))
    with pytest.raises(ValueError, match=r"singular values 2 and 3 agree.*choose another rank"):
        off_plane_fraction(gaussian(5, 4), np.ones((5, 4)))
    with pytest.raises(ValueError, match="embeddings: expected dimension 4 as in weights, got 3"):
        off_plane_fraction(gaussian(5, 3), gaussian(5, 4))
    with pytest.raises(ValueError, match="rank: expected a whole number from 1 on, got 0"):
        off_plane_fraction(gaussian(5, 4), gaussian(5, 4), rank=0)


# Locking


def slow_locking(steps, values, threshold):
    for index, step in enumerate(steps):
        if all(value <= threshold for value in values[index:]):
            return step
    return None


@given(st.lists(st.integers(0, 5), min_size=1, max_size=8), st.integers(-1, 6))
def test_locking_time_is_its_definition(values, threshold):
    steps = [10 * index for index in range(len(values))]
    expected = slow_locking(steps, values, threshold)
    assert locking_time(steps, values, threshold) == expected
    negated = [-value for value in values]
    assert locking_time(steps, negated, -threshold, above=True) == expected


def test_locking_time_waits_for_the_last_excursion():
    assert locking_time([5, 6, 7], [1.0, 9.0, 1.0], 2) == 7
    assert locking_time([5, 6, 7], [2.0, 2.0, 2.0], 2) == 5
    assert locking_time([5, 6], [1.0, np.inf], 2) is None
    assert isinstance(locking_time(torch.tensor([1, 2]), torch.tensor([3.0, 1.0]), 2), int)
    assert locking_time([0.5, 1.5], torch.tensor([3.0, 1.0], dtype=torch.bfloat16), 2) == 1.5
    steps = torch.tensor([0.5, 1.5], dtype=torch.bfloat16, requires_grad=True)
    assert locking_time(steps, steps, 2) == 0.5


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([0, 1], [1.0], 2), "values: expected 2, one for each step, got 1"),
        (([1, 1], [1.0, 1.0], 2), "steps: expected strictly increasing"),
        ((np.array([5, 3], np.uint8), [1.0, 1.0], 2), "steps: expected strictly increasing"),
        (([0, 1], [1.0, np.nan], 2), "values: entry 1 is NaN"),
        (([], [], 2), "steps: expected a list of real numbers"),
        (([0, 1], [[1.0, 2.0]], 2), "values: expected a list of real numbers"),
        (([0, 1], [1.0, 1j], 2), "values: expected a list of real numbers"),
        (([0, 1], [1.0, 1.0], np.nan), "threshold: expected a finite number"),
    ],
)
def test_locking_time_names_what_is_wrong(arguments, message):
    with pytest.raises(ValueError, match=message):
        locking_time(*arguments)


# Laws


tables = arrays.arrays(
    np.float64,
    st.tuples(st.integers(3, 9), st.integers(1, 5)),
    elements=st.floats(-10, 10, width=16),
)


def determined(table):
    """Whether plane and angles are far enough from undetermined to compare two roundings."""
    values = np.append(np.linalg.svd(table, compute_uv=False), [0, 0])
    if values[0] < 1e-3 or (values[1] - values[2]) < 1e-2 * values[0]:
        return False
    inside = np.linalg.norm(table @ np.linalg.svd(table)[2][:2].T, axis=1)
    return inside.min() > 1e-2 * values[0]


@settings(deadline=None)
@given(tables, st.integers(0, 100), st.floats(1e-3, 1e3), st.integers(0, 8))
def test_measures_ignore_rotation_scale_and_multiplication_by_a_unit(table, seed, scale, start):
    if not determined(table):
        return
    size, dimension = table.shape
    unit = next(u for u in range(start + 1, start + 2 * size) if gcd(u, size) == 1)
    moved = scale * (table @ rotation(dimension, seed))[unit * np.arange(size) % size]
    for metric in OF_A_CODE:
        assert metric(moved) == pytest.approx(metric(table), rel=1e-6, abs=1e-6)
    shares = fourier_energy(moved)
    for f, share in enumerate(fourier_energy(table)):
        g = unit * f % size
        assert shares[min(g, size - g)] == pytest.approx(share, abs=1e-9)


@settings(deadline=None)
@given(tables)
def test_ranges_hold_on_any_table(table):
    if not table.any():
        return
    size, dimension = table.shape
    rank = min(size, dimension)
    energy = fourier_energy(table)
    assert energy.min() >= 0
    assert energy.sum() == pytest.approx(1)
    assert 1 - EXACT <= stable_rank(table) <= participation_ratio(table) + EXACT <= rank + 2 * EXACT
    assert 0 < plane_energy(table) <= 1
    for metric, top in [
        (circularity, 1),
        (character_coherence, 1),
        (gap_deviation, np.sqrt(size - 1) + EXACT),
    ]:
        try:
            value = metric(table)
        except ValueError:
            refused = "no plane leads|no part in the plane"
            with pytest.raises(ValueError, match=refused):
                metric(table)
        else:
            assert 0 <= value <= top


@settings(deadline=None)
@given(tables, st.integers(0, 100), st.integers(0, 8))
def test_alignment_ignores_coordinates_scale_common_units_and_shifts(table, seed, shift):
    size, dimension = table.shape
    weights = noisy_circle(size, 1 if size < 5 else 2, size=0.2, seed=seed)
    if not determined(table) or not determined(weights):
        return
    error = phase_alignment_error(weights, table)
    assert 0 <= error <= 1
    turned = phase_alignment_error(3 * weights @ rotation(5, seed), table @ rotation(dimension))
    assert turned == pytest.approx(error, abs=1e-6)
    tokens = np.arange(size)
    both = phase_alignment_error(weights[-tokens % size], table[-tokens % size])
    assert both == pytest.approx(error, abs=1e-6)
    shifted = phase_alignment_error(
        weights[(tokens + 2 * shift) % size], table[(tokens + shift) % size]
    )
    assert shifted == pytest.approx(error, abs=1e-6)


@pytest.mark.parametrize("metric", [*OF_A_CODE, fourier_energy, plane_angles])
def test_dtypes_layouts_and_extremes(metric):
    table = noisy_circle(9).astype(np.float32)
    expected = metric(table.astype(np.float64))
    tensor = torch.tensor(table, requires_grad=True)
    for given_table in (table, tensor, table.tolist(), np.asfortranarray(table)):
        assert metric(given_table) == pytest.approx(expected)
    for extreme in (1e-300, 1e300):
        assert metric(table.astype(np.float64) * extreme) == pytest.approx(expected)
    half = torch.tensor(table).to(torch.bfloat16)
    assert metric(half) == pytest.approx(metric(half.double().numpy()))


COMPLEX = r"expected real numbers, got dtype .*complex.*numpy.hstack\(\[z.real, z.imag\]\)"


@pytest.mark.parametrize("metric", [*OF_A_CODE, fourier_energy, leading_frequencies, plane_angles])
def test_tables_that_are_none_are_refused(metric):
    for table in (characters(5, [1]), torch.ones(5, 1, dtype=torch.complex64)):
        with pytest.raises(TypeError, match="matrix: " + COMPLEX):
            metric(table)
    with pytest.raises(ValueError, match="matrix: row 2 holds NaN"):
        metric([[1.0, 2.0], [3.0, 4.0], [np.nan, 1.0]])
    with pytest.raises(
        ValueError, match=r"matrix: .*(every row is zero|zero matrix|all rows agree)"
    ):
        metric(np.zeros((5, 2)))
    with pytest.raises(ValueError, match="matrix: expected shape"):
        metric(np.ones(5))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: characters(0), "modulus: expected a whole number from 1 on, got 0"),
        (lambda: characters(5, [0.5]), "frequencies: expected a whole number or a list"),
        (lambda: characters(5, []), "frequencies: expected"),
        (lambda: characters(5, [[1]]), "frequencies: expected"),
        (lambda: character_fraction(circle(5), [np.nan]), "frequencies: expected"),
        (lambda: leading_frequencies(circle(5), share=0), "share: expected a share"),
        (lambda: leading_frequencies(circle(5), share=1.5), "share: expected a share"),
        (lambda: leading_frequencies(np.ones((5, 2))), "matrix: all rows agree"),
        (lambda: fourier_energy(np.ones((5, 2)), center=True), "matrix: all rows agree"),
        (lambda: fourier_energy(np.full((5, 2), 0.1), center=True), "matrix: all rows agree"),
        (lambda: gap_deviation([[1, 2]]), "matrix: gaps lie between at least two rows"),
        (lambda: character_coherence(circle(2)), "needs at least three rows, got 2"),
        (lambda: gap_deviation([[1, 0], [0, 0], [0, 2]]), "matrix: row 1 has no part in the plane"),
        (lambda: phase_alignment_error(circle(5), circle(6)), "embeddings: expected 5 rows"),
        (lambda: phase_alignment_error(circle(5), simplex_etf(5)), "embeddings: singular values 2"),
        (lambda: clock_alignment_error(circle(5), simplex_etf(5)), "see phase_alignment_error"),
        (lambda: clock_alignment_error(np.eye(3), np.eye(3)), "see phase_alignment_error"),
    ],
)
def test_bad_values_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


# The report


def quiet(*tables, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return measure_cyclic(*tables, **options)


def test_report_of_a_clock_is_the_column_of_the_circle():
    report = measure_cyclic(circle(23, 4), 7 * circle(23, 4) @ rotation(2))
    for name, weights, embeddings, ideal, _ in report.rows():
        if ideal is None:
            expected = {"dominant_frequency": (4, 4), "off_plane_fraction": (None, 0)}[name]
            assert (weights, embeddings) == expected
            continue
        assert embeddings == pytest.approx(ideal, abs=EXACT)
        if name != "phase_alignment_error":
            assert weights == pytest.approx(ideal, abs=EXACT)
    assert report.frequencies_weights == ((4, pytest.approx(1)),)


@pytest.mark.parametrize("modulus", [4, 6, 7, 21, 22])
def test_report_of_a_simplex_is_the_column_of_the_simplex(modulus):
    simplex = simplex_etf(modulus) @ rotation(modulus - 1)
    with pytest.warns(UserWarning, match="no plane leads") as caught:
        report = measure_cyclic(simplex)
    assert len(caught) == 1
    assert "circularity_weights, radius_variation_weights, gap_dev" in str(caught[0].message)
    assert caught[0].filename == __file__
    for _, weights, embeddings, _, ideal in report.rows():
        assert embeddings is None
        if ideal is not None:
            assert weights == pytest.approx(ideal, abs=EXACT)
    assert report.circularity_weights is None


def test_report_calls_what_it_names():
    weights, embeddings = noisy_circle(12, 5), noisy_circle(12, 5, seed=1)
    report = measure_cyclic(weights, embeddings)
    for metric in OF_A_CODE:
        for layer, table in (("weights", weights), ("embeddings", embeddings)):
            value = getattr(report, f"{metric.__name__}_{layer}")
            assert value == pytest.approx(metric(table))
    assert report.phase_alignment_error == pytest.approx(phase_alignment_error(weights, embeddings))
    assert report.off_plane_fraction == pytest.approx(off_plane_fraction(embeddings, weights))
    assert report.mean_energy_embeddings == pytest.approx(fourier_energy(embeddings)[0])
    held = leading_frequencies(weights)
    assert [f for f, _ in report.frequencies_weights] == held.tolist()
    assert report.dominant_energy_weights == pytest.approx(
        fourier_energy(weights, center=True)[held[0]]
    )
    assert report.dominant_frequency_weights == held[0] == 5


def test_report_shows_an_unfaithful_frequency():
    report = measure_cyclic(circle(24, 3))
    assert (report.dominant_frequency_weights, report.faithful_weights) == (3, False)
    assert report.character_coherence_weights == pytest.approx(1)
    assert report.gap_deviation_weights == pytest.approx(np.sqrt(2))
    assert "no" in next(line for line in str(report).splitlines() if line.startswith("faithful"))
    together = quiet(circles(24, [3, 8], [2, 1]))
    assert together.faithful_weights is True


def test_report_of_several_circles_lists_them():
    report = measure_cyclic(circles(23, [2, 5, 9], [3, 2, 1]), circles(23, [2, 5, 9], [3, 2, 1]))
    assert report.participation_ratio_weights == pytest.approx(2 * 14**2 / 98)
    assert [f for f, _ in report.frequencies_weights] == [2, 5]
    assert report.dominant_energy_weights == pytest.approx(9 / 14)
    assert report.plane_energy_weights == pytest.approx(9 / 14)
    assert report.phase_alignment_error == pytest.approx(0, abs=EXACT)
    assert report.off_plane_fraction == pytest.approx(5 / 14)
    assert "frequencies of weights: 2 (64.3%), 5 (28.6%)" in str(report)


def test_a_common_shift_hides_the_circle_until_it_is_removed():
    shifted = circle(11, 2) @ np.eye(2, 4) + [0, 0, 5, 0]
    with pytest.warns(UserWarning, match="no plane leads.*or remove the mean row"):
        plain = measure_cyclic(shifted)
    moved = measure_cyclic(shifted, center=True)
    assert plain.mean_energy_weights == pytest.approx(25 / 26)
    assert plain.character_coherence_weights is None
    tilted = measure_cyclic(shifted + 5 * circle(11, 2)[3] @ np.eye(2, 4))
    assert tilted.character_coherence_weights < 0.9
    assert moved.mean_energy_weights == pytest.approx(0, abs=EXACT)
    assert moved.character_coherence_weights == pytest.approx(1)
    assert plain.dominant_frequency_weights == moved.dominant_frequency_weights == 2


def random_code(seed):
    return gaussian(23, 12, seed=seed)


def latin_square_means(modulus, seed):
    """Class means of a clock's features when labels come from shuffled rows and columns."""
    generator = np.random.default_rng(seed)
    rows, columns = generator.permutation(modulus), generator.permutation(modulus)
    labels = (rows[:, None] + columns) % modulus
    z = characters(modulus, [1])[:, 0]
    features = z[:, None] * z
    means = [features[labels == c].mean() for c in range(modulus)]
    return split(np.array(means)[:, None])


@pytest.mark.parametrize("seed", range(5))
def test_random_codes_and_tables_score_like_noise(seed):
    report = measure_cyclic(random_code(seed), random_code(seed + 100))
    assert report.character_coherence_weights < 0.7
    assert report.phase_alignment_error > 0.5
    assert report.circularity_weights < 0.4
    assert report.gap_deviation_weights > 0.4
    assert report.dominant_energy_weights < 0.3
    square = latin_square_means(23, seed)
    assert character_coherence(square) < 0.7
    assert phase_alignment_error(square, circle(23)) > 0.5


@pytest.mark.parametrize("modulus", [2, 3, 4])
def test_the_smallest_moduli(modulus):
    report = quiet(circle(modulus), circle(modulus))
    assert report.phase_alignment_error == pytest.approx(0, abs=EXACT)
    assert report.gap_deviation_weights == pytest.approx(0, abs=EXACT)
    assert report.faithful_weights is True
    if modulus == 2:
        assert report.character_coherence_weights is None
        assert report.rows()[0][3:] == (None, 1)
        assert {row[0]: row[4] for row in report.rows()}["dominant_energy"] == 1
    else:
        assert report.character_coherence_weights == pytest.approx(1)


def test_what_cannot_be_computed_is_none_with_a_warning():
    weights = circle(7)
    weights[3] = 0
    with pytest.warns(UserWarning, match="gap_deviation_weights, character.*row 3 has no part"):
        report = measure_cyclic(weights)
    assert report.gap_deviation_weights is None
    assert report.radius_variation_weights > 0
    assert report.phase_alignment_error is None
    with pytest.warns(UserWarning, match="off_plane_fraction: .*dimension 3 is not 2"):
        report = measure_cyclic(circle(7), gaussian(7, 3))
    assert report.off_plane_fraction is None
    assert report.phase_alignment_error > 0
    with pytest.warns(UserWarning, match="every metric of embeddings: .*every row is zero"):
        report = measure_cyclic(circle(7), np.zeros((7, 2)))
    assert report.participation_ratio_weights == pytest.approx(2)
    assert report.participation_ratio_embeddings is None
    with pytest.warns(UserWarning, match="frequencies_weights: .*all rows agree"):
        report = measure_cyclic(np.ones((7, 3)))
    assert report.dominant_frequency_weights is None
    assert report.faithful_weights is None
    assert report.mean_energy_weights == pytest.approx(1)
    with pytest.warns(UserWarning, match="every metric of weights: .*all rows agree"):
        assert measure_cyclic(np.ones((7, 3)), center=True).plane_energy_weights is None


def test_report_prints_and_converts():
    report = quiet(noisy_circle(23), noisy_circle(23, seed=1))
    assert str(report) == repr(report)
    table = str(report).splitlines()
    assert table[0] == "Cyclic structure of 23 classes in 5 dimensions, embeddings in 5"
    assert len(table) == 2 + len(report.rows()) + 2
    assert max(map(len, table)) <= 88
    line = next(row for row in table if row.startswith("participation_ratio"))
    assert line.split()[1] == f"{report.participation_ratio_weights:.4g}"
    assert line.split()[3:] == ["2", "22"]
    html = report._repr_html_()
    assert html.count("<tr>") == 1 + len(report.rows())
    assert f"{report.participation_ratio_weights:.4g}" in html
    assert "<1e-12" not in html
    numbers = json.loads(json.dumps(report.to_dict()))
    for name in ("frequencies_weights", "frequencies_embeddings"):
        numbers[name] = tuple(map(tuple, numbers[name]))
    assert CyclicReport(**numbers) == report


def test_rounding_prints_alike_everywhere():
    report = measure_cyclic(regular_polygon(5))
    line = next(row for row in str(report).splitlines() if row.startswith("gap_deviation"))
    assert line.split() == ["gap_deviation", "<1e-12", "-", "0", "-"]
    assert "&lt;1e-12" in report._repr_html_()


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((characters(5, [1]),), TypeError, "weights: " + COMPLEX),
        ((circle(5), characters(5, [1])), TypeError, "embeddings: " + COMPLEX),
        ((circle(5), circle(6)), ValueError, "embeddings: expected 5 rows.*got 6; leave out"),
        (([[1.0, 2.0]],), ValueError, "weights: .*at least two classes"),
        (([[1.0], [np.inf]],), ValueError, "weights: row 1 holds NaN or infinity"),
        ((np.ones(5),), ValueError, "weights: expected shape"),
        ((torch.ones(5, 2, dtype=torch.bool),), TypeError, "weights: expected real numbers.*bool"),
        ((circle(5), [["a"] * 2] * 5), TypeError, "embeddings: expected real numbers"),
    ],
)
def test_report_names_what_is_wrong(arguments, error, message):
    with pytest.raises(error, match=message):
        measure_cyclic(*arguments)


def test_a_hundred_thousand_classes_need_no_table_of_pairs():
    modulus = 99_991
    table = circle(modulus, 12_345) @ rotation(6)[:2] + 1e-3 * gaussian(modulus, 6)
    report = measure_cyclic(table, table)
    assert report.dominant_frequency_weights == 12_345
    assert report.character_coherence_weights == pytest.approx(1, abs=1e-4)
    assert report.phase_alignment_error == pytest.approx(0, abs=1e-4)
    assert report.off_plane_fraction < 1e-4
