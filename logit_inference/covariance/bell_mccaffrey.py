"""The bias-reduced clustered covariance CR2: exactly unbiased where the model is right.

Residuals of a cluster are too small because its own rows took part in the fit. CR2 multiplies them
by the matrix that gives them the covariance which errors have under the model. On the scale of the
response, with variances ``Θ`` of the rows of a cluster and ``Q`` as in `clusters.Rows`, errors less
what the fit takes from them have the covariance ``Θ^½ (I − QQ') Θ^½``, and the matrix is
``Θ^½ G^−½ Θ^½`` with ``G = Θ (I − QQ') Θ``. Its score is ``Q' G^−½ Θ r`` for Pearson residuals r.

G is a diagonal matrix less one of rank r. Of few rows its root is found from its eigenvalues; of
many, from the integral ``G^−½ = 2/π ∫ (t² + G)⁻¹ dt``, for which sums over rows of size (r, r) are
all that is needed: a matrix of the size of a cluster is never made.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
from scipy.special import ellipj, ellipkm1

from logit_inference.covariance.clusters import Clusters, Positions, Rows, read_rows
from logit_inference.covariance.covariance import Covariance
from logit_inference.covariance.satterthwaite import Moments
from logit_inference.rows.block import Floats
from logit_inference.rows.threads import blas_pinned
from logit_inference.solve.fit import Fit

BELL_MCCAFFREY = "1 (Bell-McCaffrey matrices in its place)"
NO_MOMENTS = "no Satterthwaite df for more than 40 columns"
MOST_COLUMNS = 40  # of a fit, up to which moments of r⁴ numbers are sums worth making
FEW_ROWS = 64  # of a cluster whose matrix is decomposed
DECIDED = 1e-10  # of 1 − an eigenvalue of Q'Q: a direction that the cluster alone decides
PIECE = 1 << 20  # numbers of rows, at all nodes of the integral, that are worked on at a time


@dataclass(frozen=True)
class Adjusted:
    """The adjusted scores of k clusters.

    Parameters
    ----------
    score : (k, r) array
    variance : (k, r, r) array
        Of the score, where the model is right. May be empty where no moments are wanted.
    leak : (k, r, r) array
        What scores share; see `Moments.add`. Likewise.
    n_deciding : int
        Clusters that decide a direction by themselves.
    """

    score: Floats
    variance: Floats
    leak: Floats
    n_deciding: int


def bias_reduced(fit: Fit, clusters: Clusters, name: str, frequency: bool) -> Covariance:
    """Return the covariance CR2, with the degrees of freedom that belong to it.

    Directions that a cluster decides by itself have no residual: there the root is that of the
    pseudo-inverse, as in clubSandwich, cluster by cluster. They are told by the eigenvalues of
    ``Q'Q``, so that small variances are not taken for them: clubSandwich tells them by eigenvalues
    of G below 1e-12, and differs in the sixth digit where a fitted value is within 1e-6 of 0 or 1.

    Parameters
    ----------
    fit : Fit
    clusters : Clusters
    name : str
        Of the variable that tells clusters apart.
    frequency : bool
        As in `read_rows`.

    Returns
    -------
    Covariance
        With Satterthwaite's degrees of freedom; beyond 40 columns with a normal reference, which
        its ``correction`` then says.

    Notes
    -----
    Square roots are those of matrices on the scale of the response, as in clubSandwich, so that the
    value changes a little where trials are grouped into rows of different size. Rows of frequency
    w count as w rows, which leaves it as it is.

    Rows are read once, those of clusters of more than 64 twice. Up to 64 rows a cluster takes the
    eigenvalues of a matrix of their number; beyond, some ``100·n·r²`` operations. The moments take
    ``2·G·r⁴``.

    References
    ----------
    Bell and McCaffrey (2002), *Survey Methodology* 28. Pustejovsky and Tipton (2018), *Journal of
    Business & Economic Statistics* 36: clubSandwich 0.5.8, ``vcovCR(glm, type = "CR2")``. Hale,
    Higham and Trefethen (2008), *SIAM Journal on Numerical Analysis* 46: nodes of the integral.
    """
    root = fit.information_root()
    r = root.shape[1]
    meat, moments = np.zeros((r, r)), Moments(r) if r <= MOST_COLUMNS else None
    n_deciding = 0
    with blas_pinned(fit.source.n_rows, r):  # matrices are many and small
        for part in _parts(fit, clusters, root, frequency, moments is not None):
            meat += part.score.T @ part.score
            n_deciding += part.n_deciding
            if moments is not None:
                moments.add(part.variance, part.leak)
    values, vectors = np.linalg.eigh(meat)
    half = root @ (vectors * np.sqrt(np.maximum(values, 0.0)))
    correction = BELL_MCCAFFREY
    if n_deciding:
        who = "1 cluster decides" if n_deciding == 1 else f"{n_deciding:,} clusters decide"
        correction += f"; {who} a coefficient alone, whose error no other shows"
    if moments is None:
        correction += f"; {NO_MOMENTS}"
    df = None if moments is None else moments.finish(root)
    label = f"clustered by {name} (CR2)"
    return Covariance(half, fit.basis, label, correction, len(clusters.sizes), df)


def _parts(
    fit: Fit, clusters: Clusters, root: Floats, frequency: bool, moments: bool
) -> Iterator[Adjusted]:
    """Yield the adjusted scores of some clusters after the other."""
    r = root.shape[1]
    few = max(FEW_ROWS, 3 * r)
    for _, positions in clusters.batches(few, r, squares=moments):
        rows = read_rows(fit, root, positions.ravel(), frequency)
        shape = positions.shape
        own = Rows(
            rows.Q.reshape(*shape, r), rows.residual.reshape(shape), rows.scale.reshape(shape)
        )
        yield _of_few(own, moments)
    for number in np.flatnonzero(clusters.sizes > few):
        positions = clusters.of(int(number))
        yield _of_many(partial(_pieces, fit, positions, root, frequency), r)


def _pieces(fit: Fit, positions: Positions, root: Floats, frequency: bool) -> Iterator[Rows]:
    step = max(PIECE // (30 * root.shape[1]), FEW_ROWS)
    for start in range(0, len(positions), step):
        yield read_rows(fit, root, positions[start : start + step], frequency)


# --- few rows: eigenvalues ------------------------------------------------------------------------


def _of_few(rows: Rows, moments: bool) -> Adjusted:
    """Return the adjusted scores of k clusters of n rows, from (k, n, r) and (k, n) arrays."""
    Q, residual, scale = rows.Q, rows.residual, rows.scale
    hat = Q @ Q.transpose(0, 2, 1)
    # 1 is no eigenvalue where the trace, which is the sum of the leverages, is below it.
    doubtful = np.flatnonzero(np.trace(hat, axis1=1, axis2=2) >= 1.0 - DECIDED)
    inner = scale[:, :, np.newaxis] * (np.eye(Q.shape[1]) - hat) * scale[:, np.newaxis, :]
    values, vectors = np.linalg.eigh(inner)
    powers = np.zeros_like(values)
    decided = np.zeros(len(Q), dtype=np.intp)
    decided[doubtful] = (np.linalg.eigvalsh(hat[doubtful]) >= 1.0 - DECIDED).sum(axis=1)
    free = np.arange(values.shape[1]) >= decided[:, np.newaxis]  # eigenvalues are in order
    np.power(values, -0.5, out=powers, where=free & (values > 0.0))
    turned = vectors.transpose(0, 2, 1) @ Q
    adjusted = vectors @ (powers[:, :, np.newaxis] * turned)
    across = adjusted.transpose(0, 2, 1)
    score = (across @ (scale * residual)[:, :, np.newaxis])[:, :, 0]
    n_deciding = int((decided > 0).sum())
    if not moments:
        nothing = np.empty((0, Q.shape[2], Q.shape[2]))
        return Adjusted(score, nothing, nothing, n_deciding)
    seen = turned * (powers > 0.0)[:, :, np.newaxis]
    leak = across @ (scale[:, :, np.newaxis] * Q)
    return Adjusted(score, seen.transpose(0, 2, 1) @ seen, leak, n_deciding)


# --- many rows: an integral -----------------------------------------------------------------------


def _of_many(pieces: Callable[[], Iterator[Rows]], r: int) -> Adjusted:
    """Return the adjusted score of a cluster whose rows are read in pieces.

    With ``T = t² + Θ²`` the inverse of ``t² + G`` is, by Woodbury's identity,
    ``T⁻¹ + T⁻¹ΘQ (I − Q'Θ²T⁻¹Q)⁻¹ Q'ΘT⁻¹``, so that sums over rows at each node are enough.
    """
    hat, low, high = np.zeros((r, r)), np.inf, 0.0
    for rows in pieces():
        hat += rows.Q.T @ rows.Q
        low, high = min(low, rows.scale.min()), max(high, rows.scale.max())
    shares, vectors = np.linalg.eigh(hat)
    free = shares < 1.0 - DECIDED
    # Eigenvalues of G that are not zero lie between these.
    gap = 1.0 - float(shares[free].max(initial=0.0))
    squares, weights = _nodes(low**2 * gap, high**2)
    away = np.zeros((r, r)) if free.all() else _decided(pieces, vectors[:, ~free])
    variance = np.zeros((r, r))
    first, second = (np.zeros((len(squares), r, r + 1)) for _ in range(2))
    for rows in pieces():
        theta = rows.scale
        kept = rows.Q - (rows.Q @ away) / theta[:, np.newaxis]
        variance += kept.T @ kept
        right = np.column_stack([rows.Q, rows.residual])
        at = theta / (squares[:, np.newaxis] + theta**2)
        first += (kept.T * at[:, np.newaxis, :]) @ right
        second += (rows.Q.T * (theta * at)[:, np.newaxis, :]) @ right
    # first: Q'ΘT⁻¹(Q, r) without decided directions; second: Q'Θ²T⁻¹(Q, r).
    inside = np.linalg.solve(np.eye(r) - second[:, :, :r], second)
    whole = np.einsum("t,tij->ij", weights, first + first[:, :, :r] @ inside)
    score, leak = whole[np.newaxis, :, r], whole[np.newaxis, :, :r]
    return Adjusted(score, variance[np.newaxis], leak, int(not free.all()))


def _decided(pieces: Callable[[], Iterator[Rows]], vectors: Floats) -> Floats:
    """Return W with ``Q − Θ⁻¹QW`` orthogonal to what G takes to zero, ``Θ⁻¹Q vectors``."""
    r, count = vectors.shape
    square, cross = np.zeros((count, count)), np.zeros((count, r))
    for rows in pieces():
        null = (rows.Q @ vectors) / rows.scale[:, np.newaxis]
        square += null.T @ null
        cross += null.T @ rows.Q
    found: Floats = vectors @ np.linalg.solve(square, cross)
    return found


def _nodes(low: float, high: float) -> tuple[Floats, Floats]:
    """Return t² and weights with ``Σ weight/(t² + x)`` the root of 1/x for x from low to high.

    The midpoint rule in the elliptic integral's own variable, to rounding. Nodes beyond the middle
    mirror those before it, which keeps their digits where low is far below high.

    Examples
    --------
    >>> squares, weights = _nodes(1e-8, 1.0)
    >>> x = np.array([1e-8, 1e-3, 1.0])
    >>> bool(np.allclose((weights / (squares + x[:, np.newaxis])).sum(axis=1), x**-0.5, rtol=1e-12))
    True
    """
    ratio = low / high
    half = int(np.ceil(0.95 * (3.0 - np.log(ratio)))) + 1
    quarter = float(ellipkm1(ratio))
    sn, cn, dn, _ = ellipj((np.arange(half) + 0.5) / (2 * half) * quarter, 1.0 - ratio)
    t, slope = sn / cn, dn / cn**2
    mirror = np.sqrt(ratio) * t
    t, slope = np.append(t, 1.0 / mirror), np.append(slope, slope / (mirror * t))
    return low * t**2, np.sqrt(low) * quarter / (np.pi * half) * slope
