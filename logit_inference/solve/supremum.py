"""Suprema of a log-likelihood under linear restrictions, where the data are separated.

With restrictions the data may be separated still, by what of the recession cone satisfies them, or
no longer. Either way the rows that this part of the cone separates add nothing to the supremum,
which is the maximum over the others; and there the score and the information of a larger model are
what its score test is made of. Where the data are not separated no restriction separates them, and
nothing here is needed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from logit_inference.likelihood.evaluation import Total
from logit_inference.likelihood.likelihood import Likelihood
from logit_inference.likelihood.objective import objective
from logit_inference.rows.basis import Basis, in_basis
from logit_inference.rows.block import Block, Floats
from logit_inference.rows.product import square_sums, times
from logit_inference.rows.source import Source
from logit_inference.rows.threads import blas_pinned
from logit_inference.rows.variant import row_offset, row_weights, variant
from logit_inference.solve.contrasts import separable_rows
from logit_inference.solve.factor import factorize
from logit_inference.solve.fit import Fit
from logit_inference.solve.held import REACHED
from logit_inference.solve.integers import coprime_columns, integer_rows, null_space
from logit_inference.solve.rank import find_rank
from logit_inference.solve.recession import Recession
from logit_inference.solve.root import information_root
from logit_inference.solve.search import Search, find_maximum


@dataclass(frozen=True)
class Supremum:
    """The supremum of a log-likelihood under restrictions, and where it is.

    Parameters
    ----------
    value : float
        Without the binomial constant.
    weights : (n,) array
        Of the rows; zero for those that are separated.
    link : (n,) array
        Linear predictors of the others, offset included.
    rank : int
        Coefficients that the others can tell apart under the restrictions.
    silent : (d, p) array
        Directions along which the restricted model separates rows: the others do not notice them.
    """

    value: float
    weights: Floats
    link: Floats
    rank: int
    silent: Floats


def supremum(
    fit: Fit, recession: Recession, matrix: Floats, value: Floats, *, limit: int = 100
) -> Supremum | None:
    """Return the supremum of the log-likelihood where ``matrix @ coef = value``.

    Parameters
    ----------
    fit : Fit
        Of the model that was asked for, on separated data.
    recession : Recession
        Of its p columns.
    matrix : (k, p) array
        Of full row rank, in columns that the fit could tell apart.
    value : (k,) array
    limit : int
        Largest number of iterations.

    Returns
    -------
    Supremum or None
        None where it was not decided what separates the rows, or the search did not end.

    Notes
    -----
    The passes of a fit, and those that find out what is separated.
    """
    if recession.separated is not None:  # the span is not known exactly
        return None
    kept = list(fit.basis.kept)
    span = np.array(recession.whole_span, dtype=object).reshape(-1, recession.n_directions)
    null, _ = null_space(integer_rows(matrix) @ span)
    asked = in_basis(fit.source, Basis(fit.source.n_columns, fit.basis.kept))
    within = coprime_columns(span @ null)[kept]
    left = separable_rows(fit.likelihood, asked, within, held=True)
    if left is None:
        return None
    separated, directions = left
    weights = np.where(separated, 0.0, fit.source.map(row_weights))
    origin = np.zeros(fit.source.n_columns)
    origin[kept] = np.linalg.lstsq(matrix[:, kept], value, rcond=None)[0]
    offset = fit.source.map(row_offset) + fit.source.map(_times, origin)
    shifted = variant(fit.source, weights=weights, offset=offset)
    # What the rows left do not notice is left out: its products with them would be rounding only.
    silent = np.zeros((directions.shape[1], fit.source.n_columns))
    silent[:, kept] = directions.T
    rows = subspace(shifted, fit.basis.kept, np.vstack([matrix, silent]))
    with np.errstate(all="ignore"), blas_pinned(fit.source.n_rows, fit.source.n_columns):
        if not rows.n_columns:
            at = rows.fold_runs(fit.likelihood.slope, np.zeros(0))
            return Supremum(at.log_likelihood, weights, offset, 0, silent)
        search = Search(fit.likelihood, np.zeros(rows.n_columns), 1e-9, limit)
        rank, solution = find_maximum(rows, search, fit.tally, None)
    if not solution.decrement <= REACHED:
        return None
    link = in_basis(rows, rank.basis).map(fit.likelihood.linear_predictor, solution.coef)
    reached = solution.evaluation.log_likelihood
    return Supremum(reached, weights, link, len(rank.basis.kept), silent)


def subspace(source: Source, kept: tuple[int, ...], matrix: Floats) -> Source:
    """Return the rows in coordinates of ``{coef: matrix @ coef = 0}``, in columns ``kept`` only.

    Restrictions of single coefficients leave columns out; others turn the basis.
    """
    p, k = source.n_columns, len(matrix)
    if not k:
        return in_basis(source, Basis(p, kept))
    if (np.count_nonzero(matrix, axis=1) == 1).all():
        gone = set(np.flatnonzero(matrix.any(axis=0)).tolist())
        return in_basis(source, Basis(p, tuple(j for j in kept if j not in gone)))
    sizes = np.sqrt(source.fold(_squares).values)[list(kept)]
    units = 1.0 / np.where(sizes > 0, sizes, 1.0)
    turned = np.linalg.qr((matrix[:, list(kept)] * units).T, mode="complete")[0]
    whole = units[:, np.newaxis] * np.hstack([turned[:, k:], turned[:, :k]])
    q = len(kept)
    return in_basis(
        in_basis(source, Basis(p, kept, np.ascontiguousarray(whole))),
        Basis(q, tuple(range(q - k))),
    )


def score_at(rows: Source, likelihood: Likelihood, link: Floats) -> tuple[float, int]:
    """Return ``u' I⁻¹ u`` of a model at given linear predictors, and its rank.

    Parameters
    ----------
    rows : Source
        In the columns of the model. The weights say which rows count.
    likelihood : Likelihood
    link : (n,) array
        Linear predictors, offset included.

    Notes
    -----
    Two passes or three, one QR fold more where columns are ill-conditioned.
    """
    there, zero = variant(rows, offset=link), np.zeros(rows.n_columns)
    at = objective(there, likelihood)(zero)
    if not at.upper.diagonal().any():  # every row that says something of the model is separated
        return 0.0, 0
    rank = find_rank(there, at, within=likelihood.within)
    if not rank.basis.is_identity:
        there = in_basis(there, rank.basis)
        zero = np.zeros(there.n_columns)
        at = objective(there, likelihood)(zero)
    root = information_root(there, likelihood, zero, at.upper, factorize(at.upper))
    standardized = root.T @ at.score
    return float(standardized @ standardized), len(rank.basis.kept)


def _times(block: Block, coef: Floats) -> Floats:
    return times(block.X, coef)


def _squares(block: Block) -> Total:
    return Total(square_sums(block.X))
