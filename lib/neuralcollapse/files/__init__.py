"""Floor 4: features and classifiers from files of any framework, a block in memory at a time.

`open_features` and `open_classifier` read npz, npy, safetensors and parquet files; nothing is ever
unpickled. `measure_file` is `measure` for what they open.
"""

from neuralcollapse.files.classifier import open_classifier
from neuralcollapse.files.features import FeatureFile, open_features
from neuralcollapse.files.measure import file_mismatches, file_statistics, measure_file

__all__ = [
    "FeatureFile",
    "file_mismatches",
    "file_statistics",
    "measure_file",
    "open_classifier",
    "open_features",
]
