"""The profile of what was maximised, as a curve: a combination of coefficients, the rest refitted.

Points are refits, each from the one before; where the data are separated and the combination runs
to infinity they are suprema. This file must not know how a curve is printed or drawn.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from logit_inference.errors import ProfileError
from logit_inference.inference.profile import profile_interval, restricted_maximum
from logit_inference.inference.refit import top
from logit_inference.rows.block import Floats
from logit_inference.solve.held import Held
from logit_inference.solve.peak import Peak

BEYOND = 0.05  # of the way from the estimate to an end, that the curve goes on
NEARLY = 0.05  # of the root of twice the fall, where a curve that goes to its supremum stops
FAR = 64.0  # steps that change linear predictors by one, above which points are at equal ratios
MOST_DOUBLINGS = 60


@dataclass(frozen=True)
class Curve:
    """Points of a profile in the order of their values, m of them.

    Parameters
    ----------
    value : (m,) array
        Of the combination.
    fall : (m,) array
        Of what was maximised, below its maximum.
    root : (m,) array
        Signed root of twice the fall: negative below the estimate.
    coef : (m, r) array
        The coefficients there; NaN where they are not finite.
    """

    value: Floats
    fall: Floats
    root: Floats
    coef: Floats


def profile_curve(peak: Peak, row: Floats, level: float, points: int) -> Curve:
    """Return the profile of ``row @ coef`` from a little below to a little above its interval.

    Parameters
    ----------
    peak : Peak
    row : (r,) array
    level : float
        Of the interval that the curve spans.
    points : int
        Beside the estimate, half of them on each side.

    Raises
    ------
    ProfileError
        Where an end or a point is not found, or is higher than the estimate.

    Notes
    -----
    Two or three evaluations for each point, beside those for the ends.
    """
    estimate = float(row @ peak.coef)
    value, fall, root, coef = [estimate], [0.0], [0.0], [peak.coef]
    for end in profile_interval(peak, row, level):
        via, side = top(peak), math.copysign(1.0, end - estimate)
        farthest = estimate + (1.0 + BEYOND) * (end - estimate)
        for at in np.linspace(estimate, farthest, points // 2 + 1)[1:]:
            via = restricted_maximum(peak, row[np.newaxis], np.array([at]), via)
            value.append(float(at))
            fall.append(max(peak.value - via.value, 0.0))
            root.append(side * math.sqrt(2.0 * fall[-1]))
            coef.append(via.coef)
    order = np.argsort(value)
    return Curve(
        np.array(value)[order], np.array(fall)[order], np.array(root)[order], np.array(coef)[order]
    )


def supremum_curve(profile: Held, supremum: float, end: float, side: float, points: int) -> Curve:
    """Return the profile of a combination that runs to infinity, from the end of its interval.

    Parameters
    ----------
    profile : Held
    supremum : float
        Of the log-likelihood, without the binomial constant.
    end : float
        The finite end of the interval.
    side : {-1.0, 1.0}
        Where it runs to.
    points : int

    Raises
    ------
    ProfileError
        Where a point is not found.
    """

    def fall(at: float) -> float:
        found = supremum - profile.value(np.array([at]))
        if math.isnan(found):
            raise ProfileError.not_found("a point of a profile")
        return max(found, 0.0)

    reach = profile.unit
    for _ in range(MOST_DOUBLINGS):
        if fall(end + side * reach) <= NEARLY**2 / 2.0:
            break
        reach *= 2.0
    if reach <= FAR * profile.unit:
        steps = np.linspace(-BEYOND * reach, reach, points + 1)
    else:  # rows are separated by a hair: the profile hardly falls for many orders of magnitude
        steps = np.append([-BEYOND, 0.0], np.geomspace(1.0, reach / profile.unit, points - 1))
        steps *= profile.unit
    value = np.sort(end + side * steps)
    falls, coef = np.empty(len(value)), list[Floats]()
    for place, at in enumerate(value.tolist()):
        falls[place] = fall(at)
        coef.append(profile.coef(np.array([at])))
    return Curve(value, falls, -side * np.sqrt(2.0 * falls), np.array(coef))
