"""Statements of the page *Equilibrium models*."""

from functools import partial
from itertools import pairwise

import numpy as np
from scipy.optimize import minimize
from scipy.special import logsumexp

from neuralcollapse.claims.claim import Claim, Evidence, Measure
from neuralcollapse.claims.equilibrium_networks import across_seeds, paired_difference
from neuralcollapse.geometry import regular_polygon
from neuralcollapse.theory.equilibrium import (
    core_cost,
    core_weight,
    linear_optimum,
    minimise_linear_model,
    simplex_equilibrium,
)
from neuralcollapse.theory.equilibrium.costs import CORES

PAGE = "collapse/equilibrium"


def response(core, matrix):
    """What stands between features and classifier, shape (dimension, dimension)."""
    identity = np.eye(len(matrix))
    if core == "equilibrium":
        return np.linalg.inv(identity - matrix)
    return {"none": identity, "one_step": identity + matrix, "explicit": matrix}[core]


def penalties(parts, decays):
    """Sum of half the decays times squared Frobenius norms."""
    return sum(decay / 2 * (part**2).sum() for part, decay in zip(parts, decays, strict=True))


def cheapest(core, outputs, decays, dimension):
    """Weight, matrix and features that give `outputs` at the least cost, from their SVD."""
    weight_decay, feature_decay, layer_decay = decays
    left, values, right = np.linalg.svd(outputs, full_matrices=False)
    demands = np.sqrt(weight_decay * feature_decay) * values / layer_decay
    shares = core_weight(core, demands)
    matrix = np.zeros((dimension, dimension))
    places = np.arange(len(values))
    matrix[places, places] = shares
    gains = np.diag(response(core, matrix))[: len(values)]
    balance = np.sqrt(feature_decay / weight_decay)
    weight, features = np.zeros((len(left), dimension)), np.zeros((right.shape[1], dimension))
    weight[:, places] = left * np.sqrt(values / gains * balance)
    features[:, places] = right.T * np.sqrt(values / gains / balance)
    return weight, matrix, features


def check_core_cost(cost):
    """Push random weights, matrices and features below the least cost of what they put out."""
    decays, dimension, shapes = (0.3, 0.2, 0.5), 3, ((3, 3), (3, 3), (4, 3))
    ends = np.cumsum([0, *(rows * columns for rows, columns in shapes)])
    base = np.sqrt(decays[0] * decays[1])
    order = (decays[0], decays[2], decays[1])

    def excess(core, parts):
        weight, matrix, features = parts
        outputs = weight @ response(core, matrix) @ features.T
        demands = base * np.linalg.svd(outputs, compute_uv=False) / decays[2]
        return penalties(parts, order) - decays[2] * cost(core, demands).sum()

    below, built = False, []
    for core in CORES:
        for seed in range(2):
            generator = np.random.default_rng(seed)

            def objective(z, core=core):
                pieces = [z[a:b] for a, b in pairwise(ends)]
                return excess(core, [p.reshape(s) for p, s in zip(pieces, shapes, strict=True)])

            start = generator.normal(size=ends[-1])
            found = minimize(objective, start, method="L-BFGS-B", options={"maxiter": 30})
            below |= bool(found.fun < -1e-9)
            outputs = generator.normal(size=(3, 4)) * generator.uniform(0.1, 0.8)
            built.append(abs(excess(core, cheapest(core, outputs, decays, dimension))))
    return Evidence(
        (
            Measure("a search went below the cost", int(below), "==", 0),
            Measure("largest distance from it of the construction", max(built), "<=", 1e-9),
        )
    )


def balanced(num_classes, size, regularisation, ratio):
    r"""Problem with $c$ = regularisation and $K\lambda_A$ = ratio, and unlike decays."""
    base = regularisation / (num_classes * np.sqrt(size))
    return [size] * num_classes, {
        "weight_decay": base / 1.5,
        "feature_decay": base * 1.5,
        "layer_decay": ratio / num_classes,
    }


