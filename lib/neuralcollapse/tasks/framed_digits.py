r"""Digits in a coloured frame: a shortcut that holds in training and breaks elsewhere.

An image is a grey 8 x 8 digit in the middle of a 12 x 12 canvas of three channels. The frame, two
pixels wide, has the hue of the class with a high probability that depends on the *environment*,
and another hue otherwise. On new images the hue may mean nothing, or always lie.
"""

import colorsys
from dataclasses import dataclass

import numpy as np
import torch

from neuralcollapse.geometry.arrays import as_number
from neuralcollapse.tasks.digits import digits

SIDE, EDGE, CHANNELS = 12, 2, 3
TESTS = ("same", "random", "wrong", "bare")


@dataclass(frozen=True, eq=False)
class FramedDigits:
    """Training images from two environments, and the same new digits in four kinds of frame.

    Attributes
    ----------
    name : str
    train_inputs : Tensor, shape (num_samples, 432), float64
        In [0, 1]; rows reshape to (12, 12, 3).
    train_labels : Tensor, shape (num_samples,), int64
        As trained on, with noise if asked for.
    environments : Tensor, shape (num_samples,), int64
        0 or 1.
    conflicting : Tensor, shape (num_samples,), bool
        Whether the hue is not that of the label. No method sees this; oracles do.
    test_inputs : dict of str to Tensor, shape (num_tests, 432), float64
        ``"same"``: hues as in training, environments mixed; ``"random"``: uniform hues;
        ``"wrong"``: never the hue of the class; ``"bare"``: no frame at all.
    test_labels : Tensor, shape (num_tests,), int64
        Without noise.
    num_classes : int
    """

    name: str
    train_inputs: torch.Tensor
    train_labels: torch.Tensor
    environments: torch.Tensor
    conflicting: torch.Tensor
    test_inputs: dict
    test_labels: torch.Tensor
    num_classes: int = 10

    @property
    def num_inputs(self):
        """Dimension of an input."""
        return self.train_inputs.shape[1]


def framed_digits(agreement=(0.99, 0.95), *, seed=0, label_noise=0.0, framed=True):
    """Digits with a frame that names the class, nearly always, in two environments.

    Parameters
    ----------
    agreement : pair of float
        Probability, in each environment, that the frame has the hue of the class; 0.1 for both
        makes hue and class independent.
    seed : int
        Chooses the images, environments, hues and noise.
    label_noise : float
        Share of training labels, in [0, 1), that are replaced by another class; frames follow the
        labels as given, so that they tell more of them than the digits do.
    framed : bool
        Whether training images have a frame.

    Returns
    -------
    FramedDigits
        1,200 training images, half in each environment, and 597 test images.

    Raises
    ------
    ValueError
        If a probability is out of range.

    Notes
    -----
    In the spirit of coloured digits [arjovsky2019], with a colour that leaves the digit alone, so
    that a mask can take it away. Hues are ten equal steps of the colour circle.

    Examples
    --------
    >>> task = framed_digits((1.0, 1.0))
    >>> tuple(task.train_inputs.shape), int(task.conflicting.sum())
    ((1200, 432), 0)
    """
    shares = _as_shares(agreement)
    noise = as_number(label_noise, "label_noise", "a share in [0, 1)")
    if not 0 <= noise < 1:
        raise ValueError(f"label_noise: expected a share in [0, 1), got {label_noise}")
    plain = digits(seed=seed)
    generator = np.random.default_rng([seed, 1])
    labels, truth = plain.train_labels.numpy(), plain.test_labels.numpy()
    environments = generator.permutation(np.arange(len(labels)) % 2)
    liar = np.random.default_rng([seed, 2])
    told = _others(labels, liar.random(len(labels)) < noise, liar)
    hues = _hues(told, shares[environments], generator)
    mixed = shares[generator.integers(2, size=len(truth))]
    colours = {
        "same": _hues(truth, mixed, generator),
        "random": generator.integers(10, size=len(truth)),
        "wrong": _hues(truth, 0 * mixed, generator),
        "bare": None,
    }
    return FramedDigits(
        name="framed digits",
        train_inputs=_framed(plain.train_inputs, hues if framed else None),
        train_labels=torch.from_numpy(told),
        environments=torch.from_numpy(environments),
        conflicting=torch.from_numpy(hues != told),
        test_inputs={name: _framed(plain.test_inputs, hue) for name, hue in colours.items()},
        test_labels=plain.test_labels,
    )


def frame_pixels():
    """Return which of the 144 pixels belong to the frame.

    Returns
    -------
    ndarray, shape (12, 12), bool

    Examples
    --------
    >>> int(frame_pixels().sum())
    80
    """
    frame = np.ones((SIDE, SIDE), bool)
    frame[EDGE:-EDGE, EDGE:-EDGE] = False
    return frame


def frame_hues(inputs):
    """Return which of the ten hues each frame has.

    Parameters
    ----------
    inputs : Tensor, shape (num_samples, 432), float64
        Framed images.

    Returns
    -------
    Tensor, shape (num_samples,), int64
        The nearest hue to the pixel in the corner, from 0 to 9.

    Examples
    --------
    >>> task = framed_digits((1.0, 1.0))
    >>> bool((frame_hues(task.train_inputs) == task.train_labels).all())
    True
    """
    corners = inputs.view(len(inputs), -1, CHANNELS)[:, 0]
    return torch.cdist(corners, _colours()).argmin(1)


def _colours():
    return torch.tensor([colorsys.hsv_to_rgb(k / 10, 1, 1) for k in range(10)]).double()


def _as_shares(agreement):
    expected = "two probabilities, one an environment"
    if np.ndim(agreement) != 1 or len(agreement) != 2:
        raise ValueError(f"agreement: expected {expected}, got {agreement}")
    shares = np.array([as_number(share, "agreement", expected) for share in agreement])
    if shares.min() < 0 or shares.max() > 1:
        raise ValueError(f"agreement: expected {expected}, got {agreement}")
    return shares


def _hues(labels, shares, generator):
    return _others(labels, generator.random(len(labels)) >= shares, generator)


def _others(labels, changed, generator):
    """Labels, with another class, uniform over nine, where they are changed."""
    return (labels + changed * generator.integers(1, 10, size=len(labels))) % 10


def _framed(images, hues):
    canvas = torch.zeros(len(images), SIDE, SIDE, CHANNELS, dtype=torch.float64)
    inside = slice(EDGE, SIDE - EDGE)
    side = SIDE - 2 * EDGE
    canvas[:, inside, inside] = images.view(-1, side, side, 1)
    if hues is not None:
        canvas[:, torch.from_numpy(frame_pixels())] = _colours()[hues][:, None]
    return canvas.flatten(1)
