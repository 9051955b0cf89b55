"""Fits of real data against R's glm: every stored number of every model.

Coefficients and standard errors of R were refitted at the solution (``scripts/engine.R``), so they
are good to about 1e-12; they are stored with 15 digits.
"""

from __future__ import annotations

import functools
import math
import re
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pytest

import logit_inference as li
from logit_inference.rows import source
from tests.reference.glm_models import FOLDER, MODELS, Model, stored

# R's score at its solution is about 1e-12: measured up to 2e-12 in the coefficients (fair_factor).
COEF = 1e-11
# Ours are those of the iterate before the last step where its decrement is below 1e-10 standard
# errors (solve/newton.py): measured up to 1.2e-11 (swisslabor_poly_bs).
STD_ERROR = 1e-10
# A p-value in the tail moves by z**2 times the relative error of z; |z| is up to 28 here.
P_VALUE = 3e-9
# A sum of n logarithms, rounded to 15 digits in the file.
LIKELIHOOD = 1e-13


class Case(NamedTuple):
    """A fit, what R says about it, and the model both were asked for."""

    name: str
    model: Model
    fit: Any
    R: dict[str, Any]

    @property
    def names(self) -> list[str]:
        """Our names of R's coefficients, in R's order."""
        return [self.model.our_name(name) for name in self.R["coef"]]


def answered(name: str) -> Case:
    """Return the fit beside R's; made once for each size of blocks."""
    return _answered(name, source.rows_per_block)


@functools.cache
def _answered(name: str, rows_per_block: object) -> Case:
    model = MODELS[name]
    return Case(name, model, li.logit(model.formula, model.frame(), **model.options), stored(name))


@pytest.fixture(params=MODELS)
def case(request):
    return answered(request.param)


def where_R_has(key: str) -> pytest.MarkDecorator:
    """Run a test for the models that R was asked this of."""
    names = [name for name in MODELS if key in stored(name)]
    return pytest.mark.parametrize("case", names, indirect=True)


def with_an_intercept() -> pytest.MarkDecorator:
    """Run a test for the models with an intercept: R's null model has one only then."""
    names = [name for name in MODELS if "(Intercept)" in stored(name)["coef"]]
    return pytest.mark.parametrize("case", names, indirect=True)


def numbers(record: dict[str, float]) -> np.ndarray:
    """Return the values of a named vector in its order."""
    return np.array([float(value) for value in record.values()])


def is_weighted(case: Case) -> bool:
    """Whether rows stand for several observations; R counts rows, this package the sum."""
    return "weights" in case.model.options


def test_every_stored_model_is_tested():
    assert set(MODELS) == {path.stem for path in FOLDER.glob("*.json")}


def test_coefficients_have_the_mapped_names_in_R_order(case):
    assert list(case.fit.params.index) == case.names


def test_coefficients(case):
    # Relative to the larger of coefficient and standard error: one near zero has no digits.
    coef, se = numbers(case.R["coef"]), numbers(case.R["se"])
    error = np.abs(case.fit.params.to_numpy() - coef) / np.maximum(np.abs(coef), se)
    assert error.max() < COEF


def test_standard_errors(case):
    np.testing.assert_allclose(case.fit.bse.to_numpy(), numbers(case.R["se"]), rtol=STD_ERROR)


def test_covariance(case):
    theirs = np.array(case.R["vcov"]["values"], dtype=float)
    ours = case.fit.cov_params()
    assert list(ours.index) == list(ours.columns) == case.names
    se = np.sqrt(np.diag(theirs))
    assert np.abs((ours.to_numpy() - theirs) / np.outer(se, se)).max() < 2 * STD_ERROR


def test_z_values(case):
    z = numbers(case.R["z"])
    # A coefficient near zero against its standard error: z is then small and absolute error counts.
    np.testing.assert_allclose(
        case.fit.tvalues.to_numpy(), z, rtol=COEF + STD_ERROR, atol=COEF + STD_ERROR
    )


def test_p_values_also_far_in_the_tail(case):
    np.testing.assert_allclose(case.fit.pvalues.to_numpy(), numbers(case.R["p"]), rtol=P_VALUE)


@pytest.mark.parametrize("level", [0.95, 0.90])
def test_wald_intervals(case, level):
    theirs = np.array(case.R[f"wald_{level * 100:.0f}"]["values"], dtype=float)
    se = numbers(case.R["se"])
    for ours in (case.fit.conf_int(level=level), case.fit.conf_int(alpha=1 - level)):
        assert list(ours.index) == case.names
        # In units of the standard error, of which an end is up to 30 away from zero.
        assert (np.abs(ours.to_numpy() - theirs) / se[:, None]).max() < 30 * COEF + 2 * STD_ERROR


def test_odds_ratios(case):
    tidy = case.fit.tidy(exponentiate=True)
    theirs = numbers(case.R["odds_ratio"])
    # exp turns an absolute error of the coefficient into a relative one of the ratio.
    scale = np.maximum(np.abs(numbers(case.R["coef"])), numbers(case.R["se"]))
    assert (np.abs(tidy["estimate"] / theirs - 1) / np.maximum(1.0, scale)).max() < COEF
    limits = np.exp(np.array(case.R["wald_95"]["values"], dtype=float))
    np.testing.assert_allclose(tidy[["conf_low", "conf_high"]].to_numpy(), limits, rtol=1e-8)


