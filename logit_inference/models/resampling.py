"""Covariances by resampling: which one is asked for, and the result that rests on it."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from logit_inference.covariance.bootstrap import cells
from logit_inference.covariance.jackknife import jackknife_covariance, jackknife_replicates
from logit_inference.errors import (
    ArgumentError,
    ResamplingError,
    ResamplingWarning,
    plain,
)
from logit_inference.models.bootstrap import Bootstrap, bootstrap, bootstrap_covariance
from logit_inference.models.covariances import check_convention, warn_of_few
from logit_inference.models.progress import progress_bar
from logit_inference.models.units import read_units, resampled_fit

if TYPE_CHECKING:
    from logit_inference.covariance.covariance import Covariance
    from logit_inference.covariance.units import Units
    from logit_inference.models.result import LogitResult

KINDS = ("bootstrap", "jackknife")
REPLICATES = 999


@dataclass(frozen=True)
class Resampling:
    """A covariance by resampling, as it was asked for.

    Parameters
    ----------
    kind : {"bootstrap", "jackknife"} or Bootstrap
        The latter where replicates are there already.
    n_replicates, seed, strata
        As in `LogitResult.bootstrap`; None where they were left out.
    """

    kind: str | Bootstrap
    n_replicates: int | None
    seed: int | None
    strata: Any


def read_resampling(
    covariance: str | Bootstrap,
    n_replicates: int | None,
    seed: int | None,
    strata: Any,
    type: str,
    convention: str,
) -> Resampling | str:
    """Return the resampling that is asked for, or the name of another covariance.

    Raises
    ------
    ArgumentError
        For options that this covariance does not have.
    """
    given = {"n_replicates": n_replicates, "seed": seed, "strata": strata}
    used = [name for name, value in given.items() if value is not None]
    if used and covariance != "bootstrap":
        name, value = used[0], given[used[0]]
        found = "this bootstrap" if isinstance(covariance, Bootstrap) else repr(covariance)
        raise ArgumentError.refused(name, value, f"{found} draws nothing", 'it with "bootstrap"')
    if isinstance(covariance, Bootstrap) or covariance in KINDS:
        _check_no_factor(covariance, type, convention)
        return Resampling(covariance, n_replicates, seed, strata)
    return covariance


def _check_no_factor(covariance: str | Bootstrap, type: str, convention: str) -> None:
    """Raise for options of sandwiches: their factors."""
    found = "this bootstrap" if isinstance(covariance, Bootstrap) else repr(covariance)
    if type != "CR1":
        reason = f"{found} has no types, its replicates are what they are"
        raise ArgumentError.refused("type", type, reason, 'it with "cluster"')
    check_convention(found, convention)


def resampled_covariance(result: LogitResult, asked: Resampling, by: Any) -> LogitResult:
    """Return the result with a covariance by resampling; see `LogitResult.with_covariance`."""
    found = _jackknife(result, by) if asked.kind == "jackknife" else _bootstrap(result, asked, by)
    if asked.kind == "jackknife":
        warn_of_few(found)  # the bootstrap has warned when it was drawn
    return replace(result, estimate=replace(result.estimate, covariance=found))


def _bootstrap(result: LogitResult, asked: Resampling, by: Any) -> Covariance:
    if isinstance(asked.kind, Bootstrap):
        boot = asked.kind
        if by is not None:
            raise ArgumentError("by", by, "it in bootstrap(): this one is drawn already")
        if not _is_of(boot, result):
            reason, instead = "it is of another fit", "fit.with_covariance(fit.bootstrap(…))"
            raise ArgumentError.refused("covariance", Bootstrap.__name__, reason, instead)
    else:
        n_replicates = REPLICATES if asked.n_replicates is None else asked.n_replicates
        boot = bootstrap(result, n_replicates, asked.seed, by, asked.strata, None)
    found = bootstrap_covariance(boot)
    if boot.n_estimated < boot.n_replicates:
        counts = boot.n_replicates, boot.n_separated, boot.n_lost
        warnings.warn(ResamplingWarning(*counts), stacklevel=4)
    return found


def _is_of(boot: Bootstrap, result: LogitResult) -> bool:
    same = boot.names == result.estimate.names and boot.basis == result.estimate.covariance.basis
    return same and np.array_equal(boot.estimate, result.estimate.coef, equal_nan=True)


def _jackknife(result: LogitResult, by: Any) -> Covariance:
    fit = resampled_fit(result, 'with_covariance("jackknife")')
    units = read_units(result, fit, by, None)
    over, kinds = cells(fit, units) or (fit, units)
    with progress_bar(kinds.n_units, "jackknife", None) as advance:
        again = jackknife_replicates(over, kinds, advance)
    if not again.estimated.all():
        _refuse(result, units, again.estimated)
    clusters = units.n_units if units.name.startswith("clusters") else None
    kind = f"jackknife of {units.total:,.0f} {units.name}"
    return jackknife_covariance(fit, again, kinds.copies, kind, clusters)


def _refuse(result: LogitResult, units: Units, estimated: Any) -> None:
    """Raise for units without which there is no estimate, by the labels of their first rows."""
    lost = np.flatnonzero(~estimated)
    if len(estimated) != units.n_units:  # distinct rows, whose places are not those of rows
        raise ResamplingError.leave_one_out(
            ["a row that is the only one of its kind"], len(lost), clusters=False
        )
    first, what = lost[:10].tolist(), "row"
    if units.codes is not None:
        first = [int(np.argmax(units.codes == unit)) for unit in lost[:10]]
        what = "row" if units.name == "rows" else "the unit of row"
    labels = [f"{what} {plain(result.labels[row])!r}" for row in first]
    clustered = units.name.startswith("clusters")
    raise ResamplingError.leave_one_out(labels, len(lost), clusters=clustered)
