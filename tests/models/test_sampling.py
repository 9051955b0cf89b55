"""Sampling weights: what a weight means for n, covariance and df, and what a sample refuses."""

import warnings

import numpy as np
import pandas as pd
import pytest

import logit_inference as li
from logit_inference.errors import (
    ArgumentError,
    PseudoLikelihoodError,
    ResamplingError,
    SurveyError,
)

FORMULA = "low ~ age + smoke"


@pytest.fixture(scope="module")
def data():
    return li.datasets.load("birthwt").assign(w=lambda table: 1 + table["age"] % 7)


@pytest.fixture(scope="module")
def fit(data):
    return li.logit(FORMULA, data, weights="w", weights_kind="sampling")


def test_three_kinds_of_weights_on_the_same_data():
    """A 2×2 table, where each answer has a closed form."""
    rng = np.random.default_rng(0)
    x, y = rng.integers(0, 2, (2, 60))
    w = rng.integers(1, 5, 60)
    table = {"x": x, "y": y, "w": w}
    kinds = {
        kind: li.logit("y ~ x", table, weights="w", weights_kind=kind)
        for kind in ("frequency", "precision", "sampling")
    }
    cells = np.array([[w[(x == i) & (y == j)].sum() for j in (0, 1)] for i in (0, 1)])
    odds = cells[:, 1] / cells[:, 0]
    variance = {kind: (1 / cells).sum() for kind in ("frequency", "precision")}
    share = (odds / (1 + odds))[x]
    total = np.bincount(x, w * share * (1 - share))
    squares = np.bincount(x, (w * (y - share)) ** 2) / total**2
    variance["sampling"] = squares.sum() * 60 / 59
    for kind, found in kinds.items():
        assert found.params["x"] == pytest.approx(np.log(odds[1] / odds[0]), rel=1e-12)
        assert found.bse["x"] == pytest.approx(np.sqrt(variance[kind]), rel=1e-12)
        n = w.sum() if kind == "frequency" else 60
        assert (found.nobs, found.df_resid) == (n, n - 2)
        assert found.estimate.covariance.df == (58 if kind == "sampling" else None)
    repeated = li.logit("y ~ x", {"x": np.repeat(x, w), "y": np.repeat(y, w)})
    assert kinds["frequency"].bic == pytest.approx(repeated.bic, rel=1e-12)
    assert kinds["sampling"].glance()["sum_weights"].item() == w.sum()
    assert "sampling weights with sum" in str(kinds["sampling"])
    assert "factor n/(n-1); reference: t with" in str(kinds["sampling"])


def test_every_door_to_a_likelihood_names_the_alternative(data, fit):
    small = li.logit("low ~ age", data, weights="w", weights_kind="sampling")
    doors = (
        lambda: fit.test("age", method="lr"),
        lambda: fit.test("age", method="score"),
        lambda: fit.test("low ~ age", method="lr"),
        lambda: fit.conf_int(method="profile"),
        lambda: fit.conf_int(method="lr", names="age"),
        lambda: fit.summary(method="lr"),
        lambda: fit.tidy(method="profile"),
        lambda: fit.coefficients(method="lr"),
        lambda: fit.lincom("age", method="lr"),
        lambda: fit.profile("age"),
        lambda: fit.profiles,
        lambda: fit.anova(test="lr"),
        lambda: fit.anova(type=2, test="score"),
        lambda: fit.drop1(test="lr"),
        lambda: fit.add1("ht"),
        lambda: fit.add1("ht", test="lr"),
        lambda: li.compare(small, fit),
        fit.hauck_donner,
        lambda: fit.limits_at(0.9),
        lambda: fit.without_data().aic,
        *(lambda name=name: getattr(fit, name) for name in ("aic", "aicc", "bic", "llr")),
        lambda: fit.llr_pvalue,
    )
    for door in doors:
        with pytest.raises(PseudoLikelihoodError, match=r'Wald.*method="rao-scott"'):
            door()
    assert fit.anova().to_frame()["p_value"].notna().all()  # by Wald, and says so
    assert "Wald Tests" in str(fit.drop1())
    glance = fit.glance()
    assert glance[["aic", "bic", "lr_statistic", "lr_p_value"]].isna().all(axis=None)
    assert "pseudo-likelihood" in glance.attrs["note"]


def test_other_covariances_are_labelled(data, fit):
    model = fit.with_covariance("model")
    assert "sampling weights for precision, which they are not" in " ".join(str(model).split())
    precision = li.logit(FORMULA, data, weights="w", weights_kind="precision")
    mean = data["w"].mean()
    np.testing.assert_allclose(model.bse, precision.bse * np.sqrt(mean), rtol=1e-10)
    again = model.with_covariance("survey")
    pd.testing.assert_series_equal(again.bse, fit.bse)
    asked = li.logit(FORMULA, data, weights="w", weights_kind="sampling", covariance="model")
    pd.testing.assert_series_equal(asked.bse, model.bse)
    with pytest.raises(SurveyError, match="has neither"):
        precision.with_covariance("survey")
    effects = fit.design_effects().to_frame()
    np.testing.assert_allclose(effects["deft"] ** 2, effects["deff"])
    equal = li.logit(FORMULA, li.survey(data)).design_effects().to_frame()
    np.testing.assert_allclose(equal["deff"], 1.0, rtol=1e-10)


