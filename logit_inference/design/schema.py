"""What a table holds, in a form that can be printed, saved and merged.

A design needs the schema of its variables and never the table again. Schemas of parts of a table
add up to the schema of the whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from logit_inference.design.column import Column, Kind, Level
from logit_inference.design.frame import Frame
from logit_inference.errors import SchemaError


@dataclass(frozen=True, slots=True)
class Variable:
    """A column in words: its kind, and its levels or range.

    Parameters
    ----------
    name : str
        Name of the column.
    kind : {"numeric", "boolean", "categorical", "text"}
        What its values are.
    levels : tuple
        Levels; empty for a numeric variable.
    minimum, maximum : float or None
        Range of a numeric variable; None where every value is missing.
    n_missing : int
        Number of missing values.
    """

    name: str
    kind: Kind
    levels: tuple[Level, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    n_missing: int = 0

    def __str__(self) -> str:
        if self.kind == "numeric":
            what = "" if self.minimum is None else f" {self.minimum:g} to {self.maximum:g}"
        else:
            what = " " + ", ".join(str(level) for level in self.levels)
        missing = f" ({self.n_missing} missing)" if self.n_missing else ""
        return f"{self.name}: {self.kind}{what}{missing}"

    def __add__(self, other: Variable) -> Variable:
        """Return the description of both parts together."""
        empty = [part for part in (self, other) if part.kind == "numeric" and part.minimum is None]
        if self.kind != other.kind and not empty:
            raise SchemaError.not_mergeable(self.name, f"is {self.kind} and {other.kind}")
        fuller = other if self in empty else self
        levels = fuller.levels
        if fuller.kind == "text" and not empty:
            levels = tuple(sorted({str(level) for level in (*self.levels, *other.levels)}))
        elif fuller.kind == "categorical" and not empty and self.levels != other.levels:
            raise SchemaError.not_mergeable(
                self.name,
                f"declares the categories {self.levels} in one part and {other.levels} in another; "
                "declare the same list in both",
            )
        lows = [part.minimum for part in (self, other) if part.minimum is not None]
        highs = [part.maximum for part in (self, other) if part.maximum is not None]
        return Variable(
            self.name,
            fuller.kind,
            levels,
            min(lows, default=None),
            max(highs, default=None),
            self.n_missing + other.n_missing,
        )


@dataclass(frozen=True, slots=True)
class Schema:
    """Variables of a table and its number of rows.

    Examples
    --------
    >>> from logit_inference.design.frame import as_frame
    >>> print(describe(as_frame({"age": [19.0, None], "race": ["black", "other"]})))
    2 rows
    age: numeric 19 to 19 (1 missing)
    race: text black, other
    """

    n_rows: int
    variables: Mapping[str, Variable]

    def __str__(self) -> str:
        return "\n".join([f"{self.n_rows} rows", *map(str, self.variables.values())])

    def __add__(self, other: Schema) -> Schema:
        """Return the schema of both parts of a table together."""
        if set(self.variables) != set(other.variables):
            odd = min(set(self.variables) ^ set(other.variables))
            raise SchemaError.not_mergeable(odd, "is in one part of the table only")
        merged = {
            name: variable + other.variables[name] for name, variable in self.variables.items()
        }
        return replace(self, n_rows=self.n_rows + other.n_rows, variables=merged)


def describe(frame: Frame, names: Iterable[str] | None = None) -> Schema:
    """Return the schema of the named columns of a table (all of them by default).

    One pass over each column.
    """
    chosen = frame.names if names is None else tuple(names)
    return Schema(frame.n_rows, {name: describe_column(frame.column(name)) for name in chosen})


def describe_column(column: Column) -> Variable:
    """Return the description of a column."""
    low = high = None
    if column.kind == "numeric" and column.n_missing < len(column):
        present = column.values if column.missing is None else column.values[~column.missing]
        low, high = float(present.min()), float(present.max())
    return Variable(column.name, column.kind, column.levels, low, high, column.n_missing)
