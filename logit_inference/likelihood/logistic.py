"""The binomial likelihood with logit link, as kernels on one block of rows.

Notation: ``eta`` is the linear predictor, ``mu`` the probability of the event, ``m`` the trials,
``w`` the working weight ``m·mu·(1−mu)`` times the prior weight. Everything comes from one
exponential, ``t = exp(−|eta|)`` or, where a row is one success or failure, ``t = exp(a)`` with a
the log odds against what was observed, held at 700 so that it never overflows:

* the chances of the two outcomes are ``t/(1+t)`` and ``1/(1+t)``; 1 − mu is never formed by
  subtraction, which would leave no correct digit beyond eta = 37;
* ``mu(1−mu) = t/(1+t)²`` stays positive instead of becoming 0 at |eta| = 37;
* ``log(1+exp(a)) = log1p(t)``, with what a exceeds 700 by added; the log of a computed mu would be
  −inf at −745.

This file knows nothing of formulas, sources or solvers.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain

import numpy as np
from scipy.special import gammaln, xlogy

from logit_inference.likelihood.evaluation import Evaluation, Slope, Tally
from logit_inference.likelihood.likelihood import Likelihood
from logit_inference.likelihood.resident import resident
from logit_inference.likelihood.rounding import score_sums
from logit_inference.rows.block import Block, Floats
from logit_inference.rows.product import gram_for, sums_for, times

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


def linear_predictor(block: Block, coef: Floats, out: Floats | None = None) -> Floats:
    """Return ``X @ coef + offset`` of shape (n,), in ``out`` if that is given."""
    eta = times(block.X, coef, out)
    if block.offset is not None:
        eta += block.offset
    return eta


def fitted(block: Block, coef: Floats) -> Floats:
    """Return the probabilities of the event, shape (n,)."""
    return expit(linear_predictor(block, coef))


def evaluate(run: Iterable[Block], coef: Floats) -> Evaluation:
    """Return log-likelihood, score and information of a run of blocks, each row read once.

    Parameters
    ----------
    run : iterable of Block
        At least one block of p columns; none has more rows than the first.
    coef : (p,) array

    Notes
    -----
    One pass over n rows: 2np flops for eta, np(p+1) for the information (a symmetric rank-n
    update, half of a general product), 2np for the score. Buffers of a block's size are made for
    the first block and serve all; nothing has the length of the run.
    """
    return evaluate_as(run, coef)


def evaluate_as(
    run: Iterable[Block], coef: Floats, *, single: bool = False, packed: bool = False
) -> Evaluation:
    """Return the same with an information in single precision, or packed, or both.

    Parameters
    ----------
    run, coef
        As in `evaluate`.
    single : bool
        Of many columns three fifths of the time; all but the information is as exact as there.
        Columns beyond 1e±16 overflow, or vanish: there is no Cholesky factor then.
    packed : bool
        Half of the memory for the information (see `rows.packed`).
    """
    blocks = iter(run)
    first = next(blocks)
    gram = gram_for(first.X, single=single, packed=packed)
    buffers = np.empty((_BUFFERS, first.n_rows))
    value, smallest = 0.0, np.inf
    for block in chain((first,), blocks):
        part, residual, weight = _row_terms(block, coef, buffers)
        value += part
        gram.add(block.X, weight, residual)
        smallest = min(smallest, _smallest(block, weight))
    return Evaluation(value, gram.sums(), gram.upper(), smallest)


def slope(run: Iterable[Block], coef: Floats) -> Slope:
    """Return log-likelihood and score of a run of blocks, each row read once.

    Parameters
    ----------
    run : iterable of Block
        At least one block of p columns; none has more rows than the first.
    coef : (p,) array

    Notes
    -----
    One pass of 4np flops: the price of a step that reuses an older information matrix.
    """
    blocks = iter(run)
    first = next(blocks)
    buffers = np.empty((_BUFFERS, first.n_rows))
    value, score = 0.0, sums_for(first.X)
    for block in chain((first,), blocks):
        part, residual, _ = _row_terms(block, coef, buffers, weigh=False)
        value += part
        score.add(block.X, residual)
    return Slope(value, score.total())


def working_weights(block: Block, coef: Floats) -> Floats:
    """Return the working weights, shape (n,): prior weight times ``m·mu·(1−mu)``."""
    own: Floats = _row_terms(block, coef, np.empty((_BUFFERS, block.n_rows)))[2].copy()
    return own


def skewness(block: Block, coef: Floats) -> tuple[Floats, Floats]:
    """Return the working weights and ``1 − 2mu``, each of shape (n,).

    The third derivative of a row's log-likelihood by its linear predictor is minus their product.
    """
    eta = linear_predictor(block, coef)
    t = np.exp(-np.abs(eta))
    one_t = 1.0 + t
    skew = np.copysign((1.0 - t) / one_t, -eta)
    return _working_weights(block, t, one_t), skew


def residual(block: Block, coef: Floats) -> Floats:
    """Return prior weight times ``y − m·mu``, shape (n,): times a row of X its score."""
    own: Floats = _row_terms(block, coef, np.empty((_BUFFERS, block.n_rows)))[1].copy()
    return own


def tally(block: Block) -> Tally:
    """Return the sums over rows that do not depend on the coefficients."""
    y = block.y
    if block.trials is None and block.weights is None:
        n, events = block.n_rows, float(np.add.reduce(y))
        shift = 0.0 if block.offset is None else float(block.offset.sum())
        return Tally(n, n, n, events, n, events, shift, 0.0, 0.0)
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


FAR = 700.0  # of a linear predictor: exp() is finite up to here, and log1p(exp(x)) = x beyond
_BUFFERS = 4  # arrays of a block's length that `_row_terms` writes into


def _row_terms(
    block: Block, coef: Floats, buffers: Floats, *, weigh: bool = True
) -> tuple[float, Floats, Floats]:
    """Return the log-likelihood, the (n,) residuals and working weights, in the buffers.

    Unless told to ``weigh``, what stands in the place of the working weights is not to be read.

    One success or failure per row is told by the log odds against it, ``a = −s·eta`` with s = ±1:
    the chance of the outcome not observed is ``q = t/(1+t)`` with ``t = exp(a)``, the residual s·q,
    the working weight ``q/(1+t)``, the log-likelihood ``−log(1+t)``.
    """
    against, t, sign, one_t = buffers[:, : block.n_rows]
    if block.trials is not None:
        eta = linear_predictor(block, coef, against)
        np.exp(np.copysign(eta, -1.0, out=t), out=t)
        np.add(t, 1.0, out=one_t)
        value = _grouped_terms(block, block.trials, eta, t, one_t, sign)
        return value, sign, _working_weights(block, t, one_t)
    times(block.X, -coef, against)
    if block.offset is not None:
        against -= block.offset
    np.multiply(block.y, 2.0, out=sign)
    sign -= 1.0
    against *= sign
    far = None
    if len(against) and against[against.argmax()] > FAR:
        far = np.maximum(against - FAR, 0.0)
        np.minimum(against, FAR, out=against)
    np.exp(against, out=t)
    np.add(t, 1.0, out=one_t)
    chance = np.divide(t, one_t, out=against)
    lost = np.log1p(t, out=t)
    if far is not None:
        lost += far
    weights = block.weights
    value = -float(np.add.reduce(lost) if weights is None else weights @ lost)
    if weights is not None:
        chance *= weights
    residual = np.multiply(chance, sign, out=sign)
    return value, residual, np.divide(chance, one_t, out=t) if weigh else t


def _grouped_terms(
    block: Block, trials: Floats, eta: Floats, t: Floats, one_t: Floats, residual: Floats
) -> float:
    """Return the log-likelihood of rows of several trials; writes their residuals."""
    y = block.y
    positive = eta >= 0
    failures = trials - y
    mu = np.where(positive, 1.0, t) / one_t
    nu = np.where(positive, t, 1.0) / one_t
    np.subtract(y * nu, failures * mu, out=residual)
    wrong = np.where(positive, failures, y)
    terms = trials * np.log1p(t) + wrong * np.abs(eta)
    if block.weights is None:
        return -float(terms.sum())
    residual *= block.weights
    return -float(block.weights @ terms)


def _working_weights(block: Block, t: Floats, one_t: Floats) -> Floats:
    """Return the working weights ``t/(1+t)²`` times trials and prior weights, in the place of t."""
    t /= one_t
    t /= one_t
    for prior in (block.trials, block.weights):
        if prior is not None:
            t *= prior
    return t


def _smallest(block: Block, values: Floats) -> float:
    """Return the smallest value of a row that counts, inf where there are none."""
    counts = block.counts
    return float(
        values.min(initial=np.inf) if counts is None else values.min(initial=np.inf, where=counts)
    )


LOGISTIC = Likelihood(
    "binomial, logit link",
    evaluate,
    slope,
    resident,
    tally,
    linear_predictor,
    fitted,
    working_weights,
    residual,
    score_sums,
    skewness,
    evaluate_as=evaluate_as,
)
