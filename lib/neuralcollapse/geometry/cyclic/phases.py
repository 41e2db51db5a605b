r"""Phase alignment: does the classifier's angle at a + b answer the angles of a and b?

A network that adds angles needs $\varphi_{a+b}=\theta_a+\theta_b+\text{const}$ for all tokens a and
b, with $\theta$ the angles of the embeddings and $\varphi$ those of the classifier. Put b = 0:
then $\varphi_a=\theta_a+\theta_0+\text{const}$, so $\theta-\theta_0$ turns addition modulo P into
addition of angles, and both tables are the same character up to a phase. So a perfect alignment
is not only duality, it forces the circle and its order.

Sums over all $P^2$ pairs are convolutions,
$\sum_{a,b}\overline{w_{a+b}}z_az_b=\frac1P\sum_f\overline{\hat w(f)}\,\hat z(f)^2$, and cost
$P\log P$. In the sum over f, only $|\hat w(0)|$ would reward a collapsed code; the mean of w, which
softmax does not see, is removed first.
"""

import numpy as np

from neuralcollapse.geometry.arrays import DegenerateGeometryError
from neuralcollapse.geometry.cyclic.characters import ROUNDING, scaled
from neuralcollapse.geometry.cyclic.plane import TopPlane


def phase_alignment_error(weights, embeddings):
    r"""How far the angles of a classifier are from sums of the embeddings' angles.

    Parameters
    ----------
    weights : array_like or Tensor, shape (modulus, dimension)
        Row c belongs to the class c = a + b modulo P.
    embeddings : array_like or Tensor, shape (modulus, embedding_dimension)
        Row a belongs to the token a. The dimension may be another one, as in any network with
        layers in between.

    Returns
    -------
    float
        $1-\max\frac{|\sum_{a,b}\overline{w_{a+b}}\,z_az_b|}{\sum_{a,b}|w_{a+b}||z_a||z_b|}$, with w
        and z the rows as complex numbers, each in the plane of its two largest singular values, w
        less its mean, the maximum over both orientations; dimensionless, in [0, 1]. If no row is
        zero, it is 0 exactly if all pairs agree up to one phase: both codes are then the same
        character, other than the constant one. 1 if the embeddings agree in one point or the two
        are characters of different frequencies; near 1 for random codes. If W is a character and
        $|z_a|=1$, it is $1-r^2$, r the order parameter of [kuramoto1984] against that character.

    Raises
    ------
    ValueError
        If the numbers of rows differ, a table is zero, a plane is not determined (see
        `plane_coordinates`), or all rows of the weights agree in their plane.

    Notes
    -----
    Pairs count by the product of their lengths, so a zero row counts for nothing. Free of the
    choice of coordinates in both spaces, of scale, and of one phase for each plane. That phase
    cannot be compared across spaces; where both tables have the complex coordinates of a clock
    network, `clock_alignment_error` compares it too. For networks of several circles of about the
    same energy the two planes can hold different frequencies; see `leading_frequencies`.

    Examples
    --------
    >>> square = [[1, 0], [0, 1], [-1, 0], [0, -1]]
    >>> round(phase_alignment_error(square, square), 12)
    0.0
    >>> round(phase_alignment_error(square, [[1, 0], [-1, 0], [0, 1], [0, -1]]), 12)
    0.75
    """
    weights, embeddings = TopPlane.of(weights, "weights"), TopPlane.of(embeddings, "embeddings")
    return alignment_of(weights, embeddings)


def clock_alignment_error(weights, embeddings):
    r"""How far the phases of a clock network's classifier are from those of its features.

    Parameters
    ----------
    weights, embeddings : array_like or Tensor, shape (modulus, 2 * coordinates)
        Of a network with the feature $E_a\odot E_b$ and the logits
        $\mathrm{Re}\langle W_c,E_a\odot E_b\rangle$ in complex coordinates: real parts first, then
        imaginary parts.

    Returns
    -------
    float
        $1-\frac{\sum_j\sum_{a,b}\mathrm{Re}\,\overline{W_{a+b,j}}E_{aj}E_{bj}}
        {\sum_j\sum_{a,b}|W_{a+b,j}||E_{aj}||E_{bj}|}$, each coordinate of W less its mean;
        dimensionless, in [0, 2]: the mean over pairs and coordinates of 1 minus the cosine between
        classifier and feature. 0 exactly if every coordinate is a character, W at the phase of the
        class mean of its features: NC3 for the clock. About 1 for unrelated phases, 2 for opposed.

    Raises
    ------
    ValueError
        If the shapes differ, the dimension is odd, or nothing is left to compare because W is
        constant or no coordinate is used by both.

    Notes
    -----
    Unchanged if coordinate j of E turns by $\alpha_j$ and that of W by $2\alpha_j$, which the
    logits do not see either; not if W turns alone. With one coordinate of length 1, W a character
    and $re^{i\Psi}$ the order parameter of $E_a$ against it, the value is $1-r^2\cos2\Psi$.

    Examples
    --------
    >>> square = [[1, 0], [0, 1], [-1, 0], [0, -1]]
    >>> opposite = [[-1, 0], [0, -1], [1, 0], [0, 1]]
    >>> round(clock_alignment_error(square, square), 12)
    0.0
    >>> round(clock_alignment_error(opposite, square), 12)
    2.0
    """
    weights, embeddings = scaled(weights, "weights"), scaled(embeddings, "embeddings")
    if weights.shape != embeddings.shape or weights.shape[1] % 2:
        raise ValueError(
            "embeddings: expected the shape (modulus, 2 * coordinates) of weights, real parts "
            f"first, got {embeddings.shape} and {weights.shape}; for other networks see "
            "phase_alignment_error"
        )
    weights, embeddings = _as_complex(weights), _as_complex(embeddings)
    agreement, total = _pair_sums(_without_mean(weights, "weights"), embeddings)
    if total <= ROUNDING * np.linalg.norm(weights) * np.linalg.norm(embeddings) ** 2:
        raise DegenerateGeometryError("embeddings: zero in every coordinate that weights use")
    return float(np.clip(1 - agreement.real.sum() / total, 0, 2))  # beyond is rounding


def alignment_of(weights, embeddings):
    """Alignment error of two planes already decomposed."""
    if len(weights.points) != len(embeddings.points):
        raise ValueError(
            f"embeddings: expected {len(weights.points)} rows, one a token as in weights, got "
            f"{len(embeddings.points)}; leave out the rows of other tokens"
        )
    first = _without_mean(_as_complex(weights.coordinates), "weights")
    second = _as_complex(embeddings.coordinates)
    agreements = [_pair_sums(first, second), _pair_sums(first, second.conj())]
    best = max(abs(agreement.sum()) / total for agreement, total in agreements)
    return float(max(0.0, 1 - best))  # below is rounding


def _as_complex(table):
    half = table.shape[1] // 2
    return table[:, :half] + 1j * table[:, half:]


def _without_mean(table, name):
    moved = table - table.mean(axis=0)
    if np.linalg.norm(moved) <= ROUNDING * np.linalg.norm(table):
        raise DegenerateGeometryError(
            f"{name}: all rows agree, so they have no phases beside their mean"
        )
    return moved


def _pair_sums(weights, embeddings):
    """Sums over pairs, of products by coordinate and of the products' lengths in all."""
    products = np.fft.ifft(np.fft.fft(embeddings, axis=0) ** 2, axis=0)
    lengths = np.fft.ifft(np.fft.fft(np.abs(embeddings), axis=0) ** 2, axis=0).real
    agreement = (weights.conj() * products).sum(axis=0)
    return agreement, float((np.abs(weights) * lengths).sum())
