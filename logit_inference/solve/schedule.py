"""How to spend few passes: what comes before Newton's method, and between its steps.

The cost of a fit is its number of passes over the rows. Many rows make a sample of them a good
guide: it leads to within a few standard errors of the maximum, and its information matrix serves
the first score-only steps. Many columns make the information dear and the score cheap. Small fits
have neither, and plain Newton is fastest.

All of this only proposes where Newton's method starts, or where it evaluates next. A proposal that
does not raise the log-likelihood is dropped, and Newton goes on as it would have without.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial

import numpy as np

from logit_inference.likelihood.evaluation import Evaluation, Tally
from logit_inference.likelihood.likelihood import Likelihood
from logit_inference.likelihood.objective import SlopeObjective, slope_objective
from logit_inference.rows.block import Floats
from logit_inference.rows.source import Source
from logit_inference.solve.chord import Chord, FollowUp, chord
from logit_inference.solve.factor import Factor, row_leverage
from logit_inference.solve.newton import newton
from logit_inference.solve.pace import Pace
from logit_inference.solve.solution import Step

MANY_ROWS = 30_000  # below this a pass takes about as long as the solver's own work
SAMPLE_ROWS = 2_048  # in a sample at least
ROWS_PER_COLUMN = 20  # in a sample at least: fewer leave its information too far from that of all
# A sample holds one row in so many: it is a copy, of a tenth of X at most.
SPARSEST, DENSEST = 32, 12
# Of a sample that has more rows for each column than this, two thirds lead as far.
AMPLE_ROWS_PER_COLUMN = 2_000
RARE = 1 / 64  # share of events, or of non-events, below which a sample keeps all of them
MOST_STEPS = 20  # on a sample: one that needs more is separated, or nearly so
NEAR_ENOUGH = 1.0  # standard errors (of all rows) at which the search on a sample ends
WELL_CONDITIONED = 1e8  # scaled condition of a sample's information that may guide
MANY_ELEMENTS = 400_000  # of X: below this, planning takes longer than the passes it saves


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
    """

    coef: Floats | None
    steps: tuple[Step, ...] = ()
    n_passes: float = 0.0


NO_OPENING = Opening(None)


def open_search(
    source: Source, likelihood: Likelihood, start: Floats, least: float, counts: Tally, pace: Pace
) -> Opening:
    """Return a better start from a sample of the rows and score-only steps over all of them.

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
    About a third of a pass on the sample, which is a copy of its rows, and two to four passes for
    the score. A sample that is separated, dependent or misleading is dropped at the price of what
    was spent.
    """
    n, p = source.n_rows, source.n_columns
    every = _thinning(n, p)
    if every is None:
        return NO_OPENING
    sample = source.sample(every, _rare_outcome(counts))
    with np.errstate(all="ignore"):
        found = newton(
            partial(sample.fold_runs, likelihood.evaluate),
            start,
            partial(_curvature, sample),
            tolerance=NEAR_ENOUGH,
            max_iterations=MOST_STEPS,
            fresh=np.inf,
        )
        factor, spent = found.factor, found.n_passes * sample.n_rows / n
        steps = tuple(Step("sample", s.log_likelihood, s.decrement, s.size) for s in found.steps)
        if not found.outcome.converged or factor is None or factor.condition > WELL_CONDITIONED:
            return Opening(None, steps, spent)
        ratio = min(1.2 * float(np.sqrt(p / sample.n_rows)), 0.3)
        slope = slope_objective(source, likelihood)
        told = chord(slope, found.coef, factor, pace, ratio, least)
    return Opening(told.coef, steps + told.steps, spent + told.n_passes)


def _curvature(sample: Source, factor: Factor, coef: Floats, now: Evaluation) -> float:
    """Return M·λ on the sample: near one where it is separated, and so no guide."""
    reach = sample.fold(row_leverage, factor.inverse_root()).value
    return reach * math.sqrt(max(float(now.score @ factor.solve(now.score)), 0.0))


def follow_up(source: Source, likelihood: Likelihood, pace: Pace) -> FollowUp | None:
    """Return what takes score-only steps after a Newton step, wherever they save passes."""
    if source.n_rows * source.n_columns < MANY_ELEMENTS:
        return None
    return partial(_follow, slope_objective(source, likelihood), pace)


def _follow(
    objective: SlopeObjective,
    pace: Pace,
    start: Floats,
    factor: Factor,
    now: Evaluation,
    decrement: float,
) -> Chord | None:
    if not pace.begins_chord(decrement):
        return None
    ratio = pace.ratio(decrement)
    return chord(objective, start, factor, pace, ratio, now.log_likelihood)


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
