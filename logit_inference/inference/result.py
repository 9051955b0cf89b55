"""The answer to a test of a hypothesis, whichever method gave it.

A record of numbers and text. Its renderings are those of a table, which is imported when one is
asked for: it is the only thing of the package that knows how numbers look.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    import pandas as pd

    from logit_inference.report.table import Table

MOST_SHOWN = 8  # restrictions that a sentence holds
NAMES = {
    "wald": "Wald",
    "lr": "Likelihood-ratio",
    "score": "Score",
    "rao-scott": "Rao–Scott working likelihood-ratio",
    "rao-scott-f": "Rao–Scott working likelihood-ratio F",
    "wild": "Wild score cluster bootstrap",
    "permutation": "Permutation",
    "D1": "Pooled Wald (D1)",
    "D2": "Pooled Wald (D2)",
    "D2-lr": "Pooled likelihood-ratio (D2)",
    "D3": "Pooled likelihood-ratio (D3)",
    "D3-mice": "Pooled likelihood-ratio (D3 of mice)",
    "D4": "Pooled likelihood-ratio (D4)",
}


@dataclass(frozen=True, repr=False)
class TestResult:
    """A test of a hypothesis; printed, it is a sentence, and in a notebook a table.

    Parameters
    ----------
    method : str
        ``"wald"``, ``"lr"``, ``"score"``, ``"wild"``, ``"rao-scott"``, ``"rao-scott-f"``,
        ``"permutation"``; ``"D1"`` to ``"D4"`` of pooled fits.
    null : tuple of str
        The restrictions under test.
    statistic : float
    df : float
        Number of independent restrictions.
    df_denominator : float or None
        Where the reference is F; None for chi-square.
    p_value : float
    notes : tuple of str
        What a reader must know beside the numbers.

    Examples
    --------
    >>> TestResult("lr", ("age = 0",), 4.2, 1.0, None, 0.0404)
    Likelihood-ratio test of age = 0: chi-square(1) = 4.2, p = 0.040
    """

    __test__: ClassVar[bool] = False  # not a test case, whatever pytest thinks of its name

    method: str
    null: tuple[str, ...]
    statistic: float
    df: float
    df_denominator: float | None
    p_value: float
    notes: tuple[str, ...] = ()

    def __repr__(self) -> str:
        p = "p < 0.001" if self.p_value < 0.001 else f"p = {self.p_value:.3f}"
        statistic = f"{self.statistic:.4g}" if self.statistic < 1000 else f"{self.statistic:.1f}"
        if self.method == "rao-scott":
            over = (
                "" if self.df_denominator is None else f", denominator df {self.df_denominator:g}"
            )
            reference = f"2 log LR = {statistic} (df {self.df:g}{over})"
        elif self.method == "wild":  # whose reference is no distribution with a name
            reference = f"score statistic({self.df:g}) = {statistic}"
        elif self.method == "permutation":
            reference = f"score statistic = {statistic}"
        elif self.df_denominator is None:
            reference = f"chi-square({self.df:g}) = {statistic}"
        else:
            reference = f"F({self.df:g}, {self.df_denominator:g}) = {statistic}"
        found = f"{NAMES[self.method]} test of {self._shown()}: {reference}, {p}"
        return " ".join([f"{found}.", *self.notes]) if self.notes else found

    def _shown(self) -> str:
        """Return the restrictions, or the first of many."""
        if len(self.null) <= MOST_SHOWN:
            return ", ".join(self.null)
        return f"{', '.join(self.null[:3])} and {len(self.null) - 3} more"

    def to_table(self) -> Table:
        """Return one row: the hypothesis, statistic, degrees of freedom, p-value."""
        from logit_inference.report.table import Column, Table

        columns = [
            Column("null", [self._shown()], header=""),
            Column("statistic", [self.statistic], kind="statistic"),
            Column("df", [self.df], kind="integer"),
        ]
        if self.df_denominator is not None:
            columns.append(Column("df_denominator", [self.df_denominator], kind="fixed"))
        columns.append(Column("p_value", [self.p_value], kind="p_value"))
        return Table(f"{NAMES[self.method]} Test", tuple(columns), notes=self.notes)

    def to_frame(self) -> pd.DataFrame:
        """Return that row as a pandas frame."""
        return self.to_table().to_frame()

    def to_markdown(self) -> str:
        """Return that row as Markdown."""
        return self.to_table().to_markdown()

    def to_latex(self) -> str:
        """Return that row as LaTeX."""
        return self.to_table().to_latex()

    def to_html(self) -> str:
        """Return that row as HTML."""
        return self.to_table().to_html()

    def _repr_html_(self) -> str:
        return self.to_html()
