"""What the tests of all trainers share: the comparison of reports."""

import pickle
import time
from pathlib import Path

import pytest
import torch

collect_ignore = ["sentence_worker.py", "trainer_worker.py"]  # they import their neighbour


def compare(found, expected, tolerance=1e-10, without=()):
    found, expected = (r if isinstance(r, dict) else r.to_dict() for r in (found, expected))
    assert found.keys() == expected.keys()
    for name in found.keys() - set(without):
        value = expected[name]
        if isinstance(value, float):
            value = pytest.approx(value, rel=tolerance, abs=1e-13)
        assert found[name] == value, name


@pytest.fixture
def close():
    return compare


def run_processes(function, folder, seconds=90):
    """Run a function of a worker module in two processes, and return what each left behind."""
    context = torch.multiprocessing.spawn(function, args=(str(folder),), nprocs=2, join=False)
    deadline = time.monotonic() + seconds
    try:
        while not context.join(timeout=1):
            assert time.monotonic() < deadline, "the processes wait for each other"
    finally:
        for process in context.processes:
            if process.is_alive():
                process.kill()
    return [pickle.loads((folder / f"{rank}.pickle").read_bytes()) for rank in range(2)]


@pytest.fixture
def spawn(monkeypatch):
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    return run_processes
