"""The variables of a design at some rows, and its columns where a variable is changed.

Effects are effects of variables: what a change of one does to its columns (a polynomial, a spline,
an interaction, an offset) is found by writing those columns again, and only those. Rows are written
some thousand at a time; nothing of the size of X is kept. This file knows no coefficients.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from logit_inference.design.column import Column, Level, Rows, read_column
from logit_inference.design.complete import check_infinite, complete_rows
from logit_inference.design.conform import conform_column
from logit_inference.design.design import Design
from logit_inference.design.frame import as_frame
from logit_inference.design.matrix import encode_pieces, encode_rows, encode_slopes
from logit_inference.design.piece import Piece, pieces_of
from logit_inference.design.roles import total_offset
from logit_inference.design.sample import Sample
from logit_inference.design.schema import describe_column
from logit_inference.design.slopes import factor_slope
from logit_inference.errors import ComparisonError, EffectError, SchemaError
from logit_inference.rows.block import Floats
from logit_inference.rows.coded import Coded, Integers
from logit_inference.rows.product import dense

AT_ONCE = 1 << 20  # numbers of X that are compared at a time
SAME = 1e-8  # of a column: how far it may come out differently, in blocks of other sizes


class Written(NamedTuple):
    """Rows of a design: X (m, p) and the offset (m,), None where there is none."""

    X: Floats
    offset: Floats | None


class Patch(NamedTuple):
    """Some columns of X: their numbers (k,), values (m, k), and the offset or what it changes by.

    Values that are the same in all rows stand there once, (1, k). The offset is None where it stays
    as it is.
    """

    columns: Integers
    values: Floats
    offset: Floats | None


class Change(NamedTuple):
    """A new value for a variable: one for all rows, or, with ``shift``, added to its own."""

    value: Any
    shift: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Variables:
    """Variables at n rows, none of them missing.

    Parameters
    ----------
    design : Design
    columns : mapping of str to Column
        Each with n values.
    labels : sequence of n
    offset : (n,) array or None
        What the fit had as an array.
    rows : (n,) array of int or None
        Places of these rows among those that were given; None where none of them misses a value.
    n_given : int
        How many were given.
    pieces : tuple of Piece
    fitted : (n, p) array or Coded, or None
        The columns that must come out, where these are the rows of a fit.
    """

    design: Design
    columns: Mapping[str, Column]
    labels: Sequence[Any]
    offset: Floats | None
    rows: Rows
    n_given: int
    pieces: tuple[Piece, ...]
    fitted: Floats | Coded | None = None

    @property
    def n_rows(self) -> int:
        """Number of rows."""
        return self.n_given if self.rows is None else len(self.rows)

    @property
    def n_columns(self) -> int:
        """Number p of columns of X."""
        return len(self.design.columns)

    @property
    def names(self) -> tuple[str, ...]:
        """The variables on the right side, in the order of the formula."""
        return self.design.variables

    def written(self, start: int, stop: int) -> Written:
        """Return rows of X and offset.

        Raises
        ------
        ComparisonError
            Where the table of a fit is not what it was.
        """
        sample = self._sample(start, stop, {})
        X = dense(encode_rows(self.pieces, sample, self.design.state))
        if self.fitted is not None:
            _check_same(X, dense(self.fitted[start:stop]))
        return Written(X, self._offset(sample, start, stop))

    def changed(self, start: int, stop: int, changes: Mapping[str, Change]) -> Patch:
        """Return the columns that changes of variables touch, and the offset if they touch it."""
        touched = [piece for piece in self.pieces if _uses(piece, changes)]
        used = {name for piece in touched for use in piece.uses for name in use.factor.variables}
        alike = used <= set(changes) and not any(change.shift for change in changes.values())
        sample = self._sample(start, stop, changes)
        some = self._sample(start, start + 1, changes) if alike else sample
        columns, values = encode_pieces(touched, some, self.design.state)
        moved = any(set(factor.variables) & set(changes) for factor in self.design.offsets)
        return Patch(columns, values, self._offset(sample, start, stop) if moved else None)

    def slopes(self, start: int, stop: int, name: str) -> Patch:
        """Return the derivative of the columns, and of the offset, by a numeric variable."""
        sample, state = self._sample(start, stop, {}), self.design.state
        spread = self._spread(name)
        touched = [piece for piece in self.pieces if _uses(piece, (name,))]
        factors = {use.factor for piece in touched for use in piece.uses}
        own: dict[str, Floats] = {}
        for factor in factors:
            if name in factor.variables:
                if self.design.codings[factor.expr].kind == "categorical":
                    raise EffectError.categorical(name, factor.expr)
                memory = state.get(factor.expr, {})
                own[factor.expr] = factor_slope(factor, name, spread, sample, memory)
        columns, values = encode_slopes(touched, own, sample, state)
        offset: Floats | None = None
        for factor in self.design.offsets:
            if name in factor.variables:
                slope = factor_slope(factor, name, spread, sample, state.get(factor.expr, {}))
                offset = slope if offset is None else offset + slope
        return Patch(columns, values, offset)

    def numbers(self, start: int, stop: int, name: str) -> Floats:
        """Return the values of a numeric variable."""
        return self.columns[name].values[start:stop].astype(np.float64)

    def formula_offset(self) -> Floats | None:
        """Return what offsets of the formula add up to, None where it has none."""
        if not self.design.offsets:
            return None
        sample = self._sample(0, self.n_rows, {})
        return total_offset(self.design.offsets, sample, self.design.state)

    def verified(self) -> Variables:
        """Return the same rows, whose columns have been found to be those of the fit.

        Raises
        ------
        ComparisonError
            Where the table of the fit is not what it was.
        """
        if self.fitted is None:
            return self
        if isinstance(self.fitted, Coded):
            whole = self._sample(0, self.n_rows, {})
            _check_codes(encode_rows(self.pieces, whole, self.design.state), self.fitted)
        else:
            size = max(AT_ONCE // max(self.n_columns, 1), 1)
            for start in range(0, self.n_rows, size):
                self.written(start, min(start + size, self.n_rows))
        return replace(self, fitted=None)

    def levels(self, name: str) -> tuple[Level, ...]:
        """Return the levels between which a variable is compared; empty for a numeric one.

        A number that the formula uses as a category only, ``C(grade)``, has levels too.
        """
        variable = self.design.schema.variables[name]
        used = [f for term in self.design.terms for f in term.factors if name in f.variables]
        alone = [f.expr for f in used if f.variables == (name,)]
        coded = [e for e in alone if self.design.codings[e].kind == "categorical"]
        known = [self.design.codings[e].levels for e in coded if _is_coded(e, name)]
        if variable.kind == "numeric":
            offsets = [f for f in self.design.offsets if name in f.variables]
            return known[0] if known and len(known) == len(used) and not offsets else ()
        plain = [e for e in coded if e == name]
        return self.design.codings[plain[0]].levels if plain else (known or [variable.levels])[0]

    def has_slope(self, name: str) -> bool:
        """Say whether the formula uses a variable as numbers only."""
        if self.design.schema.variables[name].kind != "numeric":
            return False
        used = [f for term in self.design.terms for f in term.factors if name in f.variables]
        return all(self.design.codings[f.expr].kind == "numeric" for f in used)

    def take(self, columns: Mapping[str, Column], rows: NDArray[np.intp] | None) -> Variables:
        """Return some of these rows, or the same variables with other values."""
        own = {
            name: column if rows is None else replace(column, values=column.values[rows])
            for name, column in {**self.columns, **columns}.items()
        }
        n = self.n_rows if rows is None else len(rows)
        n = len(next(iter(own.values()))) if own else n
        offset = self.offset if rows is None or self.offset is None else self.offset[rows]
        return replace(
            self, columns=own, offset=offset, rows=None, n_given=n, labels=range(n), fitted=None
        )

    def _sample(self, start: int, stop: int, changes: Mapping[str, Change]) -> Sample:
        m = stop - start
        columns = {}
        for name, column in self.columns.items():
            values = column.values[start:stop]
            if name in changes:
                columns[name] = changed_column(
                    self.design, name, replace_values(column, values), changes[name]
                )
            else:
                columns[name] = replace_values(column, values)
        known = {name: self.design.schema.variables[name].levels for name in columns}
        labels = self.labels[start:stop]
        return Sample(columns, None, m, labels, self.design.context, known, learn=False)

    def _offset(self, sample: Sample, start: int, stop: int) -> Floats | None:
        total = total_offset(self.design.offsets, sample, self.design.state)
        if self.offset is None:
            return total
        own = self.offset[start:stop]
        return own if total is None else own + total

    def _spread(self, name: str) -> float:
        variable = self.design.schema.variables[name]
        if variable.minimum is None or variable.maximum is None:
            return 1.0
        return (variable.maximum - variable.minimum) or abs(variable.maximum) or 1.0


def _check_codes(found: Floats | Coded, fitted: Coded) -> None:
    """Raise a ComparisonError unless codes, and numbers beside them, come out as they were."""
    same = isinstance(found, Coded) and all(
        np.array_equal(one, other) for one, other in zip(found.codes, fitted.codes, strict=True)
    )
    if not same:
        raise ComparisonError.table_changed("the columns of the fit come out differently")
    assert isinstance(found, Coded), "as found"
    _check_same(found.numbers, fitted.numbers)


def _check_same(found: Floats, fitted: Floats) -> None:
    """Raise a ComparisonError unless columns come out as they were, to rounding."""
    if np.array_equal(found, fitted):
        return
    scale = SAME * np.abs(fitted).max(axis=0, initial=0.0)
    if not (np.abs(found - fitted) <= scale).all():
        raise ComparisonError.table_changed("the columns of the fit come out differently")


def replace_values(column: Column, values: NDArray[Any]) -> Column:
    """Return a column of the same kind with other values, none of them missing."""
    return Column(column.name, column.kind, values, column.levels)


def changed_column(design: Design, name: str, column: Column, change: Change) -> Column:
    """Return a column with the change made; a level must be one that the fit has seen."""
    m = len(column)
    if change.shift:
        return replace_values(column, column.values + change.value)
    single = conform_column(read_column(name, [change.value]), design.schema.variables[name])
    if single.n_missing:
        raise EffectError.missing_value(name)
    return Column(name, single.kind, np.repeat(single.values, m), single.levels)


def read_variables(
    design: Design, table: Any, rows: Rows, offset: Floats | None, *, labels: Any = None
) -> Variables:
    """Return the variables of a design in a table.

    Parameters
    ----------
    design : Design
    table : table
    rows : (n,) array of int or None
        The rows that are meant; None for all.
    offset : (n,) array or None
        At these rows, where the fit had an array.
    labels : sequence of n, optional

    Raises
    ------
    SchemaError
        If a variable is missing, of another kind, or infinite.

    Notes
    -----
    Rows that miss a value are left out; ``rows`` of what is returned says which are there.
    """
    frame = as_frame(table)
    columns: dict[str, Column] = {}
    for name in design.variables:
        if name not in frame.names:
            raise SchemaError.missing_column(name, frame.names)
        columns[name] = conform_column(frame.column(name), design.schema.variables[name])
    check_infinite(columns, {name: describe_column(c) for name, c in columns.items()}, frame)
    n = frame.n_rows if rows is None else len(rows)
    if rows is not None:
        columns = {name: _at(column, rows) for name, column in columns.items()}
    _, present = complete_rows(list(columns.values()), n)
    if present is not None:
        columns = {name: _at(column, present) for name, column in columns.items()}
        offset = None if offset is None else offset[present]
    columns = {name: replace_values(column, column.values) for name, column in columns.items()}
    if labels is None:
        labels = frame.labels if rows is None else some_labels(frame.labels, rows)
    if present is not None:
        labels = some_labels(labels, present)
    pieces = pieces_of(design.terms, design.codings)
    return Variables(design, columns, labels, offset, present, n, pieces)


def _at(column: Column, rows: NDArray[np.intp]) -> Column:
    missing = None if column.missing is None else column.missing[rows]
    return replace(column, values=column.values[rows], missing=missing)


def some_labels(labels: Sequence[Any], rows: NDArray[np.intp]) -> Any:
    """Return the labels of some rows; those of a range are the rows themselves."""
    return rows if isinstance(labels, range) else labels[rows]  # type: ignore[call-overload]  # an array


def _is_coded(expr: str, name: str) -> bool:
    """Say whether a factor is the variable itself, or C() of it: its levels are values of it."""
    inside = expr.removeprefix("C(").lstrip("`")
    after = inside.removeprefix(name).lstrip("`")
    return expr == name or (inside != after and expr.startswith("C(") and after[:1] in (")", ","))


def _uses(piece: Piece, names: Any) -> bool:
    return any(set(use.factor.variables) & set(names) for use in piece.uses)
