"""How a search for the maximum ended, as a value that carries its own explanation.

Raising is the caller's choice; a solution that did not converge says so and never looks like one
that did.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, NamedTuple

from logit_inference.likelihood.evaluation import Evaluation
from logit_inference.records import made_fast
from logit_inference.rows.block import Floats
from logit_inference.solve.factor import Factor

if TYPE_CHECKING:
    import pandas as pd

    from logit_inference.report.table import Table


class Outcome(Enum):
    """How an iteration ended."""

    CONVERGED = "The iteration converged."
    DIVERGING = (
        "The maximum is not reached at finite coefficients, as far as the iteration can tell: the "
        "log-likelihood still rises while coefficients grow and fitted probabilities reach 0 or 1."
    )
    ITERATION_LIMIT = "The iteration limit was reached before the coefficients settled."
    SINGULAR = "The information matrix is singular at the current coefficients."
    STALLED = "No step along the search direction raises the log-likelihood."
    OVERSHOOTING = (
        "The learning rate is too large for these columns: the last steps went past the maximum "
        "and lowered the log-likelihood."
    )

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
        What was done: ``"newton"``; ``"chebyshev"`` with a correction of third order; ``"halved"``
        after step halving; ``"score"`` along an older information matrix; ``"rough"`` where the
        information was in single precision, of which the end never is; ``"sample"`` for a Newton
        step on a sample of the rows, weighted so that its numbers estimate those of all rows; with
        ``", dropped"`` behind it where the search then began again without. Of first-order methods
        ``"gradient"``, ``"halved"`` where backtracking had to shorten it, ``"lbfgs"``, and
        ``"stop"`` for where they ended.
    log_likelihood : float
        Before the step, without the binomial constant.
    decrement : float
        Newton decrement before the step: how far the maximum is, in standard errors, to first
        order. First-order methods measure it by the information where they last looked.
    size : float
        Fraction of the full Newton step that was taken, above one where the first is as long as
        discriminant analysis makes it; the learning rate of a gradient step; the length of one of
        L-BFGS in standard errors.
    """

    kind: str
    log_likelihood: float
    decrement: float
    size: float


@made_fast
@dataclass(frozen=True, repr=False, slots=True)
class Solution:
    """Coefficients of length q, the last evaluation, and the way there; printed, that trace.

    Parameters
    ----------
    coef : (q,) array
        Where the search ended.
    evaluation : Evaluation
        Of the last evaluation; ``coef`` is one Newton step of ``decrement`` standard errors on,
        where Newton's search converged, and the very point where a first-order method stopped.
    outcome : Outcome
    steps : tuple of Step
    n_passes : float
        Passes over the columns: evaluations, those of halved steps included, and other folds. One
        over a sample counts as its share of the rows. What is made of the solution is not counted:
        the proof that a maximum exists (see ``certificate``) may read the rows again, and so do
        standard errors of ill-conditioned columns, for a factor of these rows.
    direction : (q,) array
        The last Newton step.
    decrement : float
        Newton decrement at the last evaluation.
    factor : Factor or None
        Of the information there; None where that is singular.
    n_distinct : int or None
        Number of distinct rows, where equal rows were merged and only these solved over.
    n_trials : float
        Weighted trials n, of the cost per sample ``J = −ℓ/n``; NaN where nobody asked.
    root : (q, q) array or None
        The inverse of ``factor``, where the search has made it and it resolves the information.
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
    n_trials: float = math.nan
    root: Floats | None = None

    def to_table(self) -> Table:
        """Return the trace of the search: one row for each step, with what stood before it.

        Columns ``iteration``; ``kind`` of step; ``cost``, that of a sample, ``−ℓ/n`` with the
        penalty of whatever was maximised; ``distance``, how far the maximum is in standard errors,
        to first order; ``step``, its size (see `Step`).
        """
        from logit_inference.report.table import Column, Table

        costs = [-step.log_likelihood / self.n_trials for step in self.steps]
        columns = (
            Column("iteration", range(len(self.steps)), header="", kind="integer"),
            Column("kind", [step.kind for step in self.steps]),
            Column("cost", costs, header="cost -ℓ/n", kind="estimate"),
            Column("distance", [step.decrement for step in self.steps], kind="estimate"),
            Column("step", [step.size for step in self.steps], kind="estimate"),
        )
        passes = f"{self.n_passes:,.2f} passes over the columns. Distances are in standard errors."
        return Table("The search for the maximum", columns, notes=(self.outcome.sentence, passes))

    def __repr__(self) -> str:
        return str(self.to_table())

    def _repr_html_(self) -> str:
        return self.to_table().to_html()

    def to_frame(self) -> pd.DataFrame:
        """Return that trace as a pandas frame.

        Examples
        --------
        >>> import logit_inference as li
        >>> fit = li.logit("low ~ age + lwt", li.datasets.load("birthwt"), solver="lbfgs")
        >>> fit.solution.to_frame().columns.tolist()
        ['iteration', 'kind', 'cost', 'distance', 'step']
        """
        return self.to_table().to_frame()

    def plot_trace(self) -> Any:
        """Return a matplotlib figure of the trace: cost and distance by step (extra ``plots``)."""
        from logit_inference.report.trace import plot_trace

        return plot_trace(self.to_table())
