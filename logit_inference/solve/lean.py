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

from scipy.linalg.lapack import dposv, dpotrf, dpotrs

from logit_inference.likelihood.evaluation import Evaluation, Objectives
from logit_inference.rows.block import Floats
from logit_inference.solve.discriminant import first_length
from logit_inference.solve.factor import Factor, condition_bound
from logit_inference.solve.newton import (
    BLUNT,
    FRESH,
    LARGEST_CURVATURE,
    LITTLE,
    ROUNDING,
    RUNAWAY,
    SUFFICIENT,
    Move,
    ReachBound,
)
from logit_inference.solve.schedule import Opening
from logit_inference.solve.solution import Outcome, Solution, Step

MOST_STEPS = 10  # full ones; ordinary data need four to seven
ROOM = 2.0  # of what a third-order step leaves: rows far out move more than others
WELL_CONDITIONED = 1e6  # scaled condition at the end: columns are far from dependent


def lean_newton(
    objectives: Objectives,
    start: Floats,
    *,
    tolerance: float,
    trials: float = math.inf,
    reach: ReachBound | None,
    move: Move | None,
    limit: float = WELL_CONDITIONED,
) -> Solution | Opening:
    """Return the maximum, or where to go on with care, and what was spent on the way there.

    Parameters
    ----------
    objectives : Objectives
        Of (q,) coefficients; cheap.
    start : (q,) array
    tolerance, reach, move
        As in `newton`.
    trials : float
        Weighted number of trials where the start is the null model, otherwise infinity.
    limit : float
        Scaled condition at the end above which this is not the way.

    Notes
    -----
    Every step is a full one, the first a longer one, and brings what the quadratic model promises.
    Where the next but one evaluation would be the last, Chebyshev's correction of third order, for
    less than half of its price, makes it the next (see `_saves_one`).
    At the end columns are independent by the condition of the information, as in `find_rank` (a
    lower bound on it is looked at first), and M·λ is below what `newton` asks for, by a bound that
    costs little.
    """
    at, null, bend = objectives
    coef, before, least = start, math.inf, -math.inf
    steps: list[Step] = []
    here, beside = start, 0  # the last point that was in order; passes beside evaluations
    # Leverages add up to the number of columns, and working weights to a quarter of the trials at
    # most: M is no less than this, and no look closer makes M·λ small where this does not.
    least_reach = math.sqrt(4.0 * len(coef) / trials)
    for n_passes in range(1, MOST_STEPS + 1):
        alike = not steps and trials < math.inf
        now = null(sum(start.tolist())) if alike and null is not None else at(coef)
        upper, direction, singular = dposv(now.upper, now.score)
        if singular or not now.log_likelihood >= least:
            break
        if not steps and not Factor(upper, now.upper).left * limit >= 1.0:
            break  # columns that depend on others, which is common, are seen at once
        squared = float(now.score.dot(direction))
        if not squared >= 0.0:
            break
        decrement = math.sqrt(squared)
        if before > LITTLE and decrement > RUNAWAY * before:
            break
        here = coef
        size = 1.0 if steps else first_length(squared, trials)
        bends = (
            bend is not None
            and len(steps) > 1
            and now.smallest_weight > 0.0
            and _saves_one(
                decrement,
                before,
                BLUNT * least_reach if move is not None else 1.0 / math.sqrt(now.smallest_weight),
                tolerance,
            )
        )
        steps.append(Step("chebyshev" if bends else "newton", now.log_likelihood, decrement, size))
        if decrement <= tolerance and (decrement * least_reach <= FRESH or before <= tolerance):
            sound = _factored(now, limit)
            if sound is None:
                break
            factor, root = sound
            bent = decrement / math.sqrt(now.smallest_weight)  # no leverage exceeds one
            if bent > LARGEST_CURVATURE and reach is not None:
                longest, spent = reach(factor)
                bent, beside = min(bent, decrement * longest), beside + spent
            if bent > LARGEST_CURVATURE:
                break
            if bent > FRESH and move is not None:
                bent, beside = min(bent, BLUNT * move(direction)), beside + 1
            # One step on the information is that of the maximum; a decrement that hardly falls any
            # more is the rounding of the score.
            if bent <= FRESH or (before <= tolerance and decrement > before / 10):
                return Solution(
                    coef + direction,
                    now,
                    Outcome.CONVERGED,
                    tuple(steps),
                    n_passes + beside,
                    direction,
                    decrement,
                    factor,
                    n_trials=trials,
                    root=root,
                )
        if bends and bend is not None:
            direction, beside = direction - dpotrs(upper, bend(direction))[0], beside + 1
        coef = coef + (direction if size == 1.0 else size * direction)
        least = now.log_likelihood + SUFFICIENT * squared - ROUNDING * abs(now.log_likelihood)
        before = decrement
    return Opening(here, tuple(steps[:-1]), n_passes + beside)


def _factored(now: Evaluation, limit: float) -> tuple[Factor, Floats] | None:
    """Return the factor of the information and its inverse; None where they may not be sound."""
    factor = Factor(dpotrf(now.upper)[0], now.upper)  # with zeros below its diagonal
    root = factor.inverse_root()
    sound = condition_bound(now.upper, root) <= limit and now.smallest_weight > 0.0
    return (factor, root) if sound else None


def _saves_one(decrement: float, before: float, reach: float, tolerance: float) -> bool:
    """Say whether a third-order step is expected to end the search, and Newton's is not.

    Of decrements that Newton's method squares, up to a rate, Chebyshev's makes cubes, up to twice
    the square of that rate where third derivatives tell all. ``reach`` times a decrement is how far
    a step moves a linear predictor, about.
    """
    fall = decrement / before
    newton = decrement * fall * fall  # the rate being what the last step left, over its square
    chebyshev = 2.0 * newton * fall * fall
    enough = min(tolerance, FRESH / max(reach, FRESH))  # nothing is known of it where it is zero
    return ROOM * chebyshev <= enough < newton
