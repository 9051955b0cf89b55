"""Timing: contenders take turns in one process, and each keeps the times of its turns.

On a machine with other work a slow minute then hits all of them, and medians compare.
"""

import gc
import math
import sys
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from statistics import median

from tests.benchmarks.peers import Answer

WARM_UP_SECONDS = 0.5  # a first run that is shorter may have been mostly imports and cold caches
TURN_SECONDS = 0.05  # a turn repeats shorter fits, for the clock's sake and the caches'


@dataclass
class Times:
    """Seconds per fit in each turn; or one run alone where that took longer than the budget."""

    cpu: list[float] = field(default_factory=list)
    wall: list[float] = field(default_factory=list)
    fits_per_turn: int = 1
    warnings: list[str] = field(default_factory=list)
    failure: str | None = None

    def middle(self) -> dict[str, float] | None:
        """Return the medians."""
        return {"cpu": median(self.cpu), "wall": median(self.wall)} if self.cpu else None


@contextmanager
def pinned(threads: int | None) -> Iterator[None]:
    """Let BLAS, OpenMP and numexpr (glum's) have so many threads; None leaves them as found."""
    if threads is None:
        yield
        return
    from threadpoolctl import threadpool_limits

    numexpr = sys.modules.get("numexpr")
    before = numexpr.get_num_threads() if numexpr else None
    try:
        if numexpr:
            numexpr.set_num_threads(threads)
        with threadpool_limits(threads):
            yield
    finally:
        if numexpr:
            numexpr.set_num_threads(before)


def race(
    entrants: Mapping[str, Callable[[], Answer]],
    *,
    threads: int | None,
    repeats: int,
    budget: float,
) -> tuple[dict[str, Times], dict[str, Answer]]:
    """Return the times of all entrants, and the answers of those that gave one.

    The first run of each warms it up and counts only for those that exceed the budget in seconds:
    they run once. An entrant that raises is reported with what it said. Their packages must have
    been imported before, because pinning reaches only the thread pools that are there.
    """
    times = {name: Times() for name in entrants}
    answers = {}
    for name, run in entrants.items():
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            try:
                with pinned(threads):
                    cpu, wall, answers[name] = _turn(run, 1)
                    warm = wall if wall > WARM_UP_SECONDS else _turn(run, 1)[1]
                    if warm < TURN_SECONDS:  # one alone finds no code in cache: twice as long
                        warm = _turn(run, _filling(TURN_SECONDS / 5, warm))[1]
            except Exception as problem:
                times[name].failure = f"{type(problem).__name__}: {problem}"
                continue
        times[name].warnings = sorted({f"{w.category.__name__}: {w.message}" for w in caught})
        times[name].fits_per_turn = _filling(TURN_SECONDS, warm)
        if wall > budget:
            times[name].cpu.append(cpu)
            times[name].wall.append(wall)
    staying = [name for name in answers if not times[name].cpu]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for _ in range(repeats):
            for name in staying:
                with pinned(threads):
                    cpu, wall, _ = _turn(entrants[name], times[name].fits_per_turn)
                times[name].cpu.append(cpu)
                times[name].wall.append(wall)
    return times, answers


def _filling(seconds: float, each: float) -> int:
    """Return how many fits fill so many seconds."""
    return max(1, math.ceil(seconds / each))


def _turn(run: Callable[[], Answer], fits: int) -> tuple[float, float, Answer]:
    gc.collect()
    wall, cpu = time.perf_counter(), time.process_time()
    for _ in range(fits):
        answer = run()
    return (time.process_time() - cpu) / fits, (time.perf_counter() - wall) / fits, answer
