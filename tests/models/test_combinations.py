"""Profiles, linear combinations and likelihood-first tables of a result."""

import numpy as np
import pandas as pd
import pytest

import logit_inference as li
from logit_inference import errors
from logit_inference.inference.multiplicity import adjust

TEXT = "smoke + 30 * age:smoke"


@pytest.fixture(scope="module")
def data():
    return li.datasets.load("birthwt")


@pytest.fixture(scope="module")
def fit(data):
    return li.logit("low ~ age * smoke + lwt + C(race)", data)


@pytest.fixture(scope="module")
def separated():
    with pytest.warns(li.SeparationWarning):
        return li.logit("HG ~ NV + PI + EH", li.datasets.load("endometrial"))


@pytest.fixture(scope="module")
def moved(data):
    """The same model with age counted from 30, where ``smoke`` is the combination."""
    return li.logit("low ~ I(age - 30) * smoke + lwt + C(race)", data)


@pytest.mark.parametrize("method", ["wald", "lr", "profile"])
def test_a_combination_is_a_coefficient_of_the_model_that_is_moved(fit, moved, method):
    mine = fit.lincom(TEXT, method=method).to_frame().iloc[0]
    theirs = moved.tidy(method=method).set_index("term").loc["smoke"]
    assert mine["term"] == TEXT
    for name in ("estimate", "std_error", "statistic", "p_value", "conf_low", "conf_high"):
        assert mine[name] == pytest.approx(theirs[name], rel=1e-8), name


def test_several_at_once_terms_and_rows(fit):
    frame = fit.lincom(["smoke - 2*age", "C(race), lwt"]).to_frame()
    assert frame["term"].tolist() == [
        "smoke - 2*age",
        "C(race)[T.black]",
        "C(race)[T.other]",
        "lwt",
    ]
    assert list(frame) == [
        *("term", "estimate", "std_error", "statistic", "p_value", "conf_low", "conf_high")
    ]
    rows = np.zeros((2, 7))
    rows[0, 1], rows[0, 2], rows[1, 3] = -2, 1, 1
    same = fit.lincom(rows).to_frame()
    assert same["term"].tolist() == ["-2*age + smoke", "lwt"]
    np.testing.assert_allclose(same["conf_low"], frame["conf_low"].iloc[[0, 3]], rtol=1e-12)


@pytest.mark.parametrize("method", ["wald", "lr"])
def test_odds_ratios_are_exponentiated(fit, method):
    plain = fit.lincom(TEXT, method=method, level=0.9).to_frame().iloc[0]
    ratio = fit.lincom(TEXT, exponentiate=True, method=method, level=0.9)
    shown = ratio.to_frame().iloc[0]
    for name in ("estimate", "conf_low", "conf_high"):
        assert shown[name] == pytest.approx(np.exp(plain[name]), rel=1e-12)
    assert shown["std_error"] == pytest.approx(shown["estimate"] * plain["std_error"], rel=1e-12)
    assert shown["p_value"] == plain["p_value"]
    assert any("delta" in note for note in ratio.notes)
    assert "odds ratio" in str(ratio)


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ("smoke = 0", "equals sign"),
        ("smoke + 1", "a number of its own"),
        ("smoke * age", "product"),
        ("smoke - smoke", "sum of coefficients"),
        ("smok", "Did you mean"),
        ("C(race) + smoke", "stands alone"),
        ("", "an expression was expected"),
        ([1.0, 2.0], "7 columns"),
        ([], "no combination"),
        ({"smoke": 1.0}, "dict could not be read"),
    ],
)
def test_what_is_no_combination_says_so(fit, asked, told):
    with pytest.raises(errors.HypothesisError, match=told):
        fit.lincom(asked)


def test_a_method_that_is_not_there(fit):
    with pytest.raises(errors.ArgumentError, match="wald"):
        fit.lincom("smoke", method="score")
    with pytest.raises(errors.ArgumentError, match="names"):
        fit.conf_int(names="2*smoke")
    with pytest.raises(errors.ArgumentError, match="points"):
        fit.profile("smoke", points=0)
    with pytest.raises(errors.HypothesisError, match="one combination"):
        fit.profile("C(race)")


