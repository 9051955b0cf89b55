"""Grids: rows at which effects are asked, made of the variables that a fit saw.

A grid names some variables and their values; the others stand at typical ones: the mean of a
number (the median if that is asked for), the most frequent level of anything else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from logit_inference.design.column import Column, Level, read_column
from logit_inference.design.conform import conform_column
from logit_inference.design.variables import Variables, replace_values
from logit_inference.errors import ArgumentError, EffectError, SchemaError
from logit_inference.rows.block import Floats

MOST = 10_000_000  # rows of a grid


@dataclass(frozen=True, slots=True)
class DataGrid:
    """Values of some variables, of which a grid holds every combination.

    Parameters
    ----------
    values : mapping of str to value, sequence of values, or function
        A function takes the observed values, as `numpy.unique` or `numpy.quantile` do.
    counterfactual : bool
        Whether the grid is every row of the fit, at every combination of these values.
    typical : {"mean", "median"}
        Of the numbers that are not named.
    """

    values: Mapping[str, Any]
    counterfactual: bool = False
    typical: str = "mean"


def datagrid(
    values: Mapping[str, Any] | None = None,
    *,
    counterfactual: bool = False,
    typical: str = "mean",
    **variables: Any,
) -> DataGrid:
    """Return the request for a grid of values, for ``newdata=``.

    Parameters
    ----------
    values : mapping of str to values, optional
        For variables whose names are no identifiers.
    counterfactual : bool
        Whether every row of the fit is taken at every combination, instead of one typical row.
    typical : {"mean", "median"}
        Where variables that are not named stand; those that are no numbers at their most frequent
        level.
    **variables
        Values of each variable: one, several, or a function of the observed values. The names are
        checked against the fit when the grid is made.

    Examples
    --------
    >>> import logit_inference as li
    >>> fit = li.logit("low ~ age + C(race)", li.datasets.load("birthwt"))
    >>> grid = li.datagrid(age=[20, 30], race="white")
    >>> fit.predictions(newdata=grid).to_frame()["estimate"].round(4).tolist()
    [0.2693, 0.1989]
    """
    if typical not in ("mean", "median"):
        raise ArgumentError("typical", typical, '"mean" or "median"')
    if values is not None and not isinstance(values, Mapping):
        allowed = "variables by name, datagrid(age=[20, 30]), or a dict; the fit is known when used"
        raise ArgumentError("values", type(values).__name__, allowed)
    return DataGrid({**(values or {}), **variables}, counterfactual, typical)


@dataclass(frozen=True, slots=True)
class Grid:
    """Rows at which effects are asked.

    Parameters
    ----------
    rows : Variables
    shown : mapping of str to sequence
        Values that tell rows apart, by variable; empty for the rows of a table.
    weights : (n,) array or None
        What each counts in an average; None for one each.
    source : (n,) array of int or None
        The row of the fit that each is, where they are rows of the fit.
    note : str
        What a reader must know of the grid.
    """

    rows: Variables
    shown: Mapping[str, Sequence[Any]]
    weights: Floats | None = None
    source: NDArray[np.intp] | None = None
    note: str = ""


def make_grid(rows: Variables, weights: Floats, request: DataGrid) -> Grid:
    """Return the grid that was asked for, over the rows of a fit and their weights.

    Raises
    ------
    EffectError
        For a variable that the fit does not have.
    SchemaError
        For a level that the fit has not seen.
    """
    named = {
        name: _values(rows, name, asked, "datagrid()") for name, asked in request.values.items()
    }
    n_cells = prod(len(column) for column in named.values())
    n = n_cells * (rows.n_rows if request.counterfactual else 1)
    if n > MOST:
        raise EffectError.too_many("a grid", n, MOST, "name fewer values")
    cells = _combinations([len(column) for column in named.values()])
    if request.counterfactual:
        source = np.tile(np.arange(rows.n_rows), n_cells)
        cells = np.repeat(cells, rows.n_rows, axis=0)
        base, spread = rows.take({}, source), weights[source]
    else:
        source = None
        base, spread = typical_row(rows, weights, request.typical).take({}, np.zeros(n, int)), None
    columns = {
        name: replace_values(column, column.values[cells[:, j]])
        for j, (name, column) in enumerate(named.items())
    }
    shown = {name: column_values(column) for name, column in columns.items()}
    return Grid(
        base.take(columns, None), shown, spread, source, _typical_note(rows, named, request)
    )


def balanced_grid(
    rows: Variables, weights: Floats, by: Sequence[str], *, proportional: bool
) -> Grid:
    """Return every combination of levels, with numbers at their means.

    Parameters
    ----------
    by : sequence of str
        Variables by which averages will be taken. A number among them is at its observed values,
        and so is any number that takes two values only.
    proportional : bool
        Whether the combinations of the other variables count as often as they occur in the fit;
        if not, all combinations count the same.

    Notes
    -----
    The reference grid of Searle, Speed and Milliken (1980), *The American Statistician* 34, as in
    R's emmeans.
    """
    names = [name for name in rows.names if name in by or has_levels(rows, name)]
    named = {name: _levels_of(rows, name) for name in names}
    n = prod(len(column) for column in named.values())
    if n > MOST:
        raise EffectError.too_many("a balanced grid", n, MOST, "use the rows of the fit")
    cells = _combinations([len(column) for column in named.values()])
    base = typical_row(rows, weights, "mean").take({}, np.zeros(n, int))
    columns = {
        name: replace_values(column, column.values[cells[:, j]])
        for j, (name, column) in enumerate(named.items())
    }
    counts: Floats | None = None
    if proportional:
        counts = _frequencies(rows, weights, columns, [name for name in names if name not in by])
    shown = {name: column_values(column) for name, column in columns.items()}
    numbers = [name for name in rows.names if name not in names]
    note = "Grid: every combination of the levels of " + (", ".join(names) or "no variable")
    note += f"; {', '.join(numbers)} at the mean" if numbers else ""
    note += "; combinations count as often as they occur." if proportional else "; all count alike."
    return Grid(base.take(columns, None), shown, counts, None, note)


def has_levels(rows: Variables, name: str) -> bool:
    """Say whether a balanced grid has all values of a variable: levels, or a number's two."""
    if rows.levels(name):
        return True
    values = rows.columns[name].values
    return len(values) > 0 and len(np.unique(values[:1000])) <= 2 and len(np.unique(values)) == 2


