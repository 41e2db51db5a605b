"""What the whole library takes for real numbers, and what it refuses by name."""

import numpy as np
import pytest
import torch

from neuralcollapse.geometry.arrays import as_number, as_reals
from neuralcollapse.theory import circle

TAKE_REALS = [
    (lambda values: circle.angular_potential(values, 1.0), "angles"),
    (lambda values: circle.angular_gradient(values, 1.0), "angles"),
    (lambda values: circle.phase_lags(values, 1), "angles"),
    (circle.order_parameter, "lags"),
    (lambda values: circle.phase_potential(values, 1.0), "lags"),
    (lambda values: circle.phase_gradient(values, 1.0), "lags"),
    (lambda values: circle.phase_hessian(values, 1.0), "lags"),
    (lambda values: circle.half_angle_potential(values, 1), "angles"),
    (lambda t: circle.locking_curve(t, 0.5, beta=1.0, learning_rate=0.1, modulus=5), "times"),
    (lambda values: circle.finite_order(values, 5), "resultant"),
    (lambda values: circle.circle_costs(values, [0.0]), "sources"),
    (lambda values: circle.bessel_remainder(values, 5, 1.0), "angles"),
    (lambda values: circle.entropic_transport_plan(np.eye(2), 1.0, values), "masses"),
    (lambda values: circle.bessel_ratio(np.multiply(values, 4), 1.0), "order"),
]


@pytest.mark.parametrize(("function", "name"), TAKE_REALS[:-1])
def test_tensors_of_every_precision_are_reals(function, name):
    plain = function([0.25, 0.75])
    for dtype in (torch.bfloat16, torch.float64):
        values = torch.tensor([0.25, 0.75], dtype=dtype, requires_grad=True)
        np.testing.assert_array_equal(function(values), plain)


@pytest.mark.parametrize(("function", "name"), TAKE_REALS)
def test_what_is_not_real_or_not_finite_is_refused(function, name):
    with pytest.raises(TypeError, match=f"^{name}: expected real numbers"):
        function(np.array([0.25, 0.75 + 0j]))
    with pytest.raises(ValueError, match=f"^{name}: expected finite numbers"):
        function([0.25, np.nan])


def test_text_and_objects_are_not_real():
    for values in (["1", "2"], [1.0, None], [True, False]):
        with pytest.raises(TypeError, match=r"^angles: expected real numbers, got dtype"):
            as_reals(values, "angles")


def test_orders_of_bessel_functions_are_whole():
    with pytest.raises(ValueError, match=r"^order: expected whole numbers"):
        circle.bessel_ratio([0, 0.5], 1.0)
    assert circle.bessel_ratio(-3, 2.0) == circle.bessel_ratio(3, 2.0)


@pytest.mark.parametrize(
    "number",
    [
        1j,
        np.complex128(1.0),
        np.complex64(1.0),
        np.array(1 + 0j),
        np.array("1"),
        torch.tensor(1 + 1j),
        "1",
        [1.0],
        None,
        np.inf,
    ],
)
@pytest.mark.filterwarnings("error")
def test_numbers_are_real_and_finite(number):
    with pytest.raises(ValueError, match=r"^angle: expected a finite number, got"):
        as_number(number, "angle")


def test_numbers_of_any_real_type():
    half = torch.tensor(0.5, dtype=torch.bfloat16, requires_grad=True)
    for number in (0.5, np.float32(0.5), np.array(0.5), half):
        assert as_number(number, "angle") == 0.5
