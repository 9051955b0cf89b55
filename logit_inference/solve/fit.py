"""A fit: a solution together with what is needed to fold its rows again.

The narrow waist for everything that must return to the data: robust covariances, residuals,
restricted fits. What need not takes an `inference.Estimate`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from scipy.special import xlog1py, xlogy

from logit_inference.errors import DataError, RankError
from logit_inference.likelihood.evaluation import Tally
from logit_inference.likelihood.logistic import Likelihood, tally
from logit_inference.likelihood.objective import null_objective, objective
from logit_inference.rows.basis import Basis, BasisSource
from logit_inference.rows.block import Floats
from logit_inference.rows.source import Source
from logit_inference.solve.factor import ScaledFactor
from logit_inference.solve.newton import newton, row_leverage
from logit_inference.solve.rank import find_rank
from logit_inference.solve.solution import Solution


@dataclass(frozen=True)
class Fit:
    """A likelihood's maximum over the rows of a source.

    Parameters
    ----------
    source : Source
        The rows with p columns, as they were given.
    working : Source
        The same rows with the q columns that were solved for; ``source`` itself where q = p and
        the columns are well conditioned.
    basis : Basis or None
        How the two are related; None where they are the same.
    likelihood : Likelihood
    solution : Solution
        In the q columns of ``working``.
    names : tuple of str
        Of the p columns.
    relations : mapping of column number to (p,) array
        The columns that cannot be estimated, as combinations of those that can.
    tally : Tally
    null_log_likelihood : float
        Maximum with an intercept and the offset only, binomial constant included.
    """

    source: Source
    working: Source
    basis: Basis | None
    likelihood: Likelihood
    solution: Solution
    names: tuple[str, ...]
    relations: Mapping[int, Floats]
    tally: Tally
    null_log_likelihood: float

    @property
    def coef(self) -> Floats:
        """The (p,) coefficients; NaN where a column cannot be estimated."""
        inner = self.solution.coef
        return inner if self.basis is None else self.basis.coefficients(inner)

    @property
    def log_likelihood(self) -> float:
        """The maximised log-likelihood, binomial constant included."""
        return self.solution.evaluation.log_likelihood + self.tally.log_binomial

    def map(self, kernel: Callable[..., Floats]) -> Floats:
        """Return ``kernel(block, coef)`` for all rows."""
        return self.working.map(kernel, self.solution.coef)


def fit_rows(
    source: Source,
    likelihood: Likelihood,
    names: Sequence[str],
    *,
    intercept: int | None = None,
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
    intercept : int, optional
        The column of ones, if there is one: the iteration then starts at the null model.
    offset : bool
        Whether the rows have an offset, so that the null model has no closed form.
    start : (p,) array, optional
        Where to start; otherwise the null model, or zero without an intercept.
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
    Passes: one cheap one over the outcome, and those of `newton`; one QR fold where columns are
    dependent or ill-conditioned (see `find_rank`).
    """
    counts = source.fold(tally)
    if counts.events in (0.0, counts.trials):
        raise DataError.one_outcome(counts.events > 0, counts.trials)
    null_coef, null_value = _null_model(source, likelihood, counts, offset)
    first_coef = np.zeros(source.n_columns) if start is None else np.array(start, np.float64)
    if start is None and intercept is not None:
        first_coef[intercept] = null_coef

    first = objective(source, likelihood)(first_coef)
    rank = find_rank(source, first)
    working: Source = source
    if rank.basis is not None:
        if not rank.basis.kept:
            raise RankError("every column of the design is zero: nothing can be estimated.")
        working = BasisSource(source, rank.basis)
        first_coef = rank.basis.inner(first_coef)
    solution = newton(
        objective(working, likelihood),
        first_coef,
        partial(_leverage, working),
        tolerance=tolerance,
        max_iterations=max_iterations,
        first=first if rank.basis is None else None,
    )
    return Fit(
        source,
        working,
        rank.basis,
        likelihood,
        solution,
        tuple(names),
        rank.relations,
        counts,
        null_value + counts.log_binomial,
    )


def _leverage(source: Source, factor: ScaledFactor) -> float:
    return source.fold(row_leverage, factor.inverse_root()).value


def _null_model(
    source: Source, likelihood: Likelihood, counts: Tally, offset: bool
) -> tuple[float, float]:
    """Return intercept and log-likelihood of the intercept-only model, offset kept.

    Without an offset its fitted probability is the share of events, and both are closed forms.
    """
    share = counts.events / counts.trials
    start = float(np.log(counts.events) - np.log(counts.trials - counts.events))
    if not offset:
        failures = counts.trials - counts.events
        return start, float(xlogy(counts.events, share) + xlog1py(failures, -share))
    # Every column is one: a row's leverage is the standard error of the intercept itself.
    solution = newton(
        null_objective(source, likelihood),
        np.array([start]),
        lambda factor: float(np.abs(factor.inverse_root()).max()),
        max_iterations=200,
    )
    return float(solution.coef[0]), solution.evaluation.log_likelihood
