"""Data on which a logistic fit has no answer, or an answer that is easily got wrong.

The cases, and what is required of each, are in ``reference/degenerate/cases.json``: a maximum that
does not exist is a warning that shows the evidence, a column that the data cannot estimate is
reported with its relation, equal problems get equal answers, and nothing is dropped in silence.
"""

import json
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import logit_inference as li
from logit_inference.errors import (
    CollinearityWarning,
    LogitInferenceError,
    OutcomeError,
    SeparationError,
    SeparationWarning,
    WeightsError,
)

FOLDER = Path(__file__).resolve().parents[1] / "reference" / "degenerate"
CASES = {case["id"]: case for case in json.loads((FOLDER / "cases.json").read_text("utf-8"))}
OBSERVED = json.loads((FOLDER / "R_observed.json").read_text("utf-8"))


def rows(name: str) -> pd.DataFrame:
    """Return the rows of a case, texts with levels as the case declares them."""
    frame = pd.read_csv(FOLDER / f"{name}.csv")
    for column, levels in CASES[name].get("factors", {}).items():
        frame[column] = pd.Categorical(frame[column], categories=levels)
    return frame


def fit(name: str, **options):
    """Return the fit that the case asks for."""
    return li.logit(CASES[name]["formula"], rows(name), **options)


def base(**options):
    """Return the ordinary fit that several cases must equal."""
    return li.logit("y ~ a + b", rows("base"), **options)


def assert_same_numbers(one, other, rtol=1e-12):
    """Same coefficients, standard errors and log-likelihood."""
    np.testing.assert_allclose(one.params, other.params, rtol=rtol)
    np.testing.assert_allclose(one.bse, other.bse, rtol=rtol)
    assert one.llf == pytest.approx(other.llf, rel=rtol)


def test_every_case_is_tested():
    text = Path(__file__).read_text("utf-8")
    assert [name for name in CASES if f'"{name}"' not in text] == []


# --- no maximum ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "term", "evidence"),
    [
        ("complete_separation", "s", "with s >= 2.691489, y = 1"),
        ("quasi_separation_column", "q", "in all 10 rows with q = 1, y = 1"),
        ("zero_cell_factor_level", "g", "in all 19 rows with g = zcell, y = 0"),
    ],
)
def test_separated_data_are_a_warning_that_shows_the_evidence(name, term, evidence):
    with pytest.warns(SeparationWarning) as caught:
        found = fit(name).separation
    assert term in found.terms
    assert evidence in str(caught[0].message)
    with pytest.raises(SeparationError) as raised:
        fit(name, separation="raise")
    assert raised.value.terms == found.terms
    assert evidence in str(raised.value)


@pytest.mark.parametrize("name", ["quasi_separation_column", "zero_cell_factor_level"])
def test_what_is_not_separated_has_its_ordinary_estimates(name):
    expected = CASES[name]["expect"]
    frame = rows(name).query(expected["limit_rows"])
    if "g" in frame:
        frame["g"] = frame["g"].cat.remove_unused_categories()
    ordinary = li.logit(expected["limit_formula"], frame)
    theirs = OBSERVED[name]["reference_limit_fit"]
    with pytest.warns(SeparationWarning):
        limit = fit(name)
    finite = limit.params[np.isfinite(limit.params)]
    np.testing.assert_allclose(finite, list(theirs["coef"].values()), rtol=1e-9)
    np.testing.assert_allclose(limit.bse.dropna(), ordinary.bse, rtol=1e-9)
    assert limit.llf == pytest.approx(theirs["logLik"], rel=1e-12)
    observed = OBSERVED[name]["detect_separation"]["coefficients"]
    for mine, other in zip(limit.params, observed.values(), strict=True):
        assert other == ("0" if np.isfinite(mine) else "Inf" if mine > 0 else "-Inf")


def test_complete_separation_reaches_zero():
    with pytest.warns(SeparationWarning):
        found = fit("complete_separation")
    assert found.llf == 0.0
    assert found.separation.kind == "complete"
    assert len(found.separation.rows) == found.nobs
    np.testing.assert_array_equal(found.fitted, rows("complete_separation")["y"])


@pytest.mark.parametrize(("name", "value"), [("y_all_one_class", 1), ("y_all_zero", 0)])
def test_an_outcome_of_one_class_is_an_error_that_shows_it(name, value):
    with pytest.raises(OutcomeError, match=rf"\b{value}\b"):
        fit(name)


