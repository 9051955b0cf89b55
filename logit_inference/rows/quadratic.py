"""What is quadratic in coded columns: ``X' W X`` over blocks, and ``x' B B' x`` of each row.

Both are tables by level. Between two factors ``X' W X`` is the sum of weights by both of their
levels, and ``x' B B' x`` one look-up in such a table; the dense matrices that they stand for are
made once, of size (p, p), or never.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from logit_inference.rows.blas import add_square
from logit_inference.rows.block import Floats
from logit_inference.rows.coded import (
    Coded,
    CodedSums,
    Integers,
    Layout,
    Part,
    look_up,
    multiplied,
    rows_per_block,
    span,
)
from logit_inference.rows.lengths import squared_lengths
from logit_inference.rows.levels import LevelSums
from logit_inference.rows.pieces import FEW_COLUMNS, in_pieces
from logit_inference.rows.scaling import scale_rows


class CodedGram:
    """The sum of ``X' diag(weight) X`` over blocks of a `Coded`, with reused buffers.

    Kept by level until the end: for each part the sums of the weighted numbers, for each pair of
    parts of different factors a table of sums by both levels. (Parts that share their factor need
    none: each level meets itself only, and their multipliers are among the numbers.)

    Parameters
    ----------
    X : Coded
        The first block; none that is added later has more rows.

    Notes
    -----
    Memory: the tables of pairs, less than half of a (p, p) array where every level has a column;
    in `upper` such an array beside them. `upper` writes p² elements, so it is for the end of a run
    of many rows.
    """

    def __init__(self, X: Coded) -> None:
        layout = X.layout
        n_rows, n_numbers = X.numbers.shape
        self._layout = layout
        self._sums = LevelSums(n_rows)
        self._values = CodedSums(X, self._sums)
        self._scaled = np.empty((n_rows, n_numbers))
        self._numeric = np.zeros((n_numbers, n_numbers), order="F")
        sizes = [layout.n_levels[part.factor] for part in layout.parts]
        self._by_level = [np.zeros((size, n_numbers)) for size in sizes]
        self._tables = {
            (i, j): np.zeros((sizes[i], sizes[j]))
            for i, j, a, b in _pairs(layout)
            if a.factor != b.factor
        }

    def add(self, X: Coded, weight: Floats, values: Floats | None = None) -> None:
        """Add a block with (n,) weights, none negative; (n,) values where their sums are wanted."""
        if values is not None:
            self._values.add(X, values)
        parts, numbers = self._layout.parts, X.numbers
        few = numbers.shape[1] <= FEW_COLUMNS
        scaled = self._scaled[: len(X)]
        scale_rows(numbers, weight if few else np.sqrt(weight), scaled)
        if few:
            self._numeric += in_pieces(numbers, scaled)
        else:
            add_square(scaled, self._numeric)
        weights = [multiplied(X, part, weight) for part in parts]
        codes = [own.astype(np.int32, copy=False) for own in X.codes]
        for part, own, total in zip(parts, weights, self._by_level, strict=True):
            total += self._sums.of(codes[part.factor], own, len(total), numbers)
        for (i, j), table in self._tables.items():
            own = multiplied(X, parts[j], weights[i])
            self._add_pairs(table, codes[parts[i].factor], codes[parts[j].factor], own)

    def _add_pairs(
        self, table: Floats, first: NDArray[np.int32], second: NDArray[np.int32], values: Floats
    ) -> None:
        """Add the sums of values by both levels to a table.

        One of more cells than the block has rows is not made anew for each block.
        """
        width = table.shape[1]
        if table.size <= len(values):
            keys = first * np.int32(width)
            keys += second
            table += self._sums.of(keys, values, table.size).reshape(table.shape)
        else:
            wide = first.astype(np.intp)
            wide *= width
            wide += second
            np.add.at(table.reshape(-1), wide, values)

    def upper(self) -> Floats:
        """Return the matrix (p, p), both of its triangles."""
        layout = self._layout
        full = np.zeros((layout.n_columns, layout.n_columns), order="F")
        seen = layout.places >= 0
        places = layout.places[seen]
        numeric = np.triu(self._numeric) + np.triu(self._numeric, 1).T
        full[np.ix_(places, places)] = numeric[np.ix_(seen, seen)]
        for i, part in enumerate(layout.parts):
            sums = self._by_level[i]
            _place(full, part.columns, places, part.by_column(sums)[:, seen])
            _place_shared(full, part, part, sums[:, part.multiplier])
        for i, j, a, b in _pairs(layout):
            if a.factor == b.factor:
                _place_shared(full, a, b, self._by_level[i][:, b.multiplier])
            else:
                block = b.by_column(a.by_column(self._tables[i, j]).T).T
                _place(full, a.columns, b.columns, block)
        return full

    def sums(self) -> Floats:
        """Return ``X' values`` (p,) for the values that were added."""
        return self._values.total()


