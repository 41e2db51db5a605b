"""This process's share of a loader's samples, without those repeated to make shares equal.

A distributed sampler gives every process the same number of samples, and where the data do not
divide evenly it gives some of them twice. Both samplers known here give a process its own samples
first and repeats last, so that the number of its own says which ones to keep.
"""

from dataclasses import dataclass

from torch.utils.data import DistributedSampler


@dataclass(frozen=True)
class Share:
    """What one process reads of a loader.

    Attributes
    ----------
    batch_size : int
        Samples in each of its batches but the last.
    total : int
        Samples it reads.
    own : int
        Those among them, the first ones, that are not repeats.
    """

    batch_size: int
    total: int
    own: int

    def kept(self, number, rows):
        """Rows of a batch that are no repeats.

        Parameters
        ----------
        number : int
            Of the batch in the pass, from 0.
        rows : int
            What the batch holds.

        Returns
        -------
        int
            The first so many are to be kept: all of them where a batch does not hold as many as
            its sampler drew, because then it is not known which row is whose.

        Examples
        --------
        >>> [Share(batch_size=4, total=8, own=7).kept(number, 4) for number in (0, 1)]
        [4, 3]
        """
        before = number * self.batch_size
        if rows != min(self.batch_size, self.total - before):
            return rows
        return max(0, min(rows, self.own - before))


def share_of(loader):
    """Return this process's share of a loader.

    Parameters
    ----------
    loader : object

    Returns
    -------
    Share or None
        None unless it is a loader with a ``DistributedSampler`` of torch, or one that accelerate
        has prepared, and it puts batches together itself.

    Examples
    --------
    >>> from torch.utils.data import DataLoader
    >>> sampler = DistributedSampler(range(7), num_replicas=2, rank=1)
    >>> share_of(DataLoader(range(7), batch_size=4, sampler=sampler))
    Share(batch_size=4, total=4, own=3)
    """
    batches = getattr(loader, "batch_sampler", None)
    batch_size = getattr(batches, "batch_size", None)
    if batch_size is None:
        return None
    if hasattr(batches, "even_batches"):  # accelerate's BatchSamplerShard
        return _prepared(batches, batch_size)
    sampler = getattr(batches, "sampler", None)
    if not isinstance(sampler, DistributedSampler):
        return None
    own = len(range(sampler.rank, len(sampler.dataset), sampler.num_replicas))
    return Share(batch_size, len(sampler), min(own, len(sampler)))


def _prepared(shard, batch_size):
    try:
        num_samples = len(shard.batch_sampler.sampler)
    except (AttributeError, TypeError):
        return None
    if shard.split_batches:
        batch_size //= shard.num_processes
    rounds, rest = divmod(num_samples, batch_size * shard.num_processes)
    own = rounds * batch_size
    if not shard.drop_last:
        own += max(0, min(batch_size, rest - shard.process_index * batch_size))
    return Share(batch_size, len(shard) * batch_size if shard.even_batches else own, own)