def test_fewer_rows_than_columns_are_separated():
    # Five rows in general position: three columns are dropped and the others separate the rows.
    with pytest.warns(SeparationWarning), pytest.warns(CollinearityWarning):
        found = fit("n_less_than_p")
    assert found.separation.kind == "complete"
    assert found.params.isna().all()
    assert found.summary().columns[1].values.count("undetermined") == 5
    with pytest.raises(SeparationError), pytest.warns(CollinearityWarning):
        fit("n_less_than_p", separation="raise")


# --- columns that cannot be estimated --------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "column", "relation"),
    [
        ("perfect_collinearity", "c", "c = a + 2 b"),
        ("constant_column_with_intercept", "k", "k = 3"),
        ("nearly_collinear_1e12", "c", "c = a"),
    ],
)
def test_later_dependent_columns_are_dropped_and_the_relation_is_written_out(
    name, column, relation
):
    with pytest.warns(CollinearityWarning) as caught:
        result = fit(name)
    plain = " ".join(str(caught[0].message).replace("·", " ").replace("*", " ").split())
    assert relation in plain
    assert list(result.params.index) == ["Intercept", *CASES[name]["formula"][4:].split(" + ")]
    assert math.isnan(result.params[column])
    assert math.isnan(result.bse[column])
    assert math.isnan(result.pvalues[column])
    assert column in str(result.summary())

    expected = CASES[name]["expect"]
    formula = expected.get("equal_formula") or expected["near_formula"]
    reduced = li.logit(formula, rows(name))
    kept = result.params.index != column
    np.testing.assert_allclose(result.params[kept], reduced.params, rtol=1e-10)
    np.testing.assert_allclose(result.bse[kept], reduced.bse, rtol=1e-10)
    np.testing.assert_allclose(result.fitted, reduced.fitted, rtol=1e-12)
    assert result.llf == pytest.approx(reduced.llf, rel=1e-14)
    assert result.df_resid == reduced.df_resid
    assert result.aic == pytest.approx(reduced.aic, rel=1e-14)


def test_a_factor_with_one_level_is_an_error_that_names_it():
    with pytest.raises(LogitInferenceError, match=r"\bo\b.*level|level.*\bo\b"):
        fit("one_level_factor")


# --- rows that cannot be used ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "column", "dropped"), [("nan_in_x", "a", 2), ("string_column_missing", "f", 3)]
)
def test_missing_rows_are_dropped_counted_and_reported(name, column, dropped):
    result = fit(name)
    assert result.n_rows_read - result.n_rows_used == dropped
    summary = str(result.summary())
    assert str(dropped) in summary
    assert column in summary
    assert not [term for term in result.params.index if "nan" in term.lower()]
    complete = rows(name).dropna()
    equal = li.logit(CASES[name]["formula"], complete)
    assert_same_numbers(result, equal)
    assert list(result.fitted.index) == list(complete.index)
    theirs = OBSERVED[name]["reference_equal_to"]
    np.testing.assert_allclose(result.params, list(theirs["coef"].values()), rtol=1e-9)
    with pytest.raises(LogitInferenceError, match=rf"\b{column}\b.*\b{dropped}\b"):
        fit(name, missing="raise")


def test_missing_text_is_never_a_level_of_its_own():
    frame = pd.read_csv(FOLDER / "string_column_missing.csv")
    assert frame["f"].isna().sum() == 3
    for values in (frame["f"], frame["f"].astype(object).where(frame["f"].notna(), None)):
        result = li.logit("y ~ a + f", frame.assign(f=values))
        assert list(result.params.index) == ["Intercept", "a", "f[T.other]", "f[T.white]"]
        assert result.n_rows_used == len(frame) - 3


def test_an_infinite_value_is_an_error_that_names_the_column():
    first = np.flatnonzero(np.isinf(rows("inf_in_x")["a"]))[0]
    with pytest.raises(LogitInferenceError, match=r"\ba\b.*\binf") as caught:
        fit("inf_in_x")
    assert f"row {first}" in str(caught.value)


def test_no_rows_is_an_error():
    with pytest.raises(LogitInferenceError, match="row"):
        fit("empty_data")


