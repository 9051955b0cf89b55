"""Coded columns against the same matrix written out, element by element."""

import math
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from logit_inference.rows import coded, quadratic
from logit_inference.rows.coded import (
    Coded,
    CodedSums,
    Layout,
    Part,
    dense,
    largest,
    nonzero_rows,
    rows_per_block,
    signs,
    square_sums,
    times,
    transposed_times,
)
from logit_inference.rows.product import careful_sums
from logit_inference.rows.quadratic import CodedGram, RowForm, row_squares

CLOSE = {"rtol": 1e-12, "atol": 1e-12}


def random_matrix(rng, n, sizes=(3, 5), n_numbers=4, n_parts=4):
    """A `Coded` with columns in any order, and what it stands for."""
    numbers = rng.normal(size=(n, n_numbers))
    numbers[:, 0] = 1.0
    codes = tuple(
        rng.integers(0, size, n).astype(rng.choice([np.int8, np.int16, np.int32])) for size in sizes
    )
    shapes = []
    for _ in range(n_parts):
        factor = int(rng.integers(len(sizes)))
        if rng.random() < 0.6:
            width = int(rng.integers(1, sizes[factor] + 1))
            levels = rng.permutation(sizes[factor])[:width]
            if rng.random() < 0.5:
                levels = np.arange(sizes[factor] - width, sizes[factor])
            shapes.append((factor, levels, None))
        else:
            width = int(rng.integers(1, sizes[factor] + 1))
            shapes.append((factor, None, rng.normal(size=(sizes[factor], width))))
    seen = rng.random(n_numbers) < 0.8
    widths = [(len(levels) if table is None else table.shape[1]) for _, levels, table in shapes]
    p = int(seen.sum()) + sum(widths)
    order = rng.permutation(p) if rng.random() < 0.5 else np.arange(p)
    places = np.full(n_numbers, -1)
    places[seen] = order[: seen.sum()]
    full = np.full((n, p), np.nan)
    for number in np.flatnonzero(seen):
        full[:, places[number]] = numbers[:, number]
    parts, stop = [], int(seen.sum())
    for (factor, levels, table), width in zip(shapes, widths, strict=True):
        columns, stop = order[stop : stop + width], stop + width
        multiplier = int(rng.integers(n_numbers))
        parts.append(Part(factor, columns, levels, table, multiplier))
        for row in range(n):
            code = int(codes[factor][row])
            values = table[code] if levels is None else [float(code == own) for own in levels]
            full[row, columns] = np.multiply(values, numbers[row, multiplier])
    return Coded(numbers, codes, Layout(p, places, sizes, tuple(parts))), full


MATRICES = st.builds(
    lambda seed, n, sizes, k, parts: (
        random_matrix(np.random.default_rng(seed), n, tuple(sizes), k, parts),
        np.random.default_rng(seed + 1),
    ),
    st.integers(0, 2**32),
    st.integers(0, 30),
    st.lists(st.integers(2, 7), min_size=1, max_size=3),
    st.integers(1, 4),
    st.integers(0, 5),
)


@given(MATRICES)
@settings(deadline=None)
def test_products_are_those_of_the_matrix_written_out(drawn):
    (X, full), rng = drawn
    n, p = full.shape
    coef, values = rng.normal(size=p), rng.normal(size=n)
    assert X.shape == (n, p)
    assert len(X) == n
    assert (dense(X) == full).all()
    assert np.allclose(times(X, coef), full @ coef, **CLOSE)
    out = np.empty(n)
    assert times(X, coef, out) is out
    assert np.allclose(out, full @ coef, **CLOSE)
    assert np.allclose(transposed_times(X, values), full.T @ values, **CLOSE)
    assert (largest(X) == np.abs(full).max(axis=0, initial=0.0)).all()
    assert np.allclose(square_sums(X), np.square(full).sum(axis=0), **CLOSE)
    assert np.allclose(square_sums(X, values), values @ np.square(full), **CLOSE)
    up, down = signs(X)
    assert (up == (full > 0).any(axis=0)).all()
    assert (down == (full < 0).any(axis=0)).all()
    columns = np.flatnonzero(rng.random(p) < 0.4)
    assert (nonzero_rows(X, columns) == (full[:, columns] != 0).any(axis=1)).all()


