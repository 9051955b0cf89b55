"""Median bias reduction: the zero of an adjusted score that is no gradient.

Newton's method needs a value that its steps raise; here the merit is the size of the adjusted score
in standard errors, and the curvature is the information, corrected by what the adjusted scores
themselves say along the steps (Broyden's rank-one formula).
"""

from __future__ import annotations

import math

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

SMALLEST_STEP = 2.0**-30
FINEST = 3e-10  # standard errors: a step from here is right to the last digits that are printed


def adjusted_score(
    rows: Source, likelihood: Likelihood, basis: Basis, coef: Floats, at: Evaluation, factor: Factor
) -> Floats:
    """Return the adjusted score of Kenne Pagui, Salvan and Sartori (2017) in the basis.

    ``u + ½ Σ h(1 − 2mu)x + I·f`` where, for each coefficient j of X with a the j-th row of I⁻¹ times
    x and v its variance, ``f_j = −⅓ Σ w(1 − 2mu)a³/v``.

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
    score: Floats = at.score + 0.5 * sums.score + at.information @ shift
    return score


def reduce_median_bias(rows: Source, search: Search, basis: Basis) -> Solution:
    """Return the zero of the adjusted score, or how far the search came.

    Parameters
    ----------
    rows : Source
        In ``basis``.
    search : Search
        Its start is in ``basis`` too.
    basis : Basis

    Notes
    -----
    Three passes for each evaluation.
    """
    likelihood = search.likelihood
    plain = objective(rows, likelihood)
    n_passes = 0
    outcome, steps = Outcome.ITERATION_LIMIT, []

    def look(coef: Floats) -> tuple[Evaluation, Factor, Floats] | None:
        nonlocal n_passes
        at = plain(coef)
        factor = factorize(at.upper)
        n_passes += 3
        if factor is None:
            return None
        return at, factor, adjusted_score(rows, likelihood, basis, coef, at, factor)

    coef = search.start
    seen = look(coef)
    if seen is None:
        at = plain(coef)
        nowhere = np.zeros_like(coef)
        return Solution(coef, at, Outcome.SINGULAR, (), n_passes, nowhere, math.inf, None)
    at, factor, score = seen
    correction = np.zeros((len(coef), len(coef)))
    for _ in range(search.max_iterations + 1):
        decrement = math.sqrt(float(score @ factor.solve(score)))
        direction = _direction(at, factor, correction, score)
        if decrement <= min(search.tolerance, FINEST):
            outcome = Outcome.CONVERGED
            break
        size, reached = 1.0, None
        while size >= SMALLEST_STEP:
            reached = look(coef + size * direction)
            if reached is not None:
                left = math.sqrt(float(reached[2] @ factor.solve(reached[2])))
                if left < (1.0 - 1e-4 * size) * decrement:
                    break
            reached, size = None, size / 2
            if size == 0.25 and correction.any():  # secants of far away mislead
                correction[...] = 0.0
                size, direction = 1.0, factor.solve(score)
        if reached is None:
            # What no step lowers at this size is the rounding of the score.
            outcome = Outcome.CONVERGED if decrement <= search.tolerance else Outcome.STALLED
            break
        steps.append(
            Step("newton" if size == 1.0 else "halved", at.log_likelihood, decrement, size)
        )
        move = size * direction
        coef = coef + move
        before = score
        at, factor, score = reached
        # Broyden: the curvature is to explain the fall of the adjusted score along the step.
        gap = (before - score) - (at.information + correction) @ move
        metric = at.information @ move
        correction = correction + np.outer(gap, metric) / float(move @ metric)
    # The last step is taken, as Newton's is; what is reported is evaluated there.
    if outcome.converged:
        coef = coef + direction
        at = plain(coef)
        latest = factorize(at.upper)
    else:
        latest = factor
    return Solution(coef, at, outcome, tuple(steps), n_passes, direction, decrement, latest)


def _direction(at: Evaluation, factor: Factor, correction: Floats, score: Floats) -> Floats:
    if not correction.any():
        return factor.solve(score)
    try:
        step: Floats = np.linalg.solve(at.information + correction, score)
    except np.linalg.LinAlgError:
        return factor.solve(score)
    return step
