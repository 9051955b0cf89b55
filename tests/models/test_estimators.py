"""Estimators other than maximum likelihood: closed forms, other derivations, laws, refusals."""

import tracemalloc
import warnings

import mpmath
import numpy as np
import pandas as pd
import pytest

import logit_inference as li
from logit_inference import errors

LIKELIHOODS = (
    {"estimator": "firth"},
    {"estimator": "jeffreys", "power": 0.3},
    {"estimator": "log-f", "prior_df": 1.5},
)
ALL = (*LIKELIHOODS, {"estimator": "median-br"}, {"estimator": "ridge", "penalty": 0.8})
CORRECTED = (
    {"estimator": "firth", "intercept": "flic"},
    {"estimator": "firth", "intercept": "flac"},
)
named = {"ids": lambda keywords: " ".join(str(value) for value in keywords.values())}
CLOSE = {"rtol": 1e-9, "atol": 1e-9}


@pytest.fixture
def endometrial():
    return li.datasets.load("endometrial")


def random_rows(seed, n=60, p=3):
    rng = np.random.default_rng(seed)
    X = np.column_stack([np.ones(n), rng.integers(-2, 3, (n, p - 1))]).astype(float)
    y = (rng.random(n) < 1 / (1 + np.exp(-X[:, 1] + 0.5))).astype(float)
    return y, X, rng


# --- closed forms ---------------------------------------------------------------------------------


@pytest.mark.parametrize("cells", [(3, 5, 7, 2), (0, 5, 7, 2), (0, 5, 7, 0), (12, 0, 31, 4)])
def test_a_two_by_two_table_gets_a_half_in_each_cell(cells):
    a, b, c, d = cells
    table = {"x": [1, 0], "events": [a, c], "others": [b, d]}
    fit = li.logit("cbind(events, others) ~ x", table, estimator="firth")
    odds = (c + 0.5) / (d + 0.5), (a + 0.5) * (d + 0.5) / ((b + 0.5) * (c + 0.5))
    np.testing.assert_allclose(fit.params, np.log(odds), rtol=1e-12)


@pytest.mark.parametrize("power", [0.1, 0.5, 2.0])
def test_a_proportion_under_a_power_of_jeffreys_prior(power):
    fit = li.logit_arrays([2], [[1.0]], trials=[9], estimator="jeffreys", power=power)
    np.testing.assert_allclose(fit.params, np.log((2 + power) / (7 + power)), rtol=1e-13)


def test_log_f_adds_half_its_degrees_of_freedom_to_both_counts():
    fit = li.logit_arrays(
        [2], [[1.0]], names=["b"], trials=[9], estimator="log-f", prior_df={"b": 3}
    )
    np.testing.assert_allclose(fit.params, np.log((2 + 1.5) / (7 + 1.5)), rtol=1e-13)
    np.testing.assert_allclose(fit.bse, np.sqrt(1 / 3.5 + 1 / 8.5), rtol=1e-13)


# --- other derivations ----------------------------------------------------------------------------


def test_log_f_is_maximum_likelihood_with_its_rows_appended(endometrial):
    X = np.column_stack([np.ones(len(endometrial)), endometrial[["NV", "PI", "EH"]]])
    y = endometrial["HG"].to_numpy(float)
    df = {"x2": 1.0, "x3": 2.0, "x4": 0.5}
    names = ["const", "x2", "x3", "x4"]
    unit, half = np.eye(4)[1:], np.array(list(df.values())) / 2
    by_rows = li.logit_arrays(
        np.concatenate([y, np.ones(3), np.zeros(3)]),
        np.vstack([X, unit, unit]),
        names=names,
        weights=np.concatenate([np.ones(79), half, half]),
        weights_kind="precision",
    )
    fit = li.logit_arrays(y, X, names=names, estimator="log-f", prior_df=df)
    np.testing.assert_allclose(fit.params, by_rows.params, **CLOSE)
    np.testing.assert_allclose(fit.bse, by_rows.bse, **CLOSE)
    np.testing.assert_allclose(fit.conf_int(), by_rows.conf_int(method="profile"), **CLOSE)
    hypothesis = "x2 = 0, x3 = 2*x4"
    assert fit.test(hypothesis).statistic == pytest.approx(
        by_rows.test(hypothesis, method="lr").statistic, rel=1e-9
    )


