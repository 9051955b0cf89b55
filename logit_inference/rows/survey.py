"""One look at a whole matrix before anything is computed from it: the range of each column.

The two ends tell what a fit must know of its columns up front: whether all values are finite (a
missing value makes both ends missing), which columns do not vary, and how large a value can be.
Whose columns they are, or what is wrong with them, it does not ask.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray

# Up to this many values a transposed copy is the fastest way to rows that numpy reduces at once.
SMALL = 1 << 13
# Rows laid side by side up to this many values: the loops of numpy are then long enough to be fast.
WIDE = 512
# Values in a block that is read twice, for one end and for the other, while it stays in cache.
BLOCK = 1 << 18
COLUMN_BLOCK = 1 << 15  # rows, where columns are contiguous


@dataclass(frozen=True, slots=True)
class Survey:
    """The range of each of p columns; both ends NaN where a value is missing.

    Parameters
    ----------
    minimum, maximum : (p,) arrays of float64

    Examples
    --------
    >>> seen = survey(np.array([[1.0, -3.0], [1.0, 2.0]]))
    >>> seen.finite, seen.constant(1.0), seen.largest.tolist()
    (True, 0, [1.0, 3.0])
    """

    minimum: NDArray[np.float64]
    maximum: NDArray[np.float64]

    @property
    def finite(self) -> bool:
        """Whether no value is missing or infinite."""
        ends = (*self.minimum.tolist(), *self.maximum.tolist())
        return all(map(math.isfinite, ends))

    @property
    def largest(self) -> NDArray[np.float64]:
        """The largest absolute value of each column, shape (p,)."""
        return np.maximum(np.abs(self.minimum), np.abs(self.maximum))

    def constant(self, value: float) -> int | None:
        """Return the first column that has this value in all rows, None if there is none."""
        lows, highs = self.minimum.tolist(), self.maximum.tolist()
        if value not in lows:
            return None
        return next((j for j, low in enumerate(lows) if low == value == highs[j]), None)


def survey(X: NDArray[Any]) -> Survey:
    """Return the range of each column of an (n, p) matrix of real numbers.

    Parameters
    ----------
    X : (n, p) array
        Any real type, order or stride. Without rows, the range is (inf, −inf).

    Notes
    -----
    One pass through memory, in blocks that are read twice from cache: about three times the cost
    of ``X.sum()``. Nothing of the size of X is made.
    """
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
    return Survey(low, high)


def is_finite(values: NDArray[Any]) -> bool:
    """Return whether all values are finite.

    A finite sum of squares has finite terms, at the cost of one pass without a mask of the values'
    size. One that is not finite may have overflowed, and only makes us look closer.

    Examples
    --------
    >>> is_finite(np.array([1e300, -1e300])), is_finite(np.array([0.0, np.nan]))
    (True, False)
    """
    if values.dtype.kind != "f":
        return True
    if values.size <= SMALL:
        return bool(np.isfinite(values).all())
    flat = values if values.ndim == 1 else values.ravel(order="K")
    with np.errstate(over="ignore", invalid="ignore"):
        return math.isfinite(flat.dot(flat)) or bool(np.isfinite(values).all())


def _ends(columns: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return the smallest and the largest value of each row of a (p, n) array."""
    return np.minimum.reduce(columns, axis=1), np.maximum.reduce(columns, axis=1)


def _joined(
    parts: Iterable[tuple[NDArray[Any], NDArray[Any]]],
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return the ends of all parts together; there is at least one."""
    return reduce(lambda a, b: (np.minimum(a[0], b[0]), np.maximum(a[1], b[1])), parts)
