"""Separated classes of a multinomial fit: described, fitted in the limit, tested."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from logit_inference.covariance.covariance import Covariance
from logit_inference.diagnostics.evidence import MOST_SENTENCES
from logit_inference.diagnostics.separation import (
    Separation,
    no_separation,
    undecided,
)
from logit_inference.errors import ProfileError
from logit_inference.inference.distribution import chi_square_tail, critical_value
from logit_inference.inference.equations import Identification, equation_relations
from logit_inference.inference.estimate import Estimate
from logit_inference.inference.limits import Limits
from logit_inference.inference.polytomous import Top, likelihood_ratio
from logit_inference.likelihood.evaluation import Total
from logit_inference.rows.block import Block, Floats
from logit_inference.rows.product import dense
from logit_inference.solve.polytomous import SoftmaxFit, of_equations
from logit_inference.solve.polytomous_limit import ClassLimit, Mask
from logit_inference.solve.recession import Recession

# Operations of one evaluation for each infinite coefficient, up to which ends of intervals and
# p-values are looked for: some ten seconds each.
MOST_FOR_LIMITS, MOST_FOR_TESTS, EACH = 1.6e8, 3e9, 5e6
FARTHEST = 40  # doublings of a step on the way to an end
EXACT = 1e-8  # of an end, relative to itself or to a step


@dataclass(frozen=True)
class Rows:
    """What describes the rows and coefficients of a fit in the caller's words.

    Parameters
    ----------
    names : tuple of q str
        Of the coefficients of the fit's own equations.
    terms : mapping of term to columns
        Of one equation.
    constant : int or None
    labels : sequence of n
        Of the rows used.
    outcome : str
    levels : tuple of K str
        By class number.
    """

    names: tuple[str, ...]
    terms: Mapping[str, Sequence[int]]
    constant: int | None
    labels: Any
    outcome: str
    levels: tuple[str, ...]


def describe(fit: SoftmaxFit, recession: Recession, out: Mask, rows: Rows) -> Separation:
    """Return the record of a cone; a row is separated where some class has no probability."""
    import pandas as pd

    n_rows = int(fit.totals[1].sum())
    if recession.exists is None:
        return undecided(rows.names, n_rows, recession.reason)
    if not recession.exists:
        return no_separation(rows.names, n_rows)
    p = fit.source.n_columns
    moving = (recession.ends.reshape(-1, p) != 0).any(axis=0)
    terms = [name for name, own in rows.terms.items() if any(moving[j] for j in own)]
    alone = [name for name in terms if list(rows.terms[name]) != [rows.constant]]
    separated = out.any(axis=1)
    return Separation(
        "complete" if recession.complete else "quasi-complete",
        rows.names,
        recession.direction,
        recession.ends,
        tuple(alone or terms),
        int(separated.sum()),
        n_rows,
        _empty_cells(fit, moving, rows, out) or _evidence(recession, rows, int(separated.sum())),
        rows=pd.Index(rows.labels)[separated],
    )


def _empty_cells(
    fit: SoftmaxFit, moving: NDArray[np.bool_], rows: Rows, out: Mask
) -> tuple[str, ...]:
    """Return clauses about levels that no row with a column at one has, if they tell all.

    They do where the classes that rows lose in the limit are just these.
    """
    chosen = [j for j in np.flatnonzero(moving).tolist() if j != rows.constant]
    if not chosen:
        return ()
    cells = fit.source.fold(_cells, tuple(chosen), fit.n_classes).values
    clauses, explained = [], 0.0
    for j, row in zip(chosen, cells, strict=True):
        counts, other = row[:-1], row[-1]
        lost = [k for k in range(fit.n_classes) if not counts[k]]
        if other or not lost:  # no column of zeros and ones, or no empty cell
            continue
        explained += float(counts.sum()) * len(lost)
        levels = " or ".join(rows.levels[k] for k in lost)
        clauses.append(
            f"none of the {int(counts.sum()):,} rows with {fit.names[j]} = 1 has {rows.outcome} = "
            f"{levels}"
        )
    if explained != out.sum():
        return ()
    more = len(clauses) - MOST_SENTENCES
    return (*clauses[:MOST_SENTENCES], *((f"and so of {more} more columns",) if more > 0 else ()))


def _cells(block: Block, columns: tuple[int, ...], n_classes: int) -> Total:
    """Return for each column how many rows of each class have it at one, and values beside 0, 1."""
    counts = block.counts
    X, y = dense(block.X[:, list(columns)]), block.y.astype(np.intp)
    if counts is not None:
        X, y = X[counts], y[counts]
    found = np.zeros((len(columns), n_classes + 1))
    for own, column in zip(found, X.T, strict=True):
        own[:-1] = np.bincount(y[column == 1.0], minlength=n_classes)
        own[-1] = np.count_nonzero((column != 0.0) & (column != 1.0))
    return Total(found)


def _evidence(recession: Recession, rows: Rows, n_separated: int) -> tuple[str, ...]:
    """Return what separates, as coefficients of levels."""
    direction = recession.direction
    used = [name for name, value in zip(rows.names, direction, strict=True) if value]
    shown = ", ".join(used[:6]) + (", …" if len(used) > 6 else "")
    return (
        f"along {shown} (level:column) {n_separated:,} rows move away from some level of "
        f"{rows.outcome}, and no row from its own",
    )


def limit_estimate(limit: ClassLimit, recession: Recession, names: tuple[str, ...]) -> Estimate:
    """Return the estimate of the limiting model, with the cone of the other coefficients."""
    fit = limit.fit
    k = fit.n_classes - 1
    covariance = Covariance(limit.root, of_equations(fit.basis, k), "model")
    relations = equation_relations(fit.relations, fit.source.n_columns, k)
    return Estimate(names, fit.solution.coef, covariance, relations, recession)


def class_limits(
    whole: Top, estimate: Estimate, shown: Identification, level: float, n_rows: int
) -> Limits:
    """Return likelihood-ratio tests and intervals of the coefficients shown that are infinite.

    Parameters
    ----------
    whole : Top
        Of the model that was asked for, with the supremum of its log-likelihood.
    estimate : Estimate
        That is shown.
    shown : Identification
    level : float
    n_rows : int
        Over which log-likelihoods are computed.

    Notes
    -----
    A restricted search for the p-value and some twenty for the end of each. What no search finds,
    and what would take minutes to find, is NaN.
    """
    ends = np.where(estimate.finite, 0.0, estimate.coef)
    found = np.full((4, len(ends)), np.nan)
    wanted, q = critical_value(level, None) ** 2, float(len(whole.basis.kept))
    work = (n_rows * q**2 + q**3 + EACH) * int(np.isinf(ends).sum())
    for j, end in enumerate(ends.tolist()):
        row = shown.base(np.eye(len(ends))[[j]])
        if math.isnan(end):
            found[:, j] = 0.0, 1.0, -math.inf, math.inf
        elif end:
            found[2 if end < 0 else 3, j] = end
            if work > MOST_FOR_TESTS:
                continue
            try:
                fall = likelihood_ratio(whole, row, np.zeros(1))
                found[:2, j] = fall, chi_square_tail(fall, 1.0)
                if work > MOST_FOR_LIMITS:
                    continue
                side = math.copysign(1.0, end)
                found[3 if end < 0 else 2, j] = _end(whole, row, side, fall, wanted)
            except ProfileError:
                continue
    return Limits(level, *found)


def _end(whole: Top, row: Floats, side: float, fall: float, wanted: float) -> float:
    """Return where twice the fall is as wanted, of a combination that runs to ``side`` infinity."""
    from scipy.optimize import brentq

    def above(value: float) -> float:
        return likelihood_ratio(whole, row, np.array([value])) - wanted

    # The fall decreases towards the infinite end.
    step = side if fall > wanted else -side
    here, ahead, size = 0.0, step, 1.0
    for _ in range(FARTHEST):
        if (above(ahead) > 0) != (fall > wanted):
            break
        here, size = ahead, 2.0 * size
        ahead += step * size
    else:
        return math.nan
    return float(brentq(above, min(here, ahead), max(here, ahead), xtol=EXACT, rtol=EXACT))
