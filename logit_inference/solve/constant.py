"""Whether the intercept-only model lies inside the fitted one.

Only then is a likelihood-ratio test against it a test, and one coefficient that of the constant.
Where nobody has said so before, it is asked whether a column of ones is a combination of the
columns of the fit.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.linalg.lapack import dgeqrf

from logit_inference.likelihood.evaluation import Total
from logit_inference.likelihood.likelihood import Likelihood
from logit_inference.rows.block import Block, Floats
from logit_inference.rows.product import Columns, dense, gram_for, times, transposed_times
from logit_inference.rows.source import Source
from logit_inference.rows.threads import blas_pinned
from logit_inference.solve.factor import factorize
from logit_inference.solve.root import SUMMED_IS_ENOUGH
from logit_inference.solve.triangle import Triangle

if TYPE_CHECKING:
    from logit_inference.solve.fit import Fit

# Of the length of a column of ones: above the first nothing is rounding, below the second all is.
CLEAR, SAME = 1e-3, 1e-11
# The rounding of the terms that cancel in a combination.
CANCELLED = 256 * np.finfo(float).eps
# Rows for each column that are looked at first, of a table of many rows.
FEW_ROWS, MANY_ROWS = 4, 10_000
SPANNED = 1e-8  # of the squares of a column of ones: what is left of it is rounding
QR_WORK = 32  # numbers for each column that LAPACK may use


def spans_constant(fit: Fit) -> bool:
    """Return whether a column of ones is a combination of the columns, over the rows that count.

    Notes
    -----
    What no combination does on some of the rows, none does on all: most designs without a constant
    are known by a few rows. The others cost one QR fold. Where columns are coded, or so many that a
    factor of some rows takes longer, it is two to four passes at the price of a score.
    """
    with blas_pinned(fit.solved.n_rows, fit.solved.n_columns):
        if fit.solved.layout is not None or _is_wide(fit):
            return _spans_by_steps(fit)
        return _spans_by_triangle(fit)


def _spans_by_triangle(fit: Fit) -> bool:
    """Return the same from the triangular factor of columns and a column of ones after them."""
    enough = CLEAR * math.sqrt(fit.solved.n_rows)
    if _left_on_some(fit.solved) > enough:
        return False
    upper = fit.solved.fold(_ones_last).upper
    p = fit.solved.n_columns
    left = abs(float(upper[p, p])) if len(upper) > p else 0.0
    if left > enough:
        return False
    kept, ones = upper[:, list(fit.basis.kept)], upper[:, p]
    kept = kept / np.linalg.norm(kept, axis=0)
    terms: Floats = np.linalg.lstsq(kept, ones, rcond=None)[0]
    gap = float(np.linalg.norm(ones - kept @ terms))
    return gap <= max(SAME * float(np.linalg.norm(ones)), CANCELLED * float(np.abs(terms).sum()))


def as_constant(source: Source) -> Floats:
    """Return coefficients (p,) with which the columns add up to one in every row; zero if none do.

    Indicators of all levels of a factor do. Where offsets are large a search that starts elsewhere
    than at the null model finds no information to go by.
    """
    found = source.fold_runs(_moments)
    products = np.triu(found.upper)
    products += np.triu(products, 1).T
    factor = factorize(products)
    if factor is not None and factor.condition_within(SUMMED_IS_ENOUGH):
        coef = factor.solve(found.sums)
    else:
        scale = np.sqrt(np.maximum(products.diagonal(), np.finfo(float).tiny))
        scaled = products / np.outer(scale, scale)
        coef = np.linalg.lstsq(scaled, found.sums / scale, rcond=1e-10)[0] / scale
    left = found.n_rows - 2.0 * coef @ found.sums + coef @ products @ coef
    return coef if left <= SPANNED * found.n_rows else np.zeros(len(coef))


@dataclass(frozen=True, slots=True)
class _Moments:
    """Of rows that count: upper triangle of the products of columns, their sums, the number."""

    upper: Floats
    sums: Floats
    n_rows: int

    def __add__(self, other: _Moments) -> _Moments:
        return _Moments(
            self.upper + other.upper, self.sums + other.sums, self.n_rows + other.n_rows
        )


def _moments(run: Iterable[Block]) -> _Moments:
    blocks = iter(run)
    first = next(blocks)
    gram, n_rows = gram_for(first.X), 0
    for block in chain((first,), blocks):
        counts = block.counts
        ones = np.ones(block.n_rows) if counts is None else counts.astype(np.float64)
        gram.add(block.X, ones, ones)
        n_rows += int(ones.sum())
    return _Moments(gram.upper(), gram.sums(), n_rows)


def _left_on_some(source: Source) -> float:
    """Return what the columns leave of a column of ones on some of the rows; 0 if all are few."""
    n, p = source.n_rows, source.n_columns
    some = max(FEW_ROWS * (p + 1), n // MANY_ROWS)
    if n < 4 * some:
        return 0.0
    block = source.only_block
    if block is None:
        upper = source.sample(n // some, None).fold(_ones_last).upper
    else:
        every = slice(None, None, n // some)
        upper = _reflected(block.X[every], None if block.counts is None else block.counts[every])
    return abs(float(upper[p, p])) if len(upper) > p else 0.0


def _ones_last(block: Block) -> Triangle:
    """Return the triangular factor of the columns and, after them, a column of ones."""
    return Triangle(np.triu(_reflected(block.X, block.counts)))


def _reflected(X: Columns, counts: NDArray[np.bool_] | None) -> Floats:
    """Return that factor as LAPACK leaves it, with reflectors below its diagonal."""
    rows = dense(X) if counts is None else dense(X)[counts]
    n, p = rows.shape
    columns = np.ones((n, p + 1), order="F")
    columns[:, :p] = rows
    reflected: Floats = dgeqrf(columns, lwork=QR_WORK * (p + 1), overwrite_a=1)[0]
    return reflected[: p + 1]


def _is_wide(fit: Fit) -> bool:
    """Say whether columns are many for their rows, and their information good to work with."""
    rows, factor = fit.solved, fit.solution.factor
    if rows.n_columns**2 <= rows.n_rows or factor is None or not fit.solution.outcome.converged:
        return False
    return factor.condition_within(SUMMED_IS_ENOUGH)


def _spans_by_steps(fit: Fit) -> bool:
    """Return the same by least squares in the metric of the information.

    A combination that is one in all rows is found in any metric, and that of the last evaluation
    has been factorized. Rounding is what a further step takes away.
    """
    factor, rows = fit.solution.factor, fit.solved_rows
    if factor is None:
        return False
    combination = np.zeros(rows.n_columns)
    for limit in (math.inf, CLEAR, CLEAR, SAME):
        found = rows.fold(_shortfall, fit.likelihood, fit.solution.coef, combination).values
        *score, squares, n = found.tolist()
        if squares > limit**2 * n:
            return False
        combination = combination + factor.solve(np.array(score))
    return True


def _shortfall(block: Block, likelihood: Likelihood, coef: Floats, combination: Floats) -> Total:
    """Return ``X'W gap``, ``gap'gap`` and the number of rows, with gap what one exceeds X b by."""
    gap = 1.0 - times(block.X, combination)
    counts = block.counts
    if counts is not None:
        gap *= counts
    weighted = transposed_times(block.X, likelihood.working_weights(block, coef) * gap)
    n = block.n_rows if counts is None else np.count_nonzero(counts)
    return Total(np.array([*weighted, gap @ gap, n]))
