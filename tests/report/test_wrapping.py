"""Lines are never too wide, and no character is lost."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logit_inference.report.wrapping import IN_NAMES, IN_PROSE, display_width, pad, wrap


@pytest.mark.parametrize(
    ("text", "width"), [("age", 3), ("年龄", 4), ("u\u0308ber", 4), ("", 0), ("Ü", 1)]
)
def test_width_is_counted_in_terminal_columns(text, width):
    assert display_width(text) == width
    assert display_width(pad(text, 10, ">")) == 10


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("C(race)[T.white]", ("C(race)[", "T.white]")),
        ("age:smoke:lwt", ("age:smoke:", "lwt")),
        ("mother_age_years", ("mother_age_", "years")),
        ("abcdefghijklmnop", ("abcdefghijkl", "mnop")),
        ("twelve chars", ("twelve chars",)),
        ("twelve chars and", ("twelve chars", "and")),
    ],
)
def test_names_break_where_they_are_joined(text, lines):
    assert wrap(text, 12, IN_NAMES) == lines


def test_prose_breaks_between_words_only():
    assert wrap("one two_three four", 10, IN_PROSE) == ("one", "two_three", "four")


@given(
    st.text(st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp")), max_size=200),
    st.integers(10, 40),
    st.sampled_from([IN_PROSE, IN_NAMES]),
    st.integers(0, 3),
)
def test_lines_fit_and_nothing_but_blanks_is_lost(text, width, breaks, indent):
    lines = wrap(text, width, breaks, indent)
    assert all(display_width(line) <= width for line in lines)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
