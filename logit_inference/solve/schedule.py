"""How to spend few passes: what comes before Newton's method, and between its steps.

The cost of a fit is its number of passes over the rows. Many rows make a sample of them a good
guide: it leads to within a few standard errors of the maximum, and its information matrix serves
the first score-only steps. Many columns make the information dear and the score cheap. Small fits
have neither, and plain Newton is fastest. Where a matrix only tells the direction, single precision
is enough, in two thirds of the time.

All of this only proposes where Newton's method starts, or where it evaluates next. A proposal that
does not raise the log-likelihood is dropped, and Newton goes on as it would have without.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from logit_inference.likelihood.evaluation import Evaluation, Objectives, Tally
from logit_inference.likelihood.likelihood import Likelihood
from logit_inference.likelihood.objective import Objective, SlopeObjective, slope_objective
from logit_inference.rows.block import Floats
from logit_inference.rows.source import Source
from logit_inference.solve.chord import ROUNDING, Chord, FollowUp, chord
from logit_inference.solve.discriminant import first_length
from logit_inference.solve.factor import Factor, factorize, largest_move
from logit_inference.solve.margins import separates_alone
from logit_inference.solve.newton import FRESH, newton
from logit_inference.solve.pace import Pace, pace_of
from logit_inference.solve.rank import condition_limit, shows_score
from logit_inference.solve.solution import Solution, Step

MANY_ROWS = 30_000  # below this a pass takes about as long as the solver's own work
ROWS_PER_COLUMN = 20  # in a sample at least: fewer leave its information too far from that of all
# A sample holds one row in so many: it is a copy, of a sixteenth of X at most.
SPARSEST, DENSEST = 32, 16
SAMPLE_ROWS = MANY_ROWS // DENSEST  # in a sample at least
# Of a sample that has more rows for each column than this, two thirds lead as far.
AMPLE_ROWS_PER_COLUMN = 2_000
RARE = 1 / 64  # share of events, or of non-events, below which a sample keeps all of them
MOST_STEPS = 20  # on a sample: one that needs more is separated, or nearly so
NEAR_ENOUGH = 3.0  # standard errors (of all rows) at which the search on a sample ends
MANY_COLUMNS = 16  # from here on an information in single precision takes much less time
MOST_LOOKS = 8  # in single precision, before it is Newton's turn
# A decrement that is so small, and of which a look leaves more than that share, is one of data that
# are separated, or nearly so: each step towards infinity leaves e^-½ of it.
NEAR, STALLED = 2.0, 0.2
RESOLVED_ROUGHLY = 1e-4  # share of a column that others leave, which single precision still sees
# A search holds up to five squares of the columns: with fewer rows for each of them, and more
# elements of X than this, they are packed.
HEAVY_FROM, LARGE = 100, 1 << 20
# Elements of X, or products of its columns: below both, planning takes longer than what it saves.
MANY_ELEMENTS, MANY_PRODUCTS = 400_000, 2_400_000


def is_plain(source: Source, ways: Objectives) -> bool:
    """Say whether a table is so small that there is nothing but Newton's method to it.

    So is one whose rows all stay at hand: a pass is then had for half of its price.
    """
    few = source.n_rows < MANY_ROWS and not _pays_to_plan(source)
    return source.layout is None and (few or ways.bend is not None)


@dataclass(frozen=True)
class Opening:
    """Where the search on all rows may start.

    Parameters
    ----------
    coef : (q,) array or None
        None where nothing better than the usual start was found.
    steps : tuple of Step
    n_passes : float
        Over all rows; one over a sample counts as its share of them.
    from_start : bool
        Whether all rows led there from the usual start: to begin there again would lead no better.
    diverges : bool
        Whether there was seen to be no maximum on the way.
    """

    coef: Floats | None
    steps: tuple[Step, ...] = ()
    n_passes: float = 0.0
    from_start: bool = False
    diverges: bool = False


NO_OPENING = Opening(None)


@dataclass(frozen=True)
class Means:
    """What a search has beside Newton's evaluations.

    Parameters
    ----------
    slope : callable
        From coefficients to value and score.
    rough : callable or None
        From coefficients to an evaluation whose information is in single precision, where columns
        are so many that it saves time.
    pace : Pace
    diverges : callable
        Tells by one pass whether a column by itself separates rows: there is no maximum then.
    """

    slope: SlopeObjective
    rough: Objective | None
    pace: Pace
    diverges: Callable[[], bool]


def _pays_to_plan(source: Source) -> bool:
    """Say whether passes take long enough for a plan to save some."""
    n, p = source.n_rows, source.n_columns
    return n * p >= MANY_ELEMENTS or n * p * p >= MANY_PRODUCTS


def means_of(source: Source, likelihood: Likelihood, pace: Pace) -> Means:
    """Return what a search over the rows of a source has."""
    rough = rough_objective(source, likelihood)
    apart = partial(separates_alone, source)
    return Means(slope_objective(source, likelihood), rough, pace, apart)


def pace_over(source: Source, likelihood: Likelihood, counts: Tally, tolerance: float) -> Pace:
    """Return the pace of a search over the rows of a source."""
    rough = rough_objective(source, likelihood) is not None
    return pace_of(source.n_columns, source.score_price, counts, tolerance, FRESH, rough=rough)


def rough_objective(source: Source, likelihood: Likelihood) -> Objective | None:
    """Return an evaluation whose information is in single precision; None where it saves nothing.

    It does of many plain columns.
    """
    kernel = likelihood.evaluate_as
    wide = source.n_columns >= MANY_COLUMNS and _pays_to_plan(source)
    if kernel is None or source.layout is not None or not wide:
        return None
    packed = has_heavy_squares(source)
    return partial(source.fold_runs, partial(kernel, single=True, packed=packed))


def packed_objective(source: Source, likelihood: Likelihood) -> Objective | None:
    """Return the log-likelihood with a packed information; None where that spares next to nothing.

    None too where the likelihood knows no such form.
    """
    kernel = likelihood.evaluate_as
    if kernel is None or not has_heavy_squares(source):
        return None
    return partial(source.fold_runs, partial(kernel, packed=True))


def has_heavy_squares(source: Source) -> bool:
    """Say whether a matrix of the columns' squares is more than a hundredth of a large X."""
    n, p = source.n_rows, source.n_columns
    return source.layout is None and n < HEAVY_FROM * p and n * p >= LARGE


