"""Uncertainty of effects: populations, draws, refits, and the boundary."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import minimize_scalar
from scipy.special import expit, xlog1py, xlogy

import logit_inference as li
from logit_inference.errors import ArgumentError, EffectError

CHI = 3.841458820694124


@pytest.fixture(scope="module")
def birthwt():
    return li.datasets.load("birthwt")


# --- populations ----------------------------------------------------------------------------------


def influence(fit, frame, treat):
    """Return each row's influence on an average difference, written out from the definition."""
    X, y = fit.design.encode(frame).X, frame["low"].to_numpy()
    p = expit(X @ fit.params.to_numpy())
    bread = np.linalg.inv((X * (p * (1 - p))[:, None]).T @ X)
    high, low = (fit.design.encode(frame.assign(**{treat: v})).X for v in (1, 0))
    ph, pl = (expit(Z @ fit.params.to_numpy()) for Z in (high, low))
    J = ((ph * (1 - ph)) @ high - (pl * (1 - pl)) @ low) / len(frame)
    own = (ph - pl - (ph - pl).mean()) / len(frame)
    return own, (y - p)[:, None] * X @ bread @ J, J @ bread @ J


def test_influence_functions_add_the_variation_of_the_rows(birthwt):
    fit = li.logit("low ~ lwt * smoke + C(race)", birthwt)
    own, score, model = influence(fit, birthwt, "smoke")

    def error(**options):
        return fit.avg_comparisons("smoke", uncertainty="population", **options).std_error[0]

    assert error() == pytest.approx(np.sqrt(model + own @ own), rel=1e-9)
    both = own + score
    assert error(covariance="HC0") == pytest.approx(np.sqrt(both @ both), rel=1e-9)
    sums = pd.Series(both).groupby(birthwt["age"].to_numpy()).sum().to_numpy()
    G = len(sums)
    with pytest.warns(li.LogitInferenceWarning):  # few clusters
        clustered = error(covariance="cluster", cluster="age")
    assert clustered == pytest.approx(np.sqrt(sums @ sums * G / (G - 1)), rel=1e-9)
    assert fit.avg_comparisons("smoke").std_error[0] < error()


def test_a_clustered_population_knows_the_clusters_of_the_fit():
    ohio = li.datasets.load("ohio")
    fit = li.logit("resp ~ age * smoke", ohio, cluster="id")
    named = fit.avg_comparisons("smoke", uncertainty="population", cluster="id")
    known = fit.avg_comparisons("smoke", uncertainty="population")
    np.testing.assert_array_equal(named.std_error, known.std_error)
    other = li.logit("resp ~ age * smoke", ohio).with_covariance("cluster", by="id")
    kept = other.avg_comparisons("smoke", uncertainty="population")
    np.testing.assert_array_equal(kept.std_error, known.std_error)


@pytest.mark.slow
def test_population_intervals_cover_the_population():
    """The effect in the population, drawn anew with covariates: 95 % where rows vary, not less."""
    rng, n, inside = np.random.default_rng(11), 400, np.zeros(2)
    big = rng.normal(size=400_000) * 2.0
    truth = np.mean(expit(big - 0.5 + 1.5 * big) - expit(big - 0.5))
    runs = 600
    for _ in range(runs):
        x, t = rng.normal(size=n) * 2.0, rng.integers(0, 2, n)
        y = (rng.random(n) < expit(x - 0.5 + 1.5 * x * t)).astype(int)
        fit = li.logit("y ~ x * t", {"y": y, "x": x, "t": t})
        for place, how in enumerate(("conditional", "population")):
            row = fit.avg_comparisons("t", uncertainty=how).to_frame().iloc[0]
            inside[place] += row["conf_low"] < truth < row["conf_high"]
    share = inside / runs
    assert abs(share[1] - 0.95) < 0.03  # three standard errors of 600 runs
    assert share[0] < share[1]


# --- draws and refits -----------------------------------------------------------------------------


