"""Full-batch training on an operation table: seeds and penalties are one batch of networks."""

import numpy as np
import torch
from torch.nn import functional
from tqdm import tqdm

from neuralcollapse.geometry.arrays import as_number
from neuralcollapse.training.descent import Descent
from neuralcollapse.training.ensemble import Ensemble
from neuralcollapse.training.ensemble_history import EnsembleHistory
from neuralcollapse.training.penalties import Penalties
from neuralcollapse.training.requests import as_checkpoints, as_recipe, as_seeds
from neuralcollapse.training.stochastic import DIVERGED
from neuralcollapse.training.threads import reproducible

_CHUNK = 256  # test pairs looked at together
_LAYERS = ("embedding", "classifier")


def fit_ensemble(
    build, table, recipe=None, *, seeds, nuclear=None, squared=None, checkpoints=None, until=None
):
    r"""Train networks that differ in seed and penalties, all at once.

    Parameters
    ----------
    build : callable
        ``build(generator=...)`` returns a network with ``forward(left, right)`` and layers
        `embedding` and `classifier`, for instance ``partial(ClockNetwork, 11, 6)``.
    table : OperationTable
    recipe : Descent, optional
    seeds : sequence of int
        One a member, at least 0; a seed may come again with other penalties.
    nuclear : dict of str to float or array_like, shape (num_members,), optional
        Strengths by layer of the nuclear norm of its weight, rows scaled to length 1.
    squared : dict of str to float or array_like, shape (num_members,), optional
        Strengths $\lambda$ by layer of $\frac\lambda2\|W\|_F^2$.
    checkpoints : sequence of int, optional
        Steps after which to record, from 0 to ``recipe.steps``; 51 spread evenly unless given.
    until : float, optional
        Stop after the first step at which every member gets this share of the test pairs right,
        and record it. Looked for after every step, on no more pairs than refute it.

    Returns
    -------
    EnsembleHistory

    Raises
    ------
    ValueError
        If seeds, strengths or checkpoints are out of range, there is no such layer, the network
        is not one for the table, or the table has no pairs to train on.
    FloatingPointError
        If a loss or a nuclear norm diverges, at whatever step; the message names member and step.

    Notes
    -----
    Members do not meet: each has the gradient of its own loss, and Adam works entry by entry. The
    loss is the mean cross-entropy over the training pairs plus penalties. Everything runs on one
    thread, in the dtype of the network.
    """
    recipe = as_recipe(recipe, Descent)
    if not table.train.any():
        raise ValueError("table: there are no pairs to train on; hold fewer out")
    seeds = as_seeds(seeds, repeated=True)
    checkpoints = _check_checkpoints(checkpoints, recipe.steps)
    _check_until(until, table)
    with reproducible():
        ensemble = Ensemble(build, seeds)
        _check_rows(ensemble, table)
        nuclear, squared = ({} if by is None else by for by in (nuclear, squared))
        penalties = Penalties(ensemble, nuclear, squared)
        optimizer = descent_optimizer(ensemble, recipe)
        batch = _Batch(table)
        goal = None if until is None else _Goal(ensemble, table, until)
        history = _Recorder(ensemble, table)
        bar = tqdm(range(recipe.steps + 1), desc=table.name, unit="step", disable=None)
        for step in bar:
            for group in optimizer.param_groups:
                group["lr"] = group["rate"] * recipe.learning_rate_at(step)
            logits = ensemble.same(batch.left, batch.right).logits
            losses = batch.losses(logits)
            if not (losses < DIVERGED).all():
                raise _divergence("loss", losses < DIVERGED, seeds, step, recipe)
            reached = goal is not None and goal.reached()
            if step in checkpoints or reached:
                history.record(step, losses, logits if batch.whole else None)
            if reached or step == recipe.steps:
                break
            try:
                total = losses.sum() + penalties(
                    recipe.penalty_share(step), recipe.smoothing_at(step)
                )
            except torch.linalg.LinAlgError as error:
                finite = penalties.finite()
                raise _divergence("nuclear norm", finite, seeds, step, recipe) from error
            optimizer.zero_grad()
            total.backward()
            optimizer.step()
        bar.close()
        return history.result(recipe, seeds)


class _Batch:
    """The pairs of a step: all of them, masked, or a list if fewer than half are trained on."""

    def __init__(self, table):
        self.whole = bool(2 * table.train.sum() > table.train.numel())
        if self.whole:
            self.left, self.right, self.labels = table.left, table.right, table.labels
            self.mask = None if table.train.all() else table.train.double()
        else:
            self.left, self.right = table.train.nonzero().unbind(1)
            self.labels, self.mask = table.labels[table.train], None

    def losses(self, logits):
        """Return the mean cross-entropy of each member, shape (members,)."""
        members, num_classes = len(logits), logits.shape[-1]
        labels = self.labels.expand(members, *self.labels.shape).reshape(-1)
        flat = functional.cross_entropy(logits.reshape(-1, num_classes), labels, reduction="none")
        flat = flat.view(members, -1)
        if self.mask is None:
            return flat.mean(1)
        return flat @ (self.mask.flatten() / self.mask.sum()).to(flat.dtype)


