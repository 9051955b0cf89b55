"""The bootstrap of a result: replicates, and what its reader asks of them."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from numbers import Integral
from typing import TYPE_CHECKING, Any

import numpy as np

from logit_inference.covariance.bootstrap import (
    accelerations,
    bootstrap_replicates,
    replicate_covariance,
)
from logit_inference.errors import ArgumentError, FewClustersWarning, ResamplingError
from logit_inference.inference.bootstrap import bootstrap_intervals
from logit_inference.inference.wald import check_level
from logit_inference.models import frames
from logit_inference.models.covariances import FEW, caller
from logit_inference.models.progress import progress_bar
from logit_inference.models.units import read_units, resampled_fit
from logit_inference.report.bootstrap import bootstrap_table
from logit_inference.report.table import Table, labelled
from logit_inference.rows.block import Floats
from logit_inference.solve.solution import Outcome

if TYPE_CHECKING:
    import pandas as pd

    from logit_inference.covariance.covariance import Covariance
    from logit_inference.models.result import LogitResult
    from logit_inference.rows.basis import Basis


@dataclass(frozen=True, repr=False, eq=False)
class Bootstrap:
    """Coefficients of a fit in B samples drawn with replacement; printed, it is a table.

    Parameters
    ----------
    names : tuple of p str
    estimate : (p,) array
        Of all rows; NaN where a column cannot be estimated.
    coef : (B, p) array
        Of the replicates. One that is separated has ±inf where a coefficient goes there, NaN where
        it may go either way, and elsewhere the estimates of the limiting model; one whose rows do
        not tell the columns apart is NaN throughout.
    outcomes : tuple of B Outcome
        How each search ended: ``DIVERGING`` for separated replicates.
    estimator : str
        What replicates, as the fit, were fitted by: ``"MLE"``.
    units : str
        What was drawn, in words, and from how many.
    n_units : int
    seed : int
        Asked for or drawn: the same seed gives the same replicates.
    level : float
        Of intervals that name no other.
    accelerations : (p,) array
        Of BCa intervals.
    basis : Basis
        In which the coefficients were solved for.
    n_clusters : int or None
        Where clusters were drawn.
    """

    names: tuple[str, ...]
    estimate: Floats
    coef: Floats
    outcomes: tuple[Outcome, ...]
    estimator: str
    units: str
    n_units: int
    seed: int
    level: float
    accelerations: Floats
    basis: Basis
    n_clusters: int | None = None

    @property
    def n_replicates(self) -> int:
        """Number B of replicates."""
        return len(self.outcomes)

    @property
    def n_separated(self) -> int:
        """Replicates whose rows are separated, which have no finite maximum."""
        return sum(outcome is Outcome.DIVERGING for outcome in self.outcomes)

    @property
    def n_estimated(self) -> int:
        """Replicates with finite estimates: those that bias and standard errors are of."""
        return len(self._finite)

    @property
    def _n_open(self) -> int:
        """Separated replicates in which some coefficient may go to either infinity."""
        separated = np.array([outcome is Outcome.DIVERGING for outcome in self.outcomes])
        unknown = np.isnan(self.coef[:, ~np.isnan(self.estimate)]).any(axis=1)
        return int((separated & unknown).sum())

    @property
    def n_lost(self) -> int:
        """Replicates that are neither: a level is lost in them, or their search stopped early."""
        return self.n_replicates - self.n_estimated - self.n_separated

    @property
    def _finite(self) -> Floats:
        """The estimates of replicates that have finite ones."""
        return self.coef[[outcome.converged for outcome in self.outcomes]]

    @property
    def bias(self) -> pd.Series:
        """Mean of the replicates with finite estimates, less the estimate."""
        return frames.series(self.names, self._bias)

    @property
    def _bias(self) -> Floats:
        if not self.n_estimated:
            return np.full(len(self.names), np.nan)
        shift: Floats = self._finite.mean(axis=0) - self.estimate
        return shift

    @property
    def bse(self) -> pd.Series:
        """Standard deviations of the replicates with finite estimates."""
        return frames.series(self.names, self._std_errors, bootstrap_name(self))

    @property
    def _std_errors(self) -> Floats:
        if self.n_estimated < 2:
            return np.full(len(self.names), np.nan)
        spread: Floats = self._finite.std(axis=0, ddof=1)
        return spread

    def covariance(self) -> pd.DataFrame:
        """Return the covariance of the replicates with finite estimates, divisor their number − 1.

        For a result whose tables rest on it: ``fit.with_covariance(boot)``.
        """
        found = bootstrap_covariance(self)
        return frames.square(self.names, found.matrix, found.label)

    def conf_int(self, method: str = "percentile", *, level: float | None = None) -> pd.DataFrame:
        """Return confidence intervals, columns ``conf_low`` and ``conf_high``.

        Parameters
        ----------
        method : {"percentile", "basic", "bca", "normal"}
            Quantiles of the replicates; twice the estimate less the opposite quantile; quantiles at
            levels corrected for bias and acceleration (Efron 1987); estimate and normal multiples
            of the standard error. The first three count separated replicates at their infinity, so
            that an end may be infinite; the last leaves them out.
        level : float, optional

        Notes
        -----
        The quantile at level a is order statistic (B + 1)·a, interpolated: with 999 replicates the
        25th and the 975th.

        Examples
        --------
        >>> import logit_inference as li
        >>> fit = li.logit("low ~ lwt + smoke", li.datasets.load("birthwt"))
        >>> fit.bootstrap(seed=1).conf_int("bca").round(2).loc["smoke"].tolist()
        [0.09, 1.41]
        """
        ends = self._ends(method, self.level if level is None else check_level(level))
        import pandas as pd

        ends_by_name = {"conf_low": ends[0], "conf_high": ends[1]}
        frame = pd.DataFrame(ends_by_name, index=list(self.names))
        return self._labelled(frame, method)

    def _ends(self, method: str, level: float) -> tuple[Floats, Floats]:
        if method == "bca" and np.isnan(self.accelerations).all():
            reason = "its acceleration is that of maximum likelihood, and this fit has a penalty"
            raise ArgumentError.refused("method", method, reason, '"percentile" or "basic"')
        return bootstrap_intervals(
            self.estimate, self.coef, self._std_errors, self.accelerations, method, level
        )

    def summary(self, method: str = "percentile", *, level: float | None = None) -> Table:
        """Return estimates, bias, standard errors and intervals as a table."""
        level = self.level if level is None else check_level(level)
        low, high = self._ends(method, level)
        drawn = (
            f"{self.n_replicates:,} replicates of {self.units}, seed {self.seed}, each fitted as "
            f"the original ({self.estimator})"
        )
        counts = (self.n_replicates, self.n_separated, self._n_open, self.n_lost)
        columns = (self.estimate, self._bias, self._std_errors, low, high)
        return bootstrap_table(self.names, columns, level, method, drawn, counts)

    def to_frame(self) -> pd.DataFrame:
        """Return the table of percentile intervals as a pandas frame."""
        return self._labelled(self.summary().to_frame(), "percentile")

    def _labelled(self, frame: pd.DataFrame, method: str) -> pd.DataFrame:
        """Return the frame, its ``attrs`` saying by which method and of which replicates it is."""
        found: pd.DataFrame = labelled(
            frame, bootstrap_name(self), self.summary(method).notes, method
        )
        return found

    def __str__(self) -> str:
        return str(self.summary())

    def __repr__(self) -> str:
        return str(self.summary())

    def _repr_html_(self) -> str:
        return self.summary().to_html()


def bootstrap(
    result: LogitResult,
    n_replicates: int,
    seed: int | None,
    by: Any,
    strata: Any,
    progress: bool | None,
) -> Bootstrap:
    """Return the bootstrap of a result; see `LogitResult.bootstrap`."""
    if not (isinstance(n_replicates, Integral) and n_replicates >= 2):
        raise ArgumentError("n_replicates", n_replicates, "a whole number of at least 2, say 999")
    fit = resampled_fit(result, "bootstrap()")
    units = read_units(result, fit, by, strata)
    seed = read_seed(seed)
    with progress_bar(int(n_replicates), "bootstrap", progress) as advance:
        found = bootstrap_replicates(fit, units, seed, int(n_replicates), advance)
    words = f"{units.total:,.0f} {units.name}"
    if strata is not None:
        words += f" within {units.n_strata:,} strata"
        single = int((units.stratum_sizes == 1).sum())
        words += f", {single:,} of them of one unit, which so never varies" if single else ""
    n_clusters = units.n_units if units.name.startswith("clusters") else None
    if n_clusters is not None and n_clusters < FEW:
        warnings.warn(FewClustersWarning(n_clusters), stacklevel=caller())
    return Bootstrap(
        result.estimate.names,
        result.estimate.coef,
        found.coef,
        found.outcomes,
        result.account.estimator.name,
        words,
        int(units.total),
        seed,
        result.level,
        accelerations(fit, units),
        fit.basis,
        n_clusters,
    )


def read_seed(seed: object) -> int:
    """Return the seed, or one that nobody knows where none is given.

    Raises
    ------
    ArgumentError
        For what is no whole number, or negative.
    """
    if seed is None:
        return int(np.random.SeedSequence().generate_state(1)[0])
    if isinstance(seed, bool) or not isinstance(seed, Integral) or seed < 0:
        raise ArgumentError("seed", seed, "a whole number from 0 on, or None for a new one")
    return int(seed)


def bootstrap_covariance(boot: Bootstrap) -> Covariance:
    """Return the covariance of the replicates with finite estimates, labelled.

    Raises
    ------
    ResamplingError
        Where fewer than two have them.
    """
    finite = boot._finite
    if len(finite) < 2:
        raise ResamplingError.few_replicates(len(finite), boot.n_replicates)
    deviations = (finite - finite.mean(axis=0)) / np.sqrt(len(finite) - 1.0)
    return replicate_covariance(boot.basis, deviations, bootstrap_name(boot), boot.n_clusters)


def bootstrap_name(boot: Bootstrap) -> str:
    """Return what the covariance of the replicates is called: units, replicates, seed, losses."""
    kind = f"bootstrap of {boot.units}, {boot.n_replicates:,} replicates, seed {boot.seed}"
    if boot.n_separated:
        kind += f", {boot.n_separated:,} separated ones left out"
    if boot.n_lost:
        kind += f", {boot.n_lost:,} lost ones left out"
    return kind
