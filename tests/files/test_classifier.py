"""The last linear layer in a file: found, or an error that lists what is there."""

import numpy as np
import pyarrow as arrow
import pyarrow.parquet as parquet
import pytest
import torch
from safetensors.torch import save_file

from neuralcollapse.files import open_classifier

WEIGHT = np.random.default_rng(0).normal(size=(3, 5))
BIAS = np.arange(3.0)


def saved(folder, **arrays):
    np.savez(folder / "head.npz", **arrays)
    return folder / "head.npz"


@pytest.mark.parametrize("kind", ["npz", "safetensors", "parquet"])
def test_weight_and_bias_from_every_format(tmp_path, kind):
    path = tmp_path / f"head.{kind}"
    {
        "npz": lambda: np.savez(path, weight=WEIGHT, bias=BIAS),
        "safetensors": lambda: save_file(
            {"weight": torch.tensor(WEIGHT), "bias": torch.tensor(BIAS)}, path
        ),
        "parquet": lambda: parquet.write_table(
            arrow.table({"weight": list(WEIGHT), "bias": BIAS}), path
        ),
    }[kind]()
    weight, bias = open_classifier(path, num_features=5, num_classes=3)
    np.testing.assert_array_equal(weight, WEIGHT)
    np.testing.assert_array_equal(bias, BIAS)
    assert open_classifier(path, bias="")[1] is None


def test_an_npy_file_is_a_weight_without_bias(tmp_path):
    np.save(tmp_path / "head.npy", WEIGHT)
    weight, bias = open_classifier(tmp_path / "head.npy", num_features=5)
    np.testing.assert_array_equal(weight, WEIGHT)
    assert bias is None
    with pytest.raises(ValueError, match=r"bias: .*one array, the weight"):
        open_classifier(tmp_path / "head.npy", bias="bias")


def test_a_bfloat16_head_is_read(tmp_path):
    head = torch.nn.Linear(4, 3, dtype=torch.bfloat16)
    save_file(head.state_dict(), tmp_path / "head.safetensors")
    weight, bias = open_classifier(tmp_path / "head.safetensors")
    np.testing.assert_array_equal(weight, head.weight.detach().float().numpy())
    np.testing.assert_array_equal(bias, head.bias.detach().float().numpy())


def test_the_head_is_found_in_the_state_of_a_network(tmp_path):
    network = torch.nn.Sequential(
        torch.nn.Conv1d(1, 2, 3),
        torch.nn.BatchNorm1d(3),
        torch.nn.Linear(8, 5),
        torch.nn.Linear(5, 3),
    )
    path = tmp_path / "network.safetensors"
    save_file(network.state_dict(), path)
    weight, bias = open_classifier(path, num_features=5, num_classes=3)
    np.testing.assert_array_equal(weight, network[3].weight.detach().numpy())
    np.testing.assert_array_equal(bias, network[3].bias.detach().numpy())


def test_several_that_fit_must_be_named(tmp_path):
    path = saved(tmp_path, **{"a.weight": WEIGHT, "b.weight": 2 * WEIGHT, "b.bias": BIAS})
    with pytest.raises(ValueError, match=r"weight: several.*a\.weight \(3, 5\), b\.weight"):
        open_classifier(path, num_features=5)
    assert open_classifier(path, weight="a.weight")[1] is None  # the other layer's bias is its own
    weight, bias = open_classifier(path, weight="b.weight")
    np.testing.assert_array_equal(weight, 2 * WEIGHT)
    np.testing.assert_array_equal(bias, BIAS)


def test_labels_tell_matrices_apart(tmp_path):
    path = saved(tmp_path, **{"hidden.weight": WEIGHT[:2], "out.weight": WEIGHT})
    weight, _ = open_classifier(path, num_features=5, num_classes=3)
    assert weight.shape == (3, 5)


def test_a_bias_of_another_name_is_taken_if_it_is_the_only_one(tmp_path):
    np.testing.assert_array_equal(open_classifier(saved(tmp_path, W=WEIGHT, b=BIAS))[1], BIAS)
    path = saved(tmp_path, W=WEIGHT, b=BIAS, c=BIAS)
    with pytest.raises(ValueError, match=r"bias: several vectors.*b \(3,\), c \(3,\)"):
        open_classifier(path)
    np.testing.assert_array_equal(open_classifier(path, bias="c")[1], BIAS)


@pytest.mark.parametrize(
    ("arrays", "options", "message"),
    [
        ({"weight": WEIGHT.T}, {}, r"weight: weight of .*\(at least 3, 5\).*\(5, 3\).*transpose"),
        ({"weight": WEIGHT}, {"num_features": 6}, r"weight: .*, 6\) .*holds weight \(3, 5\)"),
        ({"weight": WEIGHT}, {"num_classes": 4}, r"weight: .*\(at least 4, 5\).*\(3, 5\)"),
        ({"weight": WEIGHT}, {"weight": "fc"}, r"weight: nothing is named 'fc'.*weight \(3, 5\)"),
        ({"weight": BIAS}, {}, r"weight: expected shape .*holds weight \(3,\)"),
        ({"weight": WEIGHT, "bias": BIAS[1:]}, {}, r"weight: bias of .*\(3,\).*got \(2,\)"),
        ({"weight": WEIGHT, "b": BIAS}, {"bias": "c"}, r"bias: expected 'c' of shape \(3,\)"),
        ({"weight": WEIGHT * np.nan}, {}, r"weight: weight of .*NaN or infinity"),
        ({"weight": WEIGHT.astype(object)}, {}, r"weight: weight of .*Python objects"),
    ],
)
def test_what_does_not_fit_is_named(tmp_path, arrays, options, message):
    path = saved(tmp_path, **arrays)
    with pytest.raises(ValueError, match=message):
        open_classifier(path, **{"num_features": 5, "num_classes": 3} | options)


def test_a_weight_must_be_real(tmp_path):
    with pytest.raises(TypeError, match=r"weight: weight of .*real numbers"):
        open_classifier(saved(tmp_path, weight=WEIGHT * 1j))


@pytest.mark.parametrize("keep", [0, 20, 200])
@pytest.mark.parametrize("kind", ["npz", "safetensors"])
def test_a_file_that_was_cut_short_is_named(tmp_path, kind, keep):
    path = tmp_path / f"head.{kind}"
    if kind == "npz":
        np.savez(path, weight=WEIGHT)
    else:
        save_file({"weight": torch.tensor(WEIGHT)}, path)
    path.write_bytes(path.read_bytes()[: min(keep, path.stat().st_size - 1)])
    with pytest.raises(ValueError, match=r"weight: .*cut short or malformed"):
        open_classifier(path)
