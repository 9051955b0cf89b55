"""Damped Newton on any objective, with a stopping rule in standard errors.

With score u and information I at the current coefficients, ``λ = sqrt(u' I⁻¹ u)`` bounds the
remaining move of every coefficient in units of its own standard error, to first order. Let
``M = max_i sqrt(x_i' I⁻¹ x_i)``: along a step of size λ no linear predictor moves by more than
``M·λ``, so that ``M·λ`` small means that the quadratic model holds over the whole step. The
iteration has converged when ``λ <= tolerance`` and ``M·λ <= 0.1``. On separated data λ tends to
zero while M·λ stays near one: the rule does not mistake that for convergence.

The last evaluation gives the covariance too. A step d changes no working weight by more than a
fraction of about ``max_i |x_i'd|``, which is at most M·λ. Where neither is small enough at
convergence, a bound on M·λ 3e-10 or the move itself a fifth of that, one more step is taken and
evaluated: standard errors are then right to 1e-9 also where the data are nearly separated.

No rule compares log-likelihoods at convergence, where their rounding is far above the signal; the
sufficient-increase test of a damped step allows for that rounding. This file knows neither data
nor likelihoods.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

import numpy as np

from logit_inference.likelihood.evaluation import Evaluation
from logit_inference.likelihood.objective import Objective
from logit_inference.rows.block import Floats
from logit_inference.solve.chord import FollowUp
from logit_inference.solve.discriminant import first_length
from logit_inference.solve.factor import Factor, factorize
from logit_inference.solve.reach import RESOLVED
from logit_inference.solve.solution import Outcome, Solution, Step

LARGEST_CURVATURE = 0.1  # of M·λ at convergence: the next step then changes weights by under 10 %
FRESH = 3e-10  # of a bound on M·λ: the information is that of the maximum, to this fraction
# Such bounds exceed what a step moves a row by this, as a rule: where the move itself is known,
# that is held to as much less, so that standard errors are as good as by a bound.
BLUNT = 5.0
SUFFICIENT = 1e-4  # share of the predicted increase that a step must bring (Armijo)
ROUNDING = 64 * float(
    np.finfo(float).eps
)  # relative rounding of a summed log-likelihood, with room
MAY_BE_ROUNDING = 1e-8  # the same, with linear predictors that are sums of terms up to 1e7
# A decrement below this that no longer falls has reached the rounding of the score: about eps times
# the root of the total weight, of which the log-likelihood tells the size.
FLOOR, FLOOR_PER_ROOT = 1e-8, 16 * np.finfo(float).eps
LITTLE = 0.3  # of a decrement: next to no gain is left
RUNAWAY = 10.0  # times the last decrement: a step that ends there went too far
DOUBTFUL = 1e-10  # of what is left of a column: the sum has lost as many digits of the step
SMALLEST_STEP = 2.0**-60  # of a step from where all weights nearly vanish

Curvature = Callable[[Factor, Floats, Evaluation], float]
ReachBound = Callable[[Factor], tuple[float, int]]
Move = Callable[[Floats], float]
Resolve = Callable[[Floats], Factor | None]


def newton(
    objective: Objective,
    start: Floats,
    curvature: Curvature,
    *,
    tolerance: float = 1e-8,
    max_iterations: int = 50,
    trials: float = math.inf,
    follow: FollowUp | None = None,
    reach: ReachBound | None = None,
    move: Move | None = None,
    fresh: float = FRESH,
    smallest_step: float = SMALLEST_STEP,
    resolve: Resolve | None = None,
) -> Solution:
    """Return the maximum of the objective, or how far the search came.

    Parameters
    ----------
    objective : callable
        From (q,) coefficients to an `Evaluation`; concave.
    start : (q,) array
    curvature : callable
        Returns M·λ for a factor of the current information, the coefficients and the evaluation.
        It costs a pass or two, and is asked only where the bound by the smallest working weight is
        not enough.
    tolerance : float
        Largest Newton decrement at convergence, in standard errors. What rounding does not let it
        reach counts as reached below 1e-8.
    max_iterations : int
        Largest number of evaluated Newton steps.
    trials : float
        Weighted number of trials where the start is the null model, whose first step is a longer
        one (see `first_length`).
    follow : callable, optional
        Takes score-only steps after a Newton step (see `solve.schedule`), for as long as they
        serve.
    reach : callable, optional
        Returns a bound on M for a factor of the current information, and the passes that it took: a
        cheap one may save a dearer one.
    move : callable, optional
        Returns how far at most a step moves a linear predictor; a cheap pass, which may save an
        evaluation.
    fresh : float
        Of M·λ at convergence, or five times that move, above which the information is evaluated
        once more.
    smallest_step : float
        Fraction of a Newton step below which halving gives up; 1 where the search has another
        start to fall back on.
    resolve : callable, optional
        Returns the factor of the information at given coefficients with twice the digits of its
        sum, or None; asked where the sum is singular or nearly so.

    Notes
    -----
    One pass for each evaluation; the last Newton step is taken from the final evaluation and needs
    no pass of its own. Step halving evaluates again.

    References
    ----------
    Boyd and Vandenberghe (2004), *Convex Optimization*, section 9.5.
    """
    coef = np.asarray(start, dtype=np.float64)
    now = objective(coef)
    n_passes, n_steps = 1, 0
    steps: list[Step] = []
    factor, origin = None, None
    decrement, direction = math.inf, np.zeros_like(coef)
    outcome = Outcome.ITERATION_LIMIT

    while True:
        latest = factorize(now.upper)
        if resolve is not None and (latest is None or latest.left < DOUBTFUL):
            latest, n_passes = resolve(coef) or latest, n_passes + 1
        onward = None if latest is None else latest.solve(now.score)
        length = math.inf if onward is None else math.sqrt(max(float(now.score @ onward), 0.0))
        if origin is not None and decrement > LITTLE and length > RUNAWAY * decrement:
            # So far out that weights vanish: the step gained, but led to where the next is wild.
            # Along it the log-likelihood is concave, so that a part of it gains as well.
            size = steps[-1].size / 4.0
            if size >= smallest_step:
                steps[-1] = steps[-1]._replace(kind="halved", size=size)
                coef = origin + size * direction
                now, n_passes = objective(coef), n_passes + 1
                continue
        if latest is None or onward is None:
            outcome = outcome if outcome.converged else Outcome.SINGULAR
            break
        factor, direction = latest, onward
        before, decrement = decrement, length
        floor = max(FLOOR, FLOOR_PER_ROOT * math.sqrt(abs(now.log_likelihood)))
        if decrement <= tolerance or before / 4 <= decrement <= floor:
            bend = partial(curvature, factor, coef, now)
            bent, spent = _bent(factor, now, decrement, reach, bend)
            del bend  # it holds two matrices, and evaluations are to come
            n_passes += spent
            if fresh < bent <= LARGEST_CURVATURE and move is not None and _shows_all(factor):
                bent, n_passes = min(bent, BLUNT * move(direction)), n_passes + 1
            if bent <= LARGEST_CURVATURE:
                # A decrement that hardly falls any more is the rounding of the score.
                settled = outcome.converged and decrement > before / 10
                outcome = Outcome.CONVERGED
                if bent <= fresh or settled:
                    break
        if n_steps == max_iterations:
            break
        n_steps += 1
        size = first_length(decrement**2, trials) if n_steps == 1 else 1.0
        told = None
        if follow is not None and not outcome.converged:
            told = follow(coef + size * direction, factor, now, decrement)
        factor = latest = factor.at_rest  # evaluations are to come, and it may not be needed again
        if told is not None:
            n_passes += told.n_passes
            follow = follow if told.served else None
            if told.coef is not None:
                ahead, n_passes = objective(told.coef), n_passes + 1
                if ahead.log_likelihood >= now.log_likelihood - _may_be_rounding(now):
                    steps += (Step("newton", now.log_likelihood, decrement, size), *told.steps)
                    coef, now, origin = told.coef, ahead, None
                    continue
                del ahead
                follow = None
        bend = partial(curvature, factor, coef, now)
        size, reached, tried = _damped(
            objective, factor, coef, direction, now, decrement, (size, smallest_step), bend
        )
        del bend
        n_passes += tried
        if reached is None:
            outcome = outcome if outcome.converged else Outcome.STALLED
            break
        kind = "newton" if size >= 1.0 else "halved"
        steps.append(Step(kind, now.log_likelihood, decrement, size))
        origin, coef, now = coef, coef + size * direction, reached

    if outcome.converged and latest is not None:  # the last step, which needs no pass of its own
        steps.append(Step("newton", now.log_likelihood, decrement, 1.0))
        coef = coef + direction
    # Next to no gain is left. If linear predictors still move, they are on their way to infinity.
    little = 1e-4 if outcome is Outcome.ITERATION_LIMIT else LITTLE
    if not outcome.converged and factor is not None and decrement <= little:
        n_passes += 1
        if curvature(factor, coef, now) > LARGEST_CURVATURE:
            outcome = Outcome.DIVERGING
    return Solution(coef, now, outcome, tuple(steps), n_passes, direction, decrement, latest)


def _bent(
    factor: Factor,
    now: Evaluation,
    decrement: float,
    reach: ReachBound | None,
    bend: Callable[[], float],
) -> tuple[float, int]:
    """Return M·λ, or a bound that is small enough, the cheapest first; and the passes used."""
    bent, spent = _bound(factor, now, decrement), 0
    if bent > LARGEST_CURVATURE and reach is not None:
        longest, spent = reach(factor)
        bent = min(bent, longest * decrement)
    if bent > LARGEST_CURVATURE:
        bent, spent = bend(), spent + 1
    return bent, spent


def _shows_all(factor: Factor) -> bool:
    """Say whether the sum of the information shows all directions, and so what a step is."""
    return factor.left * RESOLVED >= 1


def _bound(factor: Factor, now: Evaluation, decrement: float) -> float:
    """Return a bound on M·λ that costs nothing: no leverage exceeds one.

    Where the information may be too ill-conditioned for its sum to show λ at all, there is none: on
    separated data rounding can make λ anything, zero included.
    """
    if now.smallest_weight <= 0 or not _shows_all(factor):
        return math.inf
    return decrement / math.sqrt(now.smallest_weight)


def _may_be_rounding(now: Evaluation) -> float:
    return MAY_BE_ROUNDING * abs(now.log_likelihood)


def _length(at: Evaluation) -> float:
    """Return the decrement, infinite where the information is singular."""
    factor = factorize(at.upper)
    if factor is None:
        return math.inf
    return math.sqrt(max(float(at.score @ factor.solve(at.score)), 0.0))


def _damped(
    objective: Objective,
    factor: Factor,
    coef: Floats,
    direction: Floats,
    now: Evaluation,
    decrement: float,
    sizes: tuple[float, float],
    bend: Callable[[], float],
) -> tuple[float, Evaluation | None, int]:
    """Return the step size, what is reached with it (None if no size does), and the passes used.

    Sizes are tried from the first of two down to the other.

    Large columns leave rounding in linear predictors, below which an increase does not show. The
    score tells more: where the decrement falls as Newton's does near a maximum, the step was good.
    So it was where M·λ is small (``bend`` returns it for one more pass): the quadratic model then
    holds over the whole step, and theory promises what the numbers cannot show.
    """
    rounding = ROUNDING * abs(now.log_likelihood)
    (size, smallest), tried = sizes, 0
    while size >= smallest:
        reached = objective(coef + size * direction)
        tried += 1
        gain = reached.log_likelihood - now.log_likelihood
        if gain >= SUFFICIENT * size * decrement**2 - rounding:
            return size, reached, tried
        if size == 1.0 and gain >= -_may_be_rounding(now):
            if _length(reached) <= LITTLE * decrement:
                return size, reached, tried
            bent = _bound(factor, now, decrement)
            if bent > LARGEST_CURVATURE:
                bent, tried = bend(), tried + 1
            if bent <= LARGEST_CURVATURE:
                return size, reached, tried
        del reached
        size = 1.0 if size > 1.0 else size / 2
    return size, None, tried
