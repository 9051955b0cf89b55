"""The answer to a test of a hypothesis, whichever method gave it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, repr=False)
class TestResult:
    """A test of a hypothesis; printed, it is a sentence.

    Parameters
    ----------
    method : str
        ``"wald"``, ``"lr"``, ``"score"``.
    null : tuple of str
        The restrictions under test.
    statistic : float
    df : float
        Number of independent restrictions.
    df_denominator : float or None
        Where the reference is F; None for chi-square.
    p_value : float
    """

    __test__: ClassVar[bool] = False  # not a test case, whatever pytest thinks of its name

    method: str
    null: tuple[str, ...]
    statistic: float
    df: float
    df_denominator: float | None
    p_value: float

    def __repr__(self) -> str:
        name = {"wald": "Wald", "lr": "Likelihood-ratio", "score": "Score"}[self.method]
        p = "p < 0.001" if self.p_value < 0.001 else f"p = {self.p_value:.3f}"
        statistic = f"{self.statistic:.4g}" if self.statistic < 1000 else f"{self.statistic:.1f}"
        if self.df_denominator is None:
            reference = f"chi-square({self.df:g}) = {statistic}"
        else:
            reference = f"F({self.df:g}, {self.df_denominator:g}) = {statistic}"
        return f"{name} test of {', '.join(self.null)}: {reference}, {p}"
