"""Distinct rows have the likelihood of all rows, or there are none to be had."""

import numpy as np
import pytest

import logit_inference as li
from logit_inference.likelihood.logistic import LOGISTIC
from logit_inference.likelihood.objective import objective
from logit_inference.rows import distinct, source
from logit_inference.rows.block import Block
from logit_inference.rows.coded import Coded, Layout, Part, dense
from logit_inference.rows.distinct import FEWEST_ROWS, distinct_rows
from logit_inference.rows.source import ArraySource
from logit_inference.solve.solution import Outcome

N = 8000


def rows(n=N, *, weights=None, trials=False, offset=False, seed=0):
    rng = np.random.default_rng(seed)
    X = np.column_stack([rng.integers(0, 3, n), rng.integers(-2, 2, n), rng.integers(5, 7, n)])
    m = rng.integers(0, 4, n).astype(float) if trials else None
    y = rng.binomial(1 if m is None else m.astype(int), 0.3, n).astype(float)
    w = None if weights is None else weights(rng, n)
    return Block(y, X.astype(float), m, w, np.log(rng.integers(1, 4, n)) if offset else None)


def assert_same_likelihood(collapsed, data, *, intercept=False, rtol=1e-12):
    whole = objective(ArraySource(data, intercept=intercept), LOGISTIC)
    cells = objective(ArraySource(collapsed), LOGISTIC)
    p = data.n_columns + intercept
    rng = np.random.default_rng(1)
    at = [(whole(c), cells(c)) for c in (np.zeros(p), *rng.normal(scale=0.7, size=(4, p)))]
    constant = at[0][0].log_likelihood - at[0][1].log_likelihood
    for all_rows, few in at:
        size = abs(all_rows.log_likelihood)
        assert abs(all_rows.log_likelihood - few.log_likelihood - constant) <= rtol * size
        scale = np.sqrt(all_rows.information.diagonal() * max(len(data.y), data.y.sum()))
        assert (np.abs(all_rows.score - few.score) <= rtol * scale).all()
        assert np.allclose(all_rows.information, few.information, rtol=rtol, atol=0)


@pytest.mark.parametrize("offset", [False, True])
@pytest.mark.parametrize("trials", [False, True])
@pytest.mark.parametrize(
    "weights",
    [
        None,
        lambda rng, n: rng.integers(0, 3, n).astype(float),
        lambda rng, n: rng.exponential(size=n),
        lambda rng, n: 10.0 ** rng.uniform(-5, 5, n),
    ],
)
def test_the_likelihood_is_the_same(weights, trials, offset):
    data = rows(weights=weights, trials=trials, offset=offset)
    cells = distinct_rows(data)
    assert cells.weights is None
    assert cells.n_rows <= 24 * (3 if offset else 1)
    assert ((cells.y >= 0) & (cells.y <= cells.trials)).all()
    assert_same_likelihood(cells, data)


def test_counts_are_those_of_sorted_rows():
    data = rows()
    cells = distinct_rows(data)
    wanted, place, counts = np.unique(data.X, axis=0, return_inverse=True, return_counts=True)
    order = np.lexsort(cells.X.T[::-1])
    assert (cells.X[order] == wanted).all()
    assert (cells.trials[order] == counts).all()
    assert (cells.y[order] == np.bincount(place, data.y)).all()


def readonly(X):
    X = X.copy()
    X.flags.writeable = False
    return X


@pytest.mark.parametrize(
    "change",
    [
        np.asfortranarray,
        lambda X: np.repeat(np.repeat(X, 2, axis=0), 3, axis=1)[::2, ::3],
        lambda X: X[::-1][::-1],
        readonly,
        lambda X: X.astype(np.float32),
        lambda X: X.astype(np.int8),
        lambda X: X.astype(np.int64),
        lambda X: X.astype(">f8"),
        lambda X: X.astype(np.longdouble),
    ],
)
def test_any_dtype_order_and_stride(change):
    data = rows()
    plain, other = distinct_rows(data), distinct_rows(Block(data.y, change(data.X)))
    assert other.X.dtype == np.float64
    for part in ("X", "y", "trials"):
        assert (getattr(plain, part) == getattr(other, part)).all()


