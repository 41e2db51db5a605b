"""Claims of the page collapse/smoothness: complexity, variance and few shots."""

from itertools import product

import numpy as np
import sympy
import torch
from scipy.linalg import eigh

from neuralcollapse.claims.claim import Claim, Evidence, Measure
from neuralcollapse.claims.nearest_mean import cloud_error, far_atoms, line_error, worst_lines
from neuralcollapse.metrics import (
    average_gradient_outer_product,
    class_distance_normalized_variance,
    geometric_collapse,
    geometric_complexity,
)
from neuralcollapse.models import MLP
from neuralcollapse.statistics import ClassStatistics

PAGE = "collapse/smoothness"


def check_trace(quantity):
    """Compare a number made of symbolic Jacobians with the trace of their outer products."""
    jacobians = [
        sympy.Matrix(3, 2, sympy.symbols(f"{name}:3(:2)", real=True)) for name in ("a", "b")
    ]
    agop = sum((j.T * j for j in jacobians), sympy.zeros(2, 2)) / 2
    left = sympy.expand(agop.trace() - quantity(jacobians))
    jacobian = jacobians[0]
    squares = [
        (jacobian.T * sympy.Matrix(signs)).dot(jacobian.T * sympy.Matrix(signs))
        for signs in product((-1, 1), repeat=3)
    ]
    mean = sum(squares) / 8
    gram = jacobian * jacobian.T
    expected = 2 * sum(gram[i, j] ** 2 for i, j in product(range(3), repeat=2) if i != j)
    variance = sum(square**2 for square in squares) / 8 - mean**2
    generator = torch.Generator().manual_seed(1)
    network = MLP((5, 8, 4, 2), generator=generator).eval().body
    inputs = torch.randn(20, 5, dtype=torch.float64, generator=generator)
    trace = float(average_gradient_outer_product(network, inputs).trace())
    complexity = geometric_complexity(network, inputs)
    return Evidence(
        (
            Measure("terms left of trace less quantity", _terms(left), "==", 0),
            Measure(
                "terms left, mean over all probes",
                _terms(mean - sum(x**2 for x in jacobian)),
                "==",
                0,
            ),
            Measure("terms left, variance of a probe", _terms(variance - expected), "==", 0),
            Measure("the library's error", abs(trace / complexity - 1), "<=", 1e-12),
        )
    )


def mean_square(jacobians):
    """Mean of the squared Frobenius norms."""
    return sum(x**2 for j in jacobians for x in j) / len(jacobians)


def square_of_mean(jacobians):
    """Squared Frobenius norm of the mean."""
    return sum(x**2 for x in sum(jacobians[1:], jacobians[0]) / len(jacobians))


def polynomial_ratio(covariance, degree=5):
    """Largest variance over squared gradient, among polynomials under a normal law in the plane.

    Parameters
    ----------
    covariance : ndarray, shape (2, 2)
    degree : int
        Of the polynomials, at most.

    Returns
    -------
    float
        A generalised eigenvalue; quadrature is exact for polynomials.
    """
    nodes, weights = np.polynomial.hermite_e.hermegauss(degree + 1)
    z = np.array(list(product(nodes, repeat=2)))
    weights = np.outer(weights, weights).ravel() / weights.sum() ** 2
    powers = [(i, j) for i in range(degree + 1) for j in range(degree + 1 - i) if i + j]
    basis = [np.polynomial.hermite_e.HermiteE.basis(i) for i in range(degree + 1)]
    values = np.array([basis[i](z[:, 0]) * basis[j](z[:, 1]) for i, j in powers])
    slopes = np.array(
        [
            [
                basis[i].deriv()(z[:, 0]) * basis[j](z[:, 1]),
                basis[i](z[:, 0]) * basis[j].deriv()(z[:, 1]),
            ]
            for i, j in powers
        ]
    )
    centered = values - values @ weights[:, None]
    variance = centered * weights @ centered.T
    slopes = np.einsum("ab,fbn->fan", np.linalg.inv(np.linalg.cholesky(covariance)).T, slopes)
    energy = np.einsum("fan,gan,n->fg", slopes, slopes, weights)
    return float(eigh(variance, energy, eigvals_only=True)[-1])


