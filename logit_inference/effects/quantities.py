"""What is asked of rows: predictions where variables are changed, slopes, and pairs of these.

The rows write their own columns; what a change is, only they know. This file knows no formula.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from logit_inference.rows.block import Floats
from logit_inference.rows.coded import Integers

ELASTICITIES = ("dydx", "eyex", "eydx", "dyex")


class Written(Protocol):
    """Rows of X (m, p), and their offset (m,) if there is one."""

    @property
    def X(self) -> Floats: ...  # noqa: N802, D102 - the matrix, told by the class

    @property
    def offset(self) -> Floats | None: ...  # noqa: D102 - as above


class Patch(Protocol):
    """Some columns of X and what stands in them; the offset, None where it stays."""

    @property
    def columns(self) -> Integers: ...  # noqa: D102 - told by the class

    @property
    def values(self) -> Floats: ...  # noqa: D102 - as above

    @property
    def offset(self) -> Floats | None: ...  # noqa: D102 - as above


class Rows(Protocol):
    """Rows that can be written again with variables changed, some at a time."""

    @property
    def n_rows(self) -> int:
        """Number of rows."""

    @property
    def n_columns(self) -> int:
        """Number of columns of X."""

    def written(self, start: int, stop: int) -> Written:
        """Return rows as they are."""

    def changed(self, start: int, stop: int, changes: Mapping[str, Any]) -> Patch:
        """Return the columns that changes touch."""

    def slopes(self, start: int, stop: int, name: str) -> Patch:
        """Return the derivative of columns by a variable."""

    def numbers(self, start: int, stop: int, name: str) -> Floats:
        """Return the values of a variable."""


@dataclass(frozen=True)
class Quantity:
    """A number of each row: a prediction with some variables changed, or a slope.

    Parameters
    ----------
    changes : tuple of (str, change)
        Variables and what they are changed to; empty for the rows as they are.
    slope : str or None
        The variable whose slope it is.
    elasticity : {"dydx", "eyex", "eydx", "dyex"}
        Of a slope: of y or its logarithm, by x or its logarithm.
    """

    changes: tuple[tuple[str, Any], ...] = ()
    slope: str | None = None
    elasticity: str = "dydx"


@dataclass(frozen=True)
class Effect:
    """A quantity, or two that are compared.

    Parameters
    ----------
    term, contrast : str
        Its names in a table.
    high : Quantity
    low : Quantity or None
    values : tuple of (str, value)
        Values of variables that tell it apart, as columns of the table.
    """

    term: str
    contrast: str
    high: Quantity
    low: Quantity | None = None
    values: tuple[tuple[str, Any], ...] = ()


def distinct(effects: Sequence[Effect]) -> tuple[list[Quantity], list[tuple[int, int]]]:
    """Return the quantities of effects, each once, and where each effect's two are (−1: none)."""
    places: dict[Quantity, int] = {}
    pairs = []
    for effect in effects:
        high = places.setdefault(effect.high, len(places))
        low = -1 if effect.low is None else places.setdefault(effect.low, len(places))
        pairs.append((high, low))
    return list(places), pairs
