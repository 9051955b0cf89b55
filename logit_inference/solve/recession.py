"""Whether the likelihood has a maximum at finite coefficients, decided exactly.

A direction d *separates* where no event has ``x'd < 0``, no non-event ``x'd > 0``, and some row is
strictly on its side: the log-likelihood then rises along d for ever. With ``z = x`` for events and
``z = −x`` for non-events these directions form the recession cone ``{d: z_i'd >= 0}``; a row with
events and non-events counts as both, so that ``x'd = 0``.

Some rows are separated by no direction of the cone: those of which a combination with positive
multipliers is zero, ``Σ y_i z_i = 0``. The cone lies in what is orthogonal to them, and splits all
other rows strictly at once. So the search alternates between Gordan's two systems
(`solve.alternative`) in a shrinking subspace V, which is all coefficients at first: a combination
that is zero takes the span of its rows out of V; a direction in V that is strictly positive on
every row not orthogonal to V ends the search, and lies in the relative interior of the cone.

Columns that separate their rows by themselves, such as those of empty cells, are taken out before
(`solve.peeling`). Rows are looked at in small working sets; a direction that suits them is tried on
all rows in one fold, which brings back the most violated (cutting planes). Nothing is said that has
not been verified in integers: floats are rationals, and the answer holds of the stored numbers
exactly. A
source of rows and its blocks is all that this file knows: offsets and the sizes of weights do not
matter, and which likelihood it is neither, as long as its tails are those of the logistic.

References
----------
Albert and Anderson (1984), *Biometrika* 71. Geyer (2009), *Electronic Journal of Statistics* 3.
Konis (2007), *Linear programming algorithms for detecting separated data*, D.Phil. thesis, Oxford.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from logit_inference.rows.block import Floats
from logit_inference.rows.product import Columns, magnitudes, matrix_times
from logit_inference.rows.source import Source
from logit_inference.solve import margins
from logit_inference.solve.cone import (
    MOST_COLUMNS,
    Cone,
    most_rows,
    peeled_ends,
    too_many,
    without_mixed_rows,
)
from logit_inference.solve.integers import (
    Integers,
    as_floats,
    coprime_columns,
    integer_rows,
    null_space,
)
from logit_inference.solve.peeling import Peeled, peeled

ORTHOGONAL = 1e-12  # of the terms of a sum: what is smaller is their rounding


@dataclass(frozen=True)
class Recession:
    """The recession cone of a log-likelihood, verified in integers.

    Parameters
    ----------
    exists : bool or None
        Whether some direction separates some rows; None where that was not decided.
    direction : (p,) array
        In the relative interior of the cone: it separates all rows that any direction does. Zero
        where none exists. The largest element has size one.
    whole : tuple of p int
        The same direction, exactly, times a positive number.
    span : (p, r) array
        A basis of the span of the cone. A combination of coefficients can be estimated where it is
        orthogonal to it.
    ends : (p,) array
        Where each coefficient goes along the cone: 0 where nowhere, inf, −inf, and NaN where the
        cone has directions of both signs.
    complete : bool
        Whether all rows that count are separated.
    n_separated, n_rows : int
        Rows that are separated, and rows that count.
    reason : str
        Why it was not decided; empty where it was.
    facets : (k, r) array or None
        Separated rows z that bound the cone, as combinations of its span; None where they are too
        many to keep.
    whole_span : p tuples of r int
        The basis of the span, exactly, its columns times positive numbers.
    separated : (n,) array of bool or None
        Which rows are separated, where that was decided in another basis of the columns; ``whole``
        and ``whole_span`` are empty then.
    """

    exists: bool | None
    direction: Floats
    whole: tuple[int, ...]
    span: Floats
    ends: Floats
    complete: bool
    n_separated: int
    n_rows: int
    reason: str = ""
    facets: Floats | None = None
    whole_span: tuple[tuple[int, ...], ...] = ()
    separated: NDArray[np.bool_] | None = None

    @property
    def n_directions(self) -> int:
        """Dimension r of the cone."""
        return int(self.span.shape[1])

    @property
    def estimable(self) -> NDArray[np.bool_]:
        """Which coefficients are constant along the cone, shape (p,)."""
        mask: NDArray[np.bool_] = self.ends == 0
        return mask

    def sides(self, X: Columns) -> Floats:
        """Return where the linear predictors of rows (m, p) go along the cone, shape (m,).

        0 where nowhere, 1 and −1 where to the same infinity for every direction that moves them,
        NaN where that depends on the direction, or was not found.
        """
        inside = matrix_times(X, self.span)
        terms = matrix_times(magnitudes(X), np.abs(self.span))
        with np.errstate(invalid="ignore"):
            inside[np.abs(inside) <= ORTHOGONAL * terms] = 0.0
        moved = (inside != 0).any(axis=1)
        sides = np.zeros(len(inside))
        sides[moved] = np.nan
        if isinstance(X, np.ndarray):  # of single coefficients it was decided in integers
            alone = moved & (np.count_nonzero(X, axis=1) == 1)
            column = np.argmax(X[alone] != 0, axis=1)
            sides[alone] = np.sign(X[alone, column]) * np.sign(self.ends[column])
            moved &= ~alone
        if self.facets is None:
            return sides
        known = moved & np.isfinite(inside).all(axis=1)
        signs = self._axes()
        if signs is not None:
            ahead = inside[known] * signs
            up, down = (ahead >= 0).all(axis=1), (ahead <= 0).all(axis=1)
            sides[known] = np.where(up, 1.0, np.where(down, -1.0, np.nan))
            return sides
        distinct, place = np.unique(inside[known], axis=0, return_inverse=True)
        found = [1.0 if self._bounds(a) else -1.0 if self._bounds(-a) else np.nan for a in distinct]
        sides[known] = np.array(found)[place.ravel()] if len(distinct) else 0.0
        return sides

    def _axes(self) -> Floats | None:
        """Return the signs (r,) of a cone that is all of these signs in its span, None of others.

        Each row that bounds it is other than zero in one direction only.
        """
        assert self.facets is not None
        used = self.facets != 0
        if not (used.sum(axis=1) == 1).all() or not used.any(axis=0).all():
            return None
        return np.asarray(np.sign(self.facets.sum(axis=0)))

    def _bounds(self, inside: Floats) -> bool:
        """Say whether a row is a sum of facets, so that no direction of the cone is against it."""
        from scipy.optimize import nnls

        assert self.facets is not None
        return bool(nnls(self.facets.T, inside / np.abs(inside).max())[1] <= 1e-9)

    def counted(self, source: Source, n_separated: int) -> Recession:
        """Return the same cone with the counts of another source, whose rows are not merged."""
        return replace(self, n_separated=n_separated, n_rows=source.fold(margins.count_rows).n)

    def spread(self, n_columns: int, kept: Sequence[int]) -> Recession:
        """Return the same cone among more columns, of which ``kept`` are its own."""
        zero, index = np.zeros(n_columns), list(kept)
        direction, ends, span = zero.copy(), zero.copy(), np.zeros((n_columns, self.span.shape[1]))
        direction[index], ends[index], span[index] = self.direction, self.ends, self.span
        whole = dict(zip(index, self.whole, strict=False))
        spans, none = dict(zip(index, self.whole_span, strict=False)), (0,) * span.shape[1]
        return replace(
            self,
            direction=direction,
            ends=ends,
            span=span,
            whole=tuple(whole.get(j, 0) for j in range(n_columns)),
            whole_span=tuple(spans.get(j, none) for j in range(n_columns)),
        )


def find_recession(
    source: Source, within: Integers | None = None, *, held: bool = False
) -> Recession:
    """Return the recession cone of the rows of a source that count.

    Parameters
    ----------
    source : Source
        Of p linearly independent columns.
    within : (p, r) array of int, optional
        A basis of a subspace that is known to hold the cone.
    held : bool
        Whether the subspace holds less than the cone: what of it is meant is what lies there.

    Returns
    -------
    Recession

    Notes
    -----
    Some passes over the rows, each of a few products; where the data are not separated, as a rule
    none, because a few hundred rows show it. Memory: the working set of some hundred rows. Time
    beside that: milliseconds up to ten columns, about a second for each round at fifty.

    Examples
    --------
    >>> from logit_inference.rows.block import Block
    >>> from logit_inference.rows.source import ArraySource
    >>> X = np.column_stack([np.ones(6), [1.0, 2, 3, 4, 5, 6]])
    >>> found = find_recession(ArraySource(Block(np.array([0.0, 0, 0, 1, 1, 1]), X)))
    >>> found.complete, found.ends.tolist()
    (True, [-inf, inf])
    >>> find_recession(ArraySource(Block(np.array([0.0, 0, 1, 0, 1, 1]), X))).exists
    False
    """
    p = source.n_columns
    n_rows = source.fold(margins.count_rows).n
    layers, cone = _searched(source, within, held)
    if cone is None:
        return _nothing(None, p, n_rows, too_many())
    inner = cone.interior()
    if inner is None and not layers.layers:
        return _nothing(False, p, n_rows)
    inner = np.zeros(p, dtype=object) if inner is None else inner
    direction, ends, whole = inner, cone.ends(inner), cone.space
    if layers.layers:
        direction, whole = layers.extended(source, inner), _beside(cone.space, layers.columns)
        ends[layers.free(p)] = math.nan
        ends, reason = peeled_ends(source, whole, direction, layers.columns, ends)
        if reason:
            return _nothing(None, p, n_rows, reason)
    separated = source.fold(margins.count_rows, whole).n
    span = np.column_stack([_largest_one(column) for column in whole.T])
    bounds = source.fold(margins.facets, whole, span, most_rows(whole))
    return Recession(
        True,
        _largest_one(direction),
        tuple(int(value) for value in direction),
        span,
        ends,
        separated == n_rows,
        separated,
        n_rows,
        facets=bounds.rows,
        whole_span=tuple(tuple(int(value) for value in row) for row in whole),
    )


def _searched(
    source: Source, within: Integers | None, held: bool = False
) -> tuple[Peeled, Cone | None]:
    """Return what is taken out before, and the search for the rest; None if that is too wide."""
    columns = np.arange(source.n_columns)
    layers = Peeled((), source, columns) if held else peeled(source)
    whole = _identity(source.n_columns)[:, layers.left]
    space = whole if within is None else _projected(within, layers.left)
    if space.shape[1] > MOST_COLUMNS:
        return layers, None
    return layers, Cone(layers.rest, without_mixed_rows(layers.rest, space))


def separable_rows(
    source: Source, within: Integers | None = None, *, held: bool = False
) -> tuple[NDArray[np.bool_], Floats] | None:
    """Return which rows (n,) the recession cone separates, and its span (p, r); None if undecided.

    Parameters
    ----------
    source, within, held
        As in `find_recession`, of which this is the part that takes no linear program for each
        coefficient.
    """
    layers, cone = _searched(source, within, held)
    if cone is None:
        return None
    cone.interior()
    space = _beside(cone.space, layers.columns)
    span = np.array([_largest_one(column) for column in space.T]).reshape(-1, len(space)).T
    return np.asarray(source.map(margins.is_moved, space), dtype=bool), span


def span_with(recession: Recession, matrix: Floats) -> Integers:
    """Return a basis (p, s) of what of the cone's span leaves ``matrix @ coef`` (k,) alone."""
    span = np.array(recession.whole_span, dtype=object).reshape(-1, recession.n_directions)
    moved = integer_rows(matrix) @ span
    if len(moved) == 1 and np.count_nonzero(moved[0]) <= 1:
        return np.asarray(span[:, moved[0] == 0])
    null, _ = null_space(moved)
    return coprime_columns(span @ null)


