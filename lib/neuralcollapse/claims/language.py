"""Claims of the page collapse/language: more classes than dimensions, metrics and their loss."""

from dataclasses import fields

import numpy as np
import sympy
from scipy.optimize import minimize

from neuralcollapse.claims.claim import Claim, Evidence, Measure
from neuralcollapse.claims.language_models import (
    GRID,
    SEEDS,
    SHUFFLED,
    UNTIED,
    WITHOUT_DECAY,
    Setting,
    explained,
    partial_correlation,
    permuted_p,
    scale_free,
    stored,
    text_facts,
)
from neuralcollapse.geometry import simplex_etf
from neuralcollapse.metrics import hyperspherical_uniformity, norm_spread, pair_variability
from neuralcollapse.statistics import ClassStatistics
from neuralcollapse.training import LanguageReport

PAGE = "collapse/language"
TIED = Setting(64)
METRICS = tuple(
    field.name
    for field in fields(LanguageReport)
    if field.name not in ("num_classes", "validation_loss")
)


def as_statistics(means, spread=None):
    """Statistics of classes with these means, of two samples each off them if `spread` is given.

    Parameters
    ----------
    means : ndarray, shape (num_classes, num_features)
    spread : ndarray, shape (num_classes,), optional
        Standard deviation of each class, along a direction of its own.

    Returns
    -------
    ClassStatistics
    """
    count, dimension = means.shape
    labels = np.arange(count)
    if spread is None:
        return ClassStatistics(count, dimension).update(means, labels)
    off = np.zeros((count, dimension + 1))
    off[:, -1] = spread
    rows = np.column_stack([means, np.zeros(count)])
    statistics = ClassStatistics(count, dimension + 1)
    return statistics.update(np.vstack([rows + off, rows - off]), np.tile(labels, 2))


def lowest_kernel(count, dimension, seed):
    """Search for unit vectors with a small mean logarithmic kernel.

    Parameters
    ----------
    count, dimension, seed : int

    Returns
    -------
    ndarray, shape (count, dimension), float64
    """
    pairs = np.triu_indices(count, 1)

    def objective(flat):
        points = flat.reshape(count, dimension)
        lengths = np.linalg.norm(points, axis=1, keepdims=True)
        unit = points / lengths
        gaps = 2 - 2 * unit @ unit.T + np.eye(count)
        pull = (1 / gaps) * (1 - np.eye(count)) / len(pairs[0])  # of -log(gap) / 2, by cosine
        slope = pull @ unit
        slope = (slope - (slope * unit).sum(axis=1, keepdims=True) * unit) / lengths
        return -np.log(gaps[pairs]).mean() / 2, slope.ravel()

    start = np.random.default_rng(seed).normal(size=count * dimension)
    found = minimize(objective, start, jac=True, method="L-BFGS-B", options={"maxiter": 400})
    points = found.x.reshape(count, dimension)
    return points / np.linalg.norm(points, axis=1, keepdims=True)


def check_log_kernel(least):
    """Search below `least(count)`, with room for a simplex and without."""
    below, attained, equal, crowded = [], [], [], []
    for count in (3, 4, 6, 9):
        for dimension in range(2, count + 1):
            for seed in range(2):
                points = lowest_kernel(count, dimension, seed)
                gaps = 2 - 2 * (points @ points.T)[np.triu_indices(count, 1)]
                below.append(float((-np.log(gaps) / 2).mean()) - least(count))
                if dimension < count - 1:
                    crowded.append(np.ptp(np.log(gaps)) / 2)
        found = hyperspherical_uniformity(as_statistics(simplex_etf(count, count - 1)))
        attained.append(abs(found.mean - least(count)))
        equal.append(found.std)
    return Evidence(
        (
            Measure("least mean kernel found, less the bound", np.min(below), ">=", -1e-9),
            Measure("largest error of a simplex", np.max(attained), "<=", 1e-12),
            Measure("largest spread of a simplex", np.max(equal), "<=", 1e-7),
            Measure("without room, all ranges above 0.1", np.min(crowded) >= 0.1, "==", 1),
        )
    )


