"""Sums by level of a factor.

They are products with a sparse matrix of one entry per row: as fast as `numpy.bincount`, several
columns at once, and shared by threads, as `bincount` is not.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from logit_inference.rows.block import Floats


class LevelSums:
    """Sums by level over up to ``n_rows`` rows; what they have in common is made once."""

    def __init__(self, n_rows: int) -> None:
        self._ones = np.ones(n_rows)
        self._starts = np.arange(n_rows + 1, dtype=np.int32)
        self._matrices: dict[tuple[int, int], Any] = {}

    def of(
        self, codes: NDArray[Any], values: Floats, n_levels: int, numbers: Floats | None = None
    ) -> Floats:
        """Return the sum of values (n,), or of values times numbers (n, k), for each level."""
        n = len(values)
        one_per_row = self._matrix(n_levels, n)
        one_per_row.data, one_per_row.indices = values, codes.astype(np.int32, copy=False)
        total: Floats = one_per_row @ (self._ones[:n] if numbers is None else numbers)
        return total

    def _matrix(self, n_levels: int, n: int) -> Any:
        """Return a matrix of one entry per row, to be filled: scipy checks it when it is made."""
        from scipy.sparse import csc_array

        if (n_levels, n) not in self._matrices:
            entries = (self._ones[:n], np.zeros(n, dtype=np.int32), self._starts[: n + 1])
            self._matrices[n_levels, n] = csc_array(entries, shape=(n_levels, n))
        return self._matrices[n_levels, n]
