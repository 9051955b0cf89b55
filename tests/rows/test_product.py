"""Products of columns against numpy, for every way in which columns are kept."""

import tracemalloc

import numpy as np
import pytest

from logit_inference.rows.coded import Coded, Layout, Part
from logit_inference.rows.coded import dense as written_out
from logit_inference.rows.packed import unpacked
from logit_inference.rows.pieces import FEW_COLUMNS, PIECE, in_pieces
from logit_inference.rows.product import (
    Gram,
    dense,
    gram_for,
    largest,
    row_squares,
    score_price,
    square_sums,
    times,
    transposed_times,
)
from logit_inference.rows.survey import WIDE

N = 90
KINDS = {
    "row by row": lambda X: X,
    "column by column": np.asfortranarray,
    "some rows": lambda X: np.vstack([X, X])[11 : 11 + len(X)],
    "some rows of columns": lambda X: np.asfortranarray(np.vstack([X, X]))[11 : 11 + len(X)],
    "every other column": lambda X: np.repeat(X, 2, axis=1)[:, ::2],
    "backwards": lambda X: X[::-1],
}


def whole_numbers(n, p, seed=0):
    """Sums of their products are exact in any order."""
    return np.random.default_rng(seed).integers(-9, 10, size=(n, p)).astype(float)


def coded(n=N, seed=0):
    """An intercept, two numbers, and a factor of four levels."""
    rng = np.random.default_rng(seed)
    numbers = np.column_stack([np.ones(n), rng.integers(-9, 10, size=(n, 2))]).astype(float)
    part = Part(0, np.array([3, 4, 5]), np.array([1, 2, 3]))
    layout = Layout(6, np.array([0, 1, 2]), (4,), (part,))
    return Coded(numbers, (rng.integers(0, 4, n).astype(np.int8),), layout)


@pytest.fixture(params=[*KINDS, "coded"])
def matrix(request):
    """A matrix and the same written out row by row."""
    if request.param == "coded":
        return coded(), written_out(coded())
    X = KINDS[request.param](whole_numbers(N, 6))
    return X, np.ascontiguousarray(X)


def test_products_are_those_of_numpy(matrix):
    X, plain = matrix
    coef, values = np.arange(-2.0, 4.0), np.arange(float(N)) - 40
    root = np.triu(whole_numbers(6, 6, seed=1))[:, :4]
    assert (times(X, coef) == plain @ coef).all()
    out = np.full(N, np.nan)
    assert times(X, coef, out) is out
    assert (out == plain @ coef).all()
    assert (transposed_times(X, values) == plain.T @ values).all()
    squares = np.square(plain @ root).sum(axis=1)
    np.testing.assert_allclose(row_squares(X, root), squares, rtol=1e-13)
    assert (square_sums(X) == np.square(plain).sum(axis=0)).all()
    assert (largest(X) == np.abs(plain).max(axis=0)).all()
    assert (dense(X) == plain).all()


def test_blocks_of_any_size_add_up_to_the_weighted_square(matrix):
    X, plain = matrix
    weight = np.arange(float(N)) % 5
    gram = gram_for(X[:40])
    for rows in (slice(0, 40), slice(40, 80), slice(80, 81), slice(81, 81), slice(81, N)):
        gram.add(X[rows], weight[rows])
    expected = plain.T @ (plain * weight[:, np.newaxis])
    np.testing.assert_allclose(np.triu(gram.upper()), np.triu(expected), rtol=1e-13, atol=1e-11)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("p", [1, 2, FEW_COLUMNS, FEW_COLUMNS + 1, 70])
def test_few_and_many_columns(kind, p):
    n = 2 * PIECE + 77
    X = KINDS[kind](whole_numbers(n, p))
    weight = np.square(np.arange(float(n)) % 3)  # the roots of which are exact
    gram = Gram(X)
    gram.add(X, weight)
    gram.add(X[:33], weight[:33])
    expected = X.T @ (X * weight[:, np.newaxis]) + X[:33].T @ (X[:33] * weight[:33, np.newaxis])
    assert (np.triu(gram.upper()) == np.triu(expected)).all()


@pytest.mark.parametrize("single", [False, True])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("p", [1, 2, FEW_COLUMNS, 71])
def test_a_packed_sum_is_the_same(kind, p, single):
    X = KINDS[kind](whole_numbers(200, p))
    weight = np.square(np.arange(200.0) % 3)
    gram = Gram(X, single=single, packed=True)
    gram.add(X, weight)
    gram.add(X[:33], weight[:33])
    expected = X.T @ (X * weight[:, np.newaxis]) + X[:33].T @ (X[:33] * weight[:33, np.newaxis])
    assert gram.upper().dtype == (np.float32 if single else np.float64)
    assert (unpacked(gram.upper()) == np.triu(expected)).all()


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("p", [1, 7, 30, 31])
@pytest.mark.parametrize(
    "n", [1, PIECE - 1, PIECE, PIECE + 1, 2 * PIECE, 2 * PIECE + 1, 4 * PIECE, 4 * PIECE + 5]
)
def test_pieces_add_up_whatever_is_left_over(n, p, order):
    X = np.array(whole_numbers(n, p), order=order)
    scaled = np.array(X * (np.arange(float(n)) % 4)[:, np.newaxis], order=order)
    assert (in_pieces(X, scaled) == X.T @ scaled).all()


def test_the_accumulator_does_not_write_into_what_it_is_given():
    X, weight = whole_numbers(N, 50), np.arange(float(N))
    X.flags.writeable = weight.flags.writeable = False
    gram = Gram(X)
    gram.add(X, weight)
    assert (weight == np.arange(float(N))).all()


@pytest.mark.parametrize("p", [1, 3, WIDE - 1, WIDE, WIDE + 1])
@pytest.mark.parametrize("n", [0, 1, 2, 515])
@pytest.mark.parametrize("order", ["C", "F"])
def test_the_largest_value_of_each_column(n, p, order):
    X = np.array(np.random.default_rng(3).normal(size=(n, p)), order=order)
    expected = np.abs(X).max(axis=0, initial=0.0)
    assert (largest(X) == expected).all()
    if n:
        X[n // 2, p - 1] = np.nan
        found = largest(X)
        assert np.isnan(found[-1])
        assert (found[:-1] == expected[:-1]).all()


def test_a_score_is_cheaper_the_more_columns_there_are():
    prices = [score_price(np.empty((1, p)), p) for p in (5, 20, 100, 1000)]
    assert 0 < prices[-1] < 0.1
    assert prices == sorted(prices, reverse=True)
    assert prices[0] < 1
    assert 0 < score_price(coded(), 6) < 1


def test_a_block_of_a_fortran_array_is_not_copied_to_be_multiplied():
    """As np.dot would: the block has gaps between its columns."""
    X = np.asfortranarray(np.random.default_rng(0).normal(size=(30_000, 20)))[5_000:25_000]
    gram, weight = Gram(X), np.ones(len(X))
    tracemalloc.start()
    try:
        eta = times(X, np.ones(20))
        score = transposed_times(X, weight)
        gram.add(X, weight, weight)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert eta.nbytes <= peak < X.nbytes / 5  # the sums by row, and pieces
    np.testing.assert_allclose(score, X.sum(axis=0), rtol=1e-10)
    assert (gram.sums() == score).all()
    np.testing.assert_allclose(np.triu(gram.upper()), np.triu(X.T @ X), rtol=1e-10)
