"""Which value of the outcome is the event.

Nothing is ever silently reversed or thresholded: what is not clear is an error that shows the
values found and what to write instead.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from logit_inference.design.categories import Categories, categories_of, level_counts
from logit_inference.design.column import Level, read_column
from logit_inference.errors import ArgumentError, OutcomeError, plain
from logit_inference.records import made_fast
from logit_inference.rows.block import Floats

PROPORTIONS = (
    "Proportions need the counts behind them: write cbind(successes, failures) on the left, or "
    'the number of successes there and trials="n".'
)


@made_fast
@dataclass(frozen=True, slots=True)
class Event:
    """What the fitted probability is the probability of.

    Parameters
    ----------
    variable : str
        The outcome, as in the formula.
    event : level
        Value of the modelled event; for grouped data the name of the successes.
    other : level
        Value of the other outcome; for grouped data the name of the failures.
    kind : {"binary", "grouped", "classes"}
        One trial per row, counts, or one of several classes per row.
    levels : tuple of level
        Of an outcome of several classes: those that occur, in their order, of which ``other`` is
        the reference; empty for two.

    Examples
    --------
    >>> str(Event("low", 1, 0, "binary"))
    'low = 1'
    """

    variable: str
    event: Level
    other: Level
    kind: Literal["binary", "grouped", "classes"]
    levels: tuple[Level, ...] = ()

    def __str__(self) -> str:
        return str(self.event) if self.kind == "grouped" else f"{self.variable} = {self.event}"


def binary_outcome(
    values: NDArray[Any] | Categories,
    variable: str,
    event: Level | None = None,
    *,
    one_value: bool = False,
) -> tuple[Floats, Event]:
    """Return 0/1 successes and the event of a two-valued outcome without missing values.

    Parameters
    ----------
    values : (n,) array or Categories
        Numbers, truth values, or coded levels.
    variable : str
        Name for messages and summaries.
    event : level, optional
        The value whose probability is modelled. By default 1 or True, and of two levels the second.
    one_value : bool
        Whether an outcome that is the same in all rows is accepted, if it is known which of the two
        it is: 0 or 1, a truth value, one of two declared categories, or named by ``event``.

    Raises
    ------
    OutcomeError
        If there are not exactly two values, or two numbers other than 0 and 1 without ``event``.
        An event that neither occurs nor is declared is an error also where one value is accepted:
        it may be misspelled.
    ArgumentError
        If the event is no single value.

    Examples
    --------
    >>> y, event = binary_outcome(np.array([1.0, 2.0, 2.0]), "case", event=2)
    >>> y.tolist(), str(event)
    ([0.0, 1.0, 1.0], 'case = 2')
    """
    event = plain(event) if isinstance(event, np.generic) else event
    if event is not None and not isinstance(event, (str, int, float)):
        raise ArgumentError("event", event, "one value of the outcome, event=1 or event='yes'")
    numeric = isinstance(values, np.ndarray) and values.dtype.kind != "b"
    if event is None and isinstance(values, np.ndarray) and _is_zero_one(values):
        return values.astype(np.float64, copy=False), Event(variable, 1, 0, "binary")
    categories = categories_of(values, variable)
    counts = level_counts(categories)
    levels = [level for level, count in zip(categories.levels, counts, strict=True) if count]
    found = _counts(categories.levels, counts)
    if one_value and len(levels) == 1:
        declared = (0, 1) if numeric and levels[0] in (0, 1) else categories.levels
        happened = _event_of_one(variable, levels[0], declared, event)
        if happened is not None:
            return np.full(len(values), float(happened.event == levels[0])), happened
    if len(levels) < 2:
        only = f"only the value {found}" if levels else "no values"
        unknown = levels and one_value
        advice = _unknown_event(levels[0]) if unknown else OutcomeError.BOTH_MUST_OCCUR
        raise OutcomeError(variable, f"{only} among the rows used", advice)
    if len(levels) > 2:
        raise OutcomeError(
            variable, f"{len(levels)} values, {found}", _instead(variable, levels, numeric)
        )
    chosen = _choose_event(variable, levels, event, numeric, found)
    other = levels[0] if chosen == levels[1] else levels[1]
    y = (categories.codes == categories.levels.index(chosen)).astype(np.float64)
    return y, Event(variable, chosen, other, "binary")


def _event_of_one(
    variable: str, value: Level, declared: tuple[Level, ...], event: Level | None
) -> Event | None:
    """Return the event of an outcome that is always the same; None where that is not known."""
    if event is None:
        return Event(variable, declared[1], declared[0], "binary") if len(declared) == 2 else None
    matching = [level for level in declared if level == event or str(level) == str(event)]
    if not matching:
        return None
    others = [level for level in declared if level != matching[0]]
    other = others[0] if len(others) == 1 else value if value != matching[0] else "another value"
    return Event(variable, matching[0], other, "binary")


def _unknown_event(value: Level) -> str:
    """Return what to write where one value does not tell whether it is the event."""
    return (
        f"Whether that is the event it does not say: write event={value!r} if it is, or declare "
        f"both levels, pd.Categorical(values, categories=[non-event, event])."
    )


def _is_zero_one(values: NDArray[Any]) -> bool:
    """Say whether numbers are 0 and 1, and both: as many are 1 as are not 0."""
    if values.dtype.kind not in "iuf" or values.ndim != 1:
        return False
    n_ones = np.count_nonzero(values == 1)
    return bool(0 < n_ones < len(values) and n_ones == np.count_nonzero(values))


def _choose_event(
    variable: str, levels: list[Level], event: Level | None, numeric: bool, found: str
) -> Level:
    """Return which of two levels is the event."""
    if event is None:
        if numeric and levels != [0, 1]:
            instead = f"Say which one is the event: event={levels[1]!r}."
            if all(0 <= float(level) <= 1 for level in levels):
                instead += f" {PROPORTIONS}"
            raise OutcomeError(variable, f"the two numbers {found}, not 0 and 1", instead)
        return levels[1]
    # A program passes 2, a command line "2": both name the level that prints as 2.
    matching = [level for level in levels if level == event or str(level) == str(event)]
    if not matching:
        raise OutcomeError(
            variable,
            f"no value {event!r}; it has {found}",
            f"Write event={levels[1]!r} or event={levels[0]!r}.",
        )
    return matching[0]


def _counts(levels: tuple[Level, ...], counts: NDArray[Any]) -> str:
    """Return the values that occur with their counts, the first six of them."""
    shown = [f"{level!r} ({n})" for level, n in zip(levels, counts, strict=True) if n]
    return ", ".join(shown[:6]) + (", …" if len(shown) > 6 else "")


def _instead(variable: str, levels: list[Level], numeric: bool) -> str:
    """Return what to write for an outcome with more than two values."""
    if not numeric:
        return (
            f"A binary logit needs two: say what the event is, I({variable} == {levels[-1]!r}) ~ …"
        )
    if all(0 <= float(level) <= 1 for level in levels):
        return PROPORTIONS
    return (
        f"A binary logit needs two: say what the event is, I({variable} > "
        f"{levels[(len(levels) - 1) // 2]}) ~ … If these are counts of successes, write "
        f'trials="n" or cbind({variable}, failures).'
    )


def grouped_outcome(
    successes: Any,
    trials: Any,
    name: str,
    names: tuple[str, str],
    labels: Any = None,
    *,
    one_value: bool = False,
) -> tuple[Floats, Floats, Event]:
    """Return successes, trials and the event of grouped data.

    Parameters
    ----------
    successes, trials : (n,) arrays
        Whole numbers, successes not above trials; rows with 0 trials contribute nothing.
    name : str
        The outcome, as in the formula.
    names : pair of str
        How successes and failures are called.
    labels : sequence, optional
        Row labels for messages.
    one_value : bool
        Whether there may be successes only, or failures only.

    Raises
    ------
    OutcomeError
        With the first offending row.
    """
    counts = []
    for what, values in ((names[0], successes), ("the number of trials", trials)):
        if not isinstance(values, np.ndarray) or values.dtype.kind not in "biuf":
            raise OutcomeError(
                name, f"{what} is not numeric", "Counts of trials are whole numbers."
            )
        counts.append(values.astype(np.float64))
    y, n = counts

    def first(bad: NDArray[np.bool_]) -> Any:
        row = int(np.flatnonzero(bad)[0])
        return row, row if labels is None else plain(labels[row])

    fractions = y != np.floor(y)
    if fractions.any():
        row, label = first(fractions)
        proportions = bool(np.all((y >= 0) & (y <= 1)))
        raise OutcomeError(
            name,
            f"{y[row]:g} successes at row {label!r} is no whole number",
            "With trials the left side is the count of successes: multiply the proportions by the "
            "trials and round them."
            if proportions
            else "Counts of successes are whole numbers.",
        )
    for bad, complaint in (
        (n != np.floor(n), "{n:g} trials at row {label!r} is no whole number"),
        (y < 0, "{y:g} successes at row {label!r} is negative"),
        (n < 0, "{n:g} trials at row {label!r} is negative"),
        (y > n, "{y:g} successes in {n:g} trials at row {label!r}"),
    ):
        if bad.any():
            row, label = first(bad)
            found = complaint.format(y=y[row], n=n[row], label=label)
            raise OutcomeError(
                name,
                found,
                "Successes and trials are counts, with successes between 0 and trials.",
            )
    total, all_trials = float(y.sum()), float(n.sum())
    if total in (0.0, all_trials) and not (one_value and all_trials):
        what = "no success" if total == 0 else "no failure"
        found = f"{what} in {all_trials:g} trials"
        raise OutcomeError(name, found, OutcomeError.BOTH_MUST_OCCUR)
    return y, n, Event(name, names[0], names[1], "grouped")


def outcome_arrays(
    y: Any,
    *,
    event: Level | None = None,
    trials: Any = None,
    name: str = "y",
    one_value: bool = False,
) -> tuple[Floats, Floats | None, Event]:
    """Return successes, trials (None for one each) and the event of plain arrays.

    Parameters
    ----------
    y : (n,) array-like
        Outcomes, or numbers of successes where ``trials`` is given.
    event : level, optional
        The value whose probability is modelled.
    trials : (n,) array-like, optional
        Numbers of trials.
    name : str
        Name of the outcome.
    one_value : bool
        As in `binary_outcome`.

    Raises
    ------
    OutcomeError
        As for a formula; also for missing values, since arrays are not dropped from.

    Examples
    --------
    >>> y, trials, event = outcome_arrays(["no", "yes", "yes"])
    >>> y.tolist(), trials, str(event)
    ([0.0, 1.0, 1.0], None, 'y = yes')
    """
    if trials is None and event is None and type(y) is np.ndarray and _is_zero_one(y):
        return y.astype(np.float64, copy=False), None, Event(name, 1, 0, "binary")
    columns = [read_column(name, y)] + ([] if trials is None else [read_column("trials", trials)])
    for column in columns:
        if column.missing is not None:
            row = int(np.flatnonzero(column.missing)[0])
            raise OutcomeError(
                name,
                f"{column.name} has {column.n_missing} missing values, the first at row {row}",
                "Leave these rows out of every array first.",
            )
    if trials is not None:
        if event is not None:
            raise event_of_counts(name, event)
        if len(columns[0]) != len(columns[1]):
            raise OutcomeError(
                name,
                f"{len(columns[0])} successes and {len(columns[1])} trials",
                "Both need one value for each row.",
            )
        return grouped_outcome(
            columns[0].values,
            columns[1].values,
            name,
            (name, f"trials - {name}"),
            one_value=one_value,
        )
    column = columns[0]
    if column.kind == "numeric":
        successes, found = binary_outcome(column.values, name, event, one_value=one_value)
    else:
        codes = Categories(column.values, column.levels, name)
        successes, found = binary_outcome(codes, name, event, one_value=one_value)
    return successes, None, found


def event_of_counts(name: str, event: Level) -> OutcomeError:
    """Return the error for ``event=`` beside counts."""
    return OutcomeError(
        name,
        f"event={event!r} was given for counts of successes",
        "The event is what the left side counts: leave event= out, or count the other outcome.",
    )
