"""Heads that are found, and networks measured in place, against `measure` on their features."""

import copy
from collections import namedtuple

import numpy as np
import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from neuralcollapse import measure
from neuralcollapse.integrations import collect, find_head, measure_network, scalars

Pair = namedtuple("Pair", "logits features")


class TwoHeads(nn.Module):
    """One body, two classifiers."""

    def __init__(self, names=("coarse", "fine"), returned="both"):
        super().__init__()
        self.body, self.names, self.returned = nn.Linear(6, 5), names, returned
        for name, size in zip(names, (3, 4), strict=True):
            setattr(self, name, nn.Linear(5, size))

    def forward(self, x):
        features = self.body(x).relu()
        outputs = [getattr(self, name)(features) for name in self.names]
        if self.returned == "softmax":
            return [output.softmax(1) for output in outputs]
        return outputs if self.returned == "both" else {"logits": outputs[0]}


class Registered(nn.Module):
    """Registers its head first and a projection last, and returns both logits and features."""

    def __init__(self):
        super().__init__()
        self.classifier, self.unused, self.body = nn.Linear(6, 3), nn.Linear(2, 2), nn.Linear(6, 6)

    def forward(self, x):
        features = self.body(x).relu()
        return Pair(self.classifier(features), features)


def convolutional():
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(1, 4, 3),
        nn.BatchNorm2d(4),
        nn.ReLU(inplace=True),
        nn.Flatten(),
        nn.Linear(4 * 4 * 4, 10),
        nn.ReLU(inplace=True),
        nn.Dropout(0.5),
        nn.Linear(10, 3),
    )


def images(num_samples=40, seed=0):
    generator = np.random.default_rng(seed)
    labels = np.concatenate([np.arange(3), generator.integers(3, size=num_samples - 3)])
    inputs = generator.normal(size=(num_samples, 1, 6, 6)) + labels[:, None, None, None]
    return TensorDataset(torch.from_numpy(inputs).float(), torch.from_numpy(labels))


def features_of(model, inputs):
    model = copy.deepcopy(model).eval()
    with torch.no_grad():
        return model[:-1](inputs)


def test_the_report_is_that_of_the_features(close):
    model, data = convolutional(), images()
    head = model[-1]
    expected = measure(features_of(model, data[:][0]), data[:][1], head.weight, head.bias)
    loader = DataLoader(data, batch_size=7, shuffle=True)
    close(measure_network(model, loader), expected)
    close(measure_network(model, loader, "7"), expected)
    close(
        measure_network(model, loader, head, decisions=False),
        expected,
        without=["nearest_center_mismatch"],
    )
    dictionaries = [{"input": x, "labels": y} for x, y in loader]
    close(measure_network(model, dictionaries), expected)
    triples = [(number, x, y) for number, (x, y) in enumerate(loader)]
    close(measure_network(model, triples, split=lambda batch: batch[1:]), expected)
    sizes = torch.bincount(data[:][1])
    close(measure_network(model, loader, class_sizes=sizes), expected)
    expected = measure(
        features_of(model, data[:][0]),
        data[:][1],
        head.weight,
        head.bias,
        weighting="sample",
        center=True,
    )
    close(measure_network(model, loader, weighting="sample", center=True), expected)


def test_modes_hooks_gradients_and_random_state_are_as_before():
    model, data = convolutional(), images()
    model.train()
    model[1].eval()  # a frozen layer
    modes = [module.training for module in model.modules()]
    bad = [*DataLoader(data, batch_size=20)]
    bad[1][0][3] = float("nan")
    state, random = copy.deepcopy(model.state_dict()), torch.get_rng_state()
    loader = DataLoader(data, batch_size=7, shuffle=True)

    def check():
        assert [module.training for module in model.modules()] == modes
        assert not any(m._forward_hooks or m._forward_pre_hooks for m in model.modules())
        assert torch.is_grad_enabled()
        assert torch.equal(torch.get_rng_state(), random)
        for name, value in model.state_dict().items():
            assert torch.equal(value, state[name])

    measure_network(model, loader, layers="all")
    check()
    with pytest.raises(ValueError, match=r"row 3 of the batch holds NaN.*batch 1 of the pass"):
        measure_network(model, bad, layers=["4"])
    check()
    with pytest.raises(RuntimeError):
        measure_network(model, [(torch.zeros(2, 5), torch.zeros(2, dtype=torch.int64))], "7")
    check()
    with pytest.raises(RuntimeError):
        find_head(model, torch.zeros(2, 5))
    check()


