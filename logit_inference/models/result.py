"""The result of a logistic regression: one record, two vocabularies, no arithmetic of its own.

Every method names the function that answers; the names that Python analysts have in their fingers
(``params``, ``bse``, ``llf`` and their like) stand beside the spelled-out ones. Frozen: another
covariance or level is another result.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from logit_inference.diagnostics.account import Account
from logit_inference.diagnostics.goodness import Goodness, classify_rows, goodness, tjur
from logit_inference.diagnostics.separation import Separation
from logit_inference.effects.prediction import (
    Prediction,
    predict_link,
    predict_rows,
    predict_used,
)
from logit_inference.errors import ArgumentError, DetachedError
from logit_inference.inference.estimate import Estimate
from logit_inference.inference.hauck_donner import WaldSlopes
from logit_inference.inference.limits import Limits
from logit_inference.inference.result import TestResult
from logit_inference.inference.wald import Coefficients, coefficients
from logit_inference.likelihood.logistic import expit
from logit_inference.models import effect_plots, effects, frames, saved
from logit_inference.models.addition import add1
from logit_inference.models.bootstrap import Bootstrap, bootstrap
from logit_inference.models.coefficients import statistics_of, summary_of, tidy_of
from logit_inference.models.combinations import Request, intervals, lincom, profile_of
from logit_inference.models.covariances import other_covariance
from logit_inference.models.decision import classify, decision_surface
from logit_inference.models.deviance import anova, drop1, wald_terms
from logit_inference.models.failures import told_inference
from logit_inference.models.forced import with_forced_limits
from logit_inference.models.inference import (
    certificate_of,
    detached,
    hauck_donner,
    level_of,
    limits_of,
    profiled_coefficients,
)
from logit_inference.models.permutation import permutation_test
from logit_inference.models.profile import Profile
from logit_inference.models.refits import refits
from logit_inference.models.resampling import (
    Resampling,
    read_resampling,
    resampled_covariance,
)
from logit_inference.models.sampled import SampledRows, check_likelihood, design_effects
from logit_inference.models.separated import separation_of
from logit_inference.models.simultaneous import simultaneous_intervals
from logit_inference.models.testing import hypothesis_test
from logit_inference.models.wild import WildRequest
from logit_inference.records import made_fast
from logit_inference.report.summary import classification_table
from logit_inference.report.table import Table
from logit_inference.solve.batch import BatchedFits
from logit_inference.solve.certificate import Certificate
from logit_inference.solve.fit import Fit
from logit_inference.solve.solution import Solution

if TYPE_CHECKING:
    import pandas as pd

    from logit_inference.design.arrays import ArrayDesign
    from logit_inference.design.design import Design


@made_fast
@dataclass(frozen=True, repr=False, eq=False)
class LogitResult:
    """A fitted logistic regression.

    Made by `logit_inference.logit` and `logit_inference.logit_arrays`; printed, it is its summary.

    Parameters
    ----------
    account : Account
        Counts, log-likelihoods, how the search ended.
    estimate : Estimate
        Names, coefficients, covariance.
    level : float
        Confidence level of tables and intervals that name no other.
    design : Design or ArrayDesign
        From a table, or from an array, to columns.
    fit : Fit or None
        The handle to the rows; None where the result travels without them.
    labels : pandas Index or None
        The caller's labels of the rows used; None without rows.
    positions : (n_used,) array of int or None
        Where those rows stand in the table; None where all of it is used.
    profiled : Coefficients or None
        Likelihood-ratio inference at ``level``, for a result that travels without rows; others
        compute theirs when asked.
    examined : Separation or None
        Whether the data are separated, and by what; None where nobody has asked yet.
    limits : Limits or None
        Likelihood-ratio inference for infinite coefficients, where the data are separated.
    asked : Fit or None
        The search that ran to infinity, where they are: ``fit`` is then that of the limiting model.
    proof : Certificate or None
        Of a result that travels without rows; others prove theirs when asked.
    wald_slopes : WaldSlopes or None
        Of Wald statistics (see `hauck_donner`), for a result that travels without rows.
    table : table or None
        The table of the fit, as it was given, not a copy: for terms that may be added.
    sampled : SampledRows or None
        The survey design at the rows of the fit.
    clusters : mapping of name to (n_used,) codes, or None
        Those of a clustered covariance: for tests that need them again.
    """

    account: Account
    estimate: Estimate
    level: float
    design: Design | ArrayDesign
    fit: Fit | None
    labels: Any
    positions: Any = None
    profiled: Coefficients | None = None
    examined: Separation | None = None
    limits: Limits | None = None
    asked: Fit | None = None
    proof: Certificate | None = None
    wald_slopes: WaldSlopes | None = None
    table: Any = None
    sampled: SampledRows | None = None
    clusters: Any = None

    # --- coefficients -----------------------------------------------------------------------------

    @property
    def params(self) -> pd.Series:
        """Coefficients by name; NaN where the data cannot estimate one, ±inf on separated data."""
        return frames.series(self.estimate.names, self.estimate.coef)

    @property
    def bse(self) -> pd.Series:
        """Standard errors by name; ``attrs`` names the covariance."""
        label = self.estimate.covariance.label
        return frames.series(self.estimate.names, self.estimate.std_errors, label)

    @property
    def tvalues(self) -> pd.Series:
        """Statistics of the tables: Wald's z or t, or signed roots of likelihood ratios.

        ``attrs`` say which, as those of `conf_int`.
        """
        return statistics_of(self, "statistic")

    @property
    def pvalues(self) -> pd.Series:
        """Two-sided p-values of the tables, by Wald or likelihood ratio; see `tvalues`."""
        return statistics_of(self, "p_value")

    def coefficients(self, level: float | None = None, method: str | None = None) -> Coefficients:
        """Return inference of all coefficients as arrays.

        Parameters
        ----------
        level : float, optional
            Of the intervals.
        method : {"wald", "lr", "profile"}, optional
            ``"lr"`` and ``"profile"`` are the same: tests and intervals of the likelihood ratio of
            what was maximised. By default the one of the result's tables: that for Firth, Jeffreys
            and log-F, Wald's for the others.

        Notes
        -----
        ``"lr"`` takes about ten evaluations of what was maximised for each coefficient, of which
        intervals by themselves (`conf_int`) take six. Those at the result's own level are kept for
        its tables.
        """
        return told_inference(self, level, method)

    def wald(self, level: float | None = None) -> Coefficients:
        """Return Wald inference as arrays, and likelihood ratios for infinite coefficients."""
        level = self.level if level is None else level
        table = coefficients(self.estimate, level)
        return table if self.limits is None else self.limits_at(level).put_into(table)

    def limits_at(self, level: float) -> Limits:
        """Return likelihood-ratio inference for infinite coefficients."""
        check_likelihood(self, "limits_at()")
        return limits_of(self, level)

    def cov_params(self) -> pd.DataFrame:
        """Return the covariance of the coefficients, labelled on both sides."""
        label = self.estimate.covariance.label
        return frames.square(self.estimate.names, self.estimate.matrix, label)

    def conf_int(
        self,
        alpha: float | None = None,
        *,
        level: float | None = None,
        method: str | None = None,
        names: str | Sequence[str] | None = None,
        simultaneous: bool | str | Sequence[str] = False,
    ) -> pd.DataFrame:
        """Return confidence intervals, columns ``conf_low`` and ``conf_high``.

        Parameters
        ----------
        alpha : float, optional
            One minus the level, as in statsmodels.
        level : float, optional
            Confidence level; the result's own if neither is given.
        method : {"wald", "profile", "lr"}, optional
            Profile intervals invert the likelihood-ratio test of what was maximised (``"lr"`` says
            the same). By default those of the tables (see `coefficients`).
        names : str or list of str, optional
            Coefficients or terms; profiles of others are not computed.
        simultaneous : bool, str or sequence of str
            Whether the intervals hold for all coefficients at once, or for those named, here or in
            ``names``, which then are the rows: Wald intervals with the critical value of the
            largest of them, by the joint normal distribution of the estimates.

        Raises
        ------
        ProfileError
            Where no profile that was asked for is found.

        Warns
        -----
        ProfileWarning
            Where some are not found: their ends are NaN, the others stand, and it says why.

        Notes
        -----
        Profiles: about three evaluations for each end, or passes for the score of many rows; four
        for Firth's fits of few rows.

        The frame's ``attrs`` say what the intervals are: ``method``, ``covariance``, and ``notes``
        where, say, profiles do not use a robust covariance that the result has.

        Examples
        --------
        >>> import logit_inference as li
        >>> fit = li.logit("low ~ age + smoke", li.datasets.load("birthwt"))
        >>> fit.conf_int(level=0.9, names="smoke").round(3).loc["smoke"].tolist()
        [0.163, 1.221]
        >>> fit.conf_int(level=0.9, names="smoke", method="profile").round(3).to_numpy().tolist()
        [[0.163, 1.224]]
        """
        level = level_of(self, alpha, level)
        if simultaneous is not False:
            return simultaneous_intervals(self, level, method, simultaneous, names)
        return intervals(self, level, method, names)

    def lincom(
        self,
        combination: Any,
        *,
        exponentiate: bool = False,
        method: str | None = None,
        level: float | None = None,
        adjust: str | None = None,
        simultaneous: bool = False,
    ) -> Table:
        """Return estimates, tests and intervals of linear combinations of coefficients.

        Parameters
        ----------
        combination : str, list of str, or (p,) or (k, p) array
            ``"smoke + 30 * smoke:age"``, several parted by commas; a term means each of its
            columns, backticks quote a name.
        exponentiate : bool
            Whether to show odds ratios, with delta-method standard errors.
        method : {"wald", "lr", "profile"}, optional
            Of tests and intervals (see `coefficients`).
        level : float, optional
            Of the intervals.
        adjust : {"holm", "bonferroni", "bh", "by", "single-step"}, optional
            P-values for so many tests at once, in a column beside.
        simultaneous : bool
            Whether the intervals hold for all combinations at once (see `conf_int`).

        Raises
        ------
        HypothesisError
            For what cannot be read, or not be estimated.

        Examples
        --------
        >>> import logit_inference as li
        >>> fit = li.logit("low ~ age * smoke", li.datasets.load("birthwt"))
        >>> fit.lincom("smoke + 30 * age:smoke", exponentiate=True).to_frame().round(2).iloc[0, 1:]
        estimate      3.42
        std_error     1.99
        statistic     2.11
        p_value       0.03
        conf_low      1.09
        conf_high    10.68
        Name: 0, dtype: float64
        """
        request = Request(exponentiate, method, level, adjust, simultaneous)
        return lincom(self, combination, request)

    def profile(self, combination: Any, *, points: int = 24, level: float | None = None) -> Profile:
        """Return the profile of a coefficient, or of any linear combination, and its interval.

        Parameters
        ----------
        combination : str or (p,) array
            ``"age"``, ``"smoke + 30 * smoke:age"``.
        points : int
            Of the curve beside the estimate, from a little below the 99 % interval to a little
            above it.
        level : float, optional
            Of the interval that is reported; the curve spans it.

        Returns
        -------
        Profile
            Printed, a small table; ``to_frame()`` has value, log-likelihood, signed root and the
            coefficients at each point.

        Raises
        ------
        ProfileError
            Where a point is not found, or is higher than the estimate; where the profile is flat.

        Notes
        -----
        Two or three evaluations for each point.

        Examples
        --------
        >>> import logit_inference as li
        >>> fit = li.logit("low ~ age + smoke", li.datasets.load("birthwt"))
        >>> curve = fit.profile("smoke")
        >>> round(curve.conf_low, 4), round(curve.conf_high, 4)
        (0.0621, 1.3272)
        >>> curve.to_frame().shape
        (25, 6)
        """
        return profile_of(self, combination, points, level)

    def hauck_donner(self) -> Table:
        """Return whether each Wald statistic is past its maximum; one pass.

        The slope is that of the statistic as the coefficient grows, the others fixed: one where the
        log-likelihood is a parabola, negative where a larger effect would be called less
        significant. The profile slope is the same with the others following; summaries warn where
        the first is negative.

        Raises
        ------
        ArgumentError
            For an estimator other than maximum likelihood.

        References
        ----------
        Yee (2022), *Journal of the American Statistical Association* 117.

        Examples
        --------
        >>> import logit_inference as li
        >>> data = {"y": [0] * 19 + [1] + [0] + [1] * 19, "x": [0] * 20 + [1] * 20}
        >>> li.logit("y ~ x", data).hauck_donner().to_frame()["past_maximum"].tolist()
        ['yes', 'yes']
        """
        return hauck_donner(self)

    @cached_property
    def profiles(self) -> Coefficients:
        """Likelihood-ratio inference at the result's level, of which tables are made; kept."""
        return profiled_coefficients(self, self.level)

    @cached_property
    def separation(self) -> Separation:
        """Whether the data are separated, by what and in which rows.

        Its ``kind`` is ``"none"`` where they are not. A penalised fit asks its rows here, which
        takes the time of `detect_separation`.
        """
        return separation_of(self)

    @cached_property
    def certificate(self) -> Certificate:
        """Whether a maximum is proved to exist, and how far the coefficients are from it.

        Notes
        -----
        One or two passes, at about three times the price of a score; see `solve.certificate`. A
        result never changes, so that what is proved once stays proved.
        """
        return certificate_of(self)

    # --- likelihood -------------------------------------------------------------------------------

    @property
    def llf(self) -> float:
        """Log-likelihood at the estimate, without any penalty; as in brglm2, so are AIC and BIC.

        Binomial coefficients of grouped data are included. With sampling weights, which are scaled
        to mean one, it is a pseudo-log-likelihood: tests by its differences, AIC and BIC refuse.
        """
        return self.account.log_likelihood

    @property
    def penalized_log_likelihood(self) -> float:
        """What an estimator with a penalty maximised; the log-likelihood for maximum likelihood.

        NaN for median bias reduction. For FLAC, that of rows and pseudo-observations.
        """
        return self.llf if self.account.estimator.is_ml else self.account.criterion

    @property
    def llnull(self) -> float:
        """Log-likelihood of the model with an intercept and the offset only."""
        return self.account.null_log_likelihood

    @property
    def goodness(self) -> Goodness:
        """Likelihood-ratio test against the null model, pseudo-R², information criteria."""
        return goodness(self.account)

    @property
    def llr(self) -> float:
        """Likelihood-ratio statistic against the null model, with the penalty of all columns."""
        check_likelihood(self, "llr")
        return self.goodness.lr_statistic

    @property
    def llr_pvalue(self) -> float:
        """Its p-value; NaN where the null model does not lie inside this one."""
        check_likelihood(self, "llr_pvalue")
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
    def tjur(self) -> float:
        """Tjur's coefficient of discrimination; one pass over the rows."""
        return tjur(self._fit("tjur"))

    @property
    def aic(self) -> float:
        """Akaike's information criterion."""
        check_likelihood(self, "aic")
        return self.goodness.aic

    @property
    def aicc(self) -> float:
        """AIC corrected for small samples (Hurvich and Tsai 1989)."""
        check_likelihood(self, "aicc")
        return self.goodness.aicc

    @property
    def bic(self) -> float:
        """Bayesian information criterion, with the log of ``nobs`` (for grouped data, as in R)."""
        check_likelihood(self, "bic")
        return self.goodness.bic

    @property
    def deviance(self) -> float:
        """Residual deviance."""
        return self.account.deviance

    @property
    def null_deviance(self) -> float:
        """Deviance of the null model."""
        return self.account.null_deviance

    @property
    def mean_cross_entropy(self) -> float:
        """Mean cost per trial, ``−ℓ/n`` without binomial coefficients."""
        return self.account.mean_cross_entropy

    # --- counts -----------------------------------------------------------------------------------

    @property
    def nobs(self) -> float:
        """Observations: rows (groups, if grouped) with positive weight; the sum of frequencies."""
        return self.account.nobs

    @property
    def n_trials(self) -> float:
        """Trials: the sum over groups for grouped data, else as many as observations."""
        return self.account.n_trials

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
        """Estimated coefficients beside the constant."""
        return self.account.df_model

    @property
    def df_resid(self) -> float:
        """Observations less estimated coefficients."""
        return self.account.df_resid

    # --- the search -------------------------------------------------------------------------------

    @property
    def solution(self) -> Solution:
        """How the maximum was found: outcome, steps, passes."""
        return self._fit("solution").solution

    def plot_trace(self) -> Any:
        """Return a matplotlib figure of the search: cost and distance by step (extra ``plots``)."""
        return self.solution.plot_trace()

    @property
    def converged(self) -> bool:
        """Whether the maximum was reached to the tolerance asked for."""
        return self.account.converged

    def _fit(self, what: str) -> Fit:
        if self.fit is None:
            raise DetachedError(what)
        return self.fit

    # --- rows -------------------------------------------------------------------------------------

    @property
    def fitted(self) -> pd.Series:
        """Fitted probabilities of the rows used, by the caller's labels."""
        fit = self._fit("fitted")
        return frames.series(self.labels, fit.map(fit.likelihood.fitted))

    @property
    def linear_predictor(self) -> pd.Series:
        """Linear predictors of the rows used, by the caller's labels."""
        fit = self._fit("linear_predictor")
        return frames.series(self.labels, fit.map(fit.likelihood.linear_predictor))

    def predict(self, newdata: Any = None, *, kind: str = "response", offset: Any = None) -> Any:
        """Return predictions for new rows, or for the rows used.

        Parameters
        ----------
        newdata : table, or (m, p) array for a fit of arrays, optional
            Levels, knots and polynomials learned in the fit are applied to it. Every row has its
            prediction, missing where a variable is. Without it, the rows used.
        kind : {"response", "link"}
            Probability of the event, or linear predictor.
        offset : (m,) array, optional
            Needed where the fit had an offset given as an array.

        Returns
        -------
        pandas Series
            By the labels of the rows.

        Examples
        --------
        >>> import logit_inference as li
        >>> fit = li.logit("low ~ lwt + C(race)", li.datasets.load("birthwt"))
        >>> fit.predict({"lwt": [100, 150], "race": ["white", "black"]}).round(4).tolist()
        [0.3282, 0.4021]
        """
        if kind not in ("response", "link"):
            raise ArgumentError("kind", kind, '"response" (probability) or "link"')
        if newdata is None:
            return self.fitted if kind == "response" else self.linear_predictor
        rows = self.design.encode(newdata, offset)
        link = predict_link(self.estimate, rows.X, rows.offset, rows.labels)
        return frames.series(rows.labels, expit(link) if kind == "response" else link)

    def get_prediction(
        self, newdata: Any = None, *, level: float | None = None, offset: Any = None
    ) -> Prediction:
        """Return predictions with intervals; ``.summary_frame()`` is the table.

        Intervals are computed on the link scale, so that they stay inside (0, 1). A probability
        that separated data force to 0 or 1 has itself as one limit, and the other from the
        likelihood ratio: about seven fits for each distinct row, for up to 200.
        """
        level = self.level if level is None else level
        if newdata is None:
            used = predict_used(self._fit("get_prediction()"), self.estimate, self.labels, level)
            return with_forced_limits(self, used, level)
        rows = self.design.encode(newdata, offset)
        new = predict_rows(self.estimate, rows.X, rows.offset, rows.labels, level)
        return with_forced_limits(self, new, level, rows.X, rows.offset)

    def classify(
        self, newdata: Any = None, threshold: float = 0.5, *, offset: Any = None
    ) -> pd.Series:
        """Return the outcome that the rule ``p >= threshold`` says of new rows, or of those used.

        Parameters
        ----------
        newdata, offset
            As in `predict`.
        threshold : float
            Probability from which a row is classified as the event. One half minimises the number
            of errors if the model is right; ``c/(1 + c)`` their cost, where a false event costs c
            times a missed one.

        Returns
        -------
        pandas Series
            Values of the outcome, by the labels of the rows; missing where a variable is.

        Examples
        --------
        >>> import logit_inference as li
        >>> fit = li.logit("low ~ lwt + C(race)", li.datasets.load("birthwt"))
        >>> fit.classify({"lwt": [80, 150], "race": ["black", "white"]}).tolist()
        [1, 0]
        """
        return classify(self, newdata, threshold, offset)

    def plot_surface(
        self, x: str, y: str, *, at: Mapping[str, Any] | None = None, threshold: float = 0.5
    ) -> Any:
        """Return a matplotlib figure of fitted probabilities over two predictors (extra ``plots``).

        Shades are fitted probabilities, the line is the boundary of the rule ``p >= threshold``.

        Parameters
        ----------
        x, y : str
            Numeric variables of the table.
        at : mapping, optional
            Values of other predictors; by default means, and the commonest level of factors, among
            the rows used. Without it the rows are drawn as points.
        threshold : float
            As in `classify`.
        """
        return decision_surface(self, x, y, at, threshold)

    def classification_table(self, threshold: float = 0.5) -> Table:
        """Return observed against classified by the rule ``p >= threshold``; one pass."""
        return classification_table(classify_rows(self._fit("classification_table()"), threshold))

    def refit_weights(self, W: Any, *, std_errors: bool = False) -> BatchedFits:
        """Return the fits of the same design under many weightings of the rows used, all at once.

        The core of a bootstrap, a jackknife or a simulation: about 15 µs for each fit of 200 rows
        and 5 columns, as accurate as a fit of its own.

        Parameters
        ----------
        W : (B, n_rows_used) array-like
            One row of prior weights for each replicate, in place of the fit's own: multiply where
            those are to count as well. Trials and offset are kept.
        std_errors : bool
            Whether to compute model-based standard errors.

        Returns
        -------
        BatchedFits
            ``coef`` (B, p), ``std_errors``, ``log_likelihood``, ``outcomes`` and the mask
            ``converged``. A replicate without an estimate (separated, one outcome only, a level
            lost) is NaN, and its outcome says why. Of separated data the limiting model is
            refitted, in which the coefficients that are finite have their estimates; the others
            are ±inf while rows that hold them there have weight (of several directions all such
            rows), else NaN. What a replicate separates further is ``DIVERGING``.

        Examples
        --------
        A bootstrap of rows, 500 samples:

        >>> import numpy as np
        >>> import logit_inference as li
        >>> fit = li.logit("low ~ lwt + smoke", li.datasets.load("birthwt"))
        >>> n = fit.n_rows_used
        >>> W = np.random.default_rng(1).multinomial(n, np.full(n, 1 / n), size=500)
        >>> boot = fit.refit_weights(W)
        >>> boot.coef[boot.converged].std(axis=0).round(2).tolist()
        [0.9, 0.01, 0.31]
        """
        self._fit("refit_weights()")
        return refits(self, W, std_errors)

    def bootstrap(
        self,
        n_replicates: int = 999,
        *,
        seed: int | None = None,
        by: Any = None,
        strata: Any = None,
        progress: bool | None = None,
    ) -> Bootstrap:
        """Return the coefficients in samples drawn with replacement, and intervals from them.

        Parameters
        ----------
        n_replicates : int
        seed : int, optional
            The same seed gives the same replicates, whatever threads or blocks of rows. Without
            one a new one is drawn and kept.
        by : str, array, or mapping of name to array, optional
            Clusters that are drawn as wholes: a name given as ``cluster=`` in the fit (which is the
            default), a column of its table, or labels for each row. Without clusters rows are
            drawn; of grouped data a row is a group with all its trials, and of rows with frequency
            weights each observation that they stand for is drawn by itself.
        strata : str, array, or mapping of name to array, optional
            Each stratum gives as many units to every sample as it has.
        progress : bool, optional
            Whether to show a bar (tqdm). By default where a person looks on.

        Returns
        -------
        Bootstrap
            Printed, a table; ``conf_int()``, ``covariance()``, ``coef`` and ``outcomes`` of the
            replicates. Separated replicates are counted (``n_separated``), never averaged in.

        Raises
        ------
        ResamplingError
            Where the data are separated (not for an estimator that is finite there), and for
            clusters that strata cut.

        Notes
        -----
        About 35 µs for each replicate of 200 rows and 5 columns, 0.2 s for one of a million rows
        and 10 columns; where all columns take few values, the time does not grow with the rows.
        Estimators with a penalty: one fit for each replicate. Memory: 128 MB of weights at most,
        and the (B, p) coefficients.

        Examples
        --------
        >>> import logit_inference as li
        >>> fit = li.logit("low ~ lwt + smoke", li.datasets.load("birthwt"))
        >>> boot = fit.bootstrap(n_replicates=999, seed=1)
        >>> boot.n_separated, boot.bse.round(2).to_dict()["smoke"]
        (0, 0.34)
        """
        return bootstrap(self, n_replicates, seed, by, strata, progress)

    # --- effects ----------------------------------------------------------------------------------

    predictions = effects.predictions
    avg_predictions = effects.avg_predictions
    comparisons = effects.comparisons
    avg_comparisons = effects.avg_comparisons
    slopes = effects.slopes
    avg_slopes = effects.avg_slopes
    plot_predictions = effect_plots.plot_predictions
    plot_comparisons = effect_plots.plot_comparisons
    plot_slopes = effect_plots.plot_slopes

    # --- tests ------------------------------------------------------------------------------------

    @property
    def terms(self) -> Mapping[str, tuple[int, ...]]:
        """The terms of the formula and the columns of each."""
        return dict(self.account.terms)

    def test(
        self,
        hypothesis: Any,
        *,
        method: str | None = None,
        by: Any = None,
        weights: str | None = None,
        n_replicates: int | None = None,
        seed: int | None = None,
    ) -> TestResult:
        """Return the test of a linear hypothesis.

        Parameters
        ----------
        hypothesis : str, list of str, (k, p) array, or tuple of matrix and values
            ``"age = 0, smoke = 2*lwt"``; a name alone means that it is zero; a term means all its
            columns that can be estimated; backticks quote a name. Or a smaller formula,
            ``"low ~ age"``, whose columns are combinations of those of the fit.
        method : {"wald", "lr", "score", "wild", "rao-scott", "rao-scott-f"}, optional
            Wald; likelihood ratio by a restricted fit of what was maximised, with the penalty of
            all columns; or Rao's score, of maximum likelihood only. On separated data the latter
            two test infinite coefficients too. ``"wild"`` is the wild score cluster bootstrap
            (Kline and Santos 2012), for few clusters. With sampling weights, in place of the
            likelihood ratio, the working one of Rao and Scott, by R's approximation of its tail or
            by Satterthwaite's F (see `rao_scott_test`). By default that of the result's tables.
        by : str, array, or mapping, optional
            Clusters of the wild bootstrap, as in `with_covariance`; by default those of the
            covariance, or of the fit.
        weights : {"rademacher", "webb"}, optional
            Of the wild bootstrap: signs, or Webb's six values, for ten clusters and fewer.
        n_replicates, seed : int, optional
            Of the wild bootstrap; 9,999 by default. Where all sign patterns are no more than these,
            they are enumerated. The answer names the seed.

        Examples
        --------
        >>> import logit_inference as li
        >>> fit = li.logit("low ~ age + C(race)", li.datasets.load("birthwt"))
        >>> print(fit.test("C(race)"))
        Wald test of C(race)[T.black] = 0, C(race)[T.other] = 0: chi-square(2) = 3.737, p = 0.154
        >>> herds = li.datasets.load("cbpp")
        >>> few = li.logit("incidence ~ period", herds, trials="size", covariance="model")
        >>> round(few.test("period", method="wild", by="herd", seed=1).p_value, 3)
        0.011
        """
        wild = WildRequest(by, weights, n_replicates, seed)
        return hypothesis_test(self, hypothesis, method, wild)

    def permutation_test(
        self,
        term: str,
        n_replicates: int = 999,
        *,
        seed: int | None = None,
        strata: Any = None,
        progress: bool | None = None,
    ) -> TestResult:
        """Return the permutation test that a term, or named coefficients, have no effect.

        Of the columns of the term, what is left after a least-squares regression on all others is
        permuted among the rows, and the score statistic computed each time (Potter 2005; Werft and
        Benner 2010). Where the others are no more than the constant, the test is exact.

        Parameters
        ----------
        term : str
            ``"C(race)"``, or coefficients: ``"age, smoke"``.
        n_replicates : int
            Number B of permutations; with b statistics as large, ``p = (1 + b)/(1 + B)``.
        seed, progress : optional
            As in `bootstrap`.
        strata : str, array, or mapping of name to array, optional
            Rows are exchanged within these only.

        Raises
        ------
        ResamplingError
            For rows that are not alike (weights, trials, clusters), and where the model without
            the term has no finite maximum.

        Notes
        -----
        One fit, and 25 µs for each permutation of 200 rows, 0.2 s for one of a million. Infinite
        coefficients of separated data are tested like others.

        Examples
        --------
        >>> import logit_inference as li
        >>> fit = li.logit("low ~ lwt + smoke", li.datasets.load("birthwt"))
        >>> fit.permutation_test("smoke", seed=1).p_value
        0.044
        """
        return permutation_test(self, term, n_replicates, seed, strata, progress)

    def wald_terms(self, *, adjust: str | None = None) -> Table:
        """Return a Wald test of each term of the formula: all its estimable columns are zero.

        ``adjust`` is as in `anova`, of which this is ``type=3, test="wald"``.
        """
        return wald_terms(self, adjust)

    def anova(self, *, type: int = 1, test: str | None = None, adjust: str | None = None) -> Table:
        """Return the analysis of deviance: a test of each term of the formula.

        Parameters
        ----------
        type : {1, 2, 3}
            1: each term added to those before it, as R's ``anova``, with the residual deviance of
            each model. 2: each term added to all that do not contain it, which respects
            marginality. 3: the columns of each term as coded, all others that can be estimated
            being in the model, as R's ``car::Anova``; with the intercept's. The table says so where
            the interactions of a term are coded so that type 3 tests it at one place only.
        test : {"lr", "wald", "score"}, optional
            By default the likelihood ratio, where the estimator has one. Penalised fits keep the
            penalty of all columns; score tests are those of maximum likelihood.
        adjust : {"holm", "bonferroni", "bh", "by", "single-step"}, optional
            Adds p-values that are adjusted for the number of terms; ``"single-step"`` by the joint
            normal distribution of the estimates.

        Notes
        -----
        One restricted fit for each model that occurs (two to five evaluations each); none for Wald.
        Columns that cannot be estimated count with the term whose span they add to.

        Examples
        --------
        >>> import logit_inference as li
        >>> fit = li.logit("low ~ lwt + C(race) + smoke", li.datasets.load("birthwt"))
        >>> fit.anova().to_frame()[["term", "df", "deviance"]].round(2).values.tolist()
        [['NULL', nan, 234.67], ['lwt', 1.0, 228.69], ['C(race)', 2.0, 223.26], \
['smoke', 1.0, 215.01]]
        """
        return anova(self, type, test, adjust)

    def drop1(self, *, test: str | None = None, adjust: str | None = None) -> Table:
        """Return the test of each term that no other contains, with deviance and AIC without it.

        ``test`` and ``adjust`` are as in `anova`.

        Examples
        --------
        >>> import logit_inference as li
        >>> fit = li.logit("low ~ lwt + C(race) + smoke", li.datasets.load("birthwt"))
        >>> fit.drop1().to_frame()["aic"].round(2).tolist()
        [225.01, 227.97, 230.34, 231.26]
        """
        return drop1(self, test, adjust)

    def add1(
        self, scope: str | Sequence[str], *, test: str = "score", adjust: str | None = None
    ) -> Table:
        """Return the test of each addition to the formula.

        Parameters
        ----------
        scope : str or sequence of str
            Each is added by itself, as written in a formula: ``["ht", "age:smoke"]``.
        test : {"score", "lr"}
            Score tests need no fit; likelihood ratios take one for each, with deviance and AIC.
        adjust : {"holm", "bonferroni", "bh", "by", "single-step"}, optional
            As in `anova`; the joint distribution is that of the scores, and all columns that may be
            added are then held at once.

        Raises
        ------
        ComparisonError
            Where a new variable is missing in rows of the fit, or the table has changed since.

        Notes
        -----
        The columns are computed from the table of the fit, to which the result holds a reference.
        Score tests take about three passes over the larger model's columns, which are written out.

        Examples
        --------
        >>> import logit_inference as li
        >>> fit = li.logit("low ~ age + lwt", li.datasets.load("birthwt"))
        >>> fit.add1(["smoke", "age:lwt"]).to_frame()["p_value"].round(4).tolist()
        [0.0383, 0.9882]
        """
        return add1(self, scope, test, adjust)

    # --- tables -----------------------------------------------------------------------------------

    def summary(
        self,
        *,
        odds_ratios: bool = False,
        level: float | None = None,
        method: str | None = None,
        wald: bool = False,
        adjust: str | None = None,
    ) -> Table:
        """Return the summary: text when printed, HTML in a notebook.

        Parameters
        ----------
        odds_ratios : bool
            Whether to print exponentiated coefficients, with delta-method standard errors.
        level : float, optional
            Of the intervals.
        method : {"wald", "lr", "profile"}, optional
            Of p-values and intervals, both of the same test (see `coefficients`).
        wald : bool
            Whether likelihood-ratio tests have Wald's p-value beside them.
        adjust : {"holm", "bonferroni", "bh", "by", "single-step"}, optional
            Adds p-values that are adjusted for the number of coefficients beside the intercept.

        Notes
        -----
        Wald's tests and intervals cost nothing. Those of likelihood ratios, which the tables of
        Firth's and other penalised fits have, are a restricted fit and two searches along a profile
        for each coefficient: of 50 columns and 1e5 rows a hundred times what the fit took. There
        ``summary(method="wald")`` is immediate; it is never put in their place unasked.
        """
        return summary_of(self, odds_ratios, level, method, wald=wald, adjust=adjust)

    def tidy(
        self,
        *,
        exponentiate: bool = False,
        level: float | None = None,
        method: str | None = None,
        adjust: str | None = None,
    ) -> pd.DataFrame:
        """Return one row for each coefficient: broom's columns, with underscores.

        With ``exponentiate`` the estimate is an odds ratio, the interval ends are exponentiated,
        and ``std_error`` is the delta method's on that scale, ``exp(coef)·se``: the frame's
        ``attrs["std_error"]`` says so. Statistic and p-value stay those of the coefficient.

        ``adjust`` is as in `summary`: a column ``p_adjusted``. The frame's ``attrs`` say what its
        tests and intervals are: ``method``, ``covariance``, and ``notes`` where, say, those of a
        likelihood ratio stand beside standard errors of a robust covariance.

        Warns
        -----
        ProfileWarning
            As in `conf_int`.
        """
        return tidy_of(self, exponentiate, level, method, adjust)

    def glance(self) -> pd.DataFrame:
        """Return one row with what describes the fit as a whole."""
        return frames.glance(self.account, self.goodness, self.estimate.covariance.label)

    def augment(self, data: Any = None) -> pd.DataFrame:
        """Return one row for each row used: fitted values, residuals, influence.

        Parameters
        ----------
        data : table, optional
            The table of the fit: its columns then come first, at the rows used.

        Returns
        -------
        pandas DataFrame
            ``observed`` (a proportion for grouped data), ``linear_predictor``, its ``std_error``,
            ``fitted``, ``resid`` (deviance residual), ``resid_pearson``, ``hat`` (leverage),
            ``std_resid`` (standardised deviance residual) and ``cooksd``, by the caller's labels.
        """
        fit = self._fit("augment()")
        frame = frames.row_table(fit, self.labels)
        if data is None:
            return frame
        return frames.beside(data, frame, self.positions, self.n_rows_read)

    def __str__(self) -> str:
        return str(self.summary())

    def __repr__(self) -> str:
        return str(self.summary())

    def _repr_html_(self) -> str:
        return self.summary().to_html()

    # --- other results ----------------------------------------------------------------------------

    def with_covariance(
        self,
        covariance: str | Bootstrap,
        *,
        by: Any = None,
        type: str = "CR1",
        convention: str = "sandwich",
        n_replicates: int | None = None,
        seed: int | None = None,
        strata: Any = None,
    ) -> LogitResult:
        """Return the same fit with another covariance; no refit.

        Standard errors, Wald tests and intervals and predictions follow it, and the summary's notes
        name it with its factor. Likelihood ratios do not know of it: the tables of Firth's fits
        show those, with a note, unless ``method="wald"``.

        Parameters
        ----------
        covariance : str or Bootstrap
            ``"model"``, ``"HC0"`` to ``"HC3"``, ``"cluster"``, ``"augmented"``, ``"survey"``,
            ``"bootstrap"`` or ``"jackknife"``.
            ``"model"`` is the estimator's own. The others trust the mean, not the variance: each
            row by itself (``"HC…"``, with leverages of the generalised linear model), or clusters
            of rows. ``"augmented"`` counts Firth's pseudo-observations as observations, as logistf
            does. ``"survey"``, of sampling weights: that of the survey design, or where there is
            none HC0 times n/(n − 1) with t. ``"bootstrap"`` is the covariance of replicates (see
            `bootstrap`; one that is there already may be given itself), ``"jackknife"`` that of
            exact refits without each row, or each cluster, in turn.
        by : str, sequence of str, array, or mapping of name to array, optional
            Clusters: names given as ``cluster=`` in the fit (all of them by default), columns of
            its table, or labels for each row; a Series is to have the table's index. Several
            dimensions combine by inclusion and exclusion, negative eigenvalues in the metric of the
            model's covariance being set to zero, which the label says (R's ``vcovCL`` takes those
            of the matrix itself, if asked to); resampling takes one.
        type : {"CR1", "CR0", "CR1S", "CR2", "CR3", "CR3-one-step"}
            Of clustered covariances. Factors: G/(G − 1) for G clusters in each dimension; none; the
            first times (n − 1)/(n − k). ``"CR2"`` (Bell–McCaffrey) corrects what few clusters take
            from residuals, and each coefficient and combination has a t reference with its own
            Satterthwaite degrees of freedom. ``"CR3"`` is the jackknife: a refit without each
            cluster, ``(G − 1)/G`` times the sum of squared moves; ``"CR3-one-step"`` the same with
            one Newton step for each refit. These have one dimension. Refits are by the estimator of
            the fit.
        convention : {"sandwich", "stata", "statsmodels", "clubSandwich"}
            Whose factors: R sandwich's, Stata's, statsmodels', clubSandwich's (where CR3 has none).
        n_replicates, seed, strata : optional
            Of the bootstrap.

        Warns
        -----
        FewClustersWarning
            For fewer than 30 clusters, also of a jackknife or bootstrap; for CR2 where degrees of
            freedom are below 4.
        DecidedWarning
            Where one cluster alone has rows that tell of a coefficient (sought for up to 100
            coefficients): its standard error means nothing, and the label names it.
        LeaveOutWarning
            For CR3, where without a cluster there is no estimate.
        ResamplingWarning
            Where replicates have no estimate and so are left out.

        Notes
        -----
        One pass; two for HC2 and HC3; one for each combination of dimensions. CR2 and one-step CR3
        read each row once or twice, cluster by cluster; exact CR3 takes a fit for each cluster.
        Resampling: the time of its refits. The jackknife takes one over all rows for each row, or
        cluster, that is left out: seconds for thousands of rows, hours for a million, where HC3 is
        its one-step form.

        Examples
        --------
        >>> import logit_inference as li
        >>> fit = li.logit("resp ~ age * smoke", li.datasets.load("ohio"), cluster="id")
        >>> fit.with_covariance("cluster").bse.round(4).to_dict()["smoke"]
        0.188
        >>> few = li.logit("incidence ~ period", li.datasets.load("cbpp"), trials="size")
        >>> few.with_covariance("cluster", by="herd", type="CR2").tidy()["df"].round(1).tolist()
        [12.5, 11.5, 11.6, 8.8]
        """
        chosen = read_resampling(covariance, n_replicates, seed, strata, type, convention)
        if isinstance(chosen, Resampling):
            return resampled_covariance(self, chosen, by)
        return other_covariance(self, chosen, by=by, type=type, convention=convention)

    def design_effects(self) -> Table:
        """Return the design effect of each coefficient: its variance over that of a simple sample.

        That of a simple random sample of as many rows, drawn with replacement, is
        ``V (Σ w r² x x') V · n/(n − 1)`` with weights of mean one; one pass.

        Examples
        --------
        >>> import logit_inference as li
        >>> schools = li.datasets.load("apiclus1")
        >>> design = li.survey(schools, weights="pw", psu="dnum", fpc="fpc")
        >>> fit = li.logit("sch_wide ~ ell + meals", design)
        >>> fit.design_effects().to_frame()["deff"].round(2).tolist()
        [1.01, 0.64, 0.66]
        """
        return design_effects(self)

    # --- elsewhere --------------------------------------------------------------------------------

    def without_data(self) -> LogitResult:
        """Return the same result without its rows; what then cannot be answered says so."""
        return detached(self)

    def save(self, path: Any) -> None:
        """Write a small data-free JSON file that `logit_inference.load` reads on any machine."""
        saved.save(self, path)
