"""What can be wrong with a fit: no maximum, no column, columns that repeat others."""

from __future__ import annotations

from collections.abc import Sequence

from logit_inference.errors.base import LogitInferenceError, LogitInferenceWarning
from logit_inference.errors.wording import shorten


class ConvergenceError(LogitInferenceError, ArithmeticError):
    """No maximum was reached; what happened, and what to do.

    Attributes
    ----------
    outcome : Outcome
        How the iteration ended.
    columns : tuple of str
        Columns whose coefficients were still moving.
    """

    def __init__(self, outcome: object, sentence: str, columns: Sequence[str], advice: str):
        self.outcome, self.columns = outcome, tuple(columns)
        names = f" Columns: {shorten(list(columns))}." if columns else ""
        super().__init__(f"{sentence}{names} {advice}")


class ProfileError(LogitInferenceError, ArithmeticError):
    """A restricted fit that an interval or a test needs is not what it should be.

    Attributes
    ----------
    estimate : float or None
        Of the quantity whose interval was sought.
    gap : float
        By how much a restricted fit is higher than the estimate; zero where none is.
    """

    def __init__(self, message: str, *, estimate: float | None = None, gap: float = 0.0):
        self.estimate, self.gap = estimate, gap
        super().__init__(message)

    @classmethod
    def not_found(cls, what: str, estimate: float | None = None) -> ProfileError:
        """Return the error for a restricted maximum that no search reached."""
        about = "" if estimate is None else f" around the estimate {estimate:.6g}"
        return cls(
            f"{what}{about} was not found: the restricted search did not reach its maximum. The "
            "data say next to nothing in that direction, or columns differ by too many orders of "
            'magnitude. Rescale or centre them, or ask for method="wald".',
            estimate=estimate,
        )

    @classmethod
    def several(cls, gap: float) -> ProfileError:
        """Return the error for a restricted maximum that is higher than the estimate's."""
        return cls(
            f"a restricted fit is higher than the estimate, by {gap:.3g}: what is maximised has "
            "several maxima, and the search ended at one that is not the highest. Fit again from "
            "other coefficients with start=, and keep the fit whose penalized_log_likelihood is "
            'largest; method="wald" describes the maximum at hand.',
            gap=gap,
        )


class RankError(LogitInferenceError, ValueError):
    """The design has no column that the data can estimate."""

    @classmethod
    def nothing(cls) -> RankError:
        """Return the error for a design of zeros."""
        return cls(
            "every column of the design is zero in the rows that count: nothing can be estimated."
        )

    @classmethod
    def extreme(cls, column: int, largest: float) -> RankError:
        """Return the error for a column whose squares no double can hold."""
        return cls(
            f"column {column} of the design (counted from 0) has values of size {largest:.3g}, "
            "whose squares leave the range of floating-point numbers. Rescale it."
        )


class CollinearityWarning(LogitInferenceWarning):
    """Columns have no coefficient, because they are linear combinations of earlier ones."""

    @classmethod
    def dropped(cls, relations: Sequence[str]) -> CollinearityWarning:
        """Return the warning about columns with these relations."""
        return cls(
            "columns that are combinations of earlier ones, to within rounding, have no "
            f"coefficient: {'; '.join(relations)}."
        )
