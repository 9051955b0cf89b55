"""Permutation tests of columns, by permuting what the other columns do not explain of them.

The columns under test are regressed on the others by least squares, and their residuals permuted
among the rows: the relation between tested and other columns then stays in the model, and that
between tested columns and outcome goes, as the null hypothesis says. The statistic is Rao's score
statistic, whose null model is the same for all permutations and so is fitted once. Without other
columns than the constant the test is exact: the rows of the tested columns themselves are permuted.

References
----------
Potter (2005), *Statistics in Medicine* 24, 693–708; Werft and Benner (2010), *The R Journal* 2(1):
glmperm, which takes likelihood ratios in place of scores.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from logit_inference.covariance.units import Stream
from logit_inference.errors import ResamplingError
from logit_inference.likelihood.evaluation import Total
from logit_inference.rows.block import Block, Floats
from logit_inference.rows.product import dense, gram_for
from logit_inference.rows.source import Source
from logit_inference.solve.factor import factorize
from logit_inference.solve.fit import Fit, fit_rows
from logit_inference.solve.supremum import subspace

AT_ONCE = 1 << 22  # places of rows that are held at a time
TIED = 1e-9  # relative difference of statistics that are the same number, summed in another order
Order = NDArray[np.int64]


@dataclass(frozen=True)
class Exchange:
    """A null model and the residual columns that are exchanged among its rows.

    Parameters
    ----------
    rows : Source
        With the k columns of the null model.
    null : (k, k) array
        From these to columns that are orthonormal in the metric of its information.
    columns : (n, r) array
        Residuals of the columns under test.
    residual, weights : (n,) arrays
        Outcome less fitted probability of the null model, and its working weights.
    """

    rows: Source
    null: Floats
    columns: Floats
    residual: Floats
    weights: Floats


def exchange(fit: Fit, matrix: Floats, *, offset: bool) -> Exchange:
    """Return what a permutation test of ``matrix @ coef = 0`` exchanges; one fit.

    Parameters
    ----------
    fit : Fit
        Of rows that are all alike: no weights, no trials.
    matrix : (r, p) array
        Of full row rank.
    offset : bool
        Whether the rows have an offset.

    Raises
    ------
    ResamplingError
        Where the null model has no finite maximum.
    """
    factor = factorize(fit.rows.fold_runs(_gram).values)
    assert factor is not None, "columns that a fit could tell apart"
    frame = factor.inverse_root()  # to columns that are orthonormal: the first of these, turned
    turned = np.linalg.qr((fit.basis.of(matrix) @ frame).T)[0]  # so, are their own residuals
    columns = fit.rows.map(_times, frame @ turned)
    rows = subspace(fit.source, fit.basis.kept, matrix)
    coef, null = np.zeros(0), np.zeros((0, 0))
    if rows.n_columns:
        names = [str(column) for column in range(rows.n_columns)]
        smaller = fit_rows(rows, fit.likelihood, names, offset=offset)
        if not smaller.solution.outcome.converged or smaller.relations:
            raise ResamplingError.no_null_fit(smaller.solution.outcome.sentence)
        rows, coef, null = smaller.rows, smaller.solution.coef, smaller.information_root()
    residual = rows.map(fit.likelihood.residual, coef)
    weights = rows.map(fit.likelihood.working_weights, coef)
    return Exchange(rows, null, columns, residual, weights)


def permuted_statistics(test: Exchange, orders: Order) -> Floats:
    """Return the score statistics (C,) of the columns under test in other orders of their rows.

    Parameters
    ----------
    test : Exchange
    orders : (C, n) array of int
        Which row's residuals each row is given.

    Notes
    -----
    One pass; ``(k + r)·r`` products for each row and order.

    Examples
    --------
    See `permutation_p_value`.
    """
    r, k = test.columns.shape[1], test.null.shape[1]
    sums = test.rows.fold(_permuted_sums, test, orders).values
    score, cross, own = sums[:, 0], sums[:, 1 : 1 + k], sums[:, 1 + k :]
    information = own - np.swapaxes(cross, 1, 2) @ cross
    values, vectors = np.linalg.eigh(information.reshape(-1, r, r))
    along = np.squeeze(score[:, np.newaxis] @ vectors, 1)
    told = values > 1e-12 * values[:, -1:]
    with np.errstate(divide="ignore", invalid="ignore"):
        squares: Floats = np.where(told, along**2 / values, 0.0).sum(axis=1)
    return squares


def _permuted_sums(block: Block, test: Exchange, orders: Order) -> Total:
    """Return scores, cross products with the null model and own products (C, 1 + k + r, r)."""
    rows = slice(block.first_row, block.first_row + block.n_rows)
    weights = test.weights[rows, np.newaxis]
    left = np.vstack([test.residual[rows], (weights * (dense(block.X) @ test.null)).T])
    r, k = test.columns.shape[1], test.null.shape[1]
    total = np.empty((len(orders), 1 + k + r, r))
    for sums, order in zip(total, orders[:, rows], strict=True):
        columns = test.columns[order]
        np.matmul(left, columns, out=sums[: 1 + k])
        np.matmul((weights * columns).T, columns, out=sums[1 + k :])
    return Total(total)


def random_orders(seed: int, strata: Order | None, n: int, start: int, stop: int) -> Order:
    """Return the orders (stop − start, n) of some replicates, each from a stream of its own.

    Parameters
    ----------
    seed : int
    strata : (n,) array of int or None
        Rows are exchanged within these only.
    n, start, stop : int
    """
    stream = Stream(seed)
    if strata is None:
        return np.array([stream.at(b).order(n) for b in range(start, stop)]).reshape(-1, n)
    found = np.empty((stop - start, n), dtype=np.int64)
    places = np.argsort(strata, kind="stable")
    for b in range(start, stop):
        shuffled = stream.at(b).order(n)
        found[b - start, places] = shuffled[np.argsort(strata[shuffled], kind="stable")]
    return found


@dataclass(frozen=True)
class Permuted:
    """What a permutation test found.

    Parameters
    ----------
    statistic : float
        Of the rows as they are.
    n_beyond : int
        Permutations whose statistic is as large.
    n_replicates : int
    """

    statistic: float
    n_beyond: int
    n_replicates: int

    @property
    def p_value(self) -> float:
        """``(1 + b)/(1 + B)``: the rows as they are count as one of the permutations.

        Phipson and Smyth (2010), *Statistical Applications in Genetics and Molecular Biology* 9.

        Examples
        --------
        >>> Permuted(4.2, 12, 999).p_value
        0.013
        """
        return (1 + self.n_beyond) / (1 + self.n_replicates)


def permute(
    test: Exchange,
    seed: int,
    strata: Order | None,
    n_replicates: int,
    advance: Callable[[int], None],
) -> Permuted:
    """Return the comparison of the rows as they are with random permutations.

    Parameters
    ----------
    test : Exchange
    seed : int
    strata : (n,) array of int or None
    n_replicates : int
    advance : function of int
        Told how many permutations more are done.
    """
    n = test.rows.n_rows
    statistic = float(permuted_statistics(test, np.arange(n)[np.newaxis])[0])
    step, beyond = max(AT_ONCE // n, 1), 0
    for start in range(0, n_replicates, step):
        stop = min(start + step, n_replicates)
        found = permuted_statistics(test, random_orders(seed, strata, n, start, stop))
        beyond += int((found >= statistic * (1.0 - TIED)).sum())
        advance(stop - start)
    return Permuted(statistic, beyond, n_replicates)


def _gram(run: Any) -> Total:
    blocks = iter(run)
    first = next(blocks)
    gram = gram_for(first.X)
    gram.add(first.X, np.ones(first.n_rows))
    for block in blocks:
        gram.add(block.X, np.ones(block.n_rows))
    return Total(np.array(gram.upper()))


def _times(block: Block, matrix: Floats) -> Floats:
    return dense(block.X) @ matrix
