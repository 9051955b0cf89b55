"""Certificates of results, and of coefficients made elsewhere."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

import logit_inference as li
from logit_inference.errors import CoefficientError
from logit_inference.solve.fit import fit_rows

FORMULA = "low ~ age + lwt + C(race) + smoke"


@pytest.fixture(scope="module")
def births():
    return li.datasets.load("birthwt")


def separated(formula="HG ~ NV + PI + EH"):
    with pytest.warns(li.SeparationWarning):
        return li.logit(formula, li.datasets.load("endometrial"))


def test_a_fit_is_certified_and_its_summary_says_so(births):
    fit = li.logit(FORMULA, births)
    assert fit.certificate.exists is True
    assert fit.certificate.distance < 1e-11
    assert "Certified: a unique maximum exists; coefficients within 2e-13" in str(fit)


@pytest.mark.parametrize(
    "options",
    [
        {"weights": np.linspace(0.5, 3.0, 189), "weights_kind": "precision"},
        {"offset": np.linspace(-1.0, 1.0, 189)},
        {"weights": np.arange(189) % 3, "weights_kind": "frequency"},
    ],
)
def test_weights_and_offsets_are_covered(births, options):
    assert li.logit(FORMULA, births, **options).certificate.distance < 1e-11


def test_grouped_rows_are_covered():
    fit = li.logit("cbind(Menarche, Total - Menarche) ~ Age", li.datasets.load("menarche"))
    assert fit.certificate.distance < 1e-10


def test_it_travels_with_a_result_without_rows(births, tmp_path):
    fit = li.logit(FORMULA, births)
    fit.save(tmp_path / "fit.json")
    assert li.load(tmp_path / "fit.json").certificate == fit.certificate
    assert fit.without_data().certificate == fit.certificate


def test_separated_data_have_a_certified_limit(tmp_path):
    fit = separated()
    assert fit.certificate.exists is False
    assert fit.certificate.limit.exists is True
    assert "no finite maximum exists; quasi-complete separation" in str(fit.certificate)
    fit.save(tmp_path / "fit.json")
    assert str(li.load(tmp_path / "fit.json").certificate) == str(fit.certificate)


def test_a_search_that_was_stopped_says_how_far_it_was(births):
    exact = li.logit(FORMULA, births)
    bounds = []
    for limit in (2, 3, 4):
        early = li.logit(FORMULA, births, max_iterations=limit, require_convergence=False)
        said = early.certificate
        true = ((early.params - exact.params).abs() / early.bse).max()
        assert said.exists
        assert true <= said.distance
        bounds.append(said.distance)
    assert bounds == sorted(bounds, reverse=True)


def test_a_penalised_fit_is_not_said_to_be_certified(births):
    firth = li.logit(FORMULA, births, estimator="firth")
    assert firth.certificate.exists is None
    assert "ertified" not in str(firth)


def test_statsmodels_is_close(births):
    X = sm.add_constant(births[["age", "lwt", "smoke"]].astype(float))
    theirs = sm.Logit(births["low"], X).fit(disp=False)
    said = li.certify_arrays(theirs.params.to_numpy(), births["low"], X)
    assert said.exists
    assert said.distance < 1e-6


@pytest.mark.parametrize("shift", [1e-9, 1e-3, 0.5, 40.0])
def test_the_distance_of_shifted_coefficients_is_told(births, shift):
    fit = li.logit(FORMULA, births)
    moved = fit.params.copy()
    moved["lwt"] += shift * fit.bse["lwt"]
    said = li.certify(moved, FORMULA, births)
    assert said.exists
    assert said.distance == pytest.approx(shift, rel=1e-6, abs=1e-12)
    assert said.distance >= shift * (1 - 1e-12) - 1e-14


def test_names_may_come_in_any_order(births):
    fit = li.logit(FORMULA, births)
    said = li.certify(dict(reversed(list(fit.params.items()))), FORMULA, births)
    assert said.distance < 1e-11


def test_coefficients_of_separated_data_have_no_maximum_to_be_near():
    said = li.certify(
        [4.3, 18.2, -0.04, -2.9], "HG ~ NV + PI + EH", li.datasets.load("endometrial")
    )
    assert said.exists is False
    assert said.distance == np.inf


def test_a_column_that_repeats_others_has_no_coefficient():
    data = pd.DataFrame({"x": [0.0, 1, 2, 3, 4, 5], "y": [0, 1, 0, 1, 1, 0]}).assign(
        z=lambda d: 2 * d.x
    )
    with pytest.warns(li.CollinearityWarning):
        fit = li.logit("y ~ x + z", data)
    with pytest.warns(li.CollinearityWarning):
        assert li.certify(fit.params, "y ~ x + z", data).distance < 1e-11
    with pytest.warns(li.CollinearityWarning), pytest.raises(CoefficientError, match="combination"):
        li.certify([0.0, 0.1, 0.2], "y ~ x + z", data)


@pytest.mark.parametrize(
    ("coef", "said"),
    [
        ([1.0, 2.0], "shape"),
        ({"Intercept": 1.0, "smok": 0.2}, "no column is named smok"),
        ({"Intercept": 1.0}, "no coefficient for smoke"),
        ([1.0, np.inf, 0.0], "shape"),
        ([np.nan, 1.0], "is nan"),
        ("text", "are a str"),
    ],
)
def test_what_does_not_fit_is_refused(births, coef, said):
    coef = coef if len(coef) != 2 or isinstance(coef, dict) or said != "shape" else [*coef, 3.0]
    with pytest.raises(CoefficientError, match=said):
        li.certify(coef, "low ~ smoke", births)


def test_the_bound_holds_for_factors_that_stay_codes(monkeypatch):
    """Two searches for one maximum are no further apart than their bounds allow."""
    rng = np.random.default_rng(2)
    data = pd.DataFrame({"x": rng.normal(size=3000), "g": rng.integers(0, 30, 3000)})
    data["y"] = rng.integers(0, 2, 3000)
    data["g"] = data["g"].astype("category")
    plain = li.logit("y ~ x * g", data)
    monkeypatch.setattr("logit_inference.design.matrix.SMALL", 0)
    codes = li.logit("y ~ x * g", data)
    allowed = plain.certificate.distance + codes.certificate.distance
    assert ((plain.params - codes.params).abs() / plain.bse).max() <= allowed < 1e-9


def test_finite_coefficients_are_compared_with_the_limiting_model():
    women = li.datasets.load("endometrial")
    limit = separated()
    near = limit.params.replace(np.inf, 18.2)
    said = li.certify(near, "HG ~ NV + PI + EH", women)
    assert said.limit.distance < 1e-11
    near["EH"] += 2.0 * limit.bse["EH"]
    said = li.certify(near, "HG ~ NV + PI + EH", women)
    assert said.limit.distance == pytest.approx(2.0, rel=1e-5)
    assert said.limit.distance >= 2.0
    assert "(EH is furthest)" in str(said)


def test_coefficients_that_our_search_does_not_reach_are_asked_themselves(monkeypatch):
    births = li.datasets.load("birthwt")
    fit = li.logit(FORMULA, births)
    monkeypatch.setattr("logit_inference.models.assembly.fit_rows", stopped(fit_rows))
    said = li.certify(fit.params, FORMULA, births)
    assert said.exists
    assert said.distance < 1e-10


def stopped(search):
    return lambda *args, **options: search(*args, **{**options, "max_iterations": 1})


def test_a_penalised_fit_knows_that_its_rows_are_separated():
    women = li.datasets.load("endometrial")
    firth = li.logit("HG ~ NV + PI + EH", women, estimator="firth")
    assert firth.separation.kind == "quasi-complete"
    with pytest.raises(li.SeparationError):
        li.logit("HG ~ NV + PI + EH", women, estimator="firth", separation="raise")
    with pytest.raises(li.ConvergenceError, match=r"NV = 1, HG = 1\. No penalty reaches"):
        li.logit("HG ~ NV + PI + EH", women, estimator="ridge", penalty={"PI": 1})


def test_complete_separation_has_its_residuals():
    with pytest.warns(li.SeparationWarning):
        fit = li.logit("y ~ x", {"y": [0, 1, 1], "x": [1.0, 2, 3]})
    rows = fit.augment()
    assert rows["fitted"].tolist() == [0.0, 1.0, 1.0]
    assert rows["hat"].tolist() == [0.0, 0.0, 0.0]
