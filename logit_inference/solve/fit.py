"""A fit: a solution together with what is needed to fold its rows again.

The narrow waist for everything that must return to the data: robust covariances, residuals,
restricted fits. What need not takes an `inference.Estimate`.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from logit_inference.errors import DataError
from logit_inference.likelihood.estimator import ML, Estimator
from logit_inference.likelihood.evaluation import Reach, Tally
from logit_inference.likelihood.likelihood import Likelihood
from logit_inference.likelihood.objective import Objective, null_objective
from logit_inference.records import made_fast
from logit_inference.rows.basis import Basis, in_basis
from logit_inference.rows.block import Block, Floats
from logit_inference.rows.source import Source
from logit_inference.rows.threads import blas_pinned
from logit_inference.solve.constant import as_constant
from logit_inference.solve.correction import Correction
from logit_inference.solve.first_order import Descent, descend
from logit_inference.solve.newton import newton
from logit_inference.solve.penalized import find_penalized
from logit_inference.solve.rank import Relation
from logit_inference.solve.root import information_root
from logit_inference.solve.search import Search, find_maximum
from logit_inference.solve.solution import Solution


@made_fast
@dataclass(frozen=True, slots=True)
class Fit:
    """A likelihood's maximum over the rows of a source.

    Parameters
    ----------
    source : Source
        The rows with p columns, as they were given.
    solved : Source
        The rows that were solved over: the same, or the distinct ones among them, of which sums
        over the rows are the same.
    basis : Basis
        The q columns that were solved for.
    likelihood : Likelihood
    solution : Solution
        In that basis.
    names : tuple of str
        Of the p columns.
    constant : int or None
        The column of ones, where one is known.
    relations : mapping of column number to Relation
        The columns that cannot be estimated, as combinations of those that can.
    tally : Tally
    null_log_likelihood : float
        Maximum with an intercept and the offset only, binomial constant included; NaN where the
        offset is so extreme that the search for it fails.
    estimator : Estimator
        What was maximised, where it is not the likelihood alone.
    criterion, null_criterion : float
        What an estimator other than maximum likelihood maximised, binomial constant included, and
        its maximum where all coefficients but the constant are zero; NaN where there is none.
    correction : Correction or None
        What is left of Firth's fit where its intercept was corrected.
    """

    source: Source
    solved: Source
    basis: Basis
    likelihood: Likelihood
    solution: Solution
    names: tuple[str, ...]
    constant: int | None
    relations: Mapping[int, Relation]
    tally: Tally
    null_log_likelihood: float
    estimator: Estimator = ML
    criterion: float = np.nan
    null_criterion: float = np.nan
    correction: Correction | None = None

    @property
    def coef(self) -> Floats:
        """The (p,) coefficients; NaN where a column cannot be estimated."""
        return self.basis.coefficients(self.solution.coef)

    @property
    def log_likelihood(self) -> float:
        """The log-likelihood at the estimate, binomial constant included."""
        return self.solution.evaluation.log_likelihood + self.tally.log_binomial

    @property
    def rows(self) -> Source:
        """The rows in the basis that was solved in, one for one those of the source."""
        return in_basis(self.source, self.basis)

    @property
    def solved_rows(self) -> Source:
        """The rows that were solved over, in that basis: for sums that need not know each row."""
        return in_basis(self.solved, self.basis)

    def information_root(self) -> Floats:
        """Return B (q, r) with ``B B'`` the inverse information; NaN where a search found none."""
        solution = self.solution
        if not len(solution.coef):  # the limit of complete separation
            return np.zeros((0, 1))
        if solution.factor is None and not solution.outcome.converged:
            return np.full((len(solution.coef), 1), np.nan)
        if solution.root is not None:
            return solution.root
        rows, upper = self.solved_rows, solution.evaluation.upper
        # Many threads would each bring a buffer of BLAS, and their number might show in the bits.
        with blas_pinned(rows.n_rows, rows.n_columns):
            return information_root(rows, self.likelihood, solution.coef, upper, solution.factor)

    def map(self, kernel: Callable[..., Floats], *args: Any) -> Floats:
        """Return ``kernel(block, coef, *args)`` for all rows; one pass."""
        return self.rows.map(kernel, self.solution.coef, *args)


