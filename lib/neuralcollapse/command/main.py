"""From arguments to an exit code; nothing heavy is imported before the arguments are right."""

import os
import signal
import sys
import threading
from contextlib import contextmanager

from neuralcollapse.command.arguments import parse

DONE, BAD_INPUT, INTERRUPTED, TERMINATED = 0, 2, 130, 143
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
        Exit code: 0 done, 2 bad input, 130 interrupted, 143 terminated.

    Raises
    ------
    SystemExit
        After ``--help`` and ``--version``, and with 2 after arguments that do not fit.
    """
    options = parse(arguments)
    try:
        with _terminable():
            from neuralcollapse.command.measure import run

            run(options)
    except _Terminated:
        return _say("terminated; no report was written", TERMINATED)
    except KeyboardInterrupt:
        return _say("interrupted; no report was written", INTERRUPTED)
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


class _Terminated(BaseException):
    """SIGTERM, on its way up."""


@contextmanager
def _terminable():
    """Let SIGTERM leave the work as an exception does, so that no temporary file stays behind."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, _terminate)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _terminate(number, frame):
    raise _Terminated


def _say(reason, code):
    print("neuralcollapse:", " ".join(str(reason).split()), file=sys.stderr)
    return code
