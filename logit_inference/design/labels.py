"""A column that only tells rows apart: clusters, strata, sampling units.

What a formula can use is read as a formula reads it, so that labels are numbered alike wherever
they come from. Dates, periods, tuples and whatever else can be compared are labels as well: no
number is made of them. What the labels are for, this file does not know.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from logit_inference.design.column import Column, coded_column, read_column
from logit_inference.errors import SchemaError


def read_labels(name: str, values: Any, declared: bool = False) -> Column:
    """Return the column of labels that an array, list or Series of any supported library holds.

    Parameters
    ----------
    name : str
        Name for the column and for messages.
    values : array, list, pandas/polars Series or pyarrow array
        One value for each row; NaN, None and NaT are missing.
    declared : bool
        As in `read_column`.

    Returns
    -------
    Column
        As `read_column` does; a text column, with what labels print as, where that refuses.

    Raises
    ------
    SchemaError
        If there is not one value per row, or one that cannot be compared, such as a list.

    Notes
    -----
    One hash of each value that is no number, text or category.

    Examples
    --------
    >>> import datetime
    >>> column = read_labels("day", [datetime.date(2020, 1, 2), datetime.date(2020, 1, 1), None])
    >>> column.values.tolist(), column.levels
    ([1, 0, -1], ('2020-01-01', '2020-01-02'))
    """
    try:
        return read_column(name, values, declared)
    except SchemaError:
        found = _hashed(name, values)
        if found is None:
            raise
    return coded_column(name, *found, "text")


def _hashed(name: str, values: Any) -> tuple[NDArray[np.intp], Any] | None:
    """Return codes, -1 where missing, and the values they stand for; None for no vector."""
    import pandas as pd

    series = _series(values)
    if series is None:
        return None
    try:
        codes, found = pd.factorize(series)
    except TypeError:
        kinds = sorted({type(value).__name__ for value in series.dropna()})
        raise SchemaError.no_label(name, kinds) from None
    return codes, found


def _series(values: Any) -> Any:
    """Return one value per row as a pandas Series in a type that loses nothing; None for others."""
    import pandas as pd

    library, kind = type(values).__module__.partition(".")[0], type(values).__name__
    if library == "pandas":
        return None if kind == "DataFrame" else pd.Series(values)
    if library == "polars":
        if kind != "Series":
            return None
        temporal = values.dtype.is_temporal()  # a nanosecond has no place in a datetime of Python
        return pd.Series(values.to_numpy()) if temporal else _objects(values.to_list())
    if library == "pyarrow":
        return values.to_pandas() if "Array" in kind else None
    if isinstance(values, np.ndarray):
        return pd.Series(values) if values.ndim == 1 and values.dtype.kind in "MmcO" else None
    return _objects(values) if isinstance(values, (list, tuple)) else None


def _objects(values: Any) -> Any:
    import pandas as pd

    return pd.Series(list(values), dtype=object)
