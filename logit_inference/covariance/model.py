"""The model-based covariance: the inverse of the information at the maximum."""

from __future__ import annotations

import numpy as np

from logit_inference.covariance.covariance import Covariance
from logit_inference.rows.block import Floats
from logit_inference.solve.factor import factorize, working_triangle
from logit_inference.solve.fit import Fit

# The summed information's inverse is wrong by about eps times its scaled condition. Above this
# condition (an error of 2e-10) the factor is folded from the rows instead, which loses half of
# those digits only.
SUMMED_IS_ENOUGH = 1e6


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

    Notes
    -----
    No pass where the information at hand is well conditioned (scaled condition up to 1e6, an error
    of the standard errors of about 1e-10); otherwise one fold of a QR factor of the rows scaled by
    root working weights.
    """
    factor = factorize(fit.solution.evaluation.information)
    if factor is not None and factor.condition <= SUMMED_IS_ENOUGH:
        return _in_columns(fit, factor.inverse_root())
    if factor is None and not fit.solution.outcome.converged:
        p = len(fit.names)
        return Covariance(np.full((p, 1), np.nan), np.ones(p, bool), "model")
    triangle = fit.working.fold(working_triangle, fit.likelihood, fit.solution.coef)
    return _in_columns(fit, triangle.inverse_root())


def _in_columns(fit: Fit, root: Floats) -> Covariance:
    """Return the covariance of the columns' coefficients from a root in the basis solved in."""
    p = len(fit.names)
    if fit.basis is None:
        return Covariance(root, np.ones(p, bool), "model")
    estimable = np.zeros(p, bool)
    estimable[list(fit.basis.kept)] = True
    full = np.zeros((p, root.shape[1]))
    full[estimable] = root if fit.basis.matrix is None else fit.basis.matrix @ root
    return Covariance(full, estimable, "model")