def test_a_profile_is_the_curve_of_restricted_fits(fit, data):
    curve = fit.profile("smoke", points=8)
    frame = curve.to_frame()
    assert list(frame)[:3] == ["value", "log_likelihood", "root"]
    assert frame.shape == (9, 10)
    assert (np.diff(frame["root"]) > 0).all()
    for row in frame.itertuples(index=False):
        held = li.logit(
            "low ~ age + age:smoke + lwt + C(race)", data, offset=row.value * data["smoke"]
        )
        assert row.log_likelihood == pytest.approx(held.llf, rel=1e-11)
    test = fit.test(f"smoke = {frame['value'].iloc[1]}", method="lr")
    assert frame["root"].iloc[1] == pytest.approx(-np.sqrt(test.statistic), rel=1e-9)
    assert curve.root[0] < -2.5758 < 2.5758 < curve.root[-1]
    ends = fit.conf_int(method="profile", names="smoke").iloc[0]
    assert (curve.conf_low, curve.conf_high) == tuple(ends)
    assert frame["smoke"].to_numpy() == pytest.approx(frame["value"].to_numpy(), rel=1e-12)


def test_a_profile_prints_and_spans_the_level(fit):
    curve = fit.profile(TEXT, level=0.999)
    text = str(curve)
    assert text.count("\n") < 24
    assert "99.9% interval" in text
    assert TEXT in text
    assert "<table" in curve._repr_html_()
    assert curve.value[0] < curve.conf_low < curve.estimate < curve.conf_high < curve.value[-1]
    same = fit.profile([0, 0, 1, 0, 0, 0, 30.0])
    assert same.name == "smoke + 30*age:smoke"
    np.testing.assert_allclose(same.conf_low, fit.profile(TEXT).conf_low, rtol=1e-12)


def test_a_coefficient_may_be_called_value(data):
    fit = li.logit("low ~ value", data.rename(columns={"lwt": "value"}))
    frame = fit.profile("value", points=2).to_frame()
    assert list(frame) == ["value", "log_likelihood", "root", "Intercept", "coef[value]"]
    np.testing.assert_allclose(frame["coef[value]"], frame["value"], rtol=1e-12)


@pytest.mark.parametrize("estimator", ["firth", "log-f"])
def test_profiles_of_what_was_penalised(data, estimator):
    own = {"prior_df": 2} if estimator == "log-f" else {}
    fit = li.logit("low ~ lwt + smoke", data, estimator=estimator, **own)
    curve = fit.profile("smoke", points=4)
    at_zero = fit.test(f"smoke = {curve.value[0]}")
    assert curve.root[0] ** 2 == pytest.approx(at_zero.statistic, rel=1e-7)
    assert curve.log_likelihood.max() == pytest.approx(fit.penalized_log_likelihood, rel=1e-12)
    frame = fit.lincom("lwt, smoke").to_frame()
    np.testing.assert_allclose(frame["conf_low"], fit.conf_int()["conf_low"].iloc[1:], rtol=1e-9)
    np.testing.assert_allclose(frame["p_value"], fit.pvalues.iloc[1:], rtol=1e-9)


def test_named_intervals(fit):
    whole = fit.conf_int(method="profile")
    some = fit.conf_int(method="profile", names=["lwt", "C(race)"])
    assert list(some.index) == ["lwt", "C(race)[T.black]", "C(race)[T.other]"]
    pd.testing.assert_frame_equal(some, whole.loc[some.index])
    pd.testing.assert_frame_equal(fit.conf_int(names="age"), fit.conf_int().loc[["age"]])
    pd.testing.assert_frame_equal(fit.conf_int(method="lr"), whole)
    firth = li.logit("low ~ lwt + smoke", li.datasets.load("birthwt"), estimator="firth")
    pd.testing.assert_frame_equal(firth.conf_int(names="smoke"), firth.conf_int().loc[["smoke"]])


def test_likelihood_first(fit):
    table = fit.summary(method="lr")
    frame, tidy = table.to_frame().set_index("term"), fit.tidy(method="lr").set_index("term")
    for name in fit.params.index:
        test = fit.test(f"`{name}`", method="lr")
        assert frame.loc[name, "p_value"] == pytest.approx(test.p_value, rel=1e-9)
        excluded = frame.loc[name, "conf_low"] > 0 or frame.loc[name, "conf_high"] < 0
        assert (test.p_value < 0.05) == excluded
    np.testing.assert_array_equal(frame["conf_low"], tidy["conf_low"])
    assert str(table) == str(fit.summary(method="profile"))
    beside = fit.summary(method="lr", wald=True)
    both = beside.to_frame().set_index("term")
    np.testing.assert_array_equal(both["wald_p_value"], fit.pvalues)
    assert any("beside the likelihood-ratio test" in note for note in beside.notes)
    assert "wald_p_value" not in fit.summary(wald=True).to_frame()


