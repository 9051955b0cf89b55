"""Objectives: functions from coefficients to an `Evaluation`, which is all that a solver receives.

A likelihood folded over a source is one. A penalised likelihood or one restricted to a subspace is
another, made from an objective, so that one Newton loop serves them all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial

import numpy as np

from logit_inference.likelihood.evaluation import Evaluation, Objectives, Slope
from logit_inference.likelihood.likelihood import EvaluateKernel, Likelihood
from logit_inference.rows.block import Block, Floats
from logit_inference.rows.source import Source

Objective = Callable[[Floats], Evaluation]
SlopeObjective = Callable[[Floats], Slope]


def objectives(source: Source, likelihood: Likelihood) -> Objectives:
    """Return the log-likelihood of the rows of ``source``, and what there is beside it."""
    block = source.small_block
    small = None if block is None else likelihood.resident(block)
    return Objectives(partial(source.fold_runs, likelihood.evaluate)) if small is None else small


def objective(source: Source, likelihood: Likelihood) -> Objective:
    """Return the log-likelihood of the rows of ``source`` as a function of the coefficients.

    Each call is one pass over the rows.

    Examples
    --------
    >>> from logit_inference.likelihood.logistic import LOGISTIC
    >>> from logit_inference.rows.block import Block
    >>> from logit_inference.rows.source import ArraySource
    >>> rows = ArraySource(Block(np.array([0.0, 1.0]), np.ones((2, 1))))
    >>> float(objective(rows, LOGISTIC)(np.zeros(1)).log_likelihood / np.log(2))
    -2.0
    """
    return objectives(source, likelihood).at


def slope_objective(source: Source, likelihood: Likelihood) -> SlopeObjective:
    """Return value and gradient of the log-likelihood as a function of the coefficients.

    Each call is one pass over the rows, and a cheap one.
    """
    return partial(source.fold_runs, likelihood.slope)


def null_objective(source: Source, likelihood: Likelihood) -> Objective:
    """Return the log-likelihood of the intercept-only model, offset and weights kept."""
    return partial(source.fold_runs, _on_constant, likelihood.evaluate)


def _on_constant(run: Iterable[Block], evaluate: EvaluateKernel, coef: Floats) -> Evaluation:
    return evaluate((block.with_columns(np.ones((block.n_rows, 1))) for block in run), coef)
