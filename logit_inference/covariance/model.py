"""The model-based covariance: the inverse of the information at the maximum.

It trusts the model. Which likelihood it is the maximum of, it does not ask.
"""

from __future__ import annotations

import numpy as np

from logit_inference.covariance.covariance import Covariance
from logit_inference.rows.basis import Basis, in_basis
from logit_inference.rows.block import Floats
from logit_inference.solve.factor import Factor, factorize, working_triangle
from logit_inference.solve.fit import Fit
from logit_inference.solve.rank import number_basis

# The summed information's inverse is wrong by about eps times its scaled condition. Above this
# condition (an error of 2e-10) the factor is folded from the rows instead, which loses half of
# those digits only.
SUMMED_IS_ENOUGH = 1e6
# Operations up to which coded columns are written out for that fold: a minute or so.
MOST_WRITTEN_OUT = 3e12


def model_covariance(fit: Fit) -> Covariance:
    """Return the inverse information of a fit.

    Parameters
    ----------
    fit : Fit

    Returns
    -------
    Covariance
        With ``kind="model"``. All NaN where a search that did not converge ended at a singular
        information matrix.
    """
    # Rows first, as a saved result has them: the order of the sums decides the last bit.
    return Covariance(np.ascontiguousarray(information_root(fit)), fit.basis, "model")


def information_root(fit: Fit) -> Floats:
    """Return a matrix B (q, r) with ``B B'`` the inverse information in the fit's basis.

    Notes
    -----
    No pass where the information at hand is well conditioned (scaled condition up to 1e6, an error
    of the standard errors of about 1e-10); otherwise one fold of a QR factor of the rows scaled by
    root working weights. Coded columns cannot be folded so: their condition is judged for each
    coefficient (see `_error_growth`), and where it is too large, numeric columns are made nearly
    orthogonal, in two passes. Only where that does not help either are codes written out, and left
    as they are where that would take more than about 3e12 operations.
    """
    solution = fit.solution
    factor = solution.factor
    if factor is None and not solution.outcome.converged:
        return np.full((len(solution.coef), 1), np.nan)
    root = None if factor is None else factor.inverse_root()
    if factor is not None and root is not None and _resolves(factor, root):
        return root
    if fit.solved.layout is not None:
        resolved = _coded_root(fit, factor, root)
        if resolved is not None:
            return resolved
    triangle = fit.solved_rows.fold(working_triangle, fit.likelihood, solution.coef)
    return triangle.inverse_root()


def _resolves(factor: Factor, root: Floats) -> bool:
    """Say whether the summed information is well enough conditioned, S A S at most 1e6.

    The trace of ``S A S`` is q, that of its inverse the sum of variance times information, so that
    their product bounds the condition. Only where it is large is the condition itself looked for.
    """
    information = factor.matrix.diagonal()
    trace_of_inverse = float(np.einsum("ij,ij,i->", root, root, information))
    bound = len(root) * trace_of_inverse
    return bound <= SUMMED_IS_ENOUGH or factor.condition_within(SUMMED_IS_ENOUGH)


def _coded_root(fit: Fit, factor: Factor | None, root: Floats | None) -> Floats | None:
    """Return the root for coded columns, None where writing them out is the better way."""
    if factor is not None and root is not None and _error_growth(factor, root) <= SUMMED_IS_ENOUGH:
        return root
    rows, coef = fit.solved_rows, fit.solution.coef
    matrix = number_basis(rows, SUMMED_IS_ENOUGH)
    if matrix is not None:
        basis = Basis(rows.n_columns, tuple(range(rows.n_columns)), matrix)
        at = in_basis(rows, basis).fold_runs(fit.likelihood.evaluate, basis.inner(coef))
        inner = factorize(at.upper)
        if inner is not None:
            inner_root = inner.inverse_root()
            if _error_growth(inner, inner_root) <= SUMMED_IS_ENOUGH:
                return basis.root(inner_root)
    affordable = rows.n_rows * float(rows.n_columns) ** 2 <= MOST_WRITTEN_OUT
    return None if affordable else root


def _error_growth(factor: Factor, root: Floats) -> float:
    """Return how much of a relative rounding of the information shows in a variance, at most.

    To first order V changes by ``V dA V``, and ``|dA| <= eps |A|`` element by element, so that the
    variance of coefficient j is off by at most eps times ``(|V| |A| |V|)_jj / V_jj``. Indicators
    of many levels against one reference have a large condition, and a small growth. Three products
    of (q, q) matrices in single precision, which is plenty for a judgement.
    """
    half = root.astype(np.float32)
    covariance = np.abs(half @ half.T)
    information = np.abs(factor.matrix.astype(np.float32))
    information = np.triu(information) + np.triu(information, 1).T
    growth = np.einsum("ij,ji->i", covariance, information @ covariance)
    with np.errstate(invalid="ignore", over="ignore"):
        largest = float((growth / covariance.diagonal()).max())
    return largest if largest == largest else np.inf
