"""A source owns the traversal: blocks in order, views where possible, the same bits each time."""

import threading
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from logit_inference.errors import WeightsError
from logit_inference.rows import product
from logit_inference.rows.basis import Basis, BasisSource
from logit_inference.rows.block import Block, check_weights
from logit_inference.rows.contrasts import ContrastSource
from logit_inference.rows.sample import sampled_rows
from logit_inference.rows.source import RUNS, ArraySource, rows_per_block, run_bounds


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
        lambda X: np.repeat(X, 2, axis=1)[:, ::2],
        lambda X: X[::-1].copy()[::-1],
        lambda X: X.astype(">f8"),
        lambda X: np.broadcast_to(X, (2, *X.shape))[1],
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


# --- runs and threads -------------------------------------------------------------------------


@given(st.integers(1, 100_000), st.integers(1, 400), st.integers(1, 17_000), st.booleans())
def test_runs_are_whole_blocks_that_cover_all_rows(n, p, block_rows, coded):
    runs = run_bounds(n, p, block_rows, coded=coded)
    edges = [0, *(stop for _, stop in runs)]
    assert [start for start, _ in runs] == edges[:-1]
    assert edges[-1] == n
    assert all(start % block_rows == 0 for start, _ in runs)
    assert len(runs) <= RUNS
    if not coded:  # merging (p, p) sums costs little beside filling them
        assert all(stop - start >= 2 * p for start, stop in runs[:-1])


def starts(blocks):
    return [(block.first_row, block.n_rows) for block in blocks]


@pytest.mark.parametrize("threads", [1, 2, 3, 20])
@pytest.mark.parametrize("n", [1, 10, 95, 96, 97, 500])
def test_runs_are_merged_in_order_whatever_the_threads(n, threads):
    source = ArraySource(rows(n), block_rows=3, threads=threads)
    in_order = [(start, min(3, n - start)) for start in range(0, n, 3)]
    assert source.fold_runs(starts) == in_order
    assert source.fold(lambda block: starts([block])) == in_order


@pytest.mark.parametrize("threads", [2, 3])
def test_threads_change_no_bit(threads):
    rng = np.random.default_rng(0)
    source = ArraySource(Block(rng.normal(size=5000), rng.normal(size=(5000, 4))), block_rows=40)
    shared = replace(source, threads=threads)
    for _ in range(3):
        sums = [s.fold(lambda block: block.y @ block.X) for s in (source, shared)]
        assert sums[0].tobytes() == sums[1].tobytes()


def test_runs_are_computed_by_several_threads():
    both = threading.Barrier(2)

    def kernel(run):
        both.wait(60)  # nobody passes alone
        return len(list(run))

    data = rows(40)  # in runs of ten times as many rows as columns
    assert ArraySource(data, block_rows=20, threads=2).fold_runs(kernel) == 2


@pytest.mark.parametrize("threads", [1, 2])
def test_an_exception_in_a_kernel_is_the_callers(threads):
    def kernel(block):
        if block.first_row == 60:
            raise ValueError("here")
        return 0

    with pytest.raises(ValueError, match="here"):
        ArraySource(rows(100), block_rows=4, threads=threads).fold(kernel)


def test_rows_that_fill_one_block_are_at_hand():
    data = rows()
    assert ArraySource(data).only_block is data
    assert ArraySource(data, block_rows=10).only_block is data
    assert ArraySource(data, block_rows=9).only_block is None
    with_ones = ArraySource(data, intercept=True).only_block
    assert (np.column_stack([np.ones(10), data.X]) == with_ones.X).all()


@pytest.mark.parametrize(
    ("n", "p", "dtype", "expected"),
    [
        (599_999, 10, np.float64, 19_660),  # one thread
        (600_000, 10, np.float64, 26_214),
        (600_000, 10, np.float32, 13_107),  # a block that is converted is a copy
        (150_000, 40, np.float64, 6_552),
        (150_000, 41, np.float64, 3_196),
    ],
)
def test_large_tables_of_few_columns_come_in_large_blocks(n, p, dtype, expected):
    source = ArraySource(Block(np.zeros(n), np.zeros((n, p), dtype)))
    assert next(source.blocks()).n_rows == expected


def test_blocks_fill_a_megabyte_within_limits():
    assert [rows_per_block(p) for p in (0, 1, 20, 200, 5000)] == [16384, 16384, 6553, 655, 256]


@pytest.mark.parametrize(("p", "n"), [(1, 131_072), (3, 87_381), (10, 40_329), (32, 14_979)])
def test_a_search_may_keep_a_small_table(p, n):
    data = Block(np.zeros(n + 1), np.zeros((n + 1, p)))
    small = data.rows(0, n)
    assert ArraySource(small).small_block is small
    assert ArraySource(small).only_block is None  # what else is folded is cut as ever
    assert ArraySource(small, block_rows=n).small_block is None
    assert ArraySource(data).small_block is None


