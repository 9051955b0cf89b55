"""Firth's criterion of few rows with several maxima: the highest counts, and the reader is told.

The oracle climbs by Fisher's scoring on the penalised likelihood, written here again, from many
random starts.
"""

import warnings

import numpy as np
import pytest

import logit_inference as li
from logit_inference import errors
from logit_inference.inference import profile

CRITICAL = 3.841458820694124
WIDE = np.array([-1.31, 0.19, 1.06, 0.16, 0.77, 0.44, -2.96, 2.6, 13.9, -1.12, -8.96])
GROUP = np.array([0, 0, 1, 1, 1, 1, 1, 0, 1, 1, 0])
EVENT = np.array([0, 0, 0, 0, 1, 0, 0, 1, 1, 0, 0])
FAR = [1.02, -0.34, 0.16, 0.74, -3.32, -1.74, -0.64, 21.23, -0.53]
FAR += [2.07, 1.37, 4.58, -1.52, 0.05, -0.1, -0.28, -1.59]
FAR_GROUP = np.array([0, 1, 0, 1, 0, 1, 1, 1, 1, 1, 1, 1, 0, 0, 1, 1, 0])
FAR_EVENT = np.array([0, 0, 1, 0, 0, 0, 0, 1, 0, 1, 1, 1, 1, 1, 0, 1, 1])


def penalized(X, y, coef):
    eta = X @ coef
    w = np.exp(-np.logaddexp(0, eta) - np.logaddexp(0, -eta))
    information = X.T @ (X * w[:, None])
    sign, log = np.linalg.slogdet(information)
    value = y @ eta - np.logaddexp(0, eta).sum() + log / 2 if sign > 0 else -np.inf
    return value, w, information


def climb(X, y, coef, free):
    value, w, information = penalized(X, y, coef)
    for _ in range(400):
        if not np.isfinite(value) or np.linalg.cond(information) > 1e13:
            return -np.inf
        h = w * np.einsum("ij,jk,ik->i", X, np.linalg.inv(information), X)
        mu = 1 / (1 + np.exp(-X @ coef))
        score = (X.T @ (y - mu + h * (0.5 - mu)))[free]
        step = np.zeros(len(coef))
        step[free] = np.linalg.solve(information[np.ix_(free, free)], score)
        if score @ step[free] < 1e-12:
            return value
        size = 1.0
        while size > 1e-6 and penalized(X, y, coef + size * step)[0] < value:
            size /= 2
        coef = coef + size * step
        value, w, information = penalized(X, y, coef)
    return value


@np.errstate(over="ignore")
def oracle(X, y, near, column=None, value=0.0, starts=12):
    """Return the highest maximum with one coefficient held, from many starts."""
    rng, free = np.random.default_rng(1), [j for j in range(X.shape[1]) if j != column]
    found = []
    for k in range(starts):
        start = near + (k > 0) * rng.normal(size=len(near)) * (1.0, 3.0)[k % 2]
        if column is not None:
            start[column] = value
        found.append(climb(X, y, start, free))
    return max(found)


def columns(x, group):
    return np.column_stack([np.ones(len(x)), x, group])


def subset():
    rows = [2, 6, 9, 16, 19, 21, 30, 31, 42, 46, 48, 54, 59, 60, 63, 72, 73, 74, 78]
    data = li.datasets.load("endometrial").iloc[rows]
    Z = data[["NV", "PI", "EH"]].to_numpy(float)
    return np.column_stack([np.ones(len(Z)), (Z - Z.mean(0)) / Z.std(0)]), data["HG"].to_numpy()


CASES = {
    "one row far out": (columns(WIDE, GROUP), EVENT),
    "estimate at a lower maximum": (columns(FAR, FAR_GROUP), FAR_EVENT),
    "real": subset(),
}


@pytest.mark.filterwarnings("ignore:Several branches")
@pytest.mark.parametrize("case", CASES)
def test_ends_are_those_of_the_highest_of_many_starts(case):
    X, y = CASES[case]
    fit = li.logit_arrays(y, X, names=list("abcd")[: X.shape[1]], estimator="firth")
    coef = fit.params.to_numpy()
    peak = oracle(X, y, coef)
    assert fit.penalized_log_likelihood == pytest.approx(peak, abs=1e-7)
    for j, ends in enumerate(fit.conf_int(method="profile").to_numpy()):
        for end in ends:
            fall = 2 * (peak - oracle(X, y, coef, j, end))
            assert fall == pytest.approx(CRITICAL, abs=1e-5)  # as far as the oracle climbs


def test_several_branches_are_said():
    fit = li.logit_arrays(EVENT, columns(WIDE, GROUP), names=list("abc"), estimator="firth")
    with pytest.warns(errors.ProfileWarning, match="Several branches") as caught:
        frame = fit.conf_int(method="profile")
    assert "a" in caught[0].message.reasons
    assert any("Several branches" in note for note in frame.attrs["notes"])
    with warnings.catch_warnings():  # the summary, the test and the curve have notes
        warnings.simplefilter("error")
        assert any("Several branches" in note for note in fit.summary().notes)
        test = fit.test("a = -4", method="lr")
        curve = fit.profile("a")
    assert test.statistic == pytest.approx(2.6252, abs=1e-3)  # 6.5 on the branch of the estimate
    assert "several maxima" in str(test)
    assert any("Several branches" in note for note in curve.notes)
    roots = curve.to_frame()["root"].to_numpy()
    assert (np.diff(roots) > 0).all()


def test_ordinary_data_have_one_branch():
    fit = li.logit("HG ~ NV + PI + EH", li.datasets.load("endometrial"), estimator="firth")
    assert not fit.profiles.branched.any()
    assert fit.test("EH = 0", method="lr").notes == ()


def test_the_work_for_an_end_is_bounded(monkeypatch):
    monkeypatch.setattr(profile, "MOST_EVALUATIONS", 3)
    fit = li.logit_arrays(EVENT, columns(WIDE, GROUP), estimator="firth")
    with pytest.raises(errors.ProfileError, match="in 3 evaluations"):
        fit.conf_int(method="profile")
