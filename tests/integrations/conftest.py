"""What the tests of all trainers share: the comparison of reports."""

import pytest


def compare(found, expected, tolerance=1e-10, without=()):
    found, expected = (r if isinstance(r, dict) else r.to_dict() for r in (found, expected))
    assert found.keys() == expected.keys()
    for name in found.keys() - set(without):
        value = expected[name]
        if isinstance(value, float):
            value = pytest.approx(value, rel=tolerance, abs=1e-13)
        assert found[name] == value, name


@pytest.fixture
def close():
    return compare
