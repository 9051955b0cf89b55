"""Bounds on M, the largest ``sqrt(x' I⁻¹ x)`` of a row x, from the largest value of each column.

M itself costs a pass and more. It enters only as the product with a decrement that is tiny at
convergence, so that a bound which is ten times too large serves as well. What the columns' largest
values are is known from reading them.
"""

from __future__ import annotations

import numpy as np

from logit_inference.rows.block import Floats
from logit_inference.rows.coded import Layout, Part
from logit_inference.rows.lengths import squared_lengths
from logit_inference.solve.factor import Factor

ROOM = 3.0  # LAPACK's estimate of the norm of an inverse is hardly ever below a third of it
RESOLVED = 1e8  # norm of the scaled inverse up to which the summed information shows all directions


def leverage_bound(factor: Factor, largest: Floats, layout: Layout | None = None) -> float:
    """Return a bound on M; infinite where the information may feign what is not there.

    Parameters
    ----------
    factor : Factor
        Of the information (q, q).
    largest : (q,) array
        Largest absolute value of each column.
    layout : Layout, optional
        What coded columns are made of.

    Notes
    -----
    Of plain columns ``x' I⁻¹ x <= |S x|² / (smallest eigenvalue of S I S)`` with
    S = diag(I)^(−1/2); the norm of the inverse is an estimate, hence the room. q² operations.

    Of many indicators few are not zero in a row. There the triangle inequality is better:
    ``sqrt(x' I⁻¹ x) <= Σ |x_j| s_j`` with the standard errors s, and of the levels of a factor only
    the largest counts. q³/3 operations.
    """
    if layout is None:
        inverse_norm = factor.inverse_norm
        if not inverse_norm <= RESOLVED:
            return np.inf
        return float(np.sqrt(np.square(largest * factor.scale).sum() * ROOM * inverse_norm))
    root = factor.inverse_root()
    errors: Floats = np.sqrt(squared_lengths(root))
    # The trace of the scaled inverse is no less than its norm.
    if not np.square(errors / factor.scale).sum() <= RESOLVED:
        return np.inf
    return row_bound(errors, largest, layout)


def row_bound(errors: Floats, largest: Floats, layout: Layout | None = None) -> float:
    """Return a bound on M from standard errors (q,), by the triangle inequality alone."""
    sizes = largest * errors
    if layout is None:
        return float(sizes.sum())
    bound = float(sizes[layout.places[layout.places >= 0]].sum())
    return bound + sum(_part_bound(part, sizes, errors) for part in layout.parts)


def _part_bound(part: Part, sizes: Floats, errors: Floats) -> float:
    """Return the largest ``Σ |x_j| s_j`` over the columns of one factor."""
    if part.levels is not None:
        return float(sizes[part.columns].max())
    if part.multiplier or part.table is None:
        return float(sizes[part.columns].sum())
    return float((np.abs(part.table) @ errors[part.columns]).max())
