"""Where the maxima of Jeffreys' criterion of few rows may be: rough searches from many starts.

The log-determinant of the information is not concave. Of few rows, one of them far out, the
criterion may have several maxima, all the more under restrictions, and a Newton search ends at the
one whose slope it began on. All starts climb here at once, by Fisher's scoring with steps of their
own length; where they end is a proposal, from which `newton` searches. This file must not decide
which maximum counts.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from logit_inference.likelihood.candidates import (
    candidate_sums,
    determinant_scores,
    largest_leverage,
)
from logit_inference.rows.block import Floats
from logit_inference.rows.source import Source

# Rows up to which other maxima are looked for, and columns.
FEW_ROWS, FEW_COLUMNS = 100, 12
# Largest leverage of a row at a maximum, below which it is left alone. In 1,554 simulated fits with
# rows far out, the 12 that were not at the highest maximum had 0.41 or more; so had, of 1,000
# restricted maxima, all that were not the highest (0.48).
CALM = 0.35
RADII = (2.0, 6.0)  # standard errors from the point that is known, along each axis, both ways
MOST_STEPS, MERGED = 40, (3, 6, 10, 20)  # steps, and before which of them ends are merged
SHORTEST = 1e-3  # share of a step, below which a climb gives up
SETTLED = 1e-5  # of the squared decrement: next to its maximum, for `newton`
LONGEST = 8.0  # standard errors of a step
APART = 0.02  # standard errors between two ends that are different maxima

# From origin (q,), span (q, r) and starts (S, r) to values (T,) and coefficients (T, q).
Scout = Callable[[Floats, Floats, Floats], tuple[Floats, Floats]]


def has_few_rows(rows: Source) -> bool:
    """Say whether other maxima are worth looking for, and cheap."""
    return rows.n_rows <= FEW_ROWS and rows.n_columns <= FEW_COLUMNS


def star(n_columns: int) -> Floats:
    """Return starts around zero, shape (S, r): far out both ways along each axis, and zero.

    Examples
    --------
    >>> star(1).ravel().tolist()
    [0.0, 2.0, -2.0, 6.0, -6.0]
    """
    unit = np.eye(n_columns)
    arms = [sign * radius * unit for radius in RADII for sign in (1.0, -1.0)]
    return np.vstack([np.zeros((1, n_columns)), *arms])


def scout(
    rows: Source, power: float, origin: Floats, span: Floats, starts: Floats
) -> tuple[Floats, Floats]:
    """Return where climbs of ``ℓ + power·log|I|`` end, the highest first, and its values there.

    Parameters
    ----------
    rows : Source
    power : float
    origin : (q,) array
    span : (q, r) array
        Of full column rank: coefficients are ``origin + span @ inner``.
    starts : (S, r) array
        Of ``inner``.

    Returns
    -------
    values : (T,) array
        But for a constant.
    coef : (T, q) array
        Those that are apart from each other. None where no row at ``origin`` has a large leverage,
        and where all starts are too far out.

    Notes
    -----
    Two folds for each of at most `MOST_STEPS` steps, of all starts at once.
    """
    root = _roots(rows.fold(candidate_sums, origin[np.newaxis]).information)
    if root is None or rows.fold(largest_leverage, origin, root[0]).value < CALM:
        return np.zeros(0), np.zeros((0, len(origin)))
    inner, size = starts.copy(), np.ones(len(starts))
    best, left = np.full(len(starts), -np.inf), np.full(len(starts), np.inf)
    step = np.zeros_like(starts)
    with np.errstate(all="ignore"):  # of starts that turn out to be too far out
        for n in range(MOST_STEPS):
            if n in MERGED:
                apart = _apart(best, inner)
                inner, size, best, left, step = (
                    part[apart] for part in (inner, size, best, left, step)
                )
            live = np.flatnonzero((left > SETTLED) & (size > SHORTEST))
            if not len(live):
                break
            trial = inner[live] + size[live, np.newaxis] * step[live]
            value, ahead, length = _look(rows, power, origin, span, trial)
            rose = value > best[live]
            size[live] = np.where(rose, np.minimum(4.0 * size[live], 1.0), size[live] / 4.0)
            up = live[rose]
            inner[up], step[up] = trial[rose], ahead[rose]
            best[up], left[up] = value[rose], length[rose]
            size[live[~np.isfinite(best[live])]] = 0.0
    apart = _apart(best, inner)
    return best[apart], origin + inner[apart] @ span.T


def _apart(best: Floats, inner: Floats) -> list[int]:
    """Return points that are not next to a higher one, the highest first."""
    apart: list[int] = []
    for k in np.argsort(-best).tolist():
        gaps = np.linalg.norm(inner[apart] - inner[k], axis=1)
        if np.isfinite(best[k]) and (gaps > APART).all():
            apart.append(k)
    return apart


def _look(
    rows: Source, power: float, origin: Floats, span: Floats, inner: Floats
) -> tuple[Floats, Floats, Floats]:
    """Return values, Fisher's steps and squared decrements; minus infinity where there are none."""
    value, step, length = np.full(len(inner), -np.inf), np.zeros_like(inner), np.zeros(len(inner))
    coef = origin + inner @ span.T
    sums = rows.fold(candidate_sums, coef)
    signs, logs = np.linalg.slogdet(sums.information)
    told = np.flatnonzero((signs > 0) & np.isfinite(logs) & np.isfinite(sums.values))
    roots = _roots(sums.information[told])
    if roots is None:
        return value, step, length
    bias = rows.fold(determinant_scores, coef[told], roots).values
    score = (sums.scores[told] + power * bias) @ span
    curvature = span.T @ sums.information[told] @ span
    singular = np.linalg.det(curvature) <= 0
    curvature[singular] += np.eye(span.shape[1])
    ahead = np.linalg.solve(curvature, score[:, :, np.newaxis])[:, :, 0]
    ahead *= np.minimum(1.0, LONGEST / np.linalg.norm(ahead, axis=1))[:, np.newaxis]
    value[told] = sums.values[told] + power * logs[told]
    step[told], length[told] = ahead, np.einsum("ij,ij->i", ahead, score)
    return value, step, length


def _roots(information: Floats) -> Floats | None:
    """Return B with ``B B'`` the inverse of each matrix; None where there are none to be had."""
    if not len(information):
        return None
    axes, vectors = np.linalg.eigh(information)
    if not np.isfinite(axes).all() or (axes[:, -1] <= 0.0).any():
        return None
    least = np.maximum(axes, axes[:, -1:] * 1e-15)
    roots: Floats = vectors / np.sqrt(least)[:, np.newaxis, :]
    return roots
