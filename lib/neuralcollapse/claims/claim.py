"""What a claim is: a statement, a checker, what it must accept and what it must reject."""

import operator
from collections.abc import Callable
from dataclasses import dataclass, field
from html import escape

KINDS = {
    "proved": "full proof on the page; the checker tests it on instances",
    "symbolic": "computer algebra or exact rational arithmetic decides it",
    "certified": "interval arithmetic decides it on the stated region",
    "numerical": "seeds, tolerance and interval given; adversarial search, not only random trials",
    "observed": "an experiment on data, with its seeds and spread",
    "cited": "somebody else's theorem, used, not checked here",
    "conjecture": "not known",
}
_RELATIONS = {"<=": operator.le, ">=": operator.ge, "==": operator.eq}
_NOISE = 1e-8  # figures below this are rounding and differ between machines: not printed


@dataclass(frozen=True)
class Measure:
    """One figure held against one bound.

    Attributes
    ----------
    name : str
    figure : float
    relation : {"<=", ">=", "=="}
    bound : float

    Examples
    --------
    >>> Measure("cosine", 0.25, "<=", 0.5).holds
    True
    """

    name: str
    figure: float
    relation: str
    bound: float

    def __post_init__(self):
        if self.relation not in _RELATIONS:
            raise ValueError(
                f"relation: expected one of {', '.join(_RELATIONS)}, got {self.relation!r}"
            )

    @property
    def holds(self):
        """Whether the figure is in the stated relation to the bound; NaN never is."""
        return bool(_RELATIONS[self.relation](self.figure, self.bound))

    def __str__(self):
        return f"{self.name}: {self._shown()} {self.relation} {self.bound:.4g}"

    def _shown(self):
        if self.holds and self.relation != "==" and abs(self.figure) < _NOISE:
            return "rounding"
        short = f"{self.figure:.4g}"
        if self.holds != _RELATIONS[self.relation](float(short), self.bound):
            return repr(float(self.figure))  # rounded for print it would contradict the verdict
        return short


@dataclass(frozen=True)
class Evidence:
    """What a checker found: measures that must all hold."""

    measures: tuple[Measure, ...]

    def __post_init__(self):
        object.__setattr__(self, "measures", tuple(self.measures))
        if not self.measures:
            raise ValueError("measures: expected at least one; evidence of nothing proves nothing")

    @property
    def holds(self):
        """Whether every measure holds."""
        return all(measure.holds for measure in self.measures)


@dataclass(frozen=True)
class Claim:
    """A statement of the book.

    Attributes
    ----------
    identifier : str
        The label of the statement on its page, for instance ``thm-simplex-widest``.
    page : str
        Document name below ``book/``, for instance ``collapse/neural-collapse``.
    statement : str
        One sentence, in words.
    kind : str
        A key of `KINDS`.
    source : str
        Bibliography key of who published it, or "here".
    hypotheses : str
    checker : callable
        Takes the keyword arguments of an instance and returns `Evidence`.
    instance : callable
        Returns the arguments for which the claim is true. Called when checked, not before, for
        it may train a network.
    control_statement : str
        The tempting false variant, in words.
    control : callable
        Returns the arguments for which the same checker must not find evidence.
    """

    identifier: str
    page: str
    statement: str
    kind: str
    source: str
    hypotheses: str
    control_statement: str
    checker: Callable[..., Evidence] = field(repr=False)
    instance: Callable[[], dict] = field(repr=False)
    control: Callable[[], dict] = field(repr=False)

    def __post_init__(self):
        if self.kind not in KINDS:
            raise ValueError(f"kind: expected one of {', '.join(KINDS)}, got {self.kind!r}")

    def verify(self, instance=None, control=None):
        """Run the checker on the instance and on the control.

        Parameters
        ----------
        instance, control : dict, optional
            Arguments for the checker, where the page has computed them already.

        Returns
        -------
        Verdict
        """
        return Verdict(
            self,
            self.checker(**(self.instance() if instance is None else instance)),
            self.checker(**(self.control() if control is None else control)),
        )


@dataclass(frozen=True)
class Verdict:
    """A claim with the evidence for it and the evidence its control failed to give."""

    claim: Claim
    evidence: Evidence
    control: Evidence

    @property
    def passed(self):
        """Whether the claim holds and its control is rejected."""
        return self.evidence.holds and not self.control.holds

    def __str__(self):
        claim = self.claim
        lines = [f"{claim.identifier} ({claim.kind}): {self._status()}", f"  {claim.statement}"]
        lines += [f"  check    {measure}" for measure in self.evidence.measures]
        lines += [f"  control  {claim.control_statement}: {self._control_status()}"]
        lines += [f"           {measure}" for measure in self._decisive()]
        return "\n".join(lines)

    __repr__ = __str__

    def _repr_html_(self):
        claim = self.claim
        rows = [("claim", escape(claim.statement)), ("kind", f"{claim.kind}: {KINDS[claim.kind]}")]
        rows += [("check", _code(measure)) for measure in self.evidence.measures]
        rows += [("control", f"{escape(claim.control_statement)}: {self._control_status()}")]
        rows += [("", _code(measure)) for measure in self._decisive()]
        body = "".join(f"<tr><th>{name}</th><td>{text}</td></tr>" for name, text in rows)
        heading = f"<code>{claim.identifier}</code> {self._status()}"
        return f'<table class="verdict"><caption>{heading}</caption><tbody>{body}</tbody></table>'

    def _status(self):
        return "holds" if self.evidence.holds else "DOES NOT HOLD"

    def _control_status(self):
        return "NOT REJECTED" if self.control.holds else "rejected"

    def _decisive(self):
        """What the control failed by, or all it passed if it was not rejected."""
        failed = [measure for measure in self.control.measures if not measure.holds]
        return failed or self.control.measures


def _code(measure):
    return f"<code>{escape(str(measure))}</code>"
