"""The search for the maximum of a penalised likelihood over the rows of a source.

A penalty keeps the maximum finite where the likelihood alone has none, so that the search must not
begin at the maximum likelihood: it begins at the null model, or, where rows are many, where a
sample of them leads.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from logit_inference.likelihood.estimator import Estimator
from logit_inference.likelihood.evaluation import Evaluation, Tally
from logit_inference.likelihood.likelihood import Likelihood
from logit_inference.likelihood.objective import Objective, objective
from logit_inference.rows.basis import in_basis
from logit_inference.rows.block import Floats
from logit_inference.rows.source import Source
from logit_inference.solve.correction import (
    Correction,
    augmented_likelihood,
    correct,
)
from logit_inference.solve.criterion import criterion, restrict
from logit_inference.solve.factor import Factor, factorize, row_leverage
from logit_inference.solve.median import reduce_median_bias
from logit_inference.solve.newton import FRESH, newton
from logit_inference.solve.pace import pace_of
from logit_inference.solve.rank import Rank, find_rank
from logit_inference.solve.schedule import open_search
from logit_inference.solve.search import Search
from logit_inference.solve.solution import Solution

# Leverages come from the summed information, whose inverse is wrong by eps times this: above it
# the search changes to a nearly orthonormal basis.
LEVERAGES_RESOLVE = 1e6


@dataclass(frozen=True)
class Penalized:
    """What a search with a penalty found.

    Parameters
    ----------
    rank : Rank
    solution : Solution
        Its evaluation is that of the likelihood alone, at the coefficients found.
    value : float
        The criterion at its maximum; NaN where the estimator maximises nothing.
    null_value : float
        Its maximum where all coefficients but the constant are zero, with the penalty of the full
        model (Heinze and Schemper 2002). NaN where there is no constant.
    correction : Correction or None
        What is left of Firth's fit where its intercept was corrected.
    """

    rank: Rank
    solution: Solution
    value: float
    null_value: float
    correction: Correction | None = None


def find_penalized(
    source: Source,
    search: Search,
    counts: Tally,
    least: float | None,
    estimator: Estimator,
    constant: int | None,
) -> Penalized:
    """Return the maximum of an estimator's criterion, or the zero of its adjusted score.

    Parameters
    ----------
    source, search, counts, least
        As in `find_maximum`.
    estimator : Estimator
        Other than maximum likelihood.
    constant : int or None
        The column of ones.

    Notes
    -----
    Three to six evaluations of the criterion for many rows, up to a dozen for few; as many for the
    null model, which keeps the determinant of all columns.
    """
    likelihood, spent = search.likelihood, 0.0
    first = objective(source, likelihood)(search.start)
    rank = find_rank(source, first, LEVERAGES_RESOLVE)
    rows, start = in_basis(source, rank.basis), rank.basis.inner(search.start)
    spent += 1.0 + rank.n_passes
    plain = objective(rows, likelihood)
    if estimator.kind == "median-br":
        solution = reduce_median_bias(rows, replace(search, start=start), rank.basis)
        solution = replace(solution, n_passes=solution.n_passes + spent)
        return Penalized(rank, solution, math.nan, math.nan)
    whole = criterion(rows, likelihood, estimator, rank.basis)
    step = partial(
        newton, whole, tolerance=search.tolerance, max_iterations=search.max_iterations
    )
    curvature = partial(bend, rows)
    solution = None
    if least is not None and rank.basis.is_identity:
        pace = pace_of(source.n_columns, source.score_price, counts, search.tolerance, FRESH)
        opening = open_search(source, likelihood, search.start, least, counts, pace)
        spent += opening.n_passes
        if opening.coef is not None:
            solution = step(opening.coef, curvature, smallest_step=1.0)
            spent += solution.n_passes
            solution = replace(solution, steps=opening.steps + solution.steps)
    if solution is None or not solution.outcome.converged:
        solution = step(start, curvature)
        spent += solution.n_passes
    value = solution.evaluation.log_likelihood
    at = plain(solution.coef)
    solution = replace(
        solution, evaluation=at, factor=factorize(at.upper), n_passes=spent + 1.0
    )
    null_value = math.nan
    if constant is not None and constant in rank.basis.kept and estimator.has_likelihood:
        span = _inner_unit(rank, constant)[:, np.newaxis]
        null_value = _null_value(whole, span, search.start[constant])
    correction = None
    if estimator.intercept is not None and constant is not None:
        direction = _inner_unit(rank, constant)
        solution, correction = correct(rows, likelihood, estimator.intercept, solution, direction)
        if estimator.intercept == "flac" and np.isfinite(correction.root).all():
            whole = augmented_likelihood(rows, likelihood, correction)
            value = whole(np.append(solution.coef, correction.pseudo)).log_likelihood
            span = np.zeros((len(direction) + 1, 2))
            span[:-1, 0], span[-1, 1] = direction, 1.0
            null_value = _null_value(whole, span, search.start[constant])
    return Penalized(rank, solution, value, null_value, correction)


def _null_value(whole: Objective, span: Floats, intercept: float) -> float:
    """Return the maximum over the constant, the first direction of ``span``, and its others."""
    line = restrict(whole, np.zeros(len(span)), span)
    start = np.zeros(span.shape[1])
    start[0] = intercept
    found = newton(line, start, _settled, tolerance=1e-6)
    return found.evaluation.log_likelihood if found.outcome.converged else math.nan


def _inner_unit(rank: Rank, column: int) -> Floats:
    """Return the direction in the basis in which one coefficient of X grows alone."""
    unit = np.zeros(rank.basis.n_columns)
    unit[column] = 1.0
    return rank.basis.inner(unit)


def _settled(factor: Factor, coef: Floats, now: Evaluation) -> float:
    """Return λ: a value is right to λ²/2."""
    return math.sqrt(max(float(now.score @ factor.solve(now.score)), 0.0))


def bend(rows: Source, factor: Factor, coef: Floats, now: Evaluation) -> float:
    """Return M·λ at ``coef`` with leverages by the curvature of the criterion; one pass."""
    reach = rows.fold(row_leverage, factor.inverse_root()).value
    decrement = math.sqrt(max(float(now.score @ factor.solve(now.score)), 0.0))
    return float(reach * decrement)
