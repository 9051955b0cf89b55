"""Likelihood intervals of effects among rows that separated data force, by a search of their own.

Far out, where the coefficient of the forced group runs to infinity, every effect inside the group
is zero; at finite values of that coefficient, which the data do not reject, it is not.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import minimize
from scipy.special import expit

import logit_inference as li

CHI = 3.841458820694124
pytestmark = pytest.mark.filterwarnings("ignore::logit_inference.errors.SeparationWarning")


def design(seed):
    """Return data with all events, or none, in group C, and their columns, C's the fourth."""
    rng = np.random.default_rng(seed)
    n, wide = int(rng.integers(40, 110)), seed % 2 == 0
    u, v = rng.normal(size=n).round(2), rng.normal(size=n).round(1)
    g = rng.choice(["A", "B", "C"], n, p=[0.4, 0.35, 0.25])
    t = rng.integers(0, 2, n)
    b = 0.8 * rng.normal(size=3)
    y = (rng.random(n) < expit(b[0] * u + 2 * b[1] * t + b[2] * v * wide)).astype(int)
    y[g == "C"] = int(seed % 3 > 0)
    columns = [np.ones(n), u, g == "B", g == "C", t] + [v] * wide
    data = pd.DataFrame({"y": y, "u": u, "v": v, "g": g, "t": t})
    return data, "y ~ u + g + t" + " + v" * wide, np.column_stack(columns).astype(float)


class Region:
    """The coefficients that the likelihood ratio does not reject, and effects on it by SLSQP."""

    def __init__(self, data, X):
        self.X, self.y = X, data["y"].to_numpy()
        self.forced = (data["g"] == "C").to_numpy()
        others, y = np.delete(X[~self.forced], 3, axis=1), self.y[~self.forced]
        b = np.zeros(others.shape[1])
        for _ in range(40):
            mu = expit(others @ b)
            information = others.T @ (others * (mu * (1 - mu))[:, np.newaxis])
            b = b + np.linalg.solve(information, others.T @ (y - mu))
        self.limiting = b
        self.supremum = float(y @ (others @ b) - np.logaddexp(0, others @ b).sum())

    def fall(self, b):
        eta = self.X @ b
        return 2 * (self.supremum - float(self.y @ eta - np.logaddexp(0, eta).sum()))

    def fall_gradient(self, b):
        return -2 * self.X.T @ (self.y - expit(self.X @ b))

    def within(self, b):
        """The effect of t in the forced group, with its gradient."""
        high, low = self.X[self.forced], self.X[self.forced]
        high[:, 4], low[:, 4] = 1.0, 0.0
        p, q = expit(high @ b), expit(low @ b)
        slope = high.T @ (p * (1 - p)) - low.T @ (q * (1 - q))
        return float(np.mean(p - q)), slope / len(p)

    def between(self, b):
        """The difference of group C and group A, with its gradient."""
        high, low = self.X.copy(), self.X.copy()
        high[:, 2:4], low[:, 2:4] = (0.0, 1.0), (0.0, 0.0)
        p, q = expit(high @ b), expit(low @ b)
        slope = high.T @ (p * (1 - p)) - low.T @ (q * (1 - q))
        return float(np.mean(p - q)), slope / len(p)

    def ends(self, effect, limit, n_starts):
        """Return the smallest and the largest effect that searches from many places find."""
        rng, found = np.random.default_rng(1), []
        sign = 1 if self.y[self.forced][0] else -1
        for side in (-1, 1):
            values = [side * limit]
            for _ in range(n_starts):
                start = np.insert(self.limiting, 3, sign * rng.uniform(0.5, 6))
                start += 0.4 * rng.normal(size=len(start))
                start[4] += side * rng.uniform()
                room = {
                    "type": "ineq",
                    "fun": lambda b: CHI - self.fall(b),
                    "jac": lambda b: -self.fall_gradient(b),
                }
                at = minimize(
                    lambda b, side=side: -side * 100 * effect(b)[0],
                    start,
                    jac=lambda b, side=side: -side * 100 * effect(b)[1],
                    method="SLSQP",
                    constraints=[room],
                    options={"ftol": 1e-13, "maxiter": 400},
                ).x
                if self.fall(at) <= CHI + 1e-7:
                    values.append(side * effect(at)[0])
            found.append(side * max(values))
        return found


def interacting(seed):
    """Return data in which the forced group has an effect of t of its own, infinite on both sides.

    The columns: 1, u, B, C, t, B:t, C:t.
    """
    rng = np.random.default_rng(seed)
    n = int(rng.integers(40, 90))
    u, g = rng.normal(size=n).round(2), rng.choice(["A", "B", "C"], n, p=[0.4, 0.35, 0.25])
    t = rng.integers(0, 2, n)
    y = (rng.random(n) < expit(0.5 * u + 0.3 * t)).astype(int)
    y[g == "C"] = 1
    columns = [np.ones(n), u, g == "B", g == "C", t, (g == "B") * t, (g == "C") * t]
    return pd.DataFrame({"y": y, "u": u, "g": g, "t": t}), np.column_stack(columns).astype(float)


def check_design(seed, n_starts):
    data, formula, X = design(seed)
    fit, region = li.logit(formula, data), Region(data, X)
    row = fit.avg_comparisons("t", newdata=data[data["g"] == "C"]).to_frame().iloc[0]
    assert row["estimate"] == 0
    assert row["p_value"] == 1
    # SLSQP's ends, on effects a hundred times as large, are good to some 1e-8.
    ends = row[["conf_low", "conf_high"]].astype(float)
    np.testing.assert_allclose(ends, region.ends(region.within, 0.0, n_starts), atol=1e-7)
    return fit, data, region


