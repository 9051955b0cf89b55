"""Separation of wide factors, decided with indicators in place of contrasts."""

import math

import numpy as np
import pandas as pd
import pytest

import logit_inference as li
from logit_inference.design.polynomials import polynomial_contrasts
from logit_inference.rows import coded


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


def wide_table(levels=120, each=9, seed=5):
    """Hospitals, some of which saw one outcome only, in an order without any."""
    rng = np.random.default_rng(seed)
    g = rng.permutation(np.repeat(np.arange(levels), each))
    x, h = rng.normal(size=len(g)), rng.choice(["a", "b"], len(g))
    chance = 1.0 / (1.0 + np.exp(-(0.3 * x + rng.normal(0.0, 0.3, levels)[g])))
    y = (rng.random(len(g)) < chance).astype(int)
    few = (g > 0) & (g < 6)
    y[few] = g[few] % 2
    y[g == 0] = np.arange(each) % 2
    return pd.DataFrame({"g": np.char.add("site ", g.astype(str)), "x": x, "h": h, "y": y})


@pytest.mark.parametrize(("levels", "each"), [(120, 9), (250, 80)])
def test_pure_levels_of_a_wide_factor_leave_the_fit_of_the_others(levels, each, monkeypatch):
    """Of coded rows few are written out at a time; few steps are taken where no maximum exists."""
    written, data = [], wide_table(levels, each)
    real = coded.dense
    monkeypatch.setattr(coded, "dense", lambda X: written.append(math.prod(X.shape)) or real(X))
    with pytest.warns(li.SeparationWarning):
        fit = li.logit("y ~ x + h + C(g)", data)
    shares = data.groupby("g")["y"].mean()
    pure = set(shares.index[shares.isin([0.0, 1.0])])
    assert len(pure) > 4
    assert set(data["g"][list(fit.separation.rows)]) == pure
    assert len(fit.separation.rows) == data["g"].isin(pure).sum()
    goes = {f"C(g)[T.{name}]": np.inf if shares[name] else -np.inf for name in pure}
    assert {name: end for name, end in fit.separation.infinite.items() if end} == goes
    rest = li.logit("y ~ x + h + C(g)", data[~data["g"].isin(pure)])
    assert fit.llf == pytest.approx(rest.llf, rel=1e-12)
    finite = list(rest.params.index)
    np.testing.assert_allclose(fit.params[finite], rest.params, rtol=1e-7, atol=1e-9)
    np.testing.assert_allclose(fit.bse[finite], rest.bse, rtol=1e-8)
    assert len(fit.asked.solution.steps) <= 10
    assert (fit.fit.source.layout is not None) == (levels == 250)
    few = max(len(fit.separation.rows), 4 * levels)
    assert max(written, default=0) <= few * len(fit.params)


def test_a_pure_reference_level_is_told_as_others_are():
    data = wide_table()
    data.loc[data["g"] == "site 1", "g"] = "first"
    data["g"] = pd.Categorical(data["g"], ["first", *sorted(set(data["g"]) - {"first"})])
    with pytest.warns(li.SeparationWarning):
        fit = li.logit("y ~ x + h + C(g)", data)
    assert (data["g"][list(fit.separation.rows)] == "first").sum() == 9
    rest = data[~data.index.isin(fit.separation.rows)].copy()
    rest["g"] = rest["g"].cat.remove_unused_categories()
    assert fit.llf == pytest.approx(li.logit("y ~ x + h + C(g)", rest).llf, rel=1e-12)
