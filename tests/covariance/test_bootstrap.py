"""Replicates are fits of literally resampled rows, and what is said of them is its definition."""

import sys
import tracemalloc
import warnings

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

import logit_inference as li
from logit_inference.covariance import bootstrap as module
from logit_inference.covariance.units import Draws, Units
from logit_inference.errors import (
    ArgumentError,
    ClusterError,
    DetachedError,
    MissingPackageError,
    ResamplingError,
    ResamplingWarning,
)
from logit_inference.models.units import read_units
from logit_inference.rows import source
from logit_inference.solve.solution import Outcome

pytestmark = pytest.mark.filterwarnings("ignore::logit_inference.errors.FewClustersWarning")

# Both are converged to 1e-8 of a standard error, and Newton's last step squares that.
CLOSE = 1e-9


def study(n=90, seed=3):
    rng = np.random.default_rng(seed)
    data = pd.DataFrame({"x": rng.normal(size=n), "g": rng.choice(["a", "b", "c"], n)})
    data["clinic"] = rng.integers(0, 15, n)
    data["ward"] = data["clinic"] % 3  # clinics lie within wards
    data["w"] = rng.integers(0, 4, n)
    data["m"] = rng.integers(1, 5, n)
    mean = 1 / (1 + np.exp(-0.7 * data["x"] - 0.6 * (data["g"] == "b")))
    data["y"] = (rng.random(n) < mean).astype(int)
    data["k"] = rng.binomial(data["m"], mean)
    return data


DATA = study()
ALL = {"weights": "w", "weights_kind": "frequency"}
CASES = {
    "rows": ("y ~ x + g", {}, {}),
    "strata": ("y ~ x + g", {}, {"strata": "g"}),
    "clusters": ("y ~ x + g", {}, {"by": "clinic"}),
    "clusters in strata": ("y ~ x + g", {}, {"by": "clinic", "strata": "ward"}),
    "clusters of the fit": ("y ~ x + g", {"cluster": "clinic", "covariance": "model"}, {}),
    "frequencies": ("y ~ x + g", ALL, {}),
    "frequencies in clusters": ("y ~ x + g", ALL, {"by": "clinic"}),
    "frequencies in strata": ("y ~ x + g", ALL, {"strata": "g"}),
    "precision": ("y ~ x + g", ALL | {"weights_kind": "precision"}, {}),
    "groups of trials": ("k ~ x + g", {"trials": "m", "offset": "0.1 * x"}, {}),
}


def drawn(fit, seed, count, by=None, strata=None):
    """The weights of the rows in each replicate, and what they were drawn as."""
    units = read_units(fit, fit.fit, by, strata)
    return Draws(units, seed).weights(0, count), units


@pytest.mark.parametrize("case", CASES)
def test_replicates_are_fits_of_resampled_rows(case):
    formula, options, how = CASES[case]
    fit = li.logit(formula, DATA, **options)
    boot = fit.bootstrap(12, seed=5, **how)
    W, _ = drawn(fit, 5, 12, **how)
    grouped = {key: options[key] for key in ("trials", "offset") if key in options}
    for b in range(12):
        if case == "precision":
            own = li.logit(formula, DATA, weights=W[b], weights_kind="precision")
        else:
            own = li.logit(formula, DATA.loc[np.repeat(DATA.index, W[b])], **grouped)
        assert np.abs((boot.coef[b] - own.params) / own.bse).max() < CLOSE


def test_units_are_drawn_as_wholes_within_their_strata():
    W, units = drawn(li.logit("y ~ x", DATA), 1, 50, by="clinic", strata="ward")
    assert units.n_units == DATA["clinic"].nunique()
    counts = pd.DataFrame(W.T).groupby(DATA["clinic"])
    assert (counts.nunique() == 1).all(axis=None)
    by_ward = counts.first().groupby(lambda clinic: clinic % 3).sum()
    assert (DATA.groupby("ward")["clinic"].nunique() == by_ward.T).all(axis=None)
    W, units = drawn(li.logit("y ~ x", DATA, **ALL), 1, 50, strata="g")
    assert units.total == DATA["w"].sum()
    totals = pd.DataFrame(W.T).groupby(DATA["g"]).sum().T
    assert (totals == DATA.groupby("g")["w"].sum()).all(axis=None)
    assert not W[:, DATA["w"] == 0].any()


