"""The writing of X: the rows in use as numbers or, where factors are wide, as codes.

The rows of the fit and new rows are written by the same lines, straight into the arrays that are
kept. Which columns there are has been learned before (`design.columns`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from logit_inference.design import categories
from logit_inference.design.column import Level
from logit_inference.design.columns import State
from logit_inference.design.piece import Key, Piece, Use, number_key
from logit_inference.design.sample import Sample, factor_value
from logit_inference.errors import SchemaError
from logit_inference.rows.block import Floats
from logit_inference.rows.coded import Coded, Integers, Layout, Part

Values = Mapping[str, NDArray[Any]]
# What decides between floats and codes, see `find_coded`.
SMALL = 2_000_000
WIDE, NARROW = 8, 4
ROWS_PER_COMBINATION, LEVELS_PER_COLUMN = 16, 10


def encode_rows(pieces: Sequence[Piece], sample: Sample, state: State) -> Floats | Coded:
    """Return X of the rows in use: an (n, p) array, or a `Coded` where that serves better.

    Besides X this holds the values of the factors of one piece, and of those factors that stand
    in several.

    Raises
    ------
    SchemaError
        If a factor has a level that the fit has not seen.
    """
    coded = find_coded(pieces, sample.n_rows)
    if coded:
        return _encode_coded(pieces, coded, sample, state)
    X = np.empty((sample.n_rows, sum(piece.width for piece in pieces)))
    _write_pieces(X, {piece: piece.start for piece in pieces}, sample, state)
    return X


def encode_pieces(pieces: Sequence[Piece], sample: Sample, state: State) -> tuple[Integers, Floats]:
    """Return some pieces' columns of X, by number, and the (n, k) array of them."""
    starts, columns = _side_by_side(pieces)
    X = np.empty((sample.n_rows, len(columns)))
    _write_pieces(X, starts, sample, state)
    return columns, X


def encode_slopes(
    pieces: Sequence[Piece], slopes: Values, sample: Sample, state: State
) -> tuple[Integers, Floats]:
    """Return the derivative of pieces' columns, from that of each factor that has one.

    By the product rule: the sum over factors of the product with that factor's derivative in its
    place.
    """
    starts, columns = _side_by_side(pieces)
    D = np.zeros((sample.n_rows, len(columns)))
    needs = {piece: piece.uses for piece in starts}
    for piece, values in _with_values(needs, sample, state):
        own = D[:, starts[piece] : starts[piece] + piece.width]
        part = np.empty_like(own)
        for use in piece.uses:
            if use.factor.expr in slopes:
                _write_piece(part, piece, {**values, use.factor.expr: slopes[use.factor.expr]})
                own += part
    return columns, D


def _side_by_side(pieces: Sequence[Piece]) -> tuple[dict[Piece, int], Integers]:
    """Return where each piece starts if they stand side by side, and their columns of X."""
    starts: dict[Piece, int] = {}
    columns: list[int] = []
    for piece in pieces:
        starts[piece] = len(columns)
        columns += range(piece.start, piece.start + piece.width)
    return starts, np.array(columns, dtype=np.intp)


def find_coded(pieces: Sequence[Piece], n_rows: int) -> tuple[Piece, ...]:
    """Return the pieces to be kept as codes; none where an array of floats serves better.

    Notes
    -----
    None where X has fewer than two million elements: everything is fast then, and floats lend
    themselves to orthogonal factors. Beyond that:

    * Where all terms are categorical, and rows are sixteen times as many as the combinations of
      levels, all of them, however narrow: rows of equal codes then collapse into one.
    * Otherwise, where a piece has eight or more columns for its levels, all pieces of four or more.
      (Of an interaction or of contrasts that leave most levels without a column, the columns are
      cheaper: codes cost what the levels cost.)
    * Otherwise none.

    Measured at 500,000 rows beside 1 to 20 numeric columns: a pass over codes takes as long as one
    over columns where a factor has eight of them, and half as long where it has twenty; beside a
    coded factor, further ones break even at four columns.
    """
    categorical = [piece for piece in pieces if piece.categorical]
    if n_rows * sum(piece.width for piece in pieces) < SMALL:
        return ()
    if categorical and not any(piece.numeric for piece in pieces):
        sizes = {use.factor.expr: len(use.coding.levels) for p in pieces for use in p.uses}
        if prod(sizes.values()) <= n_rows // ROWS_PER_COMBINATION:
            return tuple(categorical)
    coded = tuple(
        piece
        for piece in categorical
        if piece.n_indicators >= max(NARROW, piece.n_levels / LEVELS_PER_COLUMN)
    )
    return coded if any(piece.n_indicators >= WIDE for piece in coded) else ()


