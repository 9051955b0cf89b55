"""The model-based covariance: the inverse of the information at the maximum.

It trusts the model. Which likelihood it is the maximum of, it does not ask.
"""

from __future__ import annotations

import numpy as np

from logit_inference.covariance.covariance import Covariance
from logit_inference.rows.basis import Basis, in_basis
from logit_inference.rows.block import Floats
from logit_inference.rows.coded import Layout
from logit_inference.solve.condition import condition_numbers, is_resolved
from logit_inference.solve.factor import Factor, factorize, working_triangle
from logit_inference.solve.fit import Fit

# The summed information's inverse is wrong by about eps times its scaled condition. Above this
# condition (an error of 2e-10) the factor is folded from the rows instead, which loses half of
# those digits only.
SUMMED_IS_ENOUGH = 1e6
# Products of rows and squared columns up to which codes are written out for that fold: a minute.
MOST_WRITTEN_OUT = 3e11


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
    root working weights. Coded columns are too many for that, and numbers among them are centred
    where that matters (see `solve.rank`); where the weights at the maximum need other centres, two
    passes more. Only where that does not help either are codes written out, if the time for it is
    counted in seconds or minutes.
    """
    solution = fit.solution
    factor = solution.factor
    if factor is None and not solution.outcome.converged:
        return np.full((len(solution.coef), 1), np.nan)
    root = None if factor is None else factor.inverse_root()
    layout = fit.solved_rows.layout
    resolves = _resolves if layout is None else is_resolved
    if factor is not None and root is not None and resolves(factor, root):
        return root
    if layout is not None:
        again = _centred_root(fit, layout)
        if again is not None:
            return again
        if root is not None and fit.solved.n_rows * float(len(root)) ** 2 > MOST_WRITTEN_OUT:
            return root
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


def _centred_root(fit: Fit, layout: Layout) -> Floats | None:
    """Return the root by way of columns with numbers centred; None where that is too little."""
    rows, coef = fit.solved_rows, fit.solution.coef
    q = rows.n_columns
    centring = condition_numbers(rows, layout, fit.solution.evaluation.upper)
    if centring is None:
        return None
    basis = Basis(q, tuple(range(q)), centring)
    at = in_basis(rows, basis).fold_runs(fit.likelihood.evaluate, basis.inner(coef))
    factor = factorize(at.upper)
    if factor is None:
        return None
    root = factor.inverse_root()
    return basis.root(root) if is_resolved(factor, root) else None
