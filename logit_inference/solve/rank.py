"""Which columns the data can tell apart, and in which basis to solve for them.

Columns that are exact linear combinations of earlier ones are dropped in formula order: sequential,
not pivoted, so that which one goes does not depend on the data's scale (the convention of R's
``lm`` and ``glm``).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.linalg import solve_triangular

from logit_inference.errors import RankError
from logit_inference.likelihood.evaluation import Evaluation, Tally
from logit_inference.likelihood.likelihood import BlockKernel
from logit_inference.records import made_fast
from logit_inference.rows.basis import Basis, in_basis
from logit_inference.rows.block import Block, Floats
from logit_inference.rows.centring import Centring
from logit_inference.rows.coded import MOST_ROWS, Layout
from logit_inference.rows.lengths import squared_lengths
from logit_inference.rows.source import Source
from logit_inference.solve.condition import (
    condition_numbers,
    is_resolved,
    orthogonalizer,
    score_growth,
    square,
)
from logit_inference.solve.elimination import Limits, cross_product, eliminate
from logit_inference.solve.factor import Factor, column_reach, factorize
from logit_inference.solve.margins import present_columns
from logit_inference.solve.triangle import Triangle, column_triangle

LIMITS = Limits(
    suspect=1e-3,
    # R's glm uses the same: min(1e-7, epsilon/1000) with epsilon 1e-8.
    dependent=1e-11,
    # A column of mean 1e6 less its mean is that column and a constant, to the ten digits that the
    # subtraction left.
    cancelled=256 * float(np.finfo(float).eps),
    negligible=1e-8,
)
# Above this condition of the scaled information the rounding of the score shows (see
# `condition_limit`): the fit changes to a nearly orthonormal basis.
ILL_CONDITIONED = 1e8
SUMMED_AT_ONCE = 30_000  # rows: of more, sums of blocks are summed, which round less often
# Coded columns that no centring conditions are written out, block by block, where their condition
# is above this, where a block has no more elements and all rows no more products than this.
RAW_IS_ENOUGH = 1e8
MOST_ELEMENTS, MOST_PRODUCTS = 1 << 24, 3e10
# Squares of numbers beyond this, or below its inverse, leave the range of doubles.
LARGEST = 1e153


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


@made_fast
@dataclass(frozen=True, slots=True)
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


def condition_limit(source: Source, counts: Tally) -> float:
    """Return the condition above which columns call for another basis.

    The rounding of a score, in standard errors, is at most about ``eps · sqrt(condition · trials)``
    (see `score_growth`): sums cancel in proportion to the first, and standard errors shrink with
    the second; of many rows, whose blocks are summed apart, it grows with the fourth root of their
    number only. The limit leaves 4e-10 of that. Measured on columns that are off centre, nearly
    equal, sums of others or mixtures of all, errors are 0.002 to 0.6 of it, and up to 1.3 where
    rows are in the order of the outcome, off centre. Coded columns are centred by a rule of their
    own (see `condition_numbers`).

    Parameters
    ----------
    source : Source
    counts : Tally
        Of its rows.
    """
    if source.layout is not None:
        return ILL_CONDITIONED
    rows = math.sqrt(SUMMED_AT_ONCE * max(source.n_rows, SUMMED_AT_ONCE))
    return ILL_CONDITIONED * rows / counts.trials


def shows_score(source: Source, factor: Factor, limit: float) -> bool:
    """Say whether sums over the rows of a source show the score to what such a limit asks for.

    Of coded columns the condition is enough: they may be thousands, and have their own rule.
    """
    if factor.condition_within(limit):
        return True
    return source.layout is None and score_growth(factor) <= limit


def find_rank(
    source: Source,
    start: Evaluation,
    limit: float = ILL_CONDITIONED,
    within: BlockKernel | None = None,
    factor: Factor | None = None,
    by_score: bool = False,
) -> Rank:
    """Return the columns that can be estimated, the others' relations, and the basis to solve in.

    Parameters
    ----------
    source : Source
    start : Evaluation
        At the start of the iteration. It decides nothing but whether to look closer.
    limit : float
        Condition of the scaled information above which the basis changes.
    within : callable, optional
        Returns what of a block's rows tells columns apart, where it is not these rows themselves
        (see `Likelihood`).
    factor : Factor, optional
        Of that evaluation's information, where it is at hand.
    by_score : bool
        Whether the limit is on what rounding does to the score of plain columns, and to nothing
        else (see `condition_limit`).

    Raises
    ------
    RankError
        Where every column is zero, or numbers are too large or small to be squared.

    Notes
    -----
    Costs nothing where the information at the start is well conditioned, which proves full rank.
    Otherwise one fold of a QR factor, 2np² operations; for coded columns see `eliminate` and
    `condition_numbers`.
    """
    p, layout = source.n_columns, source.layout
    if factor is None:
        factor = factorize(start.upper)
    if factor is not None:
        shown = shows_score(source, factor, limit) if by_score else factor.condition_within(limit)
        factor = factor if shown else None
    if layout is None:
        if factor is not None:
            return Rank(Basis.identity(p), {}, 0)
        return _plain_rank(source, limit, within)
    if factor is not None and is_resolved(factor):
        return Rank(Basis.identity(p), {}, 0)
    if factor is None:
        beside = _beside_empty(source, start, limit)
        if beside is not None:
            return beside
    if factor is not None:
        centring = condition_numbers(source, layout, start.upper)
        found = Rank(Basis(p, tuple(range(p)), centring), {}, 1)
    else:
        found = _coded_rank(source, layout)
    n = source.n_rows
    affordable = min(n, MOST_ROWS) * p <= MOST_ELEMENTS and n * p * p <= MOST_PRODUCTS
    if not affordable or _is_sound(source, found):
        return found
    plain = _plain_rank(source, RAW_IS_ENOUGH)
    best = found if plain.basis.matrix is None else plain
    return replace(best, n_passes=found.n_passes + 2)


def _beside_empty(source: Source, start: Evaluation, limit: float) -> Rank | None:
    """Return the rank where some columns are zero and the others well conditioned, else None.

    Levels without rows are such columns. One pass.
    """
    p, present = source.n_columns, present_columns(source)
    if present.all() or not present.any():
        return None
    kept = np.flatnonzero(present)
    factor = factorize(start.upper[np.ix_(kept, kept)])
    if factor is None or not factor.condition_within(limit) or not is_resolved(factor):
        return None
    relations = {int(j): Relation(np.zeros(p), 0.0) for j in np.flatnonzero(~present)}
    return Rank(Basis(p, tuple(kept.tolist())), relations, 1)


def _plain_rank(source: Source, limit: float, within: BlockKernel | None = None) -> Rank:
    """Return the rank by a QR factor; in a basis of plain columns, if their condition needs one."""
    upper = square(source.fold(_triangle, within).upper)
    _check_extreme(np.abs(upper).max(axis=0, initial=0.0))
    per_row = 1.0 / np.sqrt(source.n_rows)
    lengths = np.linalg.norm(upper, axis=0)
    kept, triangle, combinations = sequential_rank(upper)
    relations = {j: Relation(w, float(lengths[j] * per_row)) for j, w in combinations.items()}
    if not kept:
        raise RankError.nothing()
    matrix = orthogonalizer(triangle, limit)
    return Rank(Basis(source.n_columns, tuple(kept), matrix), relations, 1)


def _triangle(block: Block, within: BlockKernel | None) -> Triangle:
    return column_triangle(block if within is None else within(block))


def sequential_rank(work: Floats) -> tuple[list[int], Floats, dict[int, Floats]]:
    """Return kept columns, their triangular factor, and the relations, by Householder steps."""
    p = work.shape[1]
    whole, lengths = work.copy(), np.linalg.norm(work, axis=0)
    kept: list[int] = []
    relations: dict[int, Floats] = {}
    for j in range(p):
        r = len(kept)
        left = float(np.linalg.norm(work[r:, j]))
        if left <= LIMITS.suspect * lengths[j]:
            weights = np.zeros(p)
            if r:
                weights[kept] = solve_triangular(work[:r, kept], work[:r, j], check_finite=False)
            allowed = LIMITS.allowed(weights, lengths, j)
            if left <= allowed:
                full, bare = LIMITS.without_rounding(weights, lengths)
                fits = np.linalg.norm(whole[:, j] - whole @ bare) <= allowed
                relations[j] = bare if fits else full
                continue
        reflector = work[r:, j].copy()
        reflector[0] += np.copysign(left, reflector[0])
        reflector /= np.linalg.norm(reflector)
        work[r:, j:] -= 2.0 * np.outer(reflector, reflector @ work[r:, j:])
        kept.append(j)
    return kept, np.triu(work[: len(kept), kept]), relations


def _check_extreme(largest: Floats) -> None:
    extreme = (largest > LARGEST) | ((largest < 1 / LARGEST) & (largest > 0))
    if extreme.any():
        raise RankError.extreme(int(np.argmax(extreme)), float(largest[extreme][0]))


# --- coded columns --------------------------------------------------------------------------------


def _coded_rank(source: Source, layout: Layout) -> Rank:
    """Return the rank by cross-products, with numbers centred where that conditions the columns.

    The cross-product may prove full rank, if need be that of the centred columns. Otherwise columns
    are eliminated in formula order.
    """
    p = source.n_columns
    _check_extreme(source.fold(column_reach).values)
    upper, n_passes = source.fold_runs(cross_product).values, 2
    factor = factorize(upper)
    if factor is not None and is_resolved(factor):
        return Rank(Basis.identity(p), {}, n_passes)
    centring = condition_numbers(source, layout, upper)
    if centring is not None:
        basis = Basis(p, tuple(range(p)), centring)
        n_passes += 2
        factor = factorize(in_basis(source, basis).fold_runs(cross_product).values)
        if factor is not None and _are_independent(factor, np.sqrt(upper.diagonal()), centring):
            return Rank(basis, {}, n_passes)
    found = eliminate(source, layout, upper, LIMITS)
    if not found.kept:
        raise RankError.nothing()
    per_row = 1.0 / np.sqrt(source.n_rows)
    relations = {
        j: Relation(weights, float(found.lengths[j] * per_row))
        for j, weights in sorted(found.relations.items())
    }
    basis = Basis(p, tuple(found.kept))
    rows = in_basis(source, basis)
    upper, n_passes = rows.fold_runs(cross_product).values, n_passes + found.n_passes + 1
    factor = factorize(upper)
    if factor is None or not is_resolved(factor):
        centring = condition_numbers(rows, layout.keep(found.kept), upper)
        basis, n_passes = Basis(p, tuple(found.kept), centring), n_passes + 1
    return Rank(basis, relations, n_passes)


def _is_sound(source: Source, rank: Rank) -> bool:
    """Say whether columns in their basis are well enough conditioned; one pass."""
    factor = factorize(in_basis(source, rank.basis).fold_runs(cross_product).values)
    return factor is not None and is_resolved(factor)


def _are_independent(factor: Factor, lengths: Floats, centring: Centring) -> bool:
    """Say whether far more is left of each column than would count as a combination of others.

    ``factor`` is that of the cross-product of the columns centred, ``lengths`` are those of the
    columns as they were.
    """
    root = factor.inverse_root()
    if not is_resolved(factor, root):
        return False
    left = 1.0 / np.sqrt(squared_lengths(root))
    terms = lengths.copy()
    np.add.at(terms, centring.columns, np.abs(centring.values) * lengths[centring.rows])
    allowed = np.maximum(LIMITS.dependent * lengths, LIMITS.cancelled * terms)
    return bool((left > allowed / LIMITS.suspect).all())


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
