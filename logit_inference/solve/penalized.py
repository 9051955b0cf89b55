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
from logit_inference.likelihood.objective import Objective, objective
from logit_inference.rows.basis import in_basis
from logit_inference.rows.block import Floats
from logit_inference.rows.source import Source
from logit_inference.solve.correction import (
    Correction,
    augmented_likelihood,
    correct,
)
from logit_inference.solve.criterion import (
    ascending,
    criterion,
    has_cheap_curvature,
    has_curvature,
    restrict,
)
from logit_inference.solve.factor import Factor, factorize, row_leverage
from logit_inference.solve.median import reduce_median_bias
from logit_inference.solve.newton import newton
from logit_inference.solve.rank import Rank, find_rank
from logit_inference.solve.schedule import Opening, open_search, pace_over
from logit_inference.solve.scout import has_few_rows, scout, star
from logit_inference.solve.search import Search
from logit_inference.solve.solution import Outcome, Solution

# Leverages come from the summed information, whose inverse is wrong by eps times this: above it
# the search changes to a nearly orthonormal basis.
LEVERAGES_RESOLVE = 1e6
FIRTH = Estimator("firth", 0.5)
PATIENCE = 20  # steps with leverages held fixed, before exact ones are worth their price
FIXED_LEVERAGES = 1e-9  # decrement at convergence of steps that leave a tenth, or less
NEAR, MOST_LIKELY_STEPS = 0.1, 8  # of the search for a start near the maximum likelihood
SLOW = 0.1  # ratio of successive decrements from which their sum may be far above the last
RIGHT = 1e-11  # standard errors: what is left after such a decrement shows nowhere
ELSEWHERE, HIGHER = 0.05, 1e-6  # standard errors, and of values, that show another maximum
CLOSE = 1e-3  # of the decrement of the null model: only its value is wanted


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
    *,
    offset: bool,
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
    offset : bool
        Whether rows have an offset, so that the null model has no closed form.

    Notes
    -----
    Three to six evaluations of the criterion for many rows, up to a dozen for few. The null model,
    which keeps the penalty of all columns, takes a few more where it has no closed form.
    """
    likelihood = search.likelihood
    first = objective(source, likelihood)(search.start)
    rank = find_rank(source, first, LEVERAGES_RESOLVE)
    rows = in_basis(source, rank.basis)
    spent = 1.0 + rank.n_passes
    opening = Opening(None)
    if least is not None and rank.basis.is_identity:
        pace = pace_over(source, likelihood, counts, search.tolerance)
        opening = open_search(source, likelihood, search.start, least, counts, pace)
        spent += opening.n_passes
    if estimator.kind == "median-br":
        near = _climb(rows, search, opening, rank, FIRTH)
        spent += 2.0 * near.n_passes
        inside = replace(search, start=near.coef)
        asked = rank.basis.inner(search.start)
        solution = reduce_median_bias(rows, inside, rank.basis, asked)
        solution = replace(solution, n_passes=solution.n_passes + spent)
        return Penalized(rank, solution, math.nan, math.nan)
    solution = _climb(rows, search, opening, rank, estimator)
    if estimator.power and solution.outcome.converged and has_few_rows(rows):
        solution = _highest(rows, search, rank, estimator, solution)
    passes = 2 if estimator.power else 1  # in an evaluation
    spent += solution.n_passes * passes + 1.0
    value = solution.evaluation.log_likelihood
    at = objective(rows, likelihood)(solution.coef)
    solution = replace(solution, evaluation=at, factor=factorize(at.upper))
    if constant is None or constant not in rank.basis.kept or not solution.outcome.converged:
        return Penalized(rank, replace(solution, n_passes=spent), value, math.nan)
    direction = _inner_unit(rank, constant)
    whole = criterion(rows, likelihood, estimator, rank.basis)
    span, correction = direction[:, np.newaxis], None
    if estimator.intercept is not None:
        solution, correction, more = correct(
            rows, likelihood, estimator.intercept, solution, direction
        )
        spent += more
        if estimator.intercept == "flac":
            whole = augmented_likelihood(rows, likelihood, correction)
            value = whole(np.append(solution.coef, correction.pseudo)).log_likelihood
            span = np.zeros((len(direction) + 1, 2))
            span[:-1, 0], span[-1, 1] = direction, 1.0
            spent += passes
    null_value = math.nan
    if estimator.has_likelihood:
        plain_null = rank.basis.is_identity and not offset and estimator.intercept != "flac"
        if estimator.power and plain_null and not np.delete(search.start, constant).any():
            null_value = _null_jeffreys(first, search.start[constant], counts, estimator.power)
        else:
            null_value, n_evaluations = _null_model(whole, span, search.start[constant])
            spent += n_evaluations * passes
    return Penalized(rank, replace(solution, n_passes=spent), value, null_value, correction)


def _climb(
    rows: Source,
    search: Search,
    opening: Opening,
    rank: Rank,
    estimator: Estimator,
) -> Solution:
    """Return the maximum of the criterion, from where a sample of many rows leads if it serves.

    Where leverages are large and rows many, steps with leverages held fixed may be slow; some exact
    ones then end the search.
    """
    whole = partial(criterion, rows, search.likelihood, estimator, rank.basis)
    cheap = not estimator.power or has_cheap_curvature(rows)
    patience = search.max_iterations if cheap else min(search.max_iterations, PATIENCE)
    # The information at the end is evaluated apart, so that it need not be fresh here.
    step = partial(newton, curvature=partial(bend, rows), fresh=np.inf)
    tolerance = search.tolerance if cheap else min(search.tolerance, FIXED_LEVERAGES)
    solution, spent = None, 0.0
    if opening.coef is not None:
        start, spent = _likely(rows, search, opening.coef)
        solution = step(
            ascending(whole()),
            start,
            tolerance=tolerance,
            max_iterations=patience,
            smallest_step=1.0,
        )
        spent += solution.n_passes
    if solution is None or solution.outcome is Outcome.STALLED:
        start = rank.basis.inner(search.start)
        solution = step(ascending(whole()), start, tolerance=tolerance, max_iterations=patience)
        spent += solution.n_passes
    left = search.max_iterations - patience
    if not cheap and left > 0 and _is_slow(solution):
        exact = whole(exact=has_curvature(rows))
        more = step(
            ascending(exact), solution.coef, tolerance=search.tolerance, max_iterations=left
        )
        solution = replace(more, steps=solution.steps + more.steps)
        spent += more.n_passes
    return replace(solution, steps=opening.steps + solution.steps, n_passes=spent)


def _highest(
    rows: Source, search: Search, rank: Rank, estimator: Estimator, found: Solution
) -> Solution:
    """Return the maximum, or a higher one to which climbs from many starts lead."""
    if found.factor is None:
        return found
    starts = star(len(found.coef))
    span = found.factor.inverse_root()
    values, coef = scout(rows, estimator.power, found.coef, span, starts)
    if not len(values) or np.linalg.norm(np.linalg.solve(span, coef[0] - found.coef)) < ELSEWHERE:
        return found
    whole = criterion(rows, search.likelihood, estimator, rank.basis)
    other = newton(
        ascending(whole),
        coef[0],
        partial(bend, rows),
        tolerance=search.tolerance,
        max_iterations=search.max_iterations,
        fresh=np.inf,
    )
    spent = found.n_passes + other.n_passes
    rise = other.evaluation.log_likelihood - found.evaluation.log_likelihood
    if not other.outcome.converged or rise <= HIGHER:
        return replace(found, n_passes=spent)
    return replace(other, steps=found.steps + other.steps, n_passes=spent)


def _likely(rows: Source, search: Search, start: Floats) -> tuple[Floats, float]:
    """Return a point near the maximum likelihood, if there is one, and the evaluations it took.

    They are counted in evaluations of two passes.
    """
    found = newton(
        objective(rows, search.likelihood),
        start,
        _settled,
        tolerance=NEAR,
        max_iterations=MOST_LIKELY_STEPS,
        fresh=np.inf,
        smallest_step=1.0,
    )
    return found.coef if found.outcome.converged else start, found.n_passes / 2


def _null_jeffreys(first: Evaluation, intercept: float, counts: Tally, power: float) -> float:
    """Return the maximum of ``ℓ + power·log|I|`` over the constant alone, where it is all there is.

    All probabilities are one, mu, and ``I = mu(1−mu) X'MX`` with q columns: the criterion is that
    of ``power·q`` further events and as many non-events.

    Parameters
    ----------
    first : Evaluation
        Where all coefficients but the constant are zero.
    intercept : float
        The constant there.
    counts : Tally
    power : float
    """
    factor = factorize(first.upper)
    if factor is None:
        return math.nan
    q, t = len(first.score), math.exp(-abs(intercept))
    log_products = 2.0 * float(np.log(factor.upper.diagonal()).sum()) - q * math.log(
        t / (1.0 + t) ** 2
    )
    events = counts.events + power * q
    failures = counts.trials - counts.events + power * q
    share = events / (events + failures)
    value = events * math.log(share) + failures * math.log1p(-share)
    return value + power * log_products


def _is_slow(solution: Solution) -> bool:
    """Say whether steps ended before their limit was near."""
    if not solution.outcome.converged:
        return True
    before, last = (step.decrement for step in (*solution.steps[:1], *solution.steps)[-2:])
    return last > max(SLOW * before, RIGHT)


def _null_model(whole: Objective, span: Floats, intercept: float) -> tuple[float, float]:
    """Return the maximum over the first direction of ``span``, the constant's, and its others.

    NaN where it is not found. A value is right to the cube of the decrement at which the search
    ends. Also returns the number of evaluations.
    """
    line = ascending(restrict(whole, np.zeros(len(span)), span))
    start = np.zeros(span.shape[1])
    start[0] = intercept
    found = newton(line, start, _settled, tolerance=CLOSE, fresh=np.inf)
    if not found.outcome.converged:
        return math.nan, found.n_passes
    return found.evaluation.log_likelihood + found.decrement**2 / 2.0, found.n_passes


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
