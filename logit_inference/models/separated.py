"""Separated data: found, described, and fitted in the limit.

Where no finite maximum is proved, `find_separation` asks the rows; `in_the_limit` makes of the
answer what a result needs. `detect_separation` answers without a fit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from logit_inference.covariance.covariance import Covariance
from logit_inference.covariance.model import model_covariance
from logit_inference.diagnostics.evidence import Level
from logit_inference.diagnostics.separation import Separation, describe
from logit_inference.errors import ConvergenceError, DetachedError
from logit_inference.inference.estimate import Estimate
from logit_inference.inference.limits import Limits, likelihood_limits
from logit_inference.likelihood.logistic import LOGISTIC
from logit_inference.likelihood.objective import objective
from logit_inference.models.recoding import Recoded, has_contrasts, recode
from logit_inference.rows.basis import Basis, in_basis
from logit_inference.rows.source import ArraySource, Source
from logit_inference.rows.threads import threads_for
from logit_inference.solve.certificate import certify_fit
from logit_inference.solve.cone import MOST_COLUMNS
from logit_inference.solve.fit import Fit, fit_rows
from logit_inference.solve.limit import beside_overlap, limit_fit
from logit_inference.solve.rank import find_rank
from logit_inference.solve.recession import (
    Recession,
    find_recession,
    separated_rows,
)

if TYPE_CHECKING:
    from logit_inference.design.arrays import ArrayDesign
    from logit_inference.design.design import Design, Encoded
    from logit_inference.models.result import LogitResult

# Columns of which likelihood-ratio tests are affordable, which a cone in them as they are allows.
MOST_FOR_TESTS = 300
MOST_LEVELS = 60  # of a factor without indicators that are looked at one by one


@dataclass(frozen=True)
class Limit:
    """What a result needs of separated data.

    Parameters
    ----------
    fit : Fit
        Of the limiting model.
    estimate : Estimate
        With the cone along which the other coefficients go to infinity.
    limits : Limits
        Likelihood-ratio inference for these.
    """

    fit: Fit
    estimate: Estimate
    limits: Limits


def find_separation(
    fit: Fit, design: Design | ArrayDesign, labels: Any
) -> tuple[Recession, Separation]:
    """Return the recession cone of the rows of a fit, in all its columns, and the record of it.

    ``labels`` are the caller's, of the rows used.
    """
    recession, shown = _recession(fit, design)
    return _described(fit.source, recession, fit.basis.kept, design, labels, shown)


def _recession(
    fit: Fit, design: Design | ArrayDesign | None
) -> tuple[Recession, tuple[Recoded, Recession] | None]:
    """Return the recession cone of the rows of a fit, in the columns that it could tell apart.

    Where these are too many, the fit shows where to look, and indicators of levels may make that
    simpler than contrasts do: then the rows with these and their cone are returned as well.
    """
    rows = in_basis(fit.solved, Basis(fit.source.n_columns, fit.basis.kept))
    q = rows.n_columns
    recoded = recode(fit, design) if design and q > MOST_FOR_TESTS else None
    if recoded is None:
        spread = design is not None and q > MOST_COLUMNS and has_contrasts(design)
        recession = None if spread else find_recession(rows)
        if recession is None or recession.exists is None:
            within = beside_overlap(fit)
            if within is not None and not (spread and within.shape[1] > MOST_COLUMNS):
                recession = find_recession(rows, within)
        if design is None or (recession is not None and recession.exists is not None):
            return recession or find_recession(rows), None
        recoded = recode(fit, design)
        if recoded is None:
            return recession or find_recession(rows), None
    found, _ = _recession(recoded.fit, None)
    return recoded.contrasted(found), (recoded, found)


def _described(
    source: Source,
    recession: Recession,
    kept: Sequence[int],
    design: Design | ArrayDesign,
    labels: Any,
    shown: tuple[Recoded, Recession] | None = None,
) -> tuple[Recession, Separation]:
    """Return cone and record of the cone in the columns that can be told apart.

    Rows are counted where they are not merged. Evidence is that of indicators, where these showed
    the cone.
    """
    import pandas as pd

    recession = recession.spread(source.n_columns, kept)
    separated = separated_rows(source, recession)
    event = design.event
    if event.kind == "grouped":
        outcomes = (f"every trial is {event.event}", f"every trial is {event.other}")
    else:
        outcomes = (f"{event.variable} = {event.event}", f"{event.variable} = {event.other}")
    recession = recession.counted(source, int(separated.sum()))
    record = describe(
        source,
        recession,
        design.columns,
        dict(design.term_columns),
        design.constant,
        outcomes,
        pd.Index(labels)[separated],
        _untold_levels(design),
    )
    if shown is not None and recession.exists:
        recoded, cone = shown
        names = [recoded.names[j] for j in kept]
        cone = cone.counted(source, recession.n_separated)
        told = describe(recoded.fit.source, cone, names, {}, None, outcomes, record.rows)
        record = replace(record, evidence=told.evidence)
    return recession, record


def separation_of(result: LogitResult) -> Separation:
    """Return what is known of a result's rows, or what they say when asked.

    A penalised fit is finite wherever its penalty reaches, so that nobody has asked.
    """
    if result.examined is not None:
        return result.examined
    if result.fit is None:
        raise DetachedError("separation")
    return find_separation(result.fit, result.design, result.labels)[1]


def _untold_levels(design: Design | ArrayDesign) -> list[Level]:
    """Return the levels of single factors that have no column of ones and zeros of their own."""
    from logit_inference.design.design import Design

    if not isinstance(design, Design) or not design.spans_constant:
        return []
    levels = []
    for term in design.terms:
        if len(term.factors) != 1 or len(term.parts) != 1 or len(term.parts[0]) != 1:
            continue
        expr, full = term.parts[0][0]
        coding = design.codings[expr]
        indicated = coding.indicated(full)
        if coding.kind != "categorical" or (indicated is None and len(coding.levels) > MOST_LEVELS):
            continue
        known = set() if indicated is None else set(indicated.tolist())
        name, weights = ", ".join(term.variables), coding.weights(full)
        levels += [
            Level(f"{name} = {level}", slice(term.start, term.stop), weights[k])
            for k, level in enumerate(coding.levels)
            if k not in known
        ]
    return levels


def in_the_limit(
    fit: Fit, recession: Recession, *, level: float, tolerance: float, max_iterations: int
) -> Limit:
    """Return the fit of the limiting model and the inference for infinite coefficients."""
    separated = separated_rows(fit.source, recession)
    return limit_of(fit, recession, separated, level, tolerance, max_iterations)


def limit_of(
    fit: Fit,
    recession: Recession,
    separated: NDArray[np.bool_],
    level: float,
    tolerance: float,
    max_iterations: int,
) -> Limit:
    """Return the same where it is known which rows (n,) are separated."""
    limit = limit_fit(fit, recession, separated, tolerance=tolerance, limit=max_iterations)
    if limit.basis.kept:
        covariance = model_covariance(limit)
    else:
        covariance = Covariance(np.zeros((0, 1)), limit.basis, "model")
    estimate = Estimate(fit.names, limit.solution.coef, covariance, limit.relations, recession)
    supremum = limit.solution.evaluation.log_likelihood
    return Limit(limit, estimate, likelihood_limits(fit, supremum, recession, level))


def supremum_of(fit: Fit) -> float:
    """Return the log-likelihood of a fit, or its supremum where the data are separated.

    Raises
    ------
    ConvergenceError
        Where neither was found.
    """
    solution = fit.solution
    if solution.outcome.converged and bool(certify_fit(fit).exists):
        return fit.log_likelihood
    recession = _recession(fit, None)[0].spread(fit.source.n_columns, fit.basis.kept)
    if recession.exists:
        separated = separated_rows(fit.source, recession)
        limit = limit_fit(fit, recession, separated, tolerance=1e-8, limit=100)
        solution = limit.solution
        if solution.outcome.converged:
            return limit.log_likelihood
    elif solution.outcome.converged and recession.exists is not None:
        return fit.log_likelihood
    raise ConvergenceError(
        solution.outcome, solution.outcome.sentence, (), "Fit the larger model by itself."
    )


def detect_separation(
    formula: str,
    data: Any,
    *,
    event: Any = None,
    trials: Any = None,
    weights: Any = None,
    weights_kind: str | None = None,
    offset: Any = None,
    missing: str = "drop",
    context: Mapping[str, Any] | None = None,
) -> Separation:
    """Return whether a formula's columns separate the outcome of a table, without fitting.

    Parameters
    ----------
    formula, data, event, trials, weights, weights_kind, offset, missing, context
        As in `logit_inference.logit`. Neither the offset nor the size of a positive weight makes a
        difference; rows of weight zero do not count.

    Returns
    -------
    Separation
        Printed, it is a few sentences with the evidence. ``kind`` is ``"none"``,
        ``"quasi-complete"`` or ``"complete"``, and ``"undecided"`` where there are too many
        columns to decide exactly.

    Notes
    -----
    Decided by a linear program in the coefficients and verified in integers (see
    `solve.recession`): neither a hairline gap nor a hairline overlap is mistaken for the other.
    The decision is about the numbers as doubles: three points that are collinear in decimals, such
    as 0.1, 0.2 and 0.3, may not be so in binary, and multiplying by ten and rounding makes them so.

    References
    ----------
    Albert and Anderson (1984), *Biometrika* 71. Konis (2007), D.Phil. thesis, Oxford.

    Examples
    --------
    >>> import logit_inference as li
    >>> li.detect_separation("HG ~ NV + PI + EH", li.datasets.load("endometrial"))
    Quasi-complete separation: in all 13 rows with NV = 1, HG = 1. Coefficients without a finite \