def test_counts_are_multinomial():
    units = [Units("rows", 6, None, 6), Units("rows", 3, None, 3, np.array([1.0, 2.0, 3.0]))]
    for own, share in zip(units, (np.full(6, 1 / 6), np.array([1, 2, 3]) / 6), strict=True):
        W = Draws(own, 2).weights(0, 20_000)
        covariance = 6 * (np.diag(share) - np.outer(share, share))
        # Four standard errors of a mean, and of a covariance of counts.
        assert np.abs(W.mean(axis=0) - 6 * share).max() < 4 * np.sqrt(1.5 / 20_000)
        assert np.abs(np.cov(W.T) - covariance).max() < 4 * 2.5 / np.sqrt(20_000)


def test_a_seed_gives_the_same_numbers_whatever_the_blocking_and_threads(monkeypatch):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(40_000, 3))
    y = rng.random(40_000) < 1 / (1 + np.exp(-X[:, 0]))
    one = li.logit_arrays(y, X, intercept=True, threads=1)
    assert one.fit.source.only_block is None  # so that there is something to share
    one = one.bootstrap(6, seed=4)
    two = li.logit_arrays(y, X, intercept=True, threads=2).bootstrap(6, seed=4)
    assert np.array_equal(one.coef, two.coef)
    monkeypatch.setattr(module, "AT_ONCE", 80_000)  # two replicates at a time
    again = li.logit_arrays(y, X, intercept=True).bootstrap(9, seed=4)
    assert np.allclose(again.coef[:6], one.coef, rtol=0, atol=1e-12)
    other = li.logit_arrays(y, X, intercept=True).bootstrap(6, seed=5)
    assert np.abs(other.coef - one.coef).min() > 1e-6


def test_many_blocks_are_as_one(monkeypatch):
    def answers():
        fit = li.logit("y ~ x + g", DATA)
        cases = {}, {"strata": "g"}, {"by": "clinic"}
        boots = [fit.bootstrap(20, seed=1, **how) for how in cases]
        test = fit.permutation_test("g", 99, seed=1)
        return boots, test, fit.with_covariance("jackknife").bse

    one, test, jackknife = answers()
    monkeypatch.setattr(source, "FEWEST_ROWS", 1)
    monkeypatch.setattr(source, "rows_per_block", lambda n_columns: 37)
    assert li.logit("y ~ x + g", DATA).fit.source.only_block is None
    many, again, left = answers()
    for a, b in zip(one, many, strict=True):
        assert np.allclose(a.coef, b.coef, rtol=0, atol=1e-12)
        assert np.allclose(a.accelerations, b.accelerations, rtol=1e-9)
    assert test.statistic == pytest.approx(again.statistic, rel=1e-10)
    assert test.p_value == again.p_value
    assert np.allclose(jackknife, left, rtol=1e-9)


def test_a_stratum_of_one_unit_is_told():
    strata = np.where(np.arange(90) == 7, "alone", "others")
    boot = li.logit("y ~ x", DATA).bootstrap(3, seed=1, strata=strata)
    assert "within 2 strata, 1 of them of one unit, which so never varies" in boot.units


@pytest.mark.slow
def test_memory_does_not_grow_with_the_replicates():
    n, rng = 300_000, np.random.default_rng(0)
    X = rng.normal(size=(n, 4))
    y = rng.random(n) < 1 / (1 + np.exp(-X[:, 0]))
    fit = li.logit_arrays(y, X, intercept=True)
    tracemalloc.start()
    boot = fit.bootstrap(150, seed=1)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 90e6  # 64 MB of weights, and what is made of them; all of them are 180 MB
    # A ratio of standard deviations of 150, at four of its standard errors.
    assert np.abs(boot.bse / fit.bse - 1).max() < 4 / np.sqrt(2 * 150)