def check_variance_scale(shift):
    """Stretch features and compare both aggregators with `shift(exponent)` times the logarithm."""
    generator = np.random.default_rng(0)
    errors, lengths = [], []
    for exponent in (0.5, 1, 2, 3):
        for stretch in (0.01, 3.0, 40.0):
            means, spread = generator.normal(size=(12, 5)), generator.uniform(0.1, 2, size=12)
            plain = as_statistics(means, spread)
            longer = as_statistics(stretch * means, stretch * spread)
            first, second = (pair_variability(s, exponent=exponent) for s in (plain, longer))
            expected = shift(exponent) * np.log(stretch)
            errors.append(abs(second.log_mean - first.log_mean - expected))
            errors.append(abs(second.mean_log - first.mean_log - expected))
            lengths.append(abs(norm_spread(longer) - norm_spread(plain)))
    return Evidence(
        (
            Measure("largest error of an aggregator, in nats", np.max(errors), "<=", 1e-10),
            Measure("largest change of the spread of log lengths", np.max(lengths), "<=", 1e-10),
        )
    )


def triangle(t, ratio=2):
    """Corners of the triangle with sides exp(-t) and twice ratio * exp(t).

    Parameters
    ----------
    t : float
    ratio : float
        Of the sides at t = 0.

    Returns
    -------
    ndarray, shape (3, 2), float64
    """
    close, far = np.exp(-t), ratio * np.exp(t)
    height = np.sqrt(far**2 - close**2 / 4)
    return np.array([[-close / 2, 0], [close / 2, 0], [0, height]])


def check_aggregator(ratio):
    """Follow both aggregators along triangles, in exact algebra and through the library."""
    t = sympy.symbols("t", nonnegative=True)
    pairs = [sympy.exp(2 * t)] + 2 * [sympy.exp(-2 * t) / sympy.sympify(ratio) ** 2]
    log_mean = sympy.log(sum(pairs) / 3)
    mean_log = sum(sympy.expand_log(sympy.log(pair), force=True) for pair in pairs) / 3
    slopes = [sympy.diff(quantity, t) for quantity in (log_mean, mean_log)]
    times = np.linspace(0, 2, 41)
    rising, falling = (sympy.lambdify(t, slope, "numpy")(times) for slope in slopes)
    errors, order = [], []
    for time in times:
        found = pair_variability(as_statistics(triangle(time, ratio), np.ones(3)))
        exact = [float(quantity.subs(t, time)) for quantity in (log_mean, mean_log)]
        errors += [abs(found.log_mean - exact[0]), abs(found.mean_log - exact[1])]
    generator = np.random.default_rng(1)
    for _ in range(200):
        count = generator.integers(3, 20)
        means = generator.standard_t(2, size=(count, 3))
        found = pair_variability(as_statistics(means, generator.uniform(0.1, 3, size=count)))
        order.append(found.log_mean - found.mean_log)
    return Evidence(
        (
            Measure("largest error of a closed form", np.max(errors), "<=", 1e-10),
            Measure("least slope of log of mean", np.min(rising), ">=", 1e-3),
            Measure("largest slope of mean of log", np.max(falling), "<=", -1e-3),
            Measure("least excess of log of mean, random classes", np.min(order), ">=", 0),
        )
    )


def check_trends(explaining, other):
    """Hold what explains the loss of the stored sweep against bounds, and again given the width."""
    loss, width = stored("validation_loss"), np.log(stored("dimension"))
    within = {
        name: partial_correlation(stored(name), loss, width) ** 2 for name in (*explaining, *other)
    }
    measures = [Measure(f"points, of {len(GRID)} networks", len(loss), "==", 21)]
    for name, bound in explaining.items():
        share = explained(stored(name), loss)
        measures.append(Measure(f"R² of {name}", share, ">=", bound))
        measures.append(Measure(f"partial R² of {name} given width", within[name], ">=", 0.5))
    for name, bound in other.items():
        measures.append(Measure(f"partial R² of {name} given width", within[name], "<=", bound))
    return Evidence(tuple(measures))


def check_norm(name, kept, lost):
    """Ask what the length says of the loss and of the published NC1, and what lies beyond it."""
    loss, norm = stored("validation_loss"), stored("log_norm")
    left = partial_correlation(stored(name), loss, norm) ** 2
    return Evidence(
        (
            Measure("R² of the log length, for the loss", explained(norm, loss), ">=", 0.8),
            Measure(
                "R² of the log length, for the published NC1",
                explained(norm, stored("log_mean_2")),
                ">=",
                0.8,
            ),
            Measure(f"R² of {name}, for the loss", explained(stored(name), loss), ">=", 0.5),
            Measure(f"partial R² of {name} given the length", left, "<=", 0.3),
            Measure(
                f"R² of {kept}, k = 2, scale taken out",
                explained(scale_free(kept), loss),
                ">=",
                0.8,
            ),
            Measure(
                f"R² of {lost}, k = 2, scale taken out",
                explained(scale_free(lost), loss),
                "<=",
                0.1,
            ),
        )
    )


