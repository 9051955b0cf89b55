"""Whether a column of ones is a combination of the columns, told from few rows or from all."""

import numpy as np
import pandas as pd
import pytest

import logit_inference as li
from logit_inference.rows.coded import Coded
from logit_inference.solve import constant

RNG = np.random.default_rng(0)
LARGE = 30_000


def spanned(X, weights=None):
    y = RNG.random(len(X)) < 0.4
    kind = None if weights is None else "precision"
    return li.logit_arrays(y, X, weights=weights, weights_kind=kind).account.has_constant


def dummies(n):
    return np.eye(3)[np.arange(n) % 3]


@pytest.mark.parametrize("n", [30, 300, LARGE])
@pytest.mark.parametrize("layout", [np.ascontiguousarray, np.asfortranarray, np.flip])
def test_indicators(n, layout):
    assert spanned(layout(dummies(n)))
    assert not spanned(layout(dummies(n)[:, :2]))
    assert spanned(layout(dummies(n) * [1, 1e-9, 1e9]))


@pytest.mark.parametrize("n", [40, 300, LARGE])
def test_numbers(n):
    X = RNG.normal(size=(n, 3))
    assert not spanned(X)
    X[:, 0] = 5 - X[:, 2]
    assert spanned(X)
    X[n // 2, 0] += 0.5
    assert not spanned(X)


@pytest.mark.parametrize("n", [30, LARGE])
def test_one_row_says_otherwise_if_it_counts(n):
    X = np.column_stack([dummies(n), RNG.normal(size=n)])
    X[n // 3, :3] = 0.0
    assert not spanned(X)
    weights = X[:, :3].any(axis=1).astype(float)
    assert spanned(X, weights)


def test_dependent_columns_do_not_matter():
    X = np.column_stack([dummies(300), dummies(300)[:, 0] * 2])
    with pytest.warns(li.CollinearityWarning):
        assert spanned(X)
    X = np.column_stack([RNG.normal(size=300)] * 2)
    with pytest.warns(li.CollinearityWarning):
        assert not spanned(X)


@pytest.mark.filterwarnings("ignore::logit_inference.SeparationWarning")
def test_fewer_rows_than_columns_and_one_more():
    for n in (4, 5, 6):
        X = RNG.normal(size=(n, 3))
        y = np.arange(n) % 2
        fit = li.logit_arrays(y, X, require_convergence=False)
        assert not fit.account.has_constant
        X = X[:, [0, 0, 1]]
        X[:, 1] = 1 - X[:, 0]
        assert li.logit_arrays(y, X, require_convergence=False).account.has_constant


@pytest.mark.parametrize(
    ("right", "answer"),
    [("x:g", False), ("x + x:g", False), ("d + e + x:g", True), ("d + x:g", False)],
)
def test_coded_columns(right, answer):
    n = 80_000
    g = RNG.integers(0, 30, n)
    table = pd.DataFrame({"x": RNG.normal(size=n), "g": pd.Categorical(g), "d": g % 2})
    table["e"] = 3 - 3 * table["d"]
    table["y"] = RNG.random(n) < 0.3
    fit = li.logit(f"y ~ 0 + {right}", table)
    assert isinstance(fit.fit.source.data.X, Coded)
    assert not fit.design.spans_constant
    assert constant.spans_constant(fit.fit) is answer
    assert fit.account.has_constant is answer
