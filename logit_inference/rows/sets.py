"""Rows in sets that must stay together: matched sets of cases and controls, brought into order.

A conditional likelihood is a sum over sets, not over rows. So the rows of a set stand side by side,
sets of one size stand together, and a source of them is cut between sets only. What all rows of a
set have in common is no concern of such a likelihood: columns are kept less those of the set's
first row, which makes a column that is constant within sets exactly zero. This file knows no
formulas and no likelihoods.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from logit_inference.rows import source as sources
from logit_inference.rows.block import Block, Floats
from logit_inference.rows.product import dense
from logit_inference.rows.source import ArraySource, Source

Integers = NDArray[np.int64]
# Pairs for each row of a set, beyond which its rows stand against a bound; so many sets, at most.
MANY_PAIRS, MOST_BOUNDS = 8, 30
MOST_ELEMENTS = 1 << 24  # of contrasts
SETS = "sets"  # the name under which a block's groups hold the set of each row, from 0 on, in order


@dataclass(frozen=True)
class Sets:
    """The rows of informative sets, in order, and the account of the others.

    Parameters
    ----------
    source : ArraySource
        Of n rows in G sets; `SETS` in the groups of its block numbers them.
    order : (n,) array of int
        Where each row stood before.
    n_read : int
        Sets that there were.
    without_case, without_control : int
        Sets left out, because all their rows had the same outcome.
    n_left_out : int
        Their rows.
    """

    source: ArraySource
    order: Integers
    n_read: int
    without_case: int
    without_control: int
    n_left_out: int

    @property
    def n_used(self) -> int:
        """Number of informative sets."""
        return self.n_read - self.without_case - self.without_control


def gather_sets(block: Block, codes: Integers, threads: int = 1) -> Sets:
    """Return the informative sets of a block of single trials without weights.

    Parameters
    ----------
    block : Block
        Of n rows, in any order.
    codes : (n,) array of int
        The set of each row, from 0 on, none missing in between.
    threads : int

    Notes
    -----
    Memory: one copy of the columns of the rows in use, plain, whichever way they were kept. Sets
    are ordered by their size and their number of cases, which lets equal ones be computed together.

    Examples
    --------
    >>> rows = Block(np.array([1.0, 0, 0, 0, 1]), np.array([[1.0], [2], [5], [5], [7]]))
    >>> found = gather_sets(rows, np.array([0, 1, 0, 1, 2]))
    >>> found.source.data.X.tolist(), found.order.tolist(), found.n_used, found.without_case
    ([[0.0], [4.0]], [0, 2], 1, 1)
    """
    sizes = np.bincount(codes)
    cases = np.bincount(codes, weights=block.y).astype(np.int64)
    informative = (cases > 0) & (cases < sizes)
    rows = np.flatnonzero(informative[codes])
    own = codes[rows]
    fewer = np.minimum(cases, sizes - cases)
    rows = rows[np.lexsort((rows, own, fewer[own], sizes[own]))]
    own = codes[rows]
    starts = np.flatnonzero(np.diff(own, prepend=-1))
    numbers = np.repeat(np.arange(len(starts)), np.diff(starts, append=len(rows)))
    X = dense(block.X[rows])
    X = X if X.flags.owndata and X.dtype == np.float64 else np.array(X, dtype=np.float64)
    for j in range(X.shape[1]):
        X[:, j] -= X[starts, j][numbers]
    offset = None if block.offset is None else block.offset[rows]
    data = Block(block.y[rows], X, offset=offset, groups={SETS: numbers})
    return Sets(
        ArraySource(data, threads=threads, cuts=_cuts(starts, X.shape)),
        rows,
        int((sizes > 0).sum()),
        int(((cases == 0) & (sizes > 0)).sum()),
        int(((cases == sizes) & (sizes > 0)).sum()),
        len(codes) - len(rows),
    )


def _cuts(starts: Integers, shape: tuple[int, ...]) -> Integers:
    """Return the sets with which blocks begin: as many whole ones as fill the size of a block."""
    size = sources.rows_per_block(shape[1])
    cuts, last = [], -size
    for start, stop in zip(starts.tolist(), np.append(starts, shape[0])[1:].tolist(), strict=True):
        if stop - last > size and start > last:
            cuts.append(start)
            last = start
    return np.array(cuts or [0], dtype=np.int64)


def within_sets(block: Block) -> Block:
    """Return the rows that count of a block of whole sets, less the first of them in each set.

    What these rows cannot tell apart, no conditional likelihood of theirs can. Sets whose rows that
    count have the same outcome are left out.
    """
    counts = block.counts
    rows = np.arange(block.n_rows) if counts is None else np.flatnonzero(counts)
    _, own = np.unique(block.groups[SETS][rows], return_inverse=True)
    sizes, cases = np.bincount(own), np.bincount(own, weights=block.y[rows])
    told = ((cases > 0) & (cases < sizes))[own]
    rows, own = rows[told], own[told]
    firsts = np.flatnonzero(np.diff(own, prepend=-1))
    X = dense(block.X)
    less = X[rows[np.repeat(firsts, np.diff(firsts, append=len(rows)))]]
    return Block(block.y[rows], X[rows] - less)


@dataclass(frozen=True)
class Contrasts:
    """What a direction must order within sets, as rows of events that it must not make negative.

    Of a small set, the differences ``x_case − x_other`` of all pairs. Of a large one, whose pairs
    would be too many, each row less a bound of the set's own, ``x_case − t`` or ``t − x_other``:
    one more column for each of these sets.

    Parameters
    ----------
    source : ArraySource
        Of k rows of p + b columns, those of b bounds last.
    cases, others : (k,) arrays of int
        The numbers of both rows; twice the same where a row stands against a bound.
    n_bounds : int
        b.
    """

    source: ArraySource
    cases: Integers
    others: Integers
    n_bounds: int

    def of_rows(self, separated: NDArray[np.bool_], n_rows: int) -> NDArray[np.bool_]:
        """Return which of n rows are in no contrast but separated ones, and in some."""
        tied = np.zeros(n_rows, dtype=bool)
        used = np.zeros(n_rows, dtype=bool)
        for side in (self.cases, self.others):
            tied[side[~separated]] = True
            used[side] = True
        found: NDArray[np.bool_] = used & ~tied
        return found


def contrasts(source: Source) -> Contrasts | None:
    """Return the contrasts within sets of a source, of rows with positive weight.

    Parameters
    ----------
    source : Source
        Of whole sets, in any basis.

    Returns
    -------
    Contrasts or None
        None where there are too many sets with too many pairs.
    """
    rows = source.fold(_written_out)
    starts = np.append(np.flatnonzero(np.diff(rows.numbers, prepend=-1)), len(rows.numbers))
    cases, others, bounds = [], [], []
    total = n_bounds = 0
    for start, stop in zip(starts[:-1].tolist(), starts[1:].tolist(), strict=True):
        counted = rows.counts[start:stop]
        case = start + np.flatnonzero((rows.y[start:stop] > 0) & counted)
        other = start + np.flatnonzero((rows.y[start:stop] == 0) & counted)
        if not (len(case) and len(other)):
            continue
        if len(case) * len(other) > MANY_PAIRS * (stop - start) and n_bounds < MOST_BOUNDS:
            both = np.concatenate([case, other])
            cases.append(both)
            others.append(both)
            bounds.append(np.full(len(both), n_bounds))
            n_bounds += 1
        else:
            cases.append(np.repeat(case, len(other)))
            others.append(np.tile(other, len(case)))
            bounds.append(np.full(len(cases[-1]), -1))
        total += len(cases[-1])
        if total * source.n_columns > MOST_ELEMENTS:
            return None
    if not cases:
        empty = np.zeros(0, dtype=np.int64)
        none = Block(np.zeros(0), np.zeros((0, source.n_columns)))
        return Contrasts(ArraySource(none), empty, empty, 0)
    first, second, bound = (np.concatenate(part) for part in (cases, others, bounds))
    Z = np.zeros((len(first), source.n_columns + n_bounds))
    pairs = bound < 0
    Z[pairs, : source.n_columns] = rows.X[first[pairs]] - rows.X[second[pairs]]
    sign = np.where(rows.y[first[~pairs]] > 0, 1.0, -1.0)
    Z[~pairs, : source.n_columns] = sign[:, np.newaxis] * rows.X[first[~pairs]]
    Z[np.flatnonzero(~pairs), source.n_columns + bound[~pairs]] = -sign
    return Contrasts(ArraySource(Block(np.ones(len(Z)), Z)), first, second, n_bounds)


@dataclass(frozen=True)
class _Rows:
    """Rows written out, merged by standing under each other."""

    X: Floats
    y: Floats
    numbers: Integers
    counts: NDArray[np.bool_]

    def __add__(self, other: _Rows) -> _Rows:
        return _Rows(
            np.concatenate([self.X, other.X]),
            np.concatenate([self.y, other.y]),
            np.concatenate([self.numbers, other.numbers]),
            np.concatenate([self.counts, other.counts]),
        )


def _written_out(block: Block) -> _Rows:
    counts = block.counts
    counts = np.ones(block.n_rows, dtype=bool) if counts is None else counts
    return _Rows(dense(block.X), block.y, block.groups[SETS], counts)
