"""Suprema of the log-likelihood with combinations of coefficients held at values.

What the data say of a coefficient that runs to infinity is told by the supremum with that
coefficient held at a value, which may itself be reached in a limit only.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from logit_inference.likelihood.evaluation import Total
from logit_inference.rows.basis import Basis, in_basis
from logit_inference.rows.block import Block, Floats
from logit_inference.rows.product import dense, square_sums
from logit_inference.rows.source import ArraySource, Source
from logit_inference.rows.threads import blas_pinned
from logit_inference.rows.variant import row_offset, row_weights, variant
from logit_inference.solve.contrasts import separable_rows
from logit_inference.solve.fit import Fit
from logit_inference.solve.margins import count_rows
from logit_inference.solve.recession import Recession, span_with
from logit_inference.solve.search import Search, find_maximum

MOST_STOPS = 40  # on the way to a value too far from those known
CLOSE = 1e-6  # of the decrement at which a search ends that is after the log-likelihood
MOST_COPIED = 5e6  # elements of columns that are written out: 40 MB
REACHED = 1e-4  # of the decrement: the log-likelihood is then within its square of its supremum


@dataclass(frozen=True)
class Held:
    """The supremum of a log-likelihood as a function of k combinations of coefficients.

    Parameters
    ----------
    look : callable
        From values (k,) of the combinations to the supremum over the rest, without the binomial
        constant, and its gradient (k,); NaN where that was not found.
    unit : float
        A step of the first combination that changes linear predictors by about one.
    coef : callable
        From values (k,) to the coefficients (p,) at the supremum; NaN where they are not finite
        there.
    """

    look: Callable[[Floats], tuple[float, Floats]]
    unit: float
    coef: Callable[[Floats], Floats]

    def value(self, at: Floats) -> float:
        """Return the supremum with the combinations at these values; NaN if it was not found."""
        return self.look(at)[0]


def held(fit: Fit, recession: Recession, matrix: Floats, *, limit: int = 100) -> Held | None:
    """Return the supremum of the log-likelihood with combinations of coefficients held.

    Parameters
    ----------
    fit : Fit
        Of the model that was asked for.
    recession : Recession
        Of its p columns. With combinations held, the cone is what of it leaves them alone.
    matrix : (k, p) array
        The combinations, of full row rank in the columns that the fit could tell apart.
    limit : int
        Largest number of iterations of each fit.

    Returns
    -------
    Held or None
        None where it was not decided whether the rest separates rows.

    Notes
    -----
    Whether the rest separates rows does not depend on the values, and is found once; each value
    then takes the passes of a fit, less for the start at the one before.
    """
    if recession.separated is not None:
        return None
    p, kept = fit.source.n_columns, list(fit.basis.kept)
    q, k = len(kept), len(matrix)
    weights, offset = fit.solved.map(row_weights), fit.solved.map(row_offset)
    asked, rows, rank = in_basis(fit.solved, Basis(p, fit.basis.kept)), matrix[:, kept], 0
    sizes = np.sqrt(asked.fold(_squares).values / asked.fold(count_rows).n)
    pivots = _pivots(rows, sizes)
    others = tuple(j for j in range(q) if j not in pivots)
    # Of coefficients at the pivots, the part that the values tell; the others' columns lose theirs.
    solved = np.linalg.solve(rows[:, pivots], np.eye(k))
    shift = asked.map(_columns, pivots) @ solved
    change = np.eye(q)
    change[np.ix_(pivots, others)] = -solved @ rows[:, others]
    plain = not change[np.ix_(pivots, others)].any()
    within_reach = others
    if others:
        within = span_with(recession, matrix)
        own = [kept[j] for j in others] if plain else kept
        whole = in_basis(fit.solved, Basis(p, tuple(own)))
        left = separable_rows(fit.likelihood, whole, within[own], held=not plain)
        if left is None:
            return None
        weights, rank = np.where(left[0], 0.0, weights), left[1].shape[1]
        if plain:  # columns of empty cells are zero in the rows that are left
            some = variant(whole, weights=weights).fold(_squares).values > 0
            within_reach = tuple(j for j, there in zip(others, some, strict=True) if there)
    path: dict[tuple[float, ...], Floats] = {}  # coefficients of the others, for values held
    copies: dict[tuple[int, ...], Source] = {}
    free = [within_reach]  # those of them that the rows left can tell apart, once that is known

    def inside(at: Floats) -> Source:
        """Return the rows in the columns of the others, with what is held in the offset."""
        if plain and free[-1] not in copies:
            copies[free[-1]] = _some_columns(fit.solved, tuple(kept[j] for j in free[-1]))
        if plain:
            return variant(copies[free[-1]], weights=weights, offset=offset + shift @ at)
        shifted = variant(fit.solved, weights=weights, offset=offset + shift @ at)
        turned = in_basis(shifted, Basis(p, tuple(kept), change))
        return in_basis(turned, Basis(q, free[-1]))

    def reached(at: Floats) -> tuple[float, Floats]:
        """Return the supremum and where it is, from a start on the way there or zero."""
        rows = inside(at)
        for first in (_predicted(path, at, len(free[-1])), np.zeros(len(free[-1]))):
            search = Search(fit.likelihood, first, CLOSE, limit)
            found, solution = find_maximum(rows, search, fit.tally, None)
            if solution.decrement <= REACHED:
                left = found.basis.kept
                link = in_basis(rows, found.basis).map(
                    fit.likelihood.linear_predictor, solution.coef
                )
                if len(left) < len(free[-1]):
                    path.clear()
                path[tuple(at)] = found.basis.coefficients(solution.coef)[list(left)]
                free.append(tuple(free[-1][j] for j in left))
                return solution.evaluation.log_likelihood, link
        return math.nan, np.empty(0)

    def look(at: Floats) -> tuple[float, Floats]:
        """Return the supremum and its gradient in the values held; NaN if it was not found."""
        with np.errstate(all="ignore"), blas_pinned(fit.solved.n_rows, p):
            if rank == len(others):
                found, link = 0.0, offset + shift @ at
            else:
                (found, link), stops = reached(at), MOST_STOPS
                while np.isnan(found) and path and stops:
                    near = np.array(min(path, key=lambda known: _apart(known, at)))
                    stop, stops = near + (at - near) / 4, stops - 1
                    if np.isnan(reached(stop)[0]):
                        break
                    found, link = reached(at)
            if np.isnan(found):
                return math.nan, np.full(k, np.nan)
            # By the envelope theorem: how the log-likelihood of the rows changes with the offset.
            rows = in_basis(
                variant(fit.solved, weights=weights, offset=link), Basis(p, fit.basis.kept)
            )
            here = rows.fold_runs(fit.likelihood.slope, np.zeros(q))
            value = here.log_likelihood if rank == len(others) else found
            return float(value), solved.T @ here.score[pivots]

    def coefficients(at: Floats) -> Floats:
        """Return the coefficients at the supremum, NaN where they are not finite."""
        if tuple(at) not in path:
            look(at)
        inner = np.full(q, np.nan)
        inner[pivots] = solved @ at
        if tuple(at) in path:
            inner[list(free[-1])] = path[tuple(at)]
        lost = np.isnan(inner)
        own = change @ np.where(lost, 0.0, inner)
        own[(change[:, lost] != 0).any(axis=1)] = np.nan
        whole = np.full(p, np.nan)
        whole[kept] = own
        return whole

    unit = float(abs(rows[0, pivots[0]]) / sizes[pivots[0]])
    return Held(look, unit, coefficients)


def _some_columns(source: Source, columns: tuple[int, ...]) -> Source:
    """Return some columns of a source that is read many times; written out if they are small."""
    few = in_basis(source, Basis(source.n_columns, columns))
    small = source.n_rows * len(columns) <= MOST_COPIED
    if not (isinstance(source, ArraySource) and source.layout is None and small):
        return few
    X = few.map(_columns, list(range(len(columns))))
    return replace(source, data=source.data.with_columns(X), intercept=False)


def _pivots(rows: Floats, sizes: Floats) -> list[int]:
    """Return k columns by which combinations (k, q) can be solved, the best conditioned first."""
    from scipy.linalg import qr

    order = qr(rows / sizes, mode="r", pivoting=True)[1]
    return [int(j) for j in order[: len(rows)]]


def _squares(block: Block) -> Total:
    counts = block.counts
    return Total(square_sums(block.X, None if counts is None else counts.astype(np.float64)))


def _columns(block: Block, columns: list[int]) -> Floats:
    return dense(block.X[:, columns])


def _apart(known: tuple[float, ...], at: Floats) -> float:
    return float(np.linalg.norm(np.array(known) - at))


def _predicted(path: dict[tuple[float, ...], Floats], at: Floats, q: int) -> Floats:
    """Return a start: on the line through the two nearest points of the path that are known."""
    near = sorted(path, key=lambda known: _apart(known, at))[:2]
    if not near:
        return np.zeros(q)
    first = path[near[0]]
    if len(near) == 1:
        return first
    here, there = np.array(near[0]), np.array(near[1])
    share = float((at - here) @ (here - there) / ((here - there) @ (here - there)))
    return first + (first - path[near[1]]) * share
