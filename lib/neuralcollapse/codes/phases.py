r"""Which sizes of simplices have the least loss, at every temperature.

A union of $m=n-d$ orthogonal regular simplices that span $\R^d$ has dimensions
$x_1\ge\dots\ge x_m\ge1$ with sum $d$, and $n$ times its cross-entropy is $\sum_jf_{n,\tau}(x_j)$.
As $f$ is first concave, then convex, a best tuple has ones, at most one part in the concave range
and equal parts, up to one, in the convex range: so few tuples compete, and interval arithmetic
decides between them on whole intervals of temperature.

Tuples may cross three at a time: (3,3,1,1), (3,2,2,1) and (2,2,2,2) differ by one exchange each,
so all three have one loss where $f(3)+f(1)=2f(2)$. A tuple whose counts of parts lie between those
of two others is never better than both, and is left out.
"""

from dataclasses import dataclass
from functools import lru_cache
from math import gcd

import mpmath
from flint import arb, arb_mat

from neuralcollapse.codes import precision
from neuralcollapse.codes.convexity import certified_zero, exact_mpf, lemma15_thresholds
from neuralcollapse.codes.orthoplex import regime
from neuralcollapse.geometry.arrays import as_whole

_MARGIN = 1e-6  # added to the temperatures of Lemma 15 on both sides
_NARROWEST = 1e-12  # an interval of beta on which three tuples cannot be told apart


@dataclass(frozen=True)
class Phase:
    """The temperatures at which one tuple of dimensions is best.

    Attributes
    ----------
    dimensions : tuple of int
        Dimensions of the simplices, descending.
    tau_low, tau_high : mpmath.mpf
        The tuple has the least loss of all for tau_low < temperature < tau_high; 0 and infinity
        at the ends.
    """

    dimensions: tuple[int, ...]
    tau_low: mpmath.mpf
    tau_high: mpmath.mpf


def phase_diagram(num_points, dimension, digits=20):
    r"""The best tuples of dimensions from low to high temperature.

    Parameters
    ----------
    num_points : int
        $n$, from dimension + 2 to 2 dimension: the orthoplex regime.
    dimension : int
        $d$.
    digits : int
        Correct digits of the temperatures between phases, at least 1.

    Returns
    -------
    tuple of Phase
        The first is the low-entropy code, the last the high-entropy code; one phase if the two
        coincide. Interval arithmetic shows that within its phase a tuple beats all others that
        can be best, and that neighbours cross once; a temperature between phases is off by less
        than $10^{-\text{digits}-2}$.

    Raises
    ------
    ValueError
        If an argument is out of range.
    ArithmeticError
        If three tuples cannot be told apart.

    Notes
    -----
    Theorem 12 of [alcala2026], reconstructed, and what lies between its two temperatures.

    Examples
    --------
    A tetrahedron with a pair, then two triangles:

    >>> cold, warm = phase_diagram(6, 4)
    >>> cold.dimensions, mpmath.nstr(cold.tau_high, 10), warm.dimensions
    ((3, 1), '0.5075977269', (2, 2))
    """
    return _diagram(*regime(num_points, dimension), as_whole(digits, "digits", 1))


@lru_cache(maxsize=1024)
def _diagram(num_points, dimension, digits):
    widest = 2 * dimension - num_points + 1
    tuples = _without_mixtures(contenders(num_points, dimension), widest)
    if len(tuples) == 1:
        return (Phase(tuples[0], mpmath.mpf(0), mpmath.inf),)
    with precision.bits(int(3.33 * digits) + 96):
        race = _Race(num_points, tuples, widest)
        winners, edges = race.run(digits)
        temperatures = [mpmath.mpf(0), *(exact_mpf(1 / beta) for beta in edges), mpmath.inf]
    return tuple(
        Phase(tuples[winner], low, high)
        for winner, low, high in zip(winners, temperatures, temperatures[1:], strict=False)
    )


