"""The binomial kernel against definitions it was not derived from."""

import tracemalloc
from itertools import pairwise

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from logit_inference.likelihood.logistic import (
    LOGISTIC,
    evaluate,
    expit,
    slope,
    tally,
    working_weights,
)
from logit_inference.likelihood.objective import objective, slope_objective
from logit_inference.rows.block import Block
from logit_inference.rows.source import ArraySource


@given(st.floats(-700, 700))
def test_elementary_functions_are_right_to_rounding(eta):
    with mpmath.workdps(400):
        x = mpmath.mpf(eta)
        exact_mu = 1 / (1 + mpmath.exp(-x))
        at = np.array([eta])
        # Two roundings and one exp of half a unit: 4 eps is room enough.
        assert abs(mpmath.mpf(float(expit(at)[0])) - exact_mu) <= 1e-15 * exact_mu


@pytest.mark.parametrize("eta", [-800.0, 800.0])
def test_extreme_linear_predictors_stay_finite(eta):
    block = Block(np.array([0.0, 1.0]), np.array([[1.0], [1.0]]))
    at = evaluate((block,), np.array([eta]))
    assert at.log_likelihood == -800.0
    assert np.isfinite(at.score).all()
    assert np.isfinite(at.information).all()


def sample(seed, *, grouped, weighted):
    rng = np.random.default_rng(seed)
    n, p = 40, 3
    X = rng.normal(size=(n, p))
    trials = rng.integers(1, 9, n).astype(float) if grouped else None
    y = np.floor(rng.random(n) * ((trials if grouped else 1) + 1))
    weights = rng.random(n) * 3 if weighted else None
    return Block(y, X, trials, weights, rng.normal(size=n)), rng.normal(size=p)


def independent_value(block, coef):
    """The log-likelihood by its textbook formula, valid for complex coefficients."""
    eta = block.X @ coef + block.offset
    trials = 1.0 if block.trials is None else block.trials
    weights = 1.0 if block.weights is None else block.weights
    return np.sum(weights * (block.y * eta - trials * np.log(1 + np.exp(eta))))


@pytest.mark.parametrize("grouped", [False, True])
@pytest.mark.parametrize("weighted", [False, True])
def test_score_and_information_are_the_derivatives(grouped, weighted):
    block, coef = sample(1, grouped=grouped, weighted=weighted)
    at = evaluate((block,), coef)
    assert at.log_likelihood == pytest.approx(independent_value(block, coef), rel=1e-13)
    step = 1e-30  # complex step: no difference is formed, so no digit is lost
    for j in range(3):
        moved = coef.astype(complex)
        moved[j] += step * 1j
        assert at.score[j] == pytest.approx(independent_value(block, moved).imag / step, rel=1e-12)
    h = 1e-5
    for j in range(3):
        ahead, behind = coef.copy(), coef.copy()
        ahead[j] += h
        behind[j] -= h
        slope = (evaluate((block,), ahead).score - evaluate((block,), behind).score) / (2 * h)
        # A central difference of step 1e-5 is good to about h² and eps/h: 1e-9 of the scale.
        assert np.allclose(at.information[j], -slope, rtol=1e-7, atol=1e-8)


@pytest.mark.parametrize("grouped", [False, True])
@pytest.mark.parametrize("weighted", [False, True])
def test_evaluations_of_parts_add_up(grouped, weighted):
    block, coef = sample(2, grouped=grouped, weighted=weighted)
    whole = evaluate((block,), coef)
    parts = evaluate((block.rows(0, 7),), coef) + evaluate((block.rows(7, 40),), coef)
    assert parts.log_likelihood == pytest.approx(whole.log_likelihood, rel=1e-13)
    assert np.allclose(parts.score, whole.score, rtol=1e-12, atol=1e-13)
    assert np.allclose(parts.information, whole.information, rtol=1e-13)
    assert parts.smallest_weight == whole.smallest_weight


def test_an_empty_block_is_the_neutral_element():
    block, coef = sample(3, grouped=False, weighted=False)
    empty = block.rows(40, 40)
    both = evaluate((empty,), coef) + evaluate((block,), coef)
    assert both.log_likelihood == evaluate((block,), coef).log_likelihood
    assert (both.information == evaluate((block,), coef).information).all()


