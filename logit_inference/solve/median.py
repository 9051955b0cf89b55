"""Median bias reduction: the zero of an adjusted score that is no gradient.

Newton's method needs a value that its steps raise; here the merit is the size of the adjusted score
in standard errors, and the curvature is the information, corrected by what the adjusted scores
themselves say along the steps (Broyden's rank-one formula).
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from logit_inference.likelihood.bias import determinant_sums, median_sums
from logit_inference.likelihood.evaluation import Evaluation
from logit_inference.likelihood.likelihood import Likelihood
from logit_inference.likelihood.objective import objective
from logit_inference.rows.basis import Basis
from logit_inference.rows.block import Floats
from logit_inference.rows.source import Source
from logit_inference.solve.criterion import columns_of
from logit_inference.solve.factor import Factor, factorize
from logit_inference.solve.search import Search
from logit_inference.solve.solution import Outcome, Solution, Step

SHORTEST = 2.0**-6  # of a step, before a zero is held to be out of its reach
NEAR = 1e-3  # standard errors within which a zero is followed
SMALLEST_SHARE, SHARE_STEPS = 2.0**-7, 8
FARTHER = (1.0, 1.5, 0.7, 3.0, 5.0)  # times Firth's estimate, where no path leads to a zero
ASIDE, MOST_SIDES = 4.0, 8  # standard errors beside Firth's estimate, and along how many axes
SUFFICIENT = 1e-4  # share of the predicted fall that a step must bring
DIFFERENCE = 1e-4  # standard errors between points whose scores are compared
FINEST = 3e-10  # standard errors: a step from here is right to the last digits that are printed


def adjusted_score(
    rows: Source,
    likelihood: Likelihood,
    basis: Basis,
    coef: Floats,
    at: Evaluation,
    factor: Factor,
    share: float = 1.0,
) -> Floats:
    """Return the adjusted score of Kenne Pagui, Salvan and Sartori (2017) in the basis.

    ``u + ½ Σ h(1 − 2mu)x + I·f`` where, for each coefficient j of X, a is the j-th row of I⁻¹
    times x, v the variance of j, and ``f_j = −⅓ Σ w(1 − 2mu)a³/v``.
    With another ``share`` of f it leads from Firth's adjusted score (0) to this one (1).

    Notes
    -----
    Two passes, one of them the price of two. The adjustment belongs to the coefficients as they are
    spelled: unlike Firth's, it is another one for other contrasts.
    """
    root, columns = factor.inverse_root(), columns_of(basis)
    sums = rows.fold_runs(determinant_sums, likelihood, coef, root, False)
    outer = columns @ (root @ root.T)
    variances = np.square(columns @ root).sum(axis=1)
    third = rows.fold(median_sums, likelihood, coef, outer).values
    shift = np.linalg.solve(columns, -third / (3.0 * variances))
    score: Floats = at.score + 0.5 * sums.score + share * (at.information @ shift)
    return score


@dataclass(frozen=True)
class _Place:
    """What is known at some coefficients."""

    coef: Floats
    at: Evaluation
    factor: Factor
    score: Floats

    @property
    def size(self) -> float:
        """The size of the adjusted score in standard errors."""
        return self.measure(self.score)

    def measure(self, score: Floats) -> float:
        """Return the size of another score, in the standard errors of this place."""
        return math.sqrt(max(float(score @ self.factor.solve(score)), 0.0))


Look = Callable[[Floats], _Place | None]


def reduce_median_bias(
    rows: Source, search: Search, basis: Basis, asked: Floats | None = None
) -> Solution:
    """Return the zero of the adjusted score, or how far the search came.

    Parameters
    ----------
    rows : Source
        In ``basis``.
    search : Search
        Its start is Firth's estimate, in ``basis``.
    basis : Basis
    asked : (q,) array, optional
        Where the caller asked to start, in ``basis``: looked at where no path leads to a zero.

    Notes
    -----
    Four to ten evaluations of three passes each where the zero is near. Where it is not, it is
    followed from Firth's estimate on while what sets the two adjusted scores apart is added in
    shares, with derivatives by differences: hundreds of evaluations, on few rows. Where that path
    turns back, Powell's hybrid method looks for the zero from there, from beyond and from beside,
    and from where the caller asked to start.
    """
    likelihood = search.likelihood
    plain = objective(rows, likelihood)
    n_looks = 0

    def look(share: float, coef: Floats) -> _Place | None:
        """Return what is known at some coefficients; None where the information is singular."""
        nonlocal n_looks
        n_looks += 1
        at = plain(coef)
        factor = factorize(at.upper)
        if factor is None:
            return None
        score = adjusted_score(rows, likelihood, basis, coef, at, factor, share)
        return _Place(coef, at, factor, score) if np.isfinite(score).all() else None

    goal = min(search.tolerance, FINEST)
    found = _find_zero(partial(look, 1.0), search.start, goal, search.max_iterations, False)
    steps = found.steps
    share, step = 0.0, 0.5
    near = search.start
    while not found.size <= search.tolerance and step >= SMALLEST_SHARE:
        ahead = min(share + step, 1.0)
        last = ahead == 1.0
        tried = _find_zero(partial(look, ahead), near, goal if last else NEAR, SHARE_STEPS, True)
        steps += tried.steps
        if tried.size > (search.tolerance if last else NEAR):
            step /= 2.0
        elif last:
            found = tried
        else:
            share, near, step = ahead, tried.coef, 2.0 * step
    for begin in _farther(search.start, look(1.0, search.start), asked):
        if found.size <= search.tolerance:
            break
        begin = _leap(partial(look, 1.0), begin)
        tried = _find_zero(partial(look, 1.0), begin, goal, SHARE_STEPS, True)
        steps += tried.steps
        found = tried if tried.size <= search.tolerance else found
    n_passes = 3 * n_looks + 1
    at = plain(found.coef)
    outcome = Outcome.CONVERGED if found.size <= search.tolerance else Outcome.STALLED
    return Solution(
        found.coef,
        at,
        outcome,
        tuple(steps),
        n_passes,
        found.direction,
        found.size,
        factorize(at.upper),
    )


@dataclass(frozen=True)
class _Found:
    """Where a search for a zero ended: one step beyond the place of ``size``, if that is small."""

    coef: Floats
    size: float
    direction: Floats
    steps: list[Step]


def _find_zero(look: Look, start: Floats, goal: float, most: int, exact: bool) -> _Found:
    """Return where steps that lower the adjusted score lead from ``start``.

    Parameters
    ----------
    look : callable
    start : (q,) array
    goal : float
        Size of the adjusted score, in standard errors, at which the last step is due.
    most : int
        Number of steps.
    exact : bool
        Whether derivatives are taken by differences at each step; by secants otherwise.
    """
    here, steps = look(start), list[Step]()
    if here is None:
        return _Found(start, math.inf, np.zeros_like(start), steps)
    extra: Floats = np.zeros((len(start), len(start)))  # curvature beside the information
    while True:
        if exact:
            extra = _differences(look, here) - here.at.information
        direction = _direction(here, extra)
        if here.size <= goal or len(steps) == most:
            break
        size, there = _shorten(look, here, direction)
        if there is None:
            break
        kind = "newton" if size == 1.0 else "halved"
        steps.append(Step(kind, here.at.log_likelihood, here.size, size))
        # Broyden: the curvature is to explain the fall of the adjusted score along the step.
        move = there.coef - here.coef
        gap = here.score - there.score - (there.at.information + extra) @ move
        metric = there.at.information @ move
        extra = extra + gap[:, np.newaxis] * (metric / float(move @ metric))
        here = there
    ends = here.coef + direction if here.size <= goal else here.coef
    return _Found(ends, here.size, direction, steps)


def _farther(near: Floats, here: _Place | None, asked: Floats | None) -> Iterator[Floats]:
    """Yield places from which a zero is looked for that no path leads to."""
    yield from (size * near for size in FARTHER)
    if asked is not None:
        yield asked
    if here is not None:
        for axis in here.factor.inverse_root().T[:MOST_SIDES]:
            yield near + ASIDE * axis
            yield near - ASIDE * axis


def _leap(look: Look, start: Floats) -> Floats:
    """Return where Powell's hybrid method leads, whose steps need not lower the adjusted score."""
    from scipy.optimize import root

    here = look(start)
    if here is None:
        return start
    inverse = here.factor.inverse_root()

    def steps(inner: Floats) -> Floats:
        """Return the step that the information asks for, in standard errors at the start."""
        there = look(start + inverse @ inner)
        if there is None:
            return np.full(len(inner), np.nan)
        return np.asarray(here.factor.upper @ there.factor.solve(there.score))

    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # of steps out of bounds
        found: Any = root(steps, np.zeros(len(start)), method="hybr")
    end: Floats = start + inverse @ found.x
    return end if np.isfinite(end).all() else start


