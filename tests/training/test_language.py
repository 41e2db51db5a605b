"""The loop of language models: against a plain one, what it can learn, its report, its refusals."""

import io
import math
import sys
from functools import partial

import numpy as np
import pytest
import torch
from torch.nn import functional

from neuralcollapse import ClassStatistics
from neuralcollapse.metrics import nearest_center_mismatch, norm_spread
from neuralcollapse.models import TinyTransformer
from neuralcollapse.tasks import Prose
from neuralcollapse.training import (
    LanguageRecipe,
    context_statistics,
    fit_language,
    measure_language,
    reproducible,
)
from neuralcollapse.training.ensemble import stream
from neuralcollapse.training.fit_language import windows

BUILD = partial(TinyTransformer, dimension=16, depth=1)


def chain(count=1200, num_classes=6, seed=0):
    """A text where token c is followed by c + 1, or by 0 one time in five."""
    generator = np.random.default_rng(seed)
    tokens = [0]
    for jump in generator.random(count) < 0.2:
        tokens.append(0 if jump else (tokens[-1] + 1) % num_classes)
    tokens = torch.tensor(tokens)
    names = tuple("abcdef"[:num_classes])
    return Prose(tokens, tokens[:400], names, "chain", 1)


RECIPE = LanguageRecipe(epochs=3, context=8, batch_size=4, warmup=5)


def plain_loop(prose, recipe, seed):
    """The same training the usual way: a scheduler of torch, no clipping helper."""
    model = TinyTransformer(
        prose.num_classes,
        16,
        1,
        recipe.context,
        generator=stream(seed, 0),
        dtype=torch.float32,
    )
    inputs, labels = windows(prose.train_tokens, recipe.context)
    decay = [p for p in model.parameters() if p.ndim > 1]
    plain = [p for p in model.parameters() if p.ndim == 1]
    optimizer = torch.optim.AdamW(
        [{"params": decay, "weight_decay": 0.1}, {"params": plain, "weight_decay": 0.0}],
        lr=1.0,
        betas=(0.9, 0.95),
    )
    steps = 3 * math.ceil(len(inputs) / 4)

    def factor(step):
        if step < 5:
            return 3e-3 * (step + 1) / 5
        return 3e-3 * (0.55 + 0.45 * math.cos(math.pi * (step - 5) / (steps - 5)))

    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, factor)
    order = stream(seed, 1)
    for _ in range(3):
        for batch in torch.randperm(len(inputs), generator=order).split(4):
            logits = model(inputs[batch]).logits
            loss = functional.cross_entropy(logits.transpose(1, 2), labels[batch])
            optimizer.zero_grad()
            loss.backward()
            total = math.sqrt(sum(float(p.grad.square().sum()) for p in model.parameters()))
            for p in model.parameters():
                p.grad *= min(1.0, 1 / total)
            optimizer.step()
            schedule.step()
    return model


def test_the_loop_is_the_plain_one():
    prose = chain()
    history = fit_language(BUILD, prose, RECIPE, seed=3)
    with reproducible():
        alone = plain_loop(prose, RECIPE, 3)
    for ours, theirs in zip(history.model.parameters(), alone.parameters(), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=2e-2, atol=2e-4)


def test_it_learns_the_chain_and_shuffled_labels_leave_the_frequencies():
    prose = chain(4000)
    recipe = LanguageRecipe(epochs=6, context=16, warmup=20)
    learned = fit_language(BUILD, prose, recipe, checkpoints=(0, 6))
    shuffled = fit_language(BUILD, prose, recipe, shuffle_labels=True).reports[-1]
    counts = torch.bincount(prose.train_tokens, minlength=6)
    frequencies = counts / counts.sum()
    unigram = -frequencies.log()[prose.validation_tokens].mean()
    chance = 0.5004  # entropy of a jump
    assert learned.reports[0].validation_loss == pytest.approx(math.log(6), abs=0.1)
    assert learned.reports[1].validation_loss < chance + 0.1
    assert shuffled.validation_loss == pytest.approx(float(unigram), abs=0.1)
    assert shuffled.trace_quotient > 20 * learned.reports[1].trace_quotient


