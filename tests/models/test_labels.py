"""Which test stands beside which interval, and of which covariance, wherever both are shown."""

import warnings

import numpy as np
import pandas as pd
import pytest

import logit_inference as li
from logit_inference import errors
from logit_inference.inference import likelihood_ratio
from logit_inference.models import effect_answer

DATA = li.datasets.load("birthwt")
UNUSED = "do not use the covariance of this result (HC1)"
ESTIMATORS = {
    "ml": {},
    "firth": {},
    "flic": {"estimator": "firth", "intercept": "flic"},
    "flac": {"estimator": "firth", "intercept": "flac"},
    "median-br": {},
    "jeffreys": {"power": 0.25},
    "log-f": {"prior_df": 1},
    "ridge": {"penalty": 1.0},
}


@pytest.fixture(scope="module", params=ESTIMATORS)
def fit(request):
    options = {"estimator": request.param, **ESTIMATORS[request.param]}
    return li.logit("low ~ age + smoke", DATA, **options)


@pytest.mark.parametrize("covariance", [None, "HC1"])
@pytest.mark.parametrize("method", [None, "wald", "lr"])
def test_what_is_of_another_test_or_covariance_says_so(fit, method, covariance):
    fit = fit if covariance is None else fit.with_covariance(covariance)
    estimator = fit.account.estimator
    if method == "lr" and not estimator.has_likelihood:
        for call in (fit.tidy, fit.summary, fit.conf_int):
            with pytest.raises(errors.ArgumentError, match="no likelihood ratios"):
                call(method=method)
        return
    tidy, ends = fit.tidy(method=method), fit.conf_int(method=method)
    summary, lincom = fit.summary(method=method), fit.lincom("age + smoke", method=method)
    profiled = method == "lr" or (method is None and estimator.interval_method == "profile")
    for frame in (tidy, ends):
        assert frame.attrs["method"] == ("profile" if profiled else "wald")
        assert frame.attrs["covariance"] == fit.estimate.covariance.label
    notes = [tidy.attrs["notes"], ends.attrs["notes"], summary.notes, lincom.notes]
    for told in notes:
        text = " ".join(told)
        assert (UNUSED in text) == (profiled and covariance is not None)
    headers = [column.header for column in summary.columns]
    assert ("P(LR)" in headers) == profiled
    assert ("P>|z|" in headers) == (not profiled)
    # Test and interval are of the same kind: one is below 5 % where the other excludes zero.
    excluded = (tidy["conf_low"] > 0) | (tidy["conf_high"] < 0)
    assert (excluded == (tidy["p_value"] < 0.05)).all()
    frame = lincom.to_frame()
    assert ((frame["conf_low"] > 0) | (frame["conf_high"] < 0)).tolist() == [
        bool(frame["p_value"][0] < 0.05)
    ]
    if estimator.intercept == "flic" and profiled:
        for told in notes[:3]:
            assert any("FLIC" in note and "Wald's" in note for note in told)


def test_profiles_and_comparisons_beside_a_robust_covariance():
    fit = li.logit("low ~ age + smoke", DATA).with_covariance("HC1")
    curve = fit.profile("age")
    assert any(UNUSED in note for note in curve.to_table().notes)
    assert curve.to_frame().attrs["notes"] == list(curve.notes)
    assert (curve.conf_low, curve.conf_high) == tuple(
        fit.conf_int(method="profile", names="age").iloc[0]
    )
    small = li.logit("low ~ age", DATA)
    for table in (li.compare(small, fit), fit.drop1(), fit.add1("lwt")):
        assert any("does not use the covariance" in note for note in table.notes)
    assert not fit.tidy(method="wald").attrs["notes"]


def test_infinite_coefficients_among_walds_tests():
    with pytest.warns(li.SeparationWarning):
        fit = li.logit("HG ~ NV + PI + EH", li.datasets.load("endometrial"))
    for one in (fit, fit.with_covariance("HC1")):
        robust = one is not fit
        for told in (
            one.tidy().attrs["notes"],
            one.conf_int().attrs["notes"],
            one.lincom("NV").notes,
        ):
            assert any("NV at infinity" in note and "(HC1)" in note for note in told) == robust
            assert any("NV at infinity" in note for note in told)
        assert not one.conf_int(names="PI").attrs["notes"]
    notes = fit.with_covariance("HC1").summary().notes
    assert any("NV at infinity" in note and "(HC1)" in note for note in notes)