@dataclass(frozen=True, slots=True, eq=False)
class RowForm:
    """The quadratic form ``x' B B' x`` of rows x of a layout, as tables by level.

    Its terms cancel where ``B B'`` is ill-conditioned: a value is off by about eps times the
    condition of the scaled columns, as that of any sum of products is.

    Parameters
    ----------
    layout : Layout
    numeric : (j, k) array
        A root of the form on the numbers, transposed.
    squares, products : tuples of (levels,) and of (levels, k) arrays
        For each part the form on itself, and twice that between it and the numbers.
    tables : mapping of pairs of parts to (levels, levels) or (levels,) array
        Twice the form between them; (levels,) where they share their factor.
    """

    layout: Layout
    numeric: Floats
    squares: tuple[Floats, ...]
    products: tuple[Floats, ...]
    tables: dict[tuple[int, int], Floats]

    @classmethod
    def of(cls, layout: Layout, root: Floats) -> RowForm:
        """Return the form of ``root`` B of shape (p, r); 2r operations for each cell of a table."""
        numeric = layout.of_numbers(root)
        upper: Any = np.linalg.qr(numeric.T, mode="r")
        sizes = [layout.n_levels[part.factor] for part in layout.parts]
        roots = [_own_root(part, root) for part in layout.parts]
        squares, products = [], []
        for part, own, size in zip(layout.parts, roots, sizes, strict=True):
            squares.append(_to_levels(part, squared_lengths(own), size))
            products.append(_to_levels(part, 2.0 * (own @ numeric.T), size))
        tables = {}
        for i, j, a, b in _pairs(layout):
            if a.factor == b.factor:
                tables[i, j] = 2.0 * _products_by_level(a, b, roots[i], roots[j], sizes[i])
            else:
                half = _to_levels(a, 2.0 * (roots[i] @ roots[j].T), sizes[i])
                tables[i, j] = np.ascontiguousarray(_to_levels(b, half.T, sizes[j]).T)
        return cls(layout, upper, tuple(squares), tuple(products), tables)

    def at(self, X: Coded) -> Floats:
        """Return the form at each row of X, shape (n,); a few arrays of a block's length."""
        values = np.empty(len(X))
        size = rows_per_block(X)
        for start in range(0, len(X), size):
            values[start : start + size] = self._at_block(X[start : start + size])
        return values

    def _at_block(self, X: Coded) -> Floats:
        parts = self.layout.parts
        reach = X.numbers @ self.numeric.T
        total: Floats = squared_lengths(reach)
        for part, squares, products in zip(parts, self.squares, self.products, strict=True):
            codes = X.codes[part.factor]
            own = multiplied(X, part, look_up(squares, codes))
            own += np.einsum("ij,ij->i", look_up(products, codes), X.numbers)
            total += multiplied(X, part, own)
        for (i, j), table in self.tables.items():
            keys = X.codes[parts[i].factor]
            if table.ndim == 2:
                # Codes are of a small type, in which numpy 1 would leave the product.
                keys = keys.astype(np.intp) * table.shape[1] + X.codes[parts[j].factor]
            found = look_up(table.reshape(-1), keys)
            total += multiplied(X, parts[i], multiplied(X, parts[j], found))
        return np.maximum(total, 0.0, out=total)


def row_squares(X: Coded, root: Floats) -> Floats:
    """Return the squared length of each row of ``X @ root``, shape (n,); ``root`` is (p, r).

    Notes
    -----
    A look-up for each part and pair of parts, instead of r products, per row. Whoever asks for
    many blocks makes the `RowForm` once.
    """
    return RowForm.of(X.layout, root).at(X)


# --- pairs of parts -------------------------------------------------------------------------------


def _pairs(layout: Layout) -> Iterator[tuple[int, int, Part, Part]]:
    """Yield all pairs of parts, with their numbers."""
    for (i, a), (j, b) in combinations(enumerate(layout.parts), 2):
        yield i, j, a, b


def _place(full: Floats, rows: Integers, columns: Integers, block: Floats) -> None:
    """Write a block of a symmetric matrix, and its mirror image."""
    for at_rows, at_columns, values in ((rows, columns, block), (columns, rows, block.T)):
        at: Any = span(at_rows), span(at_columns)
        if not any(isinstance(indices, slice) for indices in at):
            at = np.ix_(at_rows, at_columns)
        full[at] = values


def _place_shared(full: Floats, a: Part, b: Part, weights: Floats) -> None:
    """Write ``A' diag(weights) B`` of two parts of one factor; weights are by level."""
    if a.table is None and b.table is None:
        rows, columns, levels = _shared_levels(a, b, len(weights))
        full[a.columns[rows], b.columns[columns]] = weights[levels]
        full[b.columns[columns], a.columns[rows]] = weights[levels]
    elif b.table is None:
        _place_shared(full, b, a, weights)
    else:
        block = a.by_column(weights[:, np.newaxis] * b.table)
        _place(full, a.columns, b.columns, block)


def _shared_levels(a: Part, b: Part, n_levels: int) -> tuple[Integers, Integers, Integers]:
    """Return the levels that two parts both indicate, after the places of their columns in each."""
    places = np.full((2, n_levels), -1, dtype=np.intp)
    places[0, a.levels] = np.arange(len(a.columns))
    places[1, b.levels] = np.arange(len(b.columns))
    levels = np.flatnonzero((places >= 0).all(axis=0))
    return places[0, levels], places[1, levels], levels


def _own_root(part: Part, root: Floats) -> Floats:
    """Return the rows of ``root`` for the columns of indicators, and for the levels of a table."""
    own: Floats = root[span(part.columns)]
    return own if part.table is None else part.table @ own


def _to_levels(part: Part, values: Floats, n_levels: int) -> Floats:
    """Return what was made of `_own_root` by level."""
    return values if part.table is not None else part.by_level(values, n_levels)


def _products_by_level(a: Part, b: Part, root_a: Floats, root_b: Floats, n_levels: int) -> Floats:
    """Return for each level the product of the two rows that parts of one factor have for it."""
    if a.table is None and b.table is None:
        rows, columns, levels = _shared_levels(a, b, n_levels)
        products = np.zeros(n_levels)
        products[levels] = np.einsum("ij,ij->i", root_a[span(rows)], root_b[span(columns)])
        return products
    full_a, full_b = _to_levels(a, root_a, n_levels), _to_levels(b, root_b, n_levels)
    result: Floats = np.einsum("ij,ij->i", full_a, full_b)
    return result