def test_a_run_repeats_itself_and_seeds_differ():
    prose = chain(300)
    first, again, other = (fit_language(BUILD, prose, RECIPE, seed=s) for s in (0, 0, 1))
    assert first.reports == again.reports
    assert first.reports != other.reports


def test_checkpoints_do_not_change_the_run():
    prose = chain(300)
    every = fit_language(BUILD, prose, RECIPE, checkpoints=(0, 1, 2, 3))
    assert every.epochs == (0, 1, 2, 3)
    assert every.reports[-1] == fit_language(BUILD, prose, RECIPE).reports[0]


def test_contexts_are_collected_as_a_loop_would():
    prose = chain(300)
    model = fit_language(BUILD, prose, RECIPE).model
    inputs, labels = windows(prose.train_tokens, 8)
    found = context_statistics(model, inputs, labels, minimum_count=30)
    with torch.no_grad():
        features = model(inputs).features.flatten(0, 1)
    counts = labels.flatten().bincount(minlength=6)
    plain = ClassStatistics(6, 16)
    for label in range(6):
        rows = features[labels.flatten() == label].double()
        assert int(found.counts[label]) == (len(rows) if len(rows) >= 30 else 0)
        if len(rows) >= 30:
            plain.update(rows, torch.full((len(rows),), label))
            torch.testing.assert_close(found.means[label], rows.mean(0))
    assert 2 <= int((counts >= 30).sum()) < 6
    torch.testing.assert_close(found.within_class_scatter(), plain.within_class_scatter())
    assert found._scatter.shape == (16, 16)


def test_the_report_says_what_the_metrics_say():
    prose = chain(600)
    model = fit_language(BUILD, prose, RECIPE).model
    train, validation = (
        windows(tokens, 8) for tokens in (prose.train_tokens, prose.validation_tokens)
    )
    report = measure_language(model, train, validation)
    statistics = context_statistics(model, *train)
    with torch.no_grad():
        output = model(validation[0])
    loss = functional.cross_entropy(output.logits.flatten(0, 1), validation[1].flatten())
    assert report.validation_loss == pytest.approx(float(loss), rel=1e-5)
    mismatch = nearest_center_mismatch(
        output.features.flatten(0, 1), statistics.means, model.classifier.weight
    )
    assert report.agreement == pytest.approx(1 - mismatch)
    assert report.norm_spread == pytest.approx(norm_spread(statistics))
    assert report.log_mean_1 >= report.mean_log_1
    assert report.to_dict()["num_classes"] == 6


def test_refusals():
    prose = chain(300)
    with pytest.raises(ValueError, match="train_tokens: expected at least 1025"):
        fit_language(BUILD, prose, LanguageRecipe(context=1024))
    with pytest.raises(ValueError, match="checkpoints"):
        fit_language(BUILD, prose, RECIPE, checkpoints=(4,))
    with pytest.raises(ValueError, match="seeds"):
        fit_language(BUILD, prose, RECIPE, seed=-1)
    with pytest.raises(ValueError, match="recipe: expected a LanguageRecipe"):
        fit_language(BUILD, prose, {"epochs": 1})
    for name, value in {
        "epochs": 0,
        "warmup": -1,
        "floor": 2,
        "betas": (0.9, 1.0),
        "clip": 0,
        "weight_decay": -1,
        "learning_rate": 0,
    }.items():
        with pytest.raises(ValueError, match=name):
            LanguageRecipe(**{name: value})


def test_divergence_names_the_way_out():
    def broken(*sizes, **options):
        model = BUILD(*sizes, **options)
        with torch.no_grad():
            model.positions.fill_(float("inf"))
        return model

    with pytest.raises(FloatingPointError, match=r"step 1 of .*lower recipe.learning_rate"):
        fit_language(broken, chain(300), RECIPE)


def test_the_bar_is_for_terminals_only(monkeypatch):
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    fit_language(BUILD, chain(300), RECIPE)
    assert sys.stderr.getvalue() == ""
