"""Exercise of the page on choosing a metric."""

import numpy as np

from neuralcollapse import ClassStatistics
from neuralcollapse.metrics import pair_variability


def check_pair_logs(function):
    """Check a reader's two aggregators of the pairwise NC1 where common versions go wrong.

    Parameters
    ----------
    function : callable
        ``function(features, labels, exponent)`` with arrays of shape (num_samples, num_features)
        and (num_samples,); returns the log of the mean and the mean of logs.

    Raises
    ------
    AssertionError
        With a hint, at the first case that fails.

    Examples
    --------
    >>> def solution(features, labels, exponent):
    ...     statistics = ClassStatistics(labels.max() + 1, features.shape[1])
    ...     found = pair_variability(statistics.update(features, labels), exponent=exponent)
    ...     return found.log_mean, found.mean_log
    >>> check_pair_logs(solution)
    correct on 4 cases
    """
    cases = {
        "unequal classes": ([5, 40, 12], 1, 0.0, 1.0, "variances divide by n_c; pairs count alike"),
        "k = 2": ([20] * 5, 2, 0.0, 1.0, "the squared distance is raised to k, variances are not"),
        "far from 0": ([20] * 4, 1, 1e6, 1.0, "subtract a common point before you square"),
        "two classes that almost coincide": (
            [20] * 4,
            1,
            0.0,
            1e-7,
            "take differences of means, not norms and inner products",
        ),
    }
    for name, (sizes, exponent, offset, gap, hint) in cases.items():
        generator = np.random.default_rng(len(name))
        labels = np.repeat(np.arange(len(sizes)), sizes)
        centers = generator.normal(size=(len(sizes), 6))
        centers[1] = centers[0] + gap * (centers[1] - centers[0])
        noise = generator.uniform(0.2, 1, size=len(sizes))[labels, None] * generator.normal(
            size=(len(labels), 6)
        )
        noise -= np.stack([noise[labels == c].mean(0) for c in range(len(sizes))])[labels]
        features = centers[labels] + noise + offset
        statistics = ClassStatistics(len(sizes), 6).update(features, labels)
        expected = pair_variability(statistics, exponent=exponent)
        for part, got, want in zip(
            ("log of mean", "mean of logs"),
            function(features, labels, exponent),
            (expected.log_mean, expected.mean_log),
            strict=True,
        ):
            if not np.isclose(float(got), want, rtol=0, atol=1e-5):
                raise AssertionError(
                    f"{name}, {part}: expected {want:.6g}, got {float(got):.6g}; {hint}"
                )
    print(f"correct on {len(cases)} cases")
