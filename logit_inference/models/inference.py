"""Which inference a result's tables show, and where it comes from: its rows, or what it carries."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from logit_inference.errors import ArgumentError, DetachedError
from logit_inference.inference.hypothesis import read_hypothesis
from logit_inference.inference.likelihood_ratio import (
    likelihood_ratio_test,
    profile_coefficients,
)
from logit_inference.inference.result import TestResult
from logit_inference.inference.wald import Coefficients, check_level, wald_test
from logit_inference.solve.certificate import Certificate, certify_fit, undecided

if TYPE_CHECKING:
    from logit_inference.models.result import LogitResult


def table_method(result: LogitResult) -> str:
    """Return the method of a result's tables; where there is no maximum, there is no profile."""
    return result.account.estimator.interval_method if result.converged else "wald"


def coefficient_inference(
    result: LogitResult, level: float | None, method: str | None
) -> Coefficients:
    """Return statistics, p-values and intervals of all coefficients, by Wald or by profile."""
    strict = method is not None  # a table says what it lacks, and prints the rest
    method = table_method(result) if method is None else method
    level = result.level if level is None else check_level(level)
    if method == "wald":
        return result.wald(level)
    if method != "profile":
        raise ArgumentError("method", method, '"wald" or "profile"')
    if result.profile is not None and level == result.level:
        std_error = result.estimate.std_errors  # whichever covariance the result has by now
        return replace(result.profile, std_error=std_error)
    if result.fit is None:
        raise DetachedError('method="profile"')
    table = profile_coefficients(result.fit, result.estimate, level, strict=strict)
    return table if result.limits is None else result.limits_at(level).put_into(table)


def linear_test(result: LogitResult, hypothesis: Any, method: str | None) -> TestResult:
    """Return the Wald or likelihood-ratio test of a linear hypothesis."""
    at = result.estimate
    if method is None:
        method = "lr" if table_method(result) == "profile" else "wald"
    read = read_hypothesis(hypothesis, at.names, result.terms, at.identified)
    if method == "wald":
        return wald_test(at, read)
    if method != "lr":
        raise ArgumentError("method", method, '"wald" or "lr"')
    if result.fit is None:
        raise DetachedError('method="lr"')
    return likelihood_ratio_test(result.fit, at, read)


def certificate_of(result: LogitResult) -> Certificate:
    """Return the proof that a result carries: of its maximum, of its limit, or of neither."""
    if result.proof is not None:
        return result.proof
    if result.fit is None:
        raise DetachedError("certificate")
    estimator = result.account.estimator
    if estimator.kind != "ml":
        return undecided(f"the proof is one of maximum likelihood, and this is {estimator.name}")
    separation = result.separation
    if separation.kind == "undecided":
        return undecided(_clause(separation.sentence))
    found = certify_fit(result.fit) if len(result.fit.solution.coef) else None
    if not separation.found:
        assert found is not None, "a fit without columns is a limit"
        return found
    reason = _clause(separation.sentence)
    return Certificate(False, math.inf, math.nan, math.nan, math.nan, reason, found)


def _clause(sentence: str) -> str:
    """Return a sentence as part of another."""
    return sentence[:1].lower() + sentence[1:].rstrip(".")


def detached(result: LogitResult) -> LogitResult:
    """Return the result without its rows; its tables' inference is computed before they go."""
    profile = result.profile
    if result.fit is not None and table_method(result) == "profile":
        profile = coefficient_inference(result, None, "profile")
    return replace(
        result,
        fit=None,
        asked=None,
        labels=None,
        positions=None,
        profile=profile,
        proof=certificate_of(result),
        examined=replace(result.separation, rows=None),
    )
