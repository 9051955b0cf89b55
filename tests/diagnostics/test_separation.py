"""The record of separation: kind, rows, evidence in the reader's words, and R's answers."""

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import logit_inference as li
from logit_inference.errors import OutcomeError
from tests.solve.exact_cone import decide

REFERENCE = Path(__file__).parents[1] / "reference" / "separation_R"
ENDOMETRIAL = "HG ~ NV + PI + EH"


def kyphosis():
    data = li.datasets.load("kyphosis")
    levels = np.where(np.minimum(data["Start"], 16) > 14, "hi", "lo")
    return data.assign(StartG=pd.Categorical(levels, categories=["lo", "hi"]))


def creditcard():
    data = li.datasets.load("CreditCard")
    return data.assign(spends=(data["expenditure"] > 0).astype(int))


def test_endometrial():
    data = li.datasets.load("endometrial")
    found = li.detect_separation(ENDOMETRIAL, data)
    assert (found.kind, found.terms) == ("quasi-complete", ("NV",))
    assert found.infinite == {"Intercept": 0.0, "NV": np.inf, "PI": 0.0, "EH": 0.0}
    assert found.direction.tolist() == [0.0, 1.0, 0.0, 0.0]
    assert found.rows.tolist() == data.index[data["NV"] == 1].tolist()
    assert (found.n_separated, found.n_rows) == (13, 79)
    assert found.evidence == ("in all 13 rows with NV = 1, HG = 1",)
    assert str(found) == (
        "Quasi-complete separation: in all 13 rows with NV = 1, HG = 1. "
        "Coefficients without a finite estimate: NV = +∞."
    )
    none = li.detect_separation("HG ~ PI + EH", data)
    assert (none.kind, none.found, none.terms, len(none.rows)) == ("none", False, (), 0)
    assert "not separated" in str(none)


@pytest.mark.parametrize(
    "case", ["endometrial_firth", "kyphosis_factor_sep", "creditcard_separated"]
)
def test_what_is_infinite_is_what_r_finds(case):
    text = (REFERENCE / "detectseparation.json").read_text("utf-8")
    theirs = json.loads(text)[case]
    data = {
        "endometrial_firth": lambda: li.datasets.load("endometrial"),
        "kyphosis_factor_sep": kyphosis,
        "creditcard_separated": creditcard,
    }[case]()
    found = li.detect_separation(theirs["formula"], data)
    words = {"finite": 0.0, "Inf": np.inf, "-Inf": -np.inf}
    assert found.kind == "quasi-complete"
    assert list(found.infinite.values()) == [words[w] for w in theirs["coefficients"].values()]


def test_complete_separation_of_mtcars_leaves_two_signs_open():
    # R's linear program ends at one direction, with a sign for every coefficient; the cone holds
    # directions of both signs for two of them, as enumeration shows.
    data = li.datasets.load("mtcars")
    found = li.detect_separation("vs ~ qsec + wt + cyl", data)
    assert found.kind == "complete"
    assert found.infinite == {
        "Intercept": -np.inf,
        "qsec": np.inf,
        "wt": "undetermined",
        "cyl": "undetermined",
    }
    assert "a combination of Intercept, qsec, wt, cyl puts 32 of 32 rows" in str(found)
    X = np.column_stack([np.ones(32), data["qsec"], data["wt"], data["cyl"]])
    assert decide(X, data["vs"], np.ones(32))[1] == ["-", "+", "+-", "+-"]
    assert li.detect_separation("am ~ wt + hp", data).kind == "none"


@pytest.mark.parametrize(
    ("x", "y", "evidence"),
    [
        (
            [1.0, 2, 3, 4],
            [0, 0, 1, 1],
            ("in both rows with x >= 3, y = 1", "in both rows with x <= 2, y = 0"),
        ),
        (
            [1.0, 2, 2, 4],
            [1, 0, 1, 0],
            ("in the one row with x > 2, y = 0", "in the one row with x < 2, y = 1"),
        ),
        ([0.0, 0, 3.5, 4], [1, 0, 1, 1], ("in both rows with x > 0, y = 1",)),
    ],
)
def test_thresholds_are_told_as_such(x, y, evidence):
    found = li.detect_separation("y ~ x", {"x": x, "y": y})
    assert sorted(found.evidence) == sorted(evidence)


