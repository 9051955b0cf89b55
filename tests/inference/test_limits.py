"""Limits of infinite coefficients: roots of decreasing statistics, and the slopes they follow."""

import numpy as np
import pytest
from scipy.stats import chi2

import logit_inference as li
from logit_inference.inference.limits import _root
from logit_inference.solve.held import held

WANTED = chi2.isf(0.05, 1)


@pytest.mark.parametrize(
    ("statistic", "root", "most"),
    [
        # An empty cell of seven trials, another of a thousand: −2n·log(probability).
        (lambda t: 14 * np.log1p(np.exp(-t)), -np.log(np.expm1(WANTED / 14)), 6),
        (lambda t: 2000 * np.log1p(np.exp(-t)), -np.log(np.expm1(WANTED / 2000)), 9),
        # The root lies on the other side of zero.
        (lambda t: 0.2 * np.log1p(np.exp(-t)), -np.log(np.expm1(WANTED / 0.2)), 8),
        # All coefficients grow with it.
        (lambda t: 3000 / (t + 2), 3000 / WANTED - 2, 8),
        (lambda t: 1e6 / (t + 1) ** 2, np.sqrt(1e6 / WANTED) - 1, 8),
    ],
)
def test_a_root_takes_few_looks(statistic, root, most):
    looks = []

    def look(t):
        looks.append(t)
        ahead, behind = (np.longdouble(t) + h for h in (1e-6, -1e-6))
        return float(statistic(t)), float((statistic(ahead) - statistic(behind)) / 2e-6)

    found = _root(look, WANTED, look(0.0))
    assert found == pytest.approx(root, rel=1e-9, abs=1e-9)
    assert len(looks) <= most


def test_a_statistic_that_is_not_found_or_never_falls():
    assert np.isnan(_root(lambda t: (np.nan, np.nan), WANTED, (9.0, -1.0)))
    assert np.isnan(_root(lambda t: (9.0, 0.0), WANTED, (9.0, 0.0)))


@pytest.mark.filterwarnings("ignore::logit_inference.SeparationWarning")
@pytest.mark.parametrize("row", [[0.0, 1, 0, 0], [1, 1, 0, 0.5]])
def test_the_slope_is_the_derivative_of_the_supremum(row):
    fit = li.logit("HG ~ NV + PI + EH", li.datasets.load("endometrial"))
    profile = held(fit.asked, fit.estimate.recession, np.array([row]))
    for at in (-1.0, 0.5, 3.0):
        _, gradient = profile.look(np.array([at]))
        ahead, behind = (profile.value(np.array([at + h])) for h in (1e-4, -1e-4))
        assert gradient[0] == pytest.approx((ahead - behind) / 2e-4, rel=1e-6)
