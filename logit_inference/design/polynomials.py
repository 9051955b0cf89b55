"""Orthonormal polynomials over points: the contrasts of ordered levels.

Powers of the points lose all digits at some dozen degrees. Each polynomial is the one before times
the points, made orthogonal to all before it (Arnoldi's process), which loses none: the columns are
orthonormal to rounding at any degree. Signs are R's: leading coefficients are positive.

References
----------
Brubeck, Nakatsukasa and Trefethen (2021), "Vandermonde with Arnoldi", *SIAM Review* 63.
"""

from __future__ import annotations

import numpy as np

from logit_inference.rows.block import Floats

DEGENERATE = 1e-10  # of a column's length: what is left of it is rounding


def polynomial_contrasts(points: Floats) -> Floats:
    """Return orthonormal polynomials of degrees 1 to k − 1 at k points, shape (k, k − 1).

    Those of points that coincide are NaN.

    Examples
    --------
    >>> polynomial_contrasts(np.arange(3.0)).round(4).tolist()
    [[-0.7071, 0.4082], [0.0, -0.8165], [0.7071, 0.4082]]
    """
    k = len(points)
    centred = points - points.mean()
    columns = np.empty((k, k))
    columns[:, 0] = k**-0.5
    for j in range(1, k):
        column = centred * columns[:, j - 1]
        length = np.linalg.norm(column)
        for _ in range(2):  # once more takes away what rounding left
            column -= columns[:, :j] @ (column @ columns[:, :j])
        left = np.linalg.norm(column)
        columns[:, j] = column / left if left > DEGENERATE * length else np.nan
    contrasts: Floats = columns[:, 1:]
    return contrasts
