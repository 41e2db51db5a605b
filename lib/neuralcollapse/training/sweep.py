"""Many independent jobs: in parallel here or on a Dask cluster, stopped and started at will."""

import json
import multiprocessing
import os
import pickle
import sys
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, ProcessPoolExecutor, wait
from contextlib import closing, contextmanager
from functools import partial

from tqdm import tqdm

from neuralcollapse.geometry.arrays import as_whole
from neuralcollapse.training.store import Store, as_text


def sweep(function, jobs, *, store=None, scheduler=None, workers=None):
    """Call a function once for each job and return the results in order.

    Parameters
    ----------
    function : callable
        ``function(**job)`` returns what JSON can hold, and its results are given back as JSON
        reads them: tuples as lists, keys as text. NaN and infinities are written as NaN and
        Infinity and read back. It must be importable by name unless one worker is enough: define
        it in a module, not in a notebook.
    jobs : sequence of dict
        Keyword arguments that JSON can hold, no two alike; seeds belong in them.
    store : path, optional
        File of finished jobs, one JSON object a line, appended to as jobs end. Jobs it holds are
        not run again, so a sweep that was interrupted goes on where it stopped. A last line that
        was cut short counts as not written. A store belongs to one function, and to one sweep at a
        time. Arguments bound by `functools.partial` are not compared: put them in the jobs.
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
        cannot be used, the scheduler cannot be reached, or the function cannot be sent to other
        processes.
    RuntimeError
        If a job fails: the message names the first. What was finished or running in a process of
        this machine is kept; jobs not yet begun, and those of a cluster, are cancelled.

    Examples
    --------
    >>> sweep(round, [{"number": 2.5}, {"number": 1.26, "ndigits": 1}], workers=1)
    [2, 1.3]
    """
    jobs = [as_text(job) for job in jobs]
    if len(set(jobs)) < len(jobs):
        raise ValueError("jobs: two are alike; give each its own seed")
    workers = os.cpu_count() if workers is None else as_whole(workers, "workers", 1)
    with closing(Store(store, function)) as kept:
        missing = [job for job in jobs if job not in kept.finished]
        if scheduler is None and min(workers, len(missing)) <= 1:
            for job in _bar(missing, len(missing)):
                kept.add(job, _result(job, partial(_call, function, job)))
        elif missing:
            _in_parallel(function, missing, scheduler, min(workers, len(missing)), kept.add)
        return [kept.finished[job] for job in jobs]


def _in_parallel(function, jobs, scheduler, workers, keep):
    """Keep every result; raise the first error once what runs has ended."""
    _check_picklable(function, scheduler)
    failure = None
    with executor(scheduler, workers) as pool:
        running = {}
        try:
            running |= {pool.submit(_call, function, job): job for job in jobs}
            for future in _bar(_ended(running), len(jobs)):
                try:
                    keep(running[future], _result(running[future], future.result))
                except (RuntimeError, ValueError) as error:
                    failure = failure or error
                    _cancel(running)
        except BrokenExecutor as error:
            failure = failure or _broken(error)
        finally:
            _cancel(running)
    if failure:
        raise failure


def _call(function, job):
    return function(**json.loads(job))


def _bar(items, total):
    return tqdm(items, total=total, unit="job", disable=None)


def _ended(futures):
    """Yield futures as they end, but no cancelled ones: a cluster may never say that they have."""
    pending = set(futures)
    while pending:
        done, _ = wait(pending, return_when=FIRST_COMPLETED)
        for future in done:
            if not future.cancelled():
                yield future
        pending = {future for future in pending - done if not future.cancelled()}


def _cancel(futures):
    for future in futures:
        future.cancel()


def _result(job, call):
    try:
        return call()
    except BrokenExecutor as error:
        raise _broken(error) from error
    except (Exception, SystemExit) as error:
        raise RuntimeError(f"job {job} failed: {error!r}") from error


def _broken(error):
    return RuntimeError(
        f"a process ended before its job did ({error}); begin the script with "
        '`if __name__ == "__main__":` around what it runs, or set workers lower if memory ran out'
    )


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

    Raises
    ------
    ValueError
        If the scheduler cannot be reached.
    """
    if scheduler is None:
        # Forked processes would share the threads of torch.
        with ProcessPoolExecutor(workers, multiprocessing.get_context("spawn")) as pool:
            yield pool
    else:
        from distributed import Client

        try:
            client = Client(scheduler)
        except (OSError, ValueError, TypeError) as error:
            raise ValueError(
                f"scheduler: cannot reach {scheduler} ({error}); start one with `dask scheduler` "
                "or leave it out"
            ) from error
        with client, client.get_executor(pure=False) as pool:
            yield pool


def _check_picklable(function, scheduler):
    try:
        pickle.dumps(function)
        while isinstance(function, partial):
            function = function.func
        home = getattr(function, "__module__", None)
        # Processes of this machine read the script again; a notebook is no script. Dask sends code.
        if scheduler is None and home == "__main__" and not hasattr(sys.modules[home], "__file__"):
            raise TypeError("it was defined in a notebook or on the command line")
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        raise ValueError(
            f"function: other processes cannot import it ({error}); define it in a module, "
            "or pass workers=1"
        ) from error
