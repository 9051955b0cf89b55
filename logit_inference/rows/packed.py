"""Symmetric matrices of many columns in half of the memory.

Of a symmetric matrix the upper triangle says all. LAPACK's rectangular full packed format keeps
that triangle of p columns as a rectangle without gaps, of which a part is turned, so that updates
and factors are those of plain squares half as large and lose next to no time. Here it is a vector
of p(p+1)/2 numbers: two of them add up as they are.

References
----------
Gustavson, Wasniewski, Dongarra and Langou (2010), "Rectangular full packed format for Cholesky's
algorithm", *ACM Transactions on Mathematical Software* 37(2), 18.
"""

from __future__ import annotations

import math
import mmap
import sys
from typing import Any

import numpy as np

from logit_inference.rows.block import Floats


def packed_size(order: int) -> int:
    """Return how many numbers a symmetric matrix of so many columns takes."""
    return order * (order + 1) // 2


def mapped_zeros(shape: tuple[int, ...], dtype: Any = np.float64) -> Any:
    """Return zeros in memory that the system has back as soon as nobody needs it.

    The C library keeps pieces of this size that are freed, so that what a search holds one after
    the other would add up.

    Examples
    --------
    >>> mapped_zeros((2, 3)).tolist()
    [[0.0, 0.0, 0.0], [0.0, 0.0, 0.0]]
    """
    size = max(math.prod(shape) * np.dtype(dtype).itemsize, 1)
    if sys.platform == "win32":
        memory = mmap.mmap(-1, size)
    else:
        memory = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    return np.frombuffer(memory, dtype, math.prod(shape)).reshape(shape)


def packed_order(values: Floats) -> int:
    """Return of how many columns a packed matrix is.

    Examples
    --------
    >>> packed_order(np.zeros(packed_size(7)))
    7
    """
    return (math.isqrt(8 * len(values) + 1) - 1) // 2


def diagonal(matrix: Floats) -> Floats:
    """Return the diagonal of a matrix, square or packed, shape (p,).

    Examples
    --------
    >>> diagonal(np.array([2.0, 3.0, 1.0])).tolist(), unpacked(np.array([2.0, 3.0, 1.0])).tolist()
    ([1.0, 3.0], [[1.0, 2.0], [0.0, 3.0]])
    """
    if matrix.ndim == 2:
        return matrix.diagonal()
    rectangle, turned = _rectangle(matrix)
    return np.concatenate([rectangle.diagonal(-turned - 1)[:turned], rectangle.diagonal(-turned)])


def unpacked(values: Floats) -> Floats:
    """Return the upper triangle (p, p) of a packed one, C-ordered, with zeros below."""
    rectangle, turned = _rectangle(values)
    p = packed_order(values)
    square: Floats = mapped_zeros((p, p))
    for c, column in enumerate(rectangle.T):
        at = turned + c
        square[: at + 1, at] = column[: at + 1]
        square[c, c:turned] = column[at + 1 :]
    return square


def scaled_sums(values: Floats, scale: Floats) -> Floats:
    """Return the sums of the absolute values of each column of ``S A S``, shape (p,).

    Parameters
    ----------
    values : (p(p+1)/2,) array
        A, symmetric, packed.
    scale : (p,) array
        Diagonal of S.
    """
    rectangle, turned = _rectangle(values)
    sums = np.zeros(len(scale))
    for c, column in enumerate(rectangle.T):
        at = turned + c
        above, turn = np.abs(column[: at + 1]) * scale[: at + 1], np.abs(column[at + 1 :])
        sums[:at] += above[:-1] * scale[at]
        sums[at] += above.sum() * scale[at]
        sums[c] += turn @ scale[c:turned] * scale[c]
        sums[c + 1 : turned] += turn[1:] * scale[c] * scale[c + 1 : turned]
    return sums


def _rectangle(values: Floats) -> tuple[Floats, int]:
    """Return the rectangle as a view, and how many of the columns are turned.

    Column c of it is column ``turned + c`` of the matrix down to the diagonal, and below that row c
    from the diagonal on, as far as the turned columns reach.
    """
    p = packed_order(values)
    turned = p // 2
    return values.reshape((-1, p - turned), order="F"), turned