def test_layer_by_layer(close):
    model, data = convolutional(), images()
    loader = DataLoader(data, batch_size=7)
    reports = measure_network(model, loader, layers=["4", "0", "2"])
    assert list(reports) == ["0", "2", "4", "7"]  # in the order of their calls
    twin = copy.deepcopy(model).eval()
    with torch.no_grad():
        inputs, labels = data[:]
        maps = twin[0](inputs)  # before the activation overwrites it
        flat = twin[4](twin[:4](inputs))
        close(reports["0"], measure(maps.double().mean((2, 3)), labels))
        close(reports["2"], measure(twin[:3](inputs).double().mean((2, 3)), labels))
        close(reports["4"], measure(flat, labels))
        close(reports["7"], measure_network(model, loader))
        flattened = measure_network(model, loader, layers=["0"], pooling="flatten")["0"]
        close(flattened, measure(twin[0](inputs).flatten(1), labels))
        largest = measure_network(model, loader, layers=["0"], pooling=lambda h: h.amax((2, 3)))
        close(largest["0"], measure(twin[0](inputs).amax((2, 3)), labels))
    assert list(measure_network(model, loader, layers="all")) == ["0", "1", "4", "7"]
    assert list(collect(model, loader, layers=[])) == ["7"]
    assert list(collect(model, loader, layers=["4", "0"])) == ["0", "4", "7"]
    assert collect(model, iter(loader)).num_samples == 40
    once = measure_network(model, iter(loader), decisions=False)
    close(once, reports["7"], without=["nearest_center_mismatch"])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"layers": ["9"]}, "layers: no module '9'"),
        ({"layers": "0"}, "layers: expected names in a list, or 'all'"),
        ({"layers": ["7"]}, "layers: '7' is the head"),
        ({"pooling": "max"}, "pooling: expected 'mean', 'flatten' or a function"),
        ({"head": "9"}, "head: no module '9'; linear layers are 4, 7"),
        ({"head": "2"}, "head: '2' .ReLU. has no weight"),
        ({"head": nn.Linear(3, 2)}, "head: Linear is not a part of model"),
        ({"shift": -1}, "shift: expected a whole number from 0 on"),
        ({"shift": 1}, "shift: expected labels of shape .batch, positions."),
        ({"weighting": "both"}, "weighting: expected"),
    ],
)
def test_bad_options(options, message):
    with pytest.raises(ValueError, match=message):
        measure_network(convolutional(), DataLoader(images(), batch_size=9), **options)


def test_batches_that_cannot_start_anew_lose_none(close):
    model, data = convolutional(), images()

    class Once:
        """Every iterator is the same one."""

        def __init__(self):
            self.rest = iter(DataLoader(data, batch_size=7))

        def __iter__(self):
            return self.rest

    assert measure_network(model, Once(), decisions=False).num_samples == 40
    assert collect(model, Once()).num_samples == 40
    with pytest.raises(ValueError, match="is the loader empty, or read up"):
        measure_network(model, Once())


def test_a_loader_is_started_once_a_pass():
    class Counted(DataLoader):
        starts = 0

        def __iter__(self):
            self.starts += 1
            return super().__iter__()

    loader = Counted(images(), batch_size=7)
    measure_network(convolutional(), loader)
    assert loader.starts == 2


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("in_place", [False, True])
def test_compiled_networks_after_they_ran(close, in_place):
    torch.manual_seed(0)
    data = images()
    width = data[:][0][0].numel()
    model = nn.Sequential(nn.Flatten(), nn.Linear(width, 8), nn.ReLU(), nn.Linear(8, 3))
    expected = measure_network(model, [data[:]])
    if in_place:
        compiled = model
        compiled.compile(backend="eager")
    else:
        compiled = torch.compile(model, backend="eager")
    with torch.no_grad():
        for size in (5, 9):
            compiled.eval()(data[:size][0])
    close(measure_network(compiled, [data[:]]), expected)


def test_all_layers_of_a_network_with_attention():
    torch.manual_seed(0)
    layer = nn.TransformerEncoderLayer(6, 2, 8, batch_first=True)
    model, labels = nn.Sequential(layer, nn.Linear(6, 3)), torch.arange(36).reshape(9, 4) % 3
    found = measure_network(model, [(torch.randn(9, 4, 6), labels)], layers="all")
    assert list(found) == ["0.norm1", "0.linear1", "0.linear2", "0.norm2", "1"]


