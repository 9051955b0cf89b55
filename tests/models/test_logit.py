"""The public interface, as its users type it."""

import json
import pickle
from itertools import pairwise

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import logit_inference as li
from logit_inference import errors

FORMULA = "low ~ age + lwt + C(race) + smoke"


@pytest.fixture(scope="module")
def birthwt():
    return li.datasets.load("birthwt")


@pytest.fixture(scope="module")
def fit(birthwt):
    return li.logit(FORMULA, birthwt)


def test_every_kind_of_table_gives_the_same_fit(fit, birthwt):
    tables = {
        "polars": pl.from_pandas(birthwt),
        "pyarrow": pa.Table.from_pandas(birthwt),
        "dict": {name: birthwt[name].to_numpy() for name in birthwt},
        "strings": birthwt.astype({"race": "str"}),
    }
    for kind, table in tables.items():
        other = li.logit(FORMULA.replace("C(race)", 'C(race, contr.treatment("white"))'), table)
        assert (other.params.to_numpy() == fit.params.to_numpy()).all(), kind
        assert (other.bse.to_numpy() == fit.bse.to_numpy()).all(), kind
        assert other.llf == fit.llf


def test_labelled_objects(fit):
    names = ["Intercept", "age", "lwt", "C(race)[T.black]", "C(race)[T.other]", "smoke"]
    for vector in (fit.params, fit.bse, fit.tvalues, fit.pvalues):
        assert list(vector.index) == names
    assert list(fit.cov_params().columns) == list(fit.cov_params().index) == names
    assert list(fit.conf_int().columns) == ["conf_low", "conf_high"]
    assert fit.conf_int(alpha=0.1).equals(fit.conf_int(level=0.9))
    assert fit.conf_int().equals(fit.conf_int(level=0.95))
    with pytest.raises(errors.ArgumentError, match="not both"):
        fit.conf_int(0.05, level=0.95)


def test_rows_keep_the_callers_labels(birthwt):
    renamed = birthwt.set_axis([f"w{i}" for i in range(len(birthwt))])
    renamed.loc["w3", "age"] = np.nan
    fit = li.logit(FORMULA, renamed)
    assert "w3" not in fit.fitted.index
    assert list(fit.fitted.index[:4]) == ["w0", "w1", "w2", "w4"]
    assert list(fit.predict(renamed).index) == list(renamed.index)
    assert np.isnan(fit.predict(renamed)["w3"])
    assert fit.n_rows_dropped == {"age": 1}
    assert "1 dropped for a missing value (age in 1)" in str(fit)


def test_predictions_of_the_rows_used_are_the_fitted_values(fit, birthwt):
    assert np.allclose(fit.predict(birthwt), fit.fitted, rtol=1e-13)
    assert fit.predict().equals(fit.fitted)
    assert np.allclose(fit.predict(kind="link"), fit.linear_predictor, rtol=1e-13)
    a, b = fit.get_prediction(), fit.get_prediction(birthwt)
    assert np.allclose(a.summary_frame(), b.summary_frame(), rtol=1e-12)
    with pytest.raises(errors.ArgumentError, match="response"):
        fit.predict(kind="probability")


def test_intervals_of_predictions_stay_inside(fit):
    far = {"age": [20, 20], "lwt": [-3000, 3000], "race": ["white"] * 2, "smoke": [0, 1]}
    frame = fit.get_prediction(far, level=0.999).summary_frame()
    assert frame[["conf_low", "conf_high"]].stack().between(0, 1).all()
    assert (frame["conf_low"] <= frame["estimate"]).all()
    assert (frame["estimate"] <= frame["conf_high"]).all()


