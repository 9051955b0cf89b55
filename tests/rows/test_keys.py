"""Keys stand for rows: equal rows have equal keys, and a key gives back its row."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from logit_inference.rows.keys import MOST_NUMBERS, find_grid, number_rows

VALUES = st.sampled_from([-3.0, -0.0, 0.0, 1.0, 2.0, 0.1, 1 / 3, 1e-3, 250.0, -1e12])
TABLES = hnp.arrays(np.float64, st.tuples(st.integers(1, 5), st.integers(1, 40)), elements=VALUES)


@given(columns=TABLES, most=st.sampled_from([40, 1000, 10**6]))
def test_a_key_gives_back_its_row_and_equal_rows_have_equal_keys(columns, most):
    numbered = number_rows(columns.copy(), most)
    if numbered is None:  # a grid of -1e12 and 0.001, or more combinations than were asked for
        return
    keys, rows = numbered
    assert keys.count <= most
    assert rows.min() >= 0
    assert rows.max() < keys.count
    assert (keys.columns(rows) == columns).all()
    assert (keys.of(columns.copy()) == rows).all()
    _, groups = np.unique(columns + 0.0, axis=1, return_inverse=True)
    assert len(np.unique(rows)) == groups.max() + 1


@given(columns=TABLES, other=TABLES)
def test_rows_that_are_not_known_get_no_wrong_key(columns, other):
    numbered = number_rows(columns.copy(), 10**6)
    if numbered is None or len(columns) != len(other):
        return
    keys = numbered[0].of(other.copy())
    assert keys is None or (numbered[0].columns(keys) == other).all()


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_has_no_key(bad):
    assert find_grid(np.array([0.0, bad, 1.0])) is None
    keys, _ = number_rows(np.array([[0.0, 1.0]]), 9)
    assert keys.of(np.array([[0.0, bad]])) is None


def test_grids_are_bounded():
    assert find_grid(np.array([0.0, MOST_NUMBERS])).count == 3
    assert find_grid(np.array([0.0, 1.0, MOST_NUMBERS])) is None
    assert find_grid(np.array([0.0, MOST_NUMBERS - 1])).count == MOST_NUMBERS
    assert find_grid(np.array([0.0, 5e-324, 1.0])) is None
    assert find_grid(np.array([-1e308, 1e308, 0.0])) is None
    assert find_grid(np.array([0.25])).count == 1


def test_large_values_keep_all_their_digits():
    column = 2.0**60 + 2.0**20 * np.arange(5)
    keys, rows = number_rows(np.array([column, np.arange(5) % 2.0]), 100)
    assert (keys.columns(rows)[0] == column).all()
    assert keys.of(np.array([[2.0**60 + 2.0**19], [0.0]])) is None


def test_combinations_that_do_not_occur_have_no_key():
    level = np.arange(3000) % 30
    indicators = (level == np.arange(1, 30)[:, np.newaxis]).astype(float)
    keys, _ = number_rows(indicators.copy(), 300)
    assert keys.count == 17 * 14  # of 2**16 * 2**13
    assert number_rows(indicators, 200) is None
    assert keys.of(np.ones((29, 1))) is None
