"""Whether the likelihood has a maximum at finite coefficients, decided exactly.

A direction d *separates* where no event has ``x'd < 0``, no non-event ``x'd > 0``, and some row is
strictly on its side: the log-likelihood then rises along d for ever. With ``z = x`` for events and
``z = −x`` for non-events these directions form the recession cone ``{d: z_i'd >= 0}``; a row with
events and non-events counts as both, so that ``x'd = 0``.

Some rows are separated by no direction of the cone: those of which a combination with positive
multipliers is zero, ``Σ y_i z_i = 0``. The cone lies in what is orthogonal to them, and splits all
other rows strictly at once. So the search alternates between Gordan's two systems
(`solve.alternative`) in a shrinking subspace V, which is all coefficients at first: a combination
that is zero takes the span of its rows out of V; a direction in V that is strictly positive on
every row not orthogonal to V ends the search, and lies in the relative interior of the cone.

Rows are looked at in small working sets; a direction that suits them is tried on all rows in one
fold, which brings back the most violated (cutting planes). Nothing is said that has not been
verified in integers: floats are rationals, and the answer holds of the stored numbers exactly. A
source of rows and its blocks is all that this file knows: offsets and the sizes of weights do not
matter, and which likelihood it is neither, as long as its tails are those of the logistic.

References
----------
Albert and Anderson (1984), *Biometrika* 71. Geyer (2009), *Electronic Journal of Statistics* 3.
Konis (2007), *Linear programming algorithms for detecting separated data*, D.Phil. thesis, Oxford.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from logit_inference.rows.block import Block, Floats
from logit_inference.rows.product import dense
from logit_inference.rows.source import Source
from logit_inference.solve.alternative import gordan
from logit_inference.solve.integers import (
    Integers,
    as_floats,
    coprime_columns,
    exact_nonzero,
    exact_signs,
    integer_rows,
    null_space,
)

MOST_COLUMNS = 250  # integers of a basis of more columns grow too long: minutes, not seconds
AT_ONCE = 1 << 21  # elements of coded columns that are written out at a time
FIRST_ROWS, MORE_ROWS = 300, 100  # in the working set, and added to it; beside some per column
BITS = 24  # of the numbers in a change of basis, which need not be accurate


@dataclass(frozen=True)
class Recession:
    """The recession cone of a log-likelihood, verified in integers.

    Parameters
    ----------
    exists : bool or None
        Whether some direction separates some rows; None where that was not decided.
    direction : (p,) array
        In the relative interior of the cone: it separates all rows that any direction does. Zero
        where none exists. The largest element has size one.
    whole : tuple of p int
        The same direction, exactly, times a positive number.
    span : (p, r) array
        A basis of the span of the cone. A combination of coefficients can be estimated where it is
        orthogonal to it.
    ends : (p,) array
        Where each coefficient goes along the cone: 0 where nowhere, inf, −inf, and NaN where the
        cone has directions of both signs.
    complete : bool
        Whether all rows that count are separated.
    n_separated, n_rows : int
        Rows that are separated, and rows that count.
    reason : str
        Why it was not decided; empty where it was.
    """

    exists: bool | None
    direction: Floats
    whole: tuple[int, ...]
    span: Floats
    ends: Floats
    complete: bool
    n_separated: int
    n_rows: int
    reason: str = ""

    @property
    def estimable(self) -> NDArray[np.bool_]:
        """Which coefficients are constant along the cone, shape (p,)."""
        return self.ends == 0


def find_recession(source: Source) -> Recession:
    """Return the recession cone of the rows of a source that count.

    Parameters
    ----------
    source : Source
        Of p linearly independent columns.

    Returns
    -------
    Recession

    Notes
    -----
    Some passes over the rows, each of a few products; where the data are not separated, as a rule
    none, because a few hundred rows show it. Memory: the working set of some hundred rows. Time
    beside that: milliseconds up to ten columns, about a second for each round at fifty.

    Examples
    --------
    >>> from logit_inference.rows.source import ArraySource
    >>> X = np.column_stack([np.ones(6), [1.0, 2, 3, 4, 5, 6]])
    >>> found = find_recession(ArraySource(Block(np.array([0.0, 0, 0, 1, 1, 1]), X)))
    >>> found.complete, found.ends.tolist()
    (True, [-inf, inf])
    >>> find_recession(ArraySource(Block(np.array([0.0, 0, 1, 0, 1, 1]), X))).exists
    False
    """
    p = source.n_columns
    n_rows = source.fold(_count).n
    if p > MOST_COLUMNS:
        reason = f"{p} columns are too many for an exact decision ({MOST_COLUMNS} at most)"
        return _nothing(None, p, n_rows, reason)
    space = _without_mixed_rows(source, _identity(p))
    cone = _Cone(source, space)
    direction = cone.interior()
    if direction is None:
        return _nothing(False, p, n_rows)
    separated = source.fold(_count, cone.space).n
    return Recession(
        True,
        _largest_one(direction),
        tuple(int(value) for value in direction),
        np.column_stack([_largest_one(column) for column in cone.space.T]),
        cone.ends(direction),
        separated == n_rows,
        separated,
        n_rows,
    )


def separated_rows(source: Source, recession: Recession) -> NDArray[np.bool_]:
    """Return which rows of a source the cone separates, shape (n,); one pass.

    Rows that do not count are not separated.
    """
    if not recession.exists:
        return np.zeros(source.n_rows, dtype=bool)
    whole = np.array(recession.whole, dtype=object)
    return np.asarray(source.map(_is_separated, whole), dtype=bool)


def _nothing(exists: bool | None, p: int, n_rows: int, reason: str = "") -> Recession:
    zero = np.zeros(p)
    return Recession(exists, zero, (0,) * p, np.zeros((p, 0)), zero, False, 0, n_rows, reason)


def _identity(p: int) -> Integers:
    return np.array(np.eye(p, dtype=int), dtype=object)


def _largest_one(values: Integers) -> Floats:
    rounded = as_floats(values)
    return rounded / np.abs(rounded).max()


class _Cone:
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
            self.add(source.fold(_spread, space, FIRST_ROWS + 10 * len(space)).rows)

    def add(self, Z: Floats) -> None:
        """Put rows into the working set; those that are there already change nothing."""
        self.rows.update(dict.fromkeys(tuple(row) for row in integer_rows(Z).tolist()))

    def inside(self) -> Integers:
        """Return the rows of the working set as they act on the subspace, none of them zero."""
        rows = np.array(list(self.rows), dtype=object).reshape(len(self.rows), len(self.space))
        inside = rows @ self.space
        return inside[(inside != 0).any(axis=1)]

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
        for j, value in enumerate(direction.tolist()):
            own = self.space[j]
            if not own.any():
                continue
            ends[j] = math.nan if value == 0 else (math.inf if value > 0 else -math.inf)
            if value != 0 and self.space.shape[1] > 1 and self._also(own if value < 0 else -own):
                ends[j] = math.nan
        return ends

    def _also(self, row: Integers) -> bool:
        """Say whether some direction of the cone has a positive product with one more row."""
        while True:
            answer = gordan(np.vstack([self.inside(), row]))
            if answer.direction is None:
                return False
            if not self._violated(self.space @ answer.direction):
                return True

    def _violated(self, direction: Integers) -> bool:
        """Say whether a direction is wrong for some row; the worst then join the working set."""
        most = MORE_ROWS + 2 * len(self.space)
        found = self.source.fold(_exposed, direction, self.space, most).rows
        self.add(found)
        return len(found) > 0


def _without_mixed_rows(source: Source, space: Integers) -> Integers:
    """Return a basis of what is orthogonal to all rows with events and non-events."""
    most = 2 * len(space) + 50
    while space.shape[1]:
        found = source.fold(_mixed, space, most).rows
        if not len(found):
            break
        null, _ = null_space(integer_rows(found) @ space)
        space = coprime_columns(space @ null)
    return space


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
    moves = [size - k - scale for k, size, scale in zip(sizes, kept, scales, strict=True)]
    for j, move in enumerate(moves):
        short[:, j] <<= move - min(moves)
    return short


# --- kernels --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Count:
    """A number of rows whose merge is the sum."""

    n: int

    def __add__(self, other: _Count) -> _Count:
        return _Count(self.n + other.n)


@dataclass(frozen=True)
class _Worst:
    """Some rows z (k, p), those with the smallest margins of all that were seen."""

    rows: Floats
    margins: Floats
    most: int

    def __add__(self, other: _Worst) -> _Worst:
        rows = np.vstack([self.rows, other.rows])
        margins = np.append(self.margins, other.margins)
        best = np.argsort(margins, kind="stable")[: self.most]
        return _Worst(rows[best], margins[best], self.most)


@dataclass(frozen=True)
class _Piece:
    """Rows that count, written out: z, and which have events and non-events."""

    Z: Floats
    mixed: NDArray[np.bool_]


def _pieces(block: Block) -> Iterator[_Piece]:
    """Yield the rows of a block that count, some at a time."""
    size = max(AT_ONCE // max(block.n_columns, 1), 1)
    counts = block.counts
    for start in range(0, block.n_rows, size):
        part = slice(start, start + size)
        X, y = dense(block.X[part]), block.y[part]
        mixed = np.zeros(len(y), dtype=bool)
        if block.trials is not None:
            mixed = (y > 0) & (y < block.trials[part])
        Z = np.where(y > 0, 1.0, -1.0)[:, np.newaxis] * X
        if counts is None:
            yield _Piece(Z, mixed)
        else:
            kept = counts[part]
            yield _Piece(Z[kept], mixed[kept])


def _count(block: Block, columns: Integers | None = None) -> _Count:
    """Count the rows that count, or those that are not orthogonal to some columns."""
    if columns is None:
        counts = block.counts
        return _Count(block.n_rows if counts is None else int(counts.sum()))
    return _Count(sum(int(exact_nonzero(piece.Z, columns).sum()) for piece in _pieces(block)))


def _is_separated(block: Block, direction: Integers) -> Floats:
    """Return 1 for rows with a positive margin, 0 for the others."""
    found = [exact_signs(piece.Z, direction) for piece in _pieces(block)]
    separated = np.zeros(block.n_rows)
    counts = block.counts
    separated[slice(None) if counts is None else counts] = np.concatenate(found) > 0
    return separated


def _spread(block: Block, columns: Integers, most: int) -> _Worst:
    """Return rows from all over the block that are not orthogonal to some columns."""
    return _merged((_chosen(piece, columns, most) for piece in _pieces(block)), block, most)


def _mixed(block: Block, columns: Integers, most: int) -> _Worst:
    """Return rows with events and non-events that are not orthogonal to some columns."""
    own = (_Piece(piece.Z[piece.mixed], piece.mixed[piece.mixed]) for piece in _pieces(block))
    return _merged((_chosen(piece, columns, most) for piece in own), block, most)


def _chosen(piece: _Piece, columns: Integers, most: int) -> _Worst:
    """Return at most so many rows of a piece, in the order of a shuffle that is always the same."""
    order = np.random.default_rng(len(piece.Z)).permutation(len(piece.Z))
    tried = piece.Z[order[: 2 * most]]
    kept = tried[exact_nonzero(tried, columns)]
    if not len(kept):  # rare among all rows: look at every one
        kept = piece.Z[exact_nonzero(piece.Z, columns)]
    kept = kept[:most]
    return _Worst(kept, np.arange(len(kept), dtype=np.float64), most)


def _exposed(block: Block, direction: Integers, columns: Integers, most: int) -> _Worst:
    """Return the worst rows that a direction does not put strictly on their side.

    Rows orthogonal to the columns have no side.
    """
    return _merged(
        (_on_wrong_side(piece, direction, columns, most) for piece in _pieces(block)), block, most
    )


def _on_wrong_side(piece: _Piece, direction: Integers, columns: Integers, most: int) -> _Worst:
    signs = exact_signs(piece.Z, direction)
    wrong = np.flatnonzero((signs <= 0) | piece.mixed)
    idle = wrong[signs[wrong] == 0]
    if len(idle):
        stays = exact_nonzero(piece.Z[idle], columns)
        wrong = np.setdiff1d(wrong, idle[~stays])
    rows, rounded = piece.Z[wrong], as_floats(direction)
    with np.errstate(all="ignore"):
        margins = (rows @ rounded) / (np.abs(rows) @ np.abs(rounded))
    margins = np.nan_to_num(margins, nan=0.0)
    best = np.argsort(margins, kind="stable")[:most]
    return _Worst(rows[best], margins[best], most)


def _merged(parts: Iterable[_Worst], block: Block, most: int) -> _Worst:
    total = _Worst(np.empty((0, block.n_columns)), np.empty(0), most)
    for part in parts:
        total = total + part
    return total
