"""Docstrings, notation and citations: what the library says of itself is held to the book."""

import importlib
import inspect
import pkgutil
import re
from pathlib import Path

import pytest

import neuralcollapse

ROOT = Path(__file__).parents[1]
NOTATION = (ROOT / "book" / "notation.md").read_text()
BIBLIOGRAPHY = (ROOT / "book" / "references.bib").read_text()
PUBLIC = (
    "geometry",
    "geometry.cyclic",
    "statistics",
    "metrics",
    "theory.circle",
    "theory.unconstrained",
    "codes",
    "tasks",
    "files",
    "integrations.dask",
    "models",
    "training",
    "theory.deep_unconstrained",
    "theory.graph_solution",
    "theory.schatten",
    "theory.gradient_step",
    "theory.gram_recursion",
    "theory.learned_kernel",
    "theory.regression",
    "theory.relu_kernel",
    "theory.equilibrium",
    "theory.layer_peeled",
    "integrations",
    "integrations.torchmetrics",
)
RESULTS = {  # made by the library, not by readers
    "Certificate",
    "Code",
    "CodeComparison",
    "CoherenceBound",
    "CollapseReport",
    "CyclicReport",
    "DeepDescent",
    "DepthReport",
    "EnsembleHistory",
    "Estimate",
    "ExactHullPoint",
    "Existence",
    "FeatureFile",
    "FeatureHistory",
    "FeatureLayer",
    "FittedTasks",
    "FixedPoint",
    "FoundCode",
    "FramedDigits",
    "FreeContact",
    "FreeFlow",
    "FreeMinimum",
    "FreeOptimum",
    "FrequencySet",
    "GramRates",
    "GroupOptimum",
    "History",
    "Holes",
    "HullPoint",
    "ImbalanceReport",
    "LanguageHistory",
    "LanguageReport",
    "LaplaceRegression",
    "LayerSplit",
    "LinearModel",
    "LinearOptimum",
    "MultiCentres",
    "NotConvergedError",
    "OperationTable",
    "Output",
    "PairVariability",
    "PeeledMinimum",
    "Phase",
    "Prose",
    "RadonPartition",
    "RankProfile",
    "RefinedCode",
    "RegressionHistory",
    "RegressionOptimum",
    "RegressionReport",
    "RegressionTask",
    "SimplexEquilibrium",
    "Spread",
    "TailLoss",
    "Task",
}


def modules():
    for info in pkgutil.walk_packages(neuralcollapse.__path__, "neuralcollapse."):
        yield importlib.import_module(info.name)


def public_callables():
    """(qualified name, object) of what the packages below `claims` export, methods included."""
    for name in PUBLIC:
        module = importlib.import_module(f"neuralcollapse.{name}")
        exported = getattr(module, "__all__", ["ClassStatistics"])
        for item in filter(callable, (getattr(module, export) for export in exported)):
            yield f"{name}.{item.__name__}", item
            if inspect.isclass(item):
                for attribute, method in vars(item).items():
                    if inspect.isfunction(method) and not attribute.startswith("_"):
                        yield f"{name}.{item.__name__}.{attribute}", method


PUBLIC_CALLABLES = list(public_callables())


def names_in_notation(text):
    """Names in the last column of the symbol table and the first of the other."""
    rows = [line.strip("| ").split("|") for line in text.splitlines() if line.startswith("|")]
    cells = [row[-1] if len(row) > 2 else row[0] for row in rows]
    return set(re.findall(r"`(\w+)`", " ".join(cells)))


def arguments():
    found = {}
    for name, item in public_callables():
        if item.__name__ in RESULTS and inspect.isclass(item):
            continue
        for parameter in inspect.signature(item).parameters:
            if parameter not in ("self", "cls"):
                found.setdefault(parameter, name)
    return found


def test_every_argument_of_the_library_is_in_the_notation():
    missing = {p: where for p, where in arguments().items() if p not in names_in_notation(NOTATION)}
    assert not missing


def test_the_notation_names_no_argument_that_does_not_exist():
    assert names_in_notation(NOTATION) <= set(arguments())


def test_the_notation_explains_each_name_once():
    rows = [line for line in NOTATION.splitlines() if line.startswith("| ")]
    names = [name for row in rows for name in re.findall(r"`(\w+)` \|", row)]
    assert len(names) == len(set(names)) > 50


def test_the_notation_check_can_fail():
    assert "weight_decay" not in names_in_notation(NOTATION.replace("weight_decay", "decay"))


@pytest.mark.parametrize("module", list(modules()), ids=lambda module: module.__name__)
def test_cited_keys_are_in_the_bibliography(module):
    keys = set(re.findall(r"\[([a-z]+\d{4})\]", inspect.getsource(module)))
    known = set(re.findall(r"@\w+\{(\w+),", BIBLIOGRAPHY))
    assert keys <= known


@pytest.mark.parametrize(("name", "item"), PUBLIC_CALLABLES, ids=[n for n, _ in PUBLIC_CALLABLES])
def test_public_docstrings_describe_their_arguments(name, item):
    documentation = inspect.getdoc(item) or ""
    assert documentation, name
    if inspect.isclass(item) and item.__name__ in RESULTS | {
        "Descent",
        "EnvironmentRecipe",
        "Recipe",
    }:
        assert "Attributes" in documentation or "metric" in documentation
        return
    parameters = [p for p in inspect.signature(item).parameters if p not in ("self", "cls")]
    one_liners = inspect.isfunction(item) and len(documentation.splitlines()) == 1
    if parameters and not one_liners:
        for parameter in parameters:
            assert re.search(rf"\b{parameter}\b", documentation), f"{name}: {parameter}"


SKIPPED = {".git", ".build.lock"}  # a worktree's pointer; the lock of a running build


def sources():
    """Every file a reader is given: what stands at the top, and the folders of the project."""
    yield from (path for path in ROOT.iterdir() if path.is_file() and path.name not in SKIPPED)
    for folder in ("book", "lib", "tests", "experiments", "benchmarks"):
        for path in (ROOT / folder).rglob("*"):
            ignored = any(part == "__pycache__" or "egg-info" in part for part in path.parts)
            if path.is_file() and not ignored and path != Path(__file__):
                yield path
    yield ROOT / ".ci" / "run"


def test_a_private_path_or_host_is_nowhere_in_the_tree():
    pattern = re.compile(r"/(?:home|root|work|Users)/\w|pypi\.org|files\.pythonhosted")
    found = [str(path) for path in sources() if pattern.search(path.read_text(errors="replace"))]
    assert found == []
