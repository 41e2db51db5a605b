"""A module of the library imports only from its own floor's package and from the floors below."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import neuralcollapse

ROOT = Path(neuralcollapse.__file__).parent
FLOORS = {
    "geometry": 1,
    "statistics": 2,
    "metrics": 3,
    "theory": 3,
    "codes": 3,
    "tasks": 4,
    "models": 4,
    "files": 4,
    "training": 5,
    "claims": 6,
    "plots": 7,
    "integrations": 7,
    "command": 8,
    "__main__": 9,
}
HOMES = neuralcollapse._HOMES


def package(module):
    return module.split(".")[1]


def imports(source):
    """The library modules that some source imports, root names resolved to their homes."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and node.module == "neuralcollapse":
            yield from (
                HOMES.get(alias.name, f"neuralcollapse.{alias.name}") for alias in node.names
            )
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("neuralcollapse."):
            yield node.module
        elif isinstance(node, ast.Import):
            yield from (a.name for a in node.names if a.name.startswith("neuralcollapse."))


def climbs(own, source):
    return [m for m in imports(source) if package(m) != own and FLOORS[package(m)] >= FLOORS[own]]


@pytest.mark.parametrize(
    "path", sorted(p for p in ROOT.rglob("*.py") if p != ROOT / "__init__.py"), ids=str
)
def test_imports_go_down(path):
    own = path.relative_to(ROOT).parts[0].removesuffix(".py")
    assert climbs(own, path.read_text()) == []


@pytest.mark.parametrize(
    "source",
    [
        "from neuralcollapse.plots import publish",
        "import neuralcollapse.training.fit",
        "from neuralcollapse import claims",
    ],
)
def test_a_climbing_import_is_caught(source):
    assert climbs("metrics", source)


@pytest.mark.parametrize(
    "module", ["neuralcollapse", "neuralcollapse.geometry.cyclic", "neuralcollapse.codes"]
)
def test_the_root_and_the_ground_floor_stay_light(module):
    code = f"import sys, {module}; sys.exit('torch' in sys.modules or 'matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_root_names_resolve():
    for name in neuralcollapse.__all__:
        assert getattr(neuralcollapse, name).__name__ == name
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = neuralcollapse.nothing
