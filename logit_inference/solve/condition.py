"""How well conditioned columns are, and what makes them so.

Digits are lost where columns are multiplied out. How many shows in the inverse of the product
itself; what can be done is to take from columns what others already say.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.linalg.lapack import dtrtri

from logit_inference.rows.basis import Basis, in_basis
from logit_inference.rows.block import Floats
from logit_inference.rows.centring import Centring, constant_parts
from logit_inference.rows.coded import Integers, Layout, Part
from logit_inference.rows.lengths import squared_lengths
from logit_inference.rows.source import Source
from logit_inference.solve.factor import EPS, Factor, factorize
from logit_inference.solve.triangle import number_triangle

# Up to this condition of the scaled information nothing shows of its rounding, and no inverse is
# needed to know it.
WELL_CONDITIONED = 1e6
# Of `error_growth`: standard errors are right to about 3e-10 then.
GROWTH_ALLOWED = 5e6
# A column is nearly in the span of others where a coordinate there is this many times what is left
# of it: centring a column of mean 30 and standard deviation 1 gains nothing, of mean 1e5 five
# digits.
NEARLY_INSIDE = 30.0
# Condition of numbers among coded columns above which they are made nearly orthogonal.
ILL_CONDITIONED_NUMBERS = 1e6
# Of the constant and the factors: above this they depend on each other, and say nothing.
SPAN_CONDITION = 1e13
STRIP = 512  # columns of a large matrix that are copied at a time


def error_growth(factor: Factor, root: Floats) -> float:
    """Return how much of a relative rounding of the information shows in a variance, about.

    Parameters
    ----------
    factor : Factor
        Of the information A.
    root : (q, r) array
        B with ``V = B B' = A⁻¹``.

    Notes
    -----
    To first order V changes by ``V dA V`` where ``|dA| <= eps |A|`` element by element, and with
    ``s² = diag(V)`` that is at most ``s'|A|s`` times eps for every variance, as a fraction of it.
    Measured on factors of rare and of many levels, weights, and numbers of any mean, standard
    errors were off by at most 0.3 times eps times this. The condition of A exceeds it by far where
    there are many columns, none of which is nearly a combination of others. q² operations.
    """
    A = factor.matrix
    s = np.sqrt(squared_lengths(root))
    total = -float(np.square(s) @ A.diagonal())
    for start in range(0, len(A), STRIP):
        stop = min(start + STRIP, len(A))
        block = np.abs(np.triu(A[:stop, start:stop], -start))
        total += 2.0 * float(s[:stop] @ (block @ s[start:stop]))
    return total if np.isfinite(total) else np.inf


def is_resolved(factor: Factor, root: Floats | None = None) -> bool:
    """Say whether the information shows all variances to some nine digits.

    ``root`` is that of the inverse, if it is at hand.
    """
    if root is None and factor.condition_within(WELL_CONDITIONED):
        return True
    return error_growth(factor, factor.inverse_root() if root is None else root) <= GROWTH_ALLOWED


def score_growth(factor: Factor) -> float:
    """Return how much of a rounding of the score shows in an estimate, squared.

    The score of a column is off by some ``eps·√n`` times the root of its information. The inverse
    takes that to the estimates: in their standard errors, to at most the root of the condition
    times as much, and far less where columns are many. 3q³ operations, some columns at a time.
    """
    root = factor.inverse_root()
    root /= factor.scale[:, np.newaxis]
    variances, largest = squared_lengths(root), 0.0
    for start in range(0, len(root), STRIP):
        stop = start + STRIP
        spread = squared_lengths(root[start:stop] @ root.T)
        largest = max(largest, float((spread / variances[start:stop]).max()))
    return largest if np.isfinite(largest) else np.inf


# --- plain columns --------------------------------------------------------------------------------


def square(upper: Floats) -> Floats:
    """Return a triangular factor of fewer rows than columns with rows of zeros below."""
    p = upper.shape[1]
    whole = np.zeros((p, p))
    whole[: upper.shape[0]] = upper
    return whole


def orthogonalizer(triangle: Floats, limit: float) -> Floats | None:
    """Return a unit upper triangular matrix that makes columns well conditioned; None if they are.

    Only columns that nearly lie in the span of earlier ones are changed. The first attempt takes
    from each its part along the one earlier column that it is nearest to, as centring does; the
    second its part in the span of all; the last does so for every column. Each product costs its
    share of every pass, so the cheapest that will do is taken.
    """
    scale = 1.0 / np.linalg.norm(triangle, axis=0)
    scaled = triangle * scale
    inverse = np.triu(dtrtri(scaled)[0])
    if _condition(scaled, inverse) <= limit:
        return None
    one = np.eye(len(scaled))
    cosines = np.triu(scaled.T @ scaled, 1)
    nearest = np.abs(cosines).argmax(axis=0)
    along_nearest = one - np.where(nearest == np.arange(len(one))[:, np.newaxis], cosines, 0.0)
    orthogonal = inverse * np.diagonal(scaled)
    largest = np.abs(np.triu(scaled, 1)).max(axis=0)
    nearly_inside = largest > NEARLY_INSIDE * np.abs(np.diagonal(scaled))
    matrix = orthogonal
    for attempt in (along_nearest, orthogonal):
        changed = scaled @ np.where(nearly_inside, attempt, one)
        if _condition(changed / np.linalg.norm(changed, axis=0)) <= limit:
            matrix = np.where(nearly_inside, attempt, one)
            break
    result: Floats = np.ascontiguousarray(np.triu(scale[:, np.newaxis] * matrix / scale))
    np.fill_diagonal(result, 1.0)
    return result


def _condition(upper: Floats, inverse: Floats | None = None) -> float:
    """Return the condition of ``upper' upper``, 1-norms."""
    inverse = np.triu(dtrtri(upper)[0]) if inverse is None else inverse
    return float(np.linalg.norm(upper, 1) * np.linalg.norm(inverse, 1)) ** 2


