"""Work shared by threads comes back in order; BLAS is left as it was found."""

from dataclasses import replace
from threading import Barrier, Event, Thread, get_ident

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from logit_inference.likelihood.logistic import LOGISTIC
from logit_inference.rows import threads
from logit_inference.rows.block import Block
from logit_inference.rows.source import ArraySource
from logit_inference.rows.threads import blas_pinned, in_order, threads_for
from logit_inference.solve.fit import fit_rows

LONG = 60  # seconds after which a test that waits for another thread gives up


def blas_threads():
    return {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"}


@pytest.fixture
def two_blas_threads():
    """Two on any machine, so that one is a difference."""
    with threadpool_limits(2, user_api="blas"):
        assert blas_threads() == {2}
        yield


# --- order ------------------------------------------------------------------------------------


@pytest.mark.parametrize("n_threads", [1, 2, 3, 50])
@pytest.mark.parametrize("n_tasks", [0, 1, 2, 7, 40])
def test_results_are_those_of_map(n_threads, n_tasks):
    tasks = list(range(n_tasks))
    assert list(in_order(lambda task: task * task, tasks, n_threads)) == [t * t for t in tasks]


def test_a_task_that_ends_first_is_not_yielded_first():
    second_is_done = Event()

    def job(task):
        if task == 0:
            assert second_is_done.wait(LONG)  # so the two do run at the same time
        else:
            second_is_done.set()
        return task

    assert list(in_order(job, [0, 1], threads=2)) == [0, 1]


@pytest.mark.parametrize("n_threads", [2, 3])
def test_the_callers_thread_is_one_of_them(n_threads):
    begun = Barrier(n_threads)

    def job(task):
        if task < n_threads:
            begun.wait(LONG)  # so as many do run at the same time
        return get_ident()

    workers = set(in_order(job, range(20), n_threads))
    assert get_ident() in workers
    assert len(workers) == n_threads


@pytest.mark.parametrize("n_threads", [1, 2, 3])
def test_an_exception_comes_where_its_result_would(n_threads):
    def job(task):
        return 1 / (2 - task)

    results = in_order(job, range(20), n_threads)
    assert [next(results), next(results)] == [0.5, 1.0]
    with pytest.raises(ZeroDivisionError):
        next(results)


def test_few_tasks_are_begun_before_the_first_result_is_taken():
    begun = []
    results = in_order(begun.append, range(100), threads=3)
    next(results)
    assert len(begun) <= 6
    results.close()
    assert len(begun) <= 6


@pytest.mark.parametrize(
    ("n_rows", "n_columns", "processors", "expected"),
    [
        (200, 5, 8, 1),
        (599_999, 10, 8, 1),
        (600_000, 10, 8, 2),
        (1_000_000, 10, 8, 3),
        (20_000_000, 10, 64, 64),
        (1_000_000, 10, 1, 1),
    ],
)
def test_threads_are_started_where_each_has_enough_to_do(
    n_rows, n_columns, processors, expected, monkeypatch
):
    monkeypatch.setattr(threads, "_processors", lambda: processors)
    assert threads_for(n_rows, n_columns) == expected


@pytest.mark.parametrize(
    ("n_rows", "most", "expected"), [(1000, 2, 1), (10**6, 2, 2), (10**6, 9, 3)]
)
def test_no_more_threads_than_asked_for_nor_than_pay(n_rows, most, expected):
    assert threads_for(n_rows, 10, most) == expected


# --- BLAS -------------------------------------------------------------------------------------


@pytest.mark.usefixtures("two_blas_threads")
def test_blas_has_one_thread_inside_and_its_own_number_outside():
    for _ in range(2):
        with blas_pinned(10_000, 10):
            assert blas_threads() == {1}
        assert blas_threads() == {2}


@pytest.mark.usefixtures("two_blas_threads")
def test_blas_is_released_after_an_exception():
    with pytest.raises(KeyError), blas_pinned(10_000, 10):
        raise KeyError
    assert blas_threads() == {2}


@pytest.mark.usefixtures("two_blas_threads")
def test_blas_is_left_alone_where_it_would_not_start_a_thread():
    with blas_pinned(100, 5):
        assert blas_threads() == {2}
    with blas_pinned(10, 100):  # a product of square matrices is large enough
        assert blas_threads() == {1}


@pytest.mark.usefixtures("two_blas_threads")
def test_any_thread_may_pin_after_another_has():
    seen = []

    def pin():
        with blas_pinned(10_000, 10):
            seen.append(blas_threads())

    for _ in range(2):
        pin()
        thread = Thread(target=pin)
        thread.start()
        thread.join(LONG)
    assert seen == [{1}] * 4
    assert blas_threads() == {2}


@pytest.mark.usefixtures("two_blas_threads")
def test_the_last_to_leave_releases_blas():
    inside, leave = Event(), Event()

    def other():
        with blas_pinned(10_000, 10):
            inside.set()
            assert leave.wait(LONG)

    thread = Thread(target=other)
    with blas_pinned(10_000, 10):
        thread.start()
        assert inside.wait(LONG)
    assert blas_threads() == {1}  # the first is gone, the second still folds
    leave.set()
    thread.join(LONG)
    assert blas_threads() == {2}


@pytest.mark.usefixtures("two_blas_threads")
@pytest.mark.parametrize("block_rows", [None, 100])
def test_every_fold_keeps_blas_to_one_thread(block_rows):
    source = ArraySource(Block(np.zeros(3000), np.zeros((3000, 10))), block_rows, threads=2)
    seen = []

    def kernel(block):
        seen.append(blas_threads())
        return np.zeros(block.n_rows)

    source.map(kernel)
    source.fold(lambda block: kernel(block).sum())
    source.fold_runs(lambda run: sum(kernel(block).sum() for block in run))
    assert {1} in seen
    assert {2} not in seen
    assert blas_threads() == {2}


@pytest.mark.usefixtures("two_blas_threads")
def test_fits_at_the_same_time_give_what_one_gives_and_release_blas():
    rng = np.random.default_rng(0)
    X = np.column_stack([np.ones(3000), rng.normal(size=(3000, 9))])
    y = (rng.random(3000) < 0.4).astype(float)
    seen = []

    def evaluate(run, coef):
        seen.append(blas_threads())
        return LOGISTIC.evaluate(run, coef)

    def fit(into, at):
        likelihood = replace(LOGISTIC, evaluate=evaluate)
        source = ArraySource(Block(y, X), block_rows=100, threads=2)
        into[at] = fit_rows(source, likelihood, list("abcdefghij"), constant=0).coef

    results = [None] * 4
    together = [Thread(target=fit, args=(results, at)) for at in range(4)]
    for thread in together:
        thread.start()
    for thread in together:
        thread.join(LONG)
    alone = [None]
    fit(alone, 0)
    assert all(coef.tobytes() == alone[0].tobytes() for coef in results)
    assert {number for numbers in seen for number in numbers} == {1}
    assert blas_threads() == {2}


@pytest.mark.usefixtures("two_blas_threads")
@pytest.mark.parametrize("n_threads", [1, 2])
def test_a_fit_that_fails_releases_blas(n_threads):
    def evaluate(run, coef):
        raise MemoryError

    likelihood = replace(LOGISTIC, evaluate=evaluate)
    rng = np.random.default_rng(0)
    block = Block((rng.random(2000) < 0.4).astype(float), rng.normal(size=(2000, 10)))
    with pytest.raises(MemoryError):
        fit_rows(ArraySource(block, 100, threads=n_threads), likelihood, list("abcdefghij"))
    assert blas_threads() == {2}