def check_balanced(problems):
    """Compare the closed form with descent, and look at the geometry where descent ends."""
    missed, spread, turned, shifted = 0, 0, 0, 0
    for num_classes, size, c, ratio in problems:
        sizes, decays = balanced(num_classes, size, c, ratio)
        value = 0.5 - (1 - c) ** 2 / (2 * (1 - c**2 / ratio))
        runs = [
            minimise_linear_model(sizes, num_classes + 2, seed=seed, steps=600, **decays)
            for seed in range(2)
        ]
        best = min(runs, key=lambda run: run.value)
        missed += int(not abs(best.value - value) < 1e-9)
        mapped = best.mapped.reshape(num_classes, size, -1)
        means = mapped.mean(axis=1)
        spread += int(np.abs(mapped - means[:, None]).max() > 1e-4 * np.abs(means).max())
        frame = np.vstack([means, best.weight])
        frame /= np.linalg.norm(frame, axis=1, keepdims=True)
        ideal = np.kron(np.ones((2, 2)), np.eye(num_classes))
        turned += int(np.abs(frame @ frame.T - ideal).max() > 1e-4)
        eigenvalues = np.sort(np.linalg.eigvals(best.matrix).real)
        w = c * (1 - c) / (ratio - c**2)
        shifted += int(np.abs(eigenvalues - [0, 0, *[w] * num_classes]).max() > 1e-4)
    return Evidence(
        (
            Measure("problems where descent is over 1e-9 from the value", missed, "==", 0),
            Measure("where classes spread over 1e-4 of their size", spread, "==", 0),
            Measure("where a cosine is over 1e-4 from the frame's", turned, "==", 0),
            Measure("where an eigenvalue of A is over 1e-4 off", shifted, "==", 0),
        )
    )


def phase_value(c, ratio):
    """Infimum of the balanced squared loss; `ratio` is K times the layer's decay."""
    if c < min(1, ratio):
        return 0.5 - (1 - c) ** 2 / (2 * (1 - c**2 / ratio))
    return min(1, ratio) / 2


def check_free_gain(value):
    """Hold a formula for the infimum against sequences of models and against descent."""
    points = ((0.5, 0.3), (0.5, 0.9), (0.9, 0.6), (1.2, 0.7), (1.5, 0.4), (1.3, 1.4), (0.4, 0.4))
    distances, below = [], []
    for c, ratio in points:
        sizes, decays = balanced(3, 2, c, ratio)
        base = c / (3 * np.sqrt(2))
        tried = [0.5]  # everything zero
        for weight in 1 - np.geomspace(1, 1e-9, 400):
            # Every target met with eigenvalue `weight`, or shrunk to what is best with it.
            fit = max(0.0, 1 - c * (1 - weight))
            cost = base * fit * np.sqrt(2) * (1 - weight) + decays["layer_decay"] / 2 * weight**2
            tried.append((1 - fit) ** 2 / 2 + 3 * cost)
        distances.append(abs(min(tried) - value(c, ratio)))
        descent = [
            minimise_linear_model(sizes, 4, seed=seed, steps=300, **decays).value
            for seed in range(2)
        ]
        below.append(value(c, ratio) - min(descent))
    return Evidence(
        (
            Measure("largest distance from the best of a sequence", max(distances), "<=", 1e-4),
            Measure("furthest that descent went below", max(below), "<=", 1e-9),
        )
    )


def _kept(core, size, total, base, decay):
    """Whether a class keeps an output, by the proposition."""
    if core == "explicit":
        return size**2 > 16 * total**3 * base**2 * decay
    return np.sqrt(size) > total * base


def _amplified(core, size, total, base, decay):
    """The tempting rule: gain lowers the threshold of an equilibrium."""
    return _kept(core, size, total, base * (0.7 if core == "equilibrium" else 1), decay)


