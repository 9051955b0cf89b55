"""What a result says of combinations of its coefficients: estimates, intervals, profiles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from numbers import Integral
from typing import TYPE_CHECKING, Any

import numpy as np

from logit_inference.errors import ArgumentError, DetachedError, HypothesisError, ProfileError
from logit_inference.inference.combination import Combinations, read_combinations
from logit_inference.inference.curve import Curve, profile_curve, supremum_curve
from logit_inference.inference.likelihood_ratio import (
    fit_peak,
    profile_coefficients,
    widened,
)
from logit_inference.inference.limits import Limits, likelihood_limits
from logit_inference.inference.multiplicity import adjust
from logit_inference.inference.wald import Coefficients, check_level, combinations
from logit_inference.models.frames import exponentiated
from logit_inference.models.inference import method_of
from logit_inference.models.profile import Profile
from logit_inference.report.inference import lincom_table
from logit_inference.report.table import Table
from logit_inference.rows.block import Floats
from logit_inference.solve.limit import held

if TYPE_CHECKING:
    from logit_inference.models.result import LogitResult

WIDE = 0.99  # level of the interval that a curve spans, at least


def lincom(
    result: LogitResult,
    combination: Any,
    exponentiate: bool,
    method: str | None,
    level: float | None,
    adjustment: str | None = None,
) -> Table:
    """Return estimates, tests and intervals of combinations of coefficients, as a table."""
    method = method_of(result, method)
    level = result.level if level is None else check_level(level)
    asked = _read(result, combination)
    table = combination_inference(result, asked.matrix, level, method)
    return lincom_table(
        asked.text,
        exponentiated(table) if exponentiate else table,
        result.estimate.covariance,
        level,
        method=method,
        is_ml=result.account.estimator.is_ml,
        exponentiated=exponentiate,
        infinite=bool(result.estimate.infinite_in(asked.matrix).any()),
        adjusted=None if adjustment is None else adjust(table.p_value, adjustment),
        adjustment=adjustment,
        df=result.estimate.covariance.degrees(asked.matrix),
    )


def _read(result: LogitResult, combination: Any) -> Combinations:
    at = result.estimate
    return read_combinations(combination, at.names, result.terms, at.identified)


def combination_inference(
    result: LogitResult, matrix: Floats, level: float, method: str, *, tests: bool = True
) -> Coefficients:
    """Return inference for combinations (k, p) of coefficients as arrays.

    Parameters
    ----------
    result : LogitResult
    matrix : (k, p) array
    level : float
    method : {"wald", "profile"}
    tests : bool
        Whether statistics and p-values of profiles are wanted too.

    Raises
    ------
    DetachedError
        Where likelihood ratios need the rows and they are gone.
    """
    at = result.estimate
    if method == "wald":
        table = combinations(at, matrix, level)
    else:
        if result.fit is None:
            raise DetachedError('method="lr"')
        table = profile_coefficients(result.fit, at, level, matrix=matrix, tests=tests)
    if not at.infinite_in(matrix).any():
        return table
    if result.asked is None or at.recession is None:
        raise DetachedError("the interval of an infinite combination")
    limits = likelihood_limits(result.asked, _supremum(result), at.recession, level, matrix)
    return limits.put_into(table, roots=method == "profile")


def _supremum(result: LogitResult) -> float:
    """Return the supremum of the log-likelihood, without the binomial constant."""
    assert result.fit is not None, "who asks has looked"
    return result.fit.solution.evaluation.log_likelihood


def profile_of(result: LogitResult, combination: Any, points: int, level: float | None) -> Profile:
    """Return the profile of one combination of coefficients, with its interval."""
    if not (isinstance(points, Integral) and points >= 2):
        raise ArgumentError("points", points, "a whole number of at least 2")
    level = result.level if level is None else check_level(level)
    asked = _read(result, combination)
    if len(asked.matrix) != 1:
        raise HypothesisError.not_one(len(asked.matrix))
    if result.fit is None:
        raise DetachedError("profile()")
    name, matrix = asked.text[0], asked.matrix
    own = combination_inference(result, matrix, level, "profile", tests=False)
    curve = _curve(result, name, matrix, max(level, WIDE), int(points))
    return Profile(
        name,
        float(own.estimate[0]),
        float(own.std_error[0]),
        level,
        float(own.conf_low[0]),
        float(own.conf_high[0]),
        curve.value,
        result.penalized_log_likelihood - curve.fall,
        curve.root,
        result.estimate.names,
        _coefficients(result, curve.coef),
    )


def _curve(result: LogitResult, name: str, matrix: Floats, level: float, points: int) -> Curve:
    fit, at = result.fit, result.estimate
    assert fit is not None, "who asks has looked"
    if not at.infinite_in(matrix).any():
        peak = fit_peak(fit)
        return profile_curve(peak, widened(fit, peak, matrix)[0], level, points)
    if result.asked is None or at.recession is None:
        raise DetachedError("profile()")
    supremum = _supremum(result)
    limits = likelihood_limits(result.asked, supremum, at.recession, level, matrix)
    ends = np.array([limits.conf_low[0], limits.conf_high[0]])
    if np.isinf(ends).all():
        raise ProfileError.flat(name)
    profile = held(result.asked, at.recession, matrix)
    if profile is None or not np.isfinite(ends).any():
        raise ProfileError.not_found(f"an end of the profile of {name}")
    side = float(np.sign(ends[np.isinf(ends)][0]))
    end = float(ends[np.isfinite(ends)][0])
    return supremum_curve(profile, supremum, end, side, points, len(fit.solution.coef))


def _coefficients(result: LogitResult, inner: Floats) -> Floats:
    """Return the coefficients (m, p) of points that are given in the basis of the fit."""
    assert result.fit is not None, "who asks has looked"
    basis, finite = result.fit.basis, result.estimate.finite
    q = len(basis.kept)
    full = np.array([basis.coefficients(point[:q]) for point in inner])
    return np.where(finite, full, np.nan)


def intervals(
    result: LogitResult,
    level: float,
    method: str | None,
    names: str | Sequence[str] | None,
) -> tuple[tuple[str, ...], Coefficients]:
    """Return the named coefficients, all of them without names, and inference with their intervals.

    Profile intervals are computed without the tests, and only of those that were named.
    """
    at = result.estimate
    if names is None:
        kept = np.arange(len(at.names))
    else:
        asked = _read(result, names).matrix
        single = (np.count_nonzero(asked, axis=1) == 1) & (asked.max(axis=1) == 1.0)
        if not single.all():
            raise ArgumentError(
                "names", names, "names of coefficients; lincom() takes combinations"
            )
        kept = np.argmax(asked, axis=1)
    called = tuple(at.names[j] for j in kept)
    named = method_of(result, method)
    known = result.profiled is not None and level == result.level
    asked_for = method is not None or names is not None
    if named == "profile" and asked_for and result.fit is not None and not known:
        matrix = np.eye(len(at.names))[kept]
        table = profile_coefficients(result.fit, at, level, matrix=matrix, tests=False)
        if result.limits is None:
            return called, table
        limits = result.limits_at(level)
        own = (limits.statistic, limits.p_value, limits.conf_low, limits.conf_high)
        return called, Limits(level, *(values[kept] for values in own)).put_into(table)
    table = result.coefficients(level, method)
    chosen = {name: values[kept] for name, values in vars(table).items()}
    return called, replace(table, **chosen)
