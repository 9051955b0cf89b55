"""The multinomial likelihood with logit link, as kernels on one block of rows.

An outcome has K classes; class 0 is the reference, and the coefficients are those of the others,
one equation after the other: ``coef.reshape(K − 1, p)``. With linear predictors ``eta_k`` (zero for
the reference, plus the offset of each class) the probabilities are ``mu_k = exp(eta_k)/Σ exp``.
How many classes there are is told by the length of the coefficients.

* Every sum is of ``E_k = exp(eta_k − max eta)`` in [0, 1]: nothing overflows at ±800.
* With o the observed class, ``1 − mu_o`` is the sum of the other E_k over that of all, never a
  difference, which would leave no correct digit where ``mu_o`` is near one.
* ``log mu_o = (eta_o − max) − log1p(Σ E − 1)`` where the argument is summed without the one.
* The information is ``Σ_{k<l} L_kl ⊗ X' diag(w mu_k mu_l) X`` over all pairs of classes, with
  ``L_kl = (e_k − e_l)(e_k − e_l)'``: diag(mu) − mu mu' is the Laplacian of a graph with edges
  ``mu_k mu_l``. All terms are positive, so that ``mu_k(1 − mu_k)`` is no difference either.

``y`` of a block holds class numbers, its offset is (n, K): minus infinity takes a class out of a
row, which is how limiting models are fitted. `evaluate` has the signature that `likelihood.
Likelihood` asks for; the other fields of that record do not fit, because what is one number a row
for two classes (a residual, a working weight) is a vector or a matrix for K. This file knows
nothing of formulas, sources or solvers.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from logit_inference.likelihood.evaluation import Evaluation, Slope, Total
from logit_inference.likelihood.rounding import RESIDUAL, ScoreSums
from logit_inference.rows.block import Block, Floats
from logit_inference.rows.coded import Coded
from logit_inference.rows.pairs import PairSums
from logit_inference.rows.product import (
    Columns,
    addends,
    careful_sums,
    magnitudes,
    times,
    transposed_times,
)

# --- kernels --------------------------------------------------------------------------------------


def evaluate(run: Iterable[Block], coef: Floats) -> Evaluation:
    """Return log-likelihood, score and information of a run of blocks, each row read once.

    Parameters
    ----------
    run : iterable of Block
        At least one block of p columns; none has more rows than the first.
    coef : ((K − 1)p,) array

    Notes
    -----
    One pass over n rows: 4np(K − 1) flops for linear predictors and score, ``np²K(K − 1)/2`` for
    the information. Memory: K(K − 1)/2 numbers for each row of a block, and the information twice.
    """
    blocks = iter(run)
    first = next(blocks)
    beta = coef.reshape(-1, first.n_columns)
    n_classes = len(beta) + 1
    eta = np.empty((n_classes, first.n_rows))
    edges = np.empty((n_classes * (n_classes - 1) // 2, first.n_rows))
    sums = PairSums(first.X, len(edges))
    value, score, smallest = 0.0, np.zeros_like(beta), math.inf
    for block in chain((first,), blocks):
        if block.n_rows != eta.shape[1]:
            eta, edges = np.empty((len(eta), block.n_rows)), np.empty((len(edges), block.n_rows))
        row = _row_terms(block, beta, eta)
        value += row.log_likelihood
        score += _each_times(block.X, row.residual)
        sums.add(block.X, _edges(row.mu, block.weights, edges))
        smallest = min(smallest, _smallest(block, row.mu))
    return Evaluation(
        value, score.ravel(), laplacian(sums.squares(), n_classes, first.n_columns), smallest
    )


def slope(run: Iterable[Block], coef: Floats) -> Slope:
    """Return log-likelihood and score of a run of blocks, each row read once.

    Notes
    -----
    One pass of 4np(K − 1) flops: the price of a step that reuses an older information matrix.
    """
    value, score = 0.0, np.zeros_like(coef)
    for block in run:
        beta = coef.reshape(-1, block.n_columns)
        row = _row_terms(block, beta, np.empty((len(beta) + 1, block.n_rows)))
        value += row.log_likelihood
        score += _each_times(block.X, row.residual).ravel()
    return Slope(value, score)


def linear_predictors(block: Block, coef: Floats) -> Floats:
    """Return the linear predictors (n, K), zero plus offset for the reference."""
    beta = coef.reshape(-1, block.n_columns)
    return np.ascontiguousarray(_predictors(block, beta, np.empty((len(beta) + 1, block.n_rows))).T)


def probabilities(block: Block, coef: Floats) -> Floats:
    """Return the probabilities of all classes (n, K)."""
    return softmax(linear_predictors(block, coef))


def softmax(eta: Floats) -> Floats:
    """Return ``exp(eta_k)/Σ exp(eta)`` of each row of (n, K) linear predictors.

    Examples
    --------
    >>> softmax(np.array([[0.0, 800.0], [0.0, -800.0]])).tolist()
    [[0.0, 1.0], [1.0, 0.0]]
    """
    with np.errstate(invalid="ignore"):
        shares: Floats = np.exp(eta - eta.max(axis=1, keepdims=True))
    shares /= shares.sum(axis=1, keepdims=True)
    return shares


def residuals(block: Block, coef: Floats) -> Floats:
    """Return prior weight times ``y_k − mu_k`` of the classes but the reference, (n, K − 1).

    The score of a row is their Kronecker product with the row of X.
    """
    beta = coef.reshape(-1, block.n_columns)
    row = _row_terms(block, beta, np.empty((len(beta) + 1, block.n_rows)))
    return np.ascontiguousarray(row.residual.T)


def class_totals(block: Block, n_classes: int) -> Total:
    """Return for each class its weight and its rows that have weight, (2, K)."""
    codes = block.y.astype(np.intp)
    weights = np.ones(block.n_rows) if block.weights is None else block.weights
    counted = (weights > 0).astype(np.float64)
    found = [np.bincount(codes, values, n_classes) for values in (weights, counted)]
    return Total(np.array(found, dtype=np.float64))


def laplacian(squares: Iterable[Floats], n_classes: int, p: int) -> Floats:
    """Return the upper triangle (q, q) of ``Σ_{k<l} (e_k − e_l)(e_k − e_l)' ⊗ squares_kl``.

    Parameters
    ----------
    squares : K(K − 1)/2 arrays (p, p)
        Symmetric, by pairs of classes in the order of `pairs`.
    n_classes, p : int

    Examples
    --------
    >>> laplacian(np.array([[[1.0]], [[10.0]], [[100.0]]]), 3, 1).tolist()
    [[101.0, -100.0], [-100.0, 110.0]]
    """
    k = n_classes - 1
    blocks = np.zeros((k, p, k, p))
    for (a, b), square in zip(pairs(n_classes), squares, strict=True):
        blocks[b - 1, :, b - 1] += square
        if a:
            blocks[a - 1, :, a - 1] += square
            blocks[a - 1, :, b - 1] -= square
            blocks[b - 1, :, a - 1] -= square
    # The transpose of a symmetric matrix is in the order that LAPACK takes without a copy.
    return blocks.reshape(k * p, k * p).T


def pairs(n_classes: int) -> Iterator[tuple[int, int]]:
    """Yield the pairs of classes k < l, in the order of rows of their matrix."""
    return ((a, b) for a in range(n_classes) for b in range(a + 1, n_classes))


# --- what rounding does ---------------------------------------------------------------------------


def score_sums(block: Block, coef: Floats, doubled: bool) -> ScoreSums:
    """Return the score of a block at ``coef`` (q,), and what bounds its rounding.

    As `likelihood.rounding.score_sums`, of which the reasons are the same row by row:

    * predictors off by ``δ_k`` move residuals by ``W̃ δ`` with ``W = w(diag mu − mu mu')`` between
      the true and the computed point. Their differences move by no more than ``2 max|δ|``, so that
      W̃ is within ``exp(±2 max|δ|)`` of W, and ``δ'Wδ <= w Σ mu_k δ_k²``: the spread. ``largest`` is
      twice the largest ``a``, for the same two.
    * residuals of K − 1 classes have ``r'W⁻¹r = Σ r_k²/(w mu_k) + (Σ r_k)²/(w mu_0)``: the misfit.
    * a residual is a sum of up to K terms, each with a few units of rounding of its own size, which
      counts as ``1 + K/16`` times those of two classes.

    Parameters
    ----------
    block : Block
    coef : (q,) array
    doubled : bool
        Whether columns are added up in twice the working precision.
    """
    X, sizes = block.X, magnitudes(block.X)
    beta = coef.reshape(-1, block.n_columns)
    row = _row_terms(block, beta, np.empty((len(beta) + 1, block.n_rows)))
    weights = np.ones(block.n_rows) if block.weights is None else block.weights
    reach = np.array([times(sizes, np.abs(own)) for own in beta])
    if block.offset is not None:
        known = np.abs(block.offset)
        known = np.where(np.isfinite(known), known, 0.0)  # of a class that the row cannot have
        reach += known[:, 1:].T + known[:, 0]
    reach = np.where(weights > 0, reach, 0.0)
    more = 1.0 + (len(beta) + 1) / RESIDUAL
    found = [careful_sums(X, own, doubled=doubled) for own in row.residual]
    size = np.abs(row.residual)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        own = np.where(size > 0, np.square(size) / (weights * row.mu[1:]), 0.0).sum()
        total = size.sum(axis=0)
        shared = np.where(total > 0, np.square(total) / (weights * row.mu[0]), 0.0).sum()
    misfit = float(own + shared) * more**2
    return ScoreSums(
        np.concatenate([score for score, _ in found]),
        np.concatenate([transposed_times(sizes, own) for own in size]) * more,
        float((weights * row.mu[1:] * np.square(reach)).sum()),
        misfit if math.isfinite(misfit) else math.inf,
        2.0 * float(reach.max(initial=0.0)),
        addends(X),
        np.concatenate([depths for _, depths in found]),
    )


# --- rows -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Rows:
    """Log-likelihood of some rows, probabilities (K, n), weighted residuals (K − 1, n)."""

    log_likelihood: float
    mu: Floats
    residual: Floats


def _row_terms(block: Block, beta: Floats, eta: Floats) -> _Rows:
    """Return what is known of each row; ``eta`` (K, n) is written into."""
    eta = _predictors(block, beta, eta)
    # Places of the observed classes in the flat array: taken and put at a tenth of the price.
    observed = block.y.astype(np.intp)
    observed *= block.n_rows
    observed += np.arange(block.n_rows)
    eta -= eta.max(axis=0)
    margin = eta.take(observed)
    shares = np.exp(eta, out=eta)
    own = shares.take(observed)
    shares.put(observed, 0.0)
    others = shares.sum(axis=0)
    total = others + own
    terms = margin - np.log1p(others + (own - 1.0))
    shares /= total
    residual = np.negative(shares)
    residual.put(observed, others / total)
    shares.put(observed, own / total)
    if block.weights is None:
        return _Rows(float(terms.sum()), shares, residual[1:])
    residual *= block.weights
    return _Rows(float(block.weights @ terms), shares, residual[1:])


def _predictors(block: Block, beta: Floats, eta: Floats) -> Floats:
    """Return the linear predictors (K, n) in ``eta``."""
    X = block.X
    eta[0] = 0.0
    if isinstance(X, Coded):
        for own, row in zip(beta, eta[1:], strict=True):
            times(X, own, row)
    else:
        np.matmul(beta, X.T, out=eta[1:])
    if block.offset is not None:
        eta += block.offset.T
    return eta


def _each_times(X: Columns, values: Floats) -> Floats:
    """Return ``values @ X`` (k, p) of (k, n) values."""
    if isinstance(X, Coded):
        return np.array([transposed_times(X, own) for own in values])
    product: Floats = np.matmul(values, X)
    return product


def _edges(mu: Floats, weights: Floats | None, out: Floats) -> Floats:
    """Return ``w mu_k mu_l`` of each pair of classes k < l, in ``out`` (K(K − 1)/2, n)."""
    place = 0
    for k in range(len(mu) - 1):
        width = len(mu) - 1 - k
        own = mu[k] if weights is None else mu[k] * weights
        np.multiply(own, mu[k + 1 :], out=out[place : place + width])
        place += width
    return out


def _smallest(block: Block, mu: Floats) -> float:
    """Return the smallest weight that a difference of two classes has in a row that counts.

    The variance of a variable that takes two values one apart with chances mu_k and mu_l is at
    least ``mu_k mu_l/(mu_k + mu_l)``, wherever the others are, and that at least half of the
    smallest of them: no difference of linear predictors has a leverage above its inverse.
    """
    least = mu[0] * mu[1] if len(mu) == 2 else 0.5 * mu.min(axis=0)
    if block.weights is None:
        return float(least.min(initial=math.inf))
    counts: NDArray[np.bool_] = block.weights > 0
    return float((least * block.weights).min(initial=math.inf, where=counts))
