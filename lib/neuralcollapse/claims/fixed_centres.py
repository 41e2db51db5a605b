"""Checkers of what the page `long-tails` proves of fixed centres."""

import numpy as np
import sympy
from scipy.optimize import minimize

from neuralcollapse.claims.claim import Evidence, Measure
from neuralcollapse.geometry import multi_centres

THETA, DECAY = sympy.symbols("theta lambda", positive=True)
SIZES = (9, 5, 2, 1)
COUNTS = (1, 3, 5, 8)


def symbolic_centres(count):
    """Return the centres of one class as rows over the basis w, v_1, ..., v_count, one to spare."""
    rows = sympy.zeros(count, count + 2)
    for place in range(count):
        rows[place, 0] = sympy.sin(THETA)
        rows[place, place + 1] = sympy.cos(THETA)
    return rows


def mean_objective(centres, feature):
    """Half the mean squared distance to the centres, and decay."""
    parts = [(feature - centres.row(j)).dot(feature - centres.row(j)) for j in range(centres.rows)]
    return sum(parts) / (2 * len(parts)) + DECAY * feature.dot(feature) / 2


def dot_objective(centres, feature):
    """Half the sum of squared errors of the products with the centres, aimed at 1, and decay."""
    parts = [(centres.row(j).dot(feature) - 1) ** 2 for j in range(centres.rows)]
    return sum(parts) / 2 + DECAY * feature.dot(feature) / 2


def mean_centre(count, centres):
    """What minimises the two objectives, up to the factor each of them has."""
    return (sympy.ones(1, count) / count) * centres


def unit_row(count, centres):
    """The row of the simplex, as if centres did not matter."""
    row = sympy.zeros(1, count + 2)
    row[0] = 1
    return row


def check_mean_of_centres(point):
    """Hold the two minimisers, multiples of `point(count, centres)`, against gradient and descent.

    The gradient is symbolic; descent moves all features of four classes of unequal size.
    """
    left = 0
    for count in (1, 2, 3):
        centres = symbolic_centres(count)
        feature = sympy.Matrix(1, count + 2, sympy.symbols(f"h:{count + 2}"))
        direction = point(count, centres)
        alpha = count / (count * sympy.sin(THETA) ** 2 + sympy.cos(THETA) ** 2 + DECAY)
        for objective, scale in ((mean_objective, 1 / (1 + DECAY)), (dot_objective, alpha)):
            gradient = sympy.Matrix([objective(centres, feature)]).jacobian(feature)
            at = gradient.subs(dict(zip(feature, scale * direction, strict=True)))
            left += sum(sympy.simplify(entry) != 0 for entry in at)
    built = multi_centres(COUNTS, 0.4)
    owners, labels = np.repeat(np.arange(4), COUNTS), np.repeat(np.arange(4), SIZES)
    member = (owners == np.arange(4)[:, None]) / np.array(COUNTS)[:, None]
    rate = 0.1

    def objective(flat):
        features = flat.reshape(len(labels), -1)
        gaps = features[:, None] - built.centres
        share = member[labels] / len(labels)
        value = (share * np.square(gaps).sum(2)).sum() / 2
        value += rate * np.square(features).sum() / (2 * len(labels))
        gradient = (share[..., None] * gaps).sum(1) + rate * features / len(labels)
        return value, gradient.ravel()

    start = np.random.default_rng(0).normal(size=(len(labels), built.centres.shape[1])).ravel()
    options = {"ftol": 0, "gtol": 1e-12, "maxiter": 1000}
    end = minimize(objective, start, jac=True, method="L-BFGS-B", options=options).x
    expected = built.means if point is mean_centre else built.weights
    off = np.abs(end.reshape(len(labels), -1) - expected[labels] / (1 + rate)).max()
    return Evidence(
        (
            Measure("entries of the gradients that are not 0", left, "==", 0),
            Measure("largest distance of where descent ends", off, "<=", 1e-6),
        )
    )


def gain(f):
    """The gain of the page, as an expression of the number of centres."""
    return (
        sympy.sqrt(f)
        * sympy.sin(THETA)
        / sympy.sqrt(f * sympy.sin(THETA) ** 2 + sympy.cos(THETA) ** 2)
    )


def scaled_gain(f):
    """Products with the sum of unit centres, scaled as if these were orthogonal."""
    return sympy.sqrt(f) * sympy.sin(THETA)


