"""Multinomial fits against R's nnet and car, and against statsmodels ``MNLogit`` at test time.

nnet's fits in the set were polished by exact Newton steps, so that they are good to all digits;
the refits behind car's ``Anova`` were not, and are off by up to 2e-6 in the statistic.
"""

from __future__ import annotations

import functools
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

import logit_inference as li
from logit_inference.solve import polytomous

FOLDER = Path(__file__).resolve().parent / "multinom_R"
STORED = {path.stem: json.loads(path.read_text("utf-8")) for path in FOLDER.glob("*.json")}
REGIONS = ["Ontario", "Atlantic", "BC", "Prairie", "Quebec"]
LAKES = ["Hancock", "Oklawaha", "Trafford", "George"]


def as_levels(column, levels):
    return lambda frame: frame.assign(**{column: pd.Categorical(frame[column].astype(str), levels)})


MODELS = {
    "womenlf_multinom": ("Womenlf", "partic ~ hincome + children", (), {}),
    "womenlf_multinom_region": (
        "Womenlf",
        "partic ~ hincome * children + region",
        (as_levels("region", REGIONS),),
        {},
    ),
    "anes96_multinom": ("anes96", "PID ~ logpopul + selfLR + age + educ + income", (), {}),
    "alligators_multinom_freq": (
        "alligators",
        "foodchoice ~ size + lake",
        (as_levels("lake", LAKES), as_levels("size", ["<=2.3", ">2.3"])),
        {"weights": "freq", "weights_kind": "frequency"},
    ),
}


def fitted(name):
    return fitted_in_blocks(name, polytomous.pair_rows)


@functools.cache
def fitted_in_blocks(name, pair_rows):
    del pair_rows  # a fit is kept for each size of blocks
    data, formula, changes, options = MODELS[name]
    frame = li.datasets.load(data)
    for change in changes:
        frame = change(frame)
    return li.multinomial_logit(formula, frame, reference=STORED[name]["base"], **options)


def levels_of(name):
    """R's levels, which are text, with whole numbers as numbers."""
    return [int(level) if level.isdigit() else level for level in STORED[name]["levels"]]


def in_order(name, frame):
    """Values level by level, in R's order of levels."""
    return frame[levels_of(name)[1:]].to_numpy().T.ravel()


@pytest.mark.parametrize("name", STORED)
def test_nnet(name):
    fit, R = fitted(name), STORED[name]
    np.testing.assert_allclose(in_order(name, fit.params), list(R["coef"].values()), rtol=1e-10)
    np.testing.assert_allclose(in_order(name, fit.bse), list(R["se"].values()), rtol=1e-10)
    levels = levels_of(name)[1:]
    V = fit.cov_params().loc[levels, levels].to_numpy()
    np.testing.assert_allclose(V, R["vcov"]["values"], rtol=1e-8, atol=1e-12)
    for ours, theirs in (("llf", "logLik"), ("llnull", "logLik_null"), ("aic", "aic")):
        assert getattr(fit, ours) == pytest.approx(R[theirs], rel=1e-12)
    assert fit.account.rank == R["df"]
    rows = fit.fitted[levels_of(name)].to_numpy()[:10]
    np.testing.assert_allclose(rows, R["fitted_first10"], rtol=1e-11)


@pytest.mark.parametrize("name", STORED)
def test_type_2_tests_of_car(name):
    ours = fitted(name).anova(type=2).to_frame().set_index("term")
    R = STORED[name]["Anova_II_LR"]
    theirs = np.array(R["values"], dtype=float)
    ours = ours.loc[[row.replace("PIDf", "PID") for row in R["rows"]]]
    np.testing.assert_allclose(ours["statistic"], theirs[:, 0], atol=3e-6)
    np.testing.assert_array_equal(ours["df"], theirs[:, 1])
    np.testing.assert_allclose(ours["p_value"], theirs[:, 2], rtol=1e-5, atol=1e-15)


def test_statsmodels():
    data = li.datasets.load("anes96")
    names = ["logpopul", "selfLR", "age", "educ", "income"]
    model = sm.MNLogit(data["PID"], sm.add_constant(data[names]))
    theirs = model.fit(disp=0, tol=1e-14)
    fit = li.multinomial_logit("PID ~ " + " + ".join(names), data)

    def same(ours, other, rtol=1e-9):
        np.testing.assert_allclose(np.asarray(ours), np.asarray(other), rtol=rtol, atol=1e-13)

    same(fit.params, theirs.params)
    same(fit.bse, theirs.bse)
    same(fit.pvalues, theirs.pvalues, rtol=1e-8)
    same(fit.fitted, theirs.predict())
    same(fit.cov_params(), theirs.cov_params())
    for name in ("llf", "aic", "bic", "df_model", "df_resid"):
        assert getattr(fit, name) == pytest.approx(getattr(theirs, name), rel=1e-9)
    same(fit.confusion_table().to_frame().iloc[:, 1:8], theirs.pred_table())
    robust = model.fit(disp=0, tol=1e-14, cov_type="HC0").bse
    same(fit.with_covariance("HC0").bse, robust)
    age = data["age"].to_numpy()
    clustered = model.fit(disp=0, tol=1e-14, cov_type="cluster", cov_kwds={"groups": age}).bse
    same(fit.with_covariance("cluster", by=age, convention="statsmodels").bse, clustered)
    effects = theirs.get_margeff()
    table = fit.avg_slopes().to_frame()
    for column, values in (("estimate", effects.margeff), ("std_error", effects.margeff_se)):
        wide = table.pivot(index="term", columns="response_level", values=column).loc[names]
        same(wide, values)
