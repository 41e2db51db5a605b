"""Exercises of the page on smoothness."""

import numpy as np
import torch
from torch import nn

from neuralcollapse.metrics import geometric_complexity
from neuralcollapse.models import MLP


def check_complexity(function):
    """Check a reader's geometric complexity where sums, means and modes get mixed up.

    Parameters
    ----------
    function : callable
        ``function(embedding, inputs)`` with a module and a tensor of shape (num_samples, d);
        returns a number.

    Raises
    ------
    AssertionError
        With a hint, at the first case that fails.

    Examples
    --------
    >>> check_complexity(geometric_complexity)
    correct on 4 cases
    """
    generator = torch.Generator().manual_seed(0)
    inputs = torch.randn(12, 4, dtype=torch.float64, generator=generator)
    opposite = nn.Linear(4, 2, dtype=torch.float64)
    with torch.no_grad():
        opposite.weight.copy_(torch.tensor([[1.0, 2, 0, 0], [-1.0, -2, 0, 0]]))
    kinked = MLP((4, 6, 3, 2), generator=generator, normalize=False).body
    normalised = MLP((4, 6, 2), generator=generator).eval().body
    cases = {
        "the identity": (nn.Identity(), "each of the four outputs has a gradient of length 1"),
        "two opposite outputs": (
            opposite,
            "their gradients cancel in a sum: differentiate one output at a time",
        ),
        "a network": (kinked, "average over samples, and add up over outputs"),
        "batch normalisation, evaluated": (normalised, "leave the module in evaluation mode"),
    }
    for name, (embedding, hint) in cases.items():
        expected = geometric_complexity(embedding, inputs)
        got = float(function(embedding, inputs.clone()))
        if not np.isclose(got, expected, rtol=1e-8):
            raise AssertionError(f"{name}: expected {expected:.6g}, got {got:.6g}; {hint}")
    print(f"correct on {len(cases)} cases")
