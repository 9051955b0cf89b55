"""One look at a whole matrix before anything is computed from it.

Are all values finite, which column is the constant one, and, where somebody asks, how large can a
value be? Whose columns they are, or what is wrong with them, it does not ask.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from functools import reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray

# Up to this many values arrays of their size cost less than sparing them.
SMALL = 1 << 13
# Rows laid side by side up to this many values: the loops of numpy are then long enough to be fast.
WIDE = 512
# Values in a block that is read twice, for one end and for the other, while it stays in cache.
BLOCK = 1 << 18
COLUMN_BLOCK = 1 << 15  # rows, where columns are contiguous
LOOKED_AT = 1 << 17  # values in a block that is summed, and looked at for ones
ONES = (1, 1, 1, 1)


def largest(X: NDArray[Any]) -> NDArray[np.float64]:
    """Return the largest absolute value of each column (p,), NaN where one is missing.

    Parameters
    ----------
    X : (n, p) array
        Any real type, order or stride. Without rows, −inf.

    Notes
    -----
    One pass through memory, in blocks that are read twice from cache: about three times the cost
    of ``X.sum()``. Nothing of the size of X is made.

    Examples
    --------
    >>> largest(np.array([[1.0, -3.0], [np.nan, 2.0]])).tolist()
    [nan, 3.0]
    """
    low, high = _ranges(X)
    return np.maximum(-low, high)


def is_finite(values: NDArray[Any]) -> bool:
    """Return whether all values of an array are finite.

    A sum that is finite has finite terms, at the cost of one pass without a mask of the values'
    size. One that is not may have overflowed, and only makes us look closer.

    Examples
    --------
    >>> is_finite(np.array([1e300, -1e300])), is_finite(np.array([0.0, np.nan]))
    (True, False)
    """
    if values.dtype.kind != "f":
        return True
    if values.size <= SMALL:
        return _all_finite(values)
    with np.errstate(over="ignore", invalid="ignore"):
        total = np.add.reduce(values, axis=None, dtype=np.float64)
    if math.isfinite(total):
        return True
    step = max(1, SMALL * len(values) // values.size)
    return all(_all_finite(values[at : at + step]) for at in range(0, len(values), step))


def _all_finite(values: NDArray[Any]) -> bool:
    if values.dtype.itemsize > 8:  # long doubles may be larger than any that is computed with
        with np.errstate(over="ignore"):
            values = values.astype(np.float64)
    return bool(np.count_nonzero(np.isfinite(values)) == values.size)


def survey(X: NDArray[Any]) -> tuple[bool, int | None]:
    """Return whether all values are finite, and the first column of ones, None if there is none.

    Parameters
    ----------
    X : (n, p) array
        Any real type, order or stride.

    Notes
    -----
    About the cost of ``X.sum()``. Of many rows a few show of most columns that they are not ones;
    the others are read while their block is in cache. Nothing of the size of a large X is made.

    Examples
    --------
    >>> survey(np.array([[1.0, 3.0, 1.0], [2.0, 1.0, 1.0]]))
    (True, 2)
    """
    n, p = X.shape
    if X.size <= SMALL:
        first = X[0].tolist() if n else []
        if 1 in first:
            for j, value in enumerate(first):
                if value == 1 and np.count_nonzero(X[:, j] == 1) == n:
                    return is_finite(X), j
        return is_finite(X), None
    some = [X[row].tolist() for row in (0, n // 3, 2 * n // 3, n - 1)]
    left = [j for j, values in enumerate(zip(*some, strict=True)) if values == ONES]
    adds, total, step = X.dtype.kind == "f", 0.0, max(1, LOOKED_AT // p)
    with np.errstate(over="ignore", invalid="ignore"):
        for block in (X[start : start + step] for start in range(0, n, step)):
            if adds:
                total += float(np.add.reduce(block, axis=None, dtype=np.float64))
            left = [j for j in left if np.count_nonzero(block[:, j] == 1) == len(block)]
    return math.isfinite(total) or is_finite(X), min(left, default=None)


def _ranges(X: NDArray[Any]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the smallest and the largest value of each column; both NaN where one is missing."""
    n, p = X.shape
    if not n:
        low, high = np.full(p, np.inf), np.full(p, -np.inf)
    elif n * p <= SMALL:
        low, high = _ends(np.ascontiguousarray(X.T))
    elif abs(X.strides[0]) < abs(X.strides[1]):
        starts = range(0, n, COLUMN_BLOCK)
        low, high = _joined(_ends(X[start : start + COLUMN_BLOCK].T) for start in starts)
    else:
        beside = max(1, WIDE // p)
        whole = n - n % beside
        step = max(1, BLOCK // (beside * p)) * beside
        blocks = (X[start : min(start + step, whole)] for start in range(0, whole, step))
        wide = _joined(_ends(np.ascontiguousarray(b).reshape(-1, beside * p).T) for b in blocks)
        parts = [_ends(ends.reshape(beside, p).T) for ends in wide]
        low, high = _joined([*parts, *([_ends(X[whole:].T)] if whole < n else [])])
    if low.dtype != np.float64:
        low, high = low.astype(np.float64), high.astype(np.float64)
    return low, high


def _ends(columns: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return the smallest and the largest value of each row of a (p, n) array."""
    return np.minimum.reduce(columns, axis=1), np.maximum.reduce(columns, axis=1)


def _joined(
    parts: Iterable[tuple[NDArray[Any], NDArray[Any]]],
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return the ends of all parts together; there is at least one."""
    return reduce(lambda a, b: (np.minimum(a[0], b[0]), np.maximum(a[1], b[1])), parts)
