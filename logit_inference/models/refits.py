"""Refits of a result under many weightings of its rows, separated data included.

Fewer rows, or other weights, never end a separation: a weighting of separated rows is separated or
cannot tell columns apart. What can be resampled is the limiting model, in which the coefficients
that stay finite have their estimates; the others are at the infinity of the fit for as long as the
rows that hold them there count.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from logit_inference.rows.block import Floats
from logit_inference.solve.batch import BatchedFits, checked_weights, refit_weights
from logit_inference.solve.recession import separated_rows
from logit_inference.solve.solution import Outcome

if TYPE_CHECKING:
    from logit_inference.models.result import LogitResult


def refits(result: LogitResult, W: Any, std_errors: bool) -> BatchedFits:
    """Return the fits of a result's design under weightings (B, n) of its rows.

    Notes
    -----
    On separated data each replicate is fitted over the rows that the data as a whole do not
    separate. One that is separated further has no estimate, and its outcome says so.
    """
    fit, asked, cone = result.fit, result.asked, result.estimate.recession
    assert fit is not None, "who asks has looked"
    if asked is None or cone is None or not fit.basis.kept:
        return refit_weights(asked or fit, W, std_errors, result.labels)
    weights = checked_weights(W, fit.source.n_rows, result.labels)
    separated = separated_rows(asked.source, cone)
    limiting = replace(fit, source=asked.source)
    inner = refit_weights(limiting, np.where(separated, 0, weights), std_errors, result.labels)
    finite = result.estimate.finite
    coef = np.where(finite, inner.coef, np.nan)
    counts = weights[:, separated] > 0
    # Of several directions every row may be needed to hold a coefficient where it goes.
    held = counts.all(axis=1) if cone.n_directions > 1 else counts.any(axis=1)
    coef[np.ix_(held & inner.converged, ~finite)] = cone.ends[~finite]
    errors: Floats | None = inner.std_errors
    if errors is not None:
        errors = np.where(finite, errors, np.nan)
    # Without any of these rows the columns cannot be told apart.
    lost = inner.converged & ~counts.any(axis=1)
    values = np.where(lost, np.nan, inner.log_likelihood)
    coef[lost] = np.nan
    if errors is not None:
        errors[lost] = np.nan
    outcomes = tuple(
        Outcome.SINGULAR if gone else outcome
        for gone, outcome in zip(lost.tolist(), inner.outcomes, strict=True)
    )
    return BatchedFits(coef, errors, values, outcomes)
