"""The root of the inverse information, to the digits that the rows allow.

A summed information matrix shows a direction only down to the rounding of its sum; rows show the
square of that. What stands on the inverse, whether printed (standard errors) or decided (whether
the search has come to its end), takes the sum where that is good enough and the rows where not.
"""

from __future__ import annotations

import numpy as np

from logit_inference.likelihood.likelihood import Likelihood
from logit_inference.rows.basis import Basis, in_basis
from logit_inference.rows.block import Floats
from logit_inference.rows.coded import Layout
from logit_inference.rows.source import Source
from logit_inference.solve.condition import condition_numbers, is_resolved
from logit_inference.solve.factor import Factor, factorize
from logit_inference.solve.triangle import working_triangle

# The summed information's inverse is wrong by about eps times its scaled condition. Above this
# condition (an error of 2e-10) the factor is folded from the rows instead, which loses half of
# those digits only.
SUMMED_IS_ENOUGH = 1e6
# Products of rows and squared columns up to which codes are written out for that fold: a minute.
MOST_WRITTEN_OUT = 3e11


def information_root(
    rows: Source, likelihood: Likelihood, coef: Floats, upper: Floats, factor: Factor | None
) -> Floats:
    """Return a matrix B (q, r) with ``B B'`` the inverse information at ``coef``.

    Parameters
    ----------
    rows : Source
        Of q columns.
    likelihood : Likelihood
    coef : (q,) array
    upper : (q, q) or (q(q+1)/2,) array
        Upper triangle of the summed information there, or packed; packed only of plain columns.
    factor : Factor or None
        Of it; None where it is singular.

    Raises
    ------
    numpy.linalg.LinAlgError
        Where the rows' own factor is singular as well.

    Notes
    -----
    No pass where the information at hand is well conditioned (scaled condition up to 1e6, an error
    of the standard errors of about 1e-10); otherwise one fold of a QR factor of the rows scaled by
    root working weights. Coded columns are too many for that, and numbers among them are centred
    where that matters (see `solve.rank`); where the weights here need other centres, two passes
    more. Only where that does not help either are codes written out, if the time for it is counted
    in seconds or minutes. Rows that are not independent have the sum and nothing else, in a basis
    that conditions it (see `solve.search`).
    """
    return counted_root(rows, likelihood, coef, upper, factor)[0]


def counted_root(
    rows: Source, likelihood: Likelihood, coef: Floats, upper: Floats, factor: Factor | None
) -> tuple[Floats, int]:
    """Return `information_root`, and the passes that it took."""
    layout, spent = rows.layout, 0
    plain = layout is None and likelihood.has_independent_rows
    if plain and factor is not None and factor.condition_within(SUMMED_IS_ENOUGH):
        return factor.inverse_root(), spent  # made last: of many columns each square is dear
    root = None if plain or factor is None else factor.inverse_root()
    if not likelihood.has_independent_rows:  # no factor of the rows has the information's root
        if root is None:
            raise np.linalg.LinAlgError("the information is singular")
        return root, spent
    if factor is not None and root is not None and is_resolved(factor, root):
        return root, spent
    if layout is not None:
        again, spent = _centred_root(rows, likelihood, coef, layout, upper), 2
        if again is not None:
            return again, spent
        if root is not None and rows.n_rows * float(len(root)) ** 2 > MOST_WRITTEN_OUT:
            return root, spent
    return rows.fold(working_triangle, likelihood, coef).inverse_root(), spent + 1


def _centred_root(
    rows: Source, likelihood: Likelihood, coef: Floats, layout: Layout, upper: Floats
) -> Floats | None:
    """Return the root by way of columns with numbers centred; None where that is too little."""
    q = rows.n_columns
    centring = condition_numbers(rows, layout, upper)
    if centring is None:
        return None
    basis = Basis(q, tuple(range(q)), centring)
    at = in_basis(rows, basis).fold_runs(likelihood.evaluate, basis.inner(coef))
    centred = factorize(at.upper)
    if centred is None:
        return None
    root = centred.inverse_root()
    return basis.root(root) if is_resolved(centred, root) else None
