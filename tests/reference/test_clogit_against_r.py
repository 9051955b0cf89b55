"""Conditional logistic regression against R's survival::clogit, and statsmodels."""

import json
import warnings
from pathlib import Path

import numpy as np
import pytest

import logit_inference as li

STORED = Path(__file__).parent / "clogit_R"
MODELS = {
    "infert_clogit": ("infert", "case ~ spontaneous + induced", "stratum"),
    "infert_clogit_factor": ("infert", "case ~ C(spontaneous) + C(induced)", "stratum"),
    "logan_clogit": ("logan", "case ~ tocc + ed_c + ed_o + ed_p + ed_s", "id"),
}


@pytest.mark.parametrize("name", MODELS)
def test_estimates_tests_and_likelihoods(name):
    data, formula, strata = MODELS[name]
    table = li.datasets.load(data)
    if name == "logan_clogit":
        others = ["craftsmen", "operatives", "professional", "sales"]
        table["tocc"] = table["tocc"].cat.set_categories(["farm", *others])
        slopes = {f"ed_{k[0]}": (table["tocc"] == k) * table["education"] for k in others}
        table = table.assign(**slopes)
    fit = li.conditional_logit(formula, table, strata=strata)
    r = json.loads((STORED / f"{name}.json").read_text(encoding="utf-8"))
    # R stops by the change of the likelihood: its own digits are those of one Newton step less.
    assert np.allclose(fit.params, list(r["coef"].values()), rtol=1e-8, atol=0)
    assert np.allclose(fit.bse, list(r["se"].values()), rtol=1e-7, atol=0)
    assert np.allclose(fit.cov_params(), r["vcov"]["values"], rtol=1e-6, atol=0)
    assert fit.llf == pytest.approx(r["logLik"], rel=1e-12)
    assert fit.llnull == pytest.approx(r["logLik_null"], rel=1e-12)
    assert fit.aic == pytest.approx(r["aic"], rel=1e-12)
    nothing = ", ".join(f"`{term}` = 0" for term in fit.params.index)
    assert fit.test(nothing, method="lr").statistic == pytest.approx(r["lr"][0], rel=1e-9)
    assert fit.test(nothing, method="score").statistic == pytest.approx(r["score"][0], rel=1e-8)
    # R prints two decimals of this one.
    assert fit.test(nothing).statistic == pytest.approx(r["wald"][0], abs=6e-3)
    assert fit.llr == pytest.approx(r["lr"][0], rel=1e-11)
    assert fit.llr_pvalue == pytest.approx(r["lr"][2], rel=1e-9)
    assert np.allclose(fit.conf_int(), r["ci_wald"]["values"], rtol=1e-7, atol=0)
    assert np.allclose(fit.pvalues, list(r["p"].values()), rtol=1e-6, atol=0)
    assert fit.certificate.exists
    assert fit.certificate.distance < 1e-9


def test_many_to_many_matching_against_statsmodels():
    models = pytest.importorskip("statsmodels.discrete.conditional_models")
    rng = np.random.default_rng(8)
    codes = np.repeat(np.arange(60), rng.integers(2, 9, 60))
    X = rng.normal(size=(len(codes), 3))
    y = (rng.random(len(codes)) < 1 / (1 + np.exp(-X @ [0.5, -1, 0.2]))).astype(float)
    table = {"y": y, "a": X[:, 0], "b": X[:, 1], "c": X[:, 2], "set": codes}
    fit = li.conditional_logit("y ~ a + b + c", table, strata="set")
    with warnings.catch_warnings():  # it says which groups it drops
        warnings.simplefilter("ignore")
        model = models.ConditionalLogit(y, X, groups=codes)
        other = model.fit(start_params=fit.params.to_numpy(), method="newton", disp=0)
    assert np.allclose(fit.params, other.params, rtol=1e-7)
    assert fit.llf == pytest.approx(other.llf, rel=1e-12)
    # Its second derivatives are numerical.
    assert np.allclose(fit.bse, other.bse, rtol=1e-4)
