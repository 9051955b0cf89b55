"""Domains: the rows of a table where a condition is true, and the table of these rows."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from logit_inference.errors import SurveyError


def read_condition(table: Any, condition: Any, n_rows: int) -> NDArray[np.bool_]:
    """Return where a condition is true, shape (n,); false where it is missing."""
    from logit_inference.design.categories import Categories
    from logit_inference.design.complete import complete_rows
    from logit_inference.design.formula import read_variable
    from logit_inference.design.frame import as_frame, read_argument
    from logit_inference.design.sample import Sample, level_value

    frame = as_frame(table)
    if not isinstance(condition, str):
        column = read_argument("domain", condition, frame)
        if column.kind != "boolean":
            raise SurveyError.domain(f"this is an array of kind {column.kind!r}")
        return np.asarray(column.codes() == 1)
    factor = read_variable(condition, frame.names)
    columns = {name: frame.column(name) for name in factor.variables}
    _, rows = complete_rows(list(columns.values()), n_rows)
    n_present = n_rows if rows is None else len(rows)
    value = level_value(factor, Sample(columns, rows, n_present, frame.labels, {}))
    if isinstance(value, Categories):
        if value.levels != (False, True):
            raise SurveyError.domain(f"{condition!r} has the levels {list(value.levels)[:4]}")
        value = value.codes == 1
    if value.dtype != np.bool_ and not np.isin(value, (0.0, 1.0)).all():
        raise SurveyError.domain(f"{condition!r} is a number")
    inside = np.zeros(n_rows, dtype=bool)
    inside[slice(None) if rows is None else rows] = value.astype(bool)
    return inside


def rows_of(table: Any, rows: NDArray[np.intp]) -> Any:
    """Return some rows of a table, in its own kind."""
    if hasattr(table, "take"):  # pandas, pyarrow
        return table.take(rows)
    if hasattr(table, "get_column"):  # polars
        return table[rows]
    return {name: _some(values, rows) for name, values in table.items()}


def _some(values: Any, rows: NDArray[np.intp]) -> Any:
    if hasattr(values, "take"):
        return values.take(rows)
    if isinstance(values, (list, tuple)):
        return [values[row] for row in rows.tolist()]
    return values[rows]