def separated_rows(source: Source, recession: Recession) -> NDArray[np.bool_]:
    """Return which rows of a source the cone separates, shape (n,); one pass.

    Rows that do not count are not separated.
    """
    if not recession.exists:
        return np.zeros(source.n_rows, dtype=bool)
    if recession.separated is not None:
        return recession.separated
    whole = np.array(recession.whole, dtype=object)
    return np.asarray(source.map(margins.is_separated, whole), dtype=bool)


def _nothing(exists: bool | None, p: int, n_rows: int, reason: str = "") -> Recession:
    zero = np.zeros(p)
    return Recession(exists, zero, (0,) * p, np.zeros((p, 0)), zero, False, 0, n_rows, reason)


def _identity(p: int) -> Integers:
    return np.array(np.eye(p, dtype=int), dtype=object)


def _largest_one(values: Integers) -> Floats:
    rounded = as_floats(values)
    largest: float = np.abs(rounded).max()
    return np.asarray(rounded / largest)


def _projected(space: Integers, left: NDArray[np.intp]) -> Integers:
    """Return a basis of a space's projection on some columns, zero in the others."""
    kept = np.zeros_like(space)
    kept[left] = space[left]
    if len(left) == len(space):
        return kept
    kept = kept[:, (kept != 0).any(axis=0)]
    if not kept.shape[1]:
        return kept
    _, independent = null_space(kept.T)
    return coprime_columns(kept[:, independent])


def _beside(space: Integers, columns: NDArray[np.intp]) -> Integers:
    """Return a basis of a space together with some unit vectors, which come first."""
    units = np.zeros((len(space), len(columns)), dtype=object)
    units[columns, np.arange(len(columns))] = 1
    return np.hstack([units, space])
