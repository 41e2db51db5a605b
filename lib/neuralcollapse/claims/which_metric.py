"""Claims of the page `which-metric`: what metrics do not see, and where two of them disagree."""

from functools import cache, partial

import numpy as np

from neuralcollapse import metrics
from neuralcollapse.claims.claim import Claim, Evidence, Measure
from neuralcollapse.claims.coefficients import (
    check_circle_coefficient,
    check_log_lengths,
    log_length_coefficient,
    random_circle,
    regular_polygon,
)
from neuralcollapse.claims.disagreements import (
    TRIANGLES,
    check_bias_decision,
    check_common_row,
    check_disagreements,
    check_orthoplex_centring,
    check_product_duality,
    segment_values,
    triangle_values,
)
from neuralcollapse.claims.invariances import STATED, TEMPTING, check_invariances
from neuralcollapse.claims.weightings import check_weightings, sharp_bounds, two_class_bounds
from neuralcollapse.geometry import orthoplex
from neuralcollapse.models import MLP
from neuralcollapse.tasks import digits
from neuralcollapse.training import Recipe, fit

PAGE = "collapse/which-metric"
NETWORK = partial(MLP, (64, 96, 96, 96, 10))
CROSS_ENTROPY = Recipe(epochs=60)
SQUARED = Recipe(loss="squared", learning_rate=0.1, batch_size=120, epochs=60)


def check_two_networks(first, second):
    """Compare two sets of final NC3, seed by seed: the product falls where the distance grows."""
    product, distance = (np.divide(first[name], second[name]) for name in DUALITIES)
    return Evidence(
        (
            Measure("product, first over second, largest of 3 seeds", product.max(), "<=", 0.2),
            Measure("distance, first over second, least of 3 seeds", distance.min(), ">=", 2.5),
        )
    )


DUALITIES = ("self_duality_product", "self_duality")


@cache
def run(recipe):
    """Three networks of the page on digits, trained once a process; returns a History."""
    return fit(NETWORK, digits(), recipe, seeds=(0, 1, 2))


def dualities(history, checkpoint=-1):
    """Both NC3 of each seed at a checkpoint, by name."""
    return {name: history.series(name)[checkpoint] for name in DUALITIES}


