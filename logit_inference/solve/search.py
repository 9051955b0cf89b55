"""The search for the maximum over the rows of a source: where, in which basis, in how many passes.

Newton's method knows objectives and the schedule proposes points; here they meet the rows. What
the shortcuts lead to is believed only when the last evaluation, of all rows, says so. Where it does
not, or where a full Newton step from there does not raise the log-likelihood, the search begins
again without them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from logit_inference.likelihood.evaluation import Evaluation, Tally
from logit_inference.likelihood.likelihood import Likelihood
from logit_inference.likelihood.objective import Objective, objective, objectives
from logit_inference.records import made_fast
from logit_inference.rows.basis import Basis, in_basis
from logit_inference.rows.block import Floats
from logit_inference.rows.source import Source
from logit_inference.solve.factor import (
    Factor,
    column_reach,
    condition_bound,
    largest_move,
    row_leverage,
)
from logit_inference.solve.lean import MOST_STEPS, WELL_CONDITIONED, lean_newton
from logit_inference.solve.margins import separates_alone
from logit_inference.solve.newton import SMALLEST_STEP, Move, ReachBound, newton
from logit_inference.solve.pace import Pace
from logit_inference.solve.rank import Rank, condition_limit, find_rank
from logit_inference.solve.reach import leverage_bound
from logit_inference.solve.root import SUMMED_IS_ENOUGH, counted_root
from logit_inference.solve.schedule import (
    NO_OPENING,
    Opening,
    follow_up,
    is_plain,
    open_search,
    pace_over,
    packed_objective,
)
from logit_inference.solve.solution import Outcome, Solution, Step
from logit_inference.solve.triangle import resolved_factor

# Steps after which a search in many columns looks for one that separates rows by itself: what goes
# to infinity moves by about one a step by then, and what does not hardly moves.
ENOUGH_TO_SEE, WIDE = 10, 60
FEW = 20_000  # elements of X: below this an evaluation takes no longer than looking for a bound


@made_fast
@dataclass(frozen=True, slots=True)
class Search:
    """What is maximised, from where, and when it is found.

    Parameters
    ----------
    likelihood : Likelihood
    start : (p,) array
    tolerance, max_iterations
        As in `newton`.
    trials : float
        Weighted number of trials where the start is the null model, otherwise infinity.
    """

    likelihood: Likelihood
    start: Floats
    tolerance: float
    max_iterations: int
    trials: float = math.inf


def find_maximum(
    source: Source, search: Search, counts: Tally, least: float | None
) -> tuple[Rank, Solution]:
    """Return the basis that was solved in, and the solution in it.

    Parameters
    ----------
    source : Source
    search : Search
    counts : Tally
    least : float or None
        Log-likelihood at the start, minus infinity where it is not known without a pass. None
        where the search is to begin at that start and nowhere else.

    Notes
    -----
    Passes: those of `newton` and of the shortcuts that it was worth trying; one QR fold and one
    more evaluation where columns are dependent or ill-conditioned (see `find_rank`). Of many
    columns a search that takes long is stopped where one of them separates rows by itself, as those
    of empty cells do: there is no maximum, and where it would go is seen.
    """
    wide = source.layout is not None or source.n_columns > WIDE
    if not (wide and search.likelihood.has_independent_rows):
        return _find(source, search, counts, least)
    first = replace(search, max_iterations=min(search.max_iterations, ENOUGH_TO_SEE))
    rank, solution = _find(source, first, counts, least)
    left = search.max_iterations - first.max_iterations
    if solution.outcome is not Outcome.ITERATION_LIMIT or not left:
        return rank, solution
    spent = solution.n_passes + 1.0
    if separates_alone(source):
        return rank, replace(solution, outcome=Outcome.DIVERGING, n_passes=spent)
    start = np.nan_to_num(rank.basis.coefficients(solution.coef))
    again = replace(search, start=start, max_iterations=left, trials=math.inf)
    rank, onward = _find(source, again, counts, None)
    steps = solution.steps + onward.steps
    return rank, replace(onward, steps=steps, n_passes=spent + onward.n_passes)


def _find(
    source: Source, search: Search, counts: Tally, least: float | None
) -> tuple[Rank, Solution]:
    ways = objectives(source, search.likelihood)
    independent = search.likelihood.has_independent_rows
    limit = condition_limit(source, counts) if independent else SUMMED_IS_ENOUGH
    if independent and is_plain(source, ways) and search.max_iterations >= MOST_STEPS:
        reach, move = _looks(source)
        found = lean_newton(
            ways,
            search.start,
            tolerance=search.tolerance,
            trials=search.trials,
            reach=reach,
            move=move,
            limit=min(limit, WELL_CONDITIONED),
        )
        if isinstance(found, Solution):
            return Rank(Basis.identity(source.n_columns), {}, 0), found
        straight, least = found, None
    else:
        straight = Opening(search.start)
    pace = pace_over(source, search.likelihood, counts, search.tolerance)
    whole = packed_objective(source, search.likelihood) or ways.at
    task = _Task(source, search, whole, counts, least, pace, limit)
    opened = _from_opening(task)
    if not isinstance(opened, Opening):
        return opened
    rank, solution = _with_care(task, straight)
    steps = _dropped(opened.steps) + solution.steps
    spent = straight.n_passes + opened.n_passes
    return rank, replace(solution, steps=steps, n_passes=spent + solution.n_passes)


@dataclass(frozen=True)
class _Task:
    """A search over the rows of a source, in their own columns or in better ones.

    Parameters
    ----------
    source : Source
    search : Search
    whole : callable
        The log-likelihood of these rows.
    counts : Tally
    least : float or None
        As in `find_maximum`.
    pace : Pace
    limit : float
        Condition above which the maximum is not looked for in these columns.
    """

    source: Source
    search: Search
    whole: Objective
    counts: Tally
    least: float | None
    pace: Pace
    limit: float


def _from_opening(task: _Task) -> tuple[Rank, Solution] | Opening:
    """Return what Newton's method finds from an opening; what was spent if it is not believed."""
    source, search = task.source, task.search
    if task.least is None:
        return NO_OPENING
    opening = open_search(
        source, search.likelihood, search.start, task.least, task.counts, task.pace
    )
    if opening.coef is None:
        return opening
    # Where there is no maximum no step more is taken, but it is said where that was left.
    most = 0 if opening.diverges else search.max_iterations
    onward = replace(search, start=opening.coef, trials=math.inf, max_iterations=most)
    least_step = SMALLEST_STEP if opening.from_start else 1.0
    solution = _newton(source, onward, task.pace, task.whole, smallest_step=least_step)
    steps, spent = opening.steps + solution.steps, opening.n_passes + solution.n_passes
    if opening.diverges:
        found = replace(solution, steps=steps, n_passes=spent, outcome=Outcome.DIVERGING)
        return Rank(Basis.identity(source.n_columns), {}, 0), found
    # From where all rows led by themselves, to begin again would take the same steps.
    stopped = opening.from_start and solution.outcome is Outcome.ITERATION_LIMIT
    if solution.outcome.converged or stopped:
        at, factor = solution.evaluation, solution.factor
        summed = factor if factor is not None and factor.matrix is at.upper else None
        rank = _rank(task, at, summed)
        spent += rank.n_passes
        if rank.basis.is_identity:
            rests = factor and factor.at_rest
            return rank, replace(solution, steps=steps, n_passes=spent, factor=rests)
    return Opening(None, steps, spent)


