"""The README's lines run and print what it shows."""

import re
from pathlib import Path
from types import SimpleNamespace

from neuralcollapse.geometry import regular_polygon

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "README.md").read_text()


def test_the_three_lines_print_the_table(capsys):
    code = re.search(r"```python\n(.*?)```", TEXT, re.DOTALL).group(1)
    shown = re.search(r"```\n(Neural collapse.*?)\.\.\.\n```", TEXT, re.DOTALL).group(1)
    head = SimpleNamespace(weight=[[-1.0], [1.0]], bias=[0.0, 0.0])
    exec(code, {"features": [[-1.0], [-3.0], [1.0], [3.0]], "labels": [0, 0, 1, 1], "head": head})
    assert capsys.readouterr().out.startswith(shown)


def test_the_other_lines_print_something(capsys):
    _, codes, cyclic = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
    exec(codes, {})
    assert "24 points" in capsys.readouterr().out
    circle = regular_polygon(7)
    exec(cyclic, {"classifier": circle, "embeddings": circle})
    assert "participation_ratio" in capsys.readouterr().out


def test_the_commands_are_targets():
    makefile = (ROOT / "Makefile").read_text()
    for target in re.findall(r"^make (\w+)", TEXT, re.MULTILINE):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE)