def test_log_likelihood_and_deviance(case):
    assert case.fit.llf == pytest.approx(case.R["logLik"], rel=LIKELIHOOD)
    # A difference from the saturated fit: grouped data near it (menarche) lose a digit or two.
    assert case.fit.deviance == pytest.approx(case.R["deviance"], rel=1e-10)


@with_an_intercept()
def test_null_log_likelihood(case):
    assert case.fit.llnull == pytest.approx(case.R["logLik_null"], rel=LIKELIHOOD)
    assert case.fit.null_deviance == pytest.approx(case.R["null_deviance"], rel=1e-11)


@with_an_intercept()
def test_likelihood_ratio_against_the_null(case):
    theirs = case.R["lr_null"]
    # A difference of two log-likelihoods of 15 digits: absolute error counts.
    assert case.fit.llr == pytest.approx(
        theirs["chisq"], abs=2 * LIKELIHOOD * abs(case.R["logLik_null"])
    )
    assert case.fit.df_model == theirs["df"]
    assert case.fit.llr_pvalue == pytest.approx(theirs["p"], rel=P_VALUE)


def test_information_criteria_and_degrees_of_freedom(case):
    assert case.fit.aic == pytest.approx(case.R["aic"], rel=LIKELIHOOD)
    n = case.R["sum_prior_weights"] if is_weighted(case) else case.R["n_rows"]
    # With frequency weights each row stands for w rows, so n is their sum; R counts the rows.
    bic = -2 * case.R["logLik"] + len(case.R["coef"]) * math.log(n)
    assert case.fit.bic == pytest.approx(bic, rel=LIKELIHOOD)
    if not is_weighted(case):
        assert case.fit.bic == pytest.approx(case.R["bic"], rel=LIKELIHOOD)
    assert case.fit.nobs == n
    assert case.fit.df_resid == n - case.R["rank"]


def test_rows_used_and_dropped(case):
    assert case.fit.n_rows_used == case.R["n_rows"]
    assert case.fit.n_rows_read == case.R["n_rows"] + case.R["n_dropped"]
    if "cbind" in case.model.formula or "trials" in case.model.options:
        assert case.fit.n_trials == case.R["sum_prior_weights"]


def test_fitted_values_carry_the_labels_of_the_rows(case):
    theirs = case.R["casewise"]
    labels = [row - 1 for row in theirs["row_in_data"]]
    eta = np.array(theirs["linear_predictor"], dtype=float)
    mu = np.array(theirs["fitted"], dtype=float)
    # A linear predictor of a few units near its cancellation point: absolute error counts there.
    scale = np.maximum(1.0, np.abs(eta))
    assert (np.abs(case.fit.linear_predictor[labels] - eta) / scale).max() < 1e-9
    np.testing.assert_allclose(case.fit.fitted[labels], mu, rtol=1e-9)
    assert case.fit.fitted.sum() == pytest.approx(theirs["sums"]["fitted"], rel=1e-11)


@where_R_has("predict")
def test_predictions(case):
    theirs = case.R["predict"]
    new = pd.DataFrame(theirs["newdata"])
    for column, values in case.model.frame().items():
        if column in new and isinstance(values.dtype, pd.CategoricalDtype):
            new[column] = pd.Categorical(new[column], categories=values.cat.categories)
    link = case.fit.predict(new, kind="link")
    np.testing.assert_allclose(link, theirs["link"], rtol=1e-10, atol=1e-11)
    np.testing.assert_allclose(case.fit.predict(new), theirs["response"], rtol=1e-9)
    frame = case.fit.get_prediction(new).summary_frame()
    assert list(frame.columns) == ["estimate", "std_error", "conf_low", "conf_high"]
    np.testing.assert_allclose(frame["estimate"], theirs["response"], rtol=1e-9)
    np.testing.assert_allclose(frame["std_error"], theirs["response_se"], rtol=1e-9)
    limits = theirs["response_ci_from_link"]
    np.testing.assert_allclose(frame["conf_low"], limits["lower"], rtol=1e-8)
    np.testing.assert_allclose(frame["conf_high"], limits["upper"], rtol=1e-8)


@where_R_has("pseudo_r2")
def test_pseudo_r_squared(case):
    theirs = case.R["pseudo_r2"]
    fit = case.fit
    assert fit.prsquared == pytest.approx(theirs["mcfadden"], rel=1e-11)
    assert fit.cox_snell == pytest.approx(theirs["cox_snell"], rel=1e-11)
    assert fit.nagelkerke == pytest.approx(theirs["nagelkerke"], rel=1e-11)
    if "tjur" in theirs:
        assert fit.tjur == pytest.approx(theirs["tjur"], rel=1e-11)


