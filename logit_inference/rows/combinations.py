"""Linear combinations of columns in twice the working precision.

Differences of nearly equal columns keep their digits. Few terms are added up one by one, many by
products of slices, whichever takes less time.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from logit_inference.rows.doubled import DoubledSum
from logit_inference.rows.slices import SlicedProduct

Floats = NDArray[np.float64]
Integers = NDArray[np.intp]
TOGETHER = 1 << 12  # elements of the result of few terms that are added up at a time
FEW = 8  # terms: more are slower to add up than to multiply out in slices


class Combinations:
    """``X @ matrix`` for one matrix and many X; columns of the identity are copied.

    Parameters
    ----------
    matrix : (q, q) array

    Examples
    --------
    >>> X = np.array([[1.0, 1.0 + 2**-40]])
    >>> matrix = np.array([[1.0, -1.0 / 3], [0.0, 1.0 / 3]])
    >>> difference = Combinations(matrix).of(X)[0, 1]
    >>> float(difference) * 3 == 2**-40
    True
    """

    def __init__(self, matrix: Floats) -> None:
        # A column that is in its own combination with weight one costs nothing there.
        pure = matrix.diagonal() == 1.0
        beside = matrix - np.diag(pure.astype(float))
        count = np.count_nonzero(beside, axis=0)
        changed = np.flatnonzero((count > 0) | ~pure)
        changed = changed[np.argsort(count[changed], kind="stable")]
        few = changed[count[changed] <= FEW]
        self._pure = pure
        self._few = few
        self._terms = [beside[:, j].nonzero()[0] for j in few]
        self._weights = [beside[own, j] for j, own in zip(few, self._terms, strict=True)]
        alone = pure[few] & (count[few] == 1)
        self._alone = np.flatnonzero(alone)
        self._partner = np.array([self._terms[at][0] for at in self._alone], dtype=np.intp)
        self._many = changed[len(few) :]
        self._used = np.flatnonzero(np.any(matrix[:, self._many], axis=1))
        self._sliced = SlicedProduct(matrix[np.ix_(self._used, self._many)])

    def of(self, X: Floats, out: Floats | None = None) -> Floats:
        """Return the combinations of the columns of X.

        Parameters
        ----------
        X : (n, q) array
        out : (n, q) array, optional
            Where to write; by default a new array in the memory order of X.

        Notes
        -----
        One operation for an element less a number (a multiple of a column of ones), about 25 for
        each of few terms, and 12 for each of many, at the speed of a matrix product.
        """
        out = np.empty_like(X, np.float64) if out is None else out
        if not len(X):
            return out
        ones = (X[:1] == 1.0).all(axis=0)
        ones[ones] = (X[:, ones] == 1.0).all(axis=0)
        less = self._alone[ones[self._partner]]
        shift = np.zeros(X.shape[1])
        shift[self._few[less]] = [self._weights[at][0] for at in less]
        np.add(X, shift, out=out)  # of two terms, rounded once, and the others are copied
        left = np.delete(np.arange(len(self._few)), less)
        together = max(TOGETHER // len(X), 1)
        for start in range(0, len(left), together):
            self._add_up(X, left[start : start + together], out)
        if len(self._many):
            used = X if len(self._used) == X.shape[1] else X[:, self._used]
            for some, values in self._sliced.of(used):
                out[:, self._many[some]] = values
        return out

    def _add_up(self, X: Floats, some: Integers, out: Floats) -> None:
        """Write combinations of few terms; those of fewer have more with weight zero."""
        longest = len(self._terms[some[-1]])
        columns, weights = np.zeros((longest, len(some)), np.intp), np.zeros((longest, len(some)))
        for place, at in enumerate(some):
            own = self._terms[at]
            columns[: len(own), place], weights[: len(own), place] = own, self._weights[at]
        written = self._few[some]
        total = DoubledSum(np.where(self._pure[written], X[:, written], 0.0))
        for column, weight in zip(columns, weights, strict=True):
            total.add_product(X[:, column], weight)
        out[:, written] = total.rounded()
