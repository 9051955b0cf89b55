"""A result of separated data, from the table to predictions, files and refusals."""

import warnings

import numpy as np
import pandas as pd
import pytest
from scipy.stats import chi2

import logit_inference as li
from logit_inference import errors

FORMULA = "HG ~ NV + PI + EH"


@pytest.fixture(scope="module")
def data():
    return li.datasets.load("endometrial")


@pytest.fixture(scope="module")
def fit(data):
    with pytest.warns(li.SeparationWarning) as caught:
        result = li.logit(FORMULA, data)
    assert len(caught) == 1
    assert caught[0].filename == __file__
    return result


@pytest.fixture(scope="module")
def rest(data):
    return li.logit("HG ~ PI + EH", data[data["NV"] == 0])


def test_the_others_are_the_fit_of_the_rows_that_are_left(fit, rest):
    names = ["Intercept", "PI", "EH"]
    np.testing.assert_allclose(fit.params[names], rest.params, rtol=1e-10)
    np.testing.assert_allclose(fit.bse[names], rest.bse, rtol=1e-9)
    np.testing.assert_allclose(fit.conf_int().loc[names], rest.conf_int(), rtol=1e-9)
    np.testing.assert_allclose(fit.pvalues[names], rest.pvalues, rtol=1e-8)
    assert fit.llf == pytest.approx(rest.llf, rel=1e-13)
    assert fit.params["NV"] == np.inf
    assert np.isnan(fit.bse["NV"])
    assert np.isnan(fit.tvalues["NV"])
    assert fit.cov_params().loc["NV"].isna().all()
    assert np.isfinite(fit.cov_params().loc[names, names]).all(axis=None)


def test_likelihoods_count_all_rows_and_all_coefficients(fit, data):
    without = li.logit("HG ~ PI + EH", data)
    assert fit.nobs == 79
    assert fit.llnull == without.llnull
    assert fit.aic == pytest.approx(2 * 4 - 2 * fit.llf, rel=1e-14)
    assert fit.df_resid == 75
    from scipy.stats import chi2

    assert fit.pvalues["NV"] == pytest.approx(chi2.sf(2 * (fit.llf - without.llf), 1), rel=1e-9)


def test_levels_widen_the_interval_and_need_the_rows(fit):
    narrow, wide = fit.conf_int(level=0.8), fit.conf_int(level=0.99)
    assert wide.loc["NV", "conf_low"] < narrow.loc["NV", "conf_low"]
    assert wide.loc["NV", "conf_high"] == np.inf
    bare = fit.without_data()
    assert bare.conf_int().equals(fit.conf_int())
    with pytest.raises(errors.DetachedError, match=r"the one saved is 0\.95.* rows"):
        bare.conf_int(level=0.99)


def test_rows_have_probabilities_and_no_residuals_where_they_are_separated(fit, data):
    mine = fit.augment().loc[(data["NV"] == 1).to_numpy()]
    assert (mine["fitted"] == 1.0).all()
    assert (mine["linear_predictor"] == np.inf).all()
    for name in ("resid", "resid_pearson", "hat", "std_resid", "cooksd"):
        assert (mine[name] == 0.0).all(), name
    assert mine["std_error"].isna().all()
    others = fit.augment().drop(mine.index)
    assert np.isfinite(others).all(axis=None)
    assert fit.fitted.sum() == pytest.approx(data["HG"].sum(), rel=1e-9)
    assert 0 < fit.tjur < 1
    assert fit.classification_table().to_frame()["event"].sum() > 0


def test_predictions_are_forced_or_free(fit, rest):
    rows = pd.DataFrame({"NV": [0, 1, 1, -1, None], "PI": [10.0, 20, 90, 15, 15], "EH": 1.5})
    frame = fit.get_prediction(rows).summary_frame()
    np.testing.assert_allclose(
        frame.iloc[0], rest.get_prediction(rows.iloc[[0]]).summary_frame().iloc[0], rtol=1e-8
    )
    assert frame["estimate"].tolist()[1:4] == [1.0, 1.0, 0.0]
    assert frame["conf_high"].tolist()[1:3] == [1.0, 1.0]
    assert frame["conf_low"].tolist()[3] == 0.0
    assert frame.iloc[4].isna().all()
    assert fit.predict(rows, kind="link").tolist()[1:4] == [np.inf, np.inf, -np.inf]
    used = fit.get_prediction().summary_frame()
    assert used["estimate"].equals(fit.fitted)


