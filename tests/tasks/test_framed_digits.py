"""Framed digits: what the frames say, in training and elsewhere, and that digits stay."""

import colorsys

import numpy as np
import pytest
import torch

from neuralcollapse.tasks import digits, frame_hues, frame_pixels, framed_digits


@pytest.fixture(scope="module")
def task():
    return framed_digits(seed=3)


def test_the_digit_stands_grey_in_the_middle(task):
    plain = digits(seed=3)
    canvas = task.train_inputs.view(-1, 12, 12, 3)
    inside = canvas[:, 2:10, 2:10]
    assert torch.equal(inside[..., 0], plain.train_inputs.view(-1, 8, 8))
    assert torch.equal(inside[..., 1], inside[..., 2])
    assert torch.equal(task.test_labels, plain.test_labels)
    assert len(task.train_labels) == 1200
    assert len(task.test_labels) == 597


def test_the_frame_has_one_colour_of_the_circle(task):
    canvas = task.train_inputs.view(-1, 12, 12, 3).numpy()
    for image, hue in list(zip(canvas, frame_hues(task.train_inputs).tolist(), strict=True))[::97]:
        border = np.concatenate([image[:2].reshape(-1, 3), image[2:, 10:].reshape(-1, 3)])
        assert np.allclose(border, colorsys.hsv_to_rgb(hue / 10, 1, 1), atol=1e-6)
    assert frame_pixels()[0].all()
    assert not frame_pixels()[2:10, 2:10].any()


def test_conflicting_images_are_those_whose_hue_is_not_the_label(task):
    assert torch.equal(task.conflicting, frame_hues(task.train_inputs) != task.train_labels)


def test_new_frames_say_what_they_are_meant_to(task):
    hues = {name: frame_hues(task.test_inputs[name]) for name in ("same", "random", "wrong")}
    right = {name: float((hue == task.test_labels).double().mean()) for name, hue in hues.items()}
    assert right["wrong"] == 0
    assert right["same"] > 0.9
    assert 0.05 < right["random"] < 0.16
    wrong = (hues["wrong"] - task.test_labels) % 10
    assert set(wrong.tolist()) == set(range(1, 10))
    bare = task.test_inputs["bare"].view(-1, 144, 3)
    assert not bare[:, frame_pixels().ravel()].any()
    for name in hues:
        other = task.test_inputs[name].view(-1, 144, 3)
        assert torch.equal(other[:, ~frame_pixels().ravel()], bare[:, ~frame_pixels().ravel()])


def test_agreement_is_that_of_each_environment():
    tasks = [framed_digits((0.9, 0.5), seed=seed) for seed in range(4)]
    for number, share in enumerate((0.9, 0.5)):
        found = [1 - t.conflicting[t.environments == number].double().mean() for t in tasks]
        assert abs(np.mean(found) - share) < 4 * np.sqrt(share * (1 - share) / 2400)
    assert int(tasks[0].environments.sum()) == 600


def test_noise_changes_labels_and_frames_follow():
    clean, noisy = framed_digits(seed=1), framed_digits(seed=1, label_noise=0.15)
    changed = clean.train_labels != noisy.train_labels
    assert abs(float(changed.double().mean()) - 0.15) < 0.04
    assert torch.equal(clean.conflicting, noisy.conflicting)
    assert torch.equal(clean.test_inputs["wrong"], noisy.test_inputs["wrong"])


def test_seeds_fix_everything_and_differ(task):
    again, other = framed_digits(seed=3), framed_digits(seed=4)
    assert torch.equal(task.train_inputs, again.train_inputs)
    assert not torch.equal(task.train_inputs, other.train_inputs)


def test_without_frames_there_is_no_colour():
    inputs = framed_digits(framed=False).train_inputs.view(-1, 144, 3)
    assert not inputs[:, frame_pixels().ravel()].any()


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        ({"agreement": (0.5,)}, "agreement"),
        ({"agreement": 0.9}, "agreement"),
        ({"agreement": (0.9, 1.2)}, "agreement"),
        ({"label_noise": 1.0}, "label_noise"),
        ({"label_noise": float("nan")}, "label_noise"),
    ],
)
def test_bad_input_is_named(arguments, name):
    with pytest.raises(ValueError, match=f"^{name}: expected"):
        framed_digits(**arguments)
