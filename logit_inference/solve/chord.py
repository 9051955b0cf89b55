"""Score-only steps: ascent along an older information matrix, corrected as it goes.

A Newton step needs the information at the current point, which costs many times as much as the
score where there are many columns. Near the maximum the information hardly changes, so an older
one, or that of a sample of the rows, serves as well: a step then reduces the decrement by the
relative error of that matrix instead of squaring it. What the scores themselves say of the
curvature along the steps taken (limited-memory BFGS) corrects the matrix on the way.

Nothing is accepted here: where the steps end, `newton` evaluates. A step that does not raise the
log-likelihood ends them, and it is Newton's turn.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from logit_inference.likelihood.evaluation import Evaluation
from logit_inference.likelihood.objective import SlopeObjective
from logit_inference.rows.block import Floats
from logit_inference.solve.factor import Factor
from logit_inference.solve.pace import Pace
from logit_inference.solve.solution import Step

SUFFICIENT = 1e-4  # share of the predicted increase that a step must bring (Armijo)
ROUNDING = 64 * np.finfo(float).eps  # relative rounding of a summed log-likelihood, with room
SLOW = 0.5  # a decrement that falls by less than half in each step is better served by Newton
LONGEST = 30  # score-only steps in a row

Pair = tuple[Floats, Floats, float]  # a step s, the fall of the score y along it, 1/(s'y)


@dataclass(frozen=True)
class Chord:
    """Where score-only steps led.

    Parameters
    ----------
    coef : (q,) array or None
        Where to evaluate next; None where not even the start raised the log-likelihood.
    steps : tuple of Step
    n_passes : int
    served : bool
        Whether the steps were worth their passes: if not, the same matrix will not serve again.
    arrives : bool
        Whether that is expected to be the maximum.
    diverges : bool
        Whether there was seen to be no maximum on the way.
    """

    coef: Floats | None
    steps: tuple[Step, ...]
    n_passes: int
    served: bool
    arrives: bool = False
    diverges: bool = False


FollowUp = Callable[[Floats, Factor, Evaluation, float], Chord | None]
"""From a start, the factor, evaluation and decrement before it, to where score-only steps lead."""


def chord(
    objective: SlopeObjective,
    start: Floats,
    factor: Factor,
    pace: Pace,
    ratio: float,
    least: float,
) -> Chord:
    """Return the point that score-only steps reach from ``start``.

    Parameters
    ----------
    objective : callable
        From (q,) coefficients to a `Slope`; concave.
    start : (q,) array
    factor : Factor
        Of an information matrix not too far from that at the maximum.
    pace : Pace
    ratio : float
        Share of the decrement that a step along that matrix is expected to leave.
    least : float
        Log-likelihood that the start must exceed to be of any use.

    Notes
    -----
    One cheap pass for each step; beside that 4q operations for every step before it, and a solve
    with the factor.

    References
    ----------
    Nocedal and Wright (2006), *Numerical Optimization*, algorithm 7.4.
    """
    coef, pairs, steps = start, list[Pair](), list[Step]()
    now, n_passes = objective(coef), 1
    if not now.log_likelihood > least:  # nor where it is NaN
        return Chord(None, (), n_passes, False)
    while True:
        direction = _direction(now.score, factor, pairs)
        decrement = math.sqrt(max(float(now.score @ direction), 0.0))
        # Of the last two steps: one that corrects the matrix most may itself bring little. What two
        # have brought others will.
        since = steps[-2:]
        lately = (decrement / since[0].decrement) ** (1.0 / len(since)) if since else ratio
        ratio = min(ratio, lately) if len(steps) > 1 else lately
        steps.append(Step("score", now.log_likelihood, decrement, 1.0))
        slow = len(steps) > 2 and lately > SLOW
        if pace.ends_chord(decrement, ratio) or slow or len(steps) == LONGEST:
            arrives = pace.arrives(decrement, ratio)
            return Chord(coef + direction, tuple(steps), n_passes, not slow, arrives)
        reached = objective(coef + direction)
        n_passes += 1
        gain = reached.log_likelihood - now.log_likelihood
        if not gain >= SUFFICIENT * decrement**2 - ROUNDING * abs(now.log_likelihood):
            return Chord(coef, tuple(steps[:-1]), n_passes, False)
        fall = now.score - reached.score
        curvature = float(direction @ fall)
        if curvature > 0.0:
            pairs.append((direction, fall, 1.0 / curvature))
        coef, now = coef + direction, reached


def _direction(score: Floats, factor: Factor, pairs: Sequence[Pair]) -> Floats:
    """Return the quasi-Newton direction: the two loops of limited-memory BFGS."""
    direction, shares = score.copy(), list[float]()
    for move, fall, inverse in reversed(pairs):
        shares.append(inverse * float(move @ direction))
        direction -= shares[-1] * fall
    direction = factor.solve(direction)
    for (move, fall, inverse), share in zip(pairs, reversed(shares), strict=True):
        direction += (share - inverse * float(fall @ direction)) * move
    return direction