def mixture(covariances, centers):
    """Variance and collapse of the linear map along the top eigenvector of the first covariance.

    Parameters
    ----------
    covariances : ndarray, shape (num_classes, d, d)
    centers : ndarray, shape (num_classes, d)

    Returns
    -------
    variance, collapse : float
        Of the normal laws themselves, not of samples.
    """
    direction = np.linalg.eigh(covariances[0])[1][:, -1]
    spreads = np.einsum("i,cij,j->c", direction, covariances, direction)
    gaps = np.square(np.subtract.outer(centers @ direction, centers @ direction))
    off = ~np.eye(len(centers), dtype=bool)
    pairs = np.add.outer(spreads, spreads)
    return (pairs[off] / (2 * gaps[off])).mean(), (1 / gaps[off]).mean()


def check_poincare(constant):
    """Test variance against complexity times `constant(covariance)`."""
    generator = np.random.default_rng(7)
    tight = []
    for _ in range(20):
        root = generator.normal(size=(4, 4))
        covariances = np.array([root @ root.T] * 3)
        variance, collapse = mixture(covariances, 3 * generator.normal(size=(3, 4)))
        tight.append(variance / (constant(covariances[0]) * collapse))
    roots = generator.normal(size=(10, 2, 2))
    worst = [polynomial_ratio(root @ root.T) / constant(root @ root.T) for root in roots]
    sampled = []
    for seed in range(4):
        network, inputs, labels, covariances = _gaussian_case(seed)
        with torch.no_grad():
            statistics = ClassStatistics(3, 6).update(network(inputs), labels)
        bound = max(map(constant, covariances)) * geometric_collapse(network, inputs, labels)
        sampled.append(class_distance_normalized_variance(statistics) / bound)
    return Evidence(
        (
            Measure("linear maps: largest ratio to the bound", np.max(tight), "<=", 1 + 1e-9),
            Measure("linear maps: least ratio", np.min(tight), ">=", 1 - 1e-9),
            Measure("polynomials: largest ratio", np.max(worst), "<=", 1 + 1e-9),
            Measure("random networks on samples: largest ratio", np.max(sampled), "<=", 1),
        )
    )


def top_eigenvalue(covariance):
    """Largest eigenvalue of a covariance."""
    return float(np.linalg.eigvalsh(covariance)[-1])


def mean_eigenvalue(covariance):
    """Mean of its eigenvalues."""
    return float(np.trace(covariance) / len(covariance))


def step_network(height):
    """A network of three ReLUs: a step of the first coordinate, the second coordinate unchanged.

    Parameters
    ----------
    height : float
        Of the step, which rises for first coordinates from -1/2 to 1/2.

    Returns
    -------
    callable
    """

    def network(batch):
        x, y = batch[:, :1], batch[:, 1:]
        step = torch.relu(x + 0.5) - torch.relu(x - 0.5) - 0.5
        return torch.cat([height * step, torch.relu(y)], dim=1)

    return network


