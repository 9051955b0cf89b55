"""Which covariance a result is to have: names and options read, clusters found, counts taken."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from logit_inference.covariance.bell_mccaffrey import bias_reduced
from logit_inference.covariance.clusters import gather_clusters
from logit_inference.covariance.leave_out import leave_one_out, one_step
from logit_inference.covariance.penalized import augmented_covariance, fit_covariance
from logit_inference.covariance.sandwich import (
    CLUSTERED,
    CONVENTIONS,
    HETEROSKEDASTIC,
    Codes,
    Counts,
    clustered,
    heteroskedastic,
)
from logit_inference.design.frame import as_frame
from logit_inference.errors import (
    ArgumentError,
    ClusterError,
    DataError,
    DetachedError,
    FewClustersWarning,
    LeaveOutWarning,
    plain,
)
from logit_inference.models.sampled import survey_covariance
from logit_inference.rows.variant import row_groups

if TYPE_CHECKING:
    from logit_inference.covariance.covariance import Covariance
    from logit_inference.models.result import LogitResult
    from logit_inference.solve.fit import Fit

KINDS = ("model", *HETEROSKEDASTIC, "cluster", "augmented", "survey")
ONE_WAY = ("CR2", "CR3", "CR3-one-step")
TYPES = (*CLUSTERED, *ONE_WAY)
FEW = 30  # clusters below which the sandwich is noticeably too small
PACKAGE = __name__.partition(".")[0] + "."
LEAST_DF = 4.0  # Satterthwaite degrees of freedom that a t reference needs to be near


def other_covariance(
    result: LogitResult, covariance: str, *, by: Any, type: str, convention: str
) -> LogitResult:
    """Return the result with the covariance of that name; see `LogitResult.with_covariance`."""
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
    if result.fit is None:
        raise DetachedError("with_covariance()")
    if covariance == "cluster":
        codes = read_clusters(result, by)
        found = cluster_covariance(result, codes, by, type, convention)
        _warn_of_few(found, ("wild",) if result.account.n_sets else ("CR2", "wild"))
    else:
        codes = None
        found = _row_covariance(result, result.fit, covariance, convention)
    estimate = replace(result.estimate, covariance=found)
    return replace(result, estimate=estimate, clusters=codes)


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
    if type == "CR3" and not result.account.estimator.is_ml:
        reason = f"refits are maximum likelihood, and this is {result.account.estimator.name}"
        raise ArgumentError.refused("type", type, reason, '"CR2" or "CR3-one-step"')
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


def _warn_of_few(covariance: Covariance, remedies: tuple[str, ...]) -> None:
    """Warn where clusters are so few that the reference is rough."""
    count, df = covariance.n_clusters, covariance.coefficient_df
    if count is None:
        return
    if df is None and count < FEW:
        warning = FewClustersWarning(count, corrected="(CR3" in covariance.kind, remedies=remedies)
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


def cluster_names(
    result: LogitResult, name: str, by: Any, rows: Sequence[int]
) -> tuple[object, ...]:
    """Return what clusters are called, by a row of each; a row's label where nothing else is known.

    Parameters
    ----------
    result : LogitResult
    name : str
        Of the variable.
    by : object
        As it was given: a column of the table, an array, or a mapping of names to arrays.
    rows : sequence of int
        Numbers among the rows used.
    """
    values = by.get(name) if isinstance(by, Mapping) else by
    if values is None or isinstance(values, (str, list, tuple)):
        frame = None if result.table is None else as_frame(result.table)
        if frame is None or name not in frame.names:
            return tuple(f"that of row {plain(result.labels[row])!r}" for row in rows)
        column = frame.column(name)
        values = (
            np.array(column.levels, dtype=object)[column.values] if column.levels else column.values
        )
    values = np.asarray(values)
    read = len(values) == result.account.n_rows_read and result.positions is not None
    return tuple(plain(values[result.positions[row] if read else row]) for row in rows)


def read_clusters(result: LogitResult, by: Any) -> dict[str, Codes]:
    """Return codes of the rows used for each dimension.

    Parameters
    ----------
    result : LogitResult
        With its rows.
    by : None, str, sequence of str, array, or mapping of name to array
        None stands for what ``cluster=`` named when the model was fitted, a name for one of these
        or for a column of the fit's table. Arrays have a value for each row used, or for each row
        of the table.

    Raises
    ------
    ClusterError
        For names that the fit does not know, and arrays of another length or with missing values.
    """
    assert result.fit is not None, "a result without rows has no clusters"
    known = row_groups(result.fit.source)
    if by is None:
        if not known:
            raise ClusterError.nothing()
        return dict(known)
    if isinstance(by, str):
        by = [by]
    if isinstance(by, (list, tuple)) and all(isinstance(name, str) for name in by) and by:
        return {name: _named(result, name, known) for name in by}
    named = by if isinstance(by, Mapping) else {str(getattr(by, "name", None) or "clusters"): by}
    return {str(name): _codes(result, str(name), values) for name, values in named.items()}


def _named(result: LogitResult, name: str, known: Mapping[str, Codes]) -> Codes:
    """Return the clusters that the fit knows under a name, or a column of its table."""
    if name in known:
        return known[name]
    if result.table is None:
        raise ClusterError.unknown(name, list(known))
    frame = as_frame(result.table)
    if name not in frame.names:
        raise ClusterError.unknown(name, [*known, *frame.names])
    column = frame.column(name)
    values = np.array(column.values, dtype=object)
    if column.missing is not None:
        values[column.missing] = None
    return _codes(result, name, values)


def _codes(result: LogitResult, name: str, values: Any) -> Codes:
    """Return codes without gaps of an array of cluster labels."""
    import pandas as pd

    labels = pd.Series(values).reset_index(drop=True) if np.ndim(values) == 1 else None
    account = result.account
    if labels is not None and len(labels) == account.n_rows_read and result.positions is not None:
        labels = labels.iloc[result.positions].reset_index(drop=True)
    if labels is None or len(labels) != account.n_rows_used:
        shape = np.shape(values)
        raise ClusterError.shape(name, shape, account.n_rows_read, account.n_rows_used)
    codes, _ = pd.factorize(labels)
    if (codes < 0).any():
        first = plain(result.labels[int(np.argmax(codes < 0))])
        raise ClusterError.missing(name, int((codes < 0).sum()), first)
    dense: Codes = codes.astype(np.int64)
    return dense
