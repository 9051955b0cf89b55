"""Ends of likelihood intervals where the likelihood has no maximum, by climbing the effect itself.

The coefficients that the likelihood ratio does not reject are a convex set. Where the likelihood
has no maximum that set has no end in some direction, and an effect may be flat out there and yet
larger at finite coefficients: a profile followed from far out does not find them. So the effect is
climbed, within the set, from points on the way out: first with the rows that run away held where
they are, then freely. Whatever is reached has not been rejected, so that the interval reaches at
least as far; the larger of what all searches find is its end.

This file knows functions of coefficients; of rows and models it knows nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from logit_inference.effects.constrained import (
    EXACT,
    Hill,
    Point,
    ascent,
    highest_at,
    multiplied,
    point_at,
    scaled_solve,
    solved_together,
)
from logit_inference.effects.jets import Jet
from logit_inference.rows.block import Floats

INSIDE = 0.9  # of the largest fall, of points that are climbed from
# Weights of the barrier, in units of what the effect has gained: with rows held, free, and where
# Newton's method does not finish. A softer barrier would push a free climb far out again.
HELD, FREE, LAST = (1.0, 0.1, 0.01, 1e-3, 1e-5), (0.1, 0.02, 0.002), (1e-4, 1e-6, 1e-8, 1e-10)
MOST_STEPS, MOST_RENEWED, SETTLED = 30, 12, 1e-16
GROWN = 1.1  # of a gain, by which the barrier's weight is renewed
ENOUGH, FINISHED = 6, 2  # points from which to climb; the best of what they reach
STAGES = (1, 4, 16)  # in which an effect is led to a value
FAR_OUT = 30.0  # steps, each a factor of e in probabilities


@dataclass(frozen=True)
class Climb:
    """An effect to be climbed within the likelihood region.

    Parameters
    ----------
    hill : Hill
        Its `path` has the points to climb from.
    effect : callable
        From (r,) coefficients to the effect on its working scale.
    wanted : float
        Root of the chi-square quantile.
    side : {-1.0, 1.0}
    """

    hill: Hill
    effect: Callable[[Floats], Jet]
    wanted: float
    side: float

    def height(self, point: Point, weight: float) -> float:
        """Return the effect in units of ``weight``, with the barrier ``log(q − fall)``."""
        return self.side * point.effect.value / weight + math.log(self.wanted**2 - point.fall)

    def gain(self, point: Point, base: float) -> float:
        """Return how far a point is above a value."""
        return self.side * (point.effect.value - base)


@np.errstate(all="ignore")  # of points that turn out to be too far
def climbed_end(climb: Climb, limit: float | None) -> float:
    """Return the furthest value of an effect that climbs within the likelihood region find.

    Parameters
    ----------
    climb : Climb
    limit : float or None
        The effect's value far out, where it is flat there.

    Returns
    -------
    float
        NaN where no climb gained anything.

    Notes
    -----
    Up to six climbs, or twelve, each of about a hundred evaluations of log-likelihood and effect.
    """
    tops = _tops(climb, limit)
    ends = [climb.side * _finished(climb, top, base) for top, base in tops[:FINISHED]]
    return climb.side * max(ends, default=math.nan)


@np.errstate(all="ignore")
def climbed_fall(climb: Climb, limit: float | None, value: float) -> float:
    """Return the least fall to where an effect has a value, from where climbs lead.

    Returns
    -------
    float
        Twice that of the log-likelihood; infinite where no search arrives.
    """
    falls = [_fall_from(climb, top, value) for top, _ in _tops(climb, limit)[:FINISHED]]
    return min(falls, default=math.inf)


def _fall_from(climb: Climb, top: Point, value: float) -> float:
    """Return the fall where the effect was led to a value, in one stage or in more."""
    for stages in STAGES:
        last: Point | None = multiplied(top)
        for share in np.linspace(0.0, 1.0, stages + 1)[1:].tolist():
            if last is not None:
                at = top.effect.value + share * (value - top.effect.value)
                last = highest_at(climb.hill, climb.effect, last, at)
        if last is not None:
            return max(last.fall, 0.0)
    return math.inf


def _tops(climb: Climb, limit: float | None) -> list[tuple[Point, float]]:
    """Return where climbs lead, the furthest first, and the values that they gained upon."""
    tops = []
    for start in _starts(climb):
        base = start.effect.value if limit is None else limit
        for now in _first_climbs(climb, start):
            if climb.gain(now, base) > 0.0:
                tops.append((_freely(climb, now, base), base))
    return sorted(tops, key=lambda top: -climb.side * top[0].effect.value)


@np.errstate(all="ignore")
def is_flat(climb: Climb) -> bool:
    """Return whether an effect is the same far out, wherever the finite coefficients are."""
    hill = climb.hill
    assert hill.direction is not None, "there is a path"
    far = point_at(hill, climb.effect, hill.path[-1] + FAR_OUT * hill.direction, 0.0)
    near = point_at(hill, climb.effect, hill.start, 0.0)
    if far is None or near is None:
        return False
    return climb.wanted * _size(replace(near, effect=far.effect)) < EXACT


def _starts(climb: Climb) -> list[Point]:
    """Return points on the way out, the first of them close to the region's edge."""
    hill, before = climb.hill, None
    inside: list[Point] = []
    for coef in hill.path:
        found = point_at(hill, climb.effect, coef, 0.0)
        if found is None or found.fall > INSIDE * climb.wanted**2:
            before = coef
            continue
        if before is not None and not inside:
            for share in (0.5, 0.25, 0.125):
                edge = point_at(hill, climb.effect, coef + share * (before - coef), 0.0)
                if edge is not None and edge.fall < INSIDE * climb.wanted**2:
                    inside.append(edge)
                    break
        inside.append(found)
    places = np.unique(np.linspace(0, len(inside) - 1, ENOUGH).astype(int)) if inside else ()
    return [inside[int(place)] for place in places]