def test_tidy_glance_augment(fit, birthwt):
    tidy = fit.tidy()
    columns = ["term", "estimate", "std_error", "statistic", "p_value", "conf_low", "conf_high"]
    assert list(tidy.columns) == columns
    ratios = fit.tidy(exponentiate=True, level=0.9)
    assert np.allclose(ratios["estimate"], np.exp(tidy["estimate"]))
    assert np.allclose(ratios["std_error"], ratios["estimate"] * tidy["std_error"])
    assert np.allclose(ratios["conf_low"], np.exp(fit.conf_int(level=0.9)["conf_low"]))
    assert "delta" in ratios.attrs["std_error"]
    assert len(fit.glance()) == 1
    augmented = fit.augment(birthwt)
    assert list(augmented.columns[: birthwt.shape[1]]) == list(birthwt.columns)
    assert (augmented["observed"] == birthwt["low"]).all()
    with pytest.raises(errors.DataError, match="it has 184 rows, and the fit read 189"):
        fit.augment(birthwt.iloc[5:])
    with pytest.raises(errors.DataError, match="labels differ"):
        fit.augment(birthwt.iloc[::-1])
    with pytest.raises(errors.DataError, match="columns named fitted"):
        fit.augment(birthwt.assign(fitted=0))
    twice = birthwt.set_axis([7] * 189)
    assert (li.logit(FORMULA, twice).augment(twice)["observed"] == twice["low"]).all()
    polars = pl.from_pandas(birthwt.assign(age=birthwt["age"].where(birthwt.index != 2)))
    assert li.logit(FORMULA, polars).augment(polars)["observed"].index[2] == 3


def test_a_result_travels_without_its_data(fit, birthwt, tmp_path):
    bare = fit.without_data()
    path = tmp_path / "low.json"
    fit.save(path)
    loaded, pickled = li.load(path), pickle.loads(pickle.dumps(fit))
    for other in (bare, loaded, pickled):
        assert str(other) == str(fit)
        assert str(other.summary(odds_ratios=True)) == str(fit.summary(odds_ratios=True))
        assert other.predict(birthwt).equals(fit.predict(birthwt))
        assert (
            other.get_prediction(birthwt)
            .summary_frame()
            .equals(fit.get_prediction(birthwt).summary_frame())
        )
        assert other.glance().equals(fit.glance())
        assert str(other.test("C(race)")) == str(fit.test("C(race)"))
    assert pickled.fitted.equals(fit.fitted)
    for other in (bare, loaded):
        for ask in (
            lambda r: r.fitted,
            lambda r: r.tjur,
            lambda r: r.augment(),
            lambda r: r.predict(),
        ):
            with pytest.raises(errors.DetachedError, match="needs the rows"):
                ask(other)
    assert path.stat().st_size < 10_000
    assert json.loads(path.read_text())["version"] == 2


def test_files_that_hold_no_result_are_refused(tmp_path):
    path = tmp_path / "x.json"
    for text, words in (
        ("not json", "not JSON"),
        ("[]", "not a logit_inference result"),
        ('{"format": "logit_inference result", "version": 99}', "version 99"),
        ('{"format": "logit_inference result", "version": 2}', "damaged"),
    ):
        path.write_text(text)
        with pytest.raises(errors.ModelFileError, match=words):
            li.load(path)
    li.logit("low ~ C(race)", li.datasets.load("birthwt")).save(path)
    path.write_text(path.read_text().replace('"codings"', '"coding"'))
    with pytest.raises(errors.ModelFileError, match="damaged"):
        li.load(path)


def test_learned_transformations_travel_too(birthwt, tmp_path):
    formula = "low ~ poly(age, 2) + ns(lwt, df=3) + C(race, contr.sum) * scale(ptl)"
    fit = li.logit(formula, birthwt)
    fit.save(tmp_path / "m.json")
    some = birthwt.iloc[[3, 77, 120]]
    assert li.load(tmp_path / "m.json").predict(some).equals(fit.predict(some))
    assert np.allclose(fit.predict(some), fit.fitted.loc[some.index], rtol=1e-12)


