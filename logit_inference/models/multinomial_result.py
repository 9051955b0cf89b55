"""The result of a multinomial regression: one record, two vocabularies, no arithmetic of its own.

As `LogitResult`: every method names the function that answers, the names that Python analysts have
in their fingers stand beside the spelled-out ones, and another covariance, level or reference is
another result.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from logit_inference.design.classes import class_order
from logit_inference.diagnostics.account import Account
from logit_inference.diagnostics.goodness import Goodness, goodness
from logit_inference.diagnostics.separation import Separation
from logit_inference.errors import ArgumentError, DetachedError
from logit_inference.inference.equations import Identification, shown_estimate
from logit_inference.inference.estimate import Estimate
from logit_inference.inference.limits import Limits
from logit_inference.inference.result import TestResult
from logit_inference.inference.wald import Coefficients, check_level
from logit_inference.models import multinomial_frames as frames
from logit_inference.models import multinomial_saved as saved
from logit_inference.models.multinomial_covariances import other_covariance
from logit_inference.models.multinomial_effects import (
    ClassPrediction,
    average_comparisons,
    average_slopes,
    predicted,
)
from logit_inference.models.multinomial_tests import (
    anova,
    coefficient_inference,
    drop1,
    hypothesis_test,
    limits_of,
)
from logit_inference.models.multinomial_views import (
    certificate_of,
    confusion,
    detached,
    in_reference,
    intervals,
    summary,
)
from logit_inference.report.table import Table
from logit_inference.rows.basis import Basis
from logit_inference.solve.certificate import Certificate
from logit_inference.solve.polytomous import SoftmaxFit
from logit_inference.solve.solution import Solution

if TYPE_CHECKING:
    import pandas as pd

    from logit_inference.design.arrays import ArrayDesign
    from logit_inference.design.design import Design


@dataclass(frozen=True, repr=False, eq=False)
class MultinomialResult:
    """A fitted multinomial regression.

    Made by `logit_inference.multinomial_logit`; printed, it is its summary.

    Parameters
    ----------
    account : Account
        Counts, log-likelihoods, how the search ended.
    base : Estimate
        Coefficients of the fit's own equations, in the order of class numbers.
    basis : Basis
        Of the columns, in which it was solved.
    shown : Identification
        Which differences between levels are shown.
    counts : tuple of K float
        Observations of each level, in their order.
    level : float
        Confidence level of tables and intervals that name no other.
    design : Design or ArrayDesign
    fit : SoftmaxFit or None
        The handle to the rows; on separated data those of the limiting model.
    labels : pandas Index or None
        The caller's labels of the rows used.
    positions : (n_used,) array of int or None
        Where those rows stand in the table; None where all of it is used.
    offsets : mapping of level to column name or None
        None for an array, which new rows do not carry.
    examined : Separation
        Whether the data are separated, and by what.
    known_limits : Limits or None
        Likelihood-ratio inference for infinite coefficients, for a result without rows.
    asked : SoftmaxFit or None
        The search that ran to infinity, where data are separated.
    proof : Certificate or None
        Of a result that travels without rows; others prove theirs when asked.
    table : table or None
        The table of the fit, as it was given, not a copy.
    """

    account: Account
    base: Estimate
    basis: Basis
    shown: Identification
    counts: tuple[float, ...]
    level: float
    design: Design | ArrayDesign
    fit: SoftmaxFit | None
    labels: Any
    examined: Separation
    positions: Any = None
    offsets: Mapping[Any, Any] = field(default_factory=dict)
    known_limits: Limits | None = None
    asked: SoftmaxFit | None = None
    proof: Certificate | None = None
    table: Any = None

    # --- levels -----------------------------------------------------------------------------------

    @property
    def levels(self) -> tuple[Any, ...]:
        """The levels of the outcome that occur, in their order: whole numbers stay numbers."""
        return tuple(self.design.event.levels)

    @property
    def level_names(self) -> tuple[str, ...]:
        """The same as text: how levels are called in tables and in names of coefficients."""
        return tuple(str(level) for level in self.levels)

    @property
    def shown_levels(self) -> list[Any]:
        """The levels that have coefficients as shown: the columns of `params`."""
        names = self.level_names
        return [self.levels[names.index(name)] for name in self.shown.levels]

    @property
    def reference(self) -> Any:
        """The reference level that is shown; None where coefficients sum to zero."""
        shown = self.shown.reference
        return None if shown is None else self.levels[self.level_names.index(shown)]

    @property
    def class_columns(self) -> list[int]:
        """The class number of each level: where it stands in arrays of the fit."""
        event = self.design.event
        return class_order(len(event.levels), event.levels.index(event.other))

    @property
    def class_order(self) -> list[Any]:
        """The level of each class number, the fit's reference first."""
        event = self.design.event
        return [event.other, *(level for level in event.levels if level != event.other)]

    def with_reference(self, level: Any) -> MultinomialResult:
        """Return the same fit shown against another reference level; no refit.

        Examples
        --------
        >>> import logit_inference as li
        >>> fit = li.multinomial_logit("partic ~ hincome", li.datasets.load("Womenlf"))
        >>> other = fit.with_reference("parttime")
        >>> bool((other.params["not.work"] == -fit.params["parttime"]).all())
        True
        """
        return in_reference(self, level)

    def symmetric(self) -> MultinomialResult:
        """Return the same fit with a coefficient for each level that sum to zero; no refit.

        Examples
        --------
        >>> import logit_inference as li
        >>> fit = li.multinomial_logit("partic ~ hincome", li.datasets.load("Womenlf"))
        >>> fit.symmetric().params.round(3).loc["hincome"].to_dict()
        {'not.work': 0.026, 'parttime': 0.032, 'fulltime': -0.058}
        """
        return in_reference(self, None)

    # --- coefficients -----------------------------------------------------------------------------

    @cached_property
    def estimate(self) -> Estimate:
        """The coefficients shown, named ``level:column``, with their covariance."""
        return shown_estimate(self.base, self.basis, self.design.columns, self.shown)

    @property
    def base_of_columns(self) -> Estimate:
        """The estimate of one equation, for what is asked of its columns only."""
        return frames.one_equation(self)

    @property
    def params(self) -> pd.DataFrame:
        """Coefficients: rows the columns of the design, columns the levels but the reference."""
        return frames.by_level(self, self.estimate.coef)

    @property
    def bse(self) -> pd.DataFrame:
        """Standard errors, laid out as `params`."""
        return frames.by_level(self, self.estimate.std_errors, self.base.covariance.label)

    @property
    def tvalues(self) -> pd.DataFrame:
        """Wald statistics, laid out as `params`."""
        return frames.by_level(self, self.coefficients().statistic, self.base.covariance.label)

    @property
    def pvalues(self) -> pd.DataFrame:
        """Two-sided p-values, laid out as `params`."""
        return frames.by_level(self, self.coefficients().p_value, self.base.covariance.label)

    @property
    def relative_risk_ratios(self) -> pd.DataFrame:
        """``exp`` of the coefficients, laid out as `params`."""
        import numpy as np

        return np.exp(self.params)

    def coefficients(self, level: float | None = None, method: str = "wald") -> Coefficients:
        """Return inference of all coefficients as arrays, one equation after the other.

        Parameters
        ----------
        level : float, optional
            Of the intervals.
        method : {"wald", "lr", "profile"}
            ``"lr"`` and ``"profile"`` are the same: signed roots of likelihood ratios, their
            p-values, and the intervals that invert them; about ten evaluations for each.
        """
        return coefficient_inference(self, self.level if level is None else level, method)

    def cov_params(self) -> pd.DataFrame:
        """Return the covariance of the coefficients, by level and term on both sides."""
        return frames.square(self)

    def conf_int(
        self,
        alpha: float | None = None,
        *,
        level: float | None = None,
        method: str = "wald",
        names: str | Sequence[str] | None = None,
    ) -> pd.DataFrame:
        """Return confidence intervals, a row for each level and term.

        Parameters
        ----------
        alpha : float, optional
            One minus the level, as in statsmodels.
        level : float, optional
            Confidence level; the result's own if neither is given.
        method : {"wald", "profile", "lr"}
            Profile intervals invert the likelihood-ratio test.
        names : str or list of str, optional
            Coefficients (``"level:column"``), columns or terms; others are left out.

        Notes
        -----
        Profiles: about three evaluations for each end.

        Examples
        --------
        >>> import logit_inference as li
        >>> fit = li.multinomial_logit("partic ~ hincome", li.datasets.load("Womenlf"))
        >>> fit.conf_int(method="profile", names="hincome").round(3).to_numpy().tolist()
        [[-0.04, 0.051], [-0.135, -0.036]]
        """
        return intervals(self, frames.chosen_level(self.level, alpha, level), method, names)

    @cached_property
    def limits(self) -> Limits | None:
        """Likelihood-ratio inference for infinite coefficients; None where there are none."""
        return limits_of(self, self.level)

    # --- tests ------------------------------------------------------------------------------------

    @property
    def terms(self) -> Mapping[str, tuple[int, ...]]:
        """The terms of the formula and the columns of each, in every equation."""
        return dict(self.account.terms)

    def test(self, hypothesis: Any, *, method: str | None = None) -> TestResult:
        """Return the test of a linear hypothesis about the coefficients that are shown.

        Parameters
        ----------
        hypothesis : str, list of str, (m, s p) array, or tuple of matrix and values
            A coefficient is ``level:column``; a column or a term alone means all its coefficients,
            across all equations; backticks quote a name. ``"hincome"``, ``"parttime:hincome =
            not.work:hincome"``. Or a smaller formula, whose terms are terms of the fit.
        method : {"wald", "lr", "score"}, optional
            Wald; likelihood ratio by a restricted fit; Rao's score.

        Examples
        --------
        >>> import logit_inference as li
        >>> fit = li.multinomial_logit("partic ~ hincome", li.datasets.load("Womenlf"))
        >>> print(fit.test("hincome", method="lr"))
        Likelihood-ratio test of parttime:hincome = 0, fulltime:hincome = 0: chi-square(2) = \
14.05, p < 0.001. Reference level of partic: not.work.
        """
        return hypothesis_test(self, hypothesis, method)

    def anova(self, *, type: int = 1, test: str | None = None) -> Table:
        """Return the analysis of deviance: a test of each term across all equations.

        Parameters
        ----------
        type : {1, 2, 3}
            As for `LogitResult.anova`: sequential, respecting marginality, columns as coded.
        test : {"lr", "wald", "score"}, optional
            By default the likelihood ratio.
        """
        return anova(self, type, test)

    def drop1(self, *, test: str | None = None) -> Table:
        """Return the test of each term that no other contains, and the AIC without it."""
        return drop1(self, test)

    # --- likelihood -------------------------------------------------------------------------------

    @property
    def llf(self) -> float:
        """Log-likelihood at the estimate; on separated data its supremum."""
        return self.account.log_likelihood

    @property
    def llnull(self) -> float:
        """Log-likelihood of the model with an intercept for each level and the offsets only."""
        return self.account.null_log_likelihood

    @property
    def goodness(self) -> Goodness:
        """Likelihood-ratio test against the null model, pseudo-R², information criteria."""
        return goodness(self.account)

    @property
    def llr(self) -> float:
        """Likelihood-ratio statistic against the null model."""
        return self.goodness.lr_statistic

    @property
    def llr_pvalue(self) -> float:
        """Its p-value; NaN where the null model does not lie inside this one."""
        return self.goodness.lr_p_value

    @property
    def prsquared(self) -> float:
        """McFadden's pseudo-R²."""
        return self.goodness.mcfadden

    @property
    def cox_snell(self) -> float:
        """Cox and Snell's pseudo-R²."""
        return self.goodness.cox_snell

    @property
    def nagelkerke(self) -> float:
        """Nagelkerke's pseudo-R²."""
        return self.goodness.nagelkerke

    @property
    def aic(self) -> float:
        """Akaike's information criterion, of the coefficients of all equations."""
        return self.goodness.aic

    @property
    def bic(self) -> float:
        """Bayesian information criterion, with the log of `nobs`."""
        return self.goodness.bic

    @property
    def deviance(self) -> float:
        """Minus twice the log-likelihood, as R's ``multinom`` has it."""
        return self.account.deviance

    @property
    def null_deviance(self) -> float:
        """That of the null model."""
        return self.account.null_deviance

    @property
    def mean_cross_entropy(self) -> float:
        """Mean cost per observation, ``−ℓ/n``."""
        return self.account.mean_cross_entropy

    # --- counts -----------------------------------------------------------------------------------

    @property
    def nobs(self) -> float:
        """Observations: rows with positive weight; the sum of frequencies."""
        return self.account.nobs

    @property
    def n_rows_read(self) -> int:
        """Rows of the table."""
        return self.account.n_rows_read

    @property
    def n_rows_used(self) -> int:
        """Rows left after those with missing values are dropped."""
        return self.account.n_rows_used

    @property
    def n_rows_dropped(self) -> Mapping[str, int]:
        """Rows dropped, by the variable that was missing."""
        return self.account.dropped

    @property
    def df_model(self) -> int:
        """Estimated coefficients of all equations beside the constants."""
        return self.account.df_model

    @property
    def df_resid(self) -> float:
        """Observations less estimated coefficients of all equations."""
        return self.account.df_resid

    # --- the search -------------------------------------------------------------------------------

    @property
    def solution(self) -> Solution:
        """How the maximum was found: outcome, steps, passes."""
        if self.fit is None:
            raise DetachedError("solution")
        return (self.asked or self.fit).solution

    def plot_trace(self) -> Any:
        """Return a matplotlib figure of the search: cost and distance by step (extra ``plots``)."""
        return self.solution.plot_trace()

    @property
    def converged(self) -> bool:
        """Whether the maximum was reached to the tolerance asked for."""
        return self.account.converged

    @property
    def separation(self) -> Separation:
        """Whether the data are separated, by which coefficients and in which rows."""
        return self.examined

    @cached_property
    def certificate(self) -> Certificate:
        """Whether a maximum is proved to exist, and how far the coefficients are from it.

        One or two passes; see `solve.polytomous_certificate`.
        """
        return certificate_of(self)

    # --- rows -------------------------------------------------------------------------------------

    @property
    def fitted(self) -> pd.DataFrame:
        """Fitted probabilities of the rows used, a column for each level."""
        return frames.probabilities(self, None, None)

    @property
    def linear_predictor(self) -> pd.DataFrame:
        """Linear predictors of the rows used, a column for each level that is shown."""
        return frames.links(self, None, None)

    def predict(self, newdata: Any = None, *, kind: str = "response", offset: Any = None) -> Any:
        """Return predictions for new rows, or for the rows used.

        Parameters
        ----------
        newdata : table, optional
            Every row has its prediction, missing where a variable is. Without it, the rows used.
        kind : {"response", "link", "level"}
            Probabilities of all levels, linear predictors of those shown, or the most probable
            level (the first of equal ones).
        offset : dict of level to column or array, optional
            Needed where the fit had an offset given as an array.

        Returns
        -------
        pandas DataFrame, or Series for ``"level"``
            By the labels of the rows.

        Examples
        --------
        >>> import logit_inference as li
        >>> fit = li.multinomial_logit("partic ~ hincome", li.datasets.load("Womenlf"))
        >>> fit.predict({"hincome": [5, 25]}, kind="level").tolist()
        ['not.work', 'not.work']
        """
        if kind == "response":
            return frames.probabilities(self, newdata, offset)
        if kind == "link":
            return frames.links(self, newdata, offset)
        if kind == "level":
            return frames.most_probable(self, newdata, offset)
        raise ArgumentError("kind", kind, '"response" (probabilities), "link" or "level"')

    def classify(self, newdata: Any = None, *, offset: Any = None) -> pd.Series:
        """Return the most probable level of new rows, or of those used: ``predict(kind="level")``.

        The first of equally probable ones. There is no threshold: of several levels the most
        probable one minimises the number of errors if the model is right.

        Parameters
        ----------
        newdata, offset
            As in `predict`.

        Returns
        -------
        pandas Series
            Values of the outcome, by the labels of the rows; missing where a variable is.

        Examples
        --------
        >>> import logit_inference as li
        >>> fit = li.multinomial_logit("partic ~ hincome + children", li.datasets.load("Womenlf"))
        >>> fit.classify({"hincome": [5, 25], "children": ["absent", "present"]}).tolist()
        ['fulltime', 'not.work']
        """
        return frames.most_probable(self, newdata, offset)

    def get_prediction(
        self, newdata: Any = None, *, level: float | None = None, offset: Any = None
    ) -> ClassPrediction:
        """Return probabilities with intervals inside (0, 1); ``.summary_frame()`` is the table.

        Probabilities that separated data force to 0 or 1 have no standard error, and a limit by the
        likelihood ratio: about ten fits for each distinct row and class, of at most 200.
        """
        return predicted(self, newdata, self.level if level is None else level, offset)

    def avg_slopes(
        self, variables: Any = None, *, newdata: Any = None, level: float | None = None
    ) -> Table:
        """Return the average derivative of each level's probability by numeric variables.

        Parameters
        ----------
        variables : str or list of str, optional
            By default all numeric ones of the formula.
        newdata : table, optional
            Rows to average over; by default those of the fit, by their frequencies (precision
            weights do not count).
        level : float, optional
            Of the intervals.
        """
        return average_slopes(self, variables, newdata, self.level if level is None else level)

    def avg_comparisons(
        self, variables: Any = None, *, newdata: Any = None, level: float | None = None
    ) -> Table:
        """Return the average change of each level's probability where a variable changes.

        Parameters
        ----------
        variables : str, list of str, or dict from name to what is compared, optional
            Levels of a factor are compared with its first, 1 with 0, numbers with one more. Or as
            in `avg_comparisons` of two classes: of a number a step, two values ``(20, 30)``,
            ``"sd"``, ``"2sd"``, ``"iqr"`` or ``"minmax"`` (of the rows of the fit); of a factor
            ``"reference"``, ``"sequential"``, ``"pairwise"``, ``"each"`` or two levels. By default
            all variables of the formula.
        newdata : table, optional
            Rows to average over; by default those of the fit, by their frequencies (precision
            weights do not count).
        level : float, optional
            Of the intervals.

        Examples
        --------
        >>> import logit_inference as li
        >>> fit = li.multinomial_logit("partic ~ children", li.datasets.load("Womenlf"))
        >>> fit.avg_comparisons("children").to_frame()["estimate"].round(3).tolist()
        [0.372, 0.102, -0.474]
        """
        chosen = self.level if level is None else level
        return average_comparisons(self, variables, newdata, chosen)

    def confusion_table(self) -> Table:
        """Return observed levels against the most probable ones; one pass."""
        return confusion(self)

    # --- tables -----------------------------------------------------------------------------------

    def summary(
        self, *, risk_ratios: bool = False, method: str = "wald", level: float | None = None
    ) -> Table:
        """Return the summary of the fit.

        Parameters
        ----------
        risk_ratios : bool
            Whether to print relative-risk ratios in place of coefficients.
        method : {"wald", "lr", "profile"}
            Of tests and intervals.
        level : float, optional
            Of the intervals.
        """
        chosen = self.level if level is None else check_level(level)
        return summary(self, risk_ratios, method, chosen)

    def tidy(
        self, *, exponentiate: bool = False, level: float | None = None, method: str = "wald"
    ) -> pd.DataFrame:
        """Return one row for each coefficient: broom's columns, with ``response_level``.

        With ``exponentiate`` the estimate is a relative-risk ratio, as `LogitResult.tidy` does.
        """
        return frames.tidy(self, self.coefficients(level, method), exponentiate=exponentiate)

    def glance(self) -> pd.DataFrame:
        """Return one row with what describes the fit as a whole."""
        return frames.glance(self)

    def augment(self, data: Any = None) -> pd.DataFrame:
        """Return one row for each row used: observed and most probable level, probabilities.

        Parameters
        ----------
        data : table, optional
            The table of the fit: its columns then come first, at the rows used.
        """
        return frames.augment(self, data)

    def __str__(self) -> str:
        return str(self.summary())

    def __repr__(self) -> str:
        return str(self.summary())

    def _repr_html_(self) -> str:
        return self.summary().to_html()

    # --- other results ----------------------------------------------------------------------------

    def with_covariance(
        self, covariance: str, *, by: Any = None, type: str = "CR1", convention: str = "sandwich"
    ) -> MultinomialResult:
        """Return the same fit with another covariance; no refit.

        Parameters
        ----------
        covariance : {"model", "HC0", "HC1", "cluster"}
        by, type, convention
            As in `LogitResult.with_covariance`; k counts the coefficients of all equations.
        """
        return other_covariance(self, covariance, by=by, type=type, convention=convention)

    def without_data(self) -> MultinomialResult:
        """Return the same result without its rows; what then cannot be answered says so."""
        return detached(self)

    def save(self, path: Any) -> None:
        """Write a small data-free JSON file that `logit_inference.load` reads on any machine."""
        saved.save(self, path)
