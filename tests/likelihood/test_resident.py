"""Rows that stay in cache: the numbers of the common way, at every call."""

import numpy as np
import pytest

from logit_inference.likelihood.logistic import LOGISTIC, evaluate
from logit_inference.likelihood.objective import objective
from logit_inference.likelihood.resident import resident
from logit_inference.rows.block import Block
from logit_inference.rows.coded import Coded, Layout
from logit_inference.rows.pieces import FEW_COLUMNS, PIECE
from logit_inference.rows.source import SMALL, ArraySource

ULPS = 8 * np.finfo(float).eps


def sample(n=120, p=4, seed=0, *, offset=False, weighted=False):
    rng = np.random.default_rng(seed)
    X = np.column_stack([np.ones(n), rng.normal(size=(n, p - 1))])
    y = (rng.random(n) < 0.4).astype(float)
    shift = rng.normal(size=n) if offset else None
    weights = np.floor(4 * rng.random(n)) if weighted else None  # some are zero
    return Block(y, X, None, weights, shift), rng.normal(size=p)


def assert_same(block, coef, found=None):
    """Equal to rounding: of each sum beside the sum of its absolute terms."""
    found = resident(block).at(coef) if found is None else found
    expected = evaluate((block,), coef)
    n = block.n_rows
    room = ULPS * np.sqrt(n)
    assert found.log_likelihood == pytest.approx(expected.log_likelihood, rel=room)
    prior = np.ones(n) if block.weights is None else block.weights
    sizes = prior @ np.abs(block.X)
    assert (np.abs(found.score - expected.score) <= room * sizes).all()
    weight = LOGISTIC.working_weights(block, coef)
    sizes = np.abs(block.X).T @ (np.abs(block.X) * weight[:, np.newaxis])
    assert (np.abs(found.information - expected.information) <= room * sizes).all()
    assert found.smallest_weight == pytest.approx(expected.smallest_weight, rel=room)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("offset", [False, True])
@pytest.mark.parametrize("p", [1, 2, 7, 30, 31, FEW_COLUMNS])
@pytest.mark.parametrize("n", [1, 2, 120, PIECE - 1, PIECE, 2 * PIECE + 1])
def test_the_numbers_are_those_of_the_common_way(n, p, offset, weighted):
    block, coef = sample(n, p, offset=offset, weighted=weighted)
    assert_same(block, coef)
    assert_same(block, np.zeros(p))


@pytest.mark.parametrize("eta", [-800.0, -2.0, 0.0, 2.0, 800.0])
@pytest.mark.parametrize("column", [0, 2])
def test_where_all_rows_have_one_linear_predictor(eta, column):
    block, coef = sample()
    block.X[:, [0, column]] = block.X[:, [column, 0]]
    coef = np.where(np.arange(4) == column, eta, 0.0)
    assert_same(block, coef)
    assert resident(block).null is None  # of few rows a closed form is no faster


@pytest.mark.parametrize("eta", [-600.0, -2.0, 0.0, 2.0, 600.0])
def test_the_closed_form_where_all_rows_have_one_linear_predictor(eta):
    block, _ = sample(1200)
    assert_same(block, np.array([eta, 0.0, 0.0, 0.0]), resident(block).null(eta))


@pytest.mark.parametrize("case", [{"offset": True}, {"weighted": True}])
def test_no_closed_form_where_rows_differ_in_more_than_their_columns(case):
    assert resident(sample(1200, **case)[0]).null is None


@pytest.mark.parametrize("n", [1, 120, 1200])
@pytest.mark.parametrize("case", [{}, {"offset": True}, {"weighted": True}])
def test_how_the_score_bends_along_a_step(n, case):
    block, coef = sample(n, **case)
    step, rows = np.array([0.3, -0.1, 0.2, 0.4]), resident(block)
    rows.at(coef)
    weight, skew = LOGISTIC.skewness(block, coef)
    expected = 0.5 * block.X.T @ (weight * skew * np.square(block.X @ step))
    np.testing.assert_allclose(rows.bend(step), expected, rtol=1e-10, atol=1e-12)
    # What Newton's quadratic leaves of the score: of third order where the bend is taken off.
    short, left = 1e-3 * step, []
    at, ahead = rows.at(coef), rows.at(coef + short)
    rows.at(coef)
    linear = at.score - at.information @ short
    left = np.abs(ahead.score - linear).max(), np.abs(ahead.score - linear + rows.bend(short)).max()
    assert left[1] < 0.02 * left[0]


