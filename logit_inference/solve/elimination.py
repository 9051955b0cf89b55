"""The rank of columns that are codes, by elimination in their cross-product.

Five thousand indicators cannot be folded into a QR factor of the rows, but their cross-product
holds whole numbers and is exact. It cannot tell a column that nearly depends on earlier ones from
one that does: where little of a column is left, what is left is measured in the rows themselves,
by folding the difference between the column and the combination that elimination found.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from scipy.linalg.lapack import dtrtrs

from logit_inference.likelihood.evaluation import Total
from logit_inference.rows.block import Block, Floats
from logit_inference.rows.product import gram_for, times, transposed_times
from logit_inference.rows.source import Source

PANEL = 128  # columns eliminated together: most of the work is then products of matrices


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
    """

    kept: list[int]
    relations: dict[int, Floats]
    lengths: Floats


@dataclass(frozen=True)
class Limits:
    """When a column depends on earlier ones; see `solve.rank`, which has the numbers."""

    suspect: float
    dependent: float
    cancelled: float


def eliminate(source: Source, limits: Limits) -> Elimination:
    """Return the columns that are independent of earlier ones, and the relations of the others.

    Notes
    -----
    One pass for the cross-product, p³/3 operations, and two passes for a score for every column of
    which less than ``limits.suspect`` of its length is left.
    """
    cross = source.fold_runs(_cross_product).values
    cross = np.triu(cross) + np.triu(cross, 1).T
    p = len(cross)
    lengths = np.sqrt(cross.diagonal())
    upper = np.zeros((p, p), order="F")
    kept: list[int] = []
    relations: dict[int, Floats] = {}
    for start in range(0, p, PANEL):
        panel = range(start, min(start + PANEL, p))
        before = len(kept)
        above = _solved(upper[:before, :before], cross[np.ix_(kept, panel)], transposed=True)
        left = cross[start : panel.stop, start : panel.stop] - above.T @ above
        inside: list[Floats] = []
        for i, j in enumerate(panel):
            column = np.concatenate([above[:, i], [row[i] for row in inside]])
            remains = float(np.sqrt(max(left[i, i], 0.0)))
            r = len(kept)
            if remains <= limits.suspect * lengths[j]:
                combination = np.zeros(p)
                if r and lengths[j]:
                    weights = _solved(upper[:r, :r], column)
                    remains = _measure(source, j, kept, weights, upper[:r, :r])
                    combination[kept] = weights
                terms = np.abs(combination) * lengths
                if remains <= max(limits.dependent * lengths[j], limits.cancelled * terms.sum()):
                    combination[terms <= limits.dependent * terms.max(initial=0.0)] = 0.0
                    relations[j] = combination
                    continue
            row = left[i] / remains
            row[i] = remains
            left -= np.outer(row, row)
            inside.append(row)
            upper[:r, r], upper[r, r] = column, remains
            kept.append(j)
    return Elimination(kept, relations, lengths)


def _measure(source: Source, j: int, kept: list[int], weights: Floats, upper: Floats) -> float:
    """Return the length of column j less its combination of those kept, which it improves."""
    p = source.n_columns
    remains = np.inf
    for _ in range(2):
        difference = np.zeros(p)
        difference[j], difference[kept] = 1.0, -weights
        sums = source.fold(_difference, difference).values
        remains = float(np.sqrt(sums[-1]))
        step = _solved(upper, sums[kept], transposed=True)
        weights += _solved(upper, step)
    return remains


def _solved(upper: Floats, right: Floats, *, transposed: bool = False) -> Floats:
    if not len(upper):
        return right
    solution: Floats = dtrtrs(upper, right, trans=int(transposed))[0]
    return solution


def _cross_product(run: Iterable[Block]) -> Total:
    """Return the upper triangle of the cross-product of the rows that count."""
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
