"""Values to codes and levels: the same by every way, and in the narrowest type."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from logit_inference.design.categories import MANY, Categories, categories_of, level_counts
from logit_inference.design.column import FEW, read_column


def by_sorting(values):
    levels, codes = np.unique(np.asarray(values), return_inverse=True)
    return codes.tolist(), tuple(levels.tolist())


@given(st.lists(st.integers(-5, 5) | st.integers(-(2**62), 2**62), min_size=1, max_size=20))
def test_whole_numbers(values):
    found = categories_of(np.array(values))
    assert (found.codes.tolist(), found.levels) == by_sorting(values)
    assert all(type(level) is int for level in found.levels)


@given(st.lists(st.integers(-5, 5) | st.floats(-1e3, 1e3), min_size=1, max_size=20))
def test_floats(values):
    found = categories_of(np.array(values, dtype=float))
    assert (found.codes.tolist(), found.levels) == by_sorting(np.array(values, dtype=float) + 0.0)


@pytest.mark.parametrize(
    "values",
    [
        np.array([0, 255], dtype=np.uint8),
        np.array([-128, 127], dtype=np.int8),
        np.array([0, 2**64 - 1], dtype=np.uint64),
        np.array([2**53, 2**53 + 1]),
        np.array([-0.0, 0.0, 1.0]),
        np.array([1e300, -1e300]),
        np.array([0, MANY]),
        np.array([0, MANY - 1]),
    ],
)
def test_ends_of_types(values):
    found = categories_of(values)
    codes, levels = by_sorting(values + 0 if values.dtype.kind == "f" else values)
    assert (found.codes.tolist(), found.levels) == (codes, levels)


def test_missing_numbers_have_no_level():
    found = categories_of(np.array([2.0, np.nan, 1.0]))
    assert (found.codes.tolist(), found.levels) == ([1, -1, 0], (1, 2))


def test_codes_are_as_narrow_as_their_number_allows():
    for n_levels, size in ((2, 1), (127, 1), (128, 1), (1000, 2)):
        assert categories_of(np.arange(n_levels)).codes.itemsize == size
        assert read_column("x", [f"{k}" for k in range(n_levels)]).values.itemsize == size
        assert categories_of(np.arange(n_levels) / 2**40).codes.itemsize == size


def test_counts_of_levels():
    for codes in ([0, 1, 1], [1, 1, 1], [0, 0]):
        for levels in (("a", "b"), ("a", "b", "c")):
            counted = level_counts(Categories(np.array(codes, dtype=np.int8), levels))
            assert counted.tolist() == np.bincount(codes, minlength=len(levels)).tolist()


TEXTS = {
    "two": ["no", "yes", "no", "no"],
    "one": ["no"] * 5,
    "in order": ["a", "b", "c"],
    "not in order": ["c", "a", "b", "a"],
    "as many as are compared": [f"{k:02}" for k in range(FEW)],
    "one more": [f"{k:02}" for k in range(FEW + 1)],
    "many later": ["a"] * 300 + [f"{k}" for k in range(50)],
    "empty texts": ["", "a", ""],
    "of several lengths": ["a", "abcdef", "abc", "a"],
}


@pytest.mark.parametrize("values", TEXTS.values(), ids=TEXTS)
def test_text_is_the_same_from_every_kind_of_array(values):
    codes, levels = by_sorting(values)
    for made in (
        np.array(values),
        np.array(values, dtype=object),
        values,
        pd.Series(values),
        pd.Series(values, dtype=object),
        pd.Series(values, dtype="string"),
    ):
        column = read_column("x", made)
        assert (column.kind, column.values.tolist(), column.levels) == ("text", codes, levels)
        assert column.missing is None


def test_missing_text_after_many_rows():
    for gap in (None, np.nan, pd.NA):
        column = read_column("x", np.array([gap] * 150 + ["b", "a", gap], dtype=object))
        assert (column.kind, column.levels, column.n_missing) == ("text", ("a", "b"), 151)
        assert column.values[-3:].tolist() == [1, 0, -1]


def test_text_beside_other_things_is_told_as_before():
    with pytest.raises(Exception, match="int and str"):
        read_column("x", ["a", 1])
    with pytest.raises(Exception, match="list and str"):
        read_column("x", ["a", ["b"]])
