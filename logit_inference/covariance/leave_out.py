"""The jackknife over clusters, CR3: how coefficients move when one cluster after the other is left.

Exactly, by a refit of each leave-out, or by one Newton step from the estimate. In the coordinates
of `clusters.Rows` the step is ``(I − Q'Q)⁻¹ s``, with the score s and the information Q'Q of the
cluster that is left out. What a leave-out cannot estimate is no number to be averaged: it is
returned by the code of its cluster, for somebody else to name.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from logit_inference.covariance.bell_mccaffrey import DECIDED
from logit_inference.covariance.clusters import Clusters, Positions, read_rows
from logit_inference.covariance.covariance import Covariance
from logit_inference.covariance.penalized import bread
from logit_inference.covariance.refits import refits
from logit_inference.covariance.sandwich import Codes
from logit_inference.errors import DataError
from logit_inference.rows.block import Floats
from logit_inference.rows.threads import blas_pinned
from logit_inference.rows.variant import row_weights
from logit_inference.solve.fit import Fit

CHUNK, MOST_WEIGHTS = 1024, 1 << 24  # refits, and their weights, that are made at a time
PIECE = 1 << 16  # rows of a large cluster that are read at a time


@dataclass(frozen=True)
class Jackknife:
    """A covariance, and the codes of clusters without which there is no estimate."""

    covariance: Covariance
    lost: Codes


def leave_one_out(fit: Fit, clusters: Clusters, name: str, scaled: bool = True) -> Jackknife:
    """Return the covariance CR3 from a refit without each cluster.

    ``f Σ (b_g − b)(b_g − b)'`` with b the estimate, b_g that without cluster g, and f the factor
    (G − 1)/G, or one. G counts the leave-outs that have an estimate.

    Parameters
    ----------
    fit : Fit
        Refitted by its own estimator.
    clusters : Clusters
    name : str
        Of the variable that tells clusters apart.
    scaled : bool
        Whether the factor is (G − 1)/G.

    Raises
    ------
    DataError
        Where fewer than two leave-outs have an estimate.

    Notes
    -----
    G refits; of maximum likelihood on the batched engine, about 0.2 µs for each row and refit:
    minutes for a thousand clusters of a million rows, hours for 50,000, where `one_step`, which
    takes a pass, differs by next to nothing.

    References
    ----------
    MacKinnon, Nielsen and Webb (2023), *Journal of Applied Econometrics* 38.
    """
    weights: NDArray[Any] = fit.source.map(row_weights)
    if (weights == 1.0).all():
        weights = weights.astype(np.int8)  # as much as eight times more refits at once
    n, n_clusters = len(weights), len(clusters.codes)
    step = int(np.clip(MOST_WEIGHTS // max(n, 1), 1, CHUNK))
    moves, kept = [], np.zeros(n_clusters, dtype=bool)
    for start in range(0, n_clusters, step):
        some = range(start, min(start + step, n_clusters))
        W = np.repeat(weights[np.newaxis], len(some), axis=0)
        for place, number in enumerate(some):
            W[place, clusters.of(number)] = 0
        coef, outcomes = refits(fit, W)
        found = np.array([outcome.converged for outcome in outcomes])
        kept[start : start + len(some)] = found
        moves += [fit.basis.inner(own) - fit.solution.coef for own in coef[found]]
    how = f"clustered by {name} (CR3, leave-one-cluster-out refits)"
    triangle: Any = np.linalg.qr(np.array(moves).reshape(-1, len(fit.solution.coef)), mode="r")
    return _jackknife(fit, clusters, triangle.T, kept, how, scaled)


def one_step(
    fit: Fit, clusters: Clusters, name: str, frequency: bool, scaled: bool = True
) -> Jackknife:
    """Return the covariance CR3 from one Newton step towards each leave-out.

    Parameters
    ----------
    fit : Fit
    clusters : Clusters
    name : str
        Of the variable that tells clusters apart.
    frequency : bool
        As in `read_rows`.
    scaled : bool
        Whether the factor is (G − 1)/G; without it the value is clubSandwich's CR3.

    Raises
    ------
    DataError
        Where fewer than two leave-outs have an estimate.

    Notes
    -----
    Each row is read once.
    """
    root = bread(fit)
    r = root.shape[1]
    total, kept = np.zeros((r, r)), np.ones(len(clusters.codes), dtype=bool)
    with blas_pinned(fit.source.n_rows, r):  # matrices are many and small
        for numbers, score, square in cluster_sums(fit, clusters, root, frequency):
            steps, kept[numbers] = _steps(score, square)
            total += steps.T @ steps
    values, vectors = np.linalg.eigh(total)
    half = root @ (vectors * np.sqrt(np.maximum(values, 0.0)))
    how = f"clustered by {name} (CR3, one step)"
    return _jackknife(fit, clusters, half, kept, how, scaled)


def cluster_sums(
    fit: Fit, clusters: Clusters, root: Floats, frequency: bool
) -> Iterator[tuple[Positions, Floats, Floats]]:
    """Yield numbers (k,), scores (k, r) and information matrices (k, r, r) of some clusters."""
    r = root.shape[1]
    for numbers, positions in clusters.batches(PIECE, r):
        rows = read_rows(fit, root, positions.ravel(), frequency)
        Q = rows.Q.reshape(*positions.shape, r)
        score = np.einsum("gij,gi->gj", Q, rows.residual.reshape(positions.shape))
        yield numbers, score, Q.transpose(0, 2, 1) @ Q
    for number in np.flatnonzero(clusters.sizes > PIECE):
        whole, score, square = clusters.of(int(number)), np.zeros((1, r)), np.zeros((1, r, r))
        for start in range(0, len(whole), PIECE):
            rows = read_rows(fit, root, whole[start : start + PIECE], frequency)
            score[0] += rows.Q.T @ rows.residual
            square[0] += rows.Q.T @ rows.Q
        yield np.array([number]), score, square


def _steps(score: Floats, square: Floats) -> tuple[Floats, NDArray[np.bool_]]:
    """Return the steps (k, r) of some leave-outs, and which are defined, (k,): others are zero."""
    r = score.shape[1]
    defined: NDArray[np.bool_] = np.ones(len(score), dtype=bool)
    # The sum of the leverages bounds the largest eigenvalue.
    near = np.flatnonzero(np.trace(square, axis1=1, axis2=2) >= 1.0 - DECIDED)
    defined[near] = np.linalg.eigvalsh(square[near])[:, -1] < 1.0 - DECIDED
    left = np.eye(r) - square
    left[~defined] = np.eye(r)
    steps: Any = np.linalg.solve(left, score[:, :, np.newaxis])[:, :, 0]
    steps[~defined] = 0.0
    return steps, defined


def _jackknife(
    fit: Fit,
    clusters: Clusters,
    half: Floats,
    kept: NDArray[np.bool_],
    how: str,
    scaled: bool,
) -> Jackknife:
    """Return the covariance ``f · half half'``, named."""
    n_clusters, found = len(kept), int(kept.sum())
    if found < 2:
        raise DataError.no_leave_out(n_clusters, found)
    factor = np.sqrt((found - 1.0) / found) if scaled else 1.0
    name = "(G-1)/G" if scaled else "none"
    if found < n_clusters:
        over = f"over the {found} of {n_clusters} leave-outs that have an estimate"
        name += f" with G = {found}, {over}" if scaled else f"; {over}"
    root = np.ascontiguousarray(factor * half)
    return Jackknife(Covariance(root, fit.basis, how, name, n_clusters), clusters.codes[~kept])
