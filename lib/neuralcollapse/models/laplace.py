r"""Regression with the Laplace kernel, and how fast its predictor changes, in closed form.

The kernel is $k(x,z)=e^{-\|x-z\|/b}$ with the Euclidean norm and bandwidth $b$. The predictor
$f_c(x)=\sum_i\alpha_{ic}k(x,x_i)$ has $\alpha=(k(X,X)+\lambda I)^{-1}Y$. Where $x_i\ne x_j$ let
$S_{ij}=k(x_i,x_j)/(b\|x_i-x_j\|)$, else $S_{ij}=0$. Then

$$\nabla f_c(x_j)=\sum_iS_{ij}\alpha_{ic}(x_i-x_j),\qquad
\frac1N\sum_{j,c}\nabla f_c(x_j)\nabla f_c(x_j)^\top=X^\top QX,$$

and $NQ=(S^2)\circ(\alpha\alpha^\top)-S\circ(\alpha B^\top+B\alpha^\top)+\mathrm{diag}(BB^\top)$
with $B=S\alpha$ and the entrywise product $\circ$. At $x_j$ itself the kernel around $x_j$ has a
kink; its gradient there is taken as 0, the mean of its one-sided slopes.
"""

from dataclasses import dataclass

import torch

from neuralcollapse.geometry.arrays import as_nonnegative, as_positive
from neuralcollapse.statistics import as_tensor

_NEAR = 1e-6  # squared distances below this share of the squared lengths are computed again
_PAIRS = 2**14  # repaired at once


def laplace_kernel(inputs, centers, bandwidth=2.0):
    r"""Laplace kernel with the Euclidean norm, $e^{-\|x-z\|/b}$.

    Parameters
    ----------
    inputs : Tensor, shape (batch, d)
    centers : Tensor, shape (num_samples, d)
    bandwidth : float
        Positive; in the units of the inputs.

    Returns
    -------
    Tensor, shape (batch, num_samples)
        Dimensionless, in [0, 1]; 1 where the two points are equal. Of the wider dtype of the two;
        float64 for integers.

    Raises
    ------
    ValueError
        If `bandwidth` is not positive.

    Notes
    -----
    Distances come from inner products in float64; those of near points, lost to cancellation, are
    computed again from differences. Differentiable any number of times where points differ. The
    `laplacian_kernel` of scikit-learn has the sum of absolute differences instead.
    Source: [beaglehole2024].

    Examples
    --------
    >>> laplace_kernel(torch.tensor([[3.0]]), torch.tensor([[3.0], [5.0]])).log()
    tensor([[ 0., -1.]])
    """
    bandwidth = as_positive(bandwidth, "bandwidth")
    return torch.exp(-_distances(inputs, centers) / bandwidth)


@dataclass(frozen=True)
class LaplaceRegression:
    """A fitted kernel predictor: call it on a batch of shape (batch, d).

    Attributes
    ----------
    centers : Tensor, shape (num_samples, d), float64
        The inputs it was fitted to.
    coefficients : Tensor, shape (num_samples, num_outputs), float64
    bandwidth : float
    """

    centers: torch.Tensor
    coefficients: torch.Tensor
    bandwidth: float

    def __call__(self, inputs):
        """Return predictions of shape (batch, num_outputs)."""
        return laplace_kernel(inputs, self.centers, self.bandwidth) @ self.coefficients

    def outer_product_form(self):
        """Return Q, shape (num_samples, num_samples): what the samples enter the AGOP with.

        Returns
        -------
        Tensor, float64
            Symmetric, positive semi-definite, with rows that sum to 0.

        Examples
        --------
        >>> fit_laplace([[0.0], [2.0]], [[1.0], [1.0]]).outer_product_form().sum(1).tolist()
        [0.0, 0.0]
        """
        distances = _distances(self.centers, self.centers)
        apart = distances > 0
        weights = torch.exp(-distances / self.bandwidth) / self.bandwidth
        weights = torch.where(apart, weights / torch.where(apart, distances, 1), 0)
        pulls = weights @ self.coefficients
        cross = weights * (self.coefficients @ pulls.T)
        form = (weights @ weights) * (self.coefficients @ self.coefficients.T) - cross - cross.T
        form += pulls.square().sum(1).diag()
        return form / len(distances)

    def gradient_outer_product(self):
        """Return the average gradient outer product at the centers, in closed form.

        Returns
        -------
        Tensor, shape (d, d), float64
            Symmetric, positive semi-definite; outputs squared per input squared. It sees
            differences of samples only: a common shift of all inputs leaves it unchanged.
        """
        center = self.centers.mean(0)
        product = (self.centers - center).T @ self.outer_product_form() @ (self.centers - center)
        return (product + product.T) / 2