@pytest.mark.parametrize(
    ("x", "y", "told"),
    [
        (
            [20240131, 20240215, 20240216, 20240301],
            [0, 0, 1, 1],
            ["t >= 20240216", "t <= 20240215"],
        ),
        ([20240131, 20240215, 20240215, 20240301], [0, 0, 1, 1], ["t > 20240215", "t < 20240215"]),
        ([0, 1, 1 + 1e-7, 2], [1, 1, 0, 0], ["t <= 1", "t >= 1.0000001"]),
        ([-0.0, 0.0, -0.0, 2, 1], [0, 1, 0, 1, 1], ["t > 0"]),
        ([-2e-9, -0.0, 0.0, 1], [0, 1, 0, 1], ["t > 0", "t < 0"]),
        ([1 / 3, 2 / 3, 1, 2], [0, 0, 1, 1], ["t >= 1", "t <= 0.666667"]),
    ],
)
def test_thresholds_have_the_digits_that_make_them_true(x, y, told):
    """What is printed is read again, and tells of rows of one outcome and of no others."""
    data = pd.DataFrame({"t": x, "y": y})
    evidence = li.detect_separation("y ~ t", data).evidence
    assert sorted(re.search(r"with (t .*), y", clause)[1] for clause in evidence) == sorted(told)
    for clause in evidence:
        condition, outcome = re.search(r"with (t .*), y = (\d)", clause).groups()
        rows = data.query(condition)
        count = {"the one row": 1, "both rows": 2}.get(re.search("in (.*) with", clause)[1])
        assert set(rows["y"]) == {int(outcome)}
        assert len(rows) == (count or int(re.search(r"all (\d+)", clause)[1]))


def test_a_share_is_no_dummy():
    found = li.detect_separation("y ~ x", {"x": [0.0, 0, 0.5, 1], "y": [1, 0, 1, 1]})
    assert found.evidence == ("in both rows with x > 0, y = 1",)


def test_levels_are_told_by_their_names():
    data = {"y": [0, 1, 0, 1, 1, 1], "g": ["a", "a", "b", "b", "c", "c"]}
    for formula in ("y ~ g", "y ~ C(g)", "y ~ C(g, contr.treatment('a'))"):
        found = li.detect_separation(formula, data)
        assert found.evidence == ("in both rows with g = c, y = 1",), formula
    sums = li.detect_separation("y ~ C(g, contr.sum)", data)
    assert sums.evidence == ("in both rows with g = c, y = 1",)
    assert sums.n_separated == 2


def test_grouped_rows_are_told_as_such():
    data = {"k": [3, 1, 2, 4], "n": [5, 4, 4, 4], "g": ["a", "b", "b", "c"]}
    found = li.detect_separation("k ~ g", data, trials="n")
    assert found.evidence == ("in the one row with g = c, every trial is k",)


def test_labels_are_the_callers_and_rows_of_no_weight_do_not_count():
    frame = pd.DataFrame(
        {"y": [0, 1, 0, 1, 1, 0], "g": list("aabbcc"), "w": [1, 2, 1, 1, 3, 0]},
        index=list("uvwxyz"),
    )
    found = li.detect_separation("y ~ g", frame, weights="w", weights_kind="frequency")
    assert found.rows.tolist() == ["y"]
    assert li.detect_separation("y ~ g", frame).kind == "none"
    missing = frame.assign(y=[0, 1, 0, 1, 1, None])
    assert li.detect_separation("y ~ g", missing).rows.tolist() == ["y"]


def test_arrays():
    found = li.detect_separation_arrays([0, 0, 1, 1], [[1.0], [2.0], [2.0], [3.0]], intercept=True)
    assert found.names == ("Intercept", "x1")
    assert found.kind == "quasi-complete"
    assert found.rows.tolist() == [0, 3]
    assert found.terms == ("x1",)


def test_an_offset_makes_no_difference():
    data = li.datasets.load("endometrial")
    one = li.detect_separation(ENDOMETRIAL, data)
    assert li.detect_separation(ENDOMETRIAL, data, offset=np.arange(79.0) / 10) == one


def test_dependent_columns_do_not_move():
    data = li.datasets.load("endometrial").assign(copy=lambda d: 2 * d["PI"])
    found = li.detect_separation("HG ~ NV + PI + copy + EH", data)
    assert found.infinite["copy"] == 0.0
    assert found.terms == ("NV",)


@pytest.mark.parametrize("contrast", ["", ", contr.sum", ", contr.helmert"])
def test_wide_designs(contrast):
    """More columns than an exact search takes: the rows that overlap show where to look."""
    rng = np.random.default_rng(4)
    n, levels = 3000, 80
    g = rng.integers(0, levels, n)
    data = {"g": [f"g{k:02d}" for k in g], "x": rng.normal(size=n)}
    y = (rng.random(n) < 1 / (1 + np.exp(-0.5 * data["x"]))).astype(int)
    formula = f"y ~ C(g{contrast}) + x"
    assert li.detect_separation(formula, {**data, "y": y}).kind == "none"
    y[g == 7] = 1
    found = li.detect_separation(formula, {**data, "y": y})
    assert found.kind == "quasi-complete"
    np.testing.assert_array_equal(found.rows, np.flatnonzero(g == 7))


