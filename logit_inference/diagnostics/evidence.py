"""Simple evidence of separation: single columns and levels that tell of the separated rows.

A column that is other than zero for one outcome only, a number beyond which one outcome never
occurs, a level of which all rows have one outcome. Where none of these tells of all rows that are
separated, there is no simple evidence.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, islice

import numpy as np
from numpy.typing import NDArray

from logit_inference.likelihood.evaluation import Total
from logit_inference.rows.block import Block, Floats
from logit_inference.rows.coded import Coded
from logit_inference.rows.product import dense, nonzero_rows
from logit_inference.rows.source import Source
from logit_inference.solve.margins import outcomes_beside
from logit_inference.solve.recession import Recession

AT_ONCE = 1 << 21  # elements of coded columns that are written out at a time
MOST_SENTENCES = 3
MOST_WHOLE = 1e15  # below it whole numbers are written with all their digits
_LEVEL = re.compile(
    r"^(?:C\()?(?P<factor>[^\[\]:(),]+)(?:,[^\[\]]*)?\)?\[(?:T\.)?(?P<level>[^\[\]:]+)\]$"
)


@dataclass(frozen=True)
class Level:
    """A level of a factor, told by the values of the factor's columns.

    Parameters
    ----------
    text : str
        Such as "g = a".
    columns : slice
        The factor's columns.
    values : (k,) array
        What stands in them.
    """

    text: str
    columns: slice
    values: Floats

    def holds(self, X: Floats) -> NDArray[np.bool_]:
        """Say for which rows of X."""
        found: NDArray[np.bool_] = (X[:, self.columns] == self.values).all(axis=1)
        return found

    @property
    def among(self) -> range:
        """The columns that are looked at."""
        return range(self.columns.start, self.columns.stop)

    def told(self, names: Sequence[str]) -> str:
        """Return the level in words."""
        del names
        return self.text


@dataclass(frozen=True)
class _Ranges:
    """Smallest and largest of each column among events and non-events, shape (5, p).

    The last row is zero where a column holds zeros and ones only.
    """

    values: Floats

    def __add__(self, other: _Ranges) -> _Ranges:
        narrow = (np.minimum, np.maximum, np.minimum, np.maximum, np.maximum)
        pairs = zip(narrow, self.values, other.values, strict=True)
        return _Ranges(np.array([choose(a, b) for choose, a, b in pairs]))


@dataclass(frozen=True)
class _Rule:
    """An outcome that alone occurs where a column is on one side of a value, or is one."""

    column: int
    relation: str
    value: float
    outcome: int
    text: str = ""  # the value in so many digits that the rule is true as it is printed

    def holds(self, X: Floats) -> NDArray[np.bool_]:
        """Say for which rows of X."""
        compare = {"=": np.equal, ">": np.greater, "<": np.less}
        compare |= {">=": np.greater_equal, "<=": np.less_equal}
        found: NDArray[np.bool_] = compare[self.relation](X[:, self.column], self.value)
        return found

    @property
    def among(self) -> range:
        """The columns that are looked at."""
        return range(self.column, self.column + 1)

    def told(self, names: Sequence[str]) -> str:
        """Return the condition in words."""
        name = names[self.column]
        level = _LEVEL.match(name) if self.relation == "=" else None
        if level is not None:
            return f"{level['factor'].strip()} = {level['level']}"
        return f"{name} {self.relation} {self.text or f'{self.value:g}'}"


def evidence_of(
    source: Source,
    recession: Recession,
    names: Sequence[str],
    constant: int | None,
    outcomes: tuple[str, str],
    levels: Sequence[Level],
) -> tuple[str, ...]:
    """Return clauses about single columns or levels that tell of all separated rows, if any do."""
    moved = np.flatnonzero(recession.ends != 0)
    ranges = source.fold(_ranges, moved).values
    for outcome, lowest in ((1, ranges[0]), (0, ranges[2])):
        if recession.complete and np.isinf(lowest).all():
            return (f"{_rows(recession.n_separated)}, {outcomes[outcome]}",)
    own = [
        rule
        for j in moved.tolist()
        if j != constant
        for rule in _rules(j, ranges[:, j], constant is not None)
    ]
    pure = _pure(source, levels)
    rules: list[tuple[_Rule | Level, int]] = [(rule, rule.outcome) for rule in own]
    # "g = a" reads better than "g[T.b] < 1".
    plain: list[tuple[_Rule | Level, int]] = [
        (rule, rule.outcome) for rule in own if rule.relation == "=" or ranges[4, rule.column]
    ]
    for tried in (plain, pure, [*plain, *pure], rules):
        counts = source.fold(_matches, tuple(rule for rule, _ in tried)).values
        if tried and int(counts[-1]) == recession.n_separated:
            break
    else:
        return ()
    told = [(*rule, int(n)) for rule, n in zip(tried, counts[:-1], strict=True) if n]
    shown = told[:MOST_SENTENCES]
    clauses = [
        f"{_rows(count)} with {rule.told(names)}, {outcomes[outcome]}"
        for rule, (_, outcome, count) in zip(
            _written(source, [rule for rule, _, _ in shown]), shown, strict=True
        )
    ]
    more = len(told) - len(shown)
    return (*clauses, *([f"and {more} more of this kind"] if more > 0 else []))


def _written(source: Source, rules: Sequence[_Rule | Level]) -> list[_Rule | Level]:
    """Return the rules with their values in as few digits as tell the same rows.

    Rules that differ in their value only hold for nested rows, so that those with equal counts
    hold for the same rows.
    """
    ways: list[list[_Rule | Level]] = [
        [rule, *(replace(rule, value=float(text), text=text) for text in _texts(rule.value))]
        if isinstance(rule, _Rule)
        else [rule]
        for rule in rules
    ]
    counts = iter(source.fold(_matches, tuple(way for each in ways for way in each)).values)
    written: list[_Rule | Level] = []
    for exact, *shorter in ways:
        count, *others = islice(counts, 1 + len(shorter))
        same = (way for way, found in zip(shorter, others, strict=True) if found == count)
        written.append(next(same, exact))
    return written


def _texts(value: float) -> tuple[str, ...]:
    """Return a number in six digits, in seven, and so on to as many as a double can have.

    Whole numbers, such as years or dates, are written whole.
    """
    if value.is_integer() and abs(value) < MOST_WHOLE:
        return (str(int(value)),)
    return tuple(f"{value:.{digits}g}" for digits in range(6, 18))


def _pure(source: Source, levels: Sequence[Level]) -> list[tuple[_Rule | Level, int]]:
    """Return the levels of which all rows have one outcome, and which one it is."""
    if not levels:
        return []
    events, others = source.fold(_outcomes, tuple(levels)).values.tolist()
    return [
        (level, int(others_of > 0))
        for level, events_of, others_of in zip(levels, events, others, strict=True)
        if (events_of == 0) != (others_of == 0)
    ]


def _rules(j: int, ranges: Floats, has_constant: bool) -> list[_Rule]:
    """Return what one column says by itself."""
    event_low, event_high, other_low, other_high, numbers = ranges.tolist()
    lowest, highest = min(event_low, other_low), max(event_high, other_high)
    if lowest >= 0.0 or highest <= 0.0:
        relation = "=" if not numbers else ">" if lowest >= 0.0 else "<"
        value = 0.0 if numbers else 1.0
        if other_low == other_high == 0.0:
            return [_Rule(j, relation, value, 0)]
        if event_low == event_high == 0.0:
            return [_Rule(j, relation, value, 1)]
    if not has_constant:
        return []
    tie = event_low == other_high or event_high == other_low
    above, below = (">", "<") if tie else (">=", "<=")
    if event_low >= other_high:
        return [
            _Rule(j, above, other_high if tie else event_low, 0),
            _Rule(j, below, event_low if tie else other_high, 1),
        ]
    if event_high <= other_low:
        return [
            _Rule(j, below, other_low if tie else event_high, 0),
            _Rule(j, above, event_high if tie else other_low, 1),
        ]
    return []


def _rows(count: int) -> str:
    return {1: "in the one row", 2: "in both rows"}.get(count, f"in all {count:,} rows")


@dataclass(frozen=True)
class _Part:
    """Rows that count, and for each how many it stands for, and whether it has an (other) event."""

    X: Floats
    events: NDArray[np.bool_]
    others: NDArray[np.bool_]
    n: NDArray[np.int64]


def _parts(block: Block, among: Iterable[int]) -> Iterator[_Part]:
    """Yield rows that count, some at a time, of which some columns will be looked at.

    Of coded columns one row stands for those that are the same in all of these.
    """
    X, y, counts = block.X, block.y, block.counts
    events, others = y > 0, y < (1.0 if block.trials is None else block.trials)
    rows = np.arange(len(y)) if counts is None else np.flatnonzero(counts)
    n = np.ones(len(rows), dtype=np.int64)
    if isinstance(X, Coded):
        kinds = _kinds(X, np.unique(np.fromiter(among, dtype=np.intp)))
        kinds = 4 * kinds[rows] + 2 * events[rows] + others[rows]
        _, first, n = np.unique(kinds, return_index=True, return_counts=True)
        rows = rows[first]
    size = max(AT_ONCE // max(block.n_columns, 1), 1)
    for start in range(0, len(rows), size):
        part = rows[start : start + size]
        yield _Part(dense(X[part]), events[part], others[part], n[start : start + size])


def _kinds(X: Coded, columns: NDArray[np.intp]) -> NDArray[np.int64]:
    """Return a number for each row, the same only for rows that are equal in some columns."""
    chosen = X[:, columns]
    layout = chosen.layout
    if (layout.places >= 0).any() or any(part.multiplier for part in layout.parts):
        own = np.arange(1, len(X) + 1)
        return np.where(nonzero_rows(X, columns), own, 0)
    kinds = np.zeros(len(X), dtype=np.int64)
    for factor in {part.factor for part in layout.parts}:
        kinds = kinds * layout.n_levels[factor] + X.codes[factor]
        kinds = np.unique(kinds, return_inverse=True)[1]
    return kinds


def _ranges(block: Block, among: NDArray[np.intp]) -> _Ranges:
    """Return the ranges of some columns; those of others are not to be read."""
    start = [[math.inf], [-math.inf], [math.inf], [-math.inf], [0.0]]
    total = _Ranges(np.tile(start, block.n_columns))
    for part in _parts(block, among.tolist()):
        X = part.X
        ends = [
            end
            for rows in (X[part.events], X[part.others])
            for end in (rows.min(axis=0, initial=np.inf), rows.max(axis=0, initial=-np.inf))
        ]
        neither = ((X != 0.0) & (X != 1.0)).any(axis=0)
        total = total + _Ranges(np.array([*ends, neither.astype(np.float64)]))
    return total


def _outcomes(block: Block, levels: tuple[Level, ...]) -> Total:
    """Count the rows of each level with events, and with non-events, shape (2, k)."""
    counts = np.zeros((2, len(levels)))
    told = [k for k, level in enumerate(levels) if level.values.any()]
    for part in _parts(block, _looked_at(levels[k] for k in told)) if told else ():
        holds = np.array([levels[k].holds(part.X) for k in told]) * part.n
        counts[:, told] += [holds[:, part.events].sum(axis=1), holds[:, part.others].sum(axis=1)]
    for k in set(range(len(levels))) - set(told):  # as zeros: a glance at the codes tells
        counts[:, k] = outcomes_beside(block, np.array(levels[k].among)).values
    return Total(counts)


def _matches(block: Block, rules: tuple[_Rule | Level, ...]) -> Total:
    """Count the rows of each rule, and those of any."""
    counts = np.zeros(len(rules) + 1)
    for part in _parts(block, _looked_at(rules)):
        matches = np.array([rule.holds(part.X) for rule in rules]).reshape(len(rules), len(part.X))
        counts += np.append(matches @ part.n, matches.any(axis=0) @ part.n)
    return Total(counts)


def _looked_at(rules: Iterable[_Rule | Level]) -> Iterator[int]:
    """Yield the columns that rules look at."""
    return chain.from_iterable(rule.among for rule in rules)
