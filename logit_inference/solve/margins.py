"""What the search for directions of recession asks of the rows: kernels on blocks.

With z the row of an event, and minus the row of a non-event, a direction d is right for a row where
``z'd > 0``. Signs are exact; which rows are brought back, and in which order, need not be.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from logit_inference.likelihood.evaluation import Total
from logit_inference.rows.block import Block, Floats
from logit_inference.rows.coded import Coded
from logit_inference.rows.product import dense, nonzero_rows, signs
from logit_inference.rows.source import Source
from logit_inference.solve.integers import Integers, as_floats, exact_nonzero, exact_signs

AT_ONCE = 1 << 21  # elements of coded columns that are written out at a time


@dataclass(frozen=True)
class Count:
    """A number of rows whose merge is the sum."""

    n: int

    def __add__(self, other: Count) -> Count:
        return Count(self.n + other.n)


@dataclass(frozen=True)
class Worst:
    """Some rows z (k, p), those with the smallest margins of all that were seen."""

    rows: Floats
    margins: Floats
    most: int

    def __add__(self, other: Worst) -> Worst:
        rows = np.vstack([self.rows, other.rows])
        margins = np.append(self.margins, other.margins)
        best = np.argsort(margins, kind="stable")[: self.most]
        return Worst(rows[best], margins[best], self.most)


@dataclass(frozen=True)
class _Piece:
    """Rows that count, written out: z, which have events and non-events, and which they are."""

    Z: Floats
    mixed: NDArray[np.bool_]
    rows: NDArray[np.intp]


def _pieces(block: Block, *used: NDArray[Any]) -> Iterator[_Piece]:
    """Yield the rows of a block that count, some at a time.

    Of coded columns only rows that are other than zero where some integers (p,) or (p, r) are:
    these are few where the columns are levels of a wide factor, and written out a row is wide.
    """
    X, counts = block.X, block.counts
    rows = np.arange(block.n_rows) if counts is None else np.flatnonzero(counts)
    if isinstance(X, Coded) and used:
        wanted = np.zeros(block.n_columns, dtype=bool)
        for integers in used:
            wanted |= (integers.reshape(block.n_columns, -1) != 0).any(axis=1)
        rows = rows[nonzero_rows(X[rows], np.flatnonzero(wanted))]
    size = max(AT_ONCE // max(block.n_columns, 1), 1)
    for start in range(0, max(len(rows), 1), size):
        part = rows[start : start + size]
        y = block.y[part]
        mixed = np.zeros(len(y), dtype=bool)
        if block.trials is not None:
            mixed = (y > 0) & (y < block.trials[part])
        Z = np.where(y > 0, 1.0, -1.0)[:, np.newaxis] * dense(X[part])
        yield _Piece(Z, mixed, part)


def count_rows(block: Block, columns: Integers | None = None) -> Count:
    """Count the rows that count, or those that are not orthogonal to some columns."""
    if columns is None:
        counts = block.counts
        return Count(block.n_rows if counts is None else int(counts.sum()))
    pieces = _pieces(block, columns)
    return Count(sum(int(exact_nonzero(piece.Z, columns).sum()) for piece in pieces))


def outcomes_beside(block: Block, columns: NDArray[np.intp]) -> Total:
    """Count the rows with events, and with non-events, that are zero in some columns, (2,)."""
    rows = ~nonzero_rows(block.X, columns)
    if block.counts is not None:
        rows &= block.counts
    y = block.y[rows]
    failures = y < (1.0 if block.trials is None else block.trials[rows])
    return Total(np.array([np.count_nonzero(y > 0), np.count_nonzero(failures)], dtype=np.float64))


@dataclass(frozen=True)
class Sides:
    """Which columns are positive, and which negative, in some row z; shape (2, p) of bool."""

    values: NDArray[np.bool_]

    def __add__(self, other: Sides) -> Sides:
        return Sides(self.values | other.values)


def column_sides(block: Block, gone: NDArray[np.intp]) -> Sides:
    """Return the signs that each column has among the rows z that are zero in some columns."""
    X, y, trials = block.X, block.y, block.trials
    stays = ~nonzero_rows(X, gone)
    counts = block.counts
    if counts is not None:
        stays &= counts
    failures = y == 0 if trials is None else y < trials
    up, down = signs(X[stays & (y > 0)])
    below, above = signs(X[stays & failures])
    return Sides(np.array([up | above, down | below]))


def separates_alone(source: Source) -> bool:
    """Say whether some column by itself separates rows, as that of an empty cell does; one pass."""
    sides = _sides(source)
    return bool((sides[0] != sides[1]).any())


def present_columns(source: Source) -> NDArray[np.bool_]:
    """Return which columns are other than zero in some row that counts, shape (p,); one pass."""
    return np.asarray(_sides(source).any(axis=0))


def _sides(source: Source) -> NDArray[np.bool_]:
    return source.fold(column_sides, np.empty(0, dtype=np.intp)).values


def touches(block: Block, columns: NDArray[np.intp]) -> Floats:
    """Return 1 for rows that are not zero in some columns, 0 for the others."""
    return nonzero_rows(block.X, columns).astype(np.float64)


@dataclass(frozen=True)
class Largest:
    """A number whose merge is the maximum."""

    value: float

    def __add__(self, other: Largest) -> Largest:
        return Largest(max(self.value, other.value))


def largest_share(
    block: Block, columns: NDArray[np.intp], sizes: Floats, before: NDArray[np.intp]
) -> Largest:
    """Return the largest sum of a row's terms of given sizes beside the sum of some columns' own.

    Only rows that are not zero in these columns, and zero in the columns before, are looked at.
    """
    largest = 0.0
    for piece in _pieces(block, np.bincount(columns, minlength=block.n_columns)):
        Z = piece.Z[~(piece.Z[:, before] != 0).any(axis=1)]
        own = np.abs(Z[:, columns]).sum(axis=1)
        terms = np.abs(Z) @ sizes
        largest = max(largest, float((terms[own > 0] / own[own > 0]).max(initial=0.0)))
    return Largest(largest)


def is_separated(block: Block, direction: Integers) -> Floats:
    """Return 1 for rows with a positive margin, 0 for the others."""
    separated = np.zeros(block.n_rows)
    for piece in _pieces(block, direction):
        separated[piece.rows] = exact_signs(piece.Z, direction) > 0
    return separated


def is_moved(block: Block, columns: Integers) -> Floats:
    """Return 1 for rows that are not orthogonal to some columns, 0 for the others."""
    moved = np.zeros(block.n_rows)
    for piece in _pieces(block, columns):
        moved[piece.rows] = exact_nonzero(piece.Z, columns)
    return moved


def spread(block: Block, columns: Integers, most: int) -> Worst:
    """Return rows from all over the block that are not orthogonal to some columns."""
    pieces = _pieces(block, columns)
    return _merged((_chosen(piece, columns, most) for piece in pieces), block, most)


def mixed(block: Block, columns: Integers, most: int) -> Worst:
    """Return rows with events and non-events that are not orthogonal to some columns."""
    own = (
        _Piece(piece.Z[piece.mixed], piece.mixed[piece.mixed], piece.rows[piece.mixed])
        for piece in _pieces(block, columns)
    )
    return _merged((_chosen(piece, columns, most) for piece in own), block, most)


def _chosen(piece: _Piece, columns: Integers, most: int) -> Worst:
    """Return at most so many rows of a piece, in the order of a shuffle that is always the same."""
    order = np.random.default_rng(len(piece.Z)).permutation(len(piece.Z))
    tried = piece.Z[order[: 2 * most]]
    kept = tried[exact_nonzero(tried, columns)]
    if not len(kept):  # rare among all rows: look at every one
        kept = piece.Z[exact_nonzero(piece.Z, columns)]
    kept = kept[:most]
    return Worst(kept, np.arange(len(kept), dtype=np.float64), most)


def exposed(block: Block, direction: Integers, columns: Integers, most: int) -> Worst:
    """Return the worst rows that a direction does not put strictly on their side.

    Rows orthogonal to the columns have no side.
    """
    pieces = _pieces(block, direction, columns)
    wrong = (_on_wrong_side(piece, direction, columns, most) for piece in pieces)
    return _merged(wrong, block, most)


def _on_wrong_side(piece: _Piece, direction: Integers, columns: Integers, most: int) -> Worst:
    sides = exact_signs(piece.Z, direction)
    wrong = np.flatnonzero((sides <= 0) | piece.mixed)
    idle = wrong[sides[wrong] == 0]
    if len(idle):
        stays = exact_nonzero(piece.Z[idle], columns)
        wrong = np.setdiff1d(wrong, idle[~stays])
    rows, rounded = piece.Z[wrong], as_floats(direction)
    with np.errstate(all="ignore"):
        margins = (rows @ rounded) / (np.abs(rows) @ np.abs(rounded))
    margins = np.nan_to_num(margins, nan=0.0)
    best = np.argsort(margins, kind="stable")[:most]
    return Worst(rows[best], margins[best], most)


def _merged(parts: Iterable[Worst], block: Block, most: int) -> Worst:
    total = Worst(np.empty((0, block.n_columns)), np.empty(0), most)
    for part in parts:
        total = total + part
    return total


@dataclass(frozen=True)
class Facets:
    """Rows (k, r) of size one that bound a cone, each once; None where there are too many."""

    rows: Floats | None
    most: int

    def __add__(self, other: Facets) -> Facets:
        if self.rows is None or other.rows is None:
            return Facets(None, self.most)
        return bounding(np.vstack([self.rows, other.rows]), self.most)


def facets(block: Block, columns: Integers, span: Floats, most: int) -> Facets:
    """Return the rows that are not orthogonal to some columns, as combinations of a span."""
    total = Facets(np.empty((0, span.shape[1])), most)
    for piece in _pieces(block, columns):
        rows = (piece.Z @ span)[exact_nonzero(piece.Z, columns)]
        total = total + bounding(rows / np.abs(rows).max(axis=1, keepdims=True), most)
    return total


def bounding(rows: Floats, most: int) -> Facets:
    """Return the distinct rows among some, without those inside the angle of two others."""
    rows = _each_once(np.round(rows, 13))
    if rows.shape[1] == 2 and len(rows) > 2:
        # The rows of a pointed cone of the plane lie within a half turn of one another.
        first = rows[0]
        turn = np.arctan2(first[0] * rows[:, 1] - first[1] * rows[:, 0], rows @ first)
        rows = rows[[int(np.argmin(turn)), int(np.argmax(turn))]]
    return Facets(rows if len(rows) <= most else None, most)


def _each_once(rows: Floats) -> Floats:
    """Return the distinct rows in the order in which they first stand.

    By their bytes: sorting rows of a thousand numbers takes a hundred times as long.
    """
    rows = np.ascontiguousarray(rows + 0.0)  # no zero has a sign
    places: dict[bytes, int] = {}
    for place, row in enumerate(rows):
        places.setdefault(row.tobytes(), place)
    return rows[list(places.values())]


@dataclass(frozen=True)
class Distinct:
    """Rows (k, u), each once; None where there are too many."""

    rows: Floats | None
    most: int

    def __add__(self, other: Distinct) -> Distinct:
        if self.rows is None or other.rows is None:
            return Distinct(None, self.most)
        rows = _each_once(np.vstack([self.rows, other.rows]))
        return Distinct(rows if len(rows) <= self.most else None, self.most)


def distinct_moved(block: Block, columns: Integers, most: int) -> Distinct:
    """Return the distinct rows that are not orthogonal to columns, where these are not zero."""
    used = (columns != 0).any(axis=1)
    total = Distinct(np.empty((0, int(used.sum()))), most)
    for piece in _pieces(block, columns):
        moved = piece.Z[exact_nonzero(piece.Z, columns)]
        total = total + Distinct(moved[:, used], most)
    return total