def test_rows_of_weight_zero_have_no_influence():
    block, coef = sample(4, grouped=False, weighted=True)
    block.weights[::2] = 0.0
    kept = Block(block.y[1::2], block.X[1::2], None, block.weights[1::2], block.offset[1::2])
    a, b = evaluate((block,), coef), evaluate((kept,), coef)
    assert np.allclose(a.score, b.score, rtol=1e-13)
    assert a.smallest_weight == b.smallest_weight
    assert tally(block).n_rows == tally(kept).n_rows == 20


def test_tally_of_grouped_rows():
    block = Block(np.array([2.0, 0.0, 0.0]), np.ones((3, 1)), np.array([5.0, 3.0, 0.0]))
    sums = tally(block)
    assert (sums.n_rows, sums.trials, sums.events) == (2, 8.0, 2.0)
    assert sums.log_binomial == pytest.approx(np.log(10))
    assert sums.saturated == pytest.approx(2 * np.log(0.4) + 3 * np.log(0.6))


def test_the_score_keeps_its_digits_near_certainty():
    # mu = 1 - 2e-20: y - mu would be 0, and an almost separated fit would stop too early.
    block = Block(np.array([1.0]), np.array([[1.0]]))
    at = evaluate((block,), np.array([45.0]))
    assert at.score[0] == pytest.approx(np.exp(-45.0), rel=1e-14)


# --- runs of blocks ---------------------------------------------------------------------------


def cuts(block, sizes):
    """The rows of a block as a run of blocks of these sizes, and what is left."""
    edges = np.minimum(np.concatenate([[0], np.cumsum(sizes), [block.n_rows]]), block.n_rows)
    return [block.rows(a, b) for a, b in pairwise(edges)]


@pytest.mark.parametrize("sizes", [[40], [20], [13, 13, 13], [1] * 40, [39, 0]])
@pytest.mark.parametrize("grouped", [False, True])
@pytest.mark.parametrize("weighted", [False, True])
def test_a_run_is_the_sum_of_its_blocks(grouped, weighted, sizes):
    block, coef = sample(5, grouped=grouped, weighted=weighted)
    run, whole = evaluate(iter(cuts(block, sizes)), coef), evaluate((block,), coef)
    assert run.log_likelihood == pytest.approx(whole.log_likelihood, rel=1e-13)
    assert np.allclose(run.score, whole.score, rtol=1e-12, atol=1e-13)
    assert np.allclose(run.information, whole.information, rtol=1e-13)
    assert run.smallest_weight == whole.smallest_weight


@pytest.mark.parametrize("grouped", [False, True])
@pytest.mark.parametrize("weighted", [False, True])
def test_a_slope_is_an_evaluation_without_information(grouped, weighted):
    block, coef = sample(6, grouped=grouped, weighted=weighted)
    run = cuts(block, [14, 13])
    found, expected = slope(iter(run), coef), evaluate(iter(run), coef)
    assert found.log_likelihood == expected.log_likelihood
    assert (found.score == expected.score).all()


@pytest.mark.parametrize("grouped", [False, True])
def test_working_weights_are_what_the_information_is_made_of(grouped):
    block, coef = sample(7, grouped=grouped, weighted=True)
    w = working_weights(block, coef)
    assert np.allclose(evaluate((block,), coef).information, block.X.T @ (block.X.T * w).T)
    assert evaluate((block,), coef).smallest_weight == w.min()


@pytest.mark.parametrize("grouped", [False, True])
def test_nothing_that_a_kernel_is_given_is_written_to(grouped):
    block, coef = sample(8, grouped=grouped, weighted=True)
    for part in (block.y, block.X, block.trials, block.weights, block.offset, coef):
        if part is not None:
            part.flags.writeable = False
    evaluate((block,), coef)
    slope((block,), coef)


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.int8])
@pytest.mark.parametrize("order", ["C", "F"])
def test_no_array_of_the_length_of_the_rows_is_made(dtype, order):
    n, p = 500_000, 5
    rng = np.random.default_rng(9)
    X = np.array(rng.integers(-3, 4, size=(n, p)), dtype=dtype, order=order)
    source = ArraySource(Block((rng.random(n) < 0.4).astype(float), X))
    at, rise = objective(source, LOGISTIC), slope_objective(source, LOGISTIC)
    for function in (at, rise):
        tracemalloc.start()
        try:
            function(np.zeros(p))
            assert tracemalloc.get_traced_memory()[1] < 8 * n
        finally:
            tracemalloc.stop()