CLAIMS = (
    Claim(
        identifier="prop-invariances",
        page=PAGE,
        statement="Of nine changes of features, classifier and data, each metric is invariant "
        "under those its row of the table says, and under no other.",
        kind="proved",
        source="here",
        hypotheses="class means and classifier generic; 'span' where centred means span R^d",
        checker=check_invariances,
        instance=lambda: {"stated": STATED},
        control_statement="the pairwise NC1 with k = 2 is invariant under scale as well",
        control=lambda: {"stated": TEMPTING},
    ),
    Claim(
        identifier="prop-weightings",
        page=PAGE,
        statement="Weighting by sample instead of by class changes the quotient and the "
        "pseudo-inverse NC1 by a factor in [1/r, r], r the ratio of the largest to the smallest "
        "class, sharp for three classes or more; for two it is [(r+1)/2r, (r+1)/2].",
        kind="proved",
        source="here",
        hypotheses="no class empty; both scatters and the global mean in one weighting",
        checker=check_weightings,
        instance=lambda: {"bounds": sharp_bounds},
        control_statement="the interval of two classes, for any number of classes",
        control=lambda: {"bounds": two_class_bounds},
    ),
    Claim(
        identifier="prop-disagreements",
        page=PAGE,
        statement="No two of four NC1 order all feature sets alike: three triangles of class "
        "means put all six pairs of them in opposite order.",
        kind="symbolic",
        source="here",
        hypotheses="pseudo-inverse, quotient, and the log-mean and mean-log of pairs with k = 1",
        checker=check_disagreements,
        instance=lambda: {"values": [triangle_values(*case) for case in TRIANGLES]},
        control_statement="two classes suffice",
        control=lambda: {
            "values": [segment_values(*case) for case in ((1, 0, 1), (1, 1, 0), (2, 3, 2))]
        },
    ),
    Claim(
        identifier="prop-log-lengths",
        page=PAGE,
        statement="By scale alone the coefficient of variation of log lengths takes every "
        "positive value, while their standard deviation does not move.",
        kind="proved",
        source="here",
        hypotheses="class means of unequal lengths, none 0",
        checker=check_log_lengths,
        instance=lambda: {"metric": log_length_coefficient},
        control_statement="the coefficient of variation of the lengths themselves",
        control=lambda: {"metric": metrics.equinorm},
    ),
    Claim(
        identifier="prop-product-duality",
        page=PAGE,
        statement="The product metric of W and M is 0 at W = M^+, and wherever squared loss is "
        "fitted exactly, whatever the class means; NC3 as a distance is 0 at M^+ for a simplex "
        "only. Two simplices askew have product 0 as well.",
        kind="proved",
        source="here",
        hypotheses="centred class means of rank K - 1, classes weighted alike",
        checker=check_product_duality,
        instance=lambda: {"metric": metrics.self_duality_product},
        control_statement="the distance of W and M is 0 there as well",
        control=lambda: {"metric": metrics.self_duality},
    ),
    Claim(
        identifier="prop-common-row",
        page=PAGE,
        statement="A common row added to W changes 1 - NC3/2 by the factor by which it shortens "
        "the centred W relative to W, so centring makes NC3 least where W and M agree at all.",
        kind="proved",
        source="here",
        hypotheses="means centred with classes weighted alike; <W, M> positive for the last part",
        checker=check_common_row,
        instance=lambda: {"weighting": "class"},
        control_statement="means centred with samples weighted alike",
        control=lambda: {"weighting": "sample"},
    ),
    Claim(
        identifier="prop-orthoplex-centring",
        page=PAGE,
        statement="An orthoplex without a vertex, features equal to weights, has mean cosine 1 "
        "with the class means and a smaller one with the centred class means.",
        kind="symbolic",
        source="here",
        hypotheses="n = 2d - 1 points, d from 2 to 5 checked exactly",
        checker=check_orthoplex_centring,
        instance=lambda: {"code": lambda d: orthoplex(d)[:-1].astype(int).tolist()},
        control_statement="the whole orthoplex",
        control=lambda: {"code": lambda d: orthoplex(d).astype(int).tolist()},
    ),
    Claim(
        identifier="prop-bias-decision",
        page=PAGE,
        statement="A collapsed network whose bias cancels a global mean at t m_1, t > 1, has NC4 "
        "0 with its bias and (K-1)/K without.",
        kind="proved",
        source="here",
        hypotheses="W = M a simplex, classes of one size",
        checker=check_bias_decision,
        instance=lambda: {"distance": 1.1},
        control_statement="t = 0.9",
        control=lambda: {"distance": 0.9},
    ),
    Claim(
        identifier="prop-circle-coefficient",
        page=PAGE,
        statement="For a regular polygon of K directions the log kernel has mean -log K/(K-1), "
        "a standard deviation that tends to pi/(2 sqrt 3), and so a coefficient of variation "
        "that grows without bound.",
        kind="proved",
        source="here",
        hypotheses="centred class means on a circle about their mean",
        checker=check_circle_coefficient,
        instance=lambda: {"points": regular_polygon},
        control_statement="points drawn at random on the circle",
        control=lambda: {"points": random_circle},
    ),
    Claim(
        identifier="obs-two-networks",
        page=PAGE,
        statement="On digits the network with squared loss ends with a product metric at least "
        "five times lower than the one with cross-entropy, and with a distance of W and M at least "
        "2.5 times higher.",
        kind="observed",
        source="here",
        hypotheses="1,200 digits, 3 seeds, 60 epochs, weight decay 5e-3; learning rate and batch "
        "differ with the loss",
        checker=check_two_networks,
        instance=lambda: {
            "first": dualities(run(SQUARED)),
            "second": dualities(run(CROSS_ENTROPY)),
        },
        control_statement="squared loss at the end against the same after one epoch",
        control=lambda: {
            "first": dualities(run(SQUARED)),
            "second": dualities(run(SQUARED), run(SQUARED).checkpoint(1)),
        },
    ),
)
