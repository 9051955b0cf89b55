"""Analyses of deviance, single terms and nested models against R and car: every stored number.

R's score statistics take the working weights of the step before the last; the definition is tested
in ``tests/inference/test_score.py``.
"""

from __future__ import annotations

import functools
from typing import Any

import pytest

import logit_inference as li
from tests.reference.glm_models import MODELS, stored

# LR statistics of a difference of deviances of 15 digits: measured up to 3e-12; Wald to 1.2e-11.
EXACT = 1e-10
# Measured up to 3e-7.
OF_R_SCORES = 1e-6
CASES = [name for name in MODELS if "tests" in stored(name)]
# car names the only term of a model of one term by its first letter.
UNREADABLE = {"mtcars_vs_qsec", "menarche_grouped", "cbpp_grouped_cluster"}


@functools.cache
def fitted(case: str) -> li.LogitResult:
    model = MODELS[case]
    return li.logit(model.formula, model.frame(), **model.options)


def compare(case: str, key: str, table: Any, columns: dict[str, str], tolerance: float):
    """Compare each number of a table of R's with ours, by the names of its rows."""
    stored_table: dict[str, Any] = (
        stored(case)["Anova_III_Wald"] if key == "Anova_III_Wald" else stored(case)["tests"][key]
    )
    ours = table.to_frame().set_index("term")
    model = MODELS[case]
    names = [
        row if row in ("NULL", "<none>") else model.our_name(row) for row in stored_table["rows"]
    ]
    assert list(ours.index) == names
    for name, values in zip(names, stored_table["values"], strict=True):
        for column, value in zip(stored_table["cols"], values, strict=True):
            if column not in columns:
                continue
            found = ours.loc[name, columns[column]]
            if value == "NA":
                assert found != found or found is None
            else:
                assert found == pytest.approx(value, rel=tolerance, abs=tolerance), (name, column)


@pytest.mark.parametrize("case", CASES)
def test_sequential_likelihood_ratios(case):
    columns = {"Df": "df", "Deviance": "statistic", "Resid. Dev": "deviance", "Pr(>Chi)": "p_value"}
    if "weights" not in MODELS[case].options:  # R counts rows, not what they stand for
        columns["Resid. Df"] = "df_residual"
    compare(case, "anova_seq_chisq", fitted(case).anova(), columns, EXACT)


@pytest.mark.parametrize("case", CASES)
def test_sequential_scores(case):
    columns = {"Df": "df", "Rao": "statistic", "Pr(>Chi)": "p_value"}
    compare(case, "anova_seq_rao", fitted(case).anova(test="score"), columns, OF_R_SCORES)


@pytest.mark.parametrize("case", CASES)
def test_single_terms_dropped(case):
    columns = {"Df": "df", "Deviance": "deviance", "AIC": "aic", "Pr(>Chi)": "p_value"}
    table = fitted(case).drop1()
    compare(case, "drop1_lrt", table, columns | {"LRT": "statistic"}, EXACT)
    table = fitted(case).drop1(test="score")
    compare(case, "drop1_rao", table, columns | {"Rao score": "statistic"}, OF_R_SCORES)


@pytest.mark.parametrize("case", sorted(set(CASES) - UNREADABLE))
def test_type_2(case):
    columns = {"Df": "df", "LR Chisq": "statistic", "Pr(>Chisq)": "p_value"}
    compare(case, "Anova_II_LR", fitted(case).anova(type=2), columns, EXACT)
    columns = {"Df": "df", "Chisq": "statistic", "Pr(>Chisq)": "p_value"}
    compare(case, "Anova_II_Wald", fitted(case).anova(type=2, test="wald"), columns, EXACT)


@pytest.mark.parametrize("case", CASES)
def test_type_3(case):
    columns = {"Df": "df", "Chisq": "statistic", "Pr(>Chisq)": "p_value"}
    compare(case, "Anova_III_Wald", fitted(case).anova(type=3, test="wald"), columns, EXACT)


@pytest.mark.parametrize("case", [name for name in CASES if "nested" in stored(name)["tests"]])
@pytest.mark.parametrize("method", ["lr", "wald", "score"])
def test_smaller_formulas(case, method):
    for nested in stored(case)["tests"]["nested"]:
        found = fitted(case).test(nested["reduced"], method=method)
        key, p, tolerance = {
            "lr": ("lrt", "p", EXACT),
            "wald": ("wald", "wald_p", EXACT),
            "score": ("rao", "rao_p", OF_R_SCORES),
        }[method]
        assert found.df == nested["df"]
        assert found.statistic == pytest.approx(nested[key], rel=tolerance)
        assert found.p_value == pytest.approx(nested[p], rel=100 * tolerance)


@pytest.mark.parametrize("case", [name for name in CASES if "nested" in stored(name)["tests"]])
def test_two_fits_compare_as_the_test_within_the_larger(case):
    model = MODELS[case]
    for nested in stored(case)["tests"]["nested"]:
        used = model.frame().loc[fitted(case).labels]
        small = li.logit(nested["reduced"], used, **model.options)
        table = li.compare(small, fitted(case)).to_frame()
        assert table["statistic"][1] == pytest.approx(nested["lrt"], rel=EXACT)
        assert table["df"][1] == nested["df"]
