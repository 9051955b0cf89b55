"""The result of a conditional logistic regression of matched sets.

It holds a `LogitResult` of the conditional likelihood, which answers all questions about
coefficients, and leaves out what such a likelihood does not know: there is no intercept, so no
probability of a row by itself. Every method is a line that names who answers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from logit_inference.diagnostics.account import Account
from logit_inference.diagnostics.separation import Separation
from logit_inference.errors import ArgumentError, DetachedError
from logit_inference.inference.estimate import Estimate
from logit_inference.inference.result import TestResult
from logit_inference.inference.wald import Coefficients
from logit_inference.models import frames, saved
from logit_inference.models.clusters import check_whole_sets
from logit_inference.models.profile import Profile
from logit_inference.models.result import LogitResult
from logit_inference.report.table import Table
from logit_inference.rows.sets import SETS
from logit_inference.rows.variant import row_groups
from logit_inference.solve.certificate import Certificate
from logit_inference.solve.solution import Solution

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, repr=False, eq=False)
class ConditionalResult:
    """A fitted conditional logistic regression; made by `conditional_logit`.

    Printed, it is its summary. Coefficients are log odds ratios within sets.

    Parameters
    ----------
    core : LogitResult
        The fit of the conditional likelihood. Its rows are those of informative sets, set by set.
    strata : str
        What told the sets.
    """

    core: LogitResult
    strata: str

    # --- coefficients -----------------------------------------------------------------------------

    @property
    def estimate(self) -> Estimate:
        """Names, coefficients and covariance."""
        return self.core.estimate

    @property
    def account(self) -> Account:
        """Counts, log-likelihoods, how the search ended."""
        return self.core.account

    @property
    def level(self) -> float:
        """Confidence level of tables and intervals that name no other."""
        return self.core.level

    @property
    def params(self) -> pd.Series:
        """Coefficients; NaN where a column cannot be estimated, ±inf on separated data."""
        return self.core.params

    @property
    def bse(self) -> pd.Series:
        """Standard errors by name."""
        return self.core.bse

    @property
    def tvalues(self) -> pd.Series:
        """Wald statistics by name."""
        return self.core.tvalues

    @property
    def pvalues(self) -> pd.Series:
        """Two-sided p-values of the tables, by name."""
        return self.core.pvalues

    def coefficients(self, level: float | None = None, method: str | None = None) -> Coefficients:
        """Return inference of all coefficients as arrays; see `LogitResult.coefficients`."""
        return self.core.coefficients(level, method)

    def cov_params(self) -> pd.DataFrame:
        """Return the covariance of the coefficients, labelled on both sides."""
        return self.core.cov_params()

    def conf_int(
        self,
        alpha: float | None = None,
        *,
        level: float | None = None,
        method: str | None = None,
        names: str | Sequence[str] | None = None,
        simultaneous: bool | Sequence[str] = False,
    ) -> pd.DataFrame:
        """Return confidence intervals, by Wald or by profile; see `LogitResult.conf_int`."""
        return self.core.conf_int(
            alpha, level=level, method=method, names=names, simultaneous=simultaneous
        )

    def lincom(
        self,
        combination: Any,
        *,
        exponentiate: bool = False,
        method: str | None = None,
        level: float | None = None,
        adjust: str | None = None,
    ) -> Table:
        """Return inference for linear combinations of coefficients; see `LogitResult.lincom`."""
        return self.core.lincom(
            combination, exponentiate=exponentiate, method=method, level=level, adjust=adjust
        )

    def profile(self, combination: Any, *, points: int = 24, level: float | None = None) -> Profile:
        """Return the profile of the conditional likelihood; see `LogitResult.profile`."""
        return self.core.profile(combination, points=points, level=level)

    # --- tests ------------------------------------------------------------------------------------

    @property
    def terms(self) -> Mapping[str, tuple[int, ...]]:
        """The terms of the formula and the columns of each."""
        return self.core.terms

    def test(
        self,
        hypothesis: Any,
        *,
        method: str | None = None,
        weights: str | None = None,
        n_replicates: int | None = None,
        seed: int | None = None,
    ) -> TestResult:
        """Return the test of a linear hypothesis: Wald, likelihood ratio, score, wild bootstrap.

        See `LogitResult.test`; the smaller model is told by its coefficients, not by a formula. The
        clusters of the wild bootstrap are those of the covariance, or the sets.

        Examples
        --------
        >>> import logit_inference as li
        >>> infert = li.datasets.load("infert")
        >>> fit = li.conditional_logit("case ~ spontaneous + induced", infert, strata="stratum")
        >>> print(fit.test("spontaneous = induced", method="lr"))
        Likelihood-ratio test of spontaneous - induced = 0: chi-square(1) = 5.22, p = 0.022
        """
        if isinstance(hypothesis, str) and "~" in hypothesis and "`" not in hypothesis:
            reason = "columns of another formula are not known within sets"
            instead = 'what is zero, "age = 0, smoke = 0", or the names of terms'
            raise ArgumentError.refused("hypothesis", hypothesis, reason, instead)
        return self.core.test(
            hypothesis, method=method, weights=weights, n_replicates=n_replicates, seed=seed
        )

    def wald_terms(self, *, adjust: str | None = None) -> Table:
        """Return a Wald test of each term of the formula."""
        return self.core.wald_terms(adjust=adjust)

    def anova(self, *, type: int = 1, test: str | None = None, adjust: str | None = None) -> Table:
        """Return the analysis of deviance; see `LogitResult.anova`."""
        return self.core.anova(type=type, test=test, adjust=adjust)

    def drop1(self, *, test: str | None = None, adjust: str | None = None) -> Table:
        """Return the test of each term that no other contains; see `LogitResult.drop1`."""
        return self.core.drop1(test=test, adjust=adjust)

    # --- tables -----------------------------------------------------------------------------------

    def summary(
        self, *, odds_ratios: bool = False, level: float | None = None, method: str | None = None
    ) -> Table:
        """Return the summary: text when printed, HTML in a notebook."""
        return self.core.summary(odds_ratios=odds_ratios, level=level, method=method)

    def tidy(
        self, *, exponentiate: bool = False, level: float | None = None, method: str | None = None
    ) -> pd.DataFrame:
        """Return one row for each coefficient, in broom's columns."""
        return self.core.tidy(exponentiate=exponentiate, level=level, method=method)

    def glance(self) -> pd.DataFrame:
        """Return one row with what describes the fit as a whole."""
        return self.core.glance().assign(n_sets=self.n_sets)

    def __str__(self) -> str:
        return str(self.summary())

    def __repr__(self) -> str:
        return str(self.summary())

    def _repr_html_(self) -> str:
        return self.summary().to_html()

    # --- likelihood and counts --------------------------------------------------------------------

    @property
    def llf(self) -> float:
        """Conditional log-likelihood, given the number of cases of each set."""
        return self.core.llf

    @property
    def llnull(self) -> float:
        """The same where all coefficients are zero."""
        return self.core.llnull

    @property
    def llr(self) -> float:
        """Likelihood-ratio statistic of both."""
        return self.core.llr

    @property
    def llr_pvalue(self) -> float:
        """Its p-value."""
        return self.core.llr_pvalue

    @property
    def prsquared(self) -> float:
        """McFadden's pseudo-R²."""
        return self.core.prsquared

    @property
    def aic(self) -> float:
        """Akaike's information criterion."""
        return self.core.aic

    @property
    def bic(self) -> float:
        """Bayesian information criterion, with the log of the rows of informative sets."""
        return self.core.bic

    @property
    def nobs(self) -> float:
        """Rows of informative sets."""
        return self.core.nobs

    @property
    def df_resid(self) -> float:
        """Rows of informative sets less estimated coefficients."""
        return self.core.df_resid

    @property
    def n_sets(self) -> int:
        """Informative sets: those with cases and others."""
        return self.account.n_sets or 0

    @property
    def n_rows_read(self) -> int:
        """Rows of the table."""
        return self.core.n_rows_read

    @property
    def n_rows_used(self) -> int:
        """Rows of informative sets that miss nothing."""
        return self.core.n_rows_used

    @property
    def n_rows_dropped(self) -> Mapping[str, int]:
        """Rows dropped, by the variable that was missing."""
        return self.core.n_rows_dropped

    @property
    def df_model(self) -> int:
        """Estimated coefficients."""
        return self.core.df_model

    # --- the search -------------------------------------------------------------------------------

    @property
    def solution(self) -> Solution:
        """How the maximum was found."""
        return self.core.solution

    def plot_trace(self) -> Any:
        """Return a matplotlib figure of the search (extra ``plots``)."""
        return self.solution.plot_trace()

    @property
    def converged(self) -> bool:
        """Whether the maximum was reached to the tolerance asked for."""
        return self.core.converged

    @property
    def certificate(self) -> Certificate:
        """Whether a maximum is proved to exist, and how far the coefficients are from it."""
        return self.core.certificate

    @property
    def separation(self) -> Separation:
        """Whether some direction puts every case above the other rows of its set."""
        return self.core.separation

    # --- rows -------------------------------------------------------------------------------------

    @cached_property
    def fitted(self) -> pd.Series:
        """The chance of each row to be a case, given the number of cases in its set."""
        series = self.core.fitted
        return series.iloc[np.argsort(self.core.positions, kind="stable")]

    def predict(self, newdata: Any, *, kind: str = "link", offset: Any = None) -> pd.Series:
        """Return linear predictors of new rows, to be compared within a set.

        Parameters
        ----------
        newdata : table
        kind : {"link", "odds"}
            Log odds, or odds, up to what the rows of a set have in common.
        offset : (m,) array, optional
            Needed where the fit had an offset given as an array.
        """
        if kind not in ("link", "odds"):
            if kind == "response":
                reason = "without intercepts of sets no row has a probability of its own"
                raise ArgumentError.refused("kind", kind, reason, '"link" or "odds"')
            raise ArgumentError("kind", kind, '"link" (log odds within a set) or "odds"')
        estimate = self.estimate
        rows = self.core.design.encode(newdata, offset)
        known = {j: one for j, one in estimate.relations.items() if one.weights.any()}
        within = replace(estimate, relations=known)
        within.check_relations(rows.X, rows.labels)
        link = within.link(rows.X)
        link = link if rows.offset is None else link + rows.offset
        return frames.series(rows.labels, np.exp(link) if kind == "odds" else link)

    # --- other results ----------------------------------------------------------------------------

    def with_covariance(
        self, covariance: str, *, by: Any = None, type: str = "CR1", convention: str = "sandwich"
    ) -> ConditionalResult:
        """Return the same fit with another covariance; no refit.

        Parameters
        ----------
        covariance : {"model", "cluster"}
            The inverse information, or a sandwich of scores.
        by : optional
            Clusters, as in `LogitResult.with_covariance`, each of whole sets; by default the sets.
        type : {"CR1", "CR0", "CR1S"}
        convention : {"sandwich", "stata", "statsmodels"}
            As there.

        Raises
        ------
        ClusterError
            For clusters that split a set: only whole sets have scores.

        Examples
        --------
        >>> import logit_inference as li
        >>> infert = li.datasets.load("infert")
        >>> fit = li.conditional_logit("case ~ spontaneous + induced", infert, strata="stratum")
        >>> fit.with_covariance("cluster").bse.round(4).to_dict()
        {'spontaneous': 0.4044, 'induced': 0.387}
        """
        if covariance not in ("model", "cluster"):
            reason = "rows of a set are not independent, and have no scores of their own"
            raise ArgumentError.refused("covariance", covariance, reason, '"model" or "cluster"')
        if type not in ("CR1", "CR0", "CR1S"):
            reason = "what it corrects residuals by is a matter of rows that are independent"
            raise ArgumentError.refused("type", type, reason, '"CR1", "CR0" or "CR1S"')
        if covariance == "cluster" and by is None:
            if self.core.fit is None:
                raise DetachedError("with_covariance()")
            by = {self.strata: self._sets_as_read()}
        elif covariance == "cluster" and self.core.fit is not None:
            check_whole_sets(self.core, by, self.strata)
        core = self.core.with_covariance(covariance, by=by, type=type, convention=convention)
        return replace(self, core=core)

    def _sets_as_read(self) -> np.ndarray[Any, np.dtype[np.int64]]:
        """Return the number of the set of each row of the table, in its order; 0 if not in use."""
        assert self.core.fit is not None, "who asks has looked"
        numbers = np.zeros(self.n_rows_read, dtype=np.int64)
        numbers[self.core.positions] = row_groups(self.core.fit.source)[SETS]
        return numbers

    # --- elsewhere --------------------------------------------------------------------------------

    def without_data(self) -> ConditionalResult:
        """Return the same result without its rows; what then cannot be answered says so."""
        return replace(self, core=self.core.without_data())

    def save(self, path: Any) -> None:
        """Write a small data-free JSON file that `logit_inference.load` reads on any machine."""
        saved.save(self.core, path, strata=self.strata)
