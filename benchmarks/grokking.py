"""CPU seconds to grok addition: `fit_ensemble` and a plain PyTorch loop; 16 seeds at once.

OMP_NUM_THREADS=1 python benchmarks/grokking.py > benchmarks/grokking.txt
"""

import math
import os
import platform
import time
from functools import partial
from statistics import median

import torch
from torch import nn

from neuralcollapse.models import ClockNetwork, ModularMLP
from neuralcollapse.tasks import modular_addition
from neuralcollapse.training import Descent, fit_ensemble, reproducible
from neuralcollapse.training.ensemble import WEIGHTS, stream

MODULI, SEEDS = (59, 113), range(5)
MEMBERS, REPEATS = 16, 3
# The fastest public recipe seen: full batch, 40 % of the pairs, float32.
OPTIMIZER = {"betas": (0.9, 0.99), "eps": 1e-25, "weight_decay": 2.0}
LEARNING_RATE, TRAIN_FRACTION, MOST_EPOCHS = 0.05, 0.4, 1000
RECIPE = Descent(
    steps=MOST_EPOCHS, learning_rate=LEARNING_RATE, cooldown=0, ramp=(0, 0), **OPTIMIZER
)


def network(modulus, dtype=torch.float32):
    """A function of a generator that makes the network of the recipe."""
    return partial(ModularMLP, modulus, 200, dimension=100, dtype=dtype)


class PlainMLP(nn.Module):
    """The same network, written as one would."""

    def __init__(self, modulus):
        super().__init__()
        self.embedding = nn.Embedding(modulus, 100)
        self.hidden = nn.Linear(200, 200, bias=False)
        self.classifier = nn.Linear(200, modulus, bias=False)

    def forward(self, pairs):
        """Logits (N, modulus) of pairs (N, 2)."""
        return self.classifier(torch.relu(self.hidden(self.embedding(pairs).flatten(1))))


def plain(table, seed, dtype=torch.float32):
    """Epochs a plain loop needs, evaluated after each, and CPU seconds spent on evaluation."""
    model = PlainMLP(table.modulus).to(dtype)
    start = network(table.modulus, dtype)(generator=stream(seed, WEIGHTS))
    model.load_state_dict(start.state_dict())
    pairs, labels = table.train.nonzero(), table.labels[table.train]
    test_pairs, test_labels = (~table.train).nonzero(), table.labels[~table.train]
    optimizer = torch.optim.AdamW(model.parameters(), lr=LEARNING_RATE, **OPTIMIZER)
    criterion = nn.CrossEntropyLoss()
    evaluation = 0.0
    for epoch in range(1, MOST_EPOCHS + 1):
        optimizer.zero_grad()
        criterion(model(pairs), labels).backward()
        optimizer.step()
        begin = time.process_time()
        with torch.no_grad():
            right = (model(test_pairs).argmax(1) == test_labels).all()
        evaluation += time.process_time() - begin
        if right:
            return epoch, evaluation
    return math.inf, evaluation


def ours(table, seed, dtype=torch.float32):
    """Epochs `fit_ensemble` needs, evaluated after each."""
    history = fit_ensemble(
        network(table.modulus, dtype), table, RECIPE, seeds=(seed,), checkpoints=(0,), until=1.0
    )
    return int(history.steps[-1]) if history.test_accuracies[-1, 0] == 1 else math.inf


def seconds(function, *arguments):
    """What a call returns, and its CPU seconds."""
    begin = time.process_time()
    result = function(*arguments)
    return result, time.process_time() - begin


def grokking(modulus):
    """Run both loops in turn, one seed after the other, and print a table."""
    print(
        f"p = {modulus:<6}{'plain loop':>24}{'':>10}{'fit_ensemble':>22}\n"
        f"{'seed':10}{'epochs':>8}{'CPU s':>8}{'evaluating':>12}{'epochs':>14}{'CPU s':>8}"
        f"{'ratio':>12}"
    )
    rows = []
    for seed in SEEDS:
        table = modular_addition(modulus).hold_out(TRAIN_FRACTION, seed=seed, mirrored=False)
        (epochs, evaluation), plain_seconds = seconds(plain, table, seed)
        our_epochs, our_seconds = seconds(ours, table, seed)
        rows.append((epochs, plain_seconds, evaluation, our_epochs, our_seconds))
        print(row(str(seed), *rows[-1]), flush=True)
    middle = [median(column) for column in zip(*rows, strict=True)]
    print(row("median", *middle))
    per_epoch = [1000 * median(r[k + 1] / min(r[k], MOST_EPOCHS) for r in rows) for k in (0, 3)]
    print(
        f"{'an epoch':10}{per_epoch[0]:13.1f} ms{'':>15}{per_epoch[1]:16.1f} ms"
        f"{per_epoch[0] / per_epoch[1]:12.2f}\n"
    )


