"""From batches as networks see them to samples as statistics take them."""

import torch

from neuralcollapse.statistics import ClassStatistics, as_tensor, check_weighting


def start_statistics(num_classes, num_features, weighting, class_sizes=None, device=None):
    """Make empty statistics that keep no more than a weighting needs.

    Parameters
    ----------
    num_classes : int
    num_features : int
    weighting : {"class", "sample"}
    class_sizes : array_like of int, shape (num_classes,), optional
        With them, or with ``weighting="sample"``, a single scatter matrix is kept; otherwise one
        a class, while they fit into 1 GiB.
    device : torch.device or str, optional
        The CPU stands in for a device without float64.

    Returns
    -------
    ClassStatistics

    Raises
    ------
    ValueError
        As `ClassStatistics`, which names the way out, and if `class_sizes` come with
        ``weighting="sample"``.

    Examples
    --------
    >>> start_statistics(2, 1, "class").weighting is None
    True
    >>> start_statistics(2, 1, "class", class_sizes=[3, 4]).weighting
    'class'
    """
    check_weighting(weighting)
    kept = weighting
    if weighting == "class" and class_sizes is None:
        kept = None
    elif weighting == "sample" and class_sizes is not None:
        raise ValueError("class_sizes: given with weighting='sample', which needs none; drop them")
    device = float64_device(device)
    return ClassStatistics(
        num_classes, num_features, weighting=kept, class_sizes=class_sizes, device=device
    )


def float64_device(device):
    """Return the device itself, or the CPU in place of one that has no float64.

    Parameters
    ----------
    device : torch.device or str or None

    Returns
    -------
    torch.device

    Examples
    --------
    >>> float64_device("mps"), float64_device("cuda:1")
    (device(type='cpu'), device(type='cuda', index=1))
    """
    device = torch.device(device or "cpu")
    return torch.device("cpu") if device.type == "mps" else device


def as_samples(features, labels, ignore_index=None):
    """Lay out features and labels one sample a row, and leave out what is to be ignored.

    Parameters
    ----------
    features : array_like or Tensor, shape (batch, ..., num_features)
        Of any real dtype; the axes between are positions, each of them a sample.
    labels : array_like or Tensor of integers, shape (batch, ...)
        One for each position.
    ignore_index : int, optional
        Label of positions that are no samples, for instance padding.

    Returns
    -------
    features : Tensor, shape (num_samples, num_features)
    labels : Tensor, shape (num_samples,)

    Raises
    ------
    TypeError, ValueError
        If these are not numbers, or labels do not fit the positions.

    Examples
    --------
    >>> as_samples([[[1.0], [2.0]]], [[5, -100]], ignore_index=-100)[1]
    tensor([5])
    """
    features, labels = as_tensor(features, "features"), as_tensor(labels, "labels")
    if features.ndim < 2 or features.shape[:-1] != labels.shape:
        raise ValueError(
            f"labels: expected one for each position of features, shape "
            f"{tuple(features.shape[:-1])}, got {tuple(labels.shape)} for features of shape "
            f"{tuple(features.shape)}; pool or pick positions so that they fit"
        )
    features, labels = features.reshape(-1, features.shape[-1]), labels.reshape(-1)
    if ignore_index is not None:
        kept = labels != ignore_index
        if not kept.all():
            features, labels = features[kept.to(features.device)], labels[kept]
    return features, labels


def scalars(report, prefix=""):
    """Return the metrics of a report that have a value, ready for a logger.

    Parameters
    ----------
    report : CollapseReport
    prefix : str
        Put before each name.

    Returns
    -------
    dict of str to float
        Metrics that could not be computed are left out: a logger has no None.

    Examples
    --------
    >>> from neuralcollapse import measure
    >>> report = measure([[-1.0], [-3.0], [1.0], [3.0]], [0, 0, 1, 1])
    >>> scalars(report, "nc/")["nc/within_class_variability_trace"]
    0.25
    """
    return {f"{prefix}{name}": value for _, name, value, _ in report.rows() if value is not None}
