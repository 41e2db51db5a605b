"""An ensemble against its members trained alone and against a plain loop; its refusals."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import torch
from torch.nn import functional

from neuralcollapse.models import ClockNetwork
from neuralcollapse.tasks import modular_addition
from neuralcollapse.training import Descent, fit_ensemble, reproducible
from neuralcollapse.training.ensemble import stream

NETWORK = partial(ClockNetwork, 5, 3)
TABLE = modular_addition(5)
SHORT = Descent(steps=100, ramp=(0.1, 0.5))


def plain_loop(seed, table, nuclear, squared, steps):
    """The same training written the usual way: one network, nn.Module, a list of pairs."""
    model = NETWORK(generator=stream(seed, 0))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.03, betas=(0.9, 0.98))
    pairs = table.train.nonzero()
    labels = table.labels[table.train]
    for step in range(steps):
        share = min(1, max(0, (step - 0.1 * steps) / (0.4 * steps)))
        rate = min(1, (1 - step / steps) / 0.2)
        optimizer.param_groups[0]["lr"] = 0.03 * (0.02 + 0.98 * rate)
        epsilon = 0.05 * (1e-4 / 0.05) ** (step / steps)
        rows = functional.normalize(model.classifier.weight, dim=1)
        norm = (torch.linalg.svdvals(rows).square() + epsilon**2).sqrt().sum()
        half_squares = sum(p.square().sum() for p in model.parameters()) / 2
        loss = functional.cross_entropy(model(*pairs.T).logits, labels)
        loss = loss + share * (nuclear * norm + squared * half_squares)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return model


@pytest.mark.parametrize("fraction", [1.0, 0.8, 0.4])
def test_an_ensemble_is_its_members_trained_alone(fraction):
    table = TABLE.hold_out(fraction) if fraction < 1 else TABLE
    strengths = {"nuclear": [0.0, 0.2, 0.3], "squared": [0.01, 0.0, 0.02]}
    history = fit_ensemble(
        NETWORK,
        table,
        SHORT,
        seeds=(4, 9, 4),
        nuclear={"classifier": strengths["nuclear"]},
        squared=dict.fromkeys(("embedding", "classifier"), strengths["squared"]),
    )
    for place, seed in enumerate((4, 9, 4)):
        nuclear, squared = strengths["nuclear"][place], strengths["squared"][place]
        with reproducible():
            plain = plain_loop(seed, table, nuclear, squared, 100)
        alone = fit_ensemble(
            NETWORK,
            table,
            SHORT,
            seeds=(seed,),
            nuclear={"classifier": nuclear},
            squared=dict.fromkeys(("embedding", "classifier"), squared),
        )
        for trained, other in ((history.models[place], plain), (alone.models[0], plain)):
            for ours, theirs in zip(trained.parameters(), other.parameters(), strict=True):
                assert (ours - theirs).norm() <= 1e-6 * theirs.norm()


def test_weight_decay_of_gradient_descent_is_the_squared_penalty():
    constant = {"steps": 50, "optimizer": "gradient", "learning_rate": 0.5, "ramp": (0, 0)}
    decayed = fit_ensemble(NETWORK, TABLE, Descent(weight_decay=0.1, **constant), seeds=(0,))
    penalised = fit_ensemble(
        NETWORK,
        TABLE,
        Descent(**constant),
        seeds=(0,),
        squared={"embedding": 0.1, "classifier": 0.1},
    )
    for layer in ("embedding", "classifier"):
        assert np.allclose(decayed.weights[layer], penalised.weights[layer], rtol=1e-10, atol=1e-12)


def test_the_history_is_that_of_the_networks():
    table = TABLE.hold_out(0.6)
    history = fit_ensemble(NETWORK, table, SHORT, seeds=(0, 1), checkpoints=(0, 50, 100))
    assert history.steps.tolist() == [0, 50, 100]
    assert not np.allclose(history.weights["embedding"][0], history.weights["embedding"][1])
    for place, seed in enumerate((0, 1)):
        untrained = NETWORK(generator=stream(seed, 0))
        trained = history.models[place]
        for checkpoint, model in ((0, untrained), (2, trained)):
            weight = model.classifier.weight.detach().numpy()
            assert np.array_equal(history.weights["classifier"][checkpoint, place], weight)
            logits = model(table.left, table.right).logits
            right = logits.argmax(-1) == table.labels
            loss = functional.cross_entropy(logits[table.train], table.labels[table.train])
            assert history.losses[checkpoint, place] == pytest.approx(loss.item(), rel=1e-12)
            accuracy = history.train_accuracies[checkpoint, place]
            assert accuracy == right[table.train].double().mean()
            assert history.test_accuracies[checkpoint, place] == right[~table.train].double().mean()


def test_without_held_out_pairs_test_accuracy_is_nan():
    history = fit_ensemble(NETWORK, TABLE, Descent(steps=2), seeds=(0,))
    assert np.isnan(history.test_accuracies).all()


def test_a_run_repeats_itself_to_the_last_bit():
    first, again = (fit_ensemble(NETWORK, TABLE, SHORT, seeds=(0,)) for _ in range(2))
    assert np.array_equal(first.weights["embedding"], again.weights["embedding"])


def test_a_layer_at_rate_nearly_zero_stays():
    history = fit_ensemble(
        NETWORK, TABLE, Descent(steps=20, rates={"embedding": 1e-12}), seeds=(0,)
    )
    moved = {layer: np.ptp(history.weights[layer], axis=0).max() for layer in history.weights}
    assert moved["embedding"] < 1e-9 < 0.1 < moved["classifier"]


def test_training_stops_when_all_test_pairs_are_right():
    table = modular_addition(7).hold_out(0.8)
    network = partial(ClockNetwork, 7, 6)
    history = fit_ensemble(
        network, table, Descent(steps=400), seeds=(0, 1), checkpoints=range(401), until=1.0
    )
    assert len(history.steps) < 400
    assert (history.test_accuracies[-1] == 1).all()
    assert (history.test_accuracies[:-1].min(1) < 1).all()


@pytest.mark.parametrize("share", [0.5, 1.0])
def test_training_stops_at_the_first_step_that_reaches_the_goal_wherever_it_records(share):
    table = modular_addition(23).hold_out(0.4)  # more test pairs than are looked at together
    run = partial(
        fit_ensemble, partial(ClockNetwork, 23, 6), table, Descent(steps=300), seeds=(0, 3)
    )
    every = run(checkpoints=range(301))
    first = int((every.test_accuracies.min(1) >= share).argmax())
    stopped = run(checkpoints=(0, 10), until=share)
    assert stopped.steps.tolist() == [0, 10, first]
    assert 10 < first < 300
    assert np.array_equal(stopped.weights["embedding"][-1], every.weights["embedding"][first])


def test_measured_calls_the_function_on_every_weight():
    history = fit_ensemble(NETWORK, TABLE, Descent(steps=2), seeds=(0, 1))
    norms = history.measured("classifier", np.linalg.norm)
    assert norms.shape == (3, 2)
    assert norms[2, 1] == np.linalg.norm(history.weights["classifier"][2, 1])
    with pytest.raises(ValueError, match=r"^layer: "):
        history.measured("body", np.linalg.norm)


def test_divergence_names_member_and_way_out():
    recipe = Descent(steps=60, optimizer="gradient", learning_rate=1e6, ramp=(0, 0))
    network = partial(ClockNetwork, 5, 3, head="linear")
    with pytest.raises(FloatingPointError, match=r"member 0 \(seed 7\).*learning_rate"):
        fit_ensemble(network, TABLE, recipe, seeds=(7,))


@pytest.mark.parametrize("checkpoints", [(0,), (0, 20)])
def test_divergence_between_checkpoints_is_an_error(checkpoints):
    recipe = Descent(steps=20, optimizer="gradient", learning_rate=1e150)
    network = partial(ClockNetwork, 5, 3, head="linear")
    with pytest.raises(FloatingPointError, match=r"loss of member 0 \(seed 7\)"):
        fit_ensemble(network, TABLE, recipe, seeds=(7, 8), checkpoints=checkpoints)


@pytest.mark.parametrize(
    ("values", "member"), [((1.0, float("nan")), r"of member 1 \(seed 8\) "), ((1.0, 1.0), "")]
)
def test_a_nuclear_norm_that_fails_names_member_and_step(values, member, monkeypatch):
    values = iter(values)

    def build(generator):
        network = NETWORK(generator=generator)
        network.unused = torch.nn.Linear(2, 2, dtype=torch.float64)
        torch.nn.init.constant_(network.unused.weight, next(values))
        return network

    def fail(matrix):
        raise torch.linalg.LinAlgError("no convergence")

    monkeypatch.setattr(torch.linalg, "eigvalsh", fail)
    message = f"the nuclear norm {member}diverged before step 0; lower recipe.learning_rate"
    with pytest.raises(FloatingPointError, match=message):
        fit_ensemble(
            build, TABLE, Descent(steps=2, ramp=(0, 0)), seeds=(7, 8), nuclear={"unused": 0.1}
        )


@pytest.mark.parametrize("network", [partial(ClockNetwork, 7, 3), partial(ClockNetwork, 4, 3)])
def test_a_network_of_another_modulus_is_refused(network):
    with pytest.raises(ValueError, match=r"^build: expected a network with 5 rows in embedding"):
        fit_ensemble(network, TABLE, SHORT, seeds=(0,))


def test_a_table_without_training_pairs_is_refused():
    table = replace(TABLE, train=torch.zeros_like(TABLE.train))
    with pytest.raises(ValueError, match=r"^table: there are no pairs to train on"):
        fit_ensemble(NETWORK, table, SHORT, seeds=(0,))


@pytest.mark.parametrize("recipe", [{}, {"steps": 3}, 5])
def test_a_recipe_is_a_descent(recipe):
    with pytest.raises(ValueError, match=r"^recipe: expected a Descent"):
        fit_ensemble(NETWORK, TABLE, recipe, seeds=(0,))


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({"seeds": ()}, "seeds"),
        ({"seeds": 5}, "seeds"),
        ({"seeds": (0.0,)}, "seeds"),
        ({"checkpoints": 3}, "checkpoints"),
        ({"checkpoints": [1.5]}, "checkpoints"),
        ({"until": "a"}, "until"),
        ({"nuclear": 0.1}, "nuclear"),
        ({"nuclear": 0.0}, "nuclear"),
        ({"squared": {"classifier": "a"}}, r"squared\['classifier'\]"),
        ({"seeds": (-1,)}, "seeds"),
        ({"nuclear": {"body": 1.0}}, "nuclear"),
        ({"nuclear": {"classifier": [1.0, 2.0]}}, r"nuclear\['classifier'\]"),
        ({"squared": {"classifier": -1.0}}, r"squared\['classifier'\]"),
        ({"squared": {"classifier": float("nan")}}, r"squared\['classifier'\]"),
        ({"checkpoints": ()}, "checkpoints"),
        ({"checkpoints": (101,)}, "checkpoints"),
        ({"until": 1.0}, "until"),
        ({"until": 1.5}, "until"),
        ({"until": float("nan")}, "until"),
    ],
)
def test_bad_input_names_the_argument(options, name):
    with pytest.raises(ValueError, match=f"^{name}: "):
        fit_ensemble(NETWORK, TABLE, SHORT, **({"seeds": (0,)} | options))


def test_an_unknown_layer_has_no_rate():
    with pytest.raises(ValueError, match=r"^rates: "):
        fit_ensemble(NETWORK, TABLE, Descent(rates={"body": 2.0}), seeds=(0,))


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({"optimizer": "lion"}, "optimizer"),
        ({"steps": 0}, "steps"),
        ({"steps": 1.5}, "steps"),
        ({"steps": float("nan")}, "steps"),
        ({"steps": None}, "steps"),
        ({"learning_rate": "a"}, "learning_rate"),
        ({"learning_rate": float("inf")}, "learning_rate"),
        ({"rates": None}, "rates"),
        ({"rates": {"embedding": "a"}}, "rates"),
        ({"betas": (0.9,)}, "betas"),
        ({"betas": ("a", 0.9)}, "betas"),
        ({"cooldown": None}, "cooldown"),
        ({"weight_decay": float("nan")}, "weight_decay"),
        ({"ramp": 0.5}, "ramp"),
        ({"smoothing": (0.1,)}, "smoothing"),
        ({"learning_rate": 0}, "learning_rate"),
        ({"rates": {"embedding": 0}}, "rates"),
        ({"betas": (0.9, 1.0)}, "betas"),
        ({"weight_decay": -1}, "weight_decay"),
        ({"cooldown": 2}, "cooldown"),
        ({"ramp": (0.5, 0.2)}, "ramp"),
        ({"smoothing": (0, 1)}, "smoothing"),
    ],
)
def test_a_bad_recipe_names_the_argument(options, name):
    with pytest.raises(ValueError, match=rf"^{name}"):
        Descent(**options)


def test_the_learning_rate_cools_down_to_a_fiftieth():
    recipe = Descent(steps=100, learning_rate=1.0)
    assert [recipe.learning_rate_at(step) for step in (0, 80, 100)] == pytest.approx([1, 1, 0.02])