@given(MATRICES, st.integers(1, 10))
@settings(deadline=None)
def test_the_gram_matrix_is_that_of_the_matrix_written_out(drawn, size):
    (X, full), rng = drawn
    weight, values = rng.normal(size=len(X)) ** 2, rng.normal(size=len(X))
    gram, sums = CodedGram(X[:size]), CodedSums(X[:size])
    for start in range(0, len(X), size):
        rows = slice(start, start + size)
        gram.add(X[rows], weight[rows], values[rows])
        sums.add(X[rows], values[rows])
    whole = gram.upper()
    assert np.allclose(gram.sums(), values @ full, **CLOSE)
    assert sums.total().tobytes() == gram.sums().tobytes()
    assert np.allclose(whole, full.T @ (full * weight[:, None]), **CLOSE)
    assert np.allclose(whole, whole.T, **CLOSE)
    assert whole.flags.f_contiguous


@given(MATRICES, st.integers(0, 6))
@settings(deadline=None)
def test_squared_lengths_of_rows_are_those_of_the_matrix_written_out(drawn, rank):
    (X, full), rng = drawn
    root = rng.normal(size=(full.shape[1], rank))
    expected = ((full @ root) ** 2).sum(axis=1)
    assert np.allclose(row_squares(X, root), expected, **CLOSE)
    assert (row_squares(X, root) >= 0).all()


@given(MATRICES, st.data())
@settings(deadline=None)
def test_rows_columns_and_sizes(drawn, data):
    (X, full), rng = drawn
    n, p = full.shape
    start, stop = sorted(data.draw(st.tuples(st.integers(0, n), st.integers(0, n))))
    assert (dense(X[start:stop]) == full[start:stop]).all()
    rows = rng.integers(0, max(n, 1), 5 if n else 0)
    assert (dense(X[rows]) == full[rows]).all()
    mask = rng.random(n) < 0.5
    assert (dense(X[mask]) == full[mask]).all()
    kept = sorted(data.draw(st.sets(st.integers(0, p - 1)) if p else st.just(set())))
    assert (dense(X[:, kept]) == full[:, kept]).all()
    assert np.allclose(times(X[:, kept], np.ones(len(kept))), full[:, kept].sum(1), **CLOSE)
    root = rng.normal(size=(len(kept), 3))
    expected = ((full[:, kept] @ root) ** 2).sum(axis=1)
    assert np.allclose(row_squares(X[:, kept], root), expected, **CLOSE)
    gram = CodedGram(X[:, kept])
    gram.add(X[:, kept], np.ones(n))
    assert np.allclose(gram.upper(), full[:, kept].T @ full[:, kept], **CLOSE)
    assert (dense(abs(X)) == np.abs(full)).all()


def test_slices_are_views():
    X, _ = random_matrix(np.random.default_rng(0), 20)
    part = X[5:9]
    assert np.shares_memory(part.numbers, X.numbers)
    assert all(map(np.shares_memory, part.codes, X.codes))
    assert part.numbers.flags.c_contiguous


def test_a_missing_row_has_missing_products_and_no_other_has():
    X, full = random_matrix(np.random.default_rng(1), 10)
    X.numbers[3] = np.nan
    coef, root = np.ones(X.shape[1]), np.eye(X.shape[1])
    for values in (times(X, coef), row_squares(X, root), dense(X).sum(axis=1)):
        assert np.isnan(values).tolist() == [row == 3 for row in range(10)]
    assert np.isnan(dense(X)[3]).all()
    assert (dense(X)[4:] == full[4:]).all()


