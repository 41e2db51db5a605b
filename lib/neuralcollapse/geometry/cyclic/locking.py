"""When does a layer lock? The first step from which a measured value stays past a threshold."""

import numpy as np

from neuralcollapse.geometry.arrays import as_array, as_number


def locking_time(steps, values, threshold, *, above=False):
    r"""First recorded step from which on all values stay at or under a threshold.

    Parameters
    ----------
    steps : array_like or Tensor, shape (num_checkpoints,)
        Recorded steps of training, strictly increasing.
    values : array_like or Tensor, shape (num_checkpoints,)
        What was measured there, for instance the participation ratio of a layer.
    threshold : float
        In the units of `values`, for instance 2.2.
    above : bool
        Whether values lock at or over the threshold, as a coherence does.

    Returns
    -------
    int, float or None
        $\inf\{t:x(s)\le\text{threshold}\ \forall s\ge t\}$ over recorded steps, an int if steps are
        integers; None if the last value is not past the threshold. A later excursion delays it.

    Raises
    ------
    ValueError
        If shapes differ, steps do not increase, or a number is NaN; infinite values are compared.

    Examples
    --------
    >>> locking_time([0, 10, 20, 30], [8.0, 2.0, 3.0, 2.1], 2.2)
    30
    >>> locking_time([0, 10, 20], [0.2, 0.9, 0.95], 0.9, above=True)
    10
    >>> locking_time([0, 10], [2.0, 3.0], 2.2) is None
    True
    """
    steps, values = _as_history(steps, "steps"), _as_history(values, "values")
    threshold = as_number(threshold, "threshold")
    if len(steps) != len(values):
        raise ValueError(f"values: expected {len(steps)}, one for each step, got {len(values)}")
    if not (steps[1:] > steps[:-1]).all():
        raise ValueError("steps: expected strictly increasing numbers; sort the record first")
    outside = np.flatnonzero(values < threshold if above else values > threshold)
    start = outside[-1] + 1 if len(outside) else 0
    return steps[start].item() if start < len(steps) else None


def _as_history(numbers, name):
    array = as_array(numbers)
    if array.ndim != 1 or array.size == 0 or array.dtype.kind not in "fiu":
        raise ValueError(
            f"{name}: expected a list of real numbers, one a checkpoint, got shape {array.shape} "
            f"and dtype {array.dtype}"
        )
    if np.isnan(array).any():
        raise ValueError(f"{name}: entry {int(np.argmax(np.isnan(array)))} is NaN")
    return array
