"""Codes are eliminated as their columns are: the same go, and for the same reason."""

import numpy as np
import pytest

from logit_inference.likelihood.evaluation import Evaluation
from logit_inference.rows.block import Block
from logit_inference.rows.coded import Coded, Layout, Part, dense
from logit_inference.rows.source import ArraySource
from logit_inference.solve import elimination
from logit_inference.solve.elimination import cross_product, eliminate
from logit_inference.solve.rank import LIMITS, find_rank, relation_text

N = 600
RNG = np.random.default_rng(5)
STATE = RNG.integers(0, 4, N)
COUNTY = 3 * STATE + RNG.integers(0, 3, N)
X1, X2 = RNG.normal(size=(2, N))
BY_STATE = np.array([0.1, 0.7, 1e4, 3.3])[STATE]


def indicators(factor, start, size, multiplier=0, first=1):
    levels = np.arange(first, size)
    return Part(factor, np.arange(start, start + size - first), levels, None, multiplier)


def contrasts(factor, start, table):
    return Part(factor, np.arange(start, start + table.shape[1]), None, table)


def design(numbers, codes, sizes, parts):
    """An intercept and numbers, in the first columns, and parts of factors after them."""
    X = np.column_stack([np.ones(len(codes[0])), *numbers])
    p = max([X.shape[1], *(int(part.columns.max()) + 1 for part in parts)])
    layout = Layout(p, np.arange(X.shape[1]), tuple(sizes), tuple(parts))
    return Coded(X, tuple(np.asarray(own) for own in codes), layout)


SUM = np.vstack([np.eye(3), -np.ones(3)])
HELMERT = np.array([[-1.0, -1, -1], [1, -1, -1], [0, 2, -1], [0, 0, 3]])
POLY = np.linalg.qr(np.vander(np.arange(4.0), 4, increasing=True))[0][:, 1:]
NESTED = [indicators(0, 2, 4), indicators(1, 5, 12)]
CELLS = 12 * (COUNTY % 2) + COUNTY  # half of the combinations occur

DESIGNS = {
    "independent": design([X1], [STATE], [4], NESTED[:1]),
    "the outer factor first": design([X1], [STATE, COUNTY], [4, 12], NESTED),
    "the inner factor first": design(
        [X1], [STATE, COUNTY], [4, 12], [indicators(1, 2, 12), indicators(0, 13, 4)]
    ),
    "a factor twice": design([X1], [STATE, STATE], [4, 4], [*NESTED[:1], indicators(1, 5, 4)]),
    "full indicators": design([X1], [STATE], [4], [indicators(0, 2, 4, first=0)]),
    "sums": design([X1], [STATE, COUNTY], [4, 12], [indicators(1, 2, 12), contrasts(0, 13, SUM)]),
    "helmert": design(
        [X1], [STATE, COUNTY], [4, 12], [contrasts(0, 2, HELMERT), indicators(1, 5, 12)]
    ),
    "polynomial": design(
        [X1], [STATE, COUNTY], [4, 12], [contrasts(0, 2, POLY), indicators(1, 5, 12)]
    ),
    "cells without rows": design(
        [X1], [COUNTY, COUNTY % 2, CELLS], [12, 2, 24], [indicators(2, 2, 24), *NESTED[:0]]
    ),
    "a number by level, first": design([X1, BY_STATE], [STATE], [4], [indicators(0, 3, 4)]),
    "copies": design([X1, X1, 3 * X1 + 1, X1 - 1e6], [STATE], [4], [indicators(0, 5, 4)]),
    "shifted by a million": design([X1 + 1e6, X1, X1 + X2], [STATE], [4], [indicators(0, 4, 4)]),
    "of large mean": design([X1 + 1e8, X2 + 1e8, X1 * X2], [STATE], [4], [indicators(0, 4, 4)]),
    "nearly a copy": design([X1, X1 + 1e-8 * X2], [STATE], [4], [indicators(0, 3, 4)]),
    "next to a copy": design([X1, X1 * (1 + 1e-13 * X2)], [STATE], [4], [indicators(0, 3, 4)]),
    "slopes of a number by level": design(
        [BY_STATE], [STATE], [4], [indicators(0, 2, 4), indicators(0, 5, 4, multiplier=1)]
    ),
    "slopes of a large number": design(
        [X1 + 1e6, X2], [STATE], [4], [indicators(0, 3, 4), indicators(0, 6, 4, multiplier=1)]
    ),
    "zeros": design([np.zeros(N), X1], [STATE], [5], [indicators(0, 3, 5)]),
    "every scale": design(
        [1e150 * X1, 1e-150 * X2, 3e150 * X1], [STATE], [4], [indicators(0, 4, 4)]
    ),
}


