"""What passes cost, and which of them are worth taking next.

A plan for the rest of a search, from rules of thumb: a Newton step from a decrement λ leaves about
``c λ²`` of it, a score-only step a constant share. Plans decide how long a search takes, never
where it ends.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from logit_inference.likelihood.evaluation import Tally

DEEPEST = 2  # evaluations that a plan looks ahead
SINGLE = 0.65  # of the time of an information, in single precision
ROOM = 3.0  # the next decrement may be this many times what the last ratio predicts


@dataclass(frozen=True)
class Pace:
    """What the passes of a search cost and bring.

    Parameters
    ----------
    goal : float
        Decrement, in standard errors, at which the final evaluation is due.
    price : float
        Of a pass for the score, in passes for the information too.
    bend : float
        The c of ``c λ²``, what a Newton step from a decrement λ leaves.
    rough : float
        Price of a pass for the information too that need not be the last one.
    """

    goal: float
    price: float
    bend: float
    rough: float = 1.0

    def arrives(self, decrement: float, ratio: float) -> bool:
        """Say whether the point after a score-only step is expected to be the maximum."""
        return decrement * min(1.0, ratio) <= self.goal

    def ends_chord(self, decrement: float, ratio: float) -> bool:
        """Say whether the point after a score-only step is where to evaluate next.

        Either it is expected to be the maximum, or fresh information there costs no more than going
        on without.
        """
        if self.arrives(decrement, ROOM * ratio):
            return True
        after = decrement * ratio
        return self._evaluating(after) <= self.price + self._stepping(after * ratio, ratio)

    def begins_chord(self, decrement: float) -> bool:
        """Say whether score-only steps after a Newton step from this decrement save anything."""
        after = self._after_newton(decrement)
        return self._stepping(after, self.ratio(decrement)) < self._evaluating(after)

    def lands(self, decrement: float) -> bool:
        """Say whether a Newton step from this decrement is expected to reach the maximum."""
        return self._after_newton(decrement) <= self.goal

    def ratio(self, decrement: float) -> float:
        """Return the share of the decrement left by a step along information at this one."""
        return min(3.0 * self.bend * decrement, 0.3)

    def _after_newton(self, decrement: float) -> float:
        return min(self.bend * decrement, 0.5) * decrement

    def _evaluating(self, decrement: float, depth: int = 0) -> float:
        """Return the cost of evaluating where the decrement is this, and of what comes after."""
        if decrement <= self.goal:
            return 1.0
        if depth == DEEPEST:
            return self.rough + 1.0
        after = self._after_newton(decrement)
        return self.rough + self._stepping(after, self.ratio(decrement), depth + 1)

    def _stepping(self, decrement: float, ratio: float, depth: int = 0) -> float:
        """Return the least cost of some score-only steps, or none, and of what comes after."""
        spent, cost = 0.0, self._evaluating(decrement, depth)
        while decrement > self.goal and spent + 1.0 < cost:
            spent += self.price
            decrement *= ratio
            cost = min(cost, spent + self._evaluating(decrement, depth))
        return cost


def pace_of(
    n_columns: int,
    price: float,
    counts: Tally,
    tolerance: float,
    fresh: float,
    *,
    rough: bool = False,
) -> Pace:
    """Return the pace of a search over rows of p columns.

    Parameters
    ----------
    n_columns : int
    price : float
        Of a pass for the score.
    counts : Tally
        Tells the size of the sum of the working weights.
    tolerance : float
        Largest decrement at convergence.
    fresh : float
        Largest M·λ there, for which `newton` has a bound that is several times too large.
    rough : bool
        Whether information that need not be the last is had in single precision.

    Notes
    -----
    A typical M is the root of 4p over the sum of the weights, and what Newton's steps leave was
    found to be λ² times M/25 to M/100.
    """
    # Equal outcomes have no share to go by; a maximum without a constant starts from one half.
    share = counts.events / counts.trials if 0.0 < counts.events < counts.trials else 0.5
    largest = math.sqrt(4.0 * n_columns / (counts.trials * share * (1.0 - share)))
    return Pace(
        goal=min(tolerance / 4.0, fresh / (15.0 * largest)),
        price=price,
        bend=largest / 25.0,
        rough=price + SINGLE * (1.0 - price) if rough else 1.0,
    )
