r"""What no code can beat: lower bounds of the coherence, proved.

Four arguments are tried and the best bound is kept.

- *circle*: of $n$ arcs around a circle one is at most $2\pi/n$.
- *simplex*: $0\le\|\sum_iw_i\|^2\le n+n(n-1)\mu$; and *rankin*: $\mu\ge0$ from $d+2$ points on
  [rankin1955].
- *triangles*: on the sphere in space, $\mu\ge\tfrac12(\cot^2\omega-1)$ with
  $\omega=\frac{n}{n-2}\frac\pi6$ [fejestoth1943].
- *polynomial*: let $f(t)=\sum_kf_kP_k(t)$ with $P_k$ the Gegenbauer polynomials of the dimension,
  $f_k\ge0$, and $f\le0$ on $[-1,s]$. Since $\sum_{ij}P_k(\langle w_i,w_j\rangle)\ge0$, a code of
  coherence at most $s$ has $f_0n^2\le nf(1)$ [delsarte1977]. Where $f_0n>f(1)$, every code has
  coherence above $s$. The polynomials are Levenshtein's [levenshtein1992],
  $(t-s)(t+1)^\varepsilon\prod_i(t-b_i)^2$ with $\varepsilon\in\{0,1\}$, whose sign is plain; their
  roots are rounded, and the coefficients are then computed in fractions.
"""

from dataclasses import dataclass
from fractions import Fraction
from operator import index

import numpy as np
from flint import arb, fmpq
from scipy.special import eval_jacobi, roots_jacobi

from neuralcollapse.codes import precision

_BITS = 48  # roots are rounded to multiples of 2**-48
_DEGREES = 12  # of Levenshtein's polynomials; more help where points are many
_HALVINGS = 60


@dataclass(frozen=True)
class CoherenceBound:
    r"""A lower bound of the coherence of all codes of a size, with its proof.

    Attributes
    ----------
    num_points, dimension : int
    value : Fraction
        No code has a smaller coherence; irrational bounds are rounded down.
    argument : {"circle", "simplex", "rankin", "triangles", "polynomial"}
    roots : tuple of Fraction
        Double roots $b_i$ of the polynomial, empty for other arguments.
    antipode : bool
        Whether the polynomial has the factor $t+1$.
    """

    num_points: int
    dimension: int
    value: Fraction
    argument: str
    roots: tuple[Fraction, ...] = ()
    antipode: bool = False

    def check(self):
        """Prove the bound anew.

        Raises
        ------
        ValueError
            If it is not proved.
        """
        if self.num_points < 2 or self.dimension < 2 or not _proved(self):
            raise ValueError(f"bound: the argument {self.argument!r} does not prove {self}")


def coherence_bound(num_points, dimension):
    r"""A number that the coherence of no code is below.

    Parameters
    ----------
    num_points : int
        At least 2.
    dimension : int
        At least 2.

    Returns
    -------
    CoherenceBound
        Checked. One minus its value bounds the largest $\min_{i\ne j}(1-\langle w_i,w_j\rangle)$
        from above.

    Raises
    ------
    ValueError
        If an argument is too small.

    Examples
    --------
    >>> bound = coherence_bound(4, 3)
    >>> bound.value, bound.argument
    (Fraction(-1, 3), 'simplex')
    >>> coherence_bound(16, 5).value > Fraction(1, 5) - Fraction(1, 10**9)
    True
    """
    num_points, dimension = index(num_points), index(dimension)
    if num_points < 2:
        raise ValueError(f"num_points: a code needs at least 2 points, got {num_points}")
    if dimension < 2:
        raise ValueError(f"dimension: expected at least 2, got {dimension}")
    simple = num_points <= dimension + 1
    bounds = [
        CoherenceBound(
            num_points,
            dimension,
            Fraction(-1, num_points - 1) if simple else Fraction(0),
            "simplex" if simple else "rankin",
        )
    ]
    if dimension == 2 and not simple:
        bounds.append(_irrational(num_points, dimension, "circle"))
    if dimension == 3 and not simple:
        bounds.append(_irrational(num_points, dimension, "triangles"))
    if dimension >= 3 and num_points > 2 * dimension:
        bounds += _polynomials(num_points, dimension)
    best = max(bounds, key=lambda bound: bound.value)
    best.check()
    return best


def gegenbauer_coefficients(polynomial, dimension):
    r"""Expand a polynomial in the Gegenbauer polynomials of a sphere.

    Parameters
    ----------
    polynomial : sequence of Fraction or int
        Coefficients, lowest power first.
    dimension : int
        At least 2; $P_k(1)=1$ and
        $(k+d-2)P_{k+1}(t)=(2k+d-2)\,t\,P_k(t)-k\,P_{k-1}(t)$.

    Returns
    -------
    list of Fraction
        $f_0,f_1,\dots$

    Examples
    --------
    >>> gegenbauer_coefficients([0, 0, 1], 3)
    [Fraction(1, 3), Fraction(0, 1), Fraction(2, 3)]
    """
    basis = [[Fraction(1)], [Fraction(0), Fraction(1)]]
    for k in range(1, len(polynomial) - 1):
        shifted = [Fraction(0), *((2 * k + dimension - 2) * c for c in basis[k])]
        for power, c in enumerate(basis[k - 1]):
            shifted[power] -= k * c
        basis.append([c / (k + dimension - 2) for c in shifted])
    rest, found = [Fraction(c) for c in polynomial], []
    for k in reversed(range(len(polynomial))):
        found.append(rest[k] / basis[k][k])
        for power, c in enumerate(basis[k]):
            rest[power] -= found[-1] * c
    return found[::-1]