def fit_laplace(inputs, targets, *, bandwidth=2.0, ridge=0.0):
    r"""Fit a kernel predictor: $\alpha=(k(X,X)+\lambda I)^{-1}Y$.

    Parameters
    ----------
    inputs : array_like or Tensor, shape (num_samples, d)
        Finite; no two rows equal unless there is a ridge.
    targets : array_like or Tensor, shape (num_samples, num_outputs)
    bandwidth : float
        Positive; in the units of the inputs.
    ridge : float
        At least 0; with 0 the predictor interpolates.

    Returns
    -------
    LaplaceRegression

    Raises
    ------
    ValueError
        If shapes do not fit, numbers are not finite or out of range, or the kernel matrix is
        singular to rounding.

    Notes
    -----
    `sklearn.kernel_ridge.KernelRidge` gives the same coefficients for a precomputed kernel.

    Examples
    --------
    >>> fit_laplace([[0.0]], [[8.0]], ridge=3.0).coefficients.item()
    2.0
    """
    inputs, targets = (
        as_tensor(table, name).double()
        for table, name in ((inputs, "inputs"), (targets, "targets"))
    )
    if inputs.ndim != 2 or targets.ndim != 2 or len(inputs) != len(targets) or not len(inputs):
        raise ValueError(
            "targets: expected shapes (num_samples, d) and (num_samples, num_outputs), got "
            f"{tuple(inputs.shape)} and {tuple(targets.shape)}"
        )
    for table, name in ((inputs, "inputs"), (targets, "targets")):
        if not table.isfinite().all():
            raise ValueError(f"{name}: hold NaN or infinity; remove or repair them first")
    bandwidth, ridge = as_positive(bandwidth, "bandwidth"), as_nonnegative(ridge, "ridge")
    kernel = laplace_kernel(inputs, inputs, bandwidth)
    kernel.diagonal().add_(ridge)
    factor, failed = torch.linalg.cholesky_ex(kernel)
    # Of two equal samples rounding may leave a pivot of 1e-16 instead of 0.
    floor = len(inputs) * torch.finfo(torch.float64).eps
    if failed or not (factor.diagonal().square() > floor).all():
        raise ValueError(
            "inputs: the kernel matrix is singular, for two samples coincide or nearly so; leave "
            "one out, or give a ridge"
        )
    return LaplaceRegression(inputs, torch.cholesky_solve(targets, factor), bandwidth)


def _distances(inputs, centers):
    """Distances of rows; differentiable, with slope 0 where two rows are equal."""
    dtype = torch.promote_types(inputs.dtype, centers.dtype)
    dtype = dtype if dtype.is_floating_point else torch.float64
    inputs, centers = inputs.double(), centers.double()
    squares = inputs.square().sum(1)[:, None] - 2 * inputs @ centers.T
    with torch.no_grad():
        scale = inputs.square().sum(1)[:, None] + centers.square().sum(1)
        repaired = (squares.detach() + centers.square().sum(1)).clamp(min=0)
        for pairs in (repaired < _NEAR * scale).nonzero().split(_PAIRS):
            rows, columns = pairs.T
            repaired[rows, columns] = (inputs[rows] - centers[columns]).square().sum(1)
    # Values are the repaired ones, slopes of all orders those of the squares. Not torch.cdist:
    # under vmap, torch 2.13 pulls vectors back through it wrongly.
    squares = squares + centers.square().sum(1)
    squares = repaired + (squares - squares.detach())
    apart = repaired > 0
    return torch.where(apart, torch.where(apart, squares, 1).sqrt(), 0).to(dtype)
