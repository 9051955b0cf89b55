"""Likelihood-ratio statistics of imputed data: of each imputation, at shared coefficients, stacked.

All fits are seen in the basis of the first, in which their coefficients mean the same. What is made
of the statistics, this file does not ask.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add

import numpy as np

from logit_inference.errors import ProfileError
from logit_inference.inference.hypothesis import Hypothesis
from logit_inference.inference.refit import Refit, refit
from logit_inference.inference.submodel import Whole, submodel
from logit_inference.likelihood.evaluation import Evaluation
from logit_inference.likelihood.objective import Objective, null_objective, objective
from logit_inference.rows.basis import in_basis
from logit_inference.rows.block import Floats
from logit_inference.rows.variant import variant
from logit_inference.solve.factor import Factor
from logit_inference.solve.fit import Fit
from logit_inference.solve.newton import newton


@dataclass(frozen=True)
class Ratios:
    """Likelihood-ratio statistics of one hypothesis in m imputations.

    Parameters
    ----------
    each : (m,) array
        At the estimates of each imputation, with and without the restrictions.
    null_coef : (m, q) array
        Its restricted estimates, in the basis of the first fit.
    """

    each: Floats
    null_coef: Floats


def likelihood_ratios(models: Sequence[Whole], hypothesis: Hypothesis) -> Ratios:
    """Return the statistics of each imputation; one restricted fit for each."""
    each, coef, first = [], [], models[0].fit.basis
    for whole in models:
        null = submodel(whole, hypothesis.matrix, hypothesis.value)
        each.append(max(2.0 * (whole.value - null.maximum), 0.0))
        assert isinstance(null.at, Refit), "fits that are pooled have a maximum"
        full = np.nan_to_num(whole.fit.basis.coefficients(null.at.coef))
        coef.append(first.inner(full))
    return Ratios(np.array(each), np.array(coef))


def ratio_at_means(fits: Sequence[Fit], null_coef: Floats) -> float:
    """Return the mean statistic where all imputations have the mean coefficients; two passes."""
    basis = fits[0].basis
    full = [basis.inner(np.nan_to_num(fit.coef)) for fit in fits]
    log_likelihood, m = _stacked(fits), len(fits)
    larger = log_likelihood(np.mean(full, axis=0)).log_likelihood
    return 2.0 * (larger - log_likelihood(null_coef.mean(axis=0)).log_likelihood) / m


def ratio_with_constants(fits: Sequence[Fit], null_coef: Floats) -> float:
    """Return the same with a constant added in each imputation, and fitted there; a few passes.

    So does mice (3.15, ``D3``, which refits ``. ~ 1`` with the linear predictor as offset). Meng
    and Rubin's statistic has no such freedom.
    """
    basis = fits[0].basis
    larger = np.mean([basis.inner(np.nan_to_num(fit.coef)) for fit in fits], axis=0)
    smaller, total = null_coef.mean(axis=0), 0.0
    for fit in fits:
        rows = in_basis(fit.solved, basis)
        for coef, sign in ((larger, 1.0), (smaller, -1.0)):
            offset = rows.map(fit.likelihood.linear_predictor, coef)
            shifted = null_objective(variant(fit.solved, offset=offset), fit.likelihood)
            found = newton(shifted, np.zeros(1), _length)
            total += sign * found.evaluation.log_likelihood
    return 2.0 * total / len(fits)


def _length(factor: Factor, coef: Floats, now: Evaluation) -> float:
    """Return M·λ of a model of one column of ones."""
    return float(abs(now.score[0]) / now.upper[0, 0])


def stacked_ratio(fits: Sequence[Fit], hypothesis: Hypothesis) -> float:
    """Return the statistic of the stacked data, each row weighted 1/m; two fits over all of them.

    Raises
    ------
    ProfileError
        Where one of the maxima is not found.
    """
    basis, m = fits[0].basis, len(fits)
    stacked = _stacked(fits)
    coef = np.mean([basis.inner(np.nan_to_num(fit.coef)) for fit in fits], axis=0)
    root = fits[0].information_root() / np.sqrt(m)
    rows, value = basis.of(hypothesis.matrix), hypothesis.value
    whole = refit(stacked, coef, root, rows[:0], value[:0])
    null = None if whole is None else refit(stacked, whole.coef, whole.root, rows, value)
    if whole is None or null is None:
        raise ProfileError.not_found("the maximum over stacked imputations")
    if not (whole.outcome.converged and null.outcome.converged):
        raise ProfileError.not_found("the maximum over stacked imputations")
    return 2.0 * (whole.value - null.value) / m


def _stacked(fits: Sequence[Fit]) -> Objective:
    """Return the sum of the log-likelihoods of all fits, in the basis of the first."""
    basis = fits[0].basis
    parts = [objective(in_basis(fit.solved, basis), fit.likelihood) for fit in fits]

    def whole(coef: Floats) -> Evaluation:
        return reduce(add, (part(coef) for part in parts))

    return whole
