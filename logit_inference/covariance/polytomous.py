"""Covariances of a multinomial fit: the inverse information, and sandwiches around scores.

The score of a row is ``r ⊗ x`` with the residuals r of all equations. As for two classes, the meat
is the sum of squares of independent scores, of rows or of clusters of rows, and factors are those
of `covariance.sandwich`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import chain, combinations

import numpy as np

from logit_inference.covariance.covariance import Covariance
from logit_inference.covariance.sandwich import Codes, Counts, together
from logit_inference.errors import ArgumentError, DataError
from logit_inference.likelihood.evaluation import Total
from logit_inference.likelihood.softmax import residuals
from logit_inference.rows.block import Block, Floats
from logit_inference.rows.levels import LevelSums
from logit_inference.rows.pairs import PairSums
from logit_inference.rows.product import dense
from logit_inference.solve.polytomous import SoftmaxFit, of_equations

ROWS_AT_ONCE = 1 << 13  # that are written out


def model_covariance(fit: SoftmaxFit) -> Covariance:
    """Return the inverse information; NaN where the search ended at a singular one."""
    return Covariance(_root(fit), of_equations(fit.basis, fit.n_classes - 1), "model")


def heteroskedastic(
    fit: SoftmaxFit, kind: str, counts: Counts, convention: str = "sandwich"
) -> Covariance:
    """Return the covariance that does not trust the model's variances of rows.

    Parameters
    ----------
    fit : SoftmaxFit
    kind : {"HC0", "HC1"}
        Scores as they are; times n/(n − k) with the number k of all coefficients.
    counts : Counts
    convention : {"sandwich", "stata", "statsmodels"}
        R's sandwich; Stata's vce(robust), n/(n − 1) for both; statsmodels' HC0 for both.

    Raises
    ------
    ArgumentError
        For HC2 and HC3: a row of K − 1 residuals has a matrix of leverages, and no single one to
        divide by.

    Notes
    -----
    One pass at the price of an evaluation.
    """
    if kind not in ("HC0", "HC1"):
        reason = "a row has one residual for each level, and no single leverage to divide them by"
        raise ArgumentError.refused("covariance", kind, reason, '"HC0" or "HC1"')
    factor, name = 1.0, "none"
    if convention == "stata":
        factor, name = counts.n / (counts.n - 1.0), "n/(n-1)"
    elif convention == "sandwich" and kind == "HC1":
        factor, name = counts.n / (counts.n - counts.k), "n/(n-k)"
    meat = fit.rows.fold_runs(meat_of_rows, fit.solution.coef, counts.frequency).values
    half, _ = _half(_root(fit), meat, factor)
    return Covariance(half, of_equations(fit.basis, fit.n_classes - 1), kind, name)


def clustered(
    fit: SoftmaxFit,
    clusters: Mapping[str, Codes],
    kind: str,
    counts: Counts,
    convention: str = "sandwich",
) -> Covariance:
    """Return the covariance that allows rows of a cluster any correlation.

    Parameters
    ----------
    fit, clusters, kind, counts, convention
        As in `covariance.sandwich.clustered`; k counts the coefficients of all equations.

    Raises
    ------
    DataError
        For fewer than two clusters.

    Notes
    -----
    One pass for each combination of dimensions; memory: clusters times coefficients.
    """
    if kind == "CR1" and convention == "statsmodels":
        kind = "CR1S"
    q = len(fit.solution.coef)
    meat, numbers = np.zeros((q, q)), {}
    for size in range(1, len(clusters) + 1):
        for names in combinations(clusters, size):
            codes, n_clusters = together([clusters[name] for name in names])
            if n_clusters < 2:
                raise DataError.one_cluster(" and ".join(names))
            arguments = (fit.solution.coef, codes, n_clusters)
            sums = fit.rows.fold_runs(sums_by_cluster, *arguments).values
            factor = 1.0 if kind == "CR0" else n_clusters / (n_clusters - 1.0)
            meat += (-1.0) ** (size + 1) * factor * (sums.T @ sums)
            if size == 1:
                numbers[names[0]] = n_clusters
    overall = (counts.n - 1.0) / (counts.n - counts.k) if kind == "CR1S" else 1.0
    name = {"CR0": "none", "CR1": "G/(G-1)", "CR1S": "G/(G-1)·(n-1)/(n-k)"}[kind]
    if len(numbers) > 1 and kind != "CR0":
        name += " in each dimension"
    half, repaired = _half(_root(fit), meat, overall)
    if repaired:
        name += ", negative eigenvalues set to zero"
    label = f"clustered by {' and '.join(numbers)} ({kind})"
    basis = of_equations(fit.basis, fit.n_classes - 1)
    return Covariance(half, basis, label, name, min(numbers.values()))


# --- kernels --------------------------------------------------------------------------------------


def meat_of_rows(run: Iterable[Block], coef: Floats, frequency: bool) -> Total:
    """Return ``Σ (r ⊗ x)(r ⊗ x)'`` (q, q) of a run; a row of frequency w counts as w rows."""
    blocks = iter(run)
    first = next(blocks)
    p = first.n_columns
    k = len(coef) // p
    sums = PairSums(first.X, k * (k + 1) // 2, signed=True)
    for block in chain((first,), blocks):
        r = residuals(block, coef).T
        other = r
        if frequency and block.weights is not None:
            other = np.divide(r, block.weights, out=np.zeros_like(r), where=block.weights > 0)
        sums.add(block.X, np.concatenate([r[a] * other[a:] for a in range(k)]))
    meat = np.zeros((k, p, k, p))
    places = [(a, b) for a in range(k) for b in range(a, k)]
    for (a, b), square in zip(places, sums.squares(), strict=True):
        meat[a, :, b] = square
        meat[b, :, a] = square
    return Total(meat.reshape(k * p, k * p))


def sums_by_cluster(run: Iterable[Block], coef: Floats, codes: Codes, n_clusters: int) -> Total:
    """Return the sums (G, q) of the scores of a run's rows by cluster."""
    total: Floats | None = None
    for block in run:
        k = len(coef) // block.n_columns
        total = np.zeros((n_clusters, k, block.n_columns)) if total is None else total
        own = codes[block.first_row : block.first_row + block.n_rows]
        r = residuals(block, coef)
        for start in range(0, block.n_rows, ROWS_AT_ONCE):
            part = slice(start, min(start + ROWS_AT_ONCE, block.n_rows))
            rows = dense(block.X[part])
            for a in range(k):
                values = np.ascontiguousarray(r[part, a])
                total[:, a] += LevelSums(len(rows)).of(own[part], values, n_clusters, rows)
    assert total is not None, "a run has at least one block"
    return Total(total.reshape(n_clusters, -1))


def _root(fit: SoftmaxFit) -> Floats:
    """Return B (q, q) with ``B B'`` the inverse information."""
    factor = fit.solution.factor
    if factor is None:
        return np.full((len(fit.solution.coef), 1), np.nan)
    return np.ascontiguousarray(factor.inverse_root())


def _half(root: Floats, meat: Floats, factor: float) -> tuple[Floats, bool]:
    """Return a root of ``factor · B B' meat B B'`` and whether eigenvalues had to be repaired."""
    values, vectors = np.linalg.eigh(root.T @ meat @ root)
    rounding = len(values) * np.finfo(float).eps * np.abs(values).max(initial=0.0)
    half: Floats = root @ (vectors * np.sqrt(factor * np.maximum(values, 0.0)))
    return half, bool((values < -rounding).any())
