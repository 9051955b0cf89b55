"""Likelihood-ratio inference for coefficients without a finite estimate.

A coefficient that runs to infinity has no standard error, and its Wald test means nothing. The
likelihood ratio does: twice the distance of the supremum of the log-likelihood from the supremum
with the coefficient held at a value, as chi-square with one degree of freedom. The values that it
does not reject are an interval with one infinite end. Where the supremum is approached in both
directions the log-likelihood, concave in the coefficient, is the same for every value: the data say
nothing of it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from logit_inference.inference.distribution import chi_square_tail, critical_value
from logit_inference.inference.wald import Coefficients
from logit_inference.likelihood.conditional import numbers_of_choices
from logit_inference.rows.block import Floats
from logit_inference.solve.fit import Fit
from logit_inference.solve.held import held
from logit_inference.solve.recession import Recession

# Products in one evaluation for each coefficient, of which tests take about a dozen and limits some
# sixty: up to these, a quarter of a minute, limits and p-values are looked for.
MOST_FOR_LIMITS, MOST_FOR_TESTS = 5e9, 3e10
FARTHEST = 60  # steps on the way to an end of an interval
EXACT = 1e-10  # of an end, relative to itself or to a step
NEAR = 3e-6  # the same, of a Newton step that is the last: what it leaves is about its square
GROWTH = 8.0  # of the farthest that a step may go, while no bracket holds it


@dataclass(frozen=True)
class Limits:
    """Likelihood-ratio tests and intervals of the coefficients that run to infinity.

    Parameters
    ----------
    level : float
        Of the intervals.
    statistic, p_value : (p,) arrays
        Of the test that the coefficient is zero; NaN where the estimate is finite.
    conf_low, conf_high : (p,) arrays
    """

    level: float
    statistic: Floats
    p_value: Floats
    conf_low: Floats
    conf_high: Floats

    def unfound(self, ends: Floats) -> bool:
        """Say whether a test or limit is missing of a coefficient that goes to an end."""
        own = ends != 0
        found = (self.p_value, self.conf_low, self.conf_high)
        return any(bool(np.isnan(values[own]).any()) for values in found)

    def put_into(self, table: Coefficients, *, roots: bool = False) -> Coefficients:
        """Return a table with these tests and intervals in place of its own, where there are some.

        Statistics of the table stay missing where they are z or t; ``roots`` says that they are
        signed roots of likelihood ratios, which these have too.
        """
        own = ~np.isnan(self.p_value) | np.isinf(self.conf_low) | np.isinf(self.conf_high)
        statistic = table.statistic
        if roots:
            root = np.sign(np.nan_to_num(table.estimate)) * np.sqrt(self.statistic)
            statistic = np.where(own, root, statistic)
        return replace(
            table,
            statistic=statistic,
            p_value=np.where(own, self.p_value, table.p_value),
            conf_low=np.where(own, self.conf_low, table.conf_low),
            conf_high=np.where(own, self.conf_high, table.conf_high),
        )


def likelihood_limits(
    fit: Fit, supremum: float, recession: Recession, level: float, matrix: Floats | None = None
) -> Limits:
    """Return the tests and intervals of the coefficients that run to infinity.

    Parameters
    ----------
    fit : Fit
        Of the model that was asked for.
    supremum : float
        Of its log-likelihood, without the binomial constant.
    recession : Recession
        Of its p columns: where each coefficient goes.
    level : float
    matrix : (k, p) array, optional
        Combinations of coefficients to ask about, in place of each coefficient by itself.

    Returns
    -------
    Limits
        An end that was not found, or would take many minutes to find, is NaN.

    Notes
    -----
    About a dozen fits with one column less for each coefficient that goes one way.
    """
    known = matrix is None or recession.facets is not None  # that NaN means both ways
    if matrix is None:
        ends, matrix = recession.ends, np.eye(len(recession.ends))
    else:
        sides = recession.sides(matrix)
        ends = np.where(sides == 0, 0.0, np.copysign(math.inf, sides))
        ends[np.isnan(sides)] = np.nan
    found = np.full((4, len(matrix)), np.nan)
    # Columns of codes cost little for each row, but the systems that they make are solved.
    q = len(fit.basis.kept)
    wide = q if fit.solved.layout is None else min(q, 20)
    work = (float(fit.solved.n_rows) * wide**2 + q**3 / 3.0) * int(np.isinf(ends).sum())
    if not fit.likelihood.has_independent_rows:  # each row of a set takes as many times the work
        work *= float(fit.solved.fold(numbers_of_choices).values[0]) / fit.solved.n_rows
    for j, end in enumerate(ends.tolist()):
        if math.isnan(end) and known:
            found[:, j] = 0.0, 1.0, -math.inf, math.inf
        elif math.isinf(end):
            found[:, j] = _one_sided(fit, supremum, recession, matrix[[j]], end, level, work)
    return Limits(level, *found)


def _one_sided(
    fit: Fit,
    supremum: float,
    recession: Recession,
    row: Floats,
    end: float,
    level: float,
    work: float,
) -> tuple[float, float, float, float]:
    """Return statistic, p-value and interval of a combination (1, p) that goes one way."""
    interval = (math.nan, end) if end > 0 else (end, math.nan)
    if work > MOST_FOR_TESTS:
        return (math.nan, math.nan, *interval)
    profile = held(fit, recession, row)
    if profile is None:
        return (math.nan, math.nan, *interval)
    side = math.copysign(1.0, end)

    def ratio(steps: float) -> tuple[float, float]:
        """Return statistic and slope, with the combination so many steps from zero to its end."""
        value, gradient = profile.look(np.array([side * steps * profile.unit]))
        return 2.0 * (supremum - value), -2.0 * side * profile.unit * float(gradient[0])

    at_zero = ratio(0.0)
    statistic = max(at_zero[0], 0.0)
    if work <= MOST_FOR_LIMITS:
        bound = side * profile.unit * _root(ratio, critical_value(level, None) ** 2, at_zero)
        interval = (bound, end) if end > 0 else (end, bound)
    return (statistic, chi_square_tail(statistic, 1.0), *interval)


def _root(
    look: Callable[[float], tuple[float, float]], wanted: float, at_zero: tuple[float, float]
) -> float:
    """Return where a decreasing function takes a value; NaN where it cannot be evaluated.

    Newton's method on the logarithm: far out that is a straight line where rows tie the coefficient
    down, since tails of the likelihood are exponential, and one in the logarithm of the place where
    all coefficients grow with it, so that the statistic falls as its inverse. It is kept inside a
    bracket once there is one, and from going too far before.

    Parameters
    ----------
    look : callable
        Returns value and slope.
    wanted : float
        Positive.
    at_zero : pair of floats
        Value and slope at zero.
    """
    at, (value, slope) = 0.0, at_zero
    low, high, farthest = -math.inf, math.inf, 1.0
    for _ in range(FARTHEST):
        if math.isnan(value):
            return math.nan
        if value > wanted:
            low = at
        else:
            high = at
        step = math.nan
        if value > 0.0 and slope < 0.0:
            step = -value * math.log(value / wanted) / slope
        onward = at + math.copysign(farthest, 1.0 if value > wanted else -1.0)
        if math.isfinite(step):
            if abs(step) <= NEAR * max(1.0, abs(at)):  # the next error is about its square
                return at + step
            if at > 0.0 and step > 0.0 and math.isinf(high):
                step = at * math.expm1(min(step / at, math.log(GROWTH)))
                farthest = max(farthest, step)
            if abs(step) <= farthest:
                onward = at + step
        farthest *= GROWTH
        if not low < onward < high:
            onward = 0.5 * (low + high)
            if high - low <= EXACT * max(1.0, abs(at)):
                return onward
        at = onward
        value, slope = look(at)
    return math.nan
