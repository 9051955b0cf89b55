"""Sums in twice the working precision: differences of nearly equal numbers keep their digits.

Products are split exactly (Dekker) and sums carry their rounding error (Knuth), so that the error
of a sum is about eps of its value plus eps² of its terms. What is summed this file does not know.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
_SPLITTER = 134217729.0  # 2**27 + 1: cuts a double into two halves of 26 bits (Dekker 1971)


class DoubledSum:
    """A sum of arrays of n numbers, each element carried in twice the working precision.

    References
    ----------
    Ogita, Rump and Oishi (2005), *SIAM Journal on Scientific Computing* 26, algorithm 5.3 (Dot2).

    Examples
    --------
    >>> total = DoubledSum(np.array([1e6 + 0.1]))
    >>> total.add(-1e6)
    >>> total.add_product(np.array([0.1]), -1.0)
    >>> bool(abs(total.rounded()[0]) < 1e-10)
    True
    """

    def __init__(self, first: Floats) -> None:
        self._total = first
        self._carry = np.zeros_like(first)

    def add(self, values: Floats | float) -> None:
        """Add numbers; 6 operations."""
        raised = self._total + values
        moved = raised - self._total
        self._carry += (self._total - (raised - moved)) + (values - moved)
        self._total = raised

    def add_product(self, values: Floats, factor: Floats | float) -> None:
        """Add products of numbers; some 25 operations."""
        product = values * factor
        high, low = _halves(values)
        factor_high, factor_low = _halves(factor)
        self._carry += low * factor_low - (
            ((product - high * factor_high) - low * factor_high) - high * factor_low
        )
        self.add(product)

    def rounded(self) -> Floats:
        """Return the sum, rounded once."""
        result: Floats = self._total + self._carry
        return result

    def rest(self) -> Floats:
        """Return what rounding took from the sum."""
        result: Floats = self._carry - (self.rounded() - self._total)
        return result


def doubled_product(X: Floats, matrix: Floats, out: Floats | None = None) -> Floats:
    """Return ``X @ matrix`` with each element summed in twice the working precision.

    Parameters
    ----------
    X : (n, q) array
    matrix : (q, q) array
        Columns of the identity in it cost a copy, and a column less a number costs what it says.
    out : (n, q) array, optional
        Where to write; by default a new array in the memory order of X.

    Notes
    -----
    About 25 operations per term beside a first one with weight one, 6 where its column is all ones;
    no array larger than the result.

    Examples
    --------
    >>> X = np.array([[1.0, 1.0 + 2**-40]])
    >>> difference = doubled_product(X, np.array([[1.0, -1.0 / 3], [0.0, 1.0 / 3]]))[0, 1]
    >>> float(difference) * 3 == 2**-40
    True
    """
    out = np.empty_like(X, np.float64) if out is None else out
    out[...] = X
    ones: dict[int, bool] = {}
    for j, weights in enumerate(matrix.T):
        terms = {k: float(weights[k]) for k in np.flatnonzero(weights).tolist()}
        if terms == {j: 1.0}:
            continue
        first = j if terms.get(j) == 1.0 else None
        rest = [(k, weight) for k, weight in terms.items() if k != first]
        ones |= {k: bool((X[:, k] == 1.0).all()) for k, _ in rest if k not in ones}
        if first is not None and len(rest) == 1 and ones[rest[0][0]]:
            np.add(X[:, j], rest[0][1], out=out[:, j])  # of two terms, rounded once
            continue
        total = DoubledSum(np.zeros(len(X)) if first is None else np.ascontiguousarray(X[:, j]))
        for k, weight in rest:
            if ones[k]:
                total.add(weight)
            else:
                total.add_product(np.ascontiguousarray(X[:, k]), weight)
        out[:, j] = total.rounded()
    return out


def doubled_sums(X: Floats, values: Floats) -> Floats:
    """Return ``X' values`` with each sum in twice the working precision, rounded once.

    Parameters
    ----------
    X : (n, p) array
    values : (n,) array

    Notes
    -----
    About 40 operations per term, and five arrays of the size of X.

    Examples
    --------
    >>> doubled_sums(np.array([[1e16], [1.0], [-1e16]]), np.ones(3)).tolist()
    [1.0]
    """
    column = values[:, np.newaxis]
    total = X * column
    high, low = _halves(X)
    value_high, value_low = _halves(column)
    carry = low * value_low - (((total - high * value_high) - low * value_high) - high * value_low)
    while len(total) > 1:
        half, rest = len(total) // 2, len(total) % 2
        first, second = total[:half], total[half : 2 * half]
        raised = first + second
        moved = raised - first
        lost = (first - (raised - moved)) + (second - moved)
        lost += carry[:half] + carry[half : 2 * half]
        total, carry = (
            (np.vstack([raised, total[-1:]]), np.vstack([lost, carry[-1:]]))
            if rest
            else (raised, lost)
        )
    sums: Floats = (total + carry).sum(axis=0)
    return sums


def _halves(values: Floats | float) -> tuple[Floats | float, Floats | float]:
    """Return two numbers of 26 bits each that add up to each number."""
    scaled = values * _SPLITTER
    high = scaled - (scaled - values)
    return high, values - high
