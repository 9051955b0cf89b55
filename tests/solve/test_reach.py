"""The bound on M holds: it is never below the longest row."""

import numpy as np
import pandas as pd
import pytest

import logit_inference as li
from logit_inference.design import matrix
from logit_inference.rows.coded import Coded
from logit_inference.solve.factor import column_reach, factorize, row_leverage
from logit_inference.solve.reach import leverage_bound

FORMULAS = [
    "y ~ x + g",
    "y ~ x + C(g, contr.sum)",
    "y ~ 0 + g + x:h",
    "y ~ x * C(h, contr.helmert) + g",
    "y ~ g:h",
]


@pytest.mark.parametrize("formula", FORMULAS)
@pytest.mark.parametrize("codes", [True, False])
def test_no_row_is_longer_than_the_bound(formula, codes, monkeypatch):
    monkeypatch.setattr(matrix, "SMALL", 0 if codes else 10**9)
    rng = np.random.default_rng(len(formula))
    data = pd.DataFrame({"x": rng.normal(size=900), "g": rng.integers(0, 12, 900)})
    data["h"] = rng.choice(list("abcde"), 900)
    data["g"] = data["g"].astype("category")
    data["y"] = rng.integers(0, 2, 900)
    rows = li.logit(formula, data).fit.solved_rows
    assert isinstance(rows.only_block.X if rows.only_block else rows.data.X, Coded) is codes
    fit = li.logit(formula, data).fit
    factor = factorize(fit.solution.evaluation.upper)
    longest = rows.fold(row_leverage, factor.inverse_root()).value
    bound = leverage_bound(factor, rows.fold(column_reach).values, rows.layout)
    assert longest <= bound
    assert bound <= 40 * longest or not codes  # of plain indicators it is of little use


def test_information_that_may_feign_a_direction_gives_no_bound():
    nearly = np.array([[1.0, 1.0], [0.0, 1.0 + 1e-12]])
    assert leverage_bound(factorize(nearly), np.ones(2)) == np.inf
