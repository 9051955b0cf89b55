"""Limits of predictions that separated data force to 0 or 1.

Such a probability has no standard error, and one honest limit is the probability itself. The other
is found as that of an infinite coefficient is: the linear predictor of the row is a combination of
coefficients, held at values that the likelihood-ratio test does not reject.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from logit_inference.effects.prediction import Prediction
from logit_inference.inference.limits import likelihood_limits
from logit_inference.rows.block import Block, Floats
from logit_inference.rows.product import Columns, dense
from logit_inference.rows.variant import row_offset

if TYPE_CHECKING:
    from logit_inference.models.result import LogitResult

MOST_ROWS = 200  # distinct ones, some fits each
MOST_ELEMENTS = 5e6  # of rows of the fit that are looked through


def with_forced_limits(
    result: LogitResult,
    prediction: Prediction,
    level: float,
    X: Columns | None = None,
    offset: Floats | None = None,
) -> Prediction:
    """Return predictions with a finite limit for rows whose probability is forced.

    Parameters
    ----------
    result : LogitResult
    prediction : Prediction
        Of m rows.
    level : float
        Of the intervals.
    X : (m, p) array or Coded, optional
        The rows; by default those of the fit.
    offset : (m,) array, optional
        Of other rows than those of the fit.

    Notes
    -----
    About seven fits for each distinct row. Limits stay missing of more than 200 distinct rows, of
    fits of more than five million elements, where the search would take minutes, and of a result
    without rows.
    """
    forced = np.flatnonzero(np.isinf(prediction.link))
    cone, asked = result.estimate.recession, result.asked
    if not len(forced) or asked is None or result.fit is None or cone is None:
        return prediction
    if result.account.weights_kind == "sampling":  # ratios of a pseudo-likelihood mean nothing
        return prediction
    if X is None:
        if asked.source.n_rows * float(len(asked.names)) > MOST_ELEMENTS:
            return prediction
        rows, known = asked.source.map(_plain)[forced], asked.source.map(row_offset)[forced]
    else:
        if len(forced) * float(X.shape[1]) > MOST_ELEMENTS:
            return prediction
        part = X[forced]
        rows = part if isinstance(part, np.ndarray) else dense(part)
        known = np.zeros(len(forced)) if offset is None else offset[forced]
    distinct, place = np.unique(rows, axis=0, return_inverse=True)
    if len(distinct) > MOST_ROWS:
        return prediction
    supremum = result.fit.solution.evaluation.log_likelihood
    found = likelihood_limits(asked, supremum, cone, level, distinct)
    ends = np.full((2, len(prediction.link)), np.nan)
    ends[:, forced] = np.array([found.conf_low, found.conf_high])[:, place.ravel()] + known
    return replace(prediction, ends=ends)


def _plain(block: Block) -> Floats:
    return dense(block.X)