def _rank(task: _Task, at: Evaluation, factor: Factor | None = None) -> Rank:
    likelihood, limit = task.search.likelihood, task.limit
    independent = likelihood.has_independent_rows
    return find_rank(task.source, at, limit, likelihood.within, factor, by_score=independent)


def _with_care(task: _Task, straight: Opening) -> tuple[Rank, Solution]:
    """Return the basis that the start tells, and Newton's solution in it.

    Where that is the columns themselves, the search goes on from where the straight way ended.
    """
    source, search, pace, taken = task.source, task.search, task.pace, straight.steps
    waiting = [task.whole(search.start)]
    rank = _rank(task, waiting[0])
    if rank.basis.is_identity and not taken:
        # Newton's first evaluation is at hand; nobody is to hold on to it after that, since that
        # of a thousand columns is a large matrix.
        def known(coef: Floats) -> Evaluation:
            return waiting.pop() if waiting else task.whole(coef)

        solution, spent = _newton(source, search, pace, known), float(rank.n_passes)
    else:
        waiting.clear()
        spent = rank.n_passes + 1.0  # the evaluation that made us look closer
        if rank.basis.is_identity and straight.coef is not None:
            left = search.max_iterations - len(taken)
            onward = replace(search, start=straight.coef, max_iterations=left, trials=math.inf)
            solution = _newton(source, onward, pace, task.whole)
        else:
            solution = _within(task, rank.basis)
            taken = _dropped(taken)
    steps, spent = taken + solution.steps, spent + solution.n_passes
    rests = solution.factor and solution.factor.at_rest
    return rank, replace(solution, steps=steps, n_passes=spent, factor=rests)


