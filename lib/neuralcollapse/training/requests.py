"""What a training run is asked for: recipe, seeds, and when to measure."""

from operator import index


def as_recipe(recipe, kind):
    """Return a recipe, the default one of its kind if none is given.

    Parameters
    ----------
    recipe : instance of `kind` or None
    kind : type
        `Recipe` or `Descent`.

    Returns
    -------
    instance of `kind`

    Raises
    ------
    ValueError
        If it is something else.

    Examples
    --------
    >>> as_recipe(None, int)
    0
    """
    if recipe is None:
        return kind()
    if not isinstance(recipe, kind):
        raise ValueError(f"recipe: expected a {kind.__name__}, got {recipe!r}")
    return recipe


def as_seeds(seeds, *, repeated=False):
    """Return seeds as a tuple of int.

    Parameters
    ----------
    seeds : sequence of int
    repeated : bool
        Whether a seed may come again.

    Returns
    -------
    tuple of int

    Raises
    ------
    ValueError
        If there is none, one is no integer or below 0, or one comes again and may not.

    Examples
    --------
    >>> as_seeds(range(2))
    (0, 1)
    """
    kind = "whole numbers from 0 on" if repeated else "different integers from 0"
    expected = f"{kind}, at least one"
    found = _indices(seeds, "seeds", expected)
    if not found or min(found) < 0 or (len(set(found)) != len(found) and not repeated):
        raise ValueError(f"seeds: expected {expected}, got {found}")
    return found


def as_checkpoints(checkpoints, last, unit, *, repeated=False):
    """Return checkpoints in rising order.

    Parameters
    ----------
    checkpoints : sequence of int
    last : int
        The largest allowed.
    unit : str
        What is counted, for the error: ``"epochs"`` or ``"steps"``.
    repeated : bool
        Whether one may come again; it is measured once.

    Returns
    -------
    list of int

    Raises
    ------
    ValueError
        If there is none, one is no integer or out of range, or one comes again and may not.

    Examples
    --------
    >>> as_checkpoints((4, 0), 5, "steps")
    [0, 4]
    """
    expected = f"{'' if repeated else 'different '}{unit} from 0 to {last}, at least one"
    found = _indices(checkpoints, "checkpoints", expected)
    distinct = sorted(set(found))
    fits = distinct and distinct[0] >= 0 and distinct[-1] <= last
    if not fits or (len(distinct) != len(found) and not repeated):
        raise ValueError(f"checkpoints: expected {expected}, got {found}")
    return distinct


def _indices(values, name, expected):
    try:
        return tuple(map(index, values))
    except TypeError as error:
        raise ValueError(f"{name}: expected {expected}, got {values!r}") from error