def test_draws_and_refits_agree_with_the_delta_method_and_with_themselves(birthwt):
    fit = li.logit("low ~ lwt + smoke", birthwt)
    delta = fit.avg_comparisons("smoke").to_frame().iloc[0]
    population = fit.avg_comparisons("smoke", uncertainty="population").to_frame().iloc[0]
    for how, against in (("simulation", delta), ("bootstrap", population)):
        one, two = (fit.avg_comparisons("smoke", uncertainty=how, draws=2000) for _ in range(2))
        pd.testing.assert_frame_equal(one.to_frame(), two.to_frame())
        row = one.to_frame().iloc[0]
        assert row["std_error"] == pytest.approx(against["std_error"], rel=0.1)
        assert row["conf_low"] == pytest.approx(against["conf_low"], abs=0.03)
        other = fit.avg_comparisons("smoke", uncertainty=how, draws=2000, seed=2)
        assert other.std_error[0] != row["std_error"]
    found = fit.avg_predictions("smoke", uncertainty="simulation", hypothesis="pairwise")
    assert found.std_error[0] == pytest.approx(delta["std_error"], rel=0.1)


def test_bootstrap_refits_are_refits(birthwt):
    fit = li.logit("low ~ lwt + smoke", birthwt)
    n = len(birthwt)
    drawn = np.random.default_rng(1).multinomial(n, np.full(n, 1 / n), size=60)
    found = fit.avg_comparisons("smoke", uncertainty="bootstrap", draws=60, seed=1)
    effects = []
    for times in drawn:
        again = li.logit("low ~ lwt + smoke", birthwt.loc[birthwt.index.repeat(times)])
        effects.append(again.avg_comparisons("smoke").estimate[0])
    row = found.to_frame().iloc[0]
    assert row["std_error"] == pytest.approx(np.std(effects, ddof=1), rel=1e-7)
    ends = np.quantile(effects, [0.025, 0.975])
    np.testing.assert_allclose([row["conf_low"], row["conf_high"]], ends, rtol=1e-7)


def test_clusters_are_drawn_whole():
    ohio = li.datasets.load("ohio")
    fit = li.logit("resp ~ age + smoke", ohio, cluster="id")
    robust = fit.avg_comparisons("smoke", uncertainty="population").std_error[0]
    drawn = fit.avg_comparisons("smoke", uncertainty="bootstrap", draws=400)
    assert drawn.std_error[0] == pytest.approx(robust, rel=0.15)
    assert "clusters (id)" in str(drawn)


# --- likelihood -----------------------------------------------------------------------------------


def two_groups(a, m, b, n):
    y = np.repeat([1, 0, 1, 0], [a, m - a, b, n - b])
    return li.logit("y ~ g", {"y": y, "g": np.repeat(["a", "b"], [m, n])})


def log_likelihood(a, m, b, n, p, q):
    return xlogy(a, p) + xlog1py(m - a, -p) + xlogy(b, q) + xlog1py(n - b, -q)


def profile(counts, second, low, high):
    """Return the largest log-likelihood with q a function of p, by search over p alone."""
    found = minimize_scalar(
        lambda p: -log_likelihood(*counts, p, second(p)),
        bounds=(low + 1e-13, high - 1e-13),
        method="bounded",
        options={"xatol": 1e-13},
    )
    return -found.fun


SEPARATED = "ignore::logit_inference.errors.SeparationWarning"
BOTH = {
    "difference": (lambda v: lambda p: p + v, lambda v: (max(0, -v), min(1, 1 - v))),
    "ratio": (lambda v: lambda p: p * v, lambda v: (0, min(1, 1 / v))),
    "odds-ratio": (lambda v: lambda p: v * p / (1 - p + v * p), lambda v: (0, 1)),
}


@pytest.mark.filterwarnings(SEPARATED)
@pytest.mark.parametrize(
    "counts",
    [
        (3, 12, 9, 15),
        (10, 10, 4, 7),
        pytest.param((0, 8, 5, 9), marks=pytest.mark.slow),
        pytest.param((10, 10, 0, 7), marks=pytest.mark.slow),
    ],
)
@pytest.mark.parametrize("contrast", BOTH)
def test_likelihood_intervals_of_two_groups(counts, contrast):
    fit = two_groups(*counts)
    a, m, b, n = counts
    supremum = log_likelihood(*counts, a / m, b / n)
    row = fit.avg_comparisons("g", contrast=contrast, uncertainty="likelihood").to_frame().iloc[0]
    second, limits = BOTH[contrast]
    inner = 0
    for value in (row["conf_low"], row["conf_high"]):
        at_its_limit = np.isinf(value) or value in ((-1, 1) if contrast == "difference" else (0,))
        if not at_its_limit:
            inner += 1
            fall = 2 * (supremum - profile(counts, second(value), *limits(value)))
            assert fall == pytest.approx(CHI, abs=2e-6)  # the search over p is good to that
    assert inner >= 1
    if "statistic" in row:
        null = 0.0 if contrast == "difference" else 1.0
        fall = 2 * (supremum - profile(counts, second(null), *limits(null)))
        assert row["statistic"] ** 2 == pytest.approx(fall, abs=1e-8)


