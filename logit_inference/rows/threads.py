"""Python threads over runs of rows, with BLAS kept to one thread inside.

BLAS that starts threads of its own on small products, on cores that are busy already, can be fifty
times slower than one thread. So it is pinned to one while rows are folded, and the rows are shared
among Python threads instead: numpy and BLAS release the interpreter in what takes long.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from threading import Lock
from typing import Any, TypeVar

Task = TypeVar("Task")
Result = TypeVar("Result")
# Elements of X for each thread: below this a pass is over before a second thread has started.
WORTH_A_THREAD = 1_500_000
# Elements of X, or columns: below this BLAS uses one thread anyway.
BLAS_STAYS_SINGLE = 8_000
BLAS_STAYS_SMALL = 32


def in_order(
    job: Callable[[Task], Result], tasks: Sequence[Task], threads: int
) -> Iterator[Result]:
    """Yield ``job(task)`` for all tasks in their order, computed by up to ``threads`` threads.

    No more than twice as many tasks as threads are begun before the first is taken, so that what
    waits to be merged stays small.

    Examples
    --------
    >>> list(in_order(abs, [-1, 2, -3], threads=2))
    [1, 2, 3]
    """
    if threads <= 1 or len(tasks) <= 1:
        yield from map(job, tasks)
        return
    with ThreadPoolExecutor(min(threads, len(tasks))) as pool:
        waiting: deque[Future[Result]] = deque()
        for task in tasks:
            waiting.append(pool.submit(job, task))
            if len(waiting) == 2 * threads:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def threads_for(n_rows: int, n_columns: int, most: int | None = None) -> int:
    """Return how many threads are worth starting on a table of this size.

    At most ``most``, by default as many as this process has processors.

    Examples
    --------
    >>> threads_for(1_000, 5, most=4), threads_for(1_000_000, 20, most=4)
    (1, 4)
    """
    worth = n_rows * n_columns // WORTH_A_THREAD
    return 1 if worth < 2 else min(most or _processors(), worth)


def _processors() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class _Pin:
    """Who has BLAS pinned: the first to come sets the limit, the last to leave lifts it.

    The number of BLAS threads belongs to the process. Two fits in two threads that each restored
    what they found would leave it pinned for ever.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._users = 0
        self._controller: Any = None
        self._limit: Any = None

    def __enter__(self) -> None:
        with self._lock:
            if self._users == 0:
                if self._controller is None:
                    from threadpoolctl import ThreadpoolController

                    self._controller = ThreadpoolController()
                self._disown()
                self._limit = self._controller.limit(limits=1, user_api="blas")
            self._users += 1

    def __exit__(self, *error: object) -> None:
        with self._lock:
            self._users -= 1
            if self._users == 0:
                self._disown()
                self._limit.restore_original_limits()
                self._disown()
                self._limit = None

    def _disown(self) -> None:
        """Let any thread set the limit next.

        Since threadpoolctl 3.8 the first that sets it owns it for as long as it lives, and what
        others set is ignored in silence. Who leaves last need not be who came first.
        """
        for library in getattr(self._controller, "lib_controllers", ()):
            if hasattr(library, "clear_controlling_thread"):
                library.clear_controlling_thread(force=True)


_PIN = _Pin()
_FREE = nullcontext()


def blas_pinned(n_rows: int, n_columns: int) -> AbstractContextManager[None]:
    """Return a context in which BLAS keeps to one thread, for rows of this many columns.

    Where products are so small that BLAS would not start a thread anyway, nothing is done.
    """
    small = n_rows * n_columns < BLAS_STAYS_SINGLE and n_columns < BLAS_STAYS_SMALL
    return _FREE if small else _PIN
