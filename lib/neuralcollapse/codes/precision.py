"""The precision of mpmath and flint: one for the whole process, so one caller at a time sets it."""

from contextlib import contextmanager
from threading import RLock

import flint
import mpmath

_LOCK = RLock()  # one for both, so that two threads never wait for each other


@contextmanager
def digits(count):
    """Compute with decimal digits in mpmath; other threads of this floor wait.

    Parameters
    ----------
    count : int
        Decimal digits; the precision before is restored.

    Examples
    --------
    >>> with digits(30):
    ...     print(mpmath.mp.dps)
    30
    """
    with _LOCK, mpmath.workdps(count):
        yield


@contextmanager
def bits(count):
    """Compute with bits in flint's ball arithmetic; other threads of this floor wait.

    Parameters
    ----------
    count : int
        Bits; the precision before is restored.

    Examples
    --------
    >>> with bits(100):
    ...     print(flint.ctx.prec)
    100
    """
    with _LOCK, flint.ctx.workprec(count):
        yield
