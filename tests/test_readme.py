"""The README's lines run and print what it shows."""

import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from safetensors.numpy import save_file

from neuralcollapse.geometry import regular_polygon

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "README.md").read_text()


def test_the_three_lines_print_the_table(capsys):
    code, shown = three_lines()
    head = SimpleNamespace(weight=[[-1.0], [1.0]], bias=[0.0, 0.0])
    exec(code, {"features": [[-1.0], [-3.0], [1.0], [3.0]], "labels": [0, 0, 1, 1], "head": head})
    assert capsys.readouterr().out.startswith(shown)


def test_what_pip_installs_prints_the_table_and_has_the_command(tmp_path):
    source, site = tmp_path / "source", tmp_path / "site"
    ignored = shutil.ignore_patterns("__pycache__", "*.egg-info")
    shutil.copytree(ROOT / "lib", source / "lib", ignore=ignored)
    for name in ("pyproject.toml", "README.md"):
        shutil.copy(ROOT / name, source)
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps"]
    run([*pip, "--no-build-isolation", "--target", site, source], cwd=tmp_path)

    code, shown = three_lines()
    given = "from types import SimpleNamespace\nimport neuralcollapse\n"
    given += "features, labels = [[-1.0], [-3.0], [1.0], [3.0]], [0, 0, 1, 1]\n"
    given += "head = SimpleNamespace(weight=[[-1.0], [1.0]], bias=[0.0, 0.0])\n"
    where = "\nprint(neuralcollapse.__file__)"
    found = run([sys.executable, "-c", given + code + where], cwd=tmp_path, site=site)
    assert found.startswith(shown)
    assert found.strip().endswith(str(site / "neuralcollapse" / "__init__.py"))
    assert "measure" in run([site / "bin" / "neuralcollapse", "--help"], cwd=tmp_path, site=site)
    modules = {path.relative_to(ROOT / "lib") for path in (ROOT / "lib").rglob("*.py")}
    assert modules == {path.relative_to(site) for path in site.rglob("neuralcollapse/**/*.py")}


def run(command, *, cwd, site=""):
    environment = {**os.environ, "PYTHONPATH": str(site)}
    ended = subprocess.run(
        command, cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def three_lines():
    code = re.search(r"```python\n(.*?)```", TEXT, re.DOTALL).group(1)
    return code, re.search(r"```\n(Neural collapse.*?)\.\.\.\n```", TEXT, re.DOTALL).group(1)


def test_the_other_lines_print_something(capsys):
    exec(code_with("spherical_code"), {})
    assert "24 points" in capsys.readouterr().out
    circle = regular_polygon(7)
    exec(code_with("measure_cyclic"), {"classifier": circle, "embeddings": circle})
    assert "participation_ratio" in capsys.readouterr().out


def test_the_lines_for_a_cluster_print_the_table(tmp_path, monkeypatch, capsys):
    arrow, dask = pytest.importorskip("pyarrow"), pytest.importorskip("dask")
    pytest.importorskip("dask.array")
    from pyarrow import parquet

    monkeypatch.chdir(tmp_path)
    Path("features").mkdir()
    table = {"features": [[-1.0], [-3.0], [1.0], [3.0]], "labels": [0, 0, 1, 1]}
    parquet.write_table(arrow.table(table), "features/a.parquet")
    head = SimpleNamespace(weight=[[-1.0], [1.0]], bias=[0.0, 0.0])
    with dask.config.set(scheduler="synchronous"):
        exec(code_with("measure_parquet"), {"head": head})
    assert capsys.readouterr().out.startswith("Neural collapse of 4 samples in 2 classes")


def code_with(name):
    (code,) = (code for code in re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL) if name in code)
    return code


def test_the_command_prints_its_table(tmp_path, monkeypatch, capsys):
    line, shown = re.search(r"```\n\$ (.*?)\n(Neural.*?)\.\.\.\n```", TEXT, re.DOTALL).groups()
    monkeypatch.chdir(tmp_path)
    np.savez("features.npz", features=[[-1.0], [-3.0], [1.0], [3.0]], labels=[0, 0, 1, 1])
    save_file({"weight": np.array([[-1.0], [1.0]])}, "head.safetensors")
    name, *arguments = shlex.split(line)
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]
    assert import_from(scripts[name])(arguments) == 0
    assert capsys.readouterr().out.startswith(shown)


def import_from(entry):
    module, function = entry.split(":")
    return getattr(import_module(module), function)


def test_the_commands_are_targets():
    makefile = (ROOT / "Makefile").read_text()
    for target in re.findall(r"^make (\w+)", TEXT, re.MULTILINE):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE)
