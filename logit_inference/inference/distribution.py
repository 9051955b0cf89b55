"""Tails and quantiles of the reference distributions.

From `scipy.special`: importing `scipy.stats` costs as long as a thousand small fits. Two-sided
p-values come from the survival function; ``1 − cdf`` is zero at z = 9, where the tail is 1e-19.
"""

from __future__ import annotations

import numpy as np
from scipy.special import chdtrc, fdtrc, gammaln, ndtr, ndtri, stdtr, stdtrit

from logit_inference.rows.block import Floats

MANY = 1e7  # beyond, fdtrc of scipy 1.12 loses digits, and from 1e17 on it gives 1


def two_sided(statistic: Floats, df: float | Floats | None) -> Floats:
    """Return two-sided p-values of z statistics, or of t statistics with ``df`` degrees of freedom.

    Examples
    --------
    >>> import numpy as np
    >>> print(f"{two_sided(np.array(9.0), None):.3e}")
    2.257e-19
    """
    lower = -abs(statistic)
    tail: Floats = ndtr(lower) if df is None else stdtr(df, lower)
    return 2.0 * tail


def critical_values(level: float, df: float | Floats | None) -> float | Floats:
    """Return half-widths of intervals, one for each of the degrees of freedom where these differ.

    Examples
    --------
    >>> import numpy as np
    >>> critical_values(0.95, np.array([4.0, 1e9])).round(3).tolist()
    [2.776, 1.96]
    """
    if not isinstance(df, np.ndarray):
        return critical_value(level, df)
    found: Floats = stdtrit(df, 0.5 + level / 2)
    return found


def critical_value(level: float, df: float | None) -> float:
    """Return the half-width of a two-sided interval in standard errors.

    Examples
    --------
    >>> round(critical_value(0.95, None), 6)
    1.959964
    """
    upper = 0.5 + level / 2
    return float(ndtri(upper) if df is None else stdtrit(df, upper))


def chi_square_tail(statistic: float, df: float, df_denominator: float | None = None) -> float:
    """Return the upper tail of chi-square; of F for ``statistic/df`` if a denominator is given."""
    if df_denominator is None:
        return float(chdtrc(df, statistic))
    if df_denominator > MANY:
        return _nearly_chi_square(statistic, df, df_denominator)
    return float(fdtrc(df, df_denominator, statistic / df))


def _nearly_chi_square(statistic: float, df: float, df_denominator: float) -> float:
    """Return the upper tail of F by its expansion at an infinite denominator v.

    The mean of the chi-square tail S at ``x·U`` over U of mean 1 and variance 2/v, which is
    ``S + x² S''/v``, exponentiated: what is left out is of the relative order ``x³/v²``.
    """
    tail = float(chdtrc(df, statistic))
    if not (tail > 0.0 and statistic > 0.0):
        return tail
    half = statistic / 2
    density = np.exp(df / 2 * np.log(half) - half - gammaln(df / 2))  # times the statistic
    return float(tail * np.exp(density * (half - df / 2 + 1.0) / (df_denominator * tail)))