def test_one_profile_that_is_not_found_leaves_the_others(monkeypatch):
    fit = li.logit("low ~ age + smoke + lwt", DATA)
    whole = fit.conf_int(method="profile")
    ends = likelihood_ratio.likelihood_interval

    def fails(peak, row, level):
        if abs(row @ peak.coef - fit.params["smoke"]) < 1e-12:
            raise errors.ProfileError.not_found("an end of a profile interval", 0.6)
        return ends(peak, row, level)

    monkeypatch.setattr(likelihood_ratio, "likelihood_interval", fails)
    with pytest.warns(errors.ProfileWarning, match="smoke: an end") as caught:
        found = fit.conf_int(method="profile")
    assert set(caught[0].message.reasons) == {"smoke"}
    assert found.loc["smoke"].isna().all()
    pd.testing.assert_frame_equal(found.drop("smoke"), whole.drop("smoke"))
    again = li.logit("low ~ age + smoke + lwt", DATA)
    with pytest.warns(errors.ProfileWarning):
        tidy = again.tidy(method="lr").set_index("term")
    assert np.isnan(tidy.loc["smoke", "p_value"])
    with warnings.catch_warnings():  # the summary has a note for it
        warnings.simplefilter("error")
        assert any("Profile not found: smoke" in note for note in again.summary(method="lr").notes)
    with pytest.warns(errors.ProfileWarning):
        assert any("smoke" in note for note in again.lincom("smoke, age", method="lr").notes)
    for call in (
        lambda: again.conf_int(method="profile", names="smoke"),
        lambda: again.lincom("smoke", method="lr"),
    ):
        with pytest.raises(errors.ProfileError, match="smoke: ") as error:
            call()
        assert error.value.name == "smoke"


@pytest.mark.parametrize("gap", [1e-3, 1e-9, 1e-15])
def test_profiles_of_rows_that_are_separated_by_a_hair(gap):
    x = np.array([-3, -2, -1, -0.5, 0, gap, 1, 2, 2.5, 3])
    with pytest.warns(li.SeparationWarning):
        fit = li.logit("y ~ x", {"y": np.repeat([0, 1], 5), "x": x})
    ends = fit.conf_int()
    for name in ("x", "Intercept"):
        curve = fit.profile(name)
        assert (curve.conf_low, curve.conf_high) == pytest.approx(tuple(ends.loc[name]))
        finite = curve.conf_low if name == "x" else curve.conf_high
        at = int(np.argmin(np.abs(curve.value - finite)))
        assert abs(np.interp(finite, curve.value, curve.root)) == pytest.approx(1.96, abs=0.2), at
        assert (np.diff(curve.root) * np.sign(curve.root[0] - curve.root[-1]) <= 1e-9).all()


def test_a_profile_that_cannot_be_had_does_not_advise_wald():
    error = errors.ProfileError.undecided("x - z")
    assert error.name == "x - z"
    assert "A Wald interval does not exist" in str(error)
    assert 'method="wald"' not in str(error)


def test_a_fit_that_was_stopped_has_no_likelihood_ratios():
    fit = li.logit("low ~ age + smoke", DATA, max_iterations=1, require_convergence=False)
    for call in (
        lambda: fit.tidy(method="lr"),
        lambda: fit.profile("age"),
        fit.anova,
        lambda: fit.test("age", method="score"),
    ):
        with pytest.raises(errors.ProfileError, match="not at a maximum"):
            call()
    whole = li.logit("low ~ age + smoke + lwt", DATA)
    table = li.compare(fit, whole)
    assert "p_value" not in table.to_frame()
    assert any("model 1 stopped before its maximum" in note for note in table.notes)