def _within(task: _Task, basis: Basis) -> Solution:
    """Return Newton's solution in a basis, from an opening there if one may be believed."""
    rows, likelihood = in_basis(task.source, basis), task.search.likelihood
    search = replace(task.search, start=basis.inner(task.search.start))
    whole = packed_objective(rows, likelihood) or objective(rows, likelihood)
    own = replace(task, source=rows, search=search, whole=whole)
    # Where weights ask for better columns than there are, nothing found so would be.
    opened = _from_opening(own) if task.limit >= WELL_CONDITIONED else NO_OPENING
    if not isinstance(opened, Opening):
        return opened[1]
    solution = _newton(rows, search, task.pace, whole)
    steps, spent = _dropped(opened.steps) + solution.steps, opened.n_passes + solution.n_passes
    return replace(solution, steps=steps, n_passes=spent)


def _dropped(steps: tuple[Step, ...]) -> tuple[Step, ...]:
    """Return steps whose end was not where the search went on from."""
    return tuple(step._replace(kind=f"{step.kind}, dropped") for step in steps)


def _newton(
    rows: Source,
    search: Search,
    pace: Pace,
    whole: Objective,
    smallest_step: float = SMALLEST_STEP,
) -> Solution:
    """Return Newton's solution, with whatever saves passes over rows of this size."""
    likelihood, more = search.likelihood, list[int]()

    def curvature(factor: Factor, coef: Floats, now: Evaluation) -> float:
        bent, passes = curvature_at(rows, likelihood, factor, coef, now)
        more.append(passes - 1)  # newton counts one
        return bent

    reach, move = _looks(rows) if likelihood.has_independent_rows else (None, None)
    solution = newton(
        whole,
        search.start,
        curvature,
        tolerance=search.tolerance,
        max_iterations=search.max_iterations,
        trials=search.trials,
        follow=follow_up(rows, likelihood, pace),
        smallest_step=smallest_step,
        reach=reach,
        move=move,
        # Codes are too many columns for a factor of the rows.
        resolve=(
            partial(resolved_factor, rows, likelihood)
            if rows.layout is None and likelihood.has_independent_rows
            else None
        ),
    )
    return replace(solution, n_passes=solution.n_passes + sum(more)) if any(more) else solution


def _looks(rows: Source) -> tuple[ReachBound | None, Move | None]:
    """Return what bounds M by the largest of each column, and what tells how far a step moves rows.

    None where a pass is as cheap as such looks.
    """
    if rows.n_rows * rows.n_columns < FEW:
        return None, None
    layout, seen = rows.layout, list[Floats]()

    def bound(factor: Factor) -> tuple[float, int]:
        spent = 0
        if not seen:
            seen.append(rows.fold(column_reach).values)
            spent = 1
        return leverage_bound(factor, seen[0], layout), spent

    return bound, lambda step: rows.fold(largest_move, step).value


def curvature_at(
    rows: Source, likelihood: Likelihood, factor: Factor, coef: Floats, now: Evaluation
) -> tuple[float, int]:
    """Return M·λ at ``coef``, infinite where some direction has no information left; and passes.

    Where fitted probabilities approach 0 or 1, the information of a direction may fall below the
    rounding of the sum, which then feigns information that is not there: a factor of the rows
    resolves the square of that. The score is a sum as well, and where it cancels its rounding,
    about ``eps·√n`` times the root of the condition in standard errors, counts as λ.
    """
    with np.errstate(all="ignore"):
        try:
            root, spent = counted_root(rows, likelihood, coef, now.upper, factor)
        except np.linalg.LinAlgError:
            return np.inf, 1
        condition = condition_bound(now.upper, root)
        rounding = np.finfo(float).eps * np.sqrt(rows.n_rows * condition)
        decrement = float(np.linalg.norm(root.T @ now.score)) + rounding
        product = rows.fold(likelihood.span or row_leverage, root).value * decrement
    return float(product) if np.isfinite(product) else np.inf, spent + 1
