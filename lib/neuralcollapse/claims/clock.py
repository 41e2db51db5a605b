"""Statements of the page *Training the clock*."""

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import ive

from neuralcollapse.claims.claim import Claim, Evidence, Measure
from neuralcollapse.claims.clock_networks import RANKS, first, part, row
from neuralcollapse.theory.circle import bessel_ratio

PAGE = "circle/clock"
FULL = {"train_fraction": 1.0, "mirrored": True}
MODULI = (7, 11, 23, 31)
TREATMENTS = ("classifier", "embedding", "both")
ORDER = {"classifier": [3.0, 0.0, 3.0], "embedding": [0.0, 3.0, 3.0]}


def treatment(name, result=None, seeds=12):
    """Return locking steps under a penalty on one layer or on both.

    Parameters
    ----------
    name : {"classifier", "embedding", "both"}
    result : dict, optional
        A row with the three treatments; the stored one unless given.
    seeds : int
        Of each treatment.

    Returns
    -------
    dict
        As `first` takes it.
    """
    locking = (row("order", nuclear=ORDER) if result is None else result)["locking"]
    start = TREATMENTS.index(name) * seeds
    return part(locking, start, start + seeds)


def check_circle(results, share=30 / 32):
    """Count networks that are right on all pairs and have rank 2."""
    done = [
        np.mean(
            [a == 1 and r <= 2.1 for a, r in zip(found["accuracy"], found["rank"], strict=True)]
        )
        for found in results
    ]
    return Evidence(
        (
            Measure(
                "least share of seeds with accuracy 1 and rank at most 2.1",
                float(np.min(done)),
                ">=",
                share,
            ),
        )
    )


def crossings(moduli=MODULI):
    """Strengths at which the stored objectives change sign, for all moduli and seeds."""
    return [value for p in moduli for value in row("threshold", modulus=p)["crossing"]]


def losses(moduli=MODULI, strengths=(0.78, 0.8, 0.82, 0.84, 0.94, 0.96)):
    """First strengths of the stored grid at which networks are no longer right on all pairs."""
    accuracy = [line for p in moduli for line in row("threshold", modulus=p)["accuracy"]]
    return [strengths[int(np.argmax(np.array(line) < 1))] for line in accuracy]


def check_threshold(strengths):
    """Hold critical strengths against an interval."""
    return Evidence(
        (
            Measure("least critical strength times P", float(np.min(strengths)), ">=", 0.80),
            Measure("largest critical strength times P", float(np.max(strengths)), "<=", 0.84),
        )
    )


def check_leader(locking, leader, least):
    """Count which layer locks first: `leader` at least `least` times, the other never."""
    follower = {"classifier": "embedding", "embedding": "classifier"}[leader]
    counts = {rank: first(locking, rank) for rank in RANKS}
    led = [
        Measure(f"{leader} first, rank {rank}", c[leader], ">=", least)
        for rank, c in counts.items()
    ]
    lost = [
        Measure(f"{follower} first, rank {rank}", c[follower], "==", 0)
        for rank, c in counts.items()
    ]
    return Evidence((*led, *lost))


def check_rates(slow, least=11):
    """Slow one layer down in plain gradient descent and count how often the other is pure first."""
    leader = {"classifier": "embedding", "embedding": "classifier"}
    counts = [first(row("rates", rates={layer: 0.25})["locking"])[leader[layer]] for layer in slow]
    if not slow:
        counts = [first(row("rates", rates={})["locking"])["classifier"]]
    return Evidence(
        (
            Measure(
                "seeds, of 12, in which the faster layer is pure first", min(counts), ">=", least
            ),
        )
    )


def check_order(coherences):
    """Look for the cyclic order of labels, and for any code where there is nothing to code."""
    relabelled = row("control", task="relabelled")
    lost = [max(row("control", task=task)["accuracy"]) for task in ("latin", "shuffled")]
    return Evidence(
        (
            Measure("least coherence of relabelled classes", min(coherences), ">=", 0.99),
            Measure("largest deviation of their gaps", max(relabelled["gaps"]), "<=", 0.15),
            Measure("largest accuracy without a group", max(lost), "<=", 0.2),
        )
    )


