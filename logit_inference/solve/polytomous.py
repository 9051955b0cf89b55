"""The maximum of a multinomial likelihood over the rows of a source.

Newton's method, the rank of the columns and the basis to solve in are those of two classes; the
coefficients are those of K − 1 equations, one after the other. What a fit of two classes does about
penalties, and about rows of several trials, is not known here.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from logit_inference.errors import DataError
from logit_inference.likelihood import softmax
from logit_inference.likelihood.evaluation import Evaluation, Largest, Reach
from logit_inference.likelihood.objective import Objective, SlopeObjective
from logit_inference.rows.basis import Basis, in_basis
from logit_inference.rows.block import Block, Floats
from logit_inference.rows.centring import Centring
from logit_inference.rows.distinct import distinct_rows
from logit_inference.rows.lengths import squared_lengths
from logit_inference.rows.pairs import pair_rows
from logit_inference.rows.pieces import FEW_COLUMNS
from logit_inference.rows.product import dense
from logit_inference.rows.source import ArraySource, Source
from logit_inference.rows.threads import blas_pinned
from logit_inference.solve.chord import Chord, chord
from logit_inference.solve.constant import as_constant
from logit_inference.solve.factor import Factor, column_reach, condition_bound
from logit_inference.solve.newton import FRESH, SMALLEST_STEP, ReachBound, newton
from logit_inference.solve.pace import Pace
from logit_inference.solve.peak import Peak, peak_at
from logit_inference.solve.rank import Rank, Relation, find_rank
from logit_inference.solve.reach import RESOLVED, row_bound
from logit_inference.solve.schedule import (
    DENSEST,
    MANY_ELEMENTS,
    MANY_ROWS,
    MOST_STEPS,
    NEAR_ENOUGH,
    ROWS_PER_COLUMN,
    SAMPLE_ROWS,
    SPARSEST,
)
from logit_inference.solve.solution import Solution, Step

# Of the scaled information: above it the fit changes to a nearly orthonormal basis. Lower than for
# two classes, because the information is not refined by a factor of the rows afterwards.
ILL_CONDITIONED = 1e6
WRITTEN_OUT = 1 << 16  # elements of what is made of some rows at a time


@dataclass(frozen=True)
class SoftmaxFit:
    """A multinomial likelihood's maximum over the rows of a source.

    Parameters
    ----------
    source, solved : Source
        The rows with p columns, and those that were solved over: the same, or the distinct ones.
        ``y`` holds class numbers; 0 is the reference.
    basis : Basis
        The r columns that were solved for.
    n_classes : int
        K.
    solution : Solution
        ``(K − 1)r`` coefficients in that basis, one equation after the other.
    names : tuple of str
        Of the p columns.
    constant : int or None
        The column of ones, where one is known.
    relations : mapping of column number to Relation
        The columns that cannot be estimated, as combinations of those that can.
    totals : (2, K) array
        Weight, and rows that have weight, of each class.
    null_log_likelihood : float
        Maximum with an intercept for each class and the offsets only.
    """

    source: Source
    solved: Source
    basis: Basis
    n_classes: int
    solution: Solution
    names: tuple[str, ...]
    constant: int | None
    relations: Mapping[int, Relation]
    totals: Floats
    null_log_likelihood: float

    @property
    def rows(self) -> Source:
        """The rows in the basis that was solved in, one for one those of the source."""
        return in_basis(self.source, self.basis)

    @property
    def solved_rows(self) -> Source:
        """The rows that were solved over, in that basis."""
        return in_basis(self.solved, self.basis)

    @property
    def log_likelihood(self) -> float:
        """The log-likelihood at the estimate."""
        return self.solution.evaluation.log_likelihood

    def peak(self) -> Peak | None:
        """Return the likelihood as a function of the coefficients, at its maximum; one pass."""
        return peak_at(softmax_objective(self.solved_rows), self.solution.coef)


@dataclass(frozen=True)
class SoftmaxSearch:
    """Where a search starts and when it ends; as in `newton`."""

    start: Floats | None = None
    tolerance: float = 1e-8
    max_iterations: int = 50


def softmax_objective(rows: Source) -> Objective:
    """Return the log-likelihood of rows as a function of the (q,) coefficients."""
    return partial(rows.fold_runs, softmax.evaluate)


def fit_softmax(
    data: Block,
    names: Sequence[str],
    n_classes: int,
    search: SoftmaxSearch,
    *,
    constant: int | None = None,
    intercept: bool = False,
    threads: int = 1,
) -> SoftmaxFit:
    """Return the maximum-likelihood fit of rows of K classes.

    Parameters
    ----------
    data : Block
        n rows of p columns; ``y`` holds class numbers, of which 0 is the reference; ``offset`` is
        (n, K) or None.
    names : sequence of p str
    n_classes : int
    search : SoftmaxSearch
        Its start is (K − 1, p).
    constant : int, optional
        The column of ones, if there is one: the iteration then starts at the null model. With
        offsets it does also where columns add up to ones.
    intercept : bool
        Whether that column comes before those of the rows.
    threads : int

    Raises
    ------
    DataError
        Where a class has no row with positive weight.
    RankError
        Where every column is zero.

    Notes
    -----
    Five to eight evaluations; two to four of many rows, after a search on a sample of them. One
    pass for the distinct rows where columns take few values, and the others over these.

    References
    ----------
    McCullagh and Nelder (1989), *Generalized Linear Models*, section 5.2.
    """
    p = data.n_columns + intercept
    source = ArraySource(data, pair_rows(p, n_classes), intercept, threads)
    with blas_pinned(source.n_rows, max(p, n_classes)):
        totals = source.fold(softmax.class_totals, n_classes).values
        if not totals[0].all():
            raise DataError.no_weight(f"number {int(np.argmin(totals[0]))}")
        cells = _distinct(source)
        solved = source if cells is None else cells
        null_coef, null_value = _null_model(solved, totals, data)
        start = np.zeros((n_classes - 1, p))
        if search.start is not None:
            start[:] = search.start
        elif constant is not None:
            start[:, constant] = null_coef
        elif data.offset is not None:
            start[:] = np.outer(null_coef, as_constant(solved))
        rank, solution = _search(solved, start.ravel(), search, totals)
        if cells is not None:
            share = cells.n_rows / source.n_rows
            solution = replace(
                solution, n_passes=1.0 + solution.n_passes * share, n_distinct=cells.n_rows
            )
    return SoftmaxFit(
        source,
        solved,
        rank.basis,
        n_classes,
        replace(solution, n_trials=float(totals[0].sum())),
        tuple(names),
        constant,
        rank.relations,
        totals,
        null_value,
    )


def _distinct(source: ArraySource) -> ArraySource | None:
    """Return the distinct rows, weighted by how many they stand for; None where there are many.

    Rows are equal where their columns and classes are: classes stand where offsets would.
    """
    data = source.data
    if data.offset is not None:
        return None
    cells = distinct_rows(Block(data.y, data.X, None, data.weights, data.y), source.intercept)
    if cells is None or cells.offset is None:
        return None
    merged = Block(cells.offset, cells.X, None, cells.trials)
    return ArraySource(merged, source.block_rows)


def _null_model(source: Source, totals: Floats, data: Block) -> tuple[Floats, float]:
    """Return the intercepts (K − 1,) of the model without columns, and its log-likelihood.

    Without offsets its probabilities are the shares of the classes; with them the search starts
    where the mean offset of each class is taken out, without which large ones would leave it no
    information. NaN, and that start, where offsets are so extreme that the search fails.
    """
    weight = totals[0]
    coef = np.log(weight[1:]) - np.log(weight[0])
    if data.offset is None:
        return coef, float(weight @ np.log(weight / weight.sum()))
    coef -= _mean_offsets(data)
    with np.errstate(over="ignore", invalid="ignore"):
        found = newton(
            partial(source.fold_runs, _on_constant),
            coef,
            lambda factor, coef, now: math.sqrt(
                max(float(now.score @ factor.solve(now.score)), 0.0)
            ),
            max_iterations=200,
        )
    if not found.outcome.converged:
        return coef, math.nan
    return found.coef, found.evaluation.log_likelihood


def _mean_offsets(data: Block) -> Floats:
    """Return the mean offset (K − 1,) of each class against the reference, where both have one."""
    assert data.offset is not None
    weights = np.ones(data.n_rows) if data.weights is None else data.weights
    known = np.isfinite(data.offset)
    offset = np.where(known, data.offset, 0.0)
    means = []
    for own, has in zip(offset.T[1:], known.T[1:], strict=True):
        counted = np.where(has & known[:, 0], weights, 0.0)
        total = float(counted.sum())
        means.append(float(counted @ (own - offset[:, 0])) / total if total > 0 else 0.0)
    return np.array(means)


def _on_constant(run: Iterable[Block], coef: Floats) -> Evaluation:
    return softmax.evaluate((block.with_columns(np.ones((block.n_rows, 1))) for block in run), coef)


# --- the search -----------------------------------------------------------------------------------


def _search(
    source: Source, start: Floats, search: SoftmaxSearch, totals: Floats
) -> tuple[Rank, Solution]:
    """Return the basis that was solved in, and the solution in it."""
    p, n_classes = source.n_columns, totals.shape[1]
    whole = softmax_objective(source)
    steps: tuple[Step, ...] = ()
    spent = 0.0
    pace = class_pace(source, totals, search.tolerance)
    if search.start is None:
        coef, steps, spent = _opening(source, start, pace)
        if coef is not None:
            solution = _newton(source, whole, coef, search, pace, smallest_step=1.0)
            spent += solution.n_passes
            if solution.outcome.converged:
                rank = find_rank(source, _of_one(solution.evaluation, p), ILL_CONDITIONED)
                spent += rank.n_passes
                if rank.basis.is_identity:
                    found = replace(solution, steps=steps + solution.steps, n_passes=spent)
                    return rank, found
    waiting = [whole(start)]
    rank = find_rank(source, _of_one(waiting[0], p), ILL_CONDITIONED)
    if rank.basis.is_identity:
        known: Objective = lambda coef: waiting.pop() if waiting else whole(coef)  # noqa: E731
        solution = _newton(source, known, start, search, pace)
    else:
        rows = in_basis(source, rank.basis)
        inner = [rank.basis.inner(own) for own in start.reshape(n_classes - 1, p)]
        solution = _newton(rows, softmax_objective(rows), np.concatenate(inner), search, pace)
        spent += 1.0
    return rank, replace(solution, n_passes=solution.n_passes + spent + rank.n_passes)


def _of_one(now: Evaluation, p: int) -> Evaluation:
    """Return the evaluation of the first equation alone, which shows how columns depend."""
    return Evaluation(now.log_likelihood, now.score[:p], now.upper[:p, :p], now.smallest_weight)


def _newton(
    rows: Source,
    whole: Objective,
    start: Floats,
    search: SoftmaxSearch,
    pace: Pace,
    smallest_step: float = SMALLEST_STEP,
) -> Solution:
    many = rows.n_rows * rows.n_columns >= MANY_ELEMENTS
    slope = partial(rows.fold_runs, softmax.slope)
    return newton(
        whole,
        start,
        partial(_curvature, rows),
        tolerance=search.tolerance,
        max_iterations=search.max_iterations,
        follow=partial(_follow, slope, pace) if many else None,
        reach=_reach(rows),
        smallest_step=smallest_step,
    )


def _opening(
    source: Source, start: Floats, pace: Pace
) -> tuple[Floats | None, tuple[Step, ...], float]:
    """Return where a search on a sample of many rows leads, its steps, and the passes it took.

    Score-only steps over all rows follow it. None of few rows, and where the sample is separated,
    lacks a class or misleads.
    """
    n, q = source.n_rows, len(start)
    every = min(n // max(SAMPLE_ROWS, ROWS_PER_COLUMN * q), SPARSEST)
    if n < MANY_ROWS or every < DENSEST:
        return None, (), 0.0
    sample = source.sample(every, None)
    with np.errstate(all="ignore"):
        found = newton(
            softmax_objective(sample),
            start,
            partial(_curvature, sample),
            tolerance=NEAR_ENOUGH,
            max_iterations=MOST_STEPS,
            fresh=np.inf,
        )
        steps = tuple(Step("sample", s.log_likelihood, s.decrement, s.size) for s in found.steps)
        spent = found.n_passes * sample.n_rows / n
        if not found.outcome.converged or found.factor is None:
            return None, steps, spent
        ratio = min(1.2 * math.sqrt(q / sample.n_rows), 0.3)
        slope = partial(source.fold_runs, softmax.slope)
        told = chord(slope, found.coef, found.factor, pace, ratio, -math.inf)
    return told.coef, steps + told.steps, spent + told.n_passes


def _follow(
    slope: SlopeObjective,
    pace: Pace,
    start: Floats,
    factor: Factor,
    now: Evaluation,
    decrement: float,
) -> Chord | None:
    """Return where score-only steps after a Newton step lead, wherever they save passes."""
    if not pace.begins_chord(decrement):
        return None
    return chord(slope, start, factor, pace, pace.ratio(decrement), now.log_likelihood)


def class_pace(source: Source, totals: Floats, tolerance: float) -> Pace:
    """Return what the passes of a search cost and bring (see `solve.pace`).

    Measured for p columns and K classes: nanoseconds a row of a score, and of the information
    beside it. A typical M is that of the two rarest classes by themselves.
    """
    p, n_classes = source.n_columns, totals.shape[1]
    pairs = n_classes * (n_classes - 1) / 2.0
    products = 0.4 * p * p if p <= FEW_COLUMNS else 0.7 * p * pairs
    score, information = n_classes * (6.0 + 0.4 * p), products + pairs * (1.0 + 0.03 * p * p)
    rarest = np.sort(totals[0])[:2]
    largest = math.sqrt(4.0 * p * float((1.0 / rarest).sum()))
    goal = min(tolerance / 4.0, FRESH / (15.0 * largest))
    return Pace(goal, score / (score + information), largest / 25.0)


def _curvature(rows: Source, factor: Factor, coef: Floats, now: Evaluation) -> float:
    """Return M·λ; infinite where some direction has no information left.

    The score is a sum, and where it cancels its rounding counts as λ, as for two classes.
    """
    with np.errstate(all="ignore"):
        root = factor.inverse_root()
        condition = condition_bound(now.upper, root)
        rounding = np.finfo(float).eps * np.sqrt(rows.n_rows * condition)
        decrement = float(np.linalg.norm(root.T @ now.score)) + rounding
        product = rows.fold(contrast_reach, root).value * decrement
    return float(product) if np.isfinite(product) else np.inf


def _reach(rows: Source) -> ReachBound:
    """Return what bounds M by the largest of each column, which are looked at once."""
    seen: list[Reach] = []

    def bound(factor: Factor) -> tuple[float, int]:
        """Return a bound on M, and the passes that it took."""
        spent = 0
        if not seen:
            seen.append(rows.fold(column_reach))
            spent = 1
        root = factor.inverse_root()
        errors: Floats = np.sqrt(squared_lengths(root))
        if not np.square(errors / factor.scale).sum() <= RESOLVED:
            return np.inf, spent
        return contrast_bound(root, seen[0].values, rows), spent

    return bound


# --- differences of classes -----------------------------------------------------------------------


def contrast_reach(block: Block, root: Floats) -> Largest:
    """Return the largest ``sqrt(c' B B' c)`` over rows x that count and ``c = (e_k − e_l) ⊗ x``.

    Parameters
    ----------
    block : Block
    root : (q, s) array
        B.

    Notes
    -----
    ``2 n p s K + n s K²`` operations; some rows at a time.
    """
    p = block.n_columns
    own = root.reshape(-1, p, root.shape[1])
    turned = np.ascontiguousarray(own.transpose(1, 0, 2)).reshape(p, -1)
    counts, largest = block.counts, 0.0
    size = max(WRITTEN_OUT // max(turned.shape[1], 1), 1)
    for start in range(0, block.n_rows, size):
        X = dense(block.X[start : start + size])
        if counts is not None:
            X = X[counts[start : start + size]]
        moved = (X @ turned).reshape(len(X), len(own), -1)
        for k in range(len(own)):
            to_others = moved[:, k + 1 :] - moved[:, k : k + 1]
            for gap in (moved[:, k : k + 1], to_others):
                largest = max(largest, float(np.einsum("nks,nks->nk", gap, gap).max(initial=0.0)))
    return Largest(math.sqrt(largest))


def contrast_bound(root: Floats, largest: Floats, rows: Source) -> float:
    """Return a bound on the same from the largest of each column, by the triangle inequality."""
    own = root.reshape(-1, len(largest), root.shape[1])
    products = np.einsum("kps,lps->pkl", own, own, optimize=True)
    squares = np.einsum("pkk->pk", products)
    gaps = squares[:, :, np.newaxis] + squares[:, np.newaxis] - 2.0 * products
    errors = np.sqrt(np.maximum(squares.max(axis=1), gaps.max(axis=(1, 2))))
    return row_bound(errors, largest, rows.layout)


def of_equations(basis: Basis, k: int) -> Basis:
    """Return the basis of k equations, each in the same basis of columns.

    Examples
    --------
    >>> of_equations(Basis(3, (0, 2)), 2)
    Basis(n_columns=6, kept=(0, 2, 3, 5), matrix=None)
    """
    p, r = basis.n_columns, len(basis.kept)
    kept = tuple(p * equation + j for equation in range(k) for j in basis.kept)
    matrix = basis.matrix
    if isinstance(matrix, Centring):
        shifts = r * np.repeat(np.arange(k), len(matrix.values))
        rows, columns = np.tile(matrix.rows, k) + shifts, np.tile(matrix.columns, k) + shifts
        matrix = Centring.of(k * r, rows, columns, np.tile(matrix.values, k))
    elif matrix is not None:
        wide: Floats = np.asarray(np.kron(np.eye(k), matrix), dtype=np.float64)
        matrix = wide
    return Basis(k * p, kept, matrix)