def open_search(
    source: Source, likelihood: Likelihood, start: Floats, least: float, counts: Tally, pace: Pace
) -> Opening:
    """Return a better start from a sample of the rows and cheap steps over all of them.

    Parameters
    ----------
    source : Source
    likelihood : Likelihood
    start : (p,) array
        The usual start.
    least : float
        Its log-likelihood, which a proposal must exceed.
    counts : Tally
        Tells how rare events are.
    pace : Pace

    Notes
    -----
    A tenth to a third of a pass on the sample, which is a copy of its rows, then two to five over
    all rows, for the score or with information in single precision. Where rows are few for their
    columns that information takes the sample's place. A sample that is separated, dependent or
    misleading is dropped at the price of what was spent.
    """
    n, p = source.n_rows, source.n_columns
    means = means_of(source, likelihood, pace)
    every = _thinning(n, p)
    if every is None:
        if means.rough is None:
            return NO_OPENING
        return _open_roughly(means, means.rough, start, counts.trials)
    with np.errstate(all="ignore"):
        found, share = _search_sample(source, likelihood, start, counts, every)
        factor, spent = found.factor, found.n_passes * share
        steps = tuple(Step("sample", s.log_likelihood, s.decrement, s.size) for s in found.steps)
        if not found.outcome.converged or factor is None:
            return Opening(None, steps, spent)
        if not shows_score(source, factor, condition_limit(source, counts)):
            return Opening(None, steps, spent)  # no step in these columns is what is wanted
        if factor.left < RESOLVED_ROUGHLY:
            means = replace(means, rough=None)
        ratio = min(1.2 * math.sqrt(p / (share * n)), 0.3)
        told = chord(means.slope, found.coef, factor, pace, ratio, least)
        told = _approach(means, told, least)
    steps, spent = steps + told.steps, spent + told.n_passes
    return Opening(told.coef, steps, spent, diverges=told.diverges)


def _search_sample(
    source: Source, likelihood: Likelihood, start: Floats, counts: Tally, every: int
) -> tuple[Solution, float]:
    """Return the solution on a sample, and what share of the rows that was.

    The copy of its rows ends here: blocks of all rows need the memory next.
    """
    sample = source.sample(every, _rare_outcome(counts))
    found = newton(
        partial(sample.fold_runs, likelihood.evaluate),
        start,
        partial(_curvature, sample),
        tolerance=NEAR_ENOUGH,
        max_iterations=MOST_STEPS,
        trials=counts.trials,
        fresh=np.inf,
    )
    return found, sample.n_rows / source.n_rows


def _open_roughly(means: Means, rough: Objective, start: Floats, trials: float) -> Opening:
    """Return where an information of the start leads that is in single precision."""
    at = _look_roughly(rough, start)
    if at is None:
        return Opening(None, (), 1.0)
    size, least = first_length(at.decrement**2, trials), at.log_likelihood
    with np.errstate(all="ignore"):
        onward = _onward(means, start, at, size)
        del at  # it holds squares, and others are to come
        told = _approach(means, onward, least)
    return Opening(told.coef, told.steps, 1.0 + told.n_passes, True, told.diverges)


