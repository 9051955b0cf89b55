"""Separation of wide factors, decided with indicators in place of contrasts."""

import numpy as np
import pandas as pd
import pytest

import logit_inference as li
from logit_inference.design.polynomials import polynomial_contrasts


def random_table(seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(25, 60))
    data = pd.DataFrame(
        {
            "g": pd.Categorical(rng.integers(0, 6, n)),
            "h": pd.Categorical(rng.integers(0, 3, n)),
            "x": rng.integers(-2, 3, n).astype(float),
        }
    )
    data["y"] = (rng.random(n) < 0.5).astype(int)
    for level in range(int(rng.integers(0, 4))):  # some pure levels
        data.loc[data["g"] == level, "y"] = int(rng.random() < 0.5)
    return data


@pytest.mark.parametrize("contrast", ["treatment", "sum", "helmert", "poly", "diff"])
def test_indicators_find_what_the_exact_search_finds_in_contrasts(contrast, monkeypatch):
    """The exact search, itself tested against linear programs, takes all of these designs."""
    formula = f"y ~ x + C(g, contr.{contrast}) + C(h, contr.sum)"
    found = 0
    for seed in range(12):
        data = random_table(seed)
        exact = li.detect_separation(formula, data)
        with monkeypatch.context() as patch:
            patch.setattr("logit_inference.models.separated.MOST_FOR_TESTS", 0)
            patch.setattr("logit_inference.models.recoding.FEWEST_LEVELS", 2)
            recoded = li.detect_separation(formula, data)
        assert recoded.kind == exact.kind
        assert list(recoded.rows) == list(exact.rows)
        if contrast != "poly":  # whose doubles are orthogonal to less than their numbers are
            assert recoded.infinite == exact.infinite
        found += exact.found
    assert 3 <= found < 12


@pytest.mark.parametrize("contrast", ["sum", "helmert"])
def test_dozens_of_pure_levels(contrast):
    rng = np.random.default_rng(3)
    levels, pure = 100, 66
    g = np.repeat(np.arange(levels), 8)
    y = np.where(g < pure, g % 2, np.tile([0, 1, 0, 1, 1, 0, 1, 0], levels))
    data = pd.DataFrame({"g": g.astype(str), "x": rng.normal(size=len(g)), "y": y})
    with pytest.warns(li.SeparationWarning, match=r"in all 8 rows with g = 0, y = 0"):
        fit = li.logit(f"y ~ x + C(g, contr.{contrast})", data)
    assert fit.separation.kind == "quasi-complete"
    np.testing.assert_array_equal(fit.separation.rows, np.flatnonzero(g < pure))
    rest = li.logit("y ~ x + C(g)", data[g >= pure])
    assert fit.llf == pytest.approx(rest.llf, rel=1e-10)
    assert fit.params["x"] == pytest.approx(rest.params["x"], rel=1e-8)
    assert fit.bse["x"] == pytest.approx(rest.bse["x"], rel=1e-8)
    forced = fit.predict().to_numpy()[g < pure]
    np.testing.assert_array_equal(forced, y[g < pure])


@pytest.mark.parametrize("k", [2, 5, 40, 150])
def test_polynomial_contrasts_are_orthonormal_at_any_degree(k):
    contrasts = polynomial_contrasts(np.arange(float(k)))
    np.testing.assert_allclose(contrasts.T @ contrasts, np.eye(k - 1), atol=1e-13)
    np.testing.assert_allclose(contrasts.sum(axis=0), 0, atol=1e-12)
    centred = np.arange(k) - (k - 1) / 2
    np.testing.assert_allclose(contrasts[:, 0], centred / np.linalg.norm(centred), atol=1e-14)
    if k > 2:
        # Of degree 2: its second difference is constant.
        assert np.ptp(np.diff(contrasts[:, 1], n=2)) < 1e-13


def test_scores_that_coincide():
    data = {"y": [0, 1, 0, 1, 1, 0], "g": list("abcabc")}
    with pytest.raises(li.errors.SchemaError, match="not finite"):
        li.logit("y ~ C(g, contr.poly(scores=[1, 1, 2]))", data)
