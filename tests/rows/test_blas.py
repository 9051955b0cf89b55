"""The rank-k update against numpy, for every memory order that it takes."""

import sys
import threading
import time

import numpy as np
import pytest
from scipy.linalg.lapack import dpocon, dpotrf, dpotrs, dtfttr, stfttr

from logit_inference.rows.blas import add_square, estimated_norm
from logit_inference.rows.packed import packed_size

WHOLE = np.random.default_rng(0).integers(-9, 10, size=(60, 50)).astype(float)
ROWS = {
    "row by row": WHOLE,
    "column by column": np.asfortranarray(WHOLE),
    "some rows": WHOLE[7:31],
    "some columns": WHOLE[:, 5:11],
    "some rows of columns": np.asfortranarray(WHOLE)[7:31],
    "some of both": np.asfortranarray(WHOLE)[7:31, 5:11],
    "one row": WHOLE[:1],
    "one row of columns": np.asfortranarray(WHOLE)[3:4],
    "one column": WHOLE[:, 2:3],
    "one column of columns": np.asfortranarray(WHOLE)[:, 2:3],
    "one number": np.full((1, 1), 3.0),
    "no rows": WHOLE[:0],
    "no rows of columns": np.asfortranarray(WHOLE)[:0],
}


@pytest.mark.parametrize("kind", ROWS)
def test_the_upper_triangle_grows_by_the_square_and_the_rest_stays(kind):
    rows = ROWS[kind]
    p = rows.shape[1]
    before = np.asfortranarray(np.arange(float(p * p)).reshape(p, p))
    upper = before.copy(order="F")
    add_square(rows, upper)
    add_square(rows, upper)
    # Whole numbers: sums are exact in any order.
    assert (np.triu(upper) == np.triu(before + 2 * rows.T @ rows)).all()
    assert (np.tril(upper, -1) == np.tril(before, -1)).all()


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("kind", ROWS)
def test_a_packed_triangle_grows_alike(kind, dtype):
    rows = ROWS[kind].astype(dtype, order="K")
    p = rows.shape[1]
    packed = np.zeros(packed_size(p), dtype)
    add_square(rows, packed)
    add_square(rows, packed)
    found, failed = (dtfttr if dtype is np.float64 else stfttr)(p, packed)
    assert not failed
    assert (np.triu(found) == np.triu(2 * rows.T @ rows)).all()


def test_rows_are_only_read():
    rows = WHOLE.copy()
    rows.flags.writeable = False
    add_square(rows, np.zeros((50, 50), order="F"))
    assert (rows == WHOLE).all()


def test_what_is_not_a_number_is_seen():
    rows = WHOLE.copy()
    rows[3, 4] = np.nan
    upper = np.zeros((50, 50), order="F")
    add_square(rows, upper)
    assert np.isnan(upper[4, 4:]).all()
    assert np.isfinite(upper[:4, :4]).all()


@pytest.mark.parametrize("packed", [False, True])
def test_another_thread_works_meanwhile(packed):
    """With switches of threads all but forbidden, another works only when it is let."""
    rows = np.random.default_rng(1).normal(size=(20_000, 200))
    upper = np.zeros(packed_size(200)) if packed else np.zeros((200, 200), order="F")
    interval = sys.getswitchinterval()

    def seen_at_work():
        state = []

        def work():
            state.append("begun")
            add_square(rows, upper)
            state.append("done")

        thread = threading.Thread(target=work)
        thread.start()
        while not state:
            time.sleep(0)
        seen = list(state)
        thread.join()
        return seen == ["begun"]

    sys.setswitchinterval(60.0)
    try:
        assert any(seen_at_work() for _ in range(50))  # a busy machine may miss some
    finally:
        sys.setswitchinterval(interval)


@pytest.mark.parametrize("p", [1, 2, 3, 10, 60])
def test_the_estimate_of_a_norm_is_lapacks(p):
    """dpocon estimates the inverse's by the same algorithm, from a factor."""
    rows = np.random.default_rng(p).normal(size=(2 * p, p))
    matrix = rows.T @ rows
    factor, _ = dpotrf(matrix)
    reciprocal, _ = dpocon(factor, 1.0)
    found = estimated_norm(lambda x: dpotrs(factor, x)[0], p)
    exact = np.linalg.norm(np.linalg.inv(matrix), 1)
    assert found == pytest.approx(1.0 / reciprocal, rel=1e-12)
    assert exact / 3 <= found <= exact * (1 + 1e-12)
