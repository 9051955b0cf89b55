"""Fits of samples: what sampling weights and a survey design make of a result.

Sampling weights are scaled to mean one, which changes no coefficient: the information is then that
of as many rows, which is what design effects compare with. A result keeps the design at its own
rows; whatever they are, variances are those of the whole design.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from logit_inference.covariance.covariance import Covariance
from logit_inference.covariance.replicates import Replicates, replicated
from logit_inference.covariance.survey import Stage, linearized, simple_random
from logit_inference.errors import (
    DetachedError,
    PseudoLikelihoodError,
    SurveyError,
    SurveyWarning,
)
from logit_inference.models.domain import rows_of
from logit_inference.models.survey import SurveyDesign, describe, design_df
from logit_inference.records import made_fast
from logit_inference.report.survey import effects_table
from logit_inference.report.table import Table
from logit_inference.rows.block import Floats

if TYPE_CHECKING:
    from logit_inference.design.design import Encoded
    from logit_inference.diagnostics.account import Account
    from logit_inference.models.result import LogitResult

SAMPLING = "sampling"
WITHOUT_DESIGN = "sandwich for sampling weights"
DEFF = (
    "deff: variance over that of a simple random sample of as many rows, drawn with replacement, "
    "whose scores vary as the weighted ones do; deft: its root, the ratio of standard errors."
)


@dataclass(frozen=True, eq=False)
class SampledRows:
    """A survey design at the rows of a fit.

    Parameters
    ----------
    stages : tuple of Stage
        At these rows; counts are those of the whole design.
    lonely_psu : str
    levels : tuple of tuples
        Names of the strata of each stage.
    replicates : Replicates or None
        At these rows.
    weights : (n_used,) array
        Sampling weights, as they were given.
    df : float
        Of the design in its domain: without coefficients.
    """

    stages: tuple[Stage, ...]
    lonely_psu: str
    levels: tuple[tuple[Any, ...], ...]
    replicates: Replicates | None
    weights: Floats
    df: float


@made_fast
@dataclass(frozen=True, slots=True)
class Drawn:
    """What a call of logit() fits, where a design may have been given in place of a table."""

    table: Any
    weights: Any
    weights_kind: str | None
    design: SurveyDesign | None


def read_data(data: Any, weights: Any, weights_kind: str | None, cluster: Any) -> Drawn:
    """Return table and weights of a call: of a survey design, its rows in the domain.

    Raises
    ------
    SurveyError
        For arguments that say again what the design has said.
    """
    if not isinstance(data, SurveyDesign):
        return Drawn(data, weights, weights_kind, None)
    given = {"weights": weights, "weights_kind": weights_kind, "cluster": cluster}
    for argument, value in given.items():
        if value is not None:
            raise SurveyError.twice(argument)
    rows, named = data.rows, data.names.weights_column
    table = data.table if rows is None else rows_of(data.table, rows)
    if named is None:  # a name keeps the column out of "y ~ ."
        return Drawn(table, data.weights if rows is None else data.weights[rows], SAMPLING, data)
    return Drawn(table, named, SAMPLING, data)


def check_sampling(kind: str | None, estimator: str) -> None:
    """Raise where an estimator cannot have sampling weights."""
    if kind == SAMPLING and estimator != "ml":
        raise SurveyError.estimator(estimator)


def scaled(encoded: Encoded, kind: str | None) -> Encoded:
    """Return rows with sampling weights of mean one, over those that have some; others as they are.

    Coefficients do not depend on the scale. With it the pseudo-log-likelihood, the information and
    deviances are those of as many rows, as in R's ``svyglm``.
    """
    weights = encoded.block.weights
    if kind != SAMPLING or weights is None:
        return encoded
    mean = weights.sum() / np.count_nonzero(weights)
    return replace(encoded, block=replace(encoded.block, weights=weights / mean))


def with_sample(result: LogitResult, drawn: Drawn, encoded: Encoded) -> LogitResult:
    """Return a result that knows the design its rows were drawn by.

    Parameters
    ----------
    result : LogitResult
    drawn : Drawn
    encoded : Encoded
        The rows used, with their weights as given.
    """
    if result.account.weights_kind != SAMPLING:
        return result
    weights = encoded.block.weights
    assert weights is not None, "sampling weights are weights"
    account = replace(result.account, sum_weights=float(weights.sum()))
    if drawn.design is None:
        return replace(result, account=account)
    design = drawn.design
    rows = design.rows
    if encoded.rows is not None:
        rows = encoded.rows if rows is None else rows[encoded.rows]
    if design.replicates is None:  # a model's rows are a domain of their own
        df = design_df(design.stages, None, design.weights, rows)
    else:
        df = design.df
    sampled = SampledRows(
        tuple(stage.at(rows) for stage in design.stages),
        design.lonely_psu,
        design.names.levels,
        None if design.replicates is None else design.replicates.at(rows),
        weights,
        df,
    )
    counted = "PSUs less strata, of those with a row in the fit"
    if design.replicates is not None:
        counted = "rank of the replicate weights less one"
    reference = (
        f"Design df: {df:g} ({counted}); the design's covariance has a t reference with that plus "
        "1 less coefficients."
    )
    notes = (*describe(design), reference, *_dropped(account), *account.notes)
    return replace(result, account=replace(account, notes=notes), sampled=sampled)


def _dropped(account: Account) -> tuple[str, ...]:
    if account.n_rows_used == account.n_rows_read:
        return ()
    return (
        "Rows dropped for a missing value stay in the design with zero scores, as rows outside a "
        "domain do.",
    )


def survey_covariance(result: LogitResult) -> Covariance:
    """Return the covariance of a result by its design; of sampling weights alone the sandwich.

    The t reference has the design's degrees of freedom plus one less the coefficients, as
    ``svyglm``: units less strata, of those with a row in the fit.

    Raises
    ------
    SurveyError
        Where the result is of no sample.

    Notes
    -----
    See `covariance.survey.linearized` and `covariance.replicates.replicated`. Without a design each
    row is a unit and there are no strata: HC0 times n/(n − 1), t with n − p degrees of freedom.
    """
    fit, sampled = result.fit, result.sampled
    if fit is None:
        raise DetachedError('with_covariance("survey")')
    if result.account.weights_kind != SAMPLING:
        raise SurveyError.no_weights()
    n, k = result.account.nobs, result.account.rank
    if sampled is None:
        alone = Stage(None, None, np.array([n]), None, np.ones(1), np.zeros(1, dtype=np.int64))
        found, _ = linearized(fit, [alone], "certainty")
        return replace(found, kind=WITHOUT_DESIGN, df=_df(n - k))
    if sampled.replicates is not None:
        if result.asked is not None:
            raise SurveyError.replicates(
                "the data are separated: replicates of a coefficient at infinity have no variance. "
                "Merge sparse levels or leave the column out; a design without replicates has the "
                "linearisation of the limiting model."
            )
        again = replicated(fit, sampled.replicates, sampled.weights)
        total = sampled.replicates.n_replicates
        if again.n_used < total:
            warnings.warn(SurveyWarning.replicates_lost(total - again.n_used, total), stacklevel=5)
        factor = f"{again.n_used} of {total} replicates, {again.covariance.correction}"
        df = _df(sampled.df + 1.0 - k)
        return replace(again.covariance, correction=factor, df=df)
    found, adjusted = linearized(fit, sampled.stages, sampled.lonely_psu, sampled.levels)
    if adjusted:
        factor = f'{found.correction}, strata of one PSU by "{sampled.lonely_psu}"'
        found = replace(found, correction=factor)
    return replace(found, df=_df(sampled.df + 1.0 - k))


def _df(df: float) -> float:
    """Return degrees of freedom, missing (and said so) where none are left."""
    if df > 0:
        return df
    warnings.warn(SurveyWarning.no_df(df), stacklevel=6)
    return float("nan")


def design_effects(result: LogitResult) -> Table:
    """Return the design effect of each coefficient."""
    if result.fit is None:
        raise DetachedError("design_effects()")
    if result.account.weights_kind != SAMPLING:
        raise SurveyError.no_weights()
    own = result.estimate.covariance
    simple = Covariance(simple_random(result.fit), own.basis, "simple random sample")
    finite = result.estimate.finite
    errors = np.where(finite, simple.std_errors, np.nan)
    notes = (f"Covariance: {own.kind}.", DEFF)
    return effects_table(result.estimate.names, result.estimate.std_errors, errors, notes)


def check_likelihood(result: LogitResult, what: str) -> None:
    """Raise where a likelihood is asked for and there is a pseudo-likelihood.

    Raises
    ------
    PseudoLikelihoodError
    """
    if result.account.weights_kind == SAMPLING:
        raise PseudoLikelihoodError(what, separated=not result.estimate.finite.all())
