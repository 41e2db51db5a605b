"""Two solvers that share no objective agree: the distance is one minus the coherence."""

import numpy as np
import pytest

from neuralcollapse.codes import softmax_code, spherical_code


@pytest.mark.parametrize(("count", "dimension"), [(5, 2), (4, 3), (7, 3), (9, 3), (8, 4)])
def test_distance_is_one_minus_coherence(count, dimension):
    softmax = softmax_code(count, dimension, starts=3)
    spherical = spherical_code(count, dimension, starts=3)
    assert softmax.one_vs_rest_distance == pytest.approx(1 - spherical.coherence, abs=1e-9)


def test_a_seed_fixes_the_code():
    first, again = (softmax_code(5, 3, seed=2, starts=1) for _ in range(2))
    np.testing.assert_array_equal(first.points, again.points)


@pytest.mark.parametrize("arguments", [(1, 3), (3, 1), (3, 0)])
def test_what_cannot_be_searched_is_refused(arguments):
    with pytest.raises(ValueError, match=r"at least|line holds"):
        softmax_code(*arguments)


def test_contacts_are_those_of_the_spherical_code():
    softmax, spherical = softmax_code(7, 3), spherical_code(7, 3)
    assert len(softmax.contacts) == len(spherical.contacts) == 12
    assert softmax.rattlers == spherical.rattlers == ()


@pytest.mark.parametrize("search", [softmax_code, spherical_code])
def test_a_seed_is_not_negative(search):
    with pytest.raises(ValueError, match="seed: expected a whole number from 0"):
        search(4, 3, seed=-1, starts=1)
