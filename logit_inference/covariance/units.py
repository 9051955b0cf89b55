"""What resampling draws: rows, copies of a row, clusters of rows, within strata or among all.

A draw takes units with replacement and says how often each is taken; a row then has the weight that
its unit was taken, times its own. Which model is fitted to the draw, this file does not ask.

The numbers of a replicate come from a range of a counter-based generator that is its own (Philox;
Salmon, Moraes, Dror and Shaw 2011), so that they depend on the seed and its number only: not on the
replicates beside it, on blocks of rows, or on threads.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from logit_inference.rows.block import Floats

Codes = NDArray[np.int64]
PIECE = 1 << 14  # random numbers that are made at a time, so that they stay in a cache


@dataclass(frozen=True)
class Units:
    """What is drawn as a whole, and what it is drawn from.

    Parameters
    ----------
    name : str
        In the plural: ``"rows"``, ``"clusters of id"``.
    n_rows : int
        Rows of the source, whether or not they count.
    codes : (n_rows,) array of int or None
        The unit of each row, −1 for a row that does not count; None where each row is one.
    n_units : int
    copies : (n_units,) array or None
        How many units each stands for, where they are alike; None for one each.
    strata : (n_units,) array of int or None
        From 0 on without gaps; None where all are drawn from one.
    prior : (n_rows,) array or None
        Weights that rows keep however often they are drawn.
    """

    name: str
    n_rows: int
    codes: Codes | None
    n_units: int
    copies: Floats | None = None
    strata: Codes | None = None
    prior: Floats | None = None

    @property
    def total(self) -> float:
        """Number of units, copies counted."""
        return float(self.n_units if self.copies is None else self.copies.sum())

    @property
    def n_strata(self) -> int:
        """Number of strata; one where there are none."""
        return 1 if self.strata is None else int(self.strata.max(initial=-1)) + 1

    @property
    def stratum_sizes(self) -> Floats:
        """Units of each stratum, copies counted."""
        if self.strata is None:
            return np.array([self.total])
        return np.bincount(self.strata, self.copies, self.n_strata).astype(np.float64)

    @property
    def dtype(self) -> Any:
        """Of weights: whole numbers where rows have no weights of their own."""
        return np.int32 if self.prior is None else np.float64

    def spread(self, counts: NDArray[Any], out: NDArray[Any]) -> None:
        """Write the weights (n_rows,) that rows have where units have these counts (n_units,)."""
        if self.codes is None:
            out[:] = counts
        else:  # rows that do not count have code −1
            out[:] = np.append(counts, 0)[self.codes]
        if self.prior is not None:
            out *= self.prior


@dataclass(frozen=True)
class Draws:
    """How units are drawn: a stream of random numbers for each replicate.

    Parameters
    ----------
    units : Units
    seed : int
        Not negative; any size.

    Examples
    --------
    Numbers belong to a replicate, whichever are drawn beside it:

    >>> draws = Draws(Units("rows", 4, None, 4), seed=1)
    >>> draws.weights(0, 3)[2].tolist() == draws.weights(2, 3)[0].tolist()
    True
    >>> draws.weights(0, 3).sum(axis=1).tolist()
    [4, 4, 4]
    """

    units: Units
    seed: int

    def weights(self, start: int, stop: int) -> NDArray[Any]:
        """Return the weights (stop − start, n_rows) of these replicates.

        Notes
        -----
        Some 10 ns for each unit and replicate; 70 ns for one with copies.
        """
        units = self.units
        stream, layers = Stream(self.seed), _layers(units)
        found = np.empty((stop - start, units.n_rows), dtype=units.dtype)
        for replicate in range(start, stop):
            counts = _counts(stream.at(replicate), units, layers)
            units.spread(counts, found[replicate - start])
        return found


@dataclass(frozen=True)
class _Layers:
    """Units in the order of their strata.

    Parameters
    ----------
    order : (n_units,) array of int
        The units, those of a stratum beside each other.
    first, size : (n_units,) arrays
        For each place where its stratum begins, and how many units it has.
    """

    order: Codes
    first: Codes
    size: Codes


def _layers(units: Units) -> _Layers | None:
    """Return the units in the order of their strata, None where there are none."""
    if units.strata is None:
        return None
    sizes = np.bincount(units.strata, minlength=units.n_strata)
    order = np.argsort(units.strata, kind="stable")
    return _Layers(order, np.repeat(np.cumsum(sizes) - sizes, sizes), np.repeat(sizes, sizes))


def _counts(stream: Stream, units: Units, layers: _Layers | None) -> NDArray[Any]:
    """Return how often each unit is drawn: as many of each stratum as it has."""
    n = units.n_units
    if layers is None and units.copies is None:
        return np.bincount(stream.below(n, n), minlength=n)
    if layers is None:
        return stream.multinomial(np.asarray(units.copies))
    counts = np.empty(n, dtype=np.int64)
    if units.copies is None:
        places = layers.first + stream.below(layers.size, n)
        counts[layers.order] = np.bincount(places, minlength=n)
        return counts
    for first in np.unique(layers.first):
        own = layers.order[first : first + layers.size[first]]
        counts[own] = stream.multinomial(units.copies[own])
    return counts


class Stream:
    """Random numbers of one replicate after the other, each from a range of its own.

    The key is made of the seed, and the number of the replicate stands in the upper half of the
    counter: 2¹²⁸ numbers for each of 2⁶⁴ replicates.

    Examples
    --------
    >>> Stream(1).at(7).below(10, 3).tolist() == Stream(1).at(7).below(10, 3).tolist()
    True
    """

    def __init__(self, seed: int) -> None:
        key = np.random.SeedSequence(seed).generate_state(2, np.uint64)
        self._bits = np.random.Philox(key=key)
        self._generator = np.random.Generator(self._bits)
        self._state: Any = self._bits.state

    def at(self, replicate: int) -> Stream:
        """Return the stream at the first number of a replicate."""
        self._state["state"]["counter"][:] = 0, 0, replicate, 0
        self._state.update(buffer_pos=4, has_uint32=0, uinteger=0)
        self._bits.state = self._state
        return self

    def below(self, bound: int | Codes, size: int) -> NDArray[np.int64]:
        """Return whole numbers from 0 up to below ``bound``, which may differ by number.

        From the 53 leading bits, so that no release of numpy changes them; what the division does
        not even out is of the order ``bound / 2**53``.
        """
        found = np.empty(size, dtype=np.int64)
        for start in range(0, size, PIECE):
            part = found[start : start + PIECE]
            leading: Any = self._bits.random_raw(len(part)) >> np.uint64(11)
            most = bound if isinstance(bound, int) else bound[start : start + PIECE]
            part[:] = leading.view(np.int64) * (most * 2.0**-53)
        return found

    def multinomial(self, copies: Floats) -> NDArray[np.int64]:
        """Return how often each is drawn, of as many draws as there are copies of all."""
        total = copies.sum()
        drawn: NDArray[np.int64] = self._generator.multinomial(int(total), copies / total)
        return drawn

    def order(self, size: int) -> NDArray[np.int64]:
        """Return a permutation of ``size`` things: the order of as many random numbers."""
        found: NDArray[np.int64] = np.argsort(self._bits.random_raw(size), kind="stable")
        return found
