"""Products of the columns of a block, whichever way they are kept.

A block's X is a plain array or, where a formula has wide factors, a `Coded`. Kernels call these
functions and never ask which of the two they were handed; this file knows nothing of likelihoods.
"""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from logit_inference.rows import coded, quadratic, survey
from logit_inference.rows.blas import add_square
from logit_inference.rows.block import Floats
from logit_inference.rows.coded import Coded, CodedSums
from logit_inference.rows.doubled import doubled_sums
from logit_inference.rows.lengths import squared_lengths
from logit_inference.rows.packed import mapped_zeros, packed_size
from logit_inference.rows.pieces import FEW_COLUMNS, in_pieces
from logit_inference.rows.quadratic import CodedGram
from logit_inference.rows.scaling import scale_rows

Columns = Floats | Coded
SCALED_BYTES, FEWEST_SCALED = 1 << 20, 128  # of a block that is scaled at a time; rows at least


def times(X: Columns, coef: Floats, out: Floats | None = None) -> Floats:
    """Return ``X @ coef`` of shape (n,), in ``out`` if that is given."""
    if isinstance(X, Coded):
        return coded.times(X, coef, out)
    # Not np.dot, which copies an array that has gaps: a block of a Fortran array has.
    product: Floats = np.matmul(X, coef, out=out)
    return product


def matrix_times(X: Columns, matrix: Floats) -> Floats:
    """Return ``X @ matrix`` of shape (n, k); of coded columns one by one."""
    if isinstance(X, Coded):
        return np.column_stack([coded.times(X, column) for column in matrix.T])
    return np.asarray(X @ matrix)


def transposed_times(X: Columns, values: Floats) -> Floats:
    """Return ``X' values`` of shape (p,)."""
    if isinstance(X, Coded):
        return coded.transposed_times(X, values)
    product: Floats = np.matmul(values, X)
    return product


def row_squares(X: Columns, root: Floats) -> Floats:
    """Return the squared length of each row of ``X @ root``, shape (n,); ``root`` is (p, r)."""
    if isinstance(X, Coded):
        return quadratic.row_squares(X, root)
    reach = X @ root
    squares: Floats = squared_lengths(reach)
    return squares


def dense(X: Columns) -> Floats:
    """Return X as a plain array; for a few rows only where it is coded."""
    return coded.dense(X) if isinstance(X, Coded) else X


