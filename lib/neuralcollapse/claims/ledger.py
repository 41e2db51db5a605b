"""The ledger: all claims of the book, found by identifier, counted by kind."""

from html import escape

from neuralcollapse.claims.claim import KINDS


class ClaimFailedError(AssertionError):
    """A claim does not hold, or its control was not rejected."""


class Ledger:
    """An ordered collection of claims with distinct identifiers.

    Parameters
    ----------
    claims : iterable of Claim

    Raises
    ------
    ValueError
        If an identifier comes twice.
    """

    def __init__(self, claims):
        self._claims = {}
        for claim in claims:
            if claim.identifier in self._claims:
                raise ValueError(f"claims: {claim.identifier!r} comes twice")
            self._claims[claim.identifier] = claim

    def __iter__(self):
        return iter(self._claims.values())

    def __len__(self):
        return len(self._claims)

    def __getitem__(self, identifier):
        if identifier not in self._claims:
            raise KeyError(f"no claim {identifier!r}; there are {', '.join(self._claims)}")
        return self._claims[identifier]

    def check(self, identifier, instance=None, control=None):
        """Verify a claim and return its verdict.

        Parameters
        ----------
        identifier : str
        instance, control : dict, optional
            As in `Claim.verify`.

        Returns
        -------
        Verdict

        Raises
        ------
        KeyError
            If there is no such claim.
        ClaimFailedError
            If it does not hold or its control is not rejected, so that a page stops there.
        """
        verdict = self[identifier].verify(instance, control)
        if not verdict.passed:
            raise ClaimFailedError(str(verdict))
        return verdict

    def counts(self):
        """Return the number of claims of each kind, kinds without any included."""
        return {kind: sum(claim.kind == kind for claim in self) for kind in KINDS}

    def _repr_html_(self):
        rows = "".join(
            f'<tr><td><a href="{claim.page}.html#{claim.identifier}">'
            f"<code>{claim.identifier}</code></a></td><td>{escape(claim.statement)}</td>"
            f"<td>{claim.kind}</td><td>{claim.source}</td>"
            f"<td>{escape(claim.control_statement)}</td></tr>"
            for claim in self
        )
        heads = "".join(
            f"<th>{head}</th>"
            for head in ("claim", "statement", "kind", "source", "control it must reject")
        )
        return f'<table class="ledger"><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>'

    def __repr__(self):
        return "\n".join(f"{claim.identifier:<28}{claim.kind}" for claim in self)
