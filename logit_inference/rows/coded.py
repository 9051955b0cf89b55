"""Columns of wide factors, kept as codes.

A factor of 500 levels is 500 columns of a design and one small integer per row. `Coded` holds such
columns as those integers, beside the numeric columns, and its products cost what the integers
cost: ``X @ b`` looks up a coefficient per factor, ``X' r`` sums by level. An array of the width of
X is never made. What is quadratic in X stands in `rows.quadratic`.

Sums are taken over *levels* (see `rows.levels`); contrasts turn levels into columns at the end.

This file knows what columns are made of. What they mean, and where they came from, it does not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from logit_inference.rows import survey
from logit_inference.rows.block import Floats
from logit_inference.rows.levels import LevelSums

Integers = NDArray[np.intp]
# Rows and bytes of numbers in a block, see `rows_per_block`.
MOST_ROWS, FEWEST_ROWS, BLOCK_BYTES = 1 << 15, 1 << 13, 3 << 19


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """Columns that are made of one factor: the row of a table for its level, times a number.

    Parameters
    ----------
    factor : int
        Which of the codes.
    columns : (width,) array of int
        Which columns of X.
    levels : (width,) array of int or None
        The level that each column indicates; None where there is a table.
    table : (levels of the factor, width) array or None
        The columns at each level, for contrasts other than indicators.
    multiplier : int
        Which of the numbers multiplies them. Number 0 is the constant one.
    """

    factor: int
    columns: Integers
    levels: Integers | None = None
    table: Floats | None = None
    multiplier: int = 0

    def by_level(self, values: Floats, n_levels: int) -> Floats:
        """Return ``table @ values``: rows for the columns (width, …) to rows for the levels."""
        if self.table is not None:
            product: Floats = self.table @ values
            return product
        spread = np.zeros((n_levels, *values.shape[1:]))
        spread[self.levels] = values
        return spread

    def by_column(self, sums: Floats) -> Floats:
        """Return ``table' @ sums``: rows for the levels (levels, …) to rows for the columns."""
        if self.table is not None:
            product: Floats = self.table.T @ sums
            return product
        chosen: Floats = sums[span(self.levels)]
        return chosen


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """What the columns of X are made of; the same for every slice of rows.

    Parameters
    ----------
    n_columns : int
        Number p of columns of X.
    places : (k,) array of int
        The column of X that each number is; -1 for one that only multiplies.
    n_levels : tuple of int
        Of each factor.
    parts : tuple of Part
    """

    n_columns: int
    places: Integers
    n_levels: tuple[int, ...]
    parts: tuple[Part, ...]

    def keep(self, columns: Sequence[int]) -> Layout:
        """Return the layout of some of the columns, given in increasing order."""
        place = np.full(self.n_columns + 1, -1, dtype=np.intp)
        place[list(columns)] = np.arange(len(columns))
        parts = []
        for part in self.parts:
            kept = place[part.columns] >= 0
            levels = None if part.levels is None else part.levels[kept]
            table = None if part.table is None else part.table[:, kept]
            if kept.any():
                chosen = place[part.columns[kept]]
                parts.append(replace(part, columns=chosen, levels=levels, table=table))
        return Layout(len(columns), place[self.places], self.n_levels, tuple(parts))

    def of_numbers(self, rows: Floats) -> Floats:
        """Return rows (p, …) for the columns of X as rows (k, …) for the numbers."""
        own = np.zeros((len(self.places), *rows.shape[1:]))
        seen = self.places >= 0
        own[seen] = rows[self.places[seen]]
        return own


@dataclass(frozen=True, slots=True, eq=False)
class Coded:
    """An (n, p) matrix whose wide factors are codes.

    Parameters
    ----------
    numbers : (n, k) array
        Numeric columns, C-contiguous. Number 0 is one in every row, and NaN in a row that is
        missing, of which all products are NaN then.
    codes : tuple of (n,) integer arrays
        For each factor the level of each row, from 0 on, in the type in which it came.
    layout : Layout
        What the columns are made of.

    Examples
    --------
    An intercept, a column x, and a factor of three levels with the first as reference:

    >>> group = Part(0, columns=np.array([2, 3]), levels=np.array([1, 2]))
    >>> layout = Layout(4, np.array([0, 1]), (3,), (group,))
    >>> numbers = np.array([[1.0, 0.5], [1.0, 2.5]])
    >>> X = Coded(numbers, (np.array([2, 0], dtype=np.int8),), layout)
    >>> X.shape, dense(X).tolist()
    ((2, 4), [[1.0, 0.5, 0.0, 1.0], [1.0, 2.5, 0.0, 0.0]])
    >>> times(X[:1], np.array([1.0, 1.0, 10.0, 20.0])).tolist()
    [21.5]
    """

    numbers: Floats
    codes: tuple[NDArray[Any], ...]
    layout: Layout

    @property
    def shape(self) -> tuple[int, int]:
        """Numbers of rows and of columns."""
        return len(self.numbers), self.layout.n_columns

    def __len__(self) -> int:
        return len(self.numbers)

    def __getitem__(self, index: Any) -> Coded:
        """Return rows, or ``X[:, columns]`` columns in increasing order; a slice is a view."""
        if isinstance(index, tuple):
            rows, columns = index
            return replace(self[rows], layout=self.layout.keep(columns))
        return Coded(self.numbers[index], tuple(codes[index] for codes in self.codes), self.layout)

    def __abs__(self) -> Coded:
        parts = tuple(
            part if part.table is None else replace(part, table=np.abs(part.table))
            for part in self.layout.parts
        )
        return Coded(np.abs(self.numbers), self.codes, replace(self.layout, parts=parts))


