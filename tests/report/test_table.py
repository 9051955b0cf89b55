"""The record: what it keeps, what it refuses, what it hands on."""

from dataclasses import FrozenInstanceError
from math import nan

import numpy as np
import pytest

from logit_inference.errors import TableError
from logit_inference.report import Column, Table


@pytest.fixture
def table():
    return Table(
        "Odds",
        (
            Column("term", ["age", "lwt"], header=""),
            Column("estimate", np.array([1 / 3, nan]), header="coef", kind="estimate"),
            Column("df", np.array([1, 2]), kind="integer"),
            Column("p_value", [None, 1e-12], kind="p_value"),
        ),
    )


def test_rows_and_frame_have_full_precision(table):
    assert table.rows[0] == ("age", 1 / 3, 1, None)
    frame = table.to_frame()
    assert list(frame.columns) == ["term", "estimate", "df", "p_value"]
    assert frame["estimate"].iloc[0] == 1 / 3
    assert frame["p_value"].iloc[1] == 1e-12
    assert frame["df"].dtype.kind == "i"
    assert np.isnan(frame["p_value"].iloc[0])


def test_a_frame_without_rows_keeps_its_columns():
    frame = Table("", (Column("term", []), Column("estimate", [], kind="estimate"))).to_frame()
    assert list(frame.columns) == ["term", "estimate"]
    assert frame["estimate"].dtype == np.float64


def test_a_table_shows_itself(table):
    assert str(table) == repr(table) == table.to_text()
    assert table._repr_html_() == table.to_html()


def test_a_table_does_not_change_with_the_array_it_was_made_from():
    values = np.array([1.0, 2.0])
    column = Column("estimate", values, kind="estimate")
    values[0] = 9.0
    assert column.values == (1.0, 2.0)
    with pytest.raises(FrozenInstanceError):
        column.name = "other"


def test_columns_of_different_length_are_refused():
    columns = Column("term", ["a", "b"]), Column("estimate", [1.0], kind="estimate")
    with pytest.raises(TableError, match=r"'estimate' has 1 values, column 'term' has 2"):
        Table("Odds", columns)


def test_columns_of_one_name_are_refused():
    with pytest.raises(TableError, match="two columns are named 'term'"):
        Table("Odds", (Column("term", ["a"]), Column("term", ["b"])))


def test_an_unknown_kind_is_refused():
    with pytest.raises(TableError, match=r"unknown kind 'pvalue'. Kinds: text, estimate"):
        Column("p_value", [0.1], kind="pvalue")
