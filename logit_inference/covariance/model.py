"""The model-based covariance: the inverse of the information at the maximum.

It trusts the model. Which likelihood it is the maximum of, it does not ask.
"""

from __future__ import annotations

import numpy as np

from logit_inference.covariance.covariance import Covariance
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
        root = factor.inverse_root()
    elif factor is None and not fit.solution.outcome.converged:
        root = np.full((len(fit.solution.coef), 1), np.nan)
    else:
        triangle = fit.rows.fold(working_triangle, fit.likelihood, fit.solution.coef)
        root = triangle.inverse_root()
    # Rows first, as a saved result has them: the order of the sums decides the last bit.
    return Covariance(np.ascontiguousarray(root), fit.basis, "model")
