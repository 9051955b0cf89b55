"""Analysis of deviance, terms dropped and added: models by their refits, and what is refused."""

import numpy as np
import pytest

import logit_inference as li
from logit_inference import errors

birthwt = li.datasets.load("birthwt")
titanic = li.datasets.load("TitanicSurvival").dropna()


def indexed(table):
    return table.to_frame().set_index("term")


def test_type_2_respects_marginality():
    fit = li.logit("survived ~ sex * passengerClass + age", titanic)
    frame = indexed(fit.anova(type=2))
    without = li.logit("survived ~ passengerClass + age", titanic)
    additive = li.logit("survived ~ sex + passengerClass + age", titanic)
    assert frame.loc["sex", "statistic"] == pytest.approx(2 * (additive.llf - without.llf))
    gain = 2 * (fit.llf - additive.llf)
    assert frame.loc["sex:passengerClass", "statistic"] == pytest.approx(gain)
    assert frame.loc["sex:passengerClass", "df"] == 2
    assert "Intercept" not in frame.index
    assert list(indexed(fit.drop1()).index) == ["<none>", "age", "sex:passengerClass"]


def test_the_score_of_a_term_is_that_of_the_larger_of_two_models_not_of_the_whole_one():
    fit = li.logit("survived ~ sex * passengerClass + age", titanic)
    additive = li.logit("survived ~ sex + passengerClass + age", titanic)
    for kind in (1, 2):
        frame = indexed(fit.anova(type=kind, test="score"))
        base = {1: "~ sex", 2: "~ sex + age"}[kind]
        larger = {1: li.logit("survived ~ sex + passengerClass", titanic), 2: additive}[kind]
        found = larger.test(base, method="score").statistic
        assert frame.loc["passengerClass", "statistic"] == pytest.approx(found, rel=1e-9)


def test_type_3_says_where_it_tests():
    fit = li.logit("survived ~ sex * passengerClass + age", titanic)
    note = fit.anova(type=3).notes[0]
    assert "sex at passengerClass = 1st" in note
    assert "passengerClass at sex = female" in note
    assert "age at" not in note
    summed = li.logit("survived ~ C(sex, contr.sum) * C(passengerClass, contr.sum) + age", titanic)
    assert not summed.anova(type=3).notes
    numeric = li.logit("low ~ age * smoke", birthwt)
    assert "age at smoke = 0; smoke at age = 0" in numeric.anova(type=3).notes[0]
    frame = indexed(fit.anova(type=3, test="lr"))
    found = fit.test("sex", method="lr").statistic
    assert frame.loc["sex", "statistic"] == pytest.approx(found, rel=1e-12)


def test_aliased_columns_go_with_the_span_they_add_to():
    data = birthwt.assign(kg=lambda frame: 0.45359237 * frame["lwt"])
    with pytest.warns(li.CollinearityWarning):
        fit = li.logit("low ~ lwt + kg + smoke", data)
    small = li.logit("low ~ lwt + smoke", data)
    frame = indexed(fit.anova())
    assert frame.loc["kg", "df"] == 0
    assert np.isnan(frame.loc["kg", "p_value"])
    assert frame.loc["smoke", "deviance"] == pytest.approx(small.deviance)
    # Without lwt, kg tells the same: as in R, which fits again.
    frame = indexed(fit.drop1())
    assert frame.loc["lwt", "df"] == frame.loc["kg", "df"] == 0
    assert frame.loc["smoke", "statistic"] == pytest.approx(
        indexed(small.drop1()).loc["smoke"].statistic
    )
    assert "0 df" in fit.drop1().notes[0]
    # Of a test of coefficients the aliased one is no part.
    assert indexed(fit.anova(type=3)).loc["lwt", "df"] == 1


