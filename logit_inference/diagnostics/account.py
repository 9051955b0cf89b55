"""What every fit tells, unasked: counts of rows, the event, log-likelihoods, how the search ended.

Plain numbers and text, so that it prints, travels in a file, and holds no rows.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from logit_inference.likelihood.estimator import Estimator
from logit_inference.likelihood.evaluation import Tally
from logit_inference.records import made_fast


@made_fast
@dataclass(frozen=True, slots=True)
class Account:
    """The account of one fit.

    Parameters
    ----------
    model : str
        As a table names it: ``"Logit"``.
    estimator : Estimator
    formula : str or None
        None for a fit of arrays.
    outcome_name : str
    event : str
        What is modelled, ``"low = 1"``.
    terms : tuple of (name, tuple of column numbers)
        The terms of the formula in their order.
    n_rows_read, n_rows_used : int
    dropped : mapping of variable to count
        Rows dropped because that variable is missing; a row may count for several.
    weights_kind : str or None
    grouped : bool
        Whether rows are groups of trials.
    has_constant : bool
        Whether the intercept-only model lies inside this one.
    tally : Tally
    rank : int
        Number of estimated coefficients.
    log_likelihood, null_log_likelihood : float
        At the estimate, and the null model's maximum, without any penalty; with the binomial
        coefficients of grouped data.
    outcome : str
        Name of the `Outcome` of the search.
    n_passes : float
        Passes over the columns that the search took; over a sample, its share of the rows.
    notes : tuple of str
        What else a reader must know: columns without an estimate, levels without rows.
    criterion, null_criterion : float
        What an estimator with a penalty maximised, and its maximum where all coefficients but the
        constant are zero and the penalty stays that of all columns; NaN where there is none.
    sum_weights : float
        Of sampling weights, before they were scaled to mean one; NaN for others.
    n_sets : int or None
        Matched sets, where the likelihood is that given their numbers of cases: the null model then
        has no coefficients.
    n_left_out : int
        Rows of sets that say nothing.
    """

    model: str
    estimator: Estimator
    formula: str | None
    outcome_name: str
    event: str
    terms: tuple[tuple[str, tuple[int, ...]], ...]
    n_rows_read: int
    n_rows_used: int
    dropped: Mapping[str, int]
    weights_kind: str | None
    grouped: bool
    has_constant: bool
    tally: Tally
    rank: int
    log_likelihood: float
    null_log_likelihood: float
    outcome: str
    n_passes: float
    notes: tuple[str, ...]
    criterion: float = math.nan
    null_criterion: float = math.nan
    sum_weights: float = math.nan
    n_equations: int = 1
    n_sets: int | None = None
    n_left_out: int = 0

    @property
    def converged(self) -> bool:
        """Whether the maximum was reached to the tolerance asked for."""
        return self.outcome == "CONVERGED"

    @property
    def is_pseudo(self) -> bool:
        """Whether log-likelihoods are pseudo-likelihoods, being those of sampling weights."""
        return self.weights_kind == "sampling"

    @property
    def nobs(self) -> float:
        """Observations: rows with positive weight; the sum of frequency weights."""
        return self.tally.weight if self.weights_kind == "frequency" else float(self.tally.n_rows)

    @property
    def n_trials(self) -> float:
        """Trials: as many as observations where the data are not grouped."""
        by_frequency = self.weights_kind == "frequency"
        return self.tally.trials if by_frequency else self.tally.plain_trials

    @property
    def n_events(self) -> float:
        """Trials that ended in the event."""
        by_frequency = self.weights_kind == "frequency"
        return self.tally.events if by_frequency else self.tally.plain_events

    @property
    def df_model(self) -> int:
        """Coefficients beside the constants."""
        return self.rank - self.has_constant * self.n_equations

    @property
    def has_null(self) -> bool:
        """Whether the null model lies inside this one."""
        return self.has_constant or self.n_sets is not None

    @property
    def df_resid(self) -> float:
        """Observations less coefficients."""
        return self.nobs - self.rank

    @property
    def deviance(self) -> float:
        """Twice the distance of the log-likelihood from the saturated one."""
        return self._deviance(self.log_likelihood)

    @property
    def null_deviance(self) -> float:
        """The deviance of the intercept-only model."""
        return self._deviance(self.null_log_likelihood)

    def _deviance(self, log_likelihood: float) -> float:
        return 2.0 * (self.tally.saturated - (log_likelihood - self.tally.log_binomial))

    @property
    def mean_cross_entropy(self) -> float:
        """Cost per weighted trial: minus the log-likelihood, binomial coefficients left out."""
        return (self.tally.log_binomial - self.log_likelihood) / self.tally.trials
