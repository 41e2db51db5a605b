"""Every claim holds and its control is rejected; the machinery notices when either is not so."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from neuralcollapse.claims import (
    KINDS,
    LEDGER,
    Claim,
    ClaimFailedError,
    Evidence,
    Ledger,
    Measure,
    collapse,
)
from neuralcollapse.claims.exercises import check_nc1


@pytest.mark.parametrize("claim", list(LEDGER), ids=lambda claim: claim.identifier)
def test_the_claim_holds_and_its_control_is_rejected(claim):
    verdict = LEDGER.check(claim.identifier)
    assert verdict.evidence.holds
    assert not verdict.control.holds


def make(figure, control=2.0, **options):
    return Claim(
        identifier="thm-small",
        page="page",
        statement="It is small.",
        kind="proved",
        source="here",
        hypotheses="",
        control_statement="it is large",
        checker=lambda figure: Evidence((Measure("size", figure, "<=", 1),)),
        instance=lambda: {"figure": figure},
        control=lambda: {"figure": control},
        **options,
    )


def test_a_false_claim_stops_the_page():
    with pytest.raises(ClaimFailedError, match="DOES NOT HOLD"):
        Ledger([make(1.5)]).check("thm-small")


def test_a_control_that_passes_stops_the_page():
    with pytest.raises(ClaimFailedError, match="NOT REJECTED"):
        Ledger([make(0.5, control=0.7)]).check("thm-small")


def test_a_page_may_bring_its_own_figures_and_is_stopped_by_them_too():
    ledger = Ledger([make(0.5)])
    assert ledger.check("thm-small", instance={"figure": 0.1}).passed
    with pytest.raises(ClaimFailedError):
        ledger.check("thm-small", instance={"figure": 3.0})


@pytest.mark.parametrize("figure", [float("nan"), np.nan])
@pytest.mark.parametrize("relation", ["<=", ">=", "=="])
def test_nothing_holds_of_nan(figure, relation):
    assert not Measure("size", figure, relation, 1).holds


def test_a_verdict_prints_statement_figures_and_control():
    verdict = make(0.25).verify()
    assert str(verdict) == repr(verdict)
    assert "thm-small (proved): holds" in str(verdict)
    assert "size: 0.25 <= 1" in str(verdict)
    assert "it is large: rejected" in str(verdict)
    html = verdict._repr_html_()
    assert "size: 0.25 &lt;= 1" in html
    assert "It is small." in html


def test_nearest_centre_needs_the_bias_condition_too():
    assert not collapse.check_nearest_center(collapse._equal, bias_cancels=False).holds
    assert collapse.check_nearest_center(collapse._equal).holds


def test_undefined_evidence_does_not_hold():
    nan = torch.full((3,), float("nan"), dtype=torch.float64)
    with pytest.raises(ValueError, match="NaN"):
        collapse.check_nearest_center(lambda count: nan[:1].expand(count))
    bound = lambda count: float("nan") if count == 9 else -1 / (count - 1)  # noqa: E731
    assert not collapse.check_widest(bound).holds
    failing = Measure("size", 2, "<=", 1)
    evidence = Evidence(measure for measure in [failing])
    assert not evidence.holds
    assert not evidence.holds


def test_a_figure_is_not_rounded_into_its_opposite():
    assert str(Measure("size", 1.00001, "<=", 1)) == "size: 1.00001 <= 1"
    assert str(Measure("gap", 5e-9, "<=", 1e-12)) == "gap: 5e-09 <= 1e-12"


def test_rounding_is_not_printed_as_a_figure():
    assert str(Measure("gap", 3e-16, "<=", 1e-9)) == "gap: rounding <= 1e-09"
    assert str(Measure("gap", 0.0, "<=", 1e-9)) == "gap: rounding <= 1e-09"
    assert str(Measure("share", 0.0, "==", 0)) == "share: 0 == 0"


def test_ill_formed_claims_are_refused():
    with pytest.raises(ValueError, match="kind: expected one of proved"):
        replace(make(1.0), kind="obvious")
    with pytest.raises(ValueError, match="relation: expected one of"):
        Measure("size", 1, "<", 2)
    with pytest.raises(ValueError, match="evidence of nothing"):
        Evidence(())
    with pytest.raises(ValueError, match="'thm-small' comes twice"):
        Ledger([make(1.0), make(1.0)])
    with pytest.raises(KeyError, match="no claim 'thm-lost'"):
        LEDGER["thm-lost"]


def test_counts_add_up_and_the_table_lists_every_claim():
    counts = LEDGER.counts()
    assert list(counts) == list(KINDS)
    assert sum(counts.values()) == len(LEDGER)
    assert all(f"#{claim.identifier}" in LEDGER._repr_html_() for claim in LEDGER)
    assert all(claim.identifier in repr(LEDGER) for claim in LEDGER)


def reader_nc1(features, labels, weigh=True, rank=True):
    classes = np.unique(labels)
    means = np.stack([features[labels == c].mean(0) for c in classes])
    center = means.mean(0) if weigh else features.mean(0)
    covariances = [np.cov(features[labels == c].T, ddof=0) for c in classes]
    shares = None if weigh else [np.mean(labels == c) for c in classes]
    within = np.average(covariances, axis=0, weights=shares)
    between = (means - center).T @ (means - center) / len(classes)
    inverse = np.linalg.pinv(between, rcond=1e-10 if rank else 1e-30)
    return np.trace(within @ inverse) / len(classes)


def raw_moments_nc1(features, labels):
    """Right but for the moments, which lose their digits when the mean is large."""
    classes = np.unique(labels)
    means = np.stack([features[labels == c].mean(0) for c in classes])
    raw = [features[labels == c].T @ features[labels == c] / sum(labels == c) for c in classes]
    within = np.mean([r - np.outer(m, m) for r, m in zip(raw, means, strict=True)], axis=0)
    centered = means - means.mean(0)
    inverse = np.linalg.pinv(centered.T @ centered / len(classes), rcond=1e-10)
    return np.trace(within @ inverse) / len(classes)


def test_the_exercise_checker_accepts_a_right_answer(capsys):
    check_nc1(reader_nc1)
    assert capsys.readouterr().out == "correct on 4 cases\n"


@pytest.mark.parametrize(
    ("wrong", "hint"),
    [
        (lambda h, y: 0.0, "compare with the definition"),
        (lambda h, y: reader_nc1(h, y, rank=False), "invert only that"),
        (lambda h, y: reader_nc1(h, y, weigh=False), "weigh classes alike"),
        (lambda h, y: raw_moments_nc1(h, y), "subtract means before"),
    ],
)
def test_the_exercise_checker_rejects_wrong_answers_with_a_hint(wrong, hint):
    with pytest.raises(AssertionError, match=hint):
        check_nc1(wrong)