@where_R_has("confusion_at_0.5")
def test_classification_at_one_half_and_cross_entropy(case):
    theirs = case.R["confusion_at_0.5"]
    table = case.fit.classification_table(threshold=0.5).to_frame()
    counts = (
        table.set_index("observed").loc[["non-event", "event"], ["non_event", "event"]].to_numpy()
    )
    assert counts.tolist() == [[theirs["tn"], theirs["fp"]], [theirs["fn"], theirs["tp"]]]
    assert case.fit.mean_cross_entropy == pytest.approx(case.R["log_loss"], rel=1e-11)


@where_R_has("linear_hypothesis")
def test_linear_hypotheses_as_text_and_as_a_matrix(case):
    ours_of = {name: case.model.our_name(name) for name in case.R["coef"]}
    any_name = "|".join(re.escape(name) for name in sorted(ours_of, key=len, reverse=True))
    for theirs in case.R["linear_hypothesis"]:
        restrictions = [
            re.sub(any_name, lambda match: ours_of[match[0]], text) for text in theirs["hypothesis"]
        ]
        matrix = (np.array(theirs["L"]), np.array(theirs["rhs"]))
        for hypothesis in (restrictions, ", ".join(restrictions), matrix):
            result = case.fit.test(hypothesis)
            assert result.df == theirs["df"]
            assert result.statistic == pytest.approx(theirs["chisq"], rel=1e-9)
            assert result.p_value == pytest.approx(theirs["p"], rel=P_VALUE)


@where_R_has("Anova_III_Wald")
def test_wald_test_of_each_term(case):
    theirs = case.R["Anova_III_Wald"]
    ours = case.fit.wald_terms().to_frame().set_index("term")
    for term, (df, chi_square, p_value) in zip(theirs["rows"], theirs["values"], strict=True):
        row = ours.loc[case.model.our_name(term)]
        assert row["df"] == df
        assert row["statistic"] == pytest.approx(chi_square, rel=1e-9)
        # The p-value moves by half of the absolute error of a chi-square, which is up to 800.
        assert row["p_value"] == pytest.approx(p_value, rel=400e-9)


# --- the same model asked for in other words -------------------------------------------------


def assert_same_fit(one, other):
    """Two requests for the same model give the same numbers, up to the last rounding."""
    np.testing.assert_allclose(one.params, other.params, rtol=1e-12)
    np.testing.assert_allclose(one.bse, other.bse, rtol=1e-12)
    assert one.llf == pytest.approx(other.llf, rel=1e-14)


@pytest.mark.parametrize(
    ("case", "successes", "trials"),
    [
        ("esoph_grouped", "ncases", "total"),
        ("menarche_grouped", "Menarche", "Total"),
        ("cbpp_grouped_cluster", "incidence", "size"),
    ],
)
def test_trials_equal_cbind(case, successes, trials):
    model = MODELS[case]
    frame = model.frame()
    if trials not in frame:
        frame[trials] = frame["ncases"] + frame["ncontrols"]
    right = model.formula.split("~")[1]
    assert_same_fit(
        li.logit(f"{successes} ~ {right}", frame, trials=trials), li.logit(model.formula, frame)
    )


def test_offset_as_an_argument_equals_offset_in_the_formula():
    model = MODELS["birthwt_offset"]
    frame = model.frame()
    inside = li.logit(model.formula, frame)
    expression = li.logit("low ~ smoke + race", frame, offset="-0.014 * (lwt - 130)")
    column = li.logit(
        "low ~ smoke + race", frame.assign(o=-0.014 * (frame["lwt"] - 130)), offset="o"
    )
    array = li.logit("low ~ smoke + race", frame, offset=-0.014 * (frame["lwt"].to_numpy() - 130))
    for other in (expression, column, array):
        assert_same_fit(inside, other)
    new = pd.DataFrame(stored("birthwt_offset")["predict"]["newdata"])
    np.testing.assert_allclose(inside.predict(new), expression.predict(new), rtol=1e-12)


@pytest.mark.parametrize(
    ("formula", "same"),
    [
        ("low ~ age + C(race)", "low ~ age + race"),
        ("low ~ I(age^2) + race", "low ~ I(age**2) + race"),
        ("low ~ age*race", "low ~ age + race + age:race"),
        ("low ~ log(lwt)", "low ~ np.log(lwt)"),
        ("low ~ 0 + race", "low ~ race - 1"),
        ("low ~ (age + race + ui)^2 - age:ui", "low ~ age + race + ui + age:race + race:ui"),
    ],
)
def test_two_spellings_of_one_model(formula, same):
    frame = MODELS["birthwt_main"].frame()
    assert_same_fit(li.logit(formula, frame), li.logit(same, frame))


def test_null_model_of_no_intercept():
    """The null model has an intercept also when the fitted one has none: R's has mu = 1/2."""
    model, theirs = MODELS["birthwt_noint"], stored("birthwt_noint")
    fit = li.logit(model.formula, model.frame())
    n, events = 189, 59
    closed_form = events * math.log(events / n) + (n - events) * math.log(1 - events / n)
    assert fit.llnull == pytest.approx(closed_form, rel=1e-14)
    assert theirs["logLik_null"] == pytest.approx(-n * math.log(2), rel=1e-12)
