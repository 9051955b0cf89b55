"""The same rows with other weights or another offset; no column is copied.

What is asked of a part of the rows (those that are not separated, say) or of a coefficient that is
held at a value is asked of all rows, with the weight of others zero or the held part in the offset.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from logit_inference.rows.basis import BasisSource
from logit_inference.rows.block import Block, Floats
from logit_inference.rows.contrasts import ContrastSource
from logit_inference.rows.source import ArraySource, Source


def variant(
    source: Source, *, weights: Floats | None = None, offset: Floats | None = None
) -> Source:
    """Return a source with other weights or another offset, as far as they are given.

    Parameters
    ----------
    source : ArraySource, BasisSource over one, or ContrastSource (which has weights only)
    weights, offset : (n,) arrays, optional

    Examples
    --------
    >>> import numpy as np
    >>> rows = ArraySource(Block(np.arange(3.0), np.ones((3, 1))))
    >>> again = variant(rows, weights=np.array([1.0, 0.0, 1.0]))
    >>> float(again.fold(lambda block: (block.weights * block.y).sum()))
    2.0
    """
    if isinstance(source, BasisSource):
        return replace(source, source=variant(source.source, weights=weights, offset=offset))
    if isinstance(source, ContrastSource) and offset is None:
        return replace(source, weights=weights)
    if not isinstance(source, ArraySource):
        raise TypeError(f"rows of a {type(source).__name__} have no variants")
    data = source.data
    block = Block(
        data.y,
        data.X,
        data.trials,
        data.weights if weights is None else weights,
        data.offset if offset is None else offset,
        data.groups,
        data.first_row,
    )
    return replace(source, data=block)


def row_groups(source: Source) -> Mapping[str, NDArray[np.int64]]:
    """Return the codes (n,) of each cluster variable that the rows came with."""
    if isinstance(source, BasisSource):
        return row_groups(source.source)
    if not isinstance(source, ArraySource):
        raise TypeError(f"rows of a {type(source).__name__} are not at hand")
    return source.data.groups


def row_weights(block: Block) -> Floats:
    """Return the weight of each row, one where none is given: a kernel for ``map``."""
    return np.ones(block.n_rows) if block.weights is None else block.weights


def row_offset(block: Block) -> Floats:
    """Return the offset of each row, zero where none is given: a kernel for ``map``."""
    return np.zeros(block.n_rows) if block.offset is None else block.offset


def rows_at(source: Source, positions: NDArray[np.intp]) -> Block:
    """Return the rows at some positions, in their order, as one block; they are copied.

    For what asks of clusters whose rows lie anywhere; ``first_row`` of such a block means nothing.

    Examples
    --------
    >>> rows = ArraySource(Block(np.arange(3.0), np.ones((3, 1))))
    >>> rows_at(rows, np.array([2, 0])).y.tolist()
    [2.0, 0.0]
    """
    if isinstance(source, BasisSource):
        block = rows_at(source.source, positions)
        return block.with_columns(source.basis.rows(block.X))
    if not isinstance(source, ArraySource):
        raise TypeError(f"rows of a {type(source).__name__} are not at hand")
    data = source.data

    def picked(values: Floats | None) -> Floats | None:
        return None if values is None else values[positions]

    part = Block(
        data.y[positions],
        data.X[positions],
        picked(data.trials),
        picked(data.weights),
        picked(data.offset),
    )
    return next(replace(source, data=part, block_rows=max(len(positions), 1)).blocks())