class Adapted(nn.Module):
    """A linear layer with an update of low rank beside it."""

    def __init__(self, scale):
        super().__init__()
        torch.manual_seed(0)
        self.base, self.a, self.b = nn.Linear(6, 3), nn.Linear(6, 2), nn.Linear(2, 3)
        with torch.no_grad():
            self.b.weight.mul_(scale), self.b.bias.mul_(scale)

    def forward(self, x):
        return self.base(x) + self.b(self.a(x))


def test_an_adapter_is_not_taken_for_the_head():
    inputs = torch.randn(50, 6)
    small = Adapted(0.0)
    assert find_head(small, inputs) is small.base
    with pytest.raises(ValueError, match=r"'b' is called last, but .* decides otherwise"):
        find_head(Adapted(10.0), inputs)


def test_what_is_made_of_logits_tells_the_head():
    class Scaled(TwoHeads):
        def forward(self, x):
            features = self.body(x).relu()
            logits = self.coarse(input=features)
            self.fine(input=features)
            return (logits / 3).log_softmax(1)

    class Picked(TwoHeads):
        def forward(self, x):
            return self.coarse(self.body(x).relu())[:, 0]

    class Shadowed(TwoHeads):
        def forward(self, x):
            features = self.body(x).relu()
            logits = self.coarse(features)
            self.fine(features)
            return logits

    shadowed = Shadowed()
    shadowed.fine = copy.deepcopy(shadowed.coarse)  # of the same decisions, but not returned
    for model in (Scaled(), Picked(), shadowed):
        assert find_head(model, torch.randn(20, 6)) is model.coarse

    class Named(TwoHeads):
        def forward(self, x):
            features = self.body(x).relu()
            return [getattr(self, name)(input=features).softmax(1) for name in self.names]

    with pytest.raises(ValueError, match="read the same features last"):
        find_head(Named(names=("coarse", "fine")), torch.randn(20, 6))


def test_a_head_of_quantized_numbers_is_refused():
    model, data = convolutional(), images()
    model[-1].weight = nn.Parameter(torch.ones(3, 10, dtype=torch.int8), requires_grad=False)
    with pytest.raises(ValueError, match=r"head: '7' holds quantized numbers .torch\.int8"):
        measure_network(model, [data[:]], "7")


def test_bad_batches():
    model, data = convolutional(), images()
    loader = DataLoader(data, batch_size=7)
    with pytest.raises(ValueError, match=r"can be read once only.*decisions=False"):
        measure_network(model, iter(loader))
    with pytest.raises(ValueError, match="batches: expected at least one"):
        measure_network(model, [])
    with pytest.raises(TypeError, match=r"expected \(inputs, labels\) or a dictionary.*split="):
        measure_network(model, [(1, 2, 3)])
    with pytest.raises(ValueError, match="batches: expected labels under one of"):
        measure_network(model, [{"input": data[:][0]}])
    with pytest.raises(ValueError, match="labels: expected one for each position"):
        measure_network(model, [(data[:][0], data[:5][1])])
    with pytest.raises(TypeError, match=r"model: expected a torch\.nn\.Module"):
        measure_network(lambda x: x, loader)

    class Other:
        """Another set of samples in the second pass."""

        passes = 0

        def __iter__(self):
            self.passes += 1
            return iter([data[:20] if self.passes < 2 else data[5:24]])

    with pytest.raises(ValueError, match="the second pass was of other samples than the first"):
        measure_network(model, Other(), "7")
    dropping = DataLoader(data, batch_size=11, shuffle=True, drop_last=True)
    assert measure_network(model, dropping, decisions=False).num_samples == 33


class Tokens(nn.Module):
    """Logits at each position, of what has come so far."""

    def __init__(self, calls=1):
        super().__init__()
        torch.manual_seed(0)
        self.embed, self.head, self.calls = nn.Embedding(9, 5), nn.Linear(5, 9), calls

    def forward(self, input_ids):
        features = self.embed(input_ids).cumsum(1).tanh()
        return [self.head(features) for _ in range(self.calls)]


