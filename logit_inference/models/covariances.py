"""Which covariance a result is to have: names and options read, clusters found, counts taken."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

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
from logit_inference.errors import (
    ArgumentError,
    ClusterError,
    DetachedError,
    FewClustersWarning,
    plain,
)
from logit_inference.rows.variant import row_groups

if TYPE_CHECKING:
    from logit_inference.covariance.covariance import Covariance
    from logit_inference.models.result import LogitResult

KINDS = ("model", *HETEROSKEDASTIC, "cluster", "augmented")
FEW = 30  # clusters below which the sandwich is noticeably too small


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
    found = _covariance(result, covariance, by, type, convention)
    return replace(result, estimate=replace(result.estimate, covariance=found))


def _covariance(
    result: LogitResult, covariance: str, by: Any, type: str, convention: str
) -> Covariance:
    if result.fit is None:
        raise DetachedError("with_covariance()")
    if covariance == "model":
        return fit_covariance(result.fit)
    if covariance == "augmented":
        return augmented_covariance(result.fit)
    account = result.account
    counts = Counts(account.nobs, account.rank, account.weights_kind == "frequency")
    if covariance in HETEROSKEDASTIC:
        return heteroskedastic(result.fit, covariance, counts, convention)
    if type not in CLUSTERED:
        raise ArgumentError("type", type, f"one of {', '.join(map(repr, CLUSTERED))}")
    found = clustered(result.fit, read_clusters(result, by), type, counts, convention)
    if found.n_clusters is not None and found.n_clusters < FEW:
        warnings.warn(FewClustersWarning(found.n_clusters), stacklevel=5)
    return found


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
    from logit_inference.design.frame import as_frame

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
