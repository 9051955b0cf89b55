"""What rows carry besides predictors: outcome, trials, weights, offset and clusters.

Each comes from the formula, or beside it as text or as an array.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from logit_inference.design.categories import Categories, categories_of
from logit_inference.design.classes import class_outcome
from logit_inference.design.column import Column, Level
from logit_inference.design.columns import State
from logit_inference.design.formula import Factor, Formula, read_variable
from logit_inference.design.frame import Frame, read_argument
from logit_inference.design.outcome import (
    Event,
    binary_outcome,
    event_of_counts,
    grouped_outcome,
)
from logit_inference.design.sample import Sample, level_value, numeric_value
from logit_inference.errors import (
    ArgumentError,
    ClusterError,
    FormulaError,
    SchemaError,
    WeightsError,
    plain,
)
from logit_inference.rows.block import Floats, check_weights

Role = Factor | Column


@dataclass(frozen=True, slots=True)
class Roles:
    """What was given beside the formula: an expression of the table's columns, or an array.

    Parameters
    ----------
    trials, weights, offset : Factor, Column or None
        None where the argument was left out.
    clusters : dict of str to Factor or Column
        Cluster variables by name.
    """

    trials: Role | None
    weights: Role | None
    offset: Role | None
    clusters: Mapping[str, Role]

    @property
    def given(self) -> tuple[tuple[str, Role], ...]:
        """The roles that were given, with the name of the argument or of the cluster variable."""
        named = (("trials", self.trials), ("weights", self.weights), ("offset", self.offset))
        return (
            *((name, role) for name, role in named if role is not None),
            *self.clusters.items(),
        )

    @property
    def variables(self) -> tuple[str, ...]:
        """Columns of the table that they use."""
        factors = [role for _, role in self.given if isinstance(role, Factor)]
        return tuple(dict.fromkeys(name for factor in factors for name in factor.variables))

    def labels(self, others: Collection[str]) -> tuple[str, ...]:
        """Return the columns of the table that name clusters, and are used for nothing else.

        ``others`` are columns that the formula uses.
        """
        known = {name for role in (self.trials, self.weights, self.offset) for name in _used(role)}
        named = [role for role in self.clusters.values() if isinstance(role, Factor)]
        known.update(name for role in named if role.kind != "lookup" for name in role.variables)
        alone = [role.expr for role in named if role.kind == "lookup"]
        return tuple(name for name in alone if name not in known and name not in others)

    def arrays(self, columns: Mapping[str, Column]) -> dict[str, Column]:
        """Return those that are arrays, by a name that no column and no other array has."""
        found: dict[str, Column] = {}
        for name, role in self.given:
            if isinstance(role, Column):
                while name in columns or name in found:
                    name += " (array)"
                found[name] = role
        return found


def _used(role: Role | None) -> tuple[str, ...]:
    return role.variables if isinstance(role, Factor) else ()


def read_roles(
    frame: Frame,
    context: Mapping[str, Any],
    *,
    trials: Any = None,
    weights: Any = None,
    offset: Any = None,
    groups: Any = (),
) -> Roles:
    """Return what the arguments beside the formula say.

    Raises
    ------
    FormulaError
        If a text names no column.
    SchemaError
        If an array does not have one value per row of the table.
    WeightsError
        If weights given as an array miss a value. A column of the table is a variable like any
        other: rows that miss it are dropped and counted. An array was made for this call, and a
        hole in it is a mistake in the making.
    ArgumentError
        If ``groups`` names nothing.
    """
    found = {
        role: None if value is None else _read_role(role, value, frame, context)
        for role, value in (("trials", trials), ("weights", weights), ("offset", offset))
    }
    prior = found["weights"]
    if isinstance(prior, Column) and prior.missing is not None:
        label = plain(frame.labels[int(np.argmax(prior.missing))])
        raise WeightsError.value("not finite", float("nan"), label, prior.n_missing)
    named = _named_groups(groups, frame)
    clusters = {
        name: _read_role(name, value, frame, context, True) for name, value in named.items()
    }
    return Roles(**found, clusters=clusters)


def _named_groups(groups: Any, frame: Frame) -> Mapping[str, Any]:
    """Return names of cluster variables, and for each the column, the expression or the labels."""
    if isinstance(groups, str):
        return {groups: groups}
    if isinstance(groups, Mapping):
        if all(isinstance(name, str) for name in groups):
            return groups
    elif isinstance(groups, (list, tuple)) and all(isinstance(name, str) for name in groups):
        labels = len(groups) == frame.n_rows and not any(name in frame.names for name in groups)
        if labels or len(set(groups)) < len(groups):
            if len(groups) != frame.n_rows and all(name in frame.names for name in groups):
                raise ClusterError.twice(groups)
            return {"clusters": groups}
        return {name: name for name in groups}
    elif np.ndim(groups) == 1:
        return {str(getattr(groups, "name", None) or "clusters"): groups}
    allowed = "the name of a column, a list of names, one label for each row, or a dict of these"
    raise ArgumentError("cluster", groups, allowed)


def _read_role(
    role: str, value: Any, frame: Frame, context: Mapping[str, Any], labels: bool = False
) -> Role:
    """Return an argument beside the formula: the expression it spells, or the array it is."""
    if not isinstance(value, str):
        return read_argument(role, value, frame, labels=labels)
    try:
        return read_variable(value, frame.names, context)
    except FormulaError as error:
        argument = role if role in ("trials", "weights", "offset") else "cluster"
        if value.isidentifier():  # a name alone, of no column
            raise FormulaError.no_argument(argument, value, frame.names) from None
        raise FormulaError(f"{argument}={value!r}", error.complaint) from None


def role_numbers(name: str, role: Role | None, sample: Sample, state: State) -> Floats | None:
    """Return a numeric role at the rows in use, None where it was not given.

    Raises
    ------
    SchemaError
        If it is not numeric.
    """
    if role is None:
        return None
    if isinstance(role, Factor):
        learns = sample.learn
        memory = state.setdefault(role.expr, {}) if learns else state.get(role.expr, {})
        return numeric_value(name, role, sample, memory)
    if role.kind != "numeric":
        raise SchemaError.numeric_wanted(name, name, role.kind)
    return role.numbers(sample.rows)


def prior_weights(
    role: Role | None, kind: str | None, sample: Sample, state: State
) -> Floats | None:
    """Return the weights of the rows in use, checked to be of their kind.

    Raises
    ------
    WeightsError
        With the first offending row; also for a kind without weights.
    """
    prior = role_numbers("weights", role, sample, state)
    if prior is not None:
        check_weights(prior, kind, sample.labels_used())
    elif kind is not None:
        raise WeightsError.kind_without_weights(kind)
    return prior


def total_offset(roles: Sequence[Role], sample: Sample, state: State) -> Floats | None:
    """Return the sum of all offsets, or None where there is none."""
    total: Floats | None = None
    for role in roles:
        value = role_numbers("offset", role, sample, state)
        total = value if total is None or value is None else total + value
    return total


def group_codes(clusters: Mapping[str, Role], sample: Sample) -> dict[str, NDArray[np.int64]]:
    """Return codes without gaps for each cluster variable."""
    codes = {}
    for name, role in clusters.items():
        _, dense = np.unique(_groups(name, role, sample).codes, return_inverse=True)
        codes[name] = dense.astype(np.int64)
    return codes


def _groups(name: str, role: Role, sample: Sample) -> Categories:
    """Return a cluster variable as codes."""
    if isinstance(role, Factor) and role.kind == "python":
        return categories_of(level_value(role, sample), name)
    column = sample.columns[role.expr] if isinstance(role, Factor) else role
    if column.kind != "numeric":
        return Categories(column.codes(sample.rows), column.levels, name)
    return categories_of(column.codes(sample.rows), name)


def read_outcome(
    formula: Formula,
    n_trials: Floats | None,
    trials: Any,
    event: Level | None,
    sample: Sample,
    one_value: bool = False,
) -> tuple[Floats, Floats | None, Event]:
    """Return successes, trials (None for one each) and the event."""
    left = [level_value(factor, sample) for factor in formula.response]
    name, labels = formula.response_name, sample.labels_used()
    if event is not None and (len(left) == 2 or n_trials is not None):
        raise event_of_counts(name, event)
    names = [factor.expr for factor in formula.response]
    if len(left) == 2:
        if n_trials is not None:
            raise FormulaError(formula.text, "cbind() gives the trials already; leave trials= out.")
        counts = [np.asarray(n, dtype=np.float64) for n in left if not isinstance(n, Categories)]
        total = counts[0] + counts[1] if len(counts) == 2 else None
        return grouped_outcome(
            left[0], total, name, (names[0], names[1]), labels, one_value=one_value
        )
    if n_trials is not None:
        failures = f"{trials} - {name}" if isinstance(trials, str) else "failures"
        return grouped_outcome(
            left[0], n_trials, name, (name, failures), labels, one_value=one_value
        )
    y, happened = binary_outcome(left[0], name, event, one_value=one_value)
    return y, None, happened


def read_classes(formula: Formula, reference: Level | None, sample: Sample) -> tuple[Floats, Event]:
    """Return class numbers, 0 for the reference, of an outcome of several levels, and its event.

    Raises
    ------
    FormulaError
        For counts on the left.
    """
    if len(formula.response) != 1:
        complaint = (
            "counts of several outcomes are not read from cbind(). Write a row for each level, "
            'with its count as weights= and weights_kind="frequency".'
        )
        raise FormulaError(formula.text, complaint)
    values = level_value(formula.response[0], sample)
    return class_outcome(values, formula.response_name, reference)
