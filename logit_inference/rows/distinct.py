"""Distinct rows and how often each occurs, where columns take few values.

Rows with the same columns and offset enter a likelihood only through their sums of trials and of
successes, so a table of distinct rows has the same likelihood, to a constant, as all of them. Rows
are told apart by integer keys, and what is summed by key is summed by `numpy.bincount`: nothing is
sorted. Which likelihood it is, this file does not ask.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from logit_inference.rows.block import Block, Floats
from logit_inference.rows.coded import Coded
from logit_inference.rows.keys import Integers, number_rows

FEWEST_ROWS = 5_000  # below this the fit takes no longer than the search for equal rows
ROWS_PER_CELL = 16  # of all rows, for each combination that is possible
MOST_CELLS = 1 << 21  # so that the two sums of every combination stay within 32 MB
MOST_COLUMNS = 64  # rows with more columns than this hardly ever agree in all of them
SAMPLE = 512  # rows that are looked at before any effort is made
BLOCK_VALUES = 1 << 17  # of the columns in a block: a megabyte of doubles


def distinct_rows(data: Block, intercept: bool = False) -> Block | None:
    """Return the distinct rows with their sums of successes and trials, or None.

    Parameters
    ----------
    data : Block
        n rows. ``X`` is a `Coded`, or an array of any real dtype, order and stride.
    intercept : bool
        Whether a column of ones comes before those of an array; the ``X`` that is returned has it.
        A `Coded` brings its own.

    Returns
    -------
    Block or None
        One row for each combination of columns and offset that has trials: ``y`` is the sum of
        weights times successes, ``trials`` of weights times trials; no weights, no groups. As a
        function of the coefficients the log-likelihood is that of ``data``, to a constant. None
        where a column is continuous or holds NaN, where there may be more than one combination for
        every 16 rows, where no row has trials, and where n is so small that nothing is gained.

    Notes
    -----
    A column is discrete where its values are whole numbers in a range of at most 65,536, or lie
    on an even grid of half as many points; the codes of a factor are one column. What a sample of
    512 rows suggests is verified in every row. Cost: that sample where a column is continuous,
    else one pass over X in blocks of a megabyte; memory of one value for every 8 rows, and the
    result.

    Examples
    --------
    >>> X = np.tile([[0.0], [1.0]], (5000, 1))
    >>> cells = distinct_rows(Block(np.ones(10000), X), intercept=True)
    >>> cells.X.tolist(), cells.trials.tolist()
    ([[1.0, 0.0], [1.0, 1.0]], [5000.0, 5000.0])
    """
    n, width = data.n_rows, _width(data)
    if n < FEWEST_ROWS or not 1 <= width <= MOST_COLUMNS:
        return None
    most, size = min(n // ROWS_PER_CELL, MOST_CELLS), BLOCK_VALUES // width
    known = number_rows(_columns(data, slice(0, n, n // SAMPLE)), most)
    if known is None:
        return None
    numbering = known[0]
    sums = np.zeros((2, numbering.count))
    for start in range(0, n, size):
        rows = slice(start, min(start + size, n))
        keys = numbering.of(_columns(data, rows))
        if keys is None:  # something turns up that was in no row so far: number all so far anew
            index = np.flatnonzero(sums[0])
            cells, held = numbering.columns(index), sums[:, index]
            known = number_rows(np.hstack([cells, _columns(data, rows)]), most)
            if known is None:
                return None
            numbering, keys = known
            sums = np.zeros((2, numbering.count))
            sums[:, keys[: len(index)]] = held
            keys = keys[len(index) :]
        _add(sums, keys, data.rows(rows.start, rows.stop))
    index = np.flatnonzero(sums[0])
    if not len(index):
        return None
    columns = numbering.columns(index)
    offset = None if data.offset is None else columns[-1]
    return Block(sums[1, index], _like(data.X, columns, intercept), sums[0, index], None, offset)


def _width(data: Block) -> int:
    """Return how many numbers tell the rows of a block apart."""
    X = data.X
    width = X.numbers.shape[1] + len(X.codes) if isinstance(X, Coded) else X.shape[1]
    return int(width) + (data.offset is not None)


def _columns(data: Block, rows: slice) -> Floats:
    """Return what tells rows apart, a contiguous array for each: columns or codes, and offset."""
    X = data.X[rows]
    columns = np.empty((_width(data), len(X)))
    if isinstance(X, Coded):
        numbers, codes = X.numbers, X.codes
    else:
        numbers, codes = X, ()
    k = numbers.shape[1]
    columns[:k].T[...] = numbers
    for column, values in zip(columns[k:], codes, strict=False):
        column[...] = values
    if data.offset is not None:
        columns[-1] = data.offset[rows]
    return columns


def _like(X: Floats | Coded, columns: Floats, intercept: bool) -> Any:
    """Return what `_columns` was made of, in the form of X."""
    if isinstance(X, Coded):
        k = X.numbers.shape[1]
        codes = [c.astype(old.dtype) for c, old in zip(columns[k:], X.codes, strict=False)]
        return Coded(np.ascontiguousarray(columns[:k].T), tuple(codes), X.layout)
    ones = np.ones((int(intercept), columns.shape[1]))
    return np.vstack([ones, columns[: X.shape[1]]]).T


def _add(sums: Floats, keys: Integers, block: Block) -> None:
    """Add a block's trials and successes, weighted, to the sums of its keys."""
    trials, successes = block.trials, block.y
    if block.weights is not None:
        trials = block.weights if trials is None else block.weights * trials
        successes = block.weights * successes
    for total, values in zip(sums, (trials, successes), strict=True):
        if len(total) <= len(keys):
            total += np.bincount(keys, values, minlength=len(total))
        else:
            np.add.at(total, keys, 1.0 if values is None else values)
