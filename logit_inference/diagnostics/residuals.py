"""Residuals, leverages and Cook's distances of the rows of a fit, row by row.

The definitions are those of R's ``residuals.glm``, ``hatvalues`` and ``cooks.distance`` with
dispersion one, and missing where the leverage is one: McCullagh and Nelder (1989), *Generalized
Linear Models*, sections 2.4 and 12.7. What a table calls them this file does not know.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import xlogy

from logit_inference.likelihood.logistic import expit, linear_predictor
from logit_inference.rows.block import Block, Floats
from logit_inference.rows.product import row_squares
from logit_inference.solve.fit import Fit


@dataclass(frozen=True)
class Residuals:
    """Arrays of shape (n,); observed values of grouped data are proportions."""

    observed: Floats
    linear_predictor: Floats
    std_error: Floats
    fitted: Floats
    deviance: Floats
    pearson: Floats
    leverage: Floats
    standardized: Floats
    cooks_distance: Floats


def residuals(fit: Fit) -> Residuals:
    """Return residuals and influence measures for every row of a fit.

    Notes
    -----
    Two passes: a QR fold for the leverages, and one that maps the rows. Memory n × 9.
    """
    root = fit.information_root()
    return Residuals(*fit.map(_rows, root, len(fit.solution.coef)).T)


def _rows(block: Block, coef: Floats, root: Floats, k: int) -> Floats:
    """Return the (n, 9) fields of `Residuals`; ``root`` is B with ``B B'`` the covariance."""
    eta = linear_predictor(block, coef)
    mu, nu = expit(eta), expit(-eta)
    m = np.ones_like(eta) if block.trials is None else block.trials
    prior = np.ones_like(eta) if block.weights is None else block.weights
    failures = m - block.y
    raw = block.y * nu - failures * mu
    variance = row_squares(block.X, root)
    with np.errstate(divide="ignore", invalid="ignore"):
        observed = block.y / m
        unit = _deviance_terms(block.y, mu, m) + _deviance_terms(failures, nu, m)
        deviance = np.copysign(np.sqrt(2.0 * prior * np.maximum(unit, 0.0)), raw)
        # A separated row fits exactly: zero over zero is zero.
        pearson = np.where(raw == 0.0, 0.0, np.sqrt(prior) * raw / np.sqrt(m * mu * nu))
        leverage = prior * m * mu * nu * variance
        # A row of leverage one decides its own fitted value: nothing is left to standardise.
        left = np.where(leverage > 1.0 - 1e-12, np.nan, 1.0 - leverage)
        standardized = deviance / np.sqrt(left)
        cooks = (pearson / left) ** 2 * leverage / k
    fields = (
        observed,
        eta,
        np.where(np.isinf(eta), np.nan, np.sqrt(variance)),
        mu,
        deviance,
        pearson,
        leverage,
        standardized,
        cooks,
    )
    return np.column_stack(fields)


def _deviance_terms(count: Floats, probability: Floats, m: Floats) -> Floats:
    """Return ``count·log(count/(m·probability))``, zero where the count is."""
    terms: Floats = xlogy(count, count) - xlogy(count, m * probability)
    return terms
