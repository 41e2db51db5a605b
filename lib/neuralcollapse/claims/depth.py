"""Claims of the page collapse/low-rank-bias: deep collapse against low rank."""

import numpy as np
import sympy
from flint import fmpq_mat, fmpz_mat
from scipy.optimize import minimize

from neuralcollapse.claims.claim import Claim, Evidence, Measure
from neuralcollapse.claims.deep_runs import collapse_level, stored_rows
from neuralcollapse.metrics import rank_profile
from neuralcollapse.theory.deep_unconstrained import (
    deep_collapse_value,
    deep_layers,
    deep_objective,
    factor_cost,
    scaled_factors,
)
from neuralcollapse.theory.graph_solution import (
    collapse_factors,
    edge_incidence,
    graph_blocks,
    graph_cost_power,
    graph_factors,
    kneser_adjacency,
    plane_factors,
)
from neuralcollapse.theory.schatten import balanced_factors

PAGE = "collapse/low-rank-bias"


def polish(factors, decays, relu=True):
    """Descend to a stationary point by L-BFGS.

    Parameters
    ----------
    factors : sequence of ndarray
        Where to start.
    decays : sequence of float
    relu : bool

    Returns
    -------
    list of ndarray
    """
    shapes = [np.shape(factor) for factor in factors]
    cuts = np.cumsum([rows * columns for rows, columns in shapes])[:-1]

    def split(x):
        parts = zip(np.split(x, cuts), shapes, strict=True)
        return [part.reshape(shape) for part, shape in parts]

    def objective(x):
        found = split(x)
        layers = deep_layers(found, relu)
        signal = (layers[-1] - np.eye(len(layers[-1]))) / len(layers[-1])
        slopes = [None] * len(found)
        for place in range(len(found) - 1, 0, -1):
            below = layers[place - 1]
            rectified = relu and place > 1
            slopes[place] = signal @ (np.maximum(below, 0) if rectified else below).T
            signal = found[place].T @ signal
            signal = signal * (below > 0) if rectified else signal
        slopes[0] = signal
        slopes = [
            slope + decay * factor
            for slope, decay, factor in zip(slopes, decays, found, strict=True)
        ]
        return deep_objective(found, decays, relu), np.concatenate([s.ravel() for s in slopes])

    start = np.concatenate([np.ravel(factor) for factor in factors])
    options = {"ftol": 1e-15, "gtol": 1e-9, "maxiter": 3000, "maxfun": 6000}
    return split(minimize(objective, start, jac=True, method="L-BFGS-B", options=options).x)


def check_copies(choose):
    """Replace the free features of each class by copies of one column; compare whole objectives."""
    generator = np.random.default_rng(0)
    decay, rises = 0.1, []

    def objective(features, weights):
        samples = features.shape[1] // len(weights[-1])
        targets = np.repeat(np.eye(len(weights[-1])), samples, axis=1)
        misses = deep_layers([features, *weights])[-1] - targets
        count = misses.shape[1]
        squares = np.square(misses).sum(0), decay * np.square(features).sum(0)
        shares = sum(squares) / (2 * count)
        norms = np.square(features).sum() / count + sum(np.square(w).sum() for w in weights)
        return np.square(misses).sum() / (2 * count) + decay / 2 * norms, shares

    for num_classes, samples, width, depth in ((3, 4, 5, 2), (4, 6, 7, 3), (5, 3, 6, 5)):
        for _ in range(20):
            shapes = [*[(width, width)] * (depth - 1), (num_classes, width)]
            weights = [generator.normal(size=shape) / np.sqrt(shape[1]) for shape in shapes]
            features = generator.normal(size=(width, num_classes * samples))
            before, shares = objective(features, weights)
            for wanted in range(num_classes):
                own = slice(wanted * samples, (wanted + 1) * samples)
                copies = features.copy()
                copies[:, own] = choose(features[:, own], shares[own])[:, None]
                rises.append(objective(copies, weights)[0] - before)
    return Evidence((Measure("largest rise of the objective", np.max(rises), "<=", 0),))


def best_column(columns, costs):
    """Column of the least cost."""
    return columns[:, costs.argmin()]


def mean_column(columns, costs):
    """Mean of all columns."""
    return columns.mean(axis=1)


