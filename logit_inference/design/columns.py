"""Factors to columns: what the rows of the fit teach about each factor, and where it stands.

Learning and writing are separate (`design.matrix`), so that the rows of the fit and new rows are
written by the same lines.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from logit_inference.design.categories import Coded
from logit_inference.design.coding import (
    Coding,
    Part,
    code_terms,
    find_indicators,
    part_names,
)
from logit_inference.design.formula import Factor, Formula, Term, coding_matrix
from logit_inference.design.sample import Sample, factor_value
from logit_inference.errors import SchemaError
from logit_inference.rows.block import Floats
from logit_inference.rows.coded import Integers

State = dict[str, dict[str, dict[str, Any]]]


@dataclass(frozen=True, slots=True)
class TermColumns:
    """A term of the formula and the columns that belong to it.

    Parameters
    ----------
    name : str
        The term, as in the formula; "Intercept" for the constant.
    start, stop : int
        Its columns.
    variables : tuple of str
        Columns of the table that it uses.
    factors : tuple of Factor
        Its factors.
    parts : tuple of Part
        How the factors are coded, block by block.
    """

    name: str
    start: int
    stop: int
    variables: tuple[str, ...]
    factors: tuple[Factor, ...]
    parts: tuple[Part, ...]


def learn_columns(
    formula: Formula, sample: Sample, state: State
) -> tuple[dict[str, Coding], tuple[str, ...], tuple[TermColumns, ...]]:
    """Return the coding of each factor, the names of all columns, and the place of each term.

    Raises
    ------
    SchemaError
        If a factor does not vary, or two columns would have the same name.
    """
    factors = dict.fromkeys(factor for term in formula.terms for factor in term.factors)
    codings = {factor.expr: learn_coding(factor, sample, state) for factor in factors}
    parts = code_terms(formula.terms, formula.intercept, codings)
    names, terms = lay_out(formula.terms, parts, formula.intercept, codings)
    return codings, names, terms


def learn_coding(factor: Factor, sample: Sample, state: State) -> Coding:
    """Return what the rows in use say about a factor; fills its state.

    Raises
    ------
    SchemaError
        If a categorical factor has one level only.
    """
    if factor.kind == "lookup" and sample.columns[factor.expr].kind == "numeric":
        return Coding(factor.expr, "numeric", ("",))
    value = factor_value(factor, sample, state.setdefault(factor.expr, {}))
    if not isinstance(value, Coded):
        width = 1 if value.ndim == 1 else value.shape[1]
        labels = ("",) if value.ndim == 1 else tuple(f"[{k}]" for k in range(1, width + 1))
        return Coding(factor.expr, "numeric", labels)
    categories = value.values
    counts = np.bincount(categories.codes, minlength=len(categories.levels))
    observed = {level for level, count in zip(categories.levels, counts, strict=True) if count}
    declared = categories.levels if value.levels is None else value.levels
    extra = [level for level in categories.levels if level in observed and level not in declared]
    if extra:
        row = int(np.argmax(categories.codes == categories.levels.index(extra[0])))
        raise SchemaError.levels_given(factor.expr, extra, sample.label(row))
    levels = tuple(level for level in declared if level in observed)
    if len(levels) < 2:
        raise SchemaError.one_level(factor.expr, levels[0], sample.n_rows)
    unused = tuple(level for level in declared if level not in observed)
    matrix: Floats | None = None
    if value.contrasts is None:  # known without a matrix of all levels by all columns
        indicators: Integers | None = np.arange(1, len(levels))
        names = tuple(f"T.{level}" for level in levels[1:])
    else:
        matrix, names = coding_matrix(value.contrasts, levels, factor.expr)
        indicators = find_indicators(matrix)
        matrix = matrix if indicators is None else None
    labels = tuple(f"[{name}]" for name in names)
    return Coding(factor.expr, "categorical", labels, levels, unused, indicators, matrix)


def lay_out(
    terms: Sequence[Term],
    parts: Sequence[tuple[Part, ...]],
    intercept: bool,
    codings: Mapping[str, Coding],
) -> tuple[tuple[str, ...], tuple[TermColumns, ...]]:
    """Return the names of all columns, and the place of each term among them.

    Raises
    ------
    SchemaError
        If two columns, or two terms, would have the same name.
    """
    names = ["Intercept"] if intercept else []
    placed = [TermColumns("Intercept", 0, 1, (), (), ((),))] if intercept else []
    for term, blocks in zip(terms, parts, strict=True):
        start = len(names)
        for part in blocks:
            names += part_names(part, codings)
        placed.append(
            TermColumns(term.name, start, len(names), term.variables, term.factors, blocks)
        )
    for what, given in (("columns", names), ("terms", [term.name for term in placed])):
        repeated = [name for name, count in Counter(given).items() if count > 1]
        if repeated:
            raise SchemaError.name_taken(repeated[0], what)
    return tuple(names), tuple(placed)
