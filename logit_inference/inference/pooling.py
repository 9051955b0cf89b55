"""Rubin's rules: what m estimates of imputed data say together.

The mean of the estimates is the estimate; the mean of their covariances, and what they vary by
between imputations, are its covariance. Degrees of freedom are Barnard and Rubin's, which know how
many the complete data would have. Whatever gives estimates and covariances can be pooled.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.special import stdtr, stdtrit

from logit_inference.errors import HypothesisError
from logit_inference.inference.distribution import chi_square_tail
from logit_inference.inference.hypothesis import Hypothesis
from logit_inference.inference.result import TestResult
from logit_inference.inference.wald import Coefficients
from logit_inference.rows.block import Floats


@dataclass(frozen=True)
class Pooled:
    """Estimates of m imputations, pooled.

    Parameters
    ----------
    m : int
    coef : (p,) array
        Their mean.
    within, between : (p, p) arrays
        Mean of their covariances, and covariance of the estimates with divisor m − 1.
    df_complete : float
        Degrees of freedom of the complete data; inf for large samples.
    """

    m: int
    coef: Floats
    within: Floats
    between: Floats
    df_complete: float

    @property
    def total(self) -> Floats:
        """``within + (1 + 1/m)·between`` (p, p)."""
        return self.within + (1.0 + 1.0 / self.m) * self.between

    @property
    def std_errors(self) -> Floats:
        """Roots of the diagonal of that, shape (p,)."""
        return np.sqrt(np.diagonal(self.total))

    @property
    def relative_increase(self) -> Floats:
        """What imputation adds to each variance, relative to that of complete data, shape (p,)."""
        return relative_increase(self.m, np.diagonal(self.within), np.diagonal(self.between))

    @property
    def df(self) -> Floats:
        """Barnard and Rubin's degrees of freedom of each coefficient, shape (p,)."""
        return barnard_rubin(self.m, self.relative_increase, self.df_complete)

    @property
    def fmi(self) -> Floats:
        """Fraction of missing information ``(r + 2/(df + 3))/(1 + r)`` of each, shape (p,)."""
        r = self.relative_increase
        found: Floats = (r + 2.0 / (self.df + 3.0)) / (1.0 + r)
        return found


def combined(pooled: Pooled, matrix: Floats) -> Pooled:
    """Return what is pooled of combinations ``matrix @ coef`` (k, p) of coefficients.

    What ``matrix`` holds is zero in columns that cannot be estimated.
    """
    used = np.flatnonzero(matrix.any(axis=0))
    rows, among = matrix[:, used], np.ix_(used, used)
    return replace(
        pooled,
        coef=rows @ pooled.coef[used],
        within=rows @ pooled.within[among] @ rows.T,
        between=rows @ pooled.between[among] @ rows.T,
    )


def pool_estimates(coef: Floats, covariances: Floats, df_complete: float) -> Pooled:
    """Return what Rubin's rules make of estimates.

    Parameters
    ----------
    coef : (m, p) array
    covariances : (m, p, p) array
    df_complete : float

    References
    ----------
    Rubin (1987), *Multiple Imputation for Nonresponse in Surveys*, section 3.1.

    Examples
    --------
    >>> two = pool_estimates(np.array([[1.0], [3.0]]), np.array([[[1.0]], [[1.0]]]), np.inf)
    >>> float(two.coef[0]), float(two.total[0, 0])
    (2.0, 4.0)
    """
    m = len(coef)
    deviations = coef - coef.mean(axis=0)
    between = deviations.T @ deviations / (m - 1.0)
    return Pooled(m, coef.mean(axis=0), covariances.mean(axis=0), between, df_complete)


def relative_increase(m: int, within: Floats, between: Floats) -> Floats:
    """Return ``(1 + 1/m)·between/within``."""
    with np.errstate(invalid="ignore", divide="ignore"):
        found: Floats = (1.0 + 1.0 / m) * between / within
    return found


