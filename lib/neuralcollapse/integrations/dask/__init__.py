"""Features of a Dask cluster: statistics where the data is, merged as a tree.

One task a chunk turns features into the state of a `ClassStatistics`; states are merged eight at a
time, always in the order of the chunks, so that the report does not depend on which worker did
what, or did it twice. A worker that dies is replaced by Dask, and only its chunks are done again.
"""

from neuralcollapse.integrations.dask.arrays import (
    array_mismatches,
    array_statistics,
    measure_array,
)
from neuralcollapse.integrations.dask.parquet import (
    measure_parquet,
    parquet_mismatches,
    parquet_statistics,
)

__all__ = [
    "array_mismatches",
    "array_statistics",
    "measure_array",
    "measure_parquet",
    "parquet_mismatches",
    "parquet_statistics",
]