def test_columns_without_an_estimate_keep_their_row(birthwt):
    with pytest.warns(li.CollinearityWarning, match=r"I\(2 \* lwt\) = 2\*lwt"):
        fit = li.logit("low ~ lwt + I(2 * lwt) + smoke", birthwt)
    plain = li.logit("low ~ lwt + smoke", birthwt)
    assert np.isnan(fit.params["I(2 * lwt)"])
    assert np.isnan(fit.cov_params().loc["I(2 * lwt)"]).all()
    assert fit.df_model == plain.df_model == 2
    assert fit.llf == pytest.approx(plain.llf, rel=1e-14)
    assert "Not estimable: I(2 * lwt) = 2*lwt" in str(fit)
    assert np.allclose(fit.predict(birthwt), plain.fitted, rtol=1e-12)
    assert len(fit.wald_terms().rows) == 3
    with pytest.raises(errors.HypothesisError, match="cannot be estimated"):
        fit.test("I(2 * lwt)")


def test_a_new_row_that_breaks_a_relation_has_no_prediction(birthwt):
    doubled = birthwt.assign(twice=2 * birthwt["lwt"])
    with pytest.warns(li.CollinearityWarning):
        fit = li.logit("low ~ lwt + twice", doubled)
    assert fit.predict({"lwt": [100], "twice": [200]}).notna().all()
    with pytest.raises(errors.PredictionError, match="breaks that relation"):
        fit.predict({"lwt": [100], "twice": [201]})


def test_a_fit_that_did_not_converge_never_looks_like_one_that_did(birthwt):
    with pytest.raises(li.ConvergenceError, match="iteration limit"):
        li.logit(FORMULA, birthwt, max_iterations=2)
    early = li.logit(FORMULA, birthwt, max_iterations=2, require_convergence=False)
    assert not early.converged
    assert "NO, 3 passes" in str(early)
    assert "NOT CONVERGED" in str(early)


def test_separated_data_name_their_columns():
    endometrial = li.datasets.load("endometrial")
    with pytest.raises(li.SeparationError, match="in all 13 rows with NV = 1, HG = 1") as caught:
        li.logit("HG ~ NV + PI + EH", endometrial, separation="raise")
    assert caught.value.terms == ("NV",)
    assert caught.value.kind == "quasi-complete"
    with pytest.raises(errors.ArgumentError, match="separation"):
        li.logit("HG ~ NV + PI + EH", endometrial, separation="ignore")


def test_unknown_words_are_errors(birthwt):
    with pytest.raises(TypeError, match="weight"):
        li.logit(FORMULA, birthwt, weight="age")
    for wrong in ({"level": 95}, {"missing": "ignore"}, {"tolerance": 0}):
        with pytest.raises(errors.ArgumentError):
            li.logit(FORMULA, birthwt, **wrong)
    for threads in (0, -1, 1.5, "2", True):
        with pytest.raises(errors.ArgumentError, match="threads"):
            li.logit(FORMULA, birthwt, threads=threads)
        with pytest.raises(errors.ArgumentError, match="a whole number above 0, or None"):
            li.logit_arrays(birthwt["low"], birthwt[["age"]], threads=threads)


def test_the_number_of_threads_changes_no_bit(birthwt, monkeypatch):
    monkeypatch.setattr("logit_inference.rows.threads.WORTH_A_THREAD", 1)
    fits = [li.logit(FORMULA, birthwt, threads=threads) for threads in (None, 1, 3)]
    rng = np.random.default_rng(1)
    X = rng.normal(size=(60_000, 4))
    y = rng.uniform(size=len(X)) < 1 / (1 + np.exp(-X[:, 0]))
    fits += [li.logit_arrays(y, X, threads=threads) for threads in (None, 1, 2, np.int64(3))]
    for one, other in [*pairwise(fits[:3]), *pairwise(fits[3:])]:
        assert one.params.equals(other.params)
        assert one.bse.equals(other.bse)
        assert one.llf == other.llf


def test_the_null_model():
    fit = li.logit("low ~ 1", li.datasets.load("birthwt"))
    assert fit.params["Intercept"] == pytest.approx(np.log(59 / 130), rel=1e-14)
    assert fit.bse["Intercept"] == pytest.approx(np.sqrt(1 / 59 + 1 / 130), rel=1e-13)
    assert fit.llf == pytest.approx(fit.llnull, rel=1e-14)
    assert fit.df_model == 0
    assert np.isnan(fit.llr_pvalue)


