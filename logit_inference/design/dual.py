"""Values of an expression together with their derivative by one of its variables.

An expression of a formula that is evaluated at a `Dual` gives its derivative beside its value, by
the rules of calculus and without any step. Functions for which no rule stands here say so with
`NoRule`; whoever asked then differences the expression with a named step. What jumps has no slope,
and says so with `Jumps`. This file knows numpy's functions, and nothing of formulas.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from logit_inference.rows.block import Floats

# Eighth-order central differences: weights of f(x + kh) − f(x − kh), k = 1 … 4, over h.
WEIGHTS = (4.0 / 5.0, -1.0 / 5.0, 4.0 / 105.0, -1.0 / 280.0)
STEP = 1e-4  # h as a share of the range of the variable in the fit


class NoRule(Exception):  # noqa: N818 - a message between functions of this folder, never shown
    """A function has no rule for derivatives."""


class Jumps(Exception):  # noqa: N818 - as above
    """A function jumps: its derivative is zero almost everywhere, and says nothing."""


@dataclass(frozen=True, slots=True, eq=False)
class Dual(np.lib.mixins.NDArrayOperatorsMixin):
    """A value (n,) or (n, k), and its derivative.

    Examples
    --------
    >>> x = Dual(np.array([1.0, 2.0]), np.ones(2))
    >>> np.log(x * x).slope.tolist()
    [2.0, 1.0]
    """

    value: Any
    slope: Any

    @property
    def ndim(self) -> int:
        """Number of dimensions of the value."""
        return int(np.ndim(self.value))

    def __len__(self) -> int:
        return len(self.value)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        """Return the value and slope of an elementwise function; comparisons see values only."""
        if method != "__call__" or options:
            raise NoRule(ufunc.__name__)
        values = [_value(x) for x in inputs]
        name = ufunc.__name__
        if name in _JUMPING:
            raise Jumps(name)
        if name in _TRUTH:
            return ufunc(*values)
        if name not in _RULES:
            raise NoRule(name)
        with np.errstate(all="ignore"):
            partials = _RULES[name](*values)
            parts = [
                partial * x.slope
                for partial, x in zip(partials, inputs, strict=True)
                if isinstance(x, Dual)
            ]
            return Dual(ufunc(*values), sum(parts[1:], parts[0]))

    def __array_function__(
        self, function: Any, types: Any, arguments: Sequence[Any], keywords: dict[str, Any]
    ) -> Any:
        """Return what ``where``, ``clip``, ``interp`` and ``isin`` give; others have no rule."""
        if function in (np.round, np.digitize):
            raise Jumps(function.__name__)
        rules: dict[Any, Callable[..., Any]] = {
            np.where: _where,
            np.clip: _clip,
            np.interp: _interp,
            np.isin: _isin,
        }
        rule = rules.get(function)
        if rule is None or (keywords and function is not np.isin):
            raise NoRule(function.__name__)
        return rule(*arguments, **keywords)


def _value(x: Any) -> Any:
    return x.value if isinstance(x, Dual) else x


def _slope(x: Any) -> Any:
    return x.slope if isinstance(x, Dual) else 0.0


def _where(chosen: Any, first: Any, second: Any) -> Dual:
    at = _value(chosen)
    return Dual(
        np.where(at, _value(first), _value(second)), np.where(at, _slope(first), _slope(second))
    )


def _clip(x: Any, low: Any, high: Any) -> Dual:
    if isinstance(low, Dual) or isinstance(high, Dual):
        raise NoRule("clip")
    inside = np.ones(np.shape(x.value), dtype=bool)
    inside &= True if low is None else x.value >= low
    inside &= True if high is None else x.value <= high
    return Dual(np.clip(x.value, low, high), np.where(inside, x.slope, 0.0))


def _interp(x: Any, points: Any, heights: Any) -> Dual:
    if not isinstance(x, Dual):
        raise NoRule("interp")
    at, rise = np.asarray(points, dtype=np.float64), np.diff(heights) / np.diff(points)
    piece = np.searchsorted(at, x.value, side="right") - 1
    inside = (piece >= 0) & (piece < len(rise))
    slope = np.where(inside, rise[np.clip(piece, 0, len(rise) - 1)], 0.0)
    return Dual(np.interp(x.value, points, heights), slope * x.slope)


def _isin(x: Any, levels: Any, **keywords: Any) -> Any:
    return np.isin(_value(x), levels, **keywords)


def _power(x: Any, y: Any) -> tuple[Any, Any]:
    return y * np.power(x, y - 1.0), np.log(np.where(x > 0, x, 1.0)) * np.power(x, y)


_JUMPING = frozenset({"floor", "ceil", "rint", "trunc", "sign", "floor_divide", "remainder"})
_TRUTH = frozenset(
    {
        *("greater", "greater_equal", "less", "less_equal", "equal", "not_equal"),
        *("isfinite", "isnan", "isinf", "signbit", "logical_not", "logical_and", "logical_or"),
    }
)
_RULES: dict[str, Callable[..., tuple[Any, ...]]] = {
    "add": lambda x, y: (1.0, 1.0),
    "subtract": lambda x, y: (1.0, -1.0),
    "multiply": lambda x, y: (y, x),
    "divide": lambda x, y: (1.0 / y, -x / np.square(y)),
    "power": _power,
    "float_power": _power,
    "negative": lambda x: (-1.0,),
    "positive": lambda x: (1.0,),
    "reciprocal": lambda x: (-1.0 / np.square(x),),
    "square": lambda x: (2.0 * x,),
    "sqrt": lambda x: (0.5 / np.sqrt(x),),
    "cbrt": lambda x: (1.0 / (3.0 * np.square(np.cbrt(x))),),
    "exp": lambda x: (np.exp(x),),
    "exp2": lambda x: (np.exp2(x) * np.log(2.0),),
    "expm1": lambda x: (np.exp(x),),
    "log": lambda x: (1.0 / x,),
    "log2": lambda x: (1.0 / (x * np.log(2.0)),),
    "log10": lambda x: (1.0 / (x * np.log(10.0)),),
    "log1p": lambda x: (1.0 / (1.0 + x),),
    "absolute": lambda x: (np.sign(x),),
    "fabs": lambda x: (np.sign(x),),
    "sin": lambda x: (np.cos(x),),
    "cos": lambda x: (-np.sin(x),),
    "tan": lambda x: (1.0 + np.square(np.tan(x)),),
    "arcsin": lambda x: (1.0 / np.sqrt(1.0 - x * x),),
    "arccos": lambda x: (-1.0 / np.sqrt(1.0 - x * x),),
    "arctan": lambda x: (1.0 / (1.0 + x * x),),
    "sinh": lambda x: (np.cosh(x),),
    "cosh": lambda x: (np.sinh(x),),
    "tanh": lambda x: (1.0 - np.square(np.tanh(x)),),
    "arcsinh": lambda x: (1.0 / np.sqrt(1.0 + x * x),),
    "maximum": lambda x, y: (x >= y, x < y),
    "minimum": lambda x, y: (x <= y, x > y),
    "fmax": lambda x, y: (x >= y, x < y),
    "fmin": lambda x, y: (x <= y, x > y),
    "hypot": lambda x, y: (x / np.hypot(x, y), y / np.hypot(x, y)),
    "logaddexp": lambda x, y: (1.0 / (1.0 + np.exp(y - x)), 1.0 / (1.0 + np.exp(x - y))),
}


def central_difference(function: Callable[[Floats], Any], x: Floats, step: float) -> Any:
    """Return the derivative of a row-by-row function, by eighth-order central differences.

    The error is of order ``step**8`` times the ninth derivative, none for polynomials up to degree
    eight, and rounding of about ``1e-16 / step``.

    Examples
    --------
    >>> bool(abs(central_difference(np.sin, np.array([1.0]), 1e-3)[0] - np.cos(1.0)) < 1e-12)
    True
    """
    total: Any = 0.0
    for k, weight in enumerate(WEIGHTS, 1):
        total = total + weight * (function(x + k * step) - function(x - k * step))
    return total / step


def lifted(function: Callable[..., Any], slope: Callable[..., Any] | None, step: float) -> Any:
    """Return a transformation that takes a `Dual` for its variable.

    ``slope`` is its derivative as a function of the same arguments; without one it is differenced.
    """

    def lift(x: Any, *arguments: Any, **keywords: Any) -> Any:
        """Return the function's value, with its derivative where its argument has one."""
        if not isinstance(x, Dual):
            return function(x, *arguments, **keywords)
        at = np.asarray(x.value, dtype=np.float64)
        value = function(at, *arguments, **keywords)
        if slope is None:
            own = central_difference(lambda z: function(z, *arguments, **keywords), at, step)
        else:
            own = slope(at, *arguments, **keywords)
        along = x.slope if np.ndim(own) == 1 else np.asarray(x.slope)[:, np.newaxis]
        return Dual(value, own * along)

    return lift
