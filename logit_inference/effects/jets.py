"""Effects as functions of the coefficients, with exact gradients and second derivatives.

Likelihood intervals look for coefficients far from the estimate, and Newton's method needs how an
effect bends on the way. A `Jet` is a value with both derivatives; sums of jets and functions of
them are jets again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from logit_inference.effects.moments import Weighting, bounds
from logit_inference.effects.quantities import Patch, Quantity, Rows, Written
from logit_inference.effects.scales import SCALES, Measure, Scale, curve, slope_curve
from logit_inference.rows.block import Floats

KEPT = 20_000_000  # numbers of rows that are written once and kept


@dataclass(frozen=True)
class Jet:
    """A value, its gradient (p,) and its matrix of second derivatives (p, p)."""

    value: float
    gradient: Floats
    second: Floats

    def through(self, scale: Scale) -> Jet:
        """Return a function of it."""
        at = np.array(self.value)
        with np.errstate(all="ignore"):
            value, first, second = (float(f(at)) for f in (scale.value, scale.first, scale.second))
        outer = np.outer(self.gradient, self.gradient)
        return Jet(value, first * self.gradient, first * self.second + second * outer)

    def plus(self, other: Jet, times: float = 1.0) -> Jet:
        """Return the sum with a multiple of another."""
        return Jet(
            self.value + times * other.value,
            self.gradient + times * other.gradient,
            self.second + times * other.second,
        )


@dataclass(frozen=True)
class Piece:
    """Some rows, written: those of X, what changes, weights, and values for elasticities."""

    written: Written
    patch: Patch | None
    weights: Floats
    values: Floats | None


def average_jet(
    rows: Rows, quantity: Quantity, kind: str, weighting: Weighting, group: int
) -> Callable[[Floats], Jet]:
    """Return the average of a quantity in a group, as a function of (p,) coefficients.

    Notes
    -----
    Rows are written once where that takes less than 160 MB, else at each evaluation.
    """
    weights = np.where(weighting.codes == group, weighting.weights, 0.0)
    total, p = float(weights.sum()), rows.n_columns
    used = [at for at in bounds(rows.n_rows, p) if weights[slice(*at)].any()]
    size = sum(stop - start for start, stop in used) * p
    kept = list(_pieces(rows, quantity, weights, used)) if size <= KEPT else None

    def evaluate(coef: Floats) -> Jet:
        """Return the effect with its derivatives at some coefficients."""
        value, gradient, second = 0.0, np.zeros(p), np.zeros((p, p))
        for piece in _pieces(rows, quantity, weights, used) if kept is None else kept:
            part = _piece_jet(piece, quantity, kind, coef)
            value += part.value
            gradient += part.gradient
            second += part.second
        return Jet(value / total, gradient / total, second / total)

    return evaluate


def effect_jet(
    rows: Rows,
    pair: tuple[Quantity, Quantity | None],
    measure: Measure,
    kind: str,
    weighting: Weighting,
    group: int,
) -> Callable[[Floats], Jet]:
    """Return an effect on its working scale, as a function of (p,) coefficients."""
    high = average_jet(rows, pair[0], kind, weighting, group)
    low = None if pair[1] is None else average_jet(rows, pair[1], kind, weighting, group)
    scale = SCALES[measure.inner]

    def evaluate(coef: Floats) -> Jet:
        found = high(coef).through(scale)
        return found if low is None else found.plus(low(coef).through(scale), -1.0)

    return evaluate


def combined_jet(
    effects: Sequence[Callable[[Floats], Jet]], weights: Floats, shown: str | None
) -> Callable[[Floats], Jet]:
    """Return a combination of effects: of what is shown, or on the working scale (None)."""

    def evaluate(coef: Floats) -> Jet:
        p = len(coef)
        total = Jet(0.0, np.zeros(p), np.zeros((p, p)))
        for effect, weight in zip(effects, weights.tolist(), strict=True):
            own = effect(coef)
            total = total.plus(own if shown is None else own.through(SCALES[shown]), weight)
        return total

    return evaluate


def _pieces(
    rows: Rows, quantity: Quantity, weights: Floats, used: Sequence[tuple[int, int]]
) -> Iterator[Piece]:
    for at in used:
        some = np.flatnonzero(weights[slice(*at)])
        written = rows.written(*at)
        patch: Patch | None = None
        if quantity.slope is not None:
            patch = rows.slopes(*at, quantity.slope)
        elif quantity.changes:
            patch = rows.changed(*at, dict(quantity.changes))
        values = None
        if quantity.slope is not None and quantity.elasticity in ("eyex", "dyex"):
            values = rows.numbers(*at, quantity.slope)[some]
        cut = Cut.of(written.X, written.offset, some)
        own = None if patch is None else CutPatch.of(patch, some)
        yield Piece(cut, own, weights[slice(*at)][some], values)


@dataclass(frozen=True)
class Cut:
    """Some of the rows that were written."""

    X: Floats
    offset: Floats | None

    @staticmethod
    def of(X: Floats, offset: Floats | None, some: np.ndarray) -> Cut:
        """Return the rows ``some``."""
        return Cut(X[some], None if offset is None else offset[some])


@dataclass(frozen=True)
class CutPatch:
    """Some of the rows of a patch."""

    columns: np.ndarray
    values: Floats
    offset: Floats | None

    @staticmethod
    def of(patch: Patch, some: np.ndarray) -> CutPatch:
        """Return the rows ``some``."""
        offset = None if patch.offset is None else patch.offset[some]
        values = patch.values if len(patch.values) == 1 else patch.values[some]
        return CutPatch(patch.columns, values, offset)


def _piece_jet(piece: Piece, quantity: Quantity, kind: str, coef: Floats) -> Jet:
    X, offset, w = piece.written.X, piece.written.offset, piece.weights
    if quantity.slope is None:
        if piece.patch is not None:
            X = X.copy()
            X[:, piece.patch.columns] = piece.patch.values
            offset = offset if piece.patch.offset is None else piece.patch.offset
        eta = X @ coef + (0.0 if offset is None else offset)
        value, first, second = curve(kind, eta, 2)
        return Jet(float(w @ value), (w * first) @ X, X.T @ ((w * second)[:, np.newaxis] * X))
    patch = piece.patch
    assert patch is not None, "a slope has one"
    D = np.zeros_like(X)
    D[:, patch.columns] = patch.values
    eta = X @ coef + (0.0 if offset is None else offset)
    rise = D @ coef + (0.0 if patch.offset is None else patch.offset)
    scaled = w if piece.values is None else w * piece.values
    factor, first, second = slope_curve(kind, quantity.elasticity, eta, 2)
    gradient = (scaled * first * rise) @ X + (scaled * factor) @ D
    cross = X.T @ ((scaled * first)[:, np.newaxis] * D)
    bend = X.T @ ((scaled * second * rise)[:, np.newaxis] * X)
    return Jet(float(scaled @ (factor * rise)), gradient, bend + cross + cross.T)
