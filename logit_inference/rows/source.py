"""Sources of row blocks: who owns the traversal, and nothing else.

A computation on rows is a *kernel*, a module-level function ``kernel(block, *args)``. A source
pushes it to its blocks and merges what comes back, in block order, so that the same source gives
the same bits every time. A source does not know what a kernel computes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import reduce
from operator import add
from typing import Any, Protocol, TypeVar

import numpy as np

from logit_inference.rows.block import Block, Floats

Summary = TypeVar("Summary")
BLOCK_BYTES = 1 << 19  # half a megabyte of X: a block and its scaled copy stay in a core's cache


class Source(Protocol):
    """Rows that can be folded and mapped, whatever they are kept in.

    An implementation must satisfy, for any partition of its rows into blocks b1, b2, … in order:

    * ``fold(kernel, *args) == kernel(b1, *args) + kernel(b2, *args) + …``, added from the left,
      where ``+`` is the associative merge of the kernel's summary;
    * ``map(kernel, *args)`` is the concatenation of ``kernel(b1, *args), kernel(b2, *args), …``.
    """

    @property
    def n_rows(self) -> int:
        """Number of rows."""

    @property
    def n_columns(self) -> int:
        """Number of columns of X."""

    def fold(self, kernel: Callable[..., Summary], *args: Any) -> Summary:
        """Return the merged summaries of all blocks."""

    def map(self, kernel: Callable[..., Floats], *args: Any) -> Floats:
        """Return the row-aligned values of all blocks."""


@dataclass(frozen=True)
class ArraySource:
    """Rows in memory, cut into blocks that are views wherever X allows it.

    X may have any real dtype, order or stride: a block is brought to contiguous float64 when it is
    read, so that no copy of the whole of X is ever made.

    Parameters
    ----------
    data : Block
        All the rows. Only ``X`` may be other than contiguous float64.
    block_rows : int, optional
        Rows in a block; by default as many as fill half a megabyte, and 1,024 to 8,192.
    intercept : bool
        Whether a column of ones comes before the columns of X.

    Examples
    --------
    >>> rows = Block(np.arange(5.0), np.ones((5, 1)))
    >>> float(ArraySource(rows, block_rows=2).fold(lambda block: block.y.sum()))
    10.0
    """

    data: Block
    block_rows: int | None = None
    intercept: bool = False

    @property
    def n_rows(self) -> int:
        """Number of rows."""
        return self.data.n_rows

    @property
    def n_columns(self) -> int:
        """Number of columns of X, the intercept included."""
        return self.data.n_columns + self.intercept

    def blocks(self) -> Iterator[Block]:
        """Yield the blocks in row order; one empty block where there are no rows."""
        size = self.block_rows or rows_per_block(self.n_columns)
        if self.n_rows <= size:  # the common small fit pays for no cutting
            yield self.data.with_columns(_float_columns(self.data.X, self.intercept))
            return
        for start in range(0, max(self.n_rows, 1), size):
            part = self.data.rows(start, start + size)
            yield part.with_columns(_float_columns(part.X, self.intercept))

    def fold(self, kernel: Callable[..., Summary], *args: Any) -> Summary:
        """Return the summaries of all blocks, merged in block order."""
        return reduce(add, (kernel(block, *args) for block in self.blocks()))

    def map(self, kernel: Callable[..., Floats], *args: Any) -> Floats:
        """Return the row-aligned values of all blocks."""
        return np.concatenate([kernel(block, *args) for block in self.blocks()])


def rows_per_block(n_columns: int) -> int:
    """Return how many rows fill half a megabyte, and at least 1,024, at most 8,192."""
    return min(max(BLOCK_BYTES // (8 * max(n_columns, 1)), 1024), 8192)


def _float_columns(X: Any, intercept: bool) -> Floats:
    if not intercept:
        return np.ascontiguousarray(X, dtype=np.float64)
    columns = np.empty((X.shape[0], X.shape[1] + 1))
    columns[:, 0] = 1.0
    columns[:, 1:] = X
    return columns