def test_another_covariance_is_not_that_of_likelihood_ratios(data):
    fit = li.logit("low ~ lwt + smoke", data, estimator="firth").with_covariance("augmented")
    told = "do not use the covariance"
    assert any(told in note for note in fit.summary().notes)
    assert any(told in note for note in fit.lincom("lwt + smoke").notes)


def test_columns_without_an_estimate(data):
    with pytest.warns(li.CollinearityWarning):
        fit = li.logit("low ~ lwt + I(lwt * 2) + smoke", data)
    plain = li.logit("low ~ lwt + smoke", data)
    ends = fit.conf_int(method="profile")
    np.testing.assert_allclose(ends.iloc[[0, 1, 3]], plain.conf_int(method="profile"), rtol=1e-8)
    assert ends.iloc[2].isna().all()
    with pytest.raises(errors.HypothesisError, match="cannot be estimated"):
        fit.lincom("I(lwt * 2) + smoke")
    np.testing.assert_allclose(
        fit.profile("lwt - smoke").conf_high, plain.profile("lwt - smoke").conf_high, rtol=1e-8
    )


# --- separated data -------------------------------------------------------------------------------


def test_infinite_coefficients_by_likelihood_ratio(separated):
    without = li.logit("HG ~ PI + EH", li.datasets.load("endometrial"))
    test = separated.test("NV = 0", method="lr")
    assert test.statistic == pytest.approx(2 * (separated.llf - without.llf), rel=1e-9)
    assert test.p_value == pytest.approx(separated.pvalues["NV"], rel=1e-7)
    alone = li.logit("HG ~ EH", li.datasets.load("endometrial"))
    test = separated.test("NV = 0, PI = 0", method="lr")
    assert (test.df, test.statistic) == (
        2,
        pytest.approx(2 * (separated.llf - alone.llf), rel=1e-9),
    )
    held = li.logit(
        "HG ~ PI + EH",
        li.datasets.load("endometrial").assign(two=lambda d: 2 * d["NV"]),
        offset="two",
    )
    test = separated.test("NV = 2", method="lr")
    assert test.statistic == pytest.approx(2 * (separated.llf - held.llf), rel=1e-9)
    with pytest.raises(errors.HypothesisError, match='method="lr"'):
        separated.test("NV = 0")
    with pytest.raises(errors.HypothesisError, match="not independent"):
        separated.test("NV = 0, NV = 1", method="lr")


def test_a_combination_that_runs_to_infinity(separated):
    """NV + PI is the coefficient of NV where PI is counted as PI − NV."""
    data = li.datasets.load("endometrial")
    with pytest.warns(li.SeparationWarning):
        other = li.logit("HG ~ NV + I(PI - NV) + EH", data)
    for method in ("wald", "lr"):
        mine = separated.lincom("NV + PI", method=method).to_frame().iloc[0]
        assert mine["estimate"] == np.inf
        assert mine["conf_high"] == np.inf
        ends = other.conf_int(method=method if method == "wald" else "profile").loc["NV"]
        assert mine["conf_low"] == pytest.approx(ends["conf_low"], rel=1e-7)
    test = separated.test("NV + PI = 0", method="lr")
    assert test.statistic == pytest.approx(other.test("NV = 0", method="lr").statistic, rel=1e-8)


