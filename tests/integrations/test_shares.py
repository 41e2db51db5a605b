"""Shares of a loader without repeats, against what the samplers of torch and accelerate draw."""

import itertools

import pytest
from torch.utils.data import BatchSampler, DataLoader, DistributedSampler, SequentialSampler

from neuralcollapse.integrations.shares import share_of


def drawn(loaders):
    """What all processes keep together, and that nothing is kept without having been drawn."""
    kept = []
    for loader in loaders:
        share, read = share_of(loader), 0
        for number, batch in enumerate(loader):
            kept += batch[: share.kept(number, len(batch))].tolist()
            read += len(batch)
        assert read == share.total
    return sorted(kept)


SIZES = list(itertools.product([1, 2, 3, 7, 8, 9, 12, 13], [1, 2, 3], [1, 2, 4]))


@pytest.mark.parametrize("shuffle", [False, True])
@pytest.mark.parametrize("drop_last", [False, True])
def test_every_sample_of_a_distributed_sampler_is_kept_once(shuffle, drop_last):
    for number, processes, size in SIZES:
        data = range(number)
        options = {"shuffle": shuffle, "drop_last": drop_last}
        samplers = [
            DistributedSampler(data, processes, rank, **options) for rank in range(processes)
        ]
        found = drawn([DataLoader(data, size, sampler=sampler) for sampler in samplers])
        whole = len(found) == number - number % processes if drop_last else found == [*data]
        assert whole, (number, processes, size)
        assert len(set(found)) == len(found)


@pytest.mark.parametrize("split", [False, True])
@pytest.mark.parametrize("even", [False, True])
@pytest.mark.parametrize("drop_last", [False, True])
def test_every_sample_that_accelerate_deals_out_is_kept_once(split, even, drop_last):
    shard = pytest.importorskip("accelerate.data_loader").BatchSamplerShard
    for number, processes, size in SIZES:
        data, size = range(number), size * processes if split else size
        batches = BatchSampler(SequentialSampler(data), size, drop_last)
        shards = [shard(batches, processes, rank, split, even) for rank in range(processes)]
        found = drawn([DataLoader(data, batch_sampler=batches) for batches in shards])
        group = size if split else size * processes
        assert found == [*data][: number - number % group if drop_last else number]


def test_other_loaders_have_no_share_and_other_batches_are_kept_whole():
    data = range(7)
    sampler = DistributedSampler(data, 2, 1)
    assert share_of([1, 2]) is share_of(DataLoader(data)) is None
    assert share_of(DataLoader(data, batch_size=None, sampler=sampler)) is None
    share = share_of(DataLoader(data, batch_size=4, sampler=sampler))
    assert [share.kept(0, rows) for rows in (3, 4, 8)] == [3, 3, 8]