def check_without_relu(relu):
    """Search below the value of deep collapse, from random starts and from the graph solution."""
    generator = np.random.default_rng(1)
    below, left = [], []
    for num_classes, depth, level in ((3, 2, 0.05), (4, 3, 0.03), (6, 4, 0.006)):
        decays = level * np.exp(generator.normal(scale=0.3, size=depth + 1))
        value = deep_collapse_value(num_classes, depth, np.exp(np.log(decays).mean()))
        starts = [collapse_factors(num_classes, depth), *_random_starts(num_classes, depth)]
        if num_classes == 6:
            starts.append(scaled_factors(graph_factors(4, depth), decays)[0])
        ends = [
            deep_objective(polish(_shaken(start, generator), decays, relu), decays, relu)
            for start in starts
        ]
        below.append(value - min(ends))
        left.append(min(ends) - value)
    return Evidence(
        (
            Measure("largest fall below the value", _shortened(np.max(below)), "<=", 1e-9),
            Measure("largest distance left to it", np.max(left), "<=", 1e-8),
        )
    )


def collapsed_factors(seed, steps=150):
    """Factors under deep collapse with outputs the identity, driven to small cost.

    Parameters
    ----------
    seed : int
    steps : int
        Of a random walk on the entries that the ReLU removes, which keeps what costs less.

    Returns
    -------
    list of ndarray
        After the ReLU, every layer has orthonormal columns.
    """
    generator = np.random.default_rng(seed)
    num_classes, depth = (int(generator.integers(*ends)) for ends in ((3, 7), (2, 6)))
    width = num_classes + int(generator.integers(0, 4))
    columns = []
    for _ in range(depth - 1):
        owner = generator.permutation(np.arange(width) % (num_classes + 1))
        owner[: num_classes + 1] = np.arange(num_classes + 1)[:width]
        table = (owner[:, None] == np.arange(num_classes)) * generator.uniform(
            0.1, 1, size=(width, 1)
        )
        columns.append(table / np.linalg.norm(table, axis=0))
    removed = [generator.exponential(size=table.shape) * (table == 0) for table in columns]

    def build(removed):
        layers = [table - gone for table, gone in zip(columns, removed, strict=True)]
        above = [*layers[1:], np.eye(num_classes)]
        weights = [layer @ table.T for layer, table in zip(above, columns, strict=True)]
        return [*balanced_factors(layers[0], 2), *weights]

    cost = factor_cost(build(removed))
    for _ in range(steps):
        factor = np.exp(generator.normal(scale=0.5) - 0.1)
        tried = [gone * np.where(generator.random(gone.shape) < 0.3, factor, 1) for gone in removed]
        if (found := factor_cost(build(tried))) < cost:
            cost, removed = found, tried
    return build(removed)


def check_collapse_cost(draw):
    """Hold points of `draw(seed)`, orthogonal after the ReLU, against the value of collapse."""
    shortfalls, errors, orthogonal = [], [], []
    for seed in range(16):
        factors = draw(seed)
        num_classes, depth = len(factors[-1]), len(factors) - 1
        last = np.maximum(deep_layers(factors)[-2], 0)
        orthogonal.append(np.abs(last.T @ last - np.eye(num_classes)).max())
        shortfalls.append(num_classes - factor_cost(factors))
        decay = 0.3 * (0.05 / num_classes)
        scaled, value = scaled_factors(factors, decay)
        least = deep_collapse_value(num_classes, depth, decay)
        shortfalls.append(least - value)
        errors.append(abs(deep_objective(scaled, decay) - value))
        attained = scaled_factors(collapse_factors(num_classes, depth), decay)[0]
        errors.append(abs(deep_objective(attained, decay) - least))
    return Evidence(
        (
            Measure("last layer from orthonormal", np.max(orthogonal), "<=", 1e-9),
            Measure("largest shortfall of cost or objective", np.max(shortfalls), "<=", 1e-9),
            Measure("largest error of the closed forms", np.max(errors), "<=", 1e-12),
        )
    )


def inverse_cost(r):
    """Sum of the squared entries of the inverse Kneser matrix, by its eigenvalues."""
    r = sympy.Integer(r)
    return 4 / ((r - 2) * (r - 3)) ** 2 + r * (r - 3) / 2 + (r - 1) / (r - 3) ** 2