# --- weights ---------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["frequency", "precision"])
def test_rows_with_weight_zero_have_no_influence(kind):
    frame = rows("zero_weights")
    result = fit("zero_weights", weights="w", weights_kind=kind)
    used = frame[frame["w"] > 0]
    equal = li.logit("y ~ a + b", used, weights="w", weights_kind=kind)
    assert_same_numbers(result, equal)
    assert result.nobs == equal.nobs
    assert result.df_resid == equal.df_resid
    assert result.llnull == pytest.approx(equal.llnull, rel=1e-12)
    assert result.bic == pytest.approx(equal.bic, rel=1e-12)
    theirs = OBSERVED["zero_weights"]["reference_equal_to"]
    np.testing.assert_allclose(result.params, list(theirs["coef"].values()), rtol=1e-9)
    if kind == "precision":
        assert result.df_resid == theirs["df_residual"]


@pytest.mark.parametrize("kind", ["frequency", "precision"])
def test_a_negative_weight_is_an_error(kind):
    with pytest.raises(WeightsError, match="negative"):
        fit("negative_weight", weights="w", weights_kind=kind)


def test_three_copies_of_every_row_equal_frequency_weight_three():
    copies, once = fit("duplicated_rows_x3"), base()
    np.testing.assert_allclose(copies.params, once.params, rtol=1e-12)
    np.testing.assert_allclose(copies.bse, once.bse / math.sqrt(3), rtol=1e-12)
    assert copies.llf == pytest.approx(3 * once.llf, rel=1e-13)
    weighted = li.logit(
        "y ~ a + b", rows("base").assign(w=3), weights="w", weights_kind="frequency"
    )
    assert_same_numbers(copies, weighted)
    assert copies.nobs == weighted.nobs
    assert copies.bic == pytest.approx(weighted.bic, rel=1e-13)


# --- scales ----------------------------------------------------------------------------------


def test_scaled_columns_scale_their_coefficients_and_nothing_else():
    scaled, once = fit("unscaled_1e10"), base()
    factor = np.array([1.0, *CASES["unscaled_1e10"]["expect"]["scale"].values()])
    np.testing.assert_allclose(scaled.params, once.params * factor, rtol=1e-11)
    np.testing.assert_allclose(scaled.bse, once.bse * factor, rtol=1e-11)
    np.testing.assert_allclose(scaled.tvalues, once.tvalues, rtol=1e-11)
    assert scaled.llf == pytest.approx(once.llf, rel=1e-13)


# --- outcomes --------------------------------------------------------------------------------


def test_the_base_fit_equals_R():
    result, theirs = fit("base"), OBSERVED["base"]["R_glm_default"]
    np.testing.assert_allclose(result.params, list(theirs["coef"].values()), rtol=1e-9)
    assert result.llf == pytest.approx(theirs["logLik"], rel=1e-12)


@pytest.mark.parametrize("name", ["y_bool", "y_string", "y_categorical_reversed"])
def test_the_event_is_true_or_the_second_level(name):
    assert_same_numbers(fit(name), base(), rtol=1e-14)
    if "event" in CASES[name]["expect"]:
        event = CASES[name]["expect"]["event"]
        assert_same_numbers(fit(name, event=event), base(), rtol=1e-14)
        assert event in str(fit(name).summary())


def test_text_that_is_no_category_is_sorted_and_the_second_is_the_event():
    frame = pd.read_csv(FOLDER / "y_string.csv")
    assert_same_numbers(li.logit("y ~ a + b", frame), base(), rtol=1e-14)
    reversed_event = li.logit("y ~ a + b", frame, event="no")
    np.testing.assert_allclose(reversed_event.params, -base().params, rtol=1e-12)


def test_an_event_that_nobody_has_is_an_error():
    with pytest.raises(OutcomeError, match="maybe"):
        fit("y_string", event="maybe")


@pytest.mark.parametrize("name", ["y_three_levels", "y_coded_1_2", "y_fraction_no_trials"])
def test_other_numbers_are_an_error_that_shows_them(name):
    with pytest.raises(OutcomeError) as caught:
        fit(name)
    found = rows(name)["y"].iloc[0]
    assert f"{found:g}" in str(caught.value)


def test_one_and_two_are_legal_with_an_event():
    assert_same_numbers(fit("y_coded_1_2", event=2), base(), rtol=1e-14)


# --- prediction ------------------------------------------------------------------------------


def test_a_level_unseen_at_fit_time_is_an_error_that_names_it():
    result = fit("unseen_level_at_predict")
    new = pd.DataFrame(CASES["unseen_level_at_predict"]["expect"]["predict_newdata"])
    with pytest.raises(LogitInferenceError, match="never_seen") as caught:
        result.predict(new)
    assert "f" in str(caught.value)
    with pytest.raises(LogitInferenceError, match="never_seen"):
        result.get_prediction(new)
