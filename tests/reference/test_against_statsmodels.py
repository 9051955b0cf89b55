"""Fits of real data against statsmodels ``Logit`` at test time.

Each design matrix is built by hand from the columns of the frame, so that it shares nothing with
the formula code here. statsmodels is the oracle of coefficients, model-based standard errors and
likelihoods of ungrouped data; its own Newton is run to its last digit.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

import logit_inference as li
from logit_inference.rows import source
from tests.reference.glm_models import load


class Model(NamedTuple):
    """A data set, our formula, and the same columns and outcome made by hand."""

    data: str
    formula: str
    columns: Callable[[pd.DataFrame], pd.DataFrame]
    event: Callable[[pd.DataFrame], pd.Series]


class Pair(NamedTuple):
    """Our fit, statsmodels' fit, and what the latter was given."""

    ours: Any
    theirs: Any
    y: np.ndarray
    X: pd.DataFrame


def plain(*names: str) -> Callable[[pd.DataFrame], pd.DataFrame]:
    """Return a maker of a design of an intercept and these numeric columns."""
    return lambda frame: beside(*(frame[name] for name in names))


def beside(*parts: pd.Series | pd.DataFrame) -> pd.DataFrame:
    """Return an intercept and the parts, side by side as floats."""
    ones = pd.Series(1.0, index=parts[0].index, name="Intercept")
    return pd.concat([ones, *parts], axis=1).astype(float)


def levels(values: pd.Series) -> pd.DataFrame:
    """Return an indicator of every level but the first."""
    return pd.get_dummies(values, prefix=values.name, prefix_sep="_", dtype=float).iloc[:, 1:]


def times(left: pd.DataFrame | pd.Series, right: pd.DataFrame | pd.Series) -> pd.DataFrame:
    """Return the products of every pair of columns, the left factor running fastest."""
    left, right = pd.DataFrame(left), pd.DataFrame(right)
    return pd.concat([(left[a] * right[b]).rename(f"{a}:{b}") for b in right for a in left], axis=1)


def swiss(frame: pd.DataFrame) -> pd.DataFrame:
    numbers = ["education", "youngkids", "oldkids"]
    square = (frame["age"] ** 2).rename("age2")
    return beside(frame["income"], frame["age"], square, frame[numbers], levels(frame["foreign"]))


def titanic(frame: pd.DataFrame) -> pd.DataFrame:
    sex, berth = levels(frame["sex"]), levels(frame["passengerClass"])
    return beside(sex, berth, frame["age"], times(sex, berth))


def wells(frame: pd.DataFrame) -> pd.DataFrame:
    arsenic = np.log(frame["arsenic"]).rename("log_arsenic")
    distance = (frame["distance"] / 100).rename("distance100")
    rest = (frame["education"], levels(frame["association"]))
    return beside(arsenic, distance, *rest, times(arsenic, distance))


def arthritis(frame: pd.DataFrame) -> pd.DataFrame:
    treatment, sex = levels(frame["Treatment"]), levels(frame["Sex"])
    return beside(treatment, sex, frame["Age"], times(treatment, sex))


def is_level(column: str, level: Any) -> Callable[[pd.DataFrame], pd.Series]:
    """Return a maker of the 0/1 outcome."""
    return lambda frame: (frame[column] == level).astype(float)


FAIR = (
    *("rate_marriage", "age", "yrs_married", "children"),
    *("religious", "educ", "occupation", "occupation_husb"),
)
CREDIT = ("age", "income", "dependents", "months", "active", "reports")
VOTE = ("PID", "selfLR", "ClinLR", "DoleLR", "age", "educ")