def nonzero_rows(X: Columns, columns: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Say which rows are other than zero in some of the columns, shape (n,)."""
    if isinstance(X, Coded):
        return coded.nonzero_rows(X, columns)
    found: NDArray[np.bool_] = (X[:, columns] != 0).any(axis=1)
    return found


def signs(X: Columns) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return which columns are positive, and which negative, in some row; each of shape (p,)."""
    if isinstance(X, Coded):
        return coded.signs(X)
    above, below = X > 0, X < 0
    return np.asarray(above.any(axis=0)), np.asarray(below.any(axis=0))


def square_sums(X: Columns, weight: Floats | None = None) -> Floats:
    """Return the sum of squares of each column, shape (p,), of rows with (n,) weights if given."""
    if isinstance(X, Coded):
        return coded.square_sums(X, weight)
    sums: Floats = (
        np.einsum("ij,ij->j", X, X) if weight is None else np.einsum("i,ij,ij->j", weight, X, X)
    )
    return sums


def largest(X: Columns) -> Floats:
    """Return the largest absolute value of each column, shape (p,); NaN where one is NaN."""
    if isinstance(X, Coded):
        return coded.largest(X)
    return survey.largest(X) if len(X) else np.zeros(X.shape[1])


def magnitudes(X: Columns) -> Columns:
    """Return the absolute values of X; of coded columns, of all that they are made of."""
    return coded.magnitudes(X) if isinstance(X, Coded) else np.abs(X)


def addends(X: Columns) -> int:
    """Return how many numbers are added up for one element of ``X b``."""
    return coded.addends(X.layout) if isinstance(X, Coded) else X.shape[1]


def careful_sums(X: Columns, values: Floats, *, doubled: bool) -> tuple[Floats, Floats]:
    """Return ``X' values`` (p,), and how many additions a term of each goes through at most.

    Plain columns, and numbers among codes, are added up in twice the working precision where that
    is asked for, otherwise pairwise; indicators level by level.
    """
    if isinstance(X, Coded):
        depths = coded.level_depths(X)
        sums = transposed_times(X, values)
        seen = X.layout.places >= 0
        places = X.layout.places[seen]
        sums[places], depths[places] = _careful(X.numbers[:, seen], values, doubled)
        return sums, depths
    sums, depth = _careful(X, values, doubled)
    return sums, np.full(len(sums), float(depth))


def _careful(X: Floats, values: Floats, doubled: bool) -> tuple[Floats, int]:
    """Return the sums of plain columns and their depth.

    numpy adds up contiguous memory pairwise, from 128 numbers on with eight partial sums of a
    sixteenth of them each, and up to seven left over.
    """
    if doubled:
        return doubled_sums(X, values), 2
    n, p = X.shape
    sums: Floats = np.multiply(X.T, values, out=np.empty((p, n))).sum(axis=1)
    return sums, min(n, 27 + max(n // 128, 1).bit_length())


# Rows of a block that are added up one after the other, and of how many rows it is worth while.
ADDED_UP, WORTH_PARTS = 1 << 10, 1 << 13


class ColumnSums(Protocol):
    """What sums ``X' values`` over blocks."""

    def add(self, X: Any, values: Floats) -> None:
        """Add a block with (n,) values."""

    def total(self) -> Floats:
        """Return the sums (p,)."""


class Sums:
    """The sum of ``X' values`` over blocks of plain columns."""

    def __init__(self, n_columns: int) -> None:
        self._total = np.zeros(n_columns)

    def add(self, X: Floats, values: Floats) -> None:
        """Add a block with (n,) values."""
        if X.strides[0] < X.strides[1] or len(X) < WORTH_PARTS:
            self._total += np.matmul(values, X)
            return
        whole = len(X) - len(X) % ADDED_UP
        # Row by row BLAS adds up one after the other, which rounds as often as there are rows: of
        # rows in the order of their outcome, all of one sign.
        parts = values[:whole].reshape(-1, 1, ADDED_UP), X[:whole].reshape(-1, ADDED_UP, X.shape[1])
        self._total += np.matmul(*parts).sum(axis=(0, 1))
        if whole < len(X):
            self._total += np.matmul(values[whole:], X[whole:])

    def total(self) -> Floats:
        """Return the sums (p,)."""
        return self._total


def sums_for(X: Columns) -> ColumnSums:
    """Return the accumulator of ``X' values`` for blocks like X, none of them with more rows."""
    return CodedSums(X) if isinstance(X, Coded) else Sums(X.shape[1])


class CrossProduct(Protocol):
    """What sums ``X' diag(weight) X`` over blocks, and ``X' values`` beside it."""

    def add(self, X: Any, weight: Floats, values: Floats | None = None) -> None:
        """Add a block with (n,) weights, and (n,) values where their sums are wanted."""

    def upper(self) -> Floats:
        """Return the upper triangle (p, p), or packed; what stands below it is not to be read."""

    def sums(self) -> Floats:
        """Return ``X' values`` (p,) for the values that were added."""


class Gram:
    """The sum of ``X' diag(weight) X`` over blocks, in one accumulator and one reused buffer.

    Of many columns a symmetric rank-k update does half the work of a general product. Of few, it
    is bounded by packing, and products of a few hundred rows at a time, which BLAS need not pack,
    are faster. The buffer has the memory order of X: scaling the columns of a Fortran array row by
    row would stride through memory. It holds a megabyte: less would spare memory, but threads that
    ask for the interpreter more often wait for each other.

    Parameters
    ----------
    X : (n, p) array
        The first block; none that is added later has more rows.
    single : bool
        Whether rows are rounded to single precision before they are multiplied: about two thirds of
        the time, for a matrix that only tells a search where to go.
    packed : bool
        Whether the sum is packed, in half of the memory (see `rows.packed`).
    """

    def __init__(self, X: Floats, *, single: bool = False, packed: bool = False) -> None:
        p = X.shape[1]
        self._few = p <= FEW_COLUMNS and not packed
        self._part = rows_scaled_at_once(*X.shape)
        # What packs the sum spares memory: buffers are not for the C library to keep either.
        new: Any = mapped_zeros if packed else np.empty
        self._rounded = self._buffer(X, new, np.float32) if single else None
        # What leaves the range of single precision has no factor, and is told by that.
        self._quiet: Any = dict.fromkeys(("over", "under", "invalid"), "ignore") if single else {}
        self._scaled = self._buffer(X, new, np.float32 if single else np.float64)
        # The sums of many columns are as large as they are many.
        summed: Any = np.float32 if single and not self._few else np.float64
        self._upper: Any = (
            mapped_zeros((packed_size(p),), summed) if packed else np.zeros((p, p), summed, "F")
        )
        self._values = Sums(p)

    def add(self, X: Floats, weight: Floats, values: Floats | None = None) -> None:
        """Add a block with (n,) weights, and (n,) values where their sums are wanted."""
        if values is not None:
            self._values.add(X, values)
        if not self._few:
            weight = np.sqrt(weight)
        with np.errstate(**self._quiet):
            for start in range(0, len(X), self._part):
                self._add(X[start : start + self._part], weight[start : start + self._part])

    def _buffer(self, X: Floats, new: Any, dtype: Any) -> Any:
        """Return an array for some rows of X, in its memory order."""
        by_rows = X.strides[0] >= X.strides[1]
        shape = (self._part, X.shape[1])
        return new(shape, dtype) if by_rows else new(shape[::-1], dtype).T

    def _add(self, X: Floats, weight: Floats) -> None:
        rows: Any = X
        if self._rounded is not None:
            rows, weight = self._rounded[: len(X)], weight.astype(np.float32)
            np.copyto(rows, X, casting="same_kind")
        scaled = self._scaled[: len(X)]
        scale_rows(rows, weight, scaled)
        if self._few:
            self._upper += in_pieces(rows, scaled)
        else:
            add_square(scaled, self._upper)

    def upper(self) -> Floats:
        """Return the upper triangle (p, p), or packed; what stands below it is not to be read."""
        summed: Floats = self._upper
        return summed

    def sums(self) -> Floats:
        """Return ``X' values`` (p,) for the values that were added."""
        return self._values.total()


def rows_scaled_at_once(n_rows: int, n_columns: int) -> int:
    """Return in parts of how many rows a block is scaled: all of it in one, where that is small.

    Examples
    --------
    >>> [rows_scaled_at_once(n, p) for n, p in ((6_000, 20), (9_000, 20), (256, 900))]
    [6000, 4500, 128]
    """
    parts = min(-(-8 * n_rows * n_columns // SCALED_BYTES), n_rows // FEWEST_SCALED)
    return max(-(-n_rows // max(parts, 1)), 1)


def gram_for(X: Columns, *, single: bool = False, packed: bool = False) -> CrossProduct:
    """Return the accumulator for blocks like X, none of them with more rows.

    Of plain columns in single precision, or packed (see `Gram`), where that is asked for.
    """
    return CodedGram(X) if isinstance(X, Coded) else Gram(X, single=single, packed=packed)


def score_price(X: Columns, n_columns: int) -> float:
    """Return the time that ``X b`` and ``X' r`` take, as a share of that with ``X' W X`` too.

    Beside what a likelihood computes for each row, some ten nanoseconds. Measured: for p dense
    columns, a score takes about 10 + 0.9p and both 20 + 1.4p + p²/25 nanoseconds a row; of coded
    ones what stands below, for k numbers and so many factors.
    """
    if isinstance(X, Coded):
        k, factors = X.numbers.shape[1], len(X.layout.parts)
        score = 10.0 + 0.6 * k + 3.3 * factors
        more = 5.0 + 0.9 * k + k * k / 25.0
        more += factors * (2.5 + 0.55 * k) + factors * (factors - 1)
        return float(score / (score + more))
    p = n_columns
    return (7.0 + 0.62 * p) / (14.0 + 1.6 * p + p * p / 48.0)
