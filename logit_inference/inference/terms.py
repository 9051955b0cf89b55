"""Which models a test of a term compares: analyses of deviance of types 1, 2 and 3.

A model is the span of the columns of some terms. Within a fit it is written as restrictions on the
coefficients that the fit could tell apart. Nothing here is estimated or maximised.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from logit_inference.rows.block import Floats
from logit_inference.solve.rank import Relation


@dataclass(frozen=True)
class Structure:
    """The terms of a fit and what its data can tell apart.

    Parameters
    ----------
    columns : mapping of term to column numbers
        In the order of the formula; the intercept among them where there is one.
    factors : mapping of term to a set of factors
        A term contains another where its factors are more. The intercept has none.
    identified : (p,) array of bool
        Columns that the data can tell apart.
    relations : mapping of column number to Relation
        The other columns, as combinations of those.
    """

    columns: Mapping[str, Sequence[int]]
    factors: Mapping[str, frozenset[str]]
    identified: NDArray[np.bool_]
    relations: Mapping[int, Relation]

    @property
    def tested(self) -> tuple[str, ...]:
        """The terms but the intercept."""
        return tuple(term for term in self.columns if self.factors[term])

    def above(self, term: str) -> tuple[str, ...]:
        """Return the terms that contain a term."""
        return tuple(t for t in self.columns if self.factors[t] > self.factors[term])


@dataclass(frozen=True)
class Comparison:
    """Two nested models of which a test of a term compares the likelihoods.

    Parameters
    ----------
    term : str
    null : (k, p) array
        Independent restrictions, ``null @ coef = 0``, of the smaller model.
    alternative : (m, p) array
        Of the larger model: combinations of those.
    """

    term: str
    null: Floats
    alternative: Floats

    @property
    def df(self) -> int:
        """Number of restrictions under test."""
        return len(self.null) - len(self.alternative)


def sequential(structure: Structure) -> list[Comparison]:
    """Return each term added to those before it (type 1)."""
    terms, found = structure.tested, []
    for place, term in enumerate(terms):
        null, alternative = (
            without(structure, terms[place:]),
            without(structure, terms[place + 1 :]),
        )
        found.append(Comparison(term, null, alternative))
    return found


def marginal(structure: Structure) -> list[Comparison]:
    """Return each term added to all terms that do not contain it (type 2)."""
    found = []
    for term in structure.tested:
        above = structure.above(term)
        null, alternative = without(structure, [term, *above]), without(structure, above)
        found.append(Comparison(term, null, alternative))
    return found


def as_coded(structure: Structure) -> list[Comparison]:
    """Return the columns of each term against all other columns (type 3), the intercept's too."""
    p = len(structure.identified)
    none = np.zeros((0, p))
    return [
        Comparison(term, np.eye(p)[[j for j in columns if structure.identified[j]]], none)
        for term, columns in structure.columns.items()
    ]


def single(structure: Structure) -> list[Comparison]:
    """Return the whole model less each term that no other contains."""
    none = np.zeros((0, len(structure.identified)))
    droppable = [term for term in structure.tested if not structure.above(term)]
    return [Comparison(term, without(structure, [term]), none) for term in droppable]


def without(structure: Structure, terms: Collection[str]) -> Floats:
    """Return the restrictions (k, p) under which the columns of some terms are left out.

    Where columns that stay repeat such columns in part (aliased columns do), only what they do not
    span is left out.

    Examples
    --------
    >>> both = {"a": (0,), "b": (1,), "c": (2,)}
    >>> factors = {term: frozenset(term) for term in both}
    >>> again = {2: Relation(np.array([1.0, 1.0, 0.0]), 1.0)}
    >>> three = Structure(both, factors, np.array([True, True, False]), again)
    >>> without(three, ["a"]), without(three, ["a", "c"])
    (array([], shape=(0, 3), dtype=float64), array([[1., 0., 0.]]))
    """
    p = len(structure.identified)
    out = {j for term in terms for j in structure.columns[term]}
    gone = [j for j in sorted(out) if structure.identified[j]]
    rows: Floats = np.eye(p)[gone]
    spanned = [r.weights[gone] for j, r in structure.relations.items() if j not in out]
    left = np.array(spanned, dtype=np.float64).reshape(len(spanned), len(gone))
    left = left[left.any(axis=1)]
    if not len(left):
        return rows
    sizes = np.abs(left).max(axis=1, keepdims=True)
    _, values, turned = np.linalg.svd(left / sizes)
    rank = int(np.count_nonzero(values > 1e-9 * values[0]))
    return np.asarray(turned[rank:] @ rows)
