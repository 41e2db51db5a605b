"""Lint and formatting, so that bare pytest holds them too."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize("command", [["check"], ["format", "--check"]], ids=" ".join)
def test_ruff(command):
    found = subprocess.run(
        [sys.executable, "-m", "ruff", *command, "."],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.returncode == 0, found.stdout


def test_code_on_pages_fits_the_page():
    for page in (ROOT / "book").rglob("*.md"):
        inside = False
        for number, line in enumerate(page.read_text().splitlines(), 1):
            inside = line.startswith("```{code-cell}") or (inside and line != "```")
            if inside and not line.startswith(":"):
                assert len(line) <= 88, f"{page.name}:{number} has {len(line)} columns"
