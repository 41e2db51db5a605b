"""What the page on metrics leans on: oracles that share no code with its checkers."""

from fractions import Fraction

import mpmath
import numpy as np
import pytest
import sympy

from neuralcollapse import ClassStatistics, metrics
from neuralcollapse.claims import disagreements, heads, invariances, weightings
from neuralcollapse.claims.coefficients import regular_polygon
from neuralcollapse.claims.exercises import check_pair_logs
from neuralcollapse.geometry import orthoplex


def test_changes_keep_the_logits_they_should():
    generator = np.random.default_rng(0)
    head = heads.draw_head(3, 6)
    for change, common in (("scale", 0), ("rotation", 0), ("linear", 0), ("shift h", 0),
                           ("shift w", 1), ("zeros", 0)):  # fmt: skip
        moved = heads.CHANGES[change](head, generator)
        logits = [h.features.numpy() @ h.weight.T + h.bias for h in (head, moved)]
        gap = logits[1] - logits[0]
        gap -= common * gap.mean(axis=1, keepdims=True)
        assert np.abs(gap).max() < 1e-10, change
        assert np.abs(moved.features.numpy()).sum() > 0
    assert heads.CHANGES["shift w"](head, generator).weight.std() != head.weight.std()


def test_doubling_counts():
    head = heads.draw_head(1, 6)
    counts = np.bincount(head.labels)
    one = heads.CHANGES["one twice"](head, None)
    assert np.bincount(one.labels).tolist() == [2 * counts[0], *counts[1:]]
    assert (
        np.bincount(heads.CHANGES["all twice"](head, None).labels).tolist() == (2 * counts).tolist()
    )


def test_means_span_where_the_page_says_so():
    for family, spans in ((invariances.WIDE, False), (invariances.NARROW, True)):
        for head in family:
            means = head.statistics.centered_means().numpy()
            assert (np.linalg.matrix_rank(means) == means.shape[1]) == spans


def test_no_change_lies_between_rounding_and_clear():
    for family in (invariances.WIDE, invariances.NARROW):
        for key, size in invariances.largest_changes(family).items():
            assert size < 1e-11 or size > 5e-3, key


@pytest.mark.parametrize("case", [*disagreements.TRIANGLES, (3, 1, 2, 5, 7)])
def test_triangles_by_sympy(case):
    """Scatters built entry by entry and inverted symbolically, at a case not on the page too."""
    a, e, *variances = map(sympy.Integer, case)
    means = [sympy.Matrix([-a, -e, 0]), sympy.Matrix([a, -e, 0]), sympy.Matrix([0, 2 * e, 0])]
    between = sum((m * m.T for m in means), sympy.zeros(3)) / 3
    within = sympy.diag(*variances)
    pairs = [
        within.trace() / (means[i] - means[j]).dot(means[i] - means[j])
        for i, j in ((0, 1), (0, 2), (1, 2))
    ]
    expected = [
        (within * between.pinv()).trace() / 3,
        within.trace() / between.trace(),
        sum(pairs) / 3,
        sympy.prod(pairs),
    ]
    assert [Fraction(int(x.p), int(x.q)) for x in map(sympy.nsimplify, expected)] == list(
        disagreements.triangle_values(*map(int, case))
    )


def test_two_weightings_by_hand():
    """Classes at 0 and 2 with 4 and 2 samples, deviations 1 and 3, on a line."""
    means, spreads = np.array([[0.0], [2.0]]), np.array([[1.0], [3.0]])
    by_sample = ((4 * 1 + 2 * 9) / 6) / (4 / 6 * 2 / 6 * 4)
    by_class = ((1 + 9) / 2) / 1
    found = weightings.two_weightings(means, spreads, [4, 2])
    assert found == pytest.approx([by_sample / by_class] * 2)


def test_both_ends_of_the_wedge():
    """The small class in the middle, and it alone has spread: the factor is 1/r."""
    means, spreads = np.array([[0.0], [1.0], [-1.0]]), np.array([[1.0], [0.0], [0.0]])
    assert weightings.two_weightings(means, spreads, [2, 10, 10]) == pytest.approx([1 / 5] * 2)
    assert weightings.two_weightings(means, spreads, [10, 2, 2]) == pytest.approx([5.0] * 2)
    two = weightings.two_weightings(means[:2], spreads[:2], [2, 10])
    assert two == pytest.approx([6 / 10] * 2)


def test_copies_of_one_shot_raise_the_accuracy_by_the_formula():
    """Every draw of one shot a class, counted in fractions, with and without copies."""
    generator = np.random.default_rng(5)
    count, classes = 4, 3
    features = generator.normal(size=(classes, count, 2)) + 0.8 * np.arange(3)[:, None, None]

    def accuracy(groups):
        right = total = 0
        for draw in np.ndindex(*[len(group) for group in groups]):
            shots = np.stack([group[i] for group, i in zip(groups, draw, strict=True)])
            for c, group in enumerate(groups):
                rest = np.delete(group, draw[c], axis=0)
                nearest = np.square(rest[:, None] - shots).sum(-1).argmin(1)
                right, total = right + int((nearest == c).sum()), total + len(rest)
        return Fraction(right, total)

    before = accuracy(features)
    after = accuracy(np.concatenate([features, features], axis=1))
    assert 0 < before < 1
    assert after == (1 + 2 * (count - 1) * before) / (2 * count - 1)


def test_log_kernel_of_polygons():
    """37 corners, one pair at a time in 30 digits."""
    with mpmath.workdps(30):
        logs = [-mpmath.log(2 * mpmath.sin(mpmath.pi * j / 37)) for j in range(1, 37)]
        mean = sum(logs) / 36
        std = mpmath.sqrt(sum((x - mean) ** 2 for x in logs) / 36)
        assert abs(mean + mpmath.log(37) / 36) < mpmath.mpf(10) ** -25
    found = metrics.hyperspherical_uniformity(
        ClassStatistics(37, 2).update(regular_polygon(37), range(37))
    )
    assert found.mean == pytest.approx(float(mean), rel=1e-12)
    assert found.std == pytest.approx(float(std), rel=1e-12)
    many = regular_polygon(2000)
    std = metrics.hyperspherical_uniformity(ClassStatistics(2000, 2).update(many, range(2000))).std
    assert std == pytest.approx(np.pi / (2 * np.sqrt(3)), rel=0.02)


def test_orthoplex_without_a_vertex():
    """The figure of the specification: .0086 for seven points in four dimensions."""
    code = orthoplex(4)[:-1]
    centred = code - code.mean(0)
    cosines = (code * centred).sum(1) / np.linalg.norm(centred, axis=1)
    assert round(1 - cosines.mean(), 4) == 0.0086
    assert metrics.duality_spread(
        ClassStatistics(7, 4).update(code, range(7)), code
    ).mean == pytest.approx(cosines.mean())


def test_exercise_rejects_common_mistakes():
    def squares_too_early(features, labels, exponent):
        groups = [features[labels == c] for c in np.unique(labels)]
        means = np.stack([g.mean(0) for g in groups])
        spreads = np.array([np.square(g - g.mean(0)).sum(1).mean() for g in groups])
        gram = means @ means.T
        squared = np.diag(gram)[:, None] + np.diag(gram) - 2 * gram
        upper = np.triu_indices(len(means), 1)
        with np.errstate(invalid="ignore", divide="ignore"):
            v = ((spreads[:, None] + spreads) / 2 / squared**exponent)[upper]
            return np.log(v.mean()), np.log(v).mean()

    with pytest.raises(AssertionError, match="subtract a common point"):
        check_pair_logs(squares_too_early)
