"""The recession cone is decided exactly: no false alarm, no miss, whatever the scale or the gap."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from logit_inference.diagnostics.evidence import evidence_of
from logit_inference.rows.basis import Basis, in_basis
from logit_inference.rows.block import Block
from logit_inference.rows.coded import Coded, dense
from logit_inference.rows.source import ArraySource
from logit_inference.solve.alternative import gordan
from logit_inference.solve.cone import _conditioned
from logit_inference.solve.integers import as_floats, exact_signs, integer_rows, null_space
from logit_inference.solve.recession import find_recession, separated_rows
from tests.rows.test_coded import random_matrix
from tests.solve.exact_cone import decide


def cone(y, X, trials=None, weights=None, block_rows=None):
    parts = (None if part is None else np.asarray(part, float) for part in (trials, weights))
    block = Block(np.asarray(y, float), np.asarray(X, float), *parts)
    return find_recession(ArraySource(block, block_rows))


def signs(ends):
    return ["+-" if np.isnan(e) else "+" if e > 0 else "-" if e < 0 else "" for e in ends]


# --- against brute force --------------------------------------------------------------------------


def columns(rng, kind, n, p):
    X = rng.normal(size=(n, p))
    if kind == "integers":
        return rng.integers(-2, 3, (n, p)).astype(float)
    if kind == "tenths":
        return np.round(X, 1)
    if kind == "factor":
        return (rng.random((n, p)) < 0.4).astype(float)
    if kind == "scales":
        return X * 10.0 ** rng.integers(-10, 11, p)
    if kind == "means":
        return 1e6 + X
    if kind == "hairlines":
        X = rng.integers(-2, 3, (n, p)).astype(float)
        X[:, 0] += rng.integers(-2, 3, n) * 1e-9
    return X


def problems(kind, seed, count):
    """Small designs of full rank: with and without a constant, copies, trials, weights."""
    rng = np.random.default_rng(seed)
    found = 0
    while found < count:
        p = int(rng.integers(1, 5))
        X = columns(rng, kind, int(rng.integers(p + 1, 11)), p)
        if rng.random() < 0.7:
            X[:, 0] = 1.0
        if rng.random() < 0.3:
            X = np.repeat(X, 2, axis=0)
        n = len(X)
        y = (rng.random(n) < 0.5).astype(float)
        if rng.random() < 0.6:
            y = ((X - (p > 1) * np.median(X, axis=0)) @ rng.normal(size=p) > 0).astype(float)
            if rng.random() < 0.5:
                flipped = rng.integers(n)
                y[flipped] = 1 - y[flipped]
        trials = weights = None
        if rng.random() < 0.3:
            trials = rng.integers(1, 3, n).astype(float)
            y = np.where(rng.random(n) < 0.1, 1.0, y * trials)
        if rng.random() < 0.3:
            weights = rng.integers(0, 3, n).astype(float)
        counts = np.ones(n, bool) if weights is None else weights > 0
        if counts.any() and not null_space(integer_rows(X[counts]))[0].size:
            found += 1
            yield y, X, trials, weights, counts, int(rng.integers(1, 9))


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    "kind", ["integers", "real", "tenths", "factor", "scales", "means", "hairlines"]
)
def test_it_is_the_cone_that_enumeration_finds(kind, seed):
    for y, X, trials, weights, counts, block_rows in problems(kind, seed, 15):
        m = np.ones(len(y)) if trials is None else trials
        exists, expected, separated = decide(X[counts], y[counts], m[counts])
        found = cone(y, X, trials, weights, block_rows)
        assert found.exists == exists
        assert signs(found.ends) == expected
        source = ArraySource(Block(y, X, trials, weights), block_rows)
        mask = separated_rows(source, found)
        assert mask[counts].tolist() == separated
        assert not mask[~counts].any()
        assert (found.n_separated, found.n_rows) == (sum(separated), counts.sum())
        assert found.complete == all(separated)


def test_the_direction_is_exact_and_in_the_interior():
    rng = np.random.default_rng(3)
    X = np.column_stack([np.ones(80), rng.normal(size=(80, 2)), rng.random(80) < 0.2])
    y = (rng.random(80) < 0.5).astype(float)
    y[X[:, 3] == 1] = 1.0
    found = cone(y, X)
    for row, outcome in zip(X, y, strict=True):
        parts = zip(row.tolist(), found.whole, strict=True)
        margin = sum(Fraction(x) * d for x, d in parts) * (1 if outcome else -1)
        assert margin > 0 if row[3] else margin == 0


# --- gaps and overlaps of a hair ------------------------------------------------------------------


@pytest.mark.parametrize("scale", [1.0, 1e10, 1e-10])
@pytest.mark.parametrize("centre", [0.0, 1e6])
@pytest.mark.parametrize("gap", [1e-9, 0.0])
def test_a_hair_decides(gap, centre, scale):
    x = np.linspace(0, 1, 201)
    x = x[np.abs(x - 0.5) > 0.01] + centre
    low = centre + 0.5
    high = low + gap if gap else np.nextafter(low, np.inf)  # 1 ulp
    X = np.column_stack([np.ones(len(x) + 2), np.append(x, [low, high]) * scale])
    y = np.append(x > low, [0, 1])
    assert cone(y, X).complete
    y[-2:] = [1, 0]
    assert cone(y, X).exists is False
    X[-1] = X[-2]  # one row that is an event and a non-event: the others are separated
    found = cone(y, X)
    assert found.exists
    assert not found.complete
    assert (found.n_separated, found.n_rows) == (len(x), len(x) + 2)


def test_rounded_multiples_are_what_they_are_stored_as():
    # 0.1 + 0.2 is stored above 0.3: the event there is on the far side by 5e-17.
    X = np.column_stack([np.ones(4), [0.1, 0.3, 0.1 + 0.2, 0.5]])
    assert cone([0, 0, 1, 1], X).complete
    assert cone([0, 1, 0, 1], X).exists is False


# --- shapes ---------------------------------------------------------------------------------------


def test_rows_with_both_outcomes_take_part_as_both():
    X = np.column_stack([np.ones(4), [0.0, 0.0, 1.0, 2.0]])
    found = cone([1, 2, 4, 3], X, trials=[3, 3, 4, 3])
    assert found.exists
    assert found.ends.tolist() == [0.0, np.inf]
    assert cone([1, 2, 4, 1], X, trials=[3, 3, 4, 3]).exists is False


def test_blocks_and_threads_do_not_matter():
    rng = np.random.default_rng(8)
    X = np.column_stack([np.ones(3000), rng.normal(size=(3000, 4))])
    y = (X @ rng.normal(size=5) > 0).astype(float)
    whole = cone(y, X)
    assert whole.complete
    cut = find_recession(ArraySource(Block(y, X), 100, threads=2))
    assert cut.complete
    np.testing.assert_array_equal(cut.ends, whole.ends)
    y[7] = 1 - y[7]
    assert cone(y, X, block_rows=64).exists is False


def test_one_row_in_many_is_found():
    # Cutting planes: no sample of a few hundred rows shows the one that overlaps.
    rng = np.random.default_rng(5)
    X = np.column_stack([np.ones(50_000), rng.normal(size=(50_000, 3))])
    eta = X @ [0.1, 1.0, -1.0, 0.5]
    y = (eta > 0).astype(float)
    assert cone(y, X).complete
    inside = int(np.argmax(eta))
    y[inside] = 0.0
    assert cone(y, X).exists is False


def test_columns_out_of_the_basis_are_out():
    X = np.column_stack([np.ones(6), [1.0, 1, 1, 0, 0, 0], [0, 1, 0, 1, 0, 1]])
    y = np.array([1.0, 1, 1, 0, 1, 0])
    X[5, 2] = 0
    source = in_basis(ArraySource(Block(y, X)), Basis(3, (0, 2)))
    assert find_recession(source).exists is False
    wide = cone(y, X)
    spread = find_recession(in_basis(ArraySource(Block(y, X)), Basis(3, (0, 1)))).spread(3, (0, 1))
    assert spread.ends[2] == 0
    assert wide.exists


def test_where_new_rows_go():
    # Quasi-complete in a plane of two directions: the cone is a wedge.
    X = np.array([[1.0, 0, 0], [1, 0, 0], [1, 1, 0], [1, 0, 1], [1, 2, 1]])
    found = cone([0, 1, 1, 1, 1], X)
    assert found.ends.tolist() == [0.0, np.inf, np.inf]
    rows = np.array([[1.0, 0, 0], [3, 1, 5], [1, -1, -1], [1, 1, -1], [np.nan] * 3])
    np.testing.assert_array_equal(found.sides(rows), [0, 1, -1, np.nan, np.nan])


# --- the parts ------------------------------------------------------------------------------------


def test_signs_are_exact_where_floats_cancel():
    X = np.array([[1e16, 1.0, -1e16], [0.1, 0.2, -0.3], [1.0, -1.0, 0.0]])
    ones = np.array([1, 1, 1], dtype=object)
    exact = [sum(map(Fraction, row)) for row in X.tolist()]
    assert exact_signs(X, ones).tolist() == [(v > 0) - (v < 0) for v in exact] == [1, 1, 0]


@pytest.mark.parametrize("seed", range(5))
def test_gordans_alternative_carries_its_proof(seed):
    rng = np.random.default_rng(seed)
    answers = set()
    for _ in range(60):
        shape = int(rng.integers(1, 15)), int(rng.integers(1, 6))
        floats = rng.integers(-3, 4, shape) if rng.random() < 0.5 else rng.normal(size=shape)
        if rng.random() < 0.3:
            floats = np.abs(floats) * np.append(10.0 ** rng.integers(-12, 1), np.ones(shape[1] - 1))
        rows = integer_rows(np.asarray(floats[(floats != 0).any(axis=1)], float))
        if not len(rows):
            continue
        answer = gordan(rows)
        answers.add(answer.direction is None)
        if answer.direction is not None:
            assert (rows @ answer.direction > 0).all()
        else:
            assert all(m > 0 for m in answer.multipliers)
            assert not (np.array(answer.multipliers, object) @ rows[list(answer.support)]).any()
    assert answers == {True, False}


def coded_design(seed):
    """Rows with columns in codes, and the same written out; None where these are dependent."""
    rng = np.random.default_rng(seed)
    n, sizes = int(rng.integers(8, 40)), tuple(rng.integers(2, 7, int(rng.integers(1, 3))))
    X, _ = random_matrix(rng, n, sizes, int(rng.integers(1, 4)), int(rng.integers(1, 4)))
    numbers = np.round(2.0 * X.numbers)
    numbers[:, 0] = 1.0
    parts = tuple(
        part if part.table is None else replace(part, table=np.round(2.0 * part.table))
        for part in X.layout.parts
    )
    X = Coded(numbers, X.codes, replace(X.layout, parts=parts))
    y, trials = (rng.random(n) < rng.choice([0.1, 0.3])).astype(float), None
    if rng.random() < 0.3:
        trials = rng.integers(1, 4, n).astype(float)
        y *= trials
        y[:2] = np.minimum(1.0, trials[:2])
    weights = None if rng.random() < 0.5 else rng.integers(0, 3, n).astype(float)
    full = dense(X)
    counted = full if weights is None else full[weights > 0]
    if not full.shape[1] or np.linalg.matrix_rank(counted) < full.shape[1]:
        return None
    return tuple(
        ArraySource(Block(y, own, trials, weights), block_rows=int(rng.integers(3, 50)))
        for own in (X, full)
    )


def test_codes_tell_what_columns_written_out_do():
    found = 0
    for seed in range(120):
        pair = coded_design(seed)
        if pair is None:
            continue
        (coded, told), (_, wanted) = ((rows, find_recession(rows)) for rows in pair)
        assert told.exists == wanted.exists
        assert told.complete == wanted.complete
        assert (separated_rows(coded, told) == separated_rows(pair[1], wanted)).all()
        np.testing.assert_array_equal(told.ends, wanted.ends)
        if told.exists:
            found += 1
            names = [f"c{j}" for j in range(coded.n_columns)]
            outcomes = ("y = 1", "y = 0")
            evidence = [evidence_of(rows, told, names, None, outcomes, ()) for rows in pair]
            assert evidence[0] == evidence[1]
    assert found > 20


def test_a_basis_in_which_rows_are_nearly_orthonormal_stays_as_it_is():
    # Columns of mean 1e4: the constant alone has common divisors to be taken out, and its length
    # must follow. Where it did not, each round added fifty digits, and a search took minutes.
    rng = np.random.default_rng(3)
    X = np.column_stack([np.ones(300), rng.normal(size=(300, 6)) + rng.uniform(5e3, 2e4, 6)])
    rows = integer_rows(X)
    space = _conditioned(np.array(np.eye(7, dtype=int), dtype=object), rows)
    inside = rows @ space
    seen = np.array([as_floats(row) for row in inside])
    lengths = np.linalg.norm(seen / np.abs(seen).max(axis=1, keepdims=True), axis=0)
    assert lengths.max() / lengths.min() < 8
    assert _conditioned(space, inside) is space
