r"""Fixed points $z=f(z)$, row by row: plain iteration and Anderson acceleration.

Plain iteration takes $z_{k+1}=f(z_k)$. Anderson acceleration [anderson1965] combines the last
iterates so that the same combination of their residuals $f(z_k)-z_k$ is as short as it can be, then
applies $f$; on linear problems that is GMRES in disguise [walkerni2011].
"""

from dataclasses import dataclass, field

import torch

from neuralcollapse.geometry.arrays import as_positive, as_whole

METHODS = ("anderson", "plain")
_RIDGE = 1e-13  # of the trace of the normal equations, which are singular for rows at rest


@dataclass(frozen=True)
class FixedPoint:
    """A fixed point and how it was found.

    Attributes
    ----------
    point : Tensor
        Of the shape of the start, detached.
    residual : float
        Largest $\\|f(z)-z\\|/(1+\\|z\\|)$ over the rows, dimensionless, at least 0.
    iterations : int
        Evaluations of the function.
    residuals : tuple of float
        After each of them.
    """

    point: torch.Tensor = field(repr=False)
    residual: float
    iterations: int
    residuals: tuple = field(repr=False)


class NotConvergedError(RuntimeError):
    """A fixed point was not found.

    Attributes
    ----------
    found : FixedPoint
        Where the search stopped, with its residual.
    """

    def __init__(self, message, found):
        super().__init__(message)
        self.found = found


@torch.no_grad()
def fixed_point(function, start, *, method="anderson", memory=5, tolerance=1e-8, limit=1000):
    r"""Find $z=f(z)$ for many rows at once.

    Parameters
    ----------
    function : callable
        Takes and returns a tensor of the shape of `start`; each row along the last axis is a
        problem of its own.
    start : Tensor, shape (..., dimension)
    method : {"anderson", "plain"}
    memory : int
        Earlier iterates that Anderson acceleration combines, at least 1.
    tolerance : float
        Positive; the largest $\|f(z)-z\|/(1+\|z\|)$ of a row that ends the search. If $f$ contracts
        by a factor $\gamma<1$, the error is at most $1/(1-\gamma)$ times the residual.
    limit : int
        Evaluations of the function, at most.

    Returns
    -------
    FixedPoint
        Without gradients; `EquilibriumLayer` differentiates through it.

    Raises
    ------
    NotConvergedError
        If the residual is above the tolerance after `limit` evaluations, or an iterate is not
        finite; the message carries the residual and the way out.
    ValueError
        If an argument is out of range, or the function changes the shape.

    Examples
    --------
    >>> found = fixed_point(lambda z: z / 2 + 1, torch.zeros(1, 1, dtype=torch.float64))
    >>> round(found.point.item(), 9), found.iterations
    (2.0, 3)
    """
    if method not in METHODS:
        raise ValueError(f"method: expected one of {METHODS}, got {method!r}")
    memory = as_whole(memory, "memory", 1)
    limit = as_whole(limit, "limit", 1)
    as_positive(tolerance, "tolerance")
    point, residuals, steps, changes = start, [], [], []
    last = None
    while len(residuals) < limit:
        image = function(point)
        if image.shape != start.shape:
            raise ValueError(
                f"function: expected shape {tuple(start.shape)} back, got {tuple(image.shape)}"
            )
        rest = image - point
        lengths = torch.linalg.vector_norm(rest, dim=-1)
        scales = 1 + torch.linalg.vector_norm(point, dim=-1)
        residuals.append((lengths / scales).max().item() if rest.numel() else 0.0)
        found = FixedPoint(point, residuals[-1], len(residuals), tuple(residuals))
        if residuals[-1] <= tolerance:
            return found
        if not residuals[-1] < float("inf"):
            break
        if method == "anderson":
            if last is not None:
                steps = [*steps, image - last[0]][-memory:]
                changes = [*changes, rest - last[1]][-memory:]
            last = image, rest
            image = _combine(image, rest, steps, changes) if steps else image
        point = image
    raise NotConvergedError(
        f"no fixed point: residual {residuals[-1]:.1e} after {len(residuals)} evaluations, "
        f"expected at most {tolerance:g}; make the function a contraction (radius below 1 in an "
        "EquilibriumLayer), or raise limit or tolerance",
        found,
    )


def _combine(image, rest, steps, changes):
    """Subtract from the image what makes the combined residual shortest."""
    changes = torch.stack(changes, -1)  # (..., dimension, memory)
    square = changes.mT @ changes
    trace = square.diagonal(dim1=-2, dim2=-1).sum(-1)
    ridge = (_RIDGE * trace).clamp_min(torch.finfo(rest.dtype).tiny)
    square = square + ridge[..., None, None] * torch.eye(square.shape[-1], dtype=rest.dtype)
    shares = torch.linalg.solve(square, (changes.mT @ rest[..., None]))
    return image - (torch.stack(steps, -1) @ shares)[..., 0]
