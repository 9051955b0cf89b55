"""A change of basis that codes survive: numbers less what other columns make of them.

A number with a large mean, or one that hardly varies within the levels of a factor, is nearly a
combination of the constant and of indicators, and digits are lost where columns are multiplied
out. What is left of the number is a number again: the combination is subtracted row by row, in
twice the working precision, and the factors stay the codes that they were. Which combination to
subtract is not decided here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from logit_inference.rows.block import Floats
from logit_inference.rows.coded import Coded, Integers, Layout, Part, look_up
from logit_inference.rows.doubled import DoubledSum


@dataclass(frozen=True, slots=True, eq=False)
class Centring:
    """A square matrix T of ones on the diagonal and few elements beside: ``Z = X @ T``.

    Column j of Z is column j of X plus other columns times the elements of column j of T. Columns
    of which another one takes a share are not changed by that one, directly or through others.

    Parameters
    ----------
    size : int
        Number q of columns.
    rows, columns : (m,) arrays of int
        Places of the elements beside the diagonal, by columns and within these by rows.
    values : (m,) array

    Examples
    --------
    >>> centring = Centring(2, np.array([0]), np.array([1]), np.array([-5.0]))
    >>> (centring @ np.array([1.0, 2.0])).tolist()
    [-9.0, 2.0]
    >>> centring.solve(np.array([-9.0, 2.0])).tolist()
    [1.0, 2.0]
    >>> centring.of_plain(np.array([[1.0, 7.0]])).tolist()
    [[1.0, 2.0]]
    """

    size: int
    rows: Integers
    columns: Integers
    values: Floats

    @classmethod
    def of(cls, size: int, rows: Integers, columns: Integers, values: Floats) -> Centring:
        """Return the record of elements in any order; those that are zero are left out."""
        order = np.lexsort((rows, columns))
        order = order[values[order] != 0.0]
        return cls(size, rows[order], columns[order], values[order])

    @property
    def shape(self) -> tuple[int, int]:
        """Numbers of rows and of columns."""
        return self.size, self.size

    @property
    def changed(self) -> Integers:
        """The columns that are not those of X, in increasing order."""
        return np.unique(self.columns)

    def beside_diagonal(self) -> Any:
        """Return ``T − 1`` as a sparse array."""
        from scipy.sparse import csc_array

        return csc_array((self.values, (self.rows, self.columns)), shape=self.shape)

    def __matmul__(self, right: Floats) -> Floats:
        product: Floats = self.beside_diagonal() @ right
        product += right
        return product

    def solve(self, right: Floats) -> Floats:
        """Return ``T⁻¹ right``; exact substitution, because changes do not run in circles."""
        beside, solution = self.beside_diagonal(), right
        for _ in range(self.size):
            before, solution = solution, right - beside @ solution
            if np.array_equal(before, solution):
                break
        return solution

    def column(self, j: int) -> tuple[Integers, Floats]:
        """Return the places and values of the elements of column j beside the diagonal."""
        start, stop = np.searchsorted(self.columns, (j, j + 1))
        return self.rows[start:stop], self.values[start:stop]

    def at(self, rows: Integers, columns: Integers) -> Floats:
        """Return the elements at some places beside the diagonal; zero where there is none."""
        keys, wanted = self.columns * self.size + self.rows, columns * self.size + rows
        places = np.searchsorted(keys, wanted)
        found = np.append(keys, -1)[places] == wanted
        values: Floats = np.where(found, np.append(self.values, 0.0)[places], 0.0)
        return values

    def of_plain(self, X: Floats) -> Floats:
        """Return plain rows of X (n, q) as rows of Z."""
        Z = np.array(X, dtype=np.float64)
        for j in self.changed:
            total = DoubledSum(Z[:, j].copy())
            for row, value in zip(*self.column(j), strict=True):
                total.add_product(X[:, row], float(value))
            Z[:, j] = total.rounded()
        return Z


def centred(X: Coded, centring: Centring) -> Coded:
    """Return the columns of X as those of Z.

    Notes
    -----
    A look-up and some ten operations for each number that changes and factor that it takes part
    in. Numbers that serve no longer are left out.
    """
    recipes, layout = _plan(X.layout, centring)
    numbers = np.empty((len(X), len(recipes)))
    for j, recipe in enumerate(recipes):
        numbers[:, j] = recipe.at(X)
    return Coded(numbers, X.codes, layout)


def centred_layout(layout: Layout, centring: Centring) -> Layout:
    """Return the layout of what `centred` returns."""
    return _plan(layout, centring)[1]


@dataclass(frozen=True, slots=True, eq=False)
class _Number:
    """A number of X, plus others times weights, plus what stands at the levels of factors."""

    own: int
    others: tuple[tuple[int, float], ...] = ()
    by_level: tuple[tuple[Part, Floats], ...] = ()

    def at(self, X: Coded) -> Floats:
        """Return the number in each row of X, shape (n,)."""
        own: Floats = X.numbers[:, self.own]
        if not self.others and not self.by_level:
            return own
        total = DoubledSum(np.ascontiguousarray(own))
        for number, weight in self.others:
            if number:
                total.add_product(X.numbers[:, number], weight)
            else:
                total.add(weight)
        for part, values in self.by_level:
            found = look_up(values, X.codes[part.factor])
            if part.multiplier:
                total.add_product(found, X.numbers[:, part.multiplier])
            else:
                total.add(found)
        return total.rounded()


def _plan(layout: Layout, centring: Centring) -> tuple[list[_Number], Layout]:
    """Return what the numbers of Z are, and its layout."""
    numbers, places = [_Number(0)], [int(layout.places[0])]
    kept = {0: 0}

    def keep(number: int) -> int:
        if number not in kept:
            kept[number] = len(numbers)
            numbers.append(_Number(number))
            places.append(-1)
        return kept[number]

    changed = set(centring.changed.tolist())
    for number, place in enumerate(layout.places.tolist()):
        if place in changed:
            numbers.append(_of_column(layout, centring, number))
            places.append(place)
        elif place >= 0:
            places[keep(number)] = place
    parts = []
    for part in layout.parts:
        multiplier = part.multiplier
        shift = _shift(layout, centring, part) if changed.intersection(part.columns) else None
        if shift is None:
            multiplier = keep(multiplier)
        else:
            constant = Part(part.factor, part.columns)
            numbers.append(_Number(multiplier, (), ((constant, shift),)))
            places.append(-1)
            multiplier = len(numbers) - 1
        parts.append(replace(part, multiplier=multiplier))
    new = Layout(layout.n_columns, np.array(places), layout.n_levels, tuple(parts))
    return numbers, new


def _of_column(layout: Layout, centring: Centring, number: int) -> _Number:
    """Return what the column of Z that is a number of X becomes."""
    rows, values = centring.column(int(layout.places[number]))
    weights = np.zeros(layout.n_columns)
    weights[rows] = values
    own = layout.of_numbers(weights)
    others = tuple((int(k), float(own[k])) for k in np.flatnonzero(own))
    by_level, levels = list[tuple[Part, Floats]](), layout.n_levels
    for part in layout.parts:
        if part.table is not None and weights[part.columns].any():
            total = DoubledSum(np.zeros(len(part.table)))
            for contrast, weight in zip(part.table.T, weights[part.columns], strict=True):
                total.add_product(contrast, float(weight))
            by_level += [(part, total.rounded()), (part, total.rest())]
        elif weights[part.columns].any():
            by_level.append((part, part.by_level(weights[part.columns], levels[part.factor])))
    return _Number(number, others, tuple(by_level))


def _shift(layout: Layout, centring: Centring, part: Part) -> Floats:
    """Return what is added to the multiplier of a part at each level of its factor.

    Columns of one level take a share of the constant or of that level's own indicator; those of
    contrasts take the same share of the same contrasts.
    """
    shift = np.zeros(layout.n_levels[part.factor])
    for other in constant_parts(layout, part):
        if part.levels is None or other.levels is None:
            shift += centring.at(other.columns[:1], part.columns[:1])
        else:
            place = np.full(len(shift), -1, dtype=np.intp)
            place[other.levels] = other.columns
            both = place[part.levels] >= 0
            levels = part.levels[both]
            shift[levels] += centring.at(place[levels], part.columns[both])
    if part.levels is not None and layout.places[0] >= 0:
        constant = np.full(len(part.columns), layout.places[0])
        shift[part.levels] += centring.at(constant, part.columns)
    return shift


def constant_parts(layout: Layout, part: Part) -> Iterator[Part]:
    """Yield the parts of the same factor, coded alike, that no number multiplies."""
    for other in layout.parts:
        if other.factor == part.factor and not other.multiplier and _alike(part, other):
            yield other


def _alike(part: Part, other: Part) -> bool:
    if part.table is None or other.table is None:
        return part.table is other.table
    return np.array_equal(part.table, other.table)
