"""What can be wrong with a fit: no maximum, no column, columns that repeat others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

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
    """A restricted fit that an interval or a test needs did not reach its maximum.

    Attributes
    ----------
    estimate : float or None
        Of the quantity whose interval was sought.
    """

    def __init__(self, what: str, estimate: float | None):
        self.estimate = estimate
        about = "" if estimate is None else f" around the estimate {estimate:.6g}"
        super().__init__(
            f"{what}{about} was not found: the restricted search did not reach its maximum. The "
            "data say next to nothing in that direction, or columns differ by too many orders of "
            'magnitude. Rescale or centre them, or ask for method="wald".'
        )


class SeparationError(LogitInferenceError, ArithmeticError):
    """The data are separated, so that no finite coefficients maximise the likelihood.

    Attributes
    ----------
    kind : str
        ``"quasi-complete"`` or ``"complete"``.
    terms : tuple of str
        Terms whose coefficients go to infinity.
    separation : Separation
        The record: direction, signs, rows, evidence.
    """

    def __init__(self, separation: Any):
        self.separation = separation
        self.kind, self.terms = separation.kind, separation.terms
        super().__init__(
            f"{separation.sentence} No finite maximum likelihood estimate exists. Merge sparse "
            'levels or leave the column out; or write separation="limit" for the limiting model, '
            "in which the other coefficients have their ordinary estimates."
        )


class SeparationWarning(LogitInferenceWarning):
    """The data are separated: some coefficients are infinite, and the result says which.

    Attributes
    ----------
    kind, terms, separation
        As in `SeparationError`.
    """

    def __init__(self, separation: Any):
        self.separation = separation
        self.kind, self.terms = separation.kind, separation.terms
        left = (
            "nothing is left to estimate."
            if separation.kind == "complete"
            else "the others are those of the limiting model, estimated from the other rows."
        )
        super().__init__(f"{separation.sentence} {separation.status} {left[0].upper()}{left[1:]}")


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
