"""Sandwich covariances: what the scores of rows, or of clusters of rows, vary by.

The inverse information V is the bread, the sum of squares of independent scores the meat:
``V (Σ s s') V``. Where rows are independent but the model's variance is not trusted, s is the score
of a row; where they are correlated within clusters, that of a cluster. Small samples make
residuals too small, and the types differ in what they do about that; each factor is named in what
is returned.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import chain, combinations

import numpy as np
from numpy.typing import NDArray
from scipy.linalg.blas import dsymm
from scipy.linalg.lapack import dpotrf

from logit_inference.covariance.covariance import Covariance
from logit_inference.covariance.meat import meat_by_cluster
from logit_inference.covariance.penalized import bread
from logit_inference.errors import ArgumentError, DataError
from logit_inference.likelihood.evaluation import Total
from logit_inference.likelihood.likelihood import Likelihood
from logit_inference.rows.block import Block, Floats
from logit_inference.rows.levels import LevelSums
from logit_inference.rows.product import dense, gram_for, row_squares
from logit_inference.solve.fit import Fit

Codes = NDArray[np.int64]
HETEROSKEDASTIC = {"HC0": 0, "HC1": 0, "HC2": 1, "HC3": 2}  # powers of 1/(1 − leverage)
CLUSTERED = ("CR0", "CR1", "CR1S")
CONVENTIONS = ("sandwich", "stata", "statsmodels", "clubSandwich")
REPAIRED = (
    "negative eigenvalues set to zero relative to the model's covariance (R's fix=TRUE takes those "
    "of the matrix itself)"
)
DECIDES = 1e-10  # of 1 − leverage: a row that decides its own fitted value has no residual
MOST_SUMS = 1 << 19  # numbers of the sums by cluster, of which there is an array for each thread
WRITTEN_OUT = 1 << 20  # elements of coded columns that are written out at a time


@dataclass(frozen=True)
class Counts:
    """What factors are made of.

    Parameters
    ----------
    n : float
        Observations: rows, or the sum of frequencies.
    k : int
        Coefficients.
    frequency : bool
        Whether a row stands for as many observations as its weight says.
    """

    n: float
    k: int
    frequency: bool = False


def heteroskedastic(
    fit: Fit, kind: str, counts: Counts, convention: str = "sandwich"
) -> Covariance:
    """Return the covariance that allows each row a variance of its own.

    Parameters
    ----------
    fit : Fit
    kind : {"HC0", "HC1", "HC2", "HC3"}
        Squared residuals as they are; times n/(n − k); over 1 − h, and over its square, with the
        leverages h of the generalised linear model.
    counts : Counts
    convention : {"sandwich", "stata", "statsmodels"}
        R's sandwich; Stata's vce(robust) is HC0 or HC1 times n/(n − 1); statsmodels prints HC0
        under the name of HC1 too, and of HC2 and HC3, which are refused.

    Raises
    ------
    ArgumentError
        For a kind that the convention does not have.
    DataError
        For HC2 and HC3 where a row has leverage one, and where there are no residuals.

    Notes
    -----
    One pass, at the price of an evaluation; HC2 and HC3 need the leverages too.

    References
    ----------
    MacKinnon and White (1985), *Journal of Econometrics* 29. Zeileis (2006), *Journal of
    Statistical Software* 16(9): R sandwich, ``vcovHC``.
    """
    check_residuals(fit, kind, counts, divides=kind == "HC1" and convention == "sandwich")
    factor, name = _heteroskedastic_factor(kind, counts, convention)
    root = bread(fit)
    power = HETEROSKEDASTIC[kind]
    arguments = (fit.likelihood, fit.solution.coef, root, power, counts.frequency)
    if power:
        largest = fit.rows.fold(_largest_leverage, *arguments)
        if 1.0 - largest.values[0] < DECIDES:
            raise DataError.leverage_one(kind)
    meat = fit.rows.fold_runs(meat_of_rows, *arguments).values
    return Covariance(_root_of(root, meat, factor)[0], fit.basis, kind, name)


def clustered(
    fit: Fit,
    clusters: Mapping[str, Codes],
    kind: str,
    counts: Counts,
    convention: str = "sandwich",
) -> Covariance:
    """Return the covariance that allows rows of a cluster any correlation.

    Parameters
    ----------
    fit : Fit
    clusters : mapping of name to (n,) codes from 0 on
        Of each dimension. With several, rows that share a cluster in any dimension may be
        correlated (inclusion and exclusion; Cameron, Gelbach and Miller 2011).
    kind : {"CR0", "CR1", "CR1S"}
        No factor; G/(G − 1) in each dimension; that times (n − 1)/(n − k).
    counts : Counts
    convention : {"sandwich", "stata", "statsmodels", "clubSandwich"}
        For CR1: R's (either package's) and Stata's G/(G − 1), or statsmodels' that times
        (n − 1)/(n − k).

    Raises
    ------
    DataError
        For fewer than two clusters, and where there are no residuals.

    Notes
    -----
    One pass for each combination of dimensions; memory: clusters times coefficients, or where they
    are nearly as many as the rows, the order of the rows (see `meat`).

    Of several dimensions the difference may have negative variances. They are set to zero in the
    metric of the model's covariance, so that scales and codings of columns do not matter. R's
    ``vcovCL(fix = TRUE)`` sets eigenvalues of the matrix itself to zero, which changes when a
    column is measured in other units: where there are any, the two differ, and the label says so.

    References
    ----------
    Liang and Zeger (1986), *Biometrika* 73. Zeileis, Köll and Graham (2020), *Journal of
    Statistical Software* 95(1): R sandwich, ``vcovCL``.
    """
    if kind == "CR1" and convention == "statsmodels":
        kind = "CR1S"
    check_residuals(fit, kind, counts, divides=kind == "CR1S")
    root = bread(fit)
    meat, numbers = np.zeros((len(fit.solution.coef),) * 2), {}
    clusters = without_idle(fit, clusters)
    for size in range(1, len(clusters) + 1):
        for names in combinations(clusters, size):
            codes, n_clusters = together([clusters[name] for name in names])
            if n_clusters < 2:
                raise DataError.one_cluster(" and ".join(names))
            squares = _meat_of_clusters(fit, codes, n_clusters)
            factor = 1.0 if kind == "CR0" else n_clusters / (n_clusters - 1.0)
            meat += (-1.0) ** (size + 1) * factor * squares
            if size == 1:
                numbers[names[0]] = n_clusters
    overall = (counts.n - 1.0) / (counts.n - counts.k) if kind == "CR1S" else 1.0
    label = f"clustered by {' and '.join(numbers)} ({kind})"
    if len(numbers) > 1:
        each = [f"{count:,} of {name}" for name, count in numbers.items()]
        label += f", clusters: {' and '.join(each)}"
    factor_name = {"CR0": "none", "CR1": "G/(G-1)", "CR1S": "G/(G-1)·(n-1)/(n-k)"}[kind]
    if len(numbers) > 1 and kind != "CR0":
        factor_name += " in each dimension"
    half, repaired = _root_of(root, meat, overall)
    if repaired:
        factor_name += f", {REPAIRED}"
    return Covariance(half, fit.basis, label, factor_name, min(numbers.values()))


def _meat_of_clusters(fit: Fit, codes: Codes, n_clusters: int) -> Floats:
    """Return the sum of the squared scores of clusters, by whichever way takes less memory."""
    many = n_clusters * len(fit.solution.coef) > MOST_SUMS and n_clusters > fit.rows.n_rows // 8
    if many and fit.likelihood.has_independent_rows:
        return meat_by_cluster(fit, codes)
    sums = cluster_scores(fit, codes, n_clusters)
    squares: Floats = sums.T @ sums
    return squares


def check_residuals(fit: Fit, kind: str, counts: Counts, *, divides: bool) -> None:
    """Raise where a model has a coefficient for each observation, so that residuals are zero.

    A penalty leaves some; then only a factor that ``divides`` by n − k is refused.
    """
    if counts.n > counts.k:
        return
    if fit.estimator.is_ml:
        raise DataError.no_residuals(kind, counts.n, counts.k)
    if divides:
        raise DataError.no_factor(kind, counts.n, counts.k)


def counting_rows(fit: Fit) -> NDArray[np.bool_]:
    """Return which rows have a working weight, or a share in a set, shape (n,); one pass."""
    if not fit.likelihood.has_independent_rows:
        told: NDArray[np.bool_] = fit.map(fit.likelihood.residual) != 0.0
        return told
    counted: NDArray[np.bool_] = fit.map(fit.likelihood.working_weights) > 0.0
    return counted


def without_idle(fit: Fit, clusters: Mapping[str, Codes]) -> Mapping[str, Codes]:
    """Return codes in which rows that do not count, whose score is zero, are no clusters."""
    counted = counting_rows(fit)
    if counted.all() or not counted.any():
        return clusters
    first = int(np.argmax(counted))
    merged = {name: np.where(counted, codes, codes[first]) for name, codes in clusters.items()}
    return {
        name: np.unique(codes, return_inverse=True)[1].astype(np.int64)
        for name, codes in merged.items()
    }


def cluster_scores(fit: Fit, codes: Codes, n_clusters: int) -> Floats:
    """Return the score of each cluster (G, q), in the fit's basis; one pass."""
    sums: Floats = fit.rows.fold_runs(
        sums_by_cluster, fit.likelihood, fit.solution.coef, codes, n_clusters
    ).values
    return sums


