"""Laws that hold for any data: each is a second derivation of what a fit should be."""

from functools import reduce
from itertools import pairwise
from operator import add

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

import logit_inference as li
from logit_inference.likelihood.logistic import evaluate
from logit_inference.rows.block import Block

# Relative tolerance of laws between two converged fits: each is within about 1e-12 standard errors
# of the exact maximum, and a coefficient may be a hundredth of its standard error.
CLOSE = {"rtol": 1e-9, "atol": 1e-10}


@st.composite
def problems(draw, p=3):
    """Small data of integers, so that ties and duplicated rows are common.

    A maximum exists by construction: three independent rows occur with both outcomes, and a
    direction that separates nothing there is zero.
    """
    n = draw(st.integers(10, 50))
    cells = st.lists(st.integers(-2, 2), min_size=p - 1, max_size=p - 1)
    rows = draw(st.lists(cells, min_size=n, max_size=n))
    both = [[0, 0], [1, 0], [0, 1]]
    X = np.column_stack([np.ones(n + 6), np.array(rows + both + both, dtype=float)])
    y = draw(st.lists(st.integers(0, 1), min_size=n, max_size=n))
    y = np.array([*y, 0, 0, 0, 1, 1, 1], dtype=float)
    rng = np.random.default_rng(draw(st.integers(0, 1000)))
    return y, X, rng


laws = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@laws
@given(problems())
def test_row_order_does_not_matter(problem):
    y, X, rng = problem
    order = rng.permutation(len(y))
    a, b = li.logit_arrays(y, X), li.logit_arrays(y[order], X[order])
    assert np.allclose(a.params, b.params, **CLOSE)
    assert np.allclose(a.bse, b.bse, **CLOSE)


@laws
@given(problems())
def test_frequency_weights_are_replicated_rows(problem):
    y, X, rng = problem
    w = rng.integers(1, 4, len(y))
    a = li.logit_arrays(y, X, weights=w, weights_kind="frequency")
    b = li.logit_arrays(np.repeat(y, w), np.repeat(X, w, axis=0))
    assert np.allclose(a.params, b.params, **CLOSE)
    assert np.allclose(a.bse, b.bse, **CLOSE)
    assert a.llf == pytest.approx(b.llf, rel=1e-12)
    assert (a.nobs, a.bic, a.df_resid) == (b.nobs, pytest.approx(b.bic, rel=1e-12), b.df_resid)


@laws
@given(problems())
def test_precision_weights_scale_the_covariance_and_keep_the_count(problem):
    y, X, _ = problem
    a = li.logit_arrays(y, X, weights=np.full(len(y), 4.0), weights_kind="precision")
    b = li.logit_arrays(y, X)
    assert np.allclose(a.params, b.params, **CLOSE)
    assert np.allclose(2 * a.bse, b.bse, **CLOSE)
    assert a.nobs == b.nobs


@laws
@given(problems())
def test_grouped_rows_equal_ungrouped_up_to_the_constant(problem):
    y, X, _ = problem
    rows, group = np.unique(X, axis=0, return_inverse=True)
    group = group.ravel()
    trials = np.bincount(group).astype(float)
    successes = np.bincount(group, weights=y)
    a, b = li.logit_arrays(successes, rows, trials=trials), li.logit_arrays(y, X)
    assert np.allclose(a.params, b.params, **CLOSE)
    assert np.allclose(a.cov_params(), b.cov_params(), **CLOSE)
    assert a.llr == pytest.approx(b.llr, rel=1e-9, abs=1e-10)
    assert a.n_trials == b.n_trials == len(y)
    assert a.mean_cross_entropy == pytest.approx(b.mean_cross_entropy, rel=1e-12)
    assert a.tjur == pytest.approx(b.tjur, rel=1e-9, abs=1e-11)
    assert a.cox_snell == pytest.approx(b.cox_snell, rel=1e-8, abs=1e-10)


