"""Tests of terms, one after the other: analysis of deviance, and the dropping of single terms."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from logit_inference.inference.distribution import chi_square_tail
from logit_inference.inference.estimate import Estimate
from logit_inference.inference.submodel import Submodel, Whole, efficient_score, submodel
from logit_inference.inference.terms import Comparison
from logit_inference.inference.wald import Reference, largest_rank, wald_direction, wald_reference
from logit_inference.rows.block import Floats


@dataclass(frozen=True)
class Model:
    """What was maximised, in one of the models of an analysis of deviance.

    Parameters
    ----------
    maximum : float
        With the binomial constant.
    n_coefficients : int
        That it can tell apart.
    """

    maximum: float
    n_coefficients: int


@dataclass(frozen=True)
class TermTest:
    """The test of one term, or the line of a table that has none.

    Parameters
    ----------
    term : str
    statistic : float or None
        NaN where there is no such test: Wald's of what has no finite estimate. None for a line
        without a test.
    df : float or None
    p_value : float or None
        NaN where nothing is under test, with zero degrees of freedom.
    df_denominator : float or None
        Where the reference is F.
    smaller, larger : Model or None
        The models that were compared; None where none was fitted.
    """

    term: str
    statistic: float | None = None
    df: float | None = None
    p_value: float | None = None
    df_denominator: float | None = None
    smaller: Model | None = None
    larger: Model | None = None


def wald_comparisons(estimate: Estimate, comparisons: Sequence[Comparison]) -> list[TermTest]:
    """Return the Wald test of each comparison, from the estimate and its covariance alone.

    A statistic is NaN where the term under test goes to infinity.
    """
    found, rank = [], largest_rank(estimate)
    for one in comparisons:
        df, plain = float(one.df), estimate.covariance.df is None
        at = Reference(math.nan, None if plain else math.nan, math.nan)
        if not df:
            at = replace(at, statistic=0.0)
        elif not (estimate.infinite_in(one.null).any() or len(one.null) > rank):
            way = wald_direction(estimate, one.null, one.alternative)
            at = wald_reference(estimate, way.matrix, way.statistic)
        found.append(TermTest(one.term, at.statistic, df, at.p_value, at.df_denominator))
    return found


def likelihood_comparisons(
    whole: Whole, comparisons: Sequence[Comparison], test: str
) -> list[TermTest]:
    """Return the likelihood-ratio or score test of each comparison.

    Parameters
    ----------
    whole : Whole
    comparisons : sequence of Comparison
    test : {"lr", "score"}

    Notes
    -----
    One restricted fit for each model that occurs: two to five evaluations, from the model next
    larger.
    """
    known: list[Submodel] = []
    found = {}
    # From the largest model on, so that each search starts at one that is near.
    for place in sorted(range(len(comparisons)), key=lambda i: len(comparisons[i].null)):
        one = comparisons[place]
        larger = _nested(whole, one.alternative, None, known)
        smaller = _nested(whole, one.null, larger, known)
        if test == "lr":
            gap = _maximum(whole, larger) - _maximum(whole, smaller)
            statistic, df = max(2.0 * gap, 0.0), one.df
        elif smaller is not None and one.df:
            statistic, df = efficient_score(whole, smaller, one.alternative)
        else:
            statistic, df = 0.0, 0
        tail = chi_square_tail(statistic, float(df)) if df else math.nan
        models = _model(whole, smaller), _model(whole, larger)
        found[place] = TermTest(one.term, statistic, float(df), tail, None, *models)
    return [found[place] for place in range(len(comparisons))]


def _nested(
    whole: Whole, matrix: Floats, near: Submodel | None, known: list[Submodel]
) -> Submodel | None:
    """Return a submodel, from those that are known or to be known next; None for the whole one."""
    if not len(matrix):
        return None
    for one in known:
        if np.array_equal(one.matrix, matrix):
            return one
    known.append(submodel(whole, matrix, np.zeros(len(matrix)), near))
    return known[-1]


def _maximum(whole: Whole, model: Submodel | None) -> float:
    return whole.value if model is None else model.maximum


def _model(whole: Whole, model: Submodel | None) -> Model:
    """Return the account of a submodel, or of the whole one."""
    lost = 0 if model is None else len(model.matrix)
    maximum = _maximum(whole, model) + whole.fit.tally.log_binomial
    return Model(maximum, len(whole.fit.basis.kept) - lost)
