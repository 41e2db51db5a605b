"""Claims of the page collapse/regression: the optimum, its metrics, and networks that reach it."""

import numpy as np

from neuralcollapse.claims.claim import Claim, Evidence, Measure
from neuralcollapse.claims.regression_networks import RegressionSetting, stored
from neuralcollapse.claims.regression_optima import (
    check_collapse,
    check_gamma,
    check_landscape,
    check_no_decay,
    check_optimum,
    check_truncation,
    column_reading,
    eigenbasis_reading,
    unnormalised_gamma,
)
from neuralcollapse.metrics import best_gamma

PAGE = "collapse/regression"
PLAIN = {task: RegressionSetting(task) for task in ("digits", "linnerud", "arm")}
DECAYED = {
    "digits": RegressionSetting(decay=0.05),
    "linnerud": RegressionSetting("linnerud", 0.1),
    "arm": RegressionSetting("arm", 0.1),
}
CONVERGED = ("digits", "linnerud")  # the arm has not, after as many steps
ORDINARY = RegressionSetting(parameter_decay=5e-3)


def check_networks(settings):
    """Hold networks of some settings, by task, against those without decay and against c."""
    ratios, duals, spreads = [], [], []
    for task, setting in settings.items():
        ratios.append(stored(PLAIN[task], "nrc1").min() / stored(setting, "nrc1").max())
        if task in CONVERGED:
            duals.append(stored(setting, "nrc3_fixed" if setting.decay else "nrc3").max())
            if setting.decay:
                spreads.append(stored(setting, "whiteness"))
    measures = [
        Measure("least ratio of NRC1 without decay to NRC1 with", np.min(ratios), ">=", 20),
        Measure("largest NRC3", np.max(duals), "<=", 1e-5),
    ]
    if spreads:  # without decay of features there is no c
        measures += [
            Measure("least eigenvalue of residuals over c", np.min(spreads), ">=", 0.95),
            Measure("largest", np.max(spreads), "<=", 1.05),
        ]
    return Evidence(tuple(measures))


def check_ordinary(setting):
    """Look for collapse of the plane, and for what is left of NRC3, under decay of everything."""
    return Evidence(
        (
            Measure("largest NRC1, centred", stored(setting, "nrc1_centered").max(), "<=", 1e-5),
            Measure("largest NRC1", stored(setting, "nrc1").max(), "<=", 1e-2),
            Measure("least NRC3", stored(setting, "nrc3").min(), ">=", 1e-3),
        )
    )


def check_centring(setting):
    """Look for features that fill few directions and yet lie off their plane."""
    plain, centred = (stored(setting, name) for name in ("nrc1", "nrc1_centered"))
    return Evidence(
        (
            Measure("least NRC1", plain.min(), ">=", 0.03),
            Measure("largest NRC1, centred", centred.max(), "<=", 0.005),
            Measure("least share of the mean", stored(setting, "mean_share").min(), ">=", 0.5),
        )
    )


def check_permuted(setting):
    """Look for collapse that predicts nothing."""
    return Evidence(
        (
            Measure("largest NRC1", stored(setting, "nrc1").max(), "<=", 0.02),
            Measure("largest NRC3", stored(setting, "nrc3").max(), "<=", 1e-5),
            Measure(
                "largest explained share of the test targets",
                stored(setting, "explained").max(),
                "<=",
                0,
            ),
        )
    )


