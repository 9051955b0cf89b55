"""The largest probability of a class that a likelihood ratio does not reject, in one row.

Of a class that separated data take out of a row, no estimate has a standard error; but the data
bound its probability. ``log mu_k`` of a row is what one more observation of class k there would add
to the log-likelihood, and concave as that is. So the largest one, over all coefficients whose
log-likelihood ℓ is no further below its supremum than half a chi-square quantile c, is that of a
convex problem, and where such an observation has weight t

    max log mu_k = min_t [sup (ℓ + t log mu_k) − (sup ℓ − c/2)]/t,

each a fit of the rows and of one more. Classes and rows have no names here.
"""

from __future__ import annotations

import math
from functools import partial

import numpy as np

from logit_inference.errors import ProfileError
from logit_inference.inference.polytomous import Top
from logit_inference.likelihood import softmax
from logit_inference.likelihood.evaluation import Evaluation
from logit_inference.likelihood.objective import Objective
from logit_inference.rows.block import Block, Floats
from logit_inference.solve.factor import Factor
from logit_inference.solve.newton import newton

TOLERANCE, NEAR = 1e-6, 1e-4  # of the decrement of a fit, whose value is right to its square
MOST_STEPS = 200
FARTHEST, FACTOR = 20, 8.0  # steps of the weight on the way to a bracket
EXACT = 1e-6  # of the log of the weight: the minimum over it is flat


def log_ceiling(whole: Top, row: Block, n_classes: int, fall: float) -> float:
    """Return the largest ``log mu`` of a row's class within a fall of the log-likelihood.

    Parameters
    ----------
    whole : Top
        Of separated data.
    row : Block
        One row, in the basis of the coefficients; ``y`` is the number of the class that is asked
        about.
    n_classes : int
    fall : float
        Of twice the log-likelihood from its supremum.

    Returns
    -------
    float
        NaN where it was not found.

    Notes
    -----
    About ten fits.
    """
    from scipy.optimize import brentq

    def fitted(weight: float) -> tuple[float, float]:
        """Return the supremum with a weight of the row, and what twice the rest of it falls."""
        value, coef = _supremum(whole.objective, row, weight, n_classes)
        own = softmax.slope([row], coef).log_likelihood
        return value, 2.0 * (whole.value - (value - weight * own))

    def beyond(log_weight: float) -> float:
        return fitted(math.exp(log_weight))[1] - fall

    try:
        here, too_far = 0.0, beyond(0.0) > 0
        step = math.log(FACTOR) * (-1.0 if too_far else 1.0)
        for _ in range(FARTHEST):
            if (beyond(here + step) > 0) != too_far:
                break
            here += step
        else:
            return math.nan
        ends = sorted((here, here + step))
        weight = math.exp(brentq(beyond, *ends, xtol=EXACT))
        return min((fitted(weight)[0] - whole.value + fall / 2.0) / weight, 0.0)
    except ProfileError:
        return math.nan


def _supremum(
    objective: Objective, row: Block, weight: float, n_classes: int
) -> tuple[float, Floats]:
    """Return the supremum of the log-likelihood with one more row, and coefficients near it.

    It starts at zero: where other classes stay without probability, what was found before is so
    far out that nothing is left to tell a direction.
    """
    found = newton(
        partial(_with_row, objective, row, weight),
        np.zeros((n_classes - 1) * row.n_columns),
        _length,
        tolerance=TOLERANCE,
        max_iterations=MOST_STEPS,
        fresh=np.inf,
    )
    if not (found.outcome.converged or found.decrement <= NEAR):
        raise ProfileError.not_found("the supremum with one more row")
    return found.evaluation.log_likelihood + found.decrement**2, found.coef


def _with_row(objective: Objective, row: Block, weight: float, coef: Floats) -> Evaluation:
    more = Block(row.y, row.X, None, np.array([weight]), row.offset)
    return objective(coef) + softmax.evaluate([more], coef)


def _length(factor: Factor, coef: Floats, now: Evaluation) -> float:
    """Return λ for M·λ: a value is right to the square of λ, wherever that is."""
    return math.sqrt(max(float(now.score @ factor.solve(now.score)), 0.0))