def fit_rows(
    source: Source,
    likelihood: Likelihood,
    names: Sequence[str],
    *,
    constant: int | None = None,
    offset: bool = False,
    start: Floats | None = None,
    tolerance: float = 1e-8,
    max_iterations: int = 50,
    estimator: Estimator = ML,
    descent: Descent | None = None,
) -> Fit:
    """Return the fit of a source of rows, by maximum likelihood unless told otherwise.

    Parameters
    ----------
    source : Source
    likelihood : Likelihood
    names : sequence of p str
    constant : int, optional
        The column of ones, if there is one: the iteration then starts at the null model. With an
        offset it does also where plain columns add up to ones.
    offset : bool
        Whether the rows have an offset, so that the null model has no closed form.
    start : (p,) array, optional
        Where to start; otherwise the null model, or zero without a constant.
    tolerance, max_iterations
        As in `newton`.
    estimator : Estimator
        Whose criterion is maximised.
    descent : Descent, optional
        A first-order method in the place of Newton's, for maximum likelihood.

    Raises
    ------
    DataError
        Where the rows with positive weight all have the same outcome, and the estimator does not
        hold the constant column (`Estimator.is_bounded`).
    RankError
        Where every column is zero.

    Notes
    -----
    Passes: one over the outcome, and those of the search (see `find_maximum`); one QR fold and one
    more evaluation where columns are dependent or ill-conditioned (see `find_rank`). Where all
    columns take few values, one pass finds the distinct rows, and the others are over these. With
    an offset the null model adds a few passes over a single column.
    """
    with blas_pinned(source.n_rows, source.n_columns):
        counts = _tally(source, likelihood)
        one_outcome = counts.events in (0.0, counts.trials)
        # Without a constant among the columns equal outcomes may have a maximum all the same.
        possible = constant is None if estimator.is_ml else estimator.is_bounded(constant)
        if one_outcome and not (counts.trials and possible):
            raise DataError.one_outcome(counts.events > 0, counts.trials)
        cells = source.distinct()
        solved = source if cells is None else cells
        null_coef, null_value = _null_model(solved, likelihood, counts, offset)
        first = np.zeros(source.n_columns) if start is None else np.array(start, np.float64)
        looked = 0
        if start is None and constant is not None:
            first[constant] = null_coef
        elif start is None and offset and solved.layout is None:
            first, looked = null_coef * as_constant(solved), 1
        trials = counts.trials if start is None else np.inf
        search = Search(likelihood, first, tolerance, max_iterations, trials)
        least = null_value if constant is not None and math.isfinite(null_value) else -np.inf
        # A sample of rows leads to the likelihood's maximum: nowhere, if there is one outcome.
        floor = None if start is not None or one_outcome else least
        value, null_criterion, correction = np.nan, np.nan, None
        if estimator.is_ml and descent is not None:
            rank, solution = descend(solved, search, counts, descent)
        elif estimator.is_ml:
            rank, solution = find_maximum(solved, search, counts, floor)
        else:
            found = find_penalized(
                solved, search, counts, floor, estimator, constant, offset=offset
            )
            rank, solution = found.rank, found.solution
            value, null_criterion = found.value, found.null_value
            correction = found.correction
        if cells is not None:
            solution = _over_cells(solution, cells.n_rows, source.n_rows)
        if looked or solution.n_trials != counts.trials:
            n_passes = solution.n_passes + looked
            solution = replace(solution, n_passes=n_passes, n_trials=counts.trials)
    return Fit(
        source,
        solved,
        rank.basis,
        likelihood,
        solution,
        tuple(names),
        constant,
        rank.relations,
        counts,
        null_value + counts.log_binomial,
        estimator,
        value + counts.log_binomial,
        null_criterion + counts.log_binomial,
        correction,
    )


def _tally(source: Source, likelihood: Likelihood) -> Tally:
    """Return the sums that do not depend on the coefficients; of few rows without a detour."""
    block = source.only_block
    if block is not None:
        return likelihood.tally(block)
    return source.without_columns().fold(likelihood.tally)


def _over_cells(solution: Solution, n_cells: int, n_rows: int) -> Solution:
    """Return a solution over distinct rows with its passes counted over all rows.

    One pass to find the distinct rows; those over them count as their share.
    """
    share = n_cells / n_rows
    return replace(solution, n_passes=1.0 + solution.n_passes * share, n_distinct=n_cells)


def _null_model(
    source: Source, likelihood: Likelihood, counts: Tally, offset: bool
) -> tuple[float, float]:
    """Return intercept and log-likelihood of the intercept-only model, offset kept.

    Without an offset its fitted probability is the share of events, and both are closed forms. Of
    one outcome only the log-likelihood is its supremum, 0, and half an event and half a non-event
    more stand for the intercept.
    """
    failures = counts.trials - counts.events
    if counts.events in (0.0, counts.trials):
        return math.log(counts.events + 0.5) - math.log(failures + 0.5), 0.0
    log_odds = math.log(counts.events) - math.log(failures)
    if not offset:
        share = max(counts.events / counts.trials, sys.float_info.min)  # of weights that underflow
        return log_odds, counts.events * math.log(share) + failures * math.log1p(-share)
    # With one column of ones M and λ are 1/√I and |u|/√I.
    null = null_objective(source, likelihood)
    solution = newton(
        null,
        np.array([log_odds - counts.offset / counts.trials]),
        lambda factor, coef, now: float(abs(now.score[0]) / now.upper[0, 0]),
        max_iterations=200,
    )
    if solution.outcome.converged:
        return float(solution.coef[0]), solution.evaluation.log_likelihood
    return _between(null, log_odds, source.without_columns().fold(_offset_reach).values)


def _between(null: Objective, log_odds: float, reach: Floats) -> tuple[float, float]:
    """Return intercept and log-likelihood of a null model whose offsets leave weights nowhere.

    With the least offset and with the largest in all rows the intercept would have a closed form,
    and it lies between the two. NaN for the log-likelihood where numbers do not reach that far.

    Parameters
    ----------
    null : callable
    log_odds : float
        Of the shares of events and non-events.
    reach : (2,) array
        The largest offset and the largest of minus it.
    """
    from scipy.optimize import brentq

    def score(intercept: float) -> float:
        return float(null(np.array([intercept])).score[0])

    low, high = log_odds - reach[0] - 1.0, log_odds + reach[1] + 1.0
    with np.errstate(all="ignore"):
        if not score(low) >= 0.0 >= score(high):
            return log_odds, np.nan
        found, ended = brentq(score, low, high, maxiter=2000, full_output=True, disp=False)
        value = null(np.array([found])).log_likelihood
    known = ended.converged and np.isfinite(value)
    return (float(found), value) if known else (log_odds, np.nan)


def _offset_reach(block: Block) -> Reach:
    """Return the largest offset of a row that counts, and the largest of minus it."""
    counts, offset = block.counts, block.offset
    assert offset is not None, "who asks knows of one"
    some = offset if counts is None else offset[counts]
    return Reach(np.array([some.max(initial=-np.inf), (-some).max(initial=-np.inf)]))
