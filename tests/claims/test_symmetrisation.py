"""The tools behind the claims of the symmetrisation, and the exercise's checker."""

import hashlib
import json

import numpy as np
import pytest

from neuralcollapse import codes
from neuralcollapse.claims import symmetrisation
from neuralcollapse.claims.exercises import check_symmetrise
from neuralcollapse.codes.code import Code
from neuralcollapse.geometry import orthoplex, regular_polygon, simplex_etf


def halfway(weights):
    return codes.symmetrised_code(weights, codes.hardmax_features(weights))


def test_the_exercise_checker_accepts_a_right_answer(capsys):
    check_symmetrise(halfway)
    assert capsys.readouterr().out == "correct on 3 cases\n"


@pytest.mark.parametrize(
    ("wrong", "hint"),
    [
        (lambda w: 2 * w, "at self-duality"),
        (lambda w: w, "random weights.*scale to length 1"),
        (lambda w: codes.hardmax_features(w), "scale to length 1"),
        (lambda w: (w + codes.hardmax_features(w)) / 2, "scale to length 1"),
        (lambda w: w[0], "expected shape"),
        (lambda w: np.full(w.shape, np.nan), "off by nan"),
    ],
)
def test_the_exercise_checker_rejects_wrong_answers(wrong, hint):
    with pytest.raises(AssertionError, match=hint):
        check_symmetrise(wrong)


def test_the_contacts_of_a_simplex_are_balanced_alike_and_lock_it():
    least, loose = symmetrisation.contact_stress(Code.of(simplex_etf(4)))
    assert least == pytest.approx(1 / 6, abs=1e-9)
    assert loose == 0


def test_contacts_that_a_motion_can_open_or_keep_are_noticed():
    least, _ = symmetrisation.contact_stress(Code.of(np.delete(orthoplex(3), [0], axis=0)))
    assert least == pytest.approx(0, abs=1e-9)
    square = np.column_stack([regular_polygon(4), np.zeros(4)])
    assert symmetrisation.contact_stress(Code.of(square))[1] > 0


@pytest.mark.parametrize("free", [True, False])
def test_the_search_finds_known_optima_with_matching_margins(free):
    margin, weights, features = symmetrisation.margin_search(4, 3, free=free, starts=1)
    assert margin == pytest.approx(4 / 3, abs=1e-9)
    assert -codes.hardmax_loss(weights, features) == pytest.approx(margin, abs=1e-12)


@pytest.mark.parametrize("dimension", [2, 3, 4, 7])
def test_shares_of_caps(dimension):
    assert symmetrisation.cap_share(np.pi / 2, dimension) == pytest.approx(0.5)
    assert symmetrisation.cap_share(np.pi, dimension) == pytest.approx(1)
    both = symmetrisation.cap_share(1.0, dimension) + symmetrisation.cap_share(
        np.pi - 1.0, dimension
    )
    assert both == pytest.approx(1)
    if dimension == 3:
        assert symmetrisation.cap_share(1.0, 3) == pytest.approx((1 - np.cos(1)) / 2)


def test_the_survey_is_whole_and_unchanged():
    stored = json.loads(symmetrisation.STORED.read_text())
    digest = hashlib.sha256(json.dumps(stored["rows"], sort_keys=True).encode()).hexdigest()
    assert digest == stored["sha256"]
    assert len(stored["rows"]) == 42 + 22 + 12