def two_pieces(gap, samples=400):
    """Points of two classes, each spread evenly over a segment with a gap in its middle.

    Parameters
    ----------
    gap : float
        In [0, 2).
    samples : int
        Of each class, even.

    Returns
    -------
    inputs : Tensor, shape (2 * samples, 2)
        First coordinates fill [-1, -gap/2] and [gap/2, 1]; second coordinates are 1 or 2.
    labels : Tensor of int64
    """
    places = (torch.arange(samples // 2, dtype=torch.float64) + 0.5) / (samples // 2)
    right = gap / 2 + (1 - gap / 2) * places
    x = torch.cat([-right, right])
    inputs = torch.cat([torch.stack([x, torch.full_like(x, y)], dim=1) for y in (1.0, 2.0)])
    return inputs, torch.arange(2).repeat_interleave(samples)


def step_measures(gap, height):
    """Variance and geometric collapse of a step over two classes.

    Parameters
    ----------
    gap, height : float

    Returns
    -------
    variance, collapse : float
    """
    inputs, labels = two_pieces(gap)
    network = step_network(height)
    statistics = ClassStatistics(2, 2).update(network(inputs), labels)
    return (
        class_distance_normalized_variance(statistics),
        geometric_collapse(network, inputs, labels),
    )


def check_step(gap):
    """Raise a step until variance leaves geometric collapse behind, if it does."""
    variances, collapses = np.array([step_measures(gap, 10.0**k) for k in range(4)]).T
    return Evidence(
        (
            Measure(
                "variance over collapse at height 1000", variances[-1] / collapses[-1], ">=", 1e5
            ),
            Measure(
                "collapse over that at height 1, largest", max(collapses) / collapses[0], "<=", 1.0
            ),
        )
    )


def check_few_shots(factor):
    """Hold errors against ``factor(num_shots, num_features) (K - 1) variance``."""
    on_lines = []
    for num_shots in (1, 2, 5, 20, 200):
        for rare in (0.01, 0.05, 0.2):
            for beyond in (0.01, 0.1, 0.5):
                error, variance = line_error(*far_atoms(rare, beyond), num_shots)
                on_lines.append(error / (factor(num_shots, 100) * variance))
    climbed = [worst_lines(m) / factor(m, 100) for m in (1, 3)]
    clouds = [cloud_error(m, seed) / factor(m, 20) for m in (1, 5) for seed in range(3)]
    many = 20_000
    error, variance = line_error(*far_atoms(0.02, 0.03), many)
    return Evidence(
        (
            Measure("atoms on a line: largest share of the bound", np.max(on_lines), "<=", 1),
            Measure("made to break it: at most the bound", np.max(climbed) <= 1, "==", 1),
            Measure("five clouds: largest share of the bound", np.max(clouds), "<=", 1),
            Measure(
                "20,000 shots: share of the bound", error / (factor(many, 100) * variance), "<=", 1
            ),
            Measure("20,000 shots: error over 4 variances", error / (4 * variance), ">=", 0.8),
            Measure(
                "least room below 12 + 6/m",
                min(12 + 6 / m - factor(m, 100) for m in range(1, 200)),
                ">=",
                0,
            ),
        )
    )


def few_shot_factor(num_shots, num_features):
    """The factor of the page, 4 (1 + 1/sqrt(m))^2."""
    return 4 * (1 + num_shots**-0.5) ** 2


def dimension_factor(num_shots, num_features):
    """A factor that falls with the number of features."""
    return 16 * (1 / num_features + 1 / num_shots)


def _gaussian_case(seed):
    """A random network, samples of three normal classes in six dimensions and their covariances."""
    rng, generator = np.random.default_rng(seed), torch.Generator().manual_seed(seed)
    network = MLP((6, 16, 6, 2), generator=generator, normalize=False).body
    roots = rng.normal(size=(3, 6, 6)) / 2
    inputs = np.concatenate(
        [2 * rng.normal(size=6) + rng.normal(size=(400, 6)) @ root.T for root in roots]
    )
    covariances = np.einsum("cij,ckj->cik", roots, roots)
    return network, torch.from_numpy(inputs), np.repeat([0, 1, 2], 400), covariances


def _terms(expression):
    return len(sympy.Add.make_args(sympy.expand(expression))) * int(sympy.expand(expression) != 0)


CLAIMS = (
    Claim(
        identifier="prop-trace-identity",
        page=PAGE,
        statement="Geometric complexity is the trace of the average gradient outer product; one "
        "probe of random signs estimates it without bias, with a variance in closed form.",
        kind="symbolic",
        source="here",
        hypotheses="derivatives exist at every sample",
        checker=check_trace,
        instance=lambda: {"quantity": mean_square},
        control_statement="it is the squared norm of the average Jacobian",
        control=lambda: {"quantity": square_of_mean},
    ),
    Claim(
        identifier="prop-poincare-bound",
        page=PAGE,
        statement="The class-distance normalised variance is at most the largest Poincare constant "
        "of a class times the geometric collapse; for normal classes the constant is the largest "
        "eigenvalue of their covariances, and a linear map attains it.",
        kind="proved",
        source="after munn2024; proof here",
        hypotheses="population quantities; every class satisfies a Poincare inequality",
        checker=check_poincare,
        instance=lambda: {"constant": top_eigenvalue},
        control_statement="the mean eigenvalue for the largest",
        control=lambda: {"constant": mean_eigenvalue},
    ),
    Claim(
        identifier="prop-two-point-counterexample",
        page=PAGE,
        statement="For classes in two pieces there are networks of one geometric collapse and any "
        "variance, so no constant bounds one by the other.",
        kind="proved",
        source="here",
        hypotheses="the step rises where there is no data",
        checker=check_step,
        instance=lambda: {"gap": 1.0},
        control_statement="so it is for classes in one piece",
        control=lambda: {"gap": 0.0},
    ),
    Claim(
        identifier="prop-few-shot-bound",
        page=PAGE,
        statement="The nearest mean of m shots errs with probability at most "
        "4 (1 + 1/sqrt m)^2 (K - 1) times the class-distance normalised variance, hence at most "
        "(12 + 6/m)(K - 1) times it.",
        kind="proved",
        source="here, after galanti2022",
        hypotheses="K equiprobable classes of finite variance with different means",
        checker=check_few_shots,
        instance=lambda: {"factor": few_shot_factor},
        control_statement="the factor 16 (1/p + 1/m), for classes of any shape in p dimensions",
        control=lambda: {"factor": dimension_factor},
    ),
)