def test_a_saturated_table():
    data = {"g": ["a", "b", "c"], "s": [3, 5, 9], "n": [10, 12, 11]}
    fit = li.logit("s ~ g", data, trials="n")
    s, n = np.array(data["s"]), np.array(data["n"])
    logits = np.log(s / (n - s))
    variances = 1 / s + 1 / (n - s)
    assert np.allclose(fit.params, [logits[0], *(logits[1:] - logits[0])], rtol=1e-13)
    assert np.allclose(fit.bse[1:], np.sqrt(variances[1:] + variances[0]), rtol=1e-12)
    assert fit.deviance == pytest.approx(0, abs=1e-12)
    both = li.logit("cbind(s, n - s) ~ g", {**data, "n": n})
    assert both.params.equals(fit.params)


def test_without_a_constant_the_null_model_is_not_nested(birthwt):
    fit = li.logit("low ~ 0 + age", birthwt)
    assert np.isnan(fit.llr_pvalue)
    assert "not nested" in str(fit)
    dummies = li.logit("low ~ 0 + race", birthwt)
    assert dummies.df_model == 2
    assert dummies.llr_pvalue == pytest.approx(li.logit("low ~ race", birthwt).llr_pvalue, rel=1e-9)
    cells = li.logit("low ~ 0 + race:ptd + age", birthwt)
    assert cells.design.spans_constant
    assert cells.df_model == 6
    contrasts = li.logit("low ~ 0 + age + age:race", birthwt)
    assert not contrasts.design.spans_constant
    assert np.isnan(contrasts.llr_pvalue)
    numbers = li.logit("low ~ 0 + x + I(3 - x)", birthwt.assign(x=birthwt["age"] / 7))
    assert not numbers.design.spans_constant
    assert numbers.df_model == 1
    assert 0 < numbers.llr_pvalue < 1


# --- arrays ---------------------------------------------------------------------------------------


def test_arrays_equal_the_formula(fit, birthwt):
    X = pd.get_dummies(birthwt["race"], dtype=float)[["black", "other"]]
    X.insert(0, "lwt", birthwt["lwt"])
    X.insert(0, "age", birthwt["age"])
    X["smoke"] = birthwt["smoke"]
    arrays = li.logit_arrays(birthwt["low"], X, intercept=True)
    assert list(arrays.params.index) == ["Intercept", *X.columns]
    assert np.allclose(arrays.params, fit.params, rtol=1e-12)
    assert np.allclose(arrays.bse, fit.bse, rtol=1e-12)
    assert np.allclose(arrays.predict(X.head()), fit.fitted.head(), rtol=1e-12)
    assert np.allclose(arrays.predict(X.to_numpy()[:5]), fit.fitted.head(), rtol=1e-12)
    assert arrays.test("black = other").df == 1


def test_names_of_arrays():
    y = np.array([0, 1, 0, 1, 1, 0])
    X = np.column_stack([np.ones(6), [1, 2, 3, 3, 5, 4], [0, 1, 1, 0, 1, 0]])
    assert list(li.logit_arrays(y, X).params.index) == ["const", "x1", "x2"]
    assert list(li.logit_arrays(y, X[:, [1, 0, 2]]).params.index) == ["x1", "const", "x2"]
    assert list(li.logit_arrays(y, X[:, [1, 2, 0]]).params.index) == ["x1", "x2", "const"]
    assert list(li.logit_arrays(y, X[:, 1:]).params.index) == ["x1", "x2"]
    with pytest.raises(errors.ArgumentError, match="one name for each of the 3"):
        li.logit_arrays(y, X, names=["a"])
    with pytest.raises(errors.ArgumentError, match="differ"):
        li.logit_arrays(y, X, names=["a", "a", "b"])