@pytest.mark.filterwarnings(SEPARATED)
def test_ten_events_in_ten_trials():
    fit = two_groups(10, 10, 4, 7)
    row = fit.avg_predictions(by="g").to_frame().iloc[0]
    assert row["estimate"] == 1.0
    assert np.isnan(row["std_error"])
    assert row["conf_low"] == pytest.approx(np.exp(-CHI / 20), rel=1e-9)
    assert row["conf_high"] == 1.0
    for how in ("conditional", "population", "simulation", "bootstrap"):
        with pytest.raises(EffectError, match="likelihood"):
            fit.avg_predictions(by="g", uncertainty=how)
    calm = fit.avg_predictions(newdata={"g": ["b"]}, uncertainty="conditional").to_frame().iloc[0]
    assert calm["estimate"] == pytest.approx(4 / 7, rel=1e-9)
    assert calm["std_error"] == pytest.approx(np.sqrt(4 / 7 * 3 / 7 / 7), rel=1e-8)


@pytest.mark.slow
@pytest.mark.filterwarnings(SEPARATED)
def test_comparisons_of_effects_at_the_boundary():
    y = [1] * 14 + [0] * 3 + [1] * 5 + [0] * 6
    fit = li.logit("y ~ g", {"y": y, "g": ["a"] * 10 + ["b"] * 7 + ["c"] * 11})
    pairs = fit.avg_predictions(by="g", hypothesis="pairwise", adjust="holm").to_frame()
    direct = fit.avg_comparisons({"g": "pairwise"}).to_frame()
    for name in ("estimate", "statistic", "conf_low", "conf_high"):
        np.testing.assert_allclose(pairs[name], direct[name], rtol=1e-6)
    p = np.sort(pairs["p_value"])
    np.testing.assert_allclose(
        np.sort(pairs["p_adjusted"]), np.maximum.accumulate(p * [3, 2, 1]), rtol=1e-12
    )
    for options in ({"letters": True}, {"adjust": "single-step"}):
        with pytest.raises(EffectError, match="boundary"):
            fit.avg_predictions(by="g", **options)
    nnt = fit.avg_comparisons({"g": "pairwise"}, contrast="nnt").to_frame()
    np.testing.assert_allclose(nnt["conf_high"], 1 / direct["conf_low"], rtol=1e-6)


def test_two_dimensions_of_clusters_and_groups(birthwt):
    """Influence functions again, written out: inclusion and exclusion, and averages in groups."""
    fit = li.logit("low ~ lwt * smoke + race", birthwt)
    p = fit.fitted.to_numpy()
    X = fit.design.encode(birthwt).X
    bread = np.linalg.inv((X * (p * (1 - p))[:, None]).T @ X)
    high, low = (fit.design.encode(birthwt.assign(smoke=v)).X for v in (1, 0))
    ph, pl = (expit(Z @ fit.params.to_numpy()) for Z in (high, low))
    inside = (birthwt["race"] == "other").to_numpy()
    n = inside.sum()
    J = ((inside * ph * (1 - ph)) @ high - (inside * pl * (1 - pl)) @ low) / n
    total = inside * (ph - pl - (ph - pl)[inside].mean()) / n
    total = total + (birthwt["low"] - p).to_numpy() * (X @ bread @ J)
    variance = 0.0
    for names, sign in ((["age"], 1), (["ftv"], 1), (["age", "ftv"], -1)):
        keys = [birthwt[name].to_numpy() for name in names]
        sums = pd.Series(total).groupby(keys).sum().to_numpy()
        variance += sign * len(sums) / (len(sums) - 1) * sums @ sums
    with pytest.warns(li.LogitInferenceWarning):  # few clusters
        found = fit.avg_comparisons(
            "smoke", by="race", uncertainty="population", cluster=["age", "ftv"]
        ).to_frame()
    error = found.loc[found["race"] == "other", "std_error"].iloc[0]
    assert error == pytest.approx(np.sqrt(variance), rel=1e-9)


