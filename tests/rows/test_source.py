"""A source owns the traversal: blocks in order, views where possible, the same bits each time."""

import numpy as np
import pytest

from logit_inference.errors import WeightsError
from logit_inference.rows.block import Block, check_weights
from logit_inference.rows.source import ArraySource


def rows(n=10, p=2):
    X = np.arange(float(n * p)).reshape(n, p)
    y = (np.arange(n) % 2).astype(float)
    return Block(y, X, weights=np.ones(n), offset=np.arange(float(n)), groups={"g": np.arange(n)})


def first_rows(block):
    return np.full(block.n_rows, float(block.first_row))


@pytest.mark.parametrize("size", [1, 3, 7, 10, 99])
def test_map_is_row_aligned_whatever_the_block_size(size):
    source = ArraySource(rows(), block_rows=size)
    assert source.map(lambda block: block.offset).tolist() == list(range(10))
    starts = source.map(first_rows)
    assert starts.tolist() == [float(i - i % size) for i in range(10)]


def test_blocks_carry_everything_row_aligned():
    parts = list(ArraySource(rows(), block_rows=4).blocks())
    assert [part.n_rows for part in parts] == [4, 4, 2]
    for part in parts:
        at = slice(part.first_row, part.first_row + part.n_rows)
        assert part.groups["g"].tolist() == list(range(10))[at]
        assert (rows().X[at] == part.X).all()
        assert (part.y == rows().y[at]).all()


def test_contiguous_float_blocks_are_views():
    data = rows()
    assert all(np.shares_memory(part.X, data.X) for part in ArraySource(data, 4).blocks())


@pytest.mark.parametrize(
    "change",
    [
        np.asfortranarray,
        lambda X: X.astype(np.float32),
        lambda X: X.astype(np.int64),
        lambda X: np.repeat(X, 2, axis=0)[::2],
    ],
)
def test_any_dtype_and_order_reads_as_float64_contiguous_along_rows_or_columns(change):
    data = rows()
    other = Block(data.y, change(data.X))
    for part in ArraySource(other, 4).blocks():
        assert part.X.dtype == np.float64
        assert 8 in part.X.strides
    assert ArraySource(other, 4).map(lambda block: block.X).tolist() == data.X.tolist()


def test_the_intercept_is_a_column_of_ones_before_the_others():
    source = ArraySource(rows(), block_rows=3, intercept=True)
    assert source.n_columns == 3
    X = source.map(lambda block: block.X)
    assert (X[:, 0] == 1).all()
    assert (X[:, 1:] == rows().X).all()


def test_an_empty_source_is_one_empty_block():
    empty = Block(np.zeros(0), np.zeros((0, 2)))
    assert [part.n_rows for part in ArraySource(empty).blocks()] == [0]


@pytest.mark.parametrize(
    ("weights", "kind", "words"),
    [
        ([1.0, 2.5], "frequency", "fractional; the first, 2.5, is at row 1"),
        ([1.0, -1.0], "precision", "negative; the first, -1, is at row 1"),
        ([np.inf, 1.0], "precision", "not finite; the first, inf, is at row 0"),
        ([0.0, 0.0], "frequency", "all weights are zero"),
        ([1.0, 1.0], None, 'weights_kind="frequency"'),
        ([1.0, 1.0], "analytic", "'analytic' unknown"),
    ],
)
def test_weights_that_are_none_are_refused(weights, kind, words):
    with pytest.raises(WeightsError, match=words):
        check_weights(np.array(weights), kind, range(2))


def test_a_bad_weight_is_named_by_the_callers_label():
    with pytest.raises(WeightsError, match="row 'b'"):
        check_weights(np.array([1.0, -1.0]), "precision", ["a", "b"])
