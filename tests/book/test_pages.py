"""The comparison of outputs: what it must let through, what it must catch."""

import pytest
from nbformat.v4 import new_output

from monograph import pages


def shown(text):
    return [new_output("stream", name="stdout", text=text)]


@pytest.mark.parametrize(
    ("actual", "expected"),
    [
        ("loss 0.1234567891234567", "loss 0.1234567891234999"),
        ("1.23", "1.24"),
        ("3e-15", "-4e-16"),
        ("1.50e-05", "1.51e-05"),
        ("at 0x7f0011223344", "at 0x7f5566778899"),
        ("nan", "nan"),
        ("-0.0", "0.0"),
        ("       0.25", "     0.2501"),
        ("0.9999", "1"),
    ],
)
def test_noise_is_let_through(actual, expected):
    assert pages.differences(shown(actual), shown(expected)) == []


@pytest.mark.parametrize(
    ("actual", "expected"),
    [
        ("1.23", "1.26"),
        ("10", "11"),
        ("1.0", "0.9"),
        ("1.0", "0.95"),
        ("[0. 1.]", "[1. 0.]"),
        ("1e-05", "2e-05"),
        ("1e+05", "200000"),
        ("0.1", "0.2"),
        ("1e400", "2e400"),
        ("0xdeadbeef", "0xfeedface"),
        ("100", "99.2"),
        ("7 of 10", "8 of 10"),
        ("-1.5", "1.5"),
        ("1.50e-05", "1.50e-06"),
        ("0.1234567891234567", "0.1234669891234567"),
        ("nan", "0.5"),
        ("inf", "1.0"),
        ("K=10", "K=11"),
        ("x1.5", "x2.5"),
        ("12.5%", "13.5%"),
        ("<td>0.5</td>", "<td>0.7</td>"),
        ("1,200", "1,300"),
        ("yes", "no"),
        ("0.5", "0.5 0.5"),
    ],
)
def test_a_change_is_caught(actual, expected):
    assert pages.differences(shown(actual), shown(expected))


def test_missing_and_additional_outputs_are_caught():
    assert pages.differences([], shown("1"))
    assert pages.differences(shown("1"), [])
    more = new_output("display_data", {"text/html": "1"})
    assert pages.differences([*shown("1"), more], shown("1"))


def test_images_are_not_compared_and_streams_are_merged():
    image = [new_output("display_data", {"image/png": "AAAA", "text/plain": "[figure]"})]
    other = [new_output("display_data", {"image/png": "BBBB", "text/plain": "[figure]"})]
    assert pages.differences(image, other) == []
    assert pages.differences(shown("a\n") + shown("b\n"), shown("a\nb\n")) == []


def test_a_cell_may_state_its_own_tolerance():
    assert pages.differences(shown("100.123456"), shown("100.133456"))
    assert not pages.differences(shown("100.123456"), shown("100.133456"), tolerance=1e-3)