def _proved(bound):
    n, d, value = bound.num_points, bound.dimension, bound.value
    if bound.argument == "simplex":
        return value <= Fraction(-1, n - 1)
    if bound.argument == "rankin":
        return value <= 0 and n >= d + 2
    if bound.argument == "polynomial":
        factors = [-value, *((Fraction(1),) if bound.antipode else ())]
        factors += [-root for root in bound.roots for _ in range(2)]
        polynomial = [Fraction(1)]
        for constant in factors:  # times t + constant
            raised, scaled = [Fraction(0), *polynomial], [constant * c for c in polynomial]
            polynomial = [a + b for a, b in zip(raised, [*scaled, Fraction(0)], strict=True)]
        first, *others = gegenbauer_coefficients(polynomial, d)
        return -1 <= value < 1 and first * n > sum(polynomial) and min(others) >= 0
    if (bound.argument, d) in (("circle", 2), ("triangles", 3)) and n >= 3:
        return bool(
            _closed_form(n, bound.argument) >= arb(fmpq(value.numerator, value.denominator))
        )
    return False


def _closed_form(num_points, argument):
    with precision.bits(200):
        if argument == "circle":
            return arb.cos_pi(arb(2) / num_points)
        angle = arb(num_points) / (6 * (num_points - 2))  # over pi
        return (arb.cot_pi(angle) ** 2 - 1) / 2


def _irrational(num_points, dimension, argument):
    scaled = float(_closed_form(num_points, argument).mid()) * 2**_BITS
    value = Fraction(int(np.floor(scaled)) - 1, 2**_BITS)
    return CoherenceBound(num_points, dimension, value, argument)


def _polynomials(num_points, dimension):
    """The bound of each of Levenshtein's polynomials that passes the check."""
    found = []
    for degree in range(2, _DEGREES + 1):
        antipode = degree % 2 == 0
        size = degree // 2 + (not antipode)  # roots besides -1, the coherence among them
        least = low = _largest_root(size - 1, dimension, antipode)
        high = _largest_root(size, dimension, antipode)
        for _ in range(_HALVINGS):
            middle = (low + high) / 2
            if _most_points(middle, size, dimension, antipode) < num_points:
                low = middle
            else:
                high = middle
        if low < least + 1e-9:  # so few points are bounded by a smaller degree
            break
        roots = tuple(_fraction(b) for b in _other_roots(low, size, dimension, antipode))
        for bits in range(0, 25, 2):  # below the limit, where rounded roots suffice
            value = _fraction(low) - Fraction(2**bits, 2**_BITS)
            bound = CoherenceBound(num_points, dimension, value, "polynomial", roots, antipode)
            if _proved(bound):
                found.append(bound)
                break
    return found


def _exponents(dimension, antipode):
    return (dimension - 1) / 2, (dimension - 3) / 2 + antipode


def _largest_root(size, dimension, antipode):
    return roots_jacobi(size, *_exponents(dimension, antipode))[0].max() if size else -1.0


def _other_roots(coherence, size, dimension, antipode):
    """Roots of the kernel polynomial: with the coherence, the nodes of a quadrature."""
    if size == 1:
        return np.array([])
    weight = _exponents(dimension, antipode)
    nodes = np.cos(np.linspace(np.pi, 0, size + 1))
    values = eval_jacobi(size, *weight, nodes) * eval_jacobi(size - 1, *weight, coherence)
    values -= eval_jacobi(size, *weight, coherence) * eval_jacobi(size - 1, *weight, nodes)
    roots = np.polynomial.Polynomial.fit(nodes, values, size, domain=[-1, 1]).roots().real
    return np.delete(roots, np.abs(roots - coherence).argmin())


def _most_points(coherence, size, dimension, antipode):
    """How many points the polynomial allows at a coherence, f(1) / f_0."""
    roots = _other_roots(coherence, size, dimension, antipode)
    nodes, weights = roots_jacobi(size + 2, (dimension - 3) / 2, (dimension - 3) / 2)

    def polynomial(t):
        square = np.prod([(t - b) ** 2 for b in roots], axis=0) if len(roots) else 1.0
        return (t - coherence) * (t + 1) ** antipode * square

    mean = weights @ polynomial(nodes) / weights.sum()
    return polynomial(1.0) / mean if mean > 0 else np.inf


def _fraction(value):
    return Fraction(round(float(value) * 2**_BITS), 2**_BITS)
