"""The profile of a combination of coefficients, as its reader holds it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from logit_inference.report.inference import profile_table
from logit_inference.report.table import Table
from logit_inference.rows.block import Floats

if TYPE_CHECKING:
    import pandas as pd

PRINTED = 13  # rows at most of a printed profile


@dataclass(frozen=True, repr=False, eq=False)
class Profile:
    """The log-likelihood along a combination of coefficients, the others refitted at each point.

    Parameters
    ----------
    name : str
        Of the combination, as it was asked for.
    estimate, std_error : float
        Its maximum likelihood estimate and Wald standard error.
    level : float
        Of the interval.
    conf_low, conf_high : float
        Where twice the fall of the log-likelihood is the chi-square quantile.
    value : (m,) array
        Of the combination, ascending.
    log_likelihood : (m,) array
        Largest with the combination held there; with the penalty of a penalised fit.
    root : (m,) array
        Signed root of twice its fall from the maximum: standard normal, and a straight line where
        Wald inference is right.
    names : tuple of p str
    coef : (m, p) array
        The coefficients at each point; NaN where they are not finite or not estimated.
    notes : tuple of str
        What a reader must know beside the numbers.
    """

    name: str
    estimate: float
    std_error: float
    level: float
    conf_low: float
    conf_high: float
    value: Floats
    log_likelihood: Floats
    root: Floats
    names: tuple[str, ...]
    coef: Floats
    notes: tuple[str, ...] = ()

    def to_frame(self) -> pd.DataFrame:
        """Return one row for each point: value, log_likelihood, root, and each coefficient.

        A coefficient with one of those three names is written ``coef[value]``. The frame's
        ``attrs`` hold the interval, its level and the notes.
        """
        import pandas as pd

        ours = {"value": self.value, "log_likelihood": self.log_likelihood, "root": self.root}
        called = [f"coef[{name}]" if name in ours else name for name in self.names]
        theirs = {name: self.coef[:, j] for j, name in enumerate(called)}
        frame = pd.DataFrame(ours | theirs)
        frame.attrs.update(
            method="profile",
            level=self.level,
            conf_low=self.conf_low,
            conf_high=self.conf_high,
            notes=list(self.notes),
        )
        return frame

    def to_table(self) -> Table:
        """Return about a dozen of the points, and the interval, as a table."""
        every = -(-len(self.value) // PRINTED)
        middle = int(np.argmin(np.abs(self.root)))
        some = slice(middle % every, None, every)
        curve = (self.value[some], self.log_likelihood[some], self.root[some])
        interval = self.conf_low, self.conf_high
        return profile_table(self.name, self.estimate, interval, self.level, curve, self.notes)

    def __repr__(self) -> str:
        return str(self.to_table())

    def _repr_html_(self) -> str:
        return self.to_table().to_html()
