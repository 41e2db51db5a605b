"""Claims on fixed centres and long-tailed digits, of the page `long-tails`."""

import numpy as np

from neuralcollapse.claims.claim import Claim, Evidence, Measure
from neuralcollapse.claims.fixed_centres import (
    COUNTS,
    check_literal_residual,
    check_logit_gain,
    check_mean_of_centres,
    check_surrogate,
    gain,
    mean_centre,
    scaled_gain,
    unit_row,
)
from neuralcollapse.claims.tail_runs import Setting, stored

PAGE = "collapse/long-tails"


def check_long_tails(cross_entropy, fixed_simplex, class_aware):
    """Compare accuracies of shape (num_seeds, num_classes), averaged over classes and seeds."""
    best = np.mean(class_aware)
    return Evidence(
        (
            Measure("gain over cross-entropy", best - np.mean(cross_entropy), ">=", 0.03),
            Measure("gain over the fixed simplex", best - np.mean(fixed_simplex), ">=", 0.05),
        )
    )


def stored_accuracies(*methods, ratio=50.0):
    """Return accuracies of stored methods by name."""
    return {method: stored(Setting(method, ratio=ratio)) for method in methods}


def tail_instance():
    """The stored runs of the three methods that the page trains again."""
    return stored_accuracies("cross_entropy", "fixed_simplex", "class_aware")


def check_ablation(
    cross_entropy,
    nearest_mean,
    equal_centres,
    unweighted_centres,
    reweighted_simplex,
    class_aware,
):
    """Say what centres, loss weights and the reading of features gain, from accuracies."""
    centres = abs(np.mean(unweighted_centres) - np.mean(equal_centres))
    weights = (class_aware - unweighted_centres).mean(axis=1).min()
    apart = abs(np.mean(class_aware) - np.mean(reweighted_simplex))
    whole = np.mean(class_aware) - np.mean(cross_entropy)
    reading = np.mean(nearest_mean) - np.mean(cross_entropy)
    return Evidence(
        (
            Measure("class-aware numbers and equal ones, no weights: apart", centres, "<=", 0.1),
            Measure("loss weights over none, least of the seeds", weights, ">=", 0.1),
            Measure("weighted, with centres and without: apart", apart, "<=", 0.03),
            Measure("share that the nearest mean recovers", reading / whole, ">=", 0.5),
        )
    )


def ablation_instance():
    """The stored runs at R = 50, and what the nearest class mean makes of cross-entropy."""
    methods = ("cross_entropy", "equal_centres", "unweighted_centres")
    found = stored_accuracies(*methods, "reweighted_simplex", "class_aware")
    found["nearest_mean"] = stored(Setting("cross_entropy"), "accuracies_nearest_mean")
    return found


def ablation_control():
    """As if the weighted simplex were the run with centres alone."""
    found = ablation_instance()
    found["unweighted_centres"] = found["reweighted_simplex"]
    return found


def check_minority_digits(tailed, balanced):
    """Look at mean cosines between rows of rare classes, one number a seed."""
    off = abs(np.mean(balanced) + 1 / 9)
    return Evidence(
        (
            Measure("mean cosine of rare rows, long tail", np.mean(tailed), ">=", 0.1),
            Measure("distance of the mean from -1/9, balanced", off, "<=", 0.05),
        )
    )


def minority_instance(method):
    """Cosines of a stored method, and of balanced cross-entropy."""
    balanced = Setting("cross_entropy", ratio=1.0)
    name = "minority_cosine"
    return {"tailed": stored(Setting(method), name), "balanced": stored(balanced, name)}


CLAIMS = (
    Claim(
        identifier="prop-mean-of-centres",
        page=PAGE,
        statement="Free features with decay, pulled to all centres of their class, have one "
        "minimum, along the mean centre; class sizes play no part.",
        kind="proved",
        source="here, in the spirit of yan2024",
        hypotheses="decay positive; centres fixed",
        checker=check_mean_of_centres,
        instance=lambda: {"point": mean_centre},
        control_statement="along the row of the simplex",
        control=lambda: {"point": unit_row},
    ),
    Claim(
        identifier="prop-logit-gain",
        page=PAGE,
        statement="At the direction of the mean of f centres the logit is "
        "sqrt(f) sin / sqrt(f sin^2 + cos^2), which rises with f from sin to 1, and a mixture of "
        "such directions is decided by its amounts times these gains.",
        kind="proved",
        source="here, in the spirit of yan2024",
        hypotheses="0 < theta < pi/2; amounts not negative",
        checker=check_logit_gain,
        instance=lambda: {"formula": gain},
        control_statement="the gain is sqrt(f) sin",
        control=lambda: {"formula": scaled_gain},
    ),
    Claim(
        identifier="prop-surrogate-rule",
        page=PAGE,
        statement="The sum of a feature's products with all centres of a class is a multiple of "
        "the simplex logit and a rest; both rules decide mean centres alike, and mixtures of "
        "their directions too if all classes have equally many centres.",
        kind="proved",
        source="here, in the spirit of yan2024",
        hypotheses="equally many centres a class, at least one, 0 < theta <= pi/2",
        checker=check_surrogate,
        instance=lambda: {"counts": (5, 5, 5, 5)},
        control_statement="with unequal numbers of centres mixtures are decided alike too",
        control=lambda: {"counts": COUNTS},
    ),
    Claim(
        identifier="prop-literal-residual",
        page=PAGE,
        statement="The mean over centres of half (1 - cosine) squared is least at the mean "
        "centre's direction, where it is half (1 - its length) squared, and its slope there is "
        "linear in the angle; for one centre it is cubic.",
        kind="proved",
        source="here",
        hypotheses="unit features; centres of one class",
        checker=check_literal_residual,
        instance=lambda: {"bound": lambda length: (1 - length) ** 2 / 2},
        control_statement="it can be 0",
        control=lambda: {"bound": lambda length: 0.0},
    ),
    Claim(
        identifier="obs-long-tailed-digits",
        page=PAGE,
        statement="On digits with sizes from 90 to 2, class-aware centres end 0.03 above "
        "cross-entropy and 0.05 above a fixed simplex, in accuracy averaged over classes.",
        kind="observed",
        source="here, in the spirit of yan2024",
        hypotheses="ratio 50, one recipe for all methods, mixup, six seeds",
        checker=check_long_tails,
        instance=tail_instance,
        control_statement="equally many centres do too",
        control=lambda: tail_instance() | {"class_aware": stored(Setting("equal_centres"))},
    ),
    Claim(
        identifier="obs-ablation",
        page=PAGE,
        statement="Class-aware numbers of centres alone end within 0.1 of equal ones, and loss "
        "weights gain at least 0.1 for every seed; with the same weights a simplex without "
        "centres ends within 0.03; reading cross-entropy by nearest means recovers at least half "
        "of the gain.",
        kind="observed",
        source="here",
        hypotheses="ratio 50, one recipe, mixup, six stored seeds",
        checker=check_ablation,
        instance=ablation_instance,
        control_statement="centres alone do what the weighted simplex does",
        control=ablation_control,
    ),
    Claim(
        identifier="obs-minority-digits",
        page=PAGE,
        statement="Rows of the three rarest digits in a classifier trained by cross-entropy have "
        "a mean cosine of at least 0.1 at ratio 50, and one near -1/9 with balanced classes.",
        kind="observed",
        source="here",
        hypotheses="rows centred; six stored seeds",
        checker=check_minority_digits,
        instance=lambda: minority_instance("cross_entropy"),
        control_statement="with adjusted logits they agree too",
        control=lambda: minority_instance("logit_adjusted"),
    ),
)
