"""Python threads over runs of rows, with BLAS kept to one thread inside.

BLAS that starts threads of its own on small products, on cores that are busy already, can be fifty
times slower than one thread. So it is pinned to one while rows are folded, and the rows are shared
among Python threads instead: numpy and BLAS release the interpreter in what takes long.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager, nullcontext
from threading import Condition, Lock, Thread
from typing import Any, Generic, TypeVar

Task = TypeVar("Task")
Result = TypeVar("Result")
# Elements of X for each thread. Of fewer a second one saves little, and its buffers weigh.
WORTH_A_THREAD = 3_000_000
# Elements of X, or columns: below this BLAS uses one thread anyway.
BLAS_STAYS_SINGLE = 8_000
BLAS_STAYS_SMALL = 32


def in_order(
    job: Callable[[Task], Result], tasks: Sequence[Task], threads: int
) -> Iterator[Result]:
    """Yield ``job(task)`` for all tasks in their order, computed by up to ``threads`` threads.

    The caller's own is one of them: every other one costs buffers, its own and those of BLAS. Only
    one task more than there are threads is begun before the first result is taken, so that what
    waits to be merged stays small.

    Examples
    --------
    >>> list(in_order(abs, [-1, 2, -3], threads=2))
    [1, 2, 3]
    """
    if threads <= 1 or len(tasks) <= 1:
        yield from map(job, tasks)
        return
    work = _Work(job, tasks, ahead=threads + 1)
    # An interrupt may come at any line: a helper that nobody stops must not outlive the process.
    helpers = [Thread(target=work.help, daemon=True) for _ in range(min(threads, len(tasks)) - 1)]
    try:
        for helper in helpers:
            helper.start()
        for task in range(len(tasks)):
            yield work.result(task)
    finally:
        work.stop()
        for helper in helpers:
            if helper.is_alive():
                helper.join()


class _Work(Generic[Task, Result]):
    """Tasks that threads take one by one, and their results until they are asked for."""

    def __init__(self, job: Callable[[Task], Result], tasks: Sequence[Task], ahead: int) -> None:
        self._job, self._tasks, self._ahead = job, tasks, ahead
        self._begun = self._taken = 0
        self._ended: dict[int, Future[Result]] = {}
        self._changed = Condition()

    def result(self, task: int) -> Result:
        """Return the result of the next task in order; works on others until it is there."""
        while True:
            with self._changed:
                if task in self._ended:
                    self._taken += 1
                    self._changed.notify_all()
                    return self._ended.pop(task).result()
                mine = self._next()
                if mine is None:
                    self._changed.wait()
            if mine is not None:
                self._do(mine)

    def help(self) -> None:
        """Work on tasks until none are left."""
        while True:
            with self._changed:
                while (mine := self._next()) is None:
                    if self._begun == len(self._tasks):
                        return
                    self._changed.wait()
            self._do(mine)

    def stop(self) -> None:
        """Let nobody begin another task."""
        with self._changed:
            self._begun = len(self._tasks)
            self._changed.notify_all()

    def _next(self) -> int | None:
        """Return the number of a task that is now begun; None where none may be."""
        if self._begun >= min(len(self._tasks), self._taken + self._ahead):
            return None
        self._begun += 1
        return self._begun - 1

    def _do(self, task: int) -> None:
        ended: Future[Result] = Future()
        try:
            ended.set_result(self._job(self._tasks[task]))
        except BaseException as error:  # it is raised where the result would be taken
            ended.set_exception(error)
        with self._changed:
            self._ended[task] = ended
            self._changed.notify_all()


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
