"""The README keeps its word: its session, its shell output and its links."""

import doctest
import re
import shlex
from pathlib import Path

import pytest

import logit_inference as li
from logit_inference.cli import main

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language):
    """Return the fenced blocks of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


def test_the_session_prints_what_the_readme_shows():
    text = "\n".join(blocks("python"))
    test = doctest.DocTestParser().get_doctest(text, {}, "README.md", "README.md", 0)
    report = []
    runner = doctest.DocTestRunner(optionflags=doctest.REPORT_NDIFF)
    runner.run(test, out=report.append)
    assert runner.tries > 5
    assert not runner.failures, "".join(report)


def test_the_command_prints_what_the_readme_shows(capsys, monkeypatch):
    monkeypatch.chdir(ROOT)
    for block in blocks("console"):
        line, expected = block.split("\n", maxsplit=1)
        assert line.startswith("$ logit-inference ")
        assert main(shlex.split(line)[2:]) == 0
        assert capsys.readouterr().out == expected


def test_the_first_set_up_command_ends_with_the_summary_of_the_study(capsys, monkeypatch):
    commands = [line for block in blocks("sh") for line in block.splitlines()]
    assert len(commands) == 2
    assert commands[1].endswith(" -m pytest")
    monkeypatch.chdir(ROOT)
    words = shlex.split(commands[0].split("logit-inference ")[1])
    assert words == ["low ~ age + lwt + C(race) + smoke", "data/birthwt.csv"]
    assert main(words) == 0
    assert "Pr(low = 1)" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["README.md", "vignettes/architecture.md"])
def test_links_lead_somewhere(name):
    page = ROOT / name
    for link in re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8")):
        if not link.startswith("https://"):
            assert (page.parent / link).exists(), link


def test_the_names_in_the_readme_exist():
    for name in re.findall(r"`(?:fit|li)\.(\w+)", README):
        assert hasattr(li, name) or hasattr(li.LogitResult, name), name


def test_the_count_of_models_compared_with_r():
    count = len(list((ROOT / "tests" / "reference" / "glm_R").glob("*.json")))
    assert f"on\n{count} models" in README