def test_a_model_without_terms_or_without_an_intercept():
    constant = li.logit("low ~ 1", birthwt)
    assert indexed(constant.anova()).loc["NULL", "deviance"] == pytest.approx(constant.deviance)
    assert indexed(constant.drop1()).loc["<none>", "aic"] == pytest.approx(constant.aic)
    for table in (constant.anova(), constant.anova(type=2), constant.drop1(test="wald")):
        assert "nothing to test" in table.notes[0]
    fit = li.logit("low ~ 0 + lwt + smoke", birthwt)
    frame = indexed(fit.anova())
    assert frame.loc["NULL", "deviance"] == pytest.approx(2 * len(birthwt) * np.log(2))
    assert indexed(fit.anova(type=3, test="wald")).index.tolist() == ["lwt", "smoke"]


def test_arrays_have_columns_for_terms():
    X = birthwt[["age", "lwt", "smoke"]]
    fit = li.logit_arrays(birthwt["low"], X, intercept=True)
    formula = li.logit("low ~ age + lwt + smoke", birthwt)
    for table in ("anova", "drop1", "wald_terms"):
        ours, theirs = (getattr(one, table)().to_frame() for one in (fit, formula))
        assert ours["term"].tolist() == theirs["term"].tolist()
        np.testing.assert_allclose(ours.iloc[:, 1:], theirs.iloc[:, 1:], rtol=1e-9)
    with pytest.raises(errors.ArgumentError, match="no"):
        fit.test("low ~ age", method="lr")
    with pytest.raises(errors.ArgumentError, match="arrays"):
        fit.add1("lwt")


@pytest.mark.filterwarnings("ignore::logit_inference.SeparationWarning")
def test_separated_terms():
    data = li.datasets.load("endometrial")
    fit = li.logit("HG ~ NV + PI + EH", data)
    frame = indexed(fit.anova(type=2))
    for term, rest in (("NV", "PI + EH"), ("PI", "NV + EH"), ("EH", "NV + PI")):
        small = li.logit(f"HG ~ {rest}", data)
        assert frame.loc[term, "statistic"] == pytest.approx(2 * (fit.llf - small.llf), rel=1e-7)
    first = indexed(fit.anova())
    assert first.loc["NV", "deviance"] == pytest.approx(li.logit("HG ~ NV", data).deviance)
    wald = fit.anova(type=2, test="wald")
    assert np.isnan(indexed(wald).loc["NV", "statistic"])
    assert "likelihood ratio" in wald.notes[0]
    with pytest.raises(errors.ArgumentError, match="goes to infinity"):
        fit.anova(type=2, adjust="single-step")
    added = indexed(fit.add1(["I(PI**2)", "NV:PI"]))
    # Rows that are separated add nothing: as without them.
    rest = li.logit("HG ~ PI + EH", data[data["NV"] == 0])
    other = indexed(rest.add1("I(PI**2)"))
    assert added.loc["I(PI**2)", "statistic"] == pytest.approx(other["statistic"].iloc[0], rel=1e-8)
    assert added.loc["NV:PI", "df"] == 0
    larger = li.logit("HG ~ NV + PI + EH + I(PI**2)", data)
    ratio = indexed(fit.add1("I(PI**2)", test="lr")).loc["I(PI**2)"]
    assert ratio.statistic == pytest.approx(2 * (larger.llf - fit.llf), rel=1e-7)
    assert ratio.aic == pytest.approx(larger.aic, rel=1e-9)


def test_penalised_fits_keep_their_penalty():
    fit = li.logit("HG ~ NV + PI + EH", li.datasets.load("endometrial"), estimator="firth")
    frame = indexed(fit.drop1())
    for term in ("NV", "PI", "EH"):
        assert frame.loc[term, "statistic"] == pytest.approx(fit.test(term, method="lr").statistic)
    gap = frame.loc["<none>", "penalized_log_likelihood"] - frame["penalized_log_likelihood"]
    np.testing.assert_allclose(2 * gap.iloc[1:], frame["statistic"].iloc[1:], rtol=1e-9)
    assert "penalty" in fit.drop1().notes[0]
    assert fit.penalized_log_likelihood == pytest.approx(frame.iloc[0, -1])
    with pytest.raises(errors.ArgumentError, match="maximum likelihood"):
        fit.anova(test="score")
    with pytest.raises(errors.ArgumentError, match="another penalty"):
        fit.add1("NV:PI")
    flic = li.logit(
        "HG ~ NV + PI + EH", li.datasets.load("endometrial"), estimator="firth", intercept="flic"
    )
    corrected = indexed(flic.anova(type=3))
    assert list(corrected.index) == ["NV", "PI", "EH"]
    np.testing.assert_allclose(corrected["statistic"], frame["statistic"].iloc[1:], rtol=1e-9)
    ridge = li.logit("low ~ age + lwt", birthwt, estimator="ridge", penalty=1.0)
    assert "Wald" in ridge.anova().title  # its default
    with pytest.raises(errors.ArgumentError, match="no likelihood ratios"):
        ridge.anova(test="lr")


