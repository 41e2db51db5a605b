"""Floor 2: counts, means and scatters of labelled features, in one mergeable pass.

`ClassStatistics` takes batches; `merge_all` joins what was collected apart. `inputs` is what
every function of this floor and the next accepts.
"""

from neuralcollapse.statistics.inputs import as_features as as_features
from neuralcollapse.statistics.inputs import as_labels as as_labels
from neuralcollapse.statistics.inputs import as_tensor as as_tensor
from neuralcollapse.statistics.merging import merge_all
from neuralcollapse.statistics.moments import ClassStatistics
from neuralcollapse.statistics.moments import check_weighting as check_weighting

__all__ = ["ClassStatistics", "merge_all"]
