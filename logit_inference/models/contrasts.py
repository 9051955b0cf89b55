"""From ``variables=`` to effects: which values of which variables are compared."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import combinations, product
from numbers import Real
from typing import Any

import numpy as np

from logit_inference.design.array_variables import ArrayVariables
from logit_inference.design.grid import check_level_seen, column_values
from logit_inference.design.variables import Change, Variables
from logit_inference.effects.quantities import ELASTICITIES, Effect, Quantity
from logit_inference.errors import ArgumentError, EffectError, nearest
from logit_inference.rows.block import Floats

AnyVariables = Variables | ArrayVariables
Pair = tuple[str, tuple[tuple[str, Change], ...], tuple[tuple[str, Change], ...]]
NUMERIC = 'a step such as 10, two values (20, 30), "sd", "2sd", "iqr" or "minmax"'
LEVELS = '"reference", "sequential", "pairwise", "each", or two levels ("a", "b")'
MARKS = {"dydx": "dY/dX", "eyex": "eY/eX", "eydx": "eY/dX", "dyex": "dY/eX"}


def read_names(rows: AnyVariables, variables: Any, what: str) -> dict[str, Any]:
    """Return the variables that are asked about, and what is asked of each (None: the default).

    Raises
    ------
    EffectError, ArgumentError
    """
    if variables is None:
        if not rows.names:
            raise EffectError.nothing(what)
        return dict.fromkeys(rows.names)
    if isinstance(variables, str):
        variables = [variables]
    asked = dict(variables) if isinstance(variables, Mapping) and variables else None
    if asked is None:
        if not isinstance(variables, (list, tuple)) or not variables:
            allowed = 'the name of a variable, a list of names, or a dict: {"age": 10}'
            raise ArgumentError("variables", variables, allowed)
        asked = dict.fromkeys(variables)
    for name in asked:
        if name not in rows.names:
            raise EffectError.unknown(str(name), rows.names, "variables")
    return asked


def slope_effects(rows: AnyVariables, variables: Any, slope: str) -> list[Effect]:
    """Return slopes of numeric variables, and comparisons with the reference of the others."""
    if slope not in ELASTICITIES:
        allowed = ", ".join(f'"{name}"' for name in ELASTICITIES)
        raise ArgumentError("slope", slope, f"one of {allowed}")
    effects = []
    for name, asked in read_names(rows, variables, "slopes").items():
        if asked is not None:
            raise EffectError.contrast(
                name, asked, "the name alone: values belong to comparisons()"
            )
        if rows.has_slope(name):
            quantity = Quantity((), name, slope)
            effects.append(Effect(name, MARKS[slope], quantity))
        elif slope != "dydx":
            if variables is not None:
                raise EffectError.contrast(name, slope, '"dydx": it has no elasticity')
        elif rows.levels(name):
            effects += _comparisons(rows, name, None, np.ones(rows.n_rows), "-")
        else:
            _refuse_slope(rows, name)
    if not effects:
        raise EffectError.nothing("an elasticity")
    return effects


def _refuse_slope(rows: AnyVariables, name: str) -> None:
    assert isinstance(rows, Variables), "columns of an array have slopes"
    codings = rows.design.codings
    factors = [f for term in rows.design.terms for f in term.factors if name in f.variables]
    odd = next(f.expr for f in factors if codings[f.expr].kind == "categorical")
    raise EffectError.categorical(name, odd)


def comparison_effects(
    rows: AnyVariables, variables: Any, weights: Floats, sign: str, *, cross: bool
) -> list[Effect]:
    """Return the comparisons that are asked for.

    Parameters
    ----------
    rows : Variables
        Of the fit: steps such as a standard deviation are theirs.
    variables : str, list of str, or mapping of str to what is compared
    weights : (n,) array
    sign : {"-", "/"}
        Between two values in names.
    cross : bool
        Whether the variables change together.
    """
    asked = read_names(rows, variables, "comparisons")
    each = {name: _pairs(rows, name, own, weights, sign) for name, own in asked.items()}
    if not cross:
        return [effect for name, pairs in each.items() for effect in _effects(name, pairs)]
    if len(each) < 2:
        raise ArgumentError("cross", cross, "it with two variables or more")
    effects = []
    for chosen in product(*each.values()):
        high = tuple(change for _, highs, _ in chosen for change in highs)
        low = tuple(change for _, _, lows in chosen for change in lows)
        label = ", ".join(label for label, _, _ in chosen)
        effects.append(Effect(", ".join(each), label, Quantity(high), Quantity(low)))
    return effects


def _comparisons(
    rows: AnyVariables, name: str, asked: Any, weights: Floats, sign: str
) -> list[Effect]:
    return _effects(name, _pairs(rows, name, asked, weights, sign))


def _effects(name: str, pairs: Sequence[Pair]) -> list[Effect]:
    return [Effect(name, label, Quantity(high), Quantity(low)) for label, high, low in pairs]


def _pairs(rows: AnyVariables, name: str, asked: Any, weights: Floats, sign: str) -> list[Pair]:
    levels = rows.levels(name)
    if levels:
        return level_pairs(rows, name, asked, levels, sign)
    numbers = rows.columns[name].numbers()
    return [number_pair(name, asked, numbers, weights, sign)]


def level_pairs(
    rows: AnyVariables, name: str, asked: Any, levels: Sequence[Any], sign: str
) -> list[Pair]:
    """Return labels and changes, to and from, of levels that are compared."""

    def pair(high: Any, low: Any) -> Pair:
        return (
            f"{high} {sign} {low}",
            ((name, Change(high)),),
            ((name, Change(low)),),
        )

    if isinstance(asked, (tuple, list)) and len(asked) == 2:
        for level in asked:
            check_level_seen(rows, name, level)  # type: ignore[arg-type]  # any level
        return [pair(asked[1], asked[0])]
    if asked == "each":
        return [(f"{level} {sign} observed", ((name, Change(level)),), ()) for level in levels]
    found = {
        None: [(level, levels[0]) for level in levels[1:]],
        "reference": [(level, levels[0]) for level in levels[1:]],
        "sequential": list(zip(levels[1:], levels, strict=False)),
        "pairwise": [(high, low) for low, high in combinations(levels, 2)],
    }
    if not isinstance(asked, (str, type(None))) or asked not in found:
        raise EffectError.contrast(name, asked, LEVELS)
    return [pair(*both) for both in found[asked]]


def number_pair(name: str, asked: Any, numbers: Floats, weights: Floats, sign: str) -> Pair:
    """Return the label and the changes, to and from, of numbers that are compared."""
    if asked is None:
        observed = numbers[weights > 0]
        both = np.isin(observed, (0.0, 1.0)).all() and np.ptp(observed) > 0
        asked = (0, 1) if both else 1
    if isinstance(asked, Real) and not isinstance(asked, bool):
        if not np.isfinite(float(asked)) or not asked:
            raise EffectError.contrast(name, asked, NUMERIC)
        step = float(asked)
        label = f"{'+' if step > 0 else ''}{_text(step)}"
        return label, ((name, Change(step, True)),), ()
    label = ""
    if isinstance(asked, str):
        low, high = _spread(name, asked, numbers, weights)
        label = {"sd": "1 sd", "2sd": "2 sd", "iqr": f"Q3 {sign} Q1", "minmax": f"max {sign} min"}[
            asked
        ]
    elif isinstance(asked, (tuple, list)) and len(asked) == 2 and all(map(_is_number, asked)):
        low, high = float(asked[0]), float(asked[1])
    else:
        raise EffectError.contrast(name, asked, NUMERIC)
    label = label or f"{_text(high)} {sign} {_text(low)}"
    return label, ((name, Change(high)),), ((name, Change(low)),)


def _is_number(value: Any) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool) and math.isfinite(value)


def _spread(name: str, asked: str, numbers: Floats, weights: Floats) -> tuple[float, float]:
    if asked in ("sd", "2sd"):
        mean = np.average(numbers, weights=weights)
        total = weights.sum()
        sd = np.sqrt((weights * np.square(numbers - mean)).sum() / (total - 1.0))
        half = sd / 2.0 if asked == "sd" else sd
        return float(mean - half), float(mean + half)
    if asked == "iqr":
        return weighted_quantile(numbers, weights, 0.25), weighted_quantile(numbers, weights, 0.75)
    if asked == "minmax":
        seen = numbers[weights > 0]
        return float(seen.min()), float(seen.max())
    close = nearest(asked, ("sd", "2sd", "iqr", "minmax"))
    guess = f'"{close[0]}" perhaps: ' if close else ""
    raise EffectError.contrast(name, asked, guess + NUMERIC)


def weighted_quantile(values: Floats, weights: Floats, share: float) -> float:
    """Return R's quantile of type 7 of values that stand as often as their weights say.

    Examples
    --------
    >>> weighted_quantile(np.array([1.0, 2.0, 4.0]), np.array([1.0, 2.0, 1.0]), 0.75)
    2.5
    """
    order = np.argsort(values, kind="stable")
    reached, ordered = np.cumsum(weights[order]), values[order]
    place = share * (reached[-1] - 1.0)
    low, part = np.floor(place + 1e-9), place - np.floor(place + 1e-9)
    first, second = np.searchsorted(reached, (low, low + 1.0), side="right")
    last = len(ordered) - 1
    a, b = float(ordered[min(first, last)]), float(ordered[min(second, last)])
    return a + max(float(part), 0.0) * (b - a)


def prediction_effects(
    rows: AnyVariables, variables: Any, weights: Floats
) -> tuple[list[Effect], tuple[str, ...]]:
    """Return predictions, one for each combination of values that variables are set to.

    And the names of these variables. Without any, the rows are predicted as they are.
    """
    if variables is None:
        return [Effect("", "", Quantity())], ()
    asked = read_names(rows, variables, "predictions")
    each = {name: _settings(rows, name, own, weights) for name, own in asked.items()}
    effects = []
    for chosen in product(*each.values()):
        values = tuple(zip(each, chosen, strict=True))
        changes = tuple((name, Change(value)) for name, value in values)
        effects.append(Effect("", "", Quantity(changes), None, values))
    return effects, tuple(each)


def _settings(rows: AnyVariables, name: str, asked: Any, weights: Floats) -> list[Any]:
    levels = rows.levels(name)
    if asked is not None:
        values = [asked] if isinstance(asked, (str, Real)) else list(asked)
        if not values:
            raise EffectError.contrast(name, asked, "at least one value")
        for value in values:
            if levels:
                check_level_seen(rows, name, value)  # type: ignore[arg-type]  # any level
            elif not _is_number(value):
                raise EffectError.contrast(name, asked, "numbers: [20, 30, 40]")
        return values
    if levels:
        return list(levels)
    observed = column_values(rows.columns[name])
    distinct = sorted(set(observed))
    if len(distinct) <= 5:
        return distinct
    numbers = rows.columns[name].numbers()
    return [weighted_quantile(numbers, weights, q) for q in (0.0, 0.25, 0.5, 0.75, 1.0)]


def _text(number: float) -> str:
    return f"{number:.6g}"
