"""One thread and no denormals: what makes small networks fast and their runs repeat."""

from contextlib import contextmanager

import torch
from threadpoolctl import threadpool_limits


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
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    try:
        with threadpool_limits(limits=1):
            yield
    finally:
        torch.set_flush_denormal(False)
        torch.set_num_threads(threads)
