"""Likelihood-ratio and score tests of linear hypotheses about the coefficients of a fit."""

from __future__ import annotations

import numpy as np

from logit_inference.errors import ArgumentError
from logit_inference.inference.distribution import chi_square_tail
from logit_inference.inference.estimate import Estimate
from logit_inference.inference.hypothesis import Hypothesis
from logit_inference.inference.likelihood_ratio import is_corrected
from logit_inference.inference.refit import Refit
from logit_inference.inference.result import TestResult
from logit_inference.inference.submodel import Whole, efficient_score, submodel
from logit_inference.inference.wald import check_restrictions

BRANCHED = (
    "Under the hypothesis the penalised likelihood of these few rows has several maxima: the "
    "highest that climbs from many starts find counts."
)


def likelihood_ratio_test(whole: Whole, estimate: Estimate, hypothesis: Hypothesis) -> TestResult:
    """Return the likelihood-ratio test of ``matrix @ coef = value``; one restricted fit.

    The restricted fit keeps the penalty of all columns (Heinze and Schemper 2002). On separated
    data both log-likelihoods are suprema, so that infinite coefficients are tested as well.

    Raises
    ------
    HypothesisError
        Where a restriction involves a coefficient that cannot be estimated, or restrictions are
        redundant or contradict each other.
    ProfileError
        Where the restricted maximum is not found.
    """
    _check(whole, estimate, hypothesis, "lr")
    null = submodel(whole, hypothesis.matrix, hypothesis.value)
    statistic = max(2.0 * (whole.value - null.maximum), 0.0)
    df = float(len(hypothesis.matrix))
    notes = (BRANCHED,) if isinstance(null.at, Refit) and null.at.branched else ()
    tail = chi_square_tail(statistic, df)
    return TestResult("lr", hypothesis.text, statistic, df, None, tail, notes)


def score_test(whole: Whole, estimate: Estimate, hypothesis: Hypothesis) -> TestResult:
    """Return Rao's score test of ``matrix @ coef = value``; one restricted fit.

    The statistic is ``u' I⁻¹ u`` with score and information of all coefficients at the restricted
    maximum.

    Raises
    ------
    HypothesisError, ProfileError
        As `likelihood_ratio_test`.

    Notes
    -----
    See `efficient_score`. Rao (1948), *Proceedings of the Cambridge Philosophical Society* 44.
    """
    _check(whole, estimate, hypothesis, "score")
    null = submodel(whole, hypothesis.matrix, hypothesis.value)
    statistic, rank = efficient_score(whole, null, np.zeros((0, len(estimate.names))))
    df = float(rank)
    notes: tuple[str, ...] = ()
    if rank < len(hypothesis.matrix):
        notes = (
            f"The restricted model is separated: of {len(hypothesis.matrix)} restrictions the rows "
            f"that are left test {rank}.",
        )
    tail = chi_square_tail(statistic, df) if rank else np.nan
    return TestResult("score", hypothesis.text, statistic, df, None, tail, notes)


def _check(whole: Whole, estimate: Estimate, hypothesis: Hypothesis, method: str) -> None:
    check_restrictions(estimate, hypothesis.matrix)
    for j in np.flatnonzero(hypothesis.matrix.any(axis=0)):
        if is_corrected(whole.fit, int(j)):
            reason = "FLIC corrects the intercept by hand, so that it maximises nothing"
            raise ArgumentError.refused("method", method, reason, '"wald"')
