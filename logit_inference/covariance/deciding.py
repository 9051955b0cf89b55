"""Coefficients that one cluster decides alone, of which no covariance of clusters can tell.

Where only the rows of one cluster have anything in a direction, its residuals sum to zero there, as
at every maximum, and no other cluster has any. In the coordinates of `clusters.Rows` the cluster's
share ``Q'Q`` of the information then has the eigenvalue one, with that direction as eigenvector.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from logit_inference.covariance.bell_mccaffrey import DECIDED
from logit_inference.covariance.clusters import gather_clusters
from logit_inference.covariance.leave_out import cluster_sums
from logit_inference.covariance.sandwich import Codes
from logit_inference.rows.block import Floats
from logit_inference.solve.fit import Fit

FLAT = 1e-8  # of the largest eigenvalue: scores have no spread there worth looking into
IN_IT = 1e-6  # of a coefficient's standard error: its share in a direction that is decided


def has_flat_direction(fit: Fit, half: Floats) -> bool:
    """Say whether clusters' scores have no spread in some direction, given a root of V meat V.

    Where a cluster decides a direction they have none, so that nothing else need be looked at.
    """
    inner = np.linalg.lstsq(fit.information_root(), half, rcond=None)[0]
    squares = np.square(np.linalg.svd(inner, compute_uv=False))
    return len(squares) < len(inner) or bool(squares[-1] <= FLAT * squares[0])


def decided_alone(fit: Fit, codes: Codes) -> tuple[int, NDArray[np.bool_]]:
    """Return how many clusters decide a direction, and which coefficients (p,) lie in one.

    Notes
    -----
    Each row is read once; ``r²`` operations for each, and one decomposition for each cluster whose
    leverages sum to one or more.
    """
    root = fit.information_root()
    outer = fit.basis.root(root)
    size = np.linalg.norm(outer, axis=1)
    count, touched = 0, np.zeros(len(outer), dtype=bool)
    for _, _, square in cluster_sums(fit, gather_clusters(fit, codes), root, frequency=False):
        near = square[np.trace(square, axis1=1, axis2=2) >= 1.0 - DECIDED]
        for values, vectors in zip(*np.linalg.eigh(near), strict=True):
            own = vectors[:, values >= 1.0 - DECIDED]
            count += own.shape[1] > 0
            touched |= np.linalg.norm(outer @ own, axis=1) > IN_IT * size
    return count, touched
