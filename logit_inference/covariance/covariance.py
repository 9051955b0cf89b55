"""What a covariance is, whichever function made it.

It lives in the basis that the fit was solved in, where it is well conditioned; what it says of the
columns goes through that basis. It does not know which estimator made it but by its label.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from logit_inference.covariance.satterthwaite import Satterthwaite
from logit_inference.records import made_fast
from logit_inference.rows.basis import Basis
from logit_inference.rows.block import Floats
from logit_inference.rows.lengths import squared_lengths


@made_fast
@dataclass(frozen=True, slots=True)
class Covariance:
    """A covariance of p coefficients and what it takes to defend it.

    Parameters
    ----------
    root : (q, r) array
        A matrix B with ``B B'`` the covariance of the coefficients in ``basis``. The variance of a
        combination c is the square of ``|c'B|``, which keeps the digits that ``c'BB'c`` loses
        where columns are nearly collinear.
    basis : Basis
        The q columns that were solved for.
    kind : str
        Which estimator, in the field's words.
    correction : str
        The small-sample factor in words, ``"none"`` if there is none.
    n_clusters : int or None
        Number of clusters, where there are some.
    df : float, Satterthwaite or None
        Degrees of freedom of the t reference: of all combinations, or of each its own (see
        `degrees`); None for the normal.
    """

    root: Floats
    basis: Basis
    kind: str
    correction: str = "none"
    n_clusters: int | None = None
    df: float | Satterthwaite | None = None

    @property
    def matrix(self) -> Floats:
        """The (p, p) covariance; NaN in the rows and columns of what cannot be estimated."""
        outer = self.basis.root(self.root)
        matrix: Floats = outer @ outer.T
        unknown = ~self.basis.estimable
        matrix[unknown] = np.nan
        matrix[:, unknown] = np.nan
        return matrix

    @property
    def std_errors(self) -> Floats:
        """The (p,) standard errors; NaN where a coefficient cannot be estimated."""
        outer = self.root if self.basis.is_identity else self.basis.root(self.root)
        errors: Floats = np.sqrt(squared_lengths(outer))
        if len(self.basis.kept) < len(errors):
            errors[~self.basis.estimable] = np.nan
        return errors

    @property
    def coefficient_df(self) -> float | Floats | None:
        """Degrees of freedom of the coefficients: one number, (p,) numbers, or None for normal."""
        if not isinstance(self.df, Satterthwaite):
            return self.df
        found = self.df.each(self.basis.of(np.eye(self.basis.n_columns)))
        found[~self.basis.estimable] = np.nan
        return found

    def degrees(self, combinations: Floats) -> float | Floats | None:
        """Return the degrees of freedom of combinations (m, p) of coefficients, each by itself."""
        if not isinstance(self.df, Satterthwaite):
            return self.df
        return self.df.each(self.basis.of(combinations))

    def joint_degrees(self, combinations: Floats) -> float | None:
        """Return the degrees of freedom of combinations (k, p) of coefficients, together.

        Of a covariance with degrees of freedom for each combination, those of the Hotelling
        approximation; see `Satterthwaite.joint`.
        """
        if not isinstance(self.df, Satterthwaite):
            return self.df
        return self.df.joint(self.basis.of(combinations))

    @property
    def reference(self) -> str:
        """The reference distribution of a statistic, in words."""
        if self.df is None:
            return "normal"
        if isinstance(self.df, Satterthwaite):
            return "t with Satterthwaite df, of each coefficient its own"
        return f"t with {self.df:g} df"

    @property
    def label(self) -> str:
        """Kind, number of clusters, factor and reference, in words: what a table rests on."""
        return f"{self.description}; reference: {self.reference}"

    @property
    def description(self) -> str:
        """Kind, number of clusters and factor, in words."""
        named, *more = self.correction.split("; ")
        factor = "no small-sample factor" if named == "none" else f"factor {named}"
        factor = "; ".join([factor, *more])
        kind = "inverse information (model-based)" if self.kind == "model" else self.kind
        count = "" if self.n_clusters is None else f"{self.n_clusters:,} clusters"
        clusters = "" if not count or count in kind or "clusters:" in kind else f", {count}"
        return f"{kind}{clusters}, {factor}"