@laws
@given(problems())
def test_exchanging_event_and_non_event_flips_the_signs(problem):
    y, X, _ = problem
    a, b = li.logit_arrays(y, X), li.logit_arrays(1 - y, X)
    assert np.allclose(a.params, -b.params, **CLOSE)
    assert np.allclose(a.fitted, 1 - b.fitted, **CLOSE)
    assert a.llf == pytest.approx(b.llf, rel=1e-13)


@laws
@given(problems())
def test_a_linear_map_of_the_columns_maps_coefficients_and_covariance(problem):
    y, X, rng = problem
    A = rng.normal(size=(3, 3))
    assume(np.linalg.cond(A) < 50)
    a, b = li.logit_arrays(y, X), li.logit_arrays(y, X @ A)
    assert np.allclose(A @ b.params, a.params, rtol=1e-8, atol=1e-9)
    assert np.allclose(A @ b.cov_params() @ A.T, a.cov_params(), rtol=1e-7, atol=1e-9)
    assert np.allclose(a.fitted, b.fitted, rtol=1e-9, atol=1e-12)


@laws
@given(problems(), st.floats(-1000, 1000), st.floats(-2, 2))
def test_a_constant_offset_shifts_the_intercept_only(problem, shift, start):
    y, X, _ = problem
    offset = np.full(len(y), shift)
    a = li.logit_arrays(y, X)
    for options in ({}, {"start": [start - shift, 0.0, 0.0]}):
        b = li.logit_arrays(y, X, offset=offset, **options)
        # The offset takes three digits of the linear predictor at 1000.
        assert np.allclose(b.params + np.array([shift, 0, 0]), a.params, rtol=1e-8, atol=1e-9)
        assert a.llnull == pytest.approx(b.llnull, rel=1e-10)
        assert np.allclose(b.predict(X, offset=offset), b.fitted, rtol=1e-10)


@laws
@given(problems(), st.lists(st.integers(0, 16), max_size=4))
def test_any_split_of_the_rows_gives_the_same_fit(problem, cuts):
    y, X, _ = problem
    block = Block(y, X)
    at = np.array([0.3, -0.2, 0.1])
    edges = [0, *sorted(cuts), len(y)]
    parts = [evaluate((block.rows(i, j),), at) for i, j in pairwise(edges)]
    merged, whole = reduce(add, parts), evaluate((block,), at)
    assert merged.log_likelihood == pytest.approx(whole.log_likelihood, rel=1e-13)
    assert np.allclose(merged.score, whole.score, rtol=1e-12, atol=1e-13)
    assert np.allclose(merged.information, whole.information, rtol=1e-13, atol=1e-14)


@laws
@given(problems())
def test_the_means_of_outcome_and_fit_agree_within_the_columns(problem):
    y, X, _ = problem
    assert np.allclose(X.T @ (y - li.logit_arrays(y, X).fitted), 0, atol=1e-9 * len(y))


@laws
@given(problems())
def test_rows_of_weight_zero_have_no_influence(problem):
    y, X, rng = problem
    w = (rng.random(len(y)) < 0.8).astype(float)
    w[-6:] = 1.0
    b = li.logit_arrays(y[w > 0], X[w > 0])
    a = li.logit_arrays(y, X, weights=w, weights_kind="frequency")
    assert np.allclose(a.params, b.params, **CLOSE)
    assert np.allclose(a.bse, b.bse, **CLOSE)
    assert (a.nobs, a.llf) == (b.nobs, pytest.approx(b.llf, rel=1e-12))


@laws
@given(problems())
def test_leverages_sum_to_the_number_of_coefficients(problem):
    y, X, _ = problem
    table = li.logit_arrays(y, X).augment()
    assert table["hat"].sum() == pytest.approx(3, rel=1e-10)
    assert (table["hat"] > 0).all()
    deviance = (table["resid"] ** 2).sum()
    assert deviance == pytest.approx(li.logit_arrays(y, X).deviance, rel=1e-12)