def together(dimensions: list[Codes]) -> tuple[Codes, int]:
    """Return codes without gaps of the combinations that occur, and how many there are.

    Examples
    --------
    >>> together([np.array([0, 0, 1]), np.array([1, 1, 0])])
    (array([1, 1, 0]), 2)
    """
    codes = dimensions[0]
    for other in dimensions[1:]:
        codes = codes * (int(other.max(initial=0)) + 1) + other
    if len(dimensions) == 1 and len(codes) and codes.min() == 0:
        return codes, int(codes.max()) + 1
    kinds, dense_codes = np.unique(-codes, return_inverse=True)
    return dense_codes.astype(np.int64), len(kinds)


# --- kernels --------------------------------------------------------------------------------------


def meat_of_rows(
    run: Iterable[Block],
    likelihood: Likelihood,
    coef: Floats,
    root: Floats,
    power: int,
    frequency: bool,
) -> Total:
    """Return ``Σ r² x x' / (1 − h)^power`` (q, q) of a run, upper triangle."""
    blocks = iter(run)
    first = next(blocks)
    gram = gram_for(first.X)
    for block in chain((first,), blocks):
        squares = np.square(likelihood.residual(block, coef))
        copies = _copies(block, frequency)
        if copies is not None:  # a row of weight w is w rows of weight one
            squares = np.divide(squares, copies, out=np.zeros_like(squares), where=copies > 0)
        if power:
            left = 1.0 - _leverage(block, likelihood, coef, root, frequency)
            squares /= left if power == 1 else np.square(left)
        gram.add(block.X, squares)
    return Total(np.triu(gram.upper()))


