"""A table of results: what every tabular answer of the package is.

A table keeps its numbers at full precision and knows of each column what kind of number it holds;
the renderers decide how that looks as text, HTML, LaTeX or Markdown. Nothing here knows where the
numbers come from.
"""

from __future__ import annotations

import numbers
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from logit_inference.errors import TableError
from logit_inference.report.html import render_html
from logit_inference.report.latex import render_latex
from logit_inference.report.markdown import render_markdown
from logit_inference.report.numbers import KINDS, Kind, format_column
from logit_inference.report.text import render_text

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Column:
    """One column of a table: its values at full precision and the kind of number they are.

    Parameters
    ----------
    name : str
        The column of ``to_frame()``, for example ``"std_error"``.
    values : sequence or array of n values
        Kept as a tuple. NaN is a number that could not be estimated; ``None`` is one that this row
        does not have.
    header : str, optional
        What is printed above the column; the name if not given. It may be empty.
    kind : str
        How the values are printed: see :func:`logit_inference.report.numbers.format_column`.

    Raises
    ------
    TableError
        If the kind is not one of the kinds.

    Examples
    --------
    >>> Column("p_value", [0.2, 1e-9], header="P>|z|", kind="p_value").cells()
    ('0.200', '<0.001')
    """

    name: str
    values: Sequence[object] | NDArray[Any]
    header: str | None = None
    kind: Kind = "text"

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            found = f"unknown kind {self.kind!r}"
            raise TableError(f"column {self.name!r}", found, f"Kinds: {', '.join(KINDS)}.")
        values = self.values
        values = values.tolist() if isinstance(values, np.ndarray) else values
        object.__setattr__(self, "values", tuple(values))

    @property
    def label(self) -> str:
        """The printed header."""
        return self.name if self.header is None else self.header

    @property
    def is_number(self) -> bool:
        """Whether the column is printed as numbers, to the right."""
        return self.kind != "text"

    def cells(self) -> tuple[str, ...]:
        """Return the values as they are printed, in plain characters."""
        return format_column(tuple(self.values), self.kind)


@dataclass(frozen=True)
class Table:
    """A titled table: facts above it, notes under it, numbers at full precision inside.

    Parameters
    ----------
    title : str
    columns : tuple of Column
        All of the same length. The first names the rows, usually ``term``.
    facts : tuple of (str, str)
        Key and value, printed in two columns above the table: the first half to the left, the
        second to the right, those that are too long for half a line under them.
    notes : tuple of str
        Sentences printed under the table.
    covariance : str
        The label of the covariance that its numbers rest on; empty where there is none.

    Raises
    ------
    TableError
        If columns differ in length or share a name.

    Examples
    --------
    >>> Table(
    ...     "Odds ratios",
    ...     (
    ...         Column("term", ["age", "smoke"], header=""),
    ...         Column("estimate", [0.97777, 2.87037], header="odds ratio", kind="estimate"),
    ...         Column("p_value", [0.51065, 0.00552], header="P>|z|", kind="p_value"),
    ...     ),
    ... )
        Odds ratios
    ============================
             odds ratio    P>|z|
    ----------------------------
    age          0.9778    0.511
    smoke        2.8704    0.006
    ============================
    """

    title: str
    columns: tuple[Column, ...]
    facts: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()
    covariance: str = ""

    def __post_init__(self) -> None:
        names = [column.name for column in self.columns]
        for i, column in enumerate(self.columns):
            if column.name in names[:i]:
                found = f"two columns are named {column.name!r}"
                raise TableError(f"table {self.title!r}", found, "Give each column its own name.")
            if len(column.values) != len(self.columns[0].values):
                found = (
                    f"column {column.name!r} has {len(column.values)} values, "
                    f"column {names[0]!r} has {len(self.columns[0].values)}"
                )
                instead = "Give every column one value per row."
                raise TableError(f"table {self.title!r}", found, instead)

    @property
    def rows(self) -> tuple[tuple[object, ...], ...]:
        """The values row by row, at full precision."""
        return tuple(zip(*(column.values for column in self.columns), strict=True))

    def to_frame(self) -> pd.DataFrame:
        """Return a pandas frame at full precision, its columns under their names.

        Its ``attrs["notes"]`` has the sentences printed under the table, a list;
        ``attrs["covariance"]`` the label of the covariance, where the table has one.
        """
        import pandas as pd

        frame = pd.DataFrame({column.name: _series_values(column) for column in self.columns})
        return labelled(frame, self.covariance, self.notes)

    def to_text(self) -> str:
        """Return the table as text of at most 80 columns."""
        return render_text(self)

    def to_html(self) -> str:
        """Return the table as one self-contained HTML fragment."""
        return render_html(self)

    def to_latex(self) -> str:
        """Return the table as a LaTeX ``table``, which needs the package booktabs."""
        return render_latex(self)

    def to_markdown(self) -> str:
        """Return the table as Markdown with a pipe table."""
        return render_markdown(self)

    def __str__(self) -> str:
        return render_text(self)

    def __repr__(self) -> str:
        return render_text(self)

    def _repr_html_(self) -> str:
        return render_html(self)


def labelled(frame: Any, covariance: str, notes: Sequence[str], method: str = "") -> Any:
    """Return a frame or Series whose ``attrs`` say what it is, as far as that is known.

    Parameters
    ----------
    frame : DataFrame or Series
    covariance : str
        The label of the covariance that it rests on.
    notes : sequence of str
        What is said of it where it is printed.
    method : str
        Of its tests and intervals.
    """
    if method:
        frame.attrs["method"] = method
    if covariance:
        frame.attrs["covariance"] = covariance
    frame.attrs["notes"] = list(notes)
    return frame


def _series_values(column: Column) -> Sequence[object] | NDArray[Any]:
    """Return numbers as floats with NaN for None; whole numbers, and text, as they are."""
    whole = all(isinstance(value, numbers.Integral) for value in column.values)
    if not column.is_number or (whole and column.values):
        return column.values
    return np.array([np.nan if x is None else x for x in column.values], dtype=np.float64)
