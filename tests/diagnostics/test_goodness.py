"""Measures of fit from their formulas, and counts where weights mean different things."""

import numpy as np
import pytest

import logit_inference as li


@pytest.fixture(scope="module")
def fit():
    return li.logit("low ~ lwt + smoke", li.datasets.load("birthwt"))


def test_information_criteria(fit):
    k, n = 3, 189
    assert fit.aic == pytest.approx(2 * k - 2 * fit.llf, rel=1e-15)
    assert fit.bic == pytest.approx(k * np.log(n) - 2 * fit.llf, rel=1e-15)
    assert fit.aicc == pytest.approx(fit.aic + 2 * k * (k + 1) / (n - k - 1), rel=1e-15)


def test_pseudo_r_squared(fit):
    ratio = np.exp(2 / 189 * (fit.llnull - fit.llf))
    assert fit.prsquared == pytest.approx(1 - fit.llf / fit.llnull, rel=1e-14)
    assert fit.cox_snell == pytest.approx(1 - ratio, rel=1e-12)
    largest = 1 - np.exp(2 * fit.llnull / 189)
    assert fit.nagelkerke == pytest.approx((1 - ratio) / largest, rel=1e-12)
    y = li.datasets.load("birthwt")["low"]
    assert fit.tjur == pytest.approx(fit.fitted[y == 1].mean() - fit.fitted[y == 0].mean())


def test_cross_entropy_is_minus_the_mean_log_likelihood(fit):
    assert fit.mean_cross_entropy == pytest.approx(-fit.llf / 189, rel=1e-14)


def test_the_classification_rule_includes_the_threshold():
    data = {"y": [0, 0, 1, 1], "g": ["a", "b", "a", "b"]}  # all fitted probabilities are 1/2
    counts = li.logit("y ~ 1", data).classification_table(0.5).to_frame()
    assert counts["event"].tolist() == [2, 2]
    assert counts["non_event"].tolist() == [0, 0]


def test_classification_counts_trials_and_weights(fit):
    frame = fit.classification_table(0.3).to_frame()
    y, p = li.datasets.load("birthwt")["low"], fit.fitted >= 0.3
    assert frame["event"].tolist() == [(p & (y == 1)).sum(), (p & (y == 0)).sum()]
    grouped = li.logit("Menarche ~ Age", li.datasets.load("menarche"), trials="Total")
    assert grouped.classification_table().to_frame()[["event", "non_event"]].sum().sum() == 3918


def test_what_counts_as_an_observation():
    data = {"y": [0, 1, 1, 0, 1, 0], "x": [1.0, 2, 3, 4, 5, 6], "w": [2, 0, 3, 1, 1, 2]}
    frequency = li.logit("y ~ x", data, weights="w", weights_kind="frequency")
    precision = li.logit("y ~ x", data, weights="w", weights_kind="precision")
    assert (frequency.nobs, frequency.df_resid, frequency.n_trials) == (9, 7, 9)
    assert (precision.nobs, precision.df_resid, precision.n_trials) == (5, 3, 5)
    assert np.allclose(frequency.bse, precision.bse, rtol=1e-12)
    assert "1 of those used have no weight" in str(precision)
    grouped = li.logit("cbind(y, w) ~ x", {**data, "w": [2, 1, 3, 1, 1, 2]})
    assert (grouped.nobs, grouped.n_trials) == (6, 13)