def contenders(num_points, dimension):
    """The tuples that can be best: ones, at most one part more, and larger parts equal up to one.

    Parameters
    ----------
    num_points : int
        From dimension + 2 to 2 dimension.
    dimension : int

    Returns
    -------
    list of tuple of int
        From the least balanced to the most.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Examples
    --------
    >>> contenders(9, 6)
    [(4, 1, 1), (3, 2, 1), (2, 2, 2)]
    """
    num_points, dimension = regime(num_points, dimension)
    parts, found = num_points - dimension, set()
    for ones in range(parts):
        rest, left = parts - ones, dimension - ones
        found.add(_balanced(left, rest) + (1,) * ones)
        for single in range(2, left // rest + 1) if rest > 1 else ():
            found.add((*_balanced(left - single, rest - 1), single) + (1,) * ones)
    return sorted(found, reverse=True)


def _without_mixtures(tuples, widest):
    """Drop what lies between two others: its loss is a weighted mean of theirs."""
    counts = {tuple(t.count(x) for x in range(1, widest + 1)): t for t in tuples}
    rows, mixtures = list(counts), set()
    for place, first in enumerate(rows):
        for second in rows[:place]:
            step = [b - a for a, b in zip(first, second, strict=True)]
            pieces = gcd(*step)
            for k in range(1, pieces):
                between = (a + k * s // pieces for a, s in zip(first, step, strict=True))
                mixtures.add(tuple(between))
    return [counts[row] for row in rows if row not in mixtures]


def _balanced(total, parts):
    quotient, larger = divmod(total, parts)
    return (quotient + 1,) * larger + (quotient,) * (parts - larger)


class _Race:
    """Tuples compared on intervals of beta, in ball arithmetic of the current precision."""

    def __init__(self, num_points, tuples, widest):
        self.num_points, self.widest = num_points, widest
        self.counts = [[t.count(x) for x in range(1, widest + 1)] for t in tuples]

    def run(self, digits):
        """Winners from high to low beta, and the beta between each and the next."""
        convex_from = lemma15_thresholds(self.num_points, 9)[1]
        concave_to = lemma15_thresholds(self.num_points, 9, largest=self.widest)[0]
        ends = float(1 / convex_from) - _MARGIN, float(1 / concave_to) + _MARGIN
        stack, winners, edges = [tuple(map(arb, ends))], [], []
        while stack:
            low, high = stack.pop()
            decided = self._decide(low, high)
            if decided is None:
                if high - low < _NARROWEST:
                    raise ArithmeticError("three tuples cross at one temperature")
                middle = ((low + high) / 2).mid()
                stack += [(low, middle), (middle, high)]  # the upper half comes first
                continue
            upper, lower = decided
            winners += [w for w in (upper,) if not winners]
            if upper != winners[-1]:
                raise ArithmeticError("tuples cross at the end of an interval")
            if lower != upper:
                winners.append(lower)
                edges.append(self._crossing(upper, lower, ((low + high) / 2).mid(), digits))
        return winners, edges

    def _decide(self, low, high):
        """The winners at the upper and lower end of an interval, or None if it is too wide."""
        middle, ball = ((low + high) / 2).mid(), low.union(high)
        reach = ball - middle
        values, slopes, _ = self._losses(middle)
        _, bounds, bends = self._losses(ball)
        table = arb_mat(list(map(list, zip(values, slopes, bounds, bends, strict=True))))
        scores = arb_mat(self.counts) * arb_mat([[v] for v in values])
        best = min(range(len(self.counts)), key=lambda i: float(scores[i, 0].mid()))
        excess = [[a - b for a, b in zip(c, self.counts[best], strict=True)] for c in self.counts]
        ahead = arb_mat(excess) * table
        rivals = [
            i
            for i in range(len(self.counts))
            if i != best
            and not ahead[i, 0] + reach * (ahead[i, 1] + reach * ahead[i, 3] / 2) > 0
            and not ahead[i, 0] + reach * ahead[i, 2] > 0
        ]
        if not rivals:
            return best, best
        if len(rivals) > 1:
            return None
        (rival,) = rivals
        slope = ahead[rival, 1] + reach * ahead[rival, 3]
        if not (slope > 0 or slope < 0):
            return None
        gaps = [self._gap(rival, best, end) for end in (low, high)]
        if not all(gap > 0 or gap < 0 for gap in gaps):
            return None
        return tuple(best if gap > 0 else rival for gap in reversed(gaps))

    def _crossing(self, first, second, start, digits):
        return certified_zero(
            lambda beta: self._gap(first, second, beta),
            lambda beta: self._gap(first, second, beta, order=1),
            start,
            digits,
        )

    def _gap(self, first, second, beta, order=0):
        losses = self._losses(beta)[order]
        pairs = zip(self.counts[first], self.counts[second], losses, strict=True)
        return sum(((a - b) * loss for a, b, loss in pairs if a != b), arb(0))

    def _losses(self, beta):
        """The batch loss and its first two derivatives in beta, at x = 1, ..., widest."""
        outside = (-beta).exp()
        rows = []
        for x in range(1, self.widest + 1):
            power, others = 1 + 1 / arb(x), (self.num_points - 1 - x) * outside
            inside = (-power * beta).exp()
            total = 1 + x * inside + others
            first = -((x + 1) * inside + others) / total
            second = ((x + 1) * power * inside + others) / total - first**2
            rows.append(((x + 1) * total.log(), (x + 1) * first, (x + 1) * second))
        return list(zip(*rows, strict=True))
