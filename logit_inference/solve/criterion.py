"""What an estimator maximises over the rows of a source, as an objective for `newton`.

An objective takes coefficients to an `Evaluation` and may be built of another: a penalty adds its
own value, gradient and curvature. What a penalty says of the columns of X is brought to the basis
that is solved in, so that no result depends on the basis.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np
from scipy.special import expit

from logit_inference.likelihood.bias import determinant_sums, third_sums
from logit_inference.likelihood.estimator import Estimator
from logit_inference.likelihood.evaluation import Evaluation, Slope
from logit_inference.likelihood.likelihood import Likelihood
from logit_inference.likelihood.objective import (
    Objective,
    SlopeObjective,
    objective,
    slope_objective,
)
from logit_inference.rows.basis import Basis
from logit_inference.rows.block import Floats
from logit_inference.rows.source import Source
from logit_inference.solve.factor import factorize

# The exact second derivative of a log-determinant takes q more passes' work, and a search of it
# half as many steps: worth it up to so many products. A search that does not end without it may
# take many more: up to about half a minute for each evaluation.
EXACT_PRODUCTS, EXACT_COLUMNS, MOST_PRODUCTS = 2e7, 60, 1e12
TRIPLES = 4  # times q² third derivatives are held at a time, or as many as fit into a cache
CACHED = 1 << 16
SHARES = (0.0, 0.2, 0.4, 0.7)  # of the larger curvature, tried in turn where it is needed


def criterion(
    rows: Source,
    likelihood: Likelihood,
    estimator: Estimator,
    basis: Basis,
    exact: bool | None = None,
) -> Objective:
    """Return what the estimator maximises, as a function of (q,) coefficients in ``basis``.

    Parameters
    ----------
    rows : Source
        In that basis.
    likelihood : Likelihood
    estimator : Estimator
        One that maximises something.
    basis : Basis
        Columns that do not take part have no penalty.
    exact : bool, optional
        Whether curvatures are exact (see `jeffreys`); by default where that is cheap.

    Notes
    -----
    Each call is a pass over the rows, and where ``estimator.power`` is not zero two (see
    `jeffreys`).
    """
    plain = objective(rows, likelihood)
    if estimator.power:
        if exact is None:
            exact = has_cheap_curvature(rows)
        return jeffreys(plain, rows, likelihood, estimator.power, _log_scale(basis), exact)
    if not estimator.amounts:
        return plain
    return partial(_penalized, plain, _coefficient_penalty(estimator, basis))


def criterion_slope(
    rows: Source, likelihood: Likelihood, estimator: Estimator, basis: Basis
) -> SlopeObjective:
    """Return value and gradient of what an estimator maximises, one cheap pass for each call.

    Parameters
    ----------
    rows, likelihood, estimator, basis
        As in `criterion`; for an estimator without a determinant in its penalty.
    """
    plain = slope_objective(rows, likelihood)
    if not estimator.amounts:
        return plain
    return partial(_penalized_slope, plain, _coefficient_penalty(estimator, basis))


def _coefficient_penalty(estimator: Estimator, basis: Basis) -> Objective:
    amounts = np.array(estimator.amounts)[list(basis.kept)]
    penalty = log_f_penalty if estimator.kind == "log-f" else ridge_penalty
    return partial(penalty, amounts, columns_of(basis))


def has_cheap_curvature(rows: Source) -> bool:
    """Say whether the exact second derivative of a log-determinant costs next to nothing."""
    return rows.n_columns <= EXACT_COLUMNS and _products(rows) <= EXACT_PRODUCTS


def has_curvature(rows: Source) -> bool:
    """Say whether the exact second derivative of a log-determinant is to be had at all."""
    return _products(rows) <= MOST_PRODUCTS


def _products(rows: Source) -> float:
    return rows.n_rows * float(rows.n_columns) ** 3


def columns_of(basis: Basis) -> Floats:
    """Return the (q, q) matrix M with ``coef[kept] = M @ coef_in_basis``."""
    if basis.matrix is None:
        return np.eye(len(basis.kept))
    return basis.root(np.eye(len(basis.kept)))[list(basis.kept)]


def _log_scale(basis: Basis) -> float:
    """Return what the log-determinant of the information of X is above that in the basis."""
    if basis.matrix is None:
        return 0.0
    return -2.0 * float(np.linalg.slogdet(columns_of(basis))[1])


# --- penalties of coefficients --------------------------------------------------------------------


def _penalized(
    plain: Objective, penalty: Callable[[Floats], Evaluation], coef: Floats
) -> Evaluation:
    return plain(coef) + penalty(coef)


def _penalized_slope(plain: SlopeObjective, penalty: Objective, coef: Floats) -> Slope:
    own = penalty(coef)
    return plain(coef) + Slope(own.log_likelihood, own.score)


def ridge_penalty(penalties: Floats, columns: Floats, inner: Floats) -> Evaluation:
    """Return ``−½ Σ penalty·b²`` with its derivatives, for ``b = columns @ inner``.

    Examples
    --------
    >>> ridge_penalty(np.array([2.0]), np.eye(1), np.array([3.0])).log_likelihood
    -9.0
    """
    coef = columns @ inner
    pull = penalties * coef
    return Evaluation(
        float(-0.5 * (pull @ coef)),
        -(columns.T @ pull),
        columns.T @ (penalties[:, np.newaxis] * columns),
        np.inf,
    )


def log_f_penalty(df: Floats, columns: Floats, inner: Floats) -> Evaluation:
    """Return ``Σ m(b/2 − log(1+exp(b)))`` with its derivatives, for ``b = columns @ inner``.

    As of m/2 events and m/2 non-events whose only covariate is that column.

    Examples
    --------
    >>> float(log_f_penalty(np.array([2.0]), np.eye(1), np.zeros(1)).log_likelihood / np.log(2))
    -2.0
    """
    coef = columns @ inner
    share = expit(coef)
    weight = df * share * expit(-coef)
    value = -(df @ (0.5 * np.abs(coef) + np.log1p(np.exp(-np.abs(coef)))))
    return Evaluation(
        float(value),
        columns.T @ (df * (0.5 - share)),
        columns.T @ (weight[:, np.newaxis] * columns),
        np.inf,
    )


# --- the determinant of the information -----------------------------------------------------------


def jeffreys(
    plain: Objective,
    rows: Source,
    likelihood: Likelihood,
    power: float,
    shift: float,
    exact: bool,
) -> Objective:
    """Return ``ℓ + power·(log|I| + shift)`` as a function of the coefficients.

    Its curvature is minus the second derivative with leverages held fixed, which is never too
    small, so that steps along it raise the criterion; near the maximum each leaves a share of the
    distance that is small where leverages are. Where ``exact`` it is minus the second derivative,
    and the former stands by: the criterion is not concave everywhere.

    Notes
    -----
    Two passes: one for the information, one for the leverages, which takes two or three times as
    long. Memory: some (q, q) arrays. Where ``exact``, q times the work, in some passes more: of the
    q³/2 third derivatives only about 4q² are held at a time.
    """

    @np.errstate(over="ignore", invalid="ignore")  # of steps that turn out to be too long
    def evaluate(coef: Floats) -> Evaluation:
        """Return value, gradient and curvature at some coefficients."""
        at = plain(coef)
        factor = factorize(at.upper)
        if factor is None:  # so far out that next to no information is left
            return replace(at, log_likelihood=-np.inf)
        value = at.log_likelihood + power * (
            2.0 * float(np.log(factor.upper.diagonal()).sum()) + shift
        )
        root = factor.inverse_root()
        sums = rows.fold_runs(determinant_sums, likelihood, coef, root, exact)
        if not np.isfinite(sums.score).all():
            return replace(at, log_likelihood=-np.inf)
        score, larger = at.score + power * sums.score, np.triu(at.upper + power * sums.pseudo)
        if sums.squares is None:
            return Evaluation(value, score, larger, at.smallest_weight)
        lean = factor.upper.T @ _third_squares(rows, likelihood, coef, root) @ factor.upper
        upper = np.triu(larger - power * (sums.squares - lean))
        return Evaluation(value, score, upper, at.smallest_weight, larger)

    return evaluate


def _third_squares(rows: Source, likelihood: Likelihood, coef: Floats, root: Floats) -> Floats:
    """Return ``Σ_ab T_abc T_abd`` of the third derivatives T, shape (q, q), some a at a time.

    With z as in `third_sums`: in the columns of X it is ``R'(…)R``, R being the inverse of B.
    """
    q = rows.n_columns
    total = np.zeros((q, q))
    step = max(TRIPLES, CACHED // (q * q))
    for first in range(0, q, step):
        chosen = slice(first, min(first + step, q))
        third = rows.fold(third_sums, likelihood, coef, root, chosen).values
        total += third.T @ third
    return total


# --- subspaces ------------------------------------------------------------------------------------


def restrict(whole: Objective, origin: Floats, span: Floats) -> Objective:
    """Return an objective on the coefficients ``origin + span @ inner``.

    Parameters
    ----------
    whole : callable
        Of (q,) coefficients.
    origin : (q,) array
    span : (q, r) array
        Of full column rank.
    """

    def evaluate(inner: Floats) -> Evaluation:
        """Return the whole's evaluation, as the subspace sees it."""
        at = whole(origin + span @ inner)
        larger = None
        if at.larger is not None:
            larger = span.T @ (replace(at, upper=at.larger).information @ span)
        return Evaluation(
            at.log_likelihood,
            span.T @ at.score,
            span.T @ (at.information @ span),
            at.smallest_weight,
            larger,
        )

    return evaluate


def ascending(whole: Objective) -> Objective:
    """Return the objective with a curvature along which steps go up, as `newton` needs it."""
    return partial(_ascending, whole)


def _ascending(whole: Objective, coef: Floats) -> Evaluation:
    return positive(whole(coef))


def positive(at: Evaluation) -> Evaluation:
    """Return the evaluation with a curvature that is positive definite, if it has one."""
    if at.larger is None:
        return at
    upper = at.larger
    for share in SHARES:
        mixed = at.upper if share == 0.0 else at.upper + share * (at.larger - at.upper)
        if factorize(mixed) is not None:
            upper = mixed
            break
    return replace(at, upper=upper, larger=None)
