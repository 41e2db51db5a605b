"""pyproject.toml, constraints.txt and environment.yml say the same."""

import os
import re
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.version import Version

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
ENVIRONMENT = yaml.safe_load((ROOT / "environment.yml").read_text())
CONDA_NAMES = {"matplotlib-base": "matplotlib", "pytorch-cpu": "torch"}


def pins():
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    requirements = [Requirement(line) for line in lines if line and not line.startswith("#")]
    return {canonical(r.name): r.specifier for r in requirements}


def canonical(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def required():
    groups = PROJECT["optional-dependencies"]
    return [Requirement(r) for r in [*PROJECT["dependencies"], *groups["book"], *groups["test"]]]


def conda():
    """(name, specifier) of the conda dependencies, under their PyPI names."""
    for line in ENVIRONMENT["dependencies"]:
        if isinstance(line, str):
            name, _, specifier = line.partition(" ")
            yield CONDA_NAMES.get(name, name), SpecifierSet(specifier)


def pinned(specifier):
    (only,) = specifier
    assert only.operator == "=="
    return Version(only.version)


def test_every_version_is_pinned_exactly_and_without_addresses():
    for name, specifier in pins().items():
        assert pinned(specifier), name
    assert "://" not in (ROOT / "constraints.txt").read_text()


@pytest.mark.parametrize("requirement", required(), ids=str)
def test_pins_satisfy_the_project(requirement):
    assert pinned(pins()[canonical(requirement.name)]) in requirement.specifier


def test_conda_ranges_admit_the_pins():
    for name, specifier in conda():
        if name not in ("python", "pip"):
            assert pinned(pins()[name]) in specifier, name


def test_conda_ranges_are_those_of_the_project():
    ranges = {r.name: r.specifier for r in required()}
    for name, specifier in conda():
        if name not in ("python", "pip"):
            assert specifier == ranges[name], name
    assert {r.name for r in map(Requirement, PROJECT["dependencies"])} <= dict(conda()).keys()


def test_conda_python_is_that_of_the_project():
    python = dict(conda())["python"]
    assert "3.11" in python
    assert "3.10" not in python
    assert PROJECT["requires-python"] == ">=3.11"


def test_binder_gets_the_cpu_build_the_package_and_one_thread():
    names = [line for line in ENVIRONMENT["dependencies"] if isinstance(line, str)]
    assert any(line.startswith("pytorch-cpu") for line in names)
    (pip,) = (line["pip"] for line in ENVIRONMENT["dependencies"] if isinstance(line, dict))
    assert "--editable .[book,test]" in pip
    assert not any("-c " in line or "constraints" in line for line in pip)
    assert ENVIRONMENT["variables"]["OMP_NUM_THREADS"] == "1"
    assert os.access(ROOT / "postBuild", os.X_OK)