def check_rare_classes(kept):
    """Compare which classes a rule keeps with what descent does, and the fit of those kept."""
    wrong, least = 0, []
    base, decay = 0.02, 0.14
    for sizes in ([40, 40, 9, 5], [40, 30, 4, 3], [40, 20, 2, 1], [30, 8, 1, 1]):
        total = sum(sizes)
        for core in CORES:
            decays = {"weight_decay": base, "feature_decay": base, "layer_decay": decay}
            runs = [
                # Zero is a local minimum of an explicit layer: start far from it.
                minimise_linear_model(
                    sizes, 5, core=core, seed=seed, scale=2.5, steps=500, **decays
                )
                for seed in range(5 if core == "explicit" else 1)
            ]
            best = min(runs, key=lambda run: run.value)
            outputs = best.mapped @ best.weight.T
            firsts = np.cumsum([0, *sizes[:-1]])
            fits = outputs[firsts, np.arange(len(sizes))]
            expected = [kept(core, size, total, base, decay) for size in sizes]
            wrong += int(((fits > 1e-3) != expected).sum())
            if core == "explicit":
                least += [fit for fit in fits if fit > 1e-3]
    return Evidence(
        (
            Measure("classes kept or given up against the rule", wrong, "==", 0),
            Measure("least fit of a class that an explicit layer keeps", min(least), ">=", 0.5),
        )
    )


def check_order(largest):
    """Order the infima of random problems with demand up to `largest`."""
    generator = np.random.default_rng(0)
    disorder = []
    for _ in range(80):
        sizes = generator.integers(1, 60, size=generator.integers(2, 6)).tolist()
        base = 10 ** generator.uniform(-4, -1)
        demand = largest * generator.uniform(0.02, 1)
        decays = {
            "weight_decay": base,
            "feature_decay": base,
            "layer_decay": base * np.sqrt(max(sizes)) / demand,
        }
        found = {core: linear_optimum(sizes, core=core, **decays).value for core in CORES}
        order = ("equilibrium", "one_step", "none", "explicit")
        disorder += [found[a] - found[b] for a, b in pairwise(order)]
    return Evidence((Measure("largest inversion of the order", max(disorder), "<=", 1e-9),))


def check_one_step(share):
    """Look for demands where one step saves less than a share of what an equilibrium saves."""
    demands = np.geomspace(1e-2, 1, 400)
    saved = demands - core_cost("one_step", demands)
    lacking = share(demands) - saved / (demands - core_cost("equilibrium", demands))
    return Evidence((Measure("largest share that is lacking", lacking.max(), "<=", 1e-9),))


def simplex_objective(gram, *, size, base, decay):
    """Cross-entropy and price of outputs `gram` / sqrt(size), one column a class."""
    logits = gram / np.sqrt(size)
    losses = logsumexp(logits, axis=0) - np.diag(logits)
    values = np.linalg.svd(gram, compute_uv=False)
    return losses.mean() + decay * core_cost("equilibrium", base * values / decay).sum()


def check_simplex_breaks(stable):
    """Compare a rule for stability with the least curvature over all symmetric directions."""
    wrong, errors, above = 0, [], []
    for num_classes, size in ((4, 10), (6, 6)):
        for layer_decay in (0.121, 0.127, 0.132, 0.15, 0.2, 0.5):
            decays = {"weight_decay": 0.004, "feature_decay": 0.00625, "layer_decay": layer_decay}
            found = simplex_equilibrium(num_classes, size, **decays)
            base = 0.005
            price = partial(simplex_objective, size=size, base=base, decay=layer_decay)
            simplex = found.gain * (np.eye(num_classes) - 1 / num_classes)
            least = least_curvature(price, simplex)
            errors.append(abs(least - found.curvature) / base**2 * layer_decay)
            wrong += int((least > 0) != stable(found, num_classes, size, base, layer_decay))
            # In a plane, gain is free: any margin costs no more than two eigenvalues of 1.
            plane = regular_polygon(num_classes)
            above.append(price(1e4 * plane @ plane.T) - layer_decay)
    return Evidence(
        (
            Measure("simplices stable or not against the rule", wrong, "==", 0),
            Measure("largest relative error of the curvature", max(errors), "<=", 1e-3),
            Measure("largest excess of a plane code over the decay", max(above), "<=", 1e-9),
        )
    )


