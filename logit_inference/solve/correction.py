"""Corrections of Firth's intercept: FLIC and FLAC.

Firth's penalty draws fitted probabilities towards one half, so that their mean is not the share of
events. FLIC re-estimates the intercept by maximum likelihood, all else held fixed. FLAC reads the
penalty as pseudo-observations, half events and half non-events, of weight h (the leverage in
Firth's fit) beside each row, and fits by maximum likelihood with an indicator of them as a further
column, which is then left out (Puhr, Heinze, Nold, Lusa and Geroldinger 2017; the convention of
logistf 1.26). In both the fitted probabilities of the rows have the mean of the outcome.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import chain

import numpy as np

from logit_inference.likelihood.evaluation import Evaluation
from logit_inference.likelihood.likelihood import Likelihood
from logit_inference.likelihood.objective import Objective, objective
from logit_inference.rows.block import Block, Floats
from logit_inference.rows.product import gram_for, row_squares, transposed_times
from logit_inference.rows.source import Source
from logit_inference.solve.criterion import restrict
from logit_inference.solve.factor import Factor, factorize
from logit_inference.solve.newton import newton
from logit_inference.solve.solution import Solution


@dataclass(frozen=True)
class Correction:
    """What a corrected fit keeps of Firth's.

    Parameters
    ----------
    firth : (q,) array
        Firth's coefficients, in the basis of the fit.
    root : (q, q) array
        B with ``B B'`` the inverse information there.
    pseudo : float
        Coefficient of the indicator of pseudo-observations; zero for FLIC.
    """

    firth: Floats
    root: Floats
    pseudo: float = 0.0


def correct(
    rows: Source, likelihood: Likelihood, kind: str, solution: Solution, direction: Floats
) -> tuple[Solution, Correction, int]:
    """Return the solution with Firth's intercept corrected, what it keeps of Firth's, and passes.

    Parameters
    ----------
    rows : Source
    likelihood : Likelihood
    kind : {"flic", "flac"}
    solution : Solution
        Firth's, converged.
    direction : (q,) array
        Of the intercept.

    Notes
    -----
    A few evaluations; FLAC's are two passes each.
    """
    factor = solution.factor
    assert factor is not None, "a penalised maximum has information in every direction"
    plain = objective(rows, likelihood)
    kept = Correction(solution.coef, factor.inverse_root())
    if kind == "flic":
        line = restrict(plain, solution.coef, direction[:, np.newaxis])
        found = newton(line, np.zeros(1), _settled)
        coef, n_passes = solution.coef + found.coef[0] * direction, found.n_passes
    else:
        whole = augmented_likelihood(rows, likelihood, kept)
        found = newton(whole, np.append(solution.coef, 0.0), _settled)
        coef, n_passes = found.coef[:-1], 2 * found.n_passes
        kept = replace(kept, pseudo=float(found.coef[-1]))
    at = plain(coef)
    corrected = replace(
        solution, coef=coef, evaluation=at, factor=factorize(at.upper), outcome=found.outcome
    )
    return corrected, kept, int(n_passes) + 1


def _settled(factor: Factor, coef: Floats, now: Evaluation) -> float:
    """Return λ: both problems have a finite maximum wherever both outcomes occur."""
    return math.sqrt(max(float(now.score @ factor.solve(now.score)), 0.0))


def augmented_likelihood(rows: Source, likelihood: Likelihood, firth: Correction) -> Objective:
    """Return the log-likelihood of rows and pseudo-observations, of q coefficients and one more.

    Leverages are computed anew in each pass, so that nothing has the length of the rows.
    """
    plain = objective(rows, likelihood)

    def evaluate(coef: Floats) -> Evaluation:
        at = plain(coef[:-1])
        pseudo = rows.fold_runs(pseudo_observations, likelihood, coef, firth.firth, firth.root)
        whole = np.zeros_like(pseudo.upper)
        whole[:-1, :-1] = at.upper
        padded = Evaluation(at.log_likelihood, np.append(at.score, 0.0), whole, at.smallest_weight)
        return padded + pseudo

    return evaluate


def pseudo_observations(
    run: Iterable[Block], likelihood: Likelihood, coef: Floats, firth: Floats, root: Floats
) -> Evaluation:
    """Return the log-likelihood of the pseudo-observations of a run, with its derivatives.

    Parameters
    ----------
    run : iterable of Block
    likelihood : Likelihood
    coef : (q + 1,) array
        The last belongs to the indicator.
    firth : (q,) array
        Where leverages are those of Firth's fit.
    root : (q, q) array
        B with ``B B'`` the inverse information there.
    """
    blocks = iter(run)
    first = next(blocks)
    q = len(firth)
    gram, value = gram_for(first.X), 0.0
    score, upper = np.zeros(q + 1), np.zeros((q + 1, q + 1))
    for block in chain((first,), blocks):
        w, _ = likelihood.skewness(block, firth)
        h = w * row_squares(block.X, root)
        eta = likelihood.linear_predictor(block, coef[:-1]) + coef[-1]
        size = np.abs(eta)
        t = np.exp(-size)
        value -= float(h @ (0.5 * size + np.log1p(t)))
        h /= 1.0 + t
        residual = h * np.copysign(0.5 * (1.0 - t), -eta)
        weight = h * (t / (1.0 + t))
        score[:-1] += transposed_times(block.X, residual)
        score[-1] += residual.sum()
        gram.add(block.X, weight)
        upper[:-1, -1] += transposed_times(block.X, weight)
        upper[-1, -1] += weight.sum()
    upper[:-1, :-1] = np.triu(gram.upper())
    return Evaluation(value, score, upper, np.inf)