def test_arrays_formulas_and_files_agree(data, fit, tmp_path):
    X = data[["age", "smoke"]].to_numpy(float)
    arrays = li.logit_arrays(
        data["low"], X, intercept=True, weights=data["w"].to_numpy(), weights_kind="sampling"
    )
    np.testing.assert_allclose(arrays.bse, fit.bse, rtol=1e-12)
    fit.save(tmp_path / "fit.json")
    loaded = li.load(tmp_path / "fit.json")
    assert str(loaded) == str(fit)
    with pytest.raises(PseudoLikelihoodError):
        loaded.llr_pvalue  # noqa: B018
    assert li.certify(fit.params, FORMULA, data, weights="w", weights_kind="sampling").exists
    # A column of weights is no predictor of "y ~ .", also where a design has it.
    few = data[["low", "smoke", "w"]]
    assert list(li.logit("low ~ .", li.survey(few, weights="w")).params.index) == [
        "Intercept",
        "smoke",
    ]


def test_the_working_likelihood_ratio(data, fit):
    by_row = fit.test("age = smoke = 0", method="rao-scott")
    assert by_row.df_denominator == 186
    assert "2 log LR" in str(by_row)
    assert "saddlepoint" in by_row.notes[0]
    satterthwaite = fit.test("age = smoke = 0", method="rao-scott-f")
    assert satterthwaite.p_value == pytest.approx(by_row.p_value, rel=0.05)
    # Under the model's own covariance λ is 1: the likelihood-ratio test of precision weights.
    scaled = data.assign(w=data["w"] / data["w"].mean())
    precision = li.logit(FORMULA, scaled, weights="w", weights_kind="precision")
    plain = precision.test("age = smoke = 0", method="lr")
    model = fit.with_covariance("model").test("age = smoke = 0", method="rao-scott-f")
    assert model.statistic == pytest.approx(plain.statistic, rel=1e-9)
    assert model.p_value == pytest.approx(plain.p_value, rel=1e-9)
    with pytest.raises(ArgumentError, match="this fit has a likelihood"):
        precision.test("age", method="rao-scott")


def test_separated_samples_have_no_likelihood_ratio_either():
    table = pd.DataFrame({"y": [0, 0, 1, 1, 0, 1, 0, 1, 0, 1], "x": [0] * 9 + [1]})
    table = table.assign(z=[1.0, 2, 3, 1, 2, 3, 4, 5, 6, 1], w=range(1, 11))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", li.SeparationWarning)
        fit = li.logit("y ~ x + z", table, weights="w", weights_kind="sampling")
        replicated = li.survey(table, weights="w").with_replicates("JK1")
        with pytest.raises(SurveyError, match="the data are separated"):
            li.logit("y ~ x + z", replicated)
    assert fit.params["x"] == np.inf
    assert fit.conf_int().loc["x"].isna().all()
    assert fit.pvalues.isna().tolist() == [False, True, False]
    # The others are those of the rows that are left, in the design of all of them.
    left = li.survey(table, weights="w").subset("x == 0")
    np.testing.assert_allclose(fit.bse["z"], li.logit("y ~ z", left).bse["z"], rtol=1e-8)
    assert "no test or interval" in " ".join(str(fit).split())
    with pytest.raises(SurveyError, match="no Wald test"):
        fit.test("x")
    with pytest.raises(ArgumentError, match="suprema of pseudo-likelihoods"):
        fit.test("z", method="rao-scott")


def test_rows_of_a_survey_are_not_resampled_as_if_drawn_one_by_one(data):
    fit = li.logit(FORMULA, li.survey(data, weights="w"))
    for resample in (lambda: fit.bootstrap(9, seed=1), lambda: fit.with_covariance("jackknife")):
        with pytest.raises(ResamplingError, match="with_replicates"):
            resample()
    with pytest.raises(ResamplingError, match="sampling weights stand for different things"):
        fit.permutation_test("age", 9, seed=1)


@pytest.mark.parametrize("travelled", [False, True])
def test_what_a_separated_sample_recommends_is_there(travelled, tmp_path):
    """The notes do not contradict each other, and nothing sends to a test that refuses."""
    data = li.datasets.load("endometrial").assign(w=np.arange(1.0, 80.0))
    with pytest.warns(li.SeparationWarning):
        fit = li.logit("HG ~ NV + PI + EH", data, weights="w", weights_kind="sampling")
    if travelled:
        fit.save(tmp_path / "fit.json")
        fit = li.load(tmp_path / "fit.json")
    text = " ".join(str(fit).split())
    assert "likelihood ratios are refused with sampling weights" in text
    assert "those of the likelihood ratio" not in text
    assert "rao-scott" not in text
    for told in (*fit.tidy().attrs["notes"], str(fit.lincom("NV"))):
        assert "with sampling weights no likelihood ratio" in " ".join(told.split())
    for method in ("lr", "score"):
        with pytest.raises(PseudoLikelihoodError, match="separated") as caught:
            fit.test("PI = 0", method=method)
        assert "rao-scott" not in str(caught.value)
    assert np.isfinite(fit.test("PI = 0", method="wald").p_value)