MODELS = {
    "spector": Model(
        "spector",
        "GRADE ~ GPA + TUCE + PSI",
        plain("GPA", "TUCE", "PSI"),
        is_level("GRADE", 1),
    ),
    "birthwt": Model(
        "birthwt",
        "low ~ age + lwt + race + smoke + ptl + ht + ui",
        lambda d: beside(d["age"], d["lwt"], levels(d["race"]), d[["smoke", "ptl", "ht", "ui"]]),
        is_level("low", 1),
    ),
    "birthwt_without_intercept": Model(
        "birthwt",
        "low ~ 0 + race + lwt",
        lambda d: pd.concat([pd.get_dummies(d["race"], dtype=float), d["lwt"]], axis=1),
        is_level("low", 1),
    ),
    "SwissLabor": Model(
        "SwissLabor",
        "participation ~ income + age + I(age^2) + education + youngkids + oldkids + foreign",
        swiss,
        is_level("participation", "yes"),
    ),
    "Titanic": Model(
        "TitanicSurvival",
        "survived ~ sex * passengerClass + age",
        titanic,
        is_level("survived", "yes"),
    ),
    "mtcars": Model("mtcars", "vs ~ mpg", plain("mpg"), is_level("vs", 1)),
    "fair": Model("fair", "affair ~ " + " + ".join(FAIR), plain(*FAIR), is_level("affair", 1)),
    "Wells": Model(
        "Wells",
        "switch ~ log(arsenic) * I(distance/100) + education + association",
        wells,
        is_level("switch", "yes"),
    ),
    "CreditCard": Model(
        "CreditCard",
        "owner ~ " + " + ".join(CREDIT) + " + selfemp",
        lambda d: beside(d[list(CREDIT)], levels(d["selfemp"])),
        is_level("owner", "yes"),
    ),
    "kyphosis": Model(
        "kyphosis",
        "Kyphosis ~ Age + Number + Start",
        plain("Age", "Number", "Start"),
        is_level("Kyphosis", "present"),
    ),
    "nodal": Model(
        "nodal",
        "r ~ aged + stage + grade + xray + acid",
        plain("aged", "stage", "grade", "xray", "acid"),
        is_level("r", 1),
    ),
    "Arthritis": Model(
        "Arthritis",
        "better ~ Treatment * Sex + Age",
        arthritis,
        is_level("better", True),
    ),
    "infert": Model(
        "infert",
        "case ~ age + parity + education + spontaneous + induced",
        lambda d: beside(
            d[["age", "parity"]], levels(d["education"]), d[["spontaneous", "induced"]]
        ),
        is_level("case", 1),
    ),
    "anes96": Model("anes96", "vote ~ " + " + ".join(VOTE), plain(*VOTE), is_level("vote", 1)),
    "apistrat": Model(
        "apistrat",
        "sch_wide ~ stype + meals + ell",
        lambda d: beside(levels(d["stype"]), d[["meals", "ell"]]),
        is_level("sch_wide", "Yes"),
    ),
    "nhanes2": Model(
        "nhanes2_incomplete",
        "hyp ~ bmi + chl",
        plain("bmi", "chl"),
        is_level("hyp", "yes"),
    ),
}


def fitted(name: str) -> Pair:
    """Return both fits on the complete rows; made once for each size of blocks."""
    return _fitted(name, source.rows_per_block)


@functools.cache
def _fitted(name: str, rows_per_block: object) -> Pair:
    model = MODELS[name]
    frame = load(model.data)
    if model.data == "Arthritis":
        frame["better"] = frame["Improved"] != "None"
    words = re.findall(r"\w+", model.formula)
    complete = frame[[column for column in frame if column in words]].dropna()
    X, y = model.columns(complete), model.event(complete)
    theirs = sm.Logit(y, X).fit(method="newton", tol=1e-13, maxiter=100, disp=0)
    return Pair(li.logit(model.formula, frame), theirs, y.to_numpy(), X)


@pytest.fixture(params=MODELS)
def pair(request):
    return fitted(request.param)


# Two exact Newton fits: they differ by rounding, about eps times the condition of the design.
RTOL = 1e-10


@pytest.mark.parametrize("name", ["params", "bse", "tvalues"])
def test_coefficients(pair, name):
    ours, theirs = getattr(pair.ours, name), getattr(pair.theirs, name)
    np.testing.assert_allclose(ours, theirs, rtol=RTOL)


def test_p_values_also_far_in_the_tail(pair):
    # A p-value moves by z² times the relative error of z.
    np.testing.assert_allclose(pair.ours.pvalues, pair.theirs.pvalues, rtol=1e-8)


