"""HTML, LaTeX and Markdown: everything from data is escaped, and the markup holds together."""

import re
import shutil
import subprocess
from html.parser import HTMLParser
from math import inf, nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logit_inference.report import Column, Table
from tests.golden.cases import CASES

VOID = {"wbr"}


class Balance(HTMLParser):
    """Reads HTML; fails on a tag that is not closed in its turn; collects tags and text."""

    def __init__(self):
        super().__init__()
        self.open, self.tags, self.text = [], [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "style" not in self.open:
            self.text.append(data)


def read(html):
    parser = Balance()
    parser.feed(html)
    parser.close()
    assert not parser.open
    return parser


def one(name="age", value=-0.5, **kwargs):
    columns = Column("term", [name]), Column("estimate", [value], "P>|z|", "estimate")
    return Table("Title", columns, **kwargs)


@given(st.text(max_size=80))
def test_html_text_is_escaped_and_comes_back_whole(name):
    html = read(one(name, facts=((name, name),), notes=(name,)).to_html())
    assert {tag for tag, _ in html.tags} <= {
        "div", "style", "table", "caption", "thead", "tbody", "tr", "th", "td", "p", "wbr"
    }  # fmt: skip


def test_html_names_are_read_back_as_they_were():
    name = "C(a)[T.<b> & \"c\" 'd']:very_long_name_indeed"
    assert name in "".join(read(one(name).to_html()).text)


def test_html_header_cells_say_what_they_head():
    scopes = [attrs["scope"] for tag, attrs in read(one().to_html()).tags if tag == "th"]
    assert scopes == ["col", "col", "row"]


def test_html_sets_no_colour():
    style = re.search(r"<style.*?</style>", one().to_html(), re.S)[0]
    assert not re.search(
        r"#[0-9a-f]{3}|rgb\(|black|white|grey|gray", style.replace("white-space", "")
    )
    assert set(re.findall(r"(?<![-\w])(?:color|background): ([^;]+);", style)) == {
        "inherit",
        "none",
    }


@pytest.mark.parametrize(
    ("value", "html", "latex", "markdown"),
    [
        (-0.5, "−0.5000", "$-$0.5000", "-0.5000"),
        (-inf, "−∞", r"$-\infty$", "-∞"),
        (inf, "∞", r"$\infty$", "∞"),
        (nan, "—", "---", "—"),
        (-8.04e-6, "−8.040\u2009×\u200910<sup>−6</sup>", r"$-8.040\times 10^{-6}$", "-8.040e-06"),
        (6.4e7, "6.400\u2009×\u200910<sup>7</sup>", r"$6.400\times 10^{7}$", "6.400e+07"),
    ],
)
def test_numbers_are_respelled(value, html, latex, markdown):
    table = one(value=value)
    assert f"<td>{html}</td>" in table.to_html()
    assert f"age & {latex} \\\\" in table.to_latex()
    assert f"| {markdown} |" in re.sub(" +", " ", table.to_markdown())


def test_small_p_values_are_escaped_in_html_and_latex():
    table = Table("T", (Column("term", ["x"]), Column("p_value", [0.0], kind="p_value")))
    assert "<td>&lt;0.001</td>" in table.to_html()
    assert "x & $<$0.001" in table.to_latex()
    assert "<0.001 |" in table.to_markdown()


def test_numbers_among_facts_are_respelled_and_other_text_is_not():
    table = one(facts=(("Log-likelihood", "-107.289"), ("Range", "1-2")))
    assert "Log-likelihood</th>" in table.to_html()
    assert ">−107.289</td>" in table.to_html()
    assert ">1-2</td>" in table.to_html()
    assert "$-$107.289" in table.to_latex()
    assert "1-2" in table.to_latex()


@pytest.mark.parametrize(
    ("text", "latex"),
    [
        ("50% & $5 #1 a_b {c}", r"50\% \& \$5 \#1 a\_b \{c\}"),
        ("a\\b ~ c^2", r"a\textbackslash{}b $\sim$ c\textasciicircum{}2"),
        ("P>|z|", "P$>$$|$z$|$"),
        ("a--b", "a-{}-b"),
        ("[a]", "{}[a]"),
        ("χ² ≤ ∞", r"$\chi$$^2$ $\leq$ $\infty$"),
    ],
)
def test_latex_escapes(text, latex):
    assert f"    {latex} & " in one(text).to_latex()


@pytest.mark.parametrize(
    ("text", "markdown"),
    [
        ("a|b *c* `d`", r"a\|b \*c\* \`d\`"),
        ("an_inner and _outer_", r"an_inner and \_outer\_"),
        ("<b> but 1 < 2", r"\<b> but 1 < 2"),
        ("&amp; a & b", r"\&amp; a & b"),
        ("[a](b)", r"[a]\(b)"),
        ("C(race)[T.2]", "C(race)[T.2]"),
        ("two\nlines", r"two\\nlines"),
    ],
)
def test_markdown_escapes(text, markdown):
    assert f"| {markdown} " in one(text).to_markdown()


@given(st.text(max_size=60))
def test_a_markdown_row_has_as_many_cells_as_columns(name):
    rows = one(name).to_markdown().split("\n")[2:]
    assert all(len(re.findall(r"(?<!\\)(?:\\\\)*\|", row)) == 3 for row in rows)


def test_a_markdown_note_starts_no_list_and_no_heading():
    notes = ("# not a heading", "1. not a list", "- nor this")
    printed = one(notes=notes).to_markdown().split("\n\n")[-3:]
    assert printed == [r"\# not a heading", r"1\. not a list", r"\- nor this"]


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="no pdflatex on this machine")
def test_latex_compiles_with_booktabs_alone(tmp_path):
    tables = [make() for name, make in CASES.items() if name.endswith(".tex")]
    document = ["\\documentclass{article}\\usepackage{booktabs}\\begin{document}", *tables]
    (tmp_path / "t.tex").write_text("\n".join([*document, "\\end{document}"]), encoding="utf-8")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "t.tex"]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False)
    assert run.returncode == 0, run.stdout[-2000:].decode(errors="replace")
