"""Which covariance a result is to have: names and options read, clusters found, counts taken."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from logit_inference.covariance.bell_mccaffrey import bias_reduced
from logit_inference.covariance.clusters import gather_clusters
from logit_inference.covariance.deciding import decided_alone, has_flat_direction
from logit_inference.covariance.leave_out import leave_one_out, one_step
from logit_inference.covariance.penalized import augmented_covariance, fit_covariance
from logit_inference.covariance.sandwich import (
    CLUSTERED,
    CONVENTIONS,
    HETEROSKEDASTIC,
    Codes,
    Counts,
    check_residuals,
    clustered,
    heteroskedastic,
)
from logit_inference.errors import (
    ArgumentError,
    DataError,
    DecidedWarning,
    DetachedError,
    FewClustersWarning,
    LeaveOutWarning,
    shorten,
)
from logit_inference.models.clusters import cluster_names, read_clusters
from logit_inference.models.sampled import survey_covariance

if TYPE_CHECKING:
    from logit_inference.covariance.covariance import Covariance
    from logit_inference.models.result import LogitResult
    from logit_inference.solve.fit import Fit

KINDS = ("model", *HETEROSKEDASTIC, "cluster", "augmented", "survey")
ONE_WAY = ("CR2", "CR3", "CR3-one-step")
TYPES = (*CLUSTERED, *ONE_WAY)
FEW = 30  # clusters below which the sandwich is noticeably too small
MOST_EXAMINED = 100  # coefficients up to which those that one cluster decides are sought
PACKAGE = __name__.partition(".")[0] + "."
LEAST_DF = 4.0  # Satterthwaite degrees of freedom that a t reference needs to be near


def other_covariance(
    result: LogitResult, covariance: str, *, by: Any, type: str, convention: str
) -> LogitResult:
    """Return the result with the covariance of that name; see `LogitResult.with_covariance`."""
    if covariance in TYPES:
        instead = f'with_covariance("cluster", by=…, type="{covariance}")'
        raise ArgumentError("covariance", covariance, f"{instead}: it is a type of clustering")
    if covariance not in KINDS:
        known = (*KINDS, "bootstrap", "jackknife")
        raise ArgumentError("covariance", covariance, f"one of {', '.join(map(repr, known))}")
    if convention not in CONVENTIONS:
        allowed = f"one of {', '.join(map(repr, CONVENTIONS))}"
        raise ArgumentError("convention", convention, allowed)
    if by is not None and covariance != "cluster":
        raise ArgumentError("by", by, f'it with "cluster": {covariance!r} has no clusters')
    if type != "CR1" and covariance != "cluster":
        raise ArgumentError("type", type, f'it with "cluster": {covariance!r} has no clusters')
    if covariance not in (*HETEROSKEDASTIC, "cluster"):
        check_convention(repr(covariance), convention)
    if result.fit is None:
        raise DetachedError("with_covariance()")
    if covariance == "cluster":
        codes = read_clusters(result, by)
        found = cluster_covariance(result, codes, by, type, convention)
        warn_of_few(found, ("wild",) if result.account.n_sets else ("CR2", "wild"))
        found = _told_of_decided(result, found, codes, type)
    else:
        codes = None
        found = _row_covariance(result, result.fit, covariance, convention)
    estimate = replace(result.estimate, covariance=found)
    return replace(result, estimate=estimate, clusters=codes)


def check_convention(covariance: str, convention: str) -> None:
    """Raise for factors of other packages where a covariance has none that they could replace."""
    if convention != "sandwich":
        reason = f"{covariance} has no factor that conventions differ in"
        instead = 'it with "HC0" to "HC3" or "cluster"'
        raise ArgumentError.refused("convention", convention, reason, instead)


def _row_covariance(result: LogitResult, fit: Fit, covariance: str, convention: str) -> Covariance:
    """Return a covariance that knows no clusters."""
    if covariance == "model":
        return fit_covariance(fit)
    if covariance == "survey":
        return survey_covariance(result)
    if covariance == "augmented":
        return augmented_covariance(fit)
    return heteroskedastic(fit, covariance, _counts(result), convention)


def _counts(result: LogitResult) -> Counts:
    account = result.account
    return Counts(account.nobs, account.rank, account.weights_kind == "frequency")


def cluster_covariance(
    result: LogitResult, codes: Mapping[str, Codes], by: Any, type: str, convention: str
) -> Covariance:
    """Return the clustered covariance of a type.

    Raises
    ------
    ArgumentError
        For a type or a convention of it that does not exist, and for several dimensions where a
        type has one.
    """
    assert result.fit is not None, "who asks has looked"
    if type not in TYPES:
        raise ArgumentError("type", type, f"one of {', '.join(map(repr, TYPES))}")
    counts = _counts(result)
    check_residuals(result.fit, type, counts, divides=type == "CR1S")
    if type in CLUSTERED:
        return clustered(result.fit, codes, type, counts, convention)
    if convention not in ("sandwich", "clubSandwich"):
        theirs = {"stata": "Stata", "statsmodels": "statsmodels"}[convention]
        why = f"{theirs} has no {type} of a logit"
        if (type, convention) == ("CR3", "stata"):
            why = "Stata takes its jackknife around the mean of the leave-outs"
        raise ArgumentError("convention", convention, f'"sandwich" or "clubSandwich": {why}')
    if len(codes) > 1:
        reason = f"it corrects for one dimension of clusters, and these are {' and '.join(codes)}"
        raise ArgumentError.refused("type", type, reason, '"CR0", "CR1" or "CR1S" for several')
    if type == "CR2" and result.fit.estimator.amounts:
        reason = f"{result.account.estimator.name} shrinks, and CR2 is about what a fit leaves over"
        raise ArgumentError.refused("type", type, reason, '"CR1" or "CR3-one-step"')
    ((name, own),) = codes.items()
    if not (root := result.fit.information_root()).size or not np.isfinite(root).all():
        # Complete separation, or a search that ended nowhere: nothing has a standard error.
        empty = clustered(result.fit, codes, "CR0", counts)
        return replace(empty, kind=f"clustered by {name} ({type})")
    clusters = gather_clusters(result.fit, own)
    if len(clusters.codes) < 2:
        raise DataError.one_cluster(name)
    if type == "CR2":
        return bias_reduced(result.fit, clusters, name, counts.frequency)
    scaled = convention == "sandwich"
    if type == "CR3":
        found = leave_one_out(result.fit, clusters, name, scaled)
    else:
        found = one_step(result.fit, clusters, name, counts.frequency, scaled)
    if len(found.lost):
        first = [int(np.argmax(own == code)) for code in found.lost.tolist()]
        names = cluster_names(result, name, by, first)
        warnings.warn(LeaveOutWarning(names, len(clusters.codes)), stacklevel=caller())
    return found.covariance


def _told_of_decided(
    result: LogitResult, covariance: Covariance, codes: Mapping[str, Codes], type: str
) -> Covariance:
    """Return the covariance, labelled with the coefficients that a cluster decides alone."""
    fit = result.fit
    assert fit is not None, "who asks has looked"
    root = covariance.root
    if not (root.size and np.isfinite(root).all()):
        return covariance
    if len(root) > MOST_EXAMINED:
        if covariance.n_clusters is None or covariance.n_clusters > len(root):
            return covariance
        many = "no more clusters than coefficients, some of which a cluster may decide alone"
        return replace(covariance, correction=f"{covariance.correction}; {many}")
    if not _may_be_decided(fit, covariance, type):
        return covariance
    count = 0
    names: dict[str, None] = {}
    for own in codes.values():
        more, touched = decided_alone(fit, own)
        count += more
        found = zip(result.estimate.names, touched & result.estimate.finite, strict=True)
        names.update({name: None for name, out in found if out})
    if not names:
        return covariance
    warnings.warn(DecidedWarning(count, list(names), type), stacklevel=caller())
    who = "1 cluster decides" if count == 1 else f"{count:,} clusters decide"
    them = "it" if len(names) == 1 else "them"
    which = shorten([repr(name) for name in names])
    said = f"{who} {which} alone, whose error no other shows: read no test of {them}"
    kept = [part for part in covariance.correction.split("; ") if "decide" not in part]
    return replace(covariance, correction="; ".join([*kept, said]))


def _may_be_decided(fit: Fit, covariance: Covariance, type: str) -> bool:
    """Say whether it is worth a pass to look for coefficients that a cluster decides alone."""
    if type in ONE_WAY:  # which have met clusters without which something has no estimate
        return "decide" in covariance.correction or "leave-outs" in covariance.correction
    return not fit.estimator.is_ml or has_flat_direction(fit, covariance.root)


def warn_of_few(covariance: Covariance, remedies: tuple[str, ...] = ("CR2", "wild")) -> None:
    """Warn where clusters are so few that the reference is rough."""
    count, df = covariance.n_clusters, covariance.coefficient_df
    if count is None:
        return
    if df is None and count < FEW:
        corrected = "(CR3" in covariance.kind or "jackknife" in covariance.kind
        warning = FewClustersWarning(count, corrected=corrected, remedies=remedies)
        warnings.warn(warning, stacklevel=caller())
    elif df is not None:
        least = min((value for value in np.ravel(df).tolist() if value == value), default=np.inf)
        if least < LEAST_DF:
            warnings.warn(FewClustersWarning(count, least), stacklevel=caller())


def caller() -> int:
    """Return the stack level, as `warnings.warn` counts it, of whoever called the package."""
    level, frame = 1, sys._getframe(1)
    while frame.f_back is not None and str(frame.f_globals.get("__name__")).startswith(PACKAGE):
        level, frame = level + 1, frame.f_back
    return level
