"""Averages of quantities over rows, with exact Jacobians, in one pass.

The derivative of a row's prediction ``h(x'b)`` by the coefficients is ``h'(x'b) x``, that of its
slope ``h'(x'b) d'b`` is ``h'' (d'b) x + h' d``, with d the derivative of the row by the variable.
Averages are sums ``X'a`` and ``D'a``, so that a Jacobian of K averages takes (K, p) numbers
however many rows there are.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from logit_inference.effects.quantities import Patch, Quantity, Rows, Written
from logit_inference.effects.scales import curve, slope_curve
from logit_inference.errors import EffectError
from logit_inference.inference.estimate import Estimate
from logit_inference.rows.block import Floats
from logit_inference.rows.levels import LevelSums

ELEMENTS = 1 << 18  # of X that are written at a time: two megabytes
FEWEST = 256


@dataclass(frozen=True)
class Weighting:
    """Which rows an average is over, and what they count.

    Parameters
    ----------
    weights : (n,) array
    codes : (n,) array of int
        The group of each row.
    n_groups : int
    """

    weights: Floats
    codes: NDArray[np.intp]
    n_groups: int

    @property
    def totals(self) -> Floats:
        """The sum of the weights of each group."""
        sums: Any = np.bincount(self.codes, self.weights, minlength=self.n_groups)
        return np.asarray(sums, dtype=np.float64)


@dataclass(frozen=True)
class Moments:
    """Averages of Q quantities in G groups, and their Jacobian.

    Parameters
    ----------
    value : (Q, G) array
    jacobian : (Q, G, p) array
        By the coefficients of X.
    touched : (Q, G) array of bool
        Whether an average holds a prediction that the data force to its limit, or that depends on
        a coefficient without a finite estimate.
    linear : (Q,) array of bool
        Which quantities are linear in the coefficients. They are never ``touched``: their values
        are without infinite coefficients, and their Jacobian tells whether these matter.
    """

    value: Floats
    jacobian: Floats
    touched: NDArray[np.bool_]
    linear: NDArray[np.bool_]


class Terms(NamedTuple):
    """A quantity at some rows, and its gradient: ``a`` times the row of X, ``b`` that of ``added``.

    In the row of X the columns of ``replaced`` have that one's values.
    """

    value: Floats
    a: Floats
    replaced: Patch | None
    b: Floats | None
    added: Patch | None
    touched: NDArray[np.bool_] | None

    def total(self, X: Floats, weights: Floats) -> Floats:
        """Return the weighted sum of the gradients, shape (p,)."""
        scaled = weights * self.a
        return self.patched(scaled @ X, scaled, weights)

    def patched(self, sums: Floats, scaled: Floats, weights: Floats) -> Floats:
        """Return sums over rows of X as those of the gradients."""
        if self.replaced is not None:
            sums[self.replaced.columns] = _times_rows(scaled, self.replaced.values)
        if self.added is not None and self.b is not None:
            sums[self.added.columns] += (weights * self.b) @ self.added.values
        return sums

    def gradients(self, X: Floats) -> Floats:
        """Return the gradient of each row, shape (m, p)."""
        rows = X * self.a[:, np.newaxis]
        if self.replaced is not None:
            columns = self.replaced.columns
            rows[:, columns] = self.replaced.values * self.a[:, np.newaxis]
        if self.added is not None and self.b is not None:
            rows[:, self.added.columns] += self.added.values * self.b[:, np.newaxis]
        return rows


def _times_rows(scaled: Floats, values: Floats) -> Floats:
    """Return the sum of rows times numbers (m,); rows that are all the same stand there once."""
    product: Floats = scaled.sum() * values[0] if len(values) == 1 else scaled @ values
    return product


def bounds(n_rows: int, n_columns: int) -> Iterator[tuple[int, int]]:
    """Yield where blocks of rows start and stop."""
    size = max(ELEMENTS // max(n_columns, 1), FEWEST)
    for start in range(0, n_rows, size):
        yield start, min(start + size, n_rows)


def finite_coefficients(estimate: Estimate) -> Floats:
    """Return the (p,) coefficients, zero for columns that the fit could not tell apart."""
    return np.nan_to_num(estimate.covariance.basis.coefficients(estimate.inner), nan=0.0)


@np.errstate(invalid="ignore", over="ignore")  # averages of infinite odds
def moments(
    rows: Rows,
    quantities: Sequence[Quantity],
    estimate: Estimate,
    kind: str,
    weighting: Weighting,
) -> Moments:
    """Return the averages of quantities in each group, and their exact Jacobian.

    Parameters
    ----------
    rows : Rows
    quantities : sequence of Q Quantity
    estimate : Estimate
    kind : {"response", "link", "odds"}
    weighting : Weighting

    Raises
    ------
    EffectError
        Where a change breaks a relation among columns that held in the fit.

    Notes
    -----
    One pass: the columns are written once, and for each quantity those again that its variable
    touches. Memory: a block of two megabytes, and Q·G·p numbers.
    """
    Q, G, p = len(quantities), weighting.n_groups, rows.n_columns
    value, jacobian = np.zeros((Q, G)), np.zeros((Q, G, p))
    touched = np.zeros((Q, G), dtype=bool)
    coef = finite_coefficients(estimate)
    for start, stop in bounds(rows.n_rows, p):
        written = rows.written(start, stop)
        w, codes = weighting.weights[start:stop], weighting.codes[start:stop]
        parts = Parts(written, coef)
        found = [
            row_terms(rows, (start, stop), parts, quantity, kind, estimate)
            for quantity in quantities
        ]
        if G == 1:
            scaled = np.array([w * terms.a for terms in found])
            sums = scaled @ written.X
            for q, terms in enumerate(found):
                value[q, 0] += _dot(w, terms.value)
                jacobian[q, 0] += terms.patched(sums[q], scaled[q], w)
        else:
            own = LevelSums(stop - start)
            for q, terms in enumerate(found):
                value[q] += own.of(codes, _weighted(w, terms.value), G)
                jacobian[q] += _grouped(own, codes, terms, written.X, w, G)
        for q, terms in enumerate(found):
            if terms.touched is not None:
                touched[q, codes[terms.touched & (w > 0)]] = True
    totals = weighting.totals
    with np.errstate(invalid="ignore", divide="ignore"):
        linear = np.array([is_linear(kind, quantity) for quantity in quantities], dtype=bool)
        return Moments(value / totals, jacobian / totals[:, np.newaxis], touched, linear)


def _dot(w: Floats, values: Floats) -> float:
    return float(_weighted(w, values).sum()) if not w.all() else float(w @ values)


def _weighted(w: Floats, values: Floats) -> Floats:
    """Return values times weights; a row without weight counts nothing, whatever its value."""
    with np.errstate(invalid="ignore"):
        return np.where(w > 0, w * values, 0.0)


def _grouped(
    own: LevelSums, codes: NDArray[np.intp], terms: Terms, X: Floats, w: Floats, n_groups: int
) -> Floats:
    """Return the sums of gradients by group, shape (G, p)."""
    scaled = w * terms.a
    sums = own.of(codes, scaled, n_groups, X)
    if terms.replaced is not None:
        values = terms.replaced.values
        if len(values) == 1:
            sums[:, terms.replaced.columns] = own.of(codes, scaled, n_groups)[:, None] * values
        else:
            sums[:, terms.replaced.columns] = own.of(codes, scaled, n_groups, values)
    if terms.added is not None and terms.b is not None:
        more = own.of(codes, w * terms.b, n_groups, terms.added.values)
        sums[:, terms.added.columns] += more
    return sums


def is_linear(kind: str, quantity: Quantity) -> bool:
    """Say whether a quantity is linear in the coefficients: of the link, or of its logarithm."""
    logarithm = quantity.slope is not None and quantity.elasticity in ("eyex", "eydx")
    return kind == ("odds" if logarithm else "link")


# --- rows -----------------------------------------------------------------------------------------


@np.errstate(invalid="ignore")  # infinite linear predictors times what does not move
def row_terms(
    rows: Rows,
    at: tuple[int, int],
    parts: Parts,
    quantity: Quantity,
    kind: str,
    estimate: Estimate,
) -> Terms:
    """Return a quantity and its gradient at some rows."""
    written = parts.written
    if quantity.slope is not None:
        return _slope_terms(rows, at, parts, quantity, kind, estimate)
    patch = rows.changed(*at, dict(quantity.changes)) if quantity.changes else None
    eta = parts.eta if patch is None else parts.patched(patch)
    sides = _sides(estimate, written.X, patch, [name for name, _ in quantity.changes])
    touched = None
    if sides is not None and not is_linear(kind, quantity):
        touched = sides != 0
        eta = np.where(touched, sides * np.inf, eta)
    value, first = curve(kind, eta, 1)
    if touched is not None:
        first = np.where(touched, 0.0, first)
    return Terms(value, first, patch, None, None, touched)


def _slope_terms(
    rows: Rows,
    at: tuple[int, int],
    parts: Parts,
    quantity: Quantity,
    kind: str,
    estimate: Estimate,
) -> Terms:
    name, written, eta, coef = str(quantity.slope), parts.written, parts.eta, parts.coef
    patch = rows.slopes(*at, name)
    rise = patch.values @ coef[patch.columns]
    if patch.offset is not None:
        rise = rise + patch.offset
    factor, first = slope_curve(kind, quantity.elasticity, eta, 1)
    along = rise
    if quantity.elasticity in ("eyex", "dyex"):
        x = rows.numbers(*at, name)
        factor, first = factor * x, first * x
        along = rise * x
    touched, value = None, factor * rise
    sides = bent = _sides(estimate, written.X, None, [name])
    if sides is not None or estimate.relations:
        D = np.zeros_like(written.X)
        D[:, patch.columns] = patch.values
        bent = _sides(estimate, D, None, [name])
    if sides is not None and bent is not None and not is_linear(kind, quantity):
        touched = (sides != 0) | (bent != 0)
        forced = _forced_slopes(kind, quantity.elasticity, sides, bent, (factor, along))
        value = np.where(touched, forced, value)
        factor, first = np.where(touched, 0.0, factor), np.where(touched, 0.0, first)
    return Terms(value, first * rise, None, factor, patch, touched)


def _forced_slopes(
    kind: str, elasticity: str, sides: Floats, bent: Floats, parts: tuple[Floats, Floats]
) -> Floats:
    """Return the limits of slopes at rows whose linear predictor or its slope is infinite.

    Where a probability is forced, its curve is flat, which outweighs a slope that grows along with
    it; its logarithm is flat at one, and at zero has the slope of the linear predictor. Where only
    the slope goes to infinity, so does the effect. NaN where it may go to different limits.
    """
    factor, along = parts  # of the curve, and of the linear predictor in units of the variable
    endless = np.sign(factor) * bent * np.inf
    steep = np.where(sides == 0, endless, np.nan)
    if kind == "response":
        if elasticity in ("dydx", "dyex"):
            return np.where(np.abs(sides) == 1, 0.0, steep)
        at_zero = np.where(bent == 0, along, endless)
        return np.where(sides == 1, 0.0, np.where(sides == -1, at_zero, steep))
    if kind == "odds":
        at_infinity = np.where(bent == 0, np.sign(along) * np.inf, endless)
        return np.where(sides == 1, at_infinity, np.where(sides == -1, 0.0, steep))
    return np.where((sides != 0) & (bent == 0), 0.0, steep)


def _link(written: Written, coef: Floats) -> Floats:
    eta: Floats = written.X @ coef
    if written.offset is None:
        return eta
    return eta + (written.offset if eta.ndim == 1 else written.offset[:, np.newaxis])


class Parts:
    """Linear predictors of some rows, and of columns that changes replace, each computed once.

    Shape (m,), or (m, B) for B coefficient vectors (p, B).
    """

    def __init__(self, written: Written, coef: Floats) -> None:
        self.written, self.coef = written, coef
        self.eta = _link(written, coef)
        self._known: dict[bytes, Floats] = {}

    def patched(self, patch: Patch) -> Floats:
        """Return the linear predictors with some columns, and perhaps the offset, replaced."""
        columns, key = patch.columns, patch.columns.tobytes()
        if key not in self._known:
            self._known[key] = self.written.X[:, columns] @ self.coef[columns]
        moved: Floats = self.eta + (patch.values @ self.coef[columns] - self._known[key])
        if patch.offset is None:
            return moved
        shift = patch.offset - (0.0 if self.written.offset is None else self.written.offset)
        return moved + (shift if moved.ndim == 1 else shift[:, np.newaxis])


def _sides(
    estimate: Estimate, X: Floats, patch: Patch | None, names: Sequence[str]
) -> Floats | None:
    """Return where rows go along the cone of infinite coefficients; None where there is none.

    Raises
    ------
    EffectError
        Where a row breaks a relation among columns.
    """
    recession, relations = estimate.recession, estimate.relations
    if recession is None and not relations:
        return None
    if patch is not None:
        X = X.copy()
        X[:, patch.columns] = patch.values
    finite = estimate.finite
    for column, relation in relations.items():
        if finite[column]:
            contrast = -relation.weights
            contrast[column] = 1.0
            terms = np.abs(X) @ np.abs(contrast)
            if (np.abs(X @ contrast) > 1e-8 * (terms + relation.size)).any():
                raise EffectError.not_determined(estimate.names[column], list(names))
    return None if recession is None else recession.sides(X)


# --- many coefficients at once --------------------------------------------------------------------


def averages(
    rows: Rows,
    quantities: Sequence[Quantity],
    coef: Floats,
    kind: str,
    codes: NDArray[np.intp],
    n_groups: int,
    weights: Floats,
) -> Floats:
    """Return the averages (B, Q, G) of quantities for B coefficient vectors; one pass.

    Parameters
    ----------
    coef : (B, p) array
        Finite.
    codes : (n,) array of int
    weights : (n,) array, or (B, n) array of each one's own
    """
    B, Q = len(coef), len(quantities)
    sums = np.zeros((Q, n_groups, B))
    totals = np.zeros((n_groups, B if weights.ndim == 2 else 1))
    size = max(ELEMENTS // max(rows.n_columns, B), FEWEST // 4)
    for start in range(0, rows.n_rows, size):
        at = (start, min(start + size, rows.n_rows))
        parts, own = Parts(rows.written(*at), coef.T), codes[slice(*at)]
        w: Any = weights[..., slice(*at)].T
        w = np.ascontiguousarray(w if w.ndim == 2 else w[:, np.newaxis])
        by_level, ones = LevelSums(len(own)), np.ones(len(own))
        totals += by_level.of(own, ones, n_groups, w)
        for q, quantity in enumerate(quantities):
            values = w * _values(rows, at, parts, quantity, kind)
            sums[q] += by_level.of(own, ones, n_groups, values)
    with np.errstate(invalid="ignore", divide="ignore"):
        found: Floats = np.moveaxis(sums / totals, 2, 0)
    return found


def _values(
    rows: Rows,
    at: tuple[int, int],
    parts: Parts,
    quantity: Quantity,
    kind: str,
) -> Floats:
    """Return a quantity at some rows (m, B) for B coefficient vectors (p, B)."""
    eta, coef = parts.eta, parts.coef
    if quantity.slope is None:
        if quantity.changes:
            eta = parts.patched(rows.changed(*at, dict(quantity.changes)))
        return curve(kind, eta, 0)[0]
    patch = rows.slopes(*at, quantity.slope)
    rise = patch.values @ coef[patch.columns]
    if patch.offset is not None:
        rise = rise + patch.offset[:, np.newaxis]
    value = slope_curve(kind, quantity.elasticity, eta, 0)[0] * rise
    if quantity.elasticity in ("eyex", "dyex"):
        value *= rows.numbers(*at, quantity.slope)[:, np.newaxis]
    found: Floats = value
    return found
