"""The batch loss and its thresholds: closed forms, independent mpmath, laws, bad input."""

import itertools
from fractions import Fraction

import mpmath
import numpy as np
import pytest
import sympy
from flint import arb
from scipy.linalg import block_diag

from neuralcollapse import codes
from neuralcollapse.codes.convexity import certified_zero, curvature, curvature_slopes
from neuralcollapse.geometry import simplex_etf


def exact_loss(num_points, temperature, x):
    """The formula, term by term, in fifty digits."""
    with mpmath.workdps(50):
        n, tau, x = (mpmath.mpf(v) for v in (num_points, temperature, x))
        inside = x * mpmath.exp(-(1 + 1 / x) / tau) + (n - 1 - x) * mpmath.exp(-1 / tau)
        return (x + 1) * mpmath.log1p(inside)


@pytest.mark.parametrize("temperature", [0.0015, 0.01, 0.1, 0.5, 1.0, 30.0])
@pytest.mark.parametrize(("num_points", "x"), [(4, 1), (4, 3), (9, 2.5), (9, 8), (1000, 0.1)])
def test_the_batch_loss_against_fifty_digits(num_points, temperature, x):
    got = codes.batch_loss(num_points, temperature, x)
    expected = float(exact_loss(num_points, temperature, x))
    assert got == pytest.approx(expected, rel=4e-16 * (4 + 2 / temperature), abs=1e-320)


def test_the_batch_loss_broadcasts():
    got = codes.batch_loss([[4], [5]], 0.5, [1, 2, 2.5])
    assert got.shape == (2, 3)
    assert got[1, 2] == codes.batch_loss(5, 0.5, 2.5)


@pytest.mark.parametrize("dimensions", [(1, 1), (2, 1), (3, 1), (2, 2), (4, 2, 1)])
@pytest.mark.parametrize("temperature", [0.02, 0.5, 3.0])
def test_batches_add_up_to_the_cross_entropy(dimensions, temperature):
    points = block_diag(*(simplex_etf(x + 1, x) for x in dimensions))
    n = len(points)
    summed = codes.batch_loss(n, temperature, dimensions).sum()
    entropy = codes.cross_entropy(points, points, temperature)
    assert summed == pytest.approx(n * entropy, rel=1e-12)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((1, 0.5, 0.5), "num_points"),
        ((4.5, 0.5, 1), "num_points"),
        ((4, 0.0, 1), "temperature"),
        ((4, -1.0, 1), "temperature"),
        ((4, np.nan, 1), "temperature"),
        ((4, np.inf, 1), "temperature"),
        ((4, 0.5, 0), "dim"),
        ((4, 0.5, 3.1), "dim"),
        ((4, 0.5, np.nan), "dim"),
    ],
)
def test_a_batch_loss_out_of_range(arguments, words):
    with pytest.raises(ValueError, match=words):
        codes.batch_loss(*arguments)


def elementary_sign(n, x, beta):
    """S of the second derivative f'' = q S / G, from first and second derivatives of G."""
    q, u = mpmath.exp(-beta), beta / x
    area = 1 - (1 + u) * mpmath.exp(-u)
    total = 1 + (n - 1) * q + x * q * (mpmath.exp(-u) - 1)
    return (1 + 1 / x) * u**2 * mpmath.exp(-u) - 2 * area - (x + 1) * q / total * area**2


@pytest.mark.parametrize(("n", "largest"), [(4, 3), (5, 4), (5, 2), (8, 5), (26, 23), (400, 399)])
def test_thresholds_against_an_independent_root(n, largest):
    low, high = codes.lemma15_thresholds(n, 40, largest=largest)
    with mpmath.workdps(60):
        for tau, x in ((low, largest), (high, 1)):
            root = mpmath.findroot(lambda b, x=x: elementary_sign(n, mpmath.mpf(x), b), (1.6, 3.05))
            assert abs(1 / root - tau) < mpmath.mpf(10) ** -42


@pytest.mark.parametrize(
    ("n", "largest", "low", "high"),
    [
        (4, None, "0.460840418212409", "0.607371901283029"),
        (5, None, "0.436728754051306", "0.601127967732128"),
        (5, 2, "0.493940081585725", "0.601127967732128"),
        (8, None, "0.402712734120549", "0.589464230220163"),
    ],
)
def test_thresholds_known_before(n, largest, low, high):
    found = codes.lemma15_thresholds(n, 15, largest=largest)
    assert [mpmath.nstr(tau, 15) for tau in found] == [low, high]


@pytest.mark.parametrize("n", [4, 6, 13, 50])
def test_the_second_difference_changes_sign_at_the_thresholds(n):
    low, high = (float(tau) for tau in codes.lemma15_thresholds(n, 15))
    x = np.linspace(1.01, n - 1.01, 400)
    for tau, sign in ((low - 1e-3, -1), (high + 1e-3, 1)):
        bend = sum(w * codes.batch_loss(n, tau, x + h) for w, h in ((1, -0.01), (-2, 0), (1, 0.01)))
        assert np.all(sign * bend > 0)
    for tau, edge, sign in ((low + 1e-3, n - 1.01, -1), (high - 1e-3, 1.01, 1)):
        bend = sum(
            w * codes.batch_loss(n, tau, edge + h) for w, h in ((1, -0.01), (-2, 0), (1, 0.01))
        )
        assert sign * bend < 0 or abs(bend) < 1e-7


