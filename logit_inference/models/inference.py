"""Which inference a result's tables show, and where it comes from: its rows, or what it carries."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from logit_inference.covariance.model import model_covariance
from logit_inference.errors import ArgumentError, DetachedError, HypothesisError
from logit_inference.inference.estimate import Estimate
from logit_inference.inference.hauck_donner import WaldSlopes, suspects, wald_slopes
from logit_inference.inference.likelihood_ratio import profile_coefficients
from logit_inference.inference.simultaneous import joint_quantile
from logit_inference.inference.wald import Coefficients, check_level
from logit_inference.report.inference import hauck_donner_table
from logit_inference.solve.certificate import Certificate, certify_fit, undecided

if TYPE_CHECKING:
    import pandas as pd

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
    return known[method]


def coefficient_inference(
    result: LogitResult, level: float | None, method: str | None
) -> Coefficients:
    """Return statistics, p-values and intervals of all coefficients, by Wald or by profile."""
    strict = method is not None  # a table says what it lacks, and prints the rest
    method = method_of(result, method)
    level = result.level if level is None else check_level(level)
    if method == "wald":
        return result.wald(level)
    if result.profiled is not None and level == result.level:
        std_error = result.estimate.std_errors  # whichever covariance the result has by now
        return replace(result.profiled, std_error=std_error)
    if level == result.level and not strict:
        return result.profiles
    return profiled_coefficients(result, level, strict=strict)


def profiled_coefficients(result: LogitResult, level: float, *, strict: bool) -> Coefficients:
    """Return likelihood-ratio inference of all coefficients, infinite ones included."""
    if result.fit is None:
        raise DetachedError('method="lr"')
    table = profile_coefficients(result.fit, result.estimate, level, strict=strict)
    if result.limits is None:
        return table
    return result.limits_at(level).put_into(table, roots=True)


def simultaneous_intervals(
    result: LogitResult, level: float, method: str | None, wanted: bool | Sequence[str]
) -> pd.DataFrame:
    """Return Wald intervals that hold for several coefficients at once.

    The critical value, and the error of the integration that found it, are in the frame's
    ``attrs``.

    Parameters
    ----------
    result : LogitResult
    level : float
        Probability that all intervals hold.
    method : str or None
        ``"wald"`` or None.
    wanted : True or sequence of str
        All coefficients with a finite estimate (the others are missing), or those named.

    Raises
    ------
    HypothesisError
        For a name without an estimate.
    """
    import pandas as pd

    if method not in (None, "wald"):
        reason = "simultaneous intervals are Wald intervals"
        raise ArgumentError.refused("method", method, reason, '"wald"')
    estimate, level = result.estimate, check_level(level)
    names = list(estimate.names)
    chosen, shown = np.flatnonzero(estimate.estimable).tolist(), names
    if wanted is not True:
        asked = [wanted] if isinstance(wanted, str) else list(wanted or ())
        chosen = [_estimated(estimate, name) for name in asked]
        shown = asked
    if not chosen:
        raise HypothesisError.nothing_finite()
    rows = np.eye(len(names))[chosen]
    value, root = estimate.combine(rows)
    sizes = np.linalg.norm(root, axis=1)
    axes = [(row / size)[:, np.newaxis] for row, size in zip(root, sizes, strict=True)]
    critical, error = joint_quantile(level, axes, estimate.covariance.df)
    frame = pd.DataFrame(
        {"conf_low": value - critical * sizes, "conf_high": value + critical * sizes},
        index=[names[j] for j in chosen],
    ).reindex(shown)  # coefficients without a finite estimate keep their row
    frame.attrs.update(method="wald", critical_value=critical, integration_error=error)
    return frame


def _estimated(estimate: Estimate, name: str) -> int:
    """Return the column of a coefficient that has an estimate."""
    if name not in estimate.names:
        raise HypothesisError.unknown(str(name), str(name), estimate.names, ())
    column = estimate.names.index(name)
    if not estimate.estimable[column]:
        raise HypothesisError.not_estimable(name)
    return column


def hauck_donner_slopes(result: LogitResult) -> WaldSlopes | None:
    """Return the slopes of Wald statistics that may be past their maximum; NaN for others.

    None where tables are not Wald's, or nothing was estimated.
    """
    if result.slopes is not None:
        return result.slopes
    fit = result.fit
    if fit is None or not result.account.estimator.is_ml or not result.converged:
        return None
    if not fit.likelihood.has_independent_rows or not len(fit.solution.coef):
        return None
    if result.estimate.covariance.kind != "model":  # they are those of model-based statistics
        return None
    return _of_finite(result, wald_slopes(fit, suspects(fit)))


def hauck_donner(result: LogitResult) -> Table:
    """Return the slopes of all Wald statistics, which are model-based whatever the covariance."""
    if result.fit is None:
        raise DetachedError("hauck_donner()")
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
        labels=None,
        positions=None,
        table=None,
        profiled=profiled,
        slopes=hauck_donner_slopes(result),
        proof=certificate_of(result),
        examined=replace(result.separation, rows=None),
    )
