"""Effects that the model makes zero, finite ones on separated data, and samples by a design."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit

import logit_inference as li
from logit_inference.errors import ArgumentError, EffectError, HypothesisError, SeparationWarning


@pytest.fixture(scope="module")
def birthwt():
    return li.datasets.load("birthwt")


@pytest.fixture(scope="module")
def separated():
    with pytest.warns(SeparationWarning):
        return li.logit("HG ~ NV + PI + EH", li.datasets.load("endometrial"))


CALLS = {
    "plain": {},
    "population": {"uncertainty": "population"},
    "simulation": {"uncertainty": "simulation"},
    "likelihood": {"uncertainty": "likelihood"},
    "holm": {"adjust": "holm"},
    "single-step": {"adjust": "single-step"},
}


@pytest.mark.parametrize("options", CALLS.values(), ids=CALLS)
def test_contrasts_that_the_formula_does_not_have_are_zero_and_untested(birthwt, options):
    fit = li.logit("low ~ race + smoke + age", birthwt)
    found = fit.avg_comparisons("smoke", by="race", kind="link", hypothesis="pairwise", **options)
    assert (found.estimate == 0).all()
    assert (found.std_error == 0).all()
    assert np.isnan(found.numbers.p_value).all()
    assert "p_value" not in found.to_frame()
    assert (found.numbers.conf_low == 0).all()
    assert (found.numbers.conf_high == 0).all()
    assert "zero by the model" in found.notes[-1]


def test_zeros_by_the_model_in_every_wording(birthwt):
    fit = li.logit("low ~ smoke * ns(age, 3) + race + lwt", birthwt)
    balanced = {"newdata": "balanced", "by": ["race", "smoke"], "hypothesis": "interaction"}
    assert (fit.avg_predictions(kind="link", **balanced).estimate == 0).all()
    odds = fit.avg_predictions(kind="odds", **balanced)
    assert (odds.estimate == 1).all()
    assert (odds.std_error == 0).all()
    grid = li.datagrid(race=["white", "black"], age=[20, 37])
    two = fit.comparisons("smoke", newdata=grid, kind="link", hypothesis=["b1 = b3", "b1 = b4"])
    # The first differ in race only, the others in age, on which the effect depends here.
    assert two.estimate[0] == 0
    assert abs(two.estimate[1]) > 1e-3
    assert np.isnan(two.numbers.p_value[0])
    assert two.numbers.p_value[1] > 0.001
    slopes = fit.slopes("age", newdata=grid, kind="link", hypothesis="b1 = b3")
    assert slopes.estimate[0] == 0
    assert slopes.std_error[0] == 0


def test_differences_far_smaller_than_their_terms_are_still_tested(birthwt):
    data = birthwt.assign(age=birthwt["age"] + 1e6)  # terms of a slope's sum, a million times it
    near = li.logit("low ~ smoke + age", birthwt).avg_comparisons("age", kind="link")
    far = li.logit("low ~ smoke + age", data).avg_comparisons("age", kind="link")
    np.testing.assert_allclose(far.estimate, near.estimate, rtol=1e-6)
    np.testing.assert_allclose(far.numbers.p_value, near.numbers.p_value, rtol=1e-6)


def test_combinations_of_finite_coefficients_are_finite_on_separated_data(separated):
    """On the link scale effects are coefficients, whatever the rows that they are averaged over."""
    coef, errors = separated.params, separated.bse
    for found in (separated.avg_slopes(kind="link"), separated.avg_comparisons(kind="link")):
        assert found.estimate[0] == np.inf
        assert np.isnan(found.std_error[0])
        # The slope of NV is the coefficient, whose limit the profile has.
        limit = separated.conf_int(method="profile").loc["NV", "conf_low"]
        np.testing.assert_allclose(found.numbers.conf_low[0], limit, rtol=1e-6)
        np.testing.assert_allclose(found.estimate[1:], coef[["PI", "EH"]], rtol=1e-12)
        np.testing.assert_allclose(found.std_error[1:], errors[["PI", "EH"]], rtol=1e-12)
    grid = li.datagrid(NV=[0, 1])
    slopes = separated.slopes("PI", newdata=grid, kind="link")
    np.testing.assert_allclose(slopes.estimate, coef["PI"], rtol=1e-12)
    ratios = separated.comparisons("PI", newdata=grid, contrast="odds-ratio")
    np.testing.assert_allclose(ratios.estimate, np.exp(coef["PI"]), rtol=1e-12)
    np.testing.assert_allclose(ratios.std_error, np.exp(coef["PI"]) * errors["PI"], rtol=1e-12)
    # Two infinite predictions differ by what is finite.
    two = separated.predictions(
        newdata=li.datagrid(NV=[1], PI=[10, 20]), kind="link", hypothesis="b2 = b1"
    )
    np.testing.assert_allclose(two.estimate, 10 * coef["PI"], rtol=1e-12)
    np.testing.assert_allclose(two.std_error, 10 * errors["PI"], rtol=1e-12)
    profiled = separated.avg_slopes("PI", kind="link", uncertainty="likelihood").numbers
    wanted = separated.conf_int(method="profile").loc["PI"]
    np.testing.assert_allclose([profiled.conf_low[0], profiled.conf_high[0]], wanted, rtol=1e-6)


def test_elasticities_where_probabilities_are_forced_have_their_limits(separated):
    """(1 − μ) x b, of which forced events contribute nothing."""
    data = li.datasets.load("endometrial")
    free = (data["NV"] == 0).to_numpy()
    eta = separated.params["Intercept"] + data[["PI", "EH"]] @ separated.params[["PI", "EH"]]
    each = data["PI"] * separated.params["PI"] / (1 + np.exp(eta))
    found = separated.avg_slopes("PI", slope="eyex")
    np.testing.assert_allclose(found.estimate, np.where(free, each, 0.0).mean(), rtol=1e-10)
    assert found.numbers.conf_low[0] < found.estimate[0] < found.numbers.conf_high[0]
    # Of the other outcome 1 − μ is one in these rows, and elasticities are those of the odds.
    with pytest.warns(SeparationWarning):
        other = li.logit("I(1 - HG) ~ NV + PI + EH", data)
    each = data["PI"] * other.params["PI"] * np.where(free, 1 / (1 + np.exp(-eta)), 1.0)
    again = other.avg_slopes("PI", slope="eyex")
    np.testing.assert_allclose(again.estimate, each.mean(), rtol=1e-10)


# --- survey designs -------------------------------------------------------------------------------


def test_averages_over_a_stratified_sample_vary_as_its_means_do():
    """The average prediction is the weighted mean of the outcome; its variance that of a mean."""
    data = li.datasets.load("apistrat")
    data["y"] = (data["awards"] == "Yes").astype(int)
    design = li.survey(data, weights="pw", strata="stype", fpc="fpc")
    fit = li.logit("y ~ ell + meals", design)
    influence = data["pw"] * (data["y"] - np.average(data["y"], weights=data["pw"]))
    variance = 0.0
    for _, part in data.assign(z=influence / data["pw"].sum()).groupby("stype", observed=True):
        left = 1.0 - len(part) / part["fpc"].iloc[0]
        variance += left * len(part) * part["z"].var(ddof=1)
    found = fit.avg_predictions(uncertainty="population")
    np.testing.assert_allclose(found.std_error, np.sqrt(variance), rtol=1e-10)
    assert abs(fit.avg_predictions().std_error[0] / found.std_error[0] - 1.0) > 1e-5  # not that


def test_slopes_over_a_stratified_sample_vary_by_scores_and_rows():
    """Stata's vce(unconditional), written out: own distances and scores, in totals of strata."""
    data = li.datasets.load("apistrat")
    data["y"] = (data["awards"] == "Yes").astype(int)
    fit = li.logit("y ~ ell + meals", li.survey(data, weights="pw", strata="stype", fpc="fpc"))
    w = data["pw"].to_numpy() / data["pw"].sum()
    X = np.column_stack([np.ones(len(data)), data["ell"], data["meals"]])
    mu = expit(X @ fit.params.to_numpy())
    v = mu * (1 - mu)
    b = fit.params["ell"]
    gradient = (w * v * (1 - 2 * mu) * b) @ X + w @ v * np.array([0.0, 1.0, 0.0])
    scores = X * (w * (data["y"].to_numpy() - mu))[:, np.newaxis]
    moved = scores @ np.linalg.solve(X.T @ (X * (w * v)[:, np.newaxis]), gradient)
    own = w * (v * b - w @ (v * b))
    for how, z in (("conditional", moved), ("population", moved + own)):
        variance = 0.0
        for _, part in data.assign(z=z).groupby("stype", observed=True):
            left = 1.0 - len(part) / part["fpc"].iloc[0]
            variance += left * len(part) * part["z"].var(ddof=1)
        found = fit.avg_slopes("ell", uncertainty=how)
        np.testing.assert_allclose(found.std_error, np.sqrt(variance), rtol=1e-8)


