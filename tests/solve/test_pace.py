"""Which pass to take next: the rules of thumb, and that they are followed."""

from dataclasses import replace

import numpy as np
import pytest

from logit_inference.likelihood.logistic import tally
from logit_inference.rows.block import Block
from logit_inference.solve.pace import Pace, pace_of

PACE = Pace(goal=1e-9, price=0.2, bend=0.01)
DECREMENTS = 10.0 ** np.arange(-12, 4)


def counts(n, share):
    return tally(Block((np.arange(n) < share * n).astype(float), np.ones((n, 1))))


@pytest.mark.parametrize("ratio", [1e-3, 0.3, 0.9])
def test_the_final_evaluation_comes_where_the_next_decrement_is_below_the_goal(ratio):
    for decrement in DECREMENTS:
        if decrement <= PACE.goal or 3 * ratio * decrement <= PACE.goal:
            assert PACE.ends_chord(decrement, ratio)


def test_what_costs_as_much_as_an_evaluation_is_never_taken_instead():
    dear = replace(PACE, price=1.0)
    assert not any(dear.begins_chord(decrement) for decrement in DECREMENTS)
    assert all(dear.ends_chord(decrement, 0.1) for decrement in DECREMENTS)


def test_the_cheaper_a_score_the_more_of_them():
    begun = [
        sum(replace(PACE, price=price).begins_chord(d) for d in DECREMENTS)
        for price in (0.8, 0.4, 0.2, 0.1, 0.02)
    ]
    assert begun == sorted(begun)
    assert begun[-1] > begun[0]


def test_a_newton_step_that_reaches_the_goal_needs_no_other():
    reached = [d for d in DECREMENTS if min(PACE.bend * d, 0.5) * d <= PACE.goal]
    assert reached
    assert not any(PACE.begins_chord(decrement) for decrement in reached)


def test_steps_that_hardly_shrink_are_not_worth_waiting_for():
    assert PACE.ends_chord(0.1, 0.9)
    assert not PACE.ends_chord(0.1, 0.01)


def test_the_ratio_of_an_older_matrix_grows_with_its_distance():
    ratios = [PACE.ratio(decrement) for decrement in DECREMENTS]
    assert ratios == sorted(ratios)
    assert ratios[-1] == 0.3
    assert PACE.ratio(1.0) == pytest.approx(0.03)


def test_the_goal_is_within_what_newton_asks_for():
    for n, p, share in [(1000, 5, 0.5), (10**6, 50, 0.5), (10**6, 5, 2e-5)]:
        pace = pace_of(p, 0.5, counts(n, share), 1e-8, 3e-10)
        largest = np.sqrt(4 * p / (n * share * (1 - share)))
        assert pace.goal <= 1e-8 / 4
        assert pace.goal * largest <= 3e-10 / 15 * (1 + 1e-12)
        assert pace.bend == pytest.approx(largest / 25)
        assert pace.price == 0.5