def check_graph_solution(inverse):
    """Build the factors in integers and rationals and compare all norms; `inverse(r)` is c_L."""
    wrong, differences = [], []
    for r in range(4, 10):
        incidence = edge_incidence(r).astype(int)
        adjacency = kneser_adjacency(r).astype(int)
        doubled = (1 - 2 * incidence.T) @ incidence  # twice the last layer
        wrong.append(np.abs(np.maximum(doubled, 0) - 2 * adjacency).sum())
        wrong.append(np.abs(incidence @ incidence.T - (r - 2) * np.eye(r, dtype=int) - 1).sum())
        inverted = fmpq_mat(fmpz_mat(adjacency.tolist())).inv()
        wrong.append(int(inverted * fmpz_mat(adjacency.tolist()) != fmpz_mat(_identity(r))))
        squares = sum((entry * entry for entry in inverted.entries()), start=0)
        squares = sympy.Rational(int(squares.p), int(squares.q))
        differences.append(squares - inverse(r))
        vertices, classes = sympy.Integer(r), sympy.Rational(r * (r - 1), 2)
        nuclear = sympy.sqrt(2 * (vertices - 1)) + (vertices - 1) * sympy.sqrt(vertices - 2)
        for depth in (3, 4, 6):
            product = nuclear**2 * vertices ** (depth - 3) * classes * vertices / 4 * squares
            differences.append(sympy.expand(product - graph_cost_power(r, depth)))
    floats = [
        abs(
            factor_cost(graph_factors(r, depth))
            / float(graph_cost_power(r, depth)) ** (1 / (depth + 1))
            - 1
        )
        for r in (4, 5, 6, 9)
        for depth in (2, 3, 4, 7)
    ]
    return Evidence(
        (
            Measure("wrong entries of exact matrices", int(sum(wrong)), "==", 0),
            Measure("exact costs that differ", sum(d != 0 for d in differences), "==", 0),
            Measure("largest relative error of explicit factors", np.max(floats), "<=", 1e-12),
        )
    )


def below_collapse(num_vertices, depth):
    r"""Decide in integers whether the graph solution costs less than deep collapse.

    Parameters
    ----------
    num_vertices, depth : int

    Returns
    -------
    bool
        $x+y\sqrt z<N$ with rationals x, y >= 0, decided as $x<N$ and $y^2z<(N-x)^2$.
    """
    power = graph_cost_power(num_vertices, depth)
    target = sympy.Rational(num_vertices * (num_vertices - 1), 2) ** (depth + 1)
    rational, rest = power.as_independent(*power.atoms(sympy.Pow), as_Add=True)
    if power.is_Rational:
        return bool(power < target)
    room = target - rational
    return bool(room > 0 and sympy.expand(rest**2) < room**2)


