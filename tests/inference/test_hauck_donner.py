"""Slopes of Wald statistics against numeric derivatives of their definition."""

import numpy as np
import pytest

import logit_inference as li
from logit_inference.errors import ArgumentError
from logit_inference.inference.hauck_donner import SAFE, suspects, wald_slopes
from tests.reference.glm_models import MODELS


def statistic(X, coef, weights, offset, k):
    """Wald's z of a coefficient, from coefficients that need not be estimates."""
    eta = X @ coef + offset
    w = weights * np.exp(-np.logaddexp(0, eta) - np.logaddexp(0, -eta))
    V = np.linalg.inv(X.T @ (X * w[:, None]))
    return coef[k] / np.sqrt(V[k, k]), V


def derivative(along, step):
    """Central differences of fourth order."""
    return (8 * (along(step) - along(-step)) - (along(2 * step) - along(-2 * step))) / (12 * step)


@pytest.mark.parametrize("seed", range(4))
def test_slopes_are_derivatives(seed):
    rng = np.random.default_rng(seed)
    n = 60
    X = np.column_stack([np.ones(n), rng.normal(1, 1, n), rng.random(n) < 0.3])
    weights, offset = rng.integers(1, 4, n).astype(float), rng.normal(size=n)
    y = (rng.random(n) < 1 / (1 + np.exp(-X @ [-1, 2, 1.5]))).astype(float)
    names = ["c", "x", "d"]
    options = {"weights": weights, "weights_kind": "frequency", "offset": offset}
    fit = li.logit_arrays(y, X, names=names, **options)
    coef, slopes = fit.params.to_numpy(), wald_slopes(fit.fit)
    for k in range(3):
        _, V = statistic(X, coef, weights, offset, k)
        se = np.sqrt(V[k, k])
        for direction, ours in (
            (np.eye(3)[k], slopes.fixed[k]),
            (V[k] / V[k, k], slopes.profile[k]),
        ):
            numeric = derivative(
                lambda t, k=k, d=direction: statistic(X, coef + t * d, weights, offset, k)[0],
                1e-3 * se,
            )
            assert ours == pytest.approx(se * numeric, rel=1e-7, abs=1e-9)


def test_two_groups_in_closed_form():
    """With n in each group, v = (1/n)(1/(p q) + 1/(P Q)); only the second moves with the slope."""
    data = {"y": [1] + [0] * 19 + [0] + [1] * 19, "x": [0] * 20 + [1] * 20}
    fit = li.logit("y ~ x", data)
    slope = 1 - fit.params["x"] / 2 * (2 * 0.95 - 1) / 2
    table = fit.hauck_donner().to_frame().set_index("term")
    assert table.loc["x", "slope"] == pytest.approx(slope, rel=1e-9)
    assert table.loc["x", "profile_slope"] == pytest.approx(slope, rel=1e-9)
    assert table.loc["x", "past_maximum"] == "yes"
    note = [text for text in fit.summary().notes if "Hauck" in text]
    assert len(note) == 1
    assert "of Intercept, x is past" in note[0]
    assert 'method="lr"' in note[0]
    assert not any("Hauck" in text for text in fit.summary(method="lr").notes)
    assert str(fit.without_data()) == str(fit)


def test_the_profile_slope_does_not_depend_on_centring():
    data = li.datasets.load("mtcars")
    mine = li.logit("am ~ wt + hp", data)
    other = li.logit("am ~ I(wt - 3) + I(hp/100 - 1.5)", data)
    np.testing.assert_allclose(
        wald_slopes(mine.fit).profile[1:], wald_slopes(other.fit).profile[1:], rtol=1e-9
    )
    assert abs(wald_slopes(mine.fit).fixed[1] - wald_slopes(other.fit).fixed[1]) > 0.1


@pytest.mark.parametrize("name", MODELS)
def test_coefficients_that_are_spared_are_safe(name):
    model = MODELS[name]
    fit = li.logit(model.formula, model.frame(), **model.options)
    slopes, doubtful = wald_slopes(fit.fit), suspects(fit.fit)
    past = set(np.flatnonzero(slopes.fixed < 0))
    assert past <= set(doubtful)
    some = wald_slopes(fit.fit, doubtful)
    np.testing.assert_allclose(some.fixed[doubtful], slopes.fixed[doubtful], rtol=1e-12)
    assert np.isnan(np.delete(some.fixed, doubtful)).all()
    assert SAFE == 2.0


@pytest.mark.parametrize("formula", ["HG ~ PI + EH", "HG ~ EH", "HG ~ I(EH - 5)"])
def test_the_summary_agrees_with_the_table(formula):
    """Also of the intercept, and where the slope along the profile is positive."""
    fit = li.logit(formula, li.datasets.load("endometrial"))
    table = fit.hauck_donner().to_frame().set_index("term")
    past = table.index[table["past_maximum"] == "yes"].tolist()
    notes = [note for note in fit.summary().notes if "Hauck" in note]
    assert len(notes) == (1 if past else 0)
    if past:
        assert f"the Wald statistic of {', '.join(past)} is past" in notes[0]
    if formula == "HG ~ PI + EH":
        assert past == ["EH"]
        assert table.loc["EH", "slope"] == pytest.approx(-0.257, abs=5e-4)


def test_no_slope_without_an_estimate_or_a_likelihood():
    data = li.datasets.load("endometrial")
    with pytest.warns(li.SeparationWarning):
        fit = li.logit("HG ~ NV + PI + EH", data)
    table = fit.hauck_donner().to_frame().set_index("term")
    assert table.loc["NV", "past_maximum"] == "—"
    rest = li.logit("HG ~ PI + EH", data[data["NV"] == 0]).hauck_donner().to_frame()
    np.testing.assert_allclose(
        table.drop("NV")["slope"], rest.set_index("term")["slope"], rtol=1e-6
    )
    with pytest.raises(ArgumentError, match="hauck_donner"):
        li.logit("HG ~ PI + EH", data, estimator="firth").hauck_donner()


def test_a_file_keeps_the_note(tmp_path):
    fit = li.logit("am ~ wt + hp", li.datasets.load("mtcars"))
    fit.save(tmp_path / "cars.json")
    again = li.load(tmp_path / "cars.json")
    assert "Hauck" in str(again)
    assert str(again) == str(fit)
