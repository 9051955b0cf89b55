"""Simulated data of each shape: what the contenders get, and the same rows as dense blocks.

A shape and a number of rows give the same data in every process. Linear predictors have a standard
deviation of about 1.2.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import expit

from tests.benchmarks.shapes import REFITS, Shape

SPREAD = 1.2  # standard deviation of the linear predictor
DENSE_BYTES = 1 << 26  # of a block for the reference


@dataclass(frozen=True)
class Data:
    """What a shape offers: arrays, or a table and a formula, or both.

    ``X`` has the constant first. Where there are factors it has only the other columns, and
    ``codes`` has the level numbers of the factors; together they are the design in the formula's
    order. ``frame`` has the outcome as column y, ``features`` is the same table without it. ``W``
    has a row of weights for each refit.
    """

    y: np.ndarray
    X: np.ndarray
    codes: tuple[np.ndarray, ...] = ()
    n_levels: tuple[int, ...] = ()
    formula: str | None = None
    frame: Any = None
    features: Any = None
    W: np.ndarray | None = None

    @property
    def n_columns(self) -> int:
        return self.X.shape[1] + sum(self.n_levels) - len(self.n_levels)

    @property
    def n_bytes(self) -> int:
        """Size of what the caller holds beside the outcome."""
        if self.features is not None:
            return int(self.features.memory_usage(index=False).sum())
        return self.X.nbytes

    def dense_blocks(self) -> Iterator[tuple[slice, np.ndarray]]:
        """Yield slices of rows with their columns, treatment-coded."""
        size = max(1, DENSE_BYTES // (8 * self.n_columns))
        for start in range(0, len(self.y), size):
            rows = slice(start, start + size)
            parts = [self.X[rows]]
            for codes, n_levels in zip(self.codes, self.n_levels, strict=True):
                parts.append(codes[rows, None] == np.arange(1, n_levels))
            yield rows, np.concatenate(parts, axis=1, dtype=np.float64) if self.codes else parts[0]


def make(shape: Shape, n: int, replicates: int = REFITS) -> Data:
    """Return the data of a shape, with n rows; for refits with so many rows of weights."""
    rng = np.random.default_rng([n, *shape.name.encode()])
    if shape.kind == "mixed":
        return _table(rng, n, n_numeric=5, n_levels=(10, 50, 500))
    if shape.kind == "discrete":
        return _table(rng, n, n_numeric=0, n_levels=(3, 4, 5, 6))
    # With few rows for each coefficient there would be no finite maximum: fewer columns then.
    p = min(shape.p, max(5, n // 20))
    X = rng.standard_normal((n, p))
    X[:, 0] = 1.0
    slopes = rng.standard_normal(p - 1)
    slopes *= SPREAD / np.linalg.norm(slopes)
    y = _outcome(rng, X[:, 1:] @ slopes)
    if shape.kind == "formula":
        formula, frame, features = _frame(y, X, (), ())
        return Data(y, X, formula=formula, frame=frame, features=features)
    if shape.kind == "bootstrap":
        return Data(y, X, W=rng.multinomial(n, np.full(n, 1 / n), size=replicates))
    return Data(y, X)


def _table(rng: np.random.Generator, n: int, n_numeric: int, n_levels: tuple[int, ...]) -> Data:
    numeric = rng.standard_normal((n, 1 + n_numeric))
    numeric[:, 0] = 1.0
    codes = tuple(rng.integers(k, size=n).astype(np.int16) for k in n_levels)
    share = SPREAD / np.sqrt(n_numeric + len(n_levels))
    eta = numeric[:, 1:] @ rng.choice([-share, share], size=n_numeric)
    for level, k in zip(codes, n_levels, strict=True):
        effects = rng.standard_normal(k)
        eta += (share * (effects - effects.mean()) / effects.std())[level]
    y = _outcome(rng, eta)
    return Data(y, numeric, codes, n_levels, *_frame(y, numeric, codes, n_levels))


def _outcome(rng: np.random.Generator, eta: np.ndarray) -> np.ndarray:
    return (rng.random(len(eta)) < expit(eta - 0.5)).astype(np.float64)


def _frame(
    y: np.ndarray, numeric: np.ndarray, codes: tuple[np.ndarray, ...], n_levels: tuple[int, ...]
) -> tuple[str, Any, Any]:
    import pandas as pd

    columns: dict[str, Any] = {f"x{j}": numeric[:, j] for j in range(1, numeric.shape[1])}
    for j, (level, k) in enumerate(zip(codes, n_levels, strict=True), 1):
        columns[f"f{j}"] = pd.Categorical.from_codes(level, [f"level {i:03}" for i in range(k)])
    features = pd.DataFrame(columns)
    return "y ~ " + " + ".join(columns), features.assign(y=y), features