# --- coded columns --------------------------------------------------------------------------------


def condition_numbers(rows: Source, layout: Layout, upper: Floats) -> Centring | None:
    """Return what to take from the numbers among coded columns; None where there is nothing.

    First what the constant and the factors say of them, then what they say of each other.

    Parameters
    ----------
    rows : Source
        Of q coded columns. Where some depend on others, there may be nothing.
    layout : Layout
        What they are made of.
    upper : (q, q) array
        Upper triangle of their cross-product, weighted or not: it decides what is subtracted, but
        not how accurately.

    Notes
    -----
    A Cholesky factor of the cross-product of the factors, and one pass over the numbers.
    """
    q = layout.n_columns
    if len(layout.places) == 1:
        return None
    centring = _take_factors(layout, upper)
    shown = layout
    if centring is not None:
        basis = Basis(q, tuple(range(q)), centring)
        rows, shown = in_basis(rows, basis), basis.layout(layout) or layout
    own = np.flatnonzero(shown.places >= 0)
    own = own[np.argsort(shown.places[own])]
    if not len(own):
        return centring
    triangle = square(rows.fold(number_triangle, own).upper)
    if not (np.abs(triangle.diagonal()) > EPS * np.linalg.norm(triangle, axis=0)).all():
        return None
    inner = orthogonalizer(triangle, ILL_CONDITIONED_NUMBERS)
    if inner is None:
        return centring
    places = shown.places[own]
    units = np.zeros((q, len(own)))
    units[places, np.arange(len(own))] = 1.0
    changed = (units if centring is None else centring @ units) @ inner
    changed[places, np.arange(len(own))] = 0.0
    at, number = np.nonzero(changed)
    elements = [(at, places[number], changed[at, number])]
    if centring is not None:
        others = ~np.isin(centring.columns, places)
        elements.append((centring.rows[others], centring.columns[others], centring.values[others]))
    return _gather(q, elements)


Elements = tuple[Integers, Integers, Floats]  # rows, columns and values of some elements


