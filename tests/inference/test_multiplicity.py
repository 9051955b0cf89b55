"""Adjusted p-values and joint distributions: other software, closed forms, simulation."""

import numpy as np
import pytest
from scipy.special import ndtri
from statsmodels.stats.multitest import multipletests

import logit_inference as li
from logit_inference import errors
from logit_inference.inference.distribution import critical_value
from logit_inference.inference.multiplicity import adjust, single_step
from logit_inference.inference.simultaneous import joint_quantile, joint_tails

THEIRS = {"holm": "holm", "bonferroni": "bonferroni", "bh": "fdr_bh", "by": "fdr_by"}


@pytest.mark.parametrize("method", THEIRS)
def test_statsmodels_agrees(method):
    rng = np.random.default_rng(1)
    for m in (1, 2, 7, 40):
        p = np.round(rng.random(m) ** 2, 2)  # with ties
        expected = multipletests(p, method=THEIRS[method])[1]
        np.testing.assert_allclose(adjust(p, method), expected, rtol=1e-13)


def test_what_was_not_tested_does_not_count():
    found = adjust([0.01, np.nan, 0.02], "bonferroni")
    np.testing.assert_allclose(found, [0.02, np.nan, 0.04])
    assert np.isnan(adjust([np.nan], "holm")).all()
    assert adjust([], "bh").shape == (0,)
    assert single_step([np.nan], [np.zeros((0, 0))])[1] == 0
    with pytest.raises(errors.ArgumentError, match='"by"'):
        adjust([0.1], "fdr")


def test_independent_tests_have_the_closed_form():
    axes = [np.eye(4)[:, [j]] for j in range(4)]
    p = np.array([1e-12, 0.003, 0.2, 0.999])
    found, error = joint_tails(p, axes)
    assert error < 1e-3
    assert joint_tails(np.array([1.0, 0.0]), axes[:2])[0].tolist() == [1.0, 0.0]
    np.testing.assert_allclose(found, -np.expm1(4 * np.log1p(-p)), atol=5 * error, rtol=1e-2)
    value, error = joint_quantile(0.9, axes)
    assert value == pytest.approx(-ndtri((1 - 0.9 ** (1 / 4)) / 2), abs=5 * error)
    assert 0 < error < 1e-2


def test_repeated_tests_are_one():
    axes = [np.array([[1.0], [0.0]])] * 3
    assert joint_quantile(0.95, axes)[0] == pytest.approx(critical_value(0.95, None), rel=1e-6)
    tails, _ = joint_tails(np.array([0.01, 0.04, 0.3]), axes)
    np.testing.assert_allclose(tails, [0.01, 0.04, 0.3], rtol=1e-9)
    assert joint_quantile(0.95, axes[:1], 7.0)[0] == pytest.approx(critical_value(0.95, 7.0))


@pytest.mark.parametrize("df", [None, 6.0])
def test_simulation_agrees_also_for_terms_of_several_columns(df):
    from scipy.special import chdtrc, fdtrc

    rng = np.random.default_rng(8)
    sizes = (1, 2, 3, 1)
    axes = [np.linalg.qr(rng.normal(size=(5, k)) + 0.8)[0] for k in sizes]
    n = 400_000
    vector = rng.normal(size=(n, 5))
    if df is not None:
        vector /= np.sqrt(rng.chisquare(df, size=(n, 1)) / df)
    smallest = np.ones(n)
    for own, k in zip(axes, sizes, strict=True):
        statistic = np.square(vector @ own).sum(axis=1)
        tail = chdtrc(k, statistic) if df is None else fdtrc(k, df, statistic / k)
        smallest = np.minimum(smallest, tail)
    for p in (0.001, 0.01, 0.05, 0.3):
        simulated = (smallest <= p).mean()
        found, error = single_step([p, 0.9, 0.9, 0.9], axes, df)
        spread = np.sqrt(simulated * (1 - simulated) / n)
        assert found[0] == pytest.approx(simulated, abs=4 * (spread + error))
        assert p < found[0] < 4 * p


def test_the_critical_value_covers_all_coefficients_at_once():
    fit = li.logit("low ~ age + lwt + C(race) + smoke", li.datasets.load("birthwt"))
    frame = fit.conf_int(simultaneous=True)
    critical = frame.attrs["critical_value"]
    se, coef = fit.bse, fit.params
    np.testing.assert_allclose(frame["conf_high"], coef + critical * se, rtol=1e-12)
    covariance = fit.cov_params().to_numpy()
    draws = np.random.default_rng(0).multivariate_normal(np.zeros(len(se)), covariance, 300_000)
    covered = (np.abs(draws / se.to_numpy()).max(axis=1) <= critical).mean()
    assert covered == pytest.approx(0.95, abs=4 * np.sqrt(0.95 * 0.05 / 300_000))
    assert frame.attrs["integration_error"] < 1e-3
    again = fit.conf_int(simultaneous=True)
    assert again.attrs == frame.attrs  # to the last bit
    one = fit.conf_int(simultaneous=["smoke"])
    assert list(one.index) == ["smoke"]
    np.testing.assert_allclose(one, fit.conf_int().loc[["smoke"]], rtol=1e-9)
    two = fit.conf_int(simultaneous=["smoke", "age"], level=0.9).attrs["critical_value"]
    assert critical_value(0.9, None) < two < critical_value(0.95, None)


def test_simultaneous_intervals_refuse_what_they_are_not():
    fit = li.logit("low ~ lwt + smoke", li.datasets.load("birthwt"))
    with pytest.raises(errors.ArgumentError, match="Wald"):
        fit.conf_int(method="profile", simultaneous=True)
    with pytest.raises(errors.HypothesisError, match="Did you mean"):
        fit.conf_int(simultaneous=["smok"])


def test_adjusted_tables_leave_the_intercept_out():
    fit = li.logit("low ~ age + lwt + C(race) + smoke", li.datasets.load("birthwt"))
    frame = fit.wald_terms(adjust="bonferroni").to_frame().set_index("term")
    assert np.isnan(frame.loc["Intercept", "p_adjusted"])
    p = frame["p_value"].drop("Intercept")
    np.testing.assert_allclose(frame["p_adjusted"].drop("Intercept"), np.minimum(4 * p, 1))
    step = fit.anova(type=2, adjust="single-step").to_frame()
    holm = fit.anova(type=2, adjust="holm").to_frame()
    assert (step["p_adjusted"] >= step["p_value"]).all()
    assert step["p_adjusted"].min() <= 4 * step["p_value"].min()
    assert holm["p_adjusted"].min() == pytest.approx(4 * holm["p_value"].min())
    first = fit.anova(adjust="by").to_frame()
    assert np.isnan(first["p_adjusted"][0])  # the line of the null model
    with pytest.raises(errors.ArgumentError, match="single-step"):
        fit.drop1(adjust="tukey")
