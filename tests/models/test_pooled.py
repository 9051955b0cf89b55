"""Pooling by its formulas, laws of it, and what it refuses."""

import warnings

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

import logit_inference as li
from logit_inference.errors import (
    ArgumentError,
    HypothesisError,
    MissingError,
    PoolingError,
)
from logit_inference.inference.pooling import meng_rubin_df, reiter_df

HYPOTHESIS = "x + z = 0.5, g[T.b]"


def imputed(m=6, n=120, seed=0):
    """Completed tables: x is imputed where it is missing, by a normal given the outcome."""
    rng = np.random.default_rng(seed)
    data = pd.DataFrame({"x": rng.normal(size=n), "z": rng.normal(size=n)})
    data["g"] = pd.Categorical(rng.choice(list("abc"), n))
    data["y"] = (rng.random(n) < expit(0.8 * data["x"] - 0.5 * data["z"])).astype(int)
    data["clinic"] = rng.integers(0, 40, n)
    gone = rng.random(n) < 0.3
    mean = data["x"].mean() + 0.4 * (data["y"] - data["y"].mean())
    drawn = [mean[gone] + rng.normal(size=gone.sum()) for _ in range(m)]
    return [data.assign(x=np.where(gone, np.nan, data["x"])).fillna({"x": own}) for own in drawn]


FRAMES = imputed()


@pytest.fixture(scope="module")
def pooled():
    return li.logit_imputed("y ~ x + z + g", FRAMES)


def test_rubins_rules_as_they_are_written(pooled):
    fits = [li.logit("y ~ x + z + g", frame) for frame in FRAMES]
    coef = np.array([fit.params for fit in fits])
    within = np.mean([fit.cov_params() for fit in fits], axis=0)
    between = np.cov(coef.T)
    assert np.allclose(pooled.params, coef.mean(axis=0), rtol=1e-12)
    assert np.allclose(pooled.cov_params(), within + 7 / 6 * between, rtol=1e-12)
    assert pooled.params.equals(li.pool(fit for fit in fits).params)
    assert pooled.pooled.df_complete == 120 - 5


def test_a_test_of_one_coefficient_is_that_of_the_table(pooled):
    found = pooled.test("x")
    assert found.p_value == pytest.approx(pooled.pvalues["x"], rel=1e-10)
    assert found.df_denominator == pytest.approx(pooled.df["x"], rel=1e-10)
    assert found.statistic == pytest.approx(pooled.tvalues["x"] ** 2, rel=1e-10)


def test_combinations_are_pooled_as_estimates_are(pooled):
    C = np.array([[0, 1.0, 1, 0, 0], [1, 0, 0, 0.5, 0]])
    coef = np.array([fit.params @ C.T for fit in pooled.fits])
    within = np.mean([np.diag(C @ fit.cov_params() @ C.T) for fit in pooled.fits], axis=0)
    between = coef.var(axis=0, ddof=1)
    found = pooled.lincom("x + z, Intercept + 0.5 * g[T.b]").to_frame()
    assert np.allclose(found["estimate"], coef.mean(axis=0), rtol=1e-10)
    assert np.allclose(found["std_error"], np.sqrt(within + 7 / 6 * between), rtol=1e-10)
    tested = pooled.test("x + z")
    assert found["p_value"][0] == pytest.approx(tested.p_value, rel=1e-9)
    assert found["df"][0] == pytest.approx(tested.df_denominator, rel=1e-9)
    assert pooled.lincom(C).to_frame()["fmi"].equals(found["fmi"])
    ratio = pooled.lincom("x", exponentiate=True).to_frame()["estimate"][0]
    assert ratio == pytest.approx(np.exp(pooled.params["x"]))


def by_hand(fits, restricted, method):
    """D3 and D4 by fits of formulas in which x is replaced."""
    m, k = len(fits), 2
    mean = np.mean([2 * (fit.llf - null.llf) for fit, null in zip(fits, restricted, strict=True)])
    if method == "D4":
        stack = pd.concat(FRAMES).assign(w=1 / m)
        options = {"weights": "w", "weights_kind": "precision"}
        full = li.logit("y ~ x + z + g", stack, **options)
        null = li.logit("y ~ I(x - z) + I(g == 'c') + offset(0.5 * z)", stack, **options)
        shared = 2 * (full.llf - null.llf)
    else:
        X = [fit.design.encode(frame).X for fit, frame in zip(fits, FRAMES, strict=True)]
        N = [fit.design.encode(frame).X for fit, frame in zip(restricted, FRAMES, strict=True)]
        coef = np.mean([fit.params for fit in fits], axis=0)
        small = np.mean([fit.params for fit in restricted], axis=0)
        links = [(x @ coef, n @ small + 0.5 * f["z"]) for x, n, f in zip(X, N, FRAMES, strict=True)]
        shared = np.mean(
            [
                2 * (f["y"] @ (a - b) - np.log1p(np.exp(a)).sum() + np.log1p(np.exp(b)).sum())
                for (a, b), f in zip(links, FRAMES, strict=True)
            ]
        )
    increase = (m + 1) / (k * (m - 1)) * (mean - shared)
    return shared / (k * (1 + increase)), increase


