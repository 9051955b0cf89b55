"""Fits of formulas whose factors are kept as codes, against the same fits from columns."""

import numpy as np
import pandas as pd
import pytest

import logit_inference as li
from logit_inference.design import matrix
from logit_inference.rows.coded import Coded

RNG = np.random.default_rng(17)
N = 3000
TABLE = pd.DataFrame(
    {
        "x": RNG.normal(size=N),
        "z": RNG.normal(size=N),
        "few": pd.Categorical.from_codes(RNG.integers(0, 3, N), list("abc")),
        "wide": pd.Categorical.from_codes(RNG.integers(0, 12, N), [f"w{k}" for k in range(12)]),
        "text": RNG.choice([f"t{k}" for k in range(9)], N),
        "weight": RNG.integers(0, 4, N),
        "trials": RNG.integers(1, 5, N),
    }
)
ETA = 0.5 * TABLE["x"] - 0.1 * TABLE["wide"].cat.codes + 0.3 * (TABLE["few"] == "b")
TABLE["y"] = (RNG.random(N) < 1 / (1 + np.exp(-ETA))).astype(int)
TABLE["successes"] = RNG.binomial(TABLE["trials"], 1 / (1 + np.exp(-ETA)))

MODELS = {
    "main effects": ("y ~ x + wide + text", {}),
    "no intercept": ("y ~ 0 + wide + text + x", {}),
    "interactions": ("y ~ wide * x + few + text:z", {}),
    "factors by factors": ("y ~ wide * few + x", {}),
    "nothing but factors": ("y ~ wide + few", {}),
    "contrasts": ("y ~ C(wide, contr.sum) * x + C(text, contr.helmert)", {}),
    "splines": ("y ~ wide + wide:bs(x, df=4)", {}),
    "weights": ("y ~ wide + x", {"weights": "weight", "weights_kind": "frequency"}),
    "trials": ("successes ~ wide + x", {"trials": "trials"}),
    "offset": ("y ~ wide + z + offset(0.5 * x)", {}),
}


@pytest.mark.parametrize("model", MODELS)
def test_codes_give_the_fit_of_columns(model, monkeypatch):
    formula, options = MODELS[model]
    columns = li.logit(formula, TABLE, **options)
    assert isinstance(columns.fit.source.data.X, np.ndarray)
    monkeypatch.setattr(matrix, "SMALL", 0)
    codes = li.logit(formula, TABLE, **options)
    assert isinstance(codes.fit.source.data.X, Coded)
    assert codes.params.index.equals(columns.params.index)
    gap = np.abs(codes.params - columns.params) / columns.bse
    assert gap.max() < 1e-9
    np.testing.assert_allclose(codes.bse, columns.bse, rtol=1e-9)
    assert codes.llf == pytest.approx(columns.llf, rel=1e-12)
    assert codes.llnull == pytest.approx(columns.llnull, rel=1e-12)
    np.testing.assert_allclose(codes.fitted, columns.fitted, rtol=1e-9)
    frames = codes.get_prediction().summary_frame(), columns.get_prediction().summary_frame()
    np.testing.assert_allclose(*frames, rtol=1e-9)
    frames = codes.get_prediction(TABLE).summary_frame(), columns.get_prediction(TABLE)
    np.testing.assert_allclose(frames[0], frames[1].summary_frame(), rtol=1e-9)


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_the_same_bits_from_any_number_of_threads(threads, monkeypatch):
    monkeypatch.setattr(matrix, "SMALL", 0)
    monkeypatch.setattr("logit_inference.rows.source.coded_rows", lambda X: 100)
    one = li.logit(MODELS["interactions"][0], TABLE, threads=1)
    many = li.logit(MODELS["interactions"][0], TABLE, threads=threads)
    assert many.params.to_numpy().tobytes() == one.params.to_numpy().tobytes()
    assert many.bse.to_numpy().tobytes() == one.bse.to_numpy().tobytes()
