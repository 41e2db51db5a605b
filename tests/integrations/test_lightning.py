"""A real Lightning Trainer on the CPU, and what its logger was given."""

import lightning.pytorch as lightning
import numpy as np
import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from neuralcollapse import measure
from neuralcollapse.integrations.lightning import CollapseCallback

pytestmark = [
    pytest.mark.filterwarnings("ignore:.*does not have many workers:UserWarning"),
    pytest.mark.filterwarnings("ignore:.*isinstance.treespec, LeafSpec.*:"),
    pytest.mark.filterwarnings("ignore:.*smaller than the logging interval:UserWarning"),
]


def data(seed, num_samples=45):
    generator = np.random.default_rng(seed)
    labels = np.concatenate([np.arange(3), generator.integers(3, size=num_samples - 3)])
    inputs = generator.normal(size=(num_samples, 5)) + 2 * np.eye(3, 5)[labels]
    return TensorDataset(torch.from_numpy(inputs).float(), torch.from_numpy(labels))


class Network(lightning.LightningModule):
    """Keeps the features of each validation epoch, the oracle of the test."""

    def __init__(self, calls=1, spoiled=False):
        super().__init__()
        self.body, self.dropout = nn.Linear(5, 6), nn.Dropout(0.5)
        self.head = nn.Linear(6, 3)
        self.calls, self.spoiled, self.seen = calls, spoiled, []

    def forward(self, x):
        features = self.dropout(self.body(x).relu())
        if self.spoiled and not self.training:
            features = features * float("nan")
        for _ in range(self.calls):
            logits = self.head(features)
        return logits

    def training_step(self, batch, batch_idx):
        return nn.functional.cross_entropy(self(batch[0]), batch[1])

    def validation_step(self, batch, batch_idx, dataloader_idx=0):
        self(batch[0])

    def on_validation_epoch_end(self):
        if self.spoiled:
            return
        inputs, labels = self.trainer.measured_data[:]
        features = self.body(inputs).relu()
        report = measure(features, labels, self.head.weight, self.head.bias)
        self.seen.append((self.trainer.sanity_checking, report))

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.1)


class Log(lightning.loggers.logger.Logger):
    """A logger that remembers."""

    name, version = "log", 0

    def __init__(self):
        super().__init__()
        self.rows = []

    def log_metrics(self, metrics, step=None):
        self.rows.append(dict(metrics))

    def log_hyperparams(self, params, *args, **kwargs):
        pass


def fit(network, callback, tmp_path, validation, loaders=None, **options):
    log = Log()
    trainer = lightning.Trainer(
        max_epochs=2,
        accelerator="cpu",
        logger=log,
        callbacks=[callback],
        enable_progress_bar=False,
        enable_model_summary=False,
        enable_checkpointing=False,
        default_root_dir=tmp_path,
        log_every_n_steps=1,
        **options,
    )
    trainer.measured_data = validation
    loaders = loaders or DataLoader(validation, batch_size=8)
    trainer.fit(network, DataLoader(data(1), batch_size=15, shuffle=True), loaders)
    return [row for row in log.rows if any(name.startswith("collapse/") for name in row)], trainer


def checked(rows, network, decisions):
    reports = [report for sanity, report in network.seen if not sanity]
    assert len(rows) == len(reports) == 2
    for row, report in zip(rows, reports, strict=True):
        expected = {f"collapse/{name}": value for _, name, value, _ in report.rows()}
        if not decisions:
            del expected["collapse/nearest_center_mismatch"]
        found = {name: value for name, value in row.items() if name.startswith("collapse/")}
        assert found == pytest.approx(expected, rel=2e-5, abs=1e-6)  # Lightning logs float32
    assert rows[0]["collapse/self_duality"] != rows[1]["collapse/self_duality"]


@pytest.mark.parametrize("decisions", [False, True])
def test_what_is_logged_is_what_measure_finds(tmp_path, decisions):
    torch.manual_seed(0)
    network, callback = Network(), CollapseCallback(decisions=decisions)
    rows, trainer = fit(network, callback, tmp_path, data(0))
    checked(rows, network, decisions)
    last = network.seen[-1][1]
    assert callback.report.within_class_variability == pytest.approx(
        last.within_class_variability, rel=1e-5
    )
    logged = trainer.callback_metrics["collapse/within_class_variability"]
    assert float(logged) == pytest.approx(callback.report.within_class_variability)
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in network.modules())