# --- values ---------------------------------------------------------------------------------------


def _with_values(
    needs: Mapping[Piece, Sequence[Use]], sample: Sample, state: State
) -> Iterator[tuple[Piece, Values]]:
    """Yield each piece with the values of the factors it needs, kept no longer than needed."""
    left = Counter(use.factor.expr for uses in needs.values() for use in uses)
    values: dict[str, NDArray[Any]] = {}
    for piece, uses in needs.items():
        for use in uses:
            if use.factor.expr not in values:
                values[use.factor.expr] = _read_value(use, sample, state)
        yield piece, values
        for use in uses:
            left[use.factor.expr] -= 1
            if not left[use.factor.expr]:
                values.pop(use.factor.expr, None)


def _read_value(use: Use, sample: Sample, state: State) -> NDArray[Any]:
    """Return the numbers of a factor, or its codes into the levels of the fit."""
    factor, coding = use.factor, use.coding
    value = factor_value(factor, sample, state.get(factor.expr, {}))
    if not isinstance(value, categories.Coded):
        if use.categorical:
            raise SchemaError.kind_changed(factor.expr, "categorical", "numeric")
        return value
    if not use.categorical:
        raise SchemaError.kind_changed(factor.expr, "numeric", "categorical")
    found = value.values
    if found.levels == coding.levels:
        own: NDArray[Any] = found.codes
        return own
    place = {level: code for code, level in enumerate(coding.levels)}
    table = [place.get(level, -1) for level in found.levels]
    codes: NDArray[Any] = np.array(table, dtype=_narrowest(len(coding.levels)))[found.codes]
    if len(codes) and codes.min() < 0:
        unseen = found.codes[codes < 0]
        row = int(np.argmax(codes < 0))
        level: Level = found.levels[int(found.codes[row])]
        name = factor.variables[0] if len(factor.variables) == 1 else factor.expr
        raise SchemaError.unseen_level(
            name,
            level,
            sample.label(row),
            int(np.count_nonzero(unseen == found.codes[row])),
            coding.levels,
            level in coding.unused,
        )
    return codes


def _narrowest(n_levels: int) -> np.dtype[Any]:
    """Return the smallest type of signed integers for codes into so many levels, and their number.

    The number too, since codes of several factors are put together by products with it.
    """
    narrowest: np.dtype[Any] = np.min_scalar_type(-n_levels - 1)
    return narrowest


# --- columns of floats ----------------------------------------------------------------------------


def _write_pieces(X: Floats, starts: Mapping[Piece, int], sample: Sample, state: State) -> None:
    """Write pieces into X, each from its own column on."""
    plain = {piece: place for piece, place in starts.items() if _is_plain(piece, sample)}
    _write_plain(X, plain, sample)
    others = {piece: piece.uses for piece in starts if piece not in plain}
    for piece, values in _with_values(others, sample, state):
        _write_piece(X[:, starts[piece] : starts[piece] + piece.width], piece, values)


def _is_plain(piece: Piece, sample: Sample) -> bool:
    """Say whether a piece is a numeric column of the table and nothing else."""
    if len(piece.uses) != 1 or piece.categorical or piece.uses[0].factor.kind != "lookup":
        return False
    return sample.columns[piece.uses[0].factor.expr].kind == "numeric"


def _write_plain(X: Floats, starts: Mapping[Piece, int], sample: Sample) -> None:
    """Copy numeric columns, some rows at a time: rows of X then stay in cache for all of them."""
    columns = [
        (place, sample.columns[piece.uses[0].factor.expr].values) for piece, place in starts.items()
    ]
    for start in range(0, sample.n_rows, 4096):
        stop = start + 4096
        rows: Any = slice(start, stop) if sample.rows is None else sample.rows[start:stop]
        for place, values in columns:
            X[start:stop, place] = values[rows]


def _write_piece(X: Floats, piece: Piece, values: Values) -> None:
    """Write the columns of a piece, which are all of X."""
    if not piece.uses:
        X[:] = 1.0
        return
    if len(piece.uses) == 1 and piece.uses[0].indicated is not None:
        _write_indicators(X, piece.uses[0], values[piece.uses[0].factor.expr])
        return
    for places, offset in piece.products(piece.uses):
        column = X[:, offset]
        for number, (use, j) in enumerate(zip(piece.uses, places, strict=True)):
            single = _single_column(use, values[use.factor.expr], j)
            if number == 0:
                column[:] = single
            else:
                column *= single


