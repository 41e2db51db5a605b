"""Claims of the page codes/rankin: codes without positive products, their batches and graphs."""

from functools import cache

import numpy as np
from scipy.linalg import block_diag
from scipy.sparse.csgraph import connected_components

from neuralcollapse.claims.claim import Claim, Evidence, Measure
from neuralcollapse.claims.collapse import spread_out
from neuralcollapse.codes import (
    code_graph,
    graph_code,
    orthogonal_batches,
    orthoplex_code,
    union_of_simplices,
)
from neuralcollapse.geometry import coherence, distance_to_frame, gram_matrix, simplex_etf

PAGE = "codes/rankin"
RANK = 1e-9  # singular values and products up to this size count as 0


def obtuse_codes(num_codes=60, seed=0):
    """Draw codes without positive products, by another way than the library's generator.

    Parameters
    ----------
    num_codes : int
    seed : int

    Yields
    ------
    ndarray, shape (num_points, dimension), float64
        Unit rows: Gram matrix the identity less ``B / radius``, with a symmetric sparse
        ``B >= 0`` for each part and ``radius`` its spectral radius, or more for a free part; any
        number of parts, two points or more in all.
    """
    generator = np.random.default_rng(seed)
    for _ in range(num_codes):
        grams = []
        for size in generator.integers(1, 6, size=generator.integers(2, 5)):
            upper = np.triu(generator.uniform(size=(size, size)), 1)
            upper *= generator.random((size, size)) < generator.uniform(0.2, 1)
            negative = upper + upper.T
            radius = max(np.linalg.eigvalsh(negative)[-1], 1e-3)
            slack = 1 if generator.random() < 0.7 else generator.uniform(0.3, 0.95)
            grams.append(np.eye(size) - slack * negative / radius)
        values, vectors = np.linalg.eigh(block_diag(*grams))
        values[values < RANK] = 0
        points = vectors * np.sqrt(values)
        yield points / np.linalg.norm(points, axis=1, keepdims=True)


def dependence(batch):
    """How far rows are from spanning one dimension less, with 0 a positive combination.

    Parameters
    ----------
    batch : ndarray, shape (num_points, dimension)

    Returns
    -------
    float
        0 up to rounding, or at least 1 where the rank is wrong or a weight is not positive.
    """
    values, vectors = np.linalg.eigh(batch @ batch.T)
    weights = vectors[:, 0] * np.sign(vectors[:, 0].sum())
    wrong = abs(int((values > RANK).sum()) - (len(batch) - 1)) + (weights.min() <= 0)
    return float(np.linalg.norm(weights @ batch) + wrong)


def check_least_eigenvector(parts):
    """Look at the least eigenvalue of Gram matrices whose graphs have `parts` components."""
    generator = np.random.default_rng(5)
    smallest, separations = [], []
    for size in (2, 3, 4, 6, 8):
        for _ in range(8):
            blocks = []
            for _ in range(parts):
                weights = np.triu(generator.uniform(0.1, 1, size=(size, size)), 1)
                further = np.triu(np.ones((size, size), dtype=bool), 2)
                weights[further] *= generator.random(further.sum()) < 0.4  # a path stays
                blocks.append(weights + weights.T)
            adjacency = block_diag(*blocks)
            gram = np.eye(len(adjacency)) - 0.9 * adjacency / np.linalg.eigvalsh(adjacency)[-1]
            values, vectors = np.linalg.eigh(gram)
            vector = vectors[:, 0] * np.sign(vectors[:, 0].sum())
            smallest.append(vector.min())
            separations.append(values[1] - values[0])
    return Evidence(
        (
            Measure("least entry of the eigenvector", _rounded(np.min(smallest)), ">=", 1e-6),
            Measure(
                "least distance to the next eigenvalue",
                _rounded(np.min(separations)),
                ">=",
                1e-6,
            ),
        )
    )


def check_batches(defect):
    """Decompose codes and judge every batch by `defect`, a function that ought to be 0."""
    drawn = [
        orthoplex_code((2, 4, 3), free=2, seed=1),
        orthoplex_code((3, 3, 2, 2), dimension=7, seed=2),
        union_of_simplices((1, 2, 3)),
    ]
    crossing, defects, counts, independent = [], [], [], []
    for points in [*obtuse_codes(), *drawn]:
        free, batches = orthogonal_batches(points)
        parts = [list(part) for part in (free, *batches)]
        for place, part in enumerate(parts):
            others = [row for other in parts[place + 1 :] for row in other]
            crossing.append(np.abs(points[part] @ points[others].T).max(initial=0))
        defects += [defect(points[list(batch)]) for batch in batches]
        counts.append(len(batches) - len(points) + np.linalg.matrix_rank(points, tol=1e-5))
        if free:
            independent.append(np.linalg.matrix_rank(points[list(free)], tol=1e-5) - len(free))
    return Evidence(
        (
            Measure("largest product between two parts", np.max(crossing), "<=", 1e-9),
            Measure("number of batches less (points less rank)", np.max(np.abs(counts)), "==", 0),
            Measure("rank that free points lack", np.max(np.abs(independent)), "==", 0),
            Measure("largest defect of a batch", np.max(defects), "<=", 1e-7),
        )
    )