@pytest.mark.parametrize("name", ["llf", "aic", "bic"])
def test_likelihood(pair, name):
    assert getattr(pair.ours, name) == pytest.approx(getattr(pair.theirs, name), rel=1e-13)


def test_null_model(pair):
    null = sm.Logit(pair.y, np.ones(len(pair.y))).fit(method="newton", tol=1e-13, disp=0)
    assert pair.ours.llnull == pytest.approx(null.llf, rel=1e-13)
    assert pair.ours.llr == pytest.approx(2 * (pair.theirs.llf - null.llf), rel=1e-11)
    # statsmodels' own attributes come from a BFGS search that stops up to 1e-10 below the maximum.
    assert pair.ours.llnull == pytest.approx(pair.theirs.llnull, rel=1e-9)
    assert pair.ours.llnull >= pair.theirs.llnull * (1 + 1e-15)
    assert pair.ours.llr == pytest.approx(pair.theirs.llr, rel=1e-7)
    assert pair.ours.llr_pvalue == pytest.approx(pair.theirs.llr_pvalue, rel=1e-6)
    assert pair.ours.prsquared == pytest.approx(pair.theirs.prsquared, rel=1e-7)


@pytest.mark.parametrize("name", ["nobs", "df_model", "df_resid"])
def test_counts(pair, name):
    assert getattr(pair.ours, name) == getattr(pair.theirs, name)


def test_covariance(pair):
    ours, theirs = pair.ours.cov_params(), pair.theirs.cov_params().to_numpy()
    assert list(ours.index) == list(ours.columns) == list(pair.ours.params.index)
    se = np.sqrt(np.diag(theirs))
    assert np.abs((ours.to_numpy() - theirs) / np.outer(se, se)).max() < RTOL


@pytest.mark.parametrize("alpha", [0.05, 0.1])
def test_intervals(pair, alpha):
    ours, theirs = pair.ours.conf_int(alpha=alpha), pair.theirs.conf_int(alpha=alpha)
    # In units of the standard error: an end can lie near zero.
    assert (
        np.abs(ours.to_numpy() - theirs.to_numpy()) / pair.theirs.bse.to_numpy()[:, None]
    ).max() < 1e-9


def test_fitted_values_of_the_rows_used(pair):
    assert list(pair.ours.fitted.index) == list(pair.X.index)
    np.testing.assert_allclose(pair.ours.fitted, pair.theirs.predict(), rtol=1e-10)
    # statsmodels calls the linear predictor of Logit its fitted values.
    eta = pair.theirs.fittedvalues
    np.testing.assert_allclose(pair.ours.linear_predictor, eta, rtol=1e-9, atol=1e-10)
    np.testing.assert_array_equal(pair.ours.predict(), pair.ours.fitted)


def test_classification(pair):
    table = pair.ours.classification_table(threshold=0.5).to_frame()
    counts = (
        table.set_index("observed").loc[["non-event", "event"], ["non_event", "event"]].to_numpy()
    )
    np.testing.assert_array_equal(counts, pair.theirs.pred_table(0.5))


def test_the_same_fit_from_arrays(pair):
    names = list(pair.ours.params.index)
    result = li.logit_arrays(pair.y, pair.X.to_numpy(), names=names)
    assert list(result.params.index) == names
    np.testing.assert_allclose(result.params, pair.ours.params, rtol=1e-11)
    np.testing.assert_allclose(result.bse, pair.ours.bse, rtol=1e-11)
    assert result.llf == pytest.approx(pair.ours.llf, rel=1e-14)
    assert result.llnull == pytest.approx(pair.ours.llnull, rel=1e-14)


def test_arrays_with_an_intercept_added(pair):
    if "Intercept" not in pair.X:
        return
    X = pair.X.drop(columns="Intercept")
    result = li.logit_arrays(pair.y, X.to_numpy(), names=list(X.columns), intercept=True)
    assert list(result.params.index) == ["Intercept", *X.columns]
    np.testing.assert_allclose(result.params, pair.theirs.params, rtol=RTOL)