def check_many_frequencies(result, least_rank=20, least_frequencies=9):
    """Look for full rank and many frequencies in networks that are right on all test pairs."""
    tests = [test for test in result["test_accuracy"] if test is not None]
    numbers = [len(frequencies) for frequencies in result["frequencies"]]
    return Evidence(
        (
            Measure("least test accuracy", min(tests), "==", 1),
            Measure("least rank of the classifier", min(result["rank"]), ">=", least_rank),
            Measure("fewest frequencies with 90 % of it", min(numbers), ">=", least_frequencies),
        )
    )


def balanced_cost(x, y, beta, layer, strength):
    r"""Cost of two circles without a relation, of shares $1\pm x$ in rows, $1\pm y$ in features.

    Parameters
    ----------
    x, y : float
        In (-1, 1).
    beta : float
    layer : {"classifier", "embedding"}
        Whose nuclear norm is penalised.
    strength : float
        $\lambda\sqrt P$.

    Returns
    -------
    float
        In nats, less $\log P$, in the limit of many classes.
    """
    scale = beta / (2 * np.sqrt((1 + x * x) * (1 + y * y)))
    amplitudes = scale * np.array([(1 + x) * (1 + y), (1 - x) * (1 - y)])
    saved = -np.log(ive(0, amplitudes)).sum()
    norm = {
        "classifier": 2 / np.sqrt(1 + x * x),
        "embedding": np.sqrt(1 + y) + np.sqrt(1 - y),
    }[layer]
    return -saved + strength * norm


def tipping(beta, layer="classifier", step=1e-3):
    """Strength at which equal shares stop being a minimum, from second differences."""

    def least(x):
        """Cost at one share, the other at its best."""
        if layer == "classifier":
            cost = lambda y: balanced_cost(x, y, beta, layer, 0.0)  # noqa: E731
        else:
            cost = lambda y: balanced_cost(y, x, beta, layer, 0.0)  # noqa: E731
        return minimize_scalar(
            cost, bounds=(-0.5, 0.5), method="bounded", options={"xatol": 1e-12}
        ).fun

    def norm(x):
        pair = (x, 0.0) if layer == "classifier" else (0.0, x)
        return balanced_cost(*pair, beta, layer, 1.0) - balanced_cost(*pair, beta, layer, 0.0)

    loss = least(step) + least(-step) - 2 * least(0.0)
    return -loss / (norm(step) + norm(-step) - 2 * norm(0.0))


def tipping_formula(beta):
    r"""Strength $s=\frac{4ab}{a+b}$ at which two circles tip under a penalty on the classifier."""
    u = beta / 2
    ratio = bessel_ratio(1, u)
    a, b = u * (1 - ratio), u * u * (1 - ratio / u - ratio**2)
    return 4 * a * b / (a + b)


def check_two_circles(factor):
    """Compare second differences of the cost with the formula, the embeddings' with `factor`."""
    betas = (0.5, 1.0, 4.0, 10.0)
    gaps = {
        layer: max(abs(tipping(b, layer) / (times * tipping_formula(b)) - 1) for b in betas)
        for layer, times in (("classifier", 1), ("embedding", factor))
    }
    return Evidence(
        tuple(
            Measure(f"relative error, penalty on the {layer}", gap, "<=", 1e-4)
            for layer, gap in gaps.items()
        )
    )