def check_rankin(most):
    """Search for small coherence from d + 2 points on; it must be 0 up to `most(dimension)`."""
    within, attained, beyond = [], [], []
    for dimension in (2, 3, 4):
        for count in range(dimension + 2, 2 * dimension + 3):
            found = [spread_out(count, dimension, seed, (10.0, 100.0)) for seed in range(1)]
            best = min(coherence(points) for points in found)
            if count <= most(dimension):
                within.append(best)
                pairs = np.vstack([np.eye(dimension), -np.eye(dimension)])
                attained.append(coherence(pairs[:count]) if count <= 2 * dimension else best)
            else:
                beyond.append(best)
    return Evidence(
        (
            Measure("least coherence found, up to the limit", np.min(within), ">=", -1e-12),
            Measure("largest coherence of chosen vertices", np.max(attained), "<=", 1e-12),
            Measure("least coherence found beyond the limit", np.min(beyond), ">=", 0.1),
        )
    )


def check_graphs(lost):
    """Turn weighted graphs into codes and back; `lost(parts, tight)` is what the rank lacks."""
    generator = np.random.default_rng(3)
    products, ranks, returned, lengths = [], [], [], []
    for _ in range(40):
        count = int(generator.integers(2, 9))
        upper = np.triu(generator.exponential(size=(count, count)), 1)
        upper *= generator.random((count, count)) < generator.uniform(0.1, 0.9)
        adjacency = upper + upper.T
        leaks = generator.exponential(size=count) * (generator.random(count) < 0.2)
        leaks[adjacency.sum(axis=1) == 0] = 1
        points = graph_code(adjacency, leaks=leaks)
        degrees = adjacency.sum(axis=1) + leaks
        expected = np.eye(count) - adjacency / np.sqrt(np.outer(degrees, degrees))
        products.append(np.abs(gram_matrix(points) - expected).max())
        parts, labels = connected_components(adjacency, directed=False)
        tight = parts - len(set(labels[leaks > 0]))
        rank = np.linalg.matrix_rank(expected, tol=1e-9, hermitian=True)
        ranks.append(abs(count - lost(parts, tight) - rank))
        weights, drains = code_graph(points)
        again = graph_code(weights, leaks=drains)
        returned.append(np.abs(gram_matrix(again) - expected).max())
        for part in set(labels[leaks == 0]) - set(labels[leaks > 0]):
            rows = labels == part
            found, given = weights[np.ix_(rows, rows)], adjacency[np.ix_(rows, rows)]
            lengths.append(np.abs(found / found.sum() - given / given.sum()).max())
    return Evidence(
        (
            Measure("largest error of a product", np.max(products), "<=", 1e-9),
            Measure("largest error of the rank", np.max(ranks), "==", 0),
            Measure("largest change, code to graph and back", np.max(returned), "<=", 1e-9),
            Measure(
                "largest change of shares of weights, graph to code and back",
                np.max(lengths),
                "<=",
                1e-9,
            ),
        )
    )


def gaps(points):
    """Angles between neighbours among the three points orthogonal to an antipodal pair.

    Parameters
    ----------
    points : ndarray, shape (5, 3)

    Returns
    -------
    ndarray, shape (3,), float64
        In degrees, ascending; NaN if there is no such pair.
    """
    gram = gram_matrix(points)
    for row in range(5):
        rest = [k for k in range(5) if abs(gram[row, k]) < 1e-6]
        if gram[row].min() < -1 + 1e-9 and len(rest) == 3:
            basis = np.linalg.svd(points[rest])[2][:2]
            turns = np.sort(np.degrees(np.arctan2(*(points[rest] @ basis.T).T)) % 360)
            return np.sort(np.diff([*turns, turns[0] + 360]))
    return np.full(3, np.nan)


def five_points(first, second):
    """Return the poles and three points of the equator with two given gaps.

    Parameters
    ----------
    first, second : float
        Gaps in degrees; the third is the rest of 360.

    Returns
    -------
    ndarray, shape (5, 3), float64
    """
    turns = np.radians([0, first, first + second])
    equator = np.column_stack([np.cos(turns), np.sin(turns), np.zeros(3)])
    return np.vstack([equator, [[0, 0, 1], [0, 0, -1]]])


def check_five_points(least_gap):
    """Draw codes and measure gaps; draw gaps from `least_gap` to 180 and measure coherence."""
    drawn = [orthoplex_code((2, 3), seed=seed) for seed in range(30)]
    drawn += [orthoplex_code((2, 2), free=1, seed=seed) for seed in range(5)]
    found = np.array([gaps(points) for points in drawn])
    generator = np.random.default_rng(0)
    coherences = [coherence(five_points(least_gap, 180)), coherence(five_points(120, 120))]
    while len(coherences) < 40:
        first, second = generator.uniform(least_gap, 180, size=2)
        if least_gap <= 360 - first - second <= 180:
            coherences.append(coherence(five_points(first, second)))
    return Evidence(
        (
            Measure("least gap of a code, degrees", found.min(), ">=", 90 - 1e-6),
            Measure("largest gap of a code, degrees", found.max(), "<=", 180 + 1e-6),
            Measure("largest coherence with such gaps", np.max(coherences), "<=", 1e-12),
        )
    )