def sums_by_cluster(
    run: Iterable[Block], likelihood: Likelihood, coef: Floats, codes: Codes, n_clusters: int
) -> Total:
    """Return the sums (G, q) of the scores of a run's rows by cluster."""
    total = np.zeros((n_clusters, len(coef)))
    for block in run:
        own = codes[block.first_row : block.first_row + block.n_rows]
        residual = likelihood.residual(block, coef)
        step = max(WRITTEN_OUT // max(len(coef), 1), 1)
        for start in range(0, block.n_rows, step):
            part = slice(start, min(start + step, block.n_rows))
            rows = dense(block.X[part])
            total += LevelSums(len(rows)).of(own[part], residual[part], n_clusters, rows)
    return Total(total)


def _largest_leverage(
    block: Block, likelihood: Likelihood, coef: Floats, root: Floats, power: int, frequency: bool
) -> _Most:
    return _Most(
        _leverage(block, likelihood, coef, root, frequency).max(initial=0.0, keepdims=True)
    )


@dataclass(frozen=True, slots=True)
class _Most:
    """An array whose merge is the larger of two, element by element."""

    values: Floats

    def __add__(self, other: _Most) -> _Most:
        return _Most(np.maximum(self.values, other.values))


def _leverage(
    block: Block, likelihood: Likelihood, coef: Floats, root: Floats, frequency: bool
) -> Floats:
    """Return the leverage of each row, or of each of the rows that it stands for."""
    leverage: Floats = likelihood.working_weights(block, coef) * row_squares(block.X, root)
    copies = _copies(block, frequency)
    if copies is not None:
        leverage = np.divide(leverage, copies, out=np.zeros_like(leverage), where=copies > 0)
    return leverage


def _copies(block: Block, frequency: bool) -> Floats | None:
    return block.weights if frequency else None


# --- factors --------------------------------------------------------------------------------------


def _heteroskedastic_factor(kind: str, counts: Counts, convention: str) -> tuple[float, str]:
    n, k = counts.n, counts.k
    if convention == "stata":
        if kind not in ("HC0", "HC1"):
            raise ArgumentError("convention", convention, f'"sandwich": Stata has no {kind} for it')
        return n / (n - 1.0), "n/(n-1)"
    if convention == "statsmodels" and kind not in ("HC0", "HC1"):
        reason = f"statsmodels prints HC0 under the name {kind} of a logit"
        instead = f'"sandwich" for {kind}, or "HC0" for the number that it prints'
        raise ArgumentError.refused("convention", convention, reason, instead)
    if convention == "clubSandwich":
        allowed = '"sandwich", "stata" or "statsmodels": clubSandwich is about clusters'
        raise ArgumentError("convention", convention, allowed)
    if convention == "statsmodels" or kind != "HC1":
        return 1.0, "none"
    return n / (n - k), "n/(n-k)"


def _root_of(root: Floats, meat: Floats, factor: float) -> tuple[Floats, bool]:
    """Return a root of ``factor · B B' meat B B'`` and whether eigenvalues had to be repaired.

    In the columns of B the meat, of which the upper triangle is read, is near the identity if the
    model is right: nothing is lost there.
    """
    lower, singular = dpotrf(_inside(root, meat).T, lower=1, clean=1, overwrite_a=1)
    if not singular:  # a twentieth of the work, of many columns
        scaled: Floats = root @ lower
        scaled *= math.sqrt(factor)
        return scaled, False
    values, vectors = np.linalg.eigh(_inside(root, meat))
    rounding = len(values) * np.finfo(float).eps * np.abs(values).max(initial=0.0)
    repaired = bool((values < -rounding).any())
    half: Floats = root @ (vectors * np.sqrt(factor * np.maximum(values, 0.0)))
    return half, repaired


def _inside(root: Floats, meat: Floats) -> Floats:
    inside: Floats = root.T @ dsymm(1.0, meat, root)
    return inside
