"""The same rows with indicators in place of contrasts, to decide what is separated.

Whether some direction separates rows does not depend on the basis of their columns. Contrasts
spread an empty cell over all columns of its factor; with an indicator for each level it is one
column, which `solve.peeling` takes out by itself. Levels are read off the columns and compared
exactly, so that the change of basis has no rounding. It matters where columns are many: up to some
dozens `solve.recession` needs no such help.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from logit_inference.rows.basis import Basis, in_basis
from logit_inference.rows.block import Block, Floats
from logit_inference.rows.coded import Coded, Layout, Part
from logit_inference.rows.product import Columns, dense
from logit_inference.rows.source import ArraySource, Source
from logit_inference.solve.fit import Fit, fit_rows
from logit_inference.solve.margins import outcomes_beside
from logit_inference.solve.recession import Recession, separated_rows

if TYPE_CHECKING:
    from logit_inference.design.arrays import ArrayDesign
    from logit_inference.design.design import Design

AT_ONCE = 1 << 21  # elements of coded columns that are written out at a time
ROUNDING = 1e-11  # of the largest element in a row of the inverse change of basis
FEWEST_LEVELS = 20  # of a factor that is worth it


@dataclass(frozen=True)
class _Factor:
    """A factor that stands in the design as contrasts, next to the constant.

    Parameters
    ----------
    columns : (w,) array of int
    table : (levels, w) array
        What stands in them at each level.
    codes : (n,) array of int
    names : tuple of str
        Of the levels' indicators.
    """

    columns: Any
    table: Floats
    codes: Any
    names: tuple[str, ...]


@dataclass(frozen=True)
class Recoded:
    """Rows with indicators for contrasts, in the q columns that a fit could tell apart.

    Parameters
    ----------
    fit : Fit
        Of these rows, in as many columns.
    inverse : (q, q) array
        From coefficients of these columns to those of the contrasts.
    names : tuple of p str
        Of all columns, those of indicators as such.
    kept : tuple of q int
        The columns that take part.
    """

    fit: Fit
    inverse: Floats
    names: tuple[str, ...]
    kept: tuple[int, ...]

    def contrasted(self, recession: Recession) -> Recession:
        """Return a recession cone of the indicators as one of the contrasts.

        What was decided stays exact: which rows are separated, and that no others are. Where
        contrasts go is read off the inverse of their matrix, whose elements below 1e-11 of their
        row's largest are taken for zero.
        """
        if not recession.exists:
            return recession
        ends = recession.sides(self.inverse)
        direction = self.inverse @ recession.direction
        return replace(
            recession,
            direction=direction / np.abs(direction).max(),
            whole=(),
            whole_span=(),
            span=self.inverse @ recession.span,
            ends=_infinite(ends),
            separated=separated_rows(self.fit.source, recession),
        )


def _infinite(sides: Floats) -> Floats:
    """Return sides as ends: 0, inf, −inf, and NaN where a coefficient goes to either."""
    ends = np.where(sides == 0, 0.0, np.copysign(np.inf, sides))
    ends[np.isnan(sides)] = np.nan
    return ends


def has_contrasts(design: Design | ArrayDesign) -> bool:
    """Say whether some factor stands in the design by contrasts other than indicators."""
    from logit_inference.design.design import Design

    if not isinstance(design, Design):
        return False
    return any(coding.matrix is not None for coding in design.codings.values())


def recode(fit: Fit, design: Design | ArrayDesign) -> Recoded | None:
    """Return the rows of a fit with indicators of levels, fitted; None where that is no help.

    Factors that are terms by themselves are recoded, where the design has a constant. The widest
    takes the constant's column for its first level, the others have a level as reference.

    Notes
    -----
    A pass over the columns of the factors, and the passes of a fit.
    """
    from logit_inference.design.design import Design

    source, constant = fit.source, fit.constant
    if not isinstance(design, Design) or not isinstance(source, ArraySource):
        return None
    if constant is None or constant not in fit.basis.kept or source.intercept:
        return None
    factors = _contrasted(fit, design)
    if not factors:
        return None
    X, change = _with_indicators(source.data.X, constant, factors)
    kept = list(fit.basis.kept)
    change = change[np.ix_(kept, kept)]
    inverse: Any = np.linalg.solve(change, np.eye(len(kept)))
    inverse[np.abs(inverse) <= ROUNDING * np.abs(inverse).max(axis=1, keepdims=True)] = 0.0
    names = list(design.columns)
    for factor in factors[:1]:
        names[constant] = factor.names[0]
    for factor in factors:
        for j, name in zip(factor.columns.tolist(), factor.names[1:], strict=True):
            names[j] = name
    rows: Source = replace(source, data=source.data.with_columns(X))
    rows = in_basis(rows, Basis(source.n_columns, fit.basis.kept))
    own = [names[j] for j in kept]
    offset = source.data.offset is not None
    again = fit_rows(rows, fit.likelihood, own, offset=offset)
    if len(again.basis.kept) < len(kept):
        return None
    return Recoded(again, inverse, tuple(names), fit.basis.kept)


def _contrasted(fit: Fit, design: Design) -> list[_Factor]:
    """Return the factors that are terms by contrasts, all columns of which are kept, widest first.

    Of those that are indicators already only the widest counts, where its reference level has one
    outcome only.
    """
    found = []
    kept = set(fit.basis.kept)
    for term in design.terms:
        if len(term.factors) != 1 or len(term.parts) != 1 or len(term.parts[0]) != 1:
            continue
        expr, full = term.parts[0][0]
        coding, columns = design.codings[expr], np.arange(term.start, term.stop)
        if coding.kind != "categorical" or full or not kept.issuperset(columns.tolist()):
            continue
        if len(columns) + 1 == len(coding.levels):
            found.append((coding, columns, ", ".join(term.variables)))
    found.sort(key=lambda each: -len(each[1]))
    factors: list[_Factor] = []
    for coding, columns, name in found:
        if len(columns) < FEWEST_LEVELS:
            continue
        # Indicators are what is wanted, but for a reference level that is an empty cell itself.
        if coding.indicators is not None and (factors or not _is_empty(fit.source, columns)):
            continue
        table = coding.weights(False)
        codes = fit.source.map(_levels, columns, table)
        if (codes >= 0).all():
            names = tuple(f"{name}[{level}]" for level in coding.levels)
            factors.append(_Factor(columns, table, codes.astype(np.intp), names))
    return factors


def _is_empty(source: Source, columns: Any) -> bool:
    """Say whether the rows that are zero in all of some columns have one outcome only; a pass."""
    events, others = source.fold(outcomes_beside, columns).values
    return bool(events == 0 or others == 0)


def _levels(block: Block, columns: Any, table: Floats) -> Floats:
    """Return the row of a table (levels, w) that each row's columns are exactly; −1 if none."""
    X = block.X[:, columns]
    if isinstance(X, Coded) and len(X.layout.parts) == 1 and (X.layout.places < 0).all():
        part = X.layout.parts[0]
        if not part.multiplier:  # one row of a level tells of all
            kinds = np.unique(X.codes[part.factor], return_index=True, return_inverse=True)
            told = _matched(X[kinds[1]], table)
            return told[kinds[2]]
    return _matched(X, table)