def typical_row(rows: Variables, weights: Floats, typical: str) -> Variables:
    """Return one row: numbers at their weighted mean or median, levels at the most frequent one."""
    columns = {name: _typical(rows, name, weights, typical) for name in rows.columns}
    found = rows.take({}, np.zeros(1, int)).take(columns, None)
    if rows.offset is None:
        return found
    middle = _mean if typical == "mean" else _median
    return replace(found, offset=np.array([middle(rows.offset, weights)]))


def _typical(rows: Variables, name: str, weights: Floats, typical: str) -> Column:
    column = rows.columns[name]
    if column.kind == "numeric" and not rows.levels(name):
        numbers = column.numbers()
        middle = _mean(numbers, weights) if typical == "mean" else _median(numbers, weights)
        return replace_values(column, np.array([middle]))
    distinct, codes = np.unique(column.values, return_inverse=True)
    counts = np.bincount(codes, weights)
    return replace_values(column, distinct[[int(np.argmax(counts))]])


def _mean(numbers: Floats, weights: Floats) -> float:
    return float(np.average(numbers, weights=weights))


def _median(numbers: Floats, weights: Floats) -> float:
    """Return the value in the middle, each standing as often as its weight says."""
    order = np.argsort(numbers, kind="stable")
    reached = np.cumsum(weights[order]) / weights.sum()
    first = int(np.searchsorted(reached, 0.5 - 1e-12))
    if abs(reached[first] - 0.5) > 1e-12:
        return float(numbers[order[first]])
    return float(numbers[order[first : first + 2]].mean())


def _values(rows: Variables, name: str, asked: Any, argument: str) -> Column:
    """Return the values that were asked for of a variable, as a column."""
    if name not in rows.columns:
        raise EffectError.unknown(name, rows.names, argument)
    if callable(asked):
        chosen: Callable[[Any], Any] = asked
        asked = chosen(np.array(column_values(rows.columns[name])))
    if isinstance(asked, (str, bytes)) or not hasattr(asked, "__len__"):
        asked = [asked]
    values = list(asked)
    if not values:
        raise EffectError.contrast(name, asked, "at least one value")
    column = conform_column(read_column(name, values), rows.design.schema.variables[name])
    if column.n_missing:
        raise EffectError.missing_value(name)
    for level in rows.levels(name) and column_values(column):
        check_level_seen(rows, name, level)
    return column


def check_level_seen(rows: Variables, name: str, level: Level) -> None:
    """Raise a SchemaError for a level that the fit has not seen."""
    known = rows.levels(name)
    if level not in known:
        raise SchemaError.no_level(name, level, known)


def _levels_of(rows: Variables, name: str) -> Column:
    column, levels = rows.columns[name], rows.levels(name)
    if levels:
        return _values(rows, name, list(levels), "by")
    distinct = np.unique(column.values)
    if len(distinct) > 50:
        raise EffectError.refused(
            f"by={name!r}",
            f"it is a number with {len(distinct)} values",
            "Choose some: newdata=li.datagrid(…), or group the rows of the fit.",
        )
    return replace_values(column, distinct)


def _frequencies(
    rows: Variables, weights: Floats, columns: Mapping[str, Column], names: Sequence[str]
) -> Floats:
    """Return how often each row's combination of the named variables occurs in the fit."""
    n = len(next(iter(columns.values()))) if columns else 1
    seen: dict[tuple[Any, ...], float] = {}
    observed = [column_values(rows.columns[name]) for name in names]
    for key, weight in zip(zip(*observed, strict=True), weights.tolist(), strict=False):
        seen[key] = seen.get(key, 0.0) + weight
    if not names:
        return np.ones(n)
    wanted = zip(*(column_values(columns[name]) for name in names), strict=True)
    return np.array([seen.get(key, 0.0) for key in wanted])


def _combinations(sizes: Sequence[int]) -> NDArray[np.intp]:
    """Return all combinations of numbers below sizes, the last varying fastest."""
    cells = list(product(*(range(size) for size in sizes)))
    return np.array(cells, dtype=np.intp).reshape(len(cells), len(sizes))


def _typical_note(rows: Variables, named: Mapping[str, Column], request: DataGrid) -> str:
    if request.counterfactual:
        return "Grid: every row of the fit at each combination of values."
    others = [name for name in rows.names if name not in named]
    known = ["offset"] if rows.offset is not None else []
    if not others and not known:
        return ""
    numbers = [n for n in others if rows.columns[n].kind == "numeric" and not rows.levels(n)]
    levels = [name for name in others if name not in numbers]
    numbers += known
    parts = [f"{', '.join(numbers)} at the {request.typical}"] if numbers else []
    parts += [f"{', '.join(levels)} at the most frequent level"] if levels else []
    return f"Grid: {'; '.join(parts)}."


def column_values(column: Column) -> list[Any]:
    """Return the values of a column as plain Python values."""
    if column.kind == "numeric":
        return [int(x) if float(x).is_integer() else float(x) for x in column.values.tolist()]
    return [column.levels[code] for code in column.values.tolist()]
