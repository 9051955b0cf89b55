"""Likelihood-ratio intervals of effects, by constrained optimisation.

The profile of an effect g is the largest log-likelihood with g held at a value. An end of the
interval is the largest (or smallest) g on the set of coefficients whose log-likelihood has fallen
by no more than half the chi-square quantile. In both, the score u of the log-likelihood and the
gradient a of the effect are parallel, ``u + κ a = 0`` (Lagrange), and one equation says where: the
fall, or the value. Newton's method solves all together, with exact second derivatives. Where that
does not arrive, or where the likelihood has no maximum to start from, the profile is followed, one
value of the effect after the other, by an augmented Lagrangian.

This file knows functions of coefficients; of rows and models it knows nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from logit_inference.effects.jets import Jet
from logit_inference.likelihood.evaluation import Evaluation
from logit_inference.likelihood.objective import Objective
from logit_inference.rows.block import Floats

EXACT = 1e-9  # of the root of the fall, and of the decrement of the rest, at an end
MOST_STEPS, MOST_INNER, MOST_MULTIPLIERS, MOST_VALUES = 40, 80, 12, 80
FAR = 300.0  # of an effect on its working scale: it runs to its limit
SETTLED = 1e-20  # of the squared decrement, where the augmented Lagrangian is at its maximum
STIFF, NEAR = 10.0, 0.2  # of ρ, in units of the effect's variance; of falls that are one point's
FLAT = 1e-3  # of twice a log-likelihood below its supremum: far out
FURTHER, LEFT = 12.0, 1e-4  # steps, each a factor of e; of an information, where it is flat
RIDGE = 1e-10  # of the scaled curvature, where it is singular


@dataclass(frozen=True)
class Hill:
    """A log-likelihood and its supremum.

    Parameters
    ----------
    objective : callable
        From (r,) coefficients to an `Evaluation`.
    supremum : float
        Of its value, reached or not.
    start : (r,) array
        Where it is reached; or a point from which it rises to it.
    reached : bool
    path : sequence of (r,) arrays
        Points on the way to a supremum that is not reached.
    direction : (r,) array or None
        In which that way goes on.
    receding : (r, k) array or None
        Directions in which the log-likelihood is flat at its end.
    """

    objective: Objective
    supremum: float
    start: Floats
    reached: bool
    path: Sequence[Floats] = ()
    direction: Floats | None = None
    receding: Floats | None = None


@dataclass(frozen=True)
class Point:
    """Coefficients, what was found there, and the multiplier."""

    coef: Floats
    kappa: float
    fall: float
    score: Floats
    information: Floats
    effect: Jet


@np.errstate(all="ignore")
def way_out(objective: Objective, coef: Floats, supremum: float) -> Hill:
    """Return a log-likelihood without a maximum, with points from which it rises to its supremum.

    Damped Newton steps from ``coef``, far out. The start is the first from which twice the
    log-likelihood is within one of its supremum: further out it would be too flat to search from.
    """
    now, path, direction = objective(coef), [coef], np.zeros_like(coef)
    start: Floats | None = None
    for _ in range(MOST_INNER):
        fall = 2.0 * (supremum - now.log_likelihood)
        if start is None and fall < 1.0:
            start = coef
        if fall < FLAT:
            break
        step = ascent(now.information, now.score)
        for halving in range(30):
            found = objective(coef + 0.5**halving * step)
            if found.log_likelihood > now.log_likelihood:
                coef, now, direction = coef + 0.5**halving * step, found, step
                path.append(coef)
                break
        else:
            break
    first = coef if start is None else start
    receding = _receding(objective(path[0]).information, objective(coef + FURTHER * direction))
    return Hill(objective, supremum, first, False, path, direction, receding)


def _receding(near: Floats, far: Evaluation) -> Floats:
    """Return the directions in which next to nothing of an information is left far out."""
    units = 1.0 / np.sqrt(np.maximum(np.diagonal(near), np.finfo(float).tiny))
    values, vectors = np.linalg.eigh(near * np.outer(units, units))
    kept = values > RIDGE * values[-1]
    white = units[:, np.newaxis] * vectors[:, kept] / np.sqrt(values[kept])
    shares, turned = np.linalg.eigh(white.T @ far.information @ white)
    found: Floats = white @ turned[:, shares < LEFT]
    return found


@np.errstate(all="ignore")  # of points that turn out to be too far
def interval_end(
    hill: Hill, effect: Callable[[Floats], Jet], wanted: float, side: float
) -> float | None:
    """Return the end of an effect's interval on one side; infinite where it runs to its limit.

    Parameters
    ----------
    hill : Hill
    effect : callable
        From (r,) coefficients to the effect on its working scale.
    wanted : float
        Root of the chi-square quantile.
    side : {-1.0, 1.0}

    Returns
    -------
    float or None
        None where it was not found.
    """

    def gap(point: Point) -> float:
        return math.sqrt(max(point.fall, 0.0)) - wanted

    if hill.reached:
        found = solved_together(hill, effect, _first(hill, effect, wanted, side), gap, "fall")
        if found is not None and side * (found.effect.value - effect(hill.start).value) > 0.0:
            return found.effect.value
    return _along_profile(hill, effect, wanted, side)


@np.errstate(all="ignore")
def fall_at(hill: Hill, effect: Callable[[Floats], Jet], value: float) -> float | None:
    """Return twice the fall of the log-likelihood to where the effect has a value.

    None where that was not found.
    """

    def gap(point: Point) -> float:
        return point.effect.value - value

    start = point_at(hill, effect, hill.start, 0.0)
    if start is None:
        return None
    if hill.reached:
        if start.effect.value == value:
            return 0.0
        found = solved_together(hill, effect, _toward(start, value), gap, "value")
        if found is not None:
            return max(found.fall, 0.0)
    for stages in (1, 8, 32):
        last, own, best = start, multiplied(start), None
        for share in np.linspace(0.0, 1.0, stages + 1)[1:].tolist():
            at = start.effect.value + share * (value - start.effect.value)
            best, own = _highest(hill, effect, (last, own), at)
            if best is None:
                break
            last = best
        if best is not None:
            return max(best.fall, 0.0)
    return None


# --- all equations together -----------------------------------------------------------------------


def point_at(
    hill: Hill, effect: Callable[[Floats], Jet], coef: Floats, kappa: float
) -> Point | None:
    """Return what is found at some coefficients; None where a number there is not finite."""
    with np.errstate(all="ignore"):
        now, jet = hill.objective(coef), effect(coef)
    known = math.isfinite(now.log_likelihood) and math.isfinite(jet.value)
    if not (known and np.isfinite(now.score).all() and np.isfinite(jet.second).all()):
        return None
    fall = 2.0 * (hill.supremum - now.log_likelihood)
    return Point(coef, kappa, fall, now.score, now.information, jet)


def _first(
    hill: Hill, effect: Callable[[Floats], Jet], wanted: float, side: float
) -> tuple[Floats, float] | None:
    """Return where the end would be if the log-likelihood were quadratic, the effect linear."""
    at = point_at(hill, effect, hill.start, 0.0)
    if at is None:
        return None
    along = scaled_solve(at.information, at.effect.gradient)
    size = math.sqrt(max(float(at.effect.gradient @ along), 0.0))
    if not size > 0.0:
        return None
    return hill.start + side * wanted / size * along, side * wanted / size


def _toward(point: Point, value: float) -> tuple[Floats, float] | None:
    along = scaled_solve(point.information, point.effect.gradient)
    square = float(point.effect.gradient @ along)
    if not square > 0.0:
        return None
    kappa = (value - point.effect.value) / square
    return point.coef + kappa * along, kappa


def solved_together(
    hill: Hill,
    effect: Callable[[Floats], Jet],
    start: tuple[Floats, float] | None,
    gap: Callable[[Point], float],
    kind: str,
) -> Point | None:
    """Return the solution of all equations by damped Newton steps; None if they do not arrive."""
    if start is None:
        return None
    now = point_at(hill, effect, *start)
    for _ in range(MOST_STEPS):
        if now is None:
            return None
        rest = now.score + now.kappa * now.effect.gradient
        own = scaled_solve(now.information, rest)
        error = math.sqrt(max(float(rest @ own), 0.0)) + abs(gap(now))
        if error <= EXACT:
            return now
        step = _newton(now, rest, gap, kind)
        if step is None:
            return None
        now = _shortened(hill, effect, now, step, error, gap)
    return None


def _newton(
    now: Point, rest: Floats, gap: Callable[[Point], float], kind: str
) -> tuple[Floats, float] | None:
    """Return the Newton step of coefficients and multiplier, from the bordered system."""
    bent = now.information - now.kappa * now.effect.second
    a, r = now.effect.gradient, len(rest)
    if kind == "fall":
        normal, missing = -now.score / math.sqrt(max(now.fall, 1e-300)), -gap(now)
    else:
        normal, missing = a, -gap(now) * math.copysign(1.0, _side(now, gap))
    diagonal = np.abs(np.diagonal(now.information))
    units = 1.0 / np.sqrt(np.where(diagonal > 0.0, diagonal, 1.0))
    whole = np.zeros((r + 1, r + 1))
    whole[:r, :r] = bent * np.outer(units, units)
    whole[:r, r], whole[r, :r] = -units * a, units * normal
    right = np.append(units * rest, missing)
    try:
        solved = np.linalg.solve(whole, right)
    except np.linalg.LinAlgError:
        return None
    if not np.isfinite(solved).all():
        return None
    return units * solved[:r], float(solved[r])


def _side(now: Point, gap: Callable[[Point], float]) -> float:
    """Return the sign with which a value enters its gap."""
    moved = Point(
        now.coef,
        now.kappa,
        now.fall,
        now.score,
        now.information,
        Jet(now.effect.value + 1.0, now.effect.gradient, now.effect.second),
    )
    return gap(moved) - gap(now)


def _shortened(
    hill: Hill,
    effect: Callable[[Floats], Jet],
    now: Point,
    step: tuple[Floats, float],
    error: float,
    gap: Callable[[Point], float],
) -> Point | None:
    """Return the point after a step, shortened until the error is not much larger."""
    share = 1.0
    for _ in range(12):
        found = point_at(hill, effect, now.coef + share * step[0], now.kappa + share * step[1])
        if found is not None:
            rest = found.score + found.kappa * found.effect.gradient
            left = math.sqrt(max(float(rest @ scaled_solve(found.information, rest)), 0.0))
            if left + abs(gap(found)) < max(0.9 * error, EXACT):
                return found
        share /= 2.0
    return None


def scaled_solve(matrix: Floats, right: Floats) -> Floats:
    """Return the solution of a symmetric system, scaled to a unit diagonal."""
    sizes = np.sqrt(np.abs(np.diagonal(matrix)))
    units = 1.0 / np.where(sizes > 0.0, sizes, 1.0)
    scaled = matrix * np.outer(units, units)
    if not (np.isfinite(scaled).all() and np.isfinite(right).all()):
        return np.full(len(right), np.nan)
    try:
        solved: Floats = units * np.linalg.solve(scaled, units * right)
    except np.linalg.LinAlgError:
        eye = np.eye(len(right))
        solved = units * np.linalg.lstsq(scaled + RIDGE * eye, units * right, rcond=None)[0]
    return solved


# --- the profile, value after value ---------------------------------------------------------------


def _along_profile(
    hill: Hill, effect: Callable[[Floats], Jet], wanted: float, side: float
) -> float | None:
    """Return where the root of the profile's fall is ``wanted``, from the start outwards.

    A value that no coefficients have counts as too far, so that an effect that cannot go further
    ends at its own limit; one that goes on without a fall is infinite.
    """
    last = point_at(hill, effect, hill.start, 0.0)
    if last is None:
        return None
    own = multiplied(last)
    near, below = last.effect.value, math.sqrt(max(last.fall, 0.0)) - wanted
    step = min(wanted * _spread(last), 1.0)
    far, above = math.nan, math.inf
    for _ in range(MOST_VALUES):
        value = near + side * step
        point, own = _highest(hill, effect, (last, own), value)
        gap = math.inf if point is None else math.sqrt(max(point.fall, 0.0)) - wanted
        if gap >= 0.0:
            far, above = value, gap
            break
        assert point is not None, "its gap is finite"
        near, below, last, step = value, gap, point, 2.0 * step
        if abs(near) > FAR:
            return side * math.inf
    if math.isnan(far):
        return None
    end, gap = _closed(hill, effect, wanted, (near, below, last), (far, above), own)
    if hill.reached and gap < -NEAR:
        return None  # where the likelihood has a maximum, an effect meets the fall before its limit
    return end


def _closed(
    hill: Hill,
    effect: Callable[[Floats], Jet],
    wanted: float,
    near: tuple[float, float, Point],
    far: tuple[float, float],
    own: Point,
) -> tuple[float, float]:
    """Return where the gap closes between two values, by false position (Illinois), and the gap."""
    (a, fa, last), (b, fb) = near, far
    left, was = fa, 0
    for _ in range(MOST_VALUES):
        if abs(b - a) <= EXACT * (1.0 + abs(a)):
            break
        value = b - fb * (b - a) / (fb - fa) if math.isfinite(fb) else 0.5 * (a + b)
        point, own = _highest(hill, effect, (last, own), value)
        gap = math.inf if point is None else math.sqrt(max(point.fall, 0.0)) - wanted
        if abs(gap) <= EXACT:
            return value, gap
        if gap > 0.0:
            b, fb = value, gap
            fa, was = (fa / 2.0 if was > 0 else fa), 1
        else:
            assert point is not None, "its gap is finite"
            a, fa, left, last = value, gap, gap, point
            fb, was = (fb / 2.0 if was < 0 else fb), -1
    return a, left


def _spread(point: Point) -> float:
    """Return the standard error of an effect by the curvature at a point."""
    along = scaled_solve(point.information, point.effect.gradient)
    return math.sqrt(max(float(point.effect.gradient @ along), 1e-12))


def _highest(
    hill: Hill, effect: Callable[[Floats], Jet], starts: tuple[Point, Point], value: float
) -> tuple[Point | None, Point]:
    """Return the highest point with an effect's value that some searches find.

    Without a maximum the likelihood is flat far out, and a search that was there once stays there.
    So there are others: one from the foothold, and one that solves the equations from the last
    solution of its own, which is also returned, and never climbs.
    """
    own = starts[1]
    tried = [highest_at(hill, effect, starts[0], value)]
    if not hill.reached:
        direct = solved_together(
            hill, effect, (own.coef, own.kappa), lambda point: point.effect.value - value, "value"
        )
        own = own if direct is None else direct
        fresh = [point_at(hill, effect, at, 0.0) for at in (hill.start, np.zeros_like(hill.start))]
        tried += [direct, *(highest_at(hill, effect, at, value) for at in fresh if at is not None)]
    found = [point for point in tried if point is not None]
    return min(found, key=lambda point: point.fall, default=None), own


def multiplied(point: Point) -> Point:
    """Return a point with the multiplier that suits its score best."""
    along = scaled_solve(point.information, point.effect.gradient)
    square = float(point.effect.gradient @ along)
    kappa = -float(point.score @ along) / square if square > 0.0 else 0.0
    return replace(point, kappa=kappa)


def highest_at(
    hill: Hill, effect: Callable[[Floats], Jet], start: Point, value: float
) -> Point | None:
    """Return where the log-likelihood is largest with an effect held at a value.

    By an augmented Lagrangian, ``ℓ + κ (g − c) − ρ (g − c)²/2``, and Newton's method for all
    equations from where that leads. None where no coefficients with that value are found.
    """
    rho = STIFF / min(_spread(start), 1.0) ** 2
    kappa, now, before = start.kappa, start, math.inf

    def gap(point: Point) -> float:
        return point.effect.value - value

    for _ in range(MOST_MULTIPLIERS):
        found = _summit(hill, effect, now, kappa, value, rho)
        if found is None:
            return None
        off = gap(found)
        kappa -= rho * off
        exact = solved_together(hill, effect, (found.coef, kappa), gap, "value")
        if exact is not None and abs(exact.fall - found.fall) <= NEAR * (1.0 + found.fall):
            return exact
        if abs(off) <= EXACT * (1.0 + abs(value)):
            return found
        if abs(off) > before / 4.0:
            rho *= 10.0
        now, before = found, abs(off)
    return None


def _summit(
    hill: Hill,
    effect: Callable[[Floats], Jet],
    start: Point,
    kappa: float,
    value: float,
    rho: float,
) -> Point | None:
    """Return where the augmented Lagrangian is largest near a point, by damped Newton steps."""

    def height(point: Point) -> float:
        off = point.effect.value - value
        return -0.5 * point.fall + kappa * off - 0.5 * rho * off * off

    now = point_at(hill, effect, start.coef, kappa)
    for _ in range(MOST_INNER):
        if now is None:
            return None
        pulled = kappa - rho * (now.effect.value - value)
        pull = now.score + pulled * now.effect.gradient
        step = _uphill(now, pull, pulled, rho)
        promised = float(pull @ step)
        if promised <= SETTLED:
            return now
        best, moved = height(now), None
        for halving in range(30):
            share = 0.5**halving
            found = point_at(hill, effect, now.coef + share * step, kappa)
            slack = 1e-13 * (1.0 + abs(best))
            if found is not None and height(found) >= best + 1e-4 * share * promised - slack:
                moved = found
                break
        if moved is None:
            return now
        now = moved
    return now


def _uphill(now: Point, pull: Floats, pulled: float, rho: float) -> Floats:
    """Return a step along which the augmented Lagrangian rises: Newton's, or without bending."""
    a = now.effect.gradient
    straight = now.information + rho * np.outer(a, a)
    return ascent(straight - pulled * now.effect.second, pull, straight)


def ascent(matrix: Floats, pull: Floats, instead: Floats | None = None) -> Floats:
    """Return a Newton step uphill.

    Where the curvature is not positive definite, that along its negative directions is turned
    round, in units that the curvature ``instead`` has on its diagonal.
    """
    diagonal = np.diagonal(matrix if instead is None else instead)
    units = 1.0 / np.sqrt(np.where(diagonal > 0.0, diagonal, 1.0))
    scaled = matrix * np.outer(units, units)
    if not np.isfinite(scaled).all():
        return np.full(len(pull), np.nan)
    try:
        lower = np.linalg.cholesky(scaled)
    except np.linalg.LinAlgError:
        values, vectors = np.linalg.eigh(scaled)
        sizes = np.maximum(np.abs(values), RIDGE * np.abs(values).max(initial=1.0))
        turned: Floats = units * (vectors @ ((vectors.T @ (units * pull)) / sizes))
        return turned
    inner: Floats = np.linalg.solve(lower.T, np.linalg.solve(lower, units * pull))
    return units * inner