def barnard_rubin(m: int, increase: Floats, df_complete: float) -> Floats:
    """Return degrees of freedom for relative increases in variance.

    With λ = r/(1 + r) Rubin's are ``(m − 1)/λ²``, and those observed
    ``(v + 1)/(v + 3)·v·(1 − λ)`` for v of complete data; the result is half their harmonic mean.

    Parameters
    ----------
    m : int
    increase : (p,) array
        r.
    df_complete : float
        v; inf gives Rubin's.

    References
    ----------
    Barnard and Rubin (1999), *Biometrika* 86.

    Examples
    --------
    >>> barnard_rubin(5, np.array([0.5, 0.0]), 22.0).round(3).tolist()
    [9.815, 20.24]
    """
    share = increase / (1.0 + increase)
    with np.errstate(divide="ignore"):
        rubin: Floats = (m - 1.0) / share**2
        if np.isinf(df_complete):
            return rubin
        observed = (df_complete + 1.0) / (df_complete + 3.0) * df_complete * (1.0 - share)
        found: Floats = 1.0 / (1.0 / rubin + 1.0 / observed)
    return found


def pooled_coefficients(pooled: Pooled, level: float) -> Coefficients:
    """Return t tests and intervals of all coefficients, each with its degrees of freedom."""
    df, errors = pooled.df, pooled.std_errors
    with np.errstate(invalid="ignore", divide="ignore"):
        statistic = pooled.coef / errors
    half = stdtrit(df, 0.5 + level / 2) * errors
    p_value = 2.0 * stdtr(df, -np.abs(statistic))
    low, high = pooled.coef - half, pooled.coef + half
    return Coefficients(pooled.coef, errors, statistic, p_value, low, high)


# --- tests of several coefficients --------------------------------------------------------------


def pooled_wald_test(pooled: Pooled, hypothesis: Hypothesis) -> TestResult:
    """Return D1, the pooled Wald test: ``d' U⁻¹ d/(k(1 + r))`` for ``d = R coef − value``.

    U is the mean covariance of R coef, and r the mean of the relative increases in variance over
    directions. One restriction has Barnard and Rubin's degrees of freedom, so that the test is that
    of the tables; several Reiter's, or those of Li, Raghunathan and Rubin where complete data have
    infinitely many or where ``k(m − 1)`` is 4 or less, which Reiter's are not made for.

    Raises
    ------
    HypothesisError
        Where restrictions are redundant.

    References
    ----------
    Li, Raghunathan and Rubin (1991), *Journal of the American Statistical Association* 86. Reiter
    (2007), *Biometrika* 94.
    """
    k, m, tested = len(hypothesis.matrix), pooled.m, combined(pooled, hypothesis.matrix)
    scale = 1.0 / np.sqrt(np.diagonal(tested.within))
    factor = np.linalg.cholesky(_regular(tested.within * np.outer(scale, scale)))
    standardized = np.linalg.solve(factor, scale * (tested.coef - hypothesis.value))
    half = np.linalg.solve(factor, tested.between * np.outer(scale, scale))
    spread = float(np.trace(np.linalg.solve(factor, half.T)))
    increase = (1.0 + 1.0 / m) * spread / k
    value = float(standardized @ standardized) / (k * (1.0 + increase))
    notes: tuple[str, ...] = ()
    if k == 1:
        df = float(barnard_rubin(m, np.array([increase]), pooled.df_complete)[0])
    elif np.isinf(pooled.df_complete) or k * (m - 1) <= 4:
        df = meng_rubin_df(k * (m - 1.0), k, increase)
        if np.isfinite(pooled.df_complete):
            notes = ("So few imputations: degrees of freedom are those of large samples.",)
    else:
        df = reiter_df(k * (m - 1.0), increase, pooled.df_complete)
        if np.isnan(df):
            df = meng_rubin_df(k * (m - 1.0), k, increase)
            notes = ("So much is missing that degrees of freedom are those of large samples.",)
    return pooled_test("D1", hypothesis, value, df, increase, notes)


def _regular(within: Floats) -> Floats:
    """Return a correlation matrix, or raise where it is singular."""
    if np.linalg.eigvalsh(within)[0] < 1e-14:
        raise HypothesisError.dependent(len(within))
    return within


