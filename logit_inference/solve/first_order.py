"""Gradient descent and L-BFGS: the maximum by the score alone, on the objectives that Newton has.

What falls is the cost per sample, ``J(b) = −ℓ(b)/n`` with n the weighted trials, along
``−dJ/db = score/n``. Neither method knows how far it has to go; the Newton decrement does. So a
search looks at the information now and then (at its start, after 1, 2, 4, 8, … steps and where it
stops), measures every score in between in the metric of the last look, and says at its end, from
the information there, how far the maximum is in standard errors. It counts as converged on the same
terms as Newton's: a decrement within the tolerance, and no curvature left that could deceive.

References
----------
Boyd and Vandenberghe (2004), *Convex Optimization*, sections 9.2 and 9.3. Hager and Zhang (2005),
*SIAM Journal on Optimization* 16 (the test of a step below the rounding of the cost). Byrd, Lu,
Nocedal and Zhu (1995), *SIAM Journal on Scientific Computing* 16 (L-BFGS-B, scipy's).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from logit_inference.likelihood.evaluation import Evaluation, Slope, Tally
from logit_inference.likelihood.objective import objective, slope_objective
from logit_inference.rows.basis import Basis, in_basis
from logit_inference.rows.block import Floats
from logit_inference.rows.source import Source
from logit_inference.solve.factor import factorize
from logit_inference.solve.newton import LARGEST_CURVATURE, ROUNDING, SUFFICIENT
from logit_inference.solve.rank import Rank, find_rank
from logit_inference.solve.search import Search, curvature_at
from logit_inference.solve.solution import Outcome, Solution, Step

METHODS = ("gradient-descent", "lbfgs")
MEMORY = 10  # pairs of steps and score differences that L-BFGS keeps
LARGER = 2.0  # the rate tried after one that was accepted at once, in units of that
# Of the first rate: below, no step along the score raises anything; above, scores vanish far out on
# separated data, where no rate is too large.
SMALLEST_RATE, LARGEST_RATE = 2.0**-80, 2.0**80
NEAR = 1e-3  # of a decrement: the log-likelihood is a parabola, for all that is left to gain
VANISHED = float(np.finfo(float).eps)  # of the information at the start, of every column
FALLING = 1e-12  # of a cost: two that are nearer than this are equal up to rounding


@dataclass(frozen=True)
class Descent:
    """Which first-order method, and how far it goes along the score.

    Parameters
    ----------
    method : {"gradient-descent", "lbfgs"}
    learning_rate : float or None
        Of gradient descent: each step is ``learning_rate · score/n``. None finds a rate for each
        step by backtracking.
    """

    method: str
    learning_rate: float | None = None


def descend(
    source: Source, search: Search, counts: Tally, descent: Descent
) -> tuple[Rank, Solution]:
    """Return the columns that were solved for, and where a first-order method came to.

    Parameters
    ----------
    source : Source
    search : Search
        Start, tolerance (in standard errors) and the largest number of steps.
    counts : Tally
    descent : Descent

    Notes
    -----
    One pass for the score in each step, and one for each rate that backtracking rejects; one
    evaluation with information at each look, about ``log2`` of the steps. Columns are taken as they
    are: those that are combinations of others are left out, none is rescaled or turned, so that
    steps are those of the textbook. L-BFGS works in columns of unit information at the start.
    """
    whole = objective(source, search.likelihood)
    rank = find_rank(source, whole(search.start))
    basis = Basis(source.n_columns, rank.basis.kept)
    rows = in_basis(source, basis)
    walk = _Walk(rows, search, counts.trials, basis.inner(search.start))
    if descent.method == "lbfgs":
        outcome = _lbfgs(walk, search)
    else:
        outcome = _gradient_descent(walk, search, descent.learning_rate)
    solution = walk.solution(outcome)
    spent = solution.n_passes + 1 + rank.n_passes
    return replace(rank, basis=basis), replace(solution, n_passes=spent)


class _Walk:
    """Where a search is, what it has seen of the objective, and the way there."""

    def __init__(self, rows: Source, search: Search, n: float, start: Floats):
        self.slope = slope_objective(rows, search.likelihood)
        self.whole = objective(rows, search.likelihood)
        self.curvature = partial(curvature_at, rows, search.likelihood)
        self.n, self.tolerance = n, search.tolerance
        self.coef, self.n_passes = start, 0
        self.steps: list[Step] = []
        self.next_look = 1
        self.look()
        self.first = self.seen

    def look(self) -> None:
        """Evaluate with information here."""
        self.seen = self.whole(self.coef)
        self.factor = factorize(self.seen.upper)
        self.here = Slope(self.seen.log_likelihood, self.seen.score)
        self.is_seen = True
        self.n_passes += 1

    @property
    def decrement(self) -> float:
        """Length of the score in standard errors, by the information of the last look."""
        if self.factor is None:
            return math.inf
        moved = float(self.here.score @ self.factor.solve(self.here.score))
        return math.sqrt(max(moved, 0.0))

    def try_at(self, coef: Floats) -> Slope:
        """Return value and score elsewhere."""
        self.n_passes += 1
        return self.slope(coef)

    def move(self, coef: Floats, at: Slope, kind: str, size: float) -> None:
        """Go there."""
        self.steps.append(Step(kind, self.here.log_likelihood, self.decrement, size))
        self.coef, self.here, self.is_seen = coef, at, False
        if len(self.steps) >= self.next_look:
            self.next_look *= 2
            self.look()

    def has_arrived(self) -> bool:
        """Say whether this is the maximum to the tolerance, by the information here."""
        if self.decrement > self.tolerance:
            return False
        if not self.is_seen:
            self.look()
        if self.factor is None or self.decrement > self.tolerance:
            return False
        bent, spent = self.curvature(self.factor, self.coef, self.seen)
        self.n_passes += spent
        return bent <= LARGEST_CURVATURE

    def solution(self, outcome: Outcome) -> Solution:
        """Return how it ended, from the information here."""
        if not self.is_seen:
            self.look()
        if self.factor is None:
            outcome = Outcome.SINGULAR
        if outcome is Outcome.ITERATION_LIMIT and self._is_rising():
            outcome = Outcome.OVERSHOOTING
            if self._has_vanished():
                self.factor = None
        decrement = self.decrement
        steps = (*self.steps, Step("stop", self.here.log_likelihood, decrement, 0.0))
        zero = np.zeros_like(self.coef)
        direction = zero if self.factor is None else self.factor.solve(self.here.score)
        return Solution(
            self.coef, self.seen, outcome, steps, self.n_passes, direction, decrement, self.factor
        )

    def _has_vanished(self) -> bool:
        """Say whether no information is left so far out: what it would give are no errors."""
        left, first = self.seen.upper.diagonal(), self.first.upper.diagonal()
        return not (left > VANISHED * first).any()

    def _is_rising(self) -> bool:
        """Say whether the cost rose in one of the last steps: the rate is too large."""
        costs = np.array([-step.log_likelihood for step in self.steps[-4:]])
        costs = np.append(costs, -self.here.log_likelihood)
        return bool((np.diff(costs) > FALLING * np.abs(costs[1:])).any())


# --- gradient descent -----------------------------------------------------------------------------


def _gradient_descent(walk: _Walk, search: Search, learning_rate: float | None) -> Outcome:
    """Go along the score until the maximum is reached, or the steps are used up."""
    rate = _first_rate(walk.seen, walk.n) if learning_rate is None else learning_rate
    least, most = SMALLEST_RATE * rate, LARGEST_RATE * rate
    for _ in range(search.max_iterations):
        if walk.has_arrived():
            return Outcome.CONVERGED
        if learning_rate is not None:
            coef = walk.coef + rate / walk.n * walk.here.score
            walk.move(coef, walk.try_at(coef), "gradient", rate)
            continue
        rate, first = min(rate * LARGER, most), True
        while True:
            coef = walk.coef + rate / walk.n * walk.here.score
            ahead = walk.try_at(coef)
            if is_enough(walk.here, ahead, rate / walk.n):
                break
            rate, first = rate / 2.0, False
            if rate < least:
                return Outcome.STALLED
        walk.move(coef, ahead, "gradient" if first else "halved", rate)
    return Outcome.CONVERGED if walk.has_arrived() else Outcome.ITERATION_LIMIT


def _first_rate(at: Evaluation, n: float) -> float:
    """Return a rate that cannot be too large for the curvature here: n over the trace of it."""
    trace = float(at.upper.diagonal().sum())
    return n / trace if 0.0 < trace < math.inf else 1.0


def is_enough(here: Slope, ahead: Slope, size: float) -> bool:
    """Say whether a step of ``size`` times the score brings a share of what the slope promises.

    Where that is below the rounding of the log-likelihood, the slopes at both ends tell: of a
    quadratic they say the same, and they have their digits.
    """
    promised = size * float(here.score @ here.score)
    if not math.isfinite(ahead.log_likelihood):
        return False
    if SUFFICIENT * promised > ROUNDING * abs(here.log_likelihood):
        return ahead.log_likelihood - here.log_likelihood >= SUFFICIENT * promised
    return size * float(ahead.score @ here.score) >= (2.0 * SUFFICIENT - 1.0) * promised


# --- L-BFGS ---------------------------------------------------------------------------------------


def _lbfgs(walk: _Walk, search: Search) -> Outcome:
    """Let scipy's L-BFGS-B search, in units in which the information at the start is one.

    It compares costs, and gives up where these no longer differ beyond their rounding. That near to
    the maximum it searches once more, over ``½ (score₀ + score)'(b − b₀)``: by the trapezoidal rule
    what the log-likelihood has gained, to third order in the distance, with all its digits.
    """
    from scipy.optimize import minimize

    diagonal = walk.seen.upper.diagonal()
    scale = 1.0 / np.sqrt(np.where(diagonal > 0.0, diagonal, 1.0))
    last: list[tuple[Floats, Slope]] = []

    def cost(inner: Floats, origin: Floats | None, score: Floats) -> tuple[float, Floats]:
        at = walk.try_at(inner * scale)
        last[:] = [(inner.copy(), at)]
        if origin is None:
            return -at.log_likelihood, -at.score * scale
        gain = 0.5 * float((score + at.score) @ (inner * scale - origin))
        return -gain, -at.score * scale

    def moved(intermediate_result: Any) -> None:
        """Note where the optimiser has come to; it calls this after each of its steps."""
        inner = intermediate_result.x
        known = bool(last) and bool((last[0][0] == inner).all())
        coef = inner * scale
        at = last[0][1] if known else walk.try_at(coef)
        step = coef - walk.coef
        size = 0.0 if walk.factor is None else float(np.linalg.norm(walk.factor.upper @ step))
        walk.move(coef, at, "lbfgs", size)
        if walk.has_arrived():
            raise StopIteration

    for is_near in (False, True):
        left = search.max_iterations - len(walk.steps)
        if left < 1 or walk.has_arrived() or (is_near and walk.decrement > NEAR):
            break
        minimize(
            cost,
            walk.coef / scale,
            (walk.coef if is_near else None, walk.here.score),
            jac=True,
            method="L-BFGS-B",
            callback=moved,
            options={"maxcor": MEMORY, "maxiter": left, "ftol": 0.0, "gtol": 0.0},
        )
    if walk.has_arrived():
        return Outcome.CONVERGED
    full = len(walk.steps) >= search.max_iterations
    return Outcome.ITERATION_LIMIT if full else Outcome.STALLED
