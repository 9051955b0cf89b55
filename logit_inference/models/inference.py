"""Which inference a result's tables show, and where it comes from: its rows, or what it carries."""

from __future__ import annotations

import math
from dataclasses import replace
from numbers import Real
from typing import TYPE_CHECKING

import numpy as np

from logit_inference.covariance.model import model_covariance
from logit_inference.covariance.satterthwaite import Satterthwaite
from logit_inference.errors import ArgumentError, DetachedError
from logit_inference.inference.estimate import Estimate
from logit_inference.inference.hauck_donner import WaldSlopes, suspects, wald_slopes
from logit_inference.inference.likelihood_ratio import profile_coefficients
from logit_inference.inference.limits import Limits, likelihood_limits
from logit_inference.inference.wald import Coefficients, check_level
from logit_inference.models.sampled import check_likelihood
from logit_inference.report.inference import hauck_donner_table
from logit_inference.solve.certificate import Certificate, certify_fit, undecided

if TYPE_CHECKING:
    from logit_inference.models.result import LogitResult
    from logit_inference.report.table import Table


def table_method(result: LogitResult) -> str:
    """Return the method of a result's tables; where there is no maximum, there is no profile."""
    return result.account.estimator.interval_method if result.converged else "wald"


def method_of(result: LogitResult, method: str | None) -> str:
    """Return the method that is asked for, ``"wald"`` or ``"profile"``; by default the tables'.

    ``"lr"`` is another name for ``"profile"``: intervals and tests of the same likelihood ratio.
    """
    if method is None:
        return table_method(result)
    known = {"wald": "wald", "profile": "profile", "lr": "profile"}
    if method not in known:
        raise ArgumentError("method", method, '"wald", or "lr" or "profile", which are the same')
    if known[method] == "profile":
        check_likelihood(result, f'method="{method}"')
    return known[method]


def level_of(result: LogitResult, alpha: float | None, level: float | None) -> float:
    """Return the confidence level that is asked for by either name; by default the result's."""
    if alpha is not None and level is not None:
        raise ArgumentError("alpha", alpha, "either alpha= or level=, not both")
    if alpha is None:
        return result.level if level is None else level
    if not (isinstance(alpha, Real) and 0.0 < alpha < 1.0):
        raise ArgumentError("alpha", alpha, "one minus the level, such as 0.05")
    return 1.0 - alpha


def limits_of(result: LogitResult, level: float) -> Limits:
    """Return likelihood-ratio inference for infinite coefficients."""
    limits = result.limits
    if limits is not None and limits.level == level:
        return limits
    if result.fit is None or result.asked is None or result.estimate.recession is None:
        saved = "" if limits is None else f" (the one saved is {limits.level:g})"
        raise DetachedError(f"the interval of an infinite coefficient at another level{saved}")
    supremum = result.fit.solution.evaluation.log_likelihood
    return likelihood_limits(result.asked, supremum, result.estimate.recession, level)


def coefficient_inference(
    result: LogitResult, level: float | None, method: str | None
) -> Coefficients:
    """Return statistics, p-values and intervals of all coefficients, by Wald or by profile.

    Those whose profile is not found are NaN: see `failures` for who is told.
    """
    method = method_of(result, method)
    level = result.level if level is None else check_level(level)
    if method == "wald":
        return result.wald(level)
    if result.profiled is not None and level == result.level:
        std_error = result.estimate.std_errors  # whichever covariance the result has by now
        return replace(result.profiled, std_error=std_error)
    return result.profiles if level == result.level else profiled_coefficients(result, level)


def profiled_coefficients(result: LogitResult, level: float) -> Coefficients:
    """Return likelihood-ratio inference of all coefficients, infinite ones included."""
    check_likelihood(result, 'method="lr"')
    if result.fit is None:
        raise DetachedError('method="lr"')
    table = profile_coefficients(result.fit, result.estimate, level)
    if result.limits is None:
        return table
    return result.limits_at(level).put_into(table, roots=True)


def common_df(estimate: Estimate, argument: str, value: object) -> float | None:
    """Return the degrees of freedom that all combinations share; None for the normal.

    Raises
    ------
    ArgumentError
        Where each has its own.
    """
    df = estimate.covariance.df
    if isinstance(df, Satterthwaite):
        reason = (
            "with CR2 each coefficient has degrees of freedom of its own, so that there is no "
            "joint t distribution of all"
        )
        instead = (
            'lincom(…, adjust="holm") or a higher level=, one minus alpha over the number of '
            "intervals (Bonferroni)"
        )
        raise ArgumentError.refused(argument, value, reason, instead)
    return df


def hauck_donner_slopes(result: LogitResult) -> WaldSlopes | None:
    """Return the slopes of Wald statistics that may be past their maximum; NaN for others.

    None where tables are not Wald's, or nothing was estimated.
    """
    if result.wald_slopes is not None:
        return result.wald_slopes
    fit = result.fit
    if fit is None or not result.account.estimator.is_ml or not result.converged:
        return None
    if not fit.likelihood.has_independent_rows or not len(fit.solution.coef):
        return None
    if (
        result.estimate.covariance.kind != "model" or result.account.is_pseudo
    ):  # they are those of model-based statistics
        return None
    return _of_finite(result, wald_slopes(fit, suspects(fit)))


def hauck_donner(result: LogitResult) -> Table:
    """Return the slopes of all Wald statistics, which are model-based whatever the covariance."""
    if result.fit is None:
        raise DetachedError("hauck_donner()")
    check_likelihood(result, "hauck_donner()")
    slopes = _of_finite(result, wald_slopes(result.fit))
    covariance = model_covariance(result.fit) if result.fit.basis.kept else None
    errors = np.full(len(result.estimate.names), np.nan)
    if covariance is not None:
        errors = covariance.std_errors
    statistic = np.where(result.estimate.estimable, result.estimate.coef, np.nan) / errors
    return hauck_donner_table(result.estimate.names, statistic, slopes)


def _of_finite(result: LogitResult, slopes: WaldSlopes) -> WaldSlopes:
    """Return the slopes of coefficients that have a finite estimate, NaN for the others."""
    known = result.estimate.estimable
    return replace(
        slopes,
        fixed=np.where(known, slopes.fixed, np.nan),
        profile=np.where(known, slopes.profile, np.nan),
    )


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
    profiled = result.profiled
    if result.fit is not None and table_method(result) == "profile":
        profiled = coefficient_inference(result, None, "profile")
    return replace(
        result,
        fit=None,
        asked=None,
        sampled=None,
        labels=None,
        positions=None,
        table=None,
        clusters=None,
        profiled=profiled,
        wald_slopes=hauck_donner_slopes(result),
        proof=certificate_of(result),
        examined=replace(result.separation, rows=None),
    )