def test_wald_needs_no_rows_and_the_others_say_that_they_do():
    fit = li.logit("low ~ age + lwt", birthwt)
    alone = fit.without_data()
    np.testing.assert_array_equal(
        alone.anova(type=2, test="wald").to_frame(), fit.anova(type=2, test="wald").to_frame()
    )
    for call in (alone.anova, alone.drop1, lambda: alone.add1("smoke")):
        with pytest.raises(errors.DetachedError):
            call()
    with pytest.raises(errors.ArgumentError, match=r"1 \(sequential"):
        fit.anova(type="II")
    with pytest.raises(errors.ArgumentError, match='"lr", "wald" or "score"'):
        fit.anova(test="F")


# --- additions ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "addition", ["ht", "smoke:lwt", "C(race)", "C(race) * smoke", "poly(age, 3)"]
)
def test_an_addition_is_tested_as_within_the_larger_fit(addition):
    fit = li.logit("low ~ smoke + lwt", birthwt)
    larger = li.logit(f"low ~ smoke + lwt + {addition}", birthwt)
    for test in ("score", "lr"):
        row = fit.add1(addition, test=test).to_frame().iloc[-1]
        found = larger.test("low ~ smoke + lwt", method=test)
        assert row["statistic"] == pytest.approx(found.statistic, rel=1e-8)
        assert row["df"] == found.df
        assert row["p_value"] == pytest.approx(found.p_value, rel=1e-6)
    assert row["aic"] == pytest.approx(larger.aic)


def test_additions_with_weights_offset_and_trials_use_those_of_the_fit():
    data = li.datasets.load("esoph")
    left, offset = "cbind(ncases, ncontrols)", np.linspace(-0.5, 0.5, len(data))
    fit = li.logit(f"{left} ~ agegp", data, offset=offset)
    larger = li.logit(f"{left} ~ agegp + alcgp", data, offset=offset)
    for test in ("score", "lr"):
        row = fit.add1("alcgp", test=test).to_frame().iloc[-1]
        assert row["statistic"] == pytest.approx(
            larger.test("alcgp", method=test).statistic, rel=1e-8
        )
    admissions = li.datasets.load("UCBAdmissions")
    weighted = {"weights": "Freq", "weights_kind": "frequency"}
    fit = li.logit("Admit ~ Dept", admissions, **weighted)
    larger = li.logit("Admit ~ Dept + Gender", admissions, **weighted)
    row = fit.add1("Gender").to_frame().iloc[0]
    assert row["statistic"] == pytest.approx(larger.test("Gender", method="score").statistic)


def test_additions_to_coded_columns():
    rng = np.random.default_rng(3)
    n = 120_000
    table = {"g": rng.integers(0, 25, n), "x": rng.normal(size=n), "h": rng.integers(0, 12, n)}
    table["y"] = (rng.random(n) < 0.3 + 0.01 * table["x"].clip(-2, 2)).astype(int)
    fit = li.logit("y ~ C(g)", table)
    for addition in ("x", "C(h)"):
        larger = li.logit(f"y ~ C(g) + {addition}", table)
        row = fit.add1(addition).to_frame().iloc[0]
        assert row["statistic"] == pytest.approx(
            larger.test(addition, method="score").statistic, rel=1e-7
        )


