"""Sources of row blocks: who owns the traversal, and nothing else.

A computation on rows is a *kernel*, a module-level function ``kernel(block, *args)``. A source
pushes it to its blocks and merges what comes back, in block order, so that the same source gives
the same bits every time. A source does not know what a kernel computes.

Blocks are small, so that what a kernel makes of one stays in a core's cache. A *run* is a number of
consecutive blocks: a kernel that keeps buffers and an accumulator over a run pays for them once.
Runs depend on the numbers of rows and columns alone, never on the threads that share them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from logit_inference.records import made_fast
from logit_inference.rows.block import Block, Floats
from logit_inference.rows.coded import Coded, Layout
from logit_inference.rows.coded import rows_per_block as coded_rows
from logit_inference.rows.distinct import distinct_rows
from logit_inference.rows.pieces import FEW_COLUMNS
from logit_inference.rows.product import score_price
from logit_inference.rows.sample import sampled_rows
from logit_inference.rows.threads import blas_pinned, in_order, threads_for

Summary = TypeVar("Summary")
BLOCK_BYTES = 1 << 20  # a megabyte of X: a block stays in a core's cache
FEWEST_ROWS, MOST_ROWS = 256, 16384  # in a block
SMALL = 1 << 20  # numbers in all that a search keeps of a small table: 8 MB stay in some cache
NARROW = 32  # columns up to which that is so; of more products take the time, and an eighth is
RUNS = 16  # about as many runs as a source is cut into: enough to keep a few cores busy
DOUBLE = np.dtype(np.float64)  # a type would be looked up at each comparison


class Source(Protocol):
    """Rows that can be folded and mapped, whatever they are kept in.

    An implementation must satisfy, for any partition of its rows into blocks b1, b2, … in order:

    * ``fold(kernel, *args) == kernel(b1, *args) + kernel(b2, *args) + …``, where ``+`` is the
      associative merge of the kernel's summary;
    * ``fold_runs(kernel, *args) == kernel(run1, *args) + kernel(run2, *args) + …``, where a run
      iterates over consecutive blocks, each valid until the next is asked for;
    * ``map(kernel, *args)`` is the concatenation of ``kernel(b1, *args), kernel(b2, *args), …``;
    * ``sample(every, rare)`` holds about one row in ``every``, weighted so that its sums estimate
      those of all rows;
    * ``distinct()`` holds rows of which those of this source are repetitions, with their sums;
    * ``without_columns()`` holds the same rows, of which no column is read.
    """

    @property
    def n_rows(self) -> int:
        """Number of rows."""

    @property
    def n_columns(self) -> int:
        """Number of columns of X."""

    @property
    def layout(self) -> Layout | None:
        """What coded columns are made of; None where columns are plain."""

    @property
    def score_price(self) -> float:
        """What a pass for a score costs, in passes for the information too."""

    @property
    def only_block(self) -> Block | None:
        """The block that holds all rows, where there is one at hand."""

    @property
    def small_block(self) -> Block | None:
        """All rows as one block, where they are so few that a search may keep copies of them."""

    def fold(self, kernel: Callable[..., Summary], *args: Any) -> Summary:
        """Return the merged summaries of all blocks."""

    def fold_runs(self, kernel: Callable[..., Summary], *args: Any) -> Summary:
        """Return the merged summaries of all runs."""

    def map(self, kernel: Callable[..., Floats], *args: Any) -> Floats:
        """Return the row-aligned values of all blocks."""

    def sample(self, every: int, rare: float | None) -> Source:
        """Return some rows, weighted; all whose ``y`` is ``rare``, where that is given."""

    def distinct(self) -> Source | None:
        """Return the distinct rows as groups of trials, where there are few; else None."""

    def without_columns(self) -> Source:
        """Return the rows with no columns, for sums over them that need none."""


@made_fast
@dataclass(frozen=True, slots=True)
class ArraySource:
    """Rows in memory, cut into blocks that are views wherever X allows it.

    X may have any real dtype, order or stride: a block is brought to float64, contiguous in one of
    the two orders, when it is read, so that no copy of the whole of X is ever made.

    Parameters
    ----------
    data : Block
        All the rows. Only ``X`` may be other than contiguous float64.
    block_rows : int, optional
        Rows in a block; by default as many as fill a megabyte, and 256 to 16,384; twice as many of
        a large table of few columns; half as many again, or down to half as many, of a table that
        is not large.
    intercept : bool
        Whether a column of ones comes before the columns of X.
    threads : int
        How many threads share the runs. The result does not depend on it, to the last bit.
    cuts : array of int, optional
        The rows with which blocks begin, where they may not be cut anywhere (see `rows.sets`).

    Examples
    --------
    >>> rows = Block(np.arange(5.0), np.ones((5, 1)))
    >>> float(ArraySource(rows, block_rows=2).fold(lambda block: block.y.sum()))
    10.0
    """

    data: Block
    block_rows: int | None = None
    intercept: bool = False
    threads: int = 1
    cuts: NDArray[np.int64] | None = None

    @property
    def n_rows(self) -> int:
        """Number of rows."""
        return self.data.n_rows

    @property
    def n_columns(self) -> int:
        """Number of columns of X, the intercept included."""
        return self.data.n_columns + self.intercept

    @property
    def layout(self) -> Layout | None:
        """What coded columns are made of; None where columns are plain."""
        return self.data.X.layout if isinstance(self.data.X, Coded) else None

    @property
    def score_price(self) -> float:
        """What a pass for a score costs, in passes for the information too."""
        return score_price(self.data.X, self.n_columns)

    @property
    def only_block(self) -> Block | None:
        """The block that holds all rows, if they fill no more than one."""
        n = len(self.data.y)
        if self.cuts is not None:
            return self._read(self.data) if len(self.cuts) < 2 else None
        if n > (self.block_rows or FEWEST_ROWS) and n > self._size:
            return None
        return self._read(self.data)

    @property
    def small_block(self) -> Block | None:
        """All rows as one block, where they are so few that a search may keep copies of them."""
        if self.block_rows is not None or self.cuts is not None:
            return None
        n, p = self.data.X.shape
        return self._read(self.data) if is_small(n, p + self.intercept) else None

    def fold(self, kernel: Callable[..., Summary], *args: Any) -> Summary:
        """Return the summaries of all blocks, merged in block order within runs, then by run.

        A kernel returns arrays of its own: the first one's take up the others.
        """
        block = self.only_block
        if block is not None:
            with blas_pinned(self.n_rows, self.n_columns):
                return kernel(block, *args)
        merged: Summary = self.fold_runs(_fold_blocks, kernel, *args)
        return merged

    def fold_runs(self, kernel: Callable[..., Summary], *args: Any) -> Summary:
        """Return the summaries of all runs, merged in their order."""
        with blas_pinned(self.n_rows, self.n_columns):
            block = self.only_block
            if block is not None:  # the common small fit pays for no cutting
                whole: Summary = kernel((block,), *args)
                return whole
            if self.cuts is None:
                coded = isinstance(self.data.X, Coded)
                runs = run_bounds(self.n_rows, self.n_columns, self._size, coded=coded)
            else:
                starts = self.cuts[:: -(-len(self.cuts) // RUNS)].tolist()
                runs = list(zip(starts, [*starts[1:], self.n_rows], strict=True))
            job = partial(self._run, kernel, args)
            merged: Summary = merge(in_order(job, runs, self.threads))
            return merged

    def map(self, kernel: Callable[..., Floats], *args: Any) -> Floats:
        """Return the row-aligned values of all blocks."""
        with blas_pinned(self.n_rows, self.n_columns):
            return np.concatenate([kernel(block, *args) for block in self.blocks()])

    def blocks(self) -> Iterator[Block]:
        """Yield the blocks in row order; one empty block where there are no rows."""
        return self._blocks(0, max(self.n_rows, 1))

    def sample(self, every: int, rare: float | None) -> ArraySource:
        """Return about one row in ``every``, weighted by what it stands for.

        All rows whose ``y`` is ``rare`` are kept with weight one, where that is given.
        """
        if self.cuts is not None:
            raise TypeError("rows that stand in sets are not sampled one by one")
        some = ArraySource(sampled_rows(self.data, every, rare), self.block_rows, self.intercept)
        # A copy it is in any case: brought to float64 once, not in each pass beside it.
        return some if some._is_ready else ArraySource(some._converted(some.data), self.block_rows)

    def distinct(self) -> ArraySource | None:
        """Return the distinct rows as groups of trials, where there are few; else None."""
        if self.cuts is not None:
            return None
        cells = distinct_rows(self.data, self.intercept)
        return None if cells is None else ArraySource(cells, self.block_rows)

    def without_columns(self) -> ArraySource:
        """Return the rows with no columns, for sums over them that need none."""
        if self.only_block is self.data:
            return self  # at hand as they are
        bare = self.data.with_columns(np.empty((self.n_rows, 0)))
        return ArraySource(bare, self.block_rows, cuts=self.cuts)

    @property
    def _size(self) -> int:
        """Rows in a block."""
        if self.block_rows:
            return self.block_rows
        X = self.data.X
        if isinstance(X, Coded):
            return coded_rows(X)
        rows = rows_per_block(self.n_columns)
        if self.n_rows <= rows:
            return rows
        if threads_for(self.n_rows, self.n_columns, 2) > 1:
            # Between calls threads wait for each other, and calls on few columns are short.
            return 2 * rows if self.n_columns <= FEW_COLUMNS and self._is_ready else rows
        # One thread is the faster the larger they are, but beside a smaller table a block weighs,
        # twice so where it is brought to float64 first.
        share = min(3 * rows // 2, max(3 * rows // 4, self.n_rows // 11))
        return max(share if self._is_ready else rows // 2, min(rows, FEWEST_ROWS))

    def _run(self, kernel: Callable[..., Summary], args: Any, bounds: tuple[int, int]) -> Summary:
        # What is folded block by block may keep parts of them.
        lent = kernel is not _fold_blocks
        part: Summary = kernel(self._blocks(*bounds, lent=lent), *args)
        return part

    def _blocks(self, start: int, stop: int, *, lent: bool = False) -> Iterator[Block]:
        """Yield blocks; if ``lent``, each is valid until the next is asked for."""
        if self.cuts is not None:
            within = self.cuts[(self.cuts >= start) & (self.cuts < stop)].tolist()
            for first, after in zip(within, [*within[1:], stop], strict=True):
                yield self._read(self.data.rows(first, after))
            return
        size, space, ready = self._size, None, self._is_ready
        for first in range(start, stop, size):
            part = self.data.rows(first, min(first + size, stop))
            if lent and space is None and not ready:
                space = np.empty((part.n_rows, self.n_columns))
            yield part if ready else self._converted(part, space)

    @property
    def _is_ready(self) -> bool:
        """Whether kernels take any of the rows as they are."""
        return not self.intercept and _is_ready(self.data.X)

    def _read(self, part: Block) -> Block:
        """Return rows as kernels take them."""
        return part if self._is_ready else self._converted(part)

    def _converted(self, part: Block, space: Floats | None = None) -> Block:
        """Return rows as float64 with all columns, written into a space where there is one."""
        columns = np.empty((part.n_rows, self.n_columns)) if space is None else space[: part.n_rows]
        if self.intercept:
            columns[:, 0] = 1.0
        X: Any = part.X
        columns[:, int(self.intercept) :] = X
        return part.with_columns(columns)


def _fold_blocks(blocks: Iterable[Block], kernel: Callable[..., Summary], *args: Any) -> Summary:
    return merge(kernel(block, *args) for block in blocks)


def merge(parts: Iterable[Summary]) -> Summary:
    """Return the merged summaries, in their order; the first one's arrays take up the others.

    `functools.reduce` would keep one summary alive while the next is computed: a square of a
    thousand columns too many.
    """
    left = iter(parts)
    whole: Any = next(left)
    for part in left:
        whole += part
        del part
    merged: Summary = whole
    return merged


def is_small(n_rows: int, n_columns: int) -> bool:
    """Say whether a search may keep two copies of a table, and six numbers a row beside.

    What it spares then is the detour by blocks and runs, which takes as long as the arithmetic, and
    to scale rows of few columns one by one.
    """
    most = SMALL if n_columns <= NARROW else SMALL // 8
    return n_columns <= FEW_COLUMNS and n_rows * (2 * n_columns + 6) <= most


def rows_per_block(n_columns: int) -> int:
    """Return how many rows fill a megabyte, and at least 256, at most 16,384."""
    return min(max(BLOCK_BYTES // (8 * max(n_columns, 1)), FEWEST_ROWS), MOST_ROWS)


def run_bounds(
    n_rows: int, n_columns: int, block_rows: int, *, coded: bool = False
) -> list[tuple[int, int]]:
    """Return where runs of whole blocks start and stop.

    At most about `RUNS` of them, each of a few blocks and of at least ten times as many rows as
    columns: all square accumulators together are then a tenth of X, whoever fills them, and to
    merge them costs little beside filling them.
    Filling those of coded columns takes no time that depends on their number, so that there it
    takes more rows.

    Examples
    --------
    >>> run_bounds(100, 1, 20)
    [(0, 40), (40, 80), (80, 100)]
    """
    least = n_columns * n_columns // 2 if coded else 10 * n_columns
    wanted = max(-(-n_rows // RUNS), min(3 * block_rows, n_rows // 4), least, 1)
    step = -(-wanted // block_rows) * block_rows
    return [(start, min(start + step, n_rows)) for start in range(0, n_rows, step)]


def _is_ready(X: Any) -> bool:
    """Say whether BLAS takes a block as it is: float64, one of its two axes contiguous."""
    if isinstance(X, Coded) or not X.shape[1]:
        return True
    if X.dtype != DOUBLE or not X.flags.aligned:
        return False
    rows, columns = X.strides
    return bool((columns == 8 and rows >= 8 * X.shape[1]) or (rows == 8 and columns >= 8 * len(X)))
