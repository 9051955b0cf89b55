"""Columns that are directions of the recession cone by themselves, taken out before any search.

Where the non-zero rows of a column all have the same sign of z (the outcome's sign times the value)
the column by itself separates these rows: an empty cell, as a rule. A direction that goes far along
it suits them whatever it does elsewhere, so that they say nothing of other columns and are taken
out; the column is zero in the rows that are left and leaves the problem too. That is repeated until
no such column is left. The cone of what remains is the projection of the whole cone on the
remaining columns, exactly, and hundreds of empty cells cost a pass over the rows.

`positive` does the same to a strict system of integers before a linear program looks at it. What
the rows stand for this file does not know.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from logit_inference.rows.source import Source
from logit_inference.rows.variant import row_weights, variant
from logit_inference.solve import margins
from logit_inference.solve.alternative import gordan
from logit_inference.solve.integers import Integers, as_floats


@dataclass(frozen=True)
class Layer:
    """Columns that were taken out at once.

    Parameters
    ----------
    columns : (k,) array of int
    signs : (k,) array of int
        The direction in which each separates its rows; 0 where rows taken out before were all that
        the column had, so that nothing holds it in either direction.
    """

    columns: NDArray[np.intp]
    signs: NDArray[np.int8]


@dataclass(frozen=True)
class Peeled:
    """The columns that were taken out, and the rows that they leave.

    Parameters
    ----------
    layers : tuple of Layer
        In the order in which they were taken out.
    rest : Source
        The same rows, those taken out with weight zero.
    left : (q,) array of int
        The columns that remain.
    """

    layers: tuple[Layer, ...]
    rest: Source
    left: NDArray[np.intp]

    @property
    def columns(self) -> NDArray[np.intp]:
        """All columns that were taken out, in their order in the design."""
        return np.sort(_joined([layer.columns for layer in self.layers]))

    def free(self, n_columns: int) -> NDArray[np.bool_]:
        """Say which columns nothing holds in either direction, shape (p,)."""
        mask = np.zeros(n_columns, dtype=bool)
        for layer in self.layers:
            mask[layer.columns[layer.signs == 0]] = True
        return mask

    def extended(self, source: Source, direction: Integers) -> Integers:
        """Return a direction of the remaining columns with as much of the others as rows need."""
        whole = direction.copy()
        for i in range(len(self.layers) - 1, -1, -1):
            layer = self.layers[i]
            pulled = layer.columns[layer.signs != 0]
            signs = layer.signs[layer.signs != 0]
            before = _joined([known.columns for known in self.layers[:i]])
            sizes = as_floats(abs(whole))
            share = source.fold(margins.largest_share, pulled, sizes, before).value
            unit = 1 << max((abs(value).bit_length() for value in whole.tolist()), default=0)
            far = 1 + math.ceil(2 * Fraction(share) * unit)  # twice: the share was rounded
            for j, sign in zip(pulled.tolist(), signs.tolist(), strict=True):
                whole[j] = sign * far
        return whole


def peeled(source: Source) -> Peeled:
    """Return what is left of a source without the columns that are directions by themselves.

    Notes
    -----
    One pass over the rows where there is no such column, and one more for each layer.
    """
    layers: list[Layer] = []
    gone = np.zeros(source.n_columns, dtype=bool)
    while not gone.all():
        sides = source.fold(margins.column_sides, np.flatnonzero(gone)).values
        single = ~gone & ~(sides[0] & sides[1])
        if not single.any():
            break
        columns = np.flatnonzero(single)
        layers.append(Layer(columns, sides[0, columns].astype(np.int8) - sides[1, columns]))
        gone |= single
    left = np.flatnonzero(~gone)
    if not layers:
        return Peeled((), source, left)
    touched = source.map(margins.touches, np.flatnonzero(gone)) > 0
    weights = np.where(touched, 0.0, source.map(row_weights))
    return Peeled(tuple(layers), variant(source, weights=weights), left)


def positive(rows: Integers, most: int) -> tuple[bool | None, Integers]:
    """Return whether some direction has a positive product with every row, and that direction.

    Parameters
    ----------
    rows : (k, r) array of int
        None of them zero.
    most : int
        Columns of a program in integers; None is the answer where more than that are left.

    Examples
    --------
    >>> rows = np.array([[1, 0, -3], [0, -2, 5], [0, 0, 1]], dtype=object)
    >>> found, direction = positive(rows, 60)
    >>> found, (rows @ direction).tolist()
    (True, [1, 13, 1])
    """
    signs = (rows > 0).astype(np.int8) - (rows < 0).astype(np.int8)
    live = np.ones(len(rows), dtype=bool)
    direction = np.zeros(rows.shape[1], dtype=object)
    layers = []
    while live.any():
        above = np.asarray((signs[live] > 0).any(axis=0))
        below = np.asarray((signs[live] < 0).any(axis=0))
        single = np.flatnonzero(above ^ below)
        if not len(single):
            break
        touched = live & (signs[:, single] != 0).any(axis=1)
        layers.append((single, np.where(above[single], 1, -1).tolist(), np.flatnonzero(touched)))
        live &= ~touched
    if live.any():
        used = np.flatnonzero((signs[live] != 0).any(axis=0))
        if not len(used) or not (signs[live] != 0).any(axis=1).all():
            return False, direction
        if len(used) > most:
            return None, direction
        answer = gordan(rows[np.ix_(live, used)])
        if answer.direction is None:
            return False, direction
        direction[used] = answer.direction
    for single, ends, touched in reversed(layers):
        short = rows[touched] @ direction
        pull = [sum(abs(value) for value in row) for row in rows[np.ix_(touched, single)]]
        far = max(max(0, -(have // unit)) for have, unit in zip(short, pull, strict=True)) + 1
        direction[single] = [sign * far for sign in ends]
    return True, direction


def _joined(parts: Sequence[NDArray[np.intp]]) -> NDArray[np.intp]:
    return np.concatenate([np.empty(0, dtype=np.intp), *parts])