@pytest.mark.parametrize("method", ["D3", "D4"])
def test_likelihood_ratios_by_hand(pooled, method):
    # Under x + z = 0.5 and g[T.b] = 0 the model is that of x − z, with 0.5·z as offset.
    null = "y ~ I(x - z) + I(g == 'c') + offset(0.5 * z)"
    restricted = [li.logit(null, frame) for frame in FRAMES]
    value, increase = by_hand(pooled.fits, restricted, method)
    found = pooled.test(HYPOTHESIS, method=method)
    # Restricted maxima are found to the square of 1e-6, and are differences of log-likelihoods.
    assert found.statistic == pytest.approx(value, rel=1e-7)
    assert found.df_denominator == pytest.approx(meng_rubin_df(10.0, 2, increase), rel=1e-6)
    assert found.df == 2
    ratios = np.array(
        [2 * (fit.llf - own.llf) for fit, own in zip(pooled.fits, restricted, strict=True)]
    )
    spread = 7 / 6 * np.var(np.sqrt(ratios), ddof=1)
    expected = (ratios.mean() / 2 - 7 / 5 * spread) / (1 + spread)
    assert pooled.test(HYPOTHESIS, method="D2-lr").statistic == pytest.approx(expected, rel=1e-7)


@pytest.mark.parametrize("method", ["D1", "D2", "D2-lr", "D3", "D3-mice", "D4"])
def test_imputations_that_agree_are_complete_data(method):
    fit = li.logit("y ~ x + z + g", FRAMES[0])
    same = li.pool([fit, fit, fit], df_complete=np.inf)
    found = same.test("g", method=method)
    single = fit.test("g", method="wald" if method in ("D1", "D2") else "lr")
    assert found.statistic * 2 == pytest.approx(single.statistic, rel=1e-8)
    assert found.p_value == pytest.approx(single.p_value, rel=1e-7)
    assert np.allclose(same.bse, fit.bse, rtol=1e-12)
    assert np.allclose(same.pvalues, fit.pvalues, rtol=1e-9)
    assert np.allclose(same.conf_int(), fit.conf_int(), rtol=1e-9)
    assert (same.fmi < 1e-20).all()  # rounding of a mean of three
    assert "∞" in str(same)


def test_tests_do_not_depend_on_how_restrictions_are_written(pooled):
    other = "2*x + 2*z - g[T.b] = 1, 3 * g[T.b] = 0"
    for method in ("D1", "D2", "D4"):
        one, two = (pooled.test(text, method=method) for text in (HYPOTHESIS, other))
        assert one.statistic == pytest.approx(two.statistic, rel=1e-8)
        assert one.df_denominator == pytest.approx(two.df_denominator, rel=1e-7)


def test_few_imputations_and_much_missing():
    two = li.pool([li.logit("y ~ x + z + g", frame) for frame in FRAMES[:2]])
    assert "degrees of freedom are those of large samples" in repr(two.test("g"))
    assert np.isnan(reiter_df(8.0, 6.0, 22.0))  # and then D1 says so
    # Reiter's tend to those of large samples (Li, Raghunathan and Rubin).
    assert reiter_df(8.0, 0.3, 1e9) == pytest.approx(meng_rubin_df(8.0, 2, 0.3), rel=1e-6)


def test_any_covariance_is_pooled(pooled):
    for kind, options in (("HC1", {}), ("cluster", {"by": "clinic"}), ("jackknife", {})):
        fits = [fit.with_covariance(kind, **options) for fit in pooled.fits]
        ours = li.pool(fits)
        within = np.mean([fit.cov_params() for fit in fits], axis=0)
        assert np.allclose(ours.pooled.within, within, rtol=1e-10)
        clusters = FRAMES[0]["clinic"].nunique()
        assert ours.pooled.df_complete == (clusters - 1 if kind == "cluster" else 115)
        assert fits[0].estimate.covariance.kind in " ".join(str(ours).split())
    boots = [
        fit.with_covariance("bootstrap", n_replicates=20, seed=seed)
        for seed, fit in enumerate(pooled.fits[:3])
    ]
    assert "bootstrap of 120 rows" in str(li.pool(boots))


def test_imputations_warn_of_few_clusters_once():
    frames = [frame.assign(few=frame["clinic"] % 7) for frame in FRAMES]
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        li.logit_imputed("y ~ x", frames, cluster="few")
    assert [str(one.message)[:10] for one in caught] == ["7 clusters"]
    assert caught[0].filename == __file__


