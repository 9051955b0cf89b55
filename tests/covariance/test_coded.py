"""Standard errors of coded columns, against closed forms that know no matrix of columns.

With one number x and one factor, or slopes of x within its levels, the information splits by level.
With W the sum of the working weights of a level, m the mean of x in it and S the sum of squares
about that mean, a slope has the variance 1/S and the level's line, at x = 0, 1/W + m²/S.
"""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

import logit_inference as li
from logit_inference.covariance.model import model_covariance
from logit_inference.design import matrix
from logit_inference.rows.centring import Centring
from logit_inference.rows.coded import Coded
from logit_inference.solve import root

LEVELS = 12


@pytest.fixture(autouse=True)
def codes(monkeypatch):
    monkeypatch.setattr(matrix, "SMALL", 0)


def table(n=4000, shift=0.0, scale=1.0, rare=None, by_level=0.0, seed=1):
    """A table, and x as it is before it is shifted: a whole number of 2⁻⁸, so that nothing rounds.

    ``rare`` is the number of rows at the first level, ``by_level`` what x gains from one to the
    next.
    """
    rng = np.random.default_rng(seed)
    level = rng.integers(0 if rare is None else 1, LEVELS, n)
    if rare is not None:
        level[:rare] = 0
    near = scale * np.rint(256 * rng.normal(size=n)) / 256 + by_level * level
    eta = 0.4 * near / np.sqrt(near.var()) - 0.1 * level
    y = (rng.random(n) < 1 / (1 + np.exp(-eta))).astype(int)
    if rare is not None:
        y[:rare] = np.arange(rare) % 2
    groups = pd.Categorical.from_codes(level, [f"g{k:02d}" for k in range(LEVELS)])
    weight = 10.0 ** rng.uniform(-5, 5, n)
    return pd.DataFrame({"y": y, "x": near + shift, "g": groups, "w": weight}), near


def by_level(fit, data, near):
    """W, mean and S of x within each level; the mean is that of x before it is shifted."""
    mu = fit.fitted.to_numpy()
    weight = mu * (1 - mu)
    if fit.account.weights_kind:
        weight = weight * data["w"].to_numpy()
    level = data["g"].cat.codes.to_numpy()
    total = np.bincount(level, weight)
    mean = np.bincount(level, weight * near) / total
    squares = np.bincount(level, weight * (near - mean[level]) ** 2)
    return total, mean, squares


def parallel(total, mean, squares, shift):
    """Standard errors of y ~ x + g."""
    slope = 1 / squares.sum()
    first = 1 / total[0] + (shift + mean[0]) ** 2 * slope
    others = 1 / total[1:] + 1 / total[0] + (mean[1:] - mean[0]) ** 2 * slope
    return np.sqrt([first, slope, *others])


HARD = {
    "centred": {},
    "mean 100": {"shift": 100.0},
    "mean 2000, sd 1/16": {"shift": 2000.0, "scale": 1 / 16},
    "mean 2²⁰, sd 1": {"shift": 2.0**20},
    "mean 2²⁷, sd 1": {"shift": 2.0**27},
    "two rows of the reference level": {"rare": 2, "n": 100_000},
    "two such rows, mean 2²⁰": {"rare": 2, "n": 100_000, "shift": 2.0**20},
    "nearly constant within levels": {"scale": 2.0**-10, "by_level": 1.0},
    "nearly so, mean 2²⁰": {"scale": 2.0**-10, "by_level": 16.0, "shift": 2.0**20},
}


@pytest.mark.parametrize("options", [{}, {"weights": "w", "weights_kind": "precision"}])
@pytest.mark.parametrize("name", HARD)
def test_a_number_beside_a_factor(name, options):
    data, near = table(**HARD[name])
    fit = li.logit("y ~ x + g", data, **options)
    assert isinstance(fit.fit.source.data.X, Coded)
    want = parallel(*by_level(fit, data, near), HARD[name].get("shift", 0.0))
    np.testing.assert_allclose(fit.bse, want, rtol=1e-9)


SLOPES = {
    "y ~ 0 + g + g:x": lambda variances, lines: [*lines, *variances],
    "y ~ g + g:x": lambda variances, lines: [lines[0], *(lines[1:] + lines[0]), *variances],
    "y ~ g * x": lambda variances, lines: [
        *(lines[0], *(lines[1:] + lines[0])),
        *(variances[0], *(variances[1:] + variances[0])),
    ],
}


@pytest.mark.parametrize("formula", SLOPES)
@pytest.mark.parametrize("shift", [0.0, 64.0, 2.0**11, 2.0**20])
def test_slopes_within_levels(formula, shift):
    data, near = table(shift=shift)
    fit = li.logit(formula, data)
    total, mean, squares = by_level(fit, data, near)
    want = np.sqrt(SLOPES[formula](1 / squares, 1 / total + (shift + mean) ** 2 / squares))
    np.testing.assert_allclose(fit.bse, want, rtol=1e-9)


