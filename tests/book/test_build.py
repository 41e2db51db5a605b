"""The book itself builds without a warning: the same build, and the same folder, as `make book`."""

import re
import subprocess
import sys
from pathlib import Path

from filelock import FileLock

ROOT = next(folder for folder in Path(__file__).parents if (folder / "_config.yml").exists())


def test_the_book_builds_without_a_warning():
    command = [
        Path(sys.executable).with_name("jupyter-book"),
        *["build", ".", "--all", "-W", "-n", "--keep-going"],
    ]
    with FileLock(ROOT / ".build.lock"):  # test_site.py looks at what is built
        finished = subprocess.run(
            command,
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
    said = re.sub(r"\x1b\[[0-9;]*m", "", finished.stdout).splitlines()
    causes = [line for line in said if "WARNING: " in line or "ERROR: " in line] or said[-30:]
    assert finished.returncode == 0, "\n".join(causes)