CLAIMS = (
    Claim(
        identifier="thm-regression-collapse",
        page=PAGE,
        statement="The minimisers over layer, free features and bias shrink the roots of the "
        "covariance of the targets by the root of c, to no less than 0; features, residual and "
        "least value follow.",
        kind="proved",
        source="andriopoulos2024; eigenbasis form and proof here",
        hypotheses="positive decays, at least as many dimensions as eigenvalues above c",
        checker=check_optimum,
        instance=lambda: {"shrunk": lambda root, price: np.maximum(root - price, 0)},
        control_statement="roots shrink by a factor, as in ridge regression, and none to 0",
        control=lambda: {"shrunk": lambda root, price: root**2 / (root + price)},
    ),
    Claim(
        identifier="cor-regression-collapse",
        page=PAGE,
        statement="If c is below every eigenvalue, NRC1 and NRC2 are 0, NRC3 is 0 with gamma = c, "
        "both penalties are alike and the residual has covariance c times the identity.",
        kind="proved",
        source="andriopoulos2024; proof here",
        hypotheses="as the theorem, c below the least eigenvalue",
        checker=check_collapse,
        instance=lambda: {"residual": lambda covariance, c: c * np.eye(len(covariance))},
        control_statement="the residual has the shape of the targets",
        control=lambda: {
            "residual": lambda covariance, c: c * covariance * len(covariance) / covariance.trace()
        },
    ),
    Claim(
        identifier="prop-truncation",
        page=PAGE,
        statement="Where c lies among the eigenvalues, the optimum keeps those above it in the "
        "eigenbasis of the covariance, not the first columns of a root.",
        kind="proved",
        source="here",
        hypotheses="c between two eigenvalues",
        checker=check_truncation,
        instance=lambda: {"reading": eigenbasis_reading},
        control_statement="the first columns of the root of A",
        control=lambda: {"reading": column_reading},
    ),
    Claim(
        identifier="prop-regression-landscape",
        page=PAGE,
        statement="Critical points are the truncations to any set of eigenvectors above c, no more "
        "than dimensions; those with the largest eigenvalues are the global minima, at all others "
        "the Hessian has a negative eigenvalue.",
        kind="proved",
        source="here",
        hypotheses="positive decays, any dimension",
        checker=check_landscape,
        instance=lambda: {
            "lowest": lambda chosen, paying, d: chosen == tuple(range(min(paying, d)))
        },
        control_statement="any set that fills all dimensions is a minimum",
        control=lambda: {"lowest": lambda chosen, paying, d: len(chosen) == min(paying, d)},
    ),
    Claim(
        identifier="prop-regression-gamma",
        page=PAGE,
        statement="The gamma that makes NRC3 least is known in closed form, and is c at the "
        "optimum of free features.",
        kind="proved",
        source="here",
        hypotheses="at least two targets, covariance no multiple of the identity, layer not zero",
        checker=check_gamma,
        instance=lambda: {"fit": best_gamma},
        control_statement="the gamma that is best without scaling to norm 1",
        control=lambda: {"fit": unnormalised_gamma},
    ),
    Claim(
        identifier="prop-no-decay",
        page=PAGE,
        statement="Without decay every layer of full rank is part of a minimiser, with any bias "
        "and anything added to the features outside its row space; none of NRC1 to NRC3 is forced.",
        kind="proved",
        source="andriopoulos2024; proof here",
        hypotheses="no decay, covariance of full rank, at least as many dimensions as targets",
        checker=check_no_decay,
        instance=lambda: {"decay": 0.0},
        control_statement="so it is with a decay of 0.001",
        control=lambda: {"decay": 1e-3},
    ),
    Claim(
        identifier="obs-regression-networks",
        page=PAGE,
        statement="Networks with decay on features and last layer come close to the closed form: "
        "NRC1 at least twentyfold below those without; on digits and linnerud NRC3 at gamma = c "
        "below 1e-5 and residuals white.",
        kind="observed",
        source="here",
        hypotheses="three data sets, three seeds each, c below every eigenvalue",
        checker=check_networks,
        instance=lambda: {"settings": DECAYED},
        control_statement="with decay of every parameter too",
        control=lambda: {"settings": {"digits": ORDINARY}},
    ),
    Claim(
        identifier="obs-ordinary-decay",
        page=PAGE,
        statement="Decay of every parameter flattens features on as many directions as targets, "
        "while NRC3 ends above 0.001 at the best gamma.",
        kind="observed",
        source="andriopoulos2024; here",
        hypotheses="digits, three seeds, decay 0.005, linear layer before the last",
        checker=check_ordinary,
        instance=lambda: {"setting": ORDINARY},
        control_statement="without decay features are as flat",
        control=lambda: {"setting": PLAIN["digits"]},
    ),
    Claim(
        identifier="obs-relu-centring",
        page=PAGE,
        statement="Rectified features fill few directions around a mean off their plane: NRC1 as "
        "published ends above 0.03, centred it is below 0.005.",
        kind="observed",
        source="here",
        hypotheses="digits, three seeds, decay 0.005 on every parameter",
        checker=check_centring,
        instance=lambda: {"setting": RegressionSetting(parameter_decay=5e-3, relu=True)},
        control_statement="features without rectifier do so too",
        control=lambda: {"setting": ORDINARY},
    ),
    Claim(
        identifier="obs-shuffled-targets",
        page=PAGE,
        statement="With targets dealt out to other samples networks collapse as well, and explain "
        "nothing of the test targets.",
        kind="observed",
        source="here",
        hypotheses="digits, three seeds, decay 0.05 on features and last layer",
        checker=check_permuted,
        instance=lambda: {"setting": RegressionSetting(decay=0.05, permuted=True)},
        control_statement="with their own targets they explain nothing either",
        control=lambda: {"setting": DECAYED["digits"]},
    ),
)