def test_profiles_of_separated_data(separated):
    data = li.datasets.load("endometrial")
    ends = separated.conf_int(method="profile")
    assert ends.loc["NV", "conf_high"] == np.inf
    rest = li.logit("HG ~ PI + EH", data[data["NV"] == 0]).conf_int(method="profile")
    np.testing.assert_allclose(ends.loc[["PI", "EH"]], rest.loc[["PI", "EH"]], rtol=1e-8)
    curve = separated.profile("NV", points=6)
    assert curve.estimate == np.inf
    assert (curve.conf_low, curve.conf_high) == tuple(ends.loc["NV"])
    assert (np.diff(curve.root) > 0).all()
    assert curve.root[-1] < 0
    held = li.logit("HG ~ PI + EH", data, offset=curve.value[2] * data["NV"])
    assert curve.log_likelihood[2] == pytest.approx(held.llf, rel=1e-9)
    assert "∞" in str(curve)
    some = separated.conf_int(method="profile", names=["EH", "NV"])
    np.testing.assert_allclose(some, ends.loc[["EH", "NV"]], rtol=1e-12)


def test_the_likelihood_table_of_separated_data(separated):
    frame = separated.summary(method="lr", wald=True).to_frame().set_index("term")
    test = separated.test("NV = 0", method="lr")
    assert frame.loc["NV", "statistic"] == pytest.approx(np.sqrt(test.statistic), rel=1e-7)
    assert frame.loc["NV", "p_value"] == pytest.approx(test.p_value, rel=1e-6)
    assert np.isnan(frame.loc["NV", "wald_p_value"])
    assert np.isnan(separated.tidy().set_index("term").loc["NV", "statistic"])


def test_a_difference_of_infinite_coefficients_is_finite():
    """Nobody responds in the reference group: the others are compared as if it were not there."""
    rng = np.random.default_rng(0)
    group, x = np.repeat(["a", "b", "c"], 30), rng.normal(size=90)
    chance = np.where(group == "b", 0.3, 0.6)
    y = ((group != "a") & (rng.random(90) < chance)).astype(int)
    with pytest.warns(li.SeparationWarning):
        fit = li.logit("y ~ g + x", {"g": group, "x": x, "y": y})
    rest = group != "a"
    other = li.logit("y ~ g + x", {"g": group[rest], "x": x[rest], "y": y[rest]})
    for method in ("wald", "lr"):
        mine = fit.lincom("g[T.c] - g[T.b], x", method=method).to_frame().iloc[:, 1:]
        theirs = other.lincom("g[T.c], x", method=method).to_frame().iloc[:, 1:]
        np.testing.assert_allclose(mine, theirs, rtol=1e-8)
    test = fit.test("g[T.c] = g[T.b]", method="lr")
    assert test.statistic == pytest.approx(other.test("g[T.c]", method="lr").statistic, rel=1e-9)
    without = li.logit("y ~ x", {"x": x, "y": y})
    both = fit.test("g", method="lr")
    assert (both.df, both.statistic) == (2, pytest.approx(2 * (fit.llf - without.llf), rel=1e-9))
    curve = fit.profile("g[T.c] - g[T.b]", points=4)
    np.testing.assert_allclose(curve.value, other.profile("g[T.c]", points=4).value, rtol=1e-8)
    assert curve.to_frame()["g[T.c]"].isna().all()
    assert curve.to_frame()["x"].notna().all()


@pytest.mark.filterwarnings("ignore::logit_inference.SeparationWarning")
def test_what_may_go_either_way_has_a_flat_profile():
    data = {"y": [0, 1, 1, 1, 1], "a": [0, 0, 1, 0, 2], "b": [0, 0, 0, 1, 1]}
    data = {name: values + values[:2] for name, values in data.items()}
    fit = li.logit("y ~ a + b", data)
    with pytest.raises(errors.ProfileError, match="flat"):
        fit.profile("a - b")
    row = fit.lincom("a - b").to_frame().iloc[0]
    assert (row["conf_low"], row["conf_high"], row["p_value"]) == (-np.inf, np.inf, 1.0)
    assert fit.test("a = 0, b = 0", method="lr").statistic > 0


def test_complete_separation_is_tested_too():
    data = {"y": [0, 0, 0, 1, 1, 1], "x": [1.0, 2, 3, 4, 5, 6]}
    with pytest.warns(li.SeparationWarning):
        fit = li.logit("y ~ x", data)
    assert fit.test("x = 0", method="lr").statistic == pytest.approx(12 * np.log(2), rel=1e-9)
    all_held = fit.test("Intercept = 1, x = 0", method="lr")
    assert all_held.statistic == pytest.approx(6 * np.log((1 + np.e) * (1 + 1 / np.e)), rel=1e-12)
    low, high = fit.conf_int(method="profile").loc["x"]
    assert np.isfinite(low)
    assert high == np.inf
    assert fit.profile("x").conf_low == pytest.approx(low, rel=1e-9)


