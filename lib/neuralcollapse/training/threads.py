"""One thread and no denormals: what makes small networks fast and their runs repeat."""

from contextlib import contextmanager

import torch
from threadpoolctl import threadpool_limits

_depth = 0  # of nested blocks


@contextmanager
def reproducible():
    """Run a block on one thread, with denormals flushed to zero.

    In float64 the same seed then gives the same numbers on any CPU, up to the last digits. Weight
    decay drives dead weights into the denormal range, where arithmetic is several times slower.

    Yields
    ------
    None

    Examples
    --------
    >>> with reproducible():
    ...     torch.get_num_threads()
    1
    """
    global _depth
    threads = torch.get_num_threads()
    _depth += 1
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    try:
        with threadpool_limits(limits=1):
            yield
    finally:
        _depth -= 1
        torch.set_flush_denormal(_depth > 0)  # torch does not tell whether it was on before
        torch.set_num_threads(threads)
