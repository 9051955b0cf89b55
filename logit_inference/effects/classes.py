"""Probabilities of several classes, their intervals, and averages of their changes.

A class k has ``mu_k = exp(eta_k)/Σ exp(eta)``, of which the change with the coefficients is
``d mu_k = mu_k (d eta_k − Σ mu_l d eta_l)``. All standard errors are the delta method's with these
derivatives, exact and of all equations together. Where rows and their changes come from is not
known here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from logit_inference.likelihood.logistic import expit
from logit_inference.likelihood.softmax import softmax
from logit_inference.rows.block import Floats
from logit_inference.rows.product import Columns, dense

AT_ONCE = 1 << 20  # elements of what is made of some rows at a time


@dataclass(frozen=True)
class Equations:
    """Coefficients of K − 1 equations and a root of their covariance, in one basis of r columns.

    Parameters
    ----------
    coef : (K − 1, r) array
    root : (K − 1, r, s) array
        Its rows, squared, are the covariance of all coefficients.
    """

    coef: Floats
    root: Floats

    def link(self, X: Columns, offset: Floats | None) -> Floats:
        """Return the linear predictors (m, K) of rows, zero plus offset for the reference."""
        rows = dense(X)
        eta = np.zeros((len(rows), len(self.coef) + 1))
        eta[:, 1:] = rows @ self.coef.T
        eta[np.isnan(eta[:, 1:]).any(axis=1), 0] = np.nan
        return eta if offset is None else eta + offset

    def moves(self, X: Floats) -> Floats:
        """Return what each linear predictor moves by along the root, (m, K, s)."""
        k, r, s = self.root.shape
        turned = self.root.transpose(1, 0, 2).reshape(r, k * s)
        moves = np.zeros((len(X), k + 1, s))
        moves[:, 1:] = (X @ turned).reshape(len(X), k, s)
        return moves


@dataclass(frozen=True)
class Probabilities:
    """Probabilities (m, K) with standard errors and intervals, NaN in missing rows."""

    estimate: Floats
    std_error: Floats
    conf_low: Floats
    conf_high: Floats


def probability_intervals(
    equations: Equations, X: Columns, offset: Floats | None, critical: float
) -> Probabilities:
    """Return the probabilities of rows (m, r), with intervals that stay inside (0, 1).

    The interval of each class is that of its log odds against all others, carried through the
    link: ``logit mu_k ± z·se(mu_k)/(mu_k (1 − mu_k))``. For two classes it is that of the linear
    predictor.

    Notes
    -----
    ``2 m K r s`` operations, some rows at a time.
    """
    m, n_classes = len(X), len(equations.coef) + 1
    found = np.full((4, m, n_classes), np.nan)
    for part in _parts(m, equations):
        rows = dense(X[part])
        eta = equations.link(rows, None if offset is None else offset[part])
        mu = softmax(eta)
        moves = equations.moves(rows)
        gaps = moves - np.einsum("mk,mks->ms", mu, moves)[:, np.newaxis]
        size = np.sqrt(np.einsum("mks,mks->mk", gaps, gaps))
        others = _others(mu)
        with np.errstate(divide="ignore", invalid="ignore"):
            log_odds = np.log(mu) - np.log(others)
            half = critical * np.where(others > 0, size / others, np.inf)
            low, high = expit(log_odds - half), expit(log_odds + half)
        certain = (mu == 0) | (others == 0)  # beyond what a double can tell from 0 or 1
        low = np.where(certain & np.isnan(low), mu, low)
        high = np.where(certain & np.isnan(high), mu, high)
        found[:, part] = mu, mu * size, low, high
    return Probabilities(*found)


@dataclass(frozen=True)
class Change:
    """A change of rows whose effect on probabilities is averaged.

    Parameters
    ----------
    X : (m, r) array
        Where the change starts (comparisons), or where slopes are taken.
    other : (m, r) array
        Where it ends, or the derivative of the columns.
    is_slope : bool
    """

    X: Columns
    other: Columns
    is_slope: bool


def average_change(
    equations: Equations, change: Change, offset: Floats | None, weights: Floats | None
) -> tuple[Floats, Floats]:
    """Return the average change of each probability (K,) and a root (K, s) of its covariance.

    A slope is ``f_k = mu_k (s_k − Σ mu_l s_l)`` with the derivatives ``s_k = dx'b_k`` of linear
    predictors, and with small changes of eta and s it changes by
    ``d mu_k (s_k − s̄) + mu_k (d s_k − d s̄)`` where ``d s̄ = Σ d mu_l s_l + mu_l d s_l``.

    Parameters
    ----------
    equations : Equations
    change : Change
        Without missing rows.
    offset : (m, K) array or None
    weights : (m,) array or None
        What each row counts for.
    """
    m, n_classes, s = len(change.X), len(equations.coef) + 1, equations.root.shape[2]
    w = np.ones(m) if weights is None else weights
    total, moved = np.zeros(n_classes), np.zeros((n_classes, s))
    for part in _parts(m, equations):
        X, other = dense(change.X[part]), dense(change.other[part])
        own = None if offset is None else offset[part]
        mu, d_mu = _moved(equations, X, own)
        if change.is_slope:
            slope = np.zeros((len(X), n_classes))
            slope[:, 1:] = other @ equations.coef.T
            d_slope = equations.moves(other)
            gap = slope - np.einsum("mk,mk->m", mu, slope)[:, np.newaxis]
            mean = np.einsum("mks,mk->ms", d_mu, slope) + np.einsum("mk,mks->ms", mu, d_slope)
            effect = mu * gap
            d_effect = d_mu * gap[:, :, np.newaxis]
            d_effect += mu[:, :, np.newaxis] * (d_slope - mean[:, np.newaxis])
        else:
            mu_other, d_other = _moved(equations, other, own)
            effect, d_effect = mu_other - mu, d_other - d_mu
        total += w[part] @ effect
        moved += np.einsum("m,mks->ks", w[part], d_effect)
    return total / w.sum(), moved / w.sum()


def _moved(equations: Equations, X: Floats, offset: Floats | None) -> tuple[Floats, Floats]:
    """Return probabilities (m, K) and their derivatives along the root (m, K, s)."""
    mu = softmax(equations.link(X, offset))
    moves = equations.moves(X)
    moves -= np.einsum("mk,mks->ms", mu, moves)[:, np.newaxis]
    moves *= mu[:, :, np.newaxis]
    return mu, moves


def _others(mu: Floats) -> Floats:
    """Return the sum of the other probabilities of each, never as a difference from one."""
    k = mu.shape[1]
    return np.stack([np.delete(mu, j, axis=1).sum(axis=1) for j in range(k)], axis=1)


def _parts(m: int, equations: Equations) -> Iterator[slice]:
    k, _, s = equations.root.shape
    size = max(AT_ONCE // max((k + 1) * s, 1), 1)
    return (slice(start, min(start + size, m)) for start in range(0, m, size))