@cache
def searched(count, dimension, num_starts=6, sharpness=1000.0):
    """Search for small coherence from random starts; the batches each search ends in.

    Parameters
    ----------
    count, dimension, num_starts : int
    sharpness : float
        Last inverse temperature; the soft maximum leaves products of the size of
        log(sharpness) / sharpness, and those within four times that count as 0.

    Returns
    -------
    list of (points, free, batches)
    """
    schedule = tuple(10.0**power for power in range(1, round(np.log10(sharpness)) + 1))
    found = []
    for seed in range(num_starts):
        points = spread_out(count, dimension, seed, schedule)
        tolerance = 4 * np.log(sharpness) / sharpness
        found.append((points, *orthogonal_batches(points, tolerance=tolerance)))
    return found


def check_search(count, dimension):
    """Look whether searches end at free points and antipodal pairs."""
    ends, off = [], []
    for points, free, _ in searched(count, dimension):
        ends.append(len(free) > 0)
        sizes = np.abs(gram_matrix(points)[np.triu_indices(count, 1)])
        off.append(np.minimum(sizes, 1 - sizes).max())
    return Evidence(
        (
            Measure("share of searches that end with free points", np.mean(ends), "==", 1),
            Measure("all products within 0.01 of 0 or -1", np.max(off) <= 0.01, "==", 1),
        )
    )


def _rounded(figure):
    """Round a figure that is 0 in the control, where its rounding error would be printed."""
    return round(float(figure), 6) + 0.0


def _not_regular(batch):
    return distance_to_frame(batch, simplex_etf(len(batch)))


CLAIMS = (
    Claim(
        identifier="lem-least-eigenvector",
        page=PAGE,
        statement="If a symmetric matrix has no positive entry off its diagonal and its graph is "
        "connected, its least eigenvalue is simple and has a positive eigenvector.",
        kind="proved",
        source="hornjohnson2013",
        hypotheses="symmetric, off-diagonal entries not positive, graph connected",
        checker=check_least_eigenvector,
        instance=lambda: {"parts": 1},
        control_statement="a graph of two components",
        control=lambda: {"parts": 2},
    ),
    Claim(
        identifier="prop-orthogonal-batches",
        page=PAGE,
        statement="Unit vectors with no positive product fall into mutually orthogonal batches, "
        "each dependent with positive weights and of rank one less than its size, and independent "
        "free points; there are as many batches as points exceed the rank.",
        kind="proved",
        source="king2020, reconstructed from alcala2026; proof here",
        hypotheses="unit vectors, no product positive",
        checker=check_batches,
        instance=lambda: {"defect": dependence},
        control_statement="batches are regular simplices",
        control=lambda: {"defect": _not_regular},
    ),
    Claim(
        identifier="prop-rankin",
        page=PAGE,
        statement="From d + 2 points on the coherence is not negative, and it can be 0 up to 2d "
        "points and no further.",
        kind="proved",
        source="rankin1955",
        hypotheses="d at least 2",
        checker=check_rankin,
        instance=lambda: {"most": lambda dimension: 2 * dimension},
        control_statement="up to 2d + 1 points",
        control=lambda: {"most": lambda dimension: 2 * dimension + 1},
    ),
    Claim(
        identifier="prop-codes-are-graphs",
        page=PAGE,
        statement="Gram matrices of codes without positive product are the normalised Laplacians "
        "of weighted graphs with leaks; batches are the components without leak, and a batch "
        "determines its weights up to scale.",
        kind="proved",
        source="here",
        hypotheses="weights and leaks not negative, degrees positive",
        checker=check_graphs,
        instance=lambda: {"lost": lambda parts, tight: tight},
        control_statement="every component is a batch, leak or not",
        control=lambda: {"lost": lambda parts, tight: parts},
    ),
    Claim(
        identifier="cor-five-points",
        page=PAGE,
        statement="A five-point code of coherence 0 in space is an antipodal pair and three "
        "points of its equator with gaps of 90 to 180 degrees.",
        kind="proved",
        source="here",
        hypotheses="n = 5, d = 3",
        checker=check_five_points,
        instance=lambda: {"least_gap": 90},
        control_statement="gaps of 80 to 180 degrees",
        control=lambda: {"least_gap": 80},
    ),
    Claim(
        identifier="obs-search-pyramid",
        page=PAGE,
        statement="Descent on the soft maximum of the products of five points in space ends at "
        "the square pyramid, from each of six random starts.",
        kind="observed",
        source="here",
        hypotheses="n = 5, d = 3, six starts, inverse temperatures 10, 100, 1000",
        checker=check_search,
        instance=lambda: {"count": 5, "dimension": 3},
        control_statement="six points in four dimensions end with free points each time too",
        control=lambda: {"count": 6, "dimension": 4},
    ),
)
