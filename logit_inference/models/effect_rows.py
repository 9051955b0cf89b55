"""The rows at which effects are asked: those of the fit, of a table, or of a grid."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from logit_inference.design.array_variables import ArrayVariables, array_variables
from logit_inference.design.arrays import ArrayDesign
from logit_inference.design.frame import as_frame
from logit_inference.design.grid import (
    DataGrid,
    Grid,
    balanced_grid,
    column_values,
    make_grid,
)
from logit_inference.design.variables import read_variables
from logit_inference.errors import (
    ArgumentError,
    ComparisonError,
    DetachedError,
    EffectError,
    PredictionError,
    SchemaError,
    plain,
)
from logit_inference.rows.block import Block, Floats
from logit_inference.rows.coded import Coded
from logit_inference.rows.variant import row_offset, row_weights

if TYPE_CHECKING:
    from logit_inference.models.result import LogitResult


@dataclass(frozen=True)
class Asked:
    """Rows, what they count, and what tells them apart.

    Parameters
    ----------
    rows : Variables or like it
    weights : (n,) array
        What each counts in an average.
    shown : mapping of str to sequence of n values
        Values of a grid.
    of_fit : bool
        Whether they are the rows of the fit, one for one.
    copies : (n,) array
        Independent observations that each row of the fit stands for.
    labels : sequence of n
        Names of rows; empty for a grid.
    table : table or None
        Where further columns are, at ``places`` (n,), None for all its rows.
    places : (n,) array of int or None
    notes : tuple of str
    """

    rows: Any
    weights: Floats
    shown: Mapping[str, Sequence[Any]]
    of_fit: bool
    copies: Floats
    labels: Sequence[Any]
    table: Any
    places: NDArray[np.intp] | None
    notes: tuple[str, ...] = ()

    def values(self, name: str, argument: str) -> Sequence[Any]:
        """Return the values (n,) of a variable, or of another column of the table.

        Raises
        ------
        EffectError
            For a name that is neither.
        """
        if name in self.shown:
            return self.shown[name]
        if name in self.rows.columns:
            return column_values(self.rows.columns[name])
        if self.table is not None:
            frame = as_frame(self.table)
            if name in frame.names:
                column = frame.column(name)
                if self.places is not None:
                    missing = None if column.missing is None else column.missing[self.places]
                    column = replace(column, values=column.values[self.places], missing=missing)
                if column.missing is not None and column.n_missing:
                    label = plain(self.labels[int(np.argmax(column.missing))])
                    raise EffectError.refused(
                        f"{argument}={name!r}",
                        f"it is missing in {column.n_missing} of the rows (first {label})",
                        "Leave those rows out with newdata=.",
                    )
                return column_values(column)
            known = list(dict.fromkeys([*self.rows.names, *frame.names]))
            raise EffectError.unknown(name, known, argument)
        raise EffectError.unknown(name, self.rows.names, argument)


def fitted_rows(result: LogitResult) -> Asked:
    """Return the rows of the fit.

    They count as the observations that they stand for: frequency weights times trials.

    Raises
    ------
    DetachedError
        For a result without its rows.
    """
    if result.fit is None:
        raise DetachedError("effects at the rows of the fit (newdata=None, or a grid of them)")
    source = result.fit.source
    asked = result.asked or result.fit
    weights, trials = source.map(row_weights), source.map(row_trials)
    counted = np.where(weights > 0, 1.0, 0.0)
    kind = result.account.weights_kind
    copies = trials * (weights if kind == "frequency" else counted)
    spread = trials * (counted if kind == "precision" else weights)
    notes: tuple[str, ...] = ()
    if kind == "precision":
        notes = ("Averages: precision weights do not count; wts= gives others.",)
    elif kind is not None or result.account.grouped:
        what = "" if kind is None else f"{kind} weights"
        what += " times " * (kind is not None and result.account.grouped)
        what += "trials" * result.account.grouped
        notes = (f"Averages: rows count by their {what}; wts= gives others.",)
    offset = asked.source.map(row_offset)
    design = result.design
    rows: Any
    data: Any = source.data  # type: ignore[attr-defined]  # an ArraySource
    if isinstance(design, ArrayDesign):
        X = np.asarray(data.X, dtype=np.float64)
        if design.adds_intercept:
            X = np.column_stack([np.ones(len(X)), X])
        own = offset if design.offset_is_array else None
        rows = array_variables(design, X, own, result.labels)
        return Asked(rows, spread, {}, True, copies, result.labels, None, None, notes)
    if result.table is None:
        raise DetachedError("effects at the rows of the fit")
    if as_frame(result.table).n_rows != result.n_rows_read:
        found = f"it has {as_frame(result.table).n_rows} rows, and had {result.n_rows_read}"
        raise ComparisonError.table_changed(found)
    inner = read_variables(design, result.table, result.positions, None, labels=result.labels)
    if inner.rows is not None:
        raise ComparisonError.table_changed("values are missing that were not")
    if design.offset_is_array:
        known = inner.formula_offset()
        inner = replace(inner, offset=offset if known is None else offset - known)
    rows = replace(inner, fitted=data.X)
    if isinstance(data.X, Coded):  # as codes they are compared at once
        rows = rows.verified()
    return Asked(
        rows, spread, {}, True, copies, result.labels, result.table, result.positions, notes
    )


def row_trials(block: Block) -> Floats:
    """Return the trials of each row, one where none are given: a kernel for ``map``."""
    return np.ones(block.n_rows) if block.trials is None else block.trials


def asked_rows(
    result: LogitResult, newdata: Any, by: Sequence[str], wts: Any, fitted: Asked | None
) -> Asked:
    """Return the rows that ``newdata`` asks for, and what they count.

    Parameters
    ----------
    newdata : None, table, DataGrid, or text
        ``"mean"``, ``"median"``, ``"balanced"``, ``"proportional"``.
    by : sequence of str
        Variables that averages will be taken by.
    wts : None, str or (n,) array
        What rows count, instead of their own weights.
    fitted : Asked or None
        The rows of the fit, where they are at hand.

    Raises
    ------
    ArgumentError, EffectError, SchemaError, DetachedError
    """
    found = _rows(result, newdata, by, fitted)
    if wts is None:
        return found
    if isinstance(wts, str):
        values = np.asarray(found.values(wts, "wts"), dtype=object)
        given = np.array([np.nan if isinstance(v, str) else float(v) for v in values])
    else:
        given = np.asarray(wts, dtype=np.float64)
        n_given = getattr(found.rows, "n_given", found.rows.n_rows)
        if given.shape == (n_given,) and found.rows.rows is not None:
            given = given[found.rows.rows]
        elif given.shape == (result.n_rows_read,) and found.of_fit and result.positions is not None:
            given = given[result.positions]
    if given.shape != (found.rows.n_rows,):
        wanted = f"the name of a column, or one weight for each of {found.rows.n_rows} rows"
        raise ArgumentError("wts", np.shape(wts), wanted)
    if not np.isfinite(given).all() or (given < 0).any() or not given.any():
        raise ArgumentError("wts", wts, "finite weights, none below zero and some above")
    notes = tuple(note for note in found.notes if not note.startswith("Averages:"))
    return replace(found, weights=given, notes=notes)


def _rows(result: LogitResult, newdata: Any, by: Sequence[str], fitted: Asked | None) -> Asked:
    if newdata is None:
        return fitted_rows(result) if fitted is None else fitted
    if isinstance(newdata, (str, DataGrid)):
        base = fitted_rows(result) if fitted is None else fitted
        grid = _grid(base, newdata, by)
        weights = np.ones(grid.rows.n_rows) if grid.weights is None else grid.weights
        typical = [newdata] if newdata in ("mean", "median") else []
        told = (grid.note,) if grid.note else ()
        return Asked(
            grid.rows, weights, grid.shown, False, np.ones(len(weights)), typical, None, None, told
        )
    design = result.design
    if design.offset_is_array:
        raise PredictionError(
            "the fit had an array as offset=, which new rows do not carry: fit with the name of a "
            "column as offset=, and the new rows bring their own."
        )
    rows: Any
    if isinstance(design, ArrayDesign):
        new = design.encode(newdata)
        rows = array_variables(design, np.asarray(new.X), None, new.labels)
    else:
        rows = read_variables(design, newdata, None, None)
    if not rows.n_rows:
        raise SchemaError.no_rows(rows.n_given, list(rows.names)[:1])
    notes: tuple[str, ...] = ()
    if rows.rows is not None:
        dropped = rows.n_given - rows.n_rows
        notes = (f"{dropped} of {rows.n_given} rows of newdata miss a variable and are left out.",)
    weights = np.ones(rows.n_rows)
    if result.account.weights_kind is not None or result.account.grouped:
        notes = (*notes, "Rows of newdata count the same in averages; wts= gives weights.")
    table = None if isinstance(design, ArrayDesign) else newdata
    return Asked(rows, weights, {}, False, weights, rows.labels, table, rows.rows, notes)


def _grid(base: Asked, request: str | DataGrid, by: Sequence[str]) -> Grid:
    inner = base.rows
    if isinstance(request, DataGrid):
        return make_grid(inner, base.weights, request)
    if request in ("mean", "median"):
        return make_grid(inner, base.weights, DataGrid({}, typical=request))
    if request in ("balanced", "proportional"):
        if isinstance(inner, ArrayVariables):
            raise EffectError.refused(
                f'newdata="{request}"',
                "columns of an array have no levels",
                "Fit with a formula, or give the rows as an array.",
            )
        for name in by:
            if name not in inner.names:
                raise EffectError.unknown(name, inner.names, "by")
        return balanced_grid(inner, base.weights, by, proportional=request == "proportional")
    allowed = '"mean", "median", "balanced", "proportional", li.datagrid(…) or a table'
    raise ArgumentError("newdata", request, allowed)
