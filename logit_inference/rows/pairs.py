"""Cross-products of the same columns under many weightings of the rows at once.

A likelihood of several equations needs ``X' diag(w) X`` for every pair of them. Of few columns the
products of pairs of columns are formed once, and all weightings are one matrix product with them;
of many columns each weighting is a symmetric rank-k update. Which pairs the weights belong to is
not known here.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from logit_inference.rows.blas import add_square
from logit_inference.rows.block import Floats
from logit_inference.rows.coded import Coded
from logit_inference.rows.pieces import FEW_COLUMNS
from logit_inference.rows.product import Columns
from logit_inference.rows.quadratic import CodedGram
from logit_inference.rows.scaling import scale_rows

AT_ONCE = 1 << 16  # products of columns that are formed before they are multiplied: half a megabyte
FEWEST_ROWS, MOST_ROWS, ELEMENTS = 256, 8192, 1 << 19  # of a block with all that is made of it


def pair_rows(n_columns: int, n_classes: int) -> int:
    """Return how many rows of a block stay in a core's cache with all that is made of them.

    Examples
    --------
    >>> pair_rows(10, 5)
    6553
    """
    pairs = n_classes * (n_classes + 1) // 2
    products = n_columns * (n_columns + 1) // 2 if n_columns <= FEW_COLUMNS else n_columns
    return min(max(ELEMENTS // (n_columns + pairs + products), FEWEST_ROWS), MOST_ROWS)


class PairSums:
    """The sums of ``X' diag(w_j) X`` over blocks, for m weightings w_j of the rows.

    Parameters
    ----------
    X : (n, p) array or Coded
        The first block; none that is added later has more rows.
    m : int
    signed : bool
        Whether weights may be negative.

    Notes
    -----
    ``n p² m`` operations in all, half of m general products; memory ``m p²`` and half a megabyte.

    Examples
    --------
    >>> sums = PairSums(np.array([[1.0, 2.0]]), 2)
    >>> sums.add(np.array([[1.0, 2.0]]), np.array([[1.0], [10.0]]))
    >>> [square.tolist() for square in sums.squares()]
    [[[1.0, 2.0], [2.0, 4.0]], [[10.0, 20.0], [20.0, 40.0]]]
    """

    def __init__(self, X: Columns, m: int, *, signed: bool = False) -> None:
        p = X.shape[1]
        self._p, self._m, self._signed = p, m, signed
        self._coded = [CodedGram(X) for _ in range(m << signed)] if isinstance(X, Coded) else []
        self._few = not self._coded and p <= FEW_COLUMNS
        if self._few:
            self._total = np.zeros((p * (p + 1) // 2, m))
            self._size = max(AT_ONCE // len(self._total), 64)
            self._products = np.empty((len(self._total), min(self._size, len(X))))
        elif not self._coded:
            self._squares = [np.zeros((p, p), order="F") for _ in range(m)]
            self._scaled = np.empty(X.shape)

    def add(self, X: Columns, weights: Floats) -> None:
        """Add a block of n rows with (m, n) weights."""
        if isinstance(X, Coded):
            for j, weight in enumerate(weights):
                if self._signed:
                    self._coded[2 * j].add(X, np.maximum(weight, 0.0))
                    self._coded[2 * j + 1].add(X, np.maximum(-weight, 0.0))
                else:
                    self._coded[j].add(X, weight)
        elif self._few:
            for start in range(0, len(X), self._size):
                stop = min(start + self._size, len(X))
                self._total += self._column_products(X[start:stop]) @ weights[:, start:stop].T
        else:
            scaled = self._scaled[: len(X)]
            for square, weight in zip(self._squares, weights, strict=True):
                if self._signed:
                    scale_rows(X, weight, scaled)
                    square += X.T @ scaled
                else:
                    scale_rows(X, np.sqrt(weight), scaled)
                    add_square(scaled, square)

    def squares(self) -> Iterator[Floats]:
        """Yield the sums (p, p) in their order, each symmetric."""
        for j in range(self._m):
            yield self._square(j)

    def _square(self, j: int) -> Floats:
        p = self._p
        if self._coded and self._signed:
            return self._coded[2 * j].upper() - self._coded[2 * j + 1].upper()
        if self._coded:
            return self._coded[j].upper()
        if self._few:
            upper = np.zeros((p, p))
            upper[np.triu_indices(p)] = self._total[:, j]
        else:
            upper = np.triu(self._squares[j])
        upper += np.triu(upper, 1).T
        return upper

    def _column_products(self, X: Floats) -> Floats:
        """Return the products of all pairs of columns, a row of (p(p+1)/2, n) for each."""
        columns = np.ascontiguousarray(X.T)
        products = self._products
        if products.shape[1] != len(X):
            products = np.empty((len(self._total), len(X)))
        place = 0
        for j in range(self._p):
            width = self._p - j
            np.multiply(columns[j], columns[j:], out=products[place : place + width])
            place += width
        return products