@pytest.mark.filterwarnings("ignore::logit_inference.errors.FewClustersWarning")
def test_covariances_keep_their_label_and_do_not_mix(pooled):
    """Three conventions of HC1 are three numbers: no rendering may show them under one name."""
    fits = pooled.fits[:3]

    def other(kind, **options):
        return [fit.with_covariance(kind, **options) for fit in fits]

    stata, plain = other("HC1", convention="stata"), other("HC1")
    by, steps = "clustered by clinic", other("cluster", by="clinic", type="CR3-one-step")
    for every, said in (
        (plain, "HC1, factor n/(n-k)"),
        (stata, "HC1, factor n/(n-1)"),
        (other("HC1", convention="statsmodels"), "HC1, no small-sample factor"),
        (other("cluster", by="clinic"), f"{by} (CR1), 38 clusters, factor G/(G-1)"),
        (steps, f"{by} (CR3, one step), 38 clusters, factor (G-1)/G"),
    ):
        both = li.pool(every)
        for shown in (both, both.test("x, z"), both.test("x", method="D2"), both.lincom("x + z")):
            assert f"Covariance within imputations: {said}" in " ".join(str(shown).split())
        for frame in (both.tidy(), both.conf_int(), both.cov_params()):
            assert frame.attrs["covariance"] == f"Rubin's rules over 3 imputations of: {said}"
    boots = [
        fit.with_covariance("bootstrap", n_replicates=20, seed=seed)
        for seed, fit in enumerate(fits)
    ]
    said = "bootstrap of 120 rows, 20 replicates, seed 0 to 2"
    assert said in " ".join(str(li.pool(boots)).split())
    young, old = (
        [fit.with_covariance("cluster", by={"age": FRAMES[0]["clinic"] % g}) for fit in fits]
        for g in (3, 25)
    )
    clubs = other("cluster", by="clinic", type="CR3-one-step", convention="clubSandwich")
    exact = other("cluster", by="clinic", type="CR3")
    mixtures = ((plain, stata), (young, old), (steps, clubs), (steps, exact), (plain, steps))
    for one, two in mixtures:
        with pytest.raises(PoolingError, match="the covariance of fit 2 is"):
            li.pool([one[0], two[1]])
    near = [old[0], fits[1].with_covariance("cluster", by={"age": FRAMES[0]["clinic"] % 24})]
    assert "(CR1), 24 to 25 clusters" in " ".join(str(li.pool(near)).split())


def test_estimates_alone_are_pooled(pooled):
    alone = li.pool([fit.estimate for fit in pooled.fits], df_complete=115)
    assert np.array_equal(alone.pvalues, pooled.pvalues)
    assert alone.test("x, z").statistic == pooled.test("x, z").statistic
    with pytest.raises(PoolingError, match="df_complete=n - k"):
        li.pool([fit.estimate for fit in pooled.fits])
    gone = li.pool([fit.without_data() for fit in pooled.fits])
    assert gone.test("g").statistic == pooled.test("g").statistic
    with pytest.raises(PoolingError, match="without their rows"):
        gone.test("g", method="D3")


def test_weights_groups_penalties_and_aliased_columns():
    frames = [frame.assign(w=1 + frame["clinic"] % 3, twice=2 * frame["z"]) for frame in FRAMES]
    options = {"weights": "w", "weights_kind": "frequency"}
    weighted = li.logit_imputed("y ~ x + z", frames, **options)
    long = [frame.loc[np.repeat(frame.index, frame["w"])] for frame in frames]
    plain = li.logit_imputed("y ~ x + z", long)
    assert np.allclose(weighted.tidy().iloc[:, 1:], plain.tidy().iloc[:, 1:], rtol=1e-8)
    assert weighted.test("x, z", method="D3").statistic == pytest.approx(
        plain.test("x, z", method="D3").statistic, rel=1e-8
    )
    firth = li.logit_imputed("y ~ x + z", frames, estimator="firth")
    assert np.isfinite(firth.bse).all()
    with pytest.raises(PoolingError, match="by Firth"):
        firth.test("x", method="D4")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", li.CollinearityWarning)
        aliased = li.logit_imputed("y ~ x + z + twice + g", frames)
    assert np.isnan(aliased.params["twice"])
    assert " ".join(str(aliased).split()).count("Not estimable: twice = 2*z") == 1
    for method in ("D1", "D2", "D3", "D3-mice", "D4"):
        expected = li.logit_imputed("y ~ x + z + g", frames).test("x, g", method=method)
        found = aliased.test("x, g", method=method)
        assert found.p_value == pytest.approx(expected.p_value, rel=1e-7)
    with pytest.raises(HypothesisError, match="cannot be estimated"):
        aliased.test("twice")


def separated():
    first = FRAMES[0].assign(y=(FRAMES[0]["x"] > 0).astype(int))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", li.SeparationWarning)
        return li.logit("y ~ x", first)