def test_discrete_rows_are_drawn_as_copies_of_few():
    rng = np.random.default_rng(1)
    data = pd.DataFrame({"g": rng.choice(list("abc"), 6000), "h": rng.integers(0, 2, 6000)})
    data["y"] = (rng.random(6000) < 0.3 + 0.1 * data["h"]).astype(int)
    fit = li.logit("y ~ g + h", data)
    boot = fit.bootstrap(1000, seed=1)
    counts = data.value_counts().reset_index(name="w")
    table = li.logit("y ~ g + h", counts, weights="w", weights_kind="frequency")
    by_rows = module.replications(
        fit.fit, Draws(read_units(fit, fit.fit, None, None), 2).weights, 1000, lambda done: None
    )
    for other in (table.bootstrap(1000, seed=3).bse, by_rows.coef.std(axis=0)):
        # A ratio of two standard deviations of 1000 has standard error 1/sqrt(1000).
        assert np.abs(boot.bse / other - 1).max() < 4 / np.sqrt(1000)
    assert boot.units == "6,000 rows"
    # The jackknife is the same to the last digits: kinds left out once, or all rows one by one.
    weighted = table.with_covariance("jackknife").bse
    assert np.allclose(fit.with_covariance("jackknife").bse, weighted, rtol=1e-10)


def test_an_intercept_is_a_binomial_in_closed_form():
    y = np.repeat([0, 1], [14, 6])
    fit = li.logit_arrays(y, np.ones((20, 1)))
    boot = fit.bootstrap(4000, seed=1)
    events = Draws(Units("rows", 20, None, 20), 1).weights(0, 4000) @ y
    inside = (events > 0) & (events < 20)
    expected = np.log(events[inside] / (20 - events[inside]))
    assert np.allclose(boot.coef[inside, 0], expected, rtol=1e-12, atol=1e-12)
    assert boot.n_separated == (~inside).sum() > 0
    assert np.array_equal(boot.coef[~inside, 0], np.where(events[~inside] > 0, np.inf, -np.inf))
    # Without one of the events, and without one of the others.
    without = np.log(np.array([5 / 14, 6 / 13]))
    mean = without @ [6, 14] / 20
    expected = 19 / 20 * ((without - mean) ** 2 @ [6, 14])
    assert fit.with_covariance("jackknife").cov_params().iloc[0, 0] == pytest.approx(expected)


@pytest.mark.parametrize("by", [None, "clinic"])
@pytest.mark.parametrize("options", [{}, ALL, ALL | {"weights_kind": "precision"}])
def test_the_jackknife_leaves_out_one_unit_after_the_other(by, options):
    fit = li.logit("y ~ x + g", DATA, **options)
    frame = DATA
    if options.get("weights_kind") == "frequency":
        frame, options = DATA.loc[np.repeat(DATA.index, DATA["w"])], {}
    elif options:
        frame = DATA[DATA["w"] > 0]
    units = np.arange(len(frame)) if by is None else frame[by].to_numpy()
    left_out = np.array(
        [li.logit("y ~ x + g", frame[units != u], **options).params for u in np.unique(units)]
    )
    count = len(left_out)
    expected = (count - 1) ** 2 / count * np.cov(left_out.T)
    ours = fit.with_covariance("jackknife", by=by)
    scale = np.sqrt(np.diag(expected))
    gap = (ours.cov_params().to_numpy() - expected) / np.outer(scale, scale)
    assert np.abs(gap).max() < 1e-7  # differences of fits that agree to 1e-9
    what = "clusters of clinic" if by else ("observations" if frame is not DATA else "rows")
    what = "rows" if not by and "weights" in options else what
    assert ours.estimate.covariance.kind == f"jackknife of {count} {what}"
    factor = "(G-1)/G" if by else "(n-1)/n"
    assert f"factor {factor} about the mean; reference: normal" in " ".join(str(ours).split())