def test_bool_columns():
    X = np.random.default_rng(0).integers(0, 2, (N, 5)).astype(bool)
    cells = distinct_rows(Block(rows().y, X))
    assert cells.n_rows == 32
    assert_same_likelihood(cells, Block(rows().y, X))


def test_values_that_are_not_whole():
    X = np.random.default_rng(0).choice([-0.1, 0.0, 1 / 3, 2.5], (N, 3))
    cells = distinct_rows(Block(rows().y, X))
    assert cells.n_rows == 64
    assert set(np.unique(cells.X)) == {-0.1, 0.0, 1 / 3, 2.5}
    assert_same_likelihood(cells, Block(rows().y, X))


def test_the_intercept_comes_first():
    data = rows(offset=True)
    cells = distinct_rows(data, intercept=True)
    assert (cells.X[:, 0] == 1).all()
    assert_same_likelihood(cells, data, intercept=True)


def test_indicators_of_factors_whose_possible_combinations_are_far_too_many():
    rng = np.random.default_rng(0)
    factors = [rng.integers(0, 10, 2 * N), rng.integers(0, 8, 2 * N), rng.integers(0, 3, 2 * N)]
    X = np.column_stack([f == level for f in factors for level in range(1, f.max() + 1)])
    data = Block(rows(2 * N).y, X)
    cells = distinct_rows(data)
    assert cells.n_rows == 240
    assert_same_likelihood(cells, data)


def test_values_that_turn_up_late(monkeypatch):
    monkeypatch.setattr(distinct, "BLOCK_VALUES", 3 * 257)
    data = rows(weights=lambda rng, n: rng.integers(0, 2, n).astype(float), offset=True)
    X = data.X.copy()
    X[:, 0] = np.sort(X[:, 0]) + np.arange(N) // 1000  # sorted: each stretch has new values
    X[5000:, 1] *= 0.5
    X[-1] = [-7, 0.125, 99]
    data = data.with_columns(X)
    cells = distinct_rows(data)
    assert cells is not None
    assert_same_likelihood(cells, data)
    counted = X[data.weights > 0]
    assert cells.n_rows == len(
        np.unique(np.column_stack([counted, data.offset[data.weights > 0]]), axis=0)
    )


def test_rows_without_weight_or_trials_say_nothing():
    data = rows(trials=True)
    weights = (data.X[:, 0] != 1).astype(float)
    cells = distinct_rows(Block(data.y, data.X, data.trials, weights))
    assert set(cells.X[:, 0]) == {0.0, 2.0}
    none = distinct_rows(Block(0 * data.y, data.X, 0 * data.trials))
    assert none is None


def test_minus_zero_is_zero():
    X = np.where(np.arange(N) % 2, 0.0, -0.0)[:, np.newaxis]
    assert distinct_rows(Block(rows().y, X)).n_rows == 1


@pytest.mark.parametrize("bad", [np.nan, np.inf, 0.123456789])
@pytest.mark.parametrize("place", [0, 4321, N - 1])
def test_one_value_that_is_no_level_is_never_merged_away(bad, place):
    X = rows().X.copy()
    X[place, 1] = bad
    weights = np.ones(N)
    weights[place] = 0.0
    for w in (None, weights):
        cells = distinct_rows(Block(rows().y, X, weights=w))
        if np.isfinite(bad):  # a grid of steps of 1e-9 has too many points
            assert cells is None or bad in cells.X or w is not None
        else:
            assert cells is None


def test_what_is_not_worth_it():
    rng = np.random.default_rng(0)
    y = rows().y
    assert distinct_rows(Block(y, rng.normal(size=(N, 1)))) is None
    assert distinct_rows(Block(y, np.zeros((N, 1)), offset=rng.normal(size=N))) is None
    assert distinct_rows(Block(y, rng.integers(0, 9, (N, 6)))) is None  # 531,441 combinations
    assert distinct_rows(Block(y, np.arange(float(N))[:, np.newaxis])) is None
    assert distinct_rows(Block(y, np.zeros((N, 500)))) is None
    assert distinct_rows(Block(y, np.zeros((N, 0)))) is None
    few = FEWEST_ROWS - 1
    assert distinct_rows(Block(y[:few], np.zeros((few, 1)))) is None


