"""Comparison of models with different offsets, and of rows in another order."""

import numpy as np
import pytest

import logit_inference as li
from logit_inference import errors

DATA = li.datasets.load("birthwt")


def test_an_offset_that_is_a_column_of_the_larger_model_is_a_restriction():
    small = li.logit("low ~ age", DATA, offset="lwt/100")
    large = li.logit("low ~ age + lwt", DATA)
    row = li.compare(small, large).to_frame().iloc[1]
    held = large.test("lwt = 0.01", method="lr")  # the same restriction, of one fit
    assert row["statistic"] == pytest.approx(held.statistic, rel=1e-9)
    assert (row["df"], row["p_value"]) == (1, pytest.approx(held.p_value, rel=1e-9))
    back = li.compare(large, small).to_frame().iloc[1]
    assert back["statistic"] == pytest.approx(row["statistic"], rel=1e-12)


def test_other_offsets_are_compared_by_criteria_alone():
    fits = [li.logit("low ~ age", DATA, offset="lwt/100"), li.logit("low ~ age + smoke", DATA)]
    table = li.compare(*fits)
    frame = table.to_frame()
    np.testing.assert_allclose(frame["aic"], [fit.aic for fit in fits])
    assert "p_value" not in frame
    assert any("the offsets of model 1 and model 2 differ" in note for note in table.notes)


@pytest.mark.parametrize("labelled", [True, False])
def test_rows_in_another_order_are_named_so(labelled):
    mixed = DATA.sample(frac=1, random_state=1).reset_index(drop=not labelled)
    if labelled:
        mixed = mixed.set_index("index")
    with pytest.raises(errors.ComparisonError, match="different orders") as caught:
        li.compare(li.logit("low ~ age", DATA), li.logit("low ~ age + lwt", mixed))
    assert caught.value.reason == "rows"


def test_a_corrected_intercept_has_no_profile():
    fit = li.logit("low ~ age + smoke", DATA, estimator="firth", intercept="flic")
    with pytest.raises(errors.ArgumentError, match="FLIC corrects the intercept"):
        fit.profile("Intercept + smoke")
    assert any("The intercept has no line" in note for note in fit.anova(type=3).notes)