@pytest.mark.parametrize("dtype", ["float32", "int64", "int8", "bool"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_any_dtype_and_order(dtype, order):
    rng = np.random.default_rng(3)
    X = np.asarray(rng.integers(0, 2, (80, 3)), dtype=dtype, order=order)
    X.flags.writeable = False
    y = rng.integers(0, 2, 80)
    plain = li.logit_arrays(y, X.astype(float), intercept=True)
    assert (li.logit_arrays(y, X, intercept=True).params == plain.params).all()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"X": np.ones(6)}, "two dimensions"),
        ({"X": np.ones((5, 1))}, "needs 6 rows"),
        ({"X": np.full((6, 1), np.nan)}, "column 'x1' has 6 values.*at row 0"),
        ({"X": np.array([[1.0], [2], [np.inf], [3], [1], [2]])}, "inf, is at row 2"),
        ({"X": np.array([["a"]] * 6)}, "does not hold real numbers"),
        ({"offset": np.ones(5)}, "one value for each of the 6 rows"),
        ({"weights": np.ones(6)}, "weights_kind="),
        ({"weights_kind": "frequency"}, "without weights="),
        ({"weights": -np.ones(6), "weights_kind": "precision"}, "negative"),
        ({"start": np.ones(3)}, "start has shape"),
        ({"y": np.array([0, 1, 2, 0, 1, 1])}, "3 values"),
        ({"y": np.array([1, 2, 2, 1, 2, 1])}, "event=2"),
        ({"y": np.ones(6), "intercept": True}, "only the value"),
        ({"y": np.array([0, 1, np.nan, 0, 1, 1])}, "missing"),
        ({"y": np.array([0.1, 0.9, 0.2, 0.5, 1, 0])}, "[Pp]roportions"),
        (
            {"weights": [1, 0, 1, 0, 0, 1], "weights_kind": "frequency", "intercept": True},
            "positive weight hold only non-events",
        ),
        (
            {"weights": [1, np.nan, 1, 1, 1, 1], "weights_kind": "precision"},
            "not finite; the first, nan, is at row 1",
        ),
        ({"y": np.zeros(0), "X": np.zeros((0, 1))}, "no values"),
    ],
)
def test_bad_arrays_say_what_is_wrong(change, words):
    arguments = {"y": np.array([0, 1, 0, 1, 1, 0]), "X": np.arange(6.0)[:, None] ** 2, **change}
    with pytest.raises(li.LogitInferenceError, match=words):
        li.logit_arrays(**arguments)


def test_a_hole_in_an_array_of_weights_is_an_error_and_in_a_column_a_dropped_row(birthwt):
    weights = np.ones(len(birthwt))
    weights[4] = np.nan
    with pytest.raises(errors.WeightsError, match="nan, is at row 4"):
        li.logit(FORMULA, birthwt, weights=weights, weights_kind="precision")
    fit = li.logit(FORMULA, birthwt.assign(w=weights), weights="w", weights_kind="precision")
    assert fit.n_rows_dropped == {"w": 1}
    with pytest.raises(errors.MissingError, match=r"\bw\b"):
        li.logit(
            FORMULA,
            birthwt.assign(w=weights),
            weights="w",
            weights_kind="precision",
            missing="raise",
        )


def test_a_term_is_tested_on_the_columns_that_can_be_estimated(birthwt):
    with pytest.warns(li.CollinearityWarning):
        fit = li.logit("low ~ lwt + ns(lwt, df=3)", birthwt)
    table = fit.wald_terms().to_frame().set_index("term")
    test = fit.test("ns(lwt, df=3)")
    assert test.df == 2
    assert test.statistic == table.loc["ns(lwt, df=3)", "statistic"]


@pytest.mark.parametrize("offset", [60.0, -800.0])
def test_large_offsets_are_taken_up_by_columns_that_add_up_to_a_constant(offset):
    rng = np.random.default_rng(0)
    data = pd.DataFrame({"g": rng.choice(list("abc"), 200), "x": rng.normal(size=200)})
    data["y"] = (rng.random(200) < 1.0 / (1.0 + np.exp(-data["x"]))).astype(int)
    plain = li.logit("y ~ 0 + g + x", data)
    moved = li.logit("y ~ 0 + g + x", data.assign(o=offset), offset="o")
    assert moved.llf == pytest.approx(plain.llf, rel=1e-12)
    assert moved.params["x"] == pytest.approx(plain.params["x"], rel=1e-9)
    assert moved.params.iloc[0] == pytest.approx(plain.params.iloc[0] - offset, rel=1e-9)