def test_repeats_to_the_last_bit():
    data = rows(weights=lambda rng, n: rng.exponential(size=n))
    one, two = distinct_rows(data), distinct_rows(data)
    assert (one.y == two.y).all()
    assert (one.trials == two.trials).all()


def coded(n=N, *, multiplier=None):
    """An intercept, a number, a factor with and one without indicators, and a product."""
    rng = np.random.default_rng(0)
    numbers = np.column_stack([np.ones(n), rng.integers(0, 3, n) / 4])
    if multiplier is not None:
        numbers = np.column_stack([numbers, multiplier])
    a, b = rng.integers(0, 4, n).astype(np.int8), rng.integers(0, 3, n).astype(np.int16)
    parts = (
        Part(0, np.array([2, 3, 4]), levels=np.array([1, 2, 3])),
        Part(1, np.array([5, 6]), table=np.array([[1.0, 0], [0, 1], [-1, -1]])),
        Part(1, np.array([7, 8]), levels=np.array([1, 2]), multiplier=numbers.shape[1] - 1),
    )
    places = np.array([0, 1, -1])[: numbers.shape[1]]
    return Coded(numbers, (a, b), Layout(9, places, (4, 3), parts))


def test_codes_stay_codes():
    X, y = coded(), rows().y
    cells, plain = distinct_rows(Block(y, X)), distinct_rows(Block(y, dense(X)))
    assert [c.dtype for c in cells.X.codes] == [np.int8, np.int16]
    assert cells.n_rows == plain.n_rows == 36
    as_dense = Block(cells.y, dense(cells.X), cells.trials)
    assert_same_likelihood(as_dense, Block(y, dense(X)))
    order, other = np.lexsort(as_dense.X.T), np.lexsort(plain.X.T)
    assert (as_dense.X[order] == plain.X[other]).all()
    assert (cells.trials[order] == plain.trials[other]).all()


def test_a_number_that_multiplies_a_factor_tells_rows_apart():
    y, rng = rows().y, np.random.default_rng(1)
    few = coded(multiplier=rng.integers(0, 2, N))
    cells = distinct_rows(Block(y, few))
    assert cells.n_rows == 72
    assert_same_likelihood(Block(cells.y, dense(cells.X), cells.trials), Block(y, dense(few)))
    assert distinct_rows(Block(y, coded(multiplier=rng.normal(size=N)))) is None


def collapsed_and_whole(monkeypatch, fit):
    few = fit()
    monkeypatch.setattr(source, "distinct_rows", lambda data, intercept: None)
    return few, fit()


@pytest.mark.parametrize("trials", [False, True])
@pytest.mark.parametrize("weighted", [False, True])
def test_a_fit_over_distinct_rows_is_the_fit(monkeypatch, trials, weighted):
    data = rows(weights=lambda rng, n: rng.exponential(size=n), trials=trials, offset=True)
    options = {"trials": data.trials, "offset": data.offset, "intercept": True}
    if weighted:
        options |= {"weights": data.weights, "weights_kind": "precision"}
    few, whole = collapsed_and_whole(
        monkeypatch, lambda: li.logit_arrays(data.y, data.X[:, :2], **options)
    )
    assert few.solution.n_distinct == 36
    assert whole.solution.n_distinct is None
    assert np.abs((few.params - whole.params) / whole.bse).max() <= 1e-9
    assert np.abs(few.bse / whole.bse - 1).max() <= 1e-10
    assert few.llf == pytest.approx(whole.llf, rel=1e-12)
    assert few.llnull == pytest.approx(whole.llnull, rel=1e-12)
    assert np.allclose(few.fitted, whole.fitted, rtol=1e-9)
    assert len(few.fitted) == N


@pytest.mark.filterwarnings("ignore::logit_inference.SeparationWarning")
def test_separation_shows_over_distinct_rows(monkeypatch):
    X = rows().X
    y = (X[:, 0] == 2).astype(float)
    few, whole = collapsed_and_whole(monkeypatch, lambda: li.logit_arrays(y, X, intercept=True))
    assert few.asked.solution.outcome is whole.asked.solution.outcome is Outcome.DIVERGING
    assert few.separation.evidence == whole.separation.evidence
    assert few.separation.rows.equals(whole.separation.rows)
    assert few.params.equals(whole.params)