def other(formula="y ~ x", frame=FRAMES[1], **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", li.CollinearityWarning)
        return li.logit(formula, frame, **options)


def test_refusals(pooled):
    fit = other(frame=FRAMES[0])
    lost = FRAMES[1][FRAMES[1]["g"] != "c"]
    fewer = lost.assign(g=lost["g"].cat.remove_unused_categories())
    flat = other("y ~ x + z", FRAMES[1].assign(z=FRAMES[1]["x"]))
    robust = fit.with_covariance("HC1")
    for words, reason, ask in (
        ("1 fit cannot be pooled", "count", lambda: li.pool([fit])),
        ("1 fit cannot be pooled", "count", lambda: li.pool(fit)),
        ("is a int", "kind", lambda: li.pool([fit, 3])),
        ("'z' is in one", "names", lambda: li.pool([fit, other("y ~ x + z")])),
        ("the same categories", "names", lambda: li.pool([other("y ~ g"), other("y ~ g", fewer)])),
        ("imputation 2 is separated", "infinite", lambda: li.pool([fit, separated()])),
        ("poly\\(x, 2\\) learns", "learned", lambda: li.logit_imputed("y ~ poly(x, 2)", FRAMES)),
        ("the covariance of fit 2 is HC1", "differ", lambda: li.pool([fit, robust])),
        ("the estimator of fit 2", "differ", lambda: li.pool([fit, other(estimator="firth")])),
        ("the event of fit 2", "differ", lambda: li.pool([fit, other(event=0)])),
        ("z is a combination", "aliased", lambda: li.pool([other("y ~ x + z"), flat])),
        ("a single DataFrame", "imputations", lambda: li.logit_imputed("y ~ x", FRAMES[0])),
    ):  # fmt: skip
        with pytest.raises(PoolingError, match=words) as told:
            ask()
        assert told.value.reason == reason
    with pytest.raises(ArgumentError, match="method='D5'"):
        pooled.test("x", method="D5")
    with pytest.raises(ArgumentError, match="df_complete=-1"):
        li.pool(pooled.fits, df_complete=-1)
    with pytest.raises(MissingError):
        li.logit_imputed("y ~ x", [frame.assign(x=np.nan) for frame in FRAMES])
    with pytest.raises(HypothesisError, match="not independent"):
        pooled.test("x, 2*x")
    # Columns that learn the same everywhere are the same columns.
    assert li.logit_imputed("y ~ x + poly(z, 2)", FRAMES).pooled.m == 6


def test_how_it_reads(pooled):
    text = " ".join(str(pooled.summary(odds_ratios=True)).split())
    assert "Rubin's rules over 6 imputations" in text
    assert "Rows of each imputation: 120 read, 120 used." in text
    holes = [frame.assign(z=frame["z"].where(frame.index > k)) for k, frame in enumerate(FRAMES)]
    told = " ".join(str(li.logit_imputed("y ~ x + z", holes, missing="drop")).split())
    assert "120 read, 114 to 119 used; some dropped for a missing value (z)" in told
    assert "No. Observations: 114 to 119" in told
    assert "odds ratio" in text
    assert "<table" in pooled._repr_html_()
    assert pooled.tidy(exponentiate=True)["estimate"][1] == pytest.approx(
        np.exp(pooled.params["x"])
    )
    assert np.allclose(pooled.conf_int(0.1), pooled.conf_int(level=0.9))
    frame = pooled.test("g", method="D4").to_frame()
    assert frame.columns.tolist() == ["null", "statistic", "df", "df_denominator", "p_value"]


@pytest.mark.slow
def test_scikit_learns_imputer():
    impute = pytest.importorskip("sklearn.impute")
    pytest.importorskip("sklearn.experimental.enable_iterative_imputer")
    data = li.datasets.load("nhanes2_incomplete")
    numbers = data[["bmi", "chl"]].assign(hyp=data["hyp"].eq("yes").where(data["hyp"].notna()))
    numbers = numbers.astype(float)
    frames = []
    for seed in range(3):
        one = impute.IterativeImputer(sample_posterior=True, random_state=seed, max_iter=3)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # three rounds do not settle
            table = pd.DataFrame(one.fit_transform(numbers), columns=numbers.columns)
        frames.append(table.assign(hyp=(table["hyp"] > 0.5).astype(int)))
    found = li.logit_imputed("hyp ~ bmi + chl", frames)
    assert (found.fmi > 0.05).all()
    assert np.isfinite(found.bse).all()


def test_tables_of_effects_are_refused_as_such():
    slopes = li.logit("low ~ age", li.datasets.load("birthwt")).avg_slopes("age")
    with pytest.raises(PoolingError, match="number 1 of the fits is a table of effects, and Rubin"):
        li.pool([slopes, slopes])
