"""Gordan's alternative for rows of integers, decided exactly.

Either a direction d has ``z_i'd > 0`` for all rows, or some multipliers ``y >= 0``, not all zero,
have ``Σ y_i z_i = 0``. The linear program

    maximise t  subject to  z_i'd >= c_i t,  −1 <= d_j <= 1

with sizes ``c_i > 0`` tells which: its maximum is positive or zero. HiGHS solves it in floating
point, and the basis at which it stops is where an exact simplex method starts. That one works on
the dual, ``minimise Σ (u_j + v_j)  subject to  Σ y_i z_i + u − v = 0, Σ c_i y_i = 1``, whose basis
has one row more than z has columns, with Edmonds' fraction-free updates of the adjugate: it is
usually there at once, and a few pivots away where rounding hides the answer. What the rows stand
for this file does not know.

References
----------
Edmonds (1967), *Journal of Research of the National Bureau of Standards* B 71. Applegate, Cook,
Dash and Espinoza (2007), "Exact solutions to linear programming problems", *Operations Research
Letters* 35.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from logit_inference.rows.block import Floats
from logit_inference.solve.integers import Integers

UNIT = 1 << 40  # of a direction found in floating point
BLAND_AFTER = 20  # pivots without progress, after which the first candidate is taken, not the best


@dataclass(frozen=True)
class Alternative:
    """Which of Gordan's two systems has a solution.

    Parameters
    ----------
    direction : (r,) array of int or None
        With a positive product with every row.
    support : tuple of int
        Otherwise rows of which a combination with positive integers is zero.
    multipliers : tuple of int
        Those integers.
    """

    direction: Integers | None
    support: tuple[int, ...] = ()
    multipliers: tuple[int, ...] = ()


def gordan(rows: Integers) -> Alternative:
    """Return a direction with a positive product with all rows, or a combination that is zero.

    Parameters
    ----------
    rows : (k, r) array of int
        None of them zero, k and r at least one.

    Notes
    -----
    One linear program of r + 1 variables and k rows in floating point; then (r + 1)³ operations on
    integers to factorise its basis and (r + 1)² for each further pivot.

    Examples
    --------
    >>> gordan(np.array([[1, 2], [1, -1]], dtype=object)).support
    ()
    >>> gordan(np.array([[1, 0], [0, 1], [-2, -3]], dtype=object)).multipliers
    (2, 3, 1)
    """
    sizes = [int(value).bit_length() for value in abs(rows).max(axis=1).tolist()]
    # Column i of the dual's constraints: the row and its size.
    columns = np.empty((len(rows), rows.shape[1] + 1), dtype=object)
    columns[:, :-1] = rows
    columns[:, -1] = [1 << size for size in sizes]
    scaled = np.asarray(rows / columns[:, -1:], dtype=np.float64)
    guess = _suggested(scaled)
    if guess is not None:
        direction = np.array([round(value * UNIT) for value in guess.direction], dtype=object)
        if (rows @ direction > 0).all():
            return Alternative(direction)
    basis = None if guess is None else _Basis.from_guess(columns, guess)
    if basis is None:
        basis = _Basis.of_first(columns)
    return basis.solve()


class _Guess(NamedTuple):
    """Where HiGHS ends: d, the rows that bind, the coordinates at their lower and upper ends."""

    direction: list[float]
    rows: list[int]
    ends: set[int]


def _suggested(scaled: Floats) -> _Guess | None:
    """Return the solution of the program in floating point, rows of size one; None if it fails."""
    from scipy.optimize import linprog

    k, r = scaled.shape
    result: Any = linprog(
        np.append(np.zeros(r), -1.0),
        A_ub=np.column_stack([-scaled, np.ones(k)]),
        b_ub=np.zeros(k),
        bounds=[(-1.0, 1.0)] * r + [(None, None)],
        method="highs-ds",
        options={"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10},
    )
    if result.status != 0:
        return None
    weight = -np.asarray(result.ineqlin.marginals)
    chosen = np.flatnonzero(weight > 1e-14 * max(weight.max(initial=0.0), 1.0))
    order = chosen[np.argsort(-weight[chosen])]
    bound = (np.asarray(result.lower.marginals) != 0) | (np.asarray(result.upper.marginals) != 0)
    ends = set(np.flatnonzero(bound[:r]).tolist())
    return _Guess(result.x[:r].tolist(), order.tolist(), ends)


class _Basis:
    """A basis of the dual program: which columns are in it, and its inverse as integers.

    A member is a row's number, or ``~j`` for the pair of columns ``±e_j``, whose sign is kept
    apart. The inverse is ``adjugate / determinant`` with a positive determinant.
    """

    def __init__(self, columns: Integers) -> None:
        m = columns.shape[1]
        self.columns = columns
        self.signs = [1] * m
        # An identity to begin with: e_j for each coordinate, and a unit in the last place that is
        # no column of the program and must leave.
        self.members: list[int] = [~j for j in range(m)]
        self.adjugate: Integers = np.array(np.eye(m, dtype=int), dtype=object)
        self.determinant = 1

    @classmethod
    def of_first(cls, columns: Integers) -> _Basis:
        """Return the basis of the first row and the units, which is feasible with their signs."""
        basis = cls(columns)
        basis.enter(0, basis.adjugate @ columns[0], len(basis.members) - 1)
        basis.mend()
        return basis

    @classmethod
    def from_guess(cls, columns: Integers, guess: _Guess) -> _Basis | None:
        """Return a feasible basis near the one suggested; None where that does not lead to one."""
        basis = cls(columns)
        m = len(basis.members)
        for row in guess.rows[:m]:
            change = basis.adjugate @ columns[row]
            free = [i for i in range(m) if basis.members[i] < 0 and change[i] != 0]
            if not free:
                continue
            last = [i for i in free if basis.members[i] == ~(m - 1)]
            leave = last or [i for i in free if ~basis.members[i] not in guess.ends] or free
            basis.enter(row, change, max(leave, key=lambda i: abs(change[i])))
        if ~(m - 1) in basis.members:
            return None
        return basis if basis.mend() else None

    @property
    def values(self) -> Integers:
        """The values of the members, times the determinant."""
        values: Integers = self.adjugate[:, -1]
        return values

    def enter(self, row: int, change: Integers, place: int) -> None:
        """Exchange the member at a place for a row, ``change`` being ``adjugate @ column``."""
        pivot = change[place]
        kept = self.adjugate[place]
        adjugate = (self.adjugate * pivot - np.outer(change, kept)) // self.determinant
        adjugate[place] = kept
        self.adjugate, self.determinant = adjugate, pivot
        if pivot < 0:
            self.adjugate, self.determinant = -adjugate, -pivot
        self.members[place], self.signs[place] = row, 1

    def enter_unit(self, j: int, sign: int, place: int) -> None:
        """Exchange the member at a place for ``sign·e_j``."""
        self.enter(~j, sign * self.adjugate[:, j], place)
        self.signs[place] = sign

    def mend(self) -> bool:
        """Make all values nonnegative; say whether that was possible in a few exchanges."""
        for _ in range(3 * len(self.members)):
            values = self.values
            for i in np.flatnonzero(values < 0).tolist():
                if self.members[i] < 0:
                    self.adjugate[i] = -self.adjugate[i]
                    self.signs[i] = -self.signs[i]
            wrong = [i for i in range(len(values)) if self.values[i] < 0]
            if not wrong:
                return True
            inside = {~member for member in self.members if member < 0}
            worst = min(wrong, key=lambda i: self.values[i])
            outside = [
                j
                for j in range(len(values) - 1)
                if j not in inside and self.adjugate[worst, j] != 0
            ]
            if not outside:
                return False
            j = max(outside, key=lambda j: abs(self.adjugate[worst, j]))
            self.enter_unit(j, 1 if self.adjugate[worst, j] < 0 else -1, worst)
        return False

    def solve(self) -> Alternative:
        """Return the answer of the simplex method from a feasible basis."""
        rows, m = self.columns[:, :-1], len(self.members)
        idle, best = 0, None
        while True:
            units = [i for i in range(m) if self.members[i] < 0]
            gap = sum(self.values[i] for i in units)
            if gap == 0:
                found = [(self.members[i], self.values[i]) for i in range(m) if self.values[i] > 0]
                return Alternative(
                    None, *(tuple(part) for part in zip(*sorted(found), strict=True))
                )
            prices = np.sum(self.adjugate[units], axis=0)
            direction, level = -prices[:-1], prices[-1]
            margins = rows @ direction
            if (margins > 0).all():
                return Alternative(direction)
            # Both are multiples of the determinant; progress is a smaller gap/determinant.
            progress = best is None or gap * best[1] < best[0] * self.determinant
            idle, best = (0, (gap, self.determinant)) if progress else (idle + 1, best)
            self._exchange(margins - level * self.columns[:, -1], direction, idle > BLAND_AFTER)

    def _exchange(self, reduced: Integers, direction: Integers, by_number: bool) -> None:
        """Make one pivot: the most violated constraint enters, or the first by number (Bland)."""
        sizes, unit = self.columns[:, -1], self.determinant
        steep = [
            (_quotient(reduced[i], sizes[i] * unit), i, 1)
            for i in np.flatnonzero(reduced < 0).tolist()
        ]
        # u_j = +e_j has reduced cost 1 + d_j, v_j = -e_j has 1 - d_j, over the determinant.
        for j, value in enumerate(direction.tolist()):
            if abs(value) > unit:
                steep.append((_quotient(unit - abs(value), unit), ~j, 1 if value < 0 else -1))
        if by_number:
            _, member, sign = min(steep, key=lambda found: self._number(found[1], found[2]))
        else:
            _, member, sign = min(steep)
        if member >= 0:
            change = self.adjugate @ self.columns[member]
            self.enter(member, change, self._leaving(change))
        else:
            change = sign * self.adjugate[:, ~member]
            self.enter_unit(~member, sign, self._leaving(change))

    def _leaving(self, change: Integers) -> int:
        """Return the place of the member that reaches zero first; among equals the first one."""
        values = self.values
        best = -1
        for i in np.flatnonzero(change > 0).tolist():
            left, right = (
                (0, 0) if best < 0 else (values[i] * change[best], values[best] * change[i])
            )
            if best < 0 or left < right or (left == right and self._at(i) < self._at(best)):
                best = i
        return best

    def _at(self, place: int) -> int:
        return self._number(self.members[place], self.signs[place])

    def _number(self, member: int, sign: int) -> int:
        """Return the number of a column of the program: rows first, then +e_j and -e_j."""
        return member if member >= 0 else len(self.columns) + 2 * ~member + (sign < 0)


def _quotient(negative: int, positive: int) -> float:
    """Return a quotient of integers, minus infinity where no float is as far from zero.

    Examples
    --------
    >>> _quotient(-1, 4), _quotient(-(10**400), 3)
    (-0.25, -inf)
    """
    try:
        return negative / positive
    except OverflowError:
        return -math.inf
