"""The stages of a survey design, read from the columns of a table and counted.

Units are numbered through all strata, strata of later stages lie inside the units of the stage
before, and what a stratum or a unit is called is kept for messages. Which variance is made of the
stages, this file does not know.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from logit_inference.covariance.survey import Codes, Stage
from logit_inference.errors import SchemaError, SurveyError, plain
from logit_inference.rows.block import Floats, check_weights

if TYPE_CHECKING:
    from logit_inference.design.frame import Frame


@dataclass(frozen=True, eq=False)
class Labels:
    """Codes (n,) without gaps and what each stands for."""

    codes: Codes
    levels: tuple[Any, ...]


def read_codes(role: str, value: Any, frame: Frame) -> Labels:
    """Return a column, of the table or given beside it, as codes.

    Raises
    ------
    SurveyError
        Where a row has none.
    """
    column = _column(role, value, frame, labels=True)
    found, codes = np.unique(column.codes(), return_inverse=True)
    levels = found.tolist()
    if column.kind != "numeric":
        levels = [column.levels[code] for code in levels]
    return Labels(codes.astype(np.int64), tuple(levels))


def read_numbers(role: str, value: Any, frame: Frame) -> Floats:
    """Return a column of numbers, of the table or given beside it.

    Raises
    ------
    SurveyError
        Where a row has none.
    SchemaError
        Where it is no number.
    """
    column = _column(role, value, frame)
    if column.kind != "numeric":
        raise SchemaError.numeric_wanted(role, str(column.name), column.kind)
    numbers: Floats = column.numbers()
    return numbers


def read_weights(value: Any, stages: Sequence[Stage], frame: Frame) -> Floats:
    """Return sampling weights: those given, what the stages imply, or ones.

    Raises
    ------
    SurveyError, WeightsError
        For weights that are missing or negative.
    """
    if value is not None:
        given = read_numbers("weights", value, frame)
        check_weights(given, "sampling", frame.labels)
        return given
    known = np.ones(frame.n_rows)
    for stage in stages:
        if stage.population is not None:
            ratio = stage.population / stage.sampled
            known *= ratio[0] if stage.strata is None else ratio[stage.strata]
    if not np.isfinite(known).all():
        raise SurveyError.no_chance()
    return known


def _column(role: str, value: Any, frame: Frame, *, labels: bool = False) -> Any:
    """Return a column without missing values; ``labels`` only tell rows apart."""
    from logit_inference.design.frame import read_argument

    if not isinstance(value, str):
        column = read_argument(role, value, frame, labels=labels)
    else:
        column = frame.label_column(value) if labels else frame.column(value)
    if column.missing is not None:
        first = plain(frame.labels[int(np.argmax(column.missing))])
        shown = f"{role}={value!r}" if isinstance(value, str) else f"{role}="
        raise SurveyError.missing(shown, column.n_missing, first)
    return column


# --- stages ---------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class _Drawn:
    """What was drawn at one stage.

    ``units`` is None where each row is one, ``strata`` where there is one; ``parents`` (H,) are the
    units of the stage before that the strata lie in, ``names`` (H,) what strata are called.
    """

    units: Codes | None
    strata: Codes | None
    parents: Codes
    names: tuple[Any, ...]


def read_stages(
    units: Sequence[Labels],
    strata: Sequence[Labels],
    sizes: Sequence[Floats],
    nest: bool,
    n_rows: int,
) -> tuple[list[Stage], tuple[tuple[Any, ...], ...]]:
    """Return the stages of a design, and the names of the strata of each.

    Parameters
    ----------
    units : sequence of Labels
        Of each stage; none where each row is a unit.
    strata : sequence of Labels
        Of the first stages.
    sizes : sequence of (n,) arrays
        Of each stage the units in the population of the stratum, or the fraction sampled; none
        where they are drawn with replacement.
    nest : bool
        Whether units are numbered anew in each stratum of the first stage.
    n_rows : int

    Raises
    ------
    SurveyError
    """
    populations = _populations(sizes)
    drawn, share = _first(units, strata, nest), np.ones(n_rows)
    stages, levels = [], []
    for number in range(max(len(units), 1)):
        if number:
            layer = strata[number] if number < len(strata) else None
            drawn = _inside(units[number], layer, drawn, units[number - 1])
        home = np.zeros(n_rows, dtype=np.int64) if drawn.strata is None else drawn.strata
        sampled = _sampled(drawn, home)
        population = None
        if populations:
            size = populations[number]
            population = _population(size, home, sampled, number + 1, drawn.names)
        shares = np.ones(len(sampled))
        shares[home] = share
        rows_are_units = drawn.units is None or int(drawn.units.max()) + 1 == n_rows
        mine = None if rows_are_units else drawn.units
        stages.append(Stage(mine, drawn.strata, sampled, population, shares, drawn.parents))
        levels.append(drawn.names)
        if population is not None:
            share = share * (sampled / population)[home]
    return stages, tuple(levels)


def _first(units: Sequence[Labels], strata: Sequence[Labels], nest: bool) -> _Drawn:
    """Return the first stage, or raise where a unit is in several strata."""
    layer = strata[0] if strata else None
    names = ("all",) if layer is None else layer.levels
    parents = np.zeros(len(names), dtype=np.int64)
    codes = None if layer is None else layer.codes
    if not units:
        return _Drawn(None, codes, parents, names)
    own = units[0]
    if codes is None:
        return _Drawn(own.codes, None, parents, names)
    inside = _together(codes, own.codes)
    count, whole = len(own.levels), int(inside.max()) + 1
    if whole > count and not nest:
        owner = np.zeros(whole, dtype=np.int64)
        owner[inside] = own.codes
        several = np.flatnonzero(np.bincount(owner, minlength=count) > 1)
        raise SurveyError.not_nested(own.levels[int(several[0])], len(several))
    return _Drawn(inside, codes, parents, names)


def _inside(own: Labels, layer: Labels | None, above: _Drawn, over: Labels) -> _Drawn:
    """Return a later stage, whose strata lie inside the units of the stage before."""
    assert above.units is not None, "a stage with stages under it has units"
    strata = above.units if layer is None else _together(above.units, layer.codes)
    parents, called = np.zeros((2, int(strata.max()) + 1), dtype=np.int64)
    parents[strata], called[strata] = above.units, over.codes
    names = tuple(over.levels[code] for code in called.tolist())
    return _Drawn(_together(strata, own.codes), strata, parents, names)


def _sampled(drawn: _Drawn, home: Codes) -> Floats:
    """Return the number of units of each stratum."""
    H = len(drawn.parents)
    if drawn.units is None:
        return np.bincount(home, minlength=H).astype(np.float64)
    homes = np.zeros(int(drawn.units.max()) + 1, dtype=np.int64)
    homes[drawn.units] = home
    return np.bincount(homes, minlength=H).astype(np.float64)


def _together(one: Codes, other: Codes) -> Codes:
    """Return codes without gaps of the pairs that occur."""
    _, codes = np.unique(one * (int(other.max(initial=0)) + 1) + other, return_inverse=True)
    dense: Codes = codes.astype(np.int64)
    return dense


def _populations(sizes: Sequence[Floats]) -> list[Floats]:
    """Return population sizes, negative where they are sampling fractions; all are of one kind."""
    if not sizes:
        return []
    low, high = min(float(s.min()) for s in sizes), max(float(s.max()) for s in sizes)
    if not low > 0 or (low < 1 < high):
        raise SurveyError.fpc_mixed(low, high)
    return list(sizes) if high > 1 else [-values for values in sizes]


def _population(
    values: Floats, home: Codes, sampled: Floats, stage: int, names: Sequence[Any]
) -> Floats:
    """Return the population size of each stratum, checked."""
    size = np.zeros(len(sampled))
    size[home] = values
    differs = size[home] != values
    if differs.any():
        raise SurveyError.fpc_varies(stage, names[int(home[np.argmax(differs)])])
    if values[0] < 0:
        size = sampled / -size
    small = size < sampled * (1.0 - 1e-12)
    if small.any():
        h = int(np.argmax(small))
        raise SurveyError.fpc_too_small(stage, names[h], float(size[h]), int(sampled[h]))
    return size