def pool_statistics(statistics: Floats, hypothesis: Hypothesis, method: str) -> TestResult:
    """Return D2, which knows nothing but the chi-square statistics (m,) of the imputations.

    ``r = (1 + 1/m)·var(√d)``, and ``(mean(d)/k − (m + 1)/(m − 1)·r)/(1 + r)`` has an F reference
    with k and ``k^(−3/m)·(m − 1)·(1 + 1/r)²`` degrees of freedom.

    References
    ----------
    Li, Meng, Raghunathan and Rubin (1991), *Statistica Sinica* 1.
    """
    m, k = len(statistics), len(hypothesis.matrix)
    increase = (1.0 + 1.0 / m) * float(np.var(np.sqrt(statistics), ddof=1))
    value = (statistics.mean() / k - (m + 1.0) / (m - 1.0) * increase) / (1.0 + increase)
    with np.errstate(divide="ignore"):
        df = float(k ** (-3.0 / m) * (m - 1.0) * np.square(1.0 + np.divide(1.0, increase)))
    return pooled_test(method, hypothesis, max(float(value), 0.0), df, increase)


def pool_likelihood_ratios(
    mean: float, at_pooled: float, m: int, hypothesis: Hypothesis, method: str
) -> TestResult:
    """Return D3 or D4, of likelihood-ratio statistics.

    With d̄ the mean statistic and d̃ that at coefficients which all imputations share,
    ``r = (m + 1)/(k(m − 1))·(d̄ − d̃)``, no less than zero, and the test is ``d̃/(k(1 + r))``.

    Parameters
    ----------
    mean : float
        d̄.
    at_pooled : float
        d̃: for D3 the mean of the statistics at the mean coefficients of the imputations, for D4 the
        statistic of the stacked data, each row weighted 1/m.
    m : int
    hypothesis : Hypothesis
    method : {"D3", "D4"}

    References
    ----------
    Meng and Rubin (1992), *Biometrika* 79: D3. Chan and Meng (2022), *Statistica Sinica* 32: D4,
    which does not depend on how the model is written.
    """
    k = len(hypothesis.matrix)
    increase = max((m + 1.0) / (k * (m - 1.0)) * (mean - at_pooled), 0.0)
    value = max(at_pooled, 0.0) / (k * (1.0 + increase))
    df = meng_rubin_df(k * (m - 1.0), k, increase)
    return pooled_test(method, hypothesis, value, df, increase)


def meng_rubin_df(t: float, k: int, increase: float) -> float:
    """Return denominator degrees of freedom for ``t = k(m − 1)`` and a relative increase."""
    if increase == 0.0:
        return float("inf")
    if t > 4:
        return 4.0 + (t - 4.0) * (1.0 + (1.0 - 2.0 / t) / increase) ** 2
    return t * (1.0 + 1.0 / k) * (1.0 + 1.0 / increase) ** 2 / 2.0


def reiter_df(t: float, increase: float, df_complete: float) -> float:
    """Return Reiter's (2007) denominator degrees of freedom, for t above 4.

    NaN where the increase is so large that the expansion has no meaning.
    """
    a = increase * t / (t - 2.0)
    observed = (df_complete + 1.0) / (df_complete + 3.0) * df_complete
    c0, c1 = 1.0 / (t - 4.0), observed - 2.0 * (1.0 + a)
    c2 = observed - 4.0 * (1.0 + a)
    if c2 <= 0.0:
        return float("nan")
    z = (
        1.0 / c2
        + c0 * (a**2 * c1 / ((1.0 + a) ** 2 * c2))
        + c0 * (8.0 * a**2 * c1 / ((1.0 + a) * c2**2) + 4.0 * a**2 / ((1.0 + a) * c2))
        + c0 * (4.0 * a**2 / (c2 * c1) + 16.0 * a**2 * c1 / c2**3)
        + c0 * (8.0 * a**2 / c2**2)
    )
    return 4.0 + 1.0 / z


def pooled_test(
    method: str,
    hypothesis: Hypothesis,
    value: float,
    df: float,
    increase: float,
    notes: tuple[str, ...] = (),
) -> TestResult:
    """Return the F test, or that of chi-square where the denominator has no end."""
    k = float(len(hypothesis.matrix))
    tail = chi_square_tail(value * k, k, None if np.isinf(df) else df)
    told = f"Relative increase in variance {increase:.3g}."
    return TestResult(method, hypothesis.text, value, k, df, tail, (told, *notes))
