"""What every function of this floor accepts: finite real tables of points, and numbers."""

import numpy as np

_SPLIT = "; pass numpy.hstack([z.real, z.imag]) for complex coordinates z"


class DegenerateGeometryError(ValueError):
    """A quantity is undefined for this input, for instance the angle of a zero vector."""


def as_points(points, name="points"):
    """Return `points` as a float64 array of shape (num_points, dimension).

    Parameters
    ----------
    points : array_like, shape (num_points, dimension)
        Any real dtype.
    name : str
        How errors call the argument.

    Returns
    -------
    ndarray, shape (num_points, dimension), float64

    Raises
    ------
    ValueError
        If the array is not two-dimensional, is empty, or holds NaN or infinity.
    TypeError
        If the entries are not real numbers. Complex ones split into real and imaginary parts,
        which keeps all lengths.

    Examples
    --------
    >>> as_points([[3, 4]])
    array([[3., 4.]])
    """
    array = _as_array(points, name, _SPLIT)
    if array.ndim != 2 or array.size == 0:
        raise ValueError(
            f"{name}: expected shape (num_points, dimension), one point a row, got {array.shape}"
        )
    array = array.astype(np.float64)
    if not np.isfinite(array).all():
        row = int(np.flatnonzero(~np.isfinite(array).all(axis=1))[0])
        raise ValueError(f"{name}: row {row} holds NaN or infinity; remove or repair it first")
    return array


def as_reals(values, name):
    """Return real numbers in an array of any shape, as float64.

    Parameters
    ----------
    values : array_like or Tensor
        Any real dtype.
    name : str
        How errors call the argument.

    Returns
    -------
    ndarray, float64, of the shape of `values`

    Raises
    ------
    ValueError
        If one of them is NaN or infinite.
    TypeError
        If they are not real numbers.

    Examples
    --------
    >>> as_reals([1, 2], "angles")
    array([1., 2.])
    """
    array = _as_array(values, name).astype(np.float64)
    if not np.isfinite(array).all():
        raise ValueError(f"{name}: expected finite numbers, got NaN or infinity among them")
    return array


def as_array(values):
    """Return numbers as an array of their own dtype, tensors cut from their graph.

    Parameters
    ----------
    values : array_like or Tensor

    Returns
    -------
    ndarray
        Float64 for tensors of any floating dtype, because numpy does not know bfloat16.

    Examples
    --------
    >>> as_array([1, 2])
    array([1, 2])
    """
    if hasattr(values, "detach"):
        values = (values.double() if values.is_floating_point() else values).numpy(force=True)
    return np.asarray(values)


def as_directions(points, name="points"):
    """Return `points` scaled to unit length, row by row.

    Parameters
    ----------
    points : array_like, shape (num_points, dimension)
    name : str
        How errors call the argument.

    Returns
    -------
    ndarray, shape (num_points, dimension), float64

    Raises
    ------
    ValueError
        As `as_points`, and if a row is zero, for a zero vector has no direction.

    Examples
    --------
    >>> as_directions([[3, 4]])
    array([[0.6, 0.8]])
    """
    array = as_points(points, name)
    largest = np.abs(array).max(axis=1, keepdims=True)
    array = array / np.where(largest > 0, largest, 1)  # squares neither overflow nor vanish
    lengths = np.linalg.norm(array, axis=1)
    if not lengths.all():
        row = int(np.flatnonzero(lengths == 0)[0])
        raise ValueError(f"{name}: row {row} is zero and has no direction; leave it out")
    return array / lengths[:, None]


def power_of_two(*tables):
    """Exponent of the power of two just above all entries.

    Parameters
    ----------
    *tables : ndarray
        Finite.

    Returns
    -------
    int
        0 if all entries are 0.

    Examples
    --------
    >>> power_of_two(np.array([[3.0, -4.5]]))
    3
    """
    return int(np.frexp(max(np.abs(table).max() for table in tables))[1])


def as_whole(number, name, least, reason=""):
    """Return a whole number, of whatever type, as an int.

    Parameters
    ----------
    number : int, numpy integer, or float without a fraction
    name : str
        How errors call the argument.
    least : int
        Smallest value allowed.
    reason : str
        Why, for the error.

    Returns
    -------
    int

    Raises
    ------
    ValueError
        If it is not whole (NaN and infinity are not) or below `least`.

    Examples
    --------
    >>> as_whole(3.0, "count", 1)
    3
    """
    try:
        whole = int(number)
    except (TypeError, ValueError, OverflowError):
        whole = None
    if whole is None or whole != number or whole < least:
        reason = f"; {reason}" if reason else ""
        raise ValueError(f"{name}: expected a whole number from {least} on, got {number}{reason}")
    return whole


def as_number(number, name, expected="a finite number"):
    """Return a finite real number, of whatever type, as a float.

    Parameters
    ----------
    number : float, int, or what float takes, except text
    name : str
        How errors call the argument.
    expected : str
        What is asked for, for the error.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If it is no number, or NaN or infinite.

    Examples
    --------
    >>> as_number(1, "angle")
    1.0
    """
    number = number.detach() if hasattr(number, "detach") else number
    kind = getattr(getattr(number, "dtype", None), "kind", "")  # float() would take them
    try:
        refused = isinstance(number, (str, bytes)) or kind in tuple("cSU") or np.ndim(number)
        value = float("nan" if refused else number)
    except (TypeError, ValueError, OverflowError, RuntimeError):
        value = np.nan
    if not np.isfinite(value):
        raise ValueError(f"{name}: expected {expected}, got {number}")
    return value


def as_positive(number, name, reason=""):
    """Return a positive number, of whatever type, as a float.

    Parameters
    ----------
    number : float, int, or what float takes, except text
    name : str
        How errors call the argument.
    reason : str
        Why, for the error.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If it is no number, not finite, or not above 0.

    Examples
    --------
    >>> as_positive(2, "scale")
    2.0
    """
    value = as_number(number, name, "a positive number")
    if value <= 0:
        reason = f"; {reason}" if reason else ""
        raise ValueError(f"{name}: expected a positive number, got {number}{reason}")
    return value


def as_nonnegative(number, name):
    """Return a number from 0 on, of whatever type, as a float.

    Parameters
    ----------
    number : float, int, or what float takes, except text
    name : str
        How errors call the argument.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If it is no number, not finite, or below 0.

    Examples
    --------
    >>> as_nonnegative(0, "weight_decay")
    0.0
    """
    value = as_number(number, name, "a number from 0 on")
    if value < 0:
        raise ValueError(f"{name}: expected a number from 0 on, got {number}")
    return value


def _as_array(values, name, split=""):
    """An array of real numbers, of its own dtype."""
    array = as_array(values)
    if array.dtype.kind not in "fiu":
        way_out = split if array.dtype.kind == "c" else ""
        raise TypeError(f"{name}: expected real numbers, got dtype {array.dtype}{way_out}")
    return array


def as_tolerance(tolerance):
    """Return a tolerance of cosines as a float.

    Parameters
    ----------
    tolerance : float
        In [0, 1).

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If it is not in that range.

    Examples
    --------
    >>> as_tolerance(0)
    0.0
    """
    expected = "a number from 0 to below 1"
    value = as_number(tolerance, "tolerance", expected)
    if not 0 <= value < 1:
        raise ValueError(f"tolerance: expected {expected}, got {tolerance}")
    return value
