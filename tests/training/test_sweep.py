"""Sweeps: order, resumption, failure, other processes, a Dask cluster."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import Future
from contextlib import nullcontext
from functools import partial
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace

import pytest

from neuralcollapse.training import sweep
from neuralcollapse.training.store import Store

JOBS = [{"number": number, "ndigits": 1} for number in (2.26, 1.11, 3.88)]
RESULTS = [2.3, 1.1, 3.9]


class Counted:
    """The rounding of numbers, and the numbers it was asked for."""

    def __init__(self):
        self.called = []

    def __call__(self, number, ndigits=None):
        self.called.append(number)
        return round(number, ndigits)


def beside_a_failure(number, folder):
    """Job 0 fails once job 1 runs, which ends later."""
    (Path(folder) / str(number)).touch()
    deadline = time.monotonic() + 60
    while number < 2 and not (Path(folder) / str(1 - number)).exists():
        assert time.monotonic() < deadline
        time.sleep(0.01)
    if number == 0:
        raise ValueError("zero")
    time.sleep(1.0)
    return number


def pair(number):
    return (number, {number: None})


def leave(code):
    if code:
        sys.exit(code)


def end_process(code):
    if code == 0:
        return
    os.kill(os.getpid(), signal.SIGKILL)


def test_results_come_in_order_and_are_not_computed_twice(tmp_path):
    store = tmp_path / "deep" / "store.jsonl"
    function = Counted()
    assert sweep(function, JOBS[:2], store=store, workers=1) == RESULTS[:2]
    assert sweep(function, JOBS, store=store, workers=1) == RESULTS
    assert function.called == [job["number"] for job in JOBS]
    assert len(store.read_text().splitlines()) == 3


def test_a_line_cut_short_is_computed_again(tmp_path):
    store = tmp_path / "store.jsonl"
    sweep(round, JOBS, store=store, workers=1)
    os.truncate(store, store.stat().st_size - 5)
    assert sweep(round, JOBS, store=store, workers=1) == RESULTS
    assert [json.loads(line)["result"] for line in store.read_text().splitlines()] == RESULTS


def test_a_failing_job_is_named_and_the_others_are_kept(tmp_path):
    store = tmp_path / "store.jsonl"
    jobs = [JOBS[0], {"number": "text"}]
    with pytest.raises(RuntimeError, match='"number": "text"'):
        sweep(round, jobs, store=store, workers=1)
    assert len(store.read_text().splitlines()) == 1


LINE = '{"function": "builtins.round", "job": {"number": 2.26, "ndigits": 1}, "result": 2.3}\n'


@pytest.mark.parametrize(
    "content",
    [
        b"my thesis, without a line end",
        b"first line\nsecond line\nlast",
        b'{"job": {"number": 1}, "result": 1}\n',
        LINE.encode() + b"not a job",
        LINE.encode() + b'{"function": "other.function", "job": {"numb',
        LINE.encode() + LINE.encode("utf-16"),
        b"[1, 2]\n",
    ],
)
def test_a_foreign_file_is_refused_and_not_touched(content, tmp_path):
    store = tmp_path / "file"
    store.write_bytes(content)
    with pytest.raises(ValueError, match=r"^store: .* is not a file of finished jobs"):
        sweep(round, JOBS, store=store, workers=1)
    assert store.read_bytes() == content


@pytest.mark.parametrize("cut", [0, 1, 5, 40, 80])
def test_line_ends_of_windows_and_blank_lines_pass(cut, tmp_path):
    store = tmp_path / "store.jsonl"
    sweep(round, JOBS, store=store, workers=1)
    content = store.read_bytes().replace(b"\n", b"\r\n\r\n")[:-4]
    store.write_bytes(content[: len(content) - cut])
    function = Counted()
    function.__module__, function.__qualname__ = "builtins", "round"
    assert sweep(function, JOBS, store=store, workers=1) == RESULTS
    assert function.called == [3.88]
    assert sweep(round, JOBS, store=store, workers=1) == RESULTS
    lines = [line for line in store.read_text().splitlines() if line]
    assert [json.loads(line)["result"] for line in lines] == RESULTS


def test_a_store_belongs_to_one_function(tmp_path):
    store = tmp_path / "store.jsonl"
    sweep(partial(round, ndigits=1), [{"number": 2.26}], store=store, workers=1)
    with pytest.raises(ValueError, match=r"^store: .* results of builtins.round, not of .*Counted"):
        sweep(Counted(), [{"number": 2.26}], store=store, workers=1)
    assert sweep(round, [{"number": 2.26}], store=store, workers=1) == [2.3]


@pytest.mark.parametrize("stored", [True, False])
def test_a_fresh_result_is_what_a_resumed_one_is(stored, tmp_path):
    store = tmp_path / "store.jsonl" if stored else None
    for _ in range(2):
        assert sweep(pair, [{"number": 3}], store=store, workers=1) == [[3, {"3": None}]]


def test_infinity_and_nan_are_read_back(tmp_path):
    jobs = [{"number": float(text)} for text in ("inf", "nan")]
    for _ in range(2):
        assert repr(sweep(dict, jobs, store=tmp_path / "store", workers=1)) == repr(jobs)


def test_a_store_is_written_by_one_sweep_at_a_time(tmp_path):
    pytest.importorskip("fcntl")
    store = tmp_path / "store.jsonl"
    held = Store(store, round)
    with pytest.raises(ValueError, match=r"^store: another sweep is writing .*; wait"):
        sweep(round, JOBS, store=store, workers=1)
    held.close()
    assert sweep(round, JOBS, store=store, workers=1) == RESULTS


def test_a_store_that_cannot_be_written_is_refused_before_the_first_job(tmp_path):
    (tmp_path / "file").touch()
    function = Counted()
    for store in (tmp_path, tmp_path / "file" / "store", 5):
        with pytest.raises(ValueError, match=r"^store: cannot write"):
            sweep(function, JOBS, store=store, workers=1)
    assert function.called == []


def test_what_finishes_beside_a_failure_is_kept(tmp_path):
    store = tmp_path / "store.jsonl"
    jobs = [{"number": number, "folder": str(tmp_path)} for number in range(40)]
    with pytest.raises(RuntimeError, match="zero"):
        sweep(beside_a_failure, jobs, store=store, workers=2)
    kept = [json.loads(line)["result"] for line in store.read_text().splitlines()]
    assert 1 in kept
    assert len(kept) < 10


@pytest.mark.parametrize("workers", [1, 2])
def test_a_job_that_leaves_is_named(workers):
    with pytest.raises(RuntimeError, match=r'job {"code": 3} failed: SystemExit'):
        sweep(leave, [{"code": 3}, {"code": 0}], workers=workers)


def test_a_process_that_dies_leaves_a_way_out():
    with pytest.raises(RuntimeError, match=r"__main__.*memory"):
        sweep(end_process, [{"code": 3}, {"code": 0}], workers=2)


def run_python(*arguments):
    return subprocess.run([sys.executable, *arguments], capture_output=True, text=True, check=False)


def test_a_function_of_a_notebook_is_refused_in_other_processes():
    code = (
        "from neuralcollapse.training import sweep\n"
        "def double(number): return 2 * number\n"
        "jobs = [{'number': 1}, {'number': 2}]\n"
        "print(sweep(double, jobs, workers=1))\n"
        "sweep(double, jobs, workers=2)\n"
    )
    ended = run_python("-c", code)
    assert "[2, 4]" in ended.stdout
    assert "ValueError: function: other processes cannot import it" in ended.stderr


def test_a_script_without_a_guard_is_told_so(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        "from neuralcollapse.training.sweep import sweep\n"
        "def double(number): return 2 * number\n"
        "sweep(double, [{'number': 1}, {'number': 2}], workers=2)\n"
    )
    last = run_python(script).stderr.strip().splitlines()[-1]
    assert last.startswith("RuntimeError: a process ended before its job did")
    assert "__main__" in last


def test_other_processes_do_the_same():
    assert sweep(round, JOBS, workers=2) == RESULTS


def test_a_failure_in_another_process_is_named():
    with pytest.raises(RuntimeError, match="text"):
        sweep(round, [*JOBS, {"number": "text"}], workers=2)


def test_a_dask_cluster_does_the_same(tmp_path):
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=False, dashboard_address=":0"
    ) as cluster:
        address = cluster.scheduler_address
        assert sweep(round, JOBS, scheduler=address, store=tmp_path / "store.jsonl") == RESULTS
        with pytest.raises(RuntimeError, match="text"):
            sweep(round, [*JOBS, {"number": "text"}], scheduler=address)


def test_a_cancelled_job_is_not_waited_for(monkeypatch):
    first, second = Future(), Future()  # nobody tells that the second was cancelled
    first.set_exception(OSError("lost"))
    pool = SimpleNamespace(submit=lambda call, function, job, left=[second, first]: left.pop())
    module = import_module("neuralcollapse.training.sweep")
    monkeypatch.setattr(module, "executor", lambda *_: nullcontext(pool))
    caught = []

    def run():
        with pytest.raises(RuntimeError, match="lost") as caught_here:
            sweep(round, JOBS[:2], scheduler="stub")
        caught.append(caught_here)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(timeout=60)
    assert caught
    assert second.cancelled()


def test_a_scheduler_is_asked_only_if_there_is_work(tmp_path):
    dask = pytest.importorskip("dask")
    pytest.importorskip("distributed")
    store, nobody = tmp_path / "store.jsonl", "tcp://127.0.0.1:9"
    sweep(round, JOBS[:2], store=store, workers=1)
    assert sweep(round, JOBS[:2], store=store, scheduler=nobody) == RESULTS[:2]
    with dask.config.set({"distributed.comm.timeouts.connect": "1s"}):
        for scheduler in (nobody, "nonsense://place", 5):
            with pytest.raises(ValueError, match=r"^scheduler: cannot reach .*dask scheduler"):
                sweep(round, JOBS, store=store, scheduler=scheduler)


@pytest.mark.parametrize(
    ("function", "jobs", "options", "name"),
    [
        (round, [JOBS[0], JOBS[0]], {}, "jobs"),
        (round, [3], {}, "jobs"),
        (round, [{"number": {1}}], {}, "jobs"),
        (complex, [{"real": 1}], {"store": "store"}, "function"),
        (complex, [{"real": 1}], {}, "function"),
        (complex, [{"real": 1}, {"real": 2}], {"workers": 2}, "function"),
        (lambda number: number, [{"number": 1}, {"number": 2}], {"workers": 2}, "function"),
        (round, JOBS, {"workers": 0}, "workers"),
        (round, JOBS, {"store": "other"}, "store"),
    ],
)
def test_bad_input_names_the_argument(function, jobs, options, name, tmp_path):
    (tmp_path / "other").write_text("no store\n")
    if "store" in options:
        options = {"store": tmp_path / options["store"]}
    with pytest.raises(ValueError, match=f"^{name}: "):
        sweep(function, jobs, **({"workers": 1} | options))
