"""The functions that a formula may call.

Row-by-row functions of numpy, and transformations that remember what they learned from the rows
of the fit. Nothing else can be called: a function of a whole column, such as a mean, would be
recomputed from new rows when predicting, and silently give other numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from logit_inference.design.categories import C
from logit_inference.design.dual import lifted
from logit_inference.design.splines import bs, bs_slope, ns, ns_slope

ELEMENTWISE: Mapping[str, Any] = {
    name: getattr(np, name)
    for name in (
        *("log", "log2", "log10", "log1p", "exp", "exp2", "expm1", "sqrt", "cbrt", "square"),
        *("abs", "sign", "floor", "ceil", "sin", "cos", "tan", "arctan", "sinh", "cosh", "tanh"),
    )
}
NUMPY_FUNCTIONS = frozenset({"where", "clip", "round", "interp", "digitize", "isin"})
NUMPY_CONSTANTS = frozenset({"pi", "e"})

# Learned from the rows of the fit, and applied with what was learned ever after.
STATEFUL = frozenset({"poly", "bs", "ns", "cr", "cs", "cc", "center", "scale", "standardize"})
OWN_STATEFUL = frozenset({"bs", "ns", "poly"})
CONTRASTS = frozenset({"Treatment", "Sum", "Helmert", "Poly", "Diff"})
CONTRAST_METHODS = ("treatment", "sum", "helmert", "poly", "SAS", "diff", "custom")
FUNCTIONS = ("C", "I", *sorted(STATEFUL), *ELEMENTWISE, *sorted(CONTRASTS))


def is_row_by_row(name: str) -> bool:
    """Say whether ``np.<name>`` computes each row from that row alone."""
    return name in NUMPY_FUNCTIONS or isinstance(getattr(np, name, None), np.ufunc)


def identity(x: Any) -> Any:
    """Return ``x``: ``I()`` only protects its argument from the operators of a formula."""
    return x


def differentiable(name: str, step: float) -> Any:
    """Return the function of that name as it is called with a `Dual`.

    Splines have exact derivatives; other transformations that remember are differenced with
    ``step``, which is exact for ``center``, ``scale`` and polynomials.
    """
    function = function_named(name)
    if name not in STATEFUL:
        return function
    known: Mapping[str, Any] = {"bs": bs_slope, "ns": ns_slope}
    return lifted(function, known.get(name), step)


def function_named(name: str) -> Any:
    """Return the function of that name, one of ``FUNCTIONS``."""
    if name in ELEMENTWISE:
        return ELEMENTWISE[name]
    own = {"C": C, "I": identity, "bs": bs, "ns": ns}
    if name in own:
        return own[name]
    from logit_inference.design.formula import library_function

    return library_function(name)
