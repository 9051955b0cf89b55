"""Sums in twice the working precision: differences of nearly equal numbers keep their digits.

Products are split exactly (Dekker) and sums carry their rounding error (Knuth), so that the error
of a sum is about eps of its value plus eps² of its terms. What is summed this file does not know.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
TOGETHER = 1 << 12  # elements of the result that are added up at a time
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


@dataclass(frozen=True, slots=True)
class Combinations:
    """The columns of a matrix as what is added up for each; those of the identity are none.

    Parameters
    ----------
    column : (m,) array of int
        Which column of the product each is; those of fewer terms come first.
    pure : (m,) array of bool
        Whether its own column is in it with weight one: the first term, which costs nothing.
    partner : (m,) array of int
        The column of the one term beside that; −1 where there are more, or none.
    terms : (m,) tuple of pairs of (t,) arrays
        The columns and weights of the terms beside that.
    """

    column: NDArray[np.intp]
    pure: NDArray[np.bool_]
    partner: NDArray[np.intp]
    terms: tuple[tuple[NDArray[np.intp], Floats], ...]

    @classmethod
    def of(cls, matrix: Floats) -> Combinations:
        """Return those of a (q, q) matrix; O(q²)."""
        pure = matrix.diagonal() == 1.0
        found = []
        for j, weights in enumerate(matrix.T):
            taken = np.flatnonzero(weights)
            if pure[j]:
                taken = taken[taken != j]
            if len(taken) or not pure[j]:
                found.append((j, taken, weights[taken]))
        found.sort(key=lambda one: len(one[1]))
        column = np.array([j for j, _, _ in found], dtype=np.intp)
        lone = [bool(pure[j]) and len(taken) == 1 for j, taken, _ in found]
        partner = [
            int(taken[0]) if alone else -1 for alone, (_, taken, _) in zip(lone, found, strict=True)
        ]
        terms = tuple((taken, weights) for _, taken, weights in found)
        return cls(column, pure[column], np.array(partner, dtype=np.intp), terms)


def doubled_product(X: Floats, combinations: Combinations, out: Floats | None = None) -> Floats:
    """Return ``X @ matrix`` with each element summed in twice the working precision.

    Parameters
    ----------
    X : (n, q) array
    combinations : Combinations
        Of the (q, q) matrix.
    out : (n, q) array, optional
        Where to write; by default a new array in the memory order of X.

    Notes
    -----
    About 25 operations per term; one where a column is less a multiple of one that is all ones.
    Beside the result a few arrays of a thirtieth of a megabyte, or of one column.

    Examples
    --------
    >>> X = np.array([[1.0, 1.0 + 2**-40]])
    >>> matrix = np.array([[1.0, -1.0 / 3], [0.0, 1.0 / 3]])
    >>> difference = doubled_product(X, Combinations.of(matrix))[0, 1]
    >>> float(difference) * 3 == 2**-40
    True
    """
    out = np.empty_like(X, np.float64) if out is None else out
    ones = (X[:1] == 1.0).all(axis=0)
    ones[ones] = (X[:, ones] == 1.0).all(axis=0)
    lone = (combinations.partner >= 0) & ones[combinations.partner]
    shift = np.zeros(X.shape[1])
    for at in np.flatnonzero(lone).tolist():
        shift[combinations.column[at]] = combinations.terms[at][1][0]
    np.add(X, shift, out=out)  # of two terms, rounded once, and the others are copied
    left = np.flatnonzero(~lone).tolist()
    together = max(TOGETHER // max(len(X), 1), 1)
    for start in range(0, len(left), together):
        _add_up(X, combinations, left[start : start + together], out)
    return out


def _add_up(X: Floats, combinations: Combinations, some: list[int], out: Floats) -> None:
    """Write some columns of the product; those of fewer terms have more with weight zero."""
    longest = len(combinations.terms[some[-1]][0])
    columns, weights = np.zeros((longest, len(some)), np.intp), np.zeros((longest, len(some)))
    for place, at in enumerate(some):
        own, weight = combinations.terms[at]
        columns[: len(own), place], weights[: len(own), place] = own, weight
    written = combinations.column[some]
    total = DoubledSum(np.where(combinations.pure[some], X[:, written], 0.0))
    for column, weight in zip(columns, weights, strict=True):
        total.add_product(X[:, column], weight)
    out[:, written] = total.rounded()


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
