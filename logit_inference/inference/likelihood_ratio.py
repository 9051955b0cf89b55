"""Likelihood-ratio statements about the coefficients of a fit, with the penalty that it has."""

from __future__ import annotations

import math

import numpy as np

from logit_inference.errors import ArgumentError, ProfileError
from logit_inference.inference.distribution import two_sided
from logit_inference.inference.estimate import Estimate
from logit_inference.inference.profile import likelihood_ratio, profile_interval
from logit_inference.inference.wald import Coefficients, coefficients
from logit_inference.rows.block import Floats
from logit_inference.solve.fit import Fit
from logit_inference.solve.peak import Peak, peak_of


def profile_coefficients(
    fit: Fit, estimate: Estimate, level: float, *, strict: bool = True
) -> Coefficients:
    """Return likelihood-ratio inference for each coefficient: signed roots, p-values, intervals.

    The p-value is below ``1 − level`` exactly where the interval excludes zero. With a corrected
    intercept (FLIC) the intercept's are Wald statements, the others' those of Firth's fit.

    Parameters
    ----------
    fit : Fit
    estimate : Estimate
    level : float
    strict : bool
        Whether a coefficient whose profile is not found raises. If not, its numbers are NaN.

    Raises
    ------
    ProfileError
        Where a restricted fit does not reach its maximum.
    ArgumentError
        For an estimator whose criterion has no likelihood-ratio statements.

    Notes
    -----
    Ten to thirty evaluations for each coefficient (see `profile_interval`).
    """
    wald = coefficients(estimate, level)
    peak, rows = _peak(fit), _inside(fit, np.eye(len(estimate.names)))
    statistic, low, high = np.full((3, len(rows)), np.nan)
    for j in np.flatnonzero(estimate.estimable):
        if is_corrected(fit, int(j)):
            statistic[j], low[j], high[j] = wald.statistic[j], wald.conf_low[j], wald.conf_high[j]
            continue
        row = np.append(rows[j], np.zeros(len(peak.coef) - rows.shape[1]))
        try:
            ratio = likelihood_ratio(peak, row[np.newaxis], np.zeros(1))
            low[j], high[j] = profile_interval(peak, row, level)
        except ProfileError:
            if strict:
                raise
            continue
        statistic[j] = math.copysign(math.sqrt(ratio), float(row @ peak.coef))
    return Coefficients(
        wald.estimate, wald.std_error, statistic, two_sided(statistic, None), low, high
    )


def _peak(fit: Fit) -> Peak:
    if not fit.estimator.has_likelihood:
        name = fit.estimator.name
        raise ArgumentError("method", "profile", f'"wald": {name} has no likelihood ratios')
    peak = peak_of(fit) if fit.solution.outcome.converged else None
    if peak is None:
        raise ProfileError.not_found("a maximum to profile")
    return peak


def _inside(fit: Fit, matrix: Floats) -> Floats:
    """Return combinations of coefficients of X in the basis of the fit."""
    return fit.basis.of(matrix)


def is_corrected(fit: Fit, column: int) -> bool:
    """Say whether a column is an intercept that FLIC corrected by hand."""
    return fit.estimator.intercept == "flic" and column == fit.constant