def _gather(size: int, elements: list[Elements]) -> Centring | None:
    rows, columns, values = (np.concatenate(arrays) for arrays in zip(*elements, strict=True))
    return Centring.of(size, rows, columns, values) if np.any(values) else None


def _take_factors(layout: Layout, upper: Floats) -> Centring | None:
    """Return what takes from numbers their projection on the constant and on the factors."""
    constant = [int(layout.places[0])] if layout.places[0] >= 0 else []
    indicators = [part.columns for part in layout.parts if not part.multiplier]
    span = np.sort(np.concatenate([np.array(constant, dtype=np.intp), *indicators]))
    numbers = layout.places[1:][layout.places[1:] >= 0]
    elements: list[Elements] = [_NOTHING]
    if not len(span):
        return None
    factor = factorize(upper[np.ix_(span, span)])
    if factor is None or not factor.condition_within(SPAN_CONDITION):
        return None
    if len(numbers):
        between = _elements(upper, span[:, np.newaxis], numbers)
        shares = factor.solve(between)
        inside = _is_inside(upper[numbers, numbers], (between * shares).sum(axis=0))
        taken = shares[:, inside]
        at, number = np.nonzero(taken)
        elements.append((span[at], numbers[inside][number], -taken[at, number]))
    for part in layout.parts:
        other = next(constant_parts(layout, part), None)
        if part.multiplier and other is not None:
            elements.append(_within_levels(layout, upper, part, other))
    return _gather(layout.n_columns, elements)


def _within_levels(layout: Layout, upper: Floats, part: Part, other: Part) -> Elements:
    """Return what centres the number that multiplies a part, within levels or, at contrasts, all.

    ``other`` is the same part without the number.
    """
    if part.levels is None or other.levels is None:
        if len(part.columns) != len(other.columns):
            return _NOTHING
        rows, columns = other.columns, part.columns
        products, counts = _elements(upper, rows, columns).sum(), upper[rows, rows].sum()
        inside = _is_inside(upper[columns, columns].sum(), products**2 / counts)
        values = np.full(len(rows), -products / counts) if inside else np.zeros(len(rows))
        return rows, columns, values
    place = np.full(layout.n_levels[part.factor], -1, dtype=np.intp)
    place[other.levels] = other.columns
    own = place[part.levels]
    rows, columns = own[own >= 0], part.columns[own >= 0]
    products, counts = _elements(upper, rows, columns), upper[rows, rows]
    squares = upper[columns, columns]
    elements = [(rows, columns, -products / counts)]
    explained = float((products**2 / counts).sum())
    first, constant = part.columns[own < 0], int(layout.places[0])
    if len(first) == 1 and len(other.columns) == len(place) - 1 and constant >= 0:
        # The level without an indicator is what the others leave of the constant.
        near = np.append(other.columns, constant)
        signs = np.append(np.ones(len(other.columns)), -1.0)
        count = upper[constant, constant] - _elements(upper, other.columns, constant).sum()
        product = float(_elements(upper, first, constant)[0])
        elements.append((near, np.full(len(near), first[0]), signs * (product / count)))
        explained += product**2 / count
        squares = np.append(squares, upper[first, first])
    if not _is_inside(float(squares.sum()), explained):
        return _NOTHING
    gathered = tuple(np.concatenate(arrays) for arrays in zip(*elements, strict=True))
    return gathered[0], gathered[1], gathered[2]


_NOTHING: Elements = (np.empty(0, np.intp), np.empty(0, np.intp), np.empty(0))


def _elements(upper: Floats, rows: Integers, columns: Integers | int) -> Floats:
    """Return elements of a symmetric matrix of which the upper triangle is known."""
    found: Floats = upper[np.minimum(rows, columns), np.maximum(rows, columns)]
    return found


def _is_inside(squares: Floats | float, explained: Floats | float) -> NDArray[np.bool_]:
    """Say where little is left of sums of squares, of which rounding may be all."""
    left = np.asarray(squares) - explained
    inside: NDArray[np.bool_] = ~(left * NEARLY_INSIDE**2 > squares)
    return inside
