"""What rows carry besides predictors: outcome, trials, weights, offset and clusters.

Each comes from the formula, or beside it as text or as an array.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from logit_inference.design.categories import Categories, categories_of
from logit_inference.design.column import Column, Level
from logit_inference.design.columns import State
from logit_inference.design.formula import Factor, Formula, read_variable
from logit_inference.design.frame import Frame, label_at, read_argument
from logit_inference.design.outcome import (
    Event,
    binary_outcome,
    coded_outcome,
    event_of_counts,
    grouped_outcome,
)
from logit_inference.design.sample import Sample, factor_value, numeric_value
from logit_inference.errors import FormulaError, SchemaError, WeightsError

Floats = NDArray[np.float64]
Role = Factor | Column


def read_role(role: str, value: Any, frame: Frame, context: Mapping[str, Any]) -> Role:
    """Return an argument beside the formula: the expression it spells, or the array it is.

    Raises
    ------
    FormulaError
        If the text names no column.
    SchemaError
        If the array does not have one value per row of the table.
    """
    if not isinstance(value, str):
        return read_argument(role, value, frame)
    try:
        return read_variable(value, frame.names, context)
    except FormulaError as error:
        raise FormulaError(f"{role}={value!r}", error.complaint) from None


def check_weights_given(weights: Role | None, frame: Frame) -> None:
    """Raise where weights given as an array miss a value.

    A column of the table is a variable like any other: rows that miss it are dropped and counted.
    An array was made for this call, and a hole in it is a mistake in the making.

    Raises
    ------
    WeightsError
        With the first row.
    """
    if isinstance(weights, Column) and weights.missing is not None:
        row = int(np.argmax(weights.missing))
        label = label_at(frame.labels, row)
        raise WeightsError.value("not finite", float("nan"), label, weights.n_missing)


def read_groups(groups: Any, frame: Frame, context: Mapping[str, Any]) -> dict[str, Role]:
    """Return the cluster variables by name: one name, several, or arrays by name."""
    if isinstance(groups, str):
        groups = (groups,)
    named = groups if isinstance(groups, Mapping) else {name: name for name in groups}
    return {name: read_role(name, value, frame, context) for name, value in named.items()}


def group_codes(
    clusters: Mapping[str, Role], sample: Sample
) -> tuple[dict[str, NDArray[np.int64]], dict[str, tuple[Level, ...]]]:
    """Return codes without gaps for each cluster variable, and the names of its groups."""
    codes, levels = {}, {}
    for name, role in clusters.items():
        found = _groups(name, role, sample)
        present, dense = np.unique(found.codes, return_inverse=True)
        codes[name] = dense.astype(np.int64)
        levels[name] = tuple(found.levels[int(code)] for code in present)
    return codes, levels


def _groups(name: str, role: Role, sample: Sample) -> Categories:
    """Return a cluster variable as codes."""
    if isinstance(role, Factor) and role.kind == "python":
        return categories_of(coded_outcome(factor_value(role, sample, {})), name)
    column = sample.columns[role.expr] if isinstance(role, Factor) else role
    if column.kind != "numeric":
        return Categories(column.codes(sample.rows), column.levels, name)
    # Identifiers keep their own type: as floats, integers beyond 2**53 would run together.
    return categories_of(column.codes(sample.rows), name)


def read_outcome(
    formula: Formula, n_trials: Floats | None, trials: Any, event: Level | None, sample: Sample
) -> tuple[Floats, Floats | None, Event]:
    """Return successes, trials (None for one each) and the event."""
    left = [coded_outcome(factor_value(factor, sample, {})) for factor in formula.response]
    name, labels = formula.response_name, sample.labels_used()
    if event is not None and (len(left) == 2 or n_trials is not None):
        raise event_of_counts(name, event)
    names = [factor.expr for factor in formula.response]
    if len(left) == 2:
        if n_trials is not None:
            raise FormulaError(formula.text, "cbind() gives the trials already; leave trials= out.")
        both = all(isinstance(value, np.ndarray) for value in left)
        total = left[0] + left[1] if both else None
        return grouped_outcome(left[0], total, name, (names[0], names[1]), labels)
    if n_trials is not None:
        failures = f"{trials} - {name}" if isinstance(trials, str) else "failures"
        return grouped_outcome(left[0], n_trials, name, (name, failures), labels)
    y, happened = binary_outcome(left[0], name, event)
    return y, None, happened


def total_offset(
    factors: Sequence[Factor], array: Column | None, sample: Sample, state: State
) -> Floats | None:
    """Return the sum of all offsets, or None where there is none."""
    total: Floats | None = None
    if array is not None:
        if array.kind != "numeric":
            raise SchemaError.numeric_wanted("offset", "offset", array.kind)
        total = array.numbers(sample.rows)
    for factor in factors:
        memory = state.setdefault(factor.expr, {}) if sample.learn else state.get(factor.expr, {})
        value = numeric_value("offset", factor, sample, memory)
        total = value if total is None else total + value
    return total
