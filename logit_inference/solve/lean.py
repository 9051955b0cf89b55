"""Newton's method where nothing needs care, for tables so small that passes are not to be saved.

Of a few hundred rows an evaluation takes some ten microseconds, and what surrounds it as many
again. Most of that answers questions which ordinary data do not raise: are columns dependent, did
a step lose, is this separation? Here the same iteration runs straight on, and hands over to
`newton`, at the last point that was in order, at the first sign that one of them does arise. A
maximum that it returns has passed the rule of `newton`: the same measure, the same bounds, one
Newton step from the same evaluation.
"""

from __future__ import annotations

import math

from scipy.linalg.lapack import dpotrf, dpotrs

from logit_inference.likelihood.objective import Objective
from logit_inference.rows.block import Floats
from logit_inference.solve.discriminant import first_length
from logit_inference.solve.factor import Factor, condition_bound
from logit_inference.solve.newton import (
    FRESH,
    LARGEST_CURVATURE,
    LITTLE,
    ROUNDING,
    RUNAWAY,
    SUFFICIENT,
    ReachBound,
)
from logit_inference.solve.schedule import Opening
from logit_inference.solve.solution import Outcome, Solution, Step

MOST_STEPS = 10  # full ones; ordinary data need four to seven
WELL_CONDITIONED = 1e6  # scaled condition at the end: columns are far from dependent


def lean_newton(
    objective: Objective,
    start: Floats,
    *,
    tolerance: float,
    trials: float = math.inf,
    reach: ReachBound | None,
) -> Solution | Opening:
    """Return the maximum, or where to go on with care, and what was spent on the way there.

    Parameters
    ----------
    objective : callable
        From (q,) coefficients to an `Evaluation`; cheap.
    start : (q,) array
    tolerance, trials, reach
        As in `newton`.

    Notes
    -----
    Every step is a full one, the first a longer one, and brings what the quadratic model promises.
    At the end columns are independent by the condition of the information, as in `find_rank` (a
    lower bound on it is looked at first), and M·λ is below what `newton` asks for, by a bound that
    costs little.
    """
    coef, steps, before, least = start, list[Step](), math.inf, -math.inf
    here, looked = start, 0  # the last point that was in order; passes beside evaluations
    # Leverages add up to the number of columns, and working weights to a quarter of the trials at
    # most: M is no less than this, and no look closer makes M·λ small where this does not.
    least_reach = math.sqrt(4.0 * len(coef) / trials)
    for n_passes in range(1, MOST_STEPS + 1):
        now = objective(coef)
        upper, singular = dpotrf(now.upper)
        if singular or not now.log_likelihood >= least:
            break
        if not steps and not Factor(upper, now.upper).left * WELL_CONDITIONED >= 1.0:
            break  # columns that depend on others, which is common, are seen at once
        direction = dpotrs(upper, now.score)[0]
        squared = float(now.score.dot(direction))
        if not squared >= 0.0:
            break
        decrement = math.sqrt(squared)
        if before > LITTLE and decrement > RUNAWAY * before:
            break
        here = coef
        size = 1.0 if steps else first_length(squared, trials)
        steps.append(Step("newton", now.log_likelihood, decrement, size))
        if decrement <= tolerance and (decrement * least_reach <= FRESH or before <= tolerance):
            factor = Factor(upper, now.upper)
            condition = condition_bound(now.upper, factor.inverse_root())
            if not (condition <= WELL_CONDITIONED and now.smallest_weight > 0.0):
                break
            bend = decrement / math.sqrt(now.smallest_weight)  # no leverage exceeds one
            if bend > FRESH and reach is not None:
                longest, spent = reach(factor)
                bend, looked = min(bend, decrement * longest), looked + spent
            if bend > LARGEST_CURVATURE:
                break
            # One step on the information is that of the maximum; a decrement that hardly falls any
            # more is the rounding of the score.
            if bend <= FRESH or (before <= tolerance and decrement > before / 10):
                return Solution(
                    coef + direction,
                    now,
                    Outcome.CONVERGED,
                    tuple(steps),
                    n_passes + looked,
                    direction,
                    decrement,
                    factor,
                    n_trials=trials,
                )
        coef = coef + (direction if size == 1.0 else size * direction)
        least = now.log_likelihood + SUFFICIENT * squared - ROUNDING * abs(now.log_likelihood)
        before = decrement
    return Opening(here, tuple(steps[:-1]), n_passes + looked)