def test_totals_of_influences_in_stages_with_rows_that_the_model_left_out():
    """Of two stages: units' totals within strata, then subunits' within units, times f."""
    rng = np.random.default_rng(5)
    unit = np.repeat(np.arange(8), 6)
    data = {
        "y": rng.integers(0, 2, 48),
        "x": rng.normal(size=48),
        "unit": unit,
        "own": np.arange(48),
        "w": rng.uniform(1, 3, 48),
        "N": np.full(48, 40.0),
        "M": np.full(48, 20.0),
    }
    data["x"][[0, 7]] = np.nan
    design = li.survey(data, weights="w", psu=["unit", "own"], fpc=["N", "M"])
    fit = li.logit("y ~ x", design)
    kept = ~np.isnan(data["x"])
    w, y = data["w"] * kept, data["y"]
    z = w * (y - w @ y / w.sum()) / w.sum()
    first = np.bincount(unit, weights=z)
    variance = (1 - 8 / 40) * 8 * first.var(ddof=1)
    for own in z.reshape(8, 6):
        variance += 8 / 40 * (1 - 6 / 20) * 6 * own.var(ddof=1)
    found = fit.avg_predictions(uncertainty="population")
    np.testing.assert_allclose(found.std_error, np.sqrt(variance), rtol=1e-9)