def test_as_many_rows_as_there_may_be():
    assert_same(*sample(SMALL // 8, 1))
    assert_same(*sample(SMALL // 16, 5, offset=True))


@pytest.mark.parametrize("eta", [-800.0, -745.0, -40.0, 0.0, 40.0, 745.0, 800.0])
def test_extreme_linear_predictors(eta):
    X = np.array([[1.0, 1.0], [1.0, -1.0], [1.0, 0.5]])
    for offset in (None, np.array([0.0, eta, -eta])):
        for y in (np.array([0.0, 1.0, 1.0]), np.array([1.0, 0.0, 0.0])):
            block = Block(y, X, offset=offset)
            assert_same(block, np.array([eta, 0.0]))
            assert_same(block, np.array([0.0, eta]))


@pytest.mark.parametrize("weight", [None, 1e-5])
@pytest.mark.parametrize("scale", [1e-8, 1e-18, 1e-100])
def test_a_row_far_on_the_wrong_side_counts_in_small_columns_too(scale, weight):
    # Its working weight is e^-700, of which a small column makes nothing; its residual is one.
    rng = np.random.default_rng(0)
    X = np.column_stack([np.ones(60), rng.normal(size=60)]) * [1.0, scale]
    y, offset = (rng.random(60) < 0.5).astype(float), np.zeros(60)
    y[0], offset[0] = 1.0, -800.0
    block = Block(y, X, None, None if weight is None else np.full(60, weight), offset)
    coef = np.array([0.1, 0.2 / scale])
    ours, common = resident(block).at(coef), evaluate([block], coef)
    np.testing.assert_allclose(ours.score, common.score, rtol=1e-12)
    np.testing.assert_allclose(ours.log_likelihood, common.log_likelihood, rtol=1e-14)


@pytest.mark.parametrize(
    "change", [np.asfortranarray, lambda X: np.repeat(X, 2, axis=1)[:, ::2], lambda X: X[::-1]]
)
def test_columns_in_any_order(change):
    block, coef = sample()
    other = Block(block.y, change(block.X))
    other.X.flags.writeable = False
    assert_same(other, coef)


def test_a_call_changes_nothing_that_an_earlier_one_returned():
    block, coef = sample(offset=True)
    at = resident(block).at
    first = at(coef)
    kept = first.log_likelihood, first.score.copy(), first.information, first.smallest_weight
    at(np.zeros(4))
    again = at(coef)
    for evaluation in (first, again):
        assert evaluation.log_likelihood == kept[0]
        assert (evaluation.score == kept[1]).all()
        assert (evaluation.information == kept[2]).all()
        assert evaluation.smallest_weight == kept[3]


def test_the_outcome_is_folded_into_a_copy():
    block, coef = sample(offset=True)
    before = [part.copy() for part in (block.y, block.X, block.offset)]
    resident(block).at(coef)
    assert all(
        (a == b).all() for a, b in zip(before, (block.y, block.X, block.offset), strict=True)
    )


def test_what_is_not_a_number_is_seen():
    block, coef = sample()
    block.X[3, 1] = np.nan
    found = resident(block).at(coef)
    assert np.isnan(found.log_likelihood)
    assert np.isnan(found.score).any()


def test_grouped_coded_and_large_rows_go_the_common_way():
    block, _ = sample()
    n, ones = block.n_rows, np.ones(block.n_rows)
    codes = Coded(block.X, (), Layout(4, np.arange(4), (), ()))
    large = np.zeros((SMALL // 14 + 1, 4))
    others = [
        Block(block.y, block.X, trials=ones),
        Block(block.y, codes),
        Block(np.zeros(len(large)), large),
        Block(block.y, np.zeros((n, FEW_COLUMNS + 1))),
        Block(block.y[:0], block.X[:0]),
        Block(block.y, block.X[:, :0]),
    ]
    assert [resident(other) for other in others] == [None] * len(others)


def test_an_objective_takes_whichever_way_there_is():
    block, coef = sample()
    small, cut = ArraySource(block), ArraySource(block, block_rows=7)
    grouped = ArraySource(Block(block.y, block.X, trials=np.ones(block.n_rows)))
    values = [objective(source, LOGISTIC)(coef).log_likelihood for source in (small, cut, grouped)]
    assert values == pytest.approx([values[0]] * 3, rel=1e-14)