def _shorten(look: Look, here: _Place, direction: Floats) -> tuple[float, _Place | None]:
    """Return the first of ever shorter steps that lowers the adjusted score, and where it leads."""
    size = 1.0
    while size >= SHORTEST:
        there = look(here.coef + size * direction)
        if there is not None:
            left = here.measure(there.score)
            if left < (1.0 - SUFFICIENT * size) * here.size:
                return size, there
        size /= 2.0
    return size, None


def _direction(here: _Place, extra: Floats) -> Floats:
    if extra.any():
        try:
            step: Any = np.linalg.solve(here.at.information + extra, here.score)
            return np.asarray(step, dtype=np.float64)
        except np.linalg.LinAlgError:  # secants mislead
            return here.factor.solve(here.score)
    return here.factor.solve(here.score)


def _differences(look: Look, here: _Place) -> Floats:
    """Return minus the derivative of the adjusted score, along directions of unit length in I."""
    root = here.factor.inverse_root()
    falls = here.at.information @ root  # what stands where a difference cannot be taken
    for j, direction in enumerate(root.T):
        ahead = look(here.coef + DIFFERENCE * direction)
        behind = look(here.coef - DIFFERENCE * direction)
        if ahead is not None and behind is not None:
            falls[:, j] = (behind.score - ahead.score) / (2.0 * DIFFERENCE)
    slope: Floats = falls @ here.factor.upper
    return slope
