"""Permutation tests against all permutations, a distribution in closed form, and the definition."""

from itertools import permutations

import numpy as np
import pandas as pd
import pytest
from scipy.special import comb

import logit_inference as li
from logit_inference.errors import ArgumentError, DetachedError, HypothesisError, ResamplingError
from logit_inference.inference.permutation import exchange, permuted_statistics, random_orders

X = np.array([0.3, -1.2, 0.8, 1.9, -0.4, 0.1, -0.9])
Z = np.array([1.0, 0.2, -0.7, 1.5, 0.4, -1.1, 0.6])
Y = np.array([1, 0, 1, 1, 0, 0, 1])


def test_a_test_against_all_permutations():
    fit = li.logit("y ~ x + z", {"y": Y, "x": X, "z": Z})
    # By the definition: residuals of z on x, permuted, and the score test of a fit with them.
    design = np.column_stack([np.ones(7), X])
    left = Z - design @ np.linalg.lstsq(design, Z, rcond=None)[0]
    orders = np.array(list(permutations(range(7))))
    null = li.logit("y ~ x", {"y": Y, "x": X})
    mean = null.fitted.to_numpy()
    weights = mean * (1 - mean)
    expected = []
    for order in orders:
        column = left[order]
        cross = np.linalg.solve(design.T * weights @ design, design.T @ (weights * column))
        information = weights @ column**2 - cross @ (design.T @ (weights * column))
        expected.append((column @ (Y - mean)) ** 2 / information)
    test = exchange(fit.fit, np.array([[0.0, 0.0, 1.0]]), offset=False)
    found = permuted_statistics(test, orders)
    assert np.allclose(found, expected, rtol=1e-8, atol=1e-10)
    p_value = np.mean(found >= found[0] * (1 - 1e-9))
    ours = fit.permutation_test("z", 4999, seed=1)
    assert ours.statistic == pytest.approx(fit.test("z", method="score").statistic, rel=1e-8)
    # Four standard errors of a share of 4999.
    assert abs(ours.p_value - p_value) < 4 * np.sqrt(p_value * (1 - p_value) / 4999)
    assert ours.p_value * 5000 == pytest.approx(round(ours.p_value * 5000))


def test_a_2x2_table_is_hypergeometric():
    data = {"y": np.repeat([1, 1, 0, 0], [8, 3, 4, 9]), "x": np.repeat([1, 0, 1, 0], [8, 3, 4, 9])}
    fit = li.logit("y ~ x", data)
    events = np.arange(12)
    chance = comb(12, events) * comb(12, 11 - events) / comb(24, 11)
    beyond = np.abs(events - 5.5) >= 2.5 - 1e-9  # as far as 8 from the mean 12·11/24
    p_value = chance[beyond].sum()
    ours = fit.permutation_test("x", 9999, seed=1).p_value
    assert abs(ours - p_value) < 4 * np.sqrt(p_value * (1 - p_value) / 9999)


def test_any_split_of_rows_and_any_coding_of_a_term_give_the_same():
    rng = np.random.default_rng(0)
    n = 900
    data = pd.DataFrame({"x": 1e3 + rng.normal(size=n), "g": rng.choice(list("abc"), n)})
    data["y"] = (rng.random(n) < 0.4 + 0.1 * (data["g"] == "b")).astype(int)
    data["one"], data["two"] = data["g"] == "a", 3.0 * (data["g"] == "b") + 1.0
    term = li.logit("y ~ x + g + offset(0.01 * x)", data).permutation_test("g", 200, seed=1)
    columns = li.logit("y ~ x + one + two + offset(0.01 * x)", data)
    coded = columns.permutation_test("one[T.True], two", 200, seed=1)
    assert coded.statistic == pytest.approx(term.statistic, rel=1e-7)
    assert coded.p_value == term.p_value
    assert term.df == 2


def test_strata_exchange_rows_within():
    strata = np.array([0, 1, 0, 2, 1, 0, 2, 1])
    orders = random_orders(1, strata, 8, 0, 50)
    assert (strata[orders] == strata).all()
    assert (np.sort(orders, axis=1) == np.arange(8)).all()
    assert len({tuple(order) for order in orders}) > 25  # of 3!·3!·2!
    again = random_orders(1, strata, 8, 30, 50)
    assert np.array_equal(again, orders[30:])
    free = random_orders(1, None, 8, 0, 6000)
    assert np.abs((free == np.arange(8)).mean(axis=0) - 1 / 8).max() < 4 * np.sqrt(7 / 64 / 6000)


def test_infinite_coefficients_are_tested():
    data = li.datasets.load("endometrial")
    with pytest.warns(li.SeparationWarning):
        fit = li.logit("HG ~ NV + PI + EH", data)
    found = fit.permutation_test("NV", 499, seed=1)
    assert found.statistic == pytest.approx(fit.test("NV", method="score").statistic, rel=1e-6)
    assert found.p_value < 0.05


def test_how_it_reads():
    fit = li.logit("low ~ lwt + smoke", li.datasets.load("birthwt"))
    found = fit.permutation_test("smoke", 999, seed=1)
    assert repr(found).startswith("Permutation test of smoke = 0: score statistic = 4.402")
    assert "999 permutations of regressor residuals (seed 1), of which" in repr(found)
    assert found.to_frame().loc[0, "p_value"] == found.p_value
    assert fit.permutation_test("smoke", 999, seed=2).p_value != found.p_value


def test_refusals():
    data = pd.DataFrame({"y": Y, "x": X, "z": Z, "w": 1, "c": [0, 0, 1, 1, 2, 2, 2]})
    fit = li.logit("y ~ x + z", data)
    weighted = li.logit("y ~ x", data, weights="w", weights_kind="frequency")
    grouped = li.logit("y ~ x", data, trials="w")
    clustered = li.logit("y ~ x", data, cluster="c", covariance="model")
    firth = li.logit("y ~ x", data, estimator="firth")
    split = pd.DataFrame({"y": [0, 0, 0, 1, 1, 1], "x": [1.0, 2, 3, 4, 5, 6], "z": Z[:6]})
    with pytest.warns(li.SeparationWarning):
        separated = li.logit("y ~ x + z", split)
    for error, words, ask in (
        (ResamplingError, "frequency weights", lambda: weighted.permutation_test("x")),
        (ResamplingError, "numbers of trials", lambda: grouped.permutation_test("x")),
        (ResamplingError, "strata='c'", lambda: clustered.permutation_test("x")),
        (ResamplingError, "this fit is by Firth", lambda: firth.permutation_test("x")),
        (ResamplingError, "no finite maximum", lambda: separated.permutation_test("z")),
        (ResamplingError, "'x = 1' is not that", lambda: fit.permutation_test("x = 1")),
        (HypothesisError, "no coefficient 'u'", lambda: fit.permutation_test("u")),
        (ArgumentError, "n_replicates=0", lambda: fit.permutation_test("x", 0)),
        (DetachedError, "permutation", lambda: fit.without_data().permutation_test("x")),
    ):
        with pytest.raises(error, match=words):
            ask()
    assert clustered.permutation_test("x", 9, seed=1, strata="c").p_value >= 0.1
