"""Coded values inside expressions, and ``C()``, which asks for them.

A categorical value in a formula is integer codes and a tuple of levels; it becomes columns only
when the design is written.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from logit_inference.design.column import Level, plain_level, read_column
from logit_inference.errors import SchemaError, plain

FAR = 2.0**53  # beyond it a float64 cannot tell whole numbers apart
MANY = 4096  # values in the range of whole numbers that are counted instead of hashed


@dataclass(frozen=True, slots=True, eq=False)
class Categories:
    """Codes (n,) into levels, -1 where an expression made a missing value.

    Comparing with a level gives a boolean array, so that ``race == "white"`` is an expression, and
    so is ``np.isin(race, ["black", "white"])``. No other function of numpy sees into codes.

    Parameters
    ----------
    codes : (n,) integer array
        Positions in ``levels``.
    levels : tuple
        The levels, in order.
    name : str
        Name for messages.
    known : tuple
        Further levels that a comparison may name: those of the fit, when predicting.

    Examples
    --------
    >>> race = Categories(np.array([0, 1, 1]), ("black", "white"), "race")
    >>> (race == "white").tolist()
    [False, True, True]
    """

    codes: NDArray[Any]
    levels: tuple[Level, ...]
    name: str = "x"
    known: tuple[Level, ...] = ()

    def __len__(self) -> int:
        return int(self.codes.shape[0])

    def __eq__(self, other: object) -> NDArray[np.bool_]:  # type: ignore[override]
        if not isinstance(other, (str, int, float)):
            raise TypeError(f"{self.name} can be compared with one of its levels only")
        if other in self.levels:
            return np.asarray(self.codes == self.levels.index(other))
        if other in self.known:
            return np.zeros(len(self), dtype=bool)
        raise SchemaError.no_level(self.name, other, self.known or self.levels)

    def __ne__(self, other: object) -> NDArray[np.bool_]:  # type: ignore[override]
        return ~(self == other)

    def __array_function__(
        self, function: Any, types: Any, arguments: tuple[Any, ...], keywords: dict[str, Any]
    ) -> Any:
        """Return what a function of numpy gives: ``isin`` answers, all others refuse."""
        if function is not np.isin or set(keywords) - {"invert"} or len(arguments) != 2:
            raise TypeError(f"{self.name} is categorical, and {function.__name__} needs numbers")
        if arguments[0] is not self or not isinstance(arguments[1], (list, tuple, np.ndarray)):
            raise TypeError(f"np.isin({self.name}, [...]) needs a list of levels")
        found = np.zeros(len(self), dtype=bool)
        for level in arguments[1]:
            found |= self == plain(level)
        return ~found if keywords.get("invert") else found

    # An array that meets codes in an expression must not compare them element by element.
    __array_ufunc__ = None
    __hash__ = None  # type: ignore[assignment]


@dataclass(frozen=True, slots=True)
class Coded:
    """What ``C(x, contrasts, levels=)`` asks for; the design resolves it."""

    values: Categories
    contrasts: Any = None
    levels: tuple[Level, ...] | None = None


def categories_of(values: Any, name: str = "x") -> Categories:
    """Return coded values of an array: sorted distinct numbers, text or truth values.

    Numbers keep their type: as floats, integers beyond 2**53 would run together.

    Examples
    --------
    >>> categories_of(np.array([2.0, 1.0, 2.0])).levels
    (1, 2)
    """
    if isinstance(values, Categories):
        return values
    array = np.asarray(values)
    if array.ndim != 1:
        raise TypeError("needs one value per row")
    if array.dtype.kind == "b":
        return Categories(array.astype(np.int8), (False, True), name)
    missing: Any = slice(0)
    if array.dtype.kind not in "iuf":
        column = read_column(name, array)
        if column.kind != "numeric":
            return Categories(column.values, column.levels, name)
        array = column.values
        missing = missing if column.missing is None else column.missing
    codes, levels = _whole_numbers(array) or _numbers(array)
    codes[missing] = -1
    return Categories(codes, levels, name)


def level_counts(categories: Categories) -> NDArray[np.intp]:
    """Return how often each level occurs; none may be missing.

    Examples
    --------
    >>> level_counts(Categories(np.array([0, 1, 1]), ("black", "white", "other"))).tolist()
    [1, 2, 0]
    """
    codes, n_levels = categories.codes, len(categories.levels)
    if n_levels == 2:  # counting needs no copy of the codes as wide integers
        n_second = np.count_nonzero(codes)
        return np.array([len(codes) - n_second, n_second])
    return np.bincount(codes, minlength=n_levels)


def _whole_numbers(values: NDArray[Any]) -> tuple[NDArray[Any], tuple[Level, ...]] | None:
    """Return codes and levels of whole numbers from a small range; None for any others.

    Counting is several times faster than hashing, and codes of few levels are kept in one byte.
    """
    if not len(values):
        return None
    low, high = values.min(), values.max()
    if not (low >= -FAR and high <= FAR and int(high) - int(low) < MANY):  # NaN is in no range
        return None
    whole = values.astype(np.int64, copy=False)
    if values.dtype.kind == "f" and not np.array_equal(whole, values):
        return None
    above_low = whole - int(low)
    occurs = np.bincount(above_low) > 0
    levels = np.flatnonzero(occurs)
    codes = (np.cumsum(occurs) - 1).astype(np.int8 if len(levels) <= 128 else np.int16)
    return codes[above_low], tuple((levels + int(low)).tolist())


def _numbers(values: NDArray[Any]) -> tuple[NDArray[Any], tuple[Level, ...]]:
    """Return codes and levels of any numbers; the code of NaN is -1.

    Hashing the values and sorting the few distinct ones is several times faster than sorting all,
    as numpy.unique does.
    """
    import pandas as pd

    codes, distinct = pd.factorize(values)
    order = np.argsort(distinct)
    rank = np.empty(len(order) + 1, dtype=np.min_scalar_type(-max(len(order), 1)))
    rank[order], rank[-1] = np.arange(len(order)), -1
    return rank[codes], tuple(plain_level(level) for level in distinct[order])


def C(  # noqa: N802 - the name that formulas have for it
    data: Any, contrasts: Any = None, levels: Sequence[Any] | None = None
) -> Coded:
    """Return the request to treat ``data`` as categorical, with these contrasts and levels."""
    values = data.values if isinstance(data, Coded) else data
    if levels is not None and not isinstance(levels, (list, tuple, np.ndarray)):
        raise TypeError("levels= needs a list of all levels")
    declared = None if levels is None else tuple(plain_level(level) for level in levels)
    return Coded(categories_of(values), contrasts, declared)
