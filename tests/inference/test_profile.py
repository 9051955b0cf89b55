"""Profile intervals and likelihood-ratio tests, by definition."""

import numpy as np
import pytest
from scipy.optimize import brentq, minimize

import logit_inference as li
from logit_inference import errors
from logit_inference.inference.profile import likelihood_ratio, profile_interval
from logit_inference.likelihood.evaluation import Evaluation
from logit_inference.solve.peak import Peak, peak_at, peak_of

CRITICAL = 3.841458820694124


def quadratic(matrix, centre):
    def at(coef):
        off = coef - centre
        return Evaluation(float(-off @ matrix @ off / 2), -matrix @ off, np.triu(matrix), 1.0)

    return at


def test_of_a_quadratic_they_are_walds():
    rng = np.random.default_rng(1)
    Z = rng.normal(size=(9, 4)) * [1, 1e4, 1e-5, 1]
    matrix, centre = Z.T @ Z, rng.normal(size=4)
    peak = peak_at(quadratic(matrix, centre), centre)
    covariance = np.linalg.inv(matrix)
    for row in np.eye(4):
        half = np.sqrt(CRITICAL * (row @ covariance @ row))
        ends = profile_interval(peak, row, 0.95)
        np.testing.assert_allclose(ends, row @ centre + [-half, half], rtol=1e-9)
    C, value = rng.normal(size=(2, 4)), np.array([0.3, -1.0])
    gap = C @ centre - value
    wald = gap @ np.linalg.solve(C @ covariance @ C.T, gap)
    assert likelihood_ratio(peak, C, value) == pytest.approx(wald, rel=1e-9)


@pytest.mark.parametrize(
    "keywords", [{}, {"estimator": "firth"}, {"estimator": "log-f", "prior_df": 2}]
)
def test_ends_are_where_another_optimiser_finds_the_quantile(keywords):
    y = np.array([0, 0, 1, 0, 1, 0, 1, 1, 0, 1, 1, 1], dtype=float)
    x = np.array([1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 7, 8], dtype=float)
    X = np.column_stack([np.ones(12), x])
    fit = li.logit_arrays(y, X, names=["c", "x"], **keywords)

    def criterion(c, b):
        eta = X @ [c, b]
        value = y @ eta - np.logaddexp(0, eta).sum()
        if keywords.get("estimator") == "firth":
            w = np.exp(-np.logaddexp(0, eta) - np.logaddexp(0, -eta))
            value += np.linalg.slogdet(X.T @ (X * w[:, None]))[1] / 2
        if keywords.get("estimator") == "log-f":
            value += b - 2 * np.logaddexp(0, b)  # the column of ones is left alone
        return value

    def fall(b):
        best = minimize(
            lambda c: -criterion(c[0], b),
            [fit.params["c"]],
            method="Nelder-Mead",
            options={"xatol": 1e-11, "fatol": 1e-13, "maxiter": 2000},
        )
        return 2 * (criterion(*fit.params) + best.fun) - CRITICAL

    ends = fit.conf_int(method="profile").loc["x"]
    b, step = fit.params["x"], 4 * fit.bse["x"]
    np.testing.assert_allclose(ends["conf_low"], brentq(fall, b - step, b), rtol=1e-6)
    np.testing.assert_allclose(ends["conf_high"], brentq(fall, b, b + step), rtol=1e-6)


@pytest.mark.parametrize("estimator", ["ml", "firth"])
def test_the_test_at_an_end_is_at_its_level(estimator):
    fit = li.logit(
        "low ~ age + lwt + C(race) + smoke + ht", li.datasets.load("birthwt"), estimator=estimator
    )
    for name, ends in fit.conf_int(method="profile", level=0.9).iterrows():
        for end in ends:
            test = fit.test(f"`{name}` = {float(end)!r}", method="lr")
            assert test.p_value == pytest.approx(0.1, rel=1e-8)


def test_a_likelihood_ratio_of_nested_fits():
    data = li.datasets.load("birthwt")
    large = li.logit("low ~ age + lwt + C(race) + smoke", data)
    small = li.logit("low ~ age + smoke", data)
    test = large.test("lwt = 0, C(race) = 0", method="lr")
    assert test.statistic == pytest.approx(2 * (large.llf - small.llf), rel=1e-10)
    assert (test.method, test.df) == ("lr", 3)


def test_the_restricted_fit_keeps_the_penalty_of_all_columns():
    data = li.datasets.load("birthwt")
    fit = li.logit("low ~ lwt + smoke", data, estimator="firth")
    alone = li.logit("low ~ lwt", data, estimator="firth")
    test = fit.test("smoke = 0")
    own = 2 * (fit.penalized_log_likelihood - alone.penalized_log_likelihood)
    assert abs(test.statistic - own) > 1.0  # the determinant of fewer columns is another number
    assert fit.pvalues["smoke"] == pytest.approx(test.p_value, rel=1e-10)


def test_few_evaluations():
    fit = li.logit("low ~ age + lwt + smoke", li.datasets.load("birthwt"))
    peak, calls = peak_of(fit.fit), []
    counted = Peak(lambda b: calls.append(b) or peak.objective(b), peak.coef, peak.value, peak.root)
    for row in np.eye(4):
        profile_interval(counted, row, 0.95)
    assert len(calls) <= 4 * 14


def test_what_cannot_be_profiled_says_so():
    data = {"y": [0, 0, 1, 0, 1, 1], "x": [1.0, 2, 3, 4, 5, 6]}
    fit = li.logit("y ~ x", data, max_iterations=1, require_convergence=False)
    with pytest.raises(errors.ProfileError):
        fit.test("x = 0", method="lr")
    two = peak_at(quadratic(np.eye(2), np.zeros(2)), np.array([1.0, 0.0]))
    with pytest.raises(errors.ProfileError, match="several maxima"):
        likelihood_ratio(two, np.array([[0.0, 1.0]]), np.zeros(1))
