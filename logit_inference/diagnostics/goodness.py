"""How well a fit describes its rows: numbers made of log-likelihoods, and sums over the rows."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Real

import numpy as np

from logit_inference.diagnostics.account import Account
from logit_inference.errors import ArgumentError
from logit_inference.inference.distribution import chi_square_tail
from logit_inference.likelihood.evaluation import Total
from logit_inference.likelihood.logistic import fitted
from logit_inference.rows.block import Block, Floats
from logit_inference.solve.fit import Fit


@dataclass(frozen=True)
class Goodness:
    """Measures made of the log-likelihood ℓ, that of the null model ℓ₀, and counts.

    Parameters
    ----------
    lr_statistic : float
        ``2(ℓ − ℓ₀)``; with a penalty, twice the fall of what was maximised, the penalty being that
        of all columns in both (Heinze and Schemper 2002). NaN where that has no chi-square
        reference: median bias reduction, ridge.
    lr_p_value : float
        Its chi-square tail; NaN where the null model does not lie inside the fitted one (no
        constant), and where the fitted model is the null model.
    mcfadden : float
        ``1 − ℓ/ℓ₀`` (McFadden 1974); NaN where all outcomes are the same, so that ℓ₀ is 0. For
        grouped data ℓ holds the binomial coefficients, as R's ``logLik`` does, so that this and
        Nagelkerke's measure differ from those of the same data ungrouped.
    cox_snell : float
        ``1 − exp(2(ℓ₀ − ℓ)/n)`` for n trials, weighted (Cox and Snell 1989).
    nagelkerke : float
        The same over its largest value (Nagelkerke 1991).
    aic, bic, aicc : float
        For the number of observations; AICc is NaN where that does not exceed k + 1. With a
        penalty from ℓ at the estimate, as brglm2 has it; NaN for log-F and ridge, whose
        coefficients are not as many free ones.

    With sampling weights ℓ is a pseudo-likelihood: the statistic, its p-value and the criteria are
    NaN, the pseudo-R² those of the weighted rows.
    """

    lr_statistic: float
    lr_p_value: float
    mcfadden: float
    cox_snell: float
    nagelkerke: float
    aic: float
    bic: float
    aicc: float


def goodness(account: Account) -> Goodness:
    """Return the measures of fit that need no rows."""
    value, null = account.log_likelihood, account.null_log_likelihood
    k, n = account.rank, account.nobs
    estimator = account.estimator
    statistic = np.nan if account.is_pseudo else 2.0 * (value - null)
    if not estimator.is_ml:
        statistic = 2.0 * (account.criterion - account.null_criterion)
    nested = account.has_null and account.df_model > 0
    per_trial = 2.0 / account.tally.trials
    with np.errstate(over="ignore"):  # of a search that stopped far below the null model
        cox_snell = float(-np.expm1(per_trial * (null - value)))
    criteria = estimator.has_criteria and not account.is_pseudo
    minus_twice = -2.0 * value if criteria else np.nan
    aic = 2.0 * k + minus_twice
    room = n - k - 1
    return Goodness(
        lr_statistic=statistic,
        lr_p_value=_tail(statistic, account.df_model) if nested else np.nan,
        mcfadden=1.0 - value / null if null else np.nan,
        cox_snell=cox_snell,
        nagelkerke=cox_snell / float(-np.expm1(per_trial * null)) if null else np.nan,
        aic=aic,
        bic=k * float(np.log(n)) + minus_twice,
        aicc=aic + 2.0 * k * (k + 1) / room if room > 0 else np.nan,
    )


def _tail(statistic: float, df: int) -> float:
    if np.isnan(statistic):
        return np.nan
    return chi_square_tail(max(statistic, 0.0), df)


def tjur(fit: Fit) -> float:
    """Return the coefficient of discrimination: mean fitted probability of events less of others.

    Weighted by prior weights; NaN where all outcomes are the same. One pass. Tjur (2009), *The
    American Statistician* 63.
    """
    events, others, mu_events, mu_others = fit.rows.fold(_means, fit.solution.coef).values
    return float(mu_events / events - mu_others / others) if events and others else np.nan


def _means(block: Block, coef: Floats) -> Total:
    mu = fitted(block, coef)
    successes, failures = _weighted_counts(block)
    return Total(np.array([successes.sum(), failures.sum(), successes @ mu, failures @ mu]))


@dataclass(frozen=True)
class Classification:
    """Weighted counts of what was observed against what the rule ``p >= threshold`` says."""

    threshold: float
    true_positive: float
    false_negative: float
    false_positive: float
    true_negative: float

    @property
    def accuracy(self) -> float:
        """Share classified correctly."""
        right = self.true_positive + self.true_negative
        return right / (right + self.false_negative + self.false_positive)

    @property
    def sensitivity(self) -> float:
        """Share of events that are classified as events; NaN without events."""
        events = self.true_positive + self.false_negative
        return self.true_positive / events if events else np.nan

    @property
    def specificity(self) -> float:
        """Share of non-events that are classified as non-events; NaN without non-events."""
        others = self.true_negative + self.false_positive
        return self.true_negative / others if others else np.nan


def classify_rows(fit: Fit, threshold: float) -> Classification:
    """Return the classification counts of the rows of the fit; one pass."""
    if not (isinstance(threshold, Real) and 0.0 <= threshold <= 1.0):
        raise ArgumentError("threshold", threshold, "a probability between 0 and 1, such as 0.5")
    return Classification(
        threshold, *fit.rows.fold(_counts, fit.solution.coef, threshold).values.tolist()
    )


def _counts(block: Block, coef: Floats, threshold: float) -> Total:
    positive = fitted(block, coef) >= threshold
    successes, failures = _weighted_counts(block)
    return Total(
        np.array(
            [
                successes[positive].sum(),
                successes[~positive].sum(),
                failures[positive].sum(),
                failures[~positive].sum(),
            ]
        )
    )


def _weighted_counts(block: Block) -> tuple[Floats, Floats]:
    trials = 1.0 if block.trials is None else block.trials
    weights = 1.0 if block.weights is None else block.weights
    return weights * block.y, weights * (trials - block.y)