def test_positions_labels_to_ignore_and_the_next_token(close):
    model, generator = Tokens(), np.random.default_rng(0)
    tokens = torch.from_numpy(generator.integers(9, size=(20, 8)))
    with torch.no_grad():
        features = model.embed(tokens).cumsum(1).tanh()
    weight, bias = model.head.weight, model.head.bias
    labels = tokens.flip(1)
    labels[::3, 5:] = -100
    kept = labels != -100
    expected = measure(features[kept], labels[kept], weight, bias)
    batches = [
        {"input_ids": t, "labels": y} for t, y in zip(tokens.split(6), labels.split(6), strict=True)
    ]
    nothing = {"input_ids": tokens, "labels": torch.full_like(tokens, -100)}
    close(measure_network(model, [*batches, nothing]), expected)
    labels = tokens.clone()
    labels[::3, 5:] = -100
    batches = [
        {"input_ids": t, "labels": y} for t, y in zip(tokens.split(6), labels.split(6), strict=True)
    ]
    with pytest.raises(ValueError, match=r"labels: repeat input_ids.*shift=1"):
        measure_network(model, batches)
    after, before = labels[:, 1:], features[:, :-1]
    kept = after != -100
    close(
        measure_network(model, batches, shift=1), measure(before[kept], after[kept], weight, bias)
    )
    kept = labels != -100
    close(
        measure_network(model, batches, shift=0),
        measure(features[kept], labels[kept], weight, bias),
    )
    reports = measure_network(model, batches, shift=1, layers=["embed"])
    kept = after != -100
    close(reports["embed"], measure(model.embed(tokens)[:, :-1][kept], after[kept]))
    with pytest.raises(ValueError, match="give pooling='flatten' or a function"):
        measure_network(model, [(tokens, labels[:, 0])], layers=["embed"], ignore_index=None)


def test_a_head_that_is_called_twice_or_not_at_all():
    batch = torch.zeros(2, 3, dtype=torch.int64), torch.zeros(2, 3, dtype=torch.int64)
    for calls in (0, 2):
        with pytest.raises(ValueError, match=f"expected one call .*, got {calls}"):
            measure_network(Tokens(calls), [batch], "head")


def test_the_head_is_found():
    model = convolutional()
    assert find_head(model) is model[-1]
    assert find_head(model, images()[:4][0]) is model[-1]
    assert find_head(model, num_classes=10) is model[4]
    registered = Registered()
    assert find_head(registered, torch.zeros(2, 6)) is registered.classifier
    assert find_head(registered, (torch.zeros(2, 6),)) is registered.classifier
    assert find_head(registered, {"x": torch.zeros(2, 6)}) is registered.classifier
    one = TwoHeads(returned="first")
    assert find_head(one, torch.zeros(2, 6)) is one.coarse
    attending = nn.Sequential(nn.Linear(4, 4), nn.MultiheadAttention(4, 2))
    assert find_head(attending) is attending[0]  # the attention never calls its own
    narrow = nn.Module()
    narrow.a, narrow.b, narrow.c = nn.Linear(8, 4), nn.Linear(4, 8), nn.Linear(8, 3)
    assert find_head(narrow) is narrow.c


def test_an_ambiguous_head_asks_for_its_name():
    for inputs in (None, torch.zeros(2, 6)):
        with pytest.raises(ValueError, match=r"'coarse', 'fine' .*; give its name"):
            find_head(TwoHeads(), inputs)
    with pytest.raises(ValueError, match="'coarse', 'fine' read the same features last"):
        find_head(TwoHeads(returned="softmax"), torch.zeros(2, 6))
    model = TwoHeads()
    batches = [(torch.randn(12, 6), torch.arange(12) % 3)]
    with pytest.raises(ValueError, match="give its name"):
        measure_network(model, batches)
    assert measure_network(model, batches, "coarse").num_classes == 3
    with pytest.raises(ValueError, match=r"model: has no nn\.Linear with 7 outputs"):
        find_head(model, num_classes=7)
    with pytest.raises(ValueError, match=r"model: has no nn\.Linear;"):
        find_head(nn.Conv2d(1, 1, 1))
    with pytest.raises(ValueError, match="called none of"):
        find_head(Tokens(0), torch.zeros(1, 1, dtype=torch.int64))


def test_half_precision_networks(close):
    model, data = convolutional().bfloat16(), images()
    data = TensorDataset(data[:][0].bfloat16(), data[:][1])
    features = features_of(model, data[:][0])
    assert features.dtype == torch.bfloat16
    expected = measure(features, data[:][1], model[-1].weight, model[-1].bias)
    close(measure_network(model, [data[:]]), expected)


def test_numbers_for_a_logger():
    data = images()
    report = measure(data[:][0].flatten(1), data[:][1])
    found = scalars(report, "a/")
    assert found["a/equinorm_means"] == report.equinorm_means
    assert not any(value is None for value in found.values())
    assert "a/self_duality" not in found
    assert "a/weighting" not in found


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs CUDA")
def test_a_network_on_cuda(close):
    model, data = convolutional().double(), images()
    data = TensorDataset(data[:][0].double(), data[:][1])
    expected = measure_network(model, [data[:]])
    found = measure_network(model.cuda(), DataLoader(data, batch_size=7), layers=["0"])
    close(found["7"], expected, tolerance=1e-9)
