"""Many tests of a result at once: adjusted p-values and simultaneous intervals, wherever asked."""

import numpy as np
import pytest
from scipy.stats import multivariate_normal, norm

import logit_inference as li
from logit_inference import errors
from logit_inference.inference.multiplicity import adjust

DATA = li.datasets.load("birthwt")
FORMULA = "low ~ age + lwt + C(race) + smoke"


@pytest.fixture(scope="module")
def fit():
    return li.logit(FORMULA, DATA)


@pytest.mark.parametrize("method", ["wald", "lr"])
@pytest.mark.parametrize("how", ["holm", "bonferroni", "bh", "by"])
def test_coefficients_are_adjusted_for_all_but_the_intercept(fit, how, method):
    frame = fit.tidy(method=method, adjust=how)
    np.testing.assert_allclose(frame["p_adjusted"][1:], adjust(frame["p_value"][1:], how))
    assert np.isnan(frame["p_adjusted"][0])
    assert any(f"5 tests ({how})" in note for note in frame.attrs["notes"])
    table = fit.summary(method=method, adjust=how)
    np.testing.assert_array_equal(table.to_frame()["p_adjusted"], frame["p_adjusted"])
    assert any(f"5 tests ({how})" in note for note in table.notes)


def test_single_step_of_coefficients_is_that_of_their_joint_distribution(fit):
    frame = fit.tidy(adjust="single-step")
    covariance = fit.cov_params().to_numpy()[1:, 1:]
    sizes = np.sqrt(np.diag(covariance))
    joint = multivariate_normal(cov=covariance / np.outer(sizes, sizes))
    bound = np.full(5, abs(frame["statistic"][5]))
    inside = joint.cdf(bound, lower_limit=-bound)
    assert frame["p_adjusted"][5] == pytest.approx(1 - inside, abs=5e-4)  # both integrate


def test_two_additions_to_a_constant_have_the_correlation_of_their_columns():
    constant = li.logit("low ~ 1", DATA)
    table = constant.add1(["lwt", "age"], adjust="single-step").to_frame()
    correlation = np.corrcoef(DATA["lwt"], DATA["age"])[0, 1]
    joint = multivariate_normal(cov=[[1, correlation], [correlation, 1]])
    for p, adjusted in zip(table["p_value"], table["p_adjusted"], strict=True):
        bound = np.full(2, norm.isf(p / 2))
        assert adjusted == pytest.approx(1 - joint.cdf(bound, lower_limit=-bound), abs=2e-4)
    by_ratio = constant.add1(["lwt", "age"], test="lr", adjust="single-step").to_frame()
    assert by_ratio["p_adjusted"].isna().tolist() == [True, False, False]


def test_an_addition_is_tested_as_in_the_larger_fit():
    """At the null both joint distributions are the same: that of terms is the known one."""
    rng = np.random.default_rng(4)
    data = {"x": rng.normal(size=4000), "g": rng.choice(list("abc"), 4000)}
    data["z"], data["w"] = data["x"] + rng.normal(size=4000), rng.integers(1, 4, 4000)
    data["y"] = rng.integers(0, 2, 4000)
    options = {"weights": "w", "weights_kind": "frequency"}
    added = li.logit("y ~ 1", data, **options).add1(["x", "g", "z"], adjust="single-step")
    single = [li.logit(f"y ~ {term}", data, **options) for term in ("x", "g", "z")]
    p = added.to_frame()["p_value"].to_numpy()
    assert p == pytest.approx([one.llr_pvalue for one in single], abs=2e-3)  # of score and ratio
    adjusted = added.to_frame()["p_adjusted"].to_numpy()
    assert (adjusted >= p).all()
    assert (adjusted <= np.minimum(3 * p, 1)).all()
    # g is independent of the others, x and z are not: beyond one, less than three, tests.
    smallest = int(np.argmin(p))
    assert 1 - (1 - p[smallest]) ** 2 < adjusted[smallest] < 1 - (1 - p[smallest]) ** 3 + 1e-3


