"""Joint distributions of tests of different models: what single-step adjustment needs.

Under the smallest of the models all statistics are, in large samples, sums of squares of one normal
vector along directions of their own: those of the columns that each test asks about, less what the
others of its model hold, in the metric of the information.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from logit_inference.errors import ArgumentError
from logit_inference.inference.estimate import Estimate
from logit_inference.inference.terms import Comparison
from logit_inference.models.nested import spanned
from logit_inference.rows.block import Floats
from logit_inference.rows.product import dense
from logit_inference.rows.source import ArraySource
from logit_inference.solve.fit import Fit
from logit_inference.solve.nesting import combinations, plain_columns

if TYPE_CHECKING:
    from logit_inference.design.addition import Columns

ELEMENTS = 1 << 20  # of the columns of all models, that are written out at a time
EXACT = 1e-9  # of a singular value: smaller ones are rounding


def chain(fits: Sequence[Fit], names: Sequence[str]) -> tuple[int, list[Comparison]]:
    """Return which of several fits holds all others, and each against the one before it there.

    Parameters
    ----------
    fits : sequence of Fit
        Each nested in its neighbours, or the other way round.
    names : sequence of str

    Raises
    ------
    ArgumentError
        Where none holds all others: there is no model in which the tests have a joint distribution.
    """
    widest = max(range(len(fits)), key=lambda i: len(fits[i].basis.kept))
    whole = fits[widest]
    places = {name: j for j, name in enumerate(whole.names)}
    rows = []
    for fit, name in zip(fits, names, strict=True):
        assert isinstance(fit.source, ArraySource)
        alike = {j: places[own] for j, own in enumerate(fit.names) if own in places}
        found = combinations(whole.source, whole.basis.kept, fit.source, alike)
        if found.outside:
            reason = (
                f"{name} is not nested in {names[widest]}, so that there is no model in which all "
                "the tests have a joint distribution"
            )
            raise ArgumentError.refused("adjust", "single-step", reason, '"holm"')
        rows.append(spanned(found.weights, whole.basis.kept, whole.source.n_columns))
    steps = [sorted(pair, key=len, reverse=True) for pair in pairwise(rows)]
    tests = zip(names[1:], steps, strict=True)
    return widest, [Comparison(name, null, alternative) for name, (null, alternative) in tests]


def addition_axes(fit: Fit, larger: Sequence[Columns], df: Sequence[float]) -> list[Floats]:
    """Return the directions of score tests of additions to a fit, in the metric of its weights.

    Parameters
    ----------
    fit : Fit
        On separated data the limiting model: rows that are separated have no weight.
    larger : sequence of Columns
        Of the larger models.
    df : sequence of float
        Of each test; zero of an addition that adds nothing.

    Notes
    -----
    One QR fold of the columns of the fit and of all that are new, which are held at once.
    """
    assert isinstance(fit.source, ArraySource)
    known = set(fit.names)
    new = [[j for j, name in enumerate(one.names) if name not in known] for one in larger]
    # Where names do not tell what is new, all columns serve.
    new = [
        own if len(own) >= k else list(range(len(one.names)))
        for own, k, one in zip(new, df, larger, strict=True)
    ]
    upper = _triangle(fit, fit.source, larger, new)
    q = upper.shape[1] - sum(map(len, new))
    base, values, _ = np.linalg.svd(upper[:, :q], full_matrices=False)
    base = base[:, values > EXACT * values.max(initial=0.0)]
    axes, start = [], q
    for own, k in zip(new, df, strict=True):
        added = upper[:, start : start + len(own)]
        added = added - base @ (base.T @ added)
        added = added - base @ (base.T @ added)  # once more: the rest may be small
        axes.append(np.linalg.svd(added, full_matrices=False)[0][:, : int(k)])
        start += len(own)
    return axes


def _triangle(
    fit: Fit, source: ArraySource, larger: Sequence[Columns], new: Sequence[list[int]]
) -> Floats:
    """Return the triangular factor of all columns, scaled to unit length, times root weights."""
    roots = np.sqrt(np.nan_to_num(fit.map(fit.likelihood.working_weights)))
    n, q = source.n_rows, source.n_columns + sum(map(len, new))
    step = max(ELEMENTS // q, q)
    upper: Any = np.zeros((0, q))
    for start in range(0, n, step):
        rows = slice(start, min(start + step, n))
        parts = [plain_columns(source, rows.start, rows.stop)]
        parts += [dense(one.X[rows])[:, own] for one, own in zip(larger, new, strict=True)]
        weighted = np.hstack(parts) * roots[rows, np.newaxis]
        upper = np.linalg.qr(np.vstack([upper, weighted]), mode="r")
    sizes = np.linalg.norm(upper, axis=0)
    return np.asarray(upper / np.where(sizes > 0, sizes, 1.0))


def check_finite(estimates: Sequence[Estimate], names: Sequence[str]) -> None:
    """Raise where a fit has coefficients at infinity, of which there is no normal distribution."""
    for estimate, name in zip(estimates, names, strict=True):
        if not estimate.finite.all():
            reason = f"{name} has coefficients at infinity, which have no normal distribution"
            raise ArgumentError.refused("adjust", "single-step", reason, '"holm"')
