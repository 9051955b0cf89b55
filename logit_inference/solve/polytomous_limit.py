"""Separated classes: the cone of directions, and the limiting model of the rows that are left.

A direction with coefficients ``d_k`` of each class separates where ``x'(d_o − d_k) >= 0`` for all
rows x of class o and all other classes k, and is positive somewhere: the log-likelihood rises along
it for ever. That is the recession cone of the contrasts (see `rows.contrasts`), found and verified
in integers by `solve.recession`.

In the limit a class k of which ``x'(d_o − d_k)`` is positive has no probability in that row. The
limiting model (Geyer 2009) is the same likelihood with such classes taken out row by row, which is
an offset of minus infinity. Coefficients that are constant along the cone have their estimates
there; of the others as many are held at zero as the cone has dimensions, in the basis of columns
that the fit had.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import qr

from logit_inference.likelihood.evaluation import Evaluation
from logit_inference.rows.basis import Basis, in_basis
from logit_inference.rows.block import Block, Floats
from logit_inference.rows.contrasts import ContrastSource
from logit_inference.rows.source import ArraySource, Source
from logit_inference.rows.variant import variant
from logit_inference.solve.criterion import restrict
from logit_inference.solve.factor import Factor
from logit_inference.solve.newton import newton
from logit_inference.solve.polytomous import (
    SoftmaxFit,
    SoftmaxSearch,
    contrast_reach,
    of_equations,
    softmax_objective,
)
from logit_inference.solve.recession import Recession, find_recession, separated_rows
from logit_inference.solve.solution import Outcome, Solution

Mask = NDArray[np.bool_]
CONTRASTS, FEWEST_ROWS = 1 << 20, 16  # elements of a block of contrasts; rows of it at least


@dataclass(frozen=True)
class ClassLimit:
    """The limiting model.

    Parameters
    ----------
    fit : SoftmaxFit
        Over rows from which classes without probability are taken out. Its coefficients, in the
        basis of the columns, are zero where they are held; its solution has no factor, and its last
        evaluation is one of the others.
    root : (q, r) array
        B with ``B B'`` the covariance of the coefficients; rows of those that are held are zero.
    """

    fit: SoftmaxFit
    root: Floats


def find_class_recession(fit: SoftmaxFit) -> tuple[Recession, Mask]:
    """Return the cone in all q coefficients, and which classes (n, K) of a row it takes out.

    Notes
    -----
    Decided exactly where the search is over at most 60 coefficients beside those that separate by
    themselves; undecided beyond.
    """
    k, basis = fit.n_classes - 1, Basis(fit.source.n_columns, fit.basis.kept)
    rows = ContrastSource(in_basis(_in_small_blocks(fit.solved, k), basis), fit.n_classes)
    kept = of_equations(basis, k).kept
    recession = find_recession(rows).spread(k * fit.source.n_columns, kept)
    out = np.zeros((fit.source.n_rows, fit.n_classes), dtype=bool)
    if recession.exists:
        whole = ContrastSource(_in_small_blocks(fit.source, k), fit.n_classes)
        separated = separated_rows(whole, recession).reshape(-1, k)
        codes = fit.source.map(_codes).astype(np.intp)[:, np.newaxis]
        others = np.arange(k) + (np.arange(k) >= codes)
        np.put_along_axis(out, others, separated, axis=1)
    return recession, out


def _in_small_blocks(source: Source, k: int) -> Source:
    """Return a source with blocks so small that their contrasts are no burden."""
    assert isinstance(source, ArraySource)
    most = max(CONTRASTS // (k * k * source.n_columns), FEWEST_ROWS)
    return replace(source, block_rows=min(source.block_rows or most, most))


def _codes(block: Block) -> Floats:
    return block.y


def limit_classes(
    fit: SoftmaxFit, recession: Recession, out: Mask, search: SoftmaxSearch
) -> ClassLimit:
    """Return the fit of the limiting model, in the basis of the columns that the fit had."""
    source = fit.source
    assert isinstance(source, ArraySource)
    known = source.data.offset
    offset = np.where(out, -np.inf, 0.0 if known is None else known)
    masked = variant(source, offset=offset)
    rows = in_basis(masked, fit.basis)
    whole, q = softmax_objective(rows), len(fit.solution.coef)
    span = _in_basis(recession.span, fit.basis, fit.n_classes - 1)
    _, _, order = qr((span / np.linalg.norm(span, axis=0)).T, mode="economic", pivoting=True)
    free = np.eye(q)[:, np.sort(order[recession.n_directions :])]
    if free.shape[1]:
        solution = newton(
            restrict(whole, np.zeros(q), free),
            np.zeros(free.shape[1]),
            partial(_curvature, rows, free),
            tolerance=search.tolerance,
            max_iterations=max(search.max_iterations, 50),
        )
        factor = solution.factor
        root = np.full((q, 1), np.nan) if factor is None else free @ factor.inverse_root()
        solution = replace(solution, coef=free @ solution.coef, factor=None)
    else:
        root, solution = np.zeros((q, 1)), _nothing_left(whole(np.zeros(q)), fit.solution)
    limit = replace(fit, source=masked, solved=masked, solution=solution)
    return ClassLimit(limit, np.ascontiguousarray(root))


def _in_basis(span: Floats, basis: Basis, k: int) -> Floats:
    """Return directions (k p, d) of the coefficients of k equations in a basis of their columns."""
    own = span.reshape(k, -1, span.shape[1])
    found = [
        [basis.inner(np.ascontiguousarray(part[:, d])) for part in own] for d in range(own.shape[2])
    ]
    turned: Floats = np.array(found).reshape(span.shape[1], -1).T
    return turned


def _nothing_left(now: Evaluation, before: Solution) -> Solution:
    """Return the solution of complete separation."""
    zero = np.zeros_like(now.score)
    return replace(
        before, coef=zero, evaluation=now, outcome=Outcome.CONVERGED, decrement=0.0, factor=None
    )


def _curvature(rows: Source, span: Floats, factor: Factor, coef: Floats, now: Evaluation) -> float:
    root = factor.inverse_root()
    length = float(np.linalg.norm(root.T @ now.score))
    return float(rows.fold(contrast_reach, span @ root).value * length)
