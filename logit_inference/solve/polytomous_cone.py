"""The recession cone of separated classes, found and verified in integers.

It is that of the contrasts of the rows (`rows.contrasts`), in coefficients against the most
frequent class: an empty cell of another class is then a column that separates by itself, which
`solve.peeling` takes out. What is left may still be too many coefficients for integers. So the
fit shows where to look first: where classes that it drives out are left out, and the contrasts that
remain have a proved maximum, no direction of the cone moves those, and it lies in what is
orthogonal to them.
"""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction
from functools import partial

import numpy as np
from numpy.typing import NDArray

from logit_inference.likelihood import softmax
from logit_inference.likelihood.evaluation import Evaluation
from logit_inference.rows.basis import Basis, in_basis
from logit_inference.rows.block import Block, Floats
from logit_inference.rows.contrasts import ContrastSource
from logit_inference.rows.source import ArraySource, Source
from logit_inference.solve.criterion import restrict
from logit_inference.solve.factor import Factor, factorize
from logit_inference.solve.integers import Integers
from logit_inference.solve.limit import MOST_ROUNDS, MOVED, SIMPLE, VANISHED
from logit_inference.solve.margins import count_rows
from logit_inference.solve.newton import newton
from logit_inference.solve.polytomous import (
    SoftmaxFit,
    contrast_reach,
    of_equations,
    softmax_objective,
)
from logit_inference.solve.polytomous_certificate import certify_held
from logit_inference.solve.recession import Recession, find_recession, separated_rows

Mask = NDArray[np.bool_]
CONTRASTS, FEWEST_ROWS = 1 << 20, 16  # elements of a block of contrasts; rows of it at least
DEPENDENT = 1e-9  # of a column's share of the information, left by those before it
FEW = 12  # coefficients among which a search takes no time
MOST_COEFFICIENTS = 1200  # whose relations are looked for: q³ operations in plain loops
MOST_STEPS = 100  # of a search among the classes that are left


def find_class_recession(fit: SoftmaxFit) -> tuple[Recession, Mask]:
    """Return the cone in all q coefficients, and which classes (n, K) of a row it takes out.

    Notes
    -----
    Decided exactly where the search is over at most 60 coefficients beside those that separate by
    themselves, in all or in what the fit leaves to search; undecided beyond. Seconds where there
    are some twenty, and up to half a minute for continuous columns of many digits.
    """
    k, p = fit.n_classes - 1, fit.source.n_columns
    codes, matrix = _most_frequent_first(fit.totals)
    basis = Basis(p, fit.basis.kept)
    solved = in_basis(_relabelled(fit.solved, codes, k), basis)
    within = _beside_overlap(fit, codes) if len(fit.solution.coef) > FEW else None
    recession = find_recession(ContrastSource(solved, fit.n_classes), within)
    recession = recession.spread(k * p, of_equations(basis, k).kept)
    out = np.zeros((fit.source.n_rows, fit.n_classes), dtype=bool)
    if recession.exists:
        source = _relabelled(fit.source, codes, k)
        separated = separated_rows(ContrastSource(source, fit.n_classes), recession)
        own = source.map(_codes).astype(np.intp)[:, np.newaxis]
        np.put_along_axis(out, _others(own, k), separated.reshape(-1, k), axis=1)
        out = out[:, codes]
    return turned_cone(recession, matrix, p), out


def turned_cone(recession: Recession, matrix: Floats, p: int) -> Recession:
    """Return a cone in other equations: ``(matrix ⊗ 1) coef``, of p columns each.

    Its exact direction is that of the old ones, and left out.
    """
    rows: Floats = np.asarray(np.kron(matrix, np.eye(p)), dtype=np.float64)
    sides = recession.sides(rows) if recession.n_directions else np.zeros(len(rows))
    with np.errstate(invalid="ignore"):
        ends = np.where(sides == 0, 0.0, sides * math.inf)
    direction, span = rows @ recession.direction, rows @ recession.span
    return replace(recession, direction=direction, span=span, ends=ends, whole=(), whole_span=())


def _most_frequent_first(totals: Floats) -> tuple[NDArray[np.intp], Floats]:
    """Return the new number of each class, and the fit's equations in the new ones (K − 1, K − 1).

    Examples
    --------
    >>> codes, matrix = _most_frequent_first(np.array([[1.0, 5.0, 2.0]]))
    >>> codes.tolist(), matrix.tolist()
    ([1, 0, 2], [[-1.0, 0.0], [-1.0, 1.0]])
    """
    n_classes, first = totals.shape[1], int(totals[0].argmax())
    order = [first, *(c for c in range(n_classes) if c != first)]
    codes = np.empty(n_classes, dtype=np.intp)
    codes[order] = np.arange(n_classes)
    unit = np.vstack([np.zeros(n_classes - 1), np.eye(n_classes - 1)])
    return codes, unit[codes[1:]] - unit[codes[0]]