EFFECTS = {
    "average comparisons": lambda fit: fit.avg_comparisons("smoke"),
    "average slopes": lambda fit: fit.avg_slopes("age"),
    "average predictions": lambda fit: fit.avg_predictions(by="smoke"),
    "comparisons": lambda fit: fit.comparisons("smoke"),
    "slopes": lambda fit: fit.slopes("age"),
    "predictions": lambda fit: fit.predictions(),
    "hypothesis": lambda fit: fit.avg_predictions(by="smoke", hypothesis="pairwise"),
    "combination": lambda fit: fit.lincom("age + smoke"),
}
COVARIANCES = {
    "model": ("inverse information (model-based)", "reference: normal"),
    "HC1": ("HC1, factor n/(n-k)", "reference: normal"),
    "CR1": ("clustered by g (CR1), 40 clusters, factor G/(G-1)", "reference: normal"),
    "CR2": ("clustered by g (CR2), 40 clusters, factor 1", "reference: t with Satterthwaite df"),
    "jackknife": ("jackknife of 189 rows", "reference: normal"),
}


def on(fit, kind):
    if kind.startswith("CR"):
        by = {"g": np.arange(len(DATA)) % 40}
        return fit.with_covariance("cluster", by=by, type=kind)
    return fit.with_covariance(kind)


@pytest.mark.parametrize("kind", COVARIANCES)
def test_frames_series_and_printed_effects_name_kind_factor_clusters_and_reference(kind):
    fit = on(li.logit("low ~ age + smoke", DATA), kind)
    label = fit.estimate.covariance.label
    assert all(part in label for part in COVARIANCES[kind])
    for values in (fit.bse, fit.tvalues, fit.pvalues, fit.cov_params(), fit.conf_int(), fit.tidy()):
        assert values.attrs["covariance"] == label
    assert fit.pvalues.attrs == fit.conf_int().attrs
    assert "covariance" not in fit.params.attrs  # estimates rest on none
    for name, ask in EFFECTS.items():
        if (name, kind) == ("hypothesis", "CR2"):
            continue  # refused: combinations of effects have no degrees of freedom
        table = ask(fit)
        frame, printed = table.to_frame(), " ".join(str(table).split())
        assert frame.attrs["covariance"] == label
        assert [note for note in frame.attrs["notes"] if note in printed] == frame.attrs["notes"]
        assert (label if kind != "model" else "model-based covariance") in printed
        if hasattr(table, "to_table"):
            assert table.to_table().to_frame().attrs["covariance"] == label


def test_the_label_is_of_what_the_uncertainty_rests_on(monkeypatch):
    fit = on(li.logit("low ~ age + smoke", DATA), "HC1")

    def label(**how):
        return fit.avg_slopes("age", **how).to_frame().attrs["covariance"]

    quantiles = "; reference: normal, of intervals the quantiles of draws"
    assert label() == "HC1, factor n/(n-k); reference: normal"
    assert label(uncertainty="population") == f"{label()}; with the rows' own variation"
    assert label(uncertainty="simulation", draws=50) == f"HC1, factor n/(n-k){quantiles}"
    drawn = label(uncertainty="bootstrap", draws=50, seed=3)
    assert drawn == f"bootstrap, 50 samples, seed 3{quantiles}"
    model = "inverse information (model-based), no small-sample factor; reference: normal"
    assert label(covariance="model") == model == label(covariance="model", uncertainty="likelihood")
    monkeypatch.setattr(effect_answer, "MOST_JACOBIAN", 1)  # rows answered one by one
    assert label() in " ".join(str(fit.predictions()).split())


def test_multinomial_and_pooled_frames_name_their_covariance():
    data = DATA.assign(g=np.arange(len(DATA)) % 40)
    fit = li.multinomial_logit("race ~ lwt", data).with_covariance("cluster", by="g")
    label = "clustered by g (CR1), 40 clusters, factor G/(G-1); reference: normal"
    slopes = fit.avg_slopes("lwt")
    assert label in " ".join(str(slopes).split())
    coefficients = fit.bse, fit.tvalues, fit.pvalues, fit.conf_int(), fit.cov_params(), fit.tidy()
    for frame in (slopes.to_frame(), *coefficients):
        assert frame.attrs["covariance"] == label
    pooled = li.pool([on(li.logit("low ~ age + smoke", DATA), "HC1")] * 2)
    for frame in (pooled.bse, pooled.tvalues, pooled.pvalues):
        assert frame.attrs == pooled.conf_int().attrs
        assert "HC1" in frame.attrs["covariance"]