def check_logit_gain(formula):
    """Hold a formula of the gain against the centres, its derivative, its limit and decisions."""
    f = sympy.symbols("f", positive=True)
    wrong = 0
    for count in (1, 2, 3, 5):
        mean = mean_centre(count, symbolic_centres(count))
        squared = sympy.simplify(mean[0] ** 2 / mean.dot(mean) - formula(sympy.Integer(count)) ** 2)
        wrong += squared != 0
    claimed = sympy.sin(THETA) * sympy.cos(THETA) ** 2 / (2 * sympy.sqrt(f))
    claimed /= (f * sympy.sin(THETA) ** 2 + sympy.cos(THETA) ** 2) ** sympy.Rational(3, 2)
    slope = sympy.simplify(sympy.diff(formula(f), f) - claimed)
    limit = sympy.limit(formula(f).subs(THETA, sympy.Rational(1, 5)), f, sympy.oo)
    built = multi_centres(COUNTS, 0.2)
    number = sympy.lambdify(f, formula(f).subs(THETA, 0.2))
    gains = np.array([number(float(count)) for count in COUNTS])
    amounts = np.random.default_rng(0).exponential(size=(2000, 4))
    decided = (amounts @ built.directions @ built.weights.T).argmax(1)
    differ = np.mean(decided != (amounts * gains).argmax(1))
    return Evidence(
        (
            Measure("numbers of centres whose gain differs", wrong, "==", 0),
            Measure("derivative as stated", int(slope == 0), "==", 1),
            Measure("limit 1 for many centres", int(limit == 1), "==", 1),
            Measure("share of mixtures decided otherwise", differ, "==", 0),
        )
    )


def check_surrogate(counts):
    """Compare the rule of all centres with the rule of the simplex, on mixtures of directions."""
    built = multi_centres(counts, 0.3)
    generator = np.random.default_rng(1)
    features = generator.normal(size=(500, built.centres.shape[1]))
    owners = np.repeat(np.arange(len(counts)), counts)
    member = (owners == np.arange(len(counts))[:, None]).astype(float)
    summed = features @ built.centres.T @ member.T
    along = np.array(counts) * np.sin(0.3) * (features @ built.weights.T)
    across = built.centres - np.sin(0.3) * built.weights[owners]  # cos(theta) v
    identity = np.abs(summed - along - features @ (member @ across).T).max()
    rules = [
        lambda points: (points @ built.centres.T @ member.T).argmax(1),
        lambda points: (points @ built.weights.T).argmax(1),
    ]
    ideal = [rule(built.directions) for rule in rules]
    off = max(np.mean(decided != np.arange(len(counts))) for decided in ideal)
    mixtures = generator.exponential(size=(2000, len(counts))) @ built.directions
    first, second = (rule(mixtures) for rule in rules)
    return Evidence(
        (
            Measure("largest error of the identity", identity, "<=", 1e-12),
            Measure("share of mean centres decided wrongly", off, "==", 0),
            Measure("share of mixtures where the rules differ", np.mean(first != second), "==", 0),
        )
    )


def least_loss(counts, place, seed):
    """Minimise the mean over centres of half (1 - cosine) squared; the loss and the feature."""
    built = multi_centres(counts, 0.2)
    ends = np.cumsum([0, *counts])
    centres = built.centres[ends[place] : ends[place + 1]]

    def objective(feature):
        length = np.linalg.norm(feature)
        unit = feature / length
        gaps = 1 - centres @ unit
        gradient = -(gaps[:, None] * centres).mean(0)
        return np.square(gaps).mean() / 2, (gradient - gradient @ unit * unit) / length

    start = np.random.default_rng(seed).normal(size=centres.shape[1])
    options = {"ftol": 0, "gtol": 1e-12, "maxiter": 2000}
    found = minimize(objective, start, jac=True, method="L-BFGS-B", options=options)
    return found.fun, found.x @ built.directions[place] / np.linalg.norm(found.x)


def check_literal_residual(bound):
    """Descend the loss of every centre; it must end at `bound(length of the mean centre)`."""
    excess, cosines = [], []
    for place, count in enumerate(COUNTS):
        length = np.sqrt(np.sin(0.2) ** 2 + np.cos(0.2) ** 2 / count)
        for seed in range(4):
            loss, cosine = least_loss(COUNTS, place, seed)
            excess.append(abs(loss - bound(length)))
            if count > 1:  # one centre alone has a quartic minimum, which descent meets slowly
                cosines.append(1 - cosine)
    angle, length = sympy.symbols("phi n", positive=True)
    turned = sympy.diff((1 - length * sympy.cos(angle)) ** 2 / 2, angle)
    slope = sympy.series(turned, angle, 0, 3).removeO() - length * (1 - length) * angle
    single = sympy.series(turned.subs(length, 1), angle, 0, 5).removeO() - angle**3 / 2
    left = int(sympy.expand(slope) != 0) + int(sympy.expand(single) != 0)
    return Evidence(
        (
            Measure("largest distance of where descent ends", np.max(excess), "<=", 1e-9),
            Measure("largest 1 - cosine to the mean centre", np.max(cosines), "<=", 1e-9),
            Measure("slopes near the fit that differ", left, "==", 0),
        )
    )
