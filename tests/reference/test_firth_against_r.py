"""Bias-reduced fits of real data against R: brglm2 0.9, and logistf 1.26.1 for profiles.

brglm2 was run to ``epsilon = 1e-12``, logistf to 1e-11 in coefficients and 1e-13 in likelihoods
(``scripts/engine.R``). Four of the data sets are separated or nearly so.
"""

from __future__ import annotations

import functools
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import logit_inference as li
from tests.reference.glm_models import MODELS, Model

FOLDER = Path(__file__).resolve().parent / "firth_R"
FIRTH = {
    **{path.stem: MODELS[path.stem] for path in FOLDER.glob("*.json") if path.stem in MODELS},
    "endometrial_firth": Model("endometrial", "HG ~ NV + PI + EH"),
    "mtcars_separated": Model("mtcars", "vs ~ qsec + wt + cyl"),
    "kyphosis_factor_sep": Model(
        "kyphosis",
        "Kyphosis ~ StartG + Age",
        {"StartG*": "StartG[T.*]"},
        derive=lambda d: {
            "StartG": pd.cut(d["Start"].clip(upper=16), [-1, 14, 16], labels=["lo", "hi"])
        },
    ),
    "cbpp_firth_grouped": MODELS["cbpp_grouped_cluster"],
}
PROFILED = [name for name in sorted(FIRTH) if name != "cbpp_firth_grouped"]


def stored(name: str) -> dict:
    return json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))


@functools.cache
def fitted(name: str, estimator: str):
    model = FIRTH[name]
    return li.logit(model.formula, model.frame(), estimator=estimator, **model.options)


def beside(name: str, theirs: dict) -> tuple[list[str], np.ndarray]:
    """Our names of R's coefficients and R's values."""
    return [FIRTH[name].our_name(key) for key in theirs], np.array(list(theirs.values()))


def test_every_stored_case_is_compared():
    assert {path.stem for path in FOLDER.glob("*.json")} == set(FIRTH)


@pytest.mark.parametrize("name", sorted(FIRTH))
@pytest.mark.parametrize(("estimator", "kind"), [("firth", "AS_mean"), ("median-br", "AS_median")])
def test_brglm2(name, estimator, kind):
    fit, R = fitted(name, estimator), stored(name)[kind]
    columns, coef = beside(name, R["coef"])
    std_error = beside(name, R["se"])[1]
    np.testing.assert_allclose(fit.params[columns], coef, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(fit.bse[columns], std_error, rtol=1e-9)
    vcov = fit.cov_params().loc[columns, columns]
    np.testing.assert_allclose(vcov, R["vcov"]["values"], rtol=1e-8, atol=1e-10)
    np.testing.assert_allclose(fit.deviance, R["deviance"], rtol=1e-10)
    np.testing.assert_allclose(fit.llf, R["logLik"], rtol=1e-10)
    table = fit.coefficients(method="wald")
    order = [fit.estimate.names.index(column) for column in columns]
    np.testing.assert_allclose(table.statistic[order], list(R["z"].values()), rtol=1e-8)
    np.testing.assert_allclose(table.p_value[order], list(R["p"].values()), rtol=1e-7)


# Profiles of mtcars_separated have two branches; logistf follows the lower of them.
@pytest.mark.filterwarnings("ignore:Several branches:logit_inference.errors.ProfileWarning")
@pytest.mark.parametrize("name", PROFILED)
def test_logistf(name):
    fit, R = fitted(name, "firth"), stored(name)["logistf"]
    columns = beside(name, R["coef"])[0]
    table = fit.tidy().set_index("term").loc[columns]
    np.testing.assert_allclose(table["estimate"], beside(name, R["coef"])[1], rtol=1e-9)
    # What its last steps still changed: by 2, its largest step, for two ends of mtcars_separated.
    left = np.array(R["pl_conv"])
    for ours, theirs, done in (
        ("conf_low", "plr_ci_lower", left[:, 1] < 1e-9),
        ("conf_high", "plr_ci_upper", left[:, 3] < 1e-9),
    ):
        assert done.all() or name == "mtcars_separated"
        if name == "mtcars_separated" and ours == "conf_low":
            done = done & (np.array(columns) != "cyl")  # see the test below
        values = beside(name, R[theirs])[1]
        np.testing.assert_allclose(table[ours][done], values[done], rtol=1e-8, atol=1e-9)
    np.testing.assert_allclose(table["p_value"], beside(name, R["plr_p"])[1], rtol=1e-7)
    augmented = fit.with_covariance("augmented")
    np.testing.assert_allclose(
        augmented.bse[columns], beside(name, R["se_augmented"])[1], rtol=1e-8
    )
    np.testing.assert_allclose(fit.penalized_log_likelihood, R["penalized_loglik_full"], rtol=1e-10)
    np.testing.assert_allclose(fit.account.null_criterion, R["penalized_loglik_null"], rtol=1e-10)
    np.testing.assert_allclose(fit.llr, R["lr_chisq"], rtol=1e-9)
    assert fit.df_model == R["df"]


@pytest.mark.filterwarnings("ignore:Several branches:logit_inference.errors.ProfileWarning")
def test_where_logistf_follows_the_lower_of_two_branches():
    """At its lower end for cyl the penalised likelihood is higher with other values of the rest.

    Both maxima were found by Nelder-Mead from 60 starts on a criterion written by itself: deviances
    3.74016 and, on the branch that logistf takes, the quantile 3.84146.
    """
    fit, R = fitted("mtcars_separated", "firth"), stored("mtcars_separated")["logistf"]
    end = R["plr_ci_lower"]["cyl"]
    assert fit.test(f"cyl = {end}", method="lr").statistic == pytest.approx(3.740160, abs=1e-6)
    ours = fit.conf_int().loc["cyl", "conf_low"]
    assert ours < end
    found = fit.test(f"cyl = {ours}", method="lr").statistic
    assert found == pytest.approx(3.841458820694124, abs=1e-6)
