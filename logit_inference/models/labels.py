"""What a frame says of the inference in it: which test, and whether it uses the covariance.

A frame has no place for notes, so that they are in its ``attrs``: ``method`` (``"wald"`` or
``"profile"``), ``covariance`` (that of the result, of which standard errors are) and
``notes``, a list of sentences, empty where everything is of one test and one covariance.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from logit_inference.errors import SurveyError
from logit_inference.models.testing import foreign_covariance
from logit_inference.report.inference import infinite_note, unused_note
from logit_inference.report.table import labelled

if TYPE_CHECKING:
    from logit_inference.models.result import LogitResult


def label(frame: Any, result: LogitResult, method: str, names: Sequence[str], *more: str) -> Any:
    """Return the frame, its ``attrs`` saying what its tests and intervals are.

    Parameters
    ----------
    frame : DataFrame or Series
    result : LogitResult
    method : {"wald", "profile"}
    names : sequence of str
        The coefficients in it.
    *more : str
        Other notes.
    """
    notes = [*inference_notes(result, method, names), *more]
    return labelled(frame, result.estimate.covariance.label, notes, method)


def inference_notes(result: LogitResult, method: str, names: Sequence[str]) -> list[str]:
    """Return what must be said of tests and intervals of some coefficients by that method."""
    notes = []
    foreign = foreign_covariance(result)
    if method == "profile" and foreign:
        notes.append(unused_note(foreign))
    if method == "wald":
        notes += notes_at_infinity(result, names)
    corrected = corrected_name(result)
    if method == "profile" and corrected in names:
        notes.append(corrected_note(corrected))
    return notes


def notes_at_infinity(result: LogitResult, names: Sequence[str]) -> list[str]:
    """Return what must be said of those coefficients that have no finite estimate."""
    at = result.estimate
    undetermined = dict(zip(at.names, at.undetermined.tolist(), strict=True))
    finite = dict(zip(at.names, at.finite.tolist(), strict=True))
    infinite = [name for name in names if not finite.get(name, True)]
    if not infinite:
        return []
    if result.account.is_pseudo:
        return [str(SurveyError.infinite())]
    which = [undetermined[name] for name in infinite]
    return [infinite_note(infinite, which, foreign_covariance(result))]


def corrected_name(result: LogitResult) -> str:
    """Return the name of an intercept that FLIC corrected by hand; empty where there is none."""
    constant = result.design.constant
    if result.account.estimator.intercept != "flic" or constant is None:
        return ""
    return result.estimate.names[constant]


def corrected_note(name: str) -> str:
    """Return what is said of it among likelihood-ratio tests."""
    return f"{name}: with the intercept corrected by hand (FLIC), test and interval are Wald's."
