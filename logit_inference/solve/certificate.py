"""The proof that a maximum exists, and how far given coefficients are from it.

Let I be the information and u the score at the coefficients, ``λ = sqrt(u' I⁻¹ u)`` and M the
largest ``sqrt(x' I⁻¹ x)`` of a row with positive weight. The third derivative of a logistic
log-likelihood along v is at most ``max|x'v|`` times the second, whatever the weights, offsets and
numbers of trials. Along a ray of unit speed in the metric of I the information therefore falls no
faster than ``exp(−M t)``, and the slope of the log-likelihood is at most ``λ − (1 − exp(−M t))/M``.
If ``M λ < 1`` that is negative from ``t = −log(1 − M λ)/M`` on, on every ray: the maximum exists,
is unique and lies within that distance. No coefficient is further from it than that many of its
standard errors. `vignettes/certificates.md` has the proof in full.

For matched sets, M is the range of what the chosen rows of a set add up to along a direction of
unit length (`likelihood.conditional.span`): its third central moment is at most the range times the
variance, and the rest of the proof does not change.

Rounding enters through λ (`likelihood.rounding` bounds it) and through the root of I⁻¹ that
measures, which is that of a matrix within a fraction ε of I, so that λ counts as λ/(1 − ε).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from logit_inference.likelihood.likelihood import Likelihood
from logit_inference.likelihood.rounding import RESIDUAL, UNIT, ScoreSums
from logit_inference.rows.basis import Basis
from logit_inference.rows.block import Floats
from logit_inference.rows.lengths import squared_lengths
from logit_inference.rows.source import Source
from logit_inference.rows.threads import blas_pinned
from logit_inference.solve.factor import Factor, column_reach, row_leverage
from logit_inference.solve.fit import Fit
from logit_inference.solve.reach import row_bound
from logit_inference.solve.triangle import working_triangle

# Of what scaled length λ·M may be before the exact M is worth its pass, and products of rows and
# squared columns below which it costs next to nothing.
EXACT_FROM, EXACT_IS_CHEAP = 1e-3, 1e7
DOUBLED_IS_CHEAP = 1 << 19  # elements of X: some 20 ms
BLOCK_ELEMENTS = 1 << 16  # at least, in a block of many rows
LARGEST_ERROR = 0.1  # ε: of a root that is less certain nothing is said
ROWS_AT_ONCE = 1 << 16  # at most, in a block
MARGIN = 1.0 + 1e-6  # for what is computed from the rows and the root without bounds of its own


@dataclass(frozen=True)
class Certificate:
    """Whether a maximum exists, and how far the coefficients are from it.

    Parameters
    ----------
    exists : bool or None
        True: a finite maximum is proved to exist, and so to be the only one. False: it is proved
        that there is none. None: not decided; ``reason`` says why.
    distance : float
        No coefficient is further from the exact maximum than this many of its standard errors,
        rounding included. Infinite where there is no bound.
    decrement : float
        λ, the length of the score in standard errors, as computed at the coefficients.
    max_leverage : float
        M, or a bound on it: no linear predictor moves by more than this times the length of a step.
    rounding : float
        What is added to λ for rounding.
    reason : str
        Why nothing was decided, or why there is no maximum; of coefficients that were made
        elsewhere, which is furthest; else empty.
    limit : Certificate or None
        Where there is no maximum, that of the limiting model.

    Examples
    --------
    >>> print(Certificate(True, 3e-14, 1e-15, 2.0, 2.9e-14))
    Certified: a unique maximum exists; coefficients within 6e-14 standard errors of it.
    """

    exists: bool | None
    distance: float
    decrement: float
    max_leverage: float
    rounding: float
    reason: str = ""
    limit: Certificate | None = None

    def __str__(self) -> str:
        if self.exists:
            where = (
                f"coefficients within {self._told} standard errors of it"
                if math.isfinite(self.distance)
                else f"how far the coefficients are from it is not known ({self.reason})"
            )
            told = f" ({self.reason})" if self.reason and math.isfinite(self.distance) else ""
            return f"Certified: a unique maximum exists; {where}{told}."
        if self.exists is None:
            return f"Not certified: {self.reason}."
        text = f"Certified: no finite maximum exists; {self.reason}."
        limit = self.limit
        if limit is not None and limit.exists and math.isfinite(limit.distance):
            told = f" ({limit.reason})" if limit.reason else ""
            within = f"within {limit._told} standard errors of its maximum{told}"
            text += f" The limiting model: coefficients {within}."
        return text

    @property
    def _told(self) -> str:
        """The distance as it is told: rounded up, and without the noise of a λ below its rounding.

        That differs from machine to machine, and the same fit is to print the same text.
        """
        return _upward(self.distance + max(self.rounding - self.decrement, 0.0))


def certify_fit(fit: Fit) -> Certificate:
    """Return the certificate of a maximum-likelihood fit, at the coefficients that it prints.

    Notes
    -----
    One pass at about three times the price of a score; a second for the exact M where that is
    needed or cheap; a QR fold where columns are ill-conditioned.

    Examples
    --------
    >>> from logit_inference.likelihood.logistic import LOGISTIC
    >>> from logit_inference.rows.block import Block
    >>> from logit_inference.rows.source import ArraySource
    >>> from logit_inference.solve.fit import fit_rows
    >>> rows = Block(np.array([0.0, 1.0, 0.0, 1.0]), np.vander([1.0, 2.0, 3.0, 4.0], 2))
    >>> certify_fit(fit_rows(ArraySource(rows), LOGISTIC, ["x", "const"])).exists
    True
    """
    solution = fit.solution
    if solution.factor is None:
        return undecided("the information matrix is singular at the coefficients")
    # The factor is that of one Newton step before the coefficients, where the search converged.
    moved = solution.decrement if solution.outcome.converged else 0.0
    return certify(
        fit.solved_rows, fit.likelihood, solution.coef, solution.factor, moved, fit.basis
    )


def certify(
    rows: Source,
    likelihood: Likelihood,
    coef: Floats,
    factor: Factor,
    moved: float = 0.0,
    basis: Basis | None = None,
) -> Certificate:
    """Return what the rows prove of some coefficients.

    Parameters
    ----------
    rows : Source
        In the basis of the coefficients.
    likelihood : Likelihood
    coef : (q,) array
    factor : Factor
        Of the information at the coefficients, or not far from there.
    moved : float
        How far from there, in the metric of that information. On the way no working weight changes
        by a factor of more than ``exp(M moved)``, with which λ is multiplied.
    basis : Basis, optional
        Turns the coefficients into those that are printed, which rounds them once more.
    """
    with np.errstate(all="ignore"), blas_pinned(rows.n_rows, rows.n_columns):
        doubled = rows.n_rows * len(coef) <= DOUBLED_IS_CHEAP
        sums = rows.fold(likelihood.score_sums, coef, doubled)
        root, error = _root(rows, likelihood, coef, factor, sums)
        if root is None:
            return undecided("the information is too ill-conditioned for a proof in doubles")
        errors: Floats = np.sqrt(squared_lengths(root))
        decrement = float(np.linalg.norm(root.T @ sums.score))
        rounding = sums.allowance(errors)
        rounding += (len(coef) + 2) * UNIT * float(errors @ np.abs(sums.score))
        length = (decrement + rounding) / (1.0 - error) * MARGIN
        longest = math.inf
        if likelihood.has_independent_rows:
            longest = row_bound(errors, rows.fold(column_reach).values, rows.layout)
        cheap = rows.n_rows * float(len(coef)) ** 2 <= EXACT_IS_CHEAP
        if cheap or not longest * max(length, moved) <= EXACT_FROM:
            longest = rows.fold(likelihood.span or row_leverage, root).value
        longest *= MARGIN
        product = longest * length * math.exp(min(longest * moved, 700.0))
        if not product < 1.0:
            reason = f"M·λ is {product:.3g} at the coefficients, where less than 1 would prove it"
            if math.isfinite(decrement):
                reason += f"; a maximum would be about {decrement:.2g} standard errors away"
            return undecided(reason, decrement, longest, rounding)
        distance = -math.log1p(-product) / longest * MARGIN
        if basis is not None and basis.matrix is not None:
            printed = np.sqrt(squared_lengths(basis.root(root)))
            shares = basis.rounding(coef) / printed
            distance += float(shares[basis.estimable].max())
    return Certificate(True, distance, decrement, longest, rounding)


def undecided(
    reason: str,
    decrement: float = math.nan,
    max_leverage: float = math.nan,
    rounding: float = math.nan,
) -> Certificate:
    """Return the certificate that decides nothing."""
    return Certificate(None, math.inf, decrement, max_leverage, rounding, reason)


def _root(
    rows: Source, likelihood: Likelihood, coef: Floats, factor: Factor, sums: ScoreSums
) -> tuple[Floats | None, float]:
    """Return a root B of the inverse information and ε; None where it is too uncertain.

    ``(B B')⁻¹`` is within ``ε I`` of I. Rounding of relative size δ in each element of I, or in
    the length of each column of a QR factor, gives ``ε = δ κ²`` and ``2 δ κ`` with
    ``κ = Σ s_j sqrt(I_jj)``.
    """
    q, n = len(coef), rows.n_rows
    weights = sums.predictor * sums.largest + RESIDUAL * UNIT
    information = factor.diagonal
    root = factor.inverse_root()
    blocks = 1 + n * q // BLOCK_ELEMENTS
    error = (
        weights + (min(n, ROWS_AT_ONCE) + blocks + 4 * q) * UNIT * _kappa(root, information) ** 2
    )
    if error <= LARGEST_ERROR:
        return root, error
    if rows.layout is not None or not likelihood.has_independent_rows:
        return None, math.inf
    try:
        root = rows.fold(working_triangle, likelihood, coef).inverse_root()
    except np.linalg.LinAlgError:
        return None, math.inf
    steps = 6 * q * (min(n, ROWS_AT_ONCE) + 2 * q * blocks)
    error = weights + 2 * steps * UNIT * _kappa(root, information)
    return (root, error) if error <= LARGEST_ERROR else (None, math.inf)


def _kappa(root: Floats, information: Floats) -> float:
    errors = np.sqrt(squared_lengths(root))
    return float(errors @ np.sqrt(information))


def _upward(value: float) -> str:
    """Return a bound rounded up: with one digit where it is tiny, with two where it is not."""
    if value <= 0.0:
        return "0"
    exponent = math.floor(math.log10(value))
    if 10.0 <= value < 1e6:
        return f"{math.ceil(value * (1.0 - 1e-12)):,}"
    if not 1e-3 <= value < 1e6:
        digit = math.ceil(value / 10.0**exponent * (1.0 - 1e-12))
        return f"{digit}e{exponent}" if digit < 10 else f"1e{exponent + 1}"
    step = 10.0 ** (exponent - 1)
    return f"{math.ceil(value / step * (1.0 - 1e-12)) * step:.2g}"
