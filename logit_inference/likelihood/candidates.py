"""The binomial likelihood of one block at many sets of coefficients at once.

What a search from many starts needs of few rows: values, scores and information matrices of all
candidates are a few array operations, so that twenty cost little more than one. Sums have the form
of `likelihood.logistic`, in less careful arithmetic: what they lead to is evaluated again there.
This file knows nothing of sources or solvers.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from logit_inference.likelihood.evaluation import Largest, Total
from logit_inference.rows.block import Block, Floats
from logit_inference.rows.product import dense


@dataclass(frozen=True, slots=True)
class CandidateSums:
    """Log-likelihoods (S,), scores (S, q) and information matrices (S, q, q) of S candidates."""

    values: Floats
    scores: Floats
    information: Floats

    def __add__(self, other: CandidateSums) -> CandidateSums:
        return CandidateSums(
            self.values + other.values,
            self.scores + other.scores,
            self.information + other.information,
        )


def candidate_sums(block: Block, coef: Floats) -> CandidateSums:
    """Return value, score and information of a block's rows at each of (S, q) coefficients.

    Notes
    -----
    ``S·n·q²`` flops and some (S, n, q) memory: for few rows.
    """
    X, eta = dense(block.X), _linear_predictors(block, coef)
    prior = np.ones(block.n_rows) if block.weights is None else block.weights
    trials = prior if block.trials is None else prior * block.trials
    y, mu = prior * block.y, expit(eta)
    values = eta @ y - np.logaddexp(0.0, eta) @ trials
    weights = trials * mu * expit(-eta)
    # Two products in place of one of three arrays, which numpy would not hand to a fast routine.
    information = np.matmul(X.T, weights[:, :, np.newaxis] * X)
    return CandidateSums(values, (y - trials * mu) @ X, information)


def determinant_scores(block: Block, coef: Floats, roots: Floats) -> Total:
    """Return ``Σ h(1 − 2mu)x``, the gradients of ``log|I|``, shape (S, q).

    Parameters
    ----------
    block : Block
    coef : (S, q) array
    roots : (S, q, q) array
        B with ``B B' = I⁻¹`` of each candidate.
    """
    X, eta = dense(block.X), _linear_predictors(block, coef)
    return Total((_leverages(block, eta, roots) * (expit(-eta) - expit(eta))) @ X)


def largest_leverage(block: Block, coef: Floats, root: Floats) -> Largest:
    """Return the largest leverage ``h = w·x'I⁻¹x`` at (q,) coefficients, of equal rows together.

    So it is the same of a row with a weight and of its replicates. Rows whose leverages are equal
    by chance are taken for equal, where they are equal in ``x'I⁻¹x`` too.
    """
    eta = _linear_predictors(block, coef[np.newaxis])
    own = _leverages(block, eta, root[np.newaxis])[0]
    reach = np.square(dense(block.X) @ root).sum(axis=1)
    alike = np.unique(np.round(reach, 9), return_inverse=True)[1]
    return Largest(float(np.bincount(alike.ravel(), own, minlength=1).max(initial=0.0)))


def _leverages(block: Block, eta: Floats, roots: Floats) -> Floats:
    """Return them for each candidate, shape (S, n)."""
    prior = 1.0 if block.weights is None else block.weights
    trials = prior if block.trials is None else prior * block.trials
    reach = np.square(np.matmul(dense(block.X), roots)).sum(axis=2)
    leverages: Floats = trials * expit(eta) * expit(-eta) * reach
    return leverages


def _linear_predictors(block: Block, coef: Floats) -> Floats:
    """Return them for each candidate, shape (S, n)."""
    eta: Floats = coef @ dense(block.X).T
    return eta if block.offset is None else eta + block.offset
