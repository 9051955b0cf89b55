"""Residuals and influence against R, row by row."""

import numpy as np
import pytest

import logit_inference as li
from tests.reference.glm_models import MODELS, stored

COLUMNS = {
    "resid": "resid_deviance",
    "resid_pearson": "resid_pearson",
    "hat": "hat",
    "std_resid": "rstandard_deviance",
    "cooksd": "cooks_distance",
    "fitted": "fitted",
    "linear_predictor": "linear_predictor",
}


def numbers(values):
    return np.array([float(value) for value in values])


@pytest.mark.parametrize(
    "case", ["birthwt_main", "mtcars_am", "menarche_grouped", "esoph_grouped", "ucb_freq"]
)
def test_every_row_is_as_in_r(case):
    model, r = MODELS[case], stored(case)["casewise"]
    table = li.logit(model.formula, model.frame(), **model.options).augment()
    for ours, theirs in COLUMNS.items():
        # R prints 15 digits, of rows whose residual may be small beside their terms.
        assert np.allclose(table[ours], numbers(r[theirs]), rtol=1e-8, atol=1e-10), ours


def test_the_squares_of_pearson_residuals_are_pearsons_chi_square():
    fit = li.logit("Menarche ~ Age", li.datasets.load("menarche"), trials="Total")
    table, data = fit.augment(), li.datasets.load("menarche")
    n, s, mu = data["Total"], data["Menarche"], fit.fitted
    expected = ((s - n * mu) ** 2 / (n * mu)) + ((s - n * mu) ** 2 / (n * (1 - mu)))
    assert (table["resid_pearson"] ** 2).sum() == pytest.approx(expected.sum(), rel=1e-10)


def test_a_group_without_trials_has_no_residual():
    data = {"s": [1, 3, 0, 4], "n": [4, 5, 0, 9], "x": [1.0, 2.0, 3.0, 4.0]}
    table = li.logit("s ~ x", data, trials="n").augment()
    assert np.isnan(table.loc[2, "observed"])
    assert table.loc[2, "hat"] == 0
