"""Fits of multiply imputed data, pooled: Rubin's rules, and what a reader asks of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from logit_inference.errors import ArgumentError
from logit_inference.inference.combination import read_combinations
from logit_inference.inference.pooling import (
    Pooled,
    combined,
    pool_estimates,
    pooled_coefficients,
)
from logit_inference.inference.result import TestResult
from logit_inference.inference.wald import Coefficients, check_level
from logit_inference.models import frames
from logit_inference.models.poolable import check_same, complete_df, estimate_of, listed
from logit_inference.models.poolnotes import (
    covariance_note,
    label,
    pooled_facts,
    pooled_notes,
    rows_note,
    rules_note,
)
from logit_inference.models.pooltest import pooled_hypothesis_test
from logit_inference.report.pooled import pooled_table
from logit_inference.report.table import Table

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, repr=False, eq=False)
class PooledResult:
    """Estimates of m imputations as one; printed, it is its summary.

    Made by `logit_inference.pool` and `logit_inference.logit_imputed`.

    Parameters
    ----------
    names : tuple of p str
    pooled : Pooled
        Mean, within and between covariance; NaN in what cannot be estimated.
    fits : tuple of m results
        What was pooled.
    level : float
        Of tables and intervals that name no other.
    """

    names: tuple[str, ...]
    pooled: Pooled
    fits: tuple[Any, ...]
    level: float

    @property
    def n_imputations(self) -> int:
        """Number m of imputations."""
        return self.pooled.m

    @property
    def params(self) -> pd.Series:
        """Mean of the coefficients of all imputations, by name."""
        return frames.series(self.names, self.pooled.coef)

    @property
    def bse(self) -> pd.Series:
        """Standard errors by name, of the variance within and between imputations."""
        return label(frames.series(self.names, self.pooled.std_errors), self)

    @property
    def tvalues(self) -> pd.Series:
        """Estimates over standard errors, by name."""
        return label(frames.series(self.names, self.coefficients().statistic), self)

    @property
    def pvalues(self) -> pd.Series:
        """Two-sided p-values by name: t with Barnard and Rubin's degrees of freedom."""
        return label(frames.series(self.names, self.coefficients().p_value), self)

    @property
    def df(self) -> pd.Series:
        """Barnard and Rubin's degrees of freedom, by name."""
        return frames.series(self.names, self.pooled.df)

    @property
    def fmi(self) -> pd.Series:
        """Fraction of the information that is missing, by name."""
        return frames.series(self.names, self.pooled.fmi)

    @property
    def relative_increase(self) -> pd.Series:
        """What imputation adds to each variance, relative to that within imputations, by name."""
        return frames.series(self.names, self.pooled.relative_increase)

    def coefficients(self, level: float | None = None) -> Coefficients:
        """Return inference of all coefficients as arrays."""
        return pooled_coefficients(self.pooled, self.level if level is None else check_level(level))

    def conf_int(self, alpha: float | None = None, *, level: float | None = None) -> pd.DataFrame:
        """Return t intervals, columns ``conf_low`` and ``conf_high``.

        ``alpha`` is one minus the level, as in statsmodels.
        """
        if alpha is not None and level is not None:
            raise ArgumentError("alpha", alpha, "either alpha= or level=, not both")
        if alpha is not None:
            level = 1.0 - check_level(alpha)
        return label(frames.intervals(self.names, self.coefficients(level)), self)

    def cov_params(self) -> pd.DataFrame:
        """Return the total covariance, labelled on both sides."""
        return label(frames.square(self.names, self.pooled.total), self)

    def test(self, hypothesis: Any, *, method: str = "D1") -> TestResult:
        """Return the pooled test of a linear hypothesis.

        Parameters
        ----------
        hypothesis : str, list of str, (k, p) array, or tuple of matrix and values
            As in `LogitResult.test`.
        method : {"D1", "D2", "D2-lr", "D3", "D3-mice", "D4"}
            D1 is Wald's with the pooled covariance. D2 pools the Wald statistics of the imputations
            (mice's and mitml's default), ``"D2-lr"`` their likelihood ratios. D3 takes likelihood
            ratios at the mean coefficients too (Meng and Rubin 1992); ``"D3-mice"`` gives the
            number of mice's D3, which fits the intercept again there. D4 takes the likelihood ratio
            of the stacked data (Chan and Meng 2022). All have F references.

        Raises
        ------
        HypothesisError
            As `LogitResult.test`.
        PoolingError
            For likelihood ratios of what is not maximum likelihood, or holds no rows.

        Notes
        -----
        Likelihood ratios: one restricted fit for each imputation; D3 two passes over all of them
        more, D4 two fits.

        Examples
        --------
        >>> import logit_inference as li
        >>> long = li.datasets.load("nhanes2_imputed")
        >>> both = li.logit_imputed("hyp ~ bmi + chl", [t for _, t in long.groupby(".imp")])
        >>> both.test("bmi, chl")
        Pooled Wald (D1) test of bmi = 0, chl = 0: F(2, 12.4704) = 1.028, p = 0.386. \
Relative increase in variance 0.281.
        """
        return pooled_hypothesis_test(self, hypothesis, method)

    def lincom(
        self, combination: Any, *, exponentiate: bool = False, level: float | None = None
    ) -> Table:
        """Return estimates, tests and intervals of linear combinations of coefficients.

        Each has its own degrees of freedom and its own fraction of missing information.

        Parameters
        ----------
        combination : str, list of str, or (p,) or (k, p) array
            As in `LogitResult.lincom`.
        exponentiate : bool
            Whether to show odds ratios, with delta-method standard errors.
        level : float, optional

        Raises
        ------
        HypothesisError
            For what cannot be read, or not be estimated.

        Examples
        --------
        >>> import logit_inference as li
        >>> long = li.datasets.load("nhanes2_imputed")
        >>> both = li.logit_imputed("hyp ~ bmi + chl", [t for _, t in long.groupby(".imp")])
        >>> both.lincom("10 * bmi + 50 * chl").to_frame()["df"].round(2).tolist()
        [9.36]
        """
        level = self.level if level is None else check_level(level)
        identified = estimate_of(self.fits[0], 1).identified
        asked = read_combinations(combination, self.names, self.terms, identified)
        pooled = combined(self.pooled, asked.matrix)
        table = pooled_coefficients(pooled, level)
        return pooled_table(
            asked.text,
            frames.exponentiated(table) if exponentiate else table,
            pooled.df,
            pooled.fmi,
            level,
            (),
            (covariance_note(self), rules_note(self)),
            odds_ratios=exponentiate,
            title="Pooled Linear Combinations of Coefficients",
        )

    @property
    def terms(self) -> Mapping[str, tuple[int, ...]]:
        """The terms of the formula and the columns of each; none where fits do not tell."""
        terms: Mapping[str, tuple[int, ...]] = getattr(self.fits[0], "terms", {})
        return terms

    def tidy(self, *, exponentiate: bool = False, level: float | None = None) -> pd.DataFrame:
        """Return one row for each coefficient: broom's columns, ``riv`` and ``fmi``."""
        table = self.summary(odds_ratios=exponentiate, level=level)
        return label(table.to_frame().assign(riv=self.pooled.relative_increase), self)

    def summary(self, *, odds_ratios: bool = False, level: float | None = None) -> Table:
        """Return the summary: text when printed, HTML in a notebook."""
        level = self.level if level is None else check_level(level)
        table = self.coefficients(level)
        return pooled_table(
            self.names,
            frames.exponentiated(table) if odds_ratios else table,
            self.pooled.df,
            self.pooled.fmi,
            level,
            pooled_facts(self),
            (*rows_note(self), covariance_note(self), rules_note(self), *pooled_notes(self)),
            odds_ratios=odds_ratios,
        )

    def __str__(self) -> str:
        return str(self.summary())

    def __repr__(self) -> str:
        return str(self.summary())

    def _repr_html_(self) -> str:
        return self.summary().to_html()


