"""The factor of a gradient step, by a slow limit with mpmath, and what must be refused."""

import mpmath
import numpy as np
import pytest

from neuralcollapse.theory.gradient_step import gradient_factor


@pytest.mark.parametrize(
    ("num_classes", "size", "distance", "bandwidth"), [(2, 3, 0.9, 1.3), (4, 2, 1.7, 2.0)]
)
def test_it_is_the_limit_of_gradient_steps(num_classes, size, distance, bandwidth):
    count = num_classes * size
    owner = np.repeat(np.arange(num_classes), size)
    with mpmath.workdps(60):
        spread = mpmath.mpf("1e-14")
        points = mpmath.zeros(count, num_classes + count)
        targets = mpmath.matrix((2 * np.eye(num_classes)[owner] - 1).tolist())
        for i, c in enumerate(owner):
            points[i, int(c)] = mpmath.mpf(distance) / mpmath.sqrt(2)
            points[i, num_classes + i] = spread
        gaps = mpmath.matrix(count)
        for i in range(count):
            for j in range(count):
                gaps[i, j] = mpmath.norm(points[i, :] - points[j, :])
        kernel = gaps.apply(lambda gap: mpmath.exp(-gap / bandwidth))
        alpha = mpmath.inverse(kernel) * targets
        product = mpmath.zeros(points.cols)
        for j in range(count):
            for c in range(num_classes):
                slope = mpmath.zeros(1, points.cols)
                for i in range(count):
                    if i != j:
                        weight = alpha[i, c] * kernel[i, j] / (bandwidth * gaps[i, j])
                        slope += weight * (points[i, :] - points[j, :])
                product += slope.T * slope
        before, after = (
            variability(gram, owner) for gram in (points * points.T, points * product * points.T)
        )
        assert abs(after / before / gradient_factor(num_classes, size, distance, bandwidth) - 1) < (
            1e-12
        )


def variability(gram, owner):
    """NC1 by quotient, from means of blocks."""
    count, classes = len(owner), int(owner.max()) + 1
    means = mpmath.matrix(classes)
    for i, first in enumerate(owner):
        for j, second in enumerate(owner):
            means[int(first), int(second)] += gram[i, j] * classes**2 / mpmath.mpf(count) ** 2
    total = mpmath.fsum(gram[i, i] for i in range(count)) / count
    average = mpmath.fsum(means[c, c] for c in range(classes)) / classes
    return (total - average) / (average - mpmath.fsum(means) / classes**2)


def test_bad_input_is_refused():
    for arguments in ((1, 2, 1.0), (2, 1, 1.0), (2, 2, 0.0), (2, 2, 1.0, -1.0)):
        with pytest.raises(ValueError, match="expected"):
            gradient_factor(*arguments)


def test_a_factor_beyond_float64_is_refused():
    with pytest.raises(ValueError, match="distance: 2000"):
        gradient_factor(3, 2, 2000)
