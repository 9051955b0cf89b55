"""Suprema of the log-likelihood with combinations of coefficients held at values.

What the data say of a coefficient that runs to infinity is told by the supremum with that
coefficient held at a value, which may itself be reached in a limit only.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

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
from logit_inference.solve.margins import count_rows, present_columns
from logit_inference.solve.recession import Recession, span_with
from logit_inference.solve.search import Search, find_maximum

MOST_STOPS = 40  # on the way to a value too far from those known
CLOSE = 1e-6  # of the decrement at which a search ends that is after the log-likelihood
MOST_COPIED = 5e6  # elements of columns that are written out: 40 MB
REACHED = 1e-4  # of the decrement: the log-likelihood is then within its square of its supremum


@dataclass(frozen=True)
class _Parts:
    """What does not depend on the values at which k combinations of q coefficients are held.

    The combinations are solved for k *pivots*; the columns of the *others* lose their part in them.

    Parameters
    ----------
    fit : Fit
    weights, offset : (n,) arrays
        Of the rows; weight zero where the others separate them.
    pivots, others : k and q − k numbers of coefficients
    solved : (k, k) array
        From values held to the part of the pivots that they tell.
    shift : (n, k) array
        From values held to linear predictors.
    change : (q, q) array
        From the others, beside what the values tell of the pivots, to all coefficients.
    rank : int
        Dimension of the cone that leaves the combinations alone.
    free : tuple of int
        The others that are not zero in the rows left.
    """

    fit: Fit
    weights: Floats
    offset: Floats
    pivots: list[int]
    others: tuple[int, ...]
    solved: Floats
    shift: Floats
    change: Floats
    rank: int
    free: tuple[int, ...]

    @property
    def plain(self) -> bool:
        """Whether the others keep their columns as they are."""
        return not self.change[np.ix_(self.pivots, self.others)].any()

    @property
    def complete(self) -> bool:
        """Whether the rest separates all rows, so that nothing is left to fit."""
        return self.rank == len(self.others)


class Held:
    """The supremum of a log-likelihood as a function of k combinations of coefficients.

    Parameters
    ----------
    parts : _Parts
    unit : float
        A step of the first combination that changes linear predictors by about one.
    limit : int
        Largest number of iterations of each fit.
    """

    def __init__(self, parts: _Parts, unit: float, limit: int) -> None:
        self.unit = unit
        self._parts, self._limit = parts, limit
        self._path: dict[tuple[float, ...], Floats] = {}  # coefficients that are free, by values
        self._copies: dict[tuple[int, ...], Source] = {}
        self._free = parts.free  # what the rows left can tell apart, once that is known

    def value(self, at: Floats) -> float:
        """Return the supremum with the combinations at these values; NaN if it was not found."""
        return self.look(at)[0]

    def look(self, at: Floats) -> tuple[float, Floats]:
        """Return the supremum over the rest, without the binomial constant, and its gradient (k,).

        NaN if it was not found.
        """
        parts, fit = self._parts, self._parts.fit
        p, kept = fit.source.n_columns, fit.basis.kept
        with np.errstate(all="ignore"), blas_pinned(fit.solved.n_rows, p):
            if parts.complete:
                found, link = 0.0, parts.offset + parts.shift @ at
            else:
                found, link = self._led(at)
            if np.isnan(found):
                return math.nan, np.full(len(at), np.nan)
            # By the envelope theorem: how the log-likelihood of the rows changes with the offset.
            rows = in_basis(variant(fit.solved, weights=parts.weights, offset=link), Basis(p, kept))
            here = rows.fold_runs(fit.likelihood.slope, np.zeros(len(kept)))
            value = here.log_likelihood if parts.complete else found
            return float(value), parts.solved.T @ here.score[parts.pivots]

    def coef(self, at: Floats) -> Floats:
        """Return the coefficients (p,) at the supremum; NaN where they are not finite there."""
        parts = self._parts
        if tuple(at) not in self._path:
            self.look(at)
        inner = np.full(len(parts.change), np.nan)
        inner[parts.pivots] = parts.solved @ at
        if tuple(at) in self._path:
            inner[list(self._free)] = self._path[tuple(at)]
        lost = np.isnan(inner)
        own = parts.change @ np.where(lost, 0.0, inner)
        own[(parts.change[:, lost] != 0).any(axis=1)] = np.nan
        whole = np.full(parts.fit.source.n_columns, np.nan)
        whole[list(parts.fit.basis.kept)] = own
        return whole

    def _led(self, at: Floats) -> tuple[float, Floats]:
        """Return the supremum and where it is; in stages where it is too far from those known."""
        (found, link), stops = self._reached(at), MOST_STOPS
        while np.isnan(found) and self._path and stops:
            near = np.array(min(self._path, key=lambda known: _apart(known, at)))
            stop, stops = near + (at - near) / 4, stops - 1
            if np.isnan(self._reached(stop)[0]):
                break
            found, link = self._reached(at)
        return found, link

    def _reached(self, at: Floats) -> tuple[float, Floats]:
        """Return the supremum and where it is.

        From a start on the way there, from zero, or from where the search ran to infinity.
        """
        rows, fit = self._inside(at), self._parts.fit
        gone = np.nan_to_num(fit.basis.coefficients(fit.solution.coef)[list(fit.basis.kept)])
        zero = np.zeros(len(self._free))
        for first in (_predicted(self._path, at, len(zero)), zero, gone[list(self._free)]):
            search = Search(fit.likelihood, first, CLOSE, self._limit)
            found, solution = find_maximum(rows, search, fit.tally, None)
            if solution.decrement <= REACHED:
                left = found.basis.kept
                inside = in_basis(rows, found.basis)
                link = inside.map(fit.likelihood.linear_predictor, solution.coef)
                if len(left) < len(self._free):
                    self._path.clear()
                self._path[tuple(at)] = found.basis.coefficients(solution.coef)[list(left)]
                self._free = tuple(self._free[j] for j in left)
                return solution.evaluation.log_likelihood, link
        return math.nan, np.empty(0)

    def _inside(self, at: Floats) -> Source:
        """Return the rows in the columns that are free, with what is held in the offset."""
        parts, solved, kept = self._parts, self._parts.fit.solved, self._parts.fit.basis.kept
        offset = parts.offset + parts.shift @ at
        if not parts.plain:
            shifted = variant(solved, weights=parts.weights, offset=offset)
            turned = in_basis(shifted, Basis(solved.n_columns, kept, parts.change))
            return in_basis(turned, Basis(len(kept), self._free))
        if self._free not in self._copies:
            self._copies[self._free] = _some_columns(solved, tuple(kept[j] for j in self._free))
        return variant(self._copies[self._free], weights=parts.weights, offset=offset)


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
    asked, rows = in_basis(fit.solved, Basis(p, fit.basis.kept)), matrix[:, kept]
    sizes = np.sqrt(asked.fold(_squares).values / asked.fold(count_rows).n)
    pivots = _pivots(rows, sizes)
    others = tuple(j for j in range(q) if j not in pivots)
    solved: Any = np.linalg.solve(rows[:, pivots], np.eye(k))
    change = np.eye(q)
    change[np.ix_(pivots, others)] = -solved @ rows[:, others]
    shift = asked.map(_columns, pivots) @ solved
    parts = _Parts(fit, weights, offset, pivots, others, solved, shift, change, 0, others)
    unit = float(abs(rows[0, pivots[0]]) / sizes[pivots[0]])
    if not others:
        return Held(parts, unit, limit)
    within = span_with(recession, matrix)
    own = [kept[j] for j in others] if parts.plain else kept
    whole = in_basis(fit.solved, Basis(p, tuple(own)))
    left = separable_rows(fit.likelihood, whole, within[own], held=not parts.plain)
    if left is None:
        return None
    weights, rank, free = np.where(left[0], 0.0, weights), left[1].shape[1], others
    if parts.plain:  # columns of empty cells are zero in the rows that are left
        some = present_columns(variant(whole, weights=weights))
        free = tuple(j for j, there in zip(others, some, strict=True) if there)
    return Held(replace(parts, weights=weights, rank=rank, free=free), unit, limit)


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