def test_ridge_solves_its_score_equation():
    y, X, _ = random_rows(1)
    penalties = np.array([0.0, 2.0, 0.7])
    fit = li.logit_arrays(
        y, X, names=["c", "u", "v"], estimator="ridge", penalty={"u": 2.0, "v": 0.7}
    )
    mu = fit.fitted.to_numpy()
    np.testing.assert_allclose(X.T @ (y - mu), penalties * fit.params, atol=1e-11)
    information = X.T @ (X * (mu * (1 - mu))[:, None]) + np.diag(penalties)
    np.testing.assert_allclose(fit.cov_params(), np.linalg.inv(information), rtol=1e-8)


def test_flic_moves_the_intercept_only(endometrial):
    firth = li.logit("HG ~ NV + PI + EH", endometrial, estimator="firth")
    flic = li.logit("HG ~ NV + PI + EH", endometrial, estimator="firth", intercept="flic")
    slopes = ["NV", "PI", "EH"]
    np.testing.assert_allclose(flic.params[slopes], firth.params[slopes], rtol=1e-13)
    np.testing.assert_allclose(flic.conf_int().loc[slopes], firth.conf_int().loc[slopes], **CLOSE)
    shift = firth.linear_predictor - firth.params["Intercept"]
    alone = li.logit_arrays(endometrial["HG"], np.ones((79, 1)), offset=shift)
    np.testing.assert_allclose(flic.params["Intercept"], alone.params, rtol=1e-12)
    assert flic.fitted.mean() == pytest.approx(endometrial["HG"].mean(), abs=1e-12)


def test_flac_is_maximum_likelihood_of_the_augmented_rows(endometrial):
    y = endometrial["HG"].to_numpy(float)
    X = np.column_stack([np.ones(79), endometrial[["NV", "PI", "EH"]]])
    firth = li.logit("HG ~ NV + PI + EH", endometrial, estimator="firth")
    hat = firth.augment()["hat"].to_numpy()
    augmented = np.column_stack([np.vstack([X, X, X]), np.repeat([0.0, 1.0, 1.0], 79)])
    by_rows = li.logit_arrays(
        np.concatenate([y, y, 1 - y]),
        augmented,
        weights=np.concatenate([np.ones(79), hat / 2, hat / 2]),
        weights_kind="precision",
    )
    flac = li.logit("HG ~ NV + PI + EH", endometrial, estimator="firth", intercept="flac")
    np.testing.assert_allclose(flac.params, by_rows.params[:4], **CLOSE)
    np.testing.assert_allclose(flac.bse, by_rows.bse[:4], **CLOSE)
    np.testing.assert_allclose(flac.conf_int(), by_rows.conf_int(method="profile")[:4], **CLOSE)
    assert flac.fitted.mean() == pytest.approx(y.mean(), abs=1e-12)
    null = li.logit_arrays(
        np.concatenate([y, y, 1 - y]),
        augmented[:, [0, 4]],
        weights=np.concatenate([np.ones(79), hat / 2, hat / 2]),
        weights_kind="precision",
    )
    assert flac.llr == pytest.approx(2 * (by_rows.llf - null.llf), rel=1e-8)