estimate: NV = +∞.
    """
    from logit_inference.design.design import build_design

    design, encoded = build_design(
        formula,
        data,
        event=event,
        trials=trials,
        weights=weights,
        weights_kind=weights_kind,
        offset=offset,
        missing=missing,
        context=context,
        one_value=True,
    )
    return _detected(design, encoded)


def detect_separation_arrays(
    y: Any,
    X: Any,
    *,
    names: Sequence[str] | None = None,
    intercept: bool = False,
    event: Any = None,
    trials: Any = None,
    weights: Any = None,
    weights_kind: str | None = None,
    offset: Any = None,
) -> Separation:
    """Return whether the columns of an array separate an outcome, without fitting.

    Parameters
    ----------
    y, X, names, intercept, event, trials, weights, weights_kind, offset
        As in `logit_inference.logit_arrays`.

    Examples
    --------
    >>> import logit_inference as li
    >>> li.detect_separation_arrays([0, 0, 1, 1], [[1.0], [2.0], [2.0], [3.0]], intercept=True).kind
    'quasi-complete'
    """
    from logit_inference.design.arrays import read_arrays

    design, encoded = read_arrays(
        y,
        X,
        names=names,
        intercept=intercept,
        event=event,
        trials=trials,
        weights=weights,
        weights_kind=weights_kind,
        offset=offset,
        one_value=True,
    )
    return _detected(design, encoded)


def _detected(design: Design | ArrayDesign, encoded: Encoded) -> Separation:
    p = len(design.columns)
    threads = threads_for(encoded.n_used, p)
    source = ArraySource(encoded.block, intercept=design.adds_intercept, threads=threads)
    cells = source.distinct()
    rows: Source = source if cells is None else cells
    kept = find_rank(rows, objective(rows, LOGISTIC)(np.zeros(p))).basis.kept
    few = len(kept) <= (MOST_COLUMNS if has_contrasts(design) else MOST_FOR_TESTS)
    recession = find_recession(in_basis(rows, Basis(p, kept))) if few else None
    if recession is None or recession.exists is None:
        offset = encoded.block.offset is not None
        fit = fit_rows(source, LOGISTIC, design.columns, constant=design.constant, offset=offset)
        return find_separation(fit, design, encoded.labels)[1]
    return _described(source, recession, kept, design, encoded.labels)[1]