def test_influences_of_replicate_weights_are_refused():
    data = li.datasets.load("apiclus1")
    data["y"] = (data["awards"] == "Yes").astype(int)
    design = li.survey(data, weights="pw", psu="dnum").with_replicates("JK1")
    with pytest.raises(EffectError, match="replicate weights"):
        li.logit("y ~ ell", design).avg_slopes(uncertainty="population")


# --- what tables say, and what they refuse --------------------------------------------------------


@pytest.mark.parametrize(
    ("contrast", "said"),
    [
        ("nnt", "two pieces"),
        ("nnt", "tests are of difference = 0"),
        ("ratio", "Tests are of ratio = 1."),
        ("odds-ratio", "Tests are of odds ratio = 1."),
        ("lift", "Lift: ratio minus one."),
    ],
)
def test_tables_of_likelihood_intervals_say_what_their_measure_is(birthwt, contrast, said):
    fit = li.logit("low ~ age + ui", birthwt)
    options = {"contrast": contrast, "uncertainty": "likelihood"}
    notes = " ".join(fit.avg_comparisons("age", **options).notes)
    assert said in notes
    assert "logarithm" not in notes


def test_numbers_needed_to_treat_are_compared_by_their_differences(birthwt):
    fit = li.logit("low ~ smoke + age", birthwt)
    with pytest.raises(EffectError, match='contrast="difference"'):
        fit.avg_comparisons(contrast="nnt", hypothesis="pairwise")
    value = fit.avg_comparisons("smoke", contrast="nnt", hypothesis=10)
    other = fit.avg_comparisons("smoke", hypothesis=0.1)
    np.testing.assert_allclose(value.numbers.p_value, other.numbers.p_value, rtol=1e-12)


def test_simulation_says_that_it_has_no_t_reference(birthwt):
    fit = li.logit("low ~ smoke + age", birthwt)
    with pytest.raises(EffectError, match="degrees of freedom of its own"):
        fit.with_covariance("cluster", by="age", type="CR2").avg_slopes(uncertainty="simulation")
    data = birthwt.assign(w=1.0)
    survey = li.logit("low ~ smoke", li.survey(data, weights="w"))
    assert "df 187) is not used" in survey.avg_slopes(uncertainty="simulation").notes[0]


def test_mistakes_about_groups_weights_and_rows_are_said_in_a_line(birthwt):
    fit = li.logit("low ~ smoke + age", birthwt)
    with pytest.raises(ArgumentError, match="without by="):
        fit.comparisons("smoke", by=True)
    assert len(fit.avg_predictions(by=False)) == 1
    with pytest.raises(EffectError) as unknown:
        fit.avg_predictions(by="smok")
    assert str(unknown.value).count("age,") == 1
    with pytest.raises(ArgumentError, match="finite weights") as array:
        fit.avg_predictions(wts=-np.arange(189.0))
    assert "\n" not in str(array.value)
    assert len(str(array.value)) < 300
    with pytest.raises(HypothesisError, match=r"no row 'b9' in 'b1=b9'.* b1 to b2"):
        fit.avg_slopes(hypothesis="b1=b9")
