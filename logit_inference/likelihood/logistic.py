"""The binomial likelihood with logit link, as kernels on one block of rows.

Notation: ``eta`` is the linear predictor, ``mu`` the probability of the event, ``m`` the trials,
``w`` the working weight ``m·mu·(1−mu)`` times the prior weight. Everything comes from one
``t = exp(−|eta|)``, which lies in (0, 1] and never overflows:

* the smaller of mu and 1 − mu is ``t/(1+t)``, the larger ``1/(1+t)``; 1 − mu is never formed by
  subtraction, which would leave no correct digit beyond eta = 37;
* ``mu(1−mu) = t/(1+t)²`` stays positive up to |eta| = 745 instead of becoming 0 at 37;
* ``log(1+exp(eta)) = max(eta, 0) + log1p(t)``; the log of a computed mu would be −inf at −745.

This file knows nothing of formulas, sources or solvers.
"""

from __future__ import annotations

import numpy as np
from scipy.linalg.blas import dsyrk
from scipy.special import gammaln, xlogy

from logit_inference.likelihood.evaluation import Evaluation, Tally
from logit_inference.likelihood.likelihood import Likelihood
from logit_inference.rows.block import Block, Floats

# --- elementary functions -------------------------------------------------------------------------


def expit(eta: Floats) -> Floats:
    """Return ``1/(1+exp(−eta))`` with full relative accuracy in the left tail.

    Examples
    --------
    >>> expit(np.array([-800.0, 0.0, 800.0])).tolist()
    [0.0, 0.5, 1.0]
    """
    t = np.exp(-np.abs(eta))
    return np.where(eta >= 0, 1.0, t) / (1.0 + t)


# --- kernels --------------------------------------------------------------------------------------


def linear_predictor(block: Block, coef: Floats) -> Floats:
    """Return ``X @ coef + offset`` of shape (n,)."""
    eta: Floats = block.X @ coef
    if block.offset is not None:
        eta += block.offset
    return eta


def fitted(block: Block, coef: Floats) -> Floats:
    """Return the probabilities of the event, shape (n,)."""
    return expit(linear_predictor(block, coef))


def evaluate(block: Block, coef: Floats) -> Evaluation:
    """Return log-likelihood, score and information of one block, each row read once.

    Parameters
    ----------
    block : Block
        n rows and p columns.
    coef : (p,) array

    Notes
    -----
    One pass: 2np flops for eta, np(p+1) for the information (a symmetric rank-n update, half of a
    general product), 2np for the score. The scaled copy of the block's X is the only array of its
    size.
    """
    eta = linear_predictor(block, coef)
    value, residual, weight = _row_terms(block, eta)
    scaled = np.multiply(block.X, np.sqrt(weight)[:, np.newaxis])
    upper = dsyrk(1.0, scaled.T)
    information = upper + upper.T
    np.fill_diagonal(information, upper.diagonal())
    return Evaluation(value, residual @ block.X, information, _smallest(block, weight))


def working_weights(block: Block, coef: Floats) -> Floats:
    """Return the working weights, shape (n,): prior weight times ``m·mu·(1−mu)``."""
    return _row_terms(block, linear_predictor(block, coef))[2]


def tally(block: Block) -> Tally:
    """Return the sums over rows that do not depend on the coefficients."""
    y = block.y
    w = np.ones(block.n_rows) if block.weights is None else block.weights
    m = np.ones(block.n_rows) if block.trials is None else block.trials
    # A row without weight or without trials says nothing; R does not count it either.
    counts = block.counts
    used = np.ones(block.n_rows) if counts is None else counts.astype(np.float64)
    offset = 0.0 if block.offset is None else float((w * m) @ block.offset)
    constants = (0.0, 0.0)
    if block.trials is not None:
        binomial = gammaln(m + 1) - gammaln(y + 1) - gammaln(m - y + 1)
        share = np.divide(y, m, out=np.zeros_like(y), where=m > 0)
        best = xlogy(y, share) + xlogy(m - y, 1.0 - share)
        constants = (float(w @ binomial), float(w @ best))
    return Tally(
        int(used.sum()),
        float(w @ used),
        float(w @ m),
        float(w @ y),
        float(used @ m),
        float(used @ y),
        offset,
        *constants,
    )


def _row_terms(block: Block, eta: Floats) -> tuple[float, Floats, Floats]:
    """Return the log-likelihood, the (n,) residuals and the (n,) working weights at eta."""
    t = np.exp(-np.abs(eta))
    one_t = 1.0 + t
    positive = eta >= 0
    if block.trials is None:
        # In terms of the margin s·eta with s = ±1: the chance of the outcome not observed is q,
        # the residual s·q, the log-likelihood −log(1+exp(−s·eta)).
        sign = 2.0 * block.y - 1.0
        right = positive == (sign > 0)
        residual = sign * (np.where(right, t, 1.0) / one_t)
        terms = np.log1p(t) + np.where(right, 0.0, np.abs(eta))
        weight = t / (one_t * one_t)
    else:
        y, failures = block.y, block.trials - block.y
        mu = np.where(positive, 1.0, t) / one_t
        nu = np.where(positive, t, 1.0) / one_t
        residual = y * nu - failures * mu
        wrong = np.where(positive, failures, y)
        terms = block.trials * np.log1p(t) + wrong * np.abs(eta)
        weight = block.trials * (mu * nu)
    if block.weights is None:
        return -float(terms.sum()), residual, weight
    return -float(block.weights @ terms), block.weights * residual, block.weights * weight


def _smallest(block: Block, weight: Floats) -> float:
    """Return the smallest working weight among the rows that count, inf where there are none."""
    counts = block.counts
    return float(weight.min(initial=np.inf, where=True if counts is None else counts))


LOGISTIC = Likelihood(
    "binomial, logit link", evaluate, tally, linear_predictor, fitted, working_weights
)