def _single_column(use: Use, value: NDArray[Any], j: int) -> NDArray[Any]:
    """Return column j of a factor."""
    if not use.categorical:
        return value if value.ndim == 1 else value[:, j]
    if use.indicated is not None:
        indicator: NDArray[np.bool_] = value == use.indicated[j]
        return indicator
    column: NDArray[np.float64] = use.table[:, j][value]
    return column


def _write_indicators(X: Floats, use: Use, codes: NDArray[Any]) -> None:
    """Write columns that are 1 for one level each: zeros, and then the ones by row."""
    X[:] = 0.0
    place = np.full(len(use.coding.levels), -1, dtype=np.intp)
    place[use.indicated] = np.arange(use.width)
    target = place[codes]
    rows = np.flatnonzero(target >= 0)
    X[rows, target[rows]] = 1.0


# --- columns as codes -----------------------------------------------------------------------------


def _encode_coded(
    pieces: Sequence[Piece], coded: Sequence[Piece], sample: Sample, state: State
) -> Coded:
    """Return X with some pieces as codes, and the others among its numbers."""
    starts, places, number_of = _plan_numbers(pieces, coded)
    numbers = np.empty((sample.n_rows, len(places)))
    numbers[:, 0] = 1.0
    _write_pieces(numbers, starts, sample, state)
    needs = {piece: piece.categorical for piece in coded}
    for piece in coded:
        if any(places[number_of[key]] < 0 for key in _products(piece) if key):
            needs[piece] = piece.uses
    joint: dict[tuple[str, ...], int] = {}
    codes: list[NDArray[Any]] = []
    sizes: list[int] = []
    parts: list[Part] = []
    for piece, values in _with_values(needs, sample, state):
        names = tuple(use.factor.expr for use in piece.categorical)
        if names not in joint:
            joint[names] = len(codes)
            sizes.append(piece.n_levels)
            codes.append(_joint_codes(piece, values))
        for key, offset in _products(piece).items():
            number = number_of[key]
            parts.append(piece.coded_part(joint[names], offset, number))
            if key and places[number] < 0:
                _write_product(numbers[:, number], key, values)
    n_columns = sum(piece.width for piece in pieces)
    layout = Layout(n_columns, np.array(places, dtype=np.intp), tuple(sizes), tuple(parts))
    return Coded(numbers, tuple(codes), layout)


def _plan_numbers(
    pieces: Sequence[Piece], coded: Sequence[Piece]
) -> tuple[dict[Piece, int], list[int], dict[Key, int]]:
    """Return which numbers there will be, beginning with the constant.

    That is: the first number of each piece that is not coded; for each number its column of X, -1
    for one that only multiplies; and the number that each product of numeric columns is.
    """
    starts: dict[Piece, int] = {}
    places = [-1]
    number_of: dict[Key, int] = {(): 0}
    for piece in pieces:
        if not piece.uses:
            places[0] = piece.start
        elif piece not in coded:
            starts[piece] = len(places)
            if not piece.categorical:
                for key, offset in _products(piece).items():
                    number_of[key] = len(places) + offset
            places += range(piece.start, piece.start + piece.width)
    for piece in coded:
        for key in _products(piece):
            if key not in number_of:
                number_of[key] = len(places)
                places.append(-1)
    return starts, places, number_of


def _products(piece: Piece) -> dict[Key, int]:
    """Return the products of a piece's numeric columns, and the offset of each."""
    return {
        number_key(piece.numeric, places): offset
        for places, offset in piece.products(piece.numeric)
    }


def _joint_codes(piece: Piece, values: Values) -> NDArray[Any]:
    """Return codes into the combinations of a piece's levels, the first factor fastest; a copy."""
    uses = piece.categorical
    own = [values[use.factor.expr] for use in uses]
    narrow = _narrowest(piece.n_levels)
    if len(uses) == 1 and own[0].itemsize <= narrow.itemsize:
        return own[0].copy()
    joint = np.zeros(len(own[0]), dtype=narrow)
    for use, codes in zip(reversed(uses), reversed(own), strict=True):
        joint *= len(use.coding.levels)
        joint += codes
    return joint


def _write_product(column: Floats, key: Key, values: Values) -> None:
    """Write a product of numeric columns."""
    column[:] = 1.0
    for expr, place in key:
        column *= values[expr] if values[expr].ndim == 1 else values[expr][:, place]