def least_curvature(objective, point):
    """Least eigenvalue of the Hessian over symmetric matrices with zero row sums."""
    count = len(point)
    center = np.eye(count) - 1 / count
    rows, columns = np.triu_indices(count)
    raw = np.zeros((len(rows), count, count))
    raw[range(len(rows)), rows, columns] = raw[range(len(rows)), columns, rows] = 1
    spanned = (center @ raw @ center).reshape(len(rows), -1)
    _, values, basis = np.linalg.svd(spanned, full_matrices=False)
    basis = basis[values > 1e-9].reshape(-1, count, count)
    step = 5e-4 * np.linalg.norm(point)
    hessian = np.zeros((len(basis), len(basis)))
    for i, first in enumerate(basis):
        for j, second in enumerate(basis[: i + 1]):
            corners = [
                a * b * objective(point + step * (a * first + b * second))
                for a in (1, -1)
                for b in (1, -1)
            ]
            hessian[i, j] = hessian[j, i] = sum(corners) / (4 * step**2)
    return np.linalg.eigvalsh(hessian)[0]


def check_imbalance(second):
    """Compare rare classes of the stored equilibrium networks with those of another network."""
    mean, error = paired_difference("rare_accuracy", "equilibrium", second, 3, 2)
    fitted = across_seeds("train_accuracy", "equilibrium", 3, 2).min()
    return Evidence(
        (
            Measure("gain in accuracy on rare classes, mean of draws", mean, ">=", 0.05),
            Measure("in standard errors", mean / error, ">=", 2),
            Measure("least training accuracy of an equilibrium", fitted, "==", 1),
        )
    )


def check_input_injection(others):
    """Measure what the equilibrium gains over networks without one, at both imbalances."""
    gains = [
        paired_difference("rare_accuracy", "equilibrium", other, 3, rare)[0]
        for other in others
        for rare in (2, 10)
    ]
    return Evidence(
        (Measure("largest gain of the equilibrium on rare classes", max(gains), "<=", 0.03),)
    )


def check_longer_training(second):
    """Compare the equilibrium's lead on rare classes after 60 and after 240 epochs."""
    leads = [
        paired_difference("rare_accuracy", "equilibrium", second, 3, 2, epochs)[0]
        for epochs in (60, 240)
    ]
    fitted = across_seeds("train_accuracy", second, 3, 2, 240).min()
    return Evidence(
        (
            Measure("share of the lead that is left", leads[1] / leads[0], "<=", 0.5),
            Measure("least training accuracy after 240 epochs", fitted, "==", 1),
        )
    )


