"""Likelihood-ratio statements about the coefficients of a fit, with the penalty that it has."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from logit_inference.errors import ArgumentError, ProfileError
from logit_inference.inference.distribution import two_sided
from logit_inference.inference.estimate import Estimate
from logit_inference.inference.profile import likelihood_interval, likelihood_ratio
from logit_inference.inference.wald import Coefficients, combinations
from logit_inference.rows.block import Floats
from logit_inference.solve.fit import Fit
from logit_inference.solve.peak import Peak, peak_of


def profile_coefficients(
    fit: Fit,
    estimate: Estimate,
    level: float,
    *,
    matrix: Floats | None = None,
    tests: bool = True,
    called: Sequence[str] | None = None,
) -> Coefficients:
    """Return likelihood-ratio inference for coefficients: signed roots, p-values, intervals.

    The p-value is below ``1 − level`` exactly where the interval excludes zero. With a corrected
    intercept (FLIC) the intercept's are Wald statements, the others' those of Firth's fit.

    Parameters
    ----------
    fit : Fit
    estimate : Estimate
    level : float
    matrix : (k, p) array, optional
        Combinations of coefficients, in place of each coefficient by itself. Those that have no
        finite estimate get NaN.
    tests : bool
        Whether to compute statistics and p-values, which intervals do not need.
    called : sequence of k str, optional
        What errors name them. Without it a profile that is not found is NaN; all are where a
        restricted fit is higher than the estimate, which then is not the maximum.

    Raises
    ------
    ProfileError
        Where the fit is at no maximum; and, with ``called``, where a restricted fit does not reach
        its maximum.
    ArgumentError
        For an estimator whose criterion has no likelihood-ratio statements.

    Notes
    -----
    For each coefficient, the two ends of its interval (see `likelihood_interval`) and one
    restricted fit, of two to five evaluations, for the test.
    """
    matrix = np.eye(len(estimate.names)) if matrix is None else matrix
    wald = combinations(estimate, matrix, level)
    statistic, low, high = np.full((3, len(matrix)), np.nan)
    branched = np.zeros(len(matrix), dtype=bool)
    finite = np.flatnonzero(np.isfinite(wald.estimate)).tolist()
    if not finite:  # complete separation: there is no peak
        return Coefficients(wald.estimate, wald.std_error, statistic, statistic, low, high)
    peak = fit_peak(fit)
    for j in finite:
        if holds_corrected(fit, matrix[j]):
            statistic[j], low[j], high[j] = wald.statistic[j], wald.conf_low[j], wald.conf_high[j]
            continue
        row = widened(fit, peak, matrix[[j]])
        try:
            if tests:
                ratio = likelihood_ratio(peak, row, np.zeros(1))
                statistic[j] = math.copysign(math.sqrt(ratio), float(row[0] @ peak.coef))
            found = likelihood_interval(peak, row[0], level)
            low[j], high[j], branched[j] = found.low, found.high, found.branched
        except ProfileError as problem:
            if called is not None:
                raise problem.about(called[j]) from None
            statistic[j] = np.nan
            if problem.gap > 0.0:  # the estimate is not the maximum: nothing is measured from it
                statistic[:], low[:], high[:] = np.nan, np.nan, np.nan
                break
    p_value = two_sided(statistic, None)
    return Coefficients(wald.estimate, wald.std_error, statistic, p_value, low, high, branched)


def fit_peak(fit: Fit) -> Peak:
    """Return the peak of what a fit maximised, or raise where nothing can be profiled."""
    if not fit.estimator.has_likelihood:
        name = fit.estimator.name
        reason = f"{name} has no likelihood ratios"
        raise ArgumentError.refused("method", "lr", reason, '"wald"')
    outcome = fit.solution.outcome
    if not outcome.converged:
        raise ProfileError.no_maximum(outcome.sentence)
    peak = peak_of(fit)
    if peak is None:
        raise ProfileError.not_found("a maximum to profile")
    return peak


def widened(fit: Fit, peak: Peak, matrix: Floats) -> Floats:
    """Return combinations (k, p) of coefficients of X as those (k, r) of the peak's."""
    rows = fit.basis.of(matrix)
    return np.pad(rows, ((0, 0), (0, len(peak.coef) - rows.shape[1])))


def is_corrected(fit: Fit, column: int) -> bool:
    """Say whether a column is an intercept that FLIC corrected by hand."""
    return fit.estimator.intercept == "flic" and column == fit.constant


def holds_corrected(fit: Fit, row: Floats) -> bool:
    """Say whether a combination of coefficients involves such an intercept."""
    return any(is_corrected(fit, int(j)) for j in np.flatnonzero(row))
