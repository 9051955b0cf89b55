"""Which levels an outcome of several classes has, which is the reference, and offsets of each.

As for two outcomes, nothing is silently recoded: levels stand in their declared order, text and
numbers sorted, and what looks like a measurement is an error.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from logit_inference.design.categories import Categories, categories_of, level_counts
from logit_inference.design.column import Level, read_column
from logit_inference.design.frame import as_frame, read_argument
from logit_inference.design.outcome import Event
from logit_inference.errors import ArgumentError, OutcomeError, SchemaError, plain, shorten
from logit_inference.rows.block import Floats, check_finite

MOST_LEVELS = 100


def class_outcome(
    values: NDArray[Any] | Categories, variable: str, reference: Level | None = None
) -> tuple[Floats, Event]:
    """Return class numbers (n,), 0 for the reference, and the record of the levels.

    Parameters
    ----------
    values : (n,) array or Categories
        Whole numbers, truth values, or coded levels, none missing.
    variable : str
        Name for messages and tables.
    reference : level, optional
        By default the first level.

    Raises
    ------
    OutcomeError
        For one level only, numbers that are not whole, more than 100 levels, or a reference that
        no row has.

    Examples
    --------
    >>> y, event = class_outcome(np.array([3.0, 1.0, 2.0]), "grade", reference=2)
    >>> y.tolist(), event.levels, event.other
    ([2.0, 1.0, 0.0], (1, 2, 3), 2)
    """
    if isinstance(values, np.ndarray) and values.dtype.kind == "f":
        fractions = values != np.floor(values)
        if fractions.any():
            first = float(values[int(np.argmax(fractions))])
            raise OutcomeError(
                variable,
                f"{int(fractions.sum())} values that are not whole numbers, such as {first:g}",
                f"Levels are text, categories or whole numbers: cut the measurement into classes "
                f"first, or write C({variable}) if its values are labels.",
            )
    categories = categories_of(values, variable)
    counts = level_counts(categories)
    levels = tuple(level for level, n in zip(categories.levels, counts, strict=True) if n)
    if len(levels) < 2:
        found = f"only the value {levels[0]!r}" if levels else "no values"
        instead = "At least two levels must occur for any coefficient to be estimated."
        raise OutcomeError(variable, f"{found} among the rows used", instead)
    if len(levels) > MOST_LEVELS:
        instead = f"More than {MOST_LEVELS} are no classes to compare: merge levels."
        raise OutcomeError(variable, f"{len(levels)} levels", instead)
    base = _reference(levels, variable, reference)
    place = np.full(len(categories.levels), -1)
    for level, code in zip(levels, class_order(len(levels), levels.index(base)), strict=True):
        place[categories.levels.index(level)] = code
    y = place[categories.codes].astype(np.float64)
    other = next(level for level in levels if level != base)
    return y, Event(variable, other, base, "classes", levels)


def class_arrays(y: Any, reference: Level | None, name: str) -> tuple[Floats, Event]:
    """Return class numbers and the record of the levels of a plain array.

    Raises
    ------
    OutcomeError
        As for a formula; also for missing values, since arrays are not dropped from.
    """
    column = read_column(name, y)
    if column.missing is not None:
        row = int(np.flatnonzero(column.missing)[0])
        found = f"{column.n_missing} missing values, the first at row {row}"
        raise OutcomeError(name, found, "Leave these rows out of every array first.")
    if column.kind == "numeric":
        return class_outcome(column.values, name, reference)
    if column.kind == "boolean":
        return class_outcome(column.values.astype(bool), name, reference)
    return class_outcome(Categories(column.values, column.levels, name), name, reference)


def class_order(n_classes: int, reference: int) -> list[int]:
    """Return the class number of each level: 0 for the reference, the others in their order.

    Examples
    --------
    >>> class_order(3, 1)
    [1, 0, 2]
    """
    return [0 if k == reference else k + (k < reference) for k in range(n_classes)]


def _reference(levels: Sequence[Level], variable: str, reference: Level | None) -> Level:
    if reference is None:
        return levels[0]
    reference = plain(reference) if isinstance(reference, np.generic) else reference
    matching = [level for level in levels if level == reference or str(level) == str(reference)]
    if not matching:
        raise OutcomeError(
            variable,
            f"no row used has the reference {reference!r}",
            f"Levels: {shorten([repr(level) for level in levels])}.",
        )
    return matching[0]


# --- offsets --------------------------------------------------------------------------------------


def read_offsets(offset: Any, event: Event) -> dict[Level, Any]:
    """Return what was given as the offset of each level but the reference.

    Raises
    ------
    ArgumentError
        For one offset for all levels, of more than two: the same number added to all linear
        predictors cancels, and which one it is to be added to must be said. For a level that there
        is not, and for the reference.
    """
    others = [level for level in event.levels if level != event.other]
    if not isinstance(offset, Mapping):
        if len(others) == 1:
            return {others[0]: offset}
        reason = (
            "one offset for every level changes nothing, because only differences between levels "
            "count"
        )
        instead = f"a dict from level to column, offset={{{others[0]!r}: 'column'}}"
        raise ArgumentError.refused("offset", _told(offset), reason, instead)
    found = {}
    for name, given in offset.items():
        matching = [level for level in others if level == name or str(level) == str(name)]
        if not matching:
            reason = (
                "the reference has no equation, so that its offset is minus that of all others"
                if str(name) == str(event.other)
                else "no row used has that level"
            )
            instead = f"offsets of {', '.join(repr(level) for level in others)}"
            raise ArgumentError.refused("offset", name, reason, instead)
        found[matching[0]] = given
    return found


def _told(offset: Any) -> Any:
    return offset if isinstance(offset, str) else type(offset).__name__


def class_offsets(
    offsets: Mapping[Level, Any], order: Sequence[Level], data: Any, rows: Any = None
) -> Floats:
    """Return the offset (n, K) of each class, zero where none is given.

    Parameters
    ----------
    offsets : mapping of level to column name or array
        Arrays have a value for each row of the table.
    order : sequence of K levels
        The reference first.
    data : table
    rows : (n,) array of int, optional
        The rows in use; all of them by default.

    Raises
    ------
    SchemaError, DataError
        For a name that is no column, a column that is not numeric, a value that is missing in a row
        in use: rows are dropped for variables of the formula only.
    """
    frame = as_frame(data)
    n = frame.n_rows if rows is None else len(rows)
    labels = frame.labels if rows is None else rows
    total = np.zeros((n, len(order)))
    for level, given in offsets.items():
        name = given if isinstance(given, str) else f"offset of {level}"
        if isinstance(given, str):
            if given not in frame.names:
                raise SchemaError.missing_column(given, frame.names)
            column = frame.column(given)
        else:
            column = read_argument(name, given, frame)
        if column.kind != "numeric":
            raise SchemaError.numeric_wanted("offset", name, column.kind)
        values = column.numbers(rows)
        if column.missing is not None:
            missing = column.missing if rows is None else column.missing[rows]
            values = np.where(missing, np.nan, values)
        check_finite(values, name, labels)
        total[:, order.index(level)] = values
    return total
