"""Cross-products of few columns, over pieces of the rows that BLAS need not pack.

Of many columns a symmetric rank-k update does half the work of a general product; of few it is
bounded by packing.
"""

from __future__ import annotations

import numpy as np

from logit_inference.rows.block import Floats

FEW_COLUMNS = 40  # up to here products of pieces of rows are faster than dsyrk (OpenBLAS)
PIECE = 1 << 9  # rows, or twice as many of few columns: products of up to a million terms


def in_pieces(X: Floats, scaled: Floats) -> Floats:
    """Return ``X' scaled``, of columns (n, p) and (n, q), over pieces that BLAS need not pack."""
    n, p = X.shape
    size = 2 * PIECE if p <= 30 else PIECE
    if n < 2 * size:
        small: Floats = np.matmul(X.T, scaled)
        return small
    whole = n - n % size
    left = X[:whole].reshape(-1, size, p).transpose(0, 2, 1)
    total: Floats = np.matmul(left, scaled[:whole].reshape(-1, size, scaled.shape[1])).sum(axis=0)
    if whole < n:
        total += np.matmul(X[whole:].T, scaled[whole:])
    return total