def test_rows_that_miss_a_new_variable_are_counted():
    data = li.datasets.load("TitanicSurvival")
    fit = li.logit("survived ~ sex", data)
    with pytest.raises(li.ComparisonError, match=r"263 of the 1309 rows .* age \(263\)") as caught:
        fit.add1("age")
    assert caught.value.counts == {"age": 263}
    assert "dropna(subset=['age'])" in str(caught.value)
    used = li.logit("survived ~ sex", data.dropna(subset=["age"]))
    assert used.add1("age").to_frame()["df"][0] == 1


def test_a_table_that_changed_is_noticed():
    data = birthwt.copy()
    fit = li.logit("low ~ lwt + smoke", data)
    data["lwt"] = data["lwt"] + 1
    with pytest.raises(li.ComparisonError, match="changed"):
        fit.add1("ht")
    assert fit.test("low ~ lwt", method="lr").df == 1  # its columns are at hand
    del data["smoke"]
    with pytest.raises(li.ComparisonError, match="no column 'smoke'"):
        fit.add1("ht")


def test_what_is_there_already_or_spans_nothing_new():
    fit = li.logit("low ~ age * smoke", birthwt)
    with pytest.raises(li.ComparisonError, match="already"):
        fit.add1("smoke:age")
    row = fit.add1("I(2 * age)").to_frame().iloc[0]
    assert (row["df"], row["statistic"]) == (0, 0)
    with pytest.raises(errors.ArgumentError, match="larger fits"):
        fit.add1("lwt", test="wald")
    with pytest.raises(errors.FormulaError, match="no column 'lwtt'"):
        fit.add1("lwtt")


# --- smaller formulas -----------------------------------------------------------------------------


def test_smaller_formulas_in_any_spelling():
    fit = li.logit("low ~ poly(age, 2) + C(race) * smoke", birthwt)
    small = li.logit("low ~ age + race + smoke", birthwt)
    for method in ("lr", "wald", "score"):
        first = fit.test("low ~ age + race + smoke", method=method)
        other = fit.test("~ smoke + C(race) + age", method=method)
        assert first.df == other.df == 3
        assert first.statistic == pytest.approx(other.statistic, rel=1e-9)
    assert fit.test("~ age + race + smoke", method="lr").statistic == pytest.approx(
        2 * (fit.llf - small.llf), rel=1e-9
    )
    assert fit.test("~ age + race + smoke").null == ("low ~ age + race + smoke",)


@pytest.mark.parametrize(
    ("formula", "message"),
    [
        ("low ~ lwt", "lwt is no combination"),
        ("smoke ~ age", "outcomes differ"),
        ("low ~ age + offset(lwt)", "offset"),
        ("low ~ age + C(race) + smoke:C(race)", "same model"),
    ],
)
def test_formulas_that_are_no_smaller_ones(formula, message):
    fit = li.logit("low ~ age + C(race) * smoke", birthwt)
    with pytest.raises(li.ComparisonError, match=message):
        fit.test(formula, method="lr")


# --- comparison -----------------------------------------------------------------------------------


def test_nested_fits_compare_in_any_order_and_spelling():
    small, large = li.logit("low ~ age", birthwt), li.logit("low ~ poly(age, 2) + smoke", birthwt)
    forth, back = li.compare(small, large).to_frame(), li.compare(large, small).to_frame()
    expected = 2 * (large.llf - small.llf)
    assert forth["statistic"][1] == pytest.approx(expected)
    assert back["statistic"][1] == pytest.approx(expected)
    assert forth["df"][1] == 2
    assert forth["aic"].tolist() == pytest.approx([small.aic, large.aic])
    three = li.compare(li.logit("low ~ 1", birthwt), small, large).to_frame()
    assert three["df"].tolist()[1:] == [1, 2]
    same = li.compare(small, li.logit("low ~ I(2 * age - 3)", birthwt)).to_frame()
    assert same["df"][1] == 0
    assert np.isnan(same["p_value"][1])


def test_fits_that_are_not_nested_get_criteria_only():
    one, other = li.logit("low ~ age", birthwt), li.logit("low ~ lwt + smoke", birthwt)
    table = li.compare(one, other)
    assert "p_value" not in table.to_frame()
    assert "Not nested: age of model 1" in table.notes[-1]
    assert table.to_frame()["bic"].tolist() == pytest.approx([one.bic, other.bic])
    # As many columns, and not the same: a hair is enough.
    nearly = birthwt.assign(age=birthwt["age"] + 1e-6 * np.arange(len(birthwt)))
    labelled = li.compare(one, li.logit("low ~ age", nearly))
    assert "Not nested" in labelled.notes[-1]


