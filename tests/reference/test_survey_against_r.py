"""Survey designs against R's survey 4.1-1: svyglm, regTermTest, degf, predict."""

import functools
import json
from pathlib import Path

import numpy as np
import pytest

import logit_inference as li

FOLDER = Path(__file__).resolve().parent / "survey_R"
STORED = {path.stem: json.loads(path.read_text("utf-8")) for path in FOLDER.glob("*.json")}
DESIGNS = {
    "apistrat_svy": ("apistrat", {"strata": "stype", "weights": "pw", "fpc": "fpc"}),
    "apistrat_svy_nofpc": ("apistrat", {"strata": "stype", "weights": "pw"}),
    "apiclus1_svy": ("apiclus1", {"psu": "dnum", "weights": "pw", "fpc": "fpc"}),
    "apiclus1_svy_nofpc": ("apiclus1", {"psu": "dnum", "weights": "pw"}),
    "apiclus2_svy_twostage": ("apiclus2", {"psu": ["dnum", "snum"], "fpc": ["fpc1", "fpc2"]}),
}
NAMES = {"(Intercept)": "Intercept", "stypeH": "stype[T.H]", "stypeM": "stype[T.M]"}
CLOSE = 1e-11  # measured 2e-14
# R finds the saddlepoint to 1e-8 (uniroot's tolerance), which moves p by up to 1e-7 of itself.
SADDLEPOINT = 1e-6


@functools.cache
def fitted(name):
    data, options = DESIGNS[name]
    return li.logit(STORED[name]["R_formula"], li.survey(li.datasets.load(data), **options))


@pytest.mark.parametrize("name", STORED)
def test_coefficients(name):
    fit, R = fitted(name), STORED[name]
    ours = {"coef": fit.params, "se": fit.bse, "t": fit.tvalues, "p_t": fit.pvalues}
    for key, values in ours.items():
        in_order = values[[NAMES.get(term, term) for term in R[key]]]
        np.testing.assert_allclose(in_order, list(R[key].values()), rtol=CLOSE)
    order = [NAMES.get(term, term) for term in R["vcov"]["rows"]]
    matrix = np.array(R["vcov"]["values"])
    scale = np.sqrt(np.outer(np.diag(matrix), np.diag(matrix)))
    gap = (fit.cov_params().loc[order, order].to_numpy() - matrix) / scale
    assert np.abs(gap).max() < CLOSE
    intervals = np.array(R["ci_wald_t"]["values"])
    np.testing.assert_allclose(fit.conf_int().loc[order], intervals, rtol=CLOSE, atol=CLOSE)
    assert fit.estimate.covariance.df == R["df_residual"]
    assert fit.sampled.df == R["degf_design"]
    assert fit.nobs == R["n"]
    assert fit.deviance == pytest.approx(R["deviance"], rel=CLOSE)
    assert fit.null_deviance == pytest.approx(R["null_deviance"], rel=CLOSE)


@pytest.mark.parametrize("name", STORED)
def test_terms(name):
    fit = fitted(name)
    for R in STORED[name]["regTermTest"]:
        wald, working = fit.test(R["term"]), fit.test(R["term"], method="rao-scott")
        assert wald.statistic == pytest.approx(R["wald_F"], rel=CLOSE)
        assert (wald.df, wald.df_denominator) == (R["df"], R["ddf"])
        assert wald.p_value == pytest.approx(R["p"], rel=CLOSE)
        lrt = R["lrt_rao_scott"]
        assert working.statistic == pytest.approx(lrt["chisq"], rel=1e-9)  # a small difference
        assert working.p_value == pytest.approx(lrt["p"], rel=SADDLEPOINT)
        for scale in np.atleast_1d(lrt["lambda"]):
            assert f"{scale:.4g}" in working.notes[0]


def test_predictions():
    R = STORED["apistrat_svy"]["predict"]
    ours = fitted("apistrat_svy").get_prediction(R["newdata"])
    frame = ours.summary_frame()
    np.testing.assert_allclose(ours.link, R["link"], rtol=CLOSE)
    np.testing.assert_allclose(ours.link_std_error, R["link_se"], rtol=CLOSE)
    np.testing.assert_allclose(frame["estimate"], R["response"], rtol=CLOSE)
    np.testing.assert_allclose(frame["std_error"], R["response_se"], rtol=CLOSE)
