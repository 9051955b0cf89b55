"""Which value is the event, and every case in which nobody can know."""

import numpy as np
import pandas as pd
import pytest

from logit_inference.datasets import load
from logit_inference.design.design import build_design
from logit_inference.design.outcome import outcome_arrays
from logit_inference.errors import ArgumentError, FormulaError, OutcomeError

X = np.arange(6.0)


def outcome(values, event=None, left="y", **keywords):
    design, encoded = build_design(f"{left} ~ x", {"y": values, "x": X}, event=event, **keywords)
    return encoded.block.y.tolist(), design.event


@pytest.mark.parametrize(
    ("values", "event", "successes", "text"),
    [
        ([0, 1, 0, 1, 1, 0], None, [0, 1, 0, 1, 1, 0], "y = 1"),
        ([0, 1, 0, 1, 1, 0], 0, [1, 0, 1, 0, 0, 1], "y = 0"),
        ([False, True] * 3, None, [0, 1] * 3, "y = True"),
        ([False, True] * 3, False, [1, 0] * 3, "y = False"),
        (["yes", "no"] * 3, None, [1, 0] * 3, "y = yes"),
        (["yes", "no"] * 3, "no", [0, 1] * 3, "y = no"),
        ([1, 2] * 3, 2, [0, 1] * 3, "y = 2"),
        ([1, 2] * 3, "2", [0, 1] * 3, "y = 2"),
        (pd.Categorical(["a", "b"] * 3, ["b", "a"]), None, [1, 0] * 3, "y = a"),
        (pd.Categorical(["a", "c"] * 3, ["a", "b", "c"]), None, [0, 1] * 3, "y = c"),
    ],
)
def test_event(values, event, successes, text):
    y, found = outcome(values, event)
    assert y == successes
    assert str(found) == text


def test_expressions_on_the_left():
    y, found = outcome([1, 2, 3, 1, 2, 3], left="I(y > 2)")
    assert (y, str(found)) == ([0, 0, 1, 0, 0, 1], "I(y > 2) = True")
    y, found = outcome(["a", "b", "c"] * 2, left="y == 'b'")
    assert (y, str(found)) == ([0, 1, 0] * 2, "y == 'b' = True")


@pytest.mark.parametrize(
    ("values", "event", "complaint"),
    [
        ([1, 2] * 3, None, r"the two numbers 1 \(3\), 2 \(3\), not 0 and 1.*event=2"),
        ([1, 2] * 3, 3, r"no value 3; it has 1 \(3\), 2 \(3\). Write event=2 or event=1"),
        (["a", "b"] * 3, "c", "no value 'c'"),
        ([0, 1, 2] * 2, None, r"3 values, 0 \(2\), 1 \(2\), 2 \(2\).*I\(y > 1\).*trials"),
        (["a", "b", "c"] * 2, None, r"3 values.*I\(y == 'c'\)"),
        ([1] * 6, None, r"only the value 1 \(6\)"),
        (["no"] * 6, None, r"only the value 'no' \(6\)"),
        (pd.Categorical(["a"] * 6, ["a", "b"]), None, r"only the value 'a' \(6\)"),
        ([0.5, 0.25, 1.0] * 2, None, r"cbind\(successes, failures\)"),
        ([0.2, 0.7] * 3, None, "two numbers 0.2"),
    ],
)
def test_no_event(values, event, complaint):
    with pytest.raises(OutcomeError, match=complaint):
        outcome(values, event)


@pytest.mark.parametrize("event", [np.array([0, 1]), np.array(1), [1], {}, object()])
def test_an_event_is_one_value(event):
    with pytest.raises(ArgumentError, match="one value of the outcome"):
        outcome([0, 1, 0, 1, 1, 0], event)
    with pytest.raises(ArgumentError, match="one value of the outcome"):
        outcome_arrays([0, 1], event=event)


def test_an_event_may_be_a_scalar_of_numpy():
    assert outcome([0, 1, 0, 1, 1, 0], np.int64(0))[0] == [1, 0, 1, 0, 0, 1]
    assert outcome(["a", "b"] * 3, np.str_("a"))[0] == [1, 0] * 3


def test_an_outcome_is_one_column():
    with pytest.raises(FormulaError, match=r"bs\(y\) has 3 columns; one value is needed"):
        outcome([1.0, 2, 3, 4, 5, 6], left="bs(y)")


def test_levels_are_those_of_the_rows_used():
    table = {"y": ["no", "yes", "maybe", "no"], "x": [1.0, 2.0, None, 3.0]}
    design, encoded = build_design("y ~ x", table)
    assert encoded.block.y.tolist() == [0, 1, 0]
    assert str(design.event) == "y = yes"


def test_grouped_ways_agree():
    menarche = load("menarche")
    grouped = [
        build_design("cbind(Menarche, Total - Menarche) ~ Age", menarche),
        build_design("Menarche ~ Age", menarche, trials="Total"),
        build_design("Menarche ~ Age", menarche, trials=menarche["Total"].to_numpy()),
    ]
    for design, encoded in grouped:
        assert encoded.block.y.tolist() == menarche["Menarche"].tolist()
        assert encoded.block.trials.tolist() == menarche["Total"].tolist()
        assert design.event.kind == "grouped"
    assert grouped[0][0].event.event == "Menarche"


def test_trials_are_no_predictor_of_the_dot():
    design, _ = build_design("Menarche ~ .", load("menarche"), trials="Total")
    assert design.columns == ("Intercept", "Age")


@pytest.mark.parametrize(
    ("successes", "trials", "complaint"),
    [
        ([1, 2, 3, 4, 5, 6], [2, 2, 2, 9, 9, 9], "3 successes in 2 trials at row 2"),
        (
            [0.5, 0.2, 0, 0, 0, 0],
            9 * np.ones(6),
            "0.5 successes at row 0.*multiply the proportions",
        ),
        ([1.5, 2, 0, 0, 0, 0], 9 * np.ones(6), "1.5 successes at row 0 is no whole number"),
        ([-1, 2, 0, 0, 0, 0], 9 * np.ones(6), "-1 successes at row 0 is negative"),
        ([0] * 6, [1] * 6, "no success in 6 trials"),
        ([1] * 6, [1] * 6, "no failure in 6 trials"),
        (["a"] * 6, [1] * 6, "y is not numeric"),
    ],
)
def test_impossible_counts(successes, trials, complaint):
    with pytest.raises(OutcomeError, match=complaint):
        outcome(successes, trials=trials)


def test_rows_without_trials_are_allowed():
    y, _ = outcome([0, 2, 0, 1, 0, 0], trials=[0, 3, 1, 1, 1, 1])
    assert y[0] == 0


def test_event_of_counts_is_refused():
    with pytest.raises(OutcomeError, match="leave event= out"):
        outcome([0, 2, 0, 1, 0, 0], event=1, trials=[0, 3, 1, 1, 1, 1])


def test_arrays():
    y, trials, event = outcome_arrays([1, 2, 2], event=2)
    assert (y.tolist(), trials, str(event)) == ([0, 1, 1], None, "y = 2")
    y, trials, event = outcome_arrays([1, 2], trials=[3, 3])
    assert (y.tolist(), trials.tolist(), event.kind) == ([1, 2], [3, 3], "grouped")
    with pytest.raises(OutcomeError, match="1 missing value"):
        outcome_arrays([0.0, np.nan, 1.0])
