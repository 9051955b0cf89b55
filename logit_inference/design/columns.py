"""Factors to columns: what is learned about each factor, and the writing of X.

Learning and writing are separate, so that the rows of the fit and new rows are written by the
same lines, straight into one array.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import compress
from typing import Any

import numpy as np
from numpy.typing import NDArray

from logit_inference.design.categories import Coded
from logit_inference.design.coding import Coding, Part, code_terms, part_names
from logit_inference.design.column import Level
from logit_inference.design.formula import Factor, Formula, Term, coding_matrix
from logit_inference.design.sample import Sample, factor_value
from logit_inference.errors import SchemaError
from logit_inference.rows.block import Floats

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
    matrix, names = coding_matrix(value.contrasts, levels, factor.expr)
    return Coding(
        factor.expr,
        "categorical",
        tuple(f"[{name}]" for name in names),
        levels,
        tuple(level for level in declared if level not in observed),
        matrix,
    )


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


def write_columns(
    X: Floats,
    terms: Sequence[TermColumns],
    codings: Mapping[str, Coding],
    sample: Sample,
    state: State,
) -> None:
    """Write all columns of the rows in use into ``X`` (n, p).

    Besides X this holds the values of the factors of one term, and of those factors that stand
    in several blocks.

    Raises
    ------
    SchemaError
        If a factor has a level that the fit has not seen.
    """
    plain = [_is_plain_column(term, codings, sample) for term in terms]
    _write_plain_columns(X, list(compress(terms, plain)), sample)
    terms = [term for term, done in zip(terms, plain, strict=True) if not done]
    uses = Counter(expr for term in terms for part in term.parts for expr, _ in part)
    values: dict[str, NDArray[Any]] = {}
    for term in terms:
        by_name = {factor.expr: factor for factor in term.factors}
        place = term.start
        for part in term.parts:
            for expr, _ in part:
                if expr not in values:
                    values[expr] = _coded_value(by_name[expr], codings[expr], sample, state)
            place = _write_part(X, place, part, codings, values)
            for expr, _ in part:
                uses[expr] -= 1
                if not uses[expr]:
                    values.pop(expr, None)


def _is_plain_column(term: TermColumns, codings: Mapping[str, Coding], sample: Sample) -> bool:
    """Say whether a term is a numeric column of the table and nothing else."""
    if len(term.factors) != 1 or term.factors[0].kind != "lookup":
        return False
    name = term.factors[0].expr
    return codings[name].kind == "numeric" and sample.columns[name].kind == "numeric"


def _write_plain_columns(X: Floats, terms: Sequence[TermColumns], sample: Sample) -> None:
    """Copy numeric columns, some rows at a time: rows of X then stay in cache for all of them."""
    columns = [(term.start, sample.columns[term.name].values) for term in terms]
    for start in range(0, sample.n_rows, 4096):
        stop = start + 4096
        rows: Any = slice(start, stop) if sample.rows is None else sample.rows[start:stop]
        for place, values in columns:
            X[start:stop, place] = values[rows]


def _coded_value(factor: Factor, coding: Coding, sample: Sample, state: State) -> NDArray[Any]:
    """Return the numbers of a factor, or its codes into the levels of the fit."""
    value = factor_value(factor, sample, state.get(factor.expr, {}))
    if not isinstance(value, Coded):
        if coding.kind == "categorical":
            raise SchemaError.kind_changed(factor.expr, "categorical", "numeric")
        return value
    if coding.kind != "categorical":
        raise SchemaError.kind_changed(factor.expr, "numeric", "categorical")
    categories = value.values
    if categories.levels == coding.levels:
        own: NDArray[Any] = categories.codes
        return own
    place = {level: code for code, level in enumerate(coding.levels)}
    table = np.array([place.get(level, -1) for level in categories.levels], dtype=np.intp)
    codes: NDArray[Any] = table[categories.codes]
    if len(codes) and codes.min() < 0:
        unseen = categories.codes[codes < 0]
        row = int(np.argmax(codes < 0))
        level: Level = categories.levels[int(categories.codes[row])]
        name = factor.variables[0] if len(factor.variables) == 1 else factor.expr
        raise SchemaError.unseen_level(
            name,
            level,
            sample.label(row),
            int(np.count_nonzero(unseen == categories.codes[row])),
            coding.levels,
            level in coding.unused,
        )
    return codes


def _write_part(
    X: Floats,
    place: int,
    part: Part,
    codings: Mapping[str, Coding],
    values: Mapping[str, NDArray[Any]],
) -> int:
    """Write one block of columns from ``place`` on, and return the place after it."""
    factors = [(codings[expr], full, values[expr]) for expr, full in part]
    if not factors:
        X[:, place] = 1.0
        return place + 1
    if len(factors) == 1 and factors[0][0].kind == "categorical":
        coding, full, codes = factors[0]
        weights = coding.weights(full)
        width = weights.shape[1]
        if np.count_nonzero(weights) == width and np.all(weights.sum(axis=0) == 1):
            _write_indicators(X, place, weights, codes)
            return place + int(width)
    stop = place
    for place_in_part in np.ndindex(*[coding.width(full) for coding, full, _ in factors][::-1]):
        # The first factor varies fastest, so the index runs over the factors backwards.
        column = X[:, stop]
        for number, ((coding, full, value), j) in enumerate(
            zip(factors, place_in_part[::-1], strict=True)
        ):
            single = _single_column(coding, full, value, j)
            if number == 0:
                column[:] = single
            else:
                column *= single
        stop += 1
    return stop


def _single_column(coding: Coding, full: bool, value: NDArray[Any], j: int) -> NDArray[Any]:
    """Return column j of a factor."""
    if coding.kind == "categorical":
        column: NDArray[Any] = coding.weights(full)[:, j][value]
        return column
    return value if value.ndim == 1 else value[:, j]


def _write_indicators(X: Floats, place: int, weights: Floats, codes: NDArray[Any]) -> None:
    """Write columns that are 1 for one level each: zeros, and then the ones by row."""
    width = weights.shape[1]
    X[:, place : place + width] = 0.0
    target = np.where(weights.any(axis=1), weights.argmax(axis=1), -1)[codes]
    rows = np.flatnonzero(target >= 0)
    X[rows, place + target[rows]] = 1.0
