"""A formula that has met its data: everything that turns rows of a table into columns.

``build_design`` meets the data once and encodes them; the ``Design`` that it returns encodes any
other table in the same way, and holds no rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from logit_inference.design.coding import Coding
from logit_inference.design.column import Column, Level, Rows
from logit_inference.design.columns import State, TermColumns, learn_columns
from logit_inference.design.complete import check_infinite, complete_rows, rows_used
from logit_inference.design.conform import conform_column
from logit_inference.design.expression import Expression, read_context
from logit_inference.design.formula import Factor, Formula, parse_formula
from logit_inference.design.frame import Frame, as_frame, read_argument
from logit_inference.design.matrix import encode_rows
from logit_inference.design.outcome import Event
from logit_inference.design.piece import pieces_of
from logit_inference.design.roles import (
    Roles,
    group_codes,
    prior_weights,
    read_classes,
    read_outcome,
    read_roles,
    role_numbers,
    total_offset,
)
from logit_inference.design.sample import Sample
from logit_inference.design.schema import Schema, describe_column
from logit_inference.errors import ArgumentError, PredictionError, SchemaError
from logit_inference.records import made_fast
from logit_inference.rows.block import Block, Floats
from logit_inference.rows.coded import Coded


@dataclass(frozen=True, slots=True)
class NewRows:
    """New rows in the columns of a design.

    Parameters
    ----------
    X : (m, p) array or Coded
        One row for every row of the table; NaN where a predictor is missing.
    offset : (m,) array or None
        Known part of the linear predictor; None where the design has none.
    labels : sequence of length m
        The table's row labels.
    """

    X: Floats | Coded
    offset: Floats | None
    labels: Sequence[Any]


@made_fast
@dataclass(frozen=True, slots=True)
class Encoded:
    """The rows of a fit, and the account of those that were left out.

    Parameters
    ----------
    block : Block
        The rows used.
    labels : sequence of length n_used
        Their labels.
    rows : (n_used,) array of int or None
        Their positions in the table; None where all its rows are used.
    n_read, n_used : int
        Numbers of rows.
    dropped : dict of str to int
        For each variable its missing values; a row missing in two variables counts in both.
    """

    block: Block
    labels: Sequence[Any]
    rows: Rows
    n_read: int
    n_used: int
    dropped: dict[str, int]


@dataclass(frozen=True, slots=True)
class Design:
    """Formula, columns, and all that was learned from the rows of the fit.

    Parameters
    ----------
    formula : Formula
        The formula.
    columns : tuple of str
        Names of the p columns.
    terms : tuple of TermColumns
        Terms and their columns, the intercept first if there is one.
    codings : mapping of str to Coding
        Levels and contrasts of each factor.
    schema : Schema
        Variables of the table, as read.
    event : Event
        What the fitted probability is the probability of.
    offset : Factor or None
        The ``offset=`` argument where it was text.
    offset_is_array : bool
        Whether it was an array, so that new rows need one as well.
    state : dict
        What transformations remember: knots, polynomials, means.
    context : mapping
        Names that the caller passed to the formula.
    """

    formula: Formula
    columns: tuple[str, ...]
    terms: tuple[TermColumns, ...]
    codings: Mapping[str, Coding]
    schema: Schema
    event: Event
    offset: Factor | None = None
    offset_is_array: bool = False
    state: State = field(default_factory=dict)
    context: Mapping[str, Any] = field(default_factory=dict)

    @property
    def constant(self) -> int | None:
        """The column of ones, None where the formula leaves it out."""
        return 0 if self.formula.intercept else None

    @property
    def spans_constant(self) -> bool:
        """Whether a column of ones is known to be a combination of the columns.

        The indicators of all levels of a factor, or of all cells of several, add up to one.
        """
        return any(all(full for _, full in part) for term in self.terms for part in term.parts)

    @property
    def adds_intercept(self) -> bool:
        """Whether the column of ones is not among the encoded ones: it is."""
        return False

    @property
    def term_columns(self) -> tuple[tuple[str, tuple[int, ...]], ...]:
        """The terms and the columns of each."""
        return tuple((term.name, tuple(range(term.start, term.stop))) for term in self.terms)

    @property
    def unused_levels(self) -> dict[str, tuple[Level, ...]]:
        """Levels without a row in the fit, for each factor that has some."""
        return {expr: coding.unused for expr, coding in self.codings.items() if coding.unused}

    @property
    def offsets(self) -> tuple[Factor, ...]:
        """Offsets that are computed from the table."""
        return (*self.formula.offsets, *([] if self.offset is None else [self.offset]))

    @property
    def variables(self) -> tuple[str, ...]:
        """Columns that a table needs for ``encode``; the outcome is not among them."""
        used = [*self.formula.predictors]
        if self.offset is not None:
            used += self.offset.variables
        return tuple(dict.fromkeys(used))

    @property
    def text_variables(self) -> tuple[str, ...]:
        """Columns whose levels are text, whatever a cell of another file looks like."""
        return tuple(
            name
            for name, variable in self.schema.variables.items()
            if variable.levels and all(isinstance(level, str) for level in variable.levels)
        )

    def encode(self, newdata: Any, offset: Any = None) -> NewRows:
        """Return the columns of new rows, with everything as it was learned in the fit.

        Parameters
        ----------
        newdata : table
            Any kind of table; columns beyond those needed are not read.
        offset : (m,) array-like, optional
            Needed where the fit had an array as ``offset=``; takes the place of that argument.

        Returns
        -------
        NewRows
            With a row for every row of the table.

        Raises
        ------
        SchemaError
            If a column is missing, of another kind, infinite, or has a level that the fit has not
            seen; the message names the first row.
        PredictionError
            If an offset is needed and not given.
        """
        frame = as_frame(newdata)
        columns = {}
        needed = self.formula.predictors if offset is not None else self.variables
        for name in needed:
            if name not in frame.names:
                raise SchemaError.missing_column(name, frame.names)
            columns[name] = conform_column(frame.column(name), self.schema.variables[name])
        given = None
        if offset is not None:
            given = read_argument("offset", offset, frame)
        elif self.offset_is_array:
            raise PredictionError(
                "the fit had an array as offset=, which new rows do not carry: pass offset= with "
                "one value per row, or fit with the name of a column."
            )
        everything = columns if given is None else columns | {"offset (array)": given}
        described = {name: describe_column(column) for name, column in everything.items()}
        check_infinite(everything, described, frame)
        _, rows = complete_rows(list(everything.values()), frame.n_rows)
        n_present = frame.n_rows if rows is None else len(rows)
        known = {name: self.schema.variables[name].levels for name in columns}
        sample = Sample(columns, rows, n_present, frame.labels, self.context, known, learn=False)
        X = encode_rows(pieces_of(self.terms, self.codings), sample, self.state)
        factors = self.formula.offsets if offset is not None else self.offsets
        total = total_offset([*([] if given is None else [given]), *factors], sample, self.state)
        if rows is not None:
            X = _spread_rows(X, rows, frame.n_rows)
            total = None if total is None else _spread(total, rows, frame.n_rows)
        return NewRows(X, total, frame.labels)


def build_design(
    formula: str,
    data: Any,
    *,
    event: Level | None = None,
    trials: Any = None,
    weights: Any = None,
    weights_kind: str | None = None,
    offset: Any = None,
    groups: Any = (),
    missing: str = "drop",
    context: Mapping[str, Any] | None = None,
    one_value: bool = False,
    classes: bool = False,
) -> tuple[Design, Encoded]:
    """Return the design of a formula on a table, and the table's rows in its columns.

    Parameters
    ----------
    formula : str
        Such as ``"low ~ age + C(race) * smoke"``.
    data : pandas or polars DataFrame, pyarrow Table, or dict of columns
        The table.
    event : level, optional
        Value of the outcome whose probability is modelled.
    trials, weights, offset : str or (n,) array-like, optional
        The name of a column, an expression, or an array with a value for every row of the table.
    weights_kind : {"frequency", "precision", "sampling"}
        What a weight means; needed with ``weights``.
    groups : str, sequence of str, or mapping of name to str or array
        Cluster columns.
    missing : {"drop", "raise"}
        What to do with rows that have a missing value in any variable used.
    context : mapping, optional
        Further names that the formula may use.
    one_value : bool
        Whether the outcome may be the same in all rows, as it may without an intercept.
    classes : bool
        Whether the outcome has any number of levels, of which ``event`` is then the reference:
        ``y`` holds their numbers, 0 for the reference.

    Returns
    -------
    design : Design
        Encodes other tables in the same way.
    encoded : Encoded
        Rows used, and the account of those dropped.

    Raises
    ------
    FormulaError, SchemaError, OutcomeError, MissingError, WeightsError
        Each naming the place and what to write instead.

    Notes
    -----
    Reads each column used once or twice; holds X once, and no second copy of it. Where factors are
    wide, X is a `rows.coded.Coded` (see `design.matrix.find_coded`).

    Examples
    --------
    >>> table = {"low": [0, 1, 0, 1], "age": [19, 33, 20, 21], "race": ["b", "o", "w", "w"]}
    >>> design, encoded = build_design("low ~ age + race", table)
    >>> design.columns
    ('Intercept', 'age', 'race[T.o]', 'race[T.w]')
    >>> encoded.block.X[1].tolist(), str(design.event)
    ([1.0, 33.0, 1.0, 0.0], 'low = 1')
    """
    if missing not in ("drop", "raise"):
        raise ArgumentError("missing", missing, 'missing="drop" or missing="raise"')
    frame, names = as_frame(data), read_context(context)
    roles = read_roles(frame, names, trials=trials, weights=weights, offset=offset, groups=groups)
    expressions: dict[str, Expression] = {}
    parsed = parse_formula(formula, frame.names, roles.variables, names, expressions)
    sample, schema, dropped = _rows_in_use(frame, parsed, roles, missing, names, expressions)
    state: State = {}
    counts = role_numbers("trials", roles.trials, sample, state)
    one_value = one_value or not parsed.intercept
    if classes:
        n_trials, (y, happened) = None, read_classes(parsed, event, sample)
    else:
        y, n_trials, happened = read_outcome(parsed, counts, trials, event, sample, one_value)
    prior = prior_weights(roles.weights, weights_kind, sample, state)
    codings, columns, terms = learn_columns(parsed, sample, state)
    X = encode_rows(pieces_of(terms, codings), sample, state)
    array = [roles.offset] if isinstance(roles.offset, Column) else []
    text = [roles.offset] if isinstance(roles.offset, Factor) else []
    total = total_offset([*array, *parsed.offsets, *text], sample, state)
    block = Block(y, X, n_trials, prior, total, group_codes(roles.clusters, sample))
    design = Design(
        formula=parsed,
        columns=columns,
        terms=terms,
        codings=codings,
        schema=schema,
        event=happened,
        offset=text[0] if text else None,
        offset_is_array=bool(array),
        state={expr: memory for expr, memory in state.items() if memory},
        context=names,
    )
    return design, Encoded(
        block, sample.labels_used(), sample.rows, frame.n_rows, sample.n_rows, dropped
    )


def _rows_in_use(
    frame: Frame,
    formula: Formula,
    roles: Roles,
    missing: str,
    context: Mapping[str, Any],
    expressions: Mapping[str, Expression],
) -> tuple[Sample, Schema, dict[str, int]]:
    """Return the columns in use at the rows that miss none of them, and what the others miss."""
    used = dict.fromkeys((*formula.variables, *roles.variables))
    labels = roles.labels(formula.variables)
    columns = {
        name: frame.label_column(name) if name in labels else frame.column(name) for name in used
    }
    everything = columns | roles.arrays(columns)
    rows, dropped = rows_used(everything, frame, missing)
    described = {name: describe_column(column) for name, column in everything.items()}
    check_infinite(everything, described, frame)
    n_used = frame.n_rows if rows is None else len(rows)
    sample = Sample(columns, rows, n_used, frame.labels, context, expressions=expressions)
    schema = Schema(frame.n_rows, {name: described[name] for name in columns})
    return sample, schema, dropped


def _spread_rows(X: Floats | Coded, rows: NDArray[np.intp], n_rows: int) -> Floats | Coded:
    """Return the rows of X at their places among ``n_rows``, missing elsewhere."""
    if not isinstance(X, Coded):
        return _spread(X, rows, n_rows)
    codes = []
    for own in X.codes:
        codes.append(np.zeros(n_rows, dtype=own.dtype))
        codes[-1][rows] = own
    return Coded(_spread(X.numbers, rows, n_rows), tuple(codes), X.layout)


def _spread(values: Floats, rows: NDArray[np.intp], n_rows: int) -> Floats:
    """Return the values at their rows among ``n_rows``, NaN elsewhere."""
    spread = np.full((n_rows, *values.shape[1:]), np.nan)
    spread[rows] = values
    return spread
