"""Tests of hypotheses about a result: which method, of what, and what a reader must know of it."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from logit_inference.covariance.penalized import AUGMENTED, PENALIZED
from logit_inference.errors import ArgumentError, DetachedError, SurveyError
from logit_inference.inference.hypothesis import read_hypothesis
from logit_inference.inference.rao_scott import rao_scott_test
from logit_inference.inference.restriction import likelihood_ratio_test, score_test
from logit_inference.inference.result import TestResult
from logit_inference.inference.submodel import Whole, check_test, whole_model
from logit_inference.inference.wald import wald_test
from logit_inference.models.inference import table_method
from logit_inference.models.nested import nested_hypothesis
from logit_inference.models.sampled import check_likelihood
from logit_inference.models.wild import WildRequest, wild_test

if TYPE_CHECKING:
    from logit_inference.models.result import LogitResult

# Covariances that likelihood-ratio and score tests agree with, being those of the criterion.
OF_THE_CRITERION = ("model", PENALIZED)
WORKING = ("rao-scott", "rao-scott-f")


def hypothesis_test(
    result: LogitResult, hypothesis: Any, method: str | None, wild: WildRequest
) -> TestResult:
    """Return the test of a linear hypothesis, or of a smaller formula."""
    at = result.estimate
    if method is None:
        method = "lr" if table_method(result) == "profile" else "wald"
    if method not in ("wald", "lr", "score", "wild", *WORKING):
        wanted = '"wald", "lr", "score" or "wild"; with sampling weights "rao-scott", "rao-scott-f"'
        raise ArgumentError("method", method, wanted)
    if method != "wild":
        wild.refuse(method)
    if isinstance(hypothesis, str) and "~" in re.sub("`[^`]*`", "", hypothesis):
        read = nested_hypothesis(result, hypothesis)
    else:
        read = read_hypothesis(hypothesis, at.names, result.terms, at.identified)
    if method == "wald":
        if result.account.is_pseudo and at.infinite_in(read.matrix).any():
            raise SurveyError.infinite()
        found = wald_test(at, read)
        return replace(found, notes=(*found.notes, *covariance_notes(result, method)))
    if method in WORKING:
        return rao_scott_test(working_model(result, method), at, read, method)
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
    check_likelihood(result, f'{argument}="{test}"')
    if result.fit is None:
        raise DetachedError(f'{argument}="{test}"')
    return whole_model(result.fit, result.asked, result.estimate.recession)


def working_model(result: LogitResult, method: str) -> Whole:
    """Return the fit of a result as the model of a working likelihood-ratio test.

    Raises
    ------
    ArgumentError
        Where the likelihood is one, or the data are separated.
    DetachedError
        Where it holds no rows.
    """
    if not result.account.is_pseudo:
        reason = "Rao and Scott's test is for sampling weights, and this fit has a likelihood"
        raise ArgumentError.refused("method", method, reason, '"lr"')
    if result.asked is not None:
        reason = "the data are separated, and suprema of pseudo-likelihoods have no such reference"
        raise ArgumentError.refused("method", method, reason, '"wald" for finite coefficients')
    if result.fit is None:
        raise DetachedError(f'method="{method}"')
    return whole_model(result.fit)


def foreign_covariance(result: LogitResult) -> str:
    """Return the kind of a covariance that is not that of what was maximised; empty if it is."""
    kind = result.estimate.covariance.kind
    own = result.account.estimator.intercept == "flac" and kind == AUGMENTED
    return "" if kind in OF_THE_CRITERION or own else kind


def covariance_notes(result: LogitResult, method: str) -> tuple[str, ...]:
    """Return what must be said of a test that does not use the covariance of the result.

    Of a sample, that a Wald test uses that of the model.
    """
    kind = foreign_covariance(result)
    if method == "wald" and result.account.is_pseudo and not kind:
        return ("Covariance: model-based.",)
    if method == "wald" or not kind:
        return ()
    name = "likelihood-ratio" if method == "lr" else "score"
    return (f"The {name} test does not use the covariance of this result ({kind}).",)
