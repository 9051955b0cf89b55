"""The variables of a design without a formula: each column of the array is one.

An array does not say that a column is the square of another, so that effects of such columns are
effects of columns. It offers what `design.variables.Variables` offers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from logit_inference.design.arrays import ArrayDesign
from logit_inference.design.column import Column, Level
from logit_inference.design.schema import Schema, Variable
from logit_inference.design.variables import Change, Patch, Written, some_labels
from logit_inference.errors import EffectError
from logit_inference.rows.block import Floats


@dataclass(frozen=True, slots=True)
class ArraySchema:
    """An array design as grids see it: its variables are numbers."""

    columns: tuple[str, ...]
    schema: Schema


@dataclass(frozen=True, slots=True, eq=False)
class ArrayVariables:
    """Columns of an array at n rows.

    Parameters
    ----------
    columns : mapping of str to Column
        Those of the model; the constant is among them.
    constant : int or None
        Which one it is.
    labels : sequence of n
    offset : (n,) array or None
    rows : (n,) array of int or None
        Places of these rows among those that were given.
    n_given : int
    design : ArraySchema
    """

    columns: Mapping[str, Column]
    constant: int | None
    labels: Sequence[Any]
    offset: Floats | None
    rows: NDArray[np.intp] | None
    n_given: int
    design: ArraySchema = field(repr=False)

    @property
    def n_rows(self) -> int:
        """Number of rows."""
        return self.n_given if self.rows is None else len(self.rows)

    @property
    def n_columns(self) -> int:
        """Number p of columns."""
        return len(self.columns)

    @property
    def names(self) -> tuple[str, ...]:
        """The columns that vary."""
        return tuple(name for j, name in enumerate(self.columns) if j != self.constant)

    def written(self, start: int, stop: int) -> Written:
        """Return rows of X and offset."""
        X = np.column_stack([c.numbers()[start:stop] for c in self.columns.values()])
        return Written(X, None if self.offset is None else self.offset[start:stop])

    def changed(self, start: int, stop: int, changes: Mapping[str, Change]) -> Patch:
        """Return the columns that are changed."""
        names, m = list(self.columns), stop - start
        places = np.array([names.index(name) for name in changes], dtype=np.intp)
        if not any(change.shift for change in changes.values()):
            return Patch(places, np.array([[float(c.value) for c in changes.values()]]), None)
        values = [
            self.columns[name].numbers()[start:stop] + change.value
            if change.shift
            else np.full(m, float(change.value))
            for name, change in changes.items()
        ]
        return Patch(places, np.column_stack(values), None)

    def slopes(self, start: int, stop: int, name: str) -> Patch:
        """Return a one: the derivative of a column by itself."""
        place = np.array([list(self.columns).index(name)], dtype=np.intp)
        return Patch(place, np.ones((stop - start, 1)), None)

    def numbers(self, start: int, stop: int, name: str) -> Floats:
        """Return the values of a column."""
        return self.columns[name].numbers()[start:stop]

    def verified(self) -> ArrayVariables:
        """Return these: they are the array of the fit itself."""
        return self

    def levels(self, name: str) -> tuple[Level, ...]:
        """Return nothing: an array holds numbers."""
        return ()

    def has_slope(self, name: str) -> bool:
        """Say that every column has a slope."""
        return True

    def take(self, columns: Mapping[str, Column], rows: NDArray[np.intp] | None) -> ArrayVariables:
        """Return some of these rows, or the same columns with other values."""
        own = {
            name: column if rows is None else replace(column, values=column.values[rows])
            for name, column in {**self.columns, **columns}.items()
        }
        n = len(next(iter(own.values())))
        offset = self.offset if rows is None or self.offset is None else self.offset[rows]
        return replace(self, columns=own, offset=offset, rows=None, n_given=n, labels=range(n))


def array_variables(
    design: ArrayDesign, X: Floats, offset: Floats | None, labels: Sequence[Any]
) -> ArrayVariables:
    """Return the columns (m, p) of an array as variables; rows that miss a value are left out.

    Raises
    ------
    EffectError
        Where all rows miss one.
    """
    n = len(X)
    present = ~np.isnan(X).any(axis=1)
    rows = None if present.all() else np.flatnonzero(present)
    if rows is not None:
        X, offset = X[rows], None if offset is None else offset[rows]
        labels = some_labels(labels, rows)
    if not len(X):
        raise EffectError.refused("newdata", "no row has all its values", "Give some that do.")
    columns = {
        name: Column(name, "numeric", np.ascontiguousarray(X[:, j], dtype=np.float64))
        for j, name in enumerate(design.columns)
    }
    variables = {name: Variable(name, "numeric") for name in design.columns}
    schema = ArraySchema(design.columns, Schema(n, variables))
    return ArrayVariables(columns, design.constant, labels, offset, rows, n, schema)