@pytest.mark.parametrize("name", HARD)
def test_leverages_and_predictions(name):
    data, near = table(**HARD[name])
    fit = li.logit("y ~ x + g", data)
    total, mean, squares = by_level(fit, data, near)
    level = data["g"].cat.codes.to_numpy()
    variance = 1 / total[level] + (near - mean[level]) ** 2 / squares.sum()
    rows = fit.augment()
    np.testing.assert_allclose(rows["std_error"], np.sqrt(variance), rtol=1e-9)
    mu = fit.fitted.to_numpy()
    np.testing.assert_allclose(rows["hat"], mu * (1 - mu) * variance, rtol=1e-9)
    new = fit.get_prediction(data[:500]).summary_frame()
    want = np.sqrt(variance[:500]) * (mu * (1 - mu))[:500]
    np.testing.assert_allclose(new["std_error"], want, rtol=1e-9)


def test_centring_is_used_where_it_is_needed_and_nowhere_else():
    for name in HARD:
        data, _ = table(**HARD[name])
        found = li.logit("y ~ x + g", data).fit.basis.matrix
        needed = name not in ("centred", "mean 100", "two rows of the reference level")
        assert isinstance(found, Centring) is needed


def test_where_the_weights_at_the_maximum_need_other_centres(monkeypatch):
    # As if the columns had looked well conditioned at the start.
    monkeypatch.setattr("logit_inference.solve.rank.is_resolved", lambda factor: True)
    data, near = table(shift=2000.0, scale=1 / 16)
    fit = li.logit("y ~ x + g", data)
    assert fit.fit.basis.is_identity
    want = parallel(*by_level(fit, data, near), 2000.0)
    np.testing.assert_allclose(fit.bse, want, rtol=1e-9)
    # Where no centring helps, the codes are written out; where that takes too long, they stay.
    monkeypatch.setattr(root, "condition_numbers", lambda rows, layout, upper: None)
    np.testing.assert_allclose(model_covariance(fit.fit).std_errors, fit.bse, rtol=1e-9)
    monkeypatch.setattr(root, "MOST_WRITTEN_OUT", 0.0)
    np.testing.assert_allclose(model_covariance(fit.fit).std_errors, fit.bse, rtol=1e-5)


def test_a_basis_of_plain_columns_where_no_centring_helps():
    # Slopes within levels without the levels: together they are nearly the constant.
    data, _ = table(shift=2.0**20)
    fit = li.logit("y ~ g:x", data)
    assert isinstance(fit.fit.basis.matrix, np.ndarray)
    written_out = np.column_stack([np.ones(len(data)), pd.get_dummies(data["g"]).mul(data["x"], 0)])
    plain = li.logit_arrays(data["y"], written_out)
    np.testing.assert_allclose(fit.bse, plain.bse, rtol=1e-9)
    np.testing.assert_allclose(fit.augment()["hat"], plain.augment()["hat"], rtol=1e-9)


def test_a_saved_result_predicts_from_centred_columns(tmp_path):
    data, _ = table(shift=2.0**20)
    fit = li.logit("y ~ g * x", data)
    assert isinstance(fit.fit.basis.matrix, Centring)
    fit.save(tmp_path / "fit.json")
    again = li.load(tmp_path / "fit.json")
    assert again.bse.equals(fit.bse)
    frames = [one.get_prediction(data[:50]).summary_frame() for one in (again, fit)]
    pd.testing.assert_frame_equal(*frames)


def test_replicates_of_centred_columns():
    data, near = table(n=600, shift=2.0**20)
    weights = np.random.default_rng(3).poisson(1.0, (3, 600))
    far = li.logit("y ~ g + x", data).refit_weights(weights, std_errors=True)
    close = li.logit("y ~ g + x", data.assign(x=near)).refit_weights(weights, std_errors=True)
    np.testing.assert_allclose(far.coef[:, 1:], close.coef[:, 1:], rtol=1e-7)
    np.testing.assert_allclose(far.std_errors[:, 1:], close.std_errors[:, 1:], rtol=1e-7)


LARGE = """
import resource, numpy as np, pandas as pd, logit_inference as li
rng = np.random.default_rng(0)
n, levels = 250_000, 5_000
level = rng.permutation(np.arange(n) % levels)
near = np.rint(256 * rng.normal(size=n)) / 256
effect = rng.normal(size=levels) / 2
y = (rng.random(n) < 1 / (1 + np.exp(-0.5 * near - effect[level]))).astype(int)
groups = pd.Categorical.from_codes(level, [f"g{k:04d}" for k in range(levels)])
data = pd.DataFrame({"y": y, "x": near + 2.0**20, "g": groups})
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
fit = li.logit("y ~ x + g", data, threads=1)
errors, text = fit.bse.to_numpy(), str(fit)
mu = fit.fitted.to_numpy()
w = mu * (1 - mu)
total = np.bincount(level, w)
mean = np.bincount(level, w * near) / total
slope = 1 / (w * (near - mean[level]) ** 2).sum()
first = 1 / total[0] + (2.0**20 + mean[0]) ** 2 * slope
others = 1 / total[1:] + 1 / total[0] + (mean[1:] - mean[0]) ** 2 * slope
want = np.sqrt([first, slope, *others])
print(np.abs(errors / want - 1).max())
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1e6)
"""


@pytest.mark.slow
def test_five_thousand_levels():
    told = subprocess.run(
        [sys.executable, "-c", LARGE], capture_output=True, text=True, check=True
    ).stdout.split()
    error, gigabytes = map(float, told)
    assert error < 1e-9
    assert gigabytes < 1.8