CLAIMS = (
    Claim(
        identifier="lem-core-cost",
        page=PAGE,
        statement="The least penalty of weights, core and features that give some outputs is a sum "
        "over their singular values, with a price that depends on the core alone.",
        kind="proved",
        source="here",
        hypotheses="as many features as the outputs have rank; one matrix in the core",
        checker=check_core_cost,
        instance=lambda: {"cost": core_cost},
        control_statement="an equilibrium costs what its first step costs",
        control=lambda: {
            "cost": lambda core, demand: core_cost(
                "one_step" if core == "equilibrium" else core, demand
            )
        },
    ),
    Claim(
        identifier="prop-linear-equilibrium",
        page=PAGE,
        statement="With balanced classes and squared loss every minimiser of the linear "
        "equilibrium collapses to an orthogonal frame, at a value in closed form.",
        kind="proved",
        source="sunshi2024 for the question; result here",
        hypotheses="c < 1, c < K times the decay of A, d at least K",
        checker=check_balanced,
        instance=lambda: {"problems": ((4, 3, 0.2, 0.5), (3, 5, 0.55, 0.7), (5, 2, 0.3, 0.34))},
        control_statement="c < 1 is enough",
        control=lambda: {"problems": ((3, 2, 0.3674, 0.18),)},
    ),
    Claim(
        identifier="prop-free-gain",
        page=PAGE,
        statement="Without the norm assumption gain is free: the infimum is half of K times the "
        "decay of A, or 1/2 if that is less, and is not attained in the first case.",
        kind="proved",
        source="here",
        hypotheses="balanced classes, squared loss, c at least min(1, K times the decay of A)",
        checker=check_free_gain,
        instance=lambda: {"value": phase_value},
        control_statement="for c from 1 on the zero solution is best, whatever the decay of A",
        control=lambda: {"value": lambda c, ratio: 0.5 if c >= 1 else phase_value(c, ratio)},
    ),
    Claim(
        identifier="prop-rare-classes",
        page=PAGE,
        statement="No core, one step and an equilibrium give up the same rare classes; an explicit "
        "layer gives up more, and those it keeps it fits at least by half.",
        kind="proved",
        source="here",
        hypotheses="squared loss, c0 times the root of the largest class size below the decay of A",
        checker=check_rare_classes,
        instance=lambda: {"kept": _kept},
        control_statement="the gain of an equilibrium keeps rarer classes",
        control=lambda: {"kept": _amplified},
    ),
    Claim(
        identifier="prop-equilibrium-order",
        page=PAGE,
        statement="At equal decays an equilibrium costs at most what one step does, that at most "
        "what no core does, and that at most what an explicit layer does.",
        kind="proved",
        source="here",
        hypotheses="for the last inequality, demands up to 27/8",
        checker=check_order,
        instance=lambda: {"largest": 27 / 8},
        control_statement="the order holds for demands up to 6 as well",
        control=lambda: {"largest": 6.0},
    ),
    Claim(
        identifier="prop-one-step",
        page=PAGE,
        statement="At demand u up to 1, one step saves at least the share (1 - u) / (1 + u) of "
        "what an equilibrium saves.",
        kind="proved",
        source="here",
        hypotheses="equal decays",
        checker=check_one_step,
        instance=lambda: {"share": lambda demand: (1 - demand) / (1 + demand)},
        control_statement="at least the share 1 - u",
        control=lambda: {"share": lambda demand: 1 - demand},
    ),
    Claim(
        identifier="prop-simplex-breaks",
        page=PAGE,
        statement="With cross-entropy and four classes or more, the simplex is no local minimum of "
        "the linear equilibrium once the decay of A is below c0 (s + K root n); and the infimum "
        "never exceeds that decay.",
        kind="proved",
        source="here",
        hypotheses="balanced classes, K at least 4, free features",
        checker=check_simplex_breaks,
        instance=lambda: {
            "stable": lambda found, num_classes, size, base, decay: (
                decay > base * (found.gain + num_classes * np.sqrt(size))
            )
        },
        control_statement="the simplex is stable as long as A contracts",
        control=lambda: {"stable": lambda found, *_: found.weight < 1},
    ),
    Claim(
        identifier="obs-imbalance",
        page=PAGE,
        statement="Trained on digits with seven classes of two images, equilibrium networks "
        "recognise rare classes better than networks with three explicit layers.",
        kind="observed",
        source="sunshi2024 for the question; observed here",
        hypotheses="three classes of 100 images, eight draws of images and networks",
        checker=check_imbalance,
        instance=lambda: {"second": "three explicit layers"},
        control_statement="better than networks without any core",
        control=lambda: {"second": "no core"},
    ),
    Claim(
        identifier="obs-input-injection",
        page=PAGE,
        statement="On digits with rare classes one step, five steps or no core at all come within "
        "0.03 of the equilibrium's accuracy on them.",
        kind="observed",
        source="here",
        hypotheses="60 epochs; seven classes of two images, eight draws, or ten, four draws",
        checker=check_input_injection,
        instance=lambda: {"others": ("five steps", "one step", "no core")},
        control_statement="three explicit layers do, too",
        control=lambda: {"others": ("three explicit layers",)},
    ),
    Claim(
        identifier="obs-longer-training",
        page=PAGE,
        statement="After four times as many epochs three explicit layers fit as well, and less "
        "than half of the equilibrium's lead on rare classes is left.",
        kind="observed",
        source="here",
        hypotheses="seven classes of two images, eight draws, 60 and 240 epochs",
        checker=check_longer_training,
        instance=lambda: {"second": "three explicit layers"},
        control_statement="so does the lead over no core shrink",
        control=lambda: {"second": "no core"},
    ),
)
