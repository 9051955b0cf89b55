"""Text: at most 80 columns whatever the table holds; nothing cut; numbers under their headers."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from logit_inference.report import Column, Table
from logit_inference.report.numbers import KINDS
from logit_inference.report.wrapping import display_width

text = st.one_of(
    st.text(max_size=30),
    st.text("abc_:[](),. ", min_size=40, max_size=200),
    st.text("年龄ü\u0308\U0001f600", max_size=60),
)
number = st.one_of(st.none(), st.floats(), st.integers(-(10**18), 10**18))


@st.composite
def tables(draw):
    n_rows = draw(st.integers(0, 5))
    columns = [Column("0", draw(st.lists(text, min_size=n_rows, max_size=n_rows)), draw(text))]
    for i in range(1, draw(st.integers(1, 14))):
        kind = draw(st.sampled_from(KINDS))
        values = st.lists(text if kind == "text" else number, min_size=n_rows, max_size=n_rows)
        columns.append(Column(str(i), draw(values), draw(text), kind))
    facts = draw(st.lists(st.tuples(text, text), max_size=6))
    notes = draw(st.lists(text, max_size=2))
    return Table(draw(text), tuple(columns), tuple(facts), tuple(notes))


@given(tables())
@settings(max_examples=150, deadline=None)
def test_no_line_is_wider_than_80_columns_and_no_name_is_cut(table):
    printed = table.to_text()
    assert all(display_width(line) <= 80 for line in printed.split("\n"))
    assert all(line == line.rstrip(" ") for line in printed.split("\n"))
    assert all(renderer() for renderer in (table.to_html, table.to_latex, table.to_markdown))


@given(st.text("abcdefg_:[](),.", min_size=1, max_size=300))
def test_a_long_name_is_printed_whole(name):
    table = Table("", (Column("term", [name], ""), Column("x", [0.5], "", "estimate")))
    rows = table.to_text().split("\n")[3:-1]
    assert "".join(rows).replace(" ", "").replace("0.5000", "") == name


def coefficients(names, **kwargs):
    n = len(names)
    return Table(
        "Results",
        (
            Column("term", names, ""),
            Column("estimate", [-1.23456e-5] * n, "coef", "estimate"),
            Column("std_error", [12345.6789] * n, "std err", "estimate"),
            Column("statistic", [-1234.5] * n, "z", "statistic"),
            Column("p_value", [1e-9] * n, "P>|z|", "p_value"),
            Column("conf_low", [-1.5e-9] * n, "[0.025", "estimate"),
            Column("conf_high", [-1.5e-10] * n, "0.975]", "estimate"),
        ),
        **kwargs,
    )


def test_the_widest_coefficients_stay_on_one_line():
    lines = coefficients(["x"], facts=(("Rows", "9"),)).to_text().split("\n")
    assert lines[-2].split() == [
        "x", "-1.235e-05", "12345.6789", "-1234.50", "<0.001", "-1.500e-09", "-1.500e-10"
    ]  # fmt: skip
    assert {len(line) for line in lines if set(line) in ({"="}, {"-"})} == {78}


def test_numbers_end_where_their_headers_end():
    header, _, row = coefficients(["a_name:another_name"]).to_text().split("\n")[2:5]
    for label, cell in [("coef", "-1.235e-05"), ("P>|z|", "<0.001"), ("0.975]", "-1.500e-10")]:
        assert header.index(label) + len(label) == row.index(cell) + len(cell)


def test_columns_that_do_not_fit_go_on_in_a_second_panel():
    columns = [Column(f"x{i}", [1000.5 + i], kind="estimate") for i in range(12)]
    lines = Table("Wide", (Column("term", ["age"], ""), *columns)).to_text().split("\n")
    assert [line.split()[0] for line in lines if line.startswith("age")] == ["age", "age"]
    assert all(f"{1000.5 + i:.4f}" in "\n".join(lines) for i in range(12))


def test_facts_stand_left_then_right_and_long_ones_take_a_line():
    facts = (("A", "1"), ("Long", "word " * 30), ("B", "2"), ("C", "3"))
    lines = Table("Facts", (), facts=facts).to_text().split("\n")
    assert lines[2].split() == ["A:", "1", "C:", "3"]
    assert lines[3].split() == ["B:", "2"]
    assert lines[4].startswith("Long:  word word")
    assert lines[5].startswith("       word")


def test_a_small_table_is_no_wider_than_it_needs():
    table = Table("T", (Column("term", ["age"]), Column("n", [3], kind="integer")))
    assert str(table) == ("    T\n=========\nterm    n\n---------\nage     3\n=========")


@pytest.mark.parametrize("columns", [(), (Column("term", []),)])
def test_empty_tables_print(columns):
    table = Table("Nothing", columns)
    assert str(table).startswith("Nothing\n=======")
    assert "Nothing" in table.to_html()
    assert "Nothing" in table.to_latex()
    assert "Nothing" in table.to_markdown()
