"""Pieces of a design: runs of columns, each made of the product of some coded factors.

A term is one piece or several (see `design.coding`). This file knows which product stands in which
column, and nothing of rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import reduce
from math import prod
from typing import Any

import numpy as np

from logit_inference.design.coding import Coding
from logit_inference.design.columns import TermColumns
from logit_inference.design.formula import Factor
from logit_inference.rows.block import Floats
from logit_inference.rows.coded import Integers, Part

Key = tuple[tuple[str, int], ...]
"""A product of numeric columns: of each its factor, and which of the factor's columns."""


@dataclass(frozen=True, slots=True, eq=False)
class Use:
    """A factor as one piece uses it.

    Parameters
    ----------
    factor : Factor
    coding : Coding
    full : bool
        Whether every level has its indicator.
    """

    factor: Factor
    coding: Coding
    full: bool

    @property
    def categorical(self) -> bool:
        """Whether it is coded levels, not numbers."""
        return self.coding.kind == "categorical"

    @property
    def width(self) -> int:
        """Number of its columns."""
        return self.coding.width(self.full)

    @property
    def indicated(self) -> Integers | None:
        """The level that each column indicates; None where columns are no indicators."""
        return self.coding.indicated(self.full)

    @property
    def table(self) -> Floats:
        """The (levels, width) values of the columns at each level."""
        return self.coding.weights(self.full)


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """Consecutive columns of X: all products of a column of each of its factors.

    Parameters
    ----------
    start : int
        The first of its columns.
    uses : tuple of Use
        Its factors; of the products, the first factor varies fastest. Empty for the constant.
    """

    start: int
    uses: tuple[Use, ...]

    @property
    def width(self) -> int:
        """Number of its columns."""
        return prod(use.width for use in self.uses)

    @property
    def categorical(self) -> tuple[Use, ...]:
        """Its categorical factors."""
        return tuple(use for use in self.uses if use.categorical)

    @property
    def numeric(self) -> tuple[Use, ...]:
        """Its numeric factors."""
        return tuple(use for use in self.uses if not use.categorical)

    @property
    def n_levels(self) -> int:
        """Number of combinations of its levels."""
        return prod(len(use.coding.levels) for use in self.categorical)

    @property
    def n_indicators(self) -> int:
        """Number of columns that its levels make with each product of its numeric columns."""
        return prod(use.width for use in self.categorical)

    def products(self, uses: tuple[Use, ...]) -> Iterator[tuple[tuple[int, ...], int]]:
        """Yield the columns of each product of some of the factors, and its offset in the piece.

        The others stand at their first column.
        """
        strides = self._strides(uses)
        for backwards in np.ndindex(*[use.width for use in reversed(uses)]):
            places = backwards[::-1]
            yield places, sum(j * stride for j, stride in zip(places, strides, strict=True))

    def coded_part(self, factor: int, offset: int, number: int) -> Part:
        """Return the columns from ``offset`` on that the levels make with one product of numbers.

        ``factor`` and ``number`` are the codes of the joint levels, and that product.
        """
        uses = self.categorical
        offsets = _sums([np.arange(use.width) for use in uses], self._strides(uses))
        columns = self.start + offset + offsets
        indicated = [use.indicated for use in uses if use.indicated is not None]
        if len(indicated) < len(uses):
            kron: Any = np.kron
            table: Floats = reduce(kron, [use.table for use in reversed(uses)])
            return Part(factor, columns, table=table, multiplier=number)
        sizes = [len(use.coding.levels) for use in uses]
        levels = _sums(indicated, [prod(sizes[:place]) for place in range(len(sizes))])
        return Part(factor, columns, levels=levels, multiplier=number)

    def _strides(self, uses: tuple[Use, ...]) -> list[int]:
        """Return how far apart the columns of neighbouring columns of each factor are."""
        widths = [use.width for use in self.uses]
        return [prod(widths[: self.uses.index(use)]) for use in uses]


def pieces_of(terms: Iterable[TermColumns], codings: Mapping[str, Coding]) -> tuple[Piece, ...]:
    """Return the pieces of all terms, in the order of their columns."""
    pieces = []
    for term in terms:
        start = term.start
        by_expr = {factor.expr: factor for factor in term.factors}
        for part in term.parts:
            uses = tuple(Use(by_expr[expr], codings[expr], full) for expr, full in part)
            pieces.append(Piece(start, uses))
            start += pieces[-1].width
    return tuple(pieces)


def number_key(uses: tuple[Use, ...], places: tuple[int, ...]) -> Key:
    """Return the name of a product of numeric columns."""
    return tuple((use.factor.expr, place) for use, place in zip(uses, places, strict=True))


def _sums(parts: list[Integers], strides: list[int]) -> Integers:
    """Return the sums of one number of each part times its stride, the first varying fastest."""
    total = np.zeros(1, dtype=np.intp)
    for part, stride in zip(parts, strides, strict=True):
        total = (part[:, np.newaxis] * stride + total).ravel()
    return total
