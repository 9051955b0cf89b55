"""What a result says of combinations of its coefficients: estimates, intervals, profiles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from numbers import Integral
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from logit_inference.errors import (
    ArgumentError,
    DetachedError,
    HypothesisError,
    ProfileError,
    SurveyError,
)
from logit_inference.inference.curve import Curve, profile_curve, supremum_curve
from logit_inference.inference.likelihood_ratio import (
    fit_peak,
    holds_corrected,
    profile_coefficients,
    widened,
)
from logit_inference.inference.limits import Limits, likelihood_limits
from logit_inference.inference.wald import Coefficients, check_level, combinations
from logit_inference.models.adjustment import adjusted_combinations
from logit_inference.models.failures import tell_of_lost
from logit_inference.models.frames import exponentiated
from logit_inference.models.frames import intervals as frame_of_intervals
from logit_inference.models.inference import coefficient_inference, method_of
from logit_inference.models.labels import corrected_name, corrected_note, label
from logit_inference.models.profile import Profile
from logit_inference.models.sampled import check_likelihood
from logit_inference.models.simultaneous import (
    check_wald,
    named_coefficients,
    read,
    widened_jointly,
)
from logit_inference.models.testing import foreign_covariance
from logit_inference.report.inference import (
    Shown,
    branches_note,
    infinite_note,
    lincom_table,
    unused_note,
)
from logit_inference.report.table import Table
from logit_inference.rows.block import Floats
from logit_inference.solve.held import held

if TYPE_CHECKING:
    import pandas as pd

    from logit_inference.inference.combination import Combinations
    from logit_inference.models.result import LogitResult

WIDE = 0.99  # level of the interval that a curve spans, at least
EACH_BY_ITSELF = (
    "Intervals are not adjusted: those that hold at once are in conf_int() and lincom(), with "
    "simultaneous=True."
)


@dataclass(frozen=True)
class Request:
    """How combinations are to be shown, as `LogitResult.lincom` documents it."""

    exponentiate: bool
    method: str | None
    level: float | None
    adjust: str | None
    simultaneous: bool


def lincom(result: LogitResult, combination: Any, request: Request) -> Table:
    """Return estimates, tests and intervals of combinations of coefficients, as a table."""
    if not isinstance(request.simultaneous, bool):
        raise ArgumentError("simultaneous", request.simultaneous, "True or False")
    if request.simultaneous:
        check_wald(request.method)
    method = "wald" if request.simultaneous else method_of(result, request.method)
    level = result.level if request.level is None else check_level(request.level)
    asked = read(result, combination)
    table = combination_inference(result, asked.matrix, level, method)
    foreign = foreign_covariance(result)
    notes, adjusted = [], None
    infinite = result.estimate.infinite_in(asked.matrix)
    if infinite.any() and method == "wald":
        notes.append(_infinite_note(result, asked, infinite, foreign))
    corrected = corrected_name(result)
    if method == "profile" and corrected:
        moved = asked.matrix[:, result.estimate.names.index(corrected)] != 0
        notes += [corrected_note(n) for n, at in zip(asked.text, moved, strict=True) if at]
    if request.adjust is not None:
        adjusted = adjusted_combinations(
            result, asked.text, asked.matrix, table.p_value, method, request.adjust
        )
        notes.append(adjusted.note)
    if request.simultaneous:
        table, note = widened_jointly(table, result.estimate, asked.text, asked.matrix, level)
        notes.append(note if adjusted else f"{note} P-values are of each by itself.")
    elif adjusted is not None:
        notes.append(EACH_BY_ITSELF)
    if method == "profile":
        tell_of_lost(result, asked.text, asked.matrix, table, level)
    shown = Shown(
        level,
        method,
        result.account.estimator.is_ml,
        request.exponentiate,
        foreign,
        None if adjusted is None else adjusted.values,
        tuple(notes),
    )
    final = exponentiated(table) if request.exponentiate else table
    df = result.estimate.covariance.degrees(asked.matrix)
    return lincom_table(asked.text, final, result.estimate.covariance, shown, df)


def _infinite_note(
    result: LogitResult, asked: Combinations, infinite: NDArray[np.bool_], foreign: str
) -> str:
    """Return what is said of combinations at infinity."""
    recession = result.estimate.recession
    if result.account.is_pseudo or recession is None:
        return str(SurveyError.infinite())
    free = np.isnan(recession.sides(asked.matrix[infinite]))
    gone = [name for name, at in zip(asked.text, infinite, strict=True) if at]
    return infinite_note(gone, free.tolist(), foreign)


def combination_inference(
    result: LogitResult,
    matrix: Floats,
    level: float,
    method: str,
    *,
    tests: bool = True,
    called: Sequence[str] | None = None,
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
    called : sequence of k str, optional
        As in `profile_coefficients`.

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
        table = profile_coefficients(
            result.fit, at, level, matrix=matrix, tests=tests, called=called
        )
    if not at.infinite_in(matrix).any() or result.account.is_pseudo:
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
    check_likelihood(result, "profile()")
    asked = read(result, combination)
    if len(asked.matrix) != 1:
        raise HypothesisError.not_one(len(asked.matrix))
    estimator = result.account.estimator
    if not estimator.has_likelihood:
        reason = f"{estimator.name} has no likelihood ratios, and so no profile"
        instead = 'conf_int(method="wald")'
        raise ArgumentError.refused("estimator", estimator.kind, reason, instead)
    if result.fit is None:
        raise DetachedError("profile()")
    if holds_corrected(result.fit, asked.matrix[0]):
        reason = "FLIC corrects the intercept by hand, so that it maximises nothing"
        raise ArgumentError.refused(
            "combination", asked.text[0], reason, 'conf_int(method="wald") or lincom()'
        )
    name, matrix = asked.text[0], asked.matrix
    try:
        own = combination_inference(result, matrix, level, "profile", tests=False, called=[name])
        curve = _curve(result, name, matrix, max(level, WIDE), int(points))
    except ProfileError as problem:
        general = problem.name or not result.converged
        raise problem if general else problem.about(name) from None
    foreign = foreign_covariance(result)
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
        curve.coef,
        (
            *((unused_note(foreign),) if foreign else ()),
            *branches_note([name], own, "profile"),
        ),
    )


def _curve(result: LogitResult, name: str, matrix: Floats, level: float, points: int) -> Curve:
    fit, at = result.fit, result.estimate
    assert fit is not None, "who asks has looked"
    if not at.infinite_in(matrix).any():
        peak = fit_peak(fit)
        curve = profile_curve(peak, widened(fit, peak, matrix)[0], level, points)
        return replace(curve, coef=_coefficients(result, curve.coef))
    if result.asked is None or at.recession is None:
        raise DetachedError("profile()")
    supremum = _supremum(result)
    limits = likelihood_limits(result.asked, supremum, at.recession, level, matrix)
    ends = np.array([limits.conf_low[0], limits.conf_high[0]])
    if np.isinf(ends).all():
        raise ProfileError.flat(name)
    profile = held(result.asked, at.recession, matrix)
    if profile is None or not np.isfinite(ends).any():
        raise ProfileError.undecided(name)
    side = float(np.sign(ends[np.isinf(ends)][0]))
    end = float(ends[np.isfinite(ends)][0])
    return supremum_curve(profile, supremum, end, side, points)


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
) -> pd.DataFrame:
    """Return the intervals of the named coefficients, of all of them without names.

    Profile intervals are computed without the tests, and only of those that were named. The frame's
    ``attrs`` say what they are (see `labels`).
    """
    at, named = result.estimate, method_of(result, method)
    kept = list(range(len(at.names)))
    if names is not None:
        kept = named_coefficients(result, names, "names")
    called, matrix = tuple(at.names[j] for j in kept), np.eye(len(at.names))[kept]
    known = result.profiled is not None and level == result.level
    asked_for = method is not None or names is not None
    if named == "profile" and asked_for and result.fit is not None and not known:
        table = profile_coefficients(result.fit, at, level, matrix=matrix, tests=False)
        if result.limits is not None:
            limits = result.limits_at(level)
            own = (limits.statistic, limits.p_value, limits.conf_low, limits.conf_high)
            table = Limits(level, *(values[kept] for values in own)).put_into(table)
    else:
        whole = coefficient_inference(result, level, method)
        table = replace(
            whole, **{name: part[kept] for name, part in vars(whole).items() if part is not None}
        )
    if named == "profile":
        tell_of_lost(result, called, matrix, table, level)
    notes = branches_note(called, table, named)
    return label(frame_of_intervals(called, table), result, named, called, *notes)
