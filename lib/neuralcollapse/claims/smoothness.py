"""Claims of the page collapse/smoothness: complexity, variance and few shots."""

from itertools import product

import numpy as np
import sympy
import torch

from neuralcollapse.claims.claim import Claim, Evidence, Measure
from neuralcollapse.claims.nearest_mean import (
    cloud_error,
    dimension_factor,
    far_atoms,
    few_shot_factor,
    line_error,
    worst_lines,
)
from neuralcollapse.claims.poincare import (
    gaussian_case,
    mean_eigenvalue,
    mixture,
    polynomial_ratio,
    step_measures,
    top_eigenvalue,
)
from neuralcollapse.claims.transfer import Setting, stored
from neuralcollapse.metrics import (
    average_gradient_outer_product,
    class_distance_normalized_variance,
    geometric_collapse,
    geometric_complexity,
)
from neuralcollapse.models import MLP
from neuralcollapse.statistics import ClassStatistics

PAGE = "collapse/smoothness"
EQUAL = {"target_loss": 0.05}


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
        network, inputs, labels, covariances = gaussian_case(seed)
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


def check_penalty(penalty):
    """Compare a penalty with none, split by split, after equal steps and at equal loss."""
    measures = []
    for words, common in (("equal steps", {}), ("equal loss", EQUAL)):
        lower, _, gain = compared(penalty, common)
        measures += [
            Measure(f"{words}: splits with lower complexity", (lower < 0).sum(), "==", 20),
            Measure(f"{words}: splits with a gain", (gain > 0).sum(), ">=", 15),
            Measure(f"{words}: mean gain in accuracy", gain.mean(), ">=", 0.01),
        ]
    return Evidence(measures)


def check_knobs(knobs):
    """Look whether knobs lower all source quantities on average, and serve new classes worse."""
    setting = [Setting(**knob, **EQUAL) for knob in knobs]
    quotient = lambda name, one: (  # noqa: E731
        stored(name, one).mean() / stored(name, Setting(**EQUAL)).mean()
    )
    measures = [
        Measure(
            f"source {words}: largest quotient", max(quotient(name, s) for s in setting), "<=", 1
        )
        for words, name in (
            ("complexity", "complexity"),
            ("variance", "variance"),
            ("collapse", "collapse"),
        )
    ]
    gains = [compared(knob, EQUAL)[2].mean() for knob in knobs]
    rises = [quotient("target_variance", one) for one in setting]
    measures += [
        Measure("largest mean gain in accuracy", max(gains), "<=", -0.01),
        Measure("new variance: least quotient", min(rises), ">=", 1),
    ]
    return Evidence(measures)


def compared(knob, common):
    """Differences to the plain run, split by split.

    Parameters
    ----------
    knob, common : dict
        Arguments of `Setting`; the plain run has only the second.

    Returns
    -------
    complexity, target_variance, accuracy : ndarray, shape (num_splits,)
        Averaged over seeds.
    """
    names = ("complexity", "target_variance", "accuracy")
    plain, other = Setting(**common), Setting(**knob, **common)
    return tuple((stored(name, other) - stored(name, plain)).mean(axis=0) for name in names)


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
        "variance, so no constant bounds variance by collapse.",
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
    Claim(
        identifier="obs-penalty-transfer",
        page=PAGE,
        statement="A penalty of 0.001 on complexity lowers it on twenty of twenty splits of the "
        "digits and raises five-shot accuracy on new digits on most, after equal steps and at "
        "equal loss.",
        kind="observed",
        source="here",
        hypotheses="perceptrons on six digits, twenty splits, one seed each",
        checker=check_penalty,
        instance=lambda: {"penalty": {"complexity": 1e-3}},
        control_statement="so does weight decay of 0.01, which lowers complexity as well",
        control=lambda: {"penalty": {"weight_decay": 1e-2}},
    ),
    Claim(
        identifier="obs-knobs",
        page=PAGE,
        statement="At equal training loss batches of 15, a learning rate of 0.3 and weight decay "
        "of 0.01 each lower complexity, variance and collapse on the digits trained on, and serve "
        "the new digits worse, on average over splits.",
        kind="observed",
        source="here",
        hypotheses="perceptrons on six digits, twenty splits, one seed each",
        checker=check_knobs,
        instance=lambda: {
            "knobs": [{"batch_size": 15}, {"learning_rate": 0.3}, {"weight_decay": 1e-2}]
        },
        control_statement="so does the penalty of 0.001 on complexity",
        control=lambda: {"knobs": [{"complexity": 1e-3}]},
    ),
)
