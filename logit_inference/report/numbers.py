"""How a number is printed: one rule per kind of number.

A printed number must not lie: a small coefficient is not "0.0000", a small p-value is not
"0.000", an infinite limit is not a large one, and what could not be estimated is a dash. The
rules stand here once, in plain characters ("-", "e-06", "∞", "—"); the renderers only respell
those characters. This file knows kinds of numbers, not statistics and not markup.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable, Sequence
from typing import Literal, SupportsFloat, cast, get_args

Kind = Literal["text", "estimate", "statistic", "p_value", "integer", "percent", "fixed"]
KINDS: tuple[Kind, ...] = get_args(Kind)

INFINITY = "∞"
NOT_ESTIMABLE = "—"

# An estimate has at most this many characters, and this many digits at least.
_WIDEST_ESTIMATE = 10
_FEWEST_DIGITS = 3
_DECIMALS_IN_ORDER_OF_PREFERENCE = (4, 5, 6, 3, 2, 1, 0)
# From here on a number is written with a power of ten.
_LARGE = 1e7

_NUMBER = re.compile(r"[<>]?(?P<sign>-?)(?P<digits>[\d,]*\.?\d+)(e(?P<exponent>[+-]\d+))?%?")


def format_column(values: Sequence[object], kind: Kind) -> tuple[str, ...]:
    """Return one text per value of a column, all estimates with the same decimals if possible.

    ``None`` is printed as nothing (there is no such number in this row), NaN as an em dash (the
    number could not be estimated), infinities as "∞" and "-∞", and a word as it is.

    Parameters
    ----------
    values : sequence of n objects
    kind : str
        - ``"text"``: as it is; a float with at most 8 digits.
        - ``"estimate"``: coefficients, standard errors, interval ends. Four decimals, or those
          decimals (0 to 6) with which the most cells of the column have at least 3 significant
          digits and at most 10 characters; other cells get 4 significant digits or a power of ten.
          An exact zero is "0".
        - ``"statistic"``: three decimals, two from 1000 on.
        - ``"p_value"``: three decimals, "<0.001" below.
        - ``"integer"``: thousands are separated from 10,000 on.
        - ``"percent"``: a share, 0.125 is "12.5%"; "<0.1%" below.
        - ``"fixed"``: three decimals always.

    Returns
    -------
    tuple of n str

    Examples
    --------
    >>> format_column([1.564123, -0.022478, 0.006386], "estimate")
    ('1.56412', '-0.02248', '0.00639')
    >>> format_column([0.5, -8.04e-6, 6.4e7, float("inf"), float("nan"), None], "estimate")
    ('0.5000', '-8.040e-06', '6.400e+07', '∞', '—', '')
    """
    if kind == "text":
        return tuple(_text(value) for value in values)
    if kind == "estimate":
        numbers = [value for value in values if not isinstance(value, str)]
        decimals = _common_decimals([_as_float(value) for value in numbers])
        return tuple(_number(value, lambda x: _estimate(x, decimals)) for value in values)
    return tuple(_number(value, _RULES[kind]) for value in values)


def format_number(value: object, kind: Kind) -> str:
    """Return the text of one number, as a column of its own would print it.

    Examples
    --------
    >>> format_number(0.00012, "p_value"), format_number(12345, "integer")
    ('<0.001', '12,345')
    >>> format_number(-107.28862, "fixed"), format_number(0.0, "estimate")
    ('-107.289', '0')
    """
    return format_column([value], kind)[0]


def passes_text(n: float) -> str:
    """Return a number of passes over the rows in words.

    Examples
    --------
    >>> passes_text(5.15625), passes_text(20012.0)
    ('5.16 passes', '20,012 passes')
    """
    return f"{n:,.0f} passes" if n >= 100 else f"{n:.3g} passes"


def parse_number(text: str) -> re.Match[str] | None:
    """Return the parts (sign, digits, exponent) of a text that is nothing but a printed number."""
    return _NUMBER.fullmatch(text)


def printable(text: str) -> str:
    r"""Return the text on one line, with control characters spelled out.

    Examples
    --------
    >>> print(printable("two" + chr(10) + "lines"))
    two\nlines
    """
    unprintable = ("Cc", "Cs", "Zl", "Zp")
    return "".join(
        repr(char)[1:-1] if unicodedata.category(char) in unprintable else char for char in text
    )


def _text(value: object) -> str:
    if isinstance(value, float):
        return _number(value, lambda x: f"{x:.8g}")
    return "" if value is None else printable(str(value))


def _as_float(value: object) -> float:
    return math.nan if value is None else float(cast(SupportsFloat, value))


def _number(value: object, rule: Callable[[float], str]) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return printable(value)
    x = _as_float(value)
    if math.isnan(x):
        return NOT_ESTIMABLE
    if math.isinf(x):
        return INFINITY if x > 0 else f"-{INFINITY}"
    return rule(x)


def _decimal(x: float, decimals: int) -> str:
    """Return x with fixed decimals, or with a power of ten if it is large; never "-0.00"."""
    return f"{x:z.{decimals}f}" if abs(x) < _LARGE else f"{x:.3e}"


def _common_decimals(values: Sequence[float]) -> int:
    """Return the decimals that suit most cells; among equals the earliest in preference."""
    cells = [x for x in values if math.isfinite(x) and x != 0]
    return max(
        _DECIMALS_IN_ORDER_OF_PREFERENCE,
        key=lambda decimals: sum(_is_readable(x, decimals) for x in cells),
    )


def _is_readable(x: float, decimals: int) -> bool:
    """Return whether x with these decimals has enough digits and not too many characters."""
    enough = abs(x) * 10**decimals >= 10 ** (_FEWEST_DIGITS - 1)
    return enough and abs(x) < _LARGE and len(f"{x:.{decimals}f}") <= _WIDEST_ESTIMATE


def _estimate(x: float, decimals: int) -> str:
    if x == 0:
        return "0"
    if _is_readable(x, decimals):
        return f"{x:.{decimals}f}"
    if not 1e-4 <= abs(x) < _LARGE:
        return f"{x:.3e}"
    digits_before_point = math.floor(math.log10(abs(x))) + 1
    significant = 4 if abs(x) < 1 else 7
    return f"{x:.{max(0, significant - digits_before_point)}f}"


def _statistic(x: float) -> str:
    return _decimal(x, 3 if abs(x) < 1000 else 2)


def _p_value(x: float) -> str:
    return "<0.001" if x < 0.001 else _decimal(x, 3)


def _integer(x: float) -> str:
    if not x.is_integer():
        return _estimate(x, 4)
    x += 0.0  # a negative zero is a zero
    return f"{x:,.0f}" if 10_000 <= abs(x) < 1e15 else f"{x:.15g}"


def _percent(x: float) -> str:
    return "<0.1%" if 0 < x < 0.0005 else f"{_decimal(100 * x, 1)}%"


def _fixed(x: float) -> str:
    return _decimal(x, 3)


_RULES: dict[str, Callable[[float], str]] = {
    "statistic": _statistic,
    "p_value": _p_value,
    "integer": _integer,
    "percent": _percent,
    "fixed": _fixed,
}