def _approach(means: Means, told: Chord, least: float) -> Chord:
    """Return where rough information leads on, if there is any.

    Until the maximum is expected to be next, or nothing is gained over the last point, or over
    ``least``, or there is seen to be no maximum.
    """
    base, before, asked = None, 0.0, False
    for _ in range(MOST_LOOKS):
        here = told.coef
        if means.rough is None or told.arrives or here is None:
            break
        last = told.steps[-1].log_likelihood if told.steps else least
        at = _look_roughly(means.rough, here)
        told = replace(told, n_passes=told.n_passes + 1)
        if at is None or not at.log_likelihood >= _barely(last):
            lost = at is not None and base is not None
            return replace(told, coef=base if lost else here)
        if not asked and STALLED * before < at.decrement < before <= NEAR:
            asked, told = True, replace(told, n_passes=told.n_passes + 1)
            if means.diverges():
                return replace(told, diverges=True)
        base, before = here, at.decrement
        onward = _onward(means, here, at)
        del at  # as above
        passes = told.n_passes + onward.n_passes
        told = replace(onward, steps=told.steps + onward.steps, n_passes=passes)
        if told.coef is base:  # the step was too long: another look at that point says the same
            break
    return told


@dataclass(frozen=True)
class _Look:
    """A Newton step in single precision, and what stands before it."""

    factor: Factor
    direction: Floats
    log_likelihood: float
    decrement: float


def _look_roughly(rough: Objective, coef: Floats) -> _Look | None:
    """Return the step from coefficients; None where it is not to be had."""
    with np.errstate(all="ignore"):  # sums that overflow single precision have no factor
        now = rough(coef)
        factor = factorize(now.upper)
    if factor is None or factor.left < RESOLVED_ROUGHLY:
        return None
    direction = factor.solve(now.score)
    decrement = math.sqrt(max(float(now.score @ direction), 0.0))
    return _Look(factor, direction, now.log_likelihood, decrement)


def _onward(means: Means, coef: Floats, at: _Look, size: float = 1.0) -> Chord:
    """Return where a rough step leads, and score-only steps after it if they save anything."""
    pace, step = means.pace, Step("rough", at.log_likelihood, at.decrement, size)
    ahead = coef + size * at.direction
    if not pace.begins_chord(at.decrement):
        return Chord(ahead, (step,), 0, True, pace.lands(at.decrement))
    least, ratio = _barely(at.log_likelihood), pace.ratio(at.decrement)
    told = chord(means.slope, ahead, at.factor, pace, ratio, least)
    reached = coef if told.coef is None else told.coef
    return replace(told, coef=reached, steps=(step, *told.steps))


def _barely(log_likelihood: float) -> float:
    """Return what is no less, but for rounding."""
    return log_likelihood - ROUNDING * abs(log_likelihood)


def _curvature(sample: Source, factor: Factor, coef: Floats, now: Evaluation) -> float:
    """Return how far the next step moves a linear predictor of the sample.

    No further than M·λ, which takes longer to have; near one where the sample is separated, and so
    no guide.
    """
    return sample.fold(largest_move, factor.solve(now.score)).value


def follow_up(source: Source, likelihood: Likelihood, pace: Pace) -> FollowUp | None:
    """Return what takes score-only steps after a Newton step, wherever they save passes."""
    if not _pays_to_plan(source):
        return None
    return partial(_follow, means_of(source, likelihood, pace))


def _follow(
    means: Means,
    start: Floats,
    factor: Factor,
    now: Evaluation,
    decrement: float,
) -> Chord | None:
    if not means.pace.begins_chord(decrement):
        return None
    ratio = means.pace.ratio(decrement)
    least = _barely(now.log_likelihood)
    told = chord(means.slope, start, factor, means.pace, ratio, least)
    return _approach(means, told, least)


def _thinning(n_rows: int, n_columns: int) -> int | None:
    """Return how many rows one of a sample stands for; None where a sample is no use."""
    if n_rows < MANY_ROWS:
        return None
    ample = n_rows // SPARSEST > AMPLE_ROWS_PER_COLUMN * n_columns
    sparsest = SPARSEST + SPARSEST // 2 if ample else SPARSEST
    every = min(n_rows // max(SAMPLE_ROWS, ROWS_PER_COLUMN * n_columns), sparsest)
    return every if every >= DENSEST else None


def _rare_outcome(counts: Tally) -> float | None:
    """Return the outcome of which a sample keeps every row, if there is a rare one."""
    if counts.plain_trials != counts.n_rows:  # grouped rows
        return None
    share = counts.plain_events / counts.plain_trials
    if share < RARE:
        return 1.0
    return 0.0 if 1.0 - share < RARE else None