def test_of_more_columns_a_table_that_is_kept_is_smaller():
    data = Block(np.zeros(1525), np.zeros((1525, 40)))
    assert ArraySource(data.rows(0, 1524)).small_block is not None
    assert ArraySource(data).small_block is None


def test_a_table_of_many_columns_is_not_kept():
    assert ArraySource(rows(100, p=40)).small_block is not None
    assert ArraySource(rows(100, p=41)).small_block is None


def test_a_small_table_in_another_basis_is_kept_in_it():
    data, matrix = rows(100, p=3), np.array([[1.0, -2.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    kept = BasisSource(ArraySource(data), Basis(3, (0, 1, 2), matrix)).small_block
    assert (data.X @ matrix == kept.X).all()
    assert kept.y is data.y


@pytest.mark.parametrize("intercept", [False, True])
def test_a_sample_is_a_source_of_some_rows(intercept):
    source = ArraySource(rows(100), block_rows=7, intercept=intercept, threads=2)
    sample = source.sample(8, 1.0)
    expected = sampled_rows(source.data, 8, 1.0)
    assert sample.n_columns == source.n_columns
    X = sample.map(lambda block: block.X)
    assert (X[:, intercept:] == expected.X).all()
    assert (sample.map(lambda block: block.weights) == expected.weights).all()


def test_another_basis_shows_the_same_rows():
    source = ArraySource(rows(100, p=3), block_rows=7, threads=2)
    basis = Basis(3, (0, 2), np.array([[1.0, -2.0], [0.0, 1.0]]))
    shown = BasisSource(source, basis)
    X = source.data.X[:, [0, 2]] @ basis.matrix
    assert (shown.map(lambda block: block.X) == X).all()
    assert shown.fold_runs(starts) == source.fold_runs(starts)
    assert (
        shown.sample(8, None).map(lambda block: block.X)
        == sampled_rows(Block(source.data.y, X), 8).X
    ).all()
    assert shown.only_block is None
    assert (BasisSource(ArraySource(source.data), basis).only_block.X == X).all()


@pytest.mark.parametrize("n", [20_000, 27_000, 30_001, 100_000])
def test_large_blocks_are_brought_to_another_basis_in_parts(n, monkeypatch):
    monkeypatch.setattr(product, "SCALED_BYTES", 1 << 19)
    rng = np.random.default_rng(0)
    data = Block(rng.random(n), rng.random((n, 7)))
    matrix = np.eye(7)
    matrix[0, 3] = -0.5
    shown = BasisSource(ArraySource(data, block_rows=12_000), Basis(7, tuple(range(7)), matrix))
    runs = shown.fold_runs(lambda run: [[(b.n_rows, b.X.T @ b.y) for b in run]])
    assert runs[0][0][0] == 6_000
    assert all(size <= run[0][0] for run in runs for size, _ in run)  # kernels rely on it
    assert sum(size for run in runs for size, _ in run) == n
    read = sum(part for run in runs for _, part in run)
    np.testing.assert_allclose(read, (data.X @ matrix).T @ data.y, rtol=1e-12)


def test_rows_that_are_read_only_stay_as_they_are():
    data = rows(100)
    for part in (data.y, data.X, data.weights, data.offset):
        part.flags.writeable = False
    for source in (ArraySource(data, 7), ArraySource(Block(data.y, data.X[:, ::-1]), 7)):
        assert source.fold(lambda block: block.X.sum()) == data.X.sum()


def test_distinct_rows_are_a_source_with_the_same_sums():
    X = np.tile([[0.0], [1.0]], (3000, 1))
    data = Block(np.resize([1.0, 0.0, 0.0, 1.0, 1.0], 6000), X)
    cells = ArraySource(data, intercept=True).distinct()
    assert (cells.n_rows, cells.n_columns) == (2, 2)
    assert cells.fold(lambda block: block.y.sum()) == data.y.sum()
    assert ArraySource(rows()).distinct() is None


# --- weights ----------------------------------------------------------------------------------


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


class Unread:
    """Columns of which nobody may ask for a value."""

    shape, dtype = (10, 2), np.dtype(np.float32)

    def __len__(self):
        return 10

    def __getitem__(self, rows):
        raise AssertionError("the columns were read")


@pytest.mark.parametrize("intercept", [False, True])
def test_rows_without_columns_read_none(intercept):
    data = rows().with_columns(Unread())
    bare = ArraySource(data, 4, intercept=intercept).without_columns()
    assert (bare.n_rows, bare.n_columns) == (10, 0)
    assert bare.fold(lambda block: float(block.offset @ block.y)) == 25.0


def test_rows_in_a_basis_or_as_contrasts_have_a_form_without_columns():
    source = ArraySource(rows(), 4)
    based = BasisSource(source, Basis(2, (1,))).without_columns()
    assert based.n_columns == 0
    assert based.fold(lambda block: float(block.y.sum())) == 5.0
    contrasted = ContrastSource(source, 3).without_columns()
    assert contrasted.fold(lambda block: float(block.n_rows)) == 20.0
