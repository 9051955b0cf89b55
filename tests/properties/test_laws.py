"""Laws that hold for any data: each is a second derivation of what a fit should be."""

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

import logit_inference as li

# Relative tolerance of laws between two converged fits: each is within about 1e-12 standard errors
# of the exact maximum, and a coefficient may be a hundredth of its standard error.
CLOSE = {"rtol": 1e-9, "atol": 1e-10}


@st.composite
def problems(draw, p=3):
    """Small overlapping data: integers, so that ties and duplicated rows are common."""
    seed = draw(st.integers(0, 2**32 - 1))
    rng = np.random.default_rng(seed)
    n = draw(st.integers(25, 60))
    X = np.column_stack([np.ones(n), rng.integers(-2, 3, (n, p - 1))]).astype(float)
    eta = X @ rng.normal(size=p) * 0.5
    y = (rng.random(n) < 1 / (1 + np.exp(-eta))).astype(float)
    assume(np.linalg.matrix_rank(X) == p)
    assume(fit_or_none(y, X) is not None)
    return y, X, rng


def fit_or_none(y, X, **options):
    try:
        return li.logit_arrays(y, X, **options)
    except li.LogitInferenceError:
        return None


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
@given(problems(), st.floats(-3, 3))
def test_a_constant_offset_shifts_the_intercept_only(problem, shift):
    y, X, _ = problem
    a, b = li.logit_arrays(y, X), li.logit_arrays(y, X, offset=np.full(len(y), shift))
    assert np.allclose(b.params + np.array([shift, 0, 0]), a.params, **CLOSE)
    assert a.llnull == pytest.approx(b.llnull, rel=1e-12)


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
    b = fit_or_none(y[w > 0], X[w > 0])
    assume(b is not None)
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
