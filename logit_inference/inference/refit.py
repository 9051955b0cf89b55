"""One maximum under linear restrictions, by Newton's method from a point that is known.

Which starts are tried, and which of several maxima counts, others decide.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from logit_inference.likelihood.evaluation import Evaluation
from logit_inference.likelihood.objective import Objective
from logit_inference.rows.block import Floats
from logit_inference.solve.criterion import ascending, positive, restrict
from logit_inference.solve.factor import Factor, factorize
from logit_inference.solve.newton import newton
from logit_inference.solve.peak import Peak
from logit_inference.solve.solution import Outcome

CLOSE = 1e-6  # of a refit's decrement; its value is then right to the square of that
# Of a search; where halved steps grow so short or steps so many, it began too far out.
MOST_STEPS, SHORTEST_STEP = 60, 2.0**-10


@dataclass(frozen=True)
class Refit:
    """The maximum under restrictions.

    Parameters
    ----------
    coef : (r,) array
    value : float
        Of the objective there.
    score : (r,) array
        Its gradient there: a combination of the restrictions.
    root : (r, r) array
        B with ``B B'`` the inverse of the curvature.
    outcome : Outcome
    branched : bool
        Whether another maximum is known under the same restrictions.
    """

    coef: Floats
    value: float
    score: Floats
    root: Floats
    outcome: Outcome
    branched: bool = False


@np.errstate(over="ignore", invalid="ignore")  # of starts that turn out to be too far
def refit(
    objective: Objective, coef: Floats, root: Floats, matrix: Floats, value: Floats
) -> Refit | None:
    """Return the maximum of the objective where ``matrix @ coef = value``.

    Parameters
    ----------
    objective : callable
    coef, root
        A point nearby, and B with ``B B'`` the inverse curvature at it. The search starts where
        the restricted maximum would be if the objective were quadratic.
    matrix : (k, r) array
        Of full row rank.
    value : (k,) array

    Returns
    -------
    Refit or None
        None where not even the start can be evaluated.

    Notes
    -----
    Two to five evaluations. In the basis B the restrictions are a rotation, so that the search is
    over nearly independent coefficients of unit size.
    """
    k, r = matrix.shape
    turned, triangle = np.linalg.qr((matrix @ root).T, mode="complete")
    shift = np.linalg.solve(triangle[:k].T, value - matrix @ coef)
    origin = coef + root @ (turned[:, :k] @ shift)
    span = root @ turned[:, k:]
    last: list[Evaluation] = []

    def whole(point: Floats) -> Evaluation:
        at = objective(point)
        last.append(at)
        del last[:-1]
        return at

    if k == r:
        at, found, left, outcome = whole(origin), origin, 0.0, Outcome.CONVERGED
    else:
        solution = newton(
            ascending(restrict(whole, origin, span)),
            np.zeros(r - k),
            _settled,
            tolerance=CLOSE,
            max_iterations=MOST_STEPS,
            fresh=np.inf,
            smallest_step=SHORTEST_STEP,
        )
        found, outcome = origin + span @ solution.coef, solution.outcome
        left = solution.decrement if outcome.converged else 0.0
        at = last[0]
    factor = factorize(positive(at).upper)
    if factor is None or not math.isfinite(at.log_likelihood):
        return None
    reached = at.log_likelihood + left * left / 2.0
    return Refit(found, reached, at.score, factor.inverse_root(), outcome)


def at_point(objective: Objective, coef: Floats) -> Refit | None:
    """Return a restricted maximum that is known, with value and shape there; one evaluation."""
    at = positive(objective(coef))
    factor = factorize(at.upper)
    if factor is None or not math.isfinite(at.log_likelihood):
        return None
    return Refit(coef, at.log_likelihood, at.score, factor.inverse_root(), Outcome.CONVERGED)


def _settled(factor: Factor, coef: Floats, now: Evaluation) -> float:
    """Return λ for M·λ: a value is right to the square of λ, wherever that is."""
    return math.sqrt(max(float(now.score @ factor.solve(now.score)), 0.0))


def top(peak: Peak) -> Refit:
    """Return the peak as a refit without restrictions."""
    none = np.zeros_like(peak.coef)
    return Refit(peak.coef, peak.value, none, peak.root, Outcome.CONVERGED)