@pytest.mark.parametrize(("by", "strata"), [(None, None), ("clinic", None), ("clinic", "ward")])
@pytest.mark.parametrize("options", [{}, ALL])
def test_acceleration_is_the_skewness_of_what_units_move(by, strata, options):
    fit = li.logit("y ~ x + g", DATA, **options)
    frame = DATA.loc[np.repeat(DATA.index, DATA["w"])] if options else DATA
    plain = li.logit("y ~ x + g", frame)
    units = np.arange(len(frame)) if by is None else frame[by].to_numpy()
    each, small = np.unique(units), 1e-5
    W = 1.0 + small * (units == each[:, None]), 1.0 - small * (units == each[:, None])
    moved = (plain.refit_weights(W[0]).coef - plain.refit_weights(W[1]).coef) / (2 * small)
    if strata:
        means = pd.DataFrame(moved).groupby(each % 3).transform("mean").to_numpy()
        moved = moved - means
    expected = (moved**3).sum(axis=0) / (6 * (moved**2).sum(axis=0) ** 1.5)
    ours = fit.bootstrap(2, seed=1, by=by, strata=strata).accelerations
    assert np.allclose(ours, expected, rtol=1e-5, atol=1e-7)  # of central differences


@pytest.mark.parametrize(
    "options",
    [
        {"estimator": "firth"},
        {"estimator": "firth", "intercept": "flac"},
        {"estimator": "median-br"},
        {"estimator": "ridge", "penalty": 2.0, "offset": "0.1 * z"},
    ],
    ids=lambda options: options.get("intercept", options["estimator"]),
)
def test_estimators_with_a_penalty_are_refitted_with_it(options):
    data = sparse().assign(z=1.0)
    fit = li.logit("y ~ x + g", data, **options)
    boot = fit.bootstrap(6, seed=1)
    W, _ = drawn(fit, 1, 6)
    for b in range(6):
        own = li.logit("y ~ x + g", data.loc[np.repeat(data.index, W[b])], **options)
        # Of standard errors: searches by other steps end within 1e-8 of the maximum.
        assert np.abs((boot.coef[b] - own.params) / own.bse).max() < 1e-6
    assert f"each fitted as the original ({boot.estimator})" in " ".join(str(boot).split())
    result = fit.with_covariance(boot)
    assert np.allclose(result.bse, boot.coef.std(axis=0, ddof=1), rtol=1e-9)
    assert "bootstrap of 60 rows" in " ".join(str(result).split())


def test_firth_has_a_bootstrap_and_a_jackknife_where_data_are_separated():
    data = li.datasets.load("endometrial")
    firth = li.logit("HG ~ NV + PI + EH", data, estimator="firth")
    assert firth.bootstrap(5, seed=1).n_estimated == 5
    left = [li.logit("HG ~ NV + PI + EH", data.drop(i), estimator="firth").params for i in range(4)]
    assert np.isfinite(firth.with_covariance("jackknife").bse).all()
    W = 1.0 - np.eye(len(data))[:4]
    assert np.allclose(module.refits(firth.fit, W)[0], left, rtol=1e-6)


