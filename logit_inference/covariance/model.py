"""The model-based covariance: the inverse of the information at the maximum.

It trusts the model. Which likelihood it is the maximum of, it does not ask.
"""

from __future__ import annotations

import numpy as np

from logit_inference.covariance.covariance import Covariance
from logit_inference.solve.fit import Fit


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
    return Covariance(np.ascontiguousarray(fit.information_root()), fit.basis, "model")
