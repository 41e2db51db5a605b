r"""Characters of the cyclic group, and how the energy of a code divides among them.

The characters of $\mathbb Z_P$ are $\chi_f(k)=e^{2\pi ifk/P}$, $f=0,\dots,P-1$; they turn addition
modulo P into multiplication, $\chi_f(a+b)=\chi_f(a)\chi_f(b)$. A table $X$ with one row a class has
the transform $\hat X(f)=\sum_kx_k\overline{\chi_f(k)}$. Since X is real, f and P - f carry the same
energy and are folded into one frequency in $0,\dots,\lfloor P/2\rfloor$: 0 is the mean row, the
frequencies strictly between 0 and P/2 are circles or ellipses, and P/2 is the sign $(-1)^k$.
"""

from math import gcd

import numpy as np

from neuralcollapse.geometry.arrays import DegenerateGeometryError, as_number, as_points, as_whole

ROUNDING = 1e-12  # relative size below which a remainder of a subtraction is rounding
TIE = 1e-9  # shares of energy this close count as equal, so that rounding chooses nothing


def characters(modulus, frequencies=None):
    r"""Complex characters of the integers modulo P.

    Parameters
    ----------
    modulus : int
        P, at least 1.
    frequencies : array_like of int, shape (num_frequencies,), optional
        Taken modulo P; all of $0,\dots,P-1$ unless given.

    Returns
    -------
    ndarray, shape (modulus, num_frequencies), complex128
        $\chi_f(k)=e^{2\pi ifk/P}$ in row k; all entries of length 1. For
        z = characters(modulus, [f]) the rows of `numpy.hstack([z.real, z.imag])` are a circle.

    Raises
    ------
    ValueError
        If a number is not whole, the modulus is below 1, or there is no frequency.

    Notes
    -----
    Columns of different frequencies are orthogonal and have squared length P. The product $fk$ is
    reduced modulo P before it becomes an angle, so no digit is lost at large P.

    Examples
    --------
    >>> characters(4, [1]).round(12).ravel() + 0
    array([ 1.+0.j,  0.+1.j, -1.+0.j,  0.-1.j])
    """
    modulus = as_whole(modulus, "modulus", 1)
    if frequencies is None:
        chosen = np.arange(modulus)
    else:
        chosen = np.array(_as_frequencies(frequencies, modulus))
    turns = np.outer(np.arange(modulus), chosen) % modulus
    return np.exp(2j * np.pi * turns / modulus)


