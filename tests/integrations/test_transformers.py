"""A real Hugging Face Trainer on the CPU, a model from its configuration, nothing downloaded."""

import copy

import numpy as np
import pytest
import torch
import transformers
from torch.utils.data import Dataset

from neuralcollapse import measure
from neuralcollapse.integrations import find_head, measure_network
from neuralcollapse.integrations.transformers import CollapseCallback

pytestmark = [
    pytest.mark.filterwarnings("ignore:.*pin_memory.*:UserWarning"),
]


class Sentences(Dataset):
    """Tokens whose class is that of the first."""

    def __init__(self, seed, num_samples=37):
        generator = np.random.default_rng(seed)
        self.labels = np.concatenate([np.arange(3), generator.integers(3, size=num_samples - 3)])
        self.tokens = generator.integers(3, 20, size=(num_samples, 6))
        self.tokens[:, 0] = self.labels

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, number):
        tokens = torch.from_numpy(self.tokens[number])
        return {"input_ids": tokens, "labels": int(self.labels[number])}


def network():
    torch.manual_seed(0)
    config = transformers.DistilBertConfig(
        vocab_size=20,
        dim=8,
        n_layers=1,
        n_heads=2,
        hidden_dim=16,
        num_labels=3,
        max_position_embeddings=6,
    )
    return transformers.DistilBertForSequenceClassification(config)


def trainer_of(model, tmp_path, evaluation, **options):
    arguments = transformers.TrainingArguments(
        output_dir=str(tmp_path),
        report_to=[],
        use_cpu=True,
        num_train_epochs=2,
        eval_strategy="epoch",
        save_strategy="no",
        logging_strategy="no",
        per_device_train_batch_size=8,
        per_device_eval_batch_size=8,
        disable_tqdm=True,
        learning_rate=1e-3,
        **options,
    )
    return transformers.Trainer(
        model=model, args=arguments, train_dataset=Sentences(1), eval_dataset=evaluation
    )


class Oracle(transformers.TrainerCallback):
    """`measure` on features that are computed apart, in one batch."""

    def __init__(self, sentences):
        self.sentences, self.reports = sentences, []

    def on_evaluate(self, args, state, control, model=None, **kwargs):
        twin = copy.deepcopy(model).eval()
        tokens = torch.from_numpy(self.sentences.tokens)
        with torch.no_grad():
            hidden = twin.distilbert(tokens).last_hidden_state[:, 0]
            features = twin.pre_classifier(hidden).relu()
        head = twin.classifier
        self.reports.append(measure(features, self.sentences.labels, head.weight, head.bias))


@pytest.mark.parametrize("decisions", [False, True])
def test_what_is_logged_is_what_measure_finds(tmp_path, decisions):
    evaluation = Sentences(0)
    trainer = trainer_of(network(), tmp_path, evaluation)
    oracle, callback = Oracle(evaluation), CollapseCallback(trainer, decisions=decisions)
    trainer.add_callback(oracle)
    trainer.add_callback(callback)
    trainer.train()
    rows = [row for row in trainer.state.log_history if "eval_collapse_self_duality" in row]
    assert len(rows) == len(oracle.reports) == 2
    for row, report in zip(rows, oracle.reports, strict=True):
        expected = {f"eval_collapse_{name}": value for _, name, value, _ in report.rows()}
        if not decisions:
            del expected["eval_collapse_nearest_center_mismatch"]
        found = {name: value for name, value in row.items() if "collapse" in name}
        assert found == pytest.approx(expected, rel=1e-4, abs=1e-6)  # float32, other batches
    assert rows[0]["eval_collapse_self_duality"] != rows[1]["eval_collapse_self_duality"]
    metrics = trainer.evaluate(metric_key_prefix="test")
    assert metrics["test_collapse_self_duality"] == callback.report.self_duality
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in trainer.model.modules())


def test_what_cannot_be_measured_warns_and_training_goes_on(tmp_path):
    trainer = trainer_of(network(), tmp_path, Sentences(0))
    trainer.add_callback(CollapseCallback(trainer, "nothing"))
    with pytest.warns(UserWarning, match="was not measured: head: no module 'nothing'"):
        trainer.train()
    assert trainer.state.epoch == 2
    assert not any("collapse" in name for row in trainer.state.log_history for name in row)


def test_heads_of_models_from_configurations():
    model = network()
    tokens = {"input_ids": torch.zeros(2, 4, dtype=torch.int64)}
    assert find_head(model) is find_head(model, tokens) is model.classifier
    config = transformers.GPT2Config(
        vocab_size=11, n_embd=8, n_layer=1, n_head=2, n_positions=6, bos_token_id=0, eos_token_id=0
    )
    causal = transformers.GPT2LMHeadModel(config)
    assert find_head(causal) is find_head(causal, tokens) is causal.lm_head


def test_a_causal_language_model_is_measured_on_the_next_token(close):
    torch.manual_seed(0)
    config = transformers.GPT2Config(
        vocab_size=11, n_embd=16, n_layer=1, n_head=2, n_positions=6, bos_token_id=0, eos_token_id=0
    )
    model = transformers.GPT2LMHeadModel(config).eval()
    tokens = torch.from_numpy(np.random.default_rng(0).integers(11, size=(30, 6)))
    batches = [{"input_ids": part, "labels": part} for part in tokens.split(30)]
    with pytest.raises(ValueError, match="shift=1"):
        measure_network(model, batches)
    with torch.no_grad():
        features = model.transformer(tokens).last_hidden_state[:, :-1].flatten(0, 1)
    expected = measure(features, tokens[:, 1:].flatten(), model.lm_head.weight)
    close(measure_network(model, batches, shift=1), expected, tolerance=1e-6)


def test_two_processes_log_what_one_would(spawn, tmp_path, close):
    import sentence_worker

    found = spawn(sentence_worker.evaluate, tmp_path)
    for name, (size, _) in sentence_worker.EVALUATIONS.items():
        if name == "broken":
            continue
        data, model = sentence_worker.Samples(size), sentence_worker.Small()
        model.load_state_dict(found[0][name]["weights"])
        features = model.body(torch.from_numpy(data.inputs)).relu()
        expected = measure(features, data.labels, model.head.weight, model.head.bias)
        for results in found:
            assert results[name]["processes"] == 2
            assert results[name]["warnings"] == []
            close(results[name]["report"], expected)
            (row,) = results[name]["rows"]
            assert row["eval_collapse_self_duality"] == pytest.approx(expected.self_duality)
    messages = sorted(results["broken"]["warnings"][0] for results in found)
    assert "1 of the other processes failed" in messages[0]
    assert "NaN" in messages[1]
    assert all(results["broken"]["report"] is None for results in found)