def _first_climbs(climb: Climb, start: Point) -> Iterator[Point]:
    """Yield where the effect leads while the rows that run away stay where they are, on average.

    Where they run away in several directions, also while they stay in the one that all share, for
    the sake of effects that are about the others.
    """
    receding, direction = climb.hill.receding, climb.hill.direction
    assert receding is not None, "there is a path"
    assert direction is not None, "there is a path"
    gain = climb.wanted * _size(start)
    several = receding.shape[1] > 1
    for held in (receding, direction[:, np.newaxis]) if several else (receding,):
        within, now = _across(start.information @ held), start
        if gain > 0.0 and within.shape[1]:
            for share in HELD:
                now = _climbed(climb, now, share * gain, within)
            yield now


def _freely(climb: Climb, now: Point, base: float) -> Point:
    """Return where the effect leads; the barrier's weight grows with what has been gained."""
    for share in FREE:
        for _ in range(MOST_RENEWED):
            gain = climb.gain(now, base)
            found = _climbed(climb, now, share * gain, None)
            if climb.gain(found, base) <= GROWN * gain:
                now = max(now, found, key=lambda point: climb.gain(point, base))
                break
            now = found
    return now


def _finished(climb: Climb, now: Point, base: float) -> float:
    """Return the value of the local summit near a point."""

    def gap(point: Point) -> float:
        return math.sqrt(max(point.fall, 0.0)) - climb.wanted

    gain = climb.gain(now, base)
    kappa = climb.side * (climb.wanted**2 - now.fall) / (2.0 * FREE[-1] * gain)
    exact = solved_together(climb.hill, climb.effect, (now.coef, kappa), gap, "fall")
    if exact is not None and 1.0 <= climb.gain(exact, base) / gain <= GROWN:
        return exact.effect.value
    for share in LAST:
        now = _climbed(climb, now, share * gain, None)
    return now.effect.value


def _climbed(climb: Climb, now: Point, weight: float, within: Floats | None) -> Point:
    """Return where Newton steps up the effect lead, the barrier kept in front.

    Each step goes uphill and stays inside; ``within`` (r, k) has the directions that are free.
    """
    for _ in range(MOST_STEPS):
        step, promised = _step(climb, now, weight, within)
        if not promised > SETTLED:
            return now
        height = climb.height(now, weight)
        for halving in range(30):
            size = 0.5**halving
            found = point_at(climb.hill, climb.effect, now.coef + size * step, 0.0)
            if found is None or found.fall >= climb.wanted**2:
                continue
            if climb.height(found, weight) - height >= 1e-4 * size * promised:
                now = found
                break
        else:
            return now
    return now


def _step(climb: Climb, now: Point, weight: float, within: Floats | None) -> tuple[Floats, float]:
    """Return a step up the effect with its barrier, and the rise that it promises."""
    room, steep = climb.wanted**2 - now.fall, climb.side / weight
    inward = 2.0 / room * now.score
    pull = steep * now.effect.gradient + inward
    straight = 2.0 / room * now.information + np.outer(inward, inward)
    bent = straight - steep * now.effect.second
    if within is None:
        step = ascent(bent, pull, straight)
    else:
        inner = within.T @ bent @ within, within.T @ pull, within.T @ straight @ within
        step = within @ ascent(*inner)
    return step, float(pull @ step)


def _size(point: Point) -> float:
    """Return how far an effect moves in one standard error, by the curvature at a point."""
    along = scaled_solve(point.information, point.effect.gradient)
    return math.sqrt(max(float(point.effect.gradient @ along), 0.0))


def _across(vectors: Floats) -> Floats:
    """Return an orthonormal basis (r, r − k) of what is perpendicular to (r, k) vectors."""
    whole: Floats = np.linalg.qr(vectors, mode="complete")[0]
    return whole[:, vectors.shape[1] :]
