"""Triangular factors of many small matrices at once, one operation for all of them.

LAPACK takes a microsecond or two to be called, which is longer than it takes to factor a matrix of
five columns. Here matrices are stacked along the last axis, and each step of the factorisation is
an operation on arrays of that length. A matrix that is not positive definite has NaN in its factor
and harms no other.
"""

from __future__ import annotations

import numpy as np

from logit_inference.rows.block import Floats


def stacked_cholesky(packed: Floats, q: int) -> Floats:
    """Return lower triangular factors (q, q, C) of C positive definite matrices.

    Parameters
    ----------
    packed : (C, q(q+1)/2) array
        Upper triangles, row by row.
    q : int

    Examples
    --------
    >>> stacked_cholesky(np.array([[4.0, 2.0, 10.0], [1.0, 1.0, 1.0 - 1e-9]]), 2)[1, 1].tolist()
    [3.0, nan]
    """
    first, second = np.triu_indices(q)
    lower = np.zeros((q, q, len(packed)))
    lower[second, first] = packed.T
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        for j in range(q):
            below = lower[j:, j]
            below -= np.einsum("ikc,kc->ic", lower[j:, :j], lower[j, :j])
            below /= np.sqrt(below[0])
    return lower


def stacked_solve(lower: Floats, right: Floats) -> Floats:
    """Return ``L⁻¹ right`` for L (q, q, C) and right (q, …, C).

    Examples
    --------
    >>> lower = np.array([[[2.0], [0.0]], [[1.0], [3.0]]])
    >>> stacked_solve(lower, np.array([[2.0], [7.0]])).ravel().tolist()
    [1.0, 2.0]
    """
    solved = np.array(right, dtype=np.float64)
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        for i in range(len(lower)):
            solved[i] -= np.einsum("kc,k...c->...c", lower[i, :i], solved[:i])
            solved[i] /= lower[i, i]
    return solved


def stacked_solve_transposed(lower: Floats, right: Floats) -> Floats:
    """Return ``L'⁻¹ right`` for L (q, q, C) and right (q, …, C)."""
    solved = np.array(right, dtype=np.float64)
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        for i in reversed(range(len(lower))):
            solved[i] -= np.einsum("kc,k...c->...c", lower[i + 1 :, i], solved[i + 1 :])
            solved[i] /= lower[i, i]
    return solved
