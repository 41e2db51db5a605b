"""Floor 7: measure a network where it lives, in other people's trainers and loops.

===========================  ================================================================
`measure_network`            a report of any network from its loader, layer by layer on request
`collect`, `find_head`       its two halves: class statistics of one pass; the last linear layer
`scalars`                    the numbers of a report, for a logger
``torchmetrics``             `NeuralCollapse`, a metric over batches and processes
``lightning``                `CollapseCallback` for a Lightning Trainer
``transformers``             `CollapseCallback` for a Hugging Face Trainer
``dask``                     `measure_array`, `measure_parquet` on a cluster, and their parts
===========================  ================================================================

The last four are modules of their own, which need the extra of their name; ``dask`` that named
``cluster``.
"""

from neuralcollapse.integrations.heads import find_head
from neuralcollapse.integrations.network import collect, measure_network
from neuralcollapse.integrations.samples import scalars

__all__ = ["collect", "find_head", "measure_network", "scalars"]