@pytest.mark.filterwarnings("ignore::logit_inference.SeparationWarning")
def test_predictions_that_may_go_either_way_say_so():
    data = {"y": [0, 1, 1, 1, 1], "a": [0, 0, 1, 0, 2], "b": [0, 0, 0, 1, 1]}
    data = {name: values + values[:2] for name, values in data.items()}
    fit = li.logit("y ~ a + b", data)
    new = {"a": [0, 1, 1, -1], "b": [0, 1, -1, -1]}
    frame = fit.get_prediction(new).summary_frame()
    assert frame["estimate"].tolist()[1::2] == [1.0, 0.0]
    assert 0 < frame["estimate"][0] < 1
    assert np.isnan(frame["estimate"][2])
    assert frame.loc[2, ["conf_low", "conf_high"]].tolist() == [0.0, 1.0]


def test_wald_tests_of_what_is_infinite_refuse_and_name_the_alternative(fit, rest):
    for hypothesis in ("NV = 0", "NV = PI", ["EH", "NV"]):
        with pytest.raises(errors.HypothesisError, match="likelihood ratio") as caught:
            fit.test(hypothesis)
        assert caught.value.name == "NV"
    mine, other = fit.test("PI = 0, EH = 0"), rest.test("PI = 0, EH = 0")
    assert mine.statistic == pytest.approx(other.statistic, rel=1e-8)
    terms = fit.wald_terms()
    assert "likelihood ratio" in terms.notes[0]
    frame = terms.to_frame().set_index("term")
    assert np.isnan(frame.loc["NV", "statistic"])
    assert frame.loc["EH", "p_value"] < 0.001


@pytest.mark.filterwarnings("ignore::logit_inference.SeparationWarning")
def test_a_term_with_one_infinite_level_is_not_tested_by_the_others():
    rng = np.random.default_rng(1)
    g = np.repeat(list("abcd"), 15)
    y = np.where(g == "d", 1, rng.random(60) < 0.5).astype(int)
    fit = li.logit("y ~ C(g)", {"y": y, "g": g})
    assert fit.params["C(g)[T.d]"] == np.inf
    with pytest.raises(errors.HypothesisError, match=r"C\(g\)\[T\.d\]"):
        fit.test("C(g)")
    assert fit.test("C(g)[T.b] = C(g)[T.c]").df == 1
    # With a sum contrast every coefficient moves, but the contrast of two levels does not.
    sums = li.logit("y ~ C(g, contr.sum)", {"y": y, "g": g})
    assert np.isinf(sums.params).all()
    same = sums.test("C(g, contr.sum)[S.b] = C(g, contr.sum)[S.c]")
    assert same.statistic == pytest.approx(fit.test("C(g)[T.b] = C(g)[T.c]").statistic, rel=1e-8)


@pytest.mark.filterwarnings("ignore::logit_inference.SeparationWarning")
@pytest.mark.parametrize("formula", [FORMULA, "HG ~ I(EH < 1.5) + NV + EH"])
def test_a_file_holds_all_of_it(formula, data, tmp_path):
    fit = li.logit(formula, data)
    fit.save(tmp_path / "fit.json")
    again = li.load(tmp_path / "fit.json")
    assert str(again) == str(fit)
    assert again.separation == fit.separation
    assert again.separation.rows is None
    pd.testing.assert_frame_equal(again.tidy(), fit.tidy())
    mine, other = (each.get_prediction(data).summary_frame() for each in (again, fit))
    forced = other["estimate"].isin([0.0, 1.0])  # of these one limit takes the rows of the fit
    assert forced.any()
    assert mine["conf_low"][forced].isna().all()
    assert (mine["conf_high"][forced] == 1.0).all()
    pd.testing.assert_frame_equal(mine[~forced], other[~forced])


