"""Separated classes: the limiting model of the rows and classes that are left.

A direction with coefficients ``d_k`` of each class separates where ``x'(d_o − d_k) >= 0`` for all
rows x of class o and all other classes k, and is positive somewhere: the log-likelihood rises along
it for ever. These directions are the cone that `solve.polytomous_cone` finds.

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
from logit_inference.rows.block import Floats
from logit_inference.rows.source import ArraySource, Source
from logit_inference.rows.variant import variant
from logit_inference.solve.criterion import restrict
from logit_inference.solve.factor import Factor
from logit_inference.solve.newton import newton
from logit_inference.solve.polytomous import (
    SoftmaxFit,
    SoftmaxSearch,
    contrast_reach,
    softmax_objective,
)
from logit_inference.solve.recession import Recession
from logit_inference.solve.solution import Outcome, Solution

Mask = NDArray[np.bool_]


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
    solution = replace(solution, n_trials=fit.solution.n_trials)
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