def rows_per_block(X: Coded) -> int:
    """Return how many rows a block should have: 32,768, or fewer where it has many numbers.

    A call costs some 20 µs for each factor and pair of factors, whatever the number of rows, so
    that a block needs more of them than a dense one.
    """
    n_numbers = int(X.numbers.shape[1])
    return min(max(BLOCK_BYTES // (8 * n_numbers), FEWEST_ROWS), MOST_ROWS)


def dense(X: Coded) -> Floats:
    """Return X as a plain C-contiguous (n, p) array."""
    full = np.zeros(X.shape)
    seen = np.flatnonzero(X.layout.places >= 0)
    full[:, X.layout.places[seen]] = X.numbers[:, seen]
    for part in X.layout.parts:
        codes, factors = X.codes[part.factor], X.numbers[:, part.multiplier]
        if part.table is not None:
            full[:, part.columns] = part.table[codes] * factors[:, np.newaxis]
        else:
            place = np.full(X.layout.n_levels[part.factor], -1, dtype=np.intp)
            place[part.levels] = part.columns
            rows = np.flatnonzero(place[codes] >= 0)
            full[rows, place[codes[rows]]] = factors[rows]
    full[np.isnan(X.numbers[:, 0])] = np.nan
    return full


def nonzero_rows(X: Coded, columns: Integers) -> NDArray[np.bool_]:
    """Say which rows are other than zero in some of the columns, shape (n,).

    Notes
    -----
    A look-up for each row and part, about 1 ns.
    """
    wanted = np.zeros(X.layout.n_columns, dtype=bool)
    wanted[columns] = True
    seen = np.flatnonzero(X.layout.places >= 0)
    numbers = seen[wanted[X.layout.places[seen]]]
    found: NDArray[np.bool_] = (X.numbers[:, numbers] != 0).any(axis=1)
    for part in X.layout.parts:
        own = wanted[part.columns]
        if not own.any():
            continue
        at = np.zeros(X.layout.n_levels[part.factor], dtype=bool)
        if part.table is None:
            assert part.levels is not None, "columns without a table indicate levels"
            at[part.levels[own]] = True
        else:
            at[:] = (part.table[:, own] != 0).any(axis=1)
        there = at[X.codes[part.factor]]
        if part.multiplier:
            there &= X.numbers[:, part.multiplier] != 0
        found |= there
    return found


def signs(X: Coded) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return which columns (p,) are positive, and which negative, in some row.

    Notes
    -----
    For each row and part about 2 ns; nothing of the width of X but for tables.
    """
    layout, numbers = X.layout, X.numbers
    up, down = np.zeros((2, layout.n_columns), dtype=bool)
    seen = np.flatnonzero(layout.places >= 0)
    up[layout.places[seen]] = (numbers[:, seen] > 0).any(axis=0)
    down[layout.places[seen]] = (numbers[:, seen] < 0).any(axis=0)
    for part in layout.parts:
        codes, values = X.codes[part.factor], numbers[:, part.multiplier]
        at = np.zeros((2, layout.n_levels[part.factor]), dtype=bool)
        at[0, codes[values > 0]] = True
        at[1, codes[values < 0]] = True
        if part.table is None:
            up[part.columns], down[part.columns] = at[:, part.levels]
            continue
        above, below = part.table > 0, part.table < 0
        up[part.columns] = above[at[0]].any(axis=0) | below[at[1]].any(axis=0)
        down[part.columns] = above[at[1]].any(axis=0) | below[at[0]].any(axis=0)
    return up, down


def times(X: Coded, coef: Floats, out: Floats | None = None) -> Floats:
    """Return ``X @ coef`` of shape (n,), in ``out`` if that is given.

    Notes
    -----
    A look-up for each row and part, about 1 ns; two arrays of length n.
    """
    layout = X.layout
    total: Floats = np.matmul(X.numbers, layout.of_numbers(coef), out=out)
    for part in layout.parts:
        own = part.by_level(coef[part.columns], layout.n_levels[part.factor])
        total += multiplied(X, part, look_up(own, X.codes[part.factor]))
    return total


def transposed_times(X: Coded, values: Floats) -> Floats:
    """Return ``X' values`` of shape (p,).

    Notes
    -----
    An addition for each row and part, 1 to 2 ns; three arrays of length n.
    """
    sums = CodedSums(X)
    sums.add(X, values)
    return sums.total()


def largest(X: Coded) -> Floats:
    """Return the largest absolute value of each column, shape (p,); zero where there are no rows.

    Notes
    -----
    For each row and part about 1 ns, 4 where numbers multiply it.
    """
    layout = X.layout
    reached = np.zeros(layout.n_columns)
    if not len(X):
        return reached
    seen = layout.places >= 0
    reached[layout.places[seen]] = survey.largest(X.numbers)[seen]
    for part in layout.parts:
        by_level = np.zeros(layout.n_levels[part.factor])
        codes = X.codes[part.factor]
        if part.multiplier:
            sizes = np.abs(X.numbers[:, part.multiplier])
            np.maximum.at(by_level, codes.astype(np.intp), sizes)
        else:
            by_level[codes] = 1.0
        table = part.table
        reached[part.columns] = (
            part.by_column(by_level)
            if table is None
            else (np.abs(table) * by_level[:, np.newaxis]).max(axis=0)
        )
    return reached


def magnitudes(X: Coded) -> Coded:
    """Return the columns whose numbers and tables are the absolute values of those of X."""
    parts = tuple(
        part if part.table is None else replace(part, table=np.abs(part.table))
        for part in X.layout.parts
    )
    return Coded(np.abs(X.numbers), X.codes, replace(X.layout, parts=parts))


def square_sums(X: Coded, weight: Floats | None = None) -> Floats:
    """Return the sum of squares of each column, shape (p,), of rows with (n,) weights."""
    parts = tuple(
        part if part.table is None else replace(part, table=np.square(part.table))
        for part in X.layout.parts
    )
    squares = Coded(np.square(X.numbers), X.codes, replace(X.layout, parts=parts))
    return transposed_times(squares, np.ones(len(X)) if weight is None else weight)


def level_depths(X: Coded) -> Floats:
    """Return for each column of a factor how many rows its sum by level adds up at most, (p,)."""
    layout = X.layout
    depths = np.full(layout.n_columns, float(len(X)))
    counts = [np.bincount(codes, minlength=1).max(initial=0) for codes in X.codes]
    for part in layout.parts:
        contrasts = 0 if part.table is None else len(part.table)
        depths[part.columns] = float(counts[part.factor] + contrasts)
    return depths


def addends(layout: Layout) -> int:
    """Return how many numbers are added up for one element of ``X b``."""
    widths = (1 if part.table is None else part.table.shape[1] for part in layout.parts)
    return len(layout.places) + sum(widths)


class CodedSums:
    """The sum of ``X' values`` over blocks of a `Coded`, kept by level until the end.

    Parameters
    ----------
    X : Coded
        The first block; none that is added later has more rows.
    sums : LevelSums, optional
        For so many rows, where there is one.
    """

    def __init__(self, X: Coded, sums: LevelSums | None = None) -> None:
        layout = X.layout
        self._layout = layout
        self._sums = LevelSums(len(X)) if sums is None else sums
        self._numeric = np.zeros(len(layout.places))
        self._by_level = [np.zeros(layout.n_levels[part.factor]) for part in layout.parts]

    def add(self, X: Coded, values: Floats) -> None:
        """Add a block with (n,) values."""
        self._numeric += np.matmul(values, X.numbers)
        for part, total in zip(self._layout.parts, self._by_level, strict=True):
            own = multiplied(X, part, values)
            total += self._sums.of(X.codes[part.factor], own, len(total))

    def total(self) -> Floats:
        """Return the sums (p,)."""
        layout = self._layout
        total = np.zeros(layout.n_columns)
        seen = layout.places >= 0
        total[layout.places[seen]] = self._numeric[seen]
        for part, sums in zip(layout.parts, self._by_level, strict=True):
            total[part.columns] = part.by_column(sums)
        return total


def multiplied(X: Coded, part: Part, values: Floats) -> Floats:
    """Return values (n,) times the part's multiplier."""
    return values * X.numbers[:, part.multiplier] if part.multiplier else values


def look_up(by_level: Floats, codes: NDArray[Any]) -> Floats:
    """Return what stands at each code (n,); that codes are within their levels is not checked."""
    found: Floats = by_level.take(codes, axis=0, mode="clip")
    return found


def span(indices: Integers | None) -> Any:
    """Return increasing neighbours as a slice, which makes views, and other indices as they are."""
    if indices is None or not len(indices) or not (indices[1:] - indices[:-1] == 1).all():
        return indices
    return slice(int(indices[0]), int(indices[-1]) + 1)