def _relabelled(source: Source, codes: NDArray[np.intp], k: int) -> ArraySource:
    """Return rows with other class numbers and no offset, in blocks of few contrasts."""
    assert isinstance(source, ArraySource)
    data = source.data
    y = codes[data.y.astype(np.intp)].astype(np.float64)
    most = max(CONTRASTS // (k * k * source.n_columns), FEWEST_ROWS)
    block = Block(y, data.X, None, data.weights)
    return replace(source, data=block, block_rows=min(source.block_rows or most, most))


def _others(own: NDArray[np.intp], k: int) -> NDArray[np.intp]:
    """Return the other classes (n, k) of rows of a class (n, 1), in the order of contrasts."""
    others: NDArray[np.intp] = np.arange(k) + (np.arange(k) >= own)
    return others


def _codes(block: Block) -> Floats:
    return block.y


# --- many coefficients ----------------------------------------------------------------------------


def _beside_overlap(fit: SoftmaxFit, codes: NDArray[np.intp]) -> Integers | None:
    """Return a basis (q, r) of a subspace that holds the cone, exactly; None where none was found.

    Classes that the last step of a search moves away from, or whose probability has vanished, are
    left out row by row. If the contrasts that are left have a maximum, proved, in coefficients of
    which some are held at zero, then a direction of the cone moves none of them: it is a
    combination of the relations through which those that are held depend on the others.
    """
    k = fit.n_classes - 1
    q = len(fit.basis.kept) * k
    if q > MOST_COEFFICIENTS:
        return None
    source = _relabelled(fit.source, codes, k)
    size = source.block_rows
    rows = in_basis(source, Basis(source.n_columns, fit.basis.kept))
    own = source.data.y.astype(np.intp)
    out = np.zeros((source.n_rows, fit.n_classes), dtype=bool)
    out |= _leaving(fit.rows, fit.solution.coef, fit.solution.direction, own, codes)
    for _ in range(MOST_ROUNDS):
        offset = np.where(out, -np.inf, 0.0)
        data = replace(source.data, offset=offset)
        masked = in_basis(
            replace(source, data=data, block_rows=size), Basis(source.n_columns, fit.basis.kept)
        )
        free, relations = _independent(softmax_objective(masked)(np.zeros(q)).information)
        if not free:
            return None
        span = np.eye(q)[:, free]
        found = newton(
            restrict(softmax_objective(masked), np.zeros(q), span),
            np.zeros(len(free)),
            partial(_curvature, masked, span),
            max_iterations=MOST_STEPS,
        )
        coef = span @ found.coef
        if found.outcome.converged and found.factor is not None:
            root, diagonal = span @ found.factor.inverse_root(), np.zeros(q)
            diagonal[free] = found.factor.matrix.diagonal()
            if certify_held(masked, coef, root, diagonal, found.decrement).exists:
                return _verified(relations, rows, out, own, fit.n_classes)
        same = np.arange(fit.n_classes)
        out = out | _leaving(masked, coef, span @ found.direction, own, same)
    return None


def _leaving(
    rows: Source, coef: Floats, direction: Floats, own: NDArray[np.intp], codes: NDArray[np.intp]
) -> Mask:
    """Return which classes (n, K) a step takes away from rows, or has taken, in new numbers."""
    moved, mu = rows.map(_moves, direction), rows.map(softmax.probabilities, coef)
    order = np.argsort(codes)
    moved, mu = moved[:, order], mu[:, order]
    row = np.arange(len(own))
    gone = (moved[row, own][:, np.newaxis] - moved > MOVED) | (mu <= VANISHED)
    gone[row, own] = False
    return gone


def _moves(block: Block, direction: Floats) -> Floats:
    bare = Block(block.y, block.X)
    return softmax.linear_predictors(bare, direction)


def _independent(information: Floats) -> tuple[list[int], Floats]:
    """Return coefficients that tell all apart, and the relations (q, r) of the others to them.

    Each column of the relations is a coefficient at one and what of the free ones undoes it.
    """
    q = len(information)
    free: list[int] = []
    held: list[int] = []
    left = information.copy()
    sizes = information.diagonal().copy()
    for j in range(q):
        if left[j, j] <= DEPENDENT * sizes[j]:
            held.append(j)
            continue
        free.append(j)
        left[j + 1 :, j + 1 :] -= np.outer(left[j + 1 :, j], left[j, j + 1 :] / left[j, j])
    relations = np.zeros((q, len(held)))
    relations[held, np.arange(len(held))] = 1.0
    if not (free and held):
        return free, relations
    factor = factorize(np.asfortranarray(information[np.ix_(free, free)]))
    if factor is not None:
        relations[free] = -factor.solve(information[np.ix_(free, held)])
    return free, relations


def _verified(
    relations: Floats, rows: Source, out: Mask, own: NDArray[np.intp], n_classes: int
) -> Integers | None:
    """Return the relations in integers, where all contrasts that are left are orthogonal to them.

    Relations among indicators, and among numbers that were written with few digits, are fractions
    with small denominators; others are not found.
    """
    whole = np.zeros(relations.shape, dtype=object)
    for j, column in enumerate(relations.T):
        parts = [Fraction(float(value)).limit_denominator(SIMPLE) for value in column]
        common = math.lcm(*(part.denominator for part in parts))
        whole[:, j] = [int(part * common) for part in parts]
    others = _others(own[:, np.newaxis], n_classes - 1)
    kept = ~np.take_along_axis(out, others, axis=1)
    weights = kept.astype(np.float64)
    found = ContrastSource(rows, n_classes, weights.ravel() * _repeated(rows, n_classes))
    return None if found.fold(count_rows, whole).n else whole


def _repeated(rows: Source, n_classes: int) -> Floats:
    """Return for each contrast whether its row counts."""
    return np.repeat(rows.map(_counted), n_classes - 1)


def _counted(block: Block) -> Floats:
    if block.weights is None:
        return np.ones(block.n_rows)
    return (block.weights > 0).astype(np.float64)


def _curvature(rows: Source, span: Floats, factor: Factor, coef: Floats, now: Evaluation) -> float:
    root = factor.inverse_root()
    length = float(np.linalg.norm(root.T @ now.score))
    return float(rows.fold(contrast_reach, span @ root).value * length)
