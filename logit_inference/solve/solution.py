"""How a search for the maximum ended, as a value that carries its own explanation.

Raising is the caller's choice; a solution that did not converge says so and never looks like one
that did.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from logit_inference.likelihood.evaluation import Evaluation
from logit_inference.rows.block import Floats
from logit_inference.solve.factor import Factor


class Outcome(Enum):
    """How an iteration ended."""

    CONVERGED = "The iteration converged."
    DIVERGING = (
        "The maximum is not reached at finite coefficients, as far as the iteration can tell: the "
        "log-likelihood still rises while coefficients grow and fitted probabilities reach 0 or 1."
    )
    ITERATION_LIMIT = "The iteration limit was reached before the coefficients settled."
    SINGULAR = "The information matrix is singular at the current coefficients."
    STALLED = "No step along the Newton direction raises the log-likelihood."

    @property
    def sentence(self) -> str:
        """The explanation."""
        return self.value

    @property
    def converged(self) -> bool:
        """Whether the coefficients are the maximum to the tolerance asked for."""
        return self is Outcome.CONVERGED


class Step(NamedTuple):
    """One move of a search.

    Parameters
    ----------
    kind : str
        What was done: ``"newton"``; ``"halved"`` after step halving; ``"score"`` along an older
        information matrix; ``"sample"`` for a Newton step on a sample of the rows, weighted so that
        its numbers estimate those of all rows.
    log_likelihood : float
        Before the step, without the binomial constant.
    decrement : float
        Newton decrement before the step: how far the maximum is, in standard errors, to first
        order.
    size : float
        Fraction of the full Newton step that was taken.
    """

    kind: str
    log_likelihood: float
    decrement: float
    size: float


@dataclass(frozen=True)
class Solution:
    """Coefficients of length q, the last evaluation, and the way there.

    Parameters
    ----------
    coef : (q,) array
        Where the search ended.
    evaluation : Evaluation
        Of the last evaluation; ``coef`` is one Newton step of ``decrement`` standard errors on,
        where the search converged.
    outcome : Outcome
    steps : tuple of Step
    n_passes : float
        Passes over the columns: evaluations, those of halved steps included, and other folds. One
        over a sample counts as its share of the rows.
    direction : (q,) array
        The last Newton step.
    decrement : float
        Newton decrement at the last evaluation.
    factor : Factor or None
        Of the information there; None where that is singular.
    n_distinct : int or None
        Number of distinct rows, where equal rows were merged and only these solved over.
    """

    coef: Floats
    evaluation: Evaluation
    outcome: Outcome
    steps: tuple[Step, ...]
    n_passes: float
    direction: Floats
    decrement: float
    factor: Factor | None
    n_distinct: int | None = None