@pytest.mark.parametrize("seed", range(5))
def test_firth_is_the_zero_of_a_gradient_in_fifty_digits(seed):
    """The penalised likelihood is written out again, and differentiated by differences."""
    y, X, _ = random_rows(seed, n=14)
    y[:] = (X[:, 1] > 0) if seed % 2 else y  # every other one completely separated
    if y.min() == y.max():
        y[0] = 1 - y[0]
    fit = li.logit_arrays(y, X, estimator="firth")
    with mpmath.workdps(50):
        rows = [[mpmath.mpf(float(v)) for v in row] for row in X]

        def penalised(*coef):
            value, information = mpmath.mpf(0), mpmath.zeros(3)
            for row, outcome in zip(rows, y, strict=True):
                eta = sum(c * v for c, v in zip(coef, row, strict=True))
                mu = 1 / (1 + mpmath.exp(-eta))
                value += mpmath.log(mu if outcome else 1 - mu)
                for j in range(3):
                    for k in range(3):
                        information[j, k] += mu * (1 - mu) * row[j] * row[k]
            return value + mpmath.log(mpmath.det(information)) / 2

        def gradient(*coef):
            step = mpmath.mpf(10) ** -15
            parts = []
            for j in range(3):
                up, down = list(coef), list(coef)
                up[j], down[j] = up[j] + step, down[j] - step
                parts.append((penalised(*up) - penalised(*down)) / (2 * step))
            return parts

        exact = mpmath.findroot(gradient, [mpmath.mpf(float(b)) for b in fit.params], tol=1e-25)
        exact = np.array([float(b) for b in exact])
        value = float(penalised(*[mpmath.mpf(float(b)) for b in fit.params]))
    np.testing.assert_allclose(fit.params, exact, rtol=1e-11, atol=1e-12)
    assert fit.penalized_log_likelihood == pytest.approx(value, rel=1e-13)


