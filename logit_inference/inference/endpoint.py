"""One end of a profile interval by a joint Newton search (Venzon and Moolgavkar 1988).

An end is a point where the score of the other coefficients is zero and twice the fall of what was
maximised is the quantile. Both are solved for at once, so that each step costs one evaluation and
no coefficient is refitted on the way. With information I, score g and the row r of the quantity
``r'b`` at a point, ``n = I⁻¹ g``, ``h = I⁻¹ r`` and ``ρ = r'h``:

* with ``r'b`` held, Newton's step is ``s = n − h r'n/ρ``; it gains half of ``λ² = g's``;
* the profile there is ``f + λ²/2``, its slope ``r'n/ρ`` and its second derivative ``−1/ρ``;
* the profile's path leads along ``h/ρ``.

The next value of ``r'b`` comes from the signed root of twice the fall, which is linear where the
likelihood is normal, by its first two derivatives; the start is the end of the quadratic
approximation.

Of a concave objective a point with these two properties is the only one on its side, so that a
search that reaches one is right wherever it came from. What it may return is verified at the last
evaluation: `FALL` and `OTHERS`. A point that is too far for the quadratic model (`LONGEST`), or
from which the error has doubled, is given up for one halfway; a search that has not arrived after
`MOST_EVALUATIONS` returns nothing, and ``profile`` then brackets the end and refits.

Firth's criterion of few rows is not concave everywhere, and a restricted maximum may be one of
several. There the search stands only where it was never in doubt: where the exact curvature was
positive definite at each of its points, these were few (`FEW`), and the profile does not level off
(`FLAT`), as it does on the way to another maximum.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from logit_inference.likelihood.evaluation import Evaluation, Slope
from logit_inference.rows.block import Floats
from logit_inference.solve.criterion import positive
from logit_inference.solve.factor import factorize
from logit_inference.solve.peak import Peak

# Of twice the fall, at the last evaluation, and the length of the score of the others there, in
# standard errors. One more step leaves the cube of the one and the square of the other: measured
# over 4,000 ends, twice the fall is then right to 3e-11. A step by information of another point
# leaves a share of them, so that these are smaller where it was a pass for the score.
FALL, OTHERS = 1e-5, 3e-4
FALL_OF_SCORES, OTHERS_OF_SCORES = 1e-6, 3e-5
MOST_EVALUATIONS = 30
# Of 13,000 ends in 2,400 simulated fits that were so found, one was not that of refits.
FLAT = 0.6  # slope of the root of the fall at an end, that at the peak being one
FEW = 5
LONGEST = 1.5  # length of the score of the others, from which a point is too far
LARGEST_RETURN = 0.75  # a step back is at most this share of it
FARTHER = 3.0  # a step away is at most as many times the distance from the estimate
NEAR = 0.5  # of an error, in standard errors, from which score-only steps may follow
SERVES = 0.2  # share of the error that a score-only step leaves, at most


@dataclass(frozen=True)
class End:
    """An end of a profile interval.

    Parameters
    ----------
    value : float
        Of the quantity.
    coef : (r,) array
        The coefficients there.
    n_evaluations : int
    """

    value: float
    coef: Floats
    n_evaluations: int


@dataclass(frozen=True)
class _Move:
    """What one evaluation says of the way to the end.

    ``others`` (r,) is the step with the quantity held, ``path`` (r,) how the coefficients follow
    the quantity, ``decrement`` λ, ``gap`` what twice the fall is too large by, ``ahead`` the
    distance of the quantity that is missing, ``error`` λ and what the root of the fall lacks,
    ``rise`` the slope of the root of the fall in the quantity.
    """

    others: Floats
    path: Floats
    decrement: float
    gap: float
    ahead: float
    error: float
    rise: float


def joint_end(
    peak: Peak, row: Floats, wanted: float, side: float, other: End | None = None
) -> End | None:
    """Return the end of the interval of ``row @ coef`` on one side; None where it is not reached.

    Parameters
    ----------
    peak : Peak
        Of an objective that is concave, or says that it may not be.
    row : (r,) array
    wanted : float
        Root of twice the fall at the end.
    side : {-1.0, 1.0}
    other : End, optional
        The end on the other side: how the profile bends there tells where to begin here.

    Notes
    -----
    Evaluations: two to four, more where the profile is far from a parabola. Where scores are
    cheaper, all but a few are passes for the score (of which two or three are enough for 100,000
    rows), along the information at the peak.
    """
    lean = row @ peak.root
    unit = float(np.linalg.norm(lean))
    axis = peak.root @ (lean / unit)
    first = side * wanted * axis
    if other is not None:
        first = _mirrored(peak, row, wanted, side, other)
    with np.errstate(over="ignore", invalid="ignore"):
        return _search(peak, row, wanted, side, first, unit)


def _search(
    peak: Peak, row: Floats, wanted: float, side: float, first: Floats, unit: float
) -> End | None:
    estimate, slope = float(row @ peak.coef), peak.slope
    coef, step, size = peak.coef, first, 1.0
    known = math.inf  # the error where the step begins
    for n in range(1, (FEW if peak.several else MOST_EVALUATIONS) + 1):
        point = coef + size * step
        distance = side * (float(row @ point) - estimate)
        now = peak.objective(point) if slope is None else slope(point)
        if peak.several and isinstance(now, Evaluation) and factorize(now.upper) is None:
            return None
        move = _move(peak, row, now, wanted, side, distance)
        if slope is not None and not _serves(move, known):
            slope, known = None, math.inf  # the same point again, with its own information
        elif move is None or move.decrement > LONGEST or move.error > 2.0 * known:
            size /= 2.0
        elif _arrived(move, slope is not None):
            if peak.several and move.rise * unit < FLAT:
                return None
            end = point + move.others + side * move.ahead * move.path
            return End(float(row @ end), end, n)
        else:
            ahead = min(max(move.ahead, -LARGEST_RETURN * distance), FARTHER * max(distance, unit))
            step = move.others + side * ahead * move.path
            coef, size, known = point, 1.0, move.error
    return None


def _mirrored(peak: Peak, row: Floats, wanted: float, side: float, other: End) -> Floats:
    """Return the way from the peak to where an end should be, given that on the other side.

    The signed root of twice the fall and the coefficients are taken for parabolas in the quantity:
    their slopes at the peak are known, and the other end tells how they bend.
    """
    lean = row @ peak.root
    unit = float(np.linalg.norm(lean))
    path = peak.root @ (lean / unit**2)
    back = other.value - float(row @ peak.coef)
    bend = (-side * wanted - back / unit) / back**2
    inner = 1.0 / unit**2 + 4.0 * side * bend * wanted
    if inner <= 0.0:
        return side * wanted * unit * path
    ahead = 2.0 * wanted / (1.0 / unit + math.sqrt(inner))
    if ahead > FARTHER * wanted * unit:
        return side * wanted * unit * path
    curved = (other.coef - peak.coef - back * path) / back**2
    return np.asarray(side * ahead * path + ahead**2 * curved)


def _serves(move: _Move | None, known: float) -> bool:
    """Say whether a score-only pass brought the search far enough."""
    if move is None:
        return False
    return _arrived(move, True) or move.error <= (SERVES * known if math.isfinite(known) else NEAR)


def _arrived(move: _Move, of_scores: bool) -> bool:
    """Say whether one more step ends the search."""
    if of_scores:
        return abs(move.gap) <= FALL_OF_SCORES and move.decrement <= OTHERS_OF_SCORES
    return abs(move.gap) <= FALL and move.decrement <= OTHERS


def _move(
    peak: Peak, row: Floats, now: Evaluation | Slope, wanted: float, side: float, distance: float
) -> _Move | None:
    """Return the next step; None where the point is no use."""
    if not (math.isfinite(now.log_likelihood) and np.isfinite(now.score).all() and distance > 0.0):
        return None
    if isinstance(now, Slope):
        newton, along = peak.root @ (now.score @ peak.root), peak.root @ (row @ peak.root)
    else:
        factor = factorize(positive(now).upper)
        if factor is None:
            return None
        newton, along = factor.solve(now.score), factor.solve(row)
    spread = float(row @ along)
    slope = float(row @ newton) / spread
    others = newton - slope * along
    decrement = math.sqrt(max(float(now.score @ others), 0.0))
    fall = 2.0 * (peak.value - now.log_likelihood) - decrement * decrement
    if not (spread > 0.0 and fall > 0.0 and side * slope < 0.0):
        return None
    root = math.sqrt(fall)
    rise = -side * slope / root
    missing = wanted - root
    # The smaller root of rise·a + bend·a²/2 = missing, where it has one.
    bend = (1.0 / spread - rise * rise) / root
    inner = rise * rise + 2.0 * bend * missing
    ahead = 2.0 * missing / (rise + math.sqrt(inner)) if inner > 0.0 else missing / rise
    gap = fall - wanted * wanted
    return _Move(others, along / spread, decrement, gap, ahead, decrement + abs(missing), rise)
