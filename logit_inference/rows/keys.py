"""One integer key for each combination of values that the columns of a row can take, and back.

The values of a column are numbered from 0, and the numbers of a row are the digits of its key.
Equal keys are equal rows, to the last bit: every value is checked against the one its number
stands for. This file knows columns; what they belong to, it does not ask.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import prod
from operator import mul
from typing import Any

import numpy as np
from numpy.typing import NDArray

from logit_inference.rows.block import Floats

Integers = NDArray[np.integer[Any]]

MOST_NUMBERS = 1 << 16  # of one column
TABLE = 8  # possible combinations in a table for each key that there may be
LARGEST_WHOLE = 2.0**30  # times a number of keys it is still an exact double


@dataclass(frozen=True, slots=True)
class Grid:
    """The points that the values of a column are on, numbered from 0.

    Parameters
    ----------
    low, high : float
        Smallest and largest value.
    per_step : float
        Points per unit.
    count : int
        Number of points.
    values : (count,) array or None
        The value of each number, NaN where there is none; None where they are all the whole
        numbers from ``low`` to ``high``.
    """

    low: float
    high: float
    per_step: float
    count: int
    values: Floats | None = None

    def numbers(self, column: Floats) -> Floats:
        """Return the number of the nearest point to each value."""
        numbers: Floats = np.rint((column - self.low) * self.per_step)
        return numbers


def find_grid(column: Floats) -> Grid | None:
    """Return the grid that the values of a column are on; None if its points would be too many.

    Whole numbers have one step between them; other values half the smallest gap that occurs, so
    that different values have different numbers. A value that is not finite is on no grid.

    Examples
    --------
    >>> find_grid(np.array([3.0, 5.0])).count, find_grid(np.array([0.1, 0.3, 0.4])).count
    (3, 7)
    >>> find_grid(np.array([0.0, 1e-9, 1.0])) is None
    True
    """
    low, high = float(column.min()), float(column.max())
    span = high - low
    if not span < np.inf:
        return None
    small = max(-low, high) <= LARGEST_WHOLE and span < MOST_NUMBERS
    if small and np.array_equal(np.rint(column), column):
        return Grid(low, high, 1.0, int(span) + 1)
    levels = np.unique(column)
    step = float(np.diff(levels).min(initial=np.inf)) / 2
    if not span < MOST_NUMBERS * step:
        return None
    numbers = Grid(low, high, 1.0 / step, 0).numbers(levels).astype(np.intp)
    values = np.full(numbers[-1] + 1, np.nan)
    values[numbers] = levels
    return Grid(low, high, 1.0 / step, len(values), values)


@dataclass(frozen=True, slots=True)
class Group:
    """Adjacent columns whose numbers make up one digit of the key.

    Parameters
    ----------
    start : int
        The first column.
    weights : array
        What one step of each column's number counts.
    count : int
        Number of values of the digit.
    found : (count,) array of int or None
        The combination of each digit; None where each possible one has a digit of its own.
    digits : array of int or None
        The digit of each possible combination, -1 where it has none.
    """

    start: int
    weights: Floats
    count: int
    found: Integers | None = None
    digits: Integers | None = None

    def combinations(self, numbers: Floats) -> Integers:
        """Return the combination in each row, from the numbers (q, n) of all columns."""
        mine = numbers[self.start : self.start + len(self.weights)]
        combinations: Integers = np.dot(self.weights, mine).astype(np.intp)
        return combinations

    def digit(self, numbers: Floats) -> Integers:
        """Return the digit of each row, -1 where its combination has none."""
        combinations = self.combinations(numbers)
        return combinations if self.digits is None else self.digits.take(combinations)

    def among(self, combinations: Integers) -> Group:
        """Return the same columns with digits for those combinations only."""
        digits = np.full(self.count, -1, dtype=np.int32)
        digits[combinations] = 0
        found = np.flatnonzero(digits == 0)
        digits[found] = np.arange(len(found), dtype=np.int32)
        return Group(self.start, self.weights, len(found), found, digits)


@dataclass(frozen=True, slots=True)
class RowKeys:
    """A key for each combination of known values.

    Parameters
    ----------
    grids : tuple of Grid
        One for each column.
    groups : tuple of Group
        First digit first.
    """

    grids: tuple[Grid, ...]
    groups: tuple[Group, ...]

    @property
    def count(self) -> int:
        """Number of keys."""
        return prod(group.count for group in self.groups)

    def of(self, columns: Floats) -> Integers | None:
        """Return the key of each row, None where a value or a combination is not known.

        ``columns`` (q, n) is used up: numbers take the place of values.
        """
        if not _number(columns, self.grids):
            return None
        keys: Integers | None = None
        for group in self.groups:
            digit = group.digit(columns)
            if digit.min(initial=0) < 0:
                return None
            keys = digit if keys is None else keys * group.count + digit
        return keys

    def columns(self, keys: Integers) -> Floats:
        """Return the values (q, m) of the columns for m keys."""
        columns = np.empty((len(self.grids), len(keys)))
        for group in reversed(self.groups):
            keys, combinations = np.divmod(keys, group.count)
            if group.found is not None:
                combinations = group.found[combinations]
            for j, weight in enumerate(group.weights, group.start):
                grid = self.grids[j]
                number = combinations // int(weight) % grid.count
                columns[j] = grid.low + number if grid.values is None else grid.values[number]
        return columns


def number_rows(columns: Floats, most: int) -> tuple[RowKeys, Integers] | None:
    """Return keys for the combinations of values that occur, and the key of each row.

    Parameters
    ----------
    columns : (q, n) array
        At least one column; used up.
    most : int
        Largest number of keys.

    Returns
    -------
    RowKeys, (n,) array of int; or None
        None where a column has too many values, or rows too many combinations of them.

    Notes
    -----
    Where all possible combinations are at most ``most``, each has a key. Otherwise adjacent columns
    with at most 65,536 combinations share a digit, or as many as have eight times ``most``; it
    counts only what occurs in some row: the nine indicators of a factor of ten levels have ten of
    512 combinations.

    Examples
    --------
    >>> keys, rows = number_rows(np.array([[0.0, 1.0, 1.0], [2.5, 2.5, 3.0]]), 6)
    >>> keys.count, keys.columns(rows).tolist()
    (6, [[0.0, 1.0, 1.0], [2.5, 2.5, 3.0]])
    """
    grids: list[Grid] = []
    for column in columns:
        grid = find_grid(column)
        if grid is None:
            return None
        grids.append(grid)
    if not _number(columns, grids):
        return None
    counts = [grid.count for grid in grids]
    tables = (MOST_NUMBERS, TABLE * most)
    for largest in (most,) if prod(counts) <= most else tables:
        digits = _digits(columns, _groups(counts, largest), most)
        if digits is not None:
            groups, keys = digits
            return RowKeys(tuple(grids), groups), keys
    return None


def _groups(counts: Sequence[int], largest: int) -> list[Group]:
    """Return as few groups of adjacent columns as have at most ``largest`` combinations each."""
    groups: list[Group] = []
    start = 0
    for stop in range(1, len(counts) + 1):
        if stop == len(counts) or prod(counts[start : stop + 1]) > largest:
            weights = list(accumulate(counts[start : stop - 1], mul, initial=1))
            groups.append(Group(start, np.array(weights, float), prod(counts[start:stop])))
            start = stop
    return groups


def _digits(
    numbers: Floats, groups: Sequence[Group], most: int
) -> tuple[tuple[Group, ...], Integers] | None:
    """Return groups with at most ``most`` keys in all, and the keys; None if there are more."""
    keys = np.zeros(numbers.shape[1], dtype=np.intp)
    chosen: list[Group] = []
    possible = 1
    for group in groups:
        if len(groups) > 1 or group.count > most:
            group = group.among(group.combinations(numbers))
        possible *= group.count
        if possible > most:
            return None
        chosen.append(group)
        keys = keys * group.count + group.digit(numbers)
    return tuple(chosen), keys


def _number(columns: Floats, grids: Sequence[Grid]) -> bool:
    """Put numbers in the place of the values; tell whether all values are on the grids."""
    low = np.array([grid.low for grid in grids])
    high = np.array([grid.high for grid in grids])
    if not ((columns.min(axis=1) >= low) & (columns.max(axis=1) <= high)).all():
        return False
    fractional = (columns != np.rint(columns)).any(axis=1)
    for column, grid, part in zip(columns, grids, fractional, strict=True):
        if grid.values is None:
            if part:
                return False
            if grid.low:
                column -= grid.low
        else:
            numbers = grid.numbers(column)
            if not np.array_equal(grid.values[numbers.astype(np.intp)], column):
                return False
            column[...] = numbers
    return True