@pytest.mark.parametrize("seed", range(6))
def test_firthmodels(seed):
    from firthmodels import FirthLogisticRegression

    y, X, _ = random_rows(seed, n=30)
    theirs = FirthLogisticRegression(
        gtol=1e-8, xtol=1e-8, max_iter=500, fit_intercept=False, backend="numpy"
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # tighter, its line search stalls and gives NaN
        theirs.fit(X, y)
        theirs.lrt()
        ends = theirs.conf_int(alpha=0.1, method="pl", tol=1e-8)
    fit = li.logit_arrays(y, X, estimator="firth", level=0.9)
    np.testing.assert_allclose(fit.params, theirs.coef_, rtol=1e-7, atol=1e-8)
    found = np.isfinite(theirs.lrt_pvalues_)
    assert found.sum() >= 2
    np.testing.assert_allclose(fit.pvalues[found], theirs.lrt_pvalues_[found], rtol=1e-6)
    found = np.isfinite(ends).all(axis=1)
    assert found.sum() >= 2
    np.testing.assert_allclose(fit.conf_int()[found], ends[found], rtol=1e-6, atol=1e-7)


# --- laws -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("keywords", [*ALL, *CORRECTED], **named)
def test_frequencies_groups_and_replicated_rows_are_the_same(keywords):
    y, X, rng = random_rows(3)
    times = rng.integers(0, 4, len(y))
    options = dict(keywords)
    apart = li.logit_arrays(np.repeat(y, times), np.repeat(X, times, axis=0), **options)
    weighted = li.logit_arrays(y, X, weights=times, weights_kind="frequency", **options)
    frame = pd.DataFrame(X[:, 1:], columns=["u", "v"]).assign(y=y * times, n=times)
    cells = frame.groupby(["u", "v"], as_index=False).sum()
    columns = np.column_stack([np.ones(len(cells)), cells[["u", "v"]]])
    grouped = li.logit_arrays(cells["y"], columns, trials=cells["n"], **options)
    for other in (weighted, grouped):
        np.testing.assert_allclose(other.params.to_numpy(), apart.params, **CLOSE)
        np.testing.assert_allclose(other.bse.to_numpy(), apart.bse, **CLOSE)
        np.testing.assert_allclose(other.conf_int().to_numpy(), apart.conf_int(), **CLOSE)
        np.testing.assert_allclose(other.llr, apart.llr, **CLOSE)


@pytest.mark.parametrize("keywords", [*ALL, *CORRECTED], **named)
def test_the_other_outcome_turns_the_signs(keywords):
    y, X, _ = random_rows(4)
    one, other = li.logit_arrays(y, X, **keywords), li.logit_arrays(1 - y, X, **keywords)
    np.testing.assert_allclose(one.params, -other.params, **CLOSE)
    np.testing.assert_allclose(one.conf_int(), -other.conf_int().iloc[:, ::-1], **CLOSE)


@pytest.mark.parametrize("keywords", [*LIKELIHOODS[:2], *CORRECTED], **named)
def test_other_columns_of_the_same_space(keywords):
    y, X, rng = random_rows(5)
    A = np.array([[1.0, 0.7, -2.0], [0.0, 1.5, 0.2], [0.0, -0.4, 0.9]])
    one, other = li.logit_arrays(y, X, **keywords), li.logit_arrays(y, X @ A, **keywords)
    np.testing.assert_allclose(one.params, A @ other.params, **CLOSE)
    np.testing.assert_allclose(one.cov_params(), A @ other.cov_params() @ A.T, **CLOSE)
    np.testing.assert_allclose(one.llr, other.llr, **CLOSE)
    # One restriction, spelled in both.
    row = rng.normal(size=(1, 3))
    ours, theirs = one.test(row @ np.eye(3), method="wald"), other.test(row @ A, method="wald")
    assert ours.statistic == pytest.approx(theirs.statistic, rel=1e-9)


@pytest.mark.parametrize("keywords", ALL, **named)
def test_an_offset_of_the_same_for_all_moves_the_intercept(keywords):
    y, X, _ = random_rows(6)
    one = li.logit_arrays(y, X, **keywords)
    other = li.logit_arrays(y, X, offset=np.full(len(y), 0.7), **keywords)
    np.testing.assert_allclose(one.params - [0.7, 0, 0], other.params, **CLOSE)


@pytest.mark.parametrize("keywords", [*ALL, *CORRECTED], **named)
def test_codes_of_a_wide_factor_and_their_columns(keywords):
    rng = np.random.default_rng(8)
    g, x = rng.integers(0, 30, 900), rng.normal(size=900)
    y = (rng.random(900) < 1 / (1 + np.exp(-x - rng.normal(size=30)[g]))).astype(int)
    y[g == 4] = 1  # separated
    frame = pd.DataFrame({"y": y, "x": x, "g": g})
    fit = li.logit("y ~ x + C(g)", frame, **keywords)
    X = np.column_stack([np.ones(900), x, g[:, None] == np.arange(1, 30)]).astype(float)
    plain = li.logit_arrays(y, X, **keywords)
    np.testing.assert_allclose(fit.params.to_numpy(), plain.params, rtol=1e-7, atol=1e-7)
    np.testing.assert_allclose(fit.bse.to_numpy(), plain.bse, rtol=1e-7)


def test_columns_that_repeat_others_leave_before_penalties():
    y, X, _ = random_rows(7)
    wide = np.column_stack([X, X[:, 1] - 2 * X[:, 2]])
    for keywords in ALL:
        alone = li.logit_arrays(y, X, **keywords)
        with pytest.warns(li.CollinearityWarning):
            fit = li.logit_arrays(y, wide, **keywords)
        np.testing.assert_allclose(fit.params[:3].to_numpy(), alone.params, **CLOSE)
        assert np.isnan(fit.params.iloc[3])
        assert np.isnan(fit.conf_int().iloc[3]).all()


def test_badly_centred_columns_keep_their_digits():
    rng = np.random.default_rng(9)
    x = rng.normal(size=50)
    y = (x + rng.logistic(size=50) > 0).astype(float)
    centred = li.logit_arrays(y, x[:, None], intercept=True, estimator="firth")
    far = li.logit_arrays(y, (1000 + x * 2**-6)[:, None], intercept=True, estimator="firth")
    slope, wanted = far.params.iloc[1], centred.params.iloc[1] * 2**6
    assert slope == pytest.approx(wanted, rel=1e-9)
    np.testing.assert_allclose(far.conf_int().iloc[1], centred.conf_int().iloc[1] * 2**6, rtol=1e-9)
    assert far.llr == pytest.approx(centred.llr, rel=1e-8)


# --- hard rows ------------------------------------------------------------------------------------


def test_as_many_rows_as_columns():
    X = np.column_stack([np.ones(4), np.eye(4)[:, 1:]])
    fit = li.logit_arrays([0, 1, 1, 0], X, estimator="firth")
    np.testing.assert_allclose(X @ fit.params, np.log([1 / 3, 3, 3, 1 / 3]), rtol=1e-12)


@pytest.mark.parametrize("scale", [1e-8, 1.0, 1e8])
def test_complete_separation_at_any_scale(scale):
    x = np.array([-3.0, -2, -1, 1, 2, 3])
    fit = li.logit_arrays(x > 0, x[:, None] * scale, intercept=True, estimator="firth")
    unit = li.logit_arrays(x > 0, x[:, None], intercept=True, estimator="firth")
    np.testing.assert_allclose(fit.params * [1, scale], unit.params, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(fit.conf_int().iloc[1] * scale, unit.conf_int().iloc[1], rtol=1e-8)
    assert np.isfinite(fit.conf_int()).all(axis=None)


@pytest.mark.parametrize("n_rows", [40, 4000])
def test_predictors_of_any_size_have_an_estimate(n_rows):
    rng = np.random.default_rng(10)
    X = np.column_stack([np.ones(n_rows), rng.standard_t(1.1, size=(n_rows, 4))])
    y = X @ [1, 30, -20, 5, 0] > 0  # linear predictors in the thousands, no overlap
    fit = li.logit_arrays(y, X, estimator="firth")
    assert fit.converged
    mu = fit.fitted.to_numpy()
    Z = X * np.sqrt(mu * (1 - mu))[:, None]
    hat = np.square(np.linalg.qr(Z)[0]).sum(axis=1)
    score = X.T @ (y - mu + hat * (0.5 - mu))
    assert np.sqrt(score @ np.linalg.solve(Z.T @ Z, score)) < 1e-8


# --- what a result says ---------------------------------------------------------------------------


def test_p_values_agree_with_intervals(endometrial):
    fit = li.logit("HG ~ NV + PI + EH", endometrial, estimator="firth")
    for name, p in fit.pvalues.items():
        low, high = fit.conf_int(level=1 - p).loc[name]
        assert min(abs(low), abs(high)) < 1e-8
    assert fit.test("NV = 0").p_value == pytest.approx(fit.pvalues["NV"], rel=1e-9)
    assert fit.test("NV = 0, PI = 0, EH = 0").statistic == pytest.approx(fit.llr, rel=1e-9)


def test_wald_by_name(endometrial):
    fit = li.logit("HG ~ NV + PI + EH", endometrial, estimator="firth")
    half = 1.959963984540054 * fit.bse
    ends = fit.conf_int(method="wald")
    np.testing.assert_allclose(ends["conf_high"], fit.params + half, rtol=1e-12)
    assert "root LR" in str(fit.summary())
    assert "root LR" not in str(fit.summary(method="wald"))
    assert fit.test("NV = 0", method="wald").statistic == pytest.approx(
        (fit.params["NV"] / fit.bse["NV"]) ** 2
    )


@pytest.mark.parametrize("keywords", [*ALL, *CORRECTED], **named)
def test_a_result_travels_with_its_tables(keywords, tmp_path):
    data = li.datasets.load("birthwt")
    fit = li.logit("low ~ age + lwt + smoke", data, **keywords)
    fit.save(tmp_path / "fit.json")
    again = li.load(tmp_path / "fit.json")
    assert str(again) == str(fit)
    assert again.account.estimator == fit.account.estimator
    pd.testing.assert_frame_equal(again.tidy(), fit.tidy())
    pd.testing.assert_frame_equal(again.glance(), fit.glance())
    new = {"age": [20, 30], "lwt": [120, 110], "smoke": [0, 1]}
    np.testing.assert_array_equal(again.predict(new), fit.predict(new))
    if fit.account.estimator.interval_method == "profile":
        with pytest.raises(errors.DetachedError):
            again.conf_int(level=0.9)


def test_a_search_that_stopped_early_prints_wald(endometrial):
    fit = li.logit(
        "HG ~ NV + PI + EH",
        endometrial,
        estimator="firth",
        max_iterations=2,
        require_convergence=False,
    )
    assert "NOT CONVERGED" in str(fit)
    assert "root LR" not in str(fit)
    assert str(fit.without_data()) == str(fit)
    with pytest.raises(errors.ProfileError):
        fit.conf_int(method="profile")


def test_summaries_name_the_estimator(endometrial):
    for keywords, words in (
        ({"estimator": "firth"}, "Firth's bias-reduced"),
        ({"estimator": "firth", "intercept": "flic"}, "FLIC"),
        ({"estimator": "ridge", "penalty": 1.0}, "not unbiased inference"),
        ({"estimator": "log-f", "prior_df": 1}, "Greenland and Mansournia"),
        ({"estimator": "median-br"}, "median bias reduction"),
        ({"estimator": "jeffreys", "power": 0.25}, "|I|^0.25"),
    ):
        text = " ".join(str(li.logit("HG ~ NV + PI + EH", endometrial, **keywords)).split())
        assert words in text
    ridge = li.logit("HG ~ NV + PI + EH", endometrial, estimator="ridge", penalty=1.0)
    assert np.isnan([ridge.aic, ridge.bic, ridge.llr, ridge.llr_pvalue]).all()


def test_one_amount_or_a_mapping_of_names_and_terms():
    data = li.datasets.load("birthwt")
    formula = "low ~ age + C(race) + smoke"
    whole = li.logit(formula, data, estimator="ridge", penalty=0.5)
    spelled = li.logit(
        formula, data, estimator="ridge", penalty={"C(race)": 0.5, "age": 0.5, "smoke": 0.5}
    )
    np.testing.assert_array_equal(whole.params, spelled.params)
    assert whole.account.estimator.amounts == (0.0, 0.5, 0.5, 0.5, 0.5)
    some = li.logit(formula, data, estimator="log-f", prior_df={"Intercept": 1, "smoke": 2})
    assert some.account.estimator.amounts == (1.0, 0.0, 0.0, 0.0, 2.0)


@pytest.mark.parametrize(
    ("keywords", "words"),
    [
        ({"estimator": "frith"}, "'ml', 'firth', 'median-br', 'jeffreys', 'log-f', 'ridge'"),
        ({"power": 0.5}, "estimator='jeffreys'"),
        ({"estimator": "firth", "penalty": 1.0}, "estimator='ridge'"),
        ({"estimator": "ridge", "prior_df": 1.0}, "estimator='log-f'"),
        ({"estimator": "ridge"}, "penalty= for estimator='ridge'"),
        ({"estimator": "jeffreys", "power": -1}, "above 0"),
        ({"estimator": "jeffreys", "power": True}, "above 0"),
        ({"estimator": "ridge", "penalty": {"agee": 1}}, "did you mean 'age'"),
        ({"estimator": "ridge", "penalty": {"C(race)": 1, "C(race)[T.black]": 1}}, "named twice"),
        ({"estimator": "ridge", "penalty": {}}, "a mapping"),
        ({"estimator": "log-f", "prior_df": {"age": 0}}, "above 0"),
        ({"intercept": "flic"}, 'estimator="firth"'),
        ({"estimator": "firth", "intercept": "flip"}, '"flic" or "flac"'),
    ],
)
def test_refusals_say_what_to_write(keywords, words):
    with pytest.raises(errors.ArgumentError) as caught:
        li.logit("low ~ age + C(race)", li.datasets.load("birthwt"), **keywords)
    assert words in str(caught.value)


def test_questions_without_an_answer_are_refused(endometrial):
    firth = li.logit("HG ~ NV + PI + EH", endometrial, estimator="firth")
    with pytest.raises(errors.ArgumentError, match="maximum likelihood"):
        firth.refit_weights(np.ones((2, 79)))
    ml = li.logit("HG ~ PI + EH", endometrial)
    with pytest.raises(errors.ArgumentError, match="pseudo-observations"):
        ml.with_covariance("augmented")
    with pytest.raises(errors.ArgumentError, match="no likelihood ratios"):
        li.logit("HG ~ PI + EH", endometrial, estimator="median-br").conf_int(method="profile")
    flic = li.logit("HG ~ PI + EH", endometrial, estimator="firth", intercept="flic")
    with pytest.raises(errors.ArgumentError, match="FLIC"):
        flic.test("Intercept = 0")
    with pytest.raises(errors.ArgumentError, match="has none"):
        li.logit("HG ~ 0 + PI + EH", endometrial, estimator="firth", intercept="flac")
    with pytest.raises(li.ConvergenceError, match="NV"):
        li.logit("HG ~ NV + PI + EH", endometrial, estimator="ridge", penalty={"EH": 1.0})


def test_a_text_for_the_intercept_of_an_array(endometrial):
    X, y = endometrial[["NV", "PI", "EH"]].to_numpy(float), endometrial["HG"]
    added = li.logit_arrays(y, X, intercept="flic", estimator="firth")
    held = li.logit_arrays(
        y, np.column_stack([np.ones(79), X]), intercept="flic", estimator="firth"
    )
    np.testing.assert_allclose(added.params.to_numpy(), held.params, rtol=1e-12)
    assert added.params.index[0] == "Intercept"


def test_a_slow_search_of_many_columns_stays_small():
    """Rows hardly outnumber columns: leverages near one half, where fixed leverages are slow."""
    rng = np.random.default_rng(1)
    n, p = 220, 120
    X = np.column_stack([np.ones(n), rng.normal(size=(n, p - 1))])
    y = (rng.random(n) < 1 / (1 + np.exp(-X @ rng.normal(size=p) / 5))).astype(float)
    li.logit_arrays(y, X[:, :3], estimator="firth")  # what is imported once
    tracemalloc.start()
    fit = li.logit_arrays(y, X, estimator="firth")
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    # Some dozen matrices of p columns: p³/2 numbers would be sixty of them alone.
    assert most < 50 * 8 * p * p
    mu = 1 / (1 + np.exp(-X @ fit.params.to_numpy()))
    inverse = np.linalg.inv((X * (mu * (1 - mu))[:, None]).T @ X)
    leverage = mu * (1 - mu) * np.einsum("ij,jk,ik->i", X, inverse, X)
    score = X.T @ (y - mu + leverage * (0.5 - mu))
    assert score @ inverse @ score < 1e-18  # 1e-9 standard errors


FAR_ZEROS = {  # of n = 6 and n = 8 rows, found by least squares from 150 starts
    "beyond Firth's estimate": (
        [
            [0.21992518164020852, 0.5314963562311744],
            [1.2773016035156197, 0.7018827889999599],
            [0.0920388934599946, -0.23350681973643658],
            [0.8265286286107434, -1.7242610315734044],
            [1.0626284391820904, 0.49268519111153275],
            [0.7869955609703742, -0.8776102686761171],
        ],
        [1, 1, 0, 1, 1, 1],
        [-1.8813387608236, 8.04474288695747, 2.00497451719026],
    ),
    "beside Firth's estimate": (4241, None, [8.75359703, 9.60797414, 1.79997469]),
}


@pytest.mark.parametrize("started", [False, True])
@pytest.mark.parametrize("where", FAR_ZEROS)
def test_median_bias_reduction_finds_a_zero_far_from_firths(where, started):
    columns, y, zero = FAR_ZEROS[where]
    if y is None:
        rng = np.random.default_rng(columns)
        n, p = int(rng.integers(6, 30)), int(rng.integers(1, 4))
        columns, y = rng.normal(size=(n, p - 1)), np.array([0, *[1] * (n - 1)])
    X = np.column_stack([np.ones(len(y)), columns])
    start = np.round(zero, 2) if started else None
    coef = li.logit_arrays(y, X, estimator="median-br", start=start).params.to_numpy()
    np.testing.assert_allclose(coef, zero, rtol=1e-7)
    # The adjusted score, written out: Kenne Pagui, Salvan and Sartori (2017).
    mu = 1 / (1 + np.exp(-X @ coef))
    w = mu * (1 - mu)
    inverse = np.linalg.inv((X * w[:, None]).T @ X)
    leverage = w * np.einsum("ij,jk,ik->i", X, inverse, X)
    step = inverse @ (X.T @ (y - mu + leverage * (0.5 - mu)))
    step -= (w * (1 - 2 * mu)) @ (X @ inverse) ** 3 / (3 * inverse.diagonal())
    assert np.abs(step / np.sqrt(inverse.diagonal())).max() < 1e-8
