"""Pooled estimates and tests against R's mice 3.15."""

import json
from pathlib import Path

import numpy as np
import pytest

import logit_inference as li

STORED = json.loads(
    (Path(__file__).resolve().parent / "mi_R" / "nhanes2_mi.json").read_text("utf-8")
)
# R prints 15 digits, and its glm's standard errors are those of the last iterate but one.
CLOSE = 1e-8


@pytest.fixture(scope="module")
def ours():
    long = li.datasets.load("nhanes2_imputed")
    return li.logit_imputed("hyp ~ bmi + chl", [table for _, table in long.groupby(".imp")])


def column(table, name):
    place = STORED[table]["cols"].index(name)
    return [row[place] for row in STORED[table]["values"]]


def test_rubins_rules(ours):
    pooled = ours.pooled
    found = {
        "estimate": ours.params,
        "ubar": np.diagonal(pooled.within),
        "b": np.diagonal(pooled.between),
        "t": np.diagonal(ours.cov_params()),
        "df": ours.df,
        "riv": ours.relative_increase,
        "fmi": ours.fmi,
    }
    for name, values in found.items():
        np.testing.assert_allclose(values, column("pooled", name), rtol=CLOSE)
    assert pooled.df_complete == column("pooled", "dfcom")[0] == 22
    large = li.pool(ours.fits, df_complete=np.inf)
    np.testing.assert_allclose(large.df, column("pooled_dfcom_Inf", "df"), rtol=CLOSE)
    np.testing.assert_allclose(large.fmi, column("pooled_dfcom_Inf", "fmi"), rtol=CLOSE)


def test_the_summary(ours):
    tidy = ours.tidy()
    names = {
        "std_error": "std.error",
        "p_value": "p.value",
        "conf_low": "X2.5..",
        "conf_high": "X97.5..",
    }
    for name in ("estimate", "std_error", "statistic", "df", "p_value", "conf_low", "conf_high"):
        theirs = column("summary", names.get(name, name))
        np.testing.assert_allclose(tidy[name], theirs, rtol=CLOSE)
    np.testing.assert_allclose(ours.conf_int(), tidy[["conf_low", "conf_high"]])


@pytest.mark.parametrize("method", ["D1", "D2", "D3-mice"])
def test_several_coefficients(ours, method):
    found = ours.test("bmi, chl", method=method)
    if method == "D3-mice":
        value, df1, df2, p_value, _ = STORED["D3"]["result"]["z$result"]
    else:
        stored = STORED[method]["result"]
        value, df1, df2, p_value = (stored[key] for key in ("F.value", "df1", "df2", "P(>F)"))
    assert found.df == df1
    np.testing.assert_allclose(
        [found.statistic, found.df_denominator, found.p_value], [value, df2, p_value], rtol=CLOSE
    )