CLAIMS = (
    Claim(
        identifier="obs-clock-circle",
        page=PAGE,
        statement="The recipe ends with every pair right and classifiers of rank 2 in at least 30 "
        "of 32 seeds, at P = 11 and 23, on all pairs and on 70 % of them.",
        kind="observed",
        source="here",
        hypotheses="clock network, cosine head, beta = 4; seeds 0 to 31; both kinds of split",
        checker=check_circle,
        instance=lambda: {
            "results": [
                row("recipe", modulus=p, train_fraction=share, mirrored=mirrored)
                for p in (11, 23)
                for share, mirrored in ((1.0, True), (0.7, True), (0.7, False))
            ]
        },
        control_statement="without the penalty the rank is 2 as well",
        control=lambda: {"results": [row("control", task="addition", modulus=23, nuclear={})]},
    ),
    Claim(
        identifier="obs-clock-threshold",
        page=PAGE,
        statement="With squared penalties on both layers and one complex coordinate, training on "
        "all pairs ends below the cost of the zero network up to a strength times P between 0.80 "
        "and 0.84, and above it from there.",
        kind="observed",
        source="here",
        hypotheses="P = 7, 11, 23, 31, three seeds each, linear head, ramped penalties",
        checker=check_threshold,
        instance=lambda: {"strengths": crossings()},
        control_statement="there the network also loses its circle",
        control=lambda: {"strengths": losses()},
    ),
    Claim(
        identifier="prop-two-circles",
        page=PAGE,
        statement="Two equal circles without a relation tip to one at a strength 4ab / (a + b) of "
        "the penalty on the classifier, and at four times that of the penalty on the embeddings.",
        kind="proved",
        source="here",
        hypotheses="unit rows, cosine head, limit of many classes, shares of the circles vary",
        checker=check_two_circles,
        instance=lambda: {"factor": 4},
        control_statement="at twice that: embeddings enter squared",
        control=lambda: {"factor": 2},
    ),
    Claim(
        identifier="obs-classifier-first",
        page=PAGE,
        statement="With the nuclear norm of the classifier penalised and nothing else, the "
        "classifier falls to rank 4.2 and to rank 2.2 before the embeddings.",
        kind="observed",
        source="here",
        hypotheses="P = 11, twelve seeds, no weight decay",
        checker=check_leader,
        instance=lambda: {
            "locking": treatment("classifier"),
            "leader": "classifier",
            "least": 11,
        },
        control_statement="whichever layer is penalised",
        control=lambda: {
            "locking": treatment("embedding"),
            "leader": "classifier",
            "least": 11,
        },
    ),
    Claim(
        identifier="obs-embedding-first",
        page=PAGE,
        statement="With the nuclear norm of the embeddings penalised and nothing else, the "
        "classifier is first in no seed and the embeddings in at least eight of twelve.",
        kind="observed",
        source="here",
        hypotheses="as before",
        checker=check_leader,
        instance=lambda: {
            "locking": treatment("embedding"),
            "leader": "embedding",
            "least": 8,
        },
        control_statement="with the same penalty on the classifier as well it is so too",
        control=lambda: {
            "locking": treatment("both"),
            "leader": "embedding",
            "least": 8,
        },
    ),
    Claim(
        identifier="obs-learning-rates",
        page=PAGE,
        statement="In plain gradient descent with equal squared penalties the layer with four "
        "times the learning rate is pure first.",
        kind="observed",
        source="here",
        hypotheses="P = 13, linear head, twelve seeds, 90 % of the energy in the final frequencies",
        checker=check_rates,
        instance=lambda: {"slow": ("embedding", "classifier")},
        control_statement="with equal rates the classifier is first",
        control=lambda: {"slow": ()},
    ),
    Claim(
        identifier="obs-order-controls",
        page=PAGE,
        statement="Relabelled classes form the same circle in the order of the sums, and neither a "
        "random Latin square nor shuffled labels are learned.",
        kind="observed",
        source="here",
        hypotheses="P = 23, 70 % of the pairs, four seeds",
        checker=check_order,
        instance=lambda: {"coherences": row("control", task="relabelled")["restored"]},
        control_statement="in the order of their labels",
        control=lambda: {"coherences": row("control", task="relabelled")["coherence"]},
    ),
    Claim(
        identifier="obs-mlp-many-frequencies",
        page=PAGE,
        statement="Perceptrons with squares get every test pair right with classifiers of rank at "
        "least 20 of 22 and nine of eleven frequencies or more.",
        kind="observed",
        source="morwani2024 derive it from a maximal margin; here observed",
        hypotheses="P = 23, 70 % of the pairs, 96 units, weight decay 1, four seeds",
        checker=check_many_frequencies,
        instance=lambda: {"result": row("perceptron", modulus=23)},
        control_statement="so do clock networks under the penalty",
        control=lambda: {
            "result": row("recipe", modulus=23, train_fraction=0.7, mirrored=True),
        },
    ),
)