def test_without_rows_they_say_what_they_need(fit, separated):
    bare = fit.without_data()
    pd.testing.assert_frame_equal(
        bare.lincom(TEXT).to_frame(), fit.lincom(TEXT).to_frame(), check_exact=True
    )
    for ask in (
        lambda: bare.lincom(TEXT, method="lr"),
        lambda: bare.profile("age"),
        lambda: bare.conf_int(method="profile"),
        bare.hauck_donner,
        lambda: separated.without_data().lincom("NV + PI"),
        lambda: separated.without_data().test("NV = 0", method="lr"),
    ):
        with pytest.raises(errors.DetachedError):
            ask()


def test_adjusted_p_values_of_several_combinations():
    fit = li.logit("low ~ age + C(race) + smoke", li.datasets.load("birthwt"))
    asked = ["C(race)[T.black]", "C(race)[T.other]", "C(race)[T.black] - C(race)[T.other]"]
    frame = fit.lincom(asked, adjust="holm").to_frame()
    expected = adjust(frame["p_value"].to_numpy(), "holm")
    np.testing.assert_allclose(frame["p_adjusted"], expected, rtol=1e-14)


def complete():
    x = np.arange(10.0)
    data = {"y": (x > 4).astype(int), "x": x, "z": np.cos(x)}
    with pytest.warns(li.SeparationWarning):
        return li.logit("y ~ x + z", data)


def test_simultaneous_intervals_need_a_finite_estimate_and_drop_no_row():
    with pytest.raises(errors.HypothesisError, match="no coefficient has a finite estimate"):
        complete().conf_int(simultaneous=True)
    with pytest.warns(li.SeparationWarning):
        fit = li.logit("HG ~ NV + PI + EH", li.datasets.load("endometrial"))
    intervals = fit.conf_int(simultaneous=True)
    assert list(intervals.index) == list(fit.params.index)
    assert intervals.loc["NV"].isna().all()
    assert intervals.drop("NV").notna().all(axis=None)
    assert any("NV (at infinity" in note for note in intervals.attrs["notes"])


def test_slopes_of_wald_statistics_are_those_of_the_model_based_ones():
    fit = li.logit("am ~ wt + hp", li.datasets.load("mtcars"))
    robust = fit.with_covariance("HC3")
    assert "past its maximum" in str(fit)
    assert "past its maximum" not in str(robust)
    ours, theirs = (one.hauck_donner().to_frame() for one in (robust, fit))
    assert ours.equals(theirs)


def test_infinite_coefficients_have_no_slopes():
    rng = np.random.default_rng(8)
    data = pd.DataFrame({"g": np.repeat(list("abc"), 20), "x": rng.normal(size=60)})
    data["y"] = np.r_[np.zeros(20), rng.integers(0, 2, 40)].astype(int)
    with pytest.warns(li.SeparationWarning):
        frame = li.logit("y ~ C(g) + x", data).hauck_donner().to_frame()
    assert frame["past_maximum"].tolist()[:3] == ["—", "—", "—"]
    assert frame["slope"].isna().tolist() == [True, True, True, False]


def test_along_a_coefficient_that_runs_to_infinity_the_others_are_refitted():
    data = li.datasets.load("endometrial")
    with pytest.warns(li.SeparationWarning):
        fit = li.logit("HG ~ NV + PI + EH", data)
    for combination, held in (("NV", data["NV"] * 1.0), ("NV + PI", data["NV"] - 0.0)):
        frame = fit.profile(combination, points=4).to_frame()
        for point in frame.itertuples():
            other = data["PI"] - (held if combination == "NV + PI" else 0.0)
            at = data.assign(o=point.value * held, PI=other)
            alone = li.logit("HG ~ PI + EH", at, offset="o")
            assert alone.llf == pytest.approx(point.log_likelihood, abs=1e-9)
            for name in ("Intercept", "PI", "EH"):
                assert getattr(point, name) == pytest.approx(alone.params[name], rel=1e-6)
            assert point.NV + (point.PI if combination == "NV + PI" else 0.0) == pytest.approx(
                point.value, rel=1e-9
            )
