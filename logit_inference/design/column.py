"""One column of any table, in one form.

Every kind of table ends here, so that the same data give the same kinds, levels and order of
levels wherever they came from. A column knows nothing of formulas or of the rows in use.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from logit_inference.errors import SchemaError
from logit_inference.rows.block import Floats
from logit_inference.rows.survey import is_finite

Kind = Literal["numeric", "boolean", "categorical", "text"]
Level = str | int | float | bool
Rows = NDArray[np.intp] | None
FEW = 8  # levels of text that are found by comparing the whole column with each


@dataclass(frozen=True, slots=True)
class Column:
    """A named column of n rows.

    Parameters
    ----------
    name : str
        Its name in the table.
    kind : {"numeric", "boolean", "categorical", "text"}
        What its values are.
    values : (n,) array
        The numbers of a numeric column, in the type in which the table holds them; codes into
        ``levels`` otherwise, with -1 where missing.
    levels : tuple
        Empty for a numeric column; declared order for a categorical one; sorted for text;
        (False, True) for a boolean.
    missing : (n,) bool array or None
        Which values are missing; None when none is.

    Examples
    --------
    >>> column = read_column("smoke", ["no", "yes", None])
    >>> column.kind, column.values.tolist(), column.levels, column.missing.tolist()
    ('text', [0, 1, -1], ('no', 'yes'), [False, False, True])
    """

    name: str
    kind: Kind
    values: NDArray[Any]
    levels: tuple[Level, ...] = ()
    missing: NDArray[np.bool_] | None = None

    def __len__(self) -> int:
        return int(self.values.shape[0])

    @property
    def n_missing(self) -> int:
        """Number of missing values."""
        return 0 if self.missing is None else int(np.count_nonzero(self.missing))

    def numbers(self, rows: Rows = None) -> Floats:
        """Return the values at the given rows (all when None) as float64, a view if possible."""
        values = self.values if rows is None else self.values[rows]
        return values.astype(np.float64, copy=False)

    def codes(self, rows: Rows = None) -> NDArray[Any]:
        """Return the values as they are held, codes or numbers, at the given rows (or all)."""
        return self.values if rows is None else self.values[rows]


def numeric_column(name: str, values: NDArray[Any], missing: NDArray[np.bool_] | None) -> Column:
    """Return a numeric column; NaN counts as missing whatever the mask says."""
    if not is_finite(values):
        nan = np.isnan(values)
        missing = nan if missing is None else nan | missing
    if missing is not None and not missing.any():
        missing = None
    return Column(name, "numeric", values, (), missing)


def boolean_column(name: str, values: NDArray[Any], missing: NDArray[np.bool_] | None) -> Column:
    """Return a boolean column from truth values and a mask."""
    codes = values.astype(np.int8)
    if missing is not None:
        missing = missing if missing.any() else None
    if missing is not None:
        codes[missing] = -1
    return Column(name, "boolean", codes, (False, True), missing)


def coded_column(
    name: str, codes: NDArray[Any], levels: Iterable[Any], kind: Literal["categorical", "text"]
) -> Column:
    """Return a categorical or text column from codes, -1 where missing; text gets sorted."""
    labels = tuple(plain_level(level) for level in levels)
    missing = codes < 0
    absent = missing if missing.any() else None
    if kind == "text":
        order = sorted(range(len(labels)), key=lambda code: str(labels[code]))
        rank = np.empty(len(labels) + 1, dtype=np.min_scalar_type(-max(len(labels), 1)))
        rank[order] = np.arange(len(labels))
        rank[-1] = -1
        codes = rank[codes]
        labels = tuple(labels[code] for code in order)
    elif len(set(labels)) < len(labels):
        repeated = next(label for label in labels if labels.count(label) > 1)
        raise SchemaError.kind(name, f"several categories that all print as {repeated!r}")
    return Column(name, kind, codes, labels, absent)


def plain_level(level: Any) -> Level:
    """Return a level as a plain Python value; whole floats become ints, so that names agree.

    A missing value turns pandas integers into floats; the name of a level must not depend on it.
    """
    if isinstance(level, np.generic):
        level = level.item()
    if isinstance(level, float) and level.is_integer():
        return int(level)
    return level if isinstance(level, (str, int, float, bool)) else str(level)


def read_column(name: str, values: Any, declared: bool = False) -> Column:
    """Return the column that an array, list or Series of any supported library holds.

    Parameters
    ----------
    name : str
        Name for the column and for messages.
    values : array, list, pandas/polars Series or pyarrow array
        One value for each row.
    declared : bool
        Whether somebody chose the order of an arrow dictionary, as its table may know.

    Returns
    -------
    Column

    Raises
    ------
    SchemaError
        If it holds dates, lists, mixed objects or anything else without a place in a design.

    Notes
    -----
    Levels stand in the order that somebody declared: that of the categories of pandas, of an Enum
    of polars, of an arrow dictionary that is ordered or that its table says was one of these (see
    `dictionary_declared`). A Categorical of polars, or any other dictionary, is a way to store
    values: its order is that of first appearance, which nobody chose and which changes with the
    rows. Its values are read as if they stood there one by one, text in sorted order.
    """
    if type(values) is np.ndarray and values.ndim == 1 and values.dtype.kind in "biuf":
        return _from_native(name, values)
    if type(values).__name__ in ("DataFrame", "LazyFrame", "Table", "RecordBatch"):
        raise SchemaError.kind(name, "a whole table instead of one value per row")
    library = type(values).__module__.partition(".")[0]
    if library == "pandas":
        import pandas as pd

        return _from_pandas(name, values if isinstance(values, pd.Series) else pd.Series(values))
    if library == "polars":
        return _from_polars(name, values)
    if library == "pyarrow":
        return _from_arrow(name, values, declared)
    if isinstance(values, np.ma.MaskedArray):
        values = np.array(values.tolist(), dtype=object)
    if isinstance(values, np.ndarray):
        if values.ndim != 1:
            raise SchemaError.kind(name, f"an array of {values.ndim} dimensions")
        if values.dtype.kind in "biuf":
            return _from_native(name, values)
        if values.dtype.kind == "U":
            return _from_characters(name, values)
    elif isinstance(values, (str, bytes)) or not isinstance(values, (Sequence, range)):
        raise SchemaError.kind(name, f"a {type(values).__name__} instead of one value per row")
    import pandas as pd

    # An object Series keeps what a list holds; numpy would turn [1, "a"] into two strings.
    return _from_pandas(name, pd.Series(values, dtype=object))


def _from_native(name: str, values: NDArray[Any]) -> Column:
    """Return the column of a plain numpy array of numbers or truth values."""
    if values.dtype.kind == "b":
        return boolean_column(name, values, None)
    return numeric_column(name, values, None)


def _from_pandas(name: str, series: Any) -> Column:
    import pandas as pd

    dtype = series.dtype
    if isinstance(dtype, np.dtype) and dtype.kind in "biuf":
        return _from_native(name, series.to_numpy())
    if isinstance(dtype, pd.CategoricalDtype):
        return coded_column(name, series.array.codes, series.cat.categories, "categorical")
    if isinstance(dtype, pd.ArrowDtype):
        import pyarrow as pa

        return _from_arrow(name, pa.chunked_array(pa.array(series)), declared=False)
    if isinstance(dtype, pd.SparseDtype):
        return _from_pandas(name, pd.Series(np.asarray(series)))
    if isinstance(dtype, pd.StringDtype):
        codes, levels = pd.factorize(series)
        return coded_column(name, codes, levels, "text")
    if pd.api.types.is_extension_array_dtype(dtype) and dtype.kind in "biuf":
        missing = series.isna().to_numpy()
        native = series.to_numpy(dtype=dtype.numpy_dtype, na_value=0)
        if dtype.kind == "b":
            return boolean_column(name, native, missing)
        if dtype.kind == "f" and missing.any():
            native = np.where(missing, np.nan, native)
        return numeric_column(name, native, missing)
    if not pd.api.types.is_object_dtype(dtype):
        if isinstance(dtype, np.dtype) and dtype.kind == "U":
            return _from_pandas(name, pd.Series(series, dtype=object))
        raise SchemaError.kind(name, f"values of type {dtype}")
    return _from_objects(name, series)


def _from_objects(name: str, series: Any) -> Column:
    """Return the column of a pandas object Series, by what it turns out to hold."""
    import pandas as pd

    if any(isinstance(value, str) for value in series.array[:100]):
        found = _text_codes(series.to_numpy())
        if found is not None:  # text, as one look at the few distinct values tells
            return coded_column(name, *found, "text")
    missing = series.isna().to_numpy()
    present = series.to_numpy()[~missing]
    holds = pd.api.types.infer_dtype(present, skipna=True)
    if holds == "string":
        codes, levels = pd.factorize(series)
        return coded_column(name, codes, levels, "text")
    if holds == "boolean":
        truth = np.zeros(len(series), dtype=bool)
        truth[~missing] = present.astype(bool)
        return boolean_column(name, truth, missing)
    if holds in ("integer", "floating", "mixed-integer-float", "decimal", "empty"):
        if holds == "integer":
            try:
                integers = np.zeros(len(series), dtype=np.int64)
                integers[~missing] = present.astype(np.int64)
                return numeric_column(name, integers, missing)
            except OverflowError:
                pass
        numbers = np.full(len(series), np.nan)
        numbers[~missing] = present.astype(np.float64)
        return numeric_column(name, numbers, missing)
    types = sorted({type(value).__name__ for value in present})
    raise SchemaError.kind(name, f"values of type {' and '.join(types)}")


def _text_codes(values: NDArray[Any]) -> tuple[NDArray[Any], Iterable[Any]] | None:
    """Return codes and levels of objects that all are text or missing; None for any others."""
    import pandas as pd

    try:
        codes, levels = pd.factorize(values)
    except TypeError:  # a list, say, has no hash
        return None
    return (codes, levels) if all(isinstance(level, str) for level in levels) else None


def _from_characters(name: str, values: NDArray[Any]) -> Column:
    """Return the column of a numpy array of strings: compared whole while its levels are few."""
    codes = np.full(len(values), -1, dtype=np.int8)
    levels: list[str] = []
    if len(np.unique(values[:256])) <= FEW:
        while len(levels) <= FEW and (unseen := codes < 0).any():
            level = values[int(np.argmax(unseen))]
            codes[values == level] = len(levels)
            levels.append(str(level))
    if len(codes) and codes.min() < 0:
        import pandas as pd

        hashed, found = pd.factorize(values.astype(object))
        return coded_column(name, hashed, found, "text")
    return coded_column(name, codes, levels, "text")


def _from_polars(name: str, series: Any) -> Column:
    import polars as pl

    dtype = series.dtype
    has_null = series.null_count() > 0
    missing = series.is_null().to_numpy() if has_null else None
    if dtype == pl.Boolean:
        truth = series.fill_null(False).to_numpy()
        return boolean_column(name, truth, missing)
    if dtype.is_integer():
        return numeric_column(name, series.fill_null(0).to_numpy(), missing)
    if dtype.is_float() or dtype.is_decimal() or dtype == pl.Null:
        return numeric_column(name, series.cast(pl.Float64).to_numpy(), missing)
    if dtype == pl.Enum:
        codes = series.to_physical().cast(pl.Int64).fill_null(-1).to_numpy()
        return coded_column(name, codes, dtype.categories.to_list(), "categorical")
    if dtype in (pl.String, pl.Categorical):  # only an Enum declares an order: see read_column
        text = series.cast(pl.String)
        levels = sorted(text.drop_nulls().unique().to_list())
        codes = text.cast(pl.Enum(levels)).to_physical().cast(pl.Int64).fill_null(-1).to_numpy()
        return coded_column(name, codes, levels, "text")
    raise SchemaError.kind(name, f"values of type {dtype}")


def dictionary_declared(schema: Any, place: int) -> bool:
    """Say whether the metadata of an arrow schema tell that a dictionary has a declared order.

    pandas writes a note about its categorical columns into the schema, and polars one about each
    Enum into the field. (pandas also calls a dictionary of arrow categorical, but without a number
    of categories.)

    Examples
    --------
    >>> import pandas as pd, pyarrow as pa
    >>> frame = pd.DataFrame({"dose": pd.Categorical(["low", "high"], ["low", "high"])})
    >>> dictionary_declared(pa.Table.from_pandas(frame).schema, 0)
    True
    """
    field = schema.field(place)
    if any(key.startswith(b"_PL_ENUM") for key in field.metadata or ()):
        return True
    notes = (schema.pandas_metadata or {}).get("columns", ())
    return any(
        "num_categories" in (note.get("metadata") or {})
        for note in notes
        if note.get("field_name", note.get("name")) == field.name
    )


def _from_arrow(name: str, array: Any, declared: bool) -> Column:
    import pyarrow as pa

    if isinstance(array, pa.ChunkedArray):
        array = array.unify_dictionaries().combine_chunks()
        if isinstance(array, pa.ChunkedArray):
            array = array.chunk(0) if array.num_chunks else pa.array([], type=array.type)
    types, kind = pa.types, array.type
    missing = array.is_null().to_numpy(zero_copy_only=False) if array.null_count else None
    if types.is_dictionary(kind):
        if not (declared or kind.ordered):
            return _from_arrow(name, array.dictionary_decode(), declared)
        codes = array.indices.cast(pa.int64()).fill_null(-1).to_numpy(zero_copy_only=False)
        return coded_column(name, codes, array.dictionary.to_pylist(), "categorical")
    if types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind):
        encoded = array.cast(pa.large_string()).dictionary_encode()
        codes = encoded.indices.cast(pa.int64()).fill_null(-1).to_numpy(zero_copy_only=False)
        return coded_column(name, codes, encoded.dictionary.to_pylist(), "text")
    if types.is_boolean(kind):
        truth = array.fill_null(False).to_numpy(zero_copy_only=False)
        return boolean_column(name, truth, missing)
    if types.is_integer(kind):
        return numeric_column(name, array.fill_null(0).to_numpy(zero_copy_only=False), missing)
    if types.is_floating(kind) or types.is_decimal(kind) or types.is_null(kind):
        numbers = array.cast(pa.float64()).to_numpy(zero_copy_only=False)
        return numeric_column(name, numbers, missing)
    raise SchemaError.kind(name, f"values of type {kind}")
