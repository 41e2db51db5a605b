"""Acceptance of the page on regression, by running the code: free features and a short training."""

import numpy as np
import pytest

from neuralcollapse.claims import regression_networks as networks
from neuralcollapse.claims import regression_optima as optima
from neuralcollapse.claims.exercises import check_regression_value
from neuralcollapse.claims.regression_networks import RegressionSetting as Setting
from neuralcollapse.metrics import best_gamma, nrc3
from neuralcollapse.theory.regression import minimise_regression, regression_optimum


def test_free_features_err_below_1e_5_where_the_literal_columns_err_above_a_half():
    assert optima.reading_errors(optima.eigenbasis_reading).max() < 1e-5
    assert optima.reading_errors(optima.column_reading).min() > 0.5


def test_gamma_of_descents_is_c():
    targets = optima.draw(35, 4, seed=9)
    decays = {"weight_decay": 0.02, "feature_decay": 1.3}
    weight, *_ = minimise_regression(targets, 6, **decays)
    assert best_gamma(weight, targets) == pytest.approx(0.026, rel=1e-4)
    assert nrc3(weight, targets, gamma=0.026) < 1e-5
    assert optima.unnormalised_gamma(weight, targets) != pytest.approx(0.026, rel=0.5)


def test_a_live_run_on_digits_meets_the_inequalities():
    pair = [Setting(decay=0.0), Setting(decay=0.05)]
    history = networks.train(pair, seed=0)
    plain, decayed = networks.measured(history, pair, 0)
    assert plain["nrc1"] >= 20 * decayed["nrc1"]
    assert decayed["nrc3_fixed"] < 1e-5
    assert decayed["whiteness"][0] >= 0.95
    assert decayed["whiteness"][1] <= 1.05
    for name in ("value", "gram"):
        assert decayed[name] == pytest.approx(networks.stored(pair[1], name)[0], rel=0.05)


def test_every_setting_is_stored_for_every_seed():
    for group in networks.GROUPS:
        for setting in group:
            assert networks.stored(setting, "nrc1").shape == (3,)
    with pytest.raises(KeyError, match="has no"):
        networks.stored(Setting(decay=0.7), "nrc1")


def test_drawn_targets_have_the_spectrum_they_claim():
    values = np.linalg.eigvalsh(np.cov(optima.draw(30, 5, 3).T, ddof=0))
    np.testing.assert_allclose(values, np.geomspace(0.5, 2, 5) ** 2, rtol=1e-12)


def test_the_exercise_refuses_what_forgets_a_case():
    def forgets(targets, weight_decay, feature_decay, dimension):
        decays = {"weight_decay": weight_decay, "feature_decay": feature_decay}
        return regression_optimum(targets, **decays).objective

    with pytest.raises(AssertionError, match="few dimensions"):
        check_regression_value(forgets)
