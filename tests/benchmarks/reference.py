"""A tight reference: plain Newton in a few lines of numpy that share nothing with the package.

It begins where a contender ended and stops when the Newton decrement falls no further, below 1e-12
standard errors or at the rounding of the summed score.
"""

from dataclasses import dataclass

import numpy as np
from scipy.linalg import cho_factor, cho_solve
from scipy.special import expit

from tests.benchmarks.data import Data
from tests.benchmarks.peers import Answer

TIGHT = 1e-12
LOOSEST = 1e-10  # a reference that stays above this one proves nothing


@dataclass(frozen=True)
class Reference:
    """Coefficients and standard errors, and how far from the maximum they can be, in the latter.

    For refits coefficients and standard errors have a row for each replicate.
    """

    coef: np.ndarray
    std_errors: np.ndarray
    decrement: float


@dataclass(frozen=True)
class Errors:
    """Largest distances from the reference.

    ``coef`` is in standard errors, ``std_errors`` relative; ``missing`` counts the refits that a
    package could not answer.
    """

    coef: float
    std_errors: float | None
    missing: int


def find_reference(data: Data, near: np.ndarray) -> Reference:
    """Return the maximum near some coefficients: one row of them, or one for each replicate."""
    if data.W is None:
        return _newton(data, near, np.ones(len(data.y)))
    found = [_newton(data, *pair) for pair in zip(near, data.W, strict=True)]
    return Reference(
        np.array([one.coef for one in found]),
        np.array([one.std_errors for one in found]),
        max(one.decrement for one in found),
    )


def compare(answer: Answer, reference: Reference) -> Errors:
    """Return how far an answer is from the reference."""
    distance = np.abs(answer.coef - reference.coef) / reference.std_errors
    missing = int(np.isnan(distance).any(axis=1).sum()) if distance.ndim == 2 else 0
    std_errors = None
    if answer.std_errors is not None:
        std_errors = float(np.nanmax(np.abs(answer.std_errors / reference.std_errors - 1)))
    return Errors(float(np.nanmax(distance)), std_errors, missing)


def _newton(data: Data, coef: np.ndarray, weights: np.ndarray) -> Reference:
    before = np.inf
    for _ in range(20):
        score, information = 0.0, 0.0
        for rows, X in data.dense_blocks():
            mu = expit(X @ coef)
            score = score + X.T @ (weights[rows] * (data.y[rows] - mu))
            information = information + (X.T * (weights[rows] * mu * (1 - mu))) @ X
        factor = cho_factor(information)
        step = cho_solve(factor, score)
        decrement = float(np.sqrt(score @ step))
        if decrement < TIGHT or before / 2 < decrement < LOOSEST:
            variances = np.diag(cho_solve(factor, np.eye(len(coef))))
            return Reference(coef + step, np.sqrt(variances), decrement)
        before, coef = decrement, coef + step
    raise ArithmeticError(f"the reference stays {decrement:.1e} standard errors from its maximum")
