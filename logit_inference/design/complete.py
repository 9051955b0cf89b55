"""Which rows are complete, and the account of those that are not."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from logit_inference.design.column import Column, Rows
from logit_inference.design.frame import Frame
from logit_inference.design.schema import Variable
from logit_inference.errors import MissingError, SchemaError, plain


def rows_used(
    columns: Mapping[str, Column], frame: Frame, missing: str
) -> tuple[Rows, dict[str, int]]:
    """Return the complete rows (None for all) and the missing values of each variable.

    Raises
    ------
    MissingError
        If a value is missing and ``missing`` is ``"raise"``.
    SchemaError
        If no row is left.
    """
    counts = {name: column.n_missing for name, column in columns.items() if column.n_missing}
    present, rows = complete_rows(list(columns.values()), frame.n_rows)
    if rows is None and frame.n_rows:
        return None, {}
    if missing == "raise" and frame.n_rows:
        first = int(np.argmin(present))
        n_incomplete = int(np.count_nonzero(~present))
        raise MissingError(counts, n_incomplete, plain(frame.labels[first]))
    if rows is None or not len(rows):
        raise SchemaError.no_rows(frame.n_rows, sorted(counts, key=lambda name: -counts[name]))
    return rows, counts


def complete_rows(columns: Sequence[Column], n_rows: int) -> tuple[NDArray[np.bool_], Rows]:
    """Return which rows miss nothing, as a mask and as row numbers (None for all)."""
    present = np.ones(n_rows, dtype=bool)
    for column in columns:
        if column.missing is not None:
            present &= ~column.missing
    return present, None if present.all() else np.flatnonzero(present)


def check_infinite(
    columns: Mapping[str, Column], described: Mapping[str, Variable], frame: Frame
) -> None:
    """Raise for the first infinite value of any column, also in rows that would be dropped.

    Raises
    ------
    SchemaError
        Naming the column and the caller's label of the row.
    """
    for name, column in columns.items():
        low, high = described[name].minimum, described[name].maximum
        if low is None or high is None or math.isfinite(high - low):
            continue
        infinite = np.isinf(column.values)
        if infinite.any():  # the difference of two finite numbers may have overflowed
            row = int(np.argmax(infinite))
            raise SchemaError.infinite(
                column.name,
                float(column.values[row]),
                plain(frame.labels[row]),
                int(infinite.sum()),
            )
