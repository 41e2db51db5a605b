"""Operation tables against loops; splits; the law of random Latin squares."""

from collections import Counter

import numpy as np
import pytest
import torch
from scipy.stats import chisquare

from neuralcollapse.tasks import exclusive_or, latin_square, modular_addition


@pytest.mark.parametrize("modulus", [2, 5, 12])
def test_addition_is_addition(modulus):
    table = modular_addition(modulus)
    for a in range(modulus):
        for b in range(modulus):
            assert table.labels[a, b] == (a + b) % modulus
    assert table.train.all()
    assert table.num_classes == table.modulus == modulus


def test_exclusive_or_is_a_group_of_involutions():
    labels = exclusive_or(3).labels
    assert labels.diagonal().eq(0).all()
    assert labels[labels[5, 6], 3] == labels[5, labels[6, 3]]


def test_left_and_right_broadcast_to_all_pairs():
    table = modular_addition(7)
    assert torch.equal((table.left + table.right) % 7, table.labels)


@pytest.mark.parametrize("mirrored", [True, False])
@pytest.mark.parametrize(("modulus", "fraction"), [(5, 0.6), (23, 0.7), (4, 0.5), (2, 0.25)])
def test_held_out_pairs_are_as_many_as_asked(modulus, fraction, mirrored):
    table = modular_addition(modulus).hold_out(fraction, seed=1, mirrored=mirrored)
    assert table.train.sum() == round(fraction * modulus**2)
    if mirrored:
        assert torch.equal(table.train, table.train.T)


@pytest.mark.parametrize("modulus", [2, 3, 4, 5])
def test_mirrored_pairs_are_as_many_as_asked_even_if_the_diagonal_runs_out(modulus):
    table = modular_addition(modulus)
    for wanted in range(1, modulus**2 + 1):
        for seed in range(10):
            train = table.hold_out(wanted / modulus**2, seed=seed).train
            assert int(train.sum()) == wanted
            assert torch.equal(train, train.T)


def test_tables_are_compared_as_objects():
    table = modular_addition(5)
    assert table == table
    assert table != modular_addition(5)
    assert len({table, modular_addition(5)}) == 2


@pytest.mark.parametrize("seed", [None, 1.0, -3, "a"])
def test_a_bad_seed_is_shown_as_it_was_given(seed):
    with pytest.raises(ValueError, match=f"^seed: .* got {seed!r}$"):
        latin_square(4, seed=seed)


def test_an_unmirrored_split_leaves_mirrors_in_training():
    train = modular_addition(23).hold_out(0.7, mirrored=False).train
    assert (train.T[~train]).double().mean() > 0.6


def test_splits_differ_by_seed_and_repeat():
    table = modular_addition(11)
    first, again, other = (table.hold_out(0.5, seed=seed).train for seed in (0, 0, 1))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_relabelling_is_a_renaming():
    table = modular_addition(11)
    renamed = table.relabel(seed=3)
    pairs = {
        (int(a), int(b))
        for a, b in zip(table.labels.flatten(), renamed.labels.flatten(), strict=True)
    }
    assert len(pairs) == 11
    assert any(a != b for a, b in pairs)


def test_shuffling_keeps_class_sizes_and_breaks_columns():
    shuffled = modular_addition(11).shuffle(seed=0).labels
    assert shuffled.flatten().bincount().eq(11).all()
    assert any(len(set(column.tolist())) < 11 for column in shuffled.T)


@pytest.mark.parametrize("order", [2, 3, 6, 13])
def test_a_latin_square_has_every_class_once_in_rows_and_columns(order):
    labels = latin_square(order, seed=order).labels
    expected = torch.arange(order).expand(order, order)
    assert torch.equal(labels.sort(1).values, expected)
    assert torch.equal(labels.sort(0).values, expected.T)


def test_latin_squares_of_order_three_are_drawn_uniformly():
    draws = Counter(tuple(latin_square(3, seed=s).labels.flatten().tolist()) for s in range(1200))
    assert len(draws) == 12
    assert chisquare(list(draws.values())).pvalue > 1e-3


def test_a_latin_square_without_moves_is_cyclic():
    assert torch.equal(latin_square(5, moves=0).labels, modular_addition(5).labels)


def test_a_random_latin_square_is_no_group():
    labels = latin_square(11).labels.numpy()
    tokens = np.arange(11)
    left = labels[labels[tokens[:, None, None], tokens[:, None]], tokens]
    right = labels[tokens[:, None, None], labels[tokens[:, None], tokens]]
    assert np.mean(left == right) < 0.5


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda: modular_addition(1), "modulus"),
        (lambda: modular_addition(5.5), "modulus"),
        (lambda: exclusive_or(0), "bits"),
        (lambda: latin_square(1), "order"),
        (lambda: latin_square(4, moves=-1), "moves"),
        (lambda: latin_square(4, seed=-1), "seed"),
        (lambda: modular_addition(5).hold_out(0), "train_fraction"),
        (lambda: modular_addition(5).hold_out(1.1), "train_fraction"),
        (lambda: modular_addition(5).hold_out(1.0001), "train_fraction"),
        (lambda: modular_addition(5).hold_out(float("nan")), "train_fraction"),
        (lambda: modular_addition(5).hold_out(0.5, seed=0.5), "seed"),
    ],
)
def test_bad_input_names_the_argument(call, name):
    with pytest.raises(ValueError, match=f"^{name}: "):
        call()
