"""Whether the outcome is separated, what separates it, and the rows that show it.

The record that people read, made of the recession cone that `solve.recession` verified. What is
modelled by which formula this file does not know.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Any

import numpy as np

from logit_inference.diagnostics.evidence import Level, evidence_of
from logit_inference.errors import shorten
from logit_inference.records import made_fast
from logit_inference.rows.block import Floats
from logit_inference.rows.source import Source
from logit_inference.solve.recession import Recession


@made_fast
@dataclass(frozen=True, repr=False, slots=True)
class Separation:
    """Whether the data are separated, and the evidence; printed, it is a few sentences.

    Parameters
    ----------
    kind : str
        ``"none"``; ``"quasi-complete"``: some rows are on their side of a plane and the others in
        it; ``"complete"``: all are on their side; ``"undecided"`` where that was not found out.
    names : tuple of p str
    direction : (p,) array
        Coefficients along which the likelihood rises for ever, zero where nothing is separated.
        It separates all rows that any direction separates. Found and verified in integers, and
        rounded for this record: products with rows may be off by the rounding of doubles.
    ends : (p,) array
        Where each coefficient goes: 0 (nowhere), inf, −inf; NaN where the data do not say which.
    terms : tuple of str
        Terms whose coefficients go to infinity; the constant only where nothing else does.
    n_separated, n_rows : int
        Rows that are separated, and rows that count.
    evidence : tuple of str
        Clauses such as "in all 13 rows with NV = 1, HG = 1".
    reason : str
        Why it was not decided; empty where it was.
    rows : sequence of labels or None
        The separated rows, by the caller's labels; None for a result without rows.
    """

    kind: str
    names: tuple[str, ...]
    direction: Floats = field(compare=False)
    ends: Floats = field(compare=False)
    terms: tuple[str, ...] = ()
    n_separated: int = 0
    n_rows: int = 0
    evidence: tuple[str, ...] = ()
    reason: str = ""
    rows: Any = field(default=(), compare=False)

    @property
    def found(self) -> bool:
        """Whether some rows are separated."""
        return self.kind in ("quasi-complete", "complete")

    @property
    def infinite(self) -> dict[str, float | str]:
        """Where each coefficient goes, by name: 0.0, inf, −inf or "undetermined".

        0.0 also for a column that repeats others, which has no coefficient of its own to go.
        """
        return {
            name: "undetermined" if math.isnan(end) else end
            for name, end in zip(self.names, self.ends.tolist(), strict=True)
        }

    @property
    def sentence(self) -> str:
        """What is separated, and by what."""
        if self.kind == "undecided":
            return f"Whether the data are separated was not decided: {self.reason}."
        if not self.found:
            return "The data are not separated: a finite maximum of the likelihood exists."
        if not self.evidence:
            used = [n for n, value in zip(self.names, self.direction, strict=True) if value]
            what = (
                f"a combination of {shorten(used)} puts {self.n_separated:,} of {self.n_rows:,} "
                "rows strictly on the side of their outcome, and none on the wrong side"
            )
        else:
            what = "; ".join(self.evidence)
        return f"{self.kind.capitalize()} separation: {what}."

    @property
    def status(self) -> str:
        """Which coefficients are infinite, in a sentence; empty where none is."""
        parts = []
        for sign, text in ((math.inf, "+∞"), (-math.inf, "−∞")):
            names = [n for n, e in zip(self.names, self.ends.tolist(), strict=True) if e == sign]
            if names:
                parts.append(f"{shorten(names)} = {text}")
        both = [n for n, e in zip(self.names, self.ends.tolist(), strict=True) if math.isnan(e)]
        if both:
            parts.append(f"undetermined: {shorten(both)}")
        return f"Coefficients without a finite estimate: {'; '.join(parts)}." if parts else ""

    def __str__(self) -> str:
        return f"{self.sentence} {self.status}".strip()

    __repr__ = __str__

    def _repr_html_(self) -> str:
        """Return the sentences as a paragraph for a notebook."""
        return f"<p>{escape(str(self))}</p>"


def no_separation(names: Sequence[str], n_rows: int = 0) -> Separation:
    """Return the record of data that are not separated."""
    zero = np.zeros(len(names))
    return Separation("none", tuple(names), zero, zero, n_rows=n_rows)


def undecided(names: Sequence[str], n_rows: int, reason: str) -> Separation:
    """Return the record of data of which it was not found out."""
    zero = np.zeros(len(names))
    return Separation("undecided", tuple(names), zero, zero, n_rows=n_rows, reason=reason)


def describe(
    source: Source,
    recession: Recession,
    names: Sequence[str],
    terms: Mapping[str, Sequence[int]],
    constant: int | None,
    outcomes: tuple[str, str],
    rows: Any,
    levels: Sequence[Level] = (),
) -> Separation:
    """Return the record of a recession cone, with its evidence.

    Parameters
    ----------
    source : Source
        Of p columns.
    recession : Recession
        Of these p columns.
    names : sequence of p str
    terms : mapping of name to column numbers
    constant : int or None
        The column of ones.
    outcomes : tuple of str
        An event and a non-event in words, ``("HG = 1", "HG = 0")``.
    rows : labels of the separated rows
    levels : sequence of Level
        Levels of factors that no column of ones and zeros tells, such as a reference level, in a
        design that spans their indicators.

    Notes
    -----
    One pass for the range of each column among events and non-events, and one to count rows.
    """
    if recession.exists is None:
        return undecided(names, recession.n_rows, recession.reason)
    if not recession.exists:
        return no_separation(names, recession.n_rows)
    moving = [name for name, own in terms.items() if any(recession.ends[j] != 0 for j in own)]
    others = [name for name in moving if constant is None or list(terms[name]) != [constant]]
    return Separation(
        "complete" if recession.complete else "quasi-complete",
        tuple(names),
        recession.direction,
        recession.ends,
        tuple(others or moving),
        recession.n_separated,
        recession.n_rows,
        evidence_of(source, recession, names, constant, outcomes, levels),
        rows=rows,
    )
