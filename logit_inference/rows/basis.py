"""Rows seen in another basis of their column space.

An ill-conditioned design loses its digits when its columns are multiplied out, not when they are
stored. `BasisSource` shows the rows of a source as ``Z = X @ matrix``, where each element of Z is
summed in twice the working precision and rounded once. With a ``matrix`` that takes from each
column its part in the span of others, the columns of Z are nearly orthogonal, so that a fit in Z
is as accurate as a fit can be, and ``coef = matrix @ coef_in_Z``. The matrix need not be accurate
itself: any nonsingular matrix gives the same fit. Dropping columns is a special case.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from logit_inference.records import made_fast
from logit_inference.rows.block import Block, Floats
from logit_inference.rows.centring import Centring, centred, centred_layout
from logit_inference.rows.coded import Coded, Layout
from logit_inference.rows.combinations import Combinations
from logit_inference.rows.product import Columns, dense, rows_scaled_at_once
from logit_inference.rows.source import Source

Summary = TypeVar("Summary")


@made_fast
@dataclass(frozen=True, slots=True)
class Basis:
    """A basis of columns: ``Z = X[:, kept] @ matrix`` and ``coef[kept] = matrix @ coef_in_Z``.

    Parameters
    ----------
    n_columns : int
        Number p of columns of X.
    kept : tuple of q int
        Columns of X that take part, in their order.
    matrix : (q, q) array, Centring or None
        None stands for the identity. With a `Centring` codes stay codes; with an array they are
        written out.

    Examples
    --------
    >>> Basis(3, (0, 2)).coefficients(np.array([1.0, 5.0])).tolist()
    [1.0, nan, 5.0]
    """

    n_columns: int
    kept: tuple[int, ...]
    matrix: Floats | Centring | None = None

    @classmethod
    def identity(cls, n_columns: int) -> Basis:
        """Return the columns as they are."""
        return cls(n_columns, tuple(range(n_columns)))

    @property
    def is_identity(self) -> bool:
        """Whether Z is X itself."""
        return self.matrix is None and len(self.kept) == self.n_columns

    @property
    def estimable(self) -> NDArray[np.bool_]:
        """Which columns of X take part, shape (p,)."""
        mask = np.zeros(self.n_columns, dtype=bool)
        mask[list(self.kept)] = True
        return mask

    def rows(self, X: Columns) -> Columns:
        """Return the rows of X (n, p) in this basis (n, q).

        What stands in columns that do not take part is not read.
        """
        if not isinstance(X, Coded):
            return self.of(X)
        kept = X[:, list(self.kept)]
        if self.matrix is None:
            return kept
        if isinstance(self.matrix, Centring):
            return centred(kept, self.matrix)
        return Combinations(self.matrix).of(dense(kept))

    def of(self, X: Floats) -> Floats:
        """Return plain rows of X, or combinations of its coefficients, in this basis."""
        if self.is_identity:
            return X
        part = self.picked(X)
        if self.matrix is None:
            return part
        if isinstance(self.matrix, Centring):
            return self.matrix.of_plain(part)
        return Combinations(self.matrix).of(part)

    def picked(self, X: Floats) -> Floats:
        """Return the columns of plain X that take part; not a copy where that is all of them."""
        # To pick them all would take as long as a score.
        return X if len(self.kept) == self.n_columns else X[:, list(self.kept)]

    def layout(self, layout: Layout | None) -> Layout | None:
        """Return what the columns of Z are made of, for those of X; None where they are plain."""
        if layout is None or self.is_identity:
            return layout
        kept = layout.keep(self.kept)
        if self.matrix is None:
            return kept
        return centred_layout(kept, self.matrix) if isinstance(self.matrix, Centring) else None

    def coefficients(self, inner: Floats) -> Floats:
        """Return the (p,) coefficients of X; NaN where a column does not take part."""
        if self.is_identity:
            return inner.copy()
        full = np.full(self.n_columns, np.nan)
        full[list(self.kept)] = inner if self.matrix is None else self.matrix @ inner
        return full

    def rounding(self, inner: Floats) -> Floats:
        """Return a bound (p,) on what rounding takes from `coefficients`; zero where nothing."""
        full = np.zeros(self.n_columns)
        if self.matrix is not None:
            sizes = np.abs(inner)
            if isinstance(self.matrix, Centring):
                reach = replace(self.matrix, values=np.abs(self.matrix.values)) @ sizes
            else:
                reach = np.abs(self.matrix) @ sizes
            full[list(self.kept)] = (len(inner) + 1) * 2.0**-53 * reach
        return full

    def root(self, inner: Floats) -> Floats:
        """Return (p, r) rows of coefficients from (q, r) rows in this basis, zero where none."""
        full = np.zeros((self.n_columns, inner.shape[1]))
        full[list(self.kept)] = inner if self.matrix is None else self.matrix @ inner
        return full

    def inner(self, full: Floats) -> Floats:
        """Return the (q,) coefficients in this basis of (p,) coefficients of X."""
        part = full[list(self.kept)]
        if self.matrix is None:
            return part
        if isinstance(self.matrix, Centring):
            return self.matrix.solve(part)
        inner: Any = np.linalg.solve(self.matrix, part)
        return np.asarray(inner, dtype=np.float64)


@made_fast
@dataclass(frozen=True, slots=True)
class BasisSource:
    """A source whose rows are shown in another basis, block by block."""

    source: Source
    basis: Basis

    @property
    def n_rows(self) -> int:
        """Number of rows."""
        return self.source.n_rows

    @property
    def n_columns(self) -> int:
        """Number of columns of Z."""
        return len(self.basis.kept)

    @property
    def layout(self) -> Layout | None:
        """What coded columns are made of; None where columns are plain."""
        return self.basis.layout(self.source.layout)

    @property
    def score_price(self) -> float:
        """What a pass for a score costs, in passes for the information too."""
        return self.source.score_price

    @property
    def only_block(self) -> Block | None:
        """The block that holds all rows, in this basis, if there is one."""
        block = self.source.only_block
        return None if block is None else block.with_columns(self.basis.rows(block.X))

    @property
    def small_block(self) -> Block | None:
        """All rows as one block, in this basis, where they are few."""
        block = self.source.small_block
        return None if block is None else block.with_columns(self.basis.rows(block.X))

    def fold(self, kernel: Callable[..., Summary], *args: Any) -> Summary:
        """Return the merged summaries of all blocks in this basis."""
        merged: Summary = self.source.fold(_in_basis, self.basis, kernel, *args)
        return merged

    def fold_runs(self, kernel: Callable[..., Summary], *args: Any) -> Summary:
        """Return the merged summaries of all runs in this basis."""
        merged: Summary = self.source.fold_runs(_run_in_basis, self.basis, kernel, *args)
        return merged

    def sample(self, every: int, rare: float | None) -> Source:
        """Return some of the rows, weighted, in this basis."""
        return BasisSource(self.source.sample(every, rare), self.basis)

    def distinct(self) -> Source | None:
        """Return the distinct rows in this basis, where there are few."""
        cells = self.source.distinct()
        return None if cells is None else BasisSource(cells, self.basis)

    def without_columns(self) -> Source:
        """Return the rows with no columns, for sums over them that need none."""
        return self.source.without_columns()

    def map(self, kernel: Callable[..., Floats], *args: Any) -> Floats:
        """Return the row-aligned values of all blocks in this basis."""
        return self.source.map(_in_basis, self.basis, kernel, *args)


def in_basis(source: Source, basis: Basis) -> Source:
    """Return the rows of a source in a basis; the source itself where that changes nothing."""
    return source if basis.is_identity else BasisSource(source, basis)


def _in_basis(block: Block, basis: Basis, kernel: Callable[..., Any], *args: Any) -> Any:
    return kernel(block.with_columns(basis.rows(block.X)), *args)


def _run_in_basis(
    run: Iterable[Block], basis: Basis, kernel: Callable[..., Any], *args: Any
) -> Any:
    return kernel(_blocks_in_basis(run, basis), *args)


def _blocks_in_basis(run: Iterable[Block], basis: Basis) -> Iterator[Block]:
    """Yield blocks in a basis, each valid until the next is asked for: one space serves all."""
    space: Floats | None = None
    matrix = basis.matrix
    combinations = Combinations(matrix) if isinstance(matrix, np.ndarray) else None
    for block in run:
        X = block.X
        if isinstance(X, Coded) or combinations is None:
            yield block.with_columns(basis.rows(X))
            continue
        if space is None:  # as large as what is scaled of a block at a time
            size = rows_scaled_at_once(block.n_rows, len(basis.kept))
            space = np.empty((size, len(basis.kept)))
        for start in range(0, max(block.n_rows, 1), len(space)):
            part = block.rows(start, start + len(space))
            picked = basis.picked(X[start : start + len(space)])
            yield part.with_columns(combinations.of(picked, space[: part.n_rows]))
