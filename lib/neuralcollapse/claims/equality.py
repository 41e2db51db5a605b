"""Claims of the page codes/equality: softmax codes are spherical codes, and what lies near."""

from fractions import Fraction
from functools import cache
from itertools import combinations

import numpy as np

from neuralcollapse.claims.claim import Claim, Evidence, Measure
from neuralcollapse.claims.climbing import climb
from neuralcollapse.claims.searches import random_code
from neuralcollapse.codes import (
    exact_coherence,
    exact_one_vs_rest_distance_squared,
    extremal_code,
    farthest_common_point,
    largest_distance,
    one_vs_rest_distance,
    orthoplex_code,
    stereographic,
)
from neuralcollapse.geometry import coherence, nearest_hull_point, orthoplex, radon_partition
from neuralcollapse.geometry.arrays import as_directions

PAGE = "codes/equality"
SPATIAL = ((3, 5), (3, 6), (4, 6))  # dimension and number of points
SIZES = ((2, 4), *SPATIAL)

FIVE_POINTS = tuple(
    stereographic(parameters, side)
    for parameters, side in (
        (("-1/16", "-7/16"), 1),
        (("-11/16", "9/16"), -1),
        (("-3/16", "1/4"), -1),
        (("1/8", "-1/8"), 1),
        (("5/8", "-5/16"), -1),
    )
)


def _frac(*row):
    return tuple(Fraction(entry) for entry in row)


SIX_POINTS = (
    _frac("12/13", "5/13", 0, 0),
    _frac("12/13", "-5/13", 0, 0),
    _frac("-3/5", 0, "4/5", 0),
    _frac("-3/5", 0, "-4/5", 0),
    _frac("-3/5", 0, 0, "4/5"),
    _frac("-3/5", 0, 0, "-4/5"),
)
FLAT_POINTS = tuple(_frac(*row) for row in orthoplex(3).astype(int).tolist()[:5])


def sum_of_squares(margin, cosine, square):
    """Score of `climb`: margin squared plus cosine squared."""
    return margin**2 + cosine**2, 2 * margin, 2 * cosine, 0


def margin_alone(margin, cosine, square):
    """Score of `climb`: the margin."""
    return margin, 1, 0, 0


def climbs(score, sizes=SIZES, starts=3, seed=0, **options):
    """Climb from random codes of every size and from near an extremal code; yield start, end."""
    generator = np.random.default_rng(seed)
    for dimension, num_points in sizes:
        codes = [random_code(generator, num_points, dimension) for _ in range(starts)]
        if dimension + 2 <= num_points <= 2 * dimension - 2:
            near = extremal_code(0.6, num_points, dimension)
            codes.append(as_directions(near + 0.1 * generator.normal(size=near.shape)))
        for code in codes:
            found = climb(code, score, **options)
            if found is not None:
                yield code, found


def check_radon(extra):
    """Look through all partitions of `dimension + extra` points for one whose hulls meet."""
    generator = np.random.default_rng(0)
    without = 0
    for dimension in (1, 2, 3):
        count = dimension + extra
        times = np.arange(count, dtype=float)[:, None]
        moments = times ** np.arange(1, dimension + 1)  # in general position, convex from d = 2
        for points in (generator.normal(size=(count, dimension)), moments):
            rows = set(range(count))
            parts = (p for size in range(1, count) for p in combinations(range(count), size))
            without += not any(
                farthest_common_point(points[list(p)], points[sorted(rows - set(p))]) is not None
                for p in parts
            )
    return Evidence((Measure("sets of points without a Radon partition", without, "==", 0),))


def check_radon_point(power):
    """Search for codes with a Radon point x and rho^power beyond 1 - |x|^2."""

    def score(margin, cosine, square):
        return margin**power + square, power * margin ** (power - 1), 0, 1

    excess = []
    for _, points in climbs(score, radon="free"):
        point = radon_partition(points).point
        excess.append(one_vs_rest_distance(points) ** power + point @ point - 1)
    generator = np.random.default_rng(1)
    for dimension, num_points in ((2, 6), (3, 8)):  # hulls that meet in more than one point
        points = random_code(generator, num_points, dimension)
        split = radon_partition(points)
        point = farthest_common_point(points[list(split.first)], points[list(split.second)])
        excess.append(one_vs_rest_distance(points) ** power + point @ point - 1)
    return Evidence((Measure("largest excess found by search", np.max(excess), "<=", 1e-9),))