def source_of(X, **fields):
    return ArraySource(Block(np.zeros(len(X)), X, **fields), 250)


def both(X, **fields):
    """What elimination finds in the codes, and QR in the columns."""
    source = source_of(X, **fields)
    upper = source.fold_runs(cross_product).values
    found = eliminate(source, X.layout, upper, LIMITS)
    p = X.shape[1]
    singular = Evaluation(0.0, np.zeros(p), np.zeros((p, p)), 0.0)
    return found, find_rank(source_of(dense(X), **fields), singular)


@pytest.mark.parametrize("panel", [128, 3, 1])
@pytest.mark.parametrize("name", DESIGNS)
def test_the_same_columns_go_for_the_same_reason(name, panel, monkeypatch):
    monkeypatch.setattr(elimination, "PANEL", panel)
    monkeypatch.setattr(elimination, "STRIP", 4)
    found, rank = both(DESIGNS[name])
    assert tuple(found.kept) == rank.basis.kept
    names = [f"x{j}" for j in range(len(found.lengths))]
    for j, relation in rank.relations.items():
        text = relation_text(names, j, relation, 0)
        weights = found.relations[j]
        assert relation_text(names, j, type(relation)(weights, relation.size), 0) == text


@pytest.mark.parametrize("name", ["the outer factor first", "the inner factor first", "sums"])
def test_factors_are_proved_nested_without_a_pass(name):
    found, _ = both(DESIGNS[name])
    assert len(found.relations) == 3
    assert found.n_passes == 0
    for weights in found.relations.values():
        assert np.array_equal(weights, np.rint(weights))


def test_what_is_left_of_a_column_is_measured_in_the_rows():
    # A hundred-millionth of a number is left beside the constant, and nothing at all of that shows
    # in the cross-product. What comes after it depends on what is found.
    parts = [indicators(0, 6, 4)]
    large = design([X1 + 1e8, X2 + 1e8, X1, X2, X1 - X2], [STATE], [4], parts)
    found, rank = both(large)
    assert found.kept == [0, 1, 2, 6, 7, 8] == list(rank.basis.kept)
    for j, truth in ((3, [-1e8, 1, 0]), (4, [-1e8, 0, 1]), (5, [0, 1, -1])):
        rows = np.column_stack([np.ones(N), X1 + 1e8, X2 + 1e8])
        assert np.allclose(rows @ found.relations[j][:3], rows @ truth, rtol=0, atol=1e-6)


def test_rows_of_weight_zero_lend_no_rank():
    weights = (STATE > 0).astype(float)
    X = DESIGNS["full indicators"]
    found, rank = both(X, weights=weights)
    assert tuple(found.kept) == rank.basis.kept == (0, 1, 3, 4)
    assert not found.relations[2].any()
    broken = X.numbers.copy()
    broken[STATE == 0, 1] += 1.0
    # Column 1 is a copy of another one where rows count, and only there.
    X = design([X1, broken[:, 1]], [STATE], [4], [indicators(0, 3, 4)])
    assert 2 in both(X)[0].kept
    assert 2 not in both(X, weights=weights)[0].kept


def test_a_relation_does_not_hold_the_rounding_of_nearly_dependent_columns():
    # Among columns that are nearly combinations of each other a relation is known to few digits
    # along that combination, which it does not need.
    X = design([X1 + 1e8, X2, 0.3 * X2], [STATE], [4], [indicators(0, 4, 4)])
    found, rank = both(X)
    for weights in (found.relations[3], rank.relations[3].weights):
        assert np.flatnonzero(weights).tolist() == [2]
        assert weights[2] == pytest.approx(0.3, rel=1e-12)


def test_small_terms_that_are_needed_stay():
    X = design([X1, X2, X1 + 3e-10 * X2], [STATE], [4], [indicators(0, 4, 4)])
    found, rank = both(X)
    for weights in (found.relations[3], rank.relations[3].weights):
        assert weights[2] == pytest.approx(3e-10, rel=1e-5)


def test_a_thousand_levels_twice():
    n = 20_000
    levels = np.random.default_rng(0).permutation(np.arange(n) % 1000)
    groups = levels // 40
    parts = [indicators(0, 2, 1000), indicators(1, 1001, 25), indicators(0, 1025, 1000)]
    x = np.random.default_rng(1).normal(size=n)
    X = design([x], [levels, groups], [1000, 25], parts)
    source = source_of(X)
    found = eliminate(source, X.layout, source.fold_runs(cross_product).values, LIMITS)
    assert found.kept == list(range(1001))
    assert found.n_passes == 0
    assert np.flatnonzero(found.relations[1001]).tolist() == list(range(41, 81))
    assert np.flatnonzero(found.relations[1030]).tolist() == [7]