def check_signs(falling, rising):
    """Ask whether one number falls with the loss while others rise."""
    loss = stored("validation_loss")
    measures = [
        Measure(
            f"correlation of {falling} with the loss",
            np.corrcoef(stored(falling), loss)[0, 1],
            ">=",
            0.5,
        )
    ]
    for name in rising:
        correlation = np.corrcoef(stored(name), loss)[0, 1]
        measures.append(Measure(f"correlation of {name} with the loss", correlation, "<=", -0.5))
    paths = [stored("mean_log_1", setting) for setting in GRID if setting.dimension == 16]
    change = max(path[-1] - path[0] for path in paths)
    measures.append(Measure("change of mean_log_1 in training, width 16", change, "<=", -0.02))
    return Evidence(tuple(measures))


def check_shuffled(telling):
    """Ask whether shuffled labels leave frequencies only, and which metric stands out by it."""
    gap = np.abs(stored("validation_loss", SHUFFLED) - text_facts()["unigram"])
    spread = stored("trace_quotient", SHUFFLED)
    ratio = stored(telling, SHUFFLED).min() / stored(telling).max()
    return Evidence(
        (
            Measure("largest gap to the loss of frequencies", gap.max(), "<=", 0.05),
            Measure("least trace quotient", spread.min(), ">=", 50),
            Measure("largest agreement", stored("agreement", SHUFFLED).max(), "<=", 0.01),
            Measure(f"least {telling} over the largest of the sweep", ratio, ">=", 2),
        )
    )


def check_untied(setting):
    """Compare self-duality of a setting with that of the tied head, after the last epoch."""
    mean = stored("duality", setting)[-1] - stored("duality", TIED)[-1]
    spread = stored("duality_std", setting)[-1] / stored("duality_std", TIED)[-1]
    loss = stored("validation_loss", setting)[-1] - stored("validation_loss", TIED)[-1]
    return Evidence(
        (
            Measure("mean cosine above the tied head's", mean, ">=", 0.05),
            Measure("spread of cosines over the tied head's", spread, "<=", 1),
            Measure("loss above the tied head's, nats", loss, "<=", -0.05),
        )
    )


def check_seeds(num_tests):
    """Ask for the published signs among seeds, and whether chance explains the best p-value."""
    loss = stored("validation_loss", SEEDS, last=True)
    found = {name: stored(name, SEEDS, last=True) for name in METRICS}
    spread, agreement = (
        np.corrcoef(found[name], loss)[0, 1] for name in ("kernel_std", "agreement")
    )
    least = min(permuted_p(values, loss) for values in found.values())
    return Evidence(
        (
            Measure("seeds", len(loss), "==", 12),
            Measure("correlation of kernel_std with the loss", spread, ">=", 0),
            Measure("correlation of agreement with the loss", agreement, "<=", 0),
            Measure(
                f"least of {len(found)} p-values, times {num_tests}", num_tests * least, ">=", 0.05
            ),
        )
    )


