"""What of a result is resampled: which units its rows are, read from names and weights."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from logit_inference.covariance.units import Units
from logit_inference.errors import DetachedError, ResamplingError
from logit_inference.models.clusters import read_clusters
from logit_inference.rows.block import Block, Floats
from logit_inference.rows.variant import row_groups, row_weights
from logit_inference.solve.fit import Fit

if TYPE_CHECKING:
    from logit_inference.models.result import LogitResult

Codes = NDArray[np.int64]


def resampled_fit(result: LogitResult, what: str) -> Fit:
    """Return the fit of a result that can be resampled.

    Raises
    ------
    DetachedError, ResamplingError
        For a result without rows, and one at no finite maximum.
    """
    if result.fit is None:
        raise DetachedError(what)
    estimate = result.estimate
    if result.sampled is not None:
        raise ResamplingError.surveyed(what)
    if result.asked is not None:
        infinite = ~estimate.finite
        names = [name for name, out in zip(estimate.names, infinite, strict=True) if out]
        raise ResamplingError.separated(what, names)
    if not result.converged:
        raise ResamplingError.stopped(what)
    return result.fit


def read_units(result: LogitResult, fit: Fit, by: Any, strata: Any) -> Units:
    """Return what is drawn as a whole.

    * rows, each with its weight; for grouped data a row is a group, all its trials together;
    * with frequency weights the observations that a row stands for, each by itself;
    * clusters, where ``by`` names them or the fit was made with ``cluster=``.

    Rows without weight or trials do not count, and are not drawn.

    Parameters
    ----------
    result : LogitResult
    fit : Fit
        Of it.
    by, strata : None, str, array, or mapping of one name to an array
        As in `LogitResult.with_covariance`.

    Raises
    ------
    ClusterError, ResamplingError
    """
    n = fit.source.n_rows
    counted = fit.source.map(_counted) > 0
    idle = not counted.all()
    frequency = result.account.weights_kind == "frequency"
    weights = None if result.account.weights_kind is None else fit.source.map(row_weights)
    within = None if strata is None else read_strata(result, strata)
    if by is None and not row_groups(fit.source):
        check_independent(result, "resampling", "by")
        copies, prior, codes = None, weights, None
        if frequency and weights is not None:
            copies, prior = weights[counted], None
        if idle:
            codes = np.where(counted, np.cumsum(counted) - 1, -1)
        layers = None if within is None else _dense(within[1][counted])
        name = _row_name(result)
        units = Units(name, n, codes, int(counted.sum()), copies, layers, prior)
    else:
        name, clusters = _one(result, by, "by")
        codes = np.full(n, -1)
        codes[counted] = _dense(clusters[counted])
        count = int(codes.max(initial=-1)) + 1
        layers = None
        if within is not None:
            layers = _strata_of(codes, counted, count, within, name)
        units = Units(f"clusters of {name}", n, codes, count, None, layers, weights)
    if units.total < 2:
        raise ResamplingError.few_units(units.name, int(units.total))
    return units


def check_independent(result: LogitResult, what: str, argument: str) -> None:
    """Raise where a result rests on clusters and does not tell which."""
    covariance = result.estimate.covariance
    if covariance.n_clusters is not None:
        raise ResamplingError.clusters_unsaid(covariance.kind, what, argument)


def read_strata(result: LogitResult, strata: Any) -> tuple[str, Codes]:
    """Return name and codes of the strata of the rows used."""
    if isinstance(strata, str) and result.fit is not None and result.table is not None:
        from logit_inference.design.frame import as_frame

        names = [*row_groups(result.fit.source), *as_frame(result.table).names]
        if strata not in names:
            raise ResamplingError.unknown_strata(strata, names)
    return _one(result, strata, "strata")


def _row_name(result: LogitResult) -> str:
    if result.account.weights_kind == "frequency":
        return "observations"
    return "groups of trials" if result.account.grouped else "rows"


def _one(result: LogitResult, by: Any, argument: str) -> tuple[str, Codes]:
    """Return name and codes of the one variable that is meant."""
    found = read_clusters(result, by, argument)
    if len(found) > 1:
        raise ResamplingError.dimensions(list(found), argument)
    return next(iter(found.items()))


def _strata_of(
    codes: Codes, counted: NDArray[np.bool_], count: int, within: tuple[str, Codes], name: str
) -> Codes:
    """Return the stratum of each cluster."""
    label, strata = within
    low, high = np.full(count, np.iinfo(np.int64).max), np.full(count, -1)
    np.minimum.at(low, codes[counted], strata[counted])
    np.maximum.at(high, codes[counted], strata[counted])
    if (low != high).any():
        raise ResamplingError.across_strata(name, label, int((low != high).sum()))
    return _dense(low)


def _dense(codes: Codes) -> Codes:
    """Return codes without gaps, in the same order."""
    found: Codes = np.unique(codes, return_inverse=True)[1].astype(np.int64)
    return found


def _counted(block: Block) -> Floats:
    counts = block.counts
    return np.ones(block.n_rows) if counts is None else counts.astype(np.float64)
