"""Nuclear norms and squares of layers, with a strength of its own for every member."""

from collections.abc import Mapping

import numpy as np
import torch
from torch.nn import functional


class Penalties:
    """Sum over the members of all penalties, as a tensor.

    Parameters
    ----------
    ensemble : Ensemble
    nuclear, squared : dict of str to float or array_like, shape (num_members,)
        Strengths by layer, as `fit_ensemble` takes them.

    Raises
    ------
    ValueError
        If there is no such layer or a strength is no number of at least 0.
    """

    def __init__(self, ensemble, nuclear, squared):
        self._terms = [
            (term, *self._weight(ensemble, name, layer, strengths))
            for name, term, strengths_of in (
                ("nuclear", _nuclear_norms, nuclear),
                ("squared", _half_squares, squared),
            )
            for layer, strengths in _by_layer(name, strengths_of).items()
        ]

    @staticmethod
    def _weight(ensemble, name, layer, strengths):
        weight = ensemble.parameters.get(f"{layer}.weight")
        if weight is None:
            raise ValueError(f"{name}: the network has no layer {layer!r} with a weight")
        try:
            strengths = np.asarray(strengths, dtype=float)
        except (TypeError, ValueError) as error:
            raise ValueError(
                f"{name}[{layer!r}]: expected numbers of at least 0, got {strengths!r}"
            ) from error
        if strengths.shape not in ((), (len(weight),)):
            raise ValueError(
                f"{name}[{layer!r}]: expected a number or {len(weight)}, one a member, "
                f"got shape {strengths.shape}"
            )
        if not (np.isfinite(strengths).all() and (strengths >= 0).all()):
            raise ValueError(f"{name}[{layer!r}]: expected strengths of at least 0")
        return weight, torch.as_tensor(strengths).to(weight.dtype)

    def __call__(self, share, smoothing):
        """Return the sum, all strengths times a share, at a smoothing of the nuclear norm."""
        if share == 0:
            return 0.0
        return share * sum(
            (strengths * term(weight, smoothing)).sum() for term, weight, strengths in self._terms
        )

    def finite(self):
        """Return whether all penalised weights of a member are finite, shape (members,)."""
        return torch.stack([w.isfinite().flatten(1).all(1) for _, w, _ in self._terms]).all(0)


def _by_layer(name, strengths):
    if not isinstance(strengths, Mapping):
        raise ValueError(
            f"{name}: expected strengths by layer, for instance {{'classifier': 0.1}}, "
            f"got {strengths!r}"
        )
    return strengths


def _nuclear_norms(weight, smoothing):
    rows = functional.normalize(weight, dim=-1)
    if rows.shape[-1] > rows.shape[-2]:
        rows = rows.mT
    squares = torch.linalg.eigvalsh(rows.mT @ rows).clamp(min=0)
    return (squares + smoothing**2).sqrt().sum(-1)


def _half_squares(weight, smoothing):
    return weight.square().sum((-2, -1)) / 2
