"""Digits of a coherence for CPU seconds: `spherical_code`, pymanopt and SLSQP of scipy.

Run with one thread, in an environment that has pymanopt (benchmarks/README.md):

    OMP_NUM_THREADS=1 python benchmarks/spherical_codes.py > benchmarks/spherical_codes.txt
"""

import contextlib
import os
import platform
import sys
import time
from statistics import median

import numpy as np
import scipy
from scipy.optimize import minimize
from threadpoolctl import threadpool_limits

from neuralcollapse.codes import spherical_code

try:
    import autograd.numpy as anp
    import pymanopt
    from pymanopt.manifolds import Elliptope
    from pymanopt.optimizers import ConjugateGradient
except ImportError:
    sys.exit(
        "pymanopt and autograd are needed, and no dependencies of the project; in a virtual "
        "environment of their own: pip install pymanopt==2.2.1 autograd==1.9.1"
    )

# (dimension, points): CPU seconds a solver may use, repetitions, reference, its source.
CASES = {
    (3, 24): (5, 3, 0.72307846833350853, "snub cube"),
    (4, 24): (5, 3, 0.5, "24-cell"),
    (8, 64): (45, 1, 0.3363997361215008, "best seen by this project"),
    (16, 64): (60, 1, 0.128344076017025, "best seen by this project"),
}
EPSILON = 0.005  # of the example packing_on_the_sphere of pymanopt, as are the tolerances
MOST_DIGITS = 15  # beyond, rounding of a cosine


def coherence(points):
    """Largest cosine, after rows are brought to length 1."""
    points = points / np.linalg.norm(points, axis=1, keepdims=True)
    return (points @ points.T)[np.triu_indices(len(points), 1)].max()


def ours(d, n, seed, deadline):
    """One start, as for the others, then four times as many each call, up to the default."""
    starts = 1
    while time.process_time() < deadline:
        default = starts > 256
        code = spherical_code(n, d, seed=seed, starts=None if default else starts)
        yield code.coherence
        starts, seed = 4 * starts, seed + 1000


def by_pymanopt(d, n, seed, deadline):
    """Conjugate gradients on the smoothed largest cosine, from random starts."""
    manifold = Elliptope(n, d)
    above = np.triu(np.ones((n, n)), 1)

    @pymanopt.function.autograd(manifold)
    def cost(x):
        y = x @ x.T
        largest = anp.max(y - 2 * (1 - above))
        return largest + EPSILON * anp.log(
            anp.sum(above * anp.exp(above * (y - largest) / EPSILON))
        )

    generator = np.random.default_rng(seed)
    while time.process_time() < deadline:
        optimizer = ConjugateGradient(
            min_gradient_norm=1e-8,
            max_iterations=10**5,
            max_cost_evaluations=10**6,
            max_time=max(1.0, 2 * (deadline - time.process_time())),
            verbosity=0,
        )
        start = generator.normal(size=(n, d))
        start /= np.linalg.norm(start, axis=1, keepdims=True)
        yield coherence(optimizer.run(pymanopt.Problem(manifold, cost), initial_point=start).point)


class OutOfTime(Exception):
    """The budget is spent in the middle of a call."""


def by_slsqp(d, n, seed, deadline):
    """Minimise t with cosines at most t and rows of length 1, all Jacobians analytic."""
    first, second = np.triu_indices(n, 1)
    pair, row = np.arange(len(first)), np.arange(n)
    generator = np.random.default_rng(seed)

    def slack(v):
        x = v[:-1].reshape(n, d)
        return v[-1] - (x[first] * x[second]).sum(axis=1)

    def slack_jacobian(v):
        x = v[:-1].reshape(n, d)
        jacobian = np.zeros((len(first), n, d))
        jacobian[pair, first], jacobian[pair, second] = -x[second], -x[first]
        return np.column_stack([jacobian.reshape(len(first), -1), np.ones(len(first))])

    def length(v):
        return (v[:-1].reshape(n, d) ** 2).sum(axis=1) - 1

    def length_jacobian(v):
        jacobian = np.zeros((n, n, d))
        jacobian[row, row] = 2 * v[:-1].reshape(n, d)
        return np.column_stack([jacobian.reshape(n, -1), np.zeros(n)])

    while time.process_time() < deadline:
        points = generator.normal(size=(n, d))
        points /= np.linalg.norm(points, axis=1, keepdims=True)
        latest = np.append(points.ravel(), coherence(points))

        def keep(v):
            nonlocal latest
            latest = v.copy()
            if time.process_time() > deadline:
                raise OutOfTime

        with contextlib.suppress(OutOfTime):
            latest = minimize(
                lambda v: v[-1],
                latest,
                jac=lambda v: np.append(np.zeros(len(v) - 1), 1.0),
                constraints=[
                    {"type": "ineq", "fun": slack, "jac": slack_jacobian},
                    {"type": "eq", "fun": length, "jac": length_jacobian},
                ],
                method="SLSQP",
                callback=keep,
                options={"ftol": 1e-15, "maxiter": 1000},
            ).x
        yield coherence(latest[:-1].reshape(n, d))