def test_wide_and_aliased_columns():
    rng = np.random.default_rng(2)
    data = pd.DataFrame({"g": rng.integers(0, 40, 1500).astype(str), "x": rng.normal(size=1500)})
    data["y"] = (rng.random(1500) < 1 / (1 + np.exp(-data["x"]))).astype(int)
    data["twice"] = 2 * data["x"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", li.CollinearityWarning)
        fit = li.logit("y ~ x + twice + g", data)
        boot = fit.bootstrap(3, seed=1)
        W, _ = drawn(fit, 1, 3)
        own = li.logit("y ~ x + twice + g", data.loc[np.repeat(data.index, W[2])])
    assert np.allclose(boot.coef[2], own.params, equal_nan=True, rtol=1e-7, atol=1e-7)
    assert np.isnan(boot.bse["twice"])
    assert np.isnan(boot.conf_int("bca").loc["twice"]).all()
    with pytest.warns(ResamplingWarning) if boot.n_estimated < 3 else warnings.catch_warnings():
        after = fit.with_covariance(boot)
    assert np.allclose(after.bse, boot.bse, equal_nan=True, rtol=1e-8)


# --- replicates without a finite estimate -------------------------------------------------------


def sparse():
    rng = np.random.default_rng(0)
    x, g = rng.normal(size=60), (rng.random(60) < 0.12).astype(float)
    y = (rng.random(60) < 1 / (1 + np.exp(-(x + 1.5 * g)))).astype(int)
    return pd.DataFrame({"y": y, "x": x, "g": g})


def test_separated_replicates_lie_at_their_infinity_and_are_averaged_nowhere():
    data = sparse()
    fit = li.logit("y ~ x + g", data)
    boot = fit.bootstrap(300, seed=1)
    W, _ = drawn(fit, 1, 300)
    lost = [b for b, outcome in enumerate(boot.outcomes) if outcome is not Outcome.CONVERGED]
    assert len(lost) == boot.n_separated + boot.n_lost > 5
    for b in lost[:6]:
        with pytest.warns(li.SeparationWarning):
            own = li.logit("y ~ x + g", data.loc[np.repeat(data.index, W[b])])
        assert np.allclose(boot.coef[b], own.params, rtol=1e-6, atol=1e-6)
    kept = np.isfinite(boot.coef).all(axis=1)
    assert np.allclose(boot.bse, boot.coef[kept].std(axis=0, ddof=1))
    assert np.allclose(boot.covariance(), np.cov(boot.coef[kept].T))
    with pytest.warns(ResamplingWarning, match=f"of 300 replicates {boot.n_separated} are") as told:
        result = fit.with_covariance("bootstrap", n_replicates=300, seed=1)
    assert told[0].filename == __file__
    assert f"{boot.n_separated} separated ones left out" in " ".join(str(result).split())
    assert f"{boot.n_separated} replicates are separated" in str(boot)
    # So many at -∞ that the lower end is there.
    wide = boot.conf_int(level=0.999)
    assert wide.loc["g", "conf_low"] == -np.inf
    assert np.isfinite(boot.conf_int("normal", level=0.999)).all(axis=None)


def crowded():
    """Forty levels, ten of which have one event each, that every third sample is without."""
    rng = np.random.default_rng(2)
    data = pd.DataFrame({"g": np.repeat(np.arange(40), 36).astype(str), "x": rng.normal(size=1440)})
    data["y"] = np.where(np.arange(1440) // 36 < 30, rng.random(1440) < expit(data["x"]), 0)
    data.loc[np.arange(30, 40) * 36, "y"] = 1
    return data


@pytest.mark.parametrize(
    ("formula", "data", "count"),  # a fit of the latter finds what separates it in a second
    [("am ~ wt + hp", li.datasets.load("mtcars"), 3), ("y ~ x + g", crowded(), 1)],
    ids=["overlap in few rows", "levels with one outcome"],
)
def test_limits_of_separated_replicates_are_those_of_fits(formula, data, count):
    fit = li.logit(formula, data)
    boot = fit.bootstrap(12, seed=3)
    W, _ = drawn(fit, 3, 12)
    lost = [b for b, outcome in enumerate(boot.outcomes) if outcome is Outcome.DIVERGING]
    assert len(lost) > 2
    for b in lost[:count]:
        with pytest.warns(li.SeparationWarning):
            own = li.logit(formula, data.loc[np.repeat(data.index, W[b])])
        finite = np.isfinite(own.params)
        assert np.allclose(boot.coef[b], own.params, rtol=1e-6, atol=1e-6, equal_nan=True)
        assert finite.sum() == np.isfinite(boot.coef[b]).sum()


def test_intervals_need_no_replicate_that_is_finite_throughout():
    fit = li.logit("y ~ x + g", crowded())
    boot = fit.bootstrap(3, seed=1)
    assert boot.n_estimated < 2
    assert np.isnan(boot.bse).all()
    assert np.isfinite(boot.conf_int(level=0.5).loc["x"]).all()
    assert "3 replicates of 1,440 rows" in str(boot)
    with pytest.raises(ResamplingError, match="too few for a covariance"):
        fit.with_covariance(boot)


def test_a_replicate_that_loses_a_level_is_counted():
    rng = np.random.default_rng(5)
    data = pd.DataFrame({"g": np.repeat([0.0, 1.0], [48, 2]), "y": rng.integers(0, 2, 50)})
    data.loc[[48, 49], "y"] = 0, 1
    boot = li.logit("y ~ g", data).bootstrap(80, seed=1)
    W, _ = drawn(li.logit("y ~ g", data), 1, 80)
    assert boot.n_lost == (W[:, 48:].sum(axis=1) == 0).sum() > 0
    assert np.isnan(boot.coef[W[:, 48:].sum(axis=1) == 0]).all()
    assert f"{boot.n_lost} replicates cannot tell the columns apart" in str(boot)


def test_a_jackknife_that_does_not_exist_says_without_whom():
    data = pd.DataFrame({"g": [0.0] * 20 + [1.0] * 4, "y": [0, 1] * 10 + [0, 0, 0, 1]})
    data.index = [f"p{i}" for i in range(24)]
    with pytest.raises(ResamplingError, match="without row 'p23' \\(1 such") as told:
        li.logit("y ~ g", data).with_covariance("jackknife")
    assert (told.value.reason, told.value.count) == ("leave one out", 1)
    assert "HC1 needs no leave-outs" in str(told.value)
    data["by"] = np.append(np.arange(20) % 5, [5, 5, 5, 5])
    with pytest.raises(ResamplingError, match='type="CR2" needs no leave-outs'):
        li.logit("y ~ g", data).with_covariance("jackknife", by="by")


def test_few_clusters_are_warned_of_once():
    fit = li.logit("y ~ x", DATA)
    for ask in (
        lambda: fit.bootstrap(9, seed=1, by="clinic"),
        lambda: fit.with_covariance("bootstrap", n_replicates=9, seed=1, by="clinic"),
        lambda: fit.with_covariance("jackknife", by="clinic"),
    ):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            ask()
        assert [type(one.message) for one in caught] == [li.errors.FewClustersWarning]
        assert caught[0].filename == __file__


# --- what is asked ------------------------------------------------------------------------------


def test_a_result_with_a_bootstrap_covariance():
    fit = li.logit("y ~ x + g", DATA)
    boot = fit.bootstrap(99, seed=1, by="clinic")
    result = fit.with_covariance(boot)
    again = fit.with_covariance("bootstrap", n_replicates=99, seed=1, by="clinic")
    assert np.array_equal(result.cov_params(), again.cov_params())
    assert np.allclose(result.cov_params(), boot.covariance(), rtol=1e-9)
    assert result.params.equals(fit.params)
    assert result.estimate.covariance.n_clusters == 15
    assert "bootstrap of 15 clusters of clinic, 99 replicates, seed 1" in str(result)
    assert np.allclose(result.conf_int(), boot.conf_int("normal"), rtol=1e-9)
    assert list(boot.to_frame()) == [
        "term",
        "estimate",
        "bias",
        "std_error",
        "conf_low",
        "conf_high",
    ]
    assert "<table" in boot._repr_html_()


def test_a_covariance_by_resampling_travels(tmp_path):
    result = li.logit("y ~ x + g", DATA).with_covariance("bootstrap", n_replicates=50, seed=1)
    result.save(tmp_path / "fit.json")
    assert str(li.load(tmp_path / "fit.json")) == str(result)


def test_frames_taken_out_of_a_bootstrap_say_what_they_are():
    """Four intervals of the same replicates are four answers."""
    boot = li.logit("low ~ lwt", li.datasets.load("birthwt")).bootstrap(30, seed=1)
    name, told = "bootstrap of 189 rows, 30 replicates, seed 1", set()
    for method in ("percentile", "basic", "bca", "normal"):
        attrs = boot.conf_int(method).attrs
        assert (attrs["method"], attrs["covariance"]) == (method, name)
        told.add(attrs["notes"][1])
    assert len(told) == 4
    assert boot.to_frame().attrs["method"] == "percentile"
    assert boot.covariance().attrs["covariance"].startswith(name)


def test_a_new_seed_is_kept():
    fit = li.logit("y ~ x", DATA)
    one = fit.bootstrap(5)
    assert np.array_equal(one.coef, fit.bootstrap(5, seed=one.seed).coef)
    assert one.seed != fit.bootstrap(5).seed


def refusals():
    fit = li.logit("y ~ x + g", DATA)
    both = li.logit("y ~ x", DATA, cluster=["clinic", "ward"], covariance="model")
    yield ResamplingError, "takes one variable here", lambda: both.bootstrap(5)
    yield (
        ResamplingError,
        "more than one stratum",
        lambda: fit.bootstrap(5, by="clinic", strata="g"),
    )
    yield ClusterError, "no clusters named 'town'", lambda: fit.bootstrap(5, by="town")
    yield ArgumentError, "n_replicates=1 ", lambda: fit.bootstrap(1)
    yield ArgumentError, "seed=-1 ", lambda: fit.bootstrap(5, seed=-1)
    yield ArgumentError, "method='bcc'", lambda: fit.bootstrap(5).conf_int("bcc")
    yield ArgumentError, "seed=1 ", lambda: fit.with_covariance("HC1", seed=1)
    yield ArgumentError, "strata='g'", lambda: fit.with_covariance("jackknife", strata="g")
    boot = li.logit("y ~ x", DATA).bootstrap(5)
    yield ArgumentError, "another fit", lambda: fit.with_covariance(boot)
    yield DetachedError, "bootstrap", lambda: fit.without_data().bootstrap(5)
    firth = li.logit("y ~ x", DATA, estimator="firth")
    yield ArgumentError, "this fit has a penalty", lambda: firth.bootstrap(5).conf_int("bca")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", li.SeparationWarning)
        separated = li.logit("HG ~ NV + PI + EH", li.datasets.load("endometrial"))
    yield ResamplingError, "NV has no finite estimate", lambda: separated.bootstrap(5)
    yield ArgumentError, "progress='yes'", lambda: fit.bootstrap(5, progress="yes")


def test_refusals():
    for error, words, ask in refusals():
        with pytest.raises(error, match=words):
            ask()


def test_progress_is_a_librarys_and_off_where_nobody_looks(capsys, monkeypatch):
    pytest.importorskip("tqdm")
    fit = li.logit("y ~ x", DATA)
    fit.bootstrap(5, seed=1)
    assert capsys.readouterr().err == ""
    fit.bootstrap(5, seed=1, progress=True)
    assert "bootstrap:   0%" in capsys.readouterr().err
    monkeypatch.setitem(sys.modules, "tqdm", None)
    with pytest.raises(MissingPackageError, match="progress"):
        fit.bootstrap(5, progress=True)


def test_groups_are_drawn_with_all_their_trials_also_where_rows_are_alike():
    rng = np.random.default_rng(4)
    data = pd.DataFrame({"x": rng.integers(0, 3, 5200), "m": rng.integers(1, 3, 5200)})
    data["k"] = rng.binomial(data["m"], 0.3 + 0.1 * data["x"])
    fit = li.logit("k ~ x", data, trials="m")
    assert fit.fit.solved is not fit.fit.source  # collapsed
    W, _ = drawn(fit, 1, 2)
    own = li.logit("k ~ x", data.loc[np.repeat(data.index, W[1])], trials="m")
    assert np.allclose(fit.bootstrap(2, seed=1).coef[1], own.params, rtol=1e-9)


def test_clusters_of_the_covariance_are_not_forgotten():
    fit = li.logit("y ~ x", DATA)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", li.errors.FewClustersWarning)
        clustered = fit.with_covariance("cluster", by="clinic")
        arrays = li.logit_arrays(DATA["y"], DATA[["x"]], intercept=True, cluster=DATA["clinic"])
    with pytest.raises(ResamplingError, match="rest on clusters"):
        clustered.bootstrap(5)
    assert arrays.bootstrap(5).units == "15 clusters of clinic"
    for result, said in ((clustered, "rest on clusters"), (arrays, "strata='clinic' exchanges")):
        with pytest.raises(ResamplingError, match=said):
            result.permutation_test("x")
        assert result.bootstrap(5, by=DATA["clinic"]).n_units == 15
    with pytest.raises(ResamplingError, match="Did you mean 'ward'"):
        fit.bootstrap(5, strata="wrd")
