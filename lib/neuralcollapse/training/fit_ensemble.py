"""Full-batch training on an operation table: seeds and penalties are one batch of networks."""

from operator import index

import numpy as np
import torch
from torch.nn import functional
from tqdm import tqdm

from neuralcollapse.training.descent import Descent
from neuralcollapse.training.ensemble import Ensemble
from neuralcollapse.training.ensemble_history import EnsembleHistory
from neuralcollapse.training.threads import reproducible

_DIVERGED = 1e50
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
        If seeds, strengths or checkpoints are out of range, or there is no such layer.
    FloatingPointError
        If a loss diverges; the message names member and step.

    Notes
    -----
    Members do not meet: each has the gradient of its own loss, and Adam works entry by entry. The
    loss is the mean cross-entropy over the training pairs plus penalties. Everything runs on one
    thread, in the dtype of the network.
    """
    recipe = recipe or Descent()
    seeds = _check_seeds(seeds)
    checkpoints = _check_checkpoints(checkpoints, recipe.steps)
    if until is not None and not 0 < until <= 1:
        raise ValueError(f"until: expected a share of the test pairs in (0, 1], got {until}")
    if until is not None and bool(table.train.all()):
        raise ValueError("until: the table has no test pairs; hold some out, or leave it")
    with reproducible():
        ensemble = Ensemble(build, seeds)
        penalties = _Penalties(ensemble, nuclear or {}, squared or {})
        optimizer = _optimizer(ensemble, recipe)
        batch = _Batch(table)
        goal = None if until is None else _Goal(ensemble, table, until)
        history = _Recorder(ensemble, table)
        bar = tqdm(range(recipe.steps + 1), desc=table.name, unit="step", disable=None)
        for step in bar:
            for group in optimizer.param_groups:
                group["lr"] = group["rate"] * recipe.learning_rate_at(step)
            logits = ensemble.same(batch.left, batch.right).logits
            losses = batch.losses(logits)
            reached = goal is not None and goal.reached()
            if step in checkpoints or reached:
                _refuse_divergence(losses, seeds, step, recipe)
                history.record(step, losses, logits if batch.whole else None)
            if reached or step == recipe.steps:
                break
            total = losses.sum() + penalties(recipe.penalty_share(step), recipe.smoothing_at(step))
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


class _Penalties:
    """Sum over the members of all penalties, as a tensor."""

    def __init__(self, ensemble, nuclear, squared):
        self._terms = [
            (term, *self._weight(ensemble, name, layer, strengths))
            for name, term, strengths_of in (
                ("nuclear", _nuclear_norms, nuclear),
                ("squared", _half_squares, squared),
            )
            for layer, strengths in strengths_of.items()
        ]

    @staticmethod
    def _weight(ensemble, name, layer, strengths):
        weight = ensemble.parameters.get(f"{layer}.weight")
        if weight is None:
            raise ValueError(f"{name}: the network has no layer {layer!r} with a weight")
        strengths = np.asarray(strengths, dtype=float)
        if strengths.shape not in ((), (len(weight),)):
            raise ValueError(
                f"{name}[{layer!r}]: expected a number or {len(weight)}, one a member, "
                f"got shape {strengths.shape}"
            )
        if not (np.isfinite(strengths).all() and (strengths >= 0).all()):
            raise ValueError(f"{name}[{layer!r}]: expected strengths of at least 0")
        return weight, torch.as_tensor(strengths).to(weight.dtype)

    def __call__(self, share, smoothing):
        if share == 0:
            return 0.0
        return share * sum(
            (strengths * term(weight, smoothing)).sum() for term, weight, strengths in self._terms
        )


def _nuclear_norms(weight, smoothing):
    rows = functional.normalize(weight, dim=-1)
    if rows.shape[-1] > rows.shape[-2]:
        rows = rows.mT
    squares = torch.linalg.eigvalsh(rows.mT @ rows).clamp(min=0)
    return (squares + smoothing**2).sqrt().sum(-1)


def _half_squares(weight, smoothing):
    return weight.square().sum((-2, -1)) / 2


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


def _optimizer(ensemble, recipe):
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


def _refuse_divergence(losses, seeds, step, recipe):
    diverged = ~(losses < _DIVERGED)
    if diverged.any():
        member = int(diverged.nonzero()[0])
        raise FloatingPointError(
            f"the loss of member {member} (seed {seeds[member]}) diverged before step {step}; "
            f"lower recipe.learning_rate (now {recipe.learning_rate})"
        )


def _check_seeds(seeds):
    seeds = tuple(map(index, seeds))
    if not seeds or min(seeds) < 0:
        raise ValueError(f"seeds: expected whole numbers from 0 on, at least one, got {seeds}")
    return seeds


def _check_checkpoints(checkpoints, steps):
    if checkpoints is None:
        return set(np.linspace(0, steps, min(steps, 50) + 1).round().astype(int).tolist())
    checkpoints = set(map(index, checkpoints))
    if not checkpoints or min(checkpoints) < 0 or max(checkpoints) > steps:
        raise ValueError(f"checkpoints: expected steps from 0 to {steps}, got {checkpoints}")
    return checkpoints
