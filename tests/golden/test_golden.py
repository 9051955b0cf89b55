"""Every rendering equals its golden file, to the character."""

import difflib

import pytest

from tests.golden.cases import CASES
from tests.golden.refresh import FILES

ADVICE = (
    "If the new text is meant, run `python -m tests.golden.refresh` and review "
    "`git diff tests/golden/files`."
)


@pytest.mark.parametrize("name", sorted(CASES))
def test_rendering_equals_its_golden_file(name):
    path = FILES / name
    assert path.exists(), f"{path} is missing. {ADVICE}"
    expected, found = path.read_text(encoding="utf-8"), f"{CASES[name]()}\n"
    if found != expected:
        diff = difflib.unified_diff(
            expected.splitlines(), found.splitlines(), f"files/{name}", "now", lineterm=""
        )
        pytest.fail("\n".join([*diff, "", ADVICE]), pytrace=False)


@pytest.mark.parametrize("name", sorted(name for name in CASES if name.endswith(".txt")))
def test_text_is_at_most_80_columns_wide(name):
    assert max(map(len, CASES[name]().splitlines())) <= 80


def test_no_golden_file_is_left_without_a_case():
    assert {path.name for path in FILES.iterdir()} <= set(CASES), ADVICE
