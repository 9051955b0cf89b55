"""Tests of hypotheses about pooled fits: which statistic, of what."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from logit_inference.errors import ArgumentError, PoolingError
from logit_inference.inference.hypothesis import Hypothesis, read_hypothesis
from logit_inference.inference.pooling import (
    pool_likelihood_ratios,
    pool_statistics,
    pooled_wald_test,
)
from logit_inference.inference.result import TestResult
from logit_inference.inference.stacked import (
    likelihood_ratios,
    ratio_at_means,
    ratio_with_constants,
    stacked_ratio,
)
from logit_inference.inference.wald import check_restrictions, wald_test
from logit_inference.models.poolable import estimate_of
from logit_inference.models.poolnotes import covariance_note
from logit_inference.models.result import LogitResult
from logit_inference.models.testing import covariance_notes, whole_of
from logit_inference.rows.block import Floats

if TYPE_CHECKING:
    from logit_inference.inference.submodel import Whole
    from logit_inference.models.pooled import PooledResult

METHODS = ("D1", "D2", "D2-lr", "D3", "D3-mice", "D4")


def pooled_hypothesis_test(result: PooledResult, hypothesis: Any, method: str) -> TestResult:
    """Return the pooled test of a linear hypothesis; see `PooledResult.test`."""
    if method not in METHODS:
        raise ArgumentError("method", method, f"one of {', '.join(map(repr, METHODS))}")
    first = estimate_of(result.fits[0], 1)
    read = read_hypothesis(hypothesis, result.names, result.terms, first.identified)
    check_restrictions(first, read.matrix)
    if method == "D1":
        return _told(pooled_wald_test(result.pooled, read), result)
    if method == "D2":
        return _told(pool_statistics(_wald_statistics(result.fits, read), read, method), result)
    found = _pooled_ratios(_models_of(result, method), read, method)
    return replace(found, notes=(*found.notes, *covariance_notes(result.fits[0], "lr")))


def _told(found: TestResult, result: PooledResult) -> TestResult:
    """Return Wald's test with the covariance that it rests on, where that is not the model's."""
    if estimate_of(result.fits[0], 1).covariance.kind == "model":
        return found
    return replace(found, notes=(*found.notes, covariance_note(result)))


def _wald_statistics(fits: tuple[Any, ...], hypothesis: Hypothesis) -> Floats:
    """Return the chi-square statistic of each imputation."""
    found = [wald_test(estimate_of(fit, i), hypothesis) for i, fit in enumerate(fits, start=1)]
    scale = [1.0 if test.df_denominator is None else test.df for test in found]
    return np.array([test.statistic for test in found]) * scale


def _models_of(result: PooledResult, method: str) -> list[Whole]:
    """Return the fits whose likelihoods are compared."""
    found = []
    for one in result.fits:
        if not isinstance(one, LogitResult):
            raise PoolingError.no_likelihood(method, f"of type {type(one).__name__}")
        if not one.account.estimator.is_ml:
            raise PoolingError.no_likelihood(method, f"by {one.account.estimator.name}")
        if one.fit is None:
            raise PoolingError.no_likelihood(method, "without their rows")
        found.append(whole_of(one, "lr", "method"))
    return found


def _pooled_ratios(models: list[Whole], hypothesis: Hypothesis, method: str) -> TestResult:
    ratios, fits = likelihood_ratios(models, hypothesis), [model.fit for model in models]
    if method == "D2-lr":
        return pool_statistics(ratios.each, hypothesis, method)
    if method == "D3":
        shared = ratio_at_means(fits, ratios.null_coef)
    elif method == "D3-mice":
        shared = ratio_with_constants(fits, ratios.null_coef)
    else:
        shared = stacked_ratio(fits, hypothesis)
    mean = float(ratios.each.mean())
    return pool_likelihood_ratios(mean, shared, len(fits), hypothesis, method)
