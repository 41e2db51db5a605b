"""Many independent jobs: in parallel here or on a Dask cluster, stopped and started at will."""

import json
import multiprocessing
import os
import pickle
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from pathlib import Path

from tqdm import tqdm

from neuralcollapse.geometry.arrays import as_whole


def sweep(function, jobs, *, store=None, scheduler=None, workers=None):
    """Call a function once for each job and return the results in order.

    Parameters
    ----------
    function : callable
        ``function(**job)`` returns what JSON can hold. It must be importable by name unless one
        worker is enough: define it in a module, not in a notebook.
    jobs : sequence of dict
        Keyword arguments that JSON can hold, no two alike; seeds belong in them.
    store : path, optional
        File of finished jobs, one JSON object a line, appended to as jobs end. Jobs it holds are
        not run again, so a sweep that was interrupted goes on where it stopped. A last line that
        was cut short counts as not written.
    scheduler : str, optional
        Address of a Dask scheduler, for instance ``"tcp://127.0.0.1:8786"``; processes on this
        machine unless given.
    workers : int, optional
        Processes on this machine; one a processor unless given. With 1 jobs run in this process.

    Returns
    -------
    list
        One result a job.

    Raises
    ------
    ValueError
        If two jobs are alike, a job is no dictionary, a result or job does not fit JSON, the store
        is not a file of a sweep, or the function cannot be sent to other processes.
    RuntimeError
        If a job fails: the message names it, and the finished ones are kept.

    Examples
    --------
    >>> sweep(round, [{"number": 2.5}, {"number": 1.26, "ndigits": 1}], workers=1)
    [2, 1.3]
    """
    jobs = [_key(job) for job in jobs]
    if len(set(jobs)) < len(jobs):
        raise ValueError("jobs: two are alike; give each its own seed")
    workers = os.cpu_count() if workers is None else as_whole(workers, "workers", 1)
    store = None if store is None else Path(store)
    finished = {} if store is None else _read(store)
    missing = [job for job in jobs if job not in finished]
    results = _results(function, missing, scheduler, min(workers, len(missing)))
    for job, result in tqdm(results, total=len(missing), unit="job", disable=None):
        finished[job] = result
        if store is not None:
            _append(store, job, result)
    return [finished[job] for job in jobs]


def _results(function, jobs, scheduler, workers):
    """Yield (job, result) as jobs end."""
    if scheduler is None and workers <= 1:
        for job in jobs:
            yield job, _result(job, lambda job=job: function(**json.loads(job)))
        return
    _check_picklable(function)
    with executor(scheduler, workers) as pool:
        running = {pool.submit(function, **json.loads(job)): job for job in jobs}
        try:
            for future in as_completed(running):
                yield running[future], _result(running[future], future.result)
        finally:
            for future in running:
                future.cancel()


def _result(job, call):
    try:
        return call()
    except Exception as error:
        raise RuntimeError(f"job {job} failed: {error!r}") from error


@contextmanager
def executor(scheduler=None, workers=None):
    """Open processes of this machine, or the workers of a Dask cluster behind the same interface.

    Parameters
    ----------
    scheduler : str, optional
        Address of a Dask scheduler.
    workers : int, optional
        Processes on this machine; one a processor unless given.

    Yields
    ------
    concurrent.futures.Executor
    """
    if scheduler is None:
        # Forked processes would share the threads of torch.
        with ProcessPoolExecutor(workers, multiprocessing.get_context("spawn")) as pool:
            yield pool
    else:
        from distributed import Client

        with Client(scheduler) as client, client.get_executor(pure=False) as pool:
            yield pool


def _key(job):
    if not isinstance(job, dict):
        raise ValueError(f"jobs: expected dictionaries of keyword arguments, got {job!r}")
    try:
        return json.dumps(job, sort_keys=True)
    except (TypeError, ValueError) as error:
        raise ValueError(f"jobs: JSON cannot hold {job!r}: {error}") from error


def _read(store):
    """Finished jobs of a store; what follows its last whole line is cut off."""
    if not store.exists():
        store.parent.mkdir(parents=True, exist_ok=True)
        return {}
    text = store.read_text(encoding="utf-8")
    whole = text[: text.rfind("\n") + 1]
    if whole != text:
        os.truncate(store, len(whole.encode()))
    try:
        lines = [json.loads(line) for line in whole.splitlines()]
        return {_key(line["job"]): line["result"] for line in lines}
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"store: {store} is not a file of finished jobs: {error!r}") from error


def _append(store, job, result):
    try:
        line = json.dumps({"job": json.loads(job), "result": result})
    except (TypeError, ValueError) as error:
        raise ValueError(f"function: JSON cannot hold the result of {job}: {error}") from error
    with store.open("a", encoding="utf-8") as file:
        file.write(line + "\n")
        file.flush()
        os.fsync(file.fileno())


def _check_picklable(function):
    try:
        pickle.dumps(function)
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        raise ValueError(
            f"function: other processes cannot import it ({error}); define it in a module, "
            "or pass workers=1"
        ) from error