class _Goal:
    """A share of the test pairs that every member has to get right."""

    def __init__(self, ensemble, table, share):
        pairs = (~table.train).nonzero()
        # In a mixed order a few pairs tell that a network does not generalise yet.
        mixed = torch.randperm(len(pairs), generator=torch.Generator().manual_seed(0))
        self._chunks = [
            (*chunk.unbind(1), table.labels[chunk.unbind(1)])
            for chunk in pairs[mixed].split(_CHUNK)
        ]
        self._ensemble, self._count, self._share = ensemble, len(pairs), share

    @torch.no_grad()
    def reached(self):
        """Count mistakes chunk by chunk, until a member has too many."""
        mistakes = 0
        for left, right, labels in self._chunks:
            logits = self._ensemble.same(left, right).logits
            mistakes = mistakes + (logits.argmax(-1) != labels).sum(-1)
            if (self._count - int(mistakes.max())) / self._count < self._share:
                return False
        return True


class _Recorder:
    """What an `EnsembleHistory` is made of, checkpoint by checkpoint."""

    def __init__(self, ensemble, table):
        self._ensemble, self._table = ensemble, table
        self._layers = [f"{layer}.weight" for layer in _LAYERS]
        self.steps, self.losses = [], []
        self.train_accuracies, self.test_accuracies = [], []
        self._weights = {name: [] for name in self._layers}

    @torch.no_grad()
    def record(self, step, losses, logits):
        if logits is None:
            logits = self._ensemble.same(self._table.left, self._table.right).logits
        right = (logits.argmax(-1) == self._table.labels).double()
        train = self._table.train
        self.steps.append(step)
        self.losses.append(losses.detach().double().numpy())
        self.train_accuracies.append(right[:, train].mean(1).numpy())
        # The mean over no test pairs is NaN, as it should be.
        self.test_accuracies.append(right[:, ~train].mean(1).numpy())
        for name in self._layers:
            weight = self._ensemble.parameters[name].detach()
            self._weights[name].append(weight.double().numpy().copy())

    def result(self, recipe, seeds):
        return EnsembleHistory(
            task=self._table.name,
            recipe=recipe,
            seeds=seeds,
            steps=np.array(self.steps),
            losses=np.stack(self.losses),
            train_accuracies=np.stack(self.train_accuracies),
            test_accuracies=np.stack(self.test_accuracies),
            weights={
                layer: np.stack(self._weights[name])
                for layer, name in zip(_LAYERS, self._layers, strict=True)
            },
            models=self._ensemble.members(),
        )


def descent_optimizer(ensemble, recipe):
    """Return the optimiser of a `Descent`, a group a parameter, each with its ``rate``."""
    layers = {name.split(".")[0] for name in ensemble.parameters}
    if unknown := set(recipe.rates) - layers:
        raise ValueError(f"rates: the network has no layer {', '.join(sorted(unknown))}")
    groups = [
        {"params": [parameter], "rate": recipe.rates.get(name.split(".")[0], 1.0)}
        for name, parameter in ensemble.parameters.items()
    ]
    if recipe.optimizer == "gradient":
        return torch.optim.SGD(groups, lr=recipe.learning_rate, weight_decay=recipe.weight_decay)
    return torch.optim.AdamW(
        groups,
        lr=recipe.learning_rate,
        betas=recipe.betas,
        eps=recipe.eps,
        weight_decay=recipe.weight_decay,
    )


def _divergence(what, sound, seeds, step, recipe):
    """The error for the first member that is not sound, or for all if that is not known."""
    places = (~sound).nonzero().flatten().tolist()
    member = f"of member {places[0]} (seed {seeds[places[0]]}) " if places else ""
    return FloatingPointError(
        f"the {what} {member}diverged before step {step}; "
        f"lower recipe.learning_rate (now {recipe.learning_rate})"
    )


def _check_rows(ensemble, table):
    for layer, rows in zip(_LAYERS, (table.modulus, table.num_classes), strict=True):
        weight = ensemble.parameters.get(f"{layer}.weight")
        found = "none" if weight is None else weight.shape[1]
        if found != rows:
            raise ValueError(
                f"build: expected a network with {rows} rows in {layer}.weight, as many as the "
                f"table has {'tokens' if layer == 'embedding' else 'classes'}, got {found}"
            )


def _check_until(until, table):
    if until is None:
        return
    expected = "a share of the test pairs in (0, 1]"
    if not 0 < as_number(until, "until", expected) <= 1:
        raise ValueError(f"until: expected {expected}, got {until}")
    if table.train.all():
        raise ValueError("until: the table has no test pairs; hold some out, or leave it")


def _check_checkpoints(checkpoints, steps):
    if checkpoints is None:
        checkpoints = np.linspace(0, steps, min(steps, 50) + 1).round().astype(int)
    return as_checkpoints(checkpoints, steps, "steps", repeated=True)
