"""Which columns the data can tell apart, and in which basis to solve for them.

Columns that are exact linear combinations of earlier ones are dropped in formula order: sequential,
not pivoted, so that which one goes does not depend on the data's scale (the convention of R's
``lm`` and ``glm``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.linalg.lapack import dtrtri

from logit_inference.errors import RankError
from logit_inference.likelihood.evaluation import Evaluation
from logit_inference.rows.basis import Basis, in_basis
from logit_inference.rows.block import Floats
from logit_inference.rows.coded import Layout
from logit_inference.rows.source import Source
from logit_inference.solve.elimination import Limits, eliminate
from logit_inference.solve.factor import (
    column_reach,
    column_triangle,
    factorize,
    number_triangle,
)

# A column is dependent where what is left of it, after projection on the earlier ones, is below
# this fraction of its length. R's glm uses the same: min(1e-7, epsilon/1000) with epsilon 1e-8.
DEPENDENT = 1e-11
# Or where it is below the rounding of the terms that cancel in it: a column of mean 1e6 less its
# mean is that column and a constant, to the ten digits that the subtraction left.
CANCELLED = 256 * np.finfo(float).eps
SUSPECT = 1e-3  # of a column's length: above this nothing can have cancelled that far
# Above this condition of the scaled information, steps from summed cross-products lose ten of
# their sixteen digits: the fit changes to a nearly orthonormal basis.
ILL_CONDITIONED = 1e10
# Squares of numbers beyond this, or below its inverse, leave the range of doubles.
LARGEST = 1e153
# A column is nearly in the span of earlier ones where a coordinate there is this many times what
# is left of it: centring a column of mean 30 and standard deviation 1 gains nothing, of mean 1e5
# five digits.
NEARLY_INSIDE = 30.0


@dataclass(frozen=True)
class Relation:
    """A column that cannot be estimated, as a combination of columns that can.

    Parameters
    ----------
    weights : (p,) array
        Of the combination.
    size : float
        Root mean square of the column: what is small beside it is rounding.
    """

    weights: Floats
    size: float


@dataclass(frozen=True)
class Rank:
    """The basis to solve in and the relations among columns.

    Parameters
    ----------
    basis : Basis
    relations : mapping of column number to Relation
        For each column that cannot be estimated.
    n_passes : int
        Folds over the columns that it took to find out.
    """

    basis: Basis
    relations: Mapping[int, Relation]
    n_passes: int


def find_rank(source: Source, start: Evaluation) -> Rank:
    """Return the columns that can be estimated, the others' relations, and the basis to solve in.

    Parameters
    ----------
    source : Source
    start : Evaluation
        At the start of the iteration. It decides nothing but whether to look closer.

    Raises
    ------
    RankError
        Where every column is zero, or numbers are too large or small to be squared.

    Notes
    -----
    Costs nothing where the information at the start is well conditioned, which proves full rank.
    Otherwise one fold of a QR factor, 2np² operations.
    """
    p = source.n_columns
    factor = factorize(start.upper)
    if factor is not None and factor.condition_within(ILL_CONDITIONED):
        return Rank(Basis.identity(p), {}, 0)
    if source.layout is not None:
        return _coded_rank(source, source.layout)
    upper = _square(source.fold(column_triangle).upper)
    _check_extreme(np.abs(upper).max(axis=0, initial=0.0))
    per_row = 1.0 / np.sqrt(source.n_rows)
    lengths = np.linalg.norm(upper, axis=0)
    kept, triangle, combinations = _sequential(upper)
    relations = {j: Relation(w, float(lengths[j] * per_row)) for j, w in combinations.items()}
    if not kept:
        raise RankError.nothing()
    return Rank(Basis(p, tuple(kept), _orthogonalizer(triangle)), relations, 1)


def _coded_rank(source: Source, layout: Layout) -> Rank:
    """Return the same for coded columns: by elimination, and a basis that combines numbers only."""
    _check_extreme(source.fold(column_reach).values)
    found = eliminate(source, Limits(SUSPECT, DEPENDENT, CANCELLED))
    per_row = 1.0 / np.sqrt(source.n_rows)
    relations = {
        j: Relation(weights, float(found.lengths[j] * per_row))
        for j, weights in found.relations.items()
    }
    if not found.kept:
        raise RankError.nothing()
    matrix = number_basis(in_basis(source, Basis(source.n_columns, tuple(found.kept))))
    return Rank(Basis(source.n_columns, tuple(found.kept), matrix), relations, 2)


def number_basis(source: Source, limit: float = ILL_CONDITIONED) -> Floats | None:
    """Return a matrix that makes the numeric ones among coded columns well conditioned.

    Unit upper triangular, (p, p); None where their condition is within the limit. One cheap pass.
    """
    layout = source.layout
    if layout is None:
        return None
    own = np.flatnonzero(layout.places >= 0)
    own = own[np.argsort(layout.places[own])]
    if not len(own):
        return None
    triangle = _square(source.fold(number_triangle, own).upper)
    inner = _orthogonalizer(triangle, limit)
    if inner is None:
        return None
    matrix = np.eye(source.n_columns)
    matrix[np.ix_(layout.places[own], layout.places[own])] = inner
    return matrix


def _check_extreme(largest: Floats) -> None:
    extreme = (largest > LARGEST) | ((largest < 1 / LARGEST) & (largest > 0))
    if extreme.any():
        raise RankError.extreme(int(np.argmax(extreme)), float(largest[extreme][0]))


def _square(upper: Floats) -> Floats:
    """Return a triangular factor of fewer rows than columns with rows of zeros below."""
    p = upper.shape[1]
    square = np.zeros((p, p))
    square[: upper.shape[0]] = upper
    return square


def _sequential(work: Floats) -> tuple[list[int], Floats, dict[int, Floats]]:
    """Return kept columns, their triangular factor, and the relations, by Householder steps."""
    p = work.shape[1]
    lengths = np.linalg.norm(work, axis=0)
    kept: list[int] = []
    relations: dict[int, Floats] = {}
    for j in range(p):
        r = len(kept)
        left = float(np.linalg.norm(work[r:, j]))
        if left <= SUSPECT * lengths[j]:
            weights = np.zeros(p)
            if r:
                weights[kept] = np.linalg.solve(np.triu(work[:r, kept]), work[:r, j])
            terms = np.abs(weights) * lengths
            if left <= max(DEPENDENT * lengths[j], CANCELLED * terms.sum()):
                # A term that is rounding beside the largest is not part of the relation.
                weights[terms <= DEPENDENT * terms.max(initial=0.0)] = 0.0
                relations[j] = weights
                continue
        reflector = work[r:, j].copy()
        reflector[0] += np.copysign(left, reflector[0])
        reflector /= np.linalg.norm(reflector)
        work[r:, j:] -= 2.0 * np.outer(reflector, reflector @ work[r:, j:])
        kept.append(j)
    return kept, np.triu(work[: len(kept), kept]), relations


def _orthogonalizer(triangle: Floats, limit: float = ILL_CONDITIONED) -> Floats | None:
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


def relation_text(
    names: Sequence[str], column: int, relation: Relation, constant: int | None
) -> str:
    """Return a relation among columns as people write it; ``constant`` is the column of ones.

    Examples
    --------
    >>> names, relation = ["Intercept", "d1", "d2", "d3"], Relation(np.array([1.0, -1, -1, 0]), 0.5)
    >>> relation_text(names, 3, relation, 0)
    'd3 = 1 - d1 - d2'
    """
    text = ""
    for j, (name, value) in enumerate(zip(names, relation.weights, strict=True)):
        if value == 0.0:
            continue
        size = f"{abs(value):.6g}"
        factor = "" if size == "1" else f"{size}*"
        part = size if j == constant else factor + name
        sign = "-" if value < 0 else "+"
        text += f" {sign} {part}" if text else (f"-{part}" if value < 0 else part)
    return f"{names[column]} = {text or '0'}"