def test_more_digits_agree_with_fewer():
    short, long = codes.lemma15_thresholds(9, 12), codes.lemma15_thresholds(9, 90)
    assert all(abs(a - b) < mpmath.mpf(10) ** -14 for a, b in zip(short, long, strict=True))


def test_numbers_of_numpy_and_fractions_are_taken():
    plain = codes.lemma15_thresholds(6, 9, largest=2.5)
    exotic = codes.lemma15_thresholds(np.int64(6), np.int64(9), largest=Fraction(5, 2))
    assert plain == exotic == codes.lemma15_thresholds(6, 9, largest=np.float64(2.5))
    for largest in (np.float32(2.5), mpmath.mpf("2.5")):
        assert plain == codes.lemma15_thresholds(6, 9, largest=largest)


def test_an_end_in_many_digits_is_not_rounded():
    with mpmath.workdps(40):
        end = mpmath.mpf(5) / 2 + mpmath.mpf(10) ** -30
        low = codes.lemma15_thresholds(6, 40, largest=end)[0]
        plain = codes.lemma15_thresholds(6, 40, largest=2.5)[0]
        assert 0 < plain - low < mpmath.mpf(10) ** -30


@pytest.mark.parametrize(
    ("arguments", "options", "words"),
    [
        ((3,), {}, "num_points"),
        ((4.5,), {}, "num_points"),
        ((np.inf,), {}, "num_points: expected a whole number from 4 on, got inf"),
        ((np.nan,), {}, "num_points"),
        ((4, np.nan), {}, "digits"),
        ((6,), {"largest": 1}, "an interval that begins at 1"),
        ((6,), {"largest": np.nan}, "largest"),
        ((4, 0), {}, "digits"),
        ((4, 2.5), {}, "digits"),
        ((4,), {"largest": 0.5}, "largest"),
        ((4,), {"largest": 3.5}, "largest"),
    ],
)
def test_thresholds_out_of_range(arguments, options, words):
    with pytest.raises(ValueError, match=words):
        codes.lemma15_thresholds(*arguments, **options)


def test_the_sign_function_is_the_second_derivative():
    n, x, beta = sympy.symbols("n x beta", positive=True)
    inside = x * sympy.exp(-(1 + 1 / x) * beta) + (n - 1 - x) * sympy.exp(-beta)
    second = sympy.diff((x + 1) * sympy.log(1 + inside), x, 2)
    for count, place, inverse in itertools.product((4, 11), (1, 2.5, 3), (0.3, 1.7, 2.9)):
        exact = second.subs({n: count, x: sympy.Rational(place), beta: sympy.Rational(inverse)})
        exact = exact.evalf(30)
        u = inverse / place
        sign = curvature(arb(1) / place, arb(inverse), 1 / arb(count - 1))
        scale = np.exp(inverse) + count - 1 + place * (np.exp(-u) - 1)
        got = inverse**2 * np.exp(-u) / (place**3 * scale) * float(sign.mid())
        assert got == pytest.approx(float(exact), rel=1e-12)


def test_slopes_against_differences():
    h = arb(2) ** -20
    for ratio, beta, share in itertools.product((0.1, 0.7), (0.8, 2.5), (0.05, 0.3)):
        r, b, s = arb(ratio), arb(beta), arb(share)
        along_ratio, along_beta = curvature_slopes(r, b, s)
        difference = (curvature(r + h, b, s) - curvature(r - h, b, s)) / (2 * h) / b**2
        assert abs(float((difference - along_ratio).mid())) < 1e-8
        difference = (curvature(r, b + h, s) - curvature(r, b - h, s)) / (2 * h)
        assert abs(float((difference - along_beta).mid())) < 1e-8


def test_balls_enclose_what_they_hold():
    rng = np.random.default_rng(0)
    for _ in range(50):
        low = rng.uniform(0, [0.9, 2.8, 0.3])
        high = low + rng.uniform(0, [0.1, 0.2, 0.03])
        inner = [arb(float(v)) for v in rng.uniform(low, high)]
        balls = [arb(float(a)).union(arb(float(b))) for a, b in zip(low, high, strict=True)]
        assert curvature(*balls).contains(curvature(*inner).mid())
        for wide, thin in zip(curvature_slopes(*balls), curvature_slopes(*inner), strict=True):
            assert wide.contains(thin.mid())


def test_no_zero_is_certified_where_there_is_none():
    with pytest.raises(ArithmeticError, match="no change of sign"):
        certified_zero(lambda t: t * t, lambda t: 2 * t + 1, arb(1), 5)
