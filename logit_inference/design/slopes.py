"""Derivatives of the factors of a formula by a variable.

Known columns have derivative one, expressions that of `dual`, by the rules of calculus. Only what
no rule covers (a function that the caller passed, say) is differenced, with a step that is named.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from logit_inference.design.categories import Categories, Coded
from logit_inference.design.dual import STEP, Dual, Jumps, NoRule, central_difference
from logit_inference.design.expression import Expression, evaluate, read_expression
from logit_inference.design.formula import Factor
from logit_inference.design.sample import Sample
from logit_inference.design.transforms import differentiable
from logit_inference.errors import EffectError
from logit_inference.rows.block import Floats


def factor_slope(
    factor: Factor, name: str, spread: float, sample: Sample, state: dict[str, dict[str, Any]]
) -> Floats:
    """Return the derivative (n,) or (n, k) of a numeric factor by a variable.

    Parameters
    ----------
    factor : Factor
        One that uses the variable.
    name : str
        The variable, numeric.
    spread : float
        Its range in the fit: steps are ``STEP`` = 1e-4 of it.
    sample : Sample
    state : dict
        What the factor's transformations learned in the fit.

    Raises
    ------
    EffectError
        For a function that jumps, and where there is no finite derivative.

    Notes
    -----
    Exact to rounding for numpy's functions, ``bs`` and ``ns``. Other transformations that remember,
    and functions that the caller passed, are differenced: eighth-order central differences.
    """
    if factor.kind == "lookup":
        return np.ones(sample.n_rows)
    expression = sample.expressions.get(factor.expr) or read_expression(
        factor.expr, tuple(sample.columns), sample.context
    )
    step = STEP * spread
    at: Any = sample.value(name)
    try:
        found = _evaluate(expression, name, Dual(at, np.ones(len(at))), step, sample, state)
    except Jumps as jump:
        raise EffectError.jumps(name, factor.expr, str(jump)) from None
    except NoRule:
        found = Dual(at, _differenced(expression, name, at, step, sample, state))
    if isinstance(found, (Coded, Categories)) or not isinstance(found, Dual):
        raise EffectError.jumps(name, factor.expr, "")
    width = np.shape(found.value)
    slope = np.broadcast_to(np.asarray(found.slope, dtype=np.float64), width)
    if not np.isfinite(slope).all():
        bad = int(np.argmax(~np.isfinite(slope.reshape(len(slope), -1)).all(axis=1)))
        raise EffectError.no_slope(name, factor.expr, float(at[bad]), sample.label(bad))
    return slope


def _differenced(
    expression: Expression,
    name: str,
    at: Floats,
    step: float,
    sample: Sample,
    state: dict[str, dict[str, Any]],
) -> Floats:
    def value(x: Floats) -> Floats:
        return np.asarray(_evaluate(expression, name, x, step, sample, state), dtype=np.float64)

    slope: Floats = central_difference(value, at, step)
    return slope


def _evaluate(
    expression: Expression,
    name: str,
    at: Any,
    step: float,
    sample: Sample,
    state: dict[str, dict[str, Any]],
) -> Any:
    """Return an expression with ``at`` in the place of a variable."""

    def value(column: str, exact: bool) -> Any:
        return at if column == name else sample.value(column, exact)

    functions = partial(differentiable, step=step)
    return evaluate(expression, value, state, sample.context, False, functions)