def pool(
    fits: Iterable[Any], *, df_complete: float | None = None, level: float | None = None
) -> PooledResult:
    """Return fits of multiply imputed data as one result, by Rubin's rules.

    ``total = within + (1 + 1/m)·between``, with Barnard and Rubin's degrees of freedom.

    Parameters
    ----------
    fits : iterable of results
        Of the same formula on m completed tables: results of `logit`, with any covariance, or
        anything with an ``estimate``.
    df_complete : float, optional
        Degrees of freedom that complete data would have. By default the smallest over the fits of:
        those of the covariance where its reference is t; clusters less one where it is clustered;
        else observations less coefficients, as in mice. ``float("inf")`` gives Rubin's of 1987.
    level : float, optional
        Confidence level; by default that of the first fit.

    Returns
    -------
    PooledResult

    Raises
    ------
    PoolingError
        Where coefficients, formula, event, estimator or covariance (its kind, its factor, its
        clusters, whose number may differ up to twofold) differ between fits; where a coefficient is
        infinite in one of them; where columns were learned from each table.

    References
    ----------
    Rubin (1987), *Multiple Imputation for Nonresponse in Surveys*. Barnard and Rubin (1999),
    *Biometrika* 86. van Buuren and Groothuis-Oudshoorn (2011), *Journal of Statistical Software*
    45(3): mice, whose ``pool`` this follows.

    Examples
    --------
    >>> import logit_inference as li
    >>> long = li.datasets.load("nhanes2_imputed")
    >>> fits = [li.logit("hyp ~ bmi + chl", table) for _, table in long.groupby(".imp")]
    >>> li.pool(fits).fmi.round(3).to_dict()
    {'Intercept': 0.439, 'bmi': 0.364, 'chl': 0.212}
    """
    every = listed(fits)
    estimates = [estimate_of(fit, i) for i, fit in enumerate(every, start=1)]
    for i in range(1, len(every)):
        check_same(every, estimates, i)
    complete = complete_df(every, estimates, df_complete)
    coef = np.array([estimate.coef for estimate in estimates])
    matrices = np.array([estimate.matrix for estimate in estimates])
    chosen = getattr(every[0], "level", 0.95) if level is None else level
    pooled = pool_estimates(coef, matrices, complete)
    return PooledResult(estimates[0].names, pooled, every, check_level(chosen))