# One end is small and not zero (0, 7); both ends are larger (5); one is zero (2).
@pytest.mark.parametrize("seed", [0, 2, 5, 7])
def test_effects_inside_a_forced_group_reach_as_far_as_its_finite_coefficients(seed):
    check_design(seed, 6)


@pytest.mark.parametrize("seed", [0, pytest.param(1, marks=pytest.mark.slow)])
def test_effects_between_two_forced_cells_go_both_ways(seed):
    """Each cell's own coefficient may be the finite one."""
    data, X = interacting(seed)
    fit, forced = li.logit("y ~ u + g * t", data), data["g"] == "C"
    rng, y, inside = np.random.default_rng(1), data["y"].to_numpy(), X[forced]

    def fall(b):
        eta = X @ b
        return 2 * (fit.llf - float(y @ eta - np.logaddexp(0, eta).sum()))

    def effect(b):
        ends = [inside.copy() for _ in range(2)]
        for t, rows in enumerate(ends):
            rows[:, 4] = rows[:, 6] = t
        return float(np.mean(expit(ends[1] @ b) - expit(ends[0] @ b)))

    row = fit.avg_comparisons("t", newdata=data[forced]).to_frame().iloc[0]
    start = np.clip(np.nan_to_num(fit.params.to_numpy()), -3, 3)
    for side, name in ((-1, "conf_low"), (1, "conf_high")):
        values = []
        for _ in range(4):
            moved = start + 0.5 * rng.normal(size=7)
            moved[6] += 2 * side
            room = {"type": "ineq", "fun": lambda b: CHI - fall(b)}
            at = minimize(
                lambda b, side=side: -side * 100 * effect(b),
                moved,
                method="SLSQP",
                constraints=[room],
                options={"ftol": 1e-12, "maxiter": 300},
            ).x
            if fall(at) <= CHI + 1e-6:
                values.append(side * effect(at))
        assert row[name] == pytest.approx(side * max(values), abs=1e-6)  # differenced gradients
        assert side * row[name] > 0.05


def test_tests_of_values_that_only_finite_coefficients_have_agree_with_the_interval():
    data, formula, _ = design(0)
    fit, forced = li.logit(formula, data), data[data["g"] == "C"]
    low = float(fit.avg_comparisons("t", newdata=forced).numbers.conf_low[0])
    at = fit.avg_comparisons("t", newdata=forced, hypothesis=low).numbers
    assert at.statistic[0] ** 2 == pytest.approx(CHI, abs=1e-7)
    beyond = fit.avg_comparisons("t", newdata=forced, hypothesis=low / 2).numbers
    assert 0.05 < beyond.p_value[0] < 0.5


def test_ratios_and_numbers_needed_to_treat_inside_a_forced_group():
    data, formula, _ = design(2)
    fit, forced = li.logit(formula, data), data[data["g"] == "C"]
    low, high = fit.avg_comparisons("t", newdata=forced).to_frame().iloc[0, -2:]
    assert low < 0
    assert high == 0  # the coefficient of t is negative wherever it is not rejected
    assert str(high) == "0.0"
    nnt = fit.avg_comparisons("t", newdata=forced, contrast="nnt").to_frame().iloc[0]
    np.testing.assert_allclose(nnt["conf_high"], 1 / low, rtol=1e-6)
    assert np.isinf(nnt["conf_low"])
    ratio = fit.avg_comparisons("t", newdata=forced, contrast="ratio").to_frame().iloc[0]
    assert ratio["conf_low"] < ratio["conf_high"] == 1
    other = fit.avg_comparisons("t", by="g").to_frame().set_index("g").loc["C"]
    np.testing.assert_allclose(other["conf_low"], low, rtol=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("seed", sorted({*range(40)} - {33}))  # in 33 B is forced too
def test_effects_on_many_separated_designs(seed):
    fit, data, region = check_design(seed, 24)
    row = fit.avg_comparisons({"g": ("A", "C")}).to_frame().iloc[0]
    wanted = region.ends(region.between, row["estimate"], 12)
    found = row[["conf_low", "conf_high"]].astype(float)
    # The far end is reached at infinity, which SLSQP only comes close to.
    assert found.iloc[0] <= wanted[0] + 1e-7
    assert found.iloc[1] >= wanted[1] - 1e-7
    near = 0 if data["y"][data["g"] == "C"].iloc[0] else 1
    np.testing.assert_allclose(found.iloc[near], wanted[near], atol=1e-7)


def test_a_ratio_of_two_probabilities_forced_to_zero_is_said_to_be_undefined():
    rng = np.random.default_rng(4)
    data = pd.DataFrame({"g": np.repeat(["a", "b"], [40, 12]), "t": rng.normal(size=52)})
    data["y"] = (rng.random(52) < 0.5) & (data["g"] == "a")
    with pytest.warns(li.SeparationWarning):
        fit = li.logit("y ~ t + g", data)
    table = fit.avg_comparisons("t", by="g", contrast="ratio")
    row = table.to_frame().set_index("g").loc["b"]
    assert row[["estimate", "p_value", "conf_low", "conf_high"]].isna().all()
    assert any("0/0" in note for note in table.notes)
    link = fit.avg_comparisons("t", by="g", kind="link").to_frame().set_index("g")
    assert link.loc["b", "estimate"] == pytest.approx(fit.params["t"], rel=1e-9)
