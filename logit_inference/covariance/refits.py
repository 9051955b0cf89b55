"""Refits of one design under many weightings, by whichever estimator fitted it.

Maximum likelihood has a batched engine; the other estimators are fitted one after the other, with
the penalty that the fit had. What the weightings are for, this file does not ask.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from logit_inference.errors import DataError, RankError
from logit_inference.rows.block import Block, Floats
from logit_inference.rows.variant import variant
from logit_inference.solve.batch import refit_weights
from logit_inference.solve.fit import Fit, fit_rows
from logit_inference.solve.solution import Outcome


def refits(fit: Fit, weights: NDArray[Any]) -> tuple[Floats, tuple[Outcome, ...]]:
    """Return coefficients (B, p) of weightings (B, n), and how each search ended.

    NaN throughout where there is no estimate: ``DIVERGING`` where it would be infinite or all rows
    have one outcome, ``SINGULAR`` where the rows do not tell the columns apart.

    Notes
    -----
    See `refit_weights`; by other estimators than maximum likelihood one fit each, some milliseconds
    for a few hundred rows.
    """
    if fit.estimator.is_ml:
        batch = refit_weights(fit, weights)
        return batch.coef, batch.outcomes
    offset = bool(fit.source.fold(_has_offset))
    found = [_penalized(fit, own, offset) for own in weights]
    return np.array([coef for coef, _ in found]), tuple(outcome for _, outcome in found)


def _penalized(fit: Fit, weights: NDArray[Any], offset: bool) -> tuple[Floats, Outcome]:
    nothing = np.full(len(fit.names), np.nan)
    rows = variant(fit.source, weights=np.asarray(weights, dtype=np.float64))
    try:
        again = fit_rows(
            rows,
            fit.likelihood,
            fit.names,
            constant=fit.constant,
            offset=offset,
            estimator=fit.estimator,
        )
    except DataError:  # one outcome only
        return nothing, Outcome.DIVERGING
    except RankError:
        return nothing, Outcome.SINGULAR
    if again.basis.kept != fit.basis.kept:
        return nothing, Outcome.SINGULAR
    outcome = again.solution.outcome
    return (again.coef if outcome.converged else nothing), outcome


def _has_offset(block: Block) -> bool:
    return block.offset is not None
