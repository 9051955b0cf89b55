"""Squared lengths of the rows of a matrix, which every standard error is the root of."""

from __future__ import annotations

import numpy as np

from logit_inference.rows.block import Floats

FEW = 1 << 14  # elements up to which a second array of them costs less than einsum's start


def squared_lengths(rows: Floats) -> Floats:
    """Return the squared length of each row of an (n, p) array, shape (n,).

    Examples
    --------
    >>> squared_lengths(np.array([[3.0, 4.0], [0.0, 2.0]])).tolist()
    [25.0, 4.0]
    """
    lengths: Floats
    if rows.size <= FEW:
        lengths = np.add.reduce(np.square(rows), axis=1)
    else:
        lengths = np.einsum("ij,ij->i", rows, rows)
    return lengths
