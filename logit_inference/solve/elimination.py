"""The rank of columns that are codes, by elimination in their cross-product.

Five thousand indicators cannot be folded into a QR factor of the rows, but their cross-product
holds whole numbers and is exact. It cannot tell a column that nearly depends on earlier ones from
one that does. Where little of a column is left, a combination of indicators in whole numbers is
proved or refuted by arithmetic in whole numbers; of any other, what is left is measured in the
rows themselves, by folding the difference between the column and the combination.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.linalg.lapack import dtrtrs

from logit_inference.likelihood.evaluation import Total
from logit_inference.rows.block import Block, Floats
from logit_inference.rows.coded import Integers, Layout
from logit_inference.rows.product import gram_for, times, transposed_times
from logit_inference.rows.source import Source

PANEL = 128  # columns eliminated together: most of the work is then products of matrices
STRIP = 1024  # columns that are updated at a time
LARGEST_WHOLE = 2.0**53  # up to here doubles hold every whole number


@dataclass(frozen=True)
class Elimination:
    """What elimination in formula order found.

    Parameters
    ----------
    kept : list of int
        Columns that do not depend on earlier ones.
    relations : mapping of column to (p,) array
        The others, as combinations of those kept.
    lengths : (p,) array
        Roots of the sums of squares of the columns.
    n_passes : int
    """

    kept: list[int]
    relations: dict[int, Floats]
    lengths: Floats
    n_passes: int


@dataclass(frozen=True)
class Limits:
    """When a column depends on earlier ones.

    Parameters
    ----------
    suspect : float
        Share of a column's length above which what is left of it cannot be rounding.
    dependent : float
        Share of its length up to which a column depends on earlier ones.
    cancelled : float
        Share of the terms of its combination up to which what is left of it is rounding.
    negligible : float
        Share of the largest term up to which another is left out, if it is not missed.
    """

    suspect: float
    dependent: float
    cancelled: float
    negligible: float

    def allowed(self, combination: Floats, lengths: Floats, j: int) -> float:
        """Return how much a combination may leave of the length of a column that depends on it."""
        terms = float(np.abs(combination) @ lengths)
        return max(self.dependent * float(lengths[j]), self.cancelled * terms)

    def without_rounding(self, combination: Floats, lengths: Floats) -> tuple[Floats, Floats]:
        """Return a combination without terms that are rounding, and without those that may be."""
        terms = np.abs(combination) * lengths
        most = terms.max(initial=0.0)
        full: Floats = np.where(terms <= self.dependent * most, 0.0, combination)
        bare: Floats = np.where(terms <= self.negligible * most, 0.0, combination)
        return full, bare


def eliminate(source: Source, layout: Layout, upper: Floats, limits: Limits) -> Elimination:
    """Return the columns that are independent of earlier ones, and the relations of the others.

    Parameters
    ----------
    source : Source
    layout : Layout
        What its columns are made of.
    upper : (p, p) array
        Upper triangle of their cross-product, unweighted (see `cross_product`). It is overwritten.
    limits : Limits

    Notes
    -----
    p³/3 operations, in place. For every column of which less than ``limits.suspect`` of its length
    is left, and which is no combination of indicators, two passes for a score.
    """
    work = _Work.of(source, layout, upper, limits)
    for start in range(0, source.n_columns, PANEL):
        _eliminate_panel(work, start)
    return Elimination(work.kept, work.relations, work.lengths, work.n_passes)


@dataclass
class _Work:
    """Elimination in progress.

    Parameters
    ----------
    source : Source
    limits : Limits
    matrix : (p, p) array
        Below the diagonal the cross-product. In the rows of columns kept, from the diagonal on,
        the triangular factor; in rows of columns to come what the others leave of products.
    lengths : (p,) array
    whole : (p,) array of bool
        Columns of whole numbers, known to be such.
    kept : list of int
    relations : mapping of column to (p,) array
    n_passes : int
    """

    source: Source
    limits: Limits
    matrix: Floats
    lengths: Floats
    whole: NDArray[np.bool_]
    kept: list[int] = field(default_factory=list)
    relations: dict[int, Floats] = field(default_factory=dict)
    n_passes: int = 0

    @classmethod
    def of(cls, source: Source, layout: Layout, upper: Floats, limits: Limits) -> _Work:
        for start in range(0, len(upper), STRIP):
            own = slice(start, start + STRIP)
            upper[own, :start] = upper[:start, own].T
            upper[own, own] = np.triu(upper[own, own]) + np.triu(upper[own, own], 1).T
        return cls(source, limits, upper, np.sqrt(upper.diagonal()), _whole_columns(layout))


def _eliminate_panel(work: _Work, start: int) -> None:
    """Eliminate some columns from those that come after them.

    First as if every column of which little is left depended on others. Where one is found not to,
    what is left of it has been measured, and the panel is done again with it.
    """
    p = work.source.n_columns
    stop = min(start + PANEL, p)
    begun = work.matrix[start:stop, start:].copy()
    width = stop - start
    measured: dict[int, Floats] = {}
    while True:
        panel = begun.copy()
        panel[:, :width] = np.triu(panel[:, :width])
        inside, suspects = _sweep(work, panel, start, measured)
        for i in inside:
            work.matrix[start + i, start + i :] = panel[i, i:]
        kept = [*work.kept, *(start + i for i in inside)]
        found = _judge(work, [j for j in suspects if j not in work.relations], kept)
        if found is None:
            break
        j, row = found
        measured[j] = row
    work.kept = kept
    strip = panel[inside, width:]
    for first in range(stop, p, STRIP):
        last = min(first + STRIP, p)
        own = strip[:, first - stop : last - stop]
        work.matrix[stop:first, first:last] -= strip[:, : first - stop].T @ own
        work.matrix[first:last, first:last] -= np.triu(own.T @ own)


def _sweep(
    work: _Work, panel: Floats, start: int, measured: dict[int, Floats]
) -> tuple[list[int], list[int]]:
    """Turn rows of a panel into rows of the triangular factor; return which, and the suspects.

    ``panel`` (width, p − start) begins with a square, of which the upper triangle is read.
    """
    width = len(panel)
    lower = np.eye(width)
    inside: list[int] = []
    suspects: list[int] = []
    for i in range(width):
        j = start + i
        row = panel[i, i:width]
        if j in measured:
            panel[i, i:] = measured[j]
        elif not row[0] > (work.limits.suspect * work.lengths[j]) ** 2:
            suspects.append(j)
            continue
        else:
            lower[i, inside] = panel[inside, i]
            lower[i, i] = np.sqrt(row[0])
            row /= lower[i, i]
        inside.append(i)
        row = panel[i, i + 1 : width]
        panel[i + 1 :, i + 1 : width] -= np.triu(np.outer(row, row))
    if inside and width < panel.shape[1]:
        known = lower[np.ix_(inside, inside)]
        panel[inside, width:] = dtrtrs(known, panel[inside, width:], lower=1)[0]
    return inside, suspects


def _judge(work: _Work, suspects: list[int], kept: list[int]) -> tuple[int, Floats] | None:
    """Note relations of suspects; return the first that is independent, with its row of the factor.

    ``kept`` may hold columns after a suspect, of which it has no part.
    """
    p, order = len(work.lengths), np.array(kept, dtype=np.intp)
    for j in suspects:
        if not work.lengths[j]:
            work.relations[j] = np.zeros(p)
    suspects = [j for j in suspects if work.lengths[j]]
    if not suspects:
        return None
    columns = np.array(suspects, dtype=np.intp)
    upper = work.matrix.T[np.ix_(order, order)].T  # in the order of memory that LAPACK reads
    parts = work.matrix[np.ix_(order, columns)]
    parts[order[:, np.newaxis] > columns] = 0.0
    shares = _solved(upper, parts)
    for j, share in zip(suspects, shares.T, strict=True):
        combination = np.zeros(p)
        combination[kept] = share
        whole = _in_whole_numbers(work, j, combination)
        if whole is not None:
            work.relations[j] = whole
            continue
        before = int(np.searchsorted(order, j))
        row = _measure(work, j, combination, order[:before], upper[:before, :before])
        if row is not None:
            return j, row
        work.relations[j] = _without_rounding(work, j, combination)
    return None


def _in_whole_numbers(work: _Work, j: int, combination: Floats) -> Floats | None:
    """Return the combination in whole numbers that column j is; None where that is not proved."""
    if not work.whole[j]:
        return None
    rounded = np.where(work.whole, np.rint(combination), 0.0)
    difference = rounded.copy()
    difference[j] = -1.0
    terms = np.flatnonzero(difference)
    weights = difference[terms]
    left = size = 0.0
    for term, weight in zip(terms, weights, strict=True):
        products = work.matrix[np.maximum(terms, term), np.minimum(terms, term)]
        products[terms == term] = np.rint(work.lengths[term] ** 2)
        left += weight * (weights @ products)
        size += abs(weight) * (np.abs(weights) @ np.abs(products))
    return rounded if left == 0.0 and size <= LARGEST_WHOLE else None


def _measure(
    work: _Work, j: int, combination: Floats, kept: Integers, upper: Floats
) -> Floats | None:
    """Return the row of the triangular factor, from column j on; None where j is not independent.

    Improves the combination on the way: what is left of the column is folded from the rows, and
    has to be orthogonal to the columns kept.
    """
    row = None
    for _ in range(2):
        left, products = _left(work, j, combination)
        half = _solved(upper, products[kept], transposed=True)
        row = None
        if left > work.limits.allowed(combination, work.lengths, j):
            row = (products[j:] - half @ work.matrix[kept, j:]) / left
            row[0] = left
        combination[kept] += _solved(upper, half)
    return row


def _left(work: _Work, j: int, combination: Floats) -> tuple[float, Floats]:
    """Return the length of what a combination leaves of column j, and its products with all."""
    difference = -combination
    difference[j] = 1.0
    sums = work.source.fold(_difference, difference).values
    work.n_passes += 1
    return float(np.sqrt(sums[-1])), sums[:-1]


def _without_rounding(work: _Work, j: int, combination: Floats) -> Floats:
    """Return a combination that column j is without the terms that only rounding put there."""
    full, bare = work.limits.without_rounding(combination, work.lengths)
    if np.array_equal(bare, full):
        return full
    allowed = work.limits.allowed(combination, work.lengths, j)
    return bare if _left(work, j, bare)[0] <= allowed else full


def _solved(upper: Floats, right: Floats, *, transposed: bool = False) -> Floats:
    if not len(upper):
        return right
    solution: Floats = dtrtrs(upper, right, trans=int(transposed))[0]
    return solution


def _whole_columns(layout: Layout) -> NDArray[np.bool_]:
    """Return which columns are known to be whole numbers: the constant, indicators, contrasts."""
    whole = np.zeros(layout.n_columns, dtype=bool)
    if layout.places[0] >= 0:
        whole[layout.places[0]] = True
    for part in layout.parts:
        if not part.multiplier:
            table = part.table
            whole[part.columns] = True if table is None else (table == np.rint(table)).all(axis=0)
    return whole


def cross_product(run: Iterable[Block]) -> Total:
    """Return the upper triangle of the cross-product of the rows that count, unweighted."""
    gram = None
    for block in run:
        gram = gram_for(block.X) if gram is None else gram
        counts = block.counts
        gram.add(block.X, np.ones(block.n_rows) if counts is None else counts.astype(np.float64))
    assert gram is not None
    return Total(gram.upper())


def _difference(block: Block, combination: Floats) -> Total:
    """Return the products of all columns with a combination of them, and its sum of squares."""
    values = times(block.X, combination)
    if block.counts is not None:
        values *= block.counts
    return Total(np.append(transposed_times(block.X, values), values @ values))