def test_predictions_of_new_rows():
    pair = fitted("Titanic")
    new = load("TitanicSurvival").iloc[[3, 700, 1200, 15]]  # the last one has no age
    X = titanic(new)
    ours = pair.ours.predict(new)
    assert list(ours.index) == list(new.index)
    assert np.isnan(ours.iloc[-1])
    np.testing.assert_allclose(ours.iloc[:-1], pair.theirs.predict(X).iloc[:-1], rtol=1e-10)


def test_an_offset():
    frame = load("birthwt")
    offset = -0.014 * (frame["lwt"] - 130)
    X = beside(frame["smoke"], levels(frame["race"]))
    theirs = sm.Logit(frame["low"], X, offset=offset).fit(
        method="newton", tol=1e-13, maxiter=100, disp=0
    )
    ours = li.logit("low ~ smoke + race", frame, offset=offset.to_numpy())
    np.testing.assert_allclose(ours.params, theirs.params, rtol=RTOL)
    np.testing.assert_allclose(ours.bse, theirs.bse, rtol=RTOL)
    assert ours.llf == pytest.approx(theirs.llf, rel=1e-13)


def test_grouped_data_against_a_binomial_glm():
    frame = load("esoph")
    parts = [levels(frame[name]) for name in ("agegp", "alcgp", "tobgp")]
    counts = frame[["ncases", "ncontrols"]]
    # From the second fit on the weights are those of the solution: GLM inverts the information of
    # the last-but-one iterate.
    first = sm.GLM(counts, beside(*parts), family=sm.families.Binomial())
    start = first.fit(tol=1e-14).params
    theirs = first.fit(start_params=start, tol=1e-14)
    ours = li.logit("cbind(ncases, ncontrols) ~ agegp + alcgp + tobgp", frame)
    np.testing.assert_allclose(ours.params, theirs.params, rtol=1e-9)
    np.testing.assert_allclose(ours.bse, theirs.bse, rtol=1e-9)
    assert ours.llf == pytest.approx(theirs.llf, rel=1e-12)
    assert ours.llnull == pytest.approx(theirs.llnull, rel=1e-12)
    assert ours.deviance == pytest.approx(theirs.deviance, rel=1e-10)
    assert ours.null_deviance == pytest.approx(theirs.null_deviance, rel=1e-11)
    assert ours.aic == pytest.approx(theirs.aic, rel=1e-12)
    assert ours.bic == pytest.approx(theirs.bic_llf, rel=1e-12)


@pytest.mark.parametrize(
    ("kind", "keyword"), [("frequency", "freq_weights"), ("precision", "var_weights")]
)
def test_weights_against_a_binomial_glm(kind, keyword):
    frame = load("birthwt")
    X = beside(frame[["age", "lwt", "smoke"]], levels(frame["race"]))
    frame["w"] = frame["ftv"] + (1 if kind == "frequency" else 0.25)
    model = sm.GLM(frame["low"], X, family=sm.families.Binomial(), **{keyword: frame["w"]})
    theirs = model.fit(start_params=model.fit(tol=1e-14).params, tol=1e-14)
    ours = li.logit("low ~ age + lwt + smoke + race", frame, weights="w", weights_kind=kind)
    np.testing.assert_allclose(ours.params, theirs.params, rtol=1e-9)
    np.testing.assert_allclose(ours.bse, theirs.bse, rtol=1e-9)
    assert ours.llf == pytest.approx(theirs.llf, rel=1e-12)
    assert ours.nobs == (frame["w"].sum() if kind == "frequency" else len(frame))
    assert ours.df_resid == theirs.df_resid


def test_clustered_standard_errors():
    import statsmodels.formula.api as smf

    ohio = li.datasets.load("ohio")
    theirs = smf.logit("resp ~ age * smoke", ohio).fit(
        disp=False, cov_type="cluster", cov_kwds={"groups": ohio["id"]}
    )
    ours = li.logit("resp ~ age * smoke", ohio).with_covariance(
        "cluster", by="id", convention="statsmodels"
    )
    # statsmodels stops at a score of 1e-8.
    np.testing.assert_allclose(ours.bse, theirs.bse, rtol=1e-6)