def race(solver, d, n, seed, budget):
    """Trace of (CPU seconds so far, best so far); the call under way at the end is finished."""
    begin, best, trace = time.process_time(), np.inf, []
    for value in solver(d, n, seed, begin + budget):
        best = min(best, value)
        trace.append((time.process_time() - begin, best))
    return trace


def digits(value, reference):
    """Decimal digits in which a value agrees with a reference that is smaller."""
    return min(MOST_DIGITS, -np.log10(max((value - reference) / reference, 10.0**-MOST_DIGITS)))


def seconds_to(trace, wanted, reference):
    """First CPU seconds of a trace with the wanted digits, within 0.1; infinite if never."""
    return next((at for at, value in trace if digits(value, reference) > wanted - 0.1), np.inf)


def main():
    """Run every case and print the table."""
    names = {"spherical_code": ours, "pymanopt": by_pymanopt, "SLSQP": by_slsqp}
    print(
        f"{os.cpu_count()} cores {platform.machine()}, one thread; Python "
        f"{platform.python_version()}, numpy {np.__version__}, scipy {scipy.__version__}, "
        f"pymanopt {pymanopt.__version__}"
    )
    print(
        "digits: of agreement with the best, when the budget ends. to end: CPU seconds until they"
    )
    print(
        "were reached, within 0.1. to equal: CPU seconds until spherical_code had as many, within"
    )
    print("0.1. calls: in the budget, the one under way finished. Medians of the runs.")
    print(
        f"{'(d, n)':9}{'solver':16}{'best found':>18}{'digits':>8}{'to end':>8}{'to equal':>10}"
        f"{'calls':>7}"
    )
    for (d, n), (budget, runs, reference, source) in CASES.items():
        traces = {
            name: [race(solver, d, n, seed, budget) for seed in range(runs)]
            for name, solver in names.items()
        }
        found = {name: min(trace[-1][1] for trace in traces[name]) for name in names}
        best = min(*found.values(), reference)
        rows = {}
        for name in names:
            reached = [digits(trace[-1][1], best) for trace in traces[name]]
            to_end = map(seconds_to, traces[name], reached, [best] * runs)
            to_equal = map(seconds_to, traces["spherical_code"], reached, [best] * runs)
            rows[name] = median(reached), median(to_end), median(to_equal)
            calls = median(len(trace) for trace in traces[name])
            print(
                f"{(d, n)!s:9}{name:16}{found[name]:18.12f}{rows[name][0]:8.1f}"
                f"{rows[name][1]:8.2f}{rows[name][2]:10.2f}{calls:7.0f}",
                flush=True,
            )
        rival = max(("pymanopt", "SLSQP"), key=lambda name: (rows[name][0], -rows[name][1]))
        more, own_end = rows["spherical_code"][0] - rows[rival][0], rows["spherical_code"][1]
        print(f"{'':9}budget {budget} CPU s, runs {runs}; reference {reference:.12f} ({source})")
        print(
            f"{'':9}against {rival}: {more:+.1f} digits; {rival} to end / spherical_code to equal "
            f"{rows[rival][1] / rows[rival][2]:.2f}, / spherical_code to end "
            f"{rows[rival][1] / own_end:.2f}"
        )


if __name__ == "__main__":
    with threadpool_limits(1):
        main()
