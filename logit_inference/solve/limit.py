"""The limiting conditional model, and suprema of the log-likelihood that no coefficients reach.

Along a direction in the interior of the recession cone the rows that it separates have their
outcome with a probability that tends to one, and the others do not notice. What is left is the
model of these others: its maximum is the supremum of the log-likelihood, and what is constant
along the cone has its ordinary estimate and standard error there.

References
----------
Geyer (2009), "Likelihood inference in exponential families and directions of recession",
*Electronic Journal of Statistics* 3, 259–289.
"""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from logit_inference.likelihood.evaluation import Evaluation
from logit_inference.rows.basis import Basis, in_basis
from logit_inference.rows.block import Block, Floats
from logit_inference.rows.product import times
from logit_inference.rows.source import Source
from logit_inference.rows.threads import blas_pinned
from logit_inference.rows.variant import row_offset, row_weights, variant
from logit_inference.solve.certificate import certify
from logit_inference.solve.fit import Fit
from logit_inference.solve.integers import (
    Integers,
    coprime_columns,
    integer_rows,
    null_space,
)
from logit_inference.solve.margins import count_rows, spread
from logit_inference.solve.rank import Rank, Relation
from logit_inference.solve.recession import (
    Recession,
)
from logit_inference.solve.search import Search, find_maximum
from logit_inference.solve.solution import Outcome, Solution

# Of a step of a linear predictor, and of a working weight beside the prior one: what is beyond is
# taken for separated, to be tried.
MOVED, VANISHED, MOST_ROUNDS = 0.3, 1e-11, 6
MOST_RELATED = 120  # columns whose relations are found in integers: seconds
SIMPLE = 1000  # largest denominator of a relation among columns that is tried first


def limit_fit(
    fit: Fit, recession: Recession, separated: NDArray[np.bool_], *, tolerance: float, limit: int
) -> Fit:
    """Return the fit of the limiting conditional model.

    Parameters
    ----------
    fit : Fit
        The search that did not end at a maximum.
    recession : Recession
        Of its rows, in the columns that it could tell apart.
    separated : (n,) array of bool
        The rows that the cone separates.
    tolerance, limit
        Largest decrement and number of iterations, as in `newton`.

    Returns
    -------
    Fit
        Over the same rows. Those that are separated have an infinite linear predictor (an infinite
        offset), weight zero where sums are solved over, and so add nothing to the log-likelihood.
        Columns that the other rows cannot tell apart are left out in formula order.

    Notes
    -----
    The passes of a fit.
    """
    p, kept = fit.source.n_columns, fit.basis.kept
    y = fit.source.map(_outcomes)
    offset = fit.source.map(row_offset)
    offset[separated] = np.where(y[separated] > 0, np.inf, -np.inf)
    weights = np.where(separated, 0.0, fit.source.map(row_weights))
    solved = variant(fit.source, weights=weights)
    with blas_pinned(fit.source.n_rows, p):
        cells = solved.distinct()
        solved = solved if cells is None else cells
        rank, solution = _maximum(
            in_basis(solved, Basis(p, kept)), fit, recession, tolerance, limit
        )
    relations = {kept[j]: _spread(relation, kept, p) for j, relation in rank.relations.items()}
    return replace(
        fit,
        source=variant(fit.source, offset=offset),
        solved=solved,
        basis=Basis(p, tuple(kept[j] for j in rank.basis.kept), rank.basis.matrix),
        solution=replace(
            solution,
            steps=fit.solution.steps + solution.steps,
            n_passes=fit.solution.n_passes + solution.n_passes,
            n_trials=fit.tally.trials,
        ),
        relations={**fit.relations, **relations},
    )


