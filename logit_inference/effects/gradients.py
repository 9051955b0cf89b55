"""What effects are to first order: how coefficients move them, and what rounding leaves of zero.

An effect that the model makes zero, such as an interaction that the formula does not have, comes
out as the rounding of the terms that cancel, and so does its standard error: their ratio means
nothing. One that is a linear combination of coefficients is infinite only where that combination
is, however many of its terms are. Both are seen in the gradient. Of scales and tests this file
knows nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from logit_inference.rows.block import Floats
from logit_inference.solve.recession import Recession

# Beside the terms that cancel: sums over rows round to some dozens of 2e-16.
ROUNDING = 1e-13
# Of standard errors: a root of a covariance keeps half the digits, where it is by eigenvalues.
ROUNDING_OF_ROOTS = 1e-6


@dataclass(frozen=True)
class Gradients:
    """K effects on their working scale to first order, infinite coefficients left out.

    Parameters
    ----------
    value : (K,) array
    jacobian : (K, p) array
        By the coefficients of X.
    spread : (p,) array
        Standard errors of the coefficients.
    value_terms, error_terms : (K,) arrays
        Sizes of the terms whose sums value and standard error are.
    linear : (K,) array of bool
        Which are linear combinations of coefficients.
    recession : Recession or None
        Along which coefficients go to infinity.
    """

    value: Floats
    jacobian: Floats
    spread: Floats
    value_terms: Floats
    error_terms: Floats
    linear: NDArray[np.bool_]
    recession: Recession | None

    def combined(self, matrix: Floats) -> Gradients:
        """Return combinations (k, K) of the effects."""
        used = matrix != 0
        sizes = np.abs(matrix)
        return replace(
            self,
            value=_sums(matrix, self.value[:, np.newaxis])[:, 0],
            jacobian=_sums(matrix, self.jacobian),
            value_terms=_sums(sizes, self.value_terms[:, np.newaxis])[:, 0],
            error_terms=_sums(sizes, self.error_terms[:, np.newaxis])[:, 0],
            linear=~(used & ~self.linear).any(axis=1),
        )

    def shown(self, value: Floats, slope: Floats) -> Gradients:
        """Return a function of the effects, from its values (K,) and derivatives (K,)."""
        sizes = np.abs(slope)
        return replace(
            self,
            value=value,
            jacobian=slope[:, np.newaxis] * self.jacobian,
            value_terms=np.abs(value) + sizes * self.value_terms,
            error_terms=sizes * self.error_terms,
            linear=np.zeros_like(self.linear),
        )

    @property
    def sides(self) -> Floats:
        """Where linear effects go along the cone, (K,): 0, 1, −1, NaN for either; 0 for others."""
        sides = np.zeros(len(self.value))
        if self.recession is not None and self.linear.any():
            sides[self.linear] = self.recession.sides(self.jacobian[self.linear])
        return sides

    def vanishing(self, errors: Floats) -> NDArray[np.bool_]:
        """Say which effects (K,) are zero by the model: value, gradient and error are rounding.

        Parameters
        ----------
        errors : (K,) array
            Standard errors on the working scale.
        """
        size = np.abs(self.jacobian) @ self.spread
        with np.errstate(invalid="ignore"):
            zero: NDArray[np.bool_] = (
                (np.abs(self.value) <= ROUNDING * self.value_terms)
                & (size <= ROUNDING * self.error_terms)
                & (errors <= ROUNDING_OF_ROOTS * self.error_terms)
            )
        return zero


def _sums(matrix: Floats, values: Floats) -> Floats:
    """Return combinations of rows; those that a combination does not use may be infinite."""
    bad: Any = ~np.isfinite(values).all(axis=1)
    found: Floats = matrix @ np.where(bad[:, np.newaxis], 0.0, values)
    found[(matrix[:, bad] != 0).any(axis=1)] = np.nan
    return found