def test_different_data_are_refused_with_the_reason():
    data = li.datasets.load("TitanicSurvival")
    one = li.logit("survived ~ sex", data)
    with pytest.raises(li.ComparisonError, match=r"1309 and 1046 .*age") as caught:
        li.compare(one, li.logit("survived ~ sex + age", data))
    assert caught.value.reason == "rows"
    fit = li.logit("low ~ age", birthwt)
    cases = {
        "outcome": li.logit("smoke ~ age", birthwt),
        "weights": li.logit("low ~ age", birthwt, weights="age", weights_kind="frequency"),
        "rows": li.logit("low ~ age", birthwt[::-1]),
        "estimator": li.logit("low ~ age", birthwt, estimator="firth"),
    }
    for reason, other in cases.items():
        with pytest.raises(li.ComparisonError) as caught:
            li.compare(fit, other)
        assert caught.value.reason == reason
    with pytest.raises(errors.ArgumentError, match="two fits"):
        li.compare(fit)
    with pytest.raises(errors.ArgumentError, match="results"):
        li.compare(fit, "low ~ lwt")
    with pytest.raises(errors.DetachedError):
        li.compare(fit, fit.without_data())


@pytest.mark.filterwarnings("ignore::logit_inference.SeparationWarning")
def test_separated_and_penalised_fits():
    data = li.datasets.load("endometrial")
    small, large = li.logit("HG ~ EH", data), li.logit("HG ~ NV + EH", data)
    frame = li.compare(small, large).to_frame()
    assert frame["statistic"][1] == pytest.approx(large.test("NV", method="lr").statistic, rel=1e-8)
    firth = [li.logit(f, data, estimator="firth") for f in ("HG ~ EH", "HG ~ NV + EH")]
    table = li.compare(*firth)
    assert "p_value" not in table.to_frame()
    assert "another penalty" in table.notes[2]


@pytest.mark.parametrize(
    ("formula", "told"),
    [
        ("agec * C(race, contr.sum)", None),
        ("agec * C(race, contr.helmert)", None),
        ("center(age) * C(race, contr.sum)", None),
        ("poly(age, 2) * C(race, contr.sum)", None),
        ("I(age - 23) * C(race, contr.sum)", None),  # the mean is 23.2, the deviation 5.3
        ("C(smoke, contr.sum) * C(race, contr.sum)", None),
        ("age * C(race, contr.sum)", "C(race, contr.sum) at age = 0."),
        ("agec * C(race)", "agec at C(race) = white."),
        ("agec * smoke", "agec at smoke = 0."),
        ("bs(age, df=4) * C(race, contr.sum)", "C(race, contr.sum) at bs(age, df=4) as coded."),
        ("agec + C(race, contr.sum) + lwt:C(race, contr.sum)", "C(race, contr.sum) at lwt = 0."),
    ],
)
def test_type_3_says_where_it_is_not_of_an_average(formula, told):
    data = birthwt.assign(agec=birthwt["age"] - birthwt["age"].mean())
    fit = li.logit(f"low ~ {formula}", data)
    notes = [note for note in fit.anova(type=3, test="wald").notes if "as they are coded" in note]
    assert bool(notes) == (told is not None)
    assert told is None or told in notes[0]
    weighted = li.logit(f"low ~ {formula}", data, weights=data["lwt"], weights_kind="precision")
    assert len(weighted.anova(type=3, test="wald").notes) == len(notes)


def test_what_type_3_leaves_out_is_said():
    data = birthwt.assign(kg=lambda frame: 0.45359237 * frame["lwt"])
    with pytest.warns(li.CollinearityWarning):
        fit = li.logit("low ~ lwt + kg + smoke", data)
    assert any("Not estimable" in note and "kg" in note for note in fit.anova(type=3).notes)
    assert not any("Not estimable" in note for note in fit.anova(type=2).notes)
