"""Whether columns are combinations of those of a fit, found from the rows.

Two formulas say little about it: ``poly(x, 2)`` and ``x + I(x ** 2)`` span the same space, and a
main effect lies in that of an interaction. So the columns are asked, over the rows that count, by
the rule that decides which columns of one design repeat others.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from logit_inference.rows.block import Block, Floats
from logit_inference.rows.product import dense
from logit_inference.rows.source import ArraySource, Source
from logit_inference.solve.condition import square
from logit_inference.solve.rank import sequential_rank
from logit_inference.solve.triangle import Triangle, triangle_of


@dataclass(frozen=True)
class Combinations:
    """Columns as combinations of others.

    Parameters
    ----------
    weights : (q, m) array
        Of each of the m columns; zero for one that is outside.
    outside : tuple of int
        Columns that are no such combinations.
    """

    weights: Floats
    outside: tuple[int, ...]


def combinations(
    source: Source,
    kept: tuple[int, ...],
    others: ArraySource,
    alike: Mapping[int, int] | None = None,
) -> Combinations:
    """Return columns of other rows, one for one those of a source, as combinations of its columns.

    Parameters
    ----------
    source : Source
    kept : tuple of q int
        Independent columns of it.
    others : ArraySource
        With m columns.
    alike : mapping of column of ``others`` to column of ``source``, optional
        Pairs that may be equal: where they are, to the last bit, that is the combination.

    Notes
    -----
    One pass where all columns have an equal; else one QR fold more of the q columns and of those
    that have none, 2n(q + m)² operations.
    """
    place = {column: k for k, column in enumerate(kept)}
    pairs = [(j, c) for j, c in (alike or {}).items() if c in place]
    differ: list[bool] = []
    if pairs:
        unequal: Any = source.map(_differences, pairs, others)
        differ = unequal.any(axis=0).tolist()
    same = {j: place[c] for (j, c), unlike in zip(pairs, differ, strict=True) if not unlike}
    rest = [j for j in range(others.n_columns) if j not in same]
    weights = np.zeros((len(kept), others.n_columns))
    for j, k in same.items():
        weights[k, j] = 1.0
    outside = []
    if rest:
        upper = square(source.fold(_joint_triangle, kept, rest, others).upper)
        _, _, found = sequential_rank(upper)
        for k, j in enumerate(rest):
            if len(kept) + k in found:
                weights[:, j] = found[len(kept) + k][: len(kept)]
            else:
                outside.append(j)
    return Combinations(weights, tuple(outside))


def plain_columns(source: ArraySource, start: int, stop: int) -> Floats:
    """Return the columns of some rows of a source as floats, written out."""
    X = np.asarray(dense(source.data.X[start:stop]), dtype=np.float64)
    return np.column_stack([np.ones(len(X)), X]) if source.intercept else X


def _differences(block: Block, pairs: list[tuple[int, int]], others: ArraySource) -> Any:
    """Return for a block whether the columns of each pair differ anywhere, shape (1, pairs)."""
    theirs = plain_columns(others, block.first_row, block.first_row + block.n_rows)
    mine = dense(block.X)
    return np.array([[bool((mine[:, c] != theirs[:, j]).any()) for j, c in pairs]])


def _joint_triangle(
    block: Block, kept: tuple[int, ...], rest: list[int], others: ArraySource
) -> Triangle:
    theirs = plain_columns(others, block.first_row, block.first_row + block.n_rows)
    both = np.hstack([dense(block.X)[:, list(kept)], theirs[:, rest]])
    return triangle_of(both if block.counts is None else both[block.counts])