def check_positive_coherence(radon):
    """Search for codes outside the circle, with a Radon point where `radon` says."""
    ends = list(climbs(sum_of_squares, starts=2, radon=radon))
    for cosine in (0.3, 0.6):
        ends += climbs(margin_alone, SPATIAL, starts=4, cosine=cosine, radon=radon)
    kept = [end for start, end in ends if radon != "zero" or _keeps_zero(start, end)]
    spatial = [points for points in kept if points.shape[1] > 2 and coherence(points) > 0.1]
    sums = [coherence(points) ** 2 + one_vs_rest_distance(points) ** 2 for points in kept]
    far = [one_vs_rest_distance(end) for _, end in climbs(margin_alone, starts=1, cosine=0.5)]
    return Evidence(
        (
            Measure("largest rho^2 + mu^2 - 1 found by search", np.max(sums) - 1, "<=", 1e-6),
            Measure("10 codes in space or more kept (1: yes)", len(spatial) >= 10, "==", 1),
            Measure("largest rho found at mu >= 1/2", np.max(far), "<=", 0.95),
        )
    )


def _keeps_zero(start, end):
    """Whether 0 lies in both hulls of the end, parted as the start's Radon partition."""
    split, zero = radon_partition(start), np.zeros(end.shape[1])
    parts = (end[list(part)] for part in (split.first, split.second))
    return all(nearest_hull_point(part, zero).distance < 1e-7 for part in parts)


def check_outside_circle(codes):
    """Compute rho^2 + mu^2 - 1 in rational numbers."""
    excess = []
    for points in codes:
        assert len(points) >= len(points[0]) + 2
        mu = exact_coherence(points)
        excess.append(exact_one_vs_rest_distance_squared(points) + mu * mu - 1)
    return Evidence(
        (
            Measure("codes outside, exactly", sum(e > 0 for e in excess), "==", len(codes)),
            Measure("smallest rho^2 + mu^2 - 1, a rational", float(min(excess)), ">=", 0.01),
        )
    )


def check_equality(extra):
    """Maximise rho for ``dimension + extra(dimension)`` points; compare with orthogonal codes."""
    sizes = tuple((d, d + k) for d in (2, 3, 4, 5) for k in extra(d))
    found = {}
    for _, points in climbs(margin_alone, sizes, starts=4):
        best = found.setdefault(points.shape, points)
        if one_vs_rest_distance(points) > one_vs_rest_distance(best):
            found[points.shape] = points
    ends = {shape: one_vs_rest_distance(points) for shape, points in found.items()}
    acute = sum(
        ends[shape] > 1 - 1e-9 and coherence(points) > 0.02 for shape, points in found.items()
    )
    generator = np.random.default_rng(0)
    batches = [
        abs(one_vs_rest_distance(orthoplex_code(sizes, seed=generator)) - 1)
        for sizes in ((2, 2), (2, 3), (3, 3), (2, 2, 4), (3, 4, 5))
    ]
    return Evidence(
        (
            Measure("largest rho - 1 found by search", max(ends.values()) - 1, "<=", 1e-9),
            Measure("1 - rho of the worst size", 1 - min(ends.values()), "<=", 1e-6),
            Measure("sizes where rho = 1 and mu > 0.02", acute, "==", 0),  # mu^4 / 4 > 1e-9
            Measure("largest |rho - 1| of random orthogonal batches", max(batches), "<=", 1e-12),
        )
    )


def check_tradeoff(bound):
    """Search for codes beyond `bound(coherence)`, and compare it with the extremal codes."""
    excess, short = [], []
    for cosine in (0.2, 0.5, 0.8):
        for _, points in climbs(margin_alone, (*SIZES, (2, 5), (3, 7)), starts=1, cosine=cosine):
            excess.append(one_vs_rest_distance(points) - bound(coherence(points)))
    for _, points in climbs(margin_alone, ((3, 5), (3, 6)), starts=3, cosine=0.5):
        short.append(bound(0.5) - one_vs_rest_distance(points))
    gaps = [
        abs(one_vs_rest_distance(extremal_code(cosine, n, d)) - bound(cosine))
        for cosine in (0.05, 0.3, 0.6, 0.95)
        for d in (4, 5, 6)
        for n in range(d + 2, 2 * d - 1)
    ]
    return Evidence(
        (
            Measure("largest excess found by search", np.max(excess), "<=", 1e-9),
            Measure("largest gap of the extremal codes", np.max(gaps), "<=", 1e-12),
            Measure("least shortfall for n = 2d - 1, 2d, d = 3, mu = 1/2", min(short), ">=", 0.03),
        )
    )


def check_blind(sampled, climbed):
    """Look for places outside the circle among those of samples and of ends of climbs."""
    outside = [bool(((places**2).sum(axis=1) > 1 + 1e-6).any()) for places in (sampled, climbed)]
    return Evidence(
        (
            Measure("some sample lies outside the circle (1: yes)", outside[0], "==", 0),
            Measure("some climb ends outside (1: yes)", outside[1], "==", 1),
        )
    )


