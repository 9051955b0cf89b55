"""Whether a Wald statistic is past its maximum: the Hauck–Donner effect.

The Wald statistic of a coefficient, ``W = β/√v`` with v its diagonal element of ``V = I(β)⁻¹``,
should grow with the coefficient. But the information vanishes as fitted probabilities approach 0
and 1, so that far from zero the standard error grows faster than the coefficient, and W falls back
to zero where the evidence is strongest. With the other coefficients fixed,

    dW/dβ_k = (1/√v) (1 − β_k v'/(2v)),    v' = −[V (∂I/∂β_k) V]_kk,
    ∂I/∂β_k = Σ w (1 − 2mu) x_k x x',

w the working weights and mu the probabilities, so that with ``e = x' V a`` for the k-th unit
vector a

    √v dW/dβ_k = 1 + β_k/(2v) · Σ w (1 − 2mu) x_k e².

This slope is one where the log-likelihood is a parabola. Where it is negative the statistic is past
its maximum: a larger effect in the same design would be called less significant. Because
``Σ w e² = v``, it cannot be negative while ``|β_k| max|x_k| <= 2``, which spares most coefficients
the sum.

What is fixed depends on how the columns are spelled: with an intercept that is fixed, a steeper
slope on an uncentred column shifts all fitted probabilities as well, and that alone can make the
information fall. The slope along the profile, where the others follow the coefficient by
``V a/v``, does not depend on that; there ``x_k`` gives way to ``e/v``:

    √v dW/dβ_k = 1 + β_k/(2v²) · Σ w (1 − 2mu) e³.

Both are computed. Tables of coefficients warn where the first is negative, which is the effect as
it is defined; the second tells whether centring would change it.

References
----------
Hauck and Donner (1977), *Journal of the American Statistical Association* 72. Yee (2022), "On the
Hauck–Donner effect in Wald tests: detection, tipping points, and parameter space
characterization", the same journal, 117.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from logit_inference.errors import ArgumentError
from logit_inference.likelihood.evaluation import Total
from logit_inference.likelihood.likelihood import Likelihood
from logit_inference.rows.basis import Basis
from logit_inference.rows.block import Block, Floats
from logit_inference.rows.lengths import squared_lengths
from logit_inference.rows.product import dense, matrix_times
from logit_inference.solve.factor import column_reach
from logit_inference.solve.fit import Fit

SAFE = 2.0  # of |β| max|x|: no Wald statistic is past its maximum below
AT_ONCE = 1 << 18  # elements of coded columns that are written out at a time


@dataclass(frozen=True)
class WaldSlopes:
    """Slopes (p,) of Wald statistics as their coefficients grow; NaN where none was computed.

    Parameters
    ----------
    fixed : (p,) array
        With the other coefficients fixed, as Yee defines the effect.
    profile : (p,) array
        With the others following.
    """

    fixed: Floats
    profile: Floats

    @property
    def past_maximum(self) -> NDArray[np.bool_]:
        """Which statistics are past their maximum, the others fixed, shape (p,)."""
        return np.asarray(self.fixed < 0)


def wald_slopes(fit: Fit, columns: Sequence[int] | None = None) -> WaldSlopes:
    """Return the slopes of the Wald statistics, one where the log-likelihood is a parabola.

    Parameters
    ----------
    fit : Fit
        By maximum likelihood.
    columns : sequence of int, optional
        The coefficients to compute them for.

    Raises
    ------
    ArgumentError
        For an estimator whose covariance is not the inverse of the information at the maximum of
        the likelihood.

    Notes
    -----
    One pass of 2nq² operations, and some nq; less for some of the columns.
    """
    if not fit.estimator.is_ml:
        name = fit.estimator.name
        raise ArgumentError("estimator", name, 'estimator="ml" for hauck_donner()')
    p, kept = fit.source.n_columns, list(fit.basis.kept)
    wanted = [j for j in (range(p) if columns is None else columns) if j in kept]
    found = np.full((2, p), np.nan)
    if wanted:
        root = fit.information_root()
        lean = fit.basis.of(np.eye(p)[wanted]) @ root
        variances, effects = squared_lengths(lean), root @ lean.T
        at = (fit.basis, fit.likelihood, fit.solution.coef, effects, wanted)
        own, along = fit.solved.fold(_skewed, *at).values
        share = fit.coef[wanted] / (2.0 * variances)
        found[:, wanted] = 1.0 + share * own, 1.0 + share / variances * along
    return WaldSlopes(*found)


def suspects(fit: Fit) -> list[int]:
    """Return the coefficients whose Wald statistic may be past its maximum; one look at columns."""
    if not fit.basis.kept:
        return []
    reach, coef = fit.solved.fold(column_reach).values, np.nan_to_num(fit.coef)
    return [int(j) for j in np.flatnonzero(np.abs(coef) * reach > SAFE)]


def _skewed(
    block: Block,
    basis: Basis,
    likelihood: Likelihood,
    coef: Floats,
    effects: Floats,
    wanted: list[int],
) -> Total:
    """Return the sums of ``w (1 − 2mu) x_k e²`` and of ``w (1 − 2mu) e³`` for the columns k."""
    total = np.zeros((2, len(wanted)))
    size = max(AT_ONCE // max(len(wanted), 1), 1)
    for start in range(0, block.n_rows, size):
        part = block.rows(start, min(start + size, block.n_rows))
        inside = basis.rows(part.X)
        weight, skew = likelihood.skewness(part.with_columns(inside), coef)
        effect = matrix_times(inside, effects)
        pull = (weight * skew)[:, np.newaxis] * np.square(effect)
        total[0] += np.einsum("ij,ij->j", pull, dense(part.X[:, wanted]))
        total[1] += np.einsum("ij,ij->j", pull, effect)
    return Total(total)
