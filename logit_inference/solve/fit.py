"""A fit: a solution together with what is needed to fold its rows again.

The narrow waist for everything that must return to the data: robust covariances, residuals,
restricted fits. What need not takes an `inference.Estimate`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from scipy.special import xlog1py, xlogy

from logit_inference.errors import DataError
from logit_inference.likelihood.evaluation import Evaluation, Tally
from logit_inference.likelihood.likelihood import Likelihood
from logit_inference.likelihood.objective import null_objective, objective
from logit_inference.rows.basis import Basis, in_basis
from logit_inference.rows.block import Floats
from logit_inference.rows.source import Source
from logit_inference.solve.factor import ScaledFactor, row_leverage, working_triangle
from logit_inference.solve.newton import newton
from logit_inference.solve.rank import Relation, find_rank
from logit_inference.solve.solution import Solution

# Above this condition of the scaled information its smallest directions are not to be trusted.
SUMMED_RESOLVES = 1e10


@dataclass(frozen=True)
class Fit:
    """A likelihood's maximum over the rows of a source.

    Parameters
    ----------
    source : Source
        The rows with p columns, as they were given.
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
    """

    source: Source
    basis: Basis
    likelihood: Likelihood
    solution: Solution
    names: tuple[str, ...]
    constant: int | None
    relations: Mapping[int, Relation]
    tally: Tally
    null_log_likelihood: float

    @property
    def coef(self) -> Floats:
        """The (p,) coefficients; NaN where a column cannot be estimated."""
        return self.basis.coefficients(self.solution.coef)

    @property
    def log_likelihood(self) -> float:
        """The maximised log-likelihood, binomial constant included."""
        return self.solution.evaluation.log_likelihood + self.tally.log_binomial

    @property
    def rows(self) -> Source:
        """The rows in the basis that was solved in, one for one those of the source."""
        return in_basis(self.source, self.basis)

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
) -> Fit:
    """Return the maximum-likelihood fit of a source of rows.

    Parameters
    ----------
    source : Source
    likelihood : Likelihood
    names : sequence of p str
    constant : int, optional
        The column of ones, if there is one: the iteration then starts at the null model.
    offset : bool
        Whether the rows have an offset, so that the null model has no closed form.
    start : (p,) array, optional
        Where to start; otherwise the null model, or zero without a constant.
    tolerance, max_iterations
        As in `newton`.

    Raises
    ------
    DataError
        Where the rows with positive weight all have the same outcome.
    RankError
        Where every column is zero.

    Notes
    -----
    Passes: one over the outcome, and those of `newton`; one QR fold and one more evaluation where
    columns are dependent or ill-conditioned (see `find_rank`). With an offset the null model adds
    a few passes over a single column.
    """
    counts = source.fold(likelihood.tally)
    if counts.events in (0.0, counts.trials):
        raise DataError.one_outcome(counts.events > 0, counts.trials)
    null_coef, null_value = _null_model(source, likelihood, counts, offset)
    first_coef = np.zeros(source.n_columns) if start is None else np.array(start, np.float64)
    if start is None and constant is not None:
        first_coef[constant] = null_coef

    first = objective(source, likelihood)(first_coef)
    rank = find_rank(source, first)
    basis, rows = rank.basis, in_basis(source, rank.basis)
    solution = newton(
        objective(rows, likelihood),
        basis.inner(first_coef),
        partial(_curvature, rows, likelihood),
        tolerance=tolerance,
        max_iterations=max_iterations,
        first=first if basis.is_identity else None,
    )
    spent = rank.n_passes + (not basis.is_identity)
    return Fit(
        source,
        basis,
        likelihood,
        replace(solution, n_passes=solution.n_passes + spent),
        tuple(names),
        constant,
        rank.relations,
        counts,
        null_value + counts.log_binomial,
    )


def _curvature(
    rows: Source, likelihood: Likelihood, factor: ScaledFactor, coef: Floats, now: Evaluation
) -> float:
    """Return M·λ at ``coef``; infinite where some direction has no information left.

    Where fitted probabilities approach 0 or 1, the information of a direction may fall below the
    rounding of the sum, which then feigns information that is not there: a factor of the rows
    resolves the square of that. The score is a sum as well, and where it cancels its rounding,
    about ``eps·√n`` times the root of the condition in standard errors, counts as λ.
    """
    root, condition = factor.inverse_root(), factor.condition
    with np.errstate(all="ignore"):
        if condition > SUMMED_RESOLVES:
            triangle = rows.fold(working_triangle, likelihood, coef)
            condition = triangle.condition
            if not condition < np.inf:
                return np.inf
            root = triangle.inverse_root()
        rounding = np.finfo(float).eps * np.sqrt(rows.n_rows * condition)
        decrement = float(np.linalg.norm(root.T @ now.score)) + rounding
        product = rows.fold(row_leverage, root).value * decrement
    return float(product) if np.isfinite(product) else np.inf


def _null_model(
    source: Source, likelihood: Likelihood, counts: Tally, offset: bool
) -> tuple[float, float]:
    """Return intercept and log-likelihood of the intercept-only model, offset kept.

    Without an offset its fitted probability is the share of events, and both are closed forms.
    """
    failures = counts.trials - counts.events
    log_odds = float(np.log(counts.events) - np.log(failures))
    if not offset:
        share = counts.events / counts.trials
        return log_odds, float(xlogy(counts.events, share) + xlog1py(failures, -share))
    # With one column of ones M and λ are 1/√I and |u|/√I.
    solution = newton(
        null_objective(source, likelihood),
        np.array([log_odds - counts.offset / counts.trials]),
        lambda factor, coef, now: float(abs(now.score[0]) / now.information[0, 0]),
        max_iterations=200,
    )
    found = solution.outcome.converged
    return float(solution.coef[0]), solution.evaluation.log_likelihood if found else np.nan