def places(codes):
    """Coherence and one-vs-rest distance of codes, a row each."""
    return np.array([(coherence(points), one_vs_rest_distance(points)) for points in codes])


@cache
def sampled(num_draws):
    """Places of random codes of five points in space, drawn one after the other."""
    return places(_draws(num_draws, 3, 5))


@cache
def climbed(num_draws, dimension=3, num_points=5):
    """Places to which climbs from random codes lead, two points held at one of nine cosines."""
    ends = (
        climb(points, margin_alone, cosine=0.1 + 0.1 * (place % 9))
        for place, points in enumerate(_draws(num_draws, dimension, num_points))
    )
    return places(points for points in ends if points is not None)


def _draws(num_draws, dimension, num_points):
    generator = np.random.default_rng(0)
    return [random_code(generator, num_points, dimension) for _ in range(num_draws)]


CLAIMS = (
    Claim(
        identifier="thm-radon",
        page=PAGE,
        statement="Any d + 2 points in d dimensions split into two parts whose hulls meet.",
        kind="proved",
        source="radon1921",
        hypotheses="at least d + 2 points",
        checker=check_radon,
        instance=lambda: {"extra": 2},
        control_statement="d + 1 points",
        control=lambda: {"extra": 1},
    ),
    Claim(
        identifier="lem-radon-point",
        page=PAGE,
        statement="If the hulls of two parts of a code meet in x, then rho^2 <= 1 - |x|^2.",
        kind="proved",
        source="here, after alcala2026",
        hypotheses="unit vectors, a partition into two parts, any common point x",
        checker=check_radon_point,
        instance=lambda: {"power": 2},
        control_statement="without the square, rho <= 1 - |x|^2",
        control=lambda: {"power": 1},
    ),
    Claim(
        identifier="lem-positive-coherence",
        page=PAGE,
        statement="A code of at least d + 2 points with mu > 0 has rho < 1; if 0 lies in the hulls "
        "of both parts of a partition, then rho^2 + mu^2 <= 1.",
        kind="proved",
        source="here, after alcala2026",
        hypotheses="n >= d + 2; for the second part 0 is a Radon point",
        checker=check_positive_coherence,
        instance=lambda: {"radon": "zero"},
        control_statement="rho^2 + mu^2 <= 1 wherever the Radon point is",
        control=lambda: {"radon": None},
    ),
    Claim(
        identifier="thm-softmax-spherical",
        page=PAGE,
        statement="For d + 2 <= n <= 2d every code has rho <= 1, with equality just for mu = 0.",
        kind="proved",
        source="here, after alcala2026",
        hypotheses="d + 2 <= n <= 2d",
        checker=check_equality,
        instance=lambda: {"extra": lambda d: sorted({2, d})},
        control_statement="the same for n = 2d + 1",
        control=lambda: {"extra": lambda d: [d + 1]},
    ),
    Claim(
        identifier="prop-circle-fails",
        page=PAGE,
        statement="Five points in three dimensions and six in four, all rational, have "
        "rho^2 + mu^2 > 1.",
        kind="symbolic",
        source="here",
        hypotheses="",
        checker=check_outside_circle,
        instance=lambda: {"codes": (FIVE_POINTS, SIX_POINTS)},
        control_statement="five vertices of an orthoplex",
        control=lambda: {"codes": (FLAT_POINTS,)},
    ),
    Claim(
        identifier="obs-blind-sampling",
        page=PAGE,
        statement="None of 1,000 random codes of five points in three dimensions lies outside the "
        "circle; some of 18 climbs that start at the first of them end there.",
        kind="observed",
        source="here",
        hypotheses="one seed",
        checker=check_blind,
        instance=lambda: {"sampled": sampled(1000), "climbed": climbed(18)},
        control_statement="climbing is as blind as sampling: no climbed code lies outside",
        control=lambda: {"sampled": climbed(18), "climbed": climbed(18)},
    ),
    Claim(
        identifier="thm-coherence-distance",
        page=PAGE,
        statement="A code of at least d + 2 points with 0 < mu < 1 has rho^2 <= 1 - s(mu)^2, and "
        "some attain it just for d + 2 <= n <= 2d - 2.",
        kind="proved",
        source="here",
        hypotheses="n >= d + 2, 0 < mu < 1",
        checker=check_tradeoff,
        instance=lambda: {"bound": largest_distance},
        control_statement="the circle, rho^2 <= 1 - mu^2",
        control=lambda: {"bound": lambda cosine: np.sqrt(1 - cosine**2)},
    ),
)