@pytest.mark.filterwarnings(SEPARATED)
def test_effects_on_separated_real_data():
    cars = li.datasets.load("endometrial")
    fit = li.logit("HG ~ NV + PI + EH", cars)
    assert np.isinf(fit.params["NV"])
    found = fit.avg_comparisons(["NV", "PI"]).to_frame()
    assert np.isfinite(found[["conf_low", "conf_high", "p_value"]].to_numpy()).all()
    for row in found.itertuples():
        assert row.conf_low < row.estimate < row.conf_high
    # That NV has no effect on probabilities is that its coefficient is zero.
    test = fit.test("NV = 0", method="lr")
    assert found["statistic"][0] ** 2 == pytest.approx(test.statistic, rel=1e-6)
    assert found["conf_low"][0] > 0


def test_likelihood_intervals_of_linear_effects_are_profile_intervals(birthwt):
    for estimator in ("ml", "firth"):
        fit = li.logit("low ~ lwt + smoke", birthwt, estimator=estimator)
        ends = fit.conf_int(method="profile").loc["smoke"]
        row = fit.avg_comparisons("smoke", kind="link", uncertainty="likelihood").to_frame().iloc[0]
        np.testing.assert_allclose(row[["conf_low", "conf_high"]].astype(float), ends, rtol=1e-6)
        lr = fit.test("smoke = 0", method="lr").statistic
        assert row["statistic"] ** 2 == pytest.approx(lr, rel=1e-6)
    test = fit.avg_comparisons("smoke", contrast="ratio", uncertainty="likelihood").to_frame()
    assert test["statistic"][0] ** 2 == pytest.approx(lr, rel=1e-6)


def test_an_end_is_where_the_largest_likelihood_with_that_effect_is(birthwt):
    """Held against random directions along which the effect stays: none is higher."""
    fit = li.logit("low ~ lwt + smoke", birthwt)
    X, y = fit.design.encode(birthwt).X, birthwt["low"].to_numpy()
    up = fit.design.encode(birthwt.assign(lwt=birthwt.lwt + 20)).X

    def ratio(b):
        return np.mean(expit(up @ b)) / np.mean(expit(X @ b))

    def value(b):
        return np.sum(y * (X @ b) - np.logaddexp(0, X @ b))

    row = fit.avg_comparisons({"lwt": 20}, contrast="ratio", uncertainty="likelihood")
    low, high = row.to_frame()[["conf_low", "conf_high"]].iloc[0]
    rng = np.random.default_rng(3)
    root = np.linalg.cholesky(fit.cov_params())
    b = fit.params.to_numpy() + rng.normal(size=(20_000, 3)) * 2 @ root.T
    inside = np.array([2 * (fit.llf - value(one)) <= CHI for one in b[:4000]])
    ratios = np.array([ratio(one) for one in b[:4000][inside]])
    assert low <= ratios.min()
    assert ratios.max() <= high
    assert ratios.max() - ratios.min() > 0.9 * (high - low)


def test_likelihood_of_hypotheses_and_refusals(birthwt):
    fit = li.logit("low ~ race + lwt", birthwt)
    pairs = fit.avg_predictions("race", hypothesis="pairwise", uncertainty="likelihood").to_frame()
    direct = fit.avg_comparisons({"race": "pairwise"}, uncertainty="likelihood").to_frame()
    for name in ("estimate", "conf_low", "conf_high", "statistic"):
        np.testing.assert_allclose(pairs[name], direct[name], rtol=1e-6)
    with pytest.raises(EffectError, match="covariance"):
        fit.avg_slopes(uncertainty="likelihood", covariance="HC0")
    with pytest.raises(ArgumentError, match="draws"):
        fit.avg_slopes(uncertainty="simulation", draws=3)
