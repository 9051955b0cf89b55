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
