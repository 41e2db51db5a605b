"""NC4: does the classifier decide as the nearest class centre does?"""

import torch

from neuralcollapse.metrics.vectors import as_vector, as_vectors
from neuralcollapse.statistics import as_features

_BLOCK_ENTRIES = 2**22  # float64 scores of a block of samples: 32 MiB


def nearest_center_mismatch(features, centers, weight, bias=None, *, classes=None):
    r"""Share of samples where classifier and nearest class centre disagree.

    Parameters
    ----------
    features : array_like or Tensor, shape (num_samples, num_features)
    centers : array_like or Tensor, shape (num_centers, num_features)
        Class means, not centred.
    weight : array_like or Tensor, shape (num_classes, num_features)
    bias : array_like or Tensor, shape (num_classes,), optional
        Part of the decision: leaving it out changes the answer.
    classes : Tensor of int64, shape (num_centers,), optional
        Class index of each centre; 0, 1, ... unless given.

    Returns
    -------
    float
        $\Pr[\arg\max_c(w_c^\top h+b_c)\ne\arg\min_c\|h-\mu_c\|]$; dimensionless, in [0, 1];
        0 at collapse.

    Raises
    ------
    ValueError
        If shapes do not fit, there is no sample, or a value is NaN or infinite.

    Notes
    -----
    Source: [papyan2020]. Distances are compared after centring on the mean of the centres, so a
    common offset costs no digits; features go through in blocks of float64.

    Examples
    --------
    >>> features, centers = torch.tensor([[1.0], [3.0]]), torch.tensor([[0.0], [4.0]])
    >>> nearest_center_mismatch(features, centers, torch.tensor([[-1.0], [1.0]]))
    0.5
    """
    found = count_mismatches(features, centers, weight, bias, classes=classes)
    return found / len(features)


def count_mismatches(features, centers, weight, bias=None, *, classes=None):
    r"""Number of samples of a batch where classifier and nearest class centre disagree.

    Parameters
    ----------
    features : array_like or Tensor, shape (num_samples, num_features)
        Of any real dtype; at least one.
    centers : array_like or Tensor, shape (num_centers, num_features)
        Class means, not centred, of all samples and not of this batch alone.
    weight : array_like or Tensor, shape (num_classes, num_features)
    bias : array_like or Tensor, shape (num_classes,), optional
    classes : Tensor of int64, shape (num_centers,), optional
        Class index of each centre; 0, 1, ... unless given.

    Returns
    -------
    int
        Summed over batches and divided by the number of samples it is `nearest_center_mismatch`.

    Raises
    ------
    ValueError
        If shapes do not fit, there is no sample, or a value is NaN or infinite.

    Examples
    --------
    >>> count_mismatches([[1.0], [3.0]], [[0.0], [4.0]], [[-1.0], [1.0]])
    1
    """
    features = as_features(features)
    centers = as_vectors(centers, "centers").to(features.device)
    weight = as_vectors(weight, "weight").to(features.device)
    expected = len(weight) if classes is None else len(classes)
    widths = {features.shape[1], centers.shape[1], weight.shape[1]}
    if len(widths) > 1 or len(centers) != expected or len(features) == 0:
        raise ValueError(
            "features, centers, weight: expected one width, at least one sample and "
            f"{expected} centers, got {tuple(features.shape)}, {tuple(centers.shape)} and "
            f"{tuple(weight.shape)}"
        )
    if bias is not None:
        bias = as_vector(bias, len(weight), "bias").to(weight.device)
    origin = centers.mean(0)
    shifted = centers - origin
    half_norms = shifted.square().sum(1) / 2
    mismatches = 0
    for block in features.split(max(1, _BLOCK_ENTRIES // len(weight))):
        x = block.to(device=centers.device, dtype=torch.float64)
        scores = x @ weight.T
        if bias is not None:
            scores += bias
        if not torch.isfinite(scores.sum()):
            raise ValueError("features or bias: hold NaN or infinity; remove or repair them first")
        nearest = ((x - origin) @ shifted.T - half_norms).argmax(1)
        if classes is not None:
            nearest = classes[nearest]
        mismatches += int((scores.argmax(1) != nearest).sum())
    return mismatches
