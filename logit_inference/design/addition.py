"""Other formulas on the rows of a fit: terms that may be added to it, and smaller models.

A fit is compared with a model of the same rows only. So the columns of the other formula are
computed from the table at the rows that the fit used, and the table must still be what it was.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from logit_inference.design.coding import code_terms
from logit_inference.design.column import Rows
from logit_inference.design.columns import State, learn_columns
from logit_inference.design.complete import check_infinite
from logit_inference.design.design import Design
from logit_inference.design.expression import Expression
from logit_inference.design.formula import Formula, parse_formula
from logit_inference.design.frame import Frame, as_frame
from logit_inference.design.matrix import encode_rows
from logit_inference.design.notation import split_sides
from logit_inference.design.piece import pieces_of
from logit_inference.design.sample import Sample
from logit_inference.design.schema import describe_column
from logit_inference.errors import ComparisonError
from logit_inference.rows.block import Floats
from logit_inference.rows.coded import Coded


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns of a formula at the rows of a fit.

    Parameters
    ----------
    formula : Formula
    names : tuple of str
    X : (n, p) array or Coded
    """

    formula: Formula
    names: tuple[str, ...]
    X: Floats | Coded


def read_formula(design: Design, text: str, table: Any) -> Formula:
    """Return the terms of a smaller formula; an empty left side is that of the fit.

    It names columns of the table or, where there is none, variables of the fit.
    """
    available = tuple(design.schema.variables) if table is None else as_frame(table).names
    return parse_formula(_completed(design, text), available, (), design.context)


def enlarged(design: Design, addition: str) -> str:
    """Return the formula of a fit with more terms."""
    left, right = split_sides(design.formula.text)
    return f"{left} ~ {right} + {addition}"


def same_columns(design: Design, formula: Formula) -> tuple[str, ...] | None:
    """Return the terms of a fit that are those of a smaller formula, coded alike; None if not all.

    How a factor is coded in an interaction depends on which other terms there are.
    """
    fitted = {frozenset(f.expr for f in term.factors): term for term in design.terms}
    keys = [frozenset(factor.expr for factor in term.factors) for term in formula.terms]
    if any(key not in fitted for key in keys) or (formula.intercept > design.formula.intercept):
        return None
    parts = code_terms(formula.terms, formula.intercept, design.codings)
    for key, own in zip(keys, parts, strict=True):
        if {frozenset(part) for part in own} != {frozenset(part) for part in fitted[key].parts}:
            return None
    intercept = [design.terms[0].name] if formula.intercept else []
    return (*intercept, *(fitted[key].name for key in keys))


def new_terms(design: Design, formula: Formula) -> tuple[str, ...]:
    """Return the terms of a larger formula that the fit does not have."""
    fitted = {frozenset(factor.expr for factor in term.factors) for term in design.terms}
    return tuple(
        term.name
        for term in formula.terms
        if frozenset(factor.expr for factor in term.factors) not in fitted
    )


def encode_formula(
    design: Design, text: str, table: Any, rows: Rows, n_read: int, fitted: Floats | Coded
) -> Columns:
    """Return the columns of another formula at the rows of a fit.

    Parameters
    ----------
    design : Design
        Of the fit.
    text : str
        The formula.
    table : table
        That of the fit.
    rows : (n,) array of int or None
        Positions in it of the rows of the fit; None for all.
    n_read : int
        Rows that it had.
    fitted : (n, p) array or Coded
        The columns of the fit, which must come out again.

    Raises
    ------
    ComparisonError
        Where the table is not what it was, or a new variable is missing in a row of the fit.
    FormulaError, SchemaError
        As for a fit.

    Notes
    -----
    The columns of the fit are computed again and compared with what they were: the time and, for
    the moment, the memory of X.
    """
    frame = as_frame(table)
    if frame.n_rows != n_read:
        found = f"it has {frame.n_rows} rows, and had {n_read}"
        raise ComparisonError.table_changed(found)
    _check_unchanged(design, frame, rows, fitted)
    expressions: dict[str, Expression] = {}
    completed = _completed(design, text)
    parsed = parse_formula(completed, frame.names, (), design.context, expressions)
    sample = _sample(parsed.predictors, frame, rows, design, expressions)
    state: State = {}
    codings, names, terms = learn_columns(parsed, sample, state)
    return Columns(parsed, names, encode_rows(pieces_of(terms, codings), sample, state))


def _completed(design: Design, text: str) -> str:
    """Return a formula with the outcome of the fit, where it has no left side."""
    if not text.strip().startswith("~"):
        return text
    return f"{split_sides(design.formula.text)[0]} ~ {text.strip()[1:].strip()}"


def _sample(
    names: tuple[str, ...],
    frame: Frame,
    rows: Rows,
    design: Design,
    expressions: Mapping[str, Expression],
) -> Sample:
    """Return variables at the rows of the fit, none of them missing."""
    columns = {name: frame.column(name) for name in names}
    n = frame.n_rows if rows is None else len(rows)
    counts, incomplete = {}, np.zeros(n, dtype=bool)
    for name, column in columns.items():
        if column.missing is None:
            continue
        here = column.missing if rows is None else column.missing[rows]
        if here.any():
            counts[name] = int(here.sum())
            incomplete |= here
    if counts:
        raise ComparisonError.missing(counts, int(incomplete.sum()), n)
    check_infinite(columns, {name: describe_column(c) for name, c in columns.items()}, frame)
    return Sample(columns, rows, n, frame.labels, design.context, expressions=expressions)


def _check_unchanged(design: Design, frame: Frame, rows: Rows, fitted: Floats | Coded) -> None:
    """Raise where the columns of the fit do not come out of the table as they did."""
    used = design.formula.predictors
    gone = [name for name in used if name not in frame.names]
    if gone:
        raise ComparisonError.table_changed(f"it has no column {gone[0]!r} any more")
    try:
        sample = _sample(used, frame, rows, design, {})
    except ComparisonError:
        raise ComparisonError.table_changed("values are missing that were not") from None
    state = dict(design.state)
    again = encode_rows(pieces_of(design.terms, design.codings), sample, state)
    if isinstance(again, Coded) and isinstance(fitted, Coded):
        equal = np.array_equal(again.numbers, fitted.numbers) and all(
            np.array_equal(one, other) for one, other in zip(again.codes, fitted.codes, strict=True)
        )
    else:
        equal = isinstance(fitted, np.ndarray) and np.array_equal(np.asarray(again), fitted)
    if not equal:
        raise ComparisonError.table_changed("the columns of the fit come out differently")
