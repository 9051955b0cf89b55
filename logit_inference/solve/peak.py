"""What a fit maximised, as a function of its coefficients, and the shape of it at the maximum.

Likelihood-ratio statements and the covariance of a penalised fit need what was maximised again.
This is where an estimator's name becomes a function of the rows, for those who must not ask.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from logit_inference.likelihood.objective import Objective, SlopeObjective
from logit_inference.rows.block import Floats
from logit_inference.solve.correction import augmented_likelihood
from logit_inference.solve.criterion import (
    criterion,
    criterion_slope,
    has_cheap_curvature,
    positive,
)
from logit_inference.solve.factor import factorize
from logit_inference.solve.fit import Fit
from logit_inference.solve.schedule import MANY_ELEMENTS
from logit_inference.solve.scout import Scout, has_few_rows, scout


@dataclass(frozen=True)
class Peak:
    """A maximum, and the shape of what was maximised around it.

    Parameters
    ----------
    objective : callable
        From (r,) coefficients to an `Evaluation`. The first q of them are those of the fit, in its
        basis; one more belongs to the pseudo-observations of a FLAC fit.
    coef : (r,) array
        Where it is largest.
    value : float
        Its maximum.
    root : (r, r) array
        B with ``B B'`` the inverse of the curvature at ``coef``.
    several : bool
        Whether a restricted maximum may be one of several: the log-determinant of the information
        is not concave, and of few rows that shows.
    slope : callable, optional
        From coefficients to value and gradient, where that is much cheaper than an evaluation.
    scout : callable, optional
        Proposes maxima (see `solve.scout`), where rows are so few that there may be others.
    """

    objective: Objective
    coef: Floats
    value: float
    root: Floats
    several: bool = False
    slope: SlopeObjective | None = None
    scout: Scout | None = None


def peak_at(objective: Objective, coef: Floats, several: bool = False) -> Peak | None:
    """Return the peak at ``coef``, None where its curvature is singular; one evaluation."""
    at = positive(objective(coef))
    factor = factorize(at.upper)
    if factor is None:
        return None
    return Peak(objective, coef, at.log_likelihood, factor.inverse_root(), several)


def peak_of(fit: Fit) -> Peak | None:
    """Return the peak of what a fit maximised, None where the curvature there is singular.

    With a corrected intercept (FLIC) it is that of Firth's fit, in which the other coefficients are
    the same.

    Notes
    -----
    One evaluation: one pass for likelihoods and penalties of coefficients, two where the penalty is
    the determinant of the information.
    """
    rows, estimator, correction = fit.solved_rows, fit.estimator, fit.correction
    coef = fit.solution.coef
    if correction is not None and estimator.intercept == "flac":
        return peak_at(
            augmented_likelihood(rows, fit.likelihood, correction),
            np.append(coef, correction.pseudo),
        )
    if correction is not None:
        coef = correction.firth
    several = estimator.power > 0 and has_cheap_curvature(rows)
    peak = peak_at(criterion(rows, fit.likelihood, estimator, fit.basis), coef, several)
    if peak is not None and several and has_few_rows(rows):
        return replace(peak, scout=partial(scout, rows, estimator.power))
    if peak is None or estimator.power or rows.n_rows * rows.n_columns < MANY_ELEMENTS:
        return peak
    return replace(peak, slope=criterion_slope(rows, fit.likelihood, estimator, fit.basis))
