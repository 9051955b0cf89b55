"""Which differences of classes a multinomial result shows, without another fit.

The likelihood knows only differences between the coefficients of classes. A fit holds those of a
reference; any other reference, and coefficients that sum to zero over the classes, are the same
estimate under a matrix T of small whole numbers: ``shown = (T ⊗ 1) coef``, and its covariance goes
the same way. What the rows say is not asked again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from logit_inference.inference.estimate import Estimate
from logit_inference.rows.basis import Basis
from logit_inference.rows.block import Floats
from logit_inference.solve.polytomous import of_equations
from logit_inference.solve.polytomous_cone import turned_cone
from logit_inference.solve.rank import Relation


@dataclass(frozen=True)
class Identification:
    """Which differences are shown.

    Parameters
    ----------
    kind : {"reference", "symmetric"}
    reference : str or None
        The reference level; None where coefficients sum to zero.
    levels : tuple of s str
        The levels that have an equation.
    matrix : (s, K − 1) array
        T: the equations shown, as combinations of those of the fit.
    """

    kind: str
    reference: str | None
    levels: tuple[str, ...]
    matrix: Floats

    @property
    def n_classes(self) -> int:
        """Number K of levels."""
        return int(self.matrix.shape[1]) + 1

    def base(self, rows: Floats) -> Floats:
        """Return combinations (m, s p) of the coefficients shown as those (m, q) of the fit.

        Examples
        --------
        >>> identification(("a", "b", "c"), 0, "b").base(np.eye(2)).tolist()
        [[-1.0, 0.0], [-1.0, 1.0]]
        """
        parts = rows.reshape(len(rows), len(self.levels), -1)
        turned: Floats = np.einsum("msp,sk->mkp", parts, self.matrix).reshape(len(rows), -1)
        return turned + 0.0


def identification(
    levels: Sequence[str], base: int, reference: str | None = None
) -> Identification:
    """Return what a reference level shows, or coefficients that sum to zero where it is None.

    Parameters
    ----------
    levels : sequence of K str
        In the order in which they are shown.
    base : int
        Number of the fit's own reference among them.
    reference : str or None

    Examples
    --------
    >>> identification(("a", "b", "c"), 0).matrix.round(2).tolist()
    [[-0.33, -0.33], [0.67, -0.33], [-0.33, 0.67]]
    """
    k = len(levels)
    unit = np.delete(np.eye(k), base, axis=1)  # each level in the equations of the fit
    if reference is None:
        return Identification("symmetric", None, tuple(levels), unit - 1.0 / k)
    place = list(levels).index(reference)
    others = [j for j in range(k) if j != place]
    shown = tuple(levels[j] for j in others)
    return Identification("reference", reference, shown, unit[others] - unit[place])


def shown_estimate(
    base: Estimate, basis: Basis, names: Sequence[str], shown: Identification
) -> Estimate:
    """Return the estimate of the coefficients that are shown, named ``level:column``.

    Parameters
    ----------
    base : Estimate
        Of the fit's K − 1 equations.
    basis : Basis
        Of the p columns that it was solved in.
    names : sequence of p str
    shown : Identification
    """
    matrix, k, s = shown.matrix, shown.n_classes - 1, len(shown.levels)
    covariance = base.covariance
    turned = replace(
        covariance, root=_turned(matrix, covariance.root), basis=of_equations(basis, s)
    )
    return Estimate(
        coefficient_names(shown.levels, names),
        (matrix @ base.inner.reshape(k, -1)).ravel(),
        turned,
        equation_relations(base.relations, len(names), s),
        None if base.recession is None else turned_cone(base.recession, matrix, len(names)),
    )


def coefficient_names(levels: Sequence[str], names: Sequence[str]) -> tuple[str, ...]:
    """Return the names of the coefficients of some equations: ``level:column``, R's.

    Examples
    --------
    >>> coefficient_names(("b", "c"), ("Intercept", "x"))
    ('b:Intercept', 'b:x', 'c:Intercept', 'c:x')
    """
    return tuple(f"{level}:{name}" for level in levels for name in names)


def equation_relations(relations: Mapping[int, Relation], p: int, s: int) -> dict[int, Relation]:
    """Return the relations among p columns, which hold in each equation, in those of s equations.

    ``relations`` may be those of any number of equations: the first tells all.
    """
    found = {}
    for column, relation in relations.items():
        if column >= p:
            continue
        for equation in range(s):
            weights = np.zeros(s * p)
            weights[equation * p : (equation + 1) * p] = relation.weights[:p]
            found[equation * p + column] = Relation(weights, relation.size)
    return found


def _turned(matrix: Floats, root: Floats) -> Floats:
    """Return ``(T ⊗ 1) root``."""
    k = matrix.shape[1]
    parts = root.reshape(k, -1, root.shape[1])
    turned: Floats = np.einsum("sk,kpm->spm", matrix, parts).reshape(-1, root.shape[1])
    return turned
