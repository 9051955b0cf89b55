"""One view of any table: names, rows, labels, and a column when it is asked for.

The rest of the package never asks which library a table comes from.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from logit_inference.design.column import Column, dictionary_declared, read_column
from logit_inference.design.labels import read_labels
from logit_inference.errors import SchemaError, plain


@dataclass(frozen=True, slots=True)
class Frame:
    """A view of a table; nothing is read before ``column`` asks for it.

    Parameters
    ----------
    names : tuple of str
        Column names as text; a column named by the number 0 is "0".
    n_rows : int
        Number of rows.
    labels : sequence of length n_rows
        How the caller names the rows: the index of a pandas frame, positions otherwise.
    source : callable
        From the position of a column to its values, as the table holds them.
    declared : callable
        From the position of a column to whether the table says that the order of an arrow
        dictionary was declared.

    Examples
    --------
    >>> frame = as_frame({"age": [19, 33], "race": ["black", "other"]})
    >>> frame.names, frame.n_rows, frame.column("race").levels
    (('age', 'race'), 2, ('black', 'other'))
    """

    names: tuple[str, ...]
    n_rows: int
    labels: Sequence[Any]
    source: Callable[[int], Any]
    declared: Callable[[int], bool] = lambda place: False

    def column(self, name: str) -> Column:
        """Return the column of that name; only this one is read."""
        place = self._place(name)
        return read_column(name, self.source(place), self.declared(place))

    def label_column(self, name: str) -> Column:
        """Return the column of that name where it only tells rows apart: see `read_labels`."""
        place = self._place(name)
        return read_labels(name, self.source(place), self.declared(place))

    def _place(self, name: str) -> int:
        """Return where the column of that name is."""
        count = self.names.count(name)
        if count > 1:
            raise SchemaError.duplicate(name, count)
        if not count:
            raise SchemaError.missing_column(name, self.names, new=False)
        return self.names.index(name)


def as_frame(data: Any) -> Frame:
    """Return a view of a table.

    Parameters
    ----------
    data : pandas or polars DataFrame, pyarrow Table, or dict of columns
        A dict holds arrays, lists or Series of equal length, read by position.

    Returns
    -------
    Frame

    Raises
    ------
    SchemaError
        If it is no such table, or its columns differ in length. Two columns of one name are an
        error when the name is used.
    """
    if isinstance(data, Frame):
        return data
    library = type(data).__module__.partition(".")[0]
    kind = type(data).__name__
    if library == "pandas" and kind == "DataFrame":
        keys = data.columns.tolist()
        names = tuple(map(str, keys))
        return Frame(names, len(data), data.index, lambda place: data[keys[place]])
    if library == "polars" and kind == "DataFrame":
        return _positional(tuple(data.columns), data.height, data.to_series)
    if library == "pyarrow" and kind in ("Table", "RecordBatch"):
        names, schema = tuple(data.column_names), data.schema
        declared = partial(dictionary_declared, schema)
        return Frame(names, data.num_rows, range(data.num_rows), data.column, declared)
    if isinstance(data, Mapping):
        return _from_mapping(data)
    hint = {
        "LazyFrame": "A LazyFrame is not read until it is collected: pass data.collect().",
        "str": "Files are not opened here: read the file first, with pandas.read_csv(path), say.",
        "Series": "One column alone is no table: pass data.to_frame().",
        "SurveyDesign": "This takes the table of a design: pass design.table.",
        "ndarray": "For plain arrays use logit_arrays(y, X, names=…).",
    }.get(kind, "")
    if library in ("dask", "dask_expr"):
        hint = "This release does not fold over Dask collections: pass data.compute()."
    elif library == "pathlib":
        hint = "Files are not opened here: read the file first, with pandas.read_csv(path), say."
    article = "an" if kind[:1].lower() in "aeiou" else "a"
    raise SchemaError.source(
        f"{article} {library + '.' if library != 'builtins' else ''}{kind}", hint
    )


def _positional(names: tuple[str, ...], n_rows: int, source: Callable[[int], Any]) -> Frame:
    return Frame(names, n_rows, range(n_rows), source)


def _from_mapping(data: Mapping[Any, Any]) -> Frame:
    names = tuple(str(name) for name in data)
    columns = list(data.values())
    lengths = {}
    for name, values in zip(names, columns, strict=True):
        if isinstance(values, (str, bytes)) or not hasattr(values, "__len__"):
            raise SchemaError.single(name, values)
        lengths[name] = len(values)
    if len(set(lengths.values())) > 1:
        first = names[0]
        other = next(name for name in names if lengths[name] != lengths[first])
        raise SchemaError.length(
            f"column {other!r}", lengths[other], lengths[first], f"column {first!r}"
        )
    n_rows = lengths[names[0]] if names else 0
    return _positional(names, n_rows, columns.__getitem__)


def read_argument(name: str, values: Any, frame: Frame, *, labels: bool = False) -> Column:
    """Return an array that was passed beside the table as a column with one value per row.

    ``labels`` says that the values only tell rows apart: see `read_labels`.

    Raises
    ------
    SchemaError
        If it is a single value, if its length is not the number of rows read, or if it is a pandas
        Series with another index than the table's: by label and by position would then be two
        different answers.
    """
    if np.isscalar(values) or getattr(values, "ndim", None) == 0:
        raise SchemaError.scalar(name, plain(values))
    if type(values).__module__.partition(".")[0] == "pandas" and hasattr(values, "index"):
        index, own = values.index, frame.labels
        if not isinstance(own, range) and len(index) == len(own) and not index.equals(own):
            raise SchemaError.index(name)
    column = read_labels(name, values) if labels else read_column(name, values)
    if len(column) != frame.n_rows:
        raise SchemaError.length(name, len(column), frame.n_rows, "the table")
    return column