def _maximum(
    rows: Source, fit: Fit, recession: Recession, tolerance: float, limit: int
) -> tuple[Rank, Solution]:
    """Return basis and solution of rows of which those that are separated have no weight."""
    q = rows.n_columns
    if recession.n_directions == q:  # no combination of coefficients is left to estimate
        nothing = Basis(q, ())
        value = in_basis(rows, nothing).fold_runs(fit.likelihood.slope, np.zeros(0)).log_likelihood
        relations = {j: Relation(np.zeros(q), 1.0) for j in range(q)}
        at = Evaluation(value + 0.0, np.zeros(0), np.zeros((0, 0)), np.inf)
        empty = Solution(np.zeros(0), at, Outcome.CONVERGED, (), 1, np.zeros(0), 0.0, None)
        return Rank(nothing, relations, 0), empty
    # From zero, or where a large offset leaves no information there, from where the search ran to
    # infinity: the rows left do not notice how far.
    spent = 0.0
    told = np.nan_to_num(fit.basis.coefficients(fit.solution.coef)[list(fit.basis.kept)])
    for start in (np.zeros(q), told):
        search = Search(fit.likelihood, start, tolerance, limit)
        # The counts of all rows: those left may have one outcome only. They pace the search.
        rank, solution = find_maximum(rows, search, fit.tally, None)
        spent += solution.n_passes
        if solution.outcome.converged:
            break
    return rank, replace(solution, n_passes=spent)


def _spread(relation: Relation, kept: tuple[int, ...], p: int) -> Relation:
    """Return a relation among kept columns as one among all p columns."""
    weights = np.zeros(p)
    weights[list(kept)] = relation.weights
    return Relation(weights, relation.size)


def _outcomes(block: Block) -> Floats:
    return block.y


# --- wide designs ---------------------------------------------------------------------------------


def beside_overlap(fit: Fit, *, limit: int = 100) -> Integers | None:
    """Return a basis of a subspace that holds the recession cone, found from the fit.

    Integers of hundreds of columns grow too long for an exact search. But where some rows have a
    finite maximum of their own, with M·λ < 1 as a proof of it, no direction of the cone moves them:
    it lies in what is orthogonal to them, which has few dimensions as a rule.

    Parameters
    ----------
    fit : Fit
        A search whose last step moved the linear predictors of separated rows by about one, and of
        others by next to nothing.
    limit : int
        Largest number of iterations.

    Returns
    -------
    (q, r) array of int or None
        In the columns that the fit could tell apart; exactly orthogonal to these rows. None where
        no such rows were found.
    """
    p, kept = fit.source.n_columns, fit.basis.kept
    y, weights = fit.source.map(_outcomes), fit.source.map(row_weights)
    step = fit.rows.map(_times, fit.solution.direction) * np.where(y > 0, 1.0, -1.0)
    vanished = fit.map(fit.likelihood.working_weights) <= VANISHED * weights
    for _ in range(MOST_ROUNDS):
        weights = np.where((step > MOVED) | vanished, 0.0, weights)
        rows = in_basis(variant(fit.source, weights=weights), Basis(p, kept))
        if not weights.any():
            return None
        search = Search(fit.likelihood, np.zeros(len(kept)), 1e-8, limit)
        rank, solution = find_maximum(rows, search, fit.tally, None)
        inside, factor = in_basis(rows, rank.basis), solution.factor
        if solution.outcome.converged and factor is not None:
            moved = solution.decrement
            if certify(inside, fit.likelihood, solution.coef, factor, moved).exists:
                return _orthogonal(rows, rank)
        step = inside.map(_times, solution.direction) * np.where(y > 0, 1.0, -1.0)
        vanished = inside.map(fit.likelihood.working_weights, solution.coef) <= VANISHED * weights
    return None


def _orthogonal(rows: Source, rank: Rank) -> Integers | None:
    """Return a basis of what is orthogonal to rows, exactly; None where that was not found."""
    q, wanted = rows.n_columns, len(rank.relations)
    used = np.zeros(q, dtype=bool)
    simple = np.zeros((q, wanted), dtype=object)
    for k, (j, relation) in enumerate(rank.relations.items()):
        own = np.flatnonzero(relation.weights)
        values = relation.weights[own].tolist()
        parts = [Fraction(value).limit_denominator(SIMPLE) for value in values]
        common = math.lcm(*(part.denominator for part in parts))
        simple[own, k] = [-int(part * common) for part in parts]
        simple[j, k] += common
        used[own] = True
        used[j] = True
    if not rows.fold(count_rows, simple).n:
        return simple
    if used.sum() > MOST_RELATED:
        return None
    space = np.array(np.eye(q, dtype=int)[:, used], dtype=object)
    while space.shape[1] >= wanted:
        found = rows.fold(spread, space, 2 * len(space)).rows
        if not len(found):
            break
        null, _ = null_space(integer_rows(found) @ space)
        space = coprime_columns(space @ null)
    return space if space.shape[1] == wanted else None


def _times(block: Block, coef: Floats) -> Floats:
    return times(block.X, coef)
