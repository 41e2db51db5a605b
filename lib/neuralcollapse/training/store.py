"""The file of a sweep: one finished job a line, written by one sweep at a time."""

import json
import os
import sys
from functools import partial
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows: two sweeps on one store are not told apart there
    fcntl = None

_WAY_OUT = "convert numpy numbers with float(), int() or .tolist()"


class Store:
    """Finished jobs of a function, in memory and in a file that is held until `close`.

    Parameters
    ----------
    path : path or None
        Made with its folders if there is none. What a sweep that was killed left of its last line
        is cut off; a file of anything else is not touched. None keeps no file.
    function : callable

    Attributes
    ----------
    finished : dict of str to object
        Results by the text of their job.

    Raises
    ------
    ValueError
        If the file cannot be opened, is written by another sweep, or holds anything but finished
        jobs of this function.

    Examples
    --------
    >>> store = Store(None, round)
    >>> store.add(as_text({"number": 2.5}), 2)
    >>> store.finished
    {'{"number": 2.5}': 2}
    """

    def __init__(self, path, function):
        self.name, self.finished, self._file = name_of(function), {}, None
        if path is None:
            return
        try:
            self._path = Path(path)
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o666)
        except (OSError, TypeError) as error:
            raise ValueError(f"store: cannot write {path}: {error}; name another file") from error
        try:
            self._lock()
            self._read()
        except BaseException:
            self.close()
            raise

    def add(self, job, result):
        """Keep a result as it comes back from JSON.

        Parameters
        ----------
        job : str
            Text of the job.
        result : object

        Raises
        ------
        ValueError
            If JSON cannot hold the result.
        OSError
            If the file cannot be written.
        """
        try:
            text = json.dumps(result)
        except (TypeError, ValueError) as error:
            raise ValueError(
                f"function: JSON cannot hold the result of {job}: {error}; {_WAY_OUT}"
            ) from error
        if self._file is not None:
            line = self._head() + f'{job}, "result": {text}}}\n'.encode()
            if os.write(self._file, line) < len(line):
                raise OSError(f"store: {self._path} took only part of a line; is the disk full?")
            os.fsync(self._file)
        self.finished[job] = json.loads(text)

    def close(self):
        """Let other sweeps write the file."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _head(self):
        return f'{{"function": {json.dumps(self.name)}, "job": '.encode()

    def _lock(self):
        if fcntl is None:
            return
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise ValueError(
                f"store: another sweep is writing {self._path}; wait for it or name another file"
            ) from error

    def _read(self):
        """Take all finished jobs first; cut off the beginning of a line last."""
        content = self._path.read_bytes()
        whole = content.rfind(b"\n") + 1
        rest, head = content[whole:], self._head()
        try:
            lines = [line for line in content[:whole].decode().split("\n") if line.strip()]
            lines = [json.loads(line) for line in lines]
            names = {line["function"] for line in lines}
            self.finished = {as_text(line["job"]): line["result"] for line in lines}
            if not (rest.startswith(head) or head.startswith(rest)):
                raise ValueError(f"it ends in {rest[:40]!r}")
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError(
                f"store: {self._path} is not a file of finished jobs of {self.name} ({error!r}); "
                "name another file"
            ) from error
        if other := names - {self.name}:
            raise ValueError(
                f"store: {self._path} holds results of {min(other)}, not of {self.name}; "
                "name another file"
            )
        if rest:
            os.truncate(self._path, whole)


def as_text(job):
    """Return a job as text, the same for equal jobs.

    Parameters
    ----------
    job : dict

    Returns
    -------
    str

    Raises
    ------
    ValueError
        If it is no dictionary or JSON cannot hold it.

    Examples
    --------
    >>> as_text({"seed": 0, "beta": 1.5})
    '{"beta": 1.5, "seed": 0}'
    """
    if not isinstance(job, dict):
        raise ValueError(f"jobs: expected dictionaries of keyword arguments, got {job!r}")
    try:
        return json.dumps(job, sort_keys=True)
    except (TypeError, ValueError) as error:
        raise ValueError(f"jobs: JSON cannot hold {job!r}: {error}; {_WAY_OUT}") from error


def name_of(function):
    """Return the name by which a store knows a function.

    Parameters
    ----------
    function : callable
        Arguments bound by `functools.partial` are left out.

    Returns
    -------
    str

    Examples
    --------
    >>> name_of(partial(os.path.join, "folder"))
    'posixpath.join'
    """
    while isinstance(function, partial):
        function = function.func
    module = getattr(function, "__module__", None)
    if module == "__main__":  # a script is known by its file, started or imported
        module = Path(getattr(sys.modules["__main__"], "__file__", None) or module).stem
    return f"{module}.{getattr(function, '__qualname__', type(function).__qualname__)}"
