"""Covariances that take what a penalty adds for information.

A penalty of coefficients is data: m/2 events and non-events for log-F, a normal prior for ridge.
Whether Jeffreys' penalty is, is a matter of taste: brglm2 inverts the information of the rows
alone, logistf that of rows with their pseudo-observations.
"""

from __future__ import annotations

import numpy as np

from logit_inference.covariance.covariance import Covariance
from logit_inference.covariance.model import model_covariance
from logit_inference.errors import ArgumentError
from logit_inference.likelihood.bias import determinant_sums
from logit_inference.rows.block import Floats
from logit_inference.solve.factor import factorize
from logit_inference.solve.fit import Fit
from logit_inference.solve.peak import peak_of

PENALIZED = "penalized information"
AUGMENTED = "augmented information"


def fit_covariance(fit: Fit) -> Covariance:
    """Return the covariance that belongs to a fit's estimator.

    * maximum likelihood, Firth, other powers of Jeffreys' prior, median bias reduction, FLIC: the
      inverse information at the estimate;
    * log-F and ridge: the inverse of the information plus the curvature of the penalty, which is
      the posterior covariance of a normal approximation;
    * FLAC: the inverse information of rows and pseudo-observations, the indicator's row and column
      left out.

    Notes
    -----
    See `information_root`; for the last two one evaluation.
    """
    if not (fit.estimator.amounts or fit.estimator.intercept == "flac"):
        return model_covariance(fit)
    peak = peak_of(fit) if fit.solution.outcome.converged else None
    if peak is None:
        return _covariance(fit, np.full((len(fit.solution.coef), 1), np.nan), PENALIZED)
    root = peak.root[: len(fit.solution.coef)]
    return _covariance(fit, root, PENALIZED if fit.estimator.amounts else AUGMENTED)


def bread(fit: Fit) -> Floats:
    """Return B (q, r) with ``B B'`` the inverse curvature of what was maximised: the bread.

    That of the rows, and of a penalty of coefficients where there is one: how far a score moves the
    estimate depends on it. Jeffreys' penalty, of the order of one row, is left out.
    """
    return fit_covariance(fit).root if fit.estimator.amounts else fit.information_root()


def augmented_covariance(fit: Fit) -> Covariance:
    """Return the inverse of ``Σ (w + 2·power·h·mu(1−mu)) xx'``, logistf's convention.

    It holds the pseudo-observations that Jeffreys' penalty amounts to for observations, so that its
    standard errors are smaller than those of the information.

    Raises
    ------
    ArgumentError
        For an estimator without that penalty.

    Notes
    -----
    Two passes. logistf 1.26.1 (Heinze, Ploner and Jiricka), ``vcov``.
    """
    power = fit.estimator.power
    if not power:
        raise ArgumentError(
            "covariance",
            "augmented",
            'it for estimator="firth" or "jeffreys", whose penalty amounts to pseudo-observations',
        )
    solution = fit.solution
    if solution.factor is None:
        return _covariance(fit, np.full((len(solution.coef), 1), np.nan), AUGMENTED)
    root = solution.factor.inverse_root()
    sums = fit.solved_rows.fold_runs(determinant_sums, fit.likelihood, solution.coef, root, False)
    factor = factorize(solution.evaluation.upper + power * sums.pseudo)
    assert factor is not None, "more information than what was positive definite"
    return _covariance(fit, factor.inverse_root(), AUGMENTED)


def _covariance(fit: Fit, root: Floats, kind: str) -> Covariance:
    return Covariance(np.ascontiguousarray(root), fit.basis, kind)