def check_low_rank_wins(three, more):
    """Decide the block in exact arithmetic, then build solutions from K = `three`, `more` on."""
    blocks = {3: _vertices(three), 4: _vertices(more)}
    failures = sum(not below_collapse(r, depth) for depth, r in blocks.items())
    failures += sum(r >= r * (r - 1) // 2 for r in blocks.values())
    ratios, errors = [], []
    for depth in range(3, 8):
        r, first = (blocks[3], three) if depth == 3 else (blocks[4], more)
        for num_classes in range(first, first + 7):
            for strength in (0.01, 0.04, 0.1):
                value = deep_collapse_value(num_classes, depth, strength / num_classes)
                if value == 0.5:
                    continue
                decay = strength / num_classes
                factors, found = scaled_factors(graph_blocks(num_classes, depth, r), decay)
                ratios.append(found / value)
                errors.append(abs(deep_objective(factors, decay) - found))
    return Evidence(
        (
            Measure("integer inequalities that fail", failures, "==", 0),
            Measure("largest ratio to deep collapse, built", np.max(ratios), "<=", 0.9999),
            Measure("largest error of the objective", np.max(errors), "<=", 1e-12),
        )
    )


def check_graph_range(wins):
    """Decide for every number of vertices; `wins(r, L)` says where the graph costs less."""
    x = sympy.Symbol("x")
    r = 5 + x
    inverse = 4 / ((r - 2) * (r - 3)) ** 2 + r * (r - 3) / 2 + (r - 1) / (r - 3) ** 2
    upper = 2 + (r - 1) * (r - 2) + sympy.Rational(17, 6) * (r - sympy.Rational(3, 2))
    three = r**2 * (r - 1) ** 2 - 2 * inverse * upper
    two = 2 * (3 * r - 8) ** 2 * inverse - r**3 * (r - 1)
    clear = ((r - 2) * (r - 3)) ** 2
    negative = [
        coefficient
        for margin in (three, two)
        for coefficient in sympy.Poly(sympy.cancel(margin * clear), x).all_coeffs()
        if coefficient <= 0
    ]
    disagreements = [
        (vertices, depth)
        for vertices in range(4, 13)
        for depth in range(2, 8)
        if below_collapse(vertices, depth) != wins(vertices, depth)
    ]
    tie = graph_cost_power(4, 2) - 6**3
    return Evidence(
        (
            Measure("coefficients that are not positive", len(negative), "==", 0),
            Measure("cases decided otherwise", len(disagreements), "==", 0),
            Measure("r = 4, L = 2: exact difference", int(tie), "==", 0),
        )
    )


def plane_depth(num_classes):
    r"""Least depth from which the solution of rank 2 costs less than deep collapse.

    Parameters
    ----------
    num_classes : int
        K.

    Returns
    -------
    int or None
        Least L >= 3 with $C\,2^{L-3}<K^{L+1}$; None if there is none, as for K = 2.
    """
    squares = num_classes * (num_classes + 1) * (2 * num_classes + 1) / 6
    nuclear = num_classes + squares + num_classes * np.sqrt((num_classes**2 - 1) / 3)
    last = num_classes + (num_classes - 1) * num_classes * (2 * num_classes - 1) / 6
    constant = nuclear * last * (6 * num_classes - 6)
    for depth in range(3, 200):
        if constant * 2 ** (depth - 3) < float(num_classes) ** (depth + 1):
            return depth
    return None


def check_rank_two(classes):
    """Build the solutions of rank 2 around their least depth, for each number of classes."""
    errors, ratios, before, ranks, missing = [0.0], [0.0], [2.0], [2], 0
    for num_classes in classes:
        least = plane_depth(num_classes)
        if least is None:
            missing += 1
            continue
        for depth in (least, least + 1, least + 5):
            factors = plane_factors(num_classes, depth)
            layers = deep_layers(factors)
            errors.append(np.abs(layers[-1] - np.eye(num_classes)).max())
            ratios.append(factor_cost(factors) / num_classes)
            ranks += rank_profile(layers[1:-1], tolerance=1e-9).before
        if least > 3:
            before.append(factor_cost(plane_factors(num_classes, least - 1)) / num_classes)
    return Evidence(
        (
            Measure("numbers of classes without such a depth", missing, "==", 0),
            Measure("largest error of the outputs", np.max(errors), "<=", 1e-9),
            Measure("largest rank before a ReLU", max(ranks), "<=", 2),
            Measure("largest cost over K from the depth on", np.max(ratios), "<=", 1 - 1e-9),
            Measure("least cost over K one layer earlier", np.min(before), ">=", 1),
        )
    )


def check_descents(row):
    """Look where the descents of a stored row end, against collapse and the graph solution."""
    level, losses = collapse_level(row), np.array(row["loss"])
    below = losses < level
    ranks = [ranks[-2] for ranks, low in zip(row["ranks"], below, strict=True) if low]
    line = scaled_factors(graph_factors(5, row["depth"]), row["weight_decay"])[1]
    return Evidence(
        (
            Measure("share of descents below deep collapse", np.mean(below), ">=", 0.75),
            Measure("largest rank of layer L - 1 among them", max(ranks, default=0), "<=", 9),
            Measure("least objective over the graph solution", min(losses) / line, ">=", 1),
        )
    )


def check_not_found(random, near):
    """Compare descents from random starts with descents around the graph solution."""
    return Evidence(
        (
            Measure(
                "least objective over collapse, random starts",
                min(random["loss"]) / collapse_level(random),
                ">=",
                1,
            ),
            Measure(
                "largest objective over collapse, around the graph",
                max(near["loss"]) / collapse_level(near),
                "<=",
                0.95,
            ),
        )
    )


def check_few_classes(counts):
    """Look for one stored descent well below deep collapse, for each number of classes."""
    least = [
        min(row["loss"]) / collapse_level(row)
        for count in counts
        for row in stored_rows(group="classes", num_classes=count)
    ]
    return Evidence((Measure("largest of the least objectives", max(least), "<=", 0.99),))


def check_sweeps(short, decays, widths):
    """Hold mean ranks against decay, and shares of full rank against width, in the given order."""
    after, means = (
        np.array([np.mean([ranks[1] for ranks in row["ranks"]]) for row in rows])
        for rows in (short, decays)
    )
    full = [np.mean([ranks[1] == row["num_classes"] for ranks in row["ranks"]]) for row in widths]
    return Evidence(
        (
            Measure("least fall from decay to decay, 8000 steps", -max(np.diff(after)), ">=", 0.3),
            Measure("range of the three least decays, more steps", np.ptp(means[:3]), "<=", 0.6),
            Measure("share of rank K, two narrowest widths", max(full[:2]), "==", 0),
            Measure("share of rank K, two widest", min(full[-2:]), ">=", 0.5),
        )
    )


def check_head(row):
    """Hold deep heads on digits against DNC1 at low rank."""
    return Evidence(
        (
            Measure("least training accuracy", min(row["train_accuracy"]), ">=", 0.99),
            Measure("largest rank of layer 3", max(each[1] for each in row["ranks"]), "<=", 9),
            Measure("largest DNC1 of a layer", np.max(row["spread"]), "<=", 0.05),
        )
    )


def sweep_rows():
    """Rows of the sweeps over decay and width, each in rising order, as `check_sweeps` has it."""
    widths = stored_rows(group="width") + stored_rows(group="depth", depth=4)
    return {
        "short": _by("weight_decay", stored_rows(group="decay, same steps")),
        "decays": _by("weight_decay", stored_rows(group="decay")),
        "widths": _by("width", widths),
    }


def _by(name, rows):
    return sorted(rows, key=lambda row: row[name])


def _near_graph(depth):
    return stored_rows(group="near", depth=depth, near="graph")[0]


def _shortened(figure):
    """Keep three decimals of a figure that is not rounding: where a search ends may vary."""
    return round(float(figure), 3) if figure > 1e-3 else float(figure)


def _random_starts(num_classes, depth, count=2):
    generator = np.random.default_rng(7)
    width = num_classes + 1
    shapes = [(width, num_classes), *[(width, width)] * (depth - 1), (num_classes, width)]
    for _ in range(count):
        yield [generator.normal(size=shape) / np.sqrt(width) for shape in shapes]


def _shaken(factors, generator):
    return [factor + generator.normal(scale=0.02, size=factor.shape) for factor in factors]


def _identity(r):
    return np.eye(r * (r - 1) // 2, dtype=int).tolist()


def _vertices(num_classes):
    """Largest complete graph with so many edges at most."""
    return max(r for r in range(4, 40) if r * (r - 1) // 2 <= num_classes)


CLAIMS = (
    Claim(
        identifier="lem-one-sample",
        page=PAGE,
        statement="Replacing the free features of a class by the best of them never raises the "
        "objective of deep unconstrained features.",
        kind="proved",
        source="here",
        hypotheses="any weights, any activation",
        checker=check_copies,
        instance=lambda: {"choose": best_column},
        control_statement="replacing them by their mean",
        control=lambda: {"choose": mean_column},
    ),
    Claim(
        identifier="lem-depth-schatten",
        page=PAGE,
        statement="Without the ReLU deep collapse is optimal at every depth.",
        kind="proved",
        source="here",
        hypotheses="linear layers at least K wide, targets the identity",
        checker=check_without_relu,
        instance=lambda: {"relu": False},
        control_statement="with the ReLU",
        control=lambda: {"relu": True},
    ),
    Claim(
        identifier="prop-deep-collapse-cost",
        page=PAGE,
        statement="Points with orthogonal class means of one length after every ReLU cost at least "
        "the closed form with G = K, and some cost just that where it is below 1/2.",
        kind="proved",
        source="here",
        hypotheses="orthogonality after the ReLU in layers 2 to L, widths at least K",
        checker=check_collapse_cost,
        instance=lambda: {"draw": collapsed_factors},
        control_statement="orthogonality in the last layer is enough",
        control=lambda: {"draw": lambda seed: graph_factors(4, 4)},
    ),
    Claim(
        identifier="prop-graph-solution",
        page=PAGE,
        statement="The graph solution on K = r(r-1)/2 classes has outputs the identity, rank r "
        "before the last ReLU, and the product of squared norms given by its spectra.",
        kind="symbolic",
        source="here",
        hypotheses="r at least 4; exact matrices for r = 4 to 9",
        checker=check_graph_solution,
        instance=lambda: {"inverse": inverse_cost},
        control_statement="the Kneser matrix is orthogonal, so its inverse costs K",
        control=lambda: {"inverse": lambda r: sympy.Rational(r * (r - 1), 2)},
    ),
    Claim(
        identifier="thm-low-rank-wins",
        page=PAGE,
        statement="For L = 3 from ten classes on, and for L >= 4 from six classes on, some point "
        "costs less than every point of deep collapse.",
        kind="symbolic",
        source="here",
        hypotheses="value of deep collapse below 1/2, widths at least K",
        checker=check_low_rank_wins,
        instance=lambda: {"three": 10, "more": 6},
        control_statement="for L = 3 from six classes on, by the same construction",
        control=lambda: {"three": 6, "more": 6},
    ),
    Claim(
        identifier="prop-graph-range",
        page=PAGE,
        statement="The graph solution costs less than deep collapse exactly if L >= 4, or L = 3 "
        "and r >= 5; at L = 2 it costs as much for r = 4 and more beyond.",
        kind="symbolic",
        source="here",
        hypotheses="r at least 4, L at least 2",
        checker=check_graph_range,
        instance=lambda: {"wins": lambda r, depth: depth >= 4 or (depth == 3 and r >= 5)},
        control_statement="at L = 3 it costs less for r = 4 too",
        control=lambda: {"wins": lambda r, depth: depth >= 3},
    ),
    Claim(
        identifier="prop-rank-two",
        page=PAGE,
        statement="For every K >= 3 there is a depth from which on a solution of rank 2 before "
        "every ReLU costs less than deep collapse.",
        kind="proved",
        source="here",
        hypotheses="K at least 3, value of deep collapse below 1/2",
        checker=check_rank_two,
        instance=lambda: {"classes": (3, 4, 5, 6, 10, 20, 50)},
        control_statement="for two classes as well",
        control=lambda: {"classes": (2, 3)},
    ),
    Claim(
        identifier="obs-descent-rank",
        page=PAGE,
        statement="At least nine of twelve descents on four layers end below deep collapse, with "
        "rank below ten in layer 3, and above the graph solution.",
        kind="observed",
        source="here, after sukenik2024",
        hypotheses="K = 10, L = 4, width 30, decay 0.004, seeds 0 to 11, 16000 steps",
        checker=check_descents,
        instance=lambda: {"row": stored_rows(group="depth", depth=4)[0]},
        control_statement="three layers do as well",
        control=lambda: {"row": stored_rows(group="depth", depth=3)[0]},
    ),
    Claim(
        identifier="obs-optimum-not-found",
        page=PAGE,
        statement="With three layers no descent from random starts ends below deep collapse; those "
        "around the graph solution end at least five per cent below.",
        kind="observed",
        source="here",
        hypotheses="K = 10, L = 3, width 30, decay 0.004, twelve seeds and four",
        checker=check_not_found,
        instance=lambda: {
            "random": stored_rows(group="depth", depth=3)[0],
            "near": _near_graph(3),
        },
        control_statement="with four layers as well",
        control=lambda: {
            "random": stored_rows(group="depth", depth=4)[0],
            "near": _near_graph(4),
        },
    ),
    Claim(
        identifier="obs-width-decay",
        page=PAGE,
        statement="Descents on four layers are at lower rank under more decay after equal steps, "
        "hardly so given time, and end at full rank more often in wider networks.",
        kind="observed",
        source="here, after sukenik2024",
        hypotheses="K = 10, L = 4; decay 0.001 to 0.008 at width 20; width 12 to 80 at decay 0.004",
        checker=check_sweeps,
        instance=sweep_rows,
        control_statement="wider networks end at lower rank",
        control=lambda: sweep_rows() | {"widths": sweep_rows()["widths"][::-1]},
    ),
    Claim(
        identifier="obs-few-classes",
        page=PAGE,
        statement="With four layers some descent ends at least one per cent below deep collapse "
        "for four and for five classes.",
        kind="observed",
        source="here, after sukenik2024",
        hypotheses="L = 4, width 30, decay 0.04 / K, seeds 0 to 11, 16000 steps",
        checker=check_few_classes,
        instance=lambda: {"counts": (4, 5)},
        control_statement="for three classes as well",
        control=lambda: {"counts": (3, 4, 5)},
    ),
    Claim(
        identifier="obs-digits-head",
        page=PAGE,
        statement="Deep heads on digits fit the training images with classes that are nearly "
        "points in every layer and span fewer than ten dimensions.",
        kind="observed",
        source="here, after sukenik2024",
        hypotheses="digits, 60 images a class, L = 4, width 32, decay 0.004, seeds 0 to 2",
        checker=check_head,
        instance=lambda: {"row": stored_rows(group="head", depth=4, width=32)[0]},
        control_statement="without weight decay",
        control=lambda: {"row": stored_rows(group="head", weight_decay=0.0)[0]},
    ),
)
