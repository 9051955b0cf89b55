"""The search for the recession cone: a working set of rows and a subspace that shrinks.

What alternates here is told in `solve.recession`. Where coefficients go along a cone that was found
is asked here too, with one more row for each question.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from logit_inference.rows.block import Floats
from logit_inference.rows.source import Source
from logit_inference.solve import margins
from logit_inference.solve.alternative import gordan
from logit_inference.solve.integers import (
    Integers,
    as_floats,
    coprime_columns,
    integer_rows,
    null_space,
)
from logit_inference.solve.peeling import positive

MOST_COLUMNS = 60  # integers of a basis of more columns grow too long: minutes, not seconds
FIRST_ROWS, MORE_ROWS = 300, 100  # in the working set, and added to it; beside some per column
MOST_FACETS = 400  # of a cone of more than two dimensions that are kept
GOOD = 100.0  # condition with which rows stay as they are
BITS = 24  # of the numbers in a change of basis, which need not be accurate


class Cone:
    """The search for the recession cone: a working set of rows and a subspace that shrinks.

    Parameters
    ----------
    source : Source
    space : (p, r) array of int
        A basis of a subspace that holds the cone.
    """

    def __init__(self, source: Source, space: Integers) -> None:
        self.source, self.space = source, space
        self.rows: dict[tuple[int, ...], None] = {}
        if space.shape[1]:
            self.add(source.fold(margins.spread, space, FIRST_ROWS + 10 * len(space)).rows)

    def add(self, Z: Floats) -> None:
        """Put rows into the working set; those that are there already change nothing."""
        self.rows.update(dict.fromkeys(tuple(row) for row in integer_rows(Z).tolist()))

    def inside(self) -> Integers:
        """Return the rows of the working set as they act on the subspace, none of them zero."""
        rows = np.array(list(self.rows), dtype=object).reshape(len(self.rows), len(self.space))
        inside: Integers = rows @ self.space
        moved: Integers = inside[(inside != 0).any(axis=1)]
        return moved

    def interior(self) -> Integers | None:
        """Return a direction that separates all rows that can be, or None where none can.

        The subspace is then the span of the cone.
        """
        while self.space.shape[1]:
            self.space = _conditioned(self.space, self.inside())
            inside = self.inside()
            answer = gordan(inside) if len(inside) else None
            if answer is not None and answer.direction is None:
                null, _ = null_space(inside[list(answer.support)])
                self.space = coprime_columns(self.space @ null)
                continue
            within = np.zeros(self.space.shape[1], dtype=object)
            direction = self.space @ (within if answer is None else answer.direction)
            if not self._violated(direction):
                return direction if direction.any() else None
        return None

    def ends(self, direction: Integers) -> Floats:
        """Return where each coefficient goes, given a direction in the interior."""
        ends = np.zeros(len(direction))
        known = self._known()
        for j, value in enumerate(direction.tolist()):
            own = self.space[j]
            if not own.any():
                continue
            ends[j] = math.nan if value == 0 else (math.inf if value > 0 else -math.inf)
            if (
                value != 0
                and self.space.shape[1] > 1
                and self._also(own if value < 0 else -own, known)
            ):
                ends[j] = math.nan
        return ends

    def _known(self) -> Integers | None:
        """Return all separated rows as they act on the subspace, where few are distinct."""
        rows = self.source.fold(margins.distinct_moved, self.space, MOST_FACETS).rows
        if rows is None:
            return None
        inside = integer_rows(rows) @ self.space[(self.space != 0).any(axis=1)]
        return np.array(list(dict.fromkeys(tuple(row) for row in inside.tolist())), dtype=object)

    def _also(self, row: Integers, known: Integers | None) -> bool:
        """Say whether some direction of the cone has a positive product with one more row."""
        while True:
            inside = self.inside() if known is None else known
            answer = gordan(np.vstack([inside, row]))
            if answer.direction is None:
                return False
            if known is not None or not self._violated(self.space @ answer.direction):
                return True

    def _violated(self, direction: Integers) -> bool:
        """Say whether a direction is wrong for some row; the worst then join the working set."""
        most = MORE_ROWS + 2 * len(self.space)
        found = self.source.fold(margins.exposed, direction, self.space, most).rows
        self.add(found)
        return len(found) > 0


def without_mixed_rows(source: Source, space: Integers) -> Integers:
    """Return a basis of what is orthogonal to all rows with events and non-events."""
    most = 2 * len(space) + 50
    while space.shape[1]:
        found = source.fold(margins.mixed, space, most).rows
        if not len(found):
            break
        null, _ = null_space(integer_rows(found) @ space)
        space = coprime_columns(space @ null)
    return space


def too_many() -> str:
    """Return why a cone of many directions is not decided."""
    return f"more than {MOST_COLUMNS} directions are too many to look for one exactly"


def most_rows(space: Integers) -> int:
    """Return how many distinct rows that bound a cone are kept."""
    return max(MOST_FACETS, 4 * int(space.shape[1]))


def peeled_ends(
    source: Source, space: Integers, direction: Integers, columns: NDArray[np.intp], ends: Floats
) -> tuple[Floats, str]:
    """Return where coefficients go, with those of columns that were taken out; or why not.

    Each goes the way of its own sign. That it goes no other way is seen at once where a row is
    other than zero in its column only, as far as the span of the cone goes.

    Parameters
    ----------
    space : (p, r) array of int
        The span of the cone, unit vectors of the columns first.
    direction : (p,) array of int
        In the interior.
    ends : (p,) array
        Of the others; NaN where nothing holds a coefficient.
    """
    found = source.fold(margins.distinct_moved, space, most_rows(space)).rows
    used = (space != 0).any(axis=1)
    known = found is not None
    if found is None:
        most = FIRST_ROWS + 2 * space.shape[1]
        found = source.fold(margins.spread, space, most).rows[:, used]
    inside = _acting(found, space[used], len(columns))
    alone = inside[np.count_nonzero(inside, axis=1) == 1]
    settled = (alone != 0).any(axis=0)
    ends = ends.copy()
    for k, j in enumerate(columns.tolist()):
        if math.isnan(ends[j]):
            continue
        ends[j] = math.inf if direction[j] > 0 else -math.inf
        back = np.zeros((1, space.shape[1]), dtype=object)
        back[0, k] = -1 if direction[j] > 0 else 1
        while not settled[k]:
            also, towards = positive(np.vstack([inside, back]), MOST_COLUMNS)
            if also is None:
                return ends, too_many()
            if not also:
                break
            worst = np.empty((0, len(space)))
            if not known:
                worst = source.fold(margins.exposed, space @ towards, space, MORE_ROWS).rows
            if not len(worst):
                ends[j] = math.nan
                break
            inside = np.vstack([inside, _acting(worst[:, used], space[used], len(columns))])
    return ends, ""


def _acting(rows: Floats, space: Integers, n_units: int) -> Integers:
    """Return distinct rows as they act on a space whose first columns are unit vectors."""
    whole = integer_rows(rows)
    at = [int(np.flatnonzero(column)[0]) for column in space[:, :n_units].T]
    inside = np.hstack([whole[:, at], whole @ space[:, n_units:]])
    distinct = list(dict.fromkeys(tuple(row) for row in inside.tolist()))
    return np.array(distinct, dtype=object).reshape(-1, space.shape[1])


def _conditioned(space: Integers, inside: Integers) -> Integers:
    """Return another basis of the space, in which the rows are nearly orthonormal.

    Columns of very different size, or with means far from zero, leave floating point no digits to
    find a direction with. The matrix of the change is triangular, without zeros on its diagonal
    and of short integers.
    """
    r = space.shape[1]
    if r < 2 or not len(inside):
        return space
    rows = np.array([as_floats(row) for row in inside])
    rows /= np.abs(rows).max(axis=1, keepdims=True)
    _, exponent = np.frexp(np.linalg.norm(rows, axis=0))
    rows = np.ldexp(rows, -exponent)
    # A little of the identity keeps the factor regular where these rows do not span the space.
    upper: Any = np.linalg.qr(np.vstack([rows, 1e-9 * np.eye(r)]), mode="r")
    if np.ptp(exponent) <= 3 and np.linalg.cond(upper) < GOOD:
        return space
    change = np.linalg.solve(np.triu(upper), np.eye(r))
    lowest = int(exponent.max())
    matrix, scales = np.zeros((r, r), dtype=object), []
    for j, column in enumerate(change.T):
        loss = np.abs(column).max() / abs(column[j])
        scale = BITS + max(math.frexp(loss)[1], 0) - math.frexp(np.abs(column).max())[1]
        scales.append(scale)
        for i in range(j + 1):
            whole = round(math.ldexp(float(column[i]), scale))
            matrix[i, j] = whole << (lowest - int(exponent[i]))
    # Columns times 2^(−scale), as nearly as short integers can be.
    product = space @ matrix
    short = coprime_columns(product)
    sizes = [int(abs(a).max()).bit_length() for a in product.T]
    kept = [int(abs(a).max()).bit_length() for a in short.T]
    moves = [size - k - scale for size, k, scale in zip(sizes, kept, scales, strict=True)]
    for j, move in enumerate(moves):
        short[:, j] <<= move - min(moves)
    return short
