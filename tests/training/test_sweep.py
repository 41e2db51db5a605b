"""Sweeps: order, resumption, failure, other processes, a Dask cluster."""

import json
import os

import pytest

from neuralcollapse.training import sweep

JOBS = [{"number": number, "ndigits": 1} for number in (2.26, 1.11, 3.88)]
RESULTS = [2.3, 1.1, 3.9]


def test_results_come_in_order_and_are_not_computed_twice(tmp_path):
    store = tmp_path / "deep" / "store.jsonl"
    assert sweep(round, JOBS[:2], store=store, workers=1) == RESULTS[:2]
    called = []

    def remember(**job):
        called.append(job)
        return round(**job)

    assert sweep(remember, JOBS, store=store, workers=1) == RESULTS
    assert called == JOBS[2:]
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


def test_other_processes_do_the_same():
    assert sweep(round, JOBS, workers=2) == RESULTS


def test_a_failure_in_another_process_is_named():
    with pytest.raises(RuntimeError, match="text"):
        sweep(round, [*JOBS, {"number": "text"}], workers=2)


def test_a_dask_cluster_does_the_same(tmp_path):
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=False, dashboard_address=None
    ) as cluster:
        address = cluster.scheduler_address
        assert sweep(round, JOBS, scheduler=address, store=tmp_path / "store.jsonl") == RESULTS


@pytest.mark.parametrize(
    ("function", "jobs", "options", "name"),
    [
        (round, [JOBS[0], JOBS[0]], {}, "jobs"),
        (round, [3], {}, "jobs"),
        (round, [{"number": {1}}], {}, "jobs"),
        (complex, [{"real": 1}], {"store": "store"}, "function"),
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
