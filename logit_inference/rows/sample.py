"""Some rows that stand for all: a weighted sample for the first steps of a search.

One row from every stretch of ``every`` consecutive rows, so that sorted data are covered from end
to end; which one changes from stretch to stretch, so that data with a period (hours of a day) are
not seen at one phase only. The choice depends on row numbers alone: it repeats.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from logit_inference.rows.block import Block, Floats

GOLDEN = 0.6180339887498949  # its multiples fill the unit interval evenly (Weyl 1916)


def sampled_rows(data: Block, every: int, rare: float | None = None) -> Block:
    """Return about one row in ``every`` with the weight of those it stands for.

    Parameters
    ----------
    data : Block
        n rows.
    every : int
    rare : float, optional
        All rows with this ``y`` are kept, with their own weight, and of the others one in
        ``every``: for rare events, of which a sample would hold next to none.

    Notes
    -----
    Copies n/every rows, and with ``rare`` as many more as have it.

    Examples
    --------
    >>> block = sampled_rows(Block(np.arange(8.0), np.ones((8, 1))), 4)
    >>> block.y.tolist(), block.weights.tolist()
    ([0.0, 6.0], [4.0, 4.0])
    """
    rows = stretch_rows(data.n_rows, every)
    stand_for = np.full(len(rows), float(every))
    if rare is not None:
        others = rows[data.y[rows] != rare]
        events = np.flatnonzero(data.y == rare)
        rows = np.concatenate([others, events])
        stand_for = np.concatenate([stand_for[: len(others)], np.ones(len(events))])
    if data.weights is not None:
        stand_for *= data.weights[rows]

    def chosen(values: Floats | None) -> Floats | None:
        return None if values is None else values[rows]

    return Block(data.y[rows], data.X[rows], chosen(data.trials), stand_for, chosen(data.offset))


def stretch_rows(n_rows: int, every: int) -> NDArray[np.intp]:
    """Return one row number from each full stretch of ``every``, in order."""
    stretch = np.arange(n_rows // every)
    place = np.floor(every * ((GOLDEN * stretch) % 1.0)).astype(np.intp)
    rows: NDArray[np.intp] = stretch * every + place
    return rows
