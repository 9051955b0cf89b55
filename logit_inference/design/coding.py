"""Which columns a factor contributes to a term.

A categorical factor is coded by contrasts (one column fewer than levels) where its margin is
already in the model, and by an indicator of every level where it is not, so that the columns of
a formula are linearly independent and span what the formula says (Chambers and Hastie,
*Statistical Models in S*, 1992, section 2.4). This file knows levels and names, and no data.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from logit_inference.design.column import Level
from logit_inference.design.formula import Term
from logit_inference.rows.block import Floats

Part = tuple[tuple[str, bool], ...]
"""Factors of a block of columns, in order; True where every level has its indicator."""


@dataclass(frozen=True, slots=True)
class Coding:
    """What a fit learned about a factor.

    Parameters
    ----------
    expr : str
        The factor, as in the formula.
    kind : {"numeric", "categorical"}
        Whether the values are the columns, or levels to be coded.
    labels : tuple of str
        One per column: "" for a numeric vector, "[1]" and so on for a basis, "[T.black]" and so
        on for contrasts.
    levels : tuple
        Levels that occur among the rows used, in order.
    unused : tuple
        Levels that do not, though declared or present in rows that were dropped.
    indicators : (contrasts,) array of int or None
        The level that each contrast column indicates, as with treatment contrasts.
    matrix : (levels, contrasts) array or None
        Contrast columns of any other kind.
    """

    expr: str
    kind: str
    labels: tuple[str, ...]
    levels: tuple[Level, ...] = ()
    unused: tuple[Level, ...] = ()
    indicators: NDArray[np.intp] | None = None
    matrix: Floats | None = None

    def width(self, full: bool) -> int:
        """Number of columns."""
        return len(self.levels) if full else len(self.labels)

    def names(self, full: bool) -> list[str]:
        """Names of the columns."""
        labels = [f"[{level}]" for level in self.levels] if full else self.labels
        return [f"{self.expr}{label}" for label in labels]

    def indicated(self, full: bool) -> NDArray[np.intp] | None:
        """Return the level that each column indicates, None where columns are no indicators."""
        return np.arange(len(self.levels)) if full else self.indicators

    def weights(self, full: bool) -> Floats:
        """Return the (levels, columns) matrix of a categorical factor."""
        if self.matrix is not None and not full:
            return self.matrix
        weights: Floats = np.eye(len(self.levels))[:, self.indicated(full)]
        return weights


def find_indicators(matrix: Floats) -> NDArray[np.intp] | None:
    """Return the level that each column of contrasts indicates, None unless each has its own.

    Examples
    --------
    >>> find_indicators(np.array([[1.0, 0.0], [0.0, 0.0], [0.0, 1.0]])).tolist()
    [0, 2]
    >>> find_indicators(np.array([[1.0], [0.0], [-1.0]])) is None
    True
    """
    levels: NDArray[np.intp] = matrix.argmax(axis=0)
    width = len(levels)
    ones = bool((matrix[levels, np.arange(width)] == 1.0).all())
    single = np.count_nonzero(matrix) == width == len(set(levels.tolist()))
    return levels if ones and single else None


def code_terms(
    terms: Iterable[Term], intercept: bool, codings: Mapping[str, Coding]
) -> list[tuple[Part, ...]]:
    """Return for each term the blocks of columns that it adds to those of the terms before.

    Parameters
    ----------
    terms : iterable of Term
        In model order.
    intercept : bool
        Whether the constant is in the model.
    codings : mapping
        From factor to its coding.

    Returns
    -------
    list of tuple of Part
        One tuple per term; empty where a term adds nothing.

    Notes
    -----
    A term stands for the products of all subsets of its categorical factors (with all of its
    numeric ones). Those that an earlier term spans are left out. Of the rest, a subset and the
    same with one more factor by contrasts join into one block with that factor in full.
    """
    spanned: dict[frozenset[str], set[frozenset[str]]] = {}
    if intercept:
        spanned[frozenset()] = {frozenset()}
    coded = []
    for term in terms:
        exprs = [factor.expr for factor in term.factors]
        categorical = [expr for expr in exprs if codings[expr].kind == "categorical"]
        numeric = frozenset(exprs).difference(categorical)
        seen = spanned.setdefault(numeric, set())
        added = [subset for subset in _subsets(categorical) if frozenset(subset) not in seen]
        seen.update(frozenset(subset) for subset in added)
        blocks = _join([frozenset((expr, False) for expr in subset) for subset in added])
        coded.append(
            tuple(
                tuple(
                    (expr, (expr, True) in block)
                    for expr in exprs
                    if expr not in categorical or (expr, True) in block or (expr, False) in block
                )
                for block in blocks
            )
        )
    return coded


def _subsets(exprs: list[str]) -> Iterator[tuple[str, ...]]:
    """Yield all subsets, the smallest first."""
    for size in range(len(exprs) + 1):
        yield from combinations(exprs, size)


def _join(blocks: list[frozenset[tuple[str, bool]]]) -> list[frozenset[tuple[str, bool]]]:
    """Return the blocks with every pair {A, A and contrasts of f} replaced by A and all of f."""
    for short in blocks:
        for long in blocks:
            extra = long - short
            if short < long and len(extra) == 1:
                ((expr, full),) = extra
                if not full:
                    joined = short | {(expr, True)}
                    rest = [joined if block is long else block for block in blocks]
                    return _join([block for block in rest if block is not short])
    return blocks


def part_names(part: Part, codings: Mapping[str, Coding]) -> list[str]:
    """Return the column names of a block, the first factor varying fastest.

    Examples
    --------
    >>> male = np.array([1])
    >>> sex = Coding("sex", "categorical", ("[T.male]",), ("female", "male"), indicators=male)
    >>> age = Coding("age", "numeric", ("",))
    >>> part_names((("sex", True), ("age", False)), {"sex": sex, "age": age})
    ['sex[female]:age', 'sex[male]:age']
    """
    names = [""]
    for expr, full in part:
        own = codings[expr].names(full)
        names = [f"{name}:{label}" if name else label for label in own for name in names]
    return names
