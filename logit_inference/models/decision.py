"""The decision rule of a fit, and what it looks like over two numeric predictors."""

from __future__ import annotations

from collections.abc import Mapping
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np

from logit_inference.errors import ArgumentError, DetachedError, SchemaError
from logit_inference.likelihood.logistic import expit
from logit_inference.report.surface import Points, Surface, plot_surface

if TYPE_CHECKING:
    import pandas as pd

    from logit_inference.design.column import Column
    from logit_inference.design.design import Design
    from logit_inference.models.result import LogitResult
    from logit_inference.rows.block import Block, Floats

POINTS = 121  # of the grid, along each predictor


def classify(result: LogitResult, newdata: Any, threshold: float, offset: Any) -> pd.Series:
    """Return the outcome that the rule ``p >= threshold`` says for each row."""
    import pandas as pd

    check_threshold(threshold)
    chance = result.predict(newdata, offset=offset)
    event = result.design.event
    said = np.where(chance.to_numpy() >= threshold, 1, 0)
    values = pd.Series([event.other, event.event], dtype=object).infer_objects()
    found = values.iloc[said].set_axis(chance.index)
    missing = chance.isna()
    return found.where(~missing) if missing.any() else found


def check_threshold(threshold: object) -> None:
    """Raise an ArgumentError for what is no probability."""
    if isinstance(threshold, bool) or not (
        isinstance(threshold, Real) and 0.0 <= float(threshold) <= 1.0
    ):
        raise ArgumentError("threshold", threshold, "a probability between 0 and 1, such as 0.5")


def decision_surface(
    result: LogitResult, x: str, y: str, at: Mapping[str, Any] | None, threshold: float
) -> Any:
    """Return a figure of fitted probabilities over two predictors; see `LogitResult`."""
    from logit_inference.design.design import Design

    check_threshold(threshold)
    design = result.design
    if not isinstance(design, Design):
        reason = "a fit of arrays does not know how columns depend on predictors"
        raise ArgumentError.refused("x", x, reason, "a formula, in logit()")
    grids = [_grid(design, name) for name in _two(design, x, y)]
    held = _held(result, design, (x, y), {} if at is None else at)
    wide, high = (grid.ravel() for grid in np.meshgrid(*grids))
    table = {name: [value] * len(wide) for name, value in held.items()}
    link = result.predict({**table, x: wide, y: high}, kind="link").to_numpy()
    shape = (len(grids[1]), len(grids[0]))
    points = None if at else _points(result, x, y)
    return plot_surface(
        Surface(
            (x, y),
            (grids[0], grids[1]),
            expit(link).reshape(shape),
            threshold,
            f"Pr({design.event})",
            held,
            points,
        )
    )


def _two(design: Design, x: str, y: str) -> tuple[str, str]:
    """Return the two predictors, if they are two, and numeric."""
    for name in (x, y):
        if name not in design.formula.predictors:
            raise SchemaError.missing_column(name, design.formula.predictors)
        if design.schema.variables[name].kind != "numeric":
            kind = design.schema.variables[name].kind
            raise ArgumentError("x or y", name, f"a numeric predictor; this one is {kind}")
    if x == y:
        raise ArgumentError("y", y, "another predictor than x")
    return x, y


def _grid(design: Design, name: str) -> Floats:
    """Return points over the range of a predictor: beyond it a fit says nothing."""
    variable = design.schema.variables[name]
    grid: Floats = np.linspace(variable.minimum or 0.0, variable.maximum or 0.0, POINTS)
    return grid


def _held(
    result: LogitResult, design: Design, shown: tuple[str, str], at: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the values of the other predictors: those given, else means and commonest levels."""
    others = [name for name in design.variables if name not in shown]
    for name in at:
        if name not in others:
            raise ArgumentError("at", dict(at), f"values of {', '.join(others) or 'nothing else'}")
    free = [name for name in others if name not in at]
    if free and result.table is None:
        raise DetachedError(f"a typical value of {free[0]} (or give it in at=)")
    return {name: at[name] if name in at else _typical(result, design, name) for name in others}


def _typical(result: LogitResult, design: Design, name: str) -> Any:
    """Return the mean of a number among the rows used, or the commonest level."""
    column, values = _column(result, name)
    factors = {factor for term in design.terms for factor in term.factors}
    as_levels = any(
        name in factor.variables and design.codings[factor.expr].kind == "categorical"
        for factor in factors
    )
    if column.kind == "numeric" and not as_levels:
        return float(values.mean())
    kinds, counts = np.unique(values, return_counts=True)
    commonest = kinds[int(np.argmax(counts))]
    return float(commonest) if column.kind == "numeric" else column.levels[int(commonest)]


def _points(result: LogitResult, x: str, y: str) -> Points | None:
    """Return where the rows used lie, and which of them are events; None for groups of trials."""
    if result.table is None or result.fit is None or result.account.grouped:
        return None
    happened = result.fit.source.map(_events) > 0
    return Points(_column(result, x)[1], _column(result, y)[1], happened)


def _events(block: Block) -> Floats:
    return block.y


def _column(result: LogitResult, name: str) -> tuple[Column, Any]:
    """Return a column of the table, and its numbers or codes at the rows used."""
    from logit_inference.design.frame import as_frame

    column = as_frame(result.table).column(name)
    rows = None if result.positions is None else result.positions
    return column, column.numbers(rows) if column.kind == "numeric" else column.codes(rows)
