"""The second pass over a network's data: where its head decides otherwise than the class means."""

import torch

from neuralcollapse.integrations.classifier import as_classifier
from neuralcollapse.integrations.heads import named_head
from neuralcollapse.integrations.packing import sum_processes
from neuralcollapse.integrations.reading import read_network
from neuralcollapse.integrations.samples import as_samples
from neuralcollapse.metrics import count_mismatches


def count_decisions(model, batches, head, statistics, reading):
    """Count samples that the head decides otherwise than the nearest class mean, in a second pass.

    Parameters
    ----------
    model, batches, head
        As `measure_network` takes them.
    statistics : ClassStatistics
        What `collect` found in the first pass.
    reading : Reading
        How batches are read; the same as in the first pass.

    Returns
    -------
    int
        For the `mismatches` of `measure_statistics`.

    Raises
    ------
    TypeError, ValueError
        As `measure_network`.
    """
    name, layer = named_head(model, head)
    weight, bias = as_classifier(layer)
    present, counts = statistics.present, torch.zeros_like(statistics.counts)
    centers = statistics.means_present()
    mismatches = 0

    def take(features, labels):
        nonlocal mismatches
        values, kept = as_samples(features[name], labels, reading.ignore_index)
        kept = kept.to(counts.device, torch.int64)
        if len(kept):
            counts.add_(torch.bincount(kept, minlength=len(counts)))
            values = values.to(centers.device)
            mismatches += count_mismatches(values, centers, weight, bias, classes=present)

    read_network(model, batches, (name, layer), {}, take, reading)
    if reading.merge:
        together = sum_processes(torch.cat([counts, counts.new_tensor([mismatches])]))
        counts, mismatches = together[:-1], int(together[-1])
    if not torch.equal(counts.cpu(), statistics.counts.cpu()):
        raise ValueError(
            f"batches: the second pass was of other samples than the first ({int(counts.sum())} "
            f"and {statistics.num_samples}, or in other classes); keep the loader from dropping "
            "or drawing at random, or give decisions=False to go without NC4"
        )
    return mismatches
