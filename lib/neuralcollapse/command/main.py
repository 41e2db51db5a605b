"""From arguments to an exit code; nothing heavy is imported before the arguments are right."""

import os
import signal
import sys
import threading
from contextlib import contextmanager

from neuralcollapse.command.arguments import parse

DONE, BAD_INPUT, INTERRUPTED = 0, 2, 130
_NO_MEMORY = "not enough memory; give fewer rows at once with --block-rows"


def main(arguments=None):
    """Run the command.

    Parameters
    ----------
    arguments : sequence of str, optional
        Those of the process unless given.

    Returns
    -------
    int
        Exit code: 0 done, 2 bad input, 130 interrupted, 143 terminated, 129 hung up.

    Raises
    ------
    SystemExit
        After ``--help`` and ``--version``, and with 2 after arguments that do not fit.
    """
    _open_streams()
    options = parse(arguments)
    missing = "no report was written"
    try:
        with _terminable():
            from neuralcollapse.command.measure import run

            text = run(options)
            missing = "the terminal lacks a part"
            _print(text)
    except _Terminated as signalled:
        return _say(f"terminated; {missing}", 128 + signalled.args[0])
    except KeyboardInterrupt:
        return _say(f"interrupted; {missing}", INTERRUPTED)
    except BrokenPipeError:
        # Whoever read the table has enough of it, and the files are written; the rest goes nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except MemoryError:
        return _say(_NO_MEMORY, BAD_INPUT)
    except (ValueError, TypeError, OSError, ImportError) as error:
        return _say(error, BAD_INPUT)
    except RuntimeError as error:
        if "allocate memory" not in str(error):
            raise
        return _say(_NO_MEMORY, BAD_INPUT)
    return DONE


def _open_streams():
    """Give a stream that the shell has closed a place, before a report gets its number."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w"))  # noqa: SIM115, as long as the process


def _print(text):
    try:
        print(text, flush=True)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise ValueError(f"standard output: cannot write: {error.strerror}; name a file") from error


class _Terminated(BaseException):
    """A signal that ends the process, on its way up."""


@contextmanager
def _terminable():
    """Let signals leave the work as an exception does, so that no temporary file stays behind."""
    ending = {getattr(signal, name, None) for name in ("SIGTERM", "SIGHUP")} - {None}
    if threading.current_thread() is not threading.main_thread():
        ending = ()
    before = {number: signal.getsignal(number) for number in ending}
    before = {number: old for number, old in before.items() if old is signal.SIG_DFL}  # not nohup
    try:
        for number in before:
            signal.signal(number, _terminate)
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, old)


def _terminate(number, frame):
    raise _Terminated(number)


def _say(reason, code):
    print("neuralcollapse:", " ".join(str(reason).split()), file=sys.stderr)
    return code
