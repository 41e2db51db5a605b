"""Optional packages are loaded only when used, and missed with the name of their extra."""

import subprocess
import sys

import pytest

OPTIONAL = ("torchmetrics", "lightning", "transformers")


def run(code):
    return subprocess.run(
        [sys.executable, "-W", "error::ImportWarning", "-c", code], capture_output=True, text=True
    )


def test_the_package_loads_none_of_them():
    code = f"import sys, neuralcollapse.integrations; print(set(sys.modules) & set({OPTIONAL}))"
    assert run(code).stdout.strip() == "set()"


@pytest.mark.parametrize("name", OPTIONAL)
def test_a_missing_package_is_named_with_its_extra(name):
    code = f"import sys; sys.modules[{name!r}] = None; import neuralcollapse.integrations.{name}"
    found = run(code)
    assert found.returncode == 1
    assert f"ImportError: neuralcollapse.integrations.{name} needs {name}" in found.stderr
    assert f"pip install neuralcollapse[{name}]" in found.stderr
