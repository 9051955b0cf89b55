"""The rows in use: values of columns and factors at those rows.

Everything that is evaluated sees only these rows, so that what a transformation learns never
depends on a row that was dropped.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from logit_inference.design.categories import Categories, Coded
from logit_inference.design.column import Column, Level, Rows, read_column
from logit_inference.design.expression import Expression, evaluate, read_expression
from logit_inference.design.formula import Factor
from logit_inference.errors import FormulaError, SchemaError, plain
from logit_inference.rows.block import Floats
from logit_inference.rows.survey import is_finite


@dataclass(frozen=True, slots=True)
class Sample:
    """Columns at the rows in use.

    Parameters
    ----------
    columns : mapping of str to Column
        The columns, for all rows read.
    rows : integer array or None
        The rows in use; None for all.
    n_rows : int
        Number of rows in use.
    labels : sequence
        Labels of all rows read.
    context : mapping
        Names that the caller passed to expressions.
    known : mapping
        Levels of each variable that expressions may name although they do not occur.
    learn : bool
        Whether transformations may learn from these rows: those of the fit, never new ones.
    expressions : mapping
        Expressions by their text, where they have been read already.
    """

    columns: Mapping[str, Column]
    rows: Rows
    n_rows: int
    labels: Sequence[Any]
    context: Mapping[str, Any] = field(default_factory=dict)
    known: Mapping[str, tuple[Level, ...]] = field(default_factory=dict)
    learn: bool = True
    expressions: Mapping[str, Expression] = field(default_factory=dict)

    def value(self, name: str, exact: bool = False) -> NDArray[Any] | Categories:
        """Return a column as expressions see it: float64 (or exact), bool, or coded."""
        column = self.columns[name]
        if column.kind == "numeric":
            return column.codes(self.rows) if exact else column.numbers(self.rows)
        codes = column.codes(self.rows)
        if column.kind == "boolean":
            return codes.astype(bool)
        return Categories(codes, column.levels, name, self.known.get(name, ()))

    def label(self, row: int) -> Any:
        """Return the caller's label of the given one of the rows in use."""
        return plain(self.labels[row if self.rows is None else int(self.rows[row])])

    def labels_used(self) -> Sequence[Any]:
        """Return the labels of the rows in use, in the form in which the table has them."""
        if self.rows is None:
            return self.labels
        if isinstance(self.labels, range):
            rows: Sequence[Any] = self.rows  # type: ignore[assignment]
            return rows
        chosen: Sequence[Any] = self.labels[self.rows]  # type: ignore[call-overload]
        return chosen


def factor_value(
    factor: Factor, sample: Sample, state: dict[str, dict[str, Any]]
) -> NDArray[Any] | Coded:
    """Return the value of a factor: numbers (n,) or (n, k), or what is to be coded.

    Parameters
    ----------
    factor : Factor
        A column or an expression.
    sample : Sample
        The rows in use.
    state : dict
        What the factor's transformations remember; filled on first use.

    Raises
    ------
    FormulaError
        If there is not one finite value per row.
    """
    if factor.kind == "lookup":
        found: Any = sample.value(factor.expr)
    else:
        expression = sample.expressions.get(factor.expr) or read_expression(
            factor.expr, tuple(sample.columns), sample.context
        )
        found = evaluate(expression, sample.value, state, sample.context, sample.learn)
    if isinstance(found, Coded):
        return _checked_codes(found, factor, sample)
    if isinstance(found, Categories):
        return _checked_codes(Coded(found), factor, sample)
    try:
        values = np.asarray(found)
    except ValueError as error:
        raise FormulaError.evaluation(factor.expr, error, ()) from error
    if values.ndim not in (1, 2) or values.shape[0] != sample.n_rows:
        shape = "a single value" if values.ndim == 0 else f"shape {values.shape}"
        raise FormulaError.constant(factor.expr, f"{shape} for {sample.n_rows} rows")
    if values.dtype.kind not in "iuf":
        if values.dtype.kind not in "bOUST" or values.ndim == 2:
            raise FormulaError.constant(factor.expr, f"values of type {values.dtype}")
        # What a function of the context returns may be objects: numbers among them are numbers.
        column = read_column(factor.expr, values)
        if column.kind != "numeric":
            coded = Coded(Categories(column.values, column.levels, factor.expr))
            return _checked_codes(coded, factor, sample)
        values = column.numbers()
        if column.missing is not None:
            values = np.where(column.missing, np.nan, values)
    values = values.astype(np.float64, copy=False)
    if factor.kind == "python":
        _check_finite(values, factor, sample)
    return values


def _checked_codes(value: Coded, factor: Factor, sample: Sample) -> Coded:
    """Return the coded value, or raise unless there is one for each row."""
    codes = value.values.codes
    if len(codes) != sample.n_rows:
        found = f"{len(codes)} values for {sample.n_rows} rows"
        raise FormulaError.constant(factor.expr, found)
    if len(codes) and codes.min() < 0:
        first, count = int(np.argmax(codes < 0)), int(np.count_nonzero(codes < 0))
        raise FormulaError.missing(factor.expr, sample.label(first), count)
    return value


def _check_finite(values: Floats, factor: Factor, sample: Sample) -> None:
    """Raise if an expression made NaN or infinity out of the finite values of its columns."""
    if is_finite(values):
        return
    bad = ~np.isfinite(values).reshape(len(values), -1).all(axis=1)
    row = int(np.flatnonzero(bad)[0])
    inputs = []
    for name in factor.variables:
        column = sample.value(name)
        at = column.levels[column.codes[row]] if isinstance(column, Categories) else column[row]
        inputs.append(f"{name} = {at if isinstance(at, str) else format(at, 'g')}")
    raise FormulaError.not_finite(
        factor.expr,
        float(np.ravel(values[row])[~np.isfinite(np.ravel(values[row]))][0]),
        sample.label(row),
        int(bad.sum()),
        " and ".join(inputs) or "no column is used",
    )


def level_value(factor: Factor, sample: Sample) -> NDArray[Any] | Categories:
    """Return a vector that is no term, numbers or levels: an outcome or a cluster variable."""
    value = factor_value(factor, sample, {})
    if isinstance(value, Coded):
        return value.values
    if value.ndim != 1:
        raise FormulaError.constant(factor.expr, f"{value.shape[1]} columns")
    return value


def numeric_value(
    role: str, factor: Factor, sample: Sample, state: dict[str, dict[str, Any]]
) -> Floats:
    """Return a numeric vector that is no term: a weight, an offset or a count."""
    value = factor_value(factor, sample, state)
    if isinstance(value, Coded) or value.ndim != 1:
        found = "categorical" if isinstance(value, Coded) else "a matrix"
        raise SchemaError.numeric_wanted(role, factor.expr, found)
    return value