def row(name, epochs, plain_seconds, evaluation, our_epochs, our_seconds):
    """One line of the table."""
    return (
        f"{name:10}{epochs:8.0f}{plain_seconds:8.2f}{evaluation:12.2f}{our_epochs:14.0f}"
        f"{our_seconds:8.2f}{plain_seconds / our_seconds:12.2f}"
    )


def agreement(modulus=23, steps=30):
    """Largest relative distance of the weights of both loops after some steps in float64."""
    table = modular_addition(modulus).hold_out(TRAIN_FRACTION, mirrored=False)
    start = network(modulus, torch.float64)(generator=stream(0, WEIGHTS))
    model = PlainMLP(modulus).double()
    model.load_state_dict(start.state_dict())
    optimizer = torch.optim.AdamW(model.parameters(), lr=LEARNING_RATE, **OPTIMIZER)
    for _ in range(steps):
        optimizer.zero_grad()
        logits = model(table.train.nonzero())
        nn.functional.cross_entropy(logits, table.labels[table.train]).backward()
        optimizer.step()
    recipe = Descent(steps=steps, learning_rate=LEARNING_RATE, cooldown=0, ramp=(0, 0), **OPTIMIZER)
    history = fit_ensemble(network(modulus, torch.float64), table, recipe, seeds=(0,))
    other = history.models[0].state_dict()
    return max(
        ((value - other[name]).norm() / value.norm()).item()
        for name, value in model.state_dict().items()
    )


def plain_runs(build, table, recipe, seeds):
    """Train one network after the other in a plain loop."""
    pairs, labels = table.train.nonzero().unbind(1), table.labels[table.train]
    for seed in seeds:
        model = build(generator=stream(seed, WEIGHTS))
        optimizer = torch.optim.AdamW(
            model.parameters(),
            lr=recipe.learning_rate,
            betas=recipe.betas,
            eps=recipe.eps,
            weight_decay=recipe.weight_decay,
        )
        for _ in range(recipe.steps):
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(*pairs).logits, labels).backward()
            optimizer.step()


def ensemble(build, table, recipe, seeds):
    """Train all networks at once."""
    fit_ensemble(build, table, recipe, seeds=tuple(seeds), checkpoints=(recipe.steps,))


def runs(build, table, recipe, seeds):
    """Train one network after the other with the loop of the ensemble."""
    for seed in seeds:
        ensemble(build, table, recipe, (seed,))


def batching():
    """Print CPU milliseconds a seed and step, at once and one after the other."""
    cases = {
        "clock, P = 23": (
            partial(ClockNetwork, 23, 6),
            modular_addition(23),
            Descent(steps=100, cooldown=0, ramp=(0, 0)),
        ),
        "MLP, p = 59": (
            network(59),
            modular_addition(59).hold_out(TRAIN_FRACTION, mirrored=False),
            Descent(steps=40, learning_rate=LEARNING_RATE, cooldown=0, ramp=(0, 0), **OPTIMIZER),
        ),
    }
    ways = {"at once": ensemble, "in turn": runs, "plain loop": plain_runs}
    print(f"{MEMBERS} seeds, CPU ms a seed and step (median of {REPEATS})")
    print(f"{'':16}" + "".join(f"{way:>12}" for way in ways) + f"{'ratios':>16}")
    for name, (build, table, recipe) in cases.items():
        spent = {way: [] for way in ways}
        for _ in range(REPEATS):
            for way, function in ways.items():
                _, taken = seconds(function, build, table, recipe, range(MEMBERS))
                spent[way].append(1000 * taken / (MEMBERS * recipe.steps))
        at_once, in_turn, plain_loop = (median(spent[way]) for way in ways)
        print(
            f"{name:16}{at_once:12.2f}{in_turn:12.2f}{plain_loop:12.2f}"
            f"{in_turn / at_once:10.2f}{plain_loop / at_once:6.2f}",
            flush=True,
        )


def main():
    """Print both tables."""
    print(
        f"{os.cpu_count()} cores {platform.machine()}, one thread, denormals flushed; Python "
        f"{platform.python_version()}, torch {torch.__version__}"
    )
    print(
        "Epochs and CPU seconds to the first 100 % of the test pairs. Both loops start from the "
        f"same weights,\nfloat32; after 30 steps in float64 these differ by {agreement():.0e}. "
        f"A run ends after {MOST_EPOCHS} epochs, then\nreported as inf.\n"
    )
    for modulus in MODULI:
        grokking(modulus)
    batching()


if __name__ == "__main__":
    with reproducible():
        main()
