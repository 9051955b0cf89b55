"""Matrix products in twice the working precision, at the speed of ordinary ones.

Numbers are cut into slices of so few bits that products of slices, and sums of these, are exact in
doubles, in whatever order they are added up: the fast product of a library then rounds nothing.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
BITS = 53  # of a double
TOGETHER = 128  # columns of the product that are made at a time


class SlicedProduct:
    """``A @ B`` for one B and many A, each element rounded about once.

    Parameters
    ----------
    B : (k, s) array

    Notes
    -----
    Six ordinary products. With columns of A scaled by their largest element, and rows of B by the
    inverse, an element is wrong by about eps of its value plus ``k² 2⁻¹⁰⁶`` of the largest in its
    row times the largest in its column. What is zero below the last of 128 columns of B takes no
    part. Some four arrays of the size of A are kept from one product to the next, since new memory
    takes longer to have than to fill.

    References
    ----------
    Ozaki, Ogita, Oishi and Rump (2012), *Numerical Algorithms* 59, 95-118: error-free splitting.

    Examples
    --------
    >>> product = SlicedProduct(np.ones((3, 1)))
    >>> [values.tolist() for _, values in product.of(np.array([[1.0, 1e16, -1e16]]))]
    [[[1.0]]]
    """

    def __init__(self, B: Floats) -> None:
        self._B = B
        # Of two times k products of two slices, nothing is lost.
        self._bits = (BITS - math.ceil(math.log2(max(len(B), 1)))) // 2
        self._right = np.empty((4, len(B) * min(B.shape[1], TOGETHER)))
        self._left, self._made = np.empty((4, 0)), np.empty((5, 0))

    def of(self, A: Floats) -> Iterator[tuple[slice, Floats]]:
        """Yield the product of an (m, k) array, m > 0, some columns at a time: which, and values.

        These are valid until the next are asked for.
        """
        m, k = A.shape
        if self._left.shape[1] < m * k:
            self._left = np.empty((4, m * k))
            self._made = np.empty((5, m * min(self._B.shape[1], TOGETHER)))
        left = _shaped(self._left, A.shape)
        sizes = _power_above(np.maximum(A.max(axis=0), -A.min(axis=0)))
        np.divide(A, sizes, out=left[2])  # by powers of two, which rounds nothing
        self._cut(left, axis=1)
        for start in range(0, self._B.shape[1], TOGETHER):
            some = slice(start, min(start + TOGETHER, self._B.shape[1]))
            B = self._B[:, some]
            k = int(np.flatnonzero(np.any(B, axis=1)).max(initial=0)) + 1
            right = _shaped(self._right, (k, B.shape[1]))
            np.multiply(B[:k], sizes[:k, np.newaxis], out=right[2])
            self._cut(right, axis=0)
            yield some, _product(left[:, :, :k], right, _shaped(self._made, (m, B.shape[1])))

    def _cut(self, parts: Floats, axis: int) -> None:
        """Write the numbers of ``parts[2]`` as a sum of the first three.

        The first two are whole multiples, of at most two to the number of bits, of one number for
        each row or column.
        """
        first, second, rest, spare = parts
        np.abs(rest, out=spare)
        cutter: Any = _power_above(spare.max(axis=axis, keepdims=True, initial=0.0))
        cutter *= 1.5 * 2.0 ** (BITS - 1 - self._bits)
        for part in (first, second):
            np.add(rest, cutter, out=part)
            part -= cutter
            rest -= part
            cutter *= 2.0**-self._bits


def _product(left: Floats, right: Floats, made: Floats) -> Floats:
    """Return the product of two numbers of three parts each; ``right`` is written over."""
    high, middle, low, _ = left
    first, second, third, whole = right
    total, between, rest, moved, spare = made
    np.matmul(high, first, out=total)
    np.matmul(high, second, out=between)
    between += np.matmul(middle, first, out=spare)
    np.matmul(high, third, out=rest)
    second += third
    rest += np.matmul(middle, second, out=spare)
    np.add(first, second, out=whole)
    rest += np.matmul(low, whole, out=spare)
    # The sum of two numbers, and what rounding took from it (Knuth).
    raised: Floats = np.add(total, between, out=spare)
    np.subtract(raised, total, out=moved)
    between -= moved
    total -= np.subtract(raised, moved, out=moved)
    rest += between
    rest += total
    raised += rest
    return raised


def _shaped(room: Floats, shape: tuple[int, int]) -> Floats:
    """Return some arrays of a shape in the room for so many."""
    return room[:, : shape[0] * shape[1]].reshape(-1, *shape)


def _power_above(values: Floats) -> Floats:
    """Return the next power of two from each number on; one for zero."""
    power: Floats = np.ldexp(1.0, np.frexp(values)[1])
    return np.where(values > 0, power, 1.0)
