"""Likelihood-ratio statements about the coefficients of a fit, with the penalty that it has."""

from __future__ import annotations

import math

import numpy as np

from logit_inference.errors import ArgumentError, ProfileError
from logit_inference.inference.distribution import chi_square_tail, two_sided
from logit_inference.inference.estimate import Estimate
from logit_inference.inference.hypothesis import Hypothesis
from logit_inference.inference.profile import likelihood_ratio, profile_interval
from logit_inference.inference.result import TestResult
from logit_inference.inference.wald import Coefficients, coefficients, wald_test
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
        if _is_corrected(fit, int(j)):
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


def likelihood_ratio_test(fit: Fit, estimate: Estimate, hypothesis: Hypothesis) -> TestResult:
    """Return the likelihood-ratio test of ``matrix @ coef = value``; one restricted fit.

    The restricted fit keeps the penalty of all columns (Heinze and Schemper 2002).

    Raises
    ------
    HypothesisError
        As `wald_test`.
    """
    wald_test(estimate, hypothesis)  # its checks hold here as well
    for j in np.flatnonzero(hypothesis.matrix.any(axis=0)):
        if _is_corrected(fit, int(j)):
            raise ArgumentError("method", "lr", '"wald": FLIC corrects the intercept by hand')
    peak, rows = _peak(fit), _inside(fit, hypothesis.matrix)
    wide = np.zeros((len(rows), len(peak.coef)))
    wide[:, : rows.shape[1]] = rows
    statistic = likelihood_ratio(peak, wide, np.asarray(hypothesis.value, dtype=np.float64))
    df = float(len(rows))
    return TestResult("lr", hypothesis.text, statistic, df, None, chi_square_tail(statistic, df))


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


def _is_corrected(fit: Fit, column: int) -> bool:
    return fit.estimator.intercept == "flic" and column == fit.constant