def test_weighting_and_center_are_passed_on(tmp_path):
    torch.manual_seed(0)
    network, callback = Network(), CollapseCallback(weighting="sample", center=True)
    validation = data(0)
    fit(network, callback, tmp_path, validation)
    inputs, labels = validation[:]
    with torch.no_grad():
        features = network.body(inputs).relu()
    classifier = network.head.weight, network.head.bias
    expected = measure(features, labels, *classifier, weighting="sample", center=True)
    plain = measure(features, labels, *classifier, weighting="sample")
    assert callback.report.weighting == "sample"
    assert callback.report.self_duality == pytest.approx(expected.self_duality, rel=1e-5)
    assert plain.self_duality != pytest.approx(expected.self_duality, rel=1e-3)


def test_one_of_two_loaders_of_which_a_part_is_run(tmp_path):
    torch.manual_seed(0)
    validation = data(0)
    loaders = [DataLoader(data(7), batch_size=8), DataLoader(validation, batch_size=8)]
    network = Network()
    callback = CollapseCallback("head", dataloader_idx=1, decisions=True)
    part = TensorDataset(*validation[:24])
    rows, _ = fit(network, callback, tmp_path, part, loaders, limit_val_batches=3)
    assert callback.report.num_samples == 24
    checked(rows, network, decisions=True)


def test_loaders_by_name(tmp_path):
    torch.manual_seed(0)
    validation, network = data(0), Network()
    loaders = {name: DataLoader(data(i), batch_size=8) for i, name in enumerate("ab")}
    rows, _ = fit(network, CollapseCallback("head", decisions=True), tmp_path, validation, loaders)
    checked(rows, network, decisions=True)


@pytest.mark.parametrize(
    ("options", "message"), [({"calls": 2}, "was called 2 times"), ({"spoiled": True}, "NaN")]
)
def test_what_cannot_be_measured_warns_and_training_goes_on(tmp_path, options, message):
    network = Network(**options)
    callback = CollapseCallback("head")
    with pytest.warns(UserWarning, match=f"neural collapse was not measured: .*{message}"):
        rows, trainer = fit(network, callback, tmp_path, data(0))
    assert rows == []
    assert callback.report is None
    assert trainer.current_epoch == 2
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in network.modules())


def test_hooks_go_when_validation_fails(tmp_path):
    class Failing(Network):
        def validation_step(self, batch, batch_idx, dataloader_idx=0):
            super().validation_step(batch, batch_idx)
            raise ArithmeticError

    network = Failing()
    with pytest.raises(ArithmeticError):
        fit(network, CollapseCallback(), tmp_path, data(0), num_sanity_val_steps=0)
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in network.modules())


def test_an_unknown_head_stops_the_run_at_once(tmp_path):
    with pytest.raises(ValueError, match="head: no module 'fc'; linear layers are body, head"):
        fit(Network(), CollapseCallback("fc"), tmp_path, data(0), num_sanity_val_steps=0)


def test_two_processes_log_what_one_would(spawn, tmp_path, close):
    import trainer_worker

    found = spawn(trainer_worker.fit, tmp_path)
    for name, sized in {"padded": 45, "padded, few": 7, "uneven": 45, "none": 45}.items():
        inputs, labels = trainer_worker.samples(sized)[:]
        network = trainer_worker.Small()
        network.load_state_dict(found[0][name]["weights"])
        features = network.body(inputs).relu()
        expected = measure(features, labels, network.head.weight, network.head.bias)
        for results in found:
            close(results[name]["report"], expected)
            assert results[name]["warnings"] == []
        (row,) = found[0][name]["rows"]
        assert row["collapse/self_duality"] == pytest.approx(expected.self_duality, rel=1e-6)
        assert found[1][name]["rows"] == []
    for results, message in zip(found, ("1 of the other processes failed", "NaN"), strict=True):
        assert results["broken"]["report"] is None
        assert results["broken"]["rows"] == []
        assert message in results["broken"]["warnings"][0]
