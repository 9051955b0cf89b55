"""Effects of each row by itself: standard errors row by row, and no Jacobian kept."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from logit_inference.covariance.satterthwaite import Satterthwaite
from logit_inference.effects.estimates import Estimates
from logit_inference.effects.moments import (
    Parts,
    bounds,
    finite_coefficients,
    is_linear,
    row_terms,
)
from logit_inference.effects.quantities import Quantity, Rows
from logit_inference.effects.scales import SCALES, Measure
from logit_inference.inference.estimate import Estimate
from logit_inference.rows.block import Floats


def unit_estimates(
    rows: Rows,
    quantities: Sequence[Quantity],
    pairs: Sequence[tuple[int, int]],
    measure: Measure,
    estimate: Estimate,
    kind: str,
) -> Estimates:
    """Return the effects of n rows, K = n times the number of pairs: effect by effect, row by row.

    The root has one column, the standard errors: what effects have in common is not kept.

    Notes
    -----
    One pass; memory of a block and of a few numbers for each effect and row.
    """
    n, scale = rows.n_rows, SCALES[measure.inner]
    basis, root = estimate.covariance.basis, estimate.covariance.root
    coef = finite_coefficients(estimate)
    value, error = np.empty((len(pairs), n)), np.empty((len(pairs), n))
    touched = np.zeros((len(pairs), n), dtype=bool)
    own = np.empty((len(pairs), n)) if isinstance(estimate.covariance.df, Satterthwaite) else None
    for start, stop in bounds(n, rows.n_columns):
        parts, block = Parts(rows.written(start, stop), coef), slice(start, stop)
        with np.errstate(all="ignore"):
            for e, pair in enumerate(pairs):
                inner: Floats = np.zeros(stop - start)
                gradient = np.zeros((stop - start, rows.n_columns))
                for sign, place in zip((1.0, -1.0), pair, strict=True):
                    if place < 0:
                        continue
                    terms = row_terms(rows, (start, stop), parts, quantities[place], kind, estimate)
                    inner = inner + sign * scale.value(terms.value)
                    slope = sign * scale.first(terms.value)
                    gradient += slope[:, np.newaxis] * terms.gradients(parts.written.X)
                    if terms.touched is not None:
                        touched[e, block] |= terms.touched
                if estimate.recession is not None and is_linear(kind, quantities[pair[0]]):
                    sides = estimate.recession.sides(gradient)
                    touched[e, block] = sides != 0
                    inner = np.where(sides != 0, sides * np.inf, inner)
                value[e, block] = inner
                gradient[touched[e, block]] = 0.0
                error[e, block] = np.linalg.norm(basis.of(gradient) @ root, axis=1)
                if own is not None:
                    own[e, block] = estimate.covariance.degrees(gradient)
    return Estimates(
        value.ravel(),
        error.reshape(-1, 1),
        touched.ravel(),
        measure,
        estimate.covariance.coefficient_df if own is None else own.ravel(),
    )