def test_tests_along_a_chain_of_models_are_independent(fit):
    models = [li.logit(formula, DATA) for formula in ("low ~ age", "low ~ age + smoke + lwt")]
    table = li.compare(*models, fit, adjust="single-step").to_frame()
    p = table["p_value"][1:]
    np.testing.assert_allclose(table["p_adjusted"][1:], 1 - (1 - p) ** 2, atol=2e-4)
    back = li.compare(fit, *models[::-1], adjust="single-step").to_frame()
    np.testing.assert_allclose(back["p_adjusted"][1:], 1 - (1 - p[::-1].to_numpy()) ** 2, atol=2e-4)
    holm = li.compare(*models, fit, adjust="holm")
    np.testing.assert_allclose(holm.to_frame()["p_adjusted"][1:], adjust(p, "holm"))


def test_where_tests_have_no_joint_distribution_it_says_why(fit):
    small, other = li.logit("low ~ age", DATA), li.logit("low ~ age + ht", DATA)
    with pytest.raises(errors.ArgumentError, match="no model in which all"):
        li.compare(fit, small, other, adjust="single-step")
    with pytest.raises(errors.ArgumentError, match="Not nested"):
        li.compare(fit, other, adjust="holm")
    with pytest.warns(li.SeparationWarning):
        separated = li.logit("HG ~ NV + PI + EH", li.datasets.load("endometrial"))
    for call in (separated.tidy, separated.summary, separated.anova):
        with pytest.raises(errors.ArgumentError, match="infinity"):
            call(adjust="single-step")
    assert separated.tidy(adjust="holm")["p_adjusted"].notna().tolist() == [False, *3 * [True]]
    for call in (fit.tidy, fit.summary, lambda adjust: li.compare(small, fit, adjust=adjust)):
        with pytest.raises(errors.ArgumentError, match="single-step"):
            call(adjust="tukey")


def test_likelihood_ratios_beside_a_robust_covariance_have_the_law_of_the_model(fit):
    robust = fit.with_covariance("HC3")
    for call in ("tidy", "anova"):
        options = {"method": "lr"} if call == "tidy" else {"type": 2}
        ours, own = (getattr(one, call)(**options, adjust="single-step") for one in (robust, fit))
        if call == "anova":
            ours, own = ours.to_frame(), own.to_frame()
        np.testing.assert_array_equal(ours["p_adjusted"], own["p_adjusted"])
    assert (robust.tidy(adjust="single-step")["p_adjusted"] != fit.tidy().p_value).all()


def test_simultaneous_intervals_of_combinations_and_terms(fit):
    names = ["smoke", "C(race)"]
    joint = fit.conf_int(simultaneous=names)
    assert joint.index.tolist() == ["smoke", "C(race)[T.black]", "C(race)[T.other]"]
    np.testing.assert_array_equal(fit.conf_int(names=names, simultaneous=True), joint)
    table = fit.lincom(names, simultaneous=True)
    np.testing.assert_allclose(table.to_frame()[["conf_low", "conf_high"]], joint, rtol=1e-12)
    assert any("hold at once for 3" in note for note in table.notes)
    assert any("by itself" in note for note in table.notes)
    both = fit.lincom(names, simultaneous=True, adjust="single-step")
    assert not any("by itself" in note for note in both.notes)
    # The differences of three groups: Tukey's, whose rows are dependent.
    tukey = "C(race)[T.black], C(race)[T.other], C(race)[T.black] - C(race)[T.other]"
    three = fit.lincom(tukey, simultaneous=True, adjust="single-step").to_frame()
    excluded = (three["conf_low"] > 0) | (three["conf_high"] < 0)
    assert (excluded == (three["p_adjusted"] < 0.05)).all()
    with pytest.raises(errors.ArgumentError, match="Wald"):
        fit.lincom(names, simultaneous=True, method="lr")
    with pytest.raises(errors.ArgumentError, match="not both"):
        fit.conf_int(names="age", simultaneous=names)
    for empty in ([], ()):
        with pytest.raises(errors.ArgumentError, match="names of coefficients"):
            fit.conf_int(names=empty)
