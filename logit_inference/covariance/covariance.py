"""What a covariance is, whichever function made it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from logit_inference.rows.block import Floats


@dataclass(frozen=True)
class Covariance:
    """A covariance of p coefficients and what it takes to defend it.

    Parameters
    ----------
    root : (p, r) array
        A matrix B with ``B B' = matrix``. The variance of a combination c is the square of
        ``|c'B|``, which keeps the digits that ``c' matrix c`` loses where columns are nearly
        collinear. Rows of coefficients that cannot be estimated are zero.
    estimable : (p,) bool array
        Which coefficients are estimated.
    kind : str
        Which estimator, in the field's words.
    correction : str
        The small-sample factor in words, ``"none"`` if there is none.
    n_clusters : int or None
        Number of clusters, where there are some.
    df : float or None
        Degrees of freedom of the t reference; None for the normal.
    """

    root: Floats
    estimable: np.ndarray[tuple[int], np.dtype[np.bool_]]
    kind: str
    correction: str = "none"
    n_clusters: int | None = None
    df: float | None = None

    @property
    def matrix(self) -> Floats:
        """The (p, p) covariance; NaN in the rows and columns of what cannot be estimated."""
        matrix: Floats = self.root @ self.root.T
        matrix[~self.estimable] = np.nan
        matrix[:, ~self.estimable] = np.nan
        return matrix

    @property
    def std_errors(self) -> Floats:
        """The (p,) standard errors; NaN where a coefficient cannot be estimated."""
        errors: Floats = np.sqrt(np.einsum("ij,ij->i", self.root, self.root))
        errors[~self.estimable] = np.nan
        return errors
