"""New columns in the kind that the fit saw, where that is exact."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from logit_inference.design.categories import categories_of
from logit_inference.design.column import Column
from logit_inference.design.schema import Variable
from logit_inference.errors import SchemaError


def conform_column(column: Column, variable: Variable) -> Column:
    """Return the column as the kind that ``variable`` has.

    Truth values and the numbers 0 and 1 stand for each other, numbers may stand for categories
    that are numbers, and text for categories; a column without any value fits everywhere.

    Raises
    ------
    SchemaError
        If the kinds do not fit: text where the fit had numbers, say.

    Examples
    --------
    >>> smoke = Column("smoke", "numeric", np.array([0.0, 1.0]))
    >>> conform_column(smoke, Variable("smoke", "boolean", (False, True))).values.tolist()
    [0, 1]
    """
    if column.kind == variable.kind or {column.kind, variable.kind} <= {"text", "categorical"}:
        return column
    if column.n_missing == len(column):
        empty = np.full(len(column), np.nan if variable.kind == "numeric" else -1)
        return replace(column, kind=variable.kind, values=empty, levels=variable.levels)
    present = column.values if column.missing is None else column.values[~column.missing]
    if column.kind == "boolean" and variable.kind == "numeric":
        return replace(column, kind="numeric", values=column.values.astype(np.float64), levels=())
    if column.kind == "numeric" and variable.kind == "boolean" and np.isin(present, (0, 1)).all():
        codes = np.where(np.isnan(column.numbers()), -1, column.values).astype(np.int8)
        return replace(column, kind="boolean", values=codes, levels=(False, True))
    numbers = variable.kind == "categorical" and any(
        isinstance(level, (int, float)) for level in variable.levels
    )
    if column.kind == "numeric" and numbers:
        found = categories_of(present, column.name)
        codes = np.full(len(column), -1, dtype=np.intp)
        codes[slice(None) if column.missing is None else ~column.missing] = found.codes
        return replace(column, kind="categorical", values=codes, levels=found.levels)
    raise SchemaError.kind_changed(column.name, variable.kind, column.kind)