@pytest.mark.parametrize(
    ("levels", "pure", "reference", "formula"),
    [
        (130, 62, False, "y ~ x + C(g)"),
        (130, 62, True, "y ~ x + C(g)"),
        (130, 62, True, "y ~ 0 + C(g) + x"),
        pytest.param(700, 504, True, "y ~ x + C(g)", marks=pytest.mark.slow),
    ],
)
def test_hundreds_of_empty_cells(levels, pure, reference, formula):
    rng = np.random.default_rng(levels)
    g = np.append(np.repeat(np.arange(levels), 4), rng.integers(0, levels, levels))
    y = np.append(np.tile([0, 1, 0, 1], levels), rng.integers(0, 2, levels))
    first = 0 if reference else 1
    one = (g >= first) & (g < first + pure)
    y[one] = g[one] % 2
    data = {"y": y, "g": [f"g{k:03d}" for k in g], "x": rng.normal(size=len(g))}
    found = li.detect_separation(formula, data)
    assert found.kind == "quasi-complete"
    np.testing.assert_array_equal(found.rows, np.flatnonzero(one))
    ends = [found.infinite[name] for name in found.names if name.startswith("C(g)")]
    assert found.infinite["x"] == 0.0
    if reference and "0" not in formula:
        # With the constant goes its own level; a level of the same outcome may go either way.
        assert found.infinite["Intercept"] == -np.inf
        same, other = set(ends[1 : pure - 1 : 2]), set(ends[: pure - 1 : 2])
        assert (same, other, set(ends[pure:])) == ({"undetermined"}, {np.inf}, {np.inf})
    else:
        start = first if "0" in formula else 0
        expected = [np.inf if k % 2 else -np.inf for k in range(first, first + pure)]
        assert ends[start : start + pure] == expected
        assert set(ends[start + pure :]) == {0.0}


@pytest.mark.parametrize(
    "formula", ["y ~ g", "y ~ C(g) + h", "y ~ g * h", "y ~ C(g, contr.helmert)", "y ~ 0 + g"]
)
def test_the_reference_level_is_told_by_its_name(formula):
    g, h = list("aabbbbcccc"), list("uvuvuvuvuv")
    y = ["no", "no", "yes", "no", "no", "yes", "yes", "yes", "no", "no"]
    found = li.detect_separation(formula, {"y": y, "g": g, "h": h})
    assert found.evidence == ("in both rows with g = a, y = no",)


def test_levels_and_columns_are_told_together():
    data = {"g": list("aabbbbbb"), "z": [0] * 6 + [1] * 2, "y": [0, 0, 0, 1, 0, 1, 1, 1]}
    found = li.detect_separation("y ~ g + z", data)
    assert found.evidence == ("in both rows with z = 1, y = 1", "in both rows with g = a, y = 0")


@pytest.mark.parametrize(("value", "end"), [(0, -np.inf), (1, np.inf), (False, -np.inf)])
def test_one_outcome_is_complete_separation(value, end):
    data = {"y": [value] * 4, "x": [1.0, 2, -3, 5]}
    found = li.detect_separation("y ~ x", data)
    assert found.kind == "complete"
    assert found.infinite == {"Intercept": end, "x": "undetermined"}
    assert found.evidence == (f"in all 4 rows, y = {value}",)
    arrays = li.detect_separation_arrays(data["y"], np.array(data["x"])[:, None], intercept=True)
    assert arrays.infinite["Intercept"] == end
    assert li.detect_separation("y ~ 0 + x", data).kind == "none"
    counts = li.detect_separation("k ~ x", {"k": [0, 0], "n": [2, 3], "x": [1, 2]}, trials="n")
    assert counts.kind == "complete"
    with pytest.raises(OutcomeError, match="only the value"):
        li.logit("y ~ x", data)


def test_one_word_is_no_event_unless_it_is_said_to_be_one():
    data = {"y": ["no"] * 4, "x": [1.0, 2, -3, 5]}
    with pytest.raises(OutcomeError, match="only the value 'no'"):
        li.detect_separation("y ~ x", data)
    assert li.detect_separation("y ~ x", data, event="no").infinite["Intercept"] == np.inf


def test_a_notebook_shows_it_escaped():
    found = li.detect_separation("y ~ x", {"x": [1.0, 2, 3, 4], "y": [0, 0, 1, 1]})
    assert found._repr_html_().startswith("<p>Complete separation: in both rows with x &gt;= 3")