def _matched(X: Columns, table: Floats) -> Floats:
    """Return the same of rows (n, w) written out, some at a time."""
    mix: Any = np.random.default_rng(len(table)).normal(size=table.shape[1])
    keys = table @ mix
    order = np.argsort(keys)
    size = max(AT_ONCE // len(mix), 1)
    found = np.empty(len(X))
    for start in range(0, len(X), size):
        rows = dense(X[start : start + size])
        near = np.searchsorted(keys[order], rows @ mix - 1e-12 * np.abs(rows) @ np.abs(mix))
        codes = order[np.minimum(near, len(order) - 1)]
        same = (rows == table[codes]).all(axis=1)
        found[start : start + size] = np.where(same, codes, -1)
    return found


def _with_indicators(X: Columns, constant: int, factors: Sequence[_Factor]) -> tuple[Coded, Floats]:
    """Return columns with indicators for the contrasts of factors, and the change of basis.

    The matrix (p, p) takes coefficients of contrasts to those of the indicators.
    """
    p = X.shape[1]
    taken = [constant, *(j for factor in factors for j in factor.columns.tolist())]
    if isinstance(X, Coded):
        layout = X.layout
        places = np.where(np.isin(layout.places, taken), -1, layout.places)
        parts = [part for part in layout.parts if part.columns[0] not in taken]
        base = replace(X, layout=Layout(p, places, layout.n_levels, tuple(parts)))
    else:
        others = np.setdiff1d(np.arange(p), taken)
        numbers = np.column_stack([np.ones(len(X)), X[:, others]])
        base = Coded(numbers, (), Layout(p, np.append(-1, others), (), ()))
    change = np.eye(p)
    parts, codes = list(base.layout.parts), list(base.codes)
    n_levels = list(base.layout.n_levels)
    for i, factor in enumerate(factors):
        columns, table = factor.columns, factor.table
        change[np.ix_(columns, columns)] = table[1:] - (table[0] if i else 0.0)
        if i == 0:
            change[columns, constant] = 1.0
            first, width = np.append(constant, columns), len(table)
            part = Part(len(codes), columns=first, levels=np.arange(width))
        else:
            part = Part(len(codes), columns=columns, levels=np.arange(1, len(table)))
        # What the reference level contributes is in every level of the first factor.
        for row in (constant, *(factors[0].columns.tolist() if i else ())):
            change[row, columns] = table[0]
        parts.append(part)
        codes.append(factor.codes)
        n_levels.append(len(table))
    layout = Layout(p, base.layout.places, tuple(n_levels), tuple(parts))
    return Coded(base.numbers, tuple(codes), layout), change
