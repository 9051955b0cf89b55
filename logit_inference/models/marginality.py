"""Where tests of type 3 depend on how the factors of an interaction are coded.

With an interaction in the model the columns of a main effect say what it is where the columns of
the other factor are zero. That is its average over the other factor where these columns have mean
zero: contrasts that sum to zero over the levels, numbers that are centred. Else it is the effect at
one place, the reference level or the number 0, and another coding would test another hypothesis.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from logit_inference.design.coding import Coding
from logit_inference.inference.terms import Structure
from logit_inference.likelihood.evaluation import Total
from logit_inference.rows.block import Block
from logit_inference.rows.product import dense

if TYPE_CHECKING:
    from logit_inference.models.result import LogitResult

# Distance of the mean from zero, in standard deviations, up to which a number is centred: also by
# a round number, or before rows with missing values were dropped.
CENTRED = 0.1


def coding_notes(result: LogitResult, structure: Structure) -> tuple[str, ...]:
    """Return where tests of type 3 are of one place only, nothing where they are of averages.

    A number without a main effect counts as not centred, and so do all where the result holds no
    rows.

    Notes
    -----
    One pass over the columns of numbers that interact.
    """
    codings: dict[str, Coding] = dict(getattr(result.design, "codings", {}))
    met = {
        term: sorted(
            {f for above in structure.above(term) for f in structure.factors[above]}
            - structure.factors[term]
        )
        for term in structure.tested
        if codings
    }
    numbers = {f for factors in met.values() for f in factors if codings[f].kind == "numeric"}
    held = {f: _place(codings[f]) for factors in met.values() for f in factors}
    held |= dict.fromkeys(_centred(result, structure, numbers), "")
    at = {term: [held[f] for f in factors if held[f]] for term, factors in met.items()}
    told = "; ".join(f"{term} at {', '.join(places)}" for term, places in at.items() if places)
    if not told:
        return ()
    return (
        "Type 3 tests the columns as they are coded. Interactions meet treatment contrasts or "
        "numbers that are not centred here, so that terms inside them are tested at one place "
        f"only: {told}. Use contrasts that sum to zero, C(x, contr.sum), and centred numbers, or "
        "type 2.",
    )


def _place(coding: Coding) -> str:
    """Return where a factor of an interaction is held, empty where its columns sum to zero."""
    if coding.kind == "numeric":
        return f"{coding.expr} = 0" if len(coding.labels) == 1 else f"{coding.expr} as coded"
    if coding.indicators is not None:
        rest = sorted(set(range(len(coding.levels))) - set(coding.indicators.tolist()))
        return f"{coding.expr} = {coding.levels[rest[0]]}" if rest else ""
    sums = np.abs(np.asarray(coding.matrix).sum(axis=0)).max()
    return "" if sums < 1e-9 else f"{coding.expr} as coded"


def _centred(result: LogitResult, structure: Structure, numbers: set[str]) -> list[str]:
    """Return which of some numeric factors have columns with mean zero, weighted or not."""
    alone = {
        next(iter(factors)): list(structure.columns[term])
        for term, factors in structure.factors.items()
        if len(factors) == 1 and factors <= numbers
    }
    if result.fit is None or not alone:
        return []
    columns = [j for own in alone.values() for j in own]
    first, second = result.fit.source.fold(_moments, columns).values
    size, sums, squares = first[..., :1], first[..., 1:], second[..., 1:]
    means = sums / size
    spreads = np.sqrt(np.maximum(squares / size - means**2, 0.0))
    near = dict(zip(columns, (np.abs(means) <= CENTRED * spreads).any(axis=0), strict=True))
    return [factor for factor, own in alone.items() if all(near[j] for j in own)]


def _moments(block: Block, columns: list[int]) -> Total:
    """Return sums of ones, columns, and their squares; unweighted and weighted, (2, 2, k + 1)."""
    X = dense(block.X[:, columns])
    weights = np.ones(len(X)) if block.weights is None else block.weights
    counted = np.vstack([weights > 0, weights]).astype(float)
    ones = np.ones((len(X), 1))
    return Total(np.stack([counted @ np.hstack([ones, X**k]) for k in (1, 2)]))