CLAIMS = (
    Claim(
        identifier="prop-log-kernel",
        page=PAGE,
        statement="The mean logarithmic kernel of K unit vectors is at least "
        "-1/2 log(2K / (K - 1)), with equality for the simplex only, where all pairs have this "
        "value; from K = d + 2 on, pairs cannot all be equal.",
        kind="proved",
        source="here; elementary",
        hypotheses="K distinct unit vectors, K at least 2",
        checker=check_log_kernel,
        instance=lambda: {"least": lambda count: -np.log(2 * count / (count - 1)) / 2},
        control_statement="at least -1/2 log 2, the value of orthogonal directions",
        control=lambda: {"least": lambda count: -np.log(2) / 2},
    ),
    Claim(
        identifier="prop-variance-scale",
        page=PAGE,
        statement="Features s times as long change both aggregators of the pairwise variability "
        "with exponent k by (2 - 2k) log s, and leave the spread of log lengths as it is.",
        kind="proved",
        source="here; elementary",
        hypotheses="s positive, class means distinct, variances positive",
        checker=check_variance_scale,
        instance=lambda: {"shift": lambda exponent: 2 - 2 * exponent},
        control_statement="a quotient of squares has no scale, whatever the exponent",
        control=lambda: {"shift": lambda exponent: 0.0},
    ),
    Claim(
        identifier="prop-aggregator",
        page=PAGE,
        statement="The log of the mean variability is at least the mean of the log; along "
        "triangles with sides exp(-t), 2 exp(t), 2 exp(t) the first rises and the second falls, "
        "both without bound.",
        kind="proved",
        source="here; elementary",
        hypotheses="three classes of variance 1, exponent 1, t from 0 on",
        checker=check_aggregator,
        instance=lambda: {"ratio": 2},
        control_statement="the same from an equilateral triangle on",
        control=lambda: {"ratio": 1},
    ),
    Claim(
        identifier="obs-language-trends",
        page=PAGE,
        statement="Over seven networks and three epochs each, agreement, the spread of kernels "
        "and the published NC1 explain most of the variance of the validation loss, given the "
        "width too; given the width, self-duality does not.",
        kind="observed",
        source="wu2024, at another scale",
        hypotheses="widths 16 to 128, one or two layers, epochs 1, 2 and 4, one seed; stored rows",
        checker=check_trends,
        instance=lambda: {
            "explaining": {"agreement": 0.75, "kernel_std": 0.7, "log_mean_2": 0.6},
            "other": {"duality": 0.3},
        },
        control_statement="self-duality explains as much, and agreement little",
        control=lambda: {
            "explaining": {"duality": 0.75, "kernel_std": 0.7, "log_mean_2": 0.6},
            "other": {"agreement": 0.3},
        },
    ),
    Claim(
        identifier="obs-norm-confound",
        page=PAGE,
        statement="The mean length of centred class means explains most of the variance of the "
        "loss and of the published NC1; given it, little is left for the log of the mean with "
        "exponent 1. With exponent 2 and the scale taken out, the log of the mean still explains "
        "most of the variance of the loss, the mean of the logs hardly any.",
        kind="observed",
        source="here",
        hypotheses="the same rows",
        checker=check_norm,
        instance=lambda: {"name": "log_mean_1", "kept": "log_mean", "lost": "mean_log"},
        control_statement="the mean of the logs still explains it, the log of the mean does not",
        control=lambda: {"name": "log_mean_1", "kept": "mean_log", "lost": "log_mean"},
    ),
    Claim(
        identifier="obs-aggregator-sign",
        page=PAGE,
        statement="Pooled over the sweep, with exponent 1, the log of the mean variability falls "
        "with the loss, while the mean of the log and the quotient of traces rise; at width 16 the "
        "mean of the log falls in training too.",
        kind="observed",
        source="here",
        hypotheses="the same rows",
        checker=check_signs,
        instance=lambda: {
            "falling": "log_mean_1",
            "rising": ("mean_log_1", "trace_quotient"),
        },
        control_statement="with exponent 2 the two differ in sign as well",
        control=lambda: {"falling": "log_mean_2", "rising": ("mean_log_2",)},
    ),
    Claim(
        identifier="obs-language-seeds",
        page=PAGE,
        statement="Among twelve seeds of one network, GNC2 and agreement go with the loss by the "
        "published signs, and no metric does so beyond what fifteen tests give by chance.",
        kind="observed",
        source="here; wu2024 find more among 21 larger models",
        hypotheses="width 48, one layer, two epochs; stored rows; Bonferroni, level 0.05",
        checker=check_seeds,
        instance=lambda: {"num_tests": len(METRICS)},
        control_statement="nor by a test of each metric on its own",
        control=lambda: {"num_tests": 1},
    ),
    Claim(
        identifier="obs-language-shuffled",
        page=PAGE,
        statement="On shuffled labels a network ends at the loss of frequencies, without collapse "
        "or agreement, and its lengths of class means are twice as uneven as in the sweep.",
        kind="observed",
        source="here",
        hypotheses="width 64, one layer, epochs 1, 2 and 4, one seed; stored rows",
        checker=check_shuffled,
        instance=lambda: {"telling": "norm_spread"},
        control_statement="its kernels are twice as uneven as well",
        control=lambda: {"telling": "kernel_std"},
    ),
    Claim(
        identifier="obs-language-untied",
        page=PAGE,
        statement="An untied head is nearer to its class means, as evenly so, at a lower loss.",
        kind="observed",
        source="here",
        hypotheses="width 64, one layer, four epochs, one seed; stored rows",
        checker=check_untied,
        instance=lambda: {"setting": UNTIED},
        control_statement="leaving out weight decay does the same",
        control=lambda: {"setting": WITHOUT_DECAY},
    ),
)
