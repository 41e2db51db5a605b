"""Both commands catch each kind of failure: a small book is broken once in every way."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

PAGE = """\
---
jupytext:
  text_representation:
    extension: .md
    format_name: myst
kernelspec:
  display_name: Python 3
  language: python
  name: python3
---

# A page

:::{prf:theorem} Sum
:label: thm-sum

One and one are two.
:::

```{code-cell} ipython3
from answers import ANSWER

print(f"the answer is {ANSWER:.3f}")
```
"""

CONFIGURATION = """\
title: Small
only_build_toc_files: true
exclude_patterns: [".*", "_build", "lib", "tests"]
execute: {execute_notebooks: cache, timeout: 60, stderr_output: error}
sphinx:
  extra_extensions: [sphinx_proof]
  local_extensions: {monograph: book/_ext}
  config: {monograph_ledger: "ledger:LEDGER"}
repository: {url: https://example.invalid/owner/github, branch: main}
launch_buttons: {binderhub_url: https://example.invalid}
"""


def make_book(folder):
    """Write a book of one page, its library, ledger and the project's own extension and plug-in."""
    shutil.copytree(
        ROOT / "book" / "_ext",
        folder / "book" / "_ext",
        ignore=shutil.ignore_patterns("__pycache__"),
    )
    shutil.copy(ROOT / "conftest.py", folder)
    (folder / "book" / "page.md").write_text(PAGE)
    (folder / "_config.yml").write_text(CONFIGURATION.replace("owner/github", "github/owner/book"))
    (folder / "_toc.yml").write_text("format: jb-book\nroot: book/page\n")
    (folder / "lib").mkdir()
    (folder / "lib" / "answers.py").write_text("ANSWER = 1.5\n")
    (folder / "lib" / "ledger.py").write_text(
        "from types import SimpleNamespace\n"
        'LEDGER = [SimpleNamespace(identifier="thm-sum", page="page")]\n'
    )
    (folder / "pyproject.toml").write_text(
        "[tool.pytest.ini_options]\n"
        'pythonpath = ["book/_ext", "lib"]\ntestpaths = ["tests", "book"]\n'
        'addopts = "-p no:cacheprovider"\n'
    )
    (folder / "tests").mkdir()
    shutil.copy(ROOT / "tests" / "book" / "test_build.py", folder / "tests")


def run(folder, *command):
    """Run a command in the book's folder; return its exit code and what it printed."""
    environment = {**os.environ, "PYTHONPATH": str(folder / "lib"), "NO_COLOR": "1"}
    environment.pop("PYTEST_XDIST_WORKER", None)
    finished = subprocess.run(
        [Path(sys.executable).with_name(command[0]), *command[1:]],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return finished.returncode, re.sub(r"\x1b\[[0-9;]*m", "", finished.stdout)


def build(folder):
    return run(folder, "jupyter-book", *["build", ".", "--all", "-W", "-n", "--keep-going"])


def check(folder):
    return run(folder, "pytest", "--nbval", "-q")


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    """A small book with its reference, built and checked once: both commands accept it."""
    folder = tmp_path_factory.mktemp("sound") / "book"
    folder.mkdir()
    make_book(folder)
    code, output = run(folder, "pytest", "--nbval", "--update-reference", "-q", "book")
    assert code == 0, output
    assert (folder / "tests" / "reference" / "page.ipynb").exists()
    code, output = build(folder)
    assert code == 0, output
    code, output = check(folder)
    assert code == 0, output
    return folder


@pytest.fixture
def book(sound, tmp_path):
    """A copy of the sound book to break, its build and cache included."""
    return shutil.copytree(sound, tmp_path / "book")


def edit(path, old, new):
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def failing_cell(book):
    edit(book / "book" / "page.md", "print(f", "1 / 0; print(f")
    edit(book / "tests" / "reference" / "page.ipynb", "print(f", "1 / 0; print(f")


def warning_of_the_builder(book):
    edit(book / "book" / "page.md", "# A page", "# A page\n\n{nosuchrole}`text`")


def dead_link_in_markdown(book):
    edit(book / "book" / "page.md", "# A page", "# A page\n\n[gone](gone.md)")


def dead_link_in_html(book):
    edit(book / "book" / "page.md", "# A page", '# A page\n\n<a href="gone.html">gone</a>')


def dead_anchor_in_html(book):
    edit(book / "book" / "page.md", "# A page", '# A page\n\n<a href="#gone">gone</a>')


def page_missing_from_the_output(book):
    (book / "book" / "forgotten.md").write_text("# Forgotten\n")


def image_without_alt_text(book):
    (book / "book" / "dot.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg"/>')
    edit(book / "book" / "page.md", "# A page", "# A page\n\n![](dot.svg)")


def changed_number(book):
    edit(book / "lib" / "answers.py", "1.5", "1.502")


def stale_reference(book):
    edit(book / "book" / "page.md", "ANSWER:.3f", "ANSWER + 0:.3f")


def missing_reference(book):
    (book / "tests" / "reference" / "page.ipynb").unlink()


def orphan_reference(book):
    reference = book / "tests" / "reference" / "page.ipynb"
    shutil.copy(reference, reference.with_name("gone.ipynb"))


def theorem_without_claim(book):
    edit(book / "book" / "page.md", "thm-sum", "thm-other")


def claim_without_theorem(book):
    edit(book / "lib" / "ledger.py", '"thm-sum"', '"thm-lost"')
    edit(book / "book" / "page.md", "{prf:theorem}", "{prf:definition}")


BREAKAGES = {
    failing_cell: "ZeroDivisionError|Executing notebook failed",
    warning_of_the_builder: "nosuchrole",
    dead_link_in_markdown: r"gone\.md",
    dead_link_in_html: r"dead link to gone\.html",
    dead_anchor_in_html: "dead link to #gone",
    page_missing_from_the_output: r"book/forgotten: the page is not in _toc\.yml",
    image_without_alt_text: "no alt text",
    changed_number: r"expected 1\.500, got 1\.502",
    stale_reference: "the reference is stale from code cell 1 on",
    missing_reference: "no reference at",
    orphan_reference: r"orphan reference, no page has it",
    theorem_without_claim: "theorem 'thm-other' has no entry in the ledger",
    claim_without_theorem: "claim 'thm-lost' is not stated on its page",
}


@pytest.mark.parametrize("command", [build, check], ids=["make book", "make test"])
@pytest.mark.parametrize("breakage", BREAKAGES, ids=lambda breakage: breakage.__name__)
def test_breakage_is_caught_with_its_cause(book, breakage, command):
    breakage(book)
    code, output = command(book)
    assert code != 0, output
    assert re.search(BREAKAGES[breakage], output), output


def test_a_change_of_the_library_reexecutes_the_pages_and_nothing_else_does(book):
    _, output = build(book)
    assert "Using cached notebook" in output
    (book / "lib" / "unused.py").write_text("# any change counts\n")
    _, output = build(book)
    assert "Using cached notebook" not in output
    assert "Executed notebook" in output


def test_a_second_build_of_a_broken_book_still_fails(book):
    warning_of_the_builder(book)
    assert build(book)[0] != 0
    assert build(book)[0] != 0
