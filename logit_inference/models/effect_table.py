"""Effects as their reader holds them: a table, and the numbers it was made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from logit_inference.effects.estimates import Inference
from logit_inference.report.effects import effects_table
from logit_inference.report.table import Table, labelled
from logit_inference.rows.block import Floats

if TYPE_CHECKING:
    import pandas as pd

PRINTED = 30  # rows of a printed table; longer ones show the first and the last


@dataclass(frozen=True, repr=False, eq=False)
class Effects:
    """Predictions, comparisons or slopes; printed, they are a table.

    Parameters
    ----------
    title : str
    labels : mapping of str to sequence of K values
        The columns that tell effects apart: term, contrast, row, levels.
    numbers : Inference
        As shown.
    header : str
        What the estimate is.
    level : float
        Of the intervals.
    df : float, (K,) array or None
        Degrees of freedom of the reference distribution.
    root : (K, r) array or None
        A matrix whose product with its transpose is the covariance of the estimates as shown; None
        where that was not computed (intervals from likelihoods, rows one by one).
    notes : tuple of str
    letters : sequence of K str or None
        Groups of estimates that do not differ, where they were asked for.
    rests_on : str
        The label of the covariance of the coefficients.

    Examples
    --------
    >>> import logit_inference as li
    >>> fit = li.logit("low ~ age + C(race)", li.datasets.load("birthwt"))
    >>> fit.avg_comparisons("age").to_frame().columns.tolist()
    ['term', 'contrast', 'estimate', 'std_error', 'statistic', 'p_value', 'conf_low', 'conf_high']
    """

    title: str
    labels: Mapping[str, Sequence[Any]]
    numbers: Inference
    header: str
    level: float
    df: float | Floats | None = None
    root: Floats | None = None
    notes: tuple[str, ...] = ()
    letters: Sequence[str] | None = None
    rests_on: str = ""

    def __len__(self) -> int:
        return len(self.numbers.estimate)

    @property
    def estimate(self) -> Floats:
        """The estimates as shown, shape (K,)."""
        return self.numbers.estimate

    @property
    def std_error(self) -> Floats:
        """Their standard errors, shape (K,)."""
        return self.numbers.std_error

    @property
    def covariance(self) -> Floats | None:
        """The covariance (K, K) of the estimates as shown, None where it was not computed."""
        return None if self.root is None else self.root @ self.root.T

    def columns(self, some: Any = slice(None)) -> dict[str, Any]:
        """Return the columns of the table by name, at some of its rows."""
        numbers = self.numbers
        found: dict[str, Any] = {
            name: np.array(values, dtype=object)[some].tolist()
            for name, values in self.labels.items()
        }
        found["estimate"] = numbers.estimate[some]
        found["std_error"] = numbers.std_error[some]
        if not np.isnan(numbers.p_value).all():
            found["statistic"] = numbers.statistic[some]
            if self.df is not None:
                found["df"] = np.broadcast_to(self.df, len(self))[some]
            found["p_value"] = numbers.p_value[some]
            if numbers.p_adjusted is not None:
                found["p_adjusted"] = numbers.p_adjusted[some]
        found["conf_low"] = numbers.conf_low[some]
        found["conf_high"] = numbers.conf_high[some]
        if self.letters is not None:
            found["letters"] = np.array(self.letters, dtype=object)[some].tolist()
        return found

    def to_frame(self) -> pd.DataFrame:
        """Return a pandas frame at full precision, one row for each effect.

        Its ``attrs`` say what is printed under the table: ``covariance``, the label of that of the
        coefficients, and ``notes``, a list.
        """
        import pandas as pd

        return labelled(pd.DataFrame(self.columns()), self.rests_on, self.notes)

    def to_table(self) -> Table:
        """Return the table that is printed; of many rows the first and the last."""
        K, notes = len(self), self.notes
        some: Any = slice(None)
        if K > PRINTED:
            half = PRINTED // 2
            some = np.r_[0:half, K - half : K]
            notes = (
                f"The first {half} and the last {half} of {K:,} rows; to_frame() has all.",
                *notes,
            )
        letter = "z" if self.df is None else "t"
        return effects_table(
            self.title,
            self.columns(some),
            list(self.labels),
            self.header,
            self.level,
            letter,
            notes,
            self.rests_on,
        )

    def to_text(self) -> str:
        """Return the table as text."""
        return self.to_table().to_text()

    def to_html(self) -> str:
        """Return the table as HTML."""
        return self.to_table().to_html()

    def to_markdown(self) -> str:
        """Return the table as Markdown."""
        return self.to_table().to_markdown()

    def to_latex(self) -> str:
        """Return the table as LaTeX."""
        return self.to_table().to_latex()

    def __str__(self) -> str:
        return self.to_text()

    def __repr__(self) -> str:
        return self.to_text()

    def _repr_html_(self) -> str:
        return self.to_html()