def test_ordinary_fits_have_a_record_too():
    fit = li.logit("low ~ age", li.datasets.load("birthwt"))
    assert fit.separation.kind == "none"
    assert fit.separation.names == ("Intercept", "age")
    assert fit.asked is None


def test_a_hairline_overlap_is_no_separation():
    x = np.append(np.linspace(-1, 1, 40), [1e-13, -1e-13])
    y = np.append(np.linspace(-1, 1, 40) > 0, [0, 1])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fit = li.logit_arrays(y, x[:, None], intercept=True)
    assert fit.separation.kind == "none"
    assert np.isfinite(fit.params).all()
    assert 300 < fit.params["x1"] < 3000
    assert li.detect_separation_arrays(y, x[:, None], intercept=True).kind == "none"


@pytest.mark.filterwarnings("ignore::logit_inference.SeparationWarning")
def test_frequencies_and_groups_say_the_same():
    rng = np.random.default_rng(6)
    frame = pd.DataFrame({"g": rng.choice(list("abc"), 90), "x": rng.integers(0, 3, 90)})
    frame["y"] = np.where(frame["g"] == "c", 0, rng.random(90) < 0.5).astype(int)
    plain = li.logit("y ~ g + x", frame)
    cells = frame.groupby(["g", "x"], as_index=False).agg(k=("y", "sum"), n=("y", "size"))
    grouped = li.logit("k ~ g + x", cells, trials="n")
    counted = frame.value_counts(["g", "x", "y"]).reset_index(name="w")
    weighted = li.logit("y ~ g + x", counted, weights="w", weights_kind="frequency")
    for other in (grouped, weighted):
        np.testing.assert_allclose(other.params, plain.params, rtol=1e-8)
        np.testing.assert_allclose(other.bse, plain.bse, rtol=1e-8)
        np.testing.assert_allclose(other.conf_int(), plain.conf_int(), rtol=1e-6)
    assert weighted.llf == pytest.approx(plain.llf, rel=1e-12)


def test_bootstrap_weights_are_those_of_the_model_that_was_asked_for(fit, data):
    W = np.ones((2, 79))
    W[1, (data["NV"] == 1).to_numpy()] = 0
    fits = fit.refit_weights(W)
    np.testing.assert_allclose(fits.coef[0], fit.params, rtol=1e-9)
    assert fits.log_likelihood[0] == pytest.approx(fit.llf, rel=1e-12)
    # Without the rows of NV its column is zero.
    assert fits.outcomes[1].name == "SINGULAR"
    assert np.isnan(fits.coef[1]).all()


@pytest.mark.filterwarnings("ignore::logit_inference.SeparationWarning")
def test_a_forced_probability_has_itself_and_a_likelihood_limit():
    """A group of n events in n trials: at probability q its log-likelihood is n·log q."""
    data = {"y": [1] * 9 + [0, 1, 1, 0, 1], "g": ["b"] * 9 + ["a"] * 5}
    fit = li.logit("y ~ g", data, level=0.9)
    expected = np.exp(-chi2.isf(0.1, 1) / 18)
    frame = fit.get_prediction().summary_frame()
    np.testing.assert_allclose(frame["conf_low"][:9], expected, rtol=1e-8)
    assert (frame["conf_high"][:9] == 1.0).all()
    assert frame["conf_low"][9:].between(0, 0.6).all()
    new = fit.get_prediction({"g": ["a", "b", None]}).summary_frame()
    assert new["conf_low"][1] == pytest.approx(expected, rel=1e-8)
    assert new.loc[2].isna().all()
    other = li.logit("y ~ g", {**data, "y": [1 - y for y in data["y"]]})
    limit = other.get_prediction({"g": ["b"]}, level=0.9).summary_frame()["conf_high"][0]
    assert limit == pytest.approx(1 - expected, rel=1e-8)
    shifted = li.logit("y ~ g", data, offset=np.repeat([0.7, 0.2], [9, 5]), level=0.9)
    frame = shifted.get_prediction().summary_frame()
    np.testing.assert_allclose(frame["conf_low"][:9], expected, rtol=1e-8)
    frame = fit.without_data().get_prediction({"g": ["b"]}).summary_frame()
    assert np.isnan(frame["conf_low"][0])


