"""A table in a file, as the command line reads it.

Kept apart from the command line because reading a file well has rules of its own: what counts as
missing, how rows are numbered, which mistakes of a file are told. It knows nothing of models.
"""

from __future__ import annotations

import io
import sys
import warnings
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from logit_inference.design.column import dictionary_declared
from logit_inference.errors import ArgumentError, FileError

if TYPE_CHECKING:
    import pandas as pd

# "None" and "." are not among them: they are levels of real tables.
MISSING = ("", "NA", "N/A", "NaN", "nan", "null", "NULL")
COMPRESSION = {".gz": "gzip", ".bz2": "bz2", ".xz": "xz", ".zip": "zip", ".zst": "zstd"}


def read_bytes(path: str) -> bytes:
    """Return what a file, or for ``-`` standard input, holds."""
    return sys.stdin.buffer.read() if path == "-" else Path(path).read_bytes()


def read_table(
    content: bytes,
    path: str,
    separator: str | None = None,
    *,
    text: Iterable[str] = (),
    missing: Sequence[str] = MISSING,
) -> pd.DataFrame:
    r"""Return the table that the bytes of a file hold, its rows labelled from 1.

    Parameters
    ----------
    content : bytes
        Of the file; a pipe can be read only once, so that reading is the caller's.
    path : str
        Its name; the suffix tells the format, and messages show it.
    separator : str, optional
        One character, or ``tab``; by the suffix if not given.
    text : iterable of str
        Columns to be read as text, also where their cells look like numbers.
    missing : sequence of str
        Cells that count as missing.

    Raises
    ------
    FileError
        If it is no table: no text, lines longer than the header, another separator, or a header
        with one name twice.

    Examples
    --------
    >>> read_table(b"age,race\n19,black\nNA,other\n", "ages.csv")
        age   race
    1  19.0  black
    2   NaN  other
    """
    import pandas as pd

    suffixes = set(Path(path).suffixes)
    if suffixes & {".parquet", ".pq"}:
        table = _read_parquet(content, path)
    else:
        if separator is None:
            separator = "tab" if suffixes & {".tsv", ".tab"} else ","
        table = _read_text(content, path, separator, text, missing)
    table.index = pd.RangeIndex(1, len(table) + 1)
    return table


def _read_text(
    content: bytes, path: str, separator: str, text: Iterable[str], missing: Sequence[str]
) -> pd.DataFrame:
    import pandas as pd

    separator = "\t" if separator in ("tab", "\\t") else separator
    if len(separator) != 1:
        raise ArgumentError("separator", separator, "one character, or tab")
    options: dict[str, Any] = {
        "sep": separator,
        "compression": COMPRESSION.get(Path(path).suffix),
        "keep_default_na": False,
        "index_col": False,
    }
    try:
        with warnings.catch_warnings():
            # What pandas only warns of here is cells that it would leave out.
            warnings.simplefilter("error", pd.errors.ParserWarning)
            first = pd.read_csv(io.BytesIO(content), header=None, nrows=1, dtype=str, **options)
            _check_names([str(name) for name in first.iloc[0]], path)
            table = pd.read_csv(
                io.BytesIO(content),
                dtype=dict.fromkeys(text, str),
                na_values=list(missing),
                low_memory=False,
                **options,
                **_every_digit(),
            )
    except FileError:
        raise
    except pd.errors.ParserWarning as error:
        raise FileError.no_table(path, separator, "lines have more cells than the first") from error
    except (ValueError, OSError, EOFError) as error:
        raise FileError.no_table(path, separator, " ".join(str(error).split())) from error
    header = str(table.columns[0]) if table.shape[1] == 1 else ""
    for other in ("\t", ";", ","):
        if other in header:
            raise FileError.other_separator(path, separator, header, other)
    return table


def _check_names(header: Sequence[str], path: str) -> None:
    """Raise for a name that stands twice in the header: pandas would rename the second."""
    for name in header:
        if name and header.count(name) > 1:
            places = [place for place, other in enumerate(header, 1) if other == name]
            raise FileError.repeated_name(path, name, places)


def _every_digit() -> dict[str, Any]:
    """Return the option that makes pandas read numbers exactly, as it does by itself from 3.1."""
    import pandas as pd

    version = tuple(int(part) for part in pd.__version__.split(".")[:2])
    return {} if version >= (3, 1) else {"float_precision": "round_trip"}


def _read_parquet(content: bytes, path: str) -> pd.DataFrame:
    """Return the table; pandas would give text an order of levels that nobody declared."""
    try:
        from pyarrow import parquet, types
    except ImportError as error:
        raise FileError.no_parquet(path) from error
    try:
        table = parquet.read_table(io.BytesIO(content))
    except (ValueError, OSError) as error:
        raise FileError(path, f"this is no Parquet file ({error}).") from error
    for place, field in enumerate(table.schema):
        undeclared = types.is_dictionary(field.type) and not field.type.ordered
        if undeclared and not dictionary_declared(table.schema, place):
            plain = table.column(place).cast(field.type.value_type)
            table = table.set_column(place, field.name, plain)
    frame: pd.DataFrame = table.to_pandas()
    return frame