def fourier_energy(matrix, *, center=False):
    r"""Share of the energy that a code has at each frequency.

    Parameters
    ----------
    matrix : array_like or Tensor, shape (num_classes, dimension)
        Row k belongs to class k. Not zero.
    center : bool
        Remove the mean row first, so that frequency 0 has no share.

    Returns
    -------
    ndarray, shape (num_classes // 2 + 1,), float64
        Entry f is $\|\hat X(f)\|^2+\|\hat X(K-f)\|^2$ (one term if f is 0 or K/2) over
        $\sum_g\|\hat X(g)\|^2=K\|X\|_F^2$ [nanda2023]; dimensionless, at least 0, with sum 1. A
        circle has 1 at its frequency; a simplex has 2/(K - 1) at each between 0 and K/2.

    Raises
    ------
    ValueError
        If nothing is left to share: the matrix is zero, or all rows agree and `center` is true.

    Examples
    --------
    >>> fourier_energy([[1, 0], [0, 1], [-1, 0], [0, -1]])
    array([0., 1., 0.])
    >>> fourier_energy([[3], [1]]), fourier_energy([[3], [1]], center=True)
    (array([0.8, 0.2]), array([0., 1.]))
    """
    array = centered(matrix, "matrix") if center else scaled(matrix, "matrix")
    energy = (np.abs(np.fft.rfft(array, axis=0)) ** 2).sum(axis=1)
    energy[1 : (len(array) + 1) // 2] *= 2
    if center:
        energy[0] = 0
    return energy / energy.sum()


def character_fraction(matrix, frequencies):
    r"""Share of the energy in the given frequencies.

    Parameters
    ----------
    matrix : array_like or Tensor, shape (num_classes, dimension)
        Not zero; the mean row is kept, as frequency 0.
    frequencies : int, or array_like of int, shape (num_frequencies,)
        f and K - f mean the same; repetitions count once.

    Returns
    -------
    float
        Dimensionless, in [0, 1]; 1 if the code consists of these characters.

    Raises
    ------
    ValueError
        If the matrix is zero, or the frequencies are not whole numbers.

    Examples
    --------
    >>> round(character_fraction([[3], [1]], [1]), 12)
    0.2
    """
    energy = fourier_energy(matrix)
    modulus = len(as_points(matrix, "matrix"))
    folded = {min(f, modulus - f) for f in _as_frequencies(frequencies, modulus)}
    return float(min(energy[sorted(folded)].sum(), 1.0))


def leading_frequencies(matrix, *, share=0.9):
    r"""Fewest frequencies that hold a share of the energy beside the mean.

    Parameters
    ----------
    matrix : array_like or Tensor, shape (num_classes, dimension)
        Rows not all equal.
    share : float
        Dimensionless, in (0, 1].

    Returns
    -------
    ndarray of int, shape (num_frequencies,)
        Folded frequencies from 1 on, the strongest first and among equals the lowest; a circle has
        one. The first is the *dominant frequency*.

    Raises
    ------
    ValueError
        If all rows agree, or the share is out of range.

    Examples
    --------
    >>> leading_frequencies([[1, 0], [0, 1], [-1, 0], [0, -1]]).tolist()
    [1]
    """
    expected = "a share of the energy, above 0 and at most 1"
    share = as_number(share, "share", expected)
    if not 0 < share <= 1:
        raise ValueError(f"share: expected {expected}, got {share}")
    return leading(fourier_energy(matrix, center=True), share)


def leading(energy, share):
    """Choose from shares of energy the fewest frequencies that reach `share` together."""
    order = 1 + np.argsort(-energy[1:], kind="stable")
    level = np.cumsum(np.diff(energy[order], prepend=energy[order[0]]) < -TIE)
    order = order[np.lexsort((order, level))]  # the lowest first among equals
    return order[: 1 + int(np.argmax(np.cumsum(energy[order]) >= share - TIE))]


def is_faithful(modulus, frequencies):
    r"""Whether characters together tell all residues apart.

    Parameters
    ----------
    modulus : int
        P, at least 1.
    frequencies : int, or array_like of int, shape (num_frequencies,)

    Returns
    -------
    bool
        Whether $\gcd(f_1,\dots,f_m,P)=1$. Otherwise residues that differ by P over the common
        divisor have one and the same code.

    Raises
    ------
    ValueError
        If a number is not whole, the modulus is below 1, or there is no frequency.

    Examples
    --------
    >>> is_faithful(6, 2), is_faithful(6, [2, 3]), is_faithful(7, 2)
    (False, True, True)
    """
    modulus = as_whole(modulus, "modulus", 1)
    return gcd(modulus, *_as_frequencies(frequencies, modulus)) == 1


def scaled(matrix, name):
    """Return a nonzero table divided by its largest entry, so that squares stay in range."""
    array = as_points(matrix, name)
    largest = np.abs(array).max()
    if largest == 0:
        raise DegenerateGeometryError(f"{name}: every row is zero, so there is no energy to share")
    return array / largest


def centered(matrix, name):
    """Return a scaled table less its mean row, refusing rows that all agree."""
    array = scaled(matrix, name)
    moved = array - array.mean(axis=0)
    if np.linalg.norm(moved) <= ROUNDING * np.linalg.norm(array):
        raise DegenerateGeometryError(
            f"{name}: all rows agree, so nothing is left without their mean"
        )
    return moved


def _as_frequencies(frequencies, modulus):
    values = np.atleast_1d(np.asarray(frequencies))
    whole = values.dtype.kind in "iu" or (
        values.dtype.kind == "f" and np.isfinite(values).all() and (values == values.round()).all()
    )
    if values.ndim != 1 or values.size == 0 or not whole:
        raise ValueError(
            f"frequencies: expected a whole number or a list of them, got {frequencies}"
        )
    return [int(value) % modulus for value in values.tolist()]