@pytest.mark.parametrize("n_levels", [(3, 4), (40, 50)])
def test_tables_of_few_and_of_many_cells_are_summed_alike(n_levels):
    """More cells than rows take another way: (40, 50) here."""
    X, full = random_matrix(np.random.default_rng(2), 300, n_levels, 3, 5)
    gram = CodedGram(X)
    gram.add(X, np.ones(300))
    assert np.allclose(gram.upper(), full.T @ full, **CLOSE)


def test_many_rows_are_squared_block_by_block(monkeypatch):
    X, full = random_matrix(np.random.default_rng(3), 1000)
    root = np.random.default_rng(4).normal(size=(X.shape[1], 7))
    whole = row_squares(X, root)
    assert np.allclose(whole, ((full @ root) ** 2).sum(axis=1), **CLOSE)
    monkeypatch.setattr(quadratic, "rows_per_block", lambda X: 37)
    assert (RowForm.of(X.layout, root).at(X) == whole).all()


def test_blocks_have_many_rows_unless_there_are_many_numbers():
    few, _ = random_matrix(np.random.default_rng(5), 2, n_numbers=6)
    many, _ = random_matrix(np.random.default_rng(5), 2, n_numbers=12)
    too_many, _ = random_matrix(np.random.default_rng(5), 2, n_numbers=600)
    assert rows_per_block(few) == coded.MOST_ROWS
    assert rows_per_block(many) == coded.BLOCK_BYTES // (8 * 12)
    assert rows_per_block(too_many) == coded.FEWEST_ROWS


def test_sums_repeat_to_the_last_bit_and_survive_pickling():
    X, _ = random_matrix(np.random.default_rng(6), 500)
    again = pickle.loads(pickle.dumps(X))
    values = np.random.default_rng(7).uniform(size=500)
    assert transposed_times(again, values).tobytes() == transposed_times(X, values).tobytes()
    grams = []
    for own in (X, again):
        grams.append(CodedGram(own))
        grams[-1].add(own, values)
    assert grams[0].upper().tobytes() == grams[1].upper().tobytes()


def test_a_wide_factor_needs_no_wide_memory():
    """5,000 levels on 200,000 rows: dense columns would be 8 GB, X'X is 200 MB."""
    import tracemalloc

    rng = np.random.default_rng(8)
    n, levels = 200_000, 5_000
    group = Part(0, np.arange(2, levels + 1), np.arange(1, levels))
    layout = Layout(levels + 1, np.array([0, 1]), (levels,), (group,))
    numbers = np.column_stack([np.ones(n), rng.normal(size=n)])
    X = Coded(numbers, (rng.integers(0, levels, n).astype(np.int16),), layout)
    tracemalloc.start()
    try:
        times(X, np.ones(levels + 1))
        transposed_times(X, np.ones(n))
        gram = CodedGram(X)
        gram.add(X, np.ones(n))
        assert tracemalloc.get_traced_memory()[1] < 40e6
        whole = gram.upper()
        assert tracemalloc.get_traced_memory()[1] < 8 * (levels + 1) ** 2 + 40e6
    finally:
        tracemalloc.stop()
    counts = np.bincount(X.codes[0])
    assert (whole.diagonal()[2:] == counts[1:]).all()
    assert (whole[0, 2:] == counts[1:]).all()


@pytest.mark.parametrize("doubled", [True, False])
def test_careful_sums_are_the_sums_and_tell_their_depth(doubled):
    rng = np.random.default_rng(5)
    X, full = random_matrix(rng, 300, (7, 4), 3, 3)
    values = rng.normal(size=300)
    sums, depths = careful_sums(X, values, doubled=doubled)
    bound = depths * 2.0**-53 * (np.abs(full).T @ np.abs(values))
    exact = np.array([math.fsum(column * values) for column in full.T])
    assert (np.abs(sums - exact) <= bound + 1e-15).all()
    assert (depths <= 300 + 7).all()
