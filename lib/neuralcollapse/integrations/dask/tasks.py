"""What arrays and files share on a cluster: the tree of merges, and errors that say where."""

from functools import partial

from neuralcollapse.metrics import count_mismatches
from neuralcollapse.metrics.vectors import as_vector, as_vectors
from neuralcollapse.statistics import ClassStatistics, merge_all

_BRANCHES = 8  # states merged by one task


def imported():
    """Return Dask with its arrays; ImportError that names the extra if it is not installed."""
    try:
        import dask
        import dask.array
    except ImportError as error:
        raise ImportError(
            "features: measuring on a cluster needs Dask; pip install neuralcollapse[cluster]"
        ) from error
    return dask


def agreed(num_classes, weight, bias, num_features):
    """Check a classifier before anything is computed; return the number of classes if known."""
    if weight is None:
        if bias is not None:
            raise ValueError("bias: given without weight; a bias alone classifies nothing")
        return num_classes
    weight = as_vectors(weight, "weight")
    if weight.shape[1] != num_features:
        raise ValueError(
            f"weight: expected shape (num_classes, {num_features}) to fit the features, "
            f"got {tuple(weight.shape)}; transpose it if classes are columns"
        )
    if bias is not None:
        as_vector(bias, len(weight), "bias")
    if num_classes not in (None, len(weight)):
        raise ValueError(
            f"num_classes: expected {len(weight)}, one for each row of weight, got {num_classes}"
        )
    return len(weight)


def merged(states):
    """Statistics of all states: a tree of merges, of neighbours and in their order."""
    dask = imported()
    join = dask.delayed(_join)
    while len(states) > 1:
        groups = [states[i : i + _BRANCHES] for i in range(0, len(states), _BRANCHES)]
        states = [join(group) if len(group) > 1 else group[0] for group in groups]
    (state,) = dask.compute(*states)
    return ClassStatistics.from_state(state)


def _join(states):
    return merge_all(map(ClassStatistics.from_state, states)).state()


def rule(statistics, weight, bias):
    """Return what counts the mismatches of a block, as it travels to the workers."""
    present = statistics.present
    return partial(
        count_mismatches,
        centers=statistics.means[present],
        weight=weight,
        bias=bias,
        classes=present,
    )


def count_all(decide, parts):
    """Mismatches of all parts, each an iterable of blocks with the words for its place."""
    dask = imported()
    decide = dask.delayed(decide)
    return sum(dask.compute(*(dask.delayed(_mismatches)(decide, *part) for part in parts)))


def _mismatches(decide, blocks, place):
    blocks = blocks.blocks() if hasattr(blocks, "blocks") else ((block,) for block in blocks)
    with Named(place):
        return sum(decide(features) for features, *_ in blocks if len(features))


class Named:
    """Adds to errors where in the data they arose."""

    def __init__(self, place):
        self.place = place

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        if kind is not None and issubclass(kind, (TypeError, ValueError)):
            kind = TypeError if issubclass(kind, TypeError) else ValueError
            raise kind(f"{error} (in {self.place})") from error
