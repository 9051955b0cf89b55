"""Tests of hypotheses about a result: which method, of what, and what a reader must know of it."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from logit_inference.errors import ArgumentError, DetachedError
from logit_inference.inference.hypothesis import read_hypothesis
from logit_inference.inference.restriction import likelihood_ratio_test, score_test
from logit_inference.inference.result import TestResult
from logit_inference.inference.submodel import Whole, check_test, whole_model
from logit_inference.inference.wald import wald_test
from logit_inference.models.inference import table_method
from logit_inference.models.nested import nested_hypothesis
from logit_inference.models.wild import WildRequest, wild_test

if TYPE_CHECKING:
    from logit_inference.models.result import LogitResult

# Covariances that likelihood-ratio and score tests agree with, being those of the criterion.
OF_THE_CRITERION = ("model", "penalized information")


def hypothesis_test(
    result: LogitResult, hypothesis: Any, method: str | None, wild: WildRequest
) -> TestResult:
    """Return the test of a linear hypothesis, or of a smaller formula."""
    at = result.estimate
    if method is None:
        method = "lr" if table_method(result) == "profile" else "wald"
    if method not in ("wald", "lr", "score", "wild"):
        raise ArgumentError("method", method, '"wald", "lr", "score" or "wild"')
    if method != "wild":
        wild.refuse(method)
    if isinstance(hypothesis, str) and "~" in re.sub("`[^`]*`", "", hypothesis):
        read = nested_hypothesis(result, hypothesis)
    else:
        read = read_hypothesis(hypothesis, at.names, result.terms, at.identified)
    if method == "wald":
        return wald_test(at, read)
    if method == "wild":
        if result.fit is None:
            raise DetachedError('method="wild"')
        return wild_test(result, result.fit, read, wild)
    make = likelihood_ratio_test if method == "lr" else score_test
    found = make(whole_of(result, method, "method"), at, read)
    return replace(found, notes=(*found.notes, *covariance_notes(result, method)))


def whole_of(result: LogitResult, test: str, argument: str) -> Whole:
    """Return the fit of a result as the model that others are nested in.

    Raises
    ------
    ArgumentError
        Where its estimator has no such test.
    DetachedError
        Where it holds no rows.
    """
    check_test(result.account.estimator, test, argument)
    if result.fit is None:
        raise DetachedError(f'{argument}="{test}"')
    return whole_model(result.fit, result.asked, result.estimate.recession)


def covariance_notes(result: LogitResult, method: str) -> tuple[str, ...]:
    """Return what must be said of a test that does not use the covariance of the result."""
    kind = result.estimate.covariance.kind
    own = result.account.estimator.intercept == "flac"
    if method == "wald" or kind in OF_THE_CRITERION or own:
        return ()
    name = "likelihood-ratio" if method == "lr" else "score"
    return (f"The {name} test does not use the covariance of this result ({kind}).",)
