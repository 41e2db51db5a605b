"""`pytest --nbval` on the pages themselves: MyST notebooks against their references.

nbval collects ``.ipynb`` only. This plug-in hands it the pages under ``book/`` with their reference
outputs, and compares numbers within a tolerance. ``--update-reference`` writes the references.
"""

import os
from pathlib import Path

import pytest
from nbval import plugin as nbval

from monograph import pages

collect_ignore = ["tests/reference"]  # compared with, not run
os.environ.setdefault("OMP_NUM_THREADS", "1")  # kernels inherit it: one thread a page


def pytest_addoption(parser):
    parser.addoption(
        "--update-reference",
        action="store_true",
        help="run the pages and write tests/reference instead of comparing with it",
    )


def pytest_collect_file(file_path, parent):
    if not parent.config.option.nbval or file_path.suffix != ".md":
        return None
    book = parent.config.rootpath / "book"
    if book in file_path.parents and file_path in pages.find_pages(book):
        return Page.from_parent(parent, path=file_path)
    return None


class Page(nbval.IPyNbFile):
    """A page whose code cells run in one kernel, in order."""

    def collect(self):
        self.book = self.config.rootpath / "book"
        self.references = self.config.rootpath / "tests" / "reference"
        self.nb = pages.read_page(self.path)
        self.executed = []
        cells = pages.code_cells(self.nb)
        if not self.config.option.update_reference:
            for cell, reference in zip(cells, self.reference_cells(), strict=True):
                cell.outputs, cell.execution_count = reference.outputs, reference.execution_count
        self.num_cells = len(cells)
        for number, cell in enumerate(cells, 1):
            options = {"check": True, "check_exception": False, "skip": False}
            yield Cell.from_parent(
                self, name=f"Cell {number}", cell_num=number, cell=cell, options=options
            )

    def reference_cells(self):
        try:
            return pages.read_reference(self.path, self.book, self.references)
        except pages.StaleReferenceError as error:
            raise self.CollectError(str(error)) from None


class Cell(nbval.IPyNbCell):
    """A code cell; compared with its reference, or recorded when references are renewed."""

    def runtest(self):
        if self.config.option.update_reference:
            self.cell.execution_count = 1  # nbval compares nothing for a cell never run
        super().runtest()

    def compare_outputs(self, test, ref, skip_compare=None):
        page = self.parent
        if self.config.option.update_reference:
            page.executed.append(pages.nbformat.from_dict({**self.cell, "outputs": test}))
            if len(page.executed) == page.num_cells:
                path = pages.reference_path(page.path, page.book, page.references)
                pages.write_reference(path, page.executed)
            return True
        tolerance = self.cell.metadata.get("tolerance", pages.RELATIVE_TOLERANCE)
        self.comparison_traceback = pages.differences(test, ref, tolerance)
        return not self.comparison_traceback


def pytest_sessionstart(session):
    if session.config.option.nbval and not hasattr(session.config, "workerinput"):
        references = Path(session.config.rootpath) / "tests" / "reference"
        orphans = pages.orphan_references(session.config.rootpath / "book", references)
        if orphans:
            listed = ", ".join(str(path.relative_to(session.config.rootpath)) for path in orphans)
            raise pytest.UsageError(f"orphan reference, no page has it: {listed}; delete it")