@pytest.mark.filterwarnings("ignore::logit_inference.SeparationWarning")
def test_replicates_are_those_of_the_limiting_model(fit, rest, data):
    """Endometrial: NV is infinite, the others are those of the 66 rows without it."""
    weights = np.random.default_rng(2).integers(0, 4, (40, len(data)))
    nv = data["NV"].to_numpy() == 1
    weights[3, nv] = 0
    found = fit.refit_weights(weights, std_errors=True)
    own = rest.refit_weights(weights[:, ~nv], std_errors=True)
    assert found.converged.sum() >= 30
    assert not found.converged[3]
    kept = np.arange(40) != 3
    np.testing.assert_array_equal(found.converged[kept], own.converged[kept])
    others = [fit.params.index.get_loc(name) for name in rest.params.index]
    np.testing.assert_allclose(found.coef[kept][:, others], own.coef[kept], rtol=1e-7)
    np.testing.assert_allclose(found.std_errors[kept][:, others], own.std_errors[kept], rtol=1e-7)
    column = fit.params.index.get_loc("NV")
    expected = np.where(found.converged, np.inf, np.nan)
    np.testing.assert_array_equal(found.coef[:, column], expected)
    assert np.isnan(found.std_errors[:, column]).all()


@pytest.mark.parametrize("method", ["HC0", "HC3"])
def test_a_robust_covariance_tells_infinite_from_undetermined(method):
    rows = pd.DataFrame({"y": [0, 0, 0, 1, 1, 1], "a": [1, 2, 1, 2, 1, 2], "s": [1, 2, 3, 5, 6, 7]})
    with pytest.warns(li.SeparationWarning):
        fit = li.logit("y ~ a + s", rows, covariance=method)
    assert fit.separation.infinite["a"] == "undetermined"
    (note,) = fit.tidy().attrs["notes"]
    assert note.startswith("Intercept, s at infinity; a undetermined: p-values")
    assert note in " ".join(str(fit).split())
    assert "a undetermined: p-values" in " ".join(str(fit.lincom("a")).split())


def test_how_narrow_an_overlap_is_fitted():
    """Overlaps of 1e-13 have their maximum; narrower ones are neither declared nor invented."""

    def columns(overlap):
        return np.column_stack([np.ones(4), [0.0, 1.0 + overlap, 1.0, 2.0]])

    fit = li.logit_arrays([0, 0, 1, 1], columns(1e-13))
    assert fit.certificate.exists
    # The two rows in the middle settle the slope: their fitted probabilities are one half.
    np.testing.assert_allclose(fit.fitted[[1, 2]], 0.5, atol=1e-3)
    narrow = columns(1e-14)
    assert li.detect_separation_arrays([0, 0, 1, 1], narrow).kind == "none"
    with pytest.raises(errors.ConvergenceError, match="not separated"):
        li.logit_arrays([0, 0, 1, 1], narrow)


@pytest.mark.parametrize("offset", [60.0, -800.0])
@pytest.mark.parametrize("formula", ["y ~ g + x", "y ~ 0 + g + x"])
def test_a_large_offset_moves_the_limiting_model_and_nothing_else(formula, offset):
    rng = np.random.default_rng(0)
    data = pd.DataFrame({"g": rng.choice(list("abc"), 200), "x": rng.normal(size=200)})
    chance = 1.0 / (1.0 + np.exp(-data["x"]))
    data["y"] = ((rng.random(200) < chance) | (data["g"] == "c")).astype(int)
    with pytest.warns(li.SeparationWarning):
        plain = li.logit(formula, data)
    with pytest.warns(li.SeparationWarning):
        moved = li.logit(formula, data.assign(o=offset), offset="o")
    assert moved.llf == pytest.approx(plain.llf, rel=1e-11)
    ours, theirs = moved.conf_int(), plain.conf_int()
    constant = [not name.startswith(("g[T.", "x")) for name in ours.index]
    theirs.loc[constant] -= offset
    np.testing.assert_allclose(ours, theirs, rtol=1e-7, atol=1e-7)
