"""Claims of the page codes/atlas: what holds of every code in it."""

from functools import cache

import numpy as np

from neuralcollapse.claims.claim import Claim, Evidence, Measure
from neuralcollapse.codes import (
    Code,
    certify,
    coherence_bound,
    one_vs_rest_distance,
    softmax_code,
    spherical_code,
)
from neuralcollapse.codes.atlas import read_atlas
from neuralcollapse.geometry import nearest_hull_point
from neuralcollapse.geometry.sphere import tangent_bases

PAGE = "codes/atlas"
_EXACT = {
    # (dimension, num_points): coefficients of the minimal polynomial of the coherence
    (3, 7): (3, -9, -3, 1),
    (3, 8): (7, 2, -1),
    (3, 9): (3, -1),
    (3, 10): (7, -4, -2, 1),
    (3, 11): (5, 0, -1),
    (3, 12): (5, 0, -1),
    (3, 14): (4, -2, 3, 0, -1),
    (3, 24): (7, 1, -3, -1),
    (4, 10): (6, -1),
    (4, 24): (2, -1),
    (5, 16): (5, -1),
    (6, 27): (4, -1),
}
_SAMPLED = ((2, 7), (3, 7), (3, 13), (3, 24), (4, 10), (4, 16), (5, 16), (6, 14), (7, 17), (8, 18))


_read = cache(read_atlas)


def stored():
    """The codes of the atlas, without their headers."""
    return {key: code for key, (code, _) in _read().items()}


def stationarity(code):
    """Distance from 0 to the hull of the gradients of the contacts' cosines, by Wolfe's method."""
    points = code.points
    bases = tangent_bases(points)
    gradients = np.zeros((len(code.contacts), len(points), points.shape[1] - 1))
    for row, (i, j) in enumerate(code.contacts):
        gradients[row, i] = points[j] @ bases[i]
        gradients[row, j] = points[i] @ bases[j]
    flat = gradients.reshape(len(gradients), -1)
    return nearest_hull_point(flat, np.zeros(flat.shape[1])).distance


def check_stationary(codes, sampled):
    """Compare distance with coherence for all codes, and look for multipliers of some."""
    gaps = [code.one_vs_rest_distance - (1 - code.coherence) for code in codes.values()]
    residuals = [stationarity(codes[key]) for key in sampled]
    return Evidence(
        (
            Measure(
                f"largest gap of distance and one minus coherence, {len(codes)} codes",
                np.max(np.abs(gaps)),
                "<=",
                1e-12,
            ),
            Measure(
                f"least combination of contact gradients, worst of {len(residuals)}",
                np.max(residuals),
                "<=",
                1e-12,
            ),
        )
    )


def nudged():
    """The codes of the atlas with each point moved by about a thousandth."""
    generator = np.random.default_rng(0)
    moved = {}
    for key in _SAMPLED:
        points = stored()[key].points + 1e-3 * generator.normal(size=key[::-1])
        moved[key] = Code.of(points / np.linalg.norm(points, axis=1, keepdims=True))
    return moved


def check_exact(coherences):
    """Compare coherences with roots of the polynomials proved or published for these sizes."""
    gaps = []
    for key, coefficients in _EXACT.items():
        roots = np.roots(coefficients)
        real = roots[np.abs(roots.imag) < 1e-9].real
        gaps.append(np.abs(real - coherences[key]).min())
    return Evidence(
        (Measure(f"largest distance from a root, {len(gaps)} sizes", np.max(gaps), "<=", 1e-12),)
    )


def check_solvers(first, second):
    """Compare one minus the coherence of some codes with the distances of others."""
    gaps = [abs(1 - first[key] - second[key]) for key in first]
    return Evidence(
        (Measure(f"largest gap between the solvers, {len(gaps)} sizes", np.max(gaps), "<=", 1e-9),)
    )


def solved():
    """Stored results of both solvers up to 16 points, and fresh ones of a few sizes."""
    compared = {
        key: float(header["softmax_code_distance"])
        for key, (_, header) in _read().items()
        if "softmax_code_distance" in header
    }
    first = {key: stored()[key].coherence for key in compared}
    for dimension, num_points in ((2, 5), (3, 7)):
        size = num_points, dimension
        first["now", size] = spherical_code(*size, starts=8).coherence
        compared["now", size] = softmax_code(*size, starts=8).one_vs_rest_distance
    return {"first": first, "second": compared}


def random_codes():
    """Random codes: their coherence, and their own distance."""
    generator = np.random.default_rng(0)
    first, second = {}, {}
    for dimension, num_points in _SAMPLED:
        points = generator.normal(size=(num_points, dimension))
        points /= np.linalg.norm(points, axis=1, keepdims=True)
        first[dimension, num_points] = Code.of(points).coherence
        second[dimension, num_points] = one_vs_rest_distance(points)
    return {"first": first, "second": second}


def check_enclosed(sizes):
    """Certify codes of the atlas from above and all codes of their sizes from below."""
    widths = []
    for dimension, num_points in sizes:
        certificate = certify(stored()[dimension, num_points])
        certificate.check()
        bound = coherence_bound(num_points, dimension)
        bound.check()
        widths.append(certificate.coherence - bound.value)
    return Evidence(
        (
            Measure("least coherence enclosed to", float(max(widths)), "<=", 1e-9),
            Measure("and no interval is empty", min(widths) > 0, "==", 1),
        )
    )


CLAIMS = (
    Claim(
        identifier="prop-polynomial-bound",
        page=PAGE,
        statement="Fractions alone enclose the least coherence of 16 points in five dimensions and "
        "of 27 in six to nine digits.",
        kind="certified",
        source="delsarte1977",
        hypotheses="addition theorem of spherical harmonics",
        control_statement="so do they for every size whose best code is proved, 24 points in space",
        checker=check_enclosed,
        instance=lambda: {"sizes": ((5, 16), (6, 27))},
        control=lambda: {"sizes": ((5, 16), (3, 24))},
    ),
    Claim(
        identifier="obs-atlas-stationary",
        page=PAGE,
        statement="Every code of the atlas has one-vs-rest distance one minus its coherence; on "
        "ten of them the contacts balance.",
        kind="numerical",
        source="here",
        hypotheses="the stored codes, d = 2 to 8, n = d+2 to 32; balance on ten of them",
        control_statement="codes a thousandth away do so too",
        checker=check_stationary,
        instance=lambda: {"codes": stored(), "sampled": _SAMPLED},
        control=lambda: {"codes": nudged(), "sampled": _SAMPLED},
    ),
    Claim(
        identifier="obs-atlas-exact",
        page=PAGE,
        statement="Twelve coherences of the atlas are roots of twelve short polynomials, to twelve "
        "digits.",
        kind="numerical",
        source="here",
        hypotheses="polynomials as the check lists them; few compared with a published table",
        control_statement="one point fewer gives the same coherence",
        checker=check_exact,
        instance=lambda: {"coherences": {key: stored()[key].coherence for key in _EXACT}},
        control=lambda: {
            "coherences": {(d, n): stored()[d, n - 1].coherence for d, n in _EXACT if n > d + 2}
        },
    ),
    Claim(
        identifier="obs-atlas-solvers",
        page=PAGE,
        statement="A solver that never sees coherence reaches one minus the coherence of the "
        "atlas, up to 16 points.",
        kind="numerical",
        source="here",
        hypotheses="about 1,024 random starts of each solver a round; two sizes solved afresh",
        control_statement="distance is one minus coherence for any code",
        checker=check_solvers,
        instance=solved,
        control=random_codes,
    ),
)
